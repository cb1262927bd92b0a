//! TFRecord files to a table.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::decode::decode;
use super::from::ColumnReport;
use super::infer::{Piece, Records, infer};
use super::model::{Ask, Batch, Field};
use super::pipeline::ordered;
use super::source::Format;
use super::text::write as text;
use super::{Job, TableError, arrow, npz, parquet};
use crate::files::Sink;
use crate::record::STANDARD;
use crate::reshape::{Inputs, OutputOptions};

/// What was made. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToReport {
    /// The file; `-` is standard output.
    pub path: String,
    /// Its format.
    pub format: &'static str,
    /// Rows, each of which was a record.
    pub rows: u64,
    /// In the table's order.
    pub columns: Vec<ColumnReport>,
}

/// Writes each record of `inputs` as a row of a table to `out`.
pub fn to_table(
    inputs: &Inputs,
    out: &Path,
    format: Option<Format>,
    ask: &Ask,
    options: &OutputOptions,
    job: &Job,
) -> Result<ToReport, TableError> {
    let Some(format) = format.or_else(|| Format::of_name(out)) else {
        let names = super::listed(&Format::ALL.map(Format::name));
        return Err(TableError::malformed(out, format!("its name does not say the format: {names} can be given")));
    };
    if out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz")) {
        return Err(TableError::malformed(out, "tables are written without GZIP around them: leave .gz away"));
    }
    // A name that is taken is said before the work.
    let is_stdout = out == Path::new(STANDARD);
    let sink = if is_stdout { Sink::stdout() } else { Sink::create(out, options.atomic()) };
    let sink = sink.map_err(TableError::io("cannot be made", out))?;
    let fields = infer(inputs, ask, options.workers, job)?;
    for field in fields.iter() {
        let refused = match format {
            Format::Parquet => parquet::refuses(field),
            Format::Npz => npz::refuses(field),
            Format::Arrow => arrow::refuses(field),
            format => text::refuses(field, format),
        };
        if let Some(problem) = refused {
            return Err(TableError::column(out, &field.source, problem));
        }
    }
    if format == Format::Npz {
        npz::check_names(&fields).map_err(|problem| TableError::malformed(out, problem))?;
    }
    let mut columns: Vec<ColumnReport> = fields.iter().map(ColumnReport::of_records).collect();
    let mut rows = 0;
    let mut target = Target::new(out, sink, format, &fields)?;
    let mut records = Records::new(inputs, job);
    let work = |piece: Piece| {
        let batch = decode(&piece, &fields)?;
        let present = batch.columns.iter().map(|column| match &column.present {
            Some(present) => present.iter().filter(|present| **present).count() as u64,
            None => batch.rows as u64,
        });
        let present: Vec<u64> = present.collect();
        let rows = batch.rows as u64;
        let made = match format {
            Format::Parquet | Format::Npz => Made::Rows(batch),
            Format::Arrow => {
                let message = arrow::encode(&batch);
                Made::Arrow(message.map_err(|problem| TableError::malformed(&piece.path, problem))?)
            }
            format => Made::Text(text::rows(&batch, format, &piece.path)?),
        };
        Ok((made, rows, present))
    };
    ordered(
        options.workers,
        || records.next(),
        work,
        |(made, more, present)| {
            rows += more;
            columns.iter_mut().zip(present).for_each(|(column, present)| column.present += present);
            target.write(made)
        },
    )?;
    if fields.is_empty() && rows > 0 {
        return Err(TableError::malformed(out, "no record has a feature, so there are no columns"));
    }
    let sink = target.finish()?;
    job.check()?;
    sink.commit(options.sync && !is_stdout).map_err(TableError::io("cannot be finished", out))?;
    Ok(ToReport { path: out.display().to_string(), format: format.name(), rows, columns })
}

/// What a thread has made of some records.
enum Made {
    Text(Vec<u8>),
    Rows(Batch),
    Arrow(arrow::Message),
}

/// Where they go.
enum Target {
    Text(PathBuf, BufWriter<Sink>),
    Parquet(Box<parquet::ParquetWriter<BufWriter<Sink>>>),
    Npz(Box<npz::NpzWriter<BufWriter<Sink>>>),
    Arrow(arrow::ArrowWriter<BufWriter<Sink>>),
}

impl Target {
    fn new(path: &Path, sink: Sink, format: Format, fields: &Arc<[Field]>) -> Result<Self, TableError> {
        let mut sink = BufWriter::with_capacity(1 << 20, sink);
        Ok(match format {
            Format::Parquet => Self::Parquet(Box::new(parquet::ParquetWriter::new(path, sink, fields)?)),
            Format::Npz => Self::Npz(Box::new(npz::NpzWriter::new(path, sink, fields)?)),
            Format::Arrow => Self::Arrow(arrow::ArrowWriter::new(path, sink, fields)?),
            format => {
                sink.write_all(&text::header(fields, format)).map_err(TableError::io("cannot be written", path))?;
                Self::Text(path.to_owned(), sink)
            }
        })
    }

    fn write(&mut self, made: Made) -> Result<(), TableError> {
        match (self, made) {
            (Self::Text(path, sink), Made::Text(text)) => {
                sink.write_all(&text).map_err(TableError::io("cannot be written", path))
            }
            (Self::Parquet(writer), Made::Rows(batch)) => writer.write(batch),
            (Self::Npz(writer), Made::Rows(batch)) => writer.write(&batch),
            (Self::Arrow(writer), Made::Arrow(message)) => writer.write(&message),
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<Sink, TableError> {
        let (path, sink) = match self {
            Self::Text(path, sink) => (path, sink),
            Self::Parquet(writer) => writer.finish()?,
            Self::Npz(writer) => writer.finish()?,
            Self::Arrow(writer) => writer.finish()?,
        };
        sink.into_inner().map_err(|error| TableError::io("cannot be written", &path)(error.into_error()))
    }
}
