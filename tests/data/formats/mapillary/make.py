"""Fixtures of Mapillary Vistas: 1.2 with pictures, 2.0 with polygons as well."""

import json

from fixture import case, filled, image, labels, obj, picture, there

NAMES = {"animal--bird": True, "construction--flat--road": False, "object--vehicle--car": True, "void--unlabeled": False}
CLASSES = list(NAMES)[:3]
ROAD, ONE, TWO, NOBODYS = (0, 20, 40, 30), (4, 6, 12, 14), (20, 6, 30, 12), (32, 0, 40, 9)
TABLE = "names of the classes: "


def config(names=NAMES) -> str:
    return json.dumps({"labels": [{"color": [1, 2, number], "instances": things, "readable": name.rsplit("-", 1)[-1].capitalize(), "name": name, "evaluate": True} for number, (name, things) in enumerate(names.items())],
                       "version": "1.1", "mapping": "public", "folder_structure": "{split}/{content}/{image:s}.{content_extension}"})


def instances() -> bytes:
    return labels("I", (1 * 256, ROAD), (2 * 256, ONE), (2 * 256 + 1, TWO), (3 * 256, NOBODYS), ground=3 * 256)


def classes() -> bytes:
    return labels("P", (1, ROAD), (2, ONE), (3, NOBODYS), ground=3)


def jpeg(number=1) -> bytes:
    return picture(number, "JPEG")


def polygons(*objects) -> str:
    return json.dumps({"width": 40, "height": 30, "objects": [{"label": label, "polygon": points} for label, points in objects]})


def corners(box) -> list:
    x0, y0, x1, y1 = box
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def area(name, box) -> dict:
    return obj(name, box, mask=filled(box))


def outlined(name, box) -> dict:
    return obj(name, box, line=1, polygons=[[[float(side) for side in point] for point in corners(box)]])


ROADS, CAR = "construction--flat--road", "object--vehicle--car"
APART = [area(ROADS, ROAD), area(CAR, ONE), area(CAR, TWO)]
TOGETHER = [area(ROADS, ROAD), area(CAR, ONE)]
DRAWN = [outlined(CAR, ONE), outlined(ROADS, ROAD)]


def drawn() -> str:
    return polygons((CAR, corners(ONE)), (ROADS, corners(ROAD)), ("void--unlabeled", corners(NOBODYS)))


def make() -> None:
    train, valid = "training/images/a.jpg", "validation/images/b.jpg"
    case("mapillary", "1.2", {
        "config.json": config(), train: jpeg(), "training/instances/a.png": instances(), "training/labels/a.png": classes(), "training/panoptic/a.png": labels("RGB"),
        valid: jpeg(2), "validation/labels/b.png": classes(), "testing/images/c.jpg": jpeg(3), "readme.txt": "Vistas",
    }, {
        "format": "mapillary", "classes": CLASSES, "class_ids": [0, 1, 2], "ordered": True, "problems": [], "remarks": [TABLE + "config.json", "images that no annotation names, left out: 1"],
        "images": [there(train, *APART, split="train"), there(valid, *TOGETHER, split="valid")]})
    other = config({"car": True})
    case("mapillary", "2.0", {
        "config_v1.2.json": other, "config_v2.0.json": config(), train: jpeg(), "training/v1.2/instances/a.png": instances(), "training/v1.2/labels/a.png": classes(),
        "training/v2.0/instances/a.png": instances(), "training/v2.0/labels/a.png": classes(), "training/v2.0/polygons/a.json": drawn(),
        valid: jpeg(2), "validation/v2.0/instances/b.png": instances(),
    }, {
        "format": "mapillary", "classes": CLASSES, "ordered": True, "problems": [], "remarks": [TABLE + "config_v2.0.json", "files of other versions than 2.0, left out: 2"],
        "images": [there(train, *DRAWN, split="train"), there(valid, *APART, split="valid")]})
    case("mapillary", "older-alone", {"config_v1.2.json": config(), "config_v2.0.json": other, train: jpeg(), "training/v1.2/labels/a.png": classes()}, {
        "format": "mapillary", "problems": [], "images": [there(train, *TOGETHER, split="train")]})
    case("mapillary", "images-elsewhere", {"vistas/config.json": config(), "vistas/training/polygons/a.json": drawn(), "pictures/images/a.jpg": jpeg()}, {
        "format": "mapillary", "source": "vistas", "image_dirs": ["pictures"], "problems": [], "images": [there("images/a.jpg", *DRAWN, split="train")]})
    case("mapillary", "single-file", {"config.json": config(), train: jpeg(), "training/instances/a.png": instances()}, {
        "format": "mapillary", "source": "config.json", "problems": [], "images": [there(train, *APART, split="train")]})

    case("mapillary", "bad-pictures", {
        "config.json": config(), train: jpeg(), "training/instances/a.png": "none", "training/labels/a.png": classes(), valid: jpeg(2), "validation/instances/b.png": labels("I", (1 * 256, ROAD), (9 * 256, ONE), ground=3 * 256),
    }, {
        "format": "mapillary", "images": [there(train, *TOGETHER, split="train"), there(valid, area(ROADS, ROAD), split="valid")], "problems": [
            "unreadable-annotation: training/instances/a.png: no PNG: Invalid PNG signature; the picture of classes alone is read", "bad-entry: validation/instances/b.png: 64 pixels of 2304, which is no class's"]})
    case("mapillary", "bad-polygons", {"config.json": config(), train: jpeg(), "training/polygons/a.json": polygons(("", corners(ONE)), (CAR, [[1, 2]]), (CAR, [[1]]), (CAR, corners(ONE))), "training/polygons/b.json": "{"}, {
        "format": "mapillary", "images": [there(train, outlined(CAR, ONE), split="train")], "problems": [
            "bad-entry: training/polygons/a.json:1: the object has no label", f'bad-entry: training/polygons/a.json:1: the outline of "{CAR}" has 1 points',
            "bad-entry: training/polygons/a.json:1: a point is not one x and one y", "unreadable-annotation: training/polygons/b.json:1: expected a member's name"]})
    case("mapillary", "bad-missing", {"config.json": config(), "training/instances/a.png": instances()}, {
        "format": "mapillary", "images": [image("training/instances/a.jpg", *APART, split="train")], "problems": ['missing-image: training/instances/a.png: no image is called "training/images/a.jpg"']})
    case("mapillary", "bad-table", {"config.json": json.dumps({"labels": [{"readable": "", "evaluate": True}]}), train: jpeg(), "training/labels/a.png": classes()}, {
        "error": "{input}/config.json:1: label 0 has no name"})
