//! Schemas of scripts: files, order and values, as the scripts have them (docs/schemas.md; `tests/python/test_official.py` runs the
//! scripts themselves).

use std::fs;

use recordmill::convert::{
    self, ConvertError, Layout, MaskForm, Options, SchemaKind, Segmentation, ShardRule, SourceId,
};
use recordmill::dataset::{Object, ProblemKind, flag};
use recordmill::formats::LoadOptions;

use super::corpus::{Corpus, Record, Value, examples, files_in, object, options, png};

fn of(schema: SchemaKind) -> Options {
    Options { schema, ..options() }
}

/// Five images of 100 x 50, whose order in the source is not that of their names; the objects are those of `c.png`.
fn corpus(objects: impl IntoIterator<Item = Object>) -> Corpus {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    let mut objects = Some(objects);
    for (number, name) in ["a.png", "b.png", "c.png", "d.png", "e.png"].into_iter().enumerate() {
        let ours: Vec<Object> = match name {
            "c.png" => objects.take().into_iter().flatten().collect(),
            _ => Vec::new(),
        };
        corpus.add(name, &png(100, 50, number), ours);
    }
    let images = &mut corpus.loaded.dataset.images;
    images.rank = vec![4, 3, 2, 1, 0];
    (0..5).for_each(|row| images.id.set(row, 100 + row as i64));
    corpus
}

fn names(records: &[Record]) -> Vec<String> {
    let name = |record: &Record| match &record["image/filename"] {
        Value::Bytes(values) => String::from_utf8(values[0].clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    records.iter().map(name).collect()
}

/// Name of each record file and of the images in it.
fn files(corpus: &Corpus, out: &str, options: &Options) -> Vec<(String, Vec<String>)> {
    let report = corpus.convert(out, options).unwrap();
    let read = |name: &String| names(&examples(&fs::read(corpus.out(out).join(name)).unwrap()));
    report.files.iter().map(|file| (file.name.clone(), read(&file.name))).collect()
}

/// The record of `c.png` in the only file.
fn record(corpus: &Corpus, out: &str, options: &Options) -> Record {
    let options = Options { shards: ShardRule::Count(1), ..options.clone() };
    let report = corpus.convert(out, &options).unwrap();
    let records = examples(&fs::read(corpus.out(out).join(&report.files[0].name)).unwrap());
    let place = names(&records).iter().position(|name| name == "c.png").unwrap();
    records.into_iter().nth(place).unwrap()
}

fn floats(record: &Record, side: &str) -> Vec<f32> {
    match &record[&format!("image/object/{side}")] {
        Value::Float(values) => values.clone(),
        other => panic!("{other:?}"),
    }
}

/// `writers[idx % num_shards]`, in the order of `images`; a file is there even if nothing is left for it.
#[test]
fn records_are_dealt_out_in_the_sources_order() {
    let corpus = corpus([object(0, [1.0, 2.0, 30.0, 40.0])]);
    let row = |name: &str, images: &[&str]| (name.to_owned(), images.iter().map(ToString::to_string).collect());
    let options = Options { shards: ShardRule::Count(3), ..of(SchemaKind::CreateCoco) };
    assert_eq!(
        files(&corpus, "three", &options),
        [
            row("coco_train.record-00000-of-00003", &["e.png", "b.png"]),
            row("coco_train.record-00001-of-00003", &["d.png", "a.png"]),
            row("coco_train.record-00002-of-00003", &["c.png"]),
        ]
    );
    // Without being asked: the script's own numbers.
    for (schema, count, first, last) in [
        (SchemaKind::CreateCoco, 100, "coco_train.record-00000-of-00100", "coco_train.record-00099-of-00100"),
        (SchemaKind::ModelGarden, 32, "train-00000-of-00032.tfrecord", "train-00031-of-00032.tfrecord"),
        (SchemaKind::CreatePascal, 1, "pascal_train.record", "pascal_train.record"),
        (SchemaKind::CreateOid, 100, "oid_train.tfrecord-00000-of-00100", "oid_train.tfrecord-00099-of-00100"),
        (SchemaKind::Roboflow, 1, "train/objects.tfrecord", "train/objects.tfrecord"),
    ] {
        let files = files(&corpus, schema.name(), &of(schema));
        assert_eq!((files.len(), &*files[0].0, &*files[count - 1].0), (count, first, last), "{schema}");
        assert_eq!(files.iter().map(|(_, images)| images.len()).sum::<usize>(), 5, "{schema}");
        // All of it is read back, whatever the files are called.
        let back = convert::load(&corpus.out(schema.name()), &LoadOptions::default()).unwrap();
        assert_eq!((back.dataset.len(), back.dataset.objects.len()), (5, 1), "{schema}");
        assert_eq!(back.dataset.classes[back.dataset.objects.class[0] as usize].name, "cat", "{schema}");
    }
    let labels = fs::read_to_string(corpus.out("roboflow/train/objects_label_map.pbtxt")).unwrap();
    assert!(labels.starts_with("item {\n    name: \"cat\",\n    id: 1,\n"), "{labels}");
    // Another run takes the place of these.
    let again = Options { overwrite: true, shards: ShardRule::Count(1), ..of(SchemaKind::CreateCoco) };
    corpus.convert("create_coco", &again).unwrap();
    let records = files_in(&corpus.out("create_coco")).into_keys().filter(|name| name.contains("record-"));
    assert_eq!(records.collect::<Vec<_>>(), ["coco_train.record-00000-of-00001"]);
}

/// `if width <= 0 or height <= 0`, `if x + width > image_width or y + height > image_height`: left out. x < 0: written.
#[test]
fn create_coco_and_model_garden_keep_what_they_do_not_look_at() {
    let flags = flag::CROWD | flag::HAS_CROWD;
    let corpus = corpus([
        Object { area: Some(70.5), flags, ..object(1, [-5.0, 10.0, 25.0, 50.0]) },
        object(0, [90.0, 10.0, 100.5, 20.0]),
        object(0, [10.0, 10.0, 10.0, 20.0]),
        object(0, [30.0, 20.0, 20.0, 10.0]),
    ]);
    for schema in [SchemaKind::CreateCoco, SchemaKind::ModelGarden] {
        let record = record(&corpus, schema.name(), &of(schema));
        assert_eq!(floats(&record, "bbox/xmin"), [-0.05], "{schema}");
        assert_eq!(floats(&record, "bbox/xmax"), [0.25]);
        assert_eq!((floats(&record, "bbox/ymin"), floats(&record, "bbox/ymax")), (vec![0.2], vec![1.0]));
        assert_eq!(floats(&record, "area"), [70.5]);
        assert_eq!(record["image/object/is_crowd"], Value::Int64(vec![1]));
        assert_eq!(record["image/object/class/text"], Value::text("dog"));
        assert_eq!(record["image/source_id"], Value::text("102"));
        // What is a PNG is called one.
        assert_eq!(record["image/format"], Value::text("png"));
        let label = record.get("image/object/class/label").cloned();
        assert_eq!(label, (schema == SchemaKind::ModelGarden).then_some(Value::Int64(vec![2])));
        assert!(!record.contains_key("image/object/mask"), "nobody asked for it");
    }
    let report = corpus.convert("again", &of(SchemaKind::CreateCoco)).unwrap();
    assert_eq!((report.objects, report.skipped.objects), (1, 3));
    assert_eq!(report.problem_counts[&ProblemKind::SkipRule], 3);
    let kept: Vec<String> = report
        .problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::BoxKept)
        .map(|problem| problem.message.clone())
        .collect();
    assert_eq!(kept, ["object 1 (\"dog\"): xmin -5 < 0: kept as it is"]);
}

/// `float(xmin) / width`, whatever it is.
#[test]
fn create_pascal_writes_boxes_as_they_are() {
    let flags = flag::DIFFICULT | flag::HAS_DIFFICULT | flag::HAS_TRUNCATED;
    let corpus = corpus([
        Object { pose: Some("Left".into()), flags, ..object(1, [-5.0, 10.0, 25.0, 60.0]) },
        object(0, [1.0, 1.0, 100.0, 50.0]),
    ]);
    let record = record(&corpus, "out", &of(SchemaKind::CreatePascal));
    assert_eq!(floats(&record, "bbox/xmin"), [-0.05, 0.01]);
    assert_eq!(floats(&record, "bbox/ymax"), [1.2, 1.0]);
    assert_eq!(record["image/object/difficult"], Value::Int64(vec![1, 0]));
    assert_eq!(record["image/object/truncated"], Value::Int64(vec![0, 0]));
    assert_eq!(record["image/object/view"], Value::Bytes(vec![b"Left".into(), b"Unspecified".into()]));
    assert_eq!(record["image/source_id"], Value::text("c.png"));
    let asked = Options { source_id: SourceId::Stem, ..of(SchemaKind::CreatePascal) };
    assert_eq!(self::record(&corpus, "stem", &asked)["image/source_id"], Value::text("c"));
}

/// Things are 1 and counted among all segments, stuff is its id - 90 and no instance, and has no box.
#[test]
fn model_garden_has_maps_of_things_and_stuff() {
    let square = |x: f64| vec![vec![[x, 10.0], [x + 10.0, 10.0], [x + 10.0, 20.0], [x, 20.0]]];
    let segment = |class, x: f64| Object { polygons: square(x), ..object(class, [x, 10.0, x + 10.0, 20.0]) };
    let mut corpus = corpus([segment(1, 10.0), segment(0, 30.0), segment(0, 50.0)]);
    let classes = &mut corpus.loaded.dataset.classes;
    (classes[0].source_id, classes[1].source_id, classes[1].stuff) = (Some(17), Some(92), true);
    let maps = Options { segmentation: Segmentation::Panoptic, ..of(SchemaKind::ModelGarden) };
    let record = record(&corpus, "out", &maps);
    let seen = |key: &str| {
        let Value::Bytes(png) = &record[key] else { panic!("{key}") };
        let picture = recordmill::formats::label_image::read(&png[0]).unwrap();
        [15, 35, 55, 75].map(|x| picture.values[15 * 100 + x])
    };
    assert_eq!(seen("image/segmentation/class/encoded"), [2, 1, 1, 0]);
    assert_eq!(seen("image/panoptic/category_mask"), [92, 17, 17, 0]);
    assert_eq!(seen("image/panoptic/instance_mask"), [0, 2, 3, 0]);
    assert_eq!(floats(&record, "bbox/xmin"), [0.3, 0.5]);
    assert!(!record.contains_key("image/segmentation/class/format"));
    // COCO's stuff has ids from 91.
    corpus.loaded.dataset.classes[1].source_id = Some(90);
    let ConvertError::Refused(report) = corpus.convert("low", &maps).unwrap_err() else { panic!() };
    let said: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(
        said.contains(&"c.png: a class of stuff has id 90, and Model Garden's map has 91 to 255".to_owned()),
        "{said:?}"
    );
}

#[test]
fn options_that_a_schema_has_no_key_for_are_refused() {
    let corpus = corpus([object(0, [1.0, 2.0, 30.0, 40.0])]);
    let coco = of(SchemaKind::CreateCoco);
    for (options, message) in [
        (
            Options { masks: MaskForm::Png, ..of(SchemaKind::CreatePascal) },
            "masks means nothing with schema create_pascal",
        ),
        (
            Options { segmentation: Segmentation::Semantic, ..coco.clone() },
            "segmentation means nothing with schema create_coco",
        ),
        (
            Options { segmentation: Segmentation::PanopticEncoded, ..of(SchemaKind::ModelGarden) },
            "segmentation panoptic-encoded means nothing with schema model_garden",
        ),
        (
            Options { source_id: SourceId::Index, ..of(SchemaKind::Roboflow) },
            "source_id means nothing with schema roboflow",
        ),
        (Options { layout: Layout::Roboflow, ..coco }, "layout roboflow means nothing with schema create_coco"),
    ] {
        assert_eq!(corpus.convert("out", &options).unwrap_err().to_string(), message);
    }
    let named = Options { group: Some("Cats".into()), ..of(SchemaKind::Roboflow) };
    let report = corpus.convert("out", &named).unwrap();
    assert_eq!(report.files[0].name, "train/Cats.tfrecord");
}

/// A folder with images of 100 x 50 and with texts.
fn folder(images: &[&str], texts: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    images.iter().zip(0..).for_each(|(name, tail)| write(name, &png(100, 50, tail)));
    texts.iter().for_each(|(name, text)| write(name, text.as_bytes()));
    folder
}

/// `classes_to_use` is car, pedestrian, dontcare; `img_num < 500` is for validation; both files are there.
#[test]
fn create_kitti_takes_cars_and_pedestrians_outside_of_regions() {
    let lines = "\
Car 0.25 0 -1.5 10 10 30 40 1.5 1.6 3.7 1 1.7 12 0.4
CAR 0 0 0.5 60 10 80 40 0 0 0 0 0 0 0
Van 0 0 0.1 1 1 9 9 3 2 8 1 2 30 0.1
Pedestrian 0 0 0.1 29 39 50 50 1 1 1 1 1 1 1
DontCare -1 -1 -10 30 40 35 45 -1 -1 -1 -1000 -1000 -1000 -10
";
    let folder = folder(&["training/image_2/000007.png"], &[("training/label_2/000007.txt", lines)]);
    let path = |name: &str| folder.path().join(name);
    let options = of(SchemaKind::CreateKitti);
    let report = convert::convert(&path("in"), &path("out"), &options, &mut ()).unwrap();
    let names: Vec<(&str, u64)> = report.files.iter().map(|file| (&*file.name, file.records)).collect();
    assert_eq!(names, [("kitti_train.tfrecord", 0), ("kitti_val.tfrecord", 1)]);
    // The region is read as none, and so is the pedestrian in it; the first car touches its corner alone.
    let left: Vec<(&str, u64)> =
        report.skipped.reasons.iter().map(|(reason, count)| (*reason, count.objects)).collect();
    assert_eq!(left, [("dont-care", 2), ("keep-classes", 1)]);
    let records = examples(&fs::read(path("out/kitti_val.tfrecord")).unwrap());
    let [record] = &records[..] else { panic!("{}", records.len()) };
    assert_eq!(record["image/object/class/text"], Value::Bytes(vec![b"car".into(), b"car".into()]));
    assert_eq!(record["image/object/class/label"], Value::Int64(vec![1, 1]));
    assert_eq!(record["image/filename"], Value::text("training/image_2/000007.png"));
    assert_eq!(record["image/source_id"], Value::text("training/image_2/000007.png"));
    assert_eq!(floats(record, "truncated"), [0.25, 0.0]);
    assert_eq!(floats(record, "alpha"), [-1.5, 0.5]);
    assert_eq!(floats(record, "3d_bbox/rot_y"), [0.4, 0.0]);
    assert_eq!(floats(record, "3d_bbox/z"), [12.0, 0.0]);
    // README's program reads the file that has something.
    let readme = fs::read_to_string(path("out/README.txt")).unwrap();
    assert!(readme.contains("FILES = [\"kitti_val.tfrecord\"]"), "{readme}");
    // To others a region is nothing.
    let report = convert::convert(&path("in"), &path("tfod"), &super::corpus::options(), &mut ()).unwrap();
    assert_eq!((report.objects, report.skipped.objects), (4, 1));

    let vans = Options {
        select: convert::Selection { keep_classes: Some(vec!["van".into()]), ..Default::default() },
        ..options
    };
    let report = convert::convert(&path("in"), &path("vans"), &vans, &mut ()).unwrap();
    assert_eq!((report.objects, &*report.classes[0].name), (1, "van"));
    let none = self::folder(&["a/image_2/1.png"], &[("a/label_2/1.txt", "Van 0 0 0.1 1 1 9 9 3 2 8 1 2 30 0.1\n")]);
    let error = convert::convert(&none.path().join("in"), &path("none"), &of(SchemaKind::CreateKitti), &mut ());
    assert_eq!(
        error.unwrap_err().to_string(),
        "schema create_kitti: no class is called car or pedestrian, which the script takes; keep_classes names others"
    );
}

/// `int(image_id, 16) % num_shards`; classes by their codes; what the label map does not have, or no row, is no fault.
#[test]
fn create_oid_goes_by_codes_and_numbers() {
    let table = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n\
        0a,xclick,/m/01,1,0.1,0.5,0.2,0.9,0,-1,1,1,0\n0a,xclick,/m/02,1,0.1,0.4,0.2,0.8,1,0,0,0,1\n";
    let folder = folder(
        &["train/0a.png", "train/ffffffffffffffffffff.png", "train/zebra.png"],
        &[("train-annotations-bbox.csv", table), ("class-descriptions-boxable.csv", "/m/01,Cat\n/m/02,Dog\n")],
    );
    let path = |name: &str| folder.path().join(name);
    fs::write(path("map.pbtxt"), "item { id: 9 name: '/m/01' }").unwrap();
    let labels = convert::LabelSource::File(path("map.pbtxt"));
    let options = Options { labels, shards: ShardRule::Count(7), ..of(SchemaKind::CreateOid) };
    let report = convert::convert(&path("in"), &path("out"), &options, &mut ()).unwrap();
    assert_eq!((report.images, report.objects, report.skipped.objects), (3, 1, 1));
    let records: Vec<u64> = report.files.iter().map(|file| file.records).collect();
    // 10 % 7 = 3; 2^80 - 1 = 3 (mod 7), as 2^80 = 2^2 = 4; the third is no number, and the third in order.
    assert_eq!(records, [0, 0, 1, 2, 0, 0, 0]);
    let records = examples(&fs::read(path("out/oid_train.tfrecord-00003-of-00007")).unwrap());
    assert_eq!(records[0]["image/object/class/text"], Value::text("/m/01"));
    assert_eq!(records[0]["image/object/class/label"], Value::Int64(vec![9]));
    assert_eq!(records[0]["image/object/depiction"], Value::Int64(vec![1]));
    assert_eq!(records[0]["image/object/group_of"], Value::Int64(vec![1]));
    // Unknown is no.
    assert_eq!(records[0]["image/object/truncated"], Value::Int64(vec![0]));
    assert_eq!(records[0]["image/source_id"], Value::text("0a"));
    assert_eq!(records[0]["image/filename"], Value::text("0a.png"));
    assert_eq!(floats(&records[1], "bbox/xmin"), [0.0; 0]);
}
