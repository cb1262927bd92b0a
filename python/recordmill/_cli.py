"""The command line. Results go to stdout, progress and messages to stderr.

Exit codes: 0 done; 1 problems found, or something left out on request; 2 wrong usage, or refused; 130 interrupted.
"""

import contextlib
import json
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from recordmill._native import Error, __version__

if TYPE_CHECKING:
    from recordmill._inspect import Inspection, Verdict
    from recordmill._report import Problem, Report

DONE, PROBLEMS, REFUSED = 0, 1, 2

# Problems that are not errors, listed after a conversion; the report has all.
_LISTED = 20


class _Group(click.Group):
    """Commands in the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="recordmill")
def cli() -> None:
    """Annotated image datasets to TFRecord, and a look into TFRecord files of any kind.

    \b
    recordmill convert pets/ out/                        any known format to TFRecord
    recordmill convert pets/ out/ --split 70/20/10       with splits of its own
    recordmill check pets/                               what is in a dataset, and what is wrong with it
    recordmill inspect out/train.tfrecord                what is in a file
    recordmill verify out/*.tfrecord                     whether files are sound

    Exit codes: 0 done; 1 problems found, or images left out on request; 2 wrong usage, or refused; 130 interrupted.
    """


def _say(message: object) -> None:
    # Where nobody can be told (a full disk under the log), the exit code still says it.
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _failed(error: Exception) -> int:
    """Says an error. What the system refuses is a problem; what the caller got wrong, or the source is, is refused."""
    if isinstance(error, OSError) and error.filename is not None:
        what = [*getattr(error, "__notes__", []), _dashed(error.strerror or str(error))]
        _say(f"recordmill: {_text(error.filename)}: {': '.join(what)}")
        wrong = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)
        return REFUSED if isinstance(error, wrong) else PROBLEMS
    _say(f"recordmill: {_dashed(str(error))}")
    return PROBLEMS if isinstance(error, OSError) else REFUSED


def _dashed(message: str) -> str:
    """The message with the options as the command line calls them."""
    from recordmill._convert import LOAD_DEFAULTS, WRITE_DEFAULTS

    names = {"source_format": "from", "target_format": "to"}
    for name in sorted(LOAD_DEFAULTS.keys() | WRITE_DEFAULTS.keys(), key=len, reverse=True):
        if "_" in name:
            flag = names.get(name, name.replace("_", "-"))
            message = re.sub(rf"(?<![\w-]){name}(?!\w)", f"--{flag}", message)
    return message


def _text(path: str | bytes) -> str:
    return path.decode(errors="replace") if isinstance(path, bytes) else path.encode(errors="replace").decode()


def _flags(*flags: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for flag in reversed(flags):
            command = flag(command)
        return command

    return add


def _pairs(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    for text in given:
        old, equals, new = text.partition("=")
        if not equals:
            message = f"{text!r} is not OLD=NEW"
            raise click.BadParameter(message)
        if old in pairs:
            message = f"class {old!r} gets two names"
            raise click.BadParameter(message)
        pairs[old] = new
    return pairs or None


def _names(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    names = [name.strip() for text in given for name in text.split(",")]
    return names or None


_path = click.Path(path_type=str)
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_from = click.option(
    "--from", "source_format", metavar="FORMAT", help="Format of the source; found by content if not given."
)
_workers = click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Threads; 0, the default: one per processor.",
)
# Where images are looked for and how sources are read.
_reading = (
    click.option(
        "--images",
        metavar="DIR",
        type=_path,
        multiple=True,
        help="A folder or archive where images lie, besides the source's own. May be repeated.",
    ),
    click.option("--allow-outside", is_flag=True, help="Links may lead out of these folders."),
    click.option(
        "--voc-one-based/--no-voc-one-based",
        default=None,
        help="VOC coordinates count from 1, the maximum included; without either, where the file says that it is of "
        "the VOC challenge itself.",
    ),
    click.option(
        "--class-attribute",
        metavar="NAME",
        help="The attribute of objects that names their class, where the label does not (CVAT), or where several could "
        "(VIA).",
    ),
)


@cli.command(short_help="Convert a dataset to TFRecord, or to another format.")
@click.argument("source", type=_path)
@click.argument("output", metavar="OUT", type=_path)
@_flags(
    _from,
    click.option(
        "--to",
        "target_format",
        metavar="FORMAT",
        default="tfrecord",
        show_default=True,
        help="Target: tfrecord, or any format that is written (recordmill formats).",
    ),
    click.option(
        "--images-mode",
        type=click.Choice(["copy", "link", "none"]),
        default="copy",
        show_default=True,
        help="Image files beside another format: copied, hard-linked, or left where they are.",
    ),
    click.option("--no-images", "images_mode", flag_value="none", help="The same as --images-mode none."),
    click.option("--no-loss", is_flag=True, help="Write nothing if the target cannot hold all that the source has."),
    *_reading,
    click.option(
        "--download",
        is_flag=True,
        help="Fetch images that are not there and have an http(s) URL. Nothing is fetched without it.",
    ),
    click.option(
        "--cache",
        metavar="DIR",
        type=_path,
        help="The folder that they are kept in; recordmill/images in the user's cache if not given.",
    ),
    click.option(
        "--split",
        metavar="PARTS",
        help="70/20/10 (train, valid, test) or train=0.8,valid=0.2: by a hash of seed and key, so that new images move "
        "no other (but where two folders of images have files of the same name). Without it the source's own.",
    ),
    click.option("--exact-split", is_flag=True, help="Exact counts in place of hash against ratio."),
    click.option("--shards", metavar="N", type=click.IntRange(min=1), help="Files per split."),
    click.option("--shard-size", metavar="SIZE", help="Bytes per file at most, before compression: 200MB, 1GiB."),
    click.option(
        "--compression",
        type=click.Choice(["none", "gzip", "zlib"], case_sensitive=False),
        default="none",
        show_default=True,
        help="Around each file. Of images it saves next to nothing.",
    ),
    click.option("--level", metavar="0-9", type=click.IntRange(0, 9), help="Of the compression; 6 if not given."),
    click.option(
        "--label-map",
        metavar="FILE",
        type=_path,
        help="Classes and their ids (pbtxt, a name per line, JSON, or YAML as data.yaml); a class that it does not "
        "have is an error.",
    ),
    click.option(
        "--schema",
        type=click.Choice(["tfod", "basic"]),
        default="tfod",
        show_default=True,
        help="The keys of the TensorFlow Object Detection API, or the twelve of generate_tfrecord.py.",
    ),
    click.option(
        "--layout",
        type=click.Choice(["flat", "roboflow"]),
        default="flat",
        show_default=True,
        help="Names and folders of the output.",
    ),
    click.option("--group", metavar="NAME", help="Name of the files in layout roboflow; objects if not given."),
    click.option(
        "--source-id",
        type=click.Choice(["auto", "index", "id", "filename"]),
        default="auto",
        show_default=True,
        help="What image/source_id is; auto: the source's id where each image has its own, else its place.",
    ),
    click.option(
        "--no-sha256",
        "sha256",
        flag_value=False,
        default=True,
        help="Leave the images' digests (image/key/sha256) out.",
    ),
    click.option(
        "--no-file-sha256",
        "file_sha256",
        flag_value=False,
        default=True,
        help="Leave the files' digests out of the manifest (faster; it has their CRC-32C all the same).",
    ),
    click.option("--drop-empty", is_flag=True, help="Leave out images without objects."),
    click.option(
        "--rename",
        metavar="OLD=NEW",
        multiple=True,
        callback=_pairs,
        help="Give a class another name; two that get the same are one from there on. May be repeated.",
    ),
    click.option(
        "--keep-classes",
        metavar="A,B",
        multiple=True,
        callback=_names,
        help="Objects of these classes alone, by their new names. May be repeated.",
    ),
    click.option(
        "--drop-classes",
        metavar="A,B",
        multiple=True,
        callback=_names,
        help="No objects of these classes. May be repeated.",
    ),
    click.option(
        "--min-box-size",
        metavar="PIXELS",
        type=click.FloatRange(min=0),
        help="Leave out boxes of which a side is less.",
    ),
    click.option(
        "--sample",
        metavar="N",
        type=click.IntRange(min=1),
        help="N images, drawn by --seed in proportion to splits and classes.",
    ),
    click.option(
        "--on-error",
        type=click.Choice(["stop", "skip"]),
        default="stop",
        show_default=True,
        help="stop: list all that cannot be used, write nothing. skip: leave it out, list it, exit with 1.",
    ),
    click.option("--strict", is_flag=True, help="Take any correction of a box for an error."),
    click.option(
        "--skip-rule",
        type=click.Choice(["none", "tf"]),
        default="none",
        show_default=True,
        help="tf: leave out the boxes that TensorFlow's own scripts leave out.",
    ),
    click.option("--allow-empty", is_flag=True, help="Accept a result without images or without boxes."),
    click.option("--shuffle", is_flag=True, help="Order the records by a hash of seed and key."),
    click.option(
        "--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help="For the hashes."
    ),
    click.option("--dry-run", is_flag=True, help="Only report: counts, problems, sizes."),
    click.option("--overwrite", is_flag=True, help="Replace files that are there."),
    _workers,
    click.option(
        "--no-fsync", "fsync", flag_value=False, default=True, help="Do not wait until the files are on disk."
    ),
)
@_json
@click.option("--quiet", "-q", is_flag=True, help="No progress, no messages but errors, no report.")
def convert(source: str, output: str, as_json: bool, quiet: bool, **options: Any) -> int:
    """Convert the dataset in SOURCE to TFRecord, or to another format, in the folder OUT.

    SOURCE is a folder, an annotation file, or a zip or tar, which is read where it is.

    All annotations and image headers are read first. If anything cannot be used, all of that is listed with file and
    line, and nothing is written; --on-error skip goes on without it. Files get their names when all of them are whole.

    \b
    recordmill convert pets/ out/
    recordmill convert labels.csv out/ --images photos/ --schema basic
    recordmill convert pets/ out/ --split 80/10/10 --seed 7 --shards 8
    recordmill convert pets/ out/ --dry-run --json
    recordmill convert pets/ pets-coco/ --to coco
    """
    from recordmill._convert import convert as run
    from recordmill._native import ConvertError

    try:
        report = run(source, output, progress=not quiet, **options)
    except ConvertError as refused:
        _refused(refused, as_json=as_json)
        return REFUSED
    except (Error, OSError, ValueError) as error:
        code = _failed(error)
        if as_json:
            _print_json({"error": str(error)})
        # Where a source cannot be opened, no problem of its contents was found: as with `check`.
        unusable = isinstance(error, OSError) and error.filename in (source, *options["images"])
        return REFUSED if unusable else code
    if as_json:
        _print_json(report.to_dict())
    elif not quiet:
        print(report)
    _tell_problems(report, quiet=quiet)
    return PROBLEMS if report.errors else DONE


# What a user can do about problems of a kind.
_HINTS = {
    "missing-image": "--images DIR names a folder where images lie; --download fetches those that have a URL; "
    "--on-error skip goes on without the missing ones",
    "outside-root": "--allow-outside follows links and names that lead out of the dataset's folders",
}


def _refused(error: Exception, *, as_json: bool) -> None:
    """All problems that stand in the way, then one line."""
    report: Report | None = getattr(error, "report", None)
    if report is None:
        _say(f"recordmill: {error}")
        return
    for problem in report.problems:
        if problem.severity != "note":
            _say(problem)
    hints = [f" ({hint})" for kind, hint in _HINTS.items() if report.problem_counts.get(kind)]
    _say(f"recordmill: {str(error).splitlines()[-1]}{''.join(hints)}")
    if as_json:
        _print_json(report.to_dict())


def _tell_problems(report: "Report", *, quiet: bool) -> None:
    for problem in report.errors:
        _say(problem)
    others: list[Problem] = [problem for problem in report.problems if problem.severity != "error"]
    if quiet:
        return
    for problem in others[:_LISTED]:
        _say(problem)
    if len(others) > _LISTED:
        _say(f"... and {len(others) - _LISTED:,} more; --json lists them")


@cli.command(name="check", short_help="Say what is in a dataset, and what is wrong with it.")
@click.argument("source", type=_path)
@_flags(_from, *_reading, _workers)
@click.option("--all", "every_problem", is_flag=True, help="Print every problem, not 20 of a kind.")
@_json
@click.option("--quiet", "-q", is_flag=True, help="No progress, and only what is more than a note.")
def check_command(source: str, every_problem: bool, as_json: bool, quiet: bool, **options: Any) -> int:
    """Read the dataset in SOURCE, a folder, an annotation file, a zip or a tar, with all its images, and write nothing.

    Prints the format, splits, classes, sizes of images and boxes, and every problem with its place: what a conversion
    would refuse, leave out or put right, images that are the same to the byte, also in two splits, images without
    annotation and annotations without image, names of classes that differ in letter case or blanks only.

    Exit code 1 if there is more than notes, 2 if SOURCE cannot be loaded.

    \b
    recordmill check pets/
    recordmill check instances.json --images photos/ --json
    """
    from recordmill._check import check

    try:
        health = check(source, progress=not quiet, **options)
    except (Error, OSError, ValueError) as error:
        _failed(error)
        if as_json:
            _print_json({"error": str(error)})
        return REFUSED
    if as_json:
        _print_json(health.to_dict())
    elif quiet:
        for problem in health.faults:
            print(problem)
    else:
        print(health.described(every_problem=every_problem))
    return PROBLEMS if health.faults else DONE


@cli.command(name="formats", short_help="List the annotation formats.")
@click.argument("name", required=False)
@_json
@click.option("--markdown", is_flag=True, help="Print the table as Markdown.")
def formats_command(name: str | None, as_json: bool, markdown: bool) -> int:
    """List the annotation formats, or describe the one called NAME.

    \b
    recordmill formats
    recordmill formats voc
    """
    from recordmill._formats import formats
    from recordmill._report import table

    every = formats()
    if name is not None:
        wanted = name.strip().lower()
        every = [form for form in every if wanted in (form.name.lower(), *(alias.lower() for alias in form.aliases))]
        if not every:
            names = ", ".join(form.name for form in formats())
            message = f"no format is called {name!r}; there are {names}"
            raise click.UsageError(message)
    if as_json:
        _print_json([form._asdict() for form in every])
    elif markdown:
        print("| format | name | written | what it carries | specification |\n|---|---|---|---|---|")
        for form in every:
            names = ", ".join(f"`{word}`" for word in (form.name, *form.aliases))
            link = (
                f"[specification]({form.specification})"
                if form.specification.startswith("http")
                else form.specification
            )
            carries = ", ".join(word if word not in form.not_written else f"({word})" for word in form.carries)
            print(f"| {form.title} | {names} | {'yes' if form.writes else 'no'} | {carries} | {link} |")
    elif name is not None:
        (form,) = every
        print(f"{form.name}: {form.title}")
        if form.aliases:
            print(f"also called: {', '.join(form.aliases)}")
        print(f"carries: {', '.join(form.carries)}")
        if not form.writes:
            print("written: no")
        elif form.not_written:
            print(f"written: yes, but for {', '.join(form.not_written)}")
        else:
            print("written: yes")
        print(f"recognised by: {form.looks_for}")
        print(f"specification: {form.specification}")
        print(f"\n{form.layout.strip(chr(10))}")
    else:
        rows = [(form.name, form.title, "yes" if form.writes else "no", ", ".join(form.carries)) for form in every]
        print("\n".join(table(("name", "format", "written", "carries"), rows)))
    return DONE


@cli.command(name="inspect", short_help="Describe TFRecord files.")
@click.argument("files", metavar="FILE...", type=_path, nargs=-1, required=True)
@click.option(
    "--max-records", metavar="N", type=click.IntRange(min=1), help="Look at the first N records of each file only."
)
@_json
def inspect_command(files: tuple[str, ...], max_records: int | None, as_json: bool) -> int:
    """Describe TFRecord files: records, sizes, compression, every feature, and a first record.

    \b
    recordmill inspect train.tfrecord
    recordmill inspect --json train-*.tfrecord
    """
    from recordmill._inspect import inspect

    code = DONE
    found = []
    for place, file in enumerate(files):
        try:
            inspection = inspect(file, max_records=max_records)
        except (Error, OSError) as error:
            code = max(code, _failed(error))
            continue
        found.append(inspection)
        if not as_json:
            print("\n".join([""] * bool(place) + _described(inspection)))
        for finding in inspection["damage"]:
            _say(f"{file}: {_place(finding)}{finding['message']}")
            code = max(code, PROBLEMS)
    if as_json:
        _print_json(found)
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


@cli.command(name="verify", short_help="Check that TFRecord files are sound.")
@click.argument("files", metavar="FILE...", type=_path, nargs=-1, required=True)
@click.option("--label-map", metavar="FILE", type=_path, help="Labels and texts must agree with this label map.")
@click.option("--any-payload", is_flag=True, help="Records need not be tf.train.Examples.")
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Files at a time; 0, the default: one per processor.",
)
@_json
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
        return _failed(error)
    code = DONE
    rows: list[Any] = []
    for file, verdict in zip(files, found, strict=True):
        if isinstance(verdict, Exception):
            code = max(code, _failed(verdict))
            rows.append({"path": file, "ok": False, "error": str(verdict)})
            continue
        rows.append(verdict)
        for finding in verdict["findings"]:
            if finding["severity"] == "error" or not quiet:
                _say(f"{file}: {_place(finding)}{finding['message']}")
        if not verdict["ok"]:
            code = max(code, PROBLEMS)
        if not as_json and not (quiet and verdict["ok"]):
            print(_verdict(verdict))
    if as_json:
        _print_json(rows)
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
