//! Small pictures of an image, upright, as JPEG: what pages show.

use ::image::codecs::jpeg::JpegEncoder;
use ::image::{DynamicImage, Rgb, RgbImage};

use super::Header;
use super::transcode::decoded;

/// Of the small picture, which is looked at as one of many.
const SMALL_QUALITY: u8 = 74;
/// Of the large one.
const LARGE_QUALITY: u8 = 86;
/// Pixels of the longer side of a large picture; screens show no more.
const LARGE: u32 = 1600;
/// A large picture has to be so much larger than the small one to be worth its bytes, in fourths.
const WORTH: u32 = 5;
/// How often a large picture is made smaller until it fits.
const TRIES: usize = 5;

/// Pictures of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// The small one, a JPEG.
    pub small: Vec<u8>,
    /// A larger one, a JPEG.
    pub large: Option<Vec<u8>>,
}

/// Pictures of the image `bytes`, whose header is `header`: one of at most `side` pixels to each side, and one that takes at
/// most `room` bytes, where the image is large enough for one. Neither is larger than the image. What is transparent is white.
pub fn pictures(bytes: &[u8], header: &Header, side: u32, room: usize) -> Result<Pictures, String> {
    decoded(bytes, header, true, |image| {
        let longer = image.width().max(image.height());
        // Of a large image all further ones are made of what is large enough for any of them.
        let (image, large) = if room > 0 {
            let start = within(image, LARGE);
            let large = fitting(&start, side, room, longer)?;
            (start, large)
        } else {
            (image, None)
        };
        Ok(Pictures { small: jpeg(&within(image, side), SMALL_QUALITY)?, large })
    })
}

/// The image as a JPEG of at most `room` bytes that is larger than `side`.
fn fitting(image: &DynamicImage, side: u32, room: usize, longer: u32) -> Result<Option<Vec<u8>>, String> {
    let mut wanted = longer.min(LARGE);
    for _ in 0..TRIES {
        // Compared in 64 bits: a side may have any number of pixels.
        if u64::from(wanted) * 4 < u64::from(side) * u64::from(WORTH) {
            break;
        }
        let file = jpeg(&within(image.clone(), wanted), LARGE_QUALITY)?;
        if file.len() <= room {
            return Ok(Some(file));
        }
        // Bytes go with the area.
        wanted = (f64::from(wanted) * (room as f64 / file.len() as f64).sqrt() * 0.95) as u32;
    }
    Ok(None)
}

fn within(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side { image } else { image.thumbnail(side, side) }
}

fn jpeg(image: &DynamicImage, quality: u8) -> Result<Vec<u8>, String> {
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    let encoded = match image {
        DynamicImage::ImageLuma8(pixels) => pixels.write_with_encoder(encoder),
        DynamicImage::ImageLuma16(_) => image.to_luma8().write_with_encoder(encoder),
        image if image.color().has_alpha() => on_white(image).write_with_encoder(encoder),
        image => image.to_rgb8().write_with_encoder(encoder),
    };
    encoded.map_err(|error| format!("cannot be written as jpeg: {error}"))?;
    Ok(file)
}

fn on_white(image: &DynamicImage) -> RgbImage {
    let pixels = image.to_rgba8();
    let mut flat = RgbImage::new(pixels.width(), pixels.height());
    for (to, from) in flat.pixels_mut().zip(pixels.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        *to = Rgb([red, green, blue].map(|value| ((value * alpha + 255 * (255 - alpha)) / 255) as u8));
    }
    flat
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ::image::{ImageFormat, RgbaImage};

    use super::*;
    use crate::image::header;

    fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        image.into().write_to(&mut file, ImageFormat::Png).expect("written");
        file.into_inner()
    }

    /// Every pixel another: it does not compress.
    fn noise(width: u32, height: u32) -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [red, green, blue, _] = state.to_be_bytes();
            Rgb([red, green, blue])
        })
    }

    fn size(file: &[u8]) -> (u32, u32) {
        let header = header::read(file).expect("an image");
        (header.width, header.height)
    }

    #[test]
    fn none_is_larger_than_asked_for_or_than_the_image() {
        let file = png(noise(400, 200));
        let header = header::read(&file).expect("a header");
        let made = pictures(&file, &header, 100, 1 << 20).expect("pictures");
        assert_eq!((size(&made.small), made.large.as_deref().map(size)), ((100, 50), Some((400, 200))));
        let made = pictures(&file, &header, 100, 20_000).expect("pictures");
        let large = made.large.expect("a large one");
        assert!(large.len() <= 20_000 && size(&large).0 > 125 && size(&large).0 < 400, "{:?}", size(&large));
        // Too little room for one that is worth it, none asked for, and an image that is small itself.
        assert_eq!(pictures(&file, &header, 100, 1000).expect("pictures").large, None);
        assert_eq!(pictures(&file, &header, 100, 0).expect("pictures").large, None);
        let made = pictures(&file, &header, 1000, 1 << 20).expect("pictures");
        assert_eq!((size(&made.small), made.large), ((400, 200), None));
    }

    #[test]
    fn turned_images_stand_upright_and_what_is_transparent_is_white() {
        let mut image = RgbaImage::from_pixel(16, 8, ::image::Rgba([200, 0, 0, 255]));
        (0..8).flat_map(|x| (0..8).map(move |y| (x, y))).for_each(|(x, y)| image.get_pixel_mut(x, y).0[3] = 0);
        let file = png(image);
        let header = Header { orientation: 6, ..header::read(&file).expect("a header") };
        let made = pictures(&file, &header, 64, 0).expect("pictures").small;
        let made = ::image::load_from_memory(&made).expect("a picture").into_rgb8();
        // Orientation 6 has the stored left side above.
        assert_eq!(made.dimensions(), (8, 16));
        let near = |x, y, color: [u8; 3]| made.get_pixel(x, y).0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 24);
        assert!(near(4, 3, [255, 255, 255]) && near(4, 12, [200, 0, 0]), "{made:?}");
    }
}
