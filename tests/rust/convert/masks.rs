//! Masks in records: drawn, written in each form, and back.

use std::fs;

use recordmill::convert::{self, ConvertError, MaskForm, Options, SchemaKind};
use recordmill::dataset::{Mask, Object, ProblemKind};
use recordmill::example;
use recordmill::formats::{FORMATS, LoadOptions, Loaded, label_image};
use recordmill::image::mask::{dense, polygon};
use recordmill::image::runs;

use super::corpus::{Corpus, object, png};

const SIZE: [u32; 2] = [100, 50];

/// One image of 100 x 50: an outline of two parts, a mask, a turned box, and a box alone.
fn corpus() -> Corpus {
    let mut corpus = Corpus::new(&["cat"]);
    let mut mask = vec![0u8; 5000];
    (20..30).for_each(|y| mask[y * 100 + 70..y * 100 + 75 + y % 3].fill(1));
    let runs = dense::from_dense(&mask, SIZE).unwrap().into();
    let objects = [
        Object { polygons: parts(), ..object(0, [10.0, 5.0, 60.0, 45.0]) },
        Object { mask: Some(Mask { width: 100, height: 50, runs }), ..object(0, [70.0, 20.0, 77.0, 30.0]) },
        Object { corners: Some(corners()), ..object(0, [20.0, 0.0, 40.0, 20.0]) },
        object(0, [1.0, 2.0, 3.0, 4.0]),
    ];
    corpus.add("a.png", &png(100, 50, 0), objects);
    corpus.add("b.png", &png(100, 50, 1), []);
    corpus
}

fn parts() -> Vec<Vec<[f64; 2]>> {
    vec![vec![[10.0, 5.0], [30.5, 5.25], [20.0, 40.0]], vec![[40.0, 10.0], [60.0, 10.0], [60.0, 45.0], [-5.0, 60.0]]]
}

fn corners() -> [[f64; 2]; 4] {
    [[30.0, 0.0], [40.0, 10.0], [30.0, 20.0], [20.0, 10.0]]
}

/// The runs that are to come of each object; none for the one that has a box alone.
fn expected(loaded: &Loaded) -> Vec<Option<Vec<u32>>> {
    vec![
        Some(polygon::outline(parts(), SIZE).unwrap()),
        loaded.dataset.objects.masks.get(1).map(|mask| mask.runs.to_vec()),
        Some(polygon::polygon(corners(), SIZE).unwrap()),
        None,
    ]
}

fn options(masks: MaskForm) -> Options {
    Options { masks, sync: false, ..Options::default() }
}

#[test]
fn each_form_has_the_pixels_and_brings_them_back() {
    let corpus = corpus();
    let expected = expected(&corpus.loaded);
    for form in [MaskForm::Png, MaskForm::Numerical] {
        let out = tempfile::tempdir().unwrap();
        let report = convert::convert_dataset(&corpus.loaded, out.path(), &options(form), &mut ()).unwrap();
        assert_eq!(report.objects, 4);
        let said = "objects without outline and mask, whose image/object/mask has no pixel: 1";
        assert!(report.reasons.iter().any(|reason| reason == said), "{:?}", report.reasons);
        let losses: Vec<&str> = report.losses.iter().map(|loss| loss.what).collect();
        assert_eq!(losses, ["polygons"]);

        let records = fs::read(out.path().join("train.tfrecord")).unwrap();
        let mut reader = recordmill::record::Reader::new(&records[..], recordmill::record::ReadOptions::default());
        let payload = reader.next_record().unwrap().unwrap().payload.to_vec();
        let first = example::decode(&payload).unwrap();
        let masks = first.get("image/object/mask").unwrap();
        let dense_of = |runs: &Option<Vec<u32>>| {
            let mut array = Vec::new();
            dense::to_dense::<f32>(runs.as_deref().unwrap_or(&[5000]), SIZE, &mut array).unwrap();
            array
        };
        let wanted: Vec<f32> = expected.iter().flat_map(dense_of).collect();
        let got: Vec<f32> = match form {
            MaskForm::Numerical => masks.as_float().unwrap().to_vec(),
            _ => {
                let pictures = masks.as_bytes().unwrap().iter().map(|bytes| label_image::read(bytes).unwrap());
                pictures
                    .flat_map(|picture| picture.values.iter().map(|value| *value as f32).collect::<Vec<_>>())
                    .collect()
            }
        };
        assert_eq!(got, wanted, "{form}");
        let payload = reader.next_record().unwrap().unwrap().payload.to_vec();
        assert_eq!(example::decode(&payload).unwrap().get("image/object/mask").unwrap().len(), 0);

        let back = convert::load(out.path(), &LoadOptions::default()).unwrap();
        // A turned box comes back as what it is; its mask says no more.
        let outlined = [expected[0].clone(), expected[1].clone(), None, None];
        assert_eq!(back.dataset.objects.corners.get(2), Some(&corners()));
        let masks = (0..4).map(|row| back.dataset.objects.masks.get(row).map(|mask| mask.runs.to_vec()));
        assert_eq!(masks.collect::<Vec<_>>(), outlined, "{form}");
        assert_eq!(back.dataset.outlines_unread, 0);
        let load = LoadOptions { boxes_only: true, ..LoadOptions::default() };
        let boxes = convert::load(out.path(), &load).unwrap();
        assert_eq!((boxes.dataset.objects.masks.iter().count(), boxes.dataset.outlines_unread), (0, 4));
        // And on to a format that has masks.
        let coco = FORMATS.iter().find(|format| format.name == "coco").copied();
        let options = Options { target: coco, ..options(MaskForm::Auto) };
        let again = tempfile::tempdir().unwrap();
        convert::convert(out.path(), again.path(), &options, &mut ()).unwrap();
        let again = convert::load(again.path(), &LoadOptions::default()).unwrap();
        let masks = (0..4).map(|row| again.dataset.objects.masks.get(row).map(|mask| mask.runs.to_vec()));
        assert_eq!(masks.collect::<Vec<_>>(), outlined, "{form}");
    }
}

#[test]
fn without_them_there_is_no_list() {
    let corpus = corpus();
    for options in [options(MaskForm::None), Options { schema: SchemaKind::Basic, ..options(MaskForm::Auto) }] {
        let out = tempfile::tempdir().unwrap();
        let report = convert::convert_dataset(&corpus.loaded, out.path(), &options, &mut ()).unwrap();
        assert!(report.losses.iter().any(|loss| loss.what == "masks"));
        let back = convert::load(out.path(), &LoadOptions::default()).unwrap();
        assert_eq!(back.dataset.objects.masks.iter().count(), 0);
    }
    for form in [MaskForm::Png, MaskForm::Numerical] {
        let refused = Options { schema: SchemaKind::Basic, ..options(form) };
        let out = tempfile::tempdir().unwrap();
        let error = convert::convert_dataset(&corpus.loaded, out.path(), &refused, &mut ()).unwrap_err();
        assert!(
            matches!(&error, ConvertError::Option(text) if text == "masks means nothing with schema basic"),
            "{error}"
        );
    }
}

/// Drawn on an image that was made smaller later, which is then stored turned.
#[test]
fn masks_lie_in_the_stored_pixels() {
    let mut corpus = Corpus::new(&["cat"]);
    let square = vec![vec![[20.0, 10.0], [60.0, 10.0], [60.0, 30.0], [20.0, 30.0]]];
    let fractions = vec![vec![[0.1, 0.1], [0.3, 0.1], [0.3, 0.3], [0.1, 0.3]]];
    let unit = Object { polygons: fractions, normalised: true, ..object(0, [0.1, 0.1, 0.3, 0.3]) };
    corpus.add("a.png", &png(50, 25, 0), [Object { polygons: square, ..object(0, [20.0, 10.0, 60.0, 30.0]) }, unit]);
    let out = tempfile::tempdir().unwrap();
    convert::convert_dataset(&corpus.loaded, out.path(), &options(MaskForm::Png), &mut ()).unwrap();
    let back = convert::load(out.path(), &LoadOptions::default()).unwrap();
    let masks: Vec<&Mask> = (0..2).map(|row| back.dataset.objects.masks.get(row).unwrap()).collect();
    let areas =
        masks.iter().map(|mask| (mask.width, mask.height, runs::area(&mask.runs), runs::bounds(&mask.runs, 25)));
    let areas: Vec<_> = areas.collect();
    assert_eq!(areas[0], (50, 25, 200, Some([10, 5, 30, 15])));
    assert_eq!(areas[1], (50, 25, 50, Some([5, 3, 15, 8])));
}

#[test]
fn a_mask_that_cannot_be_read_costs_itself() {
    let corpus = corpus();
    let out = tempfile::tempdir().unwrap();
    convert::convert_dataset(&corpus.loaded, out.path(), &options(MaskForm::Png), &mut ()).unwrap();
    let path = out.path().join("train.tfrecord");
    let bytes = fs::read(&path).unwrap();
    // The record anew, with one picture that is none and once with one too few.
    let mut reader = recordmill::record::Reader::new(&bytes[..], recordmill::record::ReadOptions::default());
    let payload = reader.next_record().unwrap().unwrap().payload.to_vec();
    for (drop, says) in [(false, "mask 2: no PNG: "), (true, "image/object/mask has 3 pictures for 4 boxes")] {
        let decoded = example::decode(&payload).unwrap();
        let mut features: Vec<(&str, example::Feature<'_>)> = Vec::new();
        for (key, values) in decoded.features.iter() {
            let mut feature = values.to_feature();
            if let ("image/object/mask", example::Feature::Bytes(pictures)) = (key, &mut feature) {
                if drop {
                    pictures.pop();
                } else {
                    pictures[1] = b"nothing"[..].into();
                }
            }
            features.push((key, feature));
        }
        let mut file = Vec::new();
        recordmill::record::append(&mut file, &example::encode(&features));
        fs::write(&path, &file).unwrap();
        let back = convert::load(out.path(), &LoadOptions::default()).unwrap();
        let problem = back.problems.iter().next().unwrap();
        assert_eq!((problem.kind, back.dataset.objects.len()), (ProblemKind::BadMask, 4));
        assert!(
            problem.message.starts_with("record 0: its masks are left out: ") && problem.message.contains(says),
            "{problem}"
        );
        assert_eq!(back.dataset.objects.masks.iter().count(), if drop { 0 } else { 1 });
    }
}
