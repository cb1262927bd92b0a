"""Pages that a browser shows: datasets and records with pictures, and what `check` finds."""

import json
from collections.abc import Callable, Sequence
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any

from recordmill import _native
from recordmill._convert import Path, Progress, load_arguments, run

if TYPE_CHECKING:
    from recordmill._check import Health
    from recordmill._dataset import Dataset

THUMBNAIL = 256
FULL = 4.0
# Megabytes are those of disks.
_MEGABYTE = 1_000_000


class View:
    """A page of a dataset or of records: one HTML file that needs nothing else, and no network.

    In a notebook it shows itself; `save` writes it to a file.

    Attributes:
        html: The page.
        shown: Images, or records, that it shows.
        of: Of so many.
        picture_bytes: How much of it is pictures.
        damaged: Places where files of records are damaged; the page names them.
    """

    def __init__(self, html: str, counts: str) -> None:
        self.html = html
        found = json.loads(counts)
        self.shown: int = found["shown"]
        self.of: int = found["of"]
        self.picture_bytes: int = found["picture_bytes"]
        self.damaged: int = found["damaged"]

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Writes the page to the file `path`.

        Args:
            path: The file. One that is a page of recordmill is replaced.
            overwrite: Replace any other file too.

        Raises:
            FileExistsError: A file is there that is no such page, and not `overwrite`.
            OSError: The system refuses.
        """
        _native.save_page(path, self.html, overwrite)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, whose scripts cannot reach the notebook."""
        frame = 'sandbox="allow-scripts" style="width:100%;height:720px;border:1px solid #8884;border-radius:6px"'
        return f'<iframe title="recordmill view" {frame} srcdoc="{escape(self.html)}"></iframe>'

    def __repr__(self) -> str:
        return f"<View: {self.shown:,} of {self.of:,} shown, {len(self.html) / _MEGABYTE:.1f} MB>"


def page_arguments(
    load: dict[str, Any],
    *,
    limit: int | None,
    seed: int,
    pictures: bool,
    thumbnail: int,
    full: float,
    title: str | None,
) -> dict[str, Any]:
    """Arguments as the core takes them."""
    if not 0 <= full <= 1e6:
        message = f"full {full}: expected megabytes, 0 or more"
        raise ValueError(message)
    return {
        "load": load,
        "limit": limit,
        "seed": seed,
        "pictures": pictures,
        "thumbnail": thumbnail,
        "full": int(full * _MEGABYTE),
        "title": title,
    }


def view(
    source: "Path | Sequence[Path] | Dataset",
    *,
    limit: int | None = None,
    seed: int = 0,
    pictures: bool = True,
    thumbnail: int = THUMBNAIL,
    full: float = FULL,
    title: str | None = None,
    source_format: str | None = None,
    images: Path | Sequence[Path] = (),
    allow_outside: bool = False,
    voc_one_based: bool | None = None,
    class_attribute: str | None = None,
    drawn_turned: bool | None = None,
    workers: int = 0,
    progress: bool | Callable[[Progress], object] | None = None,
) -> View:
    """Makes a page of a dataset in any known format, or of TFRecord files of any kind.

    The page has a gallery of images with boxes, outlines, masks and keypoints, filters, all features of each record,
    the schema, the balance of the classes, how large boxes are and where they lie, and the problems with their places.
    What is said of all images is counted over all of them; pictures are there of a sample.

    Example:
        >>> page = rm.view("shapes")
        >>> page.shown, page.of
        (24, 24)
        >>> page.save("shapes.html")

    Args:
        source: A folder, an annotation file, a zip or tar, a TFRecord file, a pattern or a list of TFRecord files, or a
            `Dataset`.
        limit: Images, or records, to show; they are drawn by a hash of seed and key, in proportion to splits and to
            the rarest class of each. None is 200, or as many as keep the page below a megabyte without pictures.
        seed: Which ones are drawn.
        pictures: Whether images are embedded.
        thumbnail: Pixels of the longer side of the pictures in the gallery, 32 to 1024.
        full: Megabytes for larger pictures, up to 1600 pixels, that are shown on a click: each image gets an equal
            part, and where that is too little for one that is larger than the thumbnail, there is none. 0 is none at
            all.
        title: What the page is called; None is the source's name.
        source_format: Name of the source's format; found by content if None.
        images: A folder or an archive, or several, where images lie, besides the source's own.
        allow_outside: Whether links may lead out of these folders.
        voc_one_based: As for `load`.
        class_attribute: As for `load`.
        drawn_turned: As for `load`.
        workers: Threads; 0 is as many as there are processors.
        progress: As for `convert`.

    Raises:
        FormatError: The source is of no known format, or of several, or cannot be read at all.
        FileNotFoundError: There is nothing at `source`.
        ValueError: An option means nothing.
    """
    load = load_arguments(
        source_format=source_format,
        images=images,
        allow_outside=allow_outside,
        voc_one_based=voc_one_based,
        class_attribute=class_attribute,
        drawn_turned=drawn_turned,
        workers=workers,
    )
    given = page_arguments(load, limit=limit, seed=seed, pictures=pictures, thumbnail=thumbnail, full=full, title=title)
    if not isinstance(source, (str, bytes, PathLike)):
        from recordmill._dataset import Dataset

        if isinstance(source, Dataset):
            native = source._native  # noqa: SLF001
            return View(*run(lambda tell: _native.view_dataset(native, given, tell), progress))
        source = list(source)
    return View(*run(lambda tell: _native.view(source, given, tell), progress))


def check_page(
    source: Path, load: dict[str, Any], page: dict[str, Any], progress: bool | Callable[[Progress], object] | None
) -> tuple["Health", View]:
    """What `check` says, and a page of it. `page` are the other arguments of `page_arguments`."""
    given = page_arguments(load, **page)
    health, html, counts = run(lambda tell: _native.check_page(source, given, tell), progress)
    return health, View(html, counts)
