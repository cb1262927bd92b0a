//! Lists of results, as COCO's evaluation takes them: predictions for the images of another file.
//!
//! ```text
//! [{"image_id", "category_id", "bbox": [x, y, width, height] | "segmentation": {"counts", "size"} | "keypoints", "score"}]
//! ```
//!
//! Specification: <https://cocodataset.org/#format-results>.

use std::collections::HashSet;

use super::parse::{self, Annotations, Parsed};
use super::{Lists, is_coco, unreadable};
use crate::dataset::{Ledger, Place, ProblemKind, Problems};
use crate::formats::json::Head;
use crate::formats::json::scalar::Id;
use crate::formats::json::stream;
use crate::formats::tree::{FileId, Tree};
use crate::formats::{Confidence, Evidence, LoadOptions, parallel};

/// Whether the start of a file is a list of results.
fn is_results(tree: &Tree, file: FileId) -> bool {
    let Ok(head) = tree.head(file) else { return false };
    let head = Head::of(&head);
    let first = head.inside("");
    head.is_array()
        && first.has_all(&["image_id", "category_id", "score"])
        && ["bbox", "segmentation", "keypoints"].iter().any(|place| first.has(place))
}

/// The files that have lists of images, where the source is a list of results.
fn around(tree: &Tree) -> Vec<FileId> {
    let only = tree.only().filter(|only| is_results(tree, *only));
    let all = only.map(|_| tree.annotations_around(&["json"]).filter(|file| is_coco(tree, *file)));
    all.into_iter().flatten().collect()
}

/// That the source is a list of results with a file beside it that has their images.
pub(super) fn detect(tree: &Tree) -> Option<Evidence> {
    let (only, images) = (tree.only()?, *around(tree).first()?);
    let reason = format!("{} has results for the images of {}", tree.path(only), tree.path(images));
    Some(Evidence { confidence: Confidence::Certain, reason })
}

/// The files with images, and those with results, where `files` are those of the source.
pub(super) fn choose(tree: &Tree, files: Vec<FileId>) -> (Vec<FileId>, Vec<FileId>) {
    match tree.only().filter(|only| is_results(tree, *only)) {
        Some(only) => (around(tree), vec![only]),
        None => {
            let results = tree.annotations(&["json"]).filter(|file| !files.contains(file) && is_results(tree, *file));
            let results = results.collect();
            (files, results)
        }
    }
}

/// Adds the objects of results to the images of one of `all`. Where they are what was asked for, that file alone counts, and
/// without its own annotations.
pub(super) fn add(
    tree: &Tree,
    options: &LoadOptions,
    results: Vec<FileId>,
    all: &mut Vec<(FileId, Lists)>,
    problems: &mut Problems,
) {
    let alone = tree.only().is_some();
    if !alone && all.iter().any(|(_, lists)| !lists.annotations.objects.is_empty()) {
        for file in results {
            let message = "results, left out beside annotations of the same images; read them as the source itself";
            problems.push(ProblemKind::IgnoredField, Place::file(tree.path(file)), message);
        }
        return;
    }
    for file in results {
        let path = tree.path(file);
        let annotations = match read(tree, file, options) {
            Ok(annotations) => annotations,
            Err(error) => {
                unreadable(path, error, problems);
                continue;
            }
        };
        for (kind, line, message) in &annotations.findings {
            problems.push(*kind, Place::line(path, *line), message.as_str());
        }
        let fit = |(_, lists): &(FileId, Lists)| {
            let images: HashSet<&Id> = lists.images.iter().filter_map(|(image, _)| image.id.as_ref()).collect();
            let classes: HashSet<&Id> = lists.categories.iter().filter_map(|(one, _)| one.id.as_ref()).collect();
            let known = |(image, class): &(&Id, &Id)| images.contains(image) && classes.contains(class);
            annotations.images.iter().zip(&annotations.categories).filter(known).count()
        };
        // The first of the best.
        let Some(best) = (0..all.len()).rev().max_by_key(|place| fit(&all[*place])) else { continue };
        if alone {
            *all = vec![all.swap_remove(best)];
        }
        let bad = annotations.findings.iter().filter(|(kind, ..)| *kind == ProblemKind::BadEntry).count() as u64;
        if let Some((_, lists)) = all.get_mut(if alone { 0 } else { best }) {
            if alone {
                lists.annotations = Annotations::default();
            }
            lists.skipped.count(super::BAD, Ledger { images: 0, objects: bad });
            lists.results.push((file, annotations));
        }
    }
}

fn read(tree: &Tree, file: FileId, options: &LoadOptions) -> Result<Annotations, stream::StreamError> {
    let mut annotations = Annotations::default();
    let parse = |batch: &stream::Batch| parse::batch(batch, !options.boxes_only);
    let workers = parallel::threads(options.workers);
    stream::read(tree.stream(file)?, workers, str::is_empty, parse, |_, parsed| {
        if let Some(Parsed::Annotations(more)) = parsed {
            annotations.append(*more);
        }
    })?;
    Ok(annotations)
}
