"""`verify --against`: whether records hold all that a source says, shown on records from which something was taken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.support import png, write_voc
from tests.python.test_cli import run

IMAGES = 9


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Nine images, of which each second has one object and each third two: nine objects."""
    return write_voc(tmp_path / "voc", IMAGES)


def changed(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Writes the records of `path` anew, as `change` leaves their features."""
    records = [rm.decode_example(record) for record in rm.TFRecordReader(path)]
    change(records)
    with rm.TFRecordWriter(path) as writer:
        for record in records:
            writer.write_example(record)


def objects(record: dict[str, Any]) -> list[str]:
    return [key for key in record if key.startswith("image/object/")]


def with_one(records: list[dict[str, Any]]) -> dict[str, Any]:
    return next(record for record in records if len(record["image/object/class/label"]) == 1)


def drop_image(records: list[dict[str, Any]]) -> None:
    records.remove(next(record for record in records if len(record["image/object/class/label"]) == 0))


def drop_object(records: list[dict[str, Any]]) -> None:
    record = with_one(records)
    for key in objects(record):
        record[key] = record[key][:0]


def change_class(records: list[dict[str, Any]]) -> None:
    record = with_one(records)
    other = b"dog" if list(record["image/object/class/text"]) == [b"cat"] else b"cat"
    record["image/object/class/text"] = [other]
    record["image/object/class/label"] = 3 - record["image/object/class/label"]


def move_box(records: list[dict[str, Any]]) -> None:
    record = with_one(records)
    record["image/object/bbox/xmax"] = record["image/object/bbox/xmax"] + 0.001


def change_byte(records: list[dict[str, Any]]) -> None:
    data = bytearray(records[4]["image/encoded"][0])
    data[-10] ^= 1
    records[4]["image/encoded"] = [bytes(data)]


def add_record(records: list[dict[str, Any]]) -> None:
    records.append({**records[0], "image/filename": [b"another.jpg"]})


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (drop_image, {"image-missing": 1}),
        (drop_object, {"object-missing": 1}),
        (change_class, {"object-class": 1}),
        (move_box, {"object-box": 1}),
        (change_byte, {"image-bytes": 1}),
        (add_record, {"image-extra": 1}),
    ],
)
def test_what_was_changed_is_found(
    voc: Path, tmp_path: Path, change: Callable[[list[dict[str, Any]]], None], kinds: dict[str, int]
) -> None:
    out = tmp_path / "out"
    rm.convert(voc, out)
    whole = rm.compare(out, voc)
    assert (whole["ok"], whole["images"], whole["images_equal"]) == (True, IMAGES, IMAGES)
    assert (whole["objects"], whole["objects_equal"], whole["differences"]) == (9, 9, [])
    assert whole["manifest"] == str(out / "recordmill.json")
    changed(out / "train.tfrecord", change)
    found = rm.compare(out, voc)
    assert (found["ok"], found["counts"]) == (False, kinds)
    (difference,) = found["differences"]
    # Places in both, but for what is on one side alone.
    assert (difference["source"] is None) == (change is add_record)
    assert (difference["record"] is None) == (change is drop_image)
    assert (difference["record"] or "train.tfrecord").startswith("train.tfrecord")
    if change in (drop_object, change_class, move_box):
        assert ".xml:" in (difference["source"] or "")
    text, messages = run("verify", "--no-sha256", "--against", voc, out, code=1)
    assert difference["message"] in messages
    assert f"against {voc} (voc): 1 {next(iter(kinds))}; " in text


def test_what_the_options_leave_out_is_not_missing(voc: Path, tmp_path: Path) -> None:
    options: list[dict[str, Any]] = [
        {"drop_classes": ["cat"], "drop_empty": True},
        {"rename": {"cat": "animal", "dog": "animal"}, "min_box_size": 11},
        {"sample": 4, "seed": 3},
        {"split": "60/20/20", "seed": 5, "shards": 2, "compression": "gzip"},
        {"reencode": "png"},
        {"schema": "basic"},
    ]
    for number, each in enumerate(options):
        out = tmp_path / f"out{number}"
        rm.convert(voc, out, **each)
        found = rm.compare(out, voc)
        assert (found["ok"], found["differences"]) == (True, []), each
        assert found["images_equal"] + found["images_reencoded"] == found["images"] > 0
    left_out = rm.compare(tmp_path / "out0", voc)["left_out"]
    assert left_out["images"] > 0
    text, messages = run("verify", "--against", voc, tmp_path / "out0")
    assert messages == ""
    assert "): nothing is lost; " in text
    assert "; left out by the options: " in text.replace(", left", "; left")
    found = json.loads(run("verify", "--json", "--against", voc, tmp_path / "out3")[0])
    assert found["against"]["ok"]
    assert all(row["ok"] for row in found["files"])
    # Without the manifest nobody knows that they were left out on purpose.
    (tmp_path / "out2" / "recordmill.json").unlink()
    assert rm.compare(tmp_path / "out2", voc)["counts"]["image-missing"] == IMAGES - 4


def test_what_is_no_source_is_refused(voc: Path, tmp_path: Path) -> None:
    rm.convert(voc, tmp_path / "out")
    run("verify", tmp_path / "out", "--against", tmp_path / "no", code=2)
    (tmp_path / "out" / "recordmill.json").write_text("{}")
    with pytest.raises(ValueError, match="no manifest: missing field"):
        rm.compare(tmp_path / "out", voc)


def relabelled(records: list[dict[str, Any]], change: Callable[[Any], Any]) -> None:
    for record in records:
        record["image/object/class/label"] = change(record["image/object/class/label"])


@pytest.mark.parametrize("with_map", [True, False])
def test_numbers_of_classes(voc: Path, tmp_path: Path, with_map: bool) -> None:
    out = tmp_path / "out"
    rm.convert(voc, out)
    path = out / "train.tfrecord"
    if not with_map:
        (out / "label_map.pbtxt").unlink()
    whole = path.read_bytes()

    def counts(change: Callable[[list[dict[str, Any]]], object]) -> dict[str, int]:
        path.write_bytes(whole)
        changed(path, change)
        found = rm.compare(out, voc)
        assert found["objects_equal"] == 9
        assert all(
            row["record"] is None or row["record"].startswith("train.tfrecord: record ") for row in found["differences"]
        )
        return found["counts"]

    assert counts(list) == {}
    # Without a label map nobody knows which number is whose; each class still has one of its own.
    assert counts(lambda records: relabelled(records, lambda label: 3 - label)) == (
        {"class-number": 2} if with_map else {}
    )
    assert counts(lambda records: relabelled(records, lambda label: label * 0 + 1)) == {"class-number": 1}
    assert counts(lambda records: relabelled(records, lambda label: label[:0])) == {"class-number": 2}

    def one(records: list[dict[str, Any]]) -> None:
        record = with_one(records)
        record["image/object/class/label"] = record["image/object/class/label"] + 7

    assert counts(one) == {"class-number": 1}


def test_attributes_and_how_the_source_is_read(tmp_path: Path) -> None:
    voc = write_voc(tmp_path / "voc", 3)
    images = [{"id": n, "file_name": f"img000{n}.jpg", "width": 40, "height": 30} for n in range(3)]
    annotations = [
        {"id": n, "image_id": n, "category_id": 1, "bbox": [1, 2, 9, 8], "attributes": {"colour": colour, "seen": n}}
        for n, colour in enumerate(["red", "blue", "red"])
    ]
    source = tmp_path / "coco.json"
    coco = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    source.write_text(json.dumps(coco))
    out = tmp_path / "out"
    rm.convert(source, out, images=voc / "images")
    run("verify", out, "--against", source, "--images", voc / "images", "--from", "coco")
    run("verify", out, "--against", source, "--from", "yolo", code=2)
    _, messages = run("verify", out, "--from", "coco", code=2)
    assert "is for --against" in messages

    def repaint(records: list[dict[str, Any]]) -> None:
        records[1]["image/object/attribute/colour"] = [b"green"]

    def forget(records: list[dict[str, Any]]) -> None:
        for record in records:
            del record["image/object/attribute/seen"]

    for change, kind, words in (
        (repaint, "object-attribute", 'is "green", in the source "blue"'),
        (forget, "lost", 'attribute "seen" of 3 objects: no record has any'),
    ):
        whole = (out / "train.tfrecord").read_bytes()
        changed(out / "train.tfrecord", change)
        found = rm.compare(out, source, images=[voc / "images"])
        assert (found["counts"], words in found["differences"][0]["message"]) == ({kind: 1}, True)
        (out / "train.tfrecord").write_bytes(whole)


def test_a_record_that_is_there_twice(voc: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    rm.convert(voc, out)
    changed(out / "train.tfrecord", lambda records: records.append(records[0]))
    (difference,) = rm.compare(out, voc)["differences"]
    assert difference["message"].endswith("which the source does not have so often")


@pytest.mark.parametrize(
    ("schema", "key", "word"),
    [("tfod", "image/caption", "captions"), ("classification", "image/class/", "classes")],
)
def test_what_no_image_has_any_more(tmp_path: Path, schema: str, key: str, word: str) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    if word == "classes":
        for name in ("cat", "dog"):
            (source / name).mkdir(parents=True)
            (source / name / f"{name}.png").write_bytes(png(9, 8))
    else:
        source.mkdir()
        (source / "a.png").write_bytes(png(9, 8))
        images = [{"id": 1, "file_name": "a.png", "width": 9, "height": 8}]
        captions = [{"id": 1, "image_id": 1, "caption": "a cat"}]
        (source / "captions.json").write_text(json.dumps({"images": images, "annotations": captions}))
    rm.convert(source, out, schema=schema)
    assert rm.compare(out, source)["ok"]

    def forget(records: list[dict[str, Any]]) -> None:
        for record in records:
            for name in [name for name in record if name.startswith(key)]:
                del record[name]

    changed(out / "train.tfrecord", forget)
    found = rm.compare(out, source)
    assert found["counts"] == {"lost": 1}
    assert found["differences"][0]["message"].startswith(f"{word} of ")


def test_a_schema_without_numbers_of_classes(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    (source / "a.png").write_bytes(png(9, 8))
    images = [{"id": 1, "file_name": "a.png", "width": 9, "height": 8}]
    annotations = [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}]
    coco = {"images": images, "annotations": annotations, "categories": [{"id": 3, "name": "cat"}]}
    (source / "instances.json").write_text(json.dumps(coco))
    rm.convert(source, out, schema="create_coco")
    found = rm.compare(out, source)
    assert (found["ok"], found["objects_equal"]) == (True, 1)
