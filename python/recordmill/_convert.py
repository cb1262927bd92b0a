"""Conversion of datasets."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, NamedTuple, TypeAlias, TypedDict, TypeVar

from recordmill import _native
from recordmill._report import Report

T = TypeVar("T")
Path: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]


class Progress(NamedTuple):
    """How far a conversion is.

    Attributes:
        phase: What it does, in words.
        images: Images done.
        images_total: Of so many; 0 while that is not known.
        bytes: Bytes of image files done.
        bytes_total: Of so many.
        seconds: Since it began.
    """

    phase: str
    images: int
    images_total: int
    bytes: int
    bytes_total: int
    seconds: float


class WriteOptions(TypedDict, total=False):
    """What `Dataset.save` can be asked for; see `convert`."""

    images_mode: str
    no_loss: bool
    split: str | Mapping[str, float] | None
    exact_split: bool
    shards: int | None
    shard_size: int | str | None
    compression: str | None
    level: int | None
    label_map: Path | Mapping[str, int] | None
    schema: str
    layout: str
    group: str | None
    drop_empty: bool
    rename: Mapping[str, str] | None
    keep_classes: str | Sequence[str] | None
    drop_classes: str | Sequence[str] | None
    min_box_size: float | None
    sample: int | None
    on_error: str
    strict: bool
    skip_rule: str | None
    dry_run: bool
    overwrite: bool
    allow_empty: bool
    workers: int
    seed: int
    shuffle: bool
    masks: str
    segmentation: str
    reencode: str
    auto_orient: bool
    source_id: str
    sha256: bool
    file_sha256: bool
    fsync: bool
    progress: bool | Callable[[Progress], object] | None


# What stands in the signatures of `convert` and `load`.
LOAD_DEFAULTS: dict[str, Any] = {
    "source_format": None,
    "images": (),
    "allow_outside": False,
    "voc_one_based": None,
    "class_attribute": None,
    "drawn_turned": None,
    "workers": 0,
}
DOWNLOAD_DEFAULTS: dict[str, Any] = {"download": False, "cache": None}
WRITE_DEFAULTS: dict[str, Any] = {
    "target_format": "tfrecord",
    "images_mode": "copy",
    "no_loss": False,
    "split": None,
    "exact_split": False,
    "shards": None,
    "shard_size": None,
    "compression": None,
    "level": None,
    "label_map": None,
    "schema": "tfod",
    "layout": "flat",
    "group": None,
    "drop_empty": False,
    "rename": None,
    "keep_classes": None,
    "drop_classes": None,
    "min_box_size": None,
    "sample": None,
    "on_error": "stop",
    "strict": False,
    "skip_rule": None,
    "dry_run": False,
    "overwrite": False,
    "allow_empty": False,
    "workers": 0,
    "seed": 0,
    "shuffle": False,
    "masks": "auto",
    "segmentation": "none",
    "reencode": "auto",
    "auto_orient": False,
    "source_id": "auto",
    "sha256": True,
    "file_sha256": True,
    "fsync": True,
}


def _filled(defaults: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    unknown = options.keys() - defaults.keys()
    if unknown:
        names = ", ".join(sorted(unknown))
        message = f"no such option: {names}"
        raise TypeError(message)
    return {**defaults, **options}


def load_arguments(**options: Any) -> dict[str, Any]:
    """The arguments as the native module takes them."""
    given = _filled(LOAD_DEFAULTS, options)
    images = given["images"]
    given["images"] = [images] if isinstance(images, (str, bytes, PathLike)) else list(images)
    return given


def write_arguments(load: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The arguments as the native module takes them; `load` are those of `load_arguments`."""
    given = _filled(WRITE_DEFAULTS, options)
    if isinstance(given["split"], Mapping):
        given["split"] = ",".join(f"{name}={part}" for name, part in given["split"].items())
    if given["shard_size"] is not None:
        given["shard_size"] = str(given["shard_size"])
    given["skip_rule"] = given["skip_rule"] or "none"
    given["rename"] = list((given["rename"] or {}).items())
    for option in ("keep_classes", "drop_classes"):
        names = given[option]
        given[option] = [names] if isinstance(names, str) else None if names is None else list(names)
    given["drop_classes"] = given["drop_classes"] or []
    given["load"] = load
    return given


def run(work: Callable[[Any], T], progress: bool | Callable[[Progress], object] | None) -> T:
    """Does `work` with what is to be called about every 100 ms."""
    if callable(progress):
        tell = progress
        return work(lambda *state: tell(Progress(*state)))
    if progress is None:
        from recordmill._progress import in_notebook

        progress = in_notebook()
    if not progress:
        return work(None)
    from recordmill._progress import shown

    with shown() as show:
        return work(lambda *state: show(Progress(*state)))


def convert(
    source: Path,
    output: Path,
    *,
    source_format: str | None = None,
    target_format: str = "tfrecord",
    images_mode: str = "copy",
    no_loss: bool = False,
    images: Path | Sequence[Path] = (),
    download: bool = False,
    cache: Path | None = None,
    allow_outside: bool = False,
    voc_one_based: bool | None = None,
    class_attribute: str | None = None,
    drawn_turned: bool | None = None,
    split: str | Mapping[str, float] | None = None,
    exact_split: bool = False,
    shards: int | None = None,
    shard_size: int | str | None = None,
    compression: str | None = None,
    level: int | None = None,
    label_map: Path | Mapping[str, int] | None = None,
    schema: str = "tfod",
    layout: str = "flat",
    group: str | None = None,
    masks: str = "auto",
    segmentation: str = "none",
    reencode: str = "auto",
    auto_orient: bool = False,
    source_id: str = "auto",
    sha256: bool = True,
    file_sha256: bool = True,
    drop_empty: bool = False,
    rename: Mapping[str, str] | None = None,
    keep_classes: str | Sequence[str] | None = None,
    drop_classes: str | Sequence[str] | None = None,
    min_box_size: float | None = None,
    sample: int | None = None,
    on_error: str = "stop",
    strict: bool = False,
    skip_rule: str | None = None,
    allow_empty: bool = False,
    shuffle: bool = False,
    seed: int = 0,
    dry_run: bool = False,
    overwrite: bool = False,
    workers: int = 0,
    fsync: bool = True,
    progress: bool | Callable[[Progress], object] | None = None,
) -> Report:
    """Converts an annotated image dataset to TFRecord files, or to another annotation format.

    All annotations and all image headers are read first. If anything cannot be used, all of that is listed in one
    `ConvertError` and nothing is written. Files have their final names only when all of them are whole. The same
    source, options and seed give the same bytes, whatever the machine and the number of workers.

    Example:
        >>> report = rm.convert("shapes", "shapes-tfrecord", split="70/20/10")
        >>> report.images
        24
        >>> rm.convert("shapes", "shapes-coco", target_format="coco").annotation_files
        2

    Args:
        source: A folder, an annotation file, or a zip or tar (also .tar.gz), which is read where it is.
        output: The folder to write to, made if need be.
        source_format: Name of the source's format; found by content if None.
        target_format: "tfrecord", or the name of a format that is written (`formats`): the output folder then is a
            dataset in that format. It must be empty or not be there, or `overwrite`.
        images_mode: What becomes of the image files beside another format: "copy", "link" (hard links, copies where the
            file system has none) or "none" (they stay where they are). They are never encoded anew.
        no_loss: Take what the target cannot hold for an error; `Report.losses` has it in any case.
        images: A folder or an archive, or several, where images lie, besides the source's own.
        download: Fetch images that are not there and for which the source gives an http or https URL. Nothing is
            fetched without it.
        cache: The folder that they are kept in; None is `recordmill/images` in the user's cache.
        allow_outside: Whether links may lead out of these folders.
        voc_one_based: Whether VOC coordinates count from 1 with the maximum included; None: where the file says that it
            is of the VOC challenge itself.
        class_attribute: The attribute of objects that names their class, where the label does not (CVAT), or where
            several could (VIA).
        drawn_turned: Whether objects were drawn on images turned as EXIF orientation says, where the annotated size
            does not tell; None: as the format's tool shows images, where that is known, else on the stored pixels.
        split: "70/20/10" (train, valid, test), "train=0.8,valid=0.2" or a dict of such, decided for each image by a
            hash of seed and key, so that new images move no other (but where two folders of images have files of the
            same name); None or "keep": the source's own, all "train" where it has none.
        exact_split: Exact counts in place of hash against ratio.
        shards: Number of files per split.
        shard_size: Bytes per file at most, before compression, as a number or as "200MB".
        compression: "gzip", "zlib" or None.
        level: 0 to 9; None is 6.
        label_map: A label map file, or a dict of names to ids from 1 on; None: the source's own ids, or 1 to N in its
            order.
        schema: "tfod", the keys of the TensorFlow Object Detection API, "basic", the twelve of `generate_tfrecord.py`,
            "classification", one class for each image (`image/class/{label,text}`) and no objects, "sequence", a
            `tf.train.SequenceExample` for each clip (a folder of frames) with its boxes and tracks, in the layout of
            the research API's `seq_example_util.py`, or the word for a script whose Examples and files are to be
            written: "create_coco", "create_pascal", "create_kitti", "create_oid", "create_pet", "model_garden" or
            "roboflow", or "tfds", a folder that `tfds.builder_from_directory` loads, which is "tfds_classification",
            one class for each image, where images have classes and no objects (docs/schemas.md). A clip is not cut by
            `split` and `shards`, is one record of 2 GiB at most, and is in memory as a whole while it is made.
        layout: "flat" or "roboflow".
        group: Name of the files in layout "roboflow" ("objects" if None), of the dataset in schemas "sequence"
            and "tfds" or "tfds_classification" ("dataset" if None).
        masks: How records have the masks of objects (`image/object/mask`) where the source has outlines or masks:
            "png", "numerical" (float32, height x width for each object, row by row), "none", or "auto": "png" in schema
            "tfod", "none" in those of scripts, as they do without being asked. Outlines are drawn as COCO's own tools
            draw them.
        segmentation: Maps of each image in records, PNGs of numbers: "semantic" (`image/segmentation/class/encoded`),
            "panoptic" (`image/panoptic/{category_mask,instance_mask}` as well), "panoptic-encoded" (the same, called
            `image/panoptic/{category,instance}/encoded`) or "none".
        reencode: Which images of records are encoded anew: "auto", those that TensorFlow does not decode (WEBP, GIF,
            TIFF ...), as PNG; "png", all that are something else; "jpeg:90", or another quality, all; "never".
        auto_orient: Turn images of records upright, as their EXIF orientation says, and all that was drawn on them.
        source_id: What `image/source_id` is: "index" (position in the source, from 1), "id" (the source's own),
            "filename", "stem" (without extension), or "auto": as the schema has it, in "tfod" the id where each image
            has one that no other has, else the index.
        sha256: Whether `image/key/sha256` is written.
        file_sha256: Whether the report and the manifest have the SHA-256 of each file. Its CRC-32C they always have,
            at hardly any cost; a SHA-256 costs about as much as copying the file.
        drop_empty: Leave out images without objects.
        rename: New names of classes by the old ones. Classes that get one name are one from there on; of a class that
            had the name before, number and place stay.
        keep_classes: A class, or several, by their new names: objects of no other are taken. Images that are left
            without objects stay, unless `drop_empty`.
        drop_classes: A class, or several, of which no object is taken.
        min_box_size: Leave out boxes of which a side, inside the image, is less than so many pixels.
        sample: Draw so many images, by a hash of seed and key, in proportion to the source's splits and to the rarest
            class of each image; at least one of each such part where there are as many images as parts. All of them
            where there are no more. Whatever these options leave out is counted in `Report.skipped` by their names.
        on_error: "stop", or "skip" to leave out and list what cannot be used.
        strict: Take any correction of a box for an error.
        skip_rule: "tf" leaves out the boxes that TensorFlow's own scripts leave out.
        allow_empty: Accept a result without images or without boxes.
        shuffle: Order the records by a hash of seed and key in place of the source's order.
        seed: For `split`, `shuffle` and `sample`.
        dry_run: Do everything but write; the report has the sizes that the files would have.
        overwrite: Replace files that are there.
        workers: Threads; 0 is as many as there are processors.
        fsync: Wait until the files are on the disk.
        progress: True shows a bar on stderr, a callable is given a `Progress` about every 100 ms and may raise to stop
            the run, None shows a bar in notebooks only.

    Returns:
        What was done.

    Raises:
        ConvertError: Something cannot be used, or there is nothing to write, or the target cannot hold all of it and
            `no_loss`; its `report` has the details.
        FormatError: The source is of no known format, or of several, or there is no format `target_format`.
        FileExistsError: A file is there already, and not `overwrite`.
        OSError: The system refuses; `errno` and `filename` say what.
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
    given = write_arguments(
        load,
        target_format=target_format,
        images_mode=images_mode,
        no_loss=no_loss,
        split=split,
        exact_split=exact_split,
        shards=shards,
        shard_size=shard_size,
        compression=compression,
        level=level,
        label_map=label_map,
        schema=schema,
        layout=layout,
        group=group,
        masks=masks,
        segmentation=segmentation,
        reencode=reencode,
        auto_orient=auto_orient,
        source_id=source_id,
        sha256=sha256,
        file_sha256=file_sha256,
        drop_empty=drop_empty,
        rename=rename,
        keep_classes=keep_classes,
        drop_classes=drop_classes,
        min_box_size=min_box_size,
        sample=sample,
        on_error=on_error,
        strict=strict,
        skip_rule=skip_rule,
        allow_empty=allow_empty,
        shuffle=shuffle,
        seed=seed,
        dry_run=dry_run,
        overwrite=overwrite,
        workers=workers,
        fsync=fsync,
    )
    if cache is not None and not download:
        message = "cache means nothing without download"
        raise ValueError(message)
    if download:
        from recordmill._dataset import Dataset

        loaded = Dataset(_native.load(source, load | {"boxes_only": False})).download(cache, progress=progress)
        return run(lambda tell: _native.save(loaded._native, output, given, tell), progress)  # noqa: SLF001
    return run(lambda tell: _native.convert(source, output, given, tell), progress)
