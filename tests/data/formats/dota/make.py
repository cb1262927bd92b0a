"""Fixtures of DOTA."""

from fixture import case, picture, there, unlabelled, upright

NO_SIZE = {"size": (0, 0)}
TURNED = [[10.0, 2.0], [20.0, 8.5], [16.0, 15.0], [6.0, 9.0]]
LINE = "10.0 2.0 20.0 8.5 16.0 15.0 6.0 9.0 ship 0\n"
HEAD = "imagesource:GoogleEarth\ngsd:0.146343590398\n"


def ship(line=3, name="ship", **more):
    return upright(name, TURNED, line=line, corners=TURNED, **more)


def make() -> None:
    case("dota", "dota-v1", {
        "train/images/P0000.png": picture(1), "train/labelTxt/P0000.txt": HEAD + LINE + LINE.replace("ship 0", "large-vehicle 1"),
        "val/images/P0000.png": picture(2), "val/labelTxt/P0000.txt": HEAD,
    }, {
        "format": "dota", "classes": ["ship", "large-vehicle"], "ordered": False,
        "images": [there("train/images/P0000.png", ship(flags=["not difficult"]), ship(4, "large-vehicle", flags=["difficult"]),
                         split="train", **NO_SIZE), there("val/images/P0000.png", split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("dota", "beside", {"a.png": picture(1), "a.txt": LINE, "b.png": picture(2)}, {
        "format": "dota", "classes": ["ship"], "ordered": False,
        "images": [there("a.png", ship(1, flags=["not difficult"]), **NO_SIZE), there("b.png", **NO_SIZE)], "problems": [unlabelled("b.png")],
    })
    case("dota", "very-difficult", {
        "images/a.png": picture(1), "labelTxt/a.txt": LINE.replace("ship 0", "ship 2") + LINE.replace("ship 0", "small ship"),
    }, {
        "format": "dota", "classes": ["ship", "small ship"], "ordered": False,
        "images": [there("images/a.png", ship(1, flags=["difficult"]), ship(2, "small ship"), **NO_SIZE)], "problems": [],
    })
    case("dota", "split-tools", {
        "trainsplit/images/P0__1__0___0.png": picture(1), "trainsplit/annfiles/P0__1__0___0.txt": "10.0 2.0 20.0 8.5 16.0 15.0 6.0 9.0 ship 0",
    }, {
        "format": "dota", "classes": ["ship"], "ordered": False,
        "images": [there("trainsplit/images/P0__1__0___0.png", ship(1, flags=["not difficult"]), **NO_SIZE)], "problems": [],
    })
    case("dota", "windows", {"images/a.png": picture(1), "labelTxt/a.txt": "\ufeff" + (HEAD + LINE).replace("\n", "\r\n")}, {
        "format": "dota", "classes": ["ship"], "ordered": False,
        "images": [there("images/a.png", ship(flags=["not difficult"]), **NO_SIZE)], "problems": [],
    })

    case("dota", "bad-lines", {
        "images/a.png": picture(1), "images/b.png": picture(2),
        "labelTxt/a.txt": HEAD + LINE + "1 2 3 4 5 6 ship 0\n" + LINE.replace("8.5", "x") + "1 2 3 4 5 6 7 8 9 0\n",
        "labelTxt/b.txt": "1 2 3\n",
    }, {
        "format": "dota", "classes": ["ship"], "ordered": False,
        "images": [there("images/a.png", ship(flags=["not difficult"]), **NO_SIZE)],
        "problems": [
            "bad-entry: labelTxt/a.txt:4: 8 fields, a turned box has 10 (four corners, class, difficult)",
            'bad-entry: labelTxt/a.txt:5: "x" is no number',
            'bad-entry: labelTxt/a.txt:6: "9" is no name of a class',
            "bad-entry: labelTxt/b.txt:1: 3 fields, a turned box has 10 (four corners, class, difficult)",
        ],
    })
    case("dota", "bad-image", {"images/b.png": picture(1), "labelTxt/a.txt": LINE, "labelTxt/b.txt": LINE}, {
        "format": "dota", "classes": ["ship"], "ordered": False,
        "images": [there("images/b.png", ship(1, flags=["not difficult"]), **NO_SIZE),
                   {"key": "labelTxt/a.txt", "name": "a", "size": [0, 0], "split": None, "objects": [ship(1, flags=["not difficult"])], "file": None}],
        "problems": ['missing-image: labelTxt/a.txt: no image is called "a" (any image extension)'],
    })
    case("dota", "bad-not-there", {"a.png": picture(1)}, {
        "from": "dota",
        "error": "{input}: nothing of format dota there; looked for text files whose lines are eight numbers, a class and whether "
                 "it is difficult",
    })
