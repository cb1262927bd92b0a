//! What the features of a file are like, over all its Examples.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::payload::{Payload, image, text};
use crate::example::{BytesList, Features, FloatList, Int64List, Values};

/// Keys that are followed; a file of more is no table.
const MAX_KEYS: usize = 10_000;
/// Different values that are listed.
const MAX_DISTINCT: usize = 20;
/// Bytes of a value that is listed.
const MAX_DISTINCT_LEN: usize = 64;

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

/// What one feature is like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FeatureSchema {
    /// Its key.
    pub key: String,
    /// Records that have it.
    pub present: u64,
    /// `image`, `text`, `bytes`, `number`; `mixed` where it has several kinds, `empty` where it never has a value.
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

/// Smallest, largest, sum and number, to become a [`Spread`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counter {
    min: u64,
    max: u64,
    sum: u128,
    count: u64,
}

impl Counter {
    pub(super) fn add(&mut self, value: u64) {
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.sum += u128::from(value);
        self.count += 1;
    }

    pub(super) fn spread(&self) -> Option<Spread> {
        let mean = self.sum as f64 / self.count as f64;
        (self.count > 0).then_some(Spread { min: self.min, mean, max: self.max })
    }
}

/// Different values as long as they are few.
#[derive(Clone, Debug)]
struct Distinct<T>(Option<BTreeMap<T, u64>>);

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self(Some(BTreeMap::new()))
    }
}

impl<T: Ord + Clone> Distinct<T> {
    fn add<Q: Ord + ToOwned<Owned = T> + ?Sized>(&mut self, value: &Q)
    where
        T: std::borrow::Borrow<Q>,
    {
        let Some(values) = &mut self.0 else { return };
        if let Some(count) = values.get_mut(value) {
            *count += 1;
        } else if values.len() < MAX_DISTINCT {
            values.insert(value.to_owned(), 1);
        } else {
            self.0 = None;
        }
    }

    fn counted(&self) -> Option<Vec<Counted<T>>> {
        let values = self.0.as_ref()?;
        Some(values.iter().map(|(value, count)| Counted { value: value.clone(), count: *count }).collect())
    }
}

#[derive(Clone, Debug, Default)]
struct FeatureStats {
    present: u64,
    steps: Counter,
    lengths: Counter,
    unset: u64,
    int64: u64,
    float: u64,
    bytes: u64,
    ints: Counter,
    int_range: (i64, i64),
    int_distinct: Distinct<i64>,
    float_range: Option<(f32, f32)>,
    floats: u64,
    nan: u64,
    infinite: u64,
    sizes: Counter,
    no_text: bool,
    text_distinct: Distinct<String>,
    images: BTreeMap<&'static str, u64>,
    depth: Option<u8>,
    width: Counter,
    height: Counter,
}

impl FeatureStats {
    fn add(&mut self, values: &Values<'_>) {
        self.lengths.add(values.len() as u64);
        match values {
            Values::Unset => self.unset += 1,
            Values::Bytes(list) => self.add_bytes(list),
            Values::Float(list) => self.add_floats(list),
            Values::Int64(list) => self.add_ints(list),
        }
    }

    fn add_ints(&mut self, list: &Int64List<'_>) {
        self.int64 += 1;
        for value in list.iter() {
            let (min, max) = if self.ints.count == 0 { (value, value) } else { self.int_range };
            self.int_range = (min.min(value), max.max(value));
            self.ints.count += 1;
            self.int_distinct.add(&value);
        }
    }

    fn add_floats(&mut self, list: &FloatList<'_>) {
        self.float += 1;
        self.floats += list.len() as u64;
        for value in list.iter() {
            if value.is_finite() {
                let (min, max) = self.float_range.unwrap_or((value, value));
                self.float_range = Some((min.min(value), max.max(value)));
            } else if value.is_nan() {
                self.nan += 1;
            } else {
                self.infinite += 1;
            }
        }
    }

    fn add_bytes(&mut self, list: &BytesList<'_>) {
        self.bytes += 1;
        for value in list {
            self.sizes.add(value.len() as u64);
            if let Some(header) = image(value) {
                *self.images.entry(header.kind.format_name()).or_default() += 1;
                self.depth = self.depth.max(Some(header.depth));
                self.width.add(u64::from(header.width));
                self.height.add(u64::from(header.height));
            }
            match text(value) {
                Some(text) if text.len() <= MAX_DISTINCT_LEN => self.text_distinct.add(text),
                Some(_) => self.text_distinct.0 = None,
                None => {
                    self.no_text = true;
                    self.text_distinct.0 = None;
                }
            }
        }
    }

    fn schema(&self, key: &str) -> FeatureSchema {
        let kinds = [("bytes", self.bytes), ("float", self.float), ("int64", self.int64), ("unset", self.unset)];
        let images: u64 = self.images.values().sum();
        let looks_like = match (self.ints.count + self.floats, self.sizes.count) {
            (0, 0) => "empty",
            (_, 0) if self.ints.count > 0 && self.floats > 0 => "mixed",
            (_, 0) => "number",
            (0, values) if images * 2 > values => "image",
            (0, _) if self.no_text => "bytes",
            (0, _) => "text",
            _ => "mixed",
        };
        FeatureSchema {
            key: key.to_owned(),
            present: self.present,
            looks_like,
            kinds: kinds.into_iter().filter(|(_, count)| *count > 0).collect(),
            lengths: self.lengths.spread(),
            steps: self.steps.spread(),
            int64: (self.ints.count > 0).then(|| Int64Values {
                min: self.int_range.0,
                max: self.int_range.1,
                distinct: self.int_distinct.counted(),
            }),
            float: (self.floats > 0).then_some(FloatValues {
                min: self.float_range.map(|(min, _)| min),
                max: self.float_range.map(|(_, max)| max),
                nan: self.nan,
                infinite: self.infinite,
            }),
            bytes: self.sizes.spread().map(|sizes| BytesValues {
                sizes,
                text: !self.no_text,
                distinct: self.text_distinct.counted(),
                images: self.images.clone(),
                depth: self.depth,
                width: self.width.spread(),
                height: self.height.spread(),
            }),
        }
    }
}

/// Gathers a [`Schema`], record by record.
#[derive(Clone, Debug, Default)]
pub struct SchemaBuilder {
    examples: u64,
    sequence_examples: u64,
    other: u64,
    features: HashMap<String, FeatureStats>,
    feature_lists: HashMap<String, FeatureStats>,
    keys_left_out: u64,
}

impl SchemaBuilder {
    /// Adds a record.
    pub fn add(&mut self, payload: &[u8]) {
        self.add_payload(&Payload::of(payload));
    }

    /// Adds a record that has been read already.
    pub fn add_payload(&mut self, payload: &Payload<'_>) {
        match payload {
            Payload::Example(example) => {
                self.examples += 1;
                self.add_features(&example.features);
            }
            Payload::Sequence(sequence) => {
                self.sequence_examples += 1;
                self.add_features(&sequence.context);
                for (key, steps) in sequence.feature_lists.iter() {
                    let Some(stats) = of(&mut self.feature_lists, key, &mut self.keys_left_out) else { continue };
                    stats.present += 1;
                    stats.steps.add(steps.len() as u64);
                    steps.iter().for_each(|values| stats.add(values));
                }
            }
            Payload::Other(_) => self.other += 1,
        }
    }

    fn add_features(&mut self, features: &Features<'_>) {
        for (key, values) in features.iter() {
            let Some(stats) = of(&mut self.features, key, &mut self.keys_left_out) else { continue };
            stats.present += 1;
            stats.add(values);
        }
    }

    /// The schema, keys sorted.
    pub fn finish(self) -> Schema {
        let sorted = |stats: HashMap<String, FeatureStats>| {
            let mut features: Vec<FeatureSchema> = stats.iter().map(|(key, stats)| stats.schema(key)).collect();
            features.sort_by(|one, other| one.key.cmp(&other.key));
            features
        };
        Schema {
            examples: self.examples,
            sequence_examples: self.sequence_examples,
            other: self.other,
            features: sorted(self.features),
            feature_lists: sorted(self.feature_lists),
            keys_left_out: self.keys_left_out,
        }
    }
}

fn of<'s>(stats: &'s mut HashMap<String, FeatureStats>, key: &str, left_out: &mut u64) -> Option<&'s mut FeatureStats> {
    if !stats.contains_key(key) {
        if stats.len() >= MAX_KEYS {
            *left_out += 1;
            return None;
        }
        stats.insert(key.to_owned(), FeatureStats::default());
    }
    stats.get_mut(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{Feature, encode, encode_sequence};

    #[test]
    fn tells_what_features_are_like() {
        let mut builder = SchemaBuilder::default();
        for index in 0..30_i64 {
            let some = vec![index as f32; index as usize % 3];
            let floats = if index == 3 { vec![f32::NAN, f32::INFINITY] } else { some };
            builder.add(&encode(&[
                ("blob", Feature::bytes(vec![0xff, index as u8])),
                ("few", Feature::Int64(vec![index % 4, 300].into())),
                ("float", Feature::Float(floats.into())),
                ("many", Feature::int64(index)),
                ("mixed", if index == 0 { Feature::Unset } else { Feature::text("cat") }),
            ]));
        }
        builder.add(b"neither");
        let schema = builder.finish();
        assert_eq!((schema.examples, schema.sequence_examples, schema.other), (30, 0, 1));
        let keys: Vec<&str> = schema.features.iter().map(|feature| feature.key.as_str()).collect();
        assert_eq!(keys, ["blob", "few", "float", "many", "mixed"]);
        let looks: Vec<&str> = schema.features.iter().map(|feature| feature.looks_like).collect();
        assert_eq!(looks, ["bytes", "number", "number", "number", "text"]);
        let [blob, few, float, many, mixed] = schema.features.try_into().expect("five");
        assert_eq!(blob.bytes.expect("bytes").distinct, None);
        let few = few.int64.expect("integers");
        assert_eq!((few.min, few.max), (0, 300));
        assert_eq!(few.distinct.expect("five").last(), Some(&Counted { value: 300, count: 30 }));
        let lengths = float.lengths.expect("values");
        assert_eq!((lengths.min, lengths.max), (0, 2));
        let range = FloatValues { min: Some(1.0), max: Some(29.0), nan: 1, infinite: 1 };
        assert_eq!(float.float, Some(range));
        assert_eq!(many.int64.expect("integers").distinct, None);
        assert_eq!(mixed.kinds, [("bytes", 29), ("unset", 1)].into());
        assert_eq!(mixed.bytes.expect("text").distinct.expect("one")[0], Counted { value: "cat".into(), count: 29 });
    }

    #[test]
    fn sequences_have_steps() {
        let mut builder = SchemaBuilder::default();
        for steps in [0, 3] {
            let list = vec![Feature::int64(1); steps];
            builder.add(&encode_sequence(&[("id", Feature::text("x"))], &[("s", list)]).unwrap());
        }
        let schema = builder.finish();
        assert_eq!((schema.sequence_examples, schema.features[0].present), (2, 2));
        let list = &schema.feature_lists[0];
        assert_eq!((list.present, list.steps), (2, Some(Spread { min: 0, mean: 1.5, max: 3 })));
        assert_eq!(list.lengths, Some(Spread { min: 1, mean: 1.0, max: 1 }));
    }

    #[test]
    fn a_flood_of_keys_is_cut() {
        let mut builder = SchemaBuilder::default();
        let keys: Vec<String> = (0..10_005).map(|index| format!("{index:05}")).collect();
        builder.add(&encode(&keys.iter().map(|key| (key.as_str(), Feature::Unset)).collect::<Vec<_>>()));
        let schema = builder.finish();
        assert_eq!((schema.features.len(), schema.keys_left_out), (10_000, 5));
    }
}
