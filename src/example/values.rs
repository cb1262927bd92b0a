//! The values of one decoded feature: borrowed from the wire where they stand there in one piece.

use std::borrow::Cow;

use super::Feature;
use super::wire::{Cursor, next_varint};

/// A list of one kind. `Raw` is the usual case: the piece of the wire that holds all values, checked. Lists that an
/// unusual writer split, did not pack or mixed with unknown fields are gathered into `Values`.
#[derive(Clone, Debug)]
enum Form<'a, T> {
    Raw(&'a [u8]),
    Values(Vec<T>),
}

impl<T> Default for Form<'_, T> {
    fn default() -> Self {
        Self::Raw(&[])
    }
}

/// The values of one feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Values<'a> {
    /// No kind is set.
    #[default]
    Unset,
    /// `bytes_list`
    Bytes(BytesList<'a>),
    /// `float_list`
    Float(FloatList<'a>),
    /// `int64_list`
    Int64(Int64List<'a>),
}

impl<'a> Values<'a> {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Unset => 0,
            Self::Bytes(list) => list.len(),
            Self::Float(list) => list.len(),
            Self::Int64(list) => list.len(),
        }
    }

    /// No values, or no kind.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `bytes`, `float` or `int64`.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Unset => None,
            Self::Bytes(_) => Some("bytes"),
            Self::Float(_) => Some("float"),
            Self::Int64(_) => Some("int64"),
        }
    }

    /// The list, if it is one of bytes.
    pub fn as_bytes(&self) -> Option<&BytesList<'a>> {
        if let Self::Bytes(list) = self { Some(list) } else { None }
    }

    /// The list, if it is one of floats.
    pub fn as_float(&self) -> Option<&FloatList<'a>> {
        if let Self::Float(list) = self { Some(list) } else { None }
    }

    /// The list, if it is one of integers.
    pub fn as_int64(&self) -> Option<&Int64List<'a>> {
        if let Self::Int64(list) = self { Some(list) } else { None }
    }

    /// The same values, to encode.
    pub fn to_feature(&self) -> Feature<'a> {
        match self {
            Self::Unset => Feature::Unset,
            Self::Bytes(list) => Feature::Bytes(list.iter().map(Cow::Borrowed).collect()),
            Self::Float(list) => Feature::Float(Cow::Owned(list.to_vec())),
            Self::Int64(list) => Feature::Int64(Cow::Owned(list.to_vec())),
        }
    }
}

/// The values of a `bytes_list`.
#[derive(Clone, Debug, Default)]
pub struct BytesList<'a> {
    len: usize,
    /// `Raw`: the message BytesList, which holds nothing but values.
    form: Form<'a, &'a [u8]>,
}

impl<'a> BytesList<'a> {
    /// A message of `len` values and nothing else.
    pub(super) fn set_raw(&mut self, message: &'a [u8], len: usize) {
        *self = Self { len, form: Form::Raw(message) };
    }

    pub(super) fn push(&mut self, value: &'a [u8]) {
        self.gathered().push(value);
        self.len += 1;
    }

    fn gathered(&mut self) -> &mut Vec<&'a [u8]> {
        if let Form::Raw(_) = self.form {
            self.form = Form::Values(self.iter().collect());
        }
        let Form::Values(values) = &mut self.form else { unreachable!("set above") };
        values
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No values.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value, if there is exactly one.
    pub fn single(&self) -> Option<&'a [u8]> {
        if self.len == 1 { self.iter().next() } else { None }
    }

    /// The values, in order.
    pub fn iter(&self) -> BytesIter<'a, '_> {
        BytesIter(match &self.form {
            Form::Raw(message) => BytesSource::Raw(Cursor::new(message)),
            Form::Values(values) => BytesSource::Values(values.iter()),
        })
    }
}

impl PartialEq for BytesList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<'a, 'l> IntoIterator for &'l BytesList<'a> {
    type Item = &'a [u8];
    type IntoIter = BytesIter<'a, 'l>;

    fn into_iter(self) -> BytesIter<'a, 'l> {
        self.iter()
    }
}

/// Values of a [`BytesList`].
pub struct BytesIter<'a, 'l>(BytesSource<'a, 'l>);

enum BytesSource<'a, 'l> {
    Raw(Cursor<'a>),
    Values(std::slice::Iter<'l, &'a [u8]>),
}

impl<'a> Iterator for BytesIter<'a, '_> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        match &mut self.0 {
            BytesSource::Raw(cursor) => {
                cursor.tag().ok()?;
                cursor.bytes().ok()
            }
            BytesSource::Values(values) => values.next().copied(),
        }
    }
}

/// The values of a `float_list`.
#[derive(Clone, Debug, Default)]
pub struct FloatList<'a> {
    /// `Raw`: little-endian values, 4 bytes each.
    form: Form<'a, f32>,
}

impl<'a> FloatList<'a> {
    /// Adds a packed run, whose length is a multiple of 4.
    pub(super) fn add_run(&mut self, run: &'a [u8]) {
        if self.is_empty() {
            self.form = Form::Raw(run);
        } else if !run.is_empty() {
            self.gathered().extend(floats(run));
        }
    }

    pub(super) fn push(&mut self, value: f32) {
        self.gathered().push(value);
    }

    fn gathered(&mut self) -> &mut Vec<f32> {
        if let Form::Raw(run) = self.form {
            self.form = Form::Values(floats(run).collect());
        }
        let Form::Values(values) = &mut self.form else { unreachable!("set above") };
        values
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Raw(run) => run.len() / 4,
            Form::Values(values) => values.len(),
        }
    }

    /// No values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of all values, little-endian, where they stand in the payload in one piece; they may lie at any address.
    pub fn raw(&self) -> Option<&'a [u8]> {
        if let Form::Raw(run) = self.form { Some(run) } else { None }
    }

    /// The value, if there is exactly one.
    pub fn single(&self) -> Option<f32> {
        if self.len() == 1 { self.iter().next() } else { None }
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = f32> {
        let (run, values) = match &self.form {
            Form::Raw(run) => (*run, &[][..]),
            Form::Values(values) => (&[][..], values.as_slice()),
        };
        floats(run).chain(values.iter().copied())
    }

    /// Fills `out` with the values; the shorter of both decides.
    pub fn copy_to(&self, out: &mut [f32]) {
        match &self.form {
            Form::Raw(run) => out.iter_mut().zip(floats(run)).for_each(|(out, value)| *out = value),
            Form::Values(values) => out.iter_mut().zip(values).for_each(|(out, value)| *out = *value),
        }
    }

    /// The values.
    pub fn to_vec(&self) -> Vec<f32> {
        self.iter().collect()
    }
}

/// Equal bit for bit, so that a NaN equals itself and 0.0 is not -0.0.
impl PartialEq for FloatList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().map(f32::to_bits).eq(other.iter().map(f32::to_bits))
    }
}

fn floats(run: &[u8]) -> impl Iterator<Item = f32> {
    run.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// The values of an `int64_list`.
#[derive(Clone, Debug, Default)]
pub struct Int64List<'a> {
    len: usize,
    /// `Raw`: varints.
    form: Form<'a, i64>,
}

impl<'a> Int64List<'a> {
    /// Adds a packed run of `len` varints.
    pub(super) fn add_run(&mut self, run: &'a [u8], len: usize) {
        if self.len == 0 {
            self.form = Form::Raw(run);
        } else if len > 0 {
            self.gathered().extend(varints(run));
        }
        self.len += len;
    }

    pub(super) fn push(&mut self, value: i64) {
        self.gathered().push(value);
        self.len += 1;
    }

    fn gathered(&mut self) -> &mut Vec<i64> {
        if let Form::Raw(run) = self.form {
            self.form = Form::Values(varints(run).collect());
        }
        let Form::Values(values) = &mut self.form else { unreachable!("set above") };
        values
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No values.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The varints of all values, where they stand in the payload in one piece.
    pub fn raw(&self) -> Option<&'a [u8]> {
        if let Form::Raw(run) = self.form { Some(run) } else { None }
    }

    /// The value, if there is exactly one.
    pub fn single(&self) -> Option<i64> {
        if self.len == 1 { self.iter().next() } else { None }
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let (run, values) = match &self.form {
            Form::Raw(run) => (*run, &[][..]),
            Form::Values(values) => (&[][..], values.as_slice()),
        };
        varints(run).chain(values.iter().copied())
    }

    /// Fills `out` with the values; the shorter of both decides.
    pub fn copy_to(&self, out: &mut [i64]) {
        match &self.form {
            // Small numbers, one byte each: labels and flags.
            Form::Raw(run) if run.len() == self.len => {
                out.iter_mut().zip(*run).for_each(|(out, byte)| *out = i64::from(*byte));
            }
            Form::Raw(run) => out.iter_mut().zip(varints(run)).for_each(|(out, value)| *out = value),
            Form::Values(values) => out.iter_mut().zip(values).for_each(|(out, value)| *out = *value),
        }
    }

    /// The values.
    pub fn to_vec(&self) -> Vec<i64> {
        let mut values = vec![0; self.len];
        self.copy_to(&mut values);
        values
    }
}

impl PartialEq for Int64List<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

fn varints(mut run: &[u8]) -> impl Iterator<Item = i64> {
    std::iter::from_fn(move || next_varint(&mut run).map(|value| value as i64))
}
