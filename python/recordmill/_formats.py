"""The annotation formats there are."""

from typing import NamedTuple

from recordmill import _native


class Format(NamedTuple):
    """An annotation format.

    Attributes:
        name: What `source_format` and `--from` say.
        aliases: Other words for it.
        title: Its name for people.
        specification: Where it is specified.
        layout: A sketch of its folders and files.
        carries: What is read of it, in words such as "boxes" and "splits".
        writes: Whether it is written too.
        not_written: What of `carries` is read but not written.
        looks_for: What a source must have to be taken for it.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    specification: str
    layout: str
    carries: tuple[str, ...]
    writes: bool
    not_written: tuple[str, ...]
    looks_for: str


def formats() -> list[Format]:
    """Lists the annotation formats, sorted by name."""
    return [
        Format(
            row["name"],
            tuple(row["aliases"]),
            row["title"],
            row["specification"],
            row["layout"],
            tuple(row["carries"]),
            row["writes"],
            tuple(row["not_written"]),
            row["looks_for"],
        )
        for row in _native.formats_list()
    ]
