"""Fixtures of LabelMe JSON."""

import base64
import json

from fixture import around, bitmap, case, ellipse, image, line_of, mask, obj, picture, there, turned_box


def shape(label, points, kind="polygon", group=None, flags=None, **more) -> dict:
    return {"label": label, "points": points, "group_id": group, "description": "", "shape_type": kind, "flags": flags or {}, **more}


def document(path, *shapes, flags=None, data=None, indent=None, version="5.4.1", size=(40, 30)) -> str:
    return json.dumps({"version": version, "flags": flags or {}, "shapes": shapes, "imagePath": path, "imageData": data,
                       "imageHeight": size[1], "imageWidth": size[0]}, indent=indent)


def box(name, sides, **more) -> dict:
    return obj(name, sides, line=1, **more)


TRIANGLE = [[1.5, 2.25], [20.0, 3.0], [10.0, 25.125]]
UNLABELLED = "unlabelled-image: {}: no annotation names this image; kept without objects"


def good() -> None:
    # As labelme writes it: indented, a rectangle drawn from the lower right, the image inside of the file.
    data = base64.b64encode(picture(1)).decode()
    text = document("a.png", shape("cat", [[30.5, 20.0], [4.0, 5.25]], "rectangle"), shape("dog", TRIANGLE), data=data, indent=2)
    case("labelme", "labelme", {"a.json": text, "a.png": picture(1), "b.png": picture(2)}, {
        "format": "labelme", "classes": ["cat", "dog"], "ordered": False, "problems": [UNLABELLED.format("b.png")],
        "images": [
            there("a.png", obj("cat", (4, 5.25, 30.5, 20), line=line_of(text, "{", 3)),
                  obj("dog", (1.5, 2.25, 20, 25.125), polygons=[TRIANGLE], line=line_of(text, "{", 5))),
            there("b.png", size=(0, 0)),
        ],
    })

    # All kinds of shapes.
    rim = [[20, 15], [23, 19]]
    rows = ["#..", "##."]
    crop = base64.b64encode(bitmap(rows, "1")).decode()
    case("labelme", "shapes", {"train/a.json": document(
        "a.png", shape("round", rim, "circle"), shape("line", [[1, 2], [9, 2]], "line"), shape("strip", [[1, 2], [9, 2], [9, 8]], "linestrip"),
        shape("spot", [[7, 8]], "point"), shape("spots", [[7, 8], [9, 3]], "points"), shape("mask", [[5, 6], [7, 7]], "mask", mask=crop),
        shape("upright", [[1, 2], [9, 2], [9, 8], [1, 8]], "rectangle")), "train/a.png": picture(1)}, {
        "format": "labelme", "problems": [],
        "images": [there(
            "train/a.png", box("round", (15, 10, 25, 20), polygons=[ellipse((20, 15), (5, 5))]),
            box("line", (1, 2, 9, 2), keypoints=[[1.0, 2.0, 2], [9.0, 2.0, 2]]),
            box("strip", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 2.0, 2], [9.0, 8.0, 2]]),
            box("spot", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]]), box("spots", (7, 3, 9, 8), keypoints=[[7.0, 8.0, 2], [9.0, 3.0, 2]]),
            box("mask", (5, 6, 7, 8), mask=mask(rows, 5, 6)), box("upright", (1, 2, 9, 8)), split="train")],
    })

    # Groups, flags, a description; a path of Windows, in parallel folders.
    case("labelme", "groups", {
        "annotations/a.json": document(
            "..\\images\\a.png", shape("cat", TRIANGLE, group=1), shape("cat", [[30, 2], [38, 2], [38, 9]], group=1),
            shape("cat", TRIANGLE, group=2), shape("dog", [[1, 2], [3, 4]], "rectangle", group=1, flags={"wet": True, "old": False},
                                                   description=" on a sofa "),
            flags={"night": True, "rain": False}),
        "annotations/b.json": document("..\\images\\b.png", version="4.5.6"),
        "images/a.png": picture(1), "images/b.png": picture(2),
    }, {
        "format": "labelme", "classes": ["night", "cat", "dog"], "ordered": False, "problems": [],
        "images": [
            there("images/a.png",
                  box("cat", (1.5, 2, 38, 25.125), polygons=[TRIANGLE, [[30.0, 2.0], [38.0, 2.0], [38.0, 9.0]]], attributes={"group_id": "1"}),
                  box("cat", (1.5, 2.25, 20, 25.125), polygons=[TRIANGLE], attributes={"group_id": "2"}),
                  box("dog", (1, 2, 3, 4), attributes={"wet": "true", "description": "on a sofa", "group_id": "1"}),
                  labels=["night"], name="..\\images\\a.png"),
            there("images/b.png", name="..\\images\\b.png"),
        ],
    })

    # X-AnyLabeling: turned boxes, scores, difficult, attributes.
    corners = turned_box((10, 10, 30, 20), (20, 15), 30)
    case("labelme", "x-anylabeling", {"a.json": document(
        "a.png", shape("ship", corners, "rotation", score=0.875, difficult=False, direction=0.5, attributes={"colour": "red"}, kie_linking=[]),
        version="2.4.0"), "a.png": picture(1)}, {
        "format": "labelme", "problems": [],
        "images": [there("a.png", box("ship", around(corners), corners=corners, score=0.875, flags=["not difficult"],
                                      attributes={"colour": "red"}))],
    })

    # LabelMe 6's own turned boxes; one without four corners is none.
    case("labelme", "oriented", {"a.json": document(
        "a.png", shape("ship", corners, "oriented_rectangle", mask=None), shape("boat", [[1, 2], [9, 2], [9, 8], [1, 8]], "oriented_rectangle"),
        shape("raft", corners[:3], "oriented_rectangle"), version="6.0.0"), "a.png": picture(1)}, {
        "format": "labelme", "problems": ['bad-entry: a.json:1: oriented_rectangle "raft" has 3 points'],
        "images": [there("a.png", box("ship", around(corners), corners=corners),
                         box("boat", (1, 2, 9, 8), corners=[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0], [1.0, 8.0]]))],
    })

    # A pose as X-AnyLabeling draws it: points in the group of their box, a difficult one is hidden. Points of one name are one object.
    case("labelme", "pose", {"a.json": document(
        "a.png", shape("person", [[1, 2], [21, 22]], "rectangle", group=1), shape("nose", [[5, 6]], "point", group=1), shape("tail", [[9, 8]], "point", group=1, difficult=True),
        shape("person", [[3, 2], [21, 22]], "rectangle", group=2), shape("tail", [[7, 8]], "point", group=2),
        shape("corner", [[1, 2]], "point", group=3), shape("corner", [[9, 8]], "point", group=3), shape("nose", [[2, 3]], "point"),
        shape("cat", [[1, 2], [3, 4]], "rectangle", group=4), shape("cat", [[5, 6]], "point", group=4)), "a.png": picture(1)}, {
        "format": "labelme", "problems": [], "skeletons": [["person", "", ["nose", "tail"], []]],
        "images": [there("a.png", box("person", (1, 2, 21, 22), keypoints=[[5.0, 6.0, 2], [9.0, 8.0, 1]]),
                         box("person", (3, 2, 21, 22), keypoints=[[0.0, 0.0, 0], [7.0, 8.0, 2]]), box("corner", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]]),
                         box("nose", (2, 3, 2, 3), keypoints=[[2.0, 3.0, 2]]), box("cat", (1, 2, 3, 4), attributes={"group_id": "4"}),
                         box("cat", (5, 6, 5, 6), keypoints=[[5.0, 6.0, 2]], attributes={"group_id": "4"}))],
    })

    # Images that are only inside of the files: called as the file says, or as the file itself.
    data = base64.b64encode(picture(1)).decode()
    case("labelme", "embedded", {
        "train/a.json": document("..\\photos\\b.png", shape("cat", [[1, 2], [3, 4]], "rectangle"), data=data), "train/c.json": document("", data=data),
    }, {
        "format": "labelme", "problems": [],
        "images": [image("train/b.png", box("cat", (1, 2, 3, 4)), split="train", file="images"), image("train/c.png", split="train", file="images")],
    })

    # The image lay in another folder, which is not there.
    case("labelme", "embedded-elsewhere", {
        "a.json": document("..\\imgs\\b.png", shape("cat", [[1, 2], [3, 4]], "rectangle"), data=data),
    }, {
        "format": "labelme", "problems": [], "images": [image("b.png", box("cat", (1, 2, 3, 4)), file="images")],
    })

    # An old file: no shape_type, no group, no size, a label that is a number, an image that was renamed.
    old = (
        '\ufeff{"flags": {}, "shapes": [{"label": 7, "points": [[1, 2], [3, 4], [5, 1]], "line_color": null}],'
        '\r\n"lineColor": [0, 255, 0, 128], "imagePath": "C:\\\\photos\\\\old.png", "imageData": null}\0'
    )
    case("labelme", "old", {"a.json": old, "a.png": picture(1)}, {
        "format": "labelme", "problems": ['stale-name: a.json: imagePath says "C:\\\\photos\\\\old.png", the image is a.png'],
        "images": [there("a.png", obj("7", (1, 1, 5, 4), line=1, polygons=[[[1.0, 2.0], [3.0, 4.0], [5.0, 1.0]]]),
                         size=(0, 0), name="C:\\photos\\old.png")],
    })


def bad() -> None:
    # What is wrong in shapes, one after the other.
    text = document(
        "a.png", shape("", [[1, 2], [3, 4]], "rectangle"), shape("a", [[1, 2]], "rectangle"), shape("b", [[1, 2], [3, 4]]),
        shape("c", [[1, "x"], [3, 4]], "line"), shape("d", [[1, 2, 3]], "point"), shape("e", [[1, 2], [3, 4]], "blob"),
        shape("f", [[1, 2], [3, 4]], "mask"), shape("g", [[1, 2], [3, 4]], "mask", mask="*"), shape("h", [[1, 2], [3, 4]], "mask", mask="aaaa"),
        shape("i", [], "points"), shape("good", [[1, 2], [3, 4]], "rectangle", difficult="perhaps"), indent=1)
    at = [line_of(text, "{", 3 + 2 * number) for number in range(11)]
    number, point = line_of(text, '"x"'), line_of(text, '"d"') + 2
    case("labelme", "bad-shapes", {"a.json": text, "a.png": picture(1)}, {
        "format": "labelme",
        "problems": [
            f"bad-entry: a.json:{at[0]}: the shape has no label",
            f'bad-entry: a.json:{at[1]}: rectangle "a" has 1 points',
            f'bad-entry: a.json:{at[2]}: the outline of "b" has 2 points',
            f"bad-entry: a.json:{number}: a list of numbers holds something else",
            f"bad-entry: a.json:{point}: a point is not one x and one y",
            f'bad-entry: a.json:{at[5]}: shape_type "blob" is not known',
            f'bad-entry: a.json:{at[6]}: mask "f" has no picture',
            f"bad-entry: a.json:{at[7]}: the text is no base64",
            f"bad-entry: a.json:{at[8]}: the mask is no PNG: unexpected end of file",
            f'bad-entry: a.json:{at[9]}: "i" has no points',
            f"ignored-field: a.json:{line_of(text, 'perhaps')}: difficult is neither yes nor no; left out",
        ],
        "images": [there("a.png", obj("good", (1, 2, 3, 4), line=at[10]))],
    })
    # Files that cannot be used: cut, and without shapes; their images are no negatives. What stands inside of the file is no image.
    data = base64.b64encode(b"no image").decode()
    case("labelme", "bad-files", {
        "a.json": document("a.png", shape("cat", TRIANGLE), indent=2)[:200], "a.png": picture(1), "b.png": picture(2),
        "b.json": document("b.png", shape("cat", TRIANGLE)).replace("[[1.5", "[[oops"),
        "d.json": document("elsewhere.png", shape("cat", [[1, 2], [3, 4]], "rectangle"), data=data), "e.json": document("", data="*"),
    }, {
        "format": "labelme", "lost_objects": 0,
        "problems": [
            "unreadable-annotation: a.json:15: the text ends inside a value",
            'unreadable-annotation: b.json:1: "oops" is no value',
            "ignored-field: d.json:1: imageData was not used: it is no image that is known",
            'missing-image: d.json: no image is called "d" (any image extension) or "elsewhere.png"',
            "ignored-field: e.json:1: imageData was not used: the text is no base64",
            'missing-image: e.json: no image is called "e" (any image extension)',
        ],
        "images": [image("d.json", box("cat", (1, 2, 3, 4)), name="elsewhere.png", file=None), image("e.json", name="", file=None)],
    })
    # Two annotations of one image that do not agree, and nothing of LabelMe.
    case("labelme", "bad-twice", {
        "a.png": picture(1), "a.json": document("a.png", shape("cat", [[1, 2], [3, 4]], "rectangle")),
        "labels/a.json": document("a.png", shape("dog", [[1, 2], [3, 4]], "rectangle")),
    }, {
        "format": "labelme", "problems": ["duplicate-image: labels/a.json:1: a.png has another annotation in a.json:1"],
        "images": [there("a.png", box("cat", (1, 2, 3, 4)))],
    })
    case("labelme", "bad-not-there", {"a.png": picture(1)}, {
        "from": "labelme", "error": '{input}: nothing of format labelme there; looked for JSON files with "shapes" and "imagePath" (LabelMe)',
    })


def make() -> None:
    good()
    bad()
