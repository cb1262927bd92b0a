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

pub mod crc;

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
