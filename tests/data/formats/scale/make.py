"""Fixtures of Scale AI."""

import json

from fixture import around, case, ellipse, obj, picture, standard, there, turned_box


def task(name, annotations, **more) -> dict:
    return {"task_id": "t", "type": "imageannotation", "status": "completed", "params": {"attachment": name, "attachment_type": "image"},
            "response": {"annotations": annotations}, **more}


def boxes(objects) -> list:
    return [{"uuid": "u", "type": "box", "label": label, "left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0} for label, (x0, y0, x1, y1) in objects]


def write(entries) -> dict:
    return {"tasks.json": json.dumps([task(name, boxes(objects)) for name, objects in entries])}


def points(corners) -> list:
    return [{"x": x, "y": y} for x, y in corners]


def make() -> None:
    standard("scale", write, "unreadable-annotation: {path}:1: expected `,` or `]`", size=(0, 0))
    corners = turned_box((10, 10, 30, 20), (20, 15), 30)
    shapes = [
        {"type": "polygon", "label": "cat", "vertices": points([(1, 2), (9, 2), (9, 8)]), "attributes": {"colour": "red"}}, {"type": "line", "label": "lane", "vertices": points([(1, 2), (9, 8)])},
        {"type": "point", "label": "nose", "x": 7, "y": 8}, {"type": "box", "label": "ship", "vertices": points(corners)},
        {"type": "ellipse", "label": "ring", "vertices": points([(30, 15), (20, 20), (10, 15), (20, 10)])}, {"type": "cuboid", "label": "car", "vertices": []}]
    url = "https://example.com/photos/a.png"
    tasks = json.dumps(task(url, shapes)) + "\n" + json.dumps({"task_id": "t2", "status": "pending", "params": {"attachment": "https://example.com/b.png"}})
    ring = ellipse((20, 15), (10, 5), 180)
    case("scale", "lines", {"tasks.jsonl": tasks, "a.png": picture(1)}, {
        "format": "scale", "problems": ["ignored-field: tasks.jsonl:1: cuboid left out"], "images": [there(
            "a.png", obj("cat", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1, attributes={"colour": "red"}),
            obj("lane", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1), obj("nose", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], line=1),
            obj("ship", around(corners), corners=corners, line=1), obj("ring", (10, 10, 30, 20), polygons=[ring], line=1), size=(0, 0), name=url, url=url)]})
    # Keypoints: points of other labels with the attribute group_id of an object.
    grouped = [{"type": "polygon", "label": "cat", "vertices": points([(1, 2), (9, 2), (9, 8)]), "attributes": {"group_id": "1"}},
               {"type": "point", "label": "nose", "x": 7, "y": 8, "attributes": {"group_id": "1"}}, {"type": "point", "label": "tail", "x": 2, "y": 3, "attributes": {"group_id": "1", "occluded": True}},
               *boxes([("cat", (4, 5, 20, 25))]), {"type": "point", "label": "nose", "x": 4, "y": 6, "attributes": {"occluded": True}}]
    case("scale", "pose", {"tasks.json": json.dumps([task("a.png", grouped)]), "a.png": picture(1)}, {
        "format": "scale", "classes": ["cat", "nose"], "ordered": False, "skeletons": [["cat", "", ["nose", "tail"], []]], "problems": [], "images": [there(
            "a.png", obj("cat", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], keypoints=[[7.0, 8.0, 2], [2.0, 3.0, 1]], line=1), obj("cat", (4, 5, 20, 25), line=1),
            obj("nose", (4, 6, 4, 6), keypoints=[[4.0, 6.0, 1]], line=1, attributes={"occluded": "true"}), size=(0, 0))]})
    case("scale", "bad-shapes", {"tasks.json": json.dumps([task("a.png", [{"type": "box"}, {"type": "box", "label": "x", "left": 1}, {"type": "blob", "label": "x"}]), task("", [])]),
                                 "a.png": picture(1)}, {
        "format": "scale", "images": [], "problems": ["bad-entry: tasks.json:1: the annotation has no label", 'bad-entry: tasks.json:1: "top" is missing',
                                                      'bad-entry: tasks.json:1: type "blob" with 0 vertices is not known', "bad-entry: tasks.json:1: the task has no attachment"]})
