//! Free attributes of objects: a list for each name (`image/object/attribute/NAME`), which is Model Garden's form.
//!
//! Where every object has a whole number under a name, the list is of int64, and Model Garden's decoder takes it; otherwise it is
//! of texts, empty where an object has none. A record none of whose objects has the attribute does not have the list.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::Feature;
use crate::dataset::Dataset;
use crate::formats::open_images::DEPICTION;

/// What stands before the name of an attribute.
pub const PREFIX: &str = "image/object/attribute/";
/// Attributes that are written; more are no table.
const MOST: usize = 256;
/// Bytes of a name, which stands in every record that has the attribute.
const NAME_LEN: usize = 1024;

/// An attribute that is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name in the dataset.
    pub name: String,
    /// Its key in records.
    pub key: String,
    /// Every object has it, as a whole number.
    pub whole: bool,
}

/// A value as a whole number, if it comes back from one as it is.
fn whole(value: &str) -> Option<i64> {
    value.parse::<i64>().ok().filter(|number| number.to_string() == value)
}

/// Whether an attribute has a key of its own ([`super::Columns::depiction`]).
pub fn is_depiction(name: &str, value: &str) -> bool {
    name == DEPICTION && value == "1"
}

/// The attribute that says how much an object counts in training; it has a key of its own as well ([`super::Columns::weight`]).
pub const WEIGHT: &str = "weight";

/// What an object's attribute [`WEIGHT`] says; not a number if that is no weight.
pub fn weight<Name: AsRef<str>>(attributes: &[(Name, Name)]) -> Option<f32> {
    let (_, value) = attributes.iter().find(|(name, _)| name.as_ref() == WEIGHT)?;
    Some(value.as_ref().parse().ok().filter(|weight: &f32| weight.is_finite() && *weight >= 0.0).unwrap_or(f32::NAN))
}

/// The attributes of the objects of the images `rows`, sorted by name: those that most objects have, if they are too many. And how
/// many objects have one that is left out: with another name, without a value, or twice.
pub fn planned(dataset: &Dataset, rows: impl Iterator<Item = usize>) -> (Vec<Attribute>, u64) {
    if dataset.objects.attributes.is_empty() {
        return (Vec::new(), 0);
    }
    let (mut found, mut objects): (BTreeMap<&str, (u64, bool)>, u64) = (BTreeMap::new(), 0);
    let rows: Vec<usize> = rows.flat_map(|row| dataset.objects_of(row)).collect();
    for row in &rows {
        objects += 1;
        let mut seen = HashSet::new();
        for (name, value) in of_object(dataset, *row).filter(|(_, value)| !value.is_empty()) {
            let (count, all_whole) = found.entry(name).or_insert((0, true));
            *count += u64::from(seen.insert(name));
            *all_whole &= whole(value).is_some();
        }
    }
    let mut names: Vec<(&str, u64, bool)> = found
        .into_iter()
        .filter(|(name, _)| name.len() <= NAME_LEN)
        .map(|(name, (count, all_whole))| (name, count, all_whole && count == objects))
        .collect();
    names.sort_by_key(|(name, count, _)| (std::cmp::Reverse(*count), *name));
    names.truncate(MOST);
    names.sort_unstable();
    let attribute = |(name, _, whole): (&str, u64, bool)| Attribute {
        name: name.to_owned(),
        key: format!("{PREFIX}{name}"),
        whole,
    };
    let attributes: Vec<Attribute> = names.into_iter().map(attribute).collect();
    let is_lost = |row: &&usize| {
        let mut seen = HashSet::new();
        of_object(dataset, **row)
            .any(|(name, value)| value.is_empty() || place(&attributes, name).is_none() || !seen.insert(name))
    };
    let lost = rows.iter().filter(is_lost).count() as u64;
    (attributes, lost)
}

fn place(attributes: &[Attribute], name: &str) -> Option<usize> {
    attributes.binary_search_by(|attribute| (*attribute.name).cmp(name)).ok()
}

/// The attributes of object `row` that have no key of their own.
fn of_object(dataset: &Dataset, row: usize) -> impl Iterator<Item = (&str, &str)> {
    let all = dataset.objects.attributes.get(row).map_or(&[][..], |all| all);
    all.iter().map(|(name, value)| (&**name, &**value)).filter(|(name, value)| !is_depiction(name, value))
}

/// The lists of an image, by the place of their attribute.
#[derive(Debug, Default)]
pub(super) struct AttributeColumns<'a> {
    lists: BTreeMap<usize, Vec<&'a str>>,
}

impl<'a> AttributeColumns<'a> {
    /// Adds those of object `row`, which is the image's object `number`.
    pub fn push(&mut self, dataset: &'a Dataset, row: usize, number: usize, attributes: &[Attribute]) {
        for (name, value) in of_object(dataset, row) {
            let Some(place) = place(attributes, name) else { continue };
            let list = self.lists.entry(place).or_default();
            // Of several the first counts.
            if list.len() <= number {
                list.resize(number, "");
                list.push(value);
            }
        }
    }

    /// Key and list of each, for `count` objects.
    pub fn features<'s>(
        &'s self,
        attributes: &'s [Attribute],
        count: usize,
    ) -> impl Iterator<Item = (&'s str, Feature<'s>)> {
        self.lists.iter().filter_map(move |(place, list)| {
            let Attribute { key, whole: is_whole, .. } = attributes.get(*place)?;
            let all = list.iter().copied().chain(std::iter::repeat_n("", count.saturating_sub(list.len())));
            let feature = match is_whole {
                true => Feature::Int64(Cow::Owned(all.map(|value| whole(value).unwrap_or_default()).collect())),
                false => Feature::Bytes(all.map(|value| Cow::Borrowed(value.as_bytes())).collect()),
            };
            Some((&**key, feature))
        })
    }
}
