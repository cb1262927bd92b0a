//! From what a reader found, in any order, to a [`Dataset`]: images sorted by key, keys unique, classes numbered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::tree::{FileId, Tree};
use crate::dataset::{Class, Dataset, Image, Keep, NO_SOURCE, Object, Objects, Split};

/// An image on its way, without its objects.
#[derive(Debug, Default)]
pub struct Entry {
    /// The image's file, where one was found.
    pub file: Option<FileId>,
    /// Where in the file its bytes are.
    pub bytes: Bytes,
    /// What stands for the key where there is no file, or the image is a part of one.
    pub key: String,
    /// File name as the annotation says it.
    pub name: String,
    /// Width and height as the annotation says, or 0.
    pub size: (u32, u32),
    /// The source's split.
    pub split: Option<Split>,
    /// The annotation file and the line.
    pub source: Option<(FileId, u32)>,
    /// The source's own number.
    pub id: Option<i64>,
    /// Where it can be fetched.
    pub url: Option<Box<str>>,
    /// Sentences about it.
    pub captions: Vec<Box<str>>,
    /// Classes of the whole image: places that [`Builder::class`] gave.
    pub labels: Vec<u32>,
    /// Regions that nobody has looked into.
    pub ignored: Vec<[f64; 4]>,
    /// Its place in the source's order, if that is not the order of entries.
    pub rank: Option<u32>,
}

/// Where the bytes of an image are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bytes {
    /// They are its file.
    #[default]
    Whole,
    /// They are a part of its file: the first byte, and how many.
    Part([u64; 2]),
    /// They are a part of the file that [`super::spill`] made.
    Spilled([u64; 2]),
}

/// Gathers images and objects. An object's `class` is a place that [`Builder::class`] gave, its `source` the number of a
/// file ([`FileId::number`]) that is not the image's.
#[derive(Debug, Default)]
pub struct Builder {
    entries: Vec<Entry>,
    objects: Objects,
    /// The image of each object.
    owners: Vec<u32>,
    classes: Vec<Class>,
    by_name: HashMap<Box<str>, u32>,
    ordered: bool,
    /// Files that are annotations too, though no entry is from them.
    others: Vec<FileId>,
}

impl Builder {
    /// Sets the classes in the source's own order, before any is used.
    pub fn set_classes(&mut self, names: impl IntoIterator<Item = String>) {
        names.into_iter().for_each(|name| {
            self.class(&name);
        });
        self.order_classes();
    }

    /// Says that the source gives the order of the classes, as they are so far.
    pub fn order_classes(&mut self) {
        self.ordered = true;
    }

    /// Says of files that they are annotations, whether an entry is from them or not.
    pub fn add_sources(&mut self, files: impl IntoIterator<Item = FileId>) {
        self.others.extend(files);
    }

    /// The place of the class called `name`.
    pub fn class(&mut self, name: &str) -> u32 {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        let place = self.classes.len() as u32;
        self.classes.push(Class::named(name));
        self.by_name.insert(name.into(), place);
        place
    }

    /// The class at `place`, to say more of it than its name.
    pub fn class_mut(&mut self, place: u32) -> Option<&mut Class> {
        self.classes.get_mut(place as usize)
    }

    /// Adds an image with its objects, in the source's order, and gives its number.
    pub fn push(&mut self, entry: Entry, objects: impl IntoIterator<Item = Object>) -> u32 {
        let image = self.next();
        self.entries.push(entry);
        for object in objects {
            self.objects.push(object);
            self.owners.push(image);
        }
        image
    }

    /// The number that the next image gets.
    pub fn next(&self) -> u32 {
        self.entries.len() as u32
    }

    /// The image of a number that [`Builder::push`] gave.
    pub fn entry_mut(&mut self, image: u32) -> Option<&mut Entry> {
        self.entries.get_mut(image as usize)
    }

    /// Adds objects of images that were added before: their numbers stand in `owners`, [`Builder::NOBODY`] for one that is
    /// left out. Those of one image stay in this order.
    pub fn extend(&mut self, objects: Objects, owners: impl IntoIterator<Item = u32>) {
        self.objects.append(objects);
        self.owners.extend(owners);
        self.owners.resize(self.objects.len(), Self::NOBODY);
    }

    /// The image of an object that is left out.
    pub const NOBODY: u32 = u32::MAX;

    /// The dataset: images by key, classes in the source's order or that of their first use.
    pub fn finish(mut self, tree: &Tree) -> Dataset {
        for entry in &mut self.entries {
            if let Some(file) = entry.file.filter(|_| entry.bytes == Bytes::Whole) {
                entry.key = tree.path(file).to_owned();
            }
        }
        let mut entries = self.entries;
        // Images that have a file first: their key is not given away to a name without one.
        let mut order = by_key(&entries);
        let same_key = |pair: &[u32]| entries[pair[0] as usize].key == entries[pair[1] as usize].key;
        if order.windows(2).any(same_key) {
            make_unique(tree, &order, &mut entries);
            order = by_key(&entries);
        }
        let (mut objects, counts) = by_image(self.objects, &self.owners, &order);
        let mut dataset = Dataset {
            roots: tree.roots().to_vec(),
            classes: self.classes,
            classes_ordered: self.ordered,
            kept: tree.archives().map(|archive| Arc::clone(archive) as Arc<dyn Keep>).collect(),
            ..Dataset::default()
        };
        if !self.ordered {
            number_by_use(&mut dataset.classes, &mut objects, &counts, &order, &mut entries);
        }
        let mut sources: Vec<FileId> = entries.iter().filter_map(|entry| Some(entry.source?.0)).collect();
        sources.extend(objects.source.iter().map(|(_, number)| FileId::from_number(*number)));
        sources.sort_unstable();
        sources.dedup();
        for source in &sources {
            dataset.sources.push(tree.path(*source));
        }
        // Last, so that the first are those that say something.
        self.others.retain(|file| sources.binary_search(file).is_err());
        self.others.sort_unstable();
        self.others.dedup();
        for source in &self.others {
            dataset.sources.push(tree.path(*source));
        }
        let place_of = |file: FileId| sources.binary_search(&file).map_or(NO_SOURCE, |place| place as u32);
        for source in objects.source.values_mut() {
            *source = place_of(FileId::from_number(*source));
        }
        for (number, count) in order.into_iter().zip(counts) {
            let entry = &mut entries[number as usize];
            let own = entry.file.map(|file| (tree.file(file).root, tree.path_to_open(file)));
            let (file, span) = match entry.bytes {
                Bytes::Whole => (own, None),
                Bytes::Part(span) => (own, Some(span)),
                Bytes::Spilled(span) => (Some((tree.roots().len() as u16, super::spill::NAME)), Some(span)),
            };
            let image = Image {
                key: &entry.key,
                name: &entry.name,
                file,
                span,
                size: entry.size,
                split: entry.split,
                source: entry.source.map_or((NO_SOURCE, 0), |(file, line)| (place_of(file), line)),
                rank: entry.rank.unwrap_or(number),
                id: entry.id,
                url: entry.url.take(),
                captions: std::mem::take(&mut entry.captions),
                labels: std::mem::take(&mut entry.labels),
                ignored: std::mem::take(&mut entry.ignored),
            };
            dataset.push_image(image, count as usize);
        }
        dataset.objects = objects;
        dataset
    }
}

/// Numbers of the entries in the order of their keys; of the same key, one with a file first.
fn by_key(entries: &[Entry]) -> Vec<u32> {
    // The next 16 bytes behind what all keys begin with decide most comparisons without a look at the keys themselves.
    let common = entries.iter().fold(None, |common: Option<&[u8]>, entry| {
        let key = entry.key.as_bytes();
        Some(common.map_or(key, |common| &key[..common.iter().zip(key).take_while(|(a, b)| a == b).count()]))
    });
    let common = common.map_or(0, <[u8]>::len);
    let start_of = |entry: &Entry| {
        let mut start = [0; 16];
        start.iter_mut().zip(&entry.key.as_bytes()[common..]).for_each(|(room, byte)| *room = *byte);
        u128::from_be_bytes(start)
    };
    let mut order: Vec<(u128, u32)> = entries.iter().map(start_of).zip(0..).collect();
    let rank = |number: u32| {
        let entry = &entries[number as usize];
        (&entry.key, entry.file.is_none(), entry.file, entry.source)
    };
    order.sort_by(|(a_start, a), (b_start, b)| a_start.cmp(b_start).then_with(|| rank(*a).cmp(&rank(*b))));
    order.into_iter().map(|(_, number)| number).collect()
}

/// Gives a key of its own to each entry whose key one before it in `order` has.
fn make_unique(tree: &Tree, order: &[u32], entries: &mut [Entry]) {
    let mut keys: HashSet<String> = HashSet::with_capacity(entries.len());
    for number in order {
        let entry = &mut entries[*number as usize];
        if !keys.insert(entry.key.clone()) {
            entry.key = free_key(tree, entry, &keys);
            keys.insert(entry.key.clone());
        }
    }
}

/// Objects in the order of their images, and how many each image has. Nothing is moved where they are in order already.
fn by_image(objects: Objects, owners: &[u32], order: &[u32]) -> (Objects, Vec<u32>) {
    let mut place_of = vec![0; order.len()];
    for (place, number) in (0u32..).zip(order) {
        place_of[*number as usize] = place;
    }
    let mut counts = vec![0u32; order.len()];
    let image_of = |owner: &u32| place_of.get(*owner as usize).map(|image| *image as usize);
    owners.iter().filter_map(image_of).for_each(|image| counts[image] += 1);
    let mut next = 0;
    let mut starts: Vec<u32> = counts
        .iter()
        .map(|count| {
            next += count;
            next - count
        })
        .collect();
    let mut in_order = next as usize == owners.len();
    let rows: Vec<Option<u32>> = owners
        .iter()
        .zip(0u32..)
        .map(|(owner, before)| {
            let start = &mut starts[image_of(owner)?];
            let row = *start;
            *start += 1;
            in_order &= row == before;
            Some(row)
        })
        .collect();
    (if in_order { objects } else { objects.moved(&rows, next as usize) }, counts)
}

/// Numbers classes by their first use in the order of the images; a class that nobody uses is left out.
fn number_by_use(
    classes: &mut Vec<Class>,
    objects: &mut Objects,
    counts: &[u32],
    order: &[u32],
    entries: &mut [Entry],
) {
    let mut places: Vec<Option<u32>> = vec![None; classes.len()];
    let mut used = Vec::new();
    let mut number = |class: &mut u32| {
        let Some(place) = places.get_mut(*class as usize) else { return };
        *class = *place.get_or_insert_with(|| {
            used.push(*class);
            used.len() as u32 - 1
        });
    };
    let mut of_objects = objects.class.iter_mut();
    for (image, count) in order.iter().zip(counts) {
        entries[*image as usize].labels.iter_mut().for_each(&mut number);
        of_objects.by_ref().take(*count as usize).for_each(&mut number);
    }
    *classes = used.into_iter().filter_map(|class| classes.get(class as usize).cloned()).collect();
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
