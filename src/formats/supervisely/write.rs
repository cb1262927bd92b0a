//! Supervisely as it is written: a project with a dataset for each split.
//!
//! ```text
//! meta.json  {train,val,test}/ann/a.jpg.json  {train,val,test}/img/a.jpg
//! ```
//!
//! A class has the shape that all its objects have, else any. What belongs together has the same `instance`. The second and
//! further captions are tags.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::{CAPTION, CONFIDENCE};
use crate::formats::FormatError;
use crate::formats::target::{
    Drawn, Draws, Groups, Points, Ready, ReadyImage, Remarks, Shape, Sink, colour_text, put, put_image, val_word,
};
use crate::formats::trace::Region;
use crate::formats::{bitmap, geometry};

const DRAWS: Draws =
    Draws { outlines: true, masks: true, holes: false, turned: true, points: Points::Own, groups: Groups::Linked };

/// What the project's `meta.json` has to say, found on the way.
#[derive(Default)]
struct Used {
    /// The shapes of each class.
    shapes: Vec<BTreeSet<&'static str>>,
    /// Names of tags, with the kind of their values.
    tags: BTreeMap<String, &'static str>,
    /// How many keypoints objects of each class have.
    points: Vec<usize>,
}

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let classes = ready.classes.len();
    let used = Mutex::new(Used { shapes: vec![BTreeSet::new(); classes], points: vec![0; classes], ..Used::default() });
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let mut ours = Used { shapes: vec![BTreeSet::new(); classes], points: vec![0; classes], ..Used::default() };
        let text = format!("{:#}\n", annotation(ready, image, &mut ours));
        let mut used = used.lock().unwrap_or_else(PoisonError::into_inner);
        used.shapes.iter_mut().zip(ours.shapes).for_each(|(used, ours)| used.extend(ours));
        used.points.iter_mut().zip(ours.points).for_each(|(used, ours)| *used = ours.max(*used));
        used.tags.extend(ours.tags);
        drop(used);
        let folder = val_word(image.split);
        put(sink, &format!("{folder}/ann/{}.json", image.name), text.as_bytes())?;
        let name = format!("{folder}/img/{}", image.name);
        put_image(sink, place, &name)
    })?;
    let used = used.into_inner().unwrap_or_else(PoisonError::into_inner);
    put(sink, "meta.json", format!("{:#}\n", meta(ready, &used)).as_bytes())?;
    Ok(Remarks::new())
}

fn meta(ready: &Ready<'_>, used: &Used) -> Value {
    let mut classes = Vec::new();
    for (number, class) in ready.classes.iter().enumerate() {
        let shapes = used.shapes.get(number).cloned().unwrap_or_default();
        let shape = if shapes.len() == 1 { shapes.first().copied().unwrap_or("any") } else { "any" };
        let names = class.details.map_or(&[][..], |details| &details.keypoints);
        let count = used.points.get(number).copied().unwrap_or(0).max(names.len());
        let mut config = json!({});
        if count > 0 {
            let node = |place: usize| {
                let turn = place as f64 / count as f64 * std::f64::consts::TAU;
                let loc = [turn.sin(), -turn.cos()].map(|side| (50.0 + 40.0 * side).round());
                let label = names.get(place).cloned().unwrap_or_else(|| (place + 1).to_string());
                (node_id(place), json!({"label": label, "loc": loc, "color": colour_text(number), "disabled": false}))
            };
            let bone = |[a, b]: &[u32; 2]| json!({"src": node_id(*a as usize), "dst": node_id(*b as usize), "color": colour_text(number)});
            let edges: Vec<Value> = class.details.into_iter().flat_map(|details| &details.skeleton).map(bone).collect();
            config = json!({"nodes": (0..count).map(node).collect::<Map<_, _>>(), "edges": edges});
        }
        classes.push(json!({
            "title": class.name, "shape": shape, "color": colour_text(number), "geometry_config": config, "hotkey": "",
        }));
    }
    let tag = |(number, (name, kind)): (usize, (&String, &&str))| {
        json!({
            "name": name, "value_type": kind, "color": colour_text(number + 7), "hotkey": "", "applicable_type": "all",
            "classes": [],
        })
    };
    let tags: Vec<Value> = used.tags.iter().enumerate().map(tag).collect();
    json!({"classes": classes, "tags": tags, "projectType": "images"})
}

/// In the order of their names they are in the order of the class.
fn node_id(place: usize) -> String {
    format!("{place:04}")
}

fn annotation(ready: &Ready<'_>, image: &ReadyImage, used: &mut Used) -> Value {
    let mut objects = Vec::new();
    for drawn in ready.drawn(image, DRAWS) {
        for shape in &drawn.shapes {
            objects.extend(object(ready, image, &drawn, shape, used));
        }
    }
    let captions = ready.captions(image);
    let mut tags = Vec::new();
    for label in ready.label_names(image) {
        used.tags.insert(label.to_owned(), "none");
        tags.push(json!({"name": label, "value": null}));
    }
    for caption in captions.iter().skip(1) {
        used.tags.insert(CAPTION.to_owned(), "any_string");
        tags.push(json!({"name": CAPTION, "value": caption}));
    }
    json!({
        "description": captions.first().map_or("", |caption| caption), "tags": tags,
        "size": {"height": image.height, "width": image.width}, "objects": objects,
    })
}

fn object(
    ready: &Ready<'_>,
    image: &ReadyImage,
    drawn: &Drawn<'_>,
    shape: &Shape<'_>,
    used: &mut Used,
) -> Option<Value> {
    let mut tags = Vec::new();
    for (name, value) in &drawn.attributes {
        used.tags.insert((*name).to_owned(), "any_string");
        tags.push(json!({"name": name, "value": value}));
    }
    if let Some(score) = ready.dataset.objects.score.get(drawn.object.row) {
        used.tags.insert(CONFIDENCE.to_owned(), "any_number");
        tags.push(json!({"name": CONFIDENCE, "value": score}));
    }
    let points = |exterior: &[[f64; 2]]| json!({"points": {"exterior": exterior, "interior": []}});
    let (kind, geometry) = match shape {
        Shape::Box([x0, y0, x1, y1]) => {
            // The last pixel, not the one behind it.
            ("rectangle", points(&[[*x0, *y0], [(x1 - 1.0).max(*x0), (y1 - 1.0).max(*y0)]]))
        }
        Shape::Turned(corners) => {
            let ([x, y], width, height, degrees) = geometry::of_corners(corners);
            let (width, height) = (width.max(1.0), height.max(1.0));
            let (first, last) = ([x - width / 2.0, y - height / 2.0], [x + width / 2.0 - 1.0, y + height / 2.0 - 1.0]);
            ("oriented_bbox", json!({"points": [first, last], "angle": degrees.rem_euclid(360.0).to_radians()}))
        }
        Shape::Outline(part) | Shape::Region(Region { exterior: part, .. }) => ("polygon", points(part)),
        Shape::Mask(mask) => {
            let (origin, crop) = bitmap::crop_of(mask)?;
            let png = bitmap::to_png(crop.width, crop.height, &crop.pixels);
            let data = bitmap::to_base64(&bitmap::deflated(&png));
            ("bitmap", json!({"bitmap": {"data": data, "origin": origin}}))
        }
        Shape::Points(keypoints) => {
            let count = used.points.get_mut(drawn.object.class as usize)?;
            *count = keypoints.len().max(*count);
            let nodes = keypoints.iter().enumerate().filter(|(_, point)| point.visibility > 0);
            let node = |(place, point): (usize, &crate::dataset::Keypoint)| {
                let mut node = json!({"loc": [point.x, point.y]});
                if point.visibility == 1 {
                    node["disabled"] = true.into();
                }
                (node_id(place), node)
            };
            ("graph", json!({"nodes": nodes.map(node).collect::<Map<_, _>>()}))
        }
    };
    used.shapes.get_mut(drawn.object.class as usize)?.insert(kind);
    let mut object = json!({
        "classTitle": ready.class_of(&drawn.object), "description": "", "tags": tags, "geometryType": kind, "shape": kind,
    });
    if let Some(group) = drawn.group {
        // A key that no other image's objects have.
        object["instance"] = format!("{}-{group}", image.name).into();
    }
    if let (Value::Object(object), Value::Object(geometry)) = (&mut object, geometry) {
        object.extend(geometry);
    }
    Some(object)
}
