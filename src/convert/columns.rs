//! Which optional lists the records of a run have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::options::{MaskForm, Segmentation};
use super::schema::attributes;
use crate::dataset::{Dataset, Split, flag};

/// Optional lists of objects. One is written for all images if any object has it, and has a value for each object then
/// (formats.md 3.3: optional lists are absent, or as long as the boxes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// `image/key/sha256`
    pub sha256: bool,
    /// `image/object/difficult`
    pub difficult: bool,
    /// `image/object/id`
    pub id: bool,
    /// `image/object/is_crowd`
    pub crowd: bool,
    /// `image/object/mask`, in which form.
    pub masks: MaskForm,
    /// `image/segmentation/*`, `image/panoptic/*`, in which form.
    pub maps: Segmentation,
    /// `image/object/occluded`
    pub occluded: bool,
    /// `image/object/truncated`
    pub truncated: bool,
    /// `image/object/view`
    pub view: bool,
    /// `image/object/area`
    pub area: bool,
    /// `image/object/attribute/*`
    pub attributes: bool,
    /// `image/object/bbox/confidence`
    pub confidence: bool,
    /// `image/object/corners/{x,y}`
    pub corners: bool,
    /// `image/object/depiction`
    pub depiction: bool,
    /// `image/object/group_of`
    pub group_of: bool,
    /// `image/object/track/label`
    pub track: bool,
    /// `image/object/weight`
    pub weight: bool,
    /// `image/object/keypoint/*`: how many each object has there; 0 where nobody has any.
    pub keypoints: u32,
    /// `image/object/alpha`, `image/object/3d_bbox/*`
    pub space: bool,
    /// `image/caption`
    pub captions: bool,
    /// `image/class/{label,text}`
    pub labels: bool,
}

impl Columns {
    /// What any object of `dataset` has, masks in the form of `masks`.
    pub fn of(dataset: &Dataset, masks: MaskForm) -> Self {
        let drawn = has_shapes(dataset);
        let flags = dataset.objects.flags.iter().fold(0, |all, flags| all | flags);
        Self {
            sha256: false,
            space: false,
            attributes: !dataset.objects.attributes.is_empty(),
            difficult: flags & flag::HAS_DIFFICULT != 0,
            crowd: flags & flag::HAS_CROWD != 0,
            masks: if drawn { masks } else { MaskForm::None },
            maps: Segmentation::None,
            occluded: flags & flag::HAS_OCCLUDED != 0,
            truncated: flags & flag::HAS_TRUNCATED != 0,
            id: all_have_ids(dataset),
            view: !dataset.objects.pose.is_empty(),
            area: !dataset.objects.area.is_empty(),
            confidence: !dataset.objects.score.is_empty(),
            corners: !dataset.objects.corners.is_empty(),
            depiction: dataset
                .objects
                .attributes
                .iter()
                .any(|(_, all)| all.iter().any(|(name, value)| attributes::is_depiction(name, value))),
            group_of: flags & flag::HAS_GROUP_OF != 0,
            track: !dataset.objects.track.is_empty(),
            weight: all_are_weights(dataset),
            keypoints: dataset.objects.keypoints.iter().map(|(_, points)| points.len() as u32).max().unwrap_or(0),
            captions: !dataset.images.captions.is_empty(),
            labels: !dataset.images.labels.is_empty(),
        }
    }
}

/// Whether objects have weights, and what is called so is one.
fn all_are_weights(dataset: &Dataset) -> bool {
    let mut weights = dataset.objects.attributes.iter().filter_map(|(_, all)| attributes::weight(all)).peekable();
    weights.peek().is_some() && weights.all(|weight| !weight.is_nan())
}

/// Whether any object has an outline, a mask or a turned box.
pub fn has_shapes(dataset: &Dataset) -> bool {
    let objects = &dataset.objects;
    !(objects.polygons.is_empty() && objects.masks.is_empty() && objects.corners.is_empty())
}

/// Whether there are objects, and each has an id. There is no number that stands for none.
pub fn all_have_ids(dataset: &Dataset) -> bool {
    !dataset.objects.is_empty() && dataset.objects.id.iter().count() == dataset.objects.len()
}

/// Whether ids tell the objects of a split apart. Those of files that count alike do not.
pub fn ids_differ(dataset: &Dataset, rows: &[(usize, u64)], splits: &[Split]) -> bool {
    let mut ids: BTreeMap<Split, Vec<i64>> = BTreeMap::new();
    for ((row, _), split) in rows.iter().zip(splits) {
        let ids = ids.entry(*split).or_default();
        ids.extend(dataset.objects_of(*row).filter_map(|object| dataset.objects.id.get(object)));
    }
    ids.into_values().all(all_differ)
}

/// Whether no two are the same. They come nearly sorted, which makes this several times as quick as a set of them.
pub fn all_differ(mut ids: Vec<i64>) -> bool {
    ids.sort_unstable();
    ids.windows(2).all(|pair| pair[0] != pair[1])
}
