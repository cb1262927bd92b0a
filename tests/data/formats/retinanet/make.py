"""Fixtures of Keras RetinaNet's CSV."""

from fixture import case, image, obj, picture, there

NO_SIZE = {"size": (0, 0)}


def cat(line=1, name="cat", box=(4, 5, 20, 25)):
    return obj(name, box, line=line)


def make() -> None:
    case("retinanet", "roboflow", {
        "train/_annotations.csv": "a.png,4,5,20,25,cat\na.png,0,0,40,30,traffic sign\nb.png,,,,,\n", "train/_classes.csv": "traffic sign,1\ncat,0\n",
        "train/a.png": picture(1), "train/b.png": picture(2),
        "valid/_annotations.csv": "a.png,4,5,20,25,cat\n", "valid/_classes.csv": "cat,0\ntraffic sign,1\n", "valid/a.png": picture(3),
    }, {
        "format": "retinanet", "classes": ["cat", "traffic sign"], "ordered": True,
        "images": [there("train/a.png", cat(), cat(2, "traffic sign", (0, 0, 40, 30)), split="train", **NO_SIZE), there("train/b.png", split="train", **NO_SIZE),
                   there("valid/a.png", cat(), split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("retinanet", "fizyr", {
        "annotations.csv": "/data/imgs/img_001.png,4,5,20,25,cow\r\n/data/imgs/img_002.png,4,5,20,25,cat\r\n/data/imgs/img_003.png,,,,,\r\n",
        "classes.csv": "cow,0\r\ncat,1\r\nbird,2\r\n",
        "imgs/img_001.png": picture(1), "imgs/img_002.png": picture(2), "imgs/img_003.png": picture(3), "imgs/img_004.png": picture(4),
    }, {
        "format": "retinanet", "classes": ["cow", "cat", "bird"], "ordered": True, "remarks": ["images in no row, left out: 1"],
        "images": [there("imgs/img_001.png", cat(1, "cow"), name="/data/imgs/img_001.png", **NO_SIZE), there("imgs/img_002.png", cat(2), name="/data/imgs/img_002.png", **NO_SIZE),
                   there("imgs/img_003.png", name="/data/imgs/img_003.png", **NO_SIZE)],
        "problems": [],
    })
    case("retinanet", "no-classes", {"train.csv": "a.png,4,5,20,25,dog\na.png,4,5,20,25,cat\n", "a.png": picture(1)}, {
        "format": "retinanet", "classes": ["dog", "cat"], "ordered": False, "images": [there("a.png", cat(1, "dog"), cat(2), split="train", **NO_SIZE)], "problems": [],
    })
    case("retinanet", "single-file", {"lists/val.csv": "a.png,4,5,20,25,cat\n", "lists/classes.csv": "cat,0\n", "photos/a.png": picture(1)}, {
        "source": "lists/val.csv", "image_dirs": ["photos"], "format": "retinanet", "classes": ["cat"], "ordered": True,
        "images": [there("a.png", cat(), split="valid", **NO_SIZE)], "problems": [],
    })
    case("retinanet", "floats-and-quotes", {"a.csv": '"a.png",4.5,5.0,20.25,25,"big, cat"\n', "a.png": picture(1)}, {
        "format": "retinanet", "classes": ["big, cat"], "ordered": False, "images": [there("a.png", cat(1, "big, cat", (4.5, 5, 20.25, 25)), **NO_SIZE)], "problems": [],
    })

    case("retinanet", "bad-rows", {
        "a.csv": "a.png,4,5,20,25,cat\na.png,4,5,20,25,cat\nb.png,4,x,20,25,cat\nlost.png,4,5,20,25,cat\n,4,5,20,25,cat\na.png,1,2,3,4,\nb.png,1,2,3\na.png,4,5,20,25,dog\n",
        "classes.csv": "cat,0\n", "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "retinanet", "classes": ["cat", "dog"], "ordered": True, "remarks": ["images in no row, left out: 1"],
        "images": [there("a.png", cat(), cat(8, "dog"), **NO_SIZE), image("lost.png", cat(4), **NO_SIZE)],
        "problems": [
            "repeated-entry: a.csv:2: the same as line 1; taken once",
            'bad-entry: a.csv:3: "x" is no number',
            'missing-image: a.csv:4: no image is called "lost.png"',
            "bad-entry: a.csv:5: no image's name",
            "bad-entry: a.csv:6: no class",
            "bad-entry: a.csv:7: 4 fields, a row has 6",
            'ignored-field: a.csv:8: class "dog" is in no file of classes; added behind them',
        ],
    })
    case("retinanet", "bad-splits", {"train.csv": "a.png,4,5,20,25,cat\n", "test.csv": "a.png,4,5,20,25,cat\n", "a.png": picture(1)}, {
        "format": "retinanet", "classes": ["cat"], "ordered": False, "images": [there("a.png", cat(), split="test", **NO_SIZE)],
        "problems": ['duplicate-image: train.csv:1: image "a.png" is in train here, and in test at test.csv:1'],
    })
    case("retinanet", "bad-not-there", {"a.png": picture(1)}, {
        "from": "retinanet",
        "error": "{input}: nothing of format retinanet there; looked for CSV files without header whose rows are an image, four "
                 "numbers and a class",
    })
