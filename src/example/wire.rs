//! Protobuf's wire format, read as strictly and as leniently as upb (protocolbuffers/protobuf `upb/wire/{decode,reader}.c`),
//! the parser behind `Example.FromString`: overlong varints are read, a tag has at most 5 bytes and 32 bits, a length at
//! most 5 bytes and is less than 2^31, groups are skipped to a depth of 100.

use super::error::{ExampleError, ExampleErrorKind as Kind};

/// Varint.
pub(super) const VARINT: u32 = 0;
/// Eight bytes.
const FIXED64: u32 = 1;
/// Length and as many bytes.
pub(super) const LEN: u32 = 2;
/// Start of a group.
const GROUP: u32 = 3;
/// End of a group.
const END_GROUP: u32 = 4;
/// Four bytes.
pub(super) const FIXED32: u32 = 5;

/// Messages and groups that may stand in one another.
pub(super) const MAX_DEPTH: u32 = 100;
/// Bytes that a length-delimited field may have.
pub(super) const MAX_FIELD: u64 = i32::MAX as u64;

type Result<T> = std::result::Result<T, ExampleError>;

/// A place in the bytes of a message.
pub(super) struct Cursor<'a> {
    /// From the place to the end of the message.
    rest: &'a [u8],
    /// Bytes behind the message, up to the end of all.
    behind: usize,
    /// All bytes.
    total: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, behind: 0, total: bytes.len() }
    }

    /// The place, counted from the first byte of all.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.end() - self.rest.len()
    }

    #[inline]
    fn end(&self) -> usize {
        self.total - self.behind
    }

    #[inline]
    pub(super) fn done(&self) -> bool {
        self.rest.is_empty()
    }

    /// What is left of the message.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns to where `rest` was left of the message.
    #[inline]
    pub(super) fn back_to(&mut self, rest: &'a [u8]) {
        self.rest = rest;
    }

    /// Enters the message whose length comes next; gives what is left of the one around it, for [`Cursor::leave`].
    #[inline]
    pub(super) fn enter(&mut self) -> Result<&'a [u8]> {
        let message = self.bytes()?;
        let outer = std::mem::replace(&mut self.rest, message);
        self.behind += outer.len();
        Ok(outer)
    }

    #[inline]
    pub(super) fn leave(&mut self, outer: &'a [u8]) {
        self.behind -= outer.len();
        self.rest = outer;
    }

    fn long(&mut self, max: usize, kind: Kind) -> Result<u64> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().take(max).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        let kind = if self.rest.len() < max { Kind::Cut { end: self.end() } } else { kind };
        Err(ExampleError::new(self.at(), kind))
    }

    /// The next byte, if it is a varint alone.
    #[inline(always)]
    fn short(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first().filter(|(byte, _)| **byte < 0x80)?;
        self.rest = rest;
        Some(*byte)
    }

    /// A varint; bits beyond the 64th are lost, as everywhere in protobuf.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64> {
        match self.short() {
            Some(byte) => Ok(u64::from(byte)),
            None => self.long(10, Kind::VarintTooLong),
        }
    }

    /// Field number and wire type.
    #[inline]
    pub(super) fn tag(&mut self) -> Result<u32> {
        match self.short() {
            Some(byte) => Ok(u32::from(byte)),
            None => {
                let at = self.at();
                let tag = self.long(5, Kind::TagTooLarge)?;
                u32::try_from(tag).map_err(|_| ExampleError::new(at, Kind::TagTooLarge))
            }
        }
    }

    /// A field of bytes, which is there whole.
    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let before = self.rest;
        let len = match self.short() {
            Some(byte) => u64::from(byte),
            None => self.long(5, Kind::LengthTooLarge)?,
        };
        if len <= MAX_FIELD
            && let Some((bytes, rest)) = self.rest.split_at_checked(len as usize)
        {
            self.rest = rest;
            return Ok(bytes);
        }
        let left = self.rest.len();
        let kind = if len > MAX_FIELD { Kind::LengthTooLarge } else { Kind::LengthPastEnd { len, left } };
        Err(ExampleError::new(self.end() - before.len(), kind))
    }

    /// Four or eight bytes.
    #[inline]
    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(ExampleError::new(self.at(), Kind::Cut { end: self.end() })),
        }
    }

    /// Skips a field that its message does not know, of which `tag` has been read at `at`; `depth` levels may follow.
    #[cold]
    pub(super) fn skip_unknown(&mut self, tag: u32, at: usize, depth: u32) -> Result<()> {
        if tag >> 3 == 0 {
            return Err(ExampleError::new(at, Kind::FieldZero));
        }
        self.skip(tag, at, depth)
    }

    /// Inside a group upb skips field number 0 as any other.
    fn skip(&mut self, tag: u32, at: usize, depth: u32) -> Result<()> {
        match tag & 7 {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed::<8>().map(drop),
            LEN => self.bytes().map(drop),
            GROUP => self.skip_group(tag, at, depth),
            END_GROUP => Err(ExampleError::new(at, Kind::EndGroup(tag >> 3))),
            FIXED32 => self.fixed::<4>().map(drop),
            other => Err(ExampleError::new(at, Kind::WireType(other as u8))),
        }
    }

    /// Recursion no deeper than `depth`, at most 100.
    fn skip_group(&mut self, start: u32, at: usize, depth: u32) -> Result<()> {
        let Some(depth) = depth.checked_sub(1) else { return Err(ExampleError::new(at, Kind::TooDeep)) };
        while !self.done() {
            let at = self.at();
            let tag = self.tag()?;
            if tag == start & !7 | END_GROUP {
                return Ok(());
            }
            self.skip(tag, at, depth)?;
        }
        Err(ExampleError::new(at, Kind::OpenGroup(start >> 3)))
    }
}

/// Number of varints in `run`, or the place of the first that does not end or has more than 10 bytes.
pub(super) fn count_varints(run: &[u8]) -> std::result::Result<usize, usize> {
    let count = run.iter().filter(|byte| **byte < 0x80).count();
    if count == run.len() {
        return Ok(count);
    }
    let mut start = 0;
    for (index, byte) in run.iter().enumerate() {
        if *byte < 0x80 {
            start = index + 1;
        } else if index - start >= 9 {
            return Err(start);
        }
    }
    if start == run.len() { Ok(count) } else { Err(start) }
}

/// The varint at the start of `run`, which is moved behind it; `run` has been checked by [`count_varints`].
#[inline]
pub(super) fn next_varint(run: &mut &[u8]) -> Option<u64> {
    let (first, rest) = run.split_first()?;
    *run = rest;
    if *first < 0x80 {
        return Some(u64::from(*first));
    }
    let mut value = u64::from(first & 0x7f);
    let mut shift = 7;
    while let Some((byte, rest)) = run.split_first() {
        *run = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if *byte < 0x80 {
            break;
        }
    }
    Some(value)
}
