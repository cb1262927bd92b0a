//! Masks as pictures inside of annotations: base64, zlib and PNG around single pixels.

use std::io::Cursor;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::ZlibDecoder;
use png::{ColorType, Transformations};

use super::geometry::PIXELS;
use super::text::{Fault, read_to_limit};

/// How many bytes a compressed mask may hold.
const BYTES: u64 = 1 << 30;

/// A picture of which only is known which pixels are set, row by row.
#[derive(Debug, PartialEq, Eq)]
pub struct Bitmap {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height` of them.
    pub pixels: Vec<bool>,
}

impl Bitmap {
    /// Whether a pixel is set; none is outside.
    pub fn is_set(&self, x: u32, y: u32) -> bool {
        x < self.width && self.pixels.get(y as usize * self.width as usize + x as usize).copied().unwrap_or(false)
    }
}

/// The bytes that a text in base64 stands for; blanks and a `data:` prefix do not count.
pub fn from_base64(text: &str) -> Result<Vec<u8>, Fault> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text = match text.split_once(',') {
        Some((head, rest)) if head.starts_with("data:") => rest,
        _ => text,
    };
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = GeneralPurpose::new(&STANDARD, config).decode(text);
    decoded.map_err(|_| Fault::new(0, "the text is no base64"))
}

/// Bytes in base64.
pub fn to_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The bytes that a zlib stream stands for.
pub fn inflated(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut inflated = Vec::new();
    read_to_limit(&mut ZlibDecoder::new(bytes), &mut inflated, BYTES)
        .map_err(|error| Fault::new(0, format!("the mask cannot be unpacked: {error}")))?;
    Ok(inflated)
}

/// The pixels of a PNG that are neither black nor transparent.
pub fn from_png(bytes: &[u8]) -> Result<Bitmap, Fault> {
    let fault = |error: png::DecodingError| Fault::new(0, format!("the mask is no PNG: {error}").trim_end_matches('.'));
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(fault)?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(Fault::new(0, format!("a mask of {width}x{height} pixels is too large")));
    }
    let size = reader.output_buffer_size().ok_or_else(|| Fault::new(0, "the mask is too large"))?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).map_err(fault)?;
    let is_set: fn(&[u8]) -> bool = match frame.color_type {
        ColorType::GrayscaleAlpha => |pixel| pixel[1] > 0 && pixel[0] > 0,
        ColorType::Rgba => |pixel| pixel[3] > 0 && pixel[..3] != [0; 3],
        _ => |pixel| pixel.iter().any(|sample| *sample > 0),
    };
    let pixels = buffer.get(..frame.buffer_size()).unwrap_or_default().chunks_exact(frame.color_type.samples());
    Ok(Bitmap { width, height, pixels: pixels.map(is_set).collect() })
}

/// A gray PNG of white where a pixel is set.
pub fn to_png(width: u32, height: u32, pixels: &[bool]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let samples: Vec<u8> = pixels.iter().map(|set| u8::from(*set) * 255).collect();
    // Into memory, with as many samples as there are pixels, nothing can fail.
    if let Ok(mut writer) = encoder.write_header() {
        writer.write_image_data(&samples).ok();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_back() {
        let pixels = vec![true, false, false, true, true, true];
        let png = to_png(3, 2, &pixels);
        let bitmap = from_png(&from_base64(&format!("data:image/png;base64,{}\n", to_base64(&png))).unwrap()).unwrap();
        assert_eq!(bitmap, Bitmap { width: 3, height: 2, pixels });
        assert!(bitmap.is_set(0, 0) && !bitmap.is_set(1, 0) && !bitmap.is_set(3, 0) && !bitmap.is_set(0, 2));
        for end in 0..png.len() {
            from_png(&png[..end]).ok();
        }
        assert_eq!(from_base64("a*"), Err(Fault::new(0, "the text is no base64")));
        assert!(inflated(b"x").is_err());
    }
}
