//! Cityscapes: a file of polygons per image, or pictures of its classes and instances.
//!
//! ```text
//! gtFine/train/aachen/aachen_000000_000019_gtFine_polygons.json   {"imgHeight", "imgWidth", "objects": [{"label": "car", "polygon":
//!                                                                  [[x, y]], "deleted"?}]}
//! gtFine/train/aachen/aachen_000000_000019_gtFine_instanceIds.png   class, or class * 1000 + number of the instance
//! gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png      class
//! leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png
//! ```
//!
//! Specification: <https://github.com/mcordts/cityscapesScripts>. Pixels are 0-based.
//!
//! Decisions
//! - The image is called `_leftImg8bit` instead of `_gtFine_polygons` or `_gtCoarse_polygons`.
//! - `cargroup` is a crowd of `car`, for the classes that have instances. Objects that are `deleted` do not count.
//! - Pictures are read of scenes that have no polygons ([`class_pictures`]); a class that has instances and says none is a crowd.
//!   Other pictures (`_color`, `_labelTrainIds`) are not read.
//! - Of a scene that has both `_gtFine_` and `_gtCoarse_` annotations, the fine ones count.

use std::collections::{BTreeMap, HashSet};

use super::class_pictures::{self, Numbers, Part, Scene};
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::{FileId, Tree, file_name};
use super::{Carries, Confidence, Evidence, Format, FormatError, LoadOptions, Reading};
use crate::dataset::flag;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "cityscapes",
    aliases: &["cityscapes-polygons"],
    title: "Cityscapes",
    specification: "https://github.com/mcordts/cityscapesScripts",
    layout: "\
gtFine/train/aachen/x_gtFine_polygons.json  leftImg8bit/train/aachen/x_leftImg8bit.png
gtFine/train/aachen/x_gtFine_{instanceIds,labelIds}.png                  (without polygons)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Crowd,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::ClassIds,
        Carries::Sizes,
        Carries::Supercategories,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"imgHeight\" and \"objects\", or pictures a_instanceIds.png, a_labelIds.png (Cityscapes)",
    read,
    write: None,
};

/// What stands behind the scene in a name.
const FINE: &str = "_gtFine";
const COARSE: &str = "_gtCoarse";
/// What the name of a polygon file ends with.
const POLYGONS: &str = "_polygons.json";
/// What the names of pictures end with.
const PICTURES: [(&str, Part); 5] = [
    ("_instanceIds.png", Part::Instances),
    ("_labelIds.png", Part::Classes),
    ("_color.png", Part::Other),
    ("_labelTrainIds.png", Part::Other),
    ("_instanceTrainIds.png", Part::Other),
];

fn look(head: &[u8]) -> bool {
    Head::of(head).has_all(&["imgHeight", "imgWidth"])
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "Cityscapes' polygons", look).or_else(|| {
        let scheme = class_pictures::cityscapes(Numbers::Thousands);
        let scenes = scenes(tree);
        let picture = |scene: &Scene| Some((scene.instances.or(scene.classes)?, scene.instances.is_some()));
        let (file, instances) = scenes.values().find_map(picture)?;
        scheme.explains(tree, file, instances).then(|| {
            let what = if instances { "instances" } else { "classes" };
            let reason = format!("{} is a picture of Cityscapes' {what}", tree.path(file));
            Evidence { confidence: Confidence::Certain, reason }
        })
    })
}

/// The scenes that have pictures, by what their paths have before the kind of the picture.
fn scenes(tree: &Tree) -> BTreeMap<String, Scene> {
    if tree.only().is_some() {
        return BTreeMap::new();
    }
    let part = |path: &str| {
        let (part, key) = PICTURES.iter().find_map(|(end, part)| Some((*part, path.strip_suffix(end)?)))?;
        Some((part, key.to_owned()))
    };
    class_pictures::scenes(tree, part, |key| {
        let (name, other) = names(key);
        (name, Some(other))
    })
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &["json"], look);
    let mut scenes = scenes(tree);
    if files.is_empty() && scenes.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let beside = |file: &FileId| scenes.remove(tree.path(*file).strip_suffix(POLYGONS)?);
    let with_polygons: Vec<Option<Scene>> = files.iter().map(beside).collect();
    let fine: HashSet<String> = files
        .iter()
        .map(|file| tree.path(*file))
        .chain(scenes.keys().map(String::as_str))
        .filter_map(fine_scene)
        .collect();
    let is_coarse = |stem: &str| stem.strip_suffix(COARSE).is_some_and(|scene| fine.contains(scene));
    let (coarse_files, files): (Vec<FileId>, Vec<FileId>) =
        files.into_iter().partition(|file| file_name(tree.path(*file)).strip_suffix(POLYGONS).is_some_and(is_coarse));
    let mut remarks = Vec::new();
    if !coarse_files.is_empty() {
        remarks.push(format!("coarse polygons of images that have fine ones, left out: {}", coarse_files.len()));
    }
    let (coarse, scenes): (Vec<_>, Vec<_>) = scenes.into_iter().partition(|(key, _)| is_coarse(file_name(key)));
    if !coarse.is_empty() {
        remarks.push(format!("coarse pictures of images that have fine ones, left out: {}", coarse.len()));
    }
    let mut read = pages::read_each(tree, options, files, &|text, file| page(text, tree, file));
    let unused = with_polygons.into_iter().flatten().chain(coarse.into_iter().map(|(_, scene)| scene));
    let unused = unused.flat_map(|scene| scene.files().collect::<Vec<_>>()).chain(coarse_files);
    let unused: Vec<FileId> = unused.collect();
    let scenes = scenes.into_iter().map(|(_, scene)| scene);
    let scheme = class_pictures::cityscapes(Numbers::Thousands);
    let (pictures, unread) = class_pictures::read_all(tree, options, scenes, &scheme);
    read.extend(pictures);
    if let Some(page) = read.iter_mut().find_map(|(_, page)| page.as_mut().ok()) {
        page.pictures.extend(unused);
    }
    let mut reading = pages::gather(tree, Kind::List, read, remarks);
    reading.dataset.outlines_unread = unread;
    Ok(reading)
}

/// The scene of a file that was labelled finely.
fn fine_scene(path: &str) -> Option<String> {
    let name = file_name(path);
    name.strip_suffix(POLYGONS).unwrap_or(name).strip_suffix(FINE).map(str::to_owned)
}

/// What the image of an annotation is called, and what stands before the words of the kind.
fn names(path: &str) -> (String, String) {
    let name = file_name(path);
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_suffix("_polygons").unwrap_or(stem);
    let scene = [FINE, COARSE].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
    (format!("{scene}_leftImg8bit.png"), scene.to_owned())
}

fn page(text: &str, tree: &Tree, file: FileId) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let (name, other) = names(tree.path(file));
    let mut page = Page::default();
    let size = (root.pixels("imgWidth"), root.pixels("imgHeight"));
    let mut sheet = Sheet { name, other_name: Some(other), line: root.line, size, ..Sheet::default() };
    for node in root.list("objects") {
        let deleted = node.get("deleted").and_then(Node::as_flag) == Some(true);
        if !deleted {
            sheet.add(object(node), &mut page.findings);
        }
    }
    page.sheets.push(sheet);
    Ok(page)
}

fn object(node: &Node<'_>) -> Result<Found, Fault> {
    let label = node.word("label").ok_or_else(|| Fault::new(node.line, "the object has no label"))?;
    let group = label.strip_suffix("group").filter(|class| class_pictures::has_instances(class));
    let found = Found::outlined(group.unwrap_or(&label), node.line, vec![points(node.list("polygon"))?])?;
    Ok(found.flagged(flag::CROWD, group.map(|_| true)))
}

/// Points that are lists of two numbers.
pub(super) fn points(list: &[Node<'_>]) -> Result<Vec<[f64; 2]>, Fault> {
    let point = |point: &Node<'_>| match point.numbers()?[..] {
        [x, y] => Ok([x, y]),
        _ => Err(Fault::new(point.line, "a point is not one x and one y")),
    };
    list.iter().map(point).collect()
}
