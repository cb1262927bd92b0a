//! CRC32C (Castagnoli) and the mask that TFRecord puts over it.
//!
//! Payloads go through `crc-fast` (57 GB/s in cache where VPCLMULQDQ is). Its start-up cost is felt on the
//! 8 bytes of a length alone, so those have a path of their own.

const MASK_DELTA: u32 = 0xa282_ead8;

/// CRC32C of `bytes`.
#[inline]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32
}

/// CRC32C of the 8 little-endian bytes of `value`.
#[inline]
pub fn crc32c_u64(value: u64) -> u32 {
    table(value)
}

/// TFRecord's mask: a CRC of data that holds CRCs is weak, so it is rotated and shifted.
#[inline]
pub const fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(MASK_DELTA)
}

fn table(value: u64) -> u32 {
    !value.to_le_bytes().iter().fold(!0, |crc, byte| TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8))
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};
