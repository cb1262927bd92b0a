//! Udacity's self-driving car annotations as Autti made them: no header, blanks between fields.
//!
//! ```text
//! 1478019952686311006.jpg 950 574 1004 620 0 "car"                     image, x0, y0, x1, y1, occluded, class
//! 1478019957687018435.jpg 888 498 907 531 0 "trafficLight" "Red"       and an attribute
//! ```
//!
//! Specification: <https://github.com/udacity/self-driving-car/tree/master/annotations>. The other half of that dataset
//! (CrowdAI's, with a header), the same with a header, and Roboflow's edition are read by `csv`.
//!
//! Decisions
//! - What stands behind the class is the attribute `attributes`, as the table with a header calls it.
//! - Images in no row are left out, as for other CSV.

use super::builder::Builder;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, splits, text};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped, flag};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "udacity",
    aliases: &["udacity-csv", "autti"],
    title: "Udacity CSV",
    specification: "https://github.com/udacity/self-driving-car/tree/master/annotations",
    layout: "\
labels.csv  a.jpg",
    carries: &[Carries::Boxes, Carries::Occluded, Carries::Attributes, Carries::Splits],
    detect,
    looks_for: "CSV files with blanks between fields: an image, four numbers, 0 or 1 and a class",
    read,
};

fn is_row(row: &Row) -> bool {
    let [image, x0, y0, x1, y1, occluded, class, ..] = &row.fields[..] else { return false };
    is_image_name(image)
        && [x0, y0, x1, y1].iter().all(|side| text::number(side).is_some())
        && matches!(&**occluded, "0" | "1")
        && !class.is_empty()
}

fn files(tree: &Tree) -> Vec<FileId> {
    let fits = |file: &FileId| {
        let rows = rows::head(tree, *file, b' ');
        let good = rows.iter().filter(|row| is_row(row)).count();
        rows.first().is_some_and(is_row) && good * 2 >= rows.len()
    };
    tree.annotations(&["csv", "txt"]).filter(fits).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &files(tree), "an image, a box, 0 or 1 and a class in each row, with blanks between")
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
        let split = splits::of_annotation_file(path);
        for row in rows::read(tree, file, b' ', &mut problems) {
            match object(&row) {
                Ok((image, class, object)) => {
                    let object = Object { class: builder.class(class), ..object };
                    let namer = Namer { file, split, line: row.line };
                    listed.object(image, &namer, object, &mut problems, &mut skipped);
                }
                Err(message) => {
                    problems.push(ProblemKind::BadEntry, Place::line(path, row.line), message);
                    skipped.object(ProblemKind::BadEntry.word());
                }
            }
        }
    }
    let remarks = rows::remark_unnamed(&listed).into_iter().collect();
    listed.finish(&mut builder);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// The image of a row, the class and the object.
fn object(row: &Row) -> Result<(&str, &str, Object), String> {
    let [image, x0, y0, x1, y1, occluded, class, rest @ ..] = &row.fields[..] else {
        return Err(format!("{} fields, a row has 7", row.fields.len()));
    };
    let mut object = Object::default();
    for (number, side) in object.bbox.iter_mut().zip([x0, y0, x1, y1]) {
        *number = text::number(side).ok_or_else(|| format!("{side:?} is no number"))?;
    }
    object.flags = match text::yes_or_no(occluded) {
        Some(Some(true)) => flag::HAS_OCCLUDED | flag::OCCLUDED,
        Some(Some(false)) => flag::HAS_OCCLUDED,
        _ => 0,
    };
    if class.is_empty() || image.is_empty() {
        return Err(format!("no {}", if class.is_empty() { "class" } else { "image's name" }));
    }
    let more = rest.join(" ");
    if !more.is_empty() {
        object.attributes.push(("attributes".into(), more.into()));
    }
    Ok((image, class, object))
}
