//! Turned boxes in pixels: DOTA, and Roboflow's YOLOv5-OBB, which has its lines in the frame of YOLO.
//!
//! ```text
//! imagesource:GoogleEarth        (DOTA: both may be missing)
//! gsd:0.146
//! x1 y1 x2 y2 x3 y3 x4 y4 class difficult
//! ```
//!
//! Specification: <https://captain-whu.github.io/DOTA/dataset.html>; `yolov5-obb`: <https://github.com/hukaixuan19970627/yolov5_obb>.
//!
//! Decisions
//! - The two rows of the registry share this reader: with `data.yaml` it is `yolov5-obb`, without `dota`.
//! - Corners stay as they are; the box is the upright one around them.
//! - `difficult` may be missing; DOTA also has 2, which means "very": difficult.
//! - A class with blanks is what stands between the corners and the last field.
//! - An image without a file, or with an empty one, has no object.
//! - `yolov5-obb`: classes and splits are those of `data.yaml`, and a class that it does not have is added behind them.

use super::builder::Builder;
use super::per_image::{self, Layout, Parsed, each_line, lies_in, parallel_path};
use super::target::{Plain, Ready, Remarks, Sink, one_word, put, put_images, remark_words, stem, word_of};
use super::tree::{FileId, Tree};
use super::yolo::data_file;
use super::yolo::lines::around;
use super::yolo::names::Names;
use super::yolo::parts::Parts;
use super::yolo::write::{corners_of, data_text};
use super::{Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, text};
use crate::dataset::{Object, Problems, Skipped, flag};

const CARRIES: &[Carries] =
    &[Carries::Boxes, Carries::Difficult, Carries::Negatives, Carries::Splits, Carries::Corners, Carries::Fractions];

/// DOTA: the row in the registry.
pub static DOTA: Format = Format {
    name: "dota",
    aliases: &["dota-obb", "labeltxt"],
    title: "DOTA",
    specification: "https://captain-whu.github.io/DOTA/dataset.html",
    layout: "\
train/images/P0000.png  train/labelTxt/P0000.txt    also in val/ test/",
    carries: CARRIES,
    detect: |tree| detect(tree, false),
    looks_for: "text files whose lines are eight numbers, a class and whether it is difficult",
    read: |tree, options| read(tree, options, &DOTA),
    write: Some(Write { not: &[], folders: true, write: write_dota }),
};

/// YOLOv5-OBB: the row in the registry.
pub static YOLOV5_OBB: Format = Format {
    name: "yolov5-obb",
    aliases: &["yolov5obb"],
    title: "YOLOv5-OBB",
    specification: "https://github.com/hukaixuan19970627/yolov5_obb",
    layout: "\
data.yaml  train/images/a.jpg  train/labelTxt/a.txt    also in valid/ test/ (Roboflow)",
    carries: &[
        Carries::Boxes,
        Carries::Difficult,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect: |tree| detect(tree, true),
    looks_for: "data.yaml, and text files whose lines are eight numbers, a class and whether it is difficult",
    read: |tree, options| read(tree, options, &YOLOV5_OBB),
    write: Some(Write { not: &[], folders: true, write: write_yolov5 }),
};

/// Folders of labels.
const FOLDERS: [&str; 5] = ["labelTxt", "labels", "annfiles", "labelTxt-v1.0", "labelTxt-v1.5"];

fn label_files(tree: &Tree) -> Vec<FileId> {
    let texts = match tree.only() {
        Some(only) if tree.path(only).ends_with(".yaml") => tree.annotations_around(&["txt"]).collect::<Vec<_>>(),
        _ => tree.annotations(&["txt"]).collect(),
    };
    // Where there are folders of labels, other text files are none.
    let in_folder: Vec<FileId> = texts.iter().copied().filter(|file| lies_in(tree.path(*file), &FOLDERS)).collect();
    if in_folder.is_empty() { texts } else { in_folder }
}

fn detect(tree: &Tree, yaml: bool) -> Option<Evidence> {
    let files = label_files(tree);
    if data_file::find(tree, |_, _, _| {}).is_empty() == yaml {
        return None;
    }
    // Ten numbers and a word are WIDER's with a class.
    let is_word = |class: &str| class.split(' ').next().is_some_and(|word| text::number(word).is_none());
    let fits = |line: &str| matches!(object(line), Ok(Some((class, _))) if is_word(&class));
    if let Some(example) = per_image::example(tree, &files, fits, is_head) {
        let reason = format!("{} has eight numbers and a class in each line", tree.path(example));
        return Some(Evidence { confidence: Confidence::Certain, reason });
    }
    // Files without a line can only be told by their folder.
    let first = files.first().filter(|file| lies_in(tree.path(**file), &FOLDERS[..1]) && tree.only().is_none())?;
    let reason = format!("{} lies in labelTxt, no file there has an object", tree.path(*first));
    Some(Evidence { confidence: Confidence::Likely, reason })
}

fn is_head(line: &str) -> bool {
    line.starts_with("imagesource:") || line.starts_with("gsd:")
}

/// The object of a line and its class; `None` for a line of the head.
fn object(line: &str) -> Result<Option<(String, Object)>, String> {
    if is_head(line) {
        return Ok(None);
    }
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (Some((corners, rest)), [_, _, _, _, _, _, _, _, _, ..]) = (fields.split_at_checked(8), &fields[..]) else {
        let count = fields.len();
        return Err(format!("{count} fields, a turned box has 10 (four corners, class, difficult)"));
    };
    let mut numbers = [0.0; 8];
    for (number, field) in numbers.iter_mut().zip(corners) {
        *number = text::number(field).ok_or_else(|| format!("{field:?} is no number"))?;
    }
    let [a, b, c, d, e, f, g, h] = numbers;
    let corners = [[a, b], [c, d], [e, f], [g, h]];
    let (class, flags) = match rest {
        [class @ .., "0"] if !class.is_empty() => (class, flag::HAS_DIFFICULT),
        [class @ .., "1" | "2"] if !class.is_empty() => (class, flag::HAS_DIFFICULT | flag::DIFFICULT),
        class => (class, 0),
    };
    // Numbers all the way: another format's line.
    let words = class.join(" ");
    if class.iter().all(|word| text::number(word).is_some()) {
        return Err(format!("{words:?} is no name of a class"));
    }
    let class = words;
    let bbox = around(corners.into_iter());
    Ok(Some((class, Object { bbox, corners: Some(corners), flags, ..Object::default() })))
}

/// What a file says, each object with the name of its class.
pub fn parse(source: &str) -> Parsed<String> {
    each_line(source, |_, line, _| object(line))
}

fn read(tree: &Tree, options: &LoadOptions, format: &Format) -> Result<Reading, FormatError> {
    let files = label_files(tree);
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(format.name, format.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let data = data_file::find(tree, |_, _, _| {}).into_iter().next();
    let mut parts = Parts::default();
    if let Some(data) = data {
        data.tell(tree, &mut problems);
        parts = Parts::read(tree, [&data], &mut problems);
        Names::set(data.names, tree.path(data.file), &mut builder, &mut problems);
    }
    let files: Vec<FileId> = files.into_iter().filter(|file| !parts.lists.contains(file)).collect();
    let files = per_image::parse_all(tree, &files, options.workers, parse);
    let layout = Layout {
        image_path: &|path| parallel_path(path, &FOLDERS, "images"),
        split_of: &|image, path| parts.split_of(tree, image, path),
        is_image: &|path| !lies_in(path, &FOLDERS),
        belongs: &|image| parts.has(tree, image),
        negatives: true,
    };
    let class = |name: String, _: &str, builder: &mut Builder| Ok(builder.class(&name));
    per_image::push_all(tree, files, &layout, class, &mut builder, &mut problems, &mut skipped);
    let remarks = parts.remark(tree, layout.is_image).into_iter().collect();
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

fn write_dota(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    write(ready, sink, ["train", "val", "test"], "imagesource:null\ngsd:null\n")
}

/// As Roboflow writes it, but that the paths in `data.yaml` are right.
fn write_yolov5(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let words = ["train", "valid", "test"];
    let images = |split| format!("{}/images", word_of(split, words));
    let names = |name: &str| one_word(name);
    put(sink, "data.yaml", data_text(ready, "", images, names).as_bytes())?;
    write(ready, sink, words, "")
}

fn write(ready: &Ready<'_>, sink: &dyn Sink, words: [&str; 3], head: &str) -> Result<Remarks, FormatError> {
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |_, image| {
        let mut text = head.to_owned();
        for object in ready.objects_of(image) {
            let corners = ready.corners(image, object).unwrap_or_else(|| corners_of(object.bbox));
            for side in corners.into_iter().flatten() {
                text += &format!("{} ", Plain(side));
            }
            let flags = ready.dataset.objects.flags.get(object.row).copied().unwrap_or(0);
            let difficult = u8::from(flags & flag::DIFFICULT != 0);
            text += &format!("{} {difficult}\n", one_word(ready.class_of(object)));
        }
        let name = format!("{}/labelTxt/{}.txt", word_of(image.split, words), stem(&image.name));
        put(sink, &name, text.as_bytes())
    })?;
    put_images(ready, sink, |image| format!("{}/images/{}", word_of(image.split, words), image.name))?;
    Ok(remark_words(ready))
}
