"""Fixtures of YOLO (Darknet)."""

from fixture import case, fraction, picture, there, unlabelled

NO_SIZE = {"size": (0, 0)}
BOX = (0.3, 0.5, 0.4, 0.66)
LINE = "0 0.3 0.5 0.4 0.66\n"
FULL = "1 0.5 0.5 1 1\n"


def cat(line=1, name="cat", box=BOX, **more):
    return fraction(name, *box, line=line, **more)


def dog(line=2):
    return cat(line, "dog", (0.5, 0.5, 1, 1))


def named(path: str) -> list[str]:
    return [f"names of the classes: {path}"]


def make() -> None:
    case("darknet", "roboflow", {
        "README.roboflow.txt": "\np - v1\n", "train/_darknet.labels": "cat\ndog", "valid/_darknet.labels": "cat\ndog",
        "train/a_jpg.rf.1.png": picture(1), "train/a_jpg.rf.1.txt": "0 0.3 0.5 0.4 0.66\n1 0.5 0.5 1 1",
        "valid/a_jpg.rf.1.png": picture(2), "valid/a_jpg.rf.1.txt": "",
    }, {
        "format": "darknet", "classes": ["cat", "dog"], "ordered": True, "remarks": named("train/_darknet.labels"),
        "images": [there("train/a_jpg.rf.1.png", cat(), dog(), split="train", **NO_SIZE),
                   there("valid/a_jpg.rf.1.png", split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("darknet", "cvat", {
        "obj.data": "classes = 2\ntrain = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\nbackup = backup/\n",
        "obj.names": "cat\ndog\n",
        "train.txt": "data/obj_train_data/1.png\ndata/obj_train_data/sub/1.png\n", "valid.txt": "data/obj_valid_data/2.png\n",
        "obj_train_data/1.png": picture(1), "obj_train_data/1.txt": LINE, "obj_train_data/sub/1.png": picture(2),
        "obj_train_data/sub/1.txt": FULL, "obj_valid_data/2.png": picture(3), "obj_valid_data/2.txt": "",
    }, {
        "format": "darknet", "classes": ["cat", "dog"], "ordered": True, "remarks": named("obj.names"),
        "images": [there("obj_train_data/1.png", cat(), split="train", **NO_SIZE),
                   there("obj_train_data/sub/1.png", dog(1), split="train", **NO_SIZE),
                   there("obj_valid_data/2.png", split="valid", **NO_SIZE)],
        "problems": [],
    })
    # The export without images; they lie elsewhere.
    case("darknet", "cvat-without-images", {
        "set/obj.data": "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\n", "set/obj.names": "cat\n",
        "set/train.txt": "data/obj_train_data/1.png\n", "set/obj_train_data/1.txt": LINE, "photos/1.png": picture(1),
    }, {
        "source": "set", "image_dirs": ["photos"], "format": "darknet", "classes": ["cat"], "ordered": True, "remarks": named("obj.names"),
        "images": [there("1.png", cat(), split="train", **NO_SIZE)], "problems": [],
    })
    case("darknet", "labelimg", {
        "classes.txt": "cat\ndog\n", "a.png": picture(1), "a.txt": LINE + FULL, "b.png": picture(2),
    }, {
        "format": "darknet", "classes": ["cat", "dog"], "ordered": True, "remarks": named("classes.txt"),
        "images": [there("a.png", cat(), dog(), **NO_SIZE), there("b.png", **NO_SIZE)], "problems": [unlabelled("b.png")],
    })
    # A line of such a list is a name whatever it begins with: the lines are the numbers.
    case("darknet", "names-with-hashes", {
        "obj.names": "#1 bolt\n\n# nut\nwasher\n", "a.png": picture(1), "a.txt": "0 0.3 0.5 0.4 0.66\n2 0.5 0.5 1 1\n",
    }, {
        "format": "darknet", "classes": ["#1 bolt", "# nut", "washer"], "ordered": True, "remarks": named("obj.names"),
        "images": [there("a.png", cat(1, "#1 bolt"), cat(2, "washer", (0.5, 0.5, 1, 1)), **NO_SIZE)], "problems": [],
    })
    case("darknet", "fiftyone", {
        "obj.names": "cat\n", "images.txt": "data/a.png\ndata/b.png\n", "data/a.png": picture(1), "data/a.txt": LINE,
        "data/b.png": picture(2), "data/b.txt": "0 0.5 0.5 1 1 0.875\n",
    }, {
        "format": "darknet", "classes": ["cat"], "ordered": True, "remarks": named("obj.names"),
        "images": [there("data/a.png", cat(), **NO_SIZE), there("data/b.png", cat(1, "cat", (0.5, 0.5, 1, 1), score=0.875), **NO_SIZE)],
        "problems": [],
    })
    case("darknet", "no-names", {"train/a.png": picture(1), "train/a.txt": "7 0.3 0.5 0.4 0.66\n"}, {
        "format": "darknet", "classes": ["class_7"], "ordered": True, "class_ids": [7],
        "images": [there("train/a.png", cat(1, "class_7"), split="train", **NO_SIZE)], "problems": [],
    })
    case("darknet", "lists-of-splits", {
        "custom.names": "cat\n", "train.txt": "/content/darknet/data/img/a.png\n", "test.txt": "img/b.png\nimg/a.png\n",
        "img/a.png": picture(1), "img/a.txt": LINE, "img/b.png": picture(2), "img/b.txt": LINE,
    }, {
        "format": "darknet", "classes": ["cat"], "ordered": True, "remarks": named("custom.names"),
        "images": [there("img/a.png", cat(), split="train", **NO_SIZE), there("img/b.png", cat(), split="test", **NO_SIZE)],
        "problems": ["ignored-field: test.txt: images of this list of test that a list of train has, and that stay there: 1"],
    })

    case("darknet", "bad-lines", {
        "obj.names": "cat\n", "a.png": picture(1), "a.txt": LINE + "4 0.5 0.5 1 1\n0 0.3,0.5,0.4,0.66\n" + LINE,
        "b.png": picture(2), "b.txt": "0 1.5 0.5 0.4 0.66\n",
    }, {
        "format": "darknet", "classes": ["cat"], "ordered": True, "remarks": named("obj.names"),
        "images": [there("a.png", cat(), **NO_SIZE), there("b.png", cat(1, "cat", (1.5, 0.5, 0.4, 0.66)), **NO_SIZE)],
        "problems": [
            'bad-entry: a.txt:3: "0.3,0.5,0.4,0.66" is no number',
            "repeated-entry: a.txt:4: the same as line 1; taken once",
            "bad-entry: a.txt:2: class 4 is none of the 1 in obj.names",
        ],
    })
    case("darknet", "bad-lists", {
        "obj.data": "train = data/train.txt\nvalid = data/nowhere.txt\nnames = obj.names\n", "obj.names": "cat\n",
        "train.txt": "data/a.png\n../../secret.png\ndata/lost.png\n", "a.png": picture(1), "a.txt": LINE,
    }, {
        "format": "darknet", "classes": ["cat"], "ordered": True, "remarks": named("obj.names"),
        "images": [there("a.png", cat(), split="train", **NO_SIZE)],
        "problems": ['ignored-field: obj.data:2: valid: "data/nowhere.txt" leads to nothing here',
                     'outside-root: train.txt:2: image "../../secret.png" lies outside the dataset\'s folders',
                     'missing-image: train.txt:3: no image is called "data/lost.png"'],
    })
    case("darknet", "names-of-folders", {
        "train/_darknet.labels": "cat\ndog", "valid/_darknet.labels": "dog\ncat\nbird",
        "train/a.png": picture(1), "train/a.txt": LINE, "valid/b.png": picture(2), "valid/b.txt": LINE,
        "valid/sub/c.png": picture(3), "valid/sub/c.txt": "2 0.3 0.5 0.4 0.66\n",
    }, {
        "format": "darknet", "classes": ["cat", "dog", "bird"], "ordered": True,
        "remarks": named("train/_darknet.labels, valid/_darknet.labels, each for its folder"),
        "images": [there("train/a.png", cat(), split="train", **NO_SIZE),
                   there("valid/b.png", cat(name="dog"), split="valid", **NO_SIZE),
                   there("valid/sub/c.png", cat(name="bird"), split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("darknet", "bad-names-elsewhere", {
        "a/obj.names": "cat\ndog", "b/obj.names": "dog\ncat", "data/a.png": picture(1), "data/a.txt": LINE,
    }, {
        "format": "darknet", "classes": ["cat", "dog"], "ordered": True, "images": [],
        "remarks": named("a/obj.names, b/obj.names, each for its folder"),
        "problems": [
            "bad-entry: data/a.txt:1: class 0 could be of a/obj.names, b/obj.names, which differ, and none is in a folder above"
        ],
    })
    # Two exports of CVAT in one folder: each has its own names and lists.
    case("darknet", "exports-side-by-side", {
        f"{task}/{path}": content for task, name, split in (("one", "cat", "valid"), ("two", "dog", "test")) for path, content in {
            "obj.data": f"classes = 1\n{split} = data/{split}.txt\nnames = data/obj.names\n", "obj.names": f"{name}\n",
            f"{split}.txt": f"data/obj_train_data/{task}.png\n", f"obj_train_data/{task}.png": picture(len(split)),
            f"obj_train_data/{task}.txt": LINE,
        }.items()
    }, {
        "format": "darknet", "classes": ["cat", "dog"], "ordered": True,
        "remarks": named("one/obj.names, two/obj.names, each for its folder"),
        "images": [there("one/obj_train_data/one.png", cat(), split="valid", **NO_SIZE),
                   there("two/obj_train_data/two.png", cat(1, "dog"), split="test", **NO_SIZE)],
        "problems": [],
    })
    case("darknet", "bad-names-beside", {"cats.names": "cat\ndog\n", "dogs.names": "cat\nbird\n", "a.png": picture(1), "a.txt": LINE}, {
        "format": "darknet", "classes": ["cat", "dog"], "ordered": True, "remarks": named("cats.names"),
        "images": [there("a.png", cat(), **NO_SIZE)],
        "problems": [
            'unreadable-annotation: dogs.names: class 1 is "bird" here and "dog" in cats.names: which of the two files counts cannot be told'],
    })
    case("darknet", "bad-not-there", {"a.png": picture(1)}, {
        "from": "darknet",
        "error": "{input}: nothing of format darknet there; looked for obj.names, _darknet.labels or classes.txt, and text files "
                 "beside images whose lines are a class and four fractions",
    })
