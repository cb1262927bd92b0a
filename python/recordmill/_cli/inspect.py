"""`recordmill inspect`: what is in TFRecord files."""

from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import (
    files_argument,
    fsync_option,
    json_option,
    number,
    overwrite_option,
    path_type,
    workers_option,
)
from recordmill._cli.output import DONE, PROBLEMS, failed, place, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._inspect import Agreement, FileInspection, Inspection

# Different values that are listed in a line.
FEW = 5


@click.command(name="inspect", short_help="Describe TFRecord files.")
@files_argument
@click.option("--max-records", metavar="N", type=number(1), help="Look at the first N records of each file only.")
@click.option(
    "--sample",
    metavar="N",
    type=number(1),
    help="Look at N records of each file, spread over all of it; of an uncompressed file the others are not read.",
)
@click.option("--seed", metavar="N", type=number(0), help="For --sample: which records; 0 if not given.")
@click.option(
    "--label-map",
    metavar="FILE",
    type=path_type,
    help="Compare labels and texts with this label map; with the one beside each file if not given.",
)
@workers_option("Files at a time")
@click.option(
    "--record", metavar="N", type=number(0), help="Show record N of each file, from 0, with all that it holds."
)
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help="Show, or extract from, Examples that are so, as in filter. May be repeated.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["json", "table", "pbtxt"]),
    help="How records are shown; table if not given. pbtxt, protobuf's text format, holds every byte.",
)
@click.option("--limit", metavar="N", type=number(1, bits=32), help="Records of each file to show; 10 if not given.")
@click.option(
    "--extract",
    metavar="FEATURE DIR",
    type=(str, path_type),
    help="Write each value of a feature of bytes, such as image/encoded, into a file of its own in DIR.",
)
@overwrite_option
@fsync_option
@click.option("--feature-spec", is_flag=True, help="Print the tf.io features that parse these records, as Python code.")
@click.option(
    "--lists",
    type=click.Choice(["ragged", "varlen"]),
    help="What --feature-spec makes of lists of any length; ragged if not given.",
)
@json_option
def inspect_command(**given: Any) -> int:
    """Describe TFRecord files: records, sizes, compression, every feature, a first record, and which tool wrote them.

    FILE is a file, a folder or a pattern. Of several files also: what they are together, in what one differs from the
    others, and which are missing of a set (-00003-of-00010); for that, for damage, and for labels that do not fit the
    label map, the exit code is 1.

    \b
    recordmill inspect train.tfrecord
    recordmill inspect --json 'out/train-*.tfrecord'
    recordmill inspect large.tfrecord --sample 1000
    recordmill inspect train.tfrecord --record 7
    recordmill inspect train.tfrecord --where image/filename=x.jpg --as pbtxt
    recordmill inspect train.tfrecord --extract image/encoded images/
    recordmill inspect train.tfrecord --feature-spec
    """
    as_json, files = given["as_json"], given["files"]
    chosen = [
        name
        for name, is_chosen in (
            ("--record and --where", (given["record"] is not None or given["where"]) and not given["extract"]),
            ("--extract", given["extract"]),
            ("--feature-spec", given["feature_spec"]),
        )
        if is_chosen
    ]
    if len(chosen) > 1:
        message = f"{' and '.join(chosen)} exclude each other"
        raise click.UsageError(message)
    if given["extract"] and given["record"] is not None:
        message = "--extract takes --where, and not --record"
        raise click.UsageError(message)
    work = chosen[0] if chosen else "a description"
    for option, value, works in (
        ("--as", given["form"], ["--record and --where"]),
        ("--limit", given["limit"], ["--record and --where"]),
        ("--overwrite", given["overwrite"], ["--extract"]),
        ("--no-fsync", not given["fsync"], ["--extract"]),
        ("--lists", given["lists"], ["--feature-spec"]),
        ("--label-map", given["label_map"] is not None, ["a description"]),
        ("--workers", given["workers"], ["a description"]),
        ("--sample", given["sample"], ["a description"]),
        ("--json", as_json, ["a description", "--extract", "--feature-spec"]),
        ("--max-records", given["max_records"], ["a description", "--extract", "--feature-spec"]),
    ):
        if value and work not in works:
            message = f"{option} is for {' and '.join(works)}, not for {work}"
            raise click.UsageError(message)
    if given["sample"] and given["max_records"]:
        message = "--sample and --max-records exclude each other"
        raise click.UsageError(message)
    if given["seed"] is not None and not given["sample"]:
        message = "--seed is for --sample"
        raise click.UsageError(message)
    if work == "--record and --where":
        return _show(files, given["record"], given["where"], given["form"] or "table", given["limit"] or 10)
    if work == "--extract":
        return _extract(given)
    if work == "--feature-spec":
        return _feature_spec(files, given["lists"] or "ragged", given["max_records"], as_json)
    return _describe(given)


def _describe(given: dict[str, Any]) -> int:
    from recordmill._inspect import MAX_RECORD_SIZE, inspect_each

    try:
        found, errors = inspect_each(
            given["files"],
            label_map=given["label_map"],
            compression=None,
            max_records=given["max_records"],
            sample=given["sample"],
            seed=given["seed"] or 0,
            max_record_size=MAX_RECORD_SIZE,
            workers=given["workers"],
        )
    except (Error, OSError, ValueError) as error:
        # Of the label map; what is wrong with a file does not keep others from being described.
        return failed(error)
    if given["as_json"]:
        print_json(found)
    elif found["files"]:
        print("\n".join(_described(found)))
    code = max((failed(error) for error in errors), default=DONE)
    messages = [f"{file}: this shard is not there" for file in found["missing"]]
    for file in found["files"]:
        messages += [
            f"{file['path']}: {place(finding, file['compression'])}{finding['message']}" for finding in file["damage"]
        ]
        if file["damage_left_out"]:
            messages.append(f"{file['path']}: {file['damage_left_out']:,} damages more")
        if file["labels"] is not None and file["labels"]["classes"] is not None:
            messages += [f"{file['path']}: {message}" for message in _disagreements(file["labels"])]
    for message in messages:
        say(message)
    return max(code, PROBLEMS) if messages else code


def _disagreements(labels: "Agreement") -> list[str]:
    lines = [f"{problem['message']}, {problem['count']:,} times" for problem in labels["problems"]]
    if labels["problems_left_out"]:
        lines.append(f"{labels['problems_left_out']:,} such problems more")
    return lines


def _extract(given: dict[str, Any]) -> int:
    from recordmill._inspect import extract
    from recordmill._report import counted, size

    feature, out = given["extract"]
    try:
        made = extract(
            given["files"],
            feature,
            out,
            where=given["where"],
            max_records=given["max_records"],
            overwrite=given["overwrite"],
            fsync=given["fsync"],
        )
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=given["as_json"])
    if given["as_json"]:
        print_json(made)
    else:
        parts = [counted(made["files"], "file"), size(made["bytes"]), f"of {counted(made['records'], 'record')}"]
        if made["without"]:
            parts.append(f"{counted(made['without'], 'record')} without {feature}")
        if made["renamed"]:
            parts.append(f"{made['renamed']:,} not called as in the record")
        print(f"{made['folder']}: {', '.join(parts)}")
    for message in made["damage"]:
        say(message)
    return PROBLEMS if made["damage"] else DONE


def _feature_spec(files: tuple[str, ...], lists: Any, max_records: int | None, as_json: bool) -> int:
    from recordmill._inspect import feature_spec

    try:
        code = feature_spec(files, lists=lists, max_records=max_records)
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    if as_json:
        print_json({"feature_spec": code})
    else:
        print(code, end="")
    return DONE


def _show(files: tuple[str, ...], record: int | None, where: tuple[str, ...], form: Any, limit: int) -> int:
    from recordmill._inspect import record_files, show_sound

    code, found = DONE, False
    for file in record_files(files):
        if isinstance(file, Exception):
            code = max(code, failed(file))
            continue
        try:
            # One more tells whether there are more.
            shown, damage = show_sound(file, record, where, form, limit + 1)
        except (Error, OSError, ValueError) as error:
            code = max(code, failed(error))
            continue
        for text in shown[:limit]:
            print(text, end="")
        found = found or bool(shown)
        for message in damage:
            say(f"{file}: {message}")
            code = max(code, PROBLEMS)
        # Of many files the one that is looked for is in one of them.
        if not shown and record is not None:
            say(f"{file}: no record {record}")
            code = max(code, PROBLEMS)
        elif len(shown) > limit:
            say(f"{file}: there are more such records than --limit {limit}")
    if not found and record is None:
        say(f"{', '.join(files)}: no such record")
        code = max(code, PROBLEMS)
    return code


def _head(found: "FileInspection") -> tuple[str, str, str]:
    from recordmill._report import counted, size

    whole = "" if found["complete"] or found["sample"] is not None else "the first "
    compression = {"none": "uncompressed", "mixed": "compressed in several ways"}.get(
        found["compression"], found["compression"]
    )
    return f"{whole}{counted(found['records'], 'record')}", size(found["file_bytes"]), compression


def _described(found: "Inspection") -> list[str]:
    from recordmill._report import counted, printable, size, table

    schema, payload = found["schema"], found["payload"]
    files = found["files"]
    if len(files) == 1:
        lines = [f"{printable(files[0]['path'])}: {', '.join(_head(files[0]))}"]
    else:
        heads = [(file["path"], *_head(file)) for file in files]
        lines = [*table(("file", "records", "size", ""), heads, right=(1, 2)), ""]
        if found["differences"]:
            lines += [f"{row['path']}: {row['message']}" for row in found["differences"]]
            if found["differences_left_out"]:
                lines.append(f"{found['differences_left_out']:,} differences more")
            lines.append("")
        lines.append(f"{counted(len(files), 'file')}: {', '.join(_head(found))}")
    if found["written_by"] is not None:
        lines.append(f"probably written by {found['written_by']['tool']}: {'; '.join(found['written_by']['why'])}")
    lines += _labels(found["labels"])
    if payload is not None:
        low, mean, high = size(payload["min"]), size(payload["mean"]), size(payload["max"])
        lines.append(f"payload: {low} to {high}, mean {mean}")
    looked_at = found["records"]
    if found["sample"] is not None:
        looked_at = found["sample"]
        of = f"{counted(looked_at, 'record')} of {found['records']:,}"
        lines.append(f"what follows is of a sample: {of}")
    kinds = [("tf.train.Example", "examples"), ("tf.train.SequenceExample", "sequence_examples"), ("other", "other")]
    lines.append(", ".join(f"{schema[key]:,} {kind}" for kind, key in kinds if schema[key]))  # type: ignore[literal-required]
    for title, features in (("feature", schema["features"]), ("feature list", schema["feature_lists"])):
        if features:
            rows = [_feature_row(feature, looked_at) for feature in features]
            lines += ["", *table((title, "kind", "in", "values", "what"), rows)]
    first = found["first"]
    if first is not None:
        which = "first record" if found["complete"] or found["sample"] is None else "first record of the sample"
        lines += ["", f"{which}: {first['kind']}, {size(first['bytes'])}"]
        if first["summary"] is not None:
            lines.append(f"  {first['summary']}")
        width = max((len(printable(row["key"])) for row in [*first["features"], *first["feature_lists"]]), default=0)
        lines += [f"  {printable(row['key']).ljust(width)}  {row['summary']}" for row in first["features"]]
        lines += [
            f"  {printable(row['key']).ljust(width)}  {counted(row['len'], 'step')}: {row['summary']}"
            for row in first["feature_lists"]
        ]
    return lines


def _labels(labels: "Agreement | None") -> list[str]:
    if labels is None:
        return []
    if labels["classes"] is None:
        return _disagreements(labels)
    path = labels["path"] or "the label map"
    fit = "do not agree with it" if labels["problems"] else "agree with it"
    return [f"label map: {path}, {labels['used']:,} of its {labels['classes']:,} classes are there; the records {fit}"]


def _feature_row(feature: Any, records: int) -> tuple[str, str, str, str, str]:
    lengths = feature["lengths"]
    values = "" if lengths is None else _range(lengths["min"], lengths["max"])
    if lengths is not None and lengths["min"] != lengths["max"]:
        values += f", mean {lengths['mean']:.3g}"
    present = "all" if feature["present"] == records else f"{feature['present']:,}"
    return (feature["key"], "/".join(feature["kinds"]), present, values, _what(feature))


def _images(values: Any, count: int) -> str:
    """Kinds and sizes of the images among `count` values."""
    kinds = [f"{number:,} {kind}" for kind, number in values["images"].items()]
    others = count - sum(values["images"].values())
    if others > 0:
        kinds.append(f"{others:,} no image")
    sizes = " x ".join(_range(side["min"], side["max"]) for side in (values["width"], values["height"]) if side)
    return f"{', '.join(kinds)}, {sizes}" if sizes else ", ".join(kinds)


def _range(low: Any, high: Any) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


def _what(feature: Any) -> str:
    from recordmill._report import counted, size

    parts = []
    for values in (feature["int64"], feature["float"]):
        distinct = None if values is None else values.get("distinct")
        if distinct is not None and len(distinct) <= FEW:
            parts.append(", ".join(f"{row['value']}" for row in distinct))
        elif values is not None and values["min"] is not None:
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
        if values["images"]:
            parts.append(_images(values, round(feature["lengths"]["mean"] * feature["present"])))
            parts.append(span)
        elif distinct is not None and len(distinct) <= FEW:
            parts.append(", ".join(f"{row['value']!r}" for row in distinct))
        else:
            parts.append(f"{feature['looks_like']} of {span}")
    if feature["looks_like"] in ("box", "label"):
        parts.insert(0, feature["looks_like"])
    return ", ".join(part for part in parts if part)
