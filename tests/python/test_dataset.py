"""`load` and what it gives."""

import copy
import ctypes
import gc
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm

from tests.python.support import BAD, GOOD, csv


@pytest.fixture
def dataset(tmp_path: Path) -> rm.Dataset:
    return rm.load(csv(tmp_path / "good", *GOOD))


def test_columns(dataset: rm.Dataset, tmp_path: Path) -> None:
    assert (len(dataset), len(dataset.images), len(dataset.objects)) == (2, 2, 3)
    assert dataset.format == "csv"
    assert dataset.reasons
    assert dataset.classes == ["cat", "dog"]
    assert dataset.class_ids == [None, None]
    assert dataset.roots == [tmp_path / "good"]
    assert dataset.sources == ["labels.csv"]
    assert dataset.splits == {}
    assert dataset.problems == []
    images, objects = dataset.images, dataset.objects
    assert images.key == images.name == images.file == ["a.png", "b.png"]
    assert images.split == [None, None]
    rows: list[tuple[Any, str, Any]] = [
        (images.width, "u4", [40, 20]),
        (images.height, "u4", [30, 20]),
        (images.root, "u2", [0, 0]),
        (images.source, "u4", [0, 0]),
        (images.line, "u4", [2, 4]),
        (images.object_end, "u8", [2, 3]),
        (objects.class_, "u4", [0, 1, 0]),
        (objects.bbox, "f8", [[1, 2, 11, 22], [5, 5, 40, 30], [0, 0, 20, 20]]),
        (objects.line, "u4", [2, 3, 4]),
        (objects.flags, "u2", [0, 0, 0]),
        (objects.normalised, "?", [False] * 3),
    ]
    for column, dtype, expected in rows:
        assert column.dtype == np.dtype(dtype)
        assert column.tolist() == expected
        assert not column.flags.writeable
        assert not column.flags.owndata
        with pytest.raises(ValueError, match="WRITEABLE"):
            column.flags.writeable = True
    sparse: list[Any] = [
        objects.pose,
        objects.attributes,
        objects.polygons,
        objects.masks,
        objects.keypoints,
        objects.corners,
    ]
    sparse += [
        objects.area,
        objects.score,
        objects.track,
        objects.id,
        images.id,
        images.url,
        images.captions,
        images.labels,
    ]
    assert sparse == [{}] * 14
    assert dataset.class_details == [("", [], []), ("", [], [])]


def test_columns_outlive_the_dataset(dataset: rm.Dataset) -> None:
    column = dataset._native.column("objects.bbox")
    view = memoryview(column)  # type: ignore[arg-type]
    assert (view.format, view.shape, view.strides, view.nbytes) == ("d", (3, 4), (32, 8), 96)
    assert len(column) == 3
    boxes = dataset.objects.bbox
    again = np.asarray(view)
    assert np.shares_memory(boxes, again)
    loaded = rm.load(dataset.roots[0])
    kept = loaded.objects.bbox
    del loaded
    gc.collect()
    assert kept.tolist() == boxes.tolist()
    with pytest.raises(KeyError):
        dataset._native.column("nonsense")
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    space = ctypes.create_string_buffer(200)
    with pytest.raises(BufferError, match="a dataset's columns cannot be written"):
        get(column, ctypes.addressof(space), 1)  # PyBUF_WRITABLE


def test_images(dataset: rm.Dataset, tmp_path: Path) -> None:
    first, second = dataset
    assert first.key == "a.png"
    assert first.path == tmp_path / "good" / "a.png"
    assert (first.size, first.split, first.classes) == ((40, 30), None, ["cat", "dog"])
    assert first.bbox.tolist() == [[1, 2, 11, 22], [5, 5, 40, 30]]
    assert np.shares_memory(first.bbox, dataset.objects.bbox)
    assert (first.objects, second.objects) == (range(2), range(2, 3))
    assert dataset[-1].key == second.key
    for row in (2, -3):
        with pytest.raises(IndexError, match=f"no image {row}, the dataset has 2"):
            dataset[row]


def test_problems(tmp_path: Path) -> None:
    dataset = rm.load(csv(tmp_path / "bad", *BAD))
    assert dataset.problem_counts == {"missing-image": 1}
    (problem,) = dataset.problems
    assert (problem.kind, problem.severity, problem.path, problem.line) == ("missing-image", "error", "labels.csv", 5)
    assert str(problem) == f"labels.csv:5: {problem.message}"
    assert dataset[2].path is None
    assert "3 images, 4 objects, 2 classes: csv" in repr(dataset)


def test_save(dataset: rm.Dataset, tmp_path: Path) -> None:
    report = dataset.save(tmp_path / "out", shards=2, schema="basic", progress=False)
    direct = rm.convert(dataset.roots[0], tmp_path / "direct", shards=2, schema="basic")
    assert [file.sha256 for file in report.files] == [file.sha256 for file in direct.files]
    with pytest.raises(ValueError, match=r"no format is called"):
        dataset.save(tmp_path / "other", format="coco5")
    untyped: Any = dataset.save
    with pytest.raises(TypeError, match="no such option: images, nonsense"):
        untyped(tmp_path / "out", nonsense=1, images=())


def test_voc(project: Path) -> None:
    dataset = rm.load(project / "examples" / "shapes")
    assert dataset.format == "voc"
    assert dataset.splits == {"train": 18, "valid": 6}
    assert len(dataset.sources) == 24
    assert sum(len(image.classes) for image in dataset) == len(dataset.objects) == 44


def test_load_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rm.load(tmp_path / "no")
    with pytest.raises(rm.FormatError):
        rm.load(tmp_path)
    with pytest.raises(ValueError, match="no format is called"):
        rm.load(tmp_path, source_format="nonsense")
    with pytest.raises(TypeError):
        rm.load(5)  # type: ignore[arg-type]


def test_formats() -> None:
    every = rm.formats()
    assert [form.name for form in every] == sorted(form.name for form in every)
    assert {"csv", "voc"} <= {form.name for form in every}
    for form in every:
        assert form.title
        assert form.specification
        assert form.layout
        assert form.looks_for
        assert {"boxes", "masks", "image labels"} & set(form.carries)


def test_a_dataset_is_copied_and_not_pickled(dataset: rm.Dataset) -> None:
    """It does not change, so that a copy shows the same columns."""
    for made in (copy.copy, copy.deepcopy):
        again = made(dataset)
        assert again is not dataset
        assert (len(again), again.classes) == (len(dataset), dataset.classes)
        assert made(dataset.objects).bbox.tolist() == dataset.objects.bbox.tolist()
        assert made(dataset.images).key == dataset.images.key
    for name, part in (("Dataset", dataset), ("Images", dataset.images), ("Objects", dataset.objects)):
        with pytest.raises(TypeError, match=f"^{name} cannot be pickled; load the source again where it is needed$"):
            pickle.dumps(part)
