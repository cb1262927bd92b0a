//! Label Studio: JSON, JSON_MIN and CSV, one file for many images.
//!
//! ```text
//! JSON      [{"id", "data": {"image": url}, "annotations": [{"result": [{"id", "type", "from_name", "to_name",
//!             "original_width", "original_height", "image_rotation", "value": {...}}], "was_cancelled"}], "predictions"}]
//! JSON_MIN  [{"image": url, "id", <from_name>: [{..., "original_width", "original_height"}] | "choice", "annotator", ...}]
//! CSV       the same with JSON in the cells
//! ```
//!
//! Specification: <https://labelstud.io/guide/export>. All numbers are **percent** of the image, from its upper left corner.
//!
//! Decisions
//! - Label Studio shows images turned as their EXIF orientation says: shapes are drawn, and written, on that.
//! - A region is what its value has: `radiusX` an ellipse, `points` an outline, `rle` a mask (Label Studio's own packing, the
//!   alpha of RGBA), width and height a box, else a keypoint. `rotation` is in degrees, clockwise about the upper left corner
//!   (an ellipse about its centre).
//! - A region with two labels is two objects. Its labels, choices and texts may stand in results of their own, which have its
//!   id: choices and texts are then attributes. Without a region, a choice is a class of the image and a text a caption.
//! - Regions of one label that are drawn in each other (`parentID`) are one object, key points of other labels are its keypoints
//!   ([`super::grouping`]); `hidden` is said of those that are. Their order is that of the labelling configuration, where a file
//!   (`label_config.xml`) has it.
//! - Of several annotations the latest counts that was not cancelled (the last `updated_at`, or the last one); the others are left
//!   out, with a note. Tasks without any are left out. Predictions are left out.
//! - A table does not say which of its columns are answers ([`table`]).
//! - The size is what results say, else `width` and `height` among the data.
//! - An image that is a `data:` URI is inside of the file: it is taken out, and called by the id of its task.
//! - An uploaded file has eight digits and a dash before its name: they count only where an image has them.
//!   `/data/local-files/?d=path` is the path.

mod brush;
mod configuration;
mod regions;
mod table;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use self::configuration::Configuration;
use self::regions::Task;
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Kind, Page, Sheet};
use super::spill::Inside;
use super::text::{self, Fault};
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, grouping};
use crate::dataset::{Ledger, ProblemKind};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "label-studio",
    aliases: &["labelstudio", "label-studio-json", "label-studio-min", "label-studio-csv"],
    title: "Label Studio JSON",
    specification: "https://labelstud.io/guide/export",
    layout: "\
project-1-at-2024-01-01-00-00-abcd1234.json  images/a.jpg     (JSON, JSON_MIN, CSV)
label_config.xml  train/tasks.json  train/images/a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Score,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files that list tasks with \"data\" and \"annotations\", or flat ones whose regions have \"original_width\", or such a CSV (Label Studio)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

const EXTENSIONS: [&str; 2] = ["json", "csv"];

/// Columns and members that are Label Studio's own.
const OWN: [&str; 9] = [
    "id",
    "annotator",
    "annotation_id",
    "created_at",
    "updated_at",
    "lead_time",
    "agreement",
    "predictions",
    "history",
];

fn look(head: &[u8]) -> bool {
    let members = Head::of(head);
    let first = members.inside("");
    let lists = |key: &str| first.has(key);
    members.is_array()
        && (first.has("data") && (lists("annotations") || lists("completions"))
            || first.has_all(&["annotation_id", "annotator"])
            || first.has("id") && !first.has("data") && members.says("", "\"original_width\""))
        || is_table(&text::decode(head).text)
}

/// Whether a text is a CSV of Label Studio.
fn is_table(text: &str) -> bool {
    let header: Vec<&str> =
        text.lines().next().unwrap_or_default().split(',').map(|name| name.trim_matches('"')).collect();
    ["annotation_id", "annotator", "lead_time"].iter().all(|name| header.contains(name))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "Label Studio's tasks", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &EXTENSIONS, look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let (tables, documents): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| tree.head(*file).is_ok_and(|head| is_table(&text::decode(&head).text)));
    let configuration = LazyLock::new(|| Configuration::of(tree));
    let inside = Inside::default();
    let stream = |file| {
        pages::read_stream(tree, options, file, |member| member.is_empty(), &|_, node, page| {
            task(node, &configuration, &inside, page)
        })
    };
    let mut pages: Vec<pages::Read> = documents.into_iter().map(stream).collect();
    pages.extend(pages::read_each(tree, options, tables, &|text, _| table::read(text, &configuration, &inside)));
    grouping::order_points(&mut pages, || configuration.points.clone());
    let mut reading = pages::gather(tree, Kind::List, pages, Vec::new());
    reading.dataset.drawn_turned = Some(true);
    inside.finish(&mut reading.dataset)?;
    Ok(reading)
}

/// A task of JSON or JSON_MIN.
fn task(node: &Node<'_>, configuration: &Configuration, inside: &Inside, page: &mut Page) {
    let Some(data) = node.get("data") else { return flat(node, configuration, inside, page) };
    let image = image_of(data.members().iter().map(|(name, value)| (&**name, value)));
    let mut sheet = sheet_of(node, image, inside, &mut page.findings);
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "the task has no image in \"data\"")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    let lists = node.get("annotations").or_else(|| node.get("completions"));
    let cancelled = |one: &&Node<'_>| {
        ["was_cancelled", "skipped"].iter().any(|key| one.get(key).and_then(Node::as_flag) == Some(true))
    };
    let all = || lists.map_or(&[][..], Node::items).iter().filter(|one| one.is_map() && !cancelled(one));
    let time =
        |one: &&Node<'_>| one.any(&["updated_at", "created_at"]).and_then(Node::as_text).unwrap_or_default().to_owned();
    let Some(latest) = all().max_by_key(time) else {
        page.skipped.count("not-annotated", Ledger { images: 1, objects: 0 });
        return;
    };
    let more = all().count() - 1;
    if more > 0 {
        let message = format!("the last of the task's annotations is taken; others left out: {more}");
        page.findings.push((ProblemKind::IgnoredField, node.line, message));
    }
    let results = latest.list("result");
    // Several images side by side: results say which by the name of its tag.
    let is_region = |result: &Node<'_>| result.get("original_width").is_some();
    let tags: BTreeSet<&str> =
        results.iter().filter(|result| is_region(result)).filter_map(|result| result.text("to_name")).collect();
    if tags.len() > 1 {
        return side_by_side(node, (data, results), &tags, inside, page);
    }
    let mut task = Task::default();
    for result in results {
        task.add(result, &mut sheet, &mut page.findings);
    }
    task.finish(&mut sheet, &mut page.findings);
    if sheet.size == (0, 0) {
        sheet.size = (data.pixels("width"), data.pixels("height"));
    }
    page.sheets.push(sheet);
}

/// A task of several images: their members and the tags of the results, both in the order of their names, belong together if there
/// are equally many.
fn side_by_side(
    node: &Node<'_>,
    (data, results): (&Node<'_>, &[Node<'_>]),
    tags: &BTreeSet<&str>,
    inside: &Inside,
    page: &mut Page,
) {
    let is_image = |value: &str| is_named_as_image(value) || value.starts_with("data:image");
    let texts = data.members().iter().filter_map(|(key, value)| Some((&**key, value.as_text()?)));
    let images: BTreeMap<&str, &str> = texts.filter(|(_, value)| is_image(value)).collect();
    if images.len() != tags.len() {
        let mut sheet = Sheet { line: node.line, ..Sheet::default() };
        let message =
            format!("regions of {} images ({}), of which the task names {}", tags.len(), joined(tags), images.len());
        sheet.add(Err(Fault::new(node.line, message)), &mut page.findings);
        return page.sheets.push(sheet);
    }
    for (tag, (key, name)) in tags.iter().zip(images) {
        let mut sheet = sheet_of(node, Some((key.to_owned(), name.to_owned())), inside, &mut page.findings);
        // The task's number is that of all.
        sheet.id = None;
        let mut task = Task::default();
        for result in results.iter().filter(|result| result.text("to_name").is_none_or(|name| name == *tag)) {
            task.add(result, &mut sheet, &mut page.findings);
        }
        task.finish(&mut sheet, &mut page.findings);
        page.sheets.push(sheet);
    }
}

fn joined(tags: &BTreeSet<&str>) -> String {
    tags.iter().copied().collect::<Vec<_>>().join(", ")
}

/// A task of JSON_MIN: what was answered stands between `id` and the members about the annotation.
fn flat(node: &Node<'_>, configuration: &Configuration, inside: &Inside, page: &mut Page) {
    let others =
        || node.members().iter().filter(|(name, _)| !OWN.contains(&&**name)).map(|(name, value)| (&**name, value));
    let image = image_of(others());
    let image_key = image.as_ref().map(|(key, _)| key.clone());
    let mut sheet = sheet_of(node, image, inside, &mut page.findings);
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "the task has no image")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    let mut task = Task::default();
    let after = node.members().iter().position(|(name, _)| name == "id").unwrap_or(0);
    for (place, (name, value)) in node.members().iter().enumerate() {
        let answer = place > after || table::is_answer(value);
        if !answer || OWN.contains(&&**name) || image_key.as_deref() == Some(&**name) {
            continue;
        }
        match value.as_text().filter(|_| configuration.is_sentence(name)) {
            Some(sentence) => sheet.captions.push(sentence.into()),
            None => task.answer(name, value, &mut sheet, &mut page.findings),
        }
    }
    task.finish(&mut sheet, &mut page.findings);
    page.sheets.push(sheet);
}

/// The member that names the image, with its key.
fn image_of<'n>(members: impl Iterator<Item = (&'n str, &'n Node<'n>)>) -> Option<(String, String)> {
    let named: Vec<(&str, &str)> = members.filter_map(|(key, value)| Some((key, value.as_text()?))).collect();
    let by = |fits: &dyn Fn(&str, &str) -> bool| named.iter().find(|(key, value)| fits(key, value));
    let found = by(&|key, _| matches!(key, "image" | "img" | "image_url" | "ocr" | "captioning"))
        .or_else(|| by(&|_, value| is_named_as_image(value)))
        .or_else(|| by(&|_, value| is_picture(value)))?;
    Some((found.0.to_owned(), found.1.to_owned()))
}

fn is_named_as_image(value: &str) -> bool {
    is_image_name(value.split('?').next().unwrap_or(value))
}

/// Whether a text can be the place of an image, or an image.
fn is_picture(value: &str) -> bool {
    is_named_as_image(value) || value.contains("://") || value.starts_with("/data/") || value.starts_with("data:image")
}

fn sheet_of(
    node: &Node<'_>,
    image: Option<(String, String)>,
    inside: &Inside,
    findings: &mut Vec<pages::Finding>,
) -> Sheet {
    let mut sheet = Sheet { line: node.line, id: node.get("id").and_then(Node::as_whole), ..Sheet::default() };
    if let Some((_, name)) = image {
        name_sheet(&mut sheet, &name, inside, findings);
    }
    sheet
}

/// Sets what the image may be called.
fn name_sheet(sheet: &mut Sheet, said: &str, inside: &Inside, findings: &mut Vec<pages::Finding>) {
    if said.starts_with("data:") {
        // One without an id is called by what it is, whatever its place.
        sheet.name = sheet.id.map_or_else(|| format!("task-{:016x}", mark_of(said)), |id| id.to_string());
        match inside.take(said) {
            Ok((span, kind)) => {
                sheet.spilled = Some(span);
                sheet.name = format!("{}.{}", sheet.name, kind.extension());
            }
            Err(fault) => {
                let message = format!("the image inside of the file was not used: {fault}");
                findings.push((ProblemKind::IgnoredField, sheet.line, message));
            }
        }
        return;
    }
    if said.contains("://") {
        sheet.url = Some(said.into());
    }
    let local = said.split_once("local-files/?d=").map(|(_, path)| path.split('&').next().unwrap_or(path));
    sheet.name = local.unwrap_or(said).to_owned();
    let name = said.rsplit(['/', '\\']).next().unwrap_or(said);
    if let Some((prefix, rest)) = name.split_once('-')
        && prefix.len() == 8
        && prefix.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        sheet.other_name = Some(rest.to_owned());
    }
}

/// A number that another text hardly has (FNV-1a).
fn mark_of(text: &str) -> u64 {
    let step = |mark: u64, byte: u8| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What is said of a result that cannot be read, at its line.
fn ignored(what: &str, line: u32) -> pages::Finding {
    (ProblemKind::IgnoredField, line, format!("{what} left out"))
}
