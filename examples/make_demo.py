"""Draws the small dataset of `make demo`: shapes on paper, JPEG and PNG, with PASCAL VOC annotations.

    python examples/make_demo.py [FOLDER]      (needs Pillow; default: examples/shapes)

The drawings are our own work and stand under the licences of the project. Same script and seed, same drawings: a test
compares what is committed with what this makes.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

SEED = 20261123
CLASSES = ("circle", "square", "triangle")
TRAIN, VALID = 18, 6
PAPERS = ("#f4efe4", "#e8eef2", "#f6f3d8", "#ecebe7")
INKS = ("#b23a48", "#2a6f97", "#3f7d4f", "#c77d28", "#5b4b8a")

Box = tuple[int, int, int, int]


def paper(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """An empty sheet with faint rules."""
    image = Image.new("RGB", size, rng.choice(PAPERS))
    draw = ImageDraw.Draw(image)
    step = rng.randrange(16, 28)
    for y in range(step, size[1], step):
        draw.line((0, y, size[0], y), fill="#d5d9dc")
    return image


def place(rng: random.Random, size: tuple[int, int], taken: list[Box]) -> Box | None:
    """A box inside the sheet that overlaps none of `taken`; max exclusive."""
    for _ in range(50):
        side = rng.randrange(28, 84)
        x, y = rng.randrange(0, size[0] - side), rng.randrange(0, size[1] - side)
        box = (x, y, x + side, y + side)
        if all(box[2] <= b[0] or b[2] <= box[0] or box[3] <= b[1] or b[3] <= box[1] for b in taken):
            return box
    return None


def stamp(image: Image.Image, name: str, box: Box, ink: str) -> Box:
    """Draws one shape into `box` and gives the box of the pixels that it covers."""
    mask = Image.new("1", image.size)
    draw = ImageDraw.Draw(mask)
    x0, y0, x1, y1 = box[0], box[1], box[2] - 1, box[3] - 1
    if name == "circle":
        draw.ellipse((x0, y0, x1, y1), fill=1)
    elif name == "square":
        draw.rectangle((x0, y0, x1, y1), fill=1)
    else:
        draw.polygon([((x0 + x1) // 2, y0), (x1, y1), (x0, y1)], fill=1)
    image.paste(ink, (0, 0), mask)
    covered = mask.getbbox()
    assert covered is not None
    return covered


def voc(filename: str, size: tuple[int, int], objects: list[tuple[str, Box]]) -> str:
    """The annotation as labelling tools write it: 0-based, max exclusive."""
    lines = [
        "<annotation>",
        f"  <filename>{escape(filename)}</filename>",
        "  <source><database>recordmill demo</database></source>",
        f"  <size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>",
    ]
    for name, (x0, y0, x1, y1) in objects:
        lines += [
            "  <object>",
            f"    <name>{escape(name)}</name>",
            "    <difficult>0</difficult>",
            f"    <bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>",
            "  </object>",
        ]
    return "\n".join([*lines, "</annotation>", ""])


def drawings() -> Iterator[tuple[str, Image.Image, str]]:
    """Path without folder, drawing and annotation of each."""
    rng = random.Random(SEED)
    for number in range(1, TRAIN + VALID + 1):
        split = "train" if number <= TRAIN else "valid"
        size = (rng.randrange(180, 320), rng.randrange(160, 260))
        image = paper(rng, size)
        # One sheet in six is empty: an image without objects is a record too.
        wanted = 0 if number % 6 == 0 else rng.randrange(1, 5)
        boxes: list[Box] = []
        objects = []
        for _ in range(wanted):
            box = place(rng, size, boxes)
            if box is not None:
                name = rng.choice(CLASSES)
                boxes.append(box)
                objects.append((name, stamp(image, name, box, rng.choice(INKS))))
        filename = f"sheet-{number:02}.{'png' if number % 4 == 0 else 'jpg'}"
        yield f"{split}/{filename}", image, voc(filename, size, objects)


def main() -> None:
    """Writes the drawings and their annotations."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).with_name("shapes"))
    folder: Path = parser.parse_args().folder
    for name, image, annotation in drawings():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **({"optimize": True} if path.suffix == ".png" else {"quality": 85}))
        path.with_suffix(".xml").write_text(annotation, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
