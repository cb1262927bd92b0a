//! The files beside the records: label map, README and manifest. Nothing in them depends on the time, the machine, the
//! number of threads or where the folders are.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::losses::Loss;
use super::options::{Layout, Options, SchemaKind};
use super::report::{ClassCount, FileReport, Report, SplitCount};
use super::schema::tfds;
use crate::dataset::{LabelMap, Skipped, Split};
use crate::formats::label_map;
use crate::formats::tree::{self, ANNOTATION_EXTENSIONS};
use crate::image::is_image_name;

/// The manifest's name beside records. It is written last: a folder that has it has all that it lists.
pub const MANIFEST: &str = tree::OURS;
/// The same beside a dataset in another format.
pub const OF_DATASET: &str = tree::OURS_HIDDEN;
/// Extensions of what is written to datasets besides images and annotations (Darknet's, Edge Impulse's, MOT's).
const OTHER_EXTENSIONS: [&str; 4] = ["data", "ini", "labels", "names"];
/// The name of what a person reads first.
pub const README: &str = "README.txt";

#[derive(Serialize)]
struct Manifest<'a> {
    recordmill: &'static str,
    source_format: &'a str,
    options: Written<'a>,
    #[serde(flatten)]
    counts: Counts<'a>,
    problem_counts: BTreeMap<&'static str, u64>,
    classes: &'a [ClassCount],
    splits: &'a [SplitCount],
    files: &'a [FileReport],
    label_maps: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    metadata: &'a [&'a str],
}

/// The options that the records depend on.
#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    layout: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    split: String,
    split_exact: bool,
    shards: String,
    shuffle: bool,
    seed: u64,
    compression: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u32>,
    source_id: &'static str,
    masks: &'static str,
    segmentation: &'static str,
    reencode: String,
    auto_orient: bool,
    sha256: bool,
    file_sha256: bool,
    #[serde(flatten)]
    rules: Rules<'a>,
}

/// Its like for a dataset in another format.
#[derive(Serialize)]
struct DatasetManifest<'a> {
    recordmill: &'static str,
    format: &'a str,
    source_format: &'a str,
    options: DatasetWritten<'a>,
    #[serde(flatten)]
    counts: Counts<'a>,
    losses: &'a [Loss],
    classes: &'a [ClassCount],
    splits: &'a [SplitCount],
    files: Vec<Named<'a>>,
}

/// The options that such a dataset depends on.
#[derive(Serialize)]
struct DatasetWritten<'a> {
    images_mode: &'static str,
    split: String,
    split_exact: bool,
    seed: u64,
    #[serde(flatten)]
    rules: Rules<'a>,
}

/// How much was read and written, for both.
#[derive(Serialize)]
struct Counts<'a> {
    images: u64,
    objects: u64,
    empty_images: u64,
    images_read: u64,
    objects_read: u64,
    skipped: &'a Skipped,
}

/// The options that say what is kept and what stops the run, for both.
#[derive(Serialize)]
struct Rules<'a> {
    drop_empty: bool,
    skip_rule: super::boxes::SkipRule,
    #[serde(flatten)]
    select: &'a super::select::Selection,
    strict: bool,
    on_error: &'static str,
}

/// A file of it; there may be very many.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

/// The text of the manifest. `metadata` are the files beside records that their schema has of its own.
pub fn manifest(
    report: &Report,
    label_maps: &[String],
    metadata: &[&str],
    options: &Options,
) -> Result<Vec<u8>, serde_json::Error> {
    let written = Written {
        schema: options.schema.name(),
        layout: options.layout.name(),
        group: match options.layout {
            Layout::Roboflow => Some(options.group()),
            Layout::Flat => options.schema.profile().is_named().then(|| options.dataset_name()),
        },
        split: options.split.to_string(),
        split_exact: options.exact_split,
        shards: options.shards.to_string(),
        shuffle: options.shuffle,
        seed: options.seed,
        compression: options.compression.name(),
        level: options.level,
        source_id: options.source_id.name(),
        masks: options.masks.name(),
        segmentation: options.segmentation.name(),
        reencode: options.reencode.to_string(),
        auto_orient: options.auto_orient,
        sha256: options.sha256,
        file_sha256: options.file_sha256,
        rules: rules(options),
    };
    let manifest = Manifest {
        recordmill: env!("CARGO_PKG_VERSION"),
        source_format: &report.format,
        options: written,
        counts: counts(report),
        problem_counts: report.problem_counts.iter().map(|(kind, count)| (kind.word(), *count)).collect(),
        classes: &report.classes,
        splits: &report.splits,
        files: &report.files,
        label_maps,
        metadata,
    };
    text(&manifest)
}

/// The manifest of a dataset that is not records: `files` are all of its files but this one.
pub fn of_dataset(report: &Report, files: &[String], options: &Options) -> Result<Vec<u8>, serde_json::Error> {
    let written = DatasetWritten {
        images_mode: options.images_mode.name(),
        split: options.split.to_string(),
        split_exact: options.exact_split,
        seed: options.seed,
        rules: rules(options),
    };
    let manifest = DatasetManifest {
        recordmill: env!("CARGO_PKG_VERSION"),
        format: &report.target,
        source_format: &report.format,
        options: written,
        counts: counts(report),
        losses: &report.losses,
        classes: &report.classes,
        splits: &report.splits,
        files: files.iter().map(|name| Named { name }).collect(),
    };
    text(&manifest)
}

fn counts(report: &Report) -> Counts<'_> {
    Counts {
        images: report.images,
        objects: report.objects,
        empty_images: report.empty_images,
        images_read: report.images_read,
        objects_read: report.objects_read,
        skipped: &report.skipped,
    }
}

fn rules(options: &Options) -> Rules<'_> {
    Rules {
        drop_empty: options.drop_empty,
        skip_rule: options.skip_rule,
        select: &options.select,
        strict: options.strict,
        on_error: options.on_error.name(),
    }
}

fn text(manifest: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(manifest)?;
    text.push(b'\n');
    Ok(text)
}

/// Names of the label maps that `options` asks for: one, or one per split.
pub fn label_map_names(splits: &[Split], options: &Options) -> Vec<String> {
    match options.layout {
        Layout::Flat => {
            vec![options.schema.profile().beside.map_or("label_map.pbtxt", |beside| beside.names).to_owned()]
        }
        Layout::Roboflow => splits.iter().map(|split| format!("{split}/{}_label_map.pbtxt", options.group())).collect(),
    }
}

/// The text of the label map.
pub fn label_map_text(map: &LabelMap, options: &Options) -> String {
    match options.layout {
        Layout::Flat if options.schema.profile().beside.is_some() => tfds::names_text(map),
        Layout::Flat => label_map::to_text(map),
        Layout::Roboflow => label_map::to_text_roboflow(map),
    }
}

/// Files that the manifests in `folder` list, and those that can be read themselves. A name that leads out of the folder, or is none
/// that we write, is not among them.
pub fn listed_in(folder: &Path) -> Vec<String> {
    [MANIFEST, OF_DATASET].into_iter().filter_map(|manifest| listed_by(folder, manifest)).flatten().collect()
}

/// What one manifest lists, and itself; none if there is none that can be read.
fn listed_by(folder: &Path, manifest: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Listed {
        files: Vec<Name>,
        #[serde(default)]
        label_maps: Vec<String>,
        #[serde(default)]
        metadata: Vec<String>,
        /// Of a dataset; records have none.
        format: Option<String>,
    }
    #[derive(Deserialize)]
    struct Name {
        name: String,
    }
    let text = std::fs::read(folder.join(manifest)).ok()?;
    let Listed { files, label_maps, metadata, format } = serde_json::from_slice(&text).ok()?;
    let is_names = |name: &str| {
        SchemaKind::ALL.iter().filter_map(|schema| schema.profile().beside).any(|beside| beside.names == name)
    };
    let of_records = |name: &str| {
        let label_map = name.ends_with("_label_map.pbtxt") || name == "label_map.pbtxt" || is_names(name);
        let metadata = tfds::METADATA.contains(&name);
        let numbered = |name: &str| {
            let digits = |part: &str| part.len() >= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
            name.rsplit_once("-of-").is_some_and(|(before, count)| {
                digits(count) && before.rsplit_once('-').is_some_and(|(_, number)| digits(number))
            })
        };
        let record = name.ends_with(".tfrecord") || name.ends_with(".record") || numbered(name);
        (label_map || metadata || record) && name.split('/').count() <= 2
    };
    let of_dataset = |name: &str| {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        is_image_name(name) || ANNOTATION_EXTENSIONS.contains(&extension) || OTHER_EXTENSIONS.contains(&extension)
    };
    let ours = |name: &String| {
        let inside = name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        inside && !name.contains('\\') && if format.is_some() { of_dataset(name) } else { of_records(name) }
    };
    let listed = files.into_iter().map(|file| file.name).chain(label_maps).chain(metadata).filter(ours);
    Some(listed.chain([manifest.to_owned()]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_manifest_cannot_name_what_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "train.tfrecord",
            "train/a.tfrecord",
            "../a.tfrecord",
            "/etc/a.tfrecord",
            "notes.txt",
            "a/b/c.tfrecord",
            "a\\b.tfrecord",
            "./a.tfrecord",
            "a.record-00000-of-00010",
            "b.record",
            "c-of-00010",
            "d-00000-of-00001.txt",
        ];
        let files: Vec<_> = names.iter().map(|name| serde_json::json!({"name": name})).collect();
        let maps = ["label_map.pbtxt", "train/a_label_map.pbtxt", "../label_map.pbtxt", "my.pbtxt"];
        let text = serde_json::json!({"files": files, "label_maps": maps}).to_string();
        std::fs::write(folder.path().join(MANIFEST), text).unwrap();
        assert_eq!(
            listed_in(folder.path()),
            [
                "train.tfrecord",
                "train/a.tfrecord",
                "a.record-00000-of-00010",
                "b.record",
                "label_map.pbtxt",
                "train/a_label_map.pbtxt",
                MANIFEST
            ]
        );
        std::fs::write(folder.path().join(MANIFEST), "{").unwrap();
        assert!(listed_in(folder.path()).is_empty());
    }

    #[test]
    fn label_maps_stand_where_the_layout_has_them() {
        let flat = Options::default();
        assert_eq!(label_map_names(&Split::ALL, &flat), ["label_map.pbtxt"]);
        let roboflow = Options { layout: Layout::Roboflow, group: Some("Box".into()), ..flat };
        assert_eq!(
            label_map_names(&[Split::Train, Split::Test], &roboflow),
            ["train/Box_label_map.pbtxt", "test/Box_label_map.pbtxt"]
        );
    }
}
