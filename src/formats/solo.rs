//! Unity Perception: SOLO, a file per frame, and the older captures, a file for many.
//!
//! ```text
//! sequence.0/step0.frame_data.json   {"frame", "captures": [{"filename": "step0.camera.png", "dimension": [w, h], "annotations":
//!   [{"@type": "type.unity.com/unity.solo.BoundingBox2DAnnotation", "values": [{"instanceId", "labelName", "origin": [x, y],
//!   "dimension": [w, h]}]}]}]}
//! Dataset1/captures_000.json         {"captures": [{"filename": "RGB1/rgb_2.png", "annotations": [{"values": [{"label_name",
//!   "instance_id", "x", "y", "width", "height"}]}]}]}
//! ```
//!
//! Specification: <https://docs.unity3d.com/Packages/com.unity.perception@1.0/manual/Schema/SoloSchema.html>. Pixels are 0-based.
//! 3-D boxes are left out with a note. Written is a dataset of SOLO per split, with
//! a sequence of one frame per image.
//!
//! Segmentation is a picture beside the frame. Of instances, `{"filename", "instances": [{"instanceId", "labelName", "color": [r, g, b,
//! a]}]}`, each colour is the mask of the box with the instance's id, else an object; of classes (`pixelValue` in place of `color`)
//! an object each, but only where the capture has no picture of instances.

use serde_json::{Value, json};

use super::json::Head;
use super::json::node::Node;
use super::mask_pictures::{self, Pictures};
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::{Ready, ReadyImage, Remarks, Sink, put, put_image};
use super::text::Fault;
use super::tree::{FileId, Tree};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, label_image};
use crate::dataset::ProblemKind;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "solo",
    aliases: &["unity", "unity-perception"],
    title: "Unity SOLO JSON",
    specification: "https://docs.unity3d.com/Packages/com.unity.perception@1.0/manual/Schema/SoloSchema.html",
    layout: "\
sequence.0/step0.frame_data.json  sequence.0/step0.camera.png
Dataset1/captures_000.json  RGB1/rgb_2.png",
    carries: &[Carries::Boxes, Carries::Masks, Carries::Negatives, Carries::Splits, Carries::Sizes, Carries::Fractions],
    detect,
    looks_for: "JSON files with \"captures\" that have \"annotations\" (Unity Perception)",
    read,
    write: Some(Write { not: &[Carries::Masks], folders: true, write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    let first = head.inside("captures");
    first.has("annotations") || first.has("filename")
}

const EXTENSIONS: [&str; 1] = ["json"];

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "Unity's captures", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let pictures = Pictures::new(tree);
    pages::read(tree, options, &FORMAT, pages::files(tree, &EXTENSIONS, look), Kind::List, &|text, file| {
        page(text, (file, &pictures))
    })
}

fn page(text: &str, about: (FileId, &Pictures<'_>)) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let mut page = Page::default();
    for capture in root.list("captures") {
        let size = capture.list("dimension");
        let side = |place: usize| {
            size.get(place).and_then(Node::as_number).filter(|side| (0.0..1e9).contains(side)).unwrap_or(0.0) as u32
        };
        let name = capture.text("filename").unwrap_or_default().to_owned();
        let mut sheet = Sheet { name, line: capture.line, size: (side(0), side(1)), ..Sheet::default() };
        if sheet.name.is_empty() {
            sheet.add(Err(Fault::new(capture.line, "the capture has no filename")), &mut page.findings);
        } else {
            let all = capture.list("annotations");
            // Pictures of depth and normals too, and those of classes where instances are read, are no images.
            let named = all.iter().filter_map(|one| one.text("filename"));
            sheet.pictures.extend(named.filter_map(|name| about.1.find(name, about.0)));
            all.iter().filter(|one| !PAINTED.contains(&kind_of(one))).for_each(|one| {
                annotation(one, &mut sheet, &mut page.findings);
            });
            let instances = all.iter().any(|one| kind_of(one) == PAINTED[0]);
            let wanted = PAINTED[usize::from(!instances)];
            for one in all.iter().filter(|one| kind_of(one) == wanted) {
                masks(one, about, &mut sheet, &mut page.findings);
            }
        }
        page.sheets.push(sheet);
    }
    Ok(page)
}

/// What is a picture: of instances, of classes.
const PAINTED: [&str; 2] = ["InstanceSegmentationAnnotation", "SemanticSegmentationAnnotation"];

fn kind_of<'n>(node: &'n Node<'_>) -> &'n str {
    let kind = node.any(&["@type", "type"]).and_then(Node::as_text).unwrap_or_default();
    kind.rsplit('.').next().unwrap_or(kind)
}

/// The masks in a picture.
fn masks(node: &Node<'_>, (file, pictures): (FileId, &Pictures<'_>), sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let (name, line) = (node.text("filename").unwrap_or_default(), node.line);
    let Some(mut masks) = pictures.open(name, file, line, sheet, findings) else { return };
    for one in node.any(&["instances", "values"]).map_or(&[][..], Node::items) {
        let colour = one.any(&["color", "pixelValue"]).map(Node::numbers).and_then(Result::ok);
        let colour = match colour.as_deref() {
            Some([red, green, blue, ..]) => label_image::colour([red, green, blue].map(|side| *side as u8)),
            _ => {
                sheet.add(Err(Fault::new(one.line, "the instance has no colour")), findings);
                continue;
            }
        };
        let Some(mask) = masks.remove(&colour) else { continue };
        let id = one.get("instanceId").and_then(Node::as_whole);
        let boxed =
            sheet.objects.iter_mut().find(|found| id.is_some() && found.object.id == id && found.object.mask.is_none());
        if let Some(found) = boxed {
            found.object.mask = Some(mask);
            continue;
        }
        let found = match one.class_at("labelName") {
            Some(class) => Found::masked(&class, one.line, mask),
            None => Err(Fault::new(one.line, "the instance has no label name")),
        };
        let numbered = found.map(|mut found| {
            found.object.id = id;
            found
        });
        sheet.add(numbered, findings);
    }
    masks.remove(&0);
    mask_pictures::note_unknown(&masks, name, line, findings);
}

fn annotation(node: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let kind = kind_of(node);
    let values = node.list("values");
    let boxes = kind.contains("BoundingBox2D")
        || kind.is_empty() && values.iter().all(|value| value.get("width").is_some() && value.get("depth").is_none());
    if !boxes {
        findings.push((ProblemKind::IgnoredField, node.line, format!("annotation {kind:?} left out")));
        return;
    }
    for value in values {
        sheet.add(object(value), findings);
    }
}

fn object(node: &Node<'_>) -> Result<Found, Fault> {
    let class = node.any(&["labelName", "label_name"]).and_then(Node::class);
    let class = class.ok_or_else(|| Fault::new(node.line, "the value has no label name"))?;
    let pair = |key: &str| match node.get(key).map(Node::numbers).transpose()?.as_deref() {
        Some([a, b]) => Ok(Some([*a, *b])),
        Some(_) => Err(Fault::new(node.line, format!("{key:?} has not two numbers"))),
        None => Ok(None),
    };
    let [x, y, width, height] = match (pair("origin")?, pair("dimension")?) {
        (Some([x, y]), Some([width, height])) => [x, y, width, height],
        _ => node.all_wanted(["x", "y", "width", "height"])?,
    };
    let mut found = Found::boxed(&class, node.line, [x, y, x + width, y + height]);
    found.object.id = node.any(&["instanceId", "instance_id"]).and_then(Node::as_whole);
    Ok(found)
}

const CAMERA: &str = "type.unity.com/unity.solo.RGBCamera";
const BOXES: &str = "type.unity.com/unity.solo.BoundingBox2DAnnotation";

fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let pretty = |value: Value| format!("{value:#}\n");
    let about = "boxes around objects";
    for split in ready.splits() {
        let places = ready.images_of(split);
        let number_of = |place: usize| places.binary_search(&place).unwrap_or_default();
        ready.for_each(&places, |place, image| {
            let number = number_of(place);
            let folder = format!("{split}/sequence.{number}");
            put(sink, &format!("{folder}/step0.frame_data.json"), pretty(frame(ready, number, image)).as_bytes())?;
            let name = format!("{folder}/{}", image.name);
            put_image(sink, place, &name)
        })?;
        let labels = (1..).zip(&ready.classes);
        let labels = labels.map(|(number, class)| json!({"label_id": number, "label_name": class.name}));
        let spec: Vec<Value> = labels.collect();
        let definition = json!({"@type": BOXES, "id": "bounding box", "description": about, "spec": spec});
        for (name, document) in [
            ("annotation_definitions", json!({"annotationDefinitions": [definition]})),
            ("metric_definitions", json!({"metricDefinitions": []})),
            (
                "sensor_definitions",
                json!({"sensorDefinitions": [{"@type": CAMERA, "id": "camera", "modality": "camera", "description": ""}]}),
            ),
            (
                "metadata",
                json!({
                    "unityVersion": "", "perceptionVersion": "1.0.0", "totalFrames": places.len(),
                    "totalSequences": places.len(), "sensors": ["camera"], "metricCollectors": [],
                    "annotators": [{"name": "bounding box", "type": BOXES}],
                }),
            ),
        ] {
            put(sink, &format!("{split}/{name}.json"), pretty(document).as_bytes())?;
        }
    }
    Ok(Remarks::new())
}

fn frame(ready: &Ready<'_>, number: usize, image: &ReadyImage) -> Value {
    let values = (1..).zip(ready.objects_of(image)).map(|(instance, object)| {
        let [x0, y0, x1, y1] = object.bbox;
        json!({
            "instanceId": ready.dataset.objects.id.get(object.row).copied().unwrap_or(instance),
            "labelId": object.class + 1, "labelName": ready.class_of(object),
            "origin": [x0, y0], "dimension": [x1 - x0, y1 - y0],
        })
    });
    let boxes = json!({
        "@type": BOXES, "id": "bounding box", "sensorId": "camera", "description": "boxes around objects",
        "values": values.collect::<Vec<Value>>(),
    });
    let capture = json!({
        "@type": CAMERA, "id": "camera", "description": "", "position": [0.0, 0.0, 0.0],
        "rotation": [0.0, 0.0, 0.0, 1.0], "velocity": [0.0, 0.0, 0.0], "acceleration": [0.0, 0.0, 0.0],
        "filename": image.name, "imageFormat": image_format(&image.name), "dimension": [image.width, image.height],
        "projection": "Perspective", "matrix": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], "annotations": [boxes],
    });
    json!({"frame": number, "sequence": number, "step": 0, "timestamp": 0.0, "captures": [capture], "metrics": []})
}

/// What Unity calls the kind of a file.
fn image_format(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref() {
        Some("jpg" | "jpeg") => "Jpg",
        _ => "Png",
    }
}
