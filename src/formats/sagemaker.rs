//! SageMaker Ground Truth: a manifest of JSON lines.
//!
//! ```text
//! {"source-ref": "s3://bucket/a.jpg", "<name>": {"annotations": [{"class_id", "left", "top", "width", "height"}], "image_size":
//!   [{"width", "height", "depth"}]}, "<name>-metadata": {"class-map": {"0": "cat"}, "objects": [{"confidence"}], "type":
//!   "groundtruth/object-detection"}}
//! {"source-ref", "<name>-ref": "s3://bucket/0_2024.png", "<name>-ref-metadata": {"internal-color-map": {"1": {"class-name": "cat",
//!   "hex-color": "#2ca02c"}}, "type": "groundtruth/semantic-segmentation"}}
//! {"source-ref", "<name>": 0, "<name>-metadata": {"class-name": "cat", "type": "groundtruth/image-classification"}}
//! ```
//!
//! Specification: <https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html>. Pixels are 0-based.
//!
//! Decisions
//! - What a job wrote is known by the `type` of its metadata, whatever its name. Classes of images are read too, one or
//!   several.
//! - A semantic mask is a picture: where it lies among the files or the images, each class in it, but for `BACKGROUND`, is an object
//!   with a mask.
//! - A line that no job has answered is left out.
//! - A job that adjusted what another had drawn (`adjustment-status`) repeats all of it: the last of a type counts.
//! - Written is the output manifest of a job that people answered. An image's address in S3 stands in it where the source says
//!   it; else its name, relative to the manifest, before which the bucket's address has to be put.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::mask_pictures::{self, Pictures};
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, Remarks, Sink, put_images, put_pieces};
use super::text::Fault;
use super::tree::{FileId, Tree, file_name};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::Ledger;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "sagemaker",
    aliases: &["ground-truth", "sagemaker-manifest"],
    title: "SageMaker Ground Truth manifest",
    specification: "https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html",
    layout: "\
manifests/output/output.manifest  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Masks,
        Carries::Score,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON lines with \"source-ref\" (SageMaker Ground Truth)",
    read,
    write: Some(Write { not: &[Carries::Masks], folders: true, write }),
};

fn look(head: &[u8]) -> bool {
    Head::of(head).has("source-ref")
}

const EXTENSIONS: [&str; 4] = ["manifest", "jsonl", "json", "ndjson"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "lines with source-ref", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let pictures = Pictures::new(tree);
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, file| {
        Ok(pages::read_lines(text, |node, page| line(node, (file, &pictures), page)))
    })
}

fn line(node: &Node<'_>, about: (FileId, &Pictures<'_>), page: &mut Page) {
    let name = node.text("source-ref").unwrap_or_default();
    let url = name.contains("://").then(|| name.into());
    let mut sheet = Sheet { name: name.to_owned(), line: node.line, url, ..Sheet::default() };
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "\"source-ref\" is missing")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    let jobs: Vec<(&str, &str, &Node<'_>)> = node
        .members()
        .iter()
        .filter_map(|(key, metadata)| Some((key.strip_suffix("-metadata")?, metadata.text("type")?, metadata)))
        .collect();
    let is_adjustment = |metadata: &Node<'_>| metadata.get("adjustment-status").is_some();
    let mut answered = false;
    for (place, &(job, kind, metadata)) in jobs.iter().enumerate() {
        let Some(answer) = node.get(job).or_else(|| node.get(&format!("{job}-ref"))) else { continue };
        answered = true;
        // An adjustment job repeats all that it looked at, as it is then.
        let last = jobs.iter().rposition(|(_, other, metadata)| *other == kind && is_adjustment(metadata));
        if let Some(last) = last.filter(|last| *last != place) {
            let message = format!("the answer of {job}, as {} adjusted it,", jobs[last].0);
            sheet.leave_out(&message, answer.line, &mut page.findings);
            continue;
        }
        match kind.rsplit('/').next().unwrap_or(kind) {
            "object-detection" => boxes(answer, metadata, &mut sheet, &mut page.findings),
            "image-classification" => {
                let class = metadata.class_at("class-name").or_else(|| answer.class());
                class.iter().for_each(|class| sheet.label(class));
            }
            "image-classification-multilabel" => {
                for id in answer.items().iter().filter_map(Node::words) {
                    sheet.label(&class_of(metadata, &id));
                }
            }
            "semantic-segmentation" => masks(answer, metadata, about, &mut sheet, &mut page.findings),
            other => sheet.leave_out(&format!("the answer of {other}"), answer.line, &mut page.findings),
        }
    }
    if answered {
        page.sheets.push(sheet);
    } else {
        page.skipped.count("not-annotated", Ledger { images: 1, objects: 0 });
    }
}

fn class_of(metadata: &Node<'_>, id: &str) -> String {
    metadata.get("class-map").and_then(|map| map.class_at(id)).map_or_else(|| id.to_owned(), |name| name.into_owned())
}

fn masks(
    answer: &Node<'_>,
    metadata: &Node<'_>,
    (file, pictures): (FileId, &Pictures<'_>),
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) {
    let (name, line) = (answer.as_text().unwrap_or_default(), answer.line);
    let Some(mut masks) = pictures.open(name, file, line, sheet, findings) else { return };
    for (_, class) in metadata.get("internal-color-map").map_or(&[][..], Node::members) {
        let colour =
            class.text("hex-color").and_then(|text| u32::from_str_radix(text.trim_start_matches('#'), 16).ok());
        let Some(mask) = colour.and_then(|colour| masks.remove(&colour)) else { continue };
        match class.class_at("class-name") {
            Some(name) if name == "BACKGROUND" => {}
            Some(name) => sheet.add(Found::masked(&name, line, mask), findings),
            None => sheet.add(Err(Fault::new(class.line, "the colour has no class-name")), findings),
        }
    }
    // Where nobody painted.
    masks.retain(|colour, _| ![0, 0xff_ffff].contains(colour));
    mask_pictures::note_unknown(&masks, name, line, findings);
}

fn boxes(answer: &Node<'_>, metadata: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    if let Some(size) = answer.list("image_size").first() {
        sheet.size = (size.pixels("width"), size.pixels("height"));
    }
    for (place, node) in answer.list("annotations").iter().enumerate() {
        let found = node.all_wanted(["left", "top", "width", "height"]).and_then(|[left, top, width, height]| {
            let id = node.word("class_id").ok_or_else(|| Fault::new(node.line, "the annotation has no class_id"))?;
            let mut found = Found::boxed(&class_of(metadata, &id), node.line, [left, top, left + width, top + height]);
            // Confidence 0 is what people's answers have.
            let confidence = metadata.list("objects").get(place).and_then(|object| object.number("confidence"));
            found.object.score = confidence.filter(|confidence| *confidence > 0.0);
            Ok(found)
        });
        sheet.add(found, findings);
    }
}

/// A job needs a date; nothing that is written depends on the clock.
const DATE: &str = "1970-01-01T00:00:00.000000";
const BOXES: &str = "bounding-box";
const LABELS: &str = "classes";

/// Writes a manifest per split, beside its images.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let labelled = ready.images.iter().any(|image| !ready.labels(image).is_empty());
    for split in ready.splits() {
        let line = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let url = ready.dataset.images.url.get(image.row).filter(|url| url.starts_with("s3://"));
            let url = url.filter(|url| file_name(url) == image.name).map_or(&*image.name, |url| url);
            let mut line = json!({"source-ref": url});
            let mut add = |job: &str, answer: Value, mut metadata: Value| {
                metadata["human-annotated"] = "yes".into();
                metadata["creation-date"] = DATE.into();
                metadata["job-name"] = format!("labeling-job/{job}").into();
                line[job] = answer;
                line[format!("{job}-metadata")] = metadata;
            };
            let (answer, metadata) = boxes_of(ready, image);
            add(BOXES, answer, metadata);
            if labelled {
                let labels = ready.labels(image);
                let confidences: BTreeMap<String, f64> = labels.iter().map(|label| (label.to_string(), 1.0)).collect();
                let metadata = json!({
                    "class-map": class_map(ready, labels.iter().copied()), "confidence-map": confidences,
                    "type": "groundtruth/image-classification-multilabel",
                });
                add(LABELS, json!(labels), metadata);
            }
            text.extend_from_slice(line.to_string().as_bytes());
            text.push(b'\n');
        };
        put_pieces(ready, sink, &format!("{split}/output.manifest"), "", &ready.images_of(split), line)?;
    }
    put_images(ready, sink, |image| format!("{}/{}", image.split, image.name))?;
    Ok(Remarks::new())
}

/// The names of the classes that are used, by their numbers.
fn class_map(ready: &Ready<'_>, used: impl Iterator<Item = u32>) -> BTreeMap<String, String> {
    used.filter_map(|class| Some((class.to_string(), ready.classes.get(class as usize)?.name.to_string()))).collect()
}

fn boxes_of(ready: &Ready<'_>, image: &ReadyImage) -> (Value, Value) {
    let objects = ready.objects_of(image);
    let annotations = objects.iter().map(|object| {
        let [x0, y0, x1, y1] = object.bbox;
        json!({"class_id": object.class, "left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0})
    });
    // What people say has no confidence.
    let scores = objects.iter().map(|object| ready.dataset.objects.score.get(object.row).copied().unwrap_or(0.0));
    let size = json!([{"width": image.width, "height": image.height, "depth": 3}]);
    let answer = json!({"image_size": size, "annotations": annotations.collect::<Vec<Value>>()});
    let metadata = json!({
        "objects": scores.map(|score| json!({"confidence": score})).collect::<Vec<Value>>(),
        "class-map": class_map(ready, objects.iter().map(|object| object.class)),
        "type": "groundtruth/object-detection",
    });
    (answer, metadata)
}
