//! Arrays to columns.

use std::path::Path;
use std::sync::Arc;

use super::array::{Array, SHORT};
use super::node::{Layout, Node};
use crate::table::TableError;
use crate::table::columnar::{self, Typed, big_endian, half_to_f32};
use crate::table::error::Refusal;
use crate::table::model::{Ask, Batch, Column, Field};
use crate::table::types::Type;

/// The columns of a schema: of each the way to it from the root, as numbers of children.
pub(super) fn typed(root: &Node, flatten: bool) -> Vec<(Typed, Vec<usize>)> {
    fn walk(node: &Node, prefix: &str, way: &[usize], flatten: bool, out: &mut Vec<(Typed, Vec<usize>)>) {
        for (place, child) in node.children.iter().enumerate() {
            let name = format!("{prefix}{}", child.name);
            let way: Vec<usize> = way.iter().copied().chain([place]).collect();
            if flatten && child.layout == Layout::Struct {
                walk(child, &format!("{name}/"), &way, flatten, out);
                continue;
            }
            let (depth, ty) = of(child, 0);
            out.push((Typed { name, depth, ty }, way));
        }
    }
    let mut out = Vec::new();
    walk(root, "", &[], flatten, &mut out);
    out
}

/// For each column the way to it.
pub(in crate::table) type Ways = Arc<[Vec<usize>]>;

/// The columns that are asked for, and the way to each.
pub(in crate::table) fn fields(path: &Path, root: &Node, ask: &Ask) -> Result<(Arc<[Field]>, Ways), TableError> {
    let (there, ways): (Vec<Typed>, Vec<Vec<usize>>) = typed(root, ask.flatten).into_iter().unzip();
    let chosen = columnar::fields(path, &there, ask)?;
    let way = |(place, _): &(usize, Field)| ways.get(*place).cloned().unwrap_or_default();
    Ok((chosen.iter().map(|(_, field)| field.clone()).collect(), chosen.iter().map(way).collect()))
}

fn of(node: &Node, depth: u8) -> (u8, Result<Type, String>) {
    let inner = node.dictionary.as_deref().unwrap_or(node);
    match &inner.layout {
        Layout::List(_) | Layout::ListView(_) | Layout::FixedList(_) => match inner.children.first() {
            Some(child) if node.dictionary.is_none() && depth < u8::MAX => of(child, depth + 1),
            _ => (depth, Err("a list fits into no feature so".into())),
        },
        Layout::Struct if depth > 0 => (depth, Err("a list of structs fits into no feature".into())),
        Layout::Struct => (depth, Err("a struct fits into no feature; flatten makes columns of its members".into())),
        Layout::Map => (depth, Err("a map fits into no feature".into())),
        Layout::Other(what) => (depth, Err(format!("{what} fits into no feature"))),
        _ => (depth, Ok(inner.ty)),
    }
}

/// The rows of a struct array that is a table's: `ways` leads to the column of each field.
pub(in crate::table) fn batch(
    path: &Path,
    root: &Node,
    array: &Array,
    fields: &Arc<[Field]>,
    ways: &[Vec<usize>],
    first_row: u64,
) -> Result<Batch, TableError> {
    let columns = fields.iter().zip(ways).map(|(field, way)| {
        column(root, array, field, way)
            .map_err(|refusal| TableError::value(path, &field.source, first_row + refusal.row as u64, refusal.problem))
    });
    let columns = columns.collect::<Result<_, _>>()?;
    Ok(Batch { fields: Arc::clone(fields), columns, rows: array.len, first_row })
}

fn column(root: &Node, array: &Array, field: &Field, way: &[usize]) -> Result<Column, Refusal> {
    // Structs on the way, each with where its row 0 is in it.
    let (mut node, mut here, mut at, mut above) = (root, array, 0, Vec::new());
    for place in way {
        above.push((here, at));
        // A child has the elements of its struct's buffers, not of the part that is looked at.
        at += here.offset;
        match (node.children.get(*place), here.children.get(*place)) {
            (Some(child), Some(elements)) => (node, here) = (child, elements),
            _ => return Err(Refusal::new(0, "an array without the children of its schema")),
        }
    }
    let mut column = Column::new(field);
    let mut fill = Fill { column: &mut column, values: Getter::new(node, here) };
    let mut present = Vec::with_capacity(array.len);
    for row in 0..array.len {
        let refused = |problem: String| Refusal::new(row, problem);
        let is_there = above.iter().all(|(structs, at)| structs.is_valid(at + row)) && fill.is_there(here, at + row);
        if is_there {
            fill.element(node, here, at + row, field.depth).map_err(refused)?;
        }
        present.push(is_there);
        fill.end(0);
    }
    if present.iter().any(|present| !present) {
        column.present = Some(present);
    }
    column.check_range(field.ty)?;
    Ok(column)
}

struct Fill<'c, 'a> {
    column: &'c mut Column,
    values: Getter<'a>,
}

impl Fill<'_, '_> {
    /// Whether the element is there, and what it is a number of.
    fn is_there(&self, array: &Array, index: usize) -> bool {
        array.is_valid(index) && self.values.is_there(array, index)
    }

    fn end(&mut self, level: usize) {
        let below = match self.column.splits.get(level + 1) {
            Some(inner) => inner.len() - 1,
            None => self.column.values.len(),
        };
        if let Some(splits) = self.column.splits.get_mut(level) {
            splits.push(below as i64);
        }
    }

    fn element(&mut self, node: &Node, array: &Array, index: usize, depth: u8) -> Result<(), String> {
        if depth == 0 {
            return self.values.push(index, self.column);
        }
        let range = match node.layout {
            Layout::List(is_large) => array.range(index, is_large)?,
            Layout::FixedList(size) => {
                let start = (array.offset + index).checked_mul(size).ok_or(SHORT)?;
                start..start.checked_add(size).ok_or(SHORT)?
            }
            Layout::ListView(is_large) => {
                let (start, size) = match is_large {
                    true => (array.end(index, true)?, i64::from_le_bytes(array.value(2, index)?)),
                    false => (array.end(index, false)?, i32::from_le_bytes(array.value(2, index)?).into()),
                };
                let size = usize::try_from(size).map_err(|_| format!("a list of {size}"))?;
                start..start.checked_add(size).ok_or(SHORT)?
            }
            _ => return Err("a list was expected".into()),
        };
        let (Some(child), Some(elements)) = (node.children.first(), array.children.first()) else {
            return Err("a list without elements' array".into());
        };
        if range.end > elements.len {
            return Err(format!("a list ends at {}, but there are {} elements", range.end, elements.len));
        }
        for item in range {
            let is_there = elements.is_valid(item) && (depth > 1 || self.values.is_there(elements, item));
            if !is_there {
                return Err("null in a list, which has no place for it".into());
            }
            self.element(child, elements, item, depth - 1)?;
            if depth > 1 {
                self.end(1);
            }
        }
        Ok(())
    }
}

/// The innermost values of a column.
struct Getter<'a> {
    array: &'a Array,
    layout: &'a Layout,
    ty: Type,
    /// What they are numbers in.
    index: Option<(&'a Array, &'a Layout)>,
}

impl<'a> Getter<'a> {
    fn new(mut node: &'a Node, mut array: &'a Array) -> Self {
        static NONE: Array =
            Array { len: 0, offset: 0, nulls: 0, buffers: Vec::new(), children: Vec::new(), dictionary: None };
        while let (Layout::List(_) | Layout::ListView(_) | Layout::FixedList(_), Some(child)) =
            (&node.layout, node.children.first())
        {
            node = child;
            array = array.children.first().unwrap_or(&NONE);
        }
        match &node.dictionary {
            None => Self { array, layout: &node.layout, ty: node.ty, index: None },
            Some(values) => Self {
                array: array.dictionary.as_deref().unwrap_or(&NONE),
                layout: &values.layout,
                ty: values.ty,
                index: Some((array, &node.layout)),
            },
        }
    }

    /// Whether element `index` of the array means something: a null in a dictionary is one, too.
    fn is_there(&self, array: &Array, index: usize) -> bool {
        match (self.index, self.layout) {
            (None, Layout::Null) => !std::ptr::eq(self.array, array),
            (Some((indices, layout)), _) if std::ptr::eq(indices, array) => {
                number(indices, layout, index).is_ok_and(|place| self.array.is_valid(place))
            }
            _ => true,
        }
    }

    fn push(&self, index: usize, column: &mut Column) -> Result<(), String> {
        let index = match self.index {
            None => index,
            Some((indices, layout)) => number(indices, layout, index)?,
        };
        let array = self.array;
        if index >= array.len {
            return Err(format!("element {index} of {}", array.len));
        }
        match *self.layout {
            Layout::Bool => {
                let at = array.offset + index;
                let byte = array.buffer(1).get(at / 8).ok_or(SHORT)?;
                column.push_int((byte >> (at % 8) & 1).into());
            }
            Layout::Int(1, true) => column.push_int(i8::from_le_bytes(array.value(1, index)?).into()),
            Layout::Int(2, true) => column.push_int(i16::from_le_bytes(array.value(1, index)?).into()),
            Layout::Int(4, true) => column.push_int(i32::from_le_bytes(array.value(1, index)?).into()),
            Layout::Int(8, true) => column.push_int(i64::from_le_bytes(array.value(1, index)?)),
            Layout::Int(1, false) => column.push_int(u8::from_le_bytes(array.value(1, index)?).into()),
            Layout::Int(2, false) => column.push_int(u16::from_le_bytes(array.value(1, index)?).into()),
            Layout::Int(4, false) => column.push_int(u32::from_le_bytes(array.value(1, index)?).into()),
            Layout::Int(8, false) => column.push_uint(u64::from_le_bytes(array.value(1, index)?))?,
            Layout::Float(2) => column.push_float32(half_to_f32(u16::from_le_bytes(array.value(1, index)?))),
            Layout::Float(4) => column.push_float32(f32::from_le_bytes(array.value(1, index)?)),
            Layout::Float(8) => column.push_float(f64::from_le_bytes(array.value(1, index)?))?,
            Layout::Bytes(is_large) => {
                let range = array.range(index, is_large)?;
                column.push_bytes(array.buffer(2).get(range).ok_or(SHORT)?);
            }
            Layout::View => column.push_bytes(view(array, index)?),
            Layout::Fixed(size) => {
                let start = (array.offset + index).checked_mul(size).ok_or(SHORT)?;
                let end = start.checked_add(size).ok_or(SHORT)?;
                column.push_bytes(array.buffer(1).get(start..end).ok_or(SHORT)?);
            }
            Layout::Decimal(size, scale) => {
                let size = usize::from(size);
                let start = (array.offset + index).checked_mul(size).ok_or(SHORT)?;
                let bytes = array.buffer(1).get(start..start.saturating_add(size)).ok_or(SHORT)?;
                let turned: Vec<u8> = bytes.iter().rev().copied().collect();
                column.push_decimal(big_endian(&turned).ok_or("a decimal of more than 16 bytes")?, scale)?;
            }
            _ => return Err(format!("{} was expected", self.ty)),
        }
        Ok(())
    }
}

/// The number that stands for a value of a dictionary.
fn number(array: &Array, layout: &Layout, index: usize) -> Result<usize, String> {
    let number = match layout {
        Layout::Int(1, true) => i64::from(i8::from_le_bytes(array.value(1, index)?)),
        Layout::Int(2, true) => i16::from_le_bytes(array.value(1, index)?).into(),
        Layout::Int(4, true) => i32::from_le_bytes(array.value(1, index)?).into(),
        Layout::Int(8, _) => i64::from_le_bytes(array.value(1, index)?),
        Layout::Int(1, false) => u8::from_le_bytes(array.value(1, index)?).into(),
        Layout::Int(2, false) => u16::from_le_bytes(array.value(1, index)?).into(),
        Layout::Int(4, false) => u32::from_le_bytes(array.value(1, index)?).into(),
        _ => return Err("a dictionary's numbers are integers".into()),
    };
    usize::try_from(number).map_err(|_| format!("element {number} of a dictionary"))
}

/// A string of at most 12 bytes lies behind its length; of a longer one the number of its buffer and its place do.
fn view(array: &Array, index: usize) -> Result<&[u8], String> {
    let start = (array.offset + index).checked_mul(16).ok_or(SHORT)?;
    let view = array.buffer(1).get(start..).and_then(|rest| rest.first_chunk::<16>()).ok_or(SHORT)?;
    let word = |at: usize| {
        let bytes = view.get(at..at + 4).and_then(|bytes| bytes.first_chunk::<4>());
        bytes.map_or(0, |bytes| i32::from_le_bytes(*bytes))
    };
    let part = |at: i32| usize::try_from(at).map_err(|_| format!("a view of {at}"));
    let len = part(word(0))?;
    if len <= 12 {
        return view.get(4..4 + len).ok_or_else(|| SHORT.to_owned());
    }
    let (buffer, start) = (part(word(8))?, part(word(12))?);
    let end = start.checked_add(len).ok_or(SHORT)?;
    array.buffer(buffer + 2).get(start..end).ok_or_else(|| SHORT.to_owned())
}
