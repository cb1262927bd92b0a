//! Maps of an image: a class, or an object, for each pixel, as PNG of 8 bit gray.
//!
//! ```text
//! semantic          image/segmentation/class/{encoded,format}                 id in the label map; 16 bit where one is above 255
//! panoptic          that, and image/panoptic/{category_mask,instance_mask}    Model Garden's create_coco_tf_record.py
//! panoptic-encoded  that, and image/panoptic/{category,instance}/{encoded,format}    Model Garden's tf_example_builder.py
//! ```
//!
//! 0 is what no object covers. Of objects that overlap the smaller one is seen. Instances are numbered from 1 in the order of the
//! objects; both panoptic pictures are of 8 bits, as their decoders read no others: an image of more objects, or a class with a
//! larger id, is a problem. An object that has a box alone is in no map.

use super::masks::runs_of;
use super::{Feature, Features};
use crate::convert::options::Segmentation;
use crate::dataset::{Dataset, Mask};
use crate::formats::label_image::Canvas;
use crate::formats::target::Frame;
use crate::image::mask::PIXELS;

/// The maps of an image, as PNG.
#[derive(Debug, Default)]
pub(super) struct ImageMaps {
    classes: Vec<u8>,
    instances: Vec<u8>,
}

impl ImageMaps {
    /// Draws `objects`: their rows in `dataset` and the ids of their classes.
    pub fn draw(dataset: &Dataset, objects: &[(usize, i64)], frame: Frame, form: Segmentation) -> Result<Self, String> {
        let (width, height) = frame.stored;
        if u64::from(width) * u64::from(height) > PIXELS {
            return Err(format!("an image of {width} x {height} pixels is too large for a map"));
        }
        let panoptic = form != Segmentation::Semantic;
        let limit = if panoptic { u8::MAX.into() } else { u16::MAX.into() };
        if let Some((_, id)) = objects.iter().find(|(_, id)| !(1..=limit).contains(id)) {
            return Err(format!("a class has id {id}, and a {form} map has 1 to {limit}"));
        }
        if panoptic && objects.len() > u8::MAX.into() {
            return Err(format!("{} objects, and a {form} map can tell 255 apart", objects.len()));
        }
        let mut masks = Vec::with_capacity(objects.len());
        for (number, (row, _)) in (1u32..).zip(objects) {
            // What is wrong with one was said where its own mask is drawn; here it covers nothing.
            if let Ok(Some(runs)) = runs_of(dataset, *row, frame) {
                masks.push((Mask { width, height, runs: runs.into_owned().into() }, number));
            }
        }
        let (mut canvas, _) = Canvas::painted(width, height, masks.iter().map(|(mask, number)| (mask, *number)));
        let instances = if panoptic { canvas.to_gray() } else { Vec::new() };
        let class = |number: u32| (number as usize).checked_sub(1).and_then(|place| objects.get(place));
        canvas.change(|number| class(number).map_or(0, |(_, id)| *id as u32));
        Ok(Self { classes: canvas.to_gray(), instances })
    }

    /// Adds those that `form` has.
    pub fn add<'a>(&'a self, form: Segmentation, features: &mut Features<'a>) {
        let (classes, instances) = (|| Feature::bytes(&*self.classes), || Feature::bytes(&*self.instances));
        let format = || Feature::text("png");
        match form {
            Segmentation::None => return,
            Segmentation::Semantic => {}
            Segmentation::Panoptic => {
                features.push(("image/panoptic/category_mask", classes()));
                features.push(("image/panoptic/instance_mask", instances()));
            }
            Segmentation::PanopticEncoded => {
                features.push(("image/panoptic/category/encoded", classes()));
                features.push(("image/panoptic/category/format", format()));
                features.push(("image/panoptic/instance/encoded", instances()));
                features.push(("image/panoptic/instance/format", format()));
            }
        }
        features.push(("image/segmentation/class/encoded", classes()));
        features.push(("image/segmentation/class/format", format()));
    }
}
