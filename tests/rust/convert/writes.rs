//! What stands in the output, and that nothing but the input decides it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;

use recordmill::convert::{
    self, Layout, MANIFEST, Monitor, Options, Phase, Progress, README, SchemaKind, Selection, ShardRule, SourceId,
    SplitRule,
};
use recordmill::dataset::{Keypoint, Object, ProblemKind, flag};
use recordmill::formats::{Carries, FORMATS, LoadOptions};
use recordmill::record::Compression;
use sha2::{Digest, Sha256};

use super::corpus::{Corpus, Value, examples, files_in, object, options, png};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn records_hold_images_and_boxes() {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    let cat = png(100, 50, 3);
    let marked = Object { flags: flag::DIFFICULT | flag::HAS_DIFFICULT, ..object(1, [50.0, 25.0, 100.0, 50.0]) };
    corpus.add("a/cat.png", &cat, [object(0, [10.0, 5.0, 20.0, 10.0]), marked]);
    corpus.add("b.png", &png(100, 50, 0), []);
    let files = corpus.files("out", &options());
    assert_eq!(files.keys().collect::<Vec<_>>(), [README, "label_map.pbtxt", MANIFEST, "train.tfrecord"]);
    let records = examples(&files["train.tfrecord"]);
    let expected = BTreeMap::from([
        ("image/encoded".to_owned(), Value::Bytes(vec![cat.clone()])),
        ("image/filename".to_owned(), Value::text("cat.png")),
        ("image/format".to_owned(), Value::text("png")),
        ("image/height".to_owned(), Value::Int64(vec![50])),
        ("image/key/sha256".to_owned(), Value::text(&hex(&Sha256::digest(&cat)))),
        ("image/object/bbox/xmax".to_owned(), Value::Float(vec![0.2, 1.0])),
        ("image/object/bbox/xmin".to_owned(), Value::Float(vec![0.1, 0.5])),
        ("image/object/bbox/ymax".to_owned(), Value::Float(vec![0.2, 1.0])),
        ("image/object/bbox/ymin".to_owned(), Value::Float(vec![0.1, 0.5])),
        ("image/object/class/label".to_owned(), Value::Int64(vec![1, 2])),
        ("image/object/class/text".to_owned(), Value::Bytes(vec![b"cat".to_vec(), b"dog".to_vec()])),
        ("image/object/difficult".to_owned(), Value::Int64(vec![0, 1])),
        ("image/source_id".to_owned(), Value::text("1")),
        ("image/width".to_owned(), Value::Int64(vec![100])),
    ]);
    assert_eq!(records[0], expected);
    assert_eq!(records[1]["image/object/bbox/xmin"], Value::Float(vec![]));
    assert_eq!(records[1]["image/object/difficult"], Value::Int64(vec![]));
    assert_eq!(records[1]["image/source_id"], Value::text("2"));
    assert_eq!(records.len(), 2);

    let manifest: serde_json::Value = serde_json::from_slice(&files[MANIFEST]).unwrap();
    assert_eq!(manifest["files"][0]["sha256"], hex(&Sha256::digest(&files["train.tfrecord"])));
    assert_eq!(manifest["files"][0]["crc32c"], format!("{:08x}", crc32c::crc32c(&files["train.tfrecord"])));
    assert_eq!(manifest["files"][0]["bytes"], files["train.tfrecord"].len());
    assert_eq!(manifest["images"], 2);
    assert!(!String::from_utf8_lossy(&files[MANIFEST]).contains(corpus.input().to_str().unwrap()));
    let readme = String::from_utf8(files[README].clone()).unwrap();
    assert!(readme.contains("2 images with 2 objects of 2 classes") && readme.contains("FILES = [\"train.tfrecord\"]"));
}

/// Around each length at which a varint of the record becomes longer, the place that was guessed for the image may be
/// wrong, and the image has to move.
#[test]
fn images_of_every_length_stay_whole() {
    let mut corpus = Corpus::new(&["cat"]);
    let least = png(100, 50, 0).len();
    let around = |middle: usize, reach: usize| (middle - reach).max(least)..middle + reach;
    let mut lengths: Vec<usize> = (least..least + 300).collect();
    lengths.extend(around(1 << 14, 700).step_by(3));
    lengths.extend(around(1 << 21, 700).step_by(97));
    for (number, len) in lengths.iter().enumerate() {
        let objects = (0..number % 7).map(|_| object(0, [1.0, 1.0, 9.0, 9.0]));
        corpus.add(&format!("{number:05}.png"), &png(100, 50, len - least), objects);
        corpus.loaded.dataset.images.labels.set(number, vec![0]);
    }
    // The frames of a clip are in one record: `sequences.rs`.
    for schema in SchemaKind::ALL.iter().filter(|schema| **schema != SchemaKind::Sequence) {
        let out = schema.name();
        let select = convert::Selection { keep_classes: Some(vec!["cat".into()]), ..convert::Selection::default() };
        let options = Options { schema: *schema, shards: ShardRule::Count(1), select, ..options() };
        let report = corpus.convert(out, &options).unwrap();
        let read = |file: &convert::FileReport| examples(&fs::read(corpus.out(out).join(&file.name)).unwrap());
        let mut records: Vec<_> = report.files.iter().flat_map(read).collect();
        // Some schemas have splits of their own.
        records.sort_by_key(|record| format!("{:?}", record["image/filename"]));
        assert_eq!(records.len(), lengths.len());
        for (record, len) in records.iter().zip(&lengths) {
            let encoded = if record.contains_key("image") { "image" } else { "image/encoded" };
            assert_eq!(record[encoded], Value::Bytes(vec![png(100, 50, len - least)]));
        }
    }
}

#[test]
fn threads_change_nothing() {
    let corpus = Corpus::many(300);
    for compression in Compression::ALL {
        for (name, shards) in
            [("one", ShardRule::One), ("five", ShardRule::Count(5)), ("size", ShardRule::Size(500_000))]
        {
            let split = SplitRule::parse("60/40").unwrap();
            let options = Options { compression, shards, split, shuffle: true, seed: 3, ..options() };
            let out = |workers| format!("{compression}-{name}-{workers}");
            let first = corpus.files(&out(1), &Options { workers: 1, ..options.clone() });
            for workers in [2, 8] {
                assert!(
                    first == corpus.files(&out(workers), &Options { workers, ..options.clone() }),
                    "{}",
                    out(workers)
                );
            }
            let records: usize =
                first.iter().filter(|(name, _)| name.ends_with("tfrecord")).map(|(_, file)| examples(file).len()).sum();
            assert_eq!(records, 300);
        }
    }
}

#[test]
fn shards_hold_the_same_records_as_one_file() {
    let corpus = Corpus::many(100);
    let one = corpus.files("one", &options());
    let many = corpus.files("many", &Options { shards: ShardRule::Count(7), ..options() });
    let shards: Vec<&Vec<u8>> =
        many.iter().filter(|(name, _)| name.starts_with("train-")).map(|(_, file)| file).collect();
    assert_eq!(shards.len(), 7);
    assert!(shards.into_iter().flatten().copied().eq(one["train.tfrecord"].iter().copied()));
}

/// "At most" holds for long names too: of classes, of poses, of files.
#[test]
fn no_shard_is_larger_than_was_asked_for() {
    const LIMIT: u64 = 40_000;
    let mut corpus = Corpus::new(&["/m/0dzct: a class with the whole path that its ontology gives it", "dog"]);
    let folder = "a folder with a rather long name".repeat(3);
    for number in 0..60 {
        let objects = (0..number * 5 % 97).map(|n| Object {
            pose: (n % 3 == 0).then(|| "seen from behind and above, at night".into()),
            flags: flag::HAS_CROWD | flag::HAS_DIFFICULT | flag::HAS_OCCLUDED | flag::HAS_TRUNCATED,
            ..object(n % 2, [1.0, 1.0, 9.0, 9.0])
        });
        corpus.add(&format!("{folder}/{number}/one name for all.png"), &png(100, 50, 0), objects);
    }
    for schema in [SchemaKind::Tfod, SchemaKind::Basic] {
        let options = Options { shards: ShardRule::Size(LIMIT), schema, source_id: SourceId::Filename, ..options() };
        let report = corpus.convert(schema.name(), &options).unwrap();
        assert!(report.files.len() > 1);
        let largest = report.files.iter().map(|file| file.bytes).max();
        assert!(largest <= Some(LIMIT), "{largest:?}");
    }
}

#[test]
fn a_dry_run_foretells_the_sizes_and_touches_nothing() {
    let corpus = Corpus::many(60);
    for compression in Compression::ALL {
        let options = Options { compression, shards: ShardRule::Count(3), ..options() };
        let dry = corpus.convert("dry", &Options { dry_run: true, ..options.clone() }).unwrap();
        assert!(!corpus.out("dry").exists());
        let real = corpus.convert(compression.name(), &options).unwrap();
        let sizes = |report: &recordmill::convert::Report| {
            report.files.iter().map(|file| (file.name.clone(), file.records, file.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&dry), sizes(&real));
        assert_eq!((dry.images, dry.objects, dry.empty_images), (real.images, real.objects, real.empty_images));
        assert!(dry.dry_run && dry.files.iter().all(|file| file.sha256.is_none() && file.crc32c.is_none()));
    }
}

/// The checksum of a file is put together from those of its blocks, whoever made them; without the digest nothing else
/// is different.
#[test]
fn files_have_checksums() {
    let corpus = Corpus::many(60);
    for compression in Compression::ALL {
        for threads in [1, 8] {
            let options = Options { compression, shards: ShardRule::Count(3), workers: threads, ..options() };
            let name = |what: &str| format!("{what}-{}-{threads}", compression.name());
            let whole = corpus.files(&name("whole"), &options);
            let options = Options { file_sha256: false, overwrite: true, ..options };
            let report = corpus.convert(&name("whole"), &options).unwrap();
            let fast = corpus.files(&name("fast"), &options);
            assert_eq!(report.files.len(), 3);
            for file in &report.files {
                let bytes = &fast[&file.name];
                assert_eq!(file.crc32c, Some(format!("{:08x}", crc32c::crc32c(bytes))), "{}", file.name);
                assert_eq!((file.sha256.as_ref(), bytes), (None, &whole[&file.name]));
            }
            let manifest: serde_json::Value = serde_json::from_slice(&fast[MANIFEST]).unwrap();
            assert_eq!(manifest["options"]["file_sha256"], false);
            assert!(manifest["files"][2]["sha256"].is_null());
        }
    }
}

#[test]
fn roboflow_layout_has_a_folder_per_split() {
    let mut corpus = Corpus::many(20);
    corpus.loaded.dataset.images.split[3] = Some(recordmill::dataset::Split::Test);
    let options = Options { layout: Layout::Roboflow, group: Some("box".into()), ..options() };
    let files = corpus.files("out", &options);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        [
            README,
            MANIFEST,
            "test/box.tfrecord",
            "test/box_label_map.pbtxt",
            "train/box.tfrecord",
            "train/box_label_map.pbtxt"
        ]
    );
    assert_eq!(
        String::from_utf8_lossy(&files["train/box_label_map.pbtxt"]),
        "item {\n    name: \"cat\",\n    id: 1,\n    display_name: \"cat\"\n}\n\
         item {\n    name: \"dog\",\n    id: 2,\n    display_name: \"dog\"\n}\n"
    );
    let readme = String::from_utf8_lossy(&files[README]);
    assert!(
        readme.contains("The dataset includes 20 images.\nBox are annotated in Tensorflow TFRecord (raccoon) format.")
    );
}

#[test]
fn images_without_objects_are_kept_or_dropped() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    corpus.add("b.png", &png(100, 50, 0), []);
    // Its only box has no area: it becomes an image without objects.
    corpus.add("c.png", &png(100, 50, 0), [object(0, [1.0, 1.0, 1.0, 9.0])]);
    let kept = corpus.convert("kept", &options()).unwrap();
    assert_eq!((kept.images, kept.objects, kept.empty_images, kept.skipped.objects), (3, 1, 2, 1));
    let dropped = corpus.convert("dropped", &Options { drop_empty: true, ..options() }).unwrap();
    assert_eq!((dropped.images, dropped.objects, dropped.empty_images), (1, 1, 0));
    assert_eq!((dropped.skipped.images, dropped.skipped.objects), (2, 1));
    assert_eq!(dropped.skipped.reasons["drop-empty"].images, 2);
}

#[test]
fn progress_ends_at_all() {
    #[derive(Default)]
    struct Seen(Vec<Progress>);
    impl Monitor for Seen {
        fn tick(&mut self, progress: &Progress) -> ControlFlow<()> {
            self.0.push(*progress);
            ControlFlow::Continue(())
        }
    }
    let corpus = Corpus::many(20);
    let mut seen = Seen::default();
    recordmill::convert::convert_dataset(&corpus.loaded, &corpus.out("out"), &options(), &mut seen).unwrap();
    let last = seen.0.iter().rfind(|progress| progress.phase == Phase::Write).unwrap();
    assert_eq!((last.images, last.images_total), (20, 20));
    assert_eq!(last.bytes, last.bytes_total);
    assert!(last.bytes > 0);
    assert!(seen.0.iter().any(|progress| progress.phase == Phase::Commit));
}

#[test]
fn what_is_there_is_replaced_only_on_request() {
    let corpus = Corpus::many(12);
    corpus.files("out", &Options { shards: ShardRule::Count(3), ..options() });
    let before = files_in(&corpus.out("out"));
    let error = corpus.convert("out", &options()).unwrap_err();
    assert!(error.to_string().ends_with(": is there already; --overwrite replaces it"), "{error}");
    assert!(before == files_in(&corpus.out("out")));
    std::fs::write(corpus.out("out").join("mine.txt"), "x").unwrap();
    let after = corpus.files("out", &Options { overwrite: true, ..options() });
    // The three files of the first run would be mixed with ours by whoever reads train*.tfrecord.
    assert_eq!(after.keys().collect::<Vec<_>>(), [README, "label_map.pbtxt", "mine.txt", MANIFEST, "train.tfrecord"]);
}

/// From one layout to the other: what the earlier run wrote goes, with its folders, and nothing else.
#[test]
fn the_other_layout_takes_the_place_of_the_first() {
    let corpus = Corpus::many(12);
    let flat = Options { overwrite: true, ..options() };
    let roboflow = Options { layout: Layout::Roboflow, ..flat.clone() };
    let before = corpus.files("out", &flat);
    std::fs::write(corpus.out("out").join("mine_label_map.pbtxt"), "x").unwrap();
    let after = corpus.files("out", &roboflow);
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        [README, "mine_label_map.pbtxt", MANIFEST, "train/objects.tfrecord", "train/objects_label_map.pbtxt"]
    );
    std::fs::remove_file(corpus.out("out").join("mine_label_map.pbtxt")).unwrap();
    assert!(corpus.files("out", &flat) == before);
    assert!(!corpus.out("out/train").exists());
}

/// What both manifests say, in its order: records' first, then a dataset's.
/// Points and lines are not lost with the box that they do not have: not in records, and not in any format that has keypoints.
#[test]
fn keypoints_without_an_area_stay() {
    let mut corpus = Corpus::new(&["cat"]);
    let points = |all: &[[f64; 2]]| {
        let keypoints = all.iter().map(|[x, y]| Keypoint { x: *x, y: *y, visibility: 2 }).collect();
        let [[x0, y0], .., [x1, y1]] = *all else { panic!("two or more") };
        Object { keypoints, ..object(0, [x0, y0, x1, y1]) }
    };
    corpus.loaded.dataset.classes[0].keypoints = vec!["a".into(), "b".into()];
    let objects =
        [points(&[[100.0, 50.0], [100.0, 50.0]]), points(&[[10.0, 7.0], [30.0, 7.0]]), object(0, [5.0, 5.0, 5.0, 9.0])];
    corpus.add("a.png", &png(100, 50, 3), objects);
    let targets = FORMATS.iter().copied().filter(|format| format.writes(Carries::Keypoints)).map(Some);
    for target in targets.chain([None]) {
        let name = target.map_or("tfrecord", |format| format.name);
        let report = corpus.convert(name, &Options { target, ..options() }).unwrap();
        assert_eq!((report.objects, report.skipped.objects), (2, 1), "{name}");
        assert_eq!(report.problem_counts.get(&ProblemKind::PointBox), Some(&2), "{name}");
        let back = convert::load(&corpus.out(name), &LoadOptions::default()).unwrap();
        let labelled = |row: usize| back.dataset.objects.keypoints.get(row).map_or(0, |points| points.len());
        assert_eq!((0..back.dataset.objects.len()).map(labelled).sum::<usize>(), 4, "{name}");
    }
}

#[test]
fn manifests_keep_their_order() {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    corpus.add("a.png", &png(100, 50, 3), [object(0, [10.0, 5.0, 20.0, 10.0]), object(1, [0.0, 0.0, 5.0, 5.0])]);
    corpus.add("b.png", &png(100, 50, 0), []);
    let select = Selection { drop_classes: vec!["dog".into()], ..Selection::default() };
    let options = Options { select, ..options() };
    let coco = FORMATS.iter().find(|format| format.name == "coco").copied();
    let format = corpus.loaded.format.name;
    let shared = r#""images":2,"objects":1,"empty_images":1,"images_read":2,"objects_read":2,
        "skipped":{"images":0,"objects":1,"reasons":{"drop-classes":{"images":0,"objects":1}}},"#;
    let rules = r#""drop_empty":false,"skip_rule":"none","drop_classes":["dog"],"strict":false,"on_error":"stop"},"#;
    let found = r#""classes":[{"id":1,"name":"cat","objects":1,"images":1}],"splits":["#;
    let of_records = format!(
        r#""source_format":"{format}","options":{{"schema":"tfod","layout":"flat","split":"keep","split_exact":false,
        "shards":"1","shuffle":false,"seed":0,"compression":"none","source_id":"index","masks":"png","segmentation":"none",
        "reencode":"auto","auto_orient":false,"sha256":true,"file_sha256":true,
        {rules}{shared}"problem_counts":{{}},{found}"#
    );
    let of_dataset = format!(
        r#""format":"coco","source_format":"{format}","options":{{"images_mode":"copy","split":"keep","split_exact":false,
        "seed":0,{rules}{shared}"losses":[],{found}"#
    );
    for (target, name, says) in [(None, MANIFEST, of_records), (coco, ".recordmill", of_dataset)] {
        let files = corpus.files(name, &Options { target, ..options.clone() });
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        let (text, version) = (bare(&String::from_utf8_lossy(&files[name])), env!("CARGO_PKG_VERSION"));
        let expected = bare(&format!(r#"{{"recordmill":"{version}",{says}"#));
        assert!(text.starts_with(&expected), "{text}\n{expected}");
    }
}
