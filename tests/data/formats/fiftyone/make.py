"""Fixtures of FiftyOne: its datasets of detections and classes, and its own export."""

import base64
import io
import json
import struct
import zlib

from fixture import case, filled, obj, picture, there

CAT, DOG = (4, 6, 20, 24), (0, 3, 10, 15)


def part(box) -> list[float]:
    x0, y0, x1, y1 = box
    return [x0 / 40, y0 / 30, (x1 - x0) / 40, (y1 - y0) / 30]


def sides(box) -> list[float]:
    x, y, width, height = part(box)
    return [x, y, x + width, y + height]


def seen(name, box, **more) -> dict:
    return obj(name, sides(box), line=1, normalised=True, **more)


def packed(width: int, height: int) -> dict:
    """An array of numpy, all true, as FiftyOne packs it."""
    header = f"{{'descr': '|b1', 'fortran_order': False, 'shape': ({height}, {width}), }}".ljust(117) + "\n"
    out = io.BytesIO(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"\x01" * (width * height))
    return {"$binary": {"base64": base64.b64encode(zlib.compress(out.getvalue())).decode(), "subType": "00"}}


def detection(name, box, **more) -> dict:
    return {"_id": {"$oid": "0"}, "_cls": "Detection", "attributes": {}, "tags": [], "label": name, "bounding_box": part(box), **more}


def sample(path, **fields) -> dict:
    metadata = {"_cls": "ImageMetadata", "size_bytes": 9, "mime_type": "image/png", "width": 40, "height": 30, "num_channels": 3}
    return {"_id": {"$oid": "0"}, "filepath": path, "tags": [], "metadata": metadata, "_media_type": "image", **fields}


def many(kind, name, objects) -> dict:
    return {"_cls": kind, name: objects}


def make() -> None:
    cat, dog = seen("cat", CAT), seen("dog", DOG)
    found = [{"label": 0, "bounding_box": part(CAT)}, {"label": 1, "bounding_box": part(DOG), "confidence": 0.5, "attributes": {"colour": "brown"}}]
    scored = seen("dog", DOG, score=0.5, attributes={"colour": "brown"})
    frame = {"format": "fiftyone", "classes": ["cat", "dog"], "ordered": True}
    case("fiftyone", "image-detection", {"labels.json": json.dumps({"classes": ["cat", "dog"], "labels": {"a.b": found, "c": [], "d": None}}),
                                         "data/a.b.png": picture(1), "data/c.jpg": picture(2, "JPEG"), "data/d.png": picture(3)}, {
        **frame, "problems": [], "images": [there("data/a.b.png", cat, scored, name="data/a.b.png", size=(0, 0)), there("data/c.jpg", name="data/c.jpg", size=(0, 0)), there("data/d.png", name="data/d.png", size=(0, 0))]})
    named = [{"label": "cat", "bounding_box": part(CAT)}, {"label": "dog", "bounding_box": part(DOG)}]
    case("fiftyone", "names-and-splits", {f"{split}/labels.json": json.dumps({"classes": None, "labels": {"a": named}}) for split in ("train", "val")} | {
        f"{split}/data/a.png": picture(1) for split in ("train", "val")}, {
        "format": "fiftyone", "classes": ["cat", "dog"], "ordered": False, "problems": [],
        "images": [there(f"{split}/data/a.png", cat, dog, name="data/a.png", size=(0, 0), split=word) for split, word in (("train", "train"), ("val", "valid"))]})
    case("fiftyone", "image-classification", {"labels.json": json.dumps({"classes": ["cat", "dog"], "labels": {"a": 1, "b": "cat", "c": {"label": 0, "confidence": 0.5}, "d": [{"label": "cat"}, {"label": "dog"}]}}),
                                              **{f"data/{name}.png": picture(number) for number, name in enumerate("abcd")}}, {
        **frame, "problems": [], "images": [there(f"data/{name}.png", name=f"data/{name}.png", size=(0, 0), labels=labels) for name, labels in (("a", ["dog"]), ("b", ["cat"]), ("c", ["cat"]), ("d", ["cat", "dog"]))]})
    points = [[[0.1, 0.2], [0.5, 0.2], [0.5, 0.8]]]
    samples = [
        sample("data/a.png", tags=["x", "validation"], ground_truth=many("Detections", "detections", [detection("cat", CAT, mask=packed(16, 18), iscrowd=1), detection("dog", DOG, attributes={"age": {"_cls": "NumericAttribute", "value": 3}})]),
               predictions=many("Detections", "detections", [detection("cat", CAT, confidence=0.5)]), weather={"_cls": "Classification", "label": "sunny"}),
        sample("data/b.png", shapes=many("Polylines", "polylines", [
            {"_cls": "Polyline", "label": "cat", "points": points, "closed": True, "filled": True}, {"_cls": "Polyline", "label": "dog", "points": points, "closed": False, "filled": False}])),
        sample("data/c.png", points=many("Keypoints", "keypoints", [{"_cls": "Keypoint", "label": "cat", "points": [[0.1, 0.2], [0.5, 0.8]]}])),
        sample("data/d.png", ground_truth=None)]
    bbox = [0.1, 0.2, 0.5, 0.8]
    case("fiftyone", "dataset", {"samples.json": json.dumps({"samples": samples}), "metadata.json": json.dumps({"name": "x", "media_type": "image", "classes": {}, "default_classes": ["cat", "dog", "sunny"]}),
                                 **{f"data/{name}.png": picture(number) for number, name in enumerate("abcd")}}, {
        "remarks": ["lines, whose corners are taken as keypoints: 1"], "format": "fiftyone", "classes": ["cat", "dog", "sunny"], "ordered": True,
        "problems": ['ignored-field: samples.json:1: field "predictions" left out beside "ground_truth"'],
        "images": [
            there("data/a.png", seen("cat", CAT, mask=filled(CAT), flags=["crowd"]), seen("dog", DOG, attributes={"age": "3"}), name="data/a.png", split="valid", labels=["sunny"]),
            there("data/b.png", obj("cat", bbox, line=1, normalised=True, polygons=points), obj("dog", bbox, line=1, normalised=True, keypoints=[[*point, 2] for point in points[0]]), name="data/b.png"),
            there("data/c.png", obj("cat", bbox, line=1, normalised=True, keypoints=[[0.1, 0.2, 2], [0.5, 0.8, 2]]), name="data/c.png"), there("data/d.png", name="data/d.png")]})
    case("fiftyone", "single-file", {"samples.json": json.dumps({"samples": [sample("data/ä.png", objects=many("Detections", "detections", [detection("Bär", CAT)]))]}), "data/ä.png": picture(1)}, {
        "format": "fiftyone", "source": "samples.json", "problems": [], "images": [there("data/ä.png", seen("Bär", CAT), name="data/ä.png")]})

    bad = [{"label": 5, "bounding_box": part(CAT)}, {"bounding_box": part(CAT)}, {"label": 0, "bounding_box": [1, 2]}, *found[:1]]
    case("fiftyone", "bad-detections", {"labels.json": json.dumps({"classes": ["cat", "dog"], "labels": {"a": bad}}), "data/a.png": picture(1)}, {
        **frame, "problems": ["bad-entry: labels.json:1: label 5 is none of 2 classes", "bad-entry: labels.json:1: the detection has no label", "bad-entry: labels.json:1: bounding_box is not four numbers"],
        "images": [there("data/a.png", cat, name="data/a.png", size=(0, 0))]})
    case("fiftyone", "bad-missing", {"labels.json": json.dumps({"classes": ["cat", "dog"], "labels": {"gone": found[:1]}})}, {
        **frame, "problems": ['missing-image: labels.json:1: no image is called "gone"'], "images": [there("gone", cat, size=(0, 0)) | {"file": None}]})
    case("fiftyone", "bad-cut", {"labels.json": json.dumps({"classes": ["cat"], "labels": {"a": found[:1]}})[:-30], "data/a.png": picture(1)}, {
        "format": "fiftyone", "problems": ["unreadable-annotation: labels.json:1: a string has no end"], "images": []})
    case("fiftyone", "bad-mask", {"samples.json": json.dumps({"samples": [sample("data/a.png", objects=many("Detections", "detections", [detection("cat", CAT, mask={"$binary": "eJw="})])), sample("")]}), "data/a.png": picture(1)}, {
        "format": "fiftyone", "problems": ["bad-entry: samples.json:1: the mask cannot be unpacked: incomplete deflate stream", 'bad-entry: samples.json:1: "filepath" is missing'], "images": []})
