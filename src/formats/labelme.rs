//! LabelMe JSON (wkentaro/labelme, also Labelme's followers as X-AnyLabeling): a file per image.
//!
//! ```text
//! {"version", "flags": {"night": true}, "imagePath": "a.jpg", "imageData": base64 | null, "imageHeight", "imageWidth",
//!  "shapes": [{"label", "points": [[x, y], ...], "shape_type", "group_id", "flags": {}, "description"?, "mask"?}]}
//! ```
//!
//! Specification: <https://github.com/wkentaro/labelme/blob/main/labelme/_label_file.py>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - `rectangle`: any two opposite corners; four corners that are no upright box, and `rotation`, are a turned box.
//!   `circle` (centre and a point of the rim) is an outline of 32 points with the circle's own box. `mask` is a PNG of its
//!   box. `point`, `points`, `line` and `linestrip` become keypoints.
//! - Outlines of one label and one `group_id` are parts of one object; elsewhere the group is kept as an attribute.
//! - Flags of the image that are set are classes of the image, those of a shape are attributes.
//! - The image is the one with the annotation's stem, else that of `imagePath`. `imageData` is not used: where no file is
//!   found, that is said.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, ReadyObject, Remarks, Sink, at, put, stem};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, bitmap, geometry};
use crate::dataset::flag;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "labelme",
    aliases: &["labelme-json", "x-anylabeling"],
    title: "LabelMe JSON",
    specification: "https://github.com/wkentaro/labelme",
    layout: "\
a.jpg  a.json                       side by side, also in train/ valid/ test/
images/a.jpg  annotations/a.json    (or labels/)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::Score,
        Carries::Difficult,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"shapes\" and \"imagePath\" (LabelMe)",
    read,
    write: Some(Write { not: &[Carries::Masks, Carries::Keypoints, Carries::Corners], write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has("shapes")
        && (head.has_all(&["version", "flags"]) || head.has("imagePath") || head.says("shapes", "\"points\""))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "LabelMe's shapes", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::own_files(tree, look), Kind::Own("imagePath"), &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(shapes) = root.get("shapes").filter(|shapes| shapes.is_list()) else {
        return Err(Fault::new(root.line, "\"shapes\" is missing or no list"));
    };
    let mut page = Page::default();
    let mut sheet = Sheet {
        name: root.text("imagePath").unwrap_or_default().to_owned(),
        line: root.line,
        size: (root.pixels("imageWidth"), root.pixels("imageHeight")),
        embedded: root.text("imageData").is_some_and(|data| !data.is_empty()),
        ..Sheet::default()
    };
    for (name, set) in root.get("flags").map_or(&[][..], Node::members) {
        if set.as_flag() == Some(true) {
            sheet.label(name);
        }
    }
    // The outlines that belong together, by label and group.
    let mut groups: HashMap<(Box<str>, String), usize> = HashMap::new();
    for shape in shapes.items() {
        let found = object(shape, sheet.size, &mut page.findings);
        let group = shape.word("group_id").map(|group| group.into_owned());
        let (Ok(found), Some(group)) = (&found, group) else {
            sheet.add(found, &mut page.findings);
            continue;
        };
        let mut found = found.clone();
        let outlined = !found.object.polygons.is_empty();
        let key = (found.class.clone(), group);
        match groups.get(&key).filter(|_| outlined).and_then(|place| sheet.objects.get_mut(*place)) {
            Some(first) => {
                let [a, b] = [first.object.bbox, found.object.bbox];
                first.object.bbox = [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
                first.object.polygons.append(&mut found.object.polygons);
            }
            None => {
                found.attribute("group_id", &key.1);
                if outlined {
                    groups.insert(key, sheet.objects.len());
                }
                sheet.objects.push(found);
            }
        }
    }
    page.sheets.push(sheet);
    Ok(page)
}

/// The object of a shape.
fn object(shape: &Node<'_>, size: (u32, u32), findings: &mut Vec<Finding>) -> Result<Found, Fault> {
    let line = shape.line;
    let Some(label) = shape.word("label") else { return Err(Fault::new(line, "the shape has no label")) };
    let points = points(shape)?;
    let kind = shape.text("shape_type").unwrap_or("polygon");
    let wrong = || Fault::new(line, format!("{kind} {label:?} has {} points", points.len()));
    let mut found = match (kind, &points[..]) {
        ("rectangle", [[x0, y0], [x1, y1]]) => Found::boxed(&label, line, [*x0, *y0, *x1, *y1]),
        ("rectangle" | "rotation", [a, b, c, d]) => {
            let upright = kind == "rectangle" && (a[0] == b[0] || a[1] == b[1]) && (c[0] == d[0] || c[1] == d[1]);
            let found = Found::turned(&label, line, [*a, *b, *c, *d]);
            if upright { Found::boxed(&label, line, found.object.bbox) } else { found }
        }
        ("polygon", _) => Found::outlined(&label, line, vec![points])?,
        ("circle", [centre, rim]) => {
            let radius = (rim[0] - centre[0]).hypot(rim[1] - centre[1]);
            let mut found = Found::outlined(&label, line, vec![geometry::ellipse(*centre, [radius; 2], 0.0)])?;
            found.object.bbox = geometry::ellipse_box(*centre, [radius; 2], 0.0);
            found
        }
        ("mask", [[x0, y0], _]) => {
            let data = shape.text("mask").ok_or_else(|| Fault::new(line, format!("mask {label:?} has no picture")))?;
            let at_line = |fault: Fault| Fault { line, ..fault };
            let bitmap = bitmap::from_base64(data).and_then(|bytes| bitmap::from_png(&bytes)).map_err(at_line)?;
            let place = [x0.round() as i64, y0.round() as i64];
            let mask = geometry::mask_of_crop([size.0, size.1], place, [bitmap.width, bitmap.height], |x, y| {
                bitmap.is_set(x, y)
            });
            Found::masked(&label, line, mask.map_err(at_line)?)?
        }
        ("point" | "points" | "line" | "linestrip", _) => Found::pointed(&label, line, &points)?,
        ("rectangle" | "rotation" | "circle" | "mask", _) => return Err(wrong()),
        _ => return Err(Fault::new(line, format!("shape_type {kind:?} is not known"))),
    };
    if let Some(score) = shape.get("score") {
        found.object.score = score.as_number();
    }
    if let Some(set) = shape.get("difficult") {
        found = found.flagged(flag::DIFFICULT, set.as_flag());
        if set.as_flag().is_none() {
            findings.push((
                crate::dataset::ProblemKind::IgnoredField,
                set.line,
                "difficult is neither yes nor no; left out".into(),
            ));
        }
    }
    for (name, set) in shape.get("flags").map_or(&[][..], Node::members) {
        if set.as_flag() == Some(true) {
            found.attribute(name, "true");
        }
    }
    for (name, value) in shape.get("attributes").map_or(&[][..], Node::members) {
        found.attribute(name, &value.words().unwrap_or_default());
    }
    found.attribute("description", &shape.word("description").unwrap_or_default());
    Ok(found)
}

fn points(shape: &Node<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    let Some(points) = shape.get("points") else { return Err(Fault::new(shape.line, "the shape has no points")) };
    let point = |node: &Node<'_>| match node.numbers()?[..] {
        [x, y] => Ok([x, y]),
        _ => Err(Fault::new(node.line, "a point is not one x and one y")),
    };
    points.items().iter().map(point).collect()
}

/// Writes a file beside each image, in a folder per split.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let mut shapes = Vec::new();
        for (number, object) in ready.objects_of(image).iter().enumerate() {
            add_shapes(ready, image, number, object, &mut shapes);
        }
        let labels = ready.labels(image).into_iter().filter_map(|class| ready.classes.get(class as usize));
        let flags: serde_json::Map<String, Value> = labels.map(|class| (class.name.to_string(), json!(true))).collect();
        let document = json!({
            "version": "5.4.1", "flags": flags, "shapes": shapes, "imagePath": image.name, "imageData": null,
            "imageHeight": image.height, "imageWidth": image.width,
        });
        let folder = image.split;
        put(sink, &format!("{folder}/{}.json", stem(&image.name)), format!("{document:#}\n").as_bytes())?;
        let name = format!("{folder}/{}", image.name);
        sink.image(place, &name).map_err(at(&name))
    })?;
    Ok(Remarks::new())
}

/// Adds the shapes of an object: one for each part of its outline, or its box. (A mask would
/// bring a box of whole pixels, which need not be the object's.)
fn add_shapes(ready: &Ready<'_>, image: &ReadyImage, number: usize, object: &ReadyObject, shapes: &mut Vec<Value>) {
    let objects = &ready.dataset.objects;
    let flags = objects.flags.get(object.row).copied().unwrap_or(0);
    let mut shape = json!({"label": ready.class_of(object), "group_id": null, "description": "", "flags": {}});
    if flags & flag::HAS_DIFFICULT != 0 {
        shape["difficult"] = json!(flags & flag::DIFFICULT != 0);
    }
    if let Some(score) = objects.score.get(object.row) {
        shape["score"] = json!(score);
    }
    let attributes = objects.attributes.get(object.row).into_iter().flatten();
    let attributes: serde_json::Map<String, Value> =
        attributes.map(|(name, value)| (name.to_string(), json!(value))).collect();
    if !attributes.is_empty() {
        shape["attributes"] = attributes.into();
    }
    let mut add = |kind: &str, points: Value, group: Option<usize>| {
        let mut shape = shape.clone();
        shape["shape_type"] = json!(kind);
        shape["points"] = points;
        shape["group_id"] = json!(group);
        shapes.push(shape);
    };
    let outline = ready.outline(image, object);
    if outline.is_empty() {
        let [x0, y0, x1, y1] = object.bbox;
        add("rectangle", json!([[x0, y0], [x1, y1]]), None);
    } else {
        let group = (outline.len() > 1).then_some(number + 1);
        outline.iter().for_each(|part| add("polygon", json!(part), group));
    }
}
