//! VIA 2 as it is written: the JSON that the tool exports, beside the images of each split.
//!
//! ```text
//! {train,valid,test}/via_region_data.json  {train,valid,test}/a.jpg
//! ```
//!
//! An entry is called by the image's name and the size of its file, -1 where that is not known, as the tool does with images
//! that it has by address. An outline of several parts is one way around all; a mask, which VIA cannot draw, is its box. Keypoints
//! are `point` regions, of the class that is the keypoint's name, and have the `group_id` of their object's region.

use serde_json::{Map, Value, json};

use crate::formats::FormatError;
use crate::formats::target::{
    Drawn, Draws, GROUP, HIDDEN, Ready, ReadyImage, Remarks, Shape, Sink, entry, put_images, put_list,
};

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let name = format!("{split}/via_region_data.json");
        put_list(ready, sink, &name, ["{", "\n}\n"], &ready.images_of(split), |_, image, text| {
            let size = image.bytes.map_or(-1, |bytes| bytes as i64);
            let key = Value::from(format!("{}{size}", image.name));
            let regions: Vec<Value> =
                ready.drawn(image, Draws::OUTLINES_AND_POINTS).iter().flat_map(|drawn| regions(ready, drawn)).collect();
            let (name, regions) = (Value::from(&*image.name), Value::from(regions));
            let about = Value::from(about(ready, image));
            entry(
                text,
                format_args!(
                    "{key}:{{\"filename\":{name},\"size\":{size},\"regions\":{regions},\"file_attributes\":{about}}}"
                ),
            );
        })?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    Ok(Remarks::new())
}

/// What is said of an image as a whole.
fn about(ready: &Ready<'_>, image: &ReadyImage) -> Map<String, Value> {
    let mut about = Map::new();
    for (number, caption) in (1..).zip(ready.captions(image)) {
        let name = if number == 1 { "caption".to_owned() } else { format!("caption_{number}") };
        about.insert(name, json!(caption));
    }
    let labels: Map<String, Value> =
        ready.label_names(image).into_iter().map(|name| (name.to_owned(), true.into())).collect();
    if !labels.is_empty() {
        // As a checkbox has it.
        about.insert("labels".into(), labels.into());
    }
    if let Some(url) = ready.dataset.images.url.get(image.row) {
        about.insert("image_url".into(), json!(url));
    }
    about
}

fn regions(ready: &Ready<'_>, drawn: &Drawn<'_>) -> Vec<Value> {
    let mut attributes = Map::new();
    attributes.insert("class".into(), ready.class_of(&drawn.object).into());
    for (name, value) in &drawn.attributes {
        let name = if name.eq_ignore_ascii_case("class") { format!("{name}_") } else { (*name).to_owned() };
        // Several values of one name are marks of a checkbox.
        match attributes.get_mut(&name) {
            None => drop(attributes.insert(name, json!(value))),
            Some(Value::Object(marks)) => drop(marks.insert((*value).to_owned(), true.into())),
            Some(first) => {
                let marks = [first.as_str().unwrap_or_default(), value];
                *first =
                    marks.map(|mark| (mark.to_owned(), Value::from(true))).into_iter().collect::<Map<_, _>>().into();
            }
        }
    }
    if let Some(group) = drawn.group {
        attributes.insert(GROUP.into(), group.to_string().into());
    }
    let region = |shape: Value, attributes: &Map<String, Value>| json!({"shape_attributes": shape, "region_attributes": attributes});
    let body = |shape: &Shape<'_>| match shape {
        Shape::Outline(part) => {
            let (xs, ys): (Vec<f64>, Vec<f64>) = part.iter().map(|[x, y]| (*x, *y)).unzip();
            json!({"name": "polygon", "all_points_x": xs, "all_points_y": ys})
        }
        _ => {
            let [x0, y0, x1, y1] = drawn.object.bbox;
            json!({"name": "rect", "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0})
        }
    };
    let mut regions = Vec::new();
    for shape in &drawn.shapes {
        let Shape::Points(points) = shape else {
            regions.push(region(body(shape), &attributes));
            continue;
        };
        for (name, point) in drawn.named_points(ready, points) {
            let mut own = Map::from_iter([("class".to_owned(), name.into())]);
            own.extend(drawn.group.map(|group| (GROUP.to_owned(), group.to_string().into())));
            own.extend((point.visibility == 1).then(|| (HIDDEN.to_owned(), "true".into())));
            regions.push(region(json!({"name": "point", "cx": point.x, "cy": point.y}), &own));
        }
    }
    regions
}
