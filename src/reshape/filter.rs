//! Records that fulfil conditions, and features that are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::inputs::{Input, Inputs};
use super::output::OutputOptions;
use super::transform::{Act, Report, transform};
use super::{Job, ReshapeError};
use crate::example::{Condition, Encoder, Feature, SequenceExample, Values, decode_either};
use crate::record::Record;

/// Which records are kept.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What they must fulfil.
    pub conditions: Vec<Condition>,
    /// One of the conditions is enough.
    pub any: bool,
    /// Those are kept that would not be.
    pub invert: bool,
}

/// Writes the records that `filter` keeps, as they are. Every record must be an Example or SequenceExample.
pub fn filter(
    inputs: &Inputs,
    out: &Path,
    filter: &Filter,
    options: &OutputOptions,
    job: &Job,
) -> Result<Report, ReshapeError> {
    if filter.conditions.is_empty() {
        return Err(ReshapeError::Option("no condition was given".into()));
    }
    let mut unseen: BTreeSet<&str> = filter.conditions.iter().map(Condition::key).collect();
    let mut report = transform(inputs, out, options, job, str::to_owned, |input, record, _| {
        let example = example(input, record)?;
        if !unseen.is_empty() {
            unseen.retain(|key| example.context.get(key).is_none() && example.feature_lists.get(key).is_none());
        }
        let mut holds = filter.conditions.iter().map(|condition| condition.holds(&example));
        let keep = if filter.any { holds.any(|holds| holds) } else { holds.all(|holds| holds) };
        Ok(if keep == filter.invert { Act::Drop } else { Act::Copy })
    })?;
    note_unseen(&mut report, unseen);
    Ok(report)
}

/// Which features are kept, and how they are called.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Patterns of keys that are kept; all if there are none.
    pub keep: Vec<glob::Pattern>,
    /// Patterns of keys that are not.
    pub drop: Vec<glob::Pattern>,
    /// New names of keys that are kept.
    pub rename: BTreeMap<String, String>,
}

impl Selection {
    /// Reads patterns with `*`, `?` and `[...]`, where `*` stands for `/` too.
    pub fn parse(keep: &[String], drop: &[String], rename: BTreeMap<String, String>) -> Result<Self, ReshapeError> {
        let pattern = |text: &String| {
            glob::Pattern::new(text).map_err(|error| ReshapeError::Option(format!("features {text:?}: {error}")))
        };
        let read = |texts: &[String]| texts.iter().map(pattern).collect::<Result<_, _>>();
        if keep.is_empty() && drop.is_empty() && rename.is_empty() {
            return Err(ReshapeError::Option("no feature was given to keep, to drop or to rename".into()));
        }
        Ok(Self { keep: read(keep)?, drop: read(drop)?, rename })
    }

    fn keeps(&self, key: &str) -> bool {
        (self.keep.is_empty() || self.keep.iter().any(|pattern| pattern.matches(key)))
            && !self.drop.iter().any(|pattern| pattern.matches(key))
    }

    fn changes(&self, key: &str) -> bool {
        !self.keeps(key) || self.name(key) != key
    }

    fn name<'n>(&'n self, key: &'n str) -> &'n str {
        self.rename.get(key).map_or(key, String::as_str)
    }

    /// What was asked for, as a person wrote it, with whether it is about `key`.
    fn asked(&self) -> impl Iterator<Item = (&str, Option<&glob::Pattern>)> {
        let patterns = self.keep.iter().chain(&self.drop).map(|pattern| (pattern.as_str(), Some(pattern)));
        patterns.chain(self.rename.keys().map(|key| (key.as_str(), None)))
    }
}

/// Writes the records with the features that `selection` keeps. A record of which nothing changes stays as it is; others
/// are encoded anew, keys sorted.
pub fn select(
    inputs: &Inputs,
    out: &Path,
    selection: &Selection,
    options: &OutputOptions,
    job: &Job,
) -> Result<Report, ReshapeError> {
    let mut encoder = Encoder::default();
    let mut unseen: Vec<(&str, Option<&glob::Pattern>)> = selection.asked().collect();
    let mut report = transform(inputs, out, options, job, str::to_owned, |input, record, payload| {
        let example = example(input, record)?;
        let keys: Vec<&str> = example
            .context
            .iter()
            .map(|(key, _)| key)
            .chain(example.feature_lists.iter().map(|(key, _)| key))
            .collect();
        if !unseen.is_empty() {
            let is_of = |(text, pattern): &(&str, Option<&glob::Pattern>), key: &str| match pattern {
                Some(pattern) => pattern.matches(key),
                None => *text == key,
            };
            unseen.retain(|asked| !keys.iter().any(|key| is_of(asked, key)));
        }
        if !keys.iter().any(|key| selection.changes(key)) {
            return Ok(Act::Copy);
        }
        let new_name = |key: &str| selection.keeps(key).then(|| selection.name(key).to_owned());
        let features = example.context.iter().filter_map(|(key, values)| Some((new_name(key)?, values.to_feature())));
        let lists = example.feature_lists.iter().filter_map(|(key, steps)| {
            Some((new_name(key)?, steps.iter().map(Values::to_feature).collect::<Vec<Feature<'_>>>()))
        });
        let (features, lists) = (by_name(features), by_name(lists));
        let features: Vec<(&str, Feature<'_>)> = features.iter().map(|(key, value)| (&**key, value.clone())).collect();
        let done = if example.feature_lists.is_empty() {
            encoder.try_encode(&features, payload).map(drop)
        } else {
            let lists: Vec<_> = lists.iter().map(|(key, steps)| (&**key, steps.clone())).collect();
            encoder.encode_sequence(&features, &lists, payload)
        };
        done.map_err(|error| problem(input, record, error.to_string()))?;
        Ok(Act::Replace)
    })?;
    note_unseen(&mut report, unseen.into_iter().map(|(text, _)| text).collect());
    Ok(report)
}

/// By their names, sorted; two of one name are refused by the encoder.
fn by_name<T>(entries: impl Iterator<Item = (String, T)>) -> Vec<(String, T)> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries
}

fn note_unseen(report: &mut Report, keys: BTreeSet<&str>) {
    if report.records_read > 0 {
        report.notes.extend(keys.into_iter().map(|key| format!("no record has a feature {key}")));
    }
}

fn problem(input: &Input, record: &Record<'_>, problem: String) -> ReshapeError {
    ReshapeError::Payload { path: input.path.clone(), record: record.number, offset: record.offset, problem }
}

fn example<'a>(input: &Input, record: &Record<'a>) -> Result<SequenceExample<'a>, ReshapeError> {
    decode_either(record.payload).map_err(|error| problem(input, record, format!("payload is no Example, {error}")))
}
