//! The numbers of classes, which are what decoders train on.

use std::collections::BTreeMap;

use super::{Comparison, Records};
use crate::convert::labels::Labels;
use crate::convert::options::{LabelSource, Options};
use crate::convert::schema::keys;
use crate::dataset::ClassNumber;

/// Says where records give a class another number than it must have, none, or that of another class.
pub(super) fn compare(records: &[Records], labels: &Labels, options: &Options, found: &mut Comparison) {
    let profile = options.schema.profile();
    // By name; of a class that is not in the label map nothing is known.
    let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
    if matches!(options.labels, LabelSource::Map(_)) {
        wanted.extend(labels.map.labels().iter().enumerate().map(|(index, label)| {
            let number = if profile.zero_based { index as i64 } else { label.id };
            (&*label.name, number)
        }));
    }
    let of_class = records.iter().flat_map(|side| side.dataset.numbers.iter().map(move |number| (side, number)));
    let of_class = of_class.filter_map(|(side, number)| {
        let class = side.dataset.classes.get(number.class as usize)?;
        Some((&*class.name, number))
    });
    // The scripts of some schemas write names alone, and decoders look those up.
    let numbered = [&keys::CLASS_LABEL, &keys::LABEL, &keys::TFDS_LABEL, &keys::TFDS_CLASS];
    let numbered = numbered.into_iter().any(|key| profile.has(key));
    if !numbered && of_class.clone().all(|(_, number)| number.number.is_none()) {
        return;
    }
    // Without a label map what most have is right.
    let mut usual: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    for (name, number, count) in of_class.clone().filter_map(|(name, found)| Some((name, found.number?, found.count))) {
        let most = usual.entry(name).or_insert((count, number));
        if count > most.0 {
            *most = (count, number);
        }
    }
    for (name, (_, number)) in usual {
        wanted.entry(name).or_insert(number);
    }
    let mut tell = |number: &ClassNumber, message: String| {
        let message = format!("{message}, {} times", number.count);
        found.add("class-number", None, Some(number.first.clone()), message);
    };
    for (name, number) in of_class {
        match (number.number, wanted.get(name)) {
            (Some(is), Some(must)) if is != *must => {
                let owner = wanted.iter().find(|(_, number)| **number == is);
                let other = owner.map(|(other, _)| format!(", that of {other:?}")).unwrap_or_default();
                tell(number, format!("class {name:?} has the number {is}{other}, must have {must}"));
            }
            (None, Some(must)) => tell(number, format!("class {name:?} has no number, must have {must}")),
            (None, None) => tell(number, format!("class {name:?} has no number")),
            (Some(_), _) => {}
        }
    }
    let mut first: BTreeMap<i64, &str> = BTreeMap::new();
    for (name, number) in &wanted {
        if let Some(other) = first.insert(*number, name) {
            let message = format!("classes {other:?} and {name:?} have the same number {number}");
            found.add("class-number", None, None, message);
        }
    }
}
