"""`--schema tfds` and `tfds_classification`: whether TensorFlow Datasets loads what we write, and writes the same itself: run by `make test-full`.

`apart/tfds_jobs.py` loads a folder with `tfds.builder_from_directory`, and has TensorFlow Datasets write the same images. What both must
give is taken from the annotations and, of pixels, from Pillow.
"""

import base64
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

from tests.python.test_peers_apart import run
from tests.python.test_snippet import boxes_in_pixels, frameworks, items

PYTHON = os.environ.get("RECORDMILL_OFFICIAL_PYTHON", "")

with_tfds = [
    pytest.mark.peers,
    pytest.mark.skipif(not PYTHON, reason="RECORDMILL_OFFICIAL_PYTHON names no interpreter: make test-full does"),
]

# By split: id, name, width, height, mode.
IMAGES: dict[str, list[tuple[int, str, int, int, str]]] = {
    "train": [
        (7, "a.jpg", 64, 48, "RGB"),
        (900, "b.png", 30, 50, "L"),
        (12, "empty.png", 20, 20, "RGB"),
        (13, "f.jpg", 17, 9, "RGB"),
    ],
    "valid": [(3, "c.png", 33, 21, "RGB"), (4, "d.jpg", 10, 10, "RGB")],
}
# Ids with a gap, and not from 0.
CLASSES = {3: "cat", 8: "dog \u00e9", 9: "nobody"}
# Image, id, class, x, y, width, height, area, crowd.
OBJECTS: list[tuple[int, int, int, float, float, float, float, float, int]] = [
    (7, 101, 8, 8, 6, 32, 24, 700.9, 0),
    (7, 102, 3, 5, 10, 20, 10.5, 210, 1),
    (900, 50, 3, 2.5, 3.5, 20, 40.25, 805, 0),
    (13, 51, 8, 0, 0, 17, 9, 153, 0),
    (3, 1, 8, 1, 2, 3, 4, 12, 0),
    (4, 2, 3, 2, 2, 5, 5, 3.5, 1),
]
WORDS = {"train": "train", "valid": "validation"}

# Of images of one class each: the class and the name, by split.
KINDS = ["bird", "cat", "dog \u00e9"]
CLASSIFIED = {
    "test": [("bird", "e.png"), ("dog \u00e9", "d.jpg")],
    "train": [("cat", "a.jpg"), ("cat", "b.png"), ("dog \u00e9", "c.png")],
}


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each class, in a folder for each split."""
    folder = tmp_path_factory.mktemp("classified")
    chance = np.random.default_rng(2)
    for split, images in CLASSIFIED.items():
        for number, (kind, name) in enumerate(images):
            (folder / split / kind).mkdir(parents=True, exist_ok=True)
            pixels = chance.integers(0, 255, (9 + number, 12, 3), np.uint8)
            Image.fromarray(pixels if number else pixels[..., 0]).save(folder / split / kind / name)
    return folder


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scene")
    chance = np.random.default_rng(1)
    for split, images in IMAGES.items():
        (folder / split).mkdir()
        for _, name, width, height, mode in images:
            shape = (height, width, 3) if mode == "RGB" else (height, width)
            Image.fromarray(chance.integers(0, 255, shape, np.uint8), mode).save(folder / split / name)
        numbers = {number for number, *_ in images}
        document = {
            "images": [
                {"id": number, "file_name": name, "width": width, "height": height}
                for number, name, width, height, _ in images
            ],
            "annotations": [
                {"id": own, "image_id": image, "category_id": label, "bbox": box, "area": area, "iscrowd": crowd}
                for image, own, label, *box, area, crowd in OBJECTS
                if image in numbers
            ],
            "categories": [{"id": number, "name": name} for number, name in CLASSES.items()],
        }
        (folder / split / "_annotations.coco.json").write_text(json.dumps(document))
    return folder


def expected(image: tuple[int, str, int, int, str]) -> dict[str, Any]:
    """What an Example of `image` says, as TensorFlow Datasets has it."""
    number, name, width, height, _ = image
    rows = [row for row in OBJECTS if row[0] == number]
    order = list(CLASSES)
    return {
        "image/id": number,
        "image/filename": name,
        "objects": [
            {
                "id": own,
                "area": int(area),
                "bbox": [y / height, x / width, (y + tall) / height, (x + wide) / width],
                "label": order.index(label),
                "is_crowd": bool(crowd),
            }
            for _, own, label, x, y, wide, tall, area, crowd in rows
        ],
    }


@pytest.mark.filterwarnings("ignore")
class TestWithTfds:
    """What the real one makes of it."""

    pytestmark = with_tfds

    @pytest.mark.parametrize("shards", [None, 2])
    def test_it_loads_the_folder(self, scene: Path, tmp_path: Path, shards: int | None) -> None:
        out = tmp_path / "out"
        rm.convert(scene, out, schema="tfds", group="pets", shards=shards)
        assert len(list(out.glob("pets-*.tfrecord-*"))) == 2 * (shards or 1)
        found = run("tfds_jobs.py", {"ours": {"folder": str(out)}}, tmp_path, PYTHON)["ours"]
        assert (found["name"], found["version"], found["classes"]) == ("pets", "1.0.0", list(CLASSES.values()))
        assert found["types"] == {
            "image/filename": "object",
            "image/id": "int64",
            "objects/area": "int64",
            "objects/bbox": "float32",
            "objects/id": "int64",
            "objects/is_crowd": "bool",
            "objects/label": "int64",
        }
        assert found["splits"].keys() == set(WORDS.values())
        for split, word in WORDS.items():
            of_split = found["splits"][word]
            assert of_split["said"] == len(of_split["examples"]) == len(IMAGES[split])
            # The frame of a record takes 16 bytes.
            files = [path.stat().st_size for path in out.glob(f"pets-{word}.*")]
            assert of_split["bytes"] == sum(files) - 16 * len(IMAGES[split])
            by_id = {example["image/id"]: example for example in of_split["examples"]}
            for image in IMAGES[split]:
                example = by_id.pop(image[0])
                wanted = expected(image)
                boxes = [item.pop("bbox") for item in wanted["objects"]]
                got = np.reshape(example["objects"].pop("bbox"), (-1, 4))
                assert np.allclose(got, np.reshape(boxes, (-1, 4)), atol=1e-6)
                for key, values_of in example["objects"].items():
                    assert values_of == [item[key] for item in wanted["objects"]]
                assert example["image/filename"] == image[1]
                with Image.open(scene / split / image[1]) as opened:
                    pixels = np.asarray(opened.convert("RGB"))
                assert example["image"]["shape"] == list(pixels.shape)
                shown = np.frombuffer(base64.b64decode(example["image"]["pixels"]), np.uint8).reshape(pixels.shape)
                # TensorFlow asks for JPEG's quick transform, Pillow for the exact one.
                near = 0 if image[1].endswith(".png") else 4
                assert np.abs(shown.astype(int) - pixels).max() <= near
            assert not by_id

    def test_it_writes_the_same(self, scene: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        rm.convert(scene, out, schema="tfds", group="pets")
        splits = {
            WORDS[split]: [{**expected(image), "image": str(scene / split / image[1])} for image in images]
            for split, images in IMAGES.items()
        }
        job = {
            "make": str(tmp_path / "theirs"),
            "scene": {"classes": list(CLASSES.values()), "objects": True, "splits": splits},
        }
        found = run("tfds_jobs.py", {"theirs": job}, tmp_path, PYTHON)["theirs"]
        compare(out, found, "objects-label.labels.txt")

    def test_it_loads_images_of_one_class_each(self, classified: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        report = rm.convert(classified, out, schema="tfds", group="pets")
        assert report.schema == "tfds_classification"
        jobs = {"ours": {"folder": str(out)}, "theirs": {"images": str(classified)}}
        both = run("tfds_jobs.py", jobs, tmp_path, PYTHON)
        ours, theirs = both["ours"], both["theirs"]
        assert ours["features"] == theirs["features"]
        assert ours["types"] == theirs["types"] == {"image/filename": "object", "label": "int64"}
        assert ours["classes"] == theirs["classes"] == KINDS
        for split, images in CLASSIFIED.items():
            # Its own has the whole path, in an order of its own.
            rows = [
                {Path(example["image/filename"]).name: example for example in found["splits"][split]["examples"]}
                for found in (ours, theirs)
            ]
            assert rows[0].keys() == rows[1].keys() == {name for _, name in images}
            pairs = ours["splits"][split]["pairs"]
            for (kind, name), (image, label) in zip(sorted(images), pairs, strict=True):
                assert rows[0][name]["image"] == rows[1][name]["image"] == image
                assert rows[0][name]["label"] == rows[1][name]["label"] == label == KINDS.index(kind)

    def test_it_writes_the_same_of_images_of_one_class_each(self, classified: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        rm.convert(classified, out, schema="tfds", group="pets")
        splits = {
            split: [
                {"image": str(classified / split / kind / name), "image/filename": name, "label": KINDS.index(kind)}
                for kind, name in images
            ]
            for split, images in CLASSIFIED.items()
        }
        job = {"make": str(tmp_path / "theirs"), "scene": {"classes": KINDS, "objects": False, "splits": splits}}
        compare(out, run("tfds_jobs.py", {"theirs": job}, tmp_path, PYTHON)["theirs"], "label.labels.txt")


def compare(out: Path, found: dict[str, Any], names: str) -> None:
    """Whether what we wrote is what TensorFlow Datasets did."""
    ours = {path.name: path.read_text() for path in out.iterdir() if path.name in found["texts"]}
    assert ours.keys() == found["texts"].keys() == {names, "dataset_info.json", "features.json"}
    assert ours[names] == found["texts"][names]
    assert json.loads(ours["features.json"]) == json.loads(found["texts"]["features.json"])
    infos = [json.loads(texts["dataset_info.json"]) for texts in (ours, found["texts"])]
    # Which module of Python made it, and what we say of where it is from.
    assert infos[1].pop("moduleName") == "__main__"
    assert [info.pop("description") for info in infos][1] == "-"
    assert infos[0] == infos[1]
    theirs = [Path(path) for path in found["records"]]
    assert [path.name for path in theirs] == sorted(path.name for path in out.glob("*.tfrecord*"))
    for path in theirs:
        assert values(path) == values(out / path.name)


def values(path: Path) -> dict[str, dict[str, tuple[str, list[Any]]]]:
    """Type and values of each feature by the image's name: TensorFlow Datasets mixes its Examples."""

    def plain(value: Any) -> tuple[str, list[Any]]:
        return (str(value.dtype), value.tolist()) if isinstance(value, np.ndarray) else ("bytes", list(value))

    examples = [
        {key: plain(value) for key, value in rm.decode_example(record).items()} for record in rm.TFRecordReader(path)
    ]
    return {example["image/filename"][1][0]: example for example in examples}


def test_images_of_one_class_each_come_back(classified: Path, tmp_path: Path) -> None:
    rm.convert(classified, tmp_path / "out", schema="tfds", group="train_set", shards=2)
    command = [sys.executable, "-m", "recordmill", "verify", "--json", "--against"]
    done = subprocess.run(
        [*command, str(classified), str(tmp_path / "out")], capture_output=True, text=True, check=False, timeout=60
    )
    against = json.loads(done.stdout)["against"]
    assert (done.returncode, against["ok"]) == (0, True), against
    rm.convert(tmp_path / "out", tmp_path / "back", target_format="image-folder")

    def files(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*/*.*")}

    assert len(files(classified)) == sum(map(len, CLASSIFIED.values()))
    assert files(tmp_path / "back") == files(classified)


@pytest.mark.parametrize("framework", frameworks())
def test_a_program_reads_images_of_one_class_each(framework: str, classified: Path, tmp_path: Path) -> None:
    rm.convert(classified, tmp_path / "out", schema="tfds", group="pets")
    assert "as_supervised=True" in (tmp_path / "out" / "README.txt").read_text()
    program = rm.snippet(tmp_path / "out" / "pets-train.tfrecord-*", framework)  # type: ignore[arg-type]
    found = items(framework, program, tmp_path)
    assert [(item["filename"], item["label"]) for item in found] == [
        (name, KINDS.index(kind)) for kind, name in sorted(CLASSIFIED["train"])
    ]


def test_it_comes_back(scene: Path, tmp_path: Path) -> None:
    rm.convert(scene, tmp_path / "out", schema="tfds", group="train_set", shards=2)
    # Nothing is missing, and areas that are cut are no difference.
    command = [sys.executable, "-m", "recordmill", "verify", "--json", "--against", str(scene), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    against = json.loads(done.stdout)["against"]
    assert (done.returncode, against["ok"]) == (0, True), against
    rm.convert(tmp_path / "out", tmp_path / "back", target_format="coco")
    for split, word in (("train", "train"), ("valid", "val")):
        document = json.loads((tmp_path / "back" / "annotations" / f"instances_{word}.json").read_text())
        names = {category["id"]: category["name"] for category in document["categories"]}
        # Places in the list of names, which are what the records have.
        assert names == dict(enumerate(CLASSES.values()))
        images = {image["id"]: image for image in document["images"]}
        assert {
            (number, Path(image["file_name"]).name, image["width"], image["height"]) for number, image in images.items()
        } == {image[:4] for image in IMAGES[split]}
        got = {
            (row["image_id"], row["id"], names[row["category_id"]], *row["bbox"], row["area"], row["iscrowd"])
            for row in document["annotations"]
        }
        assert got == {
            (image, own, CLASSES[label], *box, int(area), crowd)
            for image, own, label, *box, area, crowd in OBJECTS
            if image in images
        }


@pytest.mark.parametrize("framework", frameworks())
def test_a_program_reads_it(framework: str, scene: Path, tmp_path: Path) -> None:
    rm.convert(scene, tmp_path / "out", schema="tfds", group="pets", shards=2)
    assert "tfds.builder_from_directory" in (tmp_path / "out" / "README.txt").read_text()
    program = rm.snippet(tmp_path / "out" / "pets-train.tfrecord-*", framework)  # type: ignore[arg-type]
    found = {item["filename"]: item for item in items(framework, program, tmp_path)}
    order = list(CLASSES)
    for number, name, width, height, _ in IMAGES["train"]:
        item = found.pop(name)
        rows = [row for row in OBJECTS if row[0] == number]
        wanted = np.reshape([[x, y, x + wide, y + tall] for _, _, _, x, y, wide, tall, *_ in rows], (-1, 4))
        np.testing.assert_allclose(boxes_in_pixels(item, framework, width, height), wanted, atol=1e-4)
        assert item["labels"] == [order.index(row[2]) for row in rows]
        assert (item["image/id"], item["objects/id"]) == (number, [row[1] for row in rows])
    assert not found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"group": "My-Pets"},
            'group "My-Pets" cannot be the name of a dataset in schema tfds: a lower case letter, .* digits and underscores',
        ),
        ({"compression": "gzip"}, "compression gzip: TensorFlow Datasets reads files as schema tfds has them without"),
        ({"source_id": "stem"}, "source_id stem: image/id is a number in schema tfds"),
        ({"layout": "roboflow"}, "layout roboflow means nothing with schema tfds"),
    ],
)
def test_what_cannot_be_loaded_is_refused(scene: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rm.convert(scene, tmp_path / "out", schema="tfds", **options)
    assert not (tmp_path / "out").exists()
