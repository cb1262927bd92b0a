"""Examples from Python values and back: what is taken, as what, and what is refused."""

import array
import gc
import sys
import tracemalloc
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from hypothesis import given
from hypothesis import strategies as st


def wire(kind: int, body: bytes, key: bytes = b"a") -> bytes:
    """An Example of one feature whose list has this body."""
    inner = bytes([kind << 3 | 2, len(body)]) + body if kind else b""
    entry = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(inner)]) + inner
    features = b"\x0a" + bytes([len(entry)]) + entry
    return b"\x0a" + bytes([len(features)]) + features


def ints(*values: int) -> bytes:
    """An int64_list of small values."""
    return wire(3, b"\x0a" + bytes([len(values)]) + bytes(values))


def floats(*values: float) -> bytes:
    packed = np.asarray(values, "<f4").tobytes()
    return wire(2, b"\x0a" + bytes([len(packed)]) + packed)


def texts(*values: bytes) -> bytes:
    return wire(1, b"".join(b"\x0a" + bytes([len(value)]) + value for value in values))


UNSET = wire(0, b"")

TAKEN: list[tuple[Any, bytes]] = [
    (1, ints(1)),
    (True, ints(1)),
    (False, ints(0)),
    (0.5, floats(0.5)),
    (b"x", texts(b"x")),
    ("ü", texts("ü".encode())),
    (bytearray(b"x\0"), texts(b"x\0")),
    (memoryview(b"xyz")[1:], texts(b"yz")),
    (memoryview(b"abcdef")[::2], texts(b"ace")),
    (None, UNSET),
    ([], UNSET),
    ((), UNSET),
    ([1, 2], ints(1, 2)),
    ((1, 2), ints(1, 2)),
    ([1, True], ints(1, 1)),
    ([1, 0.5], floats(1, 0.5)),
    ([0.5, 1], floats(0.5, 1)),
    ([True, 0.5], floats(1, 0.5)),
    ([2**70, 0.5], floats(2.0**70, 0.5)),
    ([b"x", "y"], texts(b"x", b"y")),
    (["", bytearray(b"b"), memoryview(b"c")], texts(b"", b"b", b"c")),
    ([np.bytes_(b"x"), np.str_("y")], texts(b"x", b"y")),
    (np.int8(3), ints(3)),
    (np.uint64(3), ints(3)),
    (np.bool_(True), ints(1)),
    (np.float16(0.5), floats(0.5)),
    (np.float32(0.5), floats(0.5)),
    (np.float64(0.5), floats(0.5)),
    ([np.int64(1), 2, np.uint8(3)], ints(1, 2, 3)),
    ([np.float32(1), 2], floats(1, 2)),
    ([np.bool_(True), np.array(2)], ints(1, 2)),
    (np.array(7), ints(7)),
    (np.array([], "f4"), wire(2, b"")),
    (np.array([], "i4"), wire(3, b"")),
    (np.array([], "S1"), wire(1, b"")),
    (np.zeros((0, 4), "f8"), wire(2, b"")),
    (np.arange(6).reshape(2, 3), ints(0, 1, 2, 3, 4, 5)),
    (np.arange(6).reshape(2, 3).T, ints(0, 3, 1, 4, 2, 5)),
    (np.arange(10)[::-3], ints(9, 6, 3, 0)),
    (np.asfortranarray(np.arange(6, dtype="f4").reshape(2, 3)), floats(0, 1, 2, 3, 4, 5)),
    (np.broadcast_to(np.int32(5), (3,)), ints(5, 5, 5)),
    (np.array([True, False]), ints(1, 0)),
    (np.array([[b"ab", b"c"]]), texts(b"ab", b"c")),
    (np.array(["ä", ""]), texts("ä".encode(), b"")),
    (np.array(["ä"]).astype(">U1"), texts("ä".encode())),
    (np.array([b"x\0y\0", "z"], object), texts(b"x\0y\0", b"z")),
    (np.array([1, 2.5], object), floats(1, 2.5)),
    (array.array("B", [1, 2]), ints(1, 2)),
    (array.array("d", [0.5]), floats(0.5)),
    (memoryview(array.array("h", [1, 2])), ints(1, 2)),
    (memoryview(np.ones((2, 2), "u1").data), ints(1, 1, 1, 1)),
]


@pytest.mark.parametrize(
    ("value", "expected"), TAKEN, ids=[f"{type(v).__name__}-{n}" for n, (v, _) in enumerate(TAKEN)]
)
def test_takes(value: Any, expected: bytes) -> None:
    assert rm.encode_example({"a": value}) == expected


@pytest.mark.parametrize("letter", "bhilqBHILQ")
@pytest.mark.parametrize("order", "<>")
def test_integer_dtypes(letter: str, order: str) -> None:
    dtype = np.dtype(order + letter)
    limits = np.iinfo(dtype)
    values = np.array([limits.min, 0, 1, min(limits.max, 2**63 - 1)], dtype)
    decoded = rm.decode_example(rm.encode_example({"a": values}))["a"]
    assert decoded.dtype == np.int64
    assert decoded.tolist() == values.tolist()


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
def test_float_dtypes(dtype: str) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    values = np.array([0.1, -0.0, np.inf, -np.inf, np.nan, tiny, np.float16(65504)], dtype)
    decoded = rm.decode_example(rm.encode_example({"a": values}))["a"]
    assert decoded.dtype == np.float32
    np.testing.assert_array_equal(decoded, values.astype("f4"))
    assert np.signbit(decoded[1])


def test_every_float16() -> None:
    every = np.arange(65536, dtype="u2").view("f2")
    decoded = rm.decode_example(rm.encode_example({"a": every}))["a"]
    np.testing.assert_array_equal(decoded, every.astype("f4"))


class Index:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


class Array:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.value


def test_protocols() -> None:
    assert rm.encode_example({"a": Index(3)}) == ints(3)
    assert rm.encode_example({"a": [Index(3), 4]}) == ints(3, 4)
    assert rm.encode_example({"a": Array(np.array([1.5]))}) == floats(1.5)
    with pytest.raises(TypeError, match='feature "a": cannot encode Array'):
        rm.encode_example({"a": Array(Array(np.array([1])))})


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (
        2**63,
        OverflowError,
        r'feature "a": int 9223372036854775808 is beyond 64 bits, allowed are -2\*\*63 to 2\*\*63 - 1',
    ),
    (-(2**63) - 1, OverflowError, "beyond 64 bits"),
    ([1, 2**64], OverflowError, "int 18446744073709551616 is beyond 64 bits"),
    ([0.5, 10**400], OverflowError, "is beyond 64 bits"),
    (np.array([1, 2**63], "u8"), OverflowError, "int 9223372036854775808 is beyond 64 bits"),
    (np.uint64(2**63), OverflowError, "beyond 64 bits"),
    (1e300, OverflowError, 'feature "a": 1e300 is beyond the range of float32'),
    ([0.5, -1e39], OverflowError, "-1e39 is beyond the range of float32"),
    (np.array([1e39]), OverflowError, "1e39 is beyond the range of float32"),
    ([1, b"x"], TypeError, 'feature "a": element 0 is int and element 1 is bytes, one feature holds one kind'),
    (["x", 0.5], TypeError, "element 0 is str and element 1 is float"),
    ([[1]], TypeError, 'feature "a": element 0 is list, expected int, float, bool, bytes or str'),
    ([1, None], TypeError, "element 1 is NoneType"),
    ([np.arange(2)], TypeError, "element 0 is ndarray"),
    ({"b": 1}, TypeError, 'feature "a": cannot encode dict'),
    ({1}, TypeError, "cannot encode set"),
    (1j, TypeError, "cannot encode complex"),
    (np.array([1j]), TypeError, "cannot encode ndarray of element type"),
    (np.zeros(1, np.longdouble), TypeError, "cannot encode ndarray of element type"),
    (np.zeros(1, [("x", "i4")]), TypeError, "cannot encode ndarray of element type"),
    (np.array(["2020-01-01"], "M8[D]"), TypeError, "cannot encode ndarray"),
    (np.array([[1], None], object), TypeError, "element 0 is list"),
    (
        np.ma.masked_equal([1, 2], 2),
        TypeError,
        r'feature "a": cannot encode MaskedArray, which may hide values; fill them in with \.filled\(\)',
    ),
    (np.ma.masked_equal(["a", "b"], "b"), TypeError, "cannot encode MaskedArray"),
    (np.ma.masked, TypeError, "cannot encode MaskedConstant"),
    ([1, np.ma.masked], TypeError, "cannot encode MaskedConstant"),
    (int, TypeError, "cannot encode type"),
    (object(), TypeError, "cannot encode object"),
    ("\ud800", UnicodeEncodeError, "surrogates not allowed"),
]


@pytest.mark.parametrize(("value", "error", "message"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_refuses(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        rm.encode_example({"a": value})


def test_names_the_feature_in_foreign_errors() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        rm.encode_example({"size": Raises()})
    assert caught.value.__notes__ == ['in feature "size"']


class Raises:
    def __index__(self) -> int:
        return 1 // 0


def test_keys() -> None:
    assert rm.encode_example({}) == b"\x0a\x00"
    untyped: Any = rm.encode_example
    assert untyped({b"a": 1}) == ints(1)
    assert rm.encode_example(OrderedDict(a=1)) == rm.encode_example(MappingProxyType({"a": 1})) == ints(1)
    unsorted = {"b": 1, "é": 2, "": 3, "ab": 4, "a": 5, "Z": 6, "😀": 7, "\uffff": 8}
    decoded = rm.decode_example(rm.encode_example(unsorted))
    assert list(decoded) == ["", "Z", "a", "ab", "b", "é", "\uffff", "😀"]
    with pytest.raises(ValueError, match='feature "a" is given twice'):
        untyped({"a": 1, b"a": 2})
    with pytest.raises(UnicodeDecodeError):
        untyped({b"\xff": 1})
    with pytest.raises(UnicodeEncodeError):
        rm.encode_example({"\ud800": 1})
    with pytest.raises(TypeError, match="feature names must be str, not int"):
        untyped({1: 1})
    with pytest.raises(TypeError, match="features must be a dict of names to values, not list"):
        untyped([1])


def test_a_value_that_changes_the_dict() -> None:
    features: dict[str, Any] = {}

    class Clears:
        def __index__(self) -> int:
            features.clear()
            return rm.decode_example(rm.encode_example({"inner": 5}))["inner"][0].item()

    features.update(x=b"1" * 10_000, a=Clears(), b=b"2" * 10_000, c=[b"3" * 100, "4"])
    decoded = rm.decode_example(rm.encode_example(features))
    assert decoded == {"a": np.array([5]), "b": [b"2" * 10_000], "c": [b"3" * 100, b"4"], "x": [b"1" * 10_000]}
    features.update(x=b"1", y=[0.5], a=Clears(), b=3, c=["4"])
    assert len(rm.decode_example(rm.encode_example(features))) == 5
    values: list[Any] = [1, 2, 3]

    class Shrinks:
        def __index__(self) -> int:
            values.clear()
            return 1

    values[1] = Shrinks()
    assert rm.encode_example({"a": values}) == ints(1, 1)


def test_order_of_keys_is_remembered_and_forgotten() -> None:
    for features in ({"b": 1, "a": 2}, {"b": 3, "a": 4}, {"a": 5, "b": 6}, {}, {"ba": 7}, {"b": 8, "a": 9}, {"ab": 1}):
        decoded = rm.decode_example(rm.encode_example(features))
        assert {key: int(value[0]) for key, value in decoded.items()} == features


def test_decodes_to_arrays_and_lists() -> None:
    payload = rm.encode_example({"i": [1, -1], "f": [0.5], "b": [b"x", b""], "none": None, "empty": np.array([], "f4")})
    decoded = rm.decode_example(payload)
    assert list(decoded) == ["b", "empty", "f", "i", "none"]
    assert decoded["b"] == [b"x", b""]
    assert decoded["none"] is None
    assert (decoded["empty"].dtype, decoded["empty"].size) == (np.float32, 0)
    assert (decoded["i"].dtype, decoded["i"].tolist()) == (np.int64, [1, -1])
    decoded["f"][0] = 2.5
    assert rm.decode_example(payload)["f"] == [0.5]


def test_views_share_the_payload() -> None:
    image = bytes(range(256)) * 1000
    payload = rm.encode_example({"image": image, "x": np.arange(3, dtype="f4"), "n": [1, 2]})
    decoded = rm.decode_example(payload, views=True)
    (view,) = decoded["image"]
    assert isinstance(view, memoryview)
    assert view == image
    assert view.obj is payload
    assert decoded["x"].tolist() == [0, 1, 2]
    assert not decoded["x"].flags.writeable
    assert not decoded["x"].flags.owndata
    assert decoded["n"].tolist() == [1, 2]
    references = sys.getrefcount(payload)
    del decoded, view
    gc.collect()
    assert sys.getrefcount(payload) < references


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda payload: memoryview(payload + b"?")[:-1]])
@pytest.mark.parametrize("views", [False, True])
def test_decodes_what_holds_bytes(make: Any, views: bool) -> None:
    payload = make(rm.encode_example({"a": 1, "b": b"x"}))
    decoded = rm.decode_example(payload, views=views)
    assert decoded["a"].tolist() == [1]
    assert [bytes(value) for value in decoded["b"]] == [b"x"]
    if isinstance(payload, bytearray):
        payload.clear()  # nothing holds its buffer
        assert [bytes(value) for value in decoded["b"]] == [b"x"]


def test_decoding_refuses() -> None:
    untyped: Any = rm.decode_example
    with pytest.raises(TypeError, match="payload must be bytes, bytearray or memoryview, not str"):
        untyped("x")
    with pytest.raises(rm.ExampleError) as caught:
        rm.decode_example(b"\x0a\x05\x0a")
    assert caught.value.offset in (0, 1)
    assert str(caught.value).startswith(f"byte {caught.value.offset}: ")
    assert isinstance(caught.value, rm.Error)


values = st.one_of(
    st.none(),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1),
    st.lists(st.binary(), min_size=1),
)
names = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(names, values))
def test_what_is_encoded_is_decoded(features: dict[str, Any]) -> None:
    payload = rm.encode_example(features)
    for views in (False, True):
        decoded = rm.decode_example(payload, views=views)
        assert list(decoded) == sorted(features, key=str.encode)
        for key, value in features.items():
            got = decoded[key]
            assert (got if got is None else [bytes(v) if isinstance(v, memoryview) else v for v in got]) == value
    assert rm.encode_example(decoded) == payload


@given(st.dictionaries(names, values), st.dictionaries(names, st.lists(values)))
def test_sequences_are_decoded(context: dict[str, Any], lists: dict[str, Any]) -> None:
    payload = rm.encode_sequence_example(context, lists)
    got_context, got_lists = rm.decode_sequence_example(payload)
    plain = lambda value: value if value is None or isinstance(value, list) else value.tolist()  # noqa: E731
    assert {key: plain(value) for key, value in got_context.items()} == context
    assert {key: [plain(step) for step in steps] for key, steps in got_lists.items()} == lists
    assert rm.encode_sequence_example(got_context, got_lists) == payload


def test_sequence_bytes() -> None:
    # reference: TensorFlow's own, see test_tensorflow_example.py for random ones
    assert rm.encode_sequence_example({}, {}) == b""
    assert rm.encode_sequence_example({}, {"s": []}).hex() == "12070a050a01731200"
    expected = "0a0c0a0a0a016312051a030a010112100a0e0a017312090a051a030a01020a00"
    assert rm.encode_sequence_example({"c": [1]}, {"s": [[2], None]}).hex() == expected
    ragged = rm.encode_sequence_example({}, {"words": [["a", "b"], [], ["c"]], "boxes": np.zeros((2, 4))})
    _, lists = rm.decode_sequence_example(ragged)
    assert lists["words"] == [[b"a", b"b"], None, [b"c"]]
    assert [step.tolist() for step in lists["boxes"]] == [[0.0] * 4] * 2
    with pytest.raises(TypeError, match=r'feature "s\[1\]": cannot encode set'):
        rm.encode_sequence_example({}, {"s": [1, {2}]})
    for steps in (5, "abc", b"abc", {"a": 1}):
        with pytest.raises(TypeError, match='feature list "s": expected a list of steps'):
            rm.encode_sequence_example({}, {"s": steps})


def test_nothing_leaks() -> None:
    features = {"a": [b"x" * 100] * 10, "b": np.arange(100), "c": "text", "d": [1, 0.5], "e": b"y" * 5000}
    bad = {"a": b"z" * 5000, "b": {1}}

    def work() -> None:
        for _ in range(300):
            payload = rm.encode_example(features)
            rm.decode_example(payload)
            rm.decode_example(payload, views=True)
            with pytest.raises(TypeError):
                rm.encode_example(bad)

    work()
    image = features["e"]
    references = sys.getrefcount(image)
    tracemalloc.start()
    work()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    work()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert sys.getrefcount(image) == references
    assert after - before < 20_000
