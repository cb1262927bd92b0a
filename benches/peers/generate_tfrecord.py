"""What the widely copied `generate_tfrecord.py` (Dat Tran, raccoon_dataset) does, written anew for TensorFlow 2.

The same work per image: pandas groups the CSV's rows by file, the image is read through `tf.io.gfile` and its size is
asked of Pillow, each row is visited with `iterrows`, and one Example of twelve features is built and serialised. The
original's `class_text_to_int`, which people edit by hand, reads its classes from the command line here.
"""

import argparse
import io
import os
from typing import Any

import pandas as pd
import tensorflow as tf
from dataset_util import floats, ints, texts
from PIL import Image


def example_of(filename: str, rows: pd.DataFrame, image_dir: str, ids: dict[str, int]) -> Any:
    with tf.io.gfile.GFile(os.path.join(image_dir, filename), "rb") as file:
        encoded = file.read()
    width, height = Image.open(io.BytesIO(encoded)).size
    name = filename.encode("utf8")
    xmins, xmaxs, ymins, ymaxs, classes, labels = [], [], [], [], [], []
    for _, row in rows.iterrows():
        xmins.append(row["xmin"] / width)
        xmaxs.append(row["xmax"] / width)
        ymins.append(row["ymin"] / height)
        ymaxs.append(row["ymax"] / height)
        classes.append(row["class"].encode("utf8"))
        labels.append(ids[row["class"]])
    feature = {
        "image/height": ints([height]),
        "image/width": ints([width]),
        "image/filename": texts([name]),
        "image/source_id": texts([name]),
        "image/encoded": texts([encoded]),
        "image/format": texts([b"jpg"]),
        "image/object/bbox/xmin": floats(xmins),
        "image/object/bbox/xmax": floats(xmaxs),
        "image/object/bbox/ymin": floats(ymins),
        "image/object/bbox/ymax": floats(ymaxs),
        "image/object/class/text": texts(classes),
        "image/object/class/label": ints(labels),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("csv_input")
    parser.add_argument("image_dir")
    parser.add_argument("output_path")
    parser.add_argument("--classes", required=True, help="names in the order of their ids, with commas between")
    args = parser.parse_args()
    ids = {name: number for number, name in enumerate(args.classes.split(","), 1)}
    examples = pd.read_csv(args.csv_input)
    with tf.io.TFRecordWriter(args.output_path) as writer:
        for filename, rows in examples.groupby("filename"):
            writer.write(example_of(str(filename), rows, args.image_dir, ids).SerializeToString())


if __name__ == "__main__":
    main()
