//! `tf.train.Example` and `tf.train.SequenceExample` on the wire: bytes of one record and their meaning.
//!
//! Knows no files and no images. The messages (tensorflow/tensorflow `tensorflow/core/example/{example,feature}.proto`):
//!
//! ```text
//! Example         { 1: Features }
//! SequenceExample { 1: Features context, 2: FeatureLists }
//! Features        { 1: repeated entry { 1: string key, 2: Feature } }
//! FeatureLists    { 1: repeated entry { 1: string key, 2: FeatureList } }
//! FeatureList     { 1: repeated Feature }
//! Feature         { oneof 1: BytesList, 2: FloatList, 3: Int64List }
//! BytesList       { 1: repeated bytes }     FloatList { 1: packed float }     Int64List { 1: packed int64 }
//! ```
//!
//! What we write is canonical: keys sorted by their bytes, key before value, one packed run. It is what
//! `SerializeToString(deterministic=True)` gives (upb, the backend of the PyPI wheel, differs in one point: it puts a
//! key that is a prefix of another behind it).

use std::borrow::Cow;

mod build;
pub mod columns;
mod condition;
mod decode;
mod encode;
mod error;
mod map;
pub mod numbers;
mod steps;
mod values;
mod wire;

pub use build::{Builder, message_header};
pub use condition::{Condition, ConditionError};
pub use decode::{Example, FeatureLists, Features, SequenceExample, decode, decode_either, decode_sequence};
pub use encode::{Encoder, encode, encode_sequence};
pub use error::{EncodeError, ExampleError, ExampleErrorKind};
pub use map::Map;
pub use steps::{Steps, put_step_head, step_len};
pub use values::{BytesList, FloatList, Int64List, Item, Iter, List, Values};

/// Bytes that an Example, as any field of protobuf, may have at most: protobuf refuses 2^31 and above.
pub const MAX_LEN: u64 = wire::MAX_FIELD;

/// The values of one feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Feature<'a> {
    /// No kind was set: on the wire, but neither of the three lists.
    Unset,
    /// `bytes_list`
    Bytes(Vec<Cow<'a, [u8]>>),
    /// `float_list`
    Float(Cow<'a, [f32]>),
    /// `int64_list`
    Int64(Cow<'a, [i64]>),
    /// `bytes_list` of one value of so many bytes, which the caller puts in place itself
    /// (see [`Encoder::encode_around`]); an image is read where it will be written.
    Hole(usize),
}

impl<'a> Feature<'a> {
    /// One value of `bytes_list`.
    pub fn bytes(value: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Bytes(vec![value.into()])
    }

    /// One value of `bytes_list`, text.
    pub fn text(value: &'a str) -> Self {
        Self::Bytes(vec![Cow::Borrowed(value.as_bytes())])
    }

    /// One value of `int64_list`.
    pub fn int64(value: i64) -> Self {
        Self::Int64(Cow::Owned(vec![value]))
    }
}
