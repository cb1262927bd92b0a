//! Open Images, versions 4 to 7: CSV files with headers of their own.
//!
//! ```text
//! train-annotations-bbox.csv               ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,...
//! train-annotations-human-imagelabels.csv  ImageID,Source,LabelName,Confidence
//! train-annotations-object-segmentation.csv  MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,...
//! class-descriptions-boxable.csv           /m/011k07,Tortoise   (version 6: header LabelName,DisplayName)
//! ```
//!
//! Specification: <https://storage.googleapis.com/openimages/web/download_v7.html>.
//!
//! Decisions
//! - XMin, XMax, YMin, YMax (in this order) are parts of the image's size. Columns go by their names.
//! - An image is the one whose name is its ImageID, with any extension.
//! - IsOccluded, IsTruncated are these flags, IsGroupOf is crowd; -1 is unknown. IsDepiction and IsInside are attributes where
//!   they are 1. A Confidence other than 1 is a score.
//! - A class of a whole image with Confidence 0 was looked for and not found: it is none.
//! - Classes are numbered by their first use: the files of names have thousands that a part of the dataset does not.
//! - A mask, found by the name in its row, belongs to the box of the same image, class and place; without one it is an object of
//!   its own. One of another size than its image is scaled to that.
//! - Relations, points and narratives are left out, with a note. Images in no row are left out.

mod masks;
mod write;

use std::collections::{HashMap, HashSet};

use self::masks::Segments;
use super::builder::Builder;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::tree::{FileId, Tree, file_name};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
use crate::dataset::{Dataset, Object, Place, ProblemKind, Problems, Skipped, Split, flag};

/// The attribute of what is drawn and not photographed, where it is 1.
pub const DEPICTION: &str = "IsDepiction";

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "open-images",
    aliases: &["openimages", "oid", "open-images-v4", "open-images-v5", "open-images-v6", "open-images-v7"],
    title: "Open Images CSV",
    specification: "https://storage.googleapis.com/openimages/web/download_v7.html",
    layout: "\
annotations/train-annotations-bbox.csv  annotations/class-descriptions-boxable.csv  images/train/ID.jpg
annotations/train-annotations-object-segmentation.csv  masks/train/ID_LABEL_BOX.png
train-annotations-human-imagelabels.csv  oidv6-class-descriptions.csv  train/ID.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Masks,
        Carries::Crowd,
        Carries::Score,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Splits,
        Carries::Fractions,
    ],
    detect,
    looks_for: "CSV files with a header ImageID,Source,LabelName,Confidence",
    read,
    write: Some(Write { not: &[Carries::Attributes], folders: true, write: write::write }),
};

/// Columns that are attributes.
const ATTRIBUTES: [&str; 2] = [DEPICTION, "IsInside"];

/// What a file is, by its header.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Boxes,
    Labels,
    Masks,
    /// Something of Open Images that is not read.
    Other,
}

fn kind(header: &Row) -> Option<Kind> {
    let has = |name: &str| header.fields.iter().any(|field| field == name);
    if !has("ImageID") {
        return None;
    }
    if has("LabelName") && ["XMin", "XMax", "YMin", "YMax"].into_iter().all(has) {
        return Some(Kind::Boxes);
    }
    if has("MaskPath") && has("LabelName") {
        return Some(Kind::Masks);
    }
    if has("MaskPath") || has("LabelName1") || has("Rotation") || has("X") && has("Y") {
        return Some(Kind::Other);
    }
    (has("LabelName") && (has("Confidence") || has("Source"))).then_some(Kind::Labels)
}

fn files(tree: &Tree) -> Vec<(FileId, Kind)> {
    let kind_of = |file: FileId| Some((file, kind(rows::head(tree, file, b',').first()?)?));
    tree.annotations(&["csv"]).filter_map(kind_of).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    let found = files(tree).into_iter().filter(|(_, kind)| *kind != Kind::Other).map(|(file, _)| file);
    Evidence::certain(tree, &found.collect::<Vec<_>>(), "a header of Open Images")
}

/// Display names by the name in the rows (`/m/011k07`).
fn descriptions(tree: &Tree, problems: &mut Problems) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for file in tree.annotations_around(&["csv"]) {
        let head = rows::head(tree, file, b',');
        let is_pair =
            |row: &Row| row.fields.len() == 2 && (row.fields[0].starts_with("/m/") || row.fields[0].starts_with("/g/"));
        let named = file_name(tree.path(file)).contains("class-descriptions");
        let header = head.first().is_some_and(|row| row.fields == ["LabelName", "DisplayName"]);
        let pairs = !head.is_empty() && head.iter().all(|row| row.fields.len() == 2);
        if !header && !(pairs && (named || head.iter().all(is_pair))) {
            continue;
        }
        for row in rows::read(tree, file, b',', problems).into_iter().skip(usize::from(header)) {
            if let Ok([name, display]) = <[String; 2]>::try_from(row.fields) {
                names.entry(name).or_insert(display);
            }
        }
    }
    names
}

/// The split in a file's name: `oidv6-train-annotations-bbox.csv`.
fn split_of(tree: &Tree, path: &str) -> Option<Split> {
    let words = file_name(path).split(['-', '_', '.']).find_map(splits::of_word);
    words.or_else(|| splits::of_folders(tree, path))
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = files(tree);
    if !files.iter().any(|(_, kind)| *kind != Kind::Other) {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let mut listed = Listed::of_stems(tree);
    let names = descriptions(tree, &mut problems);
    let mut absent = 0;
    let masked = files.iter().filter(|(_, kind)| *kind == Kind::Masks).map(|(file, _)| *file);
    let mut segments = Segments::read(tree, options, masked, &mut listed, &mut problems, &mut skipped);
    for (file, kind) in files {
        let path = tree.path(file);
        if kind == Kind::Masks {
            continue;
        }
        if kind == Kind::Other {
            let message = "relations, points and rotations are not read; left out";
            problems.push(ProblemKind::IgnoredField, Place::file(path), message);
            continue;
        }
        let split = split_of(tree, path);
        let mut all = rows::read(tree, file, b',', &mut problems).into_iter();
        let Some(header) = all.next() else { continue };
        let columns = Columns::of(&header);
        for row in all {
            let namer = Namer { file, split, line: row.line };
            let field =
                |column: Option<usize>| column.and_then(|column| row.fields.get(column)).map_or("", String::as_str);
            let (image, label) = (field(columns.image), field(columns.label));
            let mut bad = |message: String| {
                problems.push(ProblemKind::BadEntry, Place::line(path, row.line), message);
                skipped.object(ProblemKind::BadEntry.word());
            };
            if image.is_empty() || label.is_empty() {
                bad(format!("no {}", if image.is_empty() { "ImageID" } else { "LabelName" }));
                continue;
            }
            let class = names.get(label).map_or(label, String::as_str);
            if kind == Kind::Labels {
                if text::number(field(columns.confidence)).is_some_and(|confidence| confidence <= 0.0) {
                    absent += 1;
                    listed.image(image, &namer, &mut problems);
                    continue;
                }
                let label = coded(&mut builder, class, label);
                listed.label(image, &namer, &[label], &mut problems);
                continue;
            }
            match columns.object(&field) {
                Ok(object) => {
                    let mask = segments.take(image, label, object.bbox);
                    let object = Object { class: coded(&mut builder, class, label), mask, ..object };
                    listed.object(image, &namer, object, &mut problems, &mut skipped);
                }
                Err(message) => bad(message),
            }
        }
    }
    let unread = segments.unread;
    builder.add_sources(segments.pictures());
    let masks: HashSet<&str> =
        listed.unnamed(|path| segments.is_mask(path)).into_iter().map(|mask| tree.path(mask)).collect();
    let unnamed = listed.unnamed(|path| !segments.is_mask(path)).len();
    for (image, label, namer, object) in segments.rest() {
        let class = coded(&mut builder, names.get(&label).map_or(&label, String::as_str), &label);
        listed.object(&image, &namer, Object { class, ..object }, &mut problems, &mut skipped);
    }
    let mut remarks = Vec::new();
    if options.unlisted {
        listed.add_negatives(|path| !masks.contains(path), |_| None, &mut problems);
    } else if unnamed > 0 {
        remarks.push(format!("images in no row, left out: {unnamed}"));
    }
    if absent > 0 {
        remarks.push(format!("classes that were looked for and are not in the image, left out: {absent}"));
    }
    listed.finish(&mut builder, &mut problems);
    let dataset = Dataset { outlines_unread: unread, ..builder.finish(tree) };
    Ok(Reading { dataset, problems, skipped, remarks })
}

/// The place of a class, whose code is kept beside its name.
fn coded(builder: &mut Builder, name: &str, code: &str) -> u32 {
    let place = builder.class(name);
    if let Some(class) = builder.class_mut(place).filter(|class| class.code.is_empty()) {
        code.clone_into(&mut class.code);
    }
    place
}

/// Which column is what.
struct Columns {
    image: Option<usize>,
    label: Option<usize>,
    confidence: Option<usize>,
    corners: [Option<usize>; 4],
    flags: [(Option<usize>, u16); 3],
    attributes: [(&'static str, Option<usize>); 2],
}

impl Columns {
    fn of(header: &Row) -> Self {
        let at = |name: &str| header.fields.iter().position(|field| field == name);
        Self {
            image: at("ImageID"),
            label: at("LabelName"),
            confidence: at("Confidence"),
            corners: ["XMin", "YMin", "XMax", "YMax"].map(at),
            flags: [
                (at("IsOccluded"), flag::OCCLUDED),
                (at("IsTruncated"), flag::TRUNCATED),
                (at("IsGroupOf"), flag::CROWD),
            ],
            attributes: ATTRIBUTES.map(|name| (name, at(name))),
        }
    }

    fn object<'r>(&self, field: &impl Fn(Option<usize>) -> &'r str) -> Result<Object, String> {
        let mut object = Object { normalised: true, ..Object::default() };
        for (side, column) in object.bbox.iter_mut().zip(self.corners) {
            let value = field(column);
            *side = text::number(value).ok_or_else(|| format!("{value:?} is no number"))?;
            if side.abs() > 2.0 {
                return Err(format!("{side} is no fraction of the image's size"));
            }
        }
        object.score = text::number(field(self.confidence)).filter(|confidence| *confidence != 1.0);
        for (column, bit) in self.flags {
            match field(column) {
                "1" => object.flags |= bit << 8 | bit,
                "0" => object.flags |= bit << 8,
                _ => {}
            }
        }
        if object.flags & flag::HAS_CROWD != 0 {
            object.flags |= flag::HAS_GROUP_OF;
        }
        for (name, column) in self.attributes {
            if field(column) == "1" {
                object.attributes.push((name.into(), "1".into()));
            }
        }
        Ok(object)
    }
}
