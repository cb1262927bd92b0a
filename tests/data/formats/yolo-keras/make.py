"""Fixtures of YOLO Keras lists."""

from fixture import case, image, obj, picture, there

NO_SIZE = {"size": (0, 0)}


def cat(line=1, name="cat", box=(4, 5, 20, 25)):
    return obj(name, box, line=line)


def named(path: str) -> list[str]:
    return [f"names of the classes: {path}"]


def make() -> None:
    case("yolo-keras", "roboflow", {
        "train/_annotations.txt": "a.png 4,5,20,25,0 0,0,40,30,1\nb.png\n", "train/_classes.txt": "cat\ndog", "train/a.png": picture(1), "train/b.png": picture(2),
        "valid/_annotations.txt": "a.png 4,5,20,25,1\n", "valid/_classes.txt": "cat\ndog", "valid/a.png": picture(3),
    }, {
        "format": "yolo-keras", "classes": ["cat", "dog"], "ordered": True, "remarks": named("train/_classes.txt"),
        "images": [there("train/a.png", cat(), cat(1, "dog", (0, 0, 40, 30)), split="train", **NO_SIZE), there("train/b.png", split="train", **NO_SIZE),
                   there("valid/a.png", cat(1, "dog"), split="valid", **NO_SIZE)],
        "problems": [],
    })
    case("yolo-keras", "yolov4-pytorch", {
        "2007_train.txt": "/home/me/VOCdevkit/VOC2007/JPEGImages/a b.png 4,5,20,25,0\n", "2007_val.txt": "C:\\VOC2007\\JPEGImages\\c.png 4,5,20,25,1 \r\n",
        "model_data/voc_classes.txt": "cat\ndog\n", "VOC2007/JPEGImages/a b.png": picture(1), "VOC2007/JPEGImages/c.png": picture(2),
    }, {
        "format": "yolo-keras", "classes": ["cat", "dog"], "ordered": True, "remarks": named("model_data/voc_classes.txt"),
        "images": [there("VOC2007/JPEGImages/a b.png", cat(), split="train", name="/home/me/VOCdevkit/VOC2007/JPEGImages/a b.png", **NO_SIZE),
                   there("VOC2007/JPEGImages/c.png", cat(1, "dog"), split="valid", name="C:\\VOC2007\\JPEGImages\\c.png", **NO_SIZE)],
        "problems": [],
    })
    case("yolo-keras", "no-names", {"train.txt": "img/a.png 4,5,20,25,3 4,5,20,25.5,1\n", "img/a.png": picture(1), "img/b.png": picture(2)}, {
        "format": "yolo-keras", "classes": ["class_1", "class_3"], "ordered": True, "class_ids": [1, 3], "remarks": ["images in no list, left out: 1"],
        "images": [there("img/a.png", cat(1, "class_3"), cat(1, "class_1", (4, 5, 20, 25.5)), split="train", name="img/a.png", **NO_SIZE)], "problems": [],
    })
    case("yolo-keras", "single-file", {"lists/test.txt": "a.png 4,5,20,25,0\n", "lists/classes.txt": "cat\n", "photos/a.png": picture(1)}, {
        "source": "lists/test.txt", "image_dirs": ["photos"], "format": "yolo-keras", "classes": ["cat"], "ordered": True, "remarks": named("classes.txt"),
        "images": [there("a.png", cat(), split="test", **NO_SIZE)], "problems": [],
    })
    case("yolo-keras", "image-in-two-lines", {"train.txt": "a.png 4,5,20,25,0\na.png 0,0,40,30,1\n", "classes.txt": "cat\ndog\n", "a.png": picture(1)}, {
        "format": "yolo-keras", "classes": ["cat", "dog"], "ordered": True, "remarks": named("classes.txt"),
        "images": [there("a.png", cat(), cat(2, "dog", (0, 0, 40, 30)), split="train", **NO_SIZE)], "problems": [],
    })

    case("yolo-keras", "bad-lines", {
        "train.txt": "a.png 4,5,20,25,0 4,5,20,25,0\nb.png 4,5,20\nlost.png 4,5,20,25,0\n4,5,20,25,0\nc.png 4,5,20,25,9\n",
        "classes.txt": "cat\n", "a.png": picture(1), "b.png": picture(2), "c.png": picture(3),
    }, {
        "format": "yolo-keras", "classes": ["cat"], "ordered": True, "remarks": [*named("classes.txt"), "images in no list, left out: 2"],
        "images": [there("a.png", cat(), split="train", **NO_SIZE), image("lost.png", cat(3), split="train", **NO_SIZE)],
        "problems": [
            'bad-entry: train.txt:2: "4,5,20" is no box x0,y0,x1,y1,class',
            "bad-entry: train.txt:4: no image's name",
            "repeated-entry: train.txt:1: the same as line 1; taken once",
            'missing-image: train.txt:3: no image is called "lost.png"',
            "bad-entry: train.txt:5: class 9 is none of the 1 in classes.txt",
        ],
    })
    case("yolo-keras", "bad-splits", {"train.txt": "a.png 4,5,20,25,0\n", "val.txt": "a.png 4,5,20,25,0\n", "classes.txt": "cat\n", "a.png": picture(1)}, {
        "format": "yolo-keras", "classes": ["cat"], "ordered": True, "remarks": named("classes.txt"),
        "images": [there("a.png", cat(), split="train", **NO_SIZE)],
        "problems": ['duplicate-image: val.txt:1: image "a.png" is in valid here, and in train at train.txt:1'],
    })
    case("yolo-keras", "bad-not-there", {"a.png": picture(1)}, {
        "from": "yolo-keras",
        "error": "{input}: nothing of format yolo-keras there; looked for text files whose lines are an image and boxes (a.jpg "
                 "x0,y0,x1,y1,class)",
    })
