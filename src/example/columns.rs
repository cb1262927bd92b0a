//! A table of columns to one Example per row.
//!
//! What stands between the values (tags, keys, lengths) is made once and copied from row to row until a length differs.
//! Columns are checked once, before the first row.

use std::ops::Range;

use super::build::message_header;
use super::encode::{check_keys, check_len, field_len, put_field, varints_len};
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
    /// The same, but row `i` has the feature only if `present[i]` says so; otherwise not even an empty one.
    Sparse {
        /// As above.
        splits: &'a [i64],
        /// One for each row.
        present: &'a [bool],
    },
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
            Layout::Sparse { present, .. } if present.len() != rows => {
                return Err(EncodeError::Rows { key: key(), actual: present.len(), expected: rows });
            }
            Layout::Splits(splits) | Layout::Sparse { splits, .. } => splits,
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
            Layout::Splits(splits) | Layout::Sparse { splits, .. } => splits[row] as usize..splits[row + 1] as usize,
        }
    }
}

impl<'a> Column<'a> {
    fn is_bytes(&self) -> bool {
        matches!(self.values, ColumnValues::Bytes(_))
    }

    /// Bytes of the values of `row`: of the packed run, or of the fields of a `bytes_list`; [`ABSENT`] where the row does
    /// not have the feature.
    #[inline]
    fn values_len(&self, row: usize) -> usize {
        let range = self.range(row);
        if let Layout::Sparse { present, .. } = self.layout
            && !present[row]
        {
            return ABSENT;
        }
        match self.values {
            ColumnValues::Bytes(values) => values[range].iter().map(|value| field_len(value.len())).sum(),
            ColumnValues::Float(_) => range.len() * 4,
            ColumnValues::Int64(values) => varints_len(&values[range]),
        }
    }

    /// Appends everything before the values of a row in which those take `values` bytes, and gives the number of bytes of
    /// the entry's message.
    fn put_head(&self, values: usize, out: &mut Vec<u8>) -> usize {
        if values == ABSENT {
            return 0;
        }
        let key = self.key.as_bytes();
        // An empty list has no packed field.
        let is_run = values > 0 && !self.is_bytes();
        let list = if is_run { field_len(values) } else { values };
        let entry = field_len(key.len()) + field_len(field_len(list));
        put_field(out, 1, entry);
        put_field(out, 1, key.len());
        out.extend_from_slice(key);
        put_field(out, 2, field_len(list));
        put_field(out, self.values.field(), list);
        if is_run {
            put_field(out, 1, values);
        }
        field_len(entry)
    }

    /// Writes the values of `row` into `out`, which is as long as they are.
    #[inline]
    fn write_values(&self, row: usize, out: &mut [u8]) {
        let range = self.range(row);
        match self.values {
            ColumnValues::Bytes(values) => write_byte_strings(out, &values[range]),
            ColumnValues::Float(values) => write_f32s(out, &values[range]),
            ColumnValues::Int64(values) => write_varints(out, &values[range]),
        }
    }
}

/// A checked table. It can be encoded by several threads at once, each with a [`RowEncoder`] of its own.
#[derive(Debug)]
pub struct Columns<'a> {
    rows: usize,
    columns: Vec<Column<'a>>,
}

impl<'a> Columns<'a> {
    /// A table of `rows` rows. Columns may come in any order, keys are unique.
    pub fn new(rows: usize, mut columns: Vec<Column<'a>>) -> Result<Self, EncodeError> {
        columns.sort_by_key(|column| column.key);
        check_keys(columns.iter().map(|column| column.key))?;
        columns.iter().try_for_each(|column| column.check(rows))?;
        Ok(Self { rows, columns })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Encodes single rows.
    pub fn encoder(&self) -> RowEncoder<'a, '_> {
        RowEncoder { columns: self, heads: Vec::new(), pieces: Vec::new(), len: 0 }
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

/// Encodes rows of a table. What stands between the values is kept from one row to the next: it stays the same as long as
/// the values of each column take as many bytes.
#[derive(Debug)]
pub struct RowEncoder<'a, 't> {
    columns: &'t Columns<'a>,
    /// The heads of all columns, that of the Example before the first.
    heads: Vec<u8>,
    /// For each column the end of its head, and the length of its values.
    pieces: Vec<(usize, usize)>,
    /// Of the Example.
    len: usize,
}

impl RowEncoder<'_, '_> {
    /// The length of the Example of `row`, for which [`RowEncoder::write`] may then be called.
    ///
    /// # Panics
    ///
    /// Where the table has no such row.
    #[inline]
    pub fn measure(&mut self, row: usize) -> Result<usize, EncodeError> {
        assert!(row < self.columns.rows, "row {row} of {}", self.columns.rows);
        let mut same = !self.heads.is_empty();
        for (column, (_, len)) in self.columns.columns.iter().zip(&mut self.pieces) {
            let values = column.values_len(row);
            same &= *len == values;
            *len = values;
        }
        if !same {
            self.make_heads(row)?;
        }
        Ok(self.len)
    }

    fn make_heads(&mut self, row: usize) -> Result<(), EncodeError> {
        let columns = &self.columns.columns;
        if self.pieces.is_empty() {
            self.pieces.extend(columns.iter().map(|column| (0, column.values_len(row))));
        }
        // The length of all comes first and is known last.
        self.heads.clear();
        self.heads.resize(MAX_HEADER, 0);
        let mut total = 0;
        for (column, (end, len)) in columns.iter().zip(&mut self.pieces) {
            total += column.put_head(*len, &mut self.heads);
            *end = self.heads.len();
        }
        if let Err(error) = check_len(total) {
            self.heads.clear();
            return Err(error);
        }
        let mut header = Vec::with_capacity(MAX_HEADER);
        put_field(&mut header, 1, total);
        let unused = MAX_HEADER - header.len();
        self.heads.splice(..MAX_HEADER, header);
        self.pieces.iter_mut().for_each(|(end, _)| *end -= unused);
        self.len = field_len(total);
        Ok(())
    }

    /// Writes the Example of `row`, which [`RowEncoder::measure`] has just measured, into `out`, which has its length.
    ///
    /// # Panics
    ///
    /// Where `out` is shorter.
    #[inline]
    pub fn write(&self, row: usize, out: &mut [u8]) {
        let (mut start, mut rest) = (0, out);
        for (column, (end, len)) in self.columns.columns.iter().zip(&self.pieces) {
            let head = &self.heads[start..*end];
            start = *end;
            if *len == ABSENT {
                // The first of all has the header of the Example in front.
                let (place, behind) = rest.split_at_mut(head.len());
                place.copy_from_slice(head);
                rest = behind;
                continue;
            }
            let (place, behind) = rest.split_at_mut(head.len() + len);
            let (head_place, values_place) = place.split_at_mut(head.len());
            head_place.copy_from_slice(head);
            column.write_values(row, values_place);
            rest = behind;
        }
        if self.pieces.is_empty() {
            rest.copy_from_slice(&self.heads);
        }
    }

    /// Appends the Example of `row` to `out`.
    ///
    /// # Panics
    ///
    /// Where the table has no such row.
    pub fn encode(&mut self, row: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        out.resize(start + self.measure(row)?, 0);
        self.write(row, &mut out[start..]);
        Ok(())
    }
}

/// In place of a length: the row does not have the feature.
const ABSENT: usize = usize::MAX;

/// Bytes that the header of an Example takes at most: tag and length.
const MAX_HEADER: usize = 6;

/// Writes `values` as varints over `out`, which is as long as they are.
#[inline]
fn write_varints(out: &mut [u8], values: &[i64]) {
    if out.len() == values.len() {
        return out.iter_mut().zip(values).for_each(|(slot, value)| *slot = *value as u8);
    }
    let mut slots = out.iter_mut();
    for value in values {
        let mut value = *value as u64;
        while value >= 0x80 {
            if let Some(slot) = slots.next() {
                *slot = value as u8 | 0x80;
            }
            value >>= 7;
        }
        if let Some(slot) = slots.next() {
            *slot = value as u8;
        }
    }
}

#[inline]
fn write_f32s(out: &mut [u8], values: &[f32]) {
    let slots = out.as_chunks_mut::<4>().0;
    slots.iter_mut().zip(values).for_each(|(slot, value)| *slot = value.to_le_bytes());
}

fn write_byte_strings(mut out: &mut [u8], values: &[&[u8]]) {
    for value in values {
        let (header, len) = message_header(1, value.len());
        let (place, behind) = out.split_at_mut(len + value.len());
        let (header_place, value_place) = place.split_at_mut(len);
        header_place.copy_from_slice(&header[..len]);
        value_place.copy_from_slice(value);
        out = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Feature, encode};
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
    fn a_row_may_have_no_such_feature() {
        let values = ColumnValues::Int64(&[5]);
        let sparse = |present| Layout::Sparse { splits: &[0, 0, 1, 1], present };
        assert_eq!(refusal(3, values, sparse(&[true])), "feature \"x\" has 1 rows, expected 3");
        for key in ["x", "a"] {
            let ints = Column { key, values, layout: sparse(&[true, true, false]) };
            let floats =
                Column { key: "f", values: ColumnValues::Float(&[0.5, 1.5]), layout: Layout::Splits(&[0, 1, 2, 2]) };
            let table = Columns::new(3, vec![ints, floats]).expect("fits");
            let mut rows = Vec::new();
            let sink = |example: &[u8]| {
                rows.push(example.to_vec());
                Ok::<_, EncodeError>(())
            };
            table.encode_each(0..3, sink).expect("encoded");
            let float = |values: &'static [f32]| ("f", Feature::Float(values.into()));
            let expected = [
                vec![(key, Feature::Int64(vec![].into())), float(&[0.5])],
                vec![(key, Feature::int64(5)), float(&[1.5])],
                vec![float(&[])],
            ];
            let encoded = expected.map(|mut features| {
                features.sort_by_key(|(key, _)| *key);
                encode(&features)
            });
            assert_eq!(rows, encoded);
        }
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
