"""Fixtures of lists of images with the numbers of their classes."""

from fixture import case, image, picture, there

NO_SIZE = {"size": (0, 0)}


def labelled(key: str, *labels: str, **more) -> dict:
    return there(key, labels=list(labels), **NO_SIZE, **more)


def make() -> None:
    case("imagenet-list", "datumaro", {
        "synsets.txt": "cat\ndog\nbird\n", "train.txt": "a.png 0\n\"b c.png\" 0 2\nd.png\n", "val.txt": "e.png 1\n",
        "images/a.png": picture(1), "images/b c.png": picture(2), "images/d.png": picture(3), "images/e.png": picture(4), "images/f.png": picture(5),
    }, {
        "format": "imagenet-list", "classes": ["cat", "dog", "bird"], "ordered": True,
        "remarks": ["names of the classes: synsets.txt", "images in no list, left out: 1"],
        "images": [labelled("images/a.png", "cat", split="train"), labelled("images/b c.png", "cat", "bird", split="train"),
                   there("images/d.png", split="train", **NO_SIZE), labelled("images/e.png", "dog", split="valid")],
        "problems": [],
    })
    case("imagenet-list", "caffe", {
        "val.txt": "n01440764/x 1.png 7\nn01440764/y.png 0\n", "n01440764/x 1.png": picture(1), "n01440764/y.png": picture(2),
    }, {
        "format": "imagenet-list", "classes": ["class_0", "class_7"], "ordered": True, "class_ids": [0, 7],
        "images": [labelled("n01440764/x 1.png", "class_7", split="valid", name="n01440764/x 1.png"),
                   labelled("n01440764/y.png", "class_0", split="valid", name="n01440764/y.png")],
        "problems": [],
    })
    case("imagenet-list", "without-extension", {
        "synsets.txt": "n01440764 tench\nn02012849 crane\n", "default.txt": "a 0\nb 1\n", "images/a.png": picture(1), "images/b.png": picture(2),
    }, {
        "format": "imagenet-list", "classes": ["n01440764 tench", "n02012849 crane"], "ordered": True,
        "remarks": ["names of the classes: synsets.txt"],
        "images": [labelled("images/a.png", "n01440764 tench", name="a"), labelled("images/b.png", "n02012849 crane", name="b")],
        "problems": ['stale-name: default.txt:1: "a" was found as images/a.png', 'stale-name: default.txt:2: "b" was found as images/b.png'],
    })
    case("imagenet-list", "single-file", {
        "lists/train.txt": "a.png 0\n", "lists/test.txt": "b.png 1\n", "lists/synsets.txt": "cat\ndog\n",
        "photos/a.png": picture(1), "photos/b.png": picture(2),
    }, {
        "source": "lists/train.txt", "image_dirs": ["photos"], "format": "imagenet-list", "classes": ["cat", "dog"], "ordered": True,
        "remarks": ["names of the classes: synsets.txt", "images in no list, left out: 1"],
        "images": [labelled("a.png", "cat", split="train")], "problems": [],
    })
    case("imagenet-list", "twice", {
        "labels.txt": "cat\ndog\n", "a.txt": "x.png 0\nx.png 1\nx.png 0\n", "x.png": picture(1),
    }, {
        "format": "imagenet-list", "classes": ["cat", "dog"], "ordered": True, "remarks": ["names of the classes: labels.txt"],
        "images": [labelled("x.png", "cat", "dog")], "problems": [],
    })

    case("imagenet-list", "bad-splits", {
        "synsets.txt": "cat\ndog\n", "train.txt": "a.png 0\n", "val.txt": "a.png 1\n", "a.png": picture(1),
    }, {
        "format": "imagenet-list", "classes": ["cat", "dog"], "ordered": True, "remarks": ["names of the classes: synsets.txt"],
        "images": [labelled("a.png", "cat", split="train")],
        "problems": ['duplicate-image: val.txt:1: image "a.png" is in valid here, and in train at train.txt:1'],
    })
    case("imagenet-list", "bad-lines", {
        "synsets.txt": "cat\ndog\n", "train.txt": "a.png 0\nlost.png 1\nb.png 5\n\"\" 1\n\"c.png\" x\n", "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "imagenet-list", "classes": ["cat", "dog"], "ordered": True, "remarks": ["names of the classes: synsets.txt"],
        "lost_objects": 0,
        "images": [labelled("a.png", "cat", split="train"), there("b.png", split="train", **NO_SIZE),
                   image("lost.png", labels=["dog"], split="train", **NO_SIZE)],
        "problems": [
            "bad-entry: train.txt:4: no image's name",
            'bad-entry: train.txt:5: "x" is no number of a class',
            'missing-image: train.txt:2: no image is called "lost.png"',
            "ignored-field: train.txt:3: class 5 is none of the 2 in synsets.txt; left out",
        ],
    })
    case("imagenet-list", "bad-not-there", {"a.png": picture(1)}, {
        "from": "imagenet_txt",
        "error": "{input}: nothing of format imagenet-list there; looked for text files whose lines are an image and numbers of "
                 "classes (a.jpg 0)",
    })
