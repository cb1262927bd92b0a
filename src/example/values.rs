//! The values of one decoded feature: borrowed from the wire where they stand there in one piece.

use std::borrow::Cow;

use super::Feature;
use super::wire::{Cursor, next_varint};

/// How values of one kind stand on the wire.
pub trait Item<'a>: Copy {
    /// Goes through them.
    type OnWire: Iterator<Item = Self>;

    /// The values of a piece that has been checked and holds nothing else.
    fn on_wire(piece: &'a [u8]) -> Self::OnWire;

    /// Whether two are equal, bit for bit: a NaN equals itself, and 0.0 is not -0.0.
    fn is_same(self, other: Self) -> bool;
}

/// The values of a list of one kind.
#[derive(Clone, Debug)]
pub struct List<'a, T> {
    len: usize,
    form: Form<'a, T>,
}

/// `Raw` is the usual case: the piece of the wire that holds all values, checked. Lists that an unusual writer split, did
/// not pack or mixed with unknown fields are gathered into `Values`.
#[derive(Clone, Debug)]
enum Form<'a, T> {
    Raw(&'a [u8]),
    Values(Vec<T>),
}

/// The values of a `bytes_list`. On the wire: the message BytesList, where that holds nothing but values.
pub type BytesList<'a> = List<'a, &'a [u8]>;
/// The values of a `float_list`. On the wire: little-endian, 4 bytes each, at any address.
pub type FloatList<'a> = List<'a, f32>;
/// The values of an `int64_list`. On the wire: varints.
pub type Int64List<'a> = List<'a, i64>;

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

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self { len: 0, form: Form::Raw(&[]) }
    }
}

impl<'a, T: Item<'a>> List<'a, T> {
    /// Adds a piece of the wire that holds `len` values and nothing else.
    pub(super) fn add(&mut self, piece: &'a [u8], len: usize) {
        if self.len == 0 {
            self.form = Form::Raw(piece);
        } else if len > 0 {
            self.gathered().extend(T::on_wire(piece));
        }
        self.len += len;
    }

    pub(super) fn push(&mut self, value: T) {
        self.gathered().push(value);
        self.len += 1;
    }

    fn gathered(&mut self) -> &mut Vec<T> {
        if let Form::Raw(piece) = self.form {
            self.form = Form::Values(T::on_wire(piece).collect());
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

    /// The piece of the payload that holds all values, where there is one.
    pub fn raw(&self) -> Option<&'a [u8]> {
        if let Form::Raw(piece) = self.form { Some(piece) } else { None }
    }

    /// The value, if there is exactly one.
    pub fn single(&self) -> Option<T> {
        if self.len == 1 { self.iter().next() } else { None }
    }

    /// The values, in order.
    pub fn iter(&self) -> Iter<'a, '_, T> {
        Iter(match &self.form {
            Form::Raw(piece) => Source::Raw(T::on_wire(piece)),
            Form::Values(values) => Source::Values(values.iter()),
        })
    }

    /// The values.
    pub fn to_vec(&self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len);
        values.extend(self.iter());
        values
    }
}

impl<'a, T: Item<'a>> PartialEq for List<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().zip(other.iter()).all(|(one, other)| one.is_same(other))
    }
}

impl<'a, 'l, T: Item<'a>> IntoIterator for &'l List<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, 'l, T>;

    fn into_iter(self) -> Iter<'a, 'l, T> {
        self.iter()
    }
}

/// Values of a [`List`].
pub struct Iter<'a, 'l, T: Item<'a>>(Source<'l, T, T::OnWire>);

enum Source<'l, T, R> {
    Raw(R),
    Values(std::slice::Iter<'l, T>),
}

impl<'a, T: Item<'a>> Iterator for Iter<'a, '_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Source::Raw(values) => values.next(),
            Source::Values(values) => values.next().copied(),
        }
    }

    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(self, start: B, work: F) -> B {
        match self.0 {
            Source::Raw(values) => values.fold(start, work),
            Source::Values(values) => values.copied().fold(start, work),
        }
    }
}

impl<'a> Item<'a> for &'a [u8] {
    type OnWire = ByteStrings<'a>;

    fn on_wire(piece: &'a [u8]) -> ByteStrings<'a> {
        ByteStrings(Cursor::new(piece))
    }

    fn is_same(self, other: Self) -> bool {
        self == other
    }
}

/// The fields of a BytesList.
pub struct ByteStrings<'a>(Cursor<'a>);

impl<'a> Iterator for ByteStrings<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.0.tag().ok()?;
        self.0.bytes().ok()
    }
}

impl<'a> Item<'a> for f32 {
    type OnWire = Floats<'a>;

    fn on_wire(piece: &'a [u8]) -> Floats<'a> {
        Floats(piece.as_chunks().0.iter())
    }

    fn is_same(self, other: Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

/// A run of floats.
pub struct Floats<'a>(std::slice::Iter<'a, [u8; 4]>);

impl Iterator for Floats<'_> {
    type Item = f32;

    #[inline]
    fn next(&mut self) -> Option<f32> {
        self.0.next().map(|bytes| f32::from_le_bytes(*bytes))
    }

    #[inline]
    fn fold<B, F: FnMut(B, f32) -> B>(self, start: B, work: F) -> B {
        self.0.map(|bytes| f32::from_le_bytes(*bytes)).fold(start, work)
    }
}

impl<'a> Item<'a> for i64 {
    type OnWire = Varints<'a>;

    fn on_wire(piece: &'a [u8]) -> Varints<'a> {
        Varints(piece)
    }

    fn is_same(self, other: Self) -> bool {
        self == other
    }
}

/// A run of varints, checked.
pub struct Varints<'a>(&'a [u8]);

impl Iterator for Varints<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        next_varint(&mut self.0).map(|value| value as i64)
    }
}
