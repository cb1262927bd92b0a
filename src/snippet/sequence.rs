//! Programs for SequenceExamples: an item for each clip, whose lists have an entry for each frame.

use super::reading::{Field, Kind, Reading, SIDES, Shape};
use super::tensorflow::{Lists, features};
use super::{Files, Framework, literal, numpy, tensorflow};

const ENCODED: &str = "image/encoded";
const BOX: &str = "region/bbox/";
/// Names that things have in a program. What is not there has its key.
const NAMES: [(&str, &str); 8] = [
    ("clip/media_id", "clip"),
    ("image/source_id", "source_ids"),
    ("image/timestamp", "timestamps"),
    ("region/is_annotated", "is_annotated"),
    ("region/label/confidence", "weights"),
    ("region/label/index", "labels"),
    ("region/label/string", "label_texts"),
    ("region/track/index", "tracks"),
];
/// What is about the files, or follows from other things.
const NO_ITEMS: [&str; 9] = [
    "clip/end/timestamp",
    "clip/frames",
    "clip/start/timestamp",
    "example/dataset_name",
    "image/channels",
    "image/filename",
    "image/format",
    "image/height",
    "image/width",
];

/// A program for `framework`.
pub(super) fn program(framework: Framework, files: &Files, reading: &Reading) -> String {
    match framework {
        Framework::TensorFlow => {
            format!("import tensorflow as tf\n\n{}\n\n{}", dataset(files, reading), tensorflow::SHOW)
        }
        Framework::Keras => format!("import tensorflow as tf\n\n{}\n{}", dataset(files, reading), keras(reading)),
        Framework::Torch => numpy::torch_around(files, has_images(reading), &parse_numpy(reading, true)),
        Framework::Jax => numpy::jax_around(files, has_images(reading), &parse_numpy(reading, false)),
    }
}

fn list<'r>(reading: &'r Reading, key: &str) -> Option<&'r Field> {
    reading.lists.iter().find(|field| field.key == key)
}

fn has_images(reading: &Reading) -> bool {
    list(reading, ENCODED).is_some_and(|field| field.kind == Kind::Bytes && field.shape == Shape::Steps(1))
}

fn has_boxes(reading: &Reading) -> bool {
    SIDES.iter().all(|side| list(reading, &format!("{BOX}{side}")).is_some_and(|field| field.kind == Kind::Float))
}

/// Names of the things that are features as they are: those of the clip, those of its frames.
fn others(reading: &Reading) -> [Vec<(&str, &Field)>; 2] {
    let (images, boxes) = (has_images(reading), has_boxes(reading));
    let side = |key: &str| key.strip_prefix(BOX).is_some_and(|side| SIDES.contains(&side));
    let wanted = |key: &str| !(NO_ITEMS.contains(&key) || images && key == ENCODED || boxes && side(key));
    [&reading.fields, &reading.lists].map(|fields| {
        let fields = fields.iter().filter(|field| wanted(&field.key));
        let name = |field: &Field| NAMES.iter().find(|(key, _)| *key == field.key).map(|(_, name)| *name);
        fields.map(|field| (name(field).unwrap_or(&field.key), field)).collect()
    })
}

const IMAGES: &str = "
def images_of(encoded):
    def decode(image):
        return tf.io.decode_image(image, channels=3, expand_animations=False)

    return tf.map_fn(decode, encoded, fn_output_signature=tf.TensorSpec([None, None, 3], tf.uint8))

";

/// From `FILES` to `dataset`, whose elements are dicts.
fn dataset(files: &Files, reading: &Reading) -> String {
    let [context, lists] = [&reading.fields, &reading.lists].map(|fields| features(fields, &[], Lists::Ragged));
    let left_out: String = reading.left_out.iter().map(|key| format!("# Of no one type: {}\n", literal(key))).collect();
    let mut text = format!(
        "{}# Of the clip.\nCONTEXT = {{\n{context}}}\n# Of its frames.\nLISTS = {{\n{lists}}}\n{left_out}\n",
        files.lines("tf.io.gfile.glob")
    );
    if has_images(reading) {
        text += IMAGES;
    }
    text += "\ndef parse(record):\n    clip, lists = tf.io.parse_single_sequence_example(record, CONTEXT, LISTS)\n    return {\n";
    if has_images(reading) {
        text += &format!("        \"images\": images_of(lists[{}]),\n", literal(ENCODED));
    }
    if has_boxes(reading) {
        let sides = SIDES.map(|side| format!("lists[{}]", literal(&format!("{BOX}{side}"))));
        text += "        # ymin, xmin, ymax, xmax as fractions of height and width; of as many as each frame has.\n";
        text += &format!(
            "        \"boxes\": tf.stack(\n            [\n                {},\n            ],\n            axis=2,\n        ),\n",
            sides.join(",\n                ")
        );
    }
    let [clip, frames] = others(reading);
    for (name, field) in clip {
        text += &format!("        {}: clip[{}],\n", literal(name), literal(&field.key));
    }
    for (name, field) in frames {
        text += &format!("        {}: lists[{}],\n", literal(name), literal(&field.key));
    }
    text + "    }\n\n\n" + &tensorflow::records(files)
}

/// Batches of clips: the shorter ones are filled up.
fn keras(reading: &Reading) -> String {
    let mut items = String::new();
    if has_images(reading) {
        items += "        \"images\": tf.image.resize(item[\"images\"], (224, 224)),\n";
    }
    if has_boxes(reading) {
        items += "        \"boxes\": item[\"boxes\"].to_tensor(-1.0),\n";
    }
    let is_ragged = |key: &str, kind: Kind| {
        list(reading, key).is_some_and(|field| field.shape == Shape::List && field.kind == kind)
    };
    for (key, name) in [("region/label/index", "labels"), ("region/track/index", "tracks")] {
        if is_ragged(key, Kind::Int64) {
            items += &format!("        \"{name}\": item[\"{name}\"].to_tensor(-1),\n");
        }
    }
    format!(
        "\n\ndef to_keras(item):\n    # Frames of fewer objects, and shorter clips in a batch, are filled up: with -1, and black images.\n    return {{\n{items}    }}\n\n\nPADDING = {{\"images\": 0.0, \"boxes\": -1.0, \"labels\": tf.constant(-1, tf.int64), \"tracks\": tf.constant(-1, tf.int64)}}\nclips = dataset.map(to_keras)\nbatches = clips.padded_batch(2, padding_values={{name: PADDING[name] for name in clips.element_spec}})\nfor batch in batches.take(1):\n    for name, value in batch.items():\n        print(name, value.dtype.name, value.shape)\n"
    )
}

const STEPS: &str = "
def steps(lists, key):
    # A frame may have no value, and a clip not the list.
    return [[] if values is None else values for values in lists.get(key, [])]

";

/// `parse` for programs without TensorFlow.
fn parse_numpy(reading: &Reading, channels_first: bool) -> String {
    let mut text = String::new();
    if has_images(reading) {
        text += &[numpy::PICTURE, numpy::COLOURS].concat();
    }
    text += STEPS;
    if has_boxes(reading) {
        let sides = ["xmin", "ymin", "xmax", "ymax"].map(|side| literal(&format!("{BOX}{side}")));
        text += &format!("\nSIDES = ({})\n\n", sides.join(", "));
    }
    text += "\ndef parse(record):\n    clip, lists = rm.decode_sequence_example(record)\n";
    if has_images(reading) {
        let key = literal(ENCODED);
        text += &format!(
            "    images = np.stack([colours(one) for (one,) in steps(lists, {key})])\n    height, width = images.shape[1:3]\n"
        );
    }
    text += "    return {\n";
    if has_images(reading) {
        let order = if channels_first { ".transpose(0, 3, 1, 2)" } else { "" };
        text += &format!("        \"images\": images{order},\n");
    }
    if has_boxes(reading) {
        let (what, scale) = match has_images(reading) {
            true => ("in pixels", "\n            * np.float32([width, height, width, height])"),
            false => ("as fractions", ""),
        };
        text += &format!("        # xmin, ymin, xmax, ymax {what}: an array for each frame.\n");
        text += &format!(
            "        \"boxes\": [\n            np.stack([np.array(side, np.float32) for side in sides], axis=-1){scale}\n            for sides in zip(*(steps(lists, key) for key in SIDES), strict=True)\n        ],\n"
        );
    }
    let [clip, frames] = others(reading);
    for (name, field) in clip {
        let key = literal(&field.key);
        let values = match field.always {
            true => format!("clip[{key}]"),
            false => format!("clip.get({key}, [])"),
        };
        text += &format!("        {}: {},\n", literal(name), one_of(field, &values));
    }
    for (name, field) in frames {
        let each = one_of(field, "values");
        text += &format!("        {}: [{each} for values in steps(lists, {})],\n", literal(name), literal(&field.key));
    }
    text + "    }\n"
}

/// The `values` of a feature: a number, an array of numbers, a text or bytes, a list of those.
fn one_of(field: &Field, values: &str) -> String {
    match (field.kind, field.shape, field.text) {
        (Kind::Bytes, Shape::One | Shape::Steps(1), true) => format!("{values}[0].decode()"),
        (_, Shape::One | Shape::Steps(1), _) => format!("{values}[0]"),
        (Kind::Bytes, _, true) => format!("[text.decode() for text in {values}]"),
        (Kind::Bytes, _, false) => format!("list({values})"),
        (Kind::Float, ..) => format!("np.array({values}, np.float32)"),
        (Kind::Int64, ..) => format!("np.array({values}, np.int64)"),
    }
}
