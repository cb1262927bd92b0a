//! YOLO as Ultralytics has it: a text file per image in `labels/`, parallel to `images/`, and `data.yaml`.
//!
//! Grammar of a line: `lines`; of `data.yaml`: `data_file`. Specification: <https://docs.ultralytics.com/datasets/>; quirks:
//! those of YOLOv5 to v12, MT-YOLOv6, CVAT, Label Studio, Roboflow and FiftyOne.
//!
//! Four rows share this reader: boxes, outlines, turned boxes, poses. Exactly one of them claims a tree: by `kpt_shape` and
//! `task` of `data.yaml`, or else by the lines (all of 9 fields: turned boxes; all with the same number of points whose third
//! number is 0, 1 or 2: poses; any longer than a box: outlines). Each reads what the others do, but that nine fields are
//! corners only in `yolo-obb`, and numbers behind a box points only in `yolo-pose`.
//!
//! Decisions
//! - Numbers are parts of the image's size, and stay so (`normalised`). Beyond 2 they are none: an error.
//! - The image of `labels/x/a.txt` is `images/x/a.*`; else the one with that name nearest to it.
//! - An image without a file, or with an empty one, has no object.
//! - Names: `data.yaml`, else `classes.txt` or `*.names`, else Label Studio's `notes.json`, else `class_<number>`. A number
//!   without a name is an error.
//! - Splits: folders and lists of `data.yaml` (`parts`), else folders' names. What lies elsewhere is left out if all its paths
//!   for training and validation lead somewhere.
//! - Of several dataset files the one nearest to the root counts; classes are those of the nearest one above a label file.
//!   `data.yaml` itself may be the source, also of a dataset in another folder (`elsewhere`).

pub mod data_file;
pub mod elsewhere;
pub mod lines;
pub mod names;
pub mod parts;
pub mod survey;
pub mod write;

use self::data_file::DataFile;
use self::names::{FolderNames, NamesFile};
use self::parts::Parts;
use self::survey::Survey;
use super::builder::Builder;
use super::per_image::{self, Layout, parallel_path};
use super::tree::{FileId, Tree, folder_of, is_below};
use super::{Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write};
use crate::dataset::{Place, ProblemKind, Problems, Skipped};

/// What the objects of a dataset are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Boxes.
    Detect,
    /// Outlines.
    Segment,
    /// Turned boxes.
    Obb,
    /// Boxes with keypoints.
    Pose {
        /// Keypoints of an object.
        count: usize,
        /// Numbers of a keypoint: 2, or 3 with visibility.
        dims: usize,
    },
}

const LAYOUT: &str = "\
data.yaml  train/images/a.jpg  train/labels/a.txt      also valid/ test/ (v5 to v12, Roboflow)
data.yaml  images/train/a.jpg  labels/train/a.txt      also val/ test/ (Ultralytics, MT-YOLOv6, CVAT)
images/a.jpg  labels/a.txt  classes.txt  notes.json    (Label Studio)";

const LOOKS_FOR: &str = "a YAML file with names (or nc) and train or val, or text files in labels/ whose lines are a class and \
                         four or more fractions";

/// Of what is read, what is not written.
const NOT: &[Carries] = &[Carries::Score, Carries::Tracks];

const SPECIFICATION: &str = "https://docs.ultralytics.com/datasets/";

/// Boxes: the row in the registry.
pub static DETECT: Format = Format {
    name: "yolo",
    aliases: &[
        "ultralytics",
        "yolov5",
        "yolov6",
        "yolov7",
        "yolov8",
        "yolov9",
        "yolov10",
        "yolo11",
        "yolov11",
        "yolo12",
    ],
    title: "YOLO (Ultralytics), boxes",
    specification: SPECIFICATION,
    layout: LAYOUT,
    carries: &[
        Carries::Boxes,
        Carries::Score,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect: |tree| detect(tree, |task| task == Task::Detect),
    looks_for: LOOKS_FOR,
    read: |tree, options| read(tree, options, &DETECT, None),
    write: Some(Write { not: NOT, folders: true, write: write::detect }),
};

/// Outlines: the row in the registry.
pub static SEGMENT: Format = Format {
    name: "yolo-seg",
    aliases: &["yolo-segment", "yolov5-seg", "yolov8-seg", "yolo11-seg"],
    title: "YOLO (Ultralytics), outlines",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Score,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Tracks,
        Carries::Fractions,
    ],
    specification: "https://docs.ultralytics.com/datasets/segment/",
    layout: LAYOUT,
    detect: |tree| detect(tree, |task| task == Task::Segment),
    looks_for: LOOKS_FOR,
    read: |tree, options| read(tree, options, &SEGMENT, Some(Task::Segment)),
    write: Some(Write { not: NOT, folders: true, write: write::segment }),
};

/// Turned boxes: the row in the registry.
pub static OBB: Format = Format {
    name: "yolo-obb",
    aliases: &["yolov8-obb", "yolo11-obb"],
    title: "YOLO (Ultralytics), turned boxes",
    specification: "https://docs.ultralytics.com/datasets/obb/",
    layout: LAYOUT,
    carries: &[
        Carries::Boxes,
        Carries::Score,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Corners,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect: |tree| detect(tree, |task| task == Task::Obb),
    looks_for: LOOKS_FOR,
    read: |tree, options| read(tree, options, &OBB, Some(Task::Obb)),
    write: Some(Write { not: NOT, folders: true, write: write::obb }),
};

/// Poses: the row in the registry.
pub static POSE: Format = Format {
    name: "yolo-pose",
    aliases: &["yolov8-pose", "yolo11-pose"],
    title: "YOLO (Ultralytics), keypoints",
    specification: "https://docs.ultralytics.com/datasets/pose/",
    layout: LAYOUT,
    carries: &[
        Carries::Boxes,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::UnusedKeypoints,
        Carries::Score,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect: |tree| detect(tree, |task| matches!(task, Task::Pose { .. })),
    looks_for: LOOKS_FOR,
    read: |tree, options| read(tree, options, &POSE, None),
    write: Some(Write { not: NOT, folders: true, write: write::pose }),
};

fn detect(tree: &Tree, mine: impl Fn(Task) -> bool) -> Option<Evidence> {
    let survey = Survey::of(tree).filter(|survey| mine(survey.task) && !survey.foreign)?;
    let in_labels = |file: &FileId| per_image::lies_in(tree.path(*file), &["labels"]);
    let data = survey.data.as_ref().map(|data| data.file);
    if data.is_none() && (!survey.darknet.is_empty() || !survey.labels.iter().any(in_labels)) {
        return None;
    }
    // That folder's lines are of `yolov5-obb`, which has the same data.yaml.
    let is_obb = |file: FileId| per_image::lies_in(tree.path(file), &["labelTxt"]);
    if survey.example.is_none() && tree.annotations_around(&["txt"]).any(is_obb) {
        return None;
    }
    let frame = data.map(|data| format!("{} has classes", tree.path(data)));
    Some(match (survey.example, frame) {
        (Some(example), frame) => {
            let what = format!("{} has a class and fractions in each line", tree.path(example));
            let mut reason = frame.map_or_else(|| what.clone(), |frame| format!("{frame}, {what}"));
            if survey.guessed {
                reason += "; each has four points, taken for a turned box: if they are outlines, --from yolo-seg";
            }
            Evidence { confidence: Confidence::Certain, reason }
        }
        (None, Some(reason)) => {
            Evidence { confidence: Confidence::Likely, reason: format!("{reason}, no label an object") }
        }
        (None, None) => {
            Evidence { confidence: Confidence::Likely, reason: "labels/ has text files without a line".into() }
        }
    })
}

fn read(tree: &Tree, options: &LoadOptions, format: &Format, task: Option<Task>) -> Result<Reading, FormatError> {
    let mut problems = Problems::default();
    let data_files = data_file::find(tree, |file, line, message| {
        problems.push(ProblemKind::UnreadableAnnotation, Place::line(tree.path(file), line), message);
    });
    let Some(survey) = Survey::of(tree) else {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(format.name, format.looks_for.into()), ""));
    };
    // Datasets side by side each have their own; of two of which one lies in or below the other's folder the first counts.
    let mut used: Vec<&DataFile> = Vec::new();
    for other in &data_files {
        let path = tree.path(other.file);
        let Some(data) = used.iter().find(|data| is_below(path, folder_of(tree.path(data.file)))) else {
            used.push(other);
            continue;
        };
        let first = tree.path(data.file);
        let beside = folder_of(first) == folder_of(path);
        let message = match beside {
            true => format!("not used beside {first}"),
            false => format!("only its classes are taken, for its folder: the dataset file is {first}"),
        };
        problems.push(ProblemKind::IgnoredField, Place::file(path), message);
        if beside && !first.to_ascii_lowercase().ends_with("data.yaml") {
            names::refuse_other(&other.names, path, &(data.names.clone(), first.to_owned()), &mut problems);
        }
    }
    let mut remarks = Vec::new();
    let task = task.unwrap_or(survey.task);
    let data = survey.data.as_ref();
    used.iter().for_each(|data| data.tell(tree, &mut problems));
    let parts = Parts::read(tree, used, &mut problems);
    let labels: Vec<FileId> = survey.labels.iter().copied().filter(|file| !parts.lists.contains(file)).collect();
    let mut files = per_image::parse_all(tree, &labels, options.workers, |text| lines::parse(text, task));
    lines::settle_last(&mut files);
    let mut builder = Builder::default();
    let named = names_of(tree, &data_files, &mut problems);
    let names = match named.is_empty() {
        false => {
            // One dataset file is no news.
            let is_news = named.len() > 1 || data.is_none_or(|data| tree.path(data.file) != named[0].1);
            let names = FolderNames::set(named, &mut builder, &mut problems);
            remarks.extend(is_news.then(|| names.remark()));
            names
        }
        true => FolderNames::of_numbers(lines::used(&files), &mut builder, &mut problems),
    };
    if let Some(data) = data {
        for (number, _) in &data.names {
            let points = data.points_of(*number);
            let class = names.place(*number, tree.path(data.file)).ok().and_then(|place| builder.class_mut(place));
            if let Some(class) = class.filter(|_| !points.is_empty()) {
                class.keypoints = points.to_vec();
            }
        }
    }
    let mut skipped = Skipped::default();
    let layout = Layout {
        image_path: &|path| parallel_path(path, &["labels"], "images"),
        split_of: &|image, path| parts.split_of(tree, image, path),
        is_image: &|path| !per_image::lies_in(path, &["masks", "mask", "labels"]),
        belongs: &|image| parts.has(tree, image),
        negatives: true,
    };
    let class = |class, path: &str, _: &mut Builder| names.place(class, path);
    per_image::push_all(tree, files, &layout, class, &mut builder, &mut problems, &mut skipped);
    remarks.extend(parts.remark(tree, layout.is_image));
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// Names of classes: those of the dataset files, of each folder the first, else those of files beside the labels.
fn names_of(tree: &Tree, data_files: &[DataFile], problems: &mut Problems) -> Vec<NamesFile> {
    let mut found: Vec<NamesFile> = Vec::new();
    for data in data_files.iter().filter(|data| !data.names.is_empty()) {
        let path = tree.path(data.file);
        if !found.iter().any(|(_, other)| folder_of(other) == folder_of(path)) {
            found.push((data.names.clone(), path.to_owned()));
        }
    }
    match &found[..] {
        [] => names::find(tree, problems),
        [(names, from)] => {
            names::check_other(tree, names, from, problems);
            found
        }
        _ => found,
    }
}
