"""Fixtures of Edge Impulse."""

import json

from fixture import case, obj, picture, standard, there


def boxes(objects) -> list:
    return [{"label": label, "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0} for label, (x0, y0, x1, y1) in objects]


def write(entries) -> dict:
    return {"bounding_boxes.labels": json.dumps({"version": 1, "type": "bounding-box-labels", "boundingBoxes": {name: boxes(objects) for name, objects in entries}})}


def make() -> None:
    standard("edge-impulse", write, "unreadable-annotation: {path}:1: expected `,` or `]`", size=(0, 0))
    files = [{"path": "training/a.png", "category": "training", "label": {"type": "unlabeled"}, "boundingBoxes": boxes([("cat", (4, 5, 20, 25))])},
             {"path": "testing/b.png", "category": "testing", "label": {"type": "label", "label": "indoor"}}]
    case("edge-impulse", "info", {"info.labels": json.dumps({"version": 1, "files": files}), "training/a.png": picture(1), "testing/b.png": picture(2)}, {
        "format": "edge-impulse", "problems": [], "images": [
            there("testing/b.png", labels=["indoor"], split="test", size=(0, 0), name="testing/b.png"),
            there("training/a.png", obj("cat", (4, 5, 20, 25), line=1), split="train", size=(0, 0), name="training/a.png")]})
    case("edge-impulse", "bad-boxes", {"x.labels": json.dumps({"version": 1, "boundingBoxes": {"a.png": [{"x": 1}, {"label": "x", "x": "left"}]}, "files": [{"category": "x"}]}),
                                       "a.png": picture(1)}, {
        "format": "edge-impulse", "images": [], "problems": ["bad-entry: x.labels:1: the box has no label", 'bad-entry: x.labels:1: x "left" is no number',
                                                             "bad-entry: x.labels:1: the file has no path"]})
