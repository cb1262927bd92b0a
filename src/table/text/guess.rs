//! What the values of a column may be, from those that were seen.

use super::json::Json;
use crate::table::types::Type;

/// What was seen in a column. Merging is the same in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Guess {
    seen: u16,
    /// Lists around the values, at most.
    depth: u8,
}

const BOOL: u16 = 1;
const INT: u16 = 2;
const FLOAT: u16 = 4;
const TEXT: u16 = 8;
const OBJECT: u16 = 16;
/// `nan` and `inf` in CSV: numbers where others are, words where not.
const WORD: u16 = 32;
/// CSV alone: a cell that is no list.
const BARE: u16 = 64;
/// CSV alone: digits with a comma among them, `1,5`, which is text all the same.
const COMMA: u16 = 128;
/// And no group of three behind it, which could be thousands.
const DECIMAL: u16 = 256;

impl Guess {
    pub(super) fn merge(&mut self, other: Self) {
        self.seen |= other.seen;
        self.depth = self.depth.max(other.depth);
    }

    /// A value of JSON, within `depth` lists.
    pub(super) fn see(&mut self, value: &Json, depth: u8) {
        self.depth = self.depth.max(depth);
        self.seen |= match value {
            Json::Null => 0,
            Json::Bool(_) => BOOL,
            Json::Int(_) | Json::UInt(_) => INT,
            Json::Float(_) => FLOAT,
            Json::Text(_) => TEXT,
            Json::Object(_) => OBJECT,
            Json::List(items) => {
                let depth = depth.saturating_add(1);
                self.depth = self.depth.max(depth);
                return items.iter().for_each(|item| self.see(item, depth));
            }
        };
    }

    /// A cell of CSV.
    pub(super) fn see_cell(&mut self, cell: &[u8]) {
        let cell = cell.trim_ascii();
        if cell.is_empty() {
            return;
        }
        if cell.starts_with(b"[")
            && let Ok(list @ Json::List(_)) = serde_json::from_slice(cell)
        {
            return self.see(&list, 0);
        }
        self.seen |= BARE | of_cell(cell);
    }

    /// Whether it is numbers with a comma for the point, plainly.
    pub(super) fn is_decimal_comma(self) -> bool {
        self.seen & DECIMAL != 0 && self.seen & !(BARE | INT | COMMA | DECIMAL) == 0 && self.depth == 0
    }

    /// The type, and the lists around it.
    pub(super) fn resolve(self) -> Result<(Type, u8), String> {
        let seen = self.seen & !BARE;
        if self.seen & BARE != 0 {
            let ty = match seen {
                BOOL => Type::Bool,
                INT => Type::Int64,
                _ if seen & !(INT | FLOAT | WORD) == 0 && seen & (INT | FLOAT) != 0 => Type::Float32,
                _ => Type::Text,
            };
            // Where some cells are lists and some are not, all are text.
            return Ok(if self.depth > 0 { (Type::Text, 0) } else { (ty, 0) });
        }
        if seen & OBJECT != 0 {
            return Err("an object fits into no feature; flatten makes columns of its members".into());
        }
        let ty = match seen {
            _ if seen & TEXT != 0 || seen == 0 && self.depth == 0 => Type::Text,
            _ if seen & FLOAT != 0 => Type::Float32,
            BOOL => Type::Bool,
            _ => Type::Int64,
        };
        Ok((ty, self.depth))
    }
}

/// `1,5`: whole numbers have no leading zeros here either.
fn with_comma(digits: &[u8]) -> Option<u16> {
    let comma = digits.iter().position(|byte| *byte == b',')?;
    let (whole, fraction) = (digits.get(..comma)?, digits.get(comma + 1..)?);
    let are_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let is_number = are_digits(whole) && are_digits(fraction) && (whole.len() == 1 || !whole.starts_with(b"0"));
    is_number.then_some(if fraction.len() == 3 && whole != b"0" { COMMA } else { COMMA | DECIMAL })
}

fn of_cell(cell: &[u8]) -> u16 {
    let digits = cell.strip_prefix(b"-").unwrap_or(cell);
    if let Some(found) = with_comma(digits) {
        return found;
    }
    match digits {
        [b'0', b'0'..=b'9', ..] => return TEXT,
        [first, ..] if first.is_ascii_digit() || *first == b'.' => {}
        _ if ["true", "false"].iter().any(|word| cell.eq_ignore_ascii_case(word.as_bytes())) => return BOOL,
        _ if ["nan", "inf", "infinity"].iter().any(|word| digits.eq_ignore_ascii_case(word.as_bytes())) => return WORD,
        _ => return TEXT,
    }
    let Ok(text) = std::str::from_utf8(cell) else { return TEXT };
    if digits.iter().all(u8::is_ascii_digit) {
        // What int64 does not have is a name made of digits: as a number it would be another one.
        return if text.parse::<i64>().is_ok() { INT } else { TEXT };
    }
    if text.parse::<f32>().is_ok() { FLOAT } else { TEXT }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: &[&str]) -> (String, u8) {
        let mut guess = Guess::default();
        cells.iter().for_each(|cell| guess.see_cell(cell.as_bytes()));
        let (ty, depth) = guess.resolve().expect("a type");
        (ty.to_string(), depth)
    }

    #[test]
    fn cells_of_csv() {
        for (rows, ty, depth) in [
            (&["1", "", "-5"][..], "int64", 0),
            (&["1", "2.5", "nan", "-inf"], "float32", 0),
            (&["nan", ""], "string", 0),
            (&["True", "false"], "bool", 0),
            (&["true", "1"], "string", 0),
            (&["007"], "string", 0),
            (&["-0.5", ".5", "5.", "1e-3"], "float32", 0),
            (&["+5"], "string", 0),
            (&["9223372036854775807"], "int64", 0),
            (&["9223372036854775808"], "string", 0),
            (&["1.2.3", "1"], "string", 0),
            (&["[1, 2]", "[]", ""], "int64", 1),
            (&["[[0.5], []]"], "float32", 2),
            (&["[1, 2]", "3"], "string", 0),
            (&["[sic]"], "string", 0),
            (&["", ""], "string", 0),
            (&[], "string", 0),
        ] {
            assert_eq!(cells(rows), (ty.to_owned(), depth), "{rows:?}");
        }
    }

    #[test]
    fn decimal_commas_are_text() {
        for (rows, is_plain) in [
            (&["1,5", "-2", "", "0,25"][..], true),
            (&["0,125"], true),
            // Thousands, or not.
            (&["1,250", "3,000"], false),
            (&["1,5", "2.5"], false),
            (&["1,5", "x"], false),
            (&["00,5"], false),
            (&["1,"], false),
            (&["1,5,2"], false),
            (&["1,5", "[1]"], false),
        ] {
            let mut guess = Guess::default();
            rows.iter().for_each(|cell| guess.see_cell(cell.as_bytes()));
            assert_eq!((guess.resolve(), guess.is_decimal_comma()), (Ok((Type::Text, 0)), is_plain), "{rows:?}");
        }
    }

    #[test]
    fn values_of_json() {
        for (rows, ty, depth) in [
            (&["1", "null"][..], "int64", 0),
            (&["1", "2.0"], "float32", 0),
            (&["true"], "bool", 0),
            (&["\"a\"", "1"], "string", 0),
            (&["[]"], "int64", 1),
            (&["[[1], []]", "[]"], "int64", 2),
            (&["null"], "string", 0),
        ] {
            let mut guess = Guess::default();
            rows.iter().for_each(|row| guess.see(&serde_json::from_str(row).expect("JSON"), 0));
            let found = guess.resolve().expect("a type");
            assert_eq!((found.0.to_string(), found.1), (ty.to_owned(), depth), "{rows:?}");
        }
    }
}
