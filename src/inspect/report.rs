//! A description of one file.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::payload::{Payload, describe, describe_bytes};
use super::schema::{Counter, Schema, SchemaBuilder, Spread};
use super::verify::{Finding, damage};
use crate::example::Features;
use crate::record::{Positioned, ReadOptions, Reader, RecordError, Recovery};

/// Damages that are listed.
const MAX_DAMAGE: usize = 1000;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct InspectOptions {
    /// How to read; the recovery is always [`Recovery::Skip`].
    pub read: ReadOptions,
    /// Records to read; all where nothing is said.
    pub max_records: Option<u64>,
    /// Ends the work with an error of kind `Interrupted` once it is set.
    pub stop: Option<Arc<AtomicBool>>,
}

/// What is in a file. As JSON, the contract with Python and `--json`.
#[derive(Debug, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: String,
    /// `none`, `gzip` or `zlib`.
    pub compression: &'static str,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of what was read of the records, framing included and uncompressed.
    pub data_bytes: u64,
    /// Records that were read.
    pub records: u64,
    /// Whether that were all.
    pub complete: bool,
    /// Bytes of the payloads.
    pub payload: Option<Spread>,
    /// What they hold.
    pub schema: Schema,
    /// The first of them.
    pub first: Option<FirstRecord>,
    /// What could not be read.
    pub damage: Vec<Finding>,
    /// Damages beyond those that are listed.
    pub damage_left_out: u64,
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
            Payload::Other(_) => record.summary = Some(describe_bytes(bytes)),
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

/// Describes the file at `path`. Damage is passed over and listed.
pub fn inspect(path: &Path, options: &InspectOptions) -> Result<FileReport, RecordError> {
    let read = ReadOptions { recovery: Recovery::Skip, ..options.read };
    let mut reader = open(path, read, options.stop.as_ref())?;
    let file_bytes = reader.get_ref().file().metadata()?.len();
    let report = inspect_reader(&mut reader, path, file_bytes, options);
    check_stop(options.stop.as_deref())?;
    report
}

/// A reader that ends with some error once `stop` is set, also where it searches a damaged file for the next record.
pub(super) fn open(
    path: &Path,
    read: ReadOptions,
    stop: Option<&Arc<AtomicBool>>,
) -> Result<Reader<Positioned>, RecordError> {
    let mut file = Positioned::open(path)?;
    if let Some(stop) = stop.cloned() {
        file = file.asking(Box::new(move || match stop.load(Ordering::Relaxed) {
            true => Err(io::Error::other("stopped")),
            false => Ok(()),
        }));
    }
    Ok(Reader::from_positioned(file, read))
}

/// Describes what `reader` gives; `path` and `file_bytes` are for the report.
pub fn inspect_reader<R: Read>(
    reader: &mut Reader<R>,
    path: &Path,
    file_bytes: u64,
    options: &InspectOptions,
) -> Result<FileReport, RecordError> {
    let mut schema = SchemaBuilder::default();
    let mut sizes = Counter::default();
    let mut first = None;
    let mut complete = true;
    loop {
        check_stop(options.stop.as_deref())?;
        if options.max_records.is_some_and(|max| reader.records() >= max) {
            complete = false;
            break;
        }
        let Some(record) = reader.next_record()? else { break };
        let payload = Payload::of(record.payload);
        sizes.add(record.payload.len() as u64);
        if first.is_none() {
            first = Some(FirstRecord::of(record.offset, record.payload, &payload));
        }
        schema.add_payload(&payload);
    }
    Ok(FileReport {
        path: path.display().to_string(),
        compression: reader.compression()?.name(),
        file_bytes,
        data_bytes: reader.offset(),
        records: reader.records(),
        complete,
        payload: sizes.spread(),
        schema: schema.finish(),
        first,
        damage: damage(reader.lost()).take(MAX_DAMAGE).collect(),
        damage_left_out: reader.lost_places().saturating_sub(MAX_DAMAGE as u64),
    })
}
