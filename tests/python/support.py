"""Small datasets made on the spot."""

import random
import struct
import zlib
from pathlib import Path

import recordmill as rm
from PIL import Image


def png(width: int, height: int) -> bytes:
    """A grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def csv(folder: Path, rows: list[str], images: dict[str, tuple[int, int]]) -> Path:
    """A TF object detection CSV with its images beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (width, height) in images.items():
        (folder / name).write_bytes(png(width, height))
    path = folder / "labels.csv"
    path.write_text("\n".join(["filename,width,height,class,xmin,ymin,xmax,ymax", *rows]) + "\n")
    return path


def numbers(path: Path, count: int) -> bytearray:
    """Writes so many records, each with its number; gives the bytes of the file."""
    with rm.TFRecordWriter(path) as writer:
        for number in range(count):
            writer.write_example({"number": number})
    return bytearray(path.read_bytes())


GOOD = (
    ["a.png,40,30,cat,1,2,11,22", "a.png,40,30,dog,5,5,40,30", "b.png,20,20,cat,0,0,20,20"],
    {"a.png": (40, 30), "b.png": (20, 20)},
)
# A box that is put right, one that is left out, and a picture that is not there.
BAD = (
    ["a.png,40,30,cat,11,2,1,22", "a.png,40,30,dog,5,5,90,30", "b.png,20,20,cat,3,3,3,9", "gone.png,9,9,cat,1,1,2,2"],
    {"a.png": (40, 30), "b.png": (20, 20)},
)


def write_voc(root: Path, images: int, pixels: int = 40) -> Path:
    """A folder with `images/` and `annotations/` (VOC), every third image without objects; gives `root`."""
    chance = random.Random(images * 1_000 + pixels)
    for folder in ("images", "annotations"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    width, height = pixels, pixels * 3 // 4
    for index in range(images):
        noise = Image.frombytes("RGB", (width, height), chance.randbytes(width * height * 3))
        noise.save(root / "images" / f"img{index:04}.jpg", quality=90)
        objects = "".join(
            f"  <object><name>{chance.choice(['cat', 'dog'])}</name><bndbox><xmin>{index % 5}</xmin><ymin>2</ymin>"
            f"<xmax>{10 + number}</xmax><ymax>{height}</ymax></bndbox></object>\n"
            for number in range(index % 3)
        )
        (root / "annotations" / f"img{index:04}.xml").write_text(
            f"<annotation>\n  <filename>img{index:04}.jpg</filename>\n"
            f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n{objects}</annotation>\n"
        )
    return root
