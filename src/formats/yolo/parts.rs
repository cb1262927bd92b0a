//! Which split an image is in, by what `data.yaml` says.
//!
//! A path there is relative to `path:`, to the file itself or to the folder that the author trained in, or absolute on his
//! machine; Roboflow writes `../train/images` for `train/images`. So the longest end of it that leads to a folder or a list
//! in the tree counts.

use std::collections::{BTreeSet, HashMap};

use super::data_file::DataFile;
use crate::dataset::{Place, ProblemKind, Problems, Split};
use crate::formats::images::{Asker, Match, Matcher, resolved};
use crate::formats::tree::{FileId, Tree, folder_of, join};
use crate::formats::{splits, text};

/// Size of a list of images that is still read.
const LIMIT: u64 = 1 << 30;

/// Folders and images of splits.
#[derive(Debug, Default)]
pub struct Parts {
    folders: Vec<(String, Split)>,
    images: HashMap<FileId, Split>,
    /// Lists that were read.
    pub lists: Vec<FileId>,
}

impl Parts {
    /// What a dataset file says of the images of `tree`.
    pub fn read(tree: &Tree, data: &DataFile, problems: &mut Problems) -> Self {
        let mut parts = Self::default();
        let from = folder_of(tree.path(data.file));
        let folders = folders_of(tree);
        let mut lists = Vec::new();
        for (line, split, path) in &data.parts {
            let is_list = path.to_ascii_lowercase().ends_with(".txt");
            let found = ends(from, &data.base, path).find_map(|end| match is_list {
                true => tree.find(0, &end).map(Ok),
                false => folders.contains(&*end).then_some(Err(end)),
            });
            match found {
                Some(Ok(list)) => lists.push((list, *split)),
                Some(Err(folder)) => parts.folders.push((folder, *split)),
                None => {
                    let message = format!("{split}: {path:?} leads to nothing here");
                    problems.push(ProblemKind::IgnoredField, Place::line(tree.path(data.file), *line), message);
                }
            }
        }
        let matcher = Matcher::new(tree);
        for (list, split) in lists {
            parts.read_list(tree, &matcher, list, split, problems);
        }
        parts
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
                self.images.entry(file).or_insert(split);
            }
        }
    }

    /// The split of an image.
    pub fn split_of(&self, image: Option<FileId>, path: &str) -> Option<Split> {
        if let Some(split) = image.and_then(|image| self.images.get(&image)) {
            return Some(*split);
        }
        let below =
            |folder: &str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let deepest = self.folders.iter().filter(|(folder, _)| below(folder)).map(|(folder, _)| folder.len()).max();
        let named = self.folders.iter().find(|(folder, _)| below(folder) && Some(folder.len()) == deepest);
        named.map(|(_, split)| *split).or_else(|| splits::of_folders(path))
    }
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
