"""Examples against tf.train.Example and TensorFlow's own parsing."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.tensorflow

integers = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1)
reals = st.lists(st.floats(-3.4e38, 3.4e38) | st.sampled_from([np.inf, -np.inf, np.nan, -0.0]), min_size=1)
strings = st.lists(st.binary(), min_size=1)
values = st.none() | integers | reals | strings
names = st.text(st.characters(exclude_categories=["Cs"]))


def to_feature(tf: Any, value: Any) -> Any:
    """The tf.train.Feature that the value is meant to be."""
    feature = tf.train.Feature
    if value is None:
        return feature()
    if isinstance(value[0], bytes):
        return feature(bytes_list=tf.train.BytesList(value=value))
    if isinstance(value[0], float):
        return feature(float_list=tf.train.FloatList(value=value))
    return feature(int64_list=tf.train.Int64List(value=value))


def to_example(tf: Any, features: dict[str, Any]) -> Any:
    return tf.train.Example(
        features=tf.train.Features(feature={key: to_feature(tf, value) for key, value in features.items()})
    )


def has_prefixes(keys: Any) -> bool:
    """Whether one key begins with another: upb sorts those otherwise (tf_semantics.md S5)."""
    ordered = sorted(key.encode() for key in keys)
    return any(longer.startswith(shorter) for shorter, longer in itertools.pairwise(ordered))


def same(message: Any, features: dict[str, Any]) -> bool:
    """Whether the message and what we decoded are equal; NaN is equal to NaN."""
    got = {}
    for key, feature in message.items():
        kind = feature.WhichOneof("kind")
        got[key] = None if kind is None else (kind, list(getattr(feature, kind).value))
    ours: dict[str, tuple[str, list[Any]] | None] = {}
    for key, value in features.items():
        if value is None:
            ours[key] = None
        elif isinstance(value, list):
            ours[key] = ("bytes_list", value)
        else:
            ours[key] = ("int64_list" if value.dtype == np.int64 else "float_list", value.tolist())
    return repr(dict(sorted(got.items()))) == repr(dict(sorted(ours.items())))


@given(st.dictionaries(names, values))
def test_bytes_are_those_of_tensorflow(tf: Any, features: dict[str, Any]) -> None:
    message = to_example(tf, features)
    ours = rm.encode_example(features)
    assert tf.train.Example.FromString(ours).SerializeToString(deterministic=True) == message.SerializeToString(
        deterministic=True
    )
    if not has_prefixes(features):
        assert ours == message.SerializeToString(deterministic=True)
    assert same(message.features.feature, rm.decode_example(message.SerializeToString()))


@given(st.dictionaries(names, values), st.dictionaries(names, st.lists(values)))
def test_sequence_bytes_are_those_of_tensorflow(tf: Any, context: dict[str, Any], lists: dict[str, Any]) -> None:
    message = tf.train.SequenceExample()
    for key, value in context.items():
        message.context.feature[key].CopyFrom(to_feature(tf, value))
    for key, steps in lists.items():
        message.feature_lists.feature_list[key].feature.extend(to_feature(tf, step) for step in steps)
    ours = rm.encode_sequence_example(context, lists)
    theirs = message.SerializeToString(deterministic=True)
    assert tf.train.SequenceExample.FromString(ours) == message
    if not has_prefixes(context) and not has_prefixes(lists):
        assert ours == theirs
    got_context, got_lists = rm.decode_sequence_example(theirs)
    assert same(message.context.feature, got_context)
    for key, steps in message.feature_lists.feature_list.items():
        assert len(got_lists[key]) == len(steps.feature)
        for step, got in zip(steps.feature, got_lists[key], strict=True):
            assert same({"step": step}, {"step": got})


@given(
    st.integers(1, 5).flatmap(
        lambda rows: st.fixed_dictionaries(
            {
                "ids": st.lists(st.integers(-(2**63), 2**63 - 1), min_size=rows, max_size=rows),
                "texts": st.lists(st.binary(max_size=300), min_size=rows, max_size=rows),
                "ragged": st.lists(st.lists(st.integers(0, 300)), min_size=rows, max_size=rows).filter(any),
                "reals": st.lists(st.floats(width=32), min_size=rows, max_size=rows),
            }
        )
    )
)
def test_columns_are_rows(tf: Any, columns: dict[str, Any]) -> None:
    made = rm.encode_examples(columns | {"boxes": np.arange(4 * len(columns["ids"]), dtype="f4").reshape(-1, 4)})
    for row, payload in enumerate(made):
        message = tf.train.Example.FromString(payload).features.feature
        assert list(message["ids"].int64_list.value) == [columns["ids"][row]]
        assert list(message["texts"].bytes_list.value) == [columns["texts"][row]]
        assert list(message["ragged"].int64_list.value) == columns["ragged"][row]
        assert message["ragged"].WhichOneof("kind") == "int64_list"
        assert repr(list(message["reals"].float_list.value)) == repr([columns["reals"][row]])
        assert list(message["boxes"].float_list.value) == [4.0 * row + place for place in range(4)]


def test_numpy_and_tensors(tf: Any) -> None:
    for value in (np.arange(5, dtype=">i2"), np.linspace(0, 1, 7).reshape(7, 1), np.array([True, False])):
        flat = value.ravel().tolist()
        theirs = to_example(tf, {"a": [int(v) if isinstance(v, bool) else v for v in flat]})
        assert rm.encode_example({"a": value}) == theirs.SerializeToString(deterministic=True)
    tensors = {
        "f": tf.constant([[1.5, 2.5]]),
        "i": tf.constant([1, 2]),
        "s": tf.constant([b"x", b"y"]),
        "one": tf.constant(3),
    }
    decoded = rm.decode_example(rm.encode_example(tensors))
    assert decoded["f"].tolist() == [1.5, 2.5]
    assert decoded["i"].tolist() == [1, 2]
    assert decoded["s"] == [b"x", b"y"]
    assert decoded["one"].tolist() == [3]
    ragged = tf.ragged.constant([[1, 2], [], [3]], dtype=tf.int64)
    rows = [rm.decode_example(row)["r"].tolist() for row in rm.encode_examples({"r": ragged})]
    assert rows == [[1, 2], [], [3]]


@pytest.mark.parametrize("text", ["16777217.0", "1e-46", "1e-45", "3.4028235e38", "3.4028235677973362e38", "0.1"])
def test_floats_round_as_tensorflow_has_it(tf: Any, text: str) -> None:
    value = float(text)
    theirs = to_example(tf, {"a": [value]}).SerializeToString(deterministic=True)
    for ours in (value, [value], [value, np.float64(value)][:1], np.array([value]), np.float64(value)):
        assert rm.encode_example({"a": ours}) == theirs


def test_where_tensorflow_writes_infinity_we_refuse(tf: Any) -> None:
    value = 3.4028235677973366e38
    assert to_example(tf, {"a": [value]}).features.feature["a"].float_list.value[0] == np.inf
    with pytest.raises(OverflowError, match="beyond the range of float32"):
        rm.encode_example({"a": value})


def test_tensorflow_parses_ours(tf: Any) -> None:
    features = {"i": [1, -2, 3], "f": 0.5, "s": ["ä", b"\xff"], "none": None, "empty": np.array([], "i8")}
    payload = rm.encode_example(features)
    spec = {
        "i": tf.io.FixedLenFeature([3], tf.int64),
        "f": tf.io.FixedLenFeature([], tf.float32),
        "s": tf.io.VarLenFeature(tf.string),
        "none": tf.io.VarLenFeature(tf.int64),
        "empty": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
        "missing": tf.io.FixedLenFeature([], tf.int64, default_value=7),
    }
    for parsed in (
        tf.io.parse_single_example(payload, spec),
        {key: value[0] if key in "if" else value for key, value in tf.io.parse_example([payload], spec).items()},
    ):
        assert parsed["i"].numpy().tolist() == [1, -2, 3]
        assert parsed["f"].numpy() == 0.5
        assert parsed["s"].values.numpy().tolist() == ["ä".encode(), b"\xff"]
        assert parsed["none"].values.numpy().size == 0
        assert parsed["empty"].numpy().size == 0
        assert parsed["missing"].numpy() == 7
    sequence = rm.encode_sequence_example({"c": 1}, {"words": [["a", "b"], ["c"]]})
    context, lists = tf.io.parse_single_sequence_example(
        sequence,
        {"c": tf.io.FixedLenFeature([], tf.int64)},
        {"words": tf.io.RaggedFeature(tf.string)},
    )
    assert context["c"].numpy() == 1
    assert lists["words"].to_list() == [[b"a", b"b"], [b"c"]]


def test_golden_wires(shared: Path) -> None:
    """What `Example.FromString` gave or refused, we give or refuse."""
    with (shared / "data" / "tf_golden" / "wire.jsonl").open() as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 150
    letters = {"b": list, "f": np.float32, "i": np.int64}
    for row in rows:
        payload = bytes.fromhex(row["hex"])
        if row["FromString_error"] is not None:
            with pytest.raises(rm.ExampleError):
                rm.decode_example(payload)
            continue
        decoded = rm.decode_example(payload)
        assert decoded.keys() == row["FromString"].keys(), row["name"]
        for key, expected in row["FromString"].items():
            value = decoded[key]
            if value is None:
                assert not expected or expected[0] not in letters, row["name"]
                continue
            kind, wanted = expected
            if kind == "b":
                assert ["0x" + item.hex() for item in value] == wanted, row["name"]
            else:
                assert value.dtype == letters[kind], row["name"]
                np.testing.assert_array_equal(value, np.array(wanted, value.dtype), row["name"])
