//! Outlines of as few points as an eye needs: what lies nearer to the line than a tolerance is left out (Ramer, Douglas and
//! Peucker).

use std::borrow::Cow;

/// Points that are looked at as they are: of a way that winds enough, each is compared with nearly all others.
const POINTS: usize = 5000;

/// `points`, or of too many those that are not almost on the one before, and of these as many as are looked at.
fn thinned(points: &[[f64; 2]], tolerance: f64) -> Cow<'_, [[f64; 2]]> {
    if points.len() <= POINTS {
        return Cow::Borrowed(points);
    }
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for point in points {
        if kept.last().is_none_or(|last| distance(*last, *point) > tolerance / 4.0) {
            kept.push(*point);
        }
    }
    let step = kept.len().div_ceil(POINTS);
    Cow::Owned(kept.into_iter().step_by(step).collect())
}

/// The closed way `points` with no point of it further than `tolerance` from what is left; at least three points of those that
/// have as many.
pub fn simplified(points: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    let points = &*thinned(points, tolerance);
    let Some(first) = points.first() else { return Vec::new() };
    if points.len() <= 3 {
        return points.to_vec();
    }
    // Closed, it has no ends: it is cut at its first point and at the one furthest from that.
    let far = furthest(points, |point| distance(*point, *first)).0;
    let mut keeps = vec![false; points.len()];
    keeps[0] = true;
    keeps[far] = true;
    let mut open = vec![(0, far), (far, points.len())];
    while let Some((from, to)) = open.pop() {
        let inside = from + 1..to.min(points.len());
        let (start, end) = (points[from], points[to % points.len()]);
        let (at, away) = furthest(points.get(inside.clone()).unwrap_or_default(), |point| off(*point, start, end));
        if away > tolerance {
            let at = inside.start + at;
            keeps[at] = true;
            open.extend([(from, at), (at, to)]);
        }
    }
    let left: Vec<[f64; 2]> = points.iter().zip(&keeps).filter(|(_, keeps)| **keeps).map(|(point, _)| *point).collect();
    if left.len() >= 3 {
        return left;
    }
    // Thinner than the tolerance: the point furthest from the line makes it an area again.
    let (third, _) = furthest(points, |point| off(*point, points[0], points[far]));
    let mut places = [0, far, third];
    places.sort_unstable();
    places.map(|place| points[place]).to_vec()
}

/// The place where `measure` is largest, and how large it is.
fn furthest(points: &[[f64; 2]], measure: impl Fn(&[f64; 2]) -> f64) -> (usize, f64) {
    let mut found = (0, 0.0);
    for (place, point) in points.iter().enumerate() {
        let value = measure(point);
        if value > found.1 {
            found = (place, value);
        }
    }
    found
}

fn distance([ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> f64 {
    (ax - bx).hypot(ay - by)
}

/// How far a point is off the stretch between two others.
fn off(point: [f64; 2], start: [f64; 2], end: [f64; 2]) -> f64 {
    let (dx, dy) = (end[0] - start[0], end[1] - start[1]);
    let length = dx * dx + dy * dy;
    if length == 0.0 {
        return distance(point, start);
    }
    let along = (((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length).clamp(0.0, 1.0);
    distance(point, [start[0] + along * dx, start[1] + along * dy])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_the_way_are_left_out() {
        // A square with a point in the middle of each side, one of them 0.4 off.
        let square =
            [[0.0, 0.0], [5.0, 0.0], [10.0, 0.0], [10.0, 5.0], [10.0, 10.0], [5.0, 10.4], [0.0, 10.0], [0.0, 5.0]];
        let corners = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        assert_eq!(simplified(&square, 0.5), corners);
        let finer = simplified(&square, 0.1);
        assert_eq!(finer.len(), 5);
        assert!(finer.contains(&[5.0, 10.4]));
    }

    #[test]
    fn a_staircase_becomes_a_line() {
        // From (0, 0) to (50, 50) in steps of one, and back along two sides.
        let steps =
            (0..50).flat_map(|step| [[f64::from(step), f64::from(step)], [f64::from(step + 1), f64::from(step)]]);
        let points: Vec<[f64; 2]> = steps.chain([[50.0, 50.0], [0.0, 50.0]]).collect();
        assert!(simplified(&points, 0.75).len() <= 4, "{:?}", simplified(&points, 0.75));
        assert_eq!(simplified(&points, 0.0).len(), points.len());
    }

    #[test]
    fn a_way_of_any_length_takes_its_time_alone() {
        // A spiral of a million points, of which no two are near each other.
        let points: Vec<[f64; 2]> = (0..1_000_000)
            .map(|place| {
                let angle = f64::from(place) / 10.0;
                [angle * angle.cos(), angle * angle.sin()]
            })
            .collect();
        assert!(simplified(&points, 1.0).len() <= POINTS);
        // A circle that is drawn far too finely keeps its shape.
        let circle: Vec<[f64; 2]> = (0..100_000)
            .map(|place| (f64::from(place) / 100_000.0 * std::f64::consts::TAU).sin_cos())
            .map(|(y, x)| [x * 100.0, y * 100.0])
            .collect();
        let round = simplified(&circle, 0.5);
        assert!((16..64).contains(&round.len()), "{}", round.len());
        let middles = round.iter().zip(round.iter().cycle().skip(1));
        assert!(
            middles
                .map(|(a, b)| distance([0.0, 0.0], [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])]))
                .all(|r| r > 99.0)
        );
    }

    #[test]
    fn little_is_left_as_it_is() {
        assert!(simplified(&[], 1.0).is_empty());
        assert_eq!(simplified(&[[1.0, 1.0]], 1.0).len(), 1);
        // A sliver keeps an area.
        let sliver = [[0.0, 0.0], [50.0, 0.2], [100.0, 0.0], [50.0, -0.1]];
        assert_eq!(simplified(&sliver, 1.0), [[0.0, 0.0], [50.0, 0.2], [100.0, 0.0]]);
        // What is not a number stays out of it, and does not hang.
        assert!(simplified(&[[f64::NAN, 0.0]; 5], 1.0).len() <= 5);
    }
}
