//! GIF (CompuServe, 1987 and 1989): a screen, then blocks up to a trailer.
//!
//! ```text
//! "GIF87a" | "GIF89a"   width u16, height u16, flags u8, background u8, aspect u8, colour table      (little-endian)
//! 21 label, sub-blocks                                     extension; label F9: flag 1 of its first byte, transparency
//! 2C left u16, top u16, width u16, height u16, flags u8, colour table, code size u8, sub-blocks      frame
//! 3B                                                       trailer
//! sub-blocks: { len u8, len bytes }* 00
//! flags: 80 a colour table follows, of 2 << (flags & 7) colours of 3 bytes
//! ```

use super::Header;
use super::bytes::le16;
use crate::image::{ImageError, Kind};

const SCREEN_LEN: usize = 13;

pub(super) fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let cut = || ImageError::cut(Kind::Gif, bytes, "no whole frame");
    let (Some(width), Some(height), Some(flags)) = (le16(bytes, 6), le16(bytes, 8), bytes.get(10)) else {
        return Err(cut());
    };
    let mut header = Header::new(Kind::Gif, 6, width.into(), height.into(), 3, 8)?;
    let mut at = SCREEN_LEN + colours(*flags);
    loop {
        match bytes.get(at) {
            None => return Err(cut()),
            Some(0x21) => {
                if let Some([0xf9, _, flags, ..]) = bytes.get(at + 1..) {
                    header.channels = 3 + (flags & 1);
                }
                at = sub_blocks(bytes, at + 2).ok_or_else(cut)?;
            }
            Some(0x2c) => {
                let flags = bytes.get(at + 9).ok_or_else(cut)?;
                sub_blocks(bytes, at + 11 + colours(*flags)).ok_or_else(cut)?;
                return Ok(header);
            }
            Some(0x3b) => return Err(ImageError::malformed(Kind::Gif, at, "the trailer before any frame")),
            Some(other) => {
                return Err(ImageError::malformed(Kind::Gif, at, format!("no block starts with {other:#04x}")));
            }
        }
    }
}

fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) }
}

/// Where the sub-blocks that start at `at` are over.
fn sub_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let len = usize::from(*bytes.get(at)?);
        at += 1 + len;
        if len == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::image::header;

    const SCREEN: &[u8] = b"GIF89a\x07\0\x05\0\x80\0\0abcdef";
    const CONTROL: &[u8] = b"\x21\xf9\x04\x01\0\0\0\0";
    const FRAME: &[u8] = b"\x2c\0\0\0\0\x07\0\x05\0\0\x02\x03abc\x01d\0";

    #[test]
    fn blocks() {
        let read = |blocks: &[&[u8]]| header::read(&[SCREEN, &blocks.concat()].concat());
        let header = read(&[FRAME]).unwrap();
        assert_eq!((header.width, header.height, header.channels, header.tensorflow), (7, 5, 3, false));
        assert_eq!(read(&[b"\x21\xfe\x02hi\0", CONTROL, FRAME, b"anything"]).unwrap().channels, 4);
        let cases: [(&[&[u8]], &str); 5] = [
            (&[], "gif is cut off: no whole frame in its 19 bytes"),
            (&[CONTROL, &FRAME[..14]], "gif is cut off: no whole frame in its 41 bytes"),
            (&[CONTROL, &FRAME[..17]], "gif is cut off: no whole frame in its 44 bytes"),
            (&[b";"], "gif is damaged at byte 19: the trailer before any frame"),
            (&[b"\0"], "gif is damaged at byte 19: no block starts with 0x00"),
        ];
        for (blocks, expected) in cases {
            assert_eq!(read(blocks).unwrap_err().to_string(), expected);
        }
    }
}
