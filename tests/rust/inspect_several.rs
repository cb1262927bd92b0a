//! Several files described as one, and what their features hold as files.

use std::path::{Path, PathBuf};

use recordmill::example::{Feature, encode, encode_sequence};
use recordmill::inspect::{ExtractError, ExtractOptions, Extracted, InspectOptions, Overview, extract, inspect_all};
use recordmill::record::{ReadOptions, append};

fn put(folder: &Path, name: &str, payloads: &[Vec<u8>]) -> PathBuf {
    let mut file = Vec::new();
    payloads.iter().for_each(|payload| append(&mut file, payload));
    let path = folder.join(name);
    std::fs::write(&path, file).unwrap();
    path
}

fn overview(given: &[PathBuf]) -> Overview {
    inspect_all(given, &InspectOptions::default(), 2).unwrap()
}

fn below(folder: &Path, path: &str) -> String {
    Path::new(path).strip_prefix(folder).unwrap().display().to_string()
}

#[test]
fn missing_shards_and_odd_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let usual = || encode(&[("a", Feature::int64(1)), ("b", Feature::text("x"))]);
    put(folder.path(), "s-00000-of-00004.tfrecord", &[usual(), usual()]);
    put(folder.path(), "s-00001-of-00004.tfrecord", &[usual()]);
    let odd = encode(&[("a", Feature::Float(vec![0.5].into())), ("c", Feature::int64(1))]);
    put(folder.path(), "s-00003-of-00004.tfrecord", &[odd, b"\xff".to_vec()]);
    let found = overview(&[folder.path().to_owned()]);
    assert_eq!((found.files.len(), found.total.records, found.total.schema.other), (3, 5, 1));
    assert_eq!(found.total.file_bytes, found.files.iter().map(|file| file.file_bytes).sum::<u64>());
    let missing: Vec<String> = found.missing.iter().map(|path| below(folder.path(), path)).collect();
    assert_eq!(missing, ["s-00002-of-00004.tfrecord"]);
    let told: Vec<(String, &str)> =
        found.differences.iter().map(|odd| (below(folder.path(), &odd.path), odd.message.as_str())).collect();
    let of = |message| ("s-00003-of-00004.tfrecord".to_owned(), message);
    assert_eq!(
        told,
        [
            of("holds Examples and other payloads, 2 of 3 files hold Examples"),
            of("a is float, in 2 of 3 files int64"),
            of("has no b, which 2 of 3 files have"),
            of("has c, which 2 of 3 files do not have"),
        ]
    );
    // One that is given alone has sisters that are there.
    let alone = overview(&[folder.path().join("s-00001-of-00004.tfrecord")]);
    assert_eq!((alone.missing, alone.files.len()), (found.missing, 1));
}

#[test]
fn one_that_cannot_be_read_does_not_hide_others() {
    let folder = tempfile::tempdir().unwrap();
    let good = put(folder.path(), "a", &[encode(&[("a", Feature::int64(1))])]);
    let found = overview(&[folder.path().join("no"), good.clone(), folder.path().join("*.none")]);
    assert_eq!((found.files.len(), found.unreadable.len(), found.total.records), (1, 2, 1));
    assert!(found.unreadable[0].error.contains("No such file"), "{}", found.unreadable[0].error);
    let none = overview(&[folder.path().join("no")]);
    assert_eq!((none.files.len(), none.total.records), (0, 0));
}

#[test]
fn label_maps_beside_files_are_compared_with() {
    let folder = tempfile::tempdir().unwrap();
    let record = |label, text| {
        encode(&[("image/object/class/label", Feature::int64(label)), ("image/object/class/text", Feature::text(text))])
    };
    for (split, map) in [("train", "cat"), ("valid", "cat"), ("test", "dog")] {
        let inside = folder.path().join(split);
        std::fs::create_dir(&inside).unwrap();
        put(&inside, "pets.tfrecord", &[record(1, "cat"), record(2, "cat")]);
        std::fs::write(inside.join("pets_label_map.pbtxt"), format!("item {{ id: 1 name: \"{map}\" }}")).unwrap();
    }
    let two = overview(&["train", "valid"].map(|split| folder.path().join(split)));
    let labels = two.total.labels.unwrap();
    let told: Vec<(&str, u64)> = labels.problems.iter().map(|it| (it.message.as_str(), it.count)).collect();
    // The same map in both folders.
    assert_eq!(told, [("label 2 is not in the label map", 2), ("class \"cat\" has label 2, in the label map 1", 2)]);
    assert_eq!((labels.classes, labels.used), (Some(1), Some(1)));
    let three = overview(&[folder.path().to_owned()]);
    assert_eq!(three.total.labels.unwrap().classes, None, "of two maps none is that of all");
    let of_test = three.files.iter().find(|file| file.path.contains("test")).unwrap().labels.as_ref().unwrap();
    assert_eq!(of_test.problems[1].message, "class \"cat\" is not in the label map");
    std::fs::write(folder.path().join("test/pets_label_map.pbtxt"), "item {").unwrap();
    let broken = overview(&[folder.path().join("test")]).total.labels.unwrap();
    assert_eq!(broken.problems[0].kind, "label-map");
}

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

fn options() -> ExtractOptions {
    ExtractOptions {
        read: ReadOptions::default(),
        max_records: None,
        conditions: Vec::new(),
        overwrite: false,
        sync: false,
        stop: None,
    }
}

fn extracted(payloads: &[Vec<u8>], key: &str) -> (Result<Extracted, ExtractError>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "a.tfrecord", payloads);
    let out = folder.path().join("deep").join("out");
    let made = extract(&[path], key, &out, &options());
    let mut names: Vec<String> = walk(folder.path()).into_iter().filter(|name| name != "a.tfrecord").collect();
    names.sort();
    (made, names)
}

fn walk(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = entries.flat_map(|path| match path.is_dir() {
        true => walk(&path)
            .into_iter()
            .map(|name| format!("{}/{name}", path.file_name().unwrap().to_str().unwrap()))
            .collect(),
        false => vec![path.file_name().unwrap().to_str().unwrap().to_owned()],
    });
    names.collect()
}

#[test]
fn names_are_made_safe_and_differ() {
    let record = |name: Option<&str>, bytes: &[u8]| {
        let mut features = vec![("image/encoded", Feature::bytes(bytes.to_vec()))];
        features.extend(name.map(|name| ("image/filename", Feature::text(name))));
        encode(&features)
    };
    let payloads = [
        record(Some("a/b/one.jpg"), JPEG),
        record(Some("../../../etc/passwd"), b"hello"),
        record(Some("ONE.jpg"), JPEG),
        record(None, JPEG),
        record(Some(".."), b"\xff\xfe"),
        record(Some("c:\\x\\two.png"), JPEG),
        encode(&[("image/filename", Feature::text("none.jpg"))]),
        b"\xff".to_vec(),
        record(Some("/one-000002.jpg"), JPEG),
    ];
    let (made, names) = extracted(&payloads, "image/encoded");
    let made = made.unwrap();
    assert_eq!(
        names,
        [
            "deep/out/ONE-000002.jpg",
            "deep/out/one-000002-000008.jpg",
            "deep/out/one.jpg",
            "deep/out/passwd.txt",
            "deep/out/record-000003.jpg",
            "deep/out/record-000004.bin",
            "deep/out/two.jpg",
        ]
    );
    assert_eq!((made.files, made.records, made.without, made.renamed), (7, 9, 2, 6));
    assert_eq!(made.bytes, 5 * JPEG.len() as u64 + 7);
}

#[test]
fn several_values_and_steps_are_numbered() {
    let masks = Feature::Bytes(vec![JPEG.into(), b"x"[..].into()]);
    let sequence =
        encode_sequence(&[], &[("frames", vec![Feature::bytes(JPEG.to_vec()), Feature::bytes(JPEG.to_vec())])]);
    let (_, names) = extracted(&[encode(&[("filename", Feature::text("a.b.jpg")), ("m", masks)])], "m");
    assert_eq!(names, ["deep/out/a.b_0.jpg", "deep/out/a.b_1.txt"]);
    let (_, names) = extracted(&[sequence.unwrap()], "frames");
    assert_eq!(names, ["deep/out/record-000000_0.jpg", "deep/out/record-000000_1.jpg"]);
}

#[test]
fn nothing_is_made_where_something_is_wrong() {
    let record = |feature| encode(&[("x", feature)]);
    let (made, names) = extracted(&[record(Feature::bytes(JPEG.to_vec())), record(Feature::int64(1))], "x");
    assert!(made.unwrap_err().to_string().ends_with("a.tfrecord: record 1: x holds int64, no bytes"));
    assert_eq!(names, [""; 0]);
    let (made, names) = extracted(&[record(Feature::int64(1))], "y");
    assert_eq!((made.unwrap_err().to_string(), names), ("no record has bytes in y".into(), vec![]));

    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "a.tfrecord", &[record(Feature::bytes(JPEG.to_vec()))]);
    std::fs::write(folder.path().join("record-000000.jpg"), "mine").unwrap();
    let made = extract(std::slice::from_ref(&path), "x", folder.path(), &options());
    assert!(made.unwrap_err().to_string().ends_with("record-000000.jpg: is there already; overwrite replaces it"));
    assert_eq!(std::fs::read(folder.path().join("record-000000.jpg")).unwrap(), b"mine");
    extract(&[path], "x", folder.path(), &ExtractOptions { overwrite: true, ..options() }).unwrap();
    assert_eq!(std::fs::read(folder.path().join("record-000000.jpg")).unwrap(), JPEG);
    assert_eq!(walk(folder.path()).len(), 2);
}
