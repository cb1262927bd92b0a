//! Reading from the beginning to the end.
//!
//! The reader owns one buffer, into which the file is read (or decompressed) directly and out of which records are
//! lent. It grows only as far as data has really arrived: a length of 2^40 in a file of 130 bytes allocates nothing.

mod direct;
mod places;
mod positioned;
mod recover;

pub use places::Places;
pub use positioned::{GoOn, Positioned};
pub(super) use recover::find_header;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::inflate::{Source, Stop, Streams, tensorflow};
use super::{
    Compression, FOOTER_LEN, HEADER_LEN, OVERHEAD, RecordError, RecordErrorKind, StreamFault, check_payload, detect,
    split_header,
};

/// Payloads over 2 GiB are refused unless the caller says otherwise: a protobuf message cannot be longer, and it is
/// the limit of what a compressed file of a few megabytes can make a reader allocate.
pub const DEFAULT_MAX_RECORD_LEN: u64 = 2 << 30;

/// Places of damage that a reader remembers: a file may have one every 32 bytes. All are counted.
pub const MAX_LOST: usize = 10_000;

/// What to do about damage. The words are RocksDB's (`WALRecoveryMode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Recovery {
    /// Everything that is not a whole file is an error, and the reader is finished. This goes beyond TensorFlow, which
    /// takes 1 to 11 bytes at the end, a missing GZIP trailer and a lost GZIP member for the end of the file.
    #[default]
    Strict,
    /// As `Strict`, but what a writer leaves that was stopped is the end of the file: a record or a compressed stream
    /// that is not finished, or nothing but zeros. [`Reader::lost`] says how much that was.
    TolerateTail,
    /// Damage is passed over, up to the next header that checks and whose payload checks too; [`Reader::lost`] says
    /// which bytes that were. Checksums are always verified. A record whose header is whole is lost alone. What cannot
    /// be known: if a *header* is damaged, and the payload behind it itself holds TFRecord frames, those are found.
    /// Of a damaged compressed stream only what comes before the damage can be had, but for
    /// [`ReadOptions::salvage`].
    Skip,
    /// The records that TensorFlow 2.21 gives, and an error where it gives one.
    Tf,
}

impl Recovery {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Strict, Self::TolerateTail, Self::Skip, Self::Tf];

    /// The name in options: `strict`, `tolerate_tail`, `skip`, `tf`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::TolerateTail => "tolerate_tail",
            Self::Skip => "skip",
            Self::Tf => "tf",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recovery| recovery.name() == name)
    }
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// What is around the records; `None` looks at the first bytes.
    pub compression: Option<Compression>,
    /// Whether the payloads' checksums are verified. The lengths' always are: after a wrong one nothing is known.
    pub verify: bool,
    /// What to do about damage.
    pub recovery: Recovery,
    /// The longest payload that is not an error.
    pub max_record_len: u64,
    /// With [`Recovery::Skip`]: of a damaged compressed stream what comes after the damage too, from the next place where
    /// decompression can begin anew. Our own writer leaves one every mebibyte, `pigz --independent` and `bgzip` leave
    /// some, zlib alone hardly any. Offsets then count what could be decompressed.
    pub salvage: bool,
    /// Bytes read at a time, and the size that the buffer has until a longer record comes.
    pub buffer_len: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            compression: None,
            verify: true,
            recovery: Recovery::Strict,
            max_record_len: DEFAULT_MAX_RECORD_LEN,
            salvage: false,
            // Records of 100 KB from the page cache: 64 to 256 KiB 9.5 GB/s, 512 KiB 12, 1 MiB 14. What is cut by the end
            // of the buffer is moved, and that is the rarer the longer the buffer is.
            buffer_len: 1 << 20,
        }
    }
}

/// A record, lent by the reader until the next one is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where its header begins, in bytes from the beginning of the (uncompressed) data.
    pub offset: u64,
    /// Its number, from 0; damaged records do not count.
    pub number: u64,
    /// Its number where each damaged place before it counts as one record.
    pub place: u64,
    /// What it holds.
    pub payload: &'a [u8],
    /// All its bytes, header and footer included.
    pub framed: &'a [u8],
}

/// Bytes that no record was read from, with [`Recovery::TolerateTail`] or [`Recovery::Skip`].
#[derive(Debug)]
pub struct Lost {
    /// The first of them.
    pub offset: u64,
    /// How many they are.
    pub len: u64,
    /// Whether more would have followed: the compressed stream breaks off here (or is damaged here, and goes on, with
    /// [`ReadOptions::salvage`]), and nobody can know how much.
    pub more: bool,
    /// The bytes of the damaged record that begins here, if its header is whole. Where they are not `len`, bytes were put
    /// into it or taken out.
    pub record_len: Option<u64>,
    /// What was found there.
    pub cause: RecordError,
}

/// Why the input has no more bytes.
#[derive(Clone, Copy)]
enum End {
    Clean,
    Broken(StreamFault),
}

/// Reads records one after the other.
///
/// ```
/// use recordmill::record::{ReadOptions, Reader};
///
/// let file = b"\x02\0\0\0\0\0\0\0\x78\x27\x0b\x34ok\x6e\xc8\x63\x63";
/// let mut reader = Reader::new(&file[..], ReadOptions::default());
/// while let Some(record) = reader.next_record()? {
///     assert_eq!((record.number, record.offset, record.payload), (0, 0, &b"ok"[..]));
/// }
/// # Ok::<(), recordmill::record::RecordError>(())
/// ```
pub struct Reader<R> {
    inner: R,
    /// The length of the file below, where that can be asked.
    len_of: Option<fn(&R) -> Option<u64>>,
    /// `None` until the first bytes were seen.
    source: Option<(Compression, Source)>,
    end_of_input: Option<End>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Of `buffer[start]`.
    offset: u64,
    number: u64,
    finished: bool,
    /// The first [`MAX_LOST`].
    lost: Vec<Lost>,
    lost_places: u64,
    lost_bytes: u64,
    /// Bytes that looked like records, or were looked through for some, and gave none.
    wasted: u64,
    options: ReadOptions,
}

impl Reader<File> {
    /// Opens the file at `path`.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self, RecordError> {
        Ok(Self::from_file(File::open(path)?, options))
    }

    /// Reads `file`, which stands at its beginning.
    pub fn from_file(file: File, options: ReadOptions) -> Self {
        let mut reader = Self::new(file, options);
        reader.len_of = Some(|file| file.metadata().ok().filter(|data| data.is_file()).map(|data| data.len()));
        reader
    }
}

impl Reader<Positioned> {
    /// Opens the file at `path` for a reader that keeps its own place in it: one that a process had before it forked
    /// goes on in parent and child, each on its own.
    pub fn open_positioned(path: &Path, options: ReadOptions) -> Result<Self, RecordError> {
        Ok(Self::from_positioned(Positioned::open(path)?, options))
    }

    /// Reads `file` from its beginning.
    pub fn from_positioned(file: Positioned, options: ReadOptions) -> Self {
        let mut reader = Self::new(file, options);
        reader.len_of = Some(Positioned::len);
        reader
    }
}

impl Reader<Positioned> {
    /// Goes on at `offset` of an uncompressed file, behind so many records that somebody else has read, all of them whole and one
    /// behind the other from where this reader is.
    pub fn pass(&mut self, records: u64, offset: u64) {
        self.inner.go_to(offset);
        self.end_of_input = None;
        (self.start, self.end) = (0, 0);
        self.offset = offset;
        self.number += records;
    }

    /// Whether nothing more will come.
    pub fn is_finished(&self) -> bool {
        self.finished
    }
}

impl<R: Read> Reader<R> {
    /// Reads what `inner` gives. It need not be buffered.
    pub fn new(inner: R, options: ReadOptions) -> Self {
        let verify = options.verify || options.recovery == Recovery::Skip;
        Self {
            inner,
            len_of: None,
            source: None,
            end_of_input: None,
            buffer: vec![0; options.buffer_len.max(HEADER_LEN)],
            start: 0,
            end: 0,
            offset: 0,
            number: 0,
            finished: false,
            lost: Vec::new(),
            lost_places: 0,
            lost_bytes: 0,
            wasted: 0,
            options: ReadOptions { verify, ..options },
        }
    }

    /// The next record, or `None` at the end. After an error, and after the end, always `None`.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        let len = match self.whole_record() {
            Some(len) => len,
            None => match self.find_record()? {
                Some(len) => len,
                None => return Ok(None),
            },
        };
        Ok(Some(self.lend(len)))
    }

    /// The next record if it is in the buffer already, whole and undamaged; `None` says nothing but that
    /// [`next_record`](Self::next_record) has to be asked, which may wait for the file.
    #[inline]
    pub fn next_in_buffer(&mut self) -> Option<Record<'_>> {
        self.whole_record().map(|len| self.lend(len))
    }

    #[inline]
    fn lend(&mut self, len: usize) -> Record<'_> {
        let (offset, number, start) = (self.offset, self.number, self.start);
        self.start += len + OVERHEAD;
        self.offset += (len + OVERHEAD) as u64;
        self.number += 1;
        let framed = &self.buffer[start..self.start];
        let place = number + self.lost_places;
        Record { offset, number, place, payload: &framed[HEADER_LEN..HEADER_LEN + len], framed }
    }

    /// What was around the records: as asked for in the options, or seen in the first bytes, which are read for that.
    pub fn compression(&mut self) -> Result<Compression, RecordError> {
        if let Some((compression, _)) = &self.source {
            return Ok(*compression);
        }
        self.start_source()
    }

    /// How many compressed streams were begun so far. [`Recovery::Skip`] alone reads more than one of ZLIB.
    pub fn streams(&self) -> u64 {
        match &self.source {
            Some((_, Source::Streams(streams))) => streams.begun(),
            Some((_, Source::TensorFlow(_))) => 1,
            Some((_, Source::Plain)) | None => 0,
        }
    }

    /// Where the next record begins, in bytes from the beginning of the (uncompressed) data.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many records were read.
    pub fn records(&self) -> u64 {
        self.number
    }

    /// What was passed over so far, in the order of the file; of more than [`MAX_LOST`] places the first.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// How many places were passed over so far.
    pub fn lost_places(&self) -> u64 {
        self.lost_places
    }

    /// How many bytes were passed over so far.
    pub fn lost_bytes(&self) -> u64 {
        self.lost_bytes
    }

    /// The options, as they are in force.
    pub fn options(&self) -> &ReadOptions {
        &self.options
    }

    /// What is read from.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// What is read from, which stands somewhere behind the last record.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// The length of the next record's payload if all of it is in the buffer and checks.
    #[inline]
    fn whole_record(&self) -> Option<usize> {
        let bytes = &self.buffer[self.start..self.end];
        if self.finished || self.source.is_none() {
            return None;
        }
        let (header, rest) = bytes.split_first_chunk::<HEADER_LEN>()?;
        let len = split_header(header).ok().filter(|len| *len <= self.options.max_record_len)?;
        let len = usize::try_from(len).ok()?;
        let record = rest.get(..len.checked_add(FOOTER_LEN)?)?;
        (!self.options.verify || check_payload(record).is_ok()).then_some(len)
    }

    /// The length of the next record's payload, once all of it is in the buffer; `None` at the end.
    #[cold]
    fn find_record(&mut self) -> Result<Option<usize>, RecordError> {
        if self.source.is_none() && !self.finished {
            self.start_source()?;
        }
        while !self.finished {
            match self.examine() {
                Ok(Some(len)) => return Ok(Some(len)),
                Ok(None) => self.finished = true,
                Err(error) => self.recover(error)?,
            }
        }
        Ok(None)
    }

    fn start_source(&mut self) -> Result<Compression, RecordError> {
        let compression = match self.options.compression {
            Some(compression) => compression,
            None => {
                while self.end < HEADER_LEN {
                    match super::inflate::read_some(&mut self.inner, &mut self.buffer[self.end..]) {
                        Ok(0) => break,
                        Ok(read) => self.end += read,
                        Err(error) => return Err(self.fail(RecordErrorKind::Io(error))),
                    }
                }
                detect(&self.buffer[..self.end]).unwrap_or(Compression::None)
            }
        };
        let source = if compression == Compression::None {
            Source::Plain
        } else {
            let head = &self.buffer[..std::mem::take(&mut self.end)];
            match self.options.recovery {
                Recovery::Tf => Source::TensorFlow(Box::new(tensorflow::Inflater::new(compression, head))),
                recovery => {
                    let skip = recovery == Recovery::Skip;
                    let streams = Streams::new(compression, skip, skip && self.options.salvage, head);
                    Source::Streams(Box::new(streams))
                }
            }
        };
        self.source = Some((compression, source));
        Ok(compression)
    }

    /// As [`whole_record`](Self::whole_record), reading as much as that needs; and if it is none, why.
    fn examine(&mut self) -> Result<Option<usize>, RecordError> {
        if !self.fill(HEADER_LEN)? {
            let found = self.available() as u64;
            return match self.end_of_input {
                Some(End::Broken(fault)) => Err(self.stream_error(fault)),
                // TensorFlow's `ReadChecksummed` returns before it would look whether it got anything.
                _ if found == 0 || self.options.recovery == Recovery::Tf => Ok(None),
                _ => Err(self.error(RecordErrorKind::TruncatedHeader { found })),
            };
        }
        let len = match self.header(0) {
            Some(Ok(len)) => len,
            Some(Err((stored, computed))) => {
                return Err(self.error(RecordErrorKind::LengthCrc { stored, computed }));
            }
            None => return Ok(None),
        };
        let limit = self.options.max_record_len;
        let too_long = RecordErrorKind::TooLong { len, limit };
        let Some(whole) = usize::try_from(len).ok().filter(|_| len <= limit).and_then(|len| len.checked_add(OVERHEAD))
        else {
            return Err(self.error(too_long));
        };
        if let Some(found) = self.left().filter(|left| *left < whole as u64) {
            return Err(self.error(RecordErrorKind::TruncatedRecord { expected: whole as u64, found }));
        }
        if !self.fill(whole)? {
            let found = self.available() as u64;
            return Err(match self.end_of_input {
                Some(End::Broken(fault)) => self.stream_error(fault),
                _ => self.error(RecordErrorKind::TruncatedRecord { expected: whole as u64, found }),
            });
        }
        match self.buffer.get(self.start + HEADER_LEN..self.start + whole).map(check_payload) {
            Some(Err((stored, computed))) if self.options.verify => {
                Err(self.error(RecordErrorKind::PayloadCrc { stored, computed }))
            }
            _ => Ok(Some(whole - OVERHEAD)),
        }
    }

    fn available(&self) -> usize {
        self.end - self.start
    }

    /// What the header at `at` bytes from here says, if it is in the buffer.
    fn header(&self, at: usize) -> Option<Result<u64, (u32, u32)>> {
        let header = self.buffer.get(self.start.checked_add(at)?..self.end)?.first_chunk::<HEADER_LEN>()?;
        Some(split_header(header))
    }

    /// Bytes from here to the end of the file, where that is known and more than the buffer must be looked at.
    fn left(&self) -> Option<u64> {
        match (&self.source, self.len_of) {
            (Some((Compression::None, _)), Some(len_of)) => {
                len_of(&self.inner)?.checked_sub(self.offset).map(|left| left.max(self.available() as u64))
            }
            _ => None,
        }
    }

    /// Reads until `len` bytes are there from `start` on. False if the input ends before that.
    fn fill(&mut self, len: usize) -> Result<bool, RecordError> {
        while self.available() < len {
            if self.end_of_input.is_some() {
                return Ok(false);
            }
            self.make_room(len)?;
            let until = self.buffer.len().min(self.end + self.options.buffer_len.max(len - self.available()));
            let Some((_, source)) = &mut self.source else { return Ok(false) };
            match source.read(&mut self.inner, &mut self.buffer[self.end..until]) {
                Ok(0) => self.end_of_input = Some(End::Clean),
                Ok(read) => self.end += read,
                Err(Stop::Stream(fault)) => self.end_of_input = Some(End::Broken(fault)),
                Err(Stop::Gap(fault)) => self.lose_unread(fault),
                Err(Stop::Io(error)) => return Err(self.fail(RecordErrorKind::Io(error))),
            }
        }
        Ok(true)
    }

    /// Makes the buffer such that something can be read behind `end`, and `len` bytes fit from `start` on as soon as
    /// half of them are there.
    fn make_room(&mut self, len: usize) -> Result<(), RecordError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.buffer.len() - self.start >= len {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            let more = len.min(2 * self.buffer.len()) - self.buffer.len();
            if self.buffer.try_reserve_exact(more).is_err() {
                return Err(self.fail(RecordErrorKind::Memory { len: len as u64 }));
            }
            self.buffer.resize(self.buffer.len() + more, 0);
        }
        Ok(())
    }

    /// Goes on by `len` bytes, which are in the buffer.
    fn skip(&mut self, len: usize) {
        self.start += len;
        self.offset += len as u64;
    }

    fn error(&self, kind: RecordErrorKind) -> RecordError {
        RecordError::at(kind, self.number, self.offset)
    }

    fn stream_error(&self, fault: StreamFault) -> RecordError {
        let compression = self.source.as_ref().map_or(Compression::None, |(compression, _)| *compression);
        self.error(RecordErrorKind::Stream { compression, fault })
    }

    /// An error after which there is nothing more.
    fn fail(&mut self, kind: RecordErrorKind) -> RecordError {
        self.finished = true;
        self.error(kind)
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, offset, number, lost, .. } = self;
        f.debug_struct("Reader")
            .field("options", options)
            .field("offset", offset)
            .field("records", number)
            .field("lost", lost)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
