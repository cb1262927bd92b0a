"""The command line: output, exit codes, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.support import csv

RECORDMILL = [sys.executable, "-m", "recordmill"]


def run(*arguments: object, code: int = 0, cwd: Path | None = None) -> tuple[str, str]:
    """Runs it, expects the exit code, gives stdout and stderr."""
    command = [*RECORDMILL, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def out(good: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    rm.convert(good, folder)
    return folder


def test_help() -> None:
    text, _ = run("--help")
    commands = "convert check view formats inspect verify snippet repair count cat head merge reshard split shuffle filter select "
    commands += "compress decompress index diff from-table to-table completion"
    assert re.findall(r"^  ([\w-]+) ", text.split("Commands:")[1], flags=re.MULTILINE) == commands.split()
    for command in commands.split():
        described, _ = run(command, "-h")
        assert re.search(rf"^  recordmill {command}", described, flags=re.MULTILINE)
        assert "\\b" not in described
    assert "\n  recordmill inspect out/train.tfrecord                what is in a file\n" in text
    assert run("--version")[0] == f"recordmill, version {rm.__version__}\n"


def test_every_option_of_convert_is_one_of_the_function() -> None:
    from recordmill._cli.convert import convert_command
    from recordmill._convert import DOWNLOAD_DEFAULTS, LOAD_DEFAULTS, WRITE_DEFAULTS

    names = {parameter.name for parameter in convert_command.params}
    every = LOAD_DEFAULTS.keys() | DOWNLOAD_DEFAULTS.keys() | WRITE_DEFAULTS.keys()
    assert names - {"source", "output", "as_json", "quiet"} == every
    flags = {flag for parameter in convert_command.params for flag in parameter.opts}
    named = "from to split exact-split shards shard-size compression label-map schema layout group drop-empty on-error "
    named += (
        "strict skip-rule dry-run overwrite workers seed shuffle images source-id no-sha256 no-fsync allow-outside "
        "no-file-sha256 images-mode no-images no-loss rename keep-classes drop-classes min-box-size sample "
    )
    named += "allow-empty voc-one-based json quiet level download cache"
    assert flags >= {f"--{name}" for name in named.split()}


def test_convert(good: Path, tmp_path: Path) -> None:
    text, messages = run("convert", good, tmp_path / "out")
    assert text.startswith(
        f"csv -> {tmp_path / 'out'} (tfod)\nlabels.csv has a header with image, class and box\n2 images"
    )
    assert messages == ""
    text, messages = run("convert", good, tmp_path / "out", "--overwrite", "--json")
    report = json.loads(text)
    assert (report["images"], report["objects"]) == (2, 3)
    assert run("convert", good, tmp_path / "out", "--overwrite", "--quiet") == ("", "")


def test_every_option_is_taken(good: Path, tmp_path: Path) -> None:
    label_map = tmp_path / "map.pbtxt"
    label_map.write_text('item { id: 5 name: "cat" }\nitem { id: 6 name: "dog" }\n')
    options = (
        "--from csv --to tfrecord --split train=0.5,valid=0.5 --exact-split --shards 1 --compression gzip --level 3 "
    )
    options += f"--label-map {label_map} --schema basic --layout roboflow --group pets --drop-empty --on-error skip "
    options += f"--skip-rule tf --overwrite --workers 2 --seed 3 --shuffle --images {good.parent} --images {tmp_path} "
    options += (
        "--source-id filename --no-sha256 --no-file-sha256 --no-fsync --allow-outside --allow-empty --no-voc-one-based "
        "--json --quiet"
    )
    report = json.loads(run("convert", good, tmp_path / "out", *options.split())[0])
    assert {row["id"] for row in report["classes"]} == {5, 6}
    assert (tmp_path / "out" / "train" / "pets-00000-of-00001.tfrecord").is_file()
    report = json.loads(
        run("convert", good, tmp_path / "o2", "--shard-size", "1KB", "--dry-run", "--strict", "--json")[0]
    )
    assert report["dry_run"]
    assert not (tmp_path / "o2").exists()


def test_refused(bad: Path, tmp_path: Path) -> None:
    text, messages = run("convert", bad, tmp_path / "out", code=2)
    assert text == ""
    lines = messages.splitlines()
    assert lines[0].startswith("labels.csv:5: ")
    assert lines[-1].startswith("recordmill: nothing was written: ")
    text, _ = run("convert", bad, tmp_path / "out", "--json", code=2)
    assert json.loads(text)["problem_counts"]["missing-image"] == 1
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_skipped(bad: Path, tmp_path: Path) -> None:
    text, messages = run("convert", bad, tmp_path / "out", "--on-error", "skip", code=1)
    assert "left out: 1 image" in text
    assert messages.startswith("labels.csv:5: ")
    assert len(messages.splitlines()) == 4
    _, messages = run("convert", bad, tmp_path / "out", "--on-error", "skip", "--overwrite", "--quiet", code=1)
    assert len(messages.splitlines()) == 1


def test_wrong_usage(good: Path, tmp_path: Path) -> None:
    for arguments in (
        ["convert"],
        ["nonsense"],
        ["convert", good, tmp_path / "out", "--nonsense"],
        ["convert", good, tmp_path / "out", "--schema", "coco"],
        ["convert", good, tmp_path / "out", "--split", "1/2/3/4"],
        ["convert", good, tmp_path / "out", "--to", "coco5"],
        ["convert", good, tmp_path / "out", "--from", "coco5"],
        ["convert", tmp_path / "no", tmp_path / "out"],
        ["convert", good, tmp_path / "out", "--label-map", tmp_path / "no"],
        ["convert", good, tmp_path / "out", "--shards", "0"],
        ["formats", "nonsense"],
        ["inspect"],
        ["verify", good, "--label-map", tmp_path / "no"],
    ):
        text, messages = run(*arguments, code=2)
        assert text == ""
        assert messages
        assert not (tmp_path / "out").exists()


def test_messages_say_what_can_be_done(good: Path, tmp_path: Path) -> None:
    missing = csv(tmp_path / "missing", ["gone.png,40,30,cat,1,2,3,4"], {})
    _, messages = run("convert", missing, tmp_path / "out", code=2)
    assert "--images DIR names a folder where images lie" in messages
    _, messages = run("convert", good, tmp_path / "out", "--exact-split", code=2)
    assert messages == "recordmill: --exact-split means nothing without split\n"
    text, messages = run("convert", tmp_path / "nothing", tmp_path / "out", "--json", code=2)
    assert "nothing" in json.loads(text)["error"]
    assert messages


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_stdout_is_one_message() -> None:
    for arguments in (["formats"], ["--help"], ["--version"]):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "recordmill", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 1
        assert done.stderr == b"recordmill: cannot write the result: No space left on device\n", arguments


def test_inspect_counts_what_is_not_finite(tmp_path: Path) -> None:
    with rm.TFRecordWriter(tmp_path / "a.tfrecord") as writer:
        writer.write_example({"x": [float("nan"), float("inf"), float("-inf")], "line\nbreak": 1})
    text, _ = run("inspect", tmp_path / "a.tfrecord")
    assert "1 nan, 2 infinites" in text
    assert "line\\nbreak" in text


def test_files_that_are_there(good: Path, out: Path) -> None:
    _, messages = run("convert", good, out, code=2)
    assert "is there already; --overwrite replaces it" in messages


def test_formats() -> None:
    text, _ = run("formats")
    assert re.search(r"^voc +", text, re.MULTILINE)
    described, _ = run("formats", "VOC")
    assert described.startswith("voc: ")
    rows = json.loads(run("formats", "--json")[0])
    assert {"name", "aliases", "title", "specification", "layout", "carries"} <= rows[0].keys()
    assert run("formats", "--markdown")[0].startswith("| format | name |")


def test_inspect(out: Path) -> None:
    path = out / "train.tfrecord"
    text, messages = run("inspect", path)
    assert messages == ""
    assert text.startswith(f"{path}: 2 records, ")
    assert "image/object/class/text" in text
    assert "PNG 40x30" in text
    row = json.loads(run("inspect", path, "--json")[0])
    assert row["records"] == 2
    assert {feature["key"] for feature in row["schema"]["features"]} >= {"image/encoded", "image/height"}
    assert rm.inspect(path) == row
    text, messages = run("inspect", path, out / "no", code=2)
    assert "2 records" in text
    assert "No such file or directory" in messages


def test_inspect_of_anything(tmp_path: Path) -> None:
    path = tmp_path / "any"
    with rm.TFRecordWriter(path, "gzip") as writer:
        writer.write(b"\xff\xfe")
        writer.write(rm.encode_sequence_example({"c": 1.5}, {"words": [["a"], ["b"]]}))
        writer.write_example({"x": [1, 2], "none": None})
    text, _ = run("inspect", path)
    assert "3 records" in text
    assert "1 tf.train.Example, 1 tf.train.SequenceExample, 1 other" in text
    row = json.loads(run("inspect", "--json", "--max-records", "1", path)[0])
    assert (row["records"], row["complete"]) == (1, False)
    empty = tmp_path / "empty"
    empty.touch()
    assert "0 records" in run("inspect", empty)[0]


def test_verify(out: Path, tmp_path: Path) -> None:
    path = out / "train.tfrecord"
    text, messages = run("verify", path, "--label-map", out / "label_map.pbtxt")
    assert re.fullmatch(rf"{path}: ok, 2 records, [\d.]+ K?B\n", text)
    assert messages == ""
    assert run("verify", "-q", path) == ("", "")
    broken = tmp_path / "broken"
    data = bytearray(path.read_bytes())
    data[40] ^= 4
    broken.write_bytes(data)
    text, messages = run("verify", path, broken, code=1)
    assert f"{broken}: damaged, 1 record" in text
    assert messages.startswith(f"{broken}: record 0 at byte 0: payload crc is 0x")
    rows = json.loads(run("verify", "--json", path, broken, tmp_path / "no", code=2)[0])
    assert [row["ok"] for row in rows] == [True, False, False]
    assert rows[1]["findings"][0]["kind"] == "payload-crc"
    assert "No such file" in rows[2]["error"]
    assert rm.verify(path) == rows[0]
    assert rm.verify([path, broken]) == rows[:2]
    with pytest.raises(FileNotFoundError):
        rm.verify([path, tmp_path / "no"])
    assert rm.verify(path, label_map={"cat": 2, "dog": 1})["ok"] is False
    other = tmp_path / "other"
    with rm.TFRecordWriter(other) as writer:
        writer.write(b"\xff")
    run("verify", other, code=1)
    run("verify", other, "--any-payload")


def test_every_flipped_bit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    starts = []
    with rm.TFRecordWriter(path) as writer:
        offset = 0
        for number in range(5):
            starts.append(offset)
            payload = rm.encode_example({"number": number})
            writer.write(payload)
            offset += len(payload) + 16
    data = path.read_bytes()
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        verdict = rm.verify(path)
        record = max(place for place, start in enumerate(starts) if start <= bit // 8)
        assert not verdict["ok"]
        assert (verdict["findings"][0]["record"], verdict["findings"][0]["offset"]) == (record, starts[record])


def test_a_reader_that_has_seen_enough(out: Path) -> None:
    for command in (["formats", "--json"], ["inspect", out / "train.tfrecord"]):
        process = subprocess.Popen([*RECORDMILL, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        messages = process.stderr.read()
        process.stderr.close()
        process.wait(60)
        assert messages == b""


def many(folder: Path, number: int) -> Path:
    """A dataset that takes a while: links to one large picture."""
    folder.mkdir()
    (folder / "0.png").write_bytes(_noise(3000))
    rows = []
    for place in range(number):
        if place:
            os.link(folder / "0.png", folder / f"{place}.png")
        rows.append(f"{place}.png,3000,3000,cat,1,2,11,22")
    return csv(folder, rows, {})


def _noise(side: int) -> bytes:
    from tests.python.support import png

    return png(side, side) + os.urandom(1 << 20)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c(tmp_path: Path, number: signal.Signals, code: int) -> None:
    source = many(tmp_path / "many", 800)
    out = tmp_path / "out"
    interrupted = 0
    for wait in (0.2, 0.4, 0.8, 1.2):
        command = [*RECORDMILL, "convert", str(source), str(out), "--compression", "gzip", "--overwrite"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            time.sleep(wait)
            process.send_signal(number)
            start = time.monotonic()
            _, messages = process.communicate(timeout=60)
            took = time.monotonic() - start
        if process.returncode == code:
            interrupted += 1
            assert messages.endswith("interrupted\n") == (number == signal.SIGINT)
            assert "Traceback" not in messages
            assert took < 2
        assert not out.exists() or not list(out.iterdir())
    assert interrupted >= 2


def test_ctrl_c_in_python(tmp_path: Path) -> None:
    source = many(tmp_path / "many", 800)
    program = """
import os, signal, sys, threading
import recordmill as rm
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    rm.convert(sys.argv[1], sys.argv[2], compression="gzip")
except KeyboardInterrupt:
    print("stopped")
"""
    command = [sys.executable, "-c", program, str(source), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "stopped\n"
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_terminal_gets_a_bar(good: Path, tmp_path: Path) -> None:
    import pty

    main, other = pty.openpty()
    command = [*RECORDMILL, "convert", str(good), str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=other)
    os.close(other)
    seen = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    text: Any = process.communicate(timeout=60)[0]
    os.close(main)
    assert process.returncode == 0
    assert b"\x1b[" in seen
    assert text.startswith(b"csv -> ")


def test_classes_are_selected(good: Path, tmp_path: Path) -> None:
    options = (
        "--rename dog=hound --rename cat=pet --keep-classes hound,pet --min-box-size 12.5 --sample 1 --seed 2 --json"
    )
    report = json.loads(run("convert", good, tmp_path / "out", *options.split())[0])
    assert {row["name"] for row in report["classes"]} == {"hound", "pet"}
    assert report["images"] == 1
    report = json.loads(run("convert", good, tmp_path / "o2", "--drop-classes", "dog", "--dry-run", "--json")[0])
    assert report["skipped"]["reasons"] == {"drop-classes": {"images": 0, "objects": 1}}
    _, messages = run("convert", good, tmp_path / "o3", "--keep-classes", "dgo", code=2)
    assert messages == 'recordmill: --keep-classes: no class is called "dgo" (nearest is "dog")\n'
    _, messages = run("convert", good, tmp_path / "o3", "--rename", "dog", code=2)
    assert "'dog' is not OLD=NEW" in messages
    assert not (tmp_path / "o3").exists()


def test_a_source_that_cannot_be_opened_is_refused(good: Path, tmp_path: Path) -> None:
    """The same exit code of `check` and `convert`, also where the system is the one that says it."""
    (tmp_path / "a.rar").write_bytes(b"Rar!\x1a\x07\x00" + bytes(600))
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + bytes(600))
    for name, said in (
        ("a.rar", "a rar archive is not read in place; unpack it first"),
        ("a.zip", "the archive is damaged: "),
    ):
        for arguments in (("check", tmp_path / name), ("convert", tmp_path / name, tmp_path / "out")):
            _, messages = run(*arguments, code=2)
            assert f"{name}: {said}" in messages
        _, messages = run("convert", good, tmp_path / "out", "--images", tmp_path / name, code=2)
        assert f"{name}: {said}" in messages


def test_strict_and_skip_exclude_each_other(good: Path, tmp_path: Path) -> None:
    _, messages = run("convert", good, tmp_path / "out", "--strict", "--on-error", "skip", code=2)
    assert messages == (
        "recordmill: --strict and --on-error skip exclude each other: the one refuses what is not right, the other leaves it out\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "IN", "OUT", "--seed"),
        ("convert", "IN", "OUT", "--sample"),
        ("convert", "IN", "OUT", "--shards"),
        ("convert", "IN", "OUT", "--workers"),
        ("check", "IN", "--workers"),
        ("inspect", "IN", "--max-records"),
        ("verify", "IN", "--workers"),
        ("shuffle", "IN", "OUT", "--seed"),
        ("split", "IN", "OUT", "--seed"),
        ("head", "IN", "-n"),
        ("reshard", "IN", "OUT", "--shards"),
        ("reshard", "IN", "OUT", "--shard-records"),
        ("diff", "IN", "IN", "--list"),
    ],
)
def test_numbers_beyond_all_bounds_are_wrong_usage(arguments: tuple[str, ...]) -> None:
    _, messages = run(*arguments, "9" * 20, code=2)
    assert "is not in the range" in messages


def test_a_closed_standard_output(out: Path) -> None:
    done = subprocess.run(
        [*RECORDMILL, "cat", str(out / "train.tfrecord")],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.close(1),
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "recordmill: standard output is closed\n")


def test_an_output_that_takes_ascii_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path) as writer:
        writer.write_example({"name": "d\u00f6g"})
    command = [*RECORDMILL, "inspect", str(path), "--record", "0"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"d\\xf6g"' in done.stdout


def test_several_files_do_not_go_to_standard_output(out: Path) -> None:
    for command in (["reshard", "--shards", "2"], ["split"]):
        _, messages = run(*command, out / "train.tfrecord", "-", code=2, cwd=out)
        assert messages == "recordmill: several files cannot go to standard output: name a folder\n"
    assert not (out / "-").exists()


def test_an_index_is_a_file(out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    whole = (out / "train.tfrecord").read_bytes()
    message = "recordmill: an index is a file: give a name for it\n"
    assert run("index", out / "train.tfrecord", "-o", "-", code=2, cwd=folder)[1] == message
    command = [*RECORDMILL, "index", "-"]
    done = subprocess.run(command, input=whole, capture_output=True, cwd=folder, check=False)
    assert (done.returncode, done.stderr.decode()) == (2, message)
    assert list(folder.iterdir()) == []
    subprocess.run([*command, "-o", "a.idx"], input=whole, capture_output=True, cwd=folder, check=True)
    assert rm.TFRecordIndex.load(folder / "a.idx", out / "train.tfrecord").read(0)
