//! Features to the bytes of an Example: sizes first, then one pass that writes.

use super::Feature;

/// Field number and wire type 2 (length-delimited) in one byte.
const fn tag(field: u8) -> u8 {
    field << 3 | 2
}

/// Bytes that `value` takes as a varint: 1 to 10.
#[inline]
pub(super) const fn varint_len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
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

/// Sizes of one feature: of the message Feature, of its list, and of the packed run in it.
#[derive(Clone, Copy, Default)]
struct Sizes {
    feature: usize,
    list: usize,
    run: usize,
}

impl Sizes {
    fn of(feature: &Feature<'_>) -> Self {
        let (run, list) = match feature {
            Feature::Unset => return Self::default(),
            Feature::Bytes(values) => (0, values.iter().map(|value| field_len(value.len())).sum()),
            Feature::Hole(len) => (0, field_len(*len)),
            Feature::Float(values) => packed(values.len() * 4),
            Feature::Int64(values) => packed(values.iter().map(|value| varint_len(*value as u64)).sum()),
        };
        Self { feature: field_len(list), list, run }
    }
}

/// An empty list has no packed field at all.
fn packed(run: usize) -> (usize, usize) {
    (run, if run == 0 { 0 } else { field_len(run) })
}

fn put_feature(out: &mut Vec<u8>, feature: &Feature<'_>, sizes: Sizes) -> Option<usize> {
    let mut hole = None;
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
            hole = Some(out.len());
        }
        Feature::Float(values) => {
            put_field(out, 2, sizes.list);
            if !values.is_empty() {
                put_field(out, 1, sizes.run);
                out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
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
    hole
}

/// Encodes Examples, keeping its scratch space from one to the next.
#[derive(Default)]
pub struct Encoder {
    sizes: Vec<Sizes>,
}

impl Encoder {
    /// Appends the Example of `features` to `out`. Keys must be unique and sorted by their bytes; that is asserted in
    /// debug builds. A [`Feature::Hole`] is counted but left out: see [`Encoder::encode_around`].
    pub fn encode(&mut self, features: &[(&str, Feature<'_>)], out: &mut Vec<u8>) {
        self.encode_around(features, out);
    }

    /// Like [`Encoder::encode`], for features of which one may be a [`Feature::Hole`]: gives the position in `out`
    /// where its bytes belong. The Example is `out[..position]`, the bytes, `out[position..]`.
    pub fn encode_around(&mut self, features: &[(&str, Feature<'_>)], out: &mut Vec<u8>) -> Option<usize> {
        debug_assert!(features.windows(2).all(|pair| pair[0].0.as_bytes() < pair[1].0.as_bytes()));
        self.sizes.clear();
        self.sizes.extend(features.iter().map(|(_, feature)| Sizes::of(feature)));
        let entry_len = |key: &str, sizes: &Sizes| field_len(key.len()) + field_len(sizes.feature);
        let total = features.iter().zip(&self.sizes).map(|((key, _), sizes)| field_len(entry_len(key, sizes))).sum();
        put_field(out, 1, total);
        let mut hole = None;
        for ((key, feature), sizes) in features.iter().zip(&self.sizes) {
            put_field(out, 1, entry_len(key, sizes));
            put_field(out, 1, key.len());
            out.extend_from_slice(key.as_bytes());
            put_field(out, 2, sizes.feature);
            hole = put_feature(out, feature, *sizes).or(hole);
        }
        hole
    }
}

/// The Example of `features`, whose keys must be unique and sorted by their bytes.
pub fn encode(features: &[(&str, Feature<'_>)]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::default().encode(features, &mut out);
    out
}
