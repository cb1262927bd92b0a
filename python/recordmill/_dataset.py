"""Datasets in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from os import fsdecode
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self, Unpack

from recordmill import _native
from recordmill._convert import Path, Progress, WriteOptions, load_arguments, run, write_arguments
from recordmill._report import Problem, Report, counted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_NO_FILE = 0xFFFF
_MAX_BYTES = 100 * 1024 * 1024
_NO_SOURCE = 0xFFFF_FFFF


class Image(NamedTuple):
    """One image of a dataset and its objects.

    Attributes:
        key: Path relative to the dataset's folder, with "/"; unique in the dataset.
        path: The image's file, or the file of records that it is in; None where it was not found. In a zip or tar, its
            path there behind the archive's own.
        size: Width and height in pixels as the annotation says; None where it does not.
        split: "train", "valid", "test", or None where the source does not say.
        classes: Name of each object's class.
        bbox: float64[N, 4]: `x0, y0, x1, y1` of each object in absolute pixels, 0-based, maximum exclusive, as the
            source says, before anything is put right.
        normalised: bool[N]: whether `bbox` is a fraction of the image's size instead of pixels.
        objects: Rows of the objects in `Dataset.objects`.
        span: First byte and number of bytes, where the image is a part of its file; None where it is all of it.
    """

    key: str
    path: FilePath | None
    size: tuple[int, int] | None
    split: str | None
    classes: list[str]
    bbox: "npt.NDArray[np.float64]"
    normalised: "npt.NDArray[np.bool_]"
    objects: range
    span: tuple[int, int] | None = None

    def read(self) -> bytes:
        """The bytes of the image, as they are in its file, archive or record.

        Raises:
            FileNotFoundError: No file was found for it.
        """
        if self.path is None:
            message = f"no file is known for image {self.key!r}"
            raise FileNotFoundError(message)
        return _native.read_image(self.path, self.span)


class ClassDetails(NamedTuple):
    """What a source says of a class.

    Attributes:
        supercategory: The class above it; empty where the source has none.
        keypoints: Names of its keypoints, in the order of `Dataset.objects.keypoints`.
        skeleton: Pairs of keypoints that are joined, 0-based.
    """

    supercategory: str
    keypoints: list[str]
    skeleton: list[tuple[int, int]]


class _Seen:
    """What shows a native dataset, which never changes: a copy shows the same one."""

    def __init__(self, native: _native.Dataset) -> None:
        self._native = native

    def __copy__(self) -> Self:
        return type(self)(self._native)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(self._native)

    def __reduce__(self) -> NoReturn:
        message = f"{type(self).__name__} cannot be pickled; load the source again where it is needed"
        raise TypeError(message)


class Dataset(_Seen):
    """An annotated image dataset, as `load` found it. It does not change.

    Numbers stand in columns: `objects.bbox`, `images.width` and the like are read-only numpy arrays that share the
    dataset's memory.

    Example:
        >>> dataset = rm.load("shapes")
        >>> len(dataset), dataset.classes
        (24, ['square', 'triangle', 'circle'])
        >>> dataset.objects.bbox.shape
        (44, 4)
        >>> dataset[0].key, dataset[0].classes
        ('train/sheet-01.jpg', ['square'])

    Attributes:
        images: One row per image.
        objects: One row per object, those of one image side by side.
    """

    def __init__(self, native: _native.Dataset) -> None:
        super().__init__(native)
        self.images = Images(native)
        self.objects = Objects(native)

    def __len__(self) -> int:
        return len(self._native)

    def __getitem__(self, row: int) -> Image:
        """The image in row `row`, counted from the end if below 0."""
        number = len(self)
        if not -number <= row < number:
            message = f"no image {row}, the dataset has {number}"
            raise IndexError(message)
        row %= number
        images, objects, classes = self.images, self.objects, self.classes
        rows = self.objects_of(row)
        part = slice(rows.start, rows.stop)
        width, height = int(images.width[row]), int(images.height[row])
        return Image(
            self._native.text_at("images.key", row),
            self._file(row),
            (width, height) if width and height else None,
            images.split[row],
            [classes[place] for place in objects.class_[part].tolist()],
            objects.bbox[part],
            objects.normalised[part],
            rows,
            images.span.get(row),
        )

    def __iter__(self) -> Iterator[Image]:
        return (self[row] for row in range(len(self)))

    def objects_of(self, row: int) -> range:
        """Rows of `objects` that belong to the image in row `row` (0 or more) of `images`."""
        ends = self.images.object_end
        return range(int(ends[row - 1]) if row else 0, int(ends[row]))

    def _file(self, row: int) -> FilePath | None:
        root = int(self.images.root[row])
        return None if root == _NO_FILE else self.roots[root] / self._native.text_at("images.file", row)

    @property
    def outlines_unread(self) -> int:
        """Objects whose outline or mask stayed unread, because `boxes_only` was asked for."""
        return self._native.outlines_unread

    @property
    def format(self) -> str:
        """Name of the source's format."""
        return self._native.format

    @property
    def reasons(self) -> list[str]:
        """Why the source was taken for that format, and what was decided on the way."""
        return self._native.reasons

    @cached_property
    def classes(self) -> list[str]:
        """Names of the classes; `objects.class_` are places in this list."""
        return self._native.classes

    @property
    def class_ids(self) -> list[int | None]:
        """The source's own number of each class, where it has one."""
        return self._native.class_ids

    @cached_property
    def class_details(self) -> list[ClassDetails]:
        """What the source says of each class besides its name and number."""
        return [
            ClassDetails(above, keypoints, [(a, b) for a, b in skeleton])
            for above, keypoints, skeleton in self._native.class_details
        ]

    @cached_property
    def roots(self) -> list[FilePath]:
        """Folders that the images lie below: the dataset's own, then those that were given."""
        return [FilePath(root) for root in self._native.roots]

    @cached_property
    def sources(self) -> list[str]:
        """Annotation files, relative to the first root; `images.source` are places in this list."""
        return self._native.text("sources")

    @property
    def splits(self) -> dict[str, int]:
        """Number of images in each of the source's splits; empty where the source has none."""
        every = self.images.split
        return {name: every.count(name) for name in ("train", "valid", "test") if name in every}

    @cached_property
    def problems(self) -> list[Problem]:
        """What is wrong with the source, each with its place."""
        return [
            Problem(kind, severity, path, line or None, message)
            for kind, severity, path, line, message in self._native.problems
        ]

    @property
    def problem_counts(self) -> dict[str, int]:
        """How many problems of each kind there are."""
        return dict(self._native.problem_counts)

    def download(
        self,
        cache: Path | None = None,
        *,
        max_bytes: int = _MAX_BYTES,
        tries: int = 4,
        timeout: float = 30.0,
        workers: int = 8,
        progress: bool | Callable[[Progress], object] | None = None,
    ) -> "Dataset":
        """The dataset with those of its missing images that the source gives an http or https URL for.

        Each is fetched into a folder of its own below `cache`, once: what is there is not fetched again. An image that
        cannot be had stays missing, with the reason in `problems`.

        Args:
            cache: The folder; None is `recordmill/images` in the user's cache.
            max_bytes: Of one image.
            tries: In all, with a wait between them that doubles, or that the server asks for.
            timeout: Seconds that a server may be silent.
            workers: Images at a time.
            progress: As of `convert`.
        """
        from recordmill._download import Fetching, default_cache, fetch_all

        folder = default_cache() if cache is None else FilePath(fsdecode(cache))
        missing = [(row, url) for row, url in self.images.url.items() if self.images.root[row] == _NO_FILE]
        if not missing:
            return self
        folder.mkdir(parents=True, exist_ok=True)
        how = Fetching(folder, max_bytes, tries, timeout, workers)

        def work(tell: Any) -> list[tuple[int, str | None, str]]:
            def done(count: int, total: int, seconds: float) -> None:
                if tell:
                    tell("fetching images", count, total, 0, 0, seconds)

            return fetch_all(missing, how, done)

        return Dataset(self._native.with_fetched(folder, run(work, progress)))

    def save(self, path: Path, format: str = "tfrecord", **options: Unpack[WriteOptions]) -> Report:  # noqa: A002
        """Writes the dataset to the folder `path`; `format` is `convert`'s `target_format`, the rest its options."""
        others: dict[str, Any] = dict(options)
        progress = others.pop("progress", None)
        given = write_arguments(load_arguments(), target_format=format, **others)
        return run(lambda tell: _native.save(self._native, path, given, tell), progress)

    def __repr__(self) -> str:
        images, objects = counted(len(self), "image"), counted(len(self.objects), "object")
        return f"<Dataset of {images}, {objects}, {len(self.classes)} classes: {self.format}>"


def _array(native: _native.Dataset, name: str) -> Any:
    import numpy as np

    # mypy knows the buffer protocol from Python 3.12 on only.
    column: Any = native.column(name)
    return np.asarray(memoryview(column))


class Images(_Seen):
    """One row per image of a dataset."""

    def __len__(self) -> int:
        return len(self._native)

    @cached_property
    def key(self) -> list[str]:
        """Path relative to the dataset's folder, with "/"; unique."""
        return self._native.text("images.key")

    @cached_property
    def name(self) -> list[str]:
        """File name as the annotation has it."""
        return self._native.text("images.name")

    @cached_property
    def file(self) -> list[str]:
        """Path of the file relative to its root, with "/"; empty where no file was found."""
        return self._native.text("images.file")

    @cached_property
    def root(self) -> "npt.NDArray[np.uint16]":
        """uint16[N]: place in `Dataset.roots`; 65535 where no file was found."""
        array: npt.NDArray[np.uint16] = _array(self._native, "images.root")
        return array

    @cached_property
    def width(self) -> "npt.NDArray[np.uint32]":
        """uint32[N]: width in pixels as the annotation says; 0 where it does not."""
        array: npt.NDArray[np.uint32] = _array(self._native, "images.width")
        return array

    @cached_property
    def height(self) -> "npt.NDArray[np.uint32]":
        """uint32[N]: height in pixels as the annotation says; 0 where it does not."""
        array: npt.NDArray[np.uint32] = _array(self._native, "images.height")
        return array

    @cached_property
    def id(self) -> Mapping[int, int]:
        """The source's own number of each image by row, where it has one."""
        return dict(self._native.values("images.id"))

    @cached_property
    def url(self) -> Mapping[int, str]:
        """Where an image can be fetched by row, where the source says it."""
        return dict(self._native.values("images.url"))

    @cached_property
    def span(self) -> Mapping[int, tuple[int, int]]:
        """First byte and number of bytes by row, for the images that are only a part of their file (of records)."""
        return {row: (start, length) for row, (start, length) in self._native.values("images.span")}

    @cached_property
    def captions(self) -> Mapping[int, Sequence[str]]:
        """Sentences about an image by row, for the images that have some."""
        return dict(self._native.values("images.captions"))

    @cached_property
    def labels(self) -> Mapping[int, Sequence[int]]:
        """Classes of an image as a whole by row, as places in `Dataset.classes`, for the images that have some."""
        return dict(self._native.values("images.labels"))

    @cached_property
    def split(self) -> list[str | None]:
        """The source's split: "train", "valid", "test" or None."""
        return self._native.splits

    @cached_property
    def source(self) -> "npt.NDArray[np.uint32]":
        """uint32[N]: place in `Dataset.sources`; 4294967295 for an image that no annotation names."""
        array: npt.NDArray[np.uint32] = _array(self._native, "images.source")
        return array

    @cached_property
    def line(self) -> "npt.NDArray[np.uint32]":
        """uint32[N]: line in the annotation file, from 1; 0 where that is not known."""
        array: npt.NDArray[np.uint32] = _array(self._native, "images.line")
        return array

    @cached_property
    def object_end(self) -> "npt.NDArray[np.uint64]":
        """uint64[N]: end of the image's rows in `Dataset.objects`; they start where those of the image before end."""
        array: npt.NDArray[np.uint64] = _array(self._native, "images.object_end")
        return array


class Objects(_Seen):
    """One row per object of a dataset."""

    def __len__(self) -> int:
        return self._native.object_count

    @cached_property
    def class_(self) -> "npt.NDArray[np.uint32]":
        """uint32[N]: place in `Dataset.classes`."""
        array: npt.NDArray[np.uint32] = _array(self._native, "objects.class")
        return array

    @cached_property
    def bbox(self) -> "npt.NDArray[np.float64]":
        """float64[N, 4]: `x0, y0, x1, y1`, see `Image.bbox`."""
        array: npt.NDArray[np.float64] = _array(self._native, "objects.bbox")
        return array

    @cached_property
    def normalised(self) -> "npt.NDArray[np.bool_]":
        """bool[N]: whether `bbox` is a fraction of the image's size instead of pixels."""
        array: npt.NDArray[np.bool_] = _array(self._native, "objects.normalised")
        return array

    @cached_property
    def line(self) -> "npt.NDArray[np.uint32]":
        """uint32[N]: line in the annotation file, from 1; 0 where that is not known."""
        array: npt.NDArray[np.uint32] = _array(self._native, "objects.line")
        return array

    @cached_property
    def flags(self) -> "npt.NDArray[np.uint16]":
        """uint16[N]: 1 difficult, 2 truncated, 4 occluded, 8 crowd; 256 times that: whether the source says so."""
        array: npt.NDArray[np.uint16] = _array(self._native, "objects.flags")
        return array

    @cached_property
    def pose(self) -> Mapping[int, str]:
        """Pose or view by row, for the objects that have one."""
        return dict(self._native.values("objects.pose"))

    @cached_property
    def attributes(self) -> Mapping[int, Sequence[tuple[str, str]]]:
        """Free attributes by row, names and values as the source has them, for the objects that have some."""
        return dict(self._native.values("objects.attributes"))

    @cached_property
    def polygons(self) -> Mapping[int, Sequence[Sequence[Sequence[float]]]]:
        """Outlines by row, for the objects that have one: parts of points `x, y`, in the unit of `bbox`."""
        return dict(self._native.values("objects.polygons"))

    @cached_property
    def masks(self) -> Mapping[int, tuple[int, int, Sequence[int]]]:
        """Masks by row, for the objects that have one: height, width, and COCO's runs.

        Runs are lengths of zeros and ones in turn, zeros first, down the columns from left to right.
        """
        return dict(self._native.values("objects.masks"))

    @cached_property
    def keypoints(self) -> Mapping[int, Sequence[tuple[float, float, int]]]:
        """Keypoints by row, where there are some: `x, y` in the unit of `bbox`, 0 none, 1 hidden, 2 visible."""
        return dict(self._native.values("objects.keypoints"))

    @cached_property
    def corners(self) -> Mapping[int, Sequence[Sequence[float]]]:
        """The four corners `x, y` of turned boxes by row, in the unit of `bbox`, the upright box around them."""
        return dict(self._native.values("objects.corners"))

    @cached_property
    def area(self) -> Mapping[int, float]:
        """Area in square pixels by row, where the source says it."""
        return dict(self._native.values("objects.area"))

    @cached_property
    def score(self) -> Mapping[int, float]:
        """Confidence of predictions by row."""
        return dict(self._native.values("objects.score"))

    @cached_property
    def track(self) -> Mapping[int, int]:
        """Number of the object's track by row, where it has one."""
        return dict(self._native.values("objects.track"))

    @cached_property
    def id(self) -> Mapping[int, int]:
        """The source's own number of each object by row, where it has one."""
        return dict(self._native.values("objects.id"))


def load(
    source: Path,
    *,
    source_format: str | None = None,
    images: Path | Sequence[Path] = (),
    allow_outside: bool = False,
    voc_one_based: bool | None = None,
    class_attribute: str | None = None,
    drawn_turned: bool | None = None,
    boxes_only: bool = False,
    workers: int = 0,
) -> Dataset:
    """Reads an annotated image dataset; its images are found, not opened.

    What is wrong inside the annotations does not stop it: that is in `Dataset.problems`.

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
        boxes_only: Leave outlines and masks unread, where that is quicker (COCO); `outlines_unread` counts them.
        workers: Threads; 0 is as many as there are processors.

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
    return Dataset(_native.load(source, given | {"boxes_only": boxes_only}))
