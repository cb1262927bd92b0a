"""What the Model Garden's `create_coco_tf_record.py` (object detection) does, anew for TensorFlow 2.

The same work per image: the annotations of all images are gathered from one `json.load`, the image is read through
`tf.io.gfile`, opened with Pillow, hashed, each annotation is checked against the image and visited in a loop, and one
Example is built and serialised. (`official/vision/data/create_coco_tf_record.py` has the same loop behind a pool of
processes.)
"""

import argparse
import collections
import hashlib
import io
import json
import os
from typing import Any

import numpy as np
import tensorflow as tf
from dataset_util import floats, ints, texts
from PIL import Image


def mask_of(annotation: dict[str, Any], height: int, width: int) -> bytes:
    from pycocotools import mask

    pixels = mask.decode(mask.frPyObjects(annotation["segmentation"], height, width))
    if not annotation["iscrowd"]:
        pixels = np.amax(pixels, axis=2)
    output = io.BytesIO()
    Image.fromarray(pixels).save(output, format="PNG")
    return output.getvalue()


def example_of(
    image: dict[str, Any], annotations: list[dict[str, Any]], folder: str, names: dict[int, Any], *, masks: bool
) -> Any:
    height, width, filename = image["height"], image["width"], image["file_name"]
    with tf.io.gfile.GFile(os.path.join(folder, filename), "rb") as file:
        encoded = file.read()
    Image.open(io.BytesIO(encoded))
    key = hashlib.sha256(encoded).hexdigest()
    xmin, xmax, ymin, ymax, is_crowd, category_names, category_ids, area = [], [], [], [], [], [], [], []
    encoded_masks = []
    for annotation in annotations:
        x, y, w, h = annotation["bbox"]
        if w <= 0 or h <= 0 or x + w > width or y + h > height:
            continue
        xmin.append(float(x) / width)
        xmax.append(float(x + w) / width)
        ymin.append(float(y) / height)
        ymax.append(float(y + h) / height)
        is_crowd.append(annotation["iscrowd"])
        category_ids.append(int(annotation["category_id"]))
        category_names.append(names[int(annotation["category_id"])]["name"].encode("utf8"))
        area.append(annotation["area"])
        if masks:
            encoded_masks.append(mask_of(annotation, height, width))
    feature = {
        "image/height": ints([height]),
        "image/width": ints([width]),
        "image/filename": texts([filename.encode("utf8")]),
        "image/source_id": texts([str(image["id"]).encode("utf8")]),
        "image/key/sha256": texts([key.encode("utf8")]),
        "image/encoded": texts([encoded]),
        "image/format": texts([b"jpeg"]),
        "image/object/bbox/xmin": floats(xmin),
        "image/object/bbox/xmax": floats(xmax),
        "image/object/bbox/ymin": floats(ymin),
        "image/object/bbox/ymax": floats(ymax),
        "image/object/class/text": texts(category_names),
        "image/object/class/label": ints(category_ids),
        "image/object/is_crowd": ints(is_crowd),
        "image/object/area": floats(area),
    }
    if masks:
        feature["image/object/mask"] = texts(encoded_masks)
    return tf.train.Example(features=tf.train.Features(feature=feature))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("annotations")
    parser.add_argument("images")
    parser.add_argument("output")
    parser.add_argument("--include-masks", action="store_true")
    args = parser.parse_args()
    with tf.io.gfile.GFile(args.annotations, "r") as file:
        groundtruth = json.load(file)
    names = {category["id"]: category for category in groundtruth["categories"]}
    by_image = collections.defaultdict(list)
    for annotation in groundtruth["annotations"]:
        by_image[annotation["image_id"]].append(annotation)
    with tf.io.TFRecordWriter(args.output) as writer:
        for image in groundtruth["images"]:
            annotations = by_image[image["id"]]
            example = example_of(image, annotations, args.images, names, masks=args.include_masks)
            writer.write(example.SerializeToString())


if __name__ == "__main__":
    main()
