//! Masks as pictures inside of annotations: base64, zlib and PNG around single pixels.

use std::io::{Cursor, Write};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use png::{ColorType, Transformations};

use super::geometry::PIXELS;
use super::text::{Fault, read_to_limit};
use crate::dataset::Mask;
use crate::image::runs;

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

/// The pixels of the box around what is set in a mask, and the box's upper left corner; `None` if nothing is set.
pub fn crop_of(mask: &Mask) -> Option<([u32; 2], Bitmap)> {
    let sides = runs::bounds(&mask.runs, mask.height)?.map(|side| side as u32);
    Some(([sides[0], sides[1]], part_of(mask, sides)))
}

/// All pixels of a mask.
pub fn whole(mask: &Mask) -> Bitmap {
    part_of(mask, [0, 0, mask.width, mask.height])
}

/// The pixels of a mask in a box that has all that are set.
fn part_of(mask: &Mask, [x0, y0, x1, y1]: [u32; 4]) -> Bitmap {
    let (width, height) = (x1 - x0, y1 - y0);
    let mut pixels = vec![false; width as usize * height as usize];
    let rows = mask.height as usize;
    let mut start = 0;
    for (place, run) in mask.runs.iter().enumerate() {
        let end = start + *run as usize;
        if place % 2 == 1 {
            for at in start..end {
                let (x, y) = (at / rows - x0 as usize, at % rows - y0 as usize);
                pixels.get_mut(y * width as usize + x).into_iter().for_each(|pixel| *pixel = true);
            }
        }
        start = end;
    }
    Bitmap { width, height, pixels }
}

/// Lengths of runs of pixels that are not set and are in turn, row by row.
pub fn row_runs(bitmap: &Bitmap) -> Vec<u32> {
    let mut runs = vec![0u32];
    let mut last = false;
    for pixel in &bitmap.pixels {
        if *pixel != last {
            runs.push(0);
            last = *pixel;
        }
        runs.last_mut().into_iter().for_each(|run| *run += 1);
    }
    runs
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

/// Bytes as a zlib stream.
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Into memory nothing can fail.
    drop(encoder.write_all(bytes));
    encoder.finish().unwrap_or_default()
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
    fn masks_are_cropped() {
        // 4 columns of 3: one pixel of the second, two of the third.
        let mask = Mask { width: 4, height: 3, runs: [4, 1, 2, 2, 3].into() };
        let (corner, bitmap) = crop_of(&mask).expect("set pixels");
        assert_eq!((corner, bitmap.width, bitmap.height), ([1, 1], 2, 2));
        assert_eq!(bitmap.pixels, [true, true, false, true]);
        assert_eq!(row_runs(&bitmap), [0, 2, 1, 1]);
        assert_eq!(crop_of(&Mask { width: 1, height: 1, runs: [1].into() }), None);
    }

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
        assert_eq!(inflated(&deflated(b"mask")), Ok(b"mask".to_vec()));
    }
}
