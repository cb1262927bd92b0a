//! JSON lines: an object on each line, a member for each column. A member that is missing, or null, is no value. Empty
//! lines are passed over; of members of one name the last counts.

use std::fmt;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fill::{Fill, shown};
use super::{Guesses, MAX_ROW, PIECE, ROWS, Text, too_long};
use crate::table::model::{Batch, Field};
use crate::table::pipeline::ordered;
use crate::table::source::{Source, Work};
use crate::table::{Job, TableError};

/// A value of JSON, members in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// For a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::UInt(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => shown(text.as_bytes()),
            Self::List(_) => "a list".into(),
            Self::Object(_) => "an object".into(),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::UInt(value), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}

/// Some lines of the file.
struct Piece {
    text: Vec<u8>,
    /// The first, from 1.
    line: u64,
    /// The row of the first that is not empty, from 0.
    row: u64,
    rows: usize,
}

impl Piece {
    /// Gives the members of each row.
    fn each(
        &self,
        path: &Path,
        flatten: bool,
        mut take: impl FnMut(Vec<(String, Json)>) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        for (line, text) in (self.line..).zip(self.text.split(|byte| *byte == b'\n')) {
            let text = text.trim_ascii();
            if text.is_empty() {
                continue;
            }
            let refused = |problem: String| TableError::Line { path: path.to_owned(), line, problem };
            let value = serde_json::from_slice(text).map_err(|error| {
                // On a line of its own, its line is always the first.
                refused(error.to_string().replace(" at line 1 column ", " at column "))
            })?;
            let Json::Object(members) = value else {
                return Err(refused(format!("expected an object, found {}", Json::shown(&value))));
            };
            take(if flatten { flat(members) } else { members })?;
        }
        Ok(())
    }
}

/// Members of objects as members of the row, `a/b`.
fn flat(members: Vec<(String, Json)>) -> Vec<(String, Json)> {
    fn put(prefix: &str, members: Vec<(String, Json)>, out: &mut Vec<(String, Json)>) {
        for (name, value) in members {
            let name = format!("{prefix}{name}");
            match value {
                Json::Object(members) => put(&format!("{name}/"), members, out),
                value => out.push((name, value)),
            }
        }
    }
    let mut out = Vec::new();
    put("", members, &mut out);
    out
}

/// Cuts the file into pieces.
struct Lines {
    path: PathBuf,
    text: Text,
    line: u64,
    row: u64,
}

impl Lines {
    fn open(path: &Path, job: &Job) -> Result<Self, TableError> {
        let mut text = Text::open(path, job)?;
        if text.inner.fill_buf().is_ok_and(|start| start.starts_with(b"\xef\xbb\xbf")) {
            text.inner.consume(3);
        }
        Ok(Self { path: path.to_owned(), text, line: 1, row: 0 })
    }

    fn next(&mut self) -> Result<Option<Piece>, TableError> {
        let mut piece = Piece { text: Vec::new(), line: self.line, row: self.row, rows: 0 };
        while piece.text.len() < PIECE && piece.rows < ROWS {
            let start = piece.text.len();
            let mut limited = std::io::Read::take(&mut self.text.inner, MAX_ROW);
            let read =
                limited.read_until(b'\n', &mut piece.text).map_err(TableError::io("cannot be read", &self.path))?;
            if read == 0 {
                break;
            }
            let line = &piece.text[start..];
            if read as u64 == MAX_ROW && !line.ends_with(b"\n") {
                return Err(TableError::Line { path: self.path.clone(), line: self.line, problem: too_long() });
            }
            self.line += 1;
            let is_row = !line.trim_ascii().is_empty();
            piece.rows += usize::from(is_row);
            self.row += u64::from(is_row);
        }
        Ok(Some(piece).filter(|piece| !piece.text.is_empty()))
    }
}

/// Looks at every row of a file.
pub(in crate::table) fn guess(path: &Path, flatten: bool, workers: usize, job: &Job) -> Result<Guesses, TableError> {
    let mut lines = Lines::open(path, job)?;
    let mut guesses = Guesses::default();
    let work = |piece: Piece| {
        let mut seen = Guesses::default();
        piece.each(path, flatten, |members| {
            for (place, (name, value)) in members.into_iter().enumerate() {
                // Rows have their members in the same order, mostly.
                let known = match seen.0.get(place) {
                    Some((there, _)) if *there == name => Some(place),
                    _ => seen.0.iter().position(|(there, _)| *there == name),
                };
                let place = known.unwrap_or_else(|| {
                    seen.0.push((name, super::Guess::default()));
                    seen.0.len() - 1
                });
                seen.0[place].1.see(&value, 0);
            }
            Ok(())
        })?;
        Ok(seen)
    };
    ordered(
        workers,
        || lines.next(),
        work,
        |seen| {
            guesses.merge(seen);
            Ok(())
        },
    )?;
    Ok(guesses)
}

/// The rows of a file.
pub(in crate::table) struct JsonLines {
    lines: Lines,
    fields: Arc<[Field]>,
    flatten: bool,
}

impl JsonLines {
    pub(in crate::table) fn open(
        path: &Path,
        fields: &Arc<[Field]>,
        flatten: bool,
        job: &Job,
    ) -> Result<Self, TableError> {
        Ok(Self { lines: Lines::open(path, job)?, fields: Arc::clone(fields), flatten })
    }
}

impl Source for JsonLines {
    fn next(&mut self) -> Result<Option<Work>, TableError> {
        let Some(piece) = self.lines.next()? else { return Ok(None) };
        let (fields, path, flatten) = (Arc::clone(&self.fields), self.lines.path.clone(), self.flatten);
        Ok(Some(Box::new(move || batch(&piece, &path, flatten, fields))))
    }
}

fn batch(piece: &Piece, path: &Path, flatten: bool, fields: Arc<[Field]>) -> Result<Batch, TableError> {
    let mut fills: Vec<Fill> = fields.iter().map(Fill::new).collect();
    let refused = |field: &Field, refusal: crate::table::error::Refusal| {
        TableError::value(path, &field.source, piece.row + refusal.row as u64, refusal.problem)
    };
    piece.each(path, flatten, |members| {
        for (place, (fill, field)) in fills.iter_mut().zip(fields.iter()).enumerate() {
            let value = match members.get(place) {
                Some((name, value)) if *name == field.source => {
                    // The last of a name counts.
                    let later = members[place + 1..].iter().rev().find(|(name, _)| *name == field.source);
                    Some(later.map_or(value, |(_, value)| value))
                }
                _ => members.iter().rev().find(|(name, _)| *name == field.source).map(|(_, value)| value),
            };
            match value {
                Some(value) => fill.row(value).map_err(|refusal| refused(field, refusal))?,
                None => fill.absent(),
            }
        }
        Ok(())
    })?;
    let columns = fills.into_iter().zip(fields.iter());
    let columns = columns.map(|(fill, field)| fill.finish().map_err(|refusal| refused(field, refusal)));
    let columns = columns.collect::<Result<_, _>>()?;
    Ok(Batch { fields, columns, rows: piece.rows, first_row: piece.row })
}
