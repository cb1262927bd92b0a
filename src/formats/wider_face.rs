//! WIDER Face: one list for many images, each with the number of its faces and a line for each.
//!
//! ```text
//! 0--Parade/0_Parade_marchingband_1_849.jpg
//! 1
//! 449 330 122 149 0 0 0 0 0 0       x y w h blur expression illumination invalid occlusion pose
//! ```
//!
//! Specification: the dataset's readme. A count of 0 is followed by one line of zeros. Lists of tests have names alone, and
//! predictions `x y w h score`.
//!
//! Decisions
//! - The one class is `face`. Datumaro writes a class behind the ten fields, which is then the class.
//! - `blur`, `expression`, `illumination`, `invalid` and `pose` are attributes where they are not 0; `occlusion` 1 and 2 is
//!   occluded, 2 (heavy) an attribute too.
//! - Split: the list's name (`wider_face_train_bbx_gt.txt`), else the folders.

use super::builder::Builder;
use super::listed::{Listed, Namer};
use super::per_image::{first_lines, list_candidates};
use super::target::{
    Plain, Ready, ReadyImage, Remarks, Sink, on_a_line, put_images, put_pieces, remark_lines, val_word,
};
use super::tree::{FileId, Tree, file_name};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped, Split, flag};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "wider-face",
    aliases: &["wider", "widerface"],
    title: "WIDER Face",
    specification: "http://shuoyang1213.me/WIDERFACE/",
    layout: "\
wider_face_split/wider_face_train_bbx_gt.txt  WIDER_train/images/0--Parade/a.jpg    also val",
    carries: &[
        Carries::Boxes,
        Carries::Score,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Fractions,
    ],
    detect,
    looks_for: "text files with an image, a number of faces and a line of numbers for each",
    read,
    write: Some(Write { not: &[Carries::Score, Carries::Attributes], folders: true, write }),
};

/// Size of a list that is still read.
const LIMIT: u64 = 1 << 30;
/// The class.
const FACE: &str = "face";
/// What stands behind the box.
const FIELDS: [&str; 6] = ["blur", "expression", "illumination", "invalid", "occlusion", "pose"];

fn lists(tree: &Tree) -> Vec<FileId> {
    let fits = |file: &FileId| {
        let lines = first_lines(tree, *file, 3);
        let [name, count, face] = &lines[..] else { return false };
        is_image_name(name)
            && count.parse::<u32>().is_ok()
            && face.split_ascii_whitespace().count() >= 4
            && face.split_ascii_whitespace().take(4).all(|field| text::number(field).is_some())
    };
    list_candidates(tree).filter(fits).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &lists(tree), "an image, a number of faces and a line for each")
}

/// The split in a list's name: `wider_face_val_bbx_gt`.
fn split_of(tree: &Tree, path: &str) -> Option<Split> {
    let words = file_name(path).split(['_', '.', '-']).find_map(splits::of_word);
    words.or_else(|| splits::of_annotation_file(tree, path))
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
    let mut builder = Builder::default();
    let mut listed = Listed::new(tree);
    for file in lists {
        let path = tree.path(file);
        let Some(bytes) = tree.read_or_say(file, LIMIT, &mut problems) else { continue };
        let split = split_of(tree, path);
        let decoded = text::decode(&bytes);
        let mut image: Option<(&str, u32)> = None;
        // How many faces the image still has; `None` where its number has not been read.
        let mut left: Option<u64> = None;
        for (line, content) in (1..).zip(decoded.text.lines()) {
            let content = text::trim(content);
            let namer = Namer { file, split, line };
            let fields: Vec<&str> = content.split_ascii_whitespace().collect();
            if content.is_empty() {
                continue;
            }
            if is_image_name(content) {
                told_missing(tree, file, image, left, &mut problems, &mut skipped);
                listed.image(content, &namer, &mut problems);
                (image, left) = (Some((content, line)), None);
                continue;
            }
            let mut bad = |message: String| {
                problems.push(ProblemKind::BadEntry, Place::line(path, line), message);
                skipped.object(ProblemKind::BadEntry.word());
            };
            let Some((name, _)) = image else {
                bad("a face before any image".into());
                continue;
            };
            if let ([count], None) = (&fields[..], left) {
                match count.parse() {
                    Ok(count) => left = Some(count),
                    Err(_) => bad(format!("{count:?} is no number of faces")),
                }
                continue;
            }
            // The line of zeros behind a count of 0.
            if left == Some(0) && fields.iter().all(|field| text::number(field) == Some(0.0)) {
                continue;
            }
            left = match left {
                Some(0) => {
                    bad("one more face than the image's number says".into());
                    continue;
                }
                left => left.map(|left| left - 1),
            };
            match face(content, &fields) {
                Ok((class, object)) => {
                    let class = builder.class(&class);
                    listed.object(name, &namer, Object { class, ..object }, &mut problems, &mut skipped);
                }
                Err(message) => bad(message),
            }
        }
        told_missing(tree, file, image, left, &mut problems, &mut skipped);
    }
    let unnamed = listed.unnamed(|_| true).len();
    let mut remarks = Vec::new();
    if unnamed > 0 {
        remarks.push(format!("images in no list, left out: {unnamed}"));
    }
    listed.finish(&mut builder, &mut problems);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// Says that an image has fewer faces than it should.
fn told_missing(
    tree: &Tree,
    file: FileId,
    image: Option<(&str, u32)>,
    left: Option<u64>,
    problems: &mut Problems,
    skipped: &mut Skipped,
) {
    if let (Some((name, line)), Some(left @ 1..)) = (image, left) {
        let message = format!("{name:?} has {left} faces less than its number says");
        problems.push(ProblemKind::BadEntry, Place::line(tree.path(file), line), message);
        skipped.object(ProblemKind::BadEntry.word());
    }
}

/// The face of a line and its class, which keeps its blanks.
fn face(line: &str, fields: &[&str]) -> Result<(String, Object), String> {
    let (boxed, rest) = fields.split_at_checked(4).ok_or_else(|| format!("{} fields, a face has 10", fields.len()))?;
    let mut numbers = [0.0; 4];
    for (number, field) in numbers.iter_mut().zip(boxed) {
        *number = text::number(field).ok_or_else(|| format!("{field:?} is no number"))?;
    }
    let [x, y, w, h] = numbers;
    let mut object = Object { bbox: [x, y, x + w, y + h], ..Object::default() };
    let mut class = FACE.to_owned();
    match rest {
        [] => {}
        [score] => object.score = text::number(score),
        fields => {
            for (name, value) in FIELDS.iter().zip(fields) {
                let number = match *value {
                    // Datumaro's.
                    "False" => Some(0.0),
                    "True" => Some(1.0),
                    value => text::number(value),
                };
                match (*name, number) {
                    // Datumaro's too, for what is not known.
                    (_, None) if *value == "-" => {}
                    (_, None) => return Err(format!("{name} {value:?} is no number")),
                    ("occlusion", Some(number)) => {
                        object.flags |= flag::HAS_OCCLUDED | if number > 0.0 { flag::OCCLUDED } else { 0 };
                        if number > 1.0 {
                            object.attributes.push(((*name).into(), (*value).into()));
                        }
                    }
                    (_, Some(0.0)) => {}
                    (name, Some(_)) => object.attributes.push((name.into(), (*value).into())),
                }
            }
            let numbers = boxed.iter().chain(fields.get(..FIELDS.len()).unwrap_or(fields));
            let named = numbers.fold(line, |rest, field| text::trim(rest).strip_prefix(*field).unwrap_or_default());
            if !text::trim(named).is_empty() {
                class = text::trim(named).to_owned();
            }
        }
    }
    Ok((class, object))
}

/// A class that is not `face` stands behind the ten fields, as Datumaro writes it.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let lines = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let objects = ready.objects_of(image);
            let mut lines = format!("{}\n{}\n", image.name, objects.len());
            for object in objects {
                let [x0, y0, x1, y1] = object.bbox;
                let [x, y, w, h] = [x0, y0, x1 - x0, y1 - y0].map(Plain);
                let flags = ready.dataset.objects.flags.get(object.row).copied().unwrap_or(0);
                let occluded = u8::from(flags & flag::OCCLUDED != 0);
                lines += &format!("{x} {y} {w} {h} 0 0 0 0 {occluded} 0");
                match ready.class_of(object) {
                    FACE => {}
                    class => lines += &format!(" {}", on_a_line(class)),
                }
                lines.push('\n');
            }
            if objects.is_empty() {
                lines += "0 0 0 0 0 0 0 0 0 0\n";
            }
            text.extend_from_slice(lines.as_bytes());
        };
        let word = val_word(split);
        let name = format!("wider_face_split/wider_face_{word}_bbx_gt.txt");
        put_pieces(ready, sink, &name, "", &ready.images_of(split), lines)?;
    }
    put_images(ready, sink, |image| format!("WIDER_{}/images/{}", val_word(image.split), image.name))?;
    Ok(remark_lines(ready))
}
