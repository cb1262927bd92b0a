//! The bytes of a block. Digests and checksums are taken at the end, of all images together, since several are digested
//! in little more time than one; a block is short enough to be in the cache still.

use std::ops::Range;

use crate::convert::schema::SHA256_LEN;
use crate::record::{self, crc, sha256};

/// Bytes in a buffer that is larger and is used again: what lies behind `used` was written once and is not zeroed anew.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    used: usize,
    unsealed: Vec<Unsealed>,
    crc32c: u32,
}

/// A record without its image's digest and its own checksum.
#[derive(Debug)]
struct Unsealed {
    payload: Range<usize>,
    image: Range<usize>,
    /// Where its digest belongs, if it has one.
    digest: Option<usize>,
}

impl Buffer {
    /// An empty one in the memory of `bytes`.
    pub fn reuse(bytes: Vec<u8>) -> Self {
        Self { bytes, crc32c: crc::crc32c(&[]), ..Self::default() }
    }

    /// CRC32C of the bytes: put together from those that the records hold anyway.
    pub fn crc32c(&self) -> u32 {
        debug_assert!(self.unsealed.is_empty());
        self.crc32c
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        debug_assert!(self.unsealed.is_empty());
        self.bytes.get(..self.used).unwrap_or_default()
    }

    /// The memory.
    pub fn into_vec(self) -> Vec<u8> {
        self.bytes
    }

    /// Room for `len` bytes, `skip` bytes behind the last record.
    pub fn room(&mut self, skip: usize, len: usize) -> Result<&mut [u8], String> {
        let begin = self.used.checked_add(skip).ok_or("too large")?;
        let end = begin.checked_add(len).ok_or("too large")?;
        if end > self.bytes.len() {
            let missing = end - self.bytes.len();
            self.bytes.try_reserve(missing).map_err(|_| format!("no memory for {len} bytes"))?;
            self.bytes.resize(end, 0);
        }
        Ok(&mut self.bytes[begin..end])
    }

    /// Makes a record of the image of `len` bytes that stands `skip` bytes behind the last record. `around` is its
    /// Example without the bytes of the `holes`: the image, and, if there are two, its digest.
    pub fn put_record(&mut self, skip: usize, len: usize, around: &[u8], holes: &[usize]) -> Result<(), String> {
        let start = self.used + record::HEADER_LEN;
        let [hole, others @ ..] = holes else { return Err("there is no place for an image".into()) };
        let (prefix, behind) = around.split_at(*hole);
        let image = start + prefix.len()..start + prefix.len() + len;
        let digest = others.first().map(|other| image.end + other - hole);
        let payload = start..start + around.len() + len + digest.map_or(0, |_| SHA256_LEN);
        self.room(0, payload.end + record::FOOTER_LEN - self.used)?;

        let found = self.used + skip;
        if found != image.start {
            self.bytes.copy_within(found..found + len, image.start);
        }
        let mut put = |at: usize, part: &[u8]| self.bytes[at..at + part.len()].copy_from_slice(part);
        put(self.used, &record::header(payload.len() as u64));
        put(start, prefix);
        match digest {
            None => put(image.end, behind),
            Some(at) => {
                let (before, behind) = behind.split_at(at - image.end);
                put(image.end, before);
                put(at + SHA256_LEN, behind);
            }
        }
        self.used = payload.end + record::FOOTER_LEN;
        self.unsealed.push(Unsealed { payload, image, digest });
        Ok(())
    }

    /// Gives all records what they lack.
    pub fn seal(&mut self) {
        let Self { bytes, unsealed, .. } = self;
        let images =
            unsealed.iter().filter(|record| record.digest.is_some()).map(|record| &bytes[record.image.clone()]);
        let mut digests = sha256::digests(images).into_iter();
        for Unsealed { payload, digest, .. } in unsealed.drain(..) {
            if let (Some(at), Some(sum)) = (digest, digest.and_then(|_| digests.next())) {
                bytes[at..at + SHA256_LEN].copy_from_slice(&sha256::hex(&sum));
            }
            let sum = crc::crc32c(&bytes[payload.clone()]);
            let footer = crc::mask(sum).to_le_bytes();
            bytes[payload.end..payload.end + footer.len()].copy_from_slice(&footer);
            let header = &bytes[payload.start - record::HEADER_LEN..payload.start];
            for (sum, len) in
                [(crc::crc32c(header), header.len()), (sum, payload.len()), (crc::crc32c(&footer), footer.len())]
            {
                self.crc32c = crc::combine(self.crc32c, sum, len as u64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_whole_when_sealed() {
        let mut expected = Vec::new();
        let mut buffer = Buffer::reuse(vec![7; 10]);
        for (skip, with_digest) in [(13, true), (0, false), (40, true), (15, true)] {
            buffer.room(skip, 3).unwrap().copy_from_slice(b"abc");
            let holes = if with_digest { &[3, 5][..] } else { &[3] };
            buffer.put_record(skip, 3, b"123456", holes).unwrap();
            let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
            let payload = format!("123abc45{}6", if with_digest { digest } else { "" });
            record::append(&mut expected, payload.as_bytes());
        }
        buffer.seal();
        assert_eq!(buffer.bytes(), expected);
        assert_eq!(buffer.crc32c(), crc::crc32c(&expected));
    }
}
