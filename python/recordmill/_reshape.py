"""TFRecord files of any origin, cut anew: mended, joined, divided, shuffled, filtered, compared."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, NamedTuple, TypedDict, Unpack

from recordmill import _native
from recordmill._convert import Path
from recordmill._inspect import MAX_RECORD_SIZE, conditions

# One file, folder or pattern, or several.
Paths = Path | Sequence[Path]


class Pace(NamedTuple):
    """How far a run is: bytes of files read, of all (0 where that is not known), records read, seconds."""

    bytes: int
    bytes_total: int
    records: int
    seconds: float


class ReadingOptions(TypedDict, total=False):
    """How files are read.

    `read_compression` is "none", "gzip" or "zlib"; None looks at the first bytes. `recovery` is what to do about
    damage: "strict" (an error, and nothing is written), "tolerate_tail", "skip" or "tf", as `TFRecordReader` has it.
    `max_record_size` is the bytes of the longest record that is not taken for damage. `progress` is True for a bar on
    stderr, or is given a `Pace` now and then.
    """

    read_compression: str | None
    recovery: str
    max_record_size: int
    progress: bool | Callable[[Pace], object]


class WritingOptions(ReadingOptions, total=False):
    """How files are read and written.

    `compression` is "none", "gzip" or "zlib"; None is that of the first file read. `level` is 0 to 9, None is 6;
    `workers` compress, 0 is as many as there are processors. `overwrite` replaces files that are there, otherwise they
    are a FileExistsError. `fsync` waits until the files are on the disk.
    """

    compression: str | None
    level: int | None
    workers: int
    overwrite: bool
    fsync: bool


_READING: dict[str, Any] = {"read_compression": None, "recovery": "strict", "max_record_size": MAX_RECORD_SIZE}
_WRITING: dict[str, Any] = {"compression": None, "level": None, "workers": 0, "overwrite": False, "fsync": True}


class Damage(TypedDict):
    """Bytes that no record was read from, and how many records that were, as far as that is known."""

    path: str
    compression: str
    offset: int
    bytes: int
    more: bool
    records: int
    known: Literal["exactly", "at_least", "unknown"]
    cause: str


class Counted(TypedDict):
    """How many records a file has."""

    path: str
    compression: str
    records: int
    data_bytes: int
    damage: list[Damage]


class Written(TypedDict):
    """A file that was written."""

    path: str
    compression: str
    records: int
    data_bytes: int


class Reshaped(TypedDict):
    """What became of the records."""

    files: list[Written]
    records_read: int
    records_written: int
    damage: list[Damage]
    lost_bytes: int
    lost_records: int
    lost_known: Literal["exactly", "at_least", "unknown"]
    notes: list[str]


class Indexed(TypedDict):
    """An index that was written."""

    path: str
    index_path: str
    records: int


class RecordPlace(TypedDict):
    """Where a record is: its file, and its number in it from 0."""

    path: str
    record: int


class Side(TypedDict):
    """One side of a comparison: `only` is the number of its records that the other does not have, or has less often."""

    files: list[str]
    records: int
    only: int
    first: list[RecordPlace]


class Difference(TypedDict):
    """What differs."""

    same: bool
    same_order: bool
    common: int
    a: Side
    b: Side


def _run(command: str, options: Any, defaults: dict[str, Any], **arguments: Any) -> Any:
    return run(_native.reshape, command, options, {"verify": True, **defaults}, **arguments)


def run(native: Callable[..., str], command: str, options: Any, defaults: dict[str, Any], **arguments: Any) -> Any:
    """Calls `native` with every argument by name, shows how far it is, and gives its report."""
    given = dict(options)
    progress = given.pop("progress", False)
    unknown = given.keys() - defaults.keys()
    if unknown:
        message = f"{command}() got an unexpected keyword argument {min(unknown)!r}"
        raise TypeError(message)
    every = {**defaults, **given, **arguments}
    if callable(progress):
        return json.loads(native(command, every, lambda *numbers: progress(Pace(*numbers))))
    shown: AbstractContextManager[Callable[[int, int, int, float], None] | None] = nullcontext()
    if progress:
        from recordmill._progress import reading_shown

        shown = reading_shown()
    with shown as tell:
        return json.loads(native(command, every, tell))


def _write(command: str, paths: Paths, out: Path | None, options: WritingOptions, **arguments: Any) -> Any:
    return _run(command, options, _READING | _WRITING, paths=paths, out=out, **arguments)


def repair(paths: Paths, out: Path, **options: Unpack[WritingOptions]) -> Reshaped:
    """Saves every whole record of damaged, truncated or spliced files, and says which bytes were lost.

    A record is whole if both of its checksums hold; none is made of anything else. After damage reading goes on at the
    next header that checks. In a compressed file decompression goes on at the next place where it can begin anew: our
    own writer leaves one every mebibyte, zlib alone hardly any.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: A file; for several files or a folder, a folder in which each has its name.
        **options: See `WritingOptions`; `recovery` is always "skip".

    Raises:
        OSError: A file cannot be read or written.
    """
    found: Reshaped = _write("repair", paths, out, options)
    return found


def count(paths: Paths, *, verify: bool = True, **options: Unpack[ReadingOptions]) -> list[Counted]:
    """Counts the records of each file.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        verify: Whether the checksums of the payloads are verified; those of the lengths always are.
        **options: See `ReadingOptions`.

    Raises:
        RecordError: A file is damaged.
        OSError: A file cannot be read.
    """
    found: list[Counted] = _run("count", options, _READING, paths=paths, verify=verify)
    return found


def merge(paths: Paths, out: Path, **options: Unpack[WritingOptions]) -> Reshaped:
    """Writes the records of several files, one behind the other, into one.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: The file; "-" is standard output.
        **options: See `WritingOptions`.

    Raises:
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: Reshaped = _write("concatenate", paths, out, options, limit=None)
    return found


def cat(paths: Paths, out: Path = "-", **options: Unpack[WritingOptions]) -> Reshaped:
    """As `merge`, to standard output where nothing else is said."""
    return merge(paths, out, **options)


def head(paths: Paths, out: Path = "-", *, records: int = 10, **options: Unpack[WritingOptions]) -> Reshaped:
    """As `cat`, of the first `records` alone."""
    found: Reshaped = _write("concatenate", paths, out, options, limit=records)
    return found


def reshard(
    paths: Paths,
    out: Path,
    *,
    shards: int | None = None,
    shard_size: int | str | None = None,
    shard_records: int | None = None,
    name: str | None = None,
    **options: Unpack[WritingOptions],
) -> Reshaped:
    """Writes the records in their order into the files `NAME-00000-of-00010.tfrecord` and so on. Reads them twice.

    Args:
        paths: Files, folders, patterns.
        out: A folder. With `overwrite`, files of that name and another number are removed from it.
        shards: So many files.
        shard_size: Bytes per file at most, before compression, as a number or as "200MB".
        shard_records: Records per file.
        name: Of the files; that of the first file read if None.
        **options: See `WritingOptions`.

    Raises:
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    size = None if shard_size is None else str(shard_size)
    found: Reshaped = _write(
        "reshard", paths, out, options, shards=shards, shard_size=size, shard_records=shard_records, name=name
    )
    return found


def split(
    paths: Paths,
    out: Path,
    ratios: str = "80/10/10",
    *,
    seed: int = 0,
    exact: bool = False,
    **options: Unpack[WritingOptions],
) -> Reshaped:
    """Divides records by chance over the files `train.tfrecord`, `valid.tfrecord` and so on; in each the order stays.

    Each record falls by a hash of the seed and its bytes: equal records stay together, and new ones move no other.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: A folder.
        ratios: "80/10/10" (train, valid, test) or "train=0.8,rest=0.2".
        seed: For the hash.
        exact: Exact counts in place of hash against ratio: reads the files twice, and holds 16 bytes for each record.
        **options: See `WritingOptions`.

    Raises:
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: Reshaped = _write("split", paths, out, options, ratios=ratios, seed=seed, exact=exact)
    return found


def compress(paths: Paths, out: Path, **options: Unpack[WritingOptions]) -> Reshaped:
    """Writes files anew as one GZIP stream each, or what `compression` says; the stream is made on several threads.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: A file; for several files or a folder, a folder in which each has its name with `.gz` (or `.zz`).
        **options: See `WritingOptions`.

    Raises:
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: Reshaped = _write("recompress", paths, out, {"compression": "gzip", **options})
    return found


def decompress(paths: Paths, out: Path, **options: Unpack[WritingOptions]) -> Reshaped:
    """As `compress`, the other way: without compression, in a folder without `.gz`."""
    found: Reshaped = _write("recompress", paths, out, {**options, "compression": "none"})
    return found


def index(
    paths: Paths,
    out: Path | None = None,
    *,
    form: Literal["dali", "binary"] = "dali",
    verify: bool = True,
    **options: Unpack[WritingOptions],
) -> list[Indexed]:
    """Writes where the records of each file are. `TFRecordIndex.load` reads it.

    Args:
        paths: Uncompressed files, folders, patterns.
        out: The index of a single file; otherwise each lies beside its file, with `.idx` or `.rmx` behind the name.
        form: "dali" has a line "offset size" for each record, as NVIDIA DALI's `tfrecord2idx` writes them. "binary" has
            8 bytes for each, checksums, and what tells that the file has changed since.
        verify: Whether the payloads are read and their checksums verified; those of the lengths always are.
        **options: See `WritingOptions`.

    Raises:
        RecordError: A file is damaged or compressed; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: list[Indexed] = _write("index", paths, out, options, form=form, verify=verify)
    return found


def shuffle(paths: Paths, out: Path, *, seed: int = 0, **options: Unpack[WritingOptions]) -> Reshaped:
    """Writes the records in an order that depends on the seed and their number alone, however large the files are.

    Memory holds 8 bytes for each record. What is compressed, or comes from a pipe, is unpacked into a temporary file
    beside `out`.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: The file; "-" is standard output.
        seed: Of the order.
        **options: See `WritingOptions`.

    Raises:
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: Reshaped = _write("shuffle", paths, out, options, seed=seed)
    return found


def filter(  # noqa: A001
    paths: Paths,
    out: Path,
    where: str | Sequence[str],
    *,
    any: bool = False,  # noqa: A002
    invert: bool = False,
    **options: Unpack[WritingOptions],
) -> Reshaped:
    """Keeps the Examples that fulfil conditions, as they are.

    A condition is `key` (has a value), `!key`, `key=value`, `key!=value`, `key<number` (also `<=`, `>`, `>=`),
    `key~=pattern` with `*`, `?` and `[...]`, or `len(key)>=2`. A feature of several values fulfils it if one does;
    `!=` if none is equal.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: A file, or "-"; for several files or a folder, a folder in which each has its name.
        where: A condition, or several.
        any: Whether one of the conditions is enough.
        invert: Whether those are kept that would not be.
        **options: See `WritingOptions`.

    Raises:
        ExampleError: A record is no Example; nothing is written then.
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    found: Reshaped = _write("filter", paths, out, options, conditions=conditions(where), any=any, invert=invert)
    return found


def select(
    paths: Paths,
    out: Path,
    *,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    rename: Mapping[str, str] | None = None,
    **options: Unpack[WritingOptions],
) -> Reshaped:
    """Keeps some features of each Example, or gives them other names. Examples that do not change keep their bytes.

    Args:
        paths: Files, folders, patterns; "-" is standard input.
        out: A file, or "-"; for several files or a folder, a folder in which each has its name.
        keep: Features that are kept, with `*`, `?` and `[...]`; all if none are given.
        drop: Features that are not, also of those in `keep`.
        rename: Old names to new ones.
        **options: See `WritingOptions`.

    Raises:
        ExampleError: A record is no Example, or two features would have one name; nothing is written then.
        RecordError: A file is damaged; nothing is written then.
        OSError: A file cannot be read or written.
    """
    names = dict(rename or {})
    for name, given in (("keep", keep), ("drop", drop)):
        if isinstance(given, str):
            message = f"{name} is a list of names, not one text"
            raise TypeError(message)
    found: Reshaped = _write("select", paths, out, options, keep=list(keep), drop=list(drop), rename=names)
    return found


def diff(
    a: Paths,
    b: Paths,
    *,
    as_examples: bool = False,
    listed: int = 10,
    **options: Unpack[ReadingOptions],
) -> Difference:
    """Compares the records of two sets of files by what they hold, whatever their order, files and compression.

    Args:
        a: Files, folders, patterns; "-" is standard input.
        b: The same.
        as_examples: Whether Examples are equal if their features are, however their bytes are laid out.
        listed: Records that are listed of each side; all are counted.
        **options: See `ReadingOptions`.

    Raises:
        RecordError: A file is damaged.
        OSError: A file cannot be read.
    """
    found: Difference = _run("diff", options, _READING, paths=a, others=b, as_examples=as_examples, listed=listed)
    return found
