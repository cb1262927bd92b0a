"""The programs that `snippet` prints and README.txt has, run as they stand, against what the data says."""

import base64
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

TITLES = {"tf": "TensorFlow", "keras": "Keras", "torch": "PyTorch"}

# Behind a program: everything that it gives, as JSON.
DUMP = """
import base64 as _base64, json as _json, sys as _sys

def _plain(value):
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return "base64:" + _base64.b64encode(value).decode()
    return [_plain(one) for one in value] if isinstance(value, list) else value

_found = [{name: _plain(value) for name, value in item.items()} for item in GIVEN]
open(PLACE, "w").write(_json.dumps(_found))
"""
GIVEN = {
    "tf": "dataset",
    "torch": "Records(FILES)",
    "jax": "items()",
    "numpy": "(parse(record) for file in FILES for record in rm.TFRecordReader(file))",
}


def run(program: str, folder: Path) -> str:
    (folder / "program.py").write_text(program)
    command = [sys.executable, "-W", "error::SyntaxWarning", "program.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{program}\n{done.stderr}"
    return done.stdout


def items(framework: str, program: str, folder: Path) -> list[dict[str, Any]]:
    """What a program gives, beside what it shows."""
    given = GIVEN[framework]
    if framework == "torch":
        program, given = without_torch(program)
    place = folder / "found.json"
    run(program + DUMP.replace("GIVEN", given).replace("PLACE", repr(str(place))), folder)
    found = json.loads(place.read_text())
    assert isinstance(found, list)
    return found


def without_torch(program: str) -> tuple[str, str]:
    """A program for PyTorch and what it gives; where there is no PyTorch, as far as the class that PyTorch feeds."""
    if importlib.util.find_spec("torch"):
        return program, GIVEN["torch"]
    # All that it does to records comes before.
    compile(program, "program", "exec")
    return program.replace("import torch\n", "").split("\n\nclass Records")[0], GIVEN["numpy"]


def frameworks() -> list[Any]:
    """Those that can be run here; JAX where `make test-full` has it."""
    no_jax = importlib.util.find_spec("jax") is None
    return [
        pytest.param("tf", marks=pytest.mark.tensorflow),
        "torch",
        pytest.param("jax", marks=[pytest.mark.peers, pytest.mark.skipif(no_jax, reason="no JAX")]),
    ]


def scene(folder: Path) -> Path:
    """Two images, the second without objects: boxes, outlines, keypoints, captions."""
    folder.mkdir()
    for name, shade in (("a.png", 40), ("b.png", 90)):
        Image.new("RGB", (64, 48), (shade, 0, 0)).save(folder / name)
    points = [[10, 10, 2, 20, 20, 1], [0, 0, 0, 50, 30, 2]]
    shapes = [[4, 6, 20, 6, 20, 30, 4, 30], [40, 10, 60, 10, 60, 40, 40, 40]]
    annotations = [
        {
            "id": number,
            "image_id": 1,
            "category_id": number,
            "iscrowd": 0,
            "bbox": [shape[0], shape[1], shape[2] - shape[0], shape[5] - shape[1]],
            "area": 1,
            "segmentation": [shape],
            "keypoints": point,
            "num_keypoints": 2,
        }
        for number, shape, point in zip((1, 2), shapes, points, strict=True)
    ]
    annotations.append({"id": 3, "image_id": 1, "caption": "two of them"})
    document = {
        "images": [{"id": n, "file_name": f"{s}.png", "width": 64, "height": 48} for n, s in ((1, "a"), (2, "b"))],
        "annotations": annotations,
        "categories": [{"id": n, "name": f"kind {n}", "keypoints": ["nose", "tail"]} for n in (1, 2)],
    }
    (folder / "labels.json").write_text(json.dumps(document))
    return folder


def pixels(found: dict[str, Any], framework: str) -> np.ndarray:
    image = np.array(found["image"], np.uint8)
    return image.transpose(1, 2, 0) if framework == "torch" else image


def boxes_in_pixels(found: dict[str, Any], framework: str, width: int, height: int) -> np.ndarray:
    boxes = np.array(found["boxes"], np.float64).reshape(-1, 4)
    return boxes[:, [1, 0, 3, 2]] * [width, height, width, height] if framework == "tf" else boxes


@pytest.mark.parametrize("masks", ["png", "numerical"])
@pytest.mark.parametrize("framework", frameworks())
def test_objects(framework: str, masks: str, tmp_path: Path) -> None:
    """Boxes, labels, masks, keypoints, captions and a map, of shards that are compressed."""
    rm.convert(
        scene(tmp_path / "in"), tmp_path / "out", masks=masks, segmentation="semantic", shards=2, compression="gzip"
    )
    program = rm.snippet(tmp_path / "out" / "*.tfrecord", framework)
    assert "train-*-of-00002.tfrecord" in program
    first, second = items(framework, program, tmp_path)
    assert (pixels(first, framework) == [40, 0, 0]).all()
    assert pixels(second, framework).shape == (48, 64, 3)
    wanted = [[4, 6, 20, 30], [40, 10, 60, 40]]
    np.testing.assert_allclose(boxes_in_pixels(first, framework, 64, 48), wanted, atol=1e-4)
    assert (first["labels"], second["labels"], second["boxes"]) == ([1, 2], [], [])
    drawn = np.array(first["masks"])
    assert drawn.shape == (2, 48, 64)
    assert drawn[0].sum() == drawn[0, 6:30, 4:20].sum() == 16 * 24
    assert (second["masks"], second["keypoints"]) == ([], [])
    scale = [48, 64] if framework == "tf" else [1, 1]
    points = np.array(first["keypoints"]) * scale
    x, y = (1, 0) if framework == "tf" else (0, 1)
    assert points.shape == (2, 2, 2)
    np.testing.assert_allclose([points[0, 1, x], points[0, 1, y]], [20, 20], atol=1e-4)
    np.testing.assert_allclose([points[1, 1, x], points[1, 1, y]], [50, 30], atol=1e-4)
    assert first["visibility"] == [[2, 1], [0, 2]]
    assert (first["captions"], second["captions"]) == (["two of them"], [])
    drawn = np.array(first["segmentation"])
    assert (drawn[20, 10], drawn[20, 50], drawn[0, 0]) == (1, 2, 0)


@pytest.mark.parametrize("framework", frameworks())
def test_classes_of_images(framework: str, tmp_path: Path) -> None:
    for name, shade in (("cat", 10), ("dog", 20)):
        (tmp_path / "in" / name).mkdir(parents=True)
        Image.new("RGB", (12, 9), (shade, 0, 0)).save(tmp_path / "in" / name / f"{shade}.png")
    rm.convert(tmp_path / "in", tmp_path / "out", schema="classification", compression="zlib")
    found = items(framework, rm.snippet(tmp_path / "out", framework), tmp_path)
    assert [(row["label"], int(pixels(row, framework)[0, 0, 0])) for row in found] == [(1, 10), (2, 20)]


@pytest.mark.parametrize("framework", frameworks())
def test_pictures_of_16_bits(framework: str, tmp_path: Path) -> None:
    """The upper 8 bits, as TensorFlow gives them, in images and in clips."""
    (tmp_path / "in").mkdir()
    gray = (np.arange(12 * 9, dtype=np.uint16) * 600).reshape(9, 12)
    for name in ("a1.png", "a2.png"):
        Image.fromarray(gray).save(tmp_path / "in" / name)
    csv = "filename,width,height,class,xmin,ymin,xmax,ymax\n" + "".join(f"a{n}.png,12,9,cat,1,1,5,5\n" for n in (1, 2))
    (tmp_path / "in" / "a.csv").write_text(csv)
    rm.convert(tmp_path / "in", tmp_path / "out")
    found = items(framework, rm.snippet(tmp_path / "out", framework), tmp_path)
    assert len(found) == 2
    for row in found:
        assert (pixels(row, framework) == (gray >> 8)[..., np.newaxis]).all()
    rm.convert(tmp_path / "in", tmp_path / "clips", schema="sequence")
    (clip,) = items(framework, rm.snippet(tmp_path / "clips", framework), tmp_path)
    for image in clip["images"]:
        assert (pixels({"image": image}, framework) == (gray >> 8)[..., np.newaxis]).all()


@pytest.mark.parametrize("framework", frameworks())
def test_tables(framework: str, tmp_path: Path) -> None:
    """Records without images, of keys that are not easy to write down; what has no one type is left out and named."""
    rows = [
        {
            'a "quoted"\nkey': number,
            "b/c": [number / 2, 0.5],
            "ü": f"text {number}",
            "blob": b"\xff\x00",
            "some": [1] * number,
        }
        for number in range(3)
    ]
    with rm.TFRecordWriter(tmp_path / "table.tfrecord") as writer:
        for row in rows:
            mixed = 1.5 if row["some"] else 1
            writer.write(rm.encode_example({**row, "mixed": mixed}))
    program = rm.snippet(tmp_path / "table.tfrecord", framework)
    assert ("mixed" in program) == (framework == "tf")
    found = items(framework, program, tmp_path)
    blob = "base64:" + base64.b64encode(b"\xff\x00").decode()
    assert found == [{**row, "blob": blob} for row in rows]


@pytest.mark.parametrize("framework", frameworks())
def test_records_of_others(framework: str, tmp_path: Path) -> None:
    """As TensorFlow Datasets has them: a box is four numbers of a list. A list may be missing in a record."""
    Image.new("RGB", (20, 10), (7, 8, 9)).save(tmp_path / "a.png")
    image = (tmp_path / "a.png").read_bytes()
    with rm.TFRecordWriter(tmp_path / "a.record") as writer:
        boxes = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 1, 1], np.float32)
        writer.write(rm.encode_example({"image": image, "objects/bbox": boxes, "objects/label": [3, 4]}))
        writer.write(rm.encode_example({"image": image}))
    first, second = items(framework, rm.snippet(tmp_path / "a.record", framework), tmp_path)
    np.testing.assert_allclose(boxes_in_pixels(first, framework, 20, 10), [[4, 1, 8, 3], [10, 5, 20, 10]], atol=1e-5)
    assert (first["labels"], second["labels"], second["boxes"]) == ([3, 4], [], [])
    assert (pixels(second, framework) == [7, 8, 9]).all()


def keras_shapes(folder: Path, out: Path) -> str:
    return run(rm.snippet(out, "keras"), folder)


@pytest.mark.tensorflow
def test_keras(tmp_path: Path) -> None:
    """The dictionary of boxes, pairs of image and label, pairs of image and map, a table."""
    rm.convert(scene(tmp_path / "in"), tmp_path / "out", masks="none")
    assert keras_shapes(tmp_path, tmp_path / "out") == "(2, 640, 640, 3) (2, 2, 4)\n"
    (tmp_path / "maps").mkdir()
    payloads = []
    for payload in rm.TFRecordReader(next(iter(rm_files(tmp_path / "in", tmp_path / "mapped")))):
        example = rm.decode_example(payload)
        wanted = ("image/encoded", "image/segmentation/class/encoded")
        payloads.append(rm.encode_example({key: example[key] for key in wanted}))
    write(tmp_path / "maps" / "a.tfrecord", payloads)
    assert keras_shapes(tmp_path, tmp_path / "maps") == "(2, 512, 512, 3) (2, 512, 512, 1)\n"
    (tmp_path / "table").mkdir()
    write(tmp_path / "table" / "a.tfrecord", [rm.encode_example({"x": [0.5] * n, "y": n}) for n in range(1, 4)])
    assert keras_shapes(tmp_path, tmp_path / "table") == "x float32 (3, 3)\ny int64 (3,)\n"


@pytest.mark.tensorflow
def test_keras_of_classes(tmp_path: Path) -> None:
    """Records of the default schema, whose lists of boxes are empty: images with their class, or classes; README.txt as well."""
    for name in ("cat", "dog"):
        (tmp_path / "in" / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (12, 9), (number, 0, 0)).save(tmp_path / "in" / name / f"{name}{number}.png")
    rm.convert(tmp_path / "in", tmp_path / "out")
    assert keras_shapes(tmp_path, tmp_path / "out") == "(4, 224, 224, 3) [0 0 1 1]\n"
    assert 'item["label"] - 1' in programs_of((tmp_path / "out" / "README.txt").read_text())["keras"]
    several = tmp_path / "several"
    several.mkdir()
    for number in range(3):
        Image.new("RGB", (12, 9), (number, 0, 0)).save(several / f"{number}.png")
    (several / "_classes.csv").write_text("filename, cat, dog\n0.png, 1, 1\n1.png, 0, 1\n2.png, 0, 0\n")
    rm.convert(several, tmp_path / "labels")
    assert keras_shapes(tmp_path, tmp_path / "labels") == "(3, 224, 224, 3) [[ 1  2]\n [ 2 -1]\n [-1 -1]]\n"


def rm_files(source: Path, out: Path) -> list[Path]:
    report = rm.convert(source, out, segmentation="semantic")
    return [out / file.name for file in report.files]


def write(path: Path, payloads: list[bytes]) -> None:
    with rm.TFRecordWriter(path) as writer:
        for payload in payloads:
            writer.write(payload)


def programs_of(readme: str) -> dict[str, str]:
    """The programs in README.txt, which are below their titles."""
    found = {}
    for framework, title in TITLES.items():
        behind = readme.split(f"\n{title} (pip install ")[1].split("\n", 2)[2]
        found[framework] = behind.split("\n\nPyTorch (pip")[0].split("\n\nKeras (pip")[0].split("\nFor JAX")[0]
    return found


@pytest.mark.tensorflow
def test_readme_has_the_same(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What README.txt says is what `snippet` prints where the files are."""
    rm.convert(good, tmp_path / "out")
    monkeypatch.chdir(tmp_path / "out")
    readme = Path("README.txt").read_text()
    for framework, program in programs_of(readme).items():
        assert program.strip() == rm.snippet("train.tfrecord", framework).strip()
        if framework != "torch":
            assert run(program, Path.cwd())
    recordmill = [sys.executable, "-m", "recordmill", "snippet", "train.tfrecord", "--for", "jax"]
    done = subprocess.run(recordmill, capture_output=True, text=True, check=True)
    assert done.stdout == rm.snippet("train.tfrecord", "jax")


def test_shards_and_lists_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All shards of a set are a pattern, some of them are named one by one."""
    monkeypatch.chdir(tmp_path)
    names = [f"x-{number}-of-3.tfrecord" for number in range(3)]
    for name in names:
        write(Path(name), [rm.encode_example({"a": 1})])
    assert 'FILES = sorted(glob.glob("x-*-of-3.tfrecord"))\n' in rm.snippet(names, "torch")
    assert 'FILES = [\n    "x-0-of-3.tfrecord",\n    "x-1-of-3.tfrecord",\n]\n' in rm.snippet(names[:2], "torch")
    assert 'FILES = ["x-2-of-3.tfrecord"]\n' in rm.snippet("x-2*", "tf")


def test_refuses(tmp_path: Path) -> None:
    write(tmp_path / "text.tfrecord", [b"hello"])
    with pytest.raises(ValueError, match="no Example"):
        rm.snippet(tmp_path / "text.tfrecord")
    both = [rm.encode_sequence_example({}, {"a": [[1]]}), rm.encode_example({"a": 1})]
    write(tmp_path / "both.tfrecord", both)
    with pytest.raises(ValueError, match="Examples and SequenceExamples, and a program reads one kind"):
        rm.snippet(tmp_path / "both.tfrecord")
    with pytest.raises(ValueError, match="framework is one of tf, keras, torch, jax"):
        rm.snippet(tmp_path / "text.tfrecord", "mxnet")
    with pytest.raises(FileNotFoundError):
        rm.snippet(tmp_path / "none")
    for compression in ("none", "gzip"):
        with rm.TFRecordWriter(tmp_path / compression, compression=compression) as writer:
            writer.write(rm.encode_example({"a": 1}))
    with pytest.raises(ValueError, match="gzip: is gzip, others are not"):
        rm.snippet([tmp_path / "none", tmp_path / "gzip"])
