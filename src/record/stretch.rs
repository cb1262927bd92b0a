//! The undamaged records of a part of a file, many at a time, for threads that each take a part.
//!
//! Where a part begins no record need begin: [`first_header`] looks for the next header that checks, as the reader does behind
//! damage. By chance, or because a record holds records, that may be no place where a record of the file begins; whoever puts the
//! parts together knows, because the part before it then does not end there.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::reader::find_header;
use super::{FOOTER_LEN, HEADER_LEN, OVERHEAD, check_payload, read_at, split_header};

/// Bytes that are looked through at a time for a header.
const WINDOW: usize = 256 << 10;

/// Where the first header begins that checks, is of no more than `max_record_len` bytes, and begins within `part`.
pub fn first_header(file: &File, part: Range<u64>, max_record_len: u64) -> io::Result<Option<u64>> {
    let mut window = vec![0; WINDOW];
    let mut at = part.start;
    while at < part.end {
        let len = read_at(file, &mut window, at)?;
        let bytes = window.get(..len).unwrap_or_default();
        if let Some(found) = find_header(bytes, max_record_len) {
            return Ok(Some(at + found as u64).filter(|found| *found < part.end));
        }
        if len < HEADER_LEN {
            break;
        }
        at += (len - (HEADER_LEN - 1)) as u64;
    }
    Ok(None)
}

/// What a [`Stretch`] has next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'s> {
    /// Where records begin in the file, and their payloads; at least one.
    Records(Vec<(u64, &'s [u8])>),
    /// It is at its end, where a record begins or the file ends.
    End,
    /// Something is wrong here, or nothing was read because the file could not be.
    Damaged,
}

/// Reads records of an uncompressed file from a place where one begins, as long as there is no damage.
#[derive(Debug)]
pub struct Stretch {
    file: File,
    offset: u64,
    end: u64,
    max_record_len: u64,
    buffer: Vec<u8>,
}

impl Stretch {
    /// The records of the file at `path` that begin within `part`, the first at its start. So many bytes are read at a time, more
    /// where a record is longer.
    pub fn open(path: &Path, part: Range<u64>, block_len: usize, max_record_len: u64) -> io::Result<Self> {
        let buffer = vec![0; block_len.max(OVERHEAD)];
        Ok(Self { file: File::open(path)?, offset: part.start, end: part.end, max_record_len, buffer })
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Goes to another part of the file.
    pub fn go_to(&mut self, part: Range<u64>) {
        (self.offset, self.end) = (part.start, part.end);
    }

    /// Where the next record begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next records.
    pub fn next_records(&mut self) -> Next<'_> {
        if self.offset >= self.end {
            return Next::End;
        }
        let Ok(mut len) = read_at(&self.file, &mut self.buffer, self.offset) else { return Next::Damaged };
        if len == 0 {
            return Next::End;
        }
        let from = self.offset;
        // A record that is longer than the buffer: as much as it says, but not more than the file has.
        if let Some(whole) = self.whole(0, len).filter(|whole| *whole > len) {
            let there = self.file.metadata().map_or(0, |data| data.len().saturating_sub(from));
            if (whole as u64) > there || self.buffer.try_reserve_exact(whole - self.buffer.len()).is_err() {
                return Next::Damaged;
            }
            self.buffer.resize(whole, 0);
            match read_at(&self.file, &mut self.buffer, from) {
                Ok(read) => len = read,
                Err(_) => return Next::Damaged,
            }
        }
        let mut at = 0;
        let mut records = Vec::new();
        while self.offset < self.end && at < len {
            if len - at < HEADER_LEN {
                break;
            }
            let Some(whole) = self.whole(at, len) else { return Next::Damaged };
            let Some(record) = self.buffer.get(at + HEADER_LEN..at + whole).filter(|_| at + whole <= len) else {
                break;
            };
            if check_payload(record).is_err() {
                return Next::Damaged;
            }
            records.push((self.offset, at + HEADER_LEN..at + whole - FOOTER_LEN));
            at += whole;
            self.offset += whole as u64;
        }
        if records.is_empty() {
            return Next::Damaged;
        }
        let payload = |(offset, range): (u64, Range<usize>)| Some((offset, self.buffer.get(range)?));
        Next::Records(records.into_iter().filter_map(payload).collect())
    }

    /// Bytes of the record whose header is `at`, if that is within `len`, checks and is within the limit.
    fn whole(&self, at: usize, len: usize) -> Option<usize> {
        let header = self.buffer.get(at..len)?.first_chunk::<HEADER_LEN>()?;
        let payload = split_header(header).ok().filter(|payload| *payload <= self.max_record_len)?;
        usize::try_from(payload).ok()?.checked_add(OVERHEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{DEFAULT_MAX_RECORD_LEN, append};

    fn file(lens: &[usize]) -> (tempfile::NamedTempFile, Vec<u64>) {
        let mut block = Vec::new();
        let mut starts = Vec::new();
        for (number, len) in lens.iter().enumerate() {
            starts.push(block.len() as u64);
            append(&mut block, &vec![number as u8 + 1; *len]);
        }
        starts.push(block.len() as u64);
        let named = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(named.path(), block).expect("written");
        (named, starts)
    }

    fn read(path: &Path, part: Range<u64>, block_len: usize, limit: u64) -> (Vec<(u64, usize)>, bool, u64) {
        let mut stretch = Stretch::open(path, part, block_len, limit).expect("opened");
        let mut found = Vec::new();
        loop {
            match stretch.next_records() {
                Next::Records(records) => found.extend(records.iter().map(|(at, payload)| (*at, payload.len()))),
                end => return (found, end == Next::End, stretch.offset()),
            }
        }
    }

    #[test]
    fn records_that_begin_in_a_part() {
        let lens = [3, 0, 5000, 70, 1, 12_000, 0, 9];
        let (file, starts) = file(&lens);
        for block_len in [1, 64, 1000, 1 << 20] {
            for from in 0..lens.len() {
                for until in from..=lens.len() {
                    // Up to where the record after the last begins, or just behind where that last one does.
                    for end in [starts[until], starts[until.max(from + 1) - 1] + 1] {
                        let expected: Vec<(u64, usize)> =
                            (from..lens.len()).map(|at| (starts[at], lens[at])).filter(|(at, _)| *at < end).collect();
                        let stop = starts[from + expected.len()];
                        let found = read(file.path(), starts[from]..end, block_len, DEFAULT_MAX_RECORD_LEN);
                        assert_eq!(found, (expected, true, stop), "{from} {until} {block_len}");
                    }
                }
            }
        }
        let (records, whole, _) = read(file.path(), 0..u64::MAX, 64, 5000);
        assert!(!whole && records.len() <= 5, "a record over the limit");
    }

    #[test]
    fn damage_ends_it() {
        let (file, starts) = file(&[10, 2000, 10]);
        let bytes = std::fs::read(file.path()).expect("read");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(file.path(), &damaged).expect("written");
            let (_, whole, offset) = read(file.path(), 0..u64::MAX, 500, DEFAULT_MAX_RECORD_LEN);
            assert!(!whole && offset <= at as u64, "{at}");
            std::fs::write(file.path(), &bytes[..at]).expect("written");
            let (_, whole, offset) = read(file.path(), 0..u64::MAX, 500, DEFAULT_MAX_RECORD_LEN);
            assert_eq!((whole, offset <= at as u64), (starts.contains(&(at as u64)), true), "cut at {at}");
        }
    }

    #[test]
    fn the_next_header_is_found() {
        let (file, starts) = file(&[300_000, 5, 600_000, 40]);
        let open = file.as_file();
        for (from, expected) in [(0, 0), (1, 1), (starts[1], 1), (starts[1] + 1, 2), (starts[2] + 1, 3)] {
            let found = first_header(open, from..u64::MAX, DEFAULT_MAX_RECORD_LEN).expect("read");
            assert_eq!(found, Some(starts[expected]), "{from}");
        }
        assert_eq!(first_header(open, starts[3] + 1..u64::MAX, DEFAULT_MAX_RECORD_LEN).expect("read"), None);
        assert_eq!(first_header(open, 1..starts[1], DEFAULT_MAX_RECORD_LEN).expect("read"), None);
        assert_eq!(first_header(open, 1..starts[1] + 1, DEFAULT_MAX_RECORD_LEN).expect("read"), Some(starts[1]));
    }
}
