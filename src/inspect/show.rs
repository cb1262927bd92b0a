//! Single records with all that they hold, as text.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value, json};

use super::payload::{Payload, describe, describe_bytes, letters, text};
use super::report::{check_stop, open};
use super::thousands;
use super::verify::damage;
use crate::example::{Condition, FeatureLists, Features, SequenceExample, Values};
use crate::record::{ReadOptions, RecordError, Recovery};

/// Bytes that are no text, of which a table or JSON shows the beginning only.
const MAX_HEX: usize = 64;
/// Bytes of a payload that is no Example and is shown as a table.
const MAX_DUMP: usize = 4096;

/// How a record is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON with all numbers and texts; of other bytes the first 64.
    Json,
    /// A line for each feature, cut.
    Table,
    /// Protobuf's text format, whole: `text_format.Parse` gives the message again.
    Pbtxt,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Json, Self::Table, Self::Pbtxt];

    /// `json`, `table` or `pbtxt`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Table => "table",
            Self::Pbtxt => "pbtxt",
        }
    }

    /// The form of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }
}

/// Which records are shown, and how.
#[derive(Clone, Debug)]
pub struct ShowOptions {
    /// How to read; the recovery is always [`Recovery::Skip`].
    pub read: ReadOptions,
    /// The one with this number, from 0; any where nothing is said.
    pub record: Option<u64>,
    /// What Examples must fulfil; where there is a condition, nothing but Examples is shown.
    pub conditions: Vec<Condition>,
    /// So many at most.
    pub limit: usize,
    /// How they are written.
    pub form: Form,
    /// Ends the work with an error of kind `Interrupted` once it is set.
    pub stop: Option<Arc<AtomicBool>>,
}

/// What [`show`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The records that are asked for, each as text that ends with a line's end.
    pub records: Vec<String>,
    /// What is damaged up to the last of them, with its place in the file.
    pub damage: Vec<String>,
}

/// The records of `path` that are asked for. They are numbered as [`verify`](super::verify()) does it: a damaged stretch counts
/// as one.
pub fn show(path: &Path, options: &ShowOptions) -> Result<Shown, RecordError> {
    let read = ReadOptions { recovery: Recovery::Skip, ..options.read };
    let mut reader = open(path, read, options.stop.as_ref())?;
    let mut records = Vec::new();
    while records.len() < options.limit {
        check_stop(options.stop.as_deref())?;
        let record = match reader.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                check_stop(options.stop.as_deref())?;
                return Err(error);
            }
        };
        if options.record.is_some_and(|wanted| record.place < wanted) {
            continue;
        }
        if options.record.is_some_and(|wanted| record.place > wanted) {
            break;
        }
        let payload = Payload::of(record.payload);
        if !fulfils(&payload, &options.conditions) {
            continue;
        }
        records.push(written(path, (record.place, record.offset), record.payload, &payload, options.form));
    }
    let damage = damage(reader.lost()).map(|finding| finding.to_string()).collect();
    Ok(Shown { records, damage })
}

pub(super) fn fulfils(payload: &Payload<'_>, conditions: &[Condition]) -> bool {
    if conditions.is_empty() {
        return true;
    }
    match payload {
        Payload::Example(example) => {
            conditions.iter().all(|condition| condition.holds_of(&example.features, &FeatureLists::default()))
        }
        Payload::Sequence(sequence) => conditions.iter().all(|condition| condition.holds(sequence)),
        Payload::Other(_) => false,
    }
}

fn written(path: &Path, (number, offset): (u64, u64), bytes: &[u8], payload: &Payload<'_>, form: Form) -> String {
    let kind = payload.word(bytes);
    let path = path.display().to_string();
    let size = thousands(bytes.len() as u64);
    let place = format!("{}: record {number} at byte {offset}: {kind}, {size} bytes\n", shown_key(&path));
    match form {
        Form::Json => {
            let mut found = Map::new();
            found.insert("path".into(), path.into());
            found.insert("record".into(), number.into());
            found.insert("offset".into(), offset.into());
            found.insert("bytes".into(), bytes.len().into());
            found.insert("kind".into(), kind.into());
            match payload {
                Payload::Example(example) => {
                    found.insert("features".into(), features_json(&example.features));
                }
                Payload::Sequence(sequence) => {
                    found.insert("features".into(), features_json(&sequence.context));
                    let lists = sequence.feature_lists.iter().map(|(key, steps)| {
                        let steps: Vec<Value> = steps.iter().map(values_json).collect();
                        (key.to_owned(), steps.into())
                    });
                    found.insert("feature_lists".into(), Value::Object(lists.collect()));
                }
                Payload::Other(_) => {
                    found.insert("text".into(), text(bytes).into());
                    found.insert("hex".into(), hex(bytes).into());
                }
            }
            format!("{}\n", Value::Object(found))
        }
        Form::Table => place + &table(bytes, payload),
        Form::Pbtxt => match payload {
            Payload::Example(example) => format!("# {place}") + &message("features", &example.features),
            Payload::Sequence(sequence) => format!("# {place}") + &sequence_message(sequence),
            Payload::Other(_) => (place + &dump(bytes)).lines().map(|line| format!("# {line}\n")).collect(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn features_json(features: &Features<'_>) -> Value {
    Value::Object(features.iter().map(|(key, values)| (key.to_owned(), values_json(values))).collect())
}

/// JSON has no number for what is not finite: as protobuf's own JSON, it is a text.
fn values_json(values: &Values<'_>) -> Value {
    let list: Vec<Value> = match values {
        Values::Unset => Vec::new(),
        Values::Bytes(list) => list.iter().map(bytes_json).collect(),
        Values::Int64(list) => list.iter().map(Value::from).collect(),
        Values::Float(list) => list
            .iter()
            .map(|value| match value {
                _ if value.is_nan() => "NaN".into(),
                _ if value.is_infinite() => if value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
                // By its shortest digits, so that 0.1 stays 0.1.
                _ => value.to_string().parse::<f64>().map_or(Value::Null, Value::from),
            })
            .collect(),
    };
    json!({"kind": values.kind(), "values": list})
}

fn bytes_json(bytes: &[u8]) -> Value {
    match text(bytes) {
        Some(text) => text.into(),
        None => json!({
            "bytes": bytes.len(),
            "what": describe_bytes(bytes),
            "hex": hex(&bytes[..bytes.len().min(MAX_HEX)]),
        }),
    }
}

fn table(bytes: &[u8], payload: &Payload<'_>) -> String {
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut add = |key: String, values: &Values<'_>| {
        rows.push([key, values.kind().unwrap_or("unset").to_owned(), describe(values)]);
    };
    match payload {
        Payload::Example(example) => example.features.iter().for_each(|(key, values)| add(shown_key(key), values)),
        Payload::Sequence(sequence) => {
            sequence.context.iter().for_each(|(key, values)| add(shown_key(key), values));
            for (key, steps) in sequence.feature_lists.iter() {
                let key = shown_key(key);
                steps.iter().enumerate().for_each(|(step, values)| add(format!("{key}[{step}]"), values));
            }
        }
        Payload::Other(_) => return dump(bytes),
    }
    let [first, second] = [0, 1].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    rows.iter().fold(String::new(), |mut text, [key, kind, what]| {
        let _ = writeln!(text, "  {key:first$}  {kind:second$}  {what}");
        text
    })
}

/// Keys come from the file: what would move the terminal's cursor is escaped.
fn shown_key(key: &str) -> String {
    if key.chars().any(char::is_control) { key.escape_debug().to_string() } else { key.to_owned() }
}

/// Rows of 16 bytes: place, hex, text.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (row, piece) in bytes[..bytes.len().min(MAX_DUMP)].chunks(16).enumerate() {
        let numbers: Vec<String> = piece.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(text, "  {:08x}  {:47}  {}", row * 16, numbers.join(" "), letters(piece));
    }
    if bytes.len() > MAX_DUMP {
        let _ = writeln!(text, "  ... {} bytes more", thousands((bytes.len() - MAX_DUMP) as u64));
    }
    text
}

fn message(field: &str, features: &Features<'_>) -> String {
    let mut sorted: Vec<(&str, &Values<'_>)> = features.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    let mut text = format!("{field} {{\n");
    for (key, values) in sorted {
        let _ = write!(text, "  feature {{\n    key: {}\n    value {{\n", quoted(key.as_bytes()));
        lists(&mut text, "      ", values);
        text += "    }\n  }\n";
    }
    text + "}\n"
}

fn sequence_message(sequence: &SequenceExample<'_>) -> String {
    let mut sorted: Vec<_> = sequence.feature_lists.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    let mut text = message("context", &sequence.context) + "feature_lists {\n";
    for (key, steps) in sorted {
        let _ = write!(text, "  feature_list {{\n    key: {}\n    value {{\n", quoted(key.as_bytes()));
        for values in steps {
            text += "      feature {\n";
            lists(&mut text, "        ", values);
            text += "      }\n";
        }
        text += "    }\n  }\n";
    }
    text + "}\n"
}

fn lists(text: &mut String, indent: &str, values: &Values<'_>) {
    let Some(kind) = values.kind() else { return };
    let _ = writeln!(text, "{indent}{kind}_list {{");
    let mut line = |value: String| {
        let _ = writeln!(text, "{indent}  value: {value}");
    };
    match values {
        Values::Unset => {}
        Values::Bytes(list) => list.iter().for_each(|value| line(quoted(value))),
        Values::Int64(list) => list.iter().for_each(|value| line(value.to_string())),
        Values::Float(list) => list.iter().for_each(|value| line(format!("{value:?}").to_lowercase())),
    }
    let _ = writeln!(text, "{indent}}}");
}

/// A text of protobuf's text format, which takes any byte as three octal digits.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            0x20..0x7f => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\{byte:03o}");
            }
        }
    }
    text.push('"');
    text
}
