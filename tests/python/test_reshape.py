"""Commands that cut TFRecord files anew: what they write, say and refuse, and that nothing is left half-written."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.test_cli import RECORDMILL, run


def payloads(*paths: Path) -> list[bytes]:
    return list(rm.TFRecordReader(list(paths)))


@pytest.fixture
def records() -> list[bytes]:
    return [b"record %d " % number * (number % 7 + 1) for number in range(100)]


@pytest.fixture
def file(records: list[bytes], tmp_path: Path) -> Path:
    path = tmp_path / "all.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for record in records:
            writer.write(record)
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "images.tfrecord"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for number in range(10):
            labels = [b"cat"] if number % 2 else []
            writer.write_example({"image/width": 600 + 10 * number, "image/filename": f"{number}.jpg", "label": labels})
    return path


def test_repair(file: Path, records: list[bytes], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tfrecord"
    index = rm.TFRecordIndex.build(file)
    data = bytearray(file.read_bytes())
    data[index[5][0] + 14] ^= 1
    data[index[50][0]] ^= 1
    damaged.write_bytes(bytes(data[: index[-1][0] + 20]))
    text, messages = run("repair", damaged, tmp_path / "saved.tfrecord", code=1)
    kept = [record for number, record in enumerate(records) if number not in (5, 50, 99)]
    assert payloads(tmp_path / "saved.tfrecord") == kept
    first, last = text.splitlines()
    assert first == f"{tmp_path / 'saved.tfrecord'}: 97 records, {last_size(kept)}"
    lost = index[5][1] + index[50][1] + 20
    assert last == f"3 places damaged, {lost} bytes lost; at least 3 records"
    lines = messages.splitlines()
    assert lines[0].startswith(f"{damaged}: byte {index[5][0]}: payload crc is 0x")
    assert lines[0].endswith(f"; {index[5][1]} bytes lost, 1 record")
    assert lines[2].startswith(f"{damaged}: byte {index[-1][0]}: file ends after 20 of the record's ")
    assert lines[2].endswith("; 20 bytes lost, at least 1 record")
    report = rm.repair(damaged, tmp_path / "again.tfrecord", fsync=False)
    assert (report["lost_records"], report["lost_known"], report["lost_bytes"]) == (3, "at_least", lost)
    assert [place["known"] for place in report["damage"]] == ["exactly", "exactly", "at_least"]
    assert run("repair", file, tmp_path / "whole.tfrecord", "--quiet") == ("", "")
    assert (tmp_path / "whole.tfrecord").read_bytes() == file.read_bytes()


def last_size(kept: list[bytes]) -> str:
    from recordmill._report import size

    return size(sum(len(record) + 16 for record in kept))


def test_count_cat_head_and_pipes(file: Path, records: list[bytes], tmp_path: Path) -> None:
    assert run("count", file) == ("100\n", "")
    shutil.copy(file, tmp_path / "b.tfrecord")
    text, _ = run("count", tmp_path)
    assert text.splitlines()[-1] == "200  in all"
    assert [row["records"] for row in json.loads(run("count", str(tmp_path / "*.tfrecord"), "--json")[0])] == [100, 100]

    def piped(*arguments: object, given: bytes = b"", code: int = 0) -> bytes:
        command = [*RECORDMILL, *map(str, arguments)]
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (code, b"")
        return done.stdout

    assert piped("cat", file) == file.read_bytes()
    assert piped("cat", "-", file, given=file.read_bytes()) == file.read_bytes() * 2
    assert piped("count", "-", given=file.read_bytes()) == b"100\n"
    gzip = piped("compress", "-", "-", given=file.read_bytes())
    assert gzip[:2] == b"\x1f\x8b"
    assert piped("decompress", "-", "-", given=gzip) == file.read_bytes()
    assert piped("shuffle", "-", "-", given=gzip) == piped("shuffle", file, "-", "--compression", "gzip")
    few = tmp_path / "few"
    few.write_bytes(piped("head", "-n", 3, file))
    assert payloads(few) == records[:3]
    rm.head(file, few, records=5, overwrite=True, compression="zlib")
    assert payloads(few) == records[:5]


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for _ in range(100):
            writer.write(bytes(100_000))
    program = f"{sys.executable} -m recordmill cat {path} | head -c 10 > {tmp_path}/out; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (141, "")


def test_reshard_merge_split(file: Path, records: list[bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("reshard", file, out, "--shards", 3)
    names = [f"all-0000{number}-of-00003.tfrecord" for number in range(3)]
    assert sorted(path.name for path in out.iterdir()) == names
    _, message = run("reshard", file, out, "--shards", 3, code=2)
    assert message == f"recordmill: {out / names[0]}: is there already; --overwrite replaces it\n"
    report = json.loads(run("reshard", file, out, "--shard-size", "1KB", "--overwrite", "--json")[0])
    files = [Path(row["path"]) for row in report["files"]]
    assert sorted(out.iterdir()) == files
    assert all(path.stat().st_size <= 1000 for path in files)
    assert payloads(*files) == records
    run("merge", out, tmp_path / "merged.tfrecord")
    assert (tmp_path / "merged.tfrecord").read_bytes() == file.read_bytes()
    run("split", file, tmp_path / "parts", "--ratios", "a=0.5,b=0.5", "--seed", 3, "--exact")
    parts = [tmp_path / "parts" / f"{name}.tfrecord" for name in "ab"]
    assert [len(payloads(path)) for path in parts] == [50, 50]
    assert sorted(payloads(*parts)) == sorted(records)
    said = "recordmill: --shards, --shard-size or --shard-records must be given\n"
    assert run("reshard", file, out, code=2) == ("", said)
    assert "read twice" in run("reshard", "-", out, "--shards", 3, code=2)[1]


def test_shuffle_and_diff(file: Path, records: list[bytes], tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    run("shuffle", file, one, "--seed", 1)
    rm.shuffle(file, other, seed=1, fsync=False)
    assert one.read_bytes() == other.read_bytes()
    assert payloads(one) != records
    assert sorted(payloads(one)) == sorted(records)
    assert run("diff", file, one)[0] == "100 records in both, in another order\n"
    assert run("diff", file, file, "--json")[0].startswith('{\n  "same": true,\n  "same_order": true')
    rm.head(one, other, records=98, overwrite=True, fsync=False)
    text, messages = run("diff", file, other, code=1)
    assert text.splitlines()[0] == f"2 records of 100 in {file} alone"
    assert text.splitlines()[-1] == "98 records in both"
    assert messages == ""
    places = rm.diff(file, other)["a"]["first"]
    assert {records[place["record"]] for place in places} == set(records) - set(payloads(other))


def test_filter_and_select(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tfrecord"
    text, _ = run("filter", images, out, "--where", "image/width>=640", "--where", "label=cat")
    assert text.endswith("\n10 records read, 3 written\n")
    assert payloads(out) == [payloads(images)[number] for number in (5, 7, 9)]
    _, notes = run("filter", images, out, "--where", "lable=cat", "--overwrite")
    assert notes == "recordmill: no record has a feature lable\n"
    assert "is no number" in run("filter", images, out, "--where", "a<b", code=2)[1]
    options: dict[str, Any] = {"overwrite": True, "fsync": False}
    rm.filter(images, out, ["!label", "image/filename~=[0-3].jpg"], any=True, invert=True, **options)
    names = [rm.decode_example(payload)["image/filename"][0] for payload in rm.TFRecordReader(out)]
    assert names == [b"5.jpg", b"7.jpg", b"9.jpg"]
    run("select", images, out, "--keep", "image/*", "--rename", "image/filename=name", "--overwrite")
    # What is renamed is kept by its old name.
    assert sorted(rm.decode_example(payloads(out)[0])) == ["image/width", "name"]
    other = tmp_path / "other"
    with rm.TFRecordWriter(other) as writer:
        writer.write(b"\xff")
    with pytest.raises(rm.ExampleError, match="record 0 at byte 0: payload is no Example"):
        rm.select(other, out, drop=["x"], overwrite=True)
    assert sorted(rm.decode_example(payloads(out)[0])) == ["image/width", "name"]


def test_folders_of_compressed_files(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(file, folder / "one.tfrecord")
    shutil.copy(file, folder / "sub" / "two.tfrecord")
    run("compress", folder, tmp_path / "gz")
    assert sorted(path.name for path in (tmp_path / "gz").rglob("*.gz")) == ["one.tfrecord.gz", "two.tfrecord.gz"]
    run("decompress", tmp_path / "gz", tmp_path / "back")
    assert (tmp_path / "back" / "sub" / "two.tfrecord").read_bytes() == file.read_bytes()
    text, _ = run("index", folder)
    assert text == (f"{folder}/one.tfrecord.idx: 100 records\n{folder}/sub/two.tfrecord.idx: 100 records\n")
    index = rm.TFRecordIndex.load(folder / "one.tfrecord.idx", folder / "one.tfrecord")
    assert len(index) == 100
    text, _ = run("index", folder, "--form", "binary", "--no-verify")
    assert text == (f"{folder}/one.tfrecord.rmx: 100 records\n{folder}/sub/two.tfrecord.rmx: 100 records\n")
    binary = rm.TFRecordIndex.load(folder / "one.tfrecord.rmx", folder / "one.tfrecord")
    assert list(binary) == list(index)
    damaged = folder / "damaged"
    data = bytearray((folder / "one.tfrecord").read_bytes())
    data[index[50][0] + 13] ^= 1
    damaged.write_bytes(data)
    assert rm.index(damaged, form="binary", verify=False, fsync=False)[0]["records"] == 100
    with pytest.raises(rm.RecordError, match=r"record 50 at byte .*: payload crc"):
        rm.index(damaged, form="binary", overwrite=True)
    damaged.unlink()


def test_what_is_refused(file: Path, tmp_path: Path) -> None:
    assert "No such file" in run("count", tmp_path / "none*", code=2)[1]
    (tmp_path / "empty").mkdir()
    assert "no TFRecord file in this folder" in run("count", tmp_path / "empty", code=2)[1]
    assert "--json needs a file" in run("cat", file, "--json", code=2)[1]
    damaged = tmp_path / "damaged"
    damaged.write_bytes(file.read_bytes()[:-3])
    assert "file ends after" in run("merge", damaged, tmp_path / "out", code=2)[1]
    assert not (tmp_path / "out").exists()
    text, messages = run("merge", damaged, tmp_path / "out", "--recovery", "skip", code=1)
    assert "at least 1 record" in text
    assert "at least 1 record" in messages
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        rm.count(file, nonsense=1)  # type: ignore[call-arg]


def test_progress_is_told_and_may_stop(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with rm.TFRecordWriter(path, fsync=False) as writer:
        for _ in range(3000):
            writer.write(bytes(100_000))

    class StopError(Exception): ...

    def stop(pace: Any) -> None:
        assert pace.bytes_total == path.stat().st_size
        raise StopError

    with pytest.raises(StopError):
        rm.compress(path, tmp_path / "out", level=9, progress=stop)
    assert [entry.name for entry in tmp_path.iterdir()] == ["large"]


PEAK = """
import resource, sys
import recordmill as rm
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
source, out = sys.argv[1:]
rm.count(source)
before = peak()
"""


@pytest.mark.parametrize(
    ("work", "megabytes"),
    [
        # 1,000,000 records: 8 MB of places, whatever the records' length; a list that grows is held twice for a moment.
        ("rm.shuffle(source, out, compression='none', fsync=False)", 30),
        ("rm.repair(source, out, compression='none', fsync=False)", 12),
        ("rm.reshard(source, out, shards=7, compression='none', fsync=False)", 12),
        ("rm.split(source, out, compression='none', fsync=False)", 12),
        # 24 bytes for each, of which 32 MB stay in memory.
        ("rm.diff(source, source)", 45),
    ],
    ids=lambda work: work.split("(")[0].removeprefix("rm.") if isinstance(work, str) else "",
)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_memory_is_what_is_stated(large: dict[str, Path], work: str, megabytes: int, compression: str) -> None:
    out = large[compression].parent / f"out-{compression}"
    program = f"{PEAK}{work}\nprint(peak() - before)"
    command = [sys.executable, "-c", program, str(large[compression]), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if out.exists():
        remove(out)
    assert int(done.stdout) < megabytes, done.stdout


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A million records, 116 MB."""
    folder = tmp_path_factory.mktemp("large")
    with rm.TFRecordWriter(folder / "none", fsync=False) as writer:
        for number in range(1_000_000):
            writer.write(number.to_bytes(4, "big") * 25)
    rm.compress(folder / "none", folder / "gzip", level=1, fsync=False)
    return {name: folder / name for name in ("none", "gzip")}


def test_ctrl_c_leaves_nothing(large: dict[str, Path], tmp_path: Path) -> None:
    command = [*RECORDMILL, "compress", str(large["none"]), str(tmp_path / "out"), "--level", "9"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not any(tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    assert process.communicate()[1].strip() == "interrupted"
    assert process.returncode == 130
    assert time.monotonic() - asked < 2
    assert not any(tmp_path.iterdir())


def test_full_disk(file: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount a tmpfs here")
    try:
        for command in (["merge"], ["shuffle"], ["repair"], ["reshard", "--shards", "2"]):
            _, messages = run(command[0], file, disk / "out", *command[1:], code=1)
            assert messages.count("\n") == 1
            assert "No space left on device" in messages
            assert not any(disk.iterdir())
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    "arguments",
    [["reshard", "--shards", "5"], ["shuffle", "--compression", "gzip"], ["repair"], ["split", "--ratios", "50/50"]],
    ids=lambda arguments: arguments[0],
)
def test_sigkill_leaves_nothing_half_written(arguments: list[str], tmp_path: Path) -> None:
    """Killed at any time, what has its name is whole."""
    source = tmp_path / "source.tfrecord"
    chance = random.Random(5)
    with rm.TFRecordWriter(source, fsync=False) as writer:
        for _ in range(300):
            writer.write(chance.randbytes(20_000))
    out = tmp_path / "out"
    command = [*RECORDMILL, arguments[0], str(source), str(out), *arguments[1:], "--overwrite", "--no-fsync"]

    def files() -> dict[str, bytes]:
        paths = [out] if out.is_file() else sorted(out.glob("[!.]*")) if out.is_dir() else []
        return {path.name: path.read_bytes() for path in paths}

    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    length = time.monotonic() - started
    whole = files()
    assert whole
    remove(out)
    killed = 0
    for _ in range(60):
        if killed == 12:
            break
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait = chance.uniform(length / 3, length)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        found = files()
        assert found.items() <= whole.items()
    assert killed >= 3, f"only {killed} kills met a running command"
    subprocess.run(command, check=True, capture_output=True)
    assert files() == whole


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def test_names_are_a_list(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path) as writer:
        writer.write_example({"id": 1, "x": 2})
    for option in ("keep", "drop"):
        with pytest.raises(TypeError, match=f"{option} is a list of names, not one text"):
            rm.select(path, tmp_path / "b.tfrecord", **{option: "id"})  # type: ignore[arg-type]
    # A name that stays changes nothing, so the bytes stay too.
    with rm.TFRecordWriter(path) as writer:
        writer.write(b"\n\x0b\n\t\n\x01x\x12\x04\x1a\x02\x08\x02")
    rm.select(path, tmp_path / "c.tfrecord", rename={"x": "x"})
    assert (tmp_path / "c.tfrecord").read_bytes() == path.read_bytes()
