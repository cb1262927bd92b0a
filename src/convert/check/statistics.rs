//! Sizes and numbers, and how they spread. Nothing here depends on the order in which threads came by.

use std::collections::BTreeMap;

use serde::Serialize;

/// Cells of a [`Grid`] to each side.
const CELLS: usize = 8;
/// Sizes of images that are listed.
const COMMON: usize = 5;

/// How many middles of boxes lie in each part of their images: rows from above, in each the columns from the left.
pub type Grid = [[u64; CELLS]; CELLS];

/// Least, middle, mean and largest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// As many are below as above.
    pub median: f64,
    /// Their sum by their number.
    pub mean: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// That of `values`, which are finite; none of none.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        // Sorted first, a sum is the same whoever came first.
        values.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Self { min, median, mean: values.iter().sum::<f64>() / values.len() as f64, max })
    }
}

/// How many are of which shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shapes {
    /// Width below 4/5 of the height.
    pub tall: u64,
    /// Between.
    pub square: u64,
    /// Width above 5/4 of the height.
    pub wide: u64,
}

impl Shapes {
    fn push(&mut self, ratio: f64) {
        match ratio {
            ratio if ratio < 0.8 => self.tall += 1,
            ratio if ratio > 1.25 => self.wide += 1,
            _ => self.square += 1,
        }
    }

    fn of(ratios: &[f64]) -> Self {
        let mut shapes = Self::default();
        ratios.iter().for_each(|ratio| shapes.push(*ratio));
        shapes
    }
}

/// How large images are: as stored, and as the annotation says where the file cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageStatistics {
    /// Images whose size is known.
    pub known: u64,
    /// Width in pixels.
    pub width: Option<Spread>,
    /// Height in pixels.
    pub height: Option<Spread>,
    /// Width by height.
    pub ratio: Option<Spread>,
    /// How many different sizes there are.
    pub distinct: u64,
    /// The most frequent ones.
    pub common: Vec<CommonSize>,
    /// Area below 300 x 300 pixels.
    pub small: u64,
    /// Area below 1,000 x 1,000 pixels.
    pub medium: u64,
    /// Area below 2,000 x 2,000 pixels.
    pub large: u64,
    /// Area beyond that.
    pub jumbo: u64,
    /// Tall, square, wide.
    pub shapes: Shapes,
}

/// A size that images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CommonSize {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How many images.
    pub images: u64,
}

/// Gathers sizes of images.
#[derive(Debug, Default)]
pub struct Sizes {
    counts: BTreeMap<(u32, u32), u64>,
}

impl Sizes {
    /// One more image.
    pub fn push(&mut self, size: (u32, u32)) {
        *self.counts.entry(size).or_default() += 1;
    }

    /// What they come to.
    pub fn statistics(self) -> ImageStatistics {
        let sizes: Vec<(u32, u32)> =
            self.counts.iter().flat_map(|(size, count)| std::iter::repeat_n(*size, *count as usize)).collect();
        let numbers = |of: fn((u32, u32)) -> f64| sizes.iter().copied().map(of).collect::<Vec<f64>>();
        let ratios = numbers(|(width, height)| f64::from(width) / f64::from(height.max(1)));
        let shapes = Shapes::of(&ratios);
        let sides = numbers(|(width, height)| (f64::from(width) * f64::from(height)).sqrt());
        let between = |low: f64, high: f64| sides.iter().filter(|side| (low..high).contains(*side)).count() as u64;
        let mut common: Vec<CommonSize> = self
            .counts
            .iter()
            .map(|((width, height), images)| CommonSize { width: *width, height: *height, images: *images })
            .collect();
        common.sort_by_key(|size| std::cmp::Reverse(size.images));
        common.truncate(COMMON);
        ImageStatistics {
            known: sizes.len() as u64,
            width: Spread::of(numbers(|(width, _)| width.into())),
            height: Spread::of(numbers(|(_, height)| height.into())),
            ratio: Spread::of(ratios),
            distinct: self.counts.len() as u64,
            common,
            small: between(0.0, 300.0),
            medium: between(300.0, 1000.0),
            large: between(1000.0, 2000.0),
            jumbo: between(2000.0, f64::INFINITY),
            shapes,
        }
    }
}

/// How large boxes are, in pixels of the stored image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoxStatistics {
    /// Boxes that have an area inside an image of known size.
    pub known: u64,
    /// Width in pixels.
    pub width: Option<Spread>,
    /// Height in pixels.
    pub height: Option<Spread>,
    /// Width by height.
    pub ratio: Option<Spread>,
    /// Part of the image's area, 0 to 1.
    pub share: Option<Spread>,
    /// Area below 32 x 32 pixels, as COCO has it.
    pub small: u64,
    /// Area below 96 x 96 pixels.
    pub medium: u64,
    /// Area beyond that.
    pub large: u64,
    /// Tall, square, wide.
    pub shapes: Shapes,
}

/// How many boxes have which width and height: of each half octave, from 2 ^ (n / 2) pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// Which half octave the width is in.
    pub width: u8,
    /// And the height.
    pub height: u8,
    /// How many boxes.
    pub boxes: u64,
}

/// Gathers boxes.
#[derive(Debug)]
pub struct Boxes {
    sides: Vec<[f64; 2]>,
    shares: Vec<f64>,
    /// Where their middles lie, by class.
    pub centres: Vec<Grid>,
}

impl Boxes {
    /// None yet.
    pub fn new(classes: usize) -> Self {
        Self { sides: Vec::new(), shares: Vec::new(), centres: vec![Grid::default(); classes] }
    }

    /// One more box, `[x0, y0, x1, y1)` in pixels of an image of this size.
    pub fn push(&mut self, class: u32, [x0, y0, x1, y1]: [f64; 4], (width, height): (u32, u32)) {
        let (width, height) = (f64::from(width), f64::from(height));
        self.sides.push([x1 - x0, y1 - y0]);
        self.shares.push((x1 - x0) * (y1 - y0) / (width * height));
        self.place(class, [x0, y0, x1, y1], [width, height]);
    }

    /// The place alone of one more box.
    pub fn place(&mut self, class: u32, [x0, y0, x1, y1]: [f64; 4], [width, height]: [f64; 2]) {
        let cell = |middle: f64, side: f64| ((middle / side * CELLS as f64) as usize).min(CELLS - 1);
        let (column, row) = (cell(f64::midpoint(x0, x1), width), cell(f64::midpoint(y0, y1), height));
        if let Some(grid) = self.centres.get_mut(class as usize) {
            grid[row][column] += 1;
        }
    }

    /// Adds all of `other`.
    pub fn append(&mut self, other: Self) {
        self.sides.extend(other.sides);
        self.shares.extend(other.shares);
        for (grid, more) in self.centres.iter_mut().zip(other.centres) {
            grid.iter_mut().flatten().zip(more.iter().flatten()).for_each(|(cell, more)| *cell += more);
        }
    }

    /// How many are how large, the small ones first.
    pub fn sizes(&self) -> Vec<SizeCount> {
        // The logarithm of 0 becomes 0 here, and nothing beyond an image's largest side is a size.
        let step = |side: f64| (side.log2() * 2.0).clamp(0.0, 62.0) as u8;
        let mut counts: BTreeMap<(u8, u8), u64> = BTreeMap::new();
        for [width, height] in &self.sides {
            *counts.entry((step(*width), step(*height))).or_default() += 1;
        }
        counts.into_iter().map(|((width, height), boxes)| SizeCount { width, height, boxes }).collect()
    }

    /// What they come to.
    pub fn statistics(self) -> BoxStatistics {
        let numbers = |of: fn(&[f64; 2]) -> f64| self.sides.iter().map(of).collect::<Vec<f64>>();
        let ratios = numbers(|[width, height]| width / height);
        let areas = numbers(|[width, height]| width * height);
        let between = |low: f64, high: f64| areas.iter().filter(|area| (low..high).contains(*area)).count() as u64;
        let (small, medium) = (32.0 * 32.0, 96.0 * 96.0);
        BoxStatistics {
            known: self.sides.len() as u64,
            width: Spread::of(numbers(|[width, _]| *width)),
            height: Spread::of(numbers(|[_, height]| *height)),
            shapes: Shapes::of(&ratios),
            ratio: Spread::of(ratios),
            small: between(0.0, small),
            medium: between(small, medium),
            large: between(medium, f64::INFINITY),
            share: Spread::of(self.shares),
        }
    }
}

/// How many objects images have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerImage {
    /// Objects per image.
    pub spread: Option<Spread>,
    /// How many images have how many objects; ranges without any image are left out.
    pub histogram: Vec<Bar>,
}

/// Images that have between `from` and `to` objects, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// At least.
    pub from: u64,
    /// At most; `None` is any number.
    pub to: Option<u64>,
    /// How many images.
    pub images: u64,
}

impl PerImage {
    /// That of images with so many objects each.
    pub fn of(numbers: Vec<u64>) -> Self {
        let single = (0..=10).map(|number| (number, Some(number)));
        let ranges = [(11, Some(20)), (21, Some(50)), (51, Some(100)), (101, None)];
        let bar = |(from, to): (u64, Option<u64>)| {
            let inside = |number: &&u64| **number >= from && to.is_none_or(|to| **number <= to);
            Bar { from, to, images: numbers.iter().filter(inside).count() as u64 }
        };
        let histogram = single.chain(ranges).map(bar).filter(|bar| bar.images > 0).collect();
        Self { histogram, spread: Spread::of(numbers.into_iter().map(|number| number as f64).collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(Spread::of(Vec::new()), None);
        assert_eq!(Spread::of(vec![3.0]), Some(Spread { min: 3.0, median: 3.0, mean: 3.0, max: 3.0 }));
        let four = Spread::of(vec![9.0, 1.0, 2.0, 4.0]);
        assert_eq!(four, Some(Spread { min: 1.0, median: 3.0, mean: 4.0, max: 9.0 }));
    }

    #[test]
    fn shapes_and_sizes_have_their_borders() {
        assert_eq!(Shapes::of(&[0.79, 0.8, 1.0, 1.25, 1.26]), Shapes { tall: 1, square: 3, wide: 1 });
        let mut sizes = Sizes::default();
        for size in [(300, 300), (299, 300), (1000, 1000), (4000, 1000), (300, 300)] {
            sizes.push(size);
        }
        let found = sizes.statistics();
        assert_eq!((found.small, found.medium, found.large, found.jumbo), (1, 2, 1, 1));
        assert_eq!((found.known, found.distinct), (5, 4));
        assert_eq!(found.common[0], CommonSize { width: 300, height: 300, images: 2 });
    }

    #[test]
    fn boxes_lie_in_their_cells() {
        let mut boxes = Boxes::new(2);
        boxes.push(0, [0.0, 0.0, 32.0, 32.0], (800, 800));
        boxes.push(1, [700.0, 0.0, 800.0, 800.0], (800, 800));
        let mut more = Boxes::new(2);
        more.push(1, [0.0, 799.0, 8.0, 800.0], (800, 800));
        boxes.append(more);
        assert_eq!((boxes.centres[0][0][0], boxes.centres[1][4][7], boxes.centres[1][7][0]), (1, 1, 1));
        // 8 = 2 ^ (6 / 2), 100 = 2 ^ (13.3 / 2), 800 = 2 ^ (19.3 / 2).
        let sizes: Vec<_> = boxes.sizes().iter().map(|size| (size.width, size.height, size.boxes)).collect();
        assert_eq!(sizes, [(6, 0, 1), (10, 10, 1), (13, 19, 1)]);
        let found = boxes.statistics();
        assert_eq!((found.known, found.small, found.medium, found.large), (3, 1, 1, 1));
        assert_eq!(found.shapes, Shapes { tall: 1, square: 1, wide: 1 });
        assert_eq!(found.share.map(|share| share.max), Some(0.125));
    }

    #[test]
    fn a_histogram_names_its_ranges() {
        let found = PerImage::of(vec![0, 0, 3, 11, 20, 5000]);
        let bars: Vec<_> = found.histogram.iter().map(|bar| (bar.from, bar.to, bar.images)).collect();
        assert_eq!(bars, [(0, Some(0), 2), (3, Some(3), 1), (11, Some(20), 2), (101, None, 1)]);
    }
}
