"""Fixtures of Cityscapes' polygons."""

import json

from fixture import case, image, obj, picture, there


def document(*objects, size=(40, 30)) -> str:
    return json.dumps({"imgHeight": size[1], "imgWidth": size[0], "objects": [{"label": label, "polygon": polygon, **more} for label, polygon, more in objects]})


POINTS = [[1, 2], [9, 2], [9, 8]]


def shape(name, **more) -> dict:
    return obj(name, (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1, **more)


def scene(split, name, text, kind="gtFine") -> dict:
    return {f"{kind}/{split}/aachen/{name}_{kind}_polygons.json": text, f"leftImg8bit/{split}/aachen/{name}_leftImg8bit.png": picture(1)}


def make() -> None:
    a, b = "aachen_000000_000019", "aachen_000001_000019"
    key = "leftImg8bit/{}/aachen/{}_leftImg8bit.png".format
    case("cityscapes", "fine", scene("train", a, document(("car", POINTS, {}), ("cargroup", POINTS, {}), ("road", POINTS, {"deleted": 1}), ("sky", POINTS, {"deleted": 0}))) | scene("val", b, document())
         | {f"gtFine/train/aachen/{a}_gtFine_labelIds.png": picture(2)}, {
        "format": "cityscapes", "classes": ["car", "sky"], "ordered": False, "problems": [], "remarks": ["images that no annotation names, left out: 1"], "images": [
            there(key("train", a), shape("car"), shape("car", flags=["crowd"]), shape("sky"), split="train"), there(key("val", b), split="valid")]})
    case("cityscapes", "coarse", scene("test", a, document(("polegroup", POINTS, {})), "gtCoarse"), {
        "format": "cityscapes", "problems": [], "images": [there(key("test", a), shape("polegroup"), split="test")]})
    case("cityscapes", "flat", {"a_gtFine_polygons.json": document(("car", POINTS, {})), "a_leftImg8bit.png": picture(1)}, {
        "format": "cityscapes", "problems": [], "images": [there("a_leftImg8bit.png", shape("car"))]})
    case("cityscapes", "other-names", {"labels/a.json": document(("Bär", POINTS, {})), "images/a.jpg": picture(1, "JPEG")}, {
        "format": "cityscapes", "problems": ['stale-name: labels/a.json:1: "a" was found as images/a.jpg'], "images": [there("images/a.jpg", shape("Bär"), name="a_leftImg8bit.png")]})
    case("cityscapes", "single-file", {"a_polygons.json": document(("car", POINTS, {})), "a_leftImg8bit.png": picture(1), "b.png": picture(2)}, {
        "format": "cityscapes", "source": "a_polygons.json", "problems": [], "images": [there("a_leftImg8bit.png", shape("car"))]})
    case("cityscapes", "bad-objects", {"a_polygons.json": document(("", POINTS, {}), ("x", [[1, 2]], {}), ("x", [[1, 2, 3]], {}), ("car", POINTS, {})), "a_leftImg8bit.png": picture(1)}, {
        "format": "cityscapes", "images": [there("a_leftImg8bit.png", shape("car"))], "problems": [f"bad-entry: a_polygons.json:1: {message}" for message in (
            "the object has no label", 'the outline of "x" has 1 points', "a point is not one x and one y")]})
    case("cityscapes", "bad-missing", {"a_polygons.json": document(("car", POINTS, {}))}, {
        "format": "cityscapes", "images": [image("a_leftImg8bit.png", shape("car"), file=None)],
        "problems": ['missing-image: a_polygons.json:1: no image is called "a_leftImg8bit.png"']})
    case("cityscapes", "bad-cut", {"a_polygons.json": document(("car", POINTS, {}))[:-5], "a_leftImg8bit.png": picture(1)}, {
        "format": "cityscapes", "images": [], "problems": ["unreadable-annotation: a_polygons.json:1: expected `,` or `]`"]})
