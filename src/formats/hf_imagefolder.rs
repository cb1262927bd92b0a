//! Hugging Face ImageFolder: `metadata.jsonl` or `metadata.csv` beside the images.
//!
//! ```text
//! train/metadata.jsonl   {"file_name": "a.jpg", "objects": {"bbox": [[x, y, width, height]], "categories": ["cat"], "area"?, "id"?}}
//!                        {"file_name": "a.jpg", "label": "cat"}  or  "text": "a sentence"  or lists, "labels" and "captions"
//! ```
//!
//! Specification: <https://huggingface.co/docs/datasets/image_dataset>. Pixels are 0-based.
//!
//! Decisions
//! - `bbox` is corner, width and height, as COCO's; where that leads out of an image (by the row, or by the image itself), and as
//!   two corners all boxes are inside, they are two corners.
//! - `objects` may be a list of objects, and their lists may stand in the row itself, as some exports have it.
//! - Written as `metadata.jsonl` with the same members in each row, as the `datasets` library wants it: those that some image has.
//! - The class of an object is `categories`, `category`, `label`, `labels` or `class`; a number is its own name.

use std::cell::Cell;

use serde_json::json;

use super::json::Head;
use super::json::node::{Node, Value};
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, Remarks, Sink, put_images, put_pieces, word_of};
use super::text::{self, Fault};
use super::tree::{FileId, Tree, file_name, folder_of, join};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry, kaggle};
use crate::dataset::ProblemKind;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "hf-imagefolder",
    aliases: &["imagefolder", "huggingface", "hf"],
    title: "Hugging Face ImageFolder",
    specification: "https://huggingface.co/docs/datasets/image_dataset",
    layout: "\
train/metadata.jsonl  train/a.jpg       also validation/ test/, or metadata.csv",
    carries: &[
        Carries::Boxes,
        Carries::Area,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Fractions,
    ],
    detect,
    looks_for: "metadata.jsonl or metadata.csv with \"file_name\" (Hugging Face)",
    read,
    write: Some(Write { not: &[], folders: true, write }),
};

const EXTENSIONS: [&str; 2] = ["jsonl", "csv"];
const CLASSES: [&str; 6] = ["categories", "category", "label", "labels", "class", "classes"];

fn is_table(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    header.split(',').any(|name| text::trim(name).trim_matches('"') == "file_name")
}

/// A table counts only under its name: too many have such a column.
pub(super) fn looks(tree: &Tree, file: FileId) -> bool {
    let Ok(head) = tree.head(file) else { return false };
    let named = file_name(tree.path(file)).eq_ignore_ascii_case("metadata.csv");
    Head::of(&head).has("file_name") || named && is_table(&text::decode(&head).text)
}

fn found(tree: &Tree) -> Vec<FileId> {
    match tree.only().filter(|only| !tree.file(*only).image) {
        Some(only) => vec![only],
        None => tree.annotations(&EXTENSIONS).filter(|file| looks(tree, *file)).collect(),
    }
}

fn detect(tree: &Tree) -> Option<Evidence> {
    let files: Vec<FileId> = found(tree).into_iter().filter(|file| looks(tree, *file)).collect();
    Evidence::certain(tree, &files, "file_name in each row")
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = found(tree);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let parse = |text: &str, _| {
        if is_table(text) { pages::read_table(text, row) } else { Ok(pages::read_lines(text, line)) }
    };
    let mut pages = pages::read_each(tree, options, files, &parse);
    let remarks = corners(tree, &mut pages).into_iter().collect();
    Ok(pages::gather(tree, Kind::List, pages, remarks))
}

fn row(fields: &[(&str, &str)], line: u32, page: &mut Page) {
    let mut members = Vec::new();
    let mut sheet = Sheet { line, ..Sheet::default() };
    for (name, value) in fields {
        let node = match *name {
            "objects" | "bbox" | "bboxes" | "boxes" => Node::parse(value, line),
            _ => Ok(Node { line, value: Value::Text((*value).into()) }),
        };
        match node {
            Ok(node) => members.push((std::borrow::Cow::Borrowed(*name), node)),
            Err(fault) => sheet.add(Err(fault), &mut page.findings),
        }
    }
    entry(&Node { line, value: Value::Map(members) }, sheet, page);
}

fn line(node: &Node<'_>, page: &mut Page) {
    entry(node, Sheet { line: node.line, ..Sheet::default() }, page);
}

fn entry(node: &Node<'_>, mut sheet: Sheet, page: &mut Page) {
    sheet.name = node.text("file_name").unwrap_or_default().to_owned();
    sheet.size = (node.pixels("width"), node.pixels("height"));
    sheet.id = node.get("image_id").and_then(Node::as_whole);
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"file_name\" is missing")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    let own = node.get("objects").is_none() && node.any(&READ[..3]).is_some();
    for key in ["label", "labels"].iter().filter(|_| !own) {
        let Some(label) = node.get(key) else { continue };
        match label.is_list() {
            true => label.items().iter().filter_map(Node::class).for_each(|word| sheet.label(&word)),
            false => label.class().iter().for_each(|word| sheet.label(word)),
        }
    }
    for sentences in ["text", "caption", "captions"].iter().filter_map(|key| node.get(key)) {
        let list = if sentences.is_list() { sentences.items() } else { std::slice::from_ref(sentences) };
        sheet.captions.extend(
            list.iter()
                .filter_map(|sentence| Some(sentence.words().filter(|words| !words.is_empty())?.as_ref().into())),
        );
    }
    if let Some(objects) = node.get("objects") {
        add_objects(objects, &mut sheet, &mut page.findings);
    } else if own {
        let of_objects = |name: &str| READ.contains(&name) || CLASSES.contains(&name);
        let members = node.members().iter().filter(|(name, _)| of_objects(name)).cloned().collect();
        add_objects(&Node { line: node.line, value: Value::Map(members) }, &mut sheet, &mut page.findings);
    }
    page.sheets.push(sheet);
}

/// What of objects is read; the others are told.
const READ: [&str; 5] = ["bbox", "bboxes", "boxes", "area", "id"];

/// Lists side by side, or a list of objects.
fn add_objects(objects: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let each = if objects.is_list() { objects.items() } else { std::slice::from_ref(objects) };
    for objects in each {
        let read = |name: &str| READ.contains(&name) || CLASSES.contains(&name);
        let unread: Vec<&str> = objects.members().iter().map(|(name, _)| &**name).filter(|name| !read(name)).collect();
        if !unread.is_empty() {
            let message = format!("of the objects {} not read", unread.join(", "));
            findings.push((ProblemKind::IgnoredField, objects.line, message));
        }
        let of_boxes = objects.any(&READ[..3]);
        let one = of_boxes.filter(|bbox| bbox.items().first().is_some_and(|first| !first.is_list()));
        let boxes = one.map_or_else(|| of_boxes.map_or(&[][..], Node::items), std::slice::from_ref);
        let nth = |names: &[&str], place: usize| {
            let value = objects.any(names)?;
            if value.is_list() { value.items().get(place) } else { Some(value).filter(|_| place == 0) }
        };
        for (place, node) in boxes.iter().enumerate() {
            let found = node.numbers().and_then(|sides| {
                let [x, y, width, height] = sides[..] else {
                    return Err(Fault::new(node.line, format!("a box has {} numbers", sides.len())));
                };
                let class = nth(&CLASSES, place).and_then(Node::class);
                let class = class.ok_or_else(|| Fault::new(node.line, format!("box {} has no class", place + 1)))?;
                let mut found = Found::boxed(&class, node.line, [x, y, x + width, y + height]);
                found.object.area = nth(&["area"], place).and_then(Node::as_number);
                found.object.id = nth(&["id"], place).and_then(Node::as_whole);
                Ok(found)
            });
            sheet.add(found, findings);
        }
    }
}

/// Makes two corners of corner and size, where the sizes lead out of an image and all boxes are inside of theirs as corners. Says
/// what was decided.
fn corners(tree: &Tree, pages: &mut [pages::Read]) -> Option<String> {
    let sizes = Sizes { tree, left: SAMPLE.into() };
    let sheets =
        pages.iter().flat_map(|(file, page)| page.iter().flat_map(|page| &page.sheets).map(|sheet| (*file, sheet)));
    let boxes = sheets.filter(|(_, sheet)| !sheet.objects.is_empty()).flat_map(|(file, sheet)| {
        let size = sizes.of(file, sheet);
        sheet.objects.iter().map(move |found| (found.object.bbox, size))
    });
    let why = geometry::are_two_corners(boxes)?;
    for found in pages
        .iter_mut()
        .flat_map(|(_, page)| page)
        .flat_map(|page| &mut page.sheets)
        .flat_map(|sheet| &mut sheet.objects)
    {
        let [x0, y0, x1, y1] = found.object.bbox;
        found.object.bbox = [x0, y0, x1 - x0, y1 - y0];
    }
    Some(why)
}

/// Images whose headers are read where the rows do not say how large they are.
const SAMPLE: u32 = 512;

/// How large images are.
struct Sizes<'t> {
    tree: &'t Tree,
    left: Cell<u32>,
}

impl Sizes<'_> {
    /// What a row says, else its image beside the table.
    fn of(&self, file: FileId, sheet: &Sheet) -> Option<(u32, u32)> {
        if sheet.size.0 > 0 && sheet.size.1 > 0 {
            return Some(sheet.size);
        }
        self.left.set(self.left.get().checked_sub(1)?);
        let image = self.tree.find(0, &join(folder_of(self.tree.path(file)), &sheet.name))?;
        kaggle::size_of(self.tree, image).ok()
    }
}

/// Writes a folder per split.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let objects = &ready.dataset.objects;
    let most = |count: &dyn Fn(&ReadyImage) -> usize| ready.images.iter().map(count).max().unwrap_or(0);
    let captions = most(&|image| ready.captions(image).len());
    let labels = most(&|image| ready.labels(image).len());
    let areas = ready.objects.iter().any(|object| objects.area.get(object.row).is_some());
    let own_ids = ready.images.iter().any(|image| ready.dataset.images.id.get(image.row).is_some());
    let line = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
        let own = ready.objects_of(image);
        let name = |class: u32| ready.classes.get(class as usize).map_or("", |class| &class.name);
        let mut line = json!({
            "file_name": image.name, "width": image.width, "height": image.height,
            "objects": {
                "bbox": own.iter().map(|object| side_by_side(object.bbox)).collect::<Vec<_>>(),
                "categories": own.iter().map(|object| name(object.class)).collect::<Vec<_>>(),
            },
        });
        if areas {
            let areas = own.iter().map(|object| ready.area(image, object));
            line["objects"]["area"] = json!(areas.collect::<Vec<_>>());
        }
        if own_ids {
            line["image_id"] = json!(ready.dataset.images.id.get(image.row));
        }
        let classes: Vec<&str> = ready.labels(image).into_iter().map(name).collect();
        match labels {
            0 => {}
            1 => line["label"] = json!(classes.first()),
            _ => line["labels"] = json!(classes),
        }
        match captions {
            0 => {}
            1 => line["text"] = json!(ready.captions(image).first()),
            _ => line["captions"] = json!(ready.captions(image)),
        }
        text.extend_from_slice(line.to_string().as_bytes());
        text.push(b'\n');
    };
    let folder = |split| word_of(split, ["train", "validation", "test"]);
    for split in ready.splits() {
        let name = format!("{}/metadata.jsonl", folder(split));
        put_pieces(ready, sink, &name, "", &ready.images_of(split), line)?;
    }
    put_images(ready, sink, |image| format!("{}/{}", folder(image.split), image.name))?;
    Ok(Remarks::new())
}

/// Corner, width and height.
fn side_by_side([x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
    [x0, y0, x1 - x0, y1 - y0]
}
