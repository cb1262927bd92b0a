//! CSV: what the answers of a task are, among its data.
//!
//! A table has a column for each tag of the labelling configuration and one for each member of the task's data, in the order of
//! their names. Answers are JSON, but for a single choice or sentence, which is its text and looks like data. Which of such columns are
//! answers is known where a cell has several choices, or where a configuration lies beside the table; else those count whose
//! name says it, or that are the only one, and no column has regions. The others are left out, with a note.

use std::collections::BTreeMap;

use super::configuration::Configuration;
use super::regions::Task;
use super::{OWN, image_of, is_picture, name_sheet};
use crate::dataset::ProblemKind;
use crate::formats::json::node::{Node, Value};
use crate::formats::pages::{self, Page, Sheet};
use crate::formats::spill::Inside;
use crate::formats::text::Fault;

/// What choices about an image are called.
const CHOICES: [&str; 9] =
    ["category", "choice", "choices", "class", "class_name", "classes", "classification", "label", "labels"];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Answers: regions, or classes of the image.
    Answer,
    /// Sentences about the image.
    Sentence,
    /// What the task itself has.
    Data,
}

/// What the cells of a column were seen to be.
#[derive(Debug, Default)]
struct Seen {
    answers: bool,
    words: bool,
}

/// Reads a table.
pub(super) fn read(text: &str, configuration: &Configuration, inside: &Inside) -> Result<Page, Fault> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    pages::read_table(text, |fields, line, _| {
        let cells = cells_of(fields, line);
        let key = image_of(cells.iter().map(|(name, cell)| (*name, cell))).map(|(key, _)| key);
        for (name, cell) in cells.iter().filter(|(name, _)| key.as_deref() != Some(name)) {
            let seen = seen.entry((*name).to_owned()).or_default();
            seen.answers |= is_answer(cell);
            seen.words |= cell.as_text().is_some_and(|word| cell.as_number().is_none() && !is_picture(word));
        }
    })?;
    let columns = columns(&seen, configuration);
    let mut page = pages::read_table(text, |fields, line, page| row(fields, line, &columns, inside, page))?;
    for (name, column) in &columns {
        if *column == Column::Data {
            let message = format!("column {name:?} left out: it is taken for the task's own data");
            page.findings.push((ProblemKind::IgnoredField, 1, message));
        }
    }
    Ok(page)
}

fn columns<'s>(seen: &'s BTreeMap<String, Seen>, configuration: &Configuration) -> BTreeMap<&'s str, Column> {
    let no_answers = seen.values().all(|seen| !seen.answers);
    let only = no_answers && seen.values().filter(|seen| seen.words).count() == 1;
    let column = |(name, seen): (&'s String, &Seen)| {
        let is_named = || CHOICES.contains(&&*name.to_ascii_lowercase());
        let guessed = || !configuration.found && (is_named() || only && seen.words);
        let column = match () {
            () if configuration.is_sentence(name) => Column::Sentence,
            () if seen.answers || configuration.choices.contains(name) || guessed() => Column::Answer,
            () => Column::Data,
        };
        (name.as_str(), column)
    };
    seen.iter().map(column).collect()
}

/// Whether a cell can be nothing but what the exporter makes of answers.
pub(super) fn is_answer(cell: &Node<'_>) -> bool {
    let has = |node: &Node<'_>| {
        let lists = |key: &str| node.get(key).is_some_and(Node::is_list);
        node.get("original_width").is_some()
            || ["choices", "text", "taxonomy"].iter().any(|key| lists(key))
            || ["rating", "number", "datetime"].iter().any(|key| node.get(key).is_some())
    };
    has(cell) || cell.items().iter().any(Node::is_map) && cell.items().iter().filter(|node| node.is_map()).all(has)
}

fn row(fields: &[(&str, &str)], line: u32, columns: &BTreeMap<&str, Column>, inside: &Inside, page: &mut Page) {
    let cells = cells_of(fields, line);
    let mut sheet = Sheet { line, ..Sheet::default() };
    let Some((key, name)) = image_of(cells.iter().map(|(name, cell)| (*name, cell))) else {
        sheet.add(Err(Fault::new(line, "the row has no image")), &mut page.findings);
        return page.sheets.push(sheet);
    };
    let id = fields.iter().find(|(name, _)| *name == "id");
    sheet.id = id.and_then(|(_, cell)| cell.parse().ok());
    name_sheet(&mut sheet, &name, inside, &mut page.findings);
    let mut task = Task::default();
    for (name, cell) in cells.iter().filter(|(name, _)| *name != key) {
        match (columns.get(name), cell.as_text()) {
            (Some(Column::Answer), _) => task.answer(name, cell, &mut sheet, &mut page.findings),
            (Some(Column::Sentence), Some(sentence)) => sheet.captions.push(sentence.into()),
            (Some(Column::Sentence), None) => task.answer(name, cell, &mut sheet, &mut page.findings),
            _ => {}
        }
    }
    task.finish(&mut sheet, &mut page.findings);
    page.sheets.push(sheet);
}

/// The cells of a row, but for those that Label Studio adds itself.
fn cells_of<'a>(fields: &[(&'a str, &'a str)], line: u32) -> Vec<(&'a str, Node<'a>)> {
    let others = fields.iter().filter(|(name, _)| !OWN.contains(name));
    others.map(|(name, cell)| (*name, cell_of(cell, line))).collect()
}

/// A cell: JSON of several values, or the text that it is.
fn cell_of(cell: &str, line: u32) -> Node<'_> {
    let parsed = Node::parse(cell, line).ok().filter(|node| node.is_list() || node.is_map());
    parsed.unwrap_or_else(|| Node { line, value: Value::Text(cell.into()) })
}
