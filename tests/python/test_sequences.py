"""Clips as SequenceExamples: TensorFlow's parser, the research Object Detection API's own script and decoder, programs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from PIL import Image

from tests.python.test_snippet import frameworks, items, run

# Of each frame: class, track, x, y, width, height in pixels, from 0. The images have 80 x 40.
VIDEOS = {
    "walk": [
        [("person", 3, 8, 4, 16, 20), ("dog", 4, 40, 10, 20, 10)],
        [],
        [("person", 3, 16, 4, 16, 20)],
    ],
    "run": [[("dog", 1, 0, 0, 80, 40)], [("dog", 1, 4, 8, 40, 20), ("dog", 2, 60, 20, 20, 20)]],
}
CLASSES = ["dog", "person"]
PYTHON = os.environ.get("RECORDMILL_OFFICIAL_PYTHON", "")


@pytest.fixture
def mot(tmp_path: Path) -> Path:
    """Two sequences of CVAT's kind of MOT, whose boxes count from 0."""
    for name, frames in VIDEOS.items():
        folder = tmp_path / "mot" / "train" / name
        (folder / "img1").mkdir(parents=True)
        (folder / "gt").mkdir()
        lines = []
        for number, objects in enumerate(frames, 1):
            Image.new("RGB", (80, 40), (number * 20, 0, 0)).save(folder / "img1" / f"{number:06}.jpg")
            for word, track, *box in objects:
                lines.append(",".join(map(str, [number, track, *box, 1, CLASSES.index(word) + 1, 1])))
        (folder / "gt" / "gt.txt").write_text("\n".join(lines) + "\n")
        (folder / "gt" / "labels.txt").write_text("\n".join(CLASSES) + "\n")
    return tmp_path / "mot"


def corners(objects: list[tuple[Any, ...]]) -> list[list[float]]:
    """Of each object ymin, xmin, ymax, xmax in parts of the size."""
    return [[y / 40, x / 80, (y + h) / 40, (x + w) / 80] for _, _, x, y, w, h in objects]


def images(mot: Path, name: str) -> list[Path]:
    return sorted((mot / "train" / name / "img1").iterdir())


@pytest.mark.tensorflow
def test_tensorflow_parses_it(tf: Any, mot: Path, tmp_path: Path) -> None:
    report = rm.convert(mot, tmp_path / "out", schema="sequence", group="zoo")
    assert (report.schema, report.images, report.objects, report.files[0].records) == ("sequence", 5, 6, 2)
    assert report.losses == []
    context = {
        "clip/media_id": tf.io.FixedLenFeature([], tf.string),
        "clip/frames": tf.io.FixedLenFeature([], tf.int64),
        "example/dataset_name": tf.io.FixedLenFeature([], tf.string),
        "image/height": tf.io.FixedLenFeature([], tf.int64),
        "image/width": tf.io.FixedLenFeature([], tf.int64),
        "image/format": tf.io.FixedLenFeature([], tf.string),
    }
    lists = {key: tf.io.FixedLenSequenceFeature([], tf.string) for key in ("image/encoded", "image/source_id")}
    lists |= {key: tf.io.FixedLenSequenceFeature([], tf.int64) for key in ("image/timestamp", "region/is_annotated")}
    lists |= {f"region/bbox/{side}": tf.io.RaggedFeature(tf.float32) for side in ("ymin", "xmin", "ymax", "xmax")}
    lists |= {key: tf.io.RaggedFeature(tf.int64) for key in ("region/label/index", "region/track/index")}
    lists |= {"region/label/string": tf.io.RaggedFeature(tf.string)}
    records = list(tf.data.TFRecordDataset(str(tmp_path / "out" / "train.tfrecord")).as_numpy_iterator())
    assert len(records) == 2
    for record, name in zip(records, sorted(VIDEOS), strict=True):
        frames = VIDEOS[name]
        clip, found = tf.io.parse_single_sequence_example(record, context, lists)
        said = {key: value.numpy() for key, value in clip.items()}
        assert said == {
            "clip/media_id": name.encode(),
            "clip/frames": len(frames),
            "example/dataset_name": b"zoo",
            "image/height": 40,
            "image/width": 80,
            "image/format": b"jpeg",
        }
        assert list(found["image/encoded"].numpy()) == [path.read_bytes() for path in images(mot, name)]
        assert found["image/timestamp"].numpy().tolist() == list(range(1, len(frames) + 1))
        assert found["region/is_annotated"].numpy().tolist() == [1] * len(frames)
        words = [[word.encode() for word, *_ in objects] for objects in frames]
        assert found["region/label/string"].to_list() == words
        numbers = [[CLASSES.index(word) + 1 for word, *_ in objects] for objects in frames]
        assert found["region/label/index"].to_list() == numbers
        assert found["region/track/index"].to_list() == [[track for _, track, *_ in objects] for objects in frames]
        for place, side in enumerate(("ymin", "xmin", "ymax", "xmax")):
            wanted = [[np.float32(box[place]) for box in corners(objects)] for objects in frames]
            assert found[f"region/bbox/{side}"].to_list() == wanted, side


def official(jobs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What the research API answers."""
    script = Path(__file__).parent / "apart" / "object_detection_jobs.py"
    path = str(Path(PYTHON).parents[1] / "clips")
    environment = {**os.environ, "PYTHONPATH": path, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    done = subprocess.run(
        [PYTHON, str(script), str(folder / "answer.json")],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads((folder / "answer.json").read_text())
    assert isinstance(answer, dict)
    return answer


needs_official = [
    pytest.mark.peers,
    pytest.mark.tensorflow,
    pytest.mark.skipif(not PYTHON, reason="RECORDMILL_OFFICIAL_PYTHON names no interpreter: make test-full does"),
]


class TestOfficial:
    """The research API's seq_example_util.py and tf_sequence_example_decoder.py."""

    pytestmark = needs_official

    def test_the_decoder_reads_ours(self, mot: Path, tmp_path: Path) -> None:
        rm.convert(mot, tmp_path / "out", schema="sequence")
        out = tmp_path / "out"
        job = {"what": "decode", "file": str(out / "train.tfrecord"), "label_map": str(out / "label_map.pbtxt")}
        clips = official({"clips": job}, tmp_path)["clips"]
        first_row = 0
        for clip, name in zip(clips, sorted(VIDEOS), strict=True):
            frames = VIDEOS[name]
            most = max(map(len, frames))
            assert clip["num_groundtruth_boxes"] == [len(objects) for objects in frames]
            assert clip["is_annotated"] == [True] * len(frames)
            assert clip["original_image_spatial_shape"] == [40, 80]
            assert clip["image"] == [path.read_bytes().hex() for path in images(mot, name)]
            assert clip["source_id"] == [str(first_row + place + 1) for place in range(len(frames))]
            first_row += len(frames)
            for place, objects in enumerate(frames):
                boxes = corners(objects) + [[0.0] * 4] * (most - len(objects))
                np.testing.assert_allclose(clip["groundtruth_boxes"][place], boxes, rtol=1e-6)
                numbers = [CLASSES.index(word) + 1 for word, *_ in objects]
                assert clip["groundtruth_classes"][place] == numbers + [-1] * (most - len(objects))
                weights = [1.0] * len(objects) + [0.0] * (most - len(objects))
                assert clip["groundtruth_weights"][place] == weights

    def test_the_script_writes_the_same(self, mot: Path, tmp_path: Path) -> None:
        """Feature for feature, of all that the script knows."""
        rm.convert(mot, tmp_path / "out", schema="sequence")
        clips = []
        row = 1
        for name in sorted(VIDEOS):
            frames = VIDEOS[name]
            ids = [[str(row + place)] for place in range(len(frames))]
            row += len(frames)
            clips.append(
                {
                    "dataset_name": "dataset",
                    "video_id": name,
                    "encoded_images": [str(path) for path in images(mot, name)],
                    "image_height": 40,
                    "image_width": 80,
                    "image_format": "jpeg",
                    "image_source_ids": ids,
                    "timestamps": list(range(1, len(frames) + 1)),
                    "bboxes": [corners(objects) for objects in frames],
                    "label_strings": [[word for word, *_ in objects] for objects in frames],
                }
            )
        made = official({"made": {"what": "make", "file": str(tmp_path / "theirs.tfrecord"), "clips": clips}}, tmp_path)
        theirs = [rm.decode_sequence_example(record) for record in rm.TFRecordReader(made["made"])]
        ours = [rm.decode_sequence_example(record) for record in rm.TFRecordReader(tmp_path / "out/train.tfrecord")]
        for (context, lists), (our_context, our_lists) in zip(theirs, ours, strict=True):
            assert same(context, our_context)
            assert set(our_lists) - set(lists) == {
                "image/filename",
                "region/is_occluded",
                "region/label/index",
                "region/track/index",
            }
            for key, steps in lists.items():
                assert same(steps, our_lists[key]), key

    def test_what_the_script_writes_is_read(self, mot: Path, tmp_path: Path) -> None:
        """With predictions alone, and with truth that is not there for each frame."""
        encoded = [str(path) for path in images(mot, "walk")]
        common = {"dataset_name": "zoo", "encoded_images": encoded, "image_height": 40, "image_width": 80}
        sides = [[[0.1, 0.2, 0.6, 0.7]], [], [[0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.25]]]
        truth = {**common, "video_id": "seen", "image_source_ids": [["a"], ["b"], ["c"]], "bboxes": sides}
        truth |= {"label_strings": [["cat"], [], ["dog", "cat"]], "is_annotated": [1, 1, 0]}
        guessed = {**common, "video_id": "guessed", "detection_bboxes": sides}
        guessed |= {"detection_classes": [[7], [], [8, 7]], "detection_scores": [[0.5], [], [0.25, 1.0]]}
        job = {"what": "make", "file": str(tmp_path / "a.tfrecord"), "clips": [truth, guessed]}
        official({"made": job}, tmp_path)
        dataset = rm.load(tmp_path / "a.tfrecord")
        scores = dataset.objects.score
        found = {
            image.key: [
                (label, [round(side, 3) for side in box.tolist()], scores.get(row))
                for row, label, box in zip(image.objects, image.classes, image.bbox, strict=True)
            ]
            for image in dataset
        }
        first = [16.0, 4.0, 56.0, 24.0]
        second, third = [40.0, 20.0, 80.0, 40.0], [0.0, 0.0, 20.0, 20.0]
        assert found == {
            "seen/000000.jpg": [("cat", first, None)],
            "seen/000001.jpg": [],
            "seen/000002.jpg": [],
            "guessed/000000.jpg": [("7", first, 0.5)],
            "guessed/000001.jpg": [],
            "guessed/000002.jpg": [("8", second, 0.25), ("7", third, 1.0)],
        }


def same(left: Any, right: Any) -> bool:
    """Whether features, or lists of them, have the same kind and values."""
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and any(not isinstance(one, bytes) for one in left):
        return len(left) == len(right) and all(same(*pair) for pair in zip(left, right, strict=True))
    if isinstance(left, np.ndarray):
        return isinstance(right, np.ndarray) and left.dtype == right.dtype and np.array_equal(left, right)
    return bool(type(left) is type(right) and left == right)


@pytest.mark.parametrize("framework", frameworks())
def test_programs(framework: str, mot: Path, tmp_path: Path) -> None:
    rm.convert(mot, tmp_path / "out", schema="sequence", compression="gzip")
    clips = items(framework, rm.snippet(tmp_path / "out", framework), tmp_path)
    for clip, name in zip(clips, sorted(VIDEOS), strict=True):
        frames = VIDEOS[name]
        assert clip["clip"] == name
        found = np.array(clip["images"])
        if framework == "torch":
            found = found.transpose(0, 2, 3, 1)
        assert found.shape == (len(frames), 40, 80, 3)
        assert np.abs(found[:, 0, 0, 0] - [20 * number for number in range(1, len(frames) + 1)]).max() <= 2
        assert clip["labels"] == [[CLASSES.index(word) + 1 for word, *_ in objects] for objects in frames]
        assert clip["tracks"] == [[track for _, track, *_ in objects] for objects in frames]
        for boxes, objects in zip(clip["boxes"], frames, strict=True):
            wanted = np.array(corners(objects)).reshape(-1, 4)
            if framework != "tf":
                wanted = (wanted * [40, 80, 40, 80])[:, [1, 0, 3, 2]]
            np.testing.assert_allclose(np.array(boxes).reshape(-1, 4), wanted, atol=1e-4)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_keras(mot: Path, tmp_path: Path) -> None:
    rm.convert(mot, tmp_path / "out", schema="sequence")
    shown = run(rm.snippet(tmp_path / "out", "keras"), tmp_path)
    assert shown == (
        "images float32 (2, 3, 224, 224, 3)\nboxes float32 (2, 3, 2, 4)\nlabels int64 (2, 3, 2)\ntracks int64 (2, 3, 2)\n"
    )


def test_the_command_line(mot: Path, tmp_path: Path) -> None:
    """There, looked at, verified, and back to where it came from."""

    def recordmill(*arguments: object) -> str:
        command = [sys.executable, "-m", "recordmill", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    recordmill("convert", mot, tmp_path / "out", "--schema", "sequence")
    file = tmp_path / "out" / "train.tfrecord"
    found = json.loads(recordmill("inspect", file, "--json"))
    assert found["schema"]["sequence_examples"] == 2
    assert recordmill("verify", file, "--label-map", tmp_path / "out" / "label_map.pbtxt").count("ok, 2 records") == 1
    recordmill("convert", tmp_path / "out", tmp_path / "back", "--to", "mot")
    recordmill("convert", mot, tmp_path / "direct", "--to", "mot")
    for name in VIDEOS:
        for table in ("gt/gt.txt", "gt/labels.txt", "img1/000001.jpg"):
            back, direct = (tmp_path / folder / "train" / name / table for folder in ("back", "direct"))
            assert back.read_bytes() == direct.read_bytes()
        assert (tmp_path / "back" / "train" / name / "gt" / "gt.txt").read_text() == (
            mot / "train" / name / "gt" / "gt.txt"
        ).read_text()
