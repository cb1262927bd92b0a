//! Many files as one: what they have together, in what they differ, and which are missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::classes::Agreement;
use super::report::{FileReport, InspectOptions, Looked, check_stop};
use super::schema::FeatureSchema;
use crate::files::shard;
use crate::formats::{label_map, parallel};
use crate::record::{ListError, Listed, Listing, RecordError};

/// Differences that are listed.
const MAX_DIFFERENCES: usize = 1000;

/// What is in all files together, and in each. As JSON, the contract with Python and `--json`.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// Of all files; what is damaged is counted in `damage_left_out` and listed with its file.
    #[serde(flatten)]
    pub total: FileReport,
    /// Of each, in the order in which they were given.
    pub files: Vec<FileReport>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Files that are to be there by the names of others (`train-00003-of-00010.tfrecord`), and are not.
    pub missing: Vec<String>,
    /// In what files differ from most others.
    pub differences: Vec<Difference>,
    /// Differences beyond those that are listed.
    pub differences_left_out: u64,
}

/// A path that could not be read.
#[derive(Debug, Serialize)]
pub struct Unreadable {
    /// What was given.
    pub path: String,
    /// Why, in words.
    pub error: String,
    /// The error, for those who have a type for it.
    #[serde(skip)]
    pub cause: Cause,
}

/// Why a path could not be read.
#[derive(Debug)]
pub enum Cause {
    /// It means no file.
    List(ListError),
    /// The file itself.
    Record(PathBuf, RecordError),
}

/// In what a file is not as the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file.
    pub path: String,
    /// In words.
    pub message: String,
}

/// Describes all files that `given` names, `workers` at a time (0: as many as there are processors). A path that cannot be read does
/// not keep others from it.
pub fn inspect_all(given: &[PathBuf], options: &InspectOptions, workers: usize) -> Result<Overview, RecordError> {
    let mut unreadable = Vec::new();
    let mut files: Vec<Listed> = Vec::new();
    for path in given {
        match Listing::of(path) {
            Ok(found) => files.extend(found.files),
            Err(error) => unreadable.push(Unreadable {
                path: path.display().to_string(),
                error: error.to_string(),
                cause: Cause::List(error),
            }),
        }
    }
    let looked = parallel::map_each(files.len(), workers, |place| Looked::at(&files[place].path, options));
    check_stop(options.stop.as_deref())?;
    let mut reports = Vec::new();
    let mut whole: Option<Looked> = None;
    for (file, looked) in files.iter().zip(looked) {
        match looked {
            Ok(looked) => {
                reports.push(looked.report(options));
                match &mut whole {
                    None => whole = Some(looked),
                    Some(whole) => whole.merge(looked),
                }
            }
            Err(error) => unreadable.push(Unreadable {
                path: file.path.display().to_string(),
                error: format!("{}: {error}", file.path.display()),
                cause: Cause::Record(file.path.clone(), error),
            }),
        }
    }
    let total = match (&*reports, &whole) {
        ([only], _) => only.clone(),
        (_, Some(whole)) => {
            let path = given.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
            let labels = agreement(whole, &reports, options);
            let damage = |report: &FileReport| report.damage.len() as u64 + report.damage_left_out;
            let damage_left_out = reports.iter().map(damage).sum();
            FileReport { path, labels, damage: Vec::new(), damage_left_out, ..whole.without_labels() }
        }
        (_, None) => FileReport::empty(),
    };
    let (differences, differences_left_out) = differences(&reports);
    let missing = missing(&files);
    Ok(Overview { total, files: reports, unreadable, missing, differences, differences_left_out })
}

/// How all files agree with the one map that they have.
fn agreement(whole: &Looked, reports: &[FileReport], options: &InspectOptions) -> Option<Agreement> {
    if options.label_map.is_some() {
        return whole.agreement(options.label_map.as_ref(), None);
    }
    let path = reports.iter().find_map(|report| report.labels.as_ref()?.path.clone());
    let map = path.as_deref().and_then(|path| label_map::read(Path::new(path)).ok()).map(|(map, _)| map);
    // Roboflow puts the same one into the folder of each split.
    let same = |other: &str| {
        Some(other) == path.as_deref() || label_map::read(Path::new(other)).ok().map(|(map, _)| map) == map
    };
    let mut others: Vec<&str> =
        reports.iter().filter_map(|report| report.labels.as_ref()).map(|it| it.path.as_deref().unwrap_or("")).collect();
    others.dedup();
    match map.is_some() && others.into_iter().all(same) {
        true => whole.agreement(map.as_ref(), path),
        false => whole.agreement(None, None),
    }
}

/// Shards that are nowhere, neither given nor beside those that are.
fn missing(files: &[Listed]) -> Vec<String> {
    let names: Vec<String> =
        files.iter().filter(|file| !file.is_stdin()).map(|file| file.path.to_string_lossy().into_owned()).collect();
    let absent = shard::missing(names.iter().map(String::as_str));
    absent.into_iter().flatten().filter(|name| !Path::new(name).exists()).collect()
}

/// What the files say of one point, such as a feature's kind.
struct Opinions<'v> {
    /// The value that most files have; of two that are as frequent, the earlier.
    usual: &'v str,
    /// How many have it.
    most: usize,
    /// Those that have another.
    odd: Vec<(usize, &'v str)>,
}

impl<'v> Opinions<'v> {
    /// A value for each file, nothing where that file has none.
    fn of(values: impl IntoIterator<Item = Option<&'v str>>) -> Option<Self> {
        let known = values.into_iter().enumerate().filter_map(|(file, value)| Some((file, value?)));
        let known: Vec<(usize, &str)> = known.collect();
        let mut tallies: Vec<(&str, usize)> = Vec::new();
        for (_, value) in &known {
            match tallies.iter_mut().find(|(other, _)| other == value) {
                Some((_, count)) => *count += 1,
                None => tallies.push((value, 1)),
            }
        }
        // The last of the largest is the first that came.
        let (usual, most) = tallies.into_iter().rev().max_by_key(|(_, count)| *count)?;
        Some(Self { usual, most, odd: known.into_iter().filter(|(_, value)| *value != usual).collect() })
    }
}

const NOTHING: &str = "";

fn differences(reports: &[FileReport]) -> (Vec<Difference>, u64) {
    let reports: Vec<&FileReport> = reports.iter().filter(|report| report.records > 0).collect();
    let mut found: Vec<(usize, String)> = Vec::new();
    let of = reports.len();
    if let Some(Opinions { usual, most, odd }) = Opinions::of(reports.iter().map(|report| Some(report.compression))) {
        let word =
            |compression: &str| if compression == "none" { "uncompressed".into() } else { compression.to_owned() };
        for (file, value) in odd {
            found.push((file, format!("is {}, {most} of {of} files are {}", word(value), word(usual))));
        }
    }
    let held: Vec<String> = reports.iter().map(|report| held(report)).collect();
    if let Some(Opinions { usual, most, odd }) = Opinions::of(held.iter().map(|held| Some(held.as_str()))) {
        for (file, value) in odd {
            found.push((file, format!("holds {value}, {most} of {of} files hold {usual}")));
        }
    }
    type Features = fn(&FileReport) -> &[FeatureSchema];
    let sides: [Features; 2] = [|report| &report.schema.features, |report| &report.schema.feature_lists];
    for features in sides {
        let mut keys: BTreeMap<&str, Vec<Option<String>>> = BTreeMap::new();
        for (file, report) in reports.iter().enumerate() {
            for feature in features(report) {
                let kinds: Vec<&str> = feature.kinds.keys().copied().filter(|kind| *kind != "unset").collect();
                let row = keys.entry(&feature.key).or_insert_with(|| vec![Some(NOTHING.to_owned()); of]);
                // Without a value it may be of any kind.
                row[file] = (!kinds.is_empty()).then(|| kinds.join("/"));
            }
        }
        for (key, values) in keys {
            let Some(Opinions { usual, most, odd }) = Opinions::of(values.iter().map(Option::as_deref)) else {
                continue;
            };
            for (file, value) in odd {
                let message = match (usual, value) {
                    (NOTHING, _) => format!("has {key}, which {most} of {of} files do not have"),
                    (_, NOTHING) => format!("has no {key}, which {most} of {of} files have"),
                    _ => format!("{key} is {value}, in {most} of {of} files {usual}"),
                };
                found.push((file, message));
            }
        }
    }
    found.sort_by_key(|(file, _)| *file);
    let left_out = found.len().saturating_sub(MAX_DIFFERENCES) as u64;
    let named = found.into_iter().take(MAX_DIFFERENCES);
    (named.map(|(file, message)| Difference { path: reports[file].path.clone(), message }).collect(), left_out)
}

/// What kinds of payload a file holds.
fn held(report: &FileReport) -> String {
    let schema = &report.schema;
    let kinds = [
        (schema.examples, "Examples"),
        (schema.sequence_examples, "SequenceExamples"),
        (schema.other, "other payloads"),
    ];
    let there: Vec<&str> = kinds.into_iter().filter(|(count, _)| *count > 0).map(|(_, word)| word).collect();
    there.join(" and ")
}
