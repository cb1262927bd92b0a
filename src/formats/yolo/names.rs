//! Names of classes, which label files give as numbers.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::dataset::{Place, ProblemKind, Problems};
use crate::formats::builder::Builder;
use crate::formats::tree::{FileId, Tree, file_name, folder_of, is_below};
use crate::formats::{json, label_map, text};

/// Size of a names file that is still read.
const LIMIT: u64 = 64 << 20;

/// Rank of Label Studio's `notes.json` among files that name classes.
const NOTES: usize = 4;

/// Classes by their number.
#[derive(Debug, Default)]
pub struct Names {
    /// Place in the builder of each number.
    places: HashMap<u32, u32>,
    /// Where the names are from; empty where there are none, and each number is a class.
    from: String,
}

impl Names {
    /// Sets the classes of `builder`, in the order of their numbers.
    pub fn set(names: Vec<(u32, String)>, from: &str, builder: &mut Builder, problems: &mut Problems) -> Self {
        builder.set_classes([]);
        let mut set = Self { from: from.to_owned(), ..Self::default() };
        // Without gaps a number is the class's place, and says nothing more.
        let gaps = (0..).zip(&names).any(|(place, (number, _))| place != *number);
        let mut known: HashSet<String> = HashSet::new();
        for (number, name) in names {
            let name = if name.is_empty() { format!("class_{number}") } else { name };
            let place = builder.class(&name);
            set.places.insert(number, place);
            if known.contains(&name) {
                let message = format!("class {number} has the name {name:?}, which another has; they are one");
                problems.push(ProblemKind::SimilarClasses, Place::file(from), message);
                continue;
            }
            if let Some(class) = builder.class_mut(place).filter(|_| gaps) {
                class.source_id = Some(number.into());
            }
            known.insert(name);
        }
        set
    }

    /// Makes a class of each number that is used.
    pub fn of_numbers(used: impl IntoIterator<Item = u32>, builder: &mut Builder, problems: &mut Problems) -> Self {
        let mut used: Vec<u32> = used.into_iter().collect();
        used.sort_unstable();
        used.dedup();
        Self::set(used.into_iter().map(|number| (number, String::new())).collect(), "", builder, problems)
    }

    /// The place of a class, or what is wrong with its number.
    pub fn place(&self, number: u32) -> Result<u32, String> {
        let place = self.places.get(&number).copied();
        place.ok_or_else(|| format!("class {number} is none of the {} in {}", self.places.len(), self.from))
    }
}

/// Names with their numbers, and the path of the file that has them.
pub type NamesFile = (Vec<(u32, String)>, String);

/// The names of several files. Where those differ, each speaks for the labels in its folder and below; the nearest one counts.
#[derive(Debug, Default)]
pub struct FolderNames {
    /// Folder and names, the innermost folders first; one that speaks for all has the folder "".
    all: Vec<(String, Names)>,
}

impl FolderNames {
    /// Sets the classes of `builder`: those of the first file in the order of their numbers, behind them what others have more.
    pub fn set(files: Vec<NamesFile>, builder: &mut Builder, problems: &mut Problems) -> Self {
        let alike = files.iter().all(|(names, _)| *names == files[0].0);
        let taken = if alike { 1 } else { files.len() };
        let one = |(names, path): NamesFile| {
            let folder = if alike { String::new() } else { folder_of(&path).to_owned() };
            (folder, Names::set(names, &path, builder, problems))
        };
        let mut all: Vec<(String, Names)> = files.into_iter().take(taken).map(one).collect();
        // Of one folder the first counts.
        all.sort_by_key(|(folder, _)| Reverse(folder.len()));
        Self { all }
    }

    /// Sets the classes that files name, which is said; without any, a class of each number that is used.
    pub fn of<Used: IntoIterator<Item = u32>>(
        files: Vec<NamesFile>,
        used: impl FnOnce() -> Used,
        builder: &mut Builder,
        problems: &mut Problems,
        remarks: &mut Vec<String>,
    ) -> Self {
        if files.is_empty() {
            return Self::of_numbers(used(), builder, problems);
        }
        let names = Self::set(files, builder, problems);
        remarks.push(names.remark());
        names
    }

    /// Where the names are from.
    pub fn remark(&self) -> String {
        let mut paths: Vec<&str> = self.all.iter().map(|(_, names)| &*names.from).collect();
        paths.sort_unstable();
        let each = if paths.len() > 1 { ", each for its folder" } else { "" };
        format!("names of the classes: {}{each}", paths.join(", "))
    }

    /// Makes a class of each number that is used.
    pub fn of_numbers(used: impl IntoIterator<Item = u32>, builder: &mut Builder, problems: &mut Problems) -> Self {
        Self { all: vec![(String::new(), Names::of_numbers(used, builder, problems))] }
    }

    /// The place of a class that the file `path` has, or what is wrong with its number.
    pub fn place(&self, number: u32, path: &str) -> Result<u32, String> {
        match self.all.iter().find(|(folder, _)| is_below(path, folder)) {
            Some((_, names)) => names.place(number),
            None => {
                let files: Vec<&str> = self.all.iter().map(|(_, names)| &*names.from).collect();
                let files = files.join(", ");
                Err(format!("class {number} could be of {files}, which differ, and none is in a folder above"))
            }
        }
    }
}

/// The names in the files that are known to have them: the best of each folder, the best of all first.
pub fn find(tree: &Tree, problems: &mut Problems) -> Vec<NamesFile> {
    let mut found: Vec<(usize, usize, FileId)> = tree
        .files()
        .filter(|(_, file)| file.root == 0)
        .filter_map(|(id, file)| {
            let name = file_name(&file.path).to_ascii_lowercase();
            let known = match &*name {
                "obj.names" | "_darknet.labels" => 0,
                name if name.ends_with(".names") => 1,
                "classes.txt" => 2,
                "predefined_classes.txt" => 3,
                "notes.json" => NOTES,
                _ => return None,
            };
            Some((known, file.path.matches('/').count(), id))
        })
        .collect();
    found.sort_unstable();
    // Rank of the name, and place, of the one that counts in a folder.
    let mut folders: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut all: Vec<NamesFile> = Vec::new();
    for (known, _, file) in found {
        let path = tree.path(file);
        let first = folders.get(folder_of(path)).copied();
        if first.is_some_and(|(rank, _)| rank < known) {
            continue;
        }
        let names = if known == NOTES { notes(tree, file, problems) } else { lines(tree, file, problems) };
        match (names, first.and_then(|(_, place)| all.get(place))) {
            (None, _) => {}
            (Some(names), Some(first)) => refuse_other(&names, path, first, problems),
            (Some(names), None) => {
                folders.insert(folder_of(path), (known, all.len()));
                all.push((names, path.to_owned()));
            }
        }
    }
    all
}

/// Says that the names in the file `path` differ from those in another of its folder, of which neither counts before the other.
pub fn refuse_other(names: &[(u32, String)], path: &str, first: &NamesFile, problems: &mut Problems) {
    let (others, from) = first;
    let other = |number| others.iter().find(|(known, _)| *known == number);
    let differs = names
        .iter()
        .find_map(|(number, name)| Some((number, name, &other(*number).filter(|(_, other)| other != name)?.1)));
    if let Some((number, name, other)) = differs {
        let message = format!(
            "class {number} is {name:?} here and {other:?} in {from}: which of the two files counts cannot be told"
        );
        problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), message);
    }
}

/// The names in `files`, one per line, each file once.
pub fn of_files(tree: &Tree, files: impl Iterator<Item = FileId>, problems: &mut Problems) -> Vec<NamesFile> {
    let mut seen = HashSet::new();
    let files = files.filter(|file| seen.insert(*file));
    files.filter_map(|file| Some((lines(tree, file, problems)?, tree.path(file).to_owned()))).collect()
}

/// Says where a `classes.txt` has other names than `names`, which are those in `from`.
pub fn check_other(tree: &Tree, names: &[(u32, String)], from: &str, problems: &mut Problems) {
    let is_classes = |path: &str| file_name(path).eq_ignore_ascii_case("classes.txt");
    let files = tree.files().filter(|(_, file)| file.root == 0 && is_classes(&file.path));
    for (file, _) in files {
        let others = lines(tree, file, problems).unwrap_or_default();
        if others.is_empty() || others == names {
            continue;
        }
        let place = Place::file(tree.path(file));
        let other = others.iter().find_map(|(number, other)| {
            let (_, name) = names.iter().find(|(known, name)| known == number && name != other)?;
            Some(format!("class {number} is {other:?} here and {name:?} in {from}"))
        });
        let message = other.unwrap_or_else(|| format!("{} names here and {} in {from}", others.len(), names.len()));
        problems.push(ProblemKind::IgnoredField, place, message + ", whose names are taken");
    }
}

/// The names in a file with one per line.
pub fn lines(tree: &Tree, file: FileId, problems: &mut Problems) -> Option<Vec<(u32, String)>> {
    let bytes = tree.read_or_say(file, LIMIT, problems)?;
    let names = label_map::names(&text::decode(&bytes).text);
    (!names.is_empty()).then(|| (0..).zip(names).collect())
}

/// The names in Label Studio's `notes.json`.
pub fn notes(tree: &Tree, file: FileId, problems: &mut Problems) -> Option<Vec<(u32, String)>> {
    #[derive(Deserialize)]
    struct Notes {
        categories: Vec<Category>,
    }
    #[derive(Deserialize)]
    struct Category {
        id: u32,
        name: String,
    }
    let bytes = tree.read_or_say(file, LIMIT, problems)?;
    let (notes, _) = json::parse::<Notes>(&bytes, 1).ok()?;
    let mut names: Vec<(u32, String)> =
        notes.categories.into_iter().map(|class| (class.id, text::trim(&class.name).to_owned())).collect();
    names.sort();
    names.dedup_by_key(|(number, _)| *number);
    (!names.is_empty()).then_some(names)
}
