//! Masks in records: a PNG of each object or a number of each pixel of each object, see [`crate::convert::schema`].

use super::record::ints_or_floats;
use crate::dataset::Mask;
use crate::example::Example;
use crate::formats::label_image;
use crate::image::mask::dense;
use crate::image::runs;

/// The masks of a record, which are not looked at yet.
pub enum Masks<'a> {
    /// There are none.
    None,
    /// Files of pictures.
    Pictures(Vec<&'a [u8]>),
    /// Numbers, of images of a size.
    Numbers(Vec<f32>, (u32, u32)),
}

impl<'a> Masks<'a> {
    /// Those of `count` objects of an image of `size`.
    pub fn of(example: &Example<'a>, count: usize, size: Option<(u32, u32)>) -> Result<Self, String> {
        const KEY: &str = "image/object/mask";
        let Some(values) = example.get(KEY).filter(|values| !values.is_empty()) else { return Ok(Self::None) };
        if let Some(pictures) = values.as_bytes() {
            return match pictures.len() == count {
                true => Ok(Self::Pictures(pictures.iter().collect())),
                false => Err(format!("{KEY} has {} pictures for {count} boxes", pictures.len())),
            };
        }
        let (numbers, size) = (ints_or_floats(values), size.unwrap_or_default());
        let pixels = size.0 as usize * size.1 as usize;
        match pixels.checked_mul(count) == Some(numbers.len()) && pixels > 0 {
            true => Ok(Self::Numbers(numbers, size)),
            false => Err(format!("{KEY} has {} numbers for {count} masks of {} x {}", numbers.len(), size.0, size.1)),
        }
    }

    /// Whether there are any.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The mask of object `place`; none where not a pixel is set.
    pub fn get(&self, place: usize) -> Result<Option<Mask>, String> {
        let mask = match self {
            Self::None => return Ok(None),
            Self::Pictures(pictures) => {
                let Some(bytes) = pictures.get(place).filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
                let picture = label_image::read(bytes).map_err(|fault| fault.message)?;
                let (width, height) = (picture.width, picture.height);
                let runs = dense::from_dense(&picture.values, [width, height]).map_err(|error| error.to_string())?;
                Mask { width, height, runs: runs.into() }
            }
            Self::Numbers(numbers, (width, height)) => {
                let pixels = *width as usize * *height as usize;
                let part = numbers.get(place * pixels..(place + 1) * pixels).unwrap_or_default();
                let runs = dense::from_dense(part, [*width, *height]).map_err(|error| error.to_string())?;
                Mask { width: *width, height: *height, runs: runs.into() }
            }
        };
        Ok(Some(mask).filter(|mask| runs::area(&mask.runs) > 0))
    }
}
