//! SuperAnnotate JSON: a file per image, and one with the classes.
//!
//! ```text
//! a.jpg.json  (or a.jpg___objects.json)   {"metadata": {"name", "width", "height"}, "instances": [{"type": "bbox", "className",
//!              "classId", "probability", "points": {"x1", "y1", "x2", "y2"}, "attributes": [{"name", "groupName"}]}], "tags": ["x"]}
//! classes/classes.json                    [{"id", "name", "color", "attribute_groups": [{"id", "name", "attributes": [{"id", "name"}]}]}]
//! ```
//!
//! Specification: <https://doc.superannotate.com/docs/vector-json>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - `polygon` and `polyline` have their numbers in turn, or `x` and `y` lists. An object whose polygons have holes (`exclude`) is a
//!   mask with the box of its outline; a mask is written as polygons along its pixels, with holes. `rbbox` has four corners, `ellipse` an angle in degrees, `template` keypoints whose ids are their places from 1,
//!   with names in `pointLabels`; which of them are hidden is not said.
//! - Instances of one class and one `groupId` are one object ([`super::grouping`]).
//! - Tags are classes of the image; attributes are named by their group.
//! - Where an instance has a `classId` alone, or an attribute no name, the nearest `classes.json` above says what they are called.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::grouping::Grouping;
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Drawn, Draws, Groups, Points, Ready, Remarks, Shape, Sink, colour_text, put, put_image};
use super::text::Fault;
use super::trace::Region;
use super::tree::{FileId, Tree, file_name, folder_of};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry};
use crate::dataset::{Class, Keypoint, ProblemKind};

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
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
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
    // They come back as outlines, unless they have holes.
    write: Some(Write { not: &[Carries::Masks], folders: true, write }),
};

fn look(head: &[u8]) -> bool {
    Head::of(head).has_all(&["metadata", "instances"])
}

fn is_classes(tree: &Tree, file: FileId) -> bool {
    let named = file_name(tree.path(file)) == "classes.json";
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
    let catalogues = Mutex::new(BTreeMap::new());
    let mut pages = pages::read_each(tree, options, lists, &|text, file| {
        let root = Node::parse(text, 1)?;
        let folder = folder_of(tree.path(file));
        let above = if file_name(folder) == "classes" { folder_of(folder) } else { folder };
        catalogues.lock().unwrap_or_else(PoisonError::into_inner).insert(above.to_owned(), Catalogue::of(&root));
        let classes = root.items().iter().filter_map(|one| Some(Class::named(one.word("name")?))).collect();
        Ok(Page { classes, ..Page::default() })
    });
    let catalogues = catalogues.into_inner().unwrap_or_else(PoisonError::into_inner);
    pages.extend(pages::read_each(tree, options, files, &|text, file| {
        page(text, nearest(&catalogues, folder_of(tree.path(file))))
    }));
    Ok(pages::gather(tree, Kind::Own("metadata.name"), pages, Vec::new()))
}

/// What the ids of a project's classes and attributes mean.
#[derive(Debug, Default)]
struct Catalogue {
    classes: HashMap<String, String>,
    groups: HashMap<String, String>,
    /// Attributes, with the group that each is of.
    attributes: HashMap<String, (String, String)>,
}

impl Catalogue {
    fn of(root: &Node<'_>) -> Self {
        let mut catalogue = Self::default();
        let named = |node: &Node<'_>| Some((node.word("id")?.into_owned(), node.word("name")?.into_owned()));
        catalogue.classes.extend(root.items().iter().filter_map(named));
        for group in root.items().iter().flat_map(|class| class.list("attribute_groups")) {
            let name = group.word("name").unwrap_or_default().into_owned();
            let attributes = group.list("attributes").iter().filter_map(named);
            catalogue.attributes.extend(attributes.map(|(id, value)| (id, (name.clone(), value))));
            catalogue.groups.extend(named(group));
        }
        catalogue
    }
}

/// The catalogue of the folder, or of the nearest one above; else the first.
fn nearest<'c>(catalogues: &'c BTreeMap<String, Catalogue>, folder: &str) -> Option<&'c Catalogue> {
    let mut above = folder;
    loop {
        match catalogues.get(above) {
            None if above.is_empty() => return catalogues.values().next(),
            None => above = folder_of(above),
            found => return found,
        }
    }
}

fn page(text: &str, catalogue: Option<&Catalogue>) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(about) = root.get("metadata") else { return Err(Fault::new(root.line, "\"metadata\" is missing")) };
    let mut page = Page::default();
    let name = about.word("name").unwrap_or_default().into_owned();
    let mut sheet =
        Sheet { name, line: root.line, size: (about.pixels("width"), about.pixels("height")), ..Sheet::default() };
    for tag in root.list("tags") {
        tag.word("name").or_else(|| tag.words()).iter().for_each(|tag| sheet.label(tag));
    }
    let mut grouping = Grouping::default();
    for node in root.list("instances") {
        instance(node, catalogue, &mut sheet, &mut grouping, &mut page.findings);
    }
    grouping.finish(&mut sheet);
    pages::draw_holes(&mut sheet, &mut page.findings);
    page.sheets.push(sheet);
    Ok(page)
}

fn instance(
    node: &Node<'_>,
    catalogue: Option<&Catalogue>,
    sheet: &mut Sheet,
    grouping: &mut Grouping,
    findings: &mut Vec<Finding>,
) {
    let kind = node.text("type").unwrap_or_default();
    let class = match class_of(node, catalogue) {
        Ok(class) => class,
        Err(fault) => return sheet.add(Err(fault), findings),
    };
    match kind {
        "tag" => sheet.label(&class),
        "cuboid" | "mask" => sheet.leave_out(kind, node.line, findings),
        _ => match object(node, kind, &class) {
            Ok(mut found) => {
                for attribute in node.list("attributes") {
                    add_attribute(attribute, catalogue, &mut found, findings);
                }
                let group = node.word("groupId").filter(|group| *group != "0").map(|group| group.into_owned());
                grouping.add(group, found);
            }
            lost => sheet.add(lost, findings),
        },
    }
}

fn class_of<'n>(node: &'n Node<'_>, catalogue: Option<&'n Catalogue>) -> Result<Cow<'n, str>, Fault> {
    if let Some(name) = node.class_at("className") {
        return Ok(name);
    }
    let fault = |message: String| Fault::new(node.line, message);
    let id = node.word("classId").ok_or_else(|| fault("the instance has no className".into()))?;
    let catalogue = catalogue.ok_or_else(|| {
        fault(format!("the instance has no className, and there is no classes.json for its classId {id}"))
    })?;
    let name = catalogue.classes.get(&*id).map(|name| name.as_str().into());
    name.ok_or_else(|| fault(format!("the instance has no className, and classes.json has no class of id {id}")))
}

fn add_attribute(node: &Node<'_>, catalogue: Option<&Catalogue>, found: &mut Found, findings: &mut Vec<Finding>) {
    let known = node.word("id").and_then(|id| catalogue?.attributes.get(&*id));
    let group = node.word("groupId").and_then(|id| catalogue?.groups.get(&*id));
    let group = group.or(known.map(|(group, _)| group)).filter(|name| !name.is_empty());
    let group = node.word("groupName").or_else(|| group.map(|name| name.as_str().into()));
    match node.word("name").or_else(|| known.map(|(_, name)| name.as_str().into())) {
        Some(name) => found.attribute(&group.unwrap_or_else(|| "attribute".into()), &name),
        None => findings.push((ProblemKind::IgnoredField, node.line, "an attribute without a name left out".into())),
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
        "polygon" => {
            let mut found = Found::outlined(class, line, vec![points(node)?])?;
            let hole = |hole: &Node<'_>| Ok(geometry::pairs(&hole.numbers()?));
            found.holes = node.list("exclude").iter().map(hole).collect::<Result<_, Fault>>()?;
            found
        }
        "polyline" => Found::line(class, line, &points(node)?)?,
        "point" => Found::pointed(class, line, &[node.all_wanted(["x", "y"])?])?,
        "ellipse" => {
            let [x, y, rx, ry] = node.all_wanted(["cx", "cy", "rx", "ry"])?;
            let degrees = node.number("angle").unwrap_or(0.0);
            let mut found = Found::outlined(class, line, vec![geometry::ellipse([x, y], [rx, ry], degrees)])?;
            found.object.bbox = geometry::ellipse_box([x, y], [rx, ry], degrees);
            found
        }
        "template" => template(node, class)?,
        _ => return Err(Fault::new(line, format!("type {kind:?} is not known"))),
    };
    // 100 is what people's own instances have.
    found.object.score = node.number("probability").filter(|percent| *percent != 100.0).map(|percent| percent / 100.0);
    Ok(found)
}

/// The keypoints of a template, each at the place that its id says.
fn template(node: &Node<'_>, class: &str) -> Result<Found, Fault> {
    let mut points: Vec<(i64, [f64; 2])> = Vec::new();
    for (place, point) in (1..).zip(node.list("points")) {
        let id = point.get("id").and_then(Node::as_whole).unwrap_or(place);
        points.push((id, point.all_wanted(["x", "y"])?));
    }
    points.sort_by_key(|(id, _)| *id);
    let all: Vec<[f64; 2]> = points.iter().map(|(_, point)| *point).collect();
    let mut found = Found::pointed(class, node.line, &all)?;
    // Names by place, from 0.
    let names = node.get("pointLabels").map_or(&[][..], Node::members);
    let name = |(place, name): &(_, Node<'_>)| {
        let place: &Cow<'_, str> = place;
        Some((place.parse::<usize>().ok()?, name.words()?.into_owned()))
    };
    let mut names: Vec<(usize, String)> = names.iter().filter_map(name).collect();
    names.sort();
    let in_order = names.iter().zip(0..).all(|((place, _), number)| *place == number);
    let fits = |(id, _): &(i64, _)| usize::try_from(*id - 1).is_ok_and(|place| place < names.len());
    if !names.is_empty() && in_order && points.iter().all(fits) {
        // One that is not there has its name all the same.
        let point = |(place, name): (usize, String)| {
            let found = points.iter().find(|(id, _)| *id == place as i64 + 1);
            let [x, y] = found.map_or([0.0, 0.0], |(_, point)| *point);
            (name.into(), Keypoint { x, y, visibility: if found.is_some() { 2 } else { 0 } })
        };
        found.points = names.into_iter().map(point).collect();
    }
    Ok(found)
}

const DRAWS: Draws =
    Draws { outlines: true, masks: false, holes: true, turned: true, points: Points::Own, groups: Groups::Numbered };

/// Writes a file beside each image, in a folder for each split, and the classes.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let class = |(number, class): (usize, &super::target::ReadyClass<'_>)| json!({"id": number + 1, "name": class.name, "color": colour_text(number), "type": "object", "attribute_groups": []});
    let classes: Vec<Value> = ready.classes.iter().enumerate().map(class).collect();
    put(sink, "classes/classes.json", format!("{:#}\n", Value::from(classes)).as_bytes())?;
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let mut instances = Vec::new();
        for drawn in ready.drawn(image, DRAWS) {
            for shape in &drawn.shapes {
                instances.push(instance_of(ready, &drawn, shape, instances.len() + 1));
            }
        }
        let document = json!({
            "metadata": {
                "name": image.name, "width": image.width, "height": image.height, "status": "Completed", "pinned": false,
                "isPredicted": false,
            },
            "instances": instances, "tags": ready.label_names(image), "comments": [],
        });
        put(sink, &format!("{}/{}.json", image.split, image.name), format!("{document:#}\n").as_bytes())?;
        let name = format!("{}/{}", image.split, image.name);
        put_image(sink, place, &name)
    })?;
    Ok(Remarks::new())
}

fn instance_of(ready: &Ready<'_>, drawn: &Drawn<'_>, shape: &Shape<'_>, id: usize) -> Value {
    let attribute = |(name, value): &(&str, &str)| json!({"name": value, "groupName": name});
    let score = ready.dataset.objects.score.get(drawn.object.row);
    let mut instance = json!({
        "id": id, "classId": drawn.object.class + 1, "className": ready.class_of(&drawn.object),
        "probability": score.map_or(100.0, |score| score * 100.0), "groupId": drawn.group.unwrap_or(0), "pointLabels": {},
        "locked": false, "visible": true, "trackingId": null, "error": null,
        "attributes": drawn.attributes.iter().map(attribute).collect::<Vec<_>>(),
    });
    let in_turn = |points: &Vec<[f64; 2]>| json!(points.iter().flatten().collect::<Vec<_>>());
    let (kind, points) = match shape {
        Shape::Turned([[x1, y1], [x2, y2], [x3, y3], [x4, y4]]) => {
            let corners = json!({"x1": x1, "y1": y1, "x2": x2, "y2": y2, "x3": x3, "y3": y3, "x4": x4, "y4": y4});
            ("rbbox", corners)
        }
        Shape::Outline(part) => ("polygon", in_turn(part)),
        Shape::Region(Region { exterior, holes }) => {
            instance["exclude"] = holes.iter().map(in_turn).collect();
            ("polygon", in_turn(exterior))
        }
        Shape::Points(points) => {
            let labelled = || points.iter().enumerate().filter(|(_, point)| point.visibility > 0);
            let name = |place: usize| (place.to_string(), json!(ready.point_name(&drawn.object, place)));
            if ready.has_named_points(&drawn.object) {
                instance["pointLabels"] = (0..points.len()).map(name).collect::<Map<_, _>>().into();
            }
            let details = ready.classes.get(drawn.object.class as usize).and_then(|class| class.details);
            let there = |bone: &&[u32; 2]| {
                bone.iter().all(|end| points.get(*end as usize).is_some_and(|point| point.visibility > 0))
            };
            let bones = details.into_iter().flat_map(|details| &details.skeleton).filter(there);
            let bone = |(id, [a, b]): (usize, &[u32; 2])| json!({"id": id, "from": a + 1, "to": b + 1});
            instance["connections"] = (1..).zip(bones).map(bone).collect();
            instance["templateName"] = ready.class_of(&drawn.object).into();
            (
                "template",
                labelled().map(|(place, point)| json!({"id": place + 1, "x": point.x, "y": point.y})).collect(),
            )
        }
        Shape::Box(_) | Shape::Mask(_) => {
            let [x1, y1, x2, y2] = drawn.object.bbox;
            ("bbox", json!({"x1": x1, "x2": x2, "y1": y1, "y2": y2}))
        }
    };
    instance["type"] = kind.into();
    instance["points"] = points;
    instance
}
