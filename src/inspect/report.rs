//! A description of one file, and what it is made from.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::classes::{Agreement, Classes, Disagreement};
use super::payload::{Payload, describe, describe_bytes, letters, text};
use super::sample::{self, Drawn, Sample};
use super::schema::{Counter, Schema, SchemaBuilder, Spread};
use super::tool::{Clues, WrittenBy, manifest_of, written_by};
use super::verify::{Finding, damage};
use crate::dataset::LabelMap;
use crate::example::Features;
use crate::formats::label_map;
use crate::record::{Compression, Positioned, ReadOptions, Reader, RecordError, Recovery};

/// Damages that are listed.
const MAX_DAMAGE: usize = 1000;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct InspectOptions {
    /// How to read; the recovery is always [`Recovery::Skip`].
    pub read: ReadOptions,
    /// Records of each file to read; all where nothing is said.
    pub max_records: Option<u64>,
    /// Look at some records of each file in the place of all; then `max_records` does not count.
    pub sample: Option<Sample>,
    /// What labels and texts are compared with; where nothing is given, a label map beside the file.
    pub label_map: Option<LabelMap>,
    /// Ends the work with an error of kind `Interrupted` once it is set.
    pub stop: Option<Arc<AtomicBool>>,
}

/// What is in a file, or in several. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: String,
    /// `none`, `gzip` or `zlib`; of several files that are not the same, `mixed`.
    pub compression: &'static str,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of what was read of the records, framing included and uncompressed; with a sample, of all records.
    pub data_bytes: u64,
    /// Records that were read; with a sample, all that there are.
    pub records: u64,
    /// Whether what is said is of all records.
    pub complete: bool,
    /// With a sample, how many records were looked at: schema, first record, tool and labels are of these, all else is of all.
    pub sample: Option<u64>,
    /// Bytes of the payloads.
    pub payload: Option<Spread>,
    /// What they hold.
    pub schema: Schema,
    /// The first of them.
    pub first: Option<FirstRecord>,
    /// The tool that probably wrote it.
    pub written_by: Option<WrittenBy>,
    /// How the classes agree with the label map; nothing where records have none.
    pub labels: Option<Agreement>,
    /// What could not be read.
    pub damage: Vec<Finding>,
    /// Damages beyond those that are listed.
    pub damage_left_out: u64,
}

impl FileReport {
    /// Of no file at all.
    pub(super) fn empty() -> Self {
        Self {
            path: String::new(),
            compression: "none",
            file_bytes: 0,
            data_bytes: 0,
            records: 0,
            complete: true,
            sample: None,
            payload: None,
            schema: Schema::default(),
            first: None,
            written_by: None,
            labels: None,
            damage: Vec::new(),
            damage_left_out: 0,
        }
    }
}

/// A record in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstRecord {
    /// Where it begins.
    pub offset: u64,
    /// Bytes of its payload.
    pub bytes: u64,
    /// `Example`, `SequenceExample`, `text` or `bytes`.
    pub kind: &'static str,
    /// Of text and bytes, the beginning.
    pub summary: Option<String>,
    /// Features; of a SequenceExample, those of its context.
    pub features: Vec<SummarisedFeature>,
    /// Lists of a SequenceExample; of each the first step is described.
    pub feature_lists: Vec<SummarisedFeature>,
}

/// A feature in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SummarisedFeature {
    /// Its key.
    pub key: String,
    /// `bytes`, `float`, `int64`, or nothing.
    pub kind: Option<&'static str>,
    /// Number of values; of a list, of steps.
    pub len: u64,
    /// The values, long ones cut: `JPEG 640x480, 81,234 bytes`.
    pub summary: String,
}

impl FirstRecord {
    /// Describes the record at `offset`.
    pub fn of(offset: u64, bytes: &[u8], payload: &Payload<'_>) -> Self {
        let mut record = Self {
            offset,
            bytes: bytes.len() as u64,
            kind: payload.word(bytes),
            summary: None,
            features: Vec::new(),
            feature_lists: Vec::new(),
        };
        match payload {
            Payload::Example(example) => record.features = summarised(&example.features),
            Payload::Sequence(sequence) => {
                record.features = summarised(&sequence.context);
                let lists = sequence.feature_lists.iter().map(|(key, steps)| SummarisedFeature {
                    key: key.to_owned(),
                    kind: steps.first().and_then(|values| values.kind()),
                    len: steps.len() as u64,
                    summary: steps.first().map(describe).unwrap_or_default(),
                });
                record.feature_lists = lists.collect();
                record.feature_lists.sort_by(|one, other| one.key.cmp(&other.key));
            }
            Payload::Other(_) if text(bytes).is_some() => record.summary = Some(describe_bytes(bytes)),
            Payload::Other(_) => {
                record.summary =
                    Some(format!("{}  |{}|", describe_bytes(bytes), letters(&bytes[..bytes.len().min(16)])));
            }
        }
        record
    }
}

fn summarised(features: &Features<'_>) -> Vec<SummarisedFeature> {
    let summary = |(key, values): (&str, &crate::example::Values<'_>)| SummarisedFeature {
        key: key.to_owned(),
        kind: values.kind(),
        len: values.len() as u64,
        summary: describe(values),
    };
    let mut features: Vec<SummarisedFeature> = features.iter().map(summary).collect();
    features.sort_by(|one, other| one.key.cmp(&other.key));
    features
}

/// An error of kind `Interrupted` once the caller has asked to stop.
pub(super) fn check_stop(stop: Option<&AtomicBool>) -> Result<(), RecordError> {
    if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
        return Err(io::Error::from(io::ErrorKind::Interrupted).into());
    }
    Ok(())
}

/// Describes the file at `path`, which is standard input where it is `-`. Damage is passed over and listed.
pub fn inspect(path: &Path, options: &InspectOptions) -> Result<FileReport, RecordError> {
    Ok(Looked::at(path, options)?.report(options))
}

/// A reader that ends with some error once `stop` is set, also where it searches a damaged file for the next record.
pub(super) fn open(
    path: &Path,
    read: ReadOptions,
    stop: Option<&Arc<AtomicBool>>,
) -> Result<Reader<Positioned>, RecordError> {
    let mut file = Positioned::open_or_stdin(path)?;
    if let Some(stop) = stop.cloned() {
        file = file.asking(Box::new(move || match stop.load(Ordering::Relaxed) {
            true => Err(io::Error::other("stopped")),
            false => Ok(()),
        }));
    }
    Ok(Reader::from_positioned(file, read))
}

/// Describes what `reader` gives; `path` and `file_bytes` are for the report. It is read once: no sample is drawn.
pub fn inspect_reader<R: Read>(
    reader: &mut Reader<R>,
    path: &Path,
    file_bytes: u64,
    options: &InspectOptions,
) -> Result<FileReport, RecordError> {
    Ok(Looked::through(reader, path, file_bytes, options)?.report(options))
}

/// What was seen in records.
#[derive(Debug, Default)]
pub(super) struct Seen {
    records: u64,
    schema: SchemaBuilder,
    first: Option<FirstRecord>,
    clues: Clues,
    classes: Classes,
}

impl Seen {
    /// Looks at the record at `offset`.
    pub(super) fn add(&mut self, offset: u64, bytes: &[u8]) {
        let payload = Payload::of(bytes);
        self.records += 1;
        if self.first.is_none() {
            self.first = Some(FirstRecord::of(offset, bytes, &payload));
        }
        if let Payload::Example(example) = &payload {
            self.clues.add(&example.features);
            self.classes.add(&example.features);
        }
        self.schema.add_payload(&payload);
    }

    fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.schema.merge(other.schema);
        self.first = self.first.take().or(other.first);
        self.clues.merge(&other.clues);
        self.classes.merge(&other.classes);
    }
}

/// What is known of a file, or of several, in such a form that more can be added.
#[derive(Debug)]
pub(super) struct Looked {
    pub path: PathBuf,
    compression: &'static str,
    file_bytes: u64,
    data_bytes: u64,
    records: u64,
    complete: bool,
    sample: Option<u64>,
    sizes: Counter,
    seen: Seen,
    damage: Vec<Finding>,
    damage_left_out: u64,
    /// The manifest that says that it is ours.
    manifest: Option<&'static str>,
}

impl Looked {
    pub(super) fn at(path: &Path, options: &InspectOptions) -> Result<Self, RecordError> {
        let read = ReadOptions { recovery: Recovery::Skip, ..options.read };
        let mut reader = open(path, read, options.stop.as_ref())?;
        let file_bytes = reader.get_ref().file().metadata()?.len();
        let looked = match options.sample {
            Some(sample) => Self::sampled(&mut reader, path, file_bytes, sample, options),
            None => Self::through(&mut reader, path, file_bytes, options),
        };
        check_stop(options.stop.as_deref())?;
        Ok(Self { manifest: manifest_of(path), ..looked? })
    }

    fn through<R: Read>(
        reader: &mut Reader<R>,
        path: &Path,
        file_bytes: u64,
        options: &InspectOptions,
    ) -> Result<Self, RecordError> {
        let mut sizes = Counter::default();
        let mut seen = Seen::default();
        let mut complete = true;
        loop {
            check_stop(options.stop.as_deref())?;
            if options.max_records.is_some_and(|max| reader.records() >= max) {
                complete = false;
                break;
            }
            let Some(record) = reader.next_record()? else { break };
            sizes.add(record.payload.len() as u64);
            seen.add(record.offset, record.payload);
        }
        let drawn = Drawn { seen, sizes, records: reader.records(), bytes: reader.offset() };
        Ok(Self { complete, ..Self::of(reader, path, file_bytes, drawn)? })
    }

    /// Looks at a sample of the file that `reader` stands at the beginning of.
    fn sampled(
        reader: &mut Reader<Positioned>,
        path: &Path,
        file_bytes: u64,
        sample: Sample,
        options: &InspectOptions,
    ) -> Result<Self, RecordError> {
        if !reader.get_ref().has_places() {
            let why = "a sample is drawn from a file that can be read twice, and this is a pipe";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why).into());
        }
        let plain = match reader.compression()? {
            Compression::None => sample::of_plain(reader.get_ref().file(), sample, options)?,
            _ => None,
        };
        let drawn = match plain {
            Some(drawn) => drawn,
            None => sample::of_any(path, reader, *reader.options(), sample, options)?,
        };
        let looked_at = drawn.seen.records;
        let complete = looked_at == drawn.records;
        Ok(Self { complete, sample: Some(looked_at), ..Self::of(reader, path, file_bytes, drawn)? })
    }

    /// What was `drawn` from what `reader` reads.
    fn of<R: Read>(reader: &mut Reader<R>, path: &Path, file_bytes: u64, drawn: Drawn) -> Result<Self, RecordError> {
        Ok(Self {
            path: path.to_owned(),
            compression: reader.compression()?.name(),
            file_bytes,
            data_bytes: drawn.bytes,
            records: drawn.records,
            complete: true,
            sample: None,
            sizes: drawn.sizes,
            seen: drawn.seen,
            damage: damage(reader.lost()).take(MAX_DAMAGE).collect(),
            damage_left_out: reader.lost_places().saturating_sub(MAX_DAMAGE as u64),
            manifest: None,
        })
    }

    /// Adds another file but for its damage, which stands in its own report.
    pub(super) fn merge(&mut self, other: Self) {
        if self.compression != other.compression && other.records > 0 {
            self.compression = if self.records == 0 { other.compression } else { "mixed" };
        }
        self.file_bytes += other.file_bytes;
        self.data_bytes += other.data_bytes;
        self.records += other.records;
        self.complete &= other.complete;
        self.sizes.merge(&other.sizes);
        self.sample = self.sample.zip(other.sample).map(|(one, two)| one + two);
        self.seen.merge(other.seen);
        self.manifest = self.manifest.filter(|_| other.manifest.is_some());
    }

    /// The description of this file.
    pub(super) fn report(&self, options: &InspectOptions) -> FileReport {
        let given = options.label_map.as_ref();
        let found = if given.is_some() { None } else { label_map::beside(&self.path) };
        let read = found.as_deref().map(|path| (path, label_map::read(path)));
        let labels = match read {
            None => self.seen.classes.agreement(given, None),
            Some((path, Ok((map, _)))) => self.seen.classes.agreement(Some(&map), Some(path.display().to_string())),
            Some((path, Err(error))) => {
                self.seen.classes.agreement(None, Some(path.display().to_string())).map(|mut agreement| {
                    agreement
                        .problems
                        .insert(0, Disagreement { kind: "label-map", count: 1, message: error.to_string() });
                    agreement
                })
            }
        };
        FileReport { labels, ..self.without_labels() }
    }

    /// The same but for the label map, of which each of several files may have its own.
    pub(super) fn without_labels(&self) -> FileReport {
        let schema = self.seen.schema.finish();
        let by_manifest = self.manifest.map(|why| WrittenBy { tool: "recordmill", why: vec![why.to_owned()] });
        FileReport {
            path: self.path.display().to_string(),
            compression: self.compression,
            file_bytes: self.file_bytes,
            data_bytes: self.data_bytes,
            records: self.records,
            complete: self.complete,
            sample: self.sample,
            payload: self.sizes.spread(),
            written_by: by_manifest.or_else(|| written_by(&schema, &self.seen.clues)),
            schema,
            first: self.seen.first.clone(),
            labels: None,
            damage: self.damage.clone(),
            damage_left_out: self.damage_left_out,
        }
    }

    /// What the classes of all files are, against one map.
    pub(super) fn agreement(&self, map: Option<&LabelMap>, path: Option<String>) -> Option<Agreement> {
        self.seen.classes.agreement(map, path)
    }
}
