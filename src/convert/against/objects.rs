//! What is said of one image, in the source and in its record.

use std::collections::{BTreeMap, BTreeSet};

use crate::convert::options::{MaskForm, Options, SchemaKind};
use crate::convert::schema;
use crate::dataset::{Dataset, Keypoint, Sparse, flag};
use crate::formats::target::{Ready, ReadyImage, ReadyObject};
use crate::image::runs;

use super::Comparison;

/// Fractions are of 32 bits; with what is rounded on the way there, they hold a size to four millionths of it.
const FRACTION: f64 = 1.0 / (1 << 22) as f64;

/// In what image or object differ.
pub(super) struct Difference {
    pub kind: &'static str,
    /// Row of the source's object.
    pub object: Option<usize>,
    pub message: String,
}

/// What the records have of any object at all.
pub(super) struct Carried<'d> {
    /// Of images as a whole.
    captions: bool,
    labels: bool,
    masks: bool,
    keypoints: bool,
    corners: bool,
    area: bool,
    /// Areas are cut to whole numbers.
    whole_area: bool,
    score: bool,
    track: bool,
    pose: bool,
    /// Names of free attributes.
    attributes: BTreeSet<&'d str>,
    /// Bits of [`flag`].
    flags: u16,
}

/// Flags and the bits that say that the source has them.
const FLAGS: [(&str, u16, u16); 4] = [
    ("difficult", flag::DIFFICULT, flag::HAS_DIFFICULT),
    ("truncated", flag::TRUNCATED, flag::HAS_TRUNCATED),
    ("occluded", flag::OCCLUDED, flag::HAS_OCCLUDED),
    ("crowd", flag::CROWD, flag::HAS_CROWD),
];

impl<'d> Carried<'d> {
    pub(super) fn of(sides: impl Iterator<Item = &'d Dataset> + Clone, schema: SchemaKind) -> Self {
        let any = |has: fn(&Dataset) -> bool| sides.clone().any(has);
        Self {
            captions: any(|side| !side.images.captions.is_empty()),
            labels: any(|side| !side.images.labels.is_empty()),
            masks: any(|side| !side.objects.masks.is_empty()),
            keypoints: any(|side| !side.objects.keypoints.is_empty()),
            corners: any(|side| !side.objects.corners.is_empty()),
            area: any(|side| !side.objects.area.is_empty()),
            whole_area: schema.profile().whole_areas,
            score: any(|side| !side.objects.score.is_empty()),
            track: any(|side| !side.objects.track.is_empty()),
            pose: any(|side| !side.objects.pose.is_empty()),
            attributes: sides.clone().flat_map(named_attributes).collect(),
            flags: sides.flat_map(|side| side.objects.flags.iter()).fold(0, |all, flags| all | flags),
        }
    }

    /// Says once what the source has, the options do not leave out, and no record has.
    pub(super) fn say_missing(&self, ready: &Ready<'_>, options: &Options, found: &mut Comparison) {
        // The other schemas have no more than boxes, or no objects.
        let profile = options.schema.profile();
        if options.schema != SchemaKind::Tfod && !profile.has_one_class() {
            return;
        }
        let images = |has: &dyn Fn(&ReadyImage) -> bool| ready.images.iter().filter(|image| has(image)).count();
        for (word, there, count) in [
            ("captions", self.captions, images(&|image| !ready.captions(image).is_empty())),
            ("classes", self.labels, images(&|image| !ready.label_names(image).is_empty())),
        ] {
            if count > 0 && !there {
                found.add("lost", None, None, format!("{word} of {count} images: no record has any"));
            }
        }
        if !profile.has_objects() {
            return;
        }
        let objects = &ready.dataset.objects;
        let count = |has: &dyn Fn(usize) -> bool| ready.objects.iter().filter(|object| has(object.row)).count();
        let drawn = |row: usize| objects.polygons.get(row).is_some() || objects.masks.get(row).is_some();
        let labelled = |row: usize| {
            objects.keypoints.get(row).is_some_and(|points| points.iter().any(|point| point.visibility > 0))
        };
        let rows: [(&str, bool, usize); 7] = [
            ("masks", self.masks || options.masks == MaskForm::None, count(&drawn)),
            ("keypoints", self.keypoints, count(&labelled)),
            ("corners", self.corners, count(&|row| objects.corners.get(row).is_some())),
            ("area", self.area, count(&|row| objects.area.get(row).is_some())),
            ("score", self.score, count(&|row| objects.score.get(row).is_some())),
            ("track", self.track, count(&|row| objects.track.get(row).is_some())),
            ("pose", self.pose, count(&|row| objects.pose.get(row).is_some())),
        ];
        let flags = FLAGS.map(|(word, bit, has)| {
            let set = count(&|row| objects.flags[row] & bit != 0);
            (word, self.flags & (bit | has) != 0, set)
        });
        let mut attributes: BTreeMap<&str, usize> = BTreeMap::new();
        for object in &ready.objects {
            let all = objects.attributes.get(object.row).into_iter().flatten();
            let names: BTreeSet<&str> = all.filter(|(_, value)| !value.is_empty()).map(|(name, _)| &**name).collect();
            names.into_iter().for_each(|name| *attributes.entry(name).or_default() += 1);
        }
        for (name, count) in attributes.into_iter().filter(|(name, _)| !self.attributes.contains(name)) {
            found.add("lost", None, None, format!("attribute {name:?} of {count} objects: no record has any"));
        }
        for (word, there, count) in rows.into_iter().chain(flags) {
            if count > 0 && !there {
                found.add("lost", None, None, format!("{word} of {count} objects: no record has any"));
            }
        }
    }
}

fn named_attributes(side: &Dataset) -> impl Iterator<Item = &str> {
    side.objects.attributes.iter().flat_map(|(_, all)| all).map(|(name, _)| &**name)
}

/// The attribute's value, of several the first; empty where the object has none. Blanks at its ends are not read.
fn attribute<'d>(dataset: &'d Dataset, row: usize, name: &str) -> &'d str {
    let mut all = dataset.objects.attributes.get(row).into_iter().flatten();
    all.find(|(known, _)| **known == *name).map_or("", |(_, value)| value.trim())
}

/// Captions and classes of an image as a whole.
pub(super) fn of_image(ready: &Ready<'_>, image: &ReadyImage, side: &Dataset, row: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    let captions: &[Box<str>] = side.images.captions.get(row).map_or(&[], |captions| captions);
    if !side.images.captions.is_empty() && captions != ready.captions(image) {
        let message = format!("captions are {captions:?}, in the source {:?}", ready.captions(image));
        found.push(Difference { kind: "image-captions", object: None, message });
    }
    let labels: Vec<&str> =
        side.images.labels.get(row).into_iter().flatten().map(|class| class_name(side, *class)).collect();
    let wanted = ready.label_names(image);
    if !side.images.labels.is_empty() && labels != wanted {
        let message = format!("classes of the image are {labels:?}, in the source {wanted:?}");
        found.push(Difference { kind: "image-classes", object: None, message });
    }
    found
}

fn class_name(side: &Dataset, class: u32) -> &str {
    side.classes.get(class as usize).map_or("", |class| &class.name)
}

/// How many objects are as they must be, and what is different.
pub(super) fn of_objects(
    ready: &Ready<'_>,
    image: &ReadyImage,
    side: &Dataset,
    row: usize,
    carried: &Carried<'_>,
) -> (u64, Vec<Difference>) {
    let wanted = ready.objects_of(image);
    let mut left: Vec<usize> = side.objects_of(row).collect();
    let near = [image.width, image.height].map(|size| f64::from(size) * FRACTION);
    let same_class =
        |object: &ReadyObject, other: usize| ready.class_of(object) == class_name(side, side.objects.class[other]);
    let same_box = |object: &ReadyObject, other: usize| {
        let is = side.objects.bbox[other];
        (0..4).all(|at| (object.bbox[at] - is[at]).abs() <= near[at % 2])
    };
    // First who is the same in both; of those that are left the first of the same box, then the first of the same class.
    let mut partners: Vec<Option<usize>> = vec![None; wanted.len()];
    type Test<'t> = &'t dyn Fn(&ReadyObject, usize) -> bool;
    let same: Test<'_> = &|object, other| same_class(object, other) && same_box(object, other);
    for test in [same, &same_box, &same_class] {
        for (object, partner) in wanted.iter().zip(&mut partners).filter(|(_, partner)| partner.is_none()) {
            if let Some(at) = left.iter().position(|other| test(object, *other)) {
                *partner = Some(left.remove(at));
            }
        }
    }
    let mut found = Vec::new();
    let mut equal = 0;
    for (object, partner) in wanted.iter().zip(partners) {
        let class = ready.class_of(object);
        let Some(other) = partner else {
            let message = format!("{class:?} at {} is not in the record", shown(object.bbox));
            found.push(Difference { kind: "object-missing", object: Some(object.row), message });
            continue;
        };
        let before = found.len();
        let mut tell = |kind, message| found.push(Difference { kind, object: Some(object.row), message });
        if !same_class(object, other) {
            let is = class_name(side, side.objects.class[other]);
            tell("object-class", format!("class is {is:?}, in the source {class:?}, at {}", shown(object.bbox)));
        }
        if !same_box(object, other) {
            let is = shown(side.objects.bbox[other]);
            tell("object-box", format!("box of {class:?} is {is}, in the source {}", shown(object.bbox)));
        }
        details(ready, image, object, side, other, carried, &mut tell);
        equal += u64::from(found.len() == before);
    }
    for other in left {
        let (class, bbox) = (class_name(side, side.objects.class[other]), side.objects.bbox[other]);
        let message = format!("{class:?} at {} is in the record, and not in the source", shown(bbox));
        found.push(Difference { kind: "object-extra", object: None, message });
    }
    (equal, found)
}

fn shown([x0, y0, x1, y1]: [f64; 4]) -> String {
    format!("[{x0:.2}, {y0:.2}, {x1:.2}, {y1:.2}]")
}

fn details(
    ready: &Ready<'_>,
    image: &ReadyImage,
    object: &ReadyObject,
    side: &Dataset,
    other: usize,
    carried: &Carried<'_>,
    tell: &mut dyn FnMut(&'static str, String),
) {
    let objects = &ready.dataset.objects;
    let theirs = &side.objects;
    let class = ready.class_of(object);
    let at = shown(object.bbox);
    let (flags, is) = (ready.flags(object), theirs.flags[other]);
    for (word, bit, has) in FLAGS {
        if flags & has != 0 && carried.flags & (bit | has) != 0 && flags & bit != is & bit {
            let said = |flags: u16| if flags & bit != 0 { "set" } else { "not set" };
            tell("object-flag", format!("{word} of {class:?} at {at} is {}, in the source {}", said(is), said(flags)));
        }
    }
    // What a turned box is painted as says no more than its corners, and is read as those.
    let turned = objects.corners.get(object.row).is_some() && objects.polygons.get(object.row).is_none();
    if carried.masks && !(turned && objects.masks.get(object.row).is_none()) {
        let wanted = schema::mask_runs(ready.dataset, object.row, image.frame).ok().flatten();
        let wanted = wanted.as_deref().filter(|wanted| runs::area(wanted) > 0);
        let is = theirs.masks.get(other).map(|mask| &*mask.runs);
        let pixels = |runs: Option<&[u32]>| runs.map_or(0, runs::area);
        let differ = match (wanted, is) {
            (Some(one), Some(two)) => runs::area(&runs::without(one, two)) + runs::area(&runs::without(two, one)),
            (one, two) => pixels(one) + pixels(two),
        };
        if differ > 0 {
            let (is, wanted) = (pixels(is), pixels(wanted));
            let message =
                format!("mask of {class:?} at {at} has {is} pixels, in the source {wanted}; {differ} are not the same");
            tell("object-mask", message);
        }
    }
    let near = f64::from(image.width.max(image.height)) * FRACTION;
    if carried.keypoints {
        let wanted = ready.keypoints(image, object).unwrap_or_default();
        let is: &[Keypoint] = theirs.keypoints.get(other).map_or(&[], |points| points);
        let same = |place: usize| {
            let none = Keypoint { x: 0.0, y: 0.0, visibility: 0 };
            let [one, two] = [&wanted[..], is].map(|points| points.get(place).copied().unwrap_or(none));
            one.visibility == two.visibility
                && (one.visibility == 0 || (one.x - two.x).abs() <= near && (one.y - two.y).abs() <= near)
        };
        let odd = (0..wanted.len().max(is.len())).filter(|place| !same(*place)).count();
        if odd > 0 {
            tell("object-keypoints", format!("{odd} keypoints of {class:?} at {at} are not those of the source"));
        }
    }
    if let Some(wanted) = ready.corners(image, object).filter(|_| carried.corners) {
        let same = theirs.corners.get(other).is_some_and(|is| {
            wanted.iter().zip(is).all(|(one, two)| (one[0] - two[0]).abs() <= near && (one[1] - two[1]).abs() <= near)
        });
        if !same {
            tell("object-corners", format!("corners of {class:?} at {at} are not those of the source"));
        }
    }
    let number = |is: Option<&f64>, wanted: Option<f64>| match (is, wanted) {
        // Numbers stand as 32 bits.
        (Some(is), Some(wanted)) => (is - wanted).abs() <= wanted.abs() * 1e-6,
        (_, None) => true,
        (None, Some(_)) => false,
    };
    let area = ready.area(image, object).map(|area| if carried.whole_area { area.trunc() } else { area });
    if carried.area && !number(theirs.area.get(other), area) {
        tell("object-area", format!("area of {class:?} at {at} is not that of the source"));
    }
    if carried.score && !number(theirs.score.get(other), objects.score.get(object.row).copied()) {
        tell("object-score", format!("score of {class:?} at {at} is not that of the source"));
    }
    let same = |is: Option<&i64>, column: &Sparse<i64>| is == column.get(object.row);
    if carried.track && !same(theirs.track.get(other), &objects.track) {
        tell("object-track", format!("track of {class:?} at {at} is not that of the source"));
    }
    // VOC's word for a pose that nobody gave is what records have for none.
    let text = |column: &Sparse<Box<str>>, row: usize| column.get(row).map_or("Unspecified", |text| &**text).to_owned();
    if carried.pose && text(&theirs.pose, other) != text(&objects.pose, object.row) {
        tell("object-pose", format!("pose of {class:?} at {at} is not that of the source"));
    }
    for name in &carried.attributes {
        let [is, wanted] = [attribute(side, other, name), attribute(ready.dataset, object.row, name)];
        if is != wanted {
            let message = format!("attribute {name:?} of {class:?} at {at} is {is:?}, in the source {wanted:?}");
            tell("object-attribute", message);
        }
    }
}
