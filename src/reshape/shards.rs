//! Records divided over files: in order, or by chance.

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::inputs::{Inputs, bare_name};
use super::output::{Folder, Out, OutputOptions, Written};
use super::transform::Report;
use super::{Job, ReshapeError};
use crate::record::ReadOptions;

/// Files of which no more are made: it is more likely a mistake.
const MAX_FILES: u64 = 100_000;

/// Where one file ends and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// So many files, with as many records each as can be; never more files than records.
    Files(u64),
    /// As many records as these bytes hold, framing included and before compression; at least one.
    Bytes(u64),
    /// So many records.
    Records(u64),
}

/// Writes the records of all files in their order into the folder `out`, as `name-00000-of-00010.tfrecord` and so on; with
/// `overwrite` files of that name and another number are removed. Without a name it is that of the first file. The files
/// are read twice.
pub fn reshard(
    inputs: &Inputs,
    out: &Path,
    cut: Cut,
    name: Option<&str>,
    options: &OutputOptions,
    job: &Job,
) -> Result<Report, ReshapeError> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => inputs.files.first().map_or_else(|| "records".into(), |input| bare_name(&input.name)),
    };
    check_name(&name)?;
    let sizes = plan(inputs, cut, job)?;
    let count = sizes.len();
    let file_name = |number: usize| format!("{name}-{number:05}-of-{count:05}.tfrecord");
    let stream = inputs.stream(job)?;
    let compression = stream.compression();
    let mut folder = Folder::open(out, options)?;
    let mut files: Vec<Written> = Vec::new();
    let mut open: Option<(Out<File>, u64)> = None;
    let mut read = 0;
    let damage = stream.each(|_, record| {
        read += 1;
        let (to, left) = match &mut open {
            Some(open) => open,
            none => {
                let left = sizes.get(files.len()).copied().ok_or_else(changed)?;
                none.insert((folder.create(&file_name(files.len()), compression)?, left))
            }
        };
        to.copy(&record)?;
        *left -= 1;
        if *left == 0
            && let Some((to, _)) = open.take()
        {
            files.push(folder.close(to)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if sizes == [0] {
        let to = folder.create(&file_name(0), compression)?;
        files.push(folder.close(to)?);
    }
    if files.len() != sizes.len() {
        return Err(changed());
    }
    folder.commit(job, |other| is_shard_of(other, &name))?;
    Ok(Report::new(files, read, damage))
}

fn changed() -> ReshapeError {
    ReshapeError::Option("the files changed while they were read".into())
}

/// A name for files, which must not lead elsewhere.
fn check_name(name: &str) -> Result<(), ReshapeError> {
    let bad = name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']);
    if bad { Err(ReshapeError::Option(format!("{name:?} is no name for a file"))) } else { Ok(()) }
}

/// Whether a file is `name-00000-of-00010.tfrecord`, whatever the numbers.
fn is_shard_of(file: &str, name: &str) -> bool {
    let middle = file.strip_prefix(name).and_then(|rest| rest.strip_suffix(".tfrecord"));
    let Some((number, count)) = middle.and_then(|rest| rest.strip_prefix('-')?.split_once("-of-")) else {
        return false;
    };
    [number, count].iter().all(|digits| digits.len() >= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How many records each file gets; one file without records if there are none.
fn plan(inputs: &Inputs, cut: Cut, job: &Job) -> Result<Vec<u64>, ReshapeError> {
    if let Cut::Files(0) | Cut::Bytes(0) | Cut::Records(0) = cut {
        return Err(ReshapeError::Option("shards, their size and their records must be above 0".into()));
    }
    if !inputs.are_files() {
        return Err(ReshapeError::Option("only files can be divided so: they are read twice".into()));
    }
    // Payloads are verified when they are copied.
    let first = Inputs { read: ReadOptions { verify: false, ..inputs.read }, ..inputs.clone() };
    let (mut records, mut sizes, mut bytes) = (0, Vec::new(), 0);
    first.stream(job)?.each(|_, record| {
        records += 1;
        let len = record.framed.len() as u64;
        let full = match (cut, sizes.last()) {
            (Cut::Bytes(limit), Some(_)) => bytes + len > limit,
            (Cut::Records(limit), Some(last)) => *last == limit,
            (_, last) => last.is_none(),
        };
        if full {
            bytes = 0;
            sizes.push(0);
        }
        bytes += len;
        if let Some(last) = sizes.last_mut() {
            *last += 1;
        }
        let too_many = sizes.len() as u64 > MAX_FILES;
        Ok(if too_many { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if let Cut::Files(count) = cut {
        let count = count.min(records).max(1);
        let end = |number: u64| (u128::from(records) * u128::from(number) / u128::from(count)) as u64;
        if count <= MAX_FILES {
            return Ok((0..count).map(|number| end(number + 1) - end(number)).collect());
        }
    } else if sizes.len() as u64 <= MAX_FILES {
        return Ok(if sizes.is_empty() { vec![0] } else { sizes });
    }
    Err(ReshapeError::Option(format!("that would be more than {MAX_FILES} files")))
}

/// Parts of all records, each with its name, adding up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts(Vec<(String, f64)>);

impl Parts {
    /// Reads `80/10/10` (train, valid, test; parts of 100 or of 1) or `train=0.8,rest=0.2`.
    pub fn parse(text: &str) -> Result<Self, ReshapeError> {
        let wrong = |why: String| ReshapeError::Option(format!("ratios {text:?}: {why}"));
        let mut parts: Vec<(String, f64)> = Vec::new();
        let named = text.contains('=');
        let pieces: Vec<&str> = text.trim().split(if named { ',' } else { '/' }).collect();
        if !named && !(2..=3).contains(&pieces.len()) {
            return Err(wrong("expected 80/10/10 or train=0.8,rest=0.2".into()));
        }
        for (piece, default) in
            pieces.into_iter().zip(["train", "valid", "test"].into_iter().chain(std::iter::repeat("")))
        {
            let (name, value) = piece.split_once('=').unwrap_or((default, piece));
            let name = name.trim();
            check_name(name)?;
            let value: f64 = value.trim().parse().map_err(|_| wrong(format!("{:?} is no number", value.trim())))?;
            if !(value.is_finite() && value >= 0.0) {
                return Err(wrong(format!("{value} is no part")));
            }
            if parts.iter().any(|(other, _)| other == name) {
                return Err(wrong(format!("{name} stands twice")));
            }
            parts.push((name.to_owned(), value));
        }
        let sum: f64 = parts.iter().map(|(_, part)| part).sum();
        let whole = [1.0, 100.0].into_iter().find(|whole| (sum - whole).abs() < 1e-6 * whole);
        let whole = whole.ok_or_else(|| wrong(format!("the parts add up to {sum}, expected 100 or 1")))?;
        parts.iter_mut().for_each(|(_, part)| *part /= whole);
        parts.retain(|(_, part)| *part > 0.0);
        Ok(Self(parts))
    }
}

/// Writes each record to one of several files in the folder `out`, `train.tfrecord` and so on, by a hash of the seed and its
/// payload: equal records stay together, and records that are added later move no other. Within a file the order stays.
///
/// The numbers are then near the parts, not at them. With `exact` they are, and hold 16 bytes of memory for each record; the
/// files are read twice.
pub fn split(
    inputs: &Inputs,
    out: &Path,
    parts: &Parts,
    seed: u64,
    exact: bool,
    options: &OutputOptions,
    job: &Job,
) -> Result<Report, ReshapeError> {
    let borders = if exact { exact_borders(inputs, parts, seed, job)? } else { borders(parts) };
    let stream = inputs.stream(job)?;
    let compression = stream.compression();
    let mut folder = Folder::open(out, options)?;
    let mut open = Vec::new();
    for (name, _) in &parts.0 {
        open.push(folder.create(&format!("{name}.tfrecord"), compression)?);
    }
    let mut number = 0;
    let damage = stream.each(|_, record| {
        let place = (hash(seed, record.payload), number);
        number += 1;
        let part = borders.partition_point(|border| *border <= place).min(open.len() - 1);
        open[part].copy(&record)?;
        Ok(ControlFlow::Continue(()))
    })?;
    let files = open.into_iter().map(|to| folder.close(to)).collect::<Result<_, _>>()?;
    folder.commit(job, |_| false)?;
    Ok(Report::new(files, number, damage))
}

/// First 8 bytes of SHA-256("split:<seed>:" and the payload).
fn hash(seed: u64, payload: &[u8]) -> u64 {
    let mut sha256 = Sha256::new();
    // Writing into a digest cannot fail.
    let _ = write!(Digests(&mut sha256), "split:{seed}:");
    sha256.update(payload);
    let digest: [u8; 32] = sha256.finalize().into();
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

struct Digests<'s>(&'s mut Sha256);

impl Write for Digests<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hash and number of the first record that belongs to each part but the first.
fn borders(parts: &Parts) -> Vec<(u64, u64)> {
    let mut sum = 0.0;
    let ends = parts.0.iter().map(|(_, part)| {
        sum += part;
        ((sum * 2_f64.powi(64)) as u64, 0)
    });
    let mut ends: Vec<_> = ends.collect();
    ends.pop();
    ends
}

/// The same, so that every part has the number of records that is nearest to it.
fn exact_borders(inputs: &Inputs, parts: &Parts, seed: u64, job: &Job) -> Result<Vec<(u64, u64)>, ReshapeError> {
    if !inputs.are_files() {
        return Err(ReshapeError::Option("only files can be split exactly: they are read twice".into()));
    }
    let mut places = Vec::new();
    inputs.stream(job)?.each(|_, record| {
        places.push((hash(seed, record.payload), places.len() as u64));
        Ok(ControlFlow::Continue(()))
    })?;
    places.sort_unstable();
    let mut sum = 0.0;
    let mut borders = Vec::new();
    for (_, part) in &parts.0 {
        sum += part;
        let end = (sum * places.len() as f64).round() as usize;
        borders.push(places.get(end).copied().unwrap_or((u64::MAX, u64::MAX)));
    }
    borders.pop();
    Ok(borders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read() {
        let of = |text: &str| Parts::parse(text).map(|parts| parts.0).map_err(|error| error.to_string());
        let named = |parts: &[(&str, f64)]| Ok(parts.iter().map(|(name, part)| ((*name).to_owned(), *part)).collect());
        assert_eq!(of("80/10/10"), named(&[("train", 0.8), ("valid", 0.1), ("test", 0.1)]));
        assert_eq!(of("0.5/0.5"), named(&[("train", 0.5), ("valid", 0.5)]));
        assert_eq!(of("a=100, b=0"), named(&[("a", 1.0)]));
        for wrong in ["", "1", "50/40", "a=0.5,a=0.5", "x/y", "../a=0.5,b=0.5", "-1/2", "a=nan,b=1"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_of_a_name() {
        assert!(is_shard_of("train-00000-of-00010.tfrecord", "train"));
        assert!(is_shard_of("train-123456-of-200000.tfrecord", "train"));
        for other in
            ["train.tfrecord", "train-a-00000-of-00010.tfrecord", "train-0-of-1.tfrecord", "train-00000-of-.tfrecord"]
        {
            assert!(!is_shard_of(other, "train"), "{other}");
        }
    }
}
