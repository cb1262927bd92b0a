//! Files that are read record by record and written anew, each under its own name.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use super::damage::{Damage, Known, total};
use super::inputs::{Input, Inputs, each_of};
use super::output::{Folder, Out, OutputOptions, Written};
use super::{Job, ReshapeError};
use crate::record::{Compression, Positioned, Reader, Record, STANDARD};

/// What became of the records. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was written.
    pub files: Vec<Written>,
    /// Records that were read.
    pub records_read: u64,
    /// Records that were written.
    pub records_written: u64,
    /// What was passed over; strict reading passes nothing over.
    pub damage: Vec<Damage>,
    /// Bytes of all that.
    pub lost_bytes: u64,
    /// Records that were lost with it.
    pub lost_records: u64,
    /// How well that is known.
    pub lost_known: Known,
    /// What may be a mistake in what was asked.
    pub notes: Vec<String>,
}

impl Report {
    pub(super) fn new(files: Vec<Written>, records_read: u64, damage: Vec<Damage>) -> Self {
        let (lost_records, lost_known) = total(&damage);
        Self {
            records_written: files.iter().map(|file| file.records).sum(),
            files,
            records_read,
            lost_bytes: damage.iter().map(|damage| damage.bytes).sum(),
            damage,
            lost_records,
            lost_known,
            notes: Vec::new(),
        }
    }
}

/// What to do with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It is written as it is.
    Copy,
    /// It is left out.
    Drop,
    /// The payload that was made of it is written.
    Replace,
}

/// Writes what `act` makes of every record of `inputs` to `out`: one file to one file; several, or a folder's, into a
/// folder, each under what `name` makes of its name; all into one stream if that is standard output.
///
/// `act` may put a new payload into the buffer that it gets, which is empty.
pub(super) fn transform(
    inputs: &Inputs,
    out: &Path,
    options: &OutputOptions,
    job: &Job,
    name: impl Fn(&str) -> String,
    mut act: impl FnMut(&Input, &Record<'_>, &mut Vec<u8>) -> Result<Act, ReshapeError>,
) -> Result<Report, ReshapeError> {
    job.expect(inputs.bytes());
    let mut run = Run { job, act: &mut act, buffer: Vec::new(), read: 0, damage: Vec::new() };
    let mut files = Vec::new();
    if out == Path::new(STANDARD) || !is_folder(inputs, out) {
        let mut to = None;
        for input in &inputs.files {
            let (mut reader, compression) = run.open(inputs, input)?;
            let to = match &mut to {
                Some(to) => to,
                none => none.insert(Out::create(out, options, compression)?),
            };
            run.file(input, &mut reader, to)?;
        }
        files.extend(to.map(|to| to.commit(options.sync, job)).transpose()?);
    } else {
        let mut folder = Folder::open(out, options)?;
        for input in &inputs.files {
            let (mut reader, compression) = run.open(inputs, input)?;
            let mut to = folder.create(&name(&input.name), compression)?;
            run.file(input, &mut reader, &mut to)?;
            files.push(folder.close(to)?);
        }
        folder.commit(job, |_| false)?;
    }
    Ok(Report::new(files, run.read, run.damage))
}

/// Whether files are written into a folder of that name.
fn is_folder(inputs: &Inputs, out: &Path) -> bool {
    inputs.several || out.is_dir() || out.as_os_str().as_encoded_bytes().ends_with(b"/")
}

struct Run<'r, A> {
    job: &'r Job,
    act: &'r mut A,
    buffer: Vec<u8>,
    read: u64,
    damage: Vec<Damage>,
}

impl<A: FnMut(&Input, &Record<'_>, &mut Vec<u8>) -> Result<Act, ReshapeError>> Run<'_, A> {
    fn open(&self, inputs: &Inputs, input: &Input) -> Result<(Reader<Positioned>, Compression), ReshapeError> {
        let mut reader = input.open(inputs.read, self.job)?;
        let compression = reader.compression().map_err(|error| input.error(error, self.job))?;
        Ok((reader, compression))
    }

    fn file(
        &mut self,
        input: &Input,
        reader: &mut Reader<Positioned>,
        to: &mut Out<impl Write>,
    ) -> Result<(), ReshapeError> {
        let Self { job, act, buffer, read, damage } = self;
        let _goes_on = each_of(input, reader, job, &mut |record| {
            *read += 1;
            buffer.clear();
            match act(input, &record, buffer)? {
                Act::Copy => to.copy(&record)?,
                Act::Drop => {}
                Act::Replace => to.payload(buffer)?,
            }
            Ok(ControlFlow::Continue(()))
        })?;
        damage.extend(Damage::of(input, reader));
        Ok(())
    }
}
