//! COCO JSON: one file for many images.
//!
//! ```text
//! {"images":      [{"id", "file_name", "width", "height", "coco_url"?}],
//!  "categories":  [{"id", "name", "supercategory"?, "keypoints"?, "skeleton"?}],
//!  "annotations": [{"id", "image_id", "category_id", "bbox": [x, y, width, height], "area"?, "iscrowd"?,
//!                   "segmentation": [[x, y, ...], ...] | {"counts", "size": [height, width]}, "keypoints": [x, y, v, ...]?,
//!                   "caption"?, "attributes"?}]}
//! ```
//!
//! Instances, person keypoints, captions, image labels, stuff, panoptic files with their pictures, lists of results; also LVIS
//! and Objects365.
//! Specification: <https://cocodataset.org/#format-data>; quirks: those of CVAT, Datumaro, Label Studio, Roboflow, FiftyOne
//! and of hand-written scripts. The file is read as a stream, its annotations on several threads.
//!
//! Decisions
//! - Coordinates are 0-based pixels, the maximum exclusive, with fractions. Where there is no `bbox`, or an empty one, the
//!   box is that around the outline.
//! - What is wrong with an outline costs the outline, with a note: the box stays where there is one, as it does for those who read no
//!   outlines (records have none).
//! - Classes keep the order and the ids of `categories`. A category 0 that nobody uses and that is the supercategory of
//!   others is Roboflow's name of the project, not a class. Two categories of one name are one class.
//! - An annotation without any place (no `bbox`, no outline, no keypoints) says what the image shows as a whole.
//! - An annotation with a `caption` is a sentence about the image; one that has a place as well is an object, and the sentence its
//!   attribute `caption`.
//! - A keypoint with a value that is no number is not labelled. Attributes that are lists or objects are left out; both with a note. An
//!   attribute that is null is none.
//! - An annotation that stands twice, with the same number, image, category and box, counts once.
//! - Only the images of `images` belong to the dataset; others in the folder are left out, and counted.
//! - All COCO files of a folder are read together. An image in several files has the objects of all; the same box in two
//!   counts once, the one that says more. Two files that have different boxes of one class for an image are an error, as
//!   are two splits.
//! - A list of results (`[{"image_id", "category_id", "bbox", "score"}]`) is read where it is the source itself, or where the files
//!   beside it have images without any annotation: as scored objects of these. Beside annotations it would be a second answer to
//!   the same question, and is left out with a note.
//! - Files that are panoptic alone are the format `coco-panoptic`, which writes pictures of segments.
//! - Ids may be strings. Numbers may be strings. `NaN` is null, with a note.

mod elements;
mod gather;
mod join;
mod panoptic;
mod parse;
mod results;
mod skip;
mod write;

use std::collections::HashSet;

use serde::de::IgnoredAny;

use self::gather::Gathered;
use self::parse::{Annotations, Parsed};
use super::json::Head;
use super::json::stream::{self, StreamError};
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, parallel};
use crate::dataset::{Ledger, Place, ProblemKind, Problems, Skipped};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "coco",
    aliases: &["coco-json", "lvis", "objects365"],
    title: "COCO JSON",
    specification: "https://cocodataset.org/#format-data",
    layout: "\
annotations/instances_train2017.json  train2017/a.jpg          (or images/train2017/)
train/_annotations.coco.json  train/a.jpg                      also in valid/ test/ (Roboflow)
annotations/instances_default.json  images/default/a.jpg       (CVAT)
result.json  images/a.jpg                                      (Label Studio)
labels.json  data/a.jpg                                        (FiftyOne)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Skeletons,
        Carries::UnusedKeypoints,
        Carries::Crowd,
        Carries::Area,
        Carries::Score,
        Carries::Difficult,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::ClassIds,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Tracks,
        Carries::Supercategories,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"images\" and \"annotations\" or \"categories\" (COCO)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

/// Panoptic segmentation alone: the row in the registry.
pub static PANOPTIC: Format = Format {
    name: "coco-panoptic",
    aliases: &["panoptic"],
    title: "COCO panoptic JSON and PNG",
    specification: "https://cocodataset.org/#format-data",
    layout: "\
annotations/panoptic_val2017.json  annotations/panoptic_val2017/a.png  val2017/a.jpg      (or images/val2017/)",
    carries: &[
        Carries::Boxes,
        Carries::Masks,
        Carries::Crowd,
        Carries::Area,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::ClassIds,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Supercategories,
    ],
    detect: |tree| detect_kind(tree, true),
    looks_for: "JSON files with \"images\" and \"annotations\" that have \"segments_info\" (COCO panoptic)",
    read,
    write: Some(Write { not: &[Carries::Area], folders: true, write: panoptic::write }),
};

/// How many files detection looks into.
const SAMPLE: usize = 64;
const MEMBERS: [&str; 3] = ["images", "categories", "annotations"];

fn detect(tree: &Tree) -> Option<Evidence> {
    detect_kind(tree, false).or_else(|| results::detect(tree))
}

fn detect_kind(tree: &Tree, panoptic: bool) -> Option<Evidence> {
    let files: Vec<FileId> = tree.annotations(&["json"]).take(SAMPLE).filter(|file| is_coco(tree, *file)).collect();
    let what = if panoptic { "COCO's images and segments" } else { "COCO's images and annotations" };
    (files.iter().all(|file| is_panoptic(tree, *file)) == panoptic).then(|| Evidence::certain(tree, &files, what))?
}

/// Whether the start of a file is COCO's, and its annotations have segments.
fn is_panoptic(tree: &Tree, file: FileId) -> bool {
    let head = tree.head(file).map(|head| Head::of(&head)).unwrap_or_default();
    head.says("annotations", "\"segments_info\"")
}

/// Whether the start of a file is COCO's.
fn is_coco(tree: &Tree, file: FileId) -> bool {
    let Ok(head) = tree.head(file) else { return false };
    let members = stream::head(&head);
    let has = |name: &str, keys: &[&str]| {
        members.iter().any(|(member, start)| {
            let start = String::from_utf8_lossy(start);
            member == name && start.starts_with('{') && keys.iter().all(|key| start.contains(&format!("\"{key}\"")))
        })
    };
    let listed = has("images", &["id", "file_name"]) || has("images", &["id", "coco_url"]);
    let named = |name: &str| members.iter().any(|(member, _)| member == name);
    let annotated = has("annotations", &["image_id", "category_id"])
        || has("annotations", &["image_id", "caption"])
        || has("annotations", &["image_id", "segments_info"]);
    // What is looked at may end inside the first of them.
    let is_cut = || serde_json::from_slice::<IgnoredAny>(&head).is_err_and(|error| error.is_eof());
    annotated || listed && (named("annotations") || named("categories") || is_cut())
}

/// One file's lists.
#[derive(Debug, Default)]
struct Lists {
    images: Vec<(elements::ImageElement, u32)>,
    categories: Vec<(elements::CategoryElement, u32)>,
    annotations: Annotations,
    /// Objects that other files have for the same images.
    results: Vec<(FileId, Annotations)>,
    findings: Vec<parse::Finding>,
    /// What cannot be understood.
    skipped: Skipped,
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let mut problems = Problems::default();
    let mut remarks = Vec::new();
    let files: Vec<FileId> =
        tree.annotations(&["json"]).filter(|file| tree.only() == Some(*file) || is_coco(tree, *file)).collect();
    if files.is_empty() {
        let kind = FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into());
        return Err(FormatError::new(kind, ""));
    }
    let (files, results) = results::choose(tree, files);
    let mut gathered = Gathered::new(tree);
    let mut pictures = HashSet::new();
    let mut all: Vec<(FileId, Lists)> = Vec::new();
    for file in files {
        let path = tree.path(file);
        match lists(tree, file, options) {
            Ok(mut lists) => {
                for (kind, line, message) in &lists.findings {
                    problems.push(*kind, Place::line(path, *line), message.as_str());
                }
                let annotations = &mut lists.annotations;
                panoptic::add_masks(tree, file, annotations, options.workers, &mut pictures, &mut problems);
                all.push((file, lists));
            }
            Err(error) => unreadable(path, error, &mut problems),
        }
    }
    results::add(tree, options, results, &mut all, &mut problems);
    for (file, lists) in all {
        gathered.add(file, lists, &mut problems);
    }
    let unnamed = tree.files().filter(|(id, file)| file.image && !gathered.has(*id) && !pictures.contains(id)).count();
    if unnamed > 0 && tree.only().is_none() {
        remarks.push(format!("images in no list of images, left out: {unnamed}"));
    }
    let (dataset, skipped) = gathered.finish(&mut problems, &mut remarks);
    Ok(Reading { dataset, problems, skipped, remarks })
}

fn unreadable(path: &str, error: StreamError, problems: &mut Problems) {
    let (line, message) = match error {
        StreamError::Io(error) => (0, error.to_string()),
        StreamError::Syntax(fault) => (fault.line, fault.message),
    };
    problems.push(ProblemKind::UnreadableAnnotation, Place::line(path, line), message);
}

const BAD: &str = ProblemKind::BadEntry.word();

fn bad(findings: &[parse::Finding]) -> u64 {
    findings.iter().filter(|(kind, ..)| *kind == ProblemKind::BadEntry).count() as u64
}

/// Reads a file's three lists.
fn lists(tree: &Tree, file: FileId, options: &LoadOptions) -> Result<Lists, StreamError> {
    let mut lists = Lists::default();
    let workers = parallel::threads(options.workers);
    let wanted = |member: &str| MEMBERS.contains(&member);
    let parse = |batch: &stream::Batch| parse::batch(batch, !options.boxes_only);
    stream::read(tree.stream(file)?, workers, wanted, parse, |batch, parsed| match parsed {
        Some(Parsed::Images(images, findings)) => {
            if batch.first {
                lists.images.clear();
            }
            lists.skipped.count(BAD, Ledger { images: bad(&findings), objects: 0 });
            lists.images.extend(images);
            lists.findings.extend(findings);
        }
        Some(Parsed::Categories(categories, findings)) => {
            if batch.first {
                lists.categories.clear();
            }
            lists.categories.extend(categories);
            lists.findings.extend(findings);
        }
        Some(Parsed::Annotations(mut annotations)) => {
            if batch.first {
                lists.annotations = Annotations::default();
            }
            lists.skipped.count(BAD, Ledger { images: 0, objects: bad(&annotations.findings) });
            lists.findings.append(&mut annotations.findings);
            lists.annotations.append(*annotations);
        }
        None => {}
    })?;
    Ok(lists)
}
