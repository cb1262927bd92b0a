//! LabelU JSON: one file for many images.
//!
//! ```text
//! [{"id", "fileName": "a.jpg", "url", "folder", "result": "{\"width\", \"height\", \"rotate\", \"annotations\": [{\"toolName\": \"rectTool\",
//!   \"result\": [{\"x\", \"y\", \"width\", \"height\", \"label\", \"order\", \"attributes\"}]}]}"}]
//! ```
//!
//! Specification: <https://opendatalab.github.io/labelU/en/schema/pre-annotation/json>. `result` is JSON in a text, or an object.
//! Pixels are 0-based, with fractions.
//!
//! Decisions
//! - `rectTool` is a box, `polygonTool` an outline, `lineTool` and `pointTool` are keypoints; values of `tagTool` are classes of
//!   the image, those of `textTool` sentences about it. Cuboids are left out with a note, and so are images that were turned in
//!   the tool: their coordinates are those of the turned image.

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "labelu",
    aliases: &["label-u", "labelu-json"],
    title: "LabelU JSON",
    specification: "https://opendatalab.github.io/labelU/en/schema/pre-annotation/json",
    layout: "\
task.json  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files that list a \"fileName\" with a \"result\" of tools (LabelU)",
    read,
    write: None,
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.is_array() && head.inside("").has_all(&["fileName", "result"])
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "LabelU's results", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &["json"], look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let read = |file| pages::read_stream(tree, options, file, str::is_empty, &|_, node, page| entry(node, page));
    Ok(pages::gather(tree, Kind::List, files.into_iter().map(read).collect(), Vec::new()))
}

fn entry(node: &Node<'_>, page: &mut Page) {
    let name = node.text("fileName").unwrap_or_default().to_owned();
    let mut sheet = Sheet { name, line: node.line, id: node.get("id").and_then(Node::as_whole), ..Sheet::default() };
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"fileName\" is missing")), findings);
        return page.sheets.push(sheet);
    }
    // Before version 1.1 a sample's name had eight digits before it that the uploaded file has not, or the other way round.
    let plain = sheet
        .name
        .split_once('-')
        .filter(|(digits, _)| digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    sheet.other_name = plain.map(|(_, name)| name.to_owned());
    sheet.url = node.text("url").filter(|url| url.contains("://")).map(Into::into);
    match node.get("result") {
        Some(result) if result.is_map() => self::result(result, &mut sheet, findings),
        Some(text) => match text.as_text().unwrap_or_default() {
            "" => {}
            inner => match Node::parse_within(inner, node.line) {
                Ok(result) => self::result(&result, &mut sheet, findings),
                Err(fault) => sheet.add(Err(fault), findings),
            },
        },
        None => {}
    }
    page.sheets.push(sheet);
}

fn result(node: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    sheet.size = (node.pixels("width"), node.pixels("height"));
    let turned = node.number("rotate").is_some_and(|degrees| degrees != 0.0);
    for tool in node.list("annotations") {
        let kind = tool.text("toolName").unwrap_or_default();
        for one in tool.list("result") {
            match kind {
                "tagTool" | "textTool" => {
                    for (_, value) in one.get("value").map_or(&[][..], Node::members) {
                        let values = if value.is_list() { value.items() } else { std::slice::from_ref(value) };
                        for value in values.iter().filter_map(Node::class) {
                            match kind {
                                "tagTool" => sheet.label(&value),
                                _ => sheet.captions.push(value.into()),
                            }
                        }
                    }
                }
                "cuboidTool" => sheet.leave_out("a cuboid", one.line, findings),
                _ if turned => sheet.leave_out("an object of a turned image", one.line, findings),
                _ => sheet.add(object(one, kind), findings),
            }
        }
    }
}

fn object(node: &Node<'_>, kind: &str) -> Result<Found, Fault> {
    let line = node.line;
    let label = node.any(&["label", "attribute"]).and_then(Node::class);
    let label = label.ok_or_else(|| Fault::new(line, "the object has no label"))?;
    let points = || -> Result<Vec<[f64; 2]>, Fault> {
        let list = node.any(&["points", "pointList"]).map_or(&[][..], Node::items);
        list.iter().map(|point| point.all_wanted(["x", "y"])).collect()
    };
    let mut found = match kind {
        "rectTool" => {
            let [x, y, width, height] = node.all_wanted(["x", "y", "width", "height"])?;
            Found::boxed(&label, line, [x, y, x + width, y + height])
        }
        "polygonTool" => Found::outlined(&label, line, vec![points()?])?,
        "lineTool" => Found::line(&label, line, &points()?)?,
        "pointTool" => Found::pointed(&label, line, &[node.all_wanted(["x", "y"])?])?,
        other => return Err(Fault::new(line, format!("tool {other:?} is not known"))),
    };
    for (name, value) in node.get("attributes").map_or(&[][..], Node::members) {
        found.attribute(name, &value.words().unwrap_or_default());
    }
    Ok(found)
}
