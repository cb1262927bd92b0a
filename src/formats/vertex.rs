//! Vertex AI: JSON lines.
//!
//! ```text
//! {"imageGcsUri": "gs://bucket/a.jpg", "boundingBoxAnnotations": [{"displayName": "cat", "xMin", "yMin", "xMax", "yMax"}],
//!  "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": "training"}}
//! {"imageGcsUri", "classificationAnnotation": {"displayName"}}  or  "classificationAnnotations": [{"displayName"}]
//! ```
//!
//! Specification: <https://cloud.google.com/vertex-ai/docs/image-data/object-detection/prepare-data>. Boxes are parts of the
//! image's size; a side that is missing is 0, as protocol buffers leave it out.

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::target::{Ready, Remarks, Sink, put, put_image};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::Split;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "vertex",
    aliases: &["vertex-ai", "vertex-jsonl"],
    title: "Vertex AI JSON lines",
    specification: "https://cloud.google.com/vertex-ai/docs/image-data/object-detection/prepare-data",
    layout: "\
import.jsonl  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON lines with \"imageGcsUri\" (Vertex AI)",
    read,
    write: Some(Write { not: &[Carries::Attributes], folders: false, write }),
};

fn look(head: &[u8]) -> bool {
    Head::of(head).has("imageGcsUri")
}

const EXTENSIONS: [&str; 3] = ["jsonl", "json", "ndjson"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "lines with imageGcsUri", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| {
        Ok(pages::read_lines(text, line))
    })
}

fn line(node: &Node<'_>, page: &mut Page) {
    let name = node.text("imageGcsUri").unwrap_or_default();
    let url = name.contains("://").then(|| name.into());
    let mut sheet = Sheet { name: name.to_owned(), line: node.line, url, ..Sheet::default() };
    let labels = |key: &str| node.get(key).map_or(&[][..], Node::members);
    let used = labels("dataItemResourceLabels").iter().find(|(key, _)| key.ends_with("ml_use"));
    sheet.split = used.and_then(|(_, used)| Split::from_word(used.as_text()?));
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"imageGcsUri\" is missing")), findings);
        return page.sheets.push(sheet);
    }
    let class = |one: &Node<'_>| one.class_at("displayName").map(|name| name.into_owned());
    let single = node.get("classificationAnnotation").into_iter();
    single.chain(node.list("classificationAnnotations")).filter_map(class).for_each(|class| sheet.label(&class));
    for one in node.list("boundingBoxAnnotations") {
        sheet.add(object(one), findings);
    }
    for key in ["polylineAnnotations", "segmentationAnnotation"] {
        if let Some(other) = node.get(key) {
            sheet.leave_out(key, other.line, findings);
        }
    }
    page.sheets.push(sheet);
}

fn object(node: &Node<'_>) -> Result<Found, Fault> {
    let class = node.class_at("displayName").ok_or_else(|| Fault::new(node.line, "the box has no displayName"))?;
    let side = |key: &str| node.get(key).map_or(Ok(0.0), |_| node.wanted(key));
    let mut found = Found::boxed(&class, node.line, [side("xMin")?, side("yMin")?, side("xMax")?, side("yMax")?]);
    found.object.normalised = true;
    for (name, value) in node.get("annotationResourceLabels").map_or(&[][..], Node::members) {
        found.attribute(name, &value.words().unwrap_or_default());
    }
    Ok(found)
}

/// Writes one file for all splits. The names of the images are relative to it; in a bucket its address goes before them.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let mut text = String::new();
    for (place, image) in ready.images.iter().enumerate() {
        let name = format!("images/{}", image.name);
        let (width, height) = (f64::from(image.width), f64::from(image.height));
        let annotation = |object: &super::target::ReadyObject| {
            let [x0, y0, x1, y1] = object.bbox;
            json!({
                "displayName": ready.class_of(object),
                "xMin": x0 / width, "yMin": y0 / height, "xMax": x1 / width, "yMax": y1 / height,
            })
        };
        let annotations: Vec<Value> = ready.objects_of(image).iter().map(annotation).collect();
        let labels = ready.labels(image).into_iter().filter_map(|class| ready.classes.get(class as usize));
        let labels: Vec<Value> = labels.map(|class| json!({"displayName": class.name})).collect();
        let used = match image.split {
            Split::Train => "training",
            Split::Valid => "validation",
            Split::Test => "test",
        };
        let mut line = json!({
            "imageGcsUri": name,
            "boundingBoxAnnotations": annotations,
            "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": used},
        });
        if !labels.is_empty() {
            line["classificationAnnotations"] = labels.into();
        }
        text += &line.to_string();
        text.push('\n');
        put_image(sink, place, &name)?;
    }
    put(sink, "import.jsonl", text.as_bytes())?;
    Ok(Remarks::new())
}
