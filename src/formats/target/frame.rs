//! How the pixels that an annotation counts lie in the image as it is stored.
//!
//! Tools draw on an image as they show it: turned as its EXIF orientation says, and often before it was made smaller for
//! training. TensorFlow decodes the pixels that are stored, so everything that is written is in those.

use std::borrow::Cow;

use crate::dataset::Mask;
use crate::image::runs;

/// Sides that differ by so few pixels are a slip in counting, not an image that was made larger or smaller.
const SLIP: u32 = 2;

/// What a mask's size says of how it lies in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskFit {
    /// It is of the size of the image, or of what objects were drawn on.
    Own,
    /// It has the same shape, and is larger or smaller.
    Scaled,
    /// It has another shape, or the image is too large for a mask: nobody can tell where it lies.
    Other,
}

/// From what objects were drawn on to what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Width and height of what they were drawn on, in pixels.
    pub drawn: (u32, u32),
    /// EXIF orientation of the stored image, where they were drawn on it as that shows it; otherwise 1.
    pub orientation: u8,
    /// Width and height of the image as it is stored, in pixels.
    pub stored: (u32, u32),
}

impl Frame {
    /// Of an image that its objects were drawn on as it is.
    pub const fn plain(size: (u32, u32)) -> Self {
        Self { drawn: size, orientation: 1, stored: size }
    }

    /// The same once the image, whose EXIF orientation this is, was turned upright.
    pub fn upright(self, orientation: u8) -> Self {
        let (width, height) = self.stored;
        // What was drawn on the pixels as they were stored lies in the new ones as if those were turned back.
        let back = match orientation {
            6 => 8,
            8 => 6,
            same => same,
        };
        Self {
            drawn: self.drawn,
            orientation: if self.orientation == orientation { 1 } else { back },
            stored: if orientation >= 5 { (height, width) } else { (width, height) },
        }
    }

    /// Whether a point of what was drawn on is elsewhere in what is stored for its size alone.
    pub fn is_scaled(&self) -> bool {
        self.turned() != self.stored
    }

    /// A point in pixels of what was drawn on, in pixels of what is stored.
    pub fn place(&self, point: [f64; 2]) -> [f64; 2] {
        let (width, height) = self.drawn;
        let point = turned_point(point, [width.into(), height.into()], self.orientation);
        if !self.is_scaled() {
            return point;
        }
        let [x, y] = self.scale();
        [point[0] * x, point[1] * y]
    }

    /// The same in fractions of the sizes.
    pub fn place_unit(&self, point: [f64; 2]) -> [f64; 2] {
        turned_point(point, [1.0, 1.0], self.orientation)
    }

    /// From a point as the source has it, in parts of the size where it is `normalised`, to pixels of what is stored.
    pub fn placing(self, normalised: bool) -> impl Fn([f64; 2]) -> [f64; 2] {
        move |point| {
            if !normalised {
                return self.place(point);
            }
            let [x, y] = self.place_unit(point);
            [x * f64::from(self.stored.0), y * f64::from(self.stored.1)]
        }
    }

    /// How many pixels are stored for one that was drawn on.
    pub fn area(&self) -> f64 {
        if self.is_scaled() { self.scale().iter().product() } else { 1.0 }
    }

    /// Width and height of what is stored, turned as what was drawn on.
    pub fn shown(&self) -> (u32, u32) {
        if self.orientation >= 5 { (self.stored.1, self.stored.0) } else { self.stored }
    }

    /// How a mask of `size` lies in the image.
    pub fn mask_fit(&self, size: (u32, u32)) -> MaskFit {
        let shown = self.shown();
        if size == shown {
            MaskFit::Own
        } else if u32::try_from(u64::from(shown.0) * u64::from(shown.1)).is_err() {
            MaskFit::Other
        } else if size == self.drawn {
            MaskFit::Own
        } else if is_resized(size, shown) {
            MaskFit::Scaled
        } else {
            MaskFit::Other
        }
    }

    /// `mask` as one of the stored image; none where it is of another shape, or the image too large for one.
    pub fn mask<'a>(&self, mask: &'a Mask) -> Option<Cow<'a, Mask>> {
        let (shown, size) = (self.shown(), (mask.width, mask.height));
        if self.mask_fit(size) == MaskFit::Other {
            return None;
        }
        let mut placed = Cow::Borrowed(mask);
        if size != shown {
            let runs = runs::scaled(&mask.runs, size, shown)?;
            placed = Cow::Owned(Mask { width: shown.0, height: shown.1, runs: runs.into() });
        }
        if self.orientation != 1 {
            let (width, height, runs) = runs::turned(&placed.runs, shown.0, shown.1, self.orientation);
            placed = Cow::Owned(Mask { width, height, runs: runs.into() });
        }
        Some(placed)
    }

    /// Width and height of what was drawn on, turned as what is stored.
    fn turned(&self) -> (u32, u32) {
        if self.orientation >= 5 { (self.drawn.1, self.drawn.0) } else { self.drawn }
    }

    fn scale(&self) -> [f64; 2] {
        let (width, height) = self.turned();
        let part = |stored: u32, drawn: u32| f64::from(stored) / f64::from(drawn.max(1));
        [part(self.stored.0, width), part(self.stored.1, height)]
    }
}

/// Whether one is the other made larger or smaller, its sides then rounded to pixels.
pub fn is_resized(from: (u32, u32), to: (u32, u32)) -> bool {
    let [from, to] = [from, to].map(|(width, height)| [u64::from(width), u64::from(height)]);
    if from.contains(&0) || (0..2).all(|axis| from[axis].abs_diff(to[axis]) <= SLIP.into()) {
        return false;
    }
    // from[1] * (to[0] / from[0]) is to[1] but for less than a pixel, or the other way round.
    let apart = (u128::from(from[1]) * u128::from(to[0])).abs_diff(u128::from(from[0]) * u128::from(to[1]));
    apart < from[0].max(from[1]).into()
}

/// A point of the image as EXIF `orientation` shows it, `width` x `height`, in the image as it is stored. EXIF's
/// orientations: 2 mirrored, 3 turned by half, 4 both; 5 to 8 have x and y exchanged.
fn turned_point([x, y]: [f64; 2], [width, height]: [f64; 2], orientation: u8) -> [f64; 2] {
    match orientation {
        2 => [width - x, y],
        3 => [width - x, height - y],
        4 => [x, height - y],
        5 => [y, x],
        6 => [y, width - x],
        7 => [height - y, width - x],
        8 => [height - y, x],
        _ => [x, y],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_turned_then_scaled() {
        let plain = Frame::plain((40, 20));
        assert_eq!((plain.place([3.0, 7.0]), plain.area(), plain.is_scaled()), ([3.0, 7.0], 1.0, false));
        // Drawn on 40 x 80, stored as 40 x 20 and shown turned: half of each side.
        let frame = Frame { drawn: (40, 80), orientation: 6, stored: (40, 20) };
        assert_eq!((frame.place([0.0, 0.0]), frame.place([40.0, 60.0])), ([0.0, 20.0], [30.0, 0.0]));
        assert_eq!((frame.place_unit([0.0, 0.25]), frame.area()), ([0.25, 1.0], 0.25));
    }

    #[test]
    fn masks_of_either_size_fit() {
        // 4 x 2, the two columns in the middle.
        let mask = Mask { width: 4, height: 2, runs: vec![2, 4, 2].into() };
        let of = |frame: Frame| frame.mask(&mask).map(|mask| (mask.width, mask.height, mask.runs.to_vec()));
        assert_eq!(of(Frame::plain((4, 2))), Some((4, 2, vec![2, 4, 2])));
        let doubled = Frame { drawn: (4, 2), orientation: 1, stored: (8, 4) };
        assert_eq!(of(doubled), Some((8, 4, vec![8, 16, 8])));
        let turned = Frame { drawn: (4, 2), orientation: 6, stored: (4, 8) };
        assert_eq!(of(turned), Some((4, 8, vec![2, 4, 4, 4, 4, 4, 4, 4, 2])));
        // The mask is of the stored size, whatever the annotation says the size is.
        assert_eq!(of(Frame { drawn: (8, 4), orientation: 1, stored: (4, 2) }), Some((4, 2, vec![2, 4, 2])));
        assert_eq!(of(Frame::plain((4, 3))), None);
        // Of the same shape, and of neither size.
        assert_eq!(of(Frame::plain((8, 4))), Some((8, 4, vec![8, 16, 8])));
        let turned = Frame { drawn: (16, 8), orientation: 6, stored: (4, 8) };
        assert_eq!(of(turned), Some((4, 8, vec![2, 4, 4, 4, 4, 4, 4, 4, 2])));
        assert_eq!(of(Frame { orientation: 1, ..turned }), None);
    }

    #[test]
    fn shapes_of_masks_decide() {
        let fit = |size| Frame::plain((100, 80)).mask_fit(size);
        assert_eq!([(100, 80), (200, 160), (50, 40)].map(fit), [MaskFit::Own, MaskFit::Scaled, MaskFit::Scaled]);
        assert_eq!([(80, 100), (99, 80), (0, 0), (0, 80), (1, 1)].map(fit), [MaskFit::Other; 5]);
        let huge = Frame { drawn: (1000, 1000), orientation: 1, stored: (70_000, 70_000) };
        assert_eq!((huge.mask_fit((1000, 1000)), huge.mask_fit((500, 500))), (MaskFit::Other, MaskFit::Other));
    }
}
