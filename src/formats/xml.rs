//! A cursor over an XML document that knows its lines: elements open and close, a closing one brings its text.
//!
//! What can do harm is refused: entity declarations, references to anything but the five predefined entities and
//! characters, elements nested deeper than [`DEPTH`], text longer than [`TEXT`]. What occurs in the wild and has one
//! meaning is read: an `&` that starts no reference stands for itself.

use std::borrow::Cow;

use quick_xml::events::Event as XmlEvent;
use quick_xml::events::attributes::Attributes;
use quick_xml::{Reader, XmlVersion};

pub use super::text::Fault;
use super::text::Lines;

/// How deep elements may be nested.
const DEPTH: usize = 64;
/// How long the text of an element may be, in bytes.
const TEXT: usize = 16 << 20;

/// What the cursor meets.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'c> {
    /// `<name ...>`
    Open {
        /// Name, as written.
        name: &'c str,
        /// Line of the tag.
        line: u32,
    },
    /// `</name>`
    Close {
        /// Name, as written.
        name: &'c str,
        /// Text since the tag before.
        text: &'c str,
        /// Line of the tag.
        line: u32,
        /// Whether the tag before was the opening one, so that `text` is all that the element holds.
        leaf: bool,
    },
    /// The end of the document, behind a root element that is closed.
    End,
}

/// An element as a tree.
#[derive(Debug, Default)]
pub struct Element<'a> {
    /// Name, as written.
    pub name: &'a str,
    /// Line of its start tag.
    pub line: u32,
    /// Names and values.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Its text, where it has no elements.
    pub text: String,
    /// Its elements.
    pub children: Vec<Self>,
}

impl Element<'_> {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The number of an attribute, which has to be there.
    pub fn number(&self, name: &str) -> Result<f64, Fault> {
        let Some(value) = self.attribute(name) else {
            return Err(fault(self.line, format!("<{}> has no {name}", self.name)));
        };
        let number = super::text::number(value).map(|number| number + 0.0);
        number.ok_or_else(|| fault(self.line, format!("{name} {value:?} is no number")))
    }

    /// The elements of a name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element of a name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of a name.
    pub fn child_text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| super::text::trim(&child.text))
    }
}

/// The cursor.
#[derive(Debug)]
pub struct Cursor<'a> {
    reader: Reader<&'a [u8]>,
    lines: Lines<'a>,
    /// Name and line of each open element.
    open: Vec<(&'a str, u32)>,
    source: &'a str,
    text: String,
    /// The start tag that was opened last, between its angles.
    tag: &'a str,
    /// The name that is given out, and the state of an element without content (`<name/>`).
    name: &'a str,
    close_next: bool,
    leaf: bool,
    root_closed: bool,
    line: u32,
    loose: Option<u32>,
}

impl<'a> Cursor<'a> {
    /// At the start of a document, which has no byte order mark.
    pub fn new(source: &'a str) -> Self {
        let mut reader = Reader::from_str(source);
        reader.config_mut().allow_dangling_amp = true;
        Self {
            reader,
            lines: Lines::new(source),
            open: Vec::new(),
            source,
            text: String::new(),
            tag: "",
            name: "",
            close_next: false,
            leaf: false,
            root_closed: false,
            line: 1,
            loose: None,
        }
    }

    /// The first line where an `&` stood for itself, if there was one.
    pub fn loose_line(&self) -> Option<u32> {
        self.loose
    }

    /// The attributes of the tag that was opened last. References in them are resolved; what is none stands for itself.
    pub fn attributes(&self) -> Result<Vec<(&'a str, Cow<'a, str>)>, Fault> {
        let mut found = Vec::new();
        let name_len = self.name.len().min(self.tag.len());
        for attribute in Attributes::new(self.tag, name_len) {
            let attribute = attribute.map_err(|error| fault(self.line, format!("<{}>: {error}", self.name)))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_else(|_| attribute.value.clone());
            found.push((attribute.key.into_inner(), value));
        }
        Ok(found)
    }

    /// The whole element that was opened last, with what is inside of it.
    pub fn element(&mut self) -> Result<Element<'a>, Fault> {
        let mut element =
            Element { name: self.name, line: self.line, attributes: self.attributes()?, ..Element::default() };
        loop {
            match self.next_tag()? {
                Event::Open { .. } => {
                    let child = self.element()?;
                    element.children.push(child);
                }
                Event::Close { text, leaf, .. } => {
                    if leaf {
                        element.text = text.to_owned();
                    }
                    return Ok(element);
                }
                Event::End => return Ok(element),
            }
        }
    }

    /// The next tag.
    pub fn next_tag(&mut self) -> Result<Event<'_>, Fault> {
        if self.close_next {
            self.close_next = false;
            return Ok(self.close());
        }
        self.text.clear();
        loop {
            let start = self.reader.buffer_position() as usize;
            let event = self.reader.read_event();
            match event {
                Err(error) => {
                    let at = self.reader.error_position() as usize;
                    let line = self.lines.at(at);
                    // The start of what is left open says more than the end of the file.
                    return Err(match (&error, self.open.last()) {
                        (quick_xml::Error::Syntax(_), Some((name, opened))) => {
                            fault(line, format!("{} inside <{name}> of line {opened}", lower(&error)))
                        }
                        _ => fault(line, lower(&error)),
                    });
                }
                Ok(XmlEvent::Start(tag)) => {
                    self.open(start, tag.name().as_ref().len())?;
                    return Ok(Event::Open { name: self.name, line: self.line });
                }
                Ok(XmlEvent::Empty(tag)) => {
                    self.open(start, tag.name().as_ref().len())?;
                    self.close_next = true;
                    return Ok(Event::Open { name: self.name, line: self.line });
                }
                Ok(XmlEvent::End(_)) => {
                    self.line = self.lines.at(start);
                    return Ok(self.close());
                }
                Ok(XmlEvent::Text(text)) => {
                    let outside = self.open.is_empty() && !super::text::trim(&text).is_empty();
                    if outside {
                        let before = text.len() - text.trim_start().len();
                        return Err(fault(self.lines.at(start + before), "text outside of the root element"));
                    }
                    if text.starts_with('&') {
                        self.loose.get_or_insert(self.lines.at(start));
                    }
                    self.push(&text, start)?;
                }
                Ok(XmlEvent::CData(text)) => self.push(&text, start)?,
                Ok(XmlEvent::GeneralRef(reference)) => self.resolve(&reference, start)?,
                Ok(XmlEvent::DocType(text)) => {
                    if contains_ignoring_case(&text, "<!entity") {
                        return Err(fault(
                            self.lines.at(start),
                            "the document type declares entities, which are not read",
                        ));
                    }
                }
                Ok(XmlEvent::Comment(_) | XmlEvent::Decl(_) | XmlEvent::PI(_)) => {}
                Ok(XmlEvent::Eof) => return self.end(),
            }
        }
    }

    fn open(&mut self, start: usize, name_len: usize) -> Result<(), Fault> {
        self.line = self.lines.at(start);
        if self.root_closed {
            return Err(fault(self.line, "a second root element"));
        }
        if self.open.len() >= DEPTH {
            return Err(fault(self.line, format!("elements nested deeper than {DEPTH}")));
        }
        self.name = self.source.get(start + 1..start + 1 + name_len).unwrap_or_default();
        let end = (self.reader.buffer_position() as usize).saturating_sub(1);
        self.tag = self.source.get(start + 1..end).unwrap_or_default().trim_end_matches('/');
        self.open.push((self.name, self.line));
        self.leaf = true;
        Ok(())
    }

    fn close(&mut self) -> Event<'_> {
        // The reader has checked that the closing tag's name is that of the opening one.
        self.name = self.open.pop().map_or("", |(name, _)| name);
        self.root_closed = self.open.is_empty();
        let leaf = std::mem::replace(&mut self.leaf, false);
        Event::Close { name: self.name, text: &self.text, line: self.line, leaf }
    }

    fn end(&mut self) -> Result<Event<'_>, Fault> {
        let last = self.lines.at(self.source.trim_end().len());
        match self.open.last() {
            Some((name, line)) => Err(fault(last, format!("the file ends inside <{name}> of line {line}"))),
            None if self.root_closed => Ok(Event::End),
            None if super::text::trim(self.source).is_empty() => Err(fault(0, "the file is empty")),
            None => Err(fault(last, "no element, so no XML document")),
        }
    }

    fn push(&mut self, text: &str, start: usize) -> Result<(), Fault> {
        if self.text.len() + text.len() > TEXT {
            return Err(fault(self.lines.at(start), format!("text longer than {TEXT} bytes")));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn resolve(&mut self, reference: &str, start: usize) -> Result<(), Fault> {
        let character = match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let is_name = |byte: u8| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':') || byte >= 0x80
                };
                if let Some(number) = reference.strip_prefix('#') {
                    let code = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16),
                        None => number.parse(),
                    };
                    let character = code.ok().and_then(char::from_u32).filter(|character| *character != '\0');
                    character.ok_or_else(|| fault(self.lines.at(start), format!("&{reference}; is no character")))?
                } else if !reference.is_empty() && reference.bytes().all(is_name) {
                    return Err(fault(
                        self.lines.at(start),
                        format!("&{reference}; is not one of XML's five entities"),
                    ));
                } else {
                    // `Tom & Jerry; both`: no reference.
                    self.loose.get_or_insert(self.lines.at(start));
                    self.push("&", start)?;
                    self.push(reference, start)?;
                    ';'
                }
            }
        };
        self.push(character.encode_utf8(&mut [0; 4]), start)
    }
}

fn fault(line: u32, message: impl Into<String>) -> Fault {
    Fault { line, message: message.into() }
}

/// A message of quick-xml in our form: lower case, without its class.
fn lower(error: &quick_xml::Error) -> String {
    let message = match error {
        quick_xml::Error::Syntax(error) => error.to_string(),
        quick_xml::Error::IllFormed(error) => error.to_string(),
        error => error.to_string(),
    };
    message.trim_end_matches('.').to_owned()
}

fn contains_ignoring_case(text: &str, wanted: &str) -> bool {
    text.as_bytes().windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// A text between tags or quotes. XML has no way to say control characters; a blank stands for each.
pub fn escaped(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    quick_xml::escape::escape(clean.as_str()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(source: &str) -> Result<Vec<String>, Fault> {
        let mut cursor = Cursor::new(source);
        let mut seen = Vec::new();
        loop {
            match cursor.next_tag()? {
                Event::Open { name, .. } => seen.push(format!("<{name}")),
                Event::Close { name, text, leaf, .. } => {
                    seen.push(format!("{name}={text}{}", if leaf { "" } else { "+" }))
                }
                Event::End => return Ok(seen),
            }
        }
    }

    fn refused(source: &str, line: u32, message: &str) {
        assert_eq!(all(source).expect_err(source), fault(line, message), "{source}");
    }

    #[test]
    fn elements_and_their_text() {
        let seen =
            all("<?xml version='1.0'?>\n<!DOCTYPE a><a x='>'><b> 1<!-- x -->2 </b><c/><d><![CDATA[<&]]></d></a>\n")
                .expect("good");
        assert_eq!(seen, ["<a", "<b", "b= 12 ", "<c", "c=", "<d", "d=<&", "a=+"]);
    }

    #[test]
    fn elements_as_trees() {
        let mut cursor = Cursor::new("<a>\n<b x='1' y = \"&lt;R&D>\"/><b><c> t </c>u</b></a>");
        cursor.next_tag().expect("open");
        let root = cursor.element().expect("good");
        let [first, second] = &root.children[..] else { panic!("{root:?}") };
        assert_eq!((first.line, first.attribute("x"), first.attribute("z")), (2, Some("1"), None));
        assert_eq!(first.number("x"), Ok(1.0));
        assert_eq!(first.number("z"), Err(fault(2, "<b> has no z")));
        assert!(first.number("y").is_err_and(|fault| fault.line == 2 && fault.message.ends_with("is no number")));
        assert_eq!((second.child_text("c"), root.all("b").count(), cursor.next_tag()), ("t", 2, Ok(Event::End)));
    }

    #[test]
    fn references() {
        let text = |source: &str| all(&format!("<a>{source}</a>")).map(|seen| seen[1].clone());
        assert_eq!(text("&lt;&gt;&amp;&quot;&apos;&#65;&#x42;").as_deref(), Ok("a=<>&\"'AB"));
        assert_eq!(text("R&D").as_deref(), Ok("a=R&D"));
        assert_eq!(text("Tom & Jerry").as_deref(), Ok("a=Tom & Jerry"));
        assert_eq!(text("Tom & Jerry; both").as_deref(), Ok("a=Tom & Jerry; both"));
        assert_eq!(text("a&").as_deref(), Ok("a=a&"));
        refused("<a>\n&nbsp;</a>", 2, "&nbsp; is not one of XML's five entities");
        refused("<a>&#xd800;</a>", 1, "&#xd800; is no character");
        refused("<a>&#0;</a>", 1, "&#0; is no character");
        refused("<a>&#99999999999;</a>", 1, "&#99999999999; is no character");
    }

    #[test]
    fn bombs() {
        let bomb = "<!DOCTYPE a [\n<!ENTITY b \"cc\">\n<!ENTITY c SYSTEM \"file:///etc/passwd\">]><a>&b;</a>";
        refused(bomb, 1, "the document type declares entities, which are not read");
        refused(&"<a>".repeat(65), 1, "elements nested deeper than 64");
        assert!(all(&format!("{}{}", "<a>".repeat(64), "</a>".repeat(64))).is_ok());
        let long = format!("<a>{}</a>", "x".repeat(TEXT + 1));
        refused(&long, 1, "text longer than 16777216 bytes");
    }

    #[test]
    fn ends() {
        refused("", 0, "the file is empty");
        refused(" \n", 0, "the file is empty");
        refused("<!-- a -->\n", 1, "no element, so no XML document");
        refused("abc", 1, "text outside of the root element");
        refused("<a>\n<b>\n", 2, "the file ends inside <b> of line 2");
        refused("<a></a>\n<a></a>", 2, "a second root element");
        refused("<a></a>\n\nb", 3, "text outside of the root element");
        refused("<a>\n</b></a>", 2, "expected `</a>`, but `</b>` was found");
        refused("<a>\n<b", 2, "tag not closed: `>` not found before end of input inside <a> of line 1");
    }
}
