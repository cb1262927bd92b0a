"""What `inspect` says of TFRecord files that TensorFlow wrote is what TensorFlow itself reads in them.

The expectations are computed from `FromString` of TensorFlow's messages and from `tf.io.parse_single_example`.
"""

import gzip
import math
import struct
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from hypothesis import given
from hypothesis import strategies as st

from tests.python.test_tensorflow_example import names, to_example, to_feature, values

pytestmark = pytest.mark.tensorflow

COMPRESSIONS = ["", "GZIP", "ZLIB"]
# More different values than this, or longer ones, are not listed.
DISTINCT, LONG = 20, 64
EXTREMES = [-(2**63), 2**63 - 1, 0, -1]


def write(tf: Any, path: Path, payloads: Iterable[bytes], compression: str = "") -> Path:
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for payload in payloads:
            writer.write(payload)
    return path


def parsed(message: Any, payload: bytes) -> Any:
    """What TensorFlow makes of the payload, and nothing where it refuses."""
    try:
        return message.FromString(payload)
    except Exception as error:  # noqa: BLE001
        # `google.protobuf` is TensorFlow's own, of whichever version.
        assert type(error).__name__ == "DecodeError"  # noqa: PT017
        return None


def is_known(message: Any) -> bool:
    """Whether it has no field that it does not know."""
    with_unknown = message.ByteSize()
    message.DiscardUnknownFields()
    return bool(with_unknown == message.ByteSize())


def spread(counts: list[int]) -> dict[str, Any] | None:
    return (
        {"min": min(counts), "mean": pytest.approx(sum(counts) / len(counts)), "max": max(counts)} if counts else None
    )


def is_text(value: bytes) -> bool:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    return not any((ord(char) < 32 and char not in "\t\n\r") or ord(char) == 127 for char in text)


def expected_feature(key: str, features: list[Any], present: int, steps: list[int] | None) -> dict[str, Any]:
    """The schema of one key from its `tf.train.Feature`s."""
    kinds = [feature.WhichOneof("kind") for feature in features]
    lists = [
        [] if kind is None else list(getattr(feature, kind).value)
        for feature, kind in zip(features, kinds, strict=True)
    ]
    of = {
        name: [value for kind, values in zip(kinds, lists, strict=True) if kind == name for value in values]
        for name in ("int64_list", "float_list", "bytes_list")
    }
    ints, floats, strings = of["int64_list"], of["float_list"], of["bytes_list"]
    finite = [value for value in floats if math.isfinite(value)]
    few = dict(sorted(Counter(ints).items()))
    texts = Counter(strings)
    listed = len(texts) <= DISTINCT and all(is_text(value) and len(value) <= LONG for value in texts)
    return {
        "key": key,
        "present": present,
        "kinds": dict(Counter("unset" if kind is None else kind.removesuffix("_list") for kind in kinds)),
        "lengths": spread([len(values) for values in lists]),
        "steps": None if steps is None else spread(steps),
        "int64": {
            "min": min(ints),
            "max": max(ints),
            "distinct": [{"value": value, "count": count} for value, count in few.items()]
            if len(few) <= DISTINCT
            else None,
        }
        if ints
        else None,
        "float": {
            "min": min(finite, default=None),
            "max": max(finite, default=None),
            "nan": sum(math.isnan(value) for value in floats),
            "infinite": sum(math.isinf(value) for value in floats),
        }
        if floats
        else None,
        "bytes": {
            "sizes": spread([len(value) for value in strings]),
            "text": all(is_text(value) for value in strings),
            "distinct": [{"value": value.decode(), "count": count} for value, count in sorted(texts.items())]
            if listed
            else None,
        }
        if strings
        else None,
    }


def expected(tf: Any, payloads: list[bytes]) -> dict[str, Any]:
    """The schema of records as TensorFlow reads them."""
    counts: Counter[str] = Counter()
    features: dict[str, list[Any]] = {}
    lists: dict[str, list[list[Any]]] = {}
    for payload in payloads:
        sequence = parsed(tf.train.SequenceExample, payload)
        example = parsed(tf.train.Example, payload)
        if sequence is not None and sequence.feature_lists.feature_list:
            counts["sequence_examples"] += 1
            context = sequence.context.feature
            for key, steps in sequence.feature_lists.feature_list.items():
                lists.setdefault(key, []).append(list(steps.feature))
        # What has nothing but fields that TensorFlow does not know is a message of another kind.
        elif example is not None and (example.features.feature or (sequence is not None and is_known(sequence))):
            counts["examples"] += 1
            context = example.features.feature
        else:
            counts["other"] += 1
            continue
        for key, feature in context.items():
            features.setdefault(key, []).append(feature)
    return {
        **{kind: counts[kind] for kind in ("examples", "sequence_examples", "other")},
        "features": [
            expected_feature(key, found, len(found), None)
            for key, found in sorted(features.items(), key=lambda row: row[0].encode())
        ],
        "feature_lists": [
            expected_feature(
                key, [step for steps in found for step in steps], len(found), [len(steps) for steps in found]
            )
            for key, found in sorted(lists.items(), key=lambda row: row[0].encode())
        ],
        "keys_left_out": 0,
    }


def compare(tf: Any, path: Path, compression: str = "") -> Any:
    """Holds the report of a file against TensorFlow's reading of it."""
    payloads = list(tf.data.TFRecordDataset(str(path), compression_type=compression).as_numpy_iterator())
    found = rm.inspect(path)
    assert found["records"] == len(payloads)
    assert found["complete"]
    assert found["damage"] == []
    assert found["payload"] == spread([len(payload) for payload in payloads])
    assert found["data_bytes"] == sum(len(payload) + 16 for payload in payloads)
    assert found["file_bytes"] == path.stat().st_size
    schema: dict[str, Any] = {**found["schema"]}
    for rows in ("features", "feature_lists"):
        for row in schema[rows]:
            del row["looks_like"]
            if row["float"] is not None:
                # JSON has the shortest decimals of 32 bits.
                for end in ("min", "max"):
                    row["float"][end] = None if row["float"][end] is None else float(np.float32(row["float"][end]))
            if row["bytes"] is not None:
                for fact in ("images", "depth", "width", "height"):
                    del row["bytes"][fact]
    assert schema == expected(tf, payloads)
    return found


def odd_examples(tf: Any) -> list[bytes]:
    """Examples that TensorFlow writes, with what is odd in them."""
    feature, example = tf.train.Feature, tf.train.Example
    examples = [
        example(),
        example(features=tf.train.Features()),
        to_example(tf, {"unset": None, "a": [1]}),
        to_example(tf, {"": [7], "日本/é": [b"x"], "😀": [0.5], "a\0b": [1]}),
        to_example(tf, {"a": EXTREMES, "f": [math.nan, math.inf, -math.inf, -0.0, 1e-45, 3.4028234663852886e38]}),
        # Other kinds under the same key.
        to_example(tf, {"a": [2.5], "f": [b"text"]}),
        to_example(tf, {"a": [b"\xff\x00", b""], "f": [3]}),
        to_example(tf, {"f": [math.nan]}),
        to_example(tf, {"long": list(range(5000)), "b": [bytes(100_000)]}),
        to_example(tf, {f"key{number}": [number] for number in range(300)}),
    ]
    empty = example()
    empty.features.feature["a"].int64_list.SetInParent()
    empty.features.feature["f"].float_list.SetInParent()
    empty.features.feature["b"].bytes_list.SetInParent()
    assert [empty.features.feature[key].WhichOneof("kind") for key in "afb"] == [
        "int64_list",
        "float_list",
        "bytes_list",
    ]
    examples.append(empty)
    # Values that 32 bits cannot hold.
    examples.append(
        example(
            features=tf.train.Features(feature={"f": feature(float_list=tf.train.FloatList(value=[16777217, 1e300]))})
        )
    )
    return [message.SerializeToString() for message in examples]


def odd_sequences(tf: Any) -> list[bytes]:
    message = tf.train.SequenceExample()
    message.context.feature["c"].CopyFrom(to_feature(tf, [1]))
    steps: list[Any] = [[2], None, [3, 4, 5]]
    for value in steps:
        message.feature_lists.feature_list["s"].feature.append(to_feature(tf, value))
    # A list without steps.
    message.feature_lists.feature_list["none"].SetInParent()
    mixed = tf.train.SequenceExample()
    steps = [[0.5], [b"x"], [1]]
    for value in steps:
        mixed.feature_lists.feature_list["s"].feature.append(to_feature(tf, value))
    alone = tf.train.SequenceExample()
    alone.context.feature["c"].CopyFrom(to_feature(tf, [b"no lists"]))
    nothing = tf.train.SequenceExample()
    nothing.context.SetInParent()
    nothing.feature_lists.SetInParent()
    return [one.SerializeToString() for one in (message, mixed, alone, nothing)]


def field(number: int, data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([number << 3 | 2, len(data)]) + data


def entry(key: bytes, feature: bytes) -> bytes:
    return field(1, field(1, key) + field(2, feature))


def odd_wires() -> dict[str, bytes]:
    """Bytes that no writer of TensorFlow's gives, but other protobuf libraries and tools that put bytes together."""
    ints, more = field(3, field(1, b"\x01\x02")), field(3, field(1, b"\x03"))
    floats, strings = field(2, field(1, struct.pack("<f", 0.5))), field(1, field(1, b"x"))
    group = b"\x4b\x08\x01\x4c"
    plain = field(1, entry(b"a", ints))
    return {
        "unpacked integers": field(1, entry(b"a", field(3, b"\x08\x01\x08\x02"))),
        "unpacked floats": field(
            1, entry(b"f", field(2, b"\x0d" + struct.pack("<f", 1.5) + b"\x0d" + struct.pack("<f", -2)))
        ),
        "two packed runs": field(1, entry(b"a", field(3, field(1, b"\x01") + field(1, b"\x02\x03")))),
        "packed and unpacked": field(1, entry(b"a", field(3, field(1, b"\x01") + b"\x08\x05"))),
        "unpacked and packed": field(1, entry(b"a", field(3, b"\x08\x05" + field(1, b"\x01")))),
        "an empty packed run before": field(1, entry(b"a", field(3, field(1, b"") + field(1, b"\x09")))),
        "the same key twice": field(1, entry(b"a", ints) + entry(b"a", more)),
        "the same key twice, then without a kind": field(1, entry(b"a", ints) + entry(b"a", b"")),
        "the same key twice, of other kinds": field(1, entry(b"a", ints) + entry(b"a", strings)),
        "two messages one behind the other": field(1, entry(b"a", ints)) + field(1, entry(b"f", floats)),
        "two empty messages": field(1, b"") * 2,
        "a kind twice": field(1, entry(b"a", ints + more)),
        "two kinds": field(1, entry(b"a", ints + floats)),
        "two kinds and the first again": field(1, entry(b"a", ints + floats + more)),
        "two values in an entry": field(1, field(1, field(1, b"a") + field(2, ints) + field(2, more))),
        "the value before the key": field(1, field(1, field(2, ints) + field(1, b"a"))),
        "no key": field(1, field(1, field(2, ints))),
        "no value": field(1, field(1, field(1, b"a"))),
        "an empty entry": field(1, field(1, b"")),
        "an unknown number behind": plain + b"\x48\x05",
        "an unknown number before": b"\x48\x05" + plain,
        "an unknown group": group + plain,
        "an unknown field in Features": field(1, b"\x48\x05" + entry(b"a", ints)),
        "an unknown field in an entry": field(1, field(1, field(1, b"a") + field(2, ints) + b"\x48\x05")),
        "an unknown field in a feature": field(1, entry(b"a", b"\x48\x05" + ints)),
        "an unknown field in a list": field(1, entry(b"a", field(3, b"\x48\x05" + field(1, b"\x01")))),
        "another wire type in a list": field(1, entry(b"a", field(3, b"\x0d\x01\0\0\0"))),
        "a number of ten bytes": field(1, entry(b"a", field(3, field(1, b"\x81" + b"\x80" * 8 + b"\0")))),
        "a number of ten bytes and too many bits": field(1, entry(b"a", field(3, field(1, b"\xff" * 9 + b"\x7f")))),
        "a number of eleven bytes": field(1, entry(b"a", field(3, field(1, b"\x81" + b"\x80" * 9 + b"\0")))),
        "a long tag": b"\x8a\0" + plain[1:],
        "a long length": plain[:1] + bytes([plain[1] | 0x80, 0]) + plain[2:],
        "floats of five bytes": field(1, entry(b"f", field(2, field(1, b"\0\0\0\x3f\0")))),
        "a key that is no UTF-8": field(1, entry(b"\xff", ints)),
        "half a surrogate as key": field(1, entry(b"\xed\xa0\x80", ints)),
        "a tag of nothing": plain + b"\0",
        "cut": plain[:-1],
        "cut behind the first tag": plain[:1],
        "an end without a group": plain + b"\x4c",
        "the same list twice": field(2, entry(b"s", field(1, ints)) + entry(b"s", field(1, more) * 2)),
        "lists before context": field(2, entry(b"s", field(1, ints))) + plain,
        "lists that are none": plain + field(2, b"\x80"),
        "a number in the place of lists": plain + b"\x10\x05",
    }


def no_examples() -> list[bytes]:
    """Payloads of other things: empty, text, JSON, pickles, numbers, zeros."""
    return [
        b"",
        b"hello",
        b'{"a": 1}',
        b"\x80\x04K\x01.",
        bytes(16),
        struct.pack("<4d", 1, 2, 3, 4),
        b"\xff\xd8\xff\xe0",
        b"\x48\x05",
    ]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_all_oddities_in_one_file(tf: Any, tmp_path: Path, compression: str) -> None:
    payloads = [*odd_examples(tf), *odd_sequences(tf), *odd_wires().values(), *no_examples()]
    path = write(tf, tmp_path / "odd", payloads, compression)
    found = compare(tf, path, compression)
    assert found["compression"] == (compression.lower() or "none")
    assert found["schema"]["sequence_examples"] == 4
    kinds = {row["key"]: row["kinds"] for row in found["schema"]["features"]}
    assert kinds["a"].keys() == {"int64", "float", "bytes", "unset"}


@pytest.mark.parametrize("name", odd_wires())
def test_each_odd_wire(tf: Any, tmp_path: Path, name: str) -> None:
    compare(tf, write(tf, tmp_path / "odd", [odd_wires()[name]]))


def test_each_oddity_of_tensorflow_alone(tf: Any, tmp_path: Path) -> None:
    for number, payload in enumerate([*odd_examples(tf), *odd_sequences(tf), *no_examples()]):
        compare(tf, write(tf, tmp_path / f"{number}", [payload]))


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_no_record_at_all(tf: Any, tmp_path: Path, compression: str) -> None:
    found = compare(tf, write(tf, tmp_path / "none", [], compression), compression)
    assert (found["payload"], found["first"]) == (None, None)


def test_several_compressed_members(tf: Any, tmp_path: Path) -> None:
    payloads = odd_examples(tf)
    path = write(tf, tmp_path / "plain", payloads)
    data, cut = path.read_bytes(), 57
    members = tmp_path / "members"
    members.write_bytes(gzip.compress(data[:cut]) + gzip.compress(data[cut:]))
    assert compare(tf, members, "GZIP")["records"] == len(payloads)


def test_files_that_break_off(tf: Any, tmp_path: Path) -> None:
    """Of every beginning of a file as many records as TensorFlow gives before it stops."""
    payloads = [to_example(tf, {"a": [1]}).SerializeToString(), b"", b"abc"]
    data = write(tf, tmp_path / "whole", payloads).read_bytes()
    path = tmp_path / "cut"
    for end in range(len(data) + 1):
        path.write_bytes(data[:end])
        records = 0
        try:
            for _ in tf.compat.v1.io.tf_record_iterator(str(path)):
                records += 1
        except tf.errors.DataLossError:
            pass
        found = rm.inspect(path)
        assert found["records"] == records, end
        # TensorFlow says nothing of 1 to 11 bytes; that something is lost is told all the same.
        whole = end in (0, *np.cumsum([len(payload) + 16 for payload in payloads]).tolist())
        assert (found["damage"] == []) == whole, end


@given(
    records=st.lists(st.dictionaries(names, values, max_size=6), max_size=8), compression=st.sampled_from(COMPRESSIONS)
)
def test_any_examples(tf: Any, tmp_path: Path, records: list[dict[str, Any]], compression: str) -> None:
    payloads = [to_example(tf, features).SerializeToString() for features in records]
    compare(tf, write(tf, tmp_path / "any", payloads, compression), compression)


KEYS = st.sampled_from("abc")
SMALL = (
    st.none()
    | st.lists(st.integers(0, 3), max_size=2)
    | st.lists(st.sampled_from([0.5, math.nan]), min_size=1, max_size=2)
)


@given(
    records=st.lists(
        st.dictionaries(KEYS, SMALL | st.lists(st.just(b"x"), min_size=1, max_size=2)), min_size=1, max_size=4
    )
)
def test_what_parses_is_what_the_report_says(tf: Any, tmp_path: Path, records: list[dict[str, Any]]) -> None:
    """Presence, kinds and lengths decide what `tf.io.parse_single_example` takes; it is asked for every kind and length."""
    messages = [to_example(tf, {key: value for key, value in features.items() if value != []}) for features in records]
    for message, features in zip(messages, records, strict=True):
        for key, value in features.items():
            if value == []:
                message.features.feature[key].int64_list.SetInParent()
    payloads = [message.SerializeToString() for message in messages]
    found = rm.inspect(write(tf, tmp_path / "small", payloads))
    kinds = {"int64": tf.int64, "float": tf.float32, "bytes": tf.string}

    def parses(key: str, feature: Any) -> bool:
        try:
            for payload in payloads:
                tf.io.parse_single_example(payload, {key: feature})
        except tf.errors.InvalidArgumentError:
            return False
        return True

    for row in found["schema"]["features"]:
        lengths, of = row["lengths"], row["kinds"].keys()
        assert lengths is not None
        for kind, dtype in kinds.items():
            assert parses(row["key"], tf.io.VarLenFeature(dtype)) == (of <= {kind, "unset"})
            for length in (1, 2):
                fixed = (
                    row["present"] == found["records"] and of == {kind} and lengths["min"] == lengths["max"] == length
                )
                assert parses(row["key"], tf.io.FixedLenFeature([length], dtype)) == fixed
