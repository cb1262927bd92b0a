//! What the consumers of object detection records expect: the decoders of TensorFlow's research Object Detection API and of
//! Model Garden (`official/vision/dataloaders/tf_example_decoder.py`), as they were measured.
//!
//! * What describes the image is one value of the right kind, and `image/encoded` is an image that
//!   `tf.io.decode_image` decodes, of the size that the record says.
//! * The lists of the objects are equally long; optional ones may be absent.
//! * Coordinates are between 0 and 1, min below max.
//! * Labels are 1 and above, and each always goes with the same text.
//!
//! * Lists of a clip (SequenceExample) have a step for each frame, timestamps do not fall, and each frame is as an Example, with
//!   the names of lists ([`super::sequence`]); decoders take its objects' texts, not their labels.
//!
//! Records without any of these keys are no detection records and pass.

use std::collections::HashMap;

use super::payload::describe_bytes;
use super::sequence::{View, list_of};
use super::verify::FindingSeverity::{self, Error, Warning as Warn};
use crate::dataset::{LabelMap, brief};
use crate::example::{Features, SequenceExample, Values};
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
const FRAMES: &str = "clip/frames";
const TIMESTAMP: &str = "image/timestamp";
const ANNOTATED: &str = "region/is_annotated";
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

impl View<'_, '_> {
    /// What decoders have the classes from.
    fn class(self) -> &'static str {
        match self {
            Self::Example(_) => LABEL,
            Self::Frame(..) => TEXT,
        }
    }
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
    pub(super) fn to_digest<'a>(&self, example: &Features<'a>) -> Option<&'a [u8]> {
        let view = View::Example(example);
        single_bytes(view, SHA256)?;
        single_bytes(view, ENCODED).filter(|_| self.sha256)
    }

    /// What `other`, which began later in the same file, remembers, as though this one had seen those records; false where it
    /// would have found something else in them, and then nothing is changed.
    pub(super) fn take_over(&mut self, other: &Rules<'_>) -> bool {
        let known = &self.texts;
        let agree = other.texts.iter().all(|(label, text)| known.get(label).is_none_or(|known| known == text));
        if known.len() + other.texts.len() > MAX_LABELS || !agree {
            return false;
        }
        self.texts.extend(other.texts.iter().map(|(label, text)| (*label, text.clone())));
        true
    }

    /// Checks one Example; without `all`, only against the label map. `digest` is that of the image where it is known already.
    pub(super) fn check(&mut self, view: View<'_, '_>, all: bool, digest: Option<&[u8; 32]>, out: Sink<'_>) {
        if all {
            for (key, kind) in OF_IMAGE {
                check_single(view, key, kind, out);
            }
            self.check_image(view, digest, out);
            check_objects(view, out);
        }
        self.check_labels(view, out);
    }

    /// Checks a clip: its lists, and each frame as if it were an Example.
    pub(super) fn check_clip(&mut self, clip: &SequenceExample<'_>, all: bool, out: Sink<'_>) {
        let steps = |key: &str| clip.feature_lists.get(key).map_or(0, Vec::len);
        let frames = steps(ENCODED).max(steps(&list_of(BOX[0])));
        if all && frames > 0 {
            check_lists(clip, frames, out);
        }
        for frame in 0..frames {
            self.check(View::Frame(clip, frame), all, None, &mut |warning| {
                out(Warning { message: format!("frame {frame}: {}", warning.message), ..warning });
            });
        }
    }

    fn check_image(&self, view: View<'_, '_>, digest: Option<&[u8; 32]>, out: Sink<'_>) {
        let Some(bytes) = single_bytes(view, ENCODED) else { return };
        let header = match image::header::read(bytes) {
            Ok(header) => header,
            Err(error) => return warn(out, "image", format!("{ENCODED}: {error}")),
        };
        if !header.tensorflow {
            warn(out, "image-undecodable", format!("{ENCODED} is {}, which TensorFlow does not decode", header.kind));
        }
        if let Some(format) = single_bytes(view, FORMAT) {
            let format = String::from_utf8_lossy(format);
            // `jpg`, `JPEG`: consumers look at the bytes, so any name of the kind does.
            let known = header.kind.extensions().iter().any(|known| known.eq_ignore_ascii_case(&format));
            if !known && !format.eq_ignore_ascii_case(header.kind.format_name()) {
                warn(out, "image-format", format!("{FORMAT} is {format:?}, the image is {}", header.kind));
            }
        }
        let side = |key| view.get(key).and_then(Values::as_int64).and_then(|list| list.single());
        if let (Some(width), Some(height)) = (side(WIDTH), side(HEIGHT))
            && (width, height) != (header.width.into(), header.height.into())
        {
            let message = format!("size is {width}x{height}, the image is {}x{}", header.width, header.height);
            warn(out, "image-size", message);
        }
        if self.sha256
            && let Some(stated) = single_bytes(view, SHA256)
        {
            let digest = digest.copied().or_else(|| sha256::digests([bytes]).pop()).unwrap_or_default();
            let hash = sha256::hex(&digest);
            if !stated.eq_ignore_ascii_case(&hash) {
                let (stated, hash) = (describe_bytes(stated), describe_bytes(&hash));
                warn(out, "sha256", format!("{SHA256} is {stated}, the image has {hash}"));
            }
        }
    }

    fn check_labels(&mut self, view: View<'_, '_>, out: Sink<'_>) {
        let labels = view.get(LABEL).and_then(Values::as_int64);
        let texts = view.get(TEXT).and_then(Values::as_bytes);
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
                error(
                    out,
                    "label-unknown",
                    format!("{}[{index}] is {id}, which the label map does not have", view.name(LABEL)),
                );
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
                        format!("{}[{index}] is {name:?}, which the label map does not have", view.name(TEXT)),
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

/// What holds of the lists of a clip of so many `frames`.
fn check_lists(clip: &SequenceExample<'_>, frames: usize, out: Sink<'_>) {
    let mut lists: Vec<(&str, usize)> = clip.feature_lists.iter().map(|(key, steps)| (key, steps.len())).collect();
    lists.sort_unstable();
    for (key, steps) in lists.into_iter().filter(|(_, steps)| *steps != frames) {
        warn(out, "unequal-lengths", format!("{key} has {steps} steps, the clip {frames} frames"));
    }
    let said = clip.context.get(FRAMES).and_then(Values::as_int64).and_then(|list| list.single());
    if let Some(said) = said.filter(|said| *said != frames as i64) {
        warn(out, "clip-frames", format!("{FRAMES} is {said}, there are {frames} frames"));
    }
    if clip.feature_lists.get(&list_of(BOX[0])).is_some() && clip.feature_lists.get(ANNOTATED).is_none() {
        warn(out, "missing-feature", format!("{ANNOTATED} is missing, decoders need it"));
    }
    let time = |values: &Values<'_>| values.as_int64().and_then(|list| list.single());
    let times: Vec<Option<i64>> = clip.feature_lists.get(TIMESTAMP).into_iter().flatten().map(time).collect();
    for (frame, pair) in (1..).zip(times.windows(2)) {
        if let [Some(before), Some(time)] = pair
            && time < before
        {
            warn(out, "frame-order", format!("{TIMESTAMP} of frame {frame} is {time}, before it {before}"));
        }
    }
}

fn single_bytes<'a>(view: View<'_, 'a>, key: &str) -> Option<&'a [u8]> {
    view.get(key)?.as_bytes()?.single()
}

/// Whether a list of another kind was found and said.
fn wrong_kind(values: &Values<'_>, key: &str, kind: &str, out: Sink<'_>) -> bool {
    let wrong = values.kind().filter(|actual| !kind.is_empty() && *actual != kind);
    if let Some(actual) = wrong {
        warn(out, "feature-kind", format!("{key} is {actual}, decoders expect {kind}"));
    }
    wrong.is_some()
}

fn check_single(view: View<'_, '_>, key: &str, kind: &str, out: Sink<'_>) {
    if let Some(values) = view.get(key)
        && !wrong_kind(values, &view.name(key), kind, out)
        && values.len() != 1
    {
        warn(out, "not-single", format!("{key} has {} values, expected 1", values.len()));
    }
}

fn check_objects(view: View<'_, '_>, out: Sink<'_>) {
    let Some(objects) = BOX.iter().filter_map(|key| view.get(key)).map(Values::len).next() else { return };
    for key in REQUIRED.into_iter().filter(|key| view.get(key).is_none()) {
        warn(out, "missing-feature", format!("{key} is missing, decoders need it"));
    }
    for (key, kind) in OF_OBJECT {
        if let Some(values) = view.get(key) {
            let key = view.name(key);
            if !wrong_kind(values, &key, kind, out) && values.len() != objects {
                let message = format!("{key} has {} values, the boxes {objects}", values.len());
                warn(out, "unequal-lengths", message);
            }
        } else if objects > 0 && (BOX.contains(&key) || key == view.class()) {
            warn(out, "missing-feature", format!("{} is missing, there are {objects} boxes", view.name(key)));
        }
    }
    let side = |key| view.get(key).and_then(Values::as_float);
    for key in BOX {
        for (index, value) in side(key).iter().flat_map(|list| list.iter()).enumerate() {
            if !(0.0..=1.0).contains(&value) {
                warn(out, "coordinate-range", format!("{}[{index}] is {value}, expected 0 to 1", view.name(key)));
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
    let labels = view.get(LABEL).and_then(Values::as_int64);
    for (index, label) in labels.iter().flat_map(|labels| labels.iter()).enumerate() {
        if label < 1 {
            warn(out, "label-below-one", format!("{}[{index}] is {label}, labels start at 1", view.name(LABEL)));
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
        Rules::new(map, true).check(View::Example(&decode(&bytes).unwrap().features), true, None, &mut |warning| {
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

    #[test]
    fn clips_have_their_own_rules() {
        let boxes = |side: f32| vec![Feature::Float(vec![side].into()), Feature::Unset];
        let image = include_bytes!("../../tests/data/formats/mot/mot17/input/train/MOT17-02/img1/000001.png");
        let ints = |values: &[i64]| values.iter().map(|value| Feature::int64(*value)).collect::<Vec<_>>();
        let context = [
            ("clip/frames", Feature::int64(3)),
            ("image/format", Feature::text("png")),
            ("image/height", Feature::int64(30)),
            ("image/width", Feature::int64(41)),
        ];
        let lists = [
            ("image/encoded", vec![Feature::bytes(&image[..]); 2]),
            ("image/source_id", vec![Feature::text("1")]),
            ("image/timestamp", ints(&[5, 4])),
            ("region/bbox/xmax", boxes(0.5)),
            ("region/bbox/xmin", boxes(0.6)),
            ("region/bbox/ymax", boxes(0.9)),
            ("region/bbox/ymin", boxes(0.1)),
            ("region/label/index", vec![Feature::int64(0), Feature::Unset]),
            ("region/track/index", vec![Feature::Unset, Feature::int64(3)]),
        ];
        let bytes = crate::example::encode_sequence(&context, &lists).unwrap();
        let mut messages = Vec::new();
        Rules::new(None, true).check_clip(&crate::example::decode_sequence(&bytes).unwrap(), true, &mut |warning| {
            messages.push(format!("{}: {}", warning.kind, warning.message));
        });
        assert_eq!(
            messages,
            [
                "unequal-lengths: image/source_id has 1 steps, the clip 2 frames",
                "clip-frames: clip/frames is 3, there are 2 frames",
                "missing-feature: region/is_annotated is missing, decoders need it",
                "frame-order: image/timestamp of frame 1 is 4, before it 5",
                "image-size: frame 0: size is 41x30, the image is 40x30",
                "missing-feature: frame 0: region/label/string is missing, there are 1 boxes",
                "unequal-lengths: frame 0: region/track/index has 0 values, the boxes 1",
                "box-order: frame 0: box 0: xmin 0.6 >= xmax 0.5",
                "label-below-one: frame 0: region/label/index[0] is 0, labels start at 1",
                "image-size: frame 1: size is 41x30, the image is 40x30",
                "missing-feature: frame 1: image/source_id is missing, decoders need it",
                "unequal-lengths: frame 1: region/track/index has 1 values, the boxes 0",
            ]
        );
    }
}
