"""Fixtures of Open Images."""

from fixture import case, filled, image, labels, obj, picture, there

NO_SIZE = {"size": (0, 0)}
HEADER = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n"
CLICKS = HEADER.strip() + ",XClick1X,XClick2X,XClick3X,XClick4X,XClick1Y,XClick2Y,XClick3Y,XClick4Y\n"
ROW = "0001eeaf4aed83f9,xclick,/m/0cmf2,1,0.1,0.5,0.2,0.75,0,0,0,0,0\n"
CLASSES = "/m/011k07,Tortoise\n/m/0cmf2,Airplane\n"
KEY = "0001eeaf4aed83f9.png"
PLAIN = ["not truncated", "not occluded", "not crowd"]


def plane(line=2, name="Airplane", **more):
    return obj(name, (0.1, 0.2, 0.5, 0.75), line=line, normalised=True, **({"flags": PLAIN} | more))


def named(key, *objects, **more):
    return there(key, *objects, **({"name": key.rsplit("/", 1)[-1].removesuffix(".png")} | NO_SIZE | more))


def make() -> None:
    case("open-images", "v5", {
        "annotations/train-annotations-bbox.csv": HEADER + ROW + ROW.replace("0,0,0,0,0", "1,1,1,1,-1").replace("/m/0cmf2,1", "/m/011k07,0.75"),
        "annotations/validation-annotations-bbox.csv": HEADER + ROW.replace("0001ee", "0002ee").replace("0,0,0,0,0", "-1,-1,-1,-1,-1"),
        "annotations/class-descriptions-boxable.csv": CLASSES,
        f"images/train/{KEY}": picture(1), "images/validation/0002eeaf4aed83f9.png": picture(2), "images/test/0003.png": picture(3),
    }, {
        "format": "open-images", "classes": ["Airplane", "Tortoise"], "ordered": False, "remarks": ["images in no row, left out: 1"],
        "images": [named(f"images/train/{KEY}", plane(), plane(3, "Tortoise", score=0.75, flags=["truncated", "occluded", "crowd"], attributes={"IsDepiction": "1"}),
                         split="train"),
                   named("images/validation/0002eeaf4aed83f9.png", obj("Airplane", (0.1, 0.2, 0.5, 0.75), line=2, normalised=True), split="valid")],
        "problems": [],
    })
    case("open-images", "v6", {
        "oidv6-train-annotations-bbox.csv": CLICKS + ROW.strip() + ",0.1,0.2,0.3,0.4,0.1,0.2,0.3,0.4\n",
        "oidv6-class-descriptions.csv": "LabelName,DisplayName\n/m/0cmf2,\"Plane, air\"\n", f"train/{KEY}": picture(1),
    }, {
        "format": "open-images", "classes": ["Plane, air"], "ordered": False,
        "images": [named(f"train/{KEY}", plane(2, "Plane, air"), split="train")], "problems": [],
    })
    case("open-images", "image-labels", {
        "validation-annotations-human-imagelabels-boxable.csv": "ImageID,Source,LabelName,Confidence\n0001eeaf4aed83f9,verification,/m/0cmf2,1\n"
        "0001eeaf4aed83f9,verification,/m/011k07,0\n0001eeaf4aed83f9,machine,/m/0xyz,0.8\n",
        "class-descriptions.csv": CLASSES, f"validation/{KEY}": picture(1),
    }, {
        "format": "open-images", "classes": ["Airplane", "/m/0xyz"], "ordered": False,
        "remarks": ["classes that were looked for and are not in the image, left out: 1"],
        "images": [named(f"validation/{KEY}", split="valid", labels=["Airplane", "/m/0xyz"])], "problems": [],
    })
    case("open-images", "boxes-and-labels", {
        "train-annotations-bbox.csv": HEADER + ROW, "train-annotations-human-imagelabels.csv": "ImageID,Source,LabelName,Confidence\n0001eeaf4aed83f9,verification,/m/0cmf2,1\n",
        "class-descriptions.csv": CLASSES, f"train/{KEY}": picture(1), "train-annotations-point-labels.csv": "ImageId,X,Y,Label,EstimatedYesNo,Source\na,0.5,0.5,b,yes,c\n",
        "train-annotations-vrd.csv": "ImageID,LabelName1,LabelName2\na,b,c\n",
    }, {
        "format": "open-images", "classes": ["Airplane"], "ordered": False,
        "images": [named(f"train/{KEY}", plane(), split="train", labels=["Airplane"])],
        "problems": ["ignored-field: train-annotations-vrd.csv: relations, points and rotations are not read; left out"],
    })
    # Masks: of a box, scaled to the image, and one of a box that no row has.
    segments = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"
    first, second = "0001eeaf4aed83f9_m0cmf2_1.png,0001eeaf4aed83f9,/m/0cmf2,1,0.100000,0.500000,0.200001,0.750000,0,\n", "x.png,0001eeaf4aed83f9,/m/011k07,2,0.5,1,0.5,1,0.8,0.1 0.2 1\n"
    case("open-images", "masks", {
        "annotations/train-annotations-bbox.csv": HEADER + ROW, "annotations/train-annotations-object-segmentation.csv": segments + first + second + first.replace("_1.png", "_9.png"),
        "annotations/class-descriptions-boxable.csv": CLASSES, f"images/train/{KEY}": picture(1),
        "masks/train/0001eeaf4aed83f9_m0cmf2_1.png": labels("1", (1, (2, 3, 10, 11)), size=(20, 15)), "masks/train/x.png": labels("L", (255, (20, 15, 40, 30))),
    }, {
        "format": "open-images", "classes": ["Airplane", "Tortoise"], "ordered": False,
        "problems": ['ignored-field: annotations/train-annotations-object-segmentation.csv:4: mask "0001eeaf4aed83f9_m0cmf2_9.png" was not found'],
        "images": [named(f"images/train/{KEY}", {**plane(), "mask": filled((4, 6, 20, 22)), "source": "annotations/train-annotations-bbox.csv"},
                         obj("Tortoise", (0.5, 0.5, 1, 1), line=3, normalised=True, mask=filled((20, 15, 40, 30))), split="train")],
    })
    case("open-images", "bad-masks", {
        "train-annotations-bbox.csv": HEADER + ROW, "train-annotations-object-segmentation.csv": segments + first + "x.png,,/m/011k07,2,0.5,1,0.5,1,0.8,\n",
        "class-descriptions-boxable.csv": CLASSES, f"train/{KEY}": picture(1), "0001eeaf4aed83f9_m0cmf2_1.png": "none",
    }, {
        "format": "open-images", "classes": ["Airplane"], "ordered": False, "images": [named(f"train/{KEY}", {**plane(), "source": "train-annotations-bbox.csv"}, split="train")],
        "problems": ["bad-entry: train-annotations-object-segmentation.csv:3: no MaskPath, ImageID, LabelName or box", "bad-mask: 0001eeaf4aed83f9_m0cmf2_1.png: its masks are left out: no PNG: Invalid PNG signature"],
    })
    case("open-images", "no-descriptions", {"test-annotations-bbox.csv": HEADER + ROW, KEY: picture(1)}, {
        "format": "open-images", "classes": ["/m/0cmf2"], "ordered": False, "images": [named(KEY, plane(2, "/m/0cmf2"), split="test")], "problems": [],
    })

    case("open-images", "bad-rows", {
        "train-annotations-bbox.csv": HEADER + ROW + ROW + ROW.replace("0.5", "x") + ROW.replace("0.5", "120") + ROW.replace("/m/0cmf2", "")
        + ROW.replace("0001ee", "lost"),
        "class-descriptions.csv": CLASSES, KEY: picture(1),
    }, {
        "format": "open-images", "classes": ["Airplane"], "ordered": False,
        "images": [named(KEY, plane(), split="train"), image("lostaf4aed83f9", plane(7), split="train", name="lostaf4aed83f9", **NO_SIZE)],
        "problems": [
            "repeated-entry: train-annotations-bbox.csv:3: the same as line 2; taken once",
            'bad-entry: train-annotations-bbox.csv:4: "x" is no number',
            "bad-entry: train-annotations-bbox.csv:5: 120 is no fraction of the image's size",
            "bad-entry: train-annotations-bbox.csv:6: no LabelName",
            'missing-image: train-annotations-bbox.csv:7: no image is called "lostaf4aed83f9"',
        ],
    })
    case("open-images", "bad-ambiguous", {"annotations-bbox.csv": HEADER + ROW, f"a/{KEY}": picture(1), f"b/{KEY}": picture(2)}, {
        "format": "open-images", "classes": ["/m/0cmf2"], "ordered": False, "remarks": ["images in no row, left out: 2"],
        "images": [image("0001eeaf4aed83f9", plane(2, "/m/0cmf2"), **NO_SIZE)],
        "problems": [f'ambiguous-image: annotations-bbox.csv:2: several images fit "0001eeaf4aed83f9": a/{KEY}, b/{KEY}'],
    })
    case("open-images", "bad-not-there", {"a.png": picture(1)}, {
        "from": "oid", "error": "{input}: nothing of format open-images there; looked for CSV files with a header ImageID,Source,LabelName,Confidence",
    })
