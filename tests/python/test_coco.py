"""COCO JSON: what is loaded, and what TensorFlow reads of it after a conversion."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm

from tests.python.support import png

KEYPOINTS = ["nose", "left_eye", "right_eye"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two images: one with a person with keypoints, a crowd and captions; one that is of a class as a whole."""
    folder = tmp_path / "coco"
    (folder / "images").mkdir(parents=True)
    for name, size in (("a.png", (40, 30)), ("b.png", (20, 20))):
        (folder / "images" / name).write_bytes(png(*size))
    document: dict[str, Any] = {
        "images": [
            {"id": 7, "file_name": "a.png", "width": 40, "height": 30, "coco_url": "http://x/a.png"},
            {"id": 9, "file_name": "b.png", "width": 20, "height": 20},
        ],
        "categories": [
            {"id": 3, "name": "person", "supercategory": "being", "keypoints": KEYPOINTS, "skeleton": [[1, 2], [1, 3]]},
            {"id": 17, "name": "sky"},
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 7,
                "category_id": 3,
                "bbox": [4, 3, 16, 24],
                "area": 200.5,
                "iscrowd": 0,
                "segmentation": [[4, 3, 20, 3, 20, 27.25]],
                "keypoints": [10, 15, 2, 20, 6, 1, 0, 0, 0],
            },
            {
                "id": 2,
                "image_id": 7,
                "category_id": 17,
                "bbox": [0, 0, 50, 15],
                "iscrowd": 1,
                "segmentation": {"size": [30, 40], "counts": "0hb0hb0"},
            },
            {"id": 3, "image_id": 9, "category_id": 17},
            {"id": 4, "image_id": 7, "caption": "a person before the sky"},
        ],
    }
    (folder / "all.json").write_text(json.dumps(document))
    return folder


def test_all_is_loaded(source: Path) -> None:
    dataset = rm.load(source)
    images, objects = dataset.images, dataset.objects
    assert (dataset.format, dataset.classes, dataset.class_ids) == ("coco", ["person", "sky"], [3, 17])
    assert dataset.class_details[0] == ("being", KEYPOINTS, [(0, 1), (0, 2)])
    assert (images.id, images.url) == ({0: 7, 1: 9}, {0: "http://x/a.png"})
    assert (images.captions, images.labels) == ({0: ["a person before the sky"]}, {1: [1]})
    assert objects.bbox.tolist() == [[4, 3, 20, 27], [0, 0, 50, 15]]
    assert objects.polygons == {0: [[[4, 3], [20, 3], [20, 27.25]]]}
    assert objects.masks == {1: (30, 40, [0, 600, 600])}
    assert objects.keypoints == {0: [(10, 15, 2), (20, 6, 1), (0, 0, 0)]}
    assert (objects.area, objects.id, objects.score, objects.track) == ({0: 200.5}, {0: 1, 1: 2}, {}, {})


@pytest.mark.tensorflow
def test_tensorflow_reads_it(tf: Any, source: Path, tmp_path: Path) -> None:
    report = rm.convert(source, tmp_path / "out", source_id="id")
    assert (report.images, report.objects) == (2, 2)
    (clipped,) = [problem for problem in report.problems if problem.kind == "box-outside"]
    assert clipped.message == "annotation 2: xmax 50 > width 40"
    (path,) = (tmp_path / "out").glob("*.tfrecord")
    first, second = (
        tf.train.Example.FromString(record).features.feature
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    )

    def floats(feature: Any, key: str) -> list[float]:
        return list(feature[key].float_list.value)

    def ints(feature: Any, key: str) -> list[int]:
        return list(feature[key].int64_list.value)

    def texts(feature: Any, key: str) -> list[bytes]:
        return list(feature[key].bytes_list.value)

    point = "image/object/keypoint/"
    assert texts(first, "image/source_id") == [b"7"]
    assert texts(first, "image/caption") == [b"a person before the sky"]
    assert ints(first, "image/object/class/label") == [3, 17]
    assert ints(first, "image/object/is_crowd") == [0, 1]
    assert floats(first, "image/object/area") == [200.5, 600.0]
    assert floats(first, point + "x") == [0.25, 0.5, 0, 0, 0, 0]
    assert floats(first, point + "y") == [np.float32(0.5), np.float32(0.2), 0, 0, 0, 0]
    assert ints(first, point + "visibility") == [2, 1, 0, 0, 0, 0]
    assert ints(first, point + "num") == [2, 0]
    assert texts(first, point + "text") == [b"nose", b"left_eye", b"right_eye", b"", b"", b""]
    assert (ints(first, "image/class/label"), texts(first, "image/class/text")) == ([], [])
    assert (ints(second, "image/class/label"), texts(second, "image/class/text")) == ([17], [b"sky"])
    assert set(first) == set(second)
    assert rm.verify(path)["ok"]


def test_an_image_of_a_class_is_no_negative(source: Path, tmp_path: Path) -> None:
    report = rm.convert(source, tmp_path / "out", drop_empty=True)
    assert report.images == 2
    alone = json.loads((source / "all.json").read_text())
    alone["annotations"] = [alone["annotations"][2]]
    (source / "all.json").write_text(json.dumps(alone))
    report = rm.convert(source, tmp_path / "alone", drop_empty=True)
    assert (report.images, report.objects) == (1, 0)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_bbox_that_is_not_finite_is_said_to_be(tmp_path: Path, number: str) -> None:
    document: dict[str, Any] = {
        "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}],
        "categories": [{"id": 1, "name": "dog"}],
        "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 2, 1e300, float(number)]}],
    }
    (tmp_path / "a.png").write_bytes(png(40, 30))
    (tmp_path / "all.json").write_text(json.dumps(document))
    said = [problem.message for problem in rm.load(tmp_path).problems]
    assert said == [
        "annotation 5: NaN or Infinity is no JSON; read as null",
        "annotation 5: a number of bbox is not finite, and there is no outline",
    ]


def test_a_broken_outline_costs_the_outline_alone(source: Path, tmp_path: Path) -> None:
    """`check` and `convert` keep the same objects, whether the target has outlines or not."""
    document = json.loads((source / "all.json").read_text())
    document["annotations"][1]["segmentation"] = {"size": [30, 40], "counts": [-1, 1201]}
    (source / "all.json").write_text(json.dumps(document))
    health = rm.check(source)
    assert (health.objects, health.skipped) == (2, rm.check(source).skipped)
    lost = "all.json:1: annotation 2: its outline is left out: invalid value: integer `-1`, expected a number of pixels"
    assert lost in map(str, health.problems)
    assert health.problem_counts.keys() == {"bad-mask", "box-outside"}
    assert rm.convert(source, tmp_path / "records").objects == 2
    report = rm.convert(source, tmp_path / "again", target_format="coco")
    assert report.objects == 2
    assert lost in map(str, report.problems)
