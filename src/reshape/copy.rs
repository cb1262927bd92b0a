//! Records counted, joined, and listed.

use std::io::{self, BufWriter};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::damage::Damage;
use super::error::of_io;
use super::inputs::{Input, Inputs, each_of};
use super::output::{Out, OutputOptions};
use super::transform::{Act, Report, transform};
use super::{Job, ReshapeError};
use crate::files::AtomicFile;
use crate::record::{
    Compression, IndexForm, IndexWriter, Places, RecordError, RecordErrorKind, STANDARD, uncompressed_name,
};

/// How many records a file has. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The file.
    pub path: String,
    /// `none`, `gzip` or `zlib`.
    pub compression: &'static str,
    /// Its records.
    pub records: u64,
    /// Their bytes, framing included and uncompressed.
    pub data_bytes: u64,
    /// What was passed over.
    pub damage: Vec<Damage>,
}

/// Counts the records of each file.
pub fn count(inputs: &Inputs, job: &Job) -> Result<Vec<Counted>, ReshapeError> {
    job.expect(inputs.bytes());
    let mut all = Vec::new();
    for input in &inputs.files {
        let mut reader = input.open(inputs.read, job)?;
        let compression = reader.compression().map_err(|error| input.error(error, job))?.name();
        let _goes_on = each_of(input, &mut reader, job, &mut |_| Ok(ControlFlow::Continue(())))?;
        all.push(Counted {
            path: input.path.display().to_string(),
            compression,
            records: reader.records(),
            data_bytes: reader.offset() - reader.lost_bytes(),
            damage: Damage::of(input, &mut reader),
        });
    }
    Ok(all)
}

/// Writes the records of all files, one behind the other, to `out`: all of them, or the first `limit`.
pub fn concatenate(
    inputs: &Inputs,
    out: &Path,
    limit: Option<u64>,
    options: &OutputOptions,
    job: &Job,
) -> Result<Report, ReshapeError> {
    let stream = inputs.stream(job)?;
    let mut to = Out::create(out, options, stream.compression())?;
    let mut read = 0;
    let damage = match limit {
        Some(0) => Vec::new(),
        _ => stream.each(|_, record| {
            to.copy(&record)?;
            read += 1;
            Ok(if limit == Some(read) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?,
    };
    Ok(Report::new(vec![to.commit(options.sync, job)?], read, damage))
}

/// Writes the records of each file anew with another compression, which the options say; a name in a folder gets or loses
/// its `.gz` or `.zz`.
pub fn recompress(inputs: &Inputs, out: &Path, options: &OutputOptions, job: &Job) -> Result<Report, ReshapeError> {
    let compression = options.compression.unwrap_or_default();
    let name = |name: &str| {
        let ending = match compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zlib => ".zz",
        };
        format!("{}{ending}", uncompressed_name(name))
    };
    transform(inputs, out, options, job, name, |_, _, _| Ok(Act::Copy))
}

/// An index that was written. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Indexed {
    /// The file.
    pub path: String,
    /// Its index.
    pub index_path: String,
    /// Its records.
    pub records: u64,
}

/// Writes where the records of each file are: to `out`, or to a file of the same name with the form's ending behind it.
/// Compressed files are refused, and so are damaged ones.
pub fn index(
    inputs: &Inputs,
    out: Option<&Path>,
    form: IndexForm,
    options: &OutputOptions,
    job: &Job,
) -> Result<Vec<Indexed>, ReshapeError> {
    if out.is_some() && inputs.files.len() > 1 {
        return Err(ReshapeError::Option("several files have an index each, beside them: give no name for it".into()));
    }
    let needs_name = out.is_none() && inputs.files.iter().any(Input::is_stdin);
    if needs_name || out == Some(Path::new(STANDARD)) {
        return Err(ReshapeError::Option("an index is a file: give a name for it".into()));
    }
    job.expect(inputs.bytes());
    let mut indexed = Vec::new();
    let mut whole = Vec::new();
    for input in &inputs.files {
        let index_path = out.map_or_else(
            || {
                let mut name = input.path.clone().into_os_string();
                name.push(form.ending());
                PathBuf::from(name)
            },
            Path::to_owned,
        );
        let mut reader = input.open(inputs.read, job)?;
        if form == IndexForm::Binary && !reader.get_ref().has_places() {
            let path = input.path.display();
            return Err(ReshapeError::Option(format!("{path}: a binary index is of a file, not of a pipe")));
        }
        let bad = |error| input.error(error, job);
        let refused = of_io("cannot be written", &index_path);
        let mut places = Places::of(&mut reader).map_err(bad)?;
        let file = BufWriter::new(AtomicFile::create(&index_path, options.atomic()).map_err(&refused)?);
        let mut writer = IndexWriter::new(form, file).map_err(&refused)?;
        let mut records = 0;
        while let Some(entry) = places.next_place().map_err(bad)? {
            job.check()?;
            job.count();
            writer.push(entry).map_err(|error| of_index(error, bad, &refused))?;
            records += 1;
        }
        let file = writer.finish(|| reader.get_ref().file().try_clone());
        let file = file.map_err(|error| of_index(error, bad, &refused))?;
        let file = file.into_inner().map_err(|error| refused(error.into_error()))?;
        whole.push((file.close().map_err(&refused)?, index_path.clone()));
        indexed.push(Indexed {
            path: input.path.display().to_string(),
            index_path: index_path.display().to_string(),
            records,
        });
    }
    // None has its name before all are whole.
    job.check()?;
    for (file, path) in whole {
        file.commit().map_err(of_io("cannot be finished", &path))?;
    }
    Ok(indexed)
}

/// What went wrong while an index was written: the system's word is of the index, all else of the file that it is of.
fn of_index(
    error: RecordError,
    bad: impl Fn(RecordError) -> ReshapeError,
    refused: impl Fn(io::Error) -> ReshapeError,
) -> ReshapeError {
    if error.io_error().is_none() {
        return bad(error);
    }
    match error.into_kind() {
        RecordErrorKind::Io(error) => refused(error),
        kind => bad(RecordError::new(kind)),
    }
}
