"""Fixtures of Cityscapes: polygons, and pictures of classes and instances."""

import json

from fixture import case, filled, image, labels, obj, picture, there


def document(*objects, size=(40, 30)) -> str:
    return json.dumps({"imgHeight": size[1], "imgWidth": size[0], "objects": [{"label": label, "polygon": polygon, **more} for label, polygon, more in objects]})


POINTS = [[1, 2], [9, 2], [9, 8]]


def shape(name, **more) -> dict:
    return obj(name, (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1, **more)


def scene(split, name, text, kind="gtFine") -> dict:
    return {f"{kind}/{split}/aachen/{name}_{kind}_polygons.json": text, f"leftImg8bit/{split}/aachen/{name}_leftImg8bit.png": picture(1)}


ROAD, CAR, OTHER, GROUP = (0, 20, 40, 30), (4, 6, 12, 14), (20, 6, 30, 12), (32, 0, 40, 9)
# Classes from 1 on, by their ids; what is unlabeled is none.
CLASSES = ["ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground", "road", "sidewalk", "parking", "rail track", "building", "wall", "fence", "guard rail", "bridge",
           "tunnel", "pole", "polegroup", "traffic light", "traffic sign", "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle"]


def instances() -> bytes:
    return labels("I", (7, ROAD), (26000, CAR), (26001, OTHER), (25, GROUP))


def classes() -> bytes:
    return labels("L", (7, ROAD), (26, CAR), (26, OTHER), (255, GROUP))


def area(name, *boxes, **more) -> dict:
    """An object whose mask fills boxes, one beside the other."""
    around = (min(box[0] for box in boxes), min(box[1] for box in boxes), max(box[2] for box in boxes), max(box[3] for box in boxes))
    runs = filled(boxes[0])
    for box in boxes[1:]:
        right = filled(box)["runs"]
        # The second box lies to the right: what is clear before it gets shorter.
        left = runs["runs"]
        runs["runs"] = [*left[:-1], right[0] - sum(left[:-1]), *right[1:]]
    return obj(name, around, mask=runs, **more)


def drawn(split, name, kind="gtFine", **parts) -> dict:
    return {f"{kind}/{split}/aachen/{name}_{kind}_{part}.png": content for part, content in parts.items()} | {f"leftImg8bit/{split}/aachen/{name}_leftImg8bit.png": picture(1)}


def make() -> None:
    a, b = "aachen_000000_000019", "aachen_000001_000019"
    key = "leftImg8bit/{}/aachen/{}_leftImg8bit.png".format
    case("cityscapes", "fine", scene("train", a, document(("car", POINTS, {}), ("cargroup", POINTS, {}), ("road", POINTS, {"deleted": 1}), ("sky", POINTS, {"deleted": 0}))) | scene("val", b, document())
         | {f"gtFine/train/aachen/{a}_gtFine_labelIds.png": picture(2)}, {
        "format": "cityscapes", "classes": ["car", "sky"], "ordered": False, "problems": [], "remarks": [], "images": [
            there(key("train", a), shape("car"), shape("car", flags=["crowd"]), shape("sky"), split="train"), there(key("val", b), split="valid")]})
    case("cityscapes", "fine-and-coarse", scene("train", a, document(("car", POINTS, {}))) | scene("train", a, document(("sky", POINTS, {})), "gtCoarse"), {
        "format": "cityscapes", "classes": ["car"], "ordered": False, "problems": [], "remarks": ["coarse polygons of images that have fine ones, left out: 1"],
        "images": [there(key("train", a), shape("car"), split="train")]})
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

    told_apart = [area("road", ROAD), area("rider", GROUP, flags=["crowd"]), area("car", CAR), area("car", OTHER)]
    together = [area("road", ROAD), area("car", CAR, OTHER)]
    case("cityscapes", "pictures", drawn("train", a, instanceIds=instances(), labelIds=classes(), color=labels("RGB"), labelTrainIds=classes()) | drawn("val", b, labelIds=classes()) | {"x.png": picture(3)}, {
        "format": "cityscapes", "classes": CLASSES, "class_ids": list(range(1, 34)), "ordered": True, "problems": [], "remarks": ["images that no annotation names, left out: 1"],
        "images": [there(key("train", a), *told_apart, split="train"), there(key("val", b), *together, split="valid")]})
    case("cityscapes", "pictures-and-polygons", scene("train", a, document(("car", POINTS, {}))) | drawn("train", a, instanceIds=instances(), labelIds=classes()) | drawn("train", b, instanceIds=instances()), {
        "format": "cityscapes", "problems": [], "images": [there(key("train", a), shape("car"), split="train"), there(key("train", b), *told_apart, split="train")]})
    case("cityscapes", "pictures-coarse", drawn("train", a, instanceIds=instances()) | drawn("train", a, "gtCoarse", labelIds=classes()) | drawn("train", b, "gtCoarse", labelIds=classes()), {
        "format": "cityscapes", "classes": CLASSES, "ordered": True, "problems": [], "remarks": ["coarse pictures of images that have fine ones, left out: 1"],
        "images": [there(key("train", a), *told_apart, split="train"), there(key("train", b), *together, split="train")]})
    case("cityscapes", "bad-pictures", drawn("train", a, instanceIds="none", labelIds=classes()) | drawn("train", b, instanceIds="none"), {
        "format": "cityscapes", "from": "cityscapes", "images": [there(key("train", a), *together, split="train")], "problems": [
            f"unreadable-annotation: gtFine/train/aachen/{a}_gtFine_instanceIds.png: no PNG: Invalid PNG signature; the picture of classes alone is read",
            f"unreadable-annotation: gtFine/train/aachen/{b}_gtFine_instanceIds.png: no PNG: Invalid PNG signature"]})
    case("cityscapes", "bad-values", drawn("train", a, instanceIds=labels("I", (7, ROAD), (34000, CAR), (40, GROUP))) | drawn("val", b, labelIds=labels("RGB", ((7, 7, 7), ROAD))), {
        "format": "cityscapes", "from": "cityscapes", "images": [there(key("train", a), area("road", ROAD), split="train")], "problems": [
            f"bad-entry: gtFine/train/aachen/{a}_gtFine_instanceIds.png: 64 pixels of 34000, which is no class's",
            f"bad-entry: gtFine/train/aachen/{a}_gtFine_instanceIds.png: 72 pixels of 40, which is no class's",
            f"unreadable-annotation: gtFine/val/aachen/{b}_gtFine_labelIds.png: the picture has colours instead of numbers"]})
    case("cityscapes", "bad-no-image", {f"gtFine/val/aachen/{b}_gtFine_instanceIds.png": instances()}, {
        "format": "cityscapes", "images": [image(f"gtFine/val/aachen/{b}_leftImg8bit.png", *told_apart, split="valid")],
        "problems": [f'missing-image: gtFine/val/aachen/{b}_gtFine_instanceIds.png: no image is called "{b}_leftImg8bit.png"']})
