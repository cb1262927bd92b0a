"""Fixtures of V7 Darwin."""

import json
import math

from fixture import case, ellipse, mask, obj, picture, standard, there


def sides(box) -> dict:
    x0, y0, x1, y1 = box
    return {"bounding_box": {"x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0}}


def path(*points) -> list:
    return [{"x": x, "y": y} for x, y in points]


def second(name, annotations, folder="/") -> str:
    slot = {"type": "image", "slot_name": "0", "width": 40, "height": 30, "source_files": [{"file_name": name, "url": "https://example.com"}]}
    return json.dumps({"version": "2.0", "schema_ref": "https://example.com", "item": {"name": name, "path": folder, "source_info": {}, "slots": [slot]}, "annotations": annotations})


def named(name, **more) -> dict:
    return {"id": "i", "name": name, "slot_names": ["0"], "properties": [], **more}


def write(entries) -> dict:
    return {f"{name.rsplit('.', 1)[0]}.json": second(name, [named(label, **sides(box)) for label, box in objects]) for name, objects in entries}


def make() -> None:
    standard("darwin", write, "unreadable-annotation: {path}:1: expected `,` or `}}`", own=True)
    square = lambda x0, y0, x1, y1: path((x0, y0), (x1, y0), (x1, y1), (x0, y1))  # noqa: E731
    ring = mask(["######", "######", "##..##", "##..##", "######", "######"], 4, 5, 40, 30)
    case("darwin", "holes", {"a.json": second("a.png", [named("cat", polygon={"paths": [square(4, 5, 10, 11), square(6, 7, 8, 9)]}, **sides((4, 5, 10, 11)))]), "a.png": picture(1)}, {
        "format": "darwin", "problems": [], "images": [there("a.png", obj("cat", (4, 5, 10, 11), line=1, mask=ring))]})
    rows = ["#..", "##."]
    values = [0] * 1200
    for y, row in enumerate(rows):
        for x, letter in enumerate(row):
            values[(6 + y) * 40 + 5 + x] = 2 if letter == "#" else 0
    dense = [number for value in values for number in (value, 1)]
    shapes = [
        named("cat", polygon={"paths": [path((1, 2), (9, 2), (9, 8)), path((20, 20), (22, 20), (22, 22))]}, **sides((1, 2, 22, 22)), attributes=["wet"], properties=[{"name": "age", "value": "old"}]),
        named("ring", ellipse={"center": {"x": 20, "y": 15}, "radius": {"x": 10, "y": 5}, "angle": math.pi / 2}), named("nose", keypoint={"x": 7, "y": 8}),
        named("lane", line={"path": path((1, 2), (9, 8))}), named("dog", skeleton={"nodes": [{"name": "a", "x": 1, "y": 2, "occluded": False}, {"name": "b", "x": 9, "y": 8, "occluded": True}]}),
        named("sky", mask={}) | {"id": "m"}, named("outdoor", tag={}), named("car", frames={}),
        {"id": "r", "name": "__raster_layer__", "raster_layer": {"dense_rle": dense, "mask_annotation_ids_mapping": {"m": 2}, "total_pixels": 1200}},
        named("cat", **sides((4, 5, 20, 25)), inference={"confidence": 0.5})]
    case("darwin", "shapes", {"annotations/sub/a.json": second("a.png", shapes, "/sub"), "images/sub/a.png": picture(1)}, {
        "format": "darwin", "problems": ["ignored-field: annotations/sub/a.json:1: frames of a video left out"], "images": [there(
            "images/sub/a.png", obj("cat", (1, 2, 22, 22), line=1, polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]], [[20.0, 20.0], [22.0, 20.0], [22.0, 22.0]]],
                                    attributes={"wet": "true", "age": "old"}),
            obj("ring", (15, 5, 25, 25), polygons=[ellipse((20, 15), (10, 5), 90)], line=1), obj("nose", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], line=1),
            obj("lane", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1), obj("dog", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 1]], line=1),
            obj("sky", (5, 6, 7, 8), mask=mask(rows, 5, 6), line=1), obj("cat", (4, 5, 20, 25), line=1, score=0.5), labels=["outdoor"], name="sub/a.png")]})
    # A skeleton of the instance of another annotation is its keypoints; two of one instance, and one of another name, are not.
    def skeleton(*nodes) -> dict:
        return {"nodes": [{"name": name, "x": x, "y": y, "occluded": hidden} for name, x, y, hidden in nodes]}

    def instance(number) -> dict:
        return {"instance_id": {"value": number}}

    posed = [
        named("cat", skeleton=skeleton(("nose", 5, 6, False), ("tail", 9, 8, True)), **instance(1)), named("cat", **sides((1, 2, 20, 25)), **instance(1)),
        named("cat", skeleton=skeleton(("tail", 7, 8, False))), named("cat", **sides((1, 2, 3, 4)), **instance(2)), named("cat", **sides((5, 2, 7, 4)), **instance(2)),
        named("dog", skeleton=skeleton(("a", 7, 8, False), ("a", 9, 9, False)), **instance(2))]
    case("darwin", "pose", {"a.json": second("a.png", posed), "a.png": picture(1)}, {
        "format": "darwin", "classes": ["cat", "dog"], "ordered": False, "skeletons": [["cat", "", ["nose", "tail"], []]], "problems": [], "images": [there(
            "a.png", obj("cat", (1, 2, 20, 25), keypoints=[[5.0, 6.0, 2], [9.0, 8.0, 1]], attributes={"instance_id": "1"}, line=1), obj("cat", (7, 8, 7, 8), keypoints=[[0.0, 0.0, 0], [7.0, 8.0, 2]], line=1),
            obj("cat", (1, 2, 3, 4), attributes={"instance_id": "2"}, line=1), obj("cat", (5, 2, 7, 4), attributes={"instance_id": "2"}, line=1),
            obj("dog", (7, 8, 9, 9), keypoints=[[7.0, 8.0, 2], [9.0, 9.0, 2]], attributes={"instance_id": "2"}, line=1))]})
    first = {"dataset": "pets", "image": {"width": 40, "height": 30, "original_filename": "a.png", "filename": "a.png", "url": "https://example.com/a.png", "path": "/"},
             "annotations": [{"name": "cat", "polygon": {"path": path((1, 2), (9, 2), (9, 8))}}, {"name": "outdoor", "tag": {}}]}
    case("darwin", "version-1", {"a.json": json.dumps(first), "a.png": picture(1)}, {
        "format": "darwin", "problems": [], "images": [there("a.png", obj("cat", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1), labels=["outdoor"],
                                                            url="https://example.com/a.png")]})
    bad = [{"id": "x"}, named("x"), named("x", mask={}), named("x", ellipse={}), named("x", bounding_box={"x": "left"}), named("good", **sides((1, 2, 3, 4)))]
    case("darwin", "bad-annotations", {"a.json": second("a.png", bad), "a.png": picture(1)}, {
        "format": "darwin", "images": [there("a.png", obj("good", (1, 2, 3, 4), line=1))], "problems": [f"bad-entry: a.json:1: {message}" for message in (
            "the annotation has no name", 'annotation "x" has no shape', 'mask "x" is in no raster layer', '"center" is missing', 'x "left" is no number')]})
