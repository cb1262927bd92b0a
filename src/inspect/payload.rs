//! What a payload is, and words for what it holds.

use std::fmt::Display;

use super::thousands;
use crate::example::{Example, ExampleError, SequenceExample, Values, decode_either};
use crate::image;

/// What a record holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<'a> {
    /// `tf.train.Example`
    Example(Example<'a>),
    /// `tf.train.SequenceExample` with `feature_lists`; without, it is an Example
    Sequence(SequenceExample<'a>),
    /// Something else. Where the parser stopped; nothing where it read on but found no field that it knows.
    Other(Option<ExampleError>),
}

impl<'a> Payload<'a> {
    /// Reads a payload.
    pub fn of(bytes: &'a [u8]) -> Self {
        match decode_either(bytes) {
            Ok(sequence) if !sequence.feature_lists.is_empty() => Self::Sequence(sequence),
            // Messages of other protocols may be nothing but fields that an Example does not know.
            Ok(sequence) if sequence.context.is_empty() && !is_empty_message(bytes) => Self::Other(None),
            Ok(sequence) => Self::Example(Example { features: sequence.context }),
            Err(error) => Self::Other(Some(error)),
        }
    }

    /// `Example`, `SequenceExample`, `text` or `bytes`, the last two by the look of `bytes`.
    pub fn word(&self, bytes: &[u8]) -> &'static str {
        match self {
            Self::Example(_) => "Example",
            Self::Sequence(_) => "SequenceExample",
            Self::Other(_) if text(bytes).is_some() => "text",
            Self::Other(_) => "bytes",
        }
    }
}

/// Whether `bytes` are an Example, or a SequenceExample, that has nothing in it: no field, or fields 1 and 2 of no length.
fn is_empty_message(bytes: &[u8]) -> bool {
    bytes.chunks(2).all(|field| matches!(field, [0x0a | 0x12, 0]))
}

/// `bytes` as text, where they look like that: UTF-8 without control characters.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let odd = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0x7f;
    if bytes.iter().copied().any(odd) { None } else { Some(text) }
}

/// The header of the image that `bytes` are, if they are one. Text is none, though it may begin like one (`BM`).
pub(super) fn image(bytes: &[u8]) -> Option<image::Header> {
    image::header::detect(bytes)?;
    image::header::read(bytes).ok()
}

/// Characters of a text, and values of a list, that a summary shows.
const SHOWN_CHARS: usize = 60;
const SHOWN_VALUES: usize = 8;

/// One value in words: `"cat"`, `JPEG 640x480, 81,234 bytes`, `12 bytes: 00 01 02 ...`.
pub(super) fn describe_bytes(bytes: &[u8]) -> String {
    if let Some(header) = image(bytes) {
        let name = header.kind.format_name().to_uppercase();
        return format!("{name} {}x{}, {} bytes", header.width, header.height, thousands(bytes.len() as u64));
    }
    if let Some(text) = text(bytes) {
        return match text.char_indices().nth(SHOWN_CHARS) {
            None => format!("{text:?}"),
            Some((cut, _)) => format!("{:?}... {} bytes", &text[..cut], thousands(bytes.len() as u64)),
        };
    }
    let shown: Vec<String> = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > shown.len() { " ..." } else { "" };
    format!("{} bytes: {}{more}", thousands(bytes.len() as u64), shown.join(" "))
}

/// The bytes that are letters of ASCII, and a full stop for each other.
pub(super) fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if matches!(byte, 0x20..0x7f) { char::from(*byte) } else { '.' }).collect()
}

/// The values of a feature in words: one alone as it is, several as a list that is cut.
pub(super) fn describe(values: &Values<'_>) -> String {
    match values {
        Values::Unset => "no kind is set".into(),
        Values::Bytes(list) => list_of(list.len(), list.iter().map(describe_bytes)),
        Values::Float(list) => list_of(list.len(), list.iter()),
        Values::Int64(list) => list_of(list.len(), list.iter()),
    }
}

fn list_of(len: usize, mut values: impl Iterator<Item = impl Display>) -> String {
    if len == 1 {
        return values.next().map(|value| value.to_string()).unwrap_or_default();
    }
    let shown: Vec<String> = values.take(SHOWN_VALUES).map(|value| value.to_string()).collect();
    let more = if len > shown.len() { format!(", ... {} values", thousands(len as u64)) } else { String::new() };
    format!("[{}{more}]", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{Feature, encode, encode_sequence};

    #[test]
    fn tells_payloads_apart() {
        let example = encode(&[("a", Feature::int64(1))]);
        let sequence = encode_sequence(&[], &[("s", vec![])]).unwrap();
        let word = |bytes: &[u8]| Payload::of(bytes).word(bytes);
        assert_eq!(
            [word(&example), word(&sequence), word(b""), word(b"\x0a\x00")],
            ["Example", "SequenceExample", "Example", "Example"]
        );
        // The second is a protocol buffer, though of another message.
        assert_eq!([word(b"hello world"), word(b"\x48\x05"), word(b"\xff\x00")], ["text", "bytes", "bytes"]);
        assert_eq!(Payload::of(b"\x48\x05"), Payload::Other(None));
        // Written by TensorFlow where context and lists were touched, and by tools that put messages one behind the other.
        assert_eq!([word(b"\x0a\x00\x12\x00"), word(b"\x0a\x00\x0a\x00")], ["Example", "Example"]);
        assert_eq!([word(b"\x0a\x00\x12"), word(b"\x12\x00\x1a\x00")], ["bytes", "bytes"]);
        // A field 2 that is no FeatureLists.
        let odd = [example, b"\x12\x01\x80".to_vec()].concat();
        assert_eq!(word(&odd), "Example");
    }

    #[test]
    fn describes_values() {
        let bytes = encode(&[
            ("bytes", Feature::bytes(&[0_u8; 20][..])),
            ("float", Feature::Float(vec![0.5, f32::NAN].into())),
            ("int", Feature::Int64((0..1000).collect::<Vec<_>>().into())),
            ("long", Feature::text("äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü")),
            ("text", Feature::Bytes(vec![b"cat"[..].into(), b"a \"dog\""[..].into()])),
            ("unset", Feature::Unset),
        ]);
        let Payload::Example(example) = Payload::of(&bytes) else { panic!("an Example") };
        let words: Vec<String> = example.features.iter().map(|(_, values)| describe(values)).collect();
        assert_eq!(
            words,
            [
                "20 bytes: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ...",
                "[0.5, NaN]",
                "[0, 1, 2, 3, 4, 5, 6, 7, ... 1,000 values]",
                "\"äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü\"... 126 bytes",
                "[\"cat\", \"a \\\"dog\\\"\"]",
                "no kind is set",
            ]
        );
    }
}
