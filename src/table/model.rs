//! A piece of a table: rows, column by column, in the three kinds that an Example has.
//!
//! Values of a column stand one behind the other, and those alone that are there: a row without a value takes none. How
//! they are spread over rows (and, where a row is a list of lists, over the lists in it) is told by splits, as TensorFlow's
//! `RaggedTensor` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::Refusal;
use super::types::{Asked, Kind, Type};

/// Byte strings, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strings {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { bytes: Vec::new(), ends: vec![0] }
    }
}

impl Strings {
    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Adds one.
    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
    }

    /// Gives each.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.ends.windows(2).map(|pair| &self.bytes[pair[0]..pair[1]])
    }

    /// All of them, with the ends of each: one number more than there are.
    pub fn parts(&self) -> (&[u8], &[usize]) {
        (&self.bytes, &self.ends)
    }
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Int64(Vec<i64>),
    Float(Vec<f32>),
    Bytes(Strings),
}

impl Values {
    /// None of a kind.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Int64 => Self::Int64(Vec::new()),
            Kind::Float => Self::Float(Vec::new()),
            Kind::Bytes => Self::Bytes(Strings::default()),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Int64(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Int64(values) => values.len() * 8,
            Self::Float(values) => values.len() * 4,
            Self::Bytes(values) => values.bytes.len() + values.len() * 8,
        }
    }
}

/// Some rows of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Those of all rows.
    pub values: Values,
    /// Which rows have something; `None`: all.
    pub present: Option<Vec<bool>>,
    /// None where a row has one value; one for lists, from rows to values; two for lists of lists, from rows to lists and
    /// from lists to values. Each has one number more than what it divides.
    pub splits: Vec<Vec<i64>>,
    /// Values that were rounded to the nearest float32.
    pub rounded: u64,
}

impl Column {
    /// A column without rows.
    pub fn new(field: &Field) -> Self {
        let splits = vec![vec![0]; field.depth.into()];
        Self { values: Values::new(field.kind), present: None, splits, rounded: 0 }
    }

    /// Rows, if it is of lists or of values that are all there.
    pub fn rows(&self) -> usize {
        match (&self.present, self.splits.first()) {
            (Some(present), _) => present.len(),
            (None, Some(splits)) => splits.len() - 1,
            (None, None) => self.values.len(),
        }
    }

    /// Whether the row has something.
    pub fn is_present(&self, row: usize) -> bool {
        self.present.as_ref().is_none_or(|present| present[row])
    }

    /// Splits from rows to what they have, also where a row has one value or none.
    pub fn row_splits(&self) -> Vec<i64> {
        if let Some(splits) = self.splits.first() {
            return splits.clone();
        }
        let mut splits = Vec::with_capacity(self.rows() + 1);
        let mut end = 0;
        splits.push(end);
        for row in 0..self.rows() {
            end += i64::from(self.is_present(row));
            splits.push(end);
        }
        splits
    }

    /// The row that value number `index` belongs to.
    pub fn row_of(&self, index: usize) -> usize {
        let mut at = index as i64;
        for splits in self.splits.iter().rev() {
            at = splits.partition_point(|start| *start <= at) as i64 - 1;
        }
        match (&self.present, self.splits.is_empty()) {
            (Some(present), true) => {
                let rows = present.iter().enumerate().filter(|(_, present)| **present);
                rows.map(|(row, _)| row).nth(index).unwrap_or(0)
            }
            _ => usize::try_from(at).unwrap_or(0),
        }
    }

    /// Refuses whole numbers that `ty` does not have.
    pub(super) fn check_range(&self, ty: Type) -> Result<(), Refusal> {
        let (Values::Int64(values), Some((low, high))) = (&self.values, ty.range()) else { return Ok(()) };
        if (low, high) == (i64::MIN, i64::MAX) {
            return Ok(());
        }
        match values.iter().position(|value| !(low..=high).contains(value)) {
            None => Ok(()),
            Some(index) => Err(Refusal::new(self.row_of(index), format!("{} is no {ty}", values[index]))),
        }
    }
}

/// What is known of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As the table has it.
    pub source: String,
    /// As it is called on the other side.
    pub name: String,
    /// Of its values.
    pub ty: Type,
    /// What carries them.
    pub kind: Kind,
    /// 0: a value for each row; 1: a list; 2: a list of lists.
    pub depth: u8,
    /// Text that is numbers with a comma for the point, plainly.
    pub is_decimal_comma: bool,
}

impl Field {
    pub(super) fn new(source: &str, name: String, ty: Type, kind: Kind, depth: u8) -> Self {
        Self { source: source.to_owned(), name, ty, kind, depth, is_decimal_comma: false }
    }

    /// As a person writes it: `list<int64>`.
    pub fn type_name(&self) -> String {
        list_name(&self.ty.to_string(), self.depth)
    }
}

/// `list<list<int64>>`
pub(super) fn list_name(ty: &str, depth: u8) -> String {
    (0..depth).fold(ty.to_owned(), |inner, _| format!("list<{inner}>"))
}

/// Rows of a table that are worked on at once.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Of the table that it is of.
    pub fields: Arc<[Field]>,
    /// One for each field.
    pub columns: Vec<Column>,
    /// How many.
    pub rows: usize,
    /// The number of the first in its file.
    pub first_row: u64,
}

/// What is asked of a table that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The columns to take, in this order, each with its new name; `None`: all.
    pub columns: Option<Vec<(String, String)>>,
    /// Types of columns that are not as inferred, by the table's own names.
    pub types: BTreeMap<String, Asked>,
    /// Members of structs are columns of their own, `a/b`.
    pub flatten: bool,
    /// Between the cells of CSV and TSV; `None`: a tab in TSV, in CSV what its first rows show.
    pub delimiter: Option<u8>,
}

impl Ask {
    /// What is asked of the column.
    pub(super) fn of(&self, source: &str) -> Asked {
        self.types.get(source).copied().unwrap_or_default()
    }

    /// The columns of those that are there: the number and the new name of each.
    pub(super) fn select(&self, there: &[String]) -> Result<Vec<(usize, String)>, String> {
        let place = |name: &str| {
            there
                .iter()
                .position(|there| there == name)
                .ok_or_else(|| format!("there is no column {name:?}; there are {}", super::listed(there)))
        };
        self.types.keys().try_for_each(|name| place(name).map(drop))?;
        let chosen = match &self.columns {
            None => there.iter().cloned().enumerate().collect(),
            Some(columns) => {
                let chosen = columns.iter().map(|(old, new)| Ok((place(old)?, new.clone())));
                chosen.collect::<Result<Vec<_>, String>>()?
            }
        };
        let mut places: Vec<usize> = chosen.iter().map(|(place, _)| *place).collect();
        places.sort_unstable();
        if let Some(pair) = places.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("column {:?} is asked for twice", there[pair[0]]));
        }
        let mut names: Vec<&str> = chosen.iter().map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("two columns are called {:?}", pair[0])),
            None => Ok(chosen),
        }
    }
}
