"""Fixtures of LabelU."""

import json

from fixture import case, obj, picture, standard, there


def rect(name, box, **more) -> dict:
    x0, y0, x1, y1 = box
    return {"id": "9bx61depnkm", "x": x0, "y": y0, "label": name, "width": x1 - x0, "height": y1 - y0, "order": 1, **more}


def entry(name, *tools, number=1, size=(40, 30), rotate=0, text=True, **more) -> dict:
    result = {"width": size[0], "height": size[1], "rotate": rotate, "annotations": [{"toolName": kind, "result": list(objects)} for kind, objects in tools]}
    return {"id": number, "result": json.dumps(result, ensure_ascii=False) if text else result, "url": "/api/v1/tasks/attachment/upload/1/" + name, "folder": "/media", "fileName": name, **more}


def write(entries) -> dict[str, str]:
    rows = [entry(name, ("rectTool", [rect(*one) for one in objects])) for name, objects in entries]
    return {"task.json": json.dumps([{key: value for key, value in row.items() if key != "id"} for row in rows], ensure_ascii=False)}


def make() -> None:
    standard("labelu", write, "unreadable-annotation: {path}:1: the file ends too early")
    points = [[4.5, 6.0], [20.0, 6.0], [20.0, 24.0]]
    shape = {"id": "x", "points": [{"x": x, "y": y, "id": "p"} for x, y in points], "type": "line", "order": 2, "label": "dog"}
    tools = (("rectTool", [rect("cat", (4.5, 6, 20, 24), attributes={"colour": "brown", "parts": ["head", "tail"]})]), ("polygonTool", [shape]), ("lineTool", [shape]),
             ("pointTool", [{"x": 1.5, "y": 2, "visible": True, "id": "x", "order": 3, "label": "cat"}]), ("tagTool", [{"id": "t", "type": "tag", "value": {"weather": ["sunny", "warm"]}}]),
             ("textTool", [{"id": "d", "type": "text", "value": {"about": "a cat"}}]), ("cuboidTool", [{"label": "cat", "front": {}, "back": {}}]))
    around = [4.5, 6.0, 20.0, 24.0]
    drawn = [obj("cat", around, line=1, attributes={"colour": "brown", "parts": "head, tail"}), obj("dog", around, line=1, polygons=[points]),
             obj("dog", around, line=1, keypoints=[[*point, 2] for point in points]), obj("cat", (1.5, 2, 1.5, 2), line=1, keypoints=[[1.5, 2.0, 2]])]
    expected = {"format": "labelu", "problems": ["ignored-field: task.json:1: a cuboid left out"],
                "images": [there("a.png", *drawn, id=7, labels=["sunny", "warm"], captions=["a cat"])]}
    for name, text in (("tools", True), ("tools-as-objects", False)):
        case("labelu", name, {"task.json": json.dumps([entry("a.png", *tools, number=7, text=text)]), "a.png": picture(1)}, expected)
    case("labelu", "names-before-1.1", {"task.json": json.dumps([entry("e875f554-a.png", ("rectTool", [rect("cat", (1, 2, 3, 4))]), number=7)]), "a.png": picture(1)}, {
        "format": "labelu", "problems": ['stale-name: task.json:1: "a.png" was found as a.png'][:0], "images": [there("a.png", obj("cat", (1, 2, 3, 4), line=1), id=7, name="e875f554-a.png")]})
    bad = [entry("a.png", ("rectTool", [rect("", (1, 2, 3, 4)), {"label": "x", "x": 1}, rect("cat", (1, 2, 3, 4))]), ("brushTool", [rect("cat", (1, 2, 3, 4))])), entry("b.png", ("rectTool", [rect("cat", (1, 2, 3, 4))]), number=2, rotate=90),
           {**entry("c.png"), "id": 3, "result": "{"}, {**entry(""), "id": 4}]
    case("labelu", "bad-entries", {"task.json": json.dumps(bad), "a.png": picture(1), "b.png": picture(2), "c.png": picture(3)}, {
        "format": "labelu", "lost_objects": 5, "images": [there("a.png", obj("cat", (1, 2, 3, 4), line=1), id=1), there("b.png", id=2)], "problems": [
            "bad-entry: task.json:1: the object has no label", 'bad-entry: task.json:1: "y" is missing', 'bad-entry: task.json:1: tool "brushTool" is not known',
            "ignored-field: task.json:1: an object of a turned image left out", "bad-entry: task.json:1: expected a member's name", 'bad-entry: task.json:1: "fileName" is missing']})
