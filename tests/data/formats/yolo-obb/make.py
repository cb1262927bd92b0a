"""Fixtures of YOLO (Ultralytics) with turned boxes."""

from fixture import case, fraction, picture, there, upright

NO_SIZE = {"size": (0, 0)}
TURNED = [[0.25, 0.1], [0.5, 0.3], [0.375, 0.5], [0.125, 0.25]]
LINE = "0 0.25 0.1 0.5 0.3 0.375 0.5 0.125 0.25\n"


def turned(line=1, name="ship", **more):
    return upright(name, TURNED, line=line, normalised=True, corners=TURNED, **more)


def make() -> None:
    images = {"images/train/a.png": picture(1), "images/train/b.png": picture(2)}
    both = [there("images/train/a.png", turned(), split="train", **NO_SIZE), there("images/train/b.png", split="train", **NO_SIZE)]
    case("yolo-obb", "dota8", {
        "data.yaml": "path: ../datasets/dota8\ntrain: images/train\nval: images/val\nnames: {0: ship}\n", **images,
        "labels/train/a.txt": LINE, "labels/train/b.txt": "", "images/val/c.png": picture(3), "labels/val/c.txt": LINE,
    }, {
        "format": "yolo-obb", "classes": ["ship"], "ordered": True,
        "images": [*both, there("images/val/c.png", turned(), split="valid", **NO_SIZE)], "problems": [],
    })
    case("yolo-obb", "task-says-so", {
        "data.yaml": "train: images/train\nnames: [ship, car]\ntask: obb\n", **images,
        "labels/train/a.txt": LINE + "1 0.3 0.5 0.4 0.66\n", "labels/train/b.txt": "",
    }, {
        "format": "yolo-obb", "classes": ["ship", "car"], "ordered": True,
        "images": [there("images/train/a.png", turned(), fraction("car", 0.3, 0.5, 0.4, 0.66, line=2), split="train", **NO_SIZE), both[1]],
        "problems": [],
    })
    case("yolo-obb", "name-says-so", {
        "ships-obb.yaml": "train: images/train\nnames: [ship, car]\n", **images,
        "labels/train/a.txt": LINE + "1 0.3 0.5 0.4 0.66\n", "labels/train/b.txt": "",
    }, {
        "format": "yolo-obb", "classes": ["ship", "car"], "ordered": True,
        "images": [there("images/train/a.png", turned(), fraction("car", 0.3, 0.5, 0.4, 0.66, line=2), split="train", **NO_SIZE), both[1]],
        "problems": [],
    })
    case("yolo-obb", "predictions", {
        "data.yaml": "train: images/train\nnames: [ship]\ntask: obb\n", **images,
        "labels/train/a.txt": LINE.strip() + " 0.5\n", "labels/train/b.txt": "",
    }, {
        "format": "yolo-obb", "classes": ["ship"], "ordered": True,
        "images": [there("images/train/a.png", turned(score=0.5), split="train", **NO_SIZE), both[1]], "problems": [],
    })
    case("yolo-obb", "label-studio", {
        "classes.txt": "ship\n", "images/a.png": picture(1), "labels/a.txt": LINE,
    }, {
        "format": "yolo-obb", "classes": ["ship"], "ordered": True, "remarks": ["names of the classes: classes.txt"],
        "images": [there("images/a.png", turned(), **NO_SIZE)], "problems": [],
    })

    case("yolo-obb", "bad-lines", {
        "data.yaml": "train: images/train\nnames: [ship]\n", **images,
        "labels/train/a.txt": LINE + LINE.replace("0.25 0.1", "250 10"), "labels/train/b.txt": LINE.replace("0 ", "ship ", 1) + LINE,
    }, {
        "format": "yolo-obb", "classes": ["ship"], "ordered": True,
        "images": [there("images/train/a.png", turned(), split="train", **NO_SIZE),
                   there("images/train/b.png", turned(2), split="train", **NO_SIZE)],
        "problems": ["bad-entry: labels/train/a.txt:2: 250 is no fraction of the image's size",
                     'bad-entry: labels/train/b.txt:1: "ship" is no number of a class'],
    })
    case("yolo-obb", "bad-class", {
        "data.yaml": "train: images/train\nnames: [ship]\n", **images, "labels/train/a.txt": LINE, "labels/train/b.txt": LINE.replace("0 ", "1 ", 1),
    }, {
        "format": "yolo-obb", "classes": ["ship"], "ordered": True, "images": [both[0]],
        "problems": ["bad-entry: labels/train/b.txt:1: class 1 is none of the 1 in data.yaml"],
    })
    case("yolo-obb", "bad-not-there", {"a.png": picture(1)}, {
        "from": "yolo-obb",
        "error": "{input}: nothing of format yolo-obb there; looked for a YAML file with names (or nc) and train or val, or text "
                 "files in labels/ whose lines are a class and four or more fractions",
    })
