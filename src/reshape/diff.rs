//! Whether two sets of files hold the same records.

use std::collections::BinaryHeap;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::SpooledTempFile;

use super::error::of_io;
use super::inputs::Inputs;
use super::{Job, ReshapeError};
use crate::example::{Encoder, Feature, Values, decode_either};

/// Into so many parts records are divided by their hash; one is compared at a time.
const PARTS: usize = 64;
/// Bytes of each that stay in memory before they go to a temporary file.
const IN_MEMORY: usize = 256 << 10;
/// Bytes of a record there: its hash and its number.
const ENTRY_LEN: usize = 24;

/// How records are compared.
#[derive(Clone, Copy, Debug)]
pub struct DiffOptions {
    /// Examples are equal if their features are, however the bytes are laid out: order of keys, packing.
    pub as_examples: bool,
    /// Records that are listed of each side; all are counted.
    pub listed: usize,
}

/// Where a record is. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordPlace {
    /// The file.
    pub path: String,
    /// Its number in it, from 0.
    pub record: u64,
}

/// One of the two sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its files.
    pub files: Vec<String>,
    /// Its records.
    pub records: u64,
    /// Those that the other side does not have, or has less often.
    pub only: u64,
    /// The first of them.
    pub first: Vec<RecordPlace>,
}

/// What differs. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Both have the same records, each as often.
    pub same: bool,
    /// They have them in the same order too.
    pub same_order: bool,
    /// Records that both have.
    pub common: u64,
    /// The first.
    pub a: Side,
    /// The second.
    pub b: Side,
}

/// Compares the records of `a` and `b` by what they hold, each as often as it is there; order, division into files and
/// compression are no matter. Records are equal if 128 bits of their SHA-256 are.
///
/// Memory holds at most 32 MiB, and of what is in temporary files, 24 bytes for each record, one part of 64 at a time.
pub fn diff(a: &Inputs, b: &Inputs, options: &DiffOptions, job: &Job) -> Result<Difference, ReshapeError> {
    if a.files.iter().chain(&b.files).filter(|input| input.is_stdin()).count() > 1 {
        return Err(ReshapeError::Option("standard input can be read once only".into()));
    }
    let (mut one, mut other) = (Hashes::of(a, options, job)?, Hashes::of(b, options, job)?);
    let (mut only_one, mut only_other) = (Only::new(options.listed), Only::new(options.listed));
    let mut common = 0;
    for part in 0..PARTS {
        job.check()?;
        let (one, other) = (one.part(part)?, other.part(part)?);
        let (mut one, mut other) = (&one[..], &other[..]);
        while let Some(least) = one.first().into_iter().chain(other.first()).map(|(hash, _)| *hash).min() {
            let (ones, others) = (take(&mut one, least), take(&mut other, least));
            let both = ones.len().min(others.len());
            common += both as u64;
            only_one.add(&ones[both..]);
            only_other.add(&others[both..]);
        }
    }
    let same = only_one.count == 0 && only_other.count == 0;
    Ok(Difference {
        same,
        same_order: same && one.order == other.order,
        common,
        a: one.side(a, only_one),
        b: other.side(b, only_other),
    })
}

/// Takes the records of `hash` off the beginning.
fn take<'e>(entries: &mut &'e [(u128, u64)], hash: u128) -> &'e [(u128, u64)] {
    let (taken, rest) = entries.split_at(entries.iter().take_while(|(other, _)| *other == hash).count());
    *entries = rest;
    taken
}

/// Records of one side that the other does not have.
struct Only {
    count: u64,
    /// The least numbers, the greatest on top.
    first: BinaryHeap<u64>,
    listed: usize,
}

impl Only {
    fn new(listed: usize) -> Self {
        Self { count: 0, first: BinaryHeap::new(), listed }
    }

    fn add(&mut self, entries: &[(u128, u64)]) {
        self.count += entries.len() as u64;
        for (_, number) in entries {
            self.first.push(*number);
            if self.first.len() > self.listed {
                self.first.pop();
            }
        }
    }
}

/// The hashes of one side's records.
struct Hashes {
    parts: Vec<SpooledTempFile>,
    records: u64,
    /// Of each file the number of its first record.
    starts: Vec<u64>,
    /// A hash of all hashes in their order.
    order: [u8; 32],
}

fn refused(error: io::Error) -> ReshapeError {
    of_io("cannot use a temporary file", &std::env::temp_dir())(error)
}

impl Hashes {
    fn of(inputs: &Inputs, options: &DiffOptions, job: &Job) -> Result<Self, ReshapeError> {
        let mut parts: Vec<_> = (0..PARTS).map(|_| SpooledTempFile::new(IN_MEMORY)).collect();
        let (mut records, mut starts, mut order) = (0, Vec::new(), Sha256::new());
        let (mut encoder, mut canonical) = (Encoder::default(), Vec::new());
        inputs.stream(job)?.each(|file, record| {
            while starts.len() <= file {
                starts.push(records);
            }
            canonical.clear();
            let is_example = options.as_examples && encode(record.payload, &mut encoder, &mut canonical);
            let digest: [u8; 32] = Sha256::digest(if is_example { &canonical } else { record.payload }).into();
            order.update(digest);
            let mut entry = [0; ENTRY_LEN];
            entry[..16].copy_from_slice(&digest[..16]);
            entry[16..].copy_from_slice(&u64::to_be_bytes(records));
            if let Some(part) = parts.get_mut(usize::from(digest[31]) % PARTS) {
                part.write_all(&entry).map_err(refused)?;
            }
            records += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { parts, records, starts, order: order.finalize().into() })
    }

    /// Hashes and numbers of one part, sorted.
    fn part(&mut self, part: usize) -> Result<Vec<(u128, u64)>, ReshapeError> {
        let Some(file) = self.parts.get_mut(part) else { return Ok(Vec::new()) };
        file.seek(SeekFrom::Start(0)).map_err(refused)?;
        let mut file = BufReader::with_capacity(1 << 16, file);
        let (mut entries, mut entry) = (Vec::new(), [0; ENTRY_LEN]);
        loop {
            match file.read_exact(&mut entry) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(refused(error)),
            }
            if let Some((hash, number)) = entry.split_first_chunk::<16>()
                && let Some(number) = number.first_chunk()
            {
                entries.push((u128::from_be_bytes(*hash), u64::from_be_bytes(*number)));
            }
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn side(&self, inputs: &Inputs, only: Only) -> Side {
        let path = |path: &Path| path.display().to_string();
        let place = |number: u64| {
            let file = self.starts.partition_point(|start| *start <= number).saturating_sub(1);
            RecordPlace {
                path: inputs.files.get(file).map(|input| path(&input.path)).unwrap_or_default(),
                record: number - self.starts.get(file).copied().unwrap_or(0),
            }
        };
        Side {
            files: inputs.files.iter().map(|input| path(&input.path)).collect(),
            records: self.records,
            only: only.count,
            first: only.first.into_sorted_vec().into_iter().map(place).collect(),
        }
    }
}

/// Appends the Example that `payload` is to `out` as we write it; false if it is none.
fn encode(payload: &[u8], encoder: &mut Encoder, out: &mut Vec<u8>) -> bool {
    let Ok(example) = decode_either(payload) else { return false };
    let mut features: Vec<(&str, Feature<'_>)> =
        example.context.iter().map(|(key, values)| (key, values.to_feature())).collect();
    features.sort_by_key(|(key, _)| *key);
    let mut lists: Vec<(&str, Vec<Feature<'_>>)> = example
        .feature_lists
        .iter()
        .map(|(key, steps)| (key, steps.iter().map(Values::to_feature).collect()))
        .collect();
    lists.sort_by_key(|(key, _)| *key);
    // Bytes of another protocol may be nothing but unknown fields, and are then compared as they are.
    !(features.is_empty() && lists.is_empty()) && encoder.encode_sequence(&features, &lists, out).is_ok()
}
