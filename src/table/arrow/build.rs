//! Columns to arrays.

use bytes::Bytes;

use super::array::Array;
use super::node::{Layout, Node, format_of};
use crate::table::model::{Batch, Column, Field, Values};

/// The schema of a table: a struct of its columns, each with its format string.
pub(in crate::table) fn schema(fields: &[Field]) -> Node {
    let mut root = Node::of_format("", "+s");
    root.children = fields.iter().map(node).collect();
    root
}

fn node(field: &Field) -> Node {
    let inner = if field.depth > 0 { "item" } else { &field.name };
    let mut node = Node::of_format(inner, &format_of(field.ty));
    for level in (0..field.depth).rev() {
        let mut list = Node::of_format(if level == 0 { &field.name } else { "item" }, "+l");
        list.children = vec![node];
        node = list;
    }
    node
}

/// The rows of a batch as a struct array of that schema.
pub(in crate::table) fn build(batch: &Batch) -> Result<Array, String> {
    let columns = batch.columns.iter().zip(batch.fields.iter());
    let children = columns.map(|(column, field)| array(column, field, batch.rows)).collect::<Result<_, _>>()?;
    Ok(Array { len: batch.rows, buffers: vec![Bytes::new()], children, ..Array::default() })
}

fn array(column: &Column, field: &Field, rows: usize) -> Result<Array, String> {
    let (validity, nulls) = match &column.present {
        Some(present) => bits(present.iter().copied()),
        None => (Bytes::new(), 0),
    };
    let layout = Node::of_format("", &format_of(field.ty)).layout;
    let Some(outer) = column.splits.first() else {
        let present = column.present.as_deref();
        let mut array = values(&column.values, &layout, present)?;
        (array.len, array.nulls) = (rows, nulls);
        if let Some(first) = array.buffers.first_mut() {
            *first = validity;
        }
        return Ok(array);
    };
    let mut array = values(&column.values, &layout, None)?;
    if let Some(inner) = column.splits.get(1) {
        let buffers = vec![Bytes::new(), offsets(inner)?];
        array = Array { len: inner.len() - 1, buffers, children: vec![array], ..Array::default() };
    }
    let buffers = vec![validity, offsets(outer)?];
    Ok(Array { len: rows, nulls, buffers, children: vec![array], ..Array::default() })
}

/// Bits, and how many are not set.
fn bits(values: impl ExactSizeIterator<Item = bool>) -> (Bytes, usize) {
    let mut bits = vec![0_u8; values.len().div_ceil(8)];
    let mut unset = 0;
    for (index, value) in values.enumerate() {
        bits[index / 8] |= u8::from(value) << (index % 8);
        unset += usize::from(!value);
    }
    (bits.into(), unset)
}

/// Offsets of 32 bits.
fn offsets(splits: &[i64]) -> Result<Bytes, String> {
    let mut bytes = Vec::with_capacity(splits.len() * 4);
    for split in splits {
        let narrow = i32::try_from(*split)
            .map_err(|_| format!("{split} values in one piece are more than Arrow's lists have"))?;
        bytes.extend_from_slice(&narrow.to_le_bytes());
    }
    Ok(bytes.into())
}

/// The array of values; a row that has none, as `present` says, gets zeros.
fn values(values: &Values, layout: &Layout, present: Option<&[bool]>) -> Result<Array, String> {
    let buffers = match (values, layout) {
        (Values::Int64(values), Layout::Bool) => {
            let spread: Vec<bool> = spread(values.iter().map(|value| *value != 0), present).collect();
            vec![Bytes::new(), bits(spread.into_iter()).0]
        }
        (Values::Int64(values), Layout::Int(size, _)) => {
            let size = usize::from(*size);
            let mut bytes = Vec::with_capacity(values.len() * size);
            for value in spread(values.iter().copied(), present) {
                // Its range was checked: the bytes that are left out say nothing.
                bytes.extend_from_slice(&value.to_le_bytes()[..size]);
            }
            vec![Bytes::new(), bytes.into()]
        }
        (Values::Float(values), Layout::Float(8)) => {
            let wide = spread(values.iter().map(|value| f64::from(*value)), present);
            vec![Bytes::new(), wide.flat_map(f64::to_le_bytes).collect::<Vec<u8>>().into()]
        }
        (Values::Float(values), _) => {
            let values = spread(values.iter().copied(), present);
            vec![Bytes::new(), values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>().into()]
        }
        (Values::Bytes(strings), _) => {
            let (bytes, ends) = strings.parts();
            let mut splits: Vec<i64> = vec![0];
            let mut end = 0;
            let lens = ends.windows(2).map(|pair| (pair[1] - pair[0]) as i64);
            for len in spread(lens, present) {
                end += len;
                splits.push(end);
            }
            vec![Bytes::new(), offsets(&splits)?, Bytes::copy_from_slice(bytes)]
        }
        (Values::Int64(_), _) => return Err("whole numbers of another type".into()),
    };
    Ok(Array { len: values.len(), buffers, ..Array::default() })
}

/// Values with a default for each row that has none.
fn spread<'p, T: Default + 'p>(
    mut values: impl Iterator<Item = T> + 'p,
    present: Option<&'p [bool]>,
) -> Box<dyn Iterator<Item = T> + 'p> {
    match present {
        None => Box::new(values),
        Some(present) => Box::new(
            present
                .iter()
                .map(move |is_there| if *is_there { values.next().unwrap_or_default() } else { T::default() }),
        ),
    }
}
