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
    /// There are more, but some before them could not be decompressed.
    Gap(StreamFault),
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
    /// It was begun in the middle of a stream: header and trailer are not its own.
    raw: bool,
    read: u64,
    fault: Option<StreamFault>,
    /// Whether what comes after damage is looked for.
    salvage: bool,
    /// Of damage that lies between what was given and what comes next.
    gap: Option<StreamFault>,
    restarts: u64,
    /// Compressed bytes that were used.
    used: u64,
}

/// What a compressor writes at a byte boundary where decompression can begin anew, if it did not refer to what was before:
/// the end of a sync flush, and a stored block of full length, as incompressible bytes have them.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
const STORED: [u8; 5] = [0, 0xff, 0xff, 0, 0];
const GZIP_HEADER: [u8; 3] = [0x1f, 0x8b, 8];
/// How often decompression is begun anew, beyond once for so many bytes: bytes made for it could look like such places all
/// over.
const MAX_RESTARTS: u64 = 1000;
const BYTES_PER_RESTART: u64 = 64 << 10;

impl Streams {
    /// `head` is what was already read of the file.
    pub(super) fn new(compression: Compression, several_zlib: bool, salvage: bool, head: &[u8]) -> Self {
        Self {
            compression,
            several_zlib,
            input: Input::new(head),
            inflate: None,
            raw: false,
            read: 0,
            fault: None,
            salvage,
            gap: None,
            restarts: 0,
            used: 0,
        }
    }

    /// Streams that were begun.
    pub(super) fn begun(&self) -> u64 {
        self.read + u64::from(self.inflate.is_some())
    }

    fn read(&mut self, inner: &mut impl Read, out: &mut [u8]) -> Result<usize, Stop> {
        if let Some(fault) = self.gap.take() {
            return Err(Stop::Gap(fault));
        }
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
                        (false, _) => {
                            self.damaged(inner, StreamFault::Trailing)?;
                            if let Some(fault) = self.gap.take() {
                                return Err(Stop::Gap(fault));
                            }
                        }
                    }
                    continue;
                }
            };
            // What is found behind damage must not depend on how the bytes arrive.
            let wanted = if self.salvage && self.input.unused().is_empty() { INPUT_LEN } else { 1 };
            self.input.want(inner, wanted)?;
            let (used, made) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(self.input.unused(), out, InflateFlush::NoFlush);
            let used = (inflate.total_in() - used) as usize;
            let made = (inflate.total_out() - made) as usize;
            let at_end = self.input.unused().is_empty();
            self.input.start += used;
            self.used += used as u64;
            match status {
                Ok(Status::StreamEnd) => {
                    self.inflate = None;
                    self.read += 1;
                    if std::mem::take(&mut self.raw) {
                        let trailer = if self.compression == Compression::Gzip { 8 } else { 4 };
                        self.input.want(inner, trailer)?;
                        self.input.start += trailer.min(self.input.unused().len());
                    }
                }
                Ok(_) if used == 0 && made == 0 => {
                    // With input and room for output zlib always gets on.
                    self.fault = Some(if at_end { StreamFault::Truncated } else { StreamFault::Damaged("stuck") });
                }
                Ok(_) => {}
                // What it made before the error is good, and each record has its own checksum.
                Err(error) => {
                    let fault = words(inflate, error);
                    self.damaged(inner, fault)?;
                }
            }
            if made > 0 {
                return Ok(made);
            }
            if let Some(fault) = self.gap.take() {
                return Err(Stop::Gap(fault));
            }
        }
    }

    /// After damage: begins anew at the next place where that can be, or ends. Not before what was used: its bytes would
    /// come twice.
    fn damaged(&mut self, inner: &mut impl Read, fault: StreamFault) -> io::Result<()> {
        self.inflate = None;
        self.raw = false;
        let enough = self.restarts >= MAX_RESTARTS + self.used / BYTES_PER_RESTART;
        if !self.salvage || enough {
            self.fault = Some(fault);
            return Ok(());
        }
        self.restarts += 1;
        loop {
            if let Some((place, is_member)) = self.place_to_begin() {
                self.input.start += place;
                self.raw = !is_member;
                let inflate = if is_member { new_inflate(self.compression) } else { Inflate::new(false, WINDOW_BITS) };
                self.inflate = Some(inflate);
                self.gap = Some(fault);
                return Ok(());
            }
            // What a place begins with may be at the end.
            let left = self.input.unused().len().min(STORED.len() - 1);
            self.used += (self.input.unused().len() - left) as u64;
            self.input.start = self.input.end - left;
            self.input.want(inner, left + 1)?;
            if self.input.unused().len() == left {
                self.fault = Some(fault);
                return Ok(());
            }
        }
    }

    /// Where in the unused input decompression may begin, behind its first byte, and whether a member begins there.
    fn place_to_begin(&self) -> Option<(usize, bool)> {
        let bytes = self.input.unused();
        let find = |pattern: &[u8]| Some(memchr::memmem::find(bytes.get(1..)?, pattern)? + 1);
        let member = find(&GZIP_HEADER).filter(|_| self.compression == Compression::Gzip).map(|place| (place, true));
        let flushed = find(&FLUSHED).map(|place| (place + FLUSHED.len(), false));
        let stored = find(&STORED).map(|place| (place, false));
        [member, flushed, stored].into_iter().flatten().min()
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
