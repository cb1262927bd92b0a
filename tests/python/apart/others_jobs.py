"""The smaller libraries' side of `test_peers_apart.py`, run by the interpreter of `.venv-peers`.

One job per run, JSON on stdin: `{"library": name, "source": path, "out": folder}`. The library reads `source`, writes into
`out` what it writes, and what was read goes as JSON to the file that the argument names.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

# Of its converter.
LABEL_STUDIO = ("COCO", "YOLO", "VOC", "JSON", "JSON_MIN", "CSV")

Found = dict[str, list[list[Any]]]


def around(label: str, points: list[tuple[float, float]]) -> list[Any]:
    xs, ys = zip(*points, strict=True)
    return [label, min(xs), min(ys), max(xs), max(ys)]


def scalabel(source: Path, out: Path) -> Found:
    """Its frames, checked by its own model; written as it writes them, and as COCO."""
    # It was written for pydantic 1, which pydantic 2 has inside.
    sys.modules["pydantic"] = importlib.import_module("pydantic.v1")
    files: Any = importlib.import_module("scalabel.label.io")
    dataset = files.load(str(source))
    files.save(str(out / "frames.json"), dataset)
    coco: Any = importlib.import_module("scalabel.label.to_coco")
    typing: Any = importlib.import_module("scalabel.label.typing")
    # BDD100K's own files are lists of frames; the classes come from a file of the user's.
    names = sorted({label.category for frame in dataset.frames for label in frame.labels or []})
    config = dataset.config or typing.Config(categories=[typing.Category(name=name) for name in names])
    (out / "coco.json").write_text(json.dumps(coco.scalabel2coco_detection(dataset.frames, config)))
    found: Found = {}
    for frame in dataset.frames:
        boxes = found.setdefault(Path(frame.name).stem, [])
        for label in frame.labels or []:
            box = label.box2d
            boxes.append([label.category, box.x1, box.y1, box.x2, box.y2])
            assert around("", [(x, y) for x, y in label.poly2d[0].vertices])[1:] == boxes[-1][1:]
    return found


def lvis(source: Path, _: Path) -> Found:
    dataset: Any = importlib.import_module("lvis").LVIS(str(source))
    found: Found = {Path(image["file_name"]).stem: [] for image in dataset.imgs.values()}
    for annotation in dataset.anns.values():
        x, y, width, height = annotation["bbox"]
        assert int(dataset.ann_to_mask(annotation).sum()) == width * height
        name = Path(dataset.imgs[annotation["image_id"]]["file_name"]).stem
        found[name].append([dataset.cats[annotation["category_id"]]["name"], x, y, x + width, y + height])
    return found


def vcd(source: Path, out: Path) -> Found:
    """OpenLABEL, checked against the schema of ASAM that it brings; then a file of its own, with boxes."""
    core: Any = importlib.import_module("vcd.core")
    types: Any = importlib.import_module("vcd.types")
    read = core.VCD()
    read.load_from_file(str(source), validation=True)
    written = core.VCD()
    written.add_stream("camera", "images", "", core.StreamType.camera)
    found: Found = {}
    for number, frame in read.data["openlabel"]["frames"].items():
        uri = frame["frame_properties"]["streams"]["camera"]["uri"]
        written.add_frame_properties(int(number), properties={"uri": uri})
        boxes = found.setdefault(Path(uri).stem, [])
        for uid in frame.get("objects", {}):
            value = frame["objects"][uid]["object_data"]["poly2d"][0]["val"]
            box = around(read.get_object(uid)["type"], list(zip(value[::2], value[1::2], strict=True)))
            boxes.append(box)
            _, x0, y0, x1, y1 = box
            new = written.add_object(f"object {uid}", box[0])
            written.add_object_data(
                new, types.bbox("shape", ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)), int(number)
            )
    written.save(str(out / "own.json"), validate=True)
    return found


def darwin(source: Path, out: Path) -> Found:
    utils: Any = importlib.import_module("darwin.utils")
    exporter: Any = importlib.import_module("darwin.exporter")
    files = sorted(source.glob("*.json"))
    for name in ("coco", "pascalvoc"):
        (out / name).mkdir()
        exporter.export_annotations(
            importlib.import_module(f"darwin.exporter.formats.{name}").export, files, out / name
        )
    found: Found = {}
    for path in files:
        file = utils.parse_darwin_json(path, None)
        found[Path(file.filename).stem] = boxes = []
        for annotation in file.annotations:
            data = annotation.data
            points = [(point["x"], point["y"]) for point in data["paths"][0]]
            boxes.append(around(annotation.annotation_class.name, points))
            box = data["bounding_box"]
            assert boxes[-1][1:] == [box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]]
    return found


def label_studio(source: Path, out: Path) -> Found:
    """Its converter reads tasks by the labelling interface that lies beside them; the COCO it makes is what it read."""
    module: Any = importlib.import_module("label_studio_sdk.converter")
    config = source.parent.parent / "label_config.xml"
    converter = module.Converter(str(config), str(source.parent.parent), download_resources=False)
    for name in LABEL_STUDIO:
        converter.convert(str(source), str(out / name), name, is_dir=False)
    document = json.loads((out / "COCO/result.json").read_text())
    names = {category["id"]: category["name"] for category in document["categories"]}
    images = {image["id"]: Path(image["file_name"]).stem for image in document["images"]}
    found: Found = {name: [] for name in images.values()}
    for annotation in document["annotations"]:
        x, y, width, height = annotation["bbox"]
        found[images[annotation["image_id"]]].append([names[annotation["category_id"]], x, y, x + width, y + height])
    return found


def main(result: Path) -> None:
    job = json.load(sys.stdin)
    out = Path(job["out"])
    out.mkdir(parents=True)
    readers = {"darwin": darwin, "label_studio_sdk": label_studio, "lvis": lvis, "scalabel": scalabel, "vcd": vcd}
    result.write_text(json.dumps(readers[job["library"]](Path(job["source"]), out)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
