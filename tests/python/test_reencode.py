"""Images that are not the bytes of their files: Pillow says which pixels they must have, TensorFlow whether it reads them."""

import hashlib
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image, ImageOps

ORIENTATION = 0x0112


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Pixels that no two of are alike."""
    chance = random.Random(width * height)
    if mode == "1":
        return noise(width, height, "L").convert("1")
    bands = 2 if mode == "I;16" else len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, (width, height), chance.randbytes(width * height * bands))


def smooth(width: int, height: int) -> Image.Image:
    """What JPEG keeps nearly as it is."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(
        np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)
    )


def coco(folder: Path, names: list[str], size: tuple[int, int], **annotation: Any) -> Path:
    """A dataset of these images, with an object in each."""
    row = {"category_id": 1, "iscrowd": 0, "area": 1, "bbox": [1, 1, 4, 3], **annotation}
    document = {
        "images": [
            {"id": number, "file_name": name, "width": size[0], "height": size[1]}
            for number, name in enumerate(names, 1)
        ],
        "annotations": [{**row, "id": number, "image_id": number} for number in range(1, len(names) + 1)],
        "categories": [{"id": 1, "name": "cat", "keypoints": ["nose", "tail"]}],
    }
    (folder / "labels.json").write_text(json.dumps(document))
    return folder


def records(out: Path) -> Iterator[dict[str, Any]]:
    for payload in rm.TFRecordReader(out / "train.tfrecord"):
        yield rm.decode_example(payload)


def image_of(example: dict[str, Any]) -> Image.Image:
    image = Image.open(io.BytesIO(example["image/encoded"][0]))
    image.load()
    return image


def check_head(example: dict[str, Any]) -> None:
    """What a record says of its image is said of the bytes in it."""
    (encoded,) = example["image/encoded"]
    image = image_of(example)
    assert (example["image/width"][0], example["image/height"][0]) == image.size
    assert example["image/format"][0].decode().upper() == image.format
    assert example["image/key/sha256"][0].decode() == hashlib.sha256(encoded).hexdigest()


SAVED: dict[str, tuple[str, dict[str, Any]]] = {
    "rgb.webp": ("RGB", {"lossless": True}),
    "rgba.webp": ("RGBA", {"lossless": True, "exact": True}),
    "palette.gif": ("P", {}),
    "grey.tif": ("L", {}),
    "rgb.tif": ("RGB", {"compression": "tiff_lzw"}),
    "deflated.tif": ("RGB", {"compression": "tiff_adobe_deflate"}),
    "grey16.tif": ("I;16", {}),
    "bits.tif": ("1", {}),
    "rgba.tif": ("RGBA", {}),
}


@pytest.mark.parametrize("name", SAVED)
def test_what_tensorflow_does_not_decode_becomes_png(name: str, tmp_path: Path) -> None:
    """Pixel for pixel; other images keep their bytes."""
    mode, options = SAVED[name]
    picture = noise(13, 9, mode)
    picture.save(tmp_path / name, **options)
    noise(13, 9).save(tmp_path / "kept.jpg")
    report = rm.convert(coco(tmp_path, [name, "kept.jpg"], (13, 9)), tmp_path / "out")
    assert (report.images, report.reencoded) == (2, 1)
    assert [problem.message for problem in report.problems if problem.kind == "undecodable-kind"] == [
        f"TensorFlow's decoders do not take this {name.rpartition('.')[2].replace('tif', 'tiff')}: written as png"
    ]
    made, kept = sorted(records(tmp_path / "out"), key=lambda row: row["image/filename"] == [b"kept.jpg"])
    check_head(made)
    assert made["image/format"] == [b"png"]
    assert kept["image/encoded"] == [(tmp_path / "kept.jpg").read_bytes()]
    with Image.open(tmp_path / name) as source:
        wanted = source if mode == "I;16" else source.convert("RGBA" if "rgba" in name else "RGB")
        found = image_of(made) if mode == "I;16" else image_of(made).convert(wanted.mode)
        assert (np.asarray(found) == np.asarray(wanted)).all()


@pytest.mark.tensorflow
def test_tensorflow_reads_them(tf: Any, tmp_path: Path) -> None:
    for name, (mode, options) in SAVED.items():
        picture = noise(13, 9, mode)
        picture.save(tmp_path / name, **options)
    smooth(13, 9).save(tmp_path / "lossy.webp", quality=95)
    names = [*SAVED, "lossy.webp"]
    rm.convert(coco(tmp_path, names, (13, 9)), tmp_path / "out")
    rm.convert(coco(tmp_path, names, (13, 9)), tmp_path / "jpeg", reencode="jpeg:90")
    for out, kind in (("out", b"png"), ("jpeg", b"jpeg")):
        found = list(records(tmp_path / out))
        assert len(found) == len(names)
        for example in found:
            check_head(example)
            assert example["image/format"] == [kind]
            decoded = tf.io.decode_image(example["image/encoded"][0], channels=3)
            assert decoded.shape == (9, 13, 3)
        assert rm.verify(tmp_path / out / "train.tfrecord")["findings"] == []
    (lossy,) = [row for row in records(tmp_path / "out") if row["image/filename"] == [b"lossy.webp"]]
    with Image.open(tmp_path / "lossy.webp") as source:
        wanted = np.asarray(source.convert("RGB")).astype(int)
    assert abs(tf.io.decode_image(lossy["image/encoded"][0]).numpy().astype(int) - wanted).max() <= 8


def test_all_as_one_kind(tmp_path: Path) -> None:
    """JPEG of a quality is near, PNG is exact, and a PNG that is to be one keeps its bytes; so does everything with never."""
    smooth(40, 30).save(tmp_path / "a.jpg", quality=95)
    smooth(40, 30).save(tmp_path / "b.png")
    smooth(40, 30).save(tmp_path / "c.webp", lossless=True)
    names = ["a.jpg", "b.png", "c.webp"]
    coco(tmp_path, names, (40, 30))
    report = rm.convert(tmp_path, tmp_path / "jpeg", reencode="jpeg:90")
    assert report.reencoded == 3
    for example in records(tmp_path / "jpeg"):
        check_head(example)
        assert abs(np.asarray(image_of(example)).astype(int) - np.asarray(smooth(40, 30)).astype(int)).max() < 25
    coarse = rm.convert(tmp_path, tmp_path / "coarse", reencode="jpeg:20")
    assert coarse.bytes < report.bytes
    assert rm.convert(tmp_path, tmp_path / "png", reencode="png").reencoded == 2
    made = list(records(tmp_path / "png"))
    assert made[1]["image/encoded"] == [(tmp_path / "b.png").read_bytes()]
    assert {image_of(example).format for example in made} == {"PNG"}
    assert rm.convert(tmp_path, tmp_path / "never", reencode="never").reencoded == 0
    kept = [example["image/encoded"][0] for example in records(tmp_path / "never")]
    assert kept == [(tmp_path / name).read_bytes() for name in names]


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_same_bytes_on_any_number_of_threads(tmp_path: Path, compression: str | None) -> None:
    names = [f"{number:02}.webp" for number in range(40)]
    for number, name in enumerate(names):
        noise(20 + number, 10).save(tmp_path / name, lossless=True)
    (tmp_path / "classes").mkdir()
    coco(tmp_path, names, (0, 0))
    one = rm.convert(tmp_path, tmp_path / "one", workers=1, compression=compression)
    rm.convert(tmp_path, tmp_path / "four", workers=4, compression=compression)
    assert (tmp_path / "one/train.tfrecord").read_bytes() == (tmp_path / "four/train.tfrecord").read_bytes()
    planned = rm.convert(tmp_path, tmp_path / "none", dry_run=True, compression=compression)
    assert (planned.reencoded, planned.bytes) == (one.reencoded, one.bytes) if compression is None else True


def oriented(folder: Path, orientation: int, picture: Image.Image, name: str) -> np.ndarray:
    """Saves it with that orientation; gives its pixels upright, as Pillow turns them."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture.save(folder / name, exif=exif)
    with Image.open(folder / name) as saved:
        return np.asarray(ImageOps.exif_transpose(saved).convert("RGB"))


def turned(mask: np.ndarray, orientation: int) -> np.ndarray:
    """An array as Pillow turns a picture of that orientation."""
    picture = Image.fromarray(mask.astype(np.uint8))
    picture.getexif()[ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(picture))


# Where the two sizes are the same, it was drawn on what is stored.
DRAWN_ON = [("stored", orientation) for orientation in range(1, 9)] + [("shown", number) for number in range(5, 9)]


@pytest.mark.parametrize(("drawn_on", "orientation"), DRAWN_ON)
def test_auto_orient(orientation: int, drawn_on: str, tmp_path: Path) -> None:
    """Boxes, outlines, masks and keypoints lie on the pixels that they lay on, for all orientations.

    Where the annotation's size is that of the image as it is shown, it was drawn on that.
    """
    width, height = 40, 24
    upright = oriented(tmp_path, orientation, noise(width, height), "a.png")
    size = (width, height) if drawn_on == "stored" else (upright.shape[1], upright.shape[0])
    # An outline along pixels: what it covers, its box and a corner of it are known.
    x0, y0, x1, y1 = 3, 2, 10, 15
    shape = [x0, y0, x1, y0, x1, y1, x0, y1]
    drawn = np.zeros((size[1], size[0]), bool)
    drawn[y0:y1, x0:x1] = True
    counts: list[int] = []
    previous = False
    for pixel in drawn.T.ravel():
        if not counts or pixel != previous:
            counts.append(0) if counts or not pixel else counts.extend([0, 0])
            previous = pixel
        counts[-1] += 1
    wanted = turned(drawn, orientation) if drawn_on == "stored" else drawn
    rows, columns = np.nonzero(wanted)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    point = np.zeros_like(drawn)
    point[y0, x1] = True
    point_row, point_column = (
        int(at[0]) for at in np.nonzero(turned(point, orientation) if drawn_on == "stored" else point)
    )
    for segmentation in ([shape], {"counts": counts, "size": [size[1], size[0]]}):
        coco(
            tmp_path,
            ["a.png"],
            size,
            bbox=[x0, y0, x1 - x0, y1 - y0],
            segmentation=segmentation,
            keypoints=[x1 + 0.5, y0 + 0.5, 2, 0, 0, 0],
            num_keypoints=1,
        )
        report = rm.convert(tmp_path, tmp_path / "out", auto_orient=True, overwrite=True)
        assert report.reencoded == (orientation != 1)
        (example,) = records(tmp_path / "out")
        check_head(example)
        assert (np.asarray(image_of(example)) == upright).all()
        assert image_of(example).getexif().get(ORIENTATION, 1) == 1
        shown_height, shown_width = upright.shape[:2]
        scale = {"xmin": shown_width, "ymin": shown_height, "xmax": shown_width, "ymax": shown_height}
        found = [example[f"image/object/bbox/{side}"][0] * scale[side] for side in scale]
        np.testing.assert_allclose(found, box, atol=1e-4)
        mask = np.asarray(Image.open(io.BytesIO(example["image/object/mask"][0])))
        assert (mask == wanted).all()
        keypoint = [example[f"image/object/keypoint/{axis}"][0] for axis in "xy"]
        np.testing.assert_allclose(
            keypoint, [(point_column + 0.5) / shown_width, (point_row + 0.5) / shown_height], atol=1e-6
        )


@pytest.mark.parametrize("orientation", [2, 3, 4, 6])
def test_drawn_turned(orientation: int, tmp_path: Path) -> None:
    """Of an image of which both frames have one size, the user can say which one was annotated; nobody said so is counted."""
    picture = Image.new("RGB", (32, 32))
    picture.paste((255, 0, 0), (4, 2, 14, 10))
    upright = oriented(tmp_path, orientation, picture, "a.png")
    rows, columns = np.nonzero(upright[..., 0])
    x, y = int(columns.min()), int(rows.min())
    bbox = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
    coco(tmp_path, ["a.png"], (32, 32), bbox=bbox)
    wanted = {True: [4, 2, 14, 10], False: [x, y, x + bbox[2], y + bbox[3]], None: [x, y, x + bbox[2], y + bbox[3]]}
    for drawn_turned, box in wanted.items():
        report = rm.convert(tmp_path, tmp_path / "out", drawn_turned=drawn_turned, overwrite=True)
        (example,) = records(tmp_path / "out")
        found = [example[f"image/object/bbox/{side}"][0] * 32 for side in ("xmin", "ymin", "xmax", "ymax")]
        np.testing.assert_allclose(found, box, atol=1e-4)
        assert report.problem_counts.get("maybe-turned", 0) == (drawn_turned is None)
        said = [reason for reason in report.reasons if "nothing tells" in reason]
        assert len(said) == (drawn_turned is None)
        assert not said or ": 1; boxes are taken in the stored pixels" in said[0]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_auto_orient_of_jpeg_and_webp(orientation: int, tmp_path: Path) -> None:
    """JPEG stays JPEG, what is no file for TensorFlow becomes PNG; without auto_orient the pixels stay as they are stored."""
    near = oriented(tmp_path, orientation, smooth(40, 24), "a.jpg")
    exact = oriented(tmp_path, orientation, smooth(40, 24), "b.webp")
    coco(tmp_path, ["a.jpg", "b.webp"], (40, 24))
    jpeg, png = list(records_of(tmp_path, auto_orient=True))
    assert (image_of(jpeg).format, image_of(png).format) == ("JPEG", "PNG")
    assert abs(np.asarray(image_of(jpeg)).astype(int) - near.astype(int)).max() < 12
    assert abs(np.asarray(image_of(png)).astype(int) - exact.astype(int)).max() < 12
    jpeg, png = list(records_of(tmp_path))
    assert jpeg["image/encoded"] == [(tmp_path / "a.jpg").read_bytes()]
    assert image_of(png).size == (40, 24)


def records_of(folder: Path, **options: Any) -> Iterator[dict[str, Any]]:
    rm.convert(folder, folder / "out", overwrite=True, **options)
    return records(folder / "out")


def test_what_cannot_be_decoded(tmp_path: Path) -> None:
    """An image whose pixels are not there, one that claims to be huge, and an AVIF: problems with their places."""
    noise(40, 30).save(tmp_path / "whole.webp", lossless=True)
    data = bytearray((tmp_path / "whole.webp").read_bytes())
    data[40:] = bytes(len(data) - 40)
    (tmp_path / "broken.webp").write_bytes(data)
    Image.new("L", (1, 1)).save(tmp_path / "huge.tif")
    tiff = bytearray((tmp_path / "huge.tif").read_bytes())
    entries = int.from_bytes(tiff[4:8], "little")
    for number in range(int.from_bytes(tiff[entries : entries + 2], "little")):
        at = entries + 2 + 12 * number
        if int.from_bytes(tiff[at : at + 2], "little") in (256, 257):
            tiff[at + 2 : at + 12] = (
                (4).to_bytes(2, "little") + (1).to_bytes(4, "little") + (60_000).to_bytes(4, "little")
            )
    (tmp_path / "huge.tif").write_bytes(tiff)
    avif = io.BytesIO()
    noise(40, 30).save(avif, "AVIF")
    (tmp_path / "a.avif").write_bytes(avif.getvalue())
    names = ["whole.webp", "broken.webp", "huge.tif", "a.avif"]
    coco(tmp_path, names, (40, 30))
    with pytest.raises(rm.ConvertError):
        rm.convert(tmp_path, tmp_path / "out")
    report = rm.convert(tmp_path, tmp_path / "out", on_error="skip")
    bad = {problem.path: problem.message for problem in report.problems if problem.kind == "bad-image"}
    assert report.images == 1
    assert bad.keys() == {"broken.webp", "huge.tif", "a.avif"}
    assert bad["broken.webp"].startswith("this webp cannot be decoded to be written as png: ")
    assert "are too many to be decoded" in bad["huge.tif"]
    assert bad["a.avif"].startswith("TensorFlow does not decode avif, and recordmill does not either")
    assert any(problem.message == bad["a.avif"] for problem in rm.check(tmp_path).problems)
    kept = rm.convert(tmp_path, tmp_path / "never", reencode="never")
    assert kept.images == 4


def test_options_that_mean_nothing(good: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="reencode is auto, never, png, jpeg"):
        rm.convert(good, tmp_path / "out", reencode="gif")
    with pytest.raises(ValueError, match="no image changes"):
        rm.convert(good, tmp_path / "out", reencode="never", auto_orient=True)
    with pytest.raises(ValueError, match="auto_orient means nothing but for TFRecord"):
        rm.convert(good, tmp_path / "out", target_format="coco", auto_orient=True)
