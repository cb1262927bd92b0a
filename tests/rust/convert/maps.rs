//! Maps of classes and objects in records, and records that have nothing else.

use std::fs;

use recordmill::convert::{self, ConvertError, MaskForm, OnError, Options, SchemaKind, Segmentation};
use recordmill::dataset::{Mask, Object, ProblemKind};
use recordmill::example::{self, Feature};
use recordmill::formats::label_image::{self, Kind};
use recordmill::formats::{LoadOptions, by_name};
use recordmill::image::runs;
use recordmill::record::append;

use super::corpus::{Corpus, Features, features, object, png};

/// A mask of 100 x 50 that is a box.
fn boxed([x0, y0, x1, y1]: [u32; 4]) -> Object {
    let mut runs = vec![x0 * 50 + y0];
    for x in x0..x1 {
        runs.push(y1 - y0);
        runs.push(if x + 1 < x1 { 50 - (y1 - y0) } else { (99 - x) * 50 + 50 - y1 });
    }
    let mask = Some(Mask { width: 100, height: 50, runs: runs.into() });
    Object { mask, ..object(0, [x0, y0, x1, y1].map(f64::from)) }
}

/// A large dog, a cat on it, another dog, and a box alone; an image of nothing.
fn corpus() -> Corpus {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    let dog = |sides| Object { class: 1, ..boxed(sides) };
    let objects =
        [boxed([15, 15, 20, 20]), dog([10, 10, 40, 40]), dog([60, 10, 70, 20]), object(0, [1.0, 1.0, 5.0, 5.0])];
    corpus.add("a.png", &png(100, 50, 0), objects);
    corpus.add("b.png", &png(100, 50, 1), []);
    corpus
}

fn options(segmentation: Segmentation) -> Options {
    Options { segmentation, masks: MaskForm::None, ..super::corpus::options() }
}

/// The number at a few places of a picture: on the cat, on the first dog, on the second, on the box, outside.
fn shown(record: &Features, key: &str) -> [u32; 5] {
    let Some((_, Feature::Bytes(pictures))) = record.iter().find(|(other, _)| other == key) else { panic!("no {key}") };
    let picture = label_image::read(&pictures[0]).unwrap();
    assert_eq!((picture.width, picture.height, &picture.kind, pictures.len()), (100, 50, &Kind::Gray, 1));
    [(17, 17), (12, 12), (65, 15), (2, 2), (99, 49)].map(|(x, y)| picture.values[y * 100 + x])
}

#[test]
fn maps_show_classes_and_objects_and_come_back() {
    let corpus = corpus();
    for (form, keys) in [
        (Segmentation::Semantic, None),
        (Segmentation::Panoptic, Some(["category_mask", "instance_mask"])),
        (Segmentation::PanopticEncoded, Some(["category/encoded", "instance/encoded"])),
    ] {
        let out = format!("out-{form}");
        corpus.convert(&out, &options(form)).unwrap();
        let mut all = features(&corpus.out(&format!("{out}/train.tfrecord")));
        let classes = "image/segmentation/class/encoded";
        assert_eq!((shown(&all[0], classes), shown(&all[1], classes)), ([1, 2, 2, 0, 0], [0; 5]));
        if let Some([category, instance]) = keys.map(|keys| keys.map(|key| format!("image/panoptic/{key}"))) {
            assert_eq!(shown(&all[0], &category), [1, 2, 2, 0, 0]);
            assert_eq!(shown(&all[0], &instance), [1, 2, 3, 0, 0]);
        }
        assert!(all[0].is_sorted_by(|a, b| a.0 < b.0), "sorted");
        assert!(
            !all[0].iter().any(|(key, _)| key == "image/object/mask" || keys.is_none() && key.contains("panoptic"))
        );

        // Beside boxes they are the masks of these.
        let beside = convert::load(&corpus.out(&out), &LoadOptions::default()).unwrap();
        assert!(beside.problems.is_empty(), "{:?}", beside.problems);
        let masks = &beside.dataset.objects.masks;
        let areas: Vec<_> = (0..4).map(|row| masks.get(row).map_or(0, |mask| runs::area(&mask.runs))).collect();
        assert_eq!((areas, beside.dataset.objects.len()), (vec![25, 875, 100, 0], 4));

        // As deeplab's and Model Garden's own tools write them, without a word of objects.
        let folder = tempfile::tempdir().unwrap();
        let mut file = Vec::new();
        for record in &mut all {
            record.retain(|(key, _)| !key.starts_with("image/object"));
            let features: Vec<(&str, Feature<'_>)> =
                record.iter().map(|(key, value)| (&**key, value.clone())).collect();
            append(&mut file, &example::encode(&features));
        }
        fs::write(folder.path().join("train.tfrecord"), file).unwrap();
        fs::copy(corpus.out(&format!("{out}/label_map.pbtxt")), folder.path().join("label_map.pbtxt")).unwrap();
        let back = convert::load(folder.path(), &LoadOptions::default()).unwrap().dataset;
        let said = (0..back.objects.len()).map(|row| {
            let mask = back.objects.masks.get(row).unwrap();
            (&*back.classes[back.objects.class[row] as usize].name, back.objects.bbox[row], runs::area(&mask.runs))
        });
        let said: Vec<_> = said.collect();
        let cat = ("cat", [15.0, 15.0, 20.0, 20.0], 25);
        match form {
            Segmentation::Semantic => assert_eq!(said, [cat, ("dog", [10.0, 10.0, 70.0, 40.0], 975)]),
            _ => {
                let dogs = [("dog", [10.0, 10.0, 40.0, 40.0], 875), ("dog", [60.0, 10.0, 70.0, 20.0], 100)];
                assert_eq!(said, [cat, dogs[0], dogs[1]]);
            }
        }
        let load = LoadOptions { boxes_only: true, ..LoadOptions::default() };
        let boxes = convert::load(folder.path(), &load).unwrap().dataset;
        assert_eq!(boxes.objects.bbox, back.objects.bbox);
        assert_eq!((boxes.objects.masks.iter().count(), boxes.outlines_unread), (0, back.objects.len() as u64));
        let target = Options { target: by_name("semantic-masks"), ..super::corpus::options() };
        let report = convert::convert(folder.path(), &folder.path().join("again"), &target, &mut ()).unwrap();
        assert_eq!((report.images, report.objects), (2, back.objects.len() as u64));
    }
}

/// Boxes and pictures of a record that say two things.
#[test]
fn what_maps_show_beside_boxes_is_said() {
    let corpus = corpus();
    for (form, said) in [
        (
            Segmentation::Semantic,
            "image/segmentation/class/encoded has pixels of class 2 where no box of that class is",
        ),
        (Segmentation::Panoptic, "segments of its maps without a box: 2"),
    ] {
        let out = format!("out-{form}");
        corpus.convert(&out, &options(form)).unwrap();
        let all = features(&corpus.out(&format!("{out}/train.tfrecord")));
        let folder = tempfile::tempdir().unwrap();
        let mut file = Vec::new();
        let cats = |(key, value): &(String, Feature<'static>)| match key.as_str() {
            "image/object/class/label" => (key.clone(), Feature::Int64(vec![1; 4].into())),
            "image/object/class/text" => (key.clone(), Feature::Bytes(vec![b"cat"[..].into(); 4])),
            _ => (key.clone(), value.clone()),
        };
        let cats: Vec<(String, Feature<'_>)> = all[0].iter().map(cats).collect();
        let cats: Vec<(&str, Feature<'_>)> = cats.iter().map(|(key, value)| (&**key, value.clone())).collect();
        append(&mut file, &example::encode(&cats));
        fs::write(folder.path().join("train.tfrecord"), file).unwrap();
        let loaded = convert::load(folder.path(), &LoadOptions::default()).unwrap();
        let messages: Vec<_> = loaded.problems.iter().map(|problem| (problem.kind, problem.message.clone())).collect();
        assert_eq!(messages, [(ProblemKind::BadMask, format!("record 0: its masks are left out: {said}"))]);
        let load = LoadOptions { boxes_only: true, ..LoadOptions::default() };
        let boxes = convert::load(folder.path(), &load).unwrap();
        assert_eq!((boxes.dataset.outlines_unread, boxes.problems.is_empty()), (4, true));
    }
}

#[test]
fn more_than_a_byte_can_tell_is_refused() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add(
        "a.png",
        &png(100, 50, 0),
        (0..256).map(|number| boxed([number % 90, number / 90, number % 90 + 5, 20])),
    );
    corpus.add("b.png", &png(100, 50, 1), [boxed([1, 1, 5, 5])]);
    let error = corpus.convert("out", &options(Segmentation::Panoptic)).unwrap_err();
    let ConvertError::Refused(report) = error else { panic!("{error}") };
    let said: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["a.png: 256 objects, and a panoptic map can tell 255 apart"]);
    let skip = Options { on_error: OnError::Skip, ..options(Segmentation::Panoptic) };
    let report = corpus.convert("out", &skip).unwrap();
    assert_eq!((report.images, report.problem_counts[&ProblemKind::BadImage]), (1, 1));
    assert_eq!(corpus.convert("semantic", &options(Segmentation::Semantic)).unwrap().images, 2);
    // A class above 255 takes 16 bits, and no panoptic map has it.
    corpus.loaded.dataset.classes[0].source_id = Some(300);
    corpus.convert("deep", &options(Segmentation::Semantic)).unwrap();
    let all = features(&corpus.out("deep/train.tfrecord"));
    assert_eq!(shown(&all[1], "image/segmentation/class/encoded"), [0, 0, 0, 300, 0]);
    let error = corpus.convert("none", &options(Segmentation::PanopticEncoded)).unwrap_err();
    let ConvertError::Refused(report) = error else { panic!("{error}") };
    let said = report.problems.iter().next().unwrap().to_string();
    assert_eq!(said, "a.png: a class has id 300, and a panoptic-encoded map has 1 to 255");
}

#[test]
fn maps_of_boxes_mean_nothing() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [1.0, 1.0, 5.0, 5.0])]);
    let error = corpus.convert("out", &options(Segmentation::Semantic)).unwrap_err().to_string();
    assert!(error.ends_with("have neither outlines nor masks"), "{error}");
    let basic = Options { schema: SchemaKind::Basic, ..options(Segmentation::Semantic) };
    let error = corpus.convert("out", &basic).unwrap_err().to_string();
    assert_eq!(error, "segmentation means nothing with schema basic");
}
