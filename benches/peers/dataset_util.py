"""Features, as `object_detection/utils/dataset_util.py` makes them for both scripts."""

from typing import Any

import tensorflow as tf


def ints(values: list[int]) -> Any:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def floats(values: list[float]) -> Any:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def texts(values: list[bytes]) -> Any:
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
