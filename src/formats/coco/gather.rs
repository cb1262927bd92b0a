//! From the lists of all files to one dataset: ids are looked up, images of several files joined.

use std::collections::HashSet;
use std::collections::hash_map::{Entry as Slot, HashMap};

use super::Lists;
use super::elements::{CategoryElement, ImageElement};
use super::join::{self, Listed};
use super::panoptic;
use super::parse::Annotations;
use crate::dataset::{Dataset, Objects, Place, ProblemKind, Problems, Skipped, Split};
use crate::formats::builder::{Builder, Entry};
use crate::formats::images::{Asker, Matcher};
use crate::formats::json::scalar::Id;
use crate::formats::splits;
use crate::formats::text;
use crate::formats::tree::{FileId, Tree};

/// All files, as far as they were read.
pub struct Gathered<'t> {
    tree: &'t Tree,
    matcher: Matcher<'t>,
    builder: Builder,
    /// Numbers of images by their file, or by the name that no file was found for.
    by_file: HashMap<FileId, u32>,
    by_name: HashMap<String, u32>,
    listed: Vec<Listed>,
    /// Images that several files list.
    shared: HashSet<u32>,
    skipped: Skipped,
    outlines_unread: u64,
    /// Files without any annotation, with the number of their images.
    bare: Vec<(FileId, usize)>,
}

/// A file that is being added.
struct File<'a> {
    id: FileId,
    path: &'a str,
    split: Option<Split>,
    images: HashMap<Id, Known>,
    /// Places of its categories.
    classes: HashMap<Id, u32>,
}

/// Numbers of a file's images: those from `start` on, and some that files before it have.
struct Ours {
    start: u32,
    before: HashSet<u32>,
}

/// An id of a file's list of images.
#[derive(Clone, Copy)]
struct Known {
    /// Where in the list it stands.
    place: u32,
    /// The image's number; for one that cannot be used, why.
    number: Result<u32, ProblemKind>,
}

/// What ids stand for, with a table for those that are small numbers, as nearly all are: a file has ten times as many annotations
/// as images, and hashing the ids of each would take as long as parsing it.
struct Direct<'m, T> {
    small: Vec<Option<T>>,
    all: &'m HashMap<Id, T>,
}

impl<'m, T: Copy> Direct<'m, T> {
    fn new(all: &'m HashMap<Id, T>) -> Self {
        let place = |id: &Id| match id {
            Id::Number(number) => usize::try_from(*number).ok(),
            Id::Text(_) => None,
        };
        let end = all.keys().filter_map(place).max().map_or(0, |last| last.saturating_add(1));
        // COCO's own ids are one in five.
        let mut small = vec![None; end.min(16 * all.len())];
        for (id, value) in all {
            if let Some(slot) = place(id).and_then(|place| small.get_mut(place)) {
                *slot = Some(*value);
            }
        }
        Self { small, all }
    }

    fn get(&self, id: &Id) -> Option<T> {
        match id {
            Id::Number(number) => match usize::try_from(*number).ok().and_then(|place| self.small.get(place)) {
                Some(slot) => *slot,
                None => self.all.get(id).copied(),
            },
            Id::Text(_) => self.all.get(id).copied(),
        }
    }
}

impl File<'_> {
    fn owner(&self, image: &Id) -> Option<Result<u32, ProblemKind>> {
        Some(self.images.get(image)?.number)
    }

    fn place(&self, line: u32) -> Place {
        Place::line(self.path, line)
    }
}

impl<'t> Gathered<'t> {
    pub fn new(tree: &'t Tree) -> Self {
        let mut builder = Builder::default();
        builder.set_classes([]);
        Self {
            tree,
            matcher: Matcher::among(tree, |path| !panoptic::is_picture(path)),
            builder,
            by_file: HashMap::new(),
            by_name: HashMap::new(),
            listed: Vec::new(),
            shared: HashSet::new(),
            skipped: Skipped::default(),
            outlines_unread: 0,
            bare: Vec::new(),
        }
    }

    /// Whether an image is in a list.
    pub fn has(&self, image: FileId) -> bool {
        self.by_file.contains_key(&image)
    }

    /// Adds what a file lists.
    pub fn add(&mut self, id: FileId, lists: Lists, problems: &mut Problems) {
        let path = self.tree.path(id);
        let Lists { images, categories, annotations, results, skipped, .. } = lists;
        self.skipped.add(&skipped);
        let split = splits::of_annotation_file(self.tree, path);
        let mut file = File { id, path, split, images: HashMap::new(), classes: HashMap::new() };
        self.classes(&mut file, categories, &annotations, problems);
        self.images(&mut file, &images, problems);
        if annotations.is_empty() && results.is_empty() && !file.images.is_empty() {
            self.bare.push((id, file.images.len()));
        }
        self.annotations(&file, annotations, false, problems);
        for (other, annotations) in results {
            file = File { id: other, path: self.tree.path(other), ..file };
            self.annotations(&file, annotations, true, problems);
        }
    }

    /// Takes the categories, but for a first one that is the name of the project alone.
    fn classes(
        &mut self,
        file: &mut File<'_>,
        categories: Vec<(CategoryElement, u32)>,
        annotations: &Annotations,
        problems: &mut Problems,
    ) {
        let parents: HashSet<String> =
            categories.iter().filter_map(|(category, _)| category.supercategory.clone()).collect();
        let root = Id::Number(0);
        let unused =
            |id: &Id| !annotations.categories.contains(id) && annotations.labels.iter().all(|(_, c, _)| c != id);
        let mut names: HashSet<String> = HashSet::new();
        for (category, line) in categories {
            let whole = category.name.as_deref().unwrap_or_default();
            let name = text::trim(whole);
            let Some(id) = category.id else {
                problems.push(ProblemKind::BadEntry, file.place(line), format!("category {name:?}: there is no id"));
                continue;
            };
            if name.is_empty() {
                problems.push(ProblemKind::BadEntry, file.place(line), format!("category {id}: there is no name"));
                continue;
            }
            if id == root && parents.contains(name) && unused(&id) {
                continue;
            }
            let place = self.builder.class(whole);
            if !names.insert(name.to_owned()) {
                let message = format!("category {id}: another one is called {name:?} too; they are one class");
                problems.push(ProblemKind::RepeatedEntry, file.place(line), message);
            }
            if let Some(class) = self.builder.class_mut(place) {
                if let Id::Number(number) = id {
                    class.source_id.get_or_insert(number);
                }
                if class.supercategory.is_empty() {
                    class.supercategory = category.supercategory.unwrap_or_default();
                }
                class.stuff |= category.isthing == Some(false);
                if class.keypoints.is_empty() {
                    class.keypoints = category.keypoints;
                    let zero_based = |[a, b]: [u32; 2]| Some([a.checked_sub(1)?, b.checked_sub(1)?]);
                    class.skeleton = category.skeleton.into_iter().filter_map(zero_based).collect();
                }
            }
            file.classes.insert(id, place);
        }
    }

    fn images(&mut self, file: &mut File<'_>, images: &[(ImageElement, u32)], problems: &mut Problems) {
        let mut known: HashMap<Id, Known> = HashMap::with_capacity(images.len());
        let mut accepted = Vec::with_capacity(images.len());
        for (place, (image, line)) in (0u32..).zip(images) {
            let Some(id) = &image.id else {
                problems.push(ProblemKind::BadEntry, file.place(*line), "image: there is no id");
                self.skipped.image(ProblemKind::BadEntry.word(), 0);
                continue;
            };
            let Some(name) = name_of(image) else {
                problems.push(ProblemKind::BadEntry, file.place(*line), format!("image {id}: there is no file_name"));
                self.skipped.image(ProblemKind::BadEntry.word(), 0);
                known.insert(id.clone(), Known { place, number: Err(ProblemKind::BadEntry) });
                continue;
            };
            let slot = known.entry(id.clone());
            let before = match &slot {
                Slot::Occupied(before) => images.get(before.get().place as usize).and_then(|(image, _)| name_of(image)),
                Slot::Vacant(_) => None,
            };
            if let Some(before) = before {
                let (kind, message) = if before == name {
                    (ProblemKind::RepeatedEntry, format!("image {id} stands twice; taken once"))
                } else {
                    (ProblemKind::DuplicateImage, format!("image {id} is {before:?} already; {name:?} is not taken"))
                };
                problems.push(kind, file.place(*line), message);
                if kind == ProblemKind::DuplicateImage {
                    self.skipped.image(kind.word(), 0);
                }
                continue;
            }
            slot.insert_entry(Known { place, number: Err(ProblemKind::BadEntry) });
            accepted.push((image, id, (name, Asker { path: file.path, split: file.split }, *line)));
        }
        let names: Vec<_> = accepted.iter().map(|(_, _, name)| *name).collect();
        let files = self.matcher.look_up_all(&names, problems);
        let mut ours = Ours { start: self.builder.next(), before: HashSet::new() };
        for ((image, id, (name, _, line)), found) in accepted.into_iter().zip(files) {
            let of_folder = || splits::of_folders(self.tree, self.tree.path(found?));
            let size = [image.width, image.height].map(pixels);
            let entry = Entry {
                file: found,
                key: name.replace('\\', "/"),
                name: name.to_owned(),
                size: if size.contains(&0) { (0, 0) } else { size.into() },
                split: file.split.or_else(of_folder),
                source: Some((file.id, line)),
                id: match id {
                    Id::Number(number) => Some(*number),
                    Id::Text(_) => None,
                },
                url: url_of(image).map(Into::into),
                ..Entry::default()
            };
            let number = self.image(file, entry, id, line, &mut ours, problems);
            if let Some(known) = known.get_mut(id) {
                known.number = number;
            }
        }
        file.images = known;
    }

    /// The number of an image, which another file may have listed; an error if it is in another split there.
    fn image(
        &mut self,
        file: &File<'_>,
        entry: Entry,
        id: &Id,
        line: u32,
        ours: &mut Ours,
        problems: &mut Problems,
    ) -> Result<u32, ProblemKind> {
        let next = self.builder.next();
        let number = match entry.file {
            Some(found) => *self.by_file.entry(found).or_insert(next),
            None => *self.by_name.entry(entry.key.clone()).or_insert(next),
        };
        if number == next {
            return Ok(self.builder.push(entry, []));
        }
        if number >= ours.start || !ours.before.insert(number) {
            let message = format!("image {id}: {:?} has another id already; they are one image", entry.name);
            problems.push(ProblemKind::RepeatedEntry, file.place(line), message);
            return Ok(number);
        }
        let Some(before) = self.builder.entry_mut(number) else { return Ok(number) };
        if let (Some(here), Some(there)) = (entry.split, before.split)
            && here != there
        {
            let message = format!("image {id}: {:?} is in {here} here, and in {there} in another file", entry.name);
            problems.push(ProblemKind::DuplicateImage, file.place(line), message);
            return Err(ProblemKind::DuplicateImage);
        }
        before.split = before.split.or(entry.split);
        before.id = before.id.or(entry.id);
        if before.size == (0, 0) {
            before.size = entry.size;
        }
        self.shared.insert(number);
        Ok(number)
    }

    fn annotations(&mut self, file: &File<'_>, annotations: Annotations, foreign: bool, problems: &mut Problems) {
        let Annotations { mut objects, images, categories, labels, captions, outlines_unread, .. } = annotations;
        self.outlines_unread += outlines_unread;
        let repeated = repeated(&objects, &images, &categories);
        for (row, id) in repeated.iter().filter_map(|row| Some((*row, objects.id.get(*row)?))) {
            let message = format!("annotation {id} stands twice; taken once");
            problems.push(ProblemKind::RepeatedEntry, file.place(objects.line[row]), message);
        }
        let skipped = &mut self.skipped;
        let mut say = |line: u32, object: Option<i64>, message: String| {
            let name = object.map_or_else(|| "annotation".to_owned(), |id| format!("annotation {id}"));
            problems.push(ProblemKind::BadEntry, file.place(line), format!("{name}: {message}"));
        };
        let no_image = |id: &Id| format!("its image {id} is not in the list of images");
        let no_category = |id: &Id| format!("its category {id} is not in the list of categories");
        let (known, classes) = (Direct::new(&file.images), Direct::new(&file.classes));
        let mut owners = Vec::with_capacity(images.len());
        let mut repeated = repeated.into_iter().peekable();
        for (row, (image, category)) in images.iter().zip(&categories).enumerate() {
            if repeated.next_if_eq(&row).is_some() {
                owners.push(Builder::NOBODY);
                continue;
            }
            let mut bad = |message: String| {
                say(objects.line[row], objects.id.get(row).copied(), message);
                Err(ProblemKind::BadEntry)
            };
            let owner = match (known.get(image), classes.get(category)) {
                (Some(known), Some(class)) => {
                    objects.class[row] = class;
                    known.number
                }
                (None, _) => bad(no_image(image)),
                (_, None) => bad(no_category(category)),
            };
            owners.push(owner.unwrap_or_else(|kind| {
                skipped.object(kind.word());
                Builder::NOBODY
            }));
        }
        for (image, category, line) in labels {
            match (file.owner(&image), file.classes.get(&category)) {
                (Some(owner), Some(class)) => {
                    let entry = owner.ok().and_then(|owner| self.builder.entry_mut(owner));
                    if let Some(entry) = entry.filter(|entry| !entry.labels.contains(class)) {
                        entry.labels.push(*class);
                    }
                }
                (None, _) => say(line, None, no_image(&image)),
                (_, None) => say(line, None, no_category(&category)),
            }
        }
        for (image, caption, line) in captions {
            match file.owner(&image) {
                Some(owner) => {
                    if let Some(entry) = owner.ok().and_then(|owner| self.builder.entry_mut(owner)) {
                        entry.captions.push(caption);
                    }
                }
                None => say(line, None, no_image(&image)),
            }
        }
        self.listed.push(Listed { file: file.id, foreign, objects, owners });
    }

    /// The dataset of all files, and what is not in it.
    pub fn finish(mut self, problems: &mut Problems, remarks: &mut Vec<String>) -> (Dataset, Skipped) {
        let tree = self.tree;
        join::settle(tree, &mut self.listed, &self.shared, problems, &mut self.skipped, remarks);
        let first_of = |builder: &mut Builder, owner| builder.entry_mut(owner).and_then(|entry| Some(entry.source?.0));
        for Listed { file, foreign, mut objects, owners } in self.listed {
            if foreign || !self.shared.is_empty() {
                let elsewhere = |owner: &u32| foreign || self.shared.contains(owner);
                for (row, owner) in owners.iter().enumerate().filter(|(_, owner)| elsewhere(owner)) {
                    if first_of(&mut self.builder, *owner) != Some(file) {
                        objects.source.set(row, file.number());
                    }
                }
            }
            self.builder.extend(objects, owners);
        }
        for (file, images) in self.bare {
            remarks.push(format!(
                "{} has no annotation: its images count as such without objects: {images}",
                tree.path(file)
            ));
        }
        let dataset = Dataset { outlines_unread: self.outlines_unread, ..self.builder.finish(tree) };
        (dataset, self.skipped)
    }
}

/// Rows, in order, of annotations that say what one before has said: number, image, category and box.
fn repeated(objects: &Objects, images: &[Id], categories: &[Id]) -> Vec<usize> {
    if objects.id.iter().is_sorted_by(|(_, a), (_, b)| a < b) {
        return Vec::new();
    }
    let mut ids: Vec<(i64, usize)> = objects.id.iter().map(|(row, id)| (*id, row)).collect();
    ids.sort_unstable();
    let said = |row: usize| (&images[row], &categories[row], objects.bbox[row].map(f64::to_bits));
    let mut rows = Vec::new();
    // Some tools number all of them alike, so what is said is sorted too.
    for same in ids.chunk_by_mut(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        same.sort_unstable_by(|(_, a), (_, b)| (said(*a), *a).cmp(&(said(*b), *b)));
        rows.extend(same.windows(2).filter(|pair| said(pair[0].1) == said(pair[1].1)).map(|pair| pair[1].1));
    }
    rows.sort_unstable();
    rows
}

/// What an image is called: its `file_name`, or the URL.
fn name_of(image: &ImageElement) -> Option<&str> {
    image.file_name.as_deref().filter(|name| !name.trim().is_empty()).or_else(|| url_of(image))
}

fn url_of(image: &ImageElement) -> Option<&str> {
    image.url.as_deref().filter(|url| !url.is_empty())
}

fn pixels(side: Option<f64>) -> u32 {
    // A side that is no number of pixels is one that is not known.
    side.filter(|side| *side >= 1.0 && *side <= f64::from(u32::MAX)).map_or(0, |side| side.round() as u32)
}
