//! A JSON value as a tree whose nodes know their lines: for formats whose files are small or come in pieces, and whose
//! members every tool writes in its own way.
//!
//! `NaN` and `Infinity` are null, as in the rest of [`super`]; of a member that stands twice the last counts. Whether text is
//! JSON is checked here, so that a reader of a format asks only for what it wants.

use std::borrow::Cow;

use super::Fault;
use super::stream::string_end;
use crate::formats::text;

/// How deep values may be nested.
const DEPTH: usize = 64;

/// A value and its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// Line where it starts, from 1.
    pub line: u32,
    /// What it is.
    pub value: Value<'a>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, or a number that is none.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number, as it is written and what that is.
    Number(&'a str, f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object, in the order of the text.
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The value of a text that starts at `line`.
    pub fn parse(source: &'a str, line: u32) -> Result<Self, Fault> {
        Self::parse_by(source, Parser { source: "", at: 0, line, breaks: 1 })
    }

    /// The value of a text that stands in a string at `line`: a line break in it is none of the file's.
    pub fn parse_within(source: &'a str, line: u32) -> Result<Self, Fault> {
        Self::parse_by(source, Parser { source: "", at: 0, line, breaks: 0 })
    }

    fn parse_by(source: &'a str, parser: Parser<'a>) -> Result<Self, Fault> {
        let source = source.trim_start_matches('\u{feff}');
        let mut parser = Parser { source, ..parser };
        let node = parser.value(0)?;
        parser.blanks();
        // Padding that some tools leave.
        match source[parser.at..].trim_matches(['\0', '\u{feff}']).trim().is_empty() {
            true => Ok(node),
            false => parser.fault("more text behind the end of the document"),
        }
    }

    /// The member `key`, unless it is null.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let found = self.members().iter().rev().find(|(name, _)| name == key);
        found.map(|(_, node)| node).filter(|node| node.value != Value::Null)
    }

    /// The first of the members `keys` that is there.
    pub fn any(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// The member of a member, and so on.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The members; none where this is no object.
    pub fn members(&self) -> &[(Cow<'a, str>, Self)] {
        if let Value::Map(members) = &self.value { members } else { &[] }
    }

    /// The elements; none where this is no array.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The elements of the member `key`.
    pub fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// Whether it is an object.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether it is an array.
    pub fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// The string that it is.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The number that it is, also written as a string.
    pub fn as_number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(_, number) => Some(*number),
            Value::Text(text) => text::number(text),
            _ => None,
        }
    }

    /// The whole number that it is.
    pub fn as_whole(&self) -> Option<i64> {
        match &self.value {
            Value::Number(text, number) => {
                text.parse().ok().or_else(|| (number.fract() == 0.0 && number.abs() < 9e15).then_some(*number as i64))
            }
            Value::Text(text) => text::trim(text).parse().ok(),
            _ => None,
        }
    }

    /// The yes or no that it is, also written as a number or word.
    pub fn as_flag(&self) -> Option<bool> {
        match &self.value {
            Value::Flag(flag) => Some(*flag),
            Value::Number(_, number) => {
                [(0.0, false), (1.0, true)].iter().find(|(is, _)| is == number).map(|(_, flag)| *flag)
            }
            Value::Text(text) => text::yes_or_no(text).flatten(),
            _ => None,
        }
    }

    /// In words: a string's own, a number or flag as it is written, the words of a list with commas between them.
    pub fn words(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::Text(text) => Some(text::trim(text).into()),
            Value::Number(text, _) => Some((*text).into()),
            Value::Flag(flag) => Some(if *flag { "true" } else { "false" }.into()),
            Value::List(items) => {
                let words: Vec<_> = items.iter().filter_map(Self::words).collect();
                (!words.is_empty()).then(|| words.join(", ").into())
            }
            Value::Null | Value::Map(_) => None,
        }
    }

    /// The name of a class that it is: as [`Node::words`], with the blanks around it, if there is anything else.
    pub fn class(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::Text(text) => Some(&**text).filter(|text| !text::trim(text).is_empty()).map(Cow::Borrowed),
            _ => self.words().filter(|words| !words.is_empty()),
        }
    }

    /// The name of a class that the member `key` is.
    pub fn class_at(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key)?.class()
    }

    /// The words of the member `key`, unless there are none.
    pub fn word(&self, key: &str) -> Option<Cow<'_, str>> {
        self.get(key)?.words().filter(|word| !word.is_empty())
    }

    /// The string of the member `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The number of the member `key`, if there is one.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_number()
    }

    /// The number of the member `key`, which has to be there.
    pub fn wanted(&self, key: &str) -> Result<f64, Fault> {
        match self.get(key) {
            None => Err(Fault::new(self.line, format!("{key:?} is missing"))),
            Some(node) => node.as_number().map(|number| number + 0.0).ok_or_else(|| {
                let what = node.words().map_or_else(|| "what stands there".into(), |words| format!("{words:?}"));
                Fault::new(node.line, format!("{key} {what} is no number"))
            }),
        }
    }

    /// The numbers of the members `keys`, which have to be there.
    pub fn all_wanted<const N: usize>(&self, keys: [&str; N]) -> Result<[f64; N], Fault> {
        let mut numbers = [0.0; N];
        for (number, key) in numbers.iter_mut().zip(keys) {
            *number = self.wanted(key)?;
        }
        Ok(numbers)
    }

    /// The numbers of a list, which has to hold nothing else.
    pub fn numbers(&self) -> Result<Vec<f64>, Fault> {
        if !self.is_list() {
            return Err(Fault::new(self.line, "expected a list of numbers"));
        }
        let number = |node: &Self| {
            let found = node.as_number().map(|number| number + 0.0);
            found.ok_or_else(|| Fault::new(node.line, "a list of numbers holds something else"))
        };
        self.items().iter().map(number).collect()
    }

    /// A number of pixels under `key`; 0 where there is none.
    pub fn pixels(&self, key: &str) -> u32 {
        let number = self.number(key).unwrap_or(0.0).round();
        if (0.0..=f64::from(u32::MAX)).contains(&number) { number as u32 } else { 0 }
    }
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    line: u32,
    /// Lines of the file that a line break is.
    breaks: u32,
}

impl<'a> Parser<'a> {
    fn fault<T>(&self, message: &str) -> Result<T, Fault> {
        Err(Fault::new(self.line, message))
    }

    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.peek() {
            self.line = self.line.saturating_add(if byte == b'\n' { self.breaks } else { 0 });
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        self.blanks();
        let line = self.line;
        if depth > DEPTH {
            return self.fault("values nested deeper than 64");
        }
        let value = match self.peek() {
            None => {
                return self.fault(if self.source.trim().is_empty() {
                    "the file is empty"
                } else {
                    "the text ends inside a value"
                });
            }
            Some(b'{') => Value::Map(self.map(depth)?),
            Some(b'[') => Value::List(self.list(depth)?),
            Some(b'"') => Value::Text(self.string()?),
            Some(_) => self.scalar()?,
        };
        Ok(Node { line, value })
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(Cow<'a, str>, Node<'a>)>, Fault> {
        let mut members = Vec::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(members);
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return self.fault("expected a member's name");
            }
            let name = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fault(&format!("expected `:` behind {name:?}"));
            }
            self.at += 1;
            members.push((name, self.value(depth + 1)?));
            if !self.goes_on(b'}')? {
                return Ok(members);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<'a>>, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.goes_on(b']')? {
                return Ok(items);
            }
        }
    }

    /// Whether a comma follows, rather than the end.
    fn goes_on(&mut self, end: u8) -> Result<bool, Fault> {
        self.blanks();
        let next = self.peek();
        if next == Some(b',') || next == Some(end) {
            self.at += 1;
            return Ok(next == Some(b','));
        }
        self.fault(&format!("expected `,` or `{}`", char::from(end)))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let Some(end) = string_end(self.source.as_bytes(), self.at).filter(|end| *end <= self.source.len()) else {
            return self.fault("a string has no end");
        };
        let token = self.source.get(self.at..end).unwrap_or_default();
        let content = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
        self.at = end;
        if !content.contains(|c: char| c == '\\' || c < ' ') {
            return Ok(content.into());
        }
        match serde_json::from_str::<String>(token) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(Fault::new(self.line, super::fault(&error, self.line).message)),
        }
    }

    fn scalar(&mut self) -> Result<Value<'a>, Fault> {
        let rest = &self.source[self.at..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.')).unwrap_or(rest.len());
        let token = &rest[..end];
        self.at += end;
        Ok(match token {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            "null" | "NaN" | "Infinity" | "-Infinity" => Value::Null,
            _ if token.starts_with(|c: char| c.is_ascii_digit() || c == '-') => match token.parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Number(token, number),
                Ok(_) => return self.fault(&format!("number {token} out of range")),
                Err(_) => return self.fault(&format!("{token:?} is no value")),
            },
            "" => return self.fault("expected a value"),
            _ => return self.fault(&format!("{token:?} is no value")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines() {
        let node =
            Node::parse("{\"a\":\n [1, \"2\", NaN],\n\"b\\u00fc\": {\"c\": true}, \"a\": [3.5]}\0", 10).expect("good");
        assert_eq!((node.line, node.list("a")[0].as_number()), (10, Some(3.5)));
        assert_eq!(node.members()[0].1.items()[1], Node { line: 11, value: Value::Text("2".into()) });
        assert_eq!(node.members()[0].1.numbers().expect_err("NaN").line, 11);
        assert_eq!(Node::parse_within("\n[\n1]", 10).expect("good").items()[0].line, 10);
        assert_eq!(Node::parse_within("\n[\nx]", 10).expect_err("bad").line, 10);
        assert_eq!(node.at(&["bü", "c"]).and_then(Node::as_flag), Some(true));
        assert_eq!(node.wanted("x").expect_err("missing"), Fault::new(10, "\"x\" is missing"));
        assert_eq!(node.get("bü").and_then(|b| b.wanted("c").err()), Some(Fault::new(12, "c \"true\" is no number")));
        assert_eq!(node.list("a")[0].as_whole(), None);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for (text, line, message) in [
            ("", 1, "the file is empty"),
            ("{\n", 2, "expected a member's name"),
            ("{\"a\" 1}", 1, "expected `:` behind \"a\""),
            ("[1 2]", 1, "expected `,` or `]`"),
            ("[1,]", 1, "expected a value"),
            ("[\n1] x", 2, "more text behind the end of the document"),
            ("\"a", 1, "a string has no end"),
            ("\"\\x\"", 1, "invalid escape"),
            ("nul", 1, "\"nul\" is no value"),
            ("1e999", 1, "number 1e999 out of range"),
            ("[", 1, "the text ends inside a value"),
        ] {
            assert_eq!(Node::parse(text, 1).expect_err(text), Fault::new(line, message), "{text}");
        }
        assert_eq!(Node::parse(&"[".repeat(100_000), 1).expect_err("deep").message, "values nested deeper than 64");
    }
}
