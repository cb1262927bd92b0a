//! Records as a source: what was written comes back, and what others wrote is read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use recordmill::convert::{self, Options, SchemaKind, ShardRule, SourceId, SplitRule};
use recordmill::dataset::{Dataset, ProblemKind, Severity};
use recordmill::example::{Feature, encode};
use recordmill::formats::{self, LoadOptions, Loaded};
use recordmill::record::{Compression, append};

use super::corpus::png;

fn shapes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shapes")
}

fn options() -> Options {
    Options { sync: false, ..Options::default() }
}

fn load(path: &Path) -> Loaded {
    convert::load(path, &LoadOptions::default()).unwrap()
}

type Said = (String, [f64; 4], u16, Option<String>);

/// What is said of each image, by the name of its file, with the checksum of its bytes.
fn said(loaded: &Loaded) -> BTreeMap<String, (Option<&'static str>, u32, Vec<Said>)> {
    let Dataset { images, objects, classes, roots, .. } = &loaded.dataset;
    let image = |row: usize| {
        let file = fs::read(roots[usize::from(images.root[row])].join(images.file.get(row))).unwrap();
        let bytes = match images.span.get(row) {
            Some([start, len]) => file[*start as usize..(*start + *len) as usize].to_vec(),
            None => file,
        };
        let object = |object: usize| {
            // VOC is written with all three, as every tool does: what nobody said is 0 and "Unspecified".
            let pose = objects.pose.get(object).map(|pose| pose.to_string()).filter(|pose| pose != "Unspecified");
            let class = classes[objects.class[object] as usize].name.clone();
            (class, objects.bbox[object], objects.flags[object] & 0xff, pose)
        };
        let name = images.key.get(row).rsplit('/').next().unwrap().to_owned();
        let all = loaded.dataset.objects_of(row).map(object).collect();
        (name, (images.split[row].map(recordmill::dataset::Split::name), crc32fast::hash(&bytes), all))
    };
    (0..loaded.dataset.len()).map(image).collect()
}

/// VOC, records, and VOC again: images to the byte, boxes, classes, flags, poses, splits.
#[test]
fn voc_comes_back_from_records() {
    let before = load(&shapes());
    for (number, compression) in [Compression::None, Compression::Gzip, Compression::Zlib].into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let shards = if number == 0 { ShardRule::Count(3) } else { ShardRule::One };
        let records = Options { compression, shards, ..options() };
        convert::convert(&shapes(), &path("records"), &records, &mut ()).unwrap();
        let loaded = load(&path("records"));
        assert_eq!(loaded.format.name, "tfrecord");
        assert_eq!(loaded.problems.count(Severity::Error), 0, "{:?}", loaded.problems.counts());
        assert_eq!(said(&loaded), said(&before), "{compression:?}");
        let names = |loaded: &Loaded| loaded.dataset.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
        let mut sorted = names(&before);
        sorted.sort();
        assert_eq!(names(&loaded), sorted);
        let voc = Options { target: formats::by_name("voc"), ..options() };
        let report = convert::convert(&path("records"), &path("voc"), &voc, &mut ()).unwrap();
        assert_eq!((report.format.as_str(), report.images, report.image_files), ("tfrecord", 24, 24));
        assert_eq!(said(&load(&path("voc"))), said(&before));
        // And records of records are the same, to the byte where they are not compressed.
        convert::convert(&path("records"), &path("again"), &records, &mut ()).unwrap();
        for name in ["train-00000-of-00003.tfrecord", "valid.tfrecord"] {
            if let Ok(first) = fs::read(path("records").join(name)) {
                assert!(fs::read(path("again").join(name)).unwrap() == first, "{name}");
            }
        }
        let spilled = loaded.dataset.roots.last().unwrap().clone();
        assert_eq!(loaded.dataset.kept.len(), 1);
        drop(loaded);
        assert!(!spilled.exists());
    }
}

/// COCO's ids and gaps, through records, which have an image's id as their own without a word.
#[test]
fn coco_comes_back_from_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("coco")).unwrap();
    for name in ["a.png", "b.png", "c.png"] {
        fs::write(path("coco").join(name), png(120, 80, 3)).unwrap();
    }
    let coco = serde_json::json!({
        "images": [{"id": 9, "file_name": "a.png", "width": 120, "height": 80}, {"id": 4, "file_name": "b.png"},
                   {"id": 7, "file_name": "c.png"}],
        "categories": [{"id": 3, "name": "cat"}, {"id": 17, "name": "dog"}],
        "annotations": [
            {"id": 31, "image_id": 9, "category_id": 17, "bbox": [1.25, 2.5, 33.33, 44.44], "area": 700.5, "iscrowd": 1},
            {"id": 12, "image_id": 9, "category_id": 3, "bbox": [0, 0, 120, 80], "iscrowd": 0},
            {"id": 33, "image_id": 4, "category_id": 3, "bbox": [10.01, 20.02, 3.3, 4.4], "iscrowd": 0}],
    });
    fs::write(path("coco/train.json"), coco.to_string()).unwrap();
    let report = convert::convert(&path("coco"), &path("records"), &options(), &mut ()).unwrap();
    assert_eq!(report.losses, []);
    let by_place = Options { source_id: SourceId::Index, dry_run: true, ..options() };
    let report = convert::convert(&path("coco"), &path("places"), &by_place, &mut ()).unwrap();
    assert_eq!(report.losses.len(), 1);
    let target = Options { target: formats::by_name("coco"), ..options() };
    convert::convert(&path("records"), &path("back"), &target, &mut ()).unwrap();
    let back = fs::read(path("back/annotations/instances_train.json")).unwrap();
    let back: serde_json::Value = serde_json::from_slice(&back).unwrap();
    let of =
        |list: &str, key: &str| back[list].as_array().unwrap().iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("images", "id"), [9, 4, 7]);
    assert_eq!(of("categories", "id"), [3, 17]);
    assert_eq!(of("annotations", "id"), [31, 12, 33]);
    assert_eq!(of("annotations", "category_id"), [17, 3, 3]);
    assert_eq!(of("annotations", "iscrowd"), [1, 0, 0]);
    assert_eq!(of("annotations", "area")[0], 700.5);
    let boxes = of("annotations", "bbox");
    assert_eq!(boxes[0].to_string(), "[1.25,2.5,33.33,44.44]");
    assert_eq!(boxes[2].to_string(), "[10.01,20.02,3.3,4.4]");
    assert!(fs::read(path("back/images/train/b.png")).unwrap() == png(120, 80, 3));
}

/// Names of keypoints come back for the class that has them, and nothing for one without; bones are said to be lost.
#[test]
fn keypoints_come_back_from_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("coco")).unwrap();
    fs::write(path("coco/a.png"), png(120, 80, 3)).unwrap();
    let mut coco = serde_json::json!({
        "images": [{"id": 1, "file_name": "a.png", "width": 120, "height": 80}],
        "categories": [
            {"id": 1, "name": "person", "keypoints": ["nose", "left eye", "right eye"], "skeleton": [[1, 2], [1, 3]]},
            {"id": 2, "name": "dog"},
            {"id": 3, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": []},
            {"id": 4, "name": "owl", "keypoints": ["beak"], "skeleton": []}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 2, "bbox": [1, 2, 30, 40], "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "iscrowd": 0,
             "keypoints": [11, 21, 2, 12, 22, 1, 0, 0, 0], "num_keypoints": 2},
            {"id": 3, "image_id": 1, "category_id": 3, "bbox": [10, 20, 30, 40], "iscrowd": 0,
             "keypoints": [0, 0, 0, 12, 22, 2], "num_keypoints": 1},
            {"id": 4, "image_id": 1, "category_id": 1, "bbox": [0, 0, 50, 50], "iscrowd": 1}],
    });
    fs::write(path("coco/train.json"), coco.to_string()).unwrap();
    let report = convert::convert(&path("coco"), &path("records"), &options(), &mut ()).unwrap();
    let losses: Vec<_> = report.losses.iter().map(|loss| (loss.what, loss.number, loss.of)).collect();
    assert_eq!(losses, [("skeletons", 1, "classes"), ("unused keypoints", 1, "classes")]);
    let no_loss = Options { no_loss: true, ..options() };
    let error = convert::convert(&path("coco"), &path("none"), &no_loss, &mut ()).unwrap_err();
    assert!(matches!(error, convert::ConvertError::Lossy(_)), "{error}");

    let Dataset { classes, objects, .. } = load(&path("records")).dataset;
    let names: BTreeMap<&str, &[String]> =
        classes.iter().map(|class| (class.name.as_str(), &*class.keypoints)).collect();
    let text = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(names["person"], text(&["nose", "left eye", "right eye"]));
    assert_eq!((names["cat"], names["dog"], names["owl"]), (&*text(&["nose", "tail"]), &[][..], &[][..]));
    let points = |row: usize| {
        let points = objects.keypoints.get(row).map_or(&[][..], |points| points);
        points.iter().map(|point| (point.x, point.y, point.visibility)).collect::<Vec<_>>()
    };
    assert_eq!(points(0), []);
    assert_eq!(points(1), [(11.0, 21.0, 2), (12.0, 22.0, 1), (0.0, 0.0, 0)]);
    assert_eq!(points(2), [(0.0, 0.0, 0), (12.0, 22.0, 2)]);
    assert_eq!(points(3), []);

    // Without bones and unused names nothing is lost.
    coco["categories"].as_array_mut().unwrap().truncate(3);
    coco["categories"][0]["skeleton"] = serde_json::json!([]);
    fs::write(path("coco/train.json"), coco.to_string()).unwrap();
    convert::convert(&path("coco"), &path("all"), &no_loss, &mut ()).unwrap();
}

/// Objects of one class whose keypoints have other names in another record, or one without a name: the class has none.
#[test]
fn names_of_keypoints_have_to_agree() {
    let folder = tempfile::tempdir().unwrap();
    let image = png(40, 20, 0);
    let example = |class: &str, names: [&str; 2]| {
        let bytes = |values: &[&[u8]]| {
            Feature::Bytes(values.iter().map(|value| std::borrow::Cow::Owned(value.to_vec())).collect())
        };
        let floats = |values: &[f32]| Feature::Float(values.to_vec().into());
        vec![
            ("image/encoded", bytes(&[&image])),
            ("image/object/bbox/xmax", floats(&[1.0])),
            ("image/object/bbox/xmin", floats(&[0.0])),
            ("image/object/bbox/ymax", floats(&[1.0])),
            ("image/object/bbox/ymin", floats(&[0.0])),
            ("image/object/class/text", bytes(&[class.as_bytes()])),
            ("image/object/keypoint/text", bytes(&names.map(str::as_bytes))),
            ("image/object/keypoint/x", floats(&[0.5, 0.25])),
            ("image/object/keypoint/y", floats(&[0.5, 0.25])),
        ]
    };
    let all = [example("cat", ["nose", "tail"]), example("dog", ["nose", "tail"]), example("owl", ["", "beak"])];
    records(folder.path(), "a.tfrecord", &all);
    records(folder.path(), "b.tfrecord", &[example("cat", ["nose", "ear"]), example("dog", ["nose", "tail"])]);
    let dataset = load(folder.path()).dataset;
    let names: Vec<String> = dataset.classes.iter().map(|class| class.keypoints.join(" ")).collect();
    assert_eq!(names, ["", "nose tail", ""]);
    assert!((0..5).all(|row| dataset.objects.keypoints.get(row).is_some_and(|points| points.len() == 2)));
}

/// Ids that two files of COCO both have tell no images apart: each record then has its place. Those of objects only have to
/// differ within a split.
#[test]
fn ids_that_are_taken_twice_are_not_the_records_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (split, name) in [("train", "a.png"), ("valid", "b.png")] {
        fs::create_dir_all(path("coco").join(split)).unwrap();
        fs::write(path("coco").join(split).join(name), png(40, 20, 3)).unwrap();
        let coco = serde_json::json!({
            "images": [{"id": 7, "file_name": name, "width": 40, "height": 20}],
            "categories": [{"id": 1, "name": "cat"}],
            "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 10, 10]}],
        });
        fs::write(path("coco").join(split).join("_annotations.coco.json"), coco.to_string()).unwrap();
    }
    for (split, objects, said) in [("keep", 2, 0), ("train=1", 0, 1)] {
        let out = path(if said == 0 { "records" } else { "joined" });
        let report = convert::convert(
            &path("coco"),
            &out,
            &Options { split: SplitRule::parse(split).unwrap(), ..options() },
            &mut (),
        )
        .unwrap();
        let about_ids = report.reasons.iter().filter(|reason| reason.starts_with("image/object/id is left out"));
        assert_eq!(about_ids.count(), said);
        let dataset = load(&out).dataset;
        let mut ids: Vec<i64> = dataset.images.id.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2]);
        assert_eq!(dataset.objects.id.iter().count(), objects);
    }
}

/// Rows of four points are taken for turned boxes, with a word of the other way; COCO has them as outlines, and loses nothing.
#[test]
fn turned_boxes_are_outlines_in_coco() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("yolo/images")).unwrap();
    fs::create_dir_all(path("yolo/labels")).unwrap();
    fs::write(path("yolo/images/a.png"), png(40, 20, 3)).unwrap();
    fs::write(path("yolo/labels/a.txt"), "0 0.5 0.1 0.7 0.5 0.5 0.9 0.3 0.5\n").unwrap();
    let loaded = load(&path("yolo"));
    assert_eq!(loaded.format.name, "yolo-obb");
    assert!(loaded.reasons[0].ends_with("taken for a turned box: if they are outlines, --from yolo-seg"));
    for target in ["coco", "yolo-seg", "bdd100k", "darwin"] {
        let options = Options { target: formats::by_name(target), ..options() };
        let report = convert::convert(&path("yolo"), &path(target), &options, &mut ()).unwrap();
        assert!(!report.losses.iter().any(|loss| loss.what == "turned boxes"), "{target}: {:?}", report.losses);
        let back = load(&path(target)).dataset.objects;
        let corners: Vec<[f64; 2]> = back.polygons.get(0).unwrap().parts().next().unwrap().collect();
        let size = if back.normalised[0] { [1.0, 1.0] } else { [40.0, 20.0] };
        let there = corners.iter().zip([[0.5, 0.1], [0.7, 0.5], [0.5, 0.9], [0.3, 0.5]]);
        let near = there.into_iter().all(|(a, b)| (0..2).all(|axis| (a[axis] / size[axis] - b[axis]).abs() < 1e-6));
        assert!(near && corners.len() == 4, "{target}: {corners:?}");
    }
    // Said by the dataset itself, there is no other way.
    fs::write(path("yolo/data.yaml"), "train: images\nnames: [ship]\ntask: obb\n").unwrap();
    assert!(!load(&path("yolo")).reasons[0].contains("yolo-seg"));
}

fn records(folder: &Path, name: &str, examples: &[Vec<(&'static str, Feature<'_>)>]) -> PathBuf {
    let mut bytes = Vec::new();
    for features in examples {
        append(&mut bytes, &encode(features));
    }
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// TensorFlow Datasets, FiftyOne, Roboflow: other keys, names of classes beside the records or nowhere.
#[test]
fn records_of_other_tools_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let image = png(40, 20, 0);
    let bytes = |value: &[u8]| Feature::Bytes(vec![std::borrow::Cow::Owned(value.to_vec())]);
    let floats = |values: &[f32]| Feature::Float(values.to_vec().into());
    let ints = |values: &[i64]| Feature::Int64(values.to_vec().into());
    let tfds = vec![
        ("image", bytes(&image)),
        ("image/filename", bytes(b"a.png")),
        ("objects/bbox", floats(&[0.1, 0.2, 0.5, 0.75])),
        ("objects/is_crowd", ints(&[1])),
        ("objects/label", ints(&[1])),
    ];
    records(folder.path(), "voc-validation.tfrecord-00000-of-00001", &[tfds]);
    fs::write(folder.path().join("objects-label.labels.txt"), "cat\ndog\n").unwrap();
    let loaded = load(folder.path());
    assert_eq!((loaded.format.name, loaded.dataset.len()), ("tfrecord", 1));
    let said = said(&loaded);
    let (split, _, objects) = &said["a.png"];
    assert_eq!((*split, &*objects[0].0, objects[0].1), (Some("valid"), "dog", [8.0, 2.0, 30.0, 10.0]));

    let other = tempfile::tempdir().unwrap();
    let fiftyone = vec![("filename", bytes(b"x/a.png")), ("image_bytes", bytes(&image)), ("label", bytes(b"cat"))];
    let roboflow = vec![
        ("image/encoded", bytes(&image)),
        ("image/filename", bytes(b"../../etc/passwd")),
        ("image/object/bbox/xmax", floats(&[1.0])),
        ("image/object/bbox/xmin", floats(&[0.0])),
        ("image/object/bbox/ymax", floats(&[1.0])),
        ("image/object/bbox/ymin", floats(&[0.0])),
        ("image/object/class/label", ints(&[7])),
    ];
    let mut short = roboflow.clone();
    short[2].1 = floats(&[1.0, 1.0]);
    let nothing = vec![("x", ints(&[1]))];
    records(other.path(), "data.bin", &[fiftyone, roboflow, short, nothing]);
    let loaded = load(&other.path().join("data.bin"));
    let messages: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "data.bin: record 2: image/object/bbox/{xmin,ymin,xmax,ymax} have 1, 1, 2, 1 values",
            "data.bin: record 3: there is no image in it (image/encoded, image or image_bytes); it has x"
        ]
    );
    assert_eq!(loaded.skipped.images, 2);
    let keys: Vec<&str> = loaded.dataset.images.key.iter().collect();
    assert_eq!(keys, ["passwd", "x/a.png"]);
    let names: Vec<&str> = loaded.dataset.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["cat", "7"]);
    assert_eq!(loaded.dataset.images.labels.get(1).map(Vec::len), Some(1));
}

/// A damaged file is an error with record and byte, and a file without any record is one.
#[test]
fn damage_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("records");
    let records = Options { schema: SchemaKind::Basic, split: SplitRule::parse("50/50").unwrap(), ..options() };
    convert::convert(&shapes(), &out, &records, &mut ()).unwrap();
    let file = out.join("train.tfrecord");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let loaded = load(&out);
    assert_eq!(loaded.problems.counts().get(&ProblemKind::UnreadableAnnotation), Some(&1));
    let message = loaded.problems.iter().next().unwrap().to_string();
    assert!(message.starts_with("train.tfrecord: record ") && message.contains("at byte"), "{message}");
    let error = convert::convert(&out, &folder.path().join("no"), &options(), &mut ()).unwrap_err();
    assert!(matches!(error, convert::ConvertError::Refused(_)), "{error}");
    for cut in (0..bytes.len()).step_by(997) {
        fs::write(&file, &bytes[..cut]).unwrap();
        drop(convert::load(&out, &LoadOptions::default()));
    }
}

/// The file that the author of the raccoon dataset published.
#[test]
fn raccoon_record() {
    let shared = std::env::var_os("RECORDMILL_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let raccoon = shared.join("data/raccoon");
    if !raccoon.is_dir() {
        println!("skipped: no {}", raccoon.display());
        return;
    }
    let loaded = load(&raccoon.join("test.record"));
    let csv = LoadOptions { image_dirs: vec![raccoon.join("images")], ..LoadOptions::default() };
    let csv = convert::load(&raccoon.join("test_labels.csv"), &csv).unwrap();
    let boxes = |loaded: &Loaded| -> Vec<(String, Vec<[f64; 4]>)> {
        said(loaded)
            .into_iter()
            .map(|(name, (_, _, all))| (name, all.into_iter().map(|said| said.1).collect()))
            .collect()
    };
    assert_eq!(boxes(&loaded), boxes(&csv));
    assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (40, 44));
}

/// The output of an earlier run inside of the source is no part of it, unless there is nothing else.
#[test]
fn what_we_wrote_ourselves_is_left_out_of_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("src/sub")).unwrap();
    fs::write(path("src/a.png"), png(40, 20, 3)).unwrap();
    fs::write(path("src/labels.csv"), "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,20,cat,1,2,11,12\n")
        .unwrap();
    for target in ["coco", "yolo", "voc"] {
        for _ in 0..2 {
            let target = formats::by_name(target);
            let options = Options { target, overwrite: true, ..options() };
            let report = convert::convert(&path("src"), &path("src/sub/out"), &options, &mut ()).unwrap();
            assert_eq!((report.images, report.objects, &*report.format), (1, 1, "csv"));
        }
    }
    convert::convert(&path("src"), &path("src/records"), &options(), &mut ()).unwrap();
    let loaded = load(&path("src"));
    assert_eq!((loaded.format.name, loaded.dataset.len()), ("csv", 1));
    assert_eq!(loaded.reasons.last().unwrap(), "left out, as recordmill wrote it: records and 1 more");
    // Itself it is a source, and so is what holds nothing else.
    assert_eq!(load(&path("src/sub")).dataset.len(), 1);
    assert_eq!(load(&path("src/sub/out")).dataset.len(), 1);
    let options = Options { target: formats::by_name("coco"), overwrite: true, ..options() };
    let error = convert::convert(&path("src"), &path("src"), &options, &mut ()).unwrap_err().to_string();
    assert!(error.ends_with("is the source's own folder; write to another"), "{error}");
}

/// A target that can hold nothing of what is said is not written.
#[test]
fn boxes_alone_are_no_classification() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.png"), png(40, 20, 3)).unwrap();
    fs::write(path("labels.csv"), "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,20,cat,1,2,11,12\n")
        .unwrap();
    for target in ["image-folder", "imagenet-list", "multilabel-csv"] {
        let options = Options { target: formats::by_name(target), ..options() };
        let error = convert::convert(&path("labels.csv"), &path(target), &options, &mut ()).unwrap_err().to_string();
        let said = format!("{target} cannot hold boxes of 1 object; --allow-empty accepts that");
        assert!(error.starts_with("no box to write") && error.ends_with(&said), "{error}");
    }
}

#[test]
fn a_shard_that_is_gone_and_labels_that_disagree_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("records");
    convert::convert(&shapes(), &out, &Options { shards: ShardRule::Count(4), ..options() }, &mut ()).unwrap();
    fs::remove_file(out.join("train-00001-of-00004.tfrecord")).unwrap();
    fs::remove_file(out.join("train-00003-of-00004.tfrecord")).unwrap();
    let map = fs::read_to_string(out.join("label_map.pbtxt")).unwrap();
    fs::write(out.join("label_map.pbtxt"), map.replace("circle", "disc")).unwrap();
    let said: Vec<String> =
        load(&out).problems.iter().map(|problem| format!("{} {problem}", problem.kind.word())).collect();
    assert!(map.contains("circle"), "{map}");
    assert_eq!(
        said,
        [
            "unreadable-annotation train-00001-of-00004.tfrecord: this shard is not there, nor are 1 more of 4",
            "ignored-field label_map.pbtxt: class 1 is \"disc\" here, and \"circle\" in records, whose names are taken",
        ]
    );
}
