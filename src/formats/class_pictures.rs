//! Pictures of classes and of instances that one table names: what Cityscapes, KITTI and Mapillary Vistas have in common.
//!
//! ```text
//! classes      a pixel is the number of a class
//! instances    class * 256 + n (Cityscapes: class * 1000 + n, and the class alone where it has no instances)
//! ```
//!
//! A picture of instances has its classes too, so that of the classes is opened where there is none, or none that can be
//! read. As of `semantic-masks`, there is one object per instance, and one per class of what has no instances; what is called
//! unlabeled, or has number 255 and no name, is nobody's.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use super::label_image::{self, Kind, LabelImage};
use super::pages::{Finding, Found, Page, Read, Sheet};
use super::text::Fault;
use super::tree::{FileId, Tree, file_name};
use super::{LoadOptions, parallel, semantic_masks, splits};
use crate::dataset::{Class, ProblemKind, flag};
use crate::image::runs;

/// What nobody labelled, where it has no name.
const NOBODYS: u32 = 255;

/// A class of the table; its place there is its number.
#[derive(Clone, Debug)]
pub struct Label {
    /// The class.
    pub class: Class,
    /// Whether it has instances.
    pub instances: bool,
}

impl Label {
    /// A class that stands at a place in the table.
    pub fn new(place: usize, name: &str, above: &str, instances: bool) -> Self {
        let class = Class { source_id: i64::try_from(place).ok(), supercategory: above.into(), ..Class::named(name) };
        Self { class, instances }
    }

    fn is_void(&self) -> bool {
        is_void(&self.class.name)
    }
}

/// Whether a name, of which the end counts (`void--unlabeled`), is that of what nobody labelled.
pub fn is_void(name: &str) -> bool {
    semantic_masks::is_void(name.rsplit("--").next().unwrap_or_default())
}

/// How the pixels of a picture of instances are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Cityscapes: from 1000 on thousands are the class, the rest the instance; below, all is the class.
    Thousands,
    /// KITTI: the upper byte is the class, the lower the instance, 0 where there is none.
    BytesFromOne,
    /// Mapillary Vistas: as KITTI, instances counting from 0.
    Bytes,
}

impl Numbers {
    /// The class of a value, and its instance, if it is one.
    fn of(self, value: u32) -> (u32, Option<u32>) {
        match self {
            Self::Thousands if value < 1000 => (value, None),
            Self::Thousands => (value / 1000, Some(value % 1000)),
            Self::BytesFromOne => (value / 256, Some(value % 256).filter(|instance| *instance > 0)),
            Self::Bytes => (value / 256, Some(value % 256)),
        }
    }
}

/// A table, and how pictures use it.
#[derive(Clone, Debug)]
pub struct Scheme {
    /// The classes by their numbers.
    pub labels: Vec<Label>,
    /// How instances are numbered.
    pub numbers: Numbers,
}

impl Scheme {
    fn is_known(&self, number: u32) -> bool {
        number == NOBODYS || self.labels.get(number as usize).is_some()
    }

    /// The classes that an object can be of, in order.
    pub fn classes(&self) -> Vec<Class> {
        self.labels.iter().filter(|label| !label.is_void()).map(|label| label.class.clone()).collect()
    }

    /// Whether the pixels of a picture are numbers of this table.
    pub fn explains(&self, tree: &Tree, file: FileId, instances: bool) -> bool {
        let class_of = |value: u32| if instances { self.numbers.of(value).0 } else { value };
        label_image::open(tree, file).is_ok_and(|picture| {
            let mut last = None;
            let mut fits = |value: &u32| last == Some(*value) || { self.is_known(class_of(*last.insert(*value))) };
            picture.kind != Kind::Colour && picture.values.iter().all(&mut fits)
        })
    }
}

/// The pictures of an image.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// What the image is called, or the path where it has to be.
    pub name: String,
    /// Another name that it may have.
    pub other_name: Option<String>,
    /// The picture of its classes.
    pub classes: Option<FileId>,
    /// The picture of its instances.
    pub instances: Option<FileId>,
    /// Other pictures of it, which are not read.
    pub others: Vec<FileId>,
}

impl Scene {
    /// All its pictures.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        [self.classes, self.instances].into_iter().flatten().chain(self.others.iter().copied())
    }
}

/// What a picture is of, by the end of its name or the folder that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Classes.
    Classes,
    /// Instances.
    Instances,
    /// Something that is not read: a preview in colours, or of another numbering.
    Other,
}

/// The scenes of a tree's own pictures, by key: `part` says of a path what it is of and the key of its scene, `name` of a key
/// what the image is called, and how else.
pub fn scenes(
    tree: &Tree,
    part: impl Fn(&str) -> Option<(Part, String)>,
    name: impl Fn(&str) -> (String, Option<String>),
) -> BTreeMap<String, Scene> {
    let mut scenes: BTreeMap<String, Scene> = BTreeMap::new();
    for (id, file) in tree.files().filter(|(_, file)| file.image && file.root == 0) {
        let Some((part, key)) = part(&file.path) else { continue };
        let scene = scenes.entry(key).or_default();
        match part {
            Part::Classes if scene.classes.is_none() => scene.classes = Some(id),
            Part::Instances if scene.instances.is_none() => scene.instances = Some(id),
            _ => scene.others.push(id),
        }
    }
    for (key, scene) in &mut scenes {
        (scene.name, scene.other_name) = name(key);
    }
    scenes
}

/// Reads the pictures of scenes, those that have any; gives also the number of masks that are left unread.
pub fn read_all(
    tree: &Tree,
    options: &LoadOptions,
    scenes: impl IntoIterator<Item = Scene>,
    scheme: &Scheme,
) -> (Vec<Read>, u64) {
    let scenes: Vec<(FileId, Scene)> =
        scenes.into_iter().filter_map(|scene| Some((scene.instances.or(scene.classes)?, scene))).collect();
    let unread = AtomicU64::new(0);
    let mut pages: Vec<Read> = scenes
        .iter()
        .map(|(file, _)| *file)
        .zip(parallel::map_each(scenes.len(), options.workers, |place| {
            let (file, scene) = &scenes[place];
            let mut page = page(tree, scene, *file, scheme)?;
            if options.boxes_only {
                let objects = page.sheets.iter_mut().flat_map(|sheet| &mut sheet.objects);
                let masks = objects.filter_map(|found| found.object.mask.take()).count();
                unread.fetch_add(masks as u64, Ordering::Relaxed);
            }
            Ok(page)
        }))
        .collect();
    // Said once, the order is that of all.
    if let Some(page) = pages.iter_mut().find_map(|(_, page)| page.as_mut().ok()) {
        page.classes = scheme.classes();
    }
    (pages, unread.into_inner())
}

fn page(tree: &Tree, scene: &Scene, file: FileId, scheme: &Scheme) -> Result<Page, Fault> {
    let mut page = Page { pictures: scene.files().collect(), ..Page::default() };
    let classes = || scene.classes.map(|classes| label_image::open(tree, classes));
    let (picture, numbers) = match scene.instances.map(|instances| label_image::open(tree, instances)) {
        Some(Ok(picture)) => (picture, Some(scheme.numbers)),
        Some(Err(fault)) => match classes() {
            Some(Ok(picture)) => {
                let message = format!("{}; the picture of classes alone is read", fault.message);
                page.findings.push((ProblemKind::UnreadableAnnotation, 0, message));
                (picture, None)
            }
            _ => return Err(fault),
        },
        None => (classes().ok_or_else(|| Fault::new(0, "there is no picture"))??, None),
    };
    if picture.kind == Kind::Colour {
        return Err(Fault::new(0, "the picture has colours instead of numbers"));
    }
    let mut sheet = Sheet {
        name: file_name(&scene.name).to_owned(),
        path: Some(scene.name.clone()),
        other_name: scene.other_name.clone(),
        size: (picture.width, picture.height),
        split: splits::of_folders(tree, tree.path(file)),
        ..Sheet::default()
    };
    add_objects(&picture, numbers, scheme, &mut sheet, &mut page.findings)?;
    page.sheets.push(sheet);
    Ok(page)
}

/// By class, then by instance.
fn add_objects(
    picture: &LabelImage,
    numbers: Option<Numbers>,
    scheme: &Scheme,
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let parts = picture.masks()?.into_iter().map(|(value, mask)| {
        let (class, instance) = numbers.map_or((value, None), |numbers| numbers.of(value));
        ((class, instance, value), mask)
    });
    for ((number, instance, value), mask) in parts.collect::<BTreeMap<_, _>>() {
        match scheme.labels.get(number as usize) {
            Some(label) if label.is_void() => {}
            Some(label) => {
                // What has instances and is none is several that nobody told apart.
                let group = numbers.is_some() && label.instances && instance.is_none();
                let found = Found::masked(&label.class.name, 0, mask)?;
                sheet.objects.push(found.flagged(flag::CROWD, group.then_some(true)));
            }
            None if number == NOBODYS => {}
            None => {
                let pixels = runs::area(&mask.runs);
                let message = format!("{pixels} pixels of {value}, which is no class's");
                findings.push((ProblemKind::BadEntry, 0, message));
                sheet.lost += 1;
            }
        }
    }
    Ok(())
}

/// The classes of Cityscapes, which are those of KITTI too: `labels` of `cityscapesscripts/helpers/labels.py` in
/// <https://github.com/mcordts/cityscapesScripts>, name and category by id. License plates have no id there.
const CITYSCAPES: [(&str, &str); 34] = [
    ("unlabeled", "void"),
    ("ego vehicle", "void"),
    ("rectification border", "void"),
    ("out of roi", "void"),
    ("static", "void"),
    ("dynamic", "void"),
    ("ground", "void"),
    ("road", "flat"),
    ("sidewalk", "flat"),
    ("parking", "flat"),
    ("rail track", "flat"),
    ("building", "construction"),
    ("wall", "construction"),
    ("fence", "construction"),
    ("guard rail", "construction"),
    ("bridge", "construction"),
    ("tunnel", "construction"),
    ("pole", "object"),
    ("polegroup", "object"),
    ("traffic light", "object"),
    ("traffic sign", "object"),
    ("vegetation", "nature"),
    ("terrain", "nature"),
    ("sky", "sky"),
    ("person", "human"),
    ("rider", "human"),
    ("car", "vehicle"),
    ("truck", "vehicle"),
    ("bus", "vehicle"),
    ("caravan", "vehicle"),
    ("trailer", "vehicle"),
    ("train", "vehicle"),
    ("motorcycle", "vehicle"),
    ("bicycle", "vehicle"),
];

/// Those of them that have instances (`hasInstances`).
const WITH_INSTANCES: RangeInclusive<usize> = 24..=33;

/// The table of Cityscapes, for pictures that are numbered in one way or the other.
pub fn cityscapes(numbers: Numbers) -> Scheme {
    let label = |(place, (name, above)): (usize, &(&str, &str))| {
        Label::new(place, name, above, WITH_INSTANCES.contains(&place))
    };
    Scheme { labels: CITYSCAPES.iter().enumerate().map(label).collect(), numbers }
}

/// Whether a class of Cityscapes has instances, so that a group of them is a crowd.
pub fn has_instances(name: &str) -> bool {
    CITYSCAPES[WITH_INSTANCES].iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_classes_and_instances() {
        for (numbers, value, wanted) in [
            (Numbers::Thousands, 26, (26, None)),
            (Numbers::Thousands, 26_000, (26, Some(0))),
            (Numbers::Thousands, 33_012, (33, Some(12))),
            (Numbers::BytesFromOne, 26 * 256, (26, None)),
            (Numbers::BytesFromOne, 26 * 256 + 3, (26, Some(3))),
            (Numbers::Bytes, 55 * 256, (55, Some(0))),
        ] {
            assert_eq!(numbers.of(value), wanted, "{numbers:?} {value}");
        }
    }

    #[test]
    fn the_table_of_cityscapes() {
        let scheme = cityscapes(Numbers::Thousands);
        let named = |number: usize| (scheme.labels[number].class.name.as_str(), scheme.labels[number].instances);
        assert_eq!([named(0), named(7), named(23)], [("unlabeled", false), ("road", false), ("sky", false)]);
        assert_eq!([named(24), named(26), named(33)], [("person", true), ("car", true), ("bicycle", true)]);
        assert_eq!((scheme.classes().len(), scheme.classes()[0].source_id), (33, Some(1)));
        assert!(has_instances("caravan") && !has_instances("pole") && !has_instances("sky"));
        assert!(scheme.is_known(33) && scheme.is_known(255) && !scheme.is_known(34));
    }
}
