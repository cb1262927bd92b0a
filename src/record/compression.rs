//! What a TFRecord file may be wrapped in, and how to see it.

use std::fmt;

use super::{HEADER_LEN, split_header};

/// What is around the run of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Nothing.
    #[default]
    None,
    /// One GZIP member or several (RFC 1952).
    Gzip,
    /// One ZLIB stream (RFC 1950).
    Zlib,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Gzip, Self::Zlib];

    /// The name in options and reports: `none`, `gzip`, `zlib`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
        }
    }

    /// The one of that name in any case; the empty name, which is TensorFlow's word for none, too.
    pub fn from_name(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::None);
        }
        Self::ALL.into_iter().find(|compression| compression.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Sees from the first bytes of a file (12 are enough) what is around its records; `None` if they are nothing known.
///
/// A header that checks wins, since its CRC is 32 bits of evidence. Then come the magic of GZIP with its one
/// compression method, and the four ZLIB headers that exist in practice (32 KiB window, no dictionary).
pub fn detect(head: &[u8]) -> Option<Compression> {
    if let Some(header) = head.first_chunk::<HEADER_LEN>()
        && split_header(header).is_ok()
    {
        return Some(Compression::None);
    }
    match head {
        [0x1f, 0x8b] | [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, deflate @ ..] if may_be_deflate(deflate) => Some(Compression::Zlib),
        _ => None,
    }
}

/// Whether deflate data may begin so. A damaged plain file whose first length is 0x0178 looks like ZLIB for two
/// bytes; its zeros after that are a stored block whose two lengths contradict each other.
fn may_be_deflate(bytes: &[u8]) -> bool {
    match *bytes {
        [first, ..] if first & 0b110 == 0b110 => false,
        [first, a, b, c, d, ..] if first & 0b110 == 0 => [a, b] == [!c, !d],
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for compression in Compression::ALL {
            assert_eq!(Compression::from_name(compression.name()), Some(compression));
            assert_eq!(Compression::from_name(&compression.name().to_uppercase()), Some(compression));
        }
        assert_eq!(Compression::from_name(""), Some(Compression::None));
        assert_eq!(Compression::from_name("snappy"), None);
    }

    #[test]
    fn detects() {
        let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0];
        let rows: [(&[u8], Option<Compression>); 12] = [
            (b"", None),
            (b"x", None),
            (&[3, 0, 0, 0, 0, 0, 0, 0, 0xb0, 0x99, 0x49, 0x0e], Some(Compression::None)),
            (&[3, 0, 0, 0, 0, 0, 0, 0, 0xb0, 0x99, 0x49, 0x0f], None),
            (&gzip, Some(Compression::Gzip)),
            (&gzip[..2], Some(Compression::Gzip)),
            (&[0x1f, 0x8b, 7, 0], None),
            (&[0x78, 0x9c, 0x63, 0x61, 0x80, 0, 0x27, 0xd7], Some(Compression::Zlib)),
            (&[0x78, 0x01, 0x00, 2, 0, 0xfd, 0xff, 9, 9], Some(Compression::Zlib)),
            // Length 376 with a damaged CRC; a text.
            (&[0x78, 0x01, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], None),
            (b"x^n + y^n = z^n", None),
            (&[0x78, 0x9d, 0x63], None),
        ];
        for (head, expected) in rows {
            assert_eq!(detect(head), expected, "{head:x?}");
        }
    }
}
