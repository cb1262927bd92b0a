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

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading};
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
    write: None,
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
        let label = node.word("label").ok_or_else(|| Fault::new(node.line, "the box has no label"));
        let found = label.and_then(|label| {
            let [x, y, width, height] = node.all_wanted(["x", "y", "width", "height"])?;
            Ok(Found::boxed(&label, node.line, [x, y, x + width, y + height]))
        });
        sheet.add(found, findings);
    }
}
