"""Masks, keypoints, captions and classes of images go through TFRecord and come back: of random datasets, as COCO JSON."""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import recordmill as rm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.python.support import png

# What a JSON file and a protobuf string can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
# Names of classes are trimmed by readers of label maps.
NAMES = st.lists(
    st.text("abcdefgh <&'\"é\u4e2d", min_size=1, max_size=6).map(str.strip).filter(bool),
    unique=True,
    min_size=1,
    max_size=3,
)
POINTS = ("nose", "tail", "ear")


@st.composite
def datasets(draw: st.DrawFn) -> dict[str, Any]:
    classes = draw(NAMES)
    ids = draw(st.lists(st.integers(1, 90), min_size=len(classes), max_size=len(classes), unique=True))
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image in range(1, draw(st.integers(1, 3)) + 1):
        width, height = draw(st.integers(4, 60)), draw(st.integers(4, 60))
        images.append({"id": image, "file_name": f"{image}.png", "width": width, "height": height})
        for _ in range(draw(st.integers(0, 3))):
            x0, y0 = draw(st.integers(0, width - 2)), draw(st.integers(0, height - 2))
            x1, y1 = draw(st.integers(x0 + 1, width)), draw(st.integers(y0 + 1, height))
            # Any cut of the columns into runs: the mask need not have anything to do with the box.
            cuts = sorted(draw(st.sets(st.integers(1, width * height - 1), max_size=8)))
            edges = [0, *cuts, width * height]
            counts = [after - before for before, after in itertools.pairwise(edges)]
            if draw(st.booleans()):
                counts.insert(0, 0)
            points: list[float] = []
            for _ in POINTS:
                place = st.floats(0, 1)
                labelled = draw(st.integers(0, 2))
                points += [draw(place) * width, draw(place) * height, labelled] if labelled else [0, 0, 0]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": draw(st.sampled_from(ids)),
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": draw(st.integers(0, 1)),
                    "segmentation": {"size": [height, width], "counts": counts},
                    "keypoints": points,
                    "num_keypoints": sum(flag > 0 for flag in points[2::3]),
                }
            )
        for _ in range(draw(st.integers(0, 2))):
            caption = {"id": len(annotations) + 1, "image_id": image, "caption": draw(TEXT)}
            annotations.append(caption)
    categories = [
        {"id": number, "name": name, "keypoints": list(POINTS), "skeleton": []}
        for number, name in zip(ids, classes, strict=True)
    ]
    return {"images": images, "annotations": annotations, "categories": categories}


def counts_of(segmentation: Any) -> list[int]:
    """Runs, of COCO's compressed text as well: five bits and a sign in each character, from the third on a difference to the run
    two before it (`rleFrString` in cocoapi's maskApi.c)."""
    counts: Any = segmentation["counts"]
    if not isinstance(counts, str):
        return list(counts)
    runs: list[int] = []
    place = 0
    while place < len(counts):
        value = shift = 0
        more = True
        while more:
            bits = ord(counts[place]) - 48
            value |= (bits & 31) << shift
            more, place, shift = bool(bits & 32), place + 1, shift + 5
            if not more and bits & 16:
                value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return runs


def mask(segmentation: Any) -> list[bool]:
    pixels: list[bool] = []
    for number, run in enumerate(counts_of(segmentation)):
        pixels += [bool(number % 2)] * run
    return pixels


def by_image(document: dict[str, Any]) -> dict[str, tuple[list[Any], list[str]]]:
    names = {row["id"]: row["name"] for row in document["categories"]}
    files = {row["id"]: Path(row["file_name"]).name for row in document["images"]}
    found: dict[str, tuple[list[Any], list[str]]] = {name: ([], []) for name in files.values()}
    for row in document["annotations"]:
        objects, captions = found[files[row["image_id"]]]
        if "caption" in row:
            captions.append(row["caption"])
        else:
            objects.append((names[row["category_id"]], row))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(datasets())
def test_coco_comes_back_from_records(document: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, out, back = folder / "in", folder / "out", folder / "back"
        source.mkdir()
        for image in document["images"]:
            (source / image["file_name"]).write_bytes(png(image["width"], image["height"]))
        (source / "instances.json").write_text(json.dumps(document))
        rm.convert(source, out, allow_empty=True, fsync=False)
        rm.convert(out, back, target_format="coco", allow_empty=True, fsync=False)
        # Captions have a file of their own.
        written = [json.loads(path.read_text()) for path in sorted(back.glob("annotations/*.json"))]
        whole = {**written[-1], "annotations": [row for file in written for row in file["annotations"]]}
        found = by_image(whole)
    wanted = by_image(document)
    assert found.keys() == wanted.keys()
    for image, (objects, captions) in wanted.items():
        assert found[image][1] == captions
        assert [label for label, _ in found[image][0]] == [label for label, _ in objects]
        for (_, ours), (_, theirs) in zip(found[image][0], objects, strict=True):
            assert ours["iscrowd"] == theirs["iscrowd"]
            assert max(abs(a - b) for a, b in zip(ours["bbox"], theirs["bbox"], strict=True)) <= 1e-4
            # One without a pixel is none.
            pixels = mask(theirs["segmentation"])
            assert (mask(ours["segmentation"]) if ours["segmentation"] else [False] * len(pixels)) == pixels
            # An object of which none is labelled has none.
            points = ours.get("keypoints", [0] * 3 * len(POINTS))
            assert points[2::3] == theirs["keypoints"][2::3]
            assert max(abs(a - b) for a, b in zip(points, theirs["keypoints"], strict=True)) <= 1e-4


def test_weights(tmp_path: Path) -> None:
    """An attribute called weight is also what the research API's decoder reads as such, where each is one."""
    cases: list[tuple[list[Any], list[float] | None]] = [
        ([0.5, None, 2], [0.5, 1, 2]),
        ([0.5, "heavy", None], None),
        ([-1, None, None], None),
    ]
    for weights, wanted in cases:
        source, out, back = (tmp_path / f"{name}{weights}" for name in ("in", "out", "back"))
        source.mkdir()
        (source / "a.png").write_bytes(png(20, 10))
        box = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}
        annotations = [
            {**box, "id": number, "attributes": {} if weight is None else {"weight": weight}}
            for number, weight in enumerate(weights, 1)
        ]
        document = {
            "images": [{"id": 1, "file_name": "a.png", "width": 20, "height": 10}],
            "annotations": annotations,
            "categories": [{"id": 1, "name": "cat"}],
        }
        (source / "instances.json").write_text(json.dumps(document))
        rm.convert(source, out, fsync=False)
        (payload,) = rm.TFRecordReader(out / "train.tfrecord")
        example = rm.decode_example(payload)
        found = example.get("image/object/weight")
        assert (found if found is None else found.tolist()) == wanted
        # And they come back, also where that list is all that says them.
        lists = [example]
        if wanted:
            lists.append({key: value for key, value in example.items() if "attribute/" not in key})
        for number, features in enumerate(lists):
            with rm.TFRecordWriter(out / "train.tfrecord") as writer:
                writer.write_example(features)
            rm.convert(out, back / str(number), target_format="coco", fsync=False)
            rows = json.loads((back / str(number) / "annotations" / "instances_train.json").read_text())["annotations"]
            # Values of attributes are texts.
            ours = [row.get("attributes", {}).get("weight") for row in rows]
            assert ours == [weight if weight is None else str(weight) for weight in weights]
