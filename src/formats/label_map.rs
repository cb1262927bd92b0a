//! Label maps: read as people write them, written as every reader takes them.
//!
//! A label map is text of the protocol buffer `StringIntLabelMap` (TensorFlow's object detection API):
//!
//! ```text
//! map    = { "item" [":"] ( body | "[" body { "," body } "]" ) }
//! body   = ( "{" { field } "}" ) | ( "<" { field } ">" )
//! field  = name [":"] value [ "," | ";" ]          name: "name", "id", "display_name"; others are skipped
//! value  = string { string } | number | word | body | "[" ... "]"
//! string = quoted by " or ', with C's escapes       "#" starts a comment
//! ```
//!
//! What protobuf's parser refuses is read with a warning where it can mean one thing: a byte order mark, curly quotes,
//! a quote inside a string, a missing brace, an unknown field, a name without quotes, an id in quotes, `=` for `:`,
//! capitals. Also read: names one per line (ids from 1 in order), `id,name` (or `name,id`) lines, and CVAT's
//! `name:r,g,b:parts:actions`; JSON and YAML ([`trees`]). A class called `background` with id 0 is left out, since 0 is the background anyway.

mod lines;
mod proto;
mod trees;

use std::path::{Path, PathBuf};

use self::trees::Grammar;
pub(super) use lines::names;

use super::error::{FormatError, FormatErrorKind};
use super::text;
use crate::dataset::{Label, LabelMap};

/// Size of a label map that is still read.
const LIMIT: u64 = 64 << 20;

/// Something in a label map that was put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Line, from 1.
    pub line: u32,
    /// In words.
    pub message: String,
}

/// A class as it stands in the text.
#[derive(Debug)]
struct Item {
    line: u32,
    id: Option<i64>,
    name: Option<String>,
    display_name: Option<String>,
}

/// Why text is no label map: line and words.
type Fault = super::xml::Fault;

/// Reads a label map.
pub fn parse(source: &str) -> Result<(LabelMap, Vec<Warning>), FormatError> {
    parse_as(source, None)
}

/// Reads a label map, in the grammar that the file's name says, unless it is a protocol buffer.
fn parse_as(source: &str, said: Option<Grammar>) -> Result<(LabelMap, Vec<Warning>), FormatError> {
    let mut warnings = Vec::new();
    let mut source = source;
    if let Some(rest) = source.strip_prefix('\u{feff}') {
        warn(&mut warnings, 1, "a byte order mark, which TensorFlow refuses");
        source = rest;
    }
    label_map(source, said, &mut warnings)
        .map(|map| (map, warnings))
        .map_err(|fault| FormatError::syntax(fault.message, "", fault.line))
}

/// Reads the label map in the file at `path`, in any encoding.
pub fn read(path: &Path) -> Result<(LabelMap, Vec<Warning>), FormatError> {
    let io = |error| FormatError::new(FormatErrorKind::Io(error), path);
    let mut bytes = Vec::new();
    text::read_to_limit(&mut std::fs::File::open(path).map_err(io)?, &mut bytes, LIMIT).map_err(io)?;
    let decoded = text::decode(&bytes);
    let said = path.extension().and_then(|extension| Grammar::of_extension(extension.to_str()?));
    let (map, mut warnings) = parse_as(&decoded.text, said).map_err(|error| error.in_file(path))?;
    let encoding = decoded.guessed.map(|name| name.to_owned());
    let mark = bytes.starts_with(b"\xef\xbb\xbf").then(|| "a byte order mark, which TensorFlow refuses".to_owned());
    for message in mark.into_iter().chain(encoding) {
        warnings.insert(0, Warning { line: 1, message });
    }
    Ok((map, warnings))
}

/// The label map that stands beside the record file at `path`: the one that is called after it (`objects_label_map.pbtxt`), else
/// `label_map.pbtxt`, else the only `*.pbtxt` that is one.
pub fn beside(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = path.file_name()?.to_str()?.split('.').next().unwrap_or_default();
    for name in [format!("{stem}_label_map.pbtxt"), "label_map.pbtxt".to_owned()] {
        let candidate = folder.join(name);
        if candidate.is_file() {
            return Some(candidate);
        }
    }
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut all = entries.filter(|path| path.extension().is_some_and(|extension| extension == "pbtxt"));
    let only = all.next().filter(|_| all.next().is_none())?;
    // Graphs and configurations end so too.
    read(&only).is_ok().then_some(only)
}

fn label_map(source: &str, said: Option<Grammar>, warnings: &mut Vec<Warning>) -> Result<LabelMap, Fault> {
    let items = match said.or_else(|| Grammar::of_text(source)) {
        _ if proto::looks_so(source) => proto::items(source, warnings)?,
        Some(grammar) => trees::items(source, grammar, warnings)?,
        None => lines::items(source, warnings)?,
    };
    let mut labels: Vec<(u32, Label)> = Vec::new();
    for item in items {
        let fault = |message: String| Fault { line: item.line, message };
        let name = item.name.or_else(|| item.display_name.clone()).map(|name| text::trim(&name).to_owned());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(fault("an item without a name".into()));
        };
        let id = item.id.ok_or_else(|| fault(format!("item {name:?} has no id")))?;
        let shown = item.display_name.as_deref().unwrap_or_default();
        if id == 0 && (is_background(&name) || is_background(shown)) {
            warn(warnings, item.line, format!("{name:?} with id 0 left out: 0 is the background in any case"));
            continue;
        }
        if id < 1 || id > i64::from(i32::MAX) {
            return Err(fault(format!("item {name:?} has id {id}, ids go from 1 to {}", i32::MAX)));
        }
        if let Some((line, known)) = labels.iter().find(|(_, known)| known.id == id || known.name == name) {
            if known.id == id && known.name == name {
                warn(warnings, item.line, format!("item {name:?} stands already at line {line}"));
                continue;
            }
            let message = if known.id == id {
                format!("item {name:?} has id {id}, as {:?} at line {line} has", known.name)
            } else {
                format!("item {name:?} has id {id}, and id {} at line {line}", known.id)
            };
            return Err(fault(message));
        }
        let display_name = item.display_name.filter(|display| *display != name);
        labels.push((item.line, Label { id, name, display_name }));
    }
    if labels.is_empty() {
        return Err(Fault { line: 0, message: "no class in it".into() });
    }
    let labels = labels.into_iter().map(|(_, label)| label).collect();
    LabelMap::new(labels).map_err(|error| Fault { line: 0, message: error.to_string() })
}

/// Whether a class is what TensorFlow gives id 0.
pub(super) fn is_background(name: &str) -> bool {
    ["background", "_background_", "__background__", "???"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn warn(warnings: &mut Vec<Warning>, line: u32, message: impl Into<String>) {
    warnings.push(Warning { line, message: message.into() });
}

/// The plain form: what protobuf's own printer writes (names in UTF-8), which every reader takes.
pub fn to_text(map: &LabelMap) -> String {
    let mut text = String::new();
    for label in map.labels() {
        text.push_str(&format!("item {{\n  name: {}\n  id: {}\n", quoted(&label.name), label.id));
        if let Some(display_name) = &label.display_name {
            text.push_str(&format!("  display_name: {}\n", quoted(display_name)));
        }
        text.push_str("}\n");
    }
    text
}

/// Roboflow's form, to the byte: four blanks, commas behind name and id, always a display name.
pub fn to_text_roboflow(map: &LabelMap) -> String {
    let mut text = String::new();
    for label in map.labels() {
        let name = quoted(&label.name);
        let display = label.display_name.as_deref().map_or_else(|| name.clone(), quoted);
        text.push_str(&format!("item {{\n    name: {name},\n    id: {},\n    display_name: {display}\n}}\n", label.id));
    }
    text
}

fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control < ' ' || control == '\x7f' => quoted.push_str(&format!("\\{:03o}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
