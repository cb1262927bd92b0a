//! What objects have besides box, class and mask: the keys that records have for it, and back.

use std::fs;

use recordmill::convert::{self, ConvertError, Options, SchemaKind};
use recordmill::dataset::{Dataset, Object, flag};
use recordmill::example::Feature;
use recordmill::formats::{LoadOptions, Loaded, by_name};

use super::corpus::{Corpus, features, object, options, png};

fn attributes(all: &[(&str, &str)]) -> Vec<(Box<str>, Box<str>)> {
    all.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// Two images of 100 x 50, the second one with an object that has a whole number alone.
fn corpus() -> Corpus {
    let mut corpus = Corpus::new(&["cat"]);
    let crowd = flag::HAS_CROWD | flag::HAS_GROUP_OF;
    let objects = [
        Object {
            score: Some(0.9),
            track: Some(7),
            flags: crowd | flag::CROWD,
            attributes: attributes(&[("colour", "dark red"), ("IsDepiction", "1"), ("age", "3")]),
            ..object(0, [10.0, 5.0, 60.0, 45.0])
        },
        Object {
            corners: Some([[30.0, 0.0], [40.0, 10.0], [30.0, 20.0], [20.0, 10.0]]),
            flags: crowd,
            attributes: attributes(&[("age", "-12")]),
            ..object(0, [20.0, 0.0, 40.0, 20.0])
        },
    ];
    corpus.add("a.png", &png(100, 50, 0), objects);
    let alone = Object { attributes: attributes(&[("age", "0")]), flags: crowd, ..object(0, [1.0, 2.0, 3.0, 4.0]) };
    corpus.add("b.png", &png(100, 50, 1), [alone]);
    corpus.add("c.png", &png(100, 50, 2), []);
    corpus
}

fn get<'r>(record: &'r [(String, Feature<'static>)], key: &str) -> Option<&'r Feature<'static>> {
    record.iter().find(|(other, _)| other == key).map(|(_, feature)| feature)
}

fn texts(values: &[&'static str]) -> Feature<'static> {
    Feature::Bytes(values.iter().map(|value| value.as_bytes().into()).collect())
}

fn load(path: &std::path::Path) -> Loaded {
    convert::load(path, &LoadOptions::default()).unwrap()
}

#[test]
fn objects_keep_what_is_said_of_them() {
    let corpus = corpus();
    let report = corpus.convert("records", &options()).unwrap();
    assert_eq!(report.losses, []);
    let all = features(&corpus.out("records/train.tfrecord"));
    let first = |key: &str| get(&all[0], &format!("image/object/{key}")).unwrap_or_else(|| panic!("{key}"));
    assert_eq!(*first("attribute/age"), Feature::Int64(vec![3, -12].into()));
    assert_eq!(*first("attribute/colour"), texts(&["dark red", ""]));
    assert_eq!(*first("bbox/confidence"), Feature::Float(vec![0.9, 1.0].into()));
    assert_eq!(*first("corners/x"), Feature::Float(vec![0.0, 0.0, 0.0, 0.0, 0.3, 0.4, 0.3, 0.2].into()));
    assert_eq!(*first("corners/y"), Feature::Float(vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.4, 0.2].into()));
    assert_eq!(*first("depiction"), Feature::Int64(vec![1, 0].into()));
    assert_eq!(*first("group_of"), Feature::Int64(vec![1, 0].into()));
    assert_eq!(*first("is_crowd"), Feature::Int64(vec![1, 0].into()));
    assert_eq!(*first("track/label"), Feature::Int64(vec![7, -1].into()));
    for record in &all {
        assert!(record.is_sorted_by(|a, b| a.0 < b.0), "sorted");
    }
    // A list of attributes is only where any object has one; the others are everywhere.
    let second: Vec<&str> = all[1].iter().map(|(key, _)| &**key).filter(|key| key.contains("attribute")).collect();
    assert_eq!(second, ["image/object/attribute/age"]);
    assert_eq!(get(&all[2], "image/object/track/label").map(|feature| *feature != Feature::Unset), Some(true));

    let back = load(&corpus.out("records"));
    let Dataset { objects, .. } = &back.dataset;
    let of = |row: usize| objects.attributes.get(row).cloned().unwrap_or_default();
    assert_eq!(of(0), attributes(&[("age", "3"), ("colour", "dark red"), ("IsDepiction", "1")]));
    assert_eq!((of(1), of(2)), (attributes(&[("age", "-12")]), attributes(&[("age", "0")])));
    assert_eq!((objects.score.get(0), objects.track.get(0), objects.track.get(1)), (Some(&0.9), Some(&7), None));
    assert_eq!(objects.flags[0], flag::CROWD | flag::HAS_CROWD | flag::HAS_GROUP_OF);
    let before = &corpus.loaded.dataset.objects;
    assert_eq!((objects.corners.get(0), objects.corners.get(1)), (None, before.corners.get(1)));
    // The mask of a turned box says nothing that its corners do not.
    assert_eq!(objects.masks.get(1), None);
    // Records of records are the same.
    convert::convert(&corpus.out("records"), &corpus.out("again"), &options(), &mut ()).unwrap();
    let bytes = |name: &str| fs::read(corpus.out(name)).unwrap();
    assert!(bytes("records/train.tfrecord") == bytes("again/train.tfrecord"));

    // And on to formats that have them.
    let target = |name: &str| Options { target: by_name(name), ..options() };
    convert::convert(&corpus.out("records"), &corpus.out("datumaro"), &target("datumaro"), &mut ()).unwrap();
    let datumaro = load(&corpus.out("datumaro")).dataset.objects;
    assert!(datumaro.attributes.get(0).unwrap().contains(&("colour".into(), "dark red".into())));
    let report = convert::convert(&corpus.out("records"), &corpus.out("obb"), &target("yolo-obb"), &mut ()).unwrap();
    assert!(report.losses.iter().all(|loss| loss.what != "turned boxes"), "{:?}", report.losses);
}

/// A name that is too long, a value that is empty, the same name twice: told, and refused where nothing may be lost.
#[test]
fn attributes_that_have_no_list_are_told() {
    let mut corpus = Corpus::new(&["cat"]);
    let long = "x".repeat(2000);
    let all = [
        attributes(&[("colour", "red"), ("colour", "blue")]),
        attributes(&[("colour", "")]),
        attributes(&[(&long, "1")]),
        attributes(&[("colour", "green")]),
    ];
    let objects = all.map(|attributes| Object { attributes, ..object(0, [1.0, 2.0, 30.0, 40.0]) });
    corpus.add("a.png", &png(100, 50, 0), objects);
    let report = corpus.convert("records", &options()).unwrap();
    let losses: Vec<_> = report.losses.iter().map(|loss| (loss.what, loss.number)).collect();
    assert_eq!(losses, [("attributes", 3)]);
    let all = features(&corpus.out("records/train.tfrecord"));
    assert_eq!(get(&all[0], "image/object/attribute/colour"), Some(&texts(&["red", "", "", "green"])));
    let no_loss = Options { no_loss: true, ..options() };
    assert!(matches!(corpus.convert("none", &no_loss), Err(ConvertError::Lossy(_))));
    // Basic records have none of it, and each is told once.
    let basic = Options { schema: SchemaKind::Basic, ..options() };
    let report = corpus.convert("basic", &basic).unwrap();
    assert_eq!(report.losses.iter().map(|loss| (loss.what, loss.number)).collect::<Vec<_>>(), [("attributes", 4)]);

    // Far more names than are written: those that most objects have.
    let mut corpus = Corpus::new(&["cat"]);
    let names: Vec<String> = (0..400).map(|number| format!("n{number:03}")).collect();
    let many = names.iter().map(|name| (&**name, "1")).collect::<Vec<_>>();
    let few = many[300..].to_vec();
    let objects = [many, few].map(|all| Object { attributes: attributes(&all), ..object(0, [1.0, 2.0, 30.0, 40.0]) });
    corpus.add("a.png", &png(100, 50, 0), objects);
    let report = corpus.convert("records", &options()).unwrap();
    assert_eq!(report.losses.iter().map(|loss| loss.number).collect::<Vec<_>>(), [1]);
    let back = load(&corpus.out("records")).dataset.objects;
    let counts = [0, 1].map(|row| back.attributes.get(row).unwrap().len());
    assert_eq!(counts, [256, 100]);
}

/// Open Images from its own tables: what its script writes.
#[test]
fn open_images_has_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("in/train")).unwrap();
    fs::write(path("in/train/0001.png"), png(100, 50, 3)).unwrap();
    let table = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n\
                 0001,xclick,/m/01,1,0.1,0.5,0.2,0.9,0,0,1,0,0\n0001,xclick,/m/01,1,0.1,0.4,0.2,0.8,1,0,0,1,1\n";
    fs::write(path("in/train-annotations-bbox.csv"), table).unwrap();
    let report = convert::convert(&path("in"), &path("out"), &options(), &mut ()).unwrap();
    assert_eq!((&*report.format, report.losses.len()), ("open-images", 0));
    let all = features(&path("out/train.tfrecord"));
    let ints = |key: &str| get(&all[0], &format!("image/object/{key}")).cloned();
    for (key, values) in [("group_of", [1, 0]), ("depiction", [0, 1]), ("occluded", [0, 1]), ("truncated", [0, 0])] {
        assert_eq!(ints(key), Some(Feature::Int64(values.to_vec().into())), "{key}");
    }
    assert_eq!(ints("attribute/IsInside"), Some(texts(&["", "1"])));
    assert_eq!(ints("bbox/confidence"), None);
    let target = Options { target: by_name("open-images"), ..options() };
    convert::convert(&path("out"), &path("back"), &target, &mut ()).unwrap();
    assert_eq!(load(&path("back")).dataset.objects.flags, load(&path("in")).dataset.objects.flags);
}
