//! Columns filled row by row, from text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::json::Json;
use crate::table::error::Refusal;
use crate::table::model::{Column, Field, Values};
use crate::table::narrow;
use crate::table::types::Type;

/// Fills a column.
pub(super) struct Fill {
    ty: Type,
    depth: u8,
    column: Column,
    rows: usize,
}

impl Fill {
    pub(super) fn new(field: &Field) -> Self {
        let (ty, depth) = (field.ty, field.depth);
        Self { ty, depth, column: Column::new(field), rows: 0 }
    }

    /// The column, if its type has all of its numbers.
    pub(super) fn finish(self) -> Result<Column, Refusal> {
        self.column.check_range(self.ty)?;
        Ok(self.column)
    }

    /// The row has nothing.
    pub(super) fn absent(&mut self) {
        let present = self.column.present.get_or_insert_with(|| vec![true; self.rows]);
        present.push(false);
        self.end_row();
    }

    /// The row has a value of JSON.
    pub(super) fn row(&mut self, value: &Json) -> Result<(), Refusal> {
        if matches!(value, Json::Null) {
            self.absent();
            return Ok(());
        }
        self.json(value, self.depth).map_err(|problem| Refusal::new(self.rows, problem))?;
        self.there();
        Ok(())
    }

    /// The row has a cell of CSV.
    pub(super) fn cell(&mut self, cell: &[u8]) -> Result<(), Refusal> {
        if cell.is_empty() {
            self.absent();
            return Ok(());
        }
        let done = if self.depth > 0 {
            match serde_json::from_slice(cell) {
                Ok(list) => self.json(&list, self.depth),
                Err(error) => Err(format!("{} is no JSON array: {error}", shown(cell))),
            }
        } else {
            self.text(cell)
        };
        done.map_err(|problem| Refusal::new(self.rows, problem))?;
        self.there();
        Ok(())
    }

    fn there(&mut self) {
        if let Some(present) = &mut self.column.present {
            present.push(true);
        }
        self.end_row();
    }

    fn end_row(&mut self) {
        self.rows += 1;
        let below = match self.column.splits.get(1) {
            Some(inner) => inner.len() - 1,
            None => self.column.values.len(),
        };
        if let Some(splits) = self.column.splits.first_mut() {
            splits.push(below as i64);
        }
    }

    fn json(&mut self, value: &Json, depth: u8) -> Result<(), String> {
        if depth == 0 {
            return self.scalar(value);
        }
        let Json::List(items) = value else { return Err(format!("{} is no list", value.shown())) };
        for item in items {
            self.json(item, depth - 1)?;
        }
        if depth == 1
            && let Some(inner) = self.column.splits.get_mut(1)
        {
            inner.push(self.column.values.len() as i64);
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Json) -> Result<(), String> {
        let no = || match value {
            Json::Null => "null in a list, which has no place for it".to_owned(),
            value => format!("{} is no {}", value.shown(), self.ty),
        };
        match (&mut self.column.values, value) {
            (Values::Int64(values), Json::Int(value)) => values.push(*value),
            (Values::Int64(_), Json::UInt(value)) => return Err(above(*value)),
            (Values::Int64(values), Json::Bool(value)) if self.ty == Type::Bool => values.push((*value).into()),
            (Values::Int64(values), Json::Float(value))
                if value.fract() == 0.0 && value.abs() < 9.0e15 && self.ty != Type::Bool =>
            {
                values.push(*value as i64);
            }
            (Values::Float(values), Json::Int(_) | Json::UInt(_) | Json::Float(_)) => {
                let (value, is_rounded) = match value {
                    Json::Int(value) => narrow::whole((*value).into()),
                    Json::UInt(value) => narrow::whole((*value).into()),
                    Json::Float(value) => narrow::float(*value)?,
                    _ => return Err(no()),
                };
                values.push(value);
                self.column.rounded += u64::from(is_rounded);
            }
            (Values::Bytes(_), Json::Text(text)) => return self.text(text.as_bytes()),
            _ => return Err(no()),
        }
        Ok(())
    }

    /// A value as text has it.
    fn text(&mut self, cell: &[u8]) -> Result<(), String> {
        let word = cell.trim_ascii();
        let no = |ty: Type| format!("{} is no {ty}", shown(cell));
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| no(self.ty));
        match &mut self.column.values {
            Values::Int64(values) => values.push(match self.ty {
                Type::Bool if word.eq_ignore_ascii_case(b"true") || word == b"1" => 1,
                Type::Bool if word.eq_ignore_ascii_case(b"false") || word == b"0" => 0,
                Type::Bool => return Err(no(self.ty)),
                _ => {
                    let text = text(word)?;
                    text.parse().map_err(|_| text.parse().map_or_else(|_| no(self.ty), above))?
                }
            }),
            Values::Float(values) => {
                let text = text(word)?;
                let Some((value, is_rounded)) = narrow::text(text) else {
                    let is_number = text.parse::<f32>().is_ok();
                    return Err(if is_number { format!("{} is above float32", shown(cell)) } else { no(self.ty) });
                };
                values.push(value);
                self.column.rounded += u64::from(is_rounded);
            }
            Values::Bytes(values) => match self.ty {
                Type::Base64 => values.push(&BASE64.decode(word).map_err(|error| format!("{}: {error}", no(self.ty)))?),
                Type::Binary => values.push(cell),
                _ => values
                    .push(text(cell).map_err(|_| "no UTF-8; as binary it is taken as it is".to_owned())?.as_bytes()),
            },
        }
        Ok(())
    }
}

fn above(value: u64) -> String {
    format!("{value} is above int64")
}

/// The beginning of what somebody wrote.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let start: String = text.chars().take(40).collect();
    let more = if start.len() < text.len() { "..." } else { "" };
    format!("{:?}", format!("{start}{more}"))
}
