//! The rows of one file.

use std::collections::HashSet;
use std::rc::Rc;

use csv::ByteRecord;

use super::header::{Columns, Geometry};
use crate::dataset::ProblemKind;
use crate::dataset::{Split, flag};
use crate::formats::text::{self, Lines};
use crate::formats::{geometry, splits};

/// A row that names an image.
#[derive(Debug)]
pub(super) struct Row {
    pub line: u32,
    pub image: Rc<str>,
    pub size: (u32, u32),
    pub split: Option<Split>,
    /// `None`: the image is there without objects.
    pub object: Option<RowObject>,
}

/// The object of a row.
#[derive(Debug)]
pub(super) struct RowObject {
    pub class: Rc<str>,
    /// Corners as the row says, pixels or fractions.
    pub bbox: [f64; 4],
    pub flags: u16,
    pub pose: Option<Box<str>>,
    pub attributes: Vec<(Box<str>, Box<str>)>,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub rows: Vec<Row>,
    /// Whether the boxes are fractions of the image's size.
    /// `None` where every number is 0 or 1, which are both.
    pub normalised: Option<bool>,
    /// What is wrong, with the line.
    pub problems: Vec<(ProblemKind, u32, String)>,
    /// The images of the rows that cannot be used, as far as these say.
    pub lost: Vec<Rc<str>>,
}

/// Texts that many rows have, each kept once.
#[derive(Debug, Default)]
struct Texts {
    known: HashSet<Rc<str>>,
    /// Mostly the next row's too.
    last: Rc<str>,
}

impl Texts {
    fn get(&mut self, text: &str) -> Rc<str> {
        if *self.last != *text {
            self.last = match self.known.get(text) {
                Some(known) => Rc::clone(known),
                None => {
                    let new = Rc::from(text);
                    self.known.insert(Rc::clone(&new));
                    new
                }
            };
        }
        Rc::clone(&self.last)
    }
}

/// Up to here a coordinate can be a fraction of the image's size: 1, and what careless tools are beyond it.
const FRACTION: f64 = 1.1;
/// Beyond this it cannot, even among fractions.
const NO_FRACTION: f64 = 2.0;

/// Reads the rows of `source`, whose header is `columns`.
pub(super) fn read(source: &str, columns: &Columns) -> Rows {
    let mut found = Rows::default();
    let body = source.get(columns.start..).unwrap_or_default();
    let mut lines = Lines::new(source);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(columns.delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(body.as_bytes());
    let mut record = ByteRecord::new();
    let mut header = None;
    let (mut images, mut classes) = (Texts::default(), Texts::default());
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            // In memory nothing else can fail than what is told here.
            Ok(false) => break,
            Err(error) => {
                found.problems.push((ProblemKind::BadEntry, lines.at(source.len()), error.to_string()));
                found.lost.push("".into());
                break;
            }
        }
        // The record's position is that of the line ends before it.
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let blank =
            body.as_bytes().get(start..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let line = lines.at(columns.start + start + blank.count());
        if header.is_none() {
            header = Some(if columns.headless { ByteRecord::new() } else { record.clone() });
            if !columns.headless {
                continue;
            }
        }
        if record.iter().all(|field| field.iter().all(u8::is_ascii_whitespace)) {
            continue;
        }
        if header.as_ref() == Some(&record) {
            found.problems.push((ProblemKind::LooseSyntax, line, "the header stands here again".into()));
            continue;
        }
        let last = lines.at(columns.start + (reader.position().byte() as usize).saturating_sub(1));
        match row(&record, columns, line, last, (&mut images, &mut classes), &mut found.problems) {
            Ok(row) => found.rows.push(row),
            Err(message) => {
                found.problems.push((ProblemKind::BadEntry, line, message));
                let image = std::str::from_utf8(record.get(columns.image).unwrap_or_default()).unwrap_or_default();
                found.lost.push(text::trim(image).into());
            }
        }
    }
    decide_normalised(&mut found, columns);
    found
}

/// Whether boxes are fractions: the majority decides, and a box of the other kind among fractions is an error.
fn decide_normalised(found: &mut Rows, columns: &Columns) {
    let boxes = || found.rows.iter().filter_map(|row| row.object.as_ref()).map(|object| object.bbox);
    let small = |bbox: &[f64; 4]| bbox.iter().all(|value| value.abs() <= FRACTION);
    let fractions = boxes().filter(|bbox| small(bbox) && bbox.iter().any(|value| value.fract() != 0.0)).count();
    let pixels = boxes().filter(|bbox| !small(bbox)).count();
    found.normalised = (fractions + pixels > 0).then_some(fractions > pixels);
    if found.normalised != Some(true) || pixels == 0 {
        return;
    }
    let (problems, lost) = (&mut found.problems, &mut found.lost);
    found.rows.retain(|row| {
        let Some(object) = &row.object else { return true };
        let Some(value) = object.bbox.iter().find(|value| value.abs() > NO_FRACTION) else { return true };
        let columns = shown(columns);
        let message =
            format!("{columns} reaches {value} where the file's other boxes are fractions of the image's size");
        problems.push((ProblemKind::BadEntry, row.line, message));
        lost.push(row.image.clone());
        false
    });
}

/// The names of the box's columns.
fn shown(columns: &Columns) -> String {
    let name = |column: usize| columns.names.get(column).map_or("", String::as_str);
    match columns.geometry {
        Geometry::Corners(all) | Geometry::Size(all) | Geometry::Centre(all) => all.map(name).join(","),
        Geometry::Text(column) => name(column).to_owned(),
        Geometry::Quad(all) => all.map(name).join(","),
    }
}

fn row(
    record: &ByteRecord,
    columns: &Columns,
    line: u32,
    last: u32,
    (images, classes): (&mut Texts, &mut Texts),
    problems: &mut Vec<(ProblemKind, u32, String)>,
) -> Result<Row, String> {
    let count = columns.names.len();
    let beyond = record.iter().skip(count).any(|field| !field.trim_ascii().is_empty());
    if record.len() < count || beyond {
        let fields = if record.len() == 1 { "field" } else { "fields" };
        let several =
            if last > line { format!(" (a quote holds lines {line} to {last} together)") } else { String::new() };
        return Err(format!("{} {fields}, the header has {count}{several}", record.len()));
    }
    // The source is text, and fields are cut at ASCII.
    let whole = std::str::from_utf8(record.as_slice()).unwrap_or_default();
    let cell = |column: usize| record.range(column).and_then(|range| whole.get(range)).unwrap_or_default();
    let field = |column: usize| text::trim(cell(column));
    let image = field(columns.image);
    if image.is_empty() {
        return Err("no image's name".into());
    }
    let mut note = |message: String| problems.push((ProblemKind::IgnoredField, line, message));
    let mut side = |column: Option<usize>| {
        let Some(column) = column else { return 0 };
        let value = field(column);
        let pixels = text::pixels(&with_point(value, columns));
        if pixels.is_none() && !is_empty(value) {
            note(format!("{} {value:?} is no number of pixels; taken from the image", columns.names[column]));
        }
        pixels.unwrap_or(0)
    };
    let size = (side(columns.width), side(columns.height));
    let mut split = None;
    let mut attributes = Vec::new();
    if let Some(column) = columns.split {
        split = splits::of_word(field(column));
        if split.is_none() && !field(column).is_empty() {
            attributes.push((columns.names[column].as_str().into(), field(column).into()));
        }
    }
    let Some(bbox) = corners(columns, field)? else {
        return Ok(Row { line, image: images.get(image), size, split, object: None });
    };
    // A blank behind the comma is how the file is laid out.
    let class = cell(columns.class).trim_start();
    if field(columns.class).is_empty() {
        return Err(none_of(&columns.names[columns.class]));
    }
    let mut flags = 0;
    for (column, bit) in [
        (columns.difficult, flag::DIFFICULT),
        (columns.truncated, flag::TRUNCATED),
        (columns.occluded, flag::OCCLUDED),
        (columns.crowd, flag::CROWD),
    ] {
        let Some(column) = column else { continue };
        match text::yes_or_no(field(column)) {
            Some(Some(yes)) => flags |= bit << 8 | if yes { bit } else { 0 },
            Some(None) => {}
            None => note(format!("{} {:?} is neither yes nor no; left out", columns.names[column], field(column))),
        }
    }
    let pose = columns.pose.map(field).filter(|pose| !pose.is_empty()).map(Into::into);
    let extra = columns.extra.iter().filter(|column| !field(**column).is_empty());
    attributes.extend(extra.map(|column| (columns.names[*column].as_str().into(), field(*column).into())));
    let object = RowObject { class: classes.get(class), bbox, flags, pose, attributes };
    Ok(Row { line, image: images.get(image), size, split, object: Some(object) })
}

/// What pandas and spreadsheets write where there is nothing.
fn is_empty(value: &str) -> bool {
    match value.as_bytes() {
        [] => true,
        [b'0'..=b'9', ..] => false,
        _ => ["nan", "none", "null", "na", "n/a"].iter().any(|word| word.eq_ignore_ascii_case(value)),
    }
}

/// A number with a decimal comma, where the comma does not part fields.
fn with_point<'v>(value: &'v str, columns: &Columns) -> std::borrow::Cow<'v, str> {
    if columns.delimiter != b',' && value.contains(',') { value.replacen(',', ".", 1).into() } else { value.into() }
}

/// The corners of a row's box; `None` where the row has none.
fn corners<'r>(columns: &Columns, field: impl Fn(usize) -> &'r str) -> Result<Option<[f64; 4]>, String> {
    let (all, kind) = match columns.geometry {
        Geometry::Text(column) => {
            let value = field(column);
            let inner = value.trim_matches(|c: char| c.is_whitespace() || "[](){}".contains(c));
            if is_empty(inner) {
                return Ok(None);
            }
            let parts = inner.split([',', ';', ' ']).filter(|part| !part.is_empty());
            let numbers: Option<Vec<f64>> = parts.map(text::number).collect();
            let numbers: Option<[f64; 4]> = numbers.and_then(|numbers| numbers.try_into().ok());
            let name = &columns.names[column];
            let [x, y, w, h] = numbers.ok_or_else(|| format!("{name} {value:?} is not four numbers"))?;
            return Ok(Some([x, y, x + w, y + h]));
        }
        Geometry::Quad(all) => {
            let Some(corners) = numbers(all, columns, field)? else { return Ok(None) };
            return geometry::around(corners.as_chunks().0.iter().copied())
                .map(Some)
                .ok_or_else(|| "the box has no end".into());
        }
        Geometry::Corners(all) | Geometry::Size(all) | Geometry::Centre(all) => (all, columns.geometry),
    };
    let Some(numbers) = numbers(all, columns, field)? else { return Ok(None) };
    let [a, b, c, d] = numbers;
    let bbox = match kind {
        Geometry::Size(_) => [a, b, a + c, b + d],
        Geometry::Centre(_) => [a - c / 2.0, b - d / 2.0, a + c / 2.0, b + d / 2.0],
        _ => numbers,
    };
    if bbox.iter().all(|value| value.is_finite()) { Ok(Some(bbox)) } else { Err("the box has no end".into()) }
}

/// The numbers in some columns; `None` where all are empty.
fn numbers<'f, const N: usize>(
    all: [usize; N],
    columns: &Columns,
    field: impl Fn(usize) -> &'f str,
) -> Result<Option<[f64; N]>, String> {
    let values = all.map(field);
    if values.iter().all(|value| is_empty(value)) {
        return Ok(None);
    }
    let mut numbers = [0.0; N];
    for ((number, value), column) in numbers.iter_mut().zip(values).zip(all) {
        let name = &columns.names[column];
        if is_empty(value) {
            return Err(if value.is_empty() { none_of(name) } else { format!("no {name}: it is {value:?}") });
        }
        let parsed = text::number(&with_point(value, columns));
        // Not negative zero.
        *number = parsed.ok_or_else(|| format!("{name} {value:?} is no number"))? + 0.0;
    }
    Ok(Some(numbers))
}

/// What is said of a cell that is empty; a column's name may end like a sentence.
fn none_of(column: &str) -> String {
    format!("no {}", column.trim_end_matches('.'))
}
