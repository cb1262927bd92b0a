//! Cityscapes polygons: a file per image.
//!
//! ```text
//! gtFine/train/aachen/aachen_000000_000019_gtFine_polygons.json   {"imgHeight", "imgWidth", "objects": [{"label": "car", "polygon":
//!                                                                  [[x, y]], "deleted"?}]}
//! leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png
//! ```
//!
//! Specification: <https://github.com/mcordts/cityscapesScripts>. Pixels are 0-based.
//!
//! Decisions
//! - The image is called `_leftImg8bit` instead of `_gtFine_polygons` or `_gtCoarse_polygons`.
//! - `cargroup` is a crowd of `car`, for the classes that have instances. Objects that are `deleted` do not count.
//! - The pictures of labels and instances are not used.

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::{FileId, Tree, file_name};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading};
use crate::dataset::flag;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "cityscapes",
    aliases: &["cityscapes-polygons"],
    title: "Cityscapes polygons",
    specification: "https://github.com/mcordts/cityscapesScripts",
    layout: "\
gtFine/train/aachen/x_gtFine_polygons.json  leftImg8bit/train/aachen/x_leftImg8bit.png",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Crowd,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"imgHeight\" and \"objects\" (Cityscapes)",
    read,
    write: None,
};

/// Classes that have instances, so that a group of them is a crowd.
const INSTANCES: [&str; 10] =
    ["person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle"];

fn look(head: &[u8]) -> bool {
    Head::of(head).has_all(&["imgHeight", "imgWidth"])
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "Cityscapes' polygons", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &["json"], look), Kind::List, &|text, file| {
        page(text, tree, file)
    })
}

/// What the image of an annotation is called, and what stands before the words of the kind.
fn names(path: &str) -> (String, String) {
    let name = file_name(path);
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let scene = ["_gtFine_polygons", "_gtCoarse_polygons", "_polygons"].iter().find_map(|end| stem.strip_suffix(end));
    let scene = scene.unwrap_or(stem);
    (format!("{scene}_leftImg8bit.png"), scene.to_owned())
}

fn page(text: &str, tree: &Tree, file: FileId) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let (name, other) = names(tree.path(file));
    let mut page = Page::default();
    let size = (root.pixels("imgWidth"), root.pixels("imgHeight"));
    let mut sheet = Sheet { name, other_name: Some(other), line: root.line, size, ..Sheet::default() };
    for node in root.list("objects") {
        let deleted = node.get("deleted").and_then(Node::as_flag) == Some(true);
        if !deleted {
            sheet.add(object(node), &mut page.findings);
        }
    }
    page.sheets.push(sheet);
    Ok(page)
}

fn object(node: &Node<'_>) -> Result<Found, Fault> {
    let label = node.word("label").ok_or_else(|| Fault::new(node.line, "the object has no label"))?;
    let point = |point: &Node<'_>| match point.numbers()?[..] {
        [x, y] => Ok([x, y]),
        _ => Err(Fault::new(point.line, "a point is not one x and one y")),
    };
    let points = node.list("polygon").iter().map(point).collect::<Result<_, _>>()?;
    let group = label.strip_suffix("group").filter(|class| INSTANCES.contains(class));
    let found = Found::outlined(group.unwrap_or(&label), node.line, vec![points])?;
    Ok(found.flagged(flag::CROWD, group.map(|_| true)))
}
