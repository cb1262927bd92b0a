//! Images in a folder per class, as torchvision, Keras and YOLO (classify) take them.
//!
//! ```text
//! [above/]* [split/] class/ [split/] [deeper/]* a.jpg
//! ```
//!
//! Specification: torchvision's `ImageFolder`; quirks: ImageNet's synsets (`n01440764`, with `LOC_synset_mapping.txt` or
//! `synset_words.txt`: `n01440764 tench, Tinca tinca`), test images without class.
//!
//! Decisions
//! - The folders that all images share are left away, as long as there is one more below.
//! - Folders called like a split are splits (`seg_train/` beside `seg_test/` too, but what is called like both, `seg_pred/`, is no
//!   class); the next one is the class, however deep the image lies in it.
//! - Kaggle's `LOC_*_solution.csv` says the classes of ImageNet's images that lie in no folder of one.
//! - Classes are numbered by their names in the order of bytes, as torchvision and Keras do.
//! - An image that lies in no class's folder is kept without a class.
//! - Such a tree is recognised only where nothing else could be an annotation, and there are two classes.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::builder::{Builder, Entry};
use super::target::{Ready, Remarks, Sink, put_images, remark_names, val_word};
use super::tree::{ANNOTATION_EXTENSIONS, FileId, Tree, file_name, stem_of};
use super::{
    Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text,
};
use crate::dataset::{Place, ProblemKind, Problems, Skipped, Split};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "image-folder",
    aliases: &["folder", "classification", "imagenet", "torchvision", "yolo-cls", "yolo-classify"],
    title: "folder per class",
    specification: "https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html",
    layout: "\
cat/a.jpg  dog/b.jpg
train/cat/a.jpg  train/dog/b.jpg  also in val/ test/",
    carries: &[Carries::ImageLabels, Carries::Splits, Carries::ClassOrder],
    detect,
    looks_for: "images in folders of classes, with nothing beside them that could be an annotation",
    read,
    write: Some(Write { not: &[Carries::ClassOrder], folders: true, write }),
};

/// Names of folders that are parts of another format, not classes.
const NO_CLASSES: [&str; 12] = [
    "images",
    "image",
    "imgs",
    "img",
    "jpegimages",
    "masks",
    "mask",
    "labels",
    "annotations",
    "segmentationclass",
    "segmentationobject",
    "gt",
];
/// Text files that say nothing of single images.
const NO_ANNOTATIONS: [&str; 8] = [
    "readme",
    "license",
    "requirements",
    "classes",
    "labels",
    "loc_synset_mapping",
    "loc_sample_submission",
    // What it says of boxes the XML files beside the images say too.
    "loc_train_solution",
];
/// Size of a file of synsets that is still read.
const LIMIT: u64 = 64 << 20;

/// An image, its split and its class's folder.
struct Found<'t> {
    image: FileId,
    split: Option<Split>,
    class: Option<&'t str>,
}

/// All images of the first root.
fn images(tree: &Tree) -> Vec<Found<'_>> {
    let files = || tree.files().filter(|(_, file)| file.image && file.root == 0);
    let folders = |path: &'_ str| path.matches('/').count();
    // How many folders all share: one has to be left for the class.
    let mut shared = 0;
    let mut first: Option<&str> = None;
    for (_, file) in files() {
        let most = folders(&file.path).saturating_sub(1);
        shared = match first {
            None => most,
            Some(first) => {
                let same = first.split('/').zip(file.path.split('/')).take_while(|(a, b)| a == b).count();
                shared.min(most).min(same)
            }
        };
        first.get_or_insert(&file.path);
    }
    let is_split = |part: &str| splits::of_whole_folder(tree, part).is_some();
    // A split that all share is still one.
    if let Some(place) = first.and_then(|first| first.split('/').take(shared).position(is_split)) {
        shared = place;
    }
    let found = files().map(|(image, file)| {
        let mut parts = file.path.split('/').skip(shared).peekable();
        let mut split = None;
        while let Some(named) = parts.peek().and_then(|part| splits::of_whole_folder(tree, part)) {
            split.get_or_insert(named);
            parts.next();
        }
        let is_class = |class: &&str| !splits::is_folder_beside(tree, class);
        let class = parts.next().filter(|_| parts.peek().is_some()).filter(is_class);
        // `class/train/a.jpg`: the last part is the file.
        let below = class.and_then(|_| parts.peek().and_then(|part| splits::of_whole_folder(tree, part)));
        let split = split.or_else(|| below.filter(|_| parts.nth(1).is_some()));
        Found { image, split, class }
    });
    found.collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    if tree.only().is_some() {
        return None;
    }
    let is_known = |path: &str| {
        let stem = stem_of(path).to_ascii_lowercase();
        NO_ANNOTATIONS.iter().any(|known| stem.starts_with(known)) || is_synsets(path) || is_solution(path)
    };
    if tree.annotations(&ANNOTATION_EXTENSIONS).any(|file| !is_known(tree.path(file))) {
        return None;
    }
    let images = images(tree);
    let classes: BTreeSet<&str> = images.iter().filter_map(|found| found.class).collect();
    let is_part = |class: &&str| NO_CLASSES.iter().any(|known| known.eq_ignore_ascii_case(class));
    if classes.len() < 2 || classes.iter().any(is_part) {
        return None;
    }
    let names: Vec<&str> = classes.iter().copied().take(3).collect();
    let more = if classes.len() > 3 { " ..." } else { "" };
    let reason = format!("{} images in folders {}{more}, and no annotation", images.len(), names.join(", "));
    Some(Evidence { confidence: Confidence::Likely, reason })
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let images = images(tree);
    let classes: BTreeSet<&str> = images.iter().filter_map(|found| found.class).collect();
    if classes.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut remarks = Vec::new();
    let names = names(tree, &classes, &mut problems, &mut remarks);
    let solved = solved(tree, &mut problems, &mut remarks);
    let mut builder = Builder::default();
    builder.set_classes(classes.iter().map(|class| names.get(class).map_or(*class, String::as_str).to_owned()));
    // The folders are sorted, and so are the classes' places.
    let places: HashMap<&str, u32> = classes.iter().copied().zip(0..).collect();
    for Found { image, split, class } in images {
        let path = tree.path(image);
        let class = class.or_else(|| solved.get(stem_of(path)).map(String::as_str));
        let label = class.and_then(|class| places.get(class));
        if label.is_none() {
            let message = "the image lies in no folder of a class; kept without";
            problems.push(ProblemKind::UnlabelledImage, Place::file(path), message);
        }
        let (name, labels) = (file_name(path).to_owned(), label.copied().into_iter().collect());
        builder.push(Entry { file: Some(image), name, split, labels, ..Entry::default() }, []);
    }
    Ok(Reading { dataset: builder.finish(tree), problems, skipped: Skipped::default(), remarks })
}

fn is_synsets(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    ["loc_synset_mapping.txt", "synset_words.txt", "words.txt"].contains(&&*name)
}

fn is_solution(path: &str) -> bool {
    file_name(path).eq_ignore_ascii_case("LOC_val_solution.csv")
}

/// The classes of images by their stems, as Kaggle's table of ImageNet has them: `ImageId,PredictionString`, whose second column
/// is a synset and a box for each object.
fn solved(tree: &Tree, problems: &mut Problems, remarks: &mut Vec<String>) -> HashMap<String, String> {
    let Some((file, _)) = tree.files().find(|(_, file)| is_solution(&file.path)) else { return HashMap::new() };
    let Some(bytes) = tree.read_or_say(file, LIMIT, problems) else { return HashMap::new() };
    let text = text::decode(&bytes).text;
    let rows = text.lines().filter_map(|line| {
        let (stem, objects) = line.split_once(',')?;
        let class = objects.split_whitespace().next().filter(|class| is_synset(class))?;
        Some((text::trim(stem).to_owned(), class.to_owned()))
    });
    remarks.push(format!("classes of images in no folder of a class: {}", tree.path(file)));
    rows.collect()
}

fn is_synset(name: &str) -> bool {
    name.len() == 9 && name.starts_with('n') && name[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// What synsets are called; a name that two have is followed by the synset.
fn names<'c>(
    tree: &Tree,
    classes: &BTreeSet<&'c str>,
    problems: &mut Problems,
    remarks: &mut Vec<String>,
) -> HashMap<&'c str, String> {
    let mut names = HashMap::new();
    if !classes.iter().all(|class| is_synset(class)) {
        return names;
    }
    let Some((file, _)) = tree.files().find(|(_, file)| file.root == 0 && is_synsets(&file.path)) else { return names };
    let Some(bytes) = tree.read_or_say(file, LIMIT, problems) else { return names };
    let mut taken: HashSet<String> = HashSet::new();
    for line in text::decode(&bytes).text.lines() {
        let Some((synset, name)) = text::trim(line).split_once([' ', '\t']) else { continue };
        let Some(class) = classes.get(synset) else { continue };
        let name = text::trim(name);
        let unique = if taken.insert(name.to_owned()) { name.to_owned() } else { format!("{name} ({synset})") };
        names.entry(*class).or_insert(unique);
    }
    remarks.push(format!("names of the classes: {}", tree.path(file)));
    names
}

/// A folder per split, and in it one per class; an image without a class lies beside these.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let mut several = 0;
    put_images(ready, sink, |image| {
        let labels = ready.labels(image);
        several += u64::from(labels.len() > 1);
        let split = val_word(image.split);
        match labels.first().and_then(|class| ready.classes.get(*class as usize)) {
            Some(class) => format!("{split}/{}/{}", folder_name(&class.name), image.name),
            None => format!("{split}/{}", image.name),
        }
    })?;
    let mut remarks = remark_names(ready, folder_name, "names no folder can have");
    if several > 0 {
        remarks.push(format!("images with several classes, of which a folder can hold the first: {several}"));
    }
    Ok(remarks)
}

/// A class's name as that of a folder.
pub fn folder_name(class: &str) -> String {
    let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let name: String = class.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    let name = name.trim().trim_start_matches('.').trim_end_matches('.');
    if name.is_empty() { "_".into() } else { name.into() }
}
