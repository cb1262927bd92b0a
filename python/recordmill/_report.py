"""What a conversion did."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

# Characters of a cell that is shown whole, and of a longer one's start: as in messages.
WHOLE = 200
START = 80


class Problem(NamedTuple):
    """One thing that is wrong with the input, and where.

    Attributes:
        kind: What, in a word: "swapped-corners", "missing-image" ...
        severity: "error" for what cannot be used, "fixed" for what was put right or left out by a documented rule,
            "note" for what is worth knowing.
        path: The file, relative to the dataset's folder where it lies in it.
        line: Line in the file, from 1; None where the whole file is meant.
        message: In words.
    """

    kind: str
    severity: str
    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return printable(f"{place}: {self.message}")


class ClassCount(NamedTuple):
    """A class of the label map.

    Attributes:
        id: Its number in the records, 1 or more.
        name: Its name in the records.
        objects: Objects of it in the records.
        images: Images in the records that have at least one of them.
    """

    id: int
    name: str
    objects: int
    images: int


class SplitCount(NamedTuple):
    """A split: "train", "valid" or "test".

    Attributes:
        name: Which.
        images: Images in its records.
        objects: Objects in its records.
        files: Its files, relative to the output folder.
    """

    name: str
    images: int
    objects: int
    files: tuple[str, ...]


class FileCount(NamedTuple):
    """A file of records.

    Attributes:
        name: Relative to the output folder, with "/".
        split: The split that it belongs to.
        records: Records in it.
        bytes: Its size.
        crc32c: CRC-32C of its bytes, in hex, as object stores know it; None in a dry run.
        sha256: SHA-256 of its bytes, in hex; None in a dry run, and where it was not asked for.
    """

    name: str
    split: str
    records: int
    bytes: int
    crc32c: str | None
    sha256: str | None


class Skipped(NamedTuple):
    """What was left out.

    Attributes:
        images: Images that are in no record.
        objects: Objects that are in no record, those of images left out among them.
        reasons: Images and objects by the reason.
    """

    images: int
    objects: int
    reasons: dict[str, tuple[int, int]]

    def lines(self) -> list[str]:
        """How many, and below it each reason; nothing where nothing was left out."""
        if not (self.images or self.objects):
            return []
        return [
            f"left out: {counted(self.images, 'image')}, {counted(self.objects, 'object')}",
            *(
                f"  {reason}: {counted(images, 'image')}, {counted(objects, 'object')}"
                for reason, (images, objects) in self.reasons.items()
            ),
        ]


class Loss(NamedTuple):
    """Something that the target cannot hold.

    Attributes:
        what: What, in the words of `formats`: "polygons", "crowd" ...
        number: Of how many.
        of: "objects", "images" or "classes".
    """

    what: str
    number: int
    of: str

    def __str__(self) -> str:
        of = {"objects": "object", "images": "image", "classes": "class"}[self.of] if self.number == 1 else self.of
        return f"{self.what} of {self.number:,} {of}"


class Told:
    """What the native module tells as JSON. Two are equal if they say the same."""

    __slots__ = ("_data", "problem_counts", "problems")

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.problem_counts: dict[str, int] = data["problem_counts"]
        self.problems = [
            Problem(row["kind"], row["severity"], row["place"]["path"], row["place"]["line"] or None, row["message"])
            for row in data["problems"]
        ]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `text`, its JSON, says."""
        return cls(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain lists, dicts, strings and numbers."""
        copy: dict[str, Any] = json.loads(json.dumps(self._data))
        return copy

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        return type(self), (self._data,)

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, Told) and type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self._data["format"], self._data["images"], self._data["objects"]))


class Report(Told):
    """What a conversion did: counts that add up, files, and every problem with its place.

    `print(report)` shows it as the command line does; `to_dict()` is what `--json` prints.

    Attributes:
        format: The source's format.
        reasons: Why it was taken for that, and what was decided on the way.
        target: What was written: "tfrecord", or the name of a format.
        output: The folder that was written to.
        dry_run: Nothing was written; sizes are those that the files would have.
        schema: What records have, as in `convert`: "tfod", "basic" ...; "tfds_classification" where "tfds" was that.
            None where the target has no records.
        losses: What the target cannot hold.
        images: Images written.
        objects: Objects written.
        images_read: Images in the source; an annotation file of one image that cannot be read counts as one.
        objects_read: Objects in the source, those that cannot be understood among them; what stands twice counts once.
        empty_images: Images written of which nothing is said: no object, class or caption.
        reencoded: Images written that are not the bytes of their files.
        skipped: What was left out; `images + skipped.images == images_read`, and the same for objects.
        classes: The label map, by id.
        splits: What went into each split.
        files: The record files.
        annotation_files: Annotation files that are not records.
        image_files: Image files beside them.
        bytes: Bytes of all files.
        seconds: How long it took.
        problem_counts: How many problems of each kind there are.
        problems: The problems with their places; beyond 10,000 of a kind only errors are listed.
    """

    __slots__ = (
        "annotation_files",
        "bytes",
        "classes",
        "dry_run",
        "empty_images",
        "files",
        "format",
        "image_files",
        "images",
        "images_read",
        "losses",
        "objects",
        "objects_read",
        "output",
        "reasons",
        "reencoded",
        "schema",
        "seconds",
        "skipped",
        "splits",
        "target",
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.format: str = data["format"]
        self.reasons: list[str] = data["reasons"]
        self.output: str = data["output"]
        self.dry_run: bool = data["dry_run"]
        self.target: str = data["target"]
        self.schema: str | None = data["schema"]
        self.losses = [Loss(row["what"], row["number"], row["of"]) for row in data["losses"]]
        self.annotation_files: int = data["annotation_files"]
        self.image_files: int = data["image_files"]
        self.images: int = data["images"]
        self.objects: int = data["objects"]
        self.images_read: int = data["images_read"]
        self.objects_read: int = data["objects_read"]
        self.empty_images: int = data["empty_images"]
        self.reencoded: int = data["reencoded"]
        skipped = data["skipped"]
        reasons = {reason: (count["images"], count["objects"]) for reason, count in skipped.get("reasons", {}).items()}
        self.skipped = Skipped(skipped["images"], skipped["objects"], reasons)
        self.classes = [ClassCount(row["id"], row["name"], row["objects"], row["images"]) for row in data["classes"]]
        self.splits = [
            SplitCount(row["name"], row["images"], row["objects"], tuple(row["files"])) for row in data["splits"]
        ]
        self.files = [
            FileCount(row["name"], row["split"], row["records"], row["bytes"], row["crc32c"], row["sha256"])
            for row in data["files"]
        ]
        self.bytes: int = data["bytes"]
        self.seconds: float = data["seconds"]

    @property
    def errors(self) -> list[Problem]:
        """The problems because of which something could not be used."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def __repr__(self) -> str:
        return f"<Report: {counted(self.images, 'image')}, {counted(self.objects, 'object')} in {self.output!r}>"

    def __str__(self) -> str:
        dry = "dry run, nothing was written: " if self.dry_run else ""
        lines = [
            f"{dry}{self.format} -> {self.output} ({self.schema or self.target})",
            *self.reasons,
            ", ".join(
                (
                    f"{counted(self.images, 'image')} ({self.empty_images:,} empty)",
                    counted(self.objects, "object"),
                    counted(len(self.files) or self.annotation_files, "file"),
                    *([counted(self.image_files, "image file")] if self.image_files else []),
                    size(self.bytes),
                    f"{self.seconds:.2f} s",
                )
            ),
        ]
        files = {file.name: file for file in self.files}
        split_rows = [
            (
                split.name,
                f"{split.images:,}",
                f"{split.objects:,}",
                *([size(sum(files[name].bytes for name in split.files)), _files(split.files)] if files else []),
            )
            for split in self.splits
        ]
        head = ("split", "images", "objects", "size", "files") if files else ("split", "images", "objects")
        lines += ["", *table(head, split_rows, right=(1, 2, 3))]
        rows = [(f"{row.id}", row.name, f"{row.objects:,}", f"{row.images:,}") for row in self.classes]
        if rows:
            lines += ["", *table(("id", "class", "objects", "images"), rows, right=(0, 2, 3))]
        if self.losses:
            lines += ["", f"not in {self.target}: {', '.join(map(str, self.losses))}"]
        if left_out := self.skipped.lines():
            lines += ["", *left_out]
        if self.problem_counts:
            lines += ["", "problems:"]
            severities = {problem.kind: problem.severity for problem in self.problems}
            lines += [f"  {count:,} {kind} ({severities[kind]})" for kind, count in self.problem_counts.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f"<th>{name}</th>" for name in ("split", "images", "objects", "files"))
        rows = "".join(
            f"<tr><td>{split.name}</td><td>{split.images:,}</td><td>{split.objects:,}</td>"
            f"<td>{escape(_files(split.files))}</td></tr>"
            for split in self.splits
        )
        problems = ", ".join(f"{count:,} {kind}" for kind, count in self.problem_counts.items())
        return f"<p>{escape(repr(self)[1:-1])}</p><table><tr>{head}</tr>{rows}</table>" + (
            f"<p>problems: {escape(problems)}</p>" if problems else ""
        )


def _files(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}" if names else ""


def counted(number: int, word: str) -> str:
    """A number with its word: "1 image", "2 images"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def size(number: float) -> str:
    """A number of bytes for people, in powers of 1000."""
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1000
    return ""


def _shown(text: str) -> str:
    """The text, printable, and cut where it is long."""
    return printable(text if len(text) <= WHOLE else f"{text[:START]}... ({len(text)} characters)")


def printable(text: str) -> str:
    """The text with control characters escaped: names of files may have them, and they break tables and terminals."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Lines of a table; the columns in `right` are aligned to the right."""
    every = [[_shown(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[place]) for row in every) for place in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    ]
