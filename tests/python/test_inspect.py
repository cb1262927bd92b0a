"""What `inspect` says of several files, who wrote them, code that parses them, and what it takes out of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm

from tests.python.support import csv, png
from tests.python.test_cli import run


def write(path: Path, *examples: dict[str, Any], compression: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rm.TFRecordWriter(path, compression) as writer:
        for example in examples:
            writer.write_example(example)
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Four images in three shards, as `convert` writes them."""
    images = {f"{name}.png": (40, 30) for name in "abcd"}
    source = csv(tmp_path / "pets", [f"{name},40,30,cat,1,2,11,22" for name in images], images)
    rm.convert(source, tmp_path / "out", shards=3)
    return tmp_path / "out"


def test_a_folder_is_described_as_a_whole(pets: Path) -> None:
    found = rm.inspect(pets)
    names = [f"train-{number:05}-of-00003.tfrecord" for number in range(3)]
    assert [Path(file["path"]).name for file in found["files"]] == names
    assert found["records"] == sum(file["records"] for file in found["files"]) == 4
    assert found["file_bytes"] == sum((pets / name).stat().st_size for name in names)
    assert found["written_by"] == {"tool": "recordmill", "why": ["recordmill.json beside it lists it"]}
    assert found["labels"] == {
        "path": str(pets / "label_map.pbtxt"),
        "classes": 1,
        "used": 1,
        "problems": [],
        "problems_left_out": 0,
    }
    assert (found["missing"], found["differences"], found["unreadable"]) == ([], [], [])
    shape = {row["key"]: row for row in found["schema"]["features"]}
    assert shape["image/width"]["int64"] == {"min": 40, "max": 40, "distinct": [{"value": 40, "count": 4}]}
    assert shape["image/object/bbox/xmin"]["looks_like"] == "box"
    assert shape["image/object/class/label"]["looks_like"] == "label"
    pattern = rm.inspect(str(pets / "train-*"))
    assert {**pattern, "path": ""} == {**found, "path": ""}
    assert rm.inspect([pets / name for name in names])["records"] == 4
    assert rm.inspect(pets, workers=1) == found
    text, messages = run("inspect", pets)
    assert messages == ""
    assert "\n3 files: 4 records, " in text
    assert "\nprobably written by recordmill: recordmill.json beside it lists it\n" in text
    assert f"\nlabel map: {pets}/label_map.pbtxt, 1 of its 1 classes are there; the records agree with it\n" in text
    assert json.loads(run("inspect", "--json", pets)[0]) == found


def test_missing_shards_are_said(pets: Path) -> None:
    gone = pets / "train-00001-of-00003.tfrecord"
    gone.unlink()
    assert rm.inspect(pets)["missing"] == [str(gone)]
    _, messages = run("inspect", pets, code=1)
    assert messages == f"{gone}: this shard is not there\n"
    _, messages = run("inspect", pets / "train-00000-of-00003.tfrecord", code=1)
    assert messages == f"{gone}: this shard is not there\n"


def test_files_that_differ_are_said(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.tfrecord", {"x": 1, "y": [1.5]})
    write(tmp_path / "d.tfrecord", {"x": "one", "y": [1.5], "z": 3}, compression="gzip")
    found = rm.inspect(tmp_path)
    odd = str(tmp_path / "d.tfrecord")
    messages = [
        "is gzip, 3 of 4 files are uncompressed",
        "x is bytes, in 3 of 4 files int64",
        "has z, which 3 of 4 files do not have",
    ]
    assert found["differences"] == [{"path": odd, "message": message} for message in messages]
    assert (found["compression"], found["records"]) == ("mixed", 4)
    text, _ = run("inspect", tmp_path)
    assert all(f"{odd}: {message}\n" in text for message in messages)
    assert "4 files: 4 records, " in text


def test_labels_that_do_not_fit_are_said(pets: Path) -> None:
    (pets / "label_map.pbtxt").write_text('item { id: 1 name: "dog" }\nitem { id: 2 name: "cat" }\n')
    _, messages = run("inspect", pets / "train-00000-of-00003.tfrecord", code=1)
    records = rm.inspect(pets / "train-00000-of-00003.tfrecord")["records"]
    path = pets / "train-00000-of-00003.tfrecord"
    assert messages == f"{path}: class 'cat' has label 1, in the label map 2, {records} times\n".replace("'", '"')
    given = rm.inspect(pets, label_map={"cat": 1})["labels"]
    assert given is not None
    assert (given["path"], given["classes"], given["problems"]) == (None, 1, [])
    run("inspect", pets, "--label-map", pets / "none.pbtxt", code=2)


def test_what_cannot_be_read_does_not_hide_others(pets: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    text, messages = run("inspect", tmp_path / "no", pets, tmp_path / "empty", code=2)
    assert "3 files: 4 records" in text
    assert messages == (
        f"recordmill: {tmp_path}/no: No such file or directory\n"
        f"recordmill: {tmp_path}/empty: no TFRecord file in this folder\n"
    )
    found = json.loads(run("inspect", "--json", tmp_path / "no", pets, code=2)[0])
    assert [row["path"] for row in found["unreadable"]] == [str(tmp_path / "no")]
    with pytest.raises(FileNotFoundError):
        rm.inspect([pets, tmp_path / "no"])
    with pytest.raises(ValueError, match="empty: no TFRecord file in this folder"):
        rm.inspect(tmp_path / "empty")


def test_verify_takes_folders_and_patterns(pets: Path, tmp_path: Path) -> None:
    text, _ = run("verify", pets)
    assert text.count(": ok, ") == 3
    text, messages = run("verify", pets / "train-0000[02]*", tmp_path / "no*", code=2)
    assert text.count(": ok, ") == 2
    assert "no*: No such file or directory" in messages
    rows = json.loads(run("verify", "--json", tmp_path / "no", pets, code=2)[0])
    assert [row["ok"] for row in rows] == [False, True, True, True]


def test_options_that_mean_nothing_are_wrong_usage(pets: Path, tmp_path: Path) -> None:
    for wrong, message in (
        (["--record", "1", "--feature-spec"], "--record and --where and --feature-spec exclude each other"),
        (["--lists", "varlen"], "--lists is for --feature-spec, not for a description"),
        (["--extract", "x", tmp_path / "x", "--record", "1"], "--extract takes --where, and not --record"),
        (["--overwrite"], "--overwrite is for --extract, not for a description"),
        (
            ["--record", "1", "--max-records", "2"],
            "--max-records is for a description and --extract and --feature-spec",
        ),
    ):
        assert message in run("inspect", pets, *wrong, code=2)[1]


def test_images_are_taken_out(pets: Path, tmp_path: Path) -> None:
    made = rm.extract(pets, "image/encoded", tmp_path / "images", fsync=False)
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["a.png", "b.png", "c.png", "d.png"]
    assert (tmp_path / "images" / "c.png").read_bytes() == png(40, 30)
    assert made == {
        "folder": str(tmp_path / "images"),
        "files": 4,
        "bytes": 4 * len(png(40, 30)),
        "records": 4,
        "without": 0,
        "renamed": 0,
        "damage": [],
    }
    with pytest.raises(FileExistsError):
        rm.extract(pets, "image/encoded", tmp_path / "images")
    with pytest.raises(ValueError, match="record 0: image/width holds int64, no bytes"):
        rm.extract(pets, "image/width", tmp_path / "no")
    with pytest.raises(ValueError, match="no record has bytes in nothing"):
        rm.extract(pets, "nothing", tmp_path / "no")
    text, _ = run("inspect", pets, "--where", "image/filename=b.png", "--extract", "image/encoded", tmp_path / "one")
    assert text == f"{tmp_path}/one: 1 file, {len(png(40, 30))} B, of 1 record\n"
    text, _ = run("inspect", pets, "--extract", "image/encoded", tmp_path / "images", "--overwrite", "--json")
    assert json.loads(text) == made
    assert not (tmp_path / "no").exists()


def test_damage_is_passed_over_and_said(pets: Path, tmp_path: Path) -> None:
    path = pets / "train-00000-of-00003.tfrecord"
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    lost = rm.inspect(path)["damage"]
    assert len(lost) == 1
    _, messages = run("inspect", pets, "--extract", "image/encoded", tmp_path / "x", code=1)
    assert messages == f"{path}: record 0 at byte 0: {lost[0]['message']}\n"
    whole = rm.inspect(pets)
    assert (whole["damage"], whole["damage_left_out"]) == ([], 1)
    assert f"{path}: record 0 at byte 0: payload crc" in run("inspect", pets, code=1)[1]


def parser(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(code, names)
    return names["parse"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("lists", ["ragged", "varlen"])
def test_the_code_parses_examples(tf: Any, tmp_path: Path, lists: Any) -> None:
    examples = [
        {"one": 7, "two": [0.5, 1.5], "some": ["a", "b"], "late": 3, "q\"'\\\n": [1]},
        {"one": -(2**63), "two": [np.float32(np.nan), 2.5], "some": [], "none": None, "q\"'\\\n": [2]},
    ]
    path = write(tmp_path / "a.tfrecord", *examples)
    code = rm.feature_spec(path, lists=lists)
    assert '    "one": tf.io.FixedLenFeature([], tf.int64),\n' in code
    assert '    "two": tf.io.FixedLenFeature([2], tf.float32),\n' in code
    assert '    # Of no one type: "none"\n' in code
    assert code.count("VarLenFeature" if lists == "varlen" else "RaggedFeature") == 2
    parse = parser(code)
    for example, record in zip(examples, rm.TFRecordReader(path), strict=True):
        parsed = parse(record)
        for key, value in example.items():
            if value is None:
                continue
            got = parsed[key]
            got = tf.sparse.to_dense(got) if isinstance(got, tf.SparseTensor) else got
            expected = np.array(
                [one.encode() if isinstance(one, str) else one for one in np.atleast_1d(value).tolist()]
            )
            np.testing.assert_array_equal(np.atleast_1d(got.numpy()), expected.astype(got.numpy().dtype))
        if "late" not in example:
            assert np.size(tf.sparse.to_dense(parsed["late"]) if lists == "varlen" else parsed["late"]) == 0
    text, _ = run("inspect", path, "--feature-spec", "--lists", lists)
    assert text == code
    assert json.loads(run("inspect", path, "--feature-spec", "--lists", lists, "--json")[0]) == {"feature_spec": code}


@pytest.mark.tensorflow
def test_the_code_parses_sequences(tmp_path: Path) -> None:
    sequences = [
        ({"id": "x"}, {"frames": [[1], [2], [3]], "pairs": [[0.5, 1.5]], "words": [["a"], [], ["b", "c"]]}),
        ({"id": "y"}, {"frames": [[4]], "pairs": [], "words": [["d"]], "extra": [[9]]}),
    ]
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path) as writer:
        for context, lists in sequences:
            writer.write(rm.encode_sequence_example(context, lists))
    code = rm.feature_spec(path)
    assert '    "frames": tf.io.FixedLenSequenceFeature([], tf.int64),\n' in code
    assert '    "pairs": tf.io.FixedLenSequenceFeature([2], tf.float32),\n' in code
    assert '    "words": tf.io.RaggedFeature(tf.string),\n' in code
    assert '    "extra": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),\n' in code
    parse = parser(code)
    first, second = (parse(record) for record in rm.TFRecordReader(path))
    assert first[0]["id"].numpy() == b"x"
    assert first[1]["frames"].numpy().tolist() == [1, 2, 3]
    assert first[1]["pairs"].numpy().tolist() == [[0.5, 1.5]]
    assert first[1]["words"].to_list() == [[b"a"], [], [b"b", b"c"]]
    assert second[1]["extra"].numpy().tolist() == [9]
    assert first[1]["extra"].numpy().tolist() == []
    assert second[1]["pairs"].shape == (0, 2)


def test_what_holds_no_example_has_no_code(tmp_path: Path) -> None:
    with rm.TFRecordWriter(tmp_path / "a.tfrecord") as writer:
        writer.write(b"\xff")
    with pytest.raises(ValueError, match=r"a\.tfrecord: holds no Example that could be read"):
        rm.feature_spec(tmp_path / "a.tfrecord")
    with pytest.raises(ValueError, match='lists is one of ragged, varlen, not "x"'):
        rm.feature_spec(tmp_path / "a.tfrecord", lists="x")  # type: ignore[arg-type]


def test_published_files_are_known(shared: Path) -> None:
    found = rm.inspect(shared / "data/raccoon/test.record")
    assert found["written_by"] is not None
    assert found["written_by"]["tool"] == "Dat Tran's generate_tfrecord.py"
    assert found["labels"] is not None
    assert (found["labels"]["classes"], found["labels"]["problems"]) == (1, [])


def numbered_set(folder: Path, name: str) -> list[Path]:
    """Three files of a set whose names have no ending."""
    folder.mkdir()
    paths = [folder / name.format(number) for number in range(3)]
    for path in paths:
        with rm.TFRecordWriter(path) as writer:
            writer.write_example({"name": path.name})
    (folder / "_SUCCESS").write_bytes(b"")
    (folder / "notes-00001.txt").write_text("no records")
    return paths


@pytest.mark.parametrize("name", ["train-{:05}-of-00003", "part-r-{:05}"])
def test_a_damaged_beginning_keeps_no_file_from_its_set(tmp_path: Path, name: str) -> None:
    paths = numbered_set(tmp_path / "set", name)
    for path in (paths[0], paths[1]):
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        text, messages = run("verify", tmp_path / "set", code=1)
        assert [line.split(":")[0] for line in text.splitlines()] == [str(path) for path in paths]
        assert messages.startswith(f"{path}: record 0 at byte 0: length crc ")
        path.write_bytes(whole)
    run("verify", tmp_path / "set")


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_links_in_a_circle_give_each_file_once(tmp_path: Path) -> None:
    with rm.TFRecordWriter(tmp_path / "a.tfrecord") as writer:
        writer.write_example({"x": 1})
    (tmp_path / "loop").symlink_to(".")
    assert run("count", str(tmp_path / "**" / "a.tfrecord"))[0] == "1\n"


def test_a_specification_of_a_pipe_and_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path) as writer:
        writer.write_example({"x": 1})
    command = [sys.executable, "-m", "recordmill", "inspect", "-", "--feature-spec"]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
    assert done.stdout.decode() == rm.feature_spec(path)
    with rm.TFRecordWriter(path) as writer:
        writer.write_example({})
    _, messages = run("inspect", path, "--feature-spec", code=2)
    assert "no feature of its records has one type, so there is nothing to parse" in messages
