//! Which class a record means: by its text, or by its number in the label map beside the files.

use std::collections::BTreeMap;

use super::record::{ClassKey, Found};
use crate::dataset::{ClassNumber, Place, ProblemKind, Problems, Split};
use crate::formats::builder::Builder;
use crate::formats::label_map;
use crate::formats::text;
use crate::formats::tree::{FileId, Tree, file_name};

/// Size of a label map that is still read.
const LIMIT: u64 = 16 << 20;
/// How TensorFlow Datasets calls the names of a feature `label`, and of one of its objects.
const TFDS_END: &str = "label.labels.txt";

/// How often a class stands in records, and the first that has it.
struct Use {
    count: u64,
    record: usize,
}

/// Names of classes by their numbers, as files beside the records say.
#[derive(Debug, Default)]
pub struct KnownLabels {
    names: BTreeMap<i64, String>,
    /// The files that they are from.
    read: Vec<String>,
}

impl KnownLabels {
    /// Reads the label maps beside the record `files`.
    pub fn read(tree: &Tree, files: &[FileId], problems: &mut Problems, remarks: &mut Vec<String>) -> Self {
        let mut known = Self::default();
        for (id, file) in tree.files() {
            let name = file_name(&file.path);
            let is_map = name.ends_with(".pbtxt") || name.ends_with(".labels.txt") || name == "labels.txt";
            if !is_map || files.contains(&id) {
                continue;
            }
            let content = match tree.read(id, LIMIT) {
                Ok(content) => content,
                Err(error) => {
                    problems.push(ProblemKind::IgnoredField, Place::file(&*file.path), error.to_string());
                    continue;
                }
            };
            let content = text::decode(&content).text;
            let pairs: Vec<(i64, String)> = match name.ends_with(".pbtxt") {
                true => match label_map::parse(&content) {
                    Ok((map, _)) => map.labels().iter().map(|label| (label.id, label.name.clone())).collect(),
                    Err(fault) => {
                        let message = format!("no label map: {fault}");
                        problems.push(ProblemKind::IgnoredField, Place::line(&*file.path, fault.line()), message);
                        continue;
                    }
                },
                false if name.ends_with(TFDS_END) => plain(&content),
                false => listed(&content),
            };
            for (id, name) in pairs.into_iter().filter(|(_, name)| !name.is_empty()) {
                match known.names.get(&id) {
                    Some(before) if *before != name => {
                        let message =
                            format!("class {id} is {name:?} here and {before:?} in {}", known.read.join(", "));
                        problems.push(ProblemKind::IgnoredField, Place::file(&*file.path), message);
                    }
                    Some(_) => {}
                    None => drop(known.names.insert(id, name)),
                }
            }
            known.read.push(file.path.to_string());
        }
        if !known.read.is_empty() {
            remarks.push(format!("names of classes: {}", known.read.join(", ")));
        }
        known
    }

    /// Gives every class of `records` its place in `builder`: those of the label map in its order, then others by number, then
    /// by name.
    pub fn classes(
        &self,
        tree: &Tree,
        records: &[(FileId, Option<Split>, Found)],
        builder: &mut Builder,
        problems: &mut Problems,
    ) -> (BTreeMap<ClassKey, u32>, Vec<ClassNumber>) {
        builder.set_classes([]);
        for (id, name) in &self.names {
            let place = builder.class(name);
            set_id(builder, place, *id);
        }
        let mut keys: BTreeMap<&ClassKey, Use> = BTreeMap::new();
        for (record, (_, _, found)) in records.iter().enumerate() {
            for key in found.boxes.iter().map(|(key, _)| key).chain(&found.labels) {
                keys.entry(key).or_insert(Use { count: 0, record }).count += 1;
            }
        }
        self.compare(keys.keys().copied(), problems);
        // Pictures have numbers alone, whose names boxes may say.
        let named = keys.keys().filter_map(|key| Some((key.label?, key.text.as_deref()?)));
        let named: BTreeMap<i64, &str> = named.collect();
        let mut places = BTreeMap::new();
        let mut numbers = Vec::new();
        for (key, Use { count, record }) in keys {
            let known = key.label.and_then(|label| self.names.get(&label));
            let by_boxes = || named.get(&key.label?).map(|name| (*name).to_owned());
            let by_number = || key.label.map(|label| label.to_string());
            let name = key.text.as_deref().map(str::to_owned).or_else(|| known.cloned());
            let name = name.or_else(by_boxes).or_else(by_number);
            let place = builder.class(&name.unwrap_or_default());
            if let Some(label) = key.label {
                set_id(builder, place, label);
            }
            places.insert(key.clone(), place);
            let first = records
                .get(record)
                .map_or_else(String::new, |(file, _, found)| format!("{}: record {}", tree.path(*file), found.number));
            numbers.push(ClassNumber { class: place, number: key.label, count, first });
        }
        (places, numbers)
    }

    /// The class of a number in a picture, which is one of `places`, by which records call theirs, or of the label map.
    pub fn of_number(&self, number: i64, places: &BTreeMap<ClassKey, u32>) -> Option<u32> {
        let from = ClassKey { label: Some(number), text: None };
        let by_records = places.range(from..).next().filter(|(key, _)| key.label == Some(number));
        let by_text = || {
            let text = Some(self.names.get(&number)?.as_str().into());
            places.get(&ClassKey { label: None, text }).copied()
        };
        by_records.map(|(_, place)| *place).or_else(by_text)
    }

    /// The same, as a new class of `builder` where records have none.
    pub fn class_of_number(&self, number: i64, places: &BTreeMap<ClassKey, u32>, builder: &mut Builder) -> u32 {
        self.of_number(number, places).unwrap_or_else(|| {
            let place = builder.class(&self.names.get(&number).cloned().unwrap_or_else(|| number.to_string()));
            set_id(builder, place, number);
            place
        })
    }
}

/// A name per line, from 0, as TensorFlow Datasets reads its own files.
fn plain(content: &str) -> Vec<(i64, String)> {
    (0..).zip(content.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)).collect()
}

/// A name per line, from 0; TF-Slim writes the number before each (`0:daisy`).
fn listed(content: &str) -> Vec<(i64, String)> {
    let lines = content.lines().map(str::trim);
    let numbered = |line: &str| {
        let (number, name) = line.split_once(':')?;
        Some((number.trim().parse().ok()?, name.trim().to_owned()))
    };
    let pairs: Option<Vec<(i64, String)>> = lines.clone().filter(|line| !line.is_empty()).map(numbered).collect();
    pairs.unwrap_or_else(|| (0..).zip(lines.map(str::to_owned)).collect())
}

impl KnownLabels {
    /// Says where records and label map, or records among themselves, do not agree.
    fn compare<'k>(&self, keys: impl Iterator<Item = &'k ClassKey>, problems: &mut Problems) {
        let place = || Place::file(self.read.first().map_or("", String::as_str));
        let mut texts: BTreeMap<i64, &str> = BTreeMap::new();
        for key in keys {
            let Some(label) = key.label else { continue };
            let known = self.names.get(&label);
            let message = match (&key.text, known) {
                (Some(text), Some(known)) if **text != *known => {
                    format!("class {label} is {known:?} here, and {text:?} in records, whose names are taken")
                }
                (None, None) if !self.names.is_empty() => {
                    format!("class {label} of records is not there; it is called {label}")
                }
                (Some(text), None) => match texts.insert(label, text) {
                    Some(other) if other != &**text => format!("records call class {label} {other:?} and {text:?}"),
                    _ => continue,
                },
                _ => continue,
            };
            problems.push(ProblemKind::IgnoredField, place(), message);
        }
    }
}

/// The names of the keypoints of each class; none where objects of it have other ones.
#[derive(Debug, Default)]
pub struct PointNames {
    of: BTreeMap<ClassKey, Vec<Box<str>>>,
}

impl PointNames {
    /// Adds what a record says of one class.
    pub fn add(&mut self, key: ClassKey, names: Vec<Box<str>>) {
        agree(&mut self.of, key, names);
    }

    /// Adds what another file says.
    pub fn append(&mut self, other: Self) {
        other.of.into_iter().for_each(|(key, names)| self.add(key, names));
    }

    /// Tells them to the classes of `builder`, by the places of `classes`.
    pub fn tell(self, classes: &BTreeMap<ClassKey, u32>, builder: &mut Builder) {
        let mut of_place = BTreeMap::new();
        for (key, names) in self.of {
            if let Some(place) = classes.get(&key) {
                agree(&mut of_place, *place, names);
            }
        }
        for (place, names) in of_place {
            if let Some(class) = builder.class_mut(place) {
                class.keypoints = names.into_iter().map(String::from).collect();
            }
        }
    }
}

fn agree<K: Ord>(all: &mut BTreeMap<K, Vec<Box<str>>>, key: K, names: Vec<Box<str>>) {
    let before = all.entry(key).or_insert_with(|| names.clone());
    if *before != names {
        before.clear();
    }
}

fn set_id(builder: &mut Builder, place: u32, id: i64) {
    if let Some(class) = builder.class_mut(place) {
        class.source_id.get_or_insert(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names() {
        let of =
            |content: &str| listed(content).into_iter().map(|(id, name)| format!("{id}={name}")).collect::<Vec<_>>();
        assert_eq!(of("daisy\nrose\n"), ["0=daisy", "1=rose"]);
        assert_eq!(of("0:daisy\r\n2: red rose\n\n"), ["0=daisy", "2=red rose"]);
        assert_eq!(of("0:daisy\nrose"), ["0=0:daisy", "1=rose"]);
        assert_eq!(plain("4:cat\r\n\n5:dog\n"), [(0, "4:cat".to_owned()), (1, "5:dog".to_owned())]);
    }
}
