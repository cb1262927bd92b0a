"""`convert`, its options, its report and its errors, from Python."""

import hashlib
import json
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.support import png


def examples(folder: Path, name: str = "train.tfrecord") -> list[dict[str, Any]]:
    return [rm.decode_example(payload) for payload in rm.TFRecordReader(folder / name)]


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_report(good: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = rm.convert(good, out)
    assert (report.images, report.objects, report.images_read, report.objects_read) == (2, 3, 2, 3)
    assert (report.format, report.schema, report.dry_run, report.empty_images) == ("csv", "tfod", False, 0)
    assert report.output == str(out)
    assert report.skipped == (0, 0, {})
    assert report.classes == [(1, "cat", 2, 2), (2, "dog", 1, 1)]
    assert report.splits == [("train", 2, 3, ("train.tfrecord",))]
    (file,) = report.files
    assert (file.name, file.split, file.records) == ("train.tfrecord", "train", 2)
    assert file.bytes == (out / "train.tfrecord").stat().st_size == report.bytes
    assert file.sha256 == hashlib.sha256((out / "train.tfrecord").read_bytes()).hexdigest()
    (fast,) = rm.convert(good, tmp_path / "fast", file_sha256=False).files
    assert fast == file._replace(sha256=None)
    assert fast.crc32c is not None
    assert len(fast.crc32c) == 8
    assert report.problems == []
    assert report.errors == []
    assert files(out) == {"train.tfrecord", "label_map.pbtxt", "README.txt", "recordmill.json"}
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()
    text = str(report)
    head = [f"csv -> {out} (tfod)", "labels.csv has a header with image, class and box"]
    assert text.splitlines()[:2] == head
    assert text.splitlines()[2].startswith("2 images (0 empty), 3 objects, 1 file, ")
    assert "train       2        3" in text
    assert repr(report) == f"<Report: 2 images, 3 objects in {str(out)!r}>"
    assert "<table>" in report._repr_html_()
    first = examples(out)[0]
    assert first["image/filename"] == [b"a.png"]
    assert first["image/object/class/text"] == [b"cat", b"dog"]


REPORT_SHAPE = {
    "bytes": int,
    "classes": list,
    "dry_run": bool,
    "empty_images": int,
    "files": list,
    "format": str,
    "images": int,
    "images_read": int,
    "objects": int,
    "objects_read": int,
    "output": str,
    "problem_counts": dict,
    "problems": list,
    "reasons": list,
    "schema": str,
    "seconds": float,
    "skipped": dict,
    "splits": list,
}


def test_json_shape(bad: Path, tmp_path: Path) -> None:
    data = rm.convert(bad, tmp_path / "out", on_error="skip").to_dict()
    assert {key: type(value) for key, value in data.items()}.items() >= REPORT_SHAPE.items()
    for problem in data["problems"]:
        assert problem.keys() == {"kind", "severity", "place", "message"}
        assert problem["place"].keys() == {"path", "line"}
    assert all(row.keys() == {"id", "name", "objects", "images"} for row in data["classes"])
    assert all(row.keys() == {"name", "images", "objects", "files"} for row in data["splits"])
    assert all(row.keys() == {"name", "split", "records", "bytes", "crc32c", "sha256"} for row in data["files"])
    assert data["skipped"]["images"] == 1


def test_problems_are_listed_with_their_places(bad: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(rm.ConvertError) as caught:
        rm.convert(bad, out)
    assert not out.exists() or files(out) == set()
    report = caught.value.report
    assert report is not None
    assert report.problem_counts["missing-image"] == 1
    (missing,) = report.errors
    assert (missing.kind, missing.severity, missing.path, missing.line) == ("missing-image", "error", "labels.csv", 5)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("labels.csv:5: ")
    assert lines[-1].startswith("nothing was written: ")
    report = rm.convert(bad, out, on_error="skip")
    assert (report.images, report.images_read, report.skipped.images) == (2, 3, 1)
    kinds = {problem.kind: str(problem) for problem in report.problems}
    assert kinds.keys() == {"swapped-corners", "box-outside", "empty-box", "missing-image"}
    assert kinds["swapped-corners"].startswith("labels.csv:2: ")
    assert sum(report.problem_counts.values()) == 4
    assert "left out: 1 image, 2 objects" in str(report)
    with pytest.raises(rm.ConvertError, match=r"labels\.csv:2"):
        rm.convert(bad, tmp_path / "strict", strict=True)


def test_options(good: Path, tmp_path: Path) -> None:
    def run(name: str, **options: Any) -> rm.Report:
        return rm.convert(good, tmp_path / name, **options)

    assert [split.name for split in run("a", split="50/50", exact_split=True).splits] == ["train", "valid"]
    halves = {"train": 0.5, "test": 0.5}
    assert [split.name for split in run("b", split=halves, exact_split=True).splits] == ["train", "test"]
    assert [file.name for file in run("c", shards=2).files] == [f"train-0000{n}-of-00002.tfrecord" for n in (0, 1)]
    assert len(run("d", shard_size=300).files) == 2
    assert len(run("e", shard_size="1MB").files) == 1
    run("f", compression="GZIP", level=9)
    assert (tmp_path / "f" / "train.tfrecord").read_bytes()[:2] == b"\x1f\x8b"
    assert run("g", label_map={"cat": 7, "dog": 3}).classes == [(3, "dog", 1, 1), (7, "cat", 2, 2)]
    label_map = tmp_path / "map.pbtxt"
    label_map.write_text('item { id: 5 name: "cat" }\nitem { id: 6 name: "dog" }\n')
    assert [row.id for row in run("h", label_map=label_map).classes] == [5, 6]
    with pytest.raises(rm.ConvertError) as caught:
        run("i", label_map={"cat": 1})
    assert caught.value.report is not None
    assert caught.value.report.errors[0].kind == "unknown-class"
    assert run("j", schema="basic").schema == "basic"
    basic = examples(tmp_path / "j")[0]
    assert len(basic) == 12
    assert basic["image/source_id"] == [b"a.png"]
    run("k", layout="roboflow", group="pets")
    assert (tmp_path / "k" / "train" / "pets.tfrecord").is_file()
    run("l", source_id="filename", sha256=False)
    first = examples(tmp_path / "l")[0]
    assert first["image/source_id"] == [b"a.png"]
    assert "image/key/sha256" not in first
    dry = run("m", dry_run=True)
    assert dry.dry_run
    assert dry.bytes == run("n").bytes
    assert not (tmp_path / "m").exists()
    images = tmp_path / "elsewhere"
    images.mkdir()
    for image in good.parent.glob("*.png"):
        image.rename(images / image.name)
    for given in (images, [images], str(images)):
        assert run("o", images=given, overwrite=True, fsync=False).images == 2


def test_wrong_options(good: Path, tmp_path: Path) -> None:
    rows: list[tuple[dict[str, Any], str]] = [
        ({"schema": "coco"}, 'schema must be one of "tfod", "basic", "classification", .*, not "coco"'),
        ({"layout": "x"}, 'layout must be one of "flat", "roboflow", not "x"'),
        ({"on_error": "x"}, 'on_error must be one of "stop", "skip", not "x"'),
        ({"skip_rule": "x"}, 'skip_rule must be one of "none", "tf", not "x"'),
        ({"source_id": "x"}, 'source_id must be one of "auto", "index", "id", "filename", "stem", not "x"'),
        ({"split": "70/20"}, 'split "70/20": the parts add up to 90, expected 100 or 1'),
        ({"split": {"train": 0.5, "dev2": 0.5}}, "is not one of train, valid, test"),
        ({"shards": 2, "shard_size": 5}, "shards and shard_size exclude each other"),
        ({"shards": 0}, "shards 0: there must be at least one"),
        ({"shard_size": "many"}, 'size "many": expected a number'),
        ({"compression": "lz4"}, 'no compression "lz4"'),
        ({"level": 3}, "level means nothing without compression"),
        ({"exact_split": True}, "exact_split means nothing without split"),
        ({"level": 11, "compression": "gzip"}, "compression level 11 is not between 0 and 9"),
        ({"split": "keep", "exact_split": True}, "exact_split means nothing without split"),
        ({"group": "pets"}, "group means nothing without layout roboflow"),
        ({"group": "a/b"}, 'group "a/b" cannot be the name of a file'),
        ({"label_map": {"cat": 0}}, 'label map: class "cat" has id 0, ids start at 1'),
        ({"source_format": "nonsense"}, 'no format is called "nonsense"'),
    ]
    for options, message in rows:
        with pytest.raises(ValueError, match=message):
            rm.convert(good, tmp_path / "out", **options)
    for wrong in ({"nonsense": 1}, {"shards": "x"}, {"label_map": {1: 1}}, {"seed": "x"}, {"images": 5}):
        untyped: Any = wrong
        with pytest.raises(TypeError):
            rm.convert(good, tmp_path / "out", **untyped)
    assert not (tmp_path / "out").exists()


def test_system_errors(good: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        rm.convert(tmp_path / "no", tmp_path / "out")
    assert missing.value.filename == str(tmp_path / "no")
    rm.convert(good, tmp_path / "out")
    with pytest.raises(FileExistsError) as exists:
        rm.convert(good, tmp_path / "out")
    assert Path(exists.value.filename).parent == tmp_path / "out"
    rm.convert(good, tmp_path / "out", overwrite=True)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        rm.convert(good, tmp_path / "file" / "out")
    with pytest.raises(FileNotFoundError):
        rm.convert(good, tmp_path / "out2", label_map=tmp_path / "no.pbtxt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(rm.FormatError, match="no annotations that a known format explains") as caught:
        rm.convert(tmp_path / "empty", tmp_path / "out3")
    assert caught.value.path == str(tmp_path / "empty")


def test_an_output_that_is_not_utf8(good: Path, tmp_path: Path) -> None:
    out = os.fsencode(tmp_path) + b"/\xff"
    assert rm.convert(good, out).images == 2
    assert (Path(os.fsdecode(out)) / "train.tfrecord").is_file()


def test_progress(good: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[rm.Progress] = []
    rm.convert(good, tmp_path / "a", progress=seen.append)
    assert seen[-1].images_total in (0, 2)
    assert {progress.phase for progress in seen} >= {"converting"}
    assert all(progress.seconds >= 0 for progress in seen)

    def stop(progress: rm.Progress) -> None:
        raise KeyError(progress.phase)

    with pytest.raises(KeyError):
        rm.convert(good, tmp_path / "b", progress=stop)
    assert not (tmp_path / "b").exists() or files(tmp_path / "b") == set()
    rm.convert(good, tmp_path / "c")
    rm.convert(good, tmp_path / "d", progress=True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_same_input_gives_the_same_bytes(project: Path, tmp_path: Path, compression: str | None) -> None:
    made = set()
    for number, workers in enumerate((1, 8, 1, 8)):
        out = tmp_path / f"{number}"
        rm.convert(
            project / "examples" / "shapes", out, workers=workers, compression=compression, shuffle=True, shards=3
        )
        names = files(out) - {"recordmill.json"}
        made.add(tuple((name, (out / name).read_bytes()) for name in sorted(names)))
    assert len(made) == 1


def test_classes_of_whole_images_count_their_images(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in "ab":
        (source / f"{name}.png").write_bytes(png(9, 9))
    (source / "_classes.csv").write_text("filename,cat,dog\na.png,1,0\nb.png,1,1\n")
    report = rm.convert(source, tmp_path / "out", allow_empty=True, fsync=False)
    assert report.classes == [(1, "cat", 0, 2), (2, "dog", 0, 1)]


def test_an_image_may_be_called_as_a_list(tmp_path: Path) -> None:
    """KITTI's label file of `train.png`."""
    for name in ("train", "b"):
        for folder, ending, content in (
            ("image_2", "png", png(40, 30)),
            ("label_2", "txt", b"Car 0.00 0 -1.57 1.00 2.00 30.00 20.00 1.5 1.6 3.9 1.8 1.5 8.4 -1.6\n"),
        ):
            path = tmp_path / "source" / "training" / folder / f"{name}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    report = rm.convert(tmp_path / "source", tmp_path / "out", fsync=False)
    assert (report.format, report.images, report.objects) == ("kitti", 2, 2)


def test_classes_boxes_and_images_are_selected(good: Path, tmp_path: Path) -> None:
    report = rm.convert(good, tmp_path / "one", rename={"dog": "cat"}, fsync=False)
    assert [(row.id, row.name, row.objects) for row in report.classes] == [(1, "cat", 3)]
    report = rm.convert(good, tmp_path / "two", keep_classes="dog", drop_empty=True, fsync=False)
    assert (report.images, report.objects) == (1, 1)
    assert report.skipped.reasons == {"drop-empty": (1, 0), "keep-classes": (0, 2)}
    report = rm.convert(good, tmp_path / "three", drop_classes=["dog"], min_box_size=20, target_format="coco")
    assert (report.images, report.objects) == (2, 1)
    assert report.skipped.reasons == {"drop-classes": (0, 1), "min-box-size": (0, 1)}
    report = rm.load(good).save(tmp_path / "four", sample=1, seed=1, fsync=False)
    assert (report.images, report.images_read) == (1, 2)
    assert "sample: 1 of 2 images" in report.reasons


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rename": {"dgo": "cat"}}, 'rename: no class is called "dgo" (nearest is "dog")'),
        ({"keep_classes": ["Cat"]}, 'keep_classes: no class is called "Cat" (nearest is "cat")'),
        ({"keep_classes": []}, "keep_classes: no class is named"),
        ({"drop_classes": "zebra"}, 'drop_classes: no class is called "zebra"'),
        ({"min_box_size": -1.0}, "min_box_size -1: expected a number of pixels"),
        ({"sample": 0}, "sample 0: there must be at least one"),
    ],
)
def test_selections_that_mean_nothing(options: dict[str, Any], message: str, good: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rm.convert(good, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
