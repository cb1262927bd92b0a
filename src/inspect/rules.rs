//! What the consumers of object detection records expect: the decoders of TensorFlow's research Object Detection API and of
//! Model Garden (`official/vision/dataloaders/tf_example_decoder.py`), as they were measured.
//!
//! * What describes the image is one value of the right kind, and `image/encoded` is an image that
//!   `tf.io.decode_image` decodes, of the size that the record says.
//! * The lists of the objects are equally long; optional ones may be absent.
//! * Coordinates are between 0 and 1, min below max.
//! * Labels are 1 and above, and each always goes with the same text.
//!
//! Records without any of these keys are no detection records and pass.

use std::collections::HashMap;

use super::payload::describe_bytes;
use super::verify::FindingSeverity::{self, Error, Warning as Warn};
use crate::dataset::{LabelMap, brief};
use crate::example::{Features, Values};
use crate::image;
use crate::record::sha256;

/// One value each.
const OF_IMAGE: [(&str, &str); 7] = [
    (ENCODED, "bytes"),
    ("image/filename", "bytes"),
    (FORMAT, "bytes"),
    (HEIGHT, "int64"),
    (SHA256, "bytes"),
    ("image/source_id", "bytes"),
    (WIDTH, "int64"),
];

/// What must be there for objects to be decoded.
const REQUIRED: [&str; 4] = [ENCODED, HEIGHT, "image/source_id", WIDTH];

/// One value per object. The mask may be PNG or float.
const OF_OBJECT: [(&str, &str); 18] = [
    ("image/object/area", "float"),
    ("image/object/bbox/confidence", "float"),
    (BOX[0], "float"),
    (BOX[1], "float"),
    (BOX[2], "float"),
    (BOX[3], "float"),
    (LABEL, "int64"),
    (TEXT, "bytes"),
    ("image/object/depiction", "int64"),
    ("image/object/difficult", "int64"),
    ("image/object/group_of", "int64"),
    ("image/object/is_crowd", "int64"),
    ("image/object/occluded", "int64"),
    ("image/object/track/label", "int64"),
    ("image/object/truncated", "int64"),
    ("image/object/view", "bytes"),
    ("image/object/weight", "float"),
    ("image/object/mask", ""),
];

const ENCODED: &str = "image/encoded";
const FORMAT: &str = "image/format";
const HEIGHT: &str = "image/height";
const WIDTH: &str = "image/width";
const SHA256: &str = "image/key/sha256";
const LABEL: &str = "image/object/class/label";
const TEXT: &str = "image/object/class/text";
const BOX: [&str; 4] =
    ["image/object/bbox/xmin", "image/object/bbox/xmax", "image/object/bbox/ymin", "image/object/bbox/ymax"];

/// Labels whose texts are remembered.
const MAX_LABELS: usize = 100_000;

/// What a rule found.
pub(super) struct Warning {
    pub severity: FindingSeverity,
    pub kind: &'static str,
    pub message: String,
}

/// The rules, and what they remember from record to record.
pub(super) struct Rules<'o> {
    label_map: Option<&'o LabelMap>,
    sha256: bool,
    texts: HashMap<i64, Box<[u8]>>,
}

type Sink<'s> = &'s mut dyn FnMut(Warning);

fn warn(out: Sink<'_>, kind: &'static str, message: String) {
    out(Warning { severity: Warn, kind, message: brief(message) });
}

impl<'o> Rules<'o> {
    pub(super) fn new(label_map: Option<&'o LabelMap>, sha256: bool) -> Self {
        Self { label_map, sha256, texts: HashMap::new() }
    }

    /// The image of an Example whose digest is to be compared with the one that it states.
    pub(super) fn to_digest<'a>(&self, features: &Features<'a>) -> Option<&'a [u8]> {
        single_bytes(features, SHA256)?;
        single_bytes(features, ENCODED).filter(|_| self.sha256)
    }

    /// What `other`, which began later in the same file, remembers, as though this one had seen those records; false where it
    /// would have found something else in them, and then nothing is changed.
    pub(super) fn take_over(&mut self, other: &Rules<'_>) -> bool {
        let agree = |(label, text): (&i64, &_)| self.texts.get(label).is_none_or(|known| known == text);
        if self.texts.len() + other.texts.len() > MAX_LABELS || !other.texts.iter().all(agree) {
            return false;
        }
        self.texts.extend(other.texts.iter().map(|(label, text)| (*label, text.clone())));
        true
    }

    /// Checks one Example; without `all`, only against the label map. `digest` is that of the image where it is known already.
    pub(super) fn check(&mut self, features: &Features<'_>, all: bool, digest: Option<&[u8; 32]>, out: Sink<'_>) {
        if all {
            for (key, kind) in OF_IMAGE {
                check_single(features, key, kind, out);
            }
            self.check_image(features, digest, out);
            check_objects(features, out);
        }
        self.check_labels(features, out);
    }

    fn check_image(&self, features: &Features<'_>, digest: Option<&[u8; 32]>, out: Sink<'_>) {
        let Some(bytes) = single_bytes(features, ENCODED) else { return };
        let header = match image::header::read(bytes) {
            Ok(header) => header,
            Err(error) => return warn(out, "image", format!("{ENCODED}: {error}")),
        };
        if !header.tensorflow {
            warn(out, "image-undecodable", format!("{ENCODED} is {}, which TensorFlow does not decode", header.kind));
        }
        if let Some(format) = single_bytes(features, FORMAT) {
            let format = String::from_utf8_lossy(format);
            // `jpg`, `JPEG`: consumers look at the bytes, so any name of the kind does.
            let known = header.kind.extensions().iter().any(|known| known.eq_ignore_ascii_case(&format));
            if !known && !format.eq_ignore_ascii_case(header.kind.format_name()) {
                warn(out, "image-format", format!("{FORMAT} is {format:?}, the image is {}", header.kind));
            }
        }
        let side = |key| features.get(key).and_then(Values::as_int64).and_then(|list| list.single());
        if let (Some(width), Some(height)) = (side(WIDTH), side(HEIGHT))
            && (width, height) != (header.width.into(), header.height.into())
        {
            let message = format!("size is {width}x{height}, the image is {}x{}", header.width, header.height);
            warn(out, "image-size", message);
        }
        if self.sha256
            && let Some(stated) = single_bytes(features, SHA256)
        {
            let digest = digest.copied().or_else(|| sha256::digests([bytes]).pop()).unwrap_or_default();
            let hash = sha256::hex(&digest);
            if !stated.eq_ignore_ascii_case(&hash) {
                let (stated, hash) = (describe_bytes(stated), describe_bytes(&hash));
                warn(out, "sha256", format!("{SHA256} is {stated}, the image has {hash}"));
            }
        }
    }

    fn check_labels(&mut self, features: &Features<'_>, out: Sink<'_>) {
        let labels = features.get(LABEL).and_then(Values::as_int64);
        let texts = features.get(TEXT).and_then(Values::as_bytes);
        let Some(map) = self.label_map else {
            if let (Some(labels), Some(texts)) = (labels, texts) {
                for (label, text) in labels.iter().zip(texts) {
                    self.check_text(label, text, out);
                }
            }
            return;
        };
        let error = |out: Sink<'_>, kind, message| out(Warning { severity: Error, kind, message });
        for (index, id) in labels.iter().flat_map(|labels| labels.iter()).enumerate() {
            if map.label(id).is_none() {
                error(out, "label-unknown", format!("{LABEL}[{index}] is {id}, which the label map does not have"));
            }
        }
        let mut ids = labels.iter().flat_map(|labels| labels.iter());
        for (index, text) in texts.iter().flat_map(|texts| texts.iter()).enumerate() {
            let name = String::from_utf8_lossy(text);
            let id = ids.next();
            match (map.id(&name), id) {
                (None, _) => {
                    error(
                        out,
                        "text-unknown",
                        format!("{TEXT}[{index}] is {name:?}, which the label map does not have"),
                    );
                }
                (Some(expected), Some(id)) if expected != id => {
                    let message = format!("object {index}: label is {id}, for {name:?} the label map has {expected}");
                    error(out, "label-text", message);
                }
                _ => {}
            }
        }
    }

    /// Without a label map: the same text for the same label, in the whole file.
    fn check_text(&mut self, label: i64, text: &[u8], out: Sink<'_>) {
        match self.texts.get(&label) {
            Some(known) if **known != *text => {
                let (text, known) = (describe_bytes(text), describe_bytes(known));
                warn(out, "label-text", format!("label {label} has text {text}, before it had {known}"));
            }
            None if self.texts.len() < MAX_LABELS => drop(self.texts.insert(label, text.into())),
            _ => {}
        }
    }
}

fn single_bytes<'a>(features: &Features<'a>, key: &str) -> Option<&'a [u8]> {
    features.get(key)?.as_bytes()?.single()
}

/// Whether a list of another kind was found and said.
fn wrong_kind(values: &Values<'_>, key: &str, kind: &str, out: Sink<'_>) -> bool {
    let wrong = values.kind().filter(|actual| !kind.is_empty() && *actual != kind);
    if let Some(actual) = wrong {
        warn(out, "feature-kind", format!("{key} is {actual}, decoders expect {kind}"));
    }
    wrong.is_some()
}

fn check_single(features: &Features<'_>, key: &str, kind: &str, out: Sink<'_>) {
    if let Some(values) = features.get(key)
        && !wrong_kind(values, key, kind, out)
        && values.len() != 1
    {
        warn(out, "not-single", format!("{key} has {} values, expected 1", values.len()));
    }
}

fn check_objects(features: &Features<'_>, out: Sink<'_>) {
    let Some(objects) = BOX.iter().filter_map(|key| features.get(key)).map(Values::len).next() else { return };
    for key in REQUIRED.into_iter().filter(|key| features.get(key).is_none()) {
        warn(out, "missing-feature", format!("{key} is missing, decoders need it"));
    }
    for (key, kind) in OF_OBJECT {
        if let Some(values) = features.get(key) {
            if !wrong_kind(values, key, kind, out) && values.len() != objects {
                let message = format!("{key} has {} values, the boxes {objects}", values.len());
                warn(out, "unequal-lengths", message);
            }
        } else if objects > 0 && (BOX.contains(&key) || key == LABEL) {
            warn(out, "missing-feature", format!("{key} is missing, there are {objects} boxes"));
        }
    }
    let side = |key| features.get(key).and_then(Values::as_float);
    for key in BOX {
        for (index, value) in side(key).iter().flat_map(|list| list.iter()).enumerate() {
            if !(0.0..=1.0).contains(&value) {
                warn(out, "coordinate-range", format!("{key}[{index}] is {value}, expected 0 to 1"));
            }
        }
    }
    for (axis, [low, high]) in [("x", [BOX[0], BOX[1]]), ("y", [BOX[2], BOX[3]])] {
        let (Some(low), Some(high)) = (side(low), side(high)) else { continue };
        for (index, (low, high)) in low.iter().zip(high.iter()).enumerate() {
            if low >= high {
                warn(out, "box-order", format!("box {index}: {axis}min {low} >= {axis}max {high}"));
            }
        }
    }
    let labels = features.get(LABEL).and_then(Values::as_int64);
    for (index, label) in labels.iter().flat_map(|labels| labels.iter()).enumerate() {
        if label < 1 {
            warn(out, "label-below-one", format!("{LABEL}[{index}] is {label}, labels start at 1"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Label;
    use crate::example::{Feature, decode, encode};

    fn found(features: &[(&str, Feature<'_>)], map: Option<&LabelMap>) -> Vec<String> {
        let bytes = encode(features);
        let mut messages = Vec::new();
        Rules::new(map, true).check(&decode(&bytes).unwrap().features, true, None, &mut |warning| {
            messages.push(format!("{}: {}", warning.kind, warning.message));
        });
        messages
    }

    fn floats(values: &[f32]) -> Feature<'_> {
        Feature::Float(values.into())
    }

    #[test]
    fn other_records_pass() {
        assert_eq!(found(&[("x", floats(&[7.0])), ("y", Feature::int64(0))], None), [""; 0]);
    }

    #[test]
    fn every_rule_speaks() {
        let features = [
            (ENCODED, Feature::text("no image")),
            (HEIGHT, Feature::Float(vec![480.0].into())),
            ("image/object/bbox/xmax", floats(&[0.5, 1.5])),
            ("image/object/bbox/xmin", floats(&[0.5, f32::NAN])),
            ("image/object/bbox/ymax", floats(&[0.9])),
            ("image/object/bbox/ymin", floats(&[0.1, 0.1])),
            (LABEL, Feature::Int64(vec![0, 1].into())),
            ("image/object/is_crowd", floats(&[0.0, 0.0])),
            (WIDTH, Feature::Int64(vec![640, 641].into())),
        ];
        assert_eq!(
            found(&features, None),
            [
                "feature-kind: image/height is float, decoders expect int64",
                "not-single: image/width has 2 values, expected 1",
                "image: image/encoded: not an image of a known kind: it starts with the bytes 6e 6f 20 69 6d 61 67 65",
                "missing-feature: image/source_id is missing, decoders need it",
                "unequal-lengths: image/object/bbox/ymax has 1 values, the boxes 2",
                "feature-kind: image/object/is_crowd is float, decoders expect int64",
                "coordinate-range: image/object/bbox/xmin[1] is NaN, expected 0 to 1",
                "coordinate-range: image/object/bbox/xmax[1] is 1.5, expected 0 to 1",
                "box-order: box 0: xmin 0.5 >= xmax 0.5",
                "label-below-one: image/object/class/label[0] is 0, labels start at 1",
            ]
        );
    }

    #[test]
    fn labels_and_texts_agree() {
        let label = |id, name: &str| Label { id, name: name.into(), display_name: None };
        let map = LabelMap::new(vec![label(1, "cat"), label(2, "dog")]).unwrap();
        let texts = Feature::Bytes(vec![b"cat"[..].into(), b"cat"[..].into(), b"cow"[..].into()]);
        let features = [(LABEL, Feature::Int64(vec![1, 2, 7].into())), (TEXT, texts)];
        assert_eq!(
            found(&features, Some(&map)),
            [
                "label-unknown: image/object/class/label[2] is 7, which the label map does not have",
                "label-text: object 1: label is 2, for \"cat\" the label map has 1",
                "text-unknown: image/object/class/text[2] is \"cow\", which the label map does not have",
            ]
        );
        let texts = Feature::Bytes(vec![b"cat"[..].into(), b"dog"[..].into()]);
        let features = [(LABEL, Feature::Int64(vec![3, 3].into())), (TEXT, texts)];
        assert_eq!(found(&features, None), ["label-text: label 3 has text \"dog\", before it had \"cat\""]);
    }
}
