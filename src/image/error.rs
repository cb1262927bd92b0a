//! What is wrong with the bytes of an image.

use super::Kind;

/// What is wrong, by who could mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageErrorKind {
    /// The bytes are of no kind that we know, or there are none.
    Unknown,
    /// The file ends before the image does.
    Truncated,
    /// A rule of the format is broken.
    Malformed,
    /// Width or height is 0 or 2^31 or more.
    Size,
}

/// Bytes that are no whole image. The message names the kind, not the file: who knows the file's name puts it in front.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ImageError {
    kind: ImageErrorKind,
    image: Option<Kind>,
    offset: u64,
    text: Box<str>,
}

impl ImageError {
    pub(super) fn unknown(bytes: &[u8]) -> Self {
        let text = match bytes {
            [] => "not an image: the file is empty".into(),
            _ if bytes.iter().all(|byte| *byte == 0) => {
                format!("not an image: all of its {} bytes are zero", thousands(bytes.len()))
            }
            _ => {
                let start: Vec<_> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                format!("not an image of a known kind: it starts with the bytes {}", start.join(" "))
            }
        };
        Self { kind: ImageErrorKind::Unknown, image: None, offset: 0, text: text.into() }
    }

    /// `missing`: what the file ought to have, as in "no end marker".
    pub(super) fn cut(image: Kind, bytes: &[u8], missing: &str) -> Self {
        let text = format!("{image} is cut off: {missing} in its {} bytes", thousands(bytes.len()));
        Self { kind: ImageErrorKind::Truncated, image: Some(image), offset: bytes.len() as u64, text: text.into() }
    }

    /// `what` is to stand from `offset` to `end`, which the file does not reach.
    pub(super) fn short(image: Kind, bytes: &[u8], what: &str, offset: usize, end: u64) -> Self {
        let text = format!(
            "{image} is cut off: {what} from byte {} to {}, the file has {} bytes",
            thousands(offset),
            thousands(end),
            thousands(bytes.len())
        );
        Self { kind: ImageErrorKind::Truncated, image: Some(image), offset: bytes.len() as u64, text: text.into() }
    }

    pub(super) fn malformed(image: Kind, offset: usize, what: impl AsRef<str>) -> Self {
        let text = format!("{image} is damaged at byte {}: {}", thousands(offset), what.as_ref());
        Self { kind: ImageErrorKind::Malformed, image: Some(image), offset: offset as u64, text: text.into() }
    }

    pub(super) fn size(image: Kind, offset: usize, width: u64, height: u64) -> Self {
        let text = format!("{image} says that it is {width} x {height} pixels; both must be 1 to 2147483647");
        Self { kind: ImageErrorKind::Size, image: Some(image), offset: offset as u64, text: text.into() }
    }

    /// What is wrong.
    pub fn kind(&self) -> ImageErrorKind {
        self.kind
    }

    /// What the first bytes say that the file is.
    pub fn image(&self) -> Option<Kind> {
        self.image
    }

    /// Where in the file; its length where it is cut off.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

/// `8123` as `8,123`.
fn thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_threes() {
        let cases =
            [(0, "0"), (999, "999"), (1000, "1,000"), (8123, "8,123"), (123_456, "123,456"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(thousands(number as u64), text);
        }
    }

    #[test]
    fn messages() {
        let cases = [
            (ImageError::unknown(b""), "not an image: the file is empty"),
            (ImageError::unknown(&[0; 2000]), "not an image: all of its 2,000 bytes are zero"),
            (
                ImageError::unknown(b"<!DOCTYPE html>"),
                "not an image of a known kind: it starts with the bytes 3c 21 44 4f 43 54 59 50",
            ),
            (
                ImageError::cut(Kind::Jpeg, &[1; 8123], "no end marker"),
                "jpeg is cut off: no end marker in its 8,123 bytes",
            ),
            (
                ImageError::short(Kind::Png, &[1; 1500], "IDAT chunk", 41, 8245),
                "png is cut off: IDAT chunk from byte 41 to 8,245, the file has 1,500 bytes",
            ),
            (ImageError::malformed(Kind::Gif, 1040, "no such block"), "gif is damaged at byte 1,040: no such block"),
            (ImageError::size(Kind::Bmp, 18, 0, 7), "bmp says that it is 0 x 7 pixels; both must be 1 to 2147483647"),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
        }
    }
}
