"""TensorFlow reads every file that we write, and we every one that it writes."""

from pathlib import Path
from typing import Any

import pytest
import recordmill as rm
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.tensorflow

COMPRESSIONS = ["", "GZIP", "ZLIB"]
PAYLOADS = [b"", b"a", b"abc" * 100, bytes(range(256)) * 1024, *(str(n).encode() for n in range(5000))]


def read_by(tf: Any, path: Path, compression: str) -> list[list[bytes]]:
    """The records in all ways that TensorFlow has."""
    name = str(path)
    options = tf.io.TFRecordOptions(compression)
    ways = [list(tf.compat.v1.io.tf_record_iterator(name, options))]
    for more in ({}, {"buffer_size": 0}, {"buffer_size": 1 << 20}, {"num_parallel_reads": 2}):
        dataset = tf.data.TFRecordDataset([name], compression_type=compression, **more)
        ways.append(list(dataset.as_numpy_iterator()))
    return ways


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("workers", [1, 3])
def test_tensorflow_reads_ours(tf: Any, tmp_path: Path, compression: str, workers: int) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, compression, workers=workers) as writer:
        for payload in PAYLOADS:
            writer.write(payload)
    for records in read_by(tf, path, compression):
        assert records == PAYLOADS
    if not compression:
        with tf.io.TFRecordWriter(str(tmp_path / "b")) as theirs:
            for payload in PAYLOADS:
                theirs.write(payload)
        assert path.read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_tensorflow_reads_ours_with_flushes_and_without_records(tf: Any, tmp_path: Path, compression: str) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, compression) as writer:
        for payload in PAYLOADS[:20]:
            writer.write(payload)
            writer.flush()
            writer.flush()
    assert all(records == PAYLOADS[:20] for records in read_by(tf, path, compression))
    rm.TFRecordWriter(path, compression).close()
    assert all(records == [] for records in read_by(tf, path, compression))


def test_tensorflow_interleaves_our_shards(tf: Any, tmp_path: Path) -> None:
    paths = []
    for shard in range(3):
        paths.append(str(tmp_path / f"{shard}"))
        with rm.TFRecordWriter(paths[-1]) as writer:
            for number in range(4 - shard):
                writer.write(f"{shard}.{number}")
    dataset = tf.data.TFRecordDataset(paths, num_parallel_reads=2)
    assert b" ".join(dataset.as_numpy_iterator()) == b"0.0 1.0 0.1 1.1 0.2 1.2 0.3 2.0 2.1"
    dataset = tf.data.TFRecordDataset(paths, num_parallel_reads=3)
    assert b" ".join(dataset.as_numpy_iterator()) == b"0.0 1.0 2.0 0.1 1.1 2.1 0.2 1.2 0.3"
    assert list(rm.TFRecordReader(paths)) == list(tf.data.TFRecordDataset(paths).as_numpy_iterator())


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("flush", [0, 1, 7])
def test_we_read_tensorflows(tf: Any, tmp_path: Path, compression: str, flush: int) -> None:
    path = tmp_path / "a.tfrecord"
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression)) as writer:
        for place, payload in enumerate(PAYLOADS[:500]):
            writer.write(payload)
            if flush and place % flush == 0:
                writer.flush()
    for recovery in ("strict", "tolerate_tail", "skip", "tf"):
        assert list(rm.TFRecordReader(path, recovery=recovery)) == PAYLOADS[:500]
        named = rm.TFRecordReader(path, recovery=recovery, compression=compression)
        assert list(named) == PAYLOADS[:500]


@given(st.lists(st.binary(max_size=5000)), st.sampled_from(COMPRESSIONS))
def test_random_records(tf: Any, tmp_path: Path, payloads: list[bytes], compression: str) -> None:
    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path, compression, fsync=False) as writer:
        for payload in payloads:
            writer.write(payload)
    assert list(tf.compat.v1.io.tf_record_iterator(str(path), tf.io.TFRecordOptions(compression))) == payloads
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions(compression)) as theirs:
        for payload in payloads:
            theirs.write(payload)
    assert list(rm.TFRecordReader(path)) == payloads


@pytest.mark.usefixtures("tf")
def test_index_offsets_are_tensorflows(tmp_path: Path) -> None:
    from tensorflow.python.lib.io import tf_record

    path = tmp_path / "a.tfrecord"
    with rm.TFRecordWriter(path) as writer:
        for payload in PAYLOADS[:100]:
            writer.write(payload)
    reader = tf_record.tf_record_random_reader(str(path))
    for place, (offset, size) in enumerate(rm.TFRecordIndex.build(path)):
        assert reader.read(offset) == (PAYLOADS[place], offset + size)
