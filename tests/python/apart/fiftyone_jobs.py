"""FiftyOne's side of `test_peers_apart.py`, run by the interpreter of `.venv-peers`.

Jobs come as JSON on stdin: what to read (`[name, type, options]`), and as what types to write (`[type, options, folder]`)
the first that was read. What was read goes as JSON to the file that the argument names: stdout is FiftyOne's.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

fo: Any = importlib.import_module("fiftyone")


def read(kind: str, options: dict[str, Any]) -> Any:
    dataset = fo.Dataset.from_dir(dataset_type=getattr(fo.types, kind), progress=False, **options)
    dataset.compute_metadata(progress=False)
    return dataset


def boxes(dataset: Any) -> dict[str, list[list[Any]]]:
    """Class and corners in pixels of every detection of every image."""
    found: dict[str, list[list[Any]]] = {}
    for sample in dataset:
        width, height = sample.metadata.width, sample.metadata.height
        objects = found.setdefault(Path(sample.filepath).stem, [])
        for name in sample.field_names:
            value = sample[name]
            if isinstance(value, fo.Classification):
                objects.append([value.label])
            elif isinstance(value, fo.Polylines):
                for polyline in value.polylines:
                    xs, ys = zip(*polyline.points[0], strict=True)
                    corners = [min(xs) * width, min(ys) * height, max(xs) * width, max(ys) * height]
                    objects.append([polyline.label, *corners])
            elif isinstance(value, fo.Detections):
                for detection in value.detections:
                    x, y, w, h = detection.bounding_box
                    corners = [x * width, y * height, (x + w) * width, (y + h) * height]
                    objects.append([detection.label, *corners])
    return found


def main(result: Path) -> None:
    jobs = json.load(sys.stdin)
    answers: dict[str, Any] = {}
    scenes: dict[str, Any] = {}
    for name, kind, options in jobs["read"]:
        try:
            scenes[name] = read(kind, options)
            answers[name] = boxes(scenes[name])
        except Exception as error:  # noqa: BLE001 - the test fails by what it says
            answers[name] = f"{type(error).__name__}: {error}"
    for source, kind, options, folder in jobs["write"]:
        scenes[source].export(
            export_dir=folder,
            dataset_type=getattr(fo.types, kind),
            progress=False,
            label_field="ground_truth",
            **options,
        )
    result.write_text(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
