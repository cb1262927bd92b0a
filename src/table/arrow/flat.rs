//! FlatBuffers (<https://flatbuffers.dev/internals/>), as far as it takes to read Arrow's messages: every place that the bytes
//! name is looked at before it is read.
//!
//! ```text
//! table   i32 back to its vtable, then its fields
//! vtable  u16 its bytes, u16 the table's bytes, then a u16 for each field: its place in the table, or 0
//! vector  u32 its length, then the elements; a string is a vector of bytes
//! ```
//!
//! References are u32, forward from where they stand.

/// What is damaged, or was never one.
const WRONG: &str = "a message that leads beyond its end";

/// A table in the bytes of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'m> {
    bytes: &'m [u8],
    at: usize,
    vtable: usize,
    fields: usize,
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], String> {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().ok_or_else(|| WRONG.to_owned())
}

/// Where the reference at `at` leads.
fn follow(bytes: &[u8], at: usize) -> Result<usize, String> {
    let by = u32::from_le_bytes(take(bytes, at)?);
    at.checked_add(by as usize).filter(|to| *to < bytes.len()).ok_or_else(|| WRONG.to_owned())
}

impl<'m> Table<'m> {
    /// That which a message begins with.
    pub(super) fn root(bytes: &'m [u8]) -> Result<Self, String> {
        Self::at(bytes, follow(bytes, 0)?)
    }

    fn at(bytes: &'m [u8], at: usize) -> Result<Self, String> {
        let back = i64::from(i32::from_le_bytes(take(bytes, at)?));
        let vtable = usize::try_from(at as i64 - back).map_err(|_| WRONG.to_owned())?;
        let len = usize::from(u16::from_le_bytes(take(bytes, vtable)?));
        Ok(Self { bytes, at, vtable, fields: len.saturating_sub(4) / 2 })
    }

    /// Where a field is, if it is there.
    fn place(&self, field: usize) -> Result<Option<usize>, String> {
        if field >= self.fields {
            return Ok(None);
        }
        let by = u16::from_le_bytes(take(self.bytes, self.vtable + 4 + 2 * field)?);
        Ok((by != 0).then(|| self.at + usize::from(by)))
    }

    fn number<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>, String> {
        self.place(field)?.map(|at| take(self.bytes, at)).transpose()
    }

    /// A field that is not there has its default.
    pub(super) fn u8(&self, field: usize) -> Result<u8, String> {
        Ok(self.number::<1>(field)?.map_or(0, |[byte]| byte))
    }

    pub(super) fn i16(&self, field: usize, default: i16) -> Result<i16, String> {
        Ok(self.number(field)?.map_or(default, i16::from_le_bytes))
    }

    pub(super) fn i32(&self, field: usize, default: i32) -> Result<i32, String> {
        Ok(self.number(field)?.map_or(default, i32::from_le_bytes))
    }

    pub(super) fn i64(&self, field: usize) -> Result<i64, String> {
        Ok(self.number(field)?.map_or(0, i64::from_le_bytes))
    }

    pub(super) fn table(&self, field: usize) -> Result<Option<Self>, String> {
        let Some(place) = self.place(field)? else { return Ok(None) };
        Self::at(self.bytes, follow(self.bytes, place)?).map(Some)
    }

    /// The elements of a vector, each of `size` bytes.
    pub(super) fn vector(&self, field: usize, size: usize) -> Result<&'m [u8], String> {
        let Some(place) = self.place(field)? else { return Ok(&[]) };
        let start = follow(self.bytes, place)?;
        let len = u32::from_le_bytes(take(self.bytes, start)?) as usize;
        let end = len.checked_mul(size).and_then(|bytes| bytes.checked_add(start + 4)).ok_or(WRONG)?;
        self.bytes.get(start + 4..end).ok_or_else(|| WRONG.to_owned())
    }

    pub(super) fn text(&self, field: usize) -> Result<&'m str, String> {
        std::str::from_utf8(self.vector(field, 1)?).map_err(|_| "a name that is no UTF-8".to_owned())
    }

    /// The tables of a vector.
    pub(super) fn tables(&self, field: usize) -> Result<Vec<Self>, String> {
        let elements = self.vector(field, 4)?;
        let start = elements.as_ptr() as usize - self.bytes.as_ptr() as usize;
        let places = (0..elements.len() / 4).map(|number| start + 4 * number);
        places.map(|place| Self::at(self.bytes, follow(self.bytes, place)?)).collect()
    }
}
