//! Lists of images with the numbers of their classes, as Caffe and Datumaro (`imagenet_txt`) have them.
//!
//! ```text
//! train.txt      n01440764/a.JPEG 0
//!                "a b.jpg" 0 3          several classes; names with blanks in quotes
//! synsets.txt    a class per line, from 0
//! ```
//!
//! Specification: Datumaro's `imagenet_txt`.
//!
//! Decisions
//! - The split is that of the list's name.
//! - Names may lack their extension where there is `synsets.txt`; without one, classes are `class_<number>`.
//! - A line without a number is an image without a class. Images in no list are left out: a list often names a part.

use super::builder::Builder;
use super::listed::{self, Listed};
use super::per_image::{first_lines, list_candidates};
use super::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_images, put_pieces, remark_lines, val_word};
use super::tree::{FileId, Tree, file_name};
use super::yolo::names::{self, FolderNames};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write};
use crate::dataset::{Ledger, Place, ProblemKind, Problems, Skipped};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "imagenet-list",
    aliases: &["imagenet-txt", "imagenet_txt", "caffe-list"],
    title: "list of images and classes",
    specification: "https://open-edge-platform.github.io/datumaro/stable/docs/data-formats/formats/imagenet.html",
    layout: "\
synsets.txt  train.txt  val.txt  images/a.jpg",
    carries: &[Carries::ImageLabels, Carries::Negatives, Carries::Splits, Carries::ClassOrder],
    detect,
    looks_for: "text files whose lines are an image and numbers of classes (a.jpg 0)",
    read,
    write: Some(Write { not: &[], folders: false, write }),
};

/// Size of a list that is still read.
const LIMIT: u64 = 1 << 30;
/// Lines of a list that detection looks at.
const LINES: usize = 16;

/// Names of the files that name the classes.
const NAMES: [&str; 3] = [SYNSETS, "labels.txt", "classes.txt"];
/// The one that belongs to this format alone, so that lists beside it may have images without a class.
const SYNSETS: &str = "synsets.txt";

fn names_files(tree: &Tree) -> Vec<FileId> {
    let of = |name: &&str| {
        let called = tree.annotations_around(&["txt"]).filter(|file| file_name(tree.path(*file)) == *name);
        Some(called.collect::<Vec<_>>()).filter(|files| !files.is_empty())
    };
    NAMES.iter().find_map(of).unwrap_or_default()
}

/// Lists: every line is one.
fn lists(tree: &Tree) -> Vec<FileId> {
    let named = names_files(tree);
    let own = named.first().is_some_and(|file| file_name(tree.path(*file)) == SYNSETS);
    let fits = |file: &FileId| {
        let lines = first_lines(tree, *file, LINES);
        let good = |line: &String| {
            line_of(line).is_ok_and(|(name, numbers)| {
                is_image_name(name) && (own || !numbers.is_empty()) || own && numbers.len() == 1 && !name.contains('/')
            })
        };
        let with_number = lines.iter().filter(|line| good(line)).count();
        !lines.is_empty() && with_number * 2 > lines.len()
    };
    list_candidates(tree).filter(|file| !named.contains(file)).filter(fits).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &lists(tree), "an image and numbers of classes in each line")
}

/// An image's name and the numbers of its classes.
fn line_of(line: &str) -> Result<(&str, Vec<u32>), String> {
    let (name, rest) = match line.strip_prefix('"').and_then(|line| line.split_once('"')) {
        Some(parts) => parts,
        None => {
            // A name may have blanks: numbers are what stands at the end.
            let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
            let mut end = line.len();
            while let Some((before, word)) = line[..end].trim_end().rsplit_once(char::is_whitespace) {
                if !is_number(word) {
                    break;
                }
                end = before.trim_end().len();
            }
            line.split_at(end)
        }
    };
    let number = |word: &str| word.parse().map_err(|_| format!("{word:?} is no number of a class"));
    let numbers = rest.split_whitespace().map(number).collect::<Result<_, _>>()?;
    if name.is_empty() { Err("no image's name".into()) } else { Ok((name, numbers)) }
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let lists = lists(tree);
    if lists.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut remarks = Vec::new();
    let mut builder = Builder::default();
    let mut listed = Listed::new(tree);
    let parse = |line: &str| line_of(line).map(|(name, numbers)| (name.to_owned(), numbers));
    let left_out = || skipped.count(ProblemKind::BadEntry.word(), Ledger { images: 1, objects: 0 });
    let rows = listed::lines_of(tree, &lists, LIMIT, &mut problems, parse, left_out);
    let named = names::of_files(tree, names_files(tree).into_iter(), &mut problems);
    let used = || rows.iter().flat_map(|(_, (_, numbers))| numbers.iter().copied());
    let names = FolderNames::of(named, used, &mut builder, &mut problems, &mut remarks);
    for (namer, (name, numbers)) in rows {
        let mut labels = Vec::new();
        for number in numbers {
            match names.place(number, tree.path(namer.file)) {
                Ok(place) => labels.push(place),
                Err(message) => {
                    let place = Place::line(tree.path(namer.file), namer.line);
                    problems.push(ProblemKind::IgnoredField, place, format!("{message}; left out"));
                }
            }
        }
        listed.label(&name, &namer, &labels, &mut problems);
    }
    let unnamed = listed.unnamed(|_| true).len();
    if unnamed > 0 {
        remarks.push(format!("images in no list, left out: {unnamed}"));
    }
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let names: String = ready.classes.iter().map(|class| on_a_line(&class.name) + "\n").collect();
    put(sink, "synsets.txt", names.as_bytes())?;
    for split in ready.splits() {
        let line = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let blank = image.name.contains(char::is_whitespace);
            let name = if blank { format!("\"{}\"", image.name) } else { image.name.clone() };
            let labels: String = ready.labels(image).iter().map(|label| format!(" {label}")).collect();
            text.extend_from_slice(format!("{name}{labels}\n").as_bytes());
        };
        let name = format!("{}.txt", val_word(split));
        put_pieces(ready, sink, &name, "", &ready.images_of(split), line)?;
    }
    put_images(ready, sink, |image| format!("images/{}", image.name))?;
    Ok(remark_lines(ready))
}
