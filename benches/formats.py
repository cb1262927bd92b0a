"""Rows about annotation formats: COCO to TFRecord and to YOLO, and loading alone.

panlabel (https://crates.io/crates/panlabel) is the peer for COCO to YOLO; without it on the PATH, or named in PANLABEL,
the row is left out and that is said.
"""

import functools
import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import HERE, PYTHON, RECORDMILL, Row, Way, ask, fresh, piece


def formats(folder: Path, photos: Path, out: Path, scale: float) -> list[Row]:
    """All rows; `photos` is the corpus of JPEGs with its COCO file."""
    train = folder / f"coco-{int(118_000 * scale)}"
    subprocess.run([PYTHON, HERE / "corpora.py", train, "--coco", str(scale)], check=True, stdout=sys.stderr)
    source = train / "annotations" / "instances_train2017.json"
    return [*coco_to_records(photos, out), *coco_to_yolo(source, out), *loading(source, train / "voc")]


def coco_to_records(photos: Path, out: Path) -> list[Row]:
    """Beside a plain copy of the images, and beside the Model Garden's script."""
    images, source = photos / "images", photos / "coco.json"
    total = sum(entry.stat().st_size for entry in os.scandir(images))
    count = sum(1 for _ in os.scandir(images))
    size = (total / 1e6, "MB")
    ours, cat, script = out / "coco", out / "cat", out / "coco-script.record"

    def conversion(masks: str) -> Way:
        command = [RECORDMILL, "convert", str(source), str(ours), "--images", str(images), "--masks", masks, "--quiet"]
        return Way("recordmill", [*command, "--no-fsync", "--no-file-sha256"], before=fresh(ours))

    def records() -> list[str]:
        return sorted(glob.glob(f"{ours}/*.tfrecord"))

    copy = ["sh", "-c", 'cd "$1" && cat *.jpg > "$2"', "sh", str(images), str(cat)]
    peer = [PYTHON, str(HERE / "peers" / "create_coco_tf_record.py"), str(source), str(images), str(script)]
    beside, against, masked = conversion("none"), conversion("none"), conversion("png")
    beside.result = lambda: ask("image_bytes_of", *records())
    against.result = lambda: ask("detections_of", *records())
    masked.result = lambda: ask("masks_of", *records())
    return [
        Row(
            f"COCO, {count} JPEGs, {total / 1e6:.0f} MB -> TFRecord (full schema, no fsync)",
            [
                beside,
                Way("cat *.jpg > file", copy, before=fresh(cat), result=lambda: [count, cat.stat().st_size]),
            ],
            target=1,
            size=size,
        ),
        Row(
            "the same beside the Model Garden's script",
            [
                against,
                Way(
                    "create_coco_tf_record.py",
                    peer,
                    before=fresh(script),
                    result=lambda: ask("detections_of", script),
                ),
            ],
            target=20,
            size=size,
        ),
        Row(
            "the same with the mask of each object as PNG",
            [
                masked,
                Way(
                    "create_coco_tf_record.py --include-masks",
                    [*peer, "--include-masks"],
                    before=fresh(script),
                    result=lambda: ask("masks_of", script),
                ),
            ],
            target=50,
            size=size,
        ),
    ]


def coco_to_yolo(source: Path, out: Path) -> list[Row]:
    """Label files alone: panlabel copies no images."""
    panlabel = os.environ.get("PANLABEL") or shutil.which("panlabel")
    if not panlabel:
        sys.stderr.write("compare: panlabel was not found, its row is left out (cargo install panlabel)\n")
        return []
    ours, theirs = out / "yolo", out / "panlabel"
    convert = [RECORDMILL, "convert", str(source), str(ours), "--to", "yolo", "--no-images", "--no-fsync", "--quiet"]
    peer = [panlabel, "convert", "-f", "coco", "-t", "yolo", "-i", str(source), "-o", str(theirs), "--allow-lossy"]
    return [
        Row(
            f"COCO of {source.stat().st_size / 1e6:.0f} MB -> YOLO, label files alone",
            [
                Way("recordmill", convert, before=fresh(ours), result=lambda: ask("yolo_labels_of", ours)),
                Way("panlabel", peer, before=fresh(theirs), result=lambda: ask("yolo_labels_of", theirs)),
            ],
            target=3,
            size=(source.stat().st_size / 1e6, "MB"),
            peak=source.stat().st_size / 1e6,
        )
    ]


def loading(source: Path, voc: Path) -> list[Row]:
    """Into memory: a COCO file of train2017's shape, and as many VOC files."""
    megabytes = source.stat().st_size / 1e6
    files = sum(1 for _ in os.scandir(voc / "annotations"))
    concatenate = f"find {voc / 'annotations'} -name '*.xml' -print0 | xargs -0 cat | wc -c"

    def coco(what: str, function: str, target: float) -> Row:
        return Row(
            f"load a COCO file of {megabytes:.0f} MB, {what}",
            [
                Way("recordmill.load", piece(function, source), inner=True),
                Way("json.load", piece("load_json", source), inner=True),
            ],
            target=target,
            size=(megabytes, "MB"),
            peak=megabytes,
        )

    return [
        coco("boxes alone", "load_boxes", 10),
        coco("with polygons", "load_polygons", 5),
        Row(
            f"load {files} VOC files",
            [
                Way("recordmill.load", piece("load_voc", voc), inner=True, checked=False),
                Way("find, xargs cat", ["sh", "-c", concatenate], checked=False),
            ],
            target=1,
            size=(files / 1000, "k files"),
            prepare=functools.partial(ask, "load_voc", voc),
        ),
    ]
