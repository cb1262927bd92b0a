//! Which image goes into which split.
//!
//! By default the source's own split is kept, and what it leaves open is `train`. Asked for ratios, each image falls by
//! a hash of its key alone, so that images added later move none of those that were there:
//!
//! ```text
//! x = first 8 bytes, big-endian, of SHA-256("split:<seed>:<key>"), divided by 2^64
//! train if x < r1, valid if x < r1 + r2, and so on
//! ```
//!
//! The counts are then near the ratios, not at them. Exact counts are asked for apart: then the images are sorted by x and cut at counts
//! rounded by the largest remainder: exact, but an added image may move another over a border.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::dataset::{Dataset, Split};

/// How images are given to splits.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SplitRule {
    /// The source's own splits; `train` where it has none.
    #[default]
    Keep,
    /// By the hash of the key.
    Ratios(Ratios),
}

/// Parts of a dataset, adding up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratios {
    parts: Vec<(Split, f64)>,
}

/// Why a text is no [`SplitRule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError {
    text: String,
    why: String,
}

impl fmt::Display for SplitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "split {:?}: {}", self.text, self.why)
    }
}

impl std::error::Error for SplitError {}

impl SplitRule {
    /// Reads `keep`, `70/20/10` (train, valid, test; parts of 100 or of 1) or `train=0.8,valid=0.2`.
    pub fn parse(text: &str) -> Result<Self, SplitError> {
        let error = |why: String| SplitError { text: text.into(), why };
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("keep") {
            return Ok(Self::Keep);
        }
        let mut parts: Vec<(Split, f64)> = Vec::new();
        if trimmed.contains('=') {
            for part in trimmed.split(',') {
                let (word, value) =
                    part.split_once('=').ok_or_else(|| error(format!("{:?} is not name=part", part.trim())))?;
                let word = word.trim();
                let split = Split::from_word(word)
                    .ok_or_else(|| error(format!("{word:?} is not one of train, valid, test")))?;
                if parts.iter().any(|(other, _)| *other == split) {
                    return Err(error(format!("{split} stands twice")));
                }
                parts.push((split, number(value).map_err(error)?));
            }
            parts.sort_by_key(|(split, _)| *split);
        } else {
            let values: Vec<&str> = trimmed.split('/').collect();
            if values.len() < 2 || values.len() > 3 {
                return Err(error("expected keep, 70/20/10 or train=0.8,valid=0.2".into()));
            }
            for (split, value) in Split::ALL.into_iter().zip(values) {
                parts.push((split, number(value).map_err(error)?));
            }
        }
        let sum: f64 = parts.iter().map(|(_, part)| part).sum();
        let whole = [1.0, 100.0].into_iter().find(|whole| (sum - whole).abs() < 1e-6 * whole);
        let whole = whole.ok_or_else(|| error(format!("the parts add up to {sum}, expected 100 or 1")))?;
        parts.iter_mut().for_each(|(_, part)| *part /= whole);
        Ok(Self::Ratios(Ratios { parts }))
    }

    /// The splits that are asked for, but for those with no part at all.
    pub fn asked(&self) -> Vec<Split> {
        match self {
            Self::Keep => Vec::new(),
            Self::Ratios(ratios) => {
                ratios.parts.iter().filter(|(_, part)| *part > 0.0).map(|(split, _)| *split).collect()
            }
        }
    }

    /// The split of each of `rows` of `dataset`; with `exact`, exact counts in place of hash against ratio.
    pub fn assign(&self, dataset: &Dataset, rows: &[usize], seed: u64, exact: bool) -> Vec<Split> {
        match self {
            Self::Keep => rows.iter().map(|row| dataset.images.split[*row].unwrap_or(Split::Train)).collect(),
            Self::Ratios(ratios) => ratios.assign(rows.len(), |index| dataset.images.key.get(rows[index]), seed, exact),
        }
    }

    /// The same where images that lie in one of `folders`, which are those of `rows`, stay together: a folder's path stands for
    /// the key, and exact counts are of folders.
    pub fn assign_folders(
        &self,
        dataset: &Dataset,
        rows: &[usize],
        folders: &[&str],
        seed: u64,
        exact: bool,
    ) -> Vec<Split> {
        let Self::Ratios(ratios) = self else { return self.assign(dataset, rows, seed, exact) };
        let once: Vec<&str> = folders.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let splits = ratios.assign(once.len(), |index| once[index], seed, exact);
        let split = |folder: &&str| once.binary_search(folder).ok().and_then(|place| splits.get(place).copied());
        folders.iter().map(|folder| split(folder).unwrap_or(Split::Train)).collect()
    }
}

impl fmt::Display for SplitRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => formatter.write_str("keep"),
            Self::Ratios(ratios) => {
                for (index, (split, part)) in ratios.parts.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(formatter, "{comma}{split}={part}")?;
                }
                Ok(())
            }
        }
    }
}

impl Ratios {
    /// The split of each of `count` things, by their keys.
    fn assign<'a>(&self, count: usize, key: impl Fn(usize) -> &'a str, seed: u64, exact: bool) -> Vec<Split> {
        let hashes: Vec<u64> = (0..count).map(|index| hash("split", seed, key(index))).collect();
        match exact {
            true => self.exactly(&hashes, key),
            false => hashes.iter().map(|hash| self.at(*hash)).collect(),
        }
    }

    /// The split that an image of this hash falls into.
    fn at(&self, hash: u64) -> Split {
        // 53 bits are what a f64 holds exactly.
        let x = (hash >> 11) as f64 / (1u64 << 53) as f64;
        let mut border = 0.0;
        for (split, part) in &self.parts {
            border += part;
            if x < border {
                return *split;
            }
        }
        // The borders may add up to a hair below 1; the last split with a part is meant.
        self.parts.iter().rev().find(|(_, part)| *part > 0.0).map_or(Split::Train, |(split, _)| *split)
    }

    fn exactly<'a>(&self, hashes: &[u64], key: impl Fn(usize) -> &'a str) -> Vec<Split> {
        let mut order: Vec<usize> = (0..hashes.len()).collect();
        order.sort_by(|a, b| hashes[*a].cmp(&hashes[*b]).then_with(|| key(*a).cmp(key(*b))));
        let mut splits = vec![Split::Train; hashes.len()];
        let mut left = order.into_iter();
        for ((split, _), count) in self.parts.iter().zip(self.counts(hashes.len())) {
            left.by_ref().take(count).for_each(|index| splits[index] = *split);
        }
        splits
    }

    /// How many of `total` each part gets: rounded down, and what is left goes to the largest remainders.
    fn counts(&self, total: usize) -> Vec<usize> {
        let wanted: Vec<f64> = self.parts.iter().map(|(_, part)| part * total as f64).collect();
        // A ratio such as 0.7 of 10 is 6.999...: what is this close to a whole number is that number.
        let mut counts: Vec<usize> = wanted.iter().map(|want| (want + 1e-9).floor() as usize).collect();
        let mut by_rest: Vec<usize> = (0..counts.len()).collect();
        by_rest.sort_by(|a, b| {
            let rest = |index: usize| wanted[index] - counts[index] as f64;
            rest(*b).total_cmp(&rest(*a)).then(a.cmp(b))
        });
        let missing = total.saturating_sub(counts.iter().sum());
        by_rest.into_iter().take(missing).for_each(|index| counts[index] += 1);
        counts
    }
}

fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err(format!("{text:?} is not a number of 0 or more")),
    }
}

/// The number that splits and orders by `key` go by; `purpose` keeps them independent of each other.
pub(crate) fn hash(purpose: &str, seed: u64, key: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(purpose.as_bytes());
    hash.update(format!(":{seed}:").as_bytes());
    hash.update(key.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::super::tests::dataset_of;
    use super::*;

    fn parts(text: &str) -> Vec<(&'static str, f64)> {
        match SplitRule::parse(text).unwrap() {
            SplitRule::Keep => Vec::new(),
            SplitRule::Ratios(ratios) => ratios.parts.iter().map(|(split, part)| (split.name(), *part)).collect(),
        }
    }

    fn message(text: &str) -> String {
        SplitRule::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_the_ways_people_write_ratios() {
        assert_eq!(parts("70/20/10"), [("train", 0.7), ("valid", 0.2), ("test", 0.1)]);
        assert_eq!(parts(" 0.8/0.2 "), [("train", 0.8), ("valid", 0.2)]);
        assert_eq!(parts("val=0.25, train=0.75"), [("train", 0.75), ("valid", 0.25)]);
        assert_eq!(parts("test=100"), [("test", 1.0)]);
        assert_eq!(SplitRule::parse("Keep").unwrap(), SplitRule::Keep);
        assert_eq!(SplitRule::parse("70/20/10").unwrap().to_string(), "train=0.7,valid=0.2,test=0.1");
    }

    #[test]
    fn says_what_it_could_not_read() {
        assert_eq!(message("70/20"), "split \"70/20\": the parts add up to 90, expected 100 or 1");
        assert_eq!(message("70/x/10"), "split \"70/x/10\": \"x\" is not a number of 0 or more");
        assert_eq!(message("120/-20"), "split \"120/-20\": \"-20\" is not a number of 0 or more");
        assert_eq!(message("train=1,foo=0"), "split \"train=1,foo=0\": \"foo\" is not one of train, valid, test");
        assert_eq!(message("val=0.5,dev=0.5"), "split \"val=0.5,dev=0.5\": valid stands twice");
        assert_eq!(message("all"), "split \"all\": expected keep, 70/20/10 or train=0.8,valid=0.2");
        assert_eq!(message("train=1,"), "split \"train=1,\": \"\" is not name=part");
    }

    #[test]
    fn adding_images_moves_none() {
        let rule = SplitRule::parse("70/20/10").unwrap();
        let few = dataset_of((0..1000).filter(|number| number % 3 == 0).map(|number| format!("{number}.jpg")));
        let many = dataset_of((0..1000).map(|number| format!("{number}.jpg")));
        let before = rule.assign(&few, &(0..few.len()).collect::<Vec<_>>(), 7, false);
        let after = rule.assign(&many, &(0..many.len()).collect::<Vec<_>>(), 7, false);
        for (index, split) in before.iter().enumerate() {
            assert_eq!(*split, after[index * 3]);
        }
        let count = |split| after.iter().filter(|other| **other == split).count();
        assert!((650..750).contains(&count(Split::Train)), "{}", count(Split::Train));
        assert!((150..250).contains(&count(Split::Valid)), "{}", count(Split::Valid));
        assert_ne!(after, rule.assign(&many, &(0..many.len()).collect::<Vec<_>>(), 8, false));
    }

    /// The documented hash, so that another tool can repeat it: `printf 'split:7:a.jpg' | sha256sum`.
    #[test]
    fn hash_is_the_documented_one() {
        assert_eq!(hash("split", 7, "a.jpg"), 0x0ea0_e77e_3982_36e7);
    }

    #[test]
    fn exact_counts_are_exact() {
        let counts = |text: &str, total| match SplitRule::parse(text).unwrap() {
            SplitRule::Keep => Vec::new(),
            SplitRule::Ratios(ratios) => ratios.counts(total),
        };
        assert_eq!(counts("70/20/10", 10), [7, 2, 1]);
        assert_eq!(counts("70/20/10", 11), [8, 2, 1]);
        assert_eq!(counts("70/20/10", 1), [1, 0, 0]);
        assert_eq!(counts("0/50/50", 3), [0, 2, 1]);
        let rule = SplitRule::parse("70/20/10").unwrap();
        let dataset = dataset_of((0..200).map(|number| format!("{number}.jpg")));
        let splits = rule.assign(&dataset, &(0..200).collect::<Vec<_>>(), 1, true);
        let count = |split| splits.iter().filter(|other| **other == split).count();
        assert_eq!(Split::ALL.map(count), [140, 40, 20]);
    }

    #[test]
    fn keep_takes_what_is_open_as_train() {
        let mut dataset = dataset_of(["a".to_owned(), "b".to_owned()]);
        dataset.images.split = vec![None, Some(Split::Test)];
        assert_eq!(SplitRule::Keep.assign(&dataset, &[0, 1], 0, false), [Split::Train, Split::Test]);
    }
}
