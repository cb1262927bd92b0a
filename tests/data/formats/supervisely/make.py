"""Fixtures of Supervisely JSON."""

import base64
import json
import math
import zlib

from fixture import HOLED, around, bitmap, case, image, line_of, mask, obj, picture, there, turned_box


def thing(title, kind, exterior=None, number=7, interior=(), **more) -> dict:
    points = {} if exterior is None else {"points": {"exterior": exterior, "interior": list(interior)}}
    return {"id": number, "classId": 1, "description": "", "geometryType": kind, "labelerLogin": "me", "tags": [], "classTitle": title, **points, **more}


def document(*objects, tags=(), description="", indent=None, size=(40, 30)) -> str:
    return json.dumps({"description": description, "tags": list(tags), "size": {"height": size[1], "width": size[0]}, "objects": list(objects)}, indent=indent)


def tag(name, value=None) -> dict:
    return {"id": 1, "tagId": 1, "name": name, "value": value, "labelerLogin": "me"}


def meta(*classes) -> str:
    return json.dumps({"classes": [{"title": title, "shape": shape, "color": "#FF0000", "geometry_config": config, "id": 1} for title, shape, config in classes],
                       "tags": [{"name": "train", "value_type": "none", "color": "#FF0000"}], "projectType": "images"})


PETS = meta(("dog", "rectangle", {}), ("cat", "polygon", {}), ("sky", "bitmap", {}))
POINTS = [[1, 2], [9, 2], [9, 8]]
OUTLINE = [[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]]


def packed(rows) -> str:
    return base64.b64encode(zlib.compress(bitmap(rows, "RGBA"))).decode()


def box(name, sides, **more) -> dict:
    return obj(name, sides, **({"line": 1, "id": 7} | more))


def good() -> None:
    # A project of two datasets: a rectangle whose maximum is included, an outline with a hole, tags.
    text = document(thing("dog", "rectangle", [[19, 24], [4, 5]], tags=[tag("wet"), tag("age", "old")]), thing("cat", "polygon", POINTS, 8, [[[2, 3], [4, 3], [4, 4]]]),
                    tags=[tag("night"), tag("weather", "rain"), tag("train")], description="Two pets", indent=4)
    case("supervisely", "project", {
        "meta.json": PETS, "ds0/ann/a.png.json": text, "ds0/img/a.png": picture(1), "ds1/ann/a.png.json": document(tags=[tag("val")]), "ds1/img/a.png": picture(2),
    }, {
        "format": "supervisely", "classes": ["dog", "cat", "sky", "night", "weather: rain"], "ordered": True,
        "problems": [],
        "images": [
            there("ds0/img/a.png", box("dog", (4, 5, 20, 25), line=line_of(text, '"id": 7') - 1, attributes={"wet": "true", "age": "old"}),
                  box("cat", (1, 2, 9, 8), mask=mask(HOLED, 2, 2), id=8, line=line_of(text, '"id": 8') - 1),
                  labels=["night", "weather: rain"], captions=["Two pets"], split="train", name=""),
            there("ds1/img/a.png", split="valid", name=""),
        ],
    })
    # Masks, points, lines, a cuboid.
    rows = ["#..", "##."]
    case("supervisely", "shapes", {"meta.json": PETS, "ann/a.png.json": document(
        thing("sky", "bitmap", bitmap={"data": packed(rows), "origin": [5, 6]}), thing("dog", "point", [[7, 8]]), thing("dog", "line", [[1, 2], [9, 8]]),
        thing("dog", "cuboid", points=[[1, 2], [9, 2], [9, 8]], faces=[[0, 1, 2]])), "img/a.png": picture(1)}, {
        "remarks": ["lines, whose corners are taken as keypoints: 1"], "format": "supervisely", "classes": ["dog", "cat", "sky"], "ordered": True, "problems": [],
        "images": [there("img/a.png", box("sky", (5, 6, 7, 8), mask=mask(rows, 5, 6)), box("dog", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]]),
                         box("dog", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]]), box("dog", (1, 2, 9, 8)), name="")],
    })
    # Keypoints: nodes in the order of the meta file.
    config = {"nodes": {"u1": {"label": "nose", "loc": [1, 2]}, "u2": {"label": "tail", "loc": [3, 4]}}, "edges": [{"src": "u1", "dst": "u2", "color": "#00FF00"}]}
    case("supervisely", "graph", {"meta.json": meta(("dog", "graph", config)), "ann/a.png.json": document(
        thing("dog", "graph", nodes={"u2": {"loc": [9, 8], "disabled": True}, "u1": {"loc": [1, 2]}})), "img/a.png": picture(1)}, {
        "format": "supervisely", "classes": ["dog"], "ordered": True, "problems": [], "skeletons": [["dog", "", ["nose", "tail"], [[0, 1]]]],
        "images": [there("img/a.png", box("dog", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 1]]), name="")],
    })
    # Figures that are bound together are one object; a score, and a sentence as a tag.
    case("supervisely", "bound", {"meta.json": PETS, "ann/a.png.json": document(
        thing("cat", "polygon", POINTS, instance="x1", tags=[tag("confidence", 0.5)]), thing("cat", "polygon", [[11, 2], [19, 2], [19, 8]], 8, instance="x1"),
        thing("dog", "rectangle", [[4, 5], [19, 24]], 9, instance="x2"), tags=[tag("caption", "They sleep")], description="Two pets"), "img/a.png": picture(1)}, {
        "format": "supervisely", "classes": ["dog", "cat", "sky"], "ordered": True, "problems": [],
        "images": [there("img/a.png", box("cat", (1, 2, 19, 8), polygons=[*OUTLINE, [[11.0, 2.0], [19.0, 2.0], [19.0, 8.0]]], score=0.5),
                         box("dog", (4, 5, 20, 25), id=9, attributes={"group_id": "x2"}), captions=["Two pets", "They sleep"], name="")],
    })
    # Holes: of one part of an object; of no use where nothing would be left, beside a mask, or where the size is not said.
    square = [[20, 10], [30, 10], [30, 20], [20, 20]]
    holed = [thing("cat", "polygon", POINTS, interior=[[[2, 3], [4, 3], [4, 4]]], instance="x1"), thing("cat", "polygon", square, interior=[[[22, 12], [24, 12], [24, 14], [22, 14]]], instance="x1"),
             thing("sky", "polygon", square, interior=[[[20, 10], [30, 10], [30, 20], [20, 20]]]),
             thing("sky", "bitmap", bitmap={"data": packed(rows), "origin": [5, 6]}, instance="x2"), thing("sky", "polygon", square, interior=[POINTS], instance="x2")]
    part = [[float(side) for side in point] for point in square]
    both = [f"{HOLED[row] if row < 6 else '.' * 7:<38}".replace(" ", ".") for row in range(18)]
    both = [row[:18] + ("##..######" if number in (10, 11) else "#" * 10) + row[28:] if number >= 8 else row for number, row in enumerate(both)]
    case("supervisely", "holes", {"ann/a.png.json": document(*holed), "img/a.png": picture(1),
                                  "ann/b.png.json": document(thing("cat", "polygon", POINTS, interior=[POINTS]), size=(0, 0)), "img/b.png": picture(2)}, {
        "format": "supervisely",
        "problems": ['ignored-field: ann/a.png.json:1: 1 holes of "sky" left out: nothing would be left of it', 'ignored-field: ann/a.png.json:1: 1 holes of "sky" left out: it has a mask, too',
                     'ignored-field: ann/b.png.json:1: 1 holes of "cat" left out: a mask in an image of 0x0 pixels'],
        "images": [there("img/a.png", box("cat", (1, 2, 30, 20), mask=mask(both, 2, 2)), box("sky", (20, 10, 30, 20), polygons=[part]),
                         box("sky", (5, 6, 30, 20), mask=mask(rows, 5, 6), polygons=[part]), name=""),
                   there("img/b.png", box("cat", (1, 2, 9, 8), polygons=OUTLINE), name="", size=(0, 0))],
    })
    # A box that is turned about its centre.
    corners = turned_box((10, 10, 30, 20), (20, 15), 30)
    case("supervisely", "turned", {"ann/a.png.json": document(thing("ship", "oriented_bbox", points=[[10, 10], [29, 19]], angle=math.radians(30))), "img/a.png": picture(1)}, {
        "format": "supervisely", "problems": [], "images": [there("img/a.png", box("ship", around(corners), corners=corners), name="")],
    })
    # The old name scheme, points below `geometry`, no meta file; an image that has no annotation.
    old = thing("cat", "polygon")
    old["geometry"] = {"points": {"exterior": POINTS, "interior": []}}
    case("supervisely", "old-names", {"ds/ann/a.json": document(old), "ds/img/a.png": picture(1), "ds/img/b.png": picture(2)}, {
        "format": "supervisely", "problems": ["unlabelled-image: ds/img/b.png: no annotation names this image; kept without objects"],
        "images": [there("ds/img/a.png", box("cat", (1, 2, 9, 8), polygons=OUTLINE), name=""), there("ds/img/b.png", size=(0, 0))],
    })
    # One file by itself still has the classes of its project.
    case("supervisely", "single-file", {"meta.json": PETS, "a.png.json": document(thing("cat", "rectangle", [[1, 2], [8, 7]])), "a.png": picture(1)}, {
        "format": "supervisely", "source": "a.png.json", "classes": ["dog", "cat", "sky"], "ordered": True, "problems": [],
        "images": [there("a.png", box("cat", (1, 2, 9, 8)), name="")],
    })


def bad() -> None:
    text = document(
        thing("", "rectangle", [[1, 2], [3, 4]]), thing("a", "rectangle", [[1, 2]]), thing("b", "blob", POINTS), thing("c", "bitmap", bitmap={"data": "x"}),
        thing("d", "bitmap", bitmap={"data": "eA==", "origin": [1, 2]}), thing("e", "polygon", [[1, 2], [3]]), thing("f", "graph", nodes={}),
        thing("good", "rectangle", [[1, 2], [8, 7]]), thing("g", "polygon", POINTS, interior=[[["x", 2]]]), indent=1)
    at = [line_of(text, '"id"', number) - 1 for number in range(1, 9)]
    case("supervisely", "bad-objects", {"ann/a.png.json": text, "img/a.png": picture(1)}, {
        "format": "supervisely",
        "problems": [
            f"bad-entry: ann/a.png.json:{at[0]}: the object has no classTitle",
            f'bad-entry: ann/a.png.json:{at[1]}: rectangle "a" has 1 points',
            f'bad-entry: ann/a.png.json:{at[2]}: geometryType "blob" is not known',
            f'bad-entry: ann/a.png.json:{at[3]}: bitmap "c" has no data or origin',
            f"bad-entry: ann/a.png.json:{at[4]}: the mask cannot be unpacked: incomplete deflate stream",
            f"bad-entry: ann/a.png.json:{line_of(text, chr(34) + 'polygon' + chr(34)) + 10}: a point is not one x and one y",
            f'bad-entry: ann/a.png.json:{at[6]}: "f" has no points',
            f"bad-entry: ann/a.png.json:{line_of(text, chr(34) + 'x' + chr(34), 2)}: a list of numbers holds something else",
        ],
        "images": [there("img/a.png", box("good", (1, 2, 9, 8), line=at[7]), name="")],
    })
    case("supervisely", "bad-files", {"ann/a.png.json": document(thing("cat", "polygon", POINTS))[:-30], "img/a.png": picture(1), "ann/b.png.json": "",
                                      "img/b.png": picture(2), "ann/c.png.json": document(thing("cat", "rectangle", [[1, 2], [8, 7]]))}, {
        "format": "supervisely", "lost_objects": 0,
        "problems": [
            "unreadable-annotation: ann/a.png.json:1: expected `,` or `]`", "unreadable-annotation: ann/b.png.json:1: the file is empty",
            'missing-image: ann/c.png.json: no image is called "c.png" (any image extension)',
        ],
        "images": [image("ann/c.png.json", box("cat", (1, 2, 9, 8)), name="", file=None)],
    })
    case("supervisely", "bad-meta", {"meta.json": '{"classes": [{"title": "cat", "shape": "any"}], "tags": [}', "ann/a.png.json": document(), "img/a.png": picture(1)}, {
        "format": "supervisely", "problems": ["unreadable-annotation: meta.json:1: expected a value"], "images": [there("img/a.png", name="")],
    })


def make() -> None:
    good()
    bad()
