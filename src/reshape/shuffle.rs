//! Records in another order, with no more in memory than where each of them is.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::damage::Damage;
use super::error::{of_io, of_record};
use super::inputs::{Input, Inputs, each_of};
use super::output::{Out, OutputOptions};
use super::transform::Report;
use super::{Job, ReshapeError};
use crate::record::{Compression, FOOTER_LEN, HEADER_LEN, OVERHEAD, STANDARD, footer, payload_len, read_at};

/// Files that are open at a time.
const MAX_OPEN: usize = 128;
/// Bytes read at a time, at least.
const MIN_READ: usize = 4 << 10;

/// Writes the records of all files to `out` in an order that depends on the seed and their number alone: not on what is
/// around them, nor on how they are divided into files.
///
/// Memory holds 8 bytes for each record. Uncompressed files are read twice, the second time in the new order; what is
/// compressed, or comes from a pipe, is unpacked into a temporary file without a name beside `out`.
pub fn shuffle(
    inputs: &Inputs,
    out: &Path,
    seed: u64,
    options: &OutputOptions,
    job: &Job,
) -> Result<Report, ReshapeError> {
    job.expect(inputs.bytes());
    let mut store = Store { files: Vec::new(), end: 0, open: 0, spill: None };
    let (mut places, mut bytes, mut damage) = (Vec::new(), 0, Vec::new());
    let mut first = None;
    let mut spill = None;
    for input in &inputs.files {
        let mut reader = input.open(inputs.read, job)?;
        let compression = reader.compression().map_err(|error| input.error(error, job))?;
        // So that a name which is taken is said before the work.
        if first.is_none() {
            first = Some(Out::create(out, options, compression)?);
        }
        let file = reader.get_ref().file();
        let is_plain = compression == Compression::None && !input.is_stdin();
        if is_plain && file.metadata().is_ok_and(|data| data.is_file()) {
            let _goes_on = each_of(input, &mut reader, job, &mut |record| {
                places.push(store.end + record.offset);
                bytes += record.framed.len() as u64;
                Ok(ControlFlow::Continue(()))
            })?;
            store.add(input.clone(), reader.offset());
        } else {
            let (writer, len) = match &mut spill {
                Some(spill) => spill,
                none => {
                    let file = temporary_beside(out).map_err(of_io("cannot make a temporary file", out))?;
                    none.insert((BufWriter::with_capacity(1 << 20, file), 0))
                }
            };
            let refused = of_io("cannot write a temporary file", out);
            let _goes_on = each_of(input, &mut reader, job, &mut |record| {
                places.push(SPILLED | *len);
                *len += record.framed.len() as u64;
                bytes += record.framed.len() as u64;
                writer.write_all(record.framed).map_err(&refused).map(ControlFlow::Continue)
            })?;
        }
        damage.extend(Damage::of(input, &mut reader));
    }
    if let Some((writer, _)) = spill {
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error);
        store.spill = Some((out.to_owned(), file.map_err(of_io("cannot write a temporary file", out))?));
    }
    let Some(mut to) = first else { return Err(ReshapeError::Option("no file was given".into())) };
    permute(&mut places, seed);
    job.expect(bytes);
    let mean = bytes / (places.len() as u64).max(1);
    let mut buffer = vec![0; usize::try_from(mean + mean / 4).unwrap_or(MIN_READ).max(MIN_READ)];
    for place in &places {
        job.check()?;
        let len = store.read(*place, &mut buffer)?;
        to.framed(buffer.get(..len).unwrap_or_default())?;
        job.bytes().fetch_add(len as u64, Ordering::Relaxed);
    }
    let read = places.len() as u64;
    Ok(Report::new(vec![to.commit(options.sync, job)?], read, damage))
}

/// A file that goes when it is closed, in the folder of `out`, where there must be room for as much.
fn temporary_beside(out: &Path) -> io::Result<File> {
    match out.parent() {
        _ if out == Path::new(STANDARD) => tempfile::tempfile(),
        Some(folder) if !folder.as_os_str().is_empty() => tempfile::tempfile_in(folder),
        _ => tempfile::tempfile_in("."),
    }
}

/// Of places in the file of what was unpacked.
const SPILLED: u64 = 1 << 63;

/// Files as if they were one behind the other, and what was unpacked.
struct Store {
    files: Vec<Stored>,
    end: u64,
    /// How many files are open.
    open: usize,
    /// Called as the output, which it lies beside.
    spill: Option<(PathBuf, File)>,
}

struct Stored {
    input: Input,
    start: u64,
    file: Option<File>,
}

impl Store {
    fn add(&mut self, input: Input, len: u64) {
        self.files.push(Stored { input, start: self.end, file: None });
        self.end += len;
    }

    /// Makes the beginning of `buffer` the record at `place`; gives its length.
    fn read(&mut self, place: u64, buffer: &mut Vec<u8>) -> Result<usize, ReshapeError> {
        if place & SPILLED != 0 {
            let Some((path, file)) = &self.spill else { return Err(changed(place)) };
            return read_record(file, place & !SPILLED, buffer, path);
        }
        let number = self.files.partition_point(|file| file.start <= place).saturating_sub(1);
        if self.files.get(number).is_some_and(|file| file.file.is_none()) && self.open == MAX_OPEN {
            self.files.iter_mut().for_each(|file| file.file = None);
            self.open = 0;
        }
        let Some(Stored { input, start, file }) = self.files.get_mut(number) else { return Err(changed(place)) };
        let file = match file {
            Some(file) => file,
            none => {
                self.open += 1;
                none.insert(File::open(&input.path).map_err(|error| of_record(&input.path)(error.into()))?)
            }
        };
        read_record(file, place - *start, buffer, &input.path)
    }
}

fn read_record(file: &File, offset: u64, buffer: &mut Vec<u8>, path: &Path) -> Result<usize, ReshapeError> {
    let refused = |error: io::Error| of_record(path)(error.into());
    let found = read_at(file, buffer, offset).map_err(refused)?;
    let len = buffer.first_chunk::<HEADER_LEN>().filter(|_| found >= HEADER_LEN).and_then(payload_len);
    let whole = len.and_then(|len| usize::try_from(len).ok()?.checked_add(OVERHEAD));
    let whole = whole.ok_or_else(|| changed_at(path))?;
    if whole > found {
        // As long as it was when it was read first, unless the file changed.
        if file.metadata().map_err(refused)?.len() < offset + whole as u64 {
            return Err(changed_at(path));
        }
        buffer.resize(buffer.len().max(whole), 0);
        let rest = buffer.get_mut(found..whole).unwrap_or_default();
        if read_at(file, rest, offset + found as u64).map_err(refused)? < whole - found {
            return Err(changed_at(path));
        }
    }
    let record = buffer.get(HEADER_LEN..whole).unwrap_or_default();
    match record.split_last_chunk::<FOOTER_LEN>() {
        Some((payload, sum)) if footer(payload) == *sum => Ok(whole),
        _ => Err(changed_at(path)),
    }
}

fn changed(place: u64) -> ReshapeError {
    ReshapeError::Option(format!("no file has byte {place}"))
}

fn changed_at(path: &Path) -> ReshapeError {
    ReshapeError::Io {
        action: "cannot be read again",
        path: PathBuf::from(path),
        error: io::Error::new(io::ErrorKind::InvalidData, "it changed meanwhile"),
    }
}

/// Puts `places` into an order that every seed has its own of, each as likely (Fisher and Yates).
fn permute(places: &mut [u64], seed: u64) {
    let mut random = Random(seed);
    for left in (1..places.len()).rev() {
        let other = random.below(left as u64 + 1) as usize;
        places.swap(left, other);
    }
}

/// Vigna's SplitMix64: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`, each as likely (Lemire, "Fast random integer generation in an interval", 2019).
    fn below(&mut self, limit: u64) -> u64 {
        loop {
            let product = u128::from(self.next()) * u128::from(limit);
            if product as u64 >= limit.wrapping_neg() % limit {
                return (product >> 64) as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_as_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..24_000 {
            let mut places = [0, 1, 2, 3];
            permute(&mut places, seed);
            *counts.entry(places).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
