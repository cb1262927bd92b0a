//! KITTI: 2-D object labels, a text file per image; or pictures of classes and instances (semantic segmentation).
//!
//! ```text
//! type truncated occluded alpha x0 y0 x1 y1 h w l x y z ry [score]
//! Car 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59
//!
//! training/image_2/000000_10.png  training/semantic/000000_10.png    class, of Cityscapes' ids
//!                                 training/instance/000000_10.png    class * 256 + number of the instance, 0 where there is none
//! ```
//!
//! Specification of the pictures: <https://www.cvlibs.net/datasets/kitti/eval_semantics.php>; of the labels: the object development kit's readme; quirks: those of NVIDIA TAO, FiftyOne and Datumaro, which fill what
//! they do not know with 0.
//!
//! Decisions
//! - Coordinates are taken as 0-based with the maximum exclusive, as written.
//! - `truncated` is a part from 0 to 1: above 0 is truncated; `occluded` is 0 to 3: 1 and 2 are occluded, 3 is unknown. -1 is
//!   unknown. Both values, and the seven numbers in space where one is not 0, are kept as attributes ([`Columns`]) and written from
//!   these; of what has no such attributes a flag is all, and 0 in space.
//! - `DontCare` regions are no objects: they are left out, and counted; `--schema create_kitti` asks where they are.
//! - Labels are the files in folders of that name; where none is called so, the folders with a file whose lines are objects.
//!   What else there is, as `calib/000000.txt`, is none.
//! - Pictures are read where there are no such labels, by [`class_pictures`]; those of colours (`semantic_rgb`) are not. Where there
//!   are labels, they are no images.
//! - An image without a file, or with an empty one, has no object. But where a folder `image_2` has no labels at all, as in the
//!   challenge's `testing`, nothing is known of its images: they are left out, counted and said.

use std::collections::{BTreeMap, HashSet};

use super::builder::Builder;
use super::class_pictures::{self, Numbers, Part, Scene};
use super::pages::{self, Kind};
use super::per_image::{self, Layout, Parsed, each_line, parallel_path};
use super::target::{Plain, Ready, Remarks, Sink, one_word, put, put_images, remark_words, stem, word_of};
use super::tree::{FileId, Tree, file_name, folder_of, stem_of};
use super::{
    Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text,
};
use crate::dataset::{Ledger, Object, ProblemKind, Problems, Skipped, flag};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "kitti",
    aliases: &["kitti-detection", "kitti-semantics", "tao"],
    title: "KITTI",
    specification: "https://www.cvlibs.net/datasets/kitti/eval_object.php?obj_benchmark=2d",
    layout: "\
training/image_2/000000.png  training/label_2/000000.txt
training/image_2/a.png  training/semantic/a.png  training/instance/a.png
images/a.jpg  labels/a.txt  or  data/a.jpg  labels/a.txt",
    carries: &[
        Carries::Boxes,
        Carries::Masks,
        Carries::Crowd,
        Carries::Score,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::ClassIds,
        Carries::Sizes,
        Carries::Supercategories,
        Carries::Fractions,
    ],
    detect,
    looks_for: "text files whose lines are a class and 14 or 15 numbers, or pictures in semantic/ and instance/ beside image_2/",
    read,
    write: Some(Write {
        folders: true,
        not: &[
            Carries::Masks,
            Carries::Crowd,
            Carries::Attributes,
            Carries::ClassOrder,
            Carries::ClassIds,
            Carries::Sizes,
            Carries::Supercategories,
        ],
        write,
    }),
};

/// Folders of labels, and those of images beside them.
const FOLDERS: [(&str, &str); 3] = [("label_2", "image_2"), ("label_02", "image_02"), ("labels", "images")];
/// Folders of images that have no labels of their own.
const OTHER_CAMERAS: [&str; 4] = ["image_3", "image_03", "prev_2", "prev_3"];
/// Folders of pictures, beside [`IMAGES`].
const PICTURES: [(&str, Part); 3] =
    [("instance", Part::Instances), ("semantic", Part::Classes), ("semantic_rgb", Part::Other)];
const IMAGES: &str = "image_2";
/// Why regions, and objects in them, are left out.
pub const DONT_CARE: &str = "dont-care";
/// Attributes of objects: the part that is cut off, and how far they are hidden, where a flag does not say it all.
const TRUNCATED: &str = "truncated";
const OCCLUDED: &str = "occluded";
/// The angle that they are seen under, and the numbers in space.
const ALPHA: &str = "alpha";
const SPACE: [&str; 7] = ["height", "width", "length", "x", "y", "z", "rotation_y"];
/// What an angle is that is not known.
const UNSEEN: f64 = -10.0;

/// What KITTI's columns say beyond a class and a box, which objects have as attributes where a flag does not say it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Columns {
    /// The part that is cut off, 0 to 1.
    pub truncated: Option<f64>,
    /// 0 seen, 1 partly hidden, 2 largely hidden, 3 unknown.
    pub occluded: Option<f64>,
    /// The angle that it is seen under.
    pub alpha: Option<f64>,
    /// Height, width and length in metres, the place, and the turn around the upright axis.
    pub space: Option<[f64; 7]>,
}

impl Columns {
    /// What `attributes` say of them; nothing in space where a number is missing, which others may call so for themselves.
    pub fn of(attributes: &[(Box<str>, Box<str>)]) -> Self {
        let value = |name: &str| text::number(&attributes.iter().find(|(known, _)| **known == *name)?.1);
        let space = SPACE.map(value);
        Self {
            truncated: value(TRUNCATED).filter(|part| (0.0..=1.0).contains(part)),
            occluded: value(OCCLUDED).filter(|state| [0.0, 1.0, 2.0, 3.0].contains(state)),
            alpha: value(ALPHA),
            space: space.iter().all(Option::is_some).then(|| space.map(Option::unwrap_or_default)),
        }
    }

    /// The same as attributes, without what a flag says as well and what is not known; `text` is that of a number in a column, of those
    /// behind the class.
    pub fn attributes(&self, text: impl Fn(usize, f64) -> Box<str>) -> Vec<(Box<str>, Box<str>)> {
        let space = self.space.filter(|space| space.iter().any(|number| *number != 0.0));
        let beyond = |value: Option<f64>| value.filter(|value| ![0.0, 1.0, -1.0].contains(value));
        let seen = self.alpha.filter(|alpha| *alpha != UNSEEN && (space.is_some() || *alpha != 0.0));
        let single = [(0, TRUNCATED, beyond(self.truncated)), (1, OCCLUDED, beyond(self.occluded)), (2, ALPHA, seen)];
        let space =
            (7..).zip(SPACE).zip(space.into_iter().flatten()).map(|((place, name), value)| (place, name, Some(value)));
        let some = |(place, name, value): (usize, &str, Option<f64>)| Some((name.into(), text(place, value?)));
        single.into_iter().chain(space).filter_map(some).collect()
    }

    /// The angle that an object is seen under, as it is written: where nobody gave it, 0, and -10 of one whose place in space is known.
    pub fn angle(&self) -> f64 {
        self.alpha.unwrap_or(if self.space.is_some() { UNSEEN } else { 0.0 })
    }

    /// Whether an attribute stands in them.
    pub fn hold(&self, name: &str) -> bool {
        match name {
            TRUNCATED => self.truncated.is_some(),
            OCCLUDED => self.occluded.is_some(),
            ALPHA => self.alpha.is_some(),
            name => self.space.is_some() && SPACE.contains(&name),
        }
    }
}

fn label_files(tree: &Tree) -> Vec<FileId> {
    // A list of names or of images; but an image may be called so.
    let is_list = |stem: &str| {
        let stem = stem.to_ascii_lowercase();
        stem.starts_with("readme") || ["classes", "labels", "train", "val", "test", "trainval"].contains(&&*stem)
    };
    let has_image = |stem: &str| tree.files().any(|(_, file)| file.image && stem_of(&file.path) == stem);
    let is_label = |file: &FileId| {
        let stem = stem_of(tree.path(*file));
        !is_list(stem) || has_image(stem)
    };
    let files: Vec<FileId> = tree.annotations(&["txt"]).filter(is_label).collect();
    let named = |file: &FileId| FOLDERS.iter().any(|(labels, _)| per_image::lies_in(tree.path(*file), &[labels]));
    if files.iter().any(named) {
        return files.into_iter().filter(named).collect();
    }
    let mut folders: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
    for file in &files {
        folders.entry(folder_of(tree.path(*file))).or_default().push(*file);
    }
    let fits = |files: &[FileId]| per_image::example(tree, files, |line| object(line).is_ok(), |_| false).is_some();
    let fitting: HashSet<&str> = folders.iter().filter(|(_, files)| fits(files)).map(|(folder, _)| *folder).collect();
    if fitting.is_empty() {
        return files;
    }
    files.into_iter().filter(|file| fitting.contains(folder_of(tree.path(*file)))).collect()
}

/// The folder of labels that belongs to an image's path, if that lies in one of the challenge's folders of images.
fn labels_beside(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder_of(path).split('/').collect();
    let challenge = |part: &str| FOLDERS[..2].iter().find(|(_, images)| images.eq_ignore_ascii_case(part));
    let (place, labels) = parts.iter().enumerate().rev().find_map(|(place, part)| Some((place, challenge(part)?.0)))?;
    parts.truncate(place);
    parts.push(labels);
    Some(parts.join("/") + "/")
}

/// The part of a label file's path up to the folder of labels, in small letters.
fn folder_with_labels(path: &str) -> Option<String> {
    let parts: Vec<&str> = folder_of(path).split('/').collect();
    let is_one = |part: &&str| FOLDERS[..2].iter().any(|(labels, _)| labels.eq_ignore_ascii_case(part));
    let place = parts.iter().rposition(is_one)?;
    Some((parts.get(..=place)?.join("/") + "/").to_ascii_lowercase())
}

fn detect(tree: &Tree) -> Option<Evidence> {
    let certain = |reason| Some(Evidence { confidence: Confidence::Certain, reason });
    let files = label_files(tree);
    if let Some(example) = example_of_labels(tree, &files) {
        return certain(format!("{} has a class and 14 or 15 numbers in each line", tree.path(example)));
    }
    let scenes = scenes(tree);
    let picture = |scene: &Scene| Some((scene.instances.or(scene.classes)?, scene.instances.is_some()));
    let first = scenes.values().find_map(picture);
    if let Some((file, instances)) = first.filter(|(file, _)| is_beside_images(tree, tree.path(*file)))
        && scheme().explains(tree, file, instances)
    {
        let what = if instances { "instances" } else { "classes" };
        return certain(format!("{} is a picture of KITTI's {what}", tree.path(file)));
    }
    per_image::by_folder_alone(tree, &files, "label_2")
}

fn example_of_labels(tree: &Tree, files: &[FileId]) -> Option<FileId> {
    per_image::example(tree, files, |line| object(line).is_ok(), |_| false)
}

fn scheme() -> class_pictures::Scheme {
    class_pictures::cityscapes(Numbers::BytesFromOne)
}

/// What the folder of a path is a picture's of, and the path of its image.
fn part_of(path: &str) -> Option<(Part, String)> {
    let folder = file_name(folder_of(path));
    let (name, part) = PICTURES.iter().find(|(name, _)| name.eq_ignore_ascii_case(folder))?;
    Some((*part, parallel_path(path, &[name], IMAGES)))
}

/// Whether a path is a picture's, and there are images where they have to be.
fn is_beside_images(tree: &Tree, path: &str) -> bool {
    let Some((_, image)) = part_of(path) else { return false };
    tree.find(0, &image).is_some() || tree.files().any(|(_, file)| file.image && lies_in_root(tree, file, IMAGES))
}

/// Whether a file lies in a folder of this name, which may be that of its root.
fn lies_in_root(tree: &Tree, file: &super::tree::File, name: &str) -> bool {
    per_image::lies_in(&file.path, &[name]) || tree.root_name(file.root).eq_ignore_ascii_case(name)
}

/// The scenes that have pictures, by the paths of their images.
fn scenes(tree: &Tree) -> BTreeMap<String, Scene> {
    match tree.only() {
        Some(_) => BTreeMap::new(),
        None => class_pictures::scenes(tree, part_of, |image| (image.to_owned(), None)),
    }
}

fn read_pictures(tree: &Tree, options: &LoadOptions, scenes: BTreeMap<String, Scene>) -> Reading {
    let (pages, unread) = class_pictures::read_all(tree, options, scenes.into_values(), &scheme());
    let mut reading = pages::gather(tree, Kind::List, pages, Vec::new());
    reading.dataset.outlines_unread = unread;
    reading
}

/// The object of a line and its class.
fn object(line: &str) -> Result<(String, Object), String> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let count = fields.len();
    let (Some((class, numbers)), 15 | 16) = (fields.split_first(), count) else {
        return Err(format!("{count} fields, an object has 15 or 16"));
    };
    if text::number(class).is_some() {
        return Err(format!("{class:?} is no name of a class"));
    }
    let parsed: Result<Vec<f64>, String> =
        numbers.iter().map(|field| text::number(field).ok_or_else(|| format!("{field:?} is no number"))).collect();
    let parsed = parsed?;
    let [truncated, occluded, alpha, x0, y0, x1, y1, space @ ..] = &parsed[..] else {
        return Err("numbers are missing".into());
    };
    let (space, score) = space.split_at_checked(7).ok_or("numbers are missing")?;
    let mut object = Object { bbox: [*x0, *y0, *x1, *y1], score: score.first().copied(), ..Object::default() };
    if *truncated >= 0.0 {
        object.flags |= flag::HAS_TRUNCATED | if *truncated > 0.0 { flag::TRUNCATED } else { 0 };
    }
    if (0.0..3.0).contains(occluded) {
        object.flags |= flag::HAS_OCCLUDED | if *occluded > 0.0 { flag::OCCLUDED } else { 0 };
    }
    let columns = Columns {
        truncated: Some(*truncated),
        occluded: Some(*occluded),
        alpha: Some(*alpha),
        space: space.try_into().ok(),
    };
    object.attributes = columns.attributes(|place, _| numbers.get(place).copied().unwrap_or_default().into());
    Ok(((*class).to_owned(), object))
}

/// What a file says, each object with the name of its class.
pub fn parse(source: &str) -> Parsed<String> {
    let mut ignored = Vec::new();
    let parsed = each_line(source, |line, content, problems| {
        let (class, object) = object(content)?;
        if class == "DontCare" {
            ignored.push(object.bbox);
            problems.push((ProblemKind::IgnoredField, line, "a DontCare region; left out".into()));
            return Ok(None);
        }
        Ok(Some((class, object)))
    });
    Parsed { ignored, ..parsed }
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = label_files(tree);
    let scenes = scenes(tree);
    if !scenes.is_empty() && example_of_labels(tree, &files).is_none() {
        return Ok(read_pictures(tree, options, scenes));
    }
    if files.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let labelled: HashSet<String> = files.iter().filter_map(|file| folder_with_labels(tree.path(*file))).collect();
    let is_known =
        |path: &str| labels_beside(path).is_none_or(|folder| labelled.contains(&folder.to_ascii_lowercase()));
    let mut files = per_image::parse_all(tree, &files, options.workers, parse);
    // Regions are told once, with their number.
    let mut regions = 0;
    for parsed in files.iter_mut().filter_map(|labels| labels.content.as_mut().ok()) {
        let before = parsed.problems.len();
        parsed.problems.retain(|(kind, ..)| *kind != ProblemKind::IgnoredField);
        regions += before - parsed.problems.len();
    }
    let mut remarks = Vec::new();
    if regions > 0 {
        remarks.push(format!("DontCare regions, left out: {regions}"));
        skipped.count(DONT_CARE, Ledger { images: 0, objects: regions as u64 });
    }
    let is_picture = |path: &str| part_of(path).is_some_and(|(_, image)| tree.find(0, &image).is_some());
    let is_left = |path: &str| !per_image::lies_in(path, &OTHER_CAMERAS) && !is_picture(path);
    let unknown = tree.files().filter(|(_, file)| file.image && is_left(&file.path) && !is_known(&file.path)).count();
    if unknown > 0 {
        remarks.push(format!("images of folders without labels, of which nothing is known; left out: {unknown}"));
        skipped.count("without-labels", Ledger { images: unknown as u64, objects: 0 });
    }
    let layout = Layout {
        image_path: &|path| FOLDERS.iter().fold(path.to_owned(), |path, (from, to)| parallel_path(&path, &[from], to)),
        split_of: &|_, path| splits::of_folders(tree, path),
        // The right camera's images have the same names, and no labels.
        is_image: &|path| is_left(path) && is_known(path),
        belongs: &|_| true,
        negatives: true,
    };
    let class = |name: String, _: &str, builder: &mut Builder| Ok(builder.class(&name));
    per_image::push_all(tree, files, &layout, class, &mut builder, &mut problems, &mut skipped);
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// What is not known is 0, in space too; a class is one word.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let folder = |split| word_of(split, ["training", "validation", "testing"]);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |_, image| {
        let mut text = String::new();
        for object in ready.objects_of(image) {
            let objects = &ready.dataset.objects;
            let flags = objects.flags.get(object.row).copied().unwrap_or(0);
            let columns = Columns::of(objects.attributes.get(object.row).map_or(&[][..], |all| all));
            let state = |value: Option<f64>, has: u16, is: u16| match (value, flags) {
                (Some(value), _) => value,
                (None, flags) if flags & is != 0 => 1.0,
                (None, flags) if flags & has != 0 => 0.0,
                _ => -1.0,
            };
            let truncated = state(columns.truncated, flag::HAS_TRUNCATED, flag::TRUNCATED);
            let occluded = state(columns.occluded, flag::HAS_OCCLUDED, flag::OCCLUDED);
            let numbers = [truncated, occluded, columns.angle()].into_iter().chain(object.bbox);
            text += one_word(ready.class_of(object)).as_ref();
            for number in numbers.chain(columns.space.unwrap_or_default()) {
                text += &format!(" {}", Plain(number));
            }
            if let Some(score) = objects.score.get(object.row) {
                text += &format!(" {}", Plain(*score));
            }
            text.push('\n');
        }
        put(sink, &format!("{}/label_2/{}.txt", folder(image.split), stem(&image.name)), text.as_bytes())
    })?;
    put_images(ready, sink, |image| format!("{}/image_2/{}", folder(image.split), image.name))?;
    Ok(remark_words(ready))
}
