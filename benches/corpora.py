"""The corpora of the benches, made on the spot: nothing is fetched. Same numbers, same bytes.

python benches/corpora.py FOLDER [--images 5000]
"""

import argparse
import csv
import multiprocessing
import random
import sys
from collections.abc import Iterator
from pathlib import Path

SEED = 20261123
CLASSES = ("bicycle", "dog", "person")
# A photo of COCO: 640 x 480, about 100 KB.
SIZES = ((640, 480), (480, 640), (640, 427))

Box = tuple[str, int, int, int, int]


def boxes(number: int, width: int, height: int) -> list[Box]:
    """1 to 13 boxes, 7 on average, as in COCO."""
    rng = random.Random(f"{SEED} boxes {number}")
    found = []
    for _ in range(rng.randrange(1, 14)):
        x0, y0 = rng.randrange(width - 20), rng.randrange(height - 20)
        x1, y1 = rng.randrange(x0 + 10, width + 1), rng.randrange(y0 + 10, height + 1)
        found.append((rng.choice(CLASSES), x0, y0, x1, y1))
    return found


def draw(task: tuple[int, str]) -> int:
    """Writes image `number`: gradients with soft shapes and grain, which compress as photos do."""
    import numpy as np
    from PIL import Image, ImageFilter

    number, path = task
    rng = np.random.default_rng([SEED, number])
    width, height = SIZES[number % len(SIZES)]
    coarse = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    fine = rng.integers(0, 256, (height // 6, width // 6, 3), dtype=np.uint8)
    texture = Image.fromarray(fine).resize((width, height), Image.Resampling.BILINEAR)
    image = Image.blend(image, texture, 0.25).filter(ImageFilter.SMOOTH)
    grain = rng.normal(0, 7, (height, width, 1)).astype(np.int16)
    pixels = np.clip(np.asarray(image, dtype=np.int16) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=89)
    return Path(path).stat().st_size


def annotations(folder: Path, images: int) -> None:
    """The same boxes as TF object-detection CSV, PASCAL VOC XML and a label map."""
    (folder / "annotations").mkdir(exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax"])
        for number in range(images):
            width, height = SIZES[number % len(SIZES)]
            objects = []
            for name, x0, y0, x1, y1 in boxes(number, width, height):
                table.writerow([f"{number:06}.jpg", width, height, name, x0, y0, x1, y1])
                box = f"<xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
                objects.append(f"<object><name>{name}</name><bndbox>{box}</bndbox></object>")
            size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
            text = f"<annotation><filename>{number:06}.jpg</filename>{size}{''.join(objects)}</annotation>\n"
            (folder / "annotations" / f"{number:06}.xml").write_text(text, encoding="utf-8")
    items = (f'item {{\n  id: {number}\n  name: "{name}"\n}}\n' for number, name in enumerate(CLASSES, 1))
    (folder / "label_map.pbtxt").write_text("".join(items), encoding="utf-8")


def make(folder: Path, images: int) -> int:
    """Makes what is not there yet, and gives the bytes of all images."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    stamp = folder / "made"
    if stamp.exists():
        return int(stamp.read_text())

    def tasks() -> Iterator[tuple[int, str]]:
        return ((number, str(folder / "images" / f"{number:06}.jpg")) for number in range(images))

    with multiprocessing.Pool() as pool:
        total = sum(pool.imap_unordered(draw, tasks(), chunksize=16))
    annotations(folder, images)
    stamp.write_text(str(total))
    return total


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=5000)
    args = parser.parse_args()
    total = make(args.folder, args.images)
    sys.stdout.write(f"{args.images} images, {total / args.images / 1000:.0f} KB on average\n")


if __name__ == "__main__":
    main()
