//! `encode_examples`: a table of columns to one Example per row.
//!
//! | column                                            | row                                    |
//! |---------------------------------------------------|----------------------------------------|
//! | array of shape (N, ...)                           | the values of its part, in C order     |
//! | list of N values                                  | one value                              |
//! | list of N lists or arrays                         | its values                             |
//! | what has `values` and `row_splits` (`Ragged`)     | `values[splits[i]:splits[i + 1]]`      |

use std::ops::Range;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use super::errors;
use super::value::{self, Kind, Parts, Refusal, Scratch};
use super::writer::TFRecordWriter;
use crate::example::EncodeError;
use crate::example::columns::{Column, ColumnValues, Columns, Layout};

/// Bytes of Examples after which Python may look for a signal, and makes its `bytes`: as many as stay in the processor's
/// cache until then.
const CHUNK: usize = 1 << 18;
/// Numbers that are copied from arrays at a time.
const NUMBERS: usize = 1 << 14;

/// Encodes a table: one tf.train.Example per row.
///
/// `columns` is a dict of names to columns, all of N rows:
///
/// - an array of shape (N, ...): a row has the values of its part, in C order
/// - a list of N values: a row has one
/// - a list of N lists or arrays: a row has as many as its list
/// - a `Ragged`, or a RaggedTensor of TensorFlow
///
/// Types are those of `encode_example`; a column has one kind.
///
/// Example:
///     >>> rows = rm.encode_examples({"id": [1, 2], "box": np.zeros((2, 4)), "labels": [[5], [6, 7]]})
///     >>> rm.decode_example(rows[1])["labels"]
///     array([6, 7])
///
/// Args:
///     columns: The table.
///     writer: A TFRecordWriter to write the Examples to.
///
/// Returns:
///     The Examples as a list of bytes; with `writer`, their number.
///
/// Raises:
///     TypeError, OverflowError: As of `encode_example`.
///     ValueError: The columns are not of equal height, or row splits are wrong.
#[pyfunction]
#[pyo3(signature = (columns, /, *, writer=None))]
pub fn encode_examples<'py>(
    columns: &Bound<'py, PyAny>,
    writer: Option<&Bound<'py, TFRecordWriter>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = columns.py();
    let table = Table::new(columns)?;
    let mut made = Made { list: PyList::empty(py), writer, block: Vec::new(), ends: Vec::new() };
    let views: Vec<Vec<&[u8]>> = table.columns.iter().map(|column| column.byte_strings(py)).collect();
    let mut parts: Vec<Scratch> = table.columns.iter().map(|_| Scratch::default()).collect();
    let rows_of_part = table.rows_of_part();
    let mut row = 0_usize;
    loop {
        let rows = row..row.saturating_add(rows_of_part).min(table.rows);
        for (column, part) in table.columns.iter().zip(&mut parts) {
            column.take_part(py, rows.clone(), part)?;
        }
        let columns = table.columns.iter().zip(&views).zip(&parts);
        let columns = columns.map(|((column, views), part)| column.view(rows.clone(), views, part)).collect();
        let columns = Columns::new(rows.len(), columns).map_err(|error| errors::of_encode(&error))?;
        made.encode(py, &columns)?;
        row = rows.end;
        if row == table.rows {
            break;
        }
    }
    match writer {
        Some(_) => Ok(table.rows.into_pyobject(py)?.into_any()),
        None => Ok(made.list.into_any()),
    }
}

/// Where the Examples go.
struct Made<'a, 'py> {
    list: Bound<'py, PyList>,
    writer: Option<&'a Bound<'py, TFRecordWriter>>,
    /// Some Examples, one behind the other. As long as it ever had to be; what counts of it, `ends` says.
    block: Vec<u8>,
    ends: Vec<usize>,
}

impl<'py> Made<'_, 'py> {
    fn encode(&mut self, py: Python<'py>, columns: &Columns<'_>) -> PyResult<()> {
        let Self { list, writer, block, ends } = self;
        let mut encoder = columns.encoder();
        let mut row = 0;
        while row < columns.rows() {
            py.detach(|| {
                ends.clear();
                let mut start = 0;
                while row < columns.rows() && start < CHUNK {
                    let end = start + encoder.measure(row)?;
                    if end > block.len() {
                        block.resize(end.max(CHUNK), 0);
                    }
                    encoder.write(row, &mut block[start..end]);
                    ends.push(end);
                    start = end;
                    row += 1;
                }
                Ok(())
            })
            .map_err(|error: EncodeError| errors::of_encode(&error))?;
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let examples = starts.zip(&*ends).map(|(start, end)| &block[start..*end]);
            match writer {
                Some(writer) => writer.get().put_all(py, examples)?,
                None => {
                    for example in examples {
                        list.append(PyBytes::new(py, example))?;
                    }
                }
            }
            py.check_signals()?;
        }
        Ok(())
    }
}

struct Table {
    rows: usize,
    columns: Vec<OwnedColumn>,
}

/// A column as taken from Python.
struct OwnedColumn {
    name: String,
    values: Taken,
    kind: Kind,
    spread: Spread,
}

/// Numbers are copied before the interpreter is let go, since arrays may change meanwhile.
enum Taken {
    /// All of them.
    Whole(Scratch),
    /// Those of some rows at a time, so that the copies stay in the processor's cache.
    Parts(Parts),
}

enum Spread {
    Each(usize),
    Splits(Vec<i64>),
}

impl Table {
    fn new(columns: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut rows = None;
        let mut taken = Vec::new();
        for (key, value) in value::items(columns)? {
            let name = value::name(&key)?.to_owned();
            let (column, actual) = OwnedColumn::new(name, &value)?;
            let expected = *rows.get_or_insert(actual);
            if actual != expected {
                return Err(errors::of_encode(&EncodeError::Rows { key: column.name, actual, expected }));
            }
            taken.push(column);
        }
        Ok(Self { rows: rows.unwrap_or(0), columns: taken })
    }

    /// How many rows are encoded at a time: all, unless numbers are copied for that. (Row splits are of all rows.)
    fn rows_of_part(&self) -> usize {
        if self.columns.iter().any(|column| matches!(column.spread, Spread::Splits(_))) {
            return usize::MAX;
        }
        let numbers = self.columns.iter().map(|column| match (&column.values, &column.spread) {
            (Taken::Parts(_), Spread::Each(each)) => *each,
            _ => 0,
        });
        let in_a_row: usize = numbers.fold(0, usize::saturating_add);
        NUMBERS.checked_div(in_a_row).map_or(usize::MAX, |rows| rows.max(1))
    }
}

impl OwnedColumn {
    /// The column and its number of rows.
    fn new(name: String, value: &Bound<'_, PyAny>) -> PyResult<(Self, usize)> {
        let py = value.py();
        let mut values = Scratch::default();
        let refused = |refusal: Refusal| refusal.into_error(py, &name);
        if let (Some(flat), Some(splits)) =
            (value.getattr_opt(intern!(py, "values"))?, value.getattr_opt(intern!(py, "row_splits"))?)
        {
            let kind = values.take(&flat, true).map_err(refused)?;
            let mut numbers = Scratch::default();
            let splits = match numbers.take(&splits, true).map_err(refused)? {
                Kind::Int64 => numbers.into_ints(),
                _ => return Err(PyTypeError::new_err(format!("feature {name:?}: row_splits must be integers"))),
            };
            let rows = splits.len().saturating_sub(1);
            return Self::finish(name, values, kind, Spread::Splits(splits), rows);
        }
        if let Some(list) = as_list(value) {
            let list = list?;
            if list.iter().any(|item| is_row(&item)) {
                return Self::ragged(name, &list);
            }
            let kind = values.take(&list, true).map_err(refused)?;
            return Self::finish(name, values, kind, Spread::Each(1), list.len());
        }
        let direct = PyUntypedBuffer::get(value).ok();
        let rows = match &direct {
            Some(buffer) => buffer.shape().first().copied(),
            None => value
                .call_method0(intern!(py, "__array__"))
                .and_then(|array| PyUntypedBuffer::get(&array))
                .ok()
                .and_then(|buffer| buffer.shape().first().copied()),
        };
        let Some(rows) = rows else {
            let kind = value.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "feature {name:?}: a column must be an array of one dimension or more, a list or a Ragged, not {kind}"
            )));
        };
        if let Some(parts) = direct.map(|buffer| Parts::new(value, buffer)).transpose().map_err(refused)?.flatten() {
            let (kind, each) = (parts.kind, parts.len().checked_div(rows).unwrap_or(1));
            return Ok((Self { name, values: Taken::Parts(parts), kind, spread: Spread::Each(each) }, rows));
        }
        let kind = values.take(value, true).map_err(refused)?;
        let len = values.len(&kind);
        let each = len.checked_div(rows).unwrap_or(1);
        if rows * each != len {
            // An `__array__` that gave another array the second time.
            let error = EncodeError::Values { key: name, values: len, rows, per_row: each };
            return Err(errors::of_encode(&error));
        }
        Self::finish(name, values, kind, Spread::Each(each), rows)
    }

    /// A list of rows.
    fn ragged(name: String, list: &Bound<'_, PyList>) -> PyResult<(Self, usize)> {
        let mut values = Scratch::default();
        let mut kind = Kind::Unset;
        let mut splits = vec![0];
        for (row, item) in list.iter().enumerate() {
            let mut own = Scratch::default();
            let refused = |refusal: Refusal| refusal.into_error(list.py(), &format!("{name}[{row}]"));
            let own_kind = own.take(&item, true).map_err(refused)?;
            kind = values.append(kind, own, own_kind).map_err(refused)?;
            splits.push(values.len(&kind) as i64);
        }
        Self::finish(name, values, kind, Spread::Splits(splits), list.len())
    }

    fn finish(name: String, values: Scratch, kind: Kind, spread: Spread, rows: usize) -> PyResult<(Self, usize)> {
        if matches!(kind, Kind::Unset) && rows > 0 {
            let message =
                format!("feature {name:?}: no row has a value, so its kind is not known; give an array with a dtype");
            return Err(PyValueError::new_err(message));
        }
        Ok((Self { name, values: Taken::Whole(values), kind, spread }, rows))
    }

    fn byte_strings<'a>(&'a self, py: Python<'a>) -> Vec<&'a [u8]> {
        match &self.values {
            Taken::Whole(values) => values.byte_strings(py).collect(),
            Taken::Parts(_) => Vec::new(),
        }
    }

    /// Copies what `rows` have, if the column is copied by parts.
    fn take_part(&self, py: Python<'_>, rows: Range<usize>, part: &mut Scratch) -> PyResult<()> {
        let (Taken::Parts(parts), Spread::Each(each)) = (&self.values, &self.spread) else { return Ok(()) };
        let refused = |refusal: Refusal| refusal.into_error(py, &self.name);
        part.take_part(parts, rows.start * each..rows.end * each).map_err(refused)
    }

    /// The column of `rows`, whose copied numbers are in `part`.
    fn view<'a>(&'a self, rows: Range<usize>, byte_strings: &'a [&'a [u8]], part: &'a Scratch) -> Column<'a> {
        let (layout, range) = match &self.spread {
            Spread::Each(each) => (Layout::Each(*each), rows.start * each..rows.end * each),
            // Then all rows are taken at once.
            Spread::Splits(splits) => (Layout::Splits(splits), 0..usize::MAX),
        };
        let (taken, range) = match &self.values {
            Taken::Whole(taken) => (taken, range.start..range.end.min(taken.len(&self.kind))),
            Taken::Parts(_) => (part, 0..part.len(&self.kind)),
        };
        let values = match self.kind {
            Kind::Float => ColumnValues::Float(taken.floats().get(range).unwrap_or_default()),
            Kind::Bytes => ColumnValues::Bytes(byte_strings.get(range).unwrap_or_default()),
            Kind::Int64 | Kind::Unset => ColumnValues::Int64(taken.ints().get(range).unwrap_or_default()),
        };
        Column { key: &self.name, values, layout }
    }
}

fn as_list<'py>(value: &Bound<'py, PyAny>) -> Option<PyResult<Bound<'py, PyList>>> {
    match (value.cast::<PyList>(), value.cast::<PyTuple>()) {
        (Ok(list), _) => Some(Ok(list.clone())),
        (_, Ok(tuple)) => Some(Ok(tuple.to_list())),
        _ => None,
    }
}

/// Whether an element of a list is a row of several values rather than one value.
fn is_row(item: &Bound<'_, PyAny>) -> bool {
    item.is_none()
        || item.is_instance_of::<PyList>()
        || item.is_instance_of::<PyTuple>()
        || !value::is_scalar(item)
            && PyUntypedBuffer::get(item)
                .is_ok_and(|buffer| buffer.dimensions() > 0 && !value::is_raw(item, &buffer).unwrap_or(false))
}
