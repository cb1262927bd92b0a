//! V7 Darwin JSON, versions 1 and 2: a file per image.
//!
//! ```text
//! 1  {"dataset", "image": {"filename", "original_filename", "width", "height", "url"}, "annotations": [...]}
//! 2  {"version": "2.0", "item": {"name", "path": "/", "slots": [{"width", "height", "source_files"}]}, "annotations": [{"id", "name",
//!      "bounding_box": {"x", "y", "w", "h"}, "polygon": {"paths": [[{"x", "y"}]]} | {"path"}, "tag": {}, "keypoint", "line",
//!      "ellipse", "skeleton", "mask", "raster_layer", "attributes", "properties", "slot_names"}]}
//! ```
//!
//! Specification: <https://docs.v7labs.com/reference/darwin-json>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - A tag is a class of the image. A keypoint and a line become keypoints, as a skeleton's nodes do, by their names;
//!   an ellipse (angle in radians) is an outline of 32 points with its own box.
//! - Masks are in the raster layer: `dense_rle` has values and their counts in turn, row by row. Frames of videos are left out.
//! - Of the paths of a polygon one that lies inside of another is a hole, as V7 draws it; the whole is a mask then.
//! - A skeleton that has name and `instance_id` of one other annotation, which is none, is the keypoints of that.
//! - Written is version 2. An annotation has one shape: keypoints whose object is more than the box around them are a skeleton of
//!   their own, with the same `instance_id`. That is the object's own where no other object has it too; else it is a number that
//!   only links the two, as the skeleton's `id` says, and the own one is a property.
//! - All nodes of a skeleton have a place, so points that nobody labelled are left out of it.
//! - An image has one raster layer: of masks that overlap the smaller one is seen.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use super::grouping::Grouping;
use super::json::Head;
use super::json::node::Node;
use super::label_image::Canvas;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{
    Draws, Groups, Points, Ready, ReadyImage, ReadyObject, Remarks, Shape, Sink, put, put_image, stem,
};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry};
use crate::dataset::Keypoint;
use crate::image::runs;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "darwin",
    aliases: &["v7", "darwin-json", "v7-darwin"],
    title: "V7 Darwin JSON",
    specification: "https://docs.v7labs.com/reference/darwin-json",
    layout: "\
images/a.jpg  annotations/a.json        (releases/latest/annotations/), also in train/ valid/ test/",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::Hidden,
        Carries::Score,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"item\" or \"image\", and \"annotations\" that have a \"name\" (V7 Darwin)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    if head.is_array() || !(head.has("annotations") || head.has("version")) {
        return false;
    }
    let (item, image) = (head.inside("item"), head.inside("image"));
    item.has("slots") || item.has_all(&["name", "path"]) || image.has_all(&["filename", "width"]) && !head.has("images")
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "V7 Darwin's annotations", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::own_files(tree, look), Kind::Own("item.name"), &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    let mut sheet = Sheet { line: root.line, ..Sheet::default() };
    if let Some(image) = root.get("image") {
        sheet.name =
            image.any(&["original_filename", "filename"]).and_then(Node::as_text).unwrap_or_default().to_owned();
        sheet.size = (image.pixels("width"), image.pixels("height"));
        sheet.url = image.text("url").filter(|url| url.contains("://")).map(Into::into);
    } else if let Some(item) = root.get("item") {
        let path = item.text("path").unwrap_or_default().trim_matches('/');
        sheet.name = super::tree::join(path, item.text("name").unwrap_or_default());
        let slot = item.list("slots").first();
        sheet.size = slot.map_or((0, 0), |slot| (slot.pixels("width"), slot.pixels("height")));
    } else {
        return Err(Fault::new(root.line, "neither \"image\" nor \"item\" is there"));
    }
    let layers: Vec<Layer> = root.list("annotations").iter().filter_map(Layer::of).collect();
    let mut kinds: HashMap<(String, String), [usize; 2]> = HashMap::new();
    let mut links = HashSet::new();
    for (key, node) in root.list("annotations").iter().filter_map(|node| Some((instance(node)?, node))) {
        if node.word("id").is_some_and(|id| id.get(8..).is_some_and(|id| id.starts_with(LINK))) {
            links.insert(key.clone());
        }
        kinds.entry(key).or_default()[usize::from(is_skeleton(node))] += 1;
    }
    let mut grouping = Grouping::default();
    for node in root.list("annotations") {
        if let Some(mut found) = annotation(node, &layers, &mut sheet, &mut page.findings) {
            let key = instance(node);
            if let Some((_, id)) = key.as_ref().filter(|key| !links.contains(key)) {
                found.attribute(INSTANCE, id);
            }
            let group = key.filter(|key| kinds.get(key) == Some(&[1, 1])).map(|(_, id)| id);
            grouping.add(group, found);
        }
    }
    grouping.finish(&mut sheet);
    pages::draw_holes(&mut sheet, &mut page.findings);
    page.sheets.push(sheet);
    Ok(page)
}

/// The number that annotations of one thing have, a sub-annotation.
const INSTANCE: &str = "instance_id";
/// What stands in the ids that we give between the number of the image and that of the annotation.
const PLAIN: &str = "-0000-4000-8000-";
/// The same, of a skeleton whose `instance_id` does nothing but link it to another annotation.
const LINK: &str = "-0001-4000-8000-";

/// The name and instance of an annotation.
fn instance(node: &Node<'_>) -> Option<(String, String)> {
    let id = node.at(&[INSTANCE, "value"]).and_then(Node::words)?;
    Some((node.word("name")?.into_owned(), id.into_owned()))
}

fn is_skeleton(node: &Node<'_>) -> bool {
    node.get("skeleton").is_some() && node.any(&["polygon", "complex_polygon", "ellipse"]).is_none()
}

/// A raster layer: where runs end with their values, and the value of each annotation.
struct Layer {
    ends: Vec<(u64, i64)>,
    values: Vec<(String, i64)>,
}

impl Layer {
    fn of(node: &Node<'_>) -> Option<Self> {
        let layer = node.get("raster_layer")?;
        let numbers: Vec<i64> = layer.list("dense_rle").iter().filter_map(Node::as_whole).collect();
        let mut ends = Vec::new();
        let mut end = 0u64;
        for [value, count] in numbers.as_chunks().0 {
            end = end.saturating_add(u64::try_from(*count).ok()?);
            ends.push((end, *value));
        }
        let values = layer.get("mask_annotation_ids_mapping")?.members();
        let values =
            values.iter().filter_map(|(id, value)| Some((id.clone().into_owned(), value.as_whole()?))).collect();
        Some(Self { ends, values })
    }

    fn at(&self, place: u64) -> Option<i64> {
        self.ends.get(self.ends.partition_point(|(end, _)| *end <= place)).map(|(_, value)| *value)
    }
}

/// Annotations that no model of boxes holds.
const UNHELD: [&str; 6] = ["cuboid", "eye", "graph", "link", "string", "table"];

/// The object of an annotation that is one. What else it says goes to the sheet.
fn annotation(node: &Node<'_>, layers: &[Layer], sheet: &mut Sheet, findings: &mut Vec<Finding>) -> Option<Found> {
    if node.get("raster_layer").is_some() {
        return None;
    }
    let Some(class) = node.class_at("name") else {
        sheet.add(Err(Fault::new(node.line, "the annotation has no name")), findings);
        return None;
    };
    if node.get("frames").is_some() {
        sheet.leave_out("frames of a video", node.line, findings);
    } else if let Some(kind) = UNHELD.iter().find(|kind| node.get(kind).is_some()) {
        sheet.leave_out(kind, node.line, findings);
    } else if node.get("tag").is_some() {
        sheet.label(&class);
    } else {
        match object(node, &class, layers, sheet.size) {
            Ok(found) => return Some(found),
            lost => sheet.add(lost, findings),
        }
    }
    None
}

fn path(list: &Node<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    list.items().iter().map(|point| point.all_wanted(["x", "y"])).collect()
}

fn object(node: &Node<'_>, class: &str, layers: &[Layer], size: (u32, u32)) -> Result<Found, Fault> {
    let line = node.line;
    let bbox = node
        .get("bounding_box")
        .map(|sides| sides.all_wanted(["x", "y", "w", "h"]).map(|[x, y, width, height]| [x, y, x + width, y + height]));
    let bbox = bbox.transpose()?;
    let mut found = if let Some(polygon) = node.any(&["polygon", "complex_polygon"]) {
        let one = polygon.get("path").filter(|path| !path.items().first().is_some_and(Node::is_list));
        let parts = match one {
            // The parts of Darwin 1's complex polygon.
            Some(one) => {
                std::iter::once(one).chain(polygon.list("additional_paths")).map(path).collect::<Result<_, _>>()?
            }
            None => polygon
                .any(&["paths", "path"])
                .map_or(&[][..], Node::items)
                .iter()
                .map(path)
                .collect::<Result<_, _>>()?,
        };
        let (parts, holes) = geometry::with_holes(parts);
        Found { holes, ..Found::outlined(class, line, parts)? }
    } else if let Some(ellipse) = node.get("ellipse") {
        let pair = |key: &str| {
            ellipse.get(key).map_or_else(
                || Err(Fault::new(line, format!("{key:?} is missing"))),
                |pair| pair.all_wanted(["x", "y"]),
            )
        };
        let (centre, radii) = (pair("center")?, pair("radius")?);
        let degrees = ellipse.number("angle").unwrap_or(0.0).to_degrees();
        let mut found = Found::outlined(class, line, vec![geometry::ellipse(centre, radii, degrees)])?;
        found.object.bbox = geometry::ellipse_box(centre, radii, degrees);
        found
    } else if let Some(skeleton) = node.get("skeleton") {
        let nodes = skeleton.list("nodes");
        let points: Vec<[f64; 2]> = nodes.iter().map(|point| point.all_wanted(["x", "y"])).collect::<Result<_, _>>()?;
        let mut found = Found::pointed(class, line, &points)?;
        for (keypoint, node) in found.object.keypoints.iter_mut().zip(nodes) {
            let hidden = node.get("occluded").and_then(Node::as_flag) == Some(true);
            *keypoint = Keypoint { visibility: if hidden { 1 } else { 2 }, ..*keypoint };
        }
        let names: Vec<Box<str>> =
            nodes.iter().filter_map(|node| node.word("name").map(|name| name.as_ref().into())).collect();
        // In the order of the file where names do not tell them apart.
        if names.len() == nodes.len() && names.iter().collect::<HashSet<_>>().len() == names.len() {
            found.points = names.into_iter().zip(found.object.keypoints.iter().copied()).collect();
        }
        found
    } else if let Some(point) = node.get("keypoint") {
        Found::pointed(class, line, &[point.all_wanted(["x", "y"])?])?
    } else if let Some(points) = node.get("line") {
        Found::line(class, line, &points.get("path").map_or_else(|| Ok(Vec::new()), path)?)?
    } else if node.get("mask").is_some() {
        let id = node.word("id").unwrap_or_default();
        let value =
            layers.iter().find_map(|layer| Some((layer, layer.values.iter().find(|(known, _)| *known == id)?.1)));
        let Some((layer, value)) = value else {
            return Err(Fault::new(line, format!("mask {class:?} is in no raster layer")));
        };
        let is_set = |x: u32, y: u32| layer.at(u64::from(y) * u64::from(size.0) + u64::from(x)) == Some(value);
        let mask = geometry::mask_of_crop([size.0, size.1], [0, 0], [size.0, size.1], is_set);
        Found::masked(class, line, mask.map_err(|fault| Fault { line, ..fault })?)?
    } else {
        let message = || Fault::new(line, format!("annotation {class:?} has no shape"));
        Found::boxed(class, line, bbox.ok_or_else(message)?)
    };
    if let Some(bbox) = bbox {
        found.object.bbox = Found::boxed(class, line, bbox).object.bbox;
    }
    found.object.score = node.at(&["inference", "confidence"]).and_then(Node::as_number);
    for name in node.list("attributes").iter().filter_map(Node::words) {
        found.attribute(&name, "true");
    }
    for property in node.list("properties") {
        let name = property.word("name").unwrap_or_default();
        found.attribute(&name, &property.word("value").unwrap_or_default());
    }
    found.attribute("text", &node.at(&["text", "text"]).and_then(Node::words).unwrap_or_default());
    Ok(found)
}

const SCHEMA: &str = "https://darwin-public.s3.eu-west-1.amazonaws.com/darwin_json/2.0/schema.json";
/// Keypoints are apart from other shapes.
const POINTS: Draws =
    Draws { outlines: false, masks: false, holes: false, turned: false, points: Points::Own, groups: Groups::Linked };
/// The one slot that an image has.
const SLOT: &str = "0";

/// Writes a file per image, in folders per split.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    ready.refuse_huge(|image, object| ready.mask(image, object).is_some())?;
    let covered = AtomicU64::new(0);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let slot = json!({
            "type": "image", "slot_name": SLOT, "width": image.width, "height": image.height,
            "source_files": [{"file_name": image.name, "url": ready.dataset.images.url.get(image.row)}],
        });
        let document = json!({
            "version": "2.0", "schema_ref": SCHEMA,
            "item": {"name": image.name, "path": "/", "slots": [slot]},
            "annotations": annotations(ready, place, image, &covered),
        });
        let name = format!("{}/annotations/{}.json", image.split, stem(&image.name));
        put(sink, &name, format!("{document:#}\n").as_bytes())?;
        let name = format!("{}/images/{}", image.split, image.name);
        put_image(sink, place, &name)
    })?;
    let covered = covered.into_inner();
    let remark = format!("masks of which a part lies below another, and is not in the raster layer: {covered}");
    Ok(if covered > 0 { vec![remark] } else { Remarks::new() })
}

fn annotations(ready: &Ready<'_>, place: usize, image: &ReadyImage, covered: &AtomicU64) -> Vec<Value> {
    let mut made: Vec<Value> = Vec::new();
    // Ids have the form of UUIDs. These are numbers of images and annotations, the same in every run.
    let id = |number: usize| format!("{place:08x}{PLAIN}{number:012x}");
    for class in ready.labels(image).into_iter().filter_map(|class| ready.classes.get(class as usize)) {
        made.push(json!({"id": id(made.len()), "name": class.name, "tag": {}, "slot_names": [SLOT]}));
    }
    let mut masks = Vec::new();
    let mut uses: HashMap<(u32, &str), usize> = HashMap::new();
    for object in ready.objects_of(image) {
        own_instance(ready, object).into_iter().for_each(|own| *uses.entry((object.class, own)).or_default() += 1);
    }
    let mut free = uses.keys().filter_map(|(_, own)| own.parse::<u64>().ok()).max().unwrap_or(0);
    for drawn in ready.drawn(image, POINTS) {
        let object = &drawn.object;
        let mut annotation = annotation_of(ready, object);
        let outline = ready.outline_beside_mask(image, object);
        let mask = if outline.is_empty() { ready.mask(image, object) } else { None };
        let [x0, y0, x1, y1] = object.bbox;
        let skeleton = drawn.shapes.iter().find_map(|shape| match shape {
            Shape::Points(points) => Some(skeleton(ready, object, points)),
            _ => None,
        });
        let alone = drawn.shapes.len() == 1 && outline.is_empty() && mask.is_none();
        if let (Some(skeleton), true) = (&skeleton, alone) {
            annotation["skeleton"] = skeleton.clone();
        } else if let Some(mask) = mask {
            annotation["mask"] = json!({});
            masks.push((mask, id(made.len())));
        } else {
            annotation["bounding_box"] = json!({"x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0});
        }
        if !outline.is_empty() {
            let path = |part: &Vec<[f64; 2]>| part.iter().map(|[x, y]| json!({"x": x, "y": y})).collect::<Vec<Value>>();
            annotation["polygon"] = json!({"paths": outline.iter().map(path).collect::<Vec<_>>()});
        }
        let second = skeleton.filter(|_| !alone).map(|skeleton| {
            let mut second = json!({
                "id": id(made.len() + 1), "name": ready.class_of(object), "slot_names": [SLOT], "skeleton": skeleton,
                "attributes": [], "properties": [],
            });
            let own = own_instance(ready, object);
            if own.is_none_or(|own| uses.get(&(object.class, own)) != Some(&1)) {
                free = free.saturating_add(1);
                annotation[INSTANCE] = json!({"value": free});
                second["id"] = format!("{place:08x}{LINK}{:012x}", made.len() + 1).into();
                if let (Some(own), Some(properties)) = (own, annotation["properties"].as_array_mut()) {
                    properties.push(property(INSTANCE, own));
                }
            }
            second[INSTANCE] = annotation[INSTANCE].clone();
            second
        });
        annotation["id"] = id(made.len()).into();
        made.push(annotation);
        made.extend(second);
    }
    if masks.is_empty() {
        return made;
    }
    masks.sort_by_key(|(mask, _)| std::cmp::Reverse(runs::area(&mask.runs)));
    let mut canvas = Canvas::new(image.width, image.height);
    let mut values = Map::new();
    for (value, (mask, id)) in (1..).zip(masks) {
        let hides = canvas.paint(&mask, value) > 0;
        covered.fetch_add(hides.into(), Ordering::Relaxed);
        values.insert(id, value.into());
    }
    let runs: Vec<usize> =
        canvas.values().chunk_by(|a, b| a == b).flat_map(|run| [run[0] as usize, run.len()]).collect();
    let layer =
        json!({"dense_rle": runs, "mask_annotation_ids_mapping": values, "total_pixels": canvas.values().len()});
    made.push(json!({"id": id(made.len()), "name": "__raster_layer__", "raster_layer": layer, "slot_names": [SLOT]}));
    made
}

/// The nodes of a skeleton.
fn skeleton(ready: &Ready<'_>, object: &ReadyObject, points: &[Keypoint]) -> Value {
    let labelled = points.iter().enumerate().filter(|(_, point)| point.visibility > 0);
    let node = |(number, point): (usize, &Keypoint)| {
        let name = ready.point_name(object, number);
        json!({"name": name, "x": point.x, "y": point.y, "occluded": point.visibility == 1})
    };
    json!({"nodes": labelled.map(node).collect::<Vec<_>>()})
}

/// The `instance_id` that the source has.
fn own_instance<'a>(ready: &Ready<'a>, object: &ReadyObject) -> Option<&'a str> {
    ready.attributes(object).iter().find(|(name, _)| **name == *INSTANCE).map(|(_, value)| &**value)
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value, "frame_index": null})
}

/// An annotation without its shape.
fn annotation_of(ready: &Ready<'_>, object: &ReadyObject) -> Value {
    let objects = &ready.dataset.objects;
    let mut annotation = json!({"name": ready.class_of(object), "slot_names": [SLOT]});
    let (mut names, mut properties) = (Vec::new(), Vec::new());
    for (name, value) in objects.attributes.get(object.row).into_iter().flatten() {
        match (&**name, &**value) {
            ("text", value) => annotation["text"] = json!({"text": value}),
            (INSTANCE, value) => {
                let number = value.parse::<u64>().ok().filter(|number| number.to_string() == value);
                annotation[INSTANCE] = json!({"value": number.map_or_else(|| json!(value), |number| json!(number))});
            }
            (name, "true") => names.push(name),
            (name, value) => properties.push(property(name, value)),
        }
    }
    annotation["attributes"] = json!(names);
    annotation["properties"] = json!(properties);
    if let Some(score) = objects.score.get(object.row) {
        annotation["inference"] = json!({"confidence": score, "model": {"id": "", "name": "", "type": ""}});
    }
    annotation
}
