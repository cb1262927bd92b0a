//! Labels and shapes.

use crate::dataset::{Class, Keypoint, flag};
use crate::formats::geometry;
use crate::formats::pages::Found;
use crate::formats::text::{self, Fault};
use crate::formats::xml::Element;

/// The attribute that says the track where shapes stand with their images (Datumaro's name for it).
pub(super) const TRACK: &str = "track_id";

/// The labels of a file, in its order, with the points of skeletons.
#[derive(Debug, Default)]
pub(super) struct Labels {
    classes: Vec<Class>,
    /// Drawings of skeletons, by class.
    drawings: Vec<(String, String)>,
}

impl Labels {
    /// Adds the labels of `<meta>`, wherever they are in it.
    pub fn add(&mut self, element: &Element<'_>) {
        for child in &element.children {
            if element.name == "labels" && child.name == "label" {
                let (name, parent) = (child.child_text("name"), child.child_text("parent"));
                match (name, parent) {
                    ("", _) => {}
                    (name, "") => {
                        self.class(name);
                        let drawing = child.child_text("svg");
                        if !drawing.is_empty() {
                            self.drawings.push((name.to_owned(), drawing.to_owned()));
                        }
                    }
                    (name, parent) => drop(self.point(parent, name)),
                }
            } else {
                self.add(child);
            }
        }
    }

    fn class(&mut self, name: &str) -> &mut Class {
        let place = self.classes.iter().position(|class| class.name == name).unwrap_or_else(|| {
            self.classes.push(Class::named(name));
            self.classes.len() - 1
        });
        &mut self.classes[place]
    }

    /// The place of a keypoint of a class.
    fn point(&mut self, class: &str, name: &str) -> usize {
        let points = &mut self.class(class).keypoints;
        points.iter().position(|point| point == name).unwrap_or_else(|| {
            points.push(name.to_owned());
            points.len() - 1
        })
    }

    pub fn into_classes(mut self) -> Vec<Class> {
        for (name, drawing) in &self.drawings {
            if let Some(class) = self.classes.iter_mut().find(|class| class.name == *name) {
                class.skeleton = bones(drawing, &class.keypoints);
            }
        }
        self.classes
    }
}

/// The bones of a skeleton, out of its drawing: `<line data-node-from data-node-to>` between `<circle data-node-id
/// data-label-name>`.
fn bones(drawing: &str, names: &[String]) -> Vec<[u32; 2]> {
    let value = |tag: &str, name: &str| {
        let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
        let value = tag.get(start..)?.split('"').next()?;
        Some(quick_xml::escape::unescape(value).map_or_else(|_| value.to_owned(), |text| text.into_owned()))
    };
    let tags = |kind: &'static str| drawing.split('<').filter(move |tag| tag.starts_with(kind));
    let node = |tag: &str| Some((value(tag, "data-node-id")?, value(tag, "data-label-name")?));
    let nodes: Vec<(String, String)> = tags("circle").filter_map(node).collect();
    let place = |id: String| {
        let (_, name) = nodes.iter().find(|(known, _)| *known == id)?;
        names.iter().position(|known| known == name).map(|place| place as u32)
    };
    let bone = |tag: &str| Some([place(value(tag, "data-node-from")?)?, place(value(tag, "data-node-to")?)?]);
    tags("line").filter_map(bone).collect()
}

/// The object of a shape; `label` is that of a track.
pub(super) fn object(
    shape: &Element<'_>,
    label: Option<&str>,
    size: (u32, u32),
    labels: &mut Labels,
) -> Result<Found, Fault> {
    let line = shape.line;
    let own = || shape.attribute("label").filter(|label| !label.is_empty());
    let Some(label) = label.or_else(own) else {
        return Err(Fault::new(line, format!("<{}> has no label", shape.name)));
    };
    let rotation = || shape.attribute("rotation").map_or(Ok(0.0), |_| shape.number("rotation"));
    let mut found = match shape.name {
        "box" => {
            let bbox = numbers(shape, ["xtl", "ytl", "xbr", "ybr"])?;
            match rotation()? {
                0.0 => Found::boxed(label, line, bbox),
                degrees => {
                    let centre = [(bbox[0] + bbox[2]) / 2.0, (bbox[1] + bbox[3]) / 2.0];
                    Found::turned(label, line, geometry::turned_box(bbox, centre, degrees))
                }
            }
        }
        "polygon" => Found::outlined(label, line, vec![points(shape)?])?,
        "polyline" => Found::line(label, line, &points(shape)?)?,
        "points" => Found::pointed(label, line, &points(shape)?)?,
        "ellipse" => {
            let [x, y, rx, ry] = numbers(shape, ["cx", "cy", "rx", "ry"])?;
            let degrees = rotation()?;
            let mut found = Found::outlined(label, line, vec![geometry::ellipse([x, y], [rx, ry], degrees)])?;
            found.object.bbox = geometry::ellipse_box([x, y], [rx, ry], degrees);
            found
        }
        "cuboid" => {
            let sides =
                ["xtl1", "ytl1", "xtr1", "ytr1", "xbr1", "ybr1", "xbl1", "ybl1", "xtl2", "ytl2", "xtr2", "ytr2"];
            let mut corners = numbers(shape, sides)?.to_vec();
            corners.extend(numbers(shape, ["xbr2", "ybr2", "xbl2", "ybl2"])?);
            Found::pointed(label, line, &geometry::pairs(&corners))?
        }
        "mask" => mask(shape, label, size)?,
        "skeleton" => skeleton(shape, label, labels)?,
        name => return Err(Fault::new(line, format!("<{name}> is no shape that is known"))),
    };
    found = found.flagged(flag::OCCLUDED, shape.attribute("occluded").and_then(|said| text::yes_or_no(said).flatten()));
    found.attribute("z_order", shape.attribute("z_order").filter(|value| *value != "0").unwrap_or_default());
    for attribute in shape.all("attribute") {
        let (name, value) = (attribute.attribute("name").unwrap_or_default(), text::trim(&attribute.text));
        match value.parse() {
            Ok(track) if name == TRACK => found.object.track = Some(track),
            _ => found.attribute(name, value),
        }
    }
    Ok(found)
}

/// The numbers of the attributes `names`.
pub(super) fn numbers<const N: usize>(shape: &Element<'_>, names: [&str; N]) -> Result<[f64; N], Fault> {
    let mut numbers = [0.0; N];
    for (number, name) in numbers.iter_mut().zip(names) {
        *number = shape.number(name)?;
    }
    Ok(numbers)
}

/// `x,y;x,y`.
pub(super) fn points(shape: &Element<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    let Some(list) = shape.attribute("points") else {
        return Err(Fault::new(shape.line, format!("<{}> has no points", shape.name)));
    };
    let point = |pair: &str| {
        let (x, y) = pair.split_once(',')?;
        Some([text::number(x)? + 0.0, text::number(y)? + 0.0])
    };
    let pairs = list.split(';').filter(|pair| !pair.trim().is_empty());
    pairs.map(|pair| point(pair).ok_or_else(|| Fault::new(shape.line, format!("point {pair:?} is no x,y")))).collect()
}

fn mask(shape: &Element<'_>, label: &str, size: (u32, u32)) -> Result<Found, Fault> {
    let at_line = |fault: Fault| Fault { line: shape.line, ..fault };
    let [left, top, width, height] = numbers(shape, ["left", "top", "width", "height"])?;
    let side = |side: f64| (0.0..=f64::from(u32::MAX)).contains(&side).then_some(side as u32);
    let (Some(width), Some(height)) = (side(width), side(height)) else {
        return Err(Fault::new(shape.line, format!("a mask of {width}x{height} pixels")));
    };
    let list = shape.attribute("rle").ok_or_else(|| Fault::new(shape.line, "<mask> has no rle"))?;
    let mut ends: Vec<u64> = Vec::new();
    for run in list.split(',') {
        let run: u32 =
            run.trim().parse().map_err(|_| Fault::new(shape.line, format!("run {run:?} is no whole number")))?;
        ends.push(ends.last().copied().unwrap_or(0) + u64::from(run));
    }
    let pixels = u64::from(width) * u64::from(height);
    let total = ends.last().copied().unwrap_or(0);
    if total != pixels || width > size.0 || height > size.1 {
        let message = format!("runs of {total} pixels for a mask of {width}x{height} in {}x{}", size.0, size.1);
        return Err(Fault::new(shape.line, message));
    }
    let is_set = |x: u32, y: u32| {
        let at = u64::from(y) * u64::from(width) + u64::from(x);
        ends.partition_point(|end| *end <= at) % 2 == 1
    };
    let place = [left.round() as i64, top.round() as i64];
    let mask = geometry::mask_of_crop([size.0, size.1], place, [width, height], is_set).map_err(at_line)?;
    Found::masked(label, shape.line, mask)
}

fn skeleton(shape: &Element<'_>, label: &str, labels: &mut Labels) -> Result<Found, Fault> {
    let yes = |point: &Element<'_>, name: &str| point.attribute(name) == Some("1");
    let mut keypoints: Vec<Keypoint> = Vec::new();
    let mut seen = Vec::new();
    for point in shape.all("points") {
        let name = point.attribute("label").unwrap_or_default();
        let [x, y] = match points(point)?[..] {
            [point] => point,
            _ => return Err(Fault::new(point.line, format!("keypoint {name:?} is not one point"))),
        };
        let place = labels.point(label, name);
        if keypoints.len() <= place {
            keypoints.resize(place + 1, Keypoint { x: 0.0, y: 0.0, visibility: 0 });
        }
        if !yes(point, "outside") {
            keypoints[place] = Keypoint { x, y, visibility: if yes(point, "occluded") { 1 } else { 2 } };
            seen.push([x, y]);
        }
    }
    let mut found = Found::pointed(label, shape.line, &seen)?;
    let count = labels.class(label).keypoints.len();
    keypoints.resize(count, Keypoint { x: 0.0, y: 0.0, visibility: 0 });
    found.object.keypoints = keypoints.into();
    Ok(found)
}
