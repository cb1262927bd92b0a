//! Schemas `tfds` and `tfds_classification`: the folder as TensorFlow Datasets writes and reads it (`tests/python/test_tfds.py` has it do both).
//! `tests/data/tfds/features.json` is what version 4.9.10 wrote for a dataset with these features.

use std::fs;

use recordmill::convert::{self, ConvertError, OnError, Options, SchemaKind, ShardRule, SourceId, SplitRule};
use recordmill::dataset::{Class, Object, ProblemKind, flag};
use recordmill::formats::{LoadOptions, by_name};

use super::corpus::{Corpus, Value, examples, files_in, object, options, png};

const FEATURES: &str = include_str!("../../data/tfds/features.json");

fn of() -> Options {
    Options { schema: SchemaKind::Tfds, group: Some("pets".into()), ..options() }
}

/// Two images of 100 x 50, the second without objects; all that the schema has a key for.
fn corpus() -> Corpus {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    for (class, id) in corpus.loaded.dataset.classes.iter_mut().zip([3, 90]) {
        class.source_id = Some(id);
    }
    let flags = flag::HAS_CROWD | flag::HAS_DIFFICULT | flag::HAS_TRUNCATED | flag::HAS_OCCLUDED;
    let first = Object { id: Some(31), area: Some(70.9), flags, ..object(1, [10.0, 5.0, 30.0, 45.0]) };
    let all = flag::CROWD | flag::DIFFICULT | flag::TRUNCATED | flag::OCCLUDED;
    // More than 32 bits of a fraction can tell from the next.
    let second =
        Object { id: Some(-4), area: Some(25_000_001.0), flags: flags | all, ..object(0, [0.0, 0.0, 100.0, 50.0]) };
    corpus.add("a.png", &png(100, 50, 0), [first, second]);
    corpus.add("b.png", &png(100, 50, 9), []);
    let images = &mut corpus.loaded.dataset.images;
    (0..2).for_each(|row| images.id.set(row, 100 + row as i64));
    corpus
}

#[test]
fn an_example_has_the_keys_of_tfds_coco() {
    let corpus = corpus();
    let report = corpus.convert("out", &of()).unwrap();
    assert_eq!(report.files[0].name, "pets-train.tfrecord-00000-of-00001");
    let records = examples(&fs::read(corpus.out("out").join(&report.files[0].name)).unwrap());
    let expected = [
        ("image", Value::Bytes(vec![png(100, 50, 0)])),
        ("image/filename", Value::text("a.png")),
        ("image/id", Value::Int64(vec![100])),
        // Cut, as NumPy cuts a number that is to be an int64.
        ("objects/area", Value::Int64(vec![70, 25_000_001])),
        ("objects/bbox", Value::Float(vec![0.1, 0.1, 0.9, 0.3, 0.0, 0.0, 1.0, 1.0])),
        ("objects/id", Value::Int64(vec![31, -4])),
        ("objects/is_crowd", Value::Int64(vec![0, 1])),
        ("objects/is_difficult", Value::Int64(vec![0, 1])),
        ("objects/is_occluded", Value::Int64(vec![0, 1])),
        ("objects/is_truncated", Value::Int64(vec![0, 1])),
        ("objects/label", Value::Int64(vec![1, 0])),
    ];
    assert_eq!(records[1].len(), expected.len());
    assert_eq!(records[0], expected.map(|(key, value)| (key.to_owned(), value)).into());
    assert_eq!(records[1]["objects/bbox"], Value::Float(vec![]));
    assert_eq!(records[1]["objects/label"], Value::Int64(vec![]));
    // What records do not have: the ids 3 and 90, and nine tenths of a pixel.
    let losses = report.losses.iter().map(|loss| (loss.what, loss.number)).collect::<Vec<_>>();
    assert_eq!(losses, [("class ids", 2), ("area", 1)]);
    assert_eq!(report.classes.iter().map(|class| class.id).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn files_beside_records_are_those_of_tfds() {
    let corpus = corpus();
    let options = Options { shards: ShardRule::Count(2), ..of() };
    let report = corpus.convert("out", &options).unwrap();
    let files = files_in(&corpus.out("out"));
    let names = [
        "README.txt",
        "dataset_info.json",
        "features.json",
        "objects-label.labels.txt",
        "pets-train.tfrecord-00000-of-00002",
        "pets-train.tfrecord-00001-of-00002",
        "recordmill.json",
    ];
    assert_eq!(files.keys().collect::<Vec<_>>(), names);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    assert_eq!(text("features.json"), FEATURES);
    assert_eq!(text("objects-label.labels.txt"), "cat\ndog\n");
    let bytes: u64 = report.files.iter().map(|file| file.bytes - 16).sum();
    let version = env!("CARGO_PKG_VERSION");
    let format = &report.format;
    let expected = format!(
        r#"{{
  "description": "Made by recordmill {version} from a dataset in the format {format}.",
  "fileFormat": "tfrecord",
  "name": "pets",
  "splits": [
    {{
      "filepathTemplate": "{{DATASET}}-{{SPLIT}}.{{FILEFORMAT}}-{{SHARD_X_OF_Y}}",
      "name": "train",
      "numBytes": "{bytes}",
      "shardLengths": [
        "1",
        "1"
      ]
    }}
  ],
  "version": "1.0.0"
}}"#
    );
    assert_eq!(text("dataset_info.json"), expected);
    // What no object has is in neither.
    let mut plain = Corpus::new(&["cat"]);
    plain.add("a.png", &png(100, 50, 0), [object(0, [1.0, 2.0, 3.0, 4.0])]);
    plain.convert("plain", &of()).unwrap();
    let features = fs::read_to_string(plain.out("plain").join("features.json")).unwrap();
    let has = |key: &str| features.contains(&format!("\"{key}\": {{"));
    assert!(has("bbox") && has("label") && has("image/id"), "{features}");
    assert!(!has("area") && !has("id") && !has("is_crowd") && !has("is_difficult"), "{features}");
    // A run of another schema takes the place of all of it.
    let again = Options { overwrite: true, ..super::corpus::options() };
    corpus.convert("out", &again).unwrap();
    let left = files_in(&corpus.out("out")).into_keys().collect::<Vec<_>>();
    assert_eq!(left, ["README.txt", "label_map.pbtxt", "recordmill.json", "train.tfrecord"]);
}

#[test]
fn it_is_read_back() {
    let corpus = corpus();
    // Words of a split in the name of the dataset say nothing.
    let split = SplitRule::parse("50/50").unwrap();
    let options = Options { group: Some("train_set".into()), split, exact_split: true, ..of() };
    let report = corpus.convert("out", &options).unwrap();
    let names: Vec<&str> = report.files.iter().map(|file| &*file.name).collect();
    let both = ["train_set-train.tfrecord-00000-of-00001", "train_set-validation.tfrecord-00000-of-00001"];
    assert_eq!(names, both);
    let back = convert::load(&corpus.out("out"), &LoadOptions::default()).unwrap().dataset;
    let mut splits: Vec<_> = back.images.split.iter().map(|split| split.unwrap().name()).collect();
    splits.sort_unstable();
    assert_eq!(splits, ["train", "valid"]);
    assert_eq!(back.classes.iter().map(|class| &*class.name).collect::<Vec<_>>(), ["cat", "dog"]);
    let (before, objects) = (&corpus.loaded.dataset.objects, &back.objects);
    assert_eq!((&objects.bbox, &objects.class, &objects.flags), (&before.bbox, &before.class, &before.flags));
    assert_eq!(objects.area.iter().map(|(_, area)| *area).collect::<Vec<_>>(), [70.0, 25_000_001.0]);
    assert_eq!(objects.id.iter().collect::<Vec<_>>(), before.id.iter().collect::<Vec<_>>());
}

#[test]
fn names_that_are_no_lines_are_refused() {
    for name in ["a cat ", "two\nlines", "\u{a0}cat"] {
        let mut corpus = corpus();
        corpus.loaded.dataset.classes[0] = Class::named(name);
        let message = format!(
            "schema tfds: class {name:?} cannot be a line in a file of names: it is empty, or has a space at an end or a control \
             character (rename gives it another name)"
        );
        assert_eq!(corpus.convert("out", &of()).unwrap_err().to_string(), message);
        assert!(!corpus.out("out").exists());
    }
}

/// Images of one class each, of the classes dog, cat, dog; their ids are the source's.
fn classified() -> Corpus {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    for (row, class) in [1, 0, 1].into_iter().enumerate() {
        corpus.add(&format!("{row}.png"), &png(100, 50, row), []);
        corpus.loaded.dataset.images.labels.set(row, vec![class]);
        corpus.loaded.dataset.images.id.set(row, 100 + row as i64);
    }
    corpus
}

#[test]
fn images_of_one_class_each_have_the_keys_of_its_image_folder() {
    let corpus = classified();
    let report = corpus.convert("out", &of()).unwrap();
    assert_eq!(report.schema, Some(SchemaKind::TfdsClassification));
    let files = files_in(&corpus.out("out"));
    let names = [
        "README.txt",
        "dataset_info.json",
        "features.json",
        "label.labels.txt",
        "pets-train.tfrecord-00000-of-00001",
        "recordmill.json",
    ];
    assert_eq!(files.keys().collect::<Vec<_>>(), names);
    let expected = |row: usize, class: i64| {
        let values = [
            ("image", Value::Bytes(vec![png(100, 50, row)])),
            ("image/filename", Value::text(&format!("{row}.png"))),
            ("label", Value::Int64(vec![class])),
        ];
        values.map(|(key, value)| (key.to_owned(), value)).into()
    };
    assert_eq!(examples(&files[names[4]]), [expected(0, 1), expected(1, 0), expected(2, 1)]);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    assert_eq!(text("label.labels.txt"), "cat\ndog\n");
    let json = |name: &str| serde_json::from_slice::<serde_json::Value>(&files[name]).unwrap();
    let keys = serde_json::json!({"tuple": {"items": [{"featureKey": "image"}, {"featureKey": "label"}]}});
    assert_eq!(json("dataset_info.json")["supervisedKeys"], keys);
    assert_eq!(json("recordmill.json")["options"]["schema"], "tfds_classification");
    let features = json("features.json")["featuresDict"]["features"].as_object().unwrap().clone();
    assert_eq!(features.keys().collect::<Vec<_>>(), ["image", "image/filename", "label"]);
    assert_eq!(features["label"]["classLabel"]["numClasses"], "2");
    assert!(text("README.txt").contains("as_supervised=True"));
    let counts: Vec<_> = report.classes.iter().map(|class| (class.id, &*class.name, class.images)).collect();
    assert_eq!(counts, [(0, "cat", 1), (1, "dog", 2)]);
    // There is no key for the images' ids.
    let losses = report.losses.iter().map(|loss| (loss.what, loss.number)).collect::<Vec<_>>();
    assert_eq!(losses, [("image ids", 3)]);
    // And back.
    let target = Options { target: by_name("image-folder"), ..options() };
    convert::convert(&corpus.out("out"), &corpus.out("back"), &target, &mut ()).unwrap();
    for (name, row) in [("dog/0.png", 0), ("cat/1.png", 1), ("dog/2.png", 2)] {
        assert_eq!(fs::read(corpus.out("back/train").join(name)).unwrap(), png(100, 50, row), "{name}");
    }
    // Another run takes the place of all of it.
    let again = Options { overwrite: true, ..options() };
    corpus.convert("out", &again).unwrap();
    let left = files_in(&corpus.out("out")).into_keys().collect::<Vec<_>>();
    assert_eq!(left, ["README.txt", "label_map.pbtxt", "recordmill.json", "train.tfrecord"]);
}

#[test]
fn an_image_of_several_classes_has_no_record() {
    let mut corpus = classified();
    corpus.add("3.png", &png(100, 50, 3), []);
    corpus.loaded.dataset.images.labels.set(3, vec![0, 1]);
    let ConvertError::Refused(report) = corpus.convert("out", &of()).unwrap_err() else { panic!("not refused") };
    let said: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    let message = "3.png: 2 classes (\"cat\", \"dog\" ...), and schema tfds_classification has one for each image; schema tfod has \
                   lists of them";
    assert_eq!(said, [message]);
    assert!(!corpus.out("out").exists());
    let report = corpus.convert("out", &Options { on_error: OnError::Skip, ..of() }).unwrap();
    assert_eq!((report.images, report.problem_counts[&ProblemKind::OneClass]), (3, 1));
}

/// Where images have objects, their classes are told by name alone, and the objects are counted as lost.
#[test]
fn the_form_is_asked_for_where_there_are_objects() {
    let mut corpus = classified();
    corpus.add("3.png", &png(100, 50, 3), [object(0, [1.0, 2.0, 30.0, 40.0])]);
    corpus.loaded.dataset.images.labels.set(3, vec![0]);
    assert_eq!(corpus.convert("objects", &of()).unwrap().schema, Some(SchemaKind::Tfds));
    let asked = Options { schema: SchemaKind::TfdsClassification, ..of() };
    let report = corpus.convert("classes", &asked).unwrap();
    assert_eq!((report.images, report.objects, report.skipped.objects), (4, 0, 1));
    assert!(report.losses.iter().any(|loss| (loss.what, loss.number) == ("boxes", 1)), "{:?}", report.losses);
    let error = self::corpus().convert("out", &asked).unwrap_err().to_string();
    assert!(
        error.starts_with("schema tfds_classification: the images of this ") && error.ends_with("(schema tfds)"),
        "{error}"
    );
    let numbered = Options { source_id: SourceId::Id, ..of() };
    let error = classified().convert("out", &numbered).unwrap_err().to_string();
    assert_eq!(error, "source_id means nothing with schema tfds_classification");
}
