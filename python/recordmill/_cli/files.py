"""`recordmill inspect`, `verify` and `snippet`: what is in TFRecord files, whether they are sound, how to read them."""

from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import json_option, number, path_type, workers_option
from recordmill._cli.output import DONE, PROBLEMS, failed, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._inspect import Inspection, Verdict


@click.command(name="inspect", short_help="Describe TFRecord files.")
@click.argument("files", metavar="FILE...", type=path_type, nargs=-1, required=True)
@click.option("--max-records", metavar="N", type=number(1), help="Look at the first N records of each file only.")
@click.option("--record", metavar="N", type=number(0), help="Show record N, from 0, with all that it holds.")
@click.option(
    "--where", metavar="CONDITION", multiple=True, help="Show Examples that are so, as in filter. May be repeated."
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["json", "table", "pbtxt"]),
    help="How records are shown; table if not given. pbtxt, protobuf's text format, holds every byte.",
)
@click.option("--limit", metavar="N", type=number(1, bits=32), help="Records of each file to show; 10 if not given.")
@json_option
def inspect_command(
    files: tuple[str, ...],
    max_records: int | None,
    record: int | None,
    where: tuple[str, ...],
    form: Any,
    limit: int | None,
    as_json: bool,
) -> int:
    """Describe TFRecord files: records, sizes, compression, every feature, and a first record.

    \b
    recordmill inspect train.tfrecord
    recordmill inspect --json train-*.tfrecord
    recordmill inspect train.tfrecord --record 7
    recordmill inspect train.tfrecord --where image/filename=x.jpg --as pbtxt
    """
    if record is not None or where:
        if as_json or max_records is not None:
            message = (
                "--json and --max-records describe files; --record and --where show records, with --as and --limit"
            )
            raise click.UsageError(message)
        return _show(files, record, where, form or "table", limit or 10)
    if form or limit:
        message = "--as and --limit are about records that --record or --where choose"
        raise click.UsageError(message)
    from recordmill._inspect import inspect

    code = DONE
    found = []
    for place, file in enumerate(files):
        try:
            inspection = inspect(file, max_records=max_records)
        except (Error, OSError) as error:
            code = max(code, failed(error))
            continue
        found.append(inspection)
        if not as_json:
            print("\n".join([""] * bool(place) + _described(inspection)))
        for finding in inspection["damage"]:
            say(f"{file}: {_place(finding)}{finding['message']}")
            code = max(code, PROBLEMS)
    if as_json:
        print_json(found)
    return code


def _show(files: tuple[str, ...], record: int | None, where: tuple[str, ...], form: Any, limit: int) -> int:
    from recordmill._inspect import show

    code = DONE
    for file in files:
        try:
            # One more tells whether there are more.
            shown = show(file, record=record, where=where, form=form, limit=limit + 1)
        except (Error, OSError, ValueError) as error:
            code = max(code, failed(error))
            continue
        for text in shown[:limit]:
            print(text, end="")
        if not shown:
            say(f"{file}: no such record")
            code = max(code, PROBLEMS)
        elif len(shown) > limit:
            say(f"{file}: there are more such records than --limit {limit}")
    return code


def _place(finding: Any) -> str:
    if finding["record"] is None or finding["offset"] is None:
        return ""
    return f"record {finding['record']} at byte {finding['offset']}: "


def _described(found: "Inspection") -> list[str]:
    from recordmill._report import counted, size, table

    schema, payload = found["schema"], found["payload"]
    whole = "" if found["complete"] else "the first "
    compression = "uncompressed" if found["compression"] == "none" else found["compression"]
    lines = [
        f"{found['path']}: {whole}{counted(found['records'], 'record')}, {size(found['file_bytes'])}, {compression}"
    ]
    if payload is not None:
        low, mean, high = size(payload["min"]), size(payload["mean"]), size(payload["max"])
        lines.append(f"payload: {low} to {high}, mean {mean}")
    kinds = [("tf.train.Example", "examples"), ("tf.train.SequenceExample", "sequence_examples"), ("other", "other")]
    lines.append(", ".join(f"{schema[key]:,} {kind}" for kind, key in kinds if schema[key]))  # type: ignore[literal-required]
    for title, features in (("feature", schema["features"]), ("feature list", schema["feature_lists"])):
        if features:
            rows = [_feature_row(feature, found["records"]) for feature in features]
            lines += ["", *table((title, "kind", "in", "values", "what"), rows)]
    first = found["first"]
    if first is not None:
        lines += ["", f"first record: {first['kind']}, {size(first['bytes'])}"]
        if first["summary"] is not None:
            lines.append(f"  {first['summary']}")
        width = max((len(row["key"]) for row in [*first["features"], *first["feature_lists"]]), default=0)
        lines += [f"  {row['key'].ljust(width)}  {row['summary']}" for row in first["features"]]
        lines += [
            f"  {row['key'].ljust(width)}  {counted(row['len'], 'step')}: {row['summary']}"
            for row in first["feature_lists"]
        ]
    return lines


def _feature_row(feature: Any, records: int) -> tuple[str, str, str, str, str]:
    lengths = feature["lengths"]
    values = "" if lengths is None else _range(lengths["min"], lengths["max"])
    present = "all" if feature["present"] == records else f"{feature['present']:,}"
    return (feature["key"], "/".join(feature["kinds"]), present, values, _what(feature))


def _range(low: Any, high: Any) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _what(feature: Any) -> str:
    from recordmill._report import counted, size

    parts = []
    for values in (feature["int64"], feature["float"]):
        if values is not None and values["min"] is not None:
            low, high = (
                f"{value:.6g}" if isinstance(value, float) else f"{value}" for value in (values["min"], values["max"])
            )
            parts.append(_range(low, high))
        if values is not None:
            parts += [counted(values[odd], odd) for odd in ("nan", "infinite") if values.get(odd)]
    values = feature["bytes"]
    if values is not None:
        sizes = values["sizes"]
        span = _range(size(sizes["min"]), size(sizes["max"]))
        distinct = values.get("distinct")
        if distinct is not None and len(distinct) <= 5:
            parts.append(", ".join(f"{row['value']!r}" for row in distinct))
        else:
            parts.append(f"{feature['looks_like']} of {span}")
    return ", ".join(part for part in parts if part)


@click.command(name="snippet", short_help="Print a program that reads TFRecord files.")
@click.argument("files", metavar="FILE...", type=path_type, nargs=-1, required=True)
@click.option(
    "--for",
    "framework",
    type=click.Choice(["tf", "keras", "torch", "jax"]),
    default="tf",
    show_default=True,
    help="What the program is for; torch and jax need no TensorFlow.",
)
@click.option(
    "--max-records", metavar="N", type=number(1), help="Look at the first N records of each file; 1000 if not given."
)
def snippet_command(files: tuple[str, ...], framework: Any, max_records: int | None) -> int:
    """Print a short complete Python program that reads these files: features, images, boxes and the rest.

    FILE is a file, a folder or a pattern. The program is made from the features that the records have.

    \b
    recordmill snippet train.tfrecord > read.py
    recordmill snippet 'out/train-*.tfrecord' --for torch
    """
    from recordmill._inspect import SNIPPET_RECORDS, snippet

    try:
        print(snippet(files, framework, max_records=max_records or SNIPPET_RECORDS), end="")
    except (Error, OSError, ValueError) as error:
        return failed(error)
    return DONE


@click.command(name="verify", short_help="Check that TFRecord files are sound.")
@click.argument("files", metavar="FILE...", type=path_type, nargs=-1, required=True)
@click.option("--label-map", metavar="FILE", type=path_type, help="Labels and texts must agree with this label map.")
@click.option("--any-payload", is_flag=True, help="Records need not be tf.train.Examples.")
@workers_option("Files at a time")
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Only what is wrong.")
def verify_command(
    files: tuple[str, ...], label_map: str | None, any_payload: bool, workers: int, as_json: bool, quiet: bool
) -> int:
    """Check every checksum, that every record is an Example, and what object detection readers want of it.

    Every fault is named with record and byte; exit code 1 if a file has one. What a reader may stumble over in a sound
    file (a box outside the image, lists of different lengths) is a warning, and does not change the exit code.

    \b
    recordmill verify train.tfrecord valid.tfrecord
    recordmill verify out/*.tfrecord --label-map out/label_map.pbtxt
    """
    from recordmill._inspect import MAX_RECORD_SIZE, verify_each

    try:
        found = verify_each(
            files,
            label_map=label_map,
            compression=None,
            examples=not any_payload,
            rules=not any_payload,
            sha256=True,
            max_record_size=MAX_RECORD_SIZE,
            workers=workers,
        )
    except (Error, OSError, ValueError) as error:
        return failed(error)
    code = DONE
    rows: list[Any] = []
    for file, verdict in zip(files, found, strict=True):
        if isinstance(verdict, Exception):
            code = max(code, failed(verdict))
            rows.append({"path": file, "ok": False, "error": str(verdict)})
            continue
        rows.append(verdict)
        for finding in verdict["findings"]:
            if finding["severity"] == "error" or not quiet:
                say(f"{file}: {_place(finding)}{finding['message']}")
        if not verdict["ok"]:
            code = max(code, PROBLEMS)
        if not as_json and not (quiet and verdict["ok"]):
            print(_verdict(verdict))
    if as_json:
        print_json(rows)
    return code


def _verdict(verdict: "Verdict") -> str:
    from recordmill._report import counted, size

    counts = []
    if verdict["errors"]:
        counts.append(counted(verdict["errors"], "error"))
    if verdict["warnings"]:
        counts.append(counted(verdict["warnings"], "warning"))
    word = "ok" if verdict["ok"] else "damaged"
    rest = "".join(f", {count}" for count in counts)
    return f"{verdict['path']}: {word}, {counted(verdict['records'], 'record')}, {size(verdict['data_bytes'])}{rest}"
