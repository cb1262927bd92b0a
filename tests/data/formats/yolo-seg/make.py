"""Fixtures of YOLO (Ultralytics) with outlines."""

from fixture import case, fraction, picture, there, upright

NO_SIZE = {"size": (0, 0)}
TRIANGLE = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.75]]
QUAD = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.75], [0.125, 0.75]]


def flat(points) -> str:
    return " ".join(str(number) for point in points for number in point)


def outline(points, line=1, name="cat", **more):
    return upright(name, points, line=line, normalised=True, polygons=[points], **more)


def make() -> None:
    images = {"images/train/a.png": picture(1), "images/train/b.png": picture(2)}
    case("yolo-seg", "mixed-lines", {
        "data.yaml": "train: images/train\nnames: [cat, dog]\n", **images,
        "labels/train/a.txt": f"0 {flat(TRIANGLE)}\n1 0.3 0.5 0.4 0.66\n0 {flat(QUAD)}\n", "labels/train/b.txt": "",
    }, {
        "format": "yolo-seg", "classes": ["cat", "dog"], "ordered": True,
        "images": [there("images/train/a.png", outline(TRIANGLE), fraction("dog", 0.3, 0.5, 0.4, 0.66, line=2), outline(QUAD, 3),
                         split="train", **NO_SIZE), there("images/train/b.png", split="train", **NO_SIZE)],
        "problems": [],
    })
    case("yolo-seg", "task-says-so", {
        "data.yaml": "train: images/train\nnames: [cat]\ntask: segment\n", **images, "labels/train/a.txt": f"0 {flat(QUAD)}\n", "labels/train/b.txt": "",
    }, {
        "format": "yolo-seg", "classes": ["cat"], "ordered": True,
        "images": [there("images/train/a.png", outline(QUAD), split="train", **NO_SIZE), there("images/train/b.png", split="train", **NO_SIZE)],
        "problems": [],
    })
    case("yolo-seg", "predictions", {
        "images/a.png": picture(1), "labels/a.txt": f"0 {flat(TRIANGLE)} 0.5\n0 {flat(QUAD)} 0.25\n",
    }, {
        "format": "yolo-seg", "classes": ["class_0"], "ordered": True,
        "images": [there("images/a.png", outline(TRIANGLE, 1, "class_0", score=0.5), outline(QUAD, 2, "class_0", score=0.25), **NO_SIZE)],
        "problems": [],
    })
    case("yolo-seg", "cvat-tracks", {
        "data.yaml": "train: images/train\nnames: [cat]\n", **images,
        "labels/train/a.txt": f"0 {flat(TRIANGLE)} 1\n", "labels/train/b.txt": f"0 {flat(TRIANGLE)} 2\n",
    }, {
        "format": "yolo-seg", "classes": ["cat"], "ordered": True,
        "images": [there("images/train/a.png", outline(TRIANGLE, track=1), split="train", **NO_SIZE),
                   there("images/train/b.png", outline(TRIANGLE, track=2), split="train", **NO_SIZE)],
        "problems": [],
    })
    case("yolo-seg", "label-studio", {
        "classes.txt": "cat", "images/a.png": picture(1), "labels/a.txt": f"0 {flat(QUAD)} 0.3 0.9\n",
    }, {
        "format": "yolo-seg", "classes": ["cat"], "ordered": True, "remarks": ["names of the classes: classes.txt"],
        "images": [there("images/a.png", outline([*QUAD, [0.3, 0.9]]), **NO_SIZE)], "problems": [],
    })

    case("yolo-seg", "bad-lines", {
        "data.yaml": "train: images/train\nnames: [cat]\n", **images,
        "labels/train/a.txt": f"0 {flat(TRIANGLE)}\n0 {flat(TRIANGLE)} 0.4 9.5\n0 0.1 0.2 0.3\n", "labels/train/b.txt": "0 0.1 0.2 nan 1 1 1\n",
    }, {
        "format": "yolo-seg", "classes": ["cat"], "ordered": True,
        "images": [there("images/train/a.png", outline(TRIANGLE), split="train", **NO_SIZE)],
        "problems": [
            "bad-entry: labels/train/a.txt:2: 9.5 is no fraction of the image's size",
            "bad-entry: labels/train/a.txt:3: 4 fields, a box has 5",
            'bad-entry: labels/train/b.txt:1: "nan" is no number',
        ],
    })
    case("yolo-seg", "bad-not-there", {"a.png": picture(1)}, {
        "from": "yolov8-seg",
        "error": "{input}: nothing of format yolo-seg there; looked for a YAML file with names (or nc) and train or val, or text "
                 "files in labels/ whose lines are a class and four or more fractions",
    })
    case("yolo-seg", "bad-image", {
        "data.yaml": "train: images/train\nnames: [cat]\n", "labels/train/a.txt": f"0 {flat(TRIANGLE)}\n", "images/train/b.png": picture(1),
        "labels/train/b.txt": f"0 {flat(TRIANGLE)}\n",
    }, {
        "format": "yolo-seg", "classes": ["cat"], "ordered": True,
        "images": [there("images/train/b.png", outline(TRIANGLE), split="train", **NO_SIZE),
                   {"key": "labels/train/a.txt", "name": "a", "size": [0, 0], "split": "train", "objects": [outline(TRIANGLE)], "file": None}],
        "problems": ['missing-image: labels/train/a.txt: no image is called "a" (any image extension)'],
    })
