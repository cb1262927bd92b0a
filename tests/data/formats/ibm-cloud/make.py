"""Fixtures of IBM Cloud Annotations."""

import json

from fixture import case, picture, standard, there


def document(annotations, labels=(), kind="localization") -> str:
    return json.dumps({"version": "1.0", "type": kind, "labels": list(labels), "annotations": annotations})


def boxes(objects) -> list:
    return [{"id": "x", "x": x0 / 40, "y": y0 / 30, "x2": x1 / 40, "y2": y1 / 30, "label": label} for label, (x0, y0, x1, y1) in objects]


def write(entries) -> dict:
    return {"_annotations.json": document({name: boxes(objects) for name, objects in entries}, {label: 0 for _, objects in entries for label, _ in objects})}


def make() -> None:
    standard("ibm-cloud", write, "unreadable-annotation: {path}:1: expected `,` or `]`", size=(0, 0), fractions=True)
    case("ibm-cloud", "classification", {"_annotations.json": document({"a.png": [{"label": "cat"}], "b.png": []}, ["dog", "cat"], "classification"),
                                         "a.png": picture(1), "b.png": picture(2)}, {
        "format": "ibm-cloud", "classes": ["dog", "cat"], "ordered": True, "problems": [], "images": [there("a.png", labels=["cat"], size=(0, 0)), there("b.png", size=(0, 0))]})
    case("ibm-cloud", "bad-boxes", {"_annotations.json": document({"a.png": [{"x": 0}, {"label": "x", "x": "left"}, {"label": "x", "x": 1}]}), "a.png": picture(1)}, {
        "format": "ibm-cloud", "images": [], "problems": ["bad-entry: _annotations.json:1: the annotation has no label", 'bad-entry: _annotations.json:1: x "left" is no number',
                                                          'bad-entry: _annotations.json:1: "y" is missing']})
