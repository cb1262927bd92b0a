//! Programs for Keras 3: `tf.data` up to batches of what a model trains on.

use super::reading::{Kind, Part, Reading, Shape};
use super::{Files, tensorflow};

const BOXES: &str = r#"
def to_keras(item):
    # The boxes are fractions: they stay as they are when the image is resized. KerasCV calls the labels "classes".
    boxes = {"boxes": item["boxes"], "labels": item["labels"]}
    return {"images": tf.image.resize(item["image"], (640, 640)), "bounding_boxes": boxes}


PADDING = {"images": 0.0, "bounding_boxes": {"boxes": -1.0, "labels": tf.constant(-1, tf.int64)}}
flip = keras.layers.RandomFlip("horizontal", bounding_box_format="rel_yxyx")
batches = dataset.map(to_keras).padded_batch(8, padding_values=PADDING).map(flip)
for batch in batches.take(1):
    print(batch["images"].shape, batch["bounding_boxes"]["boxes"].shape)
"#;

const LABEL: &str = r#"
def to_keras(item):
@SHIFT@


batches = dataset.map(to_keras).batch(8)
for images, labels in batches.take(1):
    print(images.shape, labels.numpy())
"#;

const LABELS: &str = r#"
def to_keras(item):
    return tf.image.resize(item["image"], (224, 224)), item["label"]


# Shorter lists are filled up with -1, of which tf.one_hot makes zeros: tf.reduce_max(tf.one_hot(labels, depth), 1)
# has a 1 for each class of an image.
batches = dataset.map(to_keras).padded_batch(8, padding_values=(0.0, tf.constant(-1, tf.int64)))
for images, labels in batches.take(1):
    print(images.shape, labels.numpy())
"#;

const MAP: &str = r#"
def to_keras(item):
    image = tf.image.resize(item["image"], (512, 512))
    # Numbers of classes cannot be mixed: each pixel has that of its nearest.
    return image, tf.image.resize(item["segmentation"][..., tf.newaxis], (512, 512), method="nearest")


batches = dataset.map(to_keras).batch(8)
for images, maps in batches.take(1):
    print(images.shape, maps.shape)
"#;

/// Anything else: a dict of batches.
const ITEMS: &str = r#"
batches = dataset@RESIZE@.padded_batch(8)
for batch in batches.take(1):
    for name, value in batch.items():
        print(name, value.dtype.name, value.shape)
"#;

const RESIZE: &str = r#".map(lambda item: {**item, "image": tf.image.resize(item["image"], (224, 224))})"#;

const SHIFTED: &str = r#"    # Ids start at 1; losses such as SparseCategoricalCrossentropy count from 0.
    return tf.image.resize(item["image"], (224, 224)), item["label"] - 1"#;
const AS_IT_IS: &str = r#"    return tf.image.resize(item["image"], (224, 224)), item["label"]"#;

pub(super) fn program(files: &Files, reading: &Reading) -> String {
    let has = |name: &str| reading.has(name);
    let label = reading.items.iter().find_map(|(name, part)| match part {
        Part::Value(key) if name == "label" => reading.field(key),
        _ => None,
    });
    let label = label.filter(|label| has("image") && label.kind == Kind::Int64);
    let boxes = has("image") && has("boxes") && has("labels");
    let (import, end) = if boxes && reading.boxed {
        ("import keras\n", BOXES.to_owned())
    } else if has("image") && has("segmentation") {
        ("", MAP.to_owned())
    } else if let Some(label) = label {
        let one = LABEL.replace("@SHIFT@", if reading.first_label >= 1 { SHIFTED } else { AS_IT_IS });
        ("", if label.shape == Shape::One { one } else { LABELS.to_owned() })
    } else if boxes {
        ("import keras\n", BOXES.to_owned())
    } else {
        ("", ITEMS.replace("@RESIZE@", if has("image") { RESIZE } else { "" }))
    };
    let gap = if end.starts_with("\ndef") { "\n" } else { "" };
    format!("{import}import tensorflow as tf\n\n{}\n{gap}{end}", tensorflow::dataset(files, reading))
}
