//! An image's objects in pixels of the image as it stands upright, as the page has them.
//!
//! Objects are where the source says, not clipped: what stands over the edge is seen to do so.

use serde::{Serialize, Serializer};

use super::outline::simplified;
use crate::dataset::Dataset;
use crate::formats::target::Frame;
use crate::formats::trace;

/// Objects of one image that are drawn.
const OBJECTS: usize = 1000;
/// Points of the outlines of one image.
const POINTS: usize = 6000;
/// Outlines are as near to those of the source as one pixel in so many.
const FINE: f64 = 2048.0;
/// Outlines of masks go along the edges of pixels: this is off by less than one of these.
const STAIRS: f64 = 0.75;

/// A number with two digits behind the point; whole ones without a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Num(pub f64);

impl Serialize for Num {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rounded = (self.0 * 100.0).round() / 100.0;
        if rounded.abs() < 9e15 && rounded.fract() == 0.0 {
            serializer.serialize_i64(rounded as i64)
        } else {
            serializer.serialize_f64(rounded)
        }
    }
}

/// An object. The letters are what the script knows.
#[derive(Debug, Default, Serialize)]
pub struct Shape<'a> {
    /// Place of its class in the dataset.
    pub c: u32,
    /// `[x0, y0, x1, y1)`, sorted.
    pub b: Option<[Num; 4]>,
    /// The box as the source has it, where that is not the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub o: Option<[f64; 4]>,
    /// Flags.
    #[serde(skip_serializing_if = "is_zero")]
    pub f: u16,
    /// Ways around its outline, `x, y, x, y ...`; a point is inside where it is inside an odd number of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub p: Vec<Vec<Num>>,
    /// The same of its mask.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub m: Vec<Vec<Num>>,
    /// Keypoints: `x, y, visibility`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub k: Vec<Num>,
    /// Corners of a turned box: `x, y`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r: Option<[Num; 8]>,
    /// Score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s: Option<f64>,
    /// Track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub t: Option<i64>,
    /// The source's number. As text: JavaScript rounds large ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub i: Option<String>,
    /// Area as the source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<f64>,
    /// Pose or view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v: Option<&'a str>,
    /// Free attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<&'a [(Box<str>, Box<str>)]>,
    /// Line in the annotation file.
    #[serde(skip_serializing_if = "is_zero_line")]
    pub n: u32,
}

fn is_zero(flags: &u16) -> bool {
    *flags == 0
}

fn is_zero_line(line: &u32) -> bool {
    *line == 0
}

/// The objects of image `row`, and how many more it has. `frame` leads to the upright image.
pub fn of(dataset: &Dataset, row: usize, frame: Frame) -> (Vec<Shape<'_>>, usize) {
    let all = dataset.objects_of(row);
    let left_out = all.len().saturating_sub(OBJECTS);
    let side = f64::from(frame.stored.0.max(frame.stored.1));
    let mut tolerance = side / FINE;
    loop {
        let shapes: Vec<Shape<'_>> =
            all.clone().take(OBJECTS).map(|object| shape(dataset, object, frame, tolerance)).collect();
        let points: usize =
            shapes.iter().flat_map(|shape| shape.p.iter().chain(&shape.m)).map(|way| way.len() / 2).sum();
        // Each object has outlines of at least three points; coarser than a hundredth of the image says nothing.
        if points <= POINTS || tolerance > side / 100.0 {
            return (shapes, left_out);
        }
        tolerance *= 2.0;
    }
}

fn shape(dataset: &Dataset, object: usize, frame: Frame, tolerance: f64) -> Shape<'_> {
    let objects = &dataset.objects;
    let place = frame.placing(objects.normalised[object]);
    let source = objects.bbox[object];
    let [x0, y0, x1, y1] = source;
    let (a, b) = (place([x0, y0]), place([x1, y1]));
    let sorted = [a[0].min(b[0]), a[1].min(b[1]), a[0].max(b[0]), a[1].max(b[1])];
    let flat = |points: Vec<[f64; 2]>| points.into_iter().flatten().map(Num).collect::<Vec<Num>>();
    let polygons = objects.polygons.get(object).map(|outline| {
        let parts = outline.parts().map(|part| {
            let points: Vec<[f64; 2]> = part.map(&place).collect();
            flat(simplified(&points, tolerance))
        });
        parts.filter(|part| !part.is_empty()).collect()
    });
    let mask = objects.masks.get(object).and_then(|mask| frame.mask(mask)).map(|mask| {
        let regions = trace::regions(&mask);
        let ways = regions.iter().flat_map(|region| std::iter::once(&region.exterior).chain(&region.holes));
        ways.map(|way| flat(simplified(way, tolerance.max(STAIRS)))).collect()
    });
    let keypoints = objects.keypoints.get(object).map(|points| {
        let three = |point: &crate::dataset::Keypoint| {
            let [x, y] = place([point.x, point.y]);
            [x, y, f64::from(point.visibility)].map(Num)
        };
        points.iter().flat_map(three).collect()
    });
    let corners = objects.corners.get(object).map(|corners| {
        let [a, b, c, d] = corners.map(&place);
        [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]].map(Num)
    });
    Shape {
        c: objects.class[object],
        b: sorted.iter().all(|side| side.is_finite()).then_some(sorted.map(Num)),
        o: (sorted != source).then_some(source),
        f: objects.flags[object],
        p: polygons.unwrap_or_default(),
        m: mask.unwrap_or_default(),
        k: keypoints.unwrap_or_default(),
        r: corners,
        s: objects.score.get(object).copied(),
        t: objects.track.get(object).copied(),
        i: objects.id.get(object).map(i64::to_string),
        a: objects.area.get(object).copied(),
        v: objects.pose.get(object).map(|pose| &**pose),
        x: objects.attributes.get(object).map(Vec::as_slice),
        n: objects.line[object],
    }
}

/// How large an image is of which nothing is known: what holds all its objects in pixels, or a square for parts of a size.
pub fn extent(dataset: &Dataset, row: usize) -> (u32, u32) {
    let objects = &dataset.objects;
    let pixels = dataset.objects_of(row).filter(|object| !objects.normalised[*object]);
    let far = pixels.fold([0.0_f64; 2], |[x, y], object| {
        let [x0, y0, x1, y1] = objects.bbox[object];
        [x.max(x0).max(x1), y.max(y0).max(y1)]
    });
    match far.map(|side| if side.is_finite() { side.ceil().min(1e6) as u32 } else { 0 }) {
        [0, _] | [_, 0] => (1000, 1000),
        [width, height] => (width, height),
    }
}
