"""`recordmill view`."""

import sys
from typing import TYPE_CHECKING, Any

import click

from recordmill._cli.options import flags, from_option, json_option, number, path_type, reading_options, workers_option
from recordmill._cli.output import DONE, PROBLEMS, failed, print_json, say
from recordmill._native import Error

if TYPE_CHECKING:
    from recordmill._view import View

_DEFAULT = "recordmill-view.html"


@click.command(name="view", short_help="Make a page of a dataset or of TFRecord files.")
@click.argument("sources", metavar="SOURCE...", type=path_type, nargs=-1, required=True)
@click.option(
    "-o",
    "--out",
    metavar="FILE",
    type=path_type,
    default=_DEFAULT,
    show_default=True,
    help="The page. One of recordmill that is there is replaced; - is standard output.",
)
@click.option("--overwrite", is_flag=True, help="Replace any other file too.")
@click.option("--open", "opens", is_flag=True, help="Show it in the browser.")
@click.option(
    "--limit",
    metavar="N",
    type=number(1),
    help="Images, or records, to show; if not given 200, or as many as keep the page below 1 MB without pictures.",
)
@click.option("--seed", metavar="N", type=number(0), default=0, show_default=True, help="Which ones are drawn.")
@click.option("--no-images", "pictures", flag_value=False, default=True, help="No pictures.")
@click.option(
    "--thumbnail",
    metavar="PIXELS",
    type=click.IntRange(32, 1024),
    default=256,
    show_default=True,
    help="The longer side of the pictures in the gallery.",
)
@click.option(
    "--full",
    metavar="MB",
    type=click.FloatRange(0, 1e6),
    default=4.0,
    show_default=True,
    help="For larger pictures, shared by all images that are shown; 0: the click shows the thumbnail.",
)
@click.option("--title", metavar="TEXT", help="What the page is called; the source's name if not given.")
@flags(from_option, *reading_options, workers_option("Threads"))
@json_option
@click.option("--quiet", "-q", is_flag=True, help="No progress, and only what is wrong.")
def view_command(
    sources: tuple[str, ...], out: str, overwrite: bool, opens: bool, as_json: bool, quiet: bool, **options: Any
) -> int:
    """Make one HTML page that shows SOURCE, a dataset in any known format or TFRecord files, without network or server.

    A gallery of images with boxes, outlines, masks and keypoints, filters, every feature of each record, schema,
    balance of the classes, sizes and places of boxes, problems with their places. Several SOURCEs, and patterns, are
    TFRecord files.

    \b
    recordmill view pets/
    recordmill view 'out/train-*.tfrecord' -o train.html
    recordmill view instances.json --images photos/ --limit 1000 --open
    """
    from recordmill._view import view

    to_stdout = out == "-"
    if to_stdout and (as_json or opens):
        message = "--json and --open need a file: the page is on standard output"
        raise click.UsageError(message)
    try:
        page = view(sources[0] if len(sources) == 1 else sources, progress=not quiet, **options)
        if to_stdout:
            sys.stdout.buffer.write(page.html.encode())
            return _tell_damage(page)
        page.save(out, overwrite=overwrite)
    except (Error, OSError, ValueError) as error:
        return failed(error, as_json=as_json)
    size = len(page.html.encode())
    if as_json:
        found = {
            "path": out,
            "bytes": size,
            "picture_bytes": page.picture_bytes,
            "shown": page.shown,
            "of": page.of,
            "damaged": page.damaged,
        }
        print_json(found)
    elif not quiet:
        from recordmill._report import size as in_words

        print(f"{out}: {page.shown:,} of {page.of:,} shown, {in_words(size)}")
    if opens:
        import webbrowser
        from pathlib import Path

        if not webbrowser.open(Path(out).resolve().as_uri()):
            say(f"recordmill: no browser was found to open {out} with")
    return _tell_damage(page)


def _tell_damage(page: "View") -> int:
    if not page.damaged:
        return DONE
    from recordmill._report import counted

    say(f"recordmill: records are damaged in {counted(page.damaged, 'place')}; see the page, or recordmill verify")
    return PROBLEMS
