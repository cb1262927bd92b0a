//! Objects as labelling tools draw them: shapes, of which one object may have several.
//!
//! A tool has a box, an outline, a mask, a turned box or points each by itself; what belongs together has the number of a group
//! (CVAT's and LabelMe's `group_id`, Datumaro's `group`, Supervisely's `instance`, Label Studio's `parentID`). What shapes say
//! anyway is not written again: a box that is the one around them. [`crate::formats::grouping`] is the way back.

use std::borrow::Cow;

use super::{Ready, ReadyImage, ReadyObject};
use crate::dataset::{Keypoint, Mask};
use crate::formats::geometry;
use crate::formats::trace::{self, Region};

/// The attribute that a group has in the model.
pub const GROUP: &str = "group_id";
/// The attribute of a point that is hidden, where a tool has no other word for it.
pub const HIDDEN: &str = "occluded";

/// How far the box around shapes may be from the object's own before that is written, too: a mask has whole pixels.
const SAME: f64 = 1.0;

/// What a format can draw, besides boxes.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    /// Outlines.
    pub outlines: bool,
    /// Masks.
    pub masks: bool,
    /// Outlines with holes, of masks where there is no other place for them.
    pub holes: bool,
    /// Turned boxes.
    pub turned: bool,
    /// Keypoints.
    pub points: Points,
    /// How several shapes are one object.
    pub groups: Groups,
}

impl Draws {
    /// Outlines, and points that have the number of the outline or box that they are of, as VIA and Labelbox have them.
    pub const OUTLINES_AND_POINTS: Self = Self {
        outlines: true,
        masks: false,
        holes: false,
        turned: false,
        points: Points::OfBody,
        groups: Groups::OfPoints,
    };
}

/// How a format says that shapes belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// It does not: each object has one shape.
    None,
    /// By a number that an object's keypoints have; it has one other shape.
    OfPoints,
    /// They are linked.
    Linked,
    /// By a number, which shapes by themselves may have, too.
    Numbered,
}

/// How a format has keypoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Points {
    /// Not at all.
    None,
    /// As a shape that can be an object by itself.
    Own,
    /// One by one, each with a name, around another shape of the object.
    OfBody,
}

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape<'a> {
    /// `[x0, y0, x1, y1)`.
    Box([f64; 4]),
    /// Corners of a turned box, clockwise from the one that would be the upper left one.
    Turned([[f64; 2]; 4]),
    /// An outline of one part.
    Outline(Vec<[f64; 2]>),
    /// A region of a mask as an outline with holes.
    Region(Region),
    /// A mask of the size of the image.
    Mask(Cow<'a, Mask>),
    /// Keypoints in the order of the class.
    Points(Vec<Keypoint>),
}

/// An object as shapes; there is at least one.
#[derive(Clone, Debug)]
pub struct Drawn<'a> {
    /// The object.
    pub object: ReadyObject,
    /// Its shapes.
    pub shapes: Vec<Shape<'a>>,
    /// The group, a number above 0 that no other object of the image has, but for those that have it in the source.
    pub group: Option<u64>,
    /// Its attributes but for the group.
    pub attributes: Vec<(&'a str, &'a str)>,
}

impl Drawn<'_> {
    /// The points that are labelled, with the names that they have as shapes of their own: those of the class's keypoints, or
    /// that of the class where the points without names are all there is.
    pub fn named_points<'p>(
        &self,
        ready: &'p Ready<'_>,
        points: &'p [Keypoint],
    ) -> impl Iterator<Item = (Cow<'p, str>, &'p Keypoint)> {
        let (object, named) = (self.object, ready.has_named_points(&self.object) || self.shapes.len() > 1);
        let labelled = points.iter().enumerate().filter(|(_, point)| point.visibility > 0);
        labelled.map(move |(number, point)| {
            let name = if named { ready.point_name(&object, number) } else { ready.class_of(&object).into() };
            (name, point)
        })
    }
}

impl<'a> Ready<'a> {
    /// The objects of an image as a format draws them.
    pub fn drawn(&self, image: &ReadyImage, draws: Draws) -> Vec<Drawn<'a>> {
        let own_group = |object: &ReadyObject| {
            let attributes = self.attributes(object).iter().find(|(name, _)| **name == *GROUP);
            attributes.and_then(|(_, value)| value.parse::<u64>().ok()).filter(|group| *group > 0)
        };
        let objects = self.objects_of(image);
        let mut free = objects.iter().filter_map(own_group).max().unwrap_or(0);
        let drawn = |object: &ReadyObject| {
            let shapes = self.shapes(image, object, draws);
            let own = own_group(object).filter(|_| draws.groups == Groups::Numbered);
            let single_points = |shape: &Shape<'_>| match shape {
                Shape::Points(points) => draws.points == Points::OfBody && points.len() > 1,
                _ => false,
            };
            let group = if shapes.len() > 1 || shapes.iter().any(single_points) {
                free = free.saturating_add(1);
                Some(free)
            } else {
                own
            };
            let attributes = self.attributes(object).iter().map(|(name, value)| (&**name, &**value));
            let attributes = attributes.filter(|(name, _)| own.is_none() || group != own || *name != GROUP);
            // The number has an attribute's place.
            let taken = draws.groups == Groups::OfPoints && group.is_some();
            let renamed = |(name, value)| (if taken && name == GROUP { "group_id_" } else { name }, value);
            let attributes = attributes.map(renamed).collect();
            Drawn { object: *object, shapes, group, attributes }
        };
        objects.iter().map(drawn).collect()
    }

    /// Free attributes of an object.
    pub fn attributes(&self, object: &ReadyObject) -> &'a [(Box<str>, Box<str>)] {
        self.dataset.objects.attributes.get(object.row).map_or(&[], |attributes| attributes)
    }

    /// The name of a keypoint of a class; its number, from 1, where the source has none.
    pub fn point_name<'s>(&'s self, object: &ReadyObject, number: usize) -> Cow<'s, str> {
        let details = self.classes.get(object.class as usize).and_then(|class| class.details);
        let name = details.and_then(|details| details.keypoints.get(number));
        name.map_or_else(|| (number + 1).to_string().into(), |name| name.as_str().into())
    }

    /// Whether the keypoints of an object's class have names.
    pub fn has_named_points(&self, object: &ReadyObject) -> bool {
        let details = self.classes.get(object.class as usize).and_then(|class| class.details);
        details.is_some_and(|details| !details.keypoints.is_empty())
    }

    fn shapes(&self, image: &ReadyImage, object: &ReadyObject, draws: Draws) -> Vec<Shape<'a>> {
        let mut shapes: Vec<Shape<'a>> = Vec::new();
        let mut around: Vec<[f64; 2]> = Vec::new();
        let single = matches!(draws.groups, Groups::None | Groups::OfPoints);
        let mut parts = if draws.outlines { self.outline(image, object) } else { Vec::new() };
        parts.retain(|part| part.len() >= 3);
        let corners = self.corners(image, object);
        if let (Some(corners), true, true) = (corners, draws.outlines && parts.is_empty(), !draws.turned) {
            parts.push(corners.to_vec());
        }
        if single && parts.len() > 1 {
            parts = vec![joined(parts)];
        }
        for part in parts {
            around.extend(&part);
            shapes.push(Shape::Outline(part));
        }
        if let Some(mask) = self.mask(image, object).filter(|_| draws.masks && (shapes.is_empty() || !single))
            && let Some([x0, y0, x1, y1]) = geometry::mask_box(&mask)
        {
            around.extend([[x0, y0], [x1, y1]]);
            shapes.push(Shape::Mask(mask));
        }
        if let Some(mask) = self.mask(image, object).filter(|_| draws.holes && shapes.is_empty()) {
            let regions = trace::regions(&mask);
            around.extend(regions.iter().flat_map(|region| &region.exterior));
            shapes.extend(regions.into_iter().map(Shape::Region));
        }
        if let Some(corners) = corners.filter(|_| draws.turned && (shapes.is_empty() || !single)) {
            if let Some(corners) = rectangle(&corners) {
                around.extend(corners);
                shapes.push(Shape::Turned(corners));
            } else if draws.outlines && shapes.is_empty() {
                around.extend(corners);
                shapes.push(Shape::Outline(corners.to_vec()));
            }
        }
        let differs = |points: &[[f64; 2]], by: f64| {
            let (width, height) = (f64::from(image.width), f64::from(image.height));
            let inside = points.iter().map(|[x, y]| [x.clamp(0.0, width), y.clamp(0.0, height)]);
            let sides = geometry::around(inside);
            let sides = sides.map(|sides| geometry::a_pixel_wide(sides, [1.0, 1.0], [width, height]));
            sides.is_none_or(|sides| sides.iter().zip(object.bbox).any(|(a, b)| (a - b).abs() > by))
        };
        let points = self.keypoints(image, object).filter(|_| draws.points != Points::None);
        let labelled = |points: &[Keypoint]| -> Vec<[f64; 2]> {
            points.iter().filter(|point| point.visibility > 0).map(|point| [point.x, point.y]).collect()
        };
        let points = points.filter(|points| !labelled(points).is_empty());
        if shapes.is_empty() {
            // Points alone are an object only where their box says no more than they do.
            let alone = |points: &Vec<Keypoint>| draws.points == Points::Own && !differs(&labelled(points), 1e-6);
            let unnamed = |points: &Vec<Keypoint>| !self.has_named_points(object) && !differs(&labelled(points), 1e-6);
            if !points.as_ref().is_some_and(|points| alone(points) || unnamed(points)) {
                shapes.push(Shape::Box(object.bbox));
            }
        } else if !single && differs(&around, SAME) {
            shapes.insert(0, Shape::Box(object.bbox));
        }
        if let Some(points) = points.filter(|_| shapes.is_empty() || draws.groups != Groups::None) {
            shapes.push(Shape::Points(points));
        }
        shapes
    }
}

/// Corners that are a turned box, clockwise; none where they are another figure of four corners.
fn rectangle(corners: &[[f64; 2]; 4]) -> Option<[[f64; 2]; 4]> {
    let [a, b, c, d] = *corners;
    let turn = (b[0] - a[0]) * (d[1] - a[1]) - (b[1] - a[1]) * (d[0] - a[0]);
    let clockwise = if turn >= 0.0 { [a, b, c, d] } else { [a, d, c, b] };
    let [a, b, c, d] = clockwise;
    let (ux, uy, vx, vy) = (b[0] - a[0], b[1] - a[1], d[0] - a[0], d[1] - a[1]);
    let long = ux.hypot(uy).max(vx.hypot(vy));
    // Corners in whole pixels are a box to within a pixel; the angle may be that much beside a right one.
    let near = |x: f64| x.abs() <= 0.75;
    let is_box = near(c[0] - b[0] - vx) && near(c[1] - b[1] - vy) && near((ux * vx + uy * vy) / long.max(1.0));
    is_box.then_some(clockwise)
}

/// One way around all parts: each from its first point back to it, by way of the first point of all.
pub fn joined(parts: Vec<Vec<[f64; 2]>>) -> Vec<[f64; 2]> {
    let mut parts = parts.into_iter().filter(|part| part.len() >= 3);
    let mut way = parts.next().unwrap_or_default();
    let Some(start) = way.first().copied() else { return way };
    for part in parts {
        way.push(start);
        way.extend_from_slice(&part);
        way.extend(part.first());
    }
    way
}

/// A colour for each class, far from those of its neighbours.
pub fn colour(number: usize) -> [u8; 3] {
    // Around the circle by the golden ratio.
    let turn = (number as f64 * 0.618_033_988_749_895 + 0.05).fract() * 6.0;
    let part = |shift: f64| {
        let distance = ((turn + shift) % 6.0 - 3.0).abs() - 1.0;
        (55.0 + 185.0 * distance.clamp(0.0, 1.0)) as u8
    };
    [part(0.0), part(4.0), part(2.0)]
}

/// A colour as `#rrggbb`.
pub fn colour_text(number: usize) -> String {
    let [red, green, blue] = colour(number);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Class, Dataset, Image, Object, Split};
    use crate::formats::target::Frame;
    use crate::formats::target::ReadyClass;

    #[test]
    fn parts_are_one_way() {
        let square = |x: f64| vec![[x, 0.0], [x + 2.0, 0.0], [x + 2.0, 2.0], [x, 2.0]];
        let way = joined(vec![square(0.0), square(5.0)]);
        let area =
            way.iter().zip(way.iter().cycle().skip(1)).map(|([x0, y0], [x1, y1])| x0 * y1 - x1 * y0).sum::<f64>();
        assert_eq!((way.len(), area / 2.0), (10, 8.0));
        assert!(joined(vec![vec![[0.0, 0.0]]]).is_empty());
    }

    #[test]
    fn corners_are_a_box_or_not() {
        let upright = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]];
        assert_eq!(rectangle(&upright), Some(upright));
        let [a, b, c, d] = upright;
        assert_eq!(rectangle(&[a, d, c, b]), Some(upright));
        assert_eq!(rectangle(&[a, b, [9.0, 2.0], d]), None);
        assert_eq!(
            rectangle(&[[2.0, 0.0], [4.0, 2.0], [2.0, 4.0], [0.0, 2.0]]).map(|corners| corners[0]),
            Some([2.0, 0.0])
        );
    }

    const TOOL: Draws = Draws {
        outlines: true,
        masks: true,
        holes: false,
        turned: true,
        points: Points::Own,
        groups: Groups::Numbered,
    };

    /// An object of a class whose keypoints are called `names`, as a format draws it.
    fn drawn(object: Object, names: &[&str], draws: Draws) -> (Vec<Shape<'static>>, Option<u64>, usize) {
        let mut class = Class::named("cat");
        class.keypoints = names.iter().map(|name| (*name).to_owned()).collect();
        let mut dataset = Dataset { classes: vec![class.clone()], ..Dataset::default() };
        let bbox = object.bbox;
        dataset.push(Image { key: "a.png", name: "a.png", ..Image::default() }, [object]);
        let (dataset, class): (&'static Dataset, &'static Class) = (Box::leak(dataset.into()), Box::leak(class.into()));
        let image = ReadyImage {
            orientation: 1,
            row: 0,
            split: Split::Train,
            name: "a.png".into(),
            width: 40,
            height: 30,
            frame: Frame::plain((40, 30)),
            bytes: None,
            objects: 0..1,
        };
        let ready = Ready {
            dataset,
            classes: vec![ReadyClass { id: 1, name: "cat".into(), details: Some(class) }],
            images: vec![image.clone()],
            objects: vec![ReadyObject { row: 0, class: 0, bbox }],
            of_class: vec![Some(0)],
            workers: 1,
        };
        let Drawn { shapes, group, attributes, .. } = ready.drawn(&image, draws).remove(0);
        (shapes, group, attributes.len())
    }

    fn outlined(bbox: [f64; 4], lefts: &[f64]) -> Object {
        let part = |left: &f64| vec![[*left, 2.0], [left + 8.0, 2.0], [left + 8.0, 8.0]];
        Object { bbox, polygons: lefts.iter().map(part).collect(), ..Object::default() }
    }

    #[test]
    fn objects_are_drawn() {
        let kinds = |shapes: &[Shape<'_>]| -> Vec<&str> {
            let kind = |shape: &Shape<'_>| match shape {
                Shape::Box(_) => "box",
                Shape::Turned(_) => "turned",
                Shape::Outline(_) => "outline",
                Shape::Mask(_) => "mask",
                Shape::Region(_) => "region",
                Shape::Points(_) => "points",
            };
            shapes.iter().map(kind).collect()
        };
        let single = Draws { groups: Groups::None, ..TOOL };
        // The box around an outline is not written; one that is another is.
        let (shapes, group, _) = drawn(outlined([1.0, 2.0, 9.0, 8.0], &[1.0]), &[], TOOL);
        assert_eq!((kinds(&shapes), group), (vec!["outline"], None));
        let (shapes, group, _) = drawn(outlined([1.0, 2.0, 30.0, 8.0], &[1.0]), &[], TOOL);
        assert_eq!((kinds(&shapes), group), (vec!["box", "outline"], Some(1)));
        let (shapes, ..) = drawn(outlined([1.0, 2.0, 30.0, 8.0], &[1.0]), &[], single);
        assert_eq!(kinds(&shapes), ["outline"]);
        // The source's own group stays, as a number or as an attribute.
        let mut object = outlined([1.0, 2.0, 9.0, 8.0], &[1.0]);
        object.attributes = vec![(GROUP.into(), "7".into())];
        assert_eq!(drawn(object.clone(), &[], TOOL).1, Some(7));
        assert_eq!(drawn(object, &[], single).2, 1);
        let mut object = outlined([1.0, 2.0, 29.0, 8.0], &[1.0, 21.0]);
        object.attributes = vec![(GROUP.into(), "7".into())];
        let (shapes, group, attributes) = drawn(object.clone(), &[], TOOL);
        assert_eq!((kinds(&shapes), group, attributes), (vec!["outline", "outline"], Some(8), 1));
        let (shapes, ..) = drawn(object, &[], single);
        assert!(matches!(&shapes[..], [Shape::Outline(way)] if way.len() == 8), "{shapes:?}");
        // A mask where there are outlines with holes.
        let mask = Mask { width: 40, height: 30, runs: [0, 2, 28, 1, 30, 1, 1138].into() };
        let object = Object { bbox: [0.0, 0.0, 3.0, 2.0], mask: Some(mask), ..Object::default() };
        let holes = Draws { masks: false, holes: true, ..TOOL };
        let (shapes, group, _) = drawn(object.clone(), &[], holes);
        assert_eq!((kinds(&shapes), group), (vec!["region", "region"], Some(1)));
        assert_eq!(kinds(&drawn(object, &[], Draws { masks: false, ..TOOL }).0), ["box"]);
        // Corners that are no box are an outline.
        let corners = [[1.0, 2.0], [9.0, 2.0], [5.0, 8.0], [1.0, 8.0]];
        let object = Object { bbox: [1.0, 2.0, 9.0, 8.0], corners: Some(corners), ..Object::default() };
        assert_eq!(drawn(object, &[], TOOL).0, [Shape::Outline(corners.to_vec())]);
        // Points by themselves, around a box, and where a format has no place for them.
        let point = |x: f64, visibility: u8| Keypoint { x, y: x, visibility };
        let keypoints: Box<[Keypoint]> = [point(2.0, 2), point(9.0, 1), point(0.0, 0)].into();
        let object = Object { bbox: [2.0, 2.0, 9.0, 9.0], keypoints, ..Object::default() };
        let of_body = Draws { points: Points::OfBody, ..TOOL };
        assert_eq!(kinds(&drawn(object.clone(), &["nose"], TOOL).0), ["points"]);
        assert_eq!(kinds(&drawn(object.clone(), &["nose"], of_body).0), ["box", "points"]);
        let (shapes, group, _) = drawn(object.clone(), &[], of_body);
        assert_eq!((kinds(&shapes), group), (vec!["points"], Some(1)));
        assert_eq!(kinds(&drawn(object.clone(), &[], Draws { points: Points::None, ..TOOL }).0), ["box"]);
        let object = Object { bbox: [0.0, 0.0, 20.0, 20.0], ..object };
        assert_eq!(kinds(&drawn(object.clone(), &[], TOOL).0), ["box", "points"]);
        // Points alone have a group: an outline is one way around, and the box around it is not written.
        let polygons = outlined([1.0, 2.0, 29.0, 8.0], &[1.0, 21.0]).polygons;
        let object = Object { polygons, attributes: vec![(GROUP.into(), "7".into())], ..object };
        let (shapes, group, attributes) = drawn(object, &["nose"], Draws { groups: Groups::OfPoints, ..of_body });
        assert_eq!((kinds(&shapes), group, attributes), (vec!["outline", "points"], Some(8), 1));
    }

    #[test]
    fn colours_differ() {
        let colours: std::collections::HashSet<String> = (0..40).map(colour_text).collect();
        assert_eq!(colours.len(), 40);
    }
}
