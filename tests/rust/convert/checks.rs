//! `check`: what is in a dataset, and what is wrong with it.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use recordmill::convert::check::Balance;
use recordmill::convert::{
    ConvertError, Health, MaskForm, Monitor, Options, Phase, Progress, check, check_dataset, convert,
};
use recordmill::dataset::{Image, ProblemKind, Split};
use recordmill::formats::{FORMATS, LoadOptions};

use super::corpus::{Corpus, files_in, object, png};

fn look(corpus: &Corpus) -> Health {
    check_dataset(&corpus.loaded, &LoadOptions::default(), &mut ()).unwrap()
}

/// Kind, place and message of each problem.
fn problems(health: &Health) -> Vec<String> {
    health.problems.iter().map(|problem| format!("{} {problem}", problem.kind.word())).collect()
}

#[test]
fn a_sound_dataset_is_counted_and_nothing_said() {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [0.0, 0.0, 20.0, 40.0]), object(1, [90.0, 40.0, 100.0, 50.0])]);
    corpus.add("b.png", &png(100, 50, 1), [object(0, [10.0, 5.0, 60.0, 45.0])]);
    corpus.add("c.png", &png(100, 50, 2), []);
    corpus.loaded.dataset.images.split[2] = Some(Split::Test);
    corpus.loaded.dataset.images.split[0] = Some(Split::Train);
    corpus.loaded.dataset.images.split[1] = Some(Split::Train);
    let health = look(&corpus);
    assert_eq!(problems(&health), [""; 0]);
    assert!(!health.has_faults());
    assert_eq!((health.images, health.objects, health.empty_images, health.images_opened), (3, 3, 1, 3));
    let bytes: usize = files_in(&corpus.input()).values().map(Vec::len).sum();
    assert_eq!(health.bytes, bytes as u64);
    let splits: Vec<_> =
        health.splits.iter().map(|split| (split.name, split.images, split.objects, split.empty_images)).collect();
    assert_eq!(splits, [(Some("train"), 2, 3, 0), (Some("test"), 1, 0, 1)]);
    let classes: Vec<_> =
        health.classes.iter().map(|class| (class.name.as_str(), class.objects, class.images, class.balance)).collect();
    assert_eq!(classes, [("cat", 2, 2, Balance::Fair), ("dog", 1, 1, Balance::Fair)]);
    assert_eq!(health.classes[1].centres[7][7], 1);
    assert_eq!(health.classes[0].centres.iter().flatten().sum::<u64>(), 2);
    let sizes = &health.image_sizes;
    assert_eq!((sizes.known, sizes.distinct, sizes.shapes.wide), (3, 1, 3));
    assert_eq!(sizes.width.map(|width| width.median), Some(100.0));
    let boxes = &health.boxes;
    assert_eq!((boxes.known, boxes.small, boxes.medium, boxes.large), (3, 2, 1, 0));
    assert_eq!(boxes.width.map(|width| (width.min, width.median, width.max)), Some((10.0, 20.0, 50.0)));
    let bars: Vec<_> = health.objects_per_image.histogram.iter().map(|bar| (bar.from, bar.images)).collect();
    assert_eq!(bars, [(0, 1), (1, 1), (2, 1)]);
}

#[test]
fn boxes_and_headers_are_compared() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("size.png", &png(80, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    corpus.add(
        "boxes.png",
        &png(100, 50, 0),
        [
            object(0, [9.0, 1.0, 1.0, 9.0]),
            object(0, [90.0, 40.0, 110.0, 50.0]),
            object(0, [5.0, 5.0, 5.0, 9.0]),
            object(0, [0.1, 0.1, 0.5, 0.5]),
        ],
    );
    corpus.add("broken.png", b"no image", [object(0, [90.0, 40.0, 110.0, 50.0])]);
    corpus.add("gone.png", b"", [object(0, [0.0, 0.0, 5.0, 5.0])]);
    fs::remove_file(corpus.input().join("gone.png")).unwrap();
    let health = look(&corpus);
    let found = problems(&health);
    let expected = [
        "size-mismatch annotations.csv:2: annotated size is 100 x 50, the image is 80 x 50",
        r#"swapped-corners annotations.csv:5: object 1 ("cat"): xmax 1 < xmin 9"#,
        r#"box-outside annotations.csv:5: object 2 ("cat"): xmax 110 > width 100"#,
        r#"empty-box annotations.csv:5: object 3 ("cat"): xmax 5 = xmin 5"#,
        "tiny-box annotations.csv:5: box [0.1, 0.1, 0.5, 0.5] is within one pixel: are these fractions of the size?",
        "bad-image broken.png: ",
        "box-outside annotations.csv:5: xmax 110 > width 100",
        "missing-image gone.png: cannot be read: ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} / {expected}");
    }
    assert!(health.has_faults());
    // Where no file is to be had, the annotation's size stands in.
    assert_eq!((health.images_opened, health.image_sizes.known, health.boxes.known), (3, 4, 6));
}

#[test]
fn equal_images_are_found_and_worse_in_two_splits() {
    let mut corpus = Corpus::new(&["cat"]);
    let (one, two) = (png(100, 50, 1), png(100, 50, 2));
    for (key, bytes, split) in [
        ("a.png", &one, Some(Split::Train)),
        ("b.png", &two, Some(Split::Train)),
        ("c.png", &one, Some(Split::Valid)),
        ("d.png", &two, Some(Split::Train)),
        ("e.png", &one, Some(Split::Train)),
        ("f.png", &two, None),
    ] {
        corpus.add(key, bytes, [object(0, [1.0, 1.0, 9.0, 9.0])]);
        *corpus.loaded.dataset.images.split.last_mut().unwrap() = split;
    }
    let health = look(&corpus);
    assert_eq!(
        problems(&health),
        [
            "no-split annotations.csv:7: the source puts it in no split; taken for training",
            "split-leak c.png: the same bytes as a.png, which is in split train, this in valid",
            "same-content d.png: the same bytes as b.png",
            "split-leak e.png: the same bytes as c.png, which is in split valid, this in train",
            "same-content f.png: the same bytes as b.png",
        ]
    );
    assert!(health.has_faults());
    corpus.loaded.dataset.images.split.fill(None);
    let health = look(&corpus);
    assert_eq!(health.problem_counts.keys().copied().collect::<Vec<_>>(), [ProblemKind::SameContent]);
    assert!(!health.has_faults());
}

#[test]
fn names_of_classes_are_looked_at() {
    let mut corpus = Corpus::new(&["Traffic Light", "cat", "traffic_light", "bus", "trafficlight", "--", "?"]);
    let objects = [0, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1].map(|class| object(class, [1.0, 1.0, 9.0, 9.0]));
    corpus.add("a.png", &png(100, 50, 0), objects);
    let mut image =
        Image { key: "b.png", name: "b.png", size: (100, 50), file: Some((0, "b.png")), ..Image::default() };
    image.labels = vec![5, 6];
    fs::write(corpus.input().join("b.png"), png(100, 50, 1)).unwrap();
    corpus.loaded.dataset.push(image, []);
    let health = look(&corpus);
    assert_eq!(
        problems(&health),
        [
            "unused-class annotations.csv: class \"bus\" is listed, but nothing is of it",
            "unused-class annotations.csv: class \"trafficlight\" is listed, but nothing is of it",
            "similar-classes annotations.csv:5: class \"Traffic Light\" (1 object) is called like \"traffic_light\" (3 objects)",
            "similar-classes annotations.csv: class \"trafficlight\" (0 objects) is called like \"traffic_light\" (3 objects)",
        ]
    );
    let balances: Vec<_> = health.classes.iter().map(|class| class.balance).collect();
    // The mean of the three that have objects is 4 2/3; those that only images have are compared among themselves.
    use Balance::{Fair, None, Over, Under};
    assert_eq!(balances, [Under, Over, Fair, None, None, Fair, Fair]);
    let shares: Vec<f64> = health.classes.iter().map(|class| class.share).collect();
    assert_eq!(shares, [1.0 / 14.0, 10.0 / 14.0, 3.0 / 14.0, 0.0, 0.0, 0.5, 0.5]);
    assert_eq!(health.classes[6].images, 1);
}

#[test]
fn threads_change_nothing() {
    let mut corpus = Corpus::many(120);
    corpus.add("twin.png", &png(100, 50, 0), []);
    let of = |workers| {
        let mut health =
            check_dataset(&corpus.loaded, &LoadOptions { workers, ..LoadOptions::default() }, &mut ()).unwrap();
        health.seconds = 0.0;
        serde_json::to_string(&health).unwrap()
    };
    let one = of(1);
    assert!(one.contains("\"same-content\"") && one.contains("\"median\""));
    assert_eq!(one, of(2));
    assert_eq!(one, of(8));
}

fn source(folder: &Path) {
    fs::create_dir_all(folder.join("masks")).unwrap();
    for (number, name) in ["a.png", "b.png", "extra.png", "masks/a.png"].iter().enumerate() {
        fs::write(folder.join(name), png(100, 50, number)).unwrap();
    }
    let rows = ["a.png,100,50,cat,1,1,9,9", "b.png,100,50,cat,1,1,9,9", "gone.png,100,50,cat,1,1,9,9"];
    let text = format!("filename,width,height,class,xmin,ymin,xmax,ymax\n{}\n", rows.join("\n"));
    fs::write(folder.join("labels.csv"), text).unwrap();
}

#[test]
fn images_without_annotation_and_the_reverse_are_said_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    source(folder.path());
    let before = files_in(folder.path());
    let health = check(folder.path(), &LoadOptions::default(), &mut ()).unwrap();
    assert!(before == files_in(folder.path()));
    let found = problems(&health);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("missing-image labels.csv:4: "), "{found:#?}");
    assert_eq!(found[1], "unlabelled-image extra.png: no annotation that can be used names this image");
    assert_eq!((health.images, health.images_opened, health.unlabelled_images), (3, 2, 1));
    // What lies beside a single file may be the business of others.
    let one = check(&folder.path().join("labels.csv"), &LoadOptions::default(), &mut ()).unwrap();
    assert_eq!(one.unlabelled_images, 0);
    let nothing = check(&folder.path().join("nothing"), &LoadOptions::default(), &mut ()).unwrap_err();
    assert!(matches!(nothing, ConvertError::Format(_)), "{nothing}");
}

/// Pictures of classes, read or not, are no images that somebody forgot. (KITTI's `testing` has names of `training`.)
#[test]
fn pictures_of_classes_are_no_images_without_annotation() {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats");
    for (case, unlabelled) in [
        ("cityscapes/pictures", 1),
        ("cityscapes/fine", 0),
        ("kitti/pictures", 0),
        ("mapillary/1.2", 1),
        ("solo/masks", 0),
        ("sagemaker/masks", 1),
        ("labelbox/masks", 0),
    ] {
        let health = check(&formats.join(case).join("input"), &LoadOptions::default(), &mut ()).unwrap();
        assert_eq!(health.unlabelled_images, unlabelled, "{case}: {:#?}", problems(&health));
    }
}

/// Records without masks are made without a look at it.
#[test]
fn a_picture_of_masks_that_cannot_be_read_is_a_fault_that_costs_no_object() {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats");
    let coco = FORMATS.iter().find(|format| format.name == "coco").copied();
    for (case, picture) in [("voc/bad-masks", "SegmentationObject/a.png"), ("coco-panoptic/bad-png", "panoptic/a.png")]
    {
        let (source, out) = (formats.join(case).join("input"), tempfile::tempdir().unwrap());
        let says = format!("bad-mask {picture}: its masks are left out: no PNG: ");
        let health = check(&source, &LoadOptions::default(), &mut ()).unwrap();
        let found = problems(&health);
        assert!(health.has_faults() && found.iter().any(|line| line.starts_with(&says)), "{case}: {found:#?}");
        for (target, masks, told) in [(None, MaskForm::Png, 1), (None, MaskForm::None, 0), (coco, MaskForm::Auto, 1)] {
            let options = Options { target, masks, sync: false, ..Options::default() };
            let name = target.map_or(masks.name(), |format| format.name);
            let report = convert(&source, &out.path().join(name), &options, &mut ()).unwrap();
            let notes = report.problems.iter().filter(|problem| problem.place.path == picture).count();
            assert_eq!((report.objects, report.skipped.objects, notes), (health.objects, 0, told), "{case}: {name}");
        }
    }
}

#[test]
fn it_can_be_stopped() {
    struct Stop;
    impl Monitor for Stop {
        fn tick(&mut self, progress: &Progress) -> ControlFlow<()> {
            if progress.phase == Phase::Check { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let corpus = Corpus::many(40);
    let stopped = check_dataset(&corpus.loaded, &LoadOptions::default(), &mut Stop).unwrap_err();
    assert!(matches!(stopped, ConvertError::Cancelled));
}
