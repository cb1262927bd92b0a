//! One VOC file: from XML to an [`Annotation`].
//!
//! By name, never by position: tools write the children in any order (Roboflow has xmin, xmax, ymin, ymax), tags in any
//! case, and any of them may be missing.

use crate::dataset::{Mask, ProblemKind, flag};
use crate::formats::text;
use crate::formats::xml::{Cursor, Event, Fault};

/// What a VOC file says.
#[derive(Debug, Default)]
pub(super) struct Annotation {
    /// `<filename>`, or else the last part of `<path>`.
    pub filename: String,
    /// `<source><database>` speaks of VOC.
    pub voc_database: bool,
    /// Width and height in pixels; 0 where they are missing.
    pub size: (u32, u32),
    pub objects: Vec<Found>,
    /// What is wrong inside, with the line.
    pub problems: Vec<(ProblemKind, u32, String)>,
}

/// An `<object>`.
#[derive(Debug)]
pub(super) struct Found {
    pub name: Box<str>,
    /// As written: xmin, ymin, xmax, ymax.
    pub bbox: [f64; 4],
    pub flags: u16,
    pub line: u32,
    pub pose: Option<Box<str>>,
    pub polygon: Vec<[f64; 2]>,
    /// What a picture beside the file says.
    pub mask: Option<Mask>,
    pub attributes: Vec<(Box<str>, Box<str>)>,
}

/// What stands between `<object>` and `</object>`, so far.
#[derive(Debug, Default)]
struct Draft {
    line: u32,
    name: Option<Box<str>>,
    /// xmin, ymin, xmax, ymax: the number, or the fault of its text.
    corners: [Option<Result<f64, Fault>>; 4],
    box_line: u32,
    boxes: u32,
    flags: u16,
    pose: Option<Box<str>>,
    /// Number of the point, its axis (0 or 1), value.
    points: Vec<(u32, usize, Result<f64, Fault>)>,
    polygons: u32,
    parts: u32,
    attributes: Vec<(Box<str>, Box<str>)>,
    attribute: (Option<Box<str>>, Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    Annotation,
    Filename,
    Path,
    Source,
    Database,
    Size,
    Width,
    Height,
    Object,
    Name,
    Pose,
    Truncated,
    Occluded,
    Difficult,
    Box,
    Corner(usize),
    Polygon,
    Point,
    /// `x3`, `y12`, or `x`, `y` (0) of a point: number and axis.
    Coordinate(u32, usize),
    Part,
    Actions,
    Attributes,
    Attribute,
    Value,
    Other,
}

impl Tag {
    fn of(name: &str) -> Self {
        let mut lower = [0; 12];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Other };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        match &*lower {
            b"annotation" | b"annotations" => Self::Annotation,
            b"filename" => Self::Filename,
            b"path" => Self::Path,
            b"source" => Self::Source,
            b"database" => Self::Database,
            b"size" => Self::Size,
            b"width" => Self::Width,
            b"height" => Self::Height,
            b"object" => Self::Object,
            b"name" => Self::Name,
            b"pose" => Self::Pose,
            b"truncated" => Self::Truncated,
            b"occluded" => Self::Occluded,
            b"difficult" => Self::Difficult,
            b"bndbox" => Self::Box,
            b"xmin" => Self::Corner(0),
            b"ymin" => Self::Corner(1),
            b"xmax" => Self::Corner(2),
            b"ymax" => Self::Corner(3),
            b"polygon" => Self::Polygon,
            b"point" | b"pt" => Self::Point,
            b"part" => Self::Part,
            b"actions" => Self::Actions,
            b"attributes" => Self::Attributes,
            b"attribute" => Self::Attribute,
            b"value" => Self::Value,
            [axis @ (b'x' | b'y'), number @ ..] => {
                let axis = usize::from(*axis == b'y');
                let number = if number.is_empty() {
                    Some(0)
                } else {
                    std::str::from_utf8(number).ok().and_then(|digits| digits.parse().ok())
                };
                number.map_or(Self::Other, |number| Self::Coordinate(number, axis))
            }
            _ => Self::Other,
        }
    }
}

/// The names of the four corners, in the order of a box.
const CORNERS: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// Reads a VOC document. A fault is one of XML, or of another root.
pub(super) fn parse(source: &str) -> Result<Annotation, Fault> {
    let mut cursor = Cursor::new(source);
    let mut found = Annotation::default();
    let mut path = String::new();
    let mut open: Vec<Tag> = Vec::with_capacity(8);
    let mut draft = Draft::default();
    let mut annotations = 0;
    let mut points = 0;
    loop {
        match cursor.next_tag()? {
            Event::Open { name, line } => {
                let tag = Tag::of(name);
                if open.is_empty() && tag != Tag::Annotation {
                    let message = format!("the root element is <{name}>, a VOC file's is <annotation>");
                    return Err(Fault { line, message });
                }
                match (open.last(), tag) {
                    (Some(Tag::Annotation), Tag::Object) => draft = Draft { line, ..Draft::default() },
                    (Some(Tag::Object), Tag::Box) => {
                        draft.box_line = line;
                        draft.boxes += 1;
                    }
                    (Some(Tag::Object), Tag::Polygon) => draft.polygons += 1,
                    (Some(Tag::Polygon), Tag::Point) => points += 1,
                    (Some(Tag::Attributes), Tag::Attribute) => draft.attribute = (None, "".into()),
                    _ => {}
                }
                open.push(tag);
            }
            Event::Close { name, text, line, leaf } => {
                let tag = open.pop().unwrap_or(Tag::Other);
                let value = text::trim(text);
                let problems = &mut found.problems;
                match (&*open, tag) {
                    ([.., Tag::Annotation], Tag::Filename) => found.filename = value.to_owned(),
                    ([.., Tag::Annotation], Tag::Path) => path = value.to_owned(),
                    ([.., Tag::Source], Tag::Database) => found.voc_database = value.contains("VOC"),
                    ([.., Tag::Size], Tag::Width | Tag::Height) => {
                        let pixels = text::pixels(value);
                        if pixels.is_none() && !value.is_empty() {
                            let message = format!("{name} {value:?} is no number of pixels; taken from the image");
                            problems.push((ProblemKind::IgnoredField, line, message));
                        }
                        let side = if tag == Tag::Width { &mut found.size.0 } else { &mut found.size.1 };
                        *side = pixels.unwrap_or(0);
                    }
                    ([.., Tag::Annotation, Tag::Object], _) => {
                        let unknown = (leaf && matches!(tag, Tag::Other | Tag::Value)).then_some(name);
                        // A break of the line is how the file is laid out, blanks are the name's.
                        let value = if tag == Tag::Name && !text.contains('\n') { text } else { value };
                        draft.child(tag, unknown, value, line, problems);
                    }
                    ([.., Tag::Object, Tag::Box], Tag::Corner(corner)) => {
                        draft.corners[corner] = Some(coordinate(CORNERS[corner], value, line));
                    }
                    ([.., Tag::Object, Tag::Polygon], Tag::Coordinate(number, axis)) => {
                        draft.points.push((number, axis, coordinate(name, value, line)));
                    }
                    ([.., Tag::Object, Tag::Polygon, Tag::Point], Tag::Coordinate(0, axis)) => {
                        draft.points.push((points, axis, coordinate(name, value, line)));
                    }
                    ([.., Tag::Object, Tag::Actions], _) => draft.attributes.push((name.into(), value.into())),
                    ([.., Tag::Attributes, Tag::Attribute], Tag::Name) => draft.attribute.0 = Some(value.into()),
                    ([.., Tag::Attributes, Tag::Attribute], Tag::Value) => draft.attribute.1 = value.into(),
                    ([.., Tag::Object, Tag::Attributes], Tag::Attribute) => {
                        if let (Some(name), value) = std::mem::take(&mut draft.attribute) {
                            draft.attributes.push((name, value));
                        }
                    }
                    ([.., Tag::Annotation], Tag::Object) => {
                        let draft = std::mem::take(&mut draft);
                        let line = draft.line;
                        match draft.finish(problems) {
                            Ok(object) => found.objects.push(object),
                            Err(fault) => problems.push((ProblemKind::BadEntry, fault.line.max(line), fault.message)),
                        }
                    }
                    (_, Tag::Annotation) => {
                        annotations += 1;
                        let wrapper = open.is_empty() && annotations == 2 && !leaf;
                        if annotations > 1 && !wrapper {
                            let message = "the file holds several <annotation>, a VOC file describes one image";
                            return Err(Fault { line, message: message.into() });
                        }
                    }
                    _ => {}
                }
            }
            Event::End => break,
        }
    }
    if let Some(line) = cursor.loose_line() {
        found.problems.push((
            ProblemKind::LooseSyntax,
            line,
            "an & that starts no reference was read as it stands".into(),
        ));
    }
    if found.filename.is_empty() {
        found.filename = path;
    }
    Ok(found)
}

/// A coordinate; not negative zero, and not infinite.
fn coordinate(name: &str, value: &str, line: u32) -> Result<f64, Fault> {
    text::number(value)
        .map(|number| number + 0.0)
        .ok_or_else(|| Fault { line, message: format!("{name} {value:?} is no number") })
}

impl Draft {
    /// A child of `<object>` ends. `leaf` is the name of an unknown one without children: it is kept as an attribute.
    fn child(
        &mut self,
        tag: Tag,
        leaf: Option<&str>,
        value: &str,
        line: u32,
        problems: &mut Vec<(ProblemKind, u32, String)>,
    ) {
        let (bit, name) = match tag {
            Tag::Name => {
                self.name = Some(value.into());
                return;
            }
            Tag::Pose => {
                self.pose = (!value.is_empty()).then(|| value.into());
                return;
            }
            Tag::Part => {
                self.parts += 1;
                return;
            }
            Tag::Difficult => (flag::DIFFICULT, "difficult"),
            Tag::Truncated => (flag::TRUNCATED, "truncated"),
            Tag::Occluded => (flag::OCCLUDED, "occluded"),
            _ => {
                if let Some(name) = leaf.filter(|_| !value.is_empty()) {
                    self.attributes.push((name.into(), value.into()));
                }
                return;
            }
        };
        match text::yes_or_no(value) {
            Some(Some(yes)) => self.flags |= bit << 8 | if yes { bit } else { 0 },
            Some(None) => {}
            None => {
                let message = format!("{name} {value:?} is neither yes nor no; left out");
                problems.push((ProblemKind::IgnoredField, line, message));
            }
        }
    }

    fn finish(self, problems: &mut Vec<(ProblemKind, u32, String)>) -> Result<Found, Fault> {
        fn fault<T>(line: u32, message: String) -> Result<T, Fault> {
            Err(Fault { line, message })
        }
        let Some(name) = self.name.filter(|name| !text::trim(name).is_empty()) else {
            return fault(self.line, "the object has no name".into());
        };
        if self.boxes > 1 {
            return fault(self.line, format!("object {name:?} has {} boxes", self.boxes));
        }
        if self.polygons > 1 {
            return fault(self.line, format!("object {name:?} has {} polygons", self.polygons));
        }
        if self.parts > 0 {
            let message = format!("{} <part> of object {name:?} left out", self.parts);
            problems.push((ProblemKind::IgnoredField, self.line, message));
        }
        let polygon = polygon(self.points, self.line, &name)?;
        let bbox = if self.boxes == 1 {
            let mut bbox = [0.0; 4];
            for ((corner, value), name) in bbox.iter_mut().zip(self.corners).zip(CORNERS) {
                *corner = value.unwrap_or_else(|| fault(self.box_line, format!("<bndbox> has no {name}")))?;
            }
            bbox
        } else if let Some(first) = polygon.first() {
            polygon.iter().fold([first[0], first[1], first[0], first[1]], |[x0, y0, x1, y1], [x, y]| {
                [x0.min(*x), y0.min(*y), x1.max(*x), y1.max(*y)]
            })
        } else {
            return fault(self.line, format!("object {name:?} has neither <bndbox> nor <polygon>"));
        };
        Ok(Found {
            name,
            bbox,
            flags: self.flags,
            line: self.line,
            pose: self.pose,
            polygon,
            mask: None,
            attributes: self.attributes,
        })
    }
}

/// Points by their number, each with both axes.
fn polygon(
    mut coordinates: Vec<(u32, usize, Result<f64, Fault>)>,
    line: u32,
    name: &str,
) -> Result<Vec<[f64; 2]>, Fault> {
    coordinates.sort_by_key(|(number, axis, _)| (*number, *axis));
    let mut points = Vec::with_capacity(coordinates.len() / 2);
    let mut rest = coordinates.into_iter();
    while let Some((number, axis, x)) = rest.next() {
        match rest.next() {
            Some((same, 1, y)) if axis == 0 && same == number => points.push([x?, y?]),
            _ => {
                return Err(Fault {
                    line,
                    message: format!("point {number} of the polygon of {name:?} is not one x and one y"),
                });
            }
        }
    }
    if matches!(points.len(), 1 | 2) {
        return Err(Fault { line, message: format!("the polygon of {name:?} has {} points", points.len()) });
    }
    Ok(points)
}
