//! Where records are, without what they hold.

use std::io;

use super::{Positioned, Reader};
use crate::record::{Compression, Entry, Header, Headers, OVERHEAD, RecordError, RecordErrorKind};

/// Gives where each record of an uncompressed file is, one after the other. Where payloads need not be verified, they are not read:
/// [`Headers`] goes through the file until something is wrong or the file ends, and the reader says what.
#[derive(Debug)]
pub struct Places<'r> {
    reader: &'r mut Reader<Positioned>,
    headers: Option<Headers>,
    /// Records that the headers gave, and where the last of them ends.
    passed: (u64, u64),
}

impl<'r> Places<'r> {
    /// Of the file that `reader` stands at the beginning of.
    pub fn of(reader: &'r mut Reader<Positioned>) -> Result<Self, RecordError> {
        let compression = reader.compression()?;
        if compression != Compression::None {
            return Err(RecordError::new(RecordErrorKind::NotSeekable(compression)));
        }
        let headers = match reader.options.verify || reader.number > 0 || !reader.inner.has_places() {
            true => None,
            false => Some(Headers::new(reader.inner.file().try_clone()?, reader.options.max_record_len)?),
        };
        Ok(Self { reader, headers, passed: (0, 0) })
    }

    /// The next of them; `None` at the end.
    pub fn next_place(&mut self) -> Result<Option<Entry>, RecordError> {
        if let Some(headers) = &mut self.headers {
            let (records, end) = self.passed;
            let at = |error: io::Error| RecordError::at(RecordErrorKind::Io(error), records, end);
            self.reader.inner.ask().map_err(at)?;
            if let Header::Record { offset, len } = headers.next_header().map_err(at)? {
                let size = len + OVERHEAD as u64;
                self.passed = (records + 1, offset + size);
                self.reader.inner.count(size);
                return Ok(Some(Entry { offset, size }));
            }
            self.headers = None;
            self.reader.pass(records, end);
        }
        let record = self.reader.next_record()?;
        Ok(record.map(|record| Entry { offset: record.offset, size: record.framed.len() as u64 }))
    }
}
