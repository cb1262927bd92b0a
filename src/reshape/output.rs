//! Where records are written to: one file, standard output, or a folder that gets its names at once.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::of_io;
use super::{Job, ReshapeError};
use crate::files::{AtomicOptions, Sink, Staging};
use crate::record::{Compression, Record, RecordError, RecordErrorKind, STANDARD, WriteOptions, Writer};

/// How files are written.
#[derive(Clone, Copy, Debug)]
pub struct OutputOptions {
    /// What is put around the records; `None`: what was around those that are read, of several files the first's.
    pub compression: Option<Compression>,
    /// 0 to 9; `None` is 6.
    pub level: Option<u32>,
    /// Threads that compress; 0 is as many as there are processors. The bytes do not depend on it.
    pub workers: usize,
    /// Wait until the files are on the disk.
    pub sync: bool,
    /// Replace files that are there.
    pub overwrite: bool,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self { compression: None, level: None, workers: 0, sync: true, overwrite: false }
    }
}

impl OutputOptions {
    /// How a file is made.
    pub fn atomic(&self) -> AtomicOptions {
        AtomicOptions { sync: self.sync, overwrite: self.overwrite }
    }

    fn write(&self, read: Compression) -> WriteOptions {
        let compression = self.compression.unwrap_or(read);
        WriteOptions { compression, level: self.level, workers: self.workers }
    }
}

/// A file that was written. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file; `-` is standard output.
    pub path: String,
    /// `none`, `gzip` or `zlib`.
    pub compression: &'static str,
    /// Its records.
    pub records: u64,
    /// Their bytes, framing included and uncompressed.
    pub data_bytes: u64,
}

/// Something that records are written to.
pub struct Out<W: Write> {
    path: PathBuf,
    writer: Writer<W>,
    records: u64,
}

impl<W: Write> Out<W> {
    fn new(path: PathBuf, inner: W, options: WriteOptions) -> Result<Self, ReshapeError> {
        let writer = Writer::new(inner, options).map_err(|error| ReshapeError::Option(error.to_string()))?;
        Ok(Self { path, writer, records: 0 })
    }

    /// Writes a record as it was read, its checksums too.
    pub(super) fn copy(&mut self, record: &Record<'_>) -> Result<(), ReshapeError> {
        self.framed(record.framed)
    }

    /// Writes the bytes of one whole record.
    pub fn framed(&mut self, bytes: &[u8]) -> Result<(), ReshapeError> {
        self.writer.write_framed(bytes).map_err(|error| self.error(error))?;
        self.records += 1;
        Ok(())
    }

    /// Writes a new record.
    pub(super) fn payload(&mut self, payload: &[u8]) -> Result<(), ReshapeError> {
        self.writer.write(payload).map_err(|error| self.error(error))?;
        self.records += 1;
        Ok(())
    }

    fn error(&self, error: RecordError) -> ReshapeError {
        not_written(&self.path, error)
    }

    /// Writes what is left; gives back what was written into.
    fn end(self) -> Result<(W, Written), ReshapeError> {
        let written = Written {
            path: self.path.display().to_string(),
            compression: self.writer.options().compression.name(),
            records: self.records,
            data_bytes: self.writer.offset(),
        };
        let path = self.path;
        let inner = self.writer.finish().map_err(|error| not_written(&path, error))?;
        Ok((inner, written))
    }
}

/// The record's number is of no use to whoever looks for room on a disk.
fn not_written(path: &Path, error: RecordError) -> ReshapeError {
    of_io("cannot be written", path)(match error.into_kind() {
        RecordErrorKind::Io(error) => error,
        kind => io::Error::other(kind.to_string()),
    })
}

impl Out<Sink> {
    /// One file, or standard output; `read` is what was around the records that are read.
    pub fn create(path: &Path, options: &OutputOptions, read: Compression) -> Result<Self, ReshapeError> {
        let sink = match path == Path::new(STANDARD) {
            true => Sink::stdout(),
            false => Sink::create(path, options.atomic()),
        };
        Self::new(path.to_owned(), sink.map_err(of_io("cannot be made", path))?, options.write(read))
    }

    /// The file gets its name, unless the run was stopped at the last moment.
    pub fn commit(self, sync: bool, job: &Job) -> Result<Written, ReshapeError> {
        let path = self.path.clone();
        let (sink, written) = self.end()?;
        job.check()?;
        sink.commit(sync && path != Path::new(STANDARD)).map_err(of_io("cannot be finished", &path))?;
        Ok(written)
    }
}

/// A folder of files that get their names when all are whole.
pub(super) struct Folder {
    staging: Staging,
    path: PathBuf,
    options: OutputOptions,
    names: BTreeSet<String>,
}

impl Folder {
    pub(super) fn open(path: &Path, options: &OutputOptions) -> Result<Self, ReshapeError> {
        if path == Path::new(STANDARD) {
            return Err(ReshapeError::Option("several files cannot go to standard output: name a folder".into()));
        }
        let staging = Staging::open(path).map_err(of_io("cannot be written to", path))?;
        Ok(Self { staging, path: path.to_owned(), options: *options, names: BTreeSet::new() })
    }

    /// Makes the file `name`, relative with `/`.
    pub(super) fn create(&mut self, name: &str, read: Compression) -> Result<Out<File>, ReshapeError> {
        let path = self.path.join(name);
        if !self.options.overwrite && fs::symlink_metadata(&path).is_ok() {
            return Err(ReshapeError::Exists { path });
        }
        if !self.names.insert(name.to_owned()) {
            return Err(ReshapeError::Option(format!("two files would be called {name}")));
        }
        let file = self.staging.create(name).map_err(of_io("cannot be made", &path))?;
        Out::new(path, file, self.options.write(read))
    }

    /// A file is whole.
    pub(super) fn close(&self, out: Out<File>) -> Result<Written, ReshapeError> {
        out.end().map(|(_, written)| written)
    }

    /// All files get their names; those of an earlier run that `is_stale` go.
    pub(super) fn commit(self, job: &Job, is_stale: impl Fn(&str) -> bool) -> Result<(), ReshapeError> {
        let mut stale = Vec::new();
        if self.options.overwrite {
            let there = fs::read_dir(&self.path).into_iter().flatten().flatten();
            let names = there.filter_map(|entry| entry.file_name().into_string().ok());
            stale.extend(names.filter(|name| is_stale(name) && !self.names.contains(name)));
            stale.sort();
        }
        let last = self.names.last().cloned().unwrap_or_default();
        let done = self.staging.commit(self.options.sync, &last, &stale, &job.stop);
        match done.map_err(of_io("cannot be finished", &self.path))? {
            Some(_) => Ok(()),
            None => Err(ReshapeError::Cancelled),
        }
    }
}
