"""The corpora of the benches, made on the spot: nothing is fetched. Same numbers, same bytes.

python benches/corpora.py FOLDER [--images 5000 | --coco SCALE]
"""

import argparse
import csv
import json
import multiprocessing
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    """The same boxes as TF object-detection CSV, PASCAL VOC XML, COCO JSON and a label map."""
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
    (folder / "coco.json").write_text(json.dumps(coco_of(images)), encoding="utf-8")
    items = (f'item {{\n  id: {number}\n  name: "{name}"\n}}\n' for number, name in enumerate(CLASSES, 1))
    (folder / "label_map.pbtxt").write_text("".join(items), encoding="utf-8")


def coco_of(images: int) -> dict[str, Any]:
    """The boxes as COCO has them, with an outline of eight points each."""
    document: dict[str, Any] = {
        "images": [],
        "annotations": [],
        "categories": [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)],
    }
    for number in range(images):
        width, height = SIZES[number % len(SIZES)]
        image = {"id": number + 1, "file_name": f"{number:06}.jpg", "width": width, "height": height}
        document["images"].append(image)
        for name, x0, y0, x1, y1 in boxes(number, width, height):
            w, h = x1 - x0, y1 - y0
            outline = [(x0, y0 + h / 3), (x0 + w / 3, y0), (x1 - w / 3, y0), (x1, y0 + h / 3)]
            outline += [(x1, y1 - h / 3), (x1 - w / 3, y1), (x0 + w / 3, y1), (x0, y1 - h / 3)]
            annotation = {
                "id": len(document["annotations"]) + 1,
                "image_id": number + 1,
                "category_id": CLASSES.index(name) + 1,
                "bbox": [x0, y0, w, h],
                "area": w * h * 7 / 9,
                "iscrowd": 0,
                "segmentation": [[round(value, 2) for point in outline for value in point]],
            }
            document["annotations"].append(annotation)
    return document


def train2017(folder: Path, scale: float) -> None:
    """A COCO file of train2017's shape (118,000 images, 860,000 outlines, 450 MB), and as many VOC files beside
    images that nobody opens.
    """
    # COCO's own layout: the folder of the file is not that of the images.
    stamp = folder / "annotations" / "made"
    if stamp.exists():
        return
    rng = random.Random(SEED)
    images, annotations = int(118_000 * scale), int(860_000 * scale)
    for name in ("annotations", "voc/annotations", "voc/images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    ids = rng.sample(range(1, 600_000), images)
    outlines = []
    for _ in range(4000):
        points = int(rng.choice([8, 12, 16, 20, 24, 28, 40]) * 1.05)
        outlines.append(",".join(f"{rng.uniform(0, 640):.2f},{rng.uniform(0, 480):.2f}" for _ in range(points)))
    with (folder / "annotations" / "instances_train2017.json").open("w", encoding="utf-8") as file:
        licence = {"url": "http://flickr.com/commons/usage/", "id": 3, "name": "No known copyright restrictions"}
        file.write(f'{{"info": {{"description": "as train2017"}}, "licenses": [{json.dumps(licence)}], "images": [')
        for place, number in enumerate(ids):
            url = f"http://images.cocodataset.org/train2017/{number:012d}.jpg"
            flickr = "http://farm7.staticflickr.com/6116/6255196340_da26cf2c9e_z.jpg"
            file.write(
                f'{", " if place else ""}{{"license": 3,"file_name": "{number:012d}.jpg","coco_url": "{url}",'
                f'"height": 480,"width": 640,"date_captured": "2013-11-14 17:02:52","flickr_url": "{flickr}",'
                f'"id": {number}}}'
            )
        file.write('], "annotations": [')
        for place in range(annotations):
            parts = [rng.choice(outlines)] + ([rng.choice(outlines)] if place % 10 == 0 else [])
            outline = ",".join(f"[{part}]" for part in parts)
            box = ",".join(f"{rng.uniform(1, side):.2f}" for side in (500, 390, 100, 80))
            file.write(
                f'{", " if place else ""}{{"segmentation": [{outline}],"area": {rng.uniform(10, 50_000):.13f},'
                f'"iscrowd": 0,"image_id": {rng.choice(ids)},"bbox": [{box}],'
                f'"category_id": {rng.randrange(1, 91)},"id": {place + 1}}}'
            )
        classes = [{"supercategory": f"s{number % 9}", "id": number, "name": f"c{number}"} for number in range(1, 91)]
        file.write(f'], "categories": {json.dumps(classes)}}}')
    for number in ids:
        objects = []
        for name, x0, y0, x1, y1 in boxes(number, 640, 480):
            box = f"<xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax>"
            flags = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
            objects.append(f"<object><name>{name}</name>{flags}<bndbox>{box}</bndbox></object>")
        size = "<size><width>640</width><height>480</height><depth>3</depth></size>"
        text = f"<annotation><filename>{number:012d}.jpg</filename>{size}{''.join(objects)}</annotation>\n"
        (folder / f"voc/annotations/{number:012d}.xml").write_text(text, encoding="utf-8")
        (folder / f"voc/images/{number:012d}.jpg").touch()
    stamp.touch()


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
    parser.add_argument("--coco", type=float, metavar="SCALE", help="no photos: annotations of train2017's shape")
    args = parser.parse_args()
    if args.coco:
        args.folder.mkdir(parents=True, exist_ok=True)
        train2017(args.folder, args.coco)
    else:
        total = make(args.folder, args.images)
        sys.stdout.write(f"{args.images} images, {total / args.images / 1000:.0f} KB on average\n")


if __name__ == "__main__":
    main()
