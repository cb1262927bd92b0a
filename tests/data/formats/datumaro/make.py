"""Fixtures of Datumaro JSON."""

import json

from fixture import around, case, ellipse, mask, obj, picture, standard, there, turned_box

CLASSES = ["cat", "dog", "Bär, groß"]


def ann(kind, label, **more) -> dict:
    return {"id": 0, "type": kind, "attributes": {}, "group": 0, "label_id": label, "z_order": 0, **more}


def item(name, annotations, size=(30, 40)) -> dict:
    return {"id": name.rsplit(".", 1)[0], "annotations": annotations, "attr": {"frame": 0}, "image": {"path": name, "size": list(size)}}


def document(*items, classes=CLASSES, **more) -> str:
    labels = [{"name": name, "parent": "", "attributes": []} for name in classes]
    return json.dumps({"dm_format_version": "1.0", "media_type": 2, "infos": {}, "categories": {"label": {"label_groups": [], "labels": labels, "attributes": []}, **more}, "items": list(items)})


def boxes(objects) -> list:
    return [ann("bbox", CLASSES.index(label), bbox=[x0, y0, x1 - x0, y1 - y0]) | {"id": None} for label, (x0, y0, x1, y1) in objects]


def write(entries) -> dict:
    return {"default.json": document(*(item(name, boxes(objects)) for name, objects in entries))}


def make() -> None:
    standard("datumaro", write, "unreadable-annotation: {path}:1: expected `,` or `}}`")
    # Every kind of annotation, in the folders that Datumaro makes.
    corners = turned_box((10, 10, 30, 20), (20, 15), 30)
    rows = ["#..", "##."]
    runs = mask(rows, 5, 6)
    shapes = [
        ann("bbox", 0, bbox=[10, 10, 20, 10], attributes={"rotation": 30.0, "occluded": True, "colour": "red"}), ann("polygon", 1, points=[1, 2, 9, 2, 9, 8], group=3),
        ann("polyline", 1, points=[1, 2, 9, 8]), ann("points", 0, points=[1, 2, 9, 8, 0, 0], visibility=[2, 1, 0]),
        ann("ellipse", 0, bbox=[10, 10, 20, 10]), ann("ellipse", 0, points=[10, 10, 30, 20]), ann("mask", 0, rle={"counts": runs["runs"], "size": runs["size"]}), ann("label", 1), {"id": 0, "type": "caption", "caption": "A cat"},
        ann("cuboid_3d", 0)]
    points = {"items": [{"label_id": 0, "labels": ["nose", "tail", "ear"], "joints": [[1, 2], [2, 3]]}]}
    case("datumaro", "shapes", {"annotations/train.json": document(item("a.png", shapes), points=points), "images/train/a.png": picture(1)}, {
        "remarks": ["lines, whose corners are taken as keypoints: 1"], "format": "datumaro", "classes": CLASSES, "ordered": True, "skeletons": [["cat", "", ["nose", "tail", "ear"], [[0, 1], [1, 2]]]],
        "problems": ["ignored-field: annotations/train.json:1: cuboid_3d left out"], "images": [there(
            "images/train/a.png", obj("cat", around(corners), corners=corners, line=1, id=0, flags=["occluded"], attributes={"colour": "red"}),
            obj("dog", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1, id=0, attributes={"group_id": "3"}),
            obj("dog", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1, id=0),
            obj("cat", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 1], [0.0, 0.0, 0]], line=1, id=0),
            obj("cat", (10, 10, 30, 20), polygons=[ellipse((20, 15), (10, 5))], line=1, id=0),
            obj("cat", (10, 10, 30, 20), polygons=[ellipse((20, 15), (10, 5))], line=1, id=0), obj("cat", (5, 6, 7, 8), mask=runs, line=1, id=0),
            split="train", labels=["dog"], captions=["A cat"])]})
    # Annotations of one group are one object; flags, the track and the item's number among the attributes.
    said = {"is_crowd": True, "difficult": False, "truncated": True, "pose": "Left", "track_id": 5, "score": 0.5}
    group = [
        ann("bbox", 0, bbox=[1, 2, 20, 20], group=1, attributes=said), ann("polygon", 0, points=[1, 2, 9, 2, 9, 8], group=1),
        ann("points", 0, points=[3, 4], visibility=[2], group=1), ann("bbox", 0, bbox=[4, 5, 6, 7], group=1)]
    case("datumaro", "groups", {"annotations/val.json": document(item("a.png", group) | {"attr": {"id": 9}}), "images/val/a.png": picture(1)}, {
        "format": "datumaro", "classes": CLASSES, "ordered": True, "problems": [], "images": [there(
            "images/val/a.png", obj("cat", (1, 2, 21, 22), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], keypoints=[[3.0, 4.0, 2]], line=1, id=0, track=5, score=0.5,
                                    flags=["not difficult", "truncated", "crowd"], pose="Left", attributes={"group_id": "1"}),
            obj("cat", (4, 5, 10, 12), line=1, id=0, attributes={"group_id": "1"}), split="valid", id=9)]})
    bad = [ann("bbox", None), ann("bbox", 9), ann("bbox", 0), ann("bbox", 0, bbox=[1, 2]), ann("blob", 0), ann("mask", 0, rle={"counts": [1], "size": [30, 40]})]
    case("datumaro", "bad-annotations", {"a.json": document(item("a.png", bad), {"annotations": []}), "a.png": picture(1)}, {
        "format": "datumaro", "images": [], "problems": [f"bad-entry: a.json:1: {message}" for message in (
            "the annotation has no label_id", "label_id 9 is none of 3", '"bbox" is missing', '"bbox" has not four numbers', 'type "blob" is not known',
            "runs of 1 pixels for a mask of 40x30", "the item has no id")]})
