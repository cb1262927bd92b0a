//! From what a reader found, in any order, to a [`Dataset`]: images sorted by key, keys unique, classes numbered.

use std::collections::{HashMap, HashSet};

use super::tree::{FileId, Tree};
use crate::dataset::{Class, Dataset, Image, NO_SOURCE, Object, Split};

/// An image with its objects. Their `class` is a place in what [`Builder::class`] gave, their `source` the number of a
/// file ([`FileId::number`]) that is not the image's.
#[derive(Debug)]
pub struct Entry {
    /// The image's file, where one was found.
    pub file: Option<FileId>,
    /// What stands for the key where there is no file.
    pub key: String,
    /// File name as the annotation says it.
    pub name: String,
    /// Width and height as the annotation says, or 0.
    pub size: (u32, u32),
    /// The source's split.
    pub split: Option<Split>,
    /// The annotation file and the line.
    pub source: Option<(FileId, u32)>,
    /// Its objects, in the source's order.
    pub objects: Vec<Object>,
}

/// Gathers entries.
#[derive(Debug, Default)]
pub struct Builder {
    entries: Vec<Entry>,
    classes: Vec<Class>,
    by_name: HashMap<Box<str>, u32>,
    ordered: bool,
}

impl Builder {
    /// Sets the classes in the source's own order, before any is used.
    pub fn set_classes(&mut self, names: impl IntoIterator<Item = String>) {
        names.into_iter().for_each(|name| {
            self.class(&name);
        });
        self.ordered = true;
    }

    /// The place of the class called `name`.
    pub fn class(&mut self, name: &str) -> u32 {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        let place = self.classes.len() as u32;
        self.classes.push(Class { name: name.to_owned(), source_id: None });
        self.by_name.insert(name.into(), place);
        place
    }

    /// Adds an image.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// The dataset: images by key, classes in the source's order or that of their first use.
    pub fn finish(mut self, tree: &Tree) -> Dataset {
        for entry in &mut self.entries {
            if let Some(file) = entry.file {
                entry.key = tree.path(file).to_owned();
            }
        }
        // Images that have a file first: their key is not given away to a name without one.
        self.entries.sort_by(|a, b| {
            (&a.key, a.file.is_none(), a.file, a.source).cmp(&(&b.key, b.file.is_none(), b.file, b.source))
        });
        let mut keys: HashSet<String> = HashSet::new();
        let mut renamed = false;
        for entry in &mut self.entries {
            if !keys.insert(entry.key.clone()) {
                entry.key = free_key(tree, entry, &keys);
                keys.insert(entry.key.clone());
                renamed = true;
            }
        }
        if renamed {
            self.entries.sort_by(|a, b| a.key.cmp(&b.key));
        }
        let mut dataset = Dataset {
            roots: tree.roots().to_vec(),
            classes: self.classes,
            classes_ordered: self.ordered,
            ..Dataset::default()
        };
        if !self.ordered {
            number_by_use(&mut dataset.classes, &mut self.entries);
        }
        let of_objects = self.entries.iter().flat_map(|entry| &entry.objects).filter_map(|object| object.source);
        let mut sources: Vec<FileId> = self.entries.iter().filter_map(|entry| Some(entry.source?.0)).collect();
        sources.extend(of_objects.map(FileId::from_number));
        sources.sort_unstable();
        sources.dedup();
        for source in &sources {
            dataset.sources.push(tree.path(*source));
        }
        let place_of = |file: FileId| sources.binary_search(&file).ok().map(|place| place as u32);
        for mut entry in self.entries {
            for object in &mut entry.objects {
                object.source = object.source.and_then(|number| place_of(FileId::from_number(number)));
            }
            let source = entry.source.and_then(|(file, line)| Some((place_of(file)?, line)));
            let image = Image {
                key: &entry.key,
                name: &entry.name,
                file: entry.file.map(|file| (tree.file(file).root, tree.path_to_open(file))),
                size: entry.size,
                split: entry.split,
                source: source.unwrap_or((NO_SOURCE, 0)),
            };
            dataset.push(&image, entry.objects);
        }
        dataset
    }
}

/// Numbers classes by their first use in the order of the images; a class that nobody uses is left out.
fn number_by_use(classes: &mut Vec<Class>, entries: &mut [Entry]) {
    let mut places: Vec<Option<u32>> = vec![None; classes.len()];
    let mut order = Vec::new();
    for object in entries.iter_mut().flat_map(|entry| &mut entry.objects) {
        let Some(place) = places.get_mut(object.class as usize) else { continue };
        object.class = *place.get_or_insert_with(|| {
            order.push(object.class);
            order.len() as u32 - 1
        });
    }
    *classes = order.into_iter().filter_map(|class| classes.get(class as usize).cloned()).collect();
}

/// A key for an image whose own is taken: with the name of its root before it, or a number behind it.
fn free_key(tree: &Tree, entry: &Entry, taken: &HashSet<String>) -> String {
    let root = entry.file.map(|file| tree.root_name(tree.file(file).root)).filter(|root| !root.is_empty());
    let with_root = root.map(|root| format!("{root}/{}", entry.key)).filter(|key| !taken.contains(key));
    with_root.unwrap_or_else(|| {
        let mut number = 2;
        loop {
            let key = format!("{}#{number}", entry.key);
            if !taken.contains(&key) {
                return key;
            }
            number += 1;
        }
    })
}
