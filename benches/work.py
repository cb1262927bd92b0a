"""One piece of work in one process, for compare.py.

`python benches/work.py NAME ARGUMENT...` prints what it took and what came out as JSON. The clock runs around the loop
alone: imports (seconds, for TensorFlow) and the making of the inputs are left out. Each way of doing a piece of work
must give the same `result`.
"""

import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

WORK: dict[str, Callable[..., tuple[float, Any]]] = {}


def work(function: Callable[..., tuple[float, Any]]) -> Callable[..., tuple[float, Any]]:
    """Makes a function callable from the command line."""
    WORK[function.__name__] = function
    return function


def sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


PEAK = 0.0


def clock() -> float:
    """The time; and remembers the process's peak of memory, before checks that come later raise it."""
    global PEAK
    # Linux counts in KiB, macOS in bytes.
    PEAK = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return time.perf_counter()


# --- writing records, one call each ---


@work
def write_ours(path: str, size: str, count: str) -> tuple[float, Any]:
    import recordmill as rm

    payload = bytes(range(256)) * (int(size) // 256 + 1)
    payload, times = payload[: int(size)], range(int(count))
    start = clock()
    # Without the syncs, as TensorFlow.
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for _ in times:
            writer.write(payload)
    return clock() - start, sha256(path)


@work
def write_tf(path: str, size: str, count: str) -> tuple[float, Any]:
    import tensorflow as tf

    payload = bytes(range(256)) * (int(size) // 256 + 1)
    payload, times = payload[: int(size)], range(int(count))
    start = clock()
    with tf.io.TFRecordWriter(path) as writer:
        for _ in times:
            writer.write(payload)
    return clock() - start, sha256(path)


# --- building Examples ---


def canonical(payloads: Iterable[bytes]) -> str:
    """A sum over Examples as TensorFlow parses them, independent of the order of keys on the wire."""
    import tensorflow as tf

    total = hashlib.sha256()
    for payload in payloads:
        total.update(tf.train.Example.FromString(payload).SerializeToString(deterministic=True))
    return total.hexdigest()


def rows(count: int) -> list[dict[str, Any]]:
    """Detections as a loop in Python has them."""
    return [
        {
            "image/source_id": str(number).encode(),
            "image/height": 480,
            "image/width": 640,
            "image/object/bbox/xmin": [0.1, 0.25, 0.5, number / count],
            "image/object/bbox/xmax": [0.2, 0.5, 0.75, 1.0],
            "image/object/class/text": [b"dog", b"person", b"dog", b"bicycle"],
            "image/object/class/label": [2, 3, 2, 1],
        }
        for number in range(count)
    ]


def tf_feature(value: Any) -> Any:
    """What the guides of TensorFlow have people write, for a value of any kind."""
    import tensorflow as tf

    values = value if isinstance(value, list) else [value]
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


@work
def dict_ours(count: str) -> tuple[float, Any]:
    import recordmill as rm

    data = rows(int(count))
    start = clock()
    made = [rm.encode_example(row) for row in data]
    return clock() - start, canonical(made)


@work
def dict_tf(count: str) -> tuple[float, Any]:
    import tensorflow as tf

    data = rows(int(count))
    # Once without the clock: TensorFlow loads its parts on first use.
    tf_feature(1), tf.train.Example, tf.train.Features
    start = clock()
    made = [
        tf.train.Example(
            features=tf.train.Features(feature={key: tf_feature(value) for key, value in row.items()})
        ).SerializeToString()
        for row in data
    ]
    return clock() - start, canonical(made)


def columns(count: int) -> dict[str, Any]:
    """The same as arrays of `count` rows."""
    import numpy as np

    rng = np.random.default_rng(7)
    return {
        "id": np.arange(count, dtype=np.int64),
        "label": rng.integers(0, 90, (count, 4)),
        "score": rng.random((count, 4), dtype=np.float32),
        "box": rng.random((count, 16), dtype=np.float32),
    }


@work
def columns_ours(count: str) -> tuple[float, Any]:
    import recordmill as rm

    data = columns(int(count))
    start = clock()
    made = rm.encode_examples(data)
    return clock() - start, canonical(made)


@work
def columns_tf(count: str) -> tuple[float, Any]:
    import tensorflow as tf

    data = columns(int(count))
    feature, int64s, floats = tf.train.Feature, tf.train.Int64List, tf.train.FloatList
    start = clock()
    made = []
    for number in range(int(count)):
        features = {
            "id": feature(int64_list=int64s(value=[data["id"][number]])),
            "label": feature(int64_list=int64s(value=data["label"][number])),
            "score": feature(float_list=floats(value=data["score"][number])),
            "box": feature(float_list=floats(value=data["box"][number])),
        }
        made.append(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return clock() - start, canonical(made)


# --- rows of tables ---


def table_rows(count: int) -> Iterable[dict[str, Any]]:
    """Houses as tables have them; a seventh of them of no price."""
    import random

    chance = random.Random(7)
    for number in range(count):
        yield {
            "id": number,
            "street": f"{chance.choice(('Elm', 'Oak', 'Ash'))} Street {number % 300}",
            "rooms": chance.randrange(1, 9),
            "area": round(chance.uniform(20, 400), 2),
            "latitude": round(chance.uniform(-90, 90), 4),
            "longitude": round(chance.uniform(-180, 180), 4),
            "price": None if number % 7 == 0 else float(chance.randrange(50_000, 900_000)),
        }


@work
def make_tables(csv_path: str, parquet_path: str, count: str) -> tuple[float, Any]:
    import csv

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = list(table_rows(int(count)))
    with Path(csv_path).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    pq.write_table(pa.Table.from_pylist(rows), parquet_path)
    return 0.0, None


@work
def table_ours(path: str, out: str) -> tuple[float, Any]:
    import recordmill as rm

    start = clock()
    rm.from_table(path, out, fsync=False)
    return clock() - start, canonical(rm.TFRecordReader(out))


def table_tf(out: str, rows: Callable[[], Iterable[dict[str, Any]]]) -> tuple[float, Any]:
    """Each row to an Example, as guides have it; what is missing has no feature."""
    import recordmill as rm
    import tensorflow as tf

    tf_feature(1), tf.train.Example, tf.train.Features
    start = clock()
    with tf.io.TFRecordWriter(out) as writer:
        for row in rows():
            features = {key: tf_feature(value) for key, value in row.items() if value is not None}
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return clock() - start, canonical(rm.TFRecordReader(out))


@work
def table_tf_csv(path: str, out: str) -> tuple[float, Any]:
    import csv

    types: dict[str, Callable[[str], Any]] = {"id": int, "street": str.encode, "rooms": int}

    def rows() -> Iterable[dict[str, Any]]:
        with Path(path).open(newline="") as file:
            for row in csv.DictReader(file):
                yield {key: types.get(key, float)(value) if value else None for key, value in row.items()}

    return table_tf(out, rows)


@work
def table_tf_parquet(path: str, out: str) -> tuple[float, Any]:
    import pyarrow.parquet as pq

    def rows() -> Iterable[dict[str, Any]]:
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                yield {key: value.encode() if isinstance(value, str) else value for key, value in row.items()}

    return table_tf(out, rows)


# --- reading records; all but `read_vahidk` check both sums ---


@work
def make_records(path: str, size: str, count: str) -> tuple[float, Any]:
    import random

    import recordmill as rm

    block = random.Random(7).randbytes(int(size) + 4096)
    start = clock()
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for number in range(int(count)):
            offset = number * 37 % 4096
            writer.write(block[offset : offset + int(size)])
    return clock() - start, None


def drain(payloads: Iterable[Any]) -> tuple[float, Any]:
    """Iterates, and gives the number of records and of bytes."""
    count = total = 0
    start = clock()
    for payload in payloads:
        count += 1
        total += len(payload)
    return clock() - start, [count, total]


@work
def read_ours(path: str) -> tuple[float, Any]:
    import recordmill as rm

    return drain(rm.TFRecordReader(path))


@work
def verify_ours(path: str) -> tuple[float, Any]:
    """More than reading: each record is checked to be an Example, its boxes and image to be what detectors take."""
    import recordmill as rm

    start = clock()
    verdict = rm.verify(path, sha256=False)
    return clock() - start, [verdict["records"], verdict["data_bytes"] - 16 * verdict["records"]]


@work
def read_tf_iterator(path: str) -> tuple[float, Any]:
    import tensorflow as tf

    return drain(tf.compat.v1.io.tf_record_iterator(path))


@work
def read_tf_dataset(path: str) -> tuple[float, Any]:
    import tensorflow as tf

    return drain(tf.data.TFRecordDataset(path, buffer_size=1 << 20).as_numpy_iterator())


@work
def read_tf_batches(path: str) -> tuple[float, Any]:
    """Batches of 256: fewer steps through Python for TensorFlow; the records come as an array of bytes objects."""
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(path, buffer_size=1 << 20).batch(256).prefetch(2)
    return drain(payload for batch in dataset.as_numpy_iterator() for payload in batch)


@work
def read_tf_graph(path: str) -> tuple[float, Any]:
    """Never leaves the graph: no record reaches Python."""
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(path, buffer_size=1 << 20)

    def step(state: Any, record: Any) -> Any:
        return state[0] + 1, state[1] + tf.cast(tf.strings.length(record), tf.int64)

    start = clock()
    count, total = dataset.reduce((tf.constant(0, tf.int64), tf.constant(0, tf.int64)), step)
    return clock() - start, [int(count), int(total)]


@work
def read_vahidk(path: str) -> tuple[float, Any]:
    """Looks at neither sum."""
    from tfrecord.reader import tfrecord_iterator

    return drain(tfrecord_iterator(path))


# --- loading annotations ---


@work
def load_json(path: str) -> tuple[float, Any]:
    start = clock()
    with Path(path).open(encoding="utf-8") as file:
        document = json.load(file)
    seconds = clock() - start
    annotations = document["annotations"]
    corner = sum(round(100 * annotation["bbox"][0]) for annotation in annotations)
    return seconds, [len(document["images"]), len(annotations), corner]


def load_coco(path: str, boxes_only: bool) -> tuple[float, Any]:
    import recordmill as rm

    start = clock()
    dataset = rm.load(path, boxes_only=boxes_only)
    seconds = clock() - start
    import numpy as np

    corner = np.rint(100 * dataset.objects.bbox[:, 0]).astype(np.int64).sum()
    return seconds, [len(dataset), len(dataset.objects.bbox), int(corner)]


@work
def load_boxes(path: str) -> tuple[float, Any]:
    return load_coco(path, boxes_only=True)


@work
def load_polygons(path: str) -> tuple[float, Any]:
    return load_coco(path, boxes_only=False)


@work
def load_voc(path: str) -> tuple[float, Any]:
    import recordmill as rm

    start = clock()
    dataset = rm.load(path)
    return clock() - start, [len(dataset), len(dataset.objects.bbox)]


# --- what a conversion gave ---


@work
def examples_of(*paths: str) -> tuple[float, Any]:
    """Number of Examples and a sum over them by file name, whatever their order."""
    import tensorflow as tf

    start = clock()
    found = {}
    for payload in tf.data.TFRecordDataset(list(paths)).as_numpy_iterator():
        example = tf.train.Example.FromString(payload)
        name = example.features.feature["image/filename"].bytes_list.value[0]
        found[name] = hashlib.sha256(example.SerializeToString(deterministic=True)).digest()
    total = hashlib.sha256(b"".join(name + found[name] for name in sorted(found)))
    return clock() - start, [len(found), total.hexdigest()]


@work
def image_bytes_of(*paths: str) -> tuple[float, Any]:
    """Number of Examples and of bytes in their images."""
    import tensorflow as tf

    start = clock()
    count = total = 0
    for payload in tf.data.TFRecordDataset(list(paths)).as_numpy_iterator():
        count += 1
        total += len(tf.train.Example.FromString(payload).features.feature["image/encoded"].bytes_list.value[0])
    return clock() - start, [count, total]


@work
def detections_of(*paths: str) -> tuple[float, Any]:
    """Number of Examples, of boxes, and a sum over image, label and box (to 1e-6) by file name."""
    import tensorflow as tf

    start = clock()
    found, boxes = {}, 0
    for payload in tf.data.TFRecordDataset(list(paths)).as_numpy_iterator():
        feature = tf.train.Example.FromString(payload).features.feature
        sides = [feature[f"image/object/bbox/{side}"].float_list.value for side in ("xmin", "ymin", "xmax", "ymax")]
        rows = zip(feature["image/object/class/label"].int64_list.value, *sides, strict=True)
        said = [(label, *(round(1e5 * side) for side in box)) for label, *box in rows]
        boxes += len(said)
        total = hashlib.sha256(feature["image/encoded"].bytes_list.value[0])
        total.update(repr(said).encode())
        found[feature["image/filename"].bytes_list.value[0]] = total.digest()
    total = hashlib.sha256(b"".join(name + found[name] for name in sorted(found)))
    return clock() - start, [len(found), boxes, total.hexdigest()]


@work
def masks_of(*paths: str) -> tuple[float, Any]:
    """Number of masks, and a sum over the pixels of those of each tenth image by file name."""
    import tensorflow as tf

    start = clock()
    count, found = 0, {}
    for payload in tf.data.TFRecordDataset(list(paths)).as_numpy_iterator():
        feature = tf.train.Example.FromString(payload).features.feature
        masks = feature["image/object/mask"].bytes_list.value
        name = feature["image/filename"].bytes_list.value[0]
        count += len(masks)
        if hashlib.sha256(name).digest()[0] % 10 == 0:
            total = hashlib.sha256()
            for mask in masks:
                total.update(tf.io.decode_png(mask, channels=1).numpy().tobytes())
            found[name] = total.digest()
    total = hashlib.sha256(b"".join(name + found[name] for name in sorted(found)))
    return clock() - start, [count, total.hexdigest()]


@work
def yolo_labels_of(folder: str) -> tuple[float, Any]:
    """Number of objects, how often each class is there, and the sum of the numbers to three digits."""
    start = clock()
    count, total = 0, 0.0
    classes: dict[str, int] = {}
    for path in sorted(Path(folder).rglob("labels/**/*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, *numbers = line.split()
            classes[name] = classes.get(name, 0) + 1
            count += 1
            total += sum(map(float, numbers[:4]))
    return clock() - start, [count, sorted(classes.values()), round(total, -2)]


def main() -> None:
    seconds, result = WORK[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": PEAK, "result": result}) + "\n")


if __name__ == "__main__":
    main()
