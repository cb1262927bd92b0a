"""Annotated image datasets to TFRecord and back, and TFRecord files of any kind, without TensorFlow.

The main doors:

- `convert` turns a folder of images and annotations, in any known format, into TFRecord files or another format.
- `check` looks at such a folder: what is in it, and what is wrong with it.
- `view` makes a page of such a folder, or of TFRecord files, that a browser or a notebook shows.
- `load` reads such a folder into a `Dataset`: its columns are numpy arrays.
- `TFRecordWriter`, `TFRecordReader` and `TFRecordIndex` write records, read them in order, and read any of them.
- `encode_example`, `decode_example`, `encode_examples` and the two for sequences make and read tf.train.Example.
- `inspect`, `show`, `verify` and `compare` look into files of any origin, `extract` takes their images out,
  `feature_spec` and `snippet` give code that reads them; `formats` lists the annotation formats.
- `from_table` and `to_table` make records of the rows of CSV, JSON lines, Parquet and npz files, and back;
  `write_table` and `read_table` do so with tables of pandas, Polars, DuckDB and pyarrow.
- `repair`, `count`, `cat`, `head`, `merge`, `split`, `reshard`, `shuffle`, `filter`, `select`, `compress`,
  `decompress`, `index` and `diff` cut such files anew, or compare them.

Errors are `Error` and those below it, or the builtin exception where there is one.
"""

from typing import TYPE_CHECKING, Any

from recordmill._native import (
    ConvertError,
    Error,
    ExampleError,
    FormatError,
    Lost,
    RecordError,
    TFRecordIndex,
    TFRecordReader,
    TFRecordWriter,
    __version__,
    decode_example,
    decode_sequence_example,
    encode_example,
    encode_examples,
    encode_sequence_example,
)

if TYPE_CHECKING:
    from recordmill._check import BoxSizes, ClassHealth, Health, ImageSizes, SplitHealth, Spread, check
    from recordmill._columns import Ragged
    from recordmill._convert import Progress, convert
    from recordmill._dataset import ClassDetails, Dataset, Image, Images, Objects, load
    from recordmill._formats import Format, formats
    from recordmill._inspect import compare, extract, feature_spec, inspect, show, snippet, verify
    from recordmill._report import ClassCount, FileCount, Loss, Problem, Report, Skipped, SplitCount
    from recordmill._reshape import (
        cat,
        compress,
        count,
        decompress,
        diff,
        filter,  # noqa: A004
        head,
        index,
        merge,
        repair,
        reshard,
        select,
        shuffle,
        split,
    )
    from recordmill._table import Table, from_table, read_table, to_table, write_table
    from recordmill._view import View, view

# Loaded when asked for, so that reading and writing records costs nothing else.
_LATER = {
    "BoxSizes": "_check",
    "ClassCount": "_report",
    "ClassDetails": "_dataset",
    "ClassHealth": "_check",
    "Dataset": "_dataset",
    "FileCount": "_report",
    "Format": "_formats",
    "Health": "_check",
    "Image": "_dataset",
    "ImageSizes": "_check",
    "Images": "_dataset",
    "Loss": "_report",
    "Objects": "_dataset",
    "Problem": "_report",
    "Progress": "_convert",
    "Ragged": "_columns",
    "Report": "_report",
    "Skipped": "_report",
    "SplitCount": "_report",
    "SplitHealth": "_check",
    "Spread": "_check",
    "Table": "_table",
    "View": "_view",
    "cat": "_reshape",
    "check": "_check",
    "compare": "_inspect",
    "compress": "_reshape",
    "convert": "_convert",
    "count": "_reshape",
    "decompress": "_reshape",
    "diff": "_reshape",
    "extract": "_inspect",
    "feature_spec": "_inspect",
    "filter": "_reshape",
    "formats": "_formats",
    "from_table": "_table",
    "head": "_reshape",
    "index": "_reshape",
    "inspect": "_inspect",
    "load": "_dataset",
    "merge": "_reshape",
    "read_table": "_table",
    "repair": "_reshape",
    "reshard": "_reshape",
    "select": "_reshape",
    "show": "_inspect",
    "shuffle": "_reshape",
    "snippet": "_inspect",
    "split": "_reshape",
    "to_table": "_table",
    "verify": "_inspect",
    "view": "_view",
    "write_table": "_table",
}

__all__ = [
    "BoxSizes",
    "ClassCount",
    "ClassDetails",
    "ClassHealth",
    "ConvertError",
    "Dataset",
    "Error",
    "ExampleError",
    "FileCount",
    "Format",
    "FormatError",
    "Health",
    "Image",
    "ImageSizes",
    "Images",
    "Loss",
    "Lost",
    "Objects",
    "Problem",
    "Progress",
    "Ragged",
    "RecordError",
    "Report",
    "Skipped",
    "SplitCount",
    "SplitHealth",
    "Spread",
    "TFRecordIndex",
    "TFRecordReader",
    "TFRecordWriter",
    "Table",
    "View",
    "__version__",
    "cat",
    "check",
    "compare",
    "compress",
    "convert",
    "count",
    "decode_example",
    "decode_sequence_example",
    "decompress",
    "diff",
    "encode_example",
    "encode_examples",
    "encode_sequence_example",
    "extract",
    "feature_spec",
    "filter",
    "formats",
    "from_table",
    "head",
    "index",
    "inspect",
    "load",
    "merge",
    "read_table",
    "repair",
    "reshard",
    "select",
    "show",
    "shuffle",
    "snippet",
    "split",
    "to_table",
    "verify",
    "view",
    "write_table",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
