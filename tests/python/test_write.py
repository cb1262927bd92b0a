"""Datasets written in other formats than TFRecord."""

import json
import os
from pathlib import Path

import pytest
import recordmill as rm

SHAPES = Path(__file__).parents[2] / "examples" / "shapes"
WRITTEN = [form.name for form in rm.formats() if form.writes and form.name != "tfrecord"]


@pytest.mark.parametrize("target", WRITTEN)
def test_every_target(target: str, tmp_path: Path) -> None:
    # Those of classes alone can hold nothing of boxes.
    empty = target in ("image-folder", "imagenet-list", "multilabel-csv")
    report = rm.convert(SHAPES, tmp_path / "out", target_format=target, allow_empty=empty, fsync=False)
    assert (report.target, report.schema, report.images) == (target, None, 24)
    assert report.image_files in (24, 24 - report.empty_images)
    assert report.files == []
    assert report.annotation_files > 0 or "image labels" in str(report.losses) or "boxes" in str(report.losses)
    # Boxes say no class of an image as a whole, so folders of classes have none to be known by.
    if target != "image-folder":
        assert rm.load(tmp_path / "out").format == target
    manifest = json.loads((tmp_path / "out" / ".recordmill").read_text())
    assert manifest["format"] == target
    for file in manifest["files"]:
        assert (tmp_path / "out" / file["name"]).is_file()
    assert str(report).splitlines()[0] == f"voc -> {tmp_path / 'out'} ({target})"
    images = [row["name"] for row in manifest["files"] if row["name"].endswith((".png", ".jpg"))]
    # Pictures of masks are annotations.
    images = [name for name in images if not name.endswith("_mask.png") and "annotations/" not in name]
    assert len(images) == report.image_files
    originals = {path.name: path.read_bytes() for path in SHAPES.rglob("*") if path.suffix in (".png", ".jpg")}
    for name in images:
        content = (tmp_path / "out" / name).read_bytes()
        # Frames of a video are numbered.
        assert content in originals.values() if target == "mot" else content == originals[name.rsplit("/", 1)[-1]]


def test_save_takes_the_same_targets(tmp_path: Path) -> None:
    dataset = rm.load(SHAPES)
    report = dataset.save(tmp_path / "a", format="coco", split="50/50", exact_split=True, fsync=False)
    direct = rm.convert(SHAPES, tmp_path / "b", target_format="coco", split="50/50", exact_split=True, fsync=False)
    assert [split.images for split in report.splits] == [split.images for split in direct.splits] == [12, 12]
    for name in ("instances_train.json", "instances_val.json"):
        assert (tmp_path / "a/annotations" / name).read_bytes() == (tmp_path / "b/annotations" / name).read_bytes()


def test_links_and_no_images(tmp_path: Path) -> None:
    linked = rm.convert(SHAPES, tmp_path / "l", target_format="coco", images_mode="link", fsync=False)
    assert linked.image_files == 24
    image = next((tmp_path / "l" / "images").rglob("*.*"))
    assert os.stat(image).st_nlink >= 2 or any("cannot be linked" in reason for reason in linked.reasons)
    none = rm.convert(SHAPES, tmp_path / "n", target_format="coco", images_mode="none", fsync=False)
    assert none.image_files == 0
    assert not (tmp_path / "n" / "images").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target_format": "nonsense"}, "no format is called"),
        ({"target_format": "cocoo"}, 'no format is called "cocoo", nearest is "coco"; `recordmill formats` lists all'),
        ({"target_format": "coco", "shards": 2}, "shards means nothing but for TFRecord"),
        ({"target_format": "coco", "schema": "basic"}, "schema means nothing but for TFRecord"),
        ({"target_format": "coco", "masks": "png"}, "masks means nothing but for TFRecord"),
        ({"images_mode": "link"}, "images_mode means nothing for TFRecord"),
        ({"images_mode": "move"}, 'images_mode must be one of "copy", "link", "none"'),
    ],
)
def test_options_that_mean_nothing(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises((rm.Error, ValueError), match=message):
        rm.convert(SHAPES, tmp_path / "out", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_records_turn_back(compression: str, tmp_path: Path) -> None:
    rm.convert(SHAPES, tmp_path / "tf", split="50/50", compression=compression, fsync=False)
    dataset = rm.load(tmp_path / "tf")
    assert (dataset.format, len(dataset)) == ("tfrecord", 24)
    originals = {path.name: path.read_bytes() for path in SHAPES.rglob("*") if path.suffix in (".png", ".jpg")}
    for image in dataset:
        assert image.read() == originals[image.key]
    report = dataset.save(tmp_path / "coco", format="coco", fsync=False)
    assert (report.images, report.objects, report.image_files) == (24, 44, 24)
    for path in (tmp_path / "coco" / "images").rglob("*.*"):
        assert path.read_bytes() == originals[path.name]
    single = next((tmp_path / "tf").glob("train*.tfrecord"))
    assert rm.load(single).splits == {"train": len(rm.load(single))}


def test_losses(tmp_path: Path) -> None:
    coco = tmp_path / "in"
    rm.convert(SHAPES, coco, target_format="coco", fsync=False)
    path = coco / "annotations" / "instances_train.json"
    content = json.loads(path.read_text())
    for annotation in content["annotations"]:
        x, y, width, height = annotation["bbox"]
        annotation["segmentation"] = [[x, y, x + width, y, x + width, y + height]]
    path.write_text(json.dumps(content))
    count = len(content["annotations"])
    # Outlines become masks; where there are to be none they are not even read, and said all the same.
    report = rm.convert(coco, tmp_path / "masks", fsync=False)
    assert [(loss.what, loss.number) for loss in report.losses if loss.of == "objects"] == [("polygons", count)]
    report = rm.convert(coco, tmp_path / "tf", masks="none", fsync=False)
    losses = {loss.what: (loss.number, loss.of) for loss in report.losses}
    assert losses["outlines or masks"] == (count, "objects")
    assert f"outlines or masks of {count:,} objects" in str(report)
    with pytest.raises(rm.ConvertError, match="tfrecord cannot hold outlines or masks of") as caught:
        rm.convert(coco, tmp_path / "none", masks="none", no_loss=True)
    assert caught.value.report.losses == report.losses
    assert not (tmp_path / "none").exists()
    kept = rm.convert(coco, tmp_path / "voc", target_format="voc", dry_run=True)
    assert "polygons" not in {loss.what for loss in kept.losses}
    assert not (tmp_path / "voc").exists()
