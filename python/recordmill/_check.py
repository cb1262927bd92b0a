"""What is in a dataset, and what is wrong with it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from recordmill import _native
from recordmill._convert import Path, Progress, load_arguments, run
from recordmill._report import Problem, Skipped, Told, counted, size, table

# Problems of a kind that are printed unless all are asked for.
_LISTED = 20
# From seldom to often.
_SHADES = " .:-=+*#%@"


class Spread(NamedTuple):
    """How some numbers spread: the least, the middle one, their mean, the largest."""

    min: float
    median: float
    mean: float
    max: float


class SplitHealth(NamedTuple):
    """A split of the source.

    Attributes:
        name: "train", "valid", "test"; None for the images that are in no split.
        images: Images in it.
        objects: Objects on them.
        empty_images: Images of which nothing is said.
    """

    name: str | None
    images: int
    objects: int
    empty_images: int


class ClassHealth(NamedTuple):
    """A class of the source.

    Attributes:
        name: Its name.
        source_id: The source's own number, where it has one.
        objects: Objects of it.
        images: Images with at least one of them, or that are of this class as a whole.
        share: Its part of all objects, 0 to 1; where only images are of it, of all classes that images have.
        balance: "under" with less than half of the mean of the classes that have any objects, "over" with more than
            double that, "fair" between, "none" without any. Classes that only images have are among themselves.
        centres: How many of its boxes have their middle where: 8 rows from above, each of 8 columns from the left, all
            of the same size.
    """

    name: str
    source_id: int | None
    objects: int
    images: int
    share: float
    balance: str
    centres: list[list[int]]


class ImageSizes(NamedTuple):
    """How large images are: as stored, and as the annotation says where the file cannot be read.

    Attributes:
        known: Images whose size is known.
        width: Width in pixels.
        height: Height in pixels.
        ratio: Width by height.
        distinct: How many different sizes there are.
        common: The five most frequent ones: width, height, images.
        small: Images of less than 300 x 300 pixels.
        medium: Of less than 1,000 x 1,000.
        large: Of less than 2,000 x 2,000.
        jumbo: Beyond that.
        shapes: How many are "tall" (width below 4/5 of the height), "square", "wide" (above 5/4).
    """

    known: int
    width: Spread | None
    height: Spread | None
    ratio: Spread | None
    distinct: int
    common: list[tuple[int, int, int]]
    small: int
    medium: int
    large: int
    jumbo: int
    shapes: dict[str, int]


class BoxSizes(NamedTuple):
    """How large boxes are, after they were put right, in pixels of the stored image.

    Attributes:
        known: Boxes that have an area inside an image of known size.
        width: Width in pixels.
        height: Height in pixels.
        ratio: Width by height.
        share: Part of the image's area, 0 to 1.
        small: Boxes of less than 32 x 32 pixels, as COCO has it.
        medium: Of less than 96 x 96.
        large: Beyond that.
        shapes: How many are "tall" (width below 4/5 of the height), "square", "wide" (above 5/4).
    """

    known: int
    width: Spread | None
    height: Spread | None
    ratio: Spread | None
    share: Spread | None
    small: int
    medium: int
    large: int
    shapes: dict[str, int]


def _spread(row: dict[str, float] | None) -> Spread | None:
    return None if row is None else Spread(**row)


class Health(Told):
    """What is in a dataset, and what is wrong with it.

    `print(health)` shows it as the command line does; `to_dict()` is what `--json` prints. Counts are those of the
    annotations, whether a conversion could use them or not.

    Attributes:
        format: The source's format.
        reasons: Why it was taken for that, and what was decided on the way.
        images: Images that the annotations and folders have.
        objects: Objects on them.
        skipped: What is not among these: it cannot be understood, or says itself that it does not count.
        empty_images: Images of which nothing is said: no object, class or caption.
        unlabelled_images: Images that no annotation names. Formats with a file per image take them for empty ones and
            count them in `images`; the others leave them out.
        images_opened: Images whose file was read.
        bytes: Bytes of these files.
        splits: The source's splits.
        classes: The classes, in the source's order.
        image_sizes: How large images are.
        boxes: How large boxes are.
        objects_per_image: How the number of objects per image spreads.
        histogram: How many images have how many objects: from, to (both included; None is any number), images.
        seconds: How long it took.
        problem_counts: How many problems of each kind there are.
        problems: The problems with their places; beyond 10,000 of a kind only errors are listed.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.format: str = data["format"]
        self.reasons: list[str] = data["reasons"]
        self.images: int = data["images"]
        self.objects: int = data["objects"]
        skipped = data["skipped"]
        reasons = {reason: (count["images"], count["objects"]) for reason, count in skipped["reasons"].items()}
        self.skipped = Skipped(skipped["images"], skipped["objects"], reasons)
        self.empty_images: int = data["empty_images"]
        self.unlabelled_images: int = data["unlabelled_images"]
        self.images_opened: int = data["images_opened"]
        self.bytes: int = data["bytes"]
        self.splits = [SplitHealth(**row) for row in data["splits"]]
        self.classes = [ClassHealth(**row) for row in data["classes"]]
        sizes = dict(data["image_sizes"])
        sizes["common"] = [(row["width"], row["height"], row["images"]) for row in sizes["common"]]
        self.image_sizes = ImageSizes(**{**sizes, **{key: _spread(sizes[key]) for key in ("width", "height", "ratio")}})
        boxes = data["boxes"]
        spreads = {key: _spread(boxes[key]) for key in ("width", "height", "ratio", "share")}
        self.boxes = BoxSizes(**{**boxes, **spreads})
        self.objects_per_image = _spread(data["objects_per_image"]["spread"])
        self.histogram: list[tuple[int, int | None, int]] = [
            (row["from"], row["to"], row["images"]) for row in data["objects_per_image"]["histogram"]
        ]
        self.seconds: float = data["seconds"]

    @property
    def faults(self) -> list[Problem]:
        """The problems that are more than notes.

        These are what a conversion refuses, leaves out or puts right, and images in two splits.
        """
        return [problem for problem in self.problems if problem.severity != "note"]

    def __repr__(self) -> str:
        faults = counted(len(self.faults), "fault")
        return f"<Health: {counted(self.images, 'image')}, {counted(self.objects, 'object')}, {faults}>"

    def __str__(self) -> str:
        return self.described()

    def described(self, *, every_problem: bool = False) -> str:
        """The text that is printed; of each kind of problem 20, or every one."""
        lines = [
            self.format,
            *self.reasons,
            ", ".join(
                (
                    f"{counted(self.images, 'image')} ({self.empty_images:,} empty)",
                    counted(self.objects, "object"),
                    f"{counted(self.images_opened, 'image file')} of {size(self.bytes)} read",
                    f"{self.seconds:.2f} s",
                )
            ),
        ]
        if self.unlabelled_images:
            lines.append(f"named by no annotation: {counted(self.unlabelled_images, 'image')}")
        lines += self.skipped.lines()
        splits = [
            (row.name or "(none)", f"{row.images:,}", f"{row.objects:,}", f"{row.empty_images:,}")
            for row in self.splits
        ]
        if splits:
            lines += ["", *table(("split", "images", "objects", "empty"), splits, right=(1, 2, 3))]
        classes = [
            (row.name, f"{row.objects:,}", f"{row.images:,}", f"{row.share:.1%}", row.balance) for row in self.classes
        ]
        if classes:
            lines += ["", *table(("class", "objects", "images", "share", "balance"), classes, right=(1, 2, 3))]
        lines += self._sizes()
        lines += self._problems(None if every_problem else _LISTED)
        return "\n".join(lines)

    def _sizes(self) -> list[str]:
        images, boxes = self.image_sizes, self.boxes
        measured = [
            ("image width", images.width),
            ("image height", images.height),
            ("image width / height", images.ratio),
            ("box width", boxes.width),
            ("box height", boxes.height),
            ("box width / height", boxes.ratio),
            ("box part of image", boxes.share),
            ("objects per image", self.objects_per_image),
        ]
        rows = [(name, *(_number(value) for value in spread)) for name, spread in measured if spread is not None]
        if not rows:
            return []
        lines = ["", *table(("", "least", "median", "mean", "most"), rows, right=(1, 2, 3, 4)), ""]
        if images.known:
            kinds = (("small", images.small), ("medium", images.medium), ("large", images.large))
            lines.append(f"images: {_kinds((*kinds, ('jumbo', images.jumbo)))}; {_kinds(images.shapes.items())}")
            common = ", ".join(f"{width} x {height} ({number:,})" for width, height, number in images.common)
            lines.append(
                f"{counted(images.distinct, 'size')}: {common}{' ...' * (images.distinct > len(images.common))}"
            )
        if boxes.known:
            kinds = (("small", boxes.small), ("medium", boxes.medium), ("large", boxes.large))
            lines.append(f"boxes: {_kinds(kinds)}; {_kinds(boxes.shapes.items())}")
        if self.objects:
            bars = ", ".join(f"{_range(low, high)}: {number:,}" for low, high, number in self.histogram)
            lines.append(f"images by number of objects: {bars}")
        if boxes.known:
            lines += ["where the middles of boxes lie, from seldom to often as " + f'"{_SHADES[1:]}":', *self._heat()]
        return lines

    def _heat(self) -> list[str]:
        grids = [row.centres for row in self.classes]
        total = [[sum(column) for column in zip(*rows, strict=True)] for rows in zip(*grids, strict=True)]
        most = max((cell for row in total for cell in row), default=0) or 1
        return ["  " + "".join(_SHADES[-(-cell * (len(_SHADES) - 1) // most)] * 2 for cell in row) for row in total]

    def _problems(self, limit: int | None) -> list[str]:
        if not self.problem_counts:
            return ["", "no problems"]
        lines = []
        by_kind: dict[str, list[Problem]] = {}
        for problem in self.problems:
            by_kind.setdefault(problem.kind, []).append(problem)
        for severity in ("error", "fixed", "note"):
            for kind, problems in by_kind.items():
                if problems[0].severity != severity:
                    continue
                count = self.problem_counts[kind]
                shown = problems if limit is None else problems[:limit]
                lines += ["", f"{kind} ({severity}): {count:,}", *(f"  {problem}" for problem in shown)]
                if count > len(shown):
                    lines.append(f"  ... and {count - len(shown):,} more")
        return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.4g}"


def _kinds(kinds: Any) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in kinds)


def _range(low: int, high: int | None) -> str:
    return f"{low}" if low == high else f"{low}+" if high is None else f"{low} to {high}"


def check(
    source: Path,
    *,
    source_format: str | None = None,
    images: Path | Sequence[Path] = (),
    allow_outside: bool = False,
    voc_one_based: bool | None = None,
    class_attribute: str | None = None,
    drawn_turned: bool | None = None,
    workers: int = 0,
    html: Path | None = None,
    progress: bool | Callable[[Progress], object] | None = None,
) -> Health:
    """Reads a dataset, annotations and images, and says what is in it and what is wrong with it.

    Nothing is written, but for `html`.

    Besides what a conversion would refuse, leave out or put right, it finds images that are the same to the byte, also
    in two splits, images that no annotation names (not where `source` is a single file), classes that nothing is of,
    and names of classes that differ in letter case, blanks or signs only.

    Example:
        >>> health = rm.check("shapes")
        >>> health.images, health.objects, len(health.faults)
        (24, 44, 0)
        >>> [(row.name, row.balance) for row in health.classes]
        [('square', 'fair'), ('triangle', 'fair'), ('circle', 'fair')]

    Args:
        source: A folder, an annotation file, or a zip or tar (also .tar.gz), which is read where it is.
        source_format: Name of the source's format; found by content if None.
        images: A folder or an archive, or several, where images lie, besides the source's own.
        allow_outside: Whether links may lead out of these folders.
        voc_one_based: Whether VOC coordinates count from 1 with the maximum included; None: where the file says that it
            is of the VOC challenge itself.
        class_attribute: The attribute of objects that names their class, where the label does not (CVAT), or where
            several could (VIA).
        drawn_turned: Whether objects were drawn on images turned as EXIF orientation says, where the annotated size
            does not tell; None: as the format's tool shows images, where that is known, else on the stored pixels.
        workers: Threads; 0 is as many as there are processors.
        html: A file to write a page of it to, as `view` makes them, with the images that have problems. A page that is
            there is replaced, another file is not.
        progress: As for `convert`.

    Raises:
        FormatError: The source is of no known format, or of several, or cannot be read at all.
        FileNotFoundError: There is nothing at `source`.
        ValueError: An option means nothing.
    """
    given = load_arguments(
        source_format=source_format,
        images=images,
        allow_outside=allow_outside,
        voc_one_based=voc_one_based,
        class_attribute=class_attribute,
        drawn_turned=drawn_turned,
        workers=workers,
    )
    if html is None:
        return run(lambda tell: _native.check(source, given, tell), progress)
    from recordmill._view import FULL, THUMBNAIL, check_page

    page = {"limit": None, "seed": 0, "pictures": True, "thumbnail": THUMBNAIL, "full": FULL, "title": None}
    health, made = check_page(source, given, page, progress)
    made.save(html)
    return health
