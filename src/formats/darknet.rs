//! YOLO as darknet has it: a text file beside each image, names of classes in a file of their own.
//!
//! ```text
//! obj.data                    classes = 2 / train = data/train.txt / valid = data/valid.txt / names = data/obj.names
//! obj.names                   a class per line (Roboflow: _darknet.labels in each split; LabelImg: classes.txt)
//! train.txt                   data/obj_train_data/1.jpg: paths as darknet's own folder sees them
//! obj_train_data/1.jpg 1.txt  class cx cy w h: parts of the image's size
//! ```
//!
//! Specification: <https://github.com/AlexeyAB/darknet>; quirks: those of CVAT (YOLO 1.1, with or without images), Roboflow,
//! LabelImg, FiftyOne (YOLOv4: `data/`, `images.txt`).
//!
//! Decisions
//! - Lines are read as `yolo` reads them.
//! - An image without a file, or with an empty one, has no object.
//! - Splits: the lists that each `obj.data` names, else `train.txt`, `valid.txt` and `test.txt`, else folders' names. An image in
//!   two lists stays in the first.
//! - A tree with `data.yaml`, or with a folder `labels` and no names file of darknet's, is `yolo`.

use super::builder::Builder;
use super::images::Matcher;
use super::per_image::{self, Layout, first_lines, lies_in};
use super::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_images, put_pieces, remark_lines, word_of};
use super::tree::{FileId, Tree, file_name, folder_of, join};
use super::yolo::names::{self, FolderNames};
use super::yolo::parts::Parts;
use super::yolo::survey::Survey;
use super::yolo::write::{put_box, write_labels};
use super::yolo::{Task, lines};
use super::{Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, text};
use crate::dataset::{Place, ProblemKind, Problems, Skipped, Split};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "darknet",
    aliases: &["yolo-darknet", "yolov3", "yolov4", "cvat-yolo", "yolo-1.1", "labelimg-yolo"],
    title: "YOLO (Darknet)",
    specification: "https://github.com/AlexeyAB/darknet#how-to-train-to-detect-your-custom-objects",
    layout: "\
obj.data  obj.names  train.txt  obj_train_data/a.jpg  obj_train_data/a.txt     (CVAT YOLO 1.1)
train/_darknet.labels  train/a.jpg  train/a.txt  also in valid/ test/          (Roboflow)
classes.txt  a.jpg  a.txt                                                      (LabelImg)
obj.names  images.txt  data/a.jpg  data/a.txt                                  (FiftyOne)",
    carries: &[
        Carries::Boxes,
        Carries::Score,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Fractions,
    ],
    detect,
    looks_for: "obj.names, _darknet.labels or classes.txt, and text files beside images whose lines are a class and four \
                fractions",
    read,
    write: Some(Write { not: &[Carries::Score], folders: true, write }),
};

/// Size of `obj.data` that is still read.
const LIMIT: u64 = 1 << 20;

fn detect(tree: &Tree) -> Option<Evidence> {
    let survey = Survey::of(tree).filter(|survey| survey.data.is_none() && !survey.foreign)?;
    let marker = survey.darknet.first().map(|file| tree.path(*file));
    if marker.is_none() && survey.labels.iter().any(|file| lies_in(tree.path(*file), &["labels"])) {
        return None;
    }
    let (confidence, reason) = match (survey.example, marker) {
        (Some(example), marker) => {
            let what = format!("{} has a class and fractions in each line", tree.path(example));
            (Confidence::Certain, marker.map_or_else(|| what.clone(), |marker| format!("{marker} is there, {what}")))
        }
        (None, Some(marker)) => (Confidence::Likely, format!("{marker} is there, no label has an object")),
        (None, None) => return None,
    };
    Some(Evidence { confidence, reason })
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let Some(survey) = Survey::of(tree).filter(|survey| !survey.labels.is_empty() || !survey.darknet.is_empty()) else {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    };
    let mut problems = Problems::default();
    let mut remarks = Vec::new();
    let mut builder = Builder::default();
    let parts = read_lists(tree, &survey, &mut problems);
    let labels: Vec<FileId> = survey.labels.iter().copied().filter(|file| !parts.lists.contains(file)).collect();
    let mut files = per_image::parse_all(tree, &labels, options.workers, |text| lines::parse(text, Task::Detect));
    lines::settle_last(&mut files);
    let named = names::find(tree, &mut problems);
    let used = || lines::used(&files);
    let names = FolderNames::of(named, used, &mut builder, &mut problems, &mut remarks);
    let mut skipped = Skipped::default();
    let layout = Layout {
        image_path: &str::to_owned,
        split_of: &|image, path| parts.split_of(tree, image, path).or_else(|| of_cvat_folder(path)),
        is_image: &|_| true,
        belongs: &|_| true,
        negatives: true,
    };
    let class = |class, path: &str, _: &mut Builder| names.place(class, path);
    per_image::push_all(tree, files, &layout, class, &mut builder, &mut problems, &mut skipped);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// The split that CVAT's `obj_train_data` speaks of.
fn of_cvat_folder(path: &str) -> Option<Split> {
    let of_folder = |part: &str| Split::from_word(part.strip_prefix("obj_")?.strip_suffix("_data")?);
    path.split('/').rev().skip(1).find_map(of_folder)
}

fn is_data(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".data")
}

/// Reads the lists of images: those that `obj.data` names, else those called as a split.
fn read_lists(tree: &Tree, survey: &Survey, problems: &mut Problems) -> Parts {
    let mut parts = Parts::default();
    let mut lists: Vec<(Split, FileId)> = Vec::new();
    for file in survey.darknet.iter().copied().filter(|file| is_data(tree.path(*file))) {
        let path = tree.path(file);
        match tree.read(file, LIMIT) {
            Ok(bytes) => {
                for (line, content) in (1..).zip(text::decode(&bytes).text.lines()) {
                    let Some((key, value)) = content.split_once('=') else { continue };
                    let Some(split) = Split::from_word(text::trim(key)) else { continue };
                    let value = text::trim(value);
                    // `data/train.txt` is what darknet sees from outside.
                    let ends = value.match_indices('/').map(|(at, _)| &value[at + 1..]);
                    let mut tries = [value].into_iter().chain(ends);
                    match tries.find_map(|end| tree.find(0, &join(folder_of(path), end))) {
                        Some(list) => lists.push((split, list)),
                        None => {
                            let message = format!("{split}: {value:?} leads to nothing here");
                            problems.push(ProblemKind::IgnoredField, Place::line(path, line), message);
                        }
                    }
                }
            }
            Err(error) => problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), error.to_string()),
        }
    }
    if lists.is_empty() {
        let is_list = |file: &FileId| first_lines(tree, *file, 4).iter().any(|line| is_image_name(line));
        let named = tree.annotations_around(&["txt"]).filter_map(|file| {
            let split = Split::from_word(file_name(tree.path(file)).rsplit_once('.')?.0)?;
            Some((split, file)).filter(|(_, file)| is_list(file))
        });
        lists = named.collect();
    }
    lists.sort_unstable();
    let matcher = Matcher::new(tree);
    for (split, list) in lists {
        parts.read_list(tree, &matcher, list, split, problems);
    }
    parts
}

/// As CVAT writes it: below `data/`, from where darknet is called.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let folder = |split| format!("obj_{}_data", word_of(split, ["train", "valid", "test"]));
    let mut data = format!("classes = {}\n", ready.classes.len());
    for split in ready.splits() {
        let list = format!("{}.txt", word_of(split, ["train", "valid", "test"]));
        data += &format!("{} = data/{list}\n", word_of(split, ["train", "valid", "test"]));
        let path = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            text.extend_from_slice(format!("data/{}/{}\n", folder(split), image.name).as_bytes());
        };
        put_pieces(ready, sink, &list, "", &ready.images_of(split), path)?;
    }
    data += "names = data/obj.names\nbackup = backup/\n";
    put(sink, "obj.data", data.as_bytes())?;
    let names: String = ready.classes.iter().map(|class| on_a_line(&class.name) + "\n").collect();
    put(sink, "obj.names", names.as_bytes())?;
    write_labels(ready, sink, |image| folder(image.split), put_box)?;
    put_images(ready, sink, |image| format!("{}/{}", folder(image.split), image.name))?;
    Ok(remark_lines(ready))
}
