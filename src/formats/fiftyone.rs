//! FiftyOne: its own export, and its datasets of detections or classes.
//!
//! ```text
//! labels.json    {"classes": ["cat"], "labels": {"a": [{"label": 0 | "cat", "bounding_box": [x, y, width, height], "confidence"?,
//!                 "attributes"?}], "b": null}}                 FiftyOneImageDetectionDataset; "a": 0 | "cat" | {"label"} for classes
//! samples.json   {"samples": [{"filepath": "data/a.jpg", "tags": ["train"], "metadata": {"width", "height"}, "ground_truth":
//!                 {"_cls": "Detections", "detections": [{"label", "bounding_box", "mask"?, "confidence"?, "attributes"}]}}]}
//! ```
//!
//! Specification: <https://docs.voxel51.com/user_guide/export_datasets.html>. Coordinates are parts of the image's size.
//!
//! Decisions
//! - Of several fields with objects `ground_truth` counts, or else the first; the others are other answers to the same question,
//!   and left out with a note. Classes of images are taken from all fields of theirs.
//! - Polylines are outlines where they are closed, else keypoints. A detection's mask is a picture of its box, as numpy packs it.
//! - Tags that name a split are the image's split.

use std::collections::HashMap;

use super::bitmap;
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::text::Fault;
use super::tree::{FileId, Tree, folder_of, stem_of};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, geometry, splits};
use crate::dataset::{Class, ProblemKind};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "fiftyone",
    aliases: &["fiftyone-dataset", "voxel51", "fiftyone-image-detection"],
    title: "FiftyOne dataset",
    specification: "https://docs.voxel51.com/user_guide/export_datasets.html",
    layout: "\
labels.json  data/a.jpg                     (FiftyOneImageDetectionDataset, FiftyOneImageClassificationDataset)
samples.json  metadata.json  data/a.jpg     (FiftyOneDataset)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Crowd,
        Carries::Score,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"classes\" and \"labels\", or with \"samples\" that have a \"filepath\" (FiftyOne)",
    read,
    write: None,
};

fn has_samples(head: &Head) -> bool {
    head.inside("samples").has("filepath")
}

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    let others = ["version", "type", "images", "annotations", "shapes", "tags"];
    has_samples(&head) || head.has_all(&["classes", "labels"]) && !others.iter().any(|key| head.has(key))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "FiftyOne's labels", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &["json"], look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    // Images by their folder's parent and stem, since labels are kept by stems.
    let mut images: HashMap<(&str, &str), &str> = HashMap::new();
    for (_, file) in tree.files().filter(|(_, file)| file.image && file.root == 0) {
        for above in [folder_of(&file.path), folder_of(folder_of(&file.path))] {
            images.entry((above, stem_of(&file.path))).or_insert(&file.path);
        }
    }
    let sampled = |file: &FileId| tree.head(*file).is_ok_and(|head| has_samples(&Head::of(&head)));
    let (samples, labels): (Vec<FileId>, Vec<FileId>) = files.into_iter().partition(sampled);
    let mut pages = pages::read_each(tree, options, labels, &|text, file| {
        let folder = folder_of(tree.path(file));
        let name = |stem: &str| {
            let stem = stem.strip_prefix("data/").unwrap_or(stem);
            let path = images.get(&(folder, stem)).copied()?;
            Some(path.get(folder.len()..)?.trim_start_matches('/').to_owned())
        };
        labels_page(text, &name)
    });
    for file in samples {
        let (file, mut page) =
            pages::read_stream(tree, options, file, |member| member == "samples", &|_, node, page| {
                sample(node, page);
            });
        if let Ok(page) = &mut page {
            page.classes = metadata_classes(tree, file);
        }
        pages.push((file, page));
    }
    Ok(pages::gather(tree, Kind::List, pages, Vec::new()))
}

/// The classes that `metadata.json` beside the samples lists.
fn metadata_classes(tree: &Tree, samples: FileId) -> Vec<Class> {
    let path = super::tree::join(folder_of(tree.path(samples)), "metadata.json");
    let Some(bytes) = tree.find(0, &path).and_then(|file| tree.read(file, pages::LIMIT).ok()) else {
        return Vec::new();
    };
    let text = super::text::decode(&bytes);
    let Ok(root) = Node::parse(&text.text, 1) else { return Vec::new() };
    let listed = root.at(&["classes", "ground_truth"]).filter(|list| !list.items().is_empty());
    let listed = listed.or_else(|| root.get("default_classes")).map_or(&[][..], Node::items);
    listed.iter().filter_map(|name| Some(Class::named(name.words()?))).collect()
}

fn labels_page(text: &str, name: &dyn Fn(&str) -> Option<String>) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(labels) = root.get("labels").filter(|labels| labels.is_map()) else {
        return Err(Fault::new(root.line, "\"labels\" is missing or no object"));
    };
    let classes: Vec<String> =
        root.list("classes").iter().filter_map(|class| Some(class.words()?.into_owned())).collect();
    let mut page = Page { classes: classes.iter().map(Class::named).collect(), ..Page::default() };
    // A class is its place in the list, or its name.
    let class = |label: &Node<'_>| -> Result<String, Fault> {
        let place = if label.as_text().is_none() { label.as_whole() } else { None };
        match place.filter(|_| !classes.is_empty()) {
            Some(place) => usize::try_from(place)
                .ok()
                .and_then(|place| classes.get(place).cloned())
                .ok_or_else(|| Fault::new(label.line, format!("label {place} is none of {} classes", classes.len()))),
            None => label.words().map(Into::into).ok_or_else(|| Fault::new(label.line, "the label is no class")),
        }
    };
    for (key, node) in labels.members() {
        let mut sheet =
            Sheet { name: name(key).unwrap_or_else(|| key.to_string()), line: node.line, ..Sheet::default() };
        if node.is_list() {
            for one in node.items() {
                let found = match (one.get("label"), one.get("bounding_box")) {
                    (Some(label), Some(_)) => class(label).and_then(|class| detection(one, &class, (0, 0))),
                    // Several classes of the image.
                    (label, None) => {
                        match class(label.unwrap_or(one)) {
                            Ok(class) => sheet.label(&class),
                            Err(fault) => sheet.add(Err(fault), &mut page.findings),
                        }
                        continue;
                    }
                    (None, _) => Err(Fault::new(one.line, "the detection has no label")),
                };
                sheet.add(found, &mut page.findings);
            }
        } else if !matches!(node.value, super::json::node::Value::Null) {
            match class(node.get("label").unwrap_or(node)) {
                Ok(class) => sheet.label(&class),
                Err(fault) => sheet.add(Err(fault), &mut page.findings),
            }
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

fn sample(node: &Node<'_>, page: &mut Page) {
    let name = node.text("filepath").unwrap_or_default().to_owned();
    let metadata = node.get("metadata");
    let size = metadata.map_or((0, 0), |metadata| (metadata.pixels("width"), metadata.pixels("height")));
    let mut sheet = Sheet { name, line: node.line, size, ..Sheet::default() };
    sheet.split = node.list("tags").iter().find_map(|tag| splits::of_word(tag.as_text()?));
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"filepath\" is missing")), findings);
        return page.sheets.push(sheet);
    }
    let kind = |field: &Node<'_>| field.text("_cls").unwrap_or_default().to_owned();
    let is_object = |field: &Node<'_>| {
        ["Detection", "Detections", "Polyline", "Polylines", "Keypoint", "Keypoints"].contains(&&*kind(field))
    };
    let fields = || node.members().iter().filter(|(_, field)| is_object(field));
    let chosen = fields().find(|(name, _)| name == "ground_truth").or_else(|| fields().next());
    for (name, field) in node.members() {
        match &*kind(field) {
            "Classification" => field.class_at("label").iter().for_each(|label| sheet.label(label)),
            "Classifications" => {
                let labels = field.list("classifications").iter().filter_map(|one| one.class_at("label"));
                labels.for_each(|label| sheet.label(&label));
            }
            "Segmentation" | "Heatmap" => sheet.leave_out(&format!("field {name:?}"), field.line, findings),
            _ if is_object(field) => match chosen {
                Some((own, _)) if own != name => {
                    let message = format!("field {name:?} left out beside {own:?}");
                    findings.push((ProblemKind::IgnoredField, field.line, message));
                }
                _ => objects(field, &kind(field), &mut sheet, findings),
            },
            _ => {}
        }
    }
    page.sheets.push(sheet);
}

fn objects(field: &Node<'_>, kind: &str, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let list = match kind {
        "Detections" => field.list("detections"),
        "Polylines" => field.list("polylines"),
        "Keypoints" => field.list("keypoints"),
        _ => std::slice::from_ref(field),
    };
    for node in list {
        let label = node.class_at("label").ok_or_else(|| Fault::new(node.line, "the object has no label"));
        let found = label.and_then(|label| match kind.trim_end_matches('s') {
            "Detection" => detection(node, &label, sheet.size),
            "Polyline" => polyline(node, &label),
            _ => {
                let points: Vec<[f64; 2]> = node.list("points").iter().map(point).collect::<Result<_, _>>()?;
                let seen: Vec<[f64; 2]> =
                    points.iter().copied().filter(|point| point.iter().all(|side| side.is_finite())).collect();
                Found::pointed(&label, node.line, &seen)
            }
        });
        sheet.add(found.map(|found| detailed(node, found)), findings);
    }
}

fn point(node: &Node<'_>) -> Result<[f64; 2], Fault> {
    match node.items() {
        [x, y] => Ok([x.as_number().unwrap_or(f64::NAN), y.as_number().unwrap_or(f64::NAN)]),
        _ => Err(Fault::new(node.line, "a point is not one x and one y")),
    }
}

fn polyline(node: &Node<'_>, label: &str) -> Result<Found, Fault> {
    let part = |part: &Node<'_>| part.items().iter().map(point).collect::<Result<Vec<_>, _>>();
    let parts: Vec<Vec<[f64; 2]>> = node.list("points").iter().map(part).collect::<Result<_, _>>()?;
    let is = |key: &str| node.get(key).and_then(Node::as_flag) == Some(true);
    match is("closed") || is("filled") {
        true => Found::outlined(label, node.line, parts),
        false => Found::line(label, node.line, &parts.concat()),
    }
}

fn detection(node: &Node<'_>, label: &str, size: (u32, u32)) -> Result<Found, Fault> {
    let line = node.line;
    let Some(sides) = node.get("bounding_box") else {
        return Err(Fault::new(line, "the detection has no bounding_box"));
    };
    let [x, y, width, height] = sides.numbers()?[..] else {
        return Err(Fault::new(line, "bounding_box is not four numbers"));
    };
    let mut found = detailed(node, Found::boxed(label, line, [x, y, x + width, y + height]));
    found.object.normalised = true;
    let packed = node.at(&["mask", "$binary"]);
    if let Some(packed) = packed.filter(|_| size.0 > 0 && size.1 > 0) {
        let text = packed.as_text().or_else(|| packed.text("base64")).unwrap_or_default();
        let at_line = |fault: Fault| Fault { line, ..fault };
        let bytes = bitmap::from_base64(text).and_then(|bytes| bitmap::inflated(&bytes)).map_err(at_line)?;
        let (crop, pixels) = numpy(&bytes).ok_or_else(|| Fault::new(line, "the mask is no array of numpy"))?;
        let place = [(x * f64::from(size.0)).round() as i64, (y * f64::from(size.1)).round() as i64];
        let is_set =
            |x: u32, y: u32| pixels.get(y as usize * crop[0] as usize + x as usize).is_some_and(|pixel| *pixel > 0);
        found.object.mask = Some(geometry::mask_of_crop([size.0, size.1], place, crop, is_set).map_err(at_line)?);
    }
    Ok(found)
}

/// What is said of an object besides its shape.
fn detailed(node: &Node<'_>, mut found: Found) -> Found {
    found.object.normalised = true;
    found.object.score = node.number("confidence");
    let crowd = node.get("iscrowd").and_then(Node::as_flag);
    found = found.flagged(crate::dataset::flag::CROWD, crowd);
    for (name, value) in node.get("attributes").map_or(&[][..], Node::members) {
        let value = value.get("value").unwrap_or(value);
        found.attribute(name, &value.words().unwrap_or_default());
    }
    found
}

/// Width, height and bytes of an array of flags or bytes, as `numpy.save` has it: rows one after the other.
fn numpy(bytes: &[u8]) -> Option<([u32; 2], &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (len, rest) = match version[0] {
        1 => (usize::from(u16::from_le_bytes(rest.get(..2)?.try_into().ok()?)), rest.get(2..)?),
        _ => (u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize, rest.get(4..)?),
    };
    let (header, pixels) = rest.split_at_checked(len)?;
    let header: String = std::str::from_utf8(header).ok()?.split_whitespace().collect();
    let byte = ["'|b1'", "'|u1'", "'|i1'"].iter().any(|kind| header.contains(kind));
    if !byte || !header.contains("'fortran_order':False") {
        return None;
    }
    let shape = header.split_once("'shape':(")?.1.split_once(')')?.0;
    let mut sides = shape.split(',').filter(|side| !side.is_empty()).map(str::parse::<u32>);
    let (height, width) = (sides.next()?.ok()?, sides.next()?.ok()?);
    let fits = sides.next().is_none() && u64::from(width) * u64::from(height) == pixels.len() as u64;
    fits.then_some(([width, height], pixels))
}
