//! CSV of Kaggle's competitions that name no class, or have masks.
//!
//! ```text
//! image_id,width,height,bbox,source                          kaggle-wheat: x, y, width, height in pixels
//! b6ab77fd7,1024,1024,"[834.0, 222.0, 56.0, 36.0]",usask_1
//!
//! ImageId,EncodedPixels[,ClassId]                            kaggle-rle: pairs of start and length, from 1, down the columns
//! 0002cc93b.jpg,29102 12 29346 24,1
//! ```
//!
//! Specification: Global Wheat Detection; Airbus Ship Detection, Severstal. Tables that name image, class and box are `csv`.
//!
//! Decisions
//! - Wheat: the one class is `wheat`; `source` is an attribute of each box. An image of the folder that no row names has no
//!   wheat, as the competition says.
//!   Written is a table per split; every class becomes `wheat`, of attributes `source` alone has a column, and the
//!   size of an image without wheat none.
//! - Masks: the class is `ClassId`, also where it is written `a.jpg_3`, else `object`. The size is `width` and `height`, where
//!   there are such columns, else that of the image's file; without either a mask cannot be understood. An empty one is an
//!   image without objects.
//! - Starts below 1, runs that overlap or lead beyond the image are errors.

use super::builder::Builder;
use super::csv::write::quoted;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put_images, put_pieces, remark_lines, stem};
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
use crate::dataset::{Mask, Object, Place, ProblemKind, Problems, Skipped, Split};
use crate::image::{header, runs};

/// The one class of [`WHEAT`].
pub(super) const WHEAT_CLASS: &str = "wheat";

/// Wheat: the row in the registry.
pub static WHEAT: Format = Format {
    name: "kaggle-wheat",
    aliases: &["wheat", "global-wheat"],
    title: "Kaggle wheat CSV",
    specification: "https://www.kaggle.com/c/global-wheat-detection/data",
    layout: "\
train.csv  train/b6ab77fd7.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect: |tree| Evidence::certain(tree, &files(tree, is_wheat), "a header image_id, width, height, bbox"),
    looks_for: "CSV files with a header image_id,width,height,bbox and no class",
    read: read_wheat,
    write: Some(Write { not: &[Carries::Attributes, Carries::Sizes], folders: true, write: write_wheat }),
};

/// Masks: the row in the registry.
pub static RLE: Format = Format {
    name: "kaggle-rle",
    aliases: &["rle-csv", "encoded-pixels"],
    title: "Kaggle RLE CSV",
    specification: "https://www.kaggle.com/c/airbus-ship-detection/data",
    layout: "\
train.csv  train_images/0002cc93b.jpg",
    carries: &[Carries::Masks, Carries::Negatives, Carries::Splits],
    detect: |tree| Evidence::certain(tree, &files(tree, is_rle), "a header ImageId, EncodedPixels"),
    looks_for: "CSV files with a header ImageId,EncodedPixels",
    read: read_rle,
    write: Some(Write { not: &[], folders: true, write: write_rle }),
};

/// Size of an image whose header is read.
const IMAGE_LIMIT: u64 = 1 << 30;
/// Pixels of a mask.
const PIXELS: u64 = u32::MAX as u64;

fn at(header: &Row, names: &[&str]) -> Option<usize> {
    header.fields.iter().position(|field| names.contains(&&*text::fold(field)))
}

fn is_wheat(header: &Row) -> bool {
    let has = |names: &[&str]| at(header, names).is_some();
    let class = ["class", "label", "category", "classname", "labelname", "name", "classid", "categoryid"];
    has(&["imageid"]) && has(&["width"]) && has(&["height"]) && has(&["bbox"]) && !has(&class)
}

fn is_rle(header: &Row) -> bool {
    at(header, &["imageid", "imageidclassid", "id", "img"]).is_some() && at(header, &["encodedpixels", "rle"]).is_some()
}

fn files(tree: &Tree, fits: impl Fn(&Row) -> bool) -> Vec<FileId> {
    tree.annotations(&["csv"]).filter(|file| rows::head(tree, *file, b',').first().is_some_and(&fits)).collect()
}

/// What is read of all files: each row's field by its column, and what becomes of it.
fn read_files<'t>(
    tree: &'t Tree,
    files: &[FileId],
    listed: &mut Listed<'t>,
    problems: &mut Problems,
    skipped: &mut Skipped,
    mut each: impl FnMut(&Row, &Row, &Namer, &mut Listed<'t>, &mut Problems, &mut Skipped) -> Result<(), String>,
) {
    for file in files {
        let path = tree.path(*file);
        let split = splits::of_annotation_file(tree, path);
        let mut all = rows::read(tree, *file, b',', problems).into_iter();
        let Some(header) = all.next() else { continue };
        for row in all {
            let namer = Namer { file: *file, split, line: row.line };
            let said = match row.fields.len() == header.fields.len() {
                true => each(&header, &row, &namer, listed, problems, skipped),
                false => Err(format!("{} fields, the header has {}", row.fields.len(), header.fields.len())),
            };
            if let Err(message) = said {
                problems.push(ProblemKind::BadEntry, Place::line(path, row.line), message);
                skipped.object(ProblemKind::BadEntry.word());
            }
        }
    }
}

/// A field by one of the names of its column; empty where there is none.
fn field<'r>(header: &Row, row: &'r Row, names: &[&str]) -> &'r str {
    at(header, names).and_then(|column| row.fields.get(column)).map_or("", String::as_str)
}

fn size(header: &Row, row: &Row) -> Result<(u32, u32), String> {
    let side = |names: &[&str]| match field(header, row, names) {
        "" => Ok(0),
        value => text::pixels(value).ok_or_else(|| format!("{value:?} is no number of pixels")),
    };
    Ok((side(&["width"])?, side(&["height"])?))
}

fn read_wheat(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = files(tree, is_wheat);
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(WHEAT.name, WHEAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let mut listed = Listed::of_stems(tree);
    read_files(
        tree,
        &files,
        &mut listed,
        &mut problems,
        &mut skipped,
        |header, row, namer, listed, problems, skipped| {
            let image = field(header, row, &["imageid"]);
            if image.is_empty() {
                return Err("no image_id".into());
            }
            let size = size(header, row)?;
            let value = field(header, row, &["bbox"]);
            let inner = value.trim_matches(|c: char| c.is_whitespace() || "[]()".contains(c));
            if inner.is_empty() || inner.eq_ignore_ascii_case("nan") {
                if let Some(entry) = listed.image(image, namer, problems) {
                    entry.size = size;
                }
                return Ok(());
            }
            let numbers: Option<Vec<f64>> = inner.split(',').map(text::number).collect();
            let numbers = numbers.and_then(|numbers| <[f64; 4]>::try_from(numbers).ok());
            let [x, y, w, h] = numbers.ok_or_else(|| format!("bbox {value:?} is not four numbers"))?;
            if let Some(entry) = listed.image(image, namer, problems) {
                entry.size = size;
            }
            let source = field(header, row, &["source"]);
            let attributes = if source.is_empty() { Vec::new() } else { vec![("source".into(), source.into())] };
            let class = builder.class(WHEAT_CLASS);
            let object = Object { class, bbox: [x, y, x + w, y + h], attributes, ..Object::default() };
            listed.object(image, namer, object, problems, skipped);
            Ok(())
        },
    );
    // Those of the tests are in no table at all.
    let trained = |path: &str| splits::of_folders(tree, path).is_none_or(|split| split != Split::Test);
    listed.add_negatives(trained, |_| None, &mut problems);
    let remarks = rows::remark_unnamed(&listed).into_iter().collect();
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

fn read_rle(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = files(tree, is_rle);
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(RLE.name, RLE.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let mut listed = Listed::of_stems(tree);
    read_files(
        tree,
        &files,
        &mut listed,
        &mut problems,
        &mut skipped,
        |header, row, namer, listed, problems, skipped| {
            let named = field(header, row, &["imageid", "imageidclassid", "id", "img"]);
            let (image, class) = image_and_class(named, field(header, row, &["classid", "class", "label"]));
            if image.is_empty() {
                return Err("no image's name".into());
            }
            let said = size(header, row)?;
            let encoded = field(header, row, &["encodedpixels", "rle"]);
            let empty = matches!(encoded, "" | "-1" | "nan");
            let Some(entry) = listed.image(image, namer, problems) else {
                skipped.object(ProblemKind::DuplicateImage.word());
                return Ok(());
            };
            if said != (0, 0) {
                entry.size = said;
            }
            if empty {
                return Ok(());
            }
            if entry.size == (0, 0)
                && let Some(file) = entry.file
            {
                entry.size = size_of(tree, file)?;
            }
            let mask = mask(encoded, entry.size)?;
            let [x0, y0, x1, y1] =
                runs::bounds(&mask.runs, mask.height).ok_or("the mask is empty")?.map(|side| side as f64);
            let class = builder.class(class);
            let object = Object { class, bbox: [x0, y0, x1, y1], mask: Some(mask), ..Object::default() };
            listed.object(image, namer, object, problems, skipped);
            Ok(())
        },
    );
    let remarks = rows::remark_unnamed(&listed).into_iter().collect();
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// The image and the class of a row: `a.jpg_3` has both in one field.
fn image_and_class<'r>(named: &'r str, class: &'r str) -> (&'r str, &'r str) {
    if !class.is_empty() {
        return (named, class);
    }
    match named.rsplit_once('_') {
        Some((image, class)) if crate::image::is_image_name(image) && !class.is_empty() => (image, class),
        _ => (named, "object"),
    }
}

/// Width and height of an image, by its header.
pub(super) fn size_of(tree: &Tree, file: FileId) -> Result<(u32, u32), String> {
    let bytes = tree.read(file, IMAGE_LIMIT).map_err(|error| error.to_string())?;
    let header = header::read(&bytes).map_err(|error| format!("{}: {error}", tree.path(file)))?;
    Ok((header.width, header.height))
}

/// The mask that pairs of start and length stand for.
fn mask(encoded: &str, (width, height): (u32, u32)) -> Result<Mask, String> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > PIXELS {
        return Err("the image's size is not known".into());
    }
    let mut runs: Vec<u32> = Vec::new();
    let mut end = 0;
    let mut words = encoded.split_ascii_whitespace();
    while let Some(start) = words.next() {
        let length = words.next().ok_or("a start without a length")?;
        let number = |word: &str| word.parse::<u64>().map_err(|_| format!("{word:?} is no number of pixels"));
        let (start, length) = (number(start)?, number(length)?);
        let from = start.checked_sub(1).filter(|from| *from >= end && length > 0);
        let from = from.ok_or_else(|| format!("run {start} {length} begins before the one before it ends"))?;
        let to = from.checked_add(length).filter(|to| *to <= pixels);
        let to = to.ok_or_else(|| format!("run {start} {length} leads beyond the {pixels} pixels of the image"))?;
        match runs.last_mut() {
            // Side by side: one run.
            Some(last) if from == end => *last += length as u32,
            _ => runs.extend([(from - end) as u32, length as u32]),
        }
        end = to;
    }
    if end < pixels {
        runs.push((pixels - end) as u32);
    }
    Ok(Mask { width, height, runs: runs.into() })
}

/// A row per mask with its class. An object without a mask has that of its outline or box, so that its image does not seem empty.
fn write_rle(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let name = quoted(&image.name);
            let mut rows = String::new();
            for object in ready.objects_of(image) {
                let encoded = starts_and_lengths(&ready.filled(image, object).runs);
                rows += &format!("{name},{encoded},{}\n", quoted(&on_a_line(ready.class_of(object))));
            }
            if rows.is_empty() {
                rows = format!("{name},,\n");
            }
            text.extend_from_slice(rows.as_bytes());
        };
        let head = "ImageId,EncodedPixels,ClassId\n";
        put_pieces(ready, sink, &format!("{split}.csv"), head, &ready.images_of(split), rows)?;
    }
    put_images(ready, sink, |image| format!("{}_images/{}", image.split, image.name))?;
    Ok(remark_lines(ready).into_iter().chain(ready.remark_filled()).collect())
}

fn starts_and_lengths(runs: &[u32]) -> String {
    let mut before = 0u64;
    let mut words: Vec<String> = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        if place % 2 == 1 && *run > 0 {
            words.push(format!("{} {run}", before + 1));
        }
        before += u64::from(*run);
    }
    words.join(" ")
}

/// A row per box. The tests' images without one have a row of their own: nothing else says that they belong to the dataset.
fn write_wheat(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let start = format!("{},{},{}", quoted(stem(&image.name)), image.width, image.height);
            for object in ready.objects_of(image) {
                let [x0, y0, x1, y1] = object.bbox;
                let attributes = ready.dataset.objects.attributes.get(object.row).into_iter().flatten();
                let source = attributes.filter(|(name, _)| **name == *"source").map(|(_, value)| &**value).next();
                let source = quoted(&on_a_line(source.unwrap_or_default()));
                // As Python writes a list of its numbers.
                let row = format!("{start},\"[{:?}, {:?}, {:?}, {:?}]\",{source}\n", x0, y0, x1 - x0, y1 - y0);
                text.extend_from_slice(row.as_bytes());
            }
            if split == Split::Test && image.objects.is_empty() {
                text.extend_from_slice(format!("{start},,\n").as_bytes());
            }
        };
        let head = "image_id,width,height,bbox,source\n";
        put_pieces(ready, sink, &format!("{split}.csv"), head, &ready.images_of(split), rows)?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    let others = ready.classes.iter().filter(|class| class.name != WHEAT_CLASS).count();
    let remark = format!("classes that became wheat, the only one there is: {others}");
    Ok(if others > 0 { vec![remark] } else { Remarks::new() })
}
