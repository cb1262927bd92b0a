//! Keras RetinaNet's CSV: no header, a row per box.
//!
//! ```text
//! path/a.jpg,837,346,981,456,cow      x0, y0, x1, y1 in pixels
//! path/b.jpg,,,,,                     an image without objects
//!
//! cow,0                               classes.csv: name, number
//! ```
//!
//! Specification: <https://github.com/fizyr/keras-retinanet#csv-datasets>; also Roboflow's `_annotations.csv`, `_classes.csv`.
//!
//! Decisions
//! - Classes: those of the files of names and numbers, in the order of their numbers, else by first use.
//! - The split is that of the file's name or folder. Images in no row are left out, as for other CSV.

use super::builder::Builder;
use super::csv::write::quoted;
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::target::{
    Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_images, put_pieces, remark_lines, val_word, whole,
};
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "retinanet",
    aliases: &["keras-retinanet", "retinanet-csv"],
    title: "Keras RetinaNet CSV",
    specification: "https://github.com/fizyr/keras-retinanet#csv-datasets",
    layout: "\
train/_annotations.csv  train/_classes.csv  train/a.jpg    also in valid/ test/ (Roboflow)
train.csv  val.csv  classes.csv  images/a.jpg",
    carries: &[Carries::Boxes, Carries::Negatives, Carries::Splits, Carries::ClassOrder],
    detect,
    looks_for: "CSV files without header whose rows are an image, four numbers and a class",
    read,
    write: Some(Write { not: &[], folders: false, write }),
};

fn is_row(row: &Row) -> bool {
    let [image, numbers @ .., class] = &row.fields[..] else { return false };
    let filled = numbers.iter().all(|number| text::number(number).is_some()) && !class.is_empty();
    let empty = numbers.iter().all(String::is_empty) && class.is_empty();
    row.fields.len() == 6 && !image.is_empty() && text::number(image).is_none() && (filled || empty)
}

fn files(tree: &Tree) -> Vec<FileId> {
    let fits = |file: &FileId| {
        let rows = rows::head(tree, *file, b',');
        let good = rows.iter().filter(|row| is_row(row)).count();
        // A header would be the first row.
        rows.first().is_some_and(is_row) && good * 2 >= rows.len()
    };
    tree.annotations(&["csv"]).filter(fits).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &files(tree), "an image, four numbers and a class in each row, and no header")
}

/// Names of classes by their number, of all files that have them.
fn classes(tree: &Tree, problems: &mut Problems) -> Vec<(u32, String)> {
    let mut classes: Vec<(u32, String)> = Vec::new();
    for file in tree.annotations_around(&["csv"]) {
        let head = rows::head(tree, file, b',');
        let class = |row: &Row| match &row.fields[..] {
            [name, number] if !name.is_empty() => Some((number.parse::<u32>().ok()?, name.clone())),
            _ => None,
        };
        if head.is_empty() || head.iter().any(|row| class(row).is_none()) {
            continue;
        }
        for (number, name) in rows::read(tree, file, b',', problems).iter().filter_map(class) {
            match classes.iter().find(|(known, _)| *known == number) {
                None => classes.push((number, name)),
                Some((_, known)) if *known == name => {}
                Some((_, known)) => {
                    let message = format!("class {number} is {name:?} here, and {known:?} before; not used");
                    problems.push(ProblemKind::IgnoredField, Place::file(tree.path(file)), message);
                }
            }
        }
    }
    classes.sort();
    classes
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = files(tree);
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let classes = classes(tree, &mut problems);
    let known: Vec<String> = classes.into_iter().map(|(_, name)| name).collect();
    if !known.is_empty() {
        builder.set_classes(known.iter().cloned());
    }
    let mut listed = Listed::new(tree);
    for file in files {
        let split = splits::of_annotation_file(tree, tree.path(file));
        for row in rows::read(tree, file, b',', &mut problems) {
            let namer = Namer { file, split, line: row.line };
            match object(&row) {
                Ok((image, None)) => drop(listed.image(image, &namer, &mut problems)),
                Ok((image, Some((class, bbox)))) => {
                    if !known.is_empty() && !known.iter().any(|name| name == class) {
                        let message = format!("class {class:?} is in no file of classes; added behind them");
                        problems.push(ProblemKind::IgnoredField, Place::line(tree.path(file), row.line), message);
                    }
                    let object = Object { class: builder.class(class), bbox, ..Object::default() };
                    listed.object(image, &namer, object, &mut problems, &mut skipped);
                }
                Err(message) => {
                    problems.push(ProblemKind::BadEntry, Place::line(tree.path(file), row.line), message);
                    skipped.object(ProblemKind::BadEntry.word());
                }
            }
        }
    }
    let remarks = rows::remark_unnamed(&listed).into_iter().collect();
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// The image of a row, and its class and box.
#[allow(clippy::type_complexity)] // said in the line above, and nowhere else
fn object(row: &Row) -> Result<(&str, Option<(&str, [f64; 4])>), String> {
    let [image, x0, y0, x1, y1, class] = &row.fields[..] else {
        return Err(format!("{} fields, a row has 6", row.fields.len()));
    };
    if image.is_empty() {
        return Err("no image's name".into());
    }
    let sides = [x0, y0, x1, y1];
    if sides.iter().all(|side| side.is_empty()) && class.is_empty() {
        return Ok((image, None));
    }
    if class.is_empty() {
        return Err("no class".into());
    }
    let mut bbox = [0.0; 4];
    for (number, side) in bbox.iter_mut().zip(sides) {
        *number = text::number(side).ok_or_else(|| format!("{side:?} is no number"))?;
    }
    Ok((image, Some((class, bbox))))
}

/// Whole numbers, since Keras RetinaNet takes no others.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let name = quoted(&format!("images/{}", image.name));
            let mut rows = String::new();
            for object in ready.objects_of(image) {
                let [x0, y0, x1, y1] = whole(image, object.bbox);
                rows += &format!("{name},{x0},{y0},{x1},{y1},{}\n", quoted(&on_a_line(ready.class_of(object))));
            }
            if rows.is_empty() {
                rows = format!("{name},,,,,\n");
            }
            text.extend_from_slice(rows.as_bytes());
        };
        let name = format!("{}.csv", val_word(split));
        put_pieces(ready, sink, &name, "", &ready.images_of(split), rows)?;
    }
    let classes = (0..).zip(&ready.classes).map(|(number, class)| (number, quoted(&on_a_line(&class.name))));
    let classes: String = classes.map(|(number, name): (usize, _)| format!("{name},{number}\n")).collect();
    put(sink, "classes.csv", classes.as_bytes())?;
    put_images(ready, sink, |image| format!("images/{}", image.name))?;
    Ok(remark_lines(ready))
}
