"""What the research Object Detection API writes and reads of clips: jobs from stdin, answers as JSON into the file named.

It runs in .venv-official, with what official_clips.txt has on the path; PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION has to be python,
since its messages were generated years ago.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

decoders: Any = importlib.import_module("object_detection.data_decoders.tf_sequence_example_decoder")
tools: Any = importlib.import_module("object_detection.dataset_tools.seq_example_util")


def decode(job):
    """All clips of a file, as the decoder gives them."""
    decoder = decoders.TfSequenceExampleDecoder(job["label_map"], fully_annotated=job.get("fully_annotated", False))
    clips = []
    for record in tf.data.TFRecordDataset(job["file"]).as_numpy_iterator():
        found = {key: value.numpy() for key, value in decoder.decode(tf.constant(record)).items()}
        found["image"] = [image.hex() for image in found["image"]]
        found["source_id"] = [text.decode() for text in found["source_id"]]
        clips.append({key: value.tolist() if hasattr(value, "tolist") else value for key, value in found.items()})
    return clips


def make(job):
    """Writes clips with the script's own function."""
    with tf.io.TFRecordWriter(job["file"]) as writer:
        for clip in job["clips"]:
            clip = dict(clip, encoded_images=[Path(name).read_bytes() for name in clip["encoded_images"]])
            for key, kind in (("detection_classes", np.int64), ("detection_scores", np.float32)):
                if key in clip:
                    clip[key] = [np.array(values, kind) for values in clip[key]]
            writer.write(tools.make_sequence_example(**clip).SerializeToString(deterministic=True))
    return job["file"]


if __name__ == "__main__":
    jobs = json.load(sys.stdin)
    answer = {name: {"decode": decode, "make": make}[job["what"]](job) for name, job in jobs.items()}
    Path(sys.argv[1]).write_text(json.dumps(answer))
