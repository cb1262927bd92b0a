"""Columns whose rows have different numbers of values."""

from typing import Any, NamedTuple


class Ragged(NamedTuple):
    """A column for `encode_examples` whose row `i` has the values `values[row_splits[i]:row_splits[i + 1]]`.

    It is the encoding of TensorFlow's `RaggedTensor`, which can be given in its place.

    Attributes:
        values: The values of all rows, one after the other: an array, or a list of bytes or str.
        row_splits: N + 1 integers for N rows. They begin with 0, never fall and end with the number of values.
    """

    values: Any
    row_splits: Any
