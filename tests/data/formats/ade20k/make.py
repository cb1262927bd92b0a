"""Fixtures of ADE20K: 2016 with a table, 2021 with JSON."""

import json

from fixture import case, filled, image, labels, obj, picture, there

SKY, CAR = (0, 0, 40, 10), (4, 12, 20, 24)
STEM = "ADE_train_00000001"


def row(number, name, level=0, occluded=0, attributes="") -> str:
    return f'{number:03} # {level} # {occluded} # {name} # {name.split(",")[0]} # "{attributes}"\n'


def thing(number, name, box, level=0, **more) -> dict:
    x0, y0, x1, y1 = box
    return {"id": number, "name": name, "name_ndx": 1, "hypernym": [], "raw_name": name, "attributes": [], "depth_ordering_rank": 1, "occluded": "no", "crop": "0",
            "parts": {"hasparts": [], "ispartof": [], "part_level": level}, "instance_mask": "x.png", "polygon": {"x": [x0, x1, x1, x0], "y": [y0, y0, y1, y1], "click_date": []}, **more}


def document(name, *objects) -> str:
    return json.dumps({"annotation": {"filename": name, "folder": "ADE20K_2021_17_01/images/ADE/training/urban/street", "imsize": [30, 40, 3], "source": {}, "scene": ["urban", "street"], "object": list(objects)}})


def outlined(name, box, number, **more) -> dict:
    x0, y0, x1, y1 = map(float, box)
    return obj(name, box, line=1, id=number, polygons=[[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], **{"flags": ["not occluded"], **more})


def jpeg(number) -> bytes:
    return picture(number, "JPEG")


def make() -> None:
    # Class in red and green, instance in blue: its rank counts.
    drawn = labels("RGB", ((10, 5, 60), SKY), ((20, 7, 130), CAR))
    folder = "images/training/s/street"
    sky = obj("sky", SKY, line=1, mask=filled(SKY), flags=["not occluded"])
    car = obj("car, auto", CAR, line=2, mask=filled(CAR), flags=["occluded"], attributes={"red": "true", "old": "true"})
    table = row(1, "sky") + row(2, "car, auto", occluded=1, attributes="red, old") + row(3, "wheel", level=1)
    case("ade20k", "2016", {f"{folder}/{STEM}.jpg": jpeg(1), f"{folder}/{STEM}_seg.png": drawn, f"{folder}/{STEM}_parts_1.png": drawn, f"{folder}/{STEM}_atr.txt": table}, {
        "format": "ade20k", "classes": ["sky", "car, auto"], "ordered": False, "remarks": ["images that no annotation names, left out: 2"],
        "problems": [f"ignored-field: {folder}/{STEM}_atr.txt: 1 parts of objects left out"], "images": [there(f"{folder}/{STEM}.jpg", sky, car, split="train")]})
    case("ade20k", "2016-validation", {"images/validation/ADE_val_00000002.jpg": jpeg(1), "images/validation/ADE_val_00000002_seg.png": labels("RGB", ((10, 5, 60), SKY), ground=(1, 1, 200)),
                                       "images/validation/ADE_val_00000002_atr.txt": row(1, "sky")}, {
        "format": "ade20k", "problems": [], "images": [there("images/validation/ADE_val_00000002.jpg", sky, split="valid")]})
    street = "images/ADE/training/urban/street"
    case("ade20k", "2021", {
        f"{street}/{STEM}.jpg": jpeg(1), f"{street}/{STEM}_seg.png": drawn, f"{street}/{STEM}.json": document(f"{STEM}.jpg", thing(0, "sky", SKY), thing(1, "car, auto", CAR, occluded="yes", attributes=["red"]), thing(2, "wheel", (5, 20, 8, 24), level=1)),
    }, {
        "format": "ade20k", "problems": [f"ignored-field: {street}/{STEM}.json:1: 1 parts of objects left out"],
        "images": [there(f"{street}/{STEM}.jpg", outlined("sky", SKY, 0), outlined("car, auto", CAR, 1, flags=["occluded"], attributes={"red": "true"}), split="train")]})
    case("ade20k", "2021-empty", {"a/x.jpg": jpeg(1), "a/x.json": document("x.jpg"), "a/y.jpg": jpeg(2), "a/y.json": document("y.jpg", thing(0, "sky", SKY))}, {
        "format": "ade20k", "problems": [], "images": [there("a/x.jpg"), there("a/y.jpg", outlined("sky", SKY, 0))]})
    case("ade20k", "single-file", {"x.jpg": jpeg(1), "x.json": document("x.jpg", thing(3, "Bär", SKY)), "y.jpg": jpeg(2)}, {
        "format": "ade20k", "source": "x.json", "problems": [], "images": [there("x.jpg", outlined("Bär", SKY, 3))]})

    case("ade20k", "bad-table", {"x.jpg": jpeg(1), "x_seg.png": drawn, "x_atr.txt": row(1, "sky") + "one # two\n" + row(9, "car")}, {
        "format": "ade20k", "problems": ["bad-entry: x_atr.txt:2: 2 fields instead of 6", 'bad-entry: x_atr.txt:3: "car" is not in the picture'], "images": [there("x.jpg", sky)]})
    case("ade20k", "bad-picture", {"x.jpg": jpeg(1), "x_seg.png": "none", "x_atr.txt": row(1, "sky"), "y.jpg": jpeg(1), "y_atr.txt": row(1, "sky")}, {
        "format": "ade20k", "problems": ["unreadable-annotation: x_atr.txt: no PNG: Invalid PNG signature", "unreadable-annotation: y_atr.txt: there is no y_seg.png"], "images": []})
    case("ade20k", "bad-objects", {"x.jpg": jpeg(1), "x.json": document("x.jpg", thing(0, "", SKY, raw_name=""), {**thing(0, "a", SKY), "polygon": {"x": [1], "y": []}}, {**thing(0, "b", SKY), "polygon": {}}, thing(0, "sky", SKY))}, {
        "format": "ade20k", "images": [there("x.jpg", outlined("sky", SKY, 0))], "problems": [
            "bad-entry: x.json:1: the object has no name", 'bad-entry: x.json:1: the polygon of "a" has 1 x and 0 y', 'bad-entry: x.json:1: "b" has no polygon']})
    case("ade20k", "bad-missing", {"x.json": document("gone.jpg", thing(0, "sky", SKY))}, {
        "format": "ade20k", "problems": ['missing-image: x.json:1: no image is called "gone.jpg"'], "images": [image("gone.jpg", outlined("sky", SKY, 0))]})
