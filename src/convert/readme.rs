//! `README.txt` in the output: what it is, what is in it, and short programs that read it.

use std::fmt::Write;

use super::manifest::MANIFEST;
use super::options::{Layout, MaskForm, Options, SchemaKind, Segmentation};
use super::plan::Content;
use super::report::Report;
use crate::record::Compression;

/// The text. `label_maps` are the names of those files.
pub fn readme(report: &Report, options: &Options, content: &Content, label_maps: &[String]) -> String {
    let mut text = String::new();
    // Writing into a String does not fail.
    let _ = match options.layout {
        Layout::Flat => head(&mut text, report),
        Layout::Roboflow => head_roboflow(&mut text, report, options),
    };
    let _ = tables(&mut text, report, label_maps);
    let _ = features(&mut text, options, content);
    programs(&mut text, report, options);
    text
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn head(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(text, "An annotated image dataset as TFRecord files\n============================================\n")?;
    writeln!(
        text,
        "{} with {} of {}, made by recordmill {} from a dataset in the format {}.\n",
        plural(report.images, "image", "images"),
        plural(report.objects, "object", "objects"),
        plural(report.classes.len() as u64, "class", "classes"),
        env!("CARGO_PKG_VERSION"),
        report.format,
    )
}

/// In the words of the README that Roboflow puts beside such files.
fn head_roboflow(text: &mut String, report: &Report, options: &Options) -> std::fmt::Result {
    let mut group: Vec<char> = options.group().chars().collect();
    if let Some(first) = group.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    let group: String = group.into_iter().collect();
    writeln!(text, "\n{}\n==============================\n", options.group())?;
    writeln!(text, "This dataset was made by recordmill {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(text, "The dataset includes {}.", plural(report.images, "image", "images"))?;
    writeln!(text, "{group} are annotated in Tensorflow TFRecord (raccoon) format.\n")?;
    writeln!(text, "No pre-processing was applied to the images.\n")?;
    writeln!(text, "No image augmentation techniques were applied.\n")
}

fn tables(text: &mut String, report: &Report, label_maps: &[String]) -> std::fmt::Result {
    writeln!(text, "Files\n-----")?;
    let width = report.files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    for file in &report.files {
        let records = plural(file.records, "record", "records");
        writeln!(text, "{:width$}  {records}, {} bytes", file.name, file.bytes)?;
    }
    writeln!(text, "{}: the classes and their ids", label_maps.join(", "))?;
    writeln!(text, "{MANIFEST}: options, counts and checksums of each file\n")?;
    writeln!(text, "Classes\n-------")?;
    for class in &report.classes {
        let images = plural(class.images, "image", "images");
        // A name is data: what would break the line is escaped.
        let name = class.name.escape_debug();
        writeln!(text, "{:>5}  {name}: {} in {images}", class.id, plural(class.objects, "object", "objects"))?;
    }
    writeln!(text)
}

fn features(text: &mut String, options: &Options, content: &Content) -> std::fmt::Result {
    let (columns, attributes) = (content.columns, !content.attributes.is_empty());
    writeln!(text, "A record\n--------")?;
    writeln!(text, "Each record is a tf.train.Example of one image (schema {}):\n", options.schema)?;
    if options.schema == SchemaKind::Classification {
        return text.write_str(CLASSIFICATION_FEATURES);
    }
    let full = options.schema == SchemaKind::Tfod;
    let optional = |wanted, name, what| (full && wanted).then_some((name, what));
    let source_id = match (options.schema, options.source_id.name()) {
        (SchemaKind::Basic, _) => "the name again",
        (_, "index") => "place in the source from 1, as text",
        (_, "id") => "the source's id, as text",
        _ => "the name again",
    };
    let rows = [
        optional(columns.captions, "image/caption", "list: sentences about the image"),
        optional(columns.labels, "image/class/{label,text}", "a list each: classes of the whole image"),
        Some(("image/encoded", "the image's file, as it was")),
        Some(("image/filename", "its name")),
        Some(("image/format", if full { "jpeg, png ..." } else { "jpg" })),
        Some(("image/height, image/width", "of the stored pixels")),
        optional(options.sha256, "image/key/sha256", "of the image's file"),
        optional(columns.area, "image/object/area", "list: square pixels"),
        optional(attributes, "image/object/attribute/NAME", "a list each: values, none where an object has none"),
        optional(columns.confidence, "image/object/bbox/confidence", "list: 1 is sure"),
        Some(("image/object/bbox/{xmin,xmax,ymin,ymax}", "a list each: fractions of width and height")),
        Some(("image/object/class/label", "list: id in the label map")),
        Some(("image/object/class/text", "list: name in the label map")),
        optional(columns.corners, "image/object/corners/{x,y}", "a list each: four of each turned box, else zeros"),
        optional(columns.depiction, "image/object/depiction", "list: 1 is a drawing or the like"),
        optional(columns.difficult, "image/object/difficult", "list: 1 is hard to recognise"),
        optional(columns.group_of, "image/object/group_of", "list: 1 is one box around many"),
        optional(columns.id, "image/object/id", "list: the source's own number of the object"),
        optional(columns.crowd, "image/object/is_crowd", "list: 1 is one box around many"),
        optional(columns.keypoints > 0, "image/object/keypoint/{x,y}", "a list each: fractions of width and height"),
        optional(columns.keypoints > 0, "image/object/keypoint/{visibility,text}", "a list each: 0 to 2; name"),
        optional(columns.keypoints > 0, "image/object/keypoint/num", "list: how many of an object are labelled"),
        optional(columns.masks == MaskForm::Png, "image/object/mask", "list: a PNG of 0 and 1 for each object"),
        optional(
            columns.masks == MaskForm::Numerical,
            "image/object/mask",
            "list: 0 or 1 for each pixel of each object",
        ),
        optional(columns.occluded, "image/object/occluded", "list: 1 is partly hidden"),
        optional(columns.track, "image/object/track/label", "list: number of the track, -1 for none"),
        optional(columns.truncated, "image/object/truncated", "list: 1 is cut off"),
        optional(columns.view, "image/object/view", "list: pose"),
        optional(
            columns.maps == Segmentation::Panoptic,
            "image/panoptic/{category_mask,instance_mask}",
            "PNGs: id of the class, number of the object, for each pixel",
        ),
        optional(
            columns.maps == Segmentation::PanopticEncoded,
            "image/panoptic/{category,instance}/encoded",
            "PNGs: id of the class, number of the object, for each pixel",
        ),
        optional(
            columns.maps != Segmentation::None,
            "image/segmentation/class/encoded",
            "a PNG: id of the class for each pixel, 0 for none",
        ),
        Some(("image/source_id", source_id)),
    ];
    for (name, what) in rows.into_iter().flatten() {
        writeln!(text, "{name:40} {what}")?;
    }
    writeln!(text, "\nAn image without objects has the lists, empty.\n")
}

const CLASSIFICATION_FEATURES: &str = "\
image/class/label                        id in the label map, from 1
image/class/text                         name in the label map
image/encoded                            the image's file, as it was
image/filename                           its name
image/format                             jpeg, png ...
image/height, image/width                of the stored pixels

";

const CLASSIFICATION: &str = r#"TensorFlow and Keras
--------------------
import tensorflow as tf

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64),
}


def parse(record):
    example = tf.io.parse_single_example(record, FEATURES)
    image = tf.io.decode_image(example["image/encoded"], channels=3, expand_animations=False)
    # Ids start at 1, as in the label map; losses such as SparseCategoricalCrossentropy count from 0.
    return tf.image.resize(image, (224, 224)), example["image/class/label"] - 1


files = sorted(tf.io.gfile.glob("@GLOB@"))
dataset = tf.data.TFRecordDataset(files@TF_COMPRESSION@).map(parse).batch(8)
for images, labels in dataset.take(1):
    print(images.shape, labels.numpy())
"#;

const TENSORFLOW: &str = r#"TensorFlow
----------
import tensorflow as tf

SIDES = ["ymin", "xmin", "ymax", "xmax"]
FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/object/class/label": tf.io.VarLenFeature(tf.int64),
    **{"image/object/bbox/" + side: tf.io.VarLenFeature(tf.float32) for side in SIDES},
}


def parse(record):
    example = tf.io.parse_single_example(record, FEATURES)
    image = tf.io.decode_image(example["image/encoded"], channels=3, expand_animations=False)
    boxes = [tf.sparse.to_dense(example["image/object/bbox/" + side]) for side in SIDES]
    labels = tf.sparse.to_dense(example["image/object/class/label"])
    return image, tf.stack(boxes, axis=-1), labels


files = sorted(tf.io.gfile.glob("@GLOB@"))
dataset = tf.data.TFRecordDataset(files@TF_COMPRESSION@).map(parse)
for image, boxes, labels in dataset.take(3):
    print(image.shape, boxes.numpy(), labels.numpy())
"#;

const KERAS: &str = r#"
Keras (behind the program above)
--------------------------------
import keras


def to_keras(image, boxes, labels):
    # The boxes are fractions: they stay as they are when the image is resized.
    return {"images": tf.image.resize(image, (640, 640)), "bounding_boxes": {"boxes": boxes, "labels": labels}}


PADDING = {"images": 0.0, "bounding_boxes": {"boxes": -1.0, "labels": tf.constant(-1, tf.int64)}}
flip = keras.layers.RandomFlip("horizontal", bounding_box_format="rel_yxyx")
batches = dataset.map(to_keras).padded_batch(8, padding_values=PADDING).map(flip)
for batch in batches.take(1):
    print(batch["images"].shape, batch["bounding_boxes"]["boxes"].shape)
"#;

const PYTORCH: &str = r#"
PyTorch (without TensorFlow: pip install recordmill torch pillow)
-----------------------------------------------------------------
import glob
import io

import numpy as np
import recordmill as rm
import torch
from PIL import Image


class Records(torch.utils.data.IterableDataset):
    def __init__(self, files):
        self.files = files

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for file in self.files[first::step]:
            for payload in rm.TFRecordReader(file):
                example = rm.decode_example(payload)
                image = Image.open(io.BytesIO(example["image/encoded"][0])).convert("RGB")
@YIELD@


for image, @TARGET@ in Records(sorted(glob.glob("@GLOB@"))):
    print(image.shape, @TARGET@)
"#;

/// What [`PYTORCH`] makes of an Example with objects, and what it calls that.
const BOXES: (&str, &str) = (
    "target",
    r#"                sides = [example["image/object/bbox/" + side] for side in ("xmin", "ymin", "xmax", "ymax")]
                boxes = np.stack(sides, axis=-1) * np.array([*image.size, *image.size], np.float32)
                target = {
                    "boxes": torch.as_tensor(boxes.astype(np.float32)),
                    "labels": torch.as_tensor(np.array(example["image/object/class/label"], np.int64)),
                }
                yield torch.as_tensor(np.array(image)).permute(2, 0, 1), target"#,
);
/// The same of one with a class.
const LABEL: (&str, &str) = (
    "label",
    r#"                yield torch.as_tensor(np.array(image)).permute(2, 0, 1), int(example["image/class/label"][0]) - 1"#,
);

fn programs(text: &mut String, report: &Report, options: &Options) {
    let split = report.splits.first().map_or("train", |split| split.name.name());
    let glob = match options.layout {
        Layout::Flat => format!("{split}*.tfrecord"),
        Layout::Roboflow => format!("{split}/*.tfrecord"),
    };
    let compression = match options.compression {
        Compression::None => "",
        Compression::Gzip => ", compression_type=\"GZIP\"",
        Compression::Zlib => ", compression_type=\"ZLIB\"",
    };
    let (programs, (target, made)): (&[&str], _) = match options.schema {
        SchemaKind::Classification => (&[CLASSIFICATION, PYTORCH], LABEL),
        SchemaKind::Tfod | SchemaKind::Basic => (&[TENSORFLOW, KERAS, PYTORCH], BOXES),
    };
    let fill = |program: &str| program.replace("@GLOB@", &glob).replace("@TF_COMPRESSION@", compression);
    for program in programs {
        *text += &fill(program).replace("@YIELD@", made).replace("@TARGET@", target);
    }
}
