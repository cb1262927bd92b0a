//! IBM Cloud Annotations: one file for many images.
//!
//! ```text
//! _annotations.json   {"version": "1.0", "type": "localization", "labels": ["cat"], "annotations": {"a.jpg": [{"x", "y", "x2", "y2",
//!                      "label"}]}}
//! ```
//!
//! Specification: <https://github.com/cloud-annotations/cloud-annotations>. Boxes are parts of the image's size; with `type`
//! `classification` there are none, and the label is the image's. Written is a folder per split: `classification` where no image
//! has a box.

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, Remarks, Sink, put_images, put_list};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::Class;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "ibm-cloud",
    aliases: &["cloud-annotations", "ibm"],
    title: "IBM Cloud Annotations",
    specification: "https://github.com/cloud-annotations/cloud-annotations",
    layout: "\
_annotations.json  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files of \"type\" localization or classification with \"annotations\" and \"labels\" (IBM Cloud Annotations)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has_all(&["version", "type"])
        && (head.says("type", "localization") || head.says("type", "classification"))
        && (head.has("annotations") || head.has("labels"))
}

const EXTENSIONS: [&str; 1] = ["json"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "IBM Cloud's annotations", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let classes = root.list("labels").iter().filter_map(|label| Some(Class::named(label.words()?))).collect();
    let mut page = Page { classes, ..Page::default() };
    for (name, list) in root.get("annotations").map_or(&[][..], Node::members) {
        let mut sheet = Sheet { name: name.clone().into_owned(), line: list.line, ..Sheet::default() };
        for node in list.items() {
            match (node.class_at("label"), node.get("x")) {
                (None, _) => sheet.add(Err(Fault::new(node.line, "the annotation has no label")), &mut page.findings),
                (Some(label), None) => sheet.label(&label),
                (Some(label), Some(_)) => {
                    let found = node.all_wanted(["x", "y", "x2", "y2"]).map(|sides| {
                        let mut found = Found::boxed(&label, node.line, sides);
                        found.object.normalised = true;
                        found
                    });
                    sheet.add(found, &mut page.findings);
                }
            }
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let labelled = ready.images.iter().any(|image| !ready.labels(image).is_empty());
    let kind = if ready.objects.is_empty() && labelled { "classification" } else { "localization" };
    let labels: Vec<&str> = ready.classes.iter().map(|class| &*class.name).collect();
    let head = format!("{{\"version\":\"1.0\",\"type\":\"{kind}\",\"labels\":{},\"annotations\":{{", json!(labels));
    for split in ready.splits() {
        let member = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let (width, height) = (f64::from(image.width), f64::from(image.height));
            let classes = ready.labels(image).into_iter().filter_map(|class| ready.classes.get(class as usize));
            let mut list: Vec<Value> = classes.map(|class| json!({"label": class.name})).collect();
            list.extend(ready.objects_of(image).iter().map(|object| {
                let [x0, y0, x1, y1] = object.bbox;
                let label = ready.class_of(object);
                json!({"x": x0 / width, "y": y0 / height, "x2": x1 / width, "y2": y1 / height, "label": label})
            }));
            text.extend_from_slice(format!(",\n{}:{}", json!(image.name), json!(list)).as_bytes());
        };
        let name = format!("{split}/_annotations.json");
        put_list(ready, sink, &name, [&head, "\n}}\n"], &ready.images_of(split), member)?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    Ok(Remarks::new())
}
