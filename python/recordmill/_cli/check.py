"""`recordmill check`."""

from typing import Any

import click

from recordmill._cli.options import flags, from_option, json_option, path_type, reading_options, workers_option
from recordmill._cli.output import DONE, PROBLEMS, REFUSED, failed, print_json
from recordmill._native import Error


@click.command(name="check", short_help="Say what is in a dataset, and what is wrong with it.")
@click.argument("source", type=path_type)
@flags(from_option, *reading_options, workers_option("Threads"))
@click.option("--all", "every_problem", is_flag=True, help="Print every problem, not 20 of a kind.")
@click.option(
    "--html",
    metavar="FILE",
    type=path_type,
    help="Write a page of it too, with the images that have problems; a page of recordmill that is there is replaced.",
)
@json_option
@click.option("--quiet", "-q", is_flag=True, help="No progress, and only what is more than a note.")
def check_command(
    source: str, every_problem: bool, html: str | None, as_json: bool, quiet: bool, **options: Any
) -> int:
    """Read the dataset in SOURCE, a folder, an annotation file, a zip or a tar, with its images, and change nothing.

    Prints the format, splits, classes, sizes of images and boxes, and every problem with its place: what a conversion
    would refuse, leave out or put right, images that are the same to the byte, also in two splits, images without
    annotation and annotations without image, names of classes that differ in letter case or blanks only.

    Exit code 1 if there is more than notes, 2 if SOURCE cannot be loaded.

    \b
    recordmill check pets/
    recordmill check pets/ --html report.html
    recordmill check instances.json --images photos/ --json
    """
    from recordmill._check import check

    if html == "-":
        message = "--html needs a file: the report is on standard output"
        raise click.UsageError(message)
    try:
        health = check(source, html=html, progress=not quiet, **options)
    except (Error, OSError, ValueError) as error:
        failed(error, as_json=as_json)
        return REFUSED
    if as_json:
        print_json(health.to_dict())
    elif quiet:
        for problem in health.faults:
            print(problem)
    else:
        print(health.described(every_problem=every_problem))
    # A dataset that says nothing is what `convert` refuses, though nothing in it is wrong.
    nothing_said = health.empty_images == health.images
    return PROBLEMS if health.faults or nothing_said else DONE
