"""`verify --against`: whether records hold all that a source says, shown on records from which something was taken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.support import write_voc
from tests.python.test_cli import run

IMAGES = 9


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Nine images, of which each second has one object and each third two: nine objects."""
    return write_voc(tmp_path / "voc", IMAGES)


def changed(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
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
