//! Datumaro JSON as it is written: a file for each subset.
//!
//! ```text
//! annotations/{train,val,test}.json  images/{train,val,test}/a.jpg
//! ```
//!
//! Flags, score, track and the turn of a box are attributes, called as Datumaro's own readers of COCO, VOC and CVAT call them.

use serde_json::{Map, Value, json};

use crate::dataset::flag;
use crate::formats::FormatError;
use crate::formats::geometry;
use crate::formats::target::{
    Drawn, Draws, Groups, Points, Ready, ReadyImage, Remarks, Shape, Sink, colour, entry, put_images, put_list, stem,
    val_word,
};
use crate::formats::trace::Region;
use crate::image::runs;

const DRAWS: Draws =
    Draws { outlines: true, masks: true, holes: false, turned: true, points: Points::Own, groups: Groups::Numbered };

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let categories = categories(ready);
    let ids = &ready.dataset.images.id;
    let head = format!(
        "{{\"dm_format_version\":\"1.0\",\"media_type\":2,\"infos\":{{}},\"categories\":{categories},\"items\":["
    );
    for split in ready.splits() {
        let name = format!("annotations/{}.json", val_word(split));
        put_list(ready, sink, &name, [&head, "\n]}\n"], &ready.images_of(split), |_, image, text| {
            let mut item = json!({
                "id": stem(&image.name), "annotations": annotations(ready, image),
                "image": {"path": image.name, "size": [image.height, image.width]},
            });
            if let Some(id) = ids.get(image.row) {
                item["attr"] = json!({"id": id});
            }
            entry(text, format_args!("{item}"));
        })?;
    }
    put_images(ready, sink, |image| format!("images/{}/{}", val_word(image.split), image.name))?;
    Ok(Remarks::new())
}

fn categories(ready: &Ready<'_>) -> Value {
    let (mut labels, mut points, mut colours) = (Vec::new(), Vec::new(), Vec::new());
    for (number, class) in ready.classes.iter().enumerate() {
        let above = class.details.map_or("", |details| &details.supercategory);
        labels.push(json!({"name": class.name, "parent": above, "attributes": []}));
        let [r, g, b] = colour(number);
        colours.push(json!({"label_id": number, "r": r, "g": g, "b": b}));
        if let Some(details) = class.details.filter(|details| !details.keypoints.is_empty()) {
            let joints: Vec<[u32; 2]> = details.skeleton.iter().map(|[a, b]| [a + 1, b + 1]).collect();
            points.push(json!({"label_id": number, "labels": details.keypoints, "joints": joints, "positions": []}));
        }
    }
    json!({
        "label": {"labels": labels, "label_groups": [], "attributes": ["occluded"]}, "mask": {"colormap": colours},
        "points": {"items": points},
    })
}

fn annotations(ready: &Ready<'_>, image: &ReadyImage) -> Vec<Value> {
    let mut annotations = Vec::new();
    let id_of = |annotations: &Vec<Value>| annotations.len();
    for drawn in ready.drawn(image, DRAWS) {
        for shape in &drawn.shapes {
            let id = id_of(&annotations);
            annotations.push(annotation(ready, &drawn, shape, id));
        }
    }
    for label in ready.labels(image) {
        let id = id_of(&annotations);
        annotations.push(json!({"id": id, "type": "label", "attributes": {}, "group": 0, "label_id": label}));
    }
    for caption in ready.captions(image) {
        let id = id_of(&annotations);
        annotations.push(json!({"id": id, "type": "caption", "attributes": {}, "group": 0, "caption": caption}));
    }
    annotations
}

fn annotation(ready: &Ready<'_>, drawn: &Drawn<'_>, shape: &Shape<'_>, id: usize) -> Value {
    let (objects, row) = (&ready.dataset.objects, drawn.object.row);
    let mut attributes: Map<String, Value> =
        drawn.attributes.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let flags = ready.flags(&drawn.object);
    for (name, has, is) in [
        ("occluded", flag::HAS_OCCLUDED, flag::OCCLUDED),
        ("truncated", flag::HAS_TRUNCATED, flag::TRUNCATED),
        ("difficult", flag::HAS_DIFFICULT, flag::DIFFICULT),
        ("is_crowd", flag::HAS_CROWD, flag::CROWD),
    ] {
        if flags & has != 0 {
            attributes.insert(name.into(), (flags & is != 0).into());
        }
    }
    let mut set = |name: &str, value: Option<Value>| {
        value.into_iter().for_each(|value| drop(attributes.insert(name.into(), value)));
    };
    set("score", objects.score.get(row).map(|score| json!(score)));
    set("track_id", objects.track.get(row).map(|track| json!(track)));
    set("pose", objects.pose.get(row).map(|pose| json!(pose)));
    let flat = |points: &[[f64; 2]]| -> Vec<f64> { points.iter().flatten().copied().collect() };
    let (kind, key, geometry) = match shape {
        Shape::Box([x0, y0, x1, y1]) => ("bbox", "bbox", json!([x0, y0, x1 - x0, y1 - y0])),
        Shape::Turned(corners) => {
            let ([x, y], width, height, degrees) = geometry::of_corners(corners);
            set("rotation", Some(json!(degrees.rem_euclid(360.0))));
            ("bbox", "bbox", json!([x - width / 2.0, y - height / 2.0, width, height]))
        }
        Shape::Outline(part) | Shape::Region(Region { exterior: part, .. }) => ("polygon", "points", json!(flat(part))),
        Shape::Mask(mask) => {
            ("mask", "rle", json!({"counts": runs::to_text(&mask.runs), "size": [mask.height, mask.width]}))
        }
        Shape::Points(points) => {
            let all: Vec<[f64; 2]> = points.iter().map(|point| [point.x, point.y]).collect();
            ("points", "points", json!(flat(&all)))
        }
    };
    let mut annotation = json!({
        "id": id, "type": kind, "attributes": attributes, "group": drawn.group.unwrap_or(0), "label_id": drawn.object.class,
        "z_order": 0, key: geometry,
    });
    if let Shape::Points(points) = shape {
        annotation["visibility"] = points.iter().map(|point| point.visibility).collect::<Vec<_>>().into();
    }
    annotation
}
