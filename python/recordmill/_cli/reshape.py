"""Commands that cut TFRecord files anew: `repair`, `merge`, `reshard`, `shuffle`, `filter` and their kin."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import (
    flags,
    fsync_option,
    json_option,
    level_option,
    names,
    number,
    overwrite_option,
    pairs,
    path_type,
    workers_option,
)
from recordmill._cli.output import CUT_OFF, DONE, PROBLEMS, byte_of, failed, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._reshape import Damage, Reshaped

STANDARD = "-"
# Places of damage, and files, that are printed; --json has all of them.
_LISTED = 50

_files = click.argument("files", metavar="FILE...", type=path_type, nargs=-1, required=True)
_out = click.argument("out", metavar="OUT", type=path_type)
_out_option = click.option(
    "-o", "--out", metavar="OUT", type=path_type, default=STANDARD, help="The file; standard output without it."
)
_recovery = click.option(
    "--recovery",
    type=click.Choice(["strict", "tolerate_tail", "skip", "tf"]),
    default="strict",
    show_default=True,
    help="What to do about damage. strict: refuse. tolerate_tail: what a stopped writer leaves is the end. skip: go on "
    "at the next whole record. tf: as TensorFlow.",
)
_read_compression = click.option(
    "--read-compression",
    type=click.Choice(["none", "gzip", "zlib"], case_sensitive=False),
    help="What is around the records that are read; seen in the first bytes if not given.",
)
_written = (overwrite_option, fsync_option)
_workers = workers_option("Threads that compress")
_compression = click.option(
    "--compression",
    type=click.Choice(["none", "gzip", "zlib"], case_sensitive=False),
    help="Around each file; that of the first file read if not given.",
)
_seed = click.option("--seed", metavar="N", type=number(0), default=0, show_default=True)
_no_verify = click.option(
    "--no-verify", "verify", flag_value=False, default=True, help="Verify the lengths' checksums alone."
)
_quiet = click.option("--quiet", "-q", is_flag=True, help="No progress, and only what is wrong.")
_writing = (_recovery, _read_compression, _compression, level_option, _workers, *_written, json_option, _quiet)


def _reshape(work: Callable[..., "Reshaped"], out: str, *, as_json: bool, quiet: bool, **options: Any) -> int:
    """Does the work, and says what became of the records."""
    to_stdout = out == STANDARD
    if to_stdout and as_json:
        message = "--json needs a file to write to: the records are on standard output"
        raise click.UsageError(message)
    if to_stdout and sys.stdout.isatty():
        message = "records are no text for a terminal: name a file, or pipe them on"
        raise click.UsageError(message)
    try:
        report = work(out=out, progress=not quiet, **options)
    except BrokenPipeError:
        return CUT_OFF
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    if as_json:
        print_json(report)
    elif not quiet and not to_stdout:
        print("\n".join(_described(report)))
    for note in report["notes"]:
        say(f"recordmill: {note}")
    return _tell_damage(report["damage"])


def _described(report: "Reshaped") -> list[str]:
    from recordmill._report import counted, size

    files = report["files"]
    lines = [
        f"{file['path']}: {counted(file['records'], 'record')}, {size(file['data_bytes'])}"
        + (f", {file['compression']}" if file["compression"] != "none" else "")
        for file in files[:_LISTED]
    ]
    if len(files) > _LISTED:
        lines.append(f"... and {len(files) - _LISTED:,} more files")
    read, written = report["records_read"], report["records_written"]
    if len(files) != 1 or read != written:
        lines.append(f"{counted(read, 'record')} read, {written:,} written")
    if report["damage"]:
        places = counted(len(report["damage"]), "place")
        lost = lost_records(report["lost_records"], report["lost_known"])
        lines.append(f"{places} damaged, {counted(report['lost_bytes'], 'byte')} lost; {lost}")
    return lines


def lost_records(records: int, known: str) -> str:
    """How many records were lost, as well as that is known."""
    from recordmill._report import counted

    if known == "exactly":
        return counted(records, "record")
    if records:
        return f"at least {counted(records, 'record')}"
    return "an unknown number of records"


def _tell_damage(damage: "list[Damage]") -> int:
    from recordmill._report import counted

    for place in damage[:_LISTED]:
        more = " and what could not be decompressed" if place["more"] else ""
        lost = lost_records(place["records"], place["known"])
        lost = f"{counted(place['bytes'], 'byte')} lost{more}, {lost}"
        byte = byte_of(place["offset"], place["compression"])
        say(f"{place['path']}: {byte}: {place['cause']}; {lost}")
    if len(damage) > _LISTED:
        say(f"... and {len(damage) - _LISTED:,} more places; --json lists them")
    return PROBLEMS if damage else DONE


@click.command(name="repair", short_help="Save every whole record of damaged files.")
@_files
@_out
@flags(_read_compression, _compression, level_option, _workers, *_written, json_option, _quiet)
def repair_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Save every whole record of damaged, truncated or spliced files, and say which bytes were lost.

    A record is whole if both of its checksums hold; none is made of anything else. After damage reading goes on at the
    next header that checks, in a compressed file at the next place where decompression can begin anew. How many records
    were lost is said where that can be known; records that were cut out whole leave no trace.

    One file goes to the file OUT; several, or a folder, go into the folder OUT. Exit code 1 if anything was lost.

    \b
    recordmill repair damaged.tfrecord saved.tfrecord
    recordmill repair shards/ saved/
    """
    from recordmill._reshape import repair

    return _reshape(repair, out, paths=files, **options)


@click.command(name="count", short_help="Count records.")
@_files
@flags(_recovery, _read_compression)
@_no_verify
@json_option
@_quiet
def count_command(files: tuple[str, ...], as_json: bool, quiet: bool, **options: Any) -> int:
    """Count the records of files, folders, patterns, or of standard input (-).

    \b
    recordmill count train.tfrecord
    recordmill count 'out/*.tfrecord' --json
    cat train.tfrecord | recordmill count -
    """
    from recordmill._report import size
    from recordmill._reshape import count

    try:
        counts = count(files, progress=not quiet, **options)
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    if as_json:
        print_json(counts)
    elif len(counts) == 1:
        print(counts[0]["records"])
    else:
        total = sum(file["records"] for file in counts)
        width = len(str(total))
        for file in [] if quiet else counts:
            print(f"{file['records']:>{width}}  {file['path']}  {size(file['data_bytes'])}")
        print(f"{total:>{width}}  in all")
    return _tell_damage([place for file in counts for place in file["damage"]])


@click.command(name="cat", short_help="Write records one file behind the other to standard output.")
@_files
@_out_option
@flags(*_writing)
def cat_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write the records of files, folders, patterns, or of standard input (-), one behind the other.

    \b
    recordmill cat train-*.tfrecord > train.tfrecord
    recordmill cat old.tfrecord.gz --compression none | recordmill count -
    """
    from recordmill._reshape import cat

    return _reshape(cat, out, paths=files, **options)


@click.command(name="head", short_help="Write the first records to standard output.")
@_files
@click.option("-n", "--records", metavar="N", type=number(0), default=10, show_default=True, help="So many of them.")
@_out_option
@flags(*_writing)
def head_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write the first records of files, folders, patterns, or of standard input (-).

    \b
    recordmill head -n 100 train.tfrecord -o few.tfrecord
    """
    from recordmill._reshape import head

    return _reshape(head, out, paths=files, **options)


@click.command(name="merge", short_help="Join files into one.")
@_files
@_out
@flags(*_writing)
def merge_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Join files into one, in the order in which they are named; those of a folder or a pattern sorted.

    \b
    recordmill merge train-*.tfrecord train.tfrecord
    recordmill merge shards/ all.tfrecord.gz --compression gzip
    """
    from recordmill._reshape import merge

    return _reshape(merge, out, paths=files, **options)


@click.command(name="reshard", short_help="Divide records in their order over files.")
@_files
@_out
@click.option("--shards", metavar="N", type=number(1), help="So many files.")
@click.option("--shard-size", metavar="SIZE", help="Bytes per file at most, before compression: 200MB, 1GiB.")
@click.option("--shard-records", metavar="N", type=number(1), help="Records per file.")
@click.option("--name", metavar="NAME", help="Of the files; that of the first file read if not given.")
@flags(*_writing)
def reshard_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write the records in their order into the folder OUT, as NAME-00000-of-00010.tfrecord and so on.

    All files get their names at once, when they are whole. With --overwrite, files of that name and another number go.

    \b
    recordmill reshard train.tfrecord shards/ --shards 10
    recordmill reshard 'shards/train-*' larger/ --shard-size 200MB
    """
    from recordmill._reshape import reshard

    return _reshape(reshard, out, paths=files, **options)


@click.command(name="split", short_help="Divide records by chance over train, valid and test.")
@_files
@_out
@click.option(
    "--ratios",
    metavar="PARTS",
    default="80/10/10",
    show_default=True,
    help="80/10/10 (train, valid, test) or names: train=0.8,rest=0.2.",
)
@_seed
@click.option("--exact", is_flag=True, help="Exact counts in place of hash against ratio; 16 bytes for each record.")
@flags(*_writing)
def split_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Divide records by chance over the files train.tfrecord, valid.tfrecord and test.tfrecord in the folder OUT.

    Each record falls by a hash of the seed and its bytes: equal records stay together, and records that are added later
    move no other. Within a file the order stays. For parts of equal size or number there is reshard.

    \b
    recordmill split all.tfrecord parts/ --ratios 70/20/10 --seed 7
    """
    from recordmill._reshape import split

    return _reshape(split, out, paths=files, **options)


@click.command(name="shuffle", short_help="Put records into another order.")
@_files
@_out
@_seed
@flags(*_writing)
def shuffle_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write the records in an order that depends on the seed and their number alone, however large the files are.

    Memory holds 8 bytes for each record. Files are read twice; what is compressed, or comes from a pipe, is unpacked
    into a temporary file beside OUT, which needs the room.

    \b
    recordmill shuffle train.tfrecord shuffled.tfrecord --seed 7
    """
    from recordmill._reshape import shuffle

    return _reshape(shuffle, out, paths=files, **options)


@click.command(name="filter", short_help="Keep the Examples that fulfil conditions.")
@_files
@_out
@click.option("--where", metavar="CONDITION", multiple=True, required=True, help="May be repeated; all must hold.")
@click.option("--any", "any", is_flag=True, help="One of the conditions is enough.")
@click.option("--invert", is_flag=True, help="Keep the others.")
@flags(*_writing)
def filter_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Keep the Examples that fulfil conditions; they are written as they are.

    A condition is KEY (has a value), !KEY, KEY=VALUE, KEY!=VALUE, KEY<NUMBER (also <=, >, >=), KEY~=PATTERN with *, ?
    and [...], or len(KEY)>=2. A feature of several values fulfils it if one of them does; != if none is equal.

    \b
    recordmill filter train.tfrecord large.tfrecord --where 'image/width>=640'
    recordmill filter train.tfrecord cats.tfrecord --where image/object/class/text=cat
    recordmill filter train.tfrecord empty.tfrecord --where '!image/object/class/text'
    """
    from recordmill._reshape import filter as filter_

    return _reshape(filter_, out, paths=files, **options)


@click.command(name="select", short_help="Keep, drop or rename features of Examples.")
@_files
@_out
@click.option("--keep", metavar="A,B", multiple=True, callback=names, help="These features alone; with *, ? and [...].")
@click.option("--drop", metavar="A,B", multiple=True, callback=names, help="Without these, also of those to keep.")
@click.option("--rename", metavar="OLD=NEW", multiple=True, callback=pairs, help="Another name. May be repeated.")
@flags(*_writing)
def select_command(
    files: tuple[str, ...], out: str, keep: list[str] | None, drop: list[str] | None, **options: Any
) -> int:
    """Keep some features of each Example, or give them other names. Examples that do not change keep their bytes.

    \b
    recordmill select train.tfrecord boxes.tfrecord --keep 'image/filename,image/object/bbox/*'
    recordmill select train.tfrecord out.tfrecord --drop image/object/mask --rename image/filename=name
    """
    from recordmill._reshape import select

    return _reshape(select, out, paths=files, keep=keep or (), drop=drop or (), **options)


@click.command(name="compress", short_help="Put GZIP or ZLIB around files.")
@_files
@_out
@click.option(
    "--compression",
    type=click.Choice(["gzip", "zlib"], case_sensitive=False),
    default="gzip",
    show_default=True,
    help="Around each file.",
)
@flags(_recovery, _read_compression, level_option, _workers, *_written, json_option, _quiet)
def compress_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write files anew as one GZIP or ZLIB stream each, made on all processors, which every TensorFlow reads whole.

    One file goes to the file OUT, or to standard output (-); several, or a folder, go into the folder OUT.

    \b
    recordmill compress train.tfrecord train.tfrecord.gz
    recordmill compress shards/ compressed/ --compression zlib --level 9
    """
    from recordmill._reshape import compress

    return _reshape(compress, out, paths=files, **options)


@click.command(name="decompress", short_help="Take GZIP or ZLIB away from files.")
@_files
@_out
@flags(_recovery, _read_compression, *_written, json_option, _quiet)
def decompress_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write files anew without compression. Several GZIP members are read, and every checksum is verified.

    \b
    recordmill decompress train.tfrecord.gz train.tfrecord
    curl -s https://example.org/train.tfrecord.gz | recordmill decompress - train.tfrecord
    """
    from recordmill._reshape import decompress

    return _reshape(decompress, out, paths=files, **options)


@click.command(name="index", short_help="Write where the records of files are.")
@_files
@click.option(
    "-o",
    "--out",
    metavar="INDEX",
    type=path_type,
    help="The index of a single file; beside it, with .idx or .rmx, without.",
)
@click.option(
    "--form",
    type=click.Choice(["dali", "binary"]),
    default="dali",
    show_default=True,
    help="dali: lines that NVIDIA DALI reads. binary: 8 bytes for each record, with checksums; refused where the file "
    "has changed.",
)
@_no_verify
@flags(*_written, json_option, _quiet)
def index_command(files: tuple[str, ...], as_json: bool, quiet: bool, **options: Any) -> int:
    """Write where the records of uncompressed files are, for random access: rm.TFRecordIndex, or NVIDIA DALI.

    \b
    recordmill index train.tfrecord
    recordmill index shards/ --form binary --no-verify
    """
    from recordmill._report import counted
    from recordmill._reshape import index

    try:
        indexed = index(files, progress=not quiet, **options)
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    if as_json:
        print_json(indexed)
    elif not quiet:
        for file in indexed:
            print(f"{file['index_path']}: {counted(file['records'], 'record')}")
    return DONE


@click.command(name="diff", short_help="Compare the records of two files or folders.")
@click.argument("a", type=path_type)
@click.argument("b", type=path_type)
@click.option("--as-examples", is_flag=True, help="Examples are equal if their features are, whatever their bytes.")
@click.option("--list", "listed", metavar="N", type=number(0), default=10, show_default=True, help="Of each side.")
@flags(_recovery, _read_compression, json_option, _quiet)
def diff_command(a: str, b: str, as_json: bool, quiet: bool, **options: Any) -> int:
    """Compare the records of A and B, files, folders or patterns, by what they hold, each as often as it is there.

    Order, division into files and compression are no matter. Exit code 1 if they differ.

    \b
    recordmill diff train.tfrecord shuffled.tfrecord
    recordmill diff shards/ train.tfrecord.gz
    """
    from recordmill._report import counted
    from recordmill._reshape import diff

    try:
        found = diff(a, b, progress=not quiet, **options)
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    if as_json:
        print_json(found)
    else:
        for name, side in ((a, found["a"]), (b, found["b"])):
            if side["only"]:
                print(f"{counted(side['only'], 'record')} of {side['records']:,} in {name} alone")
            for place in [] if quiet else side["first"]:
                print(f"  {place['path']}: record {place['record']}")
        if found["same"] and not quiet:
            order = "in the same order" if found["same_order"] else "in another order"
            print(f"{counted(found['common'], 'record')} in both, {order}")
        elif not quiet:
            print(f"{counted(found['common'], 'record')} in both")
    return DONE if found["same"] else PROBLEMS
