"""`recordmill convert`."""

from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import (
    flags,
    format_names,
    from_option,
    fsync_option,
    json_option,
    level_option,
    names,
    number,
    overwrite_option,
    pairs,
    path_type,
    reading_options,
    workers_option,
)
from recordmill._cli.output import DONE, PROBLEMS, REFUSED, failed, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._report import Problem, Report

SCHEMAS = [
    "tfod",
    "basic",
    "classification",
    "sequence",
    "create_coco",
    "create_pascal",
    "create_kitti",
    "create_oid",
    "create_pet",
    "model_garden",
    "roboflow",
    "tfds",
    "tfds_classification",
]
# Problems that are not errors, listed after a conversion; the report has all.
_LISTED = 20


@click.command(name="convert", short_help="Convert a dataset to TFRecord, or to another format.")
@click.argument("source", type=path_type)
@click.argument("output", metavar="OUT", type=path_type)
@flags(
    from_option,
    click.option(
        "--to",
        "target_format",
        metavar="FORMAT",
        default="tfrecord",
        show_default=True,
        shell_complete=format_names(written=True),
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
    *reading_options,
    click.option(
        "--download",
        is_flag=True,
        help="Fetch images that are not there and have an http(s) URL. Nothing is fetched without it.",
    ),
    click.option(
        "--cache",
        metavar="DIR",
        type=path_type,
        help="The folder that they are kept in; recordmill/images in the user's cache if not given.",
    ),
    click.option(
        "--split",
        metavar="PARTS",
        help="70/20/10 (train, valid, test) or train=0.8,valid=0.2: by a hash of seed and key, so that new images move "
        "no other (but where two folders of images have files of the same name). Without it the source's own.",
    ),
    click.option("--exact-split", is_flag=True, help="Exact counts in place of hash against ratio."),
    click.option("--shards", metavar="N", type=number(1, bits=32), help="Files per split."),
    click.option("--shard-size", metavar="SIZE", help="Bytes per file at most, before compression: 200MB, 1GiB."),
    click.option(
        "--compression",
        type=click.Choice(["none", "gzip", "zlib"], case_sensitive=False),
        default="none",
        show_default=True,
        help="Around each file. Of images it saves next to nothing.",
    ),
    level_option,
    click.option(
        "--label-map",
        metavar="FILE",
        type=path_type,
        help="Classes and their ids (pbtxt, a name per line, JSON, or YAML as data.yaml); a class that it does not "
        "have is an error.",
    ),
    click.option(
        "--schema",
        type=click.Choice(SCHEMAS),
        default="tfod",
        show_default=True,
        help="The keys of the TensorFlow Object Detection API, the twelve of generate_tfrecord.py, one class for each "
        "image, a SequenceExample for each clip (folder of frames), the same Examples in the same files as that script "
        "of TensorFlow's, or Roboflow, writes, or a folder that TensorFlow Datasets loads.",
    ),
    click.option(
        "--layout",
        type=click.Choice(["flat", "roboflow"]),
        default="flat",
        show_default=True,
        help="Names and folders of the output.",
    ),
    click.option(
        "--group",
        metavar="NAME",
        help="Name of the files in layout roboflow (objects), of the dataset in schemas sequence and tfds (dataset).",
    ),
    click.option(
        "--masks",
        type=click.Choice(["auto", "png", "numerical", "none"]),
        default="auto",
        show_default=True,
        help="How records have the masks of objects, where the source has outlines or masks; auto: png in schema tfod, "
        "none in those of scripts.",
    ),
    click.option(
        "--segmentation",
        type=click.Choice(["none", "semantic", "panoptic", "panoptic-encoded"]),
        default="none",
        show_default=True,
        help="Maps of each image's classes, or classes and objects, where the source has outlines or masks.",
    ),
    click.option(
        "--reencode",
        metavar="auto|png|jpeg[:QUALITY]|never",
        default="auto",
        show_default=True,
        help="Which images of records are encoded anew; auto: those that TensorFlow does not decode, as PNG; jpeg is "
        "jpeg:95.",
    ),
    click.option(
        "--auto-orient", is_flag=True, help="Turn images, and all that was drawn on them, as EXIF orientation says."
    ),
    click.option(
        "--source-id",
        type=click.Choice(["auto", "index", "id", "filename", "stem"]),
        default="auto",
        show_default=True,
        help="What image/source_id is; auto: as the schema has it, in tfod the source's id where each image has its "
        "own, else its place.",
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
        callback=pairs,
        help="Give a class another name; two that get the same are one from there on. May be repeated.",
    ),
    click.option(
        "--keep-classes",
        metavar="A,B",
        multiple=True,
        callback=names,
        help="Objects of these classes alone, by their new names. May be repeated.",
    ),
    click.option(
        "--drop-classes",
        metavar="A,B",
        multiple=True,
        callback=names,
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
        type=number(1),
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
    click.option("--seed", metavar="N", type=number(0), default=0, show_default=True, help="For the hashes."),
    click.option("--dry-run", is_flag=True, help="Only report: counts, problems, sizes."),
    overwrite_option,
    workers_option("Threads"),
    fsync_option,
)
@json_option
@click.option("--quiet", "-q", is_flag=True, help="No progress, no messages but errors, no report.")
def convert_command(source: str, output: str, as_json: bool, quiet: bool, **options: Any) -> int:
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
    from recordmill._convert import convert
    from recordmill._native import ConvertError

    try:
        report = convert(source, output, progress=not quiet, **options)
    except ConvertError as refused:
        _refused(refused, as_json=as_json)
        return REFUSED
    except (Error, OSError, ValueError) as error:
        code = failed(error, as_json=as_json)
        # Where a source cannot be opened, no problem of its contents was found: as with `check`.
        unusable = isinstance(error, OSError) and error.filename in (source, *options["images"])
        return REFUSED if unusable else code
    if as_json:
        print_json(report.to_dict())
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
        say(f"recordmill: {error}")
        return
    # Where nothing is wrong, notes may say why there is nothing to write.
    grave = [problem for problem in report.problems if problem.severity != "note"]
    for problem in grave or report.problems[:_LISTED]:
        say(problem)
    hints = [f" ({hint})" for kind, hint in _HINTS.items() if report.problem_counts.get(kind)]
    say(f"recordmill: {str(error).splitlines()[-1]}{''.join(hints)}")
    if as_json:
        print_json({"error": str(error).splitlines()[-1], **report.to_dict()})


def _tell_problems(report: "Report", *, quiet: bool) -> None:
    for problem in report.errors:
        say(problem)
    others: list[Problem] = [problem for problem in report.problems if problem.severity != "error"]
    if quiet:
        return
    for problem in others[:_LISTED]:
        say(problem)
    if len(others) > _LISTED:
        say(f"... and {len(others) - _LISTED:,} more; --json lists them")
