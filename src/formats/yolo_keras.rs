//! Lists with an image and its boxes in a line, as keras-yolo3 and yolov4-pytorch train from.
//!
//! ```text
//! path/a b.jpg 8,12,352,498,0 1,2,30,40,1      x0,y0,x1,y1,class: pixels, classes from 0
//! path/c.jpg                                   an image without objects
//! ```
//!
//! Specification: <https://github.com/qqwweee/keras-yolo3>; written by Roboflow (`_annotations.txt`, `_classes.txt`), by
//! `voc_annotation.py` (`2007_train.txt`, `voc_classes.txt`).
//!
//! Decisions
//! - A path may have blanks: boxes are what stands at the end of a line.
//! - Names: `_classes.txt` (or `voc_classes.txt`, `*classes.txt`) nearest to the list, else `class_<number>`.
//! - The split is that of the list's name or folder. Images in no list are left out.

use super::builder::Builder;
use super::listed::{self, Listed};
use super::per_image::{first_lines, list_candidates};
use super::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_images, put_pieces, remark_lines, whole};
use super::tree::{FileId, Tree, file_name, folder_of, is_below};
use super::yolo::names::{self, FolderNames};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, text};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "yolo-keras",
    aliases: &["yolokeras", "keras-yolo3", "yolov4-pytorch", "keras-txt"],
    title: "YOLO Keras list",
    specification: "https://github.com/qqwweee/keras-yolo3#training",
    layout: "\
train/_annotations.txt  train/_classes.txt  train/a.jpg    also in valid/ test/ (Roboflow)
train.txt  voc_classes.txt  images/a.jpg",
    carries: &[Carries::Boxes, Carries::Negatives, Carries::Splits, Carries::ClassOrder],
    detect,
    looks_for: "text files whose lines are an image and boxes (a.jpg x0,y0,x1,y1,class)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

/// Size of a list that is still read.
const LIMIT: u64 = 4 << 30;
/// Lines of a list that detection looks at.
const LINES: usize = 64;

/// Roboflow's name of a list, which may be one of images without objects.
const LIST: &str = "_annotations.txt";

/// A class and its box.
type Boxed = (u32, [f64; 4]);

/// An image's path and its boxes.
fn line_of(line: &str) -> Result<(&str, Vec<Boxed>), String> {
    let mut path = line;
    let mut boxes = Vec::new();
    while let Some((before, last)) = path.rsplit_once([' ', '\t']) {
        let before = before.trim_end();
        match boxed(last) {
            Ok(found) => boxes.push(found),
            // Beside an image's name everything is a box.
            Err(fault)
                if is_image_name(before) || before.ends_with(|c: char| c.is_ascii_digit()) && last.contains(',') =>
            {
                return Err(fault);
            }
            Err(_) => break,
        }
        path = before;
    }
    boxes.reverse();
    if boxed(path).is_ok() { Err("no image's name".into()) } else { Ok((path, boxes)) }
}

fn boxed(text: &str) -> Result<Boxed, String> {
    let fault = || format!("{text:?} is no box x0,y0,x1,y1,class");
    let mut numbers = [0.0; 5];
    let mut fields = text.split(',');
    for number in &mut numbers {
        *number = fields.next().and_then(text::number).ok_or_else(fault)?;
    }
    let [x0, y0, x1, y1, class] = numbers;
    let whole = class.fract() == 0.0 && (0.0..1e6).contains(&class);
    if whole && fields.next().is_none() { Ok((class as u32, [x0, y0, x1, y1])) } else { Err(fault()) }
}

/// Text files with a box in most of the lines that are not just an image's name.
fn lists(tree: &Tree) -> Vec<FileId> {
    let fits = |file: &FileId| {
        let lines = first_lines(tree, *file, LINES);
        let good = |line: &&String| line_of(line).is_ok_and(|(name, boxes)| is_image_name(name) && !boxes.is_empty());
        let empty = lines.iter().filter(|line| is_image_name(line)).count();
        let with_box = lines.iter().filter(good).count();
        let own = file_name(tree.path(*file)) == LIST;
        (with_box > 0 || own) && (with_box + empty) * 2 > lines.len()
    };
    list_candidates(tree).filter(fits).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &lists(tree), "an image and boxes in each line")
}

/// The names file that is nearest to a list: in its folder or above.
fn names_file(tree: &Tree, list: FileId) -> Option<FileId> {
    let is_names = |path: &str| {
        let name = file_name(path).to_ascii_lowercase();
        name.ends_with("classes.txt") || name == "names.txt"
    };
    let shares = |path: &str| is_below(tree.path(list), folder_of(path));
    let files = tree.annotations_around(&["txt"]).filter(|file| is_names(tree.path(*file)));
    let best = files.map(|file| (shares(tree.path(file)), folder_of(tree.path(file)).len(), file));
    best.max_by_key(|(shares, depth, file)| (*shares, *depth, std::cmp::Reverse(*file))).map(|(_, _, file)| file)
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let mut lists = lists(tree);
    if let (true, Some(only)) = (lists.is_empty(), tree.only()) {
        lists.push(only);
    }
    if lists.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut remarks = Vec::new();
    let mut builder = Builder::default();
    let parse = |line: &str| line_of(line).map(|(name, boxes)| (name.to_owned(), boxes));
    let left_out = || skipped.object(ProblemKind::BadEntry.word());
    let rows = listed::lines_of(tree, &lists, LIMIT, &mut problems, parse, left_out);
    let named = names::of_files(tree, lists.iter().filter_map(|list| names_file(tree, *list)), &mut problems);
    let used = || rows.iter().flat_map(|(_, (_, boxes))| boxes.iter().map(|(class, _)| *class));
    let names = FolderNames::of(named, used, &mut builder, &mut problems, &mut remarks);
    let mut listed = Listed::new(tree);
    for (namer, (name, boxes)) in rows {
        if boxes.is_empty() {
            listed.image(&name, &namer, &mut problems);
        }
        for (class, bbox) in boxes {
            match names.place(class, tree.path(namer.file)) {
                Ok(class) => {
                    let object = Object { class, bbox, ..Object::default() };
                    listed.object(&name, &namer, object, &mut problems, &mut skipped);
                }
                Err(message) => {
                    let place = Place::line(tree.path(namer.file), namer.line);
                    problems.push(ProblemKind::BadEntry, place, message);
                    skipped.object(ProblemKind::BadEntry.word());
                }
            }
        }
    }
    let unnamed = listed.unnamed(|_| true).len();
    if unnamed > 0 {
        remarks.push(format!("images in no list, left out: {unnamed}"));
    }
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// As Roboflow writes it, a list per split beside its images; whole numbers.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let names: String = ready.classes.iter().map(|class| on_a_line(&class.name) + "\n").collect();
    for split in ready.splits() {
        let line = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let mut line = image.name.clone();
            for object in ready.objects_of(image) {
                let [x0, y0, x1, y1] = whole(image, object.bbox);
                line += &format!(" {x0},{y0},{x1},{y1},{}", object.class);
            }
            line.push('\n');
            text.extend_from_slice(line.as_bytes());
        };
        put_pieces(ready, sink, &format!("{split}/{LIST}"), "", &ready.images_of(split), line)?;
        put(sink, &format!("{split}/_classes.txt"), names.as_bytes())?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    Ok(remark_lines(ready))
}
