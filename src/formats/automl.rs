//! Google's AutoML Vision CSV: no header, a row per box or per image.
//!
//! ```text
//! TRAIN,gs://bucket/a.jpg,cat,0.1,0.2,0.5,0.2,0.5,0.9,0.1,0.9     four corners, parts of the image's size
//! TEST,gs://bucket/a.jpg,cat,0.1,0.2,,,0.5,0.9,,                  two of them
//! UNASSIGNED,gs://bucket/b.jpg,,,,,,,,,                           an image without objects
//! VALIDATION,gs://bucket/c.jpg,cat,dog                            classes of the whole image
//! ```
//!
//! Specification: <https://cloud.google.com/vision/automl/object-detection/docs/csv-format>. The first column may be absent.
//!
//! Decisions
//! - UNASSIGNED, and no first column, are no split, unless the file or its folder is called so.
//! - The box is the upright one around the corners that there are.
//! - Images in no row are left out, as for other CSV.

use super::builder::Builder;
use super::csv::write::quoted;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::target::{
    Plain, Ready, ReadyImage, Remarks, Sink, on_a_line, put_images, put_pieces, remark_lines, word_of,
};
use super::tree::{FileId, Tree};
use super::yolo::lines::around;
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped, Split};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "automl",
    aliases: &["automl-csv", "automl-vision", "vertex-csv"],
    title: "Google AutoML Vision CSV",
    specification: "https://cloud.google.com/vision/automl/object-detection/docs/csv-format",
    layout: "\
all.csv  images/a.jpg",
    carries: &[Carries::Boxes, Carries::ImageLabels, Carries::Negatives, Carries::Splits, Carries::Fractions],
    detect,
    looks_for: "CSV files without header whose rows are TRAIN, VALIDATION, TEST or UNASSIGNED, an image, and a class with \
                eight fractions or classes alone",
    read,
    write: Some(Write { not: &[], folders: false, write }),
};

/// What the first column says, if it is one: the split, or that there is none.
fn set_of(word: &str) -> Option<Option<Split>> {
    match word.to_ascii_uppercase().as_str() {
        "TRAIN" | "TRAINING" => Some(Some(Split::Train)),
        "VALIDATION" | "VALIDATE" => Some(Some(Split::Valid)),
        "TEST" => Some(Some(Split::Test)),
        "UNASSIGNED" => Some(None),
        _ => None,
    }
}

fn is_image(path: &str) -> bool {
    path.starts_with("gs://") || is_image_name(path)
}

/// Whether a row can be nothing else: it has a set and an image, or an image and eight fractions.
fn is_row(row: &Row) -> bool {
    let with_set = row.fields.first().is_some_and(|word| set_of(word).is_some());
    let [image, rest @ ..] = &row.fields[usize::from(with_set)..] else { return false };
    let corners = |fields: &[String]| fields.iter().all(|field| field.is_empty() || text::number(field).is_some());
    let boxed = rest.len() >= 9 && corners(&rest[1..9]);
    is_image(image) && (boxed || with_set || image.starts_with("gs://") && !rest.is_empty())
}

fn files(tree: &Tree) -> Vec<FileId> {
    let fits = |file: &FileId| {
        let rows = rows::head(tree, *file, b',');
        rows.iter().filter(|row| is_row(row)).count() * 2 > rows.len()
    };
    tree.annotations(&["csv"]).filter(fits).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &files(tree), "a set, an image and a class with corners in each row, and no header")
}

/// What a row says of its image.
enum Said<'r> {
    Nothing,
    Box(&'r str, [f64; 4]),
    Classes(Vec<&'r str>),
}

fn said(fields: &[String]) -> Result<Said<'_>, String> {
    let [label, rest @ ..] = fields else { return Ok(Said::Nothing) };
    let corners = rest.get(..8).filter(|corners| {
        corners.iter().all(|number| number.is_empty() || text::number(number).is_some() || label.is_empty())
            || corners.iter().filter(|number| text::number(number).is_some()).count() >= 3
    });
    let Some(corners) = corners else {
        let classes: Vec<&str> = fields.iter().map(String::as_str).filter(|class| !class.is_empty()).collect();
        return Ok(if classes.is_empty() { Said::Nothing } else { Said::Classes(classes) });
    };
    if corners.iter().all(String::is_empty) {
        return Ok(if label.is_empty() { Said::Nothing } else { Said::Classes(vec![label]) });
    }
    if label.is_empty() {
        return Err("no class".into());
    }
    let mut points = Vec::new();
    for point in corners.chunks_exact(2) {
        let number = |text: &String| text::number(text).ok_or_else(|| format!("{text:?} is no number"));
        match point {
            [x, y] if x.is_empty() && y.is_empty() => {}
            [x, y] => points.push([number(x)?, number(y)?]),
            _ => {}
        }
    }
    if points.len() < 2 {
        return Err("one corner alone is no box".into());
    }
    if let Some(number) = points.iter().flatten().find(|number| number.abs() > 2.0) {
        return Err(format!("{number} is no fraction of the image's size"));
    }
    Ok(Said::Box(label, around(points.into_iter())))
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = files(tree);
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let mut listed = Listed::new(tree);
    for file in files {
        let path = tree.path(file);
        let of_file = splits::of_annotation_file(tree, path);
        for row in rows::read(tree, file, b',', &mut problems) {
            let set = row.fields.first().and_then(|word| set_of(word));
            let mut fields = row.fields.get(usize::from(set.is_some())..).unwrap_or_default();
            let namer = Namer { file, split: set.flatten().or(of_file), line: row.line };
            let mut bad = |message: String| {
                problems.push(ProblemKind::BadEntry, Place::line(path, row.line), message);
                skipped.object(ProblemKind::BadEntry.word());
            };
            let Some((image, rest)) = fields.split_first().filter(|(image, _)| !image.is_empty()) else {
                bad("no image's name".into());
                continue;
            };
            fields = rest;
            match said(fields) {
                Ok(Said::Nothing) => drop(listed.image(image, &namer, &mut problems)),
                Ok(Said::Box(class, bbox)) => {
                    let class = builder.class(class);
                    let object = Object { class, bbox, normalised: true, ..Object::default() };
                    listed.object(image, &namer, object, &mut problems, &mut skipped);
                }
                Ok(Said::Classes(classes)) => {
                    let labels: Vec<u32> = classes.into_iter().map(|class| builder.class(class)).collect();
                    listed.label(image, &namer, &labels, &mut problems);
                }
                Err(message) => bad(message),
            }
        }
    }
    let remarks = rows::remark_unnamed(&listed).into_iter().collect();
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let places: Vec<usize> = (0..ready.images.len()).collect();
    let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
        let set = word_of(image.split, ["TRAIN", "VALIDATION", "TEST"]);
        let head = format!("{set},{}", quoted(&format!("images/{}", image.name)));
        let (width, height) = (f64::from(image.width), f64::from(image.height));
        let mut rows = String::new();
        let labels = ready.labels(image);
        if !labels.is_empty() {
            rows += &head;
            for class in labels.iter().filter_map(|label| ready.classes.get(*label as usize)) {
                rows += &format!(",{}", quoted(&on_a_line(&class.name)));
            }
            rows.push('\n');
        }
        for object in ready.objects_of(image) {
            let [x0, y0, x1, y1] = object.bbox;
            let [x0, y0, x1, y1] = [x0 / width, y0 / height, x1 / width, y1 / height].map(Plain);
            let class = quoted(&on_a_line(ready.class_of(object)));
            rows += &format!("{head},{class},{x0},{y0},,,{x1},{y1},,\n");
        }
        if rows.is_empty() {
            rows = format!("{head},,,,,,,,,\n");
        }
        text.extend_from_slice(rows.as_bytes());
    };
    put_pieces(ready, sink, "all.csv", "", &places, rows)?;
    put_images(ready, sink, |image| format!("images/{}", image.name))?;
    Ok(remark_lines(ready))
}
