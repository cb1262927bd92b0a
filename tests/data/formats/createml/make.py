"""Fixtures of CreateML JSON."""

import json

from fixture import case, image, line_of, obj, picture, there


def ann(label, x, y, width, height, **more) -> dict:
    return {"label": label, "coordinates": {"x": x, "y": y, "width": width, "height": height}, **more}


def entry(name, *annotations) -> dict:
    return {"image": name, "annotations": list(annotations)}


def box(name, sides, **more) -> dict:
    return obj(name, sides, line=1, **more)


def good() -> None:
    # As Roboflow exports: one line, a file per split, an image without objects.
    case("createml", "roboflow", {
        "train/_annotations.createml.json": json.dumps([entry("a.png", ann("cat", 12, 15, 16, 20), ann("dog", 2.5, 3.5, 5, 7)), entry("b.png")]),
        "train/a.png": picture(1), "train/b.png": picture(2), "train/unlisted.png": picture(3),
        "valid/_annotations.createml.json": json.dumps([entry("a.png", ann("dog", 10, 10, 4, 2))]), "valid/a.png": picture(4),
    }, {
        "format": "createml", "classes": ["cat", "dog"], "ordered": False, "problems": [],
        "remarks": ["images that no annotation names, left out: 1"],
        "images": [
            there("train/a.png", box("cat", (4, 5, 20, 25)), box("dog", (0, 0, 5, 7)), split="train", size=(0, 0)),
            there("train/b.png", split="train", size=(0, 0)),
            there("valid/a.png", box("dog", (8, 9, 12, 11)), split="valid", size=(0, 0)),
        ],
    })
    # As Apple's documents have it, indented; the first image has no object.
    text = json.dumps([entry("b.png"), entry("a.png", ann("cat", 12, 15, 16, 20))], indent=2)
    case("createml", "apple", {"annotations.json": text, "a.png": picture(1), "b.png": picture(2)}, {
        "format": "createml", "classes": ["cat"], "ordered": False, "problems": [],
        "images": [there("a.png", obj("cat", (4, 5, 20, 25), line=line_of(text, "{", 3)), size=(0, 0)), there("b.png", size=(0, 0))],
    })
    # Older names.
    case("createml", "older-names", {"annotations.json": json.dumps([
        {"imagefilename": "a.png", "annotation": [ann("cat", 12, 15, 16, 20)]}, {"imagefilename": "b.png", "annotation": [ann("cat", 1, 1, 2, 2)]},
    ]), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "createml", "problems": [],
        "images": [there("a.png", box("cat", (4, 5, 20, 25)), size=(0, 0)), there("b.png", box("cat", (0, 0, 2, 2)), size=(0, 0))],
    })
    # Classes of whole images, and predictions.
    case("createml", "classification", {"labels.json": json.dumps([
        {"image": "img/a.png", "annotations": [{"label": "indoor"}, ann("cat", 12, 15, 16, 20, confidence=0.5)]},
        {"image": "img/b.png", "annotations": "outdoor"},
    ]), "img/a.png": picture(1), "img/b.png": picture(2)}, {
        "format": "createml", "problems": [],
        "images": [there("img/a.png", box("cat", (4, 5, 20, 25), score=0.5), labels=["indoor"], name="img/a.png", size=(0, 0)),
                   there("img/b.png", labels=["outdoor"], name="img/b.png", size=(0, 0))],
    })
    # Numbers as strings, a byte order mark, the same entry twice, an umlaut, the file by itself.
    twice = entry("ä.png", ann("Bär", "12", "15.0", 16, 20))
    case("createml", "single-file", {"train.json": "\ufeff" + json.dumps([twice, twice], ensure_ascii=False), "ä.png": picture(1)}, {
        "format": "createml", "source": "train.json",
        "problems": ["repeated-entry: train.json:1: ä.png has the same annotation in train.json:1"],
        "images": [there("ä.png", box("Bär", (4, 5, 20, 25)), split="train", size=(0, 0))],
    })


def bad() -> None:
    text = json.dumps([
        entry("a.png", ann("cat", 12, 15, 16, 20), ann("cat", "left", 15, 16, 20), {"coordinates": {"x": 1}}, {"label": "cat", "coordinates": {"x": 1}}),
        {"annotations": []}, entry("b.png", ann("dog", None, 1, 1, 1)), entry("gone.png", ann("dog", 1, 1, 2, 2)),
    ], indent=1)
    number, second = line_of(text, '"left"'), line_of(text, "{", 6)
    case("createml", "bad-entries", {"a.json": text, "a.png": picture(1), "b.png": picture(2)}, {
        "format": "createml", "lost_objects": 5,
        "problems": [
            f'bad-entry: a.json:{number}: x "left" is no number',
            f"bad-entry: a.json:{second}: the annotation has no label",
            f'bad-entry: a.json:{line_of(text, "{", 9)}: "y" is missing',
            f'bad-entry: a.json:{line_of(text, "{", 10)}: "image" is missing',
            f'bad-entry: a.json:{line_of(text, "{", 13)}: "x" is missing',
            f'missing-image: a.json:{line_of(text, "{", 14)}: no image is called "gone.png"',
        ],
        "images": [there("a.png", obj("cat", (4, 5, 20, 25), line=line_of(text, "{", 2)), size=(0, 0)),
                   image("gone.png", obj("dog", (0, 0, 2, 2), line=line_of(text, "{", 15)), size=(0, 0), file=None)],
    })
    case("createml", "bad-cut", {"a.json": json.dumps([entry("a.png", ann("cat", 1, 1, 2, 2))], indent=1)[:-3], "a.png": picture(1)}, {
        "format": "createml", "problems": ["unreadable-annotation: a.json:15: the file ends too early"], "images": [],
    })
    case("createml", "bad-twice", {"a.json": json.dumps([entry("a.png", ann("cat", 1, 1, 2, 2)), entry("a.png")]), "a.png": picture(1)}, {
        "format": "createml", "problems": ["duplicate-image: a.json:1: a.png has another annotation in a.json:1"],
        "images": [there("a.png", box("cat", (0, 0, 2, 2)), size=(0, 0))],
    })


def make() -> None:
    good()
    bad()
