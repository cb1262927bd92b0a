//! Annotation formats: one file each, a row each in the registry.
//!
//! [`load`] is the door: it walks the source once ([`tree`]), asks every format whether the files are its own
//! ([`Format::detect`], by content), and lets the one that is sure read them into a [`Dataset`]. What stands beside the
//! formats is what all of them need: [`images`] finds the file that an image's name means, [`text`] decodes, [`xml`]
//! walks elements with their lines, [`splits`] knows the words for splits, [`builder`] sorts and numbers. [`pages`] goes the
//! whole way for formats whose files say one image after the other; [`geometry`] has the shapes that tools draw.
//!
//! A reader never stops at what is wrong inside its files: it gathers [`Problems`] with file and line. [`FormatError`]
//! is for a source that cannot be loaded at all.

pub mod ade20k;
pub mod automl;
pub mod bdd100k;
pub mod bitmap;
pub mod builder;
pub mod cityscapes;
mod class_names;
pub mod class_pictures;
pub mod coco;
pub mod createml;
pub mod csv;
pub mod cvat;
pub mod darknet;
pub mod darwin;
pub mod datumaro;
pub mod dota;
pub mod edge_impulse;
mod error;
pub mod fiftyone;
pub mod geometry;
pub mod grouping;
pub mod hf_imagefolder;
pub mod ibm_cloud;
pub mod image_folder;
pub mod imagenet_list;
pub mod images;
pub mod json;
pub mod kaggle;
pub mod kitti;
pub mod label_image;
pub mod label_map;
pub mod label_studio;
pub mod labelbox;
pub mod labelme;
pub mod labelu;
pub mod listed;
pub mod mapillary;
pub mod mask_pictures;
pub mod mit_labelme;
pub mod mot;
pub mod multilabel_csv;
pub mod oidv4;
pub mod open_images;
pub mod openlabel;
mod own;
mod packed;
pub mod pages;
pub mod paligemma;
pub mod parallel;
pub mod per_image;
mod registry;
pub mod retinanet;
pub mod rows;
pub mod sagemaker;
pub mod scale;
pub mod semantic_masks;
pub mod solo;
pub mod spill;
pub mod splits;
pub mod superannotate;
pub mod supervisely;
pub mod target;
pub mod text;
pub mod trace;
pub mod tree;
pub mod udacity;
mod unreadable;
pub mod vertex;
pub mod via;
pub mod voc;
pub mod vott;
pub mod wider_face;
pub mod xml;
pub mod yaml;
pub mod yolo;
pub mod yolo_keras;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub use error::{FormatError, FormatErrorKind};
pub use registry::{Carries, Confidence, Evidence, FORMATS, Format, Reading, Write, by_name};
use tree::{FileId, Tree};

use crate::dataset::{Dataset, NO_FILE, Place, Problems, Skipped, brief};

/// How a source is read.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Name of the format; found by content if `None`.
    pub from: Option<String>,
    /// Folders where images lie, besides the source's own.
    pub image_dirs: Vec<PathBuf>,
    /// Follow links that lead out of the source or of a folder of images.
    pub allow_outside: bool,
    /// Whether VOC coordinates count from 1 with the maximum included; `None`: only where the file says that it is of
    /// the VOC challenge itself.
    pub voc_one_based: Option<bool>,
    /// The attribute of objects that names their class (CVAT, VIA); `None`: as the format does it.
    pub class_attribute: Option<String>,
    /// Whether objects were drawn on images turned as their EXIF orientation says, where the annotated size does not tell; `None`: as
    /// the format's tool shows images.
    pub drawn_turned: Option<bool>,
    /// Threads; 0: one per core.
    pub workers: usize,
    /// Leave outlines and masks unread, where that is quicker. Objects and boxes are the same, and all problems but
    /// notes and those of outlines and masks.
    pub boxes_only: bool,
    /// Keep images that nothing is said of, where those of the format may have objects all the same (Open Images).
    pub unlisted: bool,
    /// Read the Oxford-IIIT Pet dataset as TensorFlow's script does: its order, its parts, breeds as classes (VOC).
    pub pets: Option<Pets>,
}

/// What an object of the Oxford-IIIT Pet dataset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pets {
    /// A head, as the XML has it.
    Faces,
    /// The whole animal, as the trimap has it.
    Bodies,
}

/// A dataset as it was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The dataset.
    pub dataset: Dataset,
    /// All that is wrong with it, with places.
    pub problems: Problems,
    /// What is not in the dataset because it cannot be understood.
    pub skipped: Skipped,
    /// The format that it was in.
    pub format: &'static Format,
    /// Why that format, and what was decided on the way.
    pub reasons: Vec<String>,
}

/// Reads the dataset in `source`, a folder or an annotation file, in one of [`FORMATS`].
pub fn load(source: &Path, options: &LoadOptions) -> Result<Loaded, FormatError> {
    load_among(FORMATS, source, options)
}

/// Reads the dataset in `source`, in one of `formats`.
pub fn load_among(formats: &[&'static Format], source: &Path, options: &LoadOptions) -> Result<Loaded, FormatError> {
    read_among(formats, &open(source, options)?, source, options)
}

/// Walks `source`, and what it speaks of where that is one file about a dataset in another folder.
pub fn open(source: &Path, options: &LoadOptions) -> Result<Tree, FormatError> {
    let tree = Tree::open(source, &options.image_dirs, options.allow_outside)?;
    match yolo::elsewhere::folder(&tree, source, options.allow_outside)? {
        Some(folder) => Tree::open_about(source, &folder, &options.image_dirs, options.allow_outside),
        None => Ok(tree),
    }
}

/// Reads the dataset in `tree`, which is that of `source`, in one of `formats`.
pub fn read_among(
    formats: &[&'static Format],
    tree: &Tree,
    source: &Path,
    options: &LoadOptions,
) -> Result<Loaded, FormatError> {
    let wanted = options.from.as_deref().map(|name| named(formats, name)).transpose()?;
    let (format, reason) = match wanted {
        Some(format) => (format, format!("--from {}", format.name)),
        None => detect(formats, tree, source)?,
    };
    let Reading { mut dataset, problems: found, skipped, remarks } = (format.read)(tree, options).map_err(|error| {
        let error = error.with_reason(|| unreadable::why(tree));
        if error.path().as_os_str().is_empty() { error.in_file(source) } else { error }
    })?;
    check_class_names(&dataset, source)?;
    dataset.drawn_turned = options.drawn_turned.or(dataset.drawn_turned);
    let mut problems = tree.problems().clone();
    problems.append(found);
    class_names::trim(&mut dataset, &mut problems);
    let (dataset, unlabelled) = without_unlabelled(dataset);
    let missing = dataset.images.root.contains(&NO_FILE);
    let packed = missing.then(|| packed::hint(tree)).flatten();
    let unlabelled =
        (unlabelled > 0).then(|| format!("images of a set that nobody labelled (unlabeled), left out: {unlabelled}"));
    let reasons = [reason]
        .into_iter()
        .chain(remarks)
        .chain(unlabelled)
        .chain(tree.remark_ours())
        .chain(packed)
        .map(brief)
        .collect();
    Ok(Loaded { dataset, problems, skipped, format, reasons })
}

/// Leaves out images of sets that are called unlabelled, of which nothing is said, where there are others; gives their number. As
/// images without objects they would be learnt from as such.
fn without_unlabelled(dataset: Dataset) -> (Dataset, usize) {
    let images = &dataset.images;
    let is_left_out = |row: usize| {
        dataset.is_negative(row)
            && (splits::is_unlabelled(images.key.get(row)) || splits::is_unlabelled(&dataset.place(row, 0).path))
    };
    let left_out: Vec<bool> = (0..dataset.len()).map(is_left_out).collect();
    let count = left_out.iter().filter(|left_out| **left_out).count();
    if count == 0 || count == dataset.len() {
        return (dataset, 0);
    }
    (dataset.retain(|row| !left_out[row], |_| true), count)
}

/// Bytes of a class's name, which stands in every record of its objects. Longer is a mistake, or meant to hurt.
const CLASS_NAME: usize = 64 << 10;

/// Refuses names of classes that are none.
fn check_class_names(dataset: &Dataset, source: &Path) -> Result<(), FormatError> {
    let Some(place) = dataset.classes.iter().position(|class| class.name.len() > CLASS_NAME) else { return Ok(()) };
    let name = &dataset.classes[place].name;
    let message = format!("the name of class {name:?} has {} bytes, at most {CLASS_NAME} are taken", name.len());
    let object = dataset.objects.class.iter().position(|class| *class as usize == place);
    Err(match object {
        Some(object) => {
            let image = dataset.images.object_end.partition_point(|end| *end <= object as u64);
            let Place { path, line } = dataset.object_place(image, object);
            FormatError::syntax(
                message,
                dataset.roots.first().map_or_else(|| path.clone().into(), |root| root.join(&path)),
                line,
            )
        }
        None => FormatError::syntax(message, source, 0),
    })
}

/// Images of `tree` that `dataset` does not have, but for those that it was read from (pictures of classes) or that are called like
/// one that it has (masks, previews). None of a source that is one file: what lies beside it may be the business of other files.
pub fn unnamed(tree: &Tree, dataset: &Dataset) -> Vec<FileId> {
    if tree.only().is_some() {
        return Vec::new();
    }
    let images = &dataset.images;
    let named: HashSet<(u16, &str)> = images.root.iter().copied().zip(images.file.iter()).collect();
    let stems: HashSet<&str> = images.file.iter().map(tree::stem_of).collect();
    let sources: HashSet<&str> = dataset.sources.iter().collect();
    let is_unnamed = |(id, file): &(FileId, &tree::File)| {
        file.image
            && !named.contains(&(file.root, tree.path_to_open(*id)))
            && !stems.contains(tree::stem_of(&file.path))
            && (file.root != 0 || !sources.contains(&*file.path))
    };
    tree.files().filter(is_unnamed).map(|(id, _)| id).collect()
}

/// The one of `formats` called `name`, or the error that lists those there are.
pub fn named(formats: &[&'static Format], name: &str) -> Result<&'static Format, FormatError> {
    registry::among(formats, name).ok_or_else(|| {
        let known = formats.iter().map(|format| format.name).collect();
        FormatError::new(FormatErrorKind::UnknownFormat(name.to_owned(), known), "")
    })
}

/// The format of a tree and the reason. Of several, the surest; of several that are equally sure, none: the error names
/// them.
fn detect(formats: &[&'static Format], tree: &Tree, source: &Path) -> Result<(&'static Format, String), FormatError> {
    let mut candidates: Vec<(&'static Format, Evidence)> =
        formats.iter().filter_map(|format| Some((*format, (format.detect)(tree)?))).collect();
    let surest = candidates.iter().map(|(_, evidence)| evidence.confidence).max();
    candidates.retain(|(_, evidence)| Some(evidence.confidence) == surest);
    if candidates.len() > 1 {
        let named = candidates.into_iter().map(|(format, evidence)| (format.name, evidence.reason)).collect();
        return Err(FormatError::new(FormatErrorKind::Ambiguous(named), source));
    }
    candidates
        .pop()
        .map(|(format, evidence)| (format, evidence.reason))
        .ok_or_else(|| FormatError::new(FormatErrorKind::NothingFound(what_is_there(tree)), source))
}

/// What a tree has that no format knows, for a message.
fn what_is_there(tree: &Tree) -> String {
    if tree.only().is_some_and(|file| tree.head(file).is_ok_and(|head| head.is_empty())) {
        return "the file is empty".into();
    }
    let mut others = tree.annotations(&tree::ANNOTATION_EXTENSIONS);
    let named: Vec<&str> = others.by_ref().take(3).map(|file| tree.path(file)).collect();
    let more = if others.next().is_some() { " ..." } else { "" };
    let images = tree.files().filter(|(_, file)| file.image).count();
    let mut there = match &named[..] {
        [] => format!("images: {images}, files that could be about them: none"),
        named => format!("images: {images}, files that could be about them: {}{more}", named.join(", ")),
    };
    if let Some(why) = unreadable::why(tree) {
        there += &format!("; not readable: {why}");
    }
    if let Some(hint) = packed::hint(tree) {
        there += &format!("; {hint}");
    }
    there += "; `recordmill formats` lists what is known";
    if let Some(link) = tree.links_outside().next() {
        there += &format!("; links that lead outside, as {link}, are not followed (--allow-outside follows them)");
    }
    there
}
