//! Kinds of image file, and the names that go with them.

use std::fmt;

/// A kind of image file, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// ITU T.81, in JFIF or Exif
    Jpeg,
    /// W3C PNG, APNG too
    Png,
    /// GIF87a, GIF89a
    Gif,
    /// Windows and OS/2 bitmap
    Bmp,
    /// RIFF with VP8, VP8L or VP8X
    Webp,
    /// TIFF 6.0 and BigTIFF
    Tiff,
    /// HEIF with AV1
    Avif,
    /// HEIF with HEVC, or with a coding that its brands do not name
    Heic,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Jpeg, Self::Png, Self::Gif, Self::Bmp, Self::Webp, Self::Tiff, Self::Avif, Self::Heic];

    /// The word for `image/format` and for messages.
    pub const fn format_name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Webp => "webp",
            Self::Tiff => "tiff",
            Self::Avif => "avif",
            Self::Heic => "heic",
        }
    }

    /// Extensions of file names, without the dot, lower case, the usual one first.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png"],
            Self::Gif => &["gif"],
            Self::Bmp => &["bmp"],
            Self::Webp => &["webp"],
            Self::Tiff => &["tiff", "tif"],
            Self::Avif => &["avif"],
            Self::Heic => &["heic", "heif"],
        }
    }

    /// Whether `tf.io.decode_image` gives this kind as (height, width, channels), which is what the object detection
    /// decoders need (TensorFlow 2.21). GIF and WEBP come with a frame axis that they do not expect; TIFF, AVIF and
    /// HEIC are unknown to it. Not every file of such a kind is taken: see
    /// [`Header::tensorflow`](super::Header::tensorflow).
    pub const fn tensorflow_decodes(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Bmp)
    }

    /// The usual end of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Webp => "webp",
            Self::Tiff => "tif",
            Self::Avif => "avif",
            Self::Heic => "heic",
        }
    }

    /// The kind that a file's extension claims, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let extension = name.rsplit_once('.')?.1;
        Self::ALL.into_iter().find(|kind| kind.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension)))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.format_name())
    }
}

/// Whether a file of this name (or path, with `/`) is taken for an image: by its extension, in any case. `._photo.jpg`
/// is not one: macOS leaves such files, with its own notes in them, on disks of other systems.
pub fn is_image_name(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    !file.starts_with("._") && Kind::from_name(file).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in
            ["a.jpg", "b.JPEG", "c.Jpe", "d.jfif", "x/y/e.png", "f.GIF", ".hidden.bmp", "g.webp", "h.tif", "a.b.tiff"]
        {
            assert!(is_image_name(name), "{name}");
        }
        for name in ["i.avif", "j.heic", "k.HEIF", "ü/ö.jpg", "jpg.jpg"] {
            assert!(is_image_name(name), "{name}");
        }
        for name in
            ["", "jpg", "a.jpg/", "a.jpg.txt", "a.txt", "x.jpg/a", "._a.jpg", "x/._a.jpg", "a.jp", "a.svg", "a."]
        {
            assert!(!is_image_name(name), "{name}");
        }
    }

    #[test]
    fn extensions_are_of_one_kind_each() {
        let mut seen = std::collections::BTreeSet::new();
        for kind in Kind::ALL {
            for extension in kind.extensions() {
                assert!(seen.insert(*extension), "{extension} twice");
                assert_eq!(Kind::from_name(&format!("a.{extension}")), Some(kind));
            }
        }
        assert_eq!(seen.len(), 13);
    }
}
