//! Clips as SequenceExamples, and back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use recordmill::convert::{self, ConvertError, OnError, Options, SchemaKind, ShardRule, SplitRule};
use recordmill::dataset::{Mask, NO_SOURCE, Object, ProblemKind, Split};
use recordmill::example::{Feature, Features, Values, decode_sequence, encode_sequence};
use recordmill::formats::{Format, LoadOptions, Loaded, by_name};
use recordmill::record::{Compression, ReadOptions, Reader, append};

use super::corpus::{Corpus, files_in, object, png};

fn options() -> Options {
    Options { schema: SchemaKind::Sequence, ..super::corpus::options() }
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats").join(name).join("input")
}

fn load(path: &Path) -> Loaded {
    convert::load(path, &LoadOptions::default()).unwrap()
}

/// A clip: its features, and the features of each list.
struct Clip {
    context: BTreeMap<String, Feature<'static>>,
    lists: BTreeMap<String, Vec<Feature<'static>>>,
}

fn clips(bytes: &[u8]) -> Vec<Clip> {
    let mut reader = Reader::new(bytes, ReadOptions::default());
    let mut all = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        let payload: &'static [u8] = record.payload.to_vec().leak();
        let sequence = decode_sequence(payload).unwrap();
        let lists = |(key, steps): (&str, &Vec<Values<'static>>)| {
            (key.to_owned(), steps.iter().map(Values::to_feature).collect())
        };
        let context = |features: &Features<'static>| {
            features.iter().map(|(key, values)| (key.to_owned(), values.to_feature())).collect()
        };
        all.push(Clip {
            context: context(&sequence.context),
            lists: sequence.feature_lists.iter().map(lists).collect(),
        });
    }
    all
}

fn ints(values: &[i64]) -> Feature<'static> {
    Feature::Int64(values.to_vec().into())
}

fn floats(values: &[f32]) -> Feature<'static> {
    Feature::Float(values.to_vec().into())
}

/// Every value of what is made of a dataset of the MOT challenge, as the layout and its `gt.txt` say.
#[test]
fn a_sequence_of_mot_is_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let report = convert::convert(&case("mot/mot17"), &out, &options(), &mut ()).unwrap();
    assert_eq!((report.images, report.objects, report.files[0].records, report.losses.len()), (4, 4, 2, 0));
    assert!(report.reasons.contains(&"records are clips: 2 of 4 images".to_owned()), "{:?}", report.reasons);
    let clips = clips(&fs::read(out.join("train.tfrecord")).unwrap());
    let [first, second] = &clips[..] else { panic!("{} clips", clips.len()) };
    let expected = [
        ("clip/end/timestamp", ints(&[3])),
        ("clip/frames", ints(&[3])),
        ("clip/media_id", Feature::text("MOT17-02")),
        ("clip/start/timestamp", ints(&[1])),
        ("example/dataset_name", Feature::text("dataset")),
        ("image/channels", ints(&[3])),
        ("image/format", Feature::text("png")),
        ("image/height", ints(&[30])),
        ("image/width", ints(&[40])),
    ];
    assert_eq!(first.context, expected.map(|(key, feature)| (key.to_owned(), feature)).into());
    let image = |number: u32| {
        let path = case("mot/mot17").join(format!("train/MOT17-02/img1/{number:06}.png"));
        Feature::Bytes(vec![fs::read(path).unwrap().into()])
    };
    let texts = |values: &[&'static str]| Feature::Bytes(values.iter().map(|text| text.as_bytes().into()).collect());
    // Lines `1,1,5,6,16,20,1,1,1`, `2,1,5,6,16,20,1,1,0.25` and `1,7,5,6,16,20,0,12,1`, which count from 1; images of 40 x 30.
    let side = |value: f32| vec![floats(&[value, value]), floats(&[value]), Feature::Unset];
    let expected = [
        ("image/encoded", vec![image(1), image(2), image(3)]),
        ("image/filename", vec![texts(&["000001.png"]), texts(&["000002.png"]), texts(&["000003.png"])]),
        ("image/source_id", vec![texts(&["1"]), texts(&["2"]), texts(&["3"])]),
        ("image/timestamp", vec![ints(&[1]), ints(&[2]), ints(&[3])]),
        ("region/attribute/ignored", vec![texts(&["", "1"]), Feature::Unset, Feature::Unset]),
        ("region/attribute/visibility", vec![Feature::Unset, texts(&["0.25"]), Feature::Unset]),
        ("region/bbox/xmax", side(20.0 / 40.0)),
        ("region/bbox/xmin", side(4.0 / 40.0)),
        ("region/bbox/ymax", side(25.0 / 30.0)),
        ("region/bbox/ymin", side(5.0 / 30.0)),
        ("region/is_annotated", vec![ints(&[1]), ints(&[1]), ints(&[1])]),
        ("region/is_occluded", vec![ints(&[0, 0]), ints(&[1]), Feature::Unset]),
        ("region/label/index", vec![ints(&[2, 3]), ints(&[2]), Feature::Unset]),
        ("region/label/string", vec![texts(&["pedestrian", "reflection"]), texts(&["pedestrian"]), Feature::Unset]),
        ("region/track/index", vec![ints(&[1, 7]), ints(&[1]), Feature::Unset]),
    ];
    for (key, list) in &expected {
        assert_eq!(first.lists.get(*key), Some(list), "{key}");
    }
    assert_eq!(first.lists.len(), expected.len());
    assert_eq!(second.context["clip/media_id"], Feature::text("MOT17-04"));
    assert_eq!(second.lists["region/track/index"], [ints(&[9])]);
}

#[test]
fn masks_of_frames_are_told_by_their_own_key() {
    let mut corpus = Corpus::new(&["cat"]);
    let mask = Some(Mask { width: 100, height: 50, runs: [0, 10, 4990].into() });
    let objects = [Object { mask, ..object(0, [0.0, 0.0, 1.0, 10.0]) }, object(0, [1.0, 1.0, 5.0, 5.0])];
    corpus.add("clip/000001.png", &png(100, 50, 0), objects);
    let report = corpus.convert("out", &options()).unwrap();
    let said = "objects without outline and mask, whose region/mask has no pixel: 1";
    assert!(report.reasons.iter().any(|reason| reason == said), "{:?}", report.reasons);
    let clip = &clips(&fs::read(corpus.out("out/train.tfrecord")).unwrap())[0];
    assert!(clip.lists.contains_key("region/mask"));
}

/// What comes of the way through records is what comes without them, to the byte.
#[test]
fn videos_come_back_from_records() {
    let formats = ["mot", "cvat", "datumaro", "coco", "openlabel"].map(|name| by_name(name).unwrap());
    let sources = [
        "mot/mot17",
        "mot/cvat",
        "mot/mot15",
        "cvat/video",
        "cvat/video-held",
        "cvat/video-all-frames",
        "cvat/video-of-tasks",
    ];
    for source in sources {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let to = |from: &Path, target: &'static Format, out: &str| {
            let options = Options { target: Some(target), ..super::corpus::options() };
            convert::convert(from, &path(out), &options, &mut ()).unwrap();
            files_in(&path(out))
        };
        for (number, compression) in Compression::ALL.into_iter().enumerate() {
            let records = path(&format!("records-{number}"));
            convert::convert(&case(source), &records, &Options { compression, ..options() }, &mut ()).unwrap();
            let (before, after) = (load(&case(source)).dataset, load(&records).dataset);
            assert_eq!(before.objects.bbox, after.objects.bbox, "{source}");
            assert_eq!(before.objects.flags, after.objects.flags, "{source}");
            assert!(before.objects.track.iter().eq(after.objects.track.iter()), "{source}");
            assert!(before.objects.attributes.iter().eq(after.objects.attributes.iter()), "{source}");
            assert_eq!(before.images.object_end, after.images.object_end, "{source}");
            for target in formats {
                let through = to(&records, target, &format!("{number}-{}", target.name));
                let direct = to(&case(source), target, &format!("{number}-{}-direct", target.name));
                let tables = |files: &BTreeMap<String, Vec<u8>>| {
                    let of_mot =
                        |name: &str| name.ends_with("gt.txt") || name.ends_with(".png") || name.ends_with("labels.txt");
                    files.iter().filter(|(name, _)| of_mot(name)).map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>()
                };
                assert!(!through.is_empty() && through.len() == direct.len(), "{source} to {}", target.name);
                if target.name == "mot" {
                    assert_eq!(tables(&through), tables(&direct), "{source}");
                }
            }
        }
    }
}

/// Three clips of 4, 9 and 11 frames, whose names do not sort as their numbers do.
fn corpus() -> Corpus {
    let mut corpus = Corpus::new(&["cat", "dog"]);
    for (clip, frames) in [("train/v1/img1", 11), ("v2", 4), ("v3", 9)] {
        for frame in 0..frames {
            let objects = (0..frame % 3).map(|n| object(n as u32, [n as f64, 1.0, n as f64 + 10.5, 20.0]));
            corpus.add(&format!("{clip}/f{frame}.png"), &png(100, 50, frame * frame * 997), objects);
        }
    }
    corpus
}

fn media(clip: &Clip) -> String {
    let Feature::Bytes(values) = &clip.context["clip/media_id"] else { panic!("no name") };
    String::from_utf8(values[0].to_vec()).unwrap()
}

#[test]
fn frames_are_in_the_order_of_their_numbers() {
    let corpus = corpus();
    let files = corpus.files("out", &options());
    let clips = clips(&files["train.tfrecord"]);
    assert_eq!(clips.iter().map(media).collect::<Vec<_>>(), ["v1", "v2", "v3"]);
    for (clip, frames) in clips.iter().zip([11, 4, 9]) {
        for frame in 0..frames {
            let image = Feature::Bytes(vec![png(100, 50, frame * frame * 997).into()]);
            assert_eq!(clip.lists["image/encoded"][frame], image);
            assert_eq!(clip.lists["image/timestamp"][frame], ints(&[frame as i64]));
        }
        assert_eq!(clip.lists["image/encoded"].len(), frames);
    }
    // Back, and to frames that count from 1.
    let options = Options { target: Some(by_name("mot").unwrap()), ..super::corpus::options() };
    let mut tracked = corpus;
    (0..tracked.loaded.dataset.objects.len()).for_each(|row| tracked.loaded.dataset.objects.track.set(row, row as i64));
    let files = tracked.files("mot", &options);
    for frame in 0..11 {
        assert_eq!(files[&format!("train/v1/img1/{:06}.png", frame + 1)], png(100, 50, frame * frame * 997), "{frame}");
    }
}

#[test]
fn threads_change_nothing_and_clips_stay_whole() {
    let corpus = corpus();
    for compression in [Compression::None, Compression::Gzip] {
        for shards in [ShardRule::One, ShardRule::Count(2), ShardRule::Size(100_000)] {
            let split = SplitRule::parse("60/40").unwrap();
            let options = Options { compression, shards, split, shuffle: true, seed: 5, ..options() };
            let out = |workers: usize| format!("{compression}-{shards}-{workers}");
            let first = corpus.files(&out(1), &Options { workers: 1, ..options.clone() });
            for workers in [2, 7] {
                assert!(
                    first == corpus.files(&out(workers), &Options { workers, ..options.clone() }),
                    "{}",
                    out(workers)
                );
            }
            let mut all: Vec<(String, usize)> = first
                .iter()
                .filter(|(name, _)| name.ends_with("tfrecord"))
                .flat_map(|(_, file)| clips(file))
                .map(|clip| (media(&clip), clip.lists["image/encoded"].len()))
                .collect();
            all.sort();
            assert_eq!(all, [("v1".into(), 11), ("v2".into(), 4), ("v3".into(), 9)]);
        }
    }
    // Exact counts are of clips.
    for (text, counts) in [("70/30", [2, 1]), ("30/70", [1, 2])] {
        let options = Options { split: SplitRule::parse(text).unwrap(), exact_split: true, ..options() };
        let report = corpus.convert(text.replace('/', "-").as_str(), &options).unwrap();
        let records = |split| report.files.iter().find(|file| file.split == split).map_or(0, |file| file.records);
        assert_eq!([records(Split::Train), records(Split::Valid)], counts);
    }
}

/// Around lengths at which a varint becomes longer, what stands before an image is of another length.
#[test]
fn images_of_every_length_stay_whole() {
    let mut corpus = Corpus::new(&["cat"]);
    let least = png(100, 50, 0).len();
    let mut lengths: Vec<usize> = (least..least + 160).collect();
    lengths.extend(((1 << 14) - 20)..((1 << 14) + 20));
    lengths.extend(((1 << 21) - 16)..((1 << 21) + 4));
    for (number, len) in lengths.iter().enumerate() {
        let objects = (0..number % 3).map(|_| object(0, [1.0, 1.0, 9.0, 9.0]));
        corpus.add(&format!("{number:05}.png"), &png(100, 50, len - least), objects);
    }
    let files = corpus.files("out", &options());
    let clips = clips(&files["train.tfrecord"]);
    for (image, len) in clips[0].lists["image/encoded"].iter().zip(&lengths) {
        assert!(*image == Feature::Bytes(vec![png(100, 50, len - least).into()]), "{len}");
    }
    assert_eq!((media(&clips[0]), clips[0].lists["image/encoded"].len()), ("clip".into(), lengths.len()));
}

#[test]
fn a_frame_that_is_not_as_the_first_is_refused() {
    let mut corpus = Corpus::new(&["cat"]);
    for (number, name) in ["a/1.png", "a/2.png", "a/3.png", "a/4.png", "b/1.png"].iter().enumerate() {
        let bytes = match number {
            1 => png(40, 20, 0),
            2 => fs::read(case("cvat/video-all-frames").join("frame_000000.jpg")).unwrap(),
            3 => b"no image".to_vec(),
            _ => png(40, 30, 0),
        };
        corpus.add(name, &bytes, [object(0, [1.0, 1.0, 9.0, 9.0])]);
    }
    let Err(ConvertError::Refused(report)) = corpus.convert("out", &options()) else { panic!("it was written") };
    let messages: Vec<String> = report
        .problems
        .iter()
        .filter(|problem| [ProblemKind::OddFrame, ProblemKind::BadImage].contains(&problem.kind))
        .map(ToString::to_string)
        .collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert_eq!(messages[0], "a/2.png: is 40x20, the first frame of clip \"a\" is 40x30");
    let expected = "a/3.png: is jpeg, the first frame of clip \"a\" is png (--reencode png makes them alike)";
    assert_eq!(messages[1], expected);
    assert!(messages[2].starts_with("a/4.png: not an image"), "{messages:?}");
    assert!(!corpus.out("out").exists());
    let report = corpus.convert("skipped", &Options { on_error: OnError::Skip, ..options() }).unwrap();
    assert_eq!((report.images, report.objects, report.files[0].records), (2, 2, 2));
    assert_eq!((report.skipped.images, report.skipped.objects), (3, 3));
}

/// Files of more than 2 GiB together, of which hardly anything is on the disk, and none is read.
#[test]
fn a_clip_of_more_than_two_gib_is_refused_by_its_name() {
    let mut corpus = Corpus::new(&["cat"]);
    for name in ["small/1.png", "long/1.png", "long/2.png"] {
        corpus.add(name, &png(100, 50, 0), [object(0, [1.0, 1.0, 9.0, 9.0])]);
        if name.starts_with("long") {
            File::options().write(true).open(corpus.input().join(name)).unwrap().set_len(1_200_000_000).unwrap();
        }
    }
    let Err(ConvertError::Refused(report)) = corpus.convert("out", &options()) else { panic!("it was written") };
    let messages: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "long/1.png: clip \"long\" of 2 frames would have 2400000000 bytes, more than a SequenceExample can hold (2 GiB); frames \
             in several folders are several clips, and --reencode jpeg:90 makes them smaller"
        ]
    );
    let report = corpus.convert("skipped", &Options { on_error: OnError::Skip, ..options() }).unwrap();
    assert_eq!((report.images, report.skipped.images, report.files[0].records), (1, 2, 1));
}

#[test]
fn options_that_would_cut_clips_are_refused() {
    let corpus = corpus();
    let refused = |options: Options| match corpus.convert("out", &options) {
        Err(ConvertError::Option(message)) => message,
        other => panic!("{other:?}"),
    };
    let why = "is about images, and with schema sequence each belongs to its clip";
    assert_eq!(refused(Options { drop_empty: true, ..options() }), format!("drop_empty {why}"));
    let mut drawn = options();
    drawn.select.sample = Some(3);
    assert_eq!(refused(drawn), format!("sample {why}"));
}

/// What others write: predictions, frames that nobody looked at, texts for ids, names that lead out of the folder.
#[test]
fn sequences_of_others_are_read() {
    let image = || Feature::Bytes(vec![png(100, 50, 0).into()]);
    let side = |value: f32| vec![floats(&[value]), Feature::Unset, floats(&[value])];
    let text = |text: &'static str| Feature::text(text);
    let context =
        [("clip/media_id", text("../videos//a b")), ("image/height", ints(&[50])), ("image/width", ints(&[100]))];
    // `seq_example_util.py` makes a list of the characters of a text that is not in a list.
    let characters = Feature::Bytes(vec![b"1".to_vec().into(), b"7".to_vec().into()]);
    let lists = [
        ("image/encoded", vec![image(), image(), image()]),
        ("image/source_id", vec![text("16"), characters, text("18")]),
        ("image/timestamp", vec![ints(&[1_000_000]), ints(&[2_000_000]), ints(&[10_000_000])]),
        ("region/bbox/xmax", side(0.5)),
        ("region/bbox/xmin", side(0.25)),
        ("region/bbox/ymax", side(1.0)),
        ("region/bbox/ymin", side(0.5)),
        ("region/is_annotated", vec![ints(&[1]), ints(&[1]), ints(&[0])]),
        ("region/label/string", vec![text("cat"), Feature::Unset, text("dog")]),
    ];
    let predicted: Vec<_> = [
        ("image/encoded", vec![image()]),
        ("predicted/region/bbox/xmax", vec![floats(&[0.5])]),
        ("predicted/region/bbox/xmin", vec![floats(&[0.25])]),
        ("predicted/region/bbox/ymax", vec![floats(&[1.0])]),
        ("predicted/region/bbox/ymin", vec![floats(&[0.5])]),
        ("predicted/region/label/confidence", vec![floats(&[0.75])]),
        ("predicted/region/label/index", vec![ints(&[4])]),
    ]
    .into();
    let cut = [("image/encoded", vec![image(), image()]), ("region/bbox/ymin", vec![floats(&[0.5])])];
    let mut file = Vec::new();
    append(&mut file, &encode_sequence(&context, &lists).unwrap());
    append(&mut file, &encode_sequence(&[], &predicted).unwrap());
    append(&mut file, &encode_sequence(&[], &cut).unwrap());
    append(&mut file, &encode_sequence(&[], &[("audio", vec![])]).unwrap());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.tfrecord"), file).unwrap();
    let loaded = load(folder.path());
    let dataset = &loaded.dataset;
    let keys: Vec<&str> = (0..dataset.len()).map(|row| dataset.images.key.get(row)).collect();
    assert_eq!(
        keys,
        ["000001/000000.png", "videos/a b/01000000.png", "videos/a b/02000000.png", "videos/a b/10000000.png"]
    );
    let ids: Vec<Option<i64>> = (0..4).map(|row| dataset.images.id.get(row).copied()).collect();
    assert_eq!(ids, [None, Some(16), Some(17), Some(18)]);
    let named = |row: usize| dataset.images.source[row] != NO_SOURCE;
    assert_eq!([0, 1, 2, 3].map(named), [true, true, true, false]);
    assert_eq!([0, 1, 2, 3].map(|row| dataset.objects_of(row).len()), [1, 1, 0, 0]);
    assert_eq!(dataset.objects.bbox, [[25.0, 25.0, 50.0, 50.0]; 2]);
    assert_eq!((dataset.objects.score.get(0), dataset.objects.score.get(1)), (Some(&0.75), None));
    let messages: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "a.tfrecord: record 2: region/bbox/ymin has 1 steps for 2 images",
            "a.tfrecord: record 3: there is no list of images in it (image/encoded); it has audio",
        ]
    );
}
