//! An array: its length, its buffers, its children.

use bytes::Bytes;

/// An array, as the specification has it. Buffers are shared, and may be shorter than they should: every look at one is
/// checked.
#[derive(Clone, Debug, Default)]
pub(in crate::table) struct Array {
    pub len: usize,
    /// Of the first element, in the buffers.
    pub offset: usize,
    pub nulls: usize,
    /// The first says which elements are there, if any are not; a buffer that is left out is empty.
    pub buffers: Vec<Bytes>,
    pub children: Vec<Array>,
    pub dictionary: Option<Box<Array>>,
}

/// What a file, or another library, has made too short.
pub(super) const SHORT: &str = "a buffer is shorter than its array";

impl Array {
    /// Bytes of all buffers.
    pub(super) fn bytes(&self) -> usize {
        let own: usize = self.buffers.iter().map(bytes::Bytes::len).sum();
        own + self.children.iter().map(Self::bytes).sum::<usize>()
    }

    /// Bytes of a buffer.
    pub(super) fn buffer(&self, number: usize) -> &[u8] {
        self.buffers.get(number).map_or(&[], |buffer| buffer)
    }

    /// Whether the element is there. Buffers of validity are left out where all are.
    pub(super) fn is_valid(&self, index: usize) -> bool {
        let at = self.offset + index;
        match self.buffer(0) {
            [] => true,
            bits => bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1),
        }
    }

    /// The bytes of a value of `N` bytes.
    #[inline]
    pub(super) fn value<const N: usize>(&self, buffer: usize, index: usize) -> Result<[u8; N], String> {
        let start = (self.offset + index).checked_mul(N).ok_or(SHORT)?;
        let bytes = self.buffer(buffer).get(start..).and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or_else(|| SHORT.to_owned())
    }

    /// Number `index` of the offsets of a list or of byte strings: of 32 bits, or 64.
    pub(super) fn end(&self, index: usize, is_large: bool) -> Result<usize, String> {
        let end = match is_large {
            true => i64::from_le_bytes(self.value(1, index)?),
            false => i32::from_le_bytes(self.value(1, index)?).into(),
        };
        usize::try_from(end).map_err(|_| format!("an offset of {end}"))
    }

    /// From where to where the element is.
    pub(super) fn range(&self, index: usize, is_large: bool) -> Result<std::ops::Range<usize>, String> {
        let (start, end) = (self.end(index, is_large)?, self.end(index + 1, is_large)?);
        if start > end { Err(format!("offsets fall from {start} to {end}")) } else { Ok(start..end) }
    }
}
