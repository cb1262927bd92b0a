//! Why bytes are no Example, and why values make none.

use std::fmt;

/// Why bytes are no `tf.train.Example` or `SequenceExample`, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleError(Box<(usize, ExampleErrorKind)>);

impl ExampleError {
    #[cold]
    pub(super) fn new(offset: usize, kind: ExampleErrorKind) -> Self {
        Self(Box::new((offset, kind)))
    }

    /// The byte of the payload where the part begins that cannot be read.
    pub fn offset(&self) -> usize {
        self.0.0
    }

    /// What is wrong there.
    pub fn kind(&self) -> ExampleErrorKind {
        self.0.1
    }
}

impl fmt::Display for ExampleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "byte {}: {}", self.offset(), self.kind())
    }
}

impl std::error::Error for ExampleError {}

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExampleErrorKind {
    /// The bytes end inside a number or a fixed-size value.
    #[error("the value ends at byte {end}, before it is whole")]
    Cut {
        /// End of the message around it.
        end: usize,
    },
    /// A length leads past the end of the message around it.
    #[error("length {len} leads past the end of the message, which has {left} more bytes")]
    LengthPastEnd {
        /// The length.
        len: u64,
        /// Bytes that are there.
        left: usize,
    },
    /// Protobuf allows no field of 2^31 bytes or more, nor a length of more than 5 bytes.
    #[error("a length of 2^31 or more, or written in more than 5 bytes")]
    LengthTooLarge,
    /// A varint has at most 10 bytes.
    #[error("a varint of more than 10 bytes")]
    VarintTooLong,
    /// A tag has at most 5 bytes and 32 bits.
    #[error("a tag of more than 32 bits or more than 5 bytes")]
    TagTooLarge,
    /// Field numbers start at 1.
    #[error("field number 0, numbers start at 1")]
    FieldZero,
    /// Only 0 to 5 have a meaning.
    #[error("wire type {0}, types go from 0 to 5")]
    WireType(u8),
    /// The end of a group that did not begin here.
    #[error("end of group {0}, which did not begin here")]
    EndGroup(u32),
    /// A group without an end.
    #[error("group {0} does not end inside its message")]
    OpenGroup(u32),
    /// Messages and groups in one another, deeper than protobuf follows.
    #[error("groups nested deeper than 100 levels")]
    TooDeep,
    /// Keys are text.
    #[error("key is not UTF-8")]
    KeyNotUtf8,
    /// Floats take 4 bytes each.
    #[error("packed floats in {0} bytes, not a multiple of 4")]
    FloatRun(usize),
}

/// Why values make no Example: the caller's mistake, named by feature.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Keys are unique.
    #[error("feature {0:?} is given twice")]
    SameKey(String),
    /// Keys come sorted.
    #[error("feature {second:?} comes after {first:?}, keys must be sorted by their bytes")]
    Unsorted {
        /// The key before.
        first: String,
        /// The smaller key behind it.
        second: String,
    },
    /// Protobuf reads no field of 2^31 bytes or more.
    #[error("the features take {len} bytes, protobuf reads at most {}", super::MAX_LEN)]
    TooLarge {
        /// Bytes that they would take.
        len: u64,
    },
    /// Columns of different height.
    #[error("feature {key:?} has {actual} rows, expected {expected}")]
    Rows {
        /// The feature.
        key: String,
        /// Its rows.
        actual: usize,
        /// Rows of the table.
        expected: usize,
    },
    /// A column of `k` values per row whose values are no multiple of it.
    #[error("feature {key:?} has {values} values, expected {rows} rows of {per_row}")]
    Values {
        /// The feature.
        key: String,
        /// Its values.
        values: usize,
        /// Rows of the table.
        rows: usize,
        /// Values per row.
        per_row: usize,
    },
    /// Row splits that do not begin at 0, fall, or do not end at the number of values.
    #[error("feature {key:?}: row split {index} is {actual}, expected {expected}")]
    Split {
        /// The feature.
        key: String,
        /// Which split.
        index: usize,
        /// What it is.
        actual: i64,
        /// What was expected, in words: `0`, `at least 7`, `12, the number of values`.
        expected: String,
    },
    /// N rows have N + 1 splits.
    #[error("feature {key:?} has {actual} row splits, expected {expected} for {rows} rows")]
    Splits {
        /// The feature.
        key: String,
        /// Its splits.
        actual: usize,
        /// Splits that the rows need.
        expected: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// Beyond the values that the list can hold.
    #[error("value {index} is {value}, beyond the range of {kind}")]
    OutOfRange {
        /// Position in the values.
        index: usize,
        /// The value.
        value: String,
        /// `int64` or `float32`.
        kind: &'static str,
    },
}
