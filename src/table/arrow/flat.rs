//! FlatBuffers (<https://flatbuffers.dev/internals/>), as far as it takes to read Arrow's messages, and to write them: every place
//! that the bytes name is looked at before it is read.
//!
//! ```text
//! table   i32 back to its vtable, then its fields
//! vtable  u16 its bytes, u16 the table's bytes, then a u16 for each field: its place in the table, or 0
//! vector  u32 its length, then the elements; a string is a vector of bytes
//! ```
//!
//! References are u32, forward from where they stand: what a table refers to is written behind it. Numbers lie at multiples of
//! their size.

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

/// A table: its fields by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Made(Vec<(usize, Value)>);

#[derive(Clone, Debug)]
enum Value {
    Number(Vec<u8>),
    Text(String),
    Table(Made),
    Tables(Vec<Made>),
    /// Elements of multiples of 8 bytes, and how many.
    Structs(Vec<u8>, usize),
}

impl Made {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn with(mut self, field: usize, value: Value) -> Self {
        self.0.push((field, value));
        self
    }

    /// A number of 1, 2, 4 or 8 bytes, little-endian.
    pub(super) fn number<const N: usize>(self, field: usize, bytes: [u8; N]) -> Self {
        self.with(field, Value::Number(bytes.to_vec()))
    }

    pub(super) fn text(self, field: usize, text: &str) -> Self {
        self.with(field, Value::Text(text.to_owned()))
    }

    pub(super) fn table(self, field: usize, table: Self) -> Self {
        self.with(field, Value::Table(table))
    }

    pub(super) fn tables(self, field: usize, tables: Vec<Self>) -> Self {
        self.with(field, Value::Tables(tables))
    }

    /// A vector of structs of `N` bytes, a multiple of 8.
    pub(super) fn structs<const N: usize>(self, field: usize, structs: &[[u8; N]]) -> Self {
        self.with(field, Value::Structs(structs.concat(), structs.len()))
    }

    /// The message whose root it is, filled up to a multiple of 8 bytes.
    pub(super) fn finish(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        self.put(0, &mut out);
        fill(&mut out, 8, 0);
        out
    }

    /// Puts it down, and at `from` the reference to it.
    fn put(&self, from: usize, out: &mut Vec<u8>) {
        fill(out, 2, 0);
        // The vtable; then the table, which begins with the way back to it. Numbers of 8 bytes come first, so that all lie at
        // multiples of their size.
        let mut order: Vec<(usize, &Value)> = self.0.iter().map(|(field, value)| (*field, value)).collect();
        order.sort_by_key(|(field, value)| (std::cmp::Reverse(value.size()), *field));
        let fields = order.iter().map(|(field, _)| field + 1).max().unwrap_or(0);
        let vtable = out.len();
        out.resize(vtable + 4 + 2 * fields, 0);
        fill(out, 8, 4);
        let table = out.len();
        refer(from, table, out);
        out.extend_from_slice(&((table - vtable) as i32).to_le_bytes());
        let mut later = Vec::new();
        for (field, value) in order {
            let at = out.len();
            set(vtable + 4 + 2 * field, &((at - table) as u16).to_le_bytes(), out);
            match value {
                Value::Number(bytes) => out.extend_from_slice(bytes),
                _ => {
                    out.extend_from_slice(&[0; 4]);
                    later.push((at, value));
                }
            }
        }
        let len = (out.len() - table) as u16;
        set(vtable, &((4 + 2 * fields) as u16).to_le_bytes(), out);
        set(vtable + 2, &len.to_le_bytes(), out);
        later.into_iter().for_each(|(at, value)| value.put(at, out));
    }
}

impl Value {
    /// Bytes in the table.
    fn size(&self) -> usize {
        match self {
            Self::Number(bytes) => bytes.len(),
            _ => 4,
        }
    }

    fn put(&self, from: usize, out: &mut Vec<u8>) {
        match self {
            Self::Number(_) => {}
            Self::Table(table) => table.put(from, out),
            Self::Text(text) => {
                fill(out, 4, 0);
                refer(from, out.len(), out);
                out.extend_from_slice(&(text.len() as u32).to_le_bytes());
                out.extend_from_slice(text.as_bytes());
                out.push(0);
            }
            Self::Structs(bytes, len) => {
                fill(out, 8, 4);
                refer(from, out.len(), out);
                out.extend_from_slice(&(*len as u32).to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Self::Tables(tables) => {
                fill(out, 4, 0);
                let start = out.len();
                refer(from, start, out);
                out.extend_from_slice(&(tables.len() as u32).to_le_bytes());
                out.resize(start + 4 + 4 * tables.len(), 0);
                for (number, table) in tables.iter().enumerate() {
                    table.put(start + 4 + 4 * number, out);
                }
            }
        }
    }
}

/// Zeros up to `rest` beyond a multiple of `to`.
fn fill(out: &mut Vec<u8>, to: usize, rest: usize) {
    while out.len() % to != rest {
        out.push(0);
    }
}

fn refer(from: usize, to: usize, out: &mut [u8]) {
    set(from, &((to - from) as u32).to_le_bytes(), out);
}

fn set(at: usize, bytes: &[u8], out: &mut [u8]) {
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read() {
        let inner = |name: &str| Made::new().text(0, name).number(3, 7_i16.to_le_bytes());
        let made = Made::new()
            .number(0, [1])
            .tables(1, vec![inner("a"), inner("bcd"), Made::new()])
            .structs(2, &[[1; 16], [2; 16]])
            .number(4, (-5_i64).to_le_bytes())
            .number(5, 9_i32.to_le_bytes())
            .table(7, inner(""))
            .tables(8, Vec::new())
            .finish();
        assert_eq!(made.len() % 8, 0);
        let table = Table::root(&made).expect("a root");
        assert_eq!((table.u8(0), table.i64(4), table.i32(5, 0), table.i32(3, 4)), (Ok(1), Ok(-5), Ok(9), Ok(4)));
        assert_eq!(table.vector(2, 16).expect("structs"), [[1; 16], [2; 16]].concat());
        assert_eq!((table.vector(2, 16).expect("structs").as_ptr() as usize - made.as_ptr() as usize) % 8, 0);
        let tables = table.tables(1).expect("tables");
        let texts: Vec<_> = tables.iter().map(|table| table.text(0).expect("text")).collect();
        assert_eq!((texts, tables[1].i16(3, 0)), (vec!["a", "bcd", ""], Ok(7)));
        assert_eq!(table.table(7).expect("a table").expect("there").i16(3, 0), Ok(7));
        assert!(table.table(6).expect("nothing").is_none() && table.tables(8).expect("none").is_empty());
    }
}
