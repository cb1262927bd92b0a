//! What can be wrong with a file of records, and where.

use std::fmt;
use std::io;

use super::Compression;

/// An error of the framing, of the compression around it, or of the file below it.
///
/// Its text says the place first: ``record 41 at byte 90211: payload crc is 0x1f2e3d4c, computed 0x5a6b7c8d``.
#[derive(Debug)]
pub struct RecordError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: RecordErrorKind,
    record: Option<u64>,
    offset: Option<u64>,
}

/// The kinds of [`RecordError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// The file below could not be read or written.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// The header's checksum does not fit its length: where the record ends is unknown. Both values as they stand in
    /// the file, masked.
    #[error("length crc is {stored:#010x}, computed {computed:#010x}")]
    LengthCrc {
        /// What the file says.
        stored: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The payload's checksum does not fit. Both values as they stand in the file, masked.
    #[error("payload crc is {stored:#010x}, computed {computed:#010x}")]
    PayloadCrc {
        /// What the file says.
        stored: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The file ends within a header.
    #[error("file ends after {found} of the header's 12 bytes")]
    TruncatedHeader {
        /// Bytes that are there.
        found: u64,
    },
    /// The file ends within a record whose header is whole.
    #[error("file ends after {found} of the record's {expected} bytes")]
    TruncatedRecord {
        /// Bytes of the whole record.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The length checks, but is over the limit that the caller set.
    #[error("length {len} is over the limit of {limit} bytes")]
    TooLong {
        /// What the file says.
        len: u64,
        /// [`ReadOptions::max_record_len`](super::ReadOptions::max_record_len).
        limit: u64,
    },
    /// No memory for a record that is really there.
    #[error("no memory for a record of {len} bytes")]
    Memory {
        /// Bytes of the whole record.
        len: u64,
    },
    /// The compressed stream around the records is at fault.
    #[error("{compression} stream {fault}")]
    Stream {
        /// Which kind of stream.
        compression: Compression,
        /// What is wrong with it.
        fault: StreamFault,
    },
    /// [`Recovery::Skip`](super::Recovery::Skip) found so many false headers that they must be made on purpose.
    #[error("no next record found: {wasted} bytes looked like records and were none")]
    Lost {
        /// Bytes of the payloads that did not check.
        wasted: u64,
    },
    /// A compression level that there is not.
    #[error("compression level {0} is not between 0 and 9")]
    Level(u32),
    /// A line of an index that is not an offset and a size.
    #[error("line {line}: {problem}")]
    IndexLine {
        /// 1-based.
        line: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The index and the file disagree.
    #[error("index says {expected} bytes, the record has {found}")]
    IndexMismatch {
        /// What the index says.
        expected: u64,
        /// What the header gives.
        found: u64,
    },
    /// A byte of a binary index that is not what it should be.
    #[error("byte {at}: {problem}")]
    IndexByte {
        /// In the index.
        at: u64,
        /// What is wrong there.
        problem: String,
    },
    /// A binary index is of another file, or of another state of it.
    #[error("index is of a file of {expected} bytes, this one has {found}")]
    IndexLen {
        /// What the index says.
        expected: u64,
        /// What the file has.
        found: u64,
    },
    /// The same, and the files are of one length. Both values as they stand in the file, masked.
    #[error("index says payload crc {expected:#010x}, the record has {found:#010x}")]
    IndexCrc {
        /// What the index says.
        expected: u32,
        /// What the record has.
        found: u32,
    },
    /// Records that are no whole file have no binary index.
    #[error("a binary index has no gap, but record {record} begins at byte {next}, expected {end}")]
    IndexGap {
        /// Its number in the index.
        record: u64,
        /// Where the one before it ends.
        end: u64,
        /// Where it begins.
        next: u64,
    },
    /// More was asked for than the index has.
    #[error("no record {number}, the index has {len}")]
    NoSuchRecord {
        /// What was asked for.
        number: u64,
        /// Records in the index.
        len: u64,
    },
    /// Random access to a file that can only be read from its beginning.
    #[error("no random access to a {0} file")]
    NotSeekable(Compression),
}

/// What is wrong with a compressed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamFault {
    /// It ends before its trailer does.
    #[error("ends early")]
    Truncated,
    /// More bytes come after it, which TensorFlow would pass over in silence or refuse.
    #[error("is followed by other bytes")]
    Trailing,
    /// It cannot be decompressed, or its checksum does not fit; the words are zlib's.
    #[error("is damaged: {0}")]
    Damaged(&'static str),
}

impl RecordError {
    /// An error without a place.
    pub fn new(kind: RecordErrorKind) -> Self {
        Self(Box::new(Inner { kind, record: None, offset: None }))
    }

    pub(super) fn at(kind: RecordErrorKind, record: u64, offset: u64) -> Self {
        Self(Box::new(Inner { kind, record: Some(record), offset: Some(offset) }))
    }

    /// What happened.
    pub fn kind(&self) -> &RecordErrorKind {
        &self.0.kind
    }

    /// What happened, by value.
    pub fn into_kind(self) -> RecordErrorKind {
        self.0.kind
    }

    /// The record's number from 0, where one is concerned.
    pub fn record(&self) -> Option<u64> {
        self.0.record
    }

    /// Where that record begins, in bytes from the beginning of the file; of a compressed file, from the beginning of
    /// what it holds.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The error of the file below, if it was one.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.0.kind {
            RecordErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::new(RecordErrorKind::Io(error))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(record), Some(offset)) = (self.0.record, self.0.offset) {
            write!(f, "record {record} at byte {offset}: ")?;
        }
        self.0.kind.fmt(f)?;
        if self.0.offset == Some(0) && matches!(self.0.kind, RecordErrorKind::LengthCrc { .. }) {
            f.write_str(" (is this a TFRecord file?)")?;
        }
        Ok(())
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.io_error().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        use RecordErrorKind::*;
        let rows = [
            (
                PayloadCrc { stored: 0x1f2e_3d4c, computed: 0x0a6b_7c8d },
                "record 41 at byte 90211: payload crc is 0x1f2e3d4c, computed 0x0a6b7c8d",
            ),
            (
                LengthCrc { stored: 1, computed: 2 },
                "record 41 at byte 90211: length crc is 0x00000001, computed 0x00000002",
            ),
            (TruncatedHeader { found: 5 }, "record 41 at byte 90211: file ends after 5 of the header's 12 bytes"),
            (
                TruncatedRecord { expected: 21, found: 15 },
                "record 41 at byte 90211: file ends after 15 of the record's 21 bytes",
            ),
            (TooLong { len: 9, limit: 8 }, "record 41 at byte 90211: length 9 is over the limit of 8 bytes"),
            (
                Stream { compression: Compression::Gzip, fault: StreamFault::Truncated },
                "record 41 at byte 90211: gzip stream ends early",
            ),
            (
                Stream { compression: Compression::Zlib, fault: StreamFault::Trailing },
                "record 41 at byte 90211: zlib stream is followed by other bytes",
            ),
            (
                Stream { compression: Compression::Zlib, fault: StreamFault::Damaged("incorrect data check") },
                "record 41 at byte 90211: zlib stream is damaged: incorrect data check",
            ),
            (
                IndexMismatch { expected: 30, found: 31 },
                "record 41 at byte 90211: index says 30 bytes, the record has 31",
            ),
        ];
        for (kind, text) in rows {
            assert_eq!(RecordError::at(kind, 41, 90211).to_string(), text);
        }
        assert_eq!(
            RecordError::at(LengthCrc { stored: 1, computed: 2 }, 0, 0).to_string(),
            "record 0 at byte 0: length crc is 0x00000001, computed 0x00000002 (is this a TFRecord file?)"
        );
        assert_eq!(RecordError::new(Level(10)).to_string(), "compression level 10 is not between 0 and 9");
        let line = IndexLine { line: 3, problem: "no size" };
        assert_eq!(RecordError::new(line).to_string(), "line 3: no size");
        let byte = IndexByte { at: 8, problem: "version 2, expected 1".into() };
        assert_eq!(RecordError::new(byte).to_string(), "byte 8: version 2, expected 1");
        let stale = IndexLen { expected: 58, found: 77 };
        assert_eq!(RecordError::new(stale).to_string(), "index is of a file of 58 bytes, this one has 77");
        let changed = IndexCrc { expected: 1, found: 2 };
        let text = "record 3 at byte 40: index says payload crc 0x00000001, the record has 0x00000002";
        assert_eq!(RecordError::at(changed, 3, 40).to_string(), text);
        let gap = IndexGap { record: 2, end: 19, next: 40 };
        let text = "a binary index has no gap, but record 2 begins at byte 40, expected 19";
        assert_eq!(RecordError::new(gap).to_string(), text);
        let missing = NoSuchRecord { number: 7, len: 7 };
        assert_eq!(RecordError::new(missing).to_string(), "no record 7, the index has 7");
        assert_eq!(RecordError::new(NotSeekable(Compression::Gzip)).to_string(), "no random access to a gzip file");
    }

    #[test]
    fn is_small() {
        assert_eq!(size_of::<RecordError>(), size_of::<usize>());
    }
}
