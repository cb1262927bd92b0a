"""Fixtures of ASAM OpenLABEL."""

import json
import math

from fixture import around, case, obj, picture, there, turned_box


def centre(sides) -> list:
    x0, y0, x1, y1 = sides
    return [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]


def document(frames, kinds, key="openlabel") -> str:
    objects = {str(number): {"name": f"object {number}", "type": kind} for number, kind in enumerate(kinds)}
    return json.dumps({key: {"metadata": {"schema_version": "1.0.0"}, "objects": objects, "frames": frames}})


def frame(name, objects) -> dict:
    return {"frame_properties": {"timestamp": "0", "streams": {"camera": {"uri": name}}}, "objects": {str(number): {"object_data": data} for number, data in objects}}


def write(entries) -> dict:
    kinds, frames = [], {}
    for name, objects in entries:
        data = []
        for label, sides in objects:
            data.append((len(kinds), {"bbox": [{"name": "shape", "val": centre(sides)}]}))
            kinds.append(label)
        frames[str(len(frames))] = frame(name, data)
    # Tracks of the objects are not what the common cases look at.
    return {"openlabel.json": document(frames, kinds)}


def box(name, sides, track=0, **more) -> dict:
    return obj(name, sides, line=1, track=track, **more)


def make() -> None:
    cat, dog = ("cat", (4, 5, 20, 25)), ("dog", (0, 3, 10, 15))
    case("openlabel", "plain", write([("a.png", [cat, dog]), ("b.png", [])]) | {"a.png": picture(1), "b.png": picture(2)}, {
        "format": "openlabel", "problems": [], "images": [there("a.png", box(*cat), box(*dog, 1), size=(0, 0)), there("b.png", size=(0, 0))]})
    # Said of the objects once: of the scene's only image, of the only frame, and of none of two.
    still = {"1": {"name": "c", "type": "cat", "object_data": {"bbox": [{"name": "shape", "val": centre(cat[1])}]}}}
    scene = {"openlabel": {"metadata": {}, "streams": {"cam": {"type": "camera", "uri": "a.png"}}, "objects": still}}
    case("openlabel", "still", {"a.json": json.dumps(scene), "a.png": picture(1)}, {
        "format": "openlabel", "problems": [], "images": [there("a.png", box(*cat, 1), size=(0, 0))]})
    scene["openlabel"]["frames"] = {"0": frame("a.png", [(0, {"bbox": [{"name": "shape", "val": centre(dog[1])}]})])}
    scene["openlabel"]["objects"] = still | {"0": {"name": "d", "type": "dog"}}
    case("openlabel", "still-in-frame", {"a.json": json.dumps(scene), "a.png": picture(1)}, {
        "format": "openlabel", "problems": [], "images": [there("a.png", box(*dog, 0), box(*cat, 1), size=(0, 0))]})
    scene["openlabel"]["frames"]["1"] = frame("b.png", [])
    case("openlabel", "still-of-two", {"a.json": json.dumps(scene), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "openlabel", "problems": ['ignored-field: a.json:1: object "1", which is in no frame, left out'],
        "images": [there("a.png", box(*dog, 0), size=(0, 0)), there("b.png", size=(0, 0))]})
    # Two cameras, an image each.
    both = {"0": {"frame_properties": {"streams": {"front": {"uri": "a.png"}, "rear": {"uri": "b.png"}}}, "objects": {
        "0": {"object_data": {"bbox": [{"name": "shape", "val": centre(cat[1]), "stream": "front"}]}},
        "1": {"object_data": {"bbox": [{"name": "shape", "val": centre(dog[1]), "coordinate_system": "rear"}]}}}}}
    case("openlabel", "cameras", {"a.json": document(both, ["cat", "dog"]), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "openlabel", "problems": [], "images": [there("a.png", box(*cat, 0), size=(0, 0)), there("b.png", box(*dog, 1), size=(0, 0))]})
    corners = turned_box((10, 10, 30, 20), (20, 15), 30)
    shapes = {"rbbox": [{"name": "r", "val": [20, 15, 20, 10, math.radians(30)]}], "poly2d": [{"name": "p", "val": [1, 2, 9, 2, 9, 8], "mode": "MODE_POLY2D_ABSOLUTE", "closed": True},
              {"name": "l", "val": [1, 2, 9, 8], "closed": False}], "point2d": [{"name": "n", "val": [7, 8], "attributes": {"text": [{"name": "colour", "val": "red"}]}}],
              "cuboid": [{"name": "c", "val": [0] * 9}], "text": [{"name": "x", "val": "y"}]}
    case("openlabel", "shapes", {"a.json": document({"12": frame("images/a.png", [(0, shapes)])}, ["ship"]), "images/a.png": picture(1)}, {
        "format": "openlabel", "problems": ["ignored-field: a.json:1: cuboid left out"], "images": [there(
            "images/a.png", box("ship", around([*corners, (1, 2), (9, 8)]), corners=corners, polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]]),
            box("ship", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], attributes={"colour": "red"}),
            size=(0, 0), name="images/a.png")]})
    # Keypoints with names, one hidden, one not labelled; two boxes of one object are two.
    def point(name, x, y, visibility) -> dict:
        return {"name": name, "val": [x, y], "attributes": {"num": [{"name": "visibility", "val": visibility}]}}

    pose = {"bbox": [{"name": "body", "val": centre(cat[1])}], "point2d": [point("nose", 5, 6, 2), point("tail", 9, 8, 1), point("ear", 0, 0, 0)]}
    twice = {"bbox": [{"name": "s", "val": centre(cat[1])}, {"name": "t", "val": centre(dog[1])}]}
    case("openlabel", "keypoints", {"a.json": document({"0": frame("a.png", [(0, pose), (1, twice), (2, {"point2d": [point("nose", 1, 2, 2)]})])}, ["cat", "dog", "cat"]),
                                    "a.png": picture(1)}, {
        "format": "openlabel", "problems": [], "skeletons": [["cat", "", ["nose", "tail", "ear"], []]], "images": [there(
            "a.png", box("cat", cat[1], keypoints=[[5.0, 6.0, 2], [9.0, 8.0, 1], [0.0, 0.0, 0]]), box("dog", cat[1], 1), box("dog", dog[1], 1),
            box("cat", (1, 2, 1, 2), 2, keypoints=[[1.0, 2.0, 2], [0.0, 0.0, 0], [0.0, 0.0, 0]]), size=(0, 0))]})
    # VCD, with the data at the object itself, frames by number.
    vcd = {"vcd": {"metadata": {}, "objects": {"0": {"name": "x", "type": "cat", "object_data": {"bbox": [{"name": "s", "val": centre(cat[1])}]}}}, "frames": {"3": {"objects": {"0": {}}}, "4": {"objects": {"0": {}}}}}}
    case("openlabel", "vcd", {"a.json": json.dumps(vcd), "3.png": picture(1), "4.png": picture(2)}, {
        "format": "openlabel", "problems": [f'stale-name: a.json:1: "{number}" was found as {number}.png' for number in (3, 4)],
        "images": [there("3.png", box(*cat), size=(0, 0), name="3"), there("4.png", box(*cat), size=(0, 0), name="4")]})
    case("openlabel", "splits", {"train/o.json": document({"0": frame("a.png", [(0, {"bbox": [{"val": centre(cat[1])}]})])}, ["cat"]), "train/a.png": picture(1)}, {
        "format": "openlabel", "problems": [], "images": [there("train/a.png", box(*cat), split="train", size=(0, 0))]})
    case("openlabel", "single-file", write([("ä.png", [("Bär", (1, 2, 3, 4))])]) | {"ä.png": picture(1)}, {
        "format": "openlabel", "source": "openlabel.json", "problems": [], "images": [there("ä.png", box("Bär", (1, 2, 3, 4)), size=(0, 0))]})
    case("openlabel", "bad-missing", write([("gone.png", [cat])]), {
        "format": "openlabel", "problems": ['missing-image: openlabel.json:1: no image is called "gone.png"'], "images": [there("gone.png", box(*cat), size=(0, 0)) | {"file": None}]})
    case("openlabel", "bad-cut", {"a.json": write([("a.png", [cat])])["openlabel.json"][:-40], "a.png": picture(1)}, {
        "format": "openlabel", "problems": ["unreadable-annotation: a.json:1: a string has no end"], "images": []})
    bad = {"0": frame("a.png", [(0, {"bbox": [{"val": [1, 2]}, {"name": "x"}]}), (7, {"bbox": []})])}
    case("openlabel", "bad-values", {"a.json": document(bad, ["x"]), "a.png": picture(1)}, {
        "format": "openlabel", "images": [], "problems": ["bad-entry: a.json:1: bbox has 2 numbers", 'bad-entry: a.json:1: "val" is missing', 'bad-entry: a.json:1: object "7" has no type']})
