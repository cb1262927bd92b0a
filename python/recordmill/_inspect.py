"""Looking into TFRecord files of any origin."""

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypedDict, Unpack, overload

from recordmill import _native
from recordmill._convert import Path, Progress, load_arguments, run

MAX_RECORD_SIZE = 2 << 30
# Enough to see which features every record has.
SNIPPET_RECORDS = 1000


class VerifyOptions(TypedDict, total=False):
    """What `verify` can be asked for."""

    label_map: Path | Mapping[str, int] | None
    compression: str | None
    examples: bool
    rules: bool
    sha256: bool
    max_record_size: int
    workers: int


class Spread(TypedDict):
    """Smallest, mean and largest of some counts."""

    min: int
    mean: float
    max: int


class Finding(TypedDict):
    """One thing that is wrong with a file, at one place."""

    severity: Literal["error", "warning"]
    kind: str
    record: int | None
    offset: int | None
    message: str


class Verdict(TypedDict):
    """What `verify` found: `ok` if there are no errors; there may be warnings."""

    path: str
    ok: bool
    compression: str
    records: int
    data_bytes: int
    errors: int
    warnings: int
    counts: dict[str, int]
    findings: list[Finding]


class FeatureSummary(TypedDict):
    """One feature of one record, in words."""

    key: str
    kind: str | None
    len: int
    summary: str


class FirstRecord(TypedDict):
    """The first record of a file, in words."""

    offset: int
    bytes: int
    kind: str
    summary: str | None
    features: list[FeatureSummary]
    feature_lists: list[FeatureSummary]


class FeatureSchema(TypedDict):
    """What one feature is like in all records; `int64`, `float` and `bytes` say which values it has."""

    key: str
    present: int
    looks_like: str
    kinds: dict[str, int]
    lengths: Spread | None
    steps: Spread | None
    int64: dict[str, Any] | None
    float: dict[str, Any] | None
    bytes: dict[str, Any] | None


class Schema(TypedDict):
    """What the records of a file have in common."""

    examples: int
    sequence_examples: int
    other: int
    features: list[FeatureSchema]
    feature_lists: list[FeatureSchema]
    keys_left_out: int


class WrittenBy(TypedDict):
    """The tool that probably wrote a file, and what speaks for it."""

    tool: str
    why: list[str]


class Disagreement(TypedDict):
    """A label or text that does not fit the label map, or another record."""

    kind: Literal["label-unknown", "text-unknown", "label-text", "label-map"]
    count: int
    message: str


class Agreement(TypedDict):
    """How labels and texts of the records agree with a label map; without one, `classes` is None, with each other."""

    path: str | None
    classes: int | None
    used: int | None
    problems: list[Disagreement]
    problems_left_out: int


class FileInspection(TypedDict):
    """What is in one file."""

    path: str
    compression: str
    file_bytes: int
    data_bytes: int
    records: int
    complete: bool
    sample: int | None
    payload: Spread | None
    schema: Schema
    first: FirstRecord | None
    written_by: WrittenBy | None
    labels: Agreement | None
    damage: list[Finding]
    damage_left_out: int


class Unreadable(TypedDict):
    """A path that could not be read, and why."""

    path: str
    error: str


class FileDifference(TypedDict):
    """In what a file is not as most others."""

    path: str
    message: str


class Inspection(FileInspection):
    """What is in all files together, and in each of `files`.

    Of several files, damage is listed with the file alone, and counted in `damage_left_out`.
    """

    files: list[FileInspection]
    unreadable: list[Unreadable]
    missing: list[str]
    differences: list[FileDifference]
    differences_left_out: int


class AgainstDifference(TypedDict):
    """Something that records and source do not have in common, and its place in both."""

    kind: str
    source: str | None
    record: str | None
    message: str


class Comparison(TypedDict):
    """How records compare with a source: `ok` if nothing is missing, extra or other."""

    ok: bool
    format: str
    manifest: str | None
    images: int
    images_equal: int
    images_reencoded: int
    objects: int
    objects_equal: int
    left_out: dict[str, Any]
    counts: dict[str, int]
    differences: list[AgainstDifference]


class Extraction(TypedDict):
    """What `extract` made."""

    folder: str
    files: int
    bytes: int
    records: int
    without: int
    renamed: int
    damage: list[str]


def inspect(
    path: Path | Sequence[Path],
    *,
    label_map: Path | Mapping[str, int] | None = None,
    compression: str | None = None,
    max_records: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    max_record_size: int = MAX_RECORD_SIZE,
    workers: int = 0,
) -> Inspection:
    """Describes TFRecord files: counts, sizes, every feature, a first record that a person can read, who wrote them.

    Damage is passed over and listed. Of several files, what is missing of their set (`-00003-of-00010`) is named, and
    in what one differs from the others.

    Args:
        path: A file, a folder, a pattern, or several of these.
        label_map: A label map file or a dict of names to ids that labels and texts are compared with; if None, the
            label map beside each file.
        compression: "none", "gzip" or "zlib"; None looks at the first bytes.
        max_records: Records of each file to read; all if None.
        sample: Records of each file to look at, spread over all of it, in the place of all; of an uncompressed file the
            others are not read. The number of records and the lengths of payloads are still those of all; `sample` of
            the result says how many were looked at.
        seed: Other records are drawn for another number.
        max_record_size: Bytes of the longest record that is not taken for damage.
        workers: Files read at a time; 0 is as many as there are processors.

    Raises:
        OSError: A file cannot be read.
        ValueError: A folder has no TFRecord file, or `sample` and `max_records` are both given.
    """
    found, errors = inspect_each(
        path,
        label_map=label_map,
        compression=compression,
        max_records=max_records,
        sample=sample,
        seed=seed,
        max_record_size=max_record_size,
        workers=workers,
    )
    if errors:
        raise errors[0]
    return found


def inspect_each(
    path: Path | Sequence[Path],
    *,
    label_map: Path | Mapping[str, int] | None,
    compression: str | None,
    max_records: int | None,
    sample: int | None,
    seed: int,
    max_record_size: int,
    workers: int,
) -> tuple[Inspection, list[Exception]]:
    """As `inspect`, with the exceptions of what could not be read."""
    drawn = None if sample is None else (sample, seed)
    text, errors = _native.inspect(path, compression, label_map, max_records, drawn, max_record_size, workers)
    return json.loads(text), errors


def record_files(paths: Sequence[Path]) -> list[str | Exception]:
    """The files that paths, folders and patterns mean, with the exception in the place of one that means none."""
    return _native.record_files(paths)


def feature_spec(
    path: Path | Sequence[Path],
    *,
    lists: Literal["ragged", "varlen"] = "ragged",
    max_records: int | None = None,
) -> str:
    """Python code with the `tf.io` features that parse these records, and the function that parses one.

    Features that have the same number of values in every record are `FixedLenFeature`; lists of SequenceExamples are
    `FixedLenSequenceFeature` where each step has the same number of values.

    Args:
        path: A file, a folder, a pattern, or several of these.
        lists: How features of any number of values are parsed: "ragged" (`RaggedFeature`) or "varlen"
            (`VarLenFeature`).
        max_records: Records of each file to look at; all if None.

    Raises:
        OSError: A file cannot be read.
        RecordError: A file is damaged.
        ValueError: The records are no Examples.
    """
    return _native.feature_spec(path, lists, max_records)


def extract(
    path: Path | Sequence[Path],
    feature: str,
    out: Path,
    *,
    where: str | Sequence[str] = (),
    compression: str | None = None,
    max_records: int | None = None,
    max_record_size: int = MAX_RECORD_SIZE,
    overwrite: bool = False,
    fsync: bool = True,
) -> Extraction:
    """Writes each value of a feature of bytes, such as `image/encoded`, into a file of its own.

    Files are called as `image/filename` of their record says, made such that they stay in `out`; else by the number of
    the record. Endings are those of what the bytes are. All get their names at once, or none does.

    Args:
        path: A file, a folder, a pattern, or several of these.
        feature: The key of the feature; of a SequenceExample, of its context or its lists.
        out: The folder; it is made if it is not there.
        where: Conditions as in `filter` that records must fulfil.
        compression: "none", "gzip" or "zlib"; None looks at the first bytes.
        max_records: Records of each file to read; all if None.
        max_record_size: Bytes of the longest record that is not taken for damage.
        overwrite: Replace files that are there.
        fsync: Wait until the files are on the disk.

    Raises:
        FileExistsError: There is a file of that name.
        OSError: A file cannot be read or written.
        ValueError: The feature holds no bytes, or no record has it.
    """
    made: Extraction = json.loads(
        _native.extract(
            path, feature, out, compression, max_record_size, max_records, conditions(where), overwrite, fsync
        )
    )
    return made


def conditions(where: str | Sequence[str]) -> list[str]:
    """One or several."""
    return [where] if isinstance(where, str) else list(where)


def show(
    path: Path,
    *,
    record: int | None = None,
    where: str | Sequence[str] = (),
    form: Literal["json", "table", "pbtxt"] = "json",
    limit: int = 10,
) -> list[str]:
    """Records of a TFRecord file with all that they hold, each as text.

    What is no Example is given as text and as hexadecimal numbers. Damage is passed over; a damaged stretch counts as
    one record, as in `verify`.

    Args:
        path: The file.
        record: The number of one record, from 0.
        where: A condition as in `filter`, such as `image/filename=x.jpg`, or several: Examples fulfil all.
        form: "json", "table" (long values cut) or "pbtxt", protobuf's text format, which holds every byte.
        limit: Records to give at most.

    Raises:
        OSError: The file cannot be read.
        ValueError: A condition is none.
    """
    return show_sound(path, record, where, form, limit)[0]


def show_sound(
    path: Path, record: int | None, where: str | Sequence[str], form: str, limit: int
) -> tuple[list[str], list[str]]:
    """As `show`, and the damage that was passed over on the way to the last of these records."""
    return _native.show(path, record, conditions(where), form, limit)


def snippet(
    path: Path | Sequence[Path],
    framework: Literal["tf", "keras", "torch", "jax"] = "tf",
    *,
    max_records: int = SNIPPET_RECORDS,
) -> str:
    """A short complete Python program that reads these TFRecord files, made from the features that they have.

    Those for PyTorch and JAX use recordmill, Pillow and numpy, and need no TensorFlow.

    Args:
        path: A file, a folder, a pattern, or several of these.
        framework: What the program is written for.
        max_records: Records of each file to look at.

    Raises:
        OSError: A file cannot be read.
        RecordError: A file is damaged.
        ValueError: The records are no Examples, or the files are compressed differently.
    """
    return _native.snippet(path, framework, max_records)


@overload
def verify(path: Path, **options: Unpack[VerifyOptions]) -> Verdict: ...  # type: ignore[overload-overlap]
@overload
def verify(path: Sequence[Path], **options: Unpack[VerifyOptions]) -> list[Verdict]: ...
def verify(
    path: Path | Sequence[Path],
    *,
    label_map: Path | Mapping[str, int] | None = None,
    compression: str | None = None,
    examples: bool = True,
    rules: bool = True,
    sha256: bool = True,
    max_record_size: int = MAX_RECORD_SIZE,
    workers: int = 0,
) -> Verdict | list[Verdict]:
    """Checks TFRecord files: every checksum, that every record is an Example, and what object detection readers want.

    Args:
        path: A file, or several.
        label_map: A label map file or a dict of names to ids that labels and texts must agree with.
        compression: "none", "gzip" or "zlib"; None looks at the first bytes.
        examples: Whether every record must be a tf.train.Example or SequenceExample.
        rules: Whether the rules of object detection readers are applied to records that look like it.
        sha256: Whether `image/key/sha256` is compared with the image, which takes most of the time.
        max_record_size: Bytes of the longest record that is not an error.
        workers: Threads, which take files or parts of large ones; 0 is as many as there are processors.

    Returns:
        The verdict, or a list of them for several files.

    Raises:
        OSError: A file cannot be read.
    """
    several = not isinstance(path, (str, bytes, PathLike))
    found = verify_each(
        list(path) if several else [path],  # type: ignore[arg-type, list-item]
        label_map=label_map,
        compression=compression,
        examples=examples,
        rules=rules,
        sha256=sha256,
        max_record_size=max_record_size,
        workers=workers,
    )
    verdicts = []
    for verdict in found:
        if isinstance(verdict, Exception):
            raise verdict
        verdicts.append(verdict)
    return verdicts if several else verdicts[0]


def verify_each(
    paths: Sequence[Path],
    *,
    label_map: Path | Mapping[str, int] | None,
    compression: str | None,
    examples: bool,
    rules: bool,
    sha256: bool,
    max_record_size: int,
    workers: int,
) -> list[Verdict | Exception]:
    """As `verify`, with the exception in the place of a file that cannot be read."""
    found = _native.verify(paths, compression, label_map, examples, rules, sha256, max_record_size, workers)
    return [json.loads(verdict) if isinstance(verdict, str) else verdict for verdict in found]


def compare(
    path: Path | Sequence[Path],
    source: Path,
    *,
    progress: bool | Callable[[Progress], object] | None = None,
    **options: Any,
) -> Comparison:
    """Whether TFRecord files hold all that a dataset says, and nothing else: `recordmill verify --against`.

    Every image is looked for, by its name or its bytes, and compared to the byte (one that the conversion encodes anew
    by kind and size), every object by class, box, masks, keypoints and the rest. What the conversion left out on
    purpose is known from `recordmill.json` beside the records; without that, the options of `convert` are taken as they
    are when nothing is given.

    Args:
        path: The folder of records that `convert` wrote, or files.
        source: The dataset, in any format.
        progress: As for `convert`.
        **options: How the source is read: `source_format`, `images`, `allow_outside`, `voc_one_based`,
            `class_attribute`, `drawn_turned`, `workers`, as for `load`.

    Raises:
        FormatError: The source or the records cannot be loaded.
        OSError: A file cannot be read.
        ValueError: The manifest is none.
    """
    given = load_arguments(**options)
    found: Comparison = json.loads(run(lambda tell: _native.against(path, source, given, tell), progress))
    return found
