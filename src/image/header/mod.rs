//! Size, channels and orientation of an image file, without decoding it, and whether the file is whole.
//!
//! "Whole" is TensorFlow's idea of it where TensorFlow decodes the kind (measured with 2.21, every prefix of files of
//! each kind): what it would refuse must not become a record.
//!
//! ```text
//! | kind  | TensorFlow refuses                         | here                                                       |
//! |-------|--------------------------------------------|------------------------------------------------------------|
//! | jpeg  | no end marker after the last scan; takes   | the last two bytes, else a walk over the scans' markers;   |
//! |       | anything behind the marker                 | a hole inside a scan is not seen, by TensorFlow neither    |
//! | png   | any chunk without its bytes or with a      | walk over the chunks, CRCs of the critical ones taken; the |
//! |       | wrong CRC, up to IEND; takes what follows  | deflate stream inside is not read                          |
//! | gif   | first frame not whole; takes a missing     | walk over the blocks up to the end of the first frame      |
//! |       | trailer and half a second frame            |                                                            |
//! | bmp   | any other length than the header gives     | shorter is an error; longer is a whole image that          |
//! |       |                                            | TensorFlow does not take ([`Header::tensorflow`])          |
//! | webp  | less than RIFF's length; takes what        | RIFF's length, and a chunk with the image in it            |
//! |       | follows                                    |                                                            |
//! | tiff  | (does not decode it)                       | every strip or tile lies in the file                       |
//! | avif, | (does not decode it)                       | every box lies in the file, and one of them holds data     |
//! | heic  |                                            |                                                            |
//! ```

mod bmp;
mod bytes;
mod exif;
mod gif;
mod heif;
mod jpeg;
mod png;
mod tiff;
mod webp;

use super::{ImageError, Kind};

/// What an image file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the first bytes say that it is, whatever the file is called.
    pub kind: Kind,
    /// Columns of pixels as stored, before any rotation.
    pub width: u32,
    /// Rows of pixels as stored, before any rotation.
    pub height: u32,
    /// Samples per pixel when it is decoded in full: grey 1, colour 3, CMYK 4, and one more for alpha. A palette counts as the
    /// colours in it.
    pub channels: u8,
    /// Bits per sample (of a palette: per index).
    pub depth: u8,
    /// Exif orientation, 1 to 8: how to turn the stored pixels to see them upright; 1 where nothing sensible is said.
    pub orientation: u8,
    /// Whether `tf.io.decode_image` decodes this very file, and gives it as (height, width, channels).
    pub tensorflow: bool,
}

impl Header {
    /// The header's size checked: neither side 0, neither beyond what TensorFlow's shapes and everybody's int hold.
    fn new(kind: Kind, offset: usize, width: u64, height: u64, channels: u8, depth: u8) -> Result<Self, ImageError> {
        let side = |value| u32::try_from(value).ok().filter(|value| (1..1 << 31).contains(value));
        let (Some(w), Some(h)) = (side(width), side(height)) else {
            return Err(ImageError::size(kind, offset, width, height));
        };
        let tensorflow = kind.tensorflow_decodes();
        Ok(Self { kind, width: w, height: h, channels, depth, orientation: 1, tensorflow })
    }
}

/// The kind that the first bytes announce.
pub fn detect(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some(Kind::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Kind::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Kind::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Kind::Webp),
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Some(Kind::Tiff),
        [b'B', b'M', ..] => Some(Kind::Bmp),
        _ => heif::detect(bytes),
    }
}

/// Reads the header of the image that is `bytes`, the whole file.
pub fn read(bytes: &[u8]) -> Result<Header, ImageError> {
    let kind = detect(bytes).ok_or_else(|| ImageError::unknown(bytes))?;
    match kind {
        Kind::Jpeg => jpeg::read(bytes),
        Kind::Png => png::read(bytes),
        Kind::Gif => gif::read(bytes),
        Kind::Bmp => bmp::read(bytes),
        Kind::Webp => webp::read(bytes),
        Kind::Tiff => tiff::read(bytes),
        Kind::Avif | Kind::Heic => heif::read(bytes, kind),
    }
}
