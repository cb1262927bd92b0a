//! What the features of a file are like, over all its Examples.

mod stats;

use std::collections::BTreeMap;

use serde::Serialize;

pub(super) use stats::Counter;
pub use stats::SchemaBuilder;

/// What the records of a file have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Schema {
    /// Records that hold a `tf.train.Example`.
    pub examples: u64,
    /// Records that hold a `tf.train.SequenceExample`.
    pub sequence_examples: u64,
    /// Records that hold something else.
    pub other: u64,
    /// Features by key; of a SequenceExample, those of its context.
    pub features: Vec<FeatureSchema>,
    /// Lists of features by key.
    pub feature_lists: Vec<FeatureSchema>,
    /// Keys beyond the 10,000 that are followed, counted once per record.
    pub keys_left_out: u64,
}

impl Schema {
    /// The feature of that key.
    pub fn feature(&self, key: &str) -> Option<&FeatureSchema> {
        let place = self.features.binary_search_by(|feature| feature.key.as_str().cmp(key)).ok()?;
        self.features.get(place)
    }
}

/// What one feature is like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FeatureSchema {
    /// Its key.
    pub key: String,
    /// Records that have it.
    pub present: u64,
    /// `image`, `text`, `bytes`, `number`; `box` and `label`, by the key too, for sides of boxes and numbers of classes; `mixed`
    /// where it has several kinds, `empty` where it never has a value.
    pub looks_like: &'static str,
    /// How often it was of which kind: `bytes`, `float`, `int64`, `unset`.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Values per feature.
    pub lengths: Option<Spread>,
    /// Features per list, of a feature list.
    pub steps: Option<Spread>,
    /// Its integers.
    pub int64: Option<Int64Values>,
    /// Its floats.
    pub float: Option<FloatValues>,
    /// Its bytes.
    pub bytes: Option<BytesValues>,
}

/// Smallest, mean and largest of some counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Smallest.
    pub min: u64,
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub max: u64,
}

/// A value and how often it came.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counted<T> {
    /// The value.
    pub value: T,
    /// How often.
    pub count: u64,
}

/// What integers a feature has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Int64Values {
    /// Smallest.
    pub min: i64,
    /// Largest.
    pub max: i64,
    /// All of them, if they are at most 20 different ones.
    pub distinct: Option<Vec<Counted<i64>>>,
}

/// What floats a feature has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FloatValues {
    /// Smallest finite one.
    pub min: Option<f32>,
    /// Largest finite one.
    pub max: Option<f32>,
    /// How many are NaN.
    pub nan: u64,
    /// How many are infinite.
    pub infinite: u64,
}

/// What bytes a feature has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BytesValues {
    /// Bytes per value.
    pub sizes: Spread,
    /// Whether all of them are text.
    pub text: bool,
    /// All of them, if they are at most 20 different short texts.
    pub distinct: Option<Vec<Counted<String>>>,
    /// How many are images, by kind.
    pub images: BTreeMap<&'static str, u64>,
    /// Of the images, the most bits per sample.
    pub depth: Option<u8>,
    /// Of the images, in pixels.
    pub width: Option<Spread>,
    /// Of the images, in pixels.
    pub height: Option<Spread>,
}
