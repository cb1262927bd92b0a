"""Fixtures of Udacity's CSV."""

from fixture import case, image, obj, picture, there

NO_SIZE = {"size": (0, 0)}


def car(line=1, name="car", **more):
    return obj(name, (4, 5, 20, 25), line=line, **({"flags": ["not occluded"]} | more))


def make() -> None:
    frame = {"format": "udacity", "ordered": False}
    case("udacity", "autti", {
        "object-dataset/labels.csv": '1478019952686311006.png 4 5 20 25 0 "car"\n1478019952686311006.png 4 5 20 25 1 "trafficLight" "Red"\n',
        "object-dataset/1478019952686311006.png": picture(1),
    }, {
        **frame, "classes": ["car", "trafficLight"],
        "images": [there("object-dataset/1478019952686311006.png", car(), car(2, "trafficLight", flags=["occluded"], attributes={"attributes": "Red"}), **NO_SIZE)],
        "problems": [],
    })
    case("udacity", "with-header", {
        "labels.csv": 'frame xmin ymin xmax ymax occluded label attributes\na.png 4 5 20 25 0 "trafficLight" "Red"\n', "a.png": picture(1),
    }, {
        **frame, "classes": ["trafficLight"], "images": [there("a.png", car(2, "trafficLight", attributes={"attributes": "Red"}), **NO_SIZE)], "problems": [],
    })
    case("udacity", "no-quotes", {"labels.csv": "a.png 4 5 20 25 0 car\n", "a.png": picture(1), "b.png": picture(2)}, {
        **frame, "classes": ["car"], "remarks": ["images in no row, left out: 1"], "images": [there("a.png", car(), **NO_SIZE)], "problems": [],
    })
    case("udacity", "two-words", {"labels.csv": 'a.png 4 5 20 25 0 "big car"\r\n', "a.png": picture(1)}, {
        **frame, "classes": ["big car"], "images": [there("a.png", car(1, "big car"), **NO_SIZE)], "problems": [],
    })
    case("udacity", "splits", {"train/labels.csv": 'a.png 4 5 20 25 0 "car"\n', "train/a.png": picture(1), "test/labels.csv": 'a.png 4 5 20 25 0 "car"\n', "test/a.png": picture(2)}, {
        **frame, "classes": ["car"], "images": [there("test/a.png", car(), split="test", **NO_SIZE), there("train/a.png", car(), split="train", **NO_SIZE)], "problems": [],
    })
    case("udacity", "single-file", {"x/train.csv": 'a.png 4 5 20 25 0 "car"\n', "photos/a.png": picture(1)}, {
        **frame, "source": "x/train.csv", "image_dirs": ["photos"], "classes": ["car"], "images": [there("a.png", car(), split="train", **NO_SIZE)], "problems": [],
    })

    case("udacity", "bad-rows", {
        "labels.csv": 'a.png 4 5 20 25 0 "car"\na.png 4 5 20 25 0 "car"\na.png 4 x 20 25 0 "car"\nlost.png 4 5 20 25 0 "car"\na.png 4 5 20\n', "a.png": picture(1),
    }, {
        **frame, "classes": ["car"], "images": [there("a.png", car(), **NO_SIZE), image("lost.png", car(4), **NO_SIZE)],
        "problems": [
            "repeated-entry: labels.csv:2: the same as line 1; taken once",
            'bad-entry: labels.csv:3: "x" is no number',
            'missing-image: labels.csv:4: no image is called "lost.png"',
            "bad-entry: labels.csv:5: 4 fields, a row has 7",
        ],
    })
    case("udacity", "bad-splits", {"train.csv": 'a.png 4 5 20 25 0 "car"\n', "test.csv": 'a.png 4 5 20 25 0 "car"\n', "a.png": picture(1)}, {
        **frame, "classes": ["car"], "images": [there("a.png", car(), split="test", **NO_SIZE)],
        "problems": ['duplicate-image: train.csv:1: image "a.png" is in train here, and in test at test.csv:1'],
    })
    case("udacity", "bad-not-there", {"a.png": picture(1)}, {
        "from": "udacity", "error": "{input}: nothing of format udacity there; looked for CSV files with blanks between fields: an image, four numbers, 0 or 1 and a class",
    })
