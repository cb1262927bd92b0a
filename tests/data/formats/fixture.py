"""What the fixtures of annotation formats are made of; each format's stand in its folder's `make.py`.

Every case is a folder `<format>/<case>/` with `input/` and `expected.json`. What is expected is written from what the input
means, never from what the reader gave. Images have 40 x 30 pixels.
"""

import io
import json
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


def around(name: str, points, **more) -> dict:
    """An object with the upright box around some points."""
    columns, rows = [point[0] for point in points], [point[1] for point in points]
    return obj(name, (min(columns), min(rows), max(columns), max(rows)), **more)


def unlabelled(path: str) -> str:
    """What is said of an image that no annotation names."""
    return f"unlabelled-image: {path}: no annotation names this image; kept without objects"
