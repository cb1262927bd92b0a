//! Records of an uncompressed file, read in any order.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{Entry, Index};
use crate::record::{
    Compression, FOOTER_LEN, HEADER_LEN, OVERHEAD, ReadOptions, RecordError, RecordErrorKind, check_payload, detect,
    split_header,
};

/// Reads records of an uncompressed file in any order, from any number of threads at once.
#[derive(Debug)]
pub struct RandomAccess {
    file: File,
    index: Index,
    options: ReadOptions,
}

impl RandomAccess {
    /// Opens the file at `path`. Of the options `verify`, `max_record_len` and `compression` count: a file that is
    /// compressed, or said to be, is refused. So is one that a binary index is not of, or not any more.
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
                detect(&head[..len]).unwrap_or(Compression::None)
            }
        };
        if compression != Compression::None {
            return Err(RecordError::new(RecordErrorKind::NotSeekable(compression)));
        }
        index.check(&file)?;
        Ok(Self { file, index, options })
    }

    /// The index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
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
        payload.truncate(rest - FOOTER_LEN);
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
