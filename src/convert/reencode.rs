//! Which images are written as another file than their own: what TensorFlow does not decode, and what was asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::image::transcode::{Encoding, decodes, transcode};
use crate::image::{Header, Kind};

/// Of a JPEG that is written where nothing else is said.
const QUALITY: u8 = 95;

/// What images are encoded as anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reencode {
    /// What TensorFlow does not decode becomes a PNG; all others keep their bytes.
    #[default]
    Auto,
    /// All keep their bytes.
    Never,
    /// All become PNG; those that are keep their bytes.
    Png,
    /// All become JPEG of this quality.
    Jpeg(u8),
}

impl Reencode {
    /// `auto`, `never`, `png`, `jpeg` or `jpeg:90`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (word, quality) = text.split_once(':').map_or((text, None), |(word, quality)| (word, Some(quality)));
        let quality = quality.map(|text| text.parse::<u8>().ok().filter(|quality| (1..=100).contains(quality)));
        match (word, quality) {
            ("auto", None) => Ok(Self::Auto),
            ("never", None) => Ok(Self::Never),
            ("png", None) => Ok(Self::Png),
            ("jpeg" | "jpg", None) => Ok(Self::Jpeg(QUALITY)),
            ("jpeg" | "jpg", Some(Some(quality))) => Ok(Self::Jpeg(quality)),
            _ => Err(format!("reencode is auto, never, png, jpeg or jpeg:1 to jpeg:100, not {text:?}")),
        }
    }
}

impl fmt::Display for Reencode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Never => f.write_str("never"),
            Self::Png => f.write_str("png"),
            Self::Jpeg(quality) => write!(f, "jpeg:{quality}"),
        }
    }
}

/// How an image is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// What it becomes.
    pub encoding: Encoding,
    /// Its orientation, if it is turned upright; otherwise 1.
    pub turned: u8,
}

impl Rewrite {
    /// What becomes of an image; none if it keeps its bytes, and an error where it cannot be what it has to be.
    pub fn of(header: &Header, reencode: Reencode, auto_orient: bool) -> Result<Option<Self>, String> {
        let kind = header.kind;
        let turned = if auto_orient { header.orientation } else { 1 };
        let encoding = match reencode {
            Reencode::Never => return Ok(None),
            Reencode::Jpeg(quality) => Encoding::Jpeg(quality),
            Reencode::Png | Reencode::Auto if !header.tensorflow => Encoding::Png,
            Reencode::Png if kind != Kind::Png || turned != 1 => Encoding::Png,
            Reencode::Auto if turned != 1 && kind == Kind::Jpeg => Encoding::Jpeg(QUALITY),
            Reencode::Auto if turned != 1 => Encoding::Png,
            Reencode::Png | Reencode::Auto => return Ok(None),
        };
        if !decodes(kind) {
            return Err(format!(
                "TensorFlow does not decode {kind}, and recordmill does not either: make it a PNG or JPEG; with reencode \
                 never it is written as it is"
            ));
        }
        Ok(Some(Self { encoding, turned }))
    }

    /// The new file.
    pub fn bytes(&self, bytes: &[u8], header: &Header) -> Result<Vec<u8>, String> {
        transcode(bytes, header, self.turned != 1, self.encoding).map_err(|error| {
            let kind = header.kind;
            format!("this {kind} cannot be decoded to be written as {}: {error}", self.encoding.kind())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for text in ["auto", "never", "png", "jpeg:90"] {
            assert_eq!(Reencode::parse(text).expect("a word").to_string(), text);
        }
        assert_eq!(Reencode::parse("jpg"), Ok(Reencode::Jpeg(95)));
        for text in ["", "jpeg:0", "jpeg:101", "jpeg:", "png:9", "webp"] {
            assert!(Reencode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn who_keeps_its_bytes() {
        let of = |kind: Kind, orientation: u8, reencode, orient| {
            let tensorflow = kind.tensorflow_decodes();
            let header = Header { kind, width: 1, height: 1, channels: 3, depth: 8, orientation, tensorflow };
            Rewrite::of(&header, reencode, orient)
                .map(|rewrite| rewrite.map(|rewrite| (rewrite.encoding, rewrite.turned)))
        };
        let (png, jpeg) = (Encoding::Png, Encoding::Jpeg(QUALITY));
        assert_eq!(of(Kind::Jpeg, 6, Reencode::Auto, false), Ok(None));
        assert_eq!(of(Kind::Jpeg, 6, Reencode::Auto, true), Ok(Some((jpeg, 6))));
        assert_eq!(of(Kind::Jpeg, 1, Reencode::Auto, true), Ok(None));
        assert_eq!(of(Kind::Png, 6, Reencode::Png, true), Ok(Some((png, 6))));
        assert_eq!(of(Kind::Png, 1, Reencode::Png, true), Ok(None));
        assert_eq!(of(Kind::Webp, 1, Reencode::Auto, false), Ok(Some((png, 1))));
        assert_eq!(of(Kind::Webp, 1, Reencode::Never, false), Ok(None));
        assert_eq!(of(Kind::Avif, 1, Reencode::Never, false), Ok(None));
        assert!(of(Kind::Avif, 1, Reencode::Auto, false).is_err());
        assert_eq!(of(Kind::Jpeg, 1, Reencode::Jpeg(80), false), Ok(Some((Encoding::Jpeg(80), 1))));
    }
}
