//! What stands beside the boxes of records: KITTI's columns, there and back, and lists of others that do not fit.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use recordmill::convert::{self, Options, Report, SchemaKind};
use recordmill::dataset::{Object, ProblemKind, Severity, flag};
use recordmill::example::{Feature, encode};
use recordmill::formats::{self, LoadOptions, Loaded};
use recordmill::record::append;

use super::corpus::png;

fn options() -> Options {
    Options { sync: false, ..Options::default() }
}

fn to(target: &str) -> Options {
    Options { target: formats::by_name(target), ..options() }
}

fn losses(report: &Report) -> Vec<String> {
    report.losses.iter().map(|loss| format!("{} of {}", loss.what, loss.number)).collect()
}

/// The numbers of each line of KITTI's labels, in order.
fn numbers(folder: &Path) -> Vec<Vec<f64>> {
    let mut all = Vec::new();
    for split in ["training", "validation"] {
        let Ok(files) = fs::read_dir(folder.join(split).join("label_2")) else { continue };
        for file in files {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let of = |line: &str| line.split(' ').skip(1).map(|number| number.parse::<f64>().unwrap()).collect();
            all.extend(text.lines().map(of).collect::<Vec<Vec<f64>>>());
        }
    }
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    all
}

const KITTI: [&str; 2] = [
    "Car 0.50 1 -1.58 10.01 12.33 44.12 40.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n\
     Pedestrian 0.00 3 -1.65 5 5 9 9 1.86 0.60 2.02 4.59 1.32 45.84 -1.55\n",
    "Car 1.00 2 -10 10.01 12.33 44.12 40.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n\
     Car 0 0 0 50 12 60 20 0 0 0 0 0 0 0\n",
];

#[test]
fn all_columns_of_kitti_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (number, text) in KITTI.iter().enumerate() {
        for (name, bytes) in [
            (format!("image_2/00000{number}.png"), &png(100, 50, number)[..]),
            (format!("label_2/00000{number}.txt"), text.as_bytes()),
        ] {
            let file = path("in/training").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
    }
    let wanted = numbers(&path("in"));
    assert_eq!(wanted.len(), 4);
    let convert = |from: &str, out: &str, options: &Options| {
        convert::convert(&path(from), &path(out), options, &mut ()).unwrap_or_else(|error| panic!("{out}: {error}"))
    };
    // By itself, by our own records, by COCO's attributes.
    assert_eq!(losses(&convert("in", "kitti", &to("kitti"))), [""; 0]);
    assert_eq!(numbers(&path("kitti")), wanted);
    for (between, options) in [("tfod", options()), ("coco", to("coco"))] {
        assert_eq!(losses(&convert("in", between, &options)), [""; 0]);
        let back = format!("{between}-back");
        assert_eq!(losses(&convert(between, &back, &to("kitti"))), ["image ids of 2"]);
        assert_eq!(numbers(&path(&back)), wanted, "{between}");
    }
    // The script's records have all but how far an object is hidden, which is said.
    let script = Options { schema: SchemaKind::CreateKitti, ..options() };
    assert_eq!(losses(&convert("in", "script", &script)), ["occluded of 2", "attributes of 2"]);
    let back = convert("script", "script-back", &Options { no_loss: true, ..to("kitti") });
    assert_eq!((back.objects, losses(&back).len()), (4, 0));
    let mut seen = wanted.clone();
    seen.iter_mut().for_each(|line| line[1] = -1.0);
    seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(numbers(&path("script-back")), seen);
    // What other formats call so is no place in space, and is lost.
    let json = r#"{"images": [{"id": 1, "file_name": "000000.png"}], "categories": [{"id": 1, "name": "c"}], "annotations": [{"id": 1,
        "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "attributes": {"height": 1.5, "x": 2}}]}"#;
    fs::create_dir(path("other")).unwrap();
    fs::write(path("other/a.json"), json).unwrap();
    fs::copy(path("in/training/image_2/000000.png"), path("other/000000.png")).unwrap();
    assert!(losses(&convert("other", "other-back", &to("kitti"))).contains(&"attributes of 1".to_owned()));
    assert_eq!(
        numbers(&path("other-back")),
        [[-1.0, -1.0, 0.0, 1.0, 2.0, 4.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    );
}

fn floats(values: &[f32]) -> Feature<'static> {
    Feature::Float(values.to_vec().into())
}

fn ints(values: &[i64]) -> Feature<'static> {
    Feature::Int64(values.to_vec().into())
}

fn texts(values: &[&str]) -> Feature<'static> {
    Feature::Bytes(values.iter().map(|text| Cow::Owned(text.as_bytes().to_vec())).collect())
}

/// A record of two boxes on 40 by 30 pixels, and `more`.
fn read(more: &[(&'static str, Feature<'static>)]) -> (Loaded, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut features = vec![
        ("image/encoded", Feature::Bytes(vec![png(40, 30, 0).into()])),
        ("image/object/bbox/xmax", floats(&[0.5, 1.0])),
        ("image/object/bbox/xmin", floats(&[0.25, 0.75])),
        ("image/object/bbox/ymax", floats(&[0.5, 0.25])),
        ("image/object/bbox/ymin", floats(&[0.25, 0.0])),
        ("image/object/class/text", texts(&["x", "y"])),
    ];
    features.extend(more.iter().cloned());
    features.sort_by_key(|(key, _)| *key);
    let mut bytes = Vec::new();
    append(&mut bytes, &encode(&features));
    fs::write(folder.path().join("a.tfrecord"), bytes).unwrap();
    let loaded = convert::load(folder.path(), &LoadOptions::default()).unwrap();
    let said = loaded.problems.iter().filter(|problem| problem.kind == ProblemKind::UnfitList);
    let said = said.map(|problem| problem.message.clone()).collect();
    assert_eq!(loaded.dataset.objects.len(), 2);
    (loaded, said)
}

#[test]
fn a_list_that_does_not_fit_is_said() {
    type Row<'a> = (&'a [(&'static str, Feature<'static>)], &'a [&'a str]);
    let rows: [Row<'_>; 12] = [
        (&[("image/object/is_crowd", ints(&[1]))], &["image/object/is_crowd has 1 values for 2 boxes"]),
        (&[("image/object/area", floats(&[1.0; 3]))], &["image/object/area has 3 values for 2 boxes"]),
        (&[("image/object/view", texts(&["Left"]))], &["image/object/view has 1 values for 2 boxes"]),
        (&[("image/object/alpha", floats(&[1.0]))], &["image/object/alpha has 1 values for 2 boxes"]),
        (&[("image/object/attribute/hue", texts(&["a"]))], &["image/object/attribute/hue has 1 values for 2 boxes"]),
        (&[("image/object/difficult", texts(&["0", "1"]))], &["image/object/difficult is a list of bytes"]),
        (
            &[("image/object/keypoint/x", floats(&[0.1; 3])), ("image/object/keypoint/y", floats(&[0.1; 3]))],
            &["image/object/keypoint/x has 3 values for 2 boxes"],
        ),
        (
            &[("image/object/keypoint/x", floats(&[0.1; 4])), ("image/object/keypoint/y", floats(&[0.1; 2]))],
            &["image/object/keypoint/{x,y} have 4 and 2 values"],
        ),
        (
            &[
                ("image/object/keypoint/x", floats(&[0.1; 4])),
                ("image/object/keypoint/y", floats(&[0.1; 4])),
                ("image/object/keypoint/visibility", ints(&[2])),
            ],
            &["image/object/keypoint/visibility has 1 values for 2 boxes"],
        ),
        (
            &[("image/object/area", floats(&[1.0, f32::NAN]))],
            &["image/object/area is no finite number of 1 of 2 boxes"],
        ),
        // Lists without values, as others write them all.
        (
            &[
                ("image/object/is_crowd", ints(&[])),
                ("image/object/area", floats(&[])),
                ("image/object/id", Feature::Unset),
            ],
            &[],
        ),
        (&[("image/object/is_crowd", ints(&[0, 1])), ("image/object/score", floats(&[0.9, 0.1]))], &[]),
    ];
    for (more, wanted) in rows {
        let (loaded, said) = read(more);
        assert_eq!(
            said,
            wanted.iter().map(|text| format!("record 0: {text}; left out")).collect::<Vec<_>>(),
            "{more:?}"
        );
        assert_eq!(loaded.problems.count(Severity::Fixed), wanted.len() as u64);
        let rows = &loaded.dataset.objects;
        if !wanted.is_empty() {
            let plain = Object::default();
            assert!(rows.flags.iter().all(|flags| *flags == plain.flags) && rows.pose.is_empty());
            assert!(rows.attributes.is_empty() && rows.area.get(1).is_none());
        }
    }
}

#[test]
fn flags_may_be_parts_and_unknown() {
    let more = [
        ("image/object/difficult", ints(&[0, 7])),
        ("image/object/occluded", ints(&[-1, 1])),
        ("image/object/truncated", floats(&[0.5, 0.0])),
    ];
    let (loaded, said) = read(&more);
    assert!(said.is_empty());
    let objects = &loaded.dataset.objects;
    let known = flag::HAS_DIFFICULT | flag::HAS_TRUNCATED;
    assert_eq!(objects.flags[0], known | flag::TRUNCATED);
    assert_eq!(objects.flags[1], known | flag::DIFFICULT | flag::HAS_OCCLUDED | flag::OCCLUDED);
    assert_eq!(objects.attributes.get(0).unwrap()[..], [("truncated".into(), "0.5".into())]);
    assert!(objects.attributes.get(1).is_none());
}

#[test]
fn a_keypoint_nowhere_is_not_labelled() {
    let points = |visibility: Option<&[i64]>| {
        let mut more = vec![
            ("image/object/keypoint/x", floats(&[0.25, 0.5, f32::NAN, 0.5])),
            ("image/object/keypoint/y", floats(&[0.5, 0.1, 0.5, f32::INFINITY])),
        ];
        more.extend(visibility.map(|visibility| ("image/object/keypoint/visibility", ints(visibility))));
        let (loaded, said) = read(&more);
        let of = |row: usize| {
            let points = loaded.dataset.objects.keypoints.get(row).map_or(&[][..], |points| points);
            points.iter().map(|point| (point.x, point.y, point.visibility)).collect::<Vec<_>>()
        };
        (of(0), of(1), said)
    };
    assert_eq!(points(None), (vec![(10.0, 15.0, 2), (20.0, 3.0, 2)], vec![], vec![]));
    let (first, second, said) = points(Some(&[1, -1, 0, 2]));
    assert_eq!((first, second), (vec![(10.0, 15.0, 1), (20.0, 3.0, 0)], vec![]));
    assert_eq!(said, ["record 0: image/object/keypoint/{x,y} are no finite numbers of 1 labelled keypoints; left out"]);
}
