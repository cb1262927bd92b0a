"""Fixtures of semantic masks: a picture of classes beside each image."""

import json

from fixture import case, filled, image, labels, mask, obj, picture, there

CAT, DOG = (4, 6, 20, 24), (25, 0, 40, 10)
ROBOFLOW = "Pixel Value, Class\n0, background\n1, cat\n2, big dog"
CVAT = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\nbig dog:0,128,0::\n"


def masked(name: str, box) -> dict:
    """An object that fills a box."""
    return obj(name, box, mask=filled(box))


def jpeg(number: int) -> bytes:
    return picture(number, "JPEG")


def make() -> None:
    frame = {"format": "semantic-masks", "classes": ["cat", "big dog"], "ordered": True}
    cat, dog = masked("cat", CAT), masked("big dog", DOG)
    gray = labels("L", (1, CAT), (2, DOG))
    case("semantic-masks", "roboflow", {
        "train/_classes.csv": ROBOFLOW, "train/a.jpg": jpeg(1), "train/a_mask.png": gray, "train/b.jpg": jpeg(2), "train/b_mask.png": labels("L"),
        "valid/_classes.csv": ROBOFLOW, "valid/c_mask.x.jpg": jpeg(3), "valid/c_mask.x_mask.png": labels("L", (2, DOG)),
    }, {
        **frame, "remarks": ["names of the classes: train/_classes.csv"], "problems": [],
        "images": [there("train/a.jpg", cat, dog, split="train"), there("train/b.jpg", split="train"), there("valid/c_mask.x.jpg", dog, split="valid")]})
    # Two cats side by side are one object by their class, two by their instances.
    two = (20, 6, 24, 24)
    case("semantic-masks", "cvat", {
        "labelmap.txt": CVAT, "ImageSets/Segmentation/default.txt": "a\nb\n", "JPEGImages/a.jpg": jpeg(1), "JPEGImages/b.jpg": jpeg(2),
        "SegmentationClass/a.png": labels("RGB", ((128, 0, 0), CAT), ((128, 0, 0), two), ((0, 128, 0), DOG)),
        "SegmentationObject/a.png": labels("RGB", ((128, 0, 0), CAT), ((0, 128, 0), two), ((128, 128, 0), DOG)),
        "SegmentationClass/b.png": labels("RGB", ((0, 128, 0), DOG)),
    }, {
        **frame, "remarks": ["names of the classes: labelmap.txt"], "problems": [],
        # The colour of the dog's class is the lower number, and that of the second instance too.
        "images": [there("JPEGImages/a.jpg", dog, masked("cat", two), cat), there("JPEGImages/b.jpg", dog)]})
    voc = labels("P", (8, CAT), (255, (20, 6, 22, 24)), (12, DOG))
    case("semantic-masks", "voc-without-xml", {
        "VOC2012/JPEGImages/a.jpg": jpeg(1), "VOC2012/JPEGImages/b.jpg": jpeg(2), "VOC2012/SegmentationClass/a.png": voc, "VOC2012/SegmentationClass/b.png": labels("P"),
        "VOC2012/SegmentationObject/a.png": labels("P", (1, CAT), (255, (20, 6, 22, 24)), (2, DOG)), "VOC2012/SegmentationObject/b.png": labels("P"),
        "VOC2012/ImageSets/Segmentation/train.txt": "a\n", "VOC2012/ImageSets/Segmentation/val.txt": "b\n",
    }, {
        "format": "semantic-masks", "classes": ["cat", "dog"], "ordered": False, "problems": [],
        "images": [there("VOC2012/JPEGImages/a.jpg", masked("cat", CAT), masked("dog", DOG), split="train"), there("VOC2012/JPEGImages/b.jpg", split="valid")]})
    for name, listed, form in (("datumaro-voc", "labelmap.txt", "# label:color_rgb:parts:actions\nbackground:::\ncat:::\nbig dog:::\n"), ("datumaro-camvid", "label_colors.txt", " cat\n big dog\n")):
        case("semantic-masks", name, {
            listed: form, "train/a.jpg": jpeg(1), "trainannot/a.png": labels("RGB", ((128, 0, 0), CAT), ((0, 128, 0), DOG)), "train.txt": "train/a.jpg trainannot/a.png\n",
        }, {**frame, "remarks": [f"names of the classes: {listed}"], "problems": [], "images": [there("train/a.jpg", dog, cat, split="train")]})
    meta = json.dumps({"label_map": {"0": "bg", "7": "cat", "3": "big dog"}})
    case("semantic-masks", "datumaro", {
        "dataset_meta.json": meta, "images/x/a.png": picture(1), "images/x/b.png": picture(2), "masks/x/a.png": labels("L", (7, CAT), (3, DOG)), "masks/x/b.png": labels("I", (7, CAT)),
    }, {
        "format": "semantic-masks", "classes": ["big dog", "cat"], "ordered": True, "remarks": ["names of the classes: dataset_meta.json"], "problems": [],
        "images": [there("images/x/a.png", dog, cat), there("images/x/b.png", cat)]})
    case("semantic-masks", "binary", {
        "images/a.jpg": jpeg(1), "images/b.jpg": jpeg(2), "images/c.jpg": jpeg(3), "masks/a.png": labels("L", (255, CAT)), "masks/b.png": labels("L"), "readme.txt": "none\n",
    }, {
        "format": "semantic-masks", "classes": ["object"], "ordered": False, "problems": ["unlabelled-image: images/c.jpg: no mask belongs to this image; kept without objects"],
        "images": [there("images/a.jpg", masked("object", CAT)), there("images/b.jpg"), there("images/c.jpg", size=(0, 0))]})
    case("semantic-masks", "bits", {"data/a.jpg": jpeg(1), "labels/a.png": labels("1", (1, CAT))}, {
        "format": "semantic-masks", "classes": ["1"], "ordered": False, "problems": [], "images": [there("data/a.jpg", masked("1", CAT))]})
    case("semantic-masks", "fiftyone", {"data/a.jpg": jpeg(1), "labels/a.png": labels("L", (3, CAT), (12, DOG), (255, (0, 0, 2, 2)))}, {
        "format": "semantic-masks", "classes": ["3", "12"], "ordered": False, "problems": [], "images": [there("data/a.jpg", masked("3", CAT), masked("12", DOG))]})
    case("semantic-masks", "colours", {"images/a.jpg": jpeg(1), "masks/a.png": labels("RGB", ((1, 2, 3), CAT), ((224, 224, 192), DOG))}, {
        "format": "semantic-masks", "classes": ["#010203"], "ordered": False, "problems": [], "images": [there("images/a.jpg", masked("#010203", CAT))]})
    case("semantic-masks", "camvid", {
        "label_colors.txt": "64 128 64\tcat\n192 0 128\t\tbig dog\n0 0 0\t\tVoid\n", "701_StillsRaw_full/0001TP.png": picture(1),
        "LabeledApproved_full/0001TP_L.png": labels("RGB", ((64, 128, 64), CAT), ((192, 0, 128), DOG)),
    }, {
        **frame, "remarks": ["names of the classes: label_colors.txt"], "problems": [], "images": [there("701_StillsRaw_full/0001TP.png", cat, dog)]})
    # SegNet's: numbers from 0, of which all are classes. A list of names counts from 1 where a mask has a value as high as there are names.
    ground = obj("sky", (0, 0, 40, 30), mask=mask([("." * 4 + "#" * 16 + "." * 20).translate(str.maketrans("#.", ".#")) if 6 <= row < 24 else "#" * 40 for row in range(30)]))
    case("semantic-masks", "segnet", {
        "classes.txt": "sky\ncat\nbig dog\n", "train/a.png": picture(1), "trainannot/a.png": labels("L", (1, CAT)), "val/b.png": picture(2), "valannot/b.png": labels("L", (2, (0, 0, 40, 30))),
    }, {
        "format": "semantic-masks", "classes": ["sky", "cat", "big dog"], "ordered": True, "remarks": ["names of the classes: classes.txt"], "problems": [],
        "images": [there("train/a.png", ground, cat, split="train"), there("val/b.png", masked("big dog", (0, 0, 40, 30)), split="valid")]})
    case("semantic-masks", "names-from-1", {"classes.txt": "cat\nbig dog\n", "train/a.jpg": jpeg(1), "train_masks/a.png": gray}, {
        **frame, "remarks": ["names of the classes: classes.txt"], "problems": [], "images": [there("train/a.jpg", cat, dog, split="train")]})
    case("semantic-masks", "class-dict", {
        "class_dict.csv": "name,r,g,b\nunlabelled,0,0,0\ncat,10,20,30\nbig dog,255,255,255\n", "val/a.png": picture(1), "val_labels/a_L.png": labels("RGB", ((10, 20, 30), CAT), ((255, 255, 255), DOG)),
    }, {
        **frame, "remarks": ["names of the classes: class_dict.csv"], "problems": [], "images": [there("val/a.png", cat, dog, split="valid")]})
    case("semantic-masks", "scene-parsing", {
        "objectInfo150.txt": "Idx\tRatio\tTrain\tVal\tName\n1\t0.1576\t11664\t1172\tcat\n2\t0.1072\t6046\t612\tbig dog, edifice\n",
        "images/training/ADE_train_00000001.jpg": jpeg(1), "annotations/training/ADE_train_00000001.png": gray,
        "images/validation/ADE_val_00000001.jpg": jpeg(2), "annotations/validation/ADE_val_00000001.png": labels("L", (1, CAT)),
    }, {
        **frame, "remarks": ["names of the classes: objectInfo150.txt"], "problems": [],
        "images": [there("images/training/ADE_train_00000001.jpg", cat, dog, split="train"), there("images/validation/ADE_val_00000001.jpg", cat, split="valid")]})
    case("semantic-masks", "hugging-face", {"id2label.json": json.dumps({"0": "cat", "1": "big dog"}), "img_dir/val/a.jpg": jpeg(1), "ann_dir/val/a.png": labels("L", (0, CAT), (1, DOG), ground=255)}, {
        **frame, "remarks": ["names of the classes: id2label.json"], "problems": [], "images": [there("img_dir/val/a.jpg", cat, dog, split="valid")]})

    case("semantic-masks", "bad-values", {"train/_classes.csv": ROBOFLOW, "train/a.jpg": jpeg(1), "train/a_mask.png": labels("L", (1, CAT), (9, DOG))}, {
        **frame, "problems": ["bad-entry: train/a_mask.png: 150 pixels of 9, which is no class's"], "remarks": ["names of the classes: train/_classes.csv"], "images": [there("train/a.jpg", cat, split="train")]})
    case("semantic-masks", "bad-missing", {"_classes.csv": ROBOFLOW, "images/a.jpg": jpeg(1), "masks/a.png": gray, "masks/gone.png": gray}, {
        **frame, "remarks": ["names of the classes: _classes.csv"], "problems": ['missing-image: masks/gone.png: no image is called "gone" (any image extension)'],
        "images": [there("images/a.jpg", cat, dog), image("masks/gone.png", cat, dog)]})
    case("semantic-masks", "bad-png", {"_classes.csv": ROBOFLOW, "images/a.jpg": jpeg(1), "masks/a.png": gray, "images/b.jpg": jpeg(2), "masks/b.png": "no picture"}, {
        **frame, "remarks": ["names of the classes: _classes.csv"], "problems": ["unreadable-annotation: masks/b.png: no PNG: Invalid PNG signature"], "images": [there("images/a.jpg", cat, dog)]})
    case("semantic-masks", "bad-instances", {
        "labelmap.txt": CVAT, "JPEGImages/a.jpg": jpeg(1), "SegmentationClass/a.png": labels("RGB", ((128, 0, 0), CAT)), "SegmentationObject/a.png": labels("P", size=(10, 10)),
    }, {
        **frame, "remarks": ["names of the classes: labelmap.txt"], "problems": ["unreadable-annotation: SegmentationObject/a.png: 40x30 pixels, of instances 10x10"], "images": [there("JPEGImages/a.jpg", cat)]})
    case("semantic-masks", "bad-twice", {"_classes.csv": ROBOFLOW, "images/a.jpg": jpeg(1), "masks/a.png": gray, "masks/a_mask.png": gray}, {
        **frame, "remarks": ["names of the classes: _classes.csv"], "problems": ["duplicate-image: masks/a_mask.png: images/a.jpg has another mask"], "images": [there("images/a.jpg", cat, dog)]})
    case("semantic-masks", "bad-not-there", {"a.png": picture(1), "b.png": picture(2)}, {
        "from": "semantic-masks", "error": "{input}: nothing of format semantic-masks there; looked for PNG masks beside images (a_mask.png), or of their names in a folder such as masks/ or SegmentationClass/"})
