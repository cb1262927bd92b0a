//! Masks as outlines along the edges of their pixels, for formats that have outlines with holes and no masks.
//!
//! Pixels that touch by a side are one region: one way around it, clockwise, and one around each of its holes. Filled again, the
//! outlines less their holes are the same pixels.

use std::collections::BTreeMap;

use super::bitmap::{self, Bitmap};
use super::geometry::PIXELS;
use crate::dataset::Mask;
use crate::image::runs;

/// A region of a mask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Region {
    /// The way around it.
    pub exterior: Vec<[f64; 2]>,
    /// The ways around its holes.
    pub holes: Vec<Vec<[f64; 2]>>,
}

/// Right, down, left, up: the next is a turn to the right.
const STEPS: [[i64; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// The regions of a mask, from left to right; none where its box has too many pixels to look at.
pub fn regions(mask: &Mask) -> Vec<Region> {
    let sides = runs::bounds(&mask.runs, mask.height);
    if sides.is_none_or(|[x0, y0, x1, y1]| (x1 - x0).saturating_mul(y1 - y0) > PIXELS) {
        return Vec::new();
    }
    let Some(([left, top], crop)) = bitmap::crop_of(mask) else { return Vec::new() };
    let labels = labelled(&crop);
    let mut regions: Vec<Region> = Vec::new();
    // Edges that go right along the upper side of a pixel; every way has one.
    let mut open: BTreeMap<[i64; 2], usize> = BTreeMap::new();
    for x in 0..i64::from(crop.width) {
        for y in 0..i64::from(crop.height) {
            if is_set(&crop, [x, y]) && !is_set(&crop, [x, y - 1]) {
                let label = labels.get(y as usize * crop.width as usize + x as usize).copied().unwrap_or(0);
                open.insert([x, y], label as usize);
            }
        }
    }
    while let Some((start, label)) = open.pop_first() {
        let (way, area) = way(&crop, start, &mut open);
        let way = way.into_iter().map(|[x, y]| [x as f64 + f64::from(left), y as f64 + f64::from(top)]).collect();
        if regions.len() < label {
            regions.resize(label, Region::default());
        }
        let Some(region) = label.checked_sub(1).and_then(|place| regions.get_mut(place)) else { continue };
        if area > 0 { region.exterior = way } else { region.holes.push(way) }
    }
    regions
}

/// The corners of a way with set pixels to its right, and twice the area that it goes around clockwise.
fn way(crop: &Bitmap, start: [i64; 2], open: &mut BTreeMap<[i64; 2], usize>) -> (Vec<[i64; 2]>, i64) {
    let (mut at, mut direction) = (start, 0usize);
    let (mut corners, mut area) = (vec![start], 0);
    loop {
        let [dx, dy] = STEPS[direction];
        let next = [at[0] + dx, at[1] + dy];
        area += at[0] * next[1] - next[0] * at[1];
        at = next;
        // The pixels before the corner, to the right and to the left.
        let before = |side: usize| {
            let ([dx, dy], [sx, sy]) = (STEPS[direction], STEPS[side % 4]);
            is_set(crop, [(2 * at[0] + dx + sx - 1) / 2, (2 * at[1] + dy + sy - 1) / 2])
        };
        let turned = match (before(direction + 1), before(direction + 3)) {
            (false, _) => (direction + 1) % 4,
            (true, true) => (direction + 3) % 4,
            (true, false) => direction,
        };
        if at == start && turned == 0 {
            break;
        }
        if turned != direction {
            corners.push(at);
        }
        direction = turned;
        if direction == 0 {
            open.remove(&at);
        }
    }
    (corners, area)
}

fn is_set(crop: &Bitmap, [x, y]: [i64; 2]) -> bool {
    u32::try_from(x).is_ok_and(|x| u32::try_from(y).is_ok_and(|y| crop.is_set(x, y)))
}

/// The region of each pixel, from 1; 0 where it is not set.
fn labelled(crop: &Bitmap) -> Vec<u32> {
    let (width, height) = (crop.width as usize, crop.height as usize);
    let mut labels = vec![0; crop.pixels.len()];
    let mut label = 0;
    let mut open = Vec::new();
    let columns = (0..width).flat_map(|x| (0..height).map(move |y| y * width + x));
    for first in columns {
        if labels[first] > 0 || !crop.pixels[first] {
            continue;
        }
        label += 1;
        open.push(first);
        while let Some(at) = open.pop() {
            if labels[at] > 0 || !crop.pixels[at] {
                continue;
            }
            labels[at] = label;
            let column = at % width;
            open.extend((column > 0).then(|| at - 1));
            open.extend((column + 1 < width).then_some(at + 1));
            open.extend(at.checked_sub(width));
            open.extend(Some(at + width).filter(|at| *at < labels.len()));
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::geometry::{mask_of_crop, mask_of_outline};

    fn drawn(rows: &[&str]) -> Mask {
        let size = [rows[0].len() as u32, rows.len() as u32];
        mask_of_crop(size, [0, 0], size, |x, y| rows[y as usize].as_bytes()[x as usize] == b'#').expect("small")
    }

    fn filled(mask: &Mask, regions: &[Region]) -> Vec<u32> {
        let size = [mask.width, mask.height];
        let parts: Vec<_> = regions.iter().map(|region| region.exterior.clone()).collect();
        let holes: Vec<_> = regions.iter().flat_map(|region| region.holes.clone()).collect();
        runs::without(&mask_of_outline(size, &parts).runs, &mask_of_outline(size, &holes).runs)
    }

    #[test]
    fn regions_have_holes() {
        let mask = drawn(&["####..", "#..#.#", "#.##..", "####.#"]);
        let found = regions(&mask);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].exterior, [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]);
        assert_eq!(found[0].holes, [[[1.0, 3.0], [2.0, 3.0], [2.0, 2.0], [3.0, 2.0], [3.0, 1.0], [1.0, 1.0]]]);
        assert_eq!((found[1].exterior.len(), found[1].holes.len()), (4, 0));
        assert_eq!(filled(&mask, &found), *mask.runs);
        assert!(regions(&drawn(&["..", ".."])).is_empty());
        // Pixels that touch by a corner are two regions, holes that do are one or two.
        assert_eq!(regions(&drawn(&["#.", ".#"])).len(), 2);
        let mask = drawn(&["####", "#.##", "##.#", "####"]);
        let found = regions(&mask);
        assert_eq!((found.len(), filled(&mask, &found)), (1, mask.runs.to_vec()));
        // A size that is only claimed is not looked at.
        let wide = Mask { width: 1 << 15, height: 1 << 15, runs: [0, 1 << 30].into() };
        assert!(regions(&wide).is_empty());
    }

    proptest! {
        #[test]
        fn regions_are_the_mask(pixels in prop::collection::vec(any::<bool>(), 1..80), height in 1u32..9) {
            let width = (pixels.len() as u32).div_ceil(height);
            let is_set = |x: u32, y: u32| pixels.get((x * height + y) as usize).copied().unwrap_or(false);
            let mask = mask_of_crop([width, height], [0, 0], [width, height], is_set).expect("small");
            prop_assert_eq!(filled(&mask, &regions(&mask)), mask.runs.to_vec());
        }
    }
}
