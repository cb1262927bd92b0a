//! Label maps as protocol buffer text, read tolerantly: see the head of the module above.

use super::{Fault, Item, Warning, warn};
use crate::formats::text;

/// How deep unknown fields may be nested.
const DEPTH: usize = 64;

/// Whether the text starts like `item {`, rather than like a list of names.
pub(super) fn looks_so(source: &str) -> bool {
    let rest =
        source.lines().map(text::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let word_end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(word_end);
    let rest = rest.trim_start();
    let opens = rest.starts_with(['{', ':', '<', '='])
        || rest.is_empty() && {
            let mut lines = source.lines().map(text::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.nth(1).is_some_and(|line| line.starts_with(['{', '<', '[']))
        };
    (word.eq_ignore_ascii_case("item") || word.eq_ignore_ascii_case("items")) && opens
}

/// The items of a label map.
pub(super) fn items(source: &str, warnings: &mut Vec<Warning>) -> Result<Vec<Item>, Fault> {
    let mut parser = Parser { rest: source, line: 1, warnings };
    let mut items = Vec::new();
    loop {
        parser.skip_blank();
        if parser.rest.is_empty() {
            return Ok(items);
        }
        if parser.take(',') || parser.take(';') {
            continue;
        }
        if parser.take('}') || parser.take('>') {
            parser.warn("a closing brace without an opening one");
            continue;
        }
        let word = parser.word();
        if !word.eq_ignore_ascii_case("item") && !word.eq_ignore_ascii_case("items") {
            return Err(parser.unexpected(word, "item"));
        }
        if word != "item" {
            parser.warn(format!("{word:?} was read as item"));
        }
        parser.colon();
        if parser.take('[') {
            loop {
                parser.skip_blank();
                if parser.take(']') {
                    break;
                }
                if !parser.take(',') {
                    items.push(parser.item()?);
                }
            }
        } else {
            items.push(parser.item()?);
        }
    }
}

struct Parser<'a, 'w> {
    rest: &'a str,
    line: u32,
    warnings: &'w mut Vec<Warning>,
}

impl<'a> Parser<'a, '_> {
    fn warn(&mut self, message: impl Into<String>) {
        warn(self.warnings, self.line, message);
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(Fault { line: self.line, message: message.into() })
    }

    fn unexpected(&self, word: &str, wanted: &str) -> Fault {
        let found = match (word, self.rest.chars().next()) {
            ("", None) => "the end of the text".to_owned(),
            ("", Some(character)) => format!("{character:?}"),
            (word, _) => format!("{word:?}"),
        };
        Fault { line: self.line, message: format!("{found} where {wanted} was expected") }
    }

    /// Goes `bytes` on, which must end a character.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at(bytes);
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count() as u32;
        self.rest = rest;
        passed
    }

    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.find(|c: char| !(c.is_whitespace() || c == '\u{feff}' || c == '\0'));
            self.advance(blank.unwrap_or(self.rest.len()));
            if !self.rest.starts_with('#') {
                return;
            }
            self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_blank();
        let there = self.rest.starts_with(wanted);
        if there {
            self.advance(wanted.len_utf8());
        }
        there
    }

    /// A name or number; empty where something else stands.
    fn word(&mut self) -> &'a str {
        self.skip_blank();
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.')));
        self.advance(end.unwrap_or(self.rest.len()))
    }

    fn colon(&mut self) {
        if !self.take(':') && self.take('=') {
            self.warn("= was read as a colon");
        }
    }

    /// `{ ... }` or `< ... >` of an item.
    fn item(&mut self) -> Result<Item, Fault> {
        self.skip_blank();
        let close = if self.take('{') {
            '}'
        } else if self.take('<') {
            '>'
        } else {
            return Err(self.unexpected("", "an opening brace"));
        };
        let mut item = Item { line: self.line, id: None, name: None, display_name: None };
        loop {
            if self.take(close) {
                return Ok(item);
            }
            if self.take(',') || self.take(';') {
                continue;
            }
            if self.rest.is_empty() {
                self.warn(format!("the item of line {} is not closed", item.line));
                return Ok(item);
            }
            let before = (self.rest, self.line);
            let word = self.word();
            let next_item = word.eq_ignore_ascii_case("item") && {
                self.skip_blank();
                self.rest.starts_with(['{', ':', '<'])
            };
            if next_item {
                (self.rest, self.line) = before;
                self.warn(format!("the item of line {} is not closed before the next", item.line));
                return Ok(item);
            }
            let key = word.to_ascii_lowercase();
            if word != key && matches!(&*key, "name" | "id" | "display_name") {
                self.warn(format!("{word:?} was read as {key}"));
            }
            self.skip_blank();
            let mark = self.rest.starts_with([':', '=']);
            match &*key {
                "" => return Err(self.unexpected("", "a field")),
                "name" | "display_name" | "id" => {
                    self.colon();
                    if !mark {
                        self.warn(format!("no colon behind {key}"));
                    }
                    match &*key {
                        "name" => item.name = Some(self.string(&item, "name")?),
                        "display_name" => item.display_name = Some(self.string(&item, "display_name")?),
                        _ => item.id = Some(self.id()?),
                    }
                }
                _ => {
                    self.colon();
                    if !matches!(
                        &*key,
                        "keypoints" | "ancestor_ids" | "descendant_ids" | "frequency" | "instance_count" | "lvis"
                    ) {
                        self.warn(format!("unknown field {word:?} skipped"));
                    }
                    self.skip_value(0)?;
                }
            }
        }
    }

    fn id(&mut self) -> Result<i64, Fault> {
        self.skip_blank();
        let quoted = quote(self.rest).is_some();
        let (line, word) = if quoted {
            let line = self.line;
            let word = self.quoted()?;
            self.warn("an id in quotes");
            (line, word)
        } else {
            (self.line, self.word().to_owned())
        };
        let digits = word.trim().trim_start_matches('+');
        let (sign, digits) = digits.strip_prefix('-').map_or((1, digits), |digits| (-1, digits));
        let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(hex) => i64::from_str_radix(hex, 16).ok(),
            None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8).ok(),
            None => digits.parse().ok(),
        };
        match number {
            Some(number) if !digits.starts_with(['+', '-']) => Ok(sign * number),
            _ if word.is_empty() => Err(self.unexpected("", "an id")),
            _ => Err(Fault { line, message: format!("id {word} is no whole number") }),
        }
    }

    /// A string, or several side by side, or a bare word.
    fn string(&mut self, item: &Item, field: &str) -> Result<String, Fault> {
        self.skip_blank();
        if quote(self.rest).is_none() {
            // Up to the end of the line: names have blanks.
            let end = self.rest.find(['\n', ',', ';', '}', '#']).unwrap_or(self.rest.len());
            let bare = text::trim(self.advance(end));
            if bare.is_empty() {
                return self.fault(format!("the {field} of the item of line {} is empty", item.line));
            }
            self.warn(format!("{field} {bare:?} without quotes"));
            return Ok(bare.to_owned());
        }
        let mut value = self.quoted()?;
        loop {
            self.skip_blank();
            if quote(self.rest).is_none() {
                return Ok(value);
            }
            value.push_str(&self.quoted()?);
        }
    }

    /// One string in quotes, without them.
    fn quoted(&mut self) -> Result<String, Fault> {
        let Some(open) = quote(self.rest) else { return Err(self.unexpected("", "a string")) };
        let start = self.rest;
        let line_end = start.find('\n').unwrap_or(start.len());
        let line = &start[open.len_utf8()..line_end];
        if !matches!(open, '"' | '\'') {
            self.warn("curly quotes, which TensorFlow refuses");
        }
        // The closing quote is the first one; if no end of a field follows it, then the last one of the line.
        let mut ends = Vec::new();
        let mut escaped = false;
        for (at, character) in line.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if closes(open, character) => ends.push((at, character.len_utf8())),
                _ => {}
            }
        }
        let Some(first) = ends.first().copied() else {
            return self.fault("a string that is not closed on its line");
        };
        let follows = |(at, len): (usize, usize)| field_ends(&line[at + len..]);
        let end =
            if follows(first) { first } else { ends.iter().copied().rev().find(|end| follows(*end)).unwrap_or(first) };
        if end != first {
            self.warn("a quote inside a string, which TensorFlow refuses");
        }
        let raw = &line[..end.0];
        let value =
            unescaped(raw).ok_or_else(|| Fault { line: self.line, message: format!("{raw:?} is not UTF-8 text") })?;
        self.advance(open.len_utf8() + end.0 + end.1);
        Ok(value)
    }

    /// Any value of an unknown field.
    fn skip_value(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH {
            return self.fault(format!("fields nested deeper than {DEPTH}"));
        }
        self.skip_blank();
        if quote(self.rest).is_some() {
            while quote(self.rest).is_some() {
                self.quoted()?;
                self.skip_blank();
            }
            return Ok(());
        }
        for (open, close) in [('{', '}'), ('<', '>'), ('[', ']')] {
            if !self.take(open) {
                continue;
            }
            loop {
                if self.take(close) {
                    return Ok(());
                }
                if self.rest.is_empty() {
                    return self.fault(format!("{open:?} is not closed"));
                }
                if !(self.take(',') || self.take(';') || self.take(':')) {
                    self.skip_value(depth + 1)?;
                }
            }
        }
        if self.word().is_empty() {
            return Err(self.unexpected("", "a value"));
        }
        Ok(())
    }
}

/// The quote that a text starts with.
fn quote(rest: &str) -> Option<char> {
    rest.chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}'))
}

fn closes(open: char, character: char) -> bool {
    match open {
        '"' | '\'' => character == open,
        '\u{2018}' | '\u{2019}' => matches!(character, '\u{2018}' | '\u{2019}' | '\''),
        _ => matches!(character, '\u{201c}' | '\u{201d}' | '"'),
    }
}

/// Whether what stands behind a closing quote can: the end of the line, a separator, a brace, another string, a field.
fn field_ends(rest: &str) -> bool {
    let blank = rest.starts_with(char::is_whitespace);
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with([',', ';', '}', '>', '#']) {
        return true;
    }
    let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let behind = rest[word..].trim_start();
    blank && (quote(rest).is_some() || word > 0 && behind.starts_with([':', '{', '=']))
}

/// C's escapes as protobuf reads them; `None` where they make no UTF-8. An escape that C does not know stands for itself.
fn unescaped(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let Some((kind, tail)) = rest.split_first() else {
            bytes.push(b'\\');
            break;
        };
        match kind {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'a' => bytes.push(7),
            b'b' => bytes.push(8),
            b'v' => bytes.push(11),
            b'f' => bytes.push(12),
            b'\\' | b'\'' | b'"' | b'?' => bytes.push(*kind),
            b'0'..=b'7' => {
                let (value, used) = digits(rest, 8, 3);
                bytes.push(value as u8);
                rest = &rest[used..];
                continue;
            }
            b'x' | b'X' if digits(tail, 16, 2).1 > 0 => {
                let (value, used) = digits(tail, 16, 2);
                bytes.push(value as u8);
                rest = &tail[used..];
                continue;
            }
            b'u' | b'U' => {
                let wanted = if *kind == b'u' { 4 } else { 8 };
                let (value, used) = digits(tail, 16, wanted);
                let character = char::from_u32(value).filter(|_| used == wanted)?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &tail[used..];
                continue;
            }
            other => bytes.extend([b'\\', *other]),
        }
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// The number at the start of `text`, of at most `most` digits, and how many there are.
fn digits(text: &[u8], radix: u32, most: usize) -> (u32, usize) {
    let digits = text.iter().take(most).map_while(|byte| char::from(*byte).to_digit(radix));
    digits.fold((0, 0), |(value, used), digit| (value.wrapping_mul(radix).wrapping_add(digit), used + 1))
}
