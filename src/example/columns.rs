//! A table of columns to one Example per row.
//!
//! What is equal in all rows (tags, keys, lengths where they cannot differ) is written once, into a template per column;
//! a row copies it and fills in the rest. Columns are checked once, before the first row.

use std::ops::Range;

use super::encode::{check_keys, check_len, field_len, put_f32s, put_field, put_varint, varint_len};
use super::error::EncodeError;

/// The values of a column, of all rows one after the other.
#[derive(Clone, Copy, Debug)]
pub enum ColumnValues<'a> {
    /// For `int64_list`.
    Int64(&'a [i64]),
    /// For `float_list`.
    Float(&'a [f32]),
    /// For `bytes_list`.
    Bytes(&'a [&'a [u8]]),
}

/// Which of its values a row has.
#[derive(Clone, Copy, Debug)]
pub enum Layout<'a> {
    /// Every row has so many.
    Each(usize),
    /// Row `i` has `splits[i]..splits[i + 1]`, as in TensorFlow's `RaggedTensor.row_splits`: N + 1 numbers that begin
    /// with 0, never fall and end with the number of values.
    Splits(&'a [i64]),
}

/// One feature of every row.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its values.
    pub values: ColumnValues<'a>,
    /// How they are spread over the rows.
    pub layout: Layout<'a>,
}

impl ColumnValues<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Int64(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Field number in Feature.
    fn field(&self) -> u8 {
        match self {
            Self::Bytes(_) => 1,
            Self::Float(_) => 2,
            Self::Int64(_) => 3,
        }
    }
}

impl Column<'_> {
    fn check(&self, rows: usize) -> Result<(), EncodeError> {
        let key = || self.key.to_owned();
        let values = self.values.len();
        let splits = match self.layout {
            Layout::Each(per_row) if rows.checked_mul(per_row) == Some(values) => return Ok(()),
            Layout::Each(per_row) => return Err(EncodeError::Values { key: key(), values, rows, per_row }),
            Layout::Splits(splits) => splits,
        };
        if Some(splits.len()) != rows.checked_add(1) {
            let (actual, expected) = (splits.len(), rows.saturating_add(1));
            return Err(EncodeError::Splits { key: key(), actual, expected, rows });
        }
        let wrong = |index: usize, expected: String| {
            Err(EncodeError::Split { key: key(), index, actual: splits[index], expected })
        };
        if splits[0] != 0 {
            return wrong(0, "0".into());
        }
        if let Some(index) = splits.windows(2).position(|pair| pair[0] > pair[1]) {
            return wrong(index + 1, format!("at least {}", splits[index]));
        }
        if usize::try_from(splits[rows]) != Ok(values) {
            return wrong(rows, format!("{values}, the number of values"));
        }
        Ok(())
    }

    /// Values of `row`; the column has been checked.
    #[inline]
    fn range(&self, row: usize) -> Range<usize> {
        match self.layout {
            Layout::Each(per_row) => row * per_row..(row + 1) * per_row,
            Layout::Splits(splits) => splits[row] as usize..splits[row + 1] as usize,
        }
    }
}

/// A column and what is equal in all its rows.
#[derive(Debug)]
struct Compiled<'a> {
    column: Column<'a>,
    head: Head,
}

#[derive(Debug)]
enum Head {
    /// All up to the values, whose bytes are always as many: `len` for the whole entry.
    Constant { bytes: Vec<u8>, len: usize },
    /// All up to the values with one byte for each length, for entries below 128 bytes. The lengths stand behind the
    /// tags, at `ENTRY` and that far from the end.
    Short(Vec<u8>),
}

/// Where the length of the entry stands in a short head.
const ENTRY: usize = 1;

/// Bytes of a row's feature: of the whole entry, of the message list, and of the packed run.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    whole: usize,
    list: usize,
    run: usize,
}

impl<'a> Compiled<'a> {
    fn new(column: Column<'a>) -> Self {
        let mut compiled = Self { column, head: Head::Short(Vec::new()) };
        let mut head = Vec::new();
        let constant = match (column.values, column.layout) {
            (_, Layout::Each(0)) => Some((0, 0)),
            (ColumnValues::Float(_), Layout::Each(per_row)) => Some((per_row * 4, per_row)),
            _ => None,
        };
        compiled.head = if let Some((run, count)) = constant {
            let sizes = compiled.sizes_of(run, if count == 0 { 0 } else { field_len(run) });
            compiled.put_head(sizes, &mut head);
            Head::Constant { bytes: head, len: sizes.whole }
        } else {
            // The lengths are filled in row by row; numbers have a run, whose tag must be there.
            let run = usize::from(!compiled.is_bytes());
            compiled.put_head(Sizes { run, ..Sizes::default() }, &mut head);
            Head::Short(head)
        };
        compiled
    }

    fn is_bytes(&self) -> bool {
        matches!(self.column.values, ColumnValues::Bytes(_))
    }

    fn sizes_of(&self, run: usize, list: usize) -> Sizes {
        let entry = field_len(self.column.key.len()) + field_len(field_len(list));
        Sizes { whole: field_len(entry), list, run }
    }

    /// Everything before the values.
    fn put_head(&self, sizes: Sizes, out: &mut Vec<u8>) {
        let key = self.column.key.as_bytes();
        put_field(out, 1, field_len(key.len()) + field_len(field_len(sizes.list)));
        put_field(out, 1, key.len());
        out.extend_from_slice(key);
        put_field(out, 2, field_len(sizes.list));
        put_field(out, self.column.values.field(), sizes.list);
        if sizes.run > 0 {
            put_field(out, 1, sizes.run);
        }
    }

    #[inline]
    fn sizes(&self, row: usize) -> Sizes {
        if let Head::Constant { len, .. } = self.head {
            return Sizes { whole: len, ..Sizes::default() };
        }
        let range = self.column.range(row);
        let (run, list) = match self.column.values {
            ColumnValues::Bytes(values) => (0, values[range].iter().map(|value| field_len(value.len())).sum()),
            ColumnValues::Float(_) => packed(range.len() * 4),
            ColumnValues::Int64(values) => packed(values[range].iter().map(|value| varint_len(*value as u64)).sum()),
        };
        self.sizes_of(run, list)
    }

    #[inline]
    fn put(&self, row: usize, sizes: Sizes, out: &mut Vec<u8>) {
        match &self.head {
            Head::Constant { bytes, .. } => out.extend_from_slice(bytes),
            Head::Short(head) if sizes.whole < 128 && (sizes.run > 0 || self.is_bytes()) => {
                let start = out.len();
                out.extend_from_slice(head);
                let head = &mut out[start..];
                let end = head.len();
                head[ENTRY] = (sizes.whole - 2) as u8;
                // Bytes have no run: `12 F 0a L`; numbers, `12 F 1a L 0a R`.
                let list = if self.is_bytes() {
                    end - 1
                } else {
                    head[end - 1] = sizes.run as u8;
                    end - 3
                };
                head[list] = sizes.list as u8;
                head[list - 2] = sizes.list as u8 + 2;
            }
            Head::Short(_) => self.put_head(sizes, out),
        }
        let range = self.column.range(row);
        match self.column.values {
            ColumnValues::Bytes(values) => {
                for value in &values[range] {
                    put_field(out, 1, value.len());
                    out.extend_from_slice(value);
                }
            }
            ColumnValues::Float(values) => put_f32s(out, &values[range]),
            ColumnValues::Int64(values) => values[range].iter().for_each(|value| put_varint(out, *value as u64)),
        }
    }
}

/// An empty list has no packed field.
fn packed(run: usize) -> (usize, usize) {
    (run, if run == 0 { 0 } else { field_len(run) })
}

/// A checked table. It can be encoded by several threads at once, each with a [`RowEncoder`] of its own.
#[derive(Debug)]
pub struct Columns<'a> {
    rows: usize,
    columns: Vec<Compiled<'a>>,
}

impl<'a> Columns<'a> {
    /// A table of `rows` rows. Columns may come in any order, keys are unique.
    pub fn new(rows: usize, mut columns: Vec<Column<'a>>) -> Result<Self, EncodeError> {
        columns.sort_by_key(|column| column.key);
        check_keys(columns.iter().map(|column| column.key))?;
        columns.iter().try_for_each(|column| column.check(rows))?;
        Ok(Self { rows, columns: columns.into_iter().map(Compiled::new).collect() })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Encodes single rows.
    pub fn encoder(&self) -> RowEncoder<'a, '_> {
        RowEncoder { columns: self, sizes: vec![Sizes::default(); self.columns.len()] }
    }

    /// Gives the Example of every row of `rows` to `sink`, until one of the two fails.
    pub fn encode_each<E: From<EncodeError>>(
        &self,
        rows: Range<usize>,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut encoder = self.encoder();
        let mut example = Vec::new();
        for row in rows {
            example.clear();
            encoder.encode(row, &mut example)?;
            sink(&example)?;
        }
        Ok(())
    }
}

/// Encodes rows of a table, keeping its scratch space from one to the next.
#[derive(Debug)]
pub struct RowEncoder<'a, 't> {
    columns: &'t Columns<'a>,
    sizes: Vec<Sizes>,
}

impl RowEncoder<'_, '_> {
    /// Appends the Example of `row` to `out`.
    ///
    /// # Panics
    ///
    /// Where the table has no such row.
    pub fn encode(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        assert!(row < self.columns.rows, "row {row} of {}", self.columns.rows);
        let mut total = 0;
        for (column, sizes) in self.columns.columns.iter().zip(&mut self.sizes) {
            *sizes = column.sizes(row);
            total += sizes.whole;
        }
        check_len(total)?;
        out.reserve(field_len(total));
        put_field(out, 1, total);
        for (column, sizes) in self.columns.columns.iter().zip(&self.sizes) {
            column.put(row, *sizes, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(rows: usize, values: ColumnValues<'_>, layout: Layout<'_>) -> String {
        Columns::new(rows, vec![Column { key: "x", values, layout }]).expect_err("refused").to_string()
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let values = ColumnValues::Int64(&[1, 2, 3, 4, 5]);
        assert_eq!(refusal(2, values, Layout::Each(2)), "feature \"x\" has 5 values, expected 2 rows of 2");
        assert_eq!(
            refusal(usize::MAX, values, Layout::Each(2)),
            "feature \"x\" has 5 values, expected 18446744073709551615 rows of 2"
        );
        let splits = Layout::Splits(&[0, 2, 5]);
        assert_eq!(refusal(3, values, splits), "feature \"x\" has 3 row splits, expected 4 for 3 rows");
        assert_eq!(refusal(2, values, Layout::Splits(&[1, 2, 5])), "feature \"x\": row split 0 is 1, expected 0");
        assert_eq!(
            refusal(2, values, Layout::Splits(&[0, 6, 5])),
            "feature \"x\": row split 2 is 5, expected at least 6"
        );
        assert_eq!(
            refusal(2, values, Layout::Splits(&[0, -1, 5])),
            "feature \"x\": row split 1 is -1, expected at least 0"
        );
        assert_eq!(
            refusal(2, values, Layout::Splits(&[0, 2, 6])),
            "feature \"x\": row split 2 is 6, expected 5, the number of values"
        );
        let column = Column { key: "x", values, layout: splits };
        assert_eq!(Columns::new(2, vec![column; 2]).expect_err("refused").to_string(), "feature \"x\" is given twice");
        assert!(Columns::new(2, vec![column]).is_ok());
    }

    #[test]
    fn a_table_without_columns_has_empty_examples() {
        let mut rows = 0;
        let columns = Columns::new(3, vec![]).expect("fits");
        let sink = |example: &[u8]| {
            rows += 1;
            assert_eq!(example, b"\x0a\x00");
            Ok::<_, EncodeError>(())
        };
        columns.encode_each(0..3, sink).expect("encoded");
        assert_eq!(rows, 3);
    }
}
