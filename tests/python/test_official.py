"""Schemas that are those of scripts, against the scripts themselves: run by `make test-full`.

Each script writes its records of a made dataset, and so do we: the same files, with the same Examples in the same order, feature by
feature. Where ours differ on purpose, the test says so, with the reason that docs/schemas.md gives.
"""

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

PYTHON = os.environ.get("RECORDMILL_OFFICIAL_PYTHON", "")

pytestmark = [
    pytest.mark.peers,
    pytest.mark.tensorflow,
    pytest.mark.skipif(not PYTHON, reason="RECORDMILL_OFFICIAL_PYTHON names no interpreter: make test-full does"),
]

# Files of ours that no script writes.
OURS = {"README.txt", "recordmill.json", "label_map.pbtxt"}
# PNG files: the same pixels, packed by another program.
PICTURES = {
    "image/object/mask",
    "image/panoptic/category_mask",
    "image/panoptic/instance_mask",
    "image/segmentation/class/encoded",
}
Record = dict[str, tuple[str, list[Any]]]


def script(name: str, *flags: str) -> None:
    """Runs a script with an interpreter of its own."""
    jobs = Path(__file__).parent / "apart" / "official_jobs.py"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [PYTHON, str(jobs), name, *flags]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


def pixels(png: bytes) -> tuple[str, Any, bytes]:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture.mode, picture.size, picture.tobytes()


def read(tf: Any, folder: Path) -> dict[str, list[Record]]:
    """All records of a folder's files, as TensorFlow reads them."""
    files: dict[str, list[Record]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in OURS):
        records: list[Record] = []
        for payload in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            record: Record = {}
            for key, feature in tf.train.Example.FromString(payload).features.feature.items():
                kind = feature.WhichOneof("kind")
                values = list(getattr(feature, kind).value)
                is_picture = key in PICTURES and kind == "bytes_list"
                record[key] = (kind, [pixels(value) for value in values] if is_picture else values)
            records.append(record)
        files[str(path.relative_to(folder))] = records
    return files


def compare(
    tf: Any, theirs: Path, ours: Path, difference: Callable[[Record], Record | None] = lambda record: record
) -> dict[str, list[Record]]:
    """The same files, records and features; `difference` makes of one of theirs what ours is to be, or leaves it out."""
    wanted, found = read(tf, theirs), read(tf, ours)
    assert sorted(found) == sorted(wanted)
    for name, records in wanted.items():
        expected = [record for record in map(difference, records) if record is not None]
        assert len(found[name]) == len(expected), name
        for got, want in zip(found[name], expected, strict=True):
            assert sorted(got) == sorted(want), name
            for key, value in want.items():
                assert got[key] == value, (name, key, want["image/filename"])
    assert sum(map(len, wanted.values())) > 0
    return found


# --- COCO ---

# Ids with gaps, out of order.
CATEGORIES = {7: "zebra", 3: "cat", 90: "dog", 44: "ein Wort für é"}


def picture(path: Path, width: int, height: int, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(path)


def coco(folder: Path, name: str, count: int, *, first: int = 1) -> Path:
    """`count` images with crowds, several parts, boxes over the edge and without area, and images without any."""
    chance = np.random.default_rng(count)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number in range(count):
        width, height = int(chance.integers(30, 90)), int(chance.integers(30, 90))
        image = f"{name}_{(number * 7) % count:03}.jpg"
        picture(folder / name / image, width, height, first + number)
        # Not in the order of their names or ids.
        key = first + (number * 5) % count * 3
        images.append({"id": key, "file_name": image, "width": width, "height": height})
        for place in range(number % 4):
            x, y = float(chance.integers(0, width - 20)), float(chance.integers(0, height - 20))
            wide, high = float(chance.integers(4, 19)) + 0.37, float(chance.integers(4, 19)) + 0.5
            shape: Any = [[x, y, x + wide, y, x + wide, y + high, x, y + high], [x, y, x + 3, y, x + 3, y + 2]]
            crowd = int(number % 5 == 0 and place == 1)
            if crowd:
                runs = [5 * height + 3, 7, height - 7, 9]
                shape = {"size": [height, width], "counts": [*runs, width * height - sum(runs)]}
            box = [x, y, wide, high]
            match number % 7, place:
                case 1, 0:
                    box = [-3.5, y, 11.0, high]
                case 2, 0:
                    box = [width - 5.0, y, 5.25, high]
                case 3, 0:
                    box = [x, y, 0.0, high]
                case 3, 1:
                    box = [x, y, width - x, height - y]
                case 4, 0:
                    box = [x, y, -4.0, high]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": key,
                    "category_id": int(list(CATEGORIES)[(number + place) % len(CATEGORIES)]),
                    "bbox": box,
                    "area": wide * high * 0.9,
                    "iscrowd": crowd,
                    "segmentation": shape,
                }
            )
    # As a file that was made by hand: not by image.
    annotations.sort(key=lambda annotation: (annotation["id"] * 11) % 13)
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": label} for number, label in CATEGORIES.items()],
    }
    file = folder / "annotations" / f"instances_{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return file


@pytest.fixture(scope="module")
def coco_splits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    folder = tmp_path_factory.mktemp("coco")
    counts = {"train": (37, 1), "val": (23, 1000), "test-dev": (8, 2000)}
    return folder, {name: coco(folder, name, count, first=first) for name, (count, first) in counts.items()}


@pytest.mark.parametrize("masks", [False, True])
def test_create_coco(tf: Any, coco_splits: tuple[Path, dict[str, Path]], masks: bool, tmp_path: Path) -> None:
    folder, files = coco_splits
    given = [
        f"--{split}_{what}={path}"
        for name, split in (("train", "train"), ("val", "val"), ("test-dev", "test"))
        for what, path in (("image_dir", folder / name), ("annotations_file", files[name]))
    ]
    given = [flag.replace("--test_annotations_file", "--testdev_annotations_file") for flag in given]
    script("create_coco_tf_record", *given, f"--output_dir={tmp_path / 'theirs'}", f"--include_masks={masks}")
    report = rm.convert(folder, tmp_path / "ours", schema="create_coco", masks="png" if masks else "auto")
    found = compare(tf, tmp_path / "theirs", tmp_path / "ours")
    assert len(found) == 210
    everything = [record for records in found.values() for record in records]
    assert len(everything) == report.images == 68
    # The dataset has all that it is to have.
    assert any(1 in record["image/object/is_crowd"][1] for record in everything)
    assert any(x < 0 for record in everything for x in record["image/object/bbox/xmin"][1])
    assert sum(not record["image/object/class/text"][1] for record in everything) > 10
    assert report.skipped.reasons["skip-rule"][1] > 10


@pytest.mark.parametrize("masks", [False, True])
def test_model_garden(tf: Any, coco_splits: tuple[Path, dict[str, Path]], masks: bool, tmp_path: Path) -> None:
    """With captions, of some of the images."""
    folder, files = coco_splits
    instances = json.loads(files["val"].read_text())
    captions = [
        {"id": number, "image_id": image["id"], "caption": f"{words} {number}"}
        for number, (image, words) in enumerate(
            [(image, words) for image in instances["images"][::3] for words in ("two cats", "eine Katze, ä")]
        )
    ]
    (tmp_path / "in/annotations").mkdir(parents=True)
    (tmp_path / "in/val").symlink_to(folder / "val")
    (tmp_path / "in/annotations/instances_val.json").write_text(json.dumps(instances))
    (tmp_path / "in/annotations/captions_val.json").write_text(
        json.dumps({"images": instances["images"], "annotations": captions})
    )
    script(
        "model_garden",
        f"--image_dir={folder / 'val'}",
        f"--object_annotations_file={tmp_path / 'in/annotations/instances_val.json'}",
        f"--caption_annotations_file={tmp_path / 'in/annotations/captions_val.json'}",
        f"--output_file_prefix={tmp_path / 'theirs/val'}",
        f"--include_masks={masks}",
    )
    rm.convert(
        tmp_path / "in", tmp_path / "ours", schema="model_garden", masks="png" if masks else "auto", allow_outside=True
    )
    found = compare(tf, tmp_path / "theirs", tmp_path / "ours")
    assert len(found) == 32
    everything = [record for records in found.values() for record in records]
    assert sum("image/caption" in record for record in everything) == 8
    assert sum("image/object/area" not in record for record in everything) > 4


def test_model_garden_panoptic(tf: Any, tmp_path: Path) -> None:
    """Things, stuff, a crowd and pixels of nobody. The script's boxes are those of the things among the segments."""
    things = {1: "person", 18: "dog"}
    stuff = {92: "banner", 200: "rug"}
    categories = [{"id": n, "name": name, "isthing": int(n in things)} for n, name in {**things, **stuff}.items()]
    images: list[dict[str, Any]] = []
    panoptic: list[dict[str, Any]] = []
    instances: list[dict[str, Any]] = []
    masks = tmp_path / "in/annotations/panoptic_val"
    masks.mkdir(parents=True)
    for number in range(1, 8):
        width, height = 40 + number, 30 + 2 * number
        picture(tmp_path / f"in/val/{number:012}.jpg", width, height, number)
        images.append({"id": number, "file_name": f"{number:012}.jpg", "width": width, "height": height})
        canvas = np.zeros((height, width), np.uint32)
        segments = []
        # Stuff comes first in some, so that things are not numbered from 1; an id is above 16 bits.
        kinds = [92, 1, 18, 1, 200] if number % 2 else [18, 200, 1]
        for place in range(len(kinds) if number != 4 else 0):
            key = 70_000 * (place + 1) + number
            x, y = 3 + place * 6, 2 + place * 3
            canvas[y : y + 9, x : x + 7] = key
        for place, kind in enumerate(kinds if number != 4 else []):
            key = 70_000 * (place + 1) + number
            ys, xs = np.nonzero(canvas == key)
            box = [int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1]
            segment = {"id": key, "category_id": kind, "area": len(xs), "bbox": box, "iscrowd": int(place == 3)}
            segments.append(segment)
            if kind in things:
                instances.append({**segment, "id": len(instances) + 1, "image_id": number})
        if segments:
            colours = np.stack([canvas & 255, canvas >> 8 & 255, canvas >> 16], -1).astype(np.uint8)
            Image.fromarray(colours).save(masks / f"{number:012}.png")
            panoptic.append({"image_id": number, "file_name": f"{number:012}.png", "segments_info": segments})
    document = {"images": images, "annotations": panoptic, "categories": categories}
    (tmp_path / "in/annotations/panoptic_val.json").write_text(json.dumps(document))
    (tmp_path / "instances.json").write_text(json.dumps({**document, "annotations": instances}))
    for form, include in (("semantic", False), ("panoptic", True)):
        script(
            "model_garden",
            f"--image_dir={tmp_path / 'in/val'}",
            f"--object_annotations_file={tmp_path / 'instances.json'}",
            f"--panoptic_annotations_file={tmp_path / 'in/annotations/panoptic_val.json'}",
            f"--panoptic_masks_dir={masks}",
            f"--include_panoptic_masks={include}",
            f"--output_file_prefix={tmp_path / form / 'val'}",
            "--num_shards=3",
        )
        ours = tmp_path / f"{form}-ours"
        report = rm.convert(tmp_path / "in", ours, schema="model_garden", segmentation=form, shards=3)
        found = compare(tf, tmp_path / form, ours)
        assert report.skipped.reasons["stuff"] == (0, 10)
        everything = [record for records in found.values() for record in records]
        assert sum("image/segmentation/class/encoded" in record for record in everything) == 6


# --- Pascal VOC ---


def voc(root: Path, stem: str, size: tuple[int, int], objects: list[str], *, name: str = "", seed: int = 1) -> None:
    picture(root / f"JPEGImages/{name or stem + '.jpg'}", *size, seed)
    (root / "Annotations").mkdir(exist_ok=True)
    (root / f"Annotations/{stem}.xml").write_text(
        f"<annotation><folder>{root.name}</folder><filename>{name or stem + '.jpg'}</filename>"
        f"<source><database>The VOC2007 Database</database></source><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height><depth>3</depth></size><segmented>0</segmented>{''.join(objects)}</annotation>"
    )


def voc_object(name: str, box: tuple[float, float, float, float], *flags: str) -> str:
    x0, y0, x1, y1 = box
    pose, truncated, difficult = flags or ("Unspecified", "0", "0")
    return (
        f"<object><name>{name}</name><pose>{pose}</pose><truncated>{truncated}</truncated>"
        f"<difficult>{difficult}</difficult><bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax>"
        f"<ymax>{y1}</ymax></bndbox></object>"
    )


def label_map(path: Path, names: dict[str, int]) -> Path:
    path.write_text("".join(f"item {{\n  id: {number}\n  name: '{name}'\n}}\n" for name, number in names.items()))
    return path


def test_create_pascal(tf: Any, tmp_path: Path) -> None:
    """Boxes as they are in the XML: 1-based, over the edge; difficult, truncated, poses; images without objects."""
    root = tmp_path / "in/VOC2007"
    dog = voc_object("dog", (1, 1, 40, 30), "Left", "1", "1")
    cat = voc_object("cat", (10.5, 3, 61, 47.25), "Frontal", "0", "0")
    over = voc_object("cat", (-2, 5, 70, 52), "Unspecified", "1", "0")
    voc(root, "000001", (60, 45), [dog, cat])
    voc(root, "000003", (60, 45), [])
    voc(root, "000005", (60, 45), [over, dog, cat], seed=2)
    voc(root, "000009", (64, 48), [cat], seed=3)
    sets = root / "ImageSets/Main"
    sets.mkdir(parents=True)
    for name, keys in {"train": ("000001", "000003", "000005"), "val": ("000009",)}.items():
        (sets / f"{name}.txt").write_text("".join(f"{key}\n" for key in keys))
        (sets / f"aeroplane_{name}.txt").write_text("".join(f"{key} -1\n" for key in keys))
    labels = label_map(tmp_path / "labels.pbtxt", {"cat": 8, "dog": 12})
    (tmp_path / "theirs").mkdir()
    for name in ("train", "val"):
        script(
            "create_pascal_tf_record",
            f"--data_dir={tmp_path / 'in'}",
            "--year=VOC2007",
            f"--set={name}",
            f"--label_map_path={labels}",
            f"--output_path={tmp_path / 'theirs' / f'pascal_{name}.record'}",
        )
    report = rm.convert(tmp_path / "in", tmp_path / "ours", schema="create_pascal", label_map=labels)
    found = compare(tf, tmp_path / "theirs", tmp_path / "ours")
    assert [len(found[name]) for name in ("pascal_train.record", "pascal_val.record")] == [3, 1]
    assert max(found["pascal_train.record"][2]["image/object/bbox/xmax"][1]) > 1
    assert {problem.kind for problem in report.problems} >= {"box-kept"}


def test_what_create_pascal_gets_wrong(tf: Any, tmp_path: Path) -> None:
    """Corners that are swapped are put right, and a box without an area is left out: both make a loss that is no number."""
    root = tmp_path / "in/VOC2007"
    swapped, flat = voc_object("cat", (40, 3, 10, 30)), voc_object("cat", (5, 5, 5, 20))
    voc(root, "1", (60, 45), [swapped, flat, voc_object("cat", (1, 2, 3, 4))])
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/aeroplane_train.txt").write_text("1 -1\n")
    (root / "ImageSets/Main/train.txt").write_text("1\n")
    labels = label_map(tmp_path / "labels.pbtxt", {"cat": 1})
    (tmp_path / "theirs").mkdir()
    script(
        "create_pascal_tf_record",
        f"--data_dir={tmp_path / 'in'}",
        f"--label_map_path={labels}",
        f"--output_path={tmp_path / 'theirs/pascal_train.record'}",
    )
    rm.convert(tmp_path / "in", tmp_path / "ours", schema="create_pascal", label_map=labels)

    def difference(record: Record) -> Record:
        x0, x1 = (record[f"image/object/bbox/{side}"][1] for side in ("xmin", "xmax"))
        assert x0[0] > x1[0]
        assert x0[1] == x1[1]
        right = {
            key: (kind, [values[0], values[2]] if len(values) == 3 else values)
            for key, (kind, values) in record.items()
        }
        low, high = right["image/object/bbox/xmax"][1][0], right["image/object/bbox/xmin"][1][0]
        right["image/object/bbox/xmin"][1][0], right["image/object/bbox/xmax"][1][0] = low, high
        return right

    compare(tf, tmp_path / "theirs", tmp_path / "ours", difference)


# --- KITTI ---

# Class, truncated, occluded, alpha, box, and the seven numbers in space.
KITTI = {
    "000000": """Car 0.00 0 -1.58 10.01 12.33 44.12 40.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59
Pedestrian 0.42 1 0.21 50.00 5.00 58.50 30.25 1.89 0.48 1.20 1.84 1.47 8.41 0.01
Cyclist 0.00 3 -1.65 5 5 9 9 1.86 0.60 2.02 4.59 1.32 45.84 -1.55
""",
    # Two of four are in regions, one of which only touches the third; the last leads over the edge.
    "000007": """Car 1.00 0 1.55 0.00 10.00 20.00 30.00 1.5 1.6 3.7 -2 1.7 9 1.5
DontCare -1 -1 -10 15.00 25.00 40.00 45.00 -1 -1 -1 -1000 -1000 -1000 -10
DontCare -1 -1 -10 60.00 0.00 70.00 9.00 -1 -1 -1 -1000 -1000 -1000 -10
car 0.10 0 -2 40.00 20.00 55.00 45.00 1.5 1.6 3.7 1 1.7 12 -1.5
pedestrian 0.00 2 0.5 61.00 1.00 64.00 8.00 1.7 0.6 0.8 1 1.7 12 0.4
Pedestrian 0.00 0 0.7 66.00 20.00 85.00 50.00 1.7 0.6 0.8 5 1.7 15 0.9
""",
    "000500": "Truck 0 0 0.1 1 1 9 9 3 2 8 1 2 30 0.1\nPedestrian 0.5 0 0.2 2 2 12 22 1.8 0.5 1 2 2 9 0.3\n",
    "000731": "Tram 0 0 0.1 1 1 9 9 3 2 8 1 2 30 0.1\n",
}


def test_create_kitti(tf: Any, tmp_path: Path) -> None:
    """DontCare regions and what overlaps them, classes that are not used, the first 500 numbers, images that are left without objects."""
    theirs, ours = tmp_path / "data", tmp_path / "in/training"
    (theirs / "training/label_2").mkdir(parents=True)
    (ours / "label_2").mkdir(parents=True)
    for seed, (name, lines) in enumerate(KITTI.items()):
        for image in (theirs / f"data_object_image_2/training/image_2/{name}.png", ours / f"image_2/{name}.png"):
            picture(image, 80, 48, seed)
        for folder in (theirs / "training", ours):
            (folder / f"label_2/{name}.txt").write_text(lines)
    labels = label_map(tmp_path / "labels.pbtxt", {"car": 1, "pedestrian": 2})
    (tmp_path / "theirs").mkdir()
    script(
        "create_kitti_tf_record",
        f"--data_dir={theirs}",
        f"--output_path={tmp_path / 'theirs/kitti'}",
        f"--label_map_path={labels}",
        "--validation_set_size=500",
    )
    report = rm.convert(tmp_path / "in", tmp_path / "ours", schema="create_kitti")

    def difference(record: Record) -> Record:
        """The path below the folder that was converted: the script's begins at the machine's root."""
        name = b"training/image_2/" + record["image/filename"][1][0].rpartition(b"/")[2]
        return {**record, "image/filename": ("bytes_list", [name]), "image/source_id": ("bytes_list", [name])}

    found = compare(tf, tmp_path / "theirs", tmp_path / "ours", difference)
    counts = [[len(record["image/object/alpha"][1]) for record in records] for _, records in sorted(found.items())]
    # By hand: of 000007 the first is in the first region, the third in the second.
    assert counts == [[1, 0], [2, 2]]
    assert report.skipped.reasons["dont-care"] == (0, 4)

    # The script's own records, turned back: all of KITTI's numbers but how far an object is hidden, which it does not take.
    rm.convert(tmp_path / "theirs", tmp_path / "back", source_format="tfrecord", target_format="kitti", no_loss=True)
    back = sorted(path.read_text() for path in (tmp_path / "back").rglob("label_2/*.txt"))
    numbers = sorted([float(number) for number in line.split()[1:]] for text in back for line in text.splitlines())
    kept = ["000000 0", "000000 1", "000007 3", "000007 5", "000500 1"]
    rows = [KITTI[name].splitlines()[int(line)].split() for name, line in map(str.split, kept)]
    expected = [[float(row[1]), -1.0, *map(float, row[3:])] for row in rows]
    for row in expected:
        # Boxes over the edge of 80 x 48 pixels are clipped.
        row[5], row[6] = min(row[5], 80.0), min(row[6], 48.0)
    assert numbers == sorted(expected)


# --- Open Images ---


def test_create_oid(tf: Any, tmp_path: Path) -> None:
    """Classes that the label map does not have, images in no row, labels of images, files by the number that is the name."""
    names = ["0a1b2c3d4e5f6071", "00000000000003e8", "ffffffffffffff9b", "0123456789abcdef", "0000000000000064"]
    for seed, name in enumerate(names):
        picture(tmp_path / f"in/train/{name}.jpg", 60, 40, seed)
    flags = "IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
    rows = [
        f"{names[0]},xclick,/m/01,1,0.1,0.513,0.25,0.9,0,1,0,0,0",
        f"{names[0]},xclick,/m/02,1,0.0,1.0,0.0,0.33,1,0,1,1,0",
        f"{names[3]},activemil,/m/none,1,0.2,0.3,0.2,0.3,0,0,0,0,0",
        f"{names[3]},activemil,/m/02,1,0.2,0.31,0.2,0.3,0,0,0,0,1",
        f"{names[1]},xclick,/m/01,1,0.45,0.5,0.6,0.7,0,0,1,0,0",
        f"{names[0]},xclick,/m/01,1,0.6,0.7,0.6,0.7,0,0,0,0,0",
    ]
    boxes = tmp_path / "in/train-annotations-bbox.csv"
    boxes.write_text(f"ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,{flags}\n" + "\n".join(rows) + "\n")
    (tmp_path / "in/class-descriptions-boxable.csv").write_text("/m/01,Cat\n/m/02,Dog\n/m/none,Nothing\n")
    images = tmp_path / "in/train-annotations-human-imagelabels.csv"
    images.write_text(
        "ImageID,Source,LabelName,Confidence\n"
        + "".join(f"{name},verification,{label},1\n" for name, label in [(names[2], "/m/02"), (names[0], "/m/01")])
    )
    labels = label_map(tmp_path / "labels.pbtxt", {"/m/01": 11, "/m/02": 5})
    (tmp_path / "theirs").mkdir()
    script(
        "create_oid_tf_record",
        f"--input_box_annotations_csv={boxes}",
        f"--input_image_label_annotations_csv={images}",
        f"--input_images_directory={tmp_path / 'in/train'}",
        f"--input_label_map={labels}",
        f"--output_tf_record_path_prefix={tmp_path / 'theirs/oid_train.tfrecord'}",
    )
    report = rm.convert(tmp_path / "in", tmp_path / "ours", schema="create_oid", label_map=labels)
    found = compare(tf, tmp_path / "theirs", tmp_path / "ours")
    assert (len(found), report.images, report.objects) == (100, 5, 5)
    # By hand: 0x3e8 is 1000 and 0x64 is 100.
    assert len(found["oid_train.tfrecord-00000-of-00100"]) >= 2


# --- Oxford-IIIT Pet ---


@pytest.mark.parametrize("masks", ["auto", "png", "numerical"])
def test_create_pet(tf: Any, masks: str, tmp_path: Path) -> None:
    """Its own split, shuffled; entries without an annotation, whose numbers are used up; breeds; heads, or whole bodies."""
    root = tmp_path / "in"
    for folder in ("images", "annotations/xmls", "annotations/trimaps"):
        (root / folder).mkdir(parents=True)
    ids = [
        f"{breed}_{number}"
        for breed in ("Abyssinian", "american_pit_bull_terrier", "Bengal")
        for number in range(1, 14)
    ]
    for seed, key in enumerate(ids):
        width, height = 50 + seed % 7, 40 + seed % 5
        picture(root / f"images/{key}.jpg", width, height, seed)
        trimap = np.full((height, width), 2, np.uint8)
        trimap[5 + seed % 4 : 30, 8 : 33 + seed % 3] = 3
        trimap[8:20, 12:25] = 1
        Image.fromarray(trimap).save(root / f"annotations/trimaps/{key}.png")
        if seed % 6 == 2:
            continue
        objects = [voc_object("cat", (10, 8, 22.5, 19), "Frontal", "0", "1" if seed % 5 == 0 else "0")]
        if seed % 4 == 0:
            objects.append(voc_object("dog", (1, 1, 9, 9), "Left", "1", "0"))
        (root / f"annotations/xmls/{key}.xml").write_text(
            f"<annotation><folder>OXIIIT</folder><filename>{key}.jpg</filename><source><database>OXFORD-IIIT</database>"
            f"</source><size><width>{width}</width><height>{height}</height><depth>3</depth></size>{''.join(objects)}"
            "</annotation>"
        )
    (root / "annotations/trainval.txt").write_text("".join(f"{key} 1 1 1\n" for key in ids[:-2]))
    (root / "annotations/test.txt").write_text("".join(f"{key} 1 1 1\n" for key in ids[-2:]))
    labels = label_map(tmp_path / "labels.pbtxt", {"Abyssinian": 1, "american_pit_bull_terrier": 3, "Bengal": 6})
    (tmp_path / "theirs").mkdir()
    script(
        "create_pet_tf_record",
        f"--data_dir={root}",
        f"--output_dir={tmp_path / 'theirs'}",
        f"--label_map_path={labels}",
        f"--faces_only={masks == 'auto'}",
        f"--mask_type={'png' if masks == 'auto' else masks}",
    )
    report = rm.convert(root, tmp_path / "ours", schema="create_pet", label_map=labels, masks=masks)
    found = compare(tf, tmp_path / "theirs", tmp_path / "ours")
    assert len(found) == 20
    assert report.images == sum(map(len, found.values())) == 31
