"""Libraries of other formats that have to stand apart, in a second virtual environment: run by `make test-full`.

Their needs do not go together with those of the others. Scripts in `apart/` run there and answer in JSON.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm
from PIL import Image

from tests.python.test_peers import CLASSES, WANTED, Boxes, compare, ours, scene, written

__all__ = ["scene", "written"]

PYTHON = os.environ.get("RECORDMILL_PEERS_PYTHON", "")

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not PYTHON, reason="RECORDMILL_PEERS_PYTHON names no interpreter: make test-full does"),
]


def has(module: str) -> bool:
    """Whether the interpreter that stands apart has a library."""
    find = f"import importlib.util as u, sys; sys.exit(u.find_spec({module!r}) is None)"
    return subprocess.run([PYTHON, "-c", find], check=False).returncode == 0


def run(script: str, jobs: dict[str, Any], home: Path, python: str = PYTHON) -> dict[str, Any]:
    """What a script answers; `home` keeps what its library writes about itself."""
    environment = {**os.environ, "HOME": str(home), "FIFTYONE_DO_NOT_TRACK": "true"}
    environment |= {"YOLO_OFFLINE": "true", "YOLO_CONFIG_DIR": str(home)}
    command = [python, str(Path(__file__).parent / "apart" / script), str(home / "answer.json")]
    done = subprocess.run(
        command, input=json.dumps(jobs), capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads((home / "answer.json").read_text())
    assert isinstance(answer, dict)
    return answer


# --- FiftyOne ---

# Its type and where its parts lie in what we write.
FIFTYONE_READS: dict[str, tuple[str, Callable[[Path], dict[str, Any]]]] = {
    "coco": (
        "COCODetectionDataset",
        lambda out: {
            "data_path": out / "images/train",
            "labels_path": out / "annotations/instances_train.json",
            "label_types": "detections",
        },
    ),
    "voc": ("VOCDetectionDataset", lambda out: {"data_path": out / "JPEGImages", "labels_path": out / "Annotations"}),
    "yolo": ("YOLOv5Dataset", lambda out: {"yaml_path": out / "data.yaml", "split": "train"}),
    "yolo-seg": (
        "YOLOv5Dataset",
        lambda out: {"yaml_path": out / "data.yaml", "split": "train", "label_type": "polylines"},
    ),
    "darknet": (
        "YOLOv4Dataset",
        lambda out: {
            "data_path": out / "obj_train_data",
            "objects_path": out / "obj.names",
            "include_all_data": True,
        },
    ),
    "kitti": (
        "KITTIDetectionDataset",
        lambda out: {"data_path": out / "training/image_2", "labels_path": out / "training/label_2"},
    ),
    "cvat": ("CVATImageDataset", lambda out: {"data_path": out / "images", "labels_path": out / "annotations.xml"}),
    "openlabel": (
        "OpenLABELImageDataset",
        lambda out: {"data_path": out / "train/images", "labels_path": out / "train/openlabel.json"},
    ),
}
FIFTYONE_WRITES = [
    "COCODetectionDataset",
    "VOCDetectionDataset",
    "YOLOv5Dataset",
    "YOLOv4Dataset",
    "KITTIDetectionDataset",
    "CVATImageDataset",
    "BDDDataset",
    "FiftyOneDataset",
    "FiftyOneImageDetectionDataset",
]
KINDS = {"a": "cat", "b": "dog", "c": "cat"}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images with a class each, in a folder per class, written by us."""
    base = tmp_path_factory.mktemp("kinds")
    for number, (name, kind) in enumerate(KINDS.items(), 1):
        (base / "source/train" / kind).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), (40 * number, 90, 50)).save(base / "source/train" / kind / f"{name}.jpg")
    rm.convert(base / "source", base / "written", target_format="image-folder")
    return base / "written" / "train"


@pytest.fixture(scope="module")
def fiftyone(
    tmp_path_factory: pytest.TempPathFactory, written: Callable[[str], Path], kinds: Path
) -> tuple[dict[str, Any], Path]:
    """What FiftyOne read, and where it wrote: all in one run, since its database takes seconds to start."""
    if not has("fiftyone"):
        pytest.skip("no FiftyOne in RECORDMILL_PEERS_PYTHON")
    base = tmp_path_factory.mktemp("fiftyone")
    read = [
        (
            name,
            kind,
            {key: str(part) if isinstance(part, Path) else part for key, part in options(written(name)).items()},
        )
        for name, (kind, options) in FIFTYONE_READS.items()
    ]
    read.append(("image-folder", "ImageClassificationDirectoryTree", {"dataset_dir": str(kinds)}))
    write: list[tuple[str, str, dict[str, Any], str]] = [
        ("coco", kind, {"split": "train"} if kind == "YOLOv5Dataset" else {}, str(base / kind))
        for kind in FIFTYONE_WRITES
    ]
    for kind, options in (
        ("ImageClassificationDirectoryTree", {}),
        ("FiftyOneImageClassificationDataset", {}),
        ("FiftyOneDataset", {}),
        ("CSVDataset", {"fields": {"filepath": "filename", "ground_truth.label": "label"}}),
    ):
        write.append(("image-folder", kind, options, str(base / "kinds" / kind)))
    return run("fiftyone_jobs.py", {"read": read, "write": write}, base), base


@pytest.mark.parametrize("name", FIFTYONE_READS)
def test_fiftyone_reads(name: str, fiftyone: tuple[dict[str, Any], Path]) -> None:
    found = fiftyone[0][name]
    assert isinstance(found, dict), found
    compare({image: [tuple(box) for box in boxes] for image, boxes in found.items()}, 0.01)


def test_fiftyone_reads_folders_of_classes(fiftyone: tuple[dict[str, Any], Path]) -> None:
    assert fiftyone[0]["image-folder"] == {name: [[kind]] for name, kind in KINDS.items()}


@pytest.mark.parametrize("kind", FIFTYONE_WRITES)
def test_what_fiftyone_writes(kind: str, fiftyone: tuple[dict[str, Any], Path]) -> None:
    # It cuts the fractions of VOC's pixels off, where it has 49.999999 for 50.
    compare(ours(fiftyone[1] / kind), 1.01 if kind == "VOCDetectionDataset" else 0.01, negatives=False)


@pytest.mark.parametrize(
    "kind",
    ["ImageClassificationDirectoryTree", "FiftyOneImageClassificationDataset", "FiftyOneDataset", "CSVDataset"],
)
def test_what_fiftyone_writes_of_classes(kind: str, fiftyone: tuple[dict[str, Any], Path]) -> None:
    dataset = rm.load(fiftyone[1] / "kinds" / kind)
    assert not [problem for problem in dataset.problems if problem.severity == "error"]
    found = {
        Path(image.key).stem: [dataset.classes[label] for label in dataset.images.labels[row]]
        for row, image in enumerate(dataset)
    }
    assert found == {name: [kind] for name, kind in KINDS.items()}


# --- libraries of one format each ---

# The format that we write for it, the part that it reads, and what it writes that we read.
OTHERS = {
    "darwin": ("darwin", "train/annotations", ["coco", "pascalvoc"]),
    "label_studio_sdk": ("label-studio", "train/tasks.json", ["COCO", "YOLO", "JSON", "JSON_MIN", "CSV"]),
    "lvis": ("coco", "annotations/instances_train.json", []),
    "scalabel": ("bdd100k", "labels/det_20/det_train.json", ["frames.json", "coco.json"]),
    "vcd": ("openlabel", "train/openlabel.json", ["own.json"]),
}


def other(library: str, source: Path, base: Path) -> Boxes:
    """What a library reads; what it writes goes to `base / "out"`."""
    if not has(library):
        pytest.skip(f"no {library} in RECORDMILL_PEERS_PYTHON")
    answer = run("others_jobs.py", {"library": library, "source": str(source), "out": str(base / "out")}, base)
    return {name: [tuple(box) for box in boxes] for name, boxes in answer.items()}


@pytest.mark.parametrize("library", OTHERS)
def test_reads_and_writes(library: str, tmp_path: Path, scene: Path, written: Callable[[str], Path]) -> None:
    name, part, writes = OTHERS[library]
    compare(other(library, written(name) / part, tmp_path), 0.01)
    for file in writes:
        # Scalabel's COCO counts the pixel at the maximum as one of the box.
        tolerance = 1.01 if (library, file) == ("scalabel", "coco.json") else 0.01
        compare(ours(tmp_path / "out" / file, images=scene), tolerance, negatives=False)


def test_label_studio_reads_boxes_without_outlines(tmp_path: Path, scene: Path, written: Callable[[str], Path]) -> None:
    """Its VOC has boxes alone."""
    rm.convert(written("csv"), tmp_path / "tasks", target_format="label-studio")
    found = other("label_studio_sdk", tmp_path / "tasks/train/tasks.json", tmp_path)
    compare(found, 0.01, negatives=False)
    for file in ("COCO", "YOLO", "VOC", "JSON", "JSON_MIN", "CSV"):
        # It cuts the fractions of VOC's corner off, and of the size.
        compare(ours(tmp_path / "out" / file, images=scene), 2.01 if file == "VOC" else 0.01, negatives=False)


# --- Ultralytics ---

YOLO = {"yolo": "detect", "yolo-seg": "segment", "yolo-obb": "obb", "yolo-pose": "pose"}
# Whether a keypoint is labelled, and seen: that of the minimum is, that of the maximum is labelled alone.
SEEN = (2, 1)


@pytest.fixture(scope="module")
def posed(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene with two keypoints per object, as COCO and, by us, as YOLO."""
    base = tmp_path_factory.mktemp("posed")
    document = json.loads((scene / "instances.json").read_text())
    for annotation in document["annotations"]:
        x, y, width, height = annotation["bbox"]
        annotation["keypoints"] = [x, y, SEEN[0], x + width, y + height, SEEN[1]]
        annotation["num_keypoints"] = 2
        del annotation["segmentation"]
    for category in document["categories"]:
        category["keypoints"] = ["first", "last"]
        category["skeleton"] = [[1, 2]]
    (base / "coco").mkdir()
    (base / "coco/keypoints.json").write_text(json.dumps(document))
    rm.convert(base / "coco", base / "yolo-pose", target_format="yolo-pose", images=scene, allow_empty=True)
    return base


@pytest.fixture(scope="module")
def ultralytics(
    scene: Path,
    posed: Path,
    kinds: Path,
    written: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Any], Path]:
    """What its checks found, and where its converter wrote."""
    if not has("ultralytics"):
        pytest.skip("no Ultralytics in RECORDMILL_PEERS_PYTHON")
    base = tmp_path_factory.mktemp("ultralytics")
    (base / "coco").mkdir()
    (base / "coco/instances.json").write_bytes((scene / "instances.json").read_bytes())
    jobs = {
        "check": {
            **{name: (task, str(posed / name if task == "pose" else written(name))) for name, task in YOLO.items()},
            "image-folder": ("classify", str(kinds.parent)),
        },
        "convert": [
            (str(base / "coco"), str(base / "boxes"), {}),
            (str(base / "coco"), str(base / "outlines"), {"use_segments": True}),
            (str(posed / "coco"), str(base / "keypoints"), {"use_keypoints": True}),
        ],
    }
    return run("ultralytics_jobs.py", jobs, base), base


@pytest.mark.parametrize("name", YOLO)
def test_ultralytics_accepts(name: str, ultralytics: tuple[dict[str, Any], Path]) -> None:
    found = ultralytics[0][name]
    compare({image: [tuple(box) for box in labels["boxes"]] for image, labels in found.items()}, 0.001)
    for labels in found.values():
        corners = [box[1:] for box in labels["boxes"]]
        drawn = [
            [*map(min, zip(*outline, strict=True)), *map(max, zip(*outline, strict=True))]
            for outline in labels["outlines"]
        ]
        assert [len(outline) for outline in labels["outlines"]] == [4] * len(drawn)
        pinned = [[*first[:2], *last[:2]] for first, last in labels["keypoints"]]
        assert [tuple(point[2] for point in points) for points in labels["keypoints"]] == [SEEN] * len(pinned)
        assert drawn == ([pytest.approx(box, abs=0.001) for box in corners] if name in ("yolo-seg", "yolo-obb") else [])
        assert pinned == ([pytest.approx(box, abs=0.001) for box in corners] if name == "yolo-pose" else [])


def test_ultralytics_accepts_folders_of_classes(ultralytics: tuple[dict[str, Any], Path]) -> None:
    names = dict(enumerate(sorted(set(KINDS.values()))))
    assert ultralytics[0]["image-folder"] == {
        "names": {str(n): name for n, name in names.items()},
        "images": len(KINDS),
    }


@pytest.mark.parametrize(("name", "form"), [("boxes", "yolo"), ("outlines", "yolo-seg"), ("keypoints", "yolo-pose")])
def test_what_ultralytics_converts(
    name: str, form: str, ultralytics: tuple[dict[str, Any], Path], scene: Path, tmp_path: Path
) -> None:
    # It leaves images and names to its user.
    folder = tmp_path / name
    shutil.copytree(ultralytics[1] / name, folder)
    for split in (folder / "labels").iterdir():
        shutil.copytree(scene, folder / "images" / split.name, ignore=shutil.ignore_patterns("*.json"))
    shape = "kpt_shape: [2, 3]\n" if form == "yolo-pose" else ""
    (folder / "data.yaml").write_text(f"train: images\nval: images\n{shape}names: {json.dumps(CLASSES)}\n")
    compare(ours(folder, source_format=form), 0.01)
    points = rm.load(folder, source_format=form).objects.keypoints
    seen = [tuple(point[2] for point in pins) for pins in points.values()]
    assert seen == ([SEEN] * sum(map(len, WANTED.values())) if form == "yolo-pose" else [])
