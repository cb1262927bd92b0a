//! What is wrong with the input is said with its place, all of it, and nothing half-done is left.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use recordmill::convert::{
    ConvertError, LabelSource, Monitor, OnError, Options, Phase, Progress, Report, ShardRule, SkipRule, SplitRule,
    check_dataset, convert, convert_dataset, load,
};
use recordmill::dataset::{Keypoint, Label, LabelMap, Mask, Object, Severity, Split};
use recordmill::formats::{self, LoadOptions};

use super::corpus::{Corpus, Value, examples, object, options, png};

fn lines(report: &Report) -> Vec<String> {
    report.problems.iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect()
}

fn refused(result: Result<Report, ConvertError>) -> Report {
    match result {
        Err(ConvertError::Refused(report)) => *report,
        other => panic!("not refused: {other:?}"),
    }
}

/// Six images: one is no image, one is cut, one has vanished since it was listed, three are good.
fn damaged() -> Corpus {
    let mut corpus = Corpus::new(&["cat"]);
    let cat = || [object(0, [1.0, 1.0, 9.0, 9.0])];
    corpus.add("a.png", &png(100, 50, 0), cat());
    corpus.add("b.png", b"<!DOCTYPE html>", cat());
    corpus.add("c.png", &png(100, 50, 0)[..60], cat());
    corpus.add("d.png", &png(100, 50, 0), cat());
    corpus.add("e.png", &png(100, 50, 0), cat());
    corpus.add("f.png", &png(100, 50, 0), []);
    fs::remove_file(corpus.input().join("d.png")).unwrap();
    corpus
}

#[test]
fn all_problems_are_listed_and_nothing_is_written() {
    let corpus = damaged();
    let report = refused(corpus.convert("out/deeper", &options()));
    let listed = lines(&report);
    assert_eq!(listed.len(), 3, "{listed:?}");
    assert_eq!(listed[0], "missing-image: d.png: the file is not there");
    assert!(listed[1].starts_with("bad-image: b.png: not an image of a known kind: it starts with the bytes 3c 21"));
    assert!(listed[2].starts_with("bad-image: c.png: png is cut off"), "{}", listed[2]);
    assert_eq!(report.refusal(), "nothing was written: 1 missing-image, 2 bad-image");
    assert!(!corpus.out("out").exists());
}

/// The run has begun to write when the first problem shows up.
#[test]
fn a_problem_met_late_leaves_nothing() {
    let mut corpus = Corpus::many(120);
    corpus.add("z/bad.png", b"x", []);
    corpus.add("z/worse.png", b"", []);
    for workers in [1, 4] {
        let report = refused(corpus.convert("out", &Options { workers, ..options() }));
        assert_eq!(report.problem_counts.values().sum::<u64>(), 2);
        assert!(!corpus.out("out").exists());
    }
}

#[test]
fn skip_leaves_out_and_lists() {
    let corpus = damaged();
    let report = corpus.convert("out", &Options { on_error: OnError::Skip, ..options() }).unwrap();
    assert_eq!((report.images, report.objects, report.images_read, report.objects_read), (3, 2, 6, 5));
    assert_eq!((report.skipped.images, report.skipped.objects), (3, 3));
    assert_eq!(report.skipped.reasons["bad-image"].images, 2);
    assert_eq!(report.skipped.reasons["missing-image"].objects, 1);
    assert!(report.has_errors());
    assert_eq!(examples(&fs::read(corpus.out("out/train.tfrecord")).unwrap()).len(), 3);
}

/// A split's shard numbers are in its names already; it does not go away.
#[test]
fn a_shard_of_which_nothing_is_left_is_an_empty_file() {
    let corpus = damaged();
    let options = Options { on_error: OnError::Skip, shards: ShardRule::Count(2), ..options() };
    let report = corpus.convert("out", &options).unwrap();
    assert_eq!(report.files.iter().map(|file| file.records).collect::<Vec<_>>(), [1, 2]);
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", b"no image", []);
    corpus.add("b.png", &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    let report = corpus.convert("out", &options).unwrap();
    assert_eq!(report.files.iter().map(|file| (file.records, file.bytes)).collect::<Vec<_>>()[0], (0, 0));
    assert_eq!(fs::read(corpus.out("out").join(&report.files[0].name)).unwrap(), b"");
}

/// The usual limit of open files is 1024.
#[test]
fn more_shards_than_files_may_be_open() {
    let mut corpus = Corpus::new(&["cat"]);
    for number in 0..1100 {
        corpus.add(&format!("{number:04}.png"), &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    }
    let report = corpus.convert("out", &Options { shards: ShardRule::Count(1100), ..options() }).unwrap();
    assert_eq!(report.files.len(), 1100);
    assert!(report.files.iter().all(|file| file.records == 1));
}

#[test]
fn boxes_are_put_right_and_each_is_said() {
    let mut corpus = Corpus::new(&["cat"]);
    let boxes = [
        [20.0, 5.0, 10.0, 9.0],
        [90.0, 40.0, 110.0, 60.0],
        [5.0, 5.0, 5.0, 9.0],
        [200.0, 5.0, 220.0, 9.0],
        [-5.0, 1.0, 5.0, 9.0],
    ];
    let objects = boxes.iter().enumerate().map(|(n, bbox)| Object { line: 20 + n as u32, ..object(0, *bbox) });
    corpus.add("a.png", &png(100, 50, 0), objects.collect::<Vec<_>>());
    let report = corpus.convert("out", &options()).unwrap();
    let expected = [
        "swapped-corners: annotations.csv:20: xmax 10 < xmin 20",
        "box-outside: annotations.csv:21: xmax 110 > width 100, ymax 60 > height 50",
        "empty-box: annotations.csv:22: xmax 5 = xmin 5",
        "empty-box: annotations.csv:23: nothing of the box is inside the image: xmin 200 > width 100, xmax 220 > width 100",
        "box-outside: annotations.csv:24: xmin -5 < 0",
    ];
    assert_eq!(lines(&report), expected);
    assert_eq!((report.objects, report.skipped.objects), (3, 2));
    assert!(!report.has_errors());

    let tf = corpus.convert("tf", &Options { skip_rule: SkipRule::Tf, ..options() }).unwrap();
    assert_eq!((tf.objects, tf.skipped.reasons["skip-rule"].objects), (1, 4));
    // What was asked for is no correction.
    let mut tall = Corpus::new(&["cat"]);
    tall.add("a.png", &png(100, 50, 0), [object(0, [0.0, 0.0, 110.0, 20.0]), object(0, [0.0, 0.0, 10.0, 20.0])]);
    let both = Options { skip_rule: SkipRule::Tf, strict: true, ..options() };
    assert_eq!(tall.convert("both", &both).unwrap().objects, 1);

    let strict = refused(corpus.convert("strict", &Options { strict: true, ..options() }));
    assert_eq!(lines(&strict), expected);
    assert_eq!(strict.refusal(), "nothing was written: 1 swapped-corners, 2 box-outside, 2 empty-box");
    assert!(!corpus.out("strict").exists());
}

/// Masks of a 100 x 50 image: twice as large, half as large, of another shape, its own.
#[test]
fn masks_of_another_size_are_scaled_or_said_to_be_left_out() {
    let mut corpus = Corpus::new(&["cat"]);
    // The left half.
    let with = |[width, height]: [u32; 2]| {
        let half = width * height / 2;
        let mask = Mask { width, height, runs: [0, half, half].into() };
        Object { mask: Some(mask), ..object(0, [0.0, 0.0, 50.0, 50.0]) }
    };
    let objects = [with([200, 100]), with([50, 24]), with([50, 100]), with([50, 25]), with([100, 50])];
    corpus.add("a.png", &png(100, 50, 0), objects);
    let expected = [
        "scaled-boxes: annotations.csv:5: object 1 (\"cat\"): mask is 200 x 100, the image is 100 x 50: scaled to it",
        "size-mismatch: annotations.csv:5: object 2 (\"cat\"): mask is 50 x 24, the image is 100 x 50: left out, the box is kept",
        "size-mismatch: annotations.csv:5: object 3 (\"cat\"): mask is 50 x 100, the image is 100 x 50: left out, the box is kept",
        "scaled-boxes: annotations.csv:5: object 4 (\"cat\"): mask is 50 x 25, the image is 100 x 50: scaled to it",
    ];
    let health = check_dataset(&corpus.loaded, &LoadOptions::default(), &mut ()).unwrap();
    let said: Vec<String> =
        health.problems.iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect();
    assert_eq!(said, expected);
    for target in ["coco", "datumaro", "yolo-seg"] {
        let options = Options { target: formats::by_name(target), ..options() };
        let report = corpus.convert(target, &options).unwrap();
        assert_eq!((lines(&report), report.objects), (said.clone(), 5), "{target}");
        let masks = report.losses.iter().find(|loss| loss.what == "masks").map(|loss| loss.number);
        // What holds no masks has lost all of them.
        assert_eq!(masks, Some(if target == "yolo-seg" { 5 } else { 2 }), "{target}");
        let error = corpus.convert("none", &Options { no_loss: true, ..options }).unwrap_err();
        assert!(matches!(error, ConvertError::Lossy(_)), "{target}: {error}");
    }
    let back = load(&corpus.out("coco"), &LoadOptions::default()).unwrap().dataset.objects;
    let half = Mask { width: 100, height: 50, runs: [0, 2500, 2500].into() };
    let masks: Vec<Option<&Mask>> = (0..5).map(|row| back.masks.get(row)).collect();
    assert_eq!(masks, [Some(&half), None, None, Some(&half), Some(&half)]);
    // A box that is that of the mask, in its pixels, goes with it; one of the image's pixels stays.
    corpus.loaded.dataset.objects.bbox[0] = [0.0, 0.0, 100.0, 100.0];
    let coco = Options { target: formats::by_name("coco"), ..options() };
    assert_eq!(lines(&corpus.convert("boxes", &coco).unwrap()), expected);
    let back = load(&corpus.out("boxes"), &LoadOptions::default()).unwrap().dataset.objects;
    assert_eq!(back.bbox, [[0.0, 0.0, 50.0, 50.0]; 5]);
    // Boxes alone: the masks are lost, and their sizes are nobody's business.
    let csv = Options { target: formats::by_name("csv"), ..options() };
    assert_eq!(lines(&corpus.convert("csv", &csv).unwrap()), [""; 0]);
}

#[test]
fn notes_do_not_stop_a_run() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.jpg", &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    let report = corpus.convert("out", &Options { strict: true, ..options() }).unwrap();
    assert_eq!(lines(&report), ["wrong-extension: a.jpg: the name says jpeg, the bytes are png"]);
}

/// The annotations say 100 x 50 of each image.
#[test]
fn boxes_of_an_image_that_was_resized_are_scaled() {
    let mut corpus = Corpus::new(&["cat"]);
    let mut whole = object(0, [10.0, 5.0, 60.0, 50.0]);
    whole.area = Some(2000.0);
    whole.keypoints = [Keypoint { x: 50.0, y: 20.0, visibility: 2 }].into();
    corpus.add("half.png", &png(50, 25, 0), [whole]);
    corpus.add("third.png", &png(33, 17, 0), [object(0, [10.0, 5.0, 100.0, 50.0])]);
    // Another shape, a slip in counting, and objects that do not fit what the annotation says: nothing can be concluded.
    corpus.add("shape.png", &png(50, 50, 0), [object(0, [10.0, 5.0, 50.0, 50.0])]);
    corpus.add("slip.png", &png(101, 51, 0), [object(0, [10.0, 5.0, 101.0, 51.0])]);
    corpus.add("wrong.png", &png(200, 100, 0), [object(0, [10.0, 5.0, 120.0, 50.0])]);
    let report = corpus.convert("out", &options()).unwrap();
    let said =
        |line: u32, size: &str| format!("annotations.csv:{line}: annotated size is 100 x 50, the image is {size}");
    let expected = [
        format!("scaled-boxes: {}: boxes scaled to it", said(2, "50 x 25")),
        format!("scaled-boxes: {}: boxes scaled to it", said(3, "33 x 17")),
        format!("size-mismatch: {}", said(4, "50 x 50")),
        format!("size-mismatch: {}", said(5, "101 x 51")),
        format!("size-mismatch: {}", said(6, "200 x 100")),
    ];
    assert_eq!(lines(&report), expected);
    let examples = examples(&fs::read(corpus.out("out/train.tfrecord")).unwrap());
    let floats = |image: usize, key: &str| examples[image][key].clone();
    let boxes: Vec<[Value; 4]> = (0..5)
        .map(|image| ["xmin", "ymin", "xmax", "ymax"].map(|side| floats(image, &format!("image/object/bbox/{side}"))))
        .collect();
    let of = |sides: [f32; 4]| sides.map(|side| Value::Float(vec![side]));
    assert_eq!(boxes[0], of([0.1, 0.1, 0.6, 1.0]));
    assert_eq!(boxes[1], of([0.1, 0.1, 1.0, 1.0]));
    assert_eq!(boxes[2], of([0.2, 0.1, 1.0, 1.0]));
    assert_eq!(boxes[3], of([10.0 / 101.0, 5.0 / 51.0, 1.0, 1.0]));
    assert_eq!(boxes[4], of([0.05, 0.05, 0.6, 0.5]));
    assert_eq!(floats(0, "image/object/area"), Value::Float(vec![500.0]));
    assert_eq!(floats(0, "image/object/keypoint/x"), Value::Float(vec![0.5]));

    let coco = Options { target: formats::by_name("coco"), ..options() };
    corpus.convert("coco", &coco).unwrap();
    let text = fs::read_to_string(corpus.out("coco").join("annotations/instances_train.json")).unwrap();
    assert!(text.contains("\"bbox\":[5,2.5,25,22.5],\"area\":500"), "{text}");
    assert!(text.contains("\"keypoints\":[25,10,2]"), "{text}");

    let strict = refused(corpus.convert("strict", &Options { strict: true, ..options() }));
    assert_eq!(strict.refusal(), "nothing was written: 3 size-mismatch, 2 scaled-boxes");
}

#[test]
fn classes_that_a_given_map_lacks() {
    let mut corpus = Corpus::new(&["cat", "Dgo", "bird"]);
    let objects = [0, 1, 1, 2].map(|class| object(class, [1.0, 1.0, 9.0, 9.0]));
    corpus.add("a.png", &png(100, 50, 0), objects);
    let label = |id, name: &str| Label { id, name: name.into(), display_name: None };
    let map = LabelMap::new(vec![label(7, "cat"), label(9, "dog")]).unwrap();
    let options = Options { labels: LabelSource::Map(map), ..options() };
    let report = refused(corpus.convert("out", &options));
    assert_eq!(lines(&report)[0], "unknown-class: annotations.csv:5: class \"Dgo\" is not in the label map");
    assert_eq!(
        report.refusal(),
        "nothing was written: 3 unknown-class; 2 classes are not in the label map: \
         \"Dgo\" (2 objects, nearest is \"dog\"), \"bird\" (1 object)"
    );
    let report = corpus.convert("out", &Options { on_error: OnError::Skip, ..options }).unwrap();
    assert_eq!((report.objects, report.skipped.objects), (1, 3));
    assert_eq!(report.classes.iter().map(|class| (class.id, class.objects)).collect::<Vec<_>>(), [(7, 1), (9, 0)]);
}

/// An image in two files: what is said of a box names the file that it stands in.
#[test]
fn a_box_is_named_with_its_own_file() {
    let corpus = Corpus::new(&[]);
    fs::write(corpus.input().join("a.png"), png(100, 50, 0)).unwrap();
    let header = "filename,class,xmin,ymin,xmax,ymax\n";
    fs::write(corpus.input().join("cat.csv"), format!("{header}a.png,cat,1,1,9,9\n")).unwrap();
    fs::write(corpus.input().join("dog.csv"), format!("{header}a.png,dog,1,1,9,9\na.png,dog,90,1,101,9\n")).unwrap();
    let report = convert(&corpus.input(), &corpus.out("out"), &options(), &mut ()).unwrap();
    assert_eq!(lines(&report), ["box-outside: dog.csv:3: xmax 101 > width 100"]);
    let map = LabelMap::new(vec![Label { id: 1, name: "cat".into(), display_name: None }]).unwrap();
    let options = Options { labels: LabelSource::Map(map), ..options() };
    let report = refused(convert(&corpus.input(), &corpus.out("out2"), &options, &mut ()));
    let unknown = "class \"dog\" is not in the label map";
    assert_eq!(lines(&report), [2, 3].map(|line| format!("unknown-class: dog.csv:{line}: {unknown}")));
}

/// Like every other file of the user's, a label map is read in any encoding, and what was put right in it is said.
#[test]
fn label_maps_are_read_in_any_encoding() {
    let mut corpus = Corpus::new(&["K\u{e4}se"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    let text = "item {\n  name: \"K\u{e4}se\"\n  ID: 3\n}\n";
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let path = corpus.out("map.pbtxt");
    let options = Options { labels: LabelSource::File(path.clone()), dry_run: true, ..options() };
    let place = path.display();
    let capital = format!("loose-syntax: {place}:3: \"ID\" was read as id");
    for (bytes, encoding) in [(text.as_bytes(), None), (&utf16, None), (&latin, Some("windows-1252"))] {
        fs::write(&path, bytes).unwrap();
        let report = corpus.convert("out", &options).unwrap();
        assert_eq!(report.classes.iter().map(|class| (class.id, class.objects)).collect::<Vec<_>>(), [(3, 1)]);
        let guess = encoding.map(|name| format!("loose-syntax: {place}:1: the text is not UTF-8, read as {name}"));
        assert_eq!(lines(&report), guess.into_iter().chain([capital.clone()]).collect::<Vec<_>>());
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(
        corpus.convert("out", &options).unwrap_err().to_string(),
        format!("{place}: No such file or directory (os error 2)")
    );
}

#[test]
fn a_result_without_boxes_is_asked_for() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), []);
    let error = corpus.convert("out", &options()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no box to write: the source has 1 images with 0 objects; --allow-empty accepts that"
    );
    assert!(!corpus.out("out").exists());
    let report = corpus.convert("out", &Options { allow_empty: true, ..options() }).unwrap();
    assert_eq!((report.images, report.objects), (1, 0));
    let none = Corpus::new(&["cat"]);
    assert!(matches!(none.convert("out", &options()), Err(ConvertError::Empty(_))));
}

/// Does something to the input when a phase has ended.
struct Meddler<F: FnMut() -> ControlFlow<()>>(Phase, F);

impl<F: FnMut() -> ControlFlow<()>> Monitor for Meddler<F> {
    fn tick(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.phase == self.0 { (self.1)() } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn files_that_change_meanwhile_are_named() {
    let corpus = Corpus::many(8);
    let path = |number: usize| -> PathBuf { corpus.input().join(format!("images/{number:04}.png")) };
    let mut meddler = Meddler(Phase::Plan, || {
        fs::write(path(2), &fs::read(path(2)).unwrap()[..50]).unwrap();
        let _ = fs::remove_file(path(3));
        fs::write(path(5), vec![7; 200_000]).unwrap();
        ControlFlow::Continue(())
    });
    let report = refused(convert_dataset(&corpus.loaded, &corpus.out("out"), &options(), &mut meddler));
    let length = |number: usize| png(100, 50, (number * number * 37) % 90_000).len();
    assert_eq!(
        lines(&report),
        [
            format!("bad-image: images/0002.png: the file shrank during the run: {} bytes before, 50 now", length(2)),
            "missing-image: images/0003.png: the file vanished during the run".to_owned(),
            format!("bad-image: images/0005.png: the file grew during the run: {} bytes before, more now", length(5)),
        ]
    );
    assert!(!corpus.out("out").exists());
}

#[test]
fn a_cancelled_run_leaves_nothing() {
    let corpus = Corpus::many(50);
    for phase in [Phase::Plan, Phase::Write, Phase::Commit] {
        let mut stop = Meddler(phase, || ControlFlow::Break(()));
        let result = convert_dataset(&corpus.loaded, &corpus.out("out"), &options(), &mut stop);
        match result {
            Err(ConvertError::Cancelled) => assert!(!corpus.out("out").exists(), "{phase:?}"),
            // The files had their names before the wish was heard.
            Ok(report) => assert!(phase == Phase::Commit && report.images == 50),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn options_without_meaning_are_refused() {
    let corpus = Corpus::many(2);
    let message = |options: Options| corpus.convert("out", &options).unwrap_err().to_string();
    for group in ["", "../x", "a/b", ".hidden", "a\0"] {
        let text = message(Options { group: Some(group.into()), ..options() });
        assert_eq!(text, format!("group {group:?} cannot be the name of a file"));
    }
    let text = message(Options { source_id: recordmill::convert::SourceId::Id, ..options() });
    assert!(text.starts_with("source-id id: the images of this ") && text.ends_with(" dataset have no ids"), "{text}");
    for (lonely, message_of) in [
        (Options { exact_split: true, ..options() }, "exact_split means nothing without split"),
        (Options { level: Some(3), ..options() }, "level means nothing without compression"),
        (Options { group: Some("pets".into()), ..options() }, "group means nothing without layout roboflow"),
    ] {
        assert_eq!(message(lonely), message_of);
    }
    assert!(!corpus.out("out").exists());
    assert!(matches!(corpus.convert("out", &Options { level: Some(10), ..options() }), Err(ConvertError::Record(_))));
}

#[test]
fn a_folder_that_cannot_be_written_to() {
    let corpus = Corpus::many(2);
    fs::write(corpus.out("file"), "x").unwrap();
    let error = corpus.convert("file/out", &options()).unwrap_err();
    let (cause, path) = error.io().unwrap();
    assert!(path.starts_with(corpus.out("file")), "{error}");
    assert!(cause.raw_os_error().is_some(), "{cause:?}");
    assert_eq!(fs::read(corpus.out("file")).unwrap(), b"x");
}

/// Once by the reader, with the line, and not again by the pipeline.
#[test]
fn an_image_that_no_file_fits_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("in");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("a.png"), png(100, 50, 0)).unwrap();
    let rows = "filename,width,height,class,xmin,ymin,xmax,ymax\n\
                a.png,100,50,cat,1,1,9,9\nb.png,100,50,cat,1,1,9,9\n../c.png,100,50,cat,1,1,9,9\n";
    fs::write(source.join("labels.csv"), rows).unwrap();
    let voc = source.join("voc");
    fs::create_dir(&voc).unwrap();
    let xml = "<annotation>\n<filename>gone.png</filename>\n<size><width>100</width><height>50</height></size>\n\
               <object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>\n\
               </annotation>\n";
    fs::write(voc.join("gone.xml"), xml).unwrap();
    for (source, kinds, images) in
        [(source.join("labels.csv"), vec!["missing-image", "outside-root"], 1), (voc, vec!["missing-image"], 0)]
    {
        let result = convert(&source, &folder.path().join("out"), &options(), &mut ());
        let report = refused(result);
        let errors = report.problems.iter().filter(|problem| problem.kind.severity() == Severity::Error);
        let mut words: Vec<&str> = errors.map(|problem| problem.kind.word()).collect();
        words.sort_unstable();
        assert_eq!(words, kinds, "{:?}", lines(&report));
        assert_eq!(report.images, images);
    }
}

/// A dataset from nowhere: nobody else says that its images have no files.
#[test]
fn images_without_files_in_a_dataset_made_by_hand() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    corpus.loaded.dataset.images.root[0] = recordmill::dataset::NO_FILE;
    let report = refused(corpus.convert("out", &options()));
    assert_eq!(lines(&report), ["missing-image: annotations.csv:2: image \"a.png\" is not there"]);
}

/// The reason in the counts is the one that was listed.
#[test]
fn an_image_that_is_left_out_counts_by_the_readers_reason() {
    let corpus = Corpus::new(&[]);
    for name in ["a/1.png", "b/1.png", "2.png"] {
        fs::create_dir_all(corpus.input().join(name).parent().unwrap()).unwrap();
        fs::write(corpus.input().join(name), png(100, 50, 0)).unwrap();
    }
    let rows = "filename,class,xmin,ymin,xmax,ymax\n1.png,x,1,1,9,9\n2.png,x,1,1,9,9\n3.png,x,1,1,9,9\n";
    fs::write(corpus.input().join("all.csv"), rows).unwrap();
    let skip = Options { on_error: OnError::Skip, ..options() };
    let report = convert(&corpus.input(), &corpus.out("out"), &skip, &mut ()).unwrap();
    let reasons: Vec<_> = report.skipped.reasons.iter().map(|(word, ledger)| (*word, ledger.images)).collect();
    assert_eq!(reasons, [("ambiguous-image", 1), ("missing-image", 1)]);
}

/// What the lists of a devkit leave out is trained with, but not in silence.
#[test]
fn an_image_in_no_split_is_said() {
    let mut corpus = Corpus::new(&["cat"]);
    for name in ["a.png", "b.png", "c.png"] {
        corpus.add(name, &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
    }
    assert!(corpus.convert("none", &options()).unwrap().problems.is_empty());
    corpus.loaded.dataset.images.split[1] = Some(Split::Test);
    let report = corpus.convert("some", &options()).unwrap();
    let note = "the source puts it in no split; taken for training";
    assert_eq!(lines(&report), [2, 4].map(|line| format!("no-split: annotations.csv:{line}: {note}")));
    let ratios = Options { split: SplitRule::parse("50/50").unwrap(), ..options() };
    assert!(corpus.convert("ratios", &ratios).unwrap().problems.is_empty());
}

/// The annotation gives the size of the image as viewers show it, so its boxes are on that image, and TensorFlow
/// decodes the other.
#[test]
fn boxes_on_a_turned_image_are_turned_back() {
    let image = include_bytes!("../../data/images/exif-6.jpg");
    let header = recordmill::image::header::read(image).unwrap();
    assert_eq!(header.orientation, 6);
    let (width, height) = (header.width, header.height);
    assert_ne!(width, height);
    // The upper left quarter of the shown image: turned by 90 degrees clockwise from the lower left of the stored one.
    let (w, h) = (f64::from(width), f64::from(height));
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("turned.jpg", image, [object(0, [0.0, 0.0, h / 2.0, w / 2.0])]);
    corpus.add("as-stored.jpg", image, [object(0, [0.0, 0.0, w / 2.0, h / 2.0])]);
    corpus.loaded.dataset.images.width = vec![height, width];
    corpus.loaded.dataset.images.height = vec![width, height];
    let report = corpus.convert("out", &options()).unwrap();
    let turned: Vec<String> = lines(&report).into_iter().filter(|line| !line.starts_with("rotated")).collect();
    assert_eq!(
        turned,
        [format!(
            "turned-boxes: annotations.csv:2: annotated size {height} x {width} is that of the turned image (EXIF \
             orientation 6), stored are {width} x {height}: boxes turned to the stored pixels"
        )]
    );
    let records = examples(&fs::read(corpus.out("out/train.tfrecord")).unwrap());
    let side = |record: usize, name: &str| records[record][&format!("image/object/bbox/{name}")].clone();
    let all = |record| ["xmin", "ymin", "xmax", "ymax"].map(|name| side(record, name));
    assert_eq!(all(0), [0.0, 0.5, 0.5, 1.0].map(|part| Value::Float(vec![part])));
    assert_eq!(all(1), [0.0, 0.0, 0.5, 0.5].map(|part| Value::Float(vec![part])));
    refused(corpus.convert("strict", &Options { strict: true, ..options() }));
}

/// What a reader cannot understand never becomes a row of the dataset, and is counted all the same.
#[test]
fn what_cannot_be_read_is_in_the_ledger() {
    let corpus = Corpus::new(&[]);
    let source = corpus.input();
    ["a.png", "b.png", "c.png"].iter().for_each(|name| fs::write(source.join(name), png(100, 50, 0)).unwrap());
    let header = "filename,class,xmin,ymin,xmax,ymax,split\n";
    let rows =
        "a.png,cat,1,1,9,9,train\na.png,cat,one,1,9,9,train\nb.png,,1,1,9,9,train\nb.png,cat,1\nc.png,dog,1,1,5,5,\n";
    fs::write(source.join("a.csv"), format!("{header}{rows}")).unwrap();
    // The same images, otherwise: other boxes, and another split.
    let rows = "a.png,cat,1,1,8,8,test\na.png,cat,2,2,8,8,test\nc.png,dog,2,2,6,6,\n";
    fs::write(source.join("b.csv"), format!("{header}{rows}")).unwrap();
    let skip = Options { on_error: OnError::Skip, ..options() };
    let report = convert(&source, &corpus.out("csv"), &skip, &mut ()).unwrap();
    assert_eq!((report.images, report.objects, report.images_read, report.objects_read), (2, 2, 3, 8));
    let reasons = |report: &Report| -> Vec<(&str, u64, u64)> {
        report.skipped.reasons.iter().map(|(reason, count)| (*reason, count.images, count.objects)).collect()
    };
    assert_eq!(reasons(&report), [("bad-entry", 1, 3), ("duplicate-image", 0, 3)]);

    let voc = corpus.out("voc");
    fs::create_dir_all(voc.join("ImageSets/Main")).unwrap();
    fs::write(voc.join("ImageSets/Main/train.txt"), "a\nb\nc\nnowhere\n").unwrap();
    let object = |xmin: &str| {
        format!(
            "<object><name>cat</name><bndbox><xmin>{xmin}</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
        )
    };
    for (name, objects) in [("a", object("1") + &object("x")), ("b", object("x")), ("c", "<object>".to_owned())] {
        fs::create_dir_all(voc.join("Annotations")).unwrap();
        fs::write(voc.join(format!("{name}.png")), png(100, 50, 0)).unwrap();
        let xml = format!("<annotation><filename>{name}.png</filename>{objects}</annotation>");
        fs::write(voc.join(format!("Annotations/{name}.xml")), xml).unwrap();
    }
    let report = convert(&voc, &corpus.out("out"), &skip, &mut ()).unwrap();
    assert_eq!((report.images, report.objects, report.images_read, report.objects_read), (1, 1, 4, 3));
    assert_eq!(reasons(&report), [("bad-entry", 1, 2), ("missing-image", 1, 0), ("unreadable-annotation", 1, 0)]);
}

/// Exact counts are those of what is written, whatever was left out on the way; and a split that gets nothing is said.
#[test]
fn exact_counts_are_of_what_is_written() {
    let mut corpus = Corpus::new(&["cat"]);
    for number in 0..20 {
        let outside = if number % 2 == 0 { 0.0 } else { 500.0 };
        let bbox = [outside, 0.0, outside + 10.0, 20.0];
        corpus.add(&format!("{number:02}.png"), &png(100, 50, 0), [object(0, bbox)]);
    }
    let split = SplitRule::parse("50/30/20").unwrap();
    let exact = Options { split, exact_split: true, drop_empty: true, ..options() };
    let report = corpus.convert("out", &exact).unwrap();
    let counts: Vec<u64> = report.splits.iter().map(|split| split.images).collect();
    assert_eq!(counts, [5, 3, 2]);
    let few = Options { split: SplitRule::parse("95/5").unwrap(), ..exact };
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [0.0, 0.0, 10.0, 20.0])]);
    let report = corpus.convert("few", &few).unwrap();
    assert!(report.reasons.contains(&"split valid has no image".to_owned()), "{:?}", report.reasons);
}

/// Fractions that were taken for pixels are said.
#[test]
fn boxes_within_a_pixel_are_noted() {
    let mut corpus = Corpus::new(&["cat"]);
    corpus.add("a.png", &png(100, 50, 0), [object(0, [0.1, 0.2, 0.5, 0.75])]);
    let report = corpus.convert("out", &options()).unwrap();
    let expected =
        "tiny-box: annotations.csv:5: box [0.1, 0.2, 0.5, 0.75] is within one pixel: are these fractions of the size?";
    assert_eq!(lines(&report), [expected]);
    // As many threads as anybody may ask for.
    let many = Options { workers: usize::MAX, ..options() };
    assert_eq!(corpus.convert("many", &many).unwrap().objects, 1);
}
