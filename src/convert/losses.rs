//! What a dataset has and a target cannot hold: counted and named before anything is written.

use std::collections::BTreeMap;

use serde::Serialize;

use super::labels::Labels;
use super::options::{MaskForm, Options, Segmentation, SourceId};
use super::schema::attributes::is_depiction;
use super::schema::{MapForm, keys};
use crate::dataset::{Dataset, Split, flag};
use crate::formats::target::{MaskFit, Ready, ReadyImage, ReadyObject};
use crate::formats::{Carries, Format, kitti};

/// Something that the target cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// What, as in the table of formats.
    pub what: &'static str,
    /// Of how many objects, images or classes.
    pub number: u64,
    /// `objects`, `images` or `classes`.
    pub of: &'static str,
}

/// All losses in one phrase.
pub fn sentence(losses: &[Loss]) -> String {
    let of = |loss: &Loss| match (loss.number, loss.of) {
        (1, "classes") => "class",
        (1, of) => of.trim_end_matches('s'),
        (_, of) => of,
    };
    let parts: Vec<String> =
        losses.iter().map(|loss| format!("{} of {} {}", loss.what, loss.number, of(loss))).collect();
    parts.join(", ")
}

/// Whether records hold it.
pub fn record_holds(carries: Carries, options: &Options) -> bool {
    use Carries::*;
    let profile = options.schema.profile();
    let objects = profile.has_objects();
    match carries {
        Boxes | Negatives => objects,
        // Places in a list of names.
        ClassIds => !profile.zero_based,
        Splits | ClassOrder | Sizes | Fractions => true,
        Masks => {
            let maps = profile.maps != MapForm::None && options.segmentation != Segmentation::None;
            profile.has(&keys::MASK) && !matches!(options.masks, MaskForm::None | MaskForm::Auto) || maps
        }
        ImageIds => profile.has(&keys::SOURCE_ID) && options.source_id == SourceId::Id,
        Keypoints | KeypointOrder | Hidden => profile.has(&keys::KEYPOINT_X),
        Crowd => profile.has(&keys::IS_CROWD) || profile.has(&keys::GROUP_OF),
        Area => profile.has(&keys::AREA),
        Score => profile.has(&keys::CONFIDENCE),
        Attributes => profile.has(&keys::ATTRIBUTES),
        Corners => profile.has(&keys::CORNERS_X),
        Tracks => profile.has(&keys::TRACK),
        Difficult => profile.has(&keys::DIFFICULT),
        Truncated => profile.has(&keys::TRUNCATED) || profile.has(&keys::TRUNCATED_PART),
        Occluded => profile.has(&keys::OCCLUDED),
        Pose => profile.has(&keys::VIEW),
        Captions => profile.has(&keys::CAPTION),
        ImageLabels => profile.has(&keys::LABELS) || profile.has(&keys::LABEL),
        _ => false,
    }
}

/// Whether records without attributes in general have keys of their own for all of these.
pub fn record_holds_as_keys(attributes: &[(Box<str>, Box<str>)], options: &Options) -> bool {
    let profile = options.schema.profile();
    let known = kitti::Columns::of(attributes);
    // KITTI's script does not take how far an object is hidden.
    let known = kitti::Columns { occluded: None, ..known };
    attributes.iter().all(|(name, value)| {
        profile.has(&keys::ALPHA) && known.hold(name) || profile.has(&keys::DEPICTION) && is_depiction(name, value)
    })
}

/// What of the images `rows` of `dataset` a target that `holds` so much does not hold; of attributes `as_fields` says it of those of an
/// object.
pub fn losses(
    dataset: &Dataset,
    rows: &[usize],
    splits: &[Split],
    labels: &Labels,
    holds: impl Fn(Carries) -> bool,
    as_fields: impl Fn(&[(Box<str>, Box<str>)]) -> bool,
) -> Vec<Loss> {
    let mut found: BTreeMap<Carries, (u64, &'static str)> = BTreeMap::new();
    let mut count = |carries: Carries, of: &'static str, number: u64| {
        if number > 0 && !holds(carries) {
            found.entry(carries).or_insert((0, of)).0 += number;
        }
    };
    for row in rows {
        objects(dataset, *row, &holds, &as_fields, |carries| count(carries, "objects", 1));
        let images = &dataset.images;
        let mut image = |carries, has: bool| count(carries, "images", has.into());
        image(Carries::Captions, images.captions.get(*row).is_some());
        image(Carries::ImageLabels, images.labels.get(*row).is_some());
        let held = |carries, there: bool| there && holds(carries);
        let says = held(Carries::Captions, images.captions.get(*row).is_some())
            || held(Carries::ImageLabels, images.labels.get(*row).is_some());
        image(Carries::Negatives, dataset.objects_of(*row).is_empty() && !says);
        image(Carries::ImageIds, images.id.get(*row).is_some());
    }
    if splits.iter().any(|split| *split != splits[0]) {
        count(Carries::Splits, "images", splits.len() as u64);
    }
    let numbered = (1..).zip(labels.map.labels()).filter(|(number, label)| *number != label.id).count();
    count(Carries::ClassIds, "classes", numbered as u64);
    if dataset.classes_ordered && !dataset.classes.is_sorted_by(|a, b| a.name <= b.name) {
        count(Carries::ClassOrder, "classes", dataset.classes.len() as u64);
    }
    let above = dataset.classes.iter().filter(|class| !class.supercategory.is_empty()).count();
    count(Carries::Supercategories, "classes", above as u64);
    let classes = dataset.classes.iter().zip(pointed(dataset, rows)).zip(&labels.of_class);
    for ((class, pointed), _) in classes.filter(|(_, label)| label.is_some()) {
        // Each class is told once: that points are lost says that so is what they are called and how they are joined.
        if !pointed && !holds(Carries::UnusedKeypoints) {
            count(Carries::UnusedKeypoints, "classes", (!class.keypoints.is_empty()).into());
        } else if holds(Carries::Keypoints) {
            count(Carries::KeypointOrder, "classes", (class.keypoints.len() > 1).into());
            count(Carries::Skeletons, "classes", (!class.skeleton.is_empty()).into());
        }
    }
    if labels.renumbered > 0 {
        found.entry(Carries::ClassIds).or_insert((labels.renumbered, "classes"));
    }
    // What was passed over when the annotations were read is one or the other.
    let unread = Some(dataset.outlines_unread).filter(|number| *number > 0 && !holds(Carries::Polygons));
    let unread = unread.map(|number| Loss { what: "outlines or masks", number, of: "objects" });
    let maps = Some(dataset.maps_unread).filter(|number| *number > 0);
    let maps = maps.map(|number| Loss { what: "maps of classes", number, of: "images" });
    let found = found.into_iter().map(|(carries, (number, of))| Loss { what: carries.word(), number, of });
    unread.into_iter().chain(maps).chain(found).collect()
}

/// Which classes have an object with a labelled keypoint in the images `rows`.
fn pointed(dataset: &Dataset, rows: &[usize]) -> Vec<bool> {
    let mut pointed = vec![false; dataset.classes.len()];
    for object in rows.iter().flat_map(|row| dataset.objects_of(*row)) {
        let points = dataset.objects.keypoints.get(object).map_or(&[][..], |points| points);
        if points.iter().any(|point| point.visibility > 0)
            && let Some(class) = pointed.get_mut(dataset.objects.class[object] as usize)
        {
            *class = true;
        }
    }
    pointed
}

/// Areas of objects of the images `rows` that are no whole numbers, which a schema has them as.
pub fn cut_areas(dataset: &Dataset, rows: &[usize]) -> Option<Loss> {
    let objects = rows.iter().flat_map(|row| dataset.objects_of(*row));
    let areas = objects.filter_map(|object| dataset.objects.area.get(object));
    let number = areas.filter(|area| area.fract() != 0.0).count() as u64;
    (number > 0).then_some(Loss { what: Carries::Area.word(), number, of: "objects" })
}

/// Masks that no target can hold, since they have another shape than their image.
pub fn unfit_masks(ready: &Ready<'_>) -> Option<Loss> {
    let unfit = |image: &ReadyImage, object: &ReadyObject| {
        let mask = ready.dataset.objects.masks.get(object.row);
        mask.is_some_and(|mask| image.frame.mask_fit((mask.width, mask.height)) == MaskFit::Other)
    };
    let of_image =
        |image: &ReadyImage| ready.objects_of(image).iter().filter(|object| unfit(image, object)).count() as u64;
    let number = ready.images.iter().map(of_image).sum();
    (number > 0).then_some(Loss { what: Carries::Masks.word(), number, of: "objects" })
}

/// Images of several classes, of which the target holds the first.
pub fn unfit_labels(ready: &Ready<'_>, target: &Format) -> Option<Loss> {
    let several = |image: &&ReadyImage| target.one_label() && ready.labels(image).len() > 1;
    let number = ready.images.iter().filter(several).count() as u64;
    (number > 0).then_some(Loss { what: Carries::ImageLabels.word(), number, of: "images" })
}

/// Classes that become the only one of the target.
pub fn unfit_classes(ready: &Ready<'_>, target: &Format) -> Option<Loss> {
    let only = target.only_class()?;
    let number = ready.classes.iter().filter(|class| class.name != only).count() as u64;
    (number > 0).then_some(Loss { what: "names", number, of: "classes" })
}

/// What the objects of image `row` have. To a target that holds outlines a turned box is one, if the object has no other; which
/// keypoints are hidden is nothing of its own where they are lost themselves.
fn objects(
    dataset: &Dataset,
    row: usize,
    holds: &impl Fn(Carries) -> bool,
    as_fields: &impl Fn(&[(Box<str>, Box<str>)]) -> bool,
    mut has: impl FnMut(Carries),
) {
    let objects = &dataset.objects;
    let (outlines, pointed) = (holds(Carries::Polygons), holds(Carries::Keypoints));
    for object in dataset.objects_of(row) {
        let mut when = |carries, there: bool| {
            if there {
                has(carries);
            }
        };
        let flags = objects.flags[object];
        when(Carries::Boxes, true);
        when(Carries::Crowd, flags & flag::CROWD != 0);
        when(Carries::Difficult, flags & flag::DIFFICULT != 0);
        when(Carries::Truncated, flags & flag::TRUNCATED != 0);
        when(Carries::Occluded, flags & flag::OCCLUDED != 0);
        when(Carries::Polygons, objects.polygons.get(object).is_some());
        when(Carries::Masks, objects.masks.get(object).is_some());
        let points = objects.keypoints.get(object);
        when(Carries::Keypoints, points.is_some());
        when(Carries::Hidden, pointed && points.is_some_and(|points| points.iter().any(|point| point.visibility == 1)));
        let drawn = objects.polygons.get(object).is_some() || objects.masks.get(object).is_some();
        when(Carries::Corners, objects.corners.get(object).is_some() && (drawn || !outlines));
        when(Carries::Score, objects.score.get(object).is_some());
        when(Carries::Tracks, objects.track.get(object).is_some());
        when(Carries::Attributes, objects.attributes.get(object).is_some_and(|all| !as_fields(all)));
        when(Carries::Pose, objects.pose.get(object).is_some_and(|pose| **pose != *"Unspecified"));
        let [x0, y0, x1, y1] = objects.bbox[object];
        let of_box = ((x1 - x0) * (y1 - y0)).abs();
        // An area that the box has by itself is not lost.
        let own = |area: &f64| (area - of_box).abs() > 0.01 * of_box.max(1.0);
        when(Carries::Area, objects.area.get(object).is_some_and(own));
        let fraction = [x0, y0, x1, y1].iter().any(|side| side.fract().abs() > 1e-6);
        when(Carries::Fractions, fraction && !objects.normalised[object]);
    }
}
