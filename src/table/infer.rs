//! The columns that records make.
//!
//! | the feature, in every record that has it | column |
//! |---|---|
//! | one value | values, of some rows or all |
//! | any number of values | lists |
//! | a feature list, each step of one value | lists |
//! | a feature list | lists of lists |
//!
//! One value everywhere may be a list in other files of the same kind: `list` can be asked for. The choice is made over all
//! files that are read together.
//!
//! `bytes_list` is `string` where every value is UTF-8, else `binary`. Columns stand in the order of their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::model::{Ask, Field, list_name};
use super::pipeline::ordered;
use super::types::{Kind, Type};
use super::{Job, TableError};
use crate::example::{SequenceExample, Values, decode_either};
use crate::record::{Positioned, ReadOptions, Reader};
use crate::reshape::{Input, Inputs};

/// Records, and bytes of them, that are worked on at once.
const RECORDS: usize = 1 << 13;
const BYTES: usize = 2 << 20;

/// Some records of a file.
pub(super) struct Piece {
    pub path: Arc<Path>,
    /// The number of the first in its file.
    pub first: u64,
    payloads: Vec<u8>,
    ends: Vec<usize>,
    /// Where each begins in the file.
    offsets: Vec<u64>,
}

impl Piece {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Gives each record, decoded, with its number in the piece.
    pub(super) fn each<'p>(
        &'p self,
        mut take: impl FnMut(usize, SequenceExample<'p>) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let mut start = 0;
        for (number, end) in self.ends.iter().enumerate() {
            let payload = self.payloads.get(start..*end).unwrap_or_default();
            start = *end;
            let example = decode_either(payload).map_err(|error| {
                TableError::Records(crate::reshape::ReshapeError::Payload {
                    path: self.path.to_path_buf(),
                    record: self.first + number as u64,
                    offset: self.offsets.get(number).copied().unwrap_or(0),
                    problem: format!("payload is no Example, {error}"),
                })
            })?;
            take(number, example)?;
        }
        Ok(())
    }
}

/// The records of files, in order.
pub(super) struct Records<'i> {
    files: std::slice::Iter<'i, Input>,
    read: ReadOptions,
    job: Job,
    open: Option<(&'i Input, Arc<Path>, Reader<Positioned>)>,
}

impl<'i> Records<'i> {
    pub(super) fn new(inputs: &'i Inputs, job: &Job) -> Self {
        job.expect(inputs.bytes());
        Self { files: inputs.files.iter(), read: inputs.read, job: job.clone(), open: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>, TableError> {
        loop {
            self.job.check()?;
            if self.open.is_none() {
                let Some(input) = self.files.next() else { return Ok(None) };
                self.open = Some((input, input.path.as_path().into(), input.open(self.read, &self.job)?));
            }
            let Some((input, path, reader)) = &mut self.open else { return Ok(None) };
            let (path, first) = (Arc::clone(path), reader.records());
            let mut piece = Piece { path, first, payloads: Vec::new(), ends: Vec::new(), offsets: Vec::new() };
            while piece.ends.len() < RECORDS && piece.payloads.len() < BYTES {
                let Some(record) = reader.next_record().map_err(|error| input.error(error, &self.job))? else { break };
                self.job.count();
                piece.payloads.extend_from_slice(record.payload);
                piece.ends.push(piece.payloads.len());
                piece.offsets.push(record.offset);
            }
            if piece.ends.is_empty() {
                self.open = None;
            } else {
                return Ok(Some(piece));
            }
        }
    }
}

/// What was seen of a feature.
#[derive(Clone, Debug)]
struct Seen {
    /// And in which record first.
    kind: Option<(Kind, Arc<Path>, u64)>,
    /// Whether it is a feature list.
    is_list: bool,
    /// Every feature, or every step, has one value.
    is_single: bool,
    is_text: bool,
}

/// What was seen of all.
#[derive(Default)]
struct All(BTreeMap<String, Seen>);

/// A feature's list.
pub(super) fn kind_of(values: &Values<'_>) -> Option<Kind> {
    Some(match values {
        Values::Unset => return None,
        Values::Bytes(_) => Kind::Bytes,
        Values::Float(_) => Kind::Float,
        Values::Int64(_) => Kind::Int64,
    })
}

impl Seen {
    fn new(is_list: bool) -> Self {
        Self { kind: None, is_list, is_single: true, is_text: true }
    }

    /// A feature, or a step.
    fn see(&mut self, values: &Values<'_>, path: &Arc<Path>, row: u64) -> Result<(), TableError> {
        self.is_single &= values.len() == 1;
        let Some(kind) = kind_of(values) else { return Ok(()) };
        if let (true, Values::Bytes(list)) = (self.is_text, values) {
            self.is_text = list.iter().all(|value| std::str::from_utf8(value).is_ok());
        }
        match &self.kind {
            Some((there, ..)) if *there == kind => {}
            Some((there, ..)) => return Err(differs("", kind, *there, path, row)),
            None => self.kind = Some((kind, Arc::clone(path), row)),
        }
        Ok(())
    }
}

fn differs(name: &str, kind: Kind, there: Kind, path: &Path, row: u64) -> TableError {
    TableError::value(path, name, row, format!("{}, but {} in a record before", kind.list(), there.list()))
}

fn both(name: &str, path: &Path) -> TableError {
    TableError::column(path, name, "is a feature of the context and a feature list: a table has one column of a name")
}

impl All {
    fn of(piece: &Piece) -> Result<Self, TableError> {
        let mut all = Self::default();
        piece.each(|number, example| {
            let row = piece.first + number as u64;
            for (name, values) in example.context.iter() {
                if !matches!(values, Values::Unset) {
                    all.see(name, false, std::slice::from_ref(values), &piece.path, row)?;
                }
            }
            for (name, steps) in example.feature_lists.iter() {
                all.see(name, true, steps, &piece.path, row)?;
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn see(
        &mut self,
        name: &str,
        is_list: bool,
        values: &[Values<'_>],
        path: &Arc<Path>,
        row: u64,
    ) -> Result<(), TableError> {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Seen::new(is_list));
        }
        let Some(seen) = self.0.get_mut(name) else { return Ok(()) };
        if seen.is_list != is_list {
            return Err(both(name, path));
        }
        values.iter().try_for_each(|values| seen.see(values, path, row)).map_err(|error| match error {
            TableError::Value { path, row, problem, .. } => {
                TableError::Value { path, column: name.to_owned(), row, problem }
            }
            error => error,
        })
    }

    fn merge(&mut self, others: Self, path: &Path) -> Result<(), TableError> {
        for (name, other) in others.0 {
            let Some(seen) = self.0.get_mut(&name) else {
                self.0.insert(name, other);
                continue;
            };
            if seen.is_list != other.is_list {
                return Err(both(&name, path));
            }
            seen.is_single &= other.is_single;
            seen.is_text &= other.is_text;
            match (&seen.kind, other.kind) {
                (_, None) => {}
                (None, kind) => seen.kind = kind,
                (Some((there, ..)), Some((kind, path, row))) if *there != kind => {
                    return Err(differs(&name, kind, *there, &path, row));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fields(&self, path: &Path, ask: &Ask) -> Result<Vec<Field>, TableError> {
        let names: Vec<String> = self.0.keys().cloned().collect();
        let chosen = ask.select(&names).map_err(|problem| TableError::malformed(path, problem))?;
        let field = |(place, name): (usize, String)| {
            let Some((source, seen)) = self.0.iter().nth(place) else { return Err(TableError::Option(name)) };
            // A feature that never has a kind is a column without values.
            let kind = seen.kind.as_ref().map_or(Kind::Int64, |(kind, ..)| *kind);
            let inferred = match kind {
                Kind::Int64 => Type::Int64,
                Kind::Float => Type::Float32,
                Kind::Bytes if seen.is_text => Type::Text,
                Kind::Bytes => Type::Binary,
            };
            let asked = ask.of(source);
            let ty = asked.ty.unwrap_or(inferred);
            if ty.kind() != Some(kind) {
                return Err(TableError::column(path, source, format!("{} cannot be written as {ty}", kind.list())));
            }
            let (found, most) = (u8::from(seen.is_list) + u8::from(!seen.is_single), u8::from(seen.is_list) + 1);
            let depth = if asked.depth > 0 { asked.depth } else { found };
            if !(found..=most).contains(&depth) {
                let found = list_name(&inferred.to_string(), found);
                return Err(TableError::column(path, source, format!("{found} cannot be written as {asked}")));
            }
            Ok(Field::new(source, name, ty, kind, depth))
        };
        chosen.into_iter().map(field).collect()
    }
}

/// Reads all records, and gives the columns that they make.
pub(super) fn infer(inputs: &Inputs, ask: &Ask, workers: usize, job: &Job) -> Result<Arc<[Field]>, TableError> {
    let path = inputs.files.first().map_or_else(PathBuf::new, |input| input.path.clone());
    let mut records = Records::new(inputs, job);
    let mut all = All::default();
    ordered(workers, || records.next(), |piece| All::of(&piece), |seen| all.merge(seen, &path))?;
    all.fields(&path, ask).map(Into::into)
}
