//! VoTT 2 (export, or project with asset files) and VoTT 1, JSON. VoTT's CSV is read as `csv`.
//!
//! ```text
//! export   {"name", "tags": [{"name", "color"}], "assets": {id: {"asset": {"name", "path", "size": {"width", "height"}},
//!            "regions": [{"id", "type", "tags": ["cat"], "boundingBox": {"left", "top", "width", "height"}, "points"}]}}}
//! project  x.vott: {"name", "tags", "assets": {id: {"name", "path", "size", "state"}}};  <id>-asset.json: {"asset", "regions"}
//! VoTT 1   {"frames": {"a.jpg": [{"x1", "y1", "x2", "y2", "width", "height", "tags": ["cat"]}]}, "inputTags": "cat,dog"}
//! ```
//!
//! Specification: <https://github.com/microsoft/VoTT>, `src/models/applicationState.ts`. Pixels are 0-based, with fractions;
//! those of VoTT 1 are of the image as it was shown, with `width` and `height`.
//!
//! Decisions
//! - A region with several tags is several objects; a `POLYGON` has an outline.
//! - An asset that was visited and has no region is an image without objects; one that was not visited (`state` 0) is left out.
//! - Written is an export for each split, with the images beside it, whose `path` is then their name. An outline of several parts is one way around all.
//! - `path` is a `file:` or address of another machine, so images are found by its end. Frames of videos are called
//!   `video.mp4#t=1.2`.

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{
    Draws, Groups, Points, Ready, ReadyImage, Remarks, Shape, Sink, colour_text, entry, put_images, put_list,
};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::{Class, Ledger};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "vott",
    aliases: &["vott-json"],
    title: "VoTT JSON",
    specification: "https://github.com/microsoft/VoTT",
    layout: "\
vott-json-export/x-export.json  vott-json-export/a.jpg
x.vott  0123abcd-asset.json  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"assets\" and \"tags\", or \"asset\" and \"regions\", or \"frames\" and \"inputTags\" (VoTT)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

const EXTENSIONS: [&str; 2] = ["json", "vott"];

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    let assets = head.has("assets") && (head.has("tags") || head.inside("assets").first_value().has("asset"));
    assets || head.has_all(&["asset", "regions"]) || head.has_all(&["frames", "inputTags"])
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "VoTT's assets and regions", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    let tags = root.list("tags").iter().filter_map(|tag| Some(Class::named(tag.word("name")?)));
    page.classes.extend(tags);
    if let Some(frames) = root.get("frames") {
        let tags = root.text("inputTags").unwrap_or_default().split(',').map(str::trim).filter(|tag| !tag.is_empty());
        page.classes.extend(tags.map(Class::named));
        for (name, regions) in frames.members() {
            frame(name, regions, &mut page);
        }
    } else if root.get("asset").is_some() {
        asset(&root, &mut page);
    } else {
        // A project names its assets; their regions stand in files of their own.
        let assets = root.get("assets").map_or(&[][..], Node::members).iter().map(|(_, asset)| asset);
        assets
            .chain(root.list("assets"))
            .filter(|one| one.get("asset").is_some())
            .for_each(|one| asset(one, &mut page));
    }
    Ok(page)
}

fn asset(node: &Node<'_>, page: &mut Page) {
    let Some(about) = node.get("asset") else { return };
    let (path, name) = (about.text("path").unwrap_or_default(), about.text("name").unwrap_or_default());
    let name = if name.is_empty() { path } else { name };
    let size = about.get("size").map_or((0, 0), |size| (size.pixels("width"), size.pixels("height")));
    let mut sheet = Sheet { name: name.to_owned(), line: node.line, size, ..Sheet::default() };
    sheet.url = path.starts_with("http").then(|| path.into());
    if name != path && !path.is_empty() {
        sheet.other_name = Some(path.to_owned());
    }
    if name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "the asset has no name")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    let regions = node.list("regions");
    if regions.is_empty() && about.number("state") == Some(0.0) {
        return page.skipped.count("not-annotated", Ledger { images: 1, objects: 0 });
    }
    for one in regions {
        let found = region(one);
        tagged(found, one, &mut sheet, &mut page.findings);
    }
    page.sheets.push(sheet);
}

/// An object for each tag.
fn tagged(found: Result<Found, Fault>, node: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let tags: Vec<_> = node.list("tags").iter().filter_map(Node::class).collect();
    match found {
        Ok(_) if tags.is_empty() => sheet.add(Err(Fault::new(node.line, "the region has no tag")), findings),
        Ok(found) => {
            let object = |tag: &str| Found { class: tag.into(), ..found.clone() };
            sheet.objects.extend(tags.iter().map(|tag| object(tag)));
        }
        Err(fault) => sheet.add(Err(fault), findings),
    }
}

fn region(node: &Node<'_>) -> Result<Found, Fault> {
    let points = node.list("points").iter().map(|point| point.all_wanted(["x", "y"]));
    let points: Vec<[f64; 2]> = points.collect::<Result<_, _>>()?;
    let outlined = node.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("polygon"));
    if outlined {
        return Found::outlined("", node.line, vec![points]);
    }
    match node.get("boundingBox") {
        Some(sides) => {
            let [left, top, width, height] = sides.all_wanted(["left", "top", "width", "height"])?;
            Ok(Found::boxed("", node.line, [left, top, left + width, top + height]))
        }
        None => {
            let around = super::geometry::around(points);
            let missing = || Fault::new(node.line, "the region has neither boundingBox nor points");
            Ok(Found::boxed("", node.line, around.ok_or_else(missing)?))
        }
    }
}

/// A frame of VoTT 1: its boxes are parts of the size that was shown.
fn frame(name: &str, regions: &Node<'_>, page: &mut Page) {
    let mut sheet = Sheet { name: name.to_owned(), line: regions.line, ..Sheet::default() };
    for node in regions.items() {
        let found = node.all_wanted(["x1", "y1", "x2", "y2", "width", "height"]).and_then(|sides| {
            let [x1, y1, x2, y2, width, height] = sides;
            if !(width > 0.0 && height > 0.0) {
                return Err(Fault::new(node.line, format!("a box in an image of {width}x{height} pixels")));
            }
            let mut found = Found::boxed("", node.line, [x1 / width, y1 / height, x2 / width, y2 / height]);
            found.object.normalised = true;
            Ok(found)
        });
        tagged(found, node, &mut sheet, &mut page.findings);
    }
    page.sheets.push(sheet);
}

const DRAWS: Draws =
    Draws { outlines: true, masks: false, holes: false, turned: false, points: Points::None, groups: Groups::None };

/// Writes an export for each split.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let tag = |(number, class): (usize, &super::target::ReadyClass<'_>)| json!({"name": class.name, "color": colour_text(number)});
    let tags = Value::from(ready.classes.iter().enumerate().map(tag).collect::<Vec<_>>());
    for split in ready.splits() {
        let folder = format!("{split}/vott-json-export");
        let head = format!("{{\"name\":\"{split}\",\"version\":\"2.2.0\",\"tags\":{tags},\"assets\":{{");
        let name = format!("{folder}/{split}-export.json");
        put_list(ready, sink, &name, [&head, "\n}}\n"], &ready.images_of(split), |place, image, text| {
            // VoTT's are hashes of paths; all that is needed is that they differ.
            let id = format!("{:032x}", place + 1);
            let asset = asset_of(ready, image, &id);
            entry(text, format_args!("\"{id}\":{asset}"));
        })?;
    }
    put_images(ready, sink, |image| format!("{}/vott-json-export/{}", image.split, image.name))?;
    Ok(Remarks::new())
}

fn asset_of(ready: &Ready<'_>, image: &ReadyImage, id: &str) -> Value {
    let mut regions = Vec::new();
    for drawn in ready.drawn(image, DRAWS) {
        let [x0, y0, x1, y1] = drawn.object.bbox;
        for shape in &drawn.shapes {
            let (kind, points) = match shape {
                Shape::Outline(part) => ("POLYGON", part.clone()),
                _ => ("RECTANGLE", vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]),
            };
            let points: Vec<Value> = points.iter().map(|[x, y]| json!({"x": x, "y": y})).collect();
            regions.push(json!({
                "id": format!("{}", regions.len() + 1), "type": kind, "tags": [ready.class_of(&drawn.object)],
                "boundingBox": {"left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0}, "points": points,
            }));
        }
    }
    let extension = image.name.rsplit_once('.').map_or("", |(_, extension)| extension);
    json!({
        "asset": {
            "format": extension, "id": id, "name": image.name, "path": image.name,
            "size": {"width": image.width, "height": image.height},
            // Tagged, or only visited.
            "state": if regions.is_empty() { 1 } else { 2 },
            "type": 1,
        },
        "regions": regions, "version": "2.2.0",
    })
}
