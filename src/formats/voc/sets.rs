//! `ImageSets/Main/{train,val,trainval,test}.txt` of a devkit, or another folder in place of `Main`: which image is in which
//! split.
//!
//! A line is an image's id: its annotation's path below `Annotations/` without extension. In the files of a single class
//! (`cat_train.txt`) an id is followed by -1, 0 or 1; these files say nothing new and are not read.

use std::collections::{HashMap, HashSet};

use crate::dataset::{Place, ProblemKind, Problems, Split};
use crate::formats::text;
use crate::formats::tree::{FileId, Tree, folder_of, stem_of};

/// Size of a list of ids that is still read.
const LIMIT: u64 = 256 << 20;

/// The splits of one devkit.
#[derive(Debug, Default)]
pub struct Sets {
    /// By folder of the devkit (what holds `ImageSets`), then id in NFC.
    splits: HashMap<String, HashMap<Box<str>, Listed>>,
}

/// Where an id stands first.
#[derive(Debug)]
pub struct Listed {
    pub split: Split,
    pub place: (FileId, u32),
    pub used: bool,
}

impl Sets {
    /// Reads the lists in the folders called `task` of all devkits below a tree.
    pub fn read(tree: &Tree, task: &str, problems: &mut Problems) -> Self {
        let mut sets = Self::default();
        let mut lists: Vec<(String, usize, Split, FileId)> = Vec::new();
        if tree.only().is_some() {
            return sets;
        }
        for file in tree.annotations(&["txt"]) {
            let path = tree.path(file);
            let (kind, devkit) = match folder_of(path).rsplit_once('/') {
                Some((above, name)) if name == task => (0, above),
                _ => (1, folder_of(path)),
            };
            let devkit = match devkit {
                "ImageSets" => "",
                devkit => match devkit.strip_suffix("/ImageSets") {
                    Some(devkit) => devkit,
                    None => continue,
                },
            };
            let stem = stem_of(path);
            // `trainval` is read behind `train` and `val`, which divide it.
            let (rank, split) = match Split::from_word(stem) {
                Some(split) => (0, split),
                None if stem.eq_ignore_ascii_case("trainval") => (1, Split::Train),
                None => continue,
            };
            lists.push((devkit.to_owned(), kind * 2 + rank, split, file));
        }
        lists.sort();
        let mut stems = Stems(None);
        let mut kinds: HashMap<String, usize> = HashMap::new();
        for (devkit, rank, split, file) in lists {
            // `ImageSets/train.txt` counts where there is no folder of the task.
            if *kinds.entry(devkit.clone()).or_insert(rank / 2) != rank / 2 {
                continue;
            }
            let by_id = sets.splits.entry(devkit).or_default();
            read_list(tree, file, split, (rank % 2 == 1, &mut stems), by_id, problems);
        }
        sets
    }

    /// The split of the annotation or image at `path`.
    pub fn split_of(&mut self, path: &str) -> Option<Split> {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        // The devkit is one of the folders above, and what follows it a folder of its own: `Annotations/a/1`.
        let ends = stem.match_indices('/').map(|(end, _)| &stem[..end]).chain([""]);
        for devkit in ends {
            let Some(by_id) = self.splits.get_mut(devkit) else { continue };
            let below = stem.get(devkit.len()..).unwrap_or_default().trim_start_matches('/');
            let id = below.split_once('/').map_or(below, |(_, id)| id);
            if let Some(listed) = by_id.get_mut(&*text::nfc(id)) {
                listed.used = true;
                return Some(listed.split);
            }
        }
        None
    }

    /// Ids that no annotation and no image has, in the order of files and lines.
    pub fn unused(&self) -> Vec<(&str, (FileId, u32))> {
        let all = self.splits.values().flatten().filter(|(_, listed)| !listed.used);
        let mut unused: Vec<_> = all.map(|(id, listed)| (&**id, listed.place)).collect();
        unused.sort_by_key(|(_, place)| *place);
        unused
    }
}

/// Names of all files without extension, gathered when they are first asked for.
struct Stems(Option<HashSet<String>>);

impl Stems {
    fn has(&mut self, tree: &Tree, id: &str) -> bool {
        let stems = self
            .0
            .get_or_insert_with(|| tree.files().map(|(_, file)| text::nfc(stem_of(&file.path)).into_owned()).collect());
        stems.contains(&*text::nfc(id))
    }
}

fn read_list(
    tree: &Tree,
    file: FileId,
    split: Split,
    (union, stems): (bool, &mut Stems),
    by_id: &mut HashMap<Box<str>, Listed>,
    problems: &mut Problems,
) {
    let Some(bytes) = tree.read_or_say(file, LIMIT, problems) else { return };
    for (line, whole) in (1..).zip(text::decode(&bytes).text.lines()) {
        // Blanks at the ends can be the file's own.
        let trimmed = text::trim(whole);
        let mut id = if trimmed.len() < whole.len() && stems.has(tree, whole) { whole } else { trimmed };
        // As in the lists of a class; but a file may be called so.
        if let Some((before, "-1" | "0" | "1")) = id.rsplit_once(char::is_whitespace)
            && !stems.has(tree, id)
        {
            id = before.trim_end();
        }
        // Some write the image's name; but `a.jpg` is the id of `a.jpg.png`.
        let id = match id.rsplit_once('.') {
            Some((stem, _)) if crate::image::is_image_name(id) && !stems.has(tree, id) => stem,
            _ => id,
        };
        if id.is_empty() {
            continue;
        }
        let id = text::nfc(id);
        match by_id.get(&*id) {
            None => {
                by_id.insert((&*id).into(), Listed { split, place: (file, line), used: false });
            }
            // `trainval` says again what `val` says.
            Some(known) if known.split != split && !(union && known.split == Split::Valid) => {
                let message = format!("image {id:?} is already in {}, and stays there", known.split);
                problems.push(ProblemKind::IgnoredField, Place::line(tree.path(file), line), message);
            }
            Some(_) => {}
        }
    }
}
