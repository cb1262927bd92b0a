"""The programs that `snippet` prints of the records of every schema, run as they stand, against the annotations."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

from tests.python.test_snippet import (
    DUMP,
    GIVEN,
    boxes_in_pixels,
    frameworks,
    items,
    pixels,
    programs_of,
    without_torch,
)

# Name, width, height, mode and grey by the source's id.
IMAGES = {7: ("a.png", 64, 48, "RGB", 40), 900: ("b.png", 30, 50, "L", 90), 12: ("empty.png", 20, 20, "RGB", 7)}
CLASSES = {3: "car", 8: "pedestrian"}
# Image, class, x, y, width, height, crowd.
OBJECTS: list[tuple[int, int, int, int, int, int, int]] = [
    (7, 3, 8, 6, 32, 24, 0),
    (7, 8, 5, 10, 20, 10, 0),
    (900, 8, 2, 3, 20, 40, 0),
    (900, 3, 1, 1, 29, 49, 0),
]
# Schemas of objects, and what is asked for besides.
OF_OBJECTS: dict[str, dict[str, Any]] = {
    "tfod": {"masks": "numerical"},
    "basic": {},
    "create_coco": {"masks": "png"},
    "create_pascal": {},
    "create_kitti": {},
    "create_oid": {},
    "create_pet": {"masks": "png"},
    "model_garden": {"masks": "png", "segmentation": "semantic"},
    "roboflow": {},
    "tfds": {"shards": 2},
}
# Of images of one class each.
OF_CLASSES = {"classification": 1, "tfds": 0}
NO_NUMBERS = {"create_coco"}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scene")
    for name, width, height, mode, grey in IMAGES.values():
        colour: Any = grey if mode == "L" else (grey, grey, grey)
        Image.new(mode, (width, height), colour).save(folder / name)
    annotations = [
        {
            "id": number,
            "image_id": image,
            "category_id": category,
            "bbox": [x, y, width, height],
            "area": width * height,
            "iscrowd": crowd,
            "segmentation": [[x, y, x + width, y, x + width, y + height, x, y + height]],
        }
        for number, (image, category, x, y, width, height, crowd) in enumerate(OBJECTS, 1)
    ]
    document = {
        "images": [
            {"id": number, "file_name": name, "width": width, "height": height}
            for number, (name, width, height, *_) in IMAGES.items()
        ],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in CLASSES.items()],
    }
    (folder / "instances.json").write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classified")
    for name, grey in (("cat", 10), ("dog", 20)):
        (folder / name).mkdir()
        Image.new("RGB", (12, 9), (grey, 0, 0)).save(folder / name / f"{grey}.png")
    return folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two frames, as MOT has it."""
    folder = tmp_path_factory.mktemp("clips")
    home = folder / "train" / "walk"
    (home / "img1").mkdir(parents=True)
    (home / "gt").mkdir()
    for number in (1, 2):
        Image.new("RGB", (80, 40), (number * 20, 0, 0)).save(home / "img1" / f"{number:06}.png")
    (home / "gt" / "gt.txt").write_text("1,3,8,4,16,20,1,1,1\n2,3,16,4,16,20,1,1,1\n")
    (home / "gt" / "labels.txt").write_text("person\n")
    return folder


@pytest.fixture(scope="module")
def written(scene: Path, classified: Path, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of records for each schema."""
    folder = tmp_path_factory.mktemp("written")
    for schema, options in OF_OBJECTS.items():
        rm.convert(scene, folder / schema, schema=schema, **options)
    for schema in OF_CLASSES:
        rm.convert(classified, folder / f"{schema} of classes", schema=schema)
    rm.convert(clips, folder / "sequence", schema="sequence")
    return {path.name: path for path in sorted(folder.iterdir())}


def run_all(programs: dict[str, str], given: str, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What each program gives, of one process: the libraries take seconds to be imported."""
    places = {}
    for number, (name, program) in enumerate(programs.items()):
        places[name] = folder / f"{number}.json"
        dump = DUMP.replace("GIVEN", given).replace("PLACE", repr(str(places[name])))
        (folder / f"{number}.py").write_text(program + dump)
    (folder / "all.py").write_text(
        "import runpy\n"
        + "".join(f"runpy.run_path('{number}.py', run_name='__main__')\n" for number in range(len(places)))
    )
    command = [sys.executable, "-W", "error::SyntaxWarning", "all.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return {name: json.loads(place.read_text()) for name, place in places.items()}


def number(schema: str, category: int) -> int:
    """The source's own id of a class; its place where they count from 0."""
    return list(CLASSES).index(category) if schema == "tfds" else category


def check_objects(schema: str, found: list[dict[str, Any]], framework: str) -> None:
    """All images in their order, boxes to a ten thousandth of a pixel, classes, masks."""
    by_grey = {int(pixels(item, framework)[0, 0, 0]): item for item in found}
    assert len(by_grey) == len(found) == len(IMAGES)
    for image, (_, width, height, _, grey) in IMAGES.items():
        item = by_grey[grey]
        rows = [row for row in OBJECTS if row[0] == image]
        assert pixels(item, framework).shape == (height, width, 3)
        wanted = np.reshape([[x, y, x + wide, y + tall] for _, _, x, y, wide, tall, _ in rows], (-1, 4))
        np.testing.assert_allclose(boxes_in_pixels(item, framework, width, height), wanted, atol=1e-4)
        if schema in NO_NUMBERS:
            assert item["label_texts"] == [CLASSES[row[1]] for row in rows]
        else:
            assert item["labels"] == [number(schema, row[1]) for row in rows]
        if schema == "model_garden":
            # Where an image has no object its record has no map.
            drawn = np.zeros((height, width), int)
            for _, _, x, y, wide, tall, _ in rows:
                drawn[y : y + tall, x : x + wide] = 1
            assert item["segmentation"] == drawn.tolist()
        if "masks" in OF_OBJECTS[schema]:
            masks = np.array(item["masks"]).reshape(-1, height, width)
            assert len(masks) == len(rows)
            for mask, (_, _, x, y, wide, tall, _) in zip(masks, rows, strict=True):
                assert mask.sum() == mask[y : y + tall, x : x + wide].sum() == wide * tall


@pytest.mark.parametrize("framework", frameworks())
def test_programs(framework: str, written: dict[str, Path], tmp_path: Path) -> None:
    programs = {name: rm.snippet(out, framework) for name, out in written.items()}  # type: ignore[arg-type]
    given = GIVEN[framework]
    if framework == "torch":
        given = without_torch(next(iter(programs.values())))[1]
        programs = {name: without_torch(program)[0] for name, program in programs.items()}
    found = run_all(programs, given, tmp_path)
    for schema in OF_OBJECTS:
        check_objects(schema, found[schema], framework)
    for schema, first in OF_CLASSES.items():
        rows = [(item["label"], int(pixels(item, framework)[0, 0, 0])) for item in found[f"{schema} of classes"]]
        assert rows == [(first, 10), (first + 1, 20)]
    (clip,) = found["sequence"]
    assert (clip["clip"], clip["labels"], clip["tracks"]) == ("walk", [[1], [1]], [[3], [3]])
    wanted = np.array([[[8, 4, 24, 24]], [[16, 4, 32, 24]]])
    boxes = np.array(clip["boxes"])
    if framework == "tf":
        boxes = boxes[..., [1, 0, 3, 2]] * [80, 40, 80, 40]
    np.testing.assert_allclose(boxes, wanted, atol=1e-4)


# Behind a program for Keras: what it trains on.
BATCH = """
_batch = next(iter(batches))
_batch = _batch if isinstance(_batch, dict) else dict(zip(("image", "label"), _batch))
_batch = {**_batch, **_batch.get("bounding_boxes", {})}
_batch = {name: value for name, value in _batch.items() if name not in ("image", "images", "bounding_boxes")}
"""


@pytest.mark.tensorflow
def test_keras(written: dict[str, Path], tmp_path: Path) -> None:
    """Batches have all images, with their labels; those of one class each are pairs, whose classes count from 0."""
    programs = {name: rm.snippet(out, "keras") + BATCH for name, out in written.items()}
    found = run_all(programs, "[_batch]", tmp_path)
    for schema in OF_OBJECTS:
        (batch,) = found[schema]
        if schema in NO_NUMBERS:
            texts = sorted([text for text in row if text] for row in batch["label_texts"])
            assert texts == sorted([CLASSES[row[1]] for row in OBJECTS if row[0] == image] for image in IMAGES)
            continue
        labels = sorted([label for label in row if label >= 0] for row in batch["labels"])
        assert labels == sorted([number(schema, row[1]) for row in OBJECTS if row[0] == image] for image in IMAGES)
        assert np.shape(batch["boxes"]) == (len(IMAGES), 2, 4)
    for schema in OF_CLASSES:
        (batch,) = found[f"{schema} of classes"]
        assert batch["label"] == [0, 1]
    (batch,) = found["sequence"]
    assert (batch["labels"], batch["tracks"]) == ([[[1], [1]]], [[[3], [3]]])


def test_readme_has_them(written: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """README.txt of each schema has the program that `snippet` prints of the files beside it."""
    for name, out in written.items():
        monkeypatch.chdir(out)
        report = json.loads(Path("recordmill.json").read_text())
        first = next(split["name"] for split in report["splits"] if split["images"])
        files = [file["name"] for file in report["files"] if file["split"] == first]
        assert all(os.path.exists(file) for file in files)
        for framework, program in programs_of(Path("README.txt").read_text()).items():
            assert program.strip() == rm.snippet(files, framework).strip(), (name, framework)  # type: ignore[arg-type]


@pytest.mark.parametrize("framework", [pytest.param("tf", marks=pytest.mark.tensorflow), "torch"])
def test_readme_knows_of_records_that_it_was_not_made_from(framework: str, tmp_path: Path) -> None:
    """The last of many images has two classes, the others one."""
    (tmp_path / "in").mkdir()
    names = [f"{number:02}.png" for number in range(20)]
    for name in names:
        Image.new("RGB", (12, 9)).save(tmp_path / "in" / name)
    rows = [f"{name},1,{int(name == names[-1])}\n" for name in names]
    (tmp_path / "in" / "_classes.csv").write_text("filename,cat,dog\n" + "".join(rows))
    rm.convert(tmp_path / "in", tmp_path / "out")
    program = programs_of((tmp_path / "out" / "README.txt").read_text())[framework]
    found = items(framework, program, tmp_path / "out")
    assert [item["label"] for item in found] == [[1]] * 19 + [[1, 2]]
