//! What must hold for any bytes at all: one function per fuzz target. `fuzz/` feeds them what libFuzzer invents, and
//! `fuzz_replay` the seeds of `tests/data/fuzz/<target>`, so that they are tested without a fuzzer too.
//!
//! A property says more than "no panic": what one way of reading gives, another gives too; what was read, written and read
//! again is the same.

use std::borrow::Cow;
use std::fs;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::path::Path;

use recordmill::example::columns::{Column, ColumnValues, Columns, Layout};
use recordmill::example::{self, Condition, Feature, Values};
use recordmill::files::Archive;
use recordmill::formats::{self, LoadOptions, Loaded, text, xml};
use recordmill::image::{Kind, header};
use recordmill::inspect::{InspectOptions, VerifyOptions, inspect_reader, verify_reader};
use recordmill::record::{Compression, Index, IndexForm, ReadOptions, Reader, Recovery, WriteOptions, Writer, crc};
use recordmill::reshape::{Inputs, OutputOptions};
use recordmill::table::{Ask, Format, Job, Message, Table, from_table, to_table};

/// A function that panics where its property does not hold.
pub type Property = fn(&[u8]);

/// Every target by name, sorted.
pub const TARGETS: &[(&str, Property)] = &[
    ("archive", archive),
    ("coco", coco),
    ("columns", columns),
    ("condition", condition),
    ("csv", csv),
    ("example_decode", example_decode),
    ("image_header", image_header),
    ("index", index),
    ("inspect", inspect),
    ("label_image", label_image),
    ("label_map", label_map),
    ("labelling", labelling),
    ("record_frames", record_frames),
    ("sequence_decode", sequence_decode),
    ("table_binary", table_binary),
    ("table_text", table_text),
    ("text_formats", text_formats),
    ("voc_xml", voc_xml),
];

/// Every file that an archive lists lies below it, and is read whole or not at all.
pub fn archive(data: &[u8]) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    file.rewind().unwrap();
    let Ok(archive) = Archive::from_file(Path::new("fuzzed"), file) else { return };
    for name in archive.names() {
        assert!(!name.starts_with('/') && !name.split('/').any(|part| part == ".." || part.is_empty()), "{name:?}");
        let size = archive.size_of(name).unwrap();
        let mut bytes = Vec::new();
        let read = archive.file(name).unwrap().take(1 << 20).read_to_end(&mut bytes);
        if read.is_ok() && size < 1 << 20 {
            assert_eq!(bytes.len() as u64, size, "{name:?}");
        }
        let mut rest = Vec::new();
        let mut file = archive.file(name).unwrap();
        let skipped = file.skip(3).and_then(|()| file.take(1 << 20).read_to_end(&mut rest));
        if read.is_ok() && skipped.is_ok() && size < 1 << 20 {
            assert_eq!(rest, bytes.get(3..).unwrap_or_default(), "{name:?}");
        }
    }
}

/// A file's records with their offsets, why it ended if not by its end, and what was passed over.
#[derive(Debug, Default, PartialEq)]
struct Told {
    records: Vec<(u64, Vec<u8>)>,
    error: Option<String>,
    lost: Vec<(u64, u64, bool, String)>,
}

fn tell(input: impl Read, options: ReadOptions) -> Told {
    let mut reader = Reader::new(input, options);
    let mut told = Told::default();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                assert_eq!(record.number, told.records.len() as u64);
                told.records.push((record.offset, record.payload.to_vec()));
            }
            Ok(None) => break,
            Err(error) => {
                told.error = Some(error.to_string());
                assert!(matches!(reader.next_record(), Ok(None)), "goes on after {error}");
                break;
            }
        }
    }
    let lost = reader.lost().iter();
    told.lost = lost.map(|lost| (lost.offset, lost.len, lost.more, lost.cause.to_string())).collect();
    told
}

/// Gives a byte at a time, as a slow pipe does.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(1);
        self.0.read(&mut buffer[..len])
    }
}

/// What a file holds does not depend on how its bytes arrive nor on the reader's buffer; a good file holds the same in
/// every mode, and the same bytes when it is written again.
pub fn record_frames(data: &[u8]) {
    // Every way of reading costs a millisecond under the fuzzer: each input takes some, by what it holds.
    let pick = crc::crc32c(data);
    let compression =
        [None, Some(Compression::None), Some(Compression::Gzip), Some(Compression::Zlib)][pick as usize % 4];
    let recovery = Recovery::ALL[pick as usize / 4 % 4];
    for (compression, recovery) in [(compression, recovery), (None, recovery), (compression, Recovery::Strict)] {
        // Payloads up to 64 KiB, which is more than the fuzzer writes, but not more than it compresses.
        let options = ReadOptions {
            compression,
            recovery,
            verify: pick & 16 == 0,
            max_record_len: 64 << 10,
            salvage: pick & 32 == 0,
            buffer_len: 4 << 10,
        };
        let told = tell(data, options);
        assert_eq!(tell(Trickle(data), options), told, "by bytes: {options:?}");
        // How much is decompressed before damage is seen depends on the buffer, and what can be found behind it on that.
        let small = ReadOptions { buffer_len: 1, salvage: false, ..options };
        if !(options.salvage && recovery == Recovery::Skip) {
            assert_eq!(tell(data, small), told, "by a small buffer: {options:?}");
        }
    }
    let options = |recovery| ReadOptions {
        compression: Some(Compression::None),
        recovery,
        max_record_len: 64 << 10,
        buffer_len: 4 << 10,
        ..ReadOptions::default()
    };
    let told = tell(data, options(Recovery::Strict));
    // Being less strict loses nothing.
    let tolerant = tell(data, options(Recovery::TolerateTail));
    assert_eq!(tolerant.records, told.records);
    let skipped = tell(data, options(Recovery::Skip));
    assert!(skipped.records.starts_with(&told.records));
    let lost: u64 = skipped.lost.iter().map(|(_, len, ..)| len).sum();
    let found: u64 = skipped.records.iter().map(|(_, payload)| payload.len() as u64 + 16).sum();
    if skipped.error.is_none() {
        assert_eq!(found + lost, data.len() as u64, "every byte is in a record or lost");
    }
    if told.error.is_some() {
        return;
    }
    for recovery in Recovery::ALL {
        assert_eq!(tell(data, options(recovery)), told, "{recovery:?}");
    }
    for compression in Compression::ALL {
        let mut writer = Writer::new(Vec::new(), WriteOptions { compression, ..WriteOptions::default() }).unwrap();
        told.records.iter().for_each(|(_, payload)| writer.write(payload).unwrap());
        let written = writer.finish().unwrap();
        if compression == Compression::None {
            assert_eq!(written, data);
        }
        let again = ReadOptions { compression: Some(compression), ..ReadOptions::default() };
        assert_eq!(tell(&written[..], again), told, "{compression}");
    }
}

/// An index that is read, written and read again is the same, and does not depend on how its bytes arrive. In the binary form it has
/// one way to be written.
pub fn index(data: &[u8]) {
    let read = Index::read_from(data).map_err(|error| error.to_string());
    let trickled = Index::read_from(BufReader::with_capacity(1, Trickle(data))).map_err(|error| error.to_string());
    assert_eq!(read, trickled);
    let Ok(index) = read else { return };
    let mut text = Vec::new();
    index.write_to(&mut text).unwrap();
    assert_eq!(Index::read_from(&text[..]).unwrap(), index);
    if index.knows_its_file() {
        let made = index.write(IndexForm::Binary, Cursor::new(Vec::new()), || Err(io::ErrorKind::NotFound.into()));
        assert_eq!(made.unwrap().into_inner(), data);
    }
    assert!(index.iter().all(|entry| entry.size >= 16 && entry.offset.checked_add(entry.size).is_some()));
}

/// A table encoded by columns is what its rows are one by one. The bytes are its plan: rows, then for every column its
/// kind, its layout and the layout's numbers, good or not.
pub fn columns(data: &[u8]) {
    // Keys of which an entry's length needs one byte and two.
    const LONG_KEY: &str = concat!(
        "a/",
        stringify!(
            bounding_box_of_an_object_that_has_a_name_so_long_that_nobody_would_write_it_by_hand_but_programs_do_x
        )
    );
    const KEYS: [&str; 4] = ["b", LONG_KEY, "a", ""];
    let mut plan = data.iter().copied();
    let mut next = || plan.next().unwrap_or(0);
    let rows = usize::from(next() % 6);
    let ints: Vec<i64> = data.iter().map(|byte| (*byte as i64 - 100) << (byte % 57)).collect();
    let floats: Vec<f32> = ints.iter().map(|value| f32::from_bits(*value as u32)).collect();
    let bytes: Vec<&[u8]> = (0..data.len()).map(|index| &data[..index]).collect();
    let mut layouts: Vec<Option<Vec<i64>>> = Vec::new();
    for _ in 0..next() % 5 {
        layouts.push(match next() % 4 {
            0 | 1 => None,
            // Splits that can be, and any numbers at all.
            2 => {
                let mut end = 0;
                let ends = (0..rows).map(|_| {
                    end += i64::from(next() % 4);
                    end
                });
                Some([0].into_iter().chain(ends).collect())
            }
            _ => Some((0..rows + usize::from(next() % 16 != 0)).map(|_| next().into()).collect()),
        });
    }
    let present: Vec<bool> = (0..rows).map(|_| next() % 3 > 0).collect();
    let mut table = Vec::new();
    for (number, layout) in layouts.iter().enumerate() {
        let per_row = usize::from(next() % 5);
        let len = match layout {
            Some(splits) => splits.last().map_or(0, |last| *last as usize),
            None => rows * per_row,
        };
        let len = len.min(data.len());
        let values = match next() % 3 {
            0 => ColumnValues::Int64(&ints[..len]),
            1 => ColumnValues::Float(&floats[..len]),
            _ => ColumnValues::Bytes(&bytes[..len]),
        };
        let layout = match layout {
            None => Layout::Each(per_row),
            Some(splits) if number % 2 == 0 => Layout::Splits(splits),
            Some(splits) => Layout::Sparse { splits, present: &present },
        };
        table.push(Column { key: KEYS[(number + usize::from(next())) % KEYS.len()], values, layout });
    }
    let Ok(made) = Columns::new(rows, table.clone()) else { return };
    table.sort_by_key(|column| column.key);
    let mut encoder = made.encoder();
    for row in 0..rows {
        let features: Vec<(&str, Feature<'_>)> = table
            .iter()
            .filter_map(|column| {
                let range = match column.layout {
                    Layout::Sparse { present, .. } if !present[row] => return None,
                    Layout::Each(per_row) => row * per_row..(row + 1) * per_row,
                    Layout::Splits(splits) | Layout::Sparse { splits, .. } => {
                        splits[row] as usize..splits[row + 1] as usize
                    }
                };
                let feature = match column.values {
                    ColumnValues::Int64(values) => Feature::Int64(Cow::Borrowed(&values[range])),
                    ColumnValues::Float(values) => Feature::Float(Cow::Borrowed(&values[range])),
                    ColumnValues::Bytes(values) => {
                        Feature::Bytes(values[range].iter().map(|value| Cow::Borrowed(*value)).collect())
                    }
                };
                Some((column.key, feature))
            })
            .collect();
        let mut encoded = Vec::new();
        encoder.encode(row, &mut encoded).unwrap();
        assert_eq!(encoded, example::encode(&features));
    }
}

/// What decodes can be encoded, and its canonical bytes stand for themselves.
pub fn example_decode(data: &[u8]) {
    let Ok(decoded) = example::decode(data) else { return };
    let canonical = encode(&decoded);
    let again = example::decode(&canonical).expect("what we encode decodes");
    assert_eq!(again.features.len(), decoded.features.len());
    assert_eq!(encode(&again), canonical);
    for (key, values) in decoded.features.iter() {
        let found = again.get(key).expect("no key is lost");
        assert_eq!((found.kind(), found.len()), (values.kind(), values.len()), "{key:?}");
    }
}

fn encode(example: &example::Example<'_>) -> Vec<u8> {
    let mut features: Vec<(&str, Feature<'_>)> =
        example.features.iter().map(|(key, values)| (key, values.to_feature())).collect();
    features.sort_by_key(|(key, _)| *key);
    example::encode(&features)
}

/// Context and lists can be walked, and the context is what an Example of the same bytes has.
pub fn sequence_decode(data: &[u8]) {
    let Ok(sequence) = example::decode_sequence(data) else { return };
    // A walk of everything: lists know their lengths before they are walked.
    let steps = sequence.feature_lists.iter().flat_map(|(_, steps)| steps);
    for values in steps.chain(sequence.context.iter().map(|(_, values)| values)) {
        let len = match values.to_feature() {
            Feature::Unset | Feature::Hole(_) => 0,
            Feature::Bytes(values) => values.len(),
            Feature::Float(values) => values.len(),
            Feature::Int64(values) => values.len(),
        };
        assert_eq!(len, values.len());
    }
    let example = example::decode(data).expect("feature_lists are an unknown field of Example");
    assert_eq!(example.features.len(), sequence.context.len());
}

/// An image that is one has a size, and its kind is what its first bytes say.
pub fn image_header(data: &[u8]) {
    let Ok(header) = header::read(data) else { return };
    assert_eq!(Some(header.kind), header::detect(data));
    assert!(header.width > 0 && header.height > 0);
    // Satellites have more than a colour, an ink and alpha, and some containers hold them.
    let many = matches!(header.kind, Kind::Tiff | Kind::Avif | Kind::Heic);
    let most = if many { u8::MAX } else { 5 };
    assert!((1..=most).contains(&header.channels), "{} channels", header.channels);
    assert!((1..=8).contains(&header.orientation), "orientation {}", header.orientation);
}

/// Loads `data` as the file `name` beside some images.
fn load(name: &str, data: &[u8], format: &str) -> Option<Loaded> {
    thread_local! {
        static FOLDER: tempfile::TempDir = {
            let folder = tempfile::tempdir().unwrap();
            for image in ["a.jpg", "b.png", "images/c.jpg"] {
                fs::create_dir_all(folder.path().join(image).parent().unwrap()).unwrap();
                fs::write(folder.path().join(image), b"an image, as far as a reader of annotations knows").unwrap();
            }
            folder
        };
    }
    FOLDER.with(|folder| {
        // One kind of annotation at a time.
        let texts = TEXTS.iter().map(|(name, _)| *name).chain(TOOLS.iter().map(|(_, name)| *name));
        for other in ["a.json", "a.xml", "labels.csv"].into_iter().chain(texts) {
            fs::remove_file(folder.path().join(other)).ok();
        }
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), data).unwrap();
        let options = LoadOptions { from: Some(format.into()), workers: 1, ..LoadOptions::default() };
        formats::load(folder.path(), &options).ok()
    })
}

/// What is read is a dataset whose columns fit, and every problem stands at a line that there is.
fn is_sound(loaded: &Loaded, data: &[u8]) {
    let dataset = &loaded.dataset;
    assert_eq!(dataset.images.key.len(), dataset.len());
    assert_eq!(dataset.images.object_end.last().copied().unwrap_or(0), dataset.objects.len() as u64);
    assert!((0..dataset.len()).all(|image| dataset.objects_of(image).start <= dataset.objects_of(image).end));
    assert!(dataset.objects.class.iter().all(|class| (*class as usize) < dataset.classes.len()));
    assert!(dataset.objects.bbox.iter().flatten().all(|corner| corner.is_finite()));
    let mut keys: Vec<_> = dataset.images.key.iter().collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "two images have one key");
    let mut names: Vec<_> = dataset.classes.iter().map(|class| &class.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two classes have one name");
    let lines = 1 + text::decode(data).text.chars().filter(|one| matches!(one, '\n' | '\r')).count();
    for problem in loaded.problems.iter() {
        assert!(problem.place.line as usize <= lines, "{problem}: there are {lines} lines");
        assert!(!problem.message.is_empty() && !problem.message.ends_with('.'), "{problem}");
    }
}

/// Three lists are read into a sound dataset.
pub fn coco(data: &[u8]) {
    if let Some(loaded) = load("a.json", data, "coco") {
        is_sound(&loaded, data);
        let objects = &loaded.dataset.objects;
        assert!(objects.polygons.iter().all(|(row, outline)| row < objects.len() && outline.parts().len() > 0));
        for (_, mask) in objects.masks.iter() {
            assert_eq!(recordmill::image::runs::pixels(&mask.runs), u64::from(mask.width) * u64::from(mask.height));
        }
    }
}

/// Formats of labelling tools, with the name of a file of each. The first byte of what is given says which.
pub const TOOLS: &[(&str, &str)] = &[
    ("bdd100k", "a.json"),
    ("cityscapes", "a.json"),
    ("createml", "a.json"),
    ("cvat", "a.xml"),
    ("darwin", "a.json"),
    ("datumaro", "a.json"),
    ("edge-impulse", "a.json"),
    ("hf-imagefolder", "a.jsonl"),
    ("hf-imagefolder", "metadata.csv"),
    ("ibm-cloud", "a.json"),
    ("label-studio", "a.json"),
    ("label-studio", "labels.csv"),
    ("labelbox", "a.json"),
    ("labelbox", "a.jsonl"),
    ("labelbox", "labels.csv"),
    ("labelme", "a.json"),
    ("mit-labelme", "a.xml"),
    ("openlabel", "a.json"),
    ("paligemma", "a.jsonl"),
    ("sagemaker", "a.jsonl"),
    ("scale", "a.json"),
    ("solo", "a.json"),
    ("superannotate", "a.json"),
    ("supervisely", "a.json"),
    ("vertex", "a.jsonl"),
    ("via", "a.json"),
    ("via", "labels.csv"),
    ("vott", "a.json"),
    ("ade20k", "a.json"),
    ("coco-panoptic", "a.json"),
    ("fiftyone", "a.json"),
    ("labelu", "a.json"),
    ("mapillary", "config.json"),
];

/// A picture of numbers: its masks fill it without a pixel twice, and painted they are the picture again.
pub fn label_image(data: &[u8]) {
    let Ok(picture) = formats::label_image::read(data) else { return };
    let Ok(masks) = picture.masks() else { return };
    let mut canvas = formats::label_image::Canvas::new(picture.width, picture.height);
    let mut area = 0;
    for (value, mask) in &masks {
        assert_eq!(recordmill::image::runs::pixels(&mask.runs), picture.values.len() as u64);
        area += recordmill::image::runs::area(&mask.runs);
        canvas.paint(mask, *value);
    }
    assert_eq!(area, picture.values.len() as u64);
    assert_eq!(canvas.values(), picture.values);
    let same = picture.masks_with(&picture).expect("as many");
    assert_eq!(same.len(), masks.len());
}

/// What a labelling tool wrote is read into a sound dataset, with masks that fill their images.
pub fn labelling(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let Some((format, name)) = TOOLS.get(usize::from(*which)) else { return };
    if let Some(loaded) = load(name, data, format) {
        is_sound(&loaded, data);
        for (_, mask) in loaded.dataset.objects.masks.iter() {
            assert_eq!(recordmill::image::runs::pixels(&mask.runs), u64::from(mask.width) * u64::from(mask.height));
        }
    }
}

/// An annotation is read into a sound dataset; the cursor below it ends, and never goes back.
pub fn voc_xml(data: &[u8]) {
    if let Some(loaded) = load("a.xml", data, "voc") {
        is_sound(&loaded, data);
    }
    let text = text::decode(data).text;
    let mut cursor = xml::Cursor::new(&text);
    let (mut line, mut tags) = (1, 0);
    while let Ok(xml::Event::Open { line: at, .. } | xml::Event::Close { line: at, .. }) = cursor.next_tag() {
        tags += 1;
        assert!(tags <= data.len(), "more tags than bytes");
        assert!(at >= line, "line {at} comes after line {line}");
        line = at;
    }
}

/// A table is read into a sound dataset.
pub fn csv(data: &[u8]) {
    if let Some(loaded) = load("labels.csv", data, "csv") {
        is_sound(&loaded, data);
    }
}

/// A Parquet, npz or Arrow file is read, and what is read is the same when it was written and read again.
pub fn table_binary(data: &[u8]) {
    table(data, None, false);
}

/// The same of text; the first byte says as which format, and whether rows are sequences.
pub fn table_text(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let format = [Format::Csv, Format::Tsv, Format::JsonLines][usize::from(*which) % 3];
    table(data, Some(format), which & 0x80 != 0);
}

fn table(data: &[u8], format: Option<Format>, sequence: bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a"), data).unwrap();
    let options = OutputOptions { sync: false, workers: 1, overwrite: true, ..Default::default() };
    let job = Job::default();
    let message = Message { sequence, ..Default::default() };
    let made = |from: &str, format: Option<Format>, to: &str| {
        let ask = Ask { flatten: true, ..Default::default() };
        let table = Table::open(vec![path(from)], format, &ask, 1, &job)?;
        from_table(&table, &path(to), &message, &options, &job)
    };
    let Ok(report) = made("a", format, "b") else { return };
    if report.columns.iter().all(|column| column.present == 0) {
        return;
    }
    let inputs = Inputs::find(&[path("b")], ReadOptions::default()).unwrap();
    for format in [Format::Parquet, Format::Arrow] {
        to_table(&inputs, &path("c"), Some(format), &Ask::default(), &options, &job).unwrap();
        made("c", Some(format), "d").unwrap();
        assert_eq!(fs::read(path("d")).unwrap(), fs::read(path("b")).unwrap());
    }
}

/// Formats of lines, and the file that each is tried with. The order is the seeds'.
pub const TEXTS: &[(&str, &str)] = &[
    ("data.yaml", "yolo"),
    ("labels/c.txt", "yolo-seg"),
    ("labels/c.txt", "yolo-obb"),
    ("labels/c.txt", "yolo-pose"),
    ("a.txt", "darknet"),
    ("obj.data", "darknet"),
    ("a.txt", "dota"),
    ("labelTxt/c.txt", "yolov5-obb"),
    ("a.txt", "kitti"),
    ("Label/a.txt", "oidv4"),
    ("train.txt", "yolo-keras"),
    ("train.txt", "wider-face"),
    ("train.txt", "imagenet-list"),
    ("gt/gt.txt", "mot"),
    ("labels.csv", "retinanet"),
    ("labels.csv", "automl"),
    ("labels.csv", "open-images"),
    ("labels.csv", "kaggle-wheat"),
    ("labels.csv", "kaggle-rle"),
    ("labels.csv", "udacity"),
    ("labels.csv", "multilabel-csv"),
];

/// Lines are read into a sound dataset; the first byte says as which format.
pub fn text_formats(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let (name, format) = TEXTS[usize::from(*which) % TEXTS.len()];
    if let Some(loaded) = load(name, data, format) {
        is_sound(&loaded, data);
        let objects = &loaded.dataset.objects;
        for (_, mask) in objects.masks.iter() {
            assert_eq!(recordmill::image::runs::pixels(&mask.runs), u64::from(mask.width) * u64::from(mask.height));
        }
        assert!(objects.corners.iter().all(|(_, corners)| corners.iter().flatten().all(|side| side.is_finite())));
    }
}

/// A label map is read from what we write of it, in both forms, without a warning.
pub fn label_map(data: &[u8]) {
    let text = text::decode(data).text;
    let Ok((map, _)) = formats::label_map::parse(&text) else { return };
    assert!(map.labels().iter().all(|label| label.id >= 1 && !label.name.is_empty()));
    for written in [formats::label_map::to_text(&map), formats::label_map::to_text_roboflow(&map)] {
        let (again, warnings) = formats::label_map::parse(&written).expect("what we write can be read");
        assert_eq!(again, map, "{written}");
        assert!(warnings.is_empty(), "{warnings:?} for {written}");
    }
}

/// A condition in the first line, behind it an Example that it is asked of: what one condition says, another says too, and what
/// the Example really has.
pub fn condition(data: &[u8]) {
    let (line, rest) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &b""[..]),
    };
    let Ok(text) = std::str::from_utf8(line) else { return };
    let parsed = match Condition::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with(&format!("condition {text:?}: ")) && !said.ends_with('.'), "{said}");
            return;
        }
    };
    let blanks = Condition::parse(&format!("{text}  ")).expect("blanks at the end are no matter");
    assert_eq!(format!("{blanks:?}"), format!("{parsed:?}"));
    let Ok(decoded) = example::decode_either(rest) else { return };
    parsed.holds(&decoded);

    let key = parsed.key();
    let of_length = key.starts_with("len(") && key.ends_with(')');
    if key.trim() != key || of_length || key.contains(['!', '<', '>', '=', '~']) {
        return;
    }
    let asked = |test: String| Condition::parse(&test).unwrap_or_else(|error| panic!("{error}")).holds(&decoded);
    let values: Vec<&Values<'_>> = match (decoded.context.get(key), decoded.feature_lists.get(key)) {
        (Some(values), _) => vec![values],
        (None, Some(steps)) => steps.iter().collect(),
        (None, None) => Vec::new(),
    };
    let count: usize = values.iter().map(|values| values.len()).sum();
    assert_eq!((asked(key.into()), asked(format!("!{key}"))), (count > 0, count == 0));
    let lengths = ["=", "<=", ">=", "!=", "<", ">"].map(|operator| asked(format!("len({key}){operator}{count}")));
    assert_eq!(lengths, [true, true, true, false, false, false]);

    let texts = || values.iter().filter_map(|values| values.as_bytes()).flat_map(|list| list.iter());
    assert_eq!(asked(format!("{key}~=*")), texts().any(|text| std::str::from_utf8(text).is_ok()));
    for values in &values {
        match values {
            Values::Int64(list) => list.iter().take(4).for_each(|value| assert!(asked(format!("{key}={value}")))),
            Values::Float(list) => {
                list.iter().take(4).for_each(|value| assert!(value.is_nan() || asked(format!("{key} = {value}"))));
            }
            Values::Bytes(_) | Values::Unset => {}
        }
    }
    let wanted = text.rsplit(['=', '<', '>']).next().unwrap_or_default().trim();
    let equal = asked(format!("{key}={wanted}"));
    assert_eq!((asked(format!("{key}=={wanted}")), asked(format!("{key}!={wanted}"))), (equal, !equal));
    if texts().any(|text| text == wanted.as_bytes()) {
        assert!(equal, "{key}={wanted}");
    }
    // Texts are equal or not; which is less is asked of numbers alone.
    if wanted.parse::<f64>().is_ok_and(|number| !number.is_nan()) && texts().next().is_none() {
        for operator in ["<", ">"] {
            let either = equal || asked(format!("{key}{operator}{wanted}"));
            assert_eq!(asked(format!("{key}{operator}={wanted}")), either, "{key}{operator}={wanted}");
        }
    }
}

/// Any bytes as a file: it is right exactly where the strict reader finds nothing wrong. Any bytes as a record: everything
/// that is said of it adds up.
pub fn inspect(data: &[u8]) {
    let options = ReadOptions { recovery: Recovery::Skip, max_record_len: 64 << 10, ..ReadOptions::default() };
    let path = Path::new("file");
    let framing = VerifyOptions { examples: false, rules: false, ..VerifyOptions::default() };
    if let Ok(verdict) = verify_reader(Reader::new(data, options), path, &framing) {
        let told = tell(data, ReadOptions { recovery: Recovery::Strict, ..options });
        assert_eq!(verdict.ok, told.error.is_none(), "{verdict:?} where reading says {:?}", told.error);
    }
    let mut writer = Writer::new(Vec::new(), WriteOptions::default()).unwrap();
    writer.write(data).unwrap();
    let file = writer.finish().unwrap();
    let report =
        inspect_reader(&mut Reader::new(&file[..], options), path, file.len() as u64, &InspectOptions::default());
    let report = report.expect("a whole file");
    assert_eq!((report.records, report.damage.len()), (1, 0));
    let verdict =
        verify_reader(Reader::new(&file[..], options), path, &VerifyOptions::default()).expect("a whole file");
    assert_eq!(verdict.errors + verdict.warnings, verdict.counts.values().sum::<u64>());
    assert_eq!(verdict.ok, verdict.errors == 0);
    for finding in &verdict.findings {
        assert_eq!((finding.record, finding.offset), (Some(0), Some(0)), "{finding}");
        assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{finding}");
    }
}
