//! Records of one class an image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recordmill::convert::{self, ConvertError, OnError, Options, SchemaKind};
use recordmill::dataset::{Object, ProblemKind};
use recordmill::example;
use recordmill::formats::{LoadOptions, by_name};
use recordmill::record::{ReadOptions, Reader};

use super::corpus::{Corpus, object, png};

fn options() -> Options {
    Options { schema: SchemaKind::Classification, ..super::corpus::options() }
}

/// Name of the image, label and text of each record, and the keys, which are the same for all.
fn records(path: &Path) -> (Vec<(String, i64, String)>, Vec<String>) {
    let bytes = fs::read(path).unwrap();
    let mut reader = Reader::new(&bytes[..], ReadOptions::default());
    let (mut all, mut keys) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next_record().unwrap() {
        let example = example::decode(record.payload).unwrap();
        let text = |key: &str| {
            let values = example.get(key).unwrap().as_bytes().unwrap();
            String::from_utf8(values.single().unwrap().to_vec()).unwrap()
        };
        let label = example.get("image/class/label").unwrap().as_int64().unwrap().single().unwrap();
        all.push((text("image/filename"), label, text("image/class/text")));
        keys = example.features.iter().map(|(key, _)| key.to_owned()).collect();
    }
    (all, keys)
}

/// The class of each image by its key.
fn classes(path: &Path) -> BTreeMap<String, Vec<String>> {
    let dataset = convert::load(path, &LoadOptions::default()).unwrap().dataset;
    let name = |label: &u32| dataset.classes[*label as usize].name.clone();
    let of = |row: usize| {
        let key = dataset.images.key.get(row);
        let labels = dataset.images.labels.get(row).map_or(&[][..], |labels| labels);
        (key.rsplit('/').next().unwrap().to_owned(), labels.iter().map(name).collect())
    };
    (0..dataset.len()).map(of).collect()
}

#[test]
fn folders_of_classes_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (number, name) in ["train/dog/a.png", "train/cat/b.png", "val/dog/c.png"].into_iter().enumerate() {
        let file = path("in").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, png(40, 20, number)).unwrap();
    }
    let report = convert::convert(&path("in"), &path("out"), &options(), &mut ()).unwrap();
    assert_eq!((report.images, report.objects, report.losses.len()), (3, 0, 0));
    let (all, keys) = records(&path("out/train.tfrecord"));
    let rows =
        [("b.png", 1, "cat"), ("a.png", 2, "dog")].map(|(name, id, text)| (name.to_owned(), id, text.to_owned()));
    assert_eq!(all, rows);
    assert_eq!(
        keys,
        ["class/label", "class/text", "encoded", "filename", "format", "height", "width"]
            .map(|key| format!("image/{key}"))
    );
    let readme = fs::read_to_string(path("out/README.txt")).unwrap();
    assert!(readme.contains("image/class/label") && !readme.contains("image/object"), "{readme}");
    assert_eq!(classes(&path("out")), classes(&path("in")));
    let target = Options { target: by_name("image-folder"), ..super::corpus::options() };
    convert::convert(&path("out"), &path("back"), &target, &mut ()).unwrap();
    assert_eq!(classes(&path("back")), classes(&path("in")));
}

#[test]
fn an_image_has_one_class() {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    for (number, name) in ["a.png", "b.png", "c.png", "d.png"].into_iter().enumerate() {
        corpus.add(name, &png(100, 50, number), [Object { ..object(0, [1.0, 2.0, 30.0, 40.0]) }]);
    }
    for (row, labels) in [(0, vec![1]), (1, vec![0, 1]), (3, vec![0, 0])] {
        corpus.loaded.dataset.images.labels.set(row, labels);
    }
    let error = corpus.convert("out", &options()).unwrap_err();
    let ConvertError::Refused(report) = error else { panic!("{error}") };
    let said: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "b.png: 2 classes (\"cat\", \"dog\" ...), and schema classification has one for each image; schema tfod has lists of them",
            "c.png: no class, and schema classification has one for each image",
        ]
    );
    let skip = Options { on_error: OnError::Skip, ..options() };
    let report = corpus.convert("out", &skip).unwrap();
    assert_eq!((report.images, report.objects, report.problem_counts[&ProblemKind::OneClass]), (2, 0, 2));
    assert_eq!((report.skipped.images, report.skipped.objects), (2, 4));
    assert!(report.losses.iter().any(|loss| (loss.what, loss.number) == ("boxes", 4)), "{:?}", report.losses);
    let (all, _) = records(&corpus.out("out/train.tfrecord"));
    assert_eq!(all.iter().map(|(_, id, text)| (*id, &**text)).collect::<Vec<_>>(), [(2, "dog"), (1, "cat")]);
}

#[test]
fn classes_of_objects_are_none_of_images() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [1.0, 2.0, 30.0, 40.0])]);
    let error = corpus.convert("out", &options()).unwrap_err().to_string();
    assert!(
        error.starts_with("schema classification: the images of this ") && error.ends_with("(schema tfod)"),
        "{error}"
    );
    assert!(!corpus.out("out").exists());
}
