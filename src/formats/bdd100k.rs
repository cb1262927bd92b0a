//! BDD100K and Scalabel JSON: one file for many images.
//!
//! ```text
//! [{"name": "a.jpg", "attributes": {"weather"}, "labels": [{"id", "category": "car", "attributes": {"occluded", "truncated"},
//!   "box2d": {"x1", "y1", "x2", "y2"}, "poly2d": [{"vertices": [[x, y]], "types": "LLC", "closed": true}], "rle"?, "score"?,
//!   "graph"?: {"type": "Pose2D", "nodes": [{"location": [x, y], "category": "nose", "visibility": "V" | "N", "id"}],
//!     "edges": [{"source", "target"}]}}]}]
//! {"frames": [as above], "config": {"categories": [{"name"}]}}          (Scalabel)
//! {"name": "a", "frames": [{"objects": [as labels]}], "attributes"}      (BDD100K, a file per image)
//! ```
//!
//! Specification: <https://doc.scalabel.com/format.html>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - An outline that is not closed (a lane) becomes keypoints; a curve's control points are taken as corners.
//! - The nodes of a graph are keypoints, called by their categories where each has one of its own: `V` is visible, `N` hidden, none
//!   of both not labelled, as Scalabel's `to_coco` has it; where no node says it, all are visible. Edges between them are bones.
//! - Written as BDD100K's plain list, in its folders; keypoints as a graph. An object with an outline has no mask. Scalabel's form
//!   is written where its list of classes says more than the labels do ([`needs_classes`]).
//! - What is said of the image (weather, scene) is left out: the model has no place for it.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, ReadyObject, Remarks, Sink, put_images, put_list, val_word};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::{Class, Keypoint, flag};
use crate::image::runs;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "bdd100k",
    aliases: &["bdd", "scalabel"],
    title: "BDD100K JSON",
    specification: "https://doc.scalabel.com/format.html",
    layout: "\
labels/det_20/det_train.json  images/100k/train/a.jpg
labels/bdd100k_labels_images_val.json",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Skeletons,
        Carries::Crowd,
        Carries::Score,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files that list a \"name\" with \"labels\" that have a \"category\" (BDD100K, Scalabel)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

/// What a frame may have besides its name and labels, and what only labels of this format have.
const OF_FRAMES: [&str; 4] = ["attributes", "timestamp", "videoName", "url"];
const OF_LABELS: [&str; 3] = ["\"box2d\"", "\"poly2d\"", "\"box3d\""];

fn is_frame(frame: &Head, document: &[u8]) -> bool {
    // The first frame may be one without labels.
    let labelled = || OF_LABELS.iter().any(|word| memchr::memmem::find(document, word.as_bytes()).is_some());
    frame.has_all(&["name", "labels"])
        && (frame.says("labels", "\"category\"") || OF_FRAMES.iter().any(|key| frame.has(key)) || labelled())
}

fn look(document: &[u8]) -> bool {
    let head = Head::of(document);
    is_frame(&head.inside(""), document)
        || is_frame(&head.inside("frames"), document)
        || head.has_all(&["name", "frames"]) && head.inside("frames").has("objects")
}

const EXTENSIONS: [&str; 1] = ["json"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "BDD100K's names with labels", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| page(text))
}

fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    let categories = root.at(&["config", "categories"]).map_or(&[][..], Node::items);
    page.classes = categories.iter().filter_map(|one| Some(Class::named(one.word("name")?))).collect();
    if root.is_list() {
        root.items().iter().for_each(|one| frame(one, one.list("labels"), (0, 0), &mut page));
    } else if root.get("name").is_some() {
        let objects = root.list("frames").first().map_or(&[][..], |first| first.list("objects"));
        frame(&root, objects, (0, 0), &mut page);
    } else {
        let size = root.at(&["config", "imageSize"]);
        let size = size.map_or((0, 0), |size| (size.pixels("width"), size.pixels("height")));
        root.list("frames").iter().for_each(|one| frame(one, one.list("labels"), size, &mut page));
    }
    Ok(page)
}

fn frame(node: &Node<'_>, labels: &[Node<'_>], size: (u32, u32), page: &mut Page) {
    let name = node.word("name").unwrap_or_default().into_owned();
    let size = node.get("size").map_or(size, |size| (size.pixels("width"), size.pixels("height")));
    let mut sheet = Sheet { name, line: node.line, size, ..Sheet::default() };
    sheet.url = node.text("url").filter(|url| url.contains("://")).map(Into::into);
    if let Some(video) = node.word("videoName") {
        let in_video = format!("{video}/{}", sheet.name);
        sheet.other_name = Some(std::mem::replace(&mut sheet.name, in_video));
    }
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"name\" is missing")), &mut page.findings);
    }
    for label in if sheet.name.is_empty() { &[] } else { labels } {
        self::label(label, &mut sheet, page);
    }
    page.sheets.push(sheet);
}

fn label(node: &Node<'_>, sheet: &mut Sheet, page: &mut Page) {
    let findings = &mut page.findings;
    let Some(class) = node.class_at("category") else {
        return sheet.add(Err(Fault::new(node.line, "the label has no category")), findings);
    };
    if node.get("box3d").is_some() && node.any(&["box2d", "poly2d", "rle", "graph"]).is_none() {
        return sheet.leave_out("box3d", node.line, findings);
    }
    let found = object(node, &class);
    if let (Ok(found), Some(graph)) = (&found, node.get("graph")) {
        know_graph(found, graph, &mut page.classes);
    }
    sheet.add(found, findings);
}

/// Says the keypoints and bones of a class, as its first graph has them.
fn know_graph(found: &Found, graph: &Node<'_>, classes: &mut Vec<Class>) {
    if found.points.is_empty() {
        return;
    }
    let known = classes.iter().position(|class| *class.name == *found.class).unwrap_or_else(|| {
        classes.push(Class::named(&*found.class));
        classes.len() - 1
    });
    let Some(class) = classes.get_mut(known).filter(|class| class.keypoints.is_empty()) else { return };
    class.keypoints = found.points.iter().map(|(name, _)| name.to_string()).collect();
    let ids: Vec<_> = graph.list("nodes").iter().map(|node| node.word("id")).collect();
    let place = |edge: &Node<'_>, end: &str| {
        let id = edge.word(end)?;
        ids.iter().position(|known| known.as_deref() == Some(&*id)).map(|place| place as u32)
    };
    let edges = graph.list("edges").iter();
    class.skeleton = edges.filter_map(|edge| Some([place(edge, "source")?, place(edge, "target")?])).collect();
}

/// The keypoints of a graph, with their names.
fn nodes(graph: &Node<'_>) -> Result<Vec<(Box<str>, Keypoint)>, Fault> {
    let list = graph.list("nodes");
    let says = list.iter().any(|node| node.get("visibility").is_some());
    let point = |node: &Node<'_>| {
        let location = node.get("location").ok_or_else(|| Fault::new(node.line, "\"location\" is missing"))?;
        let [x, y] = place(location)?;
        let visibility = match node.text("visibility") {
            Some("V") => 2,
            Some("N") => 1,
            // Where no node says so, what is not labelled is where COCO has it.
            _ if says || [x, y] == [0.0, 0.0] => 0,
            _ => 2,
        };
        let name = node.word("category").unwrap_or_default();
        Ok((name.as_ref().into(), Keypoint { x, y, visibility }))
    };
    list.iter().map(point).collect()
}

fn object(node: &Node<'_>, class: &str) -> Result<Found, Fault> {
    let line = node.line;
    let mut open = false;
    let parts: Vec<Vec<[f64; 2]>> = match node.get("poly2d") {
        // Older files have one list of points with the kind of each behind it.
        Some(old) if old.items().first().is_some_and(Node::is_list) => vec![vertices(old)?],
        Some(list) => list
            .items()
            .iter()
            .map(|part| {
                open |= part.get("closed").and_then(Node::as_flag) == Some(false);
                part.get("vertices").map_or_else(|| Err(Fault::new(part.line, "\"vertices\" is missing")), vertices)
            })
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let bbox = node.get("box2d").map(|sides| sides.all_wanted(["x1", "y1", "x2", "y2"])).transpose()?;
    let points = node.get("graph").map(nodes).transpose()?.unwrap_or_default();
    let seen = points.iter().filter(|(_, point)| point.visibility > 0);
    let labelled: Vec<[f64; 2]> = seen.map(|(_, point)| [point.x, point.y]).collect();
    let mut found = if let Some(rle) = node.get("rle") {
        Found::masked(class, line, pages::runs_of(Some(rle), line)?)?
    } else if parts.is_empty() && !labelled.is_empty() {
        Found::pointed(class, line, &labelled)?
    } else if parts.is_empty() {
        let message = || Fault::new(line, format!("label {class:?} has neither box2d nor poly2d"));
        Found::boxed(class, line, bbox.ok_or_else(message)?)
    } else if open {
        Found::line(class, line, &parts.concat())?
    } else {
        Found::outlined(class, line, parts)?
    };
    if let Some(bbox) = bbox {
        found.object.bbox = Found::boxed(class, line, bbox).object.bbox;
    }
    if !points.is_empty() {
        found.object.keypoints = points.iter().map(|(_, point)| *point).collect();
        let names: HashSet<&str> = points.iter().map(|(name, _)| &**name).collect();
        if names.len() == points.len() && !names.contains("") {
            found.points = points;
        }
    }
    found.object.id = node.get("id").and_then(Node::as_whole);
    found.object.score = node.number("score");
    for (name, value) in node.get("attributes").map_or(&[][..], Node::members) {
        match &**name {
            "occluded" => found = found.flagged(flag::OCCLUDED, value.as_flag()),
            "truncated" => found = found.flagged(flag::TRUNCATED, value.as_flag()),
            "crowd" => found = found.flagged(flag::CROWD, value.as_flag()),
            name => found.attribute(name, &value.words().unwrap_or_default()),
        }
    }
    Ok(found)
}

fn vertices(list: &Node<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    list.items().iter().map(place).collect()
}

fn place(node: &Node<'_>) -> Result<[f64; 2], Fault> {
    let point = match node.items() {
        [x, y, ..] => x.as_number().zip(y.as_number()).map(|(x, y)| [x + 0.0, y + 0.0]),
        _ => None,
    };
    point.ok_or_else(|| Fault::new(node.line, "a point is not one x and one y"))
}

/// Writes a file per split.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let needed = needs_classes(ready);
    let categories: Vec<Value> = ready.classes.iter().map(|class| json!({"name": class.name})).collect();
    let tail = format!("\n],\"config\":{}}}\n", json!({"attributes": [], "categories": categories}));
    let ends = if needed.is_some() { ["{\"frames\":[", &tail] } else { ["[", "\n]\n"] };
    for split in ready.splits() {
        let frame = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let objects = (1..).zip(ready.objects_of(image));
            let labels: Vec<Value> = objects.map(|(number, object)| label_of(ready, image, number, object)).collect();
            let size = json!({"width": image.width, "height": image.height});
            let mut frame = json!({"name": image.name, "attributes": {}, "size": size, "labels": labels});
            if let Some(url) = ready.dataset.images.url.get(image.row) {
                frame["url"] = json!(url);
            }
            text.extend_from_slice(format!(",\n{frame}").as_bytes());
        };
        let name = format!("labels/det_20/det_{}.json", val_word(split));
        put_list(ready, sink, &name, ends, &ready.images_of(split), frame)?;
    }
    put_images(ready, sink, |image| format!("images/100k/{}/{}", val_word(image.split), image.name))?;
    let remark = |why| format!("labels are written in Scalabel's form (frames), which lists the classes: {why}");
    Ok(needed.map(remark).into_iter().collect())
}

/// Why the classes have to be listed: those of a list without them are the ones that are used, in the order of their names.
fn needs_classes(ready: &Ready<'_>) -> Option<&'static str> {
    let used: HashSet<u32> = ready.objects.iter().map(|object| object.class).collect();
    let points = &ready.dataset.objects.keypoints;
    match () {
        () if used.len() < ready.classes.len() => Some("some have no object"),
        () if !ready.classes.is_sorted_by_key(|class| &class.name) => {
            Some("they are in another order than that of their names")
        }
        () if ready.objects.iter().any(|object| points.get(object.row).is_some()) => Some("some have keypoints"),
        () => None,
    }
}

fn label_of(ready: &Ready<'_>, image: &ReadyImage, number: i64, object: &ReadyObject) -> Value {
    let objects = &ready.dataset.objects;
    let flags = objects.flags.get(object.row).copied().unwrap_or(0);
    let mut attributes = Map::new();
    for (name, bit) in [("occluded", flag::OCCLUDED), ("truncated", flag::TRUNCATED), ("crowd", flag::CROWD)] {
        if flags & bit << 8 != 0 {
            attributes.insert(name.into(), (flags & bit != 0).into());
        }
    }
    for (name, value) in objects.attributes.get(object.row).into_iter().flatten() {
        attributes.insert(name.to_string(), json!(value));
    }
    let [x1, y1, x2, y2] = object.bbox;
    let mut label = json!({
        // Scalabel's are texts.
        "id": objects.id.get(object.row).copied().unwrap_or(number).to_string(),
        "category": ready.class_of(object),
        "attributes": attributes,
        "box2d": {"x1": x1, "y1": y1, "x2": x2, "y2": y2},
    });
    if let Some(score) = objects.score.get(object.row) {
        label["score"] = json!(score);
    }
    let outline = ready.outline_beside_mask(image, object);
    if !outline.is_empty() {
        let part = |part: &Vec<[f64; 2]>| json!({"vertices": part, "types": "L".repeat(part.len()), "closed": true});
        label["poly2d"] = outline.iter().map(part).collect::<Vec<Value>>().into();
    } else if let Some(mask) = ready.mask(image, object) {
        label["rle"] = json!({"counts": runs::to_text(&mask.runs), "size": [mask.height, mask.width]});
    }
    if let Some(points) = ready.keypoints(image, object) {
        label["graph"] = graph(ready, object, &points);
    }
    label
}

/// Keypoints with their names and bones.
fn graph(ready: &Ready<'_>, object: &ReadyObject, points: &[Keypoint]) -> Value {
    let node = |(place, point): (usize, &Keypoint)| {
        let (name, id) = (ready.point_name(object, place), place.to_string());
        let mut node = json!({"location": [point.x, point.y], "category": name, "id": id});
        match point.visibility {
            0 => {}
            1 => node["visibility"] = "N".into(),
            _ => node["visibility"] = "V".into(),
        }
        node
    };
    let details = ready.classes.get(object.class as usize).and_then(|class| class.details);
    let bones = details.into_iter().flat_map(|details| &details.skeleton);
    let edges: Vec<Value> = bones.map(|[a, b]| json!({"source": a.to_string(), "target": b.to_string()})).collect();
    json!({"type": "Pose2D", "nodes": points.iter().enumerate().map(node).collect::<Vec<_>>(), "edges": edges})
}
