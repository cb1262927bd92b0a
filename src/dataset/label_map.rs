//! Class names and the numbers that stand for them in records.

use std::collections::HashMap;

/// One class of a label map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Number in the records, >= 1 (0 is the background).
    pub id: i64,
    /// Name in the records.
    pub name: String,
    /// Name for people, where it is another.
    pub display_name: Option<String>,
}

/// Classes by id. Ids and names are unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelMap {
    labels: Vec<Label>,
    by_name: HashMap<String, i64>,
}

/// Why a list of labels is no label map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelMapError {
    /// 0 and below mean background or nothing.
    #[error("class {name:?} has id {id}, ids start at 1")]
    IdBelowOne {
        /// The class.
        name: String,
        /// Its id.
        id: i64,
    },
    /// Two classes have one id.
    #[error("classes {first:?} and {second:?} have the same id {id}")]
    SameId {
        /// The first in order.
        first: String,
        /// The second in order.
        second: String,
        /// The id of both.
        id: i64,
    },
    /// One name has two ids.
    #[error("class {name:?} stands twice, with ids {first} and {second}")]
    SameName {
        /// The class.
        name: String,
        /// The smaller id.
        first: i64,
        /// The larger id.
        second: i64,
    },
}

impl LabelMap {
    /// A map of `labels`, sorted by id.
    pub fn new(mut labels: Vec<Label>) -> Result<Self, LabelMapError> {
        labels.sort_by_key(|label| label.id);
        if let Some(label) = labels.first().filter(|label| label.id < 1) {
            return Err(LabelMapError::IdBelowOne { name: label.name.clone(), id: label.id });
        }
        if let Some(pair) = labels.windows(2).find(|pair| pair[0].id == pair[1].id) {
            let [first, second] = [0, 1].map(|index| pair[index].name.clone());
            return Err(LabelMapError::SameId { first, second, id: pair[0].id });
        }
        let mut by_name = HashMap::new();
        for label in &labels {
            if let Some(first) = by_name.insert(label.name.clone(), label.id) {
                return Err(LabelMapError::SameName { name: label.name.clone(), first, second: label.id });
            }
        }
        Ok(Self { labels, by_name })
    }

    /// The labels, by id.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The id of class `name`.
    pub fn id(&self, name: &str) -> Option<i64> {
        self.by_name.get(name).copied()
    }

    /// The label with `id`.
    pub fn label(&self, id: i64) -> Option<&Label> {
        self.labels.binary_search_by_key(&id, |label| label.id).ok().map(|index| &self.labels[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: i64, name: &str) -> Label {
        Label { id, name: name.into(), display_name: None }
    }

    #[test]
    fn refuses_what_training_would_trip_over() {
        assert!(matches!(LabelMap::new(vec![label(0, "a")]), Err(LabelMapError::IdBelowOne { id: 0, .. })));
        assert!(matches!(LabelMap::new(vec![label(2, "a"), label(2, "b")]), Err(LabelMapError::SameId { id: 2, .. })));
        assert!(matches!(LabelMap::new(vec![label(1, "a"), label(2, "a")]), Err(LabelMapError::SameName { .. })));
    }

    #[test]
    fn finds_both_ways_across_gaps() {
        let map = LabelMap::new(vec![label(90, "z"), label(3, "c")]).expect("unique");
        assert_eq!((map.id("z"), map.id("x")), (Some(90), None));
        assert_eq!(map.label(3).map(|label| label.name.as_str()), Some("c"));
        assert_eq!(map.label(4), None);
    }
}
