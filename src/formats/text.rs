//! From the bytes of an annotation file to text, and from an offset in it to a line.
//!
//! Order of the attempts: byte order mark (UTF-8, UTF-16), UTF-8, the encoding that an XML declaration names, then a
//! guess between GBK and Windows-1252, which is told as a note, as it is where a declaration contradicts UTF-8. UTF-16 without a mark is recognised by its first `<`.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// What the bytes of a file say.
#[derive(Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// A sentence about the encoding, where it had to be guessed.
    pub guessed: Option<&'static str>,
}

const AS_GBK: &str = "the text is not UTF-8, read as gbk";
const AS_WINDOWS_1252: &str = "the text is not UTF-8, read as windows-1252";
const DOUBTFUL: &str = "the text is UTF-8, though it says another encoding, and is read as that";

/// What is wrong with a text, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1; 0 where the whole of it is meant.
    pub line: u32,
    /// In words.
    pub message: String,
}

impl Fault {
    /// A fault in a line.
    pub fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Decodes the bytes of a file.
pub fn decode(bytes: &[u8]) -> Text<'_> {
    let plain = |text| Text { text, guessed: None };
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let text = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
        // Bytes that contradict the mark become U+FFFD, like a guess.
        return match std::str::from_utf8(bytes) {
            Err(_) if encoding == UTF_8 => guess(bytes.get(mark..).unwrap_or_default()),
            _ => plain(text),
        };
    }
    match bytes {
        [b'<', 0, ..] => return plain(UTF_16LE.decode_without_bom_handling(bytes).0),
        [0, b'<', ..] => return plain(UTF_16BE.decode_without_bom_handling(bytes).0),
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Text in another encoding is hardly ever UTF-8 by chance (but a word or two in GBK may be); tools that write UTF-8
        // and declare something else there are.
        let doubtful = !text.is_ascii() && declared(bytes).is_some_and(|encoding| encoding != UTF_8);
        return Text { text: Cow::Borrowed(text), guessed: doubtful.then_some(DOUBTFUL) };
    }
    if let Some(encoding) = declared(bytes).filter(|encoding| *encoding != UTF_8)
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return plain(text);
    }
    guess(bytes)
}

/// The encoding of `<?xml ... encoding="..."?>`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let head = std::str::from_utf8(head.get(..head.iter().position(|byte| *byte == b'>')?)?).ok()?;
    let value = head.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Encoding::for_label(value.get(1..)?.split(quote).next()?.as_bytes())
}

/// GBK where every byte above ASCII stands in a pair of GB 2312's range, as Chinese text does; Windows-1252, where a
/// letter with an accent mostly stands alone, otherwise.
fn guess(bytes: &[u8]) -> Text<'_> {
    let mut rest = bytes.iter();
    let pairs = loop {
        match rest.next() {
            None => break true,
            Some(0..0x80) => {}
            Some(0xa1..=0xf7) if matches!(rest.next(), Some(0xa1..=0xfe)) => {}
            Some(_) => break false,
        }
    };
    let encoding = if pairs { GBK } else { WINDOWS_1252 };
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Text { text, guessed: Some(if pairs { AS_GBK } else { AS_WINDOWS_1252 }) }
}

/// A value without what tools leave around it: blanks, byte order marks (they occur inside files that were joined), no-
/// break spaces.
pub fn trim(value: &str) -> &str {
    // Nearly every value has nothing to take away.
    if let ([first, ..], [.., last]) = (value.as_bytes(), value.as_bytes())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return value;
    }
    value.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0')
}

/// A name in NFC: file systems of macOS give letters and their accents apart (NFD), annotations have them as one.
pub fn nfc(name: &str) -> Cow<'_, str> {
    match is_nfc_quick(name.chars()) {
        IsNormalized::Yes => name.into(),
        _ => name.nfc().collect::<String>().into(),
    }
}

/// A name of a column or alike, without case, blanks and marks: `img_fName` is `imgfname`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A finite number, with blanks and a byte order mark around it allowed.
pub fn number(value: &str) -> Option<f64> {
    let value = trim(value);
    // Short whole numbers, which most are: exact in every step.
    if (1..=15).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')) as f64);
    }
    value.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A number of pixels: whole, or written as a float; `None` if it is no number or out of range. 0 and below are 0.
pub fn pixels(value: &str) -> Option<u32> {
    let number = number(value)?.round();
    (number <= f64::from(u32::MAX)).then_some(number.max(0.0) as u32)
}

/// A yes or no, as tools write it. `None` in the inner place: said to be unknown.
pub fn yes_or_no(value: &str) -> Option<Option<bool>> {
    match trim(value).to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" | "y" | "t" => Some(Some(true)),
        "0" | "0.0" | "false" | "no" | "n" | "f" => Some(Some(false)),
        "" | "unspecified" | "unknown" | "none" | "null" | "na" | "n/a" | "nan" | "-1" => Some(None),
        _ => None,
    }
}

/// Lines of offsets that are asked for in rising order.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    /// At the first line of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line, from 1, of the byte at `offset`; an offset before the last asked one gives the same line.
    pub fn at(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.text.len());
        if offset > self.at {
            let passed = self.text[self.at..offset].iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
            self.at = offset;
        }
        self.line
    }
}

/// What is read of a text, as UTF-8 where its byte order mark says that it is UTF-16; else as it is.
pub struct Utf8<R> {
    from: R,
    decoder: Option<Decoder>,
    started: bool,
    /// Text that was not handed out yet.
    waiting: String,
    at: usize,
    /// The mark's bytes, where they were none.
    start: Vec<u8>,
}

/// Bytes that are decoded at a time.
const CHUNK: usize = 1 << 16;

impl<R: Read> Utf8<R> {
    /// The text that `from` has.
    pub fn new(from: R) -> Self {
        Self { from, decoder: None, started: false, waiting: String::new(), at: 0, start: Vec::new() }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.started = true;
        (&mut self.from).take(2).read_to_end(&mut self.start)?;
        self.decoder = match self.start[..] {
            [0xff, 0xfe] => Some(UTF_16LE.new_decoder_without_bom_handling()),
            [0xfe, 0xff] => Some(UTF_16BE.new_decoder_without_bom_handling()),
            _ => return Ok(()),
        };
        self.start.clear();
        Ok(())
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.started {
            self.begin()?;
        }
        let Some(decoder) = &mut self.decoder else {
            if self.start.is_empty() {
                return self.from.read(buffer);
            }
            let len = self.start.len().min(buffer.len());
            buffer[..len].copy_from_slice(&self.start[..len]);
            self.start.drain(..len);
            return Ok(len);
        };
        while self.at == self.waiting.len() {
            let mut bytes = Vec::with_capacity(CHUNK);
            (&mut self.from).take(CHUNK as u64).read_to_end(&mut bytes)?;
            (self.at, self.waiting) = (0, String::with_capacity(bytes.len() * 3 + 16));
            // With room for the longest there can be, nothing is left over.
            let _ = decoder.decode_to_string(&bytes, &mut self.waiting, bytes.is_empty());
            if bytes.is_empty() {
                // A decoder that was told of the end takes no more.
                self.decoder = None;
                self.start = std::mem::take(&mut self.waiting).into_bytes();
                self.at = 0;
                return self.read(buffer);
            }
        }
        let rest = self.waiting.as_bytes().get(self.at..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        Ok(len)
    }
}

/// Reads all that `from` has left into `bytes`, at most up to `limit` bytes in all. Longer: an error of kind
/// `FileTooLarge`. No memory is taken for more than is really there.
pub fn read_to_limit(from: &mut impl Read, bytes: &mut Vec<u8>, limit: u64) -> io::Result<()> {
    let left = limit.saturating_sub(bytes.len() as u64);
    // Most annotation files are small: one read for all, and one that finds the end.
    bytes.try_reserve(4096)?;
    from.take(left.saturating_add(1)).read_to_end(bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("more than {limit} bytes, which no annotation file needs"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], text: &str, guessed: Option<&'static str>) {
        assert_eq!(decode(bytes), Text { text: text.into(), guessed }, "{bytes:?}");
    }

    #[test]
    fn texts_are_decoded_on_the_way() {
        let text = "a\u{10ffff}grün ".repeat(20_000);
        let sixteen = |big: bool| -> Vec<u8> {
            let mark = std::iter::once(0xfeff);
            mark.chain(text.encode_utf16())
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        for bytes in [sixteen(true), sixteen(false), text.clone().into_bytes()] {
            let mut read = String::new();
            Utf8::new(&bytes[..]).read_to_string(&mut read).expect("text");
            assert!(read == text);
        }
        for (bytes, wanted) in [
            (&b"\xff\xfe"[..], ""),
            (b"", ""),
            (b"a", "a"),
            (b"\xff\xfea", "\u{fffd}"),
            (b"\xff\xfe\0\xd8", "\u{fffd}"),
        ] {
            let mut read = String::new();
            Utf8::new(bytes).read_to_string(&mut read).expect("text");
            assert_eq!(read, wanted, "{bytes:?}");
        }
    }

    #[test]
    fn encodings() {
        check("grün".as_bytes(), "grün", None);
        check(b"\xef\xbb\xbfgr\xc3\xbcn", "grün", None);
        check(b"\xff\xfea\0\xfc\0", "aü", None);
        check(b"\xfe\xff\0a\0\xfc", "aü", None);
        check(b"<\0a\0>\0", "<a>", None);
        check(b"\0<\0a\0>", "<a>", None);
        check(b"gr\xfcn", "grün", Some(AS_WINDOWS_1252));
        check(b"\xef\xbb\xbfgr\xfcn", "grün", Some(AS_WINDOWS_1252));
        check(
            b"\xc3\xa8\xb9\xb7 cat",
            "猫饭 cat".replace("猫饭", GBK.decode(b"\xc3\xa8\xb9\xb7").0.as_ref()).as_str(),
            Some(AS_GBK),
        );
        check(b"<?xml version='1.0' encoding='iso-8859-2'?>\xb3", "<?xml version='1.0' encoding='iso-8859-2'?>ł", None);
        check(b"", "", None);
        for end in 0..4 {
            decode(&b"\xff\xfe<\0"[..end]);
        }
    }

    #[test]
    fn values() {
        assert_eq!(trim("\u{feff} 16\u{a0}\r\n"), "16");
        assert_eq!(number("\u{feff}16"), Some(16.0));
        assert_eq!((number("1e400"), number("nan"), number("12,5"), number("")), (None, None, None, None));
        assert_eq!((pixels("640.0"), pixels("-3"), pixels("1e10"), pixels("x")), (Some(640), Some(0), None, None));
        assert_eq!(
            (yes_or_no("Yes"), yes_or_no("Unspecified"), yes_or_no("maybe")),
            (Some(Some(true)), Some(None), None)
        );
    }

    /// The short way for whole numbers gives what the long one gives, at its borders too.
    #[test]
    fn whole_numbers() {
        for value in ["0", "007", "640", "999999999999999", "1000000000000001", "9007199254740993", "+5", "-0", "5."] {
            let long: f64 = value.parse().expect(value);
            assert_eq!(number(value).map(f64::to_bits), Some(long.to_bits()), "{value}");
        }
        assert_eq!(number("12\u{664}"), None);
    }

    #[test]
    fn lines_count_line_feeds() {
        let mut lines = Lines::new("a\r\nb\n\nc");
        assert_eq!([0, 2, 3, 5, 6, 99].map(|offset| lines.at(offset)), [1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn a_limit_is_met_before_memory_is() {
        let mut bytes = Vec::new();
        let error = read_to_limit(&mut io::repeat(0), &mut bytes, 1000).expect_err("endless");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(bytes.len() <= 1001);
        bytes.clear();
        read_to_limit(&mut &[0; 1000][..], &mut bytes, 1000).expect("fits");
    }
}
