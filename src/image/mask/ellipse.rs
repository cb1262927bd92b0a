//! Ellipses and circles as masks, without corners.
//!
//! The rule: a pixel is set if its middle is inside or on the line, `(along / rx)^2 + (across / ry)^2 <= 1`, `along` and
//! `across` being how far the middle of the pixel is from the ellipse's along its turned axes. In each column that is a quadratic
//! inequality in the row; its two solutions say about where the column is set, and the rule itself says it of the pixels there.
//! Sine and cosine are cut to 2^-40, because their last digits differ between machines; of multiples of 90 degrees they are 0 and 1.

use super::{MaskError, PIXELS, pixels_of};

/// An ellipse whose first axis is turned clockwise, as it is seen on the screen, from the direction to the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipse {
    /// The middle, `[x, y]`.
    pub centre: [f64; 2],
    /// Half of each axis.
    pub radii: [f64; 2],
    /// How far it is turned.
    pub degrees: f64,
}

impl Ellipse {
    /// The runs of an ellipse in an image of this size, of at most [`PIXELS`]: none of 1 where a number of it is not finite or a
    /// radius not above 0.
    pub fn runs(self, size @ [width, height]: [u32; 2]) -> Result<Vec<u32>, MaskError> {
        let pixels = pixels_of(size, PIXELS)? as u32;
        let (mut runs, mut last): (Vec<u32>, u32) = (Vec::new(), 0);
        let [x, y] = self.centre;
        // The first pixel whose middle is not before a place.
        let first = |side: f64, size: u32| (side - 0.5).ceil().clamp(0.0, size.into()) as u32;
        // The rule decides over one pixel more than there should be on either side.
        let axes = self.axes();
        let reach = axes.as_ref().map_or(f64::NEG_INFINITY, Axes::reach) + 1.0;
        for column in first(x - reach, width)..first(x + reach, width) {
            let Some(axes) = &axes else { break };
            let right = f64::from(column) + 0.5 - x;
            let is_inside = |row: u32| axes.is_inside([right, f64::from(row) + 0.5 - y]);
            let [above, below] = axes.rows(right);
            let (mut from, mut to) = (first(y + above - 1.0, height), first(y + below + 1.0, height));
            while from < to && !is_inside(from) {
                from += 1;
            }
            while from < to && !is_inside(to - 1) {
                to -= 1;
            }
            if from >= to {
                continue;
            }
            let [start, end] = [column * height + from, column * height + to];
            match runs.last_mut() {
                Some(run) if start == last => *run += end - start,
                _ => runs.extend([start - last, end - start]),
            }
            last = end;
        }
        runs.extend((last < pixels).then_some(pixels - last));
        Ok(runs)
    }

    fn axes(self) -> Option<Axes> {
        let Self { centre: [x, y], radii: [rx, ry], degrees } = self;
        if ![x, y, rx, ry, degrees].iter().all(|side| side.is_finite()) || rx <= 0.0 || ry <= 0.0 {
            return None;
        }
        let whole = (1u64 << 40) as f64;
        let (sine, cosine) = degrees.rem_euclid(360.0).to_radians().sin_cos();
        let [sine, cosine] = [sine, cosine].map(|side| (side * whole).round() / whole);
        Some(Axes { sine, cosine, rx, ry })
    }
}

struct Axes {
    sine: f64,
    cosine: f64,
    rx: f64,
    ry: f64,
}

impl Axes {
    fn is_inside(&self, [x, y]: [f64; 2]) -> bool {
        let (along, across) = (x * self.cosine + y * self.sine, y * self.cosine - x * self.sine);
        (along / self.rx).powi(2) + (across / self.ry).powi(2) <= 1.0
    }

    /// How far it reaches to the right.
    fn reach(&self) -> f64 {
        (self.rx * self.cosine).hypot(self.ry * self.sine)
    }

    /// About from where to where it reaches downwards at `x`, both from the middle: the solutions for `y` of
    /// `a x^2 + 2 b x y + c y^2 = 1`, where `a c - b^2` is `1 / (rx ry)^2`.
    fn rows(&self, x: f64) -> [f64; 2] {
        let (wide, high) = (self.rx.recip(), self.ry.recip());
        let b = self.sine * self.cosine * (wide * wide - high * high);
        let c = (self.sine * wide).powi(2) + (self.cosine * high).powi(2);
        let half = (c - (x * wide * high).powi(2)).max(0.0).sqrt();
        let rows = [(-b * x - half) / c, (half - b * x) / c];
        // Radii beyond what a number can say.
        if rows.iter().any(|row| row.is_nan()) { [f64::NEG_INFINITY, f64::INFINITY] } else { rows }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::runs::{area, bounds};

    fn ellipse(centre: [f64; 2], radii: [f64; 2], degrees: f64) -> Ellipse {
        Ellipse { centre, radii, degrees }
    }

    /// The rule for each pixel.
    fn expected(ellipse: Ellipse, [width, height]: [u32; 2]) -> Vec<bool> {
        let [x, y] = ellipse.centre;
        let inside = |column: u32, row: u32| match ellipse.axes() {
            Some(axes) => axes.is_inside([f64::from(column) + 0.5 - x, f64::from(row) + 0.5 - y]),
            None => false,
        };
        (0..width).flat_map(|column| (0..height).map(move |row| (column, row))).map(|(x, y)| inside(x, y)).collect()
    }

    fn drawn(runs: &[u32]) -> Vec<bool> {
        runs.iter().enumerate().flat_map(|(place, run)| vec![place % 2 == 1; *run as usize]).collect()
    }

    #[test]
    fn circles() {
        let runs = |centre, radius, size| ellipse(centre, [radius; 2], 0.0).runs(size).unwrap();
        assert_eq!(runs([2.0, 2.0], 1.0, [4, 4]), [5, 2, 2, 2, 5]);
        // A pixel whose middle is on the line is inside.
        assert_eq!(runs([2.5, 2.5], 1.0, [5, 5]), [7, 1, 3, 3, 3, 1, 7]);
        assert_eq!(runs([0.0, 0.0], 1.0, [2, 2]), [0, 1, 3]);
        assert_eq!(runs([1.0, 1.0], 9.0, [2, 2]), [0, 4]);
        assert_eq!(runs([1.0, 1.0], 1e300, [2, 2]), [0, 4]);
        for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY, 0.2] {
            assert_eq!(runs([1.0, 1.0], nothing, [2, 2]), [4]);
        }
        assert_eq!(runs([f64::NAN, 1.0], 1.0, [2, 2]), [4]);
        assert_eq!(runs([1e300, 1.0], 1.0, [2, 2]), [4]);
        let round = runs([320.0, 240.0], 100.0, [640, 480]);
        assert_eq!((area(&round), bounds(&round, 480)), (31_428, Some([220, 140, 420, 340])));
        assert_eq!(ellipse([0.0; 2], [1.0; 2], 0.0).runs([0, 3]), Err(MaskError::Size(0, 3)));
    }

    #[test]
    fn turned() {
        let [flat, high] = [0.0, 90.0].map(|degrees| ellipse([5.0, 5.0], [4.0, 2.0], degrees).runs([10, 10]).unwrap());
        assert_eq!((bounds(&flat, 10), bounds(&high, 10)), (Some([1, 3, 9, 7]), Some([3, 1, 7, 9])));
        // Clockwise: to the right is down.
        let down = drawn(&ellipse([5.0, 5.0], [5.0, 1.0], 45.0).runs([10, 10]).unwrap());
        assert!(down[7 * 10 + 7] && !down[7 * 10 + 2]);
    }

    proptest! {
        #[test]
        fn pixel_by_pixel(
            centre in [-20.0..60.0f64, -20.0..60.0],
            rx in prop_oneof![0.1..50.0f64, Just(1.5), Just(1e9), Just(1e-9)],
            ry in 0.1..50.0f64,
            degrees in prop_oneof![-720.0..720.0f64, Just(90.0), Just(0.0)],
            snapped in any::<bool>(),
            size in [1u32..50, 1u32..40],
        ) {
            let centre = if snapped { centre.map(|side| (side * 2.0).round() / 2.0) } else { centre };
            let ellipse = ellipse(centre, [rx, ry], degrees);
            let runs = ellipse.runs(size).unwrap();
            prop_assert_eq!(drawn(&runs), expected(ellipse, size));
        }

        #[test]
        fn any_numbers(numbers in any::<[f64; 5]>(), size in [1u32..99, 1u32..99]) {
            let [x, y, rx, ry, degrees] = numbers;
            let runs = ellipse([x, y], [rx, ry], degrees).runs(size).unwrap();
            prop_assert_eq!(runs.iter().sum::<u32>(), size[0] * size[1]);
        }
    }
}
