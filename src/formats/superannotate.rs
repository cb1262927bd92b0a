//! SuperAnnotate JSON: a file per image, and one with the classes.
//!
//! ```text
//! a.jpg.json  (or a.jpg___objects.json)   {"metadata": {"name", "width", "height"}, "instances": [{"type": "bbox", "className",
//!              "classId", "probability", "points": {"x1", "y1", "x2", "y2"}, "attributes": [{"name", "groupName"}]}], "tags": ["x"]}
//! classes/classes.json                    [{"id", "name", "color"}]
//! ```
//!
//! Specification: <https://doc.superannotate.com/docs/vector-json>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - `polygon` and `polyline` have their numbers in turn, or `x` and `y` lists, and a polygon's `exclude` (holes) is left out,
//!   with a note. `rbbox` has four corners, `ellipse` an angle in degrees, `template` keypoints in the order of their ids.
//! - Tags are classes of the image; attributes are named by their group.

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, geometry};
use crate::dataset::{Class, ProblemKind};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "superannotate",
    aliases: &["superannotate-json"],
    title: "SuperAnnotate JSON",
    specification: "https://doc.superannotate.com/docs/vector-json",
    layout: "\
a.jpg  a.jpg.json  classes/classes.json          (or annotations/, a.jpg___objects.json)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Keypoints,
        Carries::Score,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"metadata\" and \"instances\" (SuperAnnotate)",
    read,
    write: None,
};

fn look(head: &[u8]) -> bool {
    Head::of(head).has_all(&["metadata", "instances"])
}

fn is_classes(tree: &Tree, file: FileId) -> bool {
    let named = tree.path(file).rsplit('/').next() == Some("classes.json");
    named && tree.head(file).is_ok_and(|head| Head::of(&head).inside("").has_all(&["name", "color"]))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "SuperAnnotate's metadata and instances", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::own_files(tree, look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let lists = tree.files().map(|(id, _)| id).filter(|id| is_classes(tree, *id)).collect();
    let mut pages = pages::read_each(tree, options, lists, &|text, _| classes(text));
    pages.extend(pages::read_each(tree, options, files, &|text, _| page(text)));
    Ok(pages::gather(tree, Kind::Own("metadata.name"), pages, Vec::new()))
}

fn classes(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let classes = root.items().iter().filter_map(|one| Some(Class::named(one.word("name")?))).collect();
    Ok(Page { classes, ..Page::default() })
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(about) = root.get("metadata") else { return Err(Fault::new(root.line, "\"metadata\" is missing")) };
    let mut page = Page::default();
    let name = about.word("name").unwrap_or_default().into_owned();
    let mut sheet =
        Sheet { name, line: root.line, size: (about.pixels("width"), about.pixels("height")), ..Sheet::default() };
    for tag in root.list("tags") {
        tag.word("name").or_else(|| tag.words()).iter().for_each(|tag| sheet.label(tag));
    }
    for node in root.list("instances") {
        instance(node, &mut sheet, &mut page.findings);
    }
    page.sheets.push(sheet);
    Ok(page)
}

fn instance(node: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let kind = node.text("type").unwrap_or_default();
    let Some(class) = node.word("className") else {
        return sheet.add(Err(Fault::new(node.line, "the instance has no className")), findings);
    };
    match kind {
        "tag" => sheet.label(&class),
        "cuboid" | "mask" => sheet.leave_out(kind, node.line, findings),
        _ => {
            if !node.list("exclude").is_empty() {
                findings.push((ProblemKind::IgnoredField, node.line, format!("holes of {class:?} left out")));
            }
            sheet.add(object(node, kind, &class), findings);
        }
    }
}

/// Points as numbers in turn, or as lists of x and y.
fn points(node: &Node<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    let Some(points) = node.get("points") else { return Err(Fault::new(node.line, "\"points\" is missing")) };
    if points.is_list() {
        return Ok(geometry::pairs(&points.numbers()?));
    }
    let axis = |key: &str| {
        points.get(key).map_or_else(|| Err(Fault::new(points.line, format!("{key:?} is missing"))), Node::numbers)
    };
    Ok(axis("x")?.into_iter().zip(axis("y")?).map(|(x, y)| [x, y]).collect())
}

fn object(node: &Node<'_>, kind: &str, class: &str) -> Result<Found, Fault> {
    let line = node.line;
    let missing = || Fault::new(line, "\"points\" is missing");
    let mut found = match kind {
        "bbox" => {
            Found::boxed(class, line, node.get("points").ok_or_else(missing)?.all_wanted(["x1", "y1", "x2", "y2"])?)
        }
        "rbbox" | "rotated_bbox" => {
            let corners = node.get("points").ok_or_else(missing)?;
            let [ax, ay, bx, by, cx, cy, dx, dy] =
                corners.all_wanted(["x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"])?;
            Found::turned(class, line, [[ax, ay], [bx, by], [cx, cy], [dx, dy]])
        }
        "polygon" => Found::outlined(class, line, vec![points(node)?])?,
        "polyline" => Found::pointed(class, line, &points(node)?)?,
        "point" => Found::pointed(class, line, &[node.all_wanted(["x", "y"])?])?,
        "ellipse" => {
            let [x, y, rx, ry] = node.all_wanted(["cx", "cy", "rx", "ry"])?;
            let degrees = node.number("angle").unwrap_or(0.0);
            let mut found = Found::outlined(class, line, vec![geometry::ellipse([x, y], [rx, ry], degrees)])?;
            found.object.bbox = geometry::ellipse_box([x, y], [rx, ry], degrees);
            found
        }
        "template" => {
            let mut nodes: Vec<&Node<'_>> = node.list("points").iter().collect();
            nodes.sort_by_key(|point| point.get("id").and_then(Node::as_whole));
            let points: Vec<[f64; 2]> =
                nodes.into_iter().map(|point| point.all_wanted(["x", "y"])).collect::<Result<_, _>>()?;
            Found::pointed(class, line, &points)?
        }
        _ => return Err(Fault::new(line, format!("type {kind:?} is not known"))),
    };
    // 100 is what people's own instances have.
    found.object.score = node.number("probability").filter(|percent| *percent != 100.0).map(|percent| percent / 100.0);
    for attribute in node.list("attributes") {
        let group = attribute.word("groupName").unwrap_or_else(|| "attribute".into());
        found.attribute(&group, &attribute.word("name").unwrap_or_default());
    }
    Ok(found)
}
