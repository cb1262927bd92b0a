//! BMP: a file header, an information header in one of its editions, a palette, rows of 4-byte multiples.
//!
//! ```text
//! file:  0 "BM"  2 file size u32 (unreliable)  10 offset of the pixels u32                           (little-endian)
//! core:  14 size = 12       18 width u16  20 height u16  22 planes  24 bits u16                      palette of 3-byte colours
//! info:  14 size 16 to 124  18 width i32  22 height i32  26 planes  28 bits u16  30 compression u32  34 data size u32
//!        46 colours used u32  54 masks of red, green, blue, alpha u32                                palette of 4-byte colours
//! ```
//!
//! A negative height says that the first row is the top one. TensorFlow's decoder reads the offset, width, height and bits,
//! wants the file to have exactly that length, and knows nothing of compression, masks or palettes: an 8-bit image is grey
//! to it, whatever its palette says, so it gives wrong pixels without an error.

use super::Header;
use super::bytes::{le16, le32};
use crate::image::{ImageError, Kind};

const CORE_LEN: usize = 12;
const INFO_AT: usize = 14;

/// Values of the field "compression".
const RGB: u32 = 0;
const BITFIELDS: u32 = 3;
const ALPHA_BITFIELDS: u32 = 6;

struct Info {
    len: usize,
    width: u64,
    height: u64,
    bits: u16,
    compression: u32,
    data_len: u64,
    colours: u32,
}

pub(super) fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let cut = || ImageError::cut(Kind::Bmp, bytes, "no whole header");
    let offset = le32(bytes, 10).ok_or_else(cut)?;
    let len = le32(bytes, INFO_AT).ok_or_else(cut)? as usize;
    let info = match len {
        CORE_LEN => core(bytes),
        16..=124 => info(bytes, len),
        _ => {
            let text = format!("an information header of {len} bytes, 12 or 16 to 124 expected");
            return Err(ImageError::malformed(Kind::Bmp, INFO_AT, text));
        }
    };
    let info = info.ok_or_else(cut)?;
    let palette = Palette::read(bytes, &info);
    let masks = [54, 58, 62, 66].map(|at| le32(bytes, at).unwrap_or_default());
    // The masks stand in the header from edition 3 on, and behind a header of 40 bytes.
    let alpha = match info.compression {
        ALPHA_BITFIELDS => true,
        BITFIELDS => info.len >= 56 && masks[3] != 0,
        _ => false,
    };
    let (channels, depth) = match info.bits {
        1 | 2 | 4 | 8 => (if palette.grey { 1 } else { 3 }, info.bits as u8),
        16 => (3 + u8::from(alpha), 5),
        24 => (3, 8),
        // The fourth byte is undefined without a mask for it, but TensorFlow gives it as alpha.
        32 => (3 + u8::from(alpha || info.compression == RGB), 8),
        // The bits are JPEG's or PNG's own.
        0 if matches!(info.compression, 4 | 5) => (3, 8),
        bits => {
            return Err(ImageError::malformed(Kind::Bmp, INFO_AT, format!("{bits} bits per pixel")));
        }
    };
    let mut header = Header::new(Kind::Bmp, INFO_AT, info.width, info.height, channels, depth)?;
    let plain = matches!(info.compression, RGB | BITFIELDS | ALPHA_BITFIELDS);
    let row = (info.width * u64::from(info.bits)).div_ceil(32) * 4;
    // Both sides are below 2^31 and the bits at most 32, so the product may pass 2^64 and then is no file's length.
    let data_len = if plain { row.saturating_mul(info.height) } else { info.data_len };
    let end = data_len.saturating_add(offset.into());
    if (bytes.len() as u64) < end || bytes.len() < offset as usize || bytes.len() < INFO_AT + info.len {
        return Err(ImageError::short(Kind::Bmp, bytes, "pixels", offset as usize, end));
    }
    let as_stored = match info.bits {
        8 => info.compression == RGB && palette.index,
        24 => info.compression == RGB,
        32 => info.compression == RGB || masks[..3] == [0xff_0000, 0xff00, 0xff],
        _ => false,
    };
    header.tensorflow = info.len != CORE_LEN && as_stored && bytes.len() as u64 == end;
    Ok(header)
}

fn core(bytes: &[u8]) -> Option<Info> {
    let (width, height) = (le16(bytes, 18)?.into(), le16(bytes, 20)?.into());
    Some(Info { len: CORE_LEN, width, height, bits: le16(bytes, 24)?, compression: RGB, data_len: 0, colours: 0 })
}

fn info(bytes: &[u8], len: usize) -> Option<Info> {
    let later = |at: usize| if at + 4 <= INFO_AT + len { le32(bytes, at) } else { Some(0) };
    // A width cannot be negative; as a large number it is refused with the others.
    let (width, height) = (le32(bytes, 18)?, le32(bytes, 22)? as i32);
    Some(Info {
        len,
        width: width.into(),
        height: height.unsigned_abs().into(),
        bits: le16(bytes, 28)?,
        compression: later(30)?,
        data_len: later(34)?.into(),
        colours: later(46)?,
    })
}

struct Palette {
    /// All of its colours are grey.
    grey: bool,
    /// Each of its colours is the grey of its own index.
    index: bool,
}

impl Palette {
    fn read(bytes: &[u8], info: &Info) -> Self {
        let all = 1 << info.bits.min(8);
        let (size, count) = match info.len {
            CORE_LEN => (3, all),
            _ if info.colours == 0 => (4, all),
            _ => (4, all.min(info.colours as usize)),
        };
        let start = INFO_AT + info.len;
        let colours = bytes.get(start..start + size * count).unwrap_or_default();
        let mut palette = Self { grey: !colours.is_empty(), index: !colours.is_empty() };
        for (index, colour) in colours.chunks_exact(size).enumerate() {
            palette.grey &= colour[0] == colour[1] && colour[1] == colour[2];
            palette.index &= palette.grey && usize::from(colour[0]) == index;
        }
        palette
    }
}

#[cfg(test)]
mod tests {
    use crate::image::{Header, ImageError, ImageErrorKind, header};

    fn file(bits: u16, width: i32, height: i32, compression: u32, after: &[u8], pixels: usize) -> Vec<u8> {
        let mut bytes = b"BM\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend((54 + after.len() as u32).to_le_bytes());
        bytes.extend(40_u32.to_le_bytes());
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes.extend(compression.to_le_bytes());
        bytes.extend([0; 20]);
        bytes.extend(after);
        bytes.resize(bytes.len() + pixels, 0);
        bytes
    }

    fn ramp(colour: impl Fn(u8) -> [u8; 4]) -> Vec<u8> {
        (0..=255).flat_map(colour).collect()
    }

    fn short(header: Result<Header, ImageError>) -> (u32, u32, u8, bool) {
        let header = header.unwrap();
        (header.width, header.height, header.channels, header.tensorflow)
    }

    #[test]
    fn what_tensorflow_decodes() {
        let masks: Vec<_> = [0xff_0000_u32, 0xff00, 0xff].iter().flat_map(|mask| mask.to_le_bytes()).collect();
        let other: Vec<_> = [0xff_u32, 0xff00, 0xff_0000].iter().flat_map(|mask| mask.to_le_bytes()).collect();
        let cases = [
            (file(24, 7, 5, 0, &[], 24 * 5), (7, 5, 3, true)),
            (file(24, 7, -5, 0, &[], 24 * 5), (7, 5, 3, true)),
            (file(24, 7, 5, 0, &[], 24 * 5 + 2), (7, 5, 3, false)),
            (file(32, 7, 5, 0, &[], 28 * 5), (7, 5, 4, true)),
            (file(32, 7, 5, 3, &masks, 28 * 5), (7, 5, 3, true)),
            (file(32, 7, 5, 3, &other, 28 * 5), (7, 5, 3, false)),
            (file(16, 7, 5, 0, &[], 16 * 5), (7, 5, 3, false)),
            (file(8, 7, 5, 0, &ramp(|grey| [grey, grey, grey, 0]), 8 * 5), (7, 5, 1, true)),
            (file(8, 7, 5, 0, &ramp(|grey| [255 - grey, 255 - grey, 255 - grey, 0]), 8 * 5), (7, 5, 1, false)),
            (file(8, 7, 5, 0, &ramp(|blue| [blue, 0, 0, 0]), 8 * 5), (7, 5, 3, false)),
            (file(8, 7, 5, 1, &ramp(|grey| [grey, grey, grey, 0]), 3), (7, 5, 1, false)),
            (file(1, 7, 5, 0, &[0, 0, 0, 0, 255, 255, 255, 0], 4 * 5), (7, 5, 1, false)),
        ];
        for (index, (bytes, expected)) in cases.into_iter().enumerate() {
            assert_eq!(short(header::read(&bytes)), expected, "case {index}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let text = |bytes: &[u8]| header::read(bytes).unwrap_err().to_string();
        let whole = file(24, 7, 5, 0, &[], 24 * 5);
        assert_eq!(text(&whole[..20]), "bmp is cut off: no whole header in its 20 bytes");
        assert_eq!(text(&whole[..173]), "bmp is cut off: pixels from byte 54 to 174, the file has 173 bytes");
        assert_eq!(text(&file(7, 7, 5, 0, &[], 99)), "bmp is damaged at byte 14: 7 bits per pixel");
        let mut header = whole.clone();
        header[14] = 13;
        assert_eq!(
            text(&header),
            "bmp is damaged at byte 14: an information header of 13 bytes, 12 or 16 to 124 expected"
        );
        for (width, height) in [(0, 5), (7, 0), (-7, 5), (7, i32::MIN)] {
            let error = header::read(&file(24, width, height, 0, &[], 999)).unwrap_err();
            assert_eq!(error.kind(), ImageErrorKind::Size, "{error}");
        }
        let huge = header::read(&file(32, i32::MAX, i32::MAX, 0, &[], 9)).unwrap_err();
        assert_eq!(huge.kind(), ImageErrorKind::Truncated);
    }
}
