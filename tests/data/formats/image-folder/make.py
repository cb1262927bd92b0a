"""Fixtures of images in a folder per class."""

from fixture import case, picture, there

NO_SIZE = {"size": (0, 0)}


def labelled(key: str, *labels: str, **more) -> dict:
    return there(key, labels=list(labels), **NO_SIZE, **more)


def make() -> None:
    case("image-folder", "plain", {
        "dog/b.png": picture(1), "cat/a.png": picture(2), "cat/deeper/a.png": picture(3), "README.txt": "Cats and dogs.\n",
    }, {
        "format": "image-folder", "classes": ["cat", "dog"], "ordered": True,
        "images": [labelled("cat/a.png", "cat"), labelled("cat/deeper/a.png", "cat"), labelled("dog/b.png", "dog")], "problems": [],
    })
    case("image-folder", "splits", {
        "train/cat/a.png": picture(1), "train/dog/b.png": picture(2), "val/dog/c.png": picture(3), "test/zebra/d.png": picture(4),
    }, {
        "format": "image-folder", "classes": ["cat", "dog", "zebra"], "ordered": True,
        "images": [labelled("test/zebra/d.png", "zebra", split="test"), labelled("train/cat/a.png", "cat", split="train"),
                   labelled("train/dog/b.png", "dog", split="train"), labelled("val/dog/c.png", "dog", split="valid")],
        "problems": [],
    })
    case("image-folder", "below-one-folder", {"flowers/photos/rose/a.png": picture(1), "flowers/photos/tulip/b.png": picture(2)}, {
        "format": "image-folder", "classes": ["rose", "tulip"], "ordered": True,
        "images": [labelled("flowers/photos/rose/a.png", "rose"), labelled("flowers/photos/tulip/b.png", "tulip")], "problems": [],
    })
    case("image-folder", "imagenet", {
        "train/n01440764/a.png": picture(1), "train/n02012849/b.png": picture(2), "train/n03126707/c.png": picture(3),
        "LOC_synset_mapping.txt": "n01440764 tench, Tinca tinca\nn02012849 crane\nn03126707 crane\n",
    }, {
        "format": "image-folder", "classes": ["tench, Tinca tinca", "crane", "crane (n03126707)"], "ordered": True,
        "remarks": ["names of the classes: LOC_synset_mapping.txt"],
        "images": [labelled("train/n01440764/a.png", "tench, Tinca tinca", split="train"), labelled("train/n02012849/b.png", "crane", split="train"),
                   labelled("train/n03126707/c.png", "crane (n03126707)", split="train")],
        "problems": [],
    })
    case("image-folder", "test-without-class", {
        "train/cat/a.png": picture(1), "train/dog/b.png": picture(2), "test/1.png": picture(3),
    }, {
        "format": "image-folder", "classes": ["cat", "dog"], "ordered": True,
        "images": [there("test/1.png", split="test", **NO_SIZE), labelled("train/cat/a.png", "cat", split="train"),
                   labelled("train/dog/b.png", "dog", split="train")],
        "problems": ["unlabelled-image: test/1.png: the image lies in no folder of a class; kept without"],
    })
    case("image-folder", "one-class", {"train/cat/a.png": picture(1)}, {
        "from": "yolo-cls", "format": "image-folder", "classes": ["cat"], "ordered": True,
        "images": [labelled("train/cat/a.png", "cat", split="train")], "problems": [],
    })

    there_are = "`recordmill formats` lists what is known"
    case("image-folder", "bad-one-class", {"photos/a.png": picture(1)}, {
        "error": f"{{input}}: no annotations that a known format explains; images: 1, files that could be about them: none; {there_are}",
    })
    case("image-folder", "bad-other-annotations", {"cat/a.png": picture(1), "dog/b.png": picture(2), "dog/b.json": "{}"}, {
        "error": f"{{input}}: no annotations that a known format explains; images: 2, files that could be about them: dog/b.json; {there_are}",
    })
    case("image-folder", "bad-masks", {"images/a.png": picture(1), "masks/b.png": picture(2)}, {
        "error": f"{{input}}: no annotations that a known format explains; images: 2, files that could be about them: none; {there_are}",
    })
    case("image-folder", "bad-not-there", {"a.png": picture(1)}, {
        "from": "image-folder",
        "error": "{input}: nothing of format image-folder there; looked for images in folders of classes, with nothing beside "
                 "them that could be an annotation",
    })
