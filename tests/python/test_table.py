"""Rows of tables as records, and records as rows: CSV, TSV, JSON lines, Parquet."""

import base64
import gzip
import json
import os
import random
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm

from tests.python.test_cli import RECORDMILL, run


def examples(path: Path) -> list[dict[str, Any]]:
    """Features as lists."""
    decoded = [rm.decode_example(payload) for payload in rm.TFRecordReader(path)]
    return [{key: list(values) for key, values in example.items()} for example in decoded]


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


CSV = 'id,name,x,flag,tags,zip\n1,"a, ""b""",0.5,true,"[1,2]",007\n2,,nan,False,[],008\n,"two\nlines",1e3,,,\n'
# A cell that is empty is no feature.
ROWS: list[dict[str, Any]] = [
    {"id": [1], "name": [b'a, "b"'], "x": [0.5], "flag": [1], "tags": [1, 2], "zip": [b"007"]},
    {"id": [2], "x": [pytest.approx(float("nan"), nan_ok=True)], "flag": [0], "tags": [], "zip": [b"008"]},
    {"name": [b"two\nlines"], "x": [1000.0]},
]


def test_csv(tmp_path: Path) -> None:
    report = rm.from_table(put(tmp_path / "a.csv", CSV), tmp_path / "a.tfrecord")
    assert examples(tmp_path / "a.tfrecord") == ROWS
    types = {column["column"]: (column["type"], column["kind"], column["present"]) for column in report["columns"]}
    assert types == {
        "id": ("int64", "int64_list", 2),
        "name": ("string", "bytes_list", 2),
        "x": ("float32", "float_list", 3),
        "flag": ("bool", "int64_list", 2),
        "tags": ("list<int64>", "int64_list", 2),
        "zip": ("string", "bytes_list", 2),
    }
    assert (report["rows"], report["file"]["records"]) == (3, 3)


@pytest.mark.parametrize("name", ["tab.tsv", "a.csv.gz", "marked.csv", "windows.csv"])
def test_csv_of_other_kinds(tmp_path: Path, name: str) -> None:
    text = CSV.replace("\n2,", "\r\n2,") if name == "windows.csv" else CSV
    if name == "tab.tsv":
        text = "id\tname\tx\tflag\ttags\tzip\n"
        text += '1\t"a, ""b"""\t0.5\ttrue\t[1,2]\t007\n2\t\tnan\tFalse\t[]\t008\n\t"two\nlines"\t1e3\t\t\t\n'
    data = ("\ufeff" if name == "marked.csv" else "").encode() + text.encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    rm.from_table(path, tmp_path / "a.tfrecord")
    assert examples(tmp_path / "a.tfrecord") == ROWS


def test_json_lines(tmp_path: Path) -> None:
    text = '{"a": 1, "s": "\\u00e9", "n": 2.5, "l": [1, 2.5], "e": []}\n\n{"b": true, "a": null, "l": []}\n{"a": 3, "a": 4}\n'
    report = rm.from_table(put(tmp_path / "a.jsonl", text), tmp_path / "a.tfrecord")
    assert examples(tmp_path / "a.tfrecord") == [
        {"a": [1], "s": ["é".encode()], "n": [2.5], "l": [1.0, 2.5], "e": []},
        {"b": [1], "l": []},
        {"a": [4]},
    ]
    assert [column["column"] for column in report["columns"]] == ["a", "s", "n", "l", "e", "b"]


def test_objects_are_flattened_on_request(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jsonl", '{"p": {"x": 1, "q": {"y": "z"}}, "a": 0}\n{"a": 1, "p": {"x": 2}}\n')
    with pytest.raises(rm.FormatError) as raised:
        rm.from_table(path, tmp_path / "a.tfrecord")
    assert str(raised.value) == (
        f'{path}: column "p": an object fits into no feature; flatten makes columns of its members'
    )
    rm.from_table(path, tmp_path / "a.tfrecord", flatten=True)
    assert examples(tmp_path / "a.tfrecord") == [{"p/x": [1], "p/q/y": [b"z"], "a": [0]}, {"p/x": [2], "a": [1]}]


def test_sequences(tmp_path: Path) -> None:
    lines = [
        {"id": 1, "walk": [[0.5, 1.0], [], [2.0]], "words": ["a", "b"], "box": [1, 2]},
        {"id": 2, "walk": [], "box": [3]},
    ]
    path = put(tmp_path / "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(rm.FormatError, match="list<list<float32>> does not fit into an Example; a SequenceExample"):
        rm.from_table(path, tmp_path / "a.tfrecord")
    rm.from_table(path, tmp_path / "a.tfrecord", sequence=True, context=["box"])
    decoded = [rm.decode_sequence_example(payload) for payload in rm.TFRecordReader(tmp_path / "a.tfrecord")]

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list | np.ndarray) else value

    assert [tuple(map(plain, example)) for example in decoded] == [
        ({"id": [1], "box": [1, 2]}, {"walk": [[0.5, 1.0], [], [2.0]], "words": [[b"a"], [b"b"]]}),
        ({"id": [2], "box": [3]}, {"walk": []}),
    ]
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "back.jsonl")
    back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
    assert back == [{"words": None, **line} for line in lines]


@pytest.mark.tensorflow
def test_tensorflow_parses_them(tf: Any, tmp_path: Path) -> None:
    rm.from_table(put(tmp_path / "a.csv", CSV), tmp_path / "a.tfrecord")
    features = {
        "id": tf.io.FixedLenFeature([], tf.int64, -1),
        "name": tf.io.FixedLenFeature([], tf.string, ""),
        "x": tf.io.FixedLenFeature([], tf.float32),
        "tags": tf.io.RaggedFeature(tf.int64),
    }
    parsed = [
        tf.io.parse_single_example(record, features) for record in tf.data.TFRecordDataset(str(tmp_path / "a.tfrecord"))
    ]
    assert [int(row["id"]) for row in parsed] == [1, 2, -1]
    assert [row["name"].numpy() for row in parsed] == [b'a, "b"', b"", b"two\nlines"]
    assert [row["tags"].numpy().tolist() for row in parsed] == [[1, 2], [], []]
    lines = '{"id": 7, "walk": [[1], [2, 3]]}\n'
    rm.from_table(put(tmp_path / "s.jsonl", lines), tmp_path / "s.tfrecord", sequence=True)
    (record,) = tf.data.TFRecordDataset(str(tmp_path / "s.tfrecord"))
    context, lists = tf.io.parse_single_sequence_example(
        record, {"id": tf.io.FixedLenFeature([], tf.int64)}, {"walk": tf.io.RaggedFeature(tf.int64)}
    )
    assert int(context["id"]) == 7
    assert lists["walk"].to_list() == [[1], [2, 3]]


@pytest.mark.tensorflow
def test_bytes_are_those_of_tensorflow(tf: Any, tmp_path: Path) -> None:
    """Row by row, as a user of TensorFlow does it."""
    rm.from_table(put(tmp_path / "a.csv", "b,a,c\n1,x,0.25\n,y,\n-3,,1\n"), tmp_path / "a.tfrecord")

    def example(**values: Any) -> bytes:
        message = tf.train.Example()
        for key, value in values.items():
            feature = message.features.feature[key]
            kind = {int: feature.int64_list, float: feature.float_list, bytes: feature.bytes_list}[type(value)]
            kind.value.append(value)
        return message.SerializeToString(deterministic=True)

    expected = [example(a=b"x", b=1, c=0.25), example(a=b"y"), example(b=-3, c=1.0)]
    assert list(rm.TFRecordReader(tmp_path / "a.tfrecord")) == expected


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        writer.write_example({"n": 1, "x": [0.5, 0.1], "t": "é", "raw": b"\xff", "e": np.zeros(0, np.int64)})
        writer.write_example({"n": -(2**63), "t": "", "raw": b"\0"})
        writer.write_example({"n": 2**63 - 1, "x": np.zeros(0, np.float32), "t": 'a,"b"\n', "raw": b"", "e": [1]})
    return path


def test_to_csv(records: Path, tmp_path: Path) -> None:
    with pytest.raises(rm.FormatError) as raised:
        rm.to_table(records, tmp_path / "a.csv")
    assert str(raised.value) == (f'{tmp_path / "a.csv"}: column "raw": bytes that are no text; base64 can be asked for')
    assert not (tmp_path / "a.csv").exists()
    rm.to_table(records, tmp_path / "a.csv", types={"raw": "base64"})
    assert (tmp_path / "a.csv").read_text() == (
        'e,n,raw,t,x\n[],1,/w==,é,"[0.5,0.1]"\n,-9223372036854775808,AA==,"",\n[1],9223372036854775807,"","a,""b""\n",[]\n'
    )


def test_to_json_lines(records: Path, tmp_path: Path) -> None:
    report = rm.to_table(records, tmp_path / "a.jsonl", types={"raw": "base64", "n": "uint64"}, columns=["e", "t", "x"])
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert rows == [
        {"e": [], "t": "é", "x": [0.5, 0.1]},
        {"e": None, "t": "", "x": None},
        {"e": [1], "t": 'a,"b"\n', "x": []},
    ]
    assert [(column["column"], column["present"]) for column in report["columns"]] == [("e", 2), ("t", 3), ("x", 2)]


def test_there_and_back(records: Path, tmp_path: Path) -> None:
    """Each format gives the same records again."""
    types = {"raw": "base64", "e": "int64", "x": "float32"}
    for name in ("a.jsonl", "a.parquet"):
        asked = types if name == "a.jsonl" else {}
        rm.to_table(records, tmp_path / name, types=asked)
        rm.from_table(tmp_path / name, tmp_path / "back.tfrecord", types=asked, overwrite=True)
        assert list(rm.TFRecordReader(tmp_path / "back.tfrecord")) == list(rm.TFRecordReader(records)), name


def test_npz(tmp_path: Path) -> None:
    arrays = {
        "i": np.array([1, -2, 3], np.int16),
        "big": np.array([1, 2, 2**40], ">u8"),
        "f": np.array([0.5, np.inf, -1], np.float64),
        "h": np.array([1.5, 2, 3], np.float16),
        "b": np.array([True, False, True]),
        "m": np.arange(12, dtype=np.float32).reshape(3, 2, 2),
        "s": np.array(["é", "", "abc"]),
        "z": np.array([b"x", b"yz", b""]),
        "t": np.array(["2024-01-01", "NaT", "1969-12-31"], "M8[D]"),
        "r": np.array([7, 8, 9]),
        "r.row_splits": np.array([0, 2, 2, 3]),
    }
    expected = [
        {"i": [1], "big": [1], "f": [0.5], "h": [1.5], "b": [1], "m": [0, 1, 2, 3], "s": ["é".encode()], "z": [b"x"]},
        {"i": [-2], "big": [2], "f": [np.inf], "h": [2], "b": [0], "m": [4, 5, 6, 7], "s": [b""], "z": [b"yz"]},
        {"i": [3], "big": [2**40], "f": [-1], "h": [3], "b": [1], "m": [8, 9, 10, 11], "s": [b"abc"], "z": [b""]},
    ]
    more: list[dict[str, Any]] = [{"t": [19723], "r": [7, 8]}, {"r": []}, {"t": [-1], "r": [9]}]
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        rm.from_table(tmp_path / "a.npz", tmp_path / "a.tfrecord", overwrite=True)
        assert examples(tmp_path / "a.tfrecord") == [
            {**row, **other} for row, other in zip(expected, more, strict=True)
        ]
    names = [name for name in arrays if "." not in name and name != "t"]
    types = {"i": "int16", "f": "float64", "b": "bool", "z": "binary", "big": "uint64"}
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.npz", columns=names, types=types)
    back = np.load(tmp_path / "b.npz", allow_pickle=False)
    assert set(back) == {*names, "r.row_splits"}
    for name in names:
        assert np.array_equal(back[name], arrays[name].reshape(back[name].shape)), name
    assert [back[name].dtype for name in ("i", "f", "b", "m", "s", "z")] == ["<i2", "<f8", "bool", "<f4", "<U3", "S2"]
    assert back["r.row_splits"].tolist() == [0, 2, 2, 3]
    with pytest.raises(rm.FormatError, match='column "t", row 1: a row without a value has no place in an array'):
        rm.to_table(tmp_path / "a.tfrecord", tmp_path / "c.npz")


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"a": np.array([{}], object)}, 'column "a": an array of objects is a pickle, which is not read'),
        ({"a": np.zeros(2), "b": np.zeros(3)}, 'column "b": 3 rows, expected 2 as in "a"'),
        ({"a": np.float32(1)}, 'column "a": a single value has no rows'),
        ({"a": np.asfortranarray(np.zeros((2, 2)))}, 'column "a": an array in Fortran\'s order'),
        ({"a": np.array([1, 2**63], np.uint64)}, f'column "a", row 1: {2**63} is above int64'),
        ({"a": np.zeros(2, np.complex64)}, 'column "a": an array of "<c8" fits into no feature'),
        ({"a": np.arange(3), "a.row_splits": np.array([0, 2, 1])}, 'column "a": row splits fall from 2 to 1'),
        ({"a": np.arange(3), "a.row_splits": np.array([0, 2])}, 'column "a": more values than its row splits say'),
        ({"a": np.arange(3), "a.row_splits": np.array([0, 9])}, 'column "a": 24 bytes, expected 72'),
    ],
)
def test_npz_that_is_refused(tmp_path: Path, arrays: dict[str, Any], problem: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(rm.FormatError) as raised:
        rm.from_table(tmp_path / "a.npz", tmp_path / "a.tfrecord")
    assert str(raised.value).startswith(f"{tmp_path / 'a.npz'}: {problem}")
    assert not (tmp_path / "a.tfrecord").exists()


def test_damaged_npz(tmp_path: Path) -> None:
    chance = random.Random(1)
    np.savez(tmp_path / "a.npz", a=np.arange(50), s=np.array([f"text {number % 7}" for number in range(50)]))
    whole = (tmp_path / "a.npz").read_bytes()
    refused = 0
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.2:
            del damaged[chance.randrange(len(damaged)) :]
        (tmp_path / "b.npz").write_bytes(damaged)
        try:
            rm.from_table(tmp_path / "b.npz", tmp_path / "b.tfrecord", format="npz", overwrite=True, fsync=False)
        except rm.FormatError:
            refused += 1
    assert refused > 150


def test_columns_are_taken_and_renamed(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "a,b,c\n1,2,3\n")
    rm.from_table(path, tmp_path / "a.tfrecord", columns={"c": "see", "a": "a"})
    assert examples(tmp_path / "a.tfrecord") == [{"a": [1], "see": [3]}]
    for columns, problem in [
        (["d"], 'there is no column "d"; there are a, b, c'),
        ({"a": "x", "b": "x"}, 'two columns are called "x"'),
        (["a", "a"], 'column "a" is asked for twice'),
    ]:
        with pytest.raises(rm.FormatError) as raised:
            rm.from_table(path, tmp_path / "b.tfrecord", columns=columns)
        assert str(raised.value) == f"{path}: {problem}"
    with pytest.raises(TypeError, match="columns: expected a list of names"):
        rm.from_table(path, tmp_path / "b.tfrecord", columns="a")


@pytest.mark.parametrize(
    ("name", "text", "options", "problem"),
    [
        ("a.csv", "a,b\n1,2\n3\n", {}, ":3: 1 cells, expected 2 as in the header"),
        ("a.csv", "a,b\r\n1,2\r\n3\r\n", {}, ":3: 1 cells, expected 2 as in the header"),
        ("a.csv", "a,b\r1,2\r3\r", {}, ":3: 1 cells, expected 2 as in the header"),
        ("a.csv", 'a,b\r\n1,"2\r\n\r\n"\r\n\r\n3\r\n', {}, ":6: 1 cells, expected 2 as in the header"),
        ("a.csv", "\n\na,b\n\n1,2\n3", {}, ":6: 1 cells, expected 2 as in the header"),
        ("a.csv", "\ufeffa,b\r\n\r\n1\r\n", {}, ":3: 1 cells, expected 2 as in the header"),
        ("a.csv", "\r\na,a\r\n1,2\r\n", {}, ':2: two columns are called "a"'),
        ("a.csv", "a,a\n1,2\n", {}, ':1: two columns are called "a"'),
        ("a.csv", "a,\n1,2\n", {}, ":1: column 2 has no name"),
        ("a.csv", "", {}, ":1: expected a header with the names of the columns"),
        ("a.csv", "a\n1\nx\n", {"types": {"a": "int64"}}, ': column "a", row 1: "x" is no int64'),
        ("a.csv", "a\n1\n300\n", {"types": {"a": "uint8"}}, ': column "a", row 1: 300 is no uint8'),
        ("a.csv", f"a\n{2**63}\n", {"types": {"a": "int64"}}, f': column "a", row 0: {2**63} is above int64'),
        ("a.csv", "a\n1e39\n", {"types": {"a": "float32"}}, ': column "a", row 0: "1e39" is above float32'),
        ("a.csv", "a\n?\n", {"types": {"a": "base64"}}, ': column "a", row 0: "?" is no base64: '),
        ("a.csv", "a\n1\n", {"types": {"a": "date"}}, ': column "a": text has no date; a string can be asked for'),
        ("a.jsonl", '{"a": 1}\n[1]\n', {}, ":2: expected an object, found a list"),
        ("a.jsonl", '{"a": 1}\r\n\r\n[1]\r\n', {}, ":3: expected an object, found a list"),
        ("a.csv", "a\n1\n", {"types": {"a": "list<int64>"}}, ': column "a", row 0: 1 is no list'),
        ("a.jsonl", '{"a": 1}\n', {"types": {"a": "list"}}, ': column "a", row 0: 1 is no list'),
        ("a.jsonl", '{"a": 1}\n\n{"a": 1\n', {}, ":3: EOF while parsing an object at column 7"),
        ("a.jsonl", '{"a": 1}\n{"a": "x"}\n', {}, ': column "a", row 0: 1 is no string'),
        ("a.jsonl", '{"a": [1]}\n{"a": 2}\n', {}, ': column "a", row 1: 2 is no list'),
        ("a.jsonl", '{"a": [1, null]}\n', {}, ': column "a", row 0: null in a list, which has no place for it'),
        ("a.jsonl", f'{{"a": {2**63}}}\n', {}, f': column "a", row 0: {2**63} is above int64'),
        ("a.jsonl", '{"a": [[[1]]]}\n', {"sequence": True}, "fits into neither Example nor SequenceExample"),
        ("a.parquet", "PAR1 and nothing else", {}, ": "),
        (
            "a.dat",
            "what is it",
            {},
            ": neither name nor first bytes say its format: csv, tsv, jsonl, parquet, npz, arrow can be given",
        ),
    ],
)
def test_refused(tmp_path: Path, name: str, text: str, options: Any, problem: str) -> None:
    path = put(tmp_path / name, text)
    with pytest.raises(rm.FormatError) as raised:
        rm.from_table(path, tmp_path / "a.tfrecord", **options)
    assert problem in str(raised.value)
    assert str(raised.value).startswith(str(path))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [name]


def test_wrong_arguments(records: Path, tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "a\n1\n")
    with pytest.raises(ValueError, match='column "a": type "int7": expected bool, int8'):
        rm.from_table(path, tmp_path / "b", types={"a": "int7"})
    with pytest.raises(ValueError, match='format "xml": expected csv, tsv, jsonl, parquet, npz, arrow'):
        rm.from_table(path, tmp_path / "b", format="xml")
    with pytest.raises(ValueError, match="context is of sequence alone"):
        rm.from_table(path, tmp_path / "b", context=["a"])
    with pytest.raises(ValueError, match=r'delimiter ";;": expected one character of ASCII, or \\t'):
        rm.from_table(path, tmp_path / "b", delimiter=";;")
    with pytest.raises(ValueError, match="a delimiter is of csv and tsv, not of jsonl"):
        rm.from_table(path, tmp_path / "b", format="jsonl", delimiter=";")
    with pytest.raises(FileNotFoundError):
        rm.from_table(tmp_path / "none.csv", tmp_path / "b")
    with pytest.raises(FileExistsError):
        rm.from_table(path, records)
    with pytest.raises(rm.FormatError, match="its name does not say the format"):
        rm.to_table(records, tmp_path / "b.xyz")
    with pytest.raises(rm.FormatError, match='column "t": bytes_list cannot be written as int64'):
        rm.to_table(records, tmp_path / "b.parquet", types={"t": "int64"})
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        rm.write_table({"a": [1]}, tmp_path / "b")  # type: ignore[arg-type]


def test_records_that_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        writer.write_example({"a": 1})
        writer.write_example({"a": 0.5})
    with pytest.raises(rm.FormatError) as raised:
        rm.to_table(path, tmp_path / "a.csv")
    assert str(raised.value) == f'{path}: column "a", row 1: float_list, but int64_list in a record before'
    with rm.TFRecordWriter(path, fsync=False) as writer:
        writer.write(b"\xff")
    with pytest.raises(rm.ExampleError, match=r"record 0 at byte 0: payload is no Example"):
        rm.to_table(path, tmp_path / "a.csv")
    with rm.TFRecordWriter(path, fsync=False) as writer:
        writer.write(rm.encode_sequence_example({"a": 1}, {"a": [1]}))
    with pytest.raises(rm.FormatError, match='column "a": is a feature of the context and a feature list'):
        rm.to_table(path, tmp_path / "a.csv")


def test_many_rows_on_any_number_of_threads(tmp_path: Path) -> None:
    chance = random.Random(5)
    lines = [
        {"id": number, "x": chance.choice([None, chance.uniform(-1, 1)]), "l": [number] * chance.randrange(4)}
        for number in range(30_000)
    ]
    path = put(tmp_path / "a.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    made = set()
    for workers in (1, 2, 5):
        rm.from_table(path, tmp_path / "a.tfrecord", workers=workers, overwrite=True, fsync=False)
        for name in ("a.parquet", "a.arrow", "b.jsonl", "b.csv"):
            rm.to_table(tmp_path / "a.tfrecord", tmp_path / name, workers=workers, overwrite=True, fsync=False)
        names = ("a.tfrecord", "a.parquet", "a.arrow", "b.jsonl", "b.csv")
        made.add(tuple((tmp_path / name).read_bytes() for name in names))
    assert len(made) == 1
    found = examples(tmp_path / "a.tfrecord")
    assert [row["id"] for row in found] == [[number] for number in range(30_000)]
    assert [row.get("x") for row in found] == [None if row["x"] is None else [np.float32(row["x"])] for row in lines]
    assert [row["l"] for row in found] == [row["l"] for row in lines]
    again = tmp_path / "again.tfrecord"
    for name in ("a.parquet", "a.arrow", "b.jsonl", "b.csv"):
        rm.from_table(tmp_path / name, again, overwrite=True, fsync=False)
        assert again.read_bytes() == (tmp_path / "a.tfrecord").read_bytes(), name


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', 2),
        ('a,b\r\n1,"x\r\n\r\n"\r\n2,"y\r\n', 5),
        ('a,b\n1,"x""\n2,y\n', 2),
        ('a,b\n1,"x\ny","z', 3),
        ('a\n"', 2),
        ('"a,b\n1,2\n', 1),
        ('a\n1\n\n\n"x\n\n\n', 5),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_quote_that_is_never_closed(tmp_path: Path, text: str, line: int, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    with pytest.raises(rm.FormatError) as raised:
        rm.from_table(path, tmp_path / "a.tfrecord")
    assert str(raised.value) == f"{path}:{line}: a quote that is never closed"
    assert raised.value.line == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a\n"x\n"', b"x\n"),
        ('a\n"x\n\n"\n', b"x\n\n"),
        ('a\n"x"""', b'x"'),
        ('a\n"x"\r\n\r\n', b"x"),
        ('a\nx"\n', b'x"'),
        ('a\n"x"y"\n', b'xy"'),
    ],
)
def test_quotes_that_are_closed(tmp_path: Path, text: str, expected: bytes) -> None:
    rm.from_table(put(tmp_path / "a.csv", text), tmp_path / "a.tfrecord")
    assert examples(tmp_path / "a.tfrecord") == [{"a": [expected]}]


def test_every_cut_of_csv_is_rows_or_an_error(tmp_path: Path) -> None:
    def refused(path: Path) -> rm.FormatError | None:
        try:
            rm.from_table(path, tmp_path / "a.tfrecord", overwrite=True, fsync=False)
        except rm.FormatError as error:
            return error
        return None

    for end in range(len(CSV)):
        path = put(tmp_path / "a.csv", CSV[:end])
        error = refused(path)
        is_open = error is not None and "a quote that is never closed" in str(error)
        assert is_open == (CSV[:end].count('"') % 2 == 1), end
        assert error is None or str(error).startswith(f"{path}:{error.line}: "), end


def test_rounding_is_counted_in_every_format(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    feather, parquet = pytest.importorskip("pyarrow.feather"), pytest.importorskip("pyarrow.parquet")
    kept = [0.1, 2.5, -1e-3, float(np.float32(0.3)), 1.5e30]
    rounded = [16777217.5, 33333333333.25, 1700000000.123, 0.123456789, 1e-50]
    frame = pa.table({"kept": kept, "rounded": rounded})
    rows = list(zip(kept, rounded, strict=True))
    put(tmp_path / "a.csv", "kept,rounded\n" + "".join(f"{one!r},{other!r}\n" for one, other in rows))
    put(tmp_path / "a.jsonl", "".join(json.dumps({"kept": one, "rounded": other}) + "\n" for one, other in rows))
    parquet.write_table(frame, tmp_path / "a.parquet")
    feather.write_feather(frame, tmp_path / "a.arrow", compression="uncompressed")
    np.savez(tmp_path / "a.npz", kept=np.array(kept), rounded=np.array(rounded))
    made = set()
    for name in ("a.csv", "a.jsonl", "a.parquet", "a.arrow", "a.npz"):
        report = rm.from_table(tmp_path / name, tmp_path / "a.tfrecord", overwrite=True)
        assert {column["column"]: column["rounded"] for column in report["columns"]} == {"kept": 0, "rounded": 5}, name
        made.add((tmp_path / "a.tfrecord").read_bytes())
    report = rm.write_table(frame, tmp_path / "a.tfrecord", overwrite=True)
    assert [column["rounded"] for column in report["columns"]] == [0, 5]
    assert made == {(tmp_path / "a.tfrecord").read_bytes()}
    text, _ = run("from-table", tmp_path / "a.csv", tmp_path / "b.tfrecord")
    assert text.startswith("kept float32 -> float_list\nrounded float32 -> float_list, 5 rounded to float32\n")
    # Whole numbers are counted where they are others; decimals as they are written.
    put(tmp_path / "b.csv", "a,b\n16777216,0.5\n16777217,33333334000\n")
    report = rm.from_table(tmp_path / "b.csv", tmp_path / "c.tfrecord", types={"a": "float32"})
    assert [column["rounded"] for column in report["columns"]] == [1, 1]
    decimals = pa.array(["0.10", "16777217.50"]).cast(pa.decimal128(20, 2))
    report = rm.write_table(pa.table({"d": decimals}), tmp_path / "d.tfrecord", types={"d": "float32"})
    assert report["columns"][0]["rounded"] == 1


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_are_seen(tmp_path: Path, delimiter: str) -> None:
    path = put(tmp_path / "a.csv", "id,wert,n\n1,0.5,a\n2,,b\n".replace(",", delimiter))
    rm.from_table(path, tmp_path / "a.tfrecord")
    expected: list[dict[str, Any]] = [{"id": [1], "wert": [0.5], "n": [b"a"]}, {"id": [2], "n": [b"b"]}]
    assert examples(tmp_path / "a.tfrecord") == expected
    # Each file has its own.
    put(tmp_path / "b.csv", "id,wert,n\n3,1.5,c\n")
    rm.from_table([path, tmp_path / "b.csv"], tmp_path / "b.tfrecord")
    assert examples(tmp_path / "b.tfrecord") == [*expected, {"id": [3], "wert": [1.5], "n": [b"c"]}]
    rm.from_table(path, tmp_path / "c.tfrecord", delimiter=",")
    assert [list(row) for row in examples(tmp_path / "c.tfrecord")] == [[delimiter.join(["id", "wert", "n"])]] * 2


def test_delimiters_that_are_said(tmp_path: Path) -> None:
    out = tmp_path / "a.tfrecord"
    for text, delimiter, name in [
        ("a;b,c\n1;2,3\n", ";", "a.csv"),
        ("a:b,c\n1:2,3\n", ":", "a.csv"),
        ("a\tb,c\n1\t2,3\n", r"\t", "a.csv"),
        ("a;b,c\n1;2,3\n", ";", "a.tsv"),
    ]:
        shown, _ = run("from-table", put(tmp_path / name, text), out, "--delimiter", delimiter, "--overwrite")
        assert shown.startswith(
            "a int64 -> int64_list\nb,c string -> bytes_list, numbers with a decimal comma, kept as text\n"
        )
        assert examples(out) == [{"a": [1], "b,c": [b"2,3"]}]
    report = rm.from_table(tmp_path / "a.tsv", out, overwrite=True, delimiter=";", types={"b,c": "string"})
    assert [column["decimal_comma"] for column in report["columns"]] == [False, False]
    _, messages = run("from-table", tmp_path / "a.csv", out, "--delimiter", ";;", code=2)
    assert messages == 'recordmill: delimiter ";;": expected one character of ASCII, or \\t\n'


@pytest.mark.parametrize(
    ("command", "text", "message"),
    [
        ("from-table", b"what is it", "-: neither name nor first bytes say its format"),
        ("from-table", b'{"a": 1}\n[1]\n', "-:2: expected an object, found a list"),
        ("from-table", b'{"a": 1}\n{"a": [1]}\n', '-: column "a", row 0: 1 is no list'),
        ("from-table", b"PAR1 and nothing else", "-: "),
        ("to-table", b"no record at all", "-: "),
    ],
)
def test_standard_input_is_named_so(tmp_path: Path, command: str, text: bytes, message: str) -> None:
    out = tmp_path / "out.jsonl"
    done = subprocess.run(
        [*RECORDMILL, command, "-", str(out), "--quiet"], input=text, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr.decode().startswith(f"recordmill: {message}")
    assert not out.exists()


def test_standard_input_is_named_beside_a_file(tmp_path: Path) -> None:
    for name, values in [("a.npz", np.arange(3)), ("b.npz", np.zeros(3))]:
        np.savez(tmp_path / name, a=values)
    command = [*RECORDMILL, "from-table", "-", str(tmp_path / "b.npz"), str(tmp_path / "c.tfrecord"), "--quiet"]
    done = subprocess.run(command, input=(tmp_path / "a.npz").read_bytes(), capture_output=True, check=False)
    assert done.stderr.decode() == f'recordmill: {tmp_path / "b.npz"}: column "a": is float64, but int64 in -\n'


def test_lists_of_one_value(tmp_path: Path) -> None:
    with rm.TFRecordWriter(tmp_path / "a.tfrecord", fsync=False) as writer:
        writer.write_example({"f": [0.5], "t": "x", "n": [1]})
        writer.write_example({"f": [1.5], "t": "y"})
    with rm.TFRecordWriter(tmp_path / "b.tfrecord", fsync=False) as writer:
        writer.write_example({"f": [0.5, 2.5], "t": "z", "n": [1]})
    asked = {"f": "list<float64>", "t": "list"}

    def types(*names: str, types: dict[str, str] | None = None) -> dict[str, str]:
        table = rm.read_table([tmp_path / name for name in names], types=types)
        return {column["column"]: column["type"] for column in table.columns}

    assert types("a.tfrecord") == {"f": "float32", "n": "int64", "t": "string"}
    # The choice is made over all files, in any order.
    both = {"f": "list<float32>", "n": "int64", "t": "string"}
    assert types("a.tfrecord", "b.tfrecord") == types("b.tfrecord", "a.tfrecord") == both
    assert types("a.tfrecord", types=asked) == types("b.tfrecord", types=asked)
    assert types("a.tfrecord", types=asked) == {"f": "list<float64>", "n": "int64", "t": "list<string>"}
    for name, text in [
        ("a.jsonl", '{"f": [0.5], "n": 1, "t": ["x"]}\n{"f": [1.5], "n": null, "t": ["y"]}\n'),
        ("a.csv", 'f,n,t\n[0.5],1,"[""x""]"\n[1.5],,"[""y""]"\n'),
    ]:
        rm.to_table(tmp_path / "a.tfrecord", tmp_path / name, types=asked)
        assert (tmp_path / name).read_text() == text
    for name in ("a.parquet", "a.arrow"):
        rm.to_table(tmp_path / "a.tfrecord", tmp_path / name, types=asked)
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "a.npz", types={"f": "list"}, columns=["f", "t"])
    loaded = np.load(tmp_path / "a.npz")
    assert (loaded["f"].tolist(), loaded["t"].tolist()) == ([[0.5], [1.5]], ["x", "y"])
    for name in ("a.jsonl", "a.csv", "a.parquet", "a.arrow"):
        rm.from_table(tmp_path / name, tmp_path / "c.tfrecord", overwrite=True)
        assert list(rm.TFRecordReader(tmp_path / "c.tfrecord")) == list(rm.TFRecordReader(tmp_path / "a.tfrecord"))
    run("to-table", tmp_path / "a.tfrecord", tmp_path / "b.jsonl", "--type", "f=list<float64>", "--type", "t=list")
    assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "a.jsonl").read_bytes()


def test_lists_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        writer.write(rm.encode_sequence_example({"c": 1}, {"one": [1, 2], "more": [[1, 2], [3]]}))
    for types, problem in [
        ({"c": "list<list<int64>>"}, 'column "c": int64 cannot be written as list<list<int64>>'),
        ({"more": "list"}, 'column "more": list<list<int64>> cannot be written as list'),
        ({"c": "list<float32>"}, 'column "c": int64_list cannot be written as float32'),
    ]:
        with pytest.raises(rm.FormatError) as raised:
            rm.to_table(path, tmp_path / "a.jsonl", types=types)
        assert str(raised.value) == f"{path}: {problem}"
    rm.to_table(path, tmp_path / "a.jsonl", types={"c": "list", "one": "list<list<int8>>", "more": "list<list>"})
    assert (tmp_path / "a.jsonl").read_text() == '{"c": [1], "more": [[1,2],[3]], "one": [[1],[2]]}\n'
    np.savez(tmp_path / "a.npz", a=np.arange(3), b=np.zeros((3, 2)))
    with pytest.raises(rm.FormatError, match='column "a": int64 cannot be read as list<int64>'):
        rm.from_table(tmp_path / "a.npz", tmp_path / "b.tfrecord", types={"a": "list<int64>"})
    rm.from_table(tmp_path / "a.npz", tmp_path / "b.tfrecord", types={"b": "list<float32>"})
    with pytest.raises(ValueError, match='column "a": type "list<int8": expected bool, int8'):
        rm.from_table(tmp_path / "a.npz", tmp_path / "c.tfrecord", types={"a": "list<int8"})


@pytest.mark.parametrize("name", ["a.arrow", "a.arrows"])
def test_arrow_files_that_are_cut(tmp_path: Path, name: str) -> None:
    """A file says where it ends; a stream may end behind any of its messages."""
    path = put(tmp_path / "a.jsonl", '{"a": 1, "l": [1, 2]}\n{"l": []}\n')
    rm.from_table(path, tmp_path / "a.tfrecord")
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    assert whole.startswith(b"ARROW1") == whole.endswith(b"ARROW1") == (name == "a.arrow")
    cut, made = tmp_path / "cut", tmp_path / "b.tfrecord"
    read = []
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        with suppress(rm.FormatError):
            rm.from_table(cut, made, format="arrow", overwrite=True, fsync=False)
            read.append(length)
    # Behind the schema, and behind the batch.
    assert len(read) == (0 if name == "a.arrow" else 2), read


def test_several_files(tmp_path: Path) -> None:
    put(tmp_path / "b.csv", "x,y\n3,0.5\n")
    put(tmp_path / "a.csv", "y,x\n1,2\n")
    rm.from_table(tmp_path / "*.csv", tmp_path / "all.tfrecord")
    expected = [{"x": [2], "y": [1.0]}, {"x": [3], "y": [0.5]}]
    assert examples(tmp_path / "all.tfrecord") == expected
    rm.from_table(tmp_path, tmp_path / "folder.tfrecord")
    assert examples(tmp_path / "folder.tfrecord") == expected
    rm.to_table([tmp_path / "all.tfrecord", tmp_path / "folder.tfrecord"], tmp_path / "both.parquet")
    rm.from_table(tmp_path / "both.parquet", tmp_path / "both.tfrecord")
    assert examples(tmp_path / "both.tfrecord") == expected * 2
    put(tmp_path / "c.csv", "x\n3\n")
    with pytest.raises(rm.FormatError, match=r'c.csv: column "y": is not there, but in another file'):
        rm.from_table(tmp_path / "*.csv", tmp_path / "c.tfrecord")


def test_a_large_value_in_each_row(tmp_path: Path) -> None:
    """As images are."""
    values = [os.urandom(300_000) for _ in range(40)]
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for value in values:
            writer.write_example({"image": value})
    rm.to_table(path, tmp_path / "a.parquet")
    rm.from_table(tmp_path / "a.parquet", tmp_path / "b.tfrecord")
    assert (tmp_path / "b.tfrecord").read_bytes() == path.read_bytes()
    rm.to_table(path, tmp_path / "a.jsonl", types={"image": "base64"})
    rows = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [base64.b64decode(row["image"]) for row in rows] == values


@pytest.mark.parametrize("seed", range(3))
def test_damaged_parquet(tmp_path: Path, seed: int) -> None:
    """Any byte may be another, and any end may be missing: an error or other rows, never a crash."""
    chance = random.Random(seed)
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for number in range(50):
            writer.write_example({"n": number, "t": f"text {number % 7}", "l": [0.5] * (number % 3)})
    rm.to_table(path, tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    refused = []
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.2:
            del damaged[chance.randrange(len(damaged)) :]
        (tmp_path / "b.parquet").write_bytes(damaged)
        try:
            rm.from_table(tmp_path / "b.parquet", tmp_path / "b.tfrecord", overwrite=True, fsync=False)
        except rm.FormatError as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert all(error.startswith(str(tmp_path / "b.parquet")) for error in refused)


def test_command_line(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "id,x,name\n1,0.5,a\n2,,b\n")
    out = tmp_path / "a.tfrecord"
    text, messages = run("from-table", path, out, "--columns", "id,name=text", "--type", "id=float32")
    assert text == (
        f"id float32 -> float_list\nname string -> text bytes_list\n{out}: 2 records, {out.stat().st_size} B\n"
    )
    assert messages == ""
    text, _ = run("to-table", out, tmp_path / "b.jsonl", "--type", "id=float64")
    assert text == f"id float_list -> float64\ntext bytes_list -> string\n{tmp_path / 'b.jsonl'}: 2 rows, jsonl\n"
    assert (tmp_path / "b.jsonl").read_text() == '{"id": 1.0, "text": "a"}\n{"id": 2.0, "text": "b"}\n'
    report = json.loads(run("from-table", path, out, "--overwrite", "--json")[0])
    assert report["columns"][1] == {
        "column": "x",
        "feature": "x",
        "type": "float32",
        "kind": "float_list",
        "present": 1,
        "rounded": 0,
        "decimal_comma": False,
    }
    assert run("from-table", path, out, "--overwrite", "--quiet") == ("", "")
    assert "in 1 of 2 rows" in run("from-table", path, out, "--overwrite")[0]
    _, messages = run("from-table", path, out, code=2)
    assert messages == f"recordmill: {out}: is there already; --overwrite replaces it\n"
    _, messages = run("from-table", path, tmp_path / "c", "--type", "id", code=2)
    assert "'id' is not COLUMN=TYPE" in messages
    _, messages = run("from-table", path, tmp_path / "c", "--type", "id=int8", "--type", "id=int16", code=2)
    assert "column 'id' is given twice" in messages
    run("from-table", path, "-", "--json", code=2)


def test_pipes(tmp_path: Path) -> None:
    into = subprocess.run(
        [*RECORDMILL, "from-table", "-", "-", "--format", "csv"], input=CSV.encode(), capture_output=True, check=True
    )
    assert b"id int64 -> int64_list" in into.stderr
    (tmp_path / "a.tfrecord").write_bytes(into.stdout)
    assert examples(tmp_path / "a.tfrecord") == ROWS
    back = subprocess.run(
        [*RECORDMILL, "to-table", "-", "-", "--format", "csv", "--quiet", "--columns", "id,zip"],
        input=into.stdout,
        capture_output=True,
        check=True,
    )
    assert (back.stdout, back.stderr) == (b"id,zip\n1,007\n2,008\n,\n", b"")


def test_names_that_a_table_cannot_have(tmp_path: Path) -> None:
    with rm.TFRecordWriter(tmp_path / "a.tfrecord") as writer:
        writer.write_example({"a": [1, 2], "a.row_splits": [1]})
        writer.write_example({"a": [1], "a.row_splits": [1]})
    for name, message in (
        ("a.csv.gz", "tables are written without GZIP around them: leave .gz away"),
        ("a.npz", 'column "a.row_splits" would have the name of another\'s row splits'),
    ):
        assert run("to-table", tmp_path / "a.tfrecord", tmp_path / name, code=2)[1].endswith(f"{name}: {message}\n")
        assert not (tmp_path / name).exists()


def test_gzip_that_is_cut_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    _, message = run("from-table", tmp_path / "a.csv.gz", tmp_path / "a.tfrecord", code=2)
    assert message.startswith(f"recordmill: {tmp_path / 'a.csv.gz'}")
