"""Tables to TFRecord files of Examples, and back: files of other formats, and tables of other libraries."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict, Unpack

from recordmill import _native
from recordmill._convert import Path
from recordmill._inspect import MAX_RECORD_SIZE
from recordmill._reshape import Pace, Paths, Written, run

# Columns to take, in this order: names, or old names to new ones.
Columns = Sequence[str] | Mapping[str, str]


class TableOptions(TypedDict, total=False):
    """How files are written.

    `workers` is the number of threads, 0 is as many as there are processors; the bytes do not depend on it. `overwrite`
    replaces a file that is there, otherwise it is a FileExistsError. `fsync` waits until the file is on the disk.
    `progress` is True for a bar on stderr, or is given a `Pace` now and then.
    """

    workers: int
    overwrite: bool
    fsync: bool
    progress: bool | Callable[[Pace], object]


_DEFAULTS: dict[str, Any] = {"workers": 0, "overwrite": False, "fsync": True}


class TableColumn(TypedDict):
    """What became of a column: its name and the feature's, its type (`list<int32>`) and the feature's list.

    `present` is the number of rows that have something; `rounded` that of values which have more digits than float32
    keeps (16777217.5; 0.1 is none). `decimal_comma` says that a text is numbers like 1,5 in every row of CSV: they are
    not read as numbers.
    """

    column: str
    feature: str
    type: str
    kind: Literal["int64_list", "float_list", "bytes_list"]
    present: int
    rounded: int
    decimal_comma: bool


class ArrowStream(Protocol):
    """A table of pandas, Polars, DuckDB, pyarrow or any library with Arrow's PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Gives its rows."""


class ArrowArray(Protocol):
    """A record batch of such a library."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Gives its columns' types, and its rows."""


class FromTable(TypedDict):
    """What `from_table` has made."""

    file: Written
    rows: int
    columns: list[TableColumn]


class ToTable(TypedDict):
    """What `to_table` has made."""

    path: str
    format: str
    rows: int
    columns: list[TableColumn]


def _columns(columns: Columns | None) -> list[tuple[str, str]] | None:
    if columns is None:
        return None
    if isinstance(columns, str):
        message = "columns: expected a list of names, or a dict of old names to new ones"
        raise TypeError(message)
    return list(columns.items()) if isinstance(columns, Mapping) else [(name, name) for name in columns]


def _run(native: Callable[..., str], command: str, options: Any, **arguments: Any) -> Any:
    return run(native, command, options, _DEFAULTS, **{"compression": None, "level": None, **arguments})


def from_table(
    paths: Paths,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002
    columns: Columns | None = None,
    types: Mapping[str, str] | None = None,
    flatten: bool = False,
    delimiter: str | None = None,
    sequence: bool = False,
    context: Sequence[str] | None = None,
    compression: str | None = None,
    level: int | None = None,
    **options: Unpack[TableOptions],
) -> FromTable:
    """Writes each row of tables as a tf.train.Example, or SequenceExample, to a TFRecord file.

    Whole numbers, truth values, dates and times become `int64_list`, floats `float_list`, texts and bytes `bytes_list`;
    a list is a feature of several values, and a row without a value has no feature. What cannot be carried over is
    refused with its column and row.

    Args:
        paths: CSV, TSV, JSON lines, Parquet, npz or Arrow: files, folders, patterns; "-" is standard input. Those of
            text may be within GZIP; their types are guessed from all rows. In an npz the first index is the row.
        out: The file; "-" is standard output.
        format: "csv", "tsv", "jsonl", "parquet", "npz" or "arrow"; None looks at the file's first bytes and name.
        columns: Those to take; all if not given.
        types: Of columns that are not to be as inferred: "int64", "float32", "string", "binary", "base64", ..., and
            "list<float32>" or "list" of text where no row shows it.
        flatten: Whether members of structs (JSON: objects) are columns of their own, `a/b`.
        delimiter: Between the cells of CSV and TSV, one character; None is a tab in TSV, and in CSV a comma unless the
            first rows plainly have semicolons, tabs or bars.
        sequence: Whether to make SequenceExamples: lists are feature lists of one value for each step, lists of lists
            are feature lists, all else is the context.
        context: Lists that are in the context all the same.
        compression: "none", "gzip" or "zlib".
        level: Of the compression, 0 to 9; None is 6.
        **options: See `TableOptions`.

    Raises:
        FormatError: A table cannot be read, or has what no Example can carry; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: FromTable = _run(
        _native.convert_table,
        "from_table",
        options,
        paths=paths,
        out=out,
        format=format,
        columns=_columns(columns),
        types=dict(types or {}),
        flatten=flatten,
        delimiter=delimiter,
        sequence=sequence,
        context=None if context is None else list(context),
        compression=compression,
        level=level,
    )
    return found


def write_table(
    table: ArrowStream | ArrowArray,
    out: Path,
    *,
    columns: Columns | None = None,
    types: Mapping[str, str] | None = None,
    flatten: bool = False,
    sequence: bool = False,
    context: Sequence[str] | None = None,
    compression: str | None = None,
    level: int | None = None,
    **options: Unpack[TableOptions],
) -> FromTable:
    """Writes each row of a table in memory as a tf.train.Example, or SequenceExample, to a TFRecord file.

    The table is taken through Arrow's PyCapsule interface, without a copy: a DataFrame of pandas or Polars, a relation
    of DuckDB, a Table, RecordBatch or RecordBatchReader of pyarrow. What becomes of its types, see `from_table`.

    Example:
        >>> table = rm.read_table("numbers.tfrecord")  # or a DataFrame
        >>> rm.write_table(table, "again.tfrecord")["rows"]
        3

    Args:
        table: The table.
        out: The file; "-" is standard output.
        columns: Those to take; all if not given.
        types: Of columns that are not to be as the table has them: "float32" for whole numbers or decimals, ...
        flatten: Whether members of structs are columns of their own, `a/b`.
        sequence: Whether to make SequenceExamples, see `from_table`.
        context: Lists that are in the context all the same.
        compression: "none", "gzip" or "zlib".
        level: Of the compression, 0 to 9; None is 6.
        **options: See `TableOptions`.

    Raises:
        TypeError: `table` has neither `__arrow_c_stream__` nor `__arrow_c_array__`.
        FormatError: The table has what no Example can carry; nothing is written then.
        OSError: The file cannot be written.
    """
    found: FromTable = _run(
        lambda _command, arguments, progress: _native.write_arrow(table, arguments, progress),
        "write_table",
        options,
        out=out,
        columns=_columns(columns),
        types=dict(types or {}),
        flatten=flatten,
        sequence=sequence,
        context=None if context is None else list(context),
        compression=compression,
        level=level,
    )
    return found


class Table:
    """The records of TFRecord files as a table, which other libraries take through Arrow's PyCapsule interface.

    `pyarrow.table(table)`, `polars.DataFrame(table)`, `pandas.DataFrame.from_arrow(table)` and the like read the rows;
    each time from the files, which must not change meanwhile.

    Attributes:
        columns: A dict for each column, as in the report of `from_table`; `present` and `rounded` are 0.
    """

    def __init__(self, native: _native.RecordTable) -> None:
        self._native = native
        self.columns: list[TableColumn] = json.loads(native.columns())

    def __arrow_c_schema__(self) -> object:
        """Gives the types of the columns."""
        return self._native.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Gives the rows."""
        return self._native.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        columns = ", ".join(f"{column['column']}: {column['type']}" for column in self.columns)
        return f"Table({columns})"


def read_table(
    paths: Paths,
    *,
    columns: Columns | None = None,
    types: Mapping[str, str] | None = None,
    read_compression: str | None = None,
    max_record_size: int = MAX_RECORD_SIZE,
    workers: int = 0,
    progress: bool | Callable[[Pace], object] = False,
) -> Table:
    """Reads the Examples and SequenceExamples of TFRecord files as a table for pandas, Polars, DuckDB or pyarrow.

    Here all records are read once, to find out their columns (see `to_table`); the rows when they are asked for.

    Example:
        >>> rm.read_table("numbers.tfrecord")  # polars.DataFrame(rm.read_table(...)) has the rows
        Table(number: int64)

    Args:
        paths: Files, folders, patterns.
        columns: Features to take; all if not given, in the order of their names.
        types: Of columns that are not int64, float32, string (bytes that are all UTF-8) or binary: "int8", "bool",
            "float64", "timestamp[us]", ..., and "list" or "list<int8>" of what has one value everywhere, but is a list.
        read_compression: "none", "gzip" or "zlib"; None looks at the first bytes.
        max_record_size: Bytes of the longest record that is not taken for damage.
        workers: Threads; 0 is as many as there are processors.
        progress: True for a bar on stderr, or what is given a `Pace` now and then.

    Raises:
        ExampleError: A record is no Example.
        FormatError: The records make no table.
        RecordError: A file is damaged.
        OSError: A file cannot be read.
    """
    made: list[_native.RecordTable] = []

    def native(_command: str, arguments: dict[str, Any], tell: Callable[..., object] | None) -> str:
        made.append(_native.read_arrow(arguments, tell))
        return "null"

    _run(
        native,
        "read_table",
        {"workers": workers, "progress": progress},
        paths=paths,
        columns=_columns(columns),
        types=dict(types or {}),
        flatten=False,
        read_compression=read_compression,
        max_record_size=max_record_size,
    )
    return Table(made[0])


def to_table(
    paths: Paths,
    out: Path,
    *,
    format: str | None = None,  # noqa: A002
    columns: Columns | None = None,
    types: Mapping[str, str] | None = None,
    read_compression: str | None = None,
    max_record_size: int = MAX_RECORD_SIZE,
    **options: Unpack[TableOptions],
) -> ToTable:
    """Writes the Examples and SequenceExamples of TFRecord files as rows of a table.

    The records are read twice: a feature that has one value wherever it is becomes a column of values, others of lists;
    a feature list a column of lists, or of lists of lists. A record without a feature has null.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: The file; "-" is standard output.
        format: "csv", "tsv", "jsonl", "parquet", "npz" or "arrow"; None goes by the name of `out`. Arrow's is
            a file, or a stream where the name ends in ".arrows".
        columns: Features to take; all if not given, in the order of their names.
        types: Of columns that are not int64, float32, string (bytes that are all UTF-8) or binary: "int8", "bool",
            "float64", "timestamp[us]", "base64" (in text), ..., and "list" or "list<int8>" of what has one value
            everywhere, but is a list.
        read_compression: "none", "gzip" or "zlib"; None looks at the first bytes.
        max_record_size: Bytes of the longest record that is not taken for damage.
        **options: See `TableOptions`.

    Raises:
        ExampleError: A record is no Example; nothing is written then.
        FormatError: The records have what the table cannot carry; nothing is written then.
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: ToTable = _run(
        _native.convert_table,
        "to_table",
        options,
        paths=paths,
        out=out,
        format=format,
        columns=_columns(columns),
        types=dict(types or {}),
        flatten=False,
        read_compression=read_compression,
        max_record_size=max_record_size,
    )
    return found
