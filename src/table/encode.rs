//! Rows to records: an Example for each, or a SequenceExample.
//!
//! | column | Example | SequenceExample (`--sequence`) |
//! |---|---|---|
//! | one value for each row | a feature of one value | the same, in the context |
//! | a list | a feature of so many values | a feature list, each step of one value; in the context where `--context` names it |
//! | a list of lists | refused | a feature list, a step for each list |
//! | nothing in a row | no feature | no feature, no feature list |
//! | an empty list | a feature without values, of its kind | a feature list without steps |

use super::model::{Batch, Column, Field, Values};
use crate::example::columns::{Column as Feature, ColumnValues, Columns, Layout};
use crate::example::{Builder, EncodeError, MAX_LEN, message_header};
use crate::record::{FOOTER_LEN, HEADER_LEN, footer, header};

/// Which message a row becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// `tf.train.SequenceExample`.
    pub sequence: bool,
    /// Lists that stay in the context, by their new names.
    pub context: Vec<String>,
}

impl Message {
    /// Why a column cannot be part of it.
    pub(super) fn refuses(&self, field: &Field) -> Option<String> {
        let name = field.type_name();
        match field.depth {
            2 if !self.sequence => Some(format!(
                "{name} does not fit into an Example; a SequenceExample (sequence) has a step for each list"
            )),
            2 if self.context.contains(&field.name) => Some(format!("{name} does not fit into the context")),
            3.. => Some(format!("{name} fits into neither Example nor SequenceExample")),
            _ => None,
        }
    }

    fn is_steps(&self, field: &Field) -> bool {
        self.sequence && field.depth > 0 && !self.context.contains(&field.name)
    }
}

/// Records of a batch, framed, one behind the other.
#[derive(Debug)]
pub(super) struct Block {
    pub bytes: Vec<u8>,
    pub ends: Vec<usize>,
    /// For each column the rows that have something, and the values that were rounded.
    pub counts: Vec<(u64, u64)>,
}

impl Block {
    /// Frames what `put` appends.
    fn record(&mut self, put: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) -> Result<(), EncodeError> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEADER_LEN]);
        let payload = self.bytes.len();
        put(&mut self.bytes)?;
        let len = self.bytes.len() - payload;
        self.bytes[start..payload].copy_from_slice(&header(len as u64));
        let footer: [u8; FOOTER_LEN] = footer(&self.bytes[payload..]);
        self.bytes.extend_from_slice(&footer);
        self.ends.push(self.bytes.len());
        Ok(())
    }
}

/// Encodes the rows of a batch.
pub(super) fn encode(batch: &Batch, message: &Message) -> Result<Block, EncodeError> {
    let present = |column: &Column| match &column.present {
        Some(present) => present.iter().filter(|present| **present).count() as u64,
        None => batch.rows as u64,
    };
    let counts = batch.columns.iter().map(|column| (present(column), column.rounded)).collect();
    let mut block = Block { bytes: Vec::new(), ends: Vec::with_capacity(batch.rows), counts };
    let size: usize = batch.columns.iter().map(|column| column.values.bytes()).sum();
    block.bytes.reserve(size + batch.rows * 32);
    match message.sequence {
        true => sequences(batch, message, &mut block)?,
        false => examples(batch, &mut block)?,
    }
    Ok(block)
}

fn examples(batch: &Batch, block: &mut Block) -> Result<(), EncodeError> {
    let strings: Vec<Vec<&[u8]>> = batch.columns.iter().map(byte_strings).collect();
    let splits: Vec<Option<Vec<i64>>> = batch
        .columns
        .iter()
        .map(|column| (column.present.is_some() || !column.splits.is_empty()).then(|| column.row_splits()))
        .collect();
    let columns = batch.columns.iter().zip(batch.fields.iter()).zip(strings.iter().zip(&splits));
    let columns = columns.map(|((column, field), (strings, splits))| Feature {
        key: &field.name,
        values: match &column.values {
            Values::Int64(values) => ColumnValues::Int64(values),
            Values::Float(values) => ColumnValues::Float(values),
            Values::Bytes(_) => ColumnValues::Bytes(strings),
        },
        layout: match (splits, &column.present) {
            (None, _) => Layout::Each(1),
            (Some(splits), None) => Layout::Splits(splits),
            (Some(splits), Some(present)) => Layout::Sparse { splits, present },
        },
    });
    let columns = Columns::new(batch.rows, columns.collect())?;
    let mut encoder = columns.encoder();
    (0..batch.rows).try_for_each(|row| block.record(|out| encoder.encode(row, out)))
}

fn byte_strings(column: &Column) -> Vec<&[u8]> {
    match &column.values {
        Values::Bytes(values) => values.iter().collect(),
        _ => Vec::new(),
    }
}

fn sequences(batch: &Batch, message: &Message, block: &mut Block) -> Result<(), EncodeError> {
    let columns: Vec<_> = batch.columns.iter().zip(batch.fields.iter()).collect();
    let strings: Vec<Vec<&[u8]>> = batch.columns.iter().map(byte_strings).collect();
    let splits: Vec<Vec<i64>> = batch.columns.iter().map(Column::row_splits).collect();
    let (mut context, mut lists) = (Builder::<()>::default(), Builder::<()>::default());
    for row in 0..batch.rows {
        context.clear();
        lists.clear();
        for (((column, field), strings), splits) in columns.iter().zip(&strings).zip(&splits) {
            if !column.is_present(row) {
                continue;
            }
            let range = splits[row] as usize..splits[row + 1] as usize;
            if !message.is_steps(field) {
                match &column.values {
                    Values::Int64(values) => context.ints(&field.name, &values[range]),
                    Values::Float(values) => context.floats(&field.name, &values[range]),
                    Values::Bytes(_) => context.bytes(&field.name, strings[range].iter().copied()),
                }
                continue;
            }
            let inner = column.splits.get(1);
            for step in range {
                let values = inner.map_or(step..step + 1, |inner| inner[step] as usize..inner[step + 1] as usize);
                match &column.values {
                    Values::Int64(all) => lists.step_ints(&all[values]),
                    Values::Float(all) => lists.step_floats(&all[values]),
                    Values::Bytes(_) => lists.step_bytes(strings[values].iter().copied()),
                }
            }
            lists.list(&field.name);
        }
        let (features, steps) = (context.finish()?, lists.finish()?);
        block.record(|out| {
            let start = out.len();
            for (number, len, builder) in [(1, features, &context), (2, steps, &lists)] {
                if len == 0 {
                    continue;
                }
                let (header, end) = message_header(number, len);
                out.extend_from_slice(&header[..end]);
                builder.pieces(|()| &[], |piece| out.extend_from_slice(piece));
            }
            let len = (out.len() - start) as u64;
            if len > MAX_LEN { Err(EncodeError::TooLarge { len }) } else { Ok(()) }
        })?;
    }
    Ok(())
}
