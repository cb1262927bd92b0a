//! Lines of a label file: `class` and then numbers, parts of the image's size.
//!
//! ```text
//! class cx cy w h                          a box
//! class x1 y1 x2 y2 x3 y3 ...              an outline of at least three points
//! class x1 y1 x2 y2 x3 y3 x4 y4            a turned box, where the task is that; else an outline of four points
//! class cx cy w h x1 y1 [v1] x2 y2 [v2]    a box with keypoints, as many as `kpt_shape` says
//! ```
//!
//! One number more than that is the confidence of a prediction, or the track's number where all of them are whole (CVAT).
//! Boxes and outlines stand side by side in one file (Roboflow).

use super::Task;
use crate::dataset::{Keypoint, Object};
use crate::formats::per_image::{Labels, Parsed, each_line};
use crate::formats::text;

/// Beyond this a number is no fraction of the image's size.
const NO_FRACTION: f64 = 2.0;
/// Classes have numbers below this.
const CLASSES: f64 = 1e6;

/// What a file says, each object with the number of its class. A last number that is not the box's stands as score, and as
/// track where it is whole: [`settle_last`] decides.
pub fn parse(source: &str, task: Task) -> Parsed<u32> {
    each_line(source, |_, line, _| object(line, task).map(Some))
}

fn object(line: &str, task: Task) -> Result<(u32, Object), String> {
    let (class, numbers, last) = numbers(line)?;
    let fractions = match (numbers.len(), task) {
        (count, Task::Pose { count: points, dims }) if count == 4 + points * dims => count,
        (count, Task::Pose { count: points, dims }) if count == 5 + points * dims => count - 1,
        (count @ (4 | 5), _) => count.min(4),
        (count @ (8 | 9), Task::Obb) => count.min(8),
        (count, _) if count >= 6 => count - count % 2,
        (count, _) => return Err(format!("{} fields, a box has 5", count + 1)),
    };
    let (shape, more) = numbers.split_at(fractions);
    // Visibility is no fraction either, and is at most 2.
    if let Some(number) = shape.iter().find(|number| number.abs() > NO_FRACTION) {
        return Err(format!("{number} is no fraction of the image's size"));
    }
    let mut object = Object { normalised: true, ..Object::default() };
    let points = || shape.chunks_exact(2).map(|point| [point[0], point[1]]);
    match (shape, task) {
        ([cx, cy, w, h, points @ ..], _) if points.is_empty() || matches!(task, Task::Pose { .. }) => {
            object.bbox = [cx - w / 2.0, cy - h / 2.0, cx + w / 2.0, cy + h / 2.0];
            if let Task::Pose { dims, .. } = task {
                object.keypoints = points.chunks_exact(dims.max(2)).map(keypoint).collect();
            }
        }
        ([a, b, c, d, e, f, g, h], Task::Obb) => {
            object.corners = Some([[*a, *b], [*c, *d], [*e, *f], [*g, *h]]);
            object.bbox = around(points());
        }
        _ => {
            object.polygons = vec![points().collect()];
            object.bbox = around(points());
        }
    }
    if let [number] = more {
        object.score = Some(*number);
        let whole = last.bytes().all(|byte| byte.is_ascii_digit());
        object.track = whole.then(|| last.parse().ok()).flatten();
    }
    Ok((class, object))
}

/// The class, the numbers behind it, and the last field as it is written.
pub(super) fn numbers(line: &str) -> Result<(u32, Vec<f64>, &str), String> {
    let mut fields = line.split_ascii_whitespace();
    let first = fields.next().unwrap_or_default();
    let class = text::number(first).filter(|class| class.fract() == 0.0 && (0.0..CLASSES).contains(class));
    let class = class.ok_or_else(|| format!("{first:?} is no number of a class"))? as u32;
    let mut numbers = Vec::new();
    let mut last = first;
    for field in fields {
        numbers.push(text::number(field).ok_or_else(|| format!("{field:?} is no number"))?);
        last = field;
    }
    Ok((class, numbers, last))
}

fn keypoint(numbers: &[f64]) -> Keypoint {
    let at = |place: usize| numbers.get(place).copied().unwrap_or(0.0);
    let visibility = match numbers.get(2) {
        Some(visibility) => visibility.round().clamp(0.0, 2.0) as u8,
        // Without a word on it a point is there, unless it lies outside or in the corner.
        None if at(0) < 0.0 || at(1) < 0.0 || (at(0) == 0.0 && at(1) == 0.0) => 0,
        None => 2,
    };
    Keypoint { x: at(0), y: at(1), visibility }
}

/// The upright box around points.
pub fn around(points: impl Iterator<Item = [f64; 2]>) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    points.fold(start, |[x0, y0, x1, y1], [x, y]| [x0.min(x), y0.min(y), x1.max(x), y1.max(y)])
}

/// The numbers of all classes that files have.
pub fn used(files: &[Labels<u32>]) -> impl Iterator<Item = u32> {
    let parsed = files.iter().filter_map(|labels| labels.content.as_ref().ok());
    parsed.flat_map(|parsed| parsed.objects.iter().map(|(class, _)| *class))
}

/// Decides for all files what their last numbers are: tracks where all are whole and some above 1, else scores.
pub fn settle_last(files: &mut [Labels<u32>]) {
    let objects = || files.iter().filter_map(|labels| labels.content.as_ref().ok()).flat_map(|parsed| &parsed.objects);
    let mut with_last = objects().filter(|(_, object)| object.score.is_some()).peekable();
    let some = with_last.peek().is_some();
    let tracks = some
        && with_last.all(|(_, object)| object.track.is_some())
        && objects().any(|(_, object)| object.track.is_some_and(|track| track > 1));
    for parsed in files.iter_mut().filter_map(|labels| labels.content.as_mut().ok()) {
        for (_, object) in &mut parsed.objects {
            if tracks { object.score = None } else { object.track = None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_each_kind() {
        let read = object;
        let (class, found) = read("2.0 0.5\t0.5  0.5 0.25", Task::Detect).expect("a box");
        assert_eq!((class, found.bbox, found.score), (2, [0.25, 0.375, 0.75, 0.625], None));
        assert_eq!(read("0 .5 .5 .5 .25 0.75", Task::Detect).expect("scored").1.score, Some(0.75));
        let (_, found) = read("0 0 0 1 0 1 0.5", Task::Obb).expect("an outline");
        assert_eq!(
            (found.bbox, found.polygons),
            ([0.0, 0.0, 1.0, 0.5], vec![vec![[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]]])
        );
        let quad = "0 0 0 1 0 1 0.5 0 0.5";
        assert_eq!(read(quad, Task::Detect).expect("an outline").1.polygons[0].len(), 4);
        assert_eq!(
            read(quad, Task::Obb).expect("turned").1.corners,
            Some([[0.0, 0.0], [1.0, 0.0], [1.0, 0.5], [0.0, 0.5]])
        );
        let (_, found) = read("0 .5 .5 .5 .5 .1 .2 2 0 0 0", Task::Pose { count: 2, dims: 3 }).expect("a pose");
        let points: Vec<_> = found.keypoints.iter().map(|point| (point.x, point.y, point.visibility)).collect();
        assert_eq!(points, [(0.1, 0.2, 2), (0.0, 0.0, 0)]);
        for (line, message) in [
            ("cat 0.5 0.5 0.5 0.5", "\"cat\" is no number of a class"),
            ("-1 0.5 0.5 0.5 0.5", "\"-1\" is no number of a class"),
            ("0 0.5 0.5 0.5", "4 fields, a box has 5"),
            ("0 0.5 0.5 0.5 x", "\"x\" is no number"),
            ("0 320 0.5 0.5 0.5", "320 is no fraction of the image's size"),
        ] {
            assert_eq!(read(line, Task::Detect).expect_err(line), message);
        }
    }
}
