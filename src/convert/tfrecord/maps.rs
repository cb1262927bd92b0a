//! Objects of records that have no boxes, but a picture of classes (deeplab's records) or of classes and instances (Model Garden's
//! panoptic ones): one for each class, or each instance. 0 is nothing, and of classes alone 255 is what nobody labelled.
//!
//! Where there are boxes, and no masks of theirs, the pictures have these: an instance is that of the box of its class around it, and
//! of a picture of classes a box has the pixels of its class in it; those of two boxes are the smaller one's. What no box explains
//! is a fault: the record says one thing by its boxes, and another by its pictures.

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
    match segments(example)? {
        Some(segments) => Ok(segments),
        None => classes(example),
    }
}

/// Whether there is any picture.
pub fn are_there(example: &Example<'_>) -> bool {
    let there = |key: &str| picture(example, key).is_some();
    there(CLASSES) || PAIRS.iter().any(|keys| keys.iter().all(|key| there(key)))
}

/// Gives `boxes`, on an image of this size, what the pictures have of them, unless they are `drawn` already. What no box explains
/// is an error, of a picture of classes with nothing given.
pub fn fit(
    example: &Example<'_>,
    boxes: &mut [(ClassKey, Object)],
    size: Option<(u32, u32)>,
    drawn: bool,
) -> Result<(), String> {
    let fits = |mask: &Mask| size == Some((mask.width, mask.height));
    if let Some(segments) = segments(example)? {
        let (mut taken, mut lost) = (vec![false; boxes.len()], 0);
        for (key, segment) in segments {
            let free = (0..boxes.len()).filter(|place| !taken[*place] && boxes[*place].0.label == key.label);
            let near = free.filter_map(|place| Some((place, likeness(segment.bbox, boxes[place].1.bbox)?)));
            let Some(mask) = segment.mask.filter(fits) else { return Err("its maps have another size".into()) };
            match near.max_by(|a, b| a.1.total_cmp(&b.1)) {
                Some((place, _)) => {
                    taken[place] = true;
                    if !drawn {
                        boxes[place].1.mask = Some(mask);
                    }
                }
                None => lost += 1,
            }
        }
        return if lost == 0 { Ok(()) } else { Err(format!("segments of its maps without a box: {lost}")) };
    }
    if drawn {
        return Ok(());
    }
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|a, b| area(boxes[*a].1.bbox).total_cmp(&area(boxes[*b].1.bbox)));
    let mut given = Vec::new();
    for (key, class) in classes(example)? {
        let Some(mask) = class.mask.filter(fits) else { return Err(format!("{CLASSES} has another size")) };
        let mut rest = mask.runs.to_vec();
        for place in order.iter().copied().filter(|place| boxes[*place].0.label == key.label) {
            let outside = runs::without(&rest, &rectangle(boxes[place].1.bbox, mask.width, mask.height));
            let inside = runs::without(&rest, &outside);
            if runs::area(&inside) > 0 {
                given.push((place, Mask { runs: inside.into(), ..mask }));
            }
            rest = outside;
        }
        if runs::area(&rest) > 0 {
            let class = key.label.unwrap_or_default();
            return Err(format!("{CLASSES} has pixels of class {class} where no box of that class is"));
        }
    }
    given.into_iter().for_each(|(place, mask)| boxes[place].1.mask = Some(mask));
    Ok(())
}

fn area([x0, y0, x1, y1]: [f64; 4]) -> f64 {
    (x1 - x0).max(0.0) * (y1 - y0).max(0.0)
}

/// How much of a box what is `shown` takes; none where it leads out of the box by more than a pixel.
fn likeness(shown: [f64; 4], bbox: [f64; 4]) -> Option<f64> {
    let inside = (0..2).all(|side| shown[side] >= bbox[side] - 1.0 && shown[side + 2] <= bbox[side + 2] + 1.0);
    inside.then(|| area(shown) / area(bbox).max(1.0))
}

/// The pixels that a box touches, as runs.
fn rectangle([x0, y0, x1, y1]: [f64; 4], width: u32, height: u32) -> Vec<u32> {
    let [x0, x1] = [x0.floor(), x1.ceil()].map(|x| x.clamp(0.0, f64::from(width)) as u32);
    let [y0, y1] = [y0.floor(), y1.ceil()].map(|y| y.clamp(0.0, f64::from(height)) as u32);
    let tall = y1.saturating_sub(y0);
    let mut runs = vec![x0 * height + y0];
    for _ in x0..x1 {
        runs.extend([tall, height - tall]);
    }
    runs
}

fn picture<'a>(example: &Example<'a>, key: &str) -> Option<&'a [u8]> {
    bytes(example, key).filter(|bytes| !bytes.is_empty())
}

/// Each instance of pictures of classes and instances, if there are any.
fn segments(example: &Example<'_>) -> Result<Option<Vec<(ClassKey, Object)>>, String> {
    for [classes, instances] in PAIRS {
        if let (Some(categories), Some(numbers)) = (picture(example, classes), picture(example, instances)) {
            let (categories, numbers) = (read(classes, categories)?, read(instances, numbers)?);
            let masks = categories.masks_with(&numbers).map_err(|fault| format!("{classes}: {}", fault.message))?;
            let masks = masks.into_iter().filter(|((class, _), _)| *class != 0);
            return Ok(Some(masks.map(|((class, _), mask)| of(class, mask)).collect()));
        }
    }
    Ok(None)
}

/// Each class of a picture of classes.
fn classes(example: &Example<'_>) -> Result<Vec<(ClassKey, Object)>, String> {
    let Some(classes) = picture(example, CLASSES) else { return Ok(Vec::new()) };
    let masks = read(CLASSES, classes)?.masks().map_err(|fault| format!("{CLASSES}: {}", fault.message))?;
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
