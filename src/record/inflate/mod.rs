//! Decompression below the reader: from the bytes of a file to those of its records.
//!
//! Two ways, chosen by the reader's recovery: [`Streams`] reads every GZIP member, empty ones too, checks every
//! trailer and refuses what is left over; [`tensorflow::Inflater`] gives up where TensorFlow does.

pub(super) mod tensorflow;

use std::io::{self, Read};

use zlib_rs::{Inflate, InflateError, InflateFlush, Status};

use super::{Compression, StreamFault};

/// Compressed bytes read at a time.
const INPUT_LEN: usize = 256 << 10;
/// zlib's largest window, and the same with a GZIP wrapper around it.
const WINDOW_BITS: u8 = 15;
const GZIP_WINDOW_BITS: u8 = WINDOW_BITS + 16;

/// Where the bytes of records come from.
pub(super) enum Source {
    Plain,
    Streams(Box<Streams>),
    TensorFlow(Box<tensorflow::Inflater>),
}

/// Why there are no more bytes.
#[derive(Debug)]
pub(super) enum Stop {
    Io(io::Error),
    Stream(StreamFault),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Source {
    /// Some bytes into `out`, which is not empty; 0 at the end.
    pub(super) fn read(&mut self, inner: &mut impl Read, out: &mut [u8]) -> Result<usize, Stop> {
        match self {
            Self::Plain => Ok(read_some(inner, out)?),
            Self::Streams(streams) => streams.read(inner, out),
            Self::TensorFlow(inflater) => inflater.read(inner, out),
        }
    }
}

/// One read, tried again when a signal came between.
pub(super) fn read_some(inner: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn new_inflate(compression: Compression) -> Inflate {
    Inflate::new(true, if compression == Compression::Gzip { GZIP_WINDOW_BITS } else { WINDOW_BITS })
}

/// zlib's words for what is wrong.
fn words(inflate: &Inflate, error: InflateError) -> StreamFault {
    StreamFault::Damaged(match error {
        InflateError::NeedDict { .. } => "needs a preset dictionary",
        _ => match inflate.error_message().unwrap_or(error.as_str()) {
            // Which of these it says depends on how much input there was: zlib-rs 0.6.8 overwrites the first three
            // with the fourth when its fast loop met them. The same file shall give the same words.
            "invalid distance too far back"
            | "invalid distance code"
            | "invalid literal/length code"
            | "repeated call with bad state" => "invalid code or distance",
            words => words,
        },
    })
}

/// Compressed bytes, and how far they are used.
struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    fn new(head: &[u8]) -> Self {
        let mut bytes = vec![0; INPUT_LEN.max(head.len())];
        bytes[..head.len()].copy_from_slice(head);
        Self { bytes, start: 0, end: head.len() }
    }

    fn unused(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Reads on until `len` bytes are unused or the file ends.
    fn want(&mut self, inner: &mut impl Read, len: usize) -> io::Result<()> {
        while self.end - self.start < len {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            match read_some(inner, &mut self.bytes[self.end..])? {
                0 => break,
                read => self.end += read,
            }
        }
        Ok(())
    }
}

/// Every stream of a file, one behind the other.
pub(super) struct Streams {
    compression: Compression,
    /// Whether a ZLIB stream may follow another. RFC 1950 knows no such file, and TensorFlow sees only the first.
    several_zlib: bool,
    input: Input,
    /// `None` between two streams.
    inflate: Option<Inflate>,
    read: u64,
    fault: Option<StreamFault>,
}

impl Streams {
    /// `head` is what was already read of the file.
    pub(super) fn new(compression: Compression, several_zlib: bool, head: &[u8]) -> Self {
        Self { compression, several_zlib, input: Input::new(head), inflate: None, read: 0, fault: None }
    }

    /// Streams that were begun.
    pub(super) fn begun(&self) -> u64 {
        self.read + u64::from(self.inflate.is_some())
    }

    fn read(&mut self, inner: &mut impl Read, out: &mut [u8]) -> Result<usize, Stop> {
        loop {
            if let Some(fault) = self.fault {
                return Err(Stop::Stream(fault));
            }
            let inflate = match &mut self.inflate {
                Some(inflate) => inflate,
                none => {
                    self.input.want(inner, 2)?;
                    let head = self.input.unused();
                    match (head.is_empty(), self.read) {
                        (true, 0) => self.fault = Some(StreamFault::Truncated),
                        (true, _) => return Ok(0),
                        (false, 0) => *none = Some(new_inflate(self.compression)),
                        (false, _) if may_follow(self.compression, self.several_zlib, head) => {
                            *none = Some(new_inflate(self.compression));
                        }
                        (false, _) => self.fault = Some(StreamFault::Trailing),
                    }
                    continue;
                }
            };
            self.input.want(inner, 1)?;
            let (used, made) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(self.input.unused(), out, InflateFlush::NoFlush);
            let used = (inflate.total_in() - used) as usize;
            let made = (inflate.total_out() - made) as usize;
            let at_end = self.input.unused().is_empty();
            self.input.start += used;
            match status {
                Ok(Status::StreamEnd) => {
                    self.inflate = None;
                    self.read += 1;
                }
                Ok(_) if used == 0 && made == 0 => {
                    // With input and room for output zlib always gets on.
                    self.fault = Some(if at_end { StreamFault::Truncated } else { StreamFault::Damaged("stuck") });
                }
                Ok(_) => {}
                // What it made before the error is good, and each record has its own checksum.
                Err(error) => self.fault = Some(words(inflate, error)),
            }
            if made > 0 {
                return Ok(made);
            }
        }
    }
}

/// Whether what comes after a stream may be another one.
fn may_follow(compression: Compression, several_zlib: bool, head: &[u8]) -> bool {
    match compression {
        Compression::None => false,
        Compression::Gzip => head.starts_with(&[0x1f, 0x8b]),
        // Method deflate, and the two bytes are a multiple of 31 (RFC 1950 section 2.2).
        Compression::Zlib => {
            several_zlib
                && matches!(*head, [cmf, flg, ..] if cmf & 15 == 8 && u16::from_be_bytes([cmf, flg]).is_multiple_of(31))
        }
    }
}
