"""Fixtures of YOLO (Ultralytics) with keypoints."""

from fixture import case, fraction, picture, there

NO_SIZE = {"size": (0, 0)}
BOX = (0.3, 0.5, 0.4, 0.66)
LINE = "0 0.3 0.5 0.4 0.66 0.25 0.5 2 0.5 0.75 1 0 0 0\n"
POINTS = [[0.25, 0.5, 2], [0.5, 0.75, 1], [0.0, 0.0, 0]]


def person(line=1, name="person", points=POINTS, **more):
    return fraction(name, *BOX, line=line, keypoints=points, **more)


def make() -> None:
    images = {"images/train/a.png": picture(1), "images/val/b.png": picture(2)}

    def both(*objects):
        return [there("images/train/a.png", *objects, split="train", **NO_SIZE), there("images/val/b.png", split="valid", **NO_SIZE)]

    case("yolo-pose", "coco8-pose", {
        "coco8-pose.yaml": "path: coco8-pose\ntrain: images/train\nval: images/val\nkpt_shape: [3, 3]\nflip_idx: [0, 2, 1]\nnames:\n  0: person\n"
                           "kpt_names:\n  0:\n    - nose\n    - left_eye\n    - right_eye\n",
        **images, "labels/train/a.txt": LINE, "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person"], "ordered": True, "skeletons": [["person", "", ["nose", "left_eye", "right_eye"], []]],
        "images": both(person()), "problems": [],
    })
    case("yolo-pose", "without-visibility", {
        "data.yaml": "train: images/train\nval: images/val\nkpt_shape: [3, 2]\nnames: [person]\n", **images,
        "labels/train/a.txt": "0 0.3 0.5 0.4 0.66 0.25 0.5 0.5 0.75 0 0\n", "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person"], "ordered": True,
        "images": both(person(points=[[0.25, 0.5, 2], [0.5, 0.75, 2], [0.0, 0.0, 0]])), "problems": [],
    })
    case("yolo-pose", "no-shape", {
        "data.yaml": "train: images/train\nval: images/val\nnames: [person]\n", **images, "labels/train/a.txt": LINE, "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person"], "ordered": True, "images": both(person()), "problems": [],
    })
    case("yolo-pose", "with-a-plain-box", {
        "data.yaml": "train: images/train\nval: images/val\nkpt_shape: [3, 3]\nnames: [person, dog]\n", **images,
        "labels/train/a.txt": LINE + "1 0.3 0.5 0.4 0.66\n", "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person", "dog"], "ordered": True,
        "images": both(person(), fraction("dog", *BOX, line=2)), "problems": [],
    })
    case("yolo-pose", "predictions", {
        "data.yaml": "train: images/train\nval: images/val\nkpt_shape: [3, 3]\nnames: [person]\n", **images,
        "labels/train/a.txt": LINE.strip() + " 0.5\n", "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person"], "ordered": True, "images": both(person(score=0.5)), "problems": [],
    })

    case("yolo-pose", "bad-lines", {
        "data.yaml": "train: images/train\nval: images/val\nkpt_shape: [3, 3]\nnames: [person]\n", **images,
        "labels/train/a.txt": LINE + LINE.replace(" 2 ", " 25 ") + "0 0.3 0.5\n", "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person"], "ordered": True, "images": both(person()),
        "problems": ["bad-entry: labels/train/a.txt:2: 25 is no fraction of the image's size",
                     "bad-entry: labels/train/a.txt:3: 3 fields, a box has 5"],
    })
    case("yolo-pose", "bad-shape", {
        "data.yaml": "train: images/train\nval: images/val\nkpt_shape: [3, 7]\nnames: [person]\n", **images,
        "labels/train/a.txt": LINE + "7 0.3 0.5 0.4 0.66 0.25 0.5 2 0.5 0.75 1 0 0 0\n", "labels/val/b.txt": "",
    }, {
        "format": "yolo-pose", "classes": ["person"], "ordered": True, "images": both(person()),
        "problems": ["ignored-field: data.yaml:3: kpt_shape is not a number of points and 2 or 3",
                     "bad-entry: labels/train/a.txt:2: class 7 is none of the 1 in data.yaml"],
    })
    case("yolo-pose", "bad-not-there", {"a.png": picture(1)}, {
        "from": "yolo-pose",
        "error": "{input}: nothing of format yolo-pose there; looked for a YAML file with names (or nc) and train or val, or text "
                 "files in labels/ whose lines are a class and four or more fractions",
    })
