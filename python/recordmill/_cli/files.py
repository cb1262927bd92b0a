"""`recordmill verify` and `snippet`: whether TFRecord files are sound, and how to read them."""

from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import (
    files_argument,
    flags,
    from_option,
    json_option,
    number,
    path_type,
    reading_options,
    workers_option,
)
from recordmill._cli.output import DONE, PROBLEMS, failed, place, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._inspect import Comparison, Verdict


@click.command(name="snippet", short_help="Print a program that reads TFRecord files.")
@files_argument
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
@files_argument
@click.option("--label-map", metavar="FILE", type=path_type, help="Labels and texts must agree with this label map.")
@click.option("--any-payload", is_flag=True, help="Records need not be tf.train.Examples.")
@click.option(
    "--no-sha256",
    "sha256",
    flag_value=False,
    default=True,
    help="Do not compare image/key/sha256 with the images, which takes most of the time.",
)
@click.option(
    "--against",
    metavar="SRC",
    type=path_type,
    help="Compare with the dataset that they were made from: every image and object is there, and nothing else.",
)
@flags(from_option, *reading_options, workers_option("Threads"))
@json_option
@click.option("--quiet", "-q", is_flag=True, help="Only what is wrong.")
def verify_command(
    files: tuple[str, ...],
    label_map: str | None,
    any_payload: bool,
    sha256: bool,
    against: str | None,
    workers: int,
    as_json: bool,
    quiet: bool,
    **reading: Any,
) -> int:
    """Check every checksum, that every record is an Example, and what object detection readers want of it.

    FILE is a file, a folder or a pattern.

    Every fault is named with record and byte; exit code 1 if a file has one. What a reader may stumble over in a sound
    file (a box outside the image, lists of different lengths) is a warning, and does not change the exit code.

    \b
    recordmill verify train.tfrecord valid.tfrecord
    recordmill verify out/*.tfrecord --label-map out/label_map.pbtxt
    recordmill verify out/ --against pets/
    """
    from recordmill._inspect import MAX_RECORD_SIZE, compare, record_files, verify_each

    if against is None and any(value not in (None, False, ()) for value in reading.values()):
        message = "--from, --images and how else a source is read is for --against"
        raise click.UsageError(message)
    listed = record_files(files)
    try:
        verdicts = verify_each(
            [name for name in listed if isinstance(name, str)],
            label_map=label_map,
            compression=None,
            examples=not any_payload,
            rules=not any_payload,
            sha256=sha256,
            max_record_size=MAX_RECORD_SIZE,
            workers=workers,
        )
    except (Error, OSError, ValueError) as error:
        return failed(error)
    code = DONE
    rows: list[Any] = []
    each = iter(verdicts)
    for name in listed:
        verdict = next(each) if isinstance(name, str) else name
        if isinstance(verdict, Exception):
            code = max(code, failed(verdict))
            path = name if isinstance(name, str) else getattr(name, "filename", None)
            rows.append({"path": path, "ok": False, "error": str(verdict)})
            continue
        rows.append(verdict)
        for finding in verdict["findings"]:
            if finding["severity"] == "error" or not quiet:
                say(f"{name}: {place(finding, verdict['compression'])}{finding['message']}")
        if not verdict["ok"]:
            code = max(code, PROBLEMS)
        if not as_json and not (quiet and verdict["ok"]):
            print(_verdict(verdict))
    if against is None:
        if as_json:
            print_json(rows)
        return code
    try:
        comparison = compare(files, against, workers=workers, **reading)
    except (Error, OSError, ValueError) as error:
        return max(code, failed(error, as_json=as_json))
    for row in comparison["differences"]:
        where = " = ".join(place for place in (row["record"], row["source"]) if place is not None)
        say(f"{where or against}: {row['message']}")
    if as_json:
        print_json({"files": rows, "against": comparison})
    elif not (quiet and comparison["ok"]):
        print(_comparison(comparison, against))
    return code if comparison["ok"] else max(code, PROBLEMS)


def _comparison(found: "Comparison", source: str) -> str:
    kinds = [f"{count:,} {kind}" for kind, count in found["counts"].items()]
    parts = [
        f"{found['images_equal']:,} of {found['images']:,} images equal",
        f"{found['objects_equal']:,} of {found['objects']:,} objects",
    ]
    if found["images_reencoded"]:
        parts.append(f"{found['images_reencoded']:,} images encoded anew")
    left_out = found["left_out"]
    if left_out["images"] or left_out["objects"]:
        parts.append(f"left out by the options: {left_out['images']:,} images, {left_out['objects']:,} objects")
    word = "nothing is lost" if found["ok"] else ", ".join(kinds)
    return f"against {source} ({found['format']}): {word}; {', '.join(parts)}"


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
