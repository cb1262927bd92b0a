//! What of a dataset is taken, and under which names of classes: the same for every target, decided on the dataset as it was
//! loaded, before anything is planned.
//!
//! The order is: classes are renamed (two of one name are one class from there on), then kept or dropped by their new names,
//! then images are drawn. An image whose objects were all of dropped classes stays, as one without objects. Boxes that are too
//! small are left out where they are fitted into their images ([`super::fitting`]), because it takes the image's true size to
//! know. Whatever is left out is counted by the word of its option.
//!
//! A sample is drawn from strata: the source's split (where it decides) and the image's rarest class. Each stratum gives its part,
//! rounded, and at least one image where there are as many images to draw as strata; within a stratum the images of the least
//! hashes of seed and key are taken. So the same images are drawn on every machine.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::error::ConvertError;
use super::options::{ImagesMode, Options};
use super::split::{SplitRule, hash};
use crate::dataset::{Class, Dataset, Ledger, NO_FILE, Sparse, nearest};
use crate::formats::Loaded;

/// Reasons in the report.
const KEEP: &str = "keep-classes";
const DROP: &str = "drop-classes";
const SAMPLE: &str = "sample";

/// What of a dataset is taken. The default is all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(default)]
pub struct Selection {
    /// Old and new names of classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
    /// These classes alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_classes: Option<Vec<String>>,
    /// Not these classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_classes: Vec<String>,
    /// No box of which a side is less than so many pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_box_size: Option<f64>,
    /// So many images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<u64>,
}

impl Selection {
    /// Refuses what means nothing, whatever the dataset.
    pub(super) fn check(&self) -> Result<(), ConvertError> {
        let refuse = |message: String| Err(ConvertError::Option(message));
        let mut old = BTreeSet::new();
        for (from, to) in &self.rename {
            if to.trim().is_empty() {
                return refuse(format!("rename: class {from:?} gets no name"));
            }
            if !old.insert(from) {
                return refuse(format!("rename: class {from:?} gets two names"));
            }
        }
        if self.keep_classes.as_ref().is_some_and(Vec::is_empty) {
            return refuse("keep_classes: no class is named".into());
        }
        if let Some(both) = self.keep_classes.iter().flatten().find(|name| self.drop_classes.contains(name)) {
            return refuse(format!("class {both:?} is in keep_classes and in drop_classes"));
        }
        if let Some(size) = self.min_box_size.filter(|size| !(size.is_finite() && *size >= 0.0)) {
            return refuse(format!("min_box_size {size}: expected a number of pixels"));
        }
        if self.sample == Some(0) {
            return refuse("sample 0: there must be at least one".into());
        }
        Ok(())
    }

    /// Whether all of a dataset is taken as it is.
    pub(super) fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// The part of `loaded` that `options` ask for; what is left out is counted in [`Loaded::skipped`].
pub fn apply(mut loaded: Loaded, options: &Options) -> Result<Loaded, ConvertError> {
    let select = &options.select;
    if select.is_all() {
        return Ok(loaded);
    }
    let plan = Classes::of(&loaded.dataset.classes, select)?;
    let dataset = &mut loaded.dataset;
    let mut keeps_object = vec![true; dataset.objects.len()];
    for (class, keeps) in dataset.objects.class.iter_mut().zip(&mut keeps_object) {
        match plan.place.get(*class as usize).copied().unwrap_or(Err(KEEP)) {
            Ok(place) => *class = place,
            Err(reason) => {
                *keeps = false;
                loaded.skipped.count(reason, Ledger { images: 0, objects: 1 });
            }
        }
    }
    let mut labels = Sparse::default();
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    for (row, of_image) in dataset.images.labels.iter() {
        let mut seen = BTreeSet::new();
        let mut places = Vec::new();
        for class in of_image {
            match plan.place.get(*class as usize).copied().unwrap_or(Err(KEEP)) {
                Ok(place) if seen.insert(place) => places.push(place),
                Ok(_) => {}
                Err(reason) => *left_out.entry(reason).or_default() += 1,
            }
        }
        labels.extend(row, Some(places).filter(|places| !places.is_empty()));
    }
    let said = left_out.iter().map(|(reason, count)| format!("{reason}: classes of images left out: {count}"));
    loaded.reasons.extend(said);
    dataset.images.labels = labels;
    dataset.classes = plan.classes;

    let keeps_image = select.sample.map(|number| sample(dataset, &keeps_object, number, options));
    if let Some(keeps_image) = &keeps_image {
        for row in (0..dataset.len()).filter(|row| !keeps_image[*row]) {
            let objects = dataset.objects_of(row).filter(|object| keeps_object[*object]).count();
            loaded.skipped.image(SAMPLE, objects as u64);
        }
        let drawn = keeps_image.iter().filter(|keeps| **keeps).count();
        loaded.reasons.push(format!("sample: {drawn} of {} images", dataset.len()));
    }
    loaded.dataset = std::mem::take(dataset)
        .retain(|row| keeps_image.as_ref().is_none_or(|keeps| keeps[row]), |object| keeps_object[object]);
    Ok(loaded)
}

/// What becomes of the classes.
struct Classes {
    classes: Vec<Class>,
    /// By the old place: the new one, or why there is none.
    place: Vec<Result<u32, &'static str>>,
}

impl Classes {
    fn of(old: &[Class], select: &Selection) -> Result<Self, ConvertError> {
        known("rename", select.rename.iter().map(|(from, _)| from), old.iter().map(|class| class.name.as_str()))?;
        let renamed: BTreeMap<&str, &str> = select.rename.iter().map(|(from, to)| (from.as_str(), to.trim())).collect();
        let names: Vec<&str> =
            old.iter().map(|class| renamed.get(class.name.as_str()).copied().unwrap_or(&class.name)).collect();
        known("keep_classes", select.keep_classes.iter().flatten(), names.iter().copied())?;
        known("drop_classes", &select.drop_classes, names.iter().copied())?;

        // Of several that are one from now on, the one that had the name before speaks for all: its number, its place.
        let mut speaker: BTreeMap<&str, usize> = BTreeMap::new();
        for (class, name) in names.iter().enumerate() {
            let spoken = speaker.entry(name).or_insert(class);
            if old[class].name == *name && old[*spoken].name != *name {
                *spoken = class;
            }
        }
        let (mut classes, mut place_of) = (Vec::new(), BTreeMap::new());
        for (class, name) in names.iter().enumerate().filter(|(class, name)| speaker.get(*name) == Some(class)) {
            let reason = match &select.keep_classes {
                Some(keep) if !keep.iter().any(|kept| kept == name) => Err(KEEP),
                _ if select.drop_classes.iter().any(|dropped| dropped == name) => Err(DROP),
                _ => Ok(classes.len() as u32),
            };
            place_of.insert(*name, reason);
            if reason.is_ok() {
                classes.push(merged(class, name, old, &names)?);
            }
        }
        let place = names.iter().map(|name| place_of.get(name).copied().unwrap_or(Err(KEEP))).collect();
        Ok(Self { classes, place })
    }
}

/// Class `class`, called `name` now, with what the others of that name know.
fn merged(class: usize, name: &str, old: &[Class], names: &[&str]) -> Result<Class, ConvertError> {
    let mut merged = Class { name: name.to_owned(), ..old[class].clone() };
    for (other, _) in old.iter().zip(names).filter(|(other, new)| **new == name && !other.keypoints.is_empty()) {
        if merged.keypoints.is_empty() {
            merged.keypoints.clone_from(&other.keypoints);
            merged.skeleton.clone_from(&other.skeleton);
        } else if merged.keypoints != other.keypoints {
            let message = format!("rename: classes that are to be {name:?} have different keypoints");
            return Err(ConvertError::Option(message));
        }
    }
    Ok(merged)
}

/// Refuses names that no class has.
fn known<'a>(
    option: &str,
    asked: impl IntoIterator<Item = &'a String>,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), ConvertError> {
    let unknown: Vec<String> = asked
        .into_iter()
        .filter(|name| !names.clone().any(|known| known == name.as_str()))
        .map(|name| match nearest(name, names.clone()) {
            Some(nearest) => format!("{name:?} (nearest is {nearest:?})"),
            None => format!("{name:?}"),
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(ConvertError::Option(format!("{option}: no class is called {}", unknown.join(", "))))
}

/// Which images show what is in a dataset, `number` of them: drawn like a sample, whether their files are there or not.
pub fn shown(dataset: &Dataset, number: u64, seed: u64) -> Vec<bool> {
    let options = Options { images_mode: ImagesMode::None, seed, ..Options::default() };
    sample(dataset, &vec![true; dataset.objects.len()], number, &options)
}

/// Which images are drawn.
fn sample(dataset: &Dataset, keeps_object: &[bool], number: u64, options: &Options) -> Vec<bool> {
    // An image that is not there would be left out later, and fewer than asked for would be written.
    let needs_file = options.images_mode != ImagesMode::None;
    let candidates: Vec<usize> =
        (0..dataset.len()).filter(|row| !needs_file || dataset.images.root[*row] != NO_FILE).collect();
    let Some(number) = usize::try_from(number).ok().filter(|number| *number < candidates.len()) else {
        return vec![true; dataset.len()];
    };
    let classes_of = |row: usize| -> BTreeSet<u32> {
        let objects = dataset.objects_of(row).filter(|object| keeps_object[*object]);
        let of_image = dataset.images.labels.get(row).into_iter().flatten().copied();
        objects.map(|object| dataset.objects.class[object]).chain(of_image).collect()
    };
    let mut frequency = vec![0u64; dataset.classes.len()];
    for row in &candidates {
        classes_of(*row).into_iter().for_each(|class| frequency[class as usize] += 1);
    }
    // Each split has its share, and in it each class.
    let mut splits: BTreeMap<_, BTreeMap<_, Vec<(u64, usize)>>> = BTreeMap::new();
    for row in candidates {
        let rarest = classes_of(row).into_iter().min_by_key(|class| (frequency[*class as usize], *class));
        let split = (options.split == SplitRule::Keep).then(|| dataset.images.split[row]);
        let hash = hash(SAMPLE, options.seed, dataset.images.key.get(row));
        splits.entry(split).or_default().entry(rarest).or_default().push((hash, row));
    }
    let sizes: Vec<Vec<usize>> = splits.values().map(|strata| strata.values().map(Vec::len).collect()).collect();
    let totals: Vec<usize> = sizes.iter().map(|sizes| sizes.iter().sum()).collect();
    let mut keeps = vec![false; dataset.len()];
    for ((strata, sizes), share) in splits.into_values().zip(sizes).zip(shares(&totals, number)) {
        for (mut rows, share) in strata.into_values().zip(shares(&sizes, share)) {
            rows.sort_unstable();
            rows.into_iter().take(share).for_each(|(_, row)| keeps[row] = true);
        }
    }
    keeps
}

/// `number` shared out in proportion to `sizes`, which have more together, by the largest remainders; then at least one each
/// where that is possible, taken from the largest shares.
fn shares(sizes: &[usize], number: usize) -> Vec<usize> {
    let total = sizes.iter().sum::<usize>().max(1) as u128;
    let parts = || sizes.iter().map(|size| number as u128 * *size as u128);
    let mut shares: Vec<usize> = parts().map(|part| (part / total) as usize).collect();
    let mut by_remainder: Vec<(u128, usize)> = parts().map(|part| part % total).zip(0..).collect();
    by_remainder.sort_by_key(|(remainder, stratum)| (std::cmp::Reverse(*remainder), *stratum));
    let missing = number - shares.iter().sum::<usize>();
    by_remainder.into_iter().take(missing).for_each(|(_, stratum)| shares[stratum] += 1);
    while number >= sizes.len()
        && let Some(none) = shares.iter().zip(sizes).position(|(share, size)| *share == 0 && *size > 0)
        && let Some(most) = shares.iter_mut().max().filter(|most| **most > 1)
    {
        *most -= 1;
        shares[none] = 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_fair_and_add_up() {
        assert_eq!(shares(&[60, 30, 10], 10), [6, 3, 1]);
        assert_eq!(shares(&[98, 1, 1], 10), [8, 1, 1]);
        assert_eq!(shares(&[98, 1, 1], 2), [2, 0, 0]);
        assert_eq!(shares(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(shares(&[1, 1, 1], 3), [1, 1, 1]);
        for number in 0..=57 {
            let sizes = [40, 2, 9, 1, 5];
            let found = shares(&sizes, number);
            assert_eq!(found.iter().sum::<usize>(), number);
            assert!(found.iter().zip(sizes).all(|(share, size)| *share <= size), "{number}: {found:?}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let all = Selection::default();
        let rows = [
            (Selection { rename: vec![pair("a", " ")], ..all.clone() }, "rename: class \"a\" gets no name"),
            (
                Selection { rename: vec![pair("a", "b"), pair("a", "c")], ..all.clone() },
                "rename: class \"a\" gets two names",
            ),
            (Selection { keep_classes: Some(vec![]), ..all.clone() }, "keep_classes: no class is named"),
            (
                Selection { keep_classes: Some(names(&["a"])), drop_classes: names(&["a"]), ..all.clone() },
                "class \"a\" is in keep_classes and in drop_classes",
            ),
            (
                Selection { min_box_size: Some(f64::NAN), ..all.clone() },
                "min_box_size NaN: expected a number of pixels",
            ),
            (Selection { sample: Some(0), ..all.clone() }, "sample 0: there must be at least one"),
        ];
        for (select, message) in rows {
            assert_eq!(select.check().unwrap_err().to_string(), message);
        }
        assert!(all.is_all() && all.check().is_ok());
    }
}
