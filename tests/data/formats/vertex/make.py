"""Fixtures of Vertex AI's JSON lines."""

import json

from fixture import case, obj, picture, standard, there

LABELS = "dataItemResourceLabels"
USE = "aiplatform.googleapis.com/ml_use"


def row(name, objects, use=None, **more) -> str:
    boxes = [{"displayName": label, "xMin": x0 / 40, "yMin": y0 / 30, "xMax": x1 / 40, "yMax": y1 / 30} for label, (x0, y0, x1, y1) in objects]
    return json.dumps({"imageGcsUri": name, "boundingBoxAnnotations": boxes, LABELS: {USE: use} if use else {}, **more})


def write(entries) -> dict:
    return {"import.jsonl": "\n".join(row(name, objects) for name, objects in entries)}


def make() -> None:
    standard("vertex", write, "bad-entry: {path}:1: the text ends inside a value", size=(0, 0), fractions=True, rows=True)
    # Splits, a side that is 0 and left out, labels of a box; classes of images.
    box = {"displayName": "cat", "xMax": 0.5, "yMax": 0.25, "annotationResourceLabels": {"env": "prod"}}
    lines = [json.dumps({"imageGcsUri": "gs://bucket/a.png", "boundingBoxAnnotations": [box], LABELS: {USE: "training"}}), row("gs://bucket/b.png", [], "validation"),
             row("gs://bucket/c.png", [], "test")]
    case("vertex", "use", {"import.jsonl": "\n".join(lines)} | {f"{name}.png": picture(1) for name in "abc"}, {
        "format": "vertex", "problems": [],
        "images": [there("a.png", obj("cat", (0, 0, 0.5, 0.25), line=1, normalised=True, attributes={"env": "prod"}), split="train", size=(0, 0),
                         name="gs://bucket/a.png", url="gs://bucket/a.png"),
                   there("b.png", split="valid", size=(0, 0), name="gs://bucket/b.png", url="gs://bucket/b.png"),
                   there("c.png", split="test", size=(0, 0), name="gs://bucket/c.png", url="gs://bucket/c.png")]})
    lines = [json.dumps({"imageGcsUri": "a.png", "classificationAnnotation": {"displayName": "cat"}}),
             json.dumps({"imageGcsUri": "b.png", "classificationAnnotations": [{"displayName": "cat"}, {"displayName": "dog"}]}),
             json.dumps({"imageGcsUri": "c.png", "segmentationAnnotation": {"maskGcsUri": "gs://x"}})]
    case("vertex", "classification", {"import.jsonl": "\n".join(lines)} | {f"{name}.png": picture(1) for name in "abc"}, {
        "format": "vertex", "problems": ["ignored-field: import.jsonl:3: segmentationAnnotation left out"],
        "images": [there("a.png", labels=["cat"], size=(0, 0)), there("b.png", labels=["cat", "dog"], size=(0, 0)), there("c.png", size=(0, 0))]})
    lines = [json.dumps({"imageGcsUri": "a.png", "boundingBoxAnnotations": [{"xMin": 0}, {"displayName": "x", "xMin": "left"}]}), json.dumps({"imageGcsUri": None})]
    case("vertex", "bad-rows", {"import.jsonl": "\n".join(lines), "a.png": picture(1)}, {
        "format": "vertex", "images": [], "problems": ["bad-entry: import.jsonl:1: the box has no displayName", 'bad-entry: import.jsonl:1: xMin "left" is no number',
                                                       'bad-entry: import.jsonl:2: "imageGcsUri" is missing']})
