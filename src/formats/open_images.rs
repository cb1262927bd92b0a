//! Open Images, versions 4 to 7: CSV files with headers of their own.
//!
//! ```text
//! train-annotations-bbox.csv               ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,...
//! train-annotations-human-imagelabels.csv  ImageID,Source,LabelName,Confidence
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
//! - Masks, relations, points and narratives are left out, with a note. Images in no row are left out.

use std::collections::HashMap;

use super::builder::Builder;
use super::csv::write::quoted;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::target::{
    Plain, Ready, ReadyImage, ReadyObject, Remarks, Sink, on_a_line, put, put_images, put_pieces, stem, word_of,
};
use super::tree::{FileId, Tree, file_name};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped, Split, flag};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "open-images",
    aliases: &["openimages", "oid", "open-images-v4", "open-images-v5", "open-images-v6", "open-images-v7"],
    title: "Open Images CSV",
    specification: "https://storage.googleapis.com/openimages/web/download_v7.html",
    layout: "\
annotations/train-annotations-bbox.csv  annotations/class-descriptions-boxable.csv  images/train/ID.jpg
train-annotations-human-imagelabels.csv  oidv6-class-descriptions.csv  train/ID.jpg",
    carries: &[
        Carries::Boxes,
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
    write: Some(Write { not: &[Carries::Attributes], write }),
};

/// What a file is, by its header.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Boxes,
    Labels,
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
fn split_of(path: &str) -> Option<Split> {
    let words = file_name(path).split(['-', '_', '.']).find_map(splits::of_word);
    words.or_else(|| splits::of_folders(path))
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
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
    for (file, kind) in files {
        let path = tree.path(file);
        if kind == Kind::Other {
            let message = "masks, relations, points and rotations are not read; left out";
            problems.push(ProblemKind::IgnoredField, Place::file(path), message);
            continue;
        }
        let split = split_of(path);
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
                let label = builder.class(class);
                listed.label(image, &namer, &[label], &mut problems);
                continue;
            }
            match columns.object(&field) {
                Ok(object) => {
                    let object = Object { class: builder.class(class), ..object };
                    listed.object(image, &namer, object, &mut problems, &mut skipped);
                }
                Err(message) => bad(message),
            }
        }
    }
    let mut remarks: Vec<String> = rows::remark_unnamed(&listed).into_iter().collect();
    if absent > 0 {
        remarks.push(format!("classes that were looked for and are not in the image, left out: {absent}"));
    }
    listed.finish(&mut builder);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
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
            attributes: ["IsDepiction", "IsInside"].map(|name| (name, at(name))),
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
        for (name, column) in self.attributes {
            if field(column) == "1" {
                object.attributes.push((name.into(), "1".into()));
            }
        }
        Ok(object)
    }
}

/// Names stand for themselves: there are no others for classes that are not of Open Images.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let field = |name: &str| quoted(&on_a_line(name));
    let name_of = |class: u32| ready.classes.get(class as usize).map_or(String::new(), |class| field(&class.name));
    let labelled = ready.images.iter().any(|image| !ready.labels(image).is_empty());
    for split in ready.splits() {
        let (places, word) = (ready.images_of(split), word_of(split, ["train", "validation", "test"]));
        let boxes = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            for object in ready.objects_of(image) {
                let class = name_of(object.class);
                text.extend_from_slice(box_row(ready, image, object, &field(stem(&image.name)), &class).as_bytes());
            }
        };
        let head = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,\
                    IsInside\n";
        put_pieces(ready, sink, &format!("annotations/{word}-annotations-bbox.csv"), head, &places, boxes)?;
        if !labelled {
            continue;
        }
        let labels = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            for label in ready.labels(image) {
                let row = format!("{},verification,{},1\n", field(stem(&image.name)), name_of(label));
                text.extend_from_slice(row.as_bytes());
            }
        };
        let name = format!("annotations/{word}-annotations-human-imagelabels.csv");
        put_pieces(ready, sink, &name, "ImageID,Source,LabelName,Confidence\n", &places, labels)?;
    }
    let names = (0..ready.classes.len() as u32).map(name_of);
    let names: String = names.map(|name| format!("{name},{name}\n")).collect();
    put(sink, "annotations/class-descriptions.csv", names.as_bytes())?;
    put_images(ready, sink, |image| {
        format!("images/{}/{}", word_of(image.split, ["train", "validation", "test"]), image.name)
    })?;
    Ok(Remarks::new())
}

fn box_row(ready: &Ready<'_>, image: &ReadyImage, object: &ReadyObject, id: &str, class: &str) -> String {
    let objects = &ready.dataset.objects;
    let flags = objects.flags.get(object.row).copied().unwrap_or(0);
    let state = |bit: u16| match (flags & bit, flags & bit << 8) {
        (0, 0) => "-1",
        (0, _) => "0",
        _ => "1",
    };
    let score = Plain(objects.score.get(object.row).copied().unwrap_or(1.0));
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    let [x0, y0, x1, y1] = object.bbox;
    let [x0, x1, y0, y1] = [x0 / width, x1 / width, y0 / height, y1 / height].map(Plain);
    let [occluded, truncated, crowd] = [flag::OCCLUDED, flag::TRUNCATED, flag::CROWD].map(state);
    format!("{id},xclick,{class},{score},{x0},{x1},{y0},{y1},{occluded},{truncated},{crowd},-1,-1\n")
}
