//! Scale AI image annotation tasks: a JSON list, or a line per task.
//!
//! ```text
//! [{"task_id", "type": "imageannotation", "status": "completed", "params": {"attachment": url, "metadata"}, "response":
//!   {"annotations": [{"type": "box", "label", "left", "top", "width", "height"} | {"type": "polygon", "vertices": [{"x", "y"}]}]}}]
//! ```
//!
//! Specification: <https://scale.com/docs/image-annotation>. Pixels are 0-based. A box may have `vertices` when it is turned; lines and
//! points become keypoints, an ellipse's four vertices are the ends of its axes. A task without response is left out.
//!
//! Scale ties no annotations, but their attributes are free: those of one label and one attribute `group_id` are one object, points of
//! other labels in its group its keypoints, hidden where the attribute `occluded` is true ([`super::grouping`]). So they are written.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::grouping::{self, Grouping};
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{
    Drawn, Draws, GROUP, Groups, HIDDEN, Points, Ready, Remarks, Shape, Sink, entry, put_images, put_list,
};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry};
use crate::dataset::{Keypoint, Ledger};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "scale",
    aliases: &["scale-ai"],
    title: "Scale AI JSON",
    specification: "https://scale.com/docs/image-annotation",
    layout: "\
tasks.json  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Keypoints,
        Carries::Hidden,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files of tasks with \"task_id\" and \"response\" or \"params\" (Scale AI)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

fn is_task(head: &Head) -> bool {
    head.has("task_id") && (head.has("response") || head.has("params"))
}

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    is_task(&head) || is_task(&head.inside(""))
}

const EXTENSIONS: [&str; 3] = ["json", "jsonl", "ndjson"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "Scale AI's tasks", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    if !text.trim_start().starts_with('[') {
        return Ok(pages::read_lines(text, task));
    }
    let mut page = Page::default();
    Node::parse(text, 1)?.items().iter().for_each(|one| task(one, &mut page));
    Ok(page)
}

fn task(node: &Node<'_>, page: &mut Page) {
    let url = node
        .at(&["params", "attachment"])
        .or_else(|| node.get("attachment"))
        .and_then(Node::as_text)
        .unwrap_or_default();
    let known = node.at(&["params", "metadata", "filename"]).and_then(Node::as_text);
    let mut sheet = Sheet { name: known.unwrap_or(url).to_owned(), line: node.line, ..Sheet::default() };
    sheet.other_name = known.map(|_| url.to_owned());
    sheet.url = url.contains("://").then(|| url.into());
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "the task has no attachment")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    let Some(response) = node.get("response").filter(|response| response.is_map()) else {
        return page.skipped.count("not-annotated", Ledger { images: 1, objects: 0 });
    };
    let mut grouping = Grouping::default();
    for one in response.list("annotations") {
        add(one, &mut sheet, &mut grouping, &mut page.findings);
    }
    grouping.finish(&mut sheet);
    page.sheets.push(sheet);
}

fn add(node: &Node<'_>, sheet: &mut Sheet, grouping: &mut Grouping, findings: &mut Vec<Finding>) {
    let kind = node.any(&["type", "geometry"]).and_then(Node::as_text).unwrap_or_default();
    match node.class_at("label") {
        Some(_) if kind == "cuboid" => sheet.leave_out(kind, node.line, findings),
        Some(label) => match object(node, kind, &label) {
            Ok(mut found) => grouping.add_free(grouping::take_group(&mut found), found),
            lost => sheet.add(lost, findings),
        },
        None => sheet.add(Err(Fault::new(node.line, "the annotation has no label")), findings),
    }
}

fn object(node: &Node<'_>, kind: &str, class: &str) -> Result<Found, Fault> {
    let line = node.line;
    let vertices = node.list("vertices").iter().map(|point| point.all_wanted(["x", "y"]));
    let vertices: Vec<[f64; 2]> = vertices.collect::<Result<_, _>>()?;
    let mut found = match (kind, &vertices[..]) {
        ("box", [a, b, c, d])
            if node.get("left").is_none() || node.number("rotation").is_some_and(|turn| turn != 0.0) =>
        {
            Found::turned(class, line, [*a, *b, *c, *d])
        }
        ("box", _) => {
            let [left, top, width, height] = node.all_wanted(["left", "top", "width", "height"])?;
            Found::boxed(class, line, [left, top, left + width, top + height])
        }
        ("polygon", _) => Found::outlined(class, line, vec![vertices])?,
        ("line", _) => Found::line(class, line, &vertices)?,
        ("point", _) => Found::pointed(class, line, &[node.all_wanted(["x", "y"])?])?,
        ("ellipse", [a, b, c, d]) => {
            let (centre, _, _, degrees) = geometry::of_corners(&[*a, *b, *c, *d]);
            let half = |from: &[f64; 2], to: &[f64; 2]| (to[0] - from[0]).hypot(to[1] - from[1]) / 2.0;
            // The ends of the axes in turn: the first axis leads from the first to the third.
            let turn = if degrees.is_finite() { (c[1] - a[1]).atan2(c[0] - a[0]).to_degrees() } else { 0.0 };
            let mut found =
                Found::outlined(class, line, vec![geometry::ellipse(centre, [half(a, c), half(b, d)], turn)])?;
            found.object.bbox = geometry::ellipse_box(centre, [half(a, c), half(b, d)], turn);
            found
        }
        _ => return Err(Fault::new(line, format!("type {kind:?} with {} vertices is not known", vertices.len()))),
    };
    for (name, value) in node.get("attributes").map_or(&[][..], Node::members) {
        found.attribute(name, &value.words().unwrap_or_default());
    }
    Ok(found)
}

const DRAWS: Draws = Draws {
    outlines: true,
    masks: false,
    holes: false,
    turned: true,
    points: Points::OfBody,
    groups: Groups::OfPoints,
};

/// Writes the tasks of each split, as they come back from Scale.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let name = format!("{split}/tasks.json");
        put_list(ready, sink, &name, ["[", "\n]\n"], &ready.images_of(split), |place, image, text| {
            let mut annotations: Vec<Value> =
                ready.drawn(image, DRAWS).iter().flat_map(|drawn| self::annotations(ready, drawn)).collect();
            for (number, annotation) in annotations.iter_mut().enumerate() {
                annotation["uuid"] = format!("{:08x}-{number:04x}", place + 1).into();
            }
            let url = ready.dataset.images.url.get(image.row);
            let address = url.map_or_else(|| format!("images/{}", image.name), |url| url.to_string());
            let params = json!({
                "attachment": address, "attachment_type": "image",
                "metadata": {"filename": image.name, "width": image.width, "height": image.height},
            });
            let response = json!({"annotations": annotations});
            // In this order, so that the first bytes say what the file is.
            entry(
                text,
                format_args!(
                    "{{\"task_id\":\"{:024x}\",\"type\":\"imageannotation\",\"status\":\"completed\",\"params\":{params},\
                     \"response\":{response}}}",
                    place + 1
                ),
            );
        })?;
    }
    put_images(ready, sink, |image| format!("{}/images/{}", image.split, image.name))?;
    Ok(Remarks::new())
}

fn annotations(ready: &Ready<'_>, drawn: &Drawn<'_>) -> Vec<Value> {
    let group = || drawn.group.map(|group| (GROUP.to_owned(), Value::from(group.to_string())));
    let of_shape = |shape: &Shape<'_>| {
        let Shape::Points(points) = shape else { return vec![annotation(ready, drawn, shape, group())] };
        let point = |(name, point): (Cow<'_, str>, &Keypoint)| {
            let mut attributes: Map<String, Value> = group().into_iter().collect();
            attributes.extend((point.visibility == 1).then(|| (HIDDEN.to_owned(), true.into())));
            json!({"type": "point", "label": name, "x": point.x, "y": point.y, "attributes": attributes})
        };
        drawn.named_points(ready, points).map(point).collect()
    };
    drawn.shapes.iter().flat_map(of_shape).collect()
}

fn annotation(ready: &Ready<'_>, drawn: &Drawn<'_>, shape: &Shape<'_>, group: Option<(String, Value)>) -> Value {
    let vertices = |points: &[[f64; 2]]| -> Value { points.iter().map(|[x, y]| json!({"x": x, "y": y})).collect() };
    let mut annotation = match shape {
        Shape::Outline(part) => json!({"type": "polygon", "vertices": vertices(part)}),
        // A turned box is known by its vertices alone.
        Shape::Turned(corners) => {
            let (_, _, _, degrees) = geometry::of_corners(corners);
            json!({"type": "box", "vertices": vertices(corners), "rotation": degrees.to_radians()})
        }
        _ => {
            let [x0, y0, x1, y1] = drawn.object.bbox;
            json!({"type": "box", "left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0})
        }
    };
    annotation["label"] = ready.class_of(&drawn.object).into();
    let attributes = drawn.attributes.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    annotation["attributes"] = attributes.chain(group).collect::<Map<_, _>>().into();
    annotation
}
