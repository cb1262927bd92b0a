"""TensorFlow Datasets' side of `test_tfds.py`, run by the interpreter that has it.

Jobs on stdin, `{name: {"folder": path}}` to load a folder, `{name: {"images": path}}` to have its `ImageFolder` load folders of
classes, or `{name: {"make": path, "scene": ...}}` to have TensorFlow Datasets write one itself; what was found goes as JSON to the file that the argument names.
"""

import base64
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

tfds: Any = importlib.import_module("tensorflow_datasets")


def plain(value: Any) -> Any:
    """Values of a tensor as JSON has them."""
    found = value.numpy()
    return found.decode() if isinstance(found, bytes) else found.tolist()


def picture(image: Any) -> dict[str, Any]:
    """Shape and pixels."""
    pixels = image.numpy()
    return {"shape": list(pixels.shape), "pixels": base64.b64encode(pixels.tobytes()).decode()}


def loaded(builder: Any) -> dict[str, Any]:
    """All examples of each split, as `as_dataset` gives them, and pairs of them."""
    splits: dict[str, Any] = {}
    for name, split in builder.info.splits.items():
        examples = [
            {"image": picture(example.pop("image")), **tf.nest.map_structure(plain, example)}
            for example in builder.as_dataset(split=name)
        ]
        splits[name] = {"examples": examples, "said": split.num_examples, "bytes": split.num_bytes}
        if builder.info.supervised_keys:
            pairs = builder.as_dataset(split=name, as_supervised=True)
            splits[name]["pairs"] = [[picture(image), plain(label)] for image, label in pairs]
    features = builder.info.features
    label = features["objects"]["label"] if "objects" in features else features["label"]
    return {
        "name": builder.name,
        "version": str(builder.version),
        "classes": label.names,
        "splits": splits,
        "features": json.loads(json.dumps(features.to_json())),
        "types": {key: str(np.dtype(spec.dtype.as_numpy_dtype)) for key, spec in flat(builder)},
    }


def flat(builder: Any) -> Iterator[tuple[str, Any]]:
    """Key and specification of each tensor but the image."""
    for key, spec in builder.info.features.get_tensor_info().items():
        inner = spec.items() if isinstance(spec, dict) else [("", spec)]
        yield from ((f"{key}/{name}".rstrip("/"), one) for name, one in inner if key != "image")


def made(make: str, scene: dict[str, Any]) -> dict[str, Any]:
    """What TensorFlow Datasets itself writes of the same images: text of the files, and Examples by their file's name."""
    features: dict[str, Any] = {"image": tfds.features.Image(), "image/filename": tfds.features.Text()}
    label = tfds.features.ClassLabel(names=scene["classes"])
    supervised = None
    if scene["objects"]:
        whole = {"id": np.int64, "area": np.int64, "is_crowd": np.bool_}
        boxes = {"bbox": tfds.features.BBoxFeature(), "label": label}
        features |= {"image/id": np.int64, "objects": tfds.features.Sequence({**whole, **boxes})}
    else:
        features["label"] = label
        supervised = ("image", "label")

    class Pets(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            all_of_it = tfds.features.FeaturesDict(features)
            return tfds.core.DatasetInfo(builder=self, description="-", features=all_of_it, supervised_keys=supervised)

        def _split_generators(self, dl_manager: Any) -> Any:
            del dl_manager
            return {name: self._generate_examples(rows) for name, rows in scene["splits"].items()}

        def _generate_examples(self, rows: Any) -> Any:
            for row in rows:
                example = {**row, "image": Path(row["image"])}
                if "objects" in row:
                    boxes = [{**item, "bbox": tfds.features.BBox(*item["bbox"])} for item in row["objects"]]
                    example["objects"] = boxes
                yield row["image/filename"], example

    builder = Pets(data_dir=make)
    builder.download_and_prepare()
    folder = Path(builder.data_dir)
    texts = {path.name: path.read_text() for path in folder.iterdir() if path.suffix in {".json", ".txt"}}
    records = [str(path) for path in sorted(folder.glob("*.tfrecord*"))]
    return {"texts": texts, "records": records}


def main() -> None:
    found = {}
    for name, job in json.load(sys.stdin).items():
        if "folder" in job:
            found[name] = loaded(tfds.builder_from_directory(job["folder"]))
        elif "images" in job:
            found[name] = loaded(tfds.ImageFolder(job["images"]))
        else:
            found[name] = made(job["make"], job["scene"])
    Path(sys.argv[1]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
