"""Fixtures of Kaggle's masks in CSV. Images have 40 columns of 30 pixels: pixel 1 is the first of column 0, 31 of column 1."""

from fixture import case, image, obj, picture, there

NO_SIZE = {"size": (0, 0)}
HEADER = "ImageId,EncodedPixels\n"


def mask(box, runs, line=2, name="object"):
    assert sum(runs) == 40 * 30, sum(runs)
    return obj(name, box, line=line, mask={"size": [30, 40], "runs": runs})


# Rows 5 to 9 of columns 1 and 2.
BLOCK = "36 5 66 5"
BLOCK_RUNS = [35, 5, 25, 5, 1130]


def make() -> None:
    def block(line=2, name="object"):
        return mask((1, 5, 3, 10), BLOCK_RUNS, line, name)

    frame = {"format": "kaggle-rle", "ordered": False}
    case("kaggle-rle", "airbus", {
        "train_ship_segmentations_v2.csv": f"{HEADER}a.png,{BLOCK}\na.png,1 30\nb.png,\n", "train_v2/a.png": picture(1), "train_v2/b.png": picture(2),
    }, {
        **frame, "classes": ["object"],
        "images": [there("train_v2/a.png", block(), mask((0, 0, 1, 30), [0, 30, 1170], 3), split="train"), there("train_v2/b.png", split="train", **NO_SIZE)],
        "problems": [],
    })
    case("kaggle-rle", "severstal", {
        "train.csv": f"ImageId,ClassId,EncodedPixels\na.png,3,{BLOCK}\na.png,1,1171 30\n", "train_images/a.png": picture(1),
    }, {
        **frame, "classes": ["3", "1"],
        "images": [there("train_images/a.png", block(2, "3"), mask((39, 0, 40, 30), [1170, 30], 3, "1"), split="train")], "problems": [],
    })
    case("kaggle-rle", "severstal-before", {
        "train.csv": f"ImageId_ClassId,EncodedPixels\na.png_1,\na.png_2,{BLOCK}\n", "a.png": picture(1),
    }, {
        **frame, "classes": ["2"], "images": [there("a.png", block(3, "2"), split="train")], "problems": [],
    })
    case("kaggle-rle", "size-in-columns", {"x.csv": f"id,width,height,rle\na,40,30,{BLOCK}\n", "a.png": picture(1)}, {
        **frame, "classes": ["object"], "images": [there("a.png", block(), name="a")], "problems": [],
    })
    case("kaggle-rle", "runs-side-by-side", {"x.csv": f"{HEADER}a.png,36 2 38 3 66 5\n", "a.png": picture(1)}, {
        **frame, "classes": ["object"], "images": [there("a.png", block())], "problems": [],
    })

    case("kaggle-rle", "bad-runs", {
        "x.csv": f"{HEADER}a.png,{BLOCK}\na.png,0 5\na.png,36 5 38 2\na.png,1200 2\na.png,1 2 3\na.png,x 2\nlost.png,{BLOCK}\n,1 2\n", "a.png": picture(1),
    }, {
        **frame, "classes": ["object"], "images": [there("a.png", block()), image("lost.png", **NO_SIZE)],
        "problems": [
            "bad-entry: x.csv:3: run 0 5 begins before the one before it ends",
            "bad-entry: x.csv:4: run 38 2 begins before the one before it ends",
            "bad-entry: x.csv:5: run 1200 2 leads beyond the 1200 pixels of the image",
            "bad-entry: x.csv:6: a start without a length",
            'bad-entry: x.csv:7: "x" is no number of pixels',
            'missing-image: x.csv:8: no image is called "lost.png"',
            "bad-entry: x.csv:8: the image's size is not known",
            "bad-entry: x.csv:9: no image's name",
        ],
    })
    case("kaggle-rle", "bad-image", {"x.csv": f"{HEADER}a.png,{BLOCK}\nb.png,1 2\n", "a.png": picture(1), "b.png": "no image"}, {
        **frame, "classes": ["object"], "images": [there("a.png", block()), there("b.png", **NO_SIZE)],
        "problems": ["bad-entry: x.csv:3: b.png: not an image of a known kind: it starts with the bytes 6e 6f 20 69 6d 61 67 65"],
    })
    case("kaggle-rle", "bad-not-there", {"a.png": picture(1)}, {
        "from": "kaggle-rle", "error": "{input}: nothing of format kaggle-rle there; looked for CSV files with a header ImageId,EncodedPixels",
    })
