"""What a conversion writes, read by TensorFlow, and by the rules of its object detection decoders."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

pytestmark = pytest.mark.tensorflow

BOX = "image/object/bbox/"


def parsed(tf: Any, path: Path, compression: str = "") -> list[Any]:
    """The records, parsed by TensorFlow's protobuf."""
    dataset = tf.data.TFRecordDataset(str(path), compression_type=compression)
    return [tf.train.Example.FromString(record) for record in dataset.as_numpy_iterator()]


@pytest.fixture
def raccoon(shared: Path) -> Path:
    return shared / "data" / "raccoon"


def test_the_record_that_the_author_published(tf: Any, raccoon: Path, tmp_path: Path) -> None:
    report = rm.convert(raccoon / "test_labels.csv", tmp_path, images=raccoon / "images", schema="basic")
    assert report.images == 40
    theirs = {
        ex.features.feature["image/filename"].bytes_list.value[0]: ex for ex in parsed(tf, raccoon / "test.record")
    }
    (file,) = report.files
    assert file.split == "test"  # as the source's name says
    ours = parsed(tf, tmp_path / file.name)
    assert len(ours) == len(theirs) == 40
    for example in ours:
        name = example.features.feature["image/filename"].bytes_list.value[0]
        assert example == theirs.pop(name), name
    assert theirs == {}


def test_raccoon_voc(tf: Any, raccoon: Path, tmp_path: Path) -> None:
    report = rm.convert(raccoon, tmp_path, source_format="voc", split="80/20", shards=2, compression="gzip")
    assert (report.images, report.objects) == (200, 217)
    read = [example for file in report.files for example in parsed(tf, tmp_path / file.name, "GZIP")]
    assert len(read) == 200
    assert sum(len(example.features.feature["image/object/class/label"].int64_list.value) for example in read) == 217


def check_rules(tf: Any, example: Any, labels: dict[int, str]) -> int:
    """The rules of Model Garden's and the Object Detection API's decoders (formats.md 3.3). Gives the number of objects."""
    feature = example.features.feature

    def values(key: str, kind: str) -> list[Any]:
        assert key in feature, key
        assert feature[key].WhichOneof("kind") == kind, key
        return list(getattr(feature[key], kind).value)

    (encoded,) = values("image/encoded", "bytes_list")
    (height,) = values("image/height", "int64_list")
    (width,) = values("image/width", "int64_list")
    (source_id,) = values("image/source_id", "bytes_list")
    assert int(source_id) >= 1
    assert len(values("image/filename", "bytes_list")) == len(values("image/key/sha256", "bytes_list")) == 1
    assert values("image/format", "bytes_list")[0] in (b"jpeg", b"png")
    shape = tf.io.decode_image(encoded, channels=3).shape
    assert tuple(shape) == (height, width, 3)
    sides = {side: np.array(values(BOX + side, "float_list")) for side in ("xmin", "xmax", "ymin", "ymax")}
    ids = values("image/object/class/label", "int64_list")
    texts = values("image/object/class/text", "bytes_list")
    assert {len(side) for side in sides.values()} == {len(ids)} == {len(texts)}
    for side in sides.values():
        assert ((side >= 0) & (side <= 1)).all()
    assert (sides["xmin"] < sides["xmax"]).all()
    assert (sides["ymin"] < sides["ymax"]).all()
    assert [labels[number].encode() for number in ids] == texts
    optional = ("image/object/is_crowd", "image/object/difficult", "image/object/truncated", "image/object/view")
    for key in optional:
        if key in feature:
            kind = feature[key].WhichOneof("kind")
            assert len(getattr(feature[key], kind).value) == len(ids), key
    return len(ids)


@pytest.mark.parametrize("layout", ["flat", "roboflow"])
def test_rules_of_the_decoders(tf: Any, project: Path, tmp_path: Path, layout: str) -> None:
    report = rm.convert(project / "examples" / "shapes", tmp_path, layout=layout)
    labels = {row.id: row.name for row in report.classes}
    assert min(labels) == 1
    counts = [check_rules(tf, example, labels) for file in report.files for example in parsed(tf, tmp_path / file.name)]
    assert (len(counts), sum(counts), counts.count(0)) == (24, 44, 4)


def test_masks(tf: Any, tmp_path: Path) -> None:
    """As PNG they decode to 0 and 1, as numbers to the same; an object without outline has one without a pixel."""
    (tmp_path / "in").mkdir()
    Image.new("RGB", (64, 48)).save(tmp_path / "in" / "a.jpg")
    shapes = [[4, 6, 20, 6, 20, 30, 4, 30], [40, 10, 60, 10, 60, 40]]
    rows = [
        {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 384, "bbox": [4, 6, 16, 24]},
        {"id": 2, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 300, "bbox": [40, 10, 20, 30]},
        {"id": 3, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 4, "bbox": [0, 0, 2, 2]},
    ]
    for row, shape in zip(rows, shapes, strict=False):
        row["segmentation"] = [shape]
    images = [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}]
    document = {"images": images, "annotations": rows, "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "in" / "labels.json").write_text(json.dumps(document))
    rm.convert(tmp_path / "in", tmp_path / "png")
    rm.convert(tmp_path / "in", tmp_path / "numerical", masks="numerical")
    rm.convert(tmp_path / "in", tmp_path / "none", masks="none")
    key = "image/object/mask"
    (example,) = parsed(tf, tmp_path / "png" / "train.tfrecord")
    pictures = example.features.feature[key].bytes_list.value
    masks = np.stack([tf.io.decode_image(picture, channels=1).numpy()[..., 0] for picture in pictures])
    assert (masks.shape, masks.dtype, masks.max()) == ((3, 48, 64), np.uint8, 1)
    assert masks[0].sum() == masks[0, 6:30, 4:20].sum() == 16 * 24
    assert (abs(int(masks[1].sum()) - 300) < 20, masks[2].sum()) == (True, 0)
    (example,) = parsed(tf, tmp_path / "numerical" / "train.tfrecord")
    numbers = np.array(example.features.feature[key].float_list.value, np.float32).reshape(3, 48, 64)
    assert (numbers == masks).all()
    (example,) = parsed(tf, tmp_path / "none" / "train.tfrecord")
    assert key not in example.features.feature
    back = rm.load(tmp_path / "png")
    assert len(back) == 1
    rm.convert(tmp_path / "numerical", tmp_path / "again")
    (again,) = parsed(tf, tmp_path / "again" / "train.tfrecord")
    assert list(again.features.feature[key].bytes_list.value) == list(pictures)


def test_rules_on_raccoon(tf: Any, raccoon: Path, tmp_path: Path) -> None:
    rm.convert(raccoon, tmp_path, source_format="voc")
    read = parsed(tf, tmp_path / "train.tfrecord")
    assert sum(check_rules(tf, example, {1: "raccoon"}) for example in read) == 217


def test_an_input_pipeline(tf: Any, project: Path, tmp_path: Path) -> None:
    """As a user writes it: parse, decode, batch."""
    rm.convert(project / "examples" / "shapes", tmp_path, shards=2)
    spec = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/height": tf.io.FixedLenFeature([], tf.int64),
        "image/source_id": tf.io.FixedLenFeature([], tf.string),
        "image/object/bbox/xmin": tf.io.VarLenFeature(tf.float32),
        "image/object/class/label": tf.io.VarLenFeature(tf.int64),
        "image/object/class/text": tf.io.RaggedFeature(tf.string),
    }

    def load(record: Any) -> Any:
        example = tf.io.parse_single_example(record, spec)
        image = tf.io.decode_image(example["image/encoded"], channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        return tf.image.resize(image, [32, 32]), tf.sparse.to_dense(example["image/object/class/label"])

    names = sorted(str(path) for path in tmp_path.glob("train-*.tfrecord"))
    assert len(names) == 2
    dataset = tf.data.TFRecordDataset(names, num_parallel_reads=2).map(load).padded_batch(5)
    images = sum(int(batch.shape[0]) for batch, _ in dataset)
    assert images == 18


def test_classification(tf: Any, tmp_path: Path) -> None:
    """One class an image; the program in README.txt reads it as it stands there."""
    for split, name, colour in [("train", "cat", 10), ("train", "dog", 20), ("val", "cat", 30)]:
        folder = tmp_path / "in" / split / name
        folder.mkdir(parents=True)
        Image.new("RGB", (12, 9), (colour, 0, 0)).save(folder / f"{colour}.png")
    report = rm.convert(tmp_path / "in", tmp_path / "out", schema="classification")
    assert [(row.id, row.name, row.images) for row in report.classes] == [(1, "cat", 2), (2, "dog", 1)]
    read = parsed(tf, tmp_path / "out" / "train.tfrecord")
    said = [
        (
            example.features.feature["image/class/label"].int64_list.value[0],
            example.features.feature["image/class/text"].bytes_list.value[0],
            int(tf.io.decode_png(example.features.feature["image/encoded"].bytes_list.value[0])[0, 0, 0]),
        )
        for example in read
    ]
    assert said == [(1, b"cat", 10), (2, b"dog", 20)]
    text = (tmp_path / "out" / "README.txt").read_text()
    program = text.split("\nKeras (pip install ")[1].split("\n", 2)[2].split("\n\nPyTorch")[0]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "out", capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout == "(2, 224, 224, 3) [0 1]\n"


def scene(folder: Path) -> Path:
    """Two objects as polygons, of two classes, the one upon the other, with what Datumaro and COCO say besides."""
    folder.mkdir()
    Image.new("RGB", (64, 48)).save(folder / "a.jpg")
    shapes = [[0, 0, 40, 0, 40, 48, 0, 48], [8, 8, 16, 8, 16, 16, 8, 16]]
    annotations = [
        {
            "id": number,
            "image_id": 1,
            "category_id": number,
            "iscrowd": 0,
            "area": (40 * 48, 64)[number - 1],
            "bbox": [shape[0], shape[1], shape[2] - shape[0], shape[5] - shape[1]],
            "segmentation": [shape],
            "score": number / 4,
            "attributes": {"colour": ("red", "blue")[number - 1], "age": number},
        }
        for number, shape in enumerate(shapes, 1)
    ]
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "road"}, {"id": 2, "name": "car"}],
    }
    (folder / "labels.json").write_text(json.dumps(document))
    return folder


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ("semantic", ("image/segmentation/class/encoded",)),
        ("panoptic", ("image/panoptic/category_mask", "image/panoptic/instance_mask")),
        ("panoptic-encoded", ("image/panoptic/category/encoded", "image/panoptic/instance/encoded")),
    ],
)
def test_maps(tf: Any, tmp_path: Path, form: str, keys: tuple[str, ...]) -> None:
    """Maps decode to the ids of classes and the numbers of objects, the smaller object on top."""
    rm.convert(scene(tmp_path / "in"), tmp_path / "out", segmentation=form)
    (example,) = parsed(tf, tmp_path / "out" / "train.tfrecord")
    maps = [
        tf.io.decode_image(example.features.feature[key].bytes_list.value[0], channels=1).numpy()[..., 0]
        for key in keys
    ]
    wanted = np.zeros((48, 64), np.uint8)
    wanted[:, :40] = 1
    wanted[8:16, 8:16] = 2
    assert (maps[0] == wanted).all()
    if len(maps) == 2:
        instances = maps[1]
        assert len({int(instances[0, 0]), int(instances[10, 10]), int(instances[0, 50])}) == 3
        assert (instances[:, 40:] == 0).all()


def test_what_objects_have_besides(tf: Any, tmp_path: Path) -> None:
    """Scores and free attributes are lists of TensorFlow's own types, as long as the boxes."""
    rm.convert(scene(tmp_path / "in"), tmp_path / "out")
    (example,) = parsed(tf, tmp_path / "out" / "train.tfrecord")
    feature = example.features.feature
    assert list(feature["image/object/bbox/confidence"].float_list.value) == [0.25, 0.5]
    assert list(feature["image/object/attribute/colour"].bytes_list.value) == [b"red", b"blue"]
    assert list(feature["image/object/attribute/age"].int64_list.value) == [1, 2]
    rm.convert(tmp_path / "out", tmp_path / "back", target_format="coco")
    (back,) = [path for path in (tmp_path / "back").rglob("*.json") if path.name != "recordmill.json"]
    rows = json.loads(back.read_text())["annotations"]
    assert [row["attributes"] for row in rows] == [{"colour": "red", "age": "1"}, {"colour": "blue", "age": "2"}]
    assert [row["score"] for row in rows] == [0.25, 0.5]
