"""Annotated image datasets to TFRecord and back, and TFRecord files of any kind, without TensorFlow.

The main doors:

- `convert` turns a folder of images and annotations, in any known format, into TFRecord files or another format.
- `load` reads such a folder into a `Dataset`: its columns are numpy arrays.
- `TFRecordWriter`, `TFRecordReader` and `TFRecordIndex` write records, read them in order, and read any of them.
- `encode_example`, `decode_example`, `encode_examples` and the two for sequences make and read tf.train.Example.
- `inspect` and `verify` look into files of any origin; `formats` lists the annotation formats.

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
    from recordmill._columns import Ragged
    from recordmill._convert import Progress, convert
    from recordmill._dataset import ClassDetails, Dataset, Image, Images, Objects, load
    from recordmill._formats import Format, formats
    from recordmill._inspect import inspect, verify
    from recordmill._report import ClassCount, FileCount, Loss, Problem, Report, Skipped, SplitCount

# Loaded when asked for, so that reading and writing records costs nothing else.
_LATER = {
    "ClassCount": "_report",
    "ClassDetails": "_dataset",
    "Dataset": "_dataset",
    "FileCount": "_report",
    "Format": "_formats",
    "Image": "_dataset",
    "Images": "_dataset",
    "Loss": "_report",
    "Objects": "_dataset",
    "Problem": "_report",
    "Progress": "_convert",
    "Ragged": "_columns",
    "Report": "_report",
    "Skipped": "_report",
    "SplitCount": "_report",
    "convert": "_convert",
    "formats": "_formats",
    "inspect": "_inspect",
    "load": "_dataset",
    "verify": "_inspect",
}

__all__ = [
    "ClassCount",
    "ClassDetails",
    "ConvertError",
    "Dataset",
    "Error",
    "ExampleError",
    "FileCount",
    "Format",
    "FormatError",
    "Image",
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
    "TFRecordIndex",
    "TFRecordReader",
    "TFRecordWriter",
    "__version__",
    "convert",
    "decode_example",
    "decode_sequence_example",
    "encode_example",
    "encode_examples",
    "encode_sequence_example",
    "formats",
    "inspect",
    "load",
    "verify",
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
