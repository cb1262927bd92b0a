//! Semantic masks: a picture beside each image, whose pixels are numbers or colours of classes.
//!
//! ```text
//! train/a.jpg  train/a_mask.png  train/_classes.csv                                    Roboflow: "Pixel Value, Class"
//! JPEGImages/a.jpg  SegmentationClass/a.png  SegmentationObject/a.png  labelmap.txt    CVAT, Datumaro: "name:r,g,b::"
//! images/a.jpg  masks/a.png  dataset_meta.json | classes.txt | class_dict.csv | ...    Datumaro and by hand
//! data/a.jpg  labels/a.png                                                             FiftyOne
//! train/a.png  trainannot/a.png (or train_labels/a_L.png)  label_colors.txt            CamVid
//! images/training/a.jpg  annotations/training/a.png  objectInfo150.txt                 ADE20K's scene parsing
//! ```
//!
//! Specification: <https://docs.cvat.ai/docs/dataset_management/formats/format-smask/>; Roboflow's `png-mask-semantic`; CamVid;
//! VOC's devkit, section 10. The masks are PNGs: gray of any depth, with a palette, or of colours.
//!
//! Decisions
//! - One object per class and image; where there is a picture of instances, one per instance and class. Its box is that around
//!   its pixels, and its mask their runs.
//! - What the values are called is in a file beside the masks or in a folder above ([`classes`]). Without one: the palette of
//!   the VOC challenge has its classes; masks of 0 and 255 alone have one class, `object`; else a class is called by its number
//!   or colour.
//! - Background is 0 or black, unless it has a name of its own. 255 and VOC's border without a name are what nobody labelled; so
//!   are classes called background, void, unlabeled, ignore, but for those above 0 in Roboflow's table.
//! - A list of names without numbers counts from 0, or from 1 where a mask has so high a value.
//! - Images that no mask belongs to are kept without objects, with a note.
//! - Written in Roboflow's form, class 1 being the first; where two objects overlap, the smaller one is seen.

mod classes;
mod pairs;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use self::classes::Maps;
use self::pairs::Pair;
use super::builder::{Builder, Entry};
use super::images::Match;
use super::label_image::{self, Kind, voc_colour};
use super::text::{self, Fault};
use super::tree::{ANNOTATION_EXTENSIONS, FileId, Tree, file_name, stem_of};
use super::voc::Sets;
use super::{
    Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, geometry,
    parallel, splits,
};
use crate::dataset::{Mask, Object, Place, ProblemKind, Problems, Skipped};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "semantic-masks",
    aliases: &["png-mask-semantic", "segmentation-masks", "mask-png", "camvid", "voc-segmentation"],
    title: "semantic masks in PNG",
    specification: "https://docs.cvat.ai/docs/dataset_management/formats/format-smask/",
    layout: "\
train/a.jpg  train/a_mask.png  train/_classes.csv                        also in valid/ test/ (Roboflow)
JPEGImages/a.jpg  SegmentationClass/a.png  SegmentationObject/a.png  ImageSets/Segmentation/*.txt  labelmap.txt  (CVAT)
images/a.jpg  masks/a.png  dataset_meta.json                             or classes.txt, class_dict.csv
data/a.jpg  labels/a.png                                                 (FiftyOne)
train/a.png  trainannot/a.png  label_colors.txt                          (CamVid)
images/training/a.jpg  annotations/training/a.png  objectInfo150.txt     (ADE20K scene parsing)",
    carries: &[Carries::Masks, Carries::Negatives, Carries::Splits, Carries::ClassOrder, Carries::Sizes],
    detect,
    looks_for: "PNG masks beside images (a_mask.png), or of their names in a folder such as masks/ or SegmentationClass/",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

/// Masks that detection looks at.
const SAMPLE: usize = 8;
/// Values of a mask that detection takes for one without knowing more.
const FEW: usize = 256;

/// The classes of the VOC challenge, from 1.
const VOC: [&str; 20] = [
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
];

/// What stands for a class in a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// A gray sample.
    Number(u32),
    /// A place in a palette, and the colour there.
    Indexed(u32, u32),
    /// A colour.
    Colour(u32),
}

impl Value {
    fn of(kind: &Kind, value: u32) -> Self {
        match kind {
            Kind::Gray => Self::Number(value),
            Kind::Indexed(palette) => Self::Indexed(value, palette.get(value as usize).copied().unwrap_or(0)),
            Kind::Colour => Self::Colour(value),
        }
    }

    /// Whether it is background, or what nobody labelled, where nothing else is said.
    fn is_nothing(self) -> bool {
        let border = label_image::colour(voc_colour(255));
        match self {
            Self::Number(value) | Self::Indexed(value, _) => matches!(value, 0 | 255),
            Self::Colour(shown) => shown == 0 || shown == border,
        }
    }

    /// What it is called where nothing else is said.
    fn own_name(self) -> String {
        match self {
            Self::Number(value) | Self::Indexed(value, _) => value.to_string(),
            Self::Colour(shown) => format!("#{shown:06x}"),
        }
    }
}

/// Whether a class is none.
pub(super) fn is_void(name: &str) -> bool {
    let known = ["background", "bg", "void", "unlabeled", "unlabelled", "ignore", "ignored", "unknown"];
    known.contains(&&*text::fold(name))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    // Formats with a file per image have masks beside it.
    if tree.only().is_some() || tree.annotations(&["xml"]).next().is_some() {
        return None;
    }
    let found = pairs::find(tree, SAMPLE);
    let masks: Vec<FileId> = found
        .iter()
        .filter(|pair| matches!(pair.image, Match::Found { .. }) || pair.instances.is_some())
        .map(|pair| pair.mask)
        .collect();
    let first = *masks.first()?;
    let picture = label_image::open(tree, first).ok()?;
    let values: BTreeSet<u32> = picture.values.iter().copied().collect();
    let mut others = tree.annotations(&ANNOTATION_EXTENSIONS).filter(|file| !is_ours(tree, *file));
    let named = tree.annotations(&["csv", "json", "txt"]).any(|file| classes::is_map(tree, file));
    let names: Vec<&str> = masks.iter().take(3).map(|file| tree.path(*file)).collect();
    let more = if masks.len() > 3 { " ..." } else { "" };
    let confidence = match values.len() <= FEW && others.next().is_none() {
        true => Confidence::Certain,
        false if named || values.len() <= FEW => Confidence::Likely,
        false => return None,
    };
    Some(Evidence { confidence, reason: format!("{}{more}: masks of images", names.join(", ")) })
}

/// Whether a file says nothing that another format could mean.
fn is_ours(tree: &Tree, file: FileId) -> bool {
    let path = tree.path(file);
    let stem = stem_of(path).to_ascii_lowercase();
    path.split('/').any(|part| part == "ImageSets")
        || ["readme", "license", "requirements"].iter().any(|known| stem.starts_with(known))
        || splits::of_word(&stem).is_some()
        || classes::is_map(tree, file)
}

/// An object as a mask has it.
struct Part {
    value: Value,
    mask: Mask,
}

/// What the masks of an image say.
struct Drawn {
    size: (u32, u32),
    parts: Vec<Part>,
    findings: Vec<(FileId, String)>,
}

fn read_pair(tree: &Tree, pair: &Pair) -> Result<Drawn, Fault> {
    let picture = |file| label_image::open(tree, file);
    let classes = picture(pair.mask)?;
    let mut findings = Vec::new();
    let masks = pair.instances.map(|file| {
        let masks = picture(file).and_then(|instances| Ok((classes.masks_with(&instances)?, instances)));
        masks.map_err(|fault| findings.push((file, fault.message)))
    });
    let mut parts: Vec<Part> = match masks {
        Some(Ok((masks, _))) => {
            masks.into_iter().map(|((value, _), mask)| Part { value: Value::of(&classes.kind, value), mask }).collect()
        }
        _ => {
            let masks = classes.masks()?;
            masks.into_iter().map(|(value, mask)| Part { value: Value::of(&classes.kind, value), mask }).collect()
        }
    };
    // By class, then from the left.
    parts.sort_by_key(|part| part.value);
    Ok(Drawn { size: (classes.width, classes.height), parts, findings })
}

/// Whether masks without names are those of the VOC challenge.
fn is_voc(drawn: &[Result<Drawn, Fault>]) -> bool {
    let values: BTreeSet<Value> = all_parts(drawn).map(|part| part.value).collect();
    let fits = |value: &Value| match *value {
        Value::Indexed(place, shown) => {
            (place <= VOC.len() as u32 || place == 255) && shown == label_image::colour(voc_colour(place))
        }
        _ => false,
    };
    !values.is_empty() && values.iter().all(fits)
}

fn all_parts(drawn: &[Result<Drawn, Fault>]) -> impl Iterator<Item = &Part> {
    drawn.iter().flatten().flat_map(|drawn| &drawn.parts)
}

/// The names of values that no file names.
struct Unnamed {
    voc: bool,
    /// Only 0 and the highest value are there.
    binary: bool,
}

impl Unnamed {
    fn of(drawn: &[Result<Drawn, Fault>]) -> Self {
        let high = |value: &Value| matches!(value, Value::Number(0 | 255) | Value::Colour(0 | 0xff_ffff));
        let is_set = |part: &Part| part.value != Value::Number(0) && part.value != Value::Colour(0);
        let binary = all_parts(drawn).all(|part| high(&part.value)) && all_parts(drawn).any(is_set);
        Self { voc: is_voc(drawn), binary }
    }

    /// Empty for what is no class.
    fn name(&self, value: Value) -> String {
        match value {
            Value::Number(255) | Value::Colour(0xff_ffff) if self.binary => "object".into(),
            Value::Indexed(place, _) if self.voc => {
                let at = (place as usize).checked_sub(1);
                at.and_then(|at| VOC.get(at)).map_or(String::new(), |name| (*name).to_owned())
            }
            value if value.is_nothing() => String::new(),
            value => value.own_name(),
        }
    }
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let pairs = pairs::find(tree, usize::MAX);
    if pairs.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut sets = Sets::read(tree, "Segmentation", &mut problems);
    let mut maps = Maps::read(tree, &mut problems);
    let drawn = parallel::map_each(pairs.len(), options.workers, |place| read_pair(tree, &pairs[place]));
    for (pair, drawn) in pairs.iter().zip(&drawn) {
        let Some(folder) = maps.folder_for(tree.path(pair.mask)).map(str::to_owned) else { continue };
        let numbers = drawn.iter().flat_map(|drawn| &drawn.parts).filter_map(|part| match part.value {
            Value::Number(value) | Value::Indexed(value, _) if value != 255 => Some(value),
            _ => None,
        });
        if let Some(highest) = numbers.max() {
            maps.count_from_one(&folder, highest);
        }
    }
    let mut remarks = Vec::new();
    let mut builder = Builder::default();
    let named = maps.all();
    if !named.is_empty() {
        let classes = named.iter().flat_map(|(_, map)| &map.named).filter(|named| named.is_class());
        builder.set_classes(classes.map(|named| named.name.clone()));
        remarks.push(format!("names of the classes: {}", tree.path(named[0].0)));
    }
    let unnamed = Unnamed::of(&drawn);
    let mut reader = Reader { tree, options, problems, skipped: Skipped::default(), taken: HashSet::new(), unread: 0 };
    for (pair, drawn) in pairs.iter().zip(drawn) {
        let map = maps.folder_for(tree.path(pair.mask)).and_then(|folder| maps.get(folder));
        let name = |value: Value| match map {
            Some(map) => map.name(value).map(str::to_owned).or_else(|| value.is_nothing().then(String::new)),
            None => Some(unnamed.name(value)),
        };
        let split = sets.split_of(tree.path(pair.mask)).or(pair.split);
        reader.pair(pair, drawn, split, name, &mut builder);
    }
    reader.add_unlabelled(&pairs, &mut sets, &mut builder);
    let Reader { problems, skipped, unread, .. } = reader;
    let mut dataset = builder.finish(tree);
    dataset.outlines_unread = unread;
    Ok(Reading { dataset, problems, skipped, remarks })
}

/// What was read so far.
struct Reader<'t> {
    tree: &'t Tree,
    options: &'t LoadOptions,
    problems: Problems,
    skipped: Skipped,
    taken: HashSet<FileId>,
    /// Objects whose masks are not kept.
    unread: u64,
}

impl Reader<'_> {
    fn pair(
        &mut self,
        pair: &Pair,
        drawn: Result<Drawn, Fault>,
        split: Option<crate::dataset::Split>,
        name: impl Fn(Value) -> Option<String>,
        builder: &mut Builder,
    ) {
        let path = self.tree.path(pair.mask);
        let image = match &pair.image {
            Match::Found { file, .. } => Some(*file),
            Match::Ambiguous(files) => {
                let paths: Vec<&str> = files.iter().map(|file| self.tree.path(*file)).collect();
                let message = format!("several images fit: {}", paths.join(", "));
                self.problems.push(ProblemKind::AmbiguousImage, Place::file(path), message);
                self.taken.extend(files.iter().copied());
                None
            }
            Match::Missing | Match::Outside => {
                let message = format!("no image is called {:?} (any image extension)", stem_of(path));
                self.problems.push(ProblemKind::MissingImage, Place::file(path), message);
                None
            }
        };
        if let Some(image) = image.filter(|image| !self.taken.insert(*image)) {
            let message = format!("{} has another mask", self.tree.path(image));
            self.problems.push(ProblemKind::DuplicateImage, Place::file(path), message);
            self.skipped.image(ProblemKind::DuplicateImage.word(), 0);
            return;
        }
        let drawn = match drawn {
            Ok(drawn) => drawn,
            Err(fault) => {
                self.problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), fault.message);
                self.skipped.image(ProblemKind::UnreadableAnnotation.word(), 0);
                return;
            }
        };
        for (file, message) in drawn.findings {
            self.problems.push(ProblemKind::UnreadableAnnotation, Place::file(self.tree.path(file)), message);
        }
        let mut objects = Vec::new();
        let mut nameless: BTreeMap<Value, u64> = BTreeMap::new();
        for Part { value, mask } in drawn.parts {
            let Some(name) = name(value) else {
                *nameless.entry(value).or_default() += crate::image::runs::area(&mask.runs);
                continue;
            };
            let Some(bbox) = geometry::mask_box(&mask).filter(|_| !name.is_empty()) else { continue };
            let mask = Some(mask).filter(|_| !self.options.boxes_only);
            self.unread += u64::from(mask.is_none());
            objects.push(Object { class: builder.class(&name), bbox, mask, ..Object::default() });
        }
        for (value, pixels) in nameless {
            let message = format!("{pixels} pixels of {}, which is no class's", value.own_name());
            self.problems.push(ProblemKind::BadEntry, Place::file(path), message);
            self.skipped.object(ProblemKind::BadEntry.word());
        }
        let split = split.or_else(|| splits::of_folders(self.tree, self.tree.path(image?)));
        let named = image.map_or(path, |image| self.tree.path(image));
        let entry = Entry {
            file: image,
            key: path.to_owned(),
            name: file_name(named).to_owned(),
            size: drawn.size,
            split,
            source: Some((pair.mask, 0)),
            ..Entry::default()
        };
        builder.push(entry, objects);
    }

    /// Images without a mask.
    fn add_unlabelled(&mut self, pairs: &[Pair], sets: &mut Sets, builder: &mut Builder) {
        let masks: HashSet<FileId> = pairs.iter().map(|pair| pair.mask).collect();
        for (id, file) in self.tree.files() {
            if !file.image || masks.contains(&id) || self.taken.contains(&id) || pairs::is_mask_folder(&file.path) {
                continue;
            }
            let message = "no mask belongs to this image; kept without objects";
            self.problems.push(ProblemKind::UnlabelledImage, Place::file(&*file.path), message);
            let split = sets.split_of(&file.path).or_else(|| splits::of_folders(self.tree, &file.path));
            let name = file_name(&file.path).to_owned();
            builder.push(Entry { file: Some(id), name, split, ..Entry::default() }, []);
        }
    }
}
