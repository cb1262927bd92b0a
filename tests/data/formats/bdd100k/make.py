"""Fixtures of BDD100K and Scalabel."""

import json

from fixture import case, mask, obj, picture, standard, there


def label(name, sides, **more) -> dict:
    return {"category": name, "box2d": dict(zip(("x1", "y1", "x2", "y2"), sides, strict=True)), "manualShape": True, **more}


def frame(name, labels, **more) -> dict:
    return {"name": name, "attributes": {"weather": "clear", "scene": "street"}, "timestamp": 10000, "labels": labels, **more}


def write(entries) -> dict:
    return {"det.json": json.dumps([frame(name, [label(*one) for one in objects]) for name, objects in entries])}


def make() -> None:
    standard("bdd100k", write, "unreadable-annotation: {path}:1: expected `,` or `}}`", size=(0, 0))
    # Scalabel: classes, size, outlines, masks, flags.
    rows = ["#..", "##."]
    runs = mask(rows, 5, 6)
    attributes = {"occluded": True, "truncated": False, "crowd": False, "trafficLightColor": "red"}
    outline = [{"vertices": [[1, 2], [9, 2], [9, 8]], "types": "LLL", "closed": True}]
    lane = [{"vertices": [[1, 2], [9, 8]], "types": "LL", "closed": False}]
    config = {"imageSize": {"width": 40, "height": 30}, "categories": [{"name": "car"}, {"name": "lane"}, {"name": "bus"}]}
    labels = [label("car", (4, 5, 20, 25), id="7", attributes=attributes, score=0.5), {"category": "bus", "poly2d": outline}, {"category": "lane", "poly2d": lane},
              {"category": "car", "rle": {"counts": runs["runs"], "size": runs["size"]}}, {"category": "car", "box3d": {}}]
    case("bdd100k", "scalabel", {"labels/train.json": json.dumps({"frames": [frame("a.png", labels, videoName="v1")], "config": config}), "images/train/v1/a.png": picture(1)}, {
        "remarks": ["lines, whose corners are taken as keypoints: 1"], "format": "bdd100k", "classes": ["car", "lane", "bus"], "ordered": True, "problems": ["ignored-field: labels/train.json:1: box3d left out"], "images": [there(
            "images/train/v1/a.png", obj("car", (4, 5, 20, 25), line=1, id=7, score=0.5, flags=["not truncated", "occluded", "not crowd"],
                                         attributes={"trafficLightColor": "red"}),
            obj("bus", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1), obj("lane", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1),
            obj("car", (5, 6, 7, 8), mask=runs, line=1), split="train", name="v1/a.png")]})
    # Graphs: keypoints with names and bones, hidden and not labelled; predictions, which say no visibility; a graph whose nodes have one name.
    def graph(*nodes, kind="Pose2D", edges=()) -> dict:
        parts = [{"id": str(number), "location": [x, y], "category": name, **more} for number, (name, x, y, more) in enumerate(nodes)]
        return {"type": kind, "nodes": parts, "edges": [{"source": a, "target": b} for a, b in edges]}

    seen, hidden, none = {"visibility": "V"}, {"visibility": "N"}, {}
    posed = [{**label("person", (1, 2, 20, 25)), "graph": graph(("nose", 5, 6, seen), ("tail", 9, 8, hidden), ("ear", 0, 0, none), edges=[("1", "0"), ("0", "9")])},
             {"category": "person", "graph": graph(("tail", 7, 8, {"score": 0.5}), ("nose", 3, 4, {"score": 0.25}))},
             {"category": "lane", "graph": graph(("vertex", 1, 2, none), ("vertex", 9, 8, none), kind="Polyline2D")}]
    case("bdd100k", "graphs", {"a.json": json.dumps({"frames": [frame("a.png", posed)], "config": {"categories": [{"name": "lane"}, {"name": "person"}]}}), "a.png": picture(1)}, {
        "format": "bdd100k", "classes": ["lane", "person"], "ordered": True, "skeletons": [["person", "", ["nose", "tail", "ear"], [[1, 0]]]], "problems": [], "images": [there(
            "a.png", obj("person", (1, 2, 20, 25), keypoints=[[5.0, 6.0, 2], [9.0, 8.0, 1], [0.0, 0.0, 0]], line=1),
            obj("person", (3, 4, 7, 8), keypoints=[[3.0, 4.0, 2], [7.0, 8.0, 2], [0.0, 0.0, 0]], line=1),
            obj("lane", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=1), size=(0, 0))]})
    # Nothing but names and labels, and none of them in the first image.
    bare = [{"name": "a.png", "labels": []}, {"name": "b.png", "labels": [label("car", (4, 5, 20, 25), id="1")]}]
    case("bdd100k", "first-without-labels", {"a.json": json.dumps(bare), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "bdd100k", "classes": ["car"], "ordered": False, "problems": [], "images": [
            there("a.png", size=(0, 0)), there("b.png", obj("car", (4, 5, 20, 25), line=1, id=1), size=(0, 0))]})
    # The first release: a file per image, points with their kind.
    old = {"name": "a", "frames": [{"timestamp": 10000, "objects": [label("car", (4, 5, 20, 25), id=0), {"category": "area", "poly2d": [[1, 2, "L"], [9, 2, "L"], [9, 8, "L"]]}]}], "attributes": {}}
    case("bdd100k", "per-image", {"labels/100k/val/a.json": json.dumps(old), "images/100k/val/a.png": picture(1)}, {
        "format": "bdd100k", "problems": ['stale-name: labels/100k/val/a.json:1: "a" was found as images/100k/val/a.png'], "images": [there(
            "images/100k/val/a.png", obj("car", (4, 5, 20, 25), line=1, id=0), obj("area", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=1), size=(0, 0), split="valid", name="a")]})
    bad = [{"box2d": {}}, {"category": "x"}, {"category": "x", "box2d": {"x1": "left"}}, {"category": "x", "poly2d": [{"vertices": [[1, 2], [3]]}]}, {"category": "x", "poly2d": [{}]},
           {"category": "x", "graph": {"nodes": [{}]}}, {"category": "x", "graph": {"nodes": [{"location": [1]}]}}, {"category": "x", "graph": {}}]
    case("bdd100k", "bad-labels", {"a.json": json.dumps([frame("a.png", bad), frame("", [])]), "a.png": picture(1)}, {
        "format": "bdd100k", "images": [], "problems": [f"bad-entry: a.json:1: {message}" for message in (
            "the label has no category", 'label "x" has neither box2d nor poly2d', 'x1 "left" is no number', "a point is not one x and one y", '"vertices" is missing', '"location" is missing',
            "a point is not one x and one y", 'label "x" has neither box2d nor poly2d', '"name" is missing')]})
