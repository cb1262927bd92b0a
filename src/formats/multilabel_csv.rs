//! CSV with the classes of images as a whole.
//!
//! ```text
//! filename, cat, dog          a column per class, 1 or 0 (Roboflow's _classes.csv)
//! a.jpg, 1, 0
//!
//! id,label                    a class per row (Kaggle's train.csv); several rows of an image are several classes
//! a,cat
//! ```
//!
//! Specification: Roboflow's multi-label classification CSV.
//!
//! Decisions
//! - Classes are those of the header, in its order; in the second form by their first use in the order of the images.
//! - An image with 0 everywhere, or with an empty label, has no class.
//! - The split is that of the file's folder or name. Images in no row are left out, as for other CSV.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::builder::Builder;
use super::csv::write::{quoted, spaced};
use super::listed::{Listed, Namer};
use super::rows::{self, Row};
use super::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put_images, put_pieces, remark_lines};
use super::tree::{FileId, Tree, stem_of};
use super::{
    Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, hf_imagefolder, splits, text,
};
use crate::dataset::{Ledger, Place, ProblemKind, Problems, Skipped};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "multilabel-csv",
    aliases: &["multiclass", "classes-csv", "label-csv"],
    title: "CSV of image classes",
    specification: "https://roboflow.com/formats/multi-label-classification-csv",
    layout: "\
train/_classes.csv  train/a.jpg     also in valid/ test/ (Roboflow)
train.csv  a.jpg",
    carries: &[Carries::ImageLabels, Carries::Negatives, Carries::Splits, Carries::ClassOrder],
    detect,
    looks_for: "CSV files with a header of filename and classes, and 0 or 1 in each row, or of two columns, image and label",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

/// Names of the first column, folded.
const IMAGE: [&str; 9] = ["filename", "image", "imagename", "imageid", "id", "file", "path", "filepath", "imagepath"];
/// Names of the second, where there are two.
const LABEL: [&str; 7] = ["label", "class", "category", "classname", "labelname", "target", "species"];

/// What the columns of a file mean.
#[derive(Debug, PartialEq)]
enum Form {
    /// A column per class: their names.
    Columns(Vec<String>),
    /// Image and label.
    Pairs,
}

/// The form of a file by its header, and by its first rows where the header alone could be anybody's: `is_image` is whether
/// an image is called so, without its extension.
fn form(rows: &[Row], is_image: impl Fn(&str) -> bool) -> Option<Form> {
    let (Row { fields: header, .. }, rows) = rows.split_first()?;
    let (first, classes) = header.split_first()?;
    if !IMAGE.contains(&&*text::fold(first)) || classes.is_empty() {
        return None;
    }
    let whole = || rows.iter().map(|row| &row.fields).filter(|fields| fields.len() == header.len());
    if let [label] = classes
        && LABEL.contains(&&*text::fold(label))
    {
        return whole().any(|fields| !fields[0].is_empty()).then_some(Form::Pairs);
    }
    let is_flag = |value: &String| text::yes_or_no(value).is_some();
    let says = |fields: &&Vec<String>| fields.iter().skip(1).any(|value| !value.is_empty());
    let flags = whole().filter(|fields| fields.iter().skip(1).all(is_flag)).filter(says).count();
    let names_image = |name: &str| is_image_name(name) || is_image(name);
    (flags * 2 > rows.len() && whole().any(|fields| names_image(&fields[0]))).then(|| Form::Columns(classes.to_vec()))
}

fn files(tree: &Tree) -> Vec<(FileId, Form)> {
    let images = || tree.files().filter(|(_, file)| file.image).map(|(_, file)| stem_of(&file.path)).collect();
    let stems: OnceCell<HashSet<&str>> = OnceCell::new();
    let is_image = |name: &str| stems.get_or_init(images).contains(name);
    let form_of = |file: FileId| Some((file, form(&rows::head(tree, file, b','), is_image)?));
    tree.annotations(&["csv"]).filter_map(form_of).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    // `metadata.csv` with `file_name` is Hugging Face's, whatever else it says.
    let is_hugging = |file| hf_imagefolder::looks(tree, file);
    let found: Vec<FileId> = files(tree).into_iter().map(|(file, _)| file).filter(|file| !is_hugging(*file)).collect();
    Evidence::certain(tree, &found, "images and their classes")
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
    let columns = |form: &Form| if let Form::Columns(classes) = form { Some(classes.clone()) } else { None };
    let headers: Vec<String> = files.iter().filter_map(|(_, form)| columns(form)).flatten().collect();
    if !headers.is_empty() {
        builder.set_classes(headers);
    }
    for (file, form) in &files {
        let path = tree.path(*file);
        let split = splits::of_annotation_file(tree, path);
        for row in rows::read(tree, *file, b',', &mut problems).iter().skip(1) {
            match labels(row, form) {
                Ok((name, labels)) => {
                    let labels: Vec<u32> = labels.into_iter().map(|label| builder.class(label)).collect();
                    listed.label(name, &Namer { file: *file, split, line: row.line }, &labels, &mut problems);
                }
                Err(message) => {
                    problems.push(ProblemKind::BadEntry, Place::line(path, row.line), message);
                    skipped.count(ProblemKind::BadEntry.word(), Ledger { images: 1, objects: 0 });
                }
            }
        }
    }
    let remarks = rows::remark_unnamed(&listed).into_iter().collect();
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// The image of a row and the names of its classes.
fn labels<'r>(row: &'r Row, form: &'r Form) -> Result<(&'r str, Vec<&'r str>), String> {
    let (name, values) = row.fields.split_first().filter(|(name, _)| !name.is_empty()).ok_or("no image's name")?;
    match form {
        Form::Pairs => {
            let label = values.first().ok_or("no label")?;
            Ok((name, Some(label.as_str()).filter(|label| !label.is_empty()).into_iter().collect()))
        }
        Form::Columns(classes) => {
            if values.len() != classes.len() {
                return Err(format!("{} fields, the header has {}", values.len() + 1, classes.len() + 1));
            }
            let mut labels = Vec::new();
            for (class, value) in classes.iter().zip(values) {
                match text::yes_or_no(value) {
                    Some(Some(true)) => labels.push(class.as_str()),
                    Some(_) => {}
                    None => return Err(format!("{class} {value:?} is neither 0 nor 1")),
                }
            }
            Ok((name, labels))
        }
    }
}

/// A file per split beside its images, as Roboflow writes it.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let mut head = String::from("filename");
    ready.classes.iter().for_each(|class| head += &spaced(&on_a_line(&class.name)));
    head.push('\n');
    for split in ready.splits() {
        let row = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let labels = ready.labels(image);
            let mut row = quoted(&image.name);
            for class in 0..ready.classes.len() as u32 {
                row += if labels.contains(&class) { ", 1" } else { ", 0" };
            }
            row.push('\n');
            text.extend_from_slice(row.as_bytes());
        };
        put_pieces(ready, sink, &format!("{split}/_classes.csv"), &head, &ready.images_of(split), row)?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    Ok(remark_lines(ready))
}
