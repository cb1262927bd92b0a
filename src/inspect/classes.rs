//! Whether labels and texts of the records agree with a label map, and with each other.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::dataset::{LabelMap, brief};
use crate::example::{Features, Values};

/// Numbers and names of classes, of objects and of whole images.
const KEYS: [(&str, &str); 2] =
    [("image/object/class/label", "image/object/class/text"), ("image/class/label", "image/class/text")];
/// Different ones of a kind that are followed.
const MAX_CLASSES: usize = 100_000;
/// Disagreements that are listed.
const MAX_LISTED: usize = 100;

/// Which labels and texts there are, and which go together.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    labels: HashMap<i64, u64>,
    texts: HashMap<Vec<u8>, u64>,
    pairs: HashMap<i64, HashMap<Vec<u8>, u64>>,
    pairs_known: usize,
}

/// How records and a label map agree. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// The label map's file; none where the caller gave the map, or there is none.
    pub path: Option<String>,
    /// Classes of the map.
    pub classes: Option<u64>,
    /// Classes of the map that records have.
    pub used: Option<u64>,
    /// How records disagree with it, or with each other.
    pub problems: Vec<Disagreement>,
    /// Disagreements beyond those that are listed.
    pub problems_left_out: u64,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disagreement {
    /// `label-unknown`, `text-unknown`, or `label-text` where they do not go together; as in `verify`.
    pub kind: &'static str,
    /// How often.
    pub count: u64,
    /// In words.
    pub message: String,
}

impl Classes {
    /// Looks at a record.
    pub(super) fn add(&mut self, features: &Features<'_>) {
        for (label, text) in KEYS {
            let labels = features.get(label).and_then(Values::as_int64);
            let texts = features.get(text).and_then(Values::as_bytes);
            for label in labels.iter().flat_map(|labels| labels.iter()) {
                self.add_label(label, 1);
            }
            for text in texts.iter().flat_map(|texts| texts.iter()) {
                self.add_text(text, 1);
            }
            if let (Some(labels), Some(texts)) = (labels, texts)
                && labels.len() == texts.len()
            {
                labels.iter().zip(texts).for_each(|(label, text)| self.add_pair(label, text, 1));
            }
        }
    }

    fn add_label(&mut self, label: i64, count: u64) {
        if self.labels.len() < MAX_CLASSES || self.labels.contains_key(&label) {
            *self.labels.entry(label).or_default() += count;
        }
    }

    fn add_text(&mut self, text: &[u8], count: u64) {
        if let Some(known) = self.texts.get_mut(text) {
            *known += count;
        } else if self.texts.len() < MAX_CLASSES {
            self.texts.insert(text.to_vec(), count);
        }
    }

    fn add_pair(&mut self, label: i64, text: &[u8], count: u64) {
        if let Some(known) = self.pairs.get_mut(&label).and_then(|texts| texts.get_mut(text)) {
            *known += count;
        } else if self.pairs_known < MAX_CLASSES {
            self.pairs_known += 1;
            self.pairs.entry(label).or_default().insert(text.to_vec(), count);
        }
    }

    /// Adds what another has seen.
    pub(super) fn merge(&mut self, other: &Self) {
        // Sorted, so that it is always the same ones that are left out where there are too many.
        let sorted: BTreeMap<_, _> = other.labels.iter().collect();
        sorted.into_iter().for_each(|(label, count)| self.add_label(*label, *count));
        let sorted: BTreeMap<_, _> = other.texts.iter().collect();
        sorted.into_iter().for_each(|(text, count)| self.add_text(text, *count));
        let sorted: BTreeMap<_, _> = other.pairs.iter().collect();
        for (label, texts) in sorted {
            let texts: BTreeMap<_, _> = texts.iter().collect();
            texts.into_iter().for_each(|(text, count)| self.add_pair(*label, text, *count));
        }
    }

    /// How they agree with `map`; without one, with each other. Nothing where records have no classes.
    pub(super) fn agreement(&self, map: Option<&LabelMap>, path: Option<String>) -> Option<Agreement> {
        if self.labels.is_empty() && self.texts.is_empty() {
            return None;
        }
        let mut found = Agreement { path, ..Agreement::default() };
        match map {
            Some(map) => self.compare(map, &mut found),
            None => self.compare_each_other(&mut found),
        }
        found.problems_left_out = found.problems.len().saturating_sub(MAX_LISTED) as u64;
        found.problems.truncate(MAX_LISTED);
        Some(found)
    }

    fn compare(&self, map: &LabelMap, found: &mut Agreement) {
        let labels: BTreeMap<_, _> = self.labels.iter().collect();
        let texts: BTreeMap<_, _> = self.texts.iter().map(|(text, count)| (shown(text), count)).collect();
        let has = |id: i64, name: &str| self.labels.contains_key(&id) || texts.contains_key(name);
        found.classes = Some(map.labels().len() as u64);
        found.used = Some(map.labels().iter().filter(|label| has(label.id, &label.name)).count() as u64);
        let mut tell = |kind, count: u64, message: String| {
            found.problems.push(Disagreement { kind, count, message: brief(message) });
        };
        for (label, count) in labels {
            if map.label(*label).is_none() {
                tell("label-unknown", *count, format!("label {label} is not in the label map"));
            }
        }
        for (text, count) in &texts {
            if map.id(text).is_none() {
                tell("text-unknown", **count, format!("class {text:?} is not in the label map"));
            }
        }
        let pairs: BTreeMap<_, _> = self.pairs.iter().collect();
        for (label, texts) in pairs {
            let texts: BTreeMap<_, _> = texts.iter().map(|(text, count)| (shown(text), count)).collect();
            for (text, count) in texts {
                if let Some(expected) = map.id(&text).filter(|expected| expected != label) {
                    let message = format!("class {text:?} has label {label}, in the label map {expected}");
                    tell("label-text", *count, message);
                }
            }
        }
    }

    fn compare_each_other(&self, found: &mut Agreement) {
        let pairs: BTreeMap<_, _> = self.pairs.iter().filter(|(_, texts)| texts.len() > 1).collect();
        for (label, texts) in pairs {
            let texts: BTreeMap<_, _> = texts.iter().map(|(text, count)| (shown(text), count)).collect();
            let count = texts.values().copied().sum();
            let each: Vec<String> = texts.iter().map(|(text, count)| format!("{text:?} ({count})")).collect();
            let message = format!("label {label} stands for {}", each.join(" and "));
            found.problems.push(Disagreement { kind: "label-text", count, message: brief(message) });
        }
    }
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Label;
    use crate::example::{Feature, decode, encode};

    fn of(records: &[(&[i64], &[&str])]) -> Classes {
        let mut classes = Classes::default();
        for (labels, texts) in records {
            let texts = texts.iter().map(|text| text.as_bytes().into()).collect::<Vec<_>>();
            let record = encode(&[(KEYS[0].0, Feature::Int64((*labels).into())), (KEYS[0].1, Feature::Bytes(texts))]);
            classes.add(&decode(&record).expect("an Example").features);
        }
        classes
    }

    fn messages(agreement: &Agreement) -> Vec<(&str, u64, &str)> {
        agreement.problems.iter().map(|problem| (problem.kind, problem.count, problem.message.as_str())).collect()
    }

    #[test]
    fn what_the_map_does_not_have_is_named() {
        let label = |id, name: &str| Label { id, name: name.into(), display_name: None };
        let map = LabelMap::new(vec![label(1, "cat"), label(2, "dog"), label(5, "cow")]).expect("a map");
        let mut classes = of(&[(&[1, 2], &["cat", "cat"]), (&[7], &["emu"])]);
        classes.merge(&of(&[(&[7, 1], &["emu", "cat"]), (&[], &[])]));
        let found = classes.agreement(Some(&map), Some("m".into())).expect("there are classes");
        assert_eq!((found.classes, found.used, found.path.as_deref()), (Some(3), Some(2), Some("m")));
        assert_eq!(
            messages(&found),
            [
                ("label-unknown", 2, "label 7 is not in the label map"),
                ("text-unknown", 2, "class \"emu\" is not in the label map"),
                ("label-text", 1, "class \"cat\" has label 2, in the label map 1"),
            ]
        );
    }

    #[test]
    fn without_a_map_records_must_agree_with_each_other() {
        let found = of(&[(&[1, 1], &["cat", "dog"]), (&[2, 1], &["dog", "cat"])]).agreement(None, None);
        assert_eq!(
            messages(&found.expect("there are classes")),
            [("label-text", 3, "label 1 stands for \"cat\" (2) and \"dog\" (1)")]
        );
        assert_eq!(Classes::default().agreement(None, None), None);
        // Lists of different lengths say nothing of which go together.
        assert_eq!(messages(&of(&[(&[1, 1], &["cat"])]).agreement(None, None).expect("classes")), []);
    }
}
