"""Commands for tables: `from-table` and `to-table`."""

import sys
from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import (
    flags,
    fsync_option,
    json_option,
    level_option,
    names,
    overwrite_option,
    path_type,
    workers_option,
)
from recordmill._cli.output import CUT_OFF, DONE, failed, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._table import FromTable, TableColumn, ToTable

STANDARD = "-"

_files = click.argument("files", metavar="FILE...", type=path_type, nargs=-1, required=True)
_out = click.argument("out", metavar="OUT", type=path_type)
_format = click.option(
    "--format",
    type=click.Choice(["csv", "tsv", "jsonl", "parquet", "npz", "arrow"]),
    help="Of the table; by its first bytes and name if not given.",
)


def _renamed(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str] | None:
    """A,B=NEW, any number of times."""
    found: dict[str, str] = {}
    for text in names(_context, _option, given) or []:
        old, equals, new = text.partition("=")
        if old in found:
            message = f"column {old!r} is given twice"
            raise click.BadParameter(message)
        found[old] = new if equals else old
    return found or None


def _typed(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """COLUMN=TYPE, any number of times; a column's name may have an equals sign, a type has none."""
    found: dict[str, str] = {}
    for text in given:
        column, equals, kind = text.rpartition("=")
        if not equals:
            message = f"{text!r} is not COLUMN=TYPE"
            raise click.BadParameter(message)
        if column in found:
            message = f"column {column!r} is given twice"
            raise click.BadParameter(message)
        found[column] = kind
    return found


_columns = click.option(
    "--columns",
    metavar="A,B=NEW",
    multiple=True,
    callback=_renamed,
    help="These alone, in this order; with =NEW under another name. May be repeated.",
)
_types = click.option(
    "--type",
    "types",
    metavar="COLUMN=TYPE",
    multiple=True,
    callback=_typed,
    help="Another type than the inferred: int64, float32, string, binary, base64, bool, int8, timestamp[us], "
    "list<int8> ..., or list of what is inferred. May be repeated.",
)
_writing = (overwrite_option, fsync_option, workers_option("Threads"), json_option)
_quiet = click.option("--quiet", "-q", is_flag=True, help="No progress, no types, and only what is wrong.")


def _convert(files: tuple[str, ...], out: str, command: str, *, as_json: bool, quiet: bool, **options: Any) -> int:
    from recordmill import _table

    to_stdout = out == STANDARD
    if to_stdout and as_json:
        message = "--json needs a file to write to: the result is on standard output"
        raise click.UsageError(message)
    if to_stdout and command == "from_table" and sys.stdout.isatty():
        message = "records are no text for a terminal: name a file, or pipe them on"
        raise click.UsageError(message)
    try:
        report: FromTable | ToTable = getattr(_table, command)(files, out, progress=not quiet, **options)
    except BrokenPipeError:
        return CUT_OFF
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    if as_json:
        print_json(report)
    elif not quiet:
        lines = [*_types_of(report["columns"], report["rows"], from_table=command == "from_table"), _written(report)]
        # What is written to standard output is not mixed with words.
        for line in lines:
            if to_stdout:
                say(line)
            else:
                print(line)
    return DONE


def _types_of(columns: "list[TableColumn]", rows: int, *, from_table: bool) -> list[str]:
    """A line for each column: its name, its type, what it is on the other side, and what is to be known."""
    from recordmill._report import printable

    lines = []
    for column in columns:
        table, feature = printable(column["column"]), printable(column["feature"])
        sides = [(table, column["type"]), (feature, column["kind"])]
        (first, kind), (second, other) = sides if from_table else reversed(sides)
        name = "" if first == second else f"{second} "
        notes = []
        if column["present"] < rows:
            notes.append(f"in {column['present']:,} of {rows:,} rows")
        if column["decimal_comma"]:
            notes.append("numbers with a decimal comma, kept as text")
        if column["rounded"]:
            notes.append(f"{column['rounded']:,} rounded to float32")
        lines.append(", ".join([f"{first} {kind} -> {name}{other}", *notes]))
    return lines


def _written(report: Any) -> str:
    from recordmill._report import counted, size

    if "file" not in report:
        return f"{report['path']}: {counted(report['rows'], 'row')}, {report['format']}"
    file = report["file"]
    compression = f", {file['compression']}" if file["compression"] != "none" else ""
    return f"{file['path']}: {counted(file['records'], 'record')}, {size(file['data_bytes'])}{compression}"


@click.command(name="from-table", short_help="Make records of the rows of CSV, JSON lines, Parquet, npz or Arrow.")
@_files
@_out
@flags(_format, _columns, _types)
@click.option("--flatten", is_flag=True, help="Members of structs and objects become columns of their own, a/b.")
@click.option(
    "--delimiter",
    metavar="C",
    help="Between the cells of CSV and TSV: one character, or \\t. If not given a tab in TSV, and in CSV a comma "
    "unless the first rows plainly have ; tab or |.",
)
@click.option("--sequence", is_flag=True, help="SequenceExamples: lists become feature lists, all else the context.")
@click.option(
    "--context",
    metavar="A,B",
    multiple=True,
    callback=names,
    help="With --sequence: lists that are in the context all the same, by their new names.",
)
@click.option(
    "--compression",
    type=click.Choice(["none", "gzip", "zlib"], case_sensitive=False),
    help="Around the file; none if not given.",
)
@flags(level_option, *_writing, _quiet)
def from_table_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write each row of tables (CSV, TSV, JSON lines, Parquet, npz, Arrow) as a tf.train.Example to the file OUT.

    Files, folders, patterns, or standard input (-); text may be within GZIP. The types of text are guessed from all
    rows, and printed. A row without a value has no feature, a list is a feature of several values. What an Example
    cannot carry is refused with its column and row.

    \b
    recordmill from-table houses.csv houses.tfrecord
    recordmill from-table 'part-*.parquet' all.tfrecord.gz --compression gzip --columns id,text=review
    recordmill from-table walks.jsonl walks.tfrecord --sequence
    """
    return _convert(files, out, "from_table", **options)


@click.command(name="to-table", short_help="Make a CSV, JSON lines, Parquet, npz or Arrow file of records.")
@_files
@_out
@flags(_format, _columns, _types)
@click.option(
    "--read-compression",
    type=click.Choice(["none", "gzip", "zlib"], case_sensitive=False),
    help="What is around the records that are read; seen in the first bytes if not given.",
)
@flags(*_writing, _quiet)
def to_table_command(files: tuple[str, ...], out: str, **options: Any) -> int:
    """Write the Examples and SequenceExamples of TFRecord files as rows of a table.

    Files, folders, patterns, or standard input (-), to CSV, TSV, JSON lines, Parquet, npz or Arrow. A feature that has
    one value wherever it is becomes a column of values, others of lists; feature lists become lists, or lists of lists.
    A record without it has null.

    \b
    recordmill to-table train.tfrecord train.parquet
    recordmill to-table 'shards/*' table.csv --columns image/filename=file,image/width,image/height
    recordmill to-table train.tfrecord - --format jsonl | jq .label
    """
    return _convert(files, out, "to_table", **options)
