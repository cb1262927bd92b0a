//! Names of files that are together one set: `train-00003-of-00010.tfrecord`, `train.record-00003-of-00010`.
//!
//! ```text
//! name = stem "-" number "-of-" count end          number, count: digits; numbers go from 0 to count - 1
//! ```
//!
//! TensorFlow's scripts have the number behind the ending or before it. FiftyOne counted from 1 for years.

use std::collections::{BTreeMap, BTreeSet};

/// Nobody has more files of one set; a name is not to make a million.
const MAX_COUNT: u32 = 100_000;

/// The name, or the path with `/`, of a file of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard<'n> {
    /// What stands before the number, folders included.
    pub stem: &'n str,
    /// Its number, as it is written.
    digits: &'n str,
    /// How many there are, as it is written.
    count: &'n str,
    /// What stands behind.
    pub end: &'n str,
}

impl<'n> Shard<'n> {
    /// What `name` says; nothing where it is no name of a file of a set.
    pub fn of(name: &'n str) -> Option<Self> {
        let (before, rest) = name.rsplit_once("-of-")?;
        let (stem, digits) = before.rsplit_once('-')?;
        let (count, end) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u32>().is_ok();
        (number(digits) && number(count)).then_some(Self { stem, digits, count, end })
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.digits.parse().unwrap_or(0)
    }

    /// How many files there are in the set.
    pub fn count(&self) -> u32 {
        self.count.parse().unwrap_or(0)
    }

    /// A pattern that all of the set match: `train-*-of-00010.tfrecord`.
    pub fn pattern(&self) -> String {
        format!("{}-*-of-{}{}", self.stem, self.count, self.end)
    }

    /// The name of number `number` of the set.
    fn named(&self, number: u32) -> String {
        format!("{}-{number:0width$}-of-{}{}", self.stem, self.count, self.end, width = self.digits.len())
    }
}

/// The names that are missing of each set of which one of `names` is, sets in the order of their names.
pub fn missing<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<Vec<String>> {
    let mut sets: BTreeMap<String, (Shard<'n>, BTreeSet<u32>)> = BTreeMap::new();
    for shard in names.into_iter().filter_map(Shard::of) {
        sets.entry(shard.pattern()).or_insert((shard, BTreeSet::new())).1.insert(shard.number());
    }
    let gone = |(shard, numbers): (Shard<'n>, BTreeSet<u32>)| {
        let count = shard.count();
        if count > MAX_COUNT {
            return Vec::new();
        }
        let from = u32::from(!numbers.contains(&0) && numbers.contains(&count));
        (from..count + from).filter(|number| !numbers.contains(number)).map(|number| shard.named(number)).collect()
    };
    sets.into_values().map(gone).filter(|gone: &Vec<String>| !gone.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let shard = Shard::of("a-of-b/train.record-00003-of-00010.gz").expect("one of a set");
        assert_eq!((shard.stem, shard.number(), shard.count(), shard.end), ("a-of-b/train.record", 3, 10, ".gz"));
        assert_eq!(shard.pattern(), "a-of-b/train.record-*-of-00010.gz");
        for name in ["train.tfrecord", "3-of-10", "a-x-of-10", "a-3-of-x", "a--of-", "a-3-of-99999999999"] {
            assert_eq!(Shard::of(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let names = ["b-00001-of-00003.x", "a-1-of-2", "b-00000-of-00003.x", "c-2-of-2", "d", "e-0-of-4000000000"];
        assert_eq!(missing(names), [vec!["a-0-of-2"], vec!["b-00002-of-00003.x"], vec!["c-1-of-2"]]);
        assert!(missing(["f-1-of-2", "f-2-of-2"]).is_empty(), "counted from 1");
    }
}
