//! An Example put together feature by feature, in any order of the keys: for values that come one at a time and are not
//! in memory as slices (Python's).
//!
//! Each feature is written at once as the map entry that it will be; at the end the entries are put in order. The
//! bytes are those of [`Encoder`](super::Encoder), which the tests hold against it.

use std::ops::Range;

use super::EncodeError;
use super::encode::{field_len, put_f32s, put_field, put_varint, tag, varints_len};

/// Collects the features of one Example. Kept from one to the next, it keeps its space, and the order of the keys: most
/// Examples have those of the one before.
///
/// A `Large` is what the caller knows a large value by, which is not copied until the Example is written.
#[derive(Debug)]
pub struct Builder<Large> {
    /// The entries, one behind the other, without their large values.
    wire: Vec<u8>,
    entries: Vec<Entry>,
    larges: Vec<Large>,
    /// The keys in the order of `entries`, and those that `order` was made for, each with a byte behind it that is in
    /// no UTF-8 text.
    keys: Vec<u8>,
    ordered_keys: Vec<u8>,
    order: Vec<u32>,
    /// Steps of a feature list.
    steps: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    bytes: Range<usize>,
    key: Range<usize>,
    /// Number in `larges`, and length, of the value that ends the entry.
    large: Option<(usize, usize)>,
}

impl<Large> Default for Builder<Large> {
    fn default() -> Self {
        Self {
            wire: Vec::new(),
            entries: Vec::new(),
            larges: Vec::new(),
            keys: Vec::new(),
            ordered_keys: Vec::new(),
            order: Vec::new(),
            steps: Vec::new(),
        }
    }
}

/// Behind each key in [`Builder::keys`].
const KEY_END: u8 = 0xff;

/// Feature numbers of the three lists.
const BYTES: u8 = 1;
const FLOAT: u8 = 2;
const INT64: u8 = 3;

impl<Large> Builder<Large> {
    /// Forgets the features.
    pub fn clear(&mut self) {
        self.wire.clear();
        self.entries.clear();
        self.larges.clear();
        self.keys.clear();
        self.steps.clear();
    }

    /// Bytes of memory that are kept for the next Example.
    pub fn capacity(&self) -> usize {
        self.wire.capacity() + self.keys.capacity() + self.ordered_keys.capacity() + self.steps.capacity()
    }

    /// Starts the entry of `key`, whose value takes `len` bytes, tag and length not counted.
    #[inline]
    fn entry(&mut self, key: &str, len: usize) {
        let start = self.wire.len();
        let key = key.as_bytes();
        let entry = field_len(key.len()) + field_len(len);
        let key_start = if entry < 0x80 {
            // So are the lengths within it, each of which is one byte then.
            self.wire.reserve(2 + entry);
            self.wire.extend_from_slice(&[tag(1), entry as u8, tag(1), key.len() as u8]);
            self.wire.extend_from_slice(key);
            self.wire.extend_from_slice(&[tag(2), len as u8]);
            start + 4
        } else {
            put_field(&mut self.wire, 1, entry);
            put_field(&mut self.wire, 1, key.len());
            let key_start = self.wire.len();
            self.wire.extend_from_slice(key);
            put_field(&mut self.wire, 2, len);
            key_start
        };
        self.keys.reserve(key.len() + 1);
        self.keys.extend_from_slice(key);
        self.keys.push(KEY_END);
        let key_end = key_start + key.len();
        self.entries.push(Entry { bytes: start..start, key: key_start..key_end, large: None });
    }

    #[inline]
    fn end(&mut self) {
        let end = self.wire.len();
        if let Some(entry) = self.entries.last_mut() {
            entry.bytes.end = end;
        }
    }

    /// A feature without a kind.
    pub fn unset(&mut self, key: &str) {
        self.entry(key, 0);
        self.end();
    }

    /// A `float_list`.
    pub fn floats(&mut self, key: &str, values: &[f32]) {
        self.entry(key, floats_len(values));
        put_floats(&mut self.wire, values);
        self.end();
    }

    /// An `int64_list`.
    pub fn ints(&mut self, key: &str, values: &[i64]) {
        let run = varints_len(values);
        self.entry(key, ints_len(run));
        put_ints(&mut self.wire, run, values);
        self.end();
    }

    /// A `bytes_list`.
    pub fn bytes<'v>(&mut self, key: &str, values: impl Iterator<Item = &'v [u8]> + Clone) {
        let list = bytes_list_len(values.clone());
        self.entry(key, field_len(list));
        put_bytes(&mut self.wire, list, values);
        self.end();
    }

    /// A `bytes_list` of one value of `len` bytes, which is asked for when the Example is written.
    pub fn large(&mut self, key: &str, value: Large, len: usize) {
        self.entry(key, field_len(field_len(len)));
        put_field(&mut self.wire, BYTES, field_len(len));
        put_field(&mut self.wire, 1, len);
        if let Some(entry) = self.entries.last_mut() {
            entry.large = Some((self.larges.len(), len));
        }
        self.larges.push(value);
        self.end();
    }

    /// Adds a step to the feature list that [`Builder::list`] will name.
    pub fn step_unset(&mut self) {
        put_field(&mut self.steps, 1, 0);
    }

    /// See [`Builder::step_unset`].
    pub fn step_floats(&mut self, values: &[f32]) {
        put_field(&mut self.steps, 1, floats_len(values));
        put_floats(&mut self.steps, values);
    }

    /// See [`Builder::step_unset`].
    pub fn step_ints(&mut self, values: &[i64]) {
        let run = varints_len(values);
        put_field(&mut self.steps, 1, ints_len(run));
        put_ints(&mut self.steps, run, values);
    }

    /// See [`Builder::step_unset`].
    pub fn step_bytes<'v>(&mut self, values: impl Iterator<Item = &'v [u8]> + Clone) {
        let list = bytes_list_len(values.clone());
        put_field(&mut self.steps, 1, field_len(list));
        put_bytes(&mut self.steps, list, values);
    }

    /// An entry of `FeatureLists`: the steps added since the last.
    pub fn list(&mut self, key: &str) {
        let steps = std::mem::take(&mut self.steps);
        self.entry(key, steps.len());
        self.wire.extend_from_slice(&steps);
        self.end();
        self.steps = steps;
        self.steps.clear();
    }

    /// Puts the entries in order and gives the length of the message that holds them (`Features` or `FeatureLists`).
    pub fn finish(&mut self) -> Result<usize, EncodeError> {
        if self.keys != self.ordered_keys {
            self.put_in_order()?;
        }
        Ok(self.wire.len() + self.entries.iter().filter_map(|entry| entry.large).map(|(_, len)| len).sum::<usize>())
    }

    fn put_in_order(&mut self) -> Result<(), EncodeError> {
        self.ordered_keys.clear();
        let key = |place: u32| &self.wire[self.entries[place as usize].key.clone()];
        self.order.clear();
        self.order.extend(0..self.entries.len() as u32);
        self.order.sort_unstable_by(|a, b| key(*a).cmp(key(*b)));
        if let Some(pair) = self.order.windows(2).find(|pair| key(pair[0]) == key(pair[1])) {
            let error = EncodeError::SameKey(String::from_utf8_lossy(key(pair[0])).into_owned());
            self.order.clear();
            return Err(error);
        }
        self.ordered_keys.extend_from_slice(&self.keys);
        Ok(())
    }

    /// Passes the message, as [`Builder::finish`] ordered it, to `put`, piece by piece. `value` gives the bytes of a
    /// large value: as many as were announced.
    pub fn pieces<'a>(&'a self, value: impl Fn(&'a Large) -> &'a [u8], mut put: impl FnMut(&[u8])) {
        for place in &self.order {
            let entry = &self.entries[*place as usize];
            put(&self.wire[entry.bytes.clone()]);
            if let Some((large, len)) = entry.large {
                let bytes = value(&self.larges[large]);
                debug_assert_eq!(bytes.len(), len);
                put(bytes);
            }
        }
    }
}

fn floats_len(values: &[f32]) -> usize {
    field_len(if values.is_empty() { 0 } else { field_len(values.len() * 4) })
}

fn put_floats(out: &mut Vec<u8>, values: &[f32]) {
    if values.is_empty() {
        return put_field(out, FLOAT, 0);
    }
    let run = values.len() * 4;
    put_field(out, FLOAT, field_len(run));
    put_field(out, 1, run);
    put_f32s(out, values);
}

fn ints_len(run: usize) -> usize {
    field_len(if run == 0 { 0 } else { field_len(run) })
}

fn put_ints(out: &mut Vec<u8>, run: usize, values: &[i64]) {
    if values.is_empty() {
        return put_field(out, INT64, 0);
    }
    put_field(out, INT64, field_len(run));
    put_field(out, 1, run);
    if run == values.len() {
        return out.extend(values.iter().map(|value| *value as u8));
    }
    out.reserve(run);
    values.iter().for_each(|value| put_varint(out, *value as u64));
}

fn bytes_list_len<'v>(values: impl Iterator<Item = &'v [u8]>) -> usize {
    values.map(|value| field_len(value.len())).sum()
}

fn put_bytes<'v>(out: &mut Vec<u8>, list: usize, values: impl Iterator<Item = &'v [u8]>) {
    put_field(out, BYTES, list);
    for value in values {
        put_field(out, 1, value.len());
        out.extend_from_slice(value);
    }
}

/// Bytes before a message of `len` bytes in field `field`: its tag and length.
pub fn message_header(field: u8, len: usize) -> ([u8; 11], usize) {
    let mut header = [0; 11];
    header[0] = field << 3 | 2;
    let mut value = len as u64;
    let mut end = 1;
    while value >= 0x80 {
        header[end] = value as u8 | 0x80;
        value >>= 7;
        end += 1;
    }
    header[end] = value as u8;
    (header, end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::{Feature, encode};
    use super::*;

    fn example(builder: &mut Builder<&'static [u8]>) -> Vec<u8> {
        let len = builder.finish().expect("unique keys");
        let (header, end) = message_header(1, len);
        let mut out = header[..end].to_vec();
        builder.pieces(|large| large, |piece| out.extend_from_slice(piece));
        assert_eq!(out.len(), end + len);
        out
    }

    #[test]
    fn writes_what_the_encoder_writes() {
        let mut builder = Builder::default();
        let big: &[u8] = &[7; 300];
        for _ in 0..2 {
            builder.clear();
            builder.ints("n", &[1, -1, i64::MIN, 300]);
            builder.large("image", big, big.len());
            builder.floats("x", &[0.5, f32::NAN]);
            builder.unset("");
            builder.bytes("b", [&b"one"[..], b"", b"three"].into_iter());
            builder.floats("no floats", &[]);
            builder.ints("no ints", &[]);
            builder.bytes("no bytes", [].into_iter());
            let expected = encode(&[
                ("", Feature::Unset),
                ("b", Feature::Bytes(vec![b"one"[..].into(), b""[..].into(), b"three"[..].into()])),
                ("image", Feature::bytes(big)),
                ("n", Feature::Int64(vec![1, -1, i64::MIN, 300].into())),
                ("no bytes", Feature::Bytes(vec![])),
                ("no floats", Feature::Float(vec![].into())),
                ("no ints", Feature::Int64(vec![].into())),
                ("x", Feature::Float(vec![0.5, f32::NAN].into())),
            ]);
            assert_eq!(example(&mut builder), expected);
        }
        builder.clear();
        builder.ints("a", &[2]);
        assert_eq!(example(&mut builder), encode(&[("a", Feature::int64(2))]));
    }

    #[test]
    fn a_key_stands_once() {
        let mut builder = Builder::<()>::default();
        for _ in 0..2 {
            builder.clear();
            builder.ints("a", &[1]);
            builder.ints("b", &[1]);
            builder.ints("a", &[2]);
            assert_eq!(builder.finish(), Err(EncodeError::SameKey("a".into())));
        }
        builder.clear();
        assert_eq!(builder.finish(), Ok(0));
        builder.pieces(|()| &[], |_| panic!("there is no piece"));
    }

    #[test]
    fn feature_lists() {
        let mut builder = Builder::<()>::default();
        builder.step_ints(&[2]);
        builder.step_unset();
        builder.list("s");
        let len = builder.finish().expect("unique keys");
        let (header, end) = message_header(2, len);
        let mut out = header[..end].to_vec();
        builder.pieces(|()| &[], |piece| out.extend_from_slice(piece));
        // tf_semantics S1: list s = [[2], unset].
        assert_eq!(out, b"\x12\x10\x0a\x0e\x0a\x01s\x12\x09\x0a\x05\x1a\x03\x0a\x01\x02\x0a\x00");
    }
}
