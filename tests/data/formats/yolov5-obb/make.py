"""Fixtures of YOLOv5-OBB."""

from fixture import case, picture, there, unlabelled, upright

NO_SIZE = {"size": (0, 0)}
TURNED = [[10.0, 2.0], [20.0, 8.0], [16.0, 15.0], [6.0, 9.0]]
LINE = "10 2 20 8 16 15 6 9 ship 0\n"
YAML = "train: ../train/images\nval: ../valid/images\n\nnc: 2\nnames: ['car', 'ship']\n"


def ship(line=1, name="ship", flags=("not difficult",)):
    return upright(name, TURNED, line=line, corners=TURNED, flags=list(flags))


def make() -> None:
    def one(*objects, **more):
        return [there("train/images/a.png", *objects, split="train", **NO_SIZE, **more)]

    image = {"train/images/a.png": picture(1)}
    frame = {"format": "yolov5-obb", "classes": ["car", "ship"], "ordered": True}
    no_valid = 'ignored-field: data.yaml:2: valid: "../valid/images" leads to nothing here'
    case("yolov5-obb", "roboflow", {
        "data.yaml": YAML, "README.roboflow.txt": "p - v1\n", **image, "train/labelTxt/a.txt": LINE + LINE.replace("ship 0", "car 1"),
        "valid/images/a.png": picture(2), "valid/labelTxt/a.txt": "",
    }, {
        **frame, "images": [*one(ship(), ship(2, "car", ["difficult"])), there("valid/images/a.png", split="valid", **NO_SIZE)], "problems": [],
    })
    case("yolov5-obb", "images-first", {
        "dota.yaml": "path: ../dataset\ntrain: images/train\nval: images/val\nnames:\n  0: car\n  1: ship\n",
        "images/train/a.png": picture(1), "labelTxt/train/a.txt": LINE, "images/val/b.png": picture(2),
    }, {
        **frame, "images": [there("images/train/a.png", ship(), split="train", **NO_SIZE), there("images/val/b.png", split="valid", **NO_SIZE)],
        "problems": [unlabelled("images/val/b.png")],
    })
    case("yolov5-obb", "another-class", {"data.yaml": YAML, **image, "train/labelTxt/a.txt": LINE.replace("ship", "plane")}, {
        **frame, "classes": ["car", "ship", "plane"], "images": one(ship(1, "plane")), "problems": [no_valid],
    })
    case("yolov5-obb", "source-is-yaml", {"data.yaml": YAML, **image, "train/labelTxt/a.txt": LINE}, {
        **frame, "source": "data.yaml", "images": one(ship()), "problems": [no_valid],
    })
    case("yolov5-obb", "lists", {
        "data.yaml": "train: train.txt\nnames: [car, ship]\n", "train.txt": "images/a.png\n", "images/a.png": picture(1), "labelTxt/a.txt": LINE,
    }, {
        **frame, "images": [there("images/a.png", ship(), split="train", **NO_SIZE)], "problems": [],
    })

    case("yolov5-obb", "bad-lines", {"data.yaml": YAML, **image, "train/labelTxt/a.txt": LINE + "1 2 3 4 ship 0\n" + LINE}, {
        **frame, "images": one(ship()),
        "problems": [no_valid, "bad-entry: train/labelTxt/a.txt:2: 6 fields, a turned box has 10 (four corners, class, difficult)",
                     "repeated-entry: train/labelTxt/a.txt:3: the same as line 1; taken once"],
    })
    case("yolov5-obb", "bad-image", {"data.yaml": YAML, **image, "train/labelTxt/a.txt": LINE, "train/labelTxt/b.txt": LINE}, {
        **frame, "images": [*one(ship()), {"key": "train/labelTxt/b.txt", "name": "b", "size": [0, 0], "split": "train", "objects": [ship()], "file": None}],
        "problems": [no_valid, 'missing-image: train/labelTxt/b.txt: no image is called "b" (any image extension)'],
    })
    case("yolov5-obb", "bad-not-there", {"a.png": picture(1)}, {
        "from": "yolov5-obb",
        "error": "{input}: nothing of format yolov5-obb there; looked for data.yaml, and text files whose lines are eight numbers, "
                 "a class and whether it is difficult",
    })
