//! An image as a file of another kind: pixels decoded, turned upright where that is asked for, and encoded.
//!
//! What a file says of its size meets [`DECODED_LEN`] before anything is allocated, and a decoder that panics is an error
//! like any other.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::image::codecs::jpeg::JpegEncoder;
use ::image::codecs::png::{CompressionType, FilterType, PngEncoder};
use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageFormat, ImageReader, Limits};

use super::{Header, Kind};

/// Bytes that pixels may take; a file of a few kilobytes can claim any number.
pub const DECODED_LEN: u64 = 1 << 30;

/// What pixels are encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Without a loss.
    Png,
    /// With this quality, 1 to 100.
    Jpeg(u8),
}

impl Encoding {
    /// The kind of file.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Png => Kind::Png,
            Self::Jpeg(_) => Kind::Jpeg,
        }
    }
}

/// Whether [`transcode`] knows how to decode a kind.
pub const fn decodes(kind: Kind) -> bool {
    format(kind).is_some()
}

const fn format(kind: Kind) -> Option<ImageFormat> {
    Some(match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Gif => ImageFormat::Gif,
        Kind::Bmp => ImageFormat::Bmp,
        Kind::Webp => ImageFormat::WebP,
        Kind::Tiff => ImageFormat::Tiff,
        Kind::Avif | Kind::Heic => return None,
    })
}

/// The image `bytes`, whose header is `header`, as `encoding`: of an animation the first picture. With `upright` it is turned
/// as its orientation says.
pub fn transcode(bytes: &[u8], header: &Header, upright: bool, encoding: Encoding) -> Result<Vec<u8>, String> {
    decoded(bytes, header, upright, |image| encode(image, encoding))
}

/// What `work` makes of the pixels of the image `bytes`, whose header is `header`, turned as its orientation says where it
/// is to be `upright`.
pub(super) fn decoded<T>(
    bytes: &[u8],
    header: &Header,
    upright: bool,
    work: impl FnOnce(DynamicImage) -> Result<T, String>,
) -> Result<T, String> {
    let Some(format) = format(header.kind) else {
        return Err(format!("{} cannot be decoded here", header.kind));
    };
    let (width, height) = (header.width, header.height);
    let sample = u64::from(header.depth.div_ceil(8).max(1));
    // A decoder may give colours, or alpha, that the file does not have.
    let len = u128::from(width) * u128::from(height) * u128::from(header.channels.max(4)) * u128::from(sample);
    if len > DECODED_LEN.into() {
        return Err(format!("its {width} x {height} pixels are too many to be decoded ({len} bytes)"));
    }
    let decode = || {
        let mut limits = Limits::default();
        limits.max_image_width = Some(width);
        limits.max_image_height = Some(height);
        limits.max_alloc = Some(DECODED_LEN);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        let mut image = reader.decode().map_err(|error| error.to_string())?;
        if (image.width(), image.height()) != (width, height) {
            return Err(format!(
                "its header says {width} x {height}, its pixels are {} x {}",
                image.width(),
                image.height()
            ));
        }
        if upright && let Some(orientation) = Orientation::from_exif(header.orientation) {
            image.apply_orientation(orientation);
        }
        work(image)
    };
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err("the decoder failed".into()))
}

fn encode(image: DynamicImage, encoding: Encoding) -> Result<Vec<u8>, String> {
    let mut file = Vec::new();
    let encoded = match encoding {
        Encoding::Png => {
            let image = match image {
                // What GIF and WEBP give; TensorFlow would decode the alpha only to drop it.
                DynamicImage::ImageRgba8(pixels) if pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX) => {
                    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(pixels).into_rgb8())
                }
                DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => {
                    return Err("its pixels are fractions, which a PNG cannot hold".into());
                }
                image => image,
            };
            image.write_with_encoder(PngEncoder::new_with_quality(
                &mut file,
                CompressionType::Default,
                FilterType::Adaptive,
            ))
        }
        Encoding::Jpeg(quality) => {
            let encoder = JpegEncoder::new_with_quality(&mut file, quality);
            match image.color().has_color() {
                true => image.into_rgb8().write_with_encoder(encoder),
                false => image.into_luma8().write_with_encoder(encoder),
            }
        }
    };
    encoded.map_err(|error| format!("cannot be written as {}: {error}", encoding.kind()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::header;

    fn png(width: u32, height: u32, depth: ::png::BitDepth, color: ::png::ColorType, pixels: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut file, width, height);
        encoder.set_depth(depth);
        encoder.set_color(color);
        encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels)).expect("written");
        file
    }

    #[test]
    fn turns_and_keeps_pixels() {
        let pixels: Vec<u8> = (0..6).collect();
        let file = png(3, 2, ::png::BitDepth::Eight, ::png::ColorType::Grayscale, &pixels);
        let header = header::read(&file).expect("a header");
        for (orientation, upright) in [(1, [0, 1, 2, 3, 4, 5]), (3, [5, 4, 3, 2, 1, 0]), (6, [3, 0, 4, 1, 5, 2])] {
            let turned = Header { orientation, ..header };
            let made = transcode(&file, &turned, true, Encoding::Png).expect("encoded");
            let image = ::image::load_from_memory(&made).expect("decoded");
            assert_eq!(image.as_bytes(), upright, "{orientation}");
            let same = transcode(&file, &turned, false, Encoding::Png).expect("encoded");
            assert_eq!(::image::load_from_memory(&same).expect("decoded").as_bytes(), &*pixels);
        }
        let jpeg = transcode(&file, &header, false, Encoding::Jpeg(90)).expect("encoded");
        let made = header::read(&jpeg).expect("a header");
        assert_eq!((made.kind, made.width, made.height, made.channels, made.tensorflow), (Kind::Jpeg, 3, 2, 1, true));
    }

    #[test]
    fn what_is_too_large_or_no_image_is_refused() {
        let file = png(1, 1, ::png::BitDepth::Eight, ::png::ColorType::Grayscale, &[0]);
        let header = header::read(&file).expect("a header");
        let huge = Header { width: 1 << 20, height: 1 << 20, ..header };
        assert!(transcode(&file, &huge, false, Encoding::Png).unwrap_err().contains("too many"));
        let other = Header { width: 2, height: 1, ..header };
        assert!(transcode(&file, &other, false, Encoding::Png).unwrap_err().contains("1 x 1"));
        assert!(transcode(b"nothing", &header, false, Encoding::Png).is_err());
        let avif = Header { kind: Kind::Avif, ..header };
        assert_eq!(transcode(&file, &avif, false, Encoding::Png).unwrap_err(), "avif cannot be decoded here");
    }
}
