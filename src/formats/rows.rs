//! Rows of CSV files of which each format has its own: text in fields, with lines. (The one with a header that can be
//! anybody's is `csv`.)

use super::listed::Listed;
use super::text::{self, Lines};
use super::tree::{FileId, Tree};
use crate::dataset::{Place, ProblemKind, Problems};

/// Size of a file that is still read.
const LIMIT: u64 = 4 << 30;
/// Rows that detection looks at.
const ROWS: usize = 32;

/// A row: its line, and its fields without blanks around them.
#[derive(Debug)]
pub struct Row {
    /// Line, from 1.
    pub line: u32,
    /// Its fields.
    pub fields: Vec<String>,
}

/// The rows in a text that have something in them.
pub fn of_text(source: &str, delimiter: u8) -> impl Iterator<Item = Row> {
    let reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(source.as_bytes());
    let mut lines = Lines::new(source);
    // In memory and of text, no record can fail.
    reader.into_records().map_while(Result::ok).filter_map(move |record| {
        // A record's position is that of the line ends before it.
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let rest = source.as_bytes().get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let fields: Vec<String> = record.iter().map(|field| text::trim(field).to_owned()).collect();
        let line = lines.at(start + blank);
        fields.iter().any(|field| !field.is_empty()).then_some(Row { line, fields })
    })
}

/// The first rows of a file, for detection; one that the head cuts is left out.
pub fn head(tree: &Tree, file: FileId, delimiter: u8) -> Vec<Row> {
    let Ok(head) = tree.head(file) else { return Vec::new() };
    let decoded = text::decode(&head);
    let whole = match decoded.text.rfind('\n') {
        Some(end) if decoded.text.len() > 60_000 => &decoded.text[..end],
        _ => &decoded.text,
    };
    of_text(whole, delimiter).take(ROWS).collect()
}

/// All rows of a file.
pub fn read(tree: &Tree, file: FileId, delimiter: u8, problems: &mut Problems) -> Vec<Row> {
    let path = tree.path(file);
    match tree.read(file, LIMIT) {
        Ok(bytes) => {
            let decoded = text::decode(&bytes);
            if let Some(encoding) = decoded.guessed {
                let message = encoding.to_owned();
                problems.push(ProblemKind::Encoding, Place::file(path), message);
            }
            of_text(&decoded.text, delimiter).collect()
        }
        Err(error) => {
            problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), error.to_string());
            Vec::new()
        }
    }
}

/// What is said of images that no row names.
pub fn remark_unnamed(listed: &Listed<'_>) -> Option<String> {
    let unnamed = listed.unnamed(|_| true).len();
    (unnamed > 0).then(|| format!("images in no row, left out: {unnamed}"))
}
