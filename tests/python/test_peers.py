"""The libraries of other formats read what we write, and we read what they write: run by `make test-full`."""

import importlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

# What they warn of is theirs.
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

CLASSES = ["cat", "dog", "zebra"]
# Class, x0, y0, x1, y1 in pixels of each image, 0-based, maximum exclusive; `c` has nothing on it.
SCENE: dict[str, tuple[int, int, list[tuple[str, int, int, int, int]]]] = {
    "a": (80, 60, [("cat", 3, 4, 30, 28), ("dog", 40, 10, 71, 55)]),
    "b": (64, 96, [("zebra", 8, 16, 24, 48)]),
    "c": (50, 50, []),
    "d": (120, 70, [("cat", 1, 2, 20, 30), ("cat", 60, 5, 110, 65), ("zebra", 30, 30, 50, 60)]),
}
Boxes = dict[str, list[tuple[Any, ...]]]
WANTED: Boxes = {name: sorted(objects) for name, (_, _, objects) in SCENE.items()}


def library(name: str) -> Any:
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene as COCO, with a rectangle for an outline."""
    folder = tmp_path_factory.mktemp("scene")
    images: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for number, (name, (width, height, boxes)) in enumerate(SCENE.items(), 1):
        Image.new("RGB", (width, height), (40 * number, 90, 50)).save(folder / f"{name}.jpg")
        images.append({"id": number, "file_name": f"{name}.jpg", "width": width, "height": height})
        for label, x0, y0, x1, y1 in boxes:
            objects.append(
                {
                    "id": len(objects) + 1,
                    "image_id": number,
                    "category_id": CLASSES.index(label) + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                    "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]],
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(CLASSES, 1)]
    document = {"images": images, "annotations": objects, "categories": categories}
    (folder / "instances.json").write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="module")
def written(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The scene in a format, written once."""
    base = tmp_path_factory.mktemp("written")

    def write(name: str) -> Path:
        out = base / name
        if not out.exists():
            rm.convert(scene, out, target_format=name, allow_empty=True)
        return out

    return write


def compare(found: Boxes, tolerance: float, *, negatives: bool = True) -> None:
    """Class and box of every object, within so many pixels."""
    for name, wanted in WANTED.items():
        if not wanted and not negatives:
            continue
        boxes = sorted(found.get(name, []))
        assert [box[0] for box in boxes] == [box[0] for box in wanted], (name, boxes)
        for box, want in zip(boxes, wanted, strict=True):
            assert box[1:] == pytest.approx(want[1:], abs=tolerance), (name, box, want)
    assert set(found) <= set(WANTED)


def ours(source: Path, **options: Any) -> Boxes:
    """What recordmill reads, in pixels of images that it finds."""
    dataset = rm.load(source, **options)
    errors = [problem for problem in dataset.problems if problem.severity == "error"]
    assert not errors
    found: Boxes = {}
    for image in dataset:
        width, height, _ = SCENE[Path(image.key).stem]
        scale = [(width, height, width, height) if part else (1, 1, 1, 1) for part in image.normalised]
        boxes = [
            (name, *(side * by for side, by in zip(box.tolist(), sides, strict=True)))
            for name, box, sides in zip(image.classes, image.bbox, scale, strict=True)
        ]
        found[Path(image.key).stem] = boxes
    return found


# --- they read what we write ---


def of_supervision(dataset: Any) -> Boxes:
    return {
        Path(path).stem: [
            (dataset.classes[int(label)], *map(float, box))
            for box, label in zip(found.xyxy, found.class_id if found.class_id is not None else [], strict=True)
        ]
        for path, _, found in dataset
    }


SUPERVISION: dict[str, Callable[[Any, Path], Any]] = {
    "coco": lambda sets, out: sets.from_coco(str(out / "images/train"), str(out / "annotations/instances_train.json")),
    "voc": lambda sets, out: sets.from_pascal_voc(str(out / "JPEGImages"), str(out / "Annotations")),
    "yolo": lambda sets, out: sets.from_yolo(
        str(out / "images/train"), str(out / "labels/train"), str(out / "data.yaml")
    ),
    "yolo-seg": lambda sets, out: sets.from_yolo(
        str(out / "images/train"), str(out / "labels/train"), str(out / "data.yaml")
    ),
    "createml": lambda sets, out: sets.from_createml(str(out / "train"), str(out / "train/_annotations.createml.json")),
    "labelme": lambda sets, out: sets.from_labelme(str(out / "train"), str(out / "train")),
}


@pytest.mark.parametrize("name", SUPERVISION)
def test_supervision_reads(name: str, written: Callable[[str], Path]) -> None:
    sets = library("supervision").DetectionDataset
    # Its VOC boxes lose one pixel: it takes all for 1-based.
    compare(of_supervision(SUPERVISION[name](sets, written(name))), 1.01 if name == "voc" else 0.51)


def of_globox(annotations: Any, names: dict[str, str] | None = None) -> Boxes:
    return {
        Path(image.image_id).stem: [
            ((names or {}).get(box.label, box.label), box.xmin, box.ymin, box.xmax, box.ymax) for box in image.boxes
        ]
        for image in annotations
    }


GLOBOX: dict[str, Callable[[Any, Path], Any]] = {
    "coco": lambda sets, out: sets.from_coco(out / "annotations/instances_train.json"),
    "voc": lambda sets, out: sets.from_pascal_voc(out / "Annotations"),
    "yolo": lambda sets, out: sets.from_yolo_v5(out / "labels/train", image_folder=out / "images/train"),
    "darknet": lambda sets, out: sets.from_yolo_darknet(out / "obj_train_data", image_folder=out / "obj_train_data"),
}


@pytest.mark.parametrize("name", GLOBOX)
def test_globox_reads(name: str, written: Callable[[str], Path]) -> None:
    numbers = {str(number): name for number, name in enumerate(CLASSES)} if name in ("yolo", "darknet") else None
    compare(of_globox(GLOBOX[name](library("globox").AnnotationSet, written(name)), numbers), 0.01)


def of_labelformat(source: Any) -> Boxes:
    return {
        Path(label.image.filename).stem: [
            (found.category.name, found.box.xmin, found.box.ymin, found.box.xmax, found.box.ymax)
            for found in label.objects
        ]
        for label in source.get_labels()
    }


LABELFORMAT: dict[str, Callable[[Any, Path], Any]] = {
    "coco": lambda formats, out: formats.COCOObjectDetectionInput(out / "annotations/instances_train.json"),
    "yolo": lambda formats, out: formats.YOLOv8ObjectDetectionInput(out / "data.yaml", "train"),
    "kitti": lambda formats, out: formats.KittiObjectDetectionInput(
        out / "training/label_2", ",".join(CLASSES), "../image_2"
    ),
}


@pytest.mark.parametrize("name", LABELFORMAT)
def test_labelformat_reads(name: str, written: Callable[[str], Path]) -> None:
    compare(of_labelformat(LABELFORMAT[name](library("labelformat.formats"), written(name))), 0.51)


def of_datumaro(dataset: Any) -> Boxes:
    datumaro = library("datumaro")
    names = dataset.categories()[datumaro.AnnotationType.label]
    found: Boxes = {}
    for item in dataset:
        boxes: dict[tuple[Any, ...], None] = {}
        for annotation in item.annotations:
            if annotation.type in (datumaro.AnnotationType.bbox, datumaro.AnnotationType.polygon):
                x, y, width, height = map(float, annotation.get_bbox())
                # Box and outline of one object.
                boxes[names[annotation.label].name, round(x), round(y), round(x + width), round(y + height)] = None
        found[Path(item.id).stem] = list(boxes)
    return found


DATUMARO = {
    "coco": "coco",
    "voc": "voc",
    "yolo": "yolo",
    "darknet": "yolo",
    "open-images": "open_images",
    "kitti": "kitti_detection",
    "datumaro": "datumaro",
    "cvat": "cvat",
    "vott": "vott_json",
}


@pytest.mark.parametrize("name", DATUMARO)
def test_datumaro_reads(name: str, written: Callable[[str], Path]) -> None:
    dataset = library("datumaro").Dataset.import_from(str(written(name)), DATUMARO[name])
    compare(of_datumaro(dataset), 1.01)


def test_pycocotools_reads_boxes_outlines_and_masks(written: Callable[[str], Path]) -> None:
    coco = library("pycocotools.coco").COCO(str(written("coco") / "annotations/instances_train.json"))
    found: Boxes = {}
    for number, image in coco.imgs.items():
        found[Path(image["file_name"]).stem] = boxes = []
        for annotation in coco.loadAnns(coco.getAnnIds(number)):
            x, y, width, height = annotation["bbox"]
            boxes.append((coco.cats[annotation["category_id"]]["name"], x, y, x + width, y + height))
            assert int(coco.annToMask(annotation).sum()) == width * height
    compare(found, 1e-9)


def test_pycocotools_agrees_about_masks(tmp_path: Path, written: Callable[[str], Path]) -> None:
    """Masks that went through a picture of classes are the pixels that pycocotools draws."""
    back = tmp_path / "back"
    rm.convert(written("semantic-masks"), back, target_format="coco", allow_empty=True)
    coco = library("pycocotools.coco").COCO(str(next(back.glob("annotations/instances_*.json"))))
    pixels: dict[str, int] = {}
    for annotation in coco.anns.values():
        name = coco.cats[annotation["category_id"]]["name"]
        pixels[name] = pixels.get(name, 0) + int(coco.annToMask(annotation).sum())
    wanted: dict[str, int] = {}
    for _, _, boxes in SCENE.values():
        for name, x0, y0, x1, y1 in boxes:
            wanted[name] = wanted.get(name, 0) + (x1 - x0) * (y1 - y0)
    assert pixels == wanted


def test_masks_of_records_are_those_of_pycocotools(tmp_path: Path) -> None:
    """Of random outlines, which also lie outside of the image, to the bit."""
    numbers = np.random.default_rng(7)
    coco_mask = library("pycocotools.mask")
    source = tmp_path / "in"
    source.mkdir()
    Image.new("RGB", (90, 70)).save(source / "a.png")
    rows = []
    for number in range(1, 201):
        parts = [
            (numbers.uniform(-20, 110, 2 * int(numbers.integers(3, 9)))).round(2).tolist()
            for _ in range(int(numbers.integers(1, 4)))
        ]
        row = {"id": number, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 1, "bbox": [1, 1, 80, 60]}
        rows.append({**row, "segmentation": parts})
    images = [{"id": 1, "file_name": "a.png", "width": 90, "height": 70}]
    document = {"images": images, "annotations": rows, "categories": [{"id": 1, "name": "cat"}]}
    (source / "labels.json").write_text(json.dumps(document))
    rm.convert(source, tmp_path / "out")
    (payload,) = rm.TFRecordReader(tmp_path / "out" / "train.tfrecord")
    pictures = rm.decode_example(payload)["image/object/mask"]
    assert len(pictures) == len(rows)
    for row, picture in zip(rows, pictures, strict=True):
        theirs = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(row["segmentation"], 70, 90)))
        assert (np.asarray(Image.open(io.BytesIO(picture))) == theirs).all()


def test_voc_has_the_elements_of_the_challenge(written: Callable[[str], Path]) -> None:
    etree = library("lxml.etree")
    dtd = etree.DTD(file=str(Path(__file__).parent / "voc.dtd"))
    files = sorted((written("voc") / "Annotations").glob("*.xml"))
    assert len(files) == len(SCENE)
    for path in files:
        document = etree.parse(path)
        # Roboflow's, which VOC does not know.
        etree.strip_elements(document, "polygon")
        assert dtd.validate(document), (path, dtd.error_log)


def test_datasets_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Callable[[str], Path]) -> None:
    """Hugging Face's library, which takes every row of `metadata.jsonl` or none."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = str(written("hf-imagefolder"))
    rows = library("datasets").load_dataset("imagefolder", data_dir=folder, cache_dir=str(tmp_path), split="train")
    found: Boxes = {}
    for row, name in zip(rows, sorted(SCENE), strict=True):
        assert row["image"].size == SCENE[name][:2]
        objects = row["objects"]
        found[name] = [
            (label, x, y, x + width, y + height)
            for label, (x, y, width, height) in zip(objects["categories"], objects["bbox"], strict=True)
        ]
    compare(found, 1e-9)


# --- we read what they write ---


def pictures(scene: Path) -> Any:
    supervision = library("supervision")
    return supervision.DetectionDataset.from_coco(str(scene), str(scene / "instances.json"))


def test_what_supervision_writes(tmp_path: Path, scene: Path) -> None:
    def at(name: str) -> Path:
        return tmp_path / name

    dataset = pictures(scene)
    dataset.as_coco(str(at("coco/images")), str(at("coco/annotations.json")))
    dataset.as_yolo(str(at("yolo/images")), str(at("yolo/labels")), str(at("yolo/data.yaml")))
    dataset.as_pascal_voc(str(at("voc/images")), str(at("voc/annotations")))
    dataset.as_createml(str(at("createml")), str(at("createml/annotations.json")))
    dataset.as_labelme(str(at("labelme")), str(at("labelme")))
    for name in ("coco", "yolo", "voc", "createml", "labelme"):
        # It writes VOC from 1 on, and names no image of which it has no annotation.
        compare(ours(at(name)), 1.01 if name == "voc" else 0.51, negatives=False)


def test_what_globox_writes(tmp_path: Path, scene: Path) -> None:
    annotations = library("globox").AnnotationSet.from_coco(scene / "instances.json")
    annotations.save_coco(tmp_path / "coco.json", auto_ids=True)
    annotations.save_pascal_voc(tmp_path / "voc")
    annotations.save_cvat(tmp_path / "cvat.xml")
    annotations.save_via_json(tmp_path / "via.json", image_folder=scene)
    for name in ("coco.json", "voc", "cvat.xml", "via.json"):
        compare(ours(tmp_path / name, images=scene), 0.51, negatives=False)


DATUMARO_WRITES = ["coco", "voc", "yolo", "datumaro", "cvat", "open_images", "wider_face", "label_me"]


@pytest.mark.parametrize("name", DATUMARO_WRITES)
def test_what_datumaro_writes(tmp_path: Path, written: Callable[[str], Path], name: str) -> None:
    datumaro = library("datumaro")
    dataset = datumaro.Dataset.import_from(str(written("voc")), "voc_detection")
    if name == "wider_face":
        # VOC's pose is a word; WIDER's, in the same attribute, is a number.
        for item in dataset:
            for annotation in item.annotations:
                annotation.attributes.pop("pose", None)
    dataset.export(str(tmp_path / "out"), name, save_media=True)
    compare(ours(tmp_path / "out"), 1.01, negatives=False)


def test_what_labelformat_writes(tmp_path: Path, scene: Path) -> None:
    formats = library("labelformat.formats")
    source = formats.COCOObjectDetectionInput(scene / "instances.json")
    formats.COCOObjectDetectionOutput(tmp_path / "coco.json").save(source)
    formats.PascalVOCObjectDetectionOutput(tmp_path / "voc").save(source)
    formats.KittiObjectDetectionOutput(tmp_path / "kitti").save(source)
    for name in ("coco.json", "voc", "kitti"):
        compare(ours(tmp_path / name, images=scene), 1.01, negatives=False)
