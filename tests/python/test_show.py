"""Records that `inspect --record` and `--where` show."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm
from PIL import Image

from tests.python.support import numbers
from tests.python.test_cli import run


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "png")
    return file.getvalue()


PNG = png()


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.tfrecord"
    with rm.TFRecordWriter(path, "gzip") as writer:
        writer.write_example({"name": "a.jpg", "x": [0.1, float("inf")], "n": [-1, 2**62]})
        writer.write(b"\xff\xfe\x00text")
        writer.write(rm.encode_sequence_example({"name": "b.jpg"}, {"words": [["ä"], ["b\n"]]}))
        writer.write_example({"name": "b.jpg", "image": PNG, "none": None})
    return path


def test_json_has_every_number_and_text(mixed: Path) -> None:
    rows = [json.loads(text) for text in rm.show(mixed)]
    assert [(row["record"], row["kind"]) for row in rows] == [
        (0, "Example"), (1, "bytes"), (2, "SequenceExample"), (3, "Example")
    ]  # fmt: skip
    assert rows[0]["features"] == {
        "name": {"kind": "bytes", "values": ["a.jpg"]},
        "x": {"kind": "float", "values": [0.1, "Infinity"]},
        "n": {"kind": "int64", "values": [-1, 2**62]},
    }
    assert (rows[1]["text"], rows[1]["hex"]) == (None, b"\xff\xfe\x00text".hex())
    assert rows[2]["feature_lists"]["words"][1] == {"kind": "bytes", "values": ["b\n"]}
    assert rows[3]["features"]["image"]["values"] == [
        {"bytes": len(PNG), "what": f"PNG 40x30, {len(PNG)} bytes", "hex": PNG[:64].hex()}
    ]


def test_conditions_choose_examples(mixed: Path) -> None:
    def numbers(**options: Any) -> list[int]:
        return [json.loads(text)["record"] for text in rm.show(mixed, **options)]

    assert numbers(where=["name=b.jpg"]) == [2, 3]
    assert numbers(where=["name=b.jpg", "image"]) == [3]
    assert numbers(where=["!image"]) == [0, 2]
    assert numbers(where=["name"], limit=1) == [0]
    assert numbers(record=1) == [1]
    assert numbers(record=4) == []
    with pytest.raises(ValueError, match='form is one of json, table, pbtxt, not "yaml"'):
        rm.show(mixed, form="yaml")  # type: ignore[arg-type]


def test_the_command_shows_records(mixed: Path) -> None:
    text, messages = run("inspect", mixed, "--record", "1")
    assert messages == ""
    assert text == (
        f"{mixed}: record 1 at byte 86: bytes, 7 bytes\n"
        "  00000000  ff fe 00 74 65 78 74                             ...text\n"
    )  # fmt: skip
    text, _ = run("inspect", mixed, "--where", "image", "--as", "table")
    assert f"\n  image  bytes  PNG 40x30, {len(PNG)} bytes\n" in text
    _, messages = run("inspect", mixed, "--where", "name", "--limit", "2")
    assert messages == f"{mixed}: there are more such records than --limit 2\n"
    _, messages = run("inspect", mixed, "--record", "9", code=1)
    assert messages == f"{mixed}: no record 9\n"
    _, messages = run("inspect", mixed, "--where", "name=c.jpg", code=1)
    assert messages == f"{mixed}: no such record\n"
    for wrong in (["--record", "1", "--json"], ["--as", "json"], ["--limit", "3"]):
        run("inspect", mixed, *wrong, code=2)


def test_a_record_of_one_of_several_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with rm.TFRecordWriter(tmp_path / f"{name}.tfrecord") as writer:
            writer.write_example({"name": f"{name}.jpg"})
    text, messages = run("inspect", tmp_path, "--where", "name=b.jpg", "--as", "json")
    row = json.loads(text)
    assert (row["path"], row["record"], messages) == (str(tmp_path / "b.tfrecord"), 0, "")
    text, _ = run("inspect", tmp_path, "--record", "0", "--as", "pbtxt")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        f"# {tmp_path / name}: record 0 at byte 0: Example, 21 bytes" for name in ("a.tfrecord", "b.tfrecord")
    ]


def test_damage_counts_as_a_record(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    data = numbers(path, 4)
    data[len(data) // 4 + 14] ^= 1
    path.write_bytes(data)
    place = rm.verify(path)["findings"][0]
    assert place["record"] == 1
    text, messages = run("inspect", path, "--record", "2", "--as", "json", code=1)
    assert json.loads(text)["features"]["number"]["values"] == [2]
    assert messages.startswith(f"{path}: record 1 at byte {place['offset']}: payload crc is ")
    text, messages = run("inspect", path, "--record", "1", code=1)
    assert (text, messages.splitlines()[-1]) == ("", f"{path}: no record 1")
    assert [json.loads(text)["record"] for text in rm.show(path)] == [0, 2, 3]


@pytest.mark.tensorflow
def test_protobuf_reads_the_text_again(tmp_path: Path) -> None:
    import tensorflow as tf
    from google.protobuf import text_format  # type: ignore[import-untyped]

    feature, kinds = tf.train.Feature, tf.train
    features = tf.train.Features(
        feature={
            'a "key"\\': feature(bytes_list=kinds.BytesList(value=[bytes(range(256)), b""])),
            "floats": feature(float_list=kinds.FloatList(value=[0.1, 1e38, -1e-40, float("inf"), -0.0])),
            "ints": feature(int64_list=kinds.Int64List(value=[-(2**63), 2**63 - 1])),
            "empty": feature(int64_list=kinds.Int64List()),
            "unset": feature(),
        }
    )
    steps = kinds.FeatureList(feature=[features.feature["ints"], features.feature["floats"]])
    example = kinds.Example(features=features)
    sequence = kinds.SequenceExample(
        context=features, feature_lists=kinds.FeatureLists(feature_list={"steps": steps, "none": kinds.FeatureList()})
    )
    path = tmp_path / "a.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(example.SerializeToString())
        writer.write(sequence.SerializeToString())
    one, two = rm.show(path, form="pbtxt")
    assert text_format.Parse(one, kinds.Example()) == example
    assert text_format.Parse(two, kinds.SequenceExample()) == sequence
