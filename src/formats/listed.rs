//! Formats whose files name images, line by line: what is said of an image may stand anywhere, and in several files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::builder::{Builder, Entry};
use super::images::{Asker, Matcher, by_name_alone};
use super::splits;
use super::text;
use super::tree::{FileId, Tree, file_name, folder_of, join};
use crate::dataset::{Object, Place, ProblemKind, Problems, Skipped, Split};

/// Who names an image: the file, the split it speaks of, and the line.
#[derive(Clone, Copy, Debug)]
pub struct Namer {
    /// The file.
    pub file: FileId,
    /// Its split, or the line's own.
    pub split: Option<Split>,
    /// The line.
    pub line: u32,
}

/// What `parse` makes of each line of `lists` that is not blank; where it refuses, that is a problem, and `left_out` is told.
pub fn lines_of<T>(
    tree: &Tree,
    lists: &[FileId],
    limit: u64,
    problems: &mut Problems,
    parse: impl Fn(&str) -> Result<T, String>,
    mut left_out: impl FnMut(),
) -> Vec<(Namer, T)> {
    let mut rows = Vec::new();
    for file in lists.iter().copied() {
        let path = tree.path(file);
        let Some(bytes) = tree.read_or_say(file, limit, problems) else { continue };
        let split = splits::of_annotation_file(tree, path);
        for (line, content) in (1..).zip(text::decode(&bytes).text.lines()) {
            let content = text::trim(content);
            if content.is_empty() {
                continue;
            }
            match parse(content) {
                Ok(row) => rows.push((Namer { file, split, line }, row)),
                Err(message) => {
                    problems.push(ProblemKind::BadEntry, Place::line(path, line), message);
                    left_out();
                }
            }
        }
    }
    rows
}

/// The image that a name means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum About {
    /// The file.
    Image(FileId),
    /// The file, found by the last component of a name alone, though that has folders, and the key of the name: unless another
    /// name means the file with its folders.
    ByNameAlone(FileId, String),
    /// None: a key that stands for it.
    Missing(String),
}

impl About {
    fn file(&self) -> Option<FileId> {
        match self {
            Self::Image(file) | Self::ByNameAlone(file, _) => Some(*file),
            Self::Missing(_) => None,
        }
    }
}

/// What is said of an image.
#[derive(Debug)]
struct Said {
    entry: Entry,
    objects: Vec<Object>,
    /// Objects by a hash of what they say.
    known: HashMap<u64, usize>,
}

impl Said {
    fn new(entry: Entry) -> Self {
        Self { entry, objects: Vec::new(), known: HashMap::new() }
    }
}

fn hash_of(object: &Object) -> u64 {
    let mut hasher = DefaultHasher::new();
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    (object.class, bits(&object.bbox), object.track, object.source, &object.attributes).hash(&mut hasher);
    hasher.finish()
}

fn is_same(a: &Object, b: &Object) -> bool {
    (a.class, a.bbox, a.flags, a.corners, a.track) == (b.class, b.bbox, b.flags, b.corners, b.track)
        && (a.score, a.source, &a.attributes, &a.polygons) == (b.score, b.source, &b.attributes, &b.polygons)
        && a.mask == b.mask
}

/// Images as they are named, with what is said of them.
#[derive(Debug)]
pub struct Listed<'t> {
    tree: &'t Tree,
    matcher: Matcher<'t>,
    /// Names are those of the images without extension, which is no problem then.
    stems: bool,
    /// By file and name, so that each is looked up and told once.
    known: HashMap<(FileId, Box<str>), About>,
    images: BTreeMap<About, Said>,
    /// What two files say of one image in two splits.
    told: HashSet<(FileId, About)>,
}

impl<'t> Listed<'t> {
    /// Nothing yet, of the images of `tree`.
    pub fn new(tree: &'t Tree) -> Self {
        Self {
            tree,
            matcher: Matcher::new(tree),
            stems: false,
            known: HashMap::new(),
            images: BTreeMap::new(),
            told: HashSet::new(),
        }
    }

    /// As [`Listed::new`], for a format whose names of images have no extension.
    pub fn of_stems(tree: &'t Tree) -> Self {
        Self { stems: true, ..Self::new(tree) }
    }

    fn about(&mut self, name: &str, namer: &Namer, problems: &mut Problems) -> About {
        if let Some(known) = self.known.get(&(namer.file, name.into())) {
            return known.clone();
        }
        let path = self.tree.path(namer.file);
        let asker = Asker { path, split: namer.split };
        let about = match self.stems.then(|| self.matcher.find_stem(name, &asker)).flatten() {
            Some(file) => About::Image(file),
            None => {
                let found = self.matcher.find(name, &asker);
                let alone = by_name_alone(name, &found);
                let key = || join(folder_of(path), name);
                match (self.matcher.settle(name, &asker, namer.line, found, problems), alone) {
                    (Some(file), None) => About::Image(file),
                    (Some(file), Some(_)) => About::ByNameAlone(file, key()),
                    (None, _) => About::Missing(key()),
                }
            }
        };
        self.known.insert((namer.file, name.into()), about.clone());
        about
    }

    /// The entry of an image, made where it is new. `None` where the image is in another split already: that is told.
    pub fn image(&mut self, name: &str, namer: &Namer, problems: &mut Problems) -> Option<&mut Entry> {
        Some(&mut self.get(name, namer, problems)?.entry)
    }

    fn get(&mut self, name: &str, namer: &Namer, problems: &mut Problems) -> Option<&mut Said> {
        let about = self.about(name, namer, problems);
        let tree = self.tree;
        let said = self.images.entry(about.clone()).or_insert_with(|| {
            let file = about.file();
            let split = namer.split.or_else(|| splits::of_folders(tree, tree.path(file?)));
            let key = match &about {
                About::Image(_) => String::new(),
                About::ByNameAlone(_, key) | About::Missing(key) => key.clone(),
            };
            let source = Some((namer.file, namer.line));
            Said::new(Entry { file, key, name: name.to_owned(), split, source, ..Entry::default() })
        });
        if let (Some(split), Some(other)) = (said.entry.split, namer.split)
            && split != other
        {
            if self.told.insert((namer.file, about.clone())) {
                let (file, line) = said.entry.source.unwrap_or((namer.file, 0));
                let before = Place::line(tree.path(file), line);
                let message = format!("image {name:?} is in {other} here, and in {split} at {before}");
                problems.push(ProblemKind::DuplicateImage, Place::line(tree.path(namer.file), namer.line), message);
            }
            return None;
        }
        self.images.get_mut(&about)
    }

    /// Adds classes to an image as a whole.
    pub fn label(&mut self, name: &str, namer: &Namer, labels: &[u32], problems: &mut Problems) {
        let Some(entry) = self.image(name, namer, problems) else { return };
        for label in labels {
            if !entry.labels.contains(label) {
                entry.labels.push(*label);
            }
        }
    }

    /// Adds an object to an image. What cannot be taken is counted.
    pub fn object(
        &mut self,
        name: &str,
        namer: &Namer,
        object: Object,
        problems: &mut Problems,
        skipped: &mut Skipped,
    ) {
        if !object.bbox.iter().all(|side| side.is_finite()) {
            let place = Place::line(self.tree.path(namer.file), namer.line);
            problems.push(ProblemKind::BadEntry, place, "the box has no end");
            skipped.object(ProblemKind::BadEntry.word());
            return;
        }
        let Some(said) = self.get(name, namer, problems) else {
            skipped.object(ProblemKind::DuplicateImage.word());
            return;
        };
        let elsewhere = said.entry.source.is_none_or(|(file, _)| file != namer.file);
        let source = elsewhere.then(|| namer.file.number());
        let object = Object { line: namer.line, source, ..object };
        let hash = hash_of(&object);
        let before = said.known.get(&hash).and_then(|place| said.objects.get(*place));
        if let Some(before) = before.filter(|before| is_same(before, &object)) {
            let message = format!("the same as line {}; taken once", before.line);
            problems.push(ProblemKind::RepeatedEntry, Place::line(self.tree.path(namer.file), namer.line), message);
            return;
        }
        said.known.entry(hash).or_insert(said.objects.len());
        said.objects.push(object);
    }

    /// Whether an image was named.
    pub fn has(&self, image: FileId) -> bool {
        let first = About::ByNameAlone(image, String::new());
        let alone = self.images.range(first..).next().is_some_and(|(about, _)| about.file() == Some(image));
        alone || self.images.contains_key(&About::Image(image))
    }

    /// Images that no file names, and that are `wanted`.
    pub fn unnamed(&self, wanted: impl Fn(&str) -> bool) -> Vec<FileId> {
        let images = self.tree.files().filter(|(id, file)| file.image && wanted(&file.path) && !self.has(*id));
        images.map(|(id, _)| id).collect()
    }

    /// Adds images that no file names, as such without objects; `about` says which file is about them all the same, if one is.
    pub fn add_negatives(
        &mut self,
        wanted: impl Fn(&str) -> bool,
        about: impl Fn(&str) -> Option<FileId>,
        problems: &mut Problems,
    ) {
        for image in self.unnamed(wanted) {
            let path = self.tree.path(image);
            let message = "no annotation names this image; kept without objects";
            problems.push(ProblemKind::UnlabelledImage, Place::file(path), message);
            let (name, split) = (file_name(path).to_owned(), splits::of_folders(self.tree, path));
            let source = about(path).map(|file| (file, 0));
            let entry = Entry { file: Some(image), name, split, source, ..Entry::default() };
            self.images.insert(About::Image(image), Said::new(entry));
        }
    }

    /// Gives all to a builder.
    pub fn finish(mut self, builder: &mut Builder, problems: &mut Problems) {
        let alone: Vec<About> =
            self.images.keys().filter(|about| matches!(about, About::ByNameAlone(..))).cloned().collect();
        let mut lent: HashSet<FileId> = HashSet::new();
        for about in alone {
            let (Some(mut said), Some(file)) = (self.images.remove(&about), about.file()) else { continue };
            let (asker, line) = said.entry.source.unwrap_or((file, 0));
            let place = Place::line(self.tree.path(asker), line);
            match self.images.get_mut(&About::Image(file)) {
                None => {
                    said.entry.key.clear();
                    self.images.insert(About::Image(file), said);
                    lent.insert(file);
                }
                // Two names of which neither says more than the other.
                Some(first) if lent.contains(&file) && first.entry.split == said.entry.split => {
                    first.objects.append(&mut said.objects);
                    said.entry.labels.retain(|label| !first.entry.labels.contains(label));
                    first.entry.labels.append(&mut said.entry.labels);
                }
                Some(_) => {
                    self.matcher.say_claimed(&said.entry.name, file, place, problems);
                    said.entry.file = None;
                    builder.push(said.entry, said.objects);
                }
            }
        }
        for Said { entry, objects, .. } in self.images.into_values() {
            builder.push(entry, objects);
        }
    }
}
