//! TFRecord files as a source: what a conversion made, by whichever tool, and turned back.
//!
//! ```text
//! image/encoded  image/filename  image/object/bbox/{xmin,ymin,xmax,ymax}  image/object/class/{text,label} ...
//!                                          TensorFlow Object Detection API, Model Garden, Roboflow, Datumaro, our own
//! image  objects/bbox [ymin,xmin,ymax,xmax]*  objects/label  image/filename        TensorFlow Datasets, detection
//! image  label                                                                      TensorFlow Datasets, classification
//! image_bytes  filename  label                                                      FiftyOne, classification
//! clip/media_id  image/encoded  region/bbox/{xmin,ymin,xmax,ymax}  region/label/{string,index} ...
//!                      SequenceExamples of the Object Detection API, our own: [`sequence`] has its decisions
//! ```
//!
//! Files are known by their first bytes (a length with its checksum), whatever they are called; around a record there may be
//! GZIP or ZLIB. Names of classes come from the records, else from a label map (`*.pbtxt`, `*.labels.txt`) beside them, else the
//! class is called by its number.
//!
//! Decisions
//! - Images stay where they are: an image is a part of its record's file. Those of compressed files are unpacked into a
//!   temporary file.
//! - Boxes become pixels by the image's own size. A 32-bit fraction that is as near to a hundredth of a pixel as 32 bits allow
//!   is taken for it, so that what was made from pixels comes back as those pixels.
//! - The keypoints of a class have the names that all objects with keypoints give them. An object of which none is labelled has
//!   none: records pad all objects to one number.
//! - A list of another length than the boxes says nothing of them, which is a problem (`unfit-list`); one without values is as if it
//!   were not there. A flag below 0 is unknown; of `truncated` between 0 and 1 the attribute has the part. KITTI's other numbers
//!   (`alpha`, `3d_bbox/*`) are attributes as if they came of its files. A keypoint at NaN is not labelled. Scores are read of `image/object/bbox/confidence`, else
//!   `image/object/{score,confidence}`; `group_of` is crowd, `depiction` Open Images' attribute, a `weight` that is not 1 one too, and what lies below
//!   `image/object/attribute/` attributes, where there is a text. A mask that is the turned box is not read twice.
//! - A record without boxes, but with a map of its pixels, has objects by that ([`maps`]); of one with boxes and without masks the map
//!   says which pixels are whose ([`regions`]).
//! - The split is that of the file's name or folder. The image's key is `image/filename`.
//! - A record without an image, or with other keys, is an entry that cannot be used.

mod columns;
mod labels;
mod maps;
mod masks;
mod record;
mod regions;
mod sequence;

use std::collections::BTreeMap;
use std::io::Read;

use self::labels::{KnownLabels, PointNames};
use self::record::Found;
use crate::dataset::{Ledger, Place, ProblemKind, Problems, Skipped, Split};
use crate::example::{self, Example, SequenceExample};
use crate::files::Opened;
use crate::files::shard::{self, Shard};
use crate::formats::builder::{Builder, Bytes, Entry};
use crate::formats::spill::Spill;
use crate::formats::tree::{FileId, Tree, file_name};
use crate::formats::{Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, parallel, splits};
use crate::record::{Compression, HEADER_LEN, ReadOptions, Reader, RecordError, detect as compression_of};

/// What the format is called.
pub const NAME: &str = "tfrecord";

/// The format's row. It stands here and not with the others, because it needs what they must not know.
pub static FORMAT: Format = Format {
    name: NAME,
    aliases: &["tfrecords", "tf-record"],
    title: "TFRecord",
    specification: "https://www.tensorflow.org/tutorials/load_data/tfrecord",
    layout: "\
train.tfrecord  valid.tfrecord  label_map.pbtxt           (also -00000-of-00010, .record, .tfrec, .gz)
train/objects.tfrecord  train/objects_label_map.pbtxt     (Roboflow)
name-train.tfrecord-00000-of-00001  objects-label.labels.txt   (TensorFlow Datasets)",
    carries: &[
        Carries::Boxes,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Crowd,
        Carries::Area,
        Carries::Score,
        Carries::Difficult,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Pose,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::ClassIds,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Corners,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect,
    looks_for: "files that begin with a record's length and its checksum (TFRecord)",
    read,
    write: None,
};

/// Bytes of a file that say what it is.
const MAGIC: usize = HEADER_LEN;

/// The record files of a tree, in the order of their names.
fn candidates(tree: &Tree) -> Vec<FileId> {
    if let Some(only) = tree.only() {
        return vec![only];
    }
    tree.files().filter(|(id, file)| !file.image && is_record_file(tree, *id, &file.path)).map(|(id, _)| id).collect()
}

fn is_record_file(tree: &Tree, id: FileId, path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    // No other format has the checksum by chance, but to look into every file of a large tree takes its time.
    let known = [".txt", ".xml", ".json", ".csv", ".yaml", ".yml", ".pbtxt", ".md", ".py", ".jsonl", ".names", ".data"];
    if known.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let by_name = name.contains("tfrec") || name.contains(".record") || name.ends_with(".records");
    let mut head = [0; MAGIC];
    let Ok(mut file) = tree.open_file(id) else { return false };
    match read_head(&mut file, &mut head) {
        Ok(0) => by_name,
        Ok(MAGIC) => match compression_of(&head) {
            Some(Compression::None) => true,
            // Whatever is packed so is called so.
            Some(_) => by_name,
            None => false,
        },
        _ => by_name,
    }
}

fn read_head(file: &mut impl Read, head: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < head.len() {
        match file.read(head.get_mut(got..).unwrap_or_default())? {
            0 => break,
            count => got += count,
        }
    }
    Ok(got)
}

fn detect(tree: &Tree) -> Option<Evidence> {
    let files: Vec<FileId> = match tree.only() {
        Some(only) => candidates(tree).into_iter().filter(|_| is_record_file(tree, only, tree.path(only))).collect(),
        None => candidates(tree),
    };
    Evidence::certain(tree, &files, "records with a length and its checksum")
}

/// What one file holds.
struct FileRecords {
    records: Vec<Found>,
    /// Number and reason of records that cannot be used.
    unusable: Vec<(u64, String)>,
    points: PointNames,
    /// Damage, after which nothing was read.
    error: Option<RecordError>,
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = candidates(tree);
    if files.is_empty() {
        let kind = FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into());
        return Err(FormatError::new(kind, ""));
    }
    let mut problems = Problems::default();
    let mut remarks = Vec::new();
    let labels = KnownLabels::read(tree, &files, &mut problems, &mut remarks);
    if tree.only().is_none() {
        missing_shards(tree, &files, &mut problems);
    }
    let spill = Spill::new().map_err(|error| FormatError::new(FormatErrorKind::Io(error), std::env::temp_dir()))?;
    let read = parallel::map_each(files.len(), options.workers, |place| {
        read_file(tree, files[place], !options.boxes_only, &spill)
    });
    let mut skipped = Skipped::default();
    let mut all: Vec<(FileId, Option<Split>, Found)> = Vec::new();
    let mut points = PointNames::default();
    let mut unread = 0;
    for (file, found) in files.iter().copied().zip(read) {
        let path = tree.path(file);
        for (number, message) in found.unusable {
            problems.push(ProblemKind::BadEntry, Place::file(path), format!("record {number}: {message}"));
            skipped.count(ProblemKind::BadEntry.word(), Ledger { images: 1, objects: 0 });
        }
        if let Some(error) = found.error {
            problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), error.to_string());
        }
        points.append(found.points);
        for record in &found.records {
            unread += record.unread;
            for message in &record.unfit {
                let message = format!("record {}: {message}; left out", record.number);
                problems.push(ProblemKind::UnfitList, Place::file(path), message);
            }
            for message in &record.bad_masks {
                let message = format!("record {}: its masks are left out: {message}", record.number);
                problems.push(ProblemKind::BadMask, Place::file(path), message);
            }
        }
        let split = split_of_tfds(path).or_else(|| splits::of_annotation_file(tree, path));
        all.extend(found.records.into_iter().map(|record| (file, split, record)));
    }
    if all.is_empty() && skipped.images > 0 {
        let first = problems.iter().find(|problem| problem.kind == ProblemKind::BadEntry);
        let message = first.map(ToString::to_string).unwrap_or_default();
        return Err(FormatError::new(FormatErrorKind::Syntax(message), ""));
    }
    let mut builder = Builder::default();
    let (mut classes, numbers) = labels.classes(tree, &all, &mut builder, &mut problems);
    let added = regions::add(&mut all, &labels, &mut classes, &mut builder, !options.boxes_only, options.workers);
    points.tell(&classes, &mut builder);
    unread += added.unread;
    remarks.extend(added.remarks);
    // Two records of one name are two images: one of them gets another key.
    let mut named: BTreeMap<String, u32> = BTreeMap::new();
    let mut unannotated = 0;
    for (file, split, record) in all {
        let key = match record.name.is_empty() {
            true => format!("{}-{:06}.{}", stem(tree.path(file)), record.number, record.extension),
            false => record.name.replace('\\', "/"),
        };
        *named.entry(key.clone()).or_default() += 1;
        let (objects, of_image) = record.objects(&classes);
        unannotated += u64::from(record.unannotated);
        let entry = Entry {
            file: Some(file),
            bytes: match record.spilled {
                true => Bytes::Spilled(record.span),
                false => Bytes::Part(record.span),
            },
            name: key.clone(),
            key,
            size: record.size,
            split,
            source: (!record.unannotated).then_some((file, 0)),
            id: record.id,
            captions: record.captions,
            labels: of_image,
            ..Entry::default()
        };
        builder.push(entry, objects);
    }
    let repeated = named.values().filter(|count| **count > 1).count();
    if repeated > 0 {
        remarks.push(format!("names that several records have: {repeated}; all are kept"));
    }
    if unannotated > 0 {
        remarks.push(format!("frames that nobody annotated, kept without objects: {unannotated}"));
    }
    let mut dataset = builder.finish(tree);
    (dataset.outlines_unread, dataset.maps_unread) = (unread, added.unfit);
    // Who reads records decodes the pixels that are stored.
    dataset.drawn_turned = Some(false);
    dataset.numbers = numbers;
    spill.finish(&mut dataset);
    Ok(Reading { dataset, problems, skipped, remarks })
}

/// Says which shards of those there are to be by their names (`train-00000-of-00003.tfrecord`) are not there.
fn missing_shards(tree: &Tree, files: &[FileId], problems: &mut Problems) {
    for gone in shard::missing(files.iter().map(|file| tree.path(*file))) {
        let Some(first) = gone.first() else { continue };
        let wanted = Shard::of(first).map_or(0, |shard| shard.count());
        let more =
            if gone.len() > 1 { format!(", nor are {} more of {wanted}", gone.len() - 1) } else { String::new() };
        problems.push(ProblemKind::UnreadableAnnotation, Place::file(first), format!("this shard is not there{more}"));
    }
}

/// The split of `NAME-SPLIT.tfrecord-00000-of-00001`, whatever words the name has.
fn split_of_tfds(path: &str) -> Option<Split> {
    let (named, _) = file_name(path).split_once(".tfrecord-")?;
    Shard::of(path)?;
    let (_, split) = named.rsplit_once('-')?;
    Split::from_word(split)
}

/// The file's name up to its first point.
fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("record")
}

fn read_file(tree: &Tree, file: FileId, masks: bool, spill: &Spill) -> FileRecords {
    let mut found =
        FileRecords { records: Vec::new(), unusable: Vec::new(), points: PointNames::default(), error: None };
    let opened = match tree.open_file(file) {
        Ok(opened) => opened,
        Err(error) => {
            found.unusable.push((0, error.to_string()));
            return found;
        }
    };
    let places = opened.has_places();
    match opened {
        Opened::File(file) => {
            read_records(Reader::from_file(file, ReadOptions::default()), places, masks, spill, &mut found);
        }
        archived => read_records(Reader::new(archived, ReadOptions::default()), places, masks, spill, &mut found),
    }
    found
}

/// Reads all records; the images of a file without places (packed, by whatever) go into `spill`.
fn read_records<R: Read>(mut reader: Reader<R>, places: bool, masks: bool, spill: &Spill, found: &mut FileRecords) {
    let packed = match reader.compression() {
        Ok(compression) => compression != Compression::None || !places,
        Err(error) => {
            found.error = Some(error);
            return;
        }
    };
    loop {
        let record = match reader.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => {
                found.error = Some(error);
                return;
            }
        };
        let start = record.offset + HEADER_LEN as u64;
        let mut take = |usable: Result<(Found, &[u8]), String>| {
            let placed = usable.and_then(|(mut usable, encoded)| {
                usable.spilled = packed;
                usable.span = if packed {
                    spill.add(encoded).map_err(|error| format!("its image cannot be put aside: {error}"))?
                } else {
                    // The decoder lends pieces of the payload.
                    let below = (encoded.as_ptr() as usize).wrapping_sub(record.payload.as_ptr() as usize);
                    [start + below as u64, encoded.len() as u64]
                };
                Ok(usable)
            });
            match placed {
                Ok(mut usable) => {
                    std::mem::take(&mut usable.points)
                        .into_iter()
                        .for_each(|(key, names)| found.points.add(key, names));
                    found.records.push(usable);
                }
                Err(message) => found.unusable.push((record.number, message)),
            }
        };
        let whole = match example::decode_either(record.payload) {
            Ok(clip) if !clip.feature_lists.is_empty() => sequence::frames(&clip, record.number, masks, &mut take),
            Ok(SequenceExample { context: features, .. }) => {
                take(record::found(&Example { features }, record.number, masks));
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(message) = whole {
            take(Err(message));
        }
    }
}
