//! Outlines of as few points as an eye needs: what lies nearer to the line than a tolerance is left out (Ramer, Douglas and
//! Peucker).

/// The closed way `points` with no point of it further than `tolerance` from what is left; at least three points of those that
/// have as many.
pub fn simplified(points: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
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
