"""`encode_examples`: tables to Examples, against one dict per row."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm

ROWS = 5
COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "scalar": (np.arange(ROWS), [[n] for n in range(ROWS)]),
    "big-endian": (np.arange(ROWS, dtype=">u2"), [[n] for n in range(ROWS)]),
    "fixed": (
        np.arange(ROWS * 6, dtype="f4").reshape(ROWS, 2, 3),
        [np.arange(n * 6.0, n * 6.0 + 6) for n in range(ROWS)],
    ),
    "strided": (np.arange(20)[::4], [[n] for n in range(0, 20, 4)]),
    "empty rows": (np.zeros((ROWS, 0), "f4"), [np.zeros(0, "f4")] * ROWS),
    "bool": ([True, False] * 2 + [True], [[n] for n in (1, 0, 1, 0, 1)]),
    "floats and ints": ([0.5, 1, 2, 3, 4], [[0.5], [1.0], [2.0], [3.0], [4.0]]),
    "bytes": ([b"a", "b", bytearray(b"c"), memoryview(b"d"), b""], [[b"a"], [b"b"], [b"c"], [b"d"], [b""]]),
    "numpy text": (np.array([["a", "bc"]] * ROWS), [[b"a", b"bc"]] * ROWS),
    "objects": (np.array([b"x"] * ROWS, object), [[b"x"]] * ROWS),
    "lists": ([[1], [], [2, 3], (4,), None], [[1], np.zeros(0, "i8"), [2, 3], [4], np.zeros(0, "i8")]),
    "lists of text": (
        [["a"], [], ["b", "c"], [], []],
        [["a"], np.array([], "S"), ["b", "c"], np.array([], "S"), np.array([], "S")],
    ),
    "rows of arrays": ([np.arange(n) for n in range(ROWS)], [np.arange(n) for n in range(ROWS)]),
    "ints then floats": ([[1], [0.5], [2], [], [3]], [[1.0], [0.5], [2.0], np.zeros(0, "f4"), [3.0]]),
    "ragged": (
        rm.Ragged([b"a", b"b"], [0, 0, 1, 1, 2, 2]),
        [np.array([], "S"), [b"a"], np.array([], "S"), [b"b"], np.array([], "S")],
    ),
    "ragged array": (
        rm.Ragged(np.arange(3.0), np.array([0, 3, 3, 3, 3, 3])),
        [[0.0, 1.0, 2.0], *[np.zeros(0, "f4")] * 4],
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column(name: str) -> None:
    column, rows = COLUMNS[name]
    assert rm.encode_examples({name: column}) == [rm.encode_example({name: row}) for row in rows]


def test_a_table(tmp_path: Path) -> None:
    table = {name: column for name, (column, _) in COLUMNS.items()}
    expected = [rm.encode_example({name: rows[row] for name, (_, rows) in COLUMNS.items()}) for row in range(ROWS)]
    assert rm.encode_examples(table) == expected
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, index_path=tmp_path / "a.idx") as writer:
        assert rm.encode_examples(table, writer=writer) == ROWS
        assert writer.records == ROWS
    assert list(rm.TFRecordReader(path)) == expected
    assert rm.TFRecordIndex.load(tmp_path / "a.idx", path).read(-1) == expected[-1]


def test_no_rows() -> None:
    assert rm.encode_examples({}) == []
    assert rm.encode_examples({"a": []}) == []
    assert rm.encode_examples({"a": np.zeros((0, 3)), "b": rm.Ragged([], [0])}) == []


def test_many_rows() -> None:
    made = rm.encode_examples({"a": np.arange(100_000), "b": [b"x" * 100] * 100_000})
    assert len(made) == 100_000
    assert made[77_777] == rm.encode_example({"a": 77_777, "b": b"x" * 100})


@pytest.mark.parametrize("width", [1, 3, 20_000])
@pytest.mark.parametrize("more", ["arrays", "a list", "row splits"])
def test_tables_that_are_taken_in_parts(width: int, more: str, tmp_path: Path) -> None:
    rows = 40_000 // width + 5
    numbers = np.arange(rows * width).reshape(rows, width)
    table: dict[str, Any] = {
        "i2": numbers.astype("i2"),
        "f4": numbers.astype(">f4") / 3,
        "f8": numbers / 7,
        "strided": np.repeat(numbers, 2, axis=1)[:, ::2],
        "bool": numbers[:, 0] % 3 == 0,
        "one": np.arange(rows, dtype="u4"),
    }
    if more == "a list":
        table["text"] = [str(row) for row in range(rows)]
    elif more == "row splits":
        table["ragged"] = rm.Ragged(np.arange(rows // 2), np.arange(rows + 1) // 2)
    made = rm.encode_examples(table)
    with rm.TFRecordWriter(tmp_path / "a.tfrecord") as writer:
        assert rm.encode_examples(table, writer=writer) == rows
    assert list(rm.TFRecordReader(tmp_path / "a.tfrecord")) == made
    assert len(made) == rows
    for row, payload in enumerate(made):
        expected = {name: column[row] for name, column in table.items() if name != "ragged"}
        if more == "row splits":
            expected["ragged"] = np.arange(row // 2, (row + 1) // 2)
        assert payload == rm.encode_example(expected)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"a": [1, 2], "b": [1]}, ValueError, 'feature "b" has 1 rows, expected 2'),
        (
            {"a": rm.Ragged([1, 2], [0, 3])},
            ValueError,
            'feature "a": row split 1 is 3, expected 2, the number of values',
        ),
        ({"a": rm.Ragged([1, 2], [1, 2])}, ValueError, 'feature "a": row split 0 is 1, expected 0'),
        ({"a": rm.Ragged([1], [0, 1, 0])}, ValueError, 'feature "a": row split 2 is 0, expected at least 1'),
        ({"a": rm.Ragged([1], [0.5])}, TypeError, 'feature "a": row_splits must be integers'),
        ({"a": [[], []]}, ValueError, 'feature "a": no row has a value, so its kind is not known'),
        ({"a": [[1], ["x"]]}, TypeError, r'feature "a\[1\]": bytes, and the rows before are numbers'),
        ({"a": [[b"x"], [1]]}, TypeError, r'feature "a\[1\]": numbers, and the rows before are bytes'),
        ({"a": [[[1]]]}, TypeError, r'feature "a\[0\]": element 0 is list'),
        (
            {"a": 5},
            TypeError,
            'feature "a": a column must be an array of one dimension or more, a list or a Ragged, not int',
        ),
        ({"a": np.array(5)}, TypeError, 'feature "a": a column must be an array'),
        (
            {"a": np.ma.masked_equal([1, 2], 2)},
            TypeError,
            'feature "a": cannot encode MaskedArray, which may hide values; fill them in with .filled()',
        ),
        ({"a": [np.ma.masked_equal([1, 2], 2)]}, TypeError, r'feature "a\[0\]": cannot encode MaskedArray'),
        ({"a": [1, 2**63]}, OverflowError, "beyond 64 bits"),
        ({"a": np.array([1e39])}, OverflowError, "beyond the range of float32"),
        ([1], TypeError, "features must be a dict of names to values, not list"),
    ],
)
def test_refuses(columns: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        rm.encode_examples(columns)


def test_a_closed_writer(tmp_path: Path) -> None:
    writer = rm.TFRecordWriter(tmp_path / "a")
    writer.close()
    with pytest.raises(ValueError, match="the TFRecordWriter is closed"):
        rm.encode_examples({"a": [1]}, writer=writer)
