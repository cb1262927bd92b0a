//! `tfds`, `tfds_classification`: the files that TensorFlow Datasets wants beside records, as 4.9 writes them itself.
//!
//! ```text
//! NAME-SPLIT.tfrecord-00000-of-00002   records, without compression; SPLIT is train, validation or test
//! features.json                        what each feature is: FeaturesDict.to_json
//! objects-label.labels.txt             names of the classes, a line each: ClassLabel.save_metadata
//! label.labels.txt                     the same of images that have a class each
//! dataset_info.json                    name, version, and how many records each file has: DatasetInfo.write_to_directory
//! ```
//!
//! An Example has a dictionary's entries under their path (`objects/label`), and a sequence's values in one list: `objects/bbox` has four for
//! each object (`core/example_serializer.py`). Numbers of 64 bits are texts in JSON, as protocol buffers have it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::keys::{self, Key};
use super::profile::Beside;
use crate::convert::options::SchemaKind;
use crate::convert::plan::Content;
use crate::convert::report::Report;
use crate::dataset::{LabelMap, Split};
use crate::record::OVERHEAD;

/// Of images that have a class each.
pub const CLASSIFICATION: Beside = Beside {
    names: "label.labels.txt",
    supervised: Some([&keys::TFDS_IMAGE, &keys::TFDS_CLASS]),
    program: "\
TensorFlow Datasets (pip install tensorflow-datasets)
-----------------------------------------------------
import tensorflow_datasets as tfds

builder = tfds.builder_from_directory(\".\")  # this folder
names = builder.info.features[\"label\"].names
for image, label in builder.as_dataset(split=list(builder.info.splits)[0], as_supervised=True):
    print(image.shape, names[label])

",
};
/// What else stands beside records.
pub const METADATA: [&str; 2] = ["dataset_info.json", "features.json"];
/// Of datasets with objects.
pub const DETECTION: Beside = Beside {
    names: "objects-label.labels.txt",
    supervised: None,
    program: "\
TensorFlow Datasets (pip install tensorflow-datasets)
-----------------------------------------------------
import tensorflow_datasets as tfds

builder = tfds.builder_from_directory(\".\")  # this folder
names = builder.info.features[\"objects\"][\"label\"].names
for example in builder.as_dataset(split=list(builder.info.splits)[0]):
    print(example[\"image\"].shape, example[\"objects\"][\"bbox\"], example[\"objects\"][\"label\"])

",
};
const FEATURES: &str = "tensorflow_datasets.core.features";

/// Refuses names that TensorFlow Datasets would not get back from a file of lines.
pub fn check_names(map: &LabelMap, schema: SchemaKind) -> Result<(), String> {
    let stays = |name: &str| !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control);
    match map.labels().iter().find(|label| !stays(&label.name)) {
        None => Ok(()),
        Some(label) => Err(format!(
            "schema {schema}: class {:?} cannot be a line in a file of names: it is empty, or has a space at an end or a control \
             character (rename gives it another name)",
            label.name
        )),
    }
}

/// The names, a line each.
pub fn names_text(map: &LabelMap) -> String {
    let lines: Vec<&str> = map.labels().iter().map(|label| &*label.name).collect();
    lines.join("\n") + "\n"
}

/// Name and text of each of [`METADATA`].
pub fn metadata(
    report: &Report,
    content: &Content,
    classes: usize,
) -> Result<[(String, Vec<u8>); 2], serde_json::Error> {
    let keys = content.schema.profile().keys.iter().map(|(key, _)| *key);
    let [info_name, features_name] = METADATA.map(str::to_owned);
    let supervised = content.schema.profile().beside.and_then(|beside| beside.supervised);
    let info = indented(&info(report, &content.name, supervised), b"  ")?;
    let features = indented(&features(keys.filter(|key| (key.found)(&content.columns)), classes), b"    ")?;
    Ok([(info_name, info), (features_name, features)])
}

fn indented(value: &Value, indent: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
    Ok(text)
}

const fn word(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Valid => "validation",
        Split::Test => "test",
    }
}

fn info(report: &Report, name: &str, supervised: Option<[&Key; 2]>) -> Value {
    let mut splits: BTreeMap<&str, (u64, Vec<String>)> = BTreeMap::new();
    for file in &report.files {
        let (bytes, lengths) = splits.entry(word(file.split)).or_default();
        // Of the Examples alone.
        *bytes += file.bytes.saturating_sub(file.records * OVERHEAD as u64);
        lengths.push(file.records.to_string());
    }
    let split = |(name, (bytes, lengths)): (&str, (u64, Vec<String>))| {
        json!({
            "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
            "name": name,
            "numBytes": bytes.to_string(),
            "shardLengths": lengths,
        })
    };
    let from =
        format!("Made by recordmill {} from a dataset in the format {}.", env!("CARGO_PKG_VERSION"), report.format);
    let mut info = json!({
        "description": from,
        "fileFormat": "tfrecord",
        "name": name,
        "splits": splits.into_iter().map(split).collect::<Vec<_>>(),
        "version": "1.0.0",
    });
    if let Some(keys) = supervised {
        let items = keys.map(|key| json!({"featureKey": key.name}));
        info["supervisedKeys"] = json!({"tuple": {"items": items}});
    }
    info
}

/// The features of `keys`, as a dictionary of which some are one of their own.
fn features<'k>(keys: impl Iterator<Item = &'k Key>, classes: usize) -> Value {
    let (mut all, mut of_objects) = (Map::new(), Map::new());
    for key in keys {
        match key.name.strip_prefix("objects/") {
            Some(name) => drop(of_objects.insert(name.to_owned(), feature(name, classes))),
            None => drop(all.insert(key.name.to_owned(), feature(key.name, classes))),
        }
    }
    if !of_objects.is_empty() {
        let sequence = json!({"feature": dictionary(of_objects), "length": "-1"});
        all.insert("objects".to_owned(), class("sequence_feature.Sequence", "sequence", sequence));
    }
    dictionary(all)
}

fn class(name: &str, content_name: &str, content: Value) -> Value {
    json!({"pythonClassName": format!("{FEATURES}.{name}"), content_name: content})
}

fn dictionary(features: Map<String, Value>) -> Value {
    class("features_dict.FeaturesDict", "featuresDict", json!({"features": features}))
}

fn feature(name: &str, classes: usize) -> Value {
    let number = |dtype: &str| {
        class("tensor_feature.Tensor", "tensor", json!({"dtype": dtype, "encoding": "none", "shape": {}}))
    };
    match name {
        "image" => {
            let shape = json!({"dimensions": ["-1", "-1", "3"]});
            class("image_feature.Image", "image", json!({"dtype": "uint8", "shape": shape}))
        }
        "image/filename" => class("text_feature.Text", "text", json!({})),
        "bbox" => {
            let shape = json!({"dimensions": ["4"]});
            let content = json!({"bboxFormat": "REL_YXYX", "dtype": "float32", "shape": shape});
            class("bounding_boxes.BBoxFeature", "boundingBox", content)
        }
        "label" => class("class_label_feature.ClassLabel", "classLabel", json!({"numClasses": classes.to_string()})),
        flag if flag.starts_with("is_") => number("bool"),
        _ => number("int64"),
    }
}
