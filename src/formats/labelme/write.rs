//! LabelMe as it is written: a file beside each image, in a folder for each split.
//!
//! ```text
//! {train,valid,test}/a.json  {train,valid,test}/a.jpg  pose.yaml
//! ```
//!
//! `pose.yaml` has the names of keypoints, as X-AnyLabeling asks for them when it exports poses.
//! Beyond what labelme itself knows (it leaves other members where they are), X-AnyLabeling's: `score`, `difficult`,
//! `attributes`, shapes of the type `rotation` with `direction`, and keypoints as points in the group of their object.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::dataset::flag;
use crate::formats::FormatError;
use crate::formats::target::{
    Drawn, Draws, Groups, Points, Ready, ReadyClass, Remarks, Shape, Sink, put, put_image, stem,
};
use crate::formats::trace::Region;
use crate::formats::yolo::write::scalar;
use crate::formats::{bitmap, geometry};

const DRAWS: Draws =
    Draws { outlines: true, masks: true, holes: false, turned: true, points: Points::OfBody, groups: Groups::Numbered };

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    // The tool shows images turned as their EXIF orientation says.
    let ready = &*ready.as_shown();
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let mut shapes = Vec::new();
        for drawn in ready.drawn(image, DRAWS) {
            add_shapes(ready, &drawn, &mut shapes);
        }
        let flags: serde_json::Map<String, Value> =
            ready.label_names(image).into_iter().map(|name| (name.to_owned(), json!(true))).collect();
        let document = json!({
            "version": "5.4.1", "flags": flags, "shapes": shapes, "imagePath": image.name, "imageData": null,
            "imageHeight": image.height, "imageWidth": image.width,
        });
        let folder = image.split;
        put(sink, &format!("{folder}/{}.json", stem(&image.name)), format!("{document:#}\n").as_bytes())?;
        let name = format!("{folder}/{}", image.name);
        put_image(sink, place, &name)
    })?;
    let posed = |class: &&ReadyClass<'_>| class.details.is_some_and(|details| !details.keypoints.is_empty());
    if ready.classes.iter().any(|class| posed(&class)) {
        let mut text = String::from("has_visible: true\nclasses:\n");
        for class in ready.classes.iter().filter(posed) {
            let _ = writeln!(text, "  {}:", scalar(&class.name));
            for name in class.details.into_iter().flat_map(|details| &details.keypoints) {
                let _ = writeln!(text, "    - {}", scalar(name));
            }
        }
        put(sink, "pose.yaml", text.as_bytes())?;
    }
    Ok(Remarks::new())
}

fn add_shapes(ready: &Ready<'_>, drawn: &Drawn<'_>, shapes: &mut Vec<Value>) {
    let flags = ready.flags(&drawn.object);
    let mut common =
        json!({"label": ready.class_of(&drawn.object), "group_id": drawn.group, "description": "", "flags": {}});
    if flags & flag::HAS_DIFFICULT != 0 {
        common["difficult"] = json!(flags & flag::DIFFICULT != 0);
    }
    if let Some(score) = ready.dataset.objects.score.get(drawn.object.row) {
        common["score"] = json!(score);
    }
    let mut attributes = serde_json::Map::new();
    for (name, value) in &drawn.attributes {
        // What labelme has a member for.
        match *name {
            "description" => common["description"] = json!(value),
            _ => drop(attributes.insert((*name).to_owned(), json!(value))),
        }
    }
    if !attributes.is_empty() {
        common["attributes"] = attributes.into();
    }
    for shape in &drawn.shapes {
        let like = |kind: &str, points: Value| {
            let mut shape = common.clone();
            shape["shape_type"] = json!(kind);
            shape["points"] = points;
            shape
        };
        match shape {
            Shape::Box([x0, y0, x1, y1]) => shapes.push(like("rectangle", json!([[x0, y0], [x1, y1]]))),
            Shape::Turned(corners) => {
                let mut shape = like("rotation", json!(corners));
                let (_, _, _, degrees) = geometry::of_corners(corners);
                shape["direction"] = json!(degrees.rem_euclid(360.0).to_radians());
                shapes.push(shape);
            }
            Shape::Outline(part) | Shape::Region(Region { exterior: part, .. }) => {
                shapes.push(like("polygon", json!(part)))
            }
            Shape::Mask(mask) => {
                let Some(([left, top], crop)) = bitmap::crop_of(mask) else { continue };
                // Corners are the first and the last pixel.
                let mut shape = like("mask", json!([[left, top], [left + crop.width - 1, top + crop.height - 1]]));
                shape["mask"] = bitmap::to_base64(&bitmap::to_png(crop.width, crop.height, &crop.pixels)).into();
                shapes.push(shape);
            }
            Shape::Points(points) => {
                let named = ready.has_named_points(&drawn.object) || drawn.shapes.len() > 1;
                let labelled = points.iter().enumerate().filter(|(_, point)| point.visibility > 0);
                for (number, point) in labelled {
                    let mut shape = like("point", json!([[point.x, point.y]]));
                    if named {
                        shape["label"] = ready.point_name(&drawn.object, number).into();
                        shape["difficult"] = json!(point.visibility == 1);
                        shape.as_object_mut().into_iter().for_each(|shape| drop(shape.remove("attributes")));
                    }
                    shapes.push(shape);
                }
            }
        }
    }
}
