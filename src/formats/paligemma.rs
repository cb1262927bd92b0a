//! JSON lines for vision language models: PaliGemma's and Florence-2's, as Roboflow exports them.
//!
//! ```text
//! {"image": "a.jpg", "prefix": "detect cat ; dog", "suffix": "<loc0123><loc0200><loc0500><loc0800> cat ; ..."}     PaliGemma
//! {"image": "a.jpg", "prefix": "<OD>", "suffix": "cat<loc_1><loc_2><loc_3><loc_4>dog<loc_5>..."}                   Florence-2
//! ```
//!
//! Specification: <https://github.com/google-research/big_vision/blob/main/big_vision/configs/proj/paligemma/README.md>. PaliGemma's
//! places are y0, x0, y1, x1 in 1024ths of the image's size, Florence's x0, y0, x1, y1 in 1000ths.
//!
//! Decisions
//! - Several lines of one image are one image: each asks something else of it.
//! - Written is PaliGemma's form, with all classes in the prefix, as Roboflow does; a line more for each sentence. What parts
//!   classes and begins a place (`;` and `<`) is left out of names.
//! - A suffix without places is a sentence about the image; an empty one an image without objects.
//! - Tokens of masks (`<seg000>`) are left out, with a note: they need a model to be read.

use std::collections::HashMap;

use serde_json::json;

use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put_images, put_pieces, remark_names};
use super::text::Fault;
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::ProblemKind;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "paligemma",
    aliases: &["vlm-jsonl", "florence2", "paligemma-jsonl"],
    title: "PaliGemma JSON lines",
    specification: "https://github.com/google-research/big_vision/blob/main/big_vision/configs/proj/paligemma/README.md",
    layout: "\
dataset/_annotations.train.jsonl  dataset/a.jpg        also valid, test (Roboflow)",
    carries: &[Carries::Boxes, Carries::Captions, Carries::Negatives, Carries::Splits],
    detect,
    looks_for: "JSON lines with \"image\", \"prefix\" and \"suffix\" (PaliGemma, Florence-2)",
    read,
    write: Some(Write { not: &[], folders: false, write }),
};

fn look(head: &[u8]) -> bool {
    Head::of(head).has_all(&["image", "prefix", "suffix"])
}

const EXTENSIONS: [&str; 3] = ["jsonl", "json", "ndjson"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "lines with image, prefix and suffix", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, _| {
        let mut page = pages::read_lines(text, line);
        page.sheets = joined(page.sheets);
        Ok(page)
    })
}

/// The sheets with one for each image.
fn joined(sheets: Vec<Sheet>) -> Vec<Sheet> {
    let mut all: Vec<Sheet> = Vec::with_capacity(sheets.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for sheet in sheets {
        match places.get(&sheet.name).and_then(|place| all.get_mut(*place)).filter(|_| !sheet.name.is_empty()) {
            Some(first) => {
                first.objects.extend(sheet.objects);
                first.captions.extend(sheet.captions);
                first.lost += sheet.lost;
            }
            None => {
                places.insert(sheet.name.clone(), all.len());
                all.push(sheet);
            }
        }
    }
    all
}

fn line(node: &Node<'_>, page: &mut Page) {
    let name = node.text("image").unwrap_or_default().to_owned();
    let mut sheet = Sheet { name, line: node.line, ..Sheet::default() };
    let suffix = node.text("suffix").unwrap_or_default().trim();
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"image\" is missing")), &mut page.findings);
    } else if suffix.contains("<loc") {
        if suffix.contains("<seg") {
            page.findings.push((ProblemKind::IgnoredField, node.line, "tokens of masks left out".into()));
        }
        let (found, wrong) = objects(suffix, node.line);
        sheet.objects = found;
        for message in wrong {
            sheet.add(Err(Fault::new(node.line, message)), &mut page.findings);
        }
    } else if !suffix.is_empty() {
        sheet.captions.push(suffix.into());
    }
    page.sheets.push(sheet);
}

/// A token, or what stands between two.
enum Part<'a> {
    Place(u32),
    Word(&'a str),
}

fn parts(suffix: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = suffix;
    while let Some(start) = rest.find('<') {
        let (before, tail) = rest.split_at(start);
        parts.push(Part::Word(before));
        let end = tail.find('>').map_or(tail.len(), |end| end + 1);
        let (token, after) = tail.split_at(end);
        let digits = token.trim_matches(['<', '>']).strip_prefix("loc").map(|digits| digits.trim_start_matches('_'));
        if let Some(place) = digits.and_then(|digits| digits.parse().ok()) {
            parts.push(Part::Place(place));
        }
        rest = after;
    }
    parts.push(Part::Word(rest));
    parts.retain(|part| !matches!(part, Part::Word(word) if word.trim().trim_matches(';').trim().is_empty()));
    parts
}

/// The objects of a suffix, and what is wrong with it.
fn objects(suffix: &str, line: u32) -> (Vec<Found>, Vec<String>) {
    let florence = suffix.contains("<loc_");
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    let mut places: Vec<u32> = Vec::new();
    let mut class = "";
    let mut push = |class: &str, places: &mut Vec<u32>| {
        let class = class.trim().trim_matches(';').trim();
        match places[..] {
            [a, b, c, d] if !class.is_empty() => {
                let bins = if florence { 1000.0 } else { 1024.0 };
                let sides = if florence { [a, b, c, d] } else { [b, a, d, c] };
                let mut one = Found::boxed(class, line, sides.map(|side| f64::from(side) / bins));
                one.object.normalised = true;
                found.push(one);
            }
            _ => wrong.push(format!("{} places for {class:?} in the suffix", places.len())),
        }
        places.clear();
    };
    for part in parts(suffix) {
        match part {
            Part::Place(place) => {
                places.push(place);
                // Florence gives a class once for all of its boxes.
                if florence && places.len() == 4 {
                    push(class, &mut places);
                }
            }
            Part::Word(word) if florence => {
                if !places.is_empty() {
                    push(class, &mut places);
                }
                class = word;
            }
            Part::Word(word) => push(word, &mut places),
        }
    }
    if !places.is_empty() {
        push("", &mut places);
    }
    (found, wrong)
}

/// Parts of an image's side that have a token.
const BINS: f64 = 1024.0;

/// Writes a file per split, and all images beside them.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let name_of = |class: &str| on_a_line(class).replace([';', '<', '>'], " ").trim().to_owned();
    let names: Vec<String> = ready.classes.iter().map(|class| name_of(&class.name)).collect();
    let prefix = format!("detect {}", names.join(" ; "));
    for split in ready.splits() {
        let lines = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let sides = [image.height, image.width, image.height, image.width].map(f64::from);
            let objects = ready.objects_of(image).iter().map(|object| {
                let [x0, y0, x1, y1] = object.bbox;
                let place = |(side, size): (f64, f64)| (side / size * BINS).round().clamp(0.0, BINS - 1.0);
                let places = [y0, x0, y1, x1].into_iter().zip(sides).map(place);
                let places: String = places.map(|place| format!("<loc{place:04}>")).collect();
                format!("{places} {}", names.get(object.class as usize).map_or("", String::as_str))
            });
            let suffix = objects.collect::<Vec<_>>().join(" ; ");
            let captions = ready.captions(image);
            let mut say = |prefix: &str, suffix: &str| {
                let line = json!({"image": image.name, "prefix": prefix, "suffix": suffix});
                text.extend_from_slice(format!("{line}\n").as_bytes());
            };
            if !suffix.is_empty() || captions.is_empty() {
                say(&prefix, &suffix);
            }
            captions.iter().for_each(|caption| say("caption en", caption));
        };
        put_pieces(ready, sink, &format!("dataset/_annotations.{split}.jsonl"), "", &ready.images_of(split), lines)?;
    }
    put_images(ready, sink, |image| format!("dataset/{}", image.name))?;
    Ok(remark_names(ready, name_of, "names have signs that the format needs"))
}
