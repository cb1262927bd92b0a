//! Record files, in one pass: what the features of all records are like, and some records in words.

use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::items::{Item, Items, put, room_of_each};
use super::{DATA_LEN, SHOWN, ViewError, ViewOptions};
use crate::convert::{Phase, Progress, Watch, hash};
use crate::dataset::Dataset;
use crate::example::Features;
use crate::files::{Opened, Root};
use crate::formats::LoadOptions;
use crate::image::header;
use crate::image::thumbnail::pictures;
use crate::inspect::{FirstRecord, Payload, Schema, SchemaBuilder, damage};
use crate::record::{HEADER_LEN, ReadOptions, Reader, Record, Recovery, detect};
use crate::reshape::Inputs;

/// Damages of a file that are told.
const DAMAGES: usize = 100;
/// Features of a record that are told.
const FEATURES: usize = 300;
/// Files that are told by their names.
const FILES: usize = 500;

/// What all records have in common.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The files, or as many as a page takes: those that are damaged before others.
    pub files: Vec<FileLine>,
    /// How many there are.
    pub file_count: usize,
    /// Their records together.
    pub records: u64,
    /// What features are like.
    pub schema: Schema,
}

impl Summary {
    fn new(lines: Vec<FileLine>, schema: Schema) -> Self {
        let (records, file_count) = (lines.iter().map(|line| line.records).sum(), lines.len());
        let damaged = lines.iter().filter(|line| !line.damage.is_empty()).count();
        let mut sound = FILES.saturating_sub(damaged);
        let mut told = |line: &FileLine| {
            !line.damage.is_empty() || {
                let room = sound > 0;
                sound = sound.saturating_sub(1);
                room
            }
        };
        let files = lines.into_iter().filter(|line| told(line)).take(FILES).collect();
        Self { files, file_count, records, schema }
    }

    /// Places that could not be read.
    pub fn damaged(&self) -> u64 {
        self.files.iter().map(|line| line.damage.len() as u64 + line.damage_left_out).sum()
    }
}

/// A file of records.
#[derive(Debug, Serialize)]
pub struct FileLine {
    /// Its path, as it was given or below the dataset's folder.
    pub path: String,
    /// Whole records.
    pub records: u64,
    /// Bytes of them, framing included and uncompressed.
    pub bytes: u64,
    /// `none`, `gzip`, `zlib`; nothing where it could not be read.
    pub compression: Option<&'static str>,
    /// What could not be read.
    pub damage: Vec<String>,
    /// Damages beyond these.
    pub damage_left_out: u64,
}

/// A record in words.
#[derive(Clone, Debug, Serialize)]
pub struct Described {
    /// Its file, as [`FileLine::path`].
    pub path: String,
    /// Its number in that, from 0.
    pub number: u64,
    /// What it holds.
    #[serde(flatten)]
    pub record: FirstRecord,
    /// Features and lists beyond those that are told.
    pub left_out: usize,
}

impl Described {
    fn of(path: &str, record: &Record<'_>, payload: &Payload<'_>) -> Self {
        let mut words = FirstRecord::of(record.offset, record.payload, payload);
        let all = words.features.len() + words.feature_lists.len();
        words.features.truncate(FEATURES);
        words.feature_lists.truncate(FEATURES);
        let left_out = all - words.features.len() - words.feature_lists.len();
        Self { path: path.to_owned(), number: record.place, record: words, left_out }
    }
}

/// What is known of the records of a dataset.
pub struct OfDataset {
    /// All of them.
    pub summary: Summary,
    /// Those that hold the images of these rows.
    pub of_rows: BTreeMap<usize, Described>,
}

/// What is known of records that are no dataset.
pub struct OfFiles {
    /// All of them.
    pub summary: Summary,
    /// Some of them.
    pub items: Items,
}

/// A file to scan.
enum File<'r> {
    Path(&'r std::path::Path),
    Below(&'r Root, &'r str),
}

/// Gives every record of `file`, damaged ones passed over, to `take`, until that says no; what became of the file.
fn scan(file: &File<'_>, name: &str, cancelled: &AtomicBool, take: &mut dyn FnMut(&Record<'_>) -> bool) -> FileLine {
    let mut line = FileLine {
        path: name.to_owned(),
        records: 0,
        bytes: 0,
        compression: None,
        damage: Vec::new(),
        damage_left_out: 0,
    };
    let options = ReadOptions { recovery: Recovery::Skip, ..ReadOptions::default() };
    let opened = match file {
        File::Path(path) => std::fs::File::open(path).map(Opened::File),
        File::Below(root, path) => root.open(path),
    };
    match opened {
        Err(error) => line.damage.push(format!("cannot be read: {error}")),
        Ok(Opened::File(file)) => scan_records(Reader::from_file(file, options), &mut line, cancelled, take),
        Ok(archived) => scan_records(Reader::new(archived, options), &mut line, cancelled, take),
    }
    line
}

fn scan_records<R: Read>(
    mut reader: Reader<R>,
    line: &mut FileLine,
    cancelled: &AtomicBool,
    take: &mut dyn FnMut(&Record<'_>) -> bool,
) {
    while !cancelled.load(Ordering::Relaxed) {
        match reader.next_record() {
            Ok(Some(record)) => {
                if !take(&record) {
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                line.damage.push(error.to_string());
                break;
            }
        }
    }
    line.records = reader.records();
    line.bytes = reader.offset();
    line.compression = reader.compression().ok().map(|compression| compression.name());
    line.damage.extend(damage(reader.lost()).take(DAMAGES).map(|finding| finding.to_string()));
    line.damage_left_out = reader.lost_places().saturating_sub(DAMAGES as u64);
}

/// Runs `work` beside the calling thread, which tells how many records were counted.
fn watched<T: Send>(
    watch: &mut Watch<'_>,
    counted: &AtomicU64,
    work: impl Fn(&AtomicBool) -> T + Sync,
) -> Result<T, ViewError> {
    let idle = watch.phase(Phase::Records);
    let progress = || Progress { images: counted.load(Ordering::Relaxed), ..idle };
    let mut done = watch.run(1, |_, cancelled| work(cancelled), progress, || ());
    if watch.cancelled() {
        return Err(ViewError::cancelled());
    }
    done.pop().ok_or_else(ViewError::cancelled)
}

/// The records that a dataset was read from, and those of `rows` in words.
pub fn of_dataset(
    dataset: &Dataset,
    rows: &[usize],
    load: &LoadOptions,
    watch: &mut Watch<'_>,
) -> Result<OfDataset, ViewError> {
    let roots: Vec<Root> = dataset.roots.iter().filter_map(|path| Root::new(path, load.allow_outside).ok()).collect();
    let mut seen = HashSet::new();
    let sources: Vec<&str> = dataset.sources.iter().filter(|source| seen.insert(*source)).collect();
    let files: Vec<(usize, &Root, &str)> = sources
        .iter()
        .flat_map(|source| roots.iter().enumerate().map(move |(root, folder)| (root, folder, *source)))
        .filter(|(_, root, source)| root.open(source).is_ok_and(begins_like_records))
        .collect();
    // An image is known by its place in its file, or where it was put aside, by its bytes.
    let images = &dataset.images;
    let mut places: BTreeMap<(usize, &str), BTreeMap<u64, usize>> = BTreeMap::new();
    let mut digests: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    let mut lengths = HashSet::new();
    let direct: HashSet<(usize, &str)> = files.iter().map(|(root, _, source)| (*root, *source)).collect();
    for row in rows {
        let Some([start, len]) = images.span.get(*row) else { continue };
        let at = (usize::from(images.root[*row]), images.file.get(*row));
        if direct.contains(&at) {
            places.entry(at).or_default().insert(*start, *row);
        } else if let Ok(bytes) = crate::convert::open_image(dataset, &roots, *row).and_then(|file| file.read_all()) {
            lengths.insert(*len);
            digests.entry(Sha256::digest(&bytes).into()).or_default().push(*row);
        }
    }
    digests.values_mut().for_each(|rows| rows.sort_unstable_by(|a, b| b.cmp(a)));
    let counted = AtomicU64::new(0);
    let (schema, lines, of_rows) = watched(watch, &counted, |cancelled| {
        let (mut schema, mut lines, mut of_rows) = (SchemaBuilder::default(), Vec::new(), BTreeMap::new());
        let mut digests = digests.clone();
        for (root, folder, source) in &files {
            let places = places.get(&(*root, *source));
            let line = scan(&File::Below(folder, source), source, cancelled, &mut |record| {
                counted.fetch_add(1, Ordering::Relaxed);
                let payload = Payload::of(record.payload);
                schema.add_payload(&payload);
                let start = record.offset + HEADER_LEN as u64;
                let end = start + record.payload.len() as u64;
                let here = places.into_iter().flat_map(|places| places.range(start..end)).map(|(_, row)| *row);
                let mut found: Vec<usize> = here.collect();
                if let (false, Payload::Example(example)) = (lengths.is_empty(), &payload) {
                    for value in bytes_of(&example.features).filter(|value| lengths.contains(&(value.len() as u64))) {
                        let digest: [u8; 32] = Sha256::digest(value).into();
                        found.extend(digests.get_mut(&digest).and_then(Vec::pop));
                    }
                }
                for row in found {
                    of_rows.insert(row, Described::of(source, record, &payload));
                }
                true
            });
            lines.push(line);
        }
        (schema.finish(), lines, of_rows)
    })?;
    Ok(OfDataset { summary: Summary::new(lines, schema), of_rows })
}

/// Whether a file begins like one of records, be they compressed, or is empty.
pub fn begins_like_records(file: impl Read) -> bool {
    let mut head = Vec::with_capacity(HEADER_LEN);
    let read = file.take(HEADER_LEN as u64).read_to_end(&mut head);
    read.is_ok() && (head.is_empty() || detect(&head).is_some())
}

fn bytes_of<'f>(features: &'f Features<'f>) -> impl Iterator<Item = &'f [u8]> {
    features.iter().filter_map(|(_, values)| values.as_bytes()).flat_map(|list| list.iter())
}

/// Records of any kind: all of them counted, a sample in words.
pub fn of_files(inputs: &Inputs, options: &ViewOptions, watch: &mut Watch<'_>) -> Result<OfFiles, ViewError> {
    let limit = usize::try_from(options.limit.unwrap_or(SHOWN)).unwrap_or(usize::MAX);
    let counted = AtomicU64::new(0);
    let (schema, lines, drawn) = watched(watch, &counted, |cancelled| {
        let (mut schema, mut lines) = (SchemaBuilder::default(), Vec::new());
        // Those of the least hashes, the largest of them on top.
        let mut drawn: BinaryHeap<(u64, usize, u64)> = BinaryHeap::new();
        for (number, file) in inputs.files.iter().enumerate() {
            lines.push(scan(&File::Path(&file.path), &file.name, cancelled, &mut |record| {
                counted.fetch_add(1, Ordering::Relaxed);
                schema.add(record.payload);
                let key = format!("{}:{}", file.name, record.number);
                drawn.push((hash("view", options.seed, &key), number, record.number));
                if drawn.len() > limit {
                    drawn.pop();
                }
                true
            }));
        }
        (schema.finish(), lines, drawn.into_sorted_vec())
    })?;
    let mut numbers: BTreeMap<usize, HashSet<u64>> = BTreeMap::new();
    for (_, file, number) in &drawn {
        numbers.entry(*file).or_default().insert(*number);
    }
    let room = room_of_each(options, drawn.len());
    let mut made = watched(watch, &counted, |cancelled| {
        let mut made: BTreeMap<(usize, u64), Item> = BTreeMap::new();
        for (number, wanted) in &numbers {
            let Some(file) = inputs.files.get(*number) else { continue };
            let mut left = wanted.len();
            scan(&File::Path(&file.path), &file.name, cancelled, &mut |record| {
                if wanted.contains(&record.number) {
                    left -= 1;
                    let item = record_item(record, &file.name, options, room);
                    made.insert((*number, record.number), item);
                }
                left > 0
            });
        }
        made
    })?;
    // The first of an order of chance are a sample again.
    let (mut sum, mut shown) = (0, drawn.len());
    if options.limit.is_none() {
        for (place, (_, file, number)) in drawn.iter().enumerate() {
            sum += made.get(&(*file, *number)).map_or(0, |item| item.json.len());
            if sum > DATA_LEN {
                shown = place.max(1);
                break;
            }
        }
    }
    for (_, file, number) in drawn.iter().skip(shown) {
        made.remove(&(*file, *number));
    }
    let items = Items { cut: shown < drawn.len(), list: made.into_values().collect(), ..Items::default() };
    Ok(OfFiles { summary: Summary::new(lines, schema), items })
}

#[derive(Serialize)]
struct RecordItem {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    record: Described,
}

fn record_item(record: &Record<'_>, name: &str, options: &ViewOptions, room: usize) -> Item {
    let payload = Payload::of(record.payload);
    let mut described = RecordItem {
        key: format!("{name} #{}", record.place),
        size: None,
        kind: None,
        note: None,
        record: Described::of(name, record, &payload),
    };
    let mut item = Item::default();
    if let Some((header, bytes)) = first_image(&payload).filter(|_| options.images) {
        described.kind = Some(header.kind.format_name());
        match pictures(bytes, &header, options.thumbnail, room) {
            Ok(made) => {
                let turned = header.orientation >= 5;
                let (width, height) = (header.width, header.height);
                described.size = Some(if turned { [height, width] } else { [width, height] });
                put(made, &mut item);
            }
            Err(message) => described.note = Some(message),
        }
    }
    item.json = serde_json::to_string(&described).unwrap_or_default();
    item
}

/// The first image among the values of a record: of an Example, of a SequenceExample's context or steps, or the payload itself.
fn first_image<'p>(payload: &'p Payload<'p>) -> Option<(crate::image::Header, &'p [u8])> {
    let image = |value: &'p [u8]| {
        header::detect(value)?;
        header::read(value).ok().map(|header| (header, value))
    };
    match payload {
        Payload::Example(example) => bytes_of(&example.features).find_map(image),
        Payload::Sequence(sequence) => bytes_of(&sequence.context).find_map(image).or_else(|| {
            let firsts =
                sequence.feature_lists.iter().filter_map(|(_, steps)| steps.first()?.as_bytes()?.iter().next());
            firsts.into_iter().find_map(image)
        }),
        Payload::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_files_the_damaged_ones_are_told() {
        let line = |number: usize| FileLine {
            path: format!("{number}"),
            records: 2,
            bytes: 9,
            compression: None,
            damage: if number >= 998 { vec!["cut".into()] } else { Vec::new() },
            damage_left_out: 0,
        };
        let summary = Summary::new((0..1000).map(line).collect(), Schema::default());
        assert_eq!((summary.file_count, summary.records, summary.files.len()), (1000, 2000, FILES));
        let paths: Vec<&str> = summary.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((paths[497], &paths[498..]), ("497", &["998", "999"][..]));
    }
}
