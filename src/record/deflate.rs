//! One GZIP member or ZLIB stream, compressed in pieces on any number of threads.
//!
//! As `pigz` does it: every [`Piece`] is raw deflate data (RFC 1951) that a sync flush brings to a byte boundary, so
//! that pieces can be put one behind the other; [`Stream`] puts the header before them, an empty last block and the
//! trailer after them, and combines their checksums. The result depends on where the input was cut and on nothing
//! else. Several members or streams would be simpler and are no choice: TensorFlow stops without a word after the
//! first ZLIB stream, and after some GZIP members.
//!
//! ```
//! use recordmill::record::{Compression, deflate};
//!
//! let mut stream = deflate::Stream::new(Compression::Gzip);
//! let mut file = stream.header().to_vec();
//! for part in [&b"one"[..], b"two"] {
//!     let piece = deflate::Piece::compress(part, Compression::Gzip, None)?; // on any thread
//!     file.extend_from_slice(stream.append(&piece)); // in order
//! }
//! file.extend(stream.finish());
//! # Ok::<(), recordmill::record::RecordError>(())
//! ```

use flate2::{Compress, FlushCompress};

use super::{Compression, RecordError, RecordErrorKind};

/// The level where none is asked for: zlib's own default, and TensorFlow's.
pub const DEFAULT_LEVEL: u32 = 6;
/// How much goes into a piece in [`Writer`](super::Writer): enough that starting anew costs the compression little.
pub const PIECE_LEN: usize = 1 << 20;

/// The end of a deflate stream: a last block, empty, in the fixed code.
const LAST_BLOCK: [u8; 2] = [0x03, 0x00];
/// Most bytes that a stored block holds.
const STORED_LEN: usize = 0xffff;

/// Checks a level from outside.
pub fn check_level(level: Option<u32>) -> Result<u32, RecordError> {
    match level {
        None => Ok(DEFAULT_LEVEL),
        Some(level @ 0..=9) => Ok(level),
        Some(level) => Err(RecordError::new(RecordErrorKind::Level(level))),
    }
}

/// A part of a stream: compressed, and with what the stream must know of the bytes that went in.
#[derive(Debug)]
pub struct Piece {
    bytes: Vec<u8>,
    sum: u32,
    len: u64,
}

impl Piece {
    /// Compresses `bytes`; [`Compression::None`] copies them. `level` is 0 to 9.
    pub fn compress(bytes: &[u8], compression: Compression, level: Option<u32>) -> Result<Self, RecordError> {
        let level = check_level(level)?;
        let (sum, bytes_out) = match compression {
            Compression::None => (0, bytes.to_vec()),
            Compression::Gzip => (crc32fast::hash(bytes), deflate(bytes, level)?),
            Compression::Zlib => (zlib_rs::adler32::adler32(1, bytes), deflate(bytes, level)?),
        };
        Ok(Self { bytes: bytes_out, sum, len: bytes.len() as u64 })
    }

    /// The compressed bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes went in.
    pub fn uncompressed_len(&self) -> u64 {
        self.len
    }
}

/// Deflates `bytes` into blocks that are not the last, up to a byte boundary.
fn deflate(bytes: &[u8], level: u32) -> Result<Vec<u8>, RecordError> {
    let mut compress = Compress::new(flate2::Compression::new(level), false);
    let mut out = Vec::new();
    loop {
        out.reserve(bytes.len() / 2 + 1024);
        let at = usize::try_from(compress.total_in()).unwrap_or(bytes.len()).min(bytes.len());
        compress.compress_vec(&bytes[at..], &mut out, FlushCompress::Sync).map_err(std::io::Error::from)?;
        // A flush is done when everything went in and the output was not filled to its last byte.
        if compress.total_in() == bytes.len() as u64 && out.len() < out.capacity() {
            break;
        }
    }
    // zlib-rs's level 1 makes JPEGs 5 % larger than they were. Stored blocks are never more than 0.01 %.
    if out.len() > stored_len(bytes.len()) { Ok(store(bytes)) } else { Ok(out) }
}

fn stored_len(len: usize) -> usize {
    len + len.div_ceil(STORED_LEN) * 5
}

/// `bytes` in stored blocks (RFC 1951 section 3.2.4); as it begins at a byte boundary, the three header bits fill a
/// byte.
fn store(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(stored_len(bytes.len()));
    for block in bytes.chunks(STORED_LEN) {
        let len = (block.len() as u16).to_le_bytes();
        out.extend_from_slice(&[0, len[0], len[1], !len[0], !len[1]]);
        out.extend_from_slice(block);
    }
    out
}

/// The stream that pieces are parts of. What it returns is to be written in the order of the calls.
#[derive(Debug)]
pub struct Stream {
    compression: Compression,
    crc32: crc32fast::Hasher,
    adler32: u32,
    len: u64,
}

impl Stream {
    /// A stream without pieces. With [`Compression::None`] it adds nothing to them.
    pub fn new(compression: Compression) -> Self {
        Self { compression, crc32: crc32fast::Hasher::new(), adler32: 1, len: 0 }
    }

    /// What comes before the first piece: for GZIP no name, no time and the system Unix, for ZLIB the default level,
    /// both as TensorFlow writes them.
    pub fn header(&self) -> &'static [u8] {
        match self.compression {
            Compression::None => &[],
            Compression::Gzip => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
            Compression::Zlib => &[0x78, 0x9c],
        }
    }

    /// Takes the next piece into account and gives its bytes.
    pub fn append<'a>(&mut self, piece: &'a Piece) -> &'a [u8] {
        match self.compression {
            Compression::None => {}
            Compression::Gzip => {
                self.crc32.combine(&crc32fast::Hasher::new_with_initial_len(piece.sum, piece.len));
            }
            Compression::Zlib => {
                self.adler32 = zlib_rs::adler32::adler32_combine(self.adler32, piece.sum, piece.len);
            }
        }
        self.len = self.len.wrapping_add(piece.len);
        &piece.bytes
    }

    /// What comes after the last piece.
    pub fn finish(self) -> Vec<u8> {
        let mut end = Vec::new();
        match self.compression {
            Compression::None => {}
            Compression::Gzip => {
                end.extend_from_slice(&LAST_BLOCK);
                end.extend_from_slice(&self.crc32.finalize().to_le_bytes());
                // "the size of the original input data modulo 2^32" (RFC 1952, ISIZE).
                end.extend_from_slice(&(self.len as u32).to_le_bytes());
            }
            Compression::Zlib => {
                end.extend_from_slice(&LAST_BLOCK);
                end.extend_from_slice(&self.adler32.to_be_bytes());
            }
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn whole(parts: &[Vec<u8>], compression: Compression, level: u32) -> Vec<u8> {
        let mut stream = Stream::new(compression);
        let mut file = stream.header().to_vec();
        for part in parts {
            let piece = Piece::compress(part, compression, Some(level)).unwrap();
            assert_eq!(piece.uncompressed_len(), part.len() as u64);
            file.extend_from_slice(stream.append(&piece));
        }
        file.extend(stream.finish());
        file
    }

    /// By flate2's own decoders, which stop after one member or stream and check its sum.
    fn inflate(file: &[u8], compression: Compression) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = file;
        match compression {
            Compression::None => bytes.extend_from_slice(file),
            Compression::Gzip => {
                flate2::bufread::GzDecoder::new(&mut rest).read_to_end(&mut bytes).unwrap();
                assert!(rest.is_empty());
            }
            Compression::Zlib => {
                flate2::bufread::ZlibDecoder::new(&mut rest).read_to_end(&mut bytes).unwrap();
                assert!(rest.is_empty());
            }
        }
        bytes
    }

    #[test]
    fn nothing_is_what_tensorflow_writes() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(whole(&[], Compression::Gzip, 6)), "1f8b080000000000000303000000000000000000");
        assert_eq!(hex(whole(&[], Compression::Zlib, 6)), "789c030000000001");
    }

    #[test]
    fn what_does_not_compress_is_stored() {
        let mut state = 1u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(200_000)
        .collect();
        for level in 0..=9 {
            let piece = Piece::compress(&noise, Compression::Gzip, Some(level)).unwrap();
            assert!(piece.bytes().len() <= noise.len() + 4 * 5, "level {level}: {}", piece.bytes().len());
            let file = whole(&[noise.clone(), b"abc".to_vec()], Compression::Gzip, level);
            assert_eq!(inflate(&file, Compression::Gzip), [&noise[..], b"abc"].concat());
        }
    }

    #[test]
    fn levels() {
        assert_eq!(check_level(None).unwrap(), DEFAULT_LEVEL);
        assert!(matches!(
            Piece::compress(b"", Compression::Zlib, Some(10)).unwrap_err().kind(),
            RecordErrorKind::Level(10)
        ));
    }

    proptest! {
        #[test]
        fn pieces_are_one_stream(
            parts in proptest::collection::vec(proptest::collection::vec(0u8..9, 0..4000), 0..6),
            level in 0u32..=9,
        ) {
            for compression in Compression::ALL {
                prop_assert_eq!(inflate(&whole(&parts, compression, level), compression), parts.concat());
            }
        }
    }
}
