"""What the fixtures of annotation formats are made of; each format's stand in its folder's `make.py`.

Every case is a folder `<format>/<case>/` with `input/` and `expected.json`. What is expected is written from what the input
means, never from what the reader gave. Images have 40 x 30 pixels.
"""

import io
import json
import math
import shutil
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
WIDTH, HEIGHT = 40, 30


def picture(number: int = 0, kind: str = "PNG") -> bytes:
    """An image of one colour, well below 1 KB."""
    colour = (number * 37 % 256, number * 91 % 256, number * 151 % 256)
    out = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), colour).save(out, kind)
    data = out.getvalue()
    assert len(data) < 1024, len(data)
    return data


def case(format: str, name: str, files: dict[str, bytes | str], expected: dict) -> None:
    folder = HERE / format / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "input").mkdir(parents=True)
    for path, content in files.items():
        target = folder / "input" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


def image(key: str, *objects, name: str | None = None, split=None, size=(WIDTH, HEIGHT), file=None, **more) -> dict:
    """An image as it must come out: key, name in the annotation, size in the annotation, split, objects."""
    row = {"key": key, "name": key.rsplit("/", 1)[-1] if name is None else name, "size": list(size)}
    row |= {"split": split, "objects": list(objects), **more}
    if file != key:
        row["file"] = file
    return row


def obj(name: str, box, **more) -> dict:
    return {"class": name, "box": [float(side) for side in box], **more}


def there(key: str, *objects, **more) -> dict:
    """An image whose file was found under its key."""
    return image(key, *objects, file=key, **more)


def fraction(name: str, cx: float, cy: float, width: float, height: float, **more) -> dict:
    """An object whose box is given by its centre and size, as parts of the image's."""
    box = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
    return obj(name, box, normalised=True, **more)


def upright(name: str, points, **more) -> dict:
    """An object with the upright box around some points."""
    columns, rows = [point[0] for point in points], [point[1] for point in points]
    return obj(name, (min(columns), min(rows), max(columns), max(rows)), **more)


def unlabelled(path: str) -> str:
    """What is said of an image that no annotation names."""
    return f"unlabelled-image: {path}: no annotation names this image; kept without objects"


def line_of(text: str, needle: str, nth: int = 1) -> int:
    """The line, from 1, of the nth place where a text has `needle`."""
    at = -1
    for _ in range(nth):
        at = text.index(needle, at + 1)
    return text.count("\n", 0, at) + 1


def ellipse(centre, radii, degrees: float = 0.0) -> list:
    """The outline of 32 points, in hundredths of a pixel, that stands for an ellipse which is turned clockwise."""
    points = []
    for number in range(32):
        turn = number * math.tau / 32
        points.append(turned((centre[0] + radii[0] * math.cos(turn), centre[1] + radii[1] * math.sin(turn)), centre, degrees))
    return [[round(side * 100) / 100 + 0.0 for side in point] for point in points]


def turned(point, pivot, degrees: float) -> list:
    """A point turned clockwise about another, to a millionth of a pixel."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    x, y = point[0] - pivot[0], point[1] - pivot[1]
    return [round(pivot[0] + x * cosine - y * sine, 6) + 0.0, round(pivot[1] + x * sine + y * cosine, 6) + 0.0]


def turned_box(box, pivot, degrees: float) -> list:
    """The corners of a box that was turned, clockwise from the upper left one."""
    x0, y0, x1, y1 = box
    return [turned(corner, pivot, degrees) for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]


def around(points) -> list:
    """The box around points."""
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return [min(xs), min(ys), max(xs), max(ys)]


def mask(rows: list[str], left: int = 0, top: int = 0, width: int = WIDTH, height: int = HEIGHT) -> dict:
    """COCO's runs of a mask whose set pixels are the `#` of `rows`, at a place in the image."""
    runs, value = [0], False
    for x in range(width):
        for y in range(height):
            inside = top <= y < top + len(rows) and left <= x < left + len(rows[0])
            pixel = inside and rows[y - top][x - left] == "#"
            if pixel != value:
                runs.append(0)
                value = pixel
            runs[-1] += 1
    return {"size": [height, width], "runs": runs}


# The pixels whose middles are in the triangle (1, 2), (9, 2), (9, 8), less those in the hole (2, 3), (4, 3), (4, 4), from (2, 2) on.
HOLED = ["#######", "..#####", "..#####", "....###", ".....##", "......#"]


def bitmap(rows: list[str], mode: str = "L") -> bytes:
    """A PNG that is white where `rows` have a `#`."""
    out = io.BytesIO()
    picture = Image.new(mode, (len(rows[0]), len(rows)))
    white = 255 if mode == "L" else 1 if mode == "1" else (255, 255, 255, 255)
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            if letter == "#":
                picture.putpixel((x, y), white)
    picture.save(out, "PNG")
    return out.getvalue()


def voc_colour(number: int) -> tuple[int, int, int]:
    """The colour that the VOC challenge gives to a number."""
    sides = [0, 0, 0]
    for group in range(8):
        for channel in range(3):
            sides[channel] |= (number >> (3 * group + channel) & 1) << (7 - group)
    return (sides[0], sides[1], sides[2])


def labels(mode: str, *painted, size=(WIDTH, HEIGHT), ground=None) -> bytes:
    """A PNG of boxes that have a value or colour; with a palette, that of the VOC challenge. Mode I has 16 bits."""
    drawn = Image.new(mode, size, ground if ground is not None else (0, 0, 0) if mode == "RGB" else 0)
    if mode == "P":
        drawn.putpalette([side for number in range(256) for side in voc_colour(number)])
    for value, box in painted:
        drawn.paste(value, box)
    out = io.BytesIO()
    (drawn.convert("I;16") if mode == "I" else drawn).save(out, "PNG")
    return out.getvalue()


def filled(box, width: int = WIDTH, height: int = HEIGHT) -> dict:
    """COCO's runs of a mask that fills a box."""
    x0, y0, x1, y1 = box
    return mask(["#" * (x1 - x0)] * (y1 - y0), x0, y0, width, height)


def standard(format: str, write, cut: str, size=(WIDTH, HEIGHT), fractions=False, rows=False, own=False, name=None) -> None:
    """The cases that every format of a labelling tool has. `write(entries)` gives the files of a dataset, by path: `entries` are
    pairs of an image's name and its objects, pairs of class and corners. `rows`: an image per line; `own`: a file per image;
    `name`: what the annotation calls an image, where that is not its name; `cut`: what is said of a file that is cut."""

    def box(label, sides, line=1) -> dict:
        if not fractions:
            return obj(label, sides, line=line)
        return obj(label, [side / (WIDTH, HEIGHT)[axis % 2] for axis, side in enumerate(sides)], line=line, normalised=True)

    def found(key, number, *objects, **more) -> dict:
        said = key.rsplit("/", 1)[-1]
        line = number + 1 if rows else 1
        return there(key, *(box(*one, line) for one in objects), name=name(said) if name else said, size=size, **more)

    cat, dog = ("cat", (4, 6, 20, 24)), ("dog", (0, 3, 10, 15))
    plain = [("a.png", [cat, dog]), ("b.png", [])]
    case(format, "plain", {**write(plain), "a.png": picture(1), "b.png": picture(2)}, {
        "format": format, "problems": [], "images": [found("a.png", 0, cat, dog), found("b.png", 1)]})
    files: dict = {}
    for split, entries in (("train", plain), ("valid", [("c.png", [dog])])):
        files |= {f"{split}/{path}": text for path, text in write(entries).items()}
        files |= {f"{split}/{image}": picture(number) for number, (image, _) in enumerate(entries)}
    case(format, "splits", files, {"format": format, "problems": [], "images": [
        found("train/a.png", 0, cat, dog, split="train"), found("train/b.png", 1, split="train"), found("valid/c.png", 0, dog, split="valid")]})
    odd = ("Bär, groß", (1, 3, 39, 27))
    case(format, "words", {**write([("ä b.png", [odd])]), "images/ä b.png": picture(1)}, {
        "format": format, "problems": [], "images": [found("images/ä b.png", 0, odd)]})
    paths = list(write(plain[:1]))
    case(format, "single-file", {**write(plain[:1]), "a.png": picture(1), "other.png": picture(2)}, {
        "format": format, "source": paths[-1], "problems": [], "images": [found("a.png", 0, cat, dog)]})
    gone = found("gone.png", 0, cat) | {"file": None}
    said = gone["name"]
    message = next(iter(write([("gone.png", [cat])])))
    if own:
        stem = message.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        gone |= {"key": message}
        named = f" or {json.dumps(said)}" if said else ""
        message = f'missing-image: {message}: no image is called {json.dumps(stem)} (any image extension){named}'
    else:
        message = f'missing-image: {message}:1: no image is called {json.dumps(said)}'
    case(format, "bad-missing", write([("gone.png", [cat])]), {"format": format, "problems": [message], "images": [gone]})
    path, text = list(write(plain[:1]).items())[-1]
    lost = {"images": []}
    case(format, "bad-cut", {path: text[: text.rindex("}") - 2], "a.png": picture(1)}, {
        "format": format, "from": format, "problems": [cut.format(path=path)], "lost_objects": 1 if rows else 0, **lost})
