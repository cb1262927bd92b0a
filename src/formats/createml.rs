//! CreateML JSON (Apple): one file for many images.
//!
//! ```text
//! [{"image": "a.jpg", "annotations": [{"label": "cat", "coordinates": {"x", "y", "width", "height"}}]}]
//! ```
//!
//! Specification: <https://developer.apple.com/documentation/createml/building-an-object-detector-data-source>. `x` and `y`
//! are the **centre** of the box, in pixels.
//!
//! Decisions
//! - Older names are read as well: `imagefilename` and `annotation`; an annotation without `coordinates`, or which is just a
//!   word, is a class of the image.
//! - An empty list is an image without objects; images that are not listed are left out.

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Ready, Remarks, Sink, put, put_image};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "createml",
    aliases: &["create-ml", "createml-json"],
    title: "CreateML JSON",
    specification: "https://developer.apple.com/documentation/createml/building-an-object-detector-data-source",
    layout: "\
a.jpg  annotations.json
train/_annotations.createml.json  train/a.jpg       also in valid/ test/ (Roboflow)",
    carries: &[
        Carries::Boxes,
        Carries::Score,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files that list an \"image\" with \"annotations\" (CreateML)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

/// Names of the image and of the annotations.
const IMAGE: [&str; 3] = ["image", "imagefilename", "imageFilename"];
const ANNOTATIONS: [&str; 2] = ["annotations", "annotation"];

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    let first = head.inside("");
    head.is_array()
        && IMAGE.iter().any(|key| first.has(key))
        && ANNOTATIONS.iter().any(|key| {
            first.has(key)
                && (!first.says(key, "{") || first.says(key, "\"coordinates\"") || first.says(key, "\"label\""))
        })
        && !first.has("data")
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "CreateML's images with annotations", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &["json"], look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let read =
        |file| pages::read_stream(tree, options, file, |member| member.is_empty(), &|_, node, page| entry(node, page));
    Ok(pages::gather(tree, Kind::List, files.into_iter().map(read).collect(), Vec::new()))
}

fn entry(node: &Node<'_>, page: &mut Page) {
    let name = node.any(&IMAGE).and_then(Node::as_text).unwrap_or_default().to_owned();
    let mut sheet = Sheet { name, line: node.line, ..Sheet::default() };
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"image\" is missing")), findings);
    } else {
        match node.any(&ANNOTATIONS) {
            Some(list) if list.is_list() => list.items().iter().for_each(|item| annotation(item, &mut sheet, findings)),
            Some(single) => annotation(single, &mut sheet, findings),
            None => {}
        }
    }
    page.sheets.push(sheet);
}

fn annotation(node: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let label = if node.is_map() { node.class_at("label") } else { node.class() };
    match (label, node.get("coordinates")) {
        (None, _) => sheet.add(Err(Fault::new(node.line, "the annotation has no label")), findings),
        (Some(label), None) => sheet.label(&label),
        (Some(label), Some(coordinates)) => {
            let found = coordinates.all_wanted(["x", "y", "width", "height"]).map(|[x, y, width, height]| {
                let sides = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
                let mut found = Found::boxed(&label, node.line, sides);
                found.object.score = node.number("confidence");
                found
            });
            sheet.add(found, findings);
        }
    }
}

/// Writes a folder per split, as Roboflow does.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let mut entries: Vec<String> = Vec::new();
        for place in ready.images_of(split) {
            let image = &ready.images[place];
            let labels = ready.labels(image).into_iter().filter_map(|class| ready.classes.get(class as usize));
            let mut annotations: Vec<Value> = labels.map(|class| json!({"label": class.name})).collect();
            for object in ready.objects_of(image) {
                let [x0, y0, x1, y1] = object.bbox;
                let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
                let mut annotation = json!({
                    "label": ready.class_of(object),
                    "coordinates": {"x": x, "y": y, "width": x1 - x0, "height": y1 - y0},
                });
                if let Some(score) = ready.dataset.objects.score.get(object.row) {
                    annotation["confidence"] = json!(score);
                }
                annotations.push(annotation);
            }
            entries.push(json!({"image": image.name, "annotations": annotations}).to_string());
            let name = format!("{split}/{}", image.name);
            put_image(sink, place, &name)?;
        }
        let text = format!("[\n{}\n]\n", entries.join(",\n"));
        put(sink, &format!("{split}/_annotations.createml.json"), text.as_bytes())?;
    }
    Ok(Remarks::new())
}
