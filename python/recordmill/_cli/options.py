"""Options that several commands have, and how their values are read."""

from collections.abc import Callable
from typing import Any

import click


def flags(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Options as one decorator, in this order in the help."""

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def pairs(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str] | None:
    """OLD=NEW, any number of times."""
    found: dict[str, str] = {}
    for text in given:
        old, equals, new = text.partition("=")
        if not equals or not new:
            message = f"{text!r} is not OLD=NEW"
            raise click.BadParameter(message)
        if old in found:
            message = f"{old!r} gets two names"
            raise click.BadParameter(message)
        found[old] = new
    return found or None


def names(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """A,B, any number of times."""
    return [name.strip() for text in given for name in text.split(",")] or None


def number(least: int, *, bits: int = 64) -> click.IntRange:
    """A whole number of at least `least` that the core can take."""
    return click.IntRange(least, 2**bits - 1)


def workers_option(what: str) -> Callable[[Any], Any]:
    """So many threads, or files, at a time."""
    return click.option(
        "--workers", metavar="N", type=number(0), default=0, help=f"{what}; 0, the default: one per processor."
    )


def format_names(*, written: bool = False) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What a shell completes the name of an annotation format to, as far as it is typed; the written ones alone."""

    def complete(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
        from recordmill._formats import formats

        names = {form.name for form in formats() if form.writes or not written} | ({"tfrecord"} if written else set())
        return sorted(name for name in names if name.startswith(typed.lower()))

    return complete


path_type = click.Path(path_type=str)
# Files to read: each a file, a folder or a pattern.
files_argument = click.argument("files", metavar="FILE...", type=path_type, nargs=-1, required=True)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
from_option = click.option(
    "--from",
    "source_format",
    metavar="FORMAT",
    shell_complete=format_names(),
    help="Format of the source; found by content if not given.",
)
level_option = click.option(
    "--level", metavar="0-9", type=click.IntRange(0, 9), help="Of the compression; 6 if not given."
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that are there.")
fsync_option = click.option(
    "--no-fsync", "fsync", flag_value=False, default=True, help="Do not wait until the files are on disk."
)
# Where images are looked for and how sources are read.
reading_options = (
    click.option(
        "--images",
        metavar="DIR",
        type=path_type,
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
    click.option(
        "--drawn-turned/--drawn-stored",
        default=None,
        help="Objects were drawn on images turned as EXIF orientation says, or on stored pixels, where the annotated "
        "size does not tell; without either, as the format's tool shows images, else on the stored pixels.",
    ),
)
