"""Fixtures of CSV with the classes of images."""

from fixture import case, picture, there

NO_SIZE = {"size": (0, 0)}


def labelled(key: str, *labels: str, **more) -> dict:
    return there(key, labels=list(labels), **NO_SIZE, **more)


def make() -> None:
    case("multilabel-csv", "roboflow", {
        "train/_classes.csv": "filename, cat, traffic sign\na.png, 1, 0\nb.png, 1, 1\n", "valid/_classes.csv": "filename, cat, traffic sign\na.png, 0, 0\n",
        "train/a.png": picture(1), "train/b.png": picture(2), "valid/a.png": picture(3),
    }, {
        "format": "multilabel-csv", "classes": ["cat", "traffic sign"], "ordered": True,
        "images": [labelled("train/a.png", "cat", split="train"), labelled("train/b.png", "cat", "traffic sign", split="train"),
                   there("valid/a.png", split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("multilabel-csv", "headers-differ", {
        "train/_classes.csv": "filename,cat\na.png,1\n", "test/_classes.csv": "filename,dog,cat\na.png,1,1\n",
        "train/a.png": picture(1), "test/a.png": picture(2),
    }, {
        "format": "multilabel-csv", "classes": ["dog", "cat"], "ordered": True,
        "images": [labelled("test/a.png", "dog", "cat", split="test"), labelled("train/a.png", "cat", split="train")], "problems": [],
    })
    case("multilabel-csv", "kaggle", {
        "train.csv": "id,label\nb,dog\na,cat\n", "images/a.png": picture(1), "images/b.png": picture(2), "images/c.png": picture(3),
    }, {
        "format": "multilabel-csv", "classes": ["cat", "dog"], "ordered": False, "remarks": ["images in no row, left out: 1"],
        "images": [labelled("images/a.png", "cat", split="train", name="a"), labelled("images/b.png", "dog", split="train", name="b")],
        "problems": ['stale-name: train.csv:2: "b" was found as images/b.png', 'stale-name: train.csv:3: "a" was found as images/a.png'],
    })
    case("multilabel-csv", "pairs", {
        "labels.csv": "filename,class\r\na.png,cat\r\n\r\na.png,dog\r\nb.png,\r\n", "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "multilabel-csv", "classes": ["cat", "dog"], "ordered": False,
        "images": [labelled("a.png", "cat", "dog"), there("b.png", **NO_SIZE)], "problems": [],
    })
    case("multilabel-csv", "floats-and-quotes", {
        "labels.csv": "image,\"a, b\",c\n\"a.png\",1.0,0.0\nb.png,true,\n", "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "multilabel-csv", "classes": ["a, b", "c"], "ordered": True,
        "images": [labelled("a.png", "a, b"), labelled("b.png", "a, b")], "problems": [],
    })

    # Plant Pathology: a column per class, and names without their extension.
    case("multilabel-csv", "names-without-extension", {
        "train.csv": "image_id,healthy,rust\nTrain_0,0,1\nTrain_1,1,0\n", "images/Train_0.png": picture(1), "images/Train_1.png": picture(2),
        "images/Test_0.png": picture(3),
    }, {
        "format": "multilabel-csv", "classes": ["healthy", "rust"], "ordered": True, "remarks": ["images in no row, left out: 1"],
        "images": [labelled("images/Train_0.png", "rust", split="train", name="Train_0"),
                   labelled("images/Train_1.png", "healthy", split="train", name="Train_1")],
        "problems": [f'stale-name: train.csv:{2 + number}: "Train_{number}" was found as images/Train_{number}.png' for number in range(2)],
    })

    case("multilabel-csv", "bad-rows", {
        "_classes.csv": "filename, cat, dog\na.png, 1, 0\na2.png, 1\nb.png, maybe, 0\nlost.png, 0, 1\n, 1, 1\nc.png, 0, 1\n",
        "a.png": picture(1), "b.png": picture(2), "c.png": picture(3),
    }, {
        "format": "multilabel-csv", "classes": ["cat", "dog"], "ordered": True, "remarks": ["images in no row, left out: 1"], "lost_objects": 0,
        "images": [labelled("a.png", "cat"), labelled("c.png", "dog"),
                   {"key": "lost.png", "name": "lost.png", "size": [0, 0], "split": None, "objects": [], "labels": ["dog"], "file": None}],
        "problems": [
            "bad-entry: _classes.csv:3: 2 fields, the header has 3",
            'bad-entry: _classes.csv:4: cat "maybe" is neither 0 nor 1',
            'missing-image: _classes.csv:5: no image is called "lost.png"',
            "bad-entry: _classes.csv:6: no image's name",
        ],
    })
    case("multilabel-csv", "bad-splits", {
        "train.csv": "image,label\na.png,cat\n", "test.csv": "image,label\na.png,cat\n", "a.png": picture(1),
    }, {
        "format": "multilabel-csv", "classes": ["cat"], "ordered": False,
        "images": [labelled("a.png", "cat", split="test")],
        "problems": ['duplicate-image: train.csv:2: image "a.png" is in train here, and in test at test.csv:2'],
    })
    case("multilabel-csv", "bad-not-there", {"a.png": picture(1), "scores.csv": "filename,score\na.png,0.5\n"}, {
        "from": "multilabel-csv",
        "error": "{input}: nothing of format multilabel-csv there; looked for CSV files with a header of filename and classes, and "
                 "0 or 1 in each row, or of two columns, image and label",
    })
