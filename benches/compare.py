"""The same work side by side with TensorFlow and the peers: `make bench`, or

    python benches/compare.py [--quick] [--only WORDS] [--images N] [--repeats N] [--folder FOLDER] [--json FILE]

Every row runs whole processes in turn (A B A B ...), takes medians, and checks that all did the same work: where what
came out differs, the row says so and the exit code is 1. A target that is missed is said in the table and is no error:
it may be the machine. Loops in Python are timed inside their process, so that TensorFlow's import, which takes seconds,
does not count for us; conversions and start-up are timed from outside, as a user waits for them.

This process imports nothing but the standard library: Linux counts the memory of the process that starts another into
the other's peak.
"""

import argparse
import functools
import glob
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import HERE, PYTHON, RECORDMILL, Row, Way, ask, fresh, limits, lines_of, machine, measure, piece

from formats import formats

# --- the rows ---


def conversion(corpus: Path, out: Path, classes: str) -> list[Row]:
    """A folder of JPEGs with a CSV, against the script that people use and against copying the bytes."""
    images, table = corpus / "images", corpus / "labels.csv"
    total = sum(entry.stat().st_size for entry in os.scandir(images))
    count = sum(1 for _ in os.scandir(images))
    size = (total / 1e6, "MB")

    def ours(name: str, *options: str) -> tuple[list[str], Path]:
        folder = out / name
        command = [RECORDMILL, "convert", str(table), str(folder), "--images", str(images), "--quiet", *options]
        return [*command, "--label-map", str(corpus / "label_map.pbtxt")], folder

    def cat(name: str, sync: str) -> tuple[list[str], Path]:
        file = out / name
        return ["sh", "-c", f'cd "$1" && cat *.jpg > "$2"{sync}', "sh", str(images), str(file)], file

    def records(folder: Path) -> list[str]:
        return sorted(glob.glob(f"{folder}/*.tfrecord"))

    # Neither of those that are compared takes a digest of its output.
    basic, basic_out = ours("basic", "--schema", "basic", "--no-fsync", "--no-file-sha256")
    script_out = out / "script.record"
    script = [PYTHON, str(HERE / "peers" / "generate_tfrecord.py"), str(table), str(images), str(script_out)]
    full, full_out = ours("full", "--no-fsync", "--no-file-sha256")
    digested, digested_out = ours("digested", "--no-fsync")
    safe, safe_out = ours("safe", "--no-file-sha256")
    plain, plain_out = cat("cat", "")
    synced, synced_out = cat("cat-sync", ' && sync "$2"')

    def bytes_of(file: Path) -> Callable[[], Any]:
        return lambda: [count, file.stat().st_size]

    # A Way holds the runs of its row, so each row has its own.
    def cat_only() -> Way:
        return Way("cat *.jpg > file", plain, before=fresh(plain_out), result=bytes_of(plain_out))

    def cat_and_sync() -> Way:
        return Way("cat *.jpg > file; sync file", synced, before=fresh(synced_out), result=bytes_of(synced_out))

    def beside(copy: Way, name: str, command: list[str], folder: Path, target: float | None = None) -> Row:
        """A conversion beside a plain copy of the images."""
        conversion = Way(
            "recordmill",
            command,
            before=fresh(folder),
            result=lambda: ask("image_bytes_of", *records(folder)),
        )
        return Row(name, [conversion, copy], target=target, size=size)

    return [
        Row(
            f"TF CSV, {count} JPEGs, {total / 1e6:.0f} MB -> TFRecord (basic schema, no fsync)",
            [
                Way(
                    "recordmill",
                    basic,
                    before=fresh(basic_out),
                    result=lambda: ask("examples_of", *records(basic_out)),
                ),
                Way(
                    "generate_tfrecord.py",
                    [*script, "--classes", classes],
                    before=fresh(script_out),
                    result=lambda: ask("examples_of", script_out),
                ),
            ],
            target=25,
            size=size,
        ),
        beside(cat_only(), "the same, full schema with the sha256 of each image, no fsync", full, full_out, target=1),
        beside(
            cat_only(), "the same, and the SHA-256 of the file in the manifest (the default)", digested, digested_out
        ),
        beside(cat_and_sync(), "full schema with the sha256 of each image, fsync", safe, safe_out, target=1 / 1.3),
    ]


def writing(out: Path, scale: float) -> list[Row]:
    """`write` in a loop."""
    found = []
    for name, size, count in (("100 B", 100, 1_000_000), ("1 KB", 1000, 500_000)):
        count = int(count * scale)
        ours, theirs = out / "ours.tfrecord", out / "tf.tfrecord"
        found.append(
            Row(
                f"TFRecordWriter.write in a loop, {count} records of {name}",
                [
                    Way("recordmill", piece("write_ours", ours, size, count), inner=True, before=fresh(ours)),
                    Way(
                        "tf.io.TFRecordWriter", piece("write_tf", theirs, size, count), inner=True, before=fresh(theirs)
                    ),
                ],
                target=3,
                size=(count / 1000, "k records"),
            )
        )
    return found


def encoding(scale: float) -> list[Row]:
    """Examples from Python values and from arrays."""
    dicts, table = int(50_000 * scale), int(100_000 * scale)
    return [
        Row(
            f"{dicts} Examples of 7 features, each from a dict",
            [
                Way("recordmill", piece("dict_ours", dicts), inner=True),
                Way("tf.train.Example, SerializeToString", piece("dict_tf", dicts), inner=True),
            ],
            target=20,
            size=(dicts / 1000, "k Examples"),
        ),
        Row(
            f"{table} Examples of 4 features from columns",
            [
                Way("recordmill", piece("columns_ours", table), inner=True),
                Way("tf.train.Example, SerializeToString", piece("columns_tf", table), inner=True),
            ],
            target=100,
            size=(table / 1000, "k Examples"),
        ),
    ]


def tables(out: Path, scale: float) -> list[Row]:
    """Tables to TFRecord files, reading included."""
    found, count = [], int(200_000 * scale)
    csv, parquet = out / "table.csv", out / "table.parquet"
    make = piece("make_tables", csv, parquet, count)
    for name, path, theirs in (("CSV", csv, "table_tf_csv"), ("Parquet", parquet, "table_tf_parquet")):
        ours_out, theirs_out = out / "table-ours.tfrecord", out / "table-tf.tfrecord"
        found.append(
            Row(
                f"{name} of 7 columns, {count} rows -> TFRecord",
                [
                    Way("recordmill", piece("table_ours", path, ours_out), inner=True, before=fresh(ours_out)),
                    Way(
                        "tf.train.Example row by row",
                        piece(theirs, path, theirs_out),
                        inner=True,
                        before=fresh(theirs_out),
                    ),
                ],
                target=20,
                size=(count / 1000, "k rows"),
                prepare=functools.partial(ask, *make[2:]),
            )
        )
    return found


def reading(out: Path, scale: float, repeats: int) -> list[Row]:
    """Iterating with sums checked."""
    found = []
    for name, size, count in (
        ("100 B", 100, 200_000),
        ("1 KB", 1000, 200_000),
        ("10 KB", 10_000, 50_000),
        ("100 KB", 100_000, 5000),
    ):
        count = int(count * scale)
        path = out / f"read-{size}.tfrecord"
        make = piece("make_records", path, size, count)
        ways = [
            ("recordmill", "read_ours"),
            ("TFRecordDataset.as_numpy_iterator", "read_tf_dataset"),
            ("TFRecordDataset in batches", "read_tf_batches"),
            ("tf_record_iterator", "read_tf_iterator"),
            ("TFRecordDataset.reduce: never in Python", "read_tf_graph"),
            ("tfrecord (vahidk): no sum checked", "read_vahidk"),
        ]
        found.append(
            Row(
                f"iterate {count} records of {name}, sums checked",
                [Way(title, piece(function, path), inner=True) for title, function in ways],
                target=4,
                size=(count * size / 1e6, "MB"),
                repeats=min(repeats, 3),
                prepare=functools.partial(ask, *make[2:]),
            )
        )
    return found


def checking(corpus: Path, out: Path, scale: float) -> list[Row]:
    """Going through one file of 10 GB, images with boxes, that lies in the page cache."""
    path = out / "large.tfrecord"
    one = sum(entry.stat().st_size for entry in os.scandir(corpus / "images"))
    megabytes = 10_000 * scale

    def make() -> None:
        """A conversion as often as it takes: files of records, one behind the other, are a file of records."""
        if path.exists():
            return
        folder = out / "large"
        convert = [RECORDMILL, "convert", str(corpus / "labels.csv"), str(folder), "--images", str(corpus / "images")]
        subprocess.run([*convert, "--no-fsync", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        with path.open("wb") as file:
            for _ in range(max(1, round(1e6 * megabytes / one))):
                for part in sorted(folder.glob("*.tfrecord")):
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
        shutil.rmtree(folder)

    def beside_cat(title: str, command: str, *options: str, target: float | None = None, peak: float = 200) -> Row:
        ours = [RECORDMILL, command, str(path), *options]
        cat = ["sh", "-c", 'cat "$1" > /dev/null', "sh", str(path)]
        ways = [Way("recordmill", ours, checked=False), Way("cat file > /dev/null", cat, checked=False)]
        return Row(title, ways, target=target, size=(megabytes, "MB"), repeats=3, prepare=make, peak=peak)

    name = f"{megabytes / 1000:g} GB of images with boxes"
    return [
        beside_cat(f"verify {name}: sums, Examples, rules", "verify", "--no-sha256", target=0.8),
        beside_cat("the same file, and the sha256 of each image (the default)", "verify"),
        beside_cat("the same file: inspect", "inspect"),
        Row(
            "the same file: verify beside TensorFlow, which checks the sums alone",
            [
                Way("recordmill", piece("verify_ours", path), inner=True),
                Way("TFRecordDataset.as_numpy_iterator", piece("read_tf_dataset", path), inner=True),
                Way("TFRecordDataset.reduce, never in Python", piece("read_tf_graph", path), inner=True),
            ],
            target=4,
            size=(megabytes, "MB"),
            repeats=3,
            prepare=make,
        ),
    ]


def starting() -> list[Row]:
    """What a user waits before anything happens."""
    return [
        Row("start-up: recordmill --help", [Way("recordmill --help", [RECORDMILL, "--help"])], repeats=11),
        Row(
            "start-up: import recordmill",
            [
                Way("import recordmill", [PYTHON, "-c", "import recordmill"]),
                Way("bare Python", [PYTHON, "-c", "pass"]),
            ],
            repeats=11,
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small corpora and one run of each: to see that it works")
    parser.add_argument("--only", default="", help="rows whose title has one of these words, with commas between")
    parser.add_argument("--images", type=int, help="images of the corpus (5000)")
    parser.add_argument("--repeats", type=int, help="runs of each way (5)")
    parser.add_argument("--folder", type=Path, default=HERE / "corpora", help="where corpora and outputs lie")
    parser.add_argument("--json", type=Path, help="every single run, for later")
    args = parser.parse_args()
    images = args.images or (200 if args.quick else 5000)
    repeats = args.repeats or (1 if args.quick else 5)
    scale = 0.02 if args.quick else 1

    # In a process of its own, because of its memory.
    corpus = args.folder / f"photos-{images}"
    subprocess.run([PYTHON, HERE / "corpora.py", corpus, "--images", str(images)], check=True, stdout=sys.stderr)
    out = args.folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)

    words = [word for word in args.only.split(",") if word]
    groups: list[Callable[[], list[Row]]] = [
        lambda: conversion(corpus, out, "bicycle,dog,person"),
        lambda: writing(out, scale),
        lambda: encoding(scale),
        lambda: tables(out, scale),
        lambda: reading(out, scale, repeats),
        lambda: checking(corpus, out, scale),
        starting,
        lambda: formats(args.folder, corpus, out, scale),
    ]
    rows, failed = [], 0
    table = ["| work | way | median (range) | rate | times recordmill | target | peak | same work |"]
    table.append("|---|---|---|---|---|---|---|---|")
    for group in groups:
        for row in group():
            if words and not any(word in row.title for word in words):
                continue
            sys.stderr.write(f"{row.title} ...\n")
            same = measure(row, repeats)
            failed += not same
            rows.append(row)
            table += lines_of(row, same)
    sys.stdout.write(f"{machine()}\n\n" + "\n".join(table) + "\n")
    absolute = limits(rows)
    if absolute:
        sys.stdout.write("\n| | measured | limit | |\n|---|---|---|---|\n" + "\n".join(absolute) + "\n")
    if args.json:
        said = [
            {
                "row": row.title,
                "ways": [{"name": way.name, "runs": [vars(run) for run in way.runs]} for way in row.ways],
            }
            for row in rows
        ]
        args.json.write_text(json.dumps({"machine": machine(), "rows": said}, indent=1) + "\n")
    shutil.rmtree(out)
    if failed:
        sys.stderr.write(f"compare: {failed} rows in which not all did the same work\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
