//! Supervisely JSON: a file per image, and one about the project.
//!
//! ```text
//! meta.json           {"classes": [{"title", "shape", "color", "geometry_config"?}], "tags": [...]}
//! ds/ann/a.jpg.json   {"description", "tags": [{"name", "value"}], "size": {"height", "width"}, "objects": [{"id", "classTitle",
//!                      "geometryType", "points": {"exterior": [[x, y]], "interior": [[[x, y]]]}, "bitmap"?: {"data", "origin"},
//!                      "nodes"?: {id: {"loc": [x, y], "disabled"?}}, "tags"}]}
//! ds/img/a.jpg
//! ```
//!
//! Specification: <https://docs.supervisely.com/customization-and-integration/00_ann_format_navi>.
//!
//! Decisions
//! - A rectangle's corners are the first and the last pixel: the maximum is included. Outlines are taken as they stand. An
//!   `oriented_bbox` is a rectangle that is turned about its centre, clockwise, by `angle` in radians.
//! - `data` of a bitmap is a PNG, packed by zlib, in base64. An object whose outlines have holes is a mask with
//!   the box of the outlines; it is written as a bitmap, which says the same pixels. A graph's nodes are
//!   keypoints, in the order of `meta.json`; points and lines become keypoints too, a cuboid the box around it.
//! - Objects of one class that have the same `instance` are one ([`super::grouping`]).
//! - A tag of the image that names a split is its split; one called `caption` with a value a sentence, as the description is; the
//!   others are classes of the image, with their value behind the name. Tags of objects are attributes, `confidence` is the
//!   score.
//! - `points` may stand below `geometry`; the annotation may be called `a.json`.

mod write;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::dataset::{Class, Keypoint, Split};
use crate::formats::grouping::Grouping;
use crate::formats::json::Head;
use crate::formats::json::node::Node;
use crate::formats::pages::{self, Found, Kind, Page, Sheet};
use crate::formats::text::Fault;
use crate::formats::tree::{FileId, Tree, file_name};
use crate::formats::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, bitmap, geometry};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "supervisely",
    aliases: &["supervisely-json"],
    title: "Supervisely JSON",
    specification: "https://docs.supervisely.com/customization-and-integration/00_ann_format_navi",
    layout: "\
meta.json  ds0/ann/a.jpg.json  ds0/img/a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Skeletons,
        Carries::UnusedKeypoints,
        Carries::Score,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"size\" and \"objects\" that have a \"classTitle\" (Supervisely)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

/// A tag of the image that is a sentence about it.
const CAPTION: &str = "caption";
/// A tag of an object that is its score, as Supervisely's models write it.
const CONFIDENCE: &str = "confidence";

fn is_meta(head: &Head) -> bool {
    head.inside("classes").has_all(&["title", "shape"])
}

fn is_annotation(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has_all(&["size", "objects"]) && (head.has("tags") || head.says("objects", "\"classTitle\""))
}

fn look(head: &[u8]) -> bool {
    is_annotation(head) || is_meta(&Head::of(head))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "Supervisely's size and objects", is_annotation)
}

/// Keypoints' ids of a class, in order.
type Graphs = HashMap<String, Vec<String>>;

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::own_files(tree, look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let meta_of = |file: &FileId| tree.head(*file).is_ok_and(|head| is_meta(&Head::of(&head)));
    // One that the user names alone still has its project's classes.
    let around = tree.files().map(|(id, _)| id).filter(|id| file_name(tree.path(*id)) == "meta.json");
    let mut metas: Vec<FileId> = files.iter().copied().chain(around).filter(meta_of).collect();
    metas.sort_unstable();
    metas.dedup();
    let annotations: Vec<FileId> = files.into_iter().filter(|file| !metas.contains(file)).collect();
    let graphs = Mutex::default();
    let mut pages = pages::read_each(tree, options, metas, &|text, _| meta(text, &graphs));
    let graphs = graphs.into_inner().unwrap_or_else(PoisonError::into_inner);
    pages.extend(pages::read_each(tree, options, annotations, &|text, _| page(text, &graphs)));
    Ok(pages::gather(tree, Kind::Own("the annotation"), pages, Vec::new()))
}

/// The classes.
fn meta(text: &str, graphs: &Mutex<Graphs>) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    for node in root.list("classes") {
        let Some(title) = node.word("title") else { continue };
        let mut class = Class::named(title);
        let nodes = node.at(&["geometry_config", "nodes"]).map_or(&[][..], Node::members);
        for (id, point) in nodes {
            let label = point.word("label").unwrap_or_else(|| id.as_ref().into());
            class.keypoints.push(label.into_owned());
        }
        let ids = nodes.iter().map(|(id, _)| id.clone().into_owned()).collect();
        graphs.lock().unwrap_or_else(PoisonError::into_inner).insert(class.name.clone(), ids);
        let place = |edge: &Node<'_>, key: &str| {
            let id = edge.word(key)?;
            nodes.iter().position(|(known, _)| *known == id).map(|place| place as u32)
        };
        let edges = node.at(&["geometry_config", "edges"]).map_or(&[][..], Node::items).iter();
        class.skeleton = edges.filter_map(|edge| Some([place(edge, "src")?, place(edge, "dst")?])).collect();
        page.classes.push(class);
    }
    Ok(page)
}

fn page(text: &str, graphs: &Graphs) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    if !root.get("objects").is_some_and(Node::is_list) {
        return Err(Fault::new(root.line, "\"objects\" is missing or no list"));
    }
    let mut page = Page::default();
    let size = root.get("size").map_or((0, 0), |size| (size.pixels("width"), size.pixels("height")));
    let mut sheet = Sheet { line: root.line, size, ..Sheet::default() };
    sheet.captions.extend(root.word("description").map(|text| text.as_ref().into()));
    for tag in root.list("tags") {
        let Some(name) = tag.word("name").or_else(|| tag.words()) else { continue };
        match (Split::from_word(&name), tag.word("value")) {
            (Some(split), None) => sheet.split = Some(split),
            (_, Some(value)) if name == CAPTION => sheet.captions.push(value.as_ref().into()),
            (_, Some(value)) => sheet.label(&format!("{name}: {value}")),
            (None, None) => sheet.label(&name),
        }
    }
    let mut grouping = Grouping::default();
    for node in root.list("objects") {
        match object(node, size, graphs) {
            Ok(found) => grouping.add(node.word("instance").map(|group| group.into_owned()), found),
            lost => sheet.add(lost, &mut page.findings),
        }
    }
    grouping.finish(&mut sheet);
    pages::draw_holes(&mut sheet, &mut page.findings);
    page.sheets.push(sheet);
    Ok(page)
}

fn object(node: &Node<'_>, size: (u32, u32), graphs: &Graphs) -> Result<Found, Fault> {
    let line = node.line;
    let Some(class) = node.class_at("classTitle") else { return Err(Fault::new(line, "the object has no classTitle")) };
    let kind = node.text("geometryType").unwrap_or_default();
    let shape = node.get("geometry").unwrap_or(node);
    let points = shape.get("points");
    let exterior = || -> Result<Vec<[f64; 2]>, Fault> {
        let list =
            points.map_or(&[][..], |points| if points.is_list() { points.items() } else { points.list("exterior") });
        list.iter().map(point).collect()
    };
    let mut found = match kind {
        "rectangle" | "oriented_bbox" => match exterior()?[..] {
            [[ax, ay], [bx, by]] => {
                let sides = [ax.min(bx), ay.min(by), ax.max(bx) + 1.0, ay.max(by) + 1.0];
                match shape.number("angle").filter(|_| kind == "oriented_bbox").unwrap_or(0.0) {
                    0.0 => Found::boxed(&class, line, sides),
                    angle => {
                        let centre = [(sides[0] + sides[2]) / 2.0, (sides[1] + sides[3]) / 2.0];
                        Found::turned(&class, line, geometry::turned_box(sides, centre, angle.to_degrees()))
                    }
                }
            }
            ref points => return Err(Fault::new(line, format!("{kind} {class:?} has {} points", points.len()))),
        },
        "polygon" => {
            let mut found = Found::outlined(&class, line, vec![exterior()?])?;
            let hole = |hole: &Node<'_>| hole.items().iter().map(point).collect();
            let holes = points.filter(|points| points.is_map()).map_or(&[][..], |points| points.list("interior"));
            found.holes = holes.iter().map(hole).collect::<Result<_, _>>()?;
            found
        }
        "point" => Found::pointed(&class, line, &exterior()?)?,
        "line" | "polyline" => Found::line(&class, line, &exterior()?)?,
        "cuboid" => {
            let around = geometry::around(exterior()?);
            Found::boxed(&class, line, around.ok_or_else(|| Fault::new(line, format!("{class:?} has no points")))?)
        }
        "bitmap" | "alpha_mask" => mask(&class, shape.get("bitmap").unwrap_or(shape), line, size)?,
        "graph" => graph(&class, shape, line, graphs)?,
        _ => return Err(Fault::new(line, format!("geometryType {kind:?} is not known"))),
    };
    found.object.id = node.get("id").and_then(Node::as_whole);
    for tag in node.list("tags") {
        let name = tag.word("name").unwrap_or_default();
        match tag.number("value") {
            Some(score) if name == CONFIDENCE => found.object.score = Some(score),
            _ => found.attribute(&name, &tag.word("value").unwrap_or_else(|| "true".into())),
        }
    }
    Ok(found)
}

fn point(node: &Node<'_>) -> Result<[f64; 2], Fault> {
    match node.numbers()?[..] {
        [x, y] => Ok([x, y]),
        _ => Err(Fault::new(node.line, "a point is not one x and one y")),
    }
}

fn mask(class: &str, node: &Node<'_>, line: u32, size: (u32, u32)) -> Result<Found, Fault> {
    let at_line = |fault: Fault| Fault { line, ..fault };
    let (Some(data), Some(origin)) = (node.text("data"), node.get("origin")) else {
        return Err(Fault::new(line, format!("bitmap {class:?} has no data or origin")));
    };
    let bytes = bitmap::from_base64(data).and_then(|bytes| bitmap::inflated(&bytes)).map_err(at_line)?;
    let picture = bitmap::from_png(&bytes).map_err(at_line)?;
    let place = point(origin)?.map(|side| side.round() as i64);
    let crop = [picture.width, picture.height];
    let mask = geometry::mask_of_crop([size.0, size.1], place, crop, |x, y| picture.is_set(x, y)).map_err(at_line)?;
    Found::masked(class, line, mask)
}

fn graph(class: &str, node: &Node<'_>, line: u32, graphs: &Graphs) -> Result<Found, Fault> {
    let nodes = node.get("nodes").map_or(&[][..], Node::members);
    let own: Vec<String> = nodes.iter().map(|(id, _)| id.as_ref().to_owned()).collect();
    let ids = graphs.get(class).filter(|ids| !ids.is_empty()).unwrap_or(&own);
    let mut keypoints = vec![Keypoint { x: 0.0, y: 0.0, visibility: 0 }; ids.len()];
    let mut seen = Vec::new();
    for (id, one) in nodes {
        let place = ids.iter().position(|known| *known == **id);
        let Some(keypoint) = place.and_then(|place| keypoints.get_mut(place)) else {
            return Err(Fault::new(one.line, format!("node {id:?} is not one of class {class:?}")));
        };
        let [x, y] = point(one.get("loc").unwrap_or(one))?;
        let hidden = one.get("disabled").and_then(Node::as_flag) == Some(true);
        *keypoint = Keypoint { x, y, visibility: if hidden { 1 } else { 2 } };
        seen.push([x, y]);
    }
    let mut found = Found::pointed(class, line, &seen)?;
    found.object.keypoints = keypoints.into();
    Ok(found)
}
