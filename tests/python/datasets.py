"""Small datasets that tests make for themselves."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image


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
