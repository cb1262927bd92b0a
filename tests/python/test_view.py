"""`view` and `check --html`: what stands on a page, without a browser. `test_view_browser.py` looks at it with one."""

import base64
import hashlib
import html as html_text
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

from tests.python.support import csv, numbers, png
from tests.python.test_cli import run


def data_of(page: str) -> dict[str, Any]:
    """What the page holds as JSON: `about`, `items`, `pictures`."""
    found = re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', page, re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def size_of(picture: str) -> tuple[int, int]:
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        assert image.format == "JPEG"
        return image.size


def coco(folder: Path, images: dict[str, tuple[int, int]], annotations: list[dict[str, Any]], names: list[str]) -> Path:
    """A COCO file with grey images beside it; annotations name their image by its file, classes by their place."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = {name: number for number, name in enumerate(images, 1)}
    for name, (width, height) in images.items():
        (folder / name).write_bytes(png(width, height))
    content = {
        "images": [{"id": ids[n], "file_name": n, "width": w, "height": h} for n, (w, h) in images.items()],
        "categories": [{"id": place + 1, "name": name} for place, name in enumerate(names)],
        "annotations": [
            {"id": number, "iscrowd": 0, **row, "image_id": ids[row["image_id"]]}
            for number, row in enumerate(annotations, 1)
        ],
    }
    path = folder / "instances.json"
    path.write_text(json.dumps(content))
    return path


def test_a_dataset(good: Path) -> None:
    page = rm.view(good)
    assert (page.shown, page.of) == (2, 2)
    found = data_of(page.html)
    about = found["about"]
    assert (about["kind"], about["title"], about["dataset"]["format"]) == ("dataset", "labels.csv", "csv")
    assert (about["dataset"]["images"], about["dataset"]["objects"]) == (2, 3)
    assert [(row["name"], row["objects"]) for row in about["dataset"]["classes"]] == [("cat", 2), ("dog", 1)]
    first, second = found["items"]
    assert (first["key"], first["size"], second["key"]) == ("a.png", [40, 30], "b.png")
    assert [(shape["c"], shape["b"]) for shape in first["objects"]] == [(0, [1, 2, 11, 22]), (1, [5, 5, 40, 30])]
    # Small images are not made larger, and need no second picture.
    assert [(size_of(small), large) for small, large in found["pictures"]] == [((40, 30), ""), ((20, 20), "")]
    assert sum(map(sum, about["dataset"]["centres"])) == 3
    assert page.picture_bytes == sum(len(small) for small, _ in found["pictures"])
    assert repr(page) == "<View: 2 of 2 shown, 0.1 MB>"


def test_pictures_are_as_large_as_asked_for(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    csv(tmp_path, ["a.jpg,800,600,cat,1,2,11,22"], {})
    Image.fromarray(noise).save(tmp_path / "a.jpg", quality=95)
    ((small, large),) = data_of(rm.view(tmp_path).html)["pictures"]
    assert (size_of(small), size_of(large)) == ((256, 192), (800, 600))
    ((small, large),) = data_of(rm.view(tmp_path, thumbnail=64, full=0).html)["pictures"]
    assert (size_of(small), large) == ((64, 48), "")
    ((small, large),) = data_of(rm.view(tmp_path, full=0.2).html)["pictures"]
    assert len(large) <= 200_000
    assert 256 * 1.25 <= size_of(large)[0] < 800
    page = rm.view(tmp_path, pictures=False)
    assert data_of(page.html)["pictures"] == [["", ""]]
    assert page.picture_bytes == 0
    with pytest.raises(ValueError, match="thumbnail 31: expected 32 to 1024 pixels"):
        rm.view(tmp_path, thumbnail=31)
    with pytest.raises(ValueError, match=r"full -1: expected megabytes, 0 or more"):
        rm.view(tmp_path, full=-1)


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "a\u2028b\u2029'\"&amp;<!--",
    "{{script}}",
]


def test_text_is_never_code(tmp_path: Path) -> None:
    rows = [{"image_id": "a.png", "category_id": place + 1, "bbox": [0, 0, 9, 9]} for place in range(len(HOSTILE))]
    page = rm.view(coco(tmp_path, {"a.png": (40, 30)}, rows, HOSTILE), title=HOSTILE[1]).html
    found = data_of(page)
    assert [row["name"] for row in found["about"]["dataset"]["classes"]] == HOSTILE
    assert found["about"]["title"] == HOSTILE[1]
    # The data is in three elements that are no scripts; the fourth is ours.
    assert (page.lower().count("<script"), page.lower().count("</script"), page.count("<img")) == (4, 4, 0)
    assert "\u2028" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert style is not None
    assert script is not None
    digests = [base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode() for text in (style, script)]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digests[0]}'",
        f"script-src 'sha256-{digests[1]}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    # Before the policy nothing may be that it would forbid.
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert not re.search(r"\b(?:https?:)?//(?!www\.w3\.org/2000/svg)\w", script[1].replace("// ", ""))


def many(folder: Path, images: int, objects: int = 1) -> Path:
    """Images of 100 x 100 that are all one file's bytes, class by number, splits by name."""
    names = {f"{number:05}.png": (100, 100) for number in range(images)}
    rows = [
        {"image_id": name, "category_id": 1 + (number % 50 == 0), "bbox": [place % 90, number % 90, 10, 5]}
        for number, name in enumerate(names)
        for place in range(objects)
    ]
    return coco(folder, names, rows, ["often", "seldom"])


def test_a_sample_is_drawn_and_all_is_counted(tmp_path: Path) -> None:
    source = many(tmp_path, 500)
    page = rm.view(source, limit=20)
    assert (page.shown, page.of) == (20, 500)
    found = data_of(page.html)
    assert found["about"]["sample"] == {"shown": 20, "of": 500, "limit": 20, "seed": 0, "cut": False}
    assert (found["about"]["dataset"]["images"], found["about"]["dataset"]["images_opened"]) == (500, 20)
    assert found["about"]["dataset"]["boxes"]["known"] == 500
    keys = [item["key"] for item in found["items"]]
    assert keys == sorted(keys)
    # Ten of 500 are of the rare class.
    assert 1 in {shape["c"] for item in found["items"] for shape in item["objects"]}
    assert rm.view(source, limit=20, workers=1).html == page.html
    assert [item["key"] for item in data_of(rm.view(source, limit=20, seed=1).html)["items"]] != keys
    assert rm.view(source).shown == 200
    # Log2 of 10 is 3.3, of 5 is 2.3.
    assert found["about"]["dataset"]["box_sizes"] == [{"width": 6, "height": 4, "boxes": 500}]


def test_a_page_stays_small_unless_a_number_is_asked_for(tmp_path: Path) -> None:
    source = many(tmp_path, 300, 100)
    page = rm.view(source)
    assert 50 < page.shown < 200
    assert len(page.html.encode()) - page.picture_bytes < 1_000_000
    assert data_of(page.html)["about"]["sample"]["cut"]
    assert rm.view(source, limit=300).shown == 300


def test_images_stand_upright_with_what_is_drawn_on_them(tmp_path: Path) -> None:
    """Stored 40 x 20 and to be turned by 90 degrees to the right: what is at the left below is then at the left above."""
    image = Image.new("RGB", (40, 20), "white")
    image.paste((200, 0, 0), (0, 10, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif, quality=95)
    csv(tmp_path, ["a.jpg,40,20,red,0,10,10,20"], {})
    found = data_of(rm.view(tmp_path).html)
    (item,) = found["items"]
    assert (item["size"], item["orientation"], item["objects"][0]["b"]) == ([20, 40], 6, [0, 0, 10, 10])
    picture = Image.open(io.BytesIO(base64.b64decode(found["pictures"][0][0])))
    assert picture.size == (20, 40)
    red, white = picture.getpixel((5, 5)), picture.getpixel((15, 30))
    assert red[0] - red[1] > 150
    assert min(white) > 230


TRIANGLE = [10, 10, 50.5, 10, 30, 40]


def every_shape(folder: Path) -> Path:
    """An image of 80 x 60 with a triangle, a crowd whose mask is a ring (30 x 30, its hole 10 x 10), and keypoints."""
    mask = np.zeros((60, 80), bool)
    mask[10:40, 20:50] = True
    mask[20:30, 30:40] = False
    # COCO's runs go down the columns.
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(int))) + 1
    ring = {"size": [60, 80], "counts": np.diff([0, *edges.tolist(), flat.size]).tolist()}
    points = {"keypoints": [1, 2, 2, 13, 14, 1, 0, 0, 0], "num_keypoints": 2}
    of = {"image_id": "a.png", "category_id": 1}
    rows = [
        of | {"bbox": [10, 10, 40.5, 30], "segmentation": [TRIANGLE], "score": 0.75},
        of | {"bbox": [20, 10, 30, 30], "segmentation": ring, "iscrowd": 1},
        of | {"bbox": [0, 0, 20, 20]} | points,
    ]
    path = coco(folder, {"a.png": (80, 60)}, rows, ["thing"])
    content = json.loads(path.read_text())
    content["categories"][0] |= {"keypoints": ["nose", "eye", "ear"], "skeleton": [[1, 2], [2, 3]]}
    path.write_text(json.dumps(content))
    return path


def turned(folder: Path) -> Path:
    """An image of 100 x 50 with a turned box."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    (folder / "images" / "a.png").write_bytes(png(100, 50))
    (folder / "labels" / "a.txt").write_text("0 0.5 0.2 0.9 0.6 0.5 1.0 0.1 0.6\n")
    (folder / "data.yaml").write_text("train: images\nnames: [ship]\n")
    return folder


def test_shapes_of_every_kind(tmp_path: Path) -> None:
    found = data_of(rm.view(every_shape(tmp_path / "coco")).html)
    outline, ring, points = found["items"][0]["objects"]
    assert (outline["p"], outline["s"], "m" in outline) == ([TRIANGLE], 0.75, False)
    assert ring["f"] & 8
    ways = [set(zip(way[::2], way[1::2], strict=True)) for way in ring["m"]]
    around = {(20, 10), (50, 10), (50, 40), (20, 40)}
    hole = {(30, 20), (40, 20), (40, 30), (30, 30)}
    assert ways in ([around, hole], [hole, around])
    assert points["k"] == [1, 2, 2, 13, 14, 1, 0, 0, 0]
    (row,) = found["about"]["dataset"]["classes"]
    assert (row["keypoints"], row["skeleton"]) == (["nose", "eye", "ear"], [[0, 1], [1, 2]])
    (shape,) = data_of(rm.view(turned(tmp_path / "obb"), source_format="yolo-obb").html)["items"][0]["objects"]
    assert (shape["r"], shape["b"]) == ([50, 10, 90, 30, 50, 50, 10, 30], [10, 10, 90, 50])
    video = tmp_path / "mot" / "one"
    for file, content in (("img1/000001.png", png(40, 30)), ("gt/gt.txt", b"1,7,6,5,10,10,1,1,1\n")):
        (video / file).parent.mkdir(parents=True)
        (video / file).write_bytes(content)
    (shape,) = data_of(rm.view(tmp_path / "mot").html)["items"][0]["objects"]
    # MOT counts from 1.
    assert (shape["t"], shape["b"]) == (7, [5, 4, 15, 14])


def test_record_files_of_images_have_every_feature(tmp_path: Path, good: Path) -> None:
    rm.convert(good, tmp_path / "out", schema="tfod")
    file = tmp_path / "out" / "train.tfrecord"
    found = data_of(rm.view(file).html)
    about = found["about"]
    assert (about["kind"], about["dataset"]["format"], about["records"]["records"]) == ("dataset", "tfrecord", 2)
    payloads = [rm.decode_example(payload) for payload in rm.TFRecordReader(file)]
    for item, example in zip(found["items"], payloads, strict=True):
        assert item["key"].encode() == example["image/filename"][0]
        assert {row["key"]: row["len"] for row in item["record"]["features"]} == {
            key: len(values) for key, values in example.items()
        }
    schema = {row["key"]: row for row in about["records"]["schema"]["features"]}
    assert schema.keys() == payloads[0].keys()
    assert schema["image/width"]["int64"]["max"] == 40
    # The same of compressed files, whose images lie elsewhere, of a folder, of several files and of a pattern.
    rm.convert(good, tmp_path / "gz", compression="gzip")
    for source in (tmp_path / "gz", [file, tmp_path / "gz" / "train.tfrecord"], f"{tmp_path}/out/*.tfrecord"):
        found = data_of(rm.view(source).html)
        assert all(item["record"]["features"] for item in found["items"]), source
        assert len(found["items"]) == (4 if isinstance(source, list) else 2)
        names = [item["record"]["number"] for item in found["items"]]
        assert sorted(set(names)) == [0, 1]


def test_records_without_images(tmp_path: Path) -> None:
    file = tmp_path / "table.tfrecord"
    with rm.TFRecordWriter(file) as writer:
        for number in range(300):
            writer.write_example({"number": number, "name": f"row {number}", "values": np.arange(number % 3) / 2})
        writer.write(rm.encode_sequence_example({"id": 7}, {"steps": [1, 2]}))
        writer.write(b"\xff\x00neither")
    page = rm.view(file, limit=302)
    found = data_of(page.html)
    assert found["about"]["kind"] == "records"
    schema = found["about"]["records"]["schema"]
    assert (schema["examples"], schema["sequence_examples"], schema["other"]) == (300, 1, 1)
    assert (page.shown, page.of) == (302, 302)
    kinds = [item["record"]["kind"] for item in found["items"]]
    assert kinds == ["Example"] * 300 + ["SequenceExample", "bytes"]
    row = found["items"][7]["record"]
    assert {feature["key"]: feature["summary"] for feature in row["features"]} == {
        "name": '"row 7"',
        "number": "7",
        "values": "0",
    }
    page = rm.view(file, limit=10)
    assert (page.shown, page.of) == (10, 302)
    assert rm.view(file, limit=10).html == page.html
    assert data_of(page.html)["about"]["records"]["schema"] == schema


def test_damage_is_told_and_the_rest_shown(tmp_path: Path) -> None:
    file = tmp_path / "table.tfrecord"
    content = numbers(file, 10)
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    (line,) = data_of(rm.view(file).html)["about"]["records"]["files"]
    assert line["records"] == 9
    assert len(line["damage"]) == 1
    assert "bytes lost" in line["damage"][0]
    items = data_of(rm.view(file).html)["items"]
    assert all(item["key"].endswith(f"#{item['record']['number']}") for item in items)
    assert [item["record"]["number"] for item in items] == [0, 1, 2, 3, 4, 6, 7, 8, 9]


def test_damage_is_told_on_the_command_line_too(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    data = numbers(path, 4)
    data[-20] ^= 1
    path.write_bytes(data)
    text, messages = run("view", path, "-o", tmp_path / "a.html", code=1)
    assert "3 of 3 shown" in text
    assert messages.startswith("recordmill: records are damaged in 1 place; ")


def test_whole_numbers_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    numbers = [-(2**63), 2**53 + 1, 2**63 - 1, 7]
    with rm.TFRecordWriter(path) as writer:
        writer.write_example({"number": numbers})
    (about,) = re.findall(r'<script type="application/json" id="about">(.*?)</script>', rm.view(path).html, re.DOTALL)
    found = json.loads(about)["records"]["schema"]["features"][0]["int64"]
    # A script has no number for those beyond 2**53.
    assert (found["min"], found["max"]) == (str(-(2**63)), str(2**63 - 1))
    assert [row["value"] for row in found["distinct"]] == [str(-(2**63)), 7, str(2**53 + 1), str(2**63 - 1)]


def test_records_with_images_under_any_key(tmp_path: Path) -> None:
    file = tmp_path / "odd.tfrecord"
    with rm.TFRecordWriter(file) as writer:
        writer.write_example({"x/jpg": png(30, 20), "y": 3.5})
        writer.write(rm.encode_sequence_example({}, {"frames": [png(12, 10), png(12, 10)]}))
    found = data_of(rm.view(file).html)
    assert [item["size"] for item in found["items"]] == [[30, 20], [12, 10]]
    assert [size_of(small) for small, _ in found["pictures"]] == [(30, 20), (12, 10)]


def test_what_cannot_be_shown_says_why(tmp_path: Path, good: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing of the kind, but long enough")
    with pytest.raises(rm.FormatError):
        rm.view(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError):
        rm.view(tmp_path / "gone")
    with pytest.raises(ValueError, match=r"labels.csv: is no TFRecord file; of datasets, one is shown at a time"):
        rm.view([good, good])
    with pytest.raises(ValueError, match="nothing was given to be shown"):
        rm.view([])
    # Pictures that are not there, or are none, are said on their cards.
    (good.parent / "a.png").unlink()
    (good.parent / "b.png").write_bytes(b"no image at all, but a few bytes")
    first, second = data_of(rm.view(good).html)["items"]
    assert (first["note"], first["size"]) == ("no file was found", [40, 30])
    assert "image" in second["note"]
    assert second["objects"][0]["b"] == [0, 0, 20, 20]


def test_a_loaded_dataset(good: Path) -> None:
    dataset = rm.load(good)
    assert data_of(rm.view(dataset).html)["items"] == data_of(rm.view(good).html)["items"]


def test_saving_replaces_pages_alone(good: Path, tmp_path: Path) -> None:
    page = rm.view(good)
    target = tmp_path / "page.html"
    page.save(target)
    assert target.read_text() == page.html
    page.save(target)
    target.write_text("<!doctype html>\n<p>somebody's own")
    with pytest.raises(FileExistsError):
        page.save(target)
    page.save(target, overwrite=True)
    assert target.read_text() == page.html
    with pytest.raises(FileNotFoundError):
        page.save(tmp_path / "no" / "page.html")


def test_a_notebook_shows_it_in_a_frame(good: Path) -> None:
    page = rm.view(good)
    shown = page._repr_html_()
    frame = re.fullmatch(
        r'<iframe title="recordmill view" sandbox="allow-scripts" style="[^"]*" srcdoc="([^"]*)"></iframe>', shown
    )
    assert frame is not None
    assert html_text.unescape(frame[1]) == page.html


def test_the_health_report(bad: Path, tmp_path: Path) -> None:
    target = tmp_path / "health.html"
    health = rm.check(bad, html=target)
    assert health.problem_counts == rm.check(bad).problem_counts
    found = data_of(target.read_text())
    about = found["about"]
    assert about["kind"] == "health"
    assert {row["kind"]: row["count"] for row in about["dataset"]["problems"]} == health.problem_counts
    severities = [row["severity"] for row in about["dataset"]["problems"]]
    assert severities == sorted(severities, key=["error", "fixed", "note"].index)
    # Each problem leads to the image that it is about.
    keys = [item["key"] for item in found["items"]]
    assert sorted(keys) == ["a.png", "b.png", "gone.png"]
    images = {row["kind"]: [keys[image] for _, _, image in row["listed"]] for row in about["dataset"]["problems"]}
    assert images["swapped-corners"] == ["a.png"]
    assert images["box-outside"] == ["a.png"]
    assert images["empty-box"] == ["b.png"]
    told = {item["key"]: [problem[0] for problem in item["problems"]] for item in found["items"]}
    assert set(told["a.png"]) == {"swapped-corners", "box-outside"}
    # Drawn where the annotation says, over the edge too; swapped corners are sorted.
    first = next(item for item in found["items"] if item["key"] == "a.png")
    assert [shape["b"] for shape in first["objects"]] == [[1, 2, 11, 22], [5, 5, 90, 30]]


def test_the_command_line(good: Path, tmp_path: Path) -> None:
    text, _ = run("view", good, cwd=tmp_path)
    page = (tmp_path / "recordmill-view.html").read_text()
    assert text == f"recordmill-view.html: 2 of 2 shown, {len(page.encode()) / 1000:.1f} KB\n"
    assert page == rm.view(good).html
    options = ("-o", "x.html", "--json", "--limit", "1", "--no-images", "--title", "Two")
    text, _ = run("view", good, *options, cwd=tmp_path)
    assert json.loads(text) == {
        "path": "x.html",
        "bytes": (tmp_path / "x.html").stat().st_size,
        "picture_bytes": 0,
        "shown": 1,
        "of": 2,
        "damaged": 0,
    }
    assert "<title>Two</title>" in (tmp_path / "x.html").read_text()
    assert run("view", good, "-o", "-")[0] == page
    run("view", "gone", code=2)
    (tmp_path / "mine.html").write_text("mine")
    _, said = run("view", good, "-o", "mine.html", code=2, cwd=tmp_path)
    assert said == "recordmill: mine.html: is there already; --overwrite replaces it\n"
    assert run("view", good, "-o", "mine.html", "--overwrite", "-q", cwd=tmp_path) == ("", "")
    run("view", good, "-o", "-", "--json", code=2)
    text, _ = run("check", good, "--html", "health.html", cwd=tmp_path)
    assert text.splitlines()[-1] == "no problems"
    assert data_of((tmp_path / "health.html").read_text())["items"] == []
