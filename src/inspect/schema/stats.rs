//! Counting what features have, record by record; what two have counted can be put together.

use std::collections::{BTreeMap, HashMap};

use super::{BytesValues, Counted, FeatureSchema, FloatValues, Int64Values, Schema, Spread};
use crate::example::{BytesList, Features, FloatList, Int64List, Values};
use crate::inspect::payload::{Payload, image, text};

/// Keys that are followed; a file of more is no table.
const MAX_KEYS: usize = 10_000;
/// Different values that are listed.
const MAX_DISTINCT: usize = 20;
/// Bytes of a value that is listed.
const MAX_DISTINCT_LEN: usize = 64;

/// Smallest, largest, sum and number, to become a [`Spread`].
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::inspect) struct Counter {
    min: u64,
    max: u64,
    sum: u128,
    count: u64,
}

impl Counter {
    pub(in crate::inspect) fn add(&mut self, value: u64) {
        (self.min, self.max) =
            if self.count == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.sum += u128::from(value);
        self.count += 1;
    }

    pub(in crate::inspect) fn merge(&mut self, other: &Self) {
        if other.count > 0 {
            (self.min, self.max) = match self.count {
                0 => (other.min, other.max),
                _ => (self.min.min(other.min), self.max.max(other.max)),
            };
        }
        self.sum += other.sum;
        self.count += other.count;
    }

    pub(in crate::inspect) fn spread(&self) -> Option<Spread> {
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

    fn merge(&mut self, other: Self) {
        let Some(others) = other.0 else {
            self.0 = None;
            return;
        };
        for (value, count) in others {
            let Some(values) = &mut self.0 else { return };
            *values.entry(value).or_default() += count;
            if values.len() > MAX_DISTINCT {
                self.0 = None;
            }
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

    fn merge(&mut self, other: Self) {
        self.present += other.present;
        self.steps.merge(&other.steps);
        self.lengths.merge(&other.lengths);
        self.unset += other.unset;
        self.int64 += other.int64;
        self.float += other.float;
        self.bytes += other.bytes;
        if other.ints.count > 0 {
            let (min, max) = if self.ints.count == 0 { other.int_range } else { self.int_range };
            self.int_range = (min.min(other.int_range.0), max.max(other.int_range.1));
        }
        self.ints.count += other.ints.count;
        self.int_distinct.merge(other.int_distinct);
        self.float_range = match (self.float_range, other.float_range) {
            (Some((min, max)), Some((low, high))) => Some((min.min(low), max.max(high))),
            (one, two) => one.or(two),
        };
        self.floats += other.floats;
        self.nan += other.nan;
        self.infinite += other.infinite;
        self.sizes.merge(&other.sizes);
        self.no_text |= other.no_text;
        self.text_distinct.merge(other.text_distinct);
        for (kind, count) in other.images {
            *self.images.entry(kind).or_default() += count;
        }
        self.depth = self.depth.max(other.depth);
        self.width.merge(&other.width);
        self.height.merge(&other.height);
    }

    fn schema(&self, key: &str) -> FeatureSchema {
        let kinds = [("bytes", self.bytes), ("float", self.float), ("int64", self.int64), ("unset", self.unset)];
        let images: u64 = self.images.values().sum();
        let looks_like = match (self.ints.count + self.floats, self.sizes.count) {
            (0, 0) => "empty",
            (_, 0) if self.ints.count > 0 && self.floats > 0 => "mixed",
            (_, 0) if last_is_among(key, &SIDES) => "box",
            (_, 0) if self.floats == 0 && last_is_among(key, &CLASSES) => "label",
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

/// Whether the last word of a key, such as `xmin` of `image/object/bbox/xmin`, is one of these.
fn last_is_among(key: &str, words: &[&str]) -> bool {
    let last = key.rsplit(['/', '.']).next().unwrap_or(key);
    words.iter().any(|word| word.eq_ignore_ascii_case(last))
}

/// What sides of boxes, or all four of them, are called: TensorFlow's keys, those of TensorFlow Datasets and of NVIDIA TAO.
const SIDES: [&str; 12] = [
    "bbox",
    "bboxes",
    "box",
    "boxes",
    "xmin",
    "xmax",
    "ymin",
    "ymax",
    "coordinates_x1",
    "coordinates_x2",
    "coordinates_y1",
    "coordinates_y2",
];
/// What numbers of classes are called.
const CLASSES: [&str; 9] =
    ["label", "labels", "class", "classes", "class_id", "category", "category_id", "labels_no_difficult", "target"];

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

    /// Adds what another has gathered, as though this one had read those records too.
    pub fn merge(&mut self, other: Self) {
        self.examples += other.examples;
        self.sequence_examples += other.sequence_examples;
        self.other += other.other;
        self.keys_left_out += other.keys_left_out;
        let sides = [(&mut self.features, other.features), (&mut self.feature_lists, other.feature_lists)];
        for (mine, theirs) in sides {
            // Sorted, because which keys are followed must not hang on the order of a hash map.
            let mut theirs: Vec<(String, FeatureStats)> = theirs.into_iter().collect();
            theirs.sort_by(|(one, _), (two, _)| one.cmp(two));
            for (key, stats) in theirs {
                if let Some(known) = mine.get_mut(&key) {
                    known.merge(stats);
                } else if mine.len() < MAX_KEYS {
                    mine.insert(key, stats);
                } else {
                    self.keys_left_out += stats.present;
                }
            }
        }
    }

    /// The schema of what was added so far, keys sorted.
    pub fn finish(&self) -> Schema {
        let sorted = |stats: &HashMap<String, FeatureStats>| {
            let mut features: Vec<FeatureSchema> = stats.iter().map(|(key, stats)| stats.schema(key)).collect();
            features.sort_by(|one, other| one.key.cmp(&other.key));
            features
        };
        Schema {
            examples: self.examples,
            sequence_examples: self.sequence_examples,
            other: self.other,
            features: sorted(&self.features),
            feature_lists: sorted(&self.feature_lists),
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

    #[test]
    fn two_parts_are_as_one_whole() {
        let records: Vec<Vec<u8>> = (0..40_i64)
            .map(|index| match index % 4 {
                0 => b"neither".to_vec(),
                1 => encode_sequence(&[("n", Feature::int64(index))], &[("s", vec![Feature::text("x")])]).unwrap(),
                _ => encode(&[
                    ("bytes", Feature::bytes(vec![0xff; index as usize])),
                    ("f", Feature::Float(vec![index as f32, f32::NAN].into())),
                    ("n", Feature::Int64(vec![index, -index].into())),
                    (if index < 20 { "x_early" } else { "x_late" }, Feature::Unset),
                ]),
            })
            .collect();
        let of = |records: &[Vec<u8>]| {
            let mut builder = SchemaBuilder::default();
            records.iter().for_each(|record| builder.add(record));
            builder
        };
        let whole = of(&records).finish();
        for cut in 0..=records.len() {
            let mut first = of(&records[..cut]);
            first.merge(of(&records[cut..]));
            assert_eq!(first.finish(), whole, "{cut}");
        }
    }

    #[test]
    fn boxes_and_labels_are_known_by_their_keys() {
        let mut builder = SchemaBuilder::default();
        builder.add(&encode(&[
            ("image/object/bbox/xmin", Feature::Float(vec![0.5].into())),
            ("image/object/class/label", Feature::int64(3)),
            ("label", Feature::text("cat")),
            ("objects/bbox", Feature::Float(vec![0.0, 0.0, 1.0, 1.0].into())),
            ("xmin", Feature::int64(3)),
        ]));
        let schema = builder.finish();
        let looks: Vec<&str> = schema.features.iter().map(|feature| feature.looks_like).collect();
        assert_eq!(looks, ["box", "label", "text", "box", "box"]);
        assert_eq!(schema.feature("label").map(|feature| feature.present), Some(1));
        assert_eq!(schema.feature("x"), None);
    }
}
