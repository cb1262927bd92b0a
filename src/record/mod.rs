//! TFRecord framing: bytes in records, and nothing about what a record holds.
//!
//! A file is a run of records without a header or trailer of its own
//! (tensorflow/tensorflow `tensorflow/core/lib/io/record_writer.h`, "Format of a single record"):
//!
//! ```text
//! | bytes | meaning                                            |
//! |-------|----------------------------------------------------|
//! | 8     | N, length of the payload, u64 little-endian        |
//! | 4     | masked CRC32C of those 8 bytes, u32 little-endian  |
//! | N     | payload                                            |
//! | 4     | masked CRC32C of the payload, u32 little-endian    |
//! ```
//!
//! The whole file may be one GZIP or ZLIB stream around that.
//!
//! [`Reader`] and [`Writer`] go through a file from its beginning to its end; [`Index`] and [`RandomAccess`] go to
//! any record of an uncompressed one; [`Stretch`] reads a part, [`Headers`] and [`Places`] no payloads; [`Listing`] finds the files; [`deflate`] makes the parts of one compressed stream on many threads.

mod compression;
pub mod crc;
pub mod deflate;
mod error;
mod headers;
mod index;
mod inflate;
mod list;
mod reader;
pub mod sha256;
mod stretch;
mod writer;

pub use compression::{Compression, detect};
pub use error::{RecordError, RecordErrorKind, StreamFault};
pub use headers::{Header, Headers};
pub use index::{Entry, Index, IndexForm, IndexWriter, RandomAccess, read_at};
pub use list::{ListError, Listed, Listing, STANDARD, matching, uncompressed_name, without_ending};
pub use reader::{
    DEFAULT_MAX_RECORD_LEN, GoOn, Lost, MAX_LOST, Places, Positioned, ReadOptions, Reader, Record, Recovery,
};
pub use stretch::{Next, Stretch, first_header};
pub use writer::{WriteOptions, Writer};

/// Bytes before the payload: length and its checksum.
pub const HEADER_LEN: usize = 12;
/// Bytes after the payload: its checksum.
pub const FOOTER_LEN: usize = 4;
/// Bytes that a record takes beyond its payload.
pub const OVERHEAD: usize = HEADER_LEN + FOOTER_LEN;

/// The 12 bytes before a payload of `len` bytes.
#[inline]
pub fn header(len: u64) -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    bytes[..8].copy_from_slice(&len.to_le_bytes());
    bytes[8..].copy_from_slice(&crc::mask(crc::crc32c_u64(len)).to_le_bytes());
    bytes
}

/// The 4 bytes after `payload`.
#[inline]
pub fn footer(payload: &[u8]) -> [u8; FOOTER_LEN] {
    crc::mask(crc::crc32c(payload)).to_le_bytes()
}

/// Appends `payload` to `block` as one whole record.
#[inline]
pub fn append(block: &mut Vec<u8>, payload: &[u8]) {
    block.reserve(payload.len() + OVERHEAD);
    block.extend_from_slice(&header(payload.len() as u64));
    block.extend_from_slice(payload);
    block.extend_from_slice(&footer(payload));
}

/// The length that a header gives, if its checksum fits; else what the checksum is and what it would have to be.
#[inline]
fn split_header(header: &[u8; HEADER_LEN]) -> Result<u64, (u32, u32)> {
    let [l0, l1, l2, l3, l4, l5, l6, l7, c0, c1, c2, c3] = *header;
    let len = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]);
    let stored = u32::from_le_bytes([c0, c1, c2, c3]);
    let computed = crc::mask(crc::crc32c_u64(len));
    if stored == computed { Ok(len) } else { Err((stored, computed)) }
}

/// The length of the payload that a header gives, if its checksum fits.
#[inline]
pub fn payload_len(header: &[u8; HEADER_LEN]) -> Option<u64> {
    split_header(header).ok()
}

/// The payload of a record's bytes from its header on, if the checksum fits; else what the checksum is and what it
/// would have to be.
#[inline]
fn check_payload(payload_and_footer: &[u8]) -> Result<(), (u32, u32)> {
    let Some((payload, footer)) = payload_and_footer.split_last_chunk::<FOOTER_LEN>() else {
        return Err((0, 0));
    };
    check_footer(payload, footer)
}

/// As [`check_payload`], for a payload and a checksum that stand apart.
#[inline]
fn check_footer(payload: &[u8], footer: &[u8; FOOTER_LEN]) -> Result<(), (u32, u32)> {
    let stored = u32::from_le_bytes(*footer);
    let computed = crc::mask(crc::crc32c(payload));
    if stored == computed { Ok(()) } else { Err((stored, computed)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_as_tensorflow_does() {
        let mut block = Vec::new();
        append(&mut block, b"");
        append(&mut block, b"abc");
        let expected = [
            &[0, 0, 0, 0, 0, 0, 0, 0, 0x29, 0x03, 0x98, 0x07, 0xd8, 0xea, 0x82, 0xa2][..],
            &[3, 0, 0, 0, 0, 0, 0, 0, 0xb0, 0x99, 0x49, 0x0e, b'a', b'b', b'c', 0x6e, 0x57, 0xf1, 0x21],
        ]
        .concat();
        assert_eq!(block, expected);
    }
}
