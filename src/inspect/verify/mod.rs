//! A verdict on a file: every checksum, every Example, and what their consumers expect of them.
//!
//! Of an uncompressed file, threads take parts ([`parts`]), with the same findings as one that goes through the file.

mod parts;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::payload::Payload;
use super::report::{check_stop, open};
use super::rules::{Rules, Warning};
use super::sequence::View;
use crate::dataset::LabelMap;
use crate::formats::parallel;
use crate::record::{Compression, Lost, ReadOptions, Reader, RecordError, RecordErrorKind, Recovery, StreamFault};

/// What to verify.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// How to read; the recovery is always [`Recovery::Skip`], so that all damage is found.
    pub read: ReadOptions,
    /// Whether every payload must be an Example or SequenceExample.
    pub examples: bool,
    /// Whether the rules of the object detection decoders are applied.
    pub rules: bool,
    /// Whether the images are hashed to compare `image/key/sha256`.
    pub sha256: bool,
    /// What labels and texts must agree with.
    pub label_map: Option<LabelMap>,
    /// Errors that are listed; all are counted.
    pub max_errors: usize,
    /// Warnings of each kind that are listed; all are counted.
    pub max_warnings: usize,
    /// Ends the work with an error of kind `Interrupted` once it is set.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            examples: true,
            rules: true,
            sha256: true,
            label_map: None,
            max_errors: 100_000,
            max_warnings: 100,
            stop: None,
        }
    }
}

/// What a finding means for the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingSeverity {
    /// The file is damaged, or is not what it should be.
    Error,
    /// It can be read, but some consumer will stumble.
    Warning,
}

/// One thing that is wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it means.
    pub severity: FindingSeverity,
    /// What it is, in a word: `payload-crc`.
    pub kind: &'static str,
    /// Number of the record, from 0, where a damaged stretch counts as one record.
    pub record: Option<u64>,
    /// Where the record begins, in bytes from the beginning of the uncompressed data.
    pub offset: Option<u64>,
    /// In words.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(record), Some(offset)) = (self.record, self.offset) {
            write!(out, "record {record} at byte {offset}: ")?;
        }
        out.write_str(&self.message)
    }
}

/// What became of a file. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The file.
    pub path: String,
    /// No errors; there may be warnings.
    pub ok: bool,
    /// `none`, `gzip` or `zlib`.
    pub compression: &'static str,
    /// Records that are whole.
    pub records: u64,
    /// Bytes of what was read of the records, framing included and uncompressed.
    pub data_bytes: u64,
    /// Errors in all.
    pub errors: u64,
    /// Warnings in all.
    pub warnings: u64,
    /// How many of each kind there are; `more-damage` is what lies behind the places that a reader remembers.
    pub counts: BTreeMap<&'static str, u64>,
    /// What was found, in the order of the file; not more of each than the options allow.
    pub findings: Vec<Finding>,
}

/// The damages as findings.
pub(crate) fn damage(lost: &[Lost]) -> impl Iterator<Item = Finding> {
    lost.iter().enumerate().map(|(index, lost)| Finding {
        severity: FindingSeverity::Error,
        kind: word(lost.cause.kind()),
        // The reader counts whole records only.
        record: lost.cause.record().map(|record| record + index as u64),
        offset: Some(lost.cause.offset().unwrap_or(lost.offset)),
        message: {
            let more = if lost.more { " and all that follows" } else { "" };
            let question = if lost.offset == 0 && matches!(lost.cause.kind(), RecordErrorKind::LengthCrc { .. }) {
                " (is this a TFRecord file?)"
            } else {
                ""
            };
            format!("{}{question}; {} bytes lost{more}", lost.cause.kind(), lost.len)
        },
    })
}

fn word(kind: &RecordErrorKind) -> &'static str {
    match kind {
        RecordErrorKind::LengthCrc { .. } => "length-crc",
        RecordErrorKind::PayloadCrc { .. } => "payload-crc",
        RecordErrorKind::TruncatedHeader { .. } | RecordErrorKind::TruncatedRecord { .. } => "truncated",
        RecordErrorKind::TooLong { .. } => "too-long",
        RecordErrorKind::Stream { fault: StreamFault::Truncated, .. } => "stream-truncated",
        RecordErrorKind::Stream { fault: StreamFault::Trailing, .. } => "stream-trailing",
        RecordErrorKind::Stream { .. } => "stream-damaged",
        _ => "unreadable",
    }
}

struct Findings<'o> {
    options: &'o VerifyOptions,
    counts: BTreeMap<&'static str, u64>,
    listed_errors: usize,
    listed_warnings: BTreeMap<&'static str, usize>,
    errors: u64,
    warnings: u64,
    list: Vec<Finding>,
}

impl<'o> Findings<'o> {
    fn new(options: &'o VerifyOptions) -> Self {
        Self {
            options,
            counts: BTreeMap::new(),
            listed_errors: 0,
            listed_warnings: BTreeMap::new(),
            errors: 0,
            warnings: 0,
            list: Vec::new(),
        }
    }

    /// Whether one more of these is listed.
    fn is_listed(&mut self, severity: FindingSeverity, kind: &'static str) -> bool {
        let (listed, max) = match severity {
            FindingSeverity::Error => (&mut self.listed_errors, self.options.max_errors),
            FindingSeverity::Warning => (self.listed_warnings.entry(kind).or_default(), self.options.max_warnings),
        };
        let more = *listed < max;
        *listed += usize::from(more);
        more
    }

    /// Adds those of the records behind, whose numbers count from `first`.
    fn append(&mut self, other: Findings<'_>, first: u64) {
        self.errors += other.errors;
        self.warnings += other.warnings;
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
        for mut finding in other.list {
            if self.is_listed(finding.severity, finding.kind) {
                finding.record = finding.record.map(|record| record + first);
                self.list.push(finding);
            }
        }
    }

    /// The text of `message` is only made where the finding is listed.
    fn add(
        &mut self,
        severity: FindingSeverity,
        kind: &'static str,
        place: Option<(u64, u64)>,
        message: impl FnOnce() -> String,
    ) {
        *self.counts.entry(kind).or_default() += 1;
        match severity {
            FindingSeverity::Error => self.errors += 1,
            FindingSeverity::Warning => self.warnings += 1,
        }
        if self.is_listed(severity, kind) {
            let (record, offset) = place.unzip();
            self.list.push(Finding { severity, kind, record, offset, message: message() });
        }
    }

    /// So many errors of whose places nothing is known.
    fn unlisted(&mut self, kind: &'static str, count: u64) {
        if count > 0 {
            self.errors += count;
            *self.counts.entry(kind).or_default() += count;
        }
    }
}

/// Verifies the file at `path`, which is standard input where it is `-`, on this thread. An error means that the file could not be
/// read; what is wrong inside it is in the verdict.
pub fn verify(path: &Path, options: &VerifyOptions) -> Result<Verdict, RecordError> {
    verify_with(path, options, 1)
}

/// As [`verify`], on so many threads.
fn verify_with(path: &Path, options: &VerifyOptions, workers: usize) -> Result<Verdict, RecordError> {
    let read = ReadOptions { recovery: Recovery::Skip, verify: true, ..options.read };
    let mut reader = open(path, read, options.stop.as_ref())?;
    let compression = reader.compression();
    check_stop(options.stop.as_deref())?;
    let verdict = match compression? {
        Compression::None if reader.get_ref().has_places() => {
            parts::verify(reader, path, options, workers, &parts::USUAL)
        }
        _ => verify_reader(reader, path, options),
    };
    check_stop(options.stop.as_deref())?;
    verdict
}

/// Verifies what `reader` gives; `path` is for the verdict. The reader should read with [`Recovery::Skip`]; with another, the
/// verdict ends at the first damage.
pub fn verify_reader<R: Read>(
    mut reader: Reader<R>,
    path: &Path,
    options: &VerifyOptions,
) -> Result<Verdict, RecordError> {
    let mut findings = Findings::new(options);
    let mut rules = Rules::new(options.label_map.as_ref(), options.sha256);
    while step(&mut reader, &mut findings, &mut rules)? {}
    verdict(reader, path, findings)
}

/// Checks the next record. False at the end of what can be read.
fn step<R: Read>(
    reader: &mut Reader<R>,
    findings: &mut Findings<'_>,
    rules: &mut Rules<'_>,
) -> Result<bool, RecordError> {
    check_stop(findings.options.stop.as_deref())?;
    let record = match reader.next_record() {
        Ok(Some(record)) => record,
        Ok(None) => return Ok(false),
        Err(error) if error.io_error().is_some() => return Err(error),
        Err(error) => {
            // The reader counts whole records only.
            let number = error.record().map(|record| record + reader.lost_places());
            let place = number.zip(error.offset());
            findings.add(FindingSeverity::Error, word(error.kind()), place, || error.kind().to_string());
            return Ok(false);
        }
    };
    check_payload(&Payload::of(record.payload), (record.place, record.offset), None, findings, rules);
    Ok(true)
}

/// What became of the file, at its end.
fn verdict<R: Read>(mut reader: Reader<R>, path: &Path, mut findings: Findings<'_>) -> Result<Verdict, RecordError> {
    for Finding { severity, kind, record, offset, message } in damage(reader.lost()) {
        findings.add(severity, kind, record.zip(offset), || message);
    }
    findings.unlisted("more-damage", reader.lost_places() - reader.lost().len() as u64);
    // What is in it could be read, but who trains with it would lose it without a word.
    if reader.compression()? == Compression::Zlib && reader.streams() > 1 {
        let streams = reader.streams();
        findings.add(FindingSeverity::Error, "stream-trailing", None, || {
            format!("file has {streams} zlib streams, TensorFlow reads only the first")
        });
    }
    findings.list.sort_by_key(|finding| finding.offset);
    Ok(Verdict {
        path: path.display().to_string(),
        ok: findings.errors == 0,
        compression: reader.compression()?.name(),
        records: reader.records(),
        data_bytes: reader.offset(),
        errors: findings.errors,
        warnings: findings.warnings,
        counts: findings.counts,
        findings: findings.list,
    })
}

/// Checks what a record holds. `digest` is that of its image, where it is known already.
fn check_payload(
    payload: &Payload<'_>,
    place: (u64, u64),
    digest: Option<&[u8; 32]>,
    findings: &mut Findings<'_>,
    rules: &mut Rules<'_>,
) {
    let (options, place) = (findings.options, Some(place));
    match payload {
        Payload::Example(_) | Payload::Sequence(_) => {}
        Payload::Other(error) => {
            if options.examples {
                findings.add(FindingSeverity::Error, "not-an-example", place, || match &error {
                    Some(error) => format!("payload is no Example, {error}"),
                    None => "payload is no Example, it has no field of one".into(),
                });
            }
            return;
        }
    };
    if options.rules || options.label_map.is_some() {
        let out = &mut |Warning { severity, kind, message }| findings.add(severity, kind, place, || message);
        match payload {
            Payload::Example(example) => rules.check(View::Example(&example.features), options.rules, digest, out),
            Payload::Sequence(clip) => rules.check_clip(clip, options.rules, out),
            Payload::Other(_) => {}
        }
    }
}

/// Files of so many bytes are large: threads take parts of one, not one each.
const LARGE: u64 = 64 << 20;

/// Verifies several files on `workers` threads (0: as many as there are processors); the results have the order of `paths`.
pub fn verify_all(paths: &[PathBuf], options: &VerifyOptions, workers: usize) -> Vec<Result<Verdict, RecordError>> {
    let workers = parallel::threads(workers);
    // Of a compressed file one thread reads all, so it is one of those that are read beside each other.
    let is_large = |path: &PathBuf| {
        std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() >= LARGE)
            && Reader::open(path, options.read).and_then(|mut reader| reader.compression()).ok()
                == Some(Compression::None)
    };
    let large: Vec<bool> = paths.iter().map(is_large).collect();
    let small: Vec<&PathBuf> = paths.iter().zip(&large).filter(|(_, large)| !**large).map(|(path, _)| path).collect();
    let mut done = parallel::map_each(small.len(), workers, |place| verify_with(small[place], options, 1)).into_iter();
    let of = |(path, large): (&PathBuf, &bool)| match if *large { None } else { done.next() } {
        Some(done) => done,
        None => verify_with(path, options, workers),
    };
    paths.iter().zip(&large).map(of).collect()
}
