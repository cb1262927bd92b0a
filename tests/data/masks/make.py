"""Makes `expected.tsv`: outlines, boxes and merged masks, and what pycocotools makes of them.

Needs pycocotools 2.0.11 and numpy, on x86-64: elsewhere C cuts numbers off otherwise that are beyond 32 bits.

    python tests/data/masks/make.py            writes the table
    python tests/data/masks/make.py --more N   prints one of N other cases: `make test-full` compares 20,000

A row: kind, width, height, what was given, COCO's compressed text, area, box. Given are points `x,y,x,y`, parts of an outline
with `;` between them, or compressed texts of masks with a blank between them.
"""

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pycocotools import _mask, mask

HERE = Path(__file__).parent
Row = tuple[str, int, int, str]
NAN, INF = float("nan"), float("inf")


def text(points: list[float]) -> str:
    return ",".join(repr(side).removesuffix(".0") for side in map(float, points))


def outline(random: np.random.Generator, width: int, height: int) -> list[float]:
    """Points around a middle, anywhere, or stairs; on whole, half or any pixels; inside of the image or over its edge."""
    count = int(random.choice([1, 2, 3, 3, 4, 5, 8, 13, 30]))
    reach = float(random.choice([0.5, 2, 10, 0.3 * width, width, 3 * width]))
    middle = random.uniform([-0.2 * width, -0.2 * height], [1.2 * width, 1.2 * height])
    shape = random.integers(5)
    if shape == 0:
        points = middle + random.uniform(-reach, reach, (count, 2))
    elif shape == 1:
        points = random.uniform([-3, -3], [width + 3, height + 3], (count, 2))
    elif shape == 2:
        points = middle + np.cumsum(random.integers(-3, 4, (count, 2)), axis=0)
    else:
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False) * random.choice([-1, 1])
        points = middle + reach * random.uniform(0.4, 1, (count, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    grid = random.integers(6)
    if grid < 4:
        points = np.round(points, int(grid)) if grid else np.round(points * 10) / 10
    elif grid == 4:
        # The edges between what goes to one fifth of a pixel and to the next.
        points = np.floor(points * 10) / 10
    if random.random() < 0.1:
        points = np.repeat(points, random.integers(1, 4, len(points)), axis=0)
    return points.ravel().tolist()


def outlines(random: np.random.Generator, number: int) -> Iterator[Row]:
    for _ in range(number):
        width, height = (int(side) for side in random.choice([1, 2, 3, 7, 20, 64, 100, 641], 2))
        parts = int(random.choice([1, 1, 1, 1, 2, 3, 7]))
        yield "outline", width, height, ";".join(text(outline(random, width, height)) for _ in range(parts))


def odd() -> Iterator[Row]:
    """Degenerate outlines, and numbers far outside, as far as pycocotools has the memory for them."""
    least = -429496729.7  # The last that is in 32 bits, times 5.
    sides = [0, 3, 3.1, 3.2, 9.9, 10, -0.1, -0.3, -0.5, -1, -7]
    shapes = [
        [3, 4],
        [NAN, NAN],
        [3, 4, 3, 4],
        [3, 4, 8, 4],
        [3, 4, 3, 8],
        [3, 4, 3, 4, 3, 4],
        [2, 2, 8, 2, 5, 2],
        [2, 2, 2, 8, 2, 5],
        [1, 1, 9, 9, 1, 1],
        [1, 1, 9, 9, 9, 1, 1, 9],
        [2, 2, 8, 2, 8, 8, 2, 8, 2, 2, 8, 2, 8, 8, 2, 8],
        [2, 2, 2, 8, 8, 8, 8, 2, 2, 2],
        [0, 0, 0, 10, 10, 10, 10, 0],
        [-5, -5, -5, 15, 15, 15, 15, -5],
        [-5, -5, -5, -1, 15, -1, 15, -5],
        [11, 0, 19, 0, 19, 9, 11, 9],
        [4, -9, 6, -9, 6, 99, 4, 99],
        [NAN, 1, NAN, 9, NAN, 5],
        [INF, 1, 1e300, 9, -INF, 5],
        [1, NAN, 9, NAN, 5, NAN],
        [1, INF, 9, -1e300, 5, 1e10],
        [NAN, 1, least, 5, NAN, 9],
        [least, 1, least + 0.4, 5, least, 9],
        [NAN, 1, 429496729.4, 5, NAN, 9],
        [429496729, 1, NAN, 5, 429496729.2, 9],
        [1, NAN, 5, least, 9, NAN, 2, 429496729, 8, NAN],
        [1, NAN, 5, 429496729.4, 9, NAN],
        [429496729.4, NAN, NAN, 429496729.4, 429496729.2, 429496728.9],
        [-1e6, 5, 1e6, 5, 1e6, 1e6, -1e6, 1e6],
        [-1e6, -2e5, 1e6, 2e5, 1e6, 3e5],
        [5, -1e6, 9, 1e6, 2, 3],
        [-3e5, -1e6, 3.1e5, 1e6, -3e5, 1e6],
        [0.3, 0.3, 1e6, 1e6, 0.3, 1e6],
        [1e6, 1e6, 1, 9, 9, 1],
    ]
    shapes += [[a, 2, b, 2, b, 7, a, 7] for a in sides for b in sides]
    shapes += [[2, a, 7, b, 7, a, 2, b] for a in sides for b in sides]
    for shape in shapes:
        yield "outline", 10, 10, text(shape)
    for width, height in [(1, 1), (1, 50), (50, 1), (2, 3)]:
        for shape in shapes[:17]:
            yield "outline", width, height, text(shape)
    yield "outline", 65535, 65537, text([65500, 5, 65530.5, 65000, 65520, 65537])
    yield "outline", 200000, 21474, text([199990, 21470, 200001, 0, 199000, 30000])
    yield "outline", 2, 2147483647, text([0, 2e5, 1, 0, 2, 7e5, 2, 3e5])


def boxes(random: np.random.Generator, number: int) -> Iterator[Row]:
    for _ in range(number):
        points = np.round(random.uniform(-4, 24, 4), int(random.integers(3)))
        yield "box", 20, 17, text(points.tolist())


def texts(random: np.random.Generator, number: int, *, empty: bool) -> Iterator[Row]:
    for _ in range(number):
        width, height = (int(side) for side in random.integers(1, 14, 2))
        masks = []
        for _ in range(random.integers(1, 5)):
            ends = np.sort(random.integers(0, width * height + 1, random.integers(0, 9)))
            # Also runs of no length, which no encoder writes, but not two of them: pycocotools stops there.
            ends = np.delete(ends, [place for place in range(2, len(ends)) if ends[place] == ends[place - 2]])
            if not empty:
                ends = np.unique(ends[ends < width * height])
            counts = np.diff(np.concatenate([[0], ends, [width * height]])).tolist()
            if 0 in counts[1:] and (random.random() < 0.6 or counts[-1] == 0 or counts[:2] == [0, 0]):
                counts = [width * height]
            rle = mask.frPyObjects({"counts": counts, "size": [height, width]}, height, width)
            masks.append(rle["counts"].decode())
        yield str(random.choice(["union", "intersection"])), width, height, " ".join(masks)


def answer(row: Row) -> str:
    kind, width, height, given = row
    if kind == "outline":
        parts = [[float(side) for side in part.split(",")] for part in given.split(";")]
        rle = mask.merge(_mask.frPoly(parts, height, width))
    elif kind == "box":
        x0, y0, x1, y1 = (float(side) for side in given.split(","))
        # `frBbox` takes a width and a height, which could round the other sides.
        rle = _mask.frPoly([[x0, y0, x0, y1, x1, y1, x1, y0]], height, width)[0]
        if (x0 + (x1 - x0), y0 + (y1 - y0)) == (x1, y1):
            assert rle == _mask.frBbox(np.array([[x0, y0, x1 - x0, y1 - y0]]), height, width)[0]
    else:
        masks = [{"size": [height, width], "counts": part} for part in given.split(" ")]
        rle = mask.merge(masks, intersect=kind == "intersection")
    # Around nothing in several runs, pycocotools' box is the whole image and 2^32 wide.
    box = mask.toBbox(rle) if mask.area(rle) else np.zeros(4)
    return "\t".join([*map(str, row), rle["counts"].decode(), str(mask.area(rle)), ",".join(f"{side:g}" for side in box)])


def main() -> None:
    assert platform.machine() == "x86_64", platform.machine()
    more = int(sys.argv[2]) if "--more" in sys.argv else 0
    random = np.random.default_rng(more or 2017)
    if more:
        # Outlines for the most part, they have the most ways. Degenerate ones are in the table of the repository; on some runs of no
        # length pycocotools never ends.
        for row in [*outlines(random, more * 7 // 10), *boxes(random, more // 10), *texts(random, more // 5, empty=False)]:
            print(answer(row))
        return
    rows = [*odd(), *outlines(random, 600), *boxes(random, 40), *texts(random, 150, empty=True)]
    table = "".join(answer(row) + "\n" for row in rows)
    (HERE / "expected.tsv").write_text(table)
    print(len(rows), "rows,", len(table), "bytes")


main()
