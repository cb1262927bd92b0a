//! PNG (W3C, third edition): a signature, then chunks up to IEND.
//!
//! ```text
//! chunk: length u32, type 4 letters, body, CRC-32 of type and body u32                        (all big-endian)
//! IHDR:  width u32, height u32, bit depth u8, colour type u8, compression u8, filter u8, interlace u8
//! ```
//!
//! The first letter of a type is upper case where the chunk is critical. libpng refuses critical chunks that have a
//! wrong CRC or that it does not know, and passes over others.

use super::bytes::{array, be32};
use super::{Header, exif};
use crate::image::{ImageError, Kind};

pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

struct Chunk<'a> {
    offset: usize,
    name: [u8; 4],
    body: &'a [u8],
    end: usize,
}

impl<'a> Chunk<'a> {
    fn at(bytes: &'a [u8], offset: usize) -> Result<Self, ImageError> {
        let (Some(len), Some(name)) = (be32(bytes, offset), array::<4>(bytes, offset + 4)) else {
            return Err(ImageError::cut(Kind::Png, bytes, "no IEND chunk"));
        };
        if !name.iter().all(u8::is_ascii_alphabetic) || len > i32::MAX as u32 {
            let text = format!("no chunk: length {len}, type {:?}", String::from_utf8_lossy(&name));
            return Err(ImageError::malformed(Kind::Png, offset, text));
        }
        // The length fits: u32 beside a position in memory, and usize has 64 bits wherever 2^32 bytes are in memory.
        let end = offset as u64 + 12 + u64::from(len);
        let whole = usize::try_from(end).ok().and_then(|end| bytes.get(offset..end));
        let Some(whole) = whole else {
            let what = format!("{} chunk", Name(name));
            return Err(ImageError::short(Kind::Png, bytes, &what, offset, end));
        };
        let chunk = Self { offset, name, body: &whole[8..whole.len() - 4], end: offset + whole.len() };
        if name[0].is_ascii_uppercase() {
            chunk.check(whole)?;
        }
        Ok(chunk)
    }

    fn check(&self, whole: &[u8]) -> Result<(), ImageError> {
        let (covered, stored) = whole[4..].split_at(self.body.len() + 4);
        let stored = be32(stored, 0).unwrap_or_default();
        let computed = crc32fast::hash(covered);
        if stored == computed {
            return Ok(());
        }
        let text = format!("{} chunk: crc is {stored:#010x}, computed {computed:#010x}", Name(self.name));
        Err(ImageError::malformed(Kind::Png, self.offset, text))
    }
}

/// A chunk's type, letters all.
struct Name([u8; 4]);

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let first = Chunk::at(bytes, SIGNATURE.len())?;
    if first.name != *b"IHDR" {
        let text = format!("{} is the first chunk, IHDR expected", Name(first.name));
        return Err(ImageError::malformed(Kind::Png, first.offset, text));
    }
    let (mut header, palette) = image_header(&first)?;
    let mut colours = false;
    let mut data = false;
    let mut at = first.end;
    loop {
        let chunk = Chunk::at(bytes, at)?;
        let wrong = |text: String| Err(ImageError::malformed(Kind::Png, chunk.offset, text));
        match &chunk.name {
            b"IEND" if data => return Ok(header),
            b"IEND" => return wrong("IEND before any image data".into()),
            b"IDAT" if palette && !colours => return wrong("image data before its palette".into()),
            b"IDAT" => data = true,
            b"PLTE" => colours = true,
            // A palette with transparency decodes to RGBA, and so does a colour made transparent.
            b"tRNS" if !data && matches!(header.channels, 1 | 3) => header.channels += 1,
            b"eXIf" => header.orientation = exif::orientation(chunk.body).unwrap_or(1),
            name if name[0].is_ascii_uppercase() => {
                return wrong(format!("{} chunk, which is critical and not known", Name(chunk.name)));
            }
            _ => {}
        }
        at = chunk.end;
    }
}

/// IHDR's meaning, and whether there must be a palette.
fn image_header(chunk: &Chunk<'_>) -> Result<(Header, bool), ImageError> {
    let &[w3, w2, w1, w0, h3, h2, h1, h0, depth, colour, compression, filter, interlace] = chunk.body else {
        let text = format!("IHDR chunk of {} bytes, 13 expected", chunk.body.len());
        return Err(ImageError::malformed(Kind::Png, chunk.offset, text));
    };
    let (channels, depths): (u8, &[u8]) = match colour {
        0 => (1, &[1, 2, 4, 8, 16]),
        2 => (3, &[8, 16]),
        3 => (3, &[1, 2, 4, 8]),
        4 => (2, &[8, 16]),
        6 => (4, &[8, 16]),
        _ => (0, &[]),
    };
    if !depths.contains(&depth) || compression != 0 || filter != 0 || interlace > 1 {
        let text = format!(
            "no such image: colour type {colour}, bit depth {depth}, compression {compression}, filter {filter}, interlace \
             {interlace}"
        );
        return Err(ImageError::malformed(Kind::Png, chunk.offset, text));
    }
    let side = |bytes| u64::from(u32::from_be_bytes(bytes));
    let (width, height) = (side([w3, w2, w1, w0]), side([h3, h2, h1, h0]));
    Ok((Header::new(Kind::Png, chunk.offset, width, height, channels, depth)?, colour == 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{ImageErrorKind, header};

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
        bytes.extend(name);
        bytes.extend(body);
        bytes.extend(crc32fast::hash(&bytes[4..]).to_be_bytes());
        bytes
    }

    fn ihdr(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
        let mut body = [width.to_be_bytes(), height.to_be_bytes()].concat();
        body.extend([depth, colour, 0, 0, 0]);
        chunk(b"IHDR", &body)
    }

    fn read(chunks: &[&[u8]]) -> Result<Header, ImageError> {
        header::read(&[&SIGNATURE[..], &chunks.concat()].concat())
    }

    #[test]
    fn colour_types() {
        let (data, end, plte, trns) =
            (chunk(b"IDAT", b"xyz"), chunk(b"IEND", b""), chunk(b"PLTE", b"abc"), chunk(b"tRNS", b"\0"));
        let mut valid = 0;
        for (colour, channels) in [(0, 1), (2, 3), (3, 3), (4, 2), (6, 4)] {
            for depth in [1, 2, 4, 8, 16] {
                let Ok(header) = read(&[&ihdr(7, 5, depth, colour), &plte, &data, &end]) else { continue };
                valid += 1;
                assert_eq!((header.width, header.height, header.depth, header.channels), (7, 5, depth, channels));
                let transparent = read(&[&ihdr(7, 5, depth, colour), &plte, &trns, &data, &end]).unwrap().channels;
                assert_eq!(transparent, if channels % 2 == 0 { channels } else { channels + 1 });
            }
        }
        assert_eq!(valid, 15, "as many as W3C PNG, table 12");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let (head, data, end) = (ihdr(7, 5, 8, 2), chunk(b"IDAT", b"xyz"), chunk(b"IEND", b""));
        let mut wrong = data.clone();
        wrong[9] ^= 1;
        let cases: [(&[&[u8]], &str); 12] = [
            (&[], "png is cut off: no IEND chunk in its 8 bytes"),
            (&[&head[..20]], "png is cut off: IHDR chunk from byte 8 to 33, the file has 28 bytes"),
            (&[&head, &data], "png is cut off: no IEND chunk in its 48 bytes"),
            (&[&head, &data, &end[..11]], "png is cut off: IEND chunk from byte 48 to 60, the file has 59 bytes"),
            (&[&head, &end], "png is damaged at byte 33: IEND before any image data"),
            (&[&data], "png is damaged at byte 8: IDAT is the first chunk, IHDR expected"),
            (&[&head, &wrong], "png is damaged at byte 33: IDAT chunk: crc is 0xed052dd7, computed 0xf41e1c96"),
            (&[&head, b"\0\0\0\0zz.z"], "png is damaged at byte 33: no chunk: length 0, type \"zz.z\""),
            (&[&head, &chunk(b"ABCD", b"")], "png is damaged at byte 33: ABCD chunk, which is critical and not known"),
            (&[&ihdr(7, 5, 8, 3), &data], "png is damaged at byte 33: image data before its palette"),
            (
                &[&ihdr(7, 5, 3, 2)],
                "png is damaged at byte 8: no such image: colour type 2, bit depth 3, compression 0, filter 0, interlace 0",
            ),
            (&[&chunk(b"IHDR", b"abc")], "png is damaged at byte 8: IHDR chunk of 3 bytes, 13 expected"),
        ];
        for (chunks, expected) in cases {
            assert_eq!(read(chunks).unwrap_err().to_string(), expected);
        }
        for (width, height) in [(0, 1), (1, 0), (1 << 31, 1), (1, u32::MAX)] {
            assert_eq!(read(&[&ihdr(width, height, 8, 2), &data, &end]).unwrap_err().kind(), ImageErrorKind::Size);
        }
        assert!(read(&[&ihdr(i32::MAX as u32, 1, 8, 2), &data, &end]).is_ok());
    }

    #[test]
    fn ancillary_chunks_and_trailing_bytes_are_passed_over() {
        let (head, data, end) = (ihdr(7, 5, 8, 2), chunk(b"IDAT", b"xyz"), chunk(b"IEND", b""));
        let mut text = chunk(b"tEXt", b"a");
        text[8] ^= 1;
        let exif = chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x05\0\0\0\0\0\0");
        let header = read(&[&head, &text, &data, &data, &exif, &end, b"trailing"]).unwrap();
        assert_eq!((header.orientation, header.channels, header.tensorflow), (5, 3, true));
    }
}
