"""What TensorFlow's own decoders of detection records make of ours: run by `make test-full`.

Model Garden's `TfExampleDecoder`, its parsers for RetinaNet, Mask R-CNN and segmentation, the research API's `TfExampleDecoder` and
what users of KerasHub write, in `apart/decoders_jobs.py`. What they must give is taken from the annotations and from pycocotools.
"""

import base64
import importlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

from tests.python.test_peers_apart import run

PYTHON = os.environ.get("RECORDMILL_OFFICIAL_PYTHON", "")

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not PYTHON, reason="RECORDMILL_OFFICIAL_PYTHON names no interpreter: make test-full does"),
]

# Name, width, height, mode; ids with a gap.
IMAGES = {7: ("a.jpg", 64, 48, "RGB"), 900: ("b.png", 30, 50, "L"), 12: ("empty.jpg", 20, 20, "RGB")}
CLASSES = {3: "cat", 8: "dog"}
# Runs of columns, zeros first: rows 10 to 20 of columns 5 to 25 in an image of 48 rows.
CROWD = {"size": [48, 64], "counts": [5 * 48 + 10, *[10, 38] * 19, 10, 28 + 39 * 48]}
# Image, class, x, y, width, height, crowd, outline or runs, keypoints.
OBJECTS: list[tuple[int, int, float, float, float, float, int, Any, list[float]]] = [
    (7, 3, 8, 6, 32, 24, 0, [[8, 6, 40, 6, 40, 30, 8, 30]], [10, 8, 2, 20.5, 9.25, 1]),
    (7, 8, 5, 10, 20, 10, 1, CROWD, [0, 0, 0, 0, 0, 0]),
    (900, 8, 2.5, 3.5, 20, 40.25, 0, [[2.5, 3.5, 22.5, 10, 12, 43.75], [4, 20, 9, 20, 6, 30]], [3, 4, 2, 0, 0, 0]),
    (900, 3, 1, 1, 29, 49, 0, [[1, 1, 30, 1, 30, 50, 1, 50]], [1, 2, 2, 29, 49, 1]),
]
DECODED_BY = ["model_garden", "retinanet", "maskrcnn", "research", "keras_hub"]
# Each schema with masks or without them, by whom it is meant to be read, and what identifies an image.
SCHEMAS = [
    ("basic", False, ["model_garden", "research"], "name"),
    ("create_coco", True, ["mapped"], "id"),
    ("create_oid", False, ["model_garden", "research"], "stem"),
    ("create_pascal", False, ["model_garden", "research"], "name"),
    ("create_pet", True, ["model_garden", "research"], "name"),
    ("model_garden", True, ["model_garden", "retinanet", "maskrcnn", "research"], "id"),
    ("roboflow", False, ["research"], "name"),
]
# Schemas with `is_crowd` and `area`; of the others the decoders say that nothing is a crowd.
WITH_CROWD = ["create_coco", "model_garden"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scene")
    chance = np.random.default_rng(1)
    for name, width, height, mode in IMAGES.values():
        shape = (height, width, 3) if mode == "RGB" else (height, width)
        Image.fromarray(chance.integers(0, 255, shape, np.uint8), mode).save(folder / name)
    annotations = [
        {
            "id": number,
            "image_id": image,
            "category_id": category,
            "bbox": box,
            "area": box[2] * box[3],
            "iscrowd": crowd,
            "segmentation": outline,
            "keypoints": points,
            "num_keypoints": sum(flag > 0 for flag in points[2::3]),
        }
        for number, (image, category, *box, crowd, outline, points) in enumerate(OBJECTS, 1)
    ]
    names = {"keypoints": ["head", "tail"], "skeleton": []}
    document = {
        "images": [
            {"id": image, "file_name": name, "width": width, "height": height}
            for image, (name, width, height, _) in IMAGES.items()
        ],
        "annotations": annotations,
        "categories": [{"id": number, "name": name, **names} for number, name in CLASSES.items()],
    }
    (folder / "instances.json").write_text(json.dumps(document))
    return folder


def objects(image: int) -> list[Any]:
    return [row for row in OBJECTS if row[0] == image]


def boxes(image: int) -> list[list[float]]:
    return [[y, x, y + height, x + width] for _, _, x, y, width, height, *_ in objects(image)]


def masks(image: int) -> Iterable[np.ndarray]:
    coco: Any = importlib.import_module("pycocotools.mask")
    _, width, height, _ = IMAGES[image]
    for row in objects(image):
        runs = coco.frPyObjects(row[7], height, width)
        yield coco.decode(coco.merge(runs) if isinstance(runs, list) else runs)


def unpacked(text: str, size: list[int]) -> np.ndarray:
    every = np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8), count=size[0] * size[1])
    return every.reshape(size)


def check(found: dict[str, Any], *, masked: bool = True, by: str = "id", crowd: bool = True) -> None:
    """All images, sizes, boxes to a thousandth of a pixel, classes, flags; masks to the bit."""
    names = {
        {"id": str(image), "name": name, "stem": Path(name).stem}[by]: image for image, (name, *_) in IMAGES.items()
    }
    assert found.keys() == names.keys()
    for name, image in names.items():
        row = found[name]
        _, width, height, _ = IMAGES[image]
        assert row["size"] == [height, width]
        assert row["classes"] == [item[1] for item in objects(image)]
        assert np.allclose(np.reshape(row["boxes"], (-1, 4)), np.reshape(boxes(image), (-1, 4)), atol=1e-3)
        if crowd and "crowd" in row:
            assert row["crowd"] == [item[6] for item in objects(image)]
        if crowd and "area" in row:
            assert np.allclose(row["area"], [item[4] * item[5] for item in objects(image)], rtol=1e-6)
        if "resized" in row:
            # Keras pads by whole pixels of the 96, which are up to 1 / 1.5 of the image's here.
            assert np.allclose(np.reshape(row["resized"], (-1, 4)), np.reshape(boxes(image), (-1, 4)), atol=0.67)
        if masked and "masks" in row:
            wanted = list(masks(image))
            assert len(row["masks"]) == len(wanted)
            for text, mask in zip(row["masks"], wanted, strict=True):
                assert (unpacked(text, row["size"]) == mask).all()
        if masked and "cover" in row:
            # Of rectangles the crop is full; of a triangle about half.
            assert [value > 0.3 for value in row["cover"]] == [True] * len(objects(image))


def test_tfod_is_read_by_all(scene: Path, tmp_path: Path) -> None:
    rm.convert(scene, tmp_path / "out", shards=2)
    files = sorted(map(str, (tmp_path / "out").glob("*.tfrecord*")))
    assert len(files) == 2
    label_map = str(tmp_path / "out" / "label_map.pbtxt")
    jobs: dict[str, Any] = {name: {"decoder": name, "files": files} for name in DECODED_BY}
    jobs["research"]["keypoints"] = 2
    jobs["mapped"] = {"decoder": "research", "files": files, "label_map": label_map}
    found = run("decoders_jobs.py", jobs, tmp_path, PYTHON)
    for rows in found.values():
        check(rows)
    for image in IMAGES:
        points = np.reshape(found["research"][str(image)]["keypoints"], (-1, 2, 2))
        wanted = [np.reshape(row[8], (2, 3))[:, [1, 0]] for row in objects(image)]
        assert np.allclose(points, np.reshape(wanted, (-1, 2, 2)), atol=1e-4)
        assert found["research"][str(image)]["filename"] == IMAGES[image][0]


def test_schemas_of_scripts_are_read_by_those_they_are_meant_for(scene: Path, tmp_path: Path) -> None:
    jobs: dict[str, Any] = {}
    for schema, masked, decoders, _ in SCHEMAS:
        out = tmp_path / schema
        rm.convert(scene, out, schema=schema, masks="png" if masked else "auto")
        names = ("*.tfrecord*", "*.record*", "train/*.tfrecord")
        files = sorted(str(path) for name in names for path in out.glob(name))
        for decoder in decoders:
            jobs[f"{schema} {decoder}"] = {"decoder": decoder, "files": files, "masks": "png" if masked else "none"}
            if decoder == "mapped":
                # These records have texts alone: their labels come from a label map.
                label_map = out / "map.pbtxt"
                rm.convert(scene, tmp_path / "map")
                label_map.write_text((tmp_path / "map" / "label_map.pbtxt").read_text())
                jobs[f"{schema} {decoder}"] |= {"decoder": "research", "label_map": str(label_map)}
    found = run("decoders_jobs.py", jobs, tmp_path, PYTHON)
    for schema, masked, decoders, by in SCHEMAS:
        for decoder in decoders:
            rows = found[f"{schema} {decoder}"]
            if schema == "roboflow":
                # Its records have no id.
                rows = {row["filename"]: row for row in rows.values()}
            check(rows, masked=masked, by=by, crowd=schema in WITH_CROWD)


def test_numerical_masks_are_read_by_the_research_api(scene: Path, tmp_path: Path) -> None:
    rm.convert(scene, tmp_path / "out", masks="numerical")
    job = {"decoder": "research", "files": [str(tmp_path / "out" / "train.tfrecord")], "masks": "numerical"}
    check(run("decoders_jobs.py", {"research": job}, tmp_path, PYTHON)["research"])


def test_maps_are_read_by_model_garden(scene: Path, tmp_path: Path) -> None:
    """The smaller of two objects that overlap is in front; the crowd, smaller than the cat, lies over it."""
    rm.convert(scene, tmp_path / "out", segmentation="semantic")
    job = {"decoder": "segmentation", "files": [str(tmp_path / "out" / "train.tfrecord")]}
    found = run("decoders_jobs.py", {"maps": job}, tmp_path, PYTHON)["maps"]
    assert len(found) == len(IMAGES)
    by_size = {tuple(row["size"]): np.array(row["classes"]) for row in found.values()}
    for image, (_, width, height, _) in IMAGES.items():
        wanted = np.zeros((height, width), int)
        pairs = sorted(zip(objects(image), masks(image), strict=True), key=lambda pair: -int(pair[1].sum()))
        for row, mask in pairs:
            wanted[mask > 0] = row[1]
        assert (by_size[height, width] == wanted).all()
