"""The decoders' side of `test_decoders.py`: TensorFlow's own readers of detection records, run by the interpreter that has them.

Jobs on stdin, `{name: {"decoder": name, "files": [...], ...}}`; what each read goes as JSON to the file that the argument names:
`{name: {source_id: {"size": [height, width], "boxes": [[ymin, xmin, ymax, xmax], ...] in pixels, ...}}}`. Masks are rows of
bits in base64.
"""

import base64
import importlib
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

# Protocol buffers of the research API's wheel are of 2019; only the implementation in Python reads them.
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

Found = dict[str, dict[str, Any]]
LEVELS = {"min_level": 3, "max_level": 7}
ANCHORS = {"num_scales": 3, "aspect_ratios": [0.5, 1.0, 2.0], "anchor_size": 4.0}


def records(files: list[str]) -> Any:
    return tf.data.TFRecordDataset(files)


def bits(masks: Any) -> list[str]:
    values = np.asarray(masks)
    assert np.isin(values, (0, 1)).all(), "a mask has other values than 0 and 1"
    return [base64.b64encode(np.packbits(mask.astype(bool)).tobytes()).decode() for mask in values]


def pixels(boxes: Any, size: Any) -> list[list[float]]:
    height, width = size
    return (np.asarray(boxes, np.float64).reshape(-1, 4) * [height, width, height, width]).tolist()


def model_garden(files: list[str], **_: Any) -> Found:
    """`official.vision.dataloaders.tf_example_decoder`, with masks."""
    module: Any = importlib.import_module("official.vision.dataloaders.tf_example_decoder")
    decoder = module.TfExampleDecoder(include_mask=True)
    found: Found = {}
    for item in records(files).map(decoder.decode):
        size = [int(item["height"]), int(item["width"])]
        assert list(item["image"].shape[:2]) == size
        found[item["source_id"].numpy().decode()] = {
            "size": size,
            "boxes": pixels(item["groundtruth_boxes"], size),
            "classes": item["groundtruth_classes"].numpy().tolist(),
            "crowd": item["groundtruth_is_crowd"].numpy().astype(int).tolist(),
            "area": item["groundtruth_area"].numpy().tolist(),
            "masks": bits(item["groundtruth_instance_masks"]),
        }
    return found


def parsed(parser: Any, files: list[str], *, include_mask: bool) -> Found:
    """What one of Model Garden's parsers makes for evaluation, and that it makes the same records ready for training."""
    module: Any = importlib.import_module("official.vision.dataloaders.tf_example_decoder")
    decoder = module.TfExampleDecoder(include_mask=include_mask)
    found: Found = {}
    decoded = records(files).map(decoder.decode)
    for _, labels in decoded.map(parser.parse_fn(is_training=False)):
        truth = labels["groundtruths"]
        number = int(np.asarray(truth["num_detections"]).reshape(-1)[0])
        row = {
            "size": [int(truth["height"]), int(truth["width"])],
            "boxes": truth["boxes"].numpy()[:number].tolist(),
            "classes": truth["classes"].numpy()[:number].tolist(),
            "crowd": truth["is_crowds"].numpy()[:number].tolist(),
            "area": truth["areas"].numpy()[:number].tolist(),
        }
        if include_mask:
            # Cropped to the box and resized: that something of the object is there, and nothing that is no mask.
            crops = truth["masks"].numpy()[:number]
            assert crops.shape[1:] == (28, 28)
            assert crops.min(initial=0) >= 0
            assert crops.max(initial=0) <= 1
            row["cover"] = crops.mean(axis=(1, 2)).tolist()
        found[str(int(truth["source_id"]))] = row
    trained = 0
    for image, labels in decoded.map(parser.parse_fn(is_training=True)):
        assert np.isfinite(np.asarray(image, np.float32)).all()
        assert labels
        trained += 1
    assert trained == len(found)
    return found


def retinanet(files: list[str], **_: Any) -> Found:
    module: Any = importlib.import_module("official.vision.dataloaders.retinanet_input")
    parser = module.Parser(output_size=[128, 128], dtype="float32", **LEVELS, **ANCHORS)
    return parsed(parser, files, include_mask=False)


def maskrcnn(files: list[str], **_: Any) -> Found:
    module: Any = importlib.import_module("official.vision.dataloaders.maskrcnn_input")
    anchors = {**ANCHORS, "num_scales": 1}
    parser = module.Parser(output_size=[128, 128], include_mask=True, mask_crop_size=28, **LEVELS, **anchors)
    return parsed(parser, files, include_mask=True)


def segmentation(files: list[str], **_: Any) -> Found:
    """`official.vision.dataloaders.segmentation_input`: the picture of classes."""
    module: Any = importlib.import_module("official.vision.dataloaders.segmentation_input")
    decoder = module.Decoder()
    found: Found = {}
    for number, payload in enumerate(records(files)):
        item = decoder.decode(payload)
        size = [int(item["image/height"]), int(item["image/width"])]
        picture = tf.io.decode_image(item["image/segmentation/class/encoded"], channels=1)
        parser = module.Parser(output_size=size, resize_eval_groundtruth=False, groundtruth_padded_size=size)
        _, labels = parser.parse_fn(is_training=False)(item)
        assert (labels["masks"].numpy()[..., 0] == picture.numpy()[..., 0]).all()
        found[str(number)] = {"size": size, "classes": picture.numpy()[..., 0].tolist()}
    return found


def research(
    files: list[str], *, label_map: str | None = None, masks: str = "png", keypoints: int = 0, **_: Any
) -> Found:
    """`object_detection.data_decoders.tf_example_decoder` of TensorFlow 1, on TensorFlow 2's half that is compatible."""
    slim: Any = importlib.import_module("tf_slim.data.tfexample_decoder")
    flow: Any = importlib.import_module("tensorflow.python.ops.control_flow_ops")
    one: Any = tf.compat.v1
    # Where TensorFlow kept them when tf_slim was written.
    flow.case, flow.cond, flow.while_loop = one.case, one.cond, one.while_loop
    lookup = types.SimpleNamespace(lookup=None)
    one.contrib = types.SimpleNamespace(slim=types.SimpleNamespace(tfexample_decoder=slim), lookup=lookup)
    sys.modules["tensorflow"] = one
    try:
        module: Any = importlib.import_module("object_detection.data_decoders.tf_example_decoder")
        kinds: Any = importlib.import_module("object_detection.protos.input_reader_pb2")
    finally:
        sys.modules["tensorflow"] = tf
    decoder = module.TfExampleDecoder(
        load_instance_masks=masks != "none",
        instance_mask_type=kinds.NUMERICAL_MASKS if masks == "numerical" else kinds.PNG_MASKS,
        label_map_proto_file=label_map,
        num_keypoints=keypoints,
    )
    found: Found = {}
    for number, payload in enumerate(records(files)):
        item = decoder.decode(payload)
        size = item["original_image_spatial_shape"].numpy().tolist()
        assert list(item["image"].shape[:2]) == size
        row = {
            "size": size,
            "boxes": pixels(item["groundtruth_boxes"], size),
            "classes": item["groundtruth_classes"].numpy().tolist(),
            "crowd": item["groundtruth_is_crowd"].numpy().astype(int).tolist(),
            "area": item["groundtruth_area"].numpy().tolist(),
            "difficult": item["groundtruth_difficult"].numpy().astype(int).tolist(),
            "filename": item["filename"].numpy().decode(),
            "weights": item["groundtruth_weights"].numpy().tolist(),
        }
        if masks != "none":
            row["masks"] = bits(item["groundtruth_instance_masks"])
        if keypoints:
            # y before x.
            row["keypoints"] = (item["groundtruth_keypoints"].numpy().astype(np.float64) * size).tolist()
        found[item["source_id"].numpy().decode() or str(number)] = row
    return found


def keras_hub(files: list[str], **_: Any) -> Found:
    """What users of KerasHub write: a dict of images and boxes, through its converter to a model's input, and back."""
    hub: Any = importlib.import_module("keras_hub")
    keras: Any = importlib.import_module("keras")
    floats = tf.io.RaggedFeature(tf.float32)
    spec = {
        "image/encoded": tf.io.FixedLenFeature((), tf.string),
        "image/source_id": tf.io.FixedLenFeature((), tf.string),
        **{f"image/object/bbox/{side}": floats for side in ("xmin", "ymin", "xmax", "ymax")},
        "image/object/class/label": tf.io.RaggedFeature(tf.int64),
    }

    def load(payload: Any) -> Any:
        item = tf.io.parse_single_example(payload, spec)
        image = tf.io.decode_image(item["image/encoded"], channels=3, expand_animations=False)
        boxes = tf.stack([item[f"image/object/bbox/{side}"] for side in ("xmin", "ymin", "xmax", "ymax")], axis=-1)
        # KerasHub counts classes from 0.
        return item["image/source_id"], image, {"boxes": boxes, "labels": item["image/object/class/label"] - 1}

    converter = hub.layers.RetinaNetImageConverter(
        image_size=(96, 96), pad_to_aspect_ratio=True, bounding_box_format="rel_xyxy", crop_to_aspect_ratio=False
    )
    found: Found = {}
    for name, image, boxes in records(files).map(load):
        size = image.shape[:2]
        batch = {key: value[tf.newaxis] for key, value in boxes.items()}
        number = len(boxes["labels"])
        whole = {"images": tf.cast(image[tf.newaxis], tf.float32), "bounding_boxes": batch}
        if number:
            resized = converter(whole)
            assert resized["images"].shape == (1, 96, 96, 3)
            scale = 96 / max(size)
            assert (
                np.asarray(resized["bounding_boxes"]["labels"])[0][:number].tolist() == boxes["labels"].numpy().tolist()
            )
            corners = np.asarray(resized["bounding_boxes"]["boxes"], np.float64)[0][:number] * 96
            pad = (96 - np.array(size) * scale) / 2
            corners = (corners - [pad[1], pad[0], pad[1], pad[0]]) / scale
        else:
            corners = np.zeros((0, 4))
        formats = keras.utils.bounding_boxes.convert_format(
            np.asarray(boxes["boxes"]).reshape(1, -1, 4),
            source="rel_xyxy",
            target="yxyx",
            height=size[0],
            width=size[1],
        )
        found[name.numpy().decode()] = {
            "size": list(size),
            "boxes": np.asarray(formats, np.float64)[0].tolist(),
            "resized": corners[:, [1, 0, 3, 2]].tolist(),
            "classes": [label + 1 for label in boxes["labels"].numpy().tolist()],
        }
    return found


DECODERS = {
    decode.__name__: decode for decode in (model_garden, retinanet, maskrcnn, segmentation, research, keras_hub)
}


def main() -> None:
    jobs = json.load(sys.stdin)
    answer = {name: DECODERS[job.pop("decoder")](**job) for name, job in jobs.items()}
    Path(sys.argv[1]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
