//! The raccoon dataset, against the TFRecord that its author published.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use recordmill::convert::{self, Options, SchemaKind};
use recordmill::formats::LoadOptions;

use super::corpus::{Record, Value, examples, options};

/// The folder of shared data; `None`, and a line about it, where there is none.
fn raccoon() -> Option<PathBuf> {
    let shared = std::env::var_os("RECORDMILL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("data/raccoon");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return None;
    }
    Some(folder)
}

fn by_name(records: Vec<Record>) -> BTreeMap<Vec<u8>, Record> {
    records
        .into_iter()
        .map(|record| match &record["image/filename"] {
            Value::Bytes(names) => (names[0].clone(), record),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn basic_is_what_the_authors_script_writes() {
    let Some(folder) = raccoon() else { return };
    let out = tempfile::tempdir().unwrap();
    let options = Options {
        schema: SchemaKind::Basic,
        load: LoadOptions { image_dirs: vec![folder.join("images")], ..LoadOptions::default() },
        ..options()
    };
    let out = out.path().join("out");
    let report = convert::convert(&folder.join("test_labels.csv"), &out, &options, &mut ()).unwrap();
    assert_eq!((report.images, report.empty_images, report.files.len()), (40, 0, 1));
    let ours = by_name(examples(&fs::read(out.join(&report.files[0].name)).unwrap()));
    let theirs = by_name(examples(&fs::read(folder.join("test.record")).unwrap()));
    assert_eq!(theirs.len(), 40);
    assert!(ours == theirs, "{:?}", ours.keys().zip(theirs.keys()).find(|(a, b)| ours[*a] != theirs[*b]));
}

#[test]
fn voc_gives_all_images_and_boxes() {
    let Some(folder) = raccoon() else { return };
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("out");
    let load = LoadOptions { from: Some("voc".into()), ..LoadOptions::default() };
    let report = convert::convert(&folder, &out, &Options { load, ..options() }, &mut ()).unwrap();
    assert_eq!((report.images, report.objects), (200, 217));
    assert_eq!(examples(&fs::read(out.join("train.tfrecord")).unwrap()).len(), 200);
}
