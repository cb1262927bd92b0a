//! Maps of classes and objects in records, and records that have nothing else.

use std::fs;

use recordmill::convert::{self, ConvertError, MaskForm, OnError, Options, SchemaKind, Segmentation};
use recordmill::dataset::{Dataset, Mask, Object, ProblemKind};
use recordmill::example::{self, Feature};
use recordmill::formats::label_image::{self, Canvas, Kind};
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

/// Class, box and pixels of each object.
type Said = Vec<(String, [f64; 4], u64)>;

fn said(back: &Dataset) -> Said {
    let of = |row: usize| {
        let pixels = back.objects.masks.get(row).map_or(0, |mask| runs::area(&mask.runs));
        (back.classes[back.objects.class[row] as usize].name.clone(), back.objects.bbox[row], pixels)
    };
    (0..back.objects.len()).map(of).collect()
}

#[test]
fn maps_say_the_pixels_of_boxes() {
    let corpus = corpus();
    let to = |name: &str| Options { target: by_name(name), ..super::corpus::options() };
    corpus.convert("direct", &to("semantic-masks")).unwrap();
    for form in [Segmentation::Semantic, Segmentation::Panoptic, Segmentation::PanopticEncoded] {
        let out = corpus.out(&format!("out-{form}"));
        corpus.convert(&format!("out-{form}"), &options(form)).unwrap();
        let back = convert::load(&out, &LoadOptions::default()).unwrap();
        let wanted = [
            ("cat", [15.0, 15.0, 20.0, 20.0], 25),
            ("dog", [10.0, 10.0, 40.0, 40.0], 875),
            ("dog", [60.0, 10.0, 70.0, 20.0], 100),
            ("cat", [1.0, 1.0, 5.0, 5.0], 0),
        ];
        let wanted: Said = wanted.map(|(class, sides, pixels)| (class.to_owned(), sides, pixels)).into();
        assert_eq!(said(&back.dataset), wanted, "{form}");
        assert_eq!(back.reasons.last().unwrap(), "objects with boxes whose pixels are from a map of classes: 3");
        let report =
            convert::convert(&out, &corpus.out(&format!("back-{form}")), &to("semantic-masks"), &mut ()).unwrap();
        assert_eq!(report.objects, 4);
        let name = |folder: &str| corpus.out(&format!("{folder}/train/a_mask.png"));
        assert_eq!(fs::read(name(&format!("back-{form}"))).unwrap(), fs::read(name("direct")).unwrap(), "{form}");

        let load = LoadOptions { boxes_only: true, ..LoadOptions::default() };
        let boxes = convert::load(&out, &load).unwrap().dataset;
        assert_eq!((boxes.objects.bbox.len(), boxes.objects.masks.iter().count(), boxes.outlines_unread), (4, 0, 3));
        let lossy = Options { no_loss: true, ..to("csv") };
        let error = convert::convert(&out, &corpus.out("lossy"), &lossy, &mut ()).unwrap_err();
        assert!(matches!(error, ConvertError::Lossy(_)), "{error}");
    }
    // Masks of objects and a map say the same: nothing is added.
    let both = Options { masks: MaskForm::Png, ..options(Segmentation::Semantic) };
    corpus.convert("both", &both).unwrap();
    let back = convert::load(&corpus.out("both"), &LoadOptions::default()).unwrap().dataset;
    assert_eq!(said(&back).iter().map(|(.., pixels)| *pixels).collect::<Vec<_>>(), [25, 900, 100, 0]);
}

/// A record of an image of 100 x 50, with boxes in pixels, their classes, and a map that shows `areas`.
fn mapped(boxes: &[([f32; 4], i64)], areas: &[([u32; 4], u32)], instances: bool) -> tempfile::TempDir {
    let paint = |of: &dyn Fn(usize) -> u32| {
        let mut canvas = Canvas::new(100, 50);
        for (place, (sides, _)) in areas.iter().enumerate() {
            canvas.paint(&boxed(*sides).mask.unwrap(), of(place));
        }
        canvas.to_gray()
    };
    let (classes, numbers) = (paint(&|place| areas[place].1), paint(&|place| place as u32 + 1));
    let side = |axis: usize| boxes.iter().map(|(sides, _)| sides[axis] / [100.0, 50.0][axis % 2]).collect();
    let encoded = png(100, 50, 0);
    let texts = boxes.iter().map(|(_, id)| if *id == 1 { &b"cat"[..] } else { b"dog" });
    let mut features = vec![
        ("image/encoded", Feature::bytes(&encoded)),
        ("image/filename", Feature::bytes(b"a.png")),
        ("image/object/bbox/xmin", Feature::Float(side(0))),
        ("image/object/bbox/ymin", Feature::Float(side(1))),
        ("image/object/bbox/xmax", Feature::Float(side(2))),
        ("image/object/bbox/ymax", Feature::Float(side(3))),
        ("image/object/class/label", Feature::Int64(boxes.iter().map(|(_, id)| *id).collect())),
        ("image/object/class/text", Feature::Bytes(texts.map(|text: &[u8]| text.into()).collect())),
    ];
    match instances {
        true => features.extend([
            ("image/panoptic/category_mask", Feature::bytes(&classes)),
            ("image/panoptic/instance_mask", Feature::bytes(&numbers)),
        ]),
        false => features.push(("image/segmentation/class/encoded", Feature::bytes(&classes))),
    }
    features.sort_by_key(|(key, _)| *key);
    let mut file = Vec::new();
    append(&mut file, &example::encode(&features));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.tfrecord"), file).unwrap();
    folder
}

#[test]
fn what_a_map_shows_goes_to_the_box_around_it() {
    let load = |folder: &tempfile::TempDir| convert::load(folder.path(), &LoadOptions::default()).unwrap();
    let pixels = |said: &Said| said.iter().map(|(class, _, pixels)| (class.clone(), *pixels)).collect::<Vec<_>>();
    let named =
        |all: &[(&str, u64)]| all.iter().map(|(class, pixels)| ((*class).to_owned(), *pixels)).collect::<Vec<_>>();
    // Two boxes of a class overlap by 10 x 10; a pixel is beside the second; stuff of class 7 has no box.
    let boxes = [([0.0, 0.0, 30.0, 30.0], 1), ([20.0, 20.0, 40.0, 40.0], 1)];
    let areas = [([0, 0, 30, 30], 1), ([20, 20, 41, 40], 1), ([50, 0, 60, 10], 7), ([90, 0, 95, 10], 255)];
    let back = load(&mapped(&boxes, &areas, false));
    assert_eq!(pixels(&said(&back.dataset)), named(&[("cat", 800), ("cat", 420), ("7", 100)]));
    let remarks = &back.reasons[back.reasons.len() - 3..];
    assert_eq!(
        remarks,
        [
            "objects with boxes whose pixels are from a map of classes: 2",
            "objects of which a smaller box of the same class has pixels, as the map does not tell them apart: 1",
            "objects that a map shows outside of the boxes of its classes: 1",
        ]
    );
    assert_eq!((back.dataset.maps_unread, back.dataset.objects.bbox[2]), (0, [50.0, 0.0, 60.0, 10.0]));
    // The same told apart by instances: each has its own, up to what lies over it.
    let areas = [([0, 0, 30, 30], 1), ([20, 20, 40, 40], 1), ([50, 0, 60, 10], 7)];
    let back = load(&mapped(&boxes, &areas, true));
    assert_eq!(pixels(&said(&back.dataset)), named(&[("cat", 800), ("cat", 400), ("7", 100)]));
    // A map without a class that boxes have, as Model Garden's of things and stuff: it says nothing of them, and that is a loss.
    let boxes = [([0.0, 0.0, 30.0, 30.0], 1), ([40.0, 0.0, 60.0, 30.0], 2), ([70.0, 0.0, 90.0, 30.0], 2)];
    let areas = [([0, 0, 30, 30], 1), ([40, 0, 60, 30], 1), ([70, 0, 90, 30], 1)];
    for instances in [false, true] {
        let folder = mapped(&boxes, &areas, instances);
        let back = load(&folder);
        assert_eq!(
            (pixels(&said(&back.dataset)), back.dataset.maps_unread),
            (named(&[("cat", 0), ("dog", 0), ("dog", 0)]), 1)
        );
        let wanted = "maps whose numbers are not those of the boxes' classes (2 boxes show other classes alone, 1 their own): left out";
        assert_eq!(back.reasons.last().unwrap(), wanted);
        for target in ["coco", "semantic-masks", "csv"] {
            let options = Options { target: by_name(target), no_loss: true, ..super::corpus::options() };
            let error = convert::convert(folder.path(), &folder.path().join("out"), &options, &mut ()).unwrap_err();
            assert!(error.to_string().contains("maps of classes of 1 image"), "{error}");
        }
    }
}

#[test]
fn a_map_that_is_cut_costs_the_pixels_alone() {
    let folder = mapped(&[([0.0, 0.0, 30.0, 30.0], 1)], &[([0, 0, 30, 30], 1)], false);
    let path = folder.path().join("train.tfrecord");
    let record = features(&path).remove(0);
    let place = record.iter().position(|(key, _)| key.starts_with("image/segmentation")).unwrap();
    let Feature::Bytes(pictures) = &record[place].1 else { panic!("no picture") };
    let png = pictures[0].to_vec();
    let mut file = Vec::new();
    for end in 0..=png.len() {
        let mut all: Vec<(&str, Feature<'_>)> = record.iter().map(|(key, value)| (&**key, value.clone())).collect();
        all[place].1 = Feature::bytes(&png[..end]);
        append(&mut file, &example::encode(&all));
    }
    fs::write(&path, file).unwrap();
    let back = convert::load(folder.path(), &LoadOptions::default()).unwrap();
    // Without a byte there is no picture; without the last ones it is whole.
    let drawn = back.dataset.objects.masks.iter().count();
    let bad = back.problems.counts()[&ProblemKind::BadMask] as usize;
    assert_eq!((back.dataset.objects.bbox.len(), drawn + bad), (png.len() + 1, png.len()));
    assert!((1..30).contains(&drawn), "{drawn} of {}", png.len());
    let load = LoadOptions { boxes_only: true, ..LoadOptions::default() };
    let boxes = convert::load(folder.path(), &load).unwrap();
    assert_eq!(boxes.problems.counts().get(&ProblemKind::BadMask), None);
    assert_eq!((boxes.dataset.objects.bbox.len(), boxes.dataset.outlines_unread), (png.len() + 1, drawn as u64));
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
