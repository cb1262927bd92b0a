//! The files of a format: those that look like it, and what is read of each.

use super::{Kind, Page, Read, Sheet, gather};
use crate::dataset::ProblemKind;
use crate::formats::json::Head;
use crate::formats::json::node::Node;
use crate::formats::json::stream::{self, StreamError};
use crate::formats::text::{self, Fault};
use crate::formats::tree::{FileId, Tree};
use crate::formats::{Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, parallel};

/// Size of a file that is read as a whole.
pub const LIMIT: u64 = 1 << 30;
/// How many files detection looks into.
const SAMPLE: usize = 32;

/// Of the files with one of these extensions, those of which `look` says yes, given their first bytes.
pub fn files(tree: &Tree, extensions: &[&str], look: impl Fn(&[u8]) -> bool) -> Vec<FileId> {
    let fits = |file: &FileId| tree.only() == Some(*file) || tree.head(*file).is_ok_and(|head| look(&head));
    match tree.only().filter(|only| !tree.file(*only).image) {
        Some(only) => vec![only],
        None => tree.annotations(extensions).filter(fits).collect(),
    }
}

/// As [`files`], for files of JSON that belong to an image each: with those that are no JSON at all, so that they are told.
pub fn own_files(tree: &Tree, look: impl Fn(&[u8]) -> bool) -> Vec<FileId> {
    let found = files(tree, &["json"], |head| look(head) || Head::of(head).is_empty());
    let any = found.iter().any(|file| tree.only().is_some() || tree.head(*file).is_ok_and(|head| look(&head)));
    if any { found } else { Vec::new() }
}

/// That `files` of a tree, some of which are looked at, can mean nothing else.
pub fn detect(tree: &Tree, extensions: &[&str], what: &str, look: impl Fn(&[u8]) -> bool) -> Option<Evidence> {
    let all: Vec<FileId> = tree.annotations(extensions).collect();
    let step = all.len().div_ceil(SAMPLE).max(1);
    let fits = |file: &FileId| tree.head(*file).is_ok_and(|head| look(&head));
    let found: Vec<FileId> = all.iter().copied().step_by(step).filter(fits).collect();
    Evidence::certain(tree, &found, what)
}

/// Reads each of `files` by `parse`, on several threads. A file of JSON whose text had to be guessed says so.
pub fn read_each(
    tree: &Tree,
    options: &LoadOptions,
    files: Vec<FileId>,
    parse: &(dyn Fn(&str, FileId) -> Result<Page, Fault> + Sync),
) -> Vec<Read> {
    let read = |place: usize| {
        let file = files[place];
        let bytes = tree.read(file, LIMIT).map_err(|error| Fault::new(0, error.to_string()))?;
        let text = text::decode(&bytes);
        let mut page = parse(&text.text, file)?;
        if let Some(encoding) = text.guessed {
            let message = encoding.to_owned();
            page.findings.insert(0, (ProblemKind::Encoding, 0, message));
        }
        Ok(page)
    };
    let pages = parallel::map(files.len(), options.workers, read);
    files.into_iter().zip(pages).collect()
}

/// Reads a document of JSON in pieces: `take` gets the name of the member (empty for an array), and the element or value.
pub fn read_stream(
    tree: &Tree,
    options: &LoadOptions,
    file: FileId,
    wanted: fn(&str) -> bool,
    take: &(dyn Fn(&str, &Node<'_>, &mut Page) + Sync),
) -> Read {
    let mut whole = Page::default();
    let parse = |batch: &stream::Batch| {
        let mut page = Page::default();
        for (piece, line) in batch.pieces() {
            let text = text::decode(piece);
            match Node::parse(&text.text, line) {
                Ok(node) => take(&batch.member, &node, &mut page),
                Err(fault) => {
                    page.findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                    page.sheets.push(Sheet { lost: 1, line: fault.line, ..Sheet::default() });
                }
            }
        }
        page
    };
    let result = tree.stream(file).map_err(StreamError::Io).and_then(|from| {
        stream::read(from, parallel::threads(options.workers), wanted, parse, |_, page| {
            whole.sheets.extend(page.sheets);
            whole.classes.extend(page.classes);
            whole.findings.extend(page.findings);
            whole.skipped.add(&page.skipped);
        })
    });
    let fault = match result {
        Ok(()) => return (file, Ok(whole)),
        Err(StreamError::Io(error)) => Fault::new(0, error.to_string()),
        Err(StreamError::Syntax(fault)) => fault,
    };
    (file, Err(fault))
}

/// Reads a text with a document of JSON in every line.
pub fn read_lines(text: &str, take: impl Fn(&Node<'_>, &mut Page)) -> Page {
    let mut page = Page::default();
    for (line, number) in text.lines().zip(1u32..) {
        if text::trim(line).is_empty() {
            continue;
        }
        match Node::parse(line, number) {
            Ok(node) => take(&node, &mut page),
            Err(fault) => {
                page.findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                page.sheets.push(Sheet { lost: 1, line: number, ..Sheet::default() });
            }
        }
    }
    page
}

/// Reads a CSV with a header: `take` gets the names and values of the fields that are not empty, and the row's line.
pub fn read_table(source: &str, mut take: impl FnMut(&[(&str, &str)], u32, &mut Page)) -> Result<Page, Fault> {
    let mut page = Page::default();
    let mut lines = text::Lines::new(source);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source.as_bytes());
    let header = reader.headers().map_err(|error| Fault::new(1, error.to_string()))?.clone();
    let names: Vec<&str> = header.iter().map(text::trim).collect();
    for row in reader.records() {
        let row = row.map_err(|error| Fault::new(lines.at(source.len()), error.to_string()))?;
        // The record's position is that of the line ends before it.
        let start = row.position().map_or(0, |position| position.byte() as usize);
        let blanks = source.as_bytes().iter().skip(start).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let line = lines.at(start + blanks);
        let fields: Vec<(&str, &str)> =
            names.iter().copied().zip(row.iter().map(text::trim)).filter(|(_, value)| !value.is_empty()).collect();
        if !fields.is_empty() {
            take(&fields, line, &mut page);
        }
    }
    Ok(page)
}

/// The dataset of `files`, which are those of `format`: each read by `parse`, as [`read_each`] does.
pub fn read(
    tree: &Tree,
    options: &LoadOptions,
    format: &Format,
    files: Vec<FileId>,
    kind: Kind,
    parse: &(dyn Fn(&str, FileId) -> Result<Page, Fault> + Sync),
) -> Result<Reading, FormatError> {
    if files.is_empty() {
        return Err(nothing(format));
    }
    Ok(gather(tree, kind, read_each(tree, options, files, parse), Vec::new()))
}

/// That there is nothing of `format`.
pub fn nothing(format: &Format) -> FormatError {
    FormatError::new(FormatErrorKind::NotThisFormat(format.name, format.looks_for.into()), "")
}
