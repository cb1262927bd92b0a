"""Ultralytics' side of `test_peers_apart.py`, run by the interpreter of `.venv-peers`.

Its own checks look at the datasets that JSON on stdin names (`{"check": {name: [task, path]}, "convert": [[from, to, options]]}`),
and its converter turns COCO into YOLO. What was found goes as JSON to the file that the argument names.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
no_torch: Any = importlib.import_module("no_torch")
no_torch.begin()
utils: Any = importlib.import_module("ultralytics.data.utils")
converter: Any = importlib.import_module("ultralytics.data.converter")
config: Any = importlib.import_module("ultralytics.utils").USER_CONFIG_DIR
no_torch.end()


def labels(yaml: Path, task: str) -> dict[str, Any]:
    """What it makes of every image and its labels, as `YOLODataset` asks for it."""
    data = utils.check_det_dataset(str(yaml), autodownload=False)
    points, width = data.get("kpt_shape", [0, 0])
    images = sorted(Path(data["train"]).iterdir())
    found: dict[str, Any] = {}
    for image, text in zip(images, utils.img2label_paths(images), strict=True):
        job = (str(image), text, "", task == "pose", len(data["names"]), points, width, False)
        _, rows, shape, segments, keypoints, missing, present, empty, corrupt, message = utils.verify_image_label(job)
        assert (missing, present, corrupt, message) == (0, 1, 0, ""), message
        assert empty == (0 if len(rows) else 1)
        height, across = shape
        found[image.stem] = {
            "boxes": [
                [
                    data["names"][int(label)],
                    *((x - w / 2) * across, (y - h / 2) * height),
                    (x + w / 2) * across,
                    (y + h / 2) * height,
                ]
                for label, x, y, w, h in rows.tolist()
            ],
            "outlines": [(outline * (across, height)).tolist() for outline in segments],
            "keypoints": [] if keypoints is None else (keypoints * (across, height, 1)).tolist(),
        }
    return found


def classes(folder: Path) -> dict[str, Any]:
    data = utils.check_cls_dataset(str(folder))
    return {
        "names": data["names"],
        "images": len([path for path in Path(data["train"]).rglob("*.jpg") if path.is_file()]),
    }


def main(result: Path) -> None:
    # It downloads a font for its plots otherwise.
    for font in ("Arial.ttf", "Arial.Unicode.ttf"):
        (config / font).touch()
    jobs = json.load(sys.stdin)
    found: dict[str, Any] = {}
    for name, (task, path) in jobs["check"].items():
        found[name] = classes(Path(path)) if task == "classify" else labels(Path(path) / "data.yaml", task)
    for source, target, options in jobs["convert"]:
        converter.convert_coco(source, target, cls91to80=False, **options)
    result.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
