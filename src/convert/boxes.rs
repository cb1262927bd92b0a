//! A source's box to one that TensorFlow's trainers take: `0 <= xmin < xmax <= 1`, the same for y, as 32-bit floats.
//!
//! Swapped corners are put right, what stands over the edge is clipped, what has no area is left out; each is said with
//! its place. Boxes that were drawn on an image turned or larger than it is stored come out in the pixels that are stored
//! ([`Frame`]). `--skip-rule tf` leaves out what TensorFlow's own scripts leave out: Model Garden's and the research
//! `create_coco_tf_record.py` drop an annotation "if w <= 0 or h <= 0 or x + w > W or y + h > H", and do not look at
//! x < 0 or y < 0.

use serde::{Deserialize, Serialize};

use crate::dataset::ProblemKind;
use crate::formats::target::Frame;

/// Which boxes are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SkipRule {
    /// Those without area inside the image.
    #[default]
    None,
    /// Those that TensorFlow's own scripts leave out.
    Tf,
}

impl SkipRule {
    /// The word in options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tf => "tf",
        }
    }

    /// The rule called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "tf" => Some(Self::Tf),
            _ => None,
        }
    }
}

/// Which boxes are left out, and by which size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoxRules {
    /// By their place.
    pub skip_rule: SkipRule,
    /// Those over the edge are clipped; otherwise they stay as they are, as in TensorFlow's own scripts.
    pub clip: bool,
    /// Those of which a side is less than so many pixels of the image.
    pub min_size: f64,
}

impl Default for BoxRules {
    fn default() -> Self {
        Self { skip_rule: SkipRule::None, clip: true, min_size: 0.0 }
    }
}

/// A box as fractions of the image's size, as it stands in a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitBox {
    /// Left edge.
    pub xmin: f32,
    /// Right edge, above `xmin`.
    pub xmax: f32,
    /// Upper edge.
    pub ymin: f32,
    /// Lower edge, above `ymin`.
    pub ymax: f32,
}

/// What became of a box, and the corrections on the way.
#[derive(Debug, Default)]
pub struct Fitted {
    /// The box; `None` where it has to be left out: the last correction says why.
    pub unit: Option<UnitBox>,
    /// The same as `[x0, y0, x1, y1)` in pixels of the stored image.
    pub pixels: [f64; 4],
    /// What was put right, in words.
    pub corrections: Vec<(ProblemKind, String)>,
}

/// Fits `bbox` into what it was drawn on, and gives it in the stored image.
pub fn fit(bbox: [f64; 4], normalised: bool, frame: Frame, rules: BoxRules) -> Fitted {
    let BoxRules { skip_rule: rule, clip, .. } = rules;
    let mut fitted = Fitted::default();
    let mut note = |kind, words: String| fitted.corrections.push((kind, words));
    let size = [f64::from(frame.drawn.0), f64::from(frame.drawn.1)];
    // From here in units of the source for the messages: pixels, or fractions of the size.
    let limit = if normalised { [1.0, 1.0] } else { size };
    if !bbox.iter().all(|value| value.is_finite()) {
        let [x0, y0, x1, y1] = bbox;
        note(ProblemKind::BadEntry, format!("box [{x0}, {y0}, {x1}, {y1}] is not finite"));
        return fitted;
    }
    let mut sides = [[bbox[0], bbox[2]], [bbox[1], bbox[3]]];
    const NAMES: [[&str; 3]; 2] = [["xmin", "xmax", "width"], ["ymin", "ymax", "height"]];

    if rule == SkipRule::Tf {
        for ([low, high], ([min, max, side], limit)) in sides.iter().zip(NAMES.iter().zip(limit)) {
            if high <= low {
                note(ProblemKind::SkipRule, format!("{max} {high} <= {min} {low}"));
                return fitted;
            }
            if *high > limit {
                note(ProblemKind::SkipRule, format!("{max} {high} > {side} {limit}"));
                return fitted;
            }
        }
    }
    for ([low, high], [min, max, _]) in sides.iter_mut().zip(NAMES) {
        if high < low {
            note(ProblemKind::SwappedCorners, format!("{max} {high} < {min} {low}"));
            std::mem::swap(low, high);
        }
    }
    if let Some(axis) = (0..2).find(|axis| sides[*axis][0] == sides[*axis][1]) {
        let ([low, high], [min, max, _]) = (sides[axis], NAMES[axis]);
        note(ProblemKind::EmptyBox, format!("{max} {high} = {min} {low}"));
        return fitted;
    }
    let mut over = Vec::new();
    for ([low, high], ([min, max, side], limit)) in sides.iter_mut().zip(NAMES.iter().zip(limit)) {
        for (value, name) in [(&mut *low, min), (&mut *high, max)] {
            let inside = value.clamp(0.0, limit);
            match *value {
                low if low < 0.0 => over.push(format!("{name} {value} < 0")),
                high if high > limit => over.push(format!("{name} {value} > {side} {limit}")),
                _ => continue,
            }
            if clip {
                *value = inside;
            }
        }
    }
    let part = |axis: usize| [sides[axis][0] / limit[axis], sides[axis][1] / limit[axis]];
    let ([xmin, xmax], [ymin, ymax]) = sorted([0, 1].map(|end| frame.place_unit([part(0)[end], part(1)[end]])));
    let pixels = |axis: usize| sides[axis].map(|side| if normalised { side * size[axis] } else { side });
    let ([x0, x1], [y0, y1]) = sorted([0, 1].map(|end| frame.place([pixels(0)[end], pixels(1)[end]])));
    let unit = UnitBox { xmin: xmin as f32, xmax: xmax as f32, ymin: ymin as f32, ymax: ymax as f32 };
    // Asked of the 32-bit values: a sliver can vanish in rounding.
    let area = unit.xmin < unit.xmax && unit.ymin < unit.ymax;
    if !over.is_empty() {
        let over = over.join(", ");
        if !clip {
            note(ProblemKind::BoxKept, format!("{over}: kept as it is"));
        } else if area {
            note(ProblemKind::BoxOutside, over);
        } else {
            note(ProblemKind::EmptyBox, format!("nothing of the box is inside the image: {over}"));
        }
    } else if !area {
        let [[x0, x1], [y0, y1]] = sides;
        note(ProblemKind::EmptyBox, format!("box [{x0}, {y0}, {x1}, {y1}] is too thin to have an area"));
    }
    fitted.unit = area.then_some(unit);
    fitted.pixels = [x0, y0, x1, y1];
    fitted
}

/// Ranges of x and y between two corners.
fn sorted([a, b]: [[f64; 2]; 2]) -> ([f64; 2], [f64; 2]) {
    let range = |axis: usize| [a[axis].min(b[axis]), a[axis].max(b[axis])];
    (range(0), range(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(bbox: [f64; 4], normalised: bool, skip_rule: SkipRule) -> (Option<[f32; 4]>, Vec<String>) {
        let rules = BoxRules { skip_rule, ..BoxRules::default() };
        let fitted = fit(bbox, normalised, Frame::plain((640, 480)), rules);
        let words = fitted.corrections.iter().map(|(kind, words)| format!("{}: {words}", kind.word())).collect();
        (fitted.unit.map(|unit| [unit.xmin, unit.ymin, unit.xmax, unit.ymax]), words)
    }

    fn plain(bbox: [f64; 4]) -> (Option<[f32; 4]>, Vec<String>) {
        run(bbox, false, SkipRule::None)
    }

    #[test]
    fn pixels_become_fractions() {
        assert_eq!(plain([64.0, 48.0, 320.0, 480.0]), (Some([0.1, 0.1, 0.5, 1.0]), vec![]));
        assert_eq!(run([0.25, 0.5, 1.0, 0.75], true, SkipRule::None), (Some([0.25, 0.5, 1.0, 0.75]), vec![]));
    }

    #[test]
    fn corners_are_put_right() {
        let (unit, words) = plain([320.0, 480.0, 64.0, 48.0]);
        assert_eq!(unit, Some([0.1, 0.1, 0.5, 1.0]));
        assert_eq!(words, ["swapped-corners: xmax 64 < xmin 320", "swapped-corners: ymax 48 < ymin 480"]);
    }

    #[test]
    fn over_the_edge_is_clipped() {
        let (unit, words) = plain([-3.5, 48.0, 700.0, 500.0]);
        assert_eq!(unit, Some([0.0, 0.1, 1.0, 1.0]));
        assert_eq!(words, ["box-outside: xmin -3.5 < 0, xmax 700 > width 640, ymax 500 > height 480"]);
        let (unit, words) = run([0.5, -0.25, 1.25, 0.5], true, SkipRule::None);
        assert_eq!(unit, Some([0.5, 0.0, 1.0, 0.5]));
        assert_eq!(words, ["box-outside: xmax 1.25 > width 1, ymin -0.25 < 0"]);
    }

    #[test]
    fn no_area_is_left_out() {
        assert_eq!(plain([5.0, 5.0, 5.0, 9.0]), (None, vec!["empty-box: xmax 5 = xmin 5".into()]));
        let words = "empty-box: nothing of the box is inside the image: xmin 650 > width 640, xmax 700 > width 640";
        assert_eq!(plain([650.0, 5.0, 700.0, 9.0]), (None, vec![words.into()]));
        let words = "empty-box: box [600, 5, 600.000000001, 9] is too thin to have an area";
        assert_eq!(plain([600.0, 5.0, 600.000_000_001, 9.0]), (None, vec![words.into()]));
        let words = "bad-entry: box [NaN, 5, inf, 9] is not finite";
        assert_eq!(plain([f64::NAN, 5.0, f64::INFINITY, 9.0]), (None, vec![words.into()]));
    }

    #[test]
    fn tensorflow_drops_whole_boxes_but_not_for_negative_corners() {
        let tf = |bbox| run(bbox, false, SkipRule::Tf);
        assert_eq!(tf([5.0, 5.0, 641.0, 9.0]), (None, vec!["skip-rule: xmax 641 > width 640".into()]));
        assert_eq!(tf([5.0, 9.0, 64.0, 9.0]), (None, vec!["skip-rule: ymax 9 <= ymin 9".into()]));
        let (unit, words) = tf([-5.0, 0.0, 64.0, 48.0]);
        assert_eq!((unit, words), (Some([0.0, 0.0, 0.1, 0.1]), vec!["box-outside: xmin -5 < 0".into()]));
    }

    /// A mark at one corner of a 40 x 20 picture, followed by hand through what EXIF says of row 0 and column 0.
    #[test]
    fn boxes_are_turned_to_the_stored_pixels() {
        // As shown: 20 wide and 40 high for 5 to 8; the box is 5 wide and 20 high at the upper left.
        let shown = |orientation| {
            let size = if orientation >= 5 { (20, 40) } else { (40, 20) };
            let bbox = if orientation >= 5 { [0.0, 0.0, 5.0, 20.0] } else { [0.0, 0.0, 10.0, 10.0] };
            let frame = Frame { drawn: size, orientation, stored: (40, 20) };
            let unit = fit(bbox, false, frame, BoxRules::default()).unit.unwrap();
            [unit.xmin, unit.ymin, unit.xmax, unit.ymax]
        };
        for (orientation, stored) in [
            (1, [0.0, 0.0, 0.25, 0.5]),
            (2, [0.75, 0.0, 1.0, 0.5]),
            (3, [0.75, 0.5, 1.0, 1.0]),
            (4, [0.0, 0.5, 0.25, 1.0]),
            (5, [0.0, 0.0, 0.5, 0.25]),
            (6, [0.0, 0.75, 0.5, 1.0]),
            (7, [0.5, 0.75, 1.0, 1.0]),
            (8, [0.5, 0.0, 1.0, 0.25]),
        ] {
            assert_eq!(shown(orientation), stored, "{orientation}");
        }
        // What is said of a box is in its own coordinates.
        let frame = Frame { drawn: (20, 40), orientation: 6, stored: (40, 20) };
        let fitted = fit([0.0, 0.0, 25.0, 20.0], false, frame, BoxRules::default());
        assert_eq!(fitted.corrections[0].1, "xmax 25 > width 20");
    }

    #[test]
    fn boxes_are_scaled_to_the_stored_pixels() {
        let frame = Frame { drawn: (640, 480), orientation: 1, stored: (320, 240) };
        let fitted = fit([64.0, 48.0, 700.0, 480.0], false, frame, BoxRules::default());
        assert_eq!(fitted.unit, Some(UnitBox { xmin: 0.1, xmax: 1.0, ymin: 0.1, ymax: 1.0 }));
        assert_eq!(fitted.pixels, [32.0, 24.0, 320.0, 240.0]);
        assert_eq!(fitted.corrections, [(ProblemKind::BoxOutside, "xmax 700 > width 640".to_owned())]);
        // Fractions are of any size.
        let fitted = fit([0.25, 0.5, 0.75, 1.0], true, frame, BoxRules::default());
        assert_eq!(fitted.pixels, [80.0, 120.0, 240.0, 240.0]);
    }
}
