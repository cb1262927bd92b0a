//! Masks of objects in records: as PNG or as numbers (`image/object/mask`), of the size of the image as it is stored.
//!
//! An outline is drawn as COCO's own tools draw it, see [`polygon`]. An object that has neither outline nor mask has a mask
//! without a pixel, since the list is as long as the boxes.

use std::borrow::Cow;

use super::Feature;
use crate::convert::options::MaskForm;
use crate::dataset::Dataset;
use crate::example;
use crate::formats::target::Frame;
use crate::image::mask::{MaskError, dense, png, polygon};

/// The masks of the objects of an image.
#[derive(Debug, Default)]
pub(super) struct MaskColumns {
    pngs: Vec<Vec<u8>>,
    numbers: Vec<f32>,
}

impl MaskColumns {
    /// Adds the mask of object `row`; says whether it has any.
    pub fn push(&mut self, dataset: &Dataset, row: usize, form: MaskForm, frame: Frame) -> Result<bool, MaskError> {
        let size = [frame.stored.0, frame.stored.1];
        let runs = match runs_of(dataset, row, frame) {
            Ok(runs) => runs,
            Err(error) => {
                self.put(&[], form, size)?;
                return Err(error);
            }
        };
        self.put(runs.as_deref().unwrap_or_default(), form, size)?;
        Ok(runs.is_some())
    }

    /// Adds a mask; without runs one of the same length that has no pixel.
    fn put(&mut self, runs: &[u32], form: MaskForm, size: [u32; 2]) -> Result<(), MaskError> {
        let none = [size[0].saturating_mul(size[1])];
        let runs = if runs.is_empty() { &none } else { runs };
        match form {
            MaskForm::None | MaskForm::Auto => Ok(()),
            MaskForm::Png => {
                let mut bytes = Vec::with_capacity(1024);
                png::write(runs, size, &mut bytes)?;
                self.pngs.push(bytes);
                Ok(())
            }
            MaskForm::Numerical => {
                let pixels = u64::from(size[0]) * u64::from(size[1]);
                // Whatever the number of objects: what an Example cannot hold is not made.
                if (self.numbers.len() as u64 + pixels) * size_of::<f32>() as u64 > example::MAX_LEN {
                    return Err(MaskError::Size(size[0], size[1]));
                }
                dense::to_dense(runs, size, &mut self.numbers)
            }
        }
    }

    /// The feature in the form that the masks were added in.
    pub fn feature(&self, form: MaskForm) -> Feature<'_> {
        match form {
            MaskForm::Numerical => Feature::Float(Cow::Borrowed(&self.numbers)),
            MaskForm::Png | MaskForm::Auto | MaskForm::None => {
                Feature::Bytes(self.pngs.iter().map(|png| Cow::Borrowed(&**png)).collect())
            }
        }
    }
}

/// The runs of object `row` in the stored image; none where it has neither outline nor a mask that fits.
pub fn runs_of(dataset: &Dataset, row: usize, frame: Frame) -> Result<Option<Cow<'_, [u32]>>, MaskError> {
    let objects = &dataset.objects;
    if let Some(mask) = objects.masks.get(row).and_then(|mask| frame.mask(mask)) {
        return Ok(Some(match mask {
            Cow::Borrowed(mask) => Cow::Borrowed(&*mask.runs),
            Cow::Owned(mask) => Cow::Owned(mask.runs.into_vec()),
        }));
    }
    let size = [frame.stored.0, frame.stored.1];
    let placed = frame.placing(objects.normalised[row]);
    let drawn = match (objects.polygons.get(row), objects.corners.get(row)) {
        (Some(outline), _) => polygon::outline(outline.parts().map(|part| part.map(&placed)), size),
        (None, Some(corners)) => polygon::polygon(corners.map(&placed), size),
        (None, None) => return Ok(None),
    };
    drawn.map(|runs| Some(Cow::Owned(runs)))
}
