//! JSON as labelling tools leave it (RFC 8259, and what they add to it).
//!
//! Files of one image are small: `serde_json` reads them. Files of a whole dataset can be larger than memory should be:
//! [`stream`] cuts them into pieces, an element of a top-level array each, which are then parsed by themselves, on several
//! threads.
//!
//! More than the RFC allows: a byte order mark, `NaN` and `Infinity` (Python's `json` writes them), text that is not
//! UTF-8, numbers and flags written as strings ([`scalar`]).

pub mod node;
pub mod outline;
pub mod scalar;
pub mod stream;

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::text;
pub use super::text::Fault;

/// What had to be overlooked to read a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loose {
    /// `NaN` or `Infinity` was read as null.
    pub not_finite: bool,
    /// The encoding that the text was guessed to be in.
    pub encoding: Option<&'static str>,
}

/// The members of an object, or the first element of an array (under an empty name), as far as the first bytes of a document
/// show them: what detection looks at.
#[derive(Clone, Debug, Default)]
pub struct Head(Vec<(String, Vec<u8>)>);

impl Head {
    /// What the first bytes show.
    pub fn of(bytes: &[u8]) -> Self {
        Self(stream::head(bytes))
    }

    /// Whether nothing is seen, as in a file that is empty or no JSON.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a member `name`.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(member, _)| member == name)
    }

    /// Whether there are all these members.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.has("")
    }

    /// What stands inside of the member `name`: the members of an object, or of the first element of an array.
    pub fn inside(&self, name: &str) -> Self {
        let start = self.0.iter().find(|(member, _)| member == name).map_or(&[][..], |(_, start)| start);
        if matches!(start.first(), Some(b'{' | b'[')) { Self::of(start) } else { Self::default() }
    }

    /// The values that are seen, whatever their names.
    pub fn first_value(&self) -> Self {
        self.0.first().map_or_else(Self::default, |(name, _)| self.inside(name))
    }

    /// Whether the start of the member `name` has these words in it.
    pub fn says(&self, name: &str, words: &str) -> bool {
        self.0.iter().any(|(member, start)| member == name && memchr::memmem::find(start, words.as_bytes()).is_some())
    }
}

/// A value out of a piece of a document that starts at `line`.
pub fn parse<T: DeserializeOwned>(piece: &[u8], line: u32) -> Result<(T, Loose), Fault> {
    let mut loose = Loose::default();
    let first = match serde_json::from_slice(piece) {
        Ok(value) => return Ok((value, loose)),
        Err(error) => error,
    };
    if piece.iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::new(line, "nothing stands between this comma and the next, or the end"));
    }
    let mut bytes = Cow::Borrowed(piece);
    if std::str::from_utf8(piece).is_err() {
        let decoded = text::decode(piece);
        loose.encoding = decoded.guessed;
        bytes = Cow::Owned(decoded.text.into_owned().into_bytes());
    }
    if let Some(finite) = without_not_finite(&bytes) {
        loose.not_finite = true;
        bytes = Cow::Owned(finite);
    }
    if matches!(bytes, Cow::Borrowed(_)) {
        return Err(fault(&first, line));
    }
    serde_json::from_slice(&bytes).map(|value| (value, loose)).map_err(|error| fault(&error, line))
}

/// The error of `serde_json` with the line of the file. Its own position is left out: it counts from the piece's start.
pub fn fault(error: &serde_json::Error, line: u32) -> Fault {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&position).unwrap_or(&text).to_owned();
    Fault { line: line.saturating_add((error.line() as u32).saturating_sub(1)), message }
}

/// A copy with `NaN`, `Infinity` and `-Infinity` outside of strings made null; `None` if there is none.
fn without_not_finite(piece: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = memchr::memchr3(b'"', b'N', b'I', piece.get(at..)?) {
        at += found;
        if piece[at] == b'"' {
            at = stream::string_end(piece, at).unwrap_or(piece.len());
            continue;
        }
        let word = [&b"NaN"[..], b"Infinity"].into_iter().find(|word| piece[at..].starts_with(word));
        let Some(word) = word else {
            at += 1;
            continue;
        };
        let start = at - usize::from(at > copied && piece[at - 1] == b'-');
        copy.extend_from_slice(&piece[copied..start]);
        copy.extend_from_slice(b"null");
        at += word.len();
        copied = at;
    }
    (copied > 0).then(|| {
        copy.extend_from_slice(&piece[copied..]);
        copy
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        let (value, loose) =
            parse::<Value>(br#"{"a":[NaN,-Infinity,1],"b":"NaN \" NaN","c":Infinity}"#, 1).expect("read");
        assert_eq!(value, json!({"a": [null, null, 1], "b": "NaN \" NaN", "c": null}));
        assert_eq!(loose, Loose { not_finite: true, encoding: None });
        let (value, loose) = parse::<Value>(b"\"gr\xfcn\"", 1).expect("read");
        assert_eq!((value, loose.encoding), (json!("grün"), Some("the text is not UTF-8, read as windows-1252")));
        assert_eq!(parse::<Value>(b"[1]", 1), Ok((json!([1]), Loose::default())));
    }

    #[test]
    fn heads_show_what_is_there() {
        let head = Head::of(br#"{"a": [{"b": 1, "c": "x"}, 2], "d": {"e": {"f": [1, "#);
        assert!(head.has_all(&["a", "d"]) && !head.has("b") && !head.is_array());
        assert!(head.inside("a").has_all(&["b", "c"]) && head.inside("d").inside("e").has("f"));
        assert!(head.says("a", "\"x\"") && !head.inside("a").inside("b").has(""));
        assert!(Head::of(b"[[{").is_array() && Head::of(b"").first_value().0.is_empty());
    }

    #[test]
    fn faults_have_the_line_of_the_file() {
        let fault = parse::<Value>(b"[1,\n 2,\n x]", 5).expect_err("no JSON");
        assert_eq!(fault, Fault { line: 7, message: "expected value".into() });
        let fault = parse::<Value>(b"[Nan]", 5).expect_err("no JSON");
        assert_eq!(fault.line, 5);
        let deep = [b'['; 100_000];
        assert_eq!(parse::<Value>(&deep, 1).expect_err("too deep").message, "recursion limit exceeded");
    }
}
