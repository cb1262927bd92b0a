"""Fixtures of Label Studio."""

import base64
import csv
import io
import json

from fixture import around, case, ellipse, image, line_of, mask, obj, picture, there, turned_box

SIZE = {"original_width": 40, "original_height": 30, "image_rotation": 0}


def result(kind, value, number="r1", **more) -> dict:
    return {"id": number, "type": kind, "from_name": "label", "to_name": "image", "origin": "manual", **SIZE, "value": value, **more}


def rect(label, x, y, width, height, number="r1", rotation=0, **more) -> dict:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation, "rectanglelabels": label if isinstance(label, list) else [label]}
    return result("rectanglelabels", value, number, **more)


def task(number, url, *results, **more) -> dict:
    annotation = {"id": number * 10, "completed_by": 1, "result": list(results), "was_cancelled": False, "ground_truth": False,
                  "created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-01T10:00:00Z"}
    return {"id": number, "annotations": [annotation], "predictions": [], "data": {"image": url}, "project": 1, **more}


def packed(rows: list[str]) -> list[int]:
    """A mask in Label Studio's packing: a run of 3 zeros, then the alpha, for every pixel."""
    pixels = [letter == "#" for row in rows for letter in row]
    bits = f"{len(pixels) * 4:032b}" + f"{7:05b}" + "0010" * 4
    for pixel in pixels:
        bits += "1" + "00" + "010" + "00000000"  # three times 0
        bits += "0" + "00" + "000" + ("11111111" if pixel else "00000000")
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


def box(name, sides, **more) -> dict:
    return obj(name, sides, line=1, **more)


def table(columns, *rows) -> str:
    """A CSV as the exporter writes it: columns in the order of their names, each text in quotes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted([*columns, "id", "image", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"]), quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    for number, cells in enumerate(rows, 1):
        own = {"id": number, "image": f"/data/upload/1/{'abc'[number - 1]}.png", "annotator": "me@example.com", "annotation_id": number, "created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-01T10:00:00Z", "lead_time": 3.25}
        writer.writerow(own | dict(zip(columns, cells, strict=True)))
    return out.getvalue()


def tables() -> None:
    """Answers that are plain text, beside data that is, too."""
    region = json.dumps([{"x": 10, "y": 20, "width": 50, "height": 40, "rotation": 0, "rectanglelabels": ["cat"], "original_width": 40, "original_height": 30}])

    def left_out(*names) -> list:
        return [f'ignored-field: p.csv:1: column "{name}" left out: it is taken for the task\'s own data' for name in names]

    def three(*labels, **more) -> list:
        return [there(f"{letter}.png", id=number, name=f"/data/upload/1/{letter}.png", size=(0, 0), **({"labels": known} if known else {}), **more) for number, (letter, known) in enumerate(zip("abc", labels, strict=False), 1)]
    pictures = {f"{letter}.png": picture(number) for number, letter in enumerate("abc", 1)}
    # Regions alone: every text is data, and so is a list.
    case("label-studio", "csv-data", {"p.csv": table(["city", "label", "md5", "tags"], ["Kyiv", region, "ab12", '["x", "y"]']), "a.png": picture(1)}, {
        "format": "label-studio", "classes": ["cat"], "ordered": False, "problems": left_out("city", "md5", "tags"),
        "images": [there("a.png", obj("cat", (4, 6, 24, 18), line=2), id=1, name="/data/upload/1/a.png")]})
    # Choices by the name of their tag, by a cell with several of them, and as the only column there is.
    case("label-studio", "csv-choices", {"p.csv": table(["choice", "city", "weather"], ["day", "Kyiv", "sunny"], ["7", "Lviv", '{"choices": ["sunny", "windy"]}'], ["", "", ""]), **pictures}, {
        "format": "label-studio", "problems": left_out("city"), "images": three(["day", "sunny"], ["7", "sunny", "windy"], [])})
    case("label-studio", "csv-one", {"p.csv": table(["temperature", "weather"], [21.5, "sunny"], [7, "windy"]), **pictures}, {
        "format": "label-studio", "problems": left_out("temperature"), "images": three(["sunny"], ["windy"])})
    # The configuration knows.
    view = '<View><Image name="image" value="$image"/><Choices name="weather" toName="image"><Choice value="sunny"/></Choices><TextArea name="words" toName="image"/></View>'
    case("label-studio", "csv-configured", {"p.csv": table(["choice", "weather", "words"], ["data", "sunny", "A cat."]), "label_config.xml": view, "a.png": picture(1)}, {
        "format": "label-studio", "problems": left_out("choice"), "images": three(["sunny"], captions=["A cat."])})


def good() -> None:
    # As exported: uploaded images with a prefix, one cancelled and one later annotation, an image without objects, a task without any.
    later = task(1, "/data/upload/1/0a1b2c3d-a.png", rect("dog", 10, 20, 50, 40))
    later["annotations"] = [
        {"id": 1, "result": [rect("cat", 0, 0, 10, 10)], "was_cancelled": False, "updated_at": "2024-05-01T10:00:00Z"},
        {"id": 2, "result": [rect("dog", 10, 20, 50, 40)], "was_cancelled": False, "updated_at": "2024-05-02T10:00:00Z"},
        {"id": 3, "result": [], "was_cancelled": True, "updated_at": "2024-05-03T10:00:00Z"},
    ]
    none = task(3, "/data/upload/1/0a1b2c3d-c.png")
    none["annotations"] = []
    text = json.dumps([later, task(2, "/data/upload/1/99999999-b.png"), none], indent=2)
    case("label-studio", "json", {"project-1-at-2024-05-01.json": text, "images/a.png": picture(1), "images/99999999-b.png": picture(2)}, {
        "format": "label-studio", "classes": ["dog"], "ordered": False,
        "problems": ["ignored-field: project-1-at-2024-05-01.json:2: the last of the task's annotations is taken; others left out: 1"],
        "images": [
            there("images/99999999-b.png", id=2, name="/data/upload/1/99999999-b.png", size=(0, 0)),
            there("images/a.png", obj("dog", (4, 6, 24, 18), line=line_of(text, '"r1"', 2) - 1), id=1, name="/data/upload/1/0a1b2c3d-a.png"),
        ],
    })

    # Every kind of region; a local file, with blanks in its name.
    corners = turned_box((10, 6, 30, 12), (10, 6), 30)
    rows = ["#" * 3 + "." * 37] * 2 + ["." * 40] * 28
    kinds = task(
        1, "/data/local-files/?d=photos/a%20b.png", rect(["cat", "dog"], 25, 20, 50, 20, "r0", rotation=30),
        result("polygonlabels", {"points": [[0, 0], [25, 0], [25, 50]], "closed": True, "polygonlabels": ["cat"]}, "r1"),
        result("ellipselabels", {"x": 50, "y": 50, "radiusX": 25, "radiusY": 20, "rotation": 0, "ellipselabels": ["cat"]}, "r2"),
        result("keypointlabels", {"x": 50, "y": 50, "width": 0.75, "keypointlabels": ["nose"]}, "r3"),
        result("brushlabels", {"format": "rle", "rle": packed(rows), "brushlabels": ["grass"]}, "r4"),
        result("choices", {"choices": ["outdoor", "day"]}, "r5"), result("textarea", {"text": ["A cat and a dog."]}, "r6"),
        {"type": "relation", "from_id": "r0", "to_id": "r1"})
    case("label-studio", "regions", {"export.json": json.dumps([kinds]), "photos/a b.png": picture(1)}, {
        "format": "label-studio", "problems": [],
        "images": [there(
            "photos/a b.png", box("cat", around(corners), corners=corners), box("dog", around(corners), corners=corners),
            box("cat", (0, 0, 10, 15), polygons=[[[0.0, 0.0], [10.0, 0.0], [10.0, 15.0]]]),
            box("cat", (10, 9, 30, 21), polygons=[ellipse((20, 15), (10, 6))]), box("nose", (20, 15, 20, 15), keypoints=[[20.0, 15.0, 2]]),
            box("grass", (0, 0, 3, 2), mask=mask(["###"] * 2)), id=1, name="photos/a%20b.png", labels=["outdoor", "day"], captions=["A cat and a dog."])],
    })

    # A pose: key points drawn in a box, in the order of the labelling configuration; an outline of two parts.
    def key(name, x, y, number, **more) -> dict:
        return result("keypointlabels", {"x": x, "y": y, "width": 0.75, "keypointlabels": [name], **more}, number, parentID="b")

    def part(number, left, **more) -> dict:
        return result("polygonlabels", {"points": [[left, 0], [left + 25, 0], [left + 25, 50]], "closed": True, "polygonlabels": ["cat"]}, number, **more)

    configuration = """<View>
  <Image name="image" value="$image"/>
  <KeyPointLabels name="points" toName="image"><Label value="ear"/><Label value="nose"/><Label value="tail"/></KeyPointLabels>
</View>
"""
    pose = task(1, "a.png", key("tail", 50, 50, "k1"), rect("dog", 10, 20, 50, 40, "b"), key("nose", 25, 40, "k2", hidden=True), part("p1", 0), part("p2", 50, parentID="p1"))
    case("label-studio", "pose", {"export.json": json.dumps([pose]), "label_config.xml": configuration, "a.png": picture(1)}, {
        "format": "label-studio", "problems": [], "skeletons": [["dog", "", ["ear", "nose", "tail"], []]],
        "images": [there("a.png", box("dog", (4, 6, 24, 18), keypoints=[[0.0, 0.0, 0], [10.0, 12.0, 1], [20.0, 15.0, 2]]),
                         box("cat", (0, 0, 30, 15), polygons=[[[0.0, 0.0], [10.0, 0.0], [10.0, 15.0]], [[20.0, 0.0], [30.0, 0.0], [30.0, 15.0]]]), id=1)],
    })

    # Boxes whose labels and choices stand in results of their own; old completions; images by URL.
    value = {"x": 10, "y": 20, "width": 50, "height": 40, "rotation": 0}
    old = {"id": 5, "data": {"photo": "https://example.com/x/a.png?sig=1"}, "completions": [{"id": 1, "result": [
        result("rectangle", value), result("labels", {**value, "labels": ["cat"]}), result("choices", {**value, "choices": ["sleeping"]}, from_name="state")]}]}
    case("label-studio", "completions", {"a.json": json.dumps([old]), "a.png": picture(1)}, {
        "format": "label-studio", "problems": [],
        "images": [there("a.png", box("cat", (4, 6, 24, 18), attributes={"state": "sleeping"}), id=5, url="https://example.com/x/a.png?sig=1",
                         name="https://example.com/x/a.png?sig=1")],
    })

    # JSON_MIN.
    region = {"x": 10, "y": 20, "width": 50, "height": 40, "rotation": 0, "rectanglelabels": ["cat"], "original_width": 40, "original_height": 30}
    rest = {"annotator": 1, "annotation_id": 1, "created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-01T10:00:00Z", "lead_time": 3.5}
    case("label-studio", "json-min", {"project-1.json": json.dumps([
        {"image": "/data/upload/1/0a1b2c3d-a.png", "note": "not an answer", "id": 1, "label": [region], "weather": "sunny", **rest},
        {"image": "/data/upload/1/0a1b2c3d-b.png", "id": 2, "weather": {"choices": ["sunny", "warm"]}, **rest},
    ]), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "label-studio", "problems": [],
        "images": [there("a.png", box("cat", (4, 6, 24, 18)), id=1, labels=["sunny"], name="/data/upload/1/0a1b2c3d-a.png"),
                   there("b.png", id=2, labels=["sunny", "warm"], name="/data/upload/1/0a1b2c3d-b.png", size=(0, 0))],
    })

    # CSV.
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["annotation_id", "annotator", "created_at", "id", "image", "label", "lead_time", "updated_at", "weather"])
    writer.writerow([1, 1, "2024", 1, "/data/upload/1/0a1b2c3d-a.png", json.dumps([region, {**region, "x": 0}], indent=1), 3.5, "2024", "sunny"])
    writer.writerow([2, 1, "2024", 2, "/data/upload/1/0a1b2c3d-b.png", "", 3.5, "2024", ""])
    case("label-studio", "csv", {"project-1.csv": out.getvalue(), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "label-studio", "problems": ['ignored-field: project-1.csv:1: column "weather" left out: it is taken for the task\'s own data'],
        "images": [there("a.png", obj("cat", (4, 6, 24, 18), line=3), obj("cat", (0, 6, 20, 18), line=out.getvalue().replace("\r\n", "\n")[: out.getvalue().replace("\r\n", "\n").index('""x"": 0')].count("\n")),
                         id=1, name="/data/upload/1/0a1b2c3d-a.png"),
                   there("b.png", id=2, name="/data/upload/1/0a1b2c3d-b.png", size=(0, 0))],
    })
    tables()


    # The image inside of the file, of a task with an id and one without; in a CSV. An image of the same name counts for nothing.
    uri = "data:image/png;base64," + base64.b64encode(picture(1)).decode()
    mark = 0xCBF29CE484222325
    for byte in uri.encode():
        mark = (mark ^ byte) * 0x100000001B3 % 2**64
    without = task(8, uri, rect("dog", 0, 0, 50, 50))
    del without["id"]
    case("label-studio", "embedded", {"train/a.json": json.dumps([task(7, uri, rect("cat", 0, 0, 50, 50)), without]), "train/7.png": picture(2)}, {
        "format": "label-studio", "problems": [], "images": [
            image("train/7.png", box("cat", (0, 0, 20, 15)), id=7, split="train", file="images"),
            image(f"train/task-{mark:016x}.png", box("dog", (0, 0, 20, 15)), split="train", file="images")]})


def others() -> None:
    """What is about the image without being a class, shapes of newer versions, and images side by side."""
    vector = {"vertices": [{"id": "1", "x": 1, "y": 1}], "closed": True, "vectorlabels": ["Road"]}
    plain = [{"id": number, "type": kind, "from_name": kind, "to_name": "image", "value": {kind: value}}
             for number, kind, value in (("q", "rating", 4), ("n", "number", 17), ("d", "datetime", "2024-05-01"))]
    text = json.dumps([task(1, "a.png", result("vectorlabels", vector, "v"), *plain, rect("cat", 0, 0, 50, 50))])
    case("label-studio", "other-results", {"a.json": text, "a.png": picture(1)}, {
        "format": "label-studio", "problems": [
            "ignored-field: a.json:1: vectorlabels (vertices) left out", "ignored-field: a.json:1: rating of the image left out",
            "ignored-field: a.json:1: number of the image left out", "ignored-field: a.json:1: datetime of the image left out"],
        "images": [there("a.png", box("cat", (0, 0, 20, 15)), id=1)]})
    both = task(1, "x", rect("left", 0, 0, 50, 50, "r1", to_name="img1"), rect("right", 50, 50, 50, 50, "r2", to_name="img2"))
    both["data"] = {"image1": "/data/upload/1/l.png", "image2": "/data/upload/1/r.png", "title": "two"}
    case("label-studio", "side-by-side", {"a.json": json.dumps([both]), "l.png": picture(1), "r.png": picture(2)}, {
        "format": "label-studio", "problems": [],
        "images": [there("l.png", box("left", (0, 0, 20, 15)), name="/data/upload/1/l.png"),
                   there("r.png", box("right", (20, 15, 40, 30)), name="/data/upload/1/r.png")]})
    both["data"] = {"image1": "/data/upload/1/l.png"}
    case("label-studio", "bad-tags", {"a.json": json.dumps([both]), "l.png": picture(1)}, {
        "format": "label-studio", "images": [],
        "problems": ["bad-entry: a.json:1: regions of 2 images (img1, img2), of which the task names 1"]})


def bad() -> None:
    text = json.dumps([
        task(1, "a.png", rect("cat", "left", 0, 10, 10, "r1"), result("rectanglelabels", {"x": 0, "y": 0, "width": 5, "height": 5}, "r2"),
             result("brushlabels", {"format": "rle", "rle": [0, 0, 0, 4, 60, 0], "brushlabels": ["x"]}, "r3"), {"id": "r4", "type": "rectanglelabels"},
             {"id": "r5", "type": "rectanglelabels", "value": {"x": 0, "y": 0, "width": 5, "height": 5, "rectanglelabels": ["x"]}},
             result("videorectangle", {"sequence": []}, "r6"), rect("good", 0, 0, 50, 50, "r7")),
        {"id": 2, "data": {"text": "no image here"}, "annotations": []},
        task(3, "https://example.com/gone.png", rect("cat", 0, 0, 50, 50)),
    ], indent=1)
    at = {number: line_of(text, f'"r{number}"') - 1 for number in range(1, 8)}
    second = line_of(text, '"r1"', 2) - 1
    case("label-studio", "bad-results", {"a.json": text, "a.png": picture(1)}, {
        "format": "label-studio",
        "problems": [
            f'bad-entry: a.json:{line_of(text, chr(34) + "left")}: x "left" is no number',
            f"bad-entry: a.json:{line_of(text, chr(34) + 'value', 3)}: a mask of 4 values for 1200 pixels of four",
            f"bad-entry: a.json:{at[4]}: the result has no value",
            f"bad-entry: a.json:{at[5]}: the region has no original_width and original_height",
            f"ignored-field: a.json:{at[6]}: videorectangle of a video left out",
            f"bad-entry: a.json:{at[2]}: the region has no label",
            f'bad-entry: a.json:{line_of(text, chr(34) + "no image") - 3}: the task has no image in "data"',
            f'missing-image: a.json:{line_of(text, chr(34) + "id" + chr(34) + ": 3,") - 1}: no image is called "https://example.com/gone.png"',
        ],
        "images": [there("a.png", obj("good", (0, 0, 20, 15), line=at[7]), id=1),
                   image("gone.png", obj("cat", (0, 0, 20, 15), line=second), id=3, url="https://example.com/gone.png",
                         name="https://example.com/gone.png", file=None)],
    })
    embedded = task(1, "data:image/png;base64,aaaa", rect("cat", 0, 0, 50, 50))
    case("label-studio", "bad-embedded", {"a.json": json.dumps([embedded]), "a.png": picture(1)}, {
        "format": "label-studio",
        "problems": ["ignored-field: a.json:1: the image inside of the file was not used: it is no image that is known", 'missing-image: a.json:1: no image is called "1"'],
        "images": [image("1", box("cat", (0, 0, 20, 15)), id=1, name="1", file=None)],
    })
    case("label-studio", "bad-cut", {"a.json": json.dumps([task(1, "a.png", rect("cat", 0, 0, 1, 1))])[:-20], "a.png": picture(1)}, {
        "format": "label-studio", "problems": ["unreadable-annotation: a.json:1: the file ends too early"], "images": [],
    })


def make() -> None:
    good()
    others()
    bad()
