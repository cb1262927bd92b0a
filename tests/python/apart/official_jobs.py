"""TensorFlow's own scripts for `test_official.py`, run by an interpreter of their own.

`official_jobs.py SCRIPT FLAGS...` runs the `main` of a script as it is in the packages tf-object-detection and tf-models-official,
of `.venv-official`. They were written for TensorFlow 1, NumPy 1, old protobuf, old pandas, or Python 2; what stands here lets them run
and changes nothing of what they write. What could not be helped is listed in docs/schemas.md.
"""

import contextlib
import importlib
import importlib.machinery
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np


def stub(name: str, **members: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=True)
    vars(module).update(members)
    sys.modules[name] = module
    return module


def package(name: str) -> None:
    """A package without what its `__init__` imports: all of Model Garden."""
    paths = [str(Path(path, *name.split("."))) for path in sys.path]
    stub(name, __path__=[path for path in paths if Path(path).is_dir()])


def label_map_messages() -> None:
    """Its code was generated for a protobuf of years ago; the messages are the same."""
    descriptor_pb2, descriptor_pool, message_factory = (
        importlib.import_module(f"google.protobuf.{name}")
        for name in ("descriptor_pb2", "descriptor_pool", "message_factory")
    )

    prefix = "object_detection.protos"
    file = descriptor_pb2.FileDescriptorProto(name="string_int_label_map.proto", package=prefix, syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    item = file.message_type.add(name="StringIntLabelMapItem")
    for number, (name, kind) in enumerate(
        [("name", kinds.TYPE_STRING), ("id", kinds.TYPE_INT32), ("display_name", kinds.TYPE_STRING)], 1
    ):
        item.field.add(name=name, number=number, type=kind, label=kinds.LABEL_OPTIONAL)
    whole = file.message_type.add(name="StringIntLabelMap")
    kind_of_item = f".{prefix}.StringIntLabelMapItem"
    whole.field.add(name="item", number=1, type=kinds.TYPE_MESSAGE, label=kinds.LABEL_REPEATED, type_name=kind_of_item)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("StringIntLabelMapItem", "StringIntLabelMap")
    messages = {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{prefix}.{name}")) for name in names}
    stub(f"{prefix}.string_int_label_map_pb2", **messages)


def research() -> Any:
    """TensorFlow 1's names, as TensorFlow 2 still has them."""
    v1: Any = importlib.import_module("tensorflow.compat.v1")
    sys.modules["tensorflow"] = v1
    stub("contextlib2", ExitStack=contextlib.ExitStack)
    label_map_messages()
    return v1


def repair(name: str, repairs: dict[str, str]) -> Any:
    """A script that no Python 3 runs, with what stops it put right."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text()
    for wrong, right in repairs.items():
        assert wrong in source, (name, wrong)
        source = source.replace(wrong, right)
    module = stub(name)
    exec(compile(source, spec.origin, "exec"), vars(module))
    return module


def run_open_images(flags: list[str]) -> None:
    v1 = research()
    # Pandas has no `as_matrix` any more, texts are no bytes, and a comma makes a tuple of a feature.
    encoded = "[text.encode() for text in {}.to_numpy()]"
    labels, boxes = "filtered_data_frame_labels.LabelName", "filtered_data_frame_boxes.LabelName"
    repair(
        "object_detection.dataset_tools.oid_tfrecord_creation",
        {
            f"{boxes}.as_matrix()": encoded.format(boxes),
            f"{labels}.as_matrix()),": f"{encoded.format(labels)})",
            ".as_matrix()": ".to_numpy()",
            "'{}.jpg'.format(image_id)": "'{}.jpg'.format(image_id).encode()",
            "bytes_feature(image_id)": "bytes_feature(image_id.encode())",
        },
    )
    script = repair(
        "object_detection.dataset_tools.create_oid_tf_record",
        {
            "tf.gfile.Open(image_path)": "tf.gfile.Open(image_path, 'rb')",
            # Names that are numbers are names all the same.
            "read_csv(FLAGS.input_box_annotations_csv)": "read_csv(FLAGS.input_box_annotations_csv, dtype={'ImageID': str})",
            "read_csv(FLAGS.input_image_label_annotations_csv)": (
                "read_csv(FLAGS.input_image_label_annotations_csv, dtype={'ImageID': str})"
            ),
        },
    )
    v1.flags.FLAGS(["create_oid", *flags])
    script.main([])


def run_research(name: str, flags: list[str]) -> None:
    v1 = research()
    script: Any = importlib.import_module(f"object_detection.dataset_tools.{name}")
    v1.flags.FLAGS([name, *flags])
    script.main([])


def run_model_garden(flags: list[str]) -> None:
    from absl import flags as absl_flags

    stub("tf_keras")
    package("official")
    package("official.vision")
    script: Any = importlib.import_module("official.vision.data.create_coco_tf_record")
    library: Any = importlib.import_module("official.vision.data.tfrecord_lib")
    # NumPy 2 does not let 256 times a byte be more than a byte; NumPy 1 did.
    read = library.read_image
    library.read_image = lambda path: read(path).astype(np.int32)
    absl_flags.FLAGS(["create_coco", "--num_processes=0", *flags])
    script.main([])


if __name__ == "__main__":
    if sys.argv[1] == "model_garden":
        run_model_garden(sys.argv[2:])
    elif sys.argv[1] == "create_oid_tf_record":
        run_open_images(sys.argv[2:])
    else:
        run_research(sys.argv[1], sys.argv[2:])
