//! Shapes as labelling tools draw them, in the terms of the model: boxes, corners, outlines, masks.

use super::text::Fault;
use crate::dataset::Mask;
use crate::image::runs;

/// Points of an outline that stands for an ellipse.
const AROUND: u32 = 32;

/// How many pixels of a mask are looked at.
pub const PIXELS: u64 = 1 << 28;

/// The box around points; `None` if there is none.
pub fn around(points: impl IntoIterator<Item = [f64; 2]>) -> Option<[f64; 4]> {
    points.into_iter().fold(None, |found, [x, y]| {
        let [x0, y0, x1, y1] = found.unwrap_or([x, y, x, y]);
        Some([x0.min(x), y0.min(y), x1.max(x), y1.max(y)])
    })
}

/// To a millionth of a pixel: a sine's last digits differ between machines.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6 + 0.0
}

/// `point` turned clockwise, as it is seen on the screen, by `degrees` about `pivot`.
pub fn turned([x, y]: [f64; 2], pivot: [f64; 2], degrees: f64) -> [f64; 2] {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (dx, dy) = (x - pivot[0], y - pivot[1]);
    [rounded(pivot[0] + dx * cosine - dy * sine), rounded(pivot[1] + dx * sine + dy * cosine)]
}

/// The corners of a box, clockwise from the upper left one, after it was turned.
pub fn turned_box([x0, y0, x1, y1]: [f64; 4], pivot: [f64; 2], degrees: f64) -> [[f64; 2]; 4] {
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]].map(|corner| turned(corner, pivot, degrees))
}

/// The centre, width, height and angle (clockwise, -180 to 180) of a turned box, from corners that go around it.
pub fn of_corners(corners: &[[f64; 2]; 4]) -> ([f64; 2], f64, f64, f64) {
    let [a, b, c, d] = *corners;
    let centre = [(a[0] + b[0] + c[0] + d[0]) / 4.0, (a[1] + b[1] + c[1] + d[1]) / 4.0];
    let (width, height) = ((b[0] - a[0]).hypot(b[1] - a[1]), (d[0] - a[0]).hypot(d[1] - a[1]));
    let fine = |value: f64| (value * 1e9).round() / 1e9 + 0.0;
    (centre, fine(width), fine(height), fine((b[1] - a[1]).atan2(b[0] - a[0]).to_degrees()))
}

/// The box around an ellipse that is turned about its centre.
pub fn ellipse_box([x, y]: [f64; 2], [rx, ry]: [f64; 2], degrees: f64) -> [f64; 4] {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (dx, dy) = (rounded((rx * cosine).hypot(ry * sine)), rounded((rx * sine).hypot(ry * cosine)));
    [x - dx, y - dy, x + dx, y + dy]
}

/// The outline of an ellipse that is turned about its centre, in hundredths of a pixel.
pub fn ellipse(centre: [f64; 2], [rx, ry]: [f64; 2], degrees: f64) -> Vec<[f64; 2]> {
    let point = |number: u32| {
        let (sine, cosine) = (f64::from(number) * std::f64::consts::TAU / f64::from(AROUND)).sin_cos();
        turned([centre[0] + rx * cosine, centre[1] + ry * sine], centre, degrees)
            .map(|side| (side * 100.0).round() / 100.0 + 0.0)
    };
    (0..AROUND).map(point).collect()
}

/// Numbers in turn as points.
pub fn pairs(numbers: &[f64]) -> Vec<[f64; 2]> {
    numbers.as_chunks().0.to_vec()
}

/// A mask of `width` x `height` pixels that is set where `is_set` says so inside of a crop, whose place may lie over the
/// edge.
pub fn mask_of_crop(
    [width, height]: [u32; 2],
    [left, top]: [i64; 2],
    [crop_width, crop_height]: [u32; 2],
    is_set: impl Fn(u32, u32) -> bool,
) -> Result<Mask, Fault> {
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > u64::from(u32::MAX) {
        return Err(Fault::new(0, format!("a mask in an image of {width}x{height} pixels")));
    }
    if u64::from(crop_width) * u64::from(crop_height) > PIXELS {
        return Err(Fault::new(0, format!("a mask of {crop_width}x{crop_height} pixels")));
    }
    let inside = |at: i64, size: u32| u32::try_from(at).ok().filter(|at| *at < size).map(u64::from);
    let mut runs: Vec<u32> = Vec::new();
    // Up to where runs are said, and the run of set pixels that is not yet.
    let (mut said, mut run) = (0, 0..0u64);
    let mut say = |run: &std::ops::Range<u64>, runs: &mut Vec<u32>| {
        if !run.is_empty() {
            runs.extend([(run.start - said) as u32, (run.end - run.start) as u32]);
            said = run.end;
        }
        said
    };
    for x in 0..crop_width {
        let Some(column) = inside(left.saturating_add(i64::from(x)), width) else { continue };
        for y in (0..crop_height).filter(|y| is_set(x, *y)) {
            let Some(row) = inside(top.saturating_add(i64::from(y)), height) else { continue };
            let at = column * u64::from(height) + row;
            if run.end != at {
                say(&run, &mut runs);
                run = at..at;
            }
            run.end = at + 1;
        }
    }
    let rest = u64::from(width) * u64::from(height) - say(&run, &mut runs);
    if rest > 0 {
        runs.push(rest as u32);
    }
    Ok(Mask { width, height, runs: runs.into() })
}

/// Columns that the edges of an outline may cross where it is drawn for its holes.
const CROSSINGS: u64 = 1 << 24;

/// The mask of `width` x `height` pixels whose middles lie inside of one of the parts of an outline and of none of its holes.
pub fn mask_with_holes(
    [width, height]: [u32; 2],
    parts: &[Vec<[f64; 2]>],
    holes: &[Vec<[f64; 2]>],
) -> Result<Mask, Fault> {
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > u64::from(u32::MAX) {
        return Err(Fault::new(0, format!("a mask in an image of {width}x{height} pixels")));
    }
    let inside = |x: f64| x.clamp(0.0, f64::from(width));
    let crossed = |points: &Vec<[f64; 2]>| -> u64 {
        let ends = points.iter().zip(points.iter().cycle().skip(1));
        ends.map(|([from, _], [to, _])| (inside(*from) - inside(*to)).abs() as u64 + 1).sum()
    };
    let crossings: u64 = parts.iter().chain(holes).map(crossed).sum();
    if crossings > CROSSINGS {
        return Err(Fault::new(0, format!("an outline whose edges cross {crossings} columns")));
    }
    let outside = mask_of_outline([width, height], holes);
    let mask = mask_of_outline([width, height], parts);
    Ok(Mask { runs: runs::without(&mask.runs, &outside.runs).into(), ..mask })
}

/// A box around points, of which a side may have no length, made a pixel wide: the pixel that the points lie in. `pixel` are the
/// sides of one, `size` those of the image, in the box's units.
pub fn a_pixel_wide([x0, y0, x1, y1]: [f64; 4], pixel: [f64; 2], size: [f64; 2]) -> [f64; 4] {
    let side = |from: f64, to: f64, axis: usize| {
        let (pixel, size) = (pixel[axis], size[axis]);
        if from != to || !(0.0..=size).contains(&from) {
            return (from, to);
        }
        let start = ((from / pixel).floor() * pixel).min(size - pixel).max(0.0);
        (start, start + pixel)
    };
    let ((x0, x1), (y0, y1)) = (side(x0, x1, 0), side(y0, y1, 1));
    [x0, y0, x1, y1]
}

/// Parts of an outline that are compared with each other: nobody draws more.
const PARTS: usize = 1000;

/// The parts of an outline of which none is said to be a hole, and those that are: they lie in an odd number of others.
#[allow(clippy::type_complexity)] // two lists of parts
pub fn with_holes(parts: Vec<Vec<[f64; 2]>>) -> (Vec<Vec<[f64; 2]>>, Vec<Vec<[f64; 2]>>) {
    let boxes: Vec<Option<[f64; 4]>> = parts.iter().map(|part| around(part.iter().copied())).collect();
    let lies_in = |inner: usize, outer: usize| {
        let (Some(a), Some(b)) = (boxes[inner], boxes[outer]) else { return false };
        let within = a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3] && a != b;
        within && parts[inner].first().is_some_and(|point| is_inside(*point, &parts[outer]))
    };
    if parts.len() > PARTS {
        return (parts, Vec::new());
    }
    let all = 0..parts.len();
    let is_hole: Vec<bool> =
        all.clone().map(|inner| all.clone().filter(|outer| lies_in(inner, *outer)).count() % 2 == 1).collect();
    let (mut outer, mut holes) = (Vec::new(), Vec::new());
    for (part, is_hole) in parts.into_iter().zip(is_hole) {
        if is_hole { holes.push(part) } else { outer.push(part) }
    }
    (outer, holes)
}

/// Whether a line from a point to the right crosses an outline of one part an odd number of times.
fn is_inside([x, y]: [f64; 2], part: &[[f64; 2]]) -> bool {
    let edges = part.iter().zip(part.iter().cycle().skip(1));
    let crosses = |([x0, y0], [x1, y1]): &(&[f64; 2], &[f64; 2])| {
        (*y0 > y) != (*y1 > y) && x < x0 + (x1 - x0) * (y - y0) / (y1 - y0)
    };
    edges.filter(crosses).count() % 2 == 1
}

/// The mask of `width` x `height` pixels whose middles lie inside of one of the parts of an outline, each part by itself.
pub fn mask_of_outline([width, height]: [u32; 2], parts: &[Vec<[f64; 2]>]) -> Mask {
    // The first pixel whose middle is not before `side`.
    let pixel = |side: f64, size: u32| (side - 0.5).ceil().clamp(0.0, f64::from(size)) as u32;
    // Where the edges of each part cross the middle of a column.
    let mut crossings: Vec<(u32, usize, f64)> = Vec::new();
    for (part, points) in parts.iter().enumerate() {
        for ([x0, y0], [x1, y1]) in points.iter().copied().zip(points.iter().copied().cycle().skip(1)) {
            let (low, high) = if x0 <= x1 { ([x0, y0], [x1, y1]) } else { ([x1, y1], [x0, y0]) };
            for column in pixel(low[0], width)..pixel(high[0], width) {
                let along = (f64::from(column) + 0.5 - low[0]) / (high[0] - low[0]);
                crossings.push((column, part, low[1] + (high[1] - low[1]) * along));
            }
        }
    }
    crossings.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for pair in crossings.as_chunks::<2>().0 {
        let [(column, _, from), (_, _, to)] = *pair;
        let start = u64::from(column) * u64::from(height);
        let (from, to) = (u64::from(pixel(from, height)), u64::from(pixel(to, height)));
        if from < to {
            spans.push((start + from, start + to));
        }
    }
    spans.sort_unstable();
    let mut runs: Vec<u32> = Vec::new();
    let mut said = 0;
    for (from, to) in spans {
        match runs.last_mut() {
            Some(last) if from <= said => *last += to.saturating_sub(said) as u32,
            _ => runs.extend([(from - said) as u32, (to - from) as u32]),
        }
        said = said.max(to);
    }
    let rest = u64::from(width) * u64::from(height) - said;
    if rest > 0 || runs.is_empty() {
        runs.push(rest as u32);
    }
    Mask { width, height, runs: runs.into() }
}

/// The box `[x0, y0, x1, y1)` around what is set; `None` if nothing is.
pub fn mask_box(mask: &Mask) -> Option<[f64; 4]> {
    runs::bounds(&mask.runs, mask.height).map(|sides| sides.map(|side| side as f64))
}

/// Whether boxes that were read as a corner and a size, each with the size of its image where that is known, are two corners: some
/// lead out of their images, and none does as two corners. Says so then.
pub fn are_two_corners(boxes: impl Iterator<Item = ([f64; 4], Option<(u32, u32)>)>) -> Option<String> {
    let (mut all, mut over) = (0, 0);
    for ([x0, y0, x1, y1], size) in boxes {
        let [x_end, y_end] = [x1 - x0, y1 - y0];
        if x_end <= x0 || y_end <= y0 {
            return None;
        }
        let Some((width, height)) = size else { continue };
        let [width, height] = [width, height].map(|side| f64::from(side) + 1.0);
        all += 1;
        over += u32::from(x1 > width || y1 > height);
        if x_end > width || y_end > height {
            return None;
        }
    }
    (over > 0)
        .then(|| format!("boxes are two corners: as corner and size {over} of {all} would lead out of their images"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_a_pixel() {
        let wide = |bbox| a_pixel_wide(bbox, [1.0, 1.0], [40.0, 30.0]);
        assert_eq!(wide([5.5, 30.0, 5.5, 30.0]), [5.0, 29.0, 6.0, 30.0]);
        assert_eq!(wide([5.0, 3.0, 9.0, 3.0]), [5.0, 3.0, 9.0, 4.0]);
        for bbox in [[1.0, 2.0, 3.0, 4.0], [41.0, -1.0, 41.0, -1.0]] {
            assert_eq!(wide(bbox), bbox);
        }
        assert_eq!(a_pixel_wide([0.5, 1.0, 0.5, 1.0], [0.25, 0.25], [1.0, 1.0]), [0.5, 0.75, 0.75, 1.0]);
    }

    #[test]
    fn parts_within_parts_are_holes() {
        let square = |from: f64, to: f64| vec![[from, from], [to, from], [to, to], [from, to]];
        let parts =
            vec![square(10.0, 50.0), square(20.0, 40.0), square(60.0, 70.0), square(25.0, 35.0), square(60.0, 70.0)];
        let (outer, holes) = with_holes(parts.clone());
        assert_eq!(holes, [square(20.0, 40.0)]);
        assert_eq!(outer.len(), 4);
        assert_eq!(with_holes(parts[..1].to_vec()), (parts[..1].to_vec(), vec![]));
    }

    #[test]
    fn boxes_turn_and_come_back() {
        let corners = turned_box([10.0, 10.0, 30.0, 20.0], [20.0, 15.0], 90.0);
        assert_eq!(corners, [[25.0, 5.0], [25.0, 25.0], [15.0, 25.0], [15.0, 5.0]]);
        assert_eq!(of_corners(&corners), ([20.0, 15.0], 20.0, 10.0, 90.0));
        assert_eq!(around(corners), Some([15.0, 5.0, 25.0, 25.0]));
        assert_eq!(around([]), None);
        assert_eq!(ellipse_box([20.0, 15.0], [10.0, 5.0], 90.0), [15.0, 5.0, 25.0, 25.0]);
        let outline = ellipse([20.0, 15.0], [10.0, 5.0], 0.0);
        assert_eq!((outline.len(), outline[0], outline[8]), (32, [30.0, 15.0], [20.0, 20.0]));
    }

    #[test]
    fn crops_become_masks() {
        let mask = |size, place, crop, set: &[(u32, u32)]| {
            mask_of_crop(size, place, crop, |x, y| set.contains(&(x, y))).expect("small").runs.to_vec()
        };
        assert_eq!(mask([3, 4], [1, 1], [1, 2], &[(0, 0), (0, 1)]), [5, 2, 5]);
        assert_eq!(mask([3, 4], [0, 0], [3, 4], &[]), [12]);
        assert_eq!(mask([2, 2], [0, 0], [2, 2], &[(0, 0), (0, 1), (1, 0), (1, 1)]), [0, 4]);
        assert_eq!(mask([2, 2], [0, 0], [2, 2], &[(0, 1), (1, 0)]), [1, 2, 1]);
        assert_eq!(mask([3, 3], [1, 1], [2, 2], &[(0, 1), (1, 0), (1, 1)]), [5, 1, 1, 2]);
        // Over the edge.
        assert_eq!(mask([2, 2], [-1, -1], [2, 2], &[(1, 1), (0, 0)]), [0, 1, 3]);
        assert_eq!(mask([2, 2], [9, 9], [2, 2], &[(0, 0)]), [4]);
        assert!(mask_of_crop([0, 1], [0, 0], [1, 1], |_, _| true).is_err());
        assert!(mask_of_crop([1 << 31, 1 << 31], [0, 0], [1, 1], |_, _| true).is_err());
    }

    #[test]
    fn outlines_become_masks() {
        let square = |x: f64, y: f64, side: f64| vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
        let runs = |parts: &[Vec<[f64; 2]>]| mask_of_outline([4, 3], parts).runs.to_vec();
        assert_eq!(runs(&[square(1.0, 0.0, 2.0)]), [3, 2, 1, 2, 4]);
        // Over the edge, and two parts that overlap.
        assert_eq!(runs(&[square(-5.0, -5.0, 20.0)]), [0, 12]);
        assert_eq!(runs(&[square(0.0, 0.0, 2.0), square(1.0, 1.0, 2.0)]), [0, 2, 1, 3, 1, 2, 3]);
        // A triangle has the pixels whose middle it has; one between two middles none.
        assert_eq!(runs(&[vec![[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]]), [0, 5, 1, 1, 5]);
        assert_eq!(runs(&[square(0.6, 0.6, 0.3)]), [12]);
        assert_eq!((runs(&[]), runs(&[vec![]])), (vec![12], vec![12]));
        // Holes, of which two overlap, beside nothing and as large as all.
        let holed = |holes: &[Vec<[f64; 2]>]| mask_with_holes([4, 3], &[square(0.0, 0.0, 3.0)], holes);
        let runs = |holes: &[Vec<[f64; 2]>]| holed(holes).expect("small").runs.to_vec();
        assert_eq!(runs(&[square(1.0, 1.0, 1.0)]), [0, 4, 1, 4, 3]);
        assert_eq!(runs(&[square(0.0, 0.0, 2.0), square(1.0, 1.0, 1.0)]), [2, 1, 2, 4, 3]);
        assert_eq!((runs(&[square(3.0, 0.0, 1.0)]), runs(&[square(-1.0, -1.0, 9.0)])), (vec![0, 9, 3], vec![12]));
        // What a file claims meets a limit before it is drawn.
        let fault = |size, points: usize| {
            let zigzag = (0..points).map(|place| [if place % 2 == 0 { 0.0 } else { 1e9 }, place as f64]).collect();
            mask_with_holes(size, &[zigzag], &[square(0.0, 0.0, 2.0)]).unwrap_err().message
        };
        assert_eq!(fault([1 << 31, 1], 9), "an outline whose edges cross 8000000017 columns");
        assert_eq!(fault([1 << 31, 2], 9), "a mask in an image of 2147483648x2 pixels");
        assert_eq!(fault([0, 2], 9), "a mask in an image of 0x2 pixels");
    }

    #[test]
    fn masks_have_boxes() {
        let mask = Mask { width: 3, height: 4, runs: [5, 2, 5].into() };
        assert_eq!(mask_box(&mask), Some([1.0, 1.0, 2.0, 3.0]));
        assert_eq!(mask_box(&Mask { width: 3, height: 4, runs: [12].into() }), None);
    }
}
