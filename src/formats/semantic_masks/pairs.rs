//! Which pictures are masks, and of which image.
//!
//! A mask lies in a folder whose name says so (`masks/`, `labels/`, `trainannot/`, `SegmentationClass/`), nearer than one of
//! images, or has a name that says so (`a_mask.png`) while there is an image of the name without that.

use std::collections::HashMap;

use crate::dataset::Split;
use crate::formats::images::{Asker, Match, Matcher};
use crate::formats::splits;
use crate::formats::tree::{FileId, Tree, file_name, folder_of, stem_of};

/// Words of a folder of masks.
const WORDS: [&str; 17] = [
    "mask",
    "masks",
    "label",
    "labels",
    "annot",
    "annots",
    "annotation",
    "annotations",
    "ann",
    "gt",
    "groundtruth",
    "segmentation",
    "segmentations",
    "segmentationclass",
    "segmentationclassaug",
    "segmentationclassraw",
    "labeledapproved",
];
/// Folders of images.
const IMAGES: [&str; 8] = ["images", "image", "jpegimages", "imgs", "img", "data", "photos", "pictures"];
/// What a mask's name has behind that of its image.
const ENDS: [&str; 9] = ["_mask", "-mask", "_masks", "_seg", "_segmentation", "_label", "_labels", "_l", "_gt"];

/// A mask and what it belongs to.
#[derive(Debug)]
pub struct Pair {
    /// The picture of classes.
    pub mask: FileId,
    /// That of instances.
    pub instances: Option<FileId>,
    /// Its image.
    pub image: Match,
    pub split: Option<Split>,
}

/// What a folder holds, by its name.
#[derive(Clone, Copy, PartialEq)]
enum Folder {
    Masks,
    Instances,
    Images,
}

fn folder(name: &str) -> Option<Folder> {
    let name = name.to_ascii_lowercase();
    if IMAGES.contains(&&*name) {
        return Some(Folder::Images);
    }
    if name == "segmentationobject" {
        return Some(Folder::Instances);
    }
    let is_word = |word: &str| WORDS.contains(&word);
    (name.split(['_', '-', ' ']).any(is_word) || name.ends_with("annot")).then_some(Folder::Masks)
}

/// What the folders of a path say that it is.
fn kind(path: &str) -> Option<Folder> {
    folder_of(path).split('/').rev().find_map(folder)
}

/// Whether the folders of a path say that it is no photo.
pub fn is_mask_folder(path: &str) -> bool {
    matches!(kind(path), Some(Folder::Masks | Folder::Instances))
}

fn is_png(path: &str) -> bool {
    path.len() > 4 && path.is_char_boundary(path.len() - 4) && path[path.len() - 4..].eq_ignore_ascii_case(".png")
}

/// The stem without the end that makes it a mask's.
fn stripped(stem: &str) -> Option<&str> {
    ENDS.iter().find_map(|end| {
        let at = stem.len().checked_sub(end.len()).filter(|at| *at > 0 && stem.is_char_boundary(*at))?;
        stem[at..].eq_ignore_ascii_case(end).then(|| &stem[..at])
    })
}

/// The split that folders of masks name: `trainannot`, `train_masks`.
fn split_of(path: &str) -> Option<Split> {
    let annotated = |part: &str| {
        let part = part.to_ascii_lowercase();
        splits::of_word(part.strip_suffix("annot")?)
    };
    let worded = |part: &str| {
        let (first, rest) = part.split_once(['_', '-'])?;
        splits::of_word(first).filter(|_| folder(rest) == Some(Folder::Masks))
    };
    folder_of(path).split('/').rev().find_map(|part| annotated(part).or_else(|| worded(part)))
}

/// Up to `limit` masks of a tree.
pub fn find(tree: &Tree, limit: usize) -> Vec<Pair> {
    if tree.only().is_some() {
        return Vec::new();
    }
    let matcher = Matcher::among(tree, |path| !is_mask_folder(path));
    let pictures = || tree.files().filter(|(_, file)| file.image && file.root == 0 && is_png(&file.path));
    let mut instances: HashMap<String, FileId> = HashMap::new();
    for (id, file) in pictures().filter(|(_, file)| kind(&file.path) == Some(Folder::Instances)) {
        instances.insert(beside_classes(&file.path), id);
    }
    let pair = |(mask, file): (FileId, &crate::formats::tree::File)| {
        let path = &*file.path;
        let (stem, split) = (stem_of(path), splits::of_folders(tree, path).or_else(|| split_of(path)));
        let look = |stem: &str| {
            let wanted = format!("{}/{stem}.png", folder_of(path));
            matcher.find_own("", &Asker { path: wanted.trim_start_matches('/'), split })
        };
        let image = match (kind(path), stripped(stem)) {
            (Some(Folder::Instances), _) => return None,
            (Some(Folder::Masks), ended) => match (look(stem), ended) {
                (Match::Missing, Some(ended)) => look(ended),
                (found, _) => found,
            },
            (_, Some(ended)) => Some(look(ended)).filter(|found| !matches!(found, Match::Missing))?,
            (_, None) => return None,
        };
        let instances = instances.get(&path.to_ascii_lowercase()).copied();
        Some(Pair { mask, instances, image, split })
    };
    pictures().filter_map(pair).take(limit).collect()
}

/// The path of the classes that stand beside a picture of instances.
fn beside_classes(path: &str) -> String {
    let (folder, name) = (folder_of(path).to_ascii_lowercase(), file_name(path).to_ascii_lowercase());
    let parts: Vec<&str> =
        folder.split('/').map(|part| if part == "segmentationobject" { "segmentationclass" } else { part }).collect();
    format!("{}/{name}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_names() {
        for (path, mask) in [
            ("masks/a.png", true),
            ("images/a.png", false),
            ("labels/images/a.png", false),
            ("images/labels/a.png", true),
            ("trainannot/a.png", true),
            ("train_labels/a.png", true),
            ("701_StillsRaw_full/a.png", false),
            ("LabeledApproved_full/a.png", true),
            ("VOC2012/SegmentationObject/a.png", true),
            ("unlabelled/a.png", false),
            ("a.png", false),
        ] {
            assert_eq!(is_mask_folder(path), mask, "{path}");
        }
        assert_eq!(
            (stripped("a_mask"), stripped("0001TP_L"), stripped("_mask"), stripped("a")),
            (Some("a"), Some("0001TP"), None, None)
        );
        assert_eq!(split_of("trainannot/a.png"), Some(Split::Train));
        assert_eq!(split_of("x/val_masks/a.png"), Some(Split::Valid));
        assert_eq!(split_of("masks/a.png"), None);
    }
}
