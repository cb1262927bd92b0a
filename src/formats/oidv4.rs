//! What the OIDv4 toolkit downloads from Open Images: a text file per image in `Label/` beside the images.
//!
//! ```text
//! [split/] Class/a.jpg  Class/Label/a.txt
//! Traffic light 73.6 113.28 210.24 401.0        class x0 y0 x1 y1, pixels
//! ```
//!
//! Specification: <https://github.com/EscVM/OIDv4_ToolKit>.
//!
//! Decisions
//! - The class may have blanks: the last four fields are the box. A number is a class only where the box is of pixels.
//! - An image that was downloaded for two classes lies in two folders, each with the boxes of its own class. They are two
//!   images here, as they are two files.
//! - Images without a file are negatives.

use super::builder::Builder;
use super::image_folder::folder_name;
use super::per_image::{self, Layout, Parsed, each_line, lies_in};
use super::target::{Plain, Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_images, remark_lines, stem, word_of};
use super::tree::{FileId, Tree};
use super::{
    Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text,
};
use crate::dataset::{Object, Problems, Skipped};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "oidv4",
    aliases: &["oid-toolkit", "oidv4-toolkit"],
    title: "OIDv4 toolkit",
    specification: "https://github.com/EscVM/OIDv4_ToolKit",
    layout: "\
OID/Dataset/train/Apple/a.jpg  OID/Dataset/train/Apple/Label/a.txt    also in validation/ test/",
    carries: &[Carries::Boxes, Carries::Negatives, Carries::Splits, Carries::Fractions],
    detect,
    looks_for: "text files in folders Label, whose lines are a class and four numbers of pixels",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

fn label_files(tree: &Tree) -> Vec<FileId> {
    tree.annotations(&["txt"]).filter(|file| tree.only().is_some() || lies_in(tree.path(*file), &["Label"])).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    if tree.only().is_some() {
        return None;
    }
    let files = label_files(tree);
    if let Some(example) = per_image::example(tree, &files, |line| object(line).is_ok(), |_| false) {
        let reason = format!("{} in a folder Label has a class and a box in each line", tree.path(example));
        return Some(Evidence { confidence: Confidence::Certain, reason });
    }
    per_image::by_folder_alone(tree, &files, "Label")
}

/// The object of a line and its class.
fn object(line: &str) -> Result<(String, Object), String> {
    let count = line.split_ascii_whitespace().count();
    if count < 4 {
        return Err(format!("{count} fields, an object has a class and four numbers"));
    }
    let (mut class, mut bbox) = (text::trim(line), [0.0; 4]);
    for side in bbox.iter_mut().rev() {
        let (before, field) = class.rsplit_once(|c: char| c.is_ascii_whitespace()).unwrap_or(("", class));
        *side = text::number(field).ok_or_else(|| format!("{field:?} is no number"))?;
        class = text::trim(before);
    }
    // A row of YOLO's is numbers as well, and has parts of the image's size.
    let fractions = bbox.iter().all(|side| *side <= 1.0);
    if class.is_empty() || fractions && text::number(class).is_some() {
        return Err(format!("{class:?} is no name of a class"));
    }
    Ok((class.to_owned(), Object { bbox, ..Object::default() }))
}

/// What a file says, each object with the name of its class.
pub fn parse(source: &str) -> Parsed<String> {
    each_line(source, |_, line, _| object(line).map(Some))
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = label_files(tree);
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let files = per_image::parse_all(tree, &files, options.workers, parse);
    let layout = Layout {
        image_path: &without_label,
        split_of: &|_, path| splits::of_folders(tree, path),
        is_image: &|_| true,
        belongs: &|_| true,
        negatives: true,
    };
    let class = |name: String, _: &str, builder: &mut Builder| Ok(builder.class(&name));
    per_image::push_all(tree, files, &layout, class, &mut builder, &mut problems, &mut skipped);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks: Vec::new() })
}

/// A path without its last folder `Label`.
fn without_label(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(place) = parts.iter().rposition(|part| part.eq_ignore_ascii_case("label")) {
        parts.remove(place);
    }
    parts.join("/")
}

/// As the toolkit does with `--multiclasses 1`: one folder for all classes of a split.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let names: Vec<&str> = ready.classes.iter().map(|class| &*class.name).collect();
    let all = folder_name(&names.join("_"));
    let all = if all.len() > 100 { "all" } else { &all };
    let folder = |image: &ReadyImage| format!("{}/{all}", word_of(image.split, ["train", "validation", "test"]));
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |_, image| {
        let mut text = String::new();
        for object in ready.objects_of(image) {
            let [x0, y0, x1, y1] = object.bbox.map(Plain);
            text += &format!("{} {x0} {y0} {x1} {y1}\n", on_a_line(ready.class_of(object)));
        }
        put(sink, &format!("{}/Label/{}.txt", folder(image), stem(&image.name)), text.as_bytes())
    })?;
    put_images(ready, sink, |image| format!("{}/{}", folder(image), image.name))?;
    Ok(remark_lines(ready))
}
