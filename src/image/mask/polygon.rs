//! Outlines as masks, pixel for pixel as COCO's own tools draw them.
//!
//! Source: `rleFrPoly`, `rleFrBbox` of cocoapi's `common/maskApi.c` as pycocotools 2.0.11 has it, and `annToRLE` of its
//! `coco.py`. The rule: points go to a grid of fifths of a pixel, `(int)(5 * side + 0.5)`, which cuts towards 0. An edge is
//! drawn on the grid in steps of 1 along the axis that it is longer in, the other side being `(int)(start + slope * step +
//! 0.5)`. Where two points that follow each other lie in columns `5c + 2` and `5c + 3` of the grid, the outline crosses the
//! middle of column `c` of the image, and the mask changes from there down: from row `(v + 2) / 5` on, `v` being the upper
//! one of the two, held within the image.
//!
//! `(int)` is what x86-64 makes of it, from which a far or missing number matters: -2^31 for all that is not in 32 bits,
//! differences wrap, and `abs(-2^31)` is below 0. (On other machines pycocotools itself draws such outlines otherwise.)
//!
//! Unlike the C code, which lists every point of the grid, only the columns of the image are looked at. A point that is two
//! thousand million pixels away costs no more than one beside the image.

use super::merge::{How, merged};
use super::{CROSSINGS, MaskError, pixels_of};

/// The runs of an outline of one part, which is closed from its last point to its first.
pub fn polygon(points: impl IntoIterator<Item = [f64; 2]>, size: [u32; 2]) -> Result<Vec<u32>, MaskError> {
    let mut left = CROSSINGS;
    drawn(points, size, &mut left)
}

/// The runs of an object whose outline has several parts: what any of them covers. (A part of one or two points, for which
/// `annToRLE` fails, covers nothing.)
pub fn outline<Part>(parts: impl IntoIterator<Item = Part>, size: [u32; 2]) -> Result<Vec<u32>, MaskError>
where
    Part: IntoIterator<Item = [f64; 2]>,
{
    let mut left = CROSSINGS;
    let mut masks = parts.into_iter().map(|part| drawn(part, size, &mut left)).collect::<Result<Vec<_>, _>>()?;
    // By twos, not one after the other: a mask of many parts takes part in few unions.
    while masks.len() > 1 {
        let join = |pair: &[Vec<u32>]| merged(pair, How::Union);
        masks = masks.chunks(2).map(join).collect::<Result<_, _>>()?;
    }
    match masks.pop() {
        Some(mask) => Ok(mask),
        None => polygon([], size),
    }
}

/// The runs of a box `[x0, y0, x1, y1]`.
pub fn rectangle([x0, y0, x1, y1]: [f64; 4], size: [u32; 2]) -> Result<Vec<u32>, MaskError> {
    polygon([[x0, y0], [x0, y1], [x1, y1], [x1, y0]], size)
}

/// The runs of an outline that crosses at most `left` columns; takes those that it crosses from `left`.
fn drawn(points: impl IntoIterator<Item = [f64; 2]>, size: [u32; 2], left: &mut u64) -> Result<Vec<u32>, MaskError> {
    let pixels = pixels_of(size, u32::MAX.into())? as u32;
    let mut drawing = Drawing { size, left: *left, changes: Vec::new(), last: None };
    let mut points = points.into_iter().map(|point| point.map(|side| whole(5.0 * side + 0.5)));
    if let Some(first) = points.next() {
        let mut from = first;
        for to in points.chain([first]) {
            drawing.edge(from, to)?;
            from = to;
        }
    }
    *left = drawing.left;
    let mut changes = drawing.changes;
    changes.push(pixels);
    changes.sort_unstable();
    Ok(between(&changes))
}

/// The lengths between sorted places where a mask changes; it does not where there are two of the same.
fn between(changes: &[u32]) -> Vec<u32> {
    let mut runs: Vec<u32> = Vec::with_capacity(changes.len());
    let mut last = 0;
    let mut changes = changes.iter().copied();
    runs.extend(changes.next().inspect(|first| last = *first));
    while let Some(change) = changes.next() {
        if change > last {
            runs.push(change - last);
        } else if let (Some(next), Some(run)) = (changes.next(), runs.last_mut()) {
            *run += next - last;
            last = next;
            continue;
        }
        last = change;
    }
    runs
}

/// `(int)` of x86-64.
fn whole(value: f64) -> i32 {
    if value > -2_147_483_649.0 && value < 2_147_483_648.0 { value as i32 } else { i32::MIN }
}

/// An outline on the way around it.
struct Drawing {
    size: [u32; 2],
    /// How many more columns it may cross.
    left: u64,
    /// Where the mask changes, counted down the columns.
    changes: Vec<u32>,
    /// The last point of the grid.
    last: Option<[i32; 2]>,
}

impl Drawing {
    fn edge(&mut self, from: [i32; 2], to: [i32; 2]) -> Result<(), MaskError> {
        let apart = |axis: usize| to[axis].wrapping_sub(from[axis]).wrapping_abs();
        let wide = apart(0) >= apart(1);
        let (long, short) = if wide { (0, 1) } else { (1, 0) };
        let steps = apart(long);
        // Only where both differ by 2^31: no point of it is drawn.
        if steps < 0 {
            return Ok(());
        }
        let turned = from[long] > to[long];
        let (start, end) = if turned { (to, from) } else { (from, to) };
        let slope = f64::from(end[short].wrapping_sub(start[short])) / f64::from(steps);
        let line = Line { start: start[short].into(), slope };
        let point = |step: i32| {
            let sides = [start[long].wrapping_add(step), line.at(step)];
            if wide { sides } else { [sides[1], sides[0]] }
        };
        let (first, last) = if turned { (steps, 0) } else { (0, steps) };
        if let Some(before) = self.last.replace(point(last)) {
            self.step(before, point(first));
        }
        if wide { self.wide(start[0], steps, line) } else { self.tall(start[1], steps, line, turned) }
    }

    /// The columns that an edge crosses whose points are in columns `x` to `x + steps` of the grid.
    fn wide(&mut self, x: i32, steps: i32, line: Line) -> Result<(), MaskError> {
        for column in self.columns(x.into(), i64::from(x) + i64::from(steps))? {
            let step = (i64::from(column) * 5 + 2 - i64::from(x)) as i32;
            self.change(column, line.at(step).min(line.at(step + 1)));
        }
        Ok(())
    }

    /// The columns that an edge crosses whose points are in rows `y` to `y + steps` of the grid.
    fn tall(&mut self, y: i32, steps: i32, line: Line, turned: bool) -> Result<(), MaskError> {
        let mut last = steps;
        if line.at(last) == i32::MIN {
            // From some step on out of 32 bits, perhaps from the first.
            let mut out = 0;
            while out < last {
                let middle = out + (last - out) / 2;
                if line.at(middle) == i32::MIN { last = middle } else { out = middle + 1 }
            }
            let Some(inside) = out.checked_sub(1).filter(|step| *step >= 0) else { return Ok(()) };
            last = inside;
            let point = |step: i32| [line.at(step), y.wrapping_add(step)];
            let (before, after) = if turned { (last + 1, last) } else { (last, last + 1) };
            self.step(point(before), point(after));
        }
        let (a, b) = (line.at(0), line.at(last));
        for column in self.columns(a.min(b).into(), a.max(b).into())? {
            let right = i64::from(column) * 5 + 3;
            // The first step behind the middle of the column: about where the line is, then exactly.
            let behind = |step: i32| (i64::from(line.at(step)) >= right) == (line.slope > 0.0);
            let near = (right as f64 - 0.5 - line.start) / line.slope;
            let mut step = (near as i32).saturating_add(1).clamp(1, last.max(1));
            while step > 1 && behind(step - 1) {
                step -= 1;
            }
            while step < last && !behind(step) {
                step += 1;
            }
            let (before, after) = if turned { (step, step - 1) } else { (step - 1, step) };
            if crossed(line.at(before), line.at(after)) == Some(column) {
                self.change(column, y.wrapping_add(step - 1));
            }
        }
        Ok(())
    }

    /// Columns of the image whose middle is between these of the grid.
    fn columns(&mut self, from: i64, to: i64) -> Result<std::ops::Range<u32>, MaskError> {
        let width = i64::from(self.size[0]);
        let first = ((from + 2).div_euclid(5)).clamp(0, width);
        let end = ((to + 2).div_euclid(5)).clamp(first, width);
        let Some(left) = self.left.checked_sub((end - first) as u64) else {
            return Err(MaskError::Crossings(CROSSINGS - self.left + (end - first) as u64));
        };
        self.left = left;
        Ok(first as u32..end as u32)
    }

    /// From one point of the grid to another that may be anywhere.
    fn step(&mut self, from: [i32; 2], to: [i32; 2]) {
        if let Some(column) = crossed(from[0], to[0]).filter(|column| *column < self.size[0]) {
            self.change(column, from[1].min(to[1]));
        }
    }

    /// The outline crosses a column below row `y` of the grid.
    fn change(&mut self, column: u32, y: i32) {
        let row = (y.max(-2).wrapping_add(2) as u32 / 5).min(self.size[1]);
        self.changes.push(column * self.size[1] + row);
    }
}

/// The column whose middle is crossed from one column of the grid to the next. (Where that is not beside it, the C code sees
/// where the step leads to, not where it comes from.)
fn crossed(from: i32, to: i32) -> Option<u32> {
    let left = if to < from { to } else { to.wrapping_sub(1) };
    (from != to && left >= 0 && left % 5 == 2).then_some(left as u32 / 5)
}

/// The side that follows while the other moves by 1.
#[derive(Clone, Copy)]
struct Line {
    start: f64,
    slope: f64,
}

impl Line {
    fn at(self, step: i32) -> i32 {
        whole(self.start + self.slope * f64::from(step) + 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_of_x86_64() {
        for (value, expected) in [
            (2.9, 2),
            (-2.9, -2),
            (2_147_483_647.9, i32::MAX),
            (2_147_483_648.0, i32::MIN),
            (-2_147_483_648.9, i32::MIN),
            (-1e300, i32::MIN),
            (f64::INFINITY, i32::MIN),
            (f64::NAN, i32::MIN),
        ] {
            assert_eq!(whole(value), expected, "{value}");
        }
    }

    #[test]
    fn parts_share_a_limit() {
        let square = [[1.0, 1.0], [1.0, 6.0], [6.0, 6.0], [6.0, 1.0]];
        let mut left = 24;
        assert_eq!(drawn(square, [10, 10], &mut left), Ok(vec![11, 5, 5, 5, 5, 5, 5, 5, 5, 5, 44]));
        assert_eq!(left, 14);
        assert!(drawn(square, [10, 10], &mut left).is_ok());
        // Of both sides of the next, one is more than is left.
        assert_eq!(drawn(square, [10, 10], &mut left), Err(MaskError::Crossings(CROSSINGS + 1)));
    }
}
