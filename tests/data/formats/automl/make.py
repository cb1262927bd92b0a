"""Fixtures of Google's AutoML Vision CSV."""

from fixture import case, image, obj, picture, there

NO_SIZE = {"size": (0, 0)}
FOUR = "0.1,0.2,0.5,0.2,0.5,0.9,0.1,0.9"
TWO = "0.1,0.2,,,0.5,0.9,,"


def cat(line=1, name="cat"):
    return obj(name, (0.1, 0.2, 0.5, 0.9), line=line, normalised=True)


def make() -> None:
    def named(key, *objects, path="gs://bucket/", **more):
        return there(key, *objects, name=f"{path}{key}", **NO_SIZE, **more)

    case("automl", "detection", {
        "all.csv": f"TRAIN,gs://bucket/a.png,cat,{FOUR}\nTRAIN,gs://bucket/a.png,dog,{TWO}\nVALIDATION,gs://bucket/b.png,cat,{FOUR}\n"
                   f"TEST,gs://bucket/c.png,,,,,,,,,\nUNASSIGNED,gs://bucket/d.png,cat,{TWO}\n",
        "a.png": picture(1), "b.png": picture(2), "c.png": picture(3), "d.png": picture(4), "e.png": picture(5),
    }, {
        "format": "automl", "classes": ["cat", "dog"], "ordered": False, "remarks": ["images in no row, left out: 1"],
        "images": [named("a.png", cat(), cat(2, "dog"), split="train"), named("b.png", cat(3), split="valid"), named("c.png", split="test"),
                   named("d.png", cat(5))],
        "problems": [],
    })
    case("automl", "no-set", {"data.csv": f"gs://bucket/a.png,cat,{TWO}\n", "a.png": picture(1)}, {
        "format": "automl", "classes": ["cat"], "ordered": False, "images": [named("a.png", cat())], "problems": [],
    })
    case("automl", "classification", {
        "labels.csv": "TRAIN,gs://bucket/a.png,cat,dog\ntest,gs://bucket/b.png,cat\nTRAIN,gs://bucket/c.png\n",
        "a.png": picture(1), "b.png": picture(2), "c.png": picture(3),
    }, {
        "format": "automl", "classes": ["cat", "dog"], "ordered": False,
        "images": [named("a.png", split="train", labels=["cat", "dog"]), named("b.png", split="test", labels=["cat"]), named("c.png", split="train")],
        "problems": [],
    })
    case("automl", "tflite-model-maker", {"salads.csv": f"TRAINING,img/a.png,cat,{TWO}\n", "img/a.png": picture(1)}, {
        "format": "automl", "classes": ["cat"], "ordered": False, "images": [there("img/a.png", cat(), split="train", name="img/a.png", **NO_SIZE)], "problems": [],
    })
    case("automl", "data-labeling-export", {"export/x.csv": f"UNASSIGNED,gs://bucket/sub/a.png,cat,{FOUR}\r\n", "sub/a.png": picture(1)}, {
        "format": "automl", "classes": ["cat"], "ordered": False,
        "images": [there("sub/a.png", cat(), name="gs://bucket/sub/a.png", **NO_SIZE)], "problems": [],
    })

    case("automl", "bad-rows", {
        "a.csv": f"TRAIN,gs://bucket/a.png,cat,{FOUR}\nTRAIN,gs://bucket/b.png,cat,0.1,0.2,,,0.5,x,,\nTRAIN,,cat,{FOUR}\nTRAIN,gs://bucket/b.png,,{FOUR}\n"
                 f"TRAIN,gs://bucket/b.png,cat,10,20,,,50,90,,\nTRAIN,gs://bucket/lost.png,cat,{FOUR}\nTRAIN,gs://bucket/b.png,cat,0.1,0.2,,,,,,\n",
        "a.png": picture(1), "b.png": picture(2),
    }, {
        "format": "automl", "classes": ["cat"], "ordered": False, "remarks": ["images in no row, left out: 1"],
        "images": [named("a.png", cat(), split="train"), image("gs://bucket/lost.png", cat(6), split="train", name="gs://bucket/lost.png", **NO_SIZE)],
        "problems": [
            'bad-entry: a.csv:2: "x" is no number',
            "bad-entry: a.csv:3: no image's name",
            "bad-entry: a.csv:4: no class",
            "bad-entry: a.csv:5: 10 is no fraction of the image's size",
            'missing-image: a.csv:6: no image is called "gs://bucket/lost.png"',
            "bad-entry: a.csv:7: one corner alone is no box",
        ],
    })
    case("automl", "bad-splits", {"a.csv": f"TRAIN,a.png,cat,{FOUR}\nTEST,a.png,dog,{FOUR}\n", "a.png": picture(1)}, {
        "format": "automl", "classes": ["cat"], "ordered": False, "images": [there("a.png", cat(), split="train", **NO_SIZE)],
        "problems": ['duplicate-image: a.csv:2: image "a.png" is in test here, and in train at a.csv:1'],
    })
    case("automl", "bad-not-there", {"a.png": picture(1)}, {
        "from": "automl",
        "error": "{input}: nothing of format automl there; looked for CSV files without header whose rows are TRAIN, VALIDATION, "
                 "TEST or UNASSIGNED, an image, and a class with eight fractions or classes alone",
    })
