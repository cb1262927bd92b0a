"""Fixtures of YOLO (Ultralytics) with boxes."""

from fixture import case, fraction, picture, there, unlabelled

NO_SIZE = {"size": (0, 0)}
BOX = (0.3, 0.5, 0.4, 0.66)
LINE = "0 0.3 0.5 0.4 0.66\n"


def cat(line=1, name="cat", box=BOX, **more):
    return fraction(name, *box, line=line, **more)


def make() -> None:
    # Roboflow's paths are wrong as they stand: relative to data.yaml there is no `../train`.
    case("yolo", "roboflow-v8", {
        "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\nnames: ['cat', 'traffic sign']\n\n"
                     "roboflow:\n  workspace: w\n  project: p\n  version: 1\n  license: CC BY 4.0\n  url: https://universe.roboflow.com/w/p/1\n",
        "README.roboflow.txt": "\np - v1\n==============================\n", "README.dataset.txt": "# p > 1\n",
        "train/images/a_jpg.rf.1.png": picture(1), "train/labels/a_jpg.rf.1.txt": "0 0.3 0.5 0.4 0.66\n1 0.5 0.5 1 1",
        "train/images/b_jpg.rf.2.png": picture(2), "train/labels/b_jpg.rf.2.txt": "",
        "valid/images/a_jpg.rf.1.png": picture(3), "valid/labels/a_jpg.rf.1.txt": "1 0.25 0.25 0.5 0.5",
    }, {
        "format": "yolo", "classes": ["cat", "traffic sign"], "ordered": True,
        "images": [
            there("train/images/a_jpg.rf.1.png", cat(), cat(2, "traffic sign", (0.5, 0.5, 1, 1)), split="train", **NO_SIZE),
            there("train/images/b_jpg.rf.2.png", split="train", **NO_SIZE),
            there("valid/images/a_jpg.rf.1.png", cat(1, "traffic sign", (0.25, 0.25, 0.5, 0.5)), split="valid", **NO_SIZE),
        ],
        "problems": ["ignored-field: data.yaml:3: test: \"../test/images\" leads to nothing here"],
    })

    # What a training leaves behind is not the dataset's; a test set that data.yaml forgot is.
    rest = {"runs/detect/predict/new.png": picture(5), "runs/detect/predict/labels/new.txt": LINE, "runs/train/exp/plot.png": picture(6)}
    case("yolo", "images-elsewhere", {
        "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test2/images\nnames: [cat]\n",
        "train/images/a.png": picture(1), "train/labels/a.txt": LINE, "valid/images/b.png": picture(2), "valid/labels/b.txt": "",
        "test/images/c.png": picture(3), "test/labels/c.txt": LINE, **rest,
    }, {
        "format": "yolo", "classes": ["cat"], "ordered": True,
        "remarks": ["images that the dataset file does not speak of, left out: 2"],
        "images": [there("test/images/c.png", cat(), split="test", **NO_SIZE), there("train/images/a.png", cat(), split="train", **NO_SIZE),
                   there("valid/images/b.png", split="valid", **NO_SIZE)],
        "problems": ['ignored-field: data.yaml:3: test: "../test2/images" leads to nothing here'],
    })
    case("yolo", "images-in-no-list", {
        "data.yaml": "train: train.txt\nval: val.txt\nnames: [cat]\n", "train.txt": "images/a.png\nimages/b.png\n", "val.txt": "./images/b.png\n",
        **{f"images/{name}.png": picture(number) for number, name in enumerate("abc")}, **{f"labels/{name}.txt": LINE for name in "abc"},
    }, {
        "format": "yolo", "classes": ["cat"], "ordered": True,
        "remarks": ["images that the dataset file does not speak of, left out: 1"],
        "images": [there("images/a.png", cat(), split="train", **NO_SIZE), there("images/b.png", cat(), split="train", **NO_SIZE)],
        "problems": ["ignored-field: val.txt: images of this list of valid that a list of train has, and that stay there: 1"],
    })
    case("yolo", "one-folder-for-all", {
        "data.yaml": "train: images/train\nval: images/train\nnames: [cat]\n", "images/train/a.png": picture(1), "labels/train/a.txt": LINE,
    }, {
        "format": "yolo", "classes": ["cat"], "ordered": True,
        "images": [there("images/train/a.png", cat(), split="train", **NO_SIZE)],
        "problems": ['ignored-field: data.yaml:2: valid: "images/train" is a folder of train already, and its images stay there'],
    })
    # Downloads side by side: each has its own folders.
    case("yolo", "datasets-side-by-side", {
        f"{folder}/{path}": content for folder, names, number in (("cars", "[car, bus]", 1), ("signs", "[stop, bus]", 2)) for path, content in {
            "data.yaml": f"train: ../train/images\nval: ../held/images\nnc: 2\nnames: {names}\n",
            "train/images/a.png": picture(number), "train/labels/a.txt": LINE,
            "held/images/b.png": picture(number + 2), "held/labels/b.txt": "1 0.3 0.5 0.4 0.66\n",
        }.items()
    }, {
        "format": "yolo", "classes": ["car", "bus", "stop"], "ordered": True,
        "remarks": ["names of the classes: cars/data.yaml, signs/data.yaml, each for its folder"],
        "images": [there("cars/held/images/b.png", cat(1, "bus"), split="valid", **NO_SIZE),
                   there("cars/train/images/a.png", cat(1, "car"), split="train", **NO_SIZE),
                   there("signs/held/images/b.png", cat(1, "bus"), split="valid", **NO_SIZE),
                   there("signs/train/images/a.png", cat(1, "stop"), split="train", **NO_SIZE)],
        "problems": [],
    })

    # Lists of names have no comments.
    case("yolo", "names-with-hashes", {
        "classes.txt": "#1 bolt\nnut\n", "images/train/a.png": picture(1), "labels/train/a.txt": LINE + "1 0.5 0.5 1 1\n",
    }, {
        "format": "yolo", "classes": ["#1 bolt", "nut"], "ordered": True, "remarks": ["names of the classes: classes.txt"],
        "images": [there("images/train/a.png", cat(1, "#1 bolt"), cat(2, "nut", (0.5, 0.5, 1, 1)), split="train", **NO_SIZE)],
        "problems": [],
    })

    # Ultralytics' own: names by number, a path on another machine, images/ first, folders below the split.
    case("yolo", "coco8", {
        "coco8.yaml": "# COCO8\npath: /home/me/datasets/coco8 # dataset root dir\ntrain: images/train\nval: images/val\ntest: # optional\n\n"
                      "# Classes\nnames:\n  0: no\n  1: on\n  2: 'off'\n\ndownload: https://ultralytics.com/assets/coco8.zip\n",
        "images/train/day/1.png": picture(1), "labels/train/day/1.txt": "1\t0.3  0.5 0.4 0.66\r\n0.0 0.5 0.5 1 1\r\n\r\n",
        "images/train/night/1.png": picture(2), "labels/train/night/1.txt": "2 0.3 0.5 0.4 0.66\n",
        "images/train/2.png": picture(3),
        "images/val/3.png": picture(4), "labels/val/3.txt": LINE,
    }, {
        "format": "yolo", "classes": ["no", "on", "off"], "ordered": True,
        "images": [
            there("images/train/2.png", split="train", **NO_SIZE),
            there("images/train/day/1.png", cat(1, "on"), cat(2, "no", (0.5, 0.5, 1, 1)), split="train", **NO_SIZE),
            there("images/train/night/1.png", cat(1, "off"), split="train", **NO_SIZE),
            there("images/val/3.png", cat(1, "no"), split="valid", **NO_SIZE),
        ],
        "problems": [unlabelled("images/train/2.png")],
    })

    # MT-YOLOv6's order of folders, the split as it is called there; no splits in data.yaml's own folders.
    case("yolo", "mt-yolov6", {
        "data.yaml": "train: ./images/train\nval: ./images/valid\ntest: ./images/test\nnc: 1\nnames: [cat]\n",
        "images/train/a.png": picture(1), "labels/train/a.txt": LINE, "images/valid/b.png": picture(2), "labels/valid/b.txt": LINE,
        "images/test/c.png": picture(3), "labels/test/c.txt": "",
    }, {
        "format": "yolo", "classes": ["cat"], "ordered": True,
        "images": [there("images/test/c.png", split="test", **NO_SIZE), there("images/train/a.png", cat(), split="train", **NO_SIZE),
                   there("images/valid/b.png", cat(), split="valid", **NO_SIZE)],
        "problems": [],
    })

    case("yolo", "label-studio", {
        "classes.txt": "cat\ndog\n",
        "notes.json": '{"categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}], '
                      '"info": {"year": 2024, "version": "1.0", "contributor": "Label Studio"}}',
        "images/1a2b-a.png": picture(1), "labels/1a2b-a.txt": "1 0.3 0.5 0.4 0.66\n", "images/b.png": picture(2), "labels/b.txt": "",
    }, {
        "format": "yolo", "classes": ["cat", "dog"], "ordered": True, "remarks": ["names of the classes: classes.txt"],
        "images": [there("images/1a2b-a.png", cat(1, "dog"), **NO_SIZE), there("images/b.png", **NO_SIZE)], "problems": [],
    })
    case("yolo", "notes-only", {
        "notes.json": '{"categories": [{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}], "info": {}}',
        "images/a.png": picture(1), "labels/a.txt": "1 0.3 0.5 0.4 0.66\n",
    }, {
        "format": "yolo", "classes": ["cat", "dog"], "ordered": True, "remarks": ["names of the classes: notes.json"],
        "images": [there("images/a.png", cat(1, "dog"), **NO_SIZE)], "problems": [],
    })

    # CVAT: lists of images, tracks behind the boxes; a class without a name in the middle.
    case("yolo", "cvat-lists", {
        "data.yaml": "names:\n  0: cat\n  2: dog\npath: .\ntrain: train.txt\nval: [val.txt]\n",
        "train.txt": "data/images/train/frame_000000.png\ndata/images/train/frame_000001.png\n", "val.txt": "./images/train/frame_000002.png\n",
        "images/train/frame_000000.png": picture(1), "labels/train/frame_000000.txt": "0 0.3 0.5 0.4 0.66 7\n2 0.5 0.5 1 1 8\n",
        "images/train/frame_000001.png": picture(2), "labels/train/frame_000001.txt": "0 0.3 0.5 0.4 0.66 7\n",
        "images/train/frame_000002.png": picture(3), "labels/train/frame_000002.txt": "2 0.3 0.5 0.4 0.66\n",
    }, {
        "format": "yolo", "classes": ["cat", "dog"], "ordered": True, "class_ids": [0, 2],
        "images": [
            there("images/train/frame_000000.png", cat(track=7), cat(2, "dog", (0.5, 0.5, 1, 1), track=8), split="train", **NO_SIZE),
            there("images/train/frame_000001.png", cat(track=7), split="train", **NO_SIZE),
            there("images/train/frame_000002.png", cat(1, "dog"), split="valid", **NO_SIZE),
        ],
        "problems": [],
    })

    case("yolo", "no-yaml", {
        "train/images/a.png": picture(1), "train/labels/a.txt": "3 0.3 0.5 0.4 0.66\n0 0.5 0.5 1 1\n", "test/images/a.png": picture(2),
    }, {
        "format": "yolo", "classes": ["class_0", "class_3"], "ordered": True, "class_ids": [0, 3],
        "images": [there("test/images/a.png", split="test", **NO_SIZE),
                   there("train/images/a.png", cat(1, "class_3"), cat(2, "class_0", (0.5, 0.5, 1, 1)), split="train", **NO_SIZE)],
        "problems": [unlabelled("test/images/a.png")],
    })

    case("yolo", "predictions", {
        "dataset.yaml": "nc: 1\nval: images\n", "images/a.png": picture(1), "labels/a.txt": "0 0.3 0.5 0.4 0.66 0.875\n0 0.5 0.5 1 1 1\n",
    }, {
        "source": "dataset.yaml", "format": "yolo", "classes": ["class_0"], "ordered": True,
        "images": [there("images/a.png", cat(1, "class_0", score=0.875), cat(2, "class_0", (0.5, 0.5, 1, 1), score=1.0), split="valid", **NO_SIZE)],
        "problems": [],
    })

    case("yolo", "empty", {
        "data.yaml": "names: {0: cat}\ntrain: images\n", "images/a.png": picture(1), "labels/a.txt": "",
    }, {
        "format": "yolo", "classes": ["cat"], "ordered": True, "images": [there("images/a.png", split="train", **NO_SIZE)], "problems": [],
    })

    case("yolo", "bad-lines", {
        "data.yaml": "train: images\nnc: 3\nnames: [cat, dog]\n",
        "images/a.png": picture(1), "images/b.png": picture(2),
        "labels/a.txt": "0 0.3 0.5 0.4 0.66\n0 0.3 0.5 0.4 0.66\n0 120 80 40 30\ncat 0.3 0.5 0.4 0.66\n2 0.3 0.5 0.4 0.66\n0 0.3 0.5\n0 0.3 x 0.4 0.66\n",
        "labels/b.txt": "5 0.3 0.5 0.4 0.66\n", "labels/c.txt": LINE,
    }, {
        "format": "yolo", "classes": ["cat", "dog"], "ordered": True,
        "images": [there("images/a.png", cat(), split="train", **NO_SIZE),
                   {"key": "labels/c.txt", "name": "c", "size": [0, 0], "split": "train", "objects": [cat()], "file": None}],
        "problems": [
            "ignored-field: data.yaml:2: nc is 3, and there are 2 names",
            'missing-image: labels/c.txt: no image is called "c" (any image extension)',
            "repeated-entry: labels/a.txt:2: the same as line 1; taken once",
            "bad-entry: labels/a.txt:3: 120 is no fraction of the image's size",
            'bad-entry: labels/a.txt:4: "cat" is no number of a class',
            "bad-entry: labels/a.txt:6: 3 fields, a box has 5",
            'bad-entry: labels/a.txt:7: "x" is no number',
            "bad-entry: labels/a.txt:5: class 2 is none of the 2 in data.yaml",
            "bad-entry: labels/b.txt:1: class 5 is none of the 2 in data.yaml",
        ],
    })
    case("yolo", "bad-yaml", {
        "data.yaml": "train: images\nnames: [cat, dog\nnc: 2\n", "images/a.png": picture(1), "labels/a.txt": LINE,
    }, {
        "format": "yolo", "classes": ["class_0"], "ordered": True,
        "images": [there("images/a.png", cat(1, "class_0"), **NO_SIZE)],
        "problems": ["unreadable-annotation: data.yaml:3: no YAML: illegal placement of ':' indicator"],
    })
    case("yolo", "bad-not-there", {"a.png": picture(1)}, {
        "from": "yolo",
        "error": "{input}: nothing of format yolo there; looked for a YAML file with names (or nc) and train or val, or text "
                 "files in labels/ whose lines are a class and four or more fractions",
    })
    case("yolo", "bad-two-labels", {
        "data.yaml": "train: images\nnames: [cat]\n", "images/a.png": picture(1),
        "labels/a.txt": LINE, "old/labels/a.txt": "0 0.5 0.5 1 1\n",
    }, {
        "format": "yolo", "classes": ["cat"], "ordered": True,
        "images": [there("images/a.png", cat(), split="train", **NO_SIZE),
                   {"key": "old/labels/a.txt", "name": "a", "size": [0, 0], "split": None,
                    "objects": [cat(1, "cat", (0.5, 0.5, 1, 1))], "file": None}],
        "problems": ["missing-image: old/labels/a.txt: the only image that fits, images/a.png, belongs to labels/a.txt"],
    })
