"""Fixtures of COCO JSON."""

import json

from fixture import case, filled, image, labels, obj, picture, there

NOT_CROWD = ["not crowd"]


def document(images, categories, annotations, indent=None, **more) -> str:
    return json.dumps({**more, "images": images, "categories": categories, "annotations": annotations}, indent=indent)


def img(number, name, width=40, height=30, **more) -> dict:
    return {"license": 1, "file_name": name, "height": height, "width": width, "id": number, **more}


def cat(number, name, supercategory="animal", **more) -> dict:
    return {"supercategory": supercategory, "id": number, "name": name, **more}


def ann(number, of, category, bbox, **more) -> dict:
    return {"iscrowd": 0, "image_id": of, "bbox": bbox, "category_id": category, "id": number, **more}


def box(name, number, corners, **more) -> dict:
    return obj(name, corners, **({"line": 1, "id": number, "flags": NOT_CROWD} | more))


CATEGORIES = [cat(1, "cat"), cat(2, "dog")]
SQUARE = [[4, 5, 20, 5, 20, 25, 4, 25]]
SQUARE_POINTS = [[[4.0, 5.0], [20.0, 5.0], [20.0, 25.0], [4.0, 25.0]]]


def good() -> None:
    # As cocodataset.org has it: one line, a file per split, ids with gaps, masks of crowds, rows in no order.
    categories = [cat(17, "cat"), cat(18, "dog"), cat(90, "toothbrush", "indoor")]
    info = {"info": {"description": "COCO 2017 Dataset", "year": 2017}, "licenses": [{"id": 1, "name": "none"}]}
    url = "http://images.cocodataset.org/train2017/000000391895.png"
    train = document(
        [img(391895, "000000391895.png", coco_url=url), img(9, "000000000009.png")], categories,
        [
            ann(2, 9, 18, [0.5, 1.25, 10.5, 20.75], area=702.1057499999998,
                segmentation=[[0.5, 1.25, 11, 1.25, 11, 22], [5, 5, 6, 6, 7, 5.5]]),
            ann(1, 391895, 17, [4, 5, 16, 20], area=160.5, segmentation=SQUARE),
            ann(900100, 9, 17, [1, 1, 2, 3], iscrowd=1, area=6, segmentation={"counts": [31, 3, 27, 3, 1136], "size": [30, 40]}),
            # As pycocotools' bytes are where a script wrote str() of them.
            ann(3, 9, 17, [0, 0, 20, 30], area=600, segmentation={"counts": "b'0hb0hb0'", "size": [30, 40]}),
        ],
        **info,
    )
    valid = document([img(5, "000000000009.png")], categories, [], **info)
    case("coco", "cocodataset", {
        "annotations/instances_train2017.json": train, "annotations/instances_val2017.json": valid,
        "train2017/000000391895.png": picture(1), "train2017/000000000009.png": picture(2),
        "val2017/000000000009.png": picture(3), "train2017/unlisted.png": picture(4),
    }, {
        "format": "coco", "classes": ["cat", "dog", "toothbrush"], "ordered": True, "class_ids": [17, 18, 90],
        "remarks": ["images in no list of images, left out: 1", "annotations/instances_val2017.json has no annotation: its images count as such without objects: 1"], "problems": [],
        "images": [
            there("train2017/000000000009.png",
                  box("dog", 2, (0.5, 1.25, 11, 22), area=702.1057499999998,
                      polygons=[[[0.5, 1.25], [11.0, 1.25], [11.0, 22.0]], [[5.0, 5.0], [6.0, 6.0], [7.0, 5.5]]]),
                  box("cat", 900100, (1, 1, 3, 4), flags=["crowd"], area=6.0,
                      mask={"size": [30, 40], "runs": [31, 3, 27, 3, 1136]}),
                  box("cat", 3, (0, 0, 20, 30), area=600.0, mask={"size": [30, 40], "runs": [0, 600, 600]}),
                  split="train", id=9),
            there("train2017/000000391895.png", box("cat", 1, (4, 5, 20, 25), area=160.5, polygons=SQUARE_POINTS),
                  split="train", id=391895, url=url),
            there("val2017/000000000009.png", split="valid", id=5),
        ],
    })

    # As Roboflow exports: a category 0 that is the project's name, an image without objects.
    roboflow = document(
        [img(0, "a_png.rf.1.png", extra={"name": "a.png"}), img(1, "b_png.rf.2.png")],
        [cat(0, "pets", "none"), cat(1, "cat", "pets"), cat(2, "dog", "pets")],
        [ann(0, 0, 2, [4, 5, 16, 20], area=320, segmentation=[])], indent=4,
    )
    lines = roboflow.split("\n")
    first = lines.index('    "annotations": [') + 2
    case("coco", "roboflow", {
        "train/_annotations.coco.json": roboflow, "train/a_png.rf.1.png": picture(1), "train/b_png.rf.2.png": picture(2),
        "README.roboflow.txt": "x",
    }, {
        "format": "coco", "classes": ["cat", "dog"], "ordered": True, "class_ids": [1, 2], "problems": [],
        "images": [
            there("train/a_png.rf.1.png", box("dog", 0, (4, 5, 20, 25), area=320.0, line=first), split="train", id=0),
            there("train/b_png.rf.2.png", split="train", id=1),
        ],
    })

    # As CVAT exports: images/default, attributes, a task's second subset in a file of its own.
    attributes = {"occluded": True, "rotation": 0.0, "colour": "brown", "track_id": 3, "tags": ["x"]}
    case("coco", "cvat", {
        "annotations/instances_default.json": document(
            [img(1, "sub/a.png", flickr_url="", coco_url="", date_captured=0)], [cat(1, "cat", "")],
            [ann(1, 1, 1, [1.5, 2.25, 9.25, 17.75], area=164.1875, segmentation=SQUARE, attributes=attributes)],
        ),
        "images/default/sub/a.png": picture(1),
    }, {
        "format": "coco", "classes": ["cat"], "ordered": True, "class_ids": [1], "problems": [
            "ignored-field: annotations/instances_default.json:1: annotation 1: 1 attributes without a name and one value are left out",
        ],
        "images": [there("images/default/sub/a.png", box(
            "cat", 1, (1.5, 2.25, 10.75, 20), area=164.1875, flags=["occluded", "not crowd"], polygons=SQUARE_POINTS,
            attributes={"rotation": "0", "colour": "brown", "track_id": "3"}), id=1, name="sub/a.png")],
    })

    # As Label Studio exports on Windows: ids from 0, backslashes, no crowd, no size of the second.
    case("coco", "label-studio", {
        "result.json": document(
            [img(0, "images\\a.png"), {"id": 1, "file_name": "images\\b.png"}], [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
            [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": [], "ignore": 0, "area": 320},
             {"id": 1, "image_id": 1, "category_id": 0, "bbox": [], "segmentation": SQUARE}],
        ),
        "images/a.png": picture(1), "images/b.png": picture(2),
    }, {
        "format": "coco", "classes": ["cat", "dog"], "ordered": True, "class_ids": [0, 1], "problems": [],
        "images": [
            there("images/a.png", obj("dog", (4, 5, 20, 25), line=1, id=0, area=320.0), id=0, name="images\\a.png"),
            there("images/b.png", obj("cat", (4, 5, 20, 25), line=1, id=1, polygons=SQUARE_POINTS), id=1, name="images\\b.png",
                  size=(0, 0)),
        ],
    })

    # COCO's three files about the same images.
    person = cat(1, "person", "person", keypoints=["nose", "left_eye", "right_eye"], skeleton=[[1, 2], [1, 3]])
    people = [img(7, "a.png"), img(8, "b.png")]
    case("coco", "three-files", {
        "annotations/captions_train2017.json": json.dumps({"images": people, "annotations": [
            {"image_id": 7, "id": 1, "caption": " A cat on a mat. "}, {"image_id": 7, "id": 2, "caption": "Ein Kätzchen"}]}),
        "annotations/instances_train2017.json": document(people, [cat(1, "person", "person"), cat(17, "cat")], [
            ann(1, 7, 1, [4, 5, 16, 20], area=10, segmentation=SQUARE), ann(2, 7, 17, [1, 2, 3, 4], area=11, segmentation=[]),
            ann(3, 8, 1, [4, 5, 16, 20], area=12, segmentation=[])]),
        "annotations/person_keypoints_train2017.json": document(people, [person], [
            ann(1, 7, 1, [4, 5, 16, 20], area=10, segmentation=SQUARE, num_keypoints=2, keypoints=[5, 6, 2, 7.5, 8, 1, 0, 0, 0])]),
        "train2017/a.png": picture(1), "train2017/b.png": picture(2),
    }, {
        "format": "coco", "classes": ["person", "cat"], "ordered": True, "class_ids": [1, 17], "problems": [],
        "skeletons": [["person", "person", ["nose", "left_eye", "right_eye"], [[0, 1], [0, 2]]]],
        "remarks": ["objects that stand in two files, taken once: 1"],
        "images": [
            there("train2017/a.png",
                  box("cat", 2, (1, 2, 4, 6), area=11.0, source="annotations/instances_train2017.json"),
                  box("person", 1, (4, 5, 20, 25), area=10.0, polygons=SQUARE_POINTS, source="annotations/person_keypoints_train2017.json",
                      keypoints=[[5.0, 6.0, 2], [7.5, 8.0, 1], [0.0, 0.0, 0]]),
                  split="train", id=7, captions=[" A cat on a mat. ", "Ein Kätzchen"]),
            there("train2017/b.png", box("person", 3, (4, 5, 20, 25), area=12.0, source="annotations/instances_train2017.json"),
                  split="train", id=8),
        ],
    })

    # Classes of whole images, boxes of a panoptic file, tracks and scores; ids that are strings.
    case("coco", "labels-and-panoptic", {
        "annotations/panoptic_default.json": document(
            [img("x1", "a.png"), img("x2", "b.png")], [cat(1, "cat", isthing=1, color=[1, 2, 3]), cat(2, "sky", "stuff", isthing=0)],
            [{"image_id": "x1", "file_name": "a.png", "segments_info": [
                {"id": 258, "category_id": 2, "area": 600, "bbox": [0, 0, 40, 15], "iscrowd": 0},
                {"id": 3, "category_id": 1, "area": 200, "bbox": [4, 5, 16, 20], "iscrowd": 1}]}]),
        "annotations/labels_default.json": document(
            [img("x1", "a.png"), img("x2", "b.png")], [cat(1, "cat"), cat(2, "sky")],
            [{"id": 1, "image_id": "x2", "category_id": 2}, {"id": 2, "image_id": "x2", "category_id": 1, "score": 0.5},
             {"id": 3, "image_id": "x2", "category_id": 2}]),
        "images/a.png": picture(1), "images/b.png": picture(2),
    }, {
        "format": "coco", "classes": ["cat", "sky"], "ordered": True, "class_ids": [1, 2],
        "problems": ['ignored-field: annotations/panoptic_default.json:1: picture "a.png" of the segments was not found; their boxes alone are read'],
        "images": [
            there("images/a.png",
                  box("sky", 258, (0, 0, 40, 15), area=600.0, source="annotations/panoptic_default.json"),
                  box("cat", 3, (4, 5, 20, 25), area=200.0, flags=["crowd"], source="annotations/panoptic_default.json")),
            there("images/b.png", labels=["sky", "cat"]),
        ],
    })

    # Instances and segments of the same images: what has a mask says more.
    segments = {"id": 258, "category_id": 1, "area": 320, "bbox": [4, 5, 16, 20], "iscrowd": 0}
    case("coco", "instances-and-panoptic", {
        "annotations/instances_val2017.json": document([img(1, "a.png")], CATEGORIES, [ann(1, 1, 1, [4, 5, 16, 20]), ann(2, 1, 2, [25, 0, 15, 10])]),
        "annotations/panoptic_val2017.json": document([img(1, "a.png")], CATEGORIES, [{"image_id": 1, "file_name": "a.png", "segments_info": [segments]}]),
        "annotations/panoptic_val2017/a.png": labels("RGB", ((2, 1, 0), (4, 5, 20, 25))), "val2017/a.png": picture(1),
    }, {
        "format": "coco", "classes": ["cat", "dog"], "ordered": True, "problems": [], "remarks": ["objects that stand in two files, taken once: 1"],
        "images": [there("val2017/a.png", box("dog", 2, (25, 0, 40, 10)),
                         box("cat", 258, (4, 5, 20, 25), area=320.0, mask=filled((4, 5, 20, 25)), source="annotations/panoptic_val2017.json"), id=1, split="valid")],
    })

    # Everything but things, as masks; a file in UTF-16, as PowerShell writes it.
    stuff = document([img(1, "a.png")], [cat(92, "banner", "textile"), cat(183, "other", "other")], [
        ann(1, 1, 183, [0, 0, 1, 30], segmentation={"counts": [0, 30, 1170], "size": [30, 40]}, area=30)])
    for name, text in (("stuff", stuff.encode()), ("utf-16", stuff.encode("utf-16")), ("utf-16-big", b"\xfe\xff" + stuff.encode("utf-16-be"))):
        case("coco", name, {"annotations/stuff_train2017.json": text, "train2017/a.png": picture(1)}, {
            "format": "coco", "classes": ["banner", "other"], "ordered": True, "class_ids": [92, 183], "problems": [],
            "images": [there("train2017/a.png", box("other", 1, (0, 0, 1, 30), area=30.0, mask=filled((0, 0, 1, 30))), id=1, split="train")]})

    # Results: alone, for images without any annotation, and beside annotations.
    truth = document([img(1, "a.png"), img(2, "b.png")], CATEGORIES, [ann(1, 1, 1, [1, 2, 3, 4])])
    found = [{"image_id": 2, "category_id": 2, "bbox": [4, 5, 16, 20], "score": 0.75},
             {"image_id": 2, "category_id": 1, "segmentation": {"counts": [0, 30, 1170], "size": [30, 40]}, "score": 0.5},
             {"image_id": 1, "category_id": 1, "keypoints": [4, 5, 2, 20, 25, 1, 0, 0, 0], "score": 0.25}]
    scored = {"flags": None, "id": None, "source": "results.json"}

    def result(name, corners, score, **more) -> dict:
        return {key: value for key, value in box(name, 0, corners, score=score, **scored, **more).items() if value is not None}

    results = [there("a.png", result("cat", (4, 5, 20, 25), 0.25, keypoints=[[4.0, 5.0, 2], [20.0, 25.0, 1], [0.0, 0.0, 0]]), id=1),
               there("b.png", result("dog", (4, 5, 20, 25), 0.75), result("cat", (0, 0, 1, 30), 0.5, mask=filled((0, 0, 1, 30))), id=2)]
    pictures = {"a.png": picture(1), "b.png": picture(2)}
    other = document([img(7, "c.png")], CATEGORIES, [])
    frame = {"format": "coco", "classes": ["cat", "dog"], "ordered": True}
    case("coco", "results-alone", {"other.json": other, "results.json": json.dumps(found), "truth.json": truth, **pictures}, {
        **frame, "source": "results.json", "problems": [], "images": results})
    case("coco", "results-of-a-test", {"image_info_test.json": document([img(1, "a.png"), img(2, "b.png")], CATEGORIES, []), "results.json": json.dumps(found), **pictures}, {
        **frame, "problems": [], "images": [{**row, "split": "test"} for row in results]})
    case("coco", "results-beside-annotations", {"results.json": json.dumps(found), "truth.json": truth, **pictures}, {
        **frame, "problems": ["ignored-field: results.json: results, left out beside annotations of the same images; read them as the source itself"],
        "images": [there("a.png", box("cat", 1, (1, 2, 4, 6)), id=1), there("b.png", id=2)]})
    case("coco", "bad-results", {"results.json": json.dumps([*found[:1], {**found[0], "image_id": 9}, {**found[0], "bbox": [1]}]), "truth.json": truth, **pictures}, {
        **frame, "source": "results.json", "images": [there("a.png", id=1), there("b.png", result("dog", (4, 5, 20, 25), 0.75), id=2)],
        "problems": ["bad-entry: results.json:1: annotation: bbox has 1 numbers instead of 4", "bad-entry: results.json:1: annotation: its image 9 is not in the list of images"]})

    # One file with folders of images; predictions.
    case("coco", "single-file", {
        "labels/my.json": document([img(1, "a.png"), img(2, "b.png")], CATEGORIES, [
            ann(1, 1, 1, [4, 5, 16, 20], score=0.75, track_id=9)]),
        "labels/other.json": "{", "pictures/a.png": picture(1), "pictures/b.png": picture(2), "pictures/c.png": picture(3),
    }, {
        "source": "labels/my.json", "image_dirs": ["pictures"], "format": "coco", "classes": ["cat", "dog"], "ordered": True,
        "images": [there("a.png", box("cat", 1, (4, 5, 20, 25), score=0.75, track=9), id=1), there("b.png", id=2)], "problems": [],
    })

    # What is loose and has one meaning all the same.
    loose = """{
"annotations": [
{"id": "1", "image_id": "1", "category_id": 1.0, "bbox": ["4", "5", "16", "20"], "iscrowd": false, "area": NaN},
{"id": 2, "image_id": 1, "category_id": 1, "bbox": [NaN, 0, 1, 1], "segmentation": [[4, 5, 20, 5, 20, 25, 4, 25], [1, 2, 3, 4], []]},
{"id": 3, "image_id": 1, "category_id": 1, "bbox": null, "segmentation": [4, 5, 20, 5, 20, 25, 4, 25]},
{"id": 4, "image_id": 1, "category_id": 1, "segmentation": {"size": [30, 40], "counts": "o03k00eR1"}},
{"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "segmentation": {"size": [30, 40], "counts": "0"}},
{"id": 6, "image_id": 1, "category_id": 3, "bbox": [0, 0, 1, 1], "bbox": [1, 2, 3, 4], "keypoints": [1, 2]},
{"id": 6, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}, {"id": 6, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 5]}
],
"categories": null,
"categories": [{"id": 1, "name": " cat "}, {"id": 3, "name": "cat"}],
"images": [{"id": 1, "file_name": "C:\\\\data\\\\a.png", "width": "40", "height": 30.0}, {"id": 1, "file_name": "C:\\\\data\\\\a.png"}]
}
"""
    mask = {"size": [30, 40], "runs": [31, 3, 27, 3, 1136]}
    case("coco", "loose", {"labels.json": "\ufeff" + loose, "data/a.png": picture(1)}, {
        "format": "coco", "classes": ["cat"], "ordered": True, "class_ids": [1],
        "images": [there(
            "data/a.png", box("cat", 1, (4, 5, 20, 25), line=3),
            obj("cat", (4, 5, 20, 25), line=4, id=2, polygons=SQUARE_POINTS),
            obj("cat", (4, 5, 20, 25), line=5, id=3, polygons=SQUARE_POINTS),
            obj("cat", (1, 1, 3, 4), line=6, id=4, mask=mask), obj("cat", (1, 2, 4, 6), line=7, id=5),
            obj("cat", (1, 2, 4, 6), line=8, id=6), obj("cat", (1, 2, 4, 7), line=9, id=6), id=1, name="C:\\data\\a.png")],
        "problems": [
            "loose-syntax: labels.json:3: annotation 1: NaN or Infinity is no JSON; read as null",
            "loose-syntax: labels.json:4: annotation 2: NaN or Infinity is no JSON; read as null",
            "ignored-field: labels.json:4: annotation 2: a polygon of 4 numbers is left out",
            "bad-mask: labels.json:7: annotation 5: its mask is left out: its runs have 0 pixels, 40 x 30 are 1200",
            "ignored-field: labels.json:8: annotation 6: 2 numbers are no keypoints, of three each",
            'repeated-entry: labels.json:12: category 3: another one is called "cat" too; they are one class',
            "repeated-entry: labels.json:13: image 1 stands twice; taken once",
            "repeated-entry: labels.json:9: annotation 6 stands twice; taken once",
            'trimmed-class: labels.json:3: class " cat " (5 objects or images) is called "cat", without the blanks',
        ],
    })

    # What is wrong with an outline costs the outline; the box stays where there is one.
    broken = """{"images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}],
"categories": [{"id": 1, "name": "cat"}],
"annotations": [
{"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": {"size": [30, 40]}},
{"id": 2, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": {"counts": [1200]}},
{"id": 3, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": {"size": [30, 40],
 "counts": [-1, 1201]}},
{"id": 4, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": {"size": [30, 40], "counts": "~"}},
{"id": 5, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": "none"},
{"id": 6, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": [[4, 5, "x", 5, 20, 25]]},
{"id": 7, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20], "segmentation": [[4, 5,, 20, 25]]},
{"id": 8, "image_id": 1, "category_id": 1, "bbox": [], "segmentation": {"size": [30, 40]}},
{"id": 9, "image_id": 1, "category_id": 1, "segmentation": "none"}
]}
"""
    lost = "its outline is left out"
    no_outline = 'invalid type: string "none", expected segmentation, a list of polygons or a mask'
    case("coco", "broken-outlines", {"labels.json": broken, "a.png": picture(1)}, {
        "format": "coco", "classes": ["cat"], "ordered": True, "any_order": True, "lost_objects": 2,
        "images": [there("a.png", *(obj("cat", (4, 5, 20, 25), line=line, id=number) for number, line in
                                    ((1, 4), (2, 5), (3, 6), (4, 8), (5, 9), (6, 10), (7, 11))), id=1)],
        "problems": [
            f"bad-mask: labels.json:4: annotation 1: {lost}: missing field `counts`",
            f"bad-mask: labels.json:5: annotation 2: {lost}: missing field `size`",
            f"bad-mask: labels.json:7: annotation 3: {lost}: invalid value: integer `-1`, expected a number of pixels",
            "bad-mask: labels.json:8: annotation 4: its mask is left out: character '~' at 0 does not belong into runs",
            f"bad-mask: labels.json:9: annotation 5: {lost}: {no_outline}",
            f'bad-mask: labels.json:10: annotation 6: {lost}: invalid type: string "x", expected coordinates',
            f"bad-mask: labels.json:11: annotation 7: {lost}: expected value",
            "bad-entry: labels.json:12: annotation: missing field `counts`",
            f"bad-entry: labels.json:13: annotation: {no_outline}",
        ],
    })


def bad() -> None:
    case("coco", "bad-not-there", {"a.png": picture(1), "a.json": "{\"shapes\": []}"}, {
        "from": "coco",
        "error": "{input}: nothing of format coco there; looked for JSON files with \"images\" and \"annotations\" or \"categories\" "
                 "(COCO)",
    })
    case("coco", "bad-cut", {
        "good.json": document([img(1, "a.png")], CATEGORIES, [ann(1, 1, 1, [4, 5, 16, 20])]),
        "labels.json": document([img(1, "b.png")], CATEGORIES, [ann(1, 1, 1, [4, 5, 16, 20])], indent=1)[:-20],
        "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "coco", "classes": ["cat", "dog"], "ordered": True, "images": [there("a.png", box("cat", 1, (4, 5, 20, 25)), id=1)],
        "remarks": ["images in no list of images, left out: 1"],
        "problems": ['unreadable-annotation: labels.json:33: the file ends inside of "annotations"'],
    })
    # As the first bytes of a list of images look that is longer than what is looked at.
    case("coco", "bad-cut-in-images", {"labels.json": '{"images": [{"id": 1, "file_name": "a.png"}, {"id"', "a.png": picture(1)}, {
        "format": "coco", "classes": [], "ordered": True, "images": [], "remarks": ["images in no list of images, left out: 1"],
        "problems": ['unreadable-annotation: labels.json:1: the file ends inside of "images"'],
    })
    case("coco", "bad-two-files", {
        "a.json": document([img(1, "a.png"), img(2, "b.png"), img(3, "c.png")], CATEGORIES, [
            ann(1, 1, 1, [4, 5, 16, 20]), ann(2, 2, 1, [4, 5, 16, 20])]),
        "b.json": document([img(1, "a.png"), img(2, "b.png")], CATEGORIES, [
            ann(1, 1, 1, [4, 5, 16, 21]), ann(2, 2, 2, [4, 5, 16, 20])]),
        "train.json": document([img(1, "t.png")], CATEGORIES, []), "val.json": document([img(1, "t.png")], CATEGORIES, []),
        "a.png": picture(1), "b.png": picture(2), "c.png": picture(3), "t.png": picture(4),
    }, {
        "format": "coco", "classes": ["cat", "dog"], "ordered": True, "class_ids": [1, 2],
        "images": [
            there("a.png", box("cat", 1, (4, 5, 20, 25)), id=1),
            there("b.png", box("cat", 2, (4, 5, 20, 25)), box("dog", 2, (4, 5, 20, 25), source="b.json"), id=2),
            there("c.png", id=3), there("t.png", split="train", id=1),
        ],
        "remarks": [f"{split}.json has no annotation: its images count as such without objects: 1" for split in ("train", "val")],
        "problems": [
            'duplicate-image: val.json:1: image 1: "t.png" is in valid here, and in train in another file',
            "duplicate-image: b.json:1: another file has other boxes of the same class for this image",
        ],
    })
    faults = """{"images": [
{"id": 1, "file_name": "a.png", "width": 40, "height": 30},
{"id": 1, "file_name": "b.png", "width": 40, "height": 30},
{"file_name": "b.png"},
{"id": 2},
{"id": 3, "file_name": "missing.png", "width": 40, "height": 30},
{"id": 4, "file_name": "../../etc/passwd", "width": 40, "height": 30},
{"id": 5, "file_name": "twice.png", "width": 40, "height": 30},
{"id": [6], "file_name": "a.png"},
7
],
"annotations": [
{"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20]},
{"id": 2, "image_id": 9, "category_id": 1, "bbox": [4, 5, 16, 20]},
{"id": 3, "image_id": 1, "category_id": 9, "bbox": [4, 5, 16, 20]},
{"id": 4, "category_id": 1, "bbox": [4, 5, 16, 20]},
{"id": 5, "image_id": 1, "bbox": [4, 5, 16, 20]},
{"id": 6, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16]},
{"id": 7, "image_id": 1, "category_id": 1, "bbox": [], "segmentation": []},
{"id": 8, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, "wide"]},
{"id": 9, "image_id": 1, "category_id": 1, "bbox": {"x": 1}},
{"id": 10, "image_id": 1, "category_id": 1, "bbox": [4, 5, 16, 20],
 "area": },
"x",
{"id": 11, "image_id": 2, "category_id": 1, "bbox": [4, 5, 16, 20]},
{"image_id": 8, "caption": "nobody"},
{"id": 12, "image_id": 1, "category_id": 8}
],
"categories": [
{"id": 1, "name": "cat"},
{"id": 2, "name": ""},
{"name": "dog"},
"bird"
]}
"""
    case("coco", "faults", {"labels.json": faults, "a.png": picture(1), "b.png": picture(2), "x/twice.png": picture(3),
                            "y/twice.png": picture(4)}, {
        "format": "coco", "classes": ["cat"], "ordered": True, "remarks": ["images in no list of images, left out: 3"],
        "any_order": True, "lost_objects": 11,
        "images": [
            image("../../etc/passwd", name="../../etc/passwd", id=4), there("a.png", obj("cat", (4, 5, 20, 25), line=13, id=1), id=1),
            image("missing.png", id=3), image("twice.png", id=5),
        ],
        "problems": [
            'duplicate-image: labels.json:3: image 1 is "a.png" already; "b.png" is not taken',
            "bad-entry: labels.json:4: image: there is no id",
            "bad-entry: labels.json:5: image 2: there is no file_name",
            'missing-image: labels.json:6: no image is called "missing.png"',
            'outside-root: labels.json:7: image "../../etc/passwd" lies outside the dataset\'s folders',
            'ambiguous-image: labels.json:8: several images fit "twice.png": x/twice.png, y/twice.png',
            "bad-entry: labels.json:9: image: invalid type: sequence, expected an id, a whole number or a string",
            "bad-entry: labels.json:10: image: invalid type: integer `7`, expected an image, an object with `id` and `file_name`",
            "bad-entry: labels.json:14: annotation 2: its image 9 is not in the list of images",
            "bad-entry: labels.json:15: annotation 3: its category 9 is not in the list of categories",
            "bad-entry: labels.json:16: annotation 4: there is no image_id",
            "bad-entry: labels.json:17: annotation 5: there is no category_id",
            "bad-entry: labels.json:18: annotation 6: bbox has 3 numbers instead of 4",
            "bad-entry: labels.json:19: annotation 7: there is neither a bbox nor an outline",
            'bad-entry: labels.json:20: annotation: invalid value: string "wide", expected a number',
            "bad-entry: labels.json:21: annotation: invalid type: map, expected bbox, a list of four numbers",
            "bad-entry: labels.json:23: annotation: expected value",
            "bad-entry: labels.json:24: annotation: invalid type: string \"x\", expected an annotation, an object with `image_id`",
            "bad-entry: labels.json:26: annotation: its image 8 is not in the list of images",
            "bad-entry: labels.json:27: annotation: its category 8 is not in the list of categories",
            "bad-entry: labels.json:31: category 2: there is no name",
            'bad-entry: labels.json:32: category "dog": there is no id',
            "bad-entry: labels.json:33: category: invalid type: string \"bird\", expected a category, an object with `id` and `name`",
        ],
    })


def make() -> None:
    good()
    bad()
