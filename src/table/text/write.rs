//! Rows to text. CSV and TSV have a header; a row without a value has an empty cell, an empty text is `""`, and a list is
//! written as JSON has it. Floats have as many digits as it takes to read the same float32 again.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::table::TableError;
use crate::table::error::Refusal;
use crate::table::model::{Batch, Column, Field, Values};
use crate::table::source::Format;
use crate::table::types::Type;
use std::ops::Range;
use std::path::Path;

/// Why text has no such column.
pub(in crate::table) fn refuses(field: &Field, format: Format) -> Option<String> {
    match field.ty {
        Type::Binary => Some("bytes that are no text; base64 can be asked for".into()),
        ty if !super::is_textual(ty) => Some(format!("{} has no {ty}", format.name())),
        _ => None,
    }
}

/// The names of the columns, for CSV.
pub(in crate::table) fn header(fields: &[Field], format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(delimiter) = delimiter(format) {
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                out.push(delimiter);
            }
            put_cell(&mut out, field.name.as_bytes(), delimiter);
        }
        out.push(b'\n');
    }
    out
}

fn delimiter(format: Format) -> Option<u8> {
    match format {
        Format::Csv => Some(b','),
        Format::Tsv => Some(b'\t'),
        _ => None,
    }
}

/// The rows of a batch.
pub(in crate::table) fn rows(batch: &Batch, format: Format, path: &Path) -> Result<Vec<u8>, TableError> {
    let mut out = Vec::new();
    let columns: Vec<Cells<'_>> = batch.columns.iter().zip(batch.fields.iter()).map(Cells::new).collect();
    let refused = |field: &Field, refusal: Refusal| {
        TableError::value(path, &field.source, batch.first_row + refusal.row as u64, refusal.problem)
    };
    match delimiter(format) {
        Some(delimiter) => {
            let mut cell = Vec::new();
            for row in 0..batch.rows {
                for (place, cells) in columns.iter().enumerate() {
                    if place > 0 {
                        out.push(delimiter);
                    }
                    cell.clear();
                    let is_there = cells.put(row, false, &mut cell).map_err(|error| refused(cells.field, error))?;
                    // A line without anything would be passed over.
                    if is_there || columns.len() == 1 {
                        put_cell(&mut out, &cell, delimiter);
                    }
                }
                out.push(b'\n');
            }
        }
        None => {
            let names: Vec<Vec<u8>> = batch.fields.iter().map(|field| quoted(&field.name)).collect();
            for row in 0..batch.rows {
                out.push(b'{');
                for (place, (cells, name)) in columns.iter().zip(&names).enumerate() {
                    if place > 0 {
                        out.extend_from_slice(b", ");
                    }
                    out.extend_from_slice(name);
                    out.extend_from_slice(b": ");
                    if !cells.put(row, true, &mut out).map_err(|error| refused(cells.field, error))? {
                        out.extend_from_slice(b"null");
                    }
                }
                out.extend_from_slice(b"}\n");
            }
        }
    }
    Ok(out)
}

fn put_cell(out: &mut Vec<u8>, cell: &[u8], delimiter: u8) {
    let is_plain = |byte: &u8| *byte != delimiter && !matches!(byte, b'"' | b'\n' | b'\r');
    let is_bare = !cell.is_empty() && cell.iter().all(is_plain) && cell.trim_ascii().len() == cell.len();
    if is_bare {
        return out.extend_from_slice(cell);
    }
    out.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn quoted(text: &str) -> Vec<u8> {
    // A string is always JSON.
    serde_json::to_vec(text).unwrap_or_default()
}

/// A column, with what it takes to find its values.
struct Cells<'b> {
    column: &'b Column,
    field: &'b Field,
    splits: Vec<i64>,
}

impl<'b> Cells<'b> {
    fn new((column, field): (&'b Column, &'b Field)) -> Self {
        Self { column, field, splits: column.row_splits() }
    }

    /// Appends what the row has, if anything.
    fn put(&self, row: usize, as_json: bool, out: &mut Vec<u8>) -> Result<bool, Refusal> {
        if !self.column.is_present(row) {
            return Ok(false);
        }
        let refused = |problem: String| Refusal::new(row, problem);
        let range = self.splits[row] as usize..self.splits[row + 1] as usize;
        match self.column.splits.get(1) {
            Some(inner) => {
                out.push(b'[');
                for (place, list) in range.enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    self.list(inner[list] as usize..inner[list + 1] as usize, out).map_err(refused)?;
                }
                out.push(b']');
            }
            None if self.field.depth == 1 => self.list(range, out).map_err(refused)?,
            None => self.value(range.start, as_json, out).map_err(refused)?,
        }
        Ok(true)
    }

    fn list(&self, range: Range<usize>, out: &mut Vec<u8>) -> Result<(), String> {
        out.push(b'[');
        for (place, index) in range.enumerate() {
            if place > 0 {
                out.push(b',');
            }
            self.value(index, true, out)?;
        }
        out.push(b']');
        Ok(())
    }

    fn value(&self, index: usize, as_json: bool, out: &mut Vec<u8>) -> Result<(), String> {
        // Writing into memory does not fail.
        match &self.column.values {
            Values::Int64(values) if self.field.ty == Type::Bool => {
                out.extend_from_slice(if values[index] == 0 { b"false" } else { b"true" });
            }
            Values::Int64(values) => drop(write!(out, "{}", values[index])),
            Values::Float(values) if as_json && !values[index].is_finite() => {
                return Err(format!("{} has no JSON", values[index]));
            }
            Values::Float(values) => drop(write!(out, "{:?}", values[index])),
            Values::Bytes(values) => {
                let (bytes, ends) = values.parts();
                let value = &bytes[ends[index]..ends[index + 1]];
                let text = match self.field.ty {
                    Type::Base64 => std::borrow::Cow::Owned(BASE64.encode(value)),
                    _ => std::str::from_utf8(value).map_err(|_| "no UTF-8".to_owned())?.into(),
                };
                match as_json {
                    true => out.extend_from_slice(&quoted(&text)),
                    false => out.extend_from_slice(text.as_bytes()),
                }
            }
        }
        Ok(())
    }
}
