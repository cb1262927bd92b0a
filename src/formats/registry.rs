//! The formats there are. A new one is its own file and a line in [`FORMATS`].

use super::error::FormatError;
use super::target::{Ready, Remarks, Sink};
use super::tree::{FileId, Tree};
use super::{
    LoadOptions, ade20k, automl, bdd100k, cityscapes, coco, createml, csv, cvat, darknet, darwin, datumaro, dota,
    edge_impulse, fiftyone, hf_imagefolder, ibm_cloud, image_folder, imagenet_list, kaggle, kitti, label_studio,
    labelbox, labelme, labelu, mapillary, mit_labelme, mot, multilabel_csv, oidv4, open_images, openlabel, paligemma,
    retinanet, sagemaker, scale, semantic_masks, solo, superannotate, supervisely, udacity, vertex, via, voc, vott,
    wider_face, yolo, yolo_keras,
};
use crate::dataset::{Dataset, Problems, Skipped};

/// All formats, sorted by name.
pub static FORMATS: &[&Format] = &[
    &ade20k::FORMAT,
    &automl::FORMAT,
    &bdd100k::FORMAT,
    &cityscapes::FORMAT,
    &coco::FORMAT,
    &coco::PANOPTIC,
    &createml::FORMAT,
    &csv::FORMAT,
    &cvat::FORMAT,
    &darknet::FORMAT,
    &darwin::FORMAT,
    &datumaro::FORMAT,
    &dota::DOTA,
    &edge_impulse::FORMAT,
    &fiftyone::FORMAT,
    &hf_imagefolder::FORMAT,
    &ibm_cloud::FORMAT,
    &image_folder::FORMAT,
    &imagenet_list::FORMAT,
    &kaggle::RLE,
    &kaggle::WHEAT,
    &kitti::FORMAT,
    &label_studio::FORMAT,
    &labelbox::FORMAT,
    &labelme::FORMAT,
    &labelu::FORMAT,
    &mapillary::FORMAT,
    &mit_labelme::FORMAT,
    &mot::FORMAT,
    &multilabel_csv::FORMAT,
    &oidv4::FORMAT,
    &open_images::FORMAT,
    &openlabel::FORMAT,
    &paligemma::FORMAT,
    &retinanet::FORMAT,
    &sagemaker::FORMAT,
    &scale::FORMAT,
    &semantic_masks::FORMAT,
    &solo::FORMAT,
    &superannotate::FORMAT,
    &supervisely::FORMAT,
    &udacity::FORMAT,
    &vertex::FORMAT,
    &via::FORMAT,
    &voc::FORMAT,
    &vott::FORMAT,
    &wider_face::FORMAT,
    &yolo::DETECT,
    &yolo_keras::FORMAT,
    &yolo::OBB,
    &yolo::POSE,
    &yolo::SEGMENT,
    &dota::YOLOV5_OBB,
];

/// An annotation format.
#[derive(Debug)]
pub struct Format {
    /// What `--from` says.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// Its name for people.
    pub title: &'static str,
    /// Where it is specified.
    pub specification: &'static str,
    /// Sketch of the folders and files.
    pub layout: &'static str,
    /// What it can carry.
    pub carries: &'static [Carries],
    /// Whether a tree holds it, by the content of its files.
    pub detect: fn(&Tree) -> Option<Evidence>,
    /// What `detect` looks for, for the message when nothing is found.
    pub looks_for: &'static str,
    /// Reads all of it.
    pub read: fn(&Tree, &LoadOptions) -> Result<Reading, FormatError>,
    /// Writes a dataset; none where the format is only read.
    pub write: Option<Write>,
}

/// How a format is written.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// What of [`Format::carries`] is read but cannot be written.
    pub not: &'static [Carries],
    /// Whether the images of each split have a folder of their own, and are told apart by it: two splits may then have a name in common.
    pub folders: bool,
    /// Writes all of it.
    pub write: fn(&Ready<'_>, &dyn Sink) -> Result<Remarks, FormatError>,
}

impl Format {
    /// Whether a dataset that is written has this in it.
    pub fn writes(&self, carries: Carries) -> bool {
        self.write.is_some_and(|write| !write.not.contains(&carries)) && self.carries.contains(&carries)
    }

    /// The class that all objects have in the format, if there is but one.
    pub fn only_class(&self) -> Option<&'static str> {
        (self.name == kaggle::WHEAT.name).then_some(kaggle::WHEAT_CLASS)
    }

    /// Whether the format, without attributes in general, has fields of its own for all of these.
    pub fn holds_as_fields(&self, attributes: &[(Box<str>, Box<str>)]) -> bool {
        let known = || kitti::Columns::of(attributes);
        self.name == kitti::FORMAT.name && attributes.iter().all(|(name, _)| known().hold(name))
    }

    /// Of how many classes an image as a whole is at most, where that is but one.
    pub fn one_label(&self) -> bool {
        [image_folder::FORMAT.name, edge_impulse::FORMAT.name].contains(&self.name)
    }
}

/// Something that a format can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Carries {
    /// Boxes of objects.
    Boxes,
    /// Outlines of objects.
    Polygons,
    /// Masks of objects.
    Masks,
    /// Keypoints of objects, and their names.
    Keypoints,
    /// The order of a class's keypoints, and those that not one of its objects has: they are not known by their names alone.
    KeypointOrder,
    /// Which keypoints are hidden.
    Hidden,
    /// Which keypoints of a class are joined by bones.
    Skeletons,
    /// The names of a class's keypoints (and its bones) where none of its objects has a labelled one.
    UnusedKeypoints,
    /// Whether a box is around many.
    Crowd,
    /// Area of objects.
    Area,
    /// Confidence of predictions.
    Score,
    /// `difficult`.
    Difficult,
    /// `truncated`.
    Truncated,
    /// `occluded`.
    Occluded,
    /// `pose`.
    Pose,
    /// Free attributes of objects.
    Attributes,
    /// Sentences about images.
    Captions,
    /// Classes of images as a whole.
    ImageLabels,
    /// Images without objects.
    Negatives,
    /// Which image is for training.
    Splits,
    /// The order of the classes.
    ClassOrder,
    /// The source's own ids of classes.
    ClassIds,
    /// Width and height of images.
    Sizes,
    /// The source's own ids of images.
    ImageIds,
    /// Corners of turned boxes.
    Corners,
    /// Which objects of several images are one.
    Tracks,
    /// Classes above classes.
    Supercategories,
    /// Parts of a pixel in boxes.
    Fractions,
}

impl Carries {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Boxes => "boxes",
            Self::Polygons => "polygons",
            Self::Masks => "masks",
            Self::Keypoints => "keypoints",
            Self::KeypointOrder => "keypoint order",
            Self::Hidden => "hidden keypoints",
            Self::Skeletons => "skeletons",
            Self::UnusedKeypoints => "unused keypoints",
            Self::Crowd => "crowd",
            Self::Area => "area",
            Self::Score => "score",
            Self::Captions => "captions",
            Self::ImageLabels => "image labels",
            Self::ClassIds => "class ids",
            Self::ImageIds => "image ids",
            Self::Difficult => "difficult",
            Self::Truncated => "truncated",
            Self::Occluded => "occluded",
            Self::Pose => "pose",
            Self::Attributes => "attributes",
            Self::Negatives => "negatives",
            Self::Splits => "splits",
            Self::ClassOrder => "class order",
            Self::Sizes => "sizes",
            Self::Corners => "turned boxes",
            Self::Tracks => "tracks",
            Self::Supercategories => "supercategories",
            Self::Fractions => "fractions of pixels",
        }
    }
}

/// How sure a format is that a tree holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It could be, and could as well be another.
    Possible,
    /// The frame is right, nothing in it proves it (no object anywhere).
    Likely,
    /// The content can mean nothing else.
    Certain,
}

/// Why a tree holds a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How sure it is.
    pub confidence: Confidence,
    /// In words, with the name of a file.
    pub reason: String,
}

impl Evidence {
    /// That `files` can mean nothing else: the names of the first, and `what` they have. `None` if there is none.
    pub fn certain(tree: &Tree, files: &[FileId], what: &str) -> Option<Self> {
        let names: Vec<&str> = files.iter().take(3).map(|file| tree.path(*file)).collect();
        let more = if files.len() > 3 { " ..." } else { "" };
        let have = if files.len() == 1 { "has" } else { "have" };
        let reason = format!("{}{more} {have} {what}", names.join(", "));
        (!files.is_empty()).then_some(Self { confidence: Confidence::Certain, reason })
    }
}

/// What a format's reader gives.
#[derive(Debug)]
pub struct Reading {
    /// The dataset.
    pub dataset: Dataset,
    /// All that is wrong with it.
    pub problems: Problems,
    /// What is not in the dataset because it cannot be understood.
    pub skipped: Skipped,
    /// What was decided on the way, for the report.
    pub remarks: Vec<String>,
}

/// The format that `word` means: a name or an alias, in any case.
pub fn by_name(word: &str) -> Option<&'static Format> {
    among(FORMATS, word)
}

/// The one of `formats` that `word` means.
pub(super) fn among(formats: &[&'static Format], word: &str) -> Option<&'static Format> {
    let fits = |known: &&str| known.eq_ignore_ascii_case(word.trim());
    formats.iter().copied().find(|format| fits(&format.name) || format.aliases.iter().any(fits))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rows_are_sorted_unique_and_complete() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        let mut words = HashSet::new();
        for format in FORMATS {
            for word in [&format.name].into_iter().chain(format.aliases) {
                assert!(words.insert(*word), "{word} stands twice");
                assert_eq!(*word, word.to_ascii_lowercase());
                assert_eq!(by_name(&word.to_uppercase()).map(|found| found.name), Some(format.name));
            }
            for (field, text) in [
                ("title", format.title),
                ("specification", format.specification),
                ("layout", format.layout),
                ("looks_for", format.looks_for),
            ] {
                assert!(!text.trim().is_empty(), "{}: {field}", format.name);
            }
            assert!(format.specification.contains("://"), "{}", format.name);
            assert!(!format.carries.is_empty() && format.carries.is_sorted(), "{}", format.name);
            let not = format.write.map_or(&[][..], |write| write.not);
            assert!(not.iter().all(|carries| format.carries.contains(carries)), "{}", format.name);
        }
        assert!(by_name("raccoon").is_none());
    }
}
