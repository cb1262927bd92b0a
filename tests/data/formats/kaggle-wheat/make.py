"""Fixtures of Kaggle's wheat CSV."""

from fixture import case, image, obj, picture, there, unlabelled

HEADER = "image_id,width,height,bbox,source\n"
ROW = 'b6ab77fd7,40,30,"[4.0, 5.0, 16.0, 20.0]",usask_1\n'


def wheat(line=2, **more):
    return obj("wheat", (4, 5, 20, 25), line=line, **({"attributes": {"source": "usask_1"}} | more))


def named(key, *objects, **more):
    return there(key, *objects, **({"name": key.rsplit("/", 1)[-1].removesuffix(".png")} | more))


def make() -> None:
    frame = {"format": "kaggle-wheat", "classes": ["wheat"], "ordered": False}
    case("kaggle-wheat", "competition", {
        "train.csv": HEADER + ROW + 'b6ab77fd7,40,30,"[0, 0, 40, 30]",usask_1\n', "sample_submission.csv": "image_id,PredictionString\naac893a91,1.0 0 0 50 50\n",
        "train/b6ab77fd7.png": picture(1), "train/a1321ca95.png": picture(2), "test/aac893a91.png": picture(3),
    }, {
        **frame, "remarks": ["images in no row, left out: 1"],
        "images": [there("train/a1321ca95.png", split="train", size=(0, 0)),
                   named("train/b6ab77fd7.png", wheat(), obj("wheat", (0, 0, 40, 30), line=3, attributes={"source": "usask_1"}), split="train")],
        "problems": [unlabelled("train/a1321ca95.png")],
    })
    case("kaggle-wheat", "beside", {"labels.csv": HEADER + ROW, "b6ab77fd7.png": picture(1)}, {
        **frame, "images": [named("b6ab77fd7.png", wheat())], "problems": [],
    })
    case("kaggle-wheat", "no-source", {"labels.csv": "image_id,width,height,bbox\n" + ROW.replace(",usask_1", ""), "b6ab77fd7.png": picture(1)}, {
        **frame, "images": [named("b6ab77fd7.png", obj("wheat", (4, 5, 20, 25), line=2))], "problems": [],
    })
    case("kaggle-wheat", "empty-box", {"labels.csv": HEADER + ROW + "c,40,30,,x\nd,40,30,[],x\n", "b6ab77fd7.png": picture(1), "c.png": picture(2), "d.png": picture(3)}, {
        **frame, "images": [named("b6ab77fd7.png", wheat()), named("c.png"), named("d.png")], "problems": [],
    })
    case("kaggle-wheat", "single-file", {"x/train.csv": HEADER + ROW, "photos/b6ab77fd7.png": picture(1)}, {
        **frame, "source": "x/train.csv", "image_dirs": ["photos"], "images": [named("b6ab77fd7.png", wheat(), split="train")], "problems": [],
    })

    case("kaggle-wheat", "bad-rows", {
        "labels.csv": HEADER + ROW + ROW + ROW.replace("16.0, ", "") + ROW.replace("4.0", "x") + "b6ab77fd7,40\n" + ROW.replace("b6", "lost") + ROW.replace("40", "wide"),
        "b6ab77fd7.png": picture(1),
    }, {
        **frame,
        "images": [named("b6ab77fd7.png", wheat()), image("lostab77fd7", wheat(7), name="lostab77fd7")],
        "problems": [
            "repeated-entry: labels.csv:3: the same as line 2; taken once",
            'bad-entry: labels.csv:4: bbox "[4.0, 5.0, 20.0]" is not four numbers',
            'bad-entry: labels.csv:5: bbox "[x, 5.0, 16.0, 20.0]" is not four numbers',
            "bad-entry: labels.csv:6: 2 fields, the header has 5",
            'missing-image: labels.csv:7: no image is called "lostab77fd7"',
            'bad-entry: labels.csv:8: "wide" is no number of pixels',
        ],
    })
    case("kaggle-wheat", "bad-splits", {"train.csv": HEADER + ROW, "test.csv": HEADER + ROW, "b6ab77fd7.png": picture(1)}, {
        **frame, "images": [named("b6ab77fd7.png", wheat(), split="test")],
        "problems": ['duplicate-image: train.csv:2: image "b6ab77fd7" is in train here, and in test at test.csv:2'],
    })
    case("kaggle-wheat", "bad-not-there", {"a.png": picture(1)}, {
        "from": "wheat", "error": "{input}: nothing of format kaggle-wheat there; looked for CSV files with a header image_id,width,height,bbox and no class",
    })
