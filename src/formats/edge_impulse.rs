//! Edge Impulse: one file for many images.
//!
//! ```text
//! bounding_boxes.labels   {"version": 1, "type": "bounding-box-labels", "boundingBoxes": {"a.jpg": [{"label", "x", "y", "width",
//!                          "height"}]}}
//! info.labels             {"version": 1, "files": [{"path", "category": "training", "label": {"type": "label", "label"},
//!                          "boundingBoxes": [...]}]}
//! ```
//!
//! Specification: <https://docs.edgeimpulse.com/docs/edge-impulse-studio/data-acquisition/uploader>. Pixels are 0-based.
//! Written is `info.labels`, which has a place for one class of an image as a whole. The
//! uploader knows no category for validation, of which training takes a part by itself: such images are for training.

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, Remarks, Sink, put_images, put_list, word_of};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::Split;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "edge-impulse",
    aliases: &["edgeimpulse"],
    title: "Edge Impulse labels",
    specification: "https://docs.edgeimpulse.com/docs/edge-impulse-studio/data-acquisition/uploader",
    layout: "\
training/bounding_boxes.labels  training/a.jpg         also testing/
info.labels  training/a.jpg  testing/b.jpg",
    carries: &[Carries::Boxes, Carries::ImageLabels, Carries::Negatives, Carries::Splits, Carries::Fractions],
    detect,
    looks_for: "files of JSON with \"boundingBoxes\", or \"files\" with a \"path\" (Edge Impulse)",
    read,
    write: Some(Write { not: &[Carries::Splits], folders: false, write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    let files = head.inside("files");
    head.has("boundingBoxes") && head.has("version")
        || files.has("path") && (files.has("label") || files.has("boundingBoxes"))
}

const EXTENSIONS: [&str; 2] = ["labels", "json"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "Edge Impulse's bounding boxes", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    for (name, list) in root.get("boundingBoxes").map_or(&[][..], Node::members) {
        let mut sheet = Sheet { name: name.clone().into_owned(), line: list.line, ..Sheet::default() };
        boxes(list, &mut sheet, &mut page.findings);
        page.sheets.push(sheet);
    }
    for node in root.list("files") {
        let mut sheet = Sheet { line: node.line, ..Sheet::default() };
        sheet.name = node.any(&["path", "name"]).and_then(Node::as_text).unwrap_or_default().to_owned();
        sheet.split = node.text("category").and_then(Split::from_word);
        match &sheet.name[..] {
            "" => sheet.add(Err(Fault::new(node.line, "the file has no path")), &mut page.findings),
            _ => {
                node.at(&["label", "label"]).and_then(Node::words).iter().for_each(|label| sheet.label(label));
                node.get("boundingBoxes").into_iter().for_each(|list| boxes(list, &mut sheet, &mut page.findings));
            }
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

fn boxes(list: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    for node in list.items() {
        let label = node.class_at("label").ok_or_else(|| Fault::new(node.line, "the box has no label"));
        let found = label.and_then(|label| {
            let [x, y, width, height] = node.all_wanted(["x", "y", "width", "height"])?;
            Ok(Found::boxed(&label, node.line, [x, y, x + width, y + height]))
        });
        sheet.add(found, findings);
    }
}

/// Writes one file for all splits, each of which has a folder.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let word = |split| word_of(split, ["training", "training", "testing"]);
    let name_of = |image: &ReadyImage| format!("{}/{}", word(image.split), image.name);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    let element = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
        let label = match ready.labels(image).first().and_then(|class| ready.classes.get(*class as usize)) {
            Some(class) => json!({"type": "label", "label": class.name}),
            None => json!({"type": "unlabeled"}),
        };
        let boxes: Vec<Value> = ready
            .objects_of(image)
            .iter()
            .map(|object| {
                let [x0, y0, x1, y1] = object.bbox;
                json!({"label": ready.class_of(object), "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0})
            })
            .collect();
        let file = json!({
            "path": name_of(image), "name": image.name, "category": word(image.split), "label": label, "boundingBoxes": boxes,
        });
        text.extend_from_slice(format!(",\n{file}").as_bytes());
    };
    put_list(ready, sink, "info.labels", ["{\"version\":1,\"files\":[", "\n]}\n"], &places, element)?;
    put_images(ready, sink, name_of)?;
    let several = ready.images.iter().filter(|image| ready.labels(image).len() > 1).count();
    let valid = ready.images_of(Split::Valid).len();
    let mut remarks = Remarks::new();
    for (what, count) in [
        ("images with several classes, of which the first is written", several),
        ("images for validation, for which there is no category, written as training", valid),
    ] {
        if count > 0 {
            remarks.push(format!("{what}: {count}"));
        }
    }
    Ok(remarks)
}
