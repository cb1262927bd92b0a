//! Features to the bytes of an Example: sizes first, then one pass that writes.

use super::error::EncodeError;
use super::{Feature, MAX_LEN};

/// Field number and wire type 2 (length-delimited) in one byte.
pub(super) const fn tag(field: u8) -> u8 {
    field << 3 | 2
}

/// Bytes that `value` takes as a varint: 1 to 10.
#[inline]
pub(super) const fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Bytes of `values` as varints. Where they are as many as the values, each is one byte, the value itself.
#[inline]
pub(super) fn varints_len(values: &[i64]) -> usize {
    if values.iter().fold(0, |bits, value| bits | *value as u64) < 0x80 {
        return values.len();
    }
    values.iter().map(|value| varint_len(*value as u64)).sum()
}

#[inline]
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes that a length-delimited field of `len` bytes takes, tag and length included (all our field numbers are
/// below 16, so a tag is one byte).
#[inline]
pub(super) const fn field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

#[inline]
pub(super) fn put_field(out: &mut Vec<u8>, field: u8, len: usize) {
    out.push(tag(field));
    put_varint(out, len as u64);
}

/// Appends the values of a packed run of floats, without its tag and length.
#[inline]
pub(super) fn put_f32s(out: &mut Vec<u8>, values: &[f32]) {
    let start = out.len();
    out.resize(start + values.len() * 4, 0);
    let slots = out[start..].as_chunks_mut::<4>().0;
    slots.iter_mut().zip(values).for_each(|(slot, value)| *slot = value.to_le_bytes());
}

/// Sizes of one feature: of the message Feature, of its list, and of the packed run in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Sizes {
    pub(super) feature: usize,
    list: usize,
    run: usize,
}

impl Sizes {
    pub(super) fn of(feature: &Feature<'_>) -> Self {
        let (run, list) = match feature {
            Feature::Unset => return Self::default(),
            Feature::Bytes(values) => (0, values.iter().map(|value| field_len(value.len())).sum()),
            Feature::Hole(len) => (0, field_len(*len)),
            Feature::Float(values) => packed(values.len() * 4),
            Feature::Int64(values) => packed(varints_len(values)),
        };
        Self { feature: field_len(list), list, run }
    }
}

/// An empty list has no packed field at all.
fn packed(run: usize) -> (usize, usize) {
    (run, if run == 0 { 0 } else { field_len(run) })
}

/// Appends `feature`, and to `holes` where the bytes of one belong.
pub(super) fn put_feature(out: &mut Vec<u8>, holes: &mut Vec<usize>, feature: &Feature<'_>, sizes: Sizes) {
    match feature {
        Feature::Unset => {}
        Feature::Bytes(values) => {
            put_field(out, 1, sizes.list);
            for value in values {
                put_field(out, 1, value.len());
                out.extend_from_slice(value);
            }
        }
        Feature::Hole(len) => {
            put_field(out, 1, sizes.list);
            put_field(out, 1, *len);
            holes.push(out.len());
        }
        Feature::Float(values) => {
            put_field(out, 2, sizes.list);
            if !values.is_empty() {
                put_field(out, 1, sizes.run);
                put_f32s(out, values);
            }
        }
        Feature::Int64(values) => {
            put_field(out, 3, sizes.list);
            if !values.is_empty() {
                put_field(out, 1, sizes.run);
                values.iter().for_each(|value| put_varint(out, *value as u64));
            }
        }
    }
}

/// Features of one message `Features`.
type Entries<'f> = [(&'f str, Feature<'f>)];

/// Bytes of the entries of `features`.
fn entries_len(features: &Entries<'_>, sizes: &[Sizes]) -> usize {
    features.iter().zip(sizes).map(|((key, _), sizes)| field_len(entry_len(key, sizes))).sum()
}

fn entry_len(key: &str, sizes: &Sizes) -> usize {
    field_len(key.len()) + field_len(sizes.feature)
}

fn put_entries(out: &mut Vec<u8>, holes: &mut Vec<usize>, features: &Entries<'_>, sizes: &[Sizes]) {
    for ((key, feature), sizes) in features.iter().zip(sizes) {
        put_field(out, 1, entry_len(key, sizes));
        put_field(out, 1, key.len());
        out.extend_from_slice(key.as_bytes());
        put_field(out, 2, sizes.feature);
        put_feature(out, holes, feature, *sizes);
    }
}

/// Keys rise and none comes twice.
pub(super) fn check_keys<'k>(mut keys: impl Iterator<Item = &'k str>) -> Result<(), EncodeError> {
    let Some(mut first) = keys.next() else { return Ok(()) };
    for second in keys {
        if first == second {
            return Err(EncodeError::SameKey(first.into()));
        }
        if first > second {
            return Err(EncodeError::Unsorted { first: first.into(), second: second.into() });
        }
        first = second;
    }
    Ok(())
}

/// What protobuf would not read again is not written.
pub(super) fn check_len(len: usize) -> Result<(), EncodeError> {
    if len as u64 <= MAX_LEN { Ok(()) } else { Err(EncodeError::TooLarge { len: len as u64 }) }
}

/// Encodes Examples, keeping its scratch space from one to the next.
#[derive(Default)]
pub struct Encoder {
    sizes: Vec<Sizes>,
    holes: Vec<usize>,
}

impl Encoder {
    /// Appends the Example of `features` to `out`. Keys must be unique and sorted by their bytes; that is asserted in
    /// debug builds. A [`Feature::Hole`] is counted but left out: see [`Encoder::encode_around`]. For features that may
    /// come to 2 GB there is [`Encoder::try_encode`].
    pub fn encode(&mut self, features: &[(&str, Feature<'_>)], out: &mut Vec<u8>) {
        self.encode_around(features, out);
    }

    /// Like [`Encoder::encode`], for features of which some are a [`Feature::Hole`]: gives the positions in `out` where
    /// their bytes belong, in order. With one of them the Example is `out[..position]`, the bytes, `out[position..]`.
    pub fn encode_around(&mut self, features: &[(&str, Feature<'_>)], out: &mut Vec<u8>) -> &[usize] {
        debug_assert_eq!(check_keys(features.iter().map(|(key, _)| *key)), Ok(()));
        let len = self.measure(features);
        put_field(out, 1, len);
        put_entries(out, &mut self.holes, features, &self.sizes);
        &self.holes
    }

    /// Like [`Encoder::encode_around`], and refuses, before it writes anything, keys that are not unique and sorted and
    /// an Example that protobuf would not read again.
    pub fn try_encode(&mut self, features: &[(&str, Feature<'_>)], out: &mut Vec<u8>) -> Result<&[usize], EncodeError> {
        check_keys(features.iter().map(|(key, _)| *key))?;
        let len = self.measure(features);
        check_len(len)?;
        put_field(out, 1, len);
        put_entries(out, &mut self.holes, features, &self.sizes);
        Ok(&self.holes)
    }

    /// Bytes of the entries; their sizes stay in `self`.
    fn measure(&mut self, features: &[(&str, Feature<'_>)]) -> usize {
        self.holes.clear();
        self.sizes.clear();
        self.sizes.extend(features.iter().map(|(_, feature)| Sizes::of(feature)));
        entries_len(features, &self.sizes)
    }

    /// Appends the SequenceExample of `context` and `lists` to `out`. An empty one of the two is left out. Refuses as
    /// [`Encoder::try_encode`] does; there are no holes.
    pub fn encode_sequence(
        &mut self,
        context: &[(&str, Feature<'_>)],
        lists: &[(&str, Vec<Feature<'_>>)],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        debug_assert!(!lists.iter().flat_map(|(_, list)| list).any(|feature| matches!(feature, Feature::Hole(_))));
        check_keys(context.iter().map(|(key, _)| *key))?;
        check_keys(lists.iter().map(|(key, _)| *key))?;
        let context_len = self.measure(context);
        let steps: Vec<Vec<Sizes>> = lists.iter().map(|(_, list)| list.iter().map(Sizes::of).collect()).collect();
        let list_len = |steps: &[Sizes]| steps.iter().map(|sizes| field_len(sizes.feature)).sum::<usize>();
        let entry_len = |key: &str, steps: &[Sizes]| field_len(key.len()) + field_len(list_len(steps));
        let lists_len = lists.iter().zip(&steps).map(|((key, _), steps)| field_len(entry_len(key, steps))).sum();
        check_len(context_len)?;
        check_len(lists_len)?;
        if !context.is_empty() {
            put_field(out, 1, context_len);
            put_entries(out, &mut self.holes, context, &self.sizes);
        }
        if !lists.is_empty() {
            put_field(out, 2, lists_len);
        }
        for ((key, list), steps) in lists.iter().zip(&steps) {
            put_field(out, 1, entry_len(key, steps));
            put_field(out, 1, key.len());
            out.extend_from_slice(key.as_bytes());
            put_field(out, 2, list_len(steps));
            for (feature, sizes) in list.iter().zip(steps) {
                put_field(out, 1, sizes.feature);
                put_feature(out, &mut self.holes, feature, *sizes);
            }
        }
        Ok(())
    }
}

/// The Example of `features`, whose keys must be unique and sorted by their bytes.
pub fn encode(features: &[(&str, Feature<'_>)]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::default().encode(features, &mut out);
    out
}

/// The SequenceExample of `context` and `lists`, whose keys must be unique and sorted by their bytes.
pub fn encode_sequence(
    context: &[(&str, Feature<'_>)],
    lists: &[(&str, Vec<Feature<'_>>)],
) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    Encoder::default().encode_sequence(context, lists, &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What TensorFlow 2.21 writes with `deterministic=True`.
    #[test]
    fn writes_as_tensorflow_does() {
        let one = |feature: Feature<'_>| hex(&encode(&[("a", feature)]));
        assert_eq!(hex(&encode(&[])), "0a00");
        assert_eq!(one(Feature::Unset), "0a070a050a01611200");
        assert_eq!(one(Feature::Int64(vec![].into())), "0a090a070a016112021a00");
        assert_eq!(one(Feature::Float(vec![].into())), "0a090a070a016112021200");
        assert_eq!(one(Feature::Bytes(vec![])), "0a090a070a016112020a00");
        assert_eq!(one(Feature::text("")), "0a0b0a090a016112040a020a00");
        assert_eq!(one(Feature::int64(1)), "0a0c0a0a0a016112051a030a0101");
        assert_eq!(one(Feature::int64(-1)), "0a150a130a0161120e1a0c0a0affffffffffffffffff01");
        let ends = Feature::Int64(vec![i64::MIN, i64::MAX].into());
        assert_eq!(one(ends), "0a1e0a1c0a016112171a150a1380808080808080808001ffffffffffffffff7f");
        let zeros = Feature::Float(vec![0.0, -0.0].into());
        assert_eq!(one(zeros), "0a130a110a0161120c120a0a080000000000000080");
        assert_eq!(hex(&encode(&[("", Feature::int64(1))])), "0a0b0a090a0012051a030a0101");
    }

    #[test]
    fn writes_sequences_as_tensorflow_does() {
        let sequence = encode_sequence(
            &[("c", Feature::int64(1))],
            &[("s", vec![Feature::Int64(vec![2].into()), Feature::Unset])],
        );
        assert_eq!(hex(&sequence.unwrap()), "0a0c0a0a0a016312051a030a010112100a0e0a017312090a051a030a01020a00");
        assert_eq!(hex(&encode_sequence(&[], &[("s", vec![])]).unwrap()), "12070a050a01731200");
        assert_eq!(hex(&encode_sequence(&[], &[]).unwrap()), "");
    }

    #[test]
    fn holes_are_told_in_order() {
        let whole = [
            ("a", Feature::text("one")),
            ("b", Feature::int64(300)),
            ("c", Feature::text("")),
            ("d", Feature::text("four")),
        ];
        let mut features = whole.clone();
        for (place, len) in [(0, 3), (2, 0), (3, 4)] {
            features[place].1 = Feature::Hole(len);
        }
        let (mut encoder, mut example) = (Encoder::default(), Vec::new());
        let holes = encoder.encode_around(&features, &mut example).to_vec();
        for (hole, bytes) in holes.into_iter().zip([&b"one"[..], b"", b"four"]).rev() {
            example.splice(hole..hole, bytes.iter().copied());
        }
        assert_eq!(hex(&example), hex(&encode(&whole)));
        example.clear();
        assert!(encoder.encode_around(&whole, &mut example).is_empty(), "those of the last call are forgotten");
    }

    #[test]
    fn refuses_what_nobody_could_read_again() {
        let refusal = |features: &[(&str, Feature<'_>)]| {
            let mut out = Vec::new();
            let error = Encoder::default().try_encode(features, &mut out).expect_err("refused");
            assert!(out.is_empty());
            error.to_string()
        };
        assert_eq!(
            refusal(&[("b", Feature::Unset), ("a", Feature::Unset)]),
            "feature \"a\" comes after \"b\", keys must be sorted by their bytes"
        );
        assert_eq!(refusal(&[("a", Feature::Unset), ("a", Feature::int64(1))]), "feature \"a\" is given twice");
        let largest = |hole: usize| {
            let mut out = Vec::new();
            Encoder::default().try_encode(&[("a", Feature::Hole(hole))], &mut out).map(<[usize]>::to_vec)
        };
        // Entry, value, list and bytes have a tag and 5 bytes of length each, the key 3 bytes.
        let around = 4 * 6 + 3;
        assert!(largest(MAX_LEN as usize - around).is_ok());
        assert_eq!(
            largest(MAX_LEN as usize - around + 1).expect_err("too large").to_string(),
            "the features take 2147483648 bytes, protobuf reads at most 2147483647"
        );
    }
}
