//! Writing records one after the other.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::Path;
use std::thread;

use super::deflate::{self, PIECE_LEN, Piece};
use super::{Compression, OVERHEAD, RecordError, RecordErrorKind, append, footer, header};

/// Without compression all writes are of a multiple of so many bytes, at a multiple of it, but the last: Linux then keeps
/// the file in larger pieces (folios), which takes a third less time than writes of a record each, and reading it takes
/// two thirds.
const BUFFER_LEN: usize = 256 << 10;
/// A payload from this length on is never only put into the buffer: its sum takes long enough to wait for.
const LONG_LEN: usize = 64 << 10;

/// How to write.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// What is put around the records.
    pub compression: Compression,
    /// 0 to 9; `None` is 6. Without compression only checked.
    pub level: Option<u32>,
    /// Threads that compress; 0 is as many as there are processors. They live only within a call, and the bytes do not
    /// depend on their number.
    pub workers: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { compression: Compression::None, level: None, workers: 1 }
    }
}

/// Writes records one after the other.
///
/// [`finish`](Self::finish) at the end: a writer that is dropped writes what it still has, but cannot say whether that
/// went well, and leaves a compressed stream without its trailer, so that it is seen not to be whole.
///
/// ```
/// use recordmill::record::{WriteOptions, Writer};
///
/// let mut writer = Writer::new(Vec::new(), WriteOptions::default())?;
/// writer.write(b"ok")?;
/// assert_eq!(writer.finish()?, b"\x02\0\0\0\0\0\0\0\x78\x27\x0b\x34ok\x6e\xc8\x63\x63");
/// # Ok::<(), recordmill::record::RecordError>(())
/// ```
pub struct Writer<W: Write> {
    /// `None` once it was given back.
    inner: Option<W>,
    /// Framed bytes that were not yet written, or not yet compressed.
    block: Vec<u8>,
    capacity: usize,
    stream: Option<deflate::Stream>,
    /// Whether the compressed stream's header was written.
    begun: bool,
    options: WriteOptions,
    workers: usize,
    failure: Option<Failure>,
    offset: u64,
    records: u64,
}

/// What is kept of the first error, to be returned again.
struct Failure {
    os_code: Option<i32>,
    kind: io::ErrorKind,
    text: String,
}

impl Writer<File> {
    /// Makes the file at `path`, or empties it. It has its name at once: whoever needs a file that is whole or absent
    /// gives [`new`](Self::new) a file under another name.
    pub fn create(path: &Path, options: WriteOptions) -> Result<Self, RecordError> {
        deflate::check_level(options.level)?;
        Self::new(File::create(path)?, options)
    }
}

impl<W: Write> Writer<W> {
    /// Writes into `inner`, which need not be buffered.
    pub fn new(inner: W, options: WriteOptions) -> Result<Self, RecordError> {
        deflate::check_level(options.level)?;
        let workers = match options.workers {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            workers => workers,
        };
        let (stream, capacity) = match options.compression {
            Compression::None => (None, BUFFER_LEN),
            compression => (Some(deflate::Stream::new(compression)), PIECE_LEN.saturating_mul(workers)),
        };
        Ok(Self {
            inner: Some(inner),
            block: Vec::new(),
            capacity,
            stream,
            begun: false,
            options,
            workers,
            failure: None,
            offset: 0,
            records: 0,
        })
    }

    /// Writes `payload` as one record.
    #[inline]
    pub fn write(&mut self, payload: &[u8]) -> Result<(), RecordError> {
        if self.takes(payload.len()) {
            append(&mut self.block, payload);
        } else {
            self.write_slowly(payload)?;
        }
        self.offset += (payload.len() + OVERHEAD) as u64;
        self.records += 1;
        Ok(())
    }

    /// Whether a payload of `len` bytes would only be put into the buffer: its [`write`](Self::write) does not wait.
    #[inline]
    pub fn takes(&self, len: usize) -> bool {
        // The subtraction cannot go below zero: the block is at most its capacity between calls.
        let room = self.capacity - self.block.len();
        self.failure.is_none() && len < LONG_LEN.min(room) && len + OVERHEAD <= room
    }

    /// Writes bytes that are whole records already. They are not looked at, and [`records`](Self::records) does not
    /// count them.
    pub fn write_framed(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.check()?;
        self.attempt(|writer| writer.put(bytes))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Makes everything that was written so far visible to readers, a compressed stream's too. It costs a little
    /// compression, and the bytes of a compressed file depend on when it was called.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.check()?;
        self.attempt(|writer| {
            writer.drain()?;
            writer.begin()?;
            writer.inner()?.flush().map_err(RecordErrorKind::Io)
        })
    }

    /// Writes all that is still to be written, and gives back what was written into.
    pub fn finish(mut self) -> Result<W, RecordError> {
        self.check()?;
        self.attempt(|writer| {
            writer.drain()?;
            writer.begin()?;
            let end = writer.stream.take().map(deflate::Stream::finish).unwrap_or_default();
            let inner = writer.inner()?;
            inner.write_all(&end).map_err(RecordErrorKind::Io)?;
            inner.flush().map_err(RecordErrorKind::Io)
        })?;
        self.inner.take().ok_or_else(|| RecordError::from(io::Error::other("the writer was finished")))
    }

    /// Bytes of records so far, before compression: where the next record begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Records so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How it writes.
    pub fn options(&self) -> &WriteOptions {
        &self.options
    }

    /// What is written into; what was not flushed is not there yet. `None` never comes before the end.
    pub fn get_ref(&self) -> Option<&W> {
        self.inner.as_ref()
    }

    #[cold]
    fn write_slowly(&mut self, payload: &[u8]) -> Result<(), RecordError> {
        self.check()?;
        self.attempt(|writer| {
            writer.put(&header(payload.len() as u64))?;
            writer.put(payload)?;
            writer.put(&footer(payload))
        })
    }

    /// Appends to the block, and empties it when it is full. Of what is longer, whole blocks are written from where they
    /// are.
    fn put(&mut self, mut bytes: &[u8]) -> Result<(), RecordErrorKind> {
        while !bytes.is_empty() {
            let whole = bytes.len() - bytes.len() % self.capacity;
            if whole > 0 && self.block.is_empty() && self.stream.is_none() {
                let (now, later) = bytes.split_at(whole);
                self.inner()?.write_all(now).map_err(RecordErrorKind::Io)?;
                bytes = later;
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.capacity - self.block.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == self.capacity {
                self.drain()?;
            }
        }
        Ok(())
    }

    /// Writes the block, compressed if need be.
    fn drain(&mut self) -> Result<(), RecordErrorKind> {
        if self.block.is_empty() {
            return Ok(());
        }
        let mut block = std::mem::take(&mut self.block);
        if self.stream.is_none() {
            self.inner()?.write_all(&block).map_err(RecordErrorKind::Io)?;
        } else {
            self.begin()?;
            for piece in compress(&block, &self.options, self.workers)? {
                let (Some(inner), Some(stream)) = (&mut self.inner, &mut self.stream) else { break };
                inner.write_all(stream.append(&piece)).map_err(RecordErrorKind::Io)?;
            }
        }
        block.clear();
        self.block = block;
        Ok(())
    }

    /// Writes the compressed stream's header, if there is one and it was not written.
    fn begin(&mut self) -> Result<(), RecordErrorKind> {
        if let (Some(stream), Some(inner), false) = (&self.stream, &mut self.inner, self.begun) {
            inner.write_all(stream.header()).map_err(RecordErrorKind::Io)?;
            self.begun = true;
        }
        Ok(())
    }

    fn inner(&mut self) -> Result<&mut W, RecordErrorKind> {
        self.inner.as_mut().ok_or_else(|| RecordErrorKind::Io(io::Error::other("the writer was finished")))
    }

    /// An error if an earlier call failed: what it left is not known to be whole records.
    fn check(&self) -> Result<(), RecordError> {
        match &self.failure {
            None => Ok(()),
            Some(failure) => Err(self.error(RecordErrorKind::Io(match failure.os_code {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(failure.kind, failure.text.clone()),
            }))),
        }
    }

    fn attempt(&mut self, work: impl FnOnce(&mut Self) -> Result<(), RecordErrorKind>) -> Result<(), RecordError> {
        work(self).map_err(|kind| {
            let io = match &kind {
                RecordErrorKind::Io(error) => Some(error),
                _ => None,
            };
            self.failure = Some(Failure {
                os_code: io.and_then(io::Error::raw_os_error),
                kind: io.map_or(io::ErrorKind::Other, io::Error::kind),
                text: kind.to_string(),
            });
            self.error(kind)
        })
    }

    fn error(&self, kind: RecordErrorKind) -> RecordError {
        RecordError::at(kind, self.records, self.offset)
    }
}

impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, offset, records, .. } = self;
        f.debug_struct("Writer")
            .field("options", options)
            .field("offset", offset)
            .field("records", records)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Drop for Writer<W> {
    fn drop(&mut self) {
        if self.failure.is_none() && self.inner.is_some() && !thread::panicking() {
            // Nobody is left to hear of an error: that is what `finish` is for.
            let _ = self.flush();
        }
    }
}

/// The pieces of `block`, in order; each is made by one thread.
fn compress(block: &[u8], options: &WriteOptions, workers: usize) -> Result<Vec<Piece>, RecordErrorKind> {
    let piece = |bytes| Piece::compress(bytes, options.compression, options.level).map_err(RecordError::into_kind);
    let parts: Vec<&[u8]> = block.chunks(PIECE_LEN).collect();
    let Some((first, others)) = parts.split_first().filter(|(_, others)| workers > 1 && !others.is_empty()) else {
        return parts.into_iter().map(piece).collect();
    };
    thread::scope(|scope| {
        let piece = &piece;
        let threads: Vec<_> = others
            .iter()
            // Where no thread can be had, this one does its work below.
            .map(|part| (part, thread::Builder::new().spawn_scoped(scope, move || piece(part))))
            .collect();
        let mut pieces = vec![piece(first)?];
        for (part, thread) in threads {
            pieces.push(match thread {
                Ok(thread) => {
                    thread.join().map_err(|_| RecordErrorKind::Io(io::Error::other("a thread panicked")))??
                }
                Err(_) => piece(part)?,
            });
        }
        Ok(pieces)
    })
}

#[cfg(test)]
mod tests;
