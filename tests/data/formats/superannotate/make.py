"""Fixtures of SuperAnnotate."""

import json

from fixture import HOLED, around, case, ellipse, mask, obj, picture, standard, there, turned_box


def thing(kind, name, **more) -> dict:
    return {"type": kind, "classId": 1, "className": name, "probability": 100, "attributes": [], "groupId": 0, "trackingId": None, **more}


def document(name, instances, tags=()) -> str:
    return json.dumps({"metadata": {"name": name, "width": 40, "height": 30, "status": "Completed"}, "instances": instances, "tags": list(tags), "comments": []})


def box(name, sides) -> dict:
    return thing("bbox", name, points=dict(zip(("x1", "y1", "x2", "y2"), sides, strict=True)))


def write(entries) -> dict:
    return {f"{name.rsplit('.', 1)[0]}.json": document(name, [box(*one) for one in objects]) for name, objects in entries}


def make() -> None:
    standard("superannotate", write, "unreadable-annotation: {path}:1: the text ends inside a value", own=True)
    corners = turned_box((10, 10, 30, 20), (20, 15), 30)
    named = {f"{axis}{number + 1}": corners[number]["xy".index(axis)] for number in range(4) for axis in "xy"}
    shapes = [
        thing("polygon", "cat", points=[1, 2, 9, 2, 9, 8], exclude=[[2, 3, 4, 3, 4, 4]], attributes=[{"id": 1, "name": "red", "groupName": "colour"}]),
        thing("polyline", "lane", points={"x": [1, 9], "y": [2, 8]}), thing("point", "nose", x=7, y=8), thing("ellipse", "ring", cx=20, cy=15, rx=10, ry=5, angle=90),
        thing("rbbox", "ship", points=named), thing("template", "dog", points=[{"id": 2, "x": 9, "y": 8}, {"id": 1, "x": 1, "y": 2}]), thing("tag", "outdoor"), thing("cuboid", "car"),
        thing("bbox", "cat", points={"x1": 4, "y1": 5, "x2": 20, "y2": 25}, probability=50)]
    # Instances of a group are one object; a template has names for all of its points.
    group = [
        thing("polygon", "cat", points=[1, 2, 9, 2, 9, 8], groupId=1), thing("polygon", "cat", points=[11, 2, 19, 2, 19, 8], groupId=1),
        thing("bbox", "dog", points={"x1": 4, "y1": 5, "x2": 20, "y2": 25}, groupId=2),
        thing("template", "dog", points=[{"id": 1, "x": 5, "y": 6}, {"id": 3, "x": 9, "y": 8}], pointLabels={"0": "nose", "1": "tail", "2": "ear"}, groupId=2)]
    case("superannotate", "groups", {"a.png.json": document("a.png", group), "a.png": picture(1)}, {
        "format": "superannotate", "problems": [], "skeletons": [["dog", "", ["nose", "tail", "ear"], []]], "images": [there(
            "a.png", obj("cat", (1, 2, 19, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]], [[11.0, 2.0], [19.0, 2.0], [19.0, 8.0]]], line=1),
            obj("dog", (4, 5, 20, 25), keypoints=[[5.0, 6.0, 2], [0.0, 0.0, 0], [9.0, 8.0, 2]], line=1))]})
    classes = json.dumps([{"id": number, "name": name, "color": "#ff0000"} for number, name in enumerate(["ship", "cat", "lane", "nose", "ring", "dog", "outdoor", "night"])])
    case("superannotate", "shapes", {"a.png___objects.json": document("a.png", shapes, ["night"]), "classes/classes.json": classes, "a.png": picture(1)}, {
        "remarks": ["lines, whose corners are taken as keypoints: 1"], "format": "superannotate", "classes": ["ship", "cat", "lane", "nose", "ring", "dog", "outdoor", "night"], "ordered": True,
        "problems": ["ignored-field: a.png___objects.json:1: cuboid left out"], "images": [there(
            "a.png", obj("cat", (1, 2, 9, 8), mask=mask(HOLED, 2, 2), line=1, attributes={"colour": "red"}),
            obj("lane", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1), obj("nose", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], line=1),
            obj("ring", (15, 5, 25, 25), polygons=[ellipse((20, 15), (10, 5), 90)], line=1), obj("ship", around(corners), corners=corners, line=1),
            obj("dog", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1), obj("cat", (4, 5, 20, 25), line=1, score=0.5), labels=["night", "outdoor"])]})
    # Exports of which instances and attributes have ids alone; each project has its own classes.json.
    def numbered(number, sides, *attributes) -> dict:
        corners = dict(zip(("x1", "y1", "x2", "y2"), sides, strict=True))
        return {"type": "bbox", "classId": number, "points": corners, "attributes": [dict(zip(("id", "groupId"), one, strict=True)) for one in attributes]}

    def catalogue(number, name, value) -> str:
        attributes = [{"id": number * 100 + 1, "group_id": number * 10, "name": value}]
        return json.dumps([{"id": number, "name": name, "color": "#ff0000", "attribute_groups": [{"id": number * 10, "class_id": number, "name": "colour", "is_multiselect": 0, "attributes": attributes}]}])
    case("superannotate", "ids", {
        "train/a.png___objects.json": document("a.png", [numbered(7, (1, 2, 3, 4), (701, 70)), {"type": "tag", "classId": 7}]), "train/a.png": picture(1), "train/classes/classes.json": catalogue(7, "boat", "red"),
        "valid/b.png___objects.json": document("b.png", [numbered(7, (5, 6, 7, 8), (702, 70))]), "valid/b.png": picture(2), "valid/classes/classes.json": catalogue(7, "ship", "blue")}, {
        "format": "superannotate", "classes": ["boat", "ship"], "ordered": True,
        "problems": ["ignored-field: valid/b.png___objects.json:1: an attribute without a name left out"], "images": [
            there("train/a.png", obj("boat", (1, 2, 3, 4), line=1, attributes={"colour": "red"}), split="train", labels=["boat"]),
            there("valid/b.png", obj("ship", (5, 6, 7, 8), line=1), split="valid")]})
    case("superannotate", "bad-ids", {"train/a.json": document("a.png", [numbered(8, (1, 2, 3, 4)), numbered(7, (1, 2, 3, 4))]), "train/a.png": picture(1), "classes/classes.json": catalogue(7, "boat", "red")}, {
        "format": "superannotate", "images": [there("train/a.png", obj("boat", (1, 2, 3, 4), line=1), split="train")], "problems": ["bad-entry: train/a.json:1: the instance has no className, and classes.json has no class of id 8"]})
    case("superannotate", "bad-no-list", {"a.json": document("a.png", [numbered(8, (1, 2, 3, 4)), box("good", (1, 2, 3, 4))]), "a.png": picture(1)}, {
        "format": "superannotate", "images": [there("a.png", obj("good", (1, 2, 3, 4), line=1))], "problems": ["bad-entry: a.json:1: the instance has no className, and there is no classes.json for its classId 8"]})
    bad = [{"type": "bbox"}, thing("bbox", "x"), thing("blob", "x"), thing("polygon", "x", points={"x": [1]}), thing("ellipse", "x", cx="left"), box("good", (1, 2, 3, 4))]
    case("superannotate", "bad-instances", {"a.json": document("a.png", bad), "a.png": picture(1)}, {
        "format": "superannotate", "images": [there("a.png", obj("good", (1, 2, 3, 4), line=1))], "problems": [f"bad-entry: a.json:1: {message}" for message in (
            "the instance has no className", '"points" is missing', 'type "blob" is not known', '"y" is missing', 'cx "left" is no number')]})
