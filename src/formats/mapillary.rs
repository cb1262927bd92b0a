//! Mapillary Vistas: pictures of classes and instances, polygons, and a table of the classes.
//!
//! ```text
//! config.json, config_v2.0.json    {"labels": [{"name": "object--vehicle--car", "readable": "Car", "instances": true, "evaluate": true,
//!                                               "color": [r, g, b]}]}
//! training/images/a.jpg
//! training/instances/a.png         class * 256 + number of the instance
//! training/labels/a.png            class: its place in the table
//! training/v2.0/polygons/a.json    {"width", "height", "objects": [{"label": "object--vehicle--car", "polygon": [[x, y]]}]}
//! ```
//!
//! Specification: the readme and the `demo.py` of the dataset, <https://www.mapillary.com/dataset/vistas>. From 2.0 on there is a
//! folder for each version between the split and the pictures.
//!
//! Decisions
//! - Of several versions the latest is read, with the table of its name; where there is none of that name, the latest there is.
//! - Of an image's annotations polygons count, else the picture of instances, else that of classes ([`class_pictures`]).
//! - A class is called by its `name`, which is what polygons say; the class above is what stands before the last `--`.
//! - Panoptic pictures are not read; images without an annotation, as all of `testing`, are left out and counted.

use super::cityscapes::points;
use super::class_pictures::{self, Label, Numbers, Part, Scheme};
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::text::{self, Fault};
use super::tree::{FileId, Tree, file_name, folder_of, join, stem_of};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, splits};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "mapillary",
    aliases: &["mapillary-vistas", "vistas"],
    title: "Mapillary Vistas",
    specification: "https://www.mapillary.com/dataset/vistas",
    layout: "\
config.json  training/images/a.jpg  training/{instances,labels}/a.png                                       (1.2)
config_v2.0.json  training/images/a.jpg  training/v2.0/{polygons/a.json,instances/a.png,labels/a.png}       (2.0)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::ClassIds,
        Carries::Sizes,
        Carries::Supercategories,
        Carries::Fractions,
    ],
    detect,
    looks_for: "config.json with \"labels\" that have \"readable\" and \"evaluate\" (Mapillary Vistas)",
    read,
    write: None,
};

/// Size of a table that is still read.
const LIMIT: u64 = 16 << 20;
/// Folders of annotations, and what each is of; polygons besides.
const PICTURES: [(&str, Part); 3] =
    [("instances", Part::Instances), ("labels", Part::Classes), ("panoptic", Part::Other)];
const POLYGONS: &str = "polygons";
const IMAGES: &str = "images";

/// The tables of a tree.
fn configs(tree: &Tree) -> Vec<FileId> {
    let is_one = |file: &FileId| {
        tree.head(*file).is_ok_and(|head| Head::of(&head).inside("labels").has_all(&["readable", "evaluate"]))
    };
    let files = tree.annotations_around(&["json"]).filter(|file| At::of(tree.path(*file)).kind != POLYGONS);
    files.filter(is_one).collect()
}

fn detect(tree: &Tree) -> Option<Evidence> {
    Evidence::certain(tree, &configs(tree), "the classes of Mapillary Vistas")
}

/// The version that a word names, as numbers: `v2.0`.
fn version_of(word: &str) -> Option<[u32; 2]> {
    let (major, minor) = word.strip_prefix('v')?.split_once('.')?;
    Some([major.parse().ok()?, minor.parse().ok()?])
}

/// What the path of an annotation says.
struct At<'p> {
    /// The folder that it lies in.
    kind: &'p str,
    /// The version; none in a dataset that has one.
    version: Option<[u32; 2]>,
    /// The path of its image, but for the extension.
    image: String,
}

impl<'p> At<'p> {
    fn of(path: &'p str) -> Self {
        let folder = folder_of(path);
        let version = version_of(file_name(folder_of(folder)));
        let above = if version.is_some() { folder_of(folder_of(folder)) } else { folder_of(folder) };
        Self { kind: file_name(folder), version, image: join(&join(above, IMAGES), stem_of(path)) }
    }

    fn part(&self) -> Option<Part> {
        PICTURES.iter().find(|(kind, _)| *kind == self.kind).map(|(_, part)| *part)
    }
}

/// The table of a version, or else the latest.
fn config_of(tree: &Tree, version: Option<[u32; 2]>) -> Option<FileId> {
    let configs = configs(tree);
    let own = |file: &FileId| version_of(stem_of(tree.path(*file)).rsplit('_').next().unwrap_or_default());
    configs.iter().copied().find(|file| own(file) == version).or_else(|| configs.into_iter().max_by_key(own))
}

/// The classes that a table has.
fn scheme_of(source: &str) -> Result<Scheme, Fault> {
    let root = Node::parse(source, 1)?;
    let label = |(place, node): (usize, &Node<'_>)| {
        let name = node.text("name").or_else(|| node.text("readable")).map(text::trim).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Fault::new(node.line, format!("label {place} has no name")))?;
        let above = name.rsplit_once("--").map_or("", |(above, _)| above);
        Ok(Label::new(place, name, above, node.get("instances").and_then(Node::as_flag) == Some(true)))
    };
    let labels = root.list("labels").iter().enumerate().map(label).collect::<Result<_, Fault>>()?;
    Ok(Scheme { labels, numbers: Numbers::Bytes })
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let polygons: Vec<FileId> =
        tree.annotations_around(&["json"]).filter(|file| At::of(tree.path(*file)).kind == POLYGONS).collect();
    let pictures = || tree.files().filter(|(_, file)| file.image && file.root == 0).map(|(id, _)| id);
    let pictures: Vec<FileId> = pictures().filter(|file| At::of(tree.path(*file)).part().is_some()).collect();
    let version_of = |file: &FileId| At::of(tree.path(*file)).version;
    let latest = polygons.iter().chain(&pictures).map(version_of).max().flatten();
    let Some(config) = config_of(tree, latest) else { return Err(pages::nothing(&FORMAT)) };
    let at_config = |line| move |message: String| FormatError::syntax(message, tree.full_path(config), line);
    let source = tree.read(config, LIMIT).map_err(|error| at_config(0)(error.to_string()))?;
    let scheme = scheme_of(&text::decode(&source).text).map_err(|fault| at_config(fault.line)(fault.message))?;

    let mut remarks = vec![format!("names of the classes: {}", tree.path(config))];
    let (polygons, older): (Vec<FileId>, Vec<FileId>) =
        polygons.into_iter().partition(|file| version_of(file) == latest);
    // Other versions say the same of the same images.
    let mut unused: Vec<FileId> = pictures.into_iter().filter(|file| version_of(file) != latest).collect();
    if let Some([major, minor]) = latest.filter(|_| older.len() + unused.len() > 0) {
        remarks.push(format!("files of other versions than {major}.{minor}, left out: {}", older.len() + unused.len()));
    }
    let part = |path: &str| {
        let at = At::of(path);
        Some((at.part().filter(|_| at.version == latest)?, at.image))
    };
    let mut scenes = class_pictures::scenes(tree, part, |image| (format!("{image}.jpg"), None));
    for scene in polygons.iter().filter_map(|file| scenes.remove(&At::of(tree.path(*file)).image)) {
        unused.extend(scene.files());
    }
    let mut read = pages::read_each(tree, options, polygons, &|text, file| page(text, tree, tree.path(file)));
    let (of_pictures, unread) = class_pictures::read_all(tree, options, scenes.into_values(), &scheme);
    read.extend(of_pictures);
    if let Some(page) = read.iter_mut().find_map(|(_, page)| page.as_mut().ok()) {
        page.pictures.extend(unused);
        page.classes = scheme.classes();
    }
    let mut reading = pages::gather(tree, Kind::List, read, remarks);
    reading.dataset.outlines_unread = unread;
    Ok(reading)
}

/// The polygons of an image.
fn page(source: &str, tree: &Tree, path: &str) -> Result<Page, Fault> {
    let root = Node::parse(source, 1)?;
    let image = format!("{}.jpg", At::of(path).image);
    let mut page = Page::default();
    let mut sheet = Sheet {
        name: file_name(&image).to_owned(),
        path: Some(image),
        line: root.line,
        size: (root.pixels("width"), root.pixels("height")),
        split: splits::of_folders(tree, path),
        ..Sheet::default()
    };
    for node in root.list("objects") {
        if !node.text("label").is_some_and(class_pictures::is_void) {
            sheet.add(object(node), &mut page.findings);
        }
    }
    page.sheets.push(sheet);
    Ok(page)
}

fn object(node: &Node<'_>) -> Result<Found, Fault> {
    let label = node.word("label").ok_or_else(|| Fault::new(node.line, "the object has no label"))?;
    Found::outlined(&label, node.line, vec![points(node.list("polygon"))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let at = At::of("x/training/v2.0/polygons/a.json");
        assert_eq!((at.kind, at.version, &*at.image), ("polygons", Some([2, 0]), "x/training/images/a"));
        let at = At::of("training/labels/a.png");
        assert_eq!((at.kind, at.version, &*at.image), ("labels", None, "training/images/a"));
        assert_eq!((at.part(), At::of("training/images/a.jpg").part()), (Some(Part::Classes), None));
        assert!(version_of("v1.2") < version_of("v2.0") && version_of("v2.0") < version_of("v10.0"));
        assert_eq!((version_of("vx.0"), version_of("2.0")), (None, None));
    }

    #[test]
    fn tables() {
        let scheme =
            scheme_of(r#"{"labels": [{"name": "animal--bird", "instances": true}, {"readable": "Unlabeled"}]}"#);
        let labels = scheme.expect("a table").labels;
        assert_eq!((labels[0].class.name.as_str(), labels[0].instances), ("animal--bird", true));
        assert_eq!((labels[0].class.supercategory.as_str(), labels[1].class.name.as_str()), ("animal", "Unlabeled"));
        assert_eq!(scheme_of(r#"{"labels": [{"name": " "}]}"#).unwrap_err().message, "label 0 has no name");
    }
}
