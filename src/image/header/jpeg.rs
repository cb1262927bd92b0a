//! JPEG (ITU T.81, annex B): markers, of which most head a segment with its length.
//!
//! ```text
//! FF D8 (SOI)  { FF xx len16 body }*  FF DA len16 header, entropy-coded data { FF xx ... }*  FF D9 (EOI)
//! SOF body: precision u8, height u16, width u16, components u8, 3 bytes per component
//! ```
//!
//! In entropy-coded data an FF stands before 00 (it is data) or before a restart marker, so the next other marker ends
//! the scan. What libjpeg-turbo tolerates, and therefore TensorFlow, is tolerated: fill bytes, stray bytes between
//! segments, restart markers anywhere, anything after EOI (a second picture, a phone's trailer).

use super::bytes::{be16, find};
use super::{Header, exif};
use crate::image::{ImageError, Kind};

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP1: u8 = 0xe1;

pub(super) fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let mut frame: Option<Header> = None;
    let mut orientation = None;
    let mut at = 2;
    loop {
        let Some((marker, body)) = next_marker(bytes, at) else {
            let missing = if frame.is_none() { "no frame header" } else { "no image data" };
            return Err(ImageError::cut(Kind::Jpeg, bytes, missing));
        };
        if is_bare(marker) {
            at = body;
            continue;
        }
        if marker == SOI || marker == EOI {
            let text = if marker == SOI { "a second start marker" } else { "the end marker before any image data" };
            return Err(ImageError::malformed(Kind::Jpeg, body - 2, text));
        }
        let segment = segment(bytes, body)?;
        let end = body + segment.len();
        match marker {
            SOS => {
                let Some(mut header) = frame else {
                    return Err(ImageError::malformed(Kind::Jpeg, body - 2, "image data before any frame header"));
                };
                if !ends(bytes, end) {
                    return Err(ImageError::cut(Kind::Jpeg, bytes, "no end marker"));
                }
                header.orientation = orientation.unwrap_or(1);
                return Ok(header);
            }
            // C4, C8 and CC are tables (DHT, DAC) and a reserved marker (JPG).
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                if frame.is_some() {
                    return Err(ImageError::malformed(Kind::Jpeg, body - 2, "a second frame header"));
                }
                frame = Some(frame_header(marker, segment, body)?);
            }
            APP1 if orientation.is_none() && segment[2..].starts_with(b"Exif\0\0") => {
                orientation = Some(exif::orientation(&segment[2..]).unwrap_or(1));
            }
            _ => {}
        }
        at = end;
    }
}

/// The next marker's second byte and where its body would start, from `at` on.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at = find(bytes, at, 0xff)? + 1;
        match *bytes.get(at)? {
            // FF FF: a fill byte, look again from the second. FF 00: data.
            0xff => {}
            0 => at += 1,
            marker => return Some((marker, at + 1)),
        }
    }
}

/// TEM and the restart markers have no segment.
fn is_bare(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd7)
}

/// The segment at `body`, its length's two bytes included: never shorter than those.
fn segment(bytes: &[u8], body: usize) -> Result<&[u8], ImageError> {
    let Some(len) = be16(bytes, body) else {
        return Err(ImageError::cut(Kind::Jpeg, bytes, "no image data"));
    };
    if len < 2 {
        return Err(ImageError::malformed(Kind::Jpeg, body, format!("a segment of length {len}, at least 2 expected")));
    }
    let end = body + usize::from(len);
    bytes.get(body..end).ok_or_else(|| ImageError::short(Kind::Jpeg, bytes, "segment", body - 2, end as u64))
}

fn frame_header(marker: u8, segment: &[u8], offset: usize) -> Result<Header, ImageError> {
    let &[_, _, depth, h1, h0, w1, w0, components, ref rest @ ..] = segment else {
        let text = format!("a frame header of {} bytes, at least 8 expected", segment.len());
        return Err(ImageError::malformed(Kind::Jpeg, offset, text));
    };
    if components == 0 || rest.len() != usize::from(components) * 3 {
        let text = format!("a frame header of {} bytes for {components} components", segment.len());
        return Err(ImageError::malformed(Kind::Jpeg, offset, text));
    }
    let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
    let mut header = Header::new(Kind::Jpeg, offset, side(w1, w0), side(h1, h0), components, depth)?;
    // libjpeg-turbo has baseline, extended and progressive, by Huffman or arithmetic coding, of 8 bits; neither lossless nor
    // hierarchical. Two components, or more than four, are no colour space that it turns into RGB.
    header.tensorflow = depth == 8 && matches!(marker, 0xc0..=0xc2 | 0xc9 | 0xca) && matches!(components, 1 | 3 | 4);
    Ok(header)
}

/// Whether an end marker follows the scan whose data starts at `scan`. Nearly always it is the last two bytes; a file
/// with something behind its image is walked from marker to marker.
fn ends(bytes: &[u8], scan: usize) -> bool {
    if bytes.get(scan..).is_some_and(|data| data.ends_with(&[0xff, EOI])) {
        return true;
    }
    let mut at = scan;
    while let Some((marker, body)) = next_marker(bytes, at) {
        at = match marker {
            EOI => return true,
            _ if is_bare(marker) => body,
            _ => match segment(bytes, body) {
                Ok(segment) => body + segment.len(),
                Err(_) => return false,
            },
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{ImageErrorKind, header};

    const APP: &[u8] = b"\xff\xe0\x00\x04xx";
    const DHT: &[u8] = b"\xff\xc4\x00\x05\xff\xd9\x00";
    const FRAME: &[u8] = b"\xff\xc0\x00\x11\x08\x00\x30\x00\x40\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";
    const SCAN: &[u8] = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00data\xff\x00more\xff\xd0rest";
    const END: &[u8] = b"\xff\xd9";

    fn file(parts: &[&[u8]]) -> Vec<u8> {
        [b"\xff\xd8", parts.concat().as_slice()].concat()
    }

    fn text(parts: &[&[u8]]) -> String {
        header::read(&file(parts)).unwrap_err().to_string()
    }

    #[test]
    fn marker_orders_that_libjpeg_takes() {
        let orders: [&[&[u8]]; 9] = [
            &[APP, FRAME, SCAN, END],
            &[FRAME, APP, SCAN, END],
            &[DHT, FRAME, SCAN, DHT, SCAN, END],
            &[APP, FRAME, SCAN, END, b"trailing bytes"],
            &[APP, FRAME, SCAN, END, b"\xff\xd8\xff\xe0\x00"],
            &[b"\xff\xff\xff", APP, b"\xff\xff", FRAME, SCAN, b"\xff\xff", END],
            &[APP, b"stray", FRAME, SCAN, END],
            &[b"\xff\x01\xff\xd3", FRAME, SCAN, END],
            &[FRAME, SCAN, b"\xff\xfe\x00\x06ab\xff\xd9", END, b"x"],
        ];
        for (index, order) in orders.into_iter().enumerate() {
            let header = header::read(&file(order)).unwrap();
            let expected = Header {
                kind: Kind::Jpeg,
                width: 64,
                height: 48,
                channels: 3,
                depth: 8,
                orientation: 1,
                tensorflow: true,
            };
            assert_eq!(header, expected, "order {index}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases: [(&[&[u8]], &str); 14] = [
            (&[b"\xff"], "jpeg is cut off: no frame header in its 3 bytes"),
            (&[APP], "jpeg is cut off: no frame header in its 8 bytes"),
            (&[APP, FRAME], "jpeg is cut off: no image data in its 27 bytes"),
            (&[APP, FRAME, b"\xff\xda\0"], "jpeg is cut off: no image data in its 30 bytes"),
            (&[APP, FRAME, SCAN], "jpeg is cut off: no end marker in its 57 bytes"),
            (&[APP, FRAME, SCAN, b"\xff"], "jpeg is cut off: no end marker in its 58 bytes"),
            (&[APP, FRAME, SCAN, &[0; 1000]], "jpeg is cut off: no end marker in its 1,057 bytes"),
            (&[DHT, FRAME, SCAN, DHT], "jpeg is cut off: no end marker in its 65 bytes"),
            (&[&APP[..5]], "jpeg is cut off: segment from byte 2 to 8, the file has 7 bytes"),
            (&[b"\xff\xe0\0\x01"], "jpeg is damaged at byte 4: a segment of length 1, at least 2 expected"),
            (&[APP, SCAN, END], "jpeg is damaged at byte 8: image data before any frame header"),
            (&[APP, END], "jpeg is damaged at byte 8: the end marker before any image data"),
            (&[APP, b"\xff\xd8"], "jpeg is damaged at byte 8: a second start marker"),
            (&[FRAME, FRAME], "jpeg is damaged at byte 21: a second frame header"),
        ];
        for (parts, expected) in cases {
            assert_eq!(text(parts), expected);
        }
    }

    #[test]
    fn frame_headers() {
        let frame = |marker, depth, height: u16, width: u16, components: u8, len: u16| {
            let mut bytes = vec![0xff, marker];
            bytes.extend(len.to_be_bytes());
            bytes.push(depth);
            bytes.extend(height.to_be_bytes());
            bytes.extend(width.to_be_bytes());
            bytes.push(components);
            bytes.resize(2 + usize::from(len), 1);
            header::read(&file(&[&bytes, SCAN, END]))
        };
        for marker in 0xc0..=0xcf {
            let taken = [0xc0, 0xc1, 0xc2, 0xc9, 0xca].contains(&marker);
            match frame(marker, 8, 5, 7, 3, 17) {
                Ok(header) => assert_eq!((header.width, header.height, header.tensorflow), (7, 5, taken), "{marker:x}"),
                Err(error) => assert!([0xc4, 0xc8, 0xcc].contains(&marker), "{marker:x}: {error}"),
            }
        }
        for (depth, components, taken) in [(8, 1, true), (8, 4, true), (8, 2, false), (8, 5, false), (12, 3, false)] {
            let header = frame(0xc1, depth, 5, 7, components, 8 + 3 * u16::from(components)).unwrap();
            assert_eq!((header.depth, header.channels, header.tensorflow), (depth, components, taken));
        }
        assert_eq!(frame(0xc0, 8, 65535, 65535, 3, 17).unwrap().width, 65535);
        let sizes = [(0, 7), (5, 0), (0, 0)].map(|(height, width)| frame(0xc0, 8, height, width, 3, 17));
        assert!(sizes.iter().all(|size| size.as_ref().is_err_and(|error| error.kind() == ImageErrorKind::Size)));
        let text = |components, len| frame(0xc0, 8, 5, 7, components, len).unwrap_err().to_string();
        assert_eq!(text(3, 18), "jpeg is damaged at byte 4: a frame header of 18 bytes for 3 components");
        assert_eq!(text(0, 8), "jpeg is damaged at byte 4: a frame header of 8 bytes for 0 components");
    }

    #[test]
    fn orientation_in_exif() {
        let exif = |body: &[u8]| {
            let mut bytes = b"\xff\xe1".to_vec();
            bytes.extend((body.len() as u16 + 8).to_be_bytes());
            bytes.extend(b"Exif\0\0");
            bytes.extend(body);
            bytes
        };
        let tiff = |value: u16| {
            let mut bytes = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
            bytes.extend(value.to_le_bytes());
            bytes.extend([0; 6]);
            bytes
        };
        let read =
            |segments: &[&[u8]]| header::read(&file(&[&segments.concat(), FRAME, SCAN, END])).unwrap().orientation;
        for value in 0..=300 {
            let expected = if (1..=8).contains(&value) { value as u8 } else { 1 };
            assert_eq!(read(&[&exif(&tiff(value))]), expected);
        }
        assert_eq!(read(&[b"\xff\xe1\0\x0ehttp://ns.ad", &exif(&tiff(6))]), 6);
        assert_eq!(read(&[&exif(&tiff(6)), &exif(&tiff(3))]), 6, "the first block counts");
        for damaged in
            [&b""[..], b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"\0\0\0\0\0\0\0\0\0"]
        {
            assert_eq!(read(&[&exif(damaged)]), 1, "{damaged:?}");
        }
        // The next folder's offset leads nowhere.
        let mut broken = tiff(8);
        let len = broken.len();
        broken[len - 4..].copy_from_slice(&[0xff; 4]);
        assert_eq!(read(&[&exif(&broken)]), 8);
    }
}
