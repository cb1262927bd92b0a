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
//! - A header `frame xmin ymin xmax ymax occluded label attributes` may stand above, and is written.
//! - What stands behind the class is the attribute `attributes`, as the table with a header calls it.
//! - Images in no row are left out, as for other CSV.

use super::builder::Builder;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::target::{Plain, Ready, ReadyImage, Remarks, Sink, on_a_line, put_images, put_pieces, remark_lines};
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
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
    carries: &[Carries::Boxes, Carries::Occluded, Carries::Attributes, Carries::Splits, Carries::Fractions],
    detect,
    looks_for: "CSV files with blanks between fields: an image, four numbers, 0 or 1 and a class",
    read,
    write: Some(Write { not: &[Carries::Attributes], folders: true, write }),
};

/// Names of the columns, where they are said.
const HEADER: &str = "frame xmin ymin xmax ymax occluded label attributes";

fn is_row(row: &Row) -> bool {
    let [image, x0, y0, x1, y1, occluded, class, ..] = &row.fields[..] else { return false };
    is_image_name(image)
        && [x0, y0, x1, y1].iter().all(|side| text::number(side).is_some())
        && matches!(&**occluded, "0" | "1")
        && !class.is_empty()
}

fn is_header(row: &Row) -> bool {
    row.fields.len() >= 7 && row.fields.iter().zip(HEADER.split(' ')).all(|(field, name)| field == name)
}

fn files(tree: &Tree) -> Vec<FileId> {
    let fits = |file: &FileId| {
        let rows = rows::head(tree, *file, b' ');
        let Some((first, rest)) = rows.split_first() else { return false };
        let good = rest.iter().filter(|row| is_row(row)).count();
        (is_header(first) || is_row(first)) && good * 2 >= rest.len().saturating_sub(1)
    };
    tree.annotations(&["csv"]).filter(fits).collect()
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
        let split = splits::of_annotation_file(tree, path);
        for row in rows::read(tree, file, b' ', &mut problems) {
            if is_header(&row) {
                continue;
            }
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
    listed.finish(&mut builder, &mut problems);
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

fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let head = format!("{HEADER}\n");
    for split in ready.splits() {
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            for object in ready.objects_of(image) {
                let [x0, y0, x1, y1] = object.bbox.map(Plain);
                let flags = ready.dataset.objects.flags.get(object.row).copied().unwrap_or(0);
                let occluded = u8::from(flags & flag::OCCLUDED != 0);
                let [name, class] = [&image.name, ready.class_of(object)].map(in_quotes);
                text.extend_from_slice(format!("{name} {x0} {y0} {x1} {y1} {occluded} {class} \"\"\n").as_bytes());
            }
        };
        put_pieces(ready, sink, &format!("{split}/labels.csv"), &head, &ready.images_of(split), rows)?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    Ok(remark_lines(ready))
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", on_a_line(text).replace('"', "\"\""))
}
