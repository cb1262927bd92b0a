//! The wire of Examples against prost, a parser and writer of other make.
//!
//! prost differs from upb, whom we follow, in few points: it knows no map entry that is unknown as a whole, refuses known
//! fields with a wrong wire type, and reads lengths and tags of other widths. Mutated bytes are compared where both
//! read them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use prost::Message;
use recordmill::example::columns::{Column, ColumnValues, Columns, Layout};
use recordmill::example::{
    EncodeError, Encoder, Example, Feature, Values, decode, decode_sequence, encode, encode_sequence,
};

/// The messages of `tensorflow/core/example/{example,feature}.proto`, by hand.
mod proto {
    use std::collections::BTreeMap;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct BytesList {
        #[prost(bytes = "vec", repeated, tag = "1")]
        pub value: Vec<Vec<u8>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct FloatList {
        #[prost(float, repeated, tag = "1")]
        pub value: Vec<f32>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Int64List {
        #[prost(int64, repeated, tag = "1")]
        pub value: Vec<i64>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        #[prost(message, tag = "1")]
        Bytes(BytesList),
        #[prost(message, tag = "2")]
        Float(FloatList),
        #[prost(message, tag = "3")]
        Int64(Int64List),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Feature {
        #[prost(oneof = "Kind", tags = "1, 2, 3")]
        pub kind: Option<Kind>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Features {
        #[prost(btree_map = "string, message", tag = "1")]
        pub feature: BTreeMap<String, Feature>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct FeatureList {
        #[prost(message, repeated, tag = "1")]
        pub feature: Vec<Feature>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct FeatureLists {
        #[prost(btree_map = "string, message", tag = "1")]
        pub feature_list: BTreeMap<String, FeatureList>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Example {
        #[prost(message, optional, tag = "1")]
        pub features: Option<Features>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct SequenceExample {
        #[prost(message, optional, tag = "1")]
        pub context: Option<Features>,
        #[prost(message, optional, tag = "2")]
        pub feature_lists: Option<FeatureLists>,
    }
}

/// Plain values, floats by their bits.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Unset,
    Bytes(Vec<Vec<u8>>),
    Float(Vec<u32>),
    Int64(Vec<i64>),
}

type Table = BTreeMap<String, Plain>;

impl Plain {
    fn feature(&self) -> Feature<'_> {
        match self {
            Self::Unset => Feature::Unset,
            Self::Bytes(values) => Feature::Bytes(values.iter().map(|value| value.as_slice().into()).collect()),
            Self::Float(values) => Feature::Float(values.iter().map(|bits| f32::from_bits(*bits)).collect()),
            Self::Int64(values) => Feature::Int64(values.as_slice().into()),
        }
    }

    fn of(values: &Values<'_>) -> Self {
        match values {
            Values::Unset => Self::Unset,
            Values::Bytes(list) => Self::Bytes(list.iter().map(<[u8]>::to_vec).collect()),
            Values::Float(list) => Self::Float(list.iter().map(f32::to_bits).collect()),
            Values::Int64(list) => Self::Int64(list.to_vec()),
        }
    }

    fn of_prost(feature: &proto::Feature) -> Self {
        match &feature.kind {
            None => Self::Unset,
            Some(proto::Kind::Bytes(list)) => Self::Bytes(list.value.clone()),
            Some(proto::Kind::Float(list)) => Self::Float(list.value.iter().map(|value| value.to_bits()).collect()),
            Some(proto::Kind::Int64(list)) => Self::Int64(list.value.clone()),
        }
    }
}

fn table(example: &Example<'_>) -> Table {
    example.features.iter().map(|(key, values)| (key.to_owned(), Plain::of(values))).collect()
}

fn prost_table(features: &Option<proto::Features>) -> Table {
    let features = features.iter().flat_map(|features| &features.feature);
    features.map(|(key, feature)| (key.clone(), Plain::of_prost(feature))).collect()
}

fn entries(table: &Table) -> Vec<(&str, Feature<'_>)> {
    table.iter().map(|(key, plain)| (key.as_str(), plain.feature())).collect()
}

fn plain() -> impl Strategy<Value = Plain> {
    let integer = prop_oneof![any::<i64>(), -2..300_i64, Just(i64::MIN), Just(i64::MAX)];
    prop_oneof![
        1 => Just(Plain::Unset),
        4 => prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6).prop_map(Plain::Bytes),
        4 => prop::collection::vec(any::<u32>(), 0..40).prop_map(Plain::Float),
        4 => prop::collection::vec(integer, 0..40).prop_map(Plain::Int64),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,2}", "image/object/bbox/[a-z]{0,140}", any::<String>()]
}

fn tables() -> impl Strategy<Value = Table> {
    prop::collection::btree_map(key(), plain(), 0..12)
}

proptest! {
    #[test]
    fn writes_what_prost_writes(table in tables()) {
        let features: BTreeMap<String, proto::Feature> = table.iter().map(|(key, plain)| {
            let kind = match plain.clone() {
                Plain::Unset => None,
                Plain::Bytes(value) => Some(proto::Kind::Bytes(proto::BytesList { value })),
                Plain::Float(bits) => {
                    let value = bits.into_iter().map(f32::from_bits).collect();
                    Some(proto::Kind::Float(proto::FloatList { value }))
                }
                Plain::Int64(value) => Some(proto::Kind::Int64(proto::Int64List { value })),
            };
            (key.clone(), proto::Feature { kind })
        }).collect();
        let bytes = encode(&entries(&table));
        // prost leaves default keys and values of a map entry out, upb and we do not.
        if table.iter().all(|(key, plain)| !key.is_empty() && *plain != Plain::Unset) {
            let expected = proto::Example { features: Some(proto::Features { feature: features }) }.encode_to_vec();
            prop_assert_eq!(&bytes, &expected);
        }
        let read = proto::Example::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(prost_table(&read.features), table);
    }

    #[test]
    fn reads_what_it_writes(contents in tables(), lists in prop::collection::btree_map(key(), prop::collection::vec(plain(), 0..5), 0..4)) {
        let bytes = encode(&entries(&contents));
        let example = decode(&bytes).unwrap();
        prop_assert_eq!(table(&example), contents.clone());
        // And again from what was read.
        let features: Vec<_> = example.features.iter().map(|(key, values)| (key, values.to_feature())).collect();
        let mut again = Vec::new();
        Encoder::default().try_encode(&features, &mut again).unwrap();
        prop_assert_eq!(again, bytes);

        let steps: Vec<(&str, Vec<Feature<'_>>)> =
            lists.iter().map(|(key, steps)| (key.as_str(), steps.iter().map(Plain::feature).collect())).collect();
        let bytes = encode_sequence(&entries(&contents), &steps).unwrap();
        let sequence = decode_sequence(&bytes).unwrap();
        let read: BTreeMap<String, Vec<Plain>> = sequence.feature_lists.iter()
            .map(|(key, steps)| (key.to_owned(), steps.iter().map(Plain::of).collect()))
            .collect();
        prop_assert_eq!(&read, &lists);
        prop_assert_eq!(table(&Example { features: sequence.context }), contents);
        let other = proto::SequenceExample::decode(bytes.as_slice()).unwrap();
        let other: BTreeMap<String, Vec<Plain>> = other.feature_lists.iter().flat_map(|lists| &lists.feature_list)
            .map(|(key, list)| (key.clone(), list.feature.iter().map(Plain::of_prost).collect()))
            .collect();
        prop_assert_eq!(other, lists);
    }

    #[test]
    fn mutated_bytes_read_as_prost_reads_them(
        table in tables(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut bytes = encode(&entries(&table));
        for (place, byte, how) in mutations {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes[place] ^= 1 << (byte % 8),
                2 => bytes.insert(place, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(place)),
                _ => {}
            }
        }
        compare(&bytes)?;
    }

    #[test]
    fn any_bytes_read_or_are_refused_with_a_place(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Err(error) = decode(&bytes) {
            prop_assert!(error.offset() <= bytes.len());
        }
        if let Err(error) = decode_sequence(&bytes) {
            prop_assert!(error.offset() <= bytes.len());
        }
        compare(&bytes)?;
    }

    #[test]
    fn rows_of_columns_are_the_examples_of_their_features(
        rows in prop::collection::vec((prop::collection::vec(any::<i64>(), 0..30), prop::collection::vec(any::<u32>(), 3),
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4), 0..200_i64, any::<u32>()), 0..8),
        long in "[a-z]{0,150}",
    ) {
        let mut splits = (vec![0], vec![0]);
        let (mut ints, mut threes, mut blobs, mut labels, mut ones) = (vec![], vec![], vec![], vec![], vec![]);
        for (int, three, blob, label, one) in &rows {
            ints.extend(int);
            threes.extend(three.iter().map(|bits| f32::from_bits(*bits)));
            blobs.extend(blob.iter().map(Vec::as_slice));
            labels.push(*label);
            ones.push(f32::from_bits(*one));
            splits.0.push(ints.len() as i64);
            splits.1.push(blobs.len() as i64);
        }
        let ragged: Vec<i64> = (0..=rows.len() as i64).collect();
        let names = [format!("{long}/5"), format!("{long}/3")];
        let columns = Columns::new(rows.len(), vec![
            Column { key: &names[0], values: ColumnValues::Int64(&ints), layout: Layout::Splits(&splits.0) },
            Column { key: "none", values: ColumnValues::Float(&[]), layout: Layout::Each(0) },
            Column { key: "blob", values: ColumnValues::Bytes(&blobs), layout: Layout::Splits(&splits.1) },
            Column { key: &names[1], values: ColumnValues::Float(&threes), layout: Layout::Each(3) },
            Column { key: "label", values: ColumnValues::Int64(&labels), layout: Layout::Each(1) },
            Column { key: "one", values: ColumnValues::Float(&ones), layout: Layout::Splits(&ragged) },
        ]).unwrap();
        let mut made = Vec::new();
        columns.encode_each(0..rows.len(), |example| {
            made.push(example.to_vec());
            Ok::<_, EncodeError>(())
        }).unwrap();
        for ((int, three, blob, label, one), made) in rows.iter().zip(&made) {
            let table: Table = [
                (names[0].clone(), Plain::Int64(int.clone())),
                ("none".into(), Plain::Float(vec![])),
                ("blob".into(), Plain::Bytes(blob.clone())),
                (names[1].clone(), Plain::Float(three.clone())),
                ("label".into(), Plain::Int64(vec![*label])),
                ("one".into(), Plain::Float(vec![*one])),
            ].into();
            prop_assert_eq!(made, &encode(&entries(&table)));
        }
        prop_assert_eq!(made.len(), rows.len());
    }
}

/// Where both read the bytes, they read the same. What only one of them reads is upb's word, which the golden wires and
/// the comparison with TensorFlow pin.
fn compare(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let (Ok(ours), Ok(theirs)) = (decode(bytes), proto::Example::decode(bytes)) {
        let (ours, mut theirs) = (table(&ours), prost_table(&theirs.features));
        // An entry with a field that it does not know is dropped here and kept by prost.
        theirs.retain(|key, _| ours.contains_key(key));
        let dropped = ours.len() != theirs.len();
        prop_assert!(!dropped, "keys that prost does not have: {ours:?}, {theirs:?}");
        if !has_unknown_entries(bytes) {
            prop_assert_eq!(&ours, &theirs);
        }
    }
    Ok(())
}

/// Whether a map entry has a field beside key and value, so that upb and prost differ.
fn has_unknown_entries(bytes: &[u8]) -> bool {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Entries {
        #[prost(bytes = "vec", repeated, tag = "1")]
        entries: Vec<Vec<u8>>,
    }
    let parts = |bytes: &[u8]| Entries::decode(bytes).map(|message| message.entries).unwrap_or_default();
    let entries: Vec<Vec<u8>> = parts(bytes).iter().flat_map(|features| parts(features)).collect();
    entries.iter().any(|entry| {
        let mut rest = entry.as_slice();
        while !rest.is_empty() {
            let Ok((number, wire_type)) = prost::encoding::decode_key(&mut rest) else { return true };
            if !matches!(number, 1 | 2) {
                return true;
            }
            let context = prost::encoding::DecodeContext::default();
            if prost::encoding::skip_field(wire_type, number, &mut rest, context).is_err() {
                return true;
            }
        }
        false
    })
}

fn sample() -> Table {
    let text = |value: &str| Plain::Bytes(vec![value.into()]);
    [
        ("image/encoded".into(), Plain::Bytes(vec![vec![0xff; 300]])),
        ("image/format".into(), text("jpeg")),
        ("image/height".into(), Plain::Int64(vec![480])),
        ("image/object/bbox/xmin".into(), Plain::Float(vec![0.1_f32.to_bits(), 0.5_f32.to_bits()])),
        ("image/object/class/label".into(), Plain::Int64(vec![1, -1, 300])),
        ("image/object/class/text".into(), Plain::Bytes(vec![b"cat".to_vec(), vec![], b"dog".to_vec()])),
        ("unset".into(), Plain::Unset),
    ]
    .into()
}

#[test]
fn every_prefix_is_refused_or_is_an_example_of_whole_fields() {
    let bytes = encode(&entries(&sample()));
    for len in 1..bytes.len() {
        let error = decode(&bytes[..len]).expect_err("the only field of an Example is cut");
        assert!(error.offset() <= len, "{error}");
    }
    // Inside Features, a cut between two entries is a shorter Features, and every other cut is found.
    let features = &bytes[3..];
    let mut whole = 0;
    for len in 0..=features.len() {
        let mut cut = vec![0x0a];
        prost::encoding::encode_varint(len as u64, &mut cut);
        cut.extend_from_slice(&features[..len]);
        match decode(&cut) {
            Ok(example) => {
                assert_eq!(example.features.len(), whole, "cut after {len} bytes");
                whole += 1;
            }
            Err(error) => assert!(error.offset() <= cut.len(), "{error}"),
        }
    }
    assert_eq!(whole, 8);
}

#[test]
fn sequences_are_refused_at_every_cut_too() {
    let steps = vec![("s", vec![Feature::int64(300), Feature::Unset, Feature::text("x")])];
    let bytes = encode_sequence(&[("c", Feature::int64(1))], &steps).unwrap();
    let whole = (0..=bytes.len()).filter(|len| decode_sequence(&bytes[..*len]).is_ok()).count();
    // Nothing, the context alone, everything.
    assert_eq!(whole, 3);
}

#[test]
fn a_sink_that_fails_stops_the_rows() {
    struct Full;
    impl From<EncodeError> for Full {
        fn from(_: EncodeError) -> Self {
            unreachable!("all rows fit")
        }
    }
    let values = [1, 2, 3, 4];
    let column = Column { key: "x", values: ColumnValues::Int64(&values), layout: Layout::Each(1) };
    let columns = Columns::new(4, vec![column]).unwrap();
    let mut taken = 0;
    let result = columns.encode_each(1..4, |_| {
        taken += 1;
        if taken == 2 { Err(Full) } else { Ok(()) }
    });
    assert!(result.is_err() && taken == 2);
}
