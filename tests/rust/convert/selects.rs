//! Classes renamed, kept and dropped, small boxes left out, images drawn: for every target, and the ledger balances.

use std::collections::BTreeMap;

use recordmill::convert::{ConvertError, Options, Report, Selection, SplitRule};
use recordmill::dataset::{Image, Split};
use recordmill::formats;

use super::corpus::{Corpus, Value, examples, object, options, png};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn renames(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

fn with(select: Selection) -> Options {
    Options { select, ..options() }
}

fn classes(report: &Report) -> Vec<(i64, &str, u64)> {
    report.classes.iter().map(|class| (class.id, class.name.as_str(), class.objects)).collect()
}

fn reasons(report: &Report) -> BTreeMap<&str, (u64, u64)> {
    report.skipped.reasons.iter().map(|(reason, ledger)| (*reason, (ledger.images, ledger.objects))).collect()
}

/// Four classes with the ids of a source; on each image one object of some, and a class of the image as a whole.
fn corpus() -> Corpus {
    let mut corpus = Corpus::new(&["cat", "Cat", "dog", "bus"]);
    for (class, id) in corpus.loaded.dataset.classes.iter_mut().zip([7, 3, 5, 9]) {
        class.source_id = Some(id);
    }
    let boxed = |class| object(class, [1.0, 1.0, 21.0, 21.0]);
    corpus.add("a.png", &png(100, 50, 0), [boxed(0), boxed(1)]);
    corpus.add("b.png", &png(100, 50, 1), [boxed(2), boxed(3), object(2, [90.0, 40.0, 98.0, 43.0])]);
    corpus.add("c.png", &png(100, 50, 2), [boxed(3)]);
    corpus
}

#[test]
fn classes_are_renamed_and_merged() {
    let corpus = corpus();
    let select = Selection { rename: renames(&[("Cat", "cat"), ("bus", "car")]), ..Selection::default() };
    let report = corpus.convert("out", &with(select.clone())).unwrap();
    // The class that was called so before has its number for both.
    assert_eq!(classes(&report), [(5, "dog", 2), (7, "cat", 2), (9, "car", 2)]);
    assert_eq!((report.images, report.objects, report.objects_read), (3, 6, 6));
    assert!(report.skipped.reasons.is_empty());
    let files = super::corpus::files_in(&corpus.out("out"));
    let records = examples(&files["train.tfrecord"]);
    assert_eq!(records[0]["image/object/class/label"], Value::Int64(vec![7, 7]));
    let manifest: serde_json::Value = serde_json::from_slice(&files["recordmill.json"]).unwrap();
    assert_eq!(manifest["options"]["rename"][0], serde_json::json!(["Cat", "cat"]));
    // Exchanged at once, not one after the other.
    let swap = Selection { rename: renames(&[("cat", "dog"), ("dog", "cat")]), ..Selection::default() };
    let report = corpus.convert("swap", &with(swap)).unwrap();
    assert_eq!(classes(&report), [(3, "Cat", 1), (5, "cat", 2), (7, "dog", 1), (9, "bus", 2)]);
}

#[test]
fn classes_are_kept_and_dropped_by_their_new_names() {
    let mut corpus = corpus();
    corpus.loaded.dataset.images.labels.set(2, vec![3, 2]);
    let rename = renames(&[("Cat", "cat")]);
    let keep = Selection { rename: rename.clone(), keep_classes: Some(names(&["cat", "dog"])), ..Selection::default() };
    let report = corpus.convert("keep", &with(keep)).unwrap();
    assert_eq!(classes(&report), [(5, "dog", 2), (7, "cat", 2)]);
    assert_eq!(reasons(&report), BTreeMap::from([("keep-classes", (0, 2))]));
    // Classes of images are no objects, and are counted by themselves.
    assert_eq!(report.reasons[1..], ["keep-classes: classes of images left out: 1"]);
    assert_eq!((report.images, report.empty_images, report.objects_read), (3, 0, 6));
    let records = examples(&super::corpus::files_in(&corpus.out("keep"))["train.tfrecord"]);
    assert_eq!(records[2]["image/class/label"], Value::Int64(vec![5]));

    let drop = Selection { rename, drop_classes: names(&["cat", "dog"]), ..Selection::default() };
    let report = corpus.convert("drop", &Options { drop_empty: true, ..with(drop) }).unwrap();
    assert_eq!(classes(&report), [(9, "bus", 2)]);
    assert_eq!(reasons(&report), BTreeMap::from([("drop-classes", (0, 4)), ("drop-empty", (1, 0))]));
    assert_eq!((report.images, report.images_read), (2, 3));
}

#[test]
fn small_boxes_are_left_out_by_their_size_in_the_image() {
    let mut corpus = Corpus::new(&["cat"]);
    // Inside the image 5 pixels wide; 8 pixels as fractions; 8 by 7.9.
    let fractions =
        recordmill::dataset::Object { normalised: true, bbox: [0.1, 0.2, 0.18, 0.36], ..object(0, [0.0; 4]) };
    corpus.add(
        "a.png",
        &png(100, 50, 0),
        [object(0, [95.0, 1.0, 130.0, 30.0]), fractions, object(0, [1.0, 1.0, 9.0, 8.9])],
    );
    let select = Selection { min_box_size: Some(8.0), ..Selection::default() };
    for target in [None, formats::by_name("coco"), formats::by_name("voc"), formats::by_name("csv")] {
        let name = target.map_or("tfrecord", |target| target.name);
        let report = corpus.convert(name, &Options { target, ..with(select.clone()) }).unwrap();
        assert_eq!((report.objects, report.objects_read), (1, 3), "{name}");
        assert_eq!(reasons(&report), BTreeMap::from([("min-box-size", (0, 2))]), "{name}");
        let said: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "annotations.csv:5: object 1 (\"cat\"): xmax 130 > width 100",
                "annotations.csv:5: box of 5 x 29, asked for 8 pixels",
                "annotations.csv:5: box of 8 x 7.9, asked for 8 pixels",
            ],
            "{name}"
        );
    }
}

/// 60 images with cats, 30 with dogs too, 6 with a bus, 4 without anything; every tenth is for tests.
fn hundred() -> Corpus {
    let mut corpus = Corpus::new(&["cat", "dog", "bus"]);
    for number in 0..100u32 {
        let classes: &[u32] = match number {
            0..60 => &[0],
            60..90 => &[0, 1],
            90..96 => &[0, 2],
            _ => &[],
        };
        let objects = classes.iter().map(|class| object(*class, [1.0, 1.0, 9.0, 9.0]));
        corpus.add(&format!("{number:03}.png"), &png(100, 50, 0), objects);
        let split = if number % 10 == 0 { Split::Test } else { Split::Train };
        *corpus.loaded.dataset.images.split.last_mut().unwrap() = Some(split);
    }
    corpus
}

#[test]
fn a_sample_has_the_proportions_of_the_whole() {
    let corpus = hundred();
    let sample = |number| Selection { sample: Some(number), ..Selection::default() };
    let report = corpus.convert("twenty", &with(sample(20))).unwrap();
    assert_eq!((report.images, report.images_read), (20, 100));
    assert_eq!(report.skipped.reasons["sample"].images, 80);
    assert_eq!(report.objects + report.skipped.reasons["sample"].objects, report.objects_read);
    let of = |name: &str| report.classes.iter().find(|class| class.name == name).unwrap().images;
    assert!((of("dog"), of("bus"), report.empty_images) >= (5, 2, 1), "{:?}", report.classes);
    let test = report.splits.iter().find(|split| split.name == Split::Test).unwrap().images;
    assert_eq!(test, 2);
    assert!(report.reasons.contains(&"sample: 20 of 100 images".to_owned()));

    let keys = |out: &str, options: &Options| -> Vec<Value> {
        let files = corpus.files(out, &Options { split: SplitRule::parse("100/0").unwrap(), ..options.clone() });
        examples(&files["train.tfrecord"]).into_iter().map(|record| record["image/filename"].clone()).collect()
    };
    let drawn = keys("one", &with(sample(20)));
    let text = |value: &Value| format!("{value:?}");
    assert!(drawn.iter().map(text).is_sorted(), "the source's order is kept");
    assert_eq!(drawn, keys("again", &Options { workers: 1, ..with(sample(20)) }));
    assert_ne!(drawn, keys("seed", &Options { seed: 1, ..with(sample(20)) }));
    assert_eq!(corpus.convert("all", &with(sample(1000))).unwrap().images, 100);
}

/// Images that are not there are not drawn, since fewer would be written than asked for.
#[test]
fn a_sample_is_of_images_that_are_there() {
    let mut corpus = hundred();
    for number in 0..50 {
        let key = format!("gone-{number}.png");
        let image = Image { key: &key, name: &key, size: (100, 50), source: (0, 200), ..Image::default() };
        corpus.loaded.dataset.push(image, [object(0, [1.0, 1.0, 9.0, 9.0])]);
    }
    let select = Selection { sample: Some(30), ..Selection::default() };
    let report = corpus.convert("out", &with(select)).unwrap();
    assert_eq!((report.images, report.images_read), (30, 150));
}

#[test]
fn everything_at_once_for_every_target() {
    let corpus = hundred();
    let select = Selection {
        rename: renames(&[("dog", "pet"), ("cat", "pet")]),
        keep_classes: None,
        drop_classes: names(&["bus"]),
        min_box_size: Some(2.0),
        sample: Some(40),
    };
    let every = formats::FORMATS.iter().filter(|format| format.write.is_some()).map(|format| Some(*format));
    for target in every.chain([None]) {
        let name = target.map_or("tfrecord", |target| target.name);
        // Some can hold no boxes.
        let report = corpus.convert(name, &Options { target, allow_empty: true, ..with(select.clone()) }).unwrap();
        assert_eq!((report.images, report.images_read), (40, 100), "{name}");
        assert_eq!(classes(&report), [(1, "pet", report.objects)], "{name}");
        assert_eq!(reasons(&report).keys().copied().collect::<Vec<_>>(), ["drop-classes", "sample"], "{name}");
    }
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    let corpus = corpus();
    let rows = [
        (
            Selection { rename: renames(&[("Bus", "car"), ("zebra", "horse")]), ..Selection::default() },
            "rename: no class is called \"Bus\" (nearest is \"bus\"), \"zebra\"",
        ),
        (
            Selection { keep_classes: Some(names(&["dgo"])), ..Selection::default() },
            "keep_classes: no class is called \"dgo\" (nearest is \"dog\")",
        ),
        (
            Selection { rename: renames(&[("dog", "hound")]), drop_classes: names(&["dog"]), ..Selection::default() },
            "drop_classes: no class is called \"dog\"",
        ),
    ];
    for (select, message) in rows {
        let error = corpus.convert("out", &with(select)).unwrap_err();
        assert!(matches!(error, ConvertError::Option(_)));
        assert_eq!(error.to_string(), message);
        assert!(!corpus.out("out").exists());
    }
}

#[test]
fn classes_of_different_keypoints_are_not_merged() {
    let mut corpus = corpus();
    corpus.loaded.dataset.classes[0].keypoints = names(&["nose"]);
    let merge = Selection { rename: renames(&[("cat", "Cat")]), ..Selection::default() };
    corpus.convert("fine", &with(merge.clone())).unwrap();
    corpus.loaded.dataset.classes[1].keypoints = names(&["tail"]);
    let error = corpus.convert("out", &with(merge)).unwrap_err();
    assert_eq!(error.to_string(), "rename: classes that are to be \"Cat\" have different keypoints");
}
