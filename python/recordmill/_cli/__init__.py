"""The command line. Results go to stdout, progress and messages to stderr.

Exit codes: 0 done; 1 problems found, or something left out on request; 2 wrong usage, or refused; 130 interrupted.

Each command is a module; what takes time to import is imported where it is used, so that `--help` is quick.
"""

from importlib import import_module

import click

from recordmill._native import __version__

# Commands in the order of use, and the module that has each as `<name>_command`.
_MODULES = (
    {"convert": "convert", "check": "check", "view": "view", "formats": "formats", "inspect": "inspect"}
    | {"verify": "files", "snippet": "files"}
    | dict.fromkeys(("repair", "count", "cat", "head", "merge", "reshard", "split", "shuffle"), "reshape")
    | dict.fromkeys(("filter", "select", "compress", "decompress", "index", "diff"), "reshape")
    | dict.fromkeys(("from-table", "to-table"), "table")
    | {"completion": "completion"}
)


class _Group(click.Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _MODULES:
            return None
        command: click.Command = getattr(
            import_module(f"{__name__}.{_MODULES[cmd_name]}"), f"{cmd_name.replace('-', '_')}_command"
        )
        return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="recordmill")
def cli() -> None:
    """Annotated image datasets to TFRecord, and a look into TFRecord files of any kind.

    \b
    recordmill convert pets/ out/                        any known format to TFRecord
    recordmill convert pets/ out/ --split 70/20/10       with splits of its own
    recordmill check pets/                               what is in a dataset, and what is wrong with it
    recordmill view pets/ -o pets.html                   a page of it for the browser, of any TFRecord too
    recordmill inspect out/train.tfrecord                what is in a file
    recordmill verify out/*.tfrecord                     whether files are sound
    recordmill snippet out/train.tfrecord --for torch    a program that reads them
    recordmill repair bad.tfrecord good.tfrecord         what can be saved of a damaged file
    recordmill reshard train.tfrecord out/ --shards 10   the same records in other files
    recordmill from-table houses.csv houses.tfrecord     rows of a table as records

    Exit codes: 0 done; 1 problems found, or images left out on request; 2 wrong usage, or refused; 130 interrupted.
    """
