//! Label Studio JSON as it is written: tasks to import, in a file for each split, and the labelling configuration that they need.
//!
//! ```text
//! label_config.xml  {train,valid,test}/tasks.json  {train,valid,test}/images/a.jpg
//! ```
//!
//! Images are called as local storage serves them (`/data/local-files/?d=train/images/a.jpg`), as label-studio-sdk's importers do
//! it; the names of the controls are theirs, too. Of an object with several shapes the first is the parent of the others.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::brush;
use crate::formats::FormatError;
use crate::formats::geometry;
use crate::formats::target::{
    Drawn, Draws, Groups, Points, Ready, ReadyImage, Remarks, Shape, Sink, colour_text, entry, put, put_images,
    put_list,
};
use crate::formats::trace::Region;
use crate::formats::xml::escaped;

const DRAWS: Draws =
    Draws { outlines: true, masks: true, holes: false, turned: true, points: Points::OfBody, groups: Groups::Linked };

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    // The tool shows images turned as their EXIF orientation says.
    let ready = &*ready.as_shown();
    let ids = ready.image_ids(1);
    put(sink, "label_config.xml", configuration(ready).as_bytes())?;
    for split in ready.splits() {
        let places = ready.images_of(split);
        put_list(ready, sink, &format!("{split}/tasks.json"), ["[", "\n]\n"], &places, |place, image, text| {
            let id = ids.get(place).copied().unwrap_or(0);
            let (folder, name) = (format!("{split}/images/"), quoted(&image.name));
            let results = Value::from(results(ready, image));
            // In this order, so that the first bytes say what the file is.
            entry(
                text,
                format_args!(
                    "{{\"id\":{id},\"data\":{{\"image\":\"/data/local-files/?d={folder}{name}\",\"width\":{},\"height\":{}}},\"annotations\":\
                     [{{\"id\":{id},\"was_cancelled\":false,\"ground_truth\":false,\"result\":{results}}}],\"predictions\":[]}}",
                    image.width, image.height
                ),
            );
        })?;
    }
    put_images(ready, sink, |image| format!("{}/images/{}", image.split, image.name))?;
    Ok(Remarks::new())
}

/// A name in a query string.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// The controls that the tasks need.
fn configuration(ready: &Ready<'_>) -> String {
    let objects = &ready.dataset.objects;
    let has = |has: &dyn Fn(usize) -> bool| ready.objects.iter().any(|object| has(object.row));
    let mut text = String::from("<View>\n  <Image name=\"image\" value=\"$image\"/>\n");
    let label = |value: &str, number: usize, more: &str| {
        format!("    <Label value=\"{}\" background=\"{}\"{more}/>\n", escaped(value), colour_text(number))
    };
    let classes = || ready.classes.iter().enumerate();
    let all: String = classes().map(|(number, class)| label(&class.name, number, "")).collect();
    let mut control = |tag: &str, name: &str, inside: &str| {
        let _ = write!(text, "  <{tag} name=\"{name}\" toName=\"image\">\n{inside}  </{tag}>\n");
    };
    control("RectangleLabels", "label_rectangles", &all);
    if has(&|row| objects.polygons.get(row).is_some() || objects.corners.get(row).is_some()) {
        control("PolygonLabels", "label_polygons", &all);
    }
    if has(&|row| objects.masks.get(row).is_some()) {
        control("BrushLabels", "label_brush", &all);
    }
    if has(&|row| objects.keypoints.get(row).is_some()) {
        for (number, class) in classes() {
            let names = class.details.map_or(&[][..], |details| &details.keypoints);
            let points = names.iter().enumerate();
            let points: String =
                points.map(|(place, name)| label(name, number, &format!(" model_index=\"{place}\""))).collect();
            if !names.is_empty() {
                control("KeyPointLabels", &points_control(number), &points);
            }
        }
        // Only where they are needed: the SDK takes all labels of these controls for names of keypoints.
        let pointed: BTreeSet<u32> = ready
            .objects
            .iter()
            .filter(|object| objects.keypoints.get(object.row).is_some() && !ready.has_named_points(object))
            .map(|object| object.class)
            .collect();
        let rest = classes().filter(|(number, _)| pointed.contains(&(*number as u32)));
        let rest: String = rest.map(|(number, class)| label(&class.name, number, "")).collect();
        if !rest.is_empty() {
            control("KeyPointLabels", "label_keypoints", &rest);
        }
    }
    if ready.images.iter().any(|image| !ready.labels(image).is_empty()) {
        let choices: String =
            ready.classes.iter().map(|class| format!("    <Choice value=\"{}\"/>\n", escaped(&class.name))).collect();
        let _ =
            write!(text, "  <Choices name=\"choice\" toName=\"image\" choice=\"multiple\">\n{choices}  </Choices>\n");
    }
    if ready.images.iter().any(|image| !ready.captions(image).is_empty()) {
        text += "  <TextArea name=\"caption\" toName=\"image\"/>\n";
    }
    let attributes: BTreeSet<&str> =
        ready.objects.iter().flat_map(|object| ready.attributes(object)).map(|(name, _)| &**name).collect();
    for name in attributes {
        let _ = writeln!(text, "  <TextArea name=\"{}\" toName=\"image\" perRegion=\"true\"/>", escaped(name));
    }
    text + "</View>\n"
}

/// The control of the keypoints of a class that have names.
fn points_control(class: usize) -> String {
    format!("label_keypoints_{}", class + 1)
}

/// What an annotation says of an image.
fn results(ready: &Ready<'_>, image: &ReadyImage) -> Vec<Value> {
    let mut results = Results { ready, image, list: Vec::new(), ids: 0 };
    for drawn in ready.drawn(image, DRAWS) {
        results.object(&drawn);
    }
    let labels = ready.label_names(image);
    if !labels.is_empty() {
        let id = results.id();
        results.add(&id, "choices", "choice", json!({"choices": labels}));
    }
    let captions = ready.captions(image);
    if !captions.is_empty() {
        let id = results.id();
        results.add(&id, "textarea", "caption", json!({"text": captions}));
    }
    results.list
}

struct Results<'r> {
    ready: &'r Ready<'r>,
    image: &'r ReadyImage,
    list: Vec<Value>,
    ids: usize,
}

impl Results<'_> {
    fn id(&mut self) -> String {
        self.ids += 1;
        format!("{:010x}", self.ids)
    }

    fn add(&mut self, id: &str, kind: &str, from: &str, value: Value) -> &mut Value {
        let ReadyImage { width, height, .. } = self.image;
        self.list.push(json!({
            "id": id, "type": kind, "from_name": from, "to_name": "image", "original_width": width, "original_height": height,
            "image_rotation": 0, "value": value,
        }));
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    fn percent(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [x / f64::from(self.image.width) * 100.0, y / f64::from(self.image.height) * 100.0]
    }

    /// Adds the regions of an object, and what is said of the first.
    fn object(&mut self, drawn: &Drawn<'_>) {
        let class = self.ready.class_of(&drawn.object);
        let score = self.ready.dataset.objects.score.get(drawn.object.row);
        let mut parent: Option<String> = None;
        for shape in &drawn.shapes {
            if let Shape::Points(points) = shape {
                // Numbers stand for the names of points that others stand around.
                let named = self.ready.has_named_points(&drawn.object) || parent.is_some();
                for (number, point) in points.iter().enumerate().filter(|(_, point)| point.visibility > 0) {
                    let label = self.ready.point_name(&drawn.object, number).into_owned();
                    let label = if named { label } else { class.to_owned() };
                    let control = if self.ready.has_named_points(&drawn.object) {
                        points_control(drawn.object.class as usize)
                    } else {
                        "label_keypoints".to_owned()
                    };
                    let [x, y] = self.percent([point.x, point.y]);
                    let mut value = json!({"x": x, "y": y, "width": 1.0, "keypointlabels": [label]});
                    if point.visibility == 1 {
                        value["hidden"] = true.into();
                    }
                    let id = self.id();
                    let mut geometry = value.as_object().cloned().unwrap_or_default();
                    let result = self.add(&id, "keypointlabels", &control, value);
                    if let Some(parent) = &parent {
                        result["parentID"] = parent.as_str().into();
                        continue;
                    }
                    score.iter().for_each(|score| result["score"] = json!(score));
                    geometry.remove("keypointlabels");
                    self.attributes(drawn, &id, &geometry);
                    parent = Some(id);
                }
                continue;
            }
            let (kind, control, geometry) = self.geometry(shape);
            let mut value = geometry.clone();
            value.insert(kind.into(), json!([class]));
            let id = self.id();
            let result = self.add(&id, kind, control, value.into());
            score.iter().for_each(|score| result["score"] = json!(score));
            if let Some(parent) = &parent {
                result["parentID"] = parent.as_str().into();
                continue;
            }
            self.attributes(drawn, &id, &geometry);
            parent = Some(id);
        }
    }

    /// Adds what is said of a region, which repeats it.
    fn attributes(&mut self, drawn: &Drawn<'_>, id: &str, geometry: &Map<String, Value>) {
        for (name, text) in &drawn.attributes {
            let mut value = geometry.clone();
            value.insert("text".into(), json!([text]));
            self.add(id, "textarea", name, value.into());
        }
    }

    /// Type, control and value of a shape, without its label.
    fn geometry(&self, shape: &Shape<'_>) -> (&'static str, &'static str, Map<String, Value>) {
        let (kind, control, value) = match shape {
            Shape::Turned(corners) => {
                let (_, width, height, degrees) = geometry::of_corners(corners);
                let ([x, y], [width, height]) = (self.percent(corners[0]), self.percent([width, height]));
                let value =
                    json!({"x": x, "y": y, "width": width, "height": height, "rotation": degrees.rem_euclid(360.0)});
                ("rectanglelabels", "label_rectangles", value)
            }
            Shape::Outline(part) | Shape::Region(Region { exterior: part, .. }) => {
                let points: Vec<[f64; 2]> = part.iter().map(|point| self.percent(*point)).collect();
                ("polygonlabels", "label_polygons", json!({"points": points, "closed": true}))
            }
            Shape::Mask(mask) => ("brushlabels", "label_brush", json!({"format": "rle", "rle": brush::packed(mask)})),
            Shape::Box([x0, y0, x1, y1]) => {
                let ([x, y], [width, height]) = (self.percent([*x0, *y0]), self.percent([x1 - x0, y1 - y0]));
                let value = json!({"x": x, "y": y, "width": width, "height": height, "rotation": 0});
                ("rectanglelabels", "label_rectangles", value)
            }
            Shape::Points(_) => ("keypointlabels", "label_keypoints", json!({})),
        };
        let value = if let Value::Object(map) = value { map } else { Map::new() };
        (kind, control, value)
    }
}
