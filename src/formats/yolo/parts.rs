//! Which split an image is in, by what `data.yaml` says.
//!
//! A path there is relative to `path:`, to the file itself or to the folder that the author trained in, or absolute on his
//! machine; Roboflow writes `../train/images` for `train/images`. So the longest end of it that leads to a folder or a list
//! in the tree counts.
//!
//! Where all paths for training and validation lead somewhere, the images that they lead to are the dataset: what else lies there
//! (`runs/` with plots and predictions, images in no list) is left out. A folder that is one of those but for the split's word
//! (`test/images` beside `train/images`) belongs to it, though `data.yaml` does not say so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::data_file::DataFile;
use crate::dataset::{Place, ProblemKind, Problems, Split};
use crate::formats::images::{Asker, Match, Matcher, resolved};
use crate::formats::tree::{File, FileId, Tree, folder_of, is_below, join};
use crate::formats::{splits, text};

/// Size of a list of images that is still read.
const LIMIT: u64 = 1 << 30;

/// Folders and images of splits.
#[derive(Debug, Default)]
pub struct Parts {
    folders: Vec<(String, Split)>,
    images: HashMap<FileId, Split>,
    /// Whether they are all that belongs to the dataset.
    whole: bool,
    /// Lists that were read.
    pub lists: Vec<FileId>,
}

impl Parts {
    /// What dataset files say of the images of `tree`.
    pub fn read<'d>(tree: &Tree, files: impl IntoIterator<Item = &'d DataFile>, problems: &mut Problems) -> Self {
        let mut parts = Self { whole: true, ..Self::default() };
        let folders = folders_of(tree);
        let mut lists = Vec::new();
        for data in files {
            let from = folder_of(tree.path(data.file));
            parts.whole &= !data.parts.is_empty();
            for (line, split, path) in &data.parts {
                let message = match led_to(tree, &folders, from, &data.base, path) {
                    Some(Led::List(list)) => {
                        lists.push((list, *split));
                        None
                    }
                    Some(Led::Folder(folder)) => parts.add_folder(folder, *split, path),
                    None => {
                        parts.whole &= *split == Split::Test;
                        Some(format!("{split}: {path:?} leads to nothing here"))
                    }
                };
                if let Some(message) = message {
                    problems.push(ProblemKind::IgnoredField, Place::line(tree.path(data.file), *line), message);
                }
            }
        }
        parts.whole &= !(parts.folders.is_empty() && lists.is_empty());
        let matcher = Matcher::new(tree);
        for (list, split) in lists {
            parts.read_list(tree, &matcher, list, split, problems);
        }
        parts
    }

    /// Adds a folder, or says why not: another split has it.
    fn add_folder(&mut self, folder: String, split: Split, path: &str) -> Option<String> {
        match self.folders.iter().find(|(known, _)| *known == folder) {
            Some((_, first)) => (*first != split)
                .then(|| format!("{split}: {path:?} is a folder of {first} already, and its images stay there")),
            None => {
                self.folders.push((folder, split));
                None
            }
        }
    }

    /// Reads a list of images, a path per line.
    pub fn read_list(
        &mut self,
        tree: &Tree,
        matcher: &Matcher<'_>,
        list: FileId,
        split: Split,
        problems: &mut Problems,
    ) {
        self.lists.push(list);
        let path = tree.path(list);
        let Some(bytes) = tree.read_or_say(list, LIMIT, problems) else { return };
        let asker = Asker { path, split: None };
        let mut elsewhere: BTreeMap<Split, usize> = BTreeMap::new();
        for (line, name) in (1..).zip(text::decode(&bytes).text.lines()) {
            let name = text::trim(name);
            if name.is_empty() {
                continue;
            }
            let file = match matcher.find(name, &asker) {
                Match::Found { file, .. } => Some(file),
                _ => matcher.look_up(name, &asker, line, problems),
            };
            if let Some(file) = file {
                let first = *self.images.entry(file).or_insert(split);
                if first != split {
                    *elsewhere.entry(first).or_default() += 1;
                }
            }
        }
        for (first, count) in elsewhere {
            let message =
                format!("images of this list of {split} that a list of {first} has, and that stay there: {count}");
            problems.push(ProblemKind::IgnoredField, Place::file(path), message);
        }
    }

    /// Whether an image belongs to the dataset.
    pub fn has(&self, tree: &Tree, image: FileId) -> bool {
        let file = tree.file(image);
        !self.whole
            || file.root != 0
            || self.images.contains_key(&image)
            || self.folders.iter().any(|(folder, _)| is_below(&file.path, folder) || is_beside(&file.path, folder))
    }

    /// Says how many of the images that `wanted` may be the dataset's do not belong to it.
    pub fn remark(&self, tree: &Tree, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let is_other = |(id, file): &(FileId, &File)| file.image && wanted(&file.path) && !self.has(tree, *id);
        let count = tree.files().filter(is_other).count();
        (count > 0).then(|| format!("images that the dataset file does not speak of, left out: {count}"))
    }

    /// The split of an image.
    pub fn split_of(&self, tree: &Tree, image: Option<FileId>, path: &str) -> Option<Split> {
        if let Some(split) = image.and_then(|image| self.images.get(&image)) {
            return Some(*split);
        }
        let deepest =
            self.folders.iter().filter(|(folder, _)| is_below(path, folder)).map(|(folder, _)| folder.len()).max();
        let named = self.folders.iter().find(|(folder, _)| is_below(path, folder) && Some(folder.len()) == deepest);
        named.map(|(_, split)| *split).or_else(|| splits::of_folders(tree, path))
    }
}

/// Whether a file lies in a folder that is `folder` but for the word of the split.
fn is_beside(path: &str, folder: &str) -> bool {
    let mut others = folder_of(path).split('/');
    let mut words = 0;
    for part in folder.split('/') {
        let Some(other) = others.next() else { return false };
        if part != other {
            words += 1;
            if splits::of_word(part).is_none() || splits::of_word(other).is_none() {
                return false;
            }
        }
    }
    words == 1
}

/// Whether any path of a dataset file leads to something in `tree`.
pub fn lead_anywhere(tree: &Tree, data: &DataFile) -> bool {
    let (folders, from) = (folders_of(tree), folder_of(tree.path(data.file)));
    data.parts.iter().any(|(_, _, path)| led_to(tree, &folders, from, &data.base, path).is_some())
}

/// What a path of a dataset file leads to.
enum Led {
    List(FileId),
    Folder(String),
}

/// What `path`, of a dataset file in the folder `from`, leads to; `folders` are those with images.
fn led_to(tree: &Tree, folders: &BTreeSet<&str>, from: &str, base: &str, path: &str) -> Option<Led> {
    let is_list = path.to_ascii_lowercase().ends_with(".txt");
    ends(from, base, path).find_map(|end| match is_list {
        true => tree.find(0, &end).map(Led::List),
        false => folders.contains(&*end).then_some(Led::Folder(end)),
    })
}

/// All folders that have an image somewhere below.
fn folders_of(tree: &Tree) -> BTreeSet<&str> {
    let mut folders = BTreeSet::from([""]);
    for (_, file) in tree.files().filter(|(_, file)| file.image && file.root == 0) {
        let mut folder = folder_of(&file.path);
        while folders.insert(folder) && !folder.is_empty() {
            folder = folder_of(folder);
        }
    }
    folders
}

/// What a path in a file in the folder `from` can mean, the surest first.
fn ends(from: &str, base: &str, path: &str) -> impl Iterator<Item = String> {
    let (base, path) = (base.replace('\\', "/"), path.replace('\\', "/"));
    let whole = join(&base, &path);
    let mut tries: Vec<String> = [whole.as_str(), &path].iter().filter_map(|path| resolved(from, path)).collect();
    for path in [&whole, &path] {
        let components: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        // An end without the split's own word could be another split's.
        let word = components.iter().rposition(|part| splits::of_word(part).is_some());
        for start in 0..=word.unwrap_or(components.len().saturating_sub(1)) {
            let end = components.get(start..).unwrap_or_default().join("/");
            tries.push(join(from, &end));
            tries.push(end);
        }
    }
    tries.into_iter()
}
