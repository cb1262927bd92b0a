//! What a block puts into its file.

use super::buffer::Buffer;
use crate::record::crc;
use crate::record::deflate::Piece;

/// The records of a block.
pub enum Body {
    /// As they are.
    Plain(Buffer),
    /// Compressed, and the CRC32C of that.
    Piece(Piece, u32),
}

/// A block's bytes: the stream's header before the first, its trailer after the last.
pub struct Parts {
    pub head: &'static [u8],
    pub body: Option<Body>,
    pub tail: Vec<u8>,
}

impl Parts {
    /// Head, body and tail.
    pub fn each(&self) -> [&[u8]; 3] {
        let body = match &self.body {
            Some(Body::Plain(buffer)) => buffer.bytes(),
            Some(Body::Piece(piece, _)) => piece.bytes(),
            None => &[],
        };
        [self.head, body, &self.tail]
    }

    /// CRC32C of what stands before them, `before`, and of them.
    pub fn crc32c(&self, before: u32) -> u32 {
        let [head, body, tail] = self.each();
        let of_body = match &self.body {
            Some(Body::Plain(buffer)) => buffer.crc32c(),
            Some(Body::Piece(_, crc32c)) => *crc32c,
            None => crc::crc32c(&[]),
        };
        [(head, crc::crc32c(head)), (body, of_body), (tail, crc::crc32c(tail))]
            .into_iter()
            .fold(before, |before, (part, crc32c)| crc::combine(before, crc32c, part.len() as u64))
    }

    /// Bytes of all.
    pub fn len(&self) -> u64 {
        self.each().iter().map(|part| part.len() as u64).sum()
    }
}
