//! ASAM OpenLABEL and VCD: one file for the frames of a scene.
//!
//! ```text
//! {"openlabel": {"metadata", "objects": {id: {"name", "type": "car", "object_data"?}}, "streams": {name: {"uri"}}, "frames": {"0":
//!   {"frame_properties": {"streams": {name: {"uri"}}}, "objects": {id: {"object_data": {"bbox": [{"name", "val": [cx, cy, w, h]}],
//!   "rbbox": [{"val": [cx, cy, w, h, angle]}], "poly2d": [{"val": [x, y, ...], "closed"}], "point2d"}}}}}}}
//! ```
//!
//! Specification: <https://www.asam.net/standards/detail/openlabel/>. Pixels are 0-based, boxes have their **centre**, angles are in
//! radians. The class is `type`. A frame's image is its `uri` (or `file`), else it is called by the frame's number. An object
//! with several shapes is several objects. 3-D shapes are left out. Data that stands with the object itself, not in a frame,
//! is that of every frame that has the object.

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, geometry};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "openlabel",
    aliases: &["asam-openlabel", "vcd"],
    title: "ASAM OpenLABEL",
    specification: "https://www.asam.net/standards/detail/openlabel/",
    layout: "\
openlabel.json  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Keypoints,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Corners,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"openlabel\" (OpenLABEL)",
    read,
    write: None,
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has("openlabel") || head.inside("vcd").has("frames")
}

const EXTENSIONS: [&str; 1] = ["json"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "OpenLABEL's frames", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(scene) = root.any(&["openlabel", "vcd"]) else {
        return Err(Fault::new(root.line, "\"openlabel\" is missing"));
    };
    let mut page = Page::default();
    let members = |node: &'_ Node<'_>, key: &str| node.get(key).map_or(0, |node| node.members().len());
    let frames = scene.get("frames").map_or(&[][..], Node::members);
    for (number, frame) in frames {
        let mut sheet = Sheet { line: frame.line, ..Sheet::default() };
        sheet.name = uri(frame.get("frame_properties"))
            .or_else(|| uri(Some(scene)).filter(|_| frames.len() == 1))
            .unwrap_or_else(|| number.clone().into_owned());
        for (id, object) in frame.get("objects").map_or(&[][..], Node::members) {
            let about = scene.at(&["objects", id]);
            let class = about.and_then(|about| about.word("type")).or_else(|| object.word("type"));
            let Some(class) = class else {
                sheet.add(Err(Fault::new(object.line, format!("object {id:?} has no type"))), &mut page.findings);
                continue;
            };
            let data = if members(object, "object_data") > 0 { Some(object) } else { about };
            add(data.and_then(|data| data.get("object_data")), &class, id, &mut sheet, &mut page.findings);
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

/// The address of an image in the properties of a frame or scene.
fn uri(node: Option<&Node<'_>>) -> Option<String> {
    let node = node?;
    let own = node.any(&["uri", "file"]).and_then(Node::as_text);
    let stream = |(_, stream): &(_, Node<'_>)| {
        let uri = stream.get("uri").or_else(|| stream.at(&["stream_properties", "uri"]));
        uri.and_then(Node::as_text).map(str::to_owned)
    };
    own.map(str::to_owned).or_else(|| node.get("streams")?.members().iter().find_map(stream))
}

fn add(data: Option<&Node<'_>>, class: &str, id: &str, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    for (kind, shapes) in data.map_or(&[][..], Node::members) {
        for shape in shapes.items() {
            let found = match &**kind {
                "bbox" | "rbbox" | "poly2d" | "point2d" => self::shape(kind, shape, class),
                "cuboid" | "point3d" | "poly3d" | "mat" | "binary" | "image" | "mesh" => {
                    sheet.leave_out(kind, shape.line, findings);
                    continue;
                }
                // Words and numbers about the object.
                _ => continue,
            };
            let found = found.map(|mut found| {
                found.object.track = id.parse().ok();
                for attribute in
                    shape.get("attributes").map_or(&[][..], Node::members).iter().flat_map(|(_, list)| list.items())
                {
                    let name = attribute.word("name").unwrap_or_default();
                    found.attribute(&name, &attribute.word("val").unwrap_or_default());
                }
                found
            });
            sheet.add(found, findings);
        }
    }
}

fn shape(kind: &str, node: &Node<'_>, class: &str) -> Result<Found, Fault> {
    let line = node.line;
    let values = node.get("val").map_or_else(|| Err(Fault::new(line, "\"val\" is missing")), Node::numbers)?;
    let sides = |cx: f64, cy: f64, width: f64, height: f64| {
        [cx - width / 2.0, cy - height / 2.0, cx + width / 2.0, cy + height / 2.0]
    };
    match (kind, &values[..]) {
        ("bbox", [cx, cy, width, height]) => Ok(Found::boxed(class, line, sides(*cx, *cy, *width, *height))),
        ("rbbox", [cx, cy, width, height, angle]) => {
            let corners = geometry::turned_box(sides(*cx, *cy, *width, *height), [*cx, *cy], angle.to_degrees());
            Ok(Found::turned(class, line, corners))
        }
        ("poly2d", _) if node.get("closed").and_then(Node::as_flag) == Some(false) => {
            Found::pointed(class, line, &geometry::pairs(&values))
        }
        ("poly2d", _) => Found::outlined(class, line, vec![geometry::pairs(&values)]),
        ("point2d", [x, y]) => Found::pointed(class, line, &[[*x, *y]]),
        _ => Err(Fault::new(line, format!("{kind} has {} numbers", values.len()))),
    }
}
