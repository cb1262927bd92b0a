//! ADE20K: the whole dataset, with a picture and a description beside each image.
//!
//! ```text
//! images/training/a/airport/ADE_train_00000001.jpg  ..._seg.png  ..._atr.txt        2016
//!   001 # 0 # 0 # sky # sky # ""          instance, level of parts, occluded, class, raw name, attributes
//! images/ADE/training/urban/street/ADE_train_00000001.jpg  ..._seg.png  ....json    2021
//!   {"annotation": {"filename", "imsize": [height, width, 3], "scene", "object": [{"id", "name", "occluded": "no", "parts":
//!    {"part_level": 0}, "attributes", "polygon": {"x": [...], "y": [...]}}]}}
//! ```
//!
//! Specification: <https://groups.csail.mit.edu/vision/datasets/ADE20K/>. The scene parsing challenge made of it is
//! `semantic-masks`.
//!
//! Decisions
//! - 2016: an instance is a rank among the values of blue in `_seg.png`. 2021: outlines are those of the JSON.
//! - Parts of objects are left out, with one note per image.

use std::collections::BTreeSet;

use super::json::Head;
use super::json::node::Node;
use super::label_image::{self, Kind as Values};
use super::pages::{self, Found, Kind, Page, Sheet};
use super::text::{self, Fault};
use super::tree::{FileId, Tree, file_name, folder_of, join, stem_of};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading};
use crate::dataset::{Mask, ProblemKind, flag};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "ade20k",
    aliases: &["ade20k-full"],
    title: "ADE20K",
    specification: "https://groups.csail.mit.edu/vision/datasets/ADE20K/",
    layout: "\
images/training/s/street/ADE_train_00000001.jpg  ADE_train_00000001_seg.png  ADE_train_00000001_atr.txt     (2016)
images/ADE/training/urban/street/ADE_train_00000001.jpg  ADE_train_00000001.json                            (2021)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "a_atr.txt beside a_seg.png, or JSON files with an \"annotation\" that has \"imsize\" and \"object\" (ADE20K)",
    read,
    write: None,
};

const TABLE: &str = "_atr";

fn files(tree: &Tree) -> Vec<FileId> {
    let is_json = |head: &[u8]| Head::of(head).inside("annotation").has_all(&["filename", "imsize"]);
    let fits = |file: &FileId| {
        let path = tree.path(*file);
        match stem_of(path).ends_with(TABLE) && path.ends_with(".txt") {
            true => tree.head(*file).is_ok_and(|head| head.split(|byte| *byte == b'\n').next().is_some_and(is_row)),
            false => path.ends_with(".json") && tree.head(*file).is_ok_and(|head| is_json(&head)),
        }
    };
    tree.annotations(&["txt", "json"]).filter(fits).collect()
}

fn is_row(line: &[u8]) -> bool {
    line.iter().filter(|byte| **byte == b'#').count() >= 5
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &files(tree), "ADE20K's objects")
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, files(tree), Kind::List, &|text, file| {
        if tree.path(file).ends_with(".txt") { table(tree, text, file) } else { document(text) }
    })
}

fn say_parts(parts: u64, line: u32, page: &mut Page) {
    if parts > 0 {
        page.findings.push((ProblemKind::IgnoredField, line, format!("{parts} parts of objects left out")));
    }
}

fn document(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(node) = root.get("annotation") else { return Err(Fault::new(root.line, "\"annotation\" is missing")) };
    let mut page = Page::default();
    let side = |place: usize| {
        node.list("imsize").get(place).and_then(Node::as_whole).and_then(|side| u32::try_from(side).ok())
    };
    let size = (side(1).unwrap_or(0), side(0).unwrap_or(0));
    let name = node.text("filename").unwrap_or_default().to_owned();
    let mut sheet = Sheet { name, line: node.line, size, ..Sheet::default() };
    let mut parts = 0;
    for one in node.list("object") {
        if one.at(&["parts", "part_level"]).and_then(Node::as_whole).unwrap_or(0) > 0 {
            parts += 1;
        } else {
            sheet.add(outlined(one), &mut page.findings);
        }
    }
    say_parts(parts, node.line, &mut page);
    page.sheets.push(sheet);
    Ok(page)
}

fn outlined(node: &Node<'_>) -> Result<Found, Fault> {
    let line = node.line;
    let name = node.any(&["name", "raw_name"]).and_then(Node::words).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Fault::new(line, "the object has no name"))?;
    let sides = |key: &str| -> Result<Vec<f64>, Fault> {
        let sides = node.at(&["polygon", key]).ok_or_else(|| Fault::new(line, format!("{name:?} has no polygon")))?;
        sides.numbers()
    };
    let (x, y) = (sides("x")?, sides("y")?);
    if x.len() != y.len() {
        return Err(Fault::new(line, format!("the polygon of {name:?} has {} x and {} y", x.len(), y.len())));
    }
    let points = x.into_iter().zip(y).map(|(x, y)| [x, y]).collect();
    let mut found = Found::outlined(&name, line, vec![points])?;
    found = found.flagged(flag::OCCLUDED, node.word("occluded").and_then(|said| text::yes_or_no(&said)?));
    for attribute in node.list("attributes").iter().filter_map(Node::words) {
        found.attribute(&attribute, "true");
    }
    found.object.id = node.get("id").and_then(Node::as_whole);
    Ok(found)
}

/// The objects of 2016's table, with masks from the picture beside it.
fn table(tree: &Tree, text: &str, file: FileId) -> Result<Page, Fault> {
    let path = tree.path(file);
    let stem = stem_of(path).strip_suffix(TABLE).unwrap_or(stem_of(path));
    let picture = join(folder_of(path), &format!("{stem}_seg.png"));
    let found = tree.find(0, &picture).ok_or_else(|| Fault::new(0, format!("there is no {}", file_name(&picture))))?;
    let mut picture = label_image::open(tree, found)?;
    if picture.kind != Values::Colour {
        return Err(Fault::new(0, "the picture of the segments has no colours"));
    }
    picture.values.iter_mut().for_each(|value| *value &= 0xff);
    let ranks: BTreeSet<u32> = picture.values.iter().copied().collect();
    // Rank 0 is nobody's, whether there is any of it or not.
    let from = usize::from(ranks.contains(&0));
    let ranks: Vec<u32> = ranks.into_iter().skip(from).collect();
    let mut masks = picture.masks()?;
    let mut page = Page::default();
    let size = (picture.width, picture.height);
    let mut sheet =
        Sheet { name: format!("{stem}.jpg"), other_name: Some(stem.to_owned()), line: 1, size, ..Sheet::default() };
    let mut parts = 0;
    for (row, line) in text.lines().zip(1u32..) {
        let fields: Vec<&str> = row.split('#').map(text::trim).collect();
        match fields[..] {
            [""] => {}
            [number, "0", occluded, class, _, ..] => {
                let mask =
                    number.parse::<usize>().ok().and_then(|number| masks.remove(ranks.get(number.checked_sub(1)?)?));
                let attributes = fields.get(5).copied().unwrap_or_default().trim_matches('"');
                sheet.add(masked(class, line, mask, occluded, attributes), &mut page.findings);
            }
            [_, _, _, _, _, ..] => parts += 1,
            _ => sheet.add(Err(Fault::new(line, format!("{} fields instead of 6", fields.len()))), &mut page.findings),
        }
    }
    say_parts(parts, 0, &mut page);
    page.sheets.push(sheet);
    Ok(page)
}

fn masked(class: &str, line: u32, mask: Option<Mask>, occluded: &str, attributes: &str) -> Result<Found, Fault> {
    let mask = mask.ok_or_else(|| Fault::new(line, format!("{class:?} is not in the picture")))?;
    let mut found = Found::masked(class, line, mask)?;
    found = found.flagged(flag::OCCLUDED, text::yes_or_no(occluded).flatten());
    for attribute in attributes.split(',').map(text::trim) {
        found.attribute(attribute, "true");
    }
    Ok(found)
}
