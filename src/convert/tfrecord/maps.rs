//! Objects of records that have no boxes, but a picture of classes (deeplab's records) or of classes and instances (Model Garden's
//! panoptic ones): one for each class, or each instance. 0 is nothing, and of classes alone 255 is what nobody labelled.

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

/// What the pictures show, with classes by their numbers.
pub fn objects(example: &Example<'_>) -> Result<Vec<(ClassKey, Object)>, String> {
    let picture = |key: &str| bytes(example, key).filter(|bytes| !bytes.is_empty()).map(|bytes| read(key, bytes));
    for [classes, instances] in PAIRS {
        if let (Some(categories), Some(instances)) = (picture(classes), picture(instances)) {
            let masks = categories?.masks_with(&instances?).map_err(|fault| format!("{classes}: {}", fault.message))?;
            return Ok(masks
                .into_iter()
                .filter(|((class, _), _)| *class != 0)
                .map(|((class, _), mask)| of(class, mask))
                .collect());
        }
    }
    let Some(classes) = picture(CLASSES) else { return Ok(Vec::new()) };
    let masks = classes?.masks().map_err(|fault| format!("{CLASSES}: {}", fault.message))?;
    Ok(masks.into_iter().filter(|(class, _)| !matches!(class, 0 | 255)).map(|(class, mask)| of(class, mask)).collect())
}

fn read(key: &str, bytes: &[u8]) -> Result<LabelImage, String> {
    let picture = label_image::read(bytes).map_err(|fault| format!("{key}: {}", fault.message))?;
    match picture.kind {
        Kind::Colour => Err(format!("{key} has colours, not numbers of classes")),
        Kind::Gray | Kind::Indexed(_) => Ok(picture),
    }
}

fn of(class: u32, mask: Mask) -> (ClassKey, Object) {
    let bbox = runs::bounds(&mask.runs, mask.height).unwrap_or_default().map(|side| side as f64);
    (ClassKey { label: Some(class.into()), text: None }, Object { bbox, mask: Some(mask), ..Object::default() })
}
