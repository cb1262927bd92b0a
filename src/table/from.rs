//! Tables to a TFRecord file.

use std::path::Path;

use serde::Serialize;

use super::encode::{Block, Message, encode};
use super::model::Field;
use super::pipeline::ordered;
use super::source::{Source, Table, Work};
use super::{Job, TableError};
use crate::record::Compression;
use crate::reshape::{Out, OutputOptions, Written};

/// What became of a column. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnReport {
    /// As the table has it.
    pub column: String,
    /// As the records have it.
    pub feature: String,
    /// Of the table: `int32`, `list<string>`.
    #[serde(rename = "type")]
    pub ty: String,
    /// `int64_list`, `float_list` or `bytes_list`.
    pub kind: &'static str,
    /// Rows that have something.
    pub present: u64,
    /// Values that have more digits than float32 keeps.
    pub rounded: u64,
    /// Text that is numbers with a comma for the point, plainly, and was kept as text.
    pub decimal_comma: bool,
}

impl ColumnReport {
    pub(super) fn new(field: &Field) -> Self {
        Self {
            column: field.source.clone(),
            feature: field.name.clone(),
            ty: field.type_name(),
            kind: field.kind.list(),
            present: 0,
            rounded: 0,
            decimal_comma: field.is_decimal_comma,
        }
    }

    /// Of records that become a table.
    pub(super) fn of_records(field: &Field) -> Self {
        Self { column: field.name.clone(), feature: field.source.clone(), ..Self::new(field) }
    }
}

/// What was made. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FromReport {
    /// The file that was written.
    pub file: Written,
    /// Rows, each of which is a record.
    pub rows: u64,
    /// In the table's order.
    pub columns: Vec<ColumnReport>,
}

/// Writes each row of the files of `table` as a record to `out`.
pub fn from_table(
    table: &Table,
    out: &Path,
    message: &Message,
    options: &OutputOptions,
    job: &Job,
) -> Result<FromReport, TableError> {
    let (mut number, mut source): (usize, Option<Box<dyn Source>>) = (0, None);
    let next = || {
        loop {
            job.check()?;
            if source.is_none() {
                source = table.source(number)?;
                number += 1;
            }
            let Some(open) = &mut source else { return Ok(None) };
            match open.next() {
                Ok(Some(work)) => return Ok(Some(work)),
                Ok(None) => source = None,
                // A reader that was asked to stop says that it failed.
                Err(error) => return Err(job.check().err().map_or(error, TableError::from)),
            }
        }
    };
    write(table.path(), &table.fields, next, out, message, options, job)
}

/// Writes the rows that `next` gives.
pub(super) fn write(
    path: &Path,
    fields: &[Field],
    next: impl FnMut() -> Result<Option<Work>, TableError> + Send,
    out: &Path,
    message: &Message,
    options: &OutputOptions,
    job: &Job,
) -> Result<FromReport, TableError> {
    for name in &message.context {
        if !fields.iter().any(|field| field.name == *name) {
            return Err(TableError::Option(format!("context {name:?}: there is no such column")));
        }
    }
    for field in fields {
        if let Some(problem) = message.refuses(field) {
            return Err(TableError::column(path, &field.source, problem));
        }
    }
    let mut to = Out::create(out, options, Compression::None)?;
    let mut columns: Vec<ColumnReport> = fields.iter().map(ColumnReport::new).collect();
    let mut rows = 0;
    let work = |work: Work| {
        let batch = work()?;
        encode(&batch, message).map_err(|error| TableError::malformed(path, error))
    };
    ordered(options.workers, next, work, |block: Block| {
        let mut start = 0;
        for end in block.ends {
            to.framed(block.bytes.get(start..end).unwrap_or_default())?;
            start = end;
            rows += 1;
            job.count();
        }
        for (column, (present, rounded)) in columns.iter_mut().zip(block.counts) {
            column.present += present;
            column.rounded += rounded;
        }
        Ok(())
    })?;
    Ok(FromReport { file: to.commit(options.sync, job)?, rows, columns })
}
