"""Fixtures of KITTI: 2-D labels, and pictures of classes and instances."""

from fixture import case, filled, image, labels, obj, picture, there

NO_SIZE = {"size": (0, 0)}
CAR = "Car 0.00 0 -1.58 4.25 5.00 20.00 25.50 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
FLAT = "cat 0.0 0 0.0 4 5 20 25 0.0 0.0 0.0 0.0 0.0 0.0 0.0\n"
SPACE = {"alpha": "-1.58", "height": "1.65", "width": "1.67", "length": "3.64", "x": "-0.65", "y": "1.71", "z": "46.70", "rotation_y": "-1.59"}
NEITHER = ["not truncated", "not occluded"]


def car(line=1, **more):
    return obj("Car", (4.25, 5, 20, 25.5), line=line, **({"flags": NEITHER, "attributes": SPACE} | more))


def cat(line=1, **more):
    return obj("cat", (4, 5, 20, 25), line=line, **({"flags": NEITHER} | more))


ROAD, ONE, TWO, GROUP = (0, 20, 40, 30), (4, 6, 12, 14), (20, 6, 30, 12), (32, 0, 40, 9)


def area(name, box, **more):
    return obj(name, box, mask=filled(box), **more)


def make() -> None:
    case("kitti", "kitti", {
        "training/image_2/000000.png": picture(1), "training/image_3/000000.png": picture(2),
        "training/label_2/000000.txt": CAR + "DontCare -1 -1 -10 1.00 2.00 3.00 4.00 -1 -1 -1 -1000 -1000 -1000 -10\n"
        + CAR.replace("Car 0.00 0", "Car 0.42 2"),
        "testing/image_2/000000.png": picture(3), "training/calib/000000.txt": "P0: 7.2e+02 0 6.1e+02\nP1: 7.2e+02 0 6.1e+02\n",
        "testing/calib/000000.txt": "P0: 7.2e+02 0 6.1e+02\n",
    }, {
        "format": "kitti", "classes": ["Car"], "ordered": False, "remarks": [
            "DontCare regions, left out: 1", "images of folders without labels, of which nothing is known; left out: 1"],
        "images": [there("training/image_2/000000.png", car(),
                         car(3, flags=["truncated", "occluded"], attributes={"truncated": "0.42", "occluded": "2"} | SPACE), split="train", **NO_SIZE)],
        "problems": [],
    })
    case("kitti", "training", {
        "image_2/000000.png": picture(1), "calib/000000.txt": "P0: 7.2e+02 0 6.1e+02\n", "label_2/000000.txt": FLAT,
    }, {
        "format": "kitti", "classes": ["cat"], "ordered": False, "images": [there("image_2/000000.png", cat(), **NO_SIZE)], "problems": [],
    })
    case("kitti", "folders-by-their-rows", {
        "image/a.png": picture(1), "image/b.png": picture(2), "calib/a.txt": "P0: 7.2e+02 0 6.1e+02\n", "truth/a.txt": FLAT, "truth/b.txt": "",
    }, {
        "format": "kitti", "classes": ["cat"], "ordered": False,
        "images": [there("image/a.png", cat(), **NO_SIZE), there("image/b.png", **NO_SIZE)], "problems": [],
    })
    case("kitti", "fiftyone", {"data/a.png": picture(1), "labels/a.txt": FLAT + FLAT.replace("cat 0.0 0", "cat 1 1"), "data/b.png": picture(2), "labels/b.txt": ""}, {
        "format": "kitti", "classes": ["cat"], "ordered": False,
        "images": [there("data/a.png", cat(), cat(2, flags=["truncated", "occluded"]), **NO_SIZE), there("data/b.png", **NO_SIZE)], "problems": [],
    })
    case("kitti", "tao", {"train/images/a.png": picture(1), "train/labels/a.txt": FLAT, "val/images/a.png": picture(2), "val/labels/a.txt": FLAT}, {
        "format": "kitti", "classes": ["cat"], "ordered": False,
        "images": [there("train/images/a.png", cat(), split="train", **NO_SIZE), there("val/images/a.png", cat(), split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("kitti", "results", {"image_2/a.png": picture(1), "label_2/a.txt": FLAT.replace("cat 0.0 0", "cat -1 -1").strip() + " 0.75\n"}, {
        "format": "kitti", "classes": ["cat"], "ordered": False, "images": [there("image_2/a.png", obj("cat", (4, 5, 20, 25), line=1, score=0.75), **NO_SIZE)],
        "problems": [],
    })
    case("kitti", "beside", {"a.png": picture(1), "a.txt": FLAT.replace("\n", "\r\n")}, {
        "format": "kitti", "classes": ["cat"], "ordered": False, "images": [there("a.png", cat(), **NO_SIZE)], "problems": [],
    })

    case("kitti", "bad-lines", {
        "image_2/a.png": picture(1), "image_2/b.png": picture(2),
        "label_2/a.txt": FLAT + "cat 0 0 0 1 2 3\n" + FLAT.replace(" 20 ", " twenty ") + FLAT.replace("cat", "7"), "label_2/b.txt": "cat\n",
    }, {
        "format": "kitti", "classes": ["cat"], "ordered": False, "images": [there("image_2/a.png", cat(), **NO_SIZE)],
        "problems": [
            "bad-entry: label_2/a.txt:2: 7 fields, an object has 15 or 16",
            'bad-entry: label_2/a.txt:3: "twenty" is no number',
            'bad-entry: label_2/a.txt:4: "7" is no name of a class',
            "bad-entry: label_2/b.txt:1: 1 fields, an object has 15 or 16",
        ],
    })
    case("kitti", "bad-image", {"image_2/a.png": picture(1), "label_2/a.txt": FLAT, "label_2/b.txt": FLAT}, {
        "format": "kitti", "classes": ["cat"], "ordered": False,
        "images": [there("image_2/a.png", cat(), **NO_SIZE),
                   {"key": "label_2/b.txt", "name": "b", "size": [0, 0], "split": None, "objects": [cat()], "file": None}],
        "problems": ['missing-image: label_2/b.txt: no image is called "b" (any image extension)'],
    })
    case("kitti", "bad-not-there", {"a.png": picture(1)}, {
        "from": "kitti", "error": "{input}: nothing of format kitti there; looked for text files whose lines are a class and 14 or 15 numbers, or pictures in semantic/ and instance/ beside image_2/",
    })

    instance = labels("I", (7 * 256, ROAD), (26 * 256 + 1, ONE), (26 * 256 + 2, TWO), (24 * 256, GROUP))
    semantic = labels("L", (7, ROAD), (26, ONE), (24, GROUP), (255, TWO))
    apart = [area("road", ROAD), area("person", GROUP, flags=["crowd"]), area("car", ONE), area("car", TWO)]
    together = [area("road", ROAD), area("person", GROUP), area("car", ONE)]
    case("kitti", "pictures", {
        "training/image_2/000000_10.png": picture(1), "training/semantic/000000_10.png": semantic, "training/instance/000000_10.png": instance, "training/semantic_rgb/000000_10.png": labels("RGB"),
        "training/image_2/000001_10.png": picture(2), "training/semantic/000001_10.png": semantic, "testing/image_2/000000_10.png": picture(3), "readme.txt": "Semantics",
    }, {
        "format": "kitti", "problems": [], "images": [there("training/image_2/000000_10.png", *apart, split="train"), there("training/image_2/000001_10.png", *together, split="train")]})
    case("kitti", "pictures-elsewhere", {"masks/training/semantic/000000_10.png": semantic, "image_2/000000_10.png": picture(1)}, {
        "format": "kitti", "source": "masks", "image_dirs": ["image_2"], "problems": [], "images": [there("000000_10.png", *together, split="train")]})
    case("kitti", "pictures-and-labels", {
        "training/image_2/000000.png": picture(1), "training/label_2/000000.txt": CAR, "training/semantic/000000.png": semantic, "training/instance/000000.png": instance,
    }, {"format": "kitti", "problems": [], "images": [there("training/image_2/000000.png", car(), split="train", **NO_SIZE)]})
    case("kitti", "bad-pictures", {
        "training/image_2/a.png": picture(1), "training/instance/a.png": labels("I", (7 * 256, ROAD), (40 * 256, ONE)), "training/instance/gone.png": instance,
    }, {
        "format": "kitti", "from": "kitti", "images": [there("training/image_2/a.png", area("road", ROAD), split="train"), image("training/instance/gone.png", *apart, split="train")], "problems": [
            "bad-entry: training/instance/a.png: 64 pixels of 10240, which is no class's", 'missing-image: training/instance/gone.png: no image is called "training/image_2/gone.png"']})
