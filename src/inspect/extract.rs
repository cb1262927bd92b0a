//! What one feature of bytes holds, as files: the images of a TFRecord, its masks, its sounds.
//!
//! ```text
//! name    image/filename (filename) of the record without its folders, made such that file systems take it
//!         record-000017 where it has none; NAME-000017 where another record had that name
//! number  NAME_0, NAME_1 ... where the feature holds not just one value
//! ending  by the bytes: .jpg .png ... .wav .npy ..., .txt for text, .bin; the name's own where it is right
//! ```
//!
//! Numbers of records go on from file to file. All files get their names at once, or none does.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::payload::{Payload, text};
use super::report::{check_stop, open};
use super::show::fulfils;
use super::verify::{Finding, damage};
use crate::example::{BytesList, Condition, Features, Values};
use crate::files::Staging;
use crate::formats::target::usable;
use crate::image;
use crate::record::{ListError, Listing, ReadOptions, RecordError, Recovery};

/// Damages that are listed.
const MAX_DAMAGE: usize = 1000;
/// Keys that a record's name stands under.
const NAMES: [&str; 4] = ["image/filename", "filename", "file_name", "image/source_id"];

/// What is taken out, and how it is written.
#[derive(Clone, Debug)]
pub struct ExtractOptions {
    /// How to read; the recovery is always [`Recovery::Skip`].
    pub read: ReadOptions,
    /// Records of each file to read; all where nothing is said.
    pub max_records: Option<u64>,
    /// What records must fulfil.
    pub conditions: Vec<Condition>,
    /// Replace files that are there.
    pub overwrite: bool,
    /// Wait until the files are on the disk.
    pub sync: bool,
    /// Ends the work with [`ExtractError::Cancelled`] once it is set.
    pub stop: Option<Arc<AtomicBool>>,
}

/// What was made. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Extracted {
    /// The folder.
    pub folder: String,
    /// Files in it that were made.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records that were read and fulfil the conditions.
    pub records: u64,
    /// Those of them without a value in the feature.
    pub without: u64,
    /// Files that are not called as their record says.
    pub renamed: u64,
    /// What could not be read, with the file's path before it.
    pub damage: Vec<String>,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// A path means no file.
    #[error("{0}")]
    List(#[from] ListError),
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: RecordError,
    },
    /// The feature holds no bytes.
    #[error("{}: record {record}: {key} holds {kind}, no bytes", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// The record's number in it, from 0.
        record: u64,
        /// The feature.
        key: String,
        /// What it holds.
        kind: &'static str,
    },
    /// No record has it.
    #[error("no record has bytes in {0}")]
    Nothing(String),
    /// There is a file already.
    #[error("{}: is there already; overwrite replaces it", .0.display())]
    Exists(PathBuf),
    /// What the system refuses.
    #[error("{}: {action}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What it said.
        #[source]
        error: io::Error,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
}

/// Writes each value of the feature `key` of all files that `given` names into a file of its own, in the folder `out`.
pub fn extract(given: &[PathBuf], key: &str, out: &Path, options: &ExtractOptions) -> Result<Extracted, ExtractError> {
    let mut files = Vec::new();
    for path in given {
        files.extend(Listing::of(path)?.files);
    }
    let io = |action, error| ExtractError::Io { action, path: out.to_owned(), error };
    let staging = Staging::open(out).map_err(|error| io("cannot be written to", error))?;
    let mut writing = Extraction {
        staging: &staging,
        out,
        overwrite: options.overwrite,
        taken: HashSet::new(),
        last: String::new(),
        made: Extracted { folder: out.display().to_string(), ..Extracted::default() },
    };
    let mut number = 0;
    for file in &files {
        let failed = |error| ExtractError::Record { path: file.path.clone(), error };
        let read = ReadOptions { recovery: Recovery::Skip, ..options.read };
        let mut reader = open(&file.path, read, options.stop.as_ref()).map_err(failed)?;
        while options.max_records.is_none_or(|max| reader.records() < max) {
            check_stop(options.stop.as_deref()).map_err(|_| ExtractError::Cancelled)?;
            let record = match reader.next_record() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => {
                    check_stop(options.stop.as_deref()).map_err(|_| ExtractError::Cancelled)?;
                    return Err(failed(error));
                }
            };
            let payload = Payload::of(record.payload);
            number += 1;
            if !fulfils(&payload, &options.conditions) {
                continue;
            }
            writing.made.records += 1;
            let kind =
                |kind| ExtractError::Kind { path: file.path.clone(), record: record.number, key: key.to_owned(), kind };
            let (features, values) = match &payload {
                Payload::Example(example) => (&example.features, values_of(example.features.get(key)).map_err(kind)?),
                Payload::Sequence(sequence) => {
                    let mut values = values_of(sequence.context.get(key)).map_err(kind)?;
                    for step in sequence.feature_lists.get(key).into_iter().flatten() {
                        values.extend(values_of(Some(step)).map_err(kind)?);
                    }
                    (&sequence.context, values)
                }
                Payload::Other(_) => {
                    writing.made.without += 1;
                    continue;
                }
            };
            writing.record(number - 1, features, &values)?;
        }
        check_stop(options.stop.as_deref()).map_err(|_| ExtractError::Cancelled)?;
        let found = damage(reader.lost()).map(|finding: Finding| format!("{}: {finding}", file.path.display()));
        let room = MAX_DAMAGE.saturating_sub(writing.made.damage.len());
        writing.made.damage.extend(found.take(room));
    }
    let Extraction { made, last, .. } = writing;
    if made.files == 0 {
        return Err(ExtractError::Nothing(key.to_owned()));
    }
    let never = AtomicBool::new(false);
    let stop = options.stop.as_deref().unwrap_or(&never);
    let done = staging.commit(options.sync, &last, &[], stop).map_err(|error| io("cannot be finished", error))?;
    done.map(|_| made).ok_or(ExtractError::Cancelled)
}

/// The values of a feature of bytes; a kind that is another is the error.
fn values_of<'a>(values: Option<&Values<'a>>) -> Result<Vec<&'a [u8]>, &'static str> {
    match values {
        None | Some(Values::Unset) => Ok(Vec::new()),
        Some(Values::Bytes(list)) => Ok(BytesList::iter(list).collect()),
        Some(other) if other.is_empty() => Ok(Vec::new()),
        Some(other) => Err(other.kind().unwrap_or("nothing")),
    }
}

struct Extraction<'s> {
    staging: &'s Staging,
    out: &'s Path,
    overwrite: bool,
    /// Hashes of names in small letters: of two that are alike by chance one gets a number, which does no harm.
    taken: HashSet<u64>,
    last: String,
    made: Extracted,
}

impl Extraction<'_> {
    fn record(&mut self, number: u64, features: &Features<'_>, values: &[&[u8]]) -> Result<(), ExtractError> {
        if values.is_empty() {
            self.made.without += 1;
        }
        let name = NAMES.iter().find_map(|key| {
            let name = std::str::from_utf8(features.get(key)?.as_bytes()?.single()?).ok()?;
            let own = name.rsplit(['/', '\\']).next().unwrap_or(name);
            usable(own).map(|usable| (own.to_owned(), usable))
        });
        for (index, value) in values.iter().enumerate() {
            let (own, usable) = name.clone().unwrap_or_else(|| (String::new(), format!("record-{number:06}")));
            let (stem, ending) = match usable.rsplit_once('.') {
                Some((stem, ending)) if !stem.is_empty() && is_ending(ending) => (stem.to_owned(), ending.to_owned()),
                _ => (usable.clone(), String::new()),
            };
            let stem = if values.len() == 1 { stem } else { format!("{stem}_{index}") };
            let ending = right_ending(value, &ending);
            let mut name = format!("{stem}.{ending}");
            let mut again = 1;
            while !self.taken.insert(hash(&name)) {
                let more = if again == 1 { String::new() } else { format!("-{again}") };
                name = format!("{stem}-{number:06}{more}.{ending}");
                again += 1;
            }
            self.made.renamed += u64::from(values.len() == 1 && name != own);
            self.put(name, value)?;
        }
        Ok(())
    }

    fn put(&mut self, name: String, value: &[u8]) -> Result<(), ExtractError> {
        let path = self.out.join(&name);
        if !self.overwrite && fs::symlink_metadata(&path).is_ok() {
            return Err(ExtractError::Exists(path));
        }
        let made = self.staging.create(&name).and_then(|mut file| file.write_all(value));
        made.map_err(|error| ExtractError::Io { action: "cannot be written", path, error })?;
        self.made.files += 1;
        self.made.bytes += value.len() as u64;
        self.last = name;
        Ok(())
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// Whether what stands behind the last point of a name can be an ending: the `2` of `v1.2` is none.
fn is_ending(ending: &str) -> bool {
    (2..=5).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// What other files begin with.
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"%PDF-", "pdf"),
    (b"glTF", "glb"),
    (b"\x1aE\xdf\xa3", "mkv"),
];

/// The ending that the bytes ask for; `own` if it is one of that kind.
fn right_ending(bytes: &[u8], own: &str) -> String {
    let text = text(bytes);
    // Text may begin like an image (`BM`); an image that is damaged further on is still called one.
    if let Some(kind) = image::header::detect(bytes).filter(|_| text.is_none()) {
        let known = kind.extensions().iter().any(|known| known.eq_ignore_ascii_case(own));
        return if known { own.to_owned() } else { kind.extension().to_owned() };
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        return "wav".into();
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return "mp4".into();
    }
    if let Some((_, ending)) = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return (*ending).to_owned();
    }
    let is_image = image::is_image_name(&format!("x.{own}"));
    match text {
        Some(_) if own.is_empty() || is_image => "txt".into(),
        None if own.is_empty() || is_image => "bin".into(),
        _ => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_those_of_the_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55";
        let rows: [(&[u8], &str, &str); 9] = [
            (png, "jpg", "png"),
            (png, "PNG", "PNG"),
            (b"hello", "", "txt"),
            (b"hello", "json", "json"),
            (b"hello", "jpg", "txt"),
            (b"\xff\0", "", "bin"),
            (b"\xff\0", "dat", "dat"),
            (b"RIFF\0\0\0\0WAVEfmt ", "mp3", "wav"),
            (b"\x93NUMPY\x01\0", "", "npy"),
        ];
        for (bytes, own, ending) in rows {
            assert_eq!(right_ending(bytes, own), ending, "{own:?}");
        }
        assert_eq!(["jpg", "2", "v2", "longer", "12", ""].map(is_ending), [true, false, true, false, false, false]);
    }
}
