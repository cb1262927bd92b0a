//! WEBP (RFC 9649): a RIFF file of chunks.
//!
//! ```text
//! "RIFF" len u32 "WEBP"  { name, len u32, body, padding to an even length }*                          (little-endian)
//! "VP8 "  frame tag 3 bytes (bit 0 clear: a key frame), 9D 01 2A, width u16 (14 bits), height u16 (14 bits)
//! "VP8L"  2F, then from the lowest bit: width - 1 (14 bits), height - 1 (14 bits), alpha (1 bit), version 0 (3 bits)
//! "VP8X"  flags u8 (10 alpha), 3 reserved, width - 1 (24 bits), height - 1 (24 bits); then the others, "EXIF" among them
//! ```

use super::bytes::{array, le16, le32};
use super::{Header, exif};
use crate::image::{ImageError, Kind};

const ALPHA: u8 = 0x10;

pub(super) fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let cut = || ImageError::cut(Kind::Webp, bytes, "no whole header");
    let len = le32(bytes, 4).ok_or_else(cut)?;
    let end = u64::from(len) + 8;
    let Some(riff) = usize::try_from(end).ok().and_then(|end| bytes.get(..end)) else {
        return Err(ImageError::short(Kind::Webp, bytes, "RIFF", 0, end));
    };
    let mut header: Option<Header> = None;
    let mut image = false;
    let mut orientation = 1;
    let mut at = 12;
    while let Some(name) = array::<4>(riff, at) {
        let start = at + 8;
        let body = le32(riff, at + 4).and_then(|len| riff.get(start..start.checked_add(len as usize)?));
        let Some(body) = body else {
            return Err(ImageError::malformed(Kind::Webp, at, "a chunk that goes on behind the end of RIFF"));
        };
        match &name {
            b"VP8X" if header.is_none() => header = Some(extended(body, start)?),
            b"VP8 " | b"VP8L" => {
                let frame = if name == *b"VP8 " { lossy(body, start)? } else { lossless(body, start)? };
                header.get_or_insert(frame);
                image = true;
            }
            b"ANMF" => image = true,
            b"EXIF" => orientation = exif::orientation(body).unwrap_or(1),
            _ => {}
        }
        at = start + body.len().next_multiple_of(2);
    }
    match header {
        Some(header) if image => Ok(Header { orientation, ..header }),
        _ => Err(ImageError::malformed(Kind::Webp, riff.len(), "no image data up to here")),
    }
}

fn lossy(body: &[u8], offset: usize) -> Result<Header, ImageError> {
    let frame = || {
        let [tag, _, _, 0x9d, 0x01, 0x2a] = array(body, 0)? else { return None };
        (tag & 1 == 0).then_some(())?;
        Some((le16(body, 6)? & 0x3fff, le16(body, 8)? & 0x3fff))
    };
    let Some((width, height)) = frame() else {
        return Err(ImageError::malformed(Kind::Webp, offset, "no VP8 key frame"));
    };
    Header::new(Kind::Webp, offset, width.into(), height.into(), 3, 8)
}

fn lossless(body: &[u8], offset: usize) -> Result<Header, ImageError> {
    let bits = le32(body, 1).filter(|bits| body[0] == 0x2f && bits >> 29 == 0);
    let Some(bits) = bits else {
        return Err(ImageError::malformed(Kind::Webp, offset, "no VP8L image"));
    };
    let (width, height) = ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    Header::new(Kind::Webp, offset, width.into(), height.into(), 3 + (bits >> 28 & 1) as u8, 8)
}

fn extended(body: &[u8], offset: usize) -> Result<Header, ImageError> {
    let Some([flags, _, _, _, w0, w1, w2, h0, h1, h2]) = array(body, 0) else {
        return Err(ImageError::malformed(Kind::Webp, offset, "no whole VP8X header"));
    };
    let side = |b0, b1, b2| u64::from(u32::from_le_bytes([b0, b1, b2, 0])) + 1;
    Header::new(Kind::Webp, offset, side(w0, w1, w2), side(h0, h1, h2), 3 + u8::from(flags & ALPHA != 0), 8)
}

#[cfg(test)]
mod tests {
    use crate::image::header;

    fn file(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (name, bytes) in chunks {
            body.extend(*name);
            body.extend((bytes.len() as u32).to_le_bytes());
            body.extend(*bytes);
            body.resize(body.len().next_multiple_of(2), 0);
        }
        [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
    }

    const LOSSY: &[u8] = b"\0\0\0\x9d\x01\x2a\x07\x40\x05\xc0rest";
    const EXIF: &[u8] = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x05\0\0\0\0\0\0";

    #[test]
    fn chunks() {
        let read = |chunks: &[(&[u8; 4], &[u8])]| header::read(&file(chunks));
        let short = |chunks: &[(&[u8; 4], &[u8])]| {
            let header = read(chunks).unwrap();
            (header.width, header.height, header.channels, header.orientation)
        };
        let lossless = |alpha: u32| [&[0x2f][..], &(6 | 4 << 14 | alpha << 28).to_le_bytes()].concat();
        let extended = |flags| [flags, 0, 0, 0, 0xff, 0xff, 0xff, 4, 0, 1];
        assert_eq!(short(&[(b"VP8 ", LOSSY)]), (7, 5, 3, 1));
        assert_eq!(short(&[(b"VP8L", &lossless(0))]), (7, 5, 3, 1));
        assert_eq!(short(&[(b"VP8L", &lossless(1))]), (7, 5, 4, 1));
        assert_eq!(short(&[(b"VP8X", &extended(0)), (b"VP8 ", LOSSY)]), (1 << 24, 0x1_0005, 3, 1));
        let all: [(&[u8; 4], &[u8]); 4] =
            [(b"VP8X", &extended(0x10)), (b"ICCP", b"odd"), (b"ANMF", b"?"), (b"EXIF", EXIF)];
        assert_eq!(short(&all), (1 << 24, 0x1_0005, 4, 5));

        let text = |bytes: &[u8]| header::read(bytes).unwrap_err().to_string();
        let whole = file(&[(b"VP8 ", LOSSY)]);
        assert_eq!(text(&whole[..33]), "webp is cut off: RIFF from byte 0 to 34, the file has 33 bytes");
        assert!(header::read(&[&whole[..], b"trailing"].concat()).is_ok());
        assert_eq!(text(&file(&[])), "webp is damaged at byte 12: no image data up to here");
        assert_eq!(text(&file(&[(b"VP8X", &extended(0))])), "webp is damaged at byte 30: no image data up to here");
        assert_eq!(text(&file(&[(b"VP8X", b"abc")])), "webp is damaged at byte 20: no whole VP8X header");
        assert_eq!(
            text(&file(&[(b"VP8 ", b"\x01\0\0\x9d\x01\x2a0000")])),
            "webp is damaged at byte 20: no VP8 key frame"
        );
        assert_eq!(text(&file(&[(b"VP8L", b"")])), "webp is damaged at byte 20: no VP8L image");
        let mut long = whole;
        long[16] = 200;
        assert_eq!(text(&long), "webp is damaged at byte 12: a chunk that goes on behind the end of RIFF");
    }
}
