//! Labelbox: exports of version 1 (JSON, or CSV with JSON in `Label`) and version 2 (NDJSON), one file for many images.
//!
//! ```text
//! v1  [{"ID", "DataRow ID", "External ID", "Labeled Data": url, "Skipped", "Label": {"objects": [{"title", "value", "bbox":
//!       {"top", "left", "height", "width"} | "polygon": [{"x", "y"}] | "line" | "point" | "instanceURI", "classifications"}],
//!       "classifications": [{"title", "value", "answer" | "answers"}]}}]
//! v2  {"data_row": {"external_id", "global_key", "row_data": url}, "media_attributes": {"width", "height"}, "projects": {id:
//!       {"labels": [{"annotations": {"objects": [{"name", "bounding_box" | "polygon" | "line" | "point" | "mask",
//!       "classifications"}], "classifications": [{"name", "radio_answer" | "checklist_answers" | "text_answer"}]}}]}}}
//! ```
//!
//! Specification: <https://docs.labelbox.com/reference/export-image-annotations>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - The class is `title` or `name`, else `value`. A line and a point become keypoints. What a relationship of version 2 ties to a
//!   point is one object with it: points with names of their own are its keypoints ([`super::grouping`]), hidden where they are
//!   classified as `occluded`. So keypoints are written, each related to its object.
//! - Masks are addresses that need a key: a picture is taken that lies among the files or the images and is called by the object's
//!   `feature_id`, or a part of the address, and `.png`. The mask is what is not black, of a composite what has `color_rgb`. Others
//!   are left out, with a note, and so are videos.
//! - Answers about the image are its classes, a text is a caption; answers about an object are its attributes.
//! - The image is called as `external_id`, else `global_key`, else the end of its address says.
//! - A row that was skipped, or has no label, is left out; one with an empty label is an image without objects. Of several
//!   labels of a row the first counts.
//! - The split is what `metadata_fields` say under the name that Labelbox reserves for it, `split`.
//! - Written is version 2, a file for all splits. An outline of several parts is one way around all.
//! - In the exports of 2018, `Label` has a list of outlines for each class.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::grouping::Grouping;
use super::json::Head;
use super::json::node::Node;
use super::mask_pictures::Pictures;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Draws, HIDDEN, Ready, ReadyImage, Remarks, Shape, Sink, put_images, put_pieces};
use super::text::{self, Fault};
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, label_image};
use crate::dataset::{Ledger, ProblemKind, Split};
use crate::image::Kind as ImageKind;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "labelbox",
    aliases: &["labelbox-json", "labelbox-ndjson", "labelbox-v1", "labelbox-v2"],
    title: "Labelbox",
    specification: "https://docs.labelbox.com/reference/export-image-annotations",
    layout: "\
export.ndjson  images/a.jpg        (version 2)
export.json  images/a.jpg          (version 1; or export.csv)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::Hidden,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "NDJSON files with \"data_row\" in each line, or JSON or CSV files with \"Labeled Data\" and \"Label\" (Labelbox)",
    read,
    write: Some(Write { not: &[Carries::Masks], folders: false, write }),
};

const EXTENSIONS: [&str; 4] = ["ndjson", "json", "jsonl", "csv"];

fn is_lines(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has("data_row") && head.has_all(&["projects"]) || head.inside("data_row").has("row_data")
}

fn is_table(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    header.contains("Labeled Data") && header.contains("Label,") && !header.starts_with(['[', '{'])
}

fn look(head: &[u8]) -> bool {
    let first = Head::of(head).inside("");
    first.has_all(&["Labeled Data", "Label"])
        || first.has("data_row")
        || is_lines(head)
        || is_table(&text::decode(head).text)
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "Labelbox's rows", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &EXTENSIONS, look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let pictures = Pictures::new(tree);
    let read = |file| {
        let about = (file, &pictures);
        let head = tree.head(file).unwrap_or_default();
        if is_lines(&head) {
            pages::read_each(tree, options, vec![file], &|text, _| {
                Ok(pages::read_lines(text, |node, page| second(node, about, page)))
            })
        } else if is_table(&text::decode(&head).text) {
            pages::read_each(tree, options, vec![file], &|text, _| {
                pages::read_table(text, |fields, line, page| row(fields, line, about, page))
            })
        } else {
            vec![pages::read_stream(tree, options, file, |member| member.is_empty(), &|_, node, page| match node
                .get("data_row")
            {
                Some(_) => second(node, about, page),
                None => first(node, about, page),
            })]
        }
    };
    Ok(pages::gather(tree, Kind::List, files.into_iter().flat_map(read).collect(), Vec::new()))
}

/// A sheet that is called as the first of `names` that says something.
fn sheet_of(names: &[Option<&str>], url: Option<&str>, line: u32) -> Sheet {
    let is_url = |text: &&str| text.contains("://");
    let name = names.iter().flatten().copied().map(text::trim).find(|name| !name.is_empty());
    let url = url.map(text::trim).filter(|url| !url.is_empty());
    Sheet {
        name: name.or(url).unwrap_or_default().to_owned(),
        other_name: url.filter(|_| name.is_some()).map(str::to_owned),
        url: url.filter(is_url).map(Into::into),
        line,
        ..Sheet::default()
    }
}

/// The file that says something, and where its masks are.
type About<'a> = (FileId, &'a Pictures<'a>);

const NOT_ANNOTATED: (&str, Ledger) = ("not-annotated", Ledger { images: 1, objects: 0 });

/// An element of version 1.
fn first(node: &Node<'_>, about: About<'_>, page: &mut Page) {
    let sheet = sheet_of(&[node.text("External ID")], node.text("Labeled Data"), node.line);
    let skipped = node.get("Skipped").and_then(Node::as_flag) == Some(true);
    labelled(sheet, node.get("Label").filter(|_| !skipped), about, page);
}

/// A row of version 1's CSV.
fn row(fields: &[(&str, &str)], line: u32, about: About<'_>, page: &mut Page) {
    let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let mut sheet = sheet_of(&[field("External ID")], field("Labeled Data"), line);
    match field("Label").map(|label| Node::parse(label, line)) {
        Some(Ok(label)) => labelled(sheet, Some(&label), about, page),
        Some(Err(fault)) if field("Label").is_some_and(|label| label.starts_with('{')) => {
            sheet.add(Err(fault), &mut page.findings);
            page.sheets.push(sheet);
        }
        _ => page.skipped.count(NOT_ANNOTATED.0, NOT_ANNOTATED.1),
    }
}

/// Adds what a label of version 1 says.
fn labelled(mut sheet: Sheet, label: Option<&Node<'_>>, about: About<'_>, page: &mut Page) {
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(sheet.line, "the row has no image")), findings);
        return page.sheets.push(sheet);
    }
    let Some(label) = label.filter(|label| label.is_map()) else {
        return page.skipped.count(NOT_ANNOTATED.0, NOT_ANNOTATED.1);
    };
    if label.get("frames").is_some() {
        sheet.leave_out("frames of a video", label.line, findings);
        return page.sheets.push(sheet);
    }
    for one in label.list("objects") {
        let found = object(one, about, &mut sheet, findings);
        sheet.objects.extend(found);
    }
    label.list("classifications").iter().for_each(|one| answer(one, &mut sheet));
    for (class, list) in label.members() {
        if matches!(&**class, "objects" | "classifications" | "relationships") {
            continue;
        }
        for one in list.items() {
            let shape = one.get("geometry").unwrap_or(one);
            sheet.add(outlined(class, shape), findings);
        }
        if let Some(word) = list.as_text() {
            sheet.label(word);
        }
    }
    page.sheets.push(sheet);
}

/// A line of version 2.
fn second(node: &Node<'_>, about: About<'_>, page: &mut Page) {
    let row = |key: &str| node.at(&["data_row", key]).and_then(Node::as_text);
    let mut sheet = sheet_of(&[row("external_id"), row("global_key")], row("row_data"), node.line);
    let of_data = || node.at(&["data_row", "metadata_fields"]).map_or(&[][..], Node::items);
    sheet.split = node.list("metadata_fields").iter().chain(of_data()).find_map(split);
    if let Some(media) = node.get("media_attributes") {
        sheet.size = (media.pixels("width"), media.pixels("height"));
    }
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "the row has no image")), findings);
        return page.sheets.push(sheet);
    }
    let projects = node.get("projects").map_or(&[][..], Node::members);
    let mut labels = projects.iter().flat_map(|(_, project)| project.list("labels"));
    let Some(label) = labels.next() else {
        return page.skipped.count(NOT_ANNOTATED.0, NOT_ANNOTATED.1);
    };
    let more = labels.count();
    if more > 0 {
        findings.push((ProblemKind::IgnoredField, node.line, format!("{more} more labels of the row left out")));
    }
    if let Some(annotations) = label.get("annotations") {
        if annotations.get("frames").is_some() {
            sheet.leave_out("frames of a video", annotations.line, findings);
        }
        let groups = groups(annotations);
        let mut grouping = Grouping::default();
        for one in annotations.list("objects") {
            if let Some(found) = object(one, about, &mut sheet, findings) {
                let group = one.word("feature_id").and_then(|id| groups.get(&*id).cloned());
                grouping.add_free(group, found);
            }
        }
        grouping.finish(&mut sheet);
        annotations.list("classifications").iter().for_each(|one| answer(one, &mut sheet));
    }
    page.sheets.push(sheet);
}

/// The group of each object that a relationship ties to a point, or that is one.
fn groups(annotations: &Node<'_>) -> HashMap<String, String> {
    let objects = annotations.list("objects").iter();
    let points = objects.filter(|one| one.get("point").is_some()).filter_map(|one| one.word("feature_id"));
    let points: HashSet<Cow<'_, str>> = points.collect();
    let mut groups: HashMap<String, String> = HashMap::new();
    for relation in annotations.list("relationships") {
        let Some(ends) = relation.any(&["unidirectional_relationship", "bidirectional_relationship"]) else { continue };
        let (Some(source), Some(target)) = (ends.word("source"), ends.word("target")) else { continue };
        if points.contains(&source) || points.contains(&target) {
            let known = groups.get(&*source).or_else(|| groups.get(&*target)).cloned();
            let group = known.unwrap_or_else(|| source.to_string());
            for end in [source, target] {
                groups.entry(end.into_owned()).or_insert_with(|| group.clone());
            }
        }
    }
    groups
}

/// The split that a field of metadata says.
fn split(field: &Node<'_>) -> Option<Split> {
    let name = |node: &Node<'_>| node.any(&["schema_name", "name"]).and_then(Node::words).map(|name| name.into_owned());
    let value = field.get("value").filter(|_| name(field).as_deref() == Some("split"))?;
    let value = value.items().first().unwrap_or(value);
    Split::from_word(&name(value).or_else(|| value.words().map(|word| word.into_owned()))?)
}

fn object(node: &Node<'_>, about: About<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) -> Option<Found> {
    let Some(class) = node.any(&["title", "name", "value"]).and_then(Node::class) else {
        sheet.add(Err(Fault::new(node.line, "the object has no name")), findings);
        return None;
    };
    let found = if let Some(sides) = node.any(&["bbox", "bounding_box"]) {
        sides
            .all_wanted(["left", "top", "width", "height"])
            .map(|[left, top, width, height]| Found::boxed(&class, node.line, [left, top, left + width, top + height]))
    } else if let Some(points) = node.get("polygon") {
        outlined(&class, points)
    } else if let Some(line) = node.get("line") {
        corners(line).and_then(|points| Found::line(&class, node.line, &points))
    } else if let Some(point) = node.get("point") {
        point.all_wanted(["x", "y"]).and_then(|point| Found::pointed(&class, node.line, &[point]))
    } else if let Some(mask) = node.any(&["instanceURI", "composite_mask", "mask"]) {
        if let Some(file) = picture_of(node, mask, about) {
            sheet.pictures.push(file);
            return masked(&class, node, mask, (file, about.1), sheet, findings);
        }
        sheet.leave_out(&format!("the mask of {class:?}, which is only an address,"), node.line, findings);
        return None;
    } else {
        Err(Fault::new(node.line, format!("object {class:?} has no shape")))
    };
    described(found, node, sheet, findings)
}

/// An object with what is said of it, or a note why it is none.
fn described(
    found: Result<Found, Fault>,
    node: &Node<'_>,
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) -> Option<Found> {
    match found {
        Ok(mut found) => {
            found.object.line = node.line;
            for one in node.list("classifications") {
                let name = one.any(&["title", "name", "value"]).and_then(Node::words).unwrap_or_default();
                answers(one).iter().for_each(|(answer, _)| found.attribute(&name, answer));
            }
            Some(found)
        }
        lost => {
            sheet.add(lost, findings);
            None
        }
    }
}

/// The picture of a mask. Parts of an address that could be any word's are none.
fn picture_of(node: &Node<'_>, mask: &Node<'_>, (file, pictures): About<'_>) -> Option<FileId> {
    let address = mask.as_text().or_else(|| mask.any(&["url", "instanceURI"])?.as_text()).unwrap_or_default();
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let id = node.any(&["feature_id", "featureId"]).and_then(Node::as_text);
    let parts = path.rsplit('/').filter(|part| part.len() >= 8 || part.ends_with(".png"));
    let named = |part: &str| if part.ends_with(".png") { part.to_owned() } else { format!("{part}.png") };
    id.into_iter().chain(parts).find_map(|part| pictures.find(&named(part), file))
}

fn masked(
    class: &str,
    node: &Node<'_>,
    mask: &Node<'_>,
    (file, pictures): About<'_>,
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) -> Option<Found> {
    let colour = mask.get("color_rgb").map(Node::numbers).and_then(Result::ok);
    let found = match colour.as_deref() {
        Some([red, green, blue]) => {
            let colour = label_image::colour([red, green, blue].map(|side| *side as u8));
            let mask = pictures.colours(file).map(|mut masks| masks.remove(&colour).unwrap_or_default());
            mask.and_then(|mask| Found::masked(class, node.line, mask))
        }
        _ => pictures.painted(file).and_then(|mask| Found::masked(class, node.line, mask)),
    };
    described(found.map_err(|fault| Fault { line: node.line, ..fault }), node, sheet, findings)
}

fn corners(points: &Node<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    points.items().iter().map(|point| point.all_wanted(["x", "y"])).collect()
}

fn outlined(class: &str, points: &Node<'_>) -> Result<Found, Fault> {
    Found::outlined(class, points.line, vec![corners(points)?])
}

/// What is answered about the image.
fn answer(node: &Node<'_>, sheet: &mut Sheet) {
    for (answer, is_text) in answers(node) {
        if is_text {
            sheet.captions.push(answer.into());
        } else {
            sheet.label(&answer);
        }
    }
}

/// The answers, and whether each is a text.
fn answers(node: &Node<'_>) -> Vec<(String, bool)> {
    let Some(answer) = node.any(&["answer", "answers", "radio_answer", "checklist_answers", "text_answer"]) else {
        return Vec::new();
    };
    let text = |is_text: bool| {
        let word = |node: &Node<'_>| {
            let word = node.any(&["title", "name", "value", "content"]).and_then(Node::words).or_else(|| node.words());
            word.filter(|word| !word.is_empty()).map(|word| (word.into_owned(), is_text))
        };
        match answer.is_list() {
            true => answer.items().iter().filter_map(word).collect(),
            false => word(answer).into_iter().collect(),
        }
    };
    text(node.get("text_answer").is_some() || answer.as_text().is_some_and(|answer| answer.contains(' ')))
}

/// Writes version 2: a row for each image.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let places: Vec<usize> = (0..ready.images.len()).collect();
    put_pieces(ready, sink, "export.ndjson", "", &places, |place, image, text| {
        text.extend_from_slice(row_of(ready, place, image).as_bytes());
    })?;
    put_images(ready, sink, |image| format!("images/{}", image.name))?;
    Ok(Remarks::new())
}

fn row_of(ready: &Ready<'_>, place: usize, image: &ReadyImage) -> String {
    let (mut objects, mut relations) = (Vec::new(), Vec::new());
    for drawn in ready.drawn(image, Draws::OUTLINES_AND_POINTS) {
        let answers: Vec<Value> = drawn
            .attributes
            .iter()
            .map(|(name, value)| classification(name, "text_answer", json!({"content": value})))
            .collect();
        let first = objects.len();
        for shape in &drawn.shapes {
            let (kind, key, shape) = match shape {
                Shape::Points(points) => {
                    for (name, point) in drawn.named_points(ready, points) {
                        let hidden = (point.visibility == 1)
                            .then(|| classification(HIDDEN, "radio_answer", json!({"name": "true", "value": "true"})));
                        let answers: Vec<Value> = hidden.into_iter().collect();
                        let id = format!("{place}-{}", objects.len());
                        if objects.len() > first {
                            let relation = json!({
                                "feature_id": format!("{id}-relation"), "name": "keypoint", "value": "keypoint",
                                "annotation_kind": "UnidirectionalRelationship", "classifications": [],
                                "unidirectional_relationship": {"source": format!("{place}-{first}"), "target": id},
                            });
                            relations.push(relation);
                        }
                        objects.push(json!({
                            "feature_id": id, "name": name, "value": name, "annotation_kind": "ImagePoint",
                            "classifications": answers, "point": {"x": point.x, "y": point.y},
                        }));
                    }
                    continue;
                }
                Shape::Outline(part) => {
                    let points: Vec<Value> = part.iter().map(|[x, y]| json!({"x": x, "y": y})).collect();
                    ("ImagePolygon", "polygon", points.into())
                }
                _ => {
                    let [x0, y0, x1, y1] = drawn.object.bbox;
                    let sides = json!({"top": y0, "left": x0, "height": y1 - y0, "width": x1 - x0});
                    ("ImageBoundingBox", "bounding_box", sides)
                }
            };
            let class = ready.class_of(&drawn.object);
            objects.push(json!({
                "feature_id": format!("{place}-{}", objects.len()), "name": class, "value": class, "annotation_kind": kind,
                "classifications": answers, key: shape,
            }));
        }
    }
    let mut answers = Vec::new();
    let labels: Vec<Value> =
        ready.label_names(image).into_iter().map(|name| json!({"name": name, "value": name})).collect();
    if !labels.is_empty() {
        answers.push(classification("labels", "checklist_answers", labels.into()));
    }
    for caption in ready.captions(image) {
        answers.push(classification("caption", "text_answer", json!({"content": caption})));
    }
    let kind = ImageKind::from_name(&image.name).map_or("jpeg", ImageKind::format_name);
    let address =
        ready.dataset.images.url.get(image.row).map_or_else(|| format!("images/{}", image.name), |url| url.to_string());
    let (id, name, address) = (place + 1, Value::from(&*image.name), Value::from(address));
    let media = json!({"height": image.height, "width": image.width, "asset_type": "image", "mime_type": format!("image/{kind}")});
    let metadata = json!([{
        "schema_name": "split", "schema_kind": "CustomMetadataEnum",
        "value": [{"schema_name": image.split.name(), "schema_kind": "CustomMetadataEnumOption"}],
    }]);
    let label = json!({
        "label_kind": "Default", "version": "1.0.0", "id": format!("label-{id}"),
        "annotations": {"objects": objects, "classifications": answers, "relationships": relations},
    });
    // In this order, so that the first bytes say what the file is.
    format!(
        "{{\"data_row\":{{\"id\":\"{id}\",\"external_id\":{name},\"global_key\":{name},\"row_data\":{address}}},\
         \"media_attributes\":{media},\"metadata_fields\":{metadata},\"projects\":{{\"recordmill\":{{\"name\":\"recordmill\",\
         \"labels\":[{label}]}}}}}}\n"
    )
}

fn classification(name: &str, key: &str, answer: Value) -> Value {
    json!({"name": name, "value": name, key: answer})
}
