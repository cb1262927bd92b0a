"""TFRecord files from Python: writing, reading, random access, and what happens when something goes wrong."""

import errno
import gc
import gzip
import itertools
import multiprocessing
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm

COMPRESSIONS = [None, "GZIP", "ZLIB"]
FRAMED = bytes.fromhex("0300000000000000b099490e6162636e57f121")  # b"abc"
T = FRAMED + bytes.fromhex("0500000000000000eab2043e64656667688055627d020000000000000078270b34696ab7d50607")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.tfrecord"


def write(path: Any, records: Any, **options: Any) -> None:
    with rm.TFRecordWriter(path, **options) as writer:
        for record in records:
            writer.write(record)


# ---- writing -----------------------------------------------------------------------------------------------------


def test_writes_frames(path: Path) -> None:
    write(path, [b"abc", b"defgh", b"ij"])
    assert path.read_bytes() == T


@pytest.mark.parametrize("name", ["none", "", "NONE", "gzip", "GZIP", "Gzip", "zlib", "ZLIB"])
def test_compression_in_any_case(path: Path, name: str) -> None:
    write(path, [b"abc", b"defgh", b"ij"], compression=name)
    data = path.read_bytes()
    unpack: Any = {"gzip": gzip.decompress, "zlib": zlib.decompress}.get(name.lower(), bytes)
    assert unpack(data) == T
    assert list(rm.TFRecordReader(path)) == [b"abc", b"defgh", b"ij"]
    assert list(rm.TFRecordReader(path, compression=name)) == [b"abc", b"defgh", b"ij"]


def test_what_is_a_record(path: Path) -> None:
    buffer = np.frombuffer(b"numpy", "u1")
    records = [b"b", bytearray(b"ba"), memoryview(b"memory")[1:4], memoryview(b"abcdef")[::2], "tëxt", np.bytes_(b"n")]
    write(path, [*records, np.str_("s"), buffer, b""])
    expected = [b"b", b"ba", b"emo", b"ace", "tëxt".encode(), b"n", b"s", b"numpy", b""]
    assert list(rm.TFRecordReader(path)) == expected
    with rm.TFRecordWriter(path) as writer:
        for wrong in (5, None, ["a"], np.arange(3), {"a": 1}, object()):
            with pytest.raises(TypeError, match="a record must be bytes, str or a buffer of bytes, not"):
                writer.write(wrong)  # type: ignore[arg-type]
        with pytest.raises(UnicodeEncodeError):
            writer.write("\ud800")
        assert writer.records == 0


def test_write_example(path: Path) -> None:
    features = {"x": np.arange(3), "image": b"i" * 100_000}
    with rm.TFRecordWriter(path) as writer:
        writer.write_example(features)
        with pytest.raises(TypeError, match='feature "x"'):
            writer.write_example({"x": {}})
        writer.write_example({})
    assert list(rm.TFRecordReader(path)) == [rm.encode_example(features), b"\x0a\x00"]


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_paths(path: Path, kind: Any) -> None:
    write(kind(path), [b"abc"])
    assert list(rm.TFRecordReader(kind(path))) == [b"abc"]
    assert list(rm.TFRecordReader([kind(path), kind(path)])) == [b"abc", b"abc"]
    assert len(rm.TFRecordIndex.build(kind(path))) == 1


def test_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.tfrecord"
    write(name, [b"abc"])
    assert os.path.exists(name)
    assert list(rm.TFRecordReader(os.fsdecode(name))) == [b"abc"]
    with pytest.raises(FileNotFoundError) as caught:
        rm.TFRecordReader(name + b"?")
    assert caught.value.filename == os.fsdecode(name + b"?")


def test_wrong_arguments(path: Path) -> None:
    rows: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"compression": "bzip2"}, ValueError, 'no compression "bzip2", there are "none", "gzip" and "zlib"'),
        ({"level": 10}, ValueError, "compression level 10 is not between 0 and 9"),
        ({"level": -1}, ValueError, "compression level -1 is not between 0 and 9"),
        ({"level": "x"}, TypeError, "level"),
        ({"workers": -1}, OverflowError, "negative"),
        ({"compression": "gzip", "index_path": "a.idx"}, ValueError, "an index needs an uncompressed file"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ]
    for options, error, message in rows:
        with pytest.raises(error, match=message):
            rm.TFRecordWriter(path, **options)
    with pytest.raises(ValueError, match="embedded null byte"):
        rm.TFRecordWriter("a\0b")
    with pytest.raises(TypeError):
        rm.TFRecordWriter(5)  # type: ignore[arg-type]
    assert list(path.parent.iterdir()) == []


def test_where_no_file_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        rm.TFRecordWriter(tmp_path / "no" / "a")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, str(tmp_path / "no" / "a"))
    for atomic in (False, True):
        with pytest.raises(IsADirectoryError, match=str(tmp_path)):
            rm.TFRecordWriter(tmp_path, atomic=atomic)


def test_a_file_appears_whole_or_not_at_all(path: Path) -> None:
    writer = rm.TFRecordWriter(path)
    writer.write(b"abc")
    writer.flush()
    assert not path.exists()
    writer.close()
    assert path.read_bytes() == FRAMED
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(KeyError), rm.TFRecordWriter(path) as writer:
        writer.write(b"other")
        raise KeyError
    assert path.read_bytes() == FRAMED
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(FileExistsError), rm.TFRecordWriter(path, overwrite=False) as writer:
        writer.write(b"other")
    assert path.read_bytes() == FRAMED
    assert list(path.parent.iterdir()) == [path]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_in_place(path: Path) -> None:
    writer = rm.TFRecordWriter(path, atomic=False)
    writer.write(b"abc")
    assert path.read_bytes() == b""
    writer.flush()
    assert path.read_bytes() == FRAMED
    with writer:
        writer.write(b"defgh")
    assert path.read_bytes() == T[:40]
    with pytest.raises(KeyError), rm.TFRecordWriter(path, atomic=False) as writer:
        raise KeyError
    assert path.read_bytes() == b""
    writer = rm.TFRecordWriter(path, atomic=False, compression="gzip")
    writer.write(b"abc")
    del writer
    assert gzip.decompress(path.read_bytes()) == FRAMED


def test_closing(path: Path) -> None:
    writer = rm.TFRecordWriter(path)
    assert [writer.closed, writer.records, writer.path, writer.compression] == [False, 0, path, "none"]
    writer.write(b"abc")
    assert writer.records == 1
    for _ in range(3):
        writer.close()
    assert [writer.closed, writer.records] == [True, None]
    with pytest.raises(ValueError, match="the TFRecordWriter is closed"):
        writer.write(b"abc")
    with pytest.raises(ValueError, match="the TFRecordWriter is closed"):
        writer.write_example({})
    with pytest.raises(ValueError, match="the TFRecordWriter is closed"):
        writer.flush()
    writer.discard()
    assert path.read_bytes() == FRAMED


def test_a_writer_that_is_forgotten_says_so(path: Path) -> None:
    writer = rm.TFRecordWriter(path)
    writer.write(b"abc")
    with pytest.warns(RuntimeWarning, match="a.tfrecord: the TFRecordWriter was not closed, so no file was made"):
        del writer
    assert list(path.parent.iterdir()) == []
    writer = rm.TFRecordWriter(path)
    writer.discard()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del writer
        gc.collect()
    assert list(path.parent.iterdir()) == []


def test_a_writer_that_is_forgotten_hides_no_exception(path: Path) -> None:
    def work() -> None:
        rm.TFRecordWriter(path).no_such_attribute  # type: ignore[attr-defined]  # noqa: B018

    with pytest.warns(RuntimeWarning, match="was not closed"), pytest.raises(AttributeError, match="no_such_attribute"):
        work()


def test_an_index_does_not_replace_its_file(path: Path) -> None:
    folder = path.with_name("folder")
    folder.symlink_to(".")
    for index_path in (path, folder / path.name):
        with pytest.raises(ValueError, match="index_path is the TFRecord file itself"):
            rm.TFRecordWriter(path, index_path=index_path)
    write(path, [b"abc"], index_path=path.with_name("index"))
    for index_path in (path, folder / path.name):
        with pytest.raises(ValueError, match="index_path is the TFRecord file itself"):
            rm.TFRecordIndex.build(path).save(index_path)
    assert path.read_bytes() == FRAMED


def test_special_files_are_not_replaced(tmp_path: Path) -> None:
    program = "import recordmill as rm\nwith rm.TFRecordWriter('/dev/stdout') as w: w.write(b'abc')"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert done.stdout == FRAMED
    write(Path("/dev/null"), [b"abc"])
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=write, args=(pipe, [b"abc"] * 50_000))
    thread.start()
    assert sum(1 for _ in rm.TFRecordReader(pipe)) == 50_000
    thread.join()


def test_a_full_disk(path: Path) -> None:
    program = """
import resource, signal, sys
import recordmill as rm
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
writer = rm.TFRecordWriter(sys.argv[1], compression=sys.argv[2])
seen = []
for _ in range(3):
    try:
        for _ in range(3000): writer.write(bytes(range(250)) * 4)
        writer.flush()
    except OSError as error:
        seen.append((type(error).__name__, error.errno, error.filename))
try:
    writer.close()
except OSError as error:
    seen.append(error.errno)
writer.close()
print(seen)
"""
    for compression in ("none", "gzip"):
        command = [sys.executable, "-c", program, str(path), compression]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = ("OSError", errno.EFBIG, str(path))
        assert done.stdout.strip() == str([row, row, row, errno.EFBIG])
        assert list(path.parent.iterdir()) == []


def test_workers_do_not_change_the_bytes(path: Path) -> None:
    records = [bytes([n % 256]) * (n % 5000) for n in range(2000)]
    for compression in COMPRESSIONS:
        made = set()
        for workers in (0, 1, 2, 5):
            write(path, records, compression=compression, workers=workers)
            made.add(path.read_bytes())
        assert len(made) == 1


# ---- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_reads_what_was_written(path: Path, compression: str | None) -> None:
    records = [os.urandom(n * n % 300_007) for n in range(300)]
    write(path, records, compression=compression)
    assert list(rm.TFRecordReader(path)) == records
    assert list(rm.TFRecordReader([path, str(path)], verify=False)) == records * 2


def test_the_end_is_sticky(path: Path) -> None:
    write(path, [b"abc"])
    reader = rm.TFRecordReader(path)
    assert iter(reader) is reader
    assert list(reader) == [b"abc"]
    with path.open("ab") as file:
        file.write(FRAMED)
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(reader)
    assert list(rm.TFRecordReader([])) == []
    with rm.TFRecordReader(path) as reader:
        assert next(reader) == b"abc"
        reader.close()
        assert list(reader) == []
    assert list(reader) == []
    assert reader.paths == [path]


def test_damage_is_an_error_and_the_end(path: Path) -> None:
    data = bytearray(T)
    data[35] ^= 1  # in the second payload
    path.write_bytes(data)
    reader = rm.TFRecordReader([path, path])
    assert next(reader) == b"abc"
    with pytest.raises(rm.RecordError) as caught:
        next(reader)
    assert (caught.value.record, caught.value.offset) == (1, 19)
    assert str(caught.value).startswith(f"{path}: record 1 at byte 19: payload crc is 0x7d625580, computed 0x")
    assert isinstance(caught.value, rm.Error)
    assert list(reader) == []
    assert list(rm.TFRecordReader(path, verify=False))[0::2] == [b"abc", b"ij"]
    assert pickle.loads(pickle.dumps(caught.value)).offset == 19


def test_every_prefix_is_an_error(path: Path) -> None:
    for length in range(len(T) + 1):
        path.write_bytes(T[:length])
        whole = {0: 0, 19: 1, 40: 2, 58: 3}.get(length)
        reader = rm.TFRecordReader(path)
        if whole is not None:
            assert len(list(reader)) == whole
            continue
        with pytest.raises(rm.RecordError) as caught:
            list(reader)
        start = max(offset for offset in (0, 19, 40) if offset <= length)
        assert caught.value.offset == start
        tail = rm.TFRecordReader(path, recovery="tolerate_tail")
        assert len(list(tail)) == (0, 19, 40).index(start)
        (lost,) = tail.lost
        assert (lost.path, lost.offset, lost.length, lost.more) == (path, start, length - start, False)


def test_recovery(path: Path) -> None:
    data = bytearray(T)
    data[19] ^= 1  # the second length
    path.write_bytes(data)
    reader = rm.TFRecordReader([path, path], recovery="skip")
    assert list(reader) == [b"abc", b"ij"] * 2
    assert [(lost.offset, lost.length, lost.more) for lost in reader.lost] == [(19, 21, False)] * 2
    assert (reader.lost_count, reader.lost_bytes) == (2, 42)
    assert "length crc" in reader.lost[0].cause
    assert repr(reader.lost[0]).startswith("Lost(path=")
    path.write_bytes(T + b"\0" * 11)
    assert len(list(rm.TFRecordReader(path, recovery="tf"))) == 3
    with pytest.raises(ValueError, match='no recovery "none", there are "strict", "tolerate_tail", "skip", "tf"'):
        rm.TFRecordReader(path, recovery="none")


def test_limits(path: Path) -> None:
    write(path, [b"x" * 100])
    with pytest.raises(rm.RecordError, match="length 100 is over the limit of 99 bytes"):
        list(rm.TFRecordReader(path, max_record_size=99))
    path.write_bytes(bytes.fromhex("0000000000000080950867b6") + b"x" * 100)
    with pytest.raises(rm.RecordError, match="length 9223372036854775808 is over the limit"):
        list(rm.TFRecordReader(path))


def test_missing_files_are_told_at_once(path: Path) -> None:
    write(path, [b"abc"])
    for paths in (path.with_name("no"), [path, path.with_name("no")]):
        with pytest.raises(FileNotFoundError) as caught:
            rm.TFRecordReader(paths)
        assert caught.value.filename == str(path.with_name("no"))
    with pytest.raises(IsADirectoryError):
        list(rm.TFRecordReader(path.parent))


def test_a_file_that_vanishes_from_the_list(path: Path) -> None:
    other = path.with_name("b")
    write(path, [b"abc"])
    write(other, [b"abc"])
    reader = rm.TFRecordReader([path, other])
    other.unlink()
    assert next(reader) == b"abc"
    with pytest.raises(FileNotFoundError):
        next(reader)
    assert list(reader) == []


# ---- random access -----------------------------------------------------------------------------------------------


def test_index(path: Path) -> None:
    records = [bytes([n]) * n for n in range(100)]
    index_path = path.with_suffix(".idx")
    write(path, records, index_path=index_path)
    index = rm.TFRecordIndex.build(path)
    assert len(index) == 100
    assert index[0] == (0, 16)
    assert index[-1] == index[99] == (path.stat().st_size - 115, 115)
    assert list(index)[1] == (16, 17)
    assert [index.read(n) for n in range(100)] == records
    assert index.read(-1) == records[-1]
    for wrong in (100, -101):
        with pytest.raises(IndexError, match=f"no record {wrong}, the index has 100"):
            index.read(wrong)
        with pytest.raises(IndexError, match=f"no record {wrong}, the index has 100"):
            index[wrong]
    saved = path.with_suffix(".saved")
    index.save(saved)
    lines = saved.read_text().splitlines()
    assert lines[:2] == ["0 16", "16 17"]
    assert saved.read_bytes() == index_path.read_bytes()
    loaded = rm.TFRecordIndex.load(saved, path)
    assert list(loaded) == list(index)
    assert loaded.read(50) == records[50]
    bare = rm.TFRecordIndex.load(saved)
    assert bare.path is None
    with pytest.raises(ValueError, match="the index was loaded without its TFRecord file"):
        bare.read(0)
    for copy in (pickle.loads(pickle.dumps(index)), pickle.loads(pickle.dumps(bare))):
        assert list(copy) == list(index)
    assert pickle.loads(pickle.dumps(index)).read(7) == records[7]


def test_a_binary_index(path: Path) -> None:
    records = [bytes([n]) * n for n in range(100)]
    written = path.with_suffix(".rmx")
    write(path, records, index_path=written, index_form="binary")
    built = rm.TFRecordIndex.build(path)
    assert list(rm.TFRecordIndex.build(path, verify=False)) == list(built)
    saved = path.with_name("saved")
    built.save(saved, form="binary")
    assert saved.read_bytes() == written.read_bytes()
    loaded = rm.TFRecordIndex.load(saved, path)
    assert list(loaded) == list(built)
    assert [loaded.read(n) for n in range(100)] == records
    assert [pickle.loads(pickle.dumps(loaded)).read(n) for n in range(100)] == records

    # As docs/index-form.md has it.
    data = saved.read_bytes()
    magic, version, _, size, count, _, _ = struct.unpack("<8sIIQQII", data[:40])
    assert (magic, version, size, count) == (b"\x89RMX\r\n\x1a\n", 1, path.stat().st_size, 100)
    offsets = np.frombuffer(data, "<u8", count + 1, 40).tolist()
    assert offsets == [offset for offset, _ in built] + [size]

    # One that was loaded alone can be written again; a text does not know its file.
    bare = rm.TFRecordIndex.load(saved)
    bare.save(path.with_name("again"), form="binary")
    assert path.with_name("again").read_bytes() == data
    bare.save(path.with_name("text"))
    with pytest.raises(ValueError, match="the index was loaded without its TFRecord file"):
        rm.TFRecordIndex.load(path.with_name("text")).save(path.with_name("c"), form="binary")
    rm.TFRecordIndex.load(path.with_name("text"), path).save(path.with_name("c"), form="binary")
    assert path.with_name("c").read_bytes() == data
    for wrong in (lambda: built.save(saved, form="json"), lambda: rm.TFRecordWriter(path, index_form="x")):
        with pytest.raises(ValueError, match=r'no form of an index ".*", there are "dali" and "binary"'):
            wrong()


def test_a_binary_index_that_is_not_right(path: Path) -> None:
    index_path = path.with_suffix(".rmx")
    write(path, [b"abc", b"defgh", b"ij"], index_path=index_path, index_form="binary")
    data = index_path.read_bytes()
    bad = path.with_name("bad")
    for at in range(len(data)):
        bad.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with pytest.raises(rm.RecordError, match=r"bad: (byte|line) \d+: "):
            rm.TFRecordIndex.load(bad)
        bad.write_bytes(data[:at])
        if at > 0:
            with pytest.raises(rm.RecordError, match=f"bad: byte {at}: the index ends, expected (40|76) bytes"):
                rm.TFRecordIndex.load(bad)
    write(path, [b"abc", b"defgh", b"ij", b""])
    with pytest.raises(rm.RecordError, match="index is of a file of 58 bytes, this one has 74"):
        rm.TFRecordIndex.load(index_path, path)
    write(path, [b"abc", b"defgh", b"iX"])
    with pytest.raises(rm.RecordError, match="record 2 at byte 40: index says payload crc 0x"):
        rm.TFRecordIndex.load(index_path, path)
    assert len(rm.TFRecordIndex.load(index_path)) == 3
    part = path.with_name("part")
    part.write_text("0 19\n")
    with pytest.raises(rm.RecordError, match="index is of a file of 19 bytes, this one has 58"):
        rm.TFRecordIndex.load(part, path).save(bad, form="binary")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_has_no_binary_index(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(ValueError, match="a binary index is of a file, not of a pipe"):
        rm.TFRecordWriter(path, index_path=path.with_name("i"), index_form="binary")


def test_index_errors(path: Path) -> None:
    write(path, [b"abc"], compression="gzip")
    with pytest.raises(rm.RecordError, match="no random access to a gzip file"):
        rm.TFRecordIndex.build(path)
    path.write_bytes(T[:50])
    with pytest.raises(rm.RecordError, match="record 2 at byte 40"):
        rm.TFRecordIndex.build(path)
    with pytest.raises(FileNotFoundError):
        rm.TFRecordIndex.load(path.with_name("no"))
    text = path.with_name("text")
    text.write_text("0 19\nx 3\n")
    with pytest.raises(rm.RecordError, match="line 2: offset is not a number"):
        rm.TFRecordIndex.load(text)
    text.write_text("1 19\n")
    with pytest.raises(rm.RecordError, match="record 0 at byte 1: length crc"):
        rm.TFRecordIndex.load(text, path).read(0)


# ---- threads and processes ---------------------------------------------------------------------------------------


def in_threads(number: int, work: Any) -> None:
    failed: list[BaseException] = []

    def run(place: int) -> None:
        try:
            work(place)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_threads_share_a_writer_and_a_reader(path: Path, compression: str | None) -> None:
    with rm.TFRecordWriter(path, compression, index_path=None) as writer:

        def produce(place: int) -> None:
            for number in range(2000):
                writer.write(f"{place} {number} ".encode() + b"x" * (number % 700))
                if number % 500 == 0:
                    writer.flush()

        in_threads(4, produce)
    reader = rm.TFRecordReader(path)
    got: list[list[bytes]] = [[] for _ in range(4)]
    in_threads(4, lambda place: got[place].extend(reader))
    every = [tuple(map(int, record.split(b" ")[:2])) for part in got for record in part]
    assert sorted(every) == [(place, number) for place in range(4) for number in range(2000)]


def test_threads_share_an_index(path: Path) -> None:
    write(path, [str(n).encode() for n in range(1000)])
    index = rm.TFRecordIndex.build(path)

    def work(place: int) -> None:
        for number in range(place, 1000, 3):
            assert index.read(number) == str(number).encode()

    in_threads(4, work)


def child(work: Any) -> int:
    """Runs `work` in a fork and gives its exit status."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_reader_goes_on_after_a_fork(path: Path, compression: str | None) -> None:
    records = [str(n).encode() * 100 for n in range(20_000)]
    write(path, records, compression=compression)
    reader = rm.TFRecordReader(path)
    first = [next(reader) for _ in range(10)]

    def rest() -> None:
        assert list(reader) == records[10:]

    assert child(rest) == 0
    assert child(rest) == 0
    assert first + list(reader) == records


def test_a_fork_while_another_thread_reads(path: Path) -> None:
    """What the thread had in hand is lost to the child: it is told, and does not wait for ever."""
    fifo = path.with_name("fifo")
    os.mkfifo(fifo)
    other = os.open(fifo, os.O_RDWR)
    reader = rm.TFRecordReader(fifo)
    thread = threading.Thread(target=list, args=(reader,))
    thread.start()
    time.sleep(0.2)  # until it waits for the pipe

    def in_child() -> None:
        signal.alarm(20)
        for call in (lambda: next(reader), lambda: reader.lost, reader.close):
            with pytest.raises(RuntimeError, match="in use by another thread when the process was forked"):
                call()

    assert child(in_child) == 0
    again = os.open(fifo, os.O_WRONLY)
    os.close(other)
    os.write(again, T)
    os.close(again)
    thread.join()


READ = """
import sys, recordmill as rm
path = sys.argv[1]
print("reading", flush=True)
try:
    {}
except KeyboardInterrupt:
    print("interrupted")
"""


WORKS = ["list(rm.TFRecordReader(path, recovery='skip'))", "rm.verify(path)", "rm.inspect(path)"]


@pytest.mark.parametrize(
    ("work", "where"),
    [
        *itertools.product(WORKS, ["/dev/zero", "fifo with a writer", "fifo without a writer"]),
        ("rm.TFRecordIndex.build(path)", "fifo without a writer"),
    ],
)
def test_ctrl_c_ends_the_search_for_a_record(path: Path, work: str, where: str) -> None:
    other = None
    if "fifo" in where:
        os.mkfifo(path)
        if where == "fifo with a writer":
            other = os.open(path, os.O_RDWR)
        where = str(path)
    process = subprocess.Popen([sys.executable, "-c", READ.format(work), where], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "reading\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert process.communicate(timeout=20)[0] == "interrupted\n"
        assert time.monotonic() - start < 5
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if other is not None:
        os.close(other)


def test_a_writer_stays_with_its_process(path: Path) -> None:
    writers = [rm.TFRecordWriter(path)]
    writers[0].write(b"abc")

    def in_child() -> None:
        writer = writers.pop()
        for call in (lambda: writers[0].write(b"x"), writer.flush, writer.close, writer.discard):
            writers.append(writer)
            with pytest.raises(RuntimeError, match="belongs to the process that this one was forked from"):
                call()
            writers.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            del writer, call
            gc.collect()

    assert child(in_child) == 0
    writers[0].write(b"defgh")
    writers[0].write(b"ij")
    writers[0].close()
    assert path.read_bytes() == T


def count(path: Path) -> int:
    return sum(1 for _ in rm.TFRecordReader(path))


def encode(number: int) -> bytes:
    return rm.encode_example({"number": number})


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools(path: Path, method: str) -> None:
    write(path, [b"abc"] * 1000, compression="gzip")
    index_path = path.with_name("b")
    write(index_path, [b"abc"] * 10)
    index = rm.TFRecordIndex.build(index_path)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(count, [path] * 4) == [1000] * 4
        assert pool.map(index.read, range(10)) == [b"abc"] * 10
        assert pool.map(encode, range(3)) == [encode(n) for n in range(3)]


def test_the_interpreter_is_free_meanwhile(path: Path) -> None:
    """Another thread gets on while a large compressed file is written and read."""
    record = os.urandom(40 << 20)
    gaps = [0.0]
    done = threading.Event()

    def tick() -> None:
        last = time.monotonic()
        while not done.wait(0.001):
            now = time.monotonic()
            gaps.append(now - last)
            last = now

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        start = time.monotonic()
        write(path, [record], compression="gzip", workers=1)
        assert list(rm.TFRecordReader(path)) == [record]
        took = time.monotonic() - start
    finally:
        done.set()
        thread.join()
    assert max(gaps) < took / 3


def test_constant_memory(path: Path) -> None:
    program = """
import resource, sys
import recordmill as rm
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
with rm.TFRecordWriter(sys.argv[1], fsync=False) as writer:
    record = bytes(10_000)
    for _ in range(10_000): writer.write(record)
for record in rm.TFRecordReader(sys.argv[1]): pass
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 8_000  # KiB, for a file of 100 MB


@pytest.fixture
def golden(shared: Path) -> Iterator[dict[str, Any]]:
    import json

    with (shared / "data" / "tf_golden" / "frames.jsonl").open() as rows:
        yield [json.loads(row) for row in rows]  # type: ignore[misc]


def test_golden_frames(golden: list[dict[str, Any]], path: Path) -> None:
    """What TensorFlow gave for the odd files, `recovery="tf"` gives; rows of which the reference has the bytes."""
    seen = 0
    for row in golden:
        if row.get("file_hex") is None or row.get("records_hex") is None:
            continue
        path.write_bytes(bytes.fromhex(row["file_hex"]))
        reader = rm.TFRecordReader(path, compression=row["compression"], recovery="tf")
        records = []
        error = None
        try:
            for record in reader:
                records.append(record)  # noqa: PERF402
        except rm.RecordError as caught:
            error = caught
        name = f"{row['suite']} {row['name']}"
        assert [record.hex() for record in records] == row["records_hex"], name
        assert (error is None) == (row["error"] is None), name
        seen += 1
    assert seen >= 100
