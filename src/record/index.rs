//! Where each record of an uncompressed file is, and reading them in any order.
//!
//! The text form is the one of NVIDIA DALI's `tfrecord2idx` (`tools/tfrecord2idx`): a line for each record with its
//! offset and its size in decimal, one space between them. The size is the whole record's, with its 16 bytes of
//! framing. DALI takes an index that names only some of the records, so order and completeness are not asked for.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use super::{
    Compression, HEADER_LEN, OVERHEAD, ReadOptions, Reader, RecordError, RecordErrorKind, check_payload, split_header,
};

/// No line of an index is longer than two 20-digit numbers and some blanks.
const MAX_LINE_LEN: u64 = 1024;

/// Where one record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where its header begins.
    pub offset: u64,
    /// Its bytes, framing included.
    pub size: u64,
}

/// A line of the text form, without its end.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.offset, self.size)
    }
}

/// Where the records of a file are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    entries: Vec<Entry>,
}

impl Index {
    /// An index of `entries`.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// Reads a whole file for the places of its records.
    pub fn build<R: Read>(reader: &mut Reader<R>) -> Result<Self, RecordError> {
        let compression = reader.compression()?;
        if compression != Compression::None {
            return Err(RecordError::new(RecordErrorKind::NotSeekable(compression)));
        }
        let mut entries = Vec::new();
        while let Some(record) = reader.next_record()? {
            entries.push(Entry { offset: record.offset, size: (record.payload.len() + OVERHEAD) as u64 });
        }
        Ok(Self { entries })
    }

    /// Builds the index of the file at `path`.
    pub fn of_file(path: &Path, options: ReadOptions) -> Result<Self, RecordError> {
        Self::build(&mut Reader::open(path, options)?)
    }

    /// Loads an index from the file at `path`.
    pub fn load(path: &Path) -> Result<Self, RecordError> {
        Self::read_from(io::BufReader::new(File::open(path)?))
    }

    /// Reads the text form. Blanks around the numbers, empty lines and CRLF are no matter.
    pub fn read_from(mut text: impl BufRead) -> Result<Self, RecordError> {
        let mut entries = Vec::new();
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            number += 1;
            line.clear();
            if text.by_ref().take(MAX_LINE_LEN).read_until(b'\n', &mut line)? == 0 {
                return Ok(Self { entries });
            }
            match parse(&line) {
                Ok(None) => {}
                Ok(Some(entry)) => entries.push(entry),
                Err(problem) => {
                    return Err(RecordError::new(RecordErrorKind::IndexLine { line: number, problem }));
                }
            }
        }
    }

    /// Writes the text form.
    pub fn write_to(&self, mut out: impl Write) -> io::Result<()> {
        let mut lines = String::new();
        for entries in self.entries.chunks(4096) {
            lines.clear();
            for entry in entries {
                lines.push_str(&format!("{entry}\n"));
            }
            out.write_all(lines.as_bytes())?;
        }
        out.flush()
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where record `number` of the index is.
    pub fn get(&self, number: usize) -> Option<Entry> {
        self.entries.get(number).copied()
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

fn parse(line: &[u8]) -> Result<Option<Entry>, &'static str> {
    if line.len() as u64 == MAX_LINE_LEN {
        return Err("too long for an offset and a size");
    }
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(offset) = words.next() else { return Ok(None) };
    let offset = decimal(offset).ok_or("offset is not a number")?;
    let size = decimal(words.next().ok_or("no size")?).ok_or("size is not a number")?;
    if words.next().is_some() {
        return Err("more than an offset and a size");
    }
    if size < OVERHEAD as u64 {
        return Err("size is below 16, the least that a record takes");
    }
    offset.checked_add(size).ok_or("offset and size are beyond 64 bits")?;
    Ok(Some(Entry { offset, size }))
}

/// `str::parse` would take a plus sign.
fn decimal(word: &[u8]) -> Option<u64> {
    if !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Reads records of an uncompressed file in any order, from any number of threads at once.
#[derive(Debug)]
pub struct RandomAccess {
    file: File,
    index: Index,
    options: ReadOptions,
}

impl RandomAccess {
    /// Opens the file at `path`. Of the options `verify`, `max_record_len` and `compression` count: a file that is
    /// compressed, or said to be, is refused.
    pub fn open(path: &Path, index: Index, options: ReadOptions) -> Result<Self, RecordError> {
        Self::new(File::open(path)?, index, options)
    }

    /// As [`open`](Self::open).
    pub fn new(file: File, index: Index, options: ReadOptions) -> Result<Self, RecordError> {
        let compression = match options.compression {
            Some(compression) => compression,
            None => {
                let mut head = [0; HEADER_LEN];
                let len = read_at(&file, &mut head, 0)?;
                super::detect(&head[..len]).unwrap_or(Compression::None)
            }
        };
        if compression != Compression::None {
            return Err(RecordError::new(RecordErrorKind::NotSeekable(compression)));
        }
        Ok(Self { file, index, options })
    }

    /// The index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Makes `payload` the payload of record `number` of the index.
    pub fn read(&self, number: usize, payload: &mut Vec<u8>) -> Result<(), RecordError> {
        payload.clear();
        let entry = self.index.get(number).ok_or_else(|| {
            RecordError::new(RecordErrorKind::NoSuchRecord { number: number as u64, len: self.index.len() as u64 })
        })?;
        self.read_entry(entry, payload).map_err(|kind| {
            payload.clear();
            RecordError::at(kind, number as u64, entry.offset)
        })
    }

    fn read_entry(&self, entry: Entry, payload: &mut Vec<u8>) -> Result<(), RecordErrorKind> {
        let mut header = [0; HEADER_LEN];
        let found = read_at(&self.file, &mut header, entry.offset).map_err(RecordErrorKind::Io)?;
        if found < HEADER_LEN {
            return Err(RecordErrorKind::TruncatedHeader { found: found as u64 });
        }
        let len =
            split_header(&header).map_err(|(stored, computed)| RecordErrorKind::LengthCrc { stored, computed })?;
        let limit = self.options.max_record_len;
        if len > limit {
            return Err(RecordErrorKind::TooLong { len, limit });
        }
        let whole = len.saturating_add(OVERHEAD as u64);
        if whole != entry.size {
            return Err(RecordErrorKind::IndexMismatch { expected: entry.size, found: whole });
        }
        let there = self.file.metadata().map_err(RecordErrorKind::Io)?.len().saturating_sub(entry.offset);
        if there < whole {
            return Err(RecordErrorKind::TruncatedRecord { expected: whole, found: there });
        }
        let rest = usize::try_from(whole).map_err(|_| RecordErrorKind::TooLong { len, limit })? - HEADER_LEN;
        payload.try_reserve(rest).map_err(|_| RecordErrorKind::Memory { len: whole })?;
        payload.resize(rest, 0);
        let offset = entry.offset + HEADER_LEN as u64;
        let found = read_at(&self.file, payload, offset).map_err(RecordErrorKind::Io)?;
        if found < rest {
            return Err(RecordErrorKind::TruncatedRecord { expected: whole, found: (HEADER_LEN + found) as u64 });
        }
        if self.options.verify {
            check_payload(payload).map_err(|(stored, computed)| RecordErrorKind::PayloadCrc { stored, computed })?;
        }
        payload.truncate(rest - super::FOOTER_LEN);
        Ok(())
    }
}

/// Reads at `offset` until `out` is full or the file ends; how many bytes that were.
pub fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, &mut out[done..], offset + done as u64);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, &mut out[done..], offset + done as u64);
        match read {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
