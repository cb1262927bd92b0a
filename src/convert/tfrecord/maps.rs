//! Pictures of classes (deeplab's records) or of classes and instances (Model Garden's panoptic ones). Of a record without boxes they
//! are all that tells of objects: one for each class, or each instance. 0 is nothing, and of classes alone 255 is what nobody labelled.
//! What they say of objects that have boxes: [`super::regions`].

use super::record::{ClassKey, bytes};
use crate::dataset::{Mask, Object};
use crate::example::Example;
use crate::formats::label_image::{self, Kind, LabelImage};
use crate::image::runs;

const PAIRS: [[&str; 2]; 2] = [
    ["image/panoptic/category_mask", "image/panoptic/instance_mask"],
    ["image/panoptic/category/encoded", "image/panoptic/instance/encoded"],
];
const CLASSES: &str = "image/segmentation/class/encoded";

/// What the pictures of a record show.
#[derive(Debug, Default)]
pub struct Map {
    /// A class's number and its pixels, or those of one instance.
    pub regions: Vec<(i64, Mask)>,
    /// Whether instances are told apart.
    pub of_instances: bool,
    /// Width and height that the boxes are in; none where they are parts of the size.
    pub size: Option<(u32, u32)>,
}

impl Map {
    /// Of the pictures in `example`, if there are any.
    pub fn of(example: &Example<'_>, size: Option<(u32, u32)>) -> Result<Self, String> {
        let picture = |key: &str| bytes(example, key).filter(|bytes| !bytes.is_empty()).map(|bytes| read(key, bytes));
        for [classes, instances] in PAIRS {
            if let (Some(categories), Some(instances)) = (picture(classes), picture(instances)) {
                let masks =
                    categories?.masks_with(&instances?).map_err(|fault| format!("{classes}: {}", fault.message))?;
                let seen = masks.into_iter().filter(|((class, _), _)| *class != 0);
                let regions = seen.map(|((class, _), mask)| (class.into(), mask)).collect();
                return Ok(Self { regions, of_instances: true, size });
            }
        }
        let Some(classes) = picture(CLASSES) else { return Ok(Self::default()) };
        let masks = classes?.masks().map_err(|fault| format!("{CLASSES}: {}", fault.message))?;
        let seen = masks.into_iter().filter(|(class, _)| !matches!(class, 0 | 255));
        Ok(Self { regions: seen.map(|(class, mask)| (class.into(), mask)).collect(), of_instances: false, size })
    }

    /// An object of each region, with its class by its number.
    pub fn into_objects(self) -> Vec<(ClassKey, Object)> {
        let of = |(class, mask)| (ClassKey { label: Some(class), text: None }, object(mask));
        self.regions.into_iter().map(of).collect()
    }
}

fn read(key: &str, bytes: &[u8]) -> Result<LabelImage, String> {
    let picture = label_image::read(bytes).map_err(|fault| format!("{key}: {}", fault.message))?;
    match picture.kind {
        Kind::Colour => Err(format!("{key} has colours, not numbers of classes")),
        Kind::Gray | Kind::Indexed(_) => Ok(picture),
    }
}

/// What has these pixels.
pub fn object(mask: Mask) -> Object {
    let bbox = runs::bounds(&mask.runs, mask.height).unwrap_or_default().map(|side| side as f64);
    Object { bbox, mask: Some(mask), ..Object::default() }
}
