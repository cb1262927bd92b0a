//! TIFF (revision 6.0) and BigTIFF: a folder of tags (IFD) for each image; the first one counts.
//!
//! ```text
//! TIFF     "II" or "MM" (byte order)  42 u16  offset of the first folder u32
//!          folder: count u16, then per tag: tag u16, type u16, count u32, value or its offset 4 bytes
//! BigTIFF  the same with 43, 8 u16, 0 u16, offset u64;
//!          folder: count u64, then per tag: tag u16, type u16, count u64, value or its offset 8 bytes
//! ```
//!
//! Read here and not by kamadak-exif, which knows no BigTIFF and copies every value of every folder; all that is wanted
//! are a few tags of one folder, and whether each strip lies in the file.

use super::Header;
use super::bytes::array;
use crate::image::{ImageError, Kind};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const SAMPLES: u16 = 277;
const STRIP_COUNTS: u16 = 279;
const TILE_OFFSETS: u16 = 324;
const TILE_COUNTS: u16 = 325;
/// Tables that every strip of JPEG inside TIFF needs; that they are in the file is all that matters here.
const JPEG_TABLES: u16 = 347;
/// JPEG inside TIFF, the old way: the offset of a whole JPEG, and its length.
const JPEG_OFFSET: u16 = 513;
const JPEG_LEN: u16 = 514;

const PALETTE: u64 = 3;

struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// BigTIFF
    wide: bool,
}

/// The values of one tag.
#[derive(Clone, Copy)]
struct Values {
    at: usize,
    count: usize,
    size: usize,
}

impl Tiff<'_> {
    /// The number of `size` bytes at `at`.
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let order = |little: u64, big: u64| if self.big_endian { big } else { little };
        Some(match size {
            1 => (*self.bytes.get(at)?).into(),
            2 => array(self.bytes, at)
                .map(|two| order(u16::from_le_bytes(two).into(), u16::from_be_bytes(two).into()))?,
            4 => array(self.bytes, at)
                .map(|four| order(u32::from_le_bytes(four).into(), u32::from_be_bytes(four).into()))?,
            _ => array(self.bytes, at).map(|eight| order(u64::from_le_bytes(eight), u64::from_be_bytes(eight)))?,
        })
    }

    fn position(&self, at: usize, size: usize) -> Option<usize> {
        usize::try_from(self.number(at, size)?).ok()
    }

    fn value(&self, values: Values, index: usize) -> Option<u64> {
        if index >= values.count {
            return None;
        }
        self.number(values.at + index * values.size, values.size)
    }

    /// What the entry at `at` holds, if that is whole numbers and all of them lie in the file.
    fn values(&self, at: usize) -> Result<Option<Values>, ImageError> {
        let word = if self.wide { 8 } else { 4 };
        let Some(size) = self.number(at + 2, 2).and_then(size_of) else { return Ok(None) };
        let Some(count) = self.position(at + 4, word) else { return Ok(None) };
        let len = count.saturating_mul(size);
        let inside = at + 4 + word;
        let start = if len <= word { inside } else { self.position(inside, word).unwrap_or(usize::MAX) };
        let end = start.saturating_add(len);
        if end > self.bytes.len() {
            return Err(ImageError::short(Kind::Tiff, self.bytes, "values of a tag", start, end as u64));
        }
        Ok(Some(Values { at: start, count, size }))
    }

    /// Whether each strip, tile or JPEG lies in the file; all of their positions do.
    fn check(&self, offsets: Values, counts: Option<Values>) -> Result<(), ImageError> {
        for index in 0..offsets.count {
            let offset = self.value(offsets, index).unwrap_or_default();
            let len = counts.and_then(|counts| self.value(counts, index)).unwrap_or_default();
            let end = offset.saturating_add(len);
            if end > self.bytes.len() as u64 {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX);
                return Err(ImageError::short(Kind::Tiff, self.bytes, "image data", offset, end));
            }
        }
        Ok(())
    }
}

/// Bytes of one value: BYTE, UNDEFINED, SHORT, LONG, IFD, LONG8, IFD8. Other types hold nothing that is wanted here.
fn size_of(kind: u64) -> Option<usize> {
    match kind {
        1 | 7 => Some(1),
        3 => Some(2),
        4 | 13 => Some(4),
        16 | 18 => Some(8),
        _ => None,
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let cut = || ImageError::cut(Kind::Tiff, bytes, "no whole header");
    let mut tiff = Tiff { bytes, big_endian: bytes.starts_with(b"MM"), wide: false };
    tiff.wide = tiff.number(2, 2) == Some(43);
    let first = if tiff.wide { tiff.position(8, 8) } else { tiff.position(4, 4) }.ok_or_else(cut)?;
    let (count_size, entry_size) = if tiff.wide { (8, 20) } else { (2, 12) };
    let count = tiff.position(first, count_size);
    let start = first.saturating_add(count_size);
    let end = count.map(|count| start.saturating_add(count.saturating_mul(entry_size)));
    let Some(end) = end.filter(|end| *end <= bytes.len()) else {
        return Err(ImageError::short(Kind::Tiff, bytes, "folder of tags", first, end.unwrap_or(start) as u64));
    };
    let mut found = [None; 13];
    let wanted = [
        WIDTH,
        HEIGHT,
        BITS,
        PHOTOMETRIC,
        ORIENTATION,
        SAMPLES,
        STRIP_OFFSETS,
        STRIP_COUNTS,
        TILE_OFFSETS,
        TILE_COUNTS,
        JPEG_OFFSET,
        JPEG_LEN,
        JPEG_TABLES,
    ];
    for entry in (start..end).step_by(entry_size) {
        let tag = tiff.number(entry, 2).unwrap_or_default();
        if let Some(place) = wanted.iter().position(|wanted| u64::from(*wanted) == tag) {
            found[place] = found[place].or(tiff.values(entry)?);
        }
    }
    let [
        width,
        height,
        bits,
        photometric,
        orientation,
        samples,
        strips,
        strip_lens,
        tiles,
        tile_lens,
        jpeg,
        jpeg_len,
        _,
    ] = found;
    let one = |values: Option<Values>| values.and_then(|values| tiff.value(values, 0));
    let (Some(width), Some(height)) = (one(width), one(height)) else {
        return Err(ImageError::malformed(Kind::Tiff, first, "no width or no height in its first folder"));
    };
    let channels = if one(photometric) == Some(PALETTE) { 3 } else { one(samples).unwrap_or(1) };
    let small = |value: u64| u8::try_from(value).ok().filter(|value| *value > 0);
    let (Some(channels), Some(depth)) = (small(channels), small(one(bits).unwrap_or(1))) else {
        return Err(ImageError::malformed(Kind::Tiff, first, "no or too many samples per pixel or bits per sample"));
    };
    let mut header = Header::new(Kind::Tiff, first, width, height, channels, depth)?;
    let data = [(strips, strip_lens), (tiles, tile_lens), (jpeg, jpeg_len)];
    let Some((offsets, lens)) = data.into_iter().find_map(|(offsets, lens)| Some((offsets?, lens))) else {
        return Err(ImageError::malformed(Kind::Tiff, first, "no image data in its first folder"));
    };
    tiff.check(offsets, lens)?;
    header.orientation = one(orientation).and_then(small).filter(|value| *value <= 8).unwrap_or(1);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::header;

    /// A little-endian TIFF: the tags, each (tag, type, count, value), then 8 bytes "pixels".
    fn file(tags: &[(u16, u16, u32, u32)]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend((tags.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in tags {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        bytes.extend(b"<pixels>");
        bytes
    }

    const SIZE: [(u16, u16, u32, u32); 2] = [(WIDTH, 4, 1, 7), (HEIGHT, 3, 1, 5)];

    fn read(more: &[(u16, u16, u32, u32)]) -> Result<Header, ImageError> {
        header::read(&file(&[&SIZE, more].concat()))
    }

    #[test]
    fn tags() {
        let strip = (STRIP_OFFSETS, 4, 1, 20);
        let len = (STRIP_COUNTS, 4, 1, 8);
        let header = read(&[strip, len]).unwrap();
        assert_eq!((header.width, header.height, header.channels, header.depth), (7, 5, 1, 1));
        assert_eq!((header.orientation, header.tensorflow), (1, false));
        let header = read(&[(SAMPLES, 3, 1, 4), (BITS, 3, 1, 8), (ORIENTATION, 3, 1, 7), strip, len]).unwrap();
        assert_eq!((header.channels, header.depth, header.orientation), (4, 8, 7));
        assert_eq!(read(&[(PHOTOMETRIC, 3, 1, 3), strip]).unwrap().channels, 3);
        for orientation in [0, 9, 65535] {
            assert_eq!(read(&[(ORIENTATION, 3, 1, orientation), strip]).unwrap().orientation, 1);
        }
        // Values that are no numbers say nothing.
        assert_eq!(read(&[(ORIENTATION, 2, 1, 6), strip]).unwrap().orientation, 1);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let text = |more: &[(u16, u16, u32, u32)]| read(more).unwrap_err().to_string();
        let strip = (STRIP_OFFSETS, 4, 1, 20);
        assert_eq!(
            text(&[strip, (STRIP_COUNTS, 4, 1, 99)]),
            "tiff is cut off: image data from byte 20 to 119, the file has 70 bytes"
        );
        assert_eq!(
            text(&[(STRIP_OFFSETS, 4, 3, 60)]),
            "tiff is cut off: values of a tag from byte 60 to 72, the file has 58 bytes"
        );
        assert_eq!(
            text(&[(STRIP_OFFSETS, 16, u32::MAX, 60)]),
            "tiff is cut off: values of a tag from byte 60 to 34,359,738,420, the file has 58 bytes"
        );
        assert_eq!(text(&[]), "tiff is damaged at byte 8: no image data in its first folder");
        let many = "tiff is damaged at byte 8: no or too many samples per pixel or bits per sample";
        assert_eq!(text(&[(SAMPLES, 3, 1, 256), strip]), many);
        assert_eq!(text(&[(BITS, 3, 1, 0), strip]), many);
        let text = |bytes: &[u8]| header::read(bytes).unwrap_err().to_string();
        assert_eq!(text(&file(&[strip])), "tiff is damaged at byte 8: no width or no height in its first folder");
        assert_eq!(text(b"MM\0*\0"), "tiff is cut off: no whole header in its 5 bytes");
        assert_eq!(
            text(b"MM\0*\xff\xff\xff\xff"),
            "tiff is cut off: folder of tags from byte 4,294,967,295 to 4,294,967,297, the file has 8 bytes"
        );
        let wide = [b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0", &[0xff; 8][..]].concat();
        assert_eq!(
            text(&wide),
            "tiff is cut off: folder of tags from byte 16 to 18,446,744,073,709,551,615, the file has 24 bytes"
        );
    }
}
