//! Datumaro JSON: a file per subset.
//!
//! ```text
//! annotations/train.json   {"categories": {"label": {"labels": [{"name", "parent"}]}, "points": {"items": [{"label_id",
//!                            "labels", "joints"}]}}, "items": [{"id", "image": {"path", "size": [height, width]},
//!                            "annotations": [{"id", "type", "label_id", "group", "attributes", ...}]}]}
//! images/train/a.jpg
//! ```
//!
//! Specification: <https://open-edge-platform.github.io/datumaro/stable/docs/data-formats/formats/datumaro.html>. Pixels are
//! 0-based, with fractions.
//!
//! Decisions
//! - `bbox` is corner, width and height; the attribute `rotation` turns it clockwise about its centre. A polyline becomes
//!   keypoints; an ellipse is an outline of 32 points with its own box. Points are keypoints, named by the categories.
//! - `is_crowd`, `difficult`, `truncated`, `occluded`, `pose`, `track_id` and `score` among the attributes have their place in the
//!   model, as does `id` among those of an item. Annotations of one label and one `group` are one object ([`super::grouping`]).
//! - The split is the file's name.

mod write;

use crate::dataset::{Class, Keypoint, flag};
use crate::formats::grouping::Grouping;
use crate::formats::json::Head;
use crate::formats::json::node::Node;
use crate::formats::pages::{self, Finding, Found, Kind, Page, Sheet};
use crate::formats::text::Fault;
use crate::formats::tree::Tree;
use crate::formats::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "datumaro",
    aliases: &["datumaro-json"],
    title: "Datumaro JSON",
    specification: "https://open-edge-platform.github.io/datumaro/stable/docs/data-formats/formats/datumaro.html",
    layout: "\
annotations/train.json  images/train/a.jpg        also val, test, default",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Skeletons,
        Carries::UnusedKeypoints,
        Carries::Crowd,
        Carries::Score,
        Carries::Difficult,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Pose,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Corners,
        Carries::Tracks,
        Carries::Supercategories,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"items\" and \"categories\" (Datumaro)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    let labels = head.inside("categories");
    labels.has("label") && (head.has("items") || head.has("info"))
        || head.inside("items").has_all(&["id", "annotations"])
}

const EXTENSIONS: [&str; 1] = ["json"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "Datumaro's items and categories", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    for label in root.at(&["categories", "label", "labels"]).map_or(&[][..], Node::items) {
        let mut class = Class::named(label.class_at("name").unwrap_or_default());
        class.supercategory = label.word("parent").unwrap_or_default().into_owned();
        page.classes.push(class);
    }
    for item in root.at(&["categories", "points", "items"]).map_or(&[][..], Node::items) {
        let class = item.get("label_id").and_then(Node::as_whole).and_then(|id| usize::try_from(id).ok());
        let Some(class) = class.and_then(|class| page.classes.get_mut(class)) else { continue };
        class.keypoints = item.list("labels").iter().filter_map(|name| Some(name.words()?.into_owned())).collect();
        let count = class.keypoints.len() as i64;
        let joint = |joint: &Node<'_>| match joint.items() {
            // Counted from 1, as COCO does.
            [a, b] => {
                let place =
                    |end: &Node<'_>| end.as_whole().filter(|end| (1..=count).contains(end)).map(|end| end as u32 - 1);
                Some([place(a)?, place(b)?])
            }
            _ => None,
        };
        class.skeleton = item.list("joints").iter().filter_map(joint).collect();
    }
    let names: Vec<String> = page.classes.iter().map(|class| class.name.clone()).collect();
    for item in root.list("items") {
        let size = item.at(&["image", "size"]).map_or(&[][..], Node::items);
        let side =
            |place: usize| size.get(place).and_then(Node::as_number).filter(|side| *side < 1e9).unwrap_or(0.0) as u32;
        let path = item.at(&["image", "path"]).and_then(Node::as_text).filter(|path| !path.is_empty());
        let id = item.word("id").unwrap_or_default().into_owned();
        let mut sheet = Sheet {
            name: path.map_or_else(|| id.clone(), str::to_owned),
            other_name: path.map(|_| id),
            line: item.line,
            size: (side(1), side(0)),
            id: item.at(&["attr", "id"]).and_then(Node::as_whole),
            ..Sheet::default()
        };
        if sheet.name.is_empty() {
            sheet.add(Err(Fault::new(item.line, "the item has no id")), &mut page.findings);
        } else {
            let mut grouping = Grouping::default();
            for one in item.list("annotations") {
                annotation(one, &names, &mut sheet, &mut grouping, &mut page.findings);
            }
            grouping.finish(&mut sheet);
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

fn annotation(
    node: &Node<'_>,
    names: &[String],
    sheet: &mut Sheet,
    grouping: &mut Grouping,
    findings: &mut Vec<Finding>,
) {
    let kind = node.text("type").unwrap_or_default();
    if kind == "caption" {
        return sheet.captions.extend(node.word("caption").map(|caption| caption.as_ref().into()));
    }
    let id = node.get("label_id").and_then(Node::as_whole);
    let Some(class) = id.and_then(|id| names.get(usize::try_from(id).ok()?)) else {
        let message = id.map_or_else(
            || "the annotation has no label_id".into(),
            |id| format!("label_id {id} is none of {}", names.len()),
        );
        return sheet.add(Err(Fault::new(node.line, message)), findings);
    };
    if kind == "label" {
        return sheet.label(class);
    }
    if kind.starts_with("cuboid") {
        return sheet.leave_out(kind, node.line, findings);
    }
    match object(node, kind, class) {
        Ok(found) => {
            let group = node.word("group").filter(|group| *group != "0").map(|group| group.into_owned());
            grouping.add(group, found);
        }
        lost => sheet.add(lost, findings),
    }
}

fn object(node: &Node<'_>, kind: &str, class: &str) -> Result<Found, Fault> {
    let line = node.line;
    let numbers = |key: &str| {
        let list = node.get(key).ok_or_else(|| Fault::new(line, format!("{key:?} is missing")))?;
        list.numbers()
    };
    let four = |key: &str| -> Result<[f64; 4], Fault> {
        numbers(key)?.try_into().map_err(|_| Fault::new(line, format!("{key:?} has not four numbers")))
    };
    let mut found = match kind {
        "bbox" => {
            let [x, y, width, height] = four("bbox")?;
            let bbox = [x, y, x + width, y + height];
            match node.at(&["attributes", "rotation"]).and_then(Node::as_number).unwrap_or(0.0) {
                0.0 => Found::boxed(class, line, bbox),
                degrees => {
                    let centre = [x + width / 2.0, y + height / 2.0];
                    Found::turned(class, line, geometry::turned_box(bbox, centre, degrees))
                }
            }
        }
        "polygon" => Found::outlined(class, line, vec![geometry::pairs(&numbers("points")?)])?,
        "polyline" => Found::line(class, line, &geometry::pairs(&numbers("points")?))?,
        "points" => {
            let mut found = Found::pointed(class, line, &geometry::pairs(&numbers("points")?))?;
            let seen =
                node.list("visibility").iter().map(|said| said.as_whole().and_then(|said| u8::try_from(said).ok()));
            for (point, seen) in found.object.keypoints.iter_mut().zip(seen) {
                point.visibility = seen.unwrap_or(2).min(2);
            }
            let labelled = found.object.keypoints.iter().filter(|point: &&Keypoint| point.visibility > 0);
            found.object.bbox = geometry::around(labelled.map(|point| [point.x, point.y])).unwrap_or(found.object.bbox);
            found
        }
        "ellipse" => {
            // Datumaro's own exporter writes the two corners of an ellipse as `points`.
            let sides = match (node.get("bbox"), node.get("points")) {
                (Some(_), _) => four("bbox").map(|[x, y, width, height]| [x, y, x + width, y + height])?,
                (None, Some(_)) => four("points")?,
                (None, None) => node.all_wanted(["x1", "y1", "x2", "y2"])?,
            };
            let centre = [(sides[0] + sides[2]) / 2.0, (sides[1] + sides[3]) / 2.0];
            let radii = [(sides[2] - sides[0]) / 2.0, (sides[3] - sides[1]) / 2.0];
            let mut found = Found::outlined(class, line, vec![geometry::ellipse(centre, radii, 0.0)])?;
            found.object.bbox = Found::boxed(class, line, sides).object.bbox;
            found
        }
        "mask" => Found::masked(class, line, pages::runs_of(node.get("rle"), line)?)?,
        _ => return Err(Fault::new(line, format!("type {kind:?} is not known"))),
    };
    found.object.id = node.get("id").and_then(Node::as_whole);
    for (name, value) in node.get("attributes").map_or(&[][..], Node::members) {
        match &**name {
            "occluded" => found = found.flagged(flag::OCCLUDED, value.as_flag()),
            "truncated" => found = found.flagged(flag::TRUNCATED, value.as_flag()),
            "difficult" => found = found.flagged(flag::DIFFICULT, value.as_flag()),
            "is_crowd" => found = found.flagged(flag::CROWD, value.as_flag()),
            "pose" => found.object.pose = value.words().map(|pose| pose.as_ref().into()),
            "track_id" => found.object.track = value.as_whole(),
            "score" => found.object.score = value.as_number(),
            "rotation" => {}
            name => found.attribute(name, &value.words().unwrap_or_default()),
        }
    }
    Ok(found)
}
