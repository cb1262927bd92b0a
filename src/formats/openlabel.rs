//! ASAM OpenLABEL and VCD: one file for the frames of a scene.
//!
//! ```text
//! {"openlabel": {"metadata", "objects": {id: {"name", "type": "car", "object_data"?}}, "streams": {name: {"uri"}}, "frames": {"0":
//!   {"frame_properties": {"streams": {name: {"uri"}}}, "objects": {id: {"object_data": {"bbox": [{"name", "val": [cx, cy, w, h]}],
//!   "rbbox": [{"val": [cx, cy, w, h, angle]}], "poly2d": [{"val": [x, y, ...], "closed"}], "point2d"}}}}}}}
//! ```
//!
//! Specification: <https://www.asam.net/standards/detail/openlabel/>. Pixels are 0-based, boxes have their **centre**, angles are in
//! radians. The class is `type`. A frame's image is its `uri` (or `file`), else it is called by the frame's number. The
//! shapes of an object in a frame are one object, unless they are several of one kind ([`super::grouping`]); points with names of
//! their own are its keypoints; a number `visibility` among their attributes is COCO's. 3-D shapes are left out. Data that stands with the
//! object itself, not in a frame, is that of every frame that has the object; of the only one where none has it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::grouping::Grouping;
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{
    Drawn, Draws, GROUP, Groups, Points, Ready, ReadyImage, ReadyObject, Remarks, Shape, Sink, at, entry, put_images,
    write_list,
};
use super::text::Fault;
use super::trace::Region;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry};
use crate::dataset::ProblemKind;
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "openlabel",
    aliases: &["asam-openlabel", "vcd"],
    title: "ASAM OpenLABEL",
    specification: "https://www.asam.net/standards/detail/openlabel/",
    layout: "\
openlabel.json  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Corners,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"openlabel\" (OpenLABEL)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has("openlabel") || ["frames", "objects"].iter().any(|key| head.inside("vcd").has(key))
}

const EXTENSIONS: [&str; 1] = ["json"];
/// The attribute of a point that says how visible it is, as COCO counts.
const VISIBILITY: &str = "visibility";

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "OpenLABEL's frames", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(scene) = root.any(&["openlabel", "vcd"]) else {
        return Err(Fault::new(root.line, "\"openlabel\" is missing"));
    };
    let mut page = Page::default();
    let members = |node: &'_ Node<'_>, key: &str| node.get(key).map_or(0, |node| node.members().len());
    let frames = scene.get("frames").map_or(&[][..], Node::members);
    let in_frames: HashSet<&str> = frames
        .iter()
        .filter_map(|(_, frame)| frame.get("objects"))
        .flat_map(|objects| objects.members().iter().map(|(id, _)| &**id))
        .collect();
    let is_still =
        |(id, object): &&(Cow<'_, str>, Node<'_>)| members(object, "object_data") > 0 && !in_frames.contains(&**id);
    let still: Vec<_> = scene.get("objects").map_or(&[][..], Node::members).iter().filter(is_still).collect();
    if frames.is_empty() && !still.is_empty() {
        let mut sheet = Sheet { line: scene.line, ..Sheet::default() };
        sheet.name = uri(Some(scene)).unwrap_or_default();
        add_still(&still, &|_| true, &mut sheet, &mut page.findings);
        page.sheets.push(sheet);
    } else if frames.len() > 1 {
        for (id, object) in &still {
            let message = format!("object {id:?}, which is in no frame, left out");
            page.findings.push((ProblemKind::IgnoredField, object.line, message));
        }
    }
    // Several cameras: an image each, and shapes say whose they are.
    let cameras = frames.iter().flat_map(|(number, frame)| {
        let cameras = cameras(frame);
        let of = |camera: Option<usize>| (number, frame, camera.map(|camera| (camera, cameras.clone())));
        match cameras.len() {
            0 | 1 => vec![of(None)],
            count => (0..count).map(|camera| of(Some(camera))).collect(),
        }
    });
    for (number, frame, camera) in cameras {
        let mut sheet = Sheet { line: frame.line, ..Sheet::default() };
        sheet.name = match &camera {
            Some((place, cameras)) => cameras[*place].1.to_owned(),
            None => uri(frame.get("frame_properties"))
                .or_else(|| uri(Some(scene)).filter(|_| frames.len() == 1))
                .unwrap_or_else(|| number.clone().into_owned()),
        };
        let is_here = |shape: &Node<'_>| {
            let Some((place, cameras)) = &camera else { return true };
            let said = shape.any(&["stream", "coordinate_system"]).and_then(Node::as_text);
            // What says nothing is the first camera's.
            cameras.iter().position(|(name, _)| Some(*name) == said).unwrap_or(0) == *place
        };
        for (id, object) in frame.get("objects").map_or(&[][..], Node::members) {
            let about = scene.at(&["objects", id]);
            let class = about.and_then(|about| about.class_at("type")).or_else(|| object.class_at("type"));
            let Some(class) = class else {
                sheet.add(Err(Fault::new(object.line, format!("object {id:?} has no type"))), &mut page.findings);
                continue;
            };
            let data = if members(object, "object_data") > 0 { Some(object) } else { about };
            let data = data.and_then(|data| data.get("object_data"));
            add(data, (&class, id), &is_here, &mut sheet, &mut page.findings);
        }
        if frames.len() == 1 {
            add_still(&still, &is_here, &mut sheet, &mut page.findings);
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

/// Adds what is said of objects once and not frame by frame.
fn add_still(
    still: &[&(Cow<'_, str>, Node<'_>)],
    is_here: &dyn Fn(&Node<'_>) -> bool,
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) {
    for (id, object) in still {
        match object.class_at("type") {
            Some(class) => add(object.get("object_data"), (&class, id), is_here, sheet, findings),
            None => sheet.add(Err(Fault::new(object.line, format!("object {id:?} has no type"))), findings),
        }
    }
}

/// The address of an image in the properties of a frame or scene.
fn uri(node: Option<&Node<'_>>) -> Option<String> {
    let node = node?;
    let own = node.any(&["uri", "file"]).and_then(Node::as_text);
    let stream = |(_, stream): &(_, Node<'_>)| uri_of_stream(stream).map(str::to_owned);
    own.map(str::to_owned).or_else(|| node.get("streams")?.members().iter().find_map(stream))
}

fn uri_of_stream<'n>(stream: &'n Node<'_>) -> Option<&'n str> {
    stream.get("uri").or_else(|| stream.at(&["stream_properties", "uri"])).and_then(Node::as_text)
}

/// The cameras of a frame that have an image: their names and its address.
fn cameras<'n>(frame: &'n Node<'_>) -> Vec<(&'n str, &'n str)> {
    let streams = frame.at(&["frame_properties", "streams"]).map_or(&[][..], Node::members);
    let camera = |(name, stream): &'n (Cow<'_, str>, Node<'_>)| Some((&**name, uri_of_stream(stream)?));
    streams.iter().filter_map(camera).filter(|(_, uri)| is_image_name(uri)).collect()
}

/// Adds an object of a frame: those of its shapes that are `is_here`.
fn add(
    data: Option<&Node<'_>>,
    (class, id): (&str, &str),
    is_here: &dyn Fn(&Node<'_>) -> bool,
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) {
    let mut grouping = Grouping::default();
    let mut points: Vec<(Box<str>, Found)> = Vec::new();
    for (kind, shapes) in data.map_or(&[][..], Node::members) {
        for shape in shapes.items().iter().filter(|shape| is_here(shape)) {
            let found = match &**kind {
                "bbox" | "rbbox" | "poly2d" | "point2d" => self::shape(kind, shape, class),
                "cuboid" | "point3d" | "poly3d" | "mat" | "binary" | "image" | "mesh" => {
                    sheet.leave_out(kind, shape.line, findings);
                    continue;
                }
                // Words and numbers about the object.
                _ => continue,
            };
            let mut found = match found {
                Ok(found) => found,
                lost => {
                    sheet.add(lost, findings);
                    continue;
                }
            };
            found.object.track = id.parse().ok();
            let attributes = shape.get("attributes").map_or(&[][..], Node::members);
            for attribute in attributes.iter().flat_map(|(_, list)| list.items()) {
                let name = attribute.word("name").unwrap_or_default();
                let number = attribute.get("val").and_then(Node::as_whole).and_then(|number| u8::try_from(number).ok());
                match (&mut found.object.keypoints[..], number) {
                    ([point], Some(number @ 0..=2)) if name == VISIBILITY => point.visibility = number,
                    _ => found.attribute(&name, &attribute.word("val").unwrap_or_default()),
                }
            }
            if kind == "point2d" {
                points.push((shape.word("name").unwrap_or_default().as_ref().into(), found));
            } else {
                grouping.add(Some(id.to_owned()), found);
            }
        }
    }
    let from = sheet.objects.len();
    grouping.finish(sheet);
    // The group was only the object's.
    for found in sheet.objects.iter_mut().skip(from) {
        found.object.attributes.retain(|(name, value)| **name != *GROUP || **value != *id);
    }
    add_points(points, from, sheet);
}

/// Gives the points of an object to its only shape, or makes an object of them.
fn add_points(points: Vec<(Box<str>, Found)>, from: usize, sheet: &mut Sheet) {
    let count = sheet.objects.len() - from;
    let names: HashSet<&str> = points.iter().map(|(name, _)| &**name).collect();
    let named = names.len() == points.len() && !names.contains("");
    let all =
        || points.iter().flat_map(|(name, found)| found.object.keypoints.iter().map(|point| (name.clone(), *point)));
    let Some((_, first)) = points.first() else { return };
    if count > 1 || sheet.objects.get(from).is_some_and(|body| !body.object.keypoints.is_empty()) {
        return sheet.objects.extend(points.into_iter().map(|(_, found)| found));
    }
    if count == 0 {
        let labelled = all().filter(|(_, point)| point.visibility > 0).map(|(_, point)| [point.x, point.y]);
        let bbox = geometry::around(labelled).unwrap_or(first.object.bbox);
        let mut found = first.clone();
        found.object.bbox = bbox;
        sheet.objects.push(found);
    }
    if let Some(body) = sheet.objects.get_mut(from) {
        body.object.keypoints = all().map(|(_, point)| point).collect();
        if named {
            body.points = all().collect();
        }
    }
}

fn shape(kind: &str, node: &Node<'_>, class: &str) -> Result<Found, Fault> {
    let line = node.line;
    let values = node.get("val").map_or_else(|| Err(Fault::new(line, "\"val\" is missing")), Node::numbers)?;
    let sides = |cx: f64, cy: f64, width: f64, height: f64| {
        [cx - width / 2.0, cy - height / 2.0, cx + width / 2.0, cy + height / 2.0]
    };
    match (kind, &values[..]) {
        ("bbox", [cx, cy, width, height]) => Ok(Found::boxed(class, line, sides(*cx, *cy, *width, *height))),
        ("rbbox", [cx, cy, width, height, angle]) => {
            let corners = geometry::turned_box(sides(*cx, *cy, *width, *height), [*cx, *cy], angle.to_degrees());
            Ok(Found::turned(class, line, corners))
        }
        ("poly2d", _) if node.get("closed").and_then(Node::as_flag) == Some(false) => {
            Found::line(class, line, &geometry::pairs(&values))
        }
        ("poly2d", _) => Found::outlined(class, line, vec![geometry::pairs(&values)]),
        ("point2d", [x, y]) => Found::pointed(class, line, &[[*x, *y]]),
        _ => Err(Fault::new(line, format!("{kind} has {} numbers", values.len()))),
    }
}

const DRAWS: Draws =
    Draws { outlines: true, masks: false, holes: false, turned: true, points: Points::Own, groups: Groups::Linked };

/// Writes a scene for each split: a frame for each image.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let places = ready.images_of(split);
        let objects = Objects::of(ready, &places);
        let name = format!("{split}/openlabel.json");
        let frames: HashMap<usize, usize> = places.iter().copied().zip(0..).collect();
        let written = sink.create(&name).and_then(|mut file| {
            write!(
                file,
                "{{\"openlabel\":{{\"metadata\":{{\"schema_version\":\"1.0.0\"}},\"frame_intervals\":[{{\"frame_start\":0,\
                 \"frame_end\":{}}}],\"streams\":{{\"camera\":{{\"type\":\"camera\",\"uri\":\"images\",\"description\":\"\"}}}},\
                 \"frames\":{{",
                places.len().saturating_sub(1)
            )?;
            write_list(ready, &mut file, &places, |place, image, text| {
                let frame = frames.get(&place).copied().unwrap_or(place);
                let streams = json!({"camera": {"uri": format!("images/{}", image.name)}});
                let ours = objects_of(ready, image, &objects);
                entry(
                    text,
                    format_args!("\"{frame}\":{{\"frame_properties\":{{\"streams\":{streams}}},\"objects\":{{{ours}}}}}"),
                );
            })?;
            file.write_all(b"\n},\"objects\":{")?;
            for (number, (id, class)) in objects.all.iter().enumerate() {
                let class = ready.classes.get(*class as usize).map_or("", |class| &class.name);
                let about = json!({"name": format!("{class}-{id}"), "type": class});
                write!(file, "{}\n\"{id}\":{about}", if number == 0 { "" } else { "," })?;
            }
            file.write_all(b"\n}}}\n")?;
            file.flush()
        });
        written.map_err(at(&name))?;
    }
    put_images(ready, sink, |image| format!("{}/images/{}", image.split, image.name))?;
    Ok(Remarks::new())
}

/// The ids of objects: the numbers of their tracks, where these have one class and are in a frame once; else, as the schema allows, a
/// UUID, so that nobody takes it for a track's.
struct Objects {
    /// By row in the dataset.
    ids: HashMap<usize, Arc<str>>,
    /// Each once, with its class.
    all: Vec<(Arc<str>, u32)>,
}

impl Objects {
    fn of(ready: &Ready<'_>, places: &[usize]) -> Self {
        let track =
            |object: &ReadyObject| ready.dataset.objects.track.get(object.row).copied().filter(|track| *track >= 0);
        let objects = || places.iter().map(|place| ready.objects_of(&ready.images[*place]));
        let mut classes: HashMap<i64, u32> = HashMap::new();
        let (mut ids, mut all) = (HashMap::new(), Vec::new());
        for frame in objects() {
            let mut seen: HashSet<i64> = HashSet::new();
            for object in frame {
                let own = track(object).filter(|track| classes.get(track).is_none_or(|class| *class == object.class));
                let own = own.filter(|track| seen.insert(*track));
                let id: Arc<str> = match own {
                    Some(track) => track.to_string().into(),
                    None => format!("00000000-0000-4000-8000-{:012x}", object.row).into(),
                };
                if own.is_none_or(|track| classes.insert(track, object.class).is_none()) {
                    all.push((Arc::clone(&id), object.class));
                }
                ids.insert(object.row, id);
            }
        }
        Self { ids, all }
    }
}

/// The objects of a frame, in order.
fn objects_of(ready: &Ready<'_>, image: &ReadyImage, objects: &Objects) -> String {
    let object = |drawn: &Drawn<'_>| {
        let id = objects.ids.get(&drawn.object.row).map_or("", |id| &**id);
        format!("\"{id}\":{}", json!({"object_data": data_of(ready, drawn)}))
    };
    ready.drawn(image, DRAWS).iter().map(object).collect::<Vec<_>>().join(",")
}

fn data_of(ready: &Ready<'_>, drawn: &Drawn<'_>) -> Map<String, Value> {
    let attributes: Vec<Value> =
        drawn.attributes.iter().map(|(name, value)| json!({"name": name, "val": value})).collect();
    let mut data: Map<String, Value> = Map::new();
    let add = |data: &mut Map<String, Value>, kind: &str, shape: Value| {
        let list = data.entry(kind).or_insert_with(|| json!([]));
        list.as_array_mut().into_iter().for_each(|list| list.push(shape.clone()));
    };
    for (number, shape) in (1..).zip(&drawn.shapes) {
        let name = format!("shape-{number}");
        let (kind, mut value) = match shape {
            Shape::Turned(corners) => {
                let ([x, y], width, height, degrees) = geometry::of_corners(corners);
                ("rbbox", json!({"name": name, "val": [x, y, width, height, degrees.to_radians()]}))
            }
            Shape::Outline(part) | Shape::Region(Region { exterior: part, .. }) => {
                let numbers: Vec<f64> = part.iter().flatten().copied().collect();
                ("poly2d", json!({"name": name, "val": numbers, "mode": "MODE_POLY2D_ABSOLUTE", "closed": true}))
            }
            Shape::Points(points) => {
                let named = ready.has_named_points(&drawn.object);
                for (place, point) in points.iter().enumerate().filter(|(_, point)| named || point.visibility > 0) {
                    let mut seen = json!({"num": [{"name": VISIBILITY, "val": point.visibility}]});
                    // Of an object that is points alone the first says all.
                    if !attributes.is_empty() && drawn.shapes.len() == 1 && !data.contains_key("point2d") {
                        seen["text"] = json!(attributes);
                    }
                    let name = ready.point_name(&drawn.object, place);
                    add(&mut data, "point2d", json!({"name": name, "val": [point.x, point.y], "attributes": seen}));
                }
                continue;
            }
            Shape::Box(_) | Shape::Mask(_) => {
                let [x0, y0, x1, y1] = drawn.object.bbox;
                ("bbox", json!({"name": name, "val": [(x0 + x1) / 2.0, (y0 + y1) / 2.0, x1 - x0, y1 - y0]}))
            }
        };
        if !attributes.is_empty() {
            value["attributes"] = json!({"text": attributes});
        }
        add(&mut data, kind, value);
    }
    data
}
