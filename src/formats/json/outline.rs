//! A long document in short: what detection looks at where the first bytes do not show all of it.
//!
//! ```text
//! {"imageData": "/9j/4AAQSk...", "shapes": [{...}, {...}, ... 3,000 more], "version": "5.4"}
//! {"imageData": "/9j/4AAQSk",    "shapes": [{...}, {...}, {...}, {...}],   "version": "5.4"}
//! ```
//!
//! Members that decide what a document is may stand behind a list that is longer than any first bytes. So long strings are
//! cut, of each array the first elements are kept, of each object the first members. Several documents behind each other
//! (a line each) are taken likewise.

use std::io::{self, Read};

/// Elements of an array, members of an object, and documents that are kept.
const ELEMENTS: usize = 4;
const MEMBERS: usize = 256;
const DOCUMENTS: usize = 64;
/// Bytes of a string that are kept.
const STRING: usize = 1 << 10;
/// Bytes that are kept in all, and that are looked at.
const KEPT: usize = 1 << 18;
const LOOKED_AT: u64 = 64 << 20;
/// Brackets inside of each other; who reads the document takes no more either.
const DEPTH: usize = 256;

/// The short form of a document; `None` where it is no JSON. What is cut off counts as far as it goes.
pub fn outline(from: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut drawing = Drawing::default();
    let mut from = from.take(LOOKED_AT);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return Ok(Some(drawing.kept)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        match drawing.take(chunk.get(..count).unwrap_or_default()) {
            Next::More => {}
            Next::Enough => return Ok(Some(drawing.kept)),
            Next::NoJson => return Ok(None),
        }
    }
}

enum Next {
    More,
    Enough,
    NoJson,
}

/// An array or an object that is open.
struct Level {
    bracket: u8,
    /// Whether its brackets are kept.
    kept: bool,
    /// Values before the present one.
    count: usize,
}

impl Level {
    /// Whether the present value is kept.
    fn keeps(&self) -> bool {
        self.kept && self.count < if self.bracket == b'[' { ELEMENTS } else { MEMBERS }
    }
}

#[derive(Default)]
struct Drawing {
    kept: Vec<u8>,
    levels: Vec<Level>,
    documents: usize,
    string: Option<Text>,
}

/// Inside of a string.
#[derive(Clone, Copy, Default)]
struct Text {
    /// How many of its bytes were seen.
    seen: usize,
    /// Whether the next one is escaped.
    escaped: bool,
    /// Whether the rest is left out.
    cut: bool,
}

impl Drawing {
    fn keeps(&self) -> bool {
        self.levels.last().is_none_or(Level::keeps)
    }

    fn take(&mut self, bytes: &[u8]) -> Next {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Some(string) = self.string {
                at += self.take_string(bytes.get(at..).unwrap_or_default(), string);
                continue;
            }
            let keeps = self.keeps();
            if !keeps && !structural(byte) {
                at += to_structure(bytes.get(at..).unwrap_or_default());
                continue;
            }
            at += 1;
            if !keeps && byte == b'"' {
                let rest = bytes.get(at..).unwrap_or_default();
                if let Some(end) = memchr::memchr2(b'"', b'\\', rest).filter(|end| rest.get(*end) == Some(&b'"')) {
                    at += end + 1;
                    continue;
                }
            }
            match byte {
                b'"' => self.string = Some(Text::default()),
                b'[' | b'{' => {
                    if self.levels.len() == DEPTH {
                        return Next::NoJson;
                    }
                    self.levels.push(Level { bracket: byte, kept: keeps, count: 0 });
                }
                b']' | b'}' => {
                    let Some(level) = self.levels.pop().filter(|level| level.bracket == byte - 2) else {
                        return Next::NoJson;
                    };
                    if level.kept {
                        self.kept.push(byte);
                    }
                    if self.levels.is_empty() {
                        self.documents += 1;
                    }
                    if self.documents == DOCUMENTS || self.kept.len() > KEPT {
                        return Next::Enough;
                    }
                    continue;
                }
                b',' => {
                    let Some(level) = self.levels.last_mut() else { return Next::NoJson };
                    level.count += 1;
                    if !level.keeps() {
                        continue;
                    }
                }
                b' ' | b'\t' | b'\r' | b'\n' => {
                    // One of several is enough: the end of a line, if there is one.
                    if let Some(last) = self.kept.last_mut().filter(|last| last.is_ascii_whitespace()) {
                        if byte == b'\n' {
                            *last = byte;
                        }
                        continue;
                    }
                }
                // The byte order mark, before all else.
                0xef | 0xbb | 0xbf if self.kept.is_empty() => continue,
                _ if self.levels.is_empty() => return Next::NoJson,
                _ => {}
            }
            if keeps {
                self.kept.push(byte);
            }
        }
        if self.kept.len() > KEPT { Next::Enough } else { Next::More }
    }

    /// Takes a part of a string; gives how many bytes that were.
    fn take_string(&mut self, bytes: &[u8], mut string: Text) -> usize {
        let keeps = self.keeps();
        let plain = if string.escaped { 0 } else { memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len()) };
        let room = if string.cut { 0 } else { STRING.saturating_sub(string.seen).min(plain) };
        string.cut |= room < plain;
        string.seen += plain;
        if keeps {
            self.kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
        let Some(&byte) = bytes.get(plain) else {
            self.string = Some(string);
            return plain;
        };
        let ends = !string.escaped && byte == b'"';
        string.escaped = !string.escaped && byte == b'\\';
        // An escape is kept whole or not at all: the longest are two of six bytes that are one sign.
        string.cut |= string.escaped && string.seen + 12 > STRING;
        string.seen += 1;
        if keeps && ends && string.cut {
            // Of a sign that is cut the first bytes say nothing.
            let whole = self.kept.iter().rposition(u8::is_ascii).map_or(0, |last| last + 1);
            self.kept.truncate(whole);
        }
        if keeps && (ends || !string.cut) {
            self.kept.push(byte);
        }
        self.string = (!ends).then_some(string);
        plain + 1
    }
}

/// Whether a byte opens or closes something; between those there is nothing to see where nothing is kept. (A `y` may be
/// taken for one: it is rare outside of strings, and does no harm.)
const fn structural(byte: u8) -> bool {
    byte == b'"' || byte | 0x26 == 0x7f
}

/// Bytes up to the next one that is [`structural`], eight at a time.
fn to_structure(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // The lowest bit set is that of the first byte that is zero.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let (words, _) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * 0x22)) | zeros((word | (ONES * 0x26)) ^ (ONES * 0x7f));
        if found != 0 {
            return number * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let passed = words.len() * 8;
    let rest = bytes.get(passed..).unwrap_or_default();
    passed + rest.iter().position(|byte| structural(*byte)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn of(text: &str) -> Option<String> {
        outline(text.as_bytes()).unwrap().map(|kept| String::from_utf8(kept).unwrap())
    }

    #[test]
    fn lists_and_strings_are_short() {
        let long = "x".repeat(5000);
        let text =
            format!(r#"{{"d": "{long}", "a": [1, [2, 3, 4, 5, 6], {{"b": "\"]"}}, 4, {{"c": [5]}}, 6], "e": null}}"#);
        let short = of(&text).unwrap();
        let cut = "x".repeat(STRING);
        assert_eq!(short, format!(r#"{{"d": "{cut}", "a": [1, [2, 3, 4, 5], {{"b": "\"]"}}, 4], "e": null}}"#));
        assert_eq!(of("\u{feff}{\"a\":1}\r\n\r\n{\"b\": 2}\n").unwrap(), "{\"a\":1}\n{\"b\": 2}\n");
        assert_eq!(of("[net]\nbatch=64"), None);
        assert_eq!((of("{]"), of("a,b"), of("]"), of(&"[".repeat(1000))), (None, None, None, None));
        assert_eq!(of(r#"{"a": [1, "b"#).unwrap(), r#"{"a": [1, "b"#);
        // An escape at the edge of what is kept.
        for before in STRING - 14..STRING + 2 {
            let text = format!(r#"["{}\\\"\u00e9é", 1]"#, "y".repeat(before));
            let kept = String::from_utf8_lossy(&outline(text.as_bytes()).unwrap().unwrap()).into_owned();
            assert!(serde_json::from_str::<Value>(&kept).is_ok(), "{before} {kept}");
        }
        let many: String = (0..1000).map(|number| format!("{{\"n\":{number}}}\n")).collect();
        assert_eq!(of(&many).unwrap().lines().count(), DOCUMENTS);
    }

    proptest! {
        #[test]
        fn a_short_document_is_itself(text in "[\\[\\]{}\",:a1 \\\\\n]{0,60}") {
            if let (Ok(value), Some(short)) = (serde_json::from_str::<Value>(&text), of(&text)) {
                let again = serde_json::from_str::<Value>(&short);
                prop_assert!(again.is_ok(), "{short}");
                let small = |value: &Value| value.as_array().is_none_or(|all| all.len() <= ELEMENTS);
                if small(&value) && !text.contains("[[") {
                    prop_assert_eq!(again.unwrap().is_object(), value.is_object());
                }
            }
        }

        #[test]
        fn structure_is_found(bytes in prop::collection::vec(prop_oneof![8 => any::<u8>(), 1 => Just(b'"')], 0..40)) {
            let first = bytes.iter().position(|byte| structural(*byte)).unwrap_or(bytes.len());
            prop_assert_eq!(to_structure(&bytes), first);
        }

        #[test]
        fn pieces_do_not_matter(text in "[\\[\\]{}\",:a1 \\\\\n]{0,60}", size in 1usize..9) {
            let whole = outline(text.as_bytes()).unwrap();
            let mut drawing = Drawing::default();
            let mut ended = None;
            for piece in text.as_bytes().chunks(size) {
                match drawing.take(piece) {
                    Next::More => {}
                    Next::Enough => { ended = Some(true); break }
                    Next::NoJson => { ended = Some(false); break }
                }
            }
            prop_assert_eq!(whole, (ended != Some(false)).then_some(drawing.kept));
        }
    }
}
