"""Fixtures of COCO's panoptic segmentation."""

import json

from fixture import case, filled, labels, obj, picture, there

A, B = (4, 6, 20, 24), (25, 0, 40, 10)
CATEGORIES = [{"id": 1, "name": "cat", "supercategory": "animal", "isthing": 1, "color": [220, 20, 60]},
              {"id": 93, "name": "sky", "supercategory": "sky", "isthing": 0, "color": [1, 2, 3]}]


def segment(number, category, box, crowd=0, **more) -> dict:
    x0, y0, x1, y1 = box
    return {"id": number, "category_id": category, "bbox": [x0, y0, x1 - x0, y1 - y0], "iscrowd": crowd, "area": (x1 - x0) * (y1 - y0), **more}


def document(images, annotations) -> str:
    images = [{"id": number, "file_name": name, "width": 40, "height": 30} for number, name in images]
    annotations = [{"image_id": number, "file_name": name, "segments_info": segments} for number, name, segments in annotations]
    return json.dumps({"info": {}, "images": images, "annotations": annotations, "categories": CATEGORIES})


def masked(name, number, box, mask=True, crowd=False) -> dict:
    area = (box[2] - box[0]) * (box[3] - box[1])
    more = {"mask": filled(box)} if mask else {}
    return obj(name, box, line=1, id=number, area=float(area), flags=["crowd" if crowd else "not crowd"], **more)


def make() -> None:
    frame = {"format": "coco-panoptic", "classes": ["cat", "sky"], "ordered": True, "class_ids": [1, 93]}
    both = [segment(258, 1, A), segment(65539, 93, B)]
    drawn = labels("RGB", ((2, 1, 0), A), ((3, 0, 1), B))
    cat, sky = masked("cat", 258, A), masked("sky", 65539, B)
    case("coco-panoptic", "cocodataset", {
        "annotations/panoptic_train2017.json": document([(9, "a.jpg"), (7, "b.jpg")], [(9, "a.png", both)]), "annotations/panoptic_train2017/a.png": drawn,
        "annotations/panoptic_val2017.json": document([(8, "a.jpg")], [(8, "a.png", both[:1])]), "annotations/panoptic_val2017/a.png": labels("RGB", ((2, 1, 0), A)),
        "train2017/a.jpg": picture(1, "JPEG"), "train2017/b.jpg": picture(2, "JPEG"), "val2017/a.jpg": picture(3, "JPEG"),
    }, {
        **frame, "problems": [],
        "images": [there("train2017/a.jpg", cat, sky, id=9, split="train"), there("train2017/b.jpg", id=7, split="train"), there("val2017/a.jpg", cat, id=8, split="valid")]})
    # Datumaro's: images and segments of the same name.
    case("coco-panoptic", "datumaro", {
        "annotations/panoptic_default.json": document([(1, "a.png")], [(1, "a.png", both)]), "annotations/panoptic_default/a.png": drawn, "images/default/a.png": picture(1),
    }, {**frame, "problems": [], "images": [there("images/default/a.png", cat, sky, id=1)]})
    case("coco-panoptic", "crowd", {
        "panoptic.json": document([(1, "a.jpg")], [(1, "a.png", [segment(5, 1, A, crowd=1)])]), "panoptic_masks/a.png": labels("RGB", ((5, 0, 0), A)), "a.jpg": picture(1, "JPEG"),
    }, {**frame, "problems": [], "images": [there("a.jpg", masked("cat", 5, A, crowd=True), id=1)]})
    case("coco-panoptic", "no-picture", {"panoptic.json": document([(1, "a.jpg")], [(1, "a.png", both)]), "a.jpg": picture(1, "JPEG")}, {
        **frame, "problems": ['ignored-field: panoptic.json:1: picture "a.png" of the segments was not found; their boxes alone are read'],
        "images": [there("a.jpg", masked("cat", 258, A, mask=False), masked("sky", 65539, B, mask=False), id=1)]})
    case("coco-panoptic", "single-file", {
        "panoptic_val.json": document([(1, "a.jpg")], [(1, "a.png", both)]), "panoptic_val/a.png": drawn, "a.jpg": picture(1, "JPEG"),
    }, {**frame, "source": "panoptic_val.json", "problems": [], "images": [there("a.jpg", cat, sky, id=1, split="valid")]})
    case("coco-panoptic", "odd-segments", {
        "panoptic.json": document([(1, "a.jpg")], [(1, "a.png", [segment(258, 1, A), segment(7, 93, B)])]), "panoptic/a.png": drawn, "a.jpg": picture(1, "JPEG"),
    }, {
        **frame, "problems": ['ignored-field: panoptic.json:1: segment 7 is not in picture "a.png"', 'ignored-field: panoptic.json:1: picture "a.png" has 1 segments that nothing is said of'],
        "images": [there("a.jpg", cat, masked("sky", 7, B, mask=False), id=1)]})
    case("coco-panoptic", "bad-png", {
        "panoptic.json": document([(1, "a.jpg")], [(1, "a.png", both)]), "panoptic/a.png": drawn[:60], "a.jpg": picture(1, "JPEG"),
    }, {
        **frame, "problems": ["bad-mask: panoptic/a.png: its masks are left out: no PNG: unexpected end of file"],
        "images": [there("a.jpg", masked("cat", 258, A, mask=False), masked("sky", 65539, B, mask=False), id=1)]})
    case("coco-panoptic", "bad-segment", {
        "panoptic.json": document([(1, "a.jpg")], [(1, "a.png", [segment(258, 1, A), segment(65539, 5, B)])]), "panoptic/a.png": drawn, "a.jpg": picture(1, "JPEG"),
    }, {
        **frame, "problems": ["bad-entry: panoptic.json:1: annotation 65539: its category 5 is not in the list of categories"], "images": [there("a.jpg", cat, id=1)]})
    case("coco-panoptic", "bad-cut", {
        "panoptic.json": document([(1, "a.jpg")], [(1, "a.png", both)])[:-100], "panoptic/a.png": drawn, "a.jpg": picture(1, "JPEG"),
    }, {
        "format": "coco-panoptic", "problems": ["unreadable-annotation: panoptic.json:1: the file ends inside of \"categories\""], "images": []})
    case("coco-panoptic", "bad-missing", {
        "panoptic.json": document([(1, "gone.jpg")], [(1, "a.png", both)]), "panoptic/a.png": drawn,
    }, {
        **frame, "problems": ['missing-image: panoptic.json:1: no image is called "gone.jpg"'], "images": [there("gone.jpg", cat, sky, id=1) | {"file": None}]})
