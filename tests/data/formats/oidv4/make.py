"""Fixtures of the OIDv4 toolkit's folders."""

from fixture import case, obj, picture, there, unlabelled

NO_SIZE = {"size": (0, 0)}
LINE = "Traffic light 4.5 5.0 20.0 25.25\n"


def light(line=1, name="Traffic light"):
    return obj(name, (4.5, 5, 20, 25.25), line=line)


def make() -> None:
    case("oidv4", "toolkit", {
        "OID/Dataset/train/Traffic light/a.png": picture(1), "OID/Dataset/train/Traffic light/Label/a.txt": LINE + "Traffic light 0 0 40 30\n",
        "OID/Dataset/train/Apple/a.png": picture(1), "OID/Dataset/train/Apple/Label/a.txt": LINE.replace("Traffic light", "Apple"),
        "OID/Dataset/validation/Apple/b.png": picture(2), "OID/Dataset/validation/Apple/Label/b.txt": "",
    }, {
        "format": "oidv4", "classes": ["Apple", "Traffic light"], "ordered": False,
        "images": [there("OID/Dataset/train/Apple/a.png", light(1, "Apple"), split="train", **NO_SIZE),
                   there("OID/Dataset/train/Traffic light/a.png", light(), obj("Traffic light", (0, 0, 40, 30), line=2), split="train", **NO_SIZE),
                   there("OID/Dataset/validation/Apple/b.png", split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("oidv4", "one-folder", {"a.png": picture(1), "Label/a.txt": LINE}, {
        "format": "oidv4", "classes": ["Traffic light"], "ordered": False, "images": [there("a.png", light(), **NO_SIZE)], "problems": [],
    })
    case("oidv4", "multi-classes", {
        "train/Apple_Orange/a.png": picture(1), "train/Apple_Orange/Label/a.txt": "Apple 1 2 3 4\nOrange 5 6 7 8\n", "train/Apple_Orange/b.png": picture(2),
    }, {
        "format": "oidv4", "classes": ["Apple", "Orange"], "ordered": False,
        "images": [there("train/Apple_Orange/a.png", obj("Apple", (1, 2, 3, 4), line=1), obj("Orange", (5, 6, 7, 8), line=2), split="train", **NO_SIZE),
                   there("train/Apple_Orange/b.png", split="train", **NO_SIZE)],
        "problems": [unlabelled("train/Apple_Orange/b.png")],
    })
    case("oidv4", "windows", {"test/Apple/a.png": picture(1), "test/Apple/Label/a.txt": "Apple\t1 2  3 4\r\n\r\n"}, {
        "format": "oidv4", "classes": ["Apple"], "ordered": False,
        "images": [there("test/Apple/a.png", obj("Apple", (1, 2, 3, 4), line=1), split="test", **NO_SIZE)], "problems": [],
    })
    case("oidv4", "single-file", {"Label/a.txt": LINE, "Label/b.txt": LINE, "photos/a.png": picture(1)}, {
        "source": "Label/a.txt", "image_dirs": ["photos"], "from": "oidv4", "format": "oidv4", "classes": ["Traffic light"], "ordered": False,
        "images": [there("a.png", light(), **NO_SIZE)], "problems": [],
    })

    case("oidv4", "bad-lines", {
        "Apple/a.png": picture(1), "Apple/Label/a.txt": "Apple 1 2 3 4\nApple 1 2 3\nApple 1 2 x 4\n1 2 3 4\n", "Apple/b.png": picture(2), "Apple/Label/b.txt": "?\n",
    }, {
        "format": "oidv4", "classes": ["Apple"], "ordered": False, "images": [there("Apple/a.png", obj("Apple", (1, 2, 3, 4), line=1), **NO_SIZE)],
        "problems": [
            'bad-entry: Apple/Label/a.txt:2: "Apple" is no number',
            'bad-entry: Apple/Label/a.txt:3: "x" is no number',
            'bad-entry: Apple/Label/a.txt:4: "" is no name of a class',
            "bad-entry: Apple/Label/b.txt:1: 1 fields, an object has a class and four numbers",
        ],
    })
    case("oidv4", "bad-image", {"Apple/a.png": picture(1), "Apple/Label/a.txt": "Apple 1 2 3 4\n", "Apple/Label/b.txt": "Apple 1 2 3 4\n"}, {
        "format": "oidv4", "classes": ["Apple"], "ordered": False,
        "images": [{"key": "Apple/Label/b.txt", "name": "b", "size": [0, 0], "split": None, "objects": [obj("Apple", (1, 2, 3, 4), line=1)], "file": None},
                   there("Apple/a.png", obj("Apple", (1, 2, 3, 4), line=1), **NO_SIZE)],
        "problems": ['missing-image: Apple/Label/b.txt: no image is called "b" (any image extension)'],
    })
    case("oidv4", "bad-not-there", {"a.png": picture(1)}, {
        "from": "oidv4",
        "error": "{input}: nothing of format oidv4 there; looked for text files in folders Label, whose lines are a class and four "
                 "numbers of pixels",
    })
