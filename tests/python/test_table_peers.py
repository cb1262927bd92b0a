"""Tables of pyarrow, pandas, Polars and DuckDB go in and come out as they were: run by `make test-full`."""

import datetime as dt
import decimal
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from hypothesis import given as drawn
from hypothesis import strategies as st

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pl = pytest.importorskip("polars")


def examples(path: Path) -> list[dict[str, Any]]:
    decoded = [rm.decode_example(payload) for payload in rm.TFRecordReader(path)]
    return [{key: list(values) for key, values in example.items()} for example in decoded]


def carried() -> Any:
    """Every type that an Example carries as it is, with nulls, empty lists and values at the ends of the types."""
    floats = [0.5, float("inf"), None, 1e-45]
    return pa.table(
        {
            "int64": pa.array([1, None, -(2**63), 2**63 - 1], pa.int64()),
            "float32": pa.array(floats, pa.float32()),
            "binary": pa.array([b"\xff", b"", None, b"abc"], pa.binary()),
            "string": pa.array(["é", "", None, "z"], pa.string()),
            "ints": pa.array([[1, 2], [], None, [3]], pa.list_(pa.int64())),
            "floats": pa.array([[1.5], [2.5, 3.5], [], None], pa.list_(pa.float32())),
            "strings": pa.array([["a", "b"], None, [""], []], pa.list_(pa.string())),
            "binaries": pa.array([[b"\x80"], None, [b"", b"\xff\xfe"], []], pa.list_(pa.binary())),
        }
    )


def same(one: Any, other: Any) -> None:
    """The same columns, in any order, with the same types and values."""
    assert sorted(one.column_names) == sorted(other.column_names)
    for name in one.column_names:
        kind = one[name].type
        assert other[name].type == kind or (pa.types.is_list(kind) and other[name].type.value_type == kind.value_type)
        assert other[name].to_pylist() == one[name].to_pylist(), name


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_parquet_there_and_back(tmp_path: Path, compression: str, version: str) -> None:
    table = carried()
    pq.write_table(table, tmp_path / "a.parquet", compression=compression, data_page_version=version, row_group_size=3)
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord")
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.parquet")
    same(table, pq.read_table(tmp_path / "b.parquet"))


@pytest.mark.tensorflow
def test_tensorflow_parses_the_middle(tf: Any, tmp_path: Path) -> None:
    table = carried()
    pq.write_table(table, tmp_path / "a.parquet")
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord")
    kinds = {"int": tf.int64, "flo": tf.float32, "str": tf.string, "bin": tf.string}
    spec = {name: tf.io.RaggedFeature(kinds[name[:3]]) for name in table.column_names}
    rows = [
        tf.io.parse_single_example(record, spec) for record in tf.data.TFRecordDataset(str(tmp_path / "a.tfrecord"))
    ]
    for name in table.column_names:
        for row, expected in zip(rows, table[name].to_pylist(), strict=True):
            values = expected if isinstance(expected, list) else [] if expected is None else [expected]
            encoded = [value.encode() if isinstance(value, str) else value for value in values]
            assert row[name].numpy().tolist() == encoded, name


def test_sequences_there_and_back(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "walk": pa.array([[[0.5], [], [1.5, 2.5]], None, []], pa.list_(pa.list_(pa.float32()))),
            "words": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
            "steps": pa.array([[[1, 2]], [[3], [4, 5]], [[]]], pa.list_(pa.list_(pa.int64()))),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord", sequence=True)
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.parquet")
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.arrow", overwrite=True, fsync=False)
    for back in (pq.read_table(tmp_path / "b.parquet"), opened(tmp_path / "b.arrow")):
        assert {name: back[name].to_pylist() for name in table.column_names} == table.to_pydict()
    rm.write_table(table, tmp_path / "b.tfrecord", sequence=True)
    assert (tmp_path / "b.tfrecord").read_bytes() == (tmp_path / "a.tfrecord").read_bytes()
    assert pa.table(rm.read_table(tmp_path / "a.tfrecord")).select(table.column_names).to_pydict() == table.to_pydict()


def typed() -> tuple[Any, dict[str, str], list[dict[str, Any]]]:
    """Types that an Example carries in another form; what gives them back; and what the Examples hold."""
    table = pa.table(
        {
            "i8": pa.array([-128, None], pa.int8()),
            "i16": pa.array([-(2**15), 5], pa.int16()),
            "i32": pa.array([-(2**31), 5], pa.int32()),
            "u8": pa.array([255, None], pa.uint8()),
            "u16": pa.array([2**16 - 1, 0], pa.uint16()),
            "u32": pa.array([2**32 - 1, 0], pa.uint32()),
            "u64": pa.array([2**63 - 1, 0], pa.uint64()),
            "flag": pa.array([True, None]),
            "day": pa.array([dt.date(2024, 1, 1), dt.date(1969, 12, 31)]),
            "ms": pa.array([1, None], pa.timestamp("ms")),
            "us": pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC), None], pa.timestamp("us", "UTC")),
            "ns": pa.array([-1, 2], pa.timestamp("ns")),
            "noon": pa.array([dt.time(12, 0), None], pa.time64("us")),
            "ints": pa.array([[1], [2, 3]], pa.list_(pa.int32())),
            "double": pa.array([0.5, None], pa.float64()),
        }
    )
    types = {
        "i8": "int8", "i16": "int16", "i32": "int32", "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
        "flag": "bool", "day": "date", "ms": "timestamp[ms]", "us": "timestamp[us, UTC]", "ns": "timestamp[ns]",
        "noon": "time[us]", "ints": "int32", "double": "float64",
    }  # fmt: skip
    midnight = 1_704_067_200
    first = {
        "i8": [-128], "i16": [-(2**15)], "i32": [-(2**31)], "u8": [255], "u16": [2**16 - 1], "u32": [2**32 - 1],
        "u64": [2**63 - 1], "flag": [1], "day": [midnight // 86_400], "ms": [1], "us": [midnight * 10**6], "ns": [-1],
        "noon": [12 * 3600 * 10**6], "ints": [1], "double": [0.5],
    }  # fmt: skip
    second = {"i16": [5], "i32": [5], "u16": [0], "u32": [0], "u64": [0], "day": [-1], "ns": [2], "ints": [2, 3]}
    return table, types, [first, second]


def test_other_types(tmp_path: Path) -> None:
    table, types, expected = typed()
    pq.write_table(table, tmp_path / "a.parquet")
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord")
    rm.write_table(table, tmp_path / "b.tfrecord")
    assert examples(tmp_path / "a.tfrecord") == expected
    assert (tmp_path / "b.tfrecord").read_bytes() == (tmp_path / "a.tfrecord").read_bytes()
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.parquet", types=types)
    same(table, pq.read_table(tmp_path / "b.parquet"))
    same(table, pa.table(rm.read_table(tmp_path / "a.tfrecord", types=types)))


def test_layouts_of_arrow(tmp_path: Path) -> None:
    """The same values in other layouts are the same records."""
    long = "a string of more than twelve bytes"
    table = pa.table(
        {"s": ["short", None, long, "short"], "l": [[1], None, [], [2, 3]], "b": [b"ab", b"cd", None, b"ef"]}
    )
    rm.write_table(table, tmp_path / "a.tfrecord")
    expected = (tmp_path / "a.tfrecord").read_bytes()
    others = {
        "s": [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
        "l": [pa.large_list(pa.int64()), pa.list_view(pa.int64()), pa.large_list_view(pa.int64())],
        "b": [pa.large_binary(), pa.binary_view(), pa.binary(2)],
    }
    for name, kinds in others.items():
        for kind in kinds:
            column = pa.array(table[name].to_pylist(), kind)
            changed = table.set_column(table.column_names.index(name), name, column)
            rm.write_table(changed, tmp_path / "b.tfrecord", overwrite=True)
            assert (tmp_path / "b.tfrecord").read_bytes() == expected, kind
            rm.write_table(changed.slice(1, 2), tmp_path / "b.tfrecord", overwrite=True)
            assert (
                list(rm.TFRecordReader(tmp_path / "b.tfrecord"))
                == list(rm.TFRecordReader(tmp_path / "a.tfrecord"))[1:3]
            )
    rm.write_table(pa.concat_tables([table.slice(0, 1), table.slice(1)]), tmp_path / "b.tfrecord", overwrite=True)
    assert (tmp_path / "b.tfrecord").read_bytes() == expected
    (batch,) = table.to_batches()
    rm.write_table(batch, tmp_path / "b.tfrecord", overwrite=True)
    assert (tmp_path / "b.tfrecord").read_bytes() == expected


@pytest.mark.parametrize("packing", [None, "lz4", "zstd"])
@pytest.mark.parametrize("kind", ["file", "stream"])
def test_arrow_files(tmp_path: Path, kind: str, packing: Any) -> None:
    """A file or stream of several batches gives what the tables in memory give."""
    options = pa.ipc.IpcWriteOptions(compression=packing)
    layouts = pa.table(
        {
            "s": pa.array(["short", None, "a string of more than twelve bytes", "short"], pa.string_view()),
            "d": pa.array(["a", "b", None, "a"]).dictionary_encode(),
            "l": pa.array([[1], None, [], [2, 3]], pa.large_list(pa.int32())),
            "v": pa.array([[1], None, [], [2, 3]], pa.list_view(pa.int64())),
            "f": pa.array([[1, 2], [3, 4], None, [5, 6]], pa.list_(pa.int64(), 2)),
        }
    )
    table, *_ = typed()
    for number, given in enumerate((carried(), layouts, table)):
        path = tmp_path / f"{number}.arrow"
        make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with make(path, given.schema, options=options) as writer:
            writer.write_table(given, max_chunksize=3)
        rm.from_table(path, tmp_path / "a.tfrecord", overwrite=True)
        rm.write_table(given, tmp_path / "b.tfrecord", overwrite=True)
        assert (tmp_path / "a.tfrecord").read_bytes() == (tmp_path / "b.tfrecord").read_bytes()


def opened(path: Path) -> Any:
    """The table of an Arrow file or stream, every buffer of it checked."""
    with (pa.ipc.open_stream if path.suffix == ".arrows" else pa.ipc.open_file)(path) as reader:
        table = reader.read_all()
    table.validate(full=True)
    return table


@pytest.mark.parametrize("name", ["b.arrow", "b.feather", "b.arrows"])
def test_arrow_files_that_are_written(tmp_path: Path, name: str) -> None:
    table = carried()
    pq.write_table(table, tmp_path / "a.parquet")
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord")
    assert rm.to_table(tmp_path / "a.tfrecord", tmp_path / name)["format"] == "arrow"
    same(table, opened(tmp_path / name))
    if name != "b.arrows":
        for frame in (pl.read_ipc(tmp_path / name), pl.scan_ipc(tmp_path / name).collect()):
            assert frame.select(table.column_names).to_dict(as_series=False) == table.to_pydict()
        same(table, pytest.importorskip("pyarrow.feather").read_table(tmp_path / name))
    rm.from_table(tmp_path / name, tmp_path / "b.tfrecord")
    assert (tmp_path / "b.tfrecord").read_bytes() == (tmp_path / "a.tfrecord").read_bytes()


def test_every_type_of_arrow_files(tmp_path: Path) -> None:
    kinds = {
        **{
            name: getattr(pa, name)()
            for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
        },
        "bool": pa.bool_(),
        "date": pa.date32(),
        **{f"time[{unit}]": pa.time32(unit) for unit in ("s", "ms")},
        **{f"time[{unit}]": pa.time64(unit) for unit in ("us", "ns")},
        **{f"timestamp[{unit}]": pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")},
        **{f"timestamp[{unit}, UTC]": pa.timestamp(unit, "UTC") for unit in ("s", "ms", "us", "ns")},
        **{f"duration[{unit}]": pa.duration(unit) for unit in ("s", "ms", "us", "ns")},
        "float32": pa.float32(),
        "float64": pa.float64(),
    }
    columns = {}
    for name, kind in kinds.items():
        # pyarrow casts whole numbers of the same width alone to dates and times.
        narrow = name == "date" or (name.startswith("time[") and kind.bit_width == 32)
        columns[name] = pa.array([1, None, 0, 1], pa.int32() if narrow else pa.int64()).cast(kind)
        lists = pa.ListArray.from_arrays(
            [0, 2, 2, 3, 3], columns[name].drop_null(), mask=pa.array([False] * 3 + [True])
        )
        columns[f"l {name}"] = lists
    table = pa.table(columns)
    rm.write_table(table, tmp_path / "a.tfrecord")
    types = {column: column.removeprefix("l ") for column in table.column_names}
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.arrow", types=types)
    same(table, opened(tmp_path / "b.arrow"))
    rm.from_table(tmp_path / "b.arrow", tmp_path / "b.tfrecord")
    assert (tmp_path / "b.tfrecord").read_bytes() == (tmp_path / "a.tfrecord").read_bytes()
    rm.write_table(carried(), tmp_path / "c.tfrecord")
    for column, refused in (("float32", "float16 is not written"), ("string", "base64 is for text")):
        with pytest.raises(rm.FormatError, match=f'column "{column}": {refused}'):
            kind = {column: refused.partition(" ")[0]}
            rm.to_table(tmp_path / "c.tfrecord", tmp_path / "c.arrow", columns=[column], types=kind)
    assert not (tmp_path / "c.arrow").exists()


def test_sequences_in_arrow_files(tmp_path: Path) -> None:
    table = pa.table(
        {
            "words": pa.array([[["a", "b"], []], [], None, [["c"]]], pa.list_(pa.list_(pa.string()))),
            "steps": pa.array([[[1], [2, 3]], [[]], [[4], [5]], None], pa.list_(pa.list_(pa.int64()))),
            "id": pa.array([1, 2, None, 4]),
        }
    )
    rm.write_table(table, tmp_path / "a.tfrecord", sequence=True)
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.arrow")
    same(table, opened(tmp_path / "b.arrow"))
    rm.from_table(tmp_path / "b.arrow", tmp_path / "b.tfrecord", sequence=True)
    assert (tmp_path / "b.tfrecord").read_bytes() == (tmp_path / "a.tfrecord").read_bytes()


def test_arrow_files_of_many_batches(tmp_path: Path) -> None:
    """Rows come in batches, in their order, and a file of them gives any by its table of contents."""
    rows = 50_000
    table = pa.table({"n": np.arange(rows), "t": [f"row {number}" * (number % 7) for number in range(rows)]})
    rm.write_table(table, tmp_path / "a.tfrecord", fsync=False)
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.arrow", fsync=False)
    same(table, opened(tmp_path / "b.arrow"))
    with pa.memory_map(str(tmp_path / "b.arrow")) as mapped, pa.ipc.open_file(mapped) as reader:
        assert reader.num_record_batches > 3
        last = reader.get_batch(reader.num_record_batches - 1)
        assert last["n"][-1].as_py() == rows - 1
    # Nothing in it is of the run.
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "c.arrow", workers=3, fsync=False)
    assert (tmp_path / "b.arrow").read_bytes() == (tmp_path / "c.arrow").read_bytes()
    with rm.TFRecordWriter(tmp_path / "none.tfrecord"):
        pass
    rm.to_table(tmp_path / "none.tfrecord", tmp_path / "none.arrow")
    assert opened(tmp_path / "none.arrow").num_rows == 0


@pytest.mark.parametrize("seed", range(3))
def test_damaged_arrow_files(tmp_path: Path, seed: int) -> None:
    """Any byte may be another: an error or other rows, never a crash."""
    chance = random.Random(seed)
    table = carried().append_column("d", pa.array(["a", "b", None, "a"]).dictionary_encode())
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    whole = (tmp_path / "a.arrow").read_bytes()
    refused = []
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.1:
            del damaged[chance.randrange(len(damaged)) :]
        (tmp_path / "b.arrow").write_bytes(damaged)
        try:
            rm.from_table(tmp_path / "b.arrow", tmp_path / "b.tfrecord", format="arrow", overwrite=True, fsync=False)
        except rm.FormatError as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert all(error.startswith(str(tmp_path / "b.arrow")) for error in refused)


def test_structs(tmp_path: Path) -> None:
    rows = [{"x": 1, "in": {"y": "a"}}, None, {"x": 2, "in": None}, {"x": None, "in": {"y": None}}]
    table = pa.table({"s": pa.array(rows), "n": [1, 2, 3, 4]})
    pq.write_table(table, tmp_path / "a.parquet")
    expected = [{"s/x": [1], "s/in/y": [b"a"], "n": [1]}, {"n": [2]}, {"s/x": [2], "n": [3]}, {"n": [4]}]
    for number, part in enumerate((table, table.slice(1))):
        rm.write_table(part, tmp_path / f"{number}.tfrecord", flatten=True)
        assert examples(tmp_path / f"{number}.tfrecord") == expected[number:]
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord", flatten=True)
    assert examples(tmp_path / "a.tfrecord") == expected


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (pa.array([1, 2**63], pa.uint64()), f'column "c", row 1: {2**63} is above int64'),
        (pa.array([1.0, 1e300]), 'column "c", row 1: 1e300 is above float32'),
        (pa.array([[1], [2, None]]), 'column "c", row 1: null in a list, which has no place for it'),
        (pa.array([[[1]]]), 'column "c": list<list<int64>> does not fit into an Example; a SequenceExample'),
        (pa.array([{"a": 1}]), 'column "c": a struct fits into no feature; flatten makes columns of its members'),
        (pa.array([[{"a": 1}]]), 'column "c": a list of structs fits into no feature'),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), 'column "c": a map fits into no feature'),
        (pa.array([decimal.Decimal("1.5")]), 'column "c": decimal(2,1) fits into no feature as it is; float32, '),
    ],
)
def test_refused(tmp_path: Path, values: Any, problem: str) -> None:
    table = pa.table({"ok": range(len(values)), "c": values})
    pq.write_table(table, tmp_path / "a.parquet")
    for place, write in [
        ("table", lambda: rm.write_table(table, tmp_path / "a.tfrecord")),
        (str(tmp_path / "a.parquet"), lambda: rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord")),
    ]:
        with pytest.raises(rm.FormatError) as raised:
            write()
        assert str(raised.value).startswith(f"{place}: {problem}")
        assert not (tmp_path / "a.tfrecord").exists()


def test_decimals_as_asked(tmp_path: Path) -> None:
    values = pa.array([decimal.Decimal("12.50"), decimal.Decimal("-3.00"), None], pa.decimal128(20, 2))
    pq.write_table(pa.table({"c": values}), tmp_path / "a.parquet")
    cases: list[tuple[str, list[Any]]] = [("string", [b"12.50", b"-3.00"]), ("float32", [12.5, -3.0])]
    for kind, expected in cases:
        rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord", types={"c": kind}, overwrite=True)
        assert examples(tmp_path / "a.tfrecord") == [{"c": [value]} for value in expected] + [{}]
        rm.write_table(pa.table({"c": values}), tmp_path / "a.tfrecord", types={"c": kind}, overwrite=True)
        assert examples(tmp_path / "a.tfrecord") == [{"c": [value]} for value in expected] + [{}]
    with pytest.raises(rm.FormatError, match=r"row 0: 12.50 is no int64"):
        rm.from_table(tmp_path / "a.parquet", tmp_path / "b.tfrecord", types={"c": "int64"})


def test_pandas(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"id": [1, 2], "f": [0.5, 0.1], "c": pd.Categorical(["u", "v"]), "s": ["x", None]})
    report = rm.write_table(frame, tmp_path / "a.tfrecord")
    assert examples(tmp_path / "a.tfrecord") == [
        {"id": [1], "f": [0.5], "c": [b"u"], "s": [b"x"]},
        {"id": [2], "f": [np.float32(0.1)], "c": [b"v"]},
    ]
    assert {column["column"]: column["rounded"] for column in report["columns"]} == {"id": 0, "f": 0, "c": 0, "s": 0}
    back = pa.table(rm.read_table(tmp_path / "a.tfrecord")).to_pandas()
    assert back["id"].tolist() == [1, 2]


def test_polars(tmp_path: Path) -> None:
    frame = pl.from_arrow(carried())
    rm.write_table(frame, tmp_path / "a.tfrecord")
    back = pl.DataFrame(rm.read_table(tmp_path / "a.tfrecord"))
    assert back.select(frame.columns).equals(frame)


def test_duckdb(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.sql("select range as n, [range, range + 1] as l, 'row ' || range as s from range(20000)")
    rm.write_table(relation, tmp_path / "a.tfrecord")
    given = rm.read_table(tmp_path / "a.tfrecord")  # noqa: F841
    found = duckdb.sql("select count(*), sum(n), sum(l[2]), max(s) from given").fetchall()
    assert found == [(20_000, 199_990_000, 200_010_000, "row 9999")]


def test_a_reader_that_fails_says_why(tmp_path: Path) -> None:
    def batches() -> Any:
        yield pa.record_batch({"a": [1]})
        message = "the source is gone"
        raise ValueError(message)

    reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
    with pytest.raises(rm.Error, match="the source is gone"):
        rm.write_table(reader, tmp_path / "a.tfrecord")
    assert not (tmp_path / "a.tfrecord").exists()


def test_a_stream_that_is_left_alone(tmp_path: Path) -> None:
    """Threads end with it."""
    rm.write_table(pa.table({"a": range(200_000)}), tmp_path / "a.tfrecord")
    table = rm.read_table(tmp_path / "a.tfrecord")
    for _ in range(3):
        reader = pa.RecordBatchReader.from_stream(table)
        assert reader.read_next_batch().num_rows > 0
        del reader
    (tmp_path / "a.tfrecord").write_bytes(b"no record at all, but long enough to be one")
    with pytest.raises(Exception, match="crc"):
        pa.table(table)


values = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float32": st.floats(width=32, allow_nan=False),
    "string": st.text(max_size=8),
    "binary": st.binary(max_size=8).map(lambda value: b"\xff" + value),
}


@drawn(
    st.sampled_from(sorted(values)).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            st.lists(st.none() | values[kind], min_size=1, max_size=30),
            st.lists(st.none() | st.lists(values[kind], max_size=4), min_size=1, max_size=30),
        )
    )
)
def test_any_values(tmp_path: Path, case: tuple[str, list[Any], list[Any]]) -> None:
    kind, plain, lists = case
    arrow = {"int64": pa.int64(), "float32": pa.float32(), "string": pa.string(), "binary": pa.binary()}[kind]
    rows = min(len(plain), len(lists))
    # So that neither column can be taken for one of another kind.
    table = pa.table(
        {
            "plain": pa.array([*plain[:rows], next((v for v in plain if v is not None), None)], arrow),
            "lists": pa.array([*lists[:rows], []], pa.list_(arrow)),
        }
    )
    if all(value is None for value in table["plain"].to_pylist()):
        table = table.drop_columns(["plain"])
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    rm.from_table(tmp_path / "a.parquet", tmp_path / "a.tfrecord", overwrite=True, fsync=False)
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.parquet", overwrite=True, fsync=False)
    rm.to_table(tmp_path / "a.tfrecord", tmp_path / "b.arrow", overwrite=True, fsync=False)
    for back in (pq.read_table(tmp_path / "b.parquet"), opened(tmp_path / "b.arrow")):
        assert {name: back[name].to_pylist() for name in table.column_names} == table.to_pydict()
    assert pa.table(rm.read_table(tmp_path / "a.tfrecord")).select(table.column_names).to_pydict() == table.to_pydict()
