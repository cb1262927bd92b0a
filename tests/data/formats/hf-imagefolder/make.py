"""Fixtures of Hugging Face's ImageFolder."""

import csv
import io
import json

from fixture import case, obj, picture, standard, there


def row(name, objects, **more) -> str:
    boxes = [[x0, y0, x1 - x0, y1 - y0] for _, (x0, y0, x1, y1) in objects]
    return json.dumps({"file_name": name, "objects": {"bbox": boxes, "categories": [label for label, _ in objects]}, **more})


def write(entries) -> dict:
    return {"metadata.jsonl": "\n".join(row(name, objects) for name, objects in entries)}


def seen(key, *objects, **more) -> dict:
    return there(key, *objects, **({"size": (0, 0)} | more))


def make() -> None:
    standard("hf-imagefolder", write, "bad-entry: {path}:1: expected `,` or `]`", size=(0, 0), rows=True)
    # Corners instead of sizes: only so the boxes stay inside.
    lines = [json.dumps({"file_name": "a.png", "width": 40, "height": 30, "image_id": 7, "objects": {
        "bbox": [[20, 10, 38, 28], [1, 2, 39, 29]], "category": [3, 4], "area": [324, 1026], "id": [11, 12]}})]
    case("hf-imagefolder", "corners", {"train/metadata.jsonl": "\n".join(lines), "train/a.png": picture(1)}, {
        "format": "hf-imagefolder", "problems": [], "remarks": ["boxes are two corners: as corner and size 2 of 2 would lead out of their images"],
        "images": [there("train/a.png", obj("3", (20, 10, 38, 28), line=1, area=324.0, id=11), obj("4", (1, 2, 39, 29), line=1, area=1026.0, id=12), split="train", id=7)]})
    # By the images themselves; a list of objects, and lists of the row itself.
    lines = [json.dumps({"file_name": "a.png", "objects": [{"bbox": [20, 10, 38, 28], "label": "cat", "iscrowd": 0}, {"bbox": [1, 2, 9, 9], "label": "dog"}]}),
             json.dumps({"file_name": "b.png", "bbox": [[30, 20, 40, 30]], "label": ["cat"]}), json.dumps({"file_name": "c.png", "bbox": [30, 20, 40, 30], "label": "dog"})]
    case("hf-imagefolder", "lists", {"metadata.jsonl": "\n".join(lines)} | {f"{name}.png": picture(1) for name in "abc"}, {
        "format": "hf-imagefolder", "problems": ["ignored-field: metadata.jsonl:1: of the objects iscrowd not read"],
        "remarks": ["boxes are two corners: as corner and size 3 of 4 would lead out of their images"],
        "images": [seen("a.png", obj("cat", (20, 10, 38, 28), line=1), obj("dog", (1, 2, 9, 9), line=1)), seen("b.png", obj("cat", (30, 20, 40, 30), line=2)),
                   seen("c.png", obj("dog", (30, 20, 40, 30), line=3))]})
    lines = [json.dumps({"file_name": "x/a.png", "label": "cat"}), json.dumps({"file_name": "x/b.png", "text": "A dog.", "labels": ["dog", "pet"]})]
    case("hf-imagefolder", "labels", {"metadata.jsonl": "\n".join(lines), "x/a.png": picture(1), "x/b.png": picture(2)}, {
        "format": "hf-imagefolder", "problems": [],
        "images": [seen("x/a.png", labels=["cat"], name="x/a.png"), seen("x/b.png", labels=["dog", "pet"], captions=["A dog."], name="x/b.png")]})
    out = io.StringIO()
    csv.writer(out).writerows([["file_name", "label", "objects"], ["a.png", "indoor", json.dumps({"bbox": [[1, 2, 3, 4]], "categories": ["cat"]})], ["b.png", "", ""]])
    case("hf-imagefolder", "csv", {"test/metadata.csv": out.getvalue(), "test/a.png": picture(1), "test/b.png": picture(2)}, {
        "format": "hf-imagefolder", "problems": [],
        "images": [seen("test/a.png", obj("cat", (1, 2, 4, 6), line=2), labels=["indoor"], split="test"), seen("test/b.png", split="test")]})
    lines = [json.dumps({"file_name": "a.png", "objects": {"bbox": [[1, 2, 3], ["x", 1, 1, 1], [1, 1, 1, 1]], "categories": ["cat", "cat"]}}), json.dumps({"label": "x"})]
    case("hf-imagefolder", "bad-rows", {"metadata.jsonl": "\n".join(lines), "a.png": picture(1)}, {
        "format": "hf-imagefolder", "images": [], "problems": [
            "bad-entry: metadata.jsonl:1: a box has 3 numbers", "bad-entry: metadata.jsonl:1: a list of numbers holds something else",
            "bad-entry: metadata.jsonl:1: box 3 has no class", 'bad-entry: metadata.jsonl:2: "file_name" is missing']})
