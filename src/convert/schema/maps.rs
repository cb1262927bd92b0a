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
//!
//! Model Garden's script has other numbers: see [`Drawn::thing_or_stuff`].

use super::masks::runs_of;
use super::{Feature, MapForm};
use crate::convert::options::Segmentation;
use crate::dataset::{Dataset, Mask};
use crate::formats::label_image::Canvas;
use crate::formats::target::Frame;
use crate::image::mask::PIXELS;

/// What Model Garden's script takes from the id of a class that is stuff: COCO's things have ids up to 90.
const STUFF_OFFSET: i64 = 90;

/// An object in maps: its row in the dataset, and its number in each.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    row: usize,
    semantic: i64,
    category: i64,
    instance: i64,
}

impl Drawn {
    /// Object `row` of the class with `id`, the image's object `number`, from 1.
    pub fn plain(row: usize, id: i64, number: usize) -> Self {
        Self { row, semantic: id, category: id, instance: number as i64 }
    }

    /// The same in the numbers of Model Garden: a thing is 1 in the map of classes, stuff is the id - 90, and no instance.
    pub fn thing_or_stuff(row: usize, id: i64, number: usize, thing: bool) -> Self {
        match thing {
            true => Self { row, semantic: 1, category: id, instance: number as i64 },
            false => Self { row, semantic: id - STUFF_OFFSET, category: id, instance: 0 },
        }
    }
}

/// The maps of an image, as PNG.
#[derive(Debug, Default)]
pub(super) struct ImageMaps {
    semantic: Vec<u8>,
    categories: Option<Vec<u8>>,
    instances: Vec<u8>,
}

impl ImageMaps {
    /// Draws `objects`.
    pub fn draw(
        dataset: &Dataset,
        objects: &[Drawn],
        frame: Frame,
        form: Segmentation,
        of: MapForm,
    ) -> Result<Self, String> {
        let (width, height) = frame.stored;
        if u64::from(width) * u64::from(height) > PIXELS {
            return Err(format!("an image of {width} x {height} pixels is too large for a map"));
        }
        let panoptic = form != Segmentation::Semantic;
        let own = of == MapForm::ThingsAndStuff;
        let limit = if panoptic || own { u8::MAX.into() } else { u16::MAX.into() };
        let out = |drawn: &&Drawn| {
            !(1..=limit).contains(&drawn.semantic) || panoptic && !(1..=limit).contains(&drawn.category)
        };
        if let Some(drawn) = objects.iter().find(out) {
            let id = drawn.category;
            let most = if panoptic { limit } else { limit + STUFF_OFFSET };
            return Err(match own && drawn.semantic != 1 {
                true => {
                    format!("a class of stuff has id {id}, and Model Garden's map has {} to {most}", STUFF_OFFSET + 1)
                }
                false => format!("a class has id {id}, and a {form} map has 1 to {limit}"),
            });
        }
        if panoptic && objects.iter().any(|drawn| drawn.instance > u8::MAX.into()) {
            return Err(format!("{} objects, and a {form} map can tell 255 apart", objects.len()));
        }
        let mut masks = Vec::with_capacity(objects.len());
        for (number, drawn) in (1u32..).zip(objects) {
            // What is wrong with one was said where its own mask is drawn; here it covers nothing.
            if let Ok(Some(runs)) = runs_of(dataset, drawn.row, frame) {
                masks.push((Mask { width, height, runs: runs.into_owned().into() }, number));
            }
        }
        let (canvas, _) = Canvas::painted(width, height, masks.iter().map(|(mask, number)| (mask, *number)));
        let picture = |of: fn(&Drawn) -> i64| {
            let mut canvas = canvas.clone();
            let drawn = |number: u32| (number as usize).checked_sub(1).and_then(|place| objects.get(place));
            canvas.change(|number| drawn(number).map_or(0, |drawn| of(drawn) as u32));
            canvas.to_gray()
        };
        Ok(Self {
            semantic: picture(|drawn| drawn.semantic),
            categories: own.then(|| picture(|drawn| drawn.category)).filter(|_| panoptic),
            instances: if panoptic { picture(|drawn| drawn.instance) } else { Vec::new() },
        })
    }

    /// `image/segmentation/class/encoded`; no value where nothing was drawn.
    pub fn semantic(&self) -> Feature<'_> {
        feature(&self.semantic)
    }

    /// A number of the class for each pixel.
    pub fn categories(&self) -> Feature<'_> {
        feature(self.categories.as_ref().unwrap_or(&self.semantic))
    }

    /// A number of the object for each pixel.
    pub fn instances(&self) -> Feature<'_> {
        feature(&self.instances)
    }
}

fn feature(png: &[u8]) -> Feature<'_> {
    if png.is_empty() { Feature::Bytes(Vec::new()) } else { Feature::bytes(png) }
}
