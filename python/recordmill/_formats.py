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
        carries: What it can carry, in words such as "boxes" and "splits".
        looks_for: What a source must have to be taken for it.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    specification: str
    layout: str
    carries: tuple[str, ...]
    looks_for: str


def formats() -> list[Format]:
    """Lists the annotation formats that are read, sorted by name."""
    return [
        Format(
            row["name"],
            tuple(row["aliases"]),
            row["title"],
            row["specification"],
            row["layout"],
            tuple(row["carries"]),
            row["looks_for"],
        )
        for row in _native.formats_list()
    ]
