"""Fixtures of WIDER Face."""

from fixture import case, image, obj, picture, there

NO_SIZE = {"size": (0, 0)}
NAME = "0--Parade/a.png"


def face(line=3, **more):
    return obj("face", (4, 5, 20, 25), line=line, **({"flags": ["not occluded"]} | more))


def make() -> None:
    case("wider-face", "wider", {
        "wider_face_split/wider_face_train_bbx_gt.txt": f"{NAME}\n2\n4 5 16 20 0 0 0 0 0 0 \n4 5 16 20 2 1 0 1 2 1 \n1--Handshaking/b.png\n0\n0 0 0 0 0 0 0 0 0 0 \n",
        "wider_face_split/wider_face_val_bbx_gt.txt": f"{NAME}\n1\n4 5 16 20 0 0 1 0 1 0 \n",
        "WIDER_train/images/0--Parade/a.png": picture(1), "WIDER_train/images/1--Handshaking/b.png": picture(2), "WIDER_val/images/0--Parade/a.png": picture(3),
    }, {
        "format": "wider-face", "classes": ["face"], "ordered": False,
        "images": [
            there("WIDER_train/images/0--Parade/a.png", face(), face(4, flags=["occluded"], attributes={"blur": "2", "expression": "1", "invalid": "1",
                                                                                                        "occlusion": "2", "pose": "1"}),
                  split="train", name=NAME, **NO_SIZE),
            there("WIDER_train/images/1--Handshaking/b.png", split="train", name="1--Handshaking/b.png", **NO_SIZE),
            there("WIDER_val/images/0--Parade/a.png", face(flags=["occluded"], attributes={"illumination": "1"}), split="valid", name=NAME, **NO_SIZE),
        ],
        "problems": [],
    })
    case("wider-face", "boxes-only", {"faces.txt": "a.png\n1\n4 5 16 20\n", "a.png": picture(1), "b.png": picture(2)}, {
        "format": "wider-face", "classes": ["face"], "ordered": False, "remarks": ["images in no list, left out: 1"],
        "images": [there("a.png", obj("face", (4, 5, 20, 25), line=3), **NO_SIZE)], "problems": [],
    })
    case("wider-face", "predictions", {"pred/a.txt": "a.png\n1\n4 5 16 20 0.875\n", "images/a.png": picture(1)}, {
        "format": "wider-face", "classes": ["face"], "ordered": False,
        "images": [there("images/a.png", obj("face", (4, 5, 20, 25), line=3, score=0.875), **NO_SIZE)], "problems": [],
    })
    case("wider-face", "datumaro", {"wider_face_split/wider_face_test_bbx_gt.txt": "a.png\r\n1\r\n4 5 16 20 0 0 0 0 0 0 cat\r\n", "WIDER_test/images/a.png": picture(1)}, {
        "format": "wider-face", "classes": ["cat"], "ordered": False,
        "images": [there("WIDER_test/images/a.png", obj("cat", (4, 5, 20, 25), line=3, flags=["not occluded"]), split="test", **NO_SIZE)], "problems": [],
    })
    case("wider-face", "single-file", {"x/wider_face_train_bbx_gt.txt": f"{NAME}\n1\n4 5 16 20 0 0 0 0 0 0\n", "photos/0--Parade/a.png": picture(1)}, {
        "source": "x/wider_face_train_bbx_gt.txt", "image_dirs": ["photos"], "format": "wider-face", "classes": ["face"], "ordered": False,
        "images": [there(NAME, face(), split="train", name=NAME, **NO_SIZE)], "problems": [],
    })

    case("wider-face", "bad-lines", {
        "gt.txt": "a.png\n3\n4 5 16 20 0 0 0 0 0 0\n4 5 x 20 0 0 0 0 0 0\nlost.png\n1\n4 5 16 20 0 0 0 0 0 0\n4 5 16 20 0 0 0 0 0 0\nb.png\nmany\n1\n1 2 3\n",
        "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "wider-face", "classes": ["face"], "ordered": False,
        "images": [there("a.png", face(), **NO_SIZE), there("b.png", **NO_SIZE), image("lost.png", face(7), **NO_SIZE)],
        "problems": [
            'bad-entry: gt.txt:4: "x" is no number',
            'bad-entry: gt.txt:1: "a.png" has 1 faces less than its number says',
            'missing-image: gt.txt:5: no image is called "lost.png"',
            "bad-entry: gt.txt:8: one more face than the image's number says",
            'bad-entry: gt.txt:10: "many" is no number of faces',
            "bad-entry: gt.txt:12: 3 fields, a face has 10",
        ],
    })
    case("wider-face", "bad-cut", {"gt.txt": "a.png\n2\n4 5 16 20 0 0 0 0 0 0\n", "a.png": picture(1)}, {
        "format": "wider-face", "classes": ["face"], "ordered": False, "images": [there("a.png", face(), **NO_SIZE)],
        "problems": ['bad-entry: gt.txt:1: "a.png" has 1 faces less than its number says'],
    })
    case("wider-face", "bad-not-there", {"a.png": picture(1)}, {
        "from": "wider-face",
        "error": "{input}: nothing of format wider-face there; looked for text files with an image, a number of faces and a line of "
                 "numbers for each",
    })
