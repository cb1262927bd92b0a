//! What a tree has of YOLO: label files, a dataset file, and what a sample of lines says of the task.

use std::collections::HashSet;
use std::sync::Arc;

use super::Task;
use super::data_file::{self, DataFile};
use super::lines;
use crate::formats::per_image::{first_lines, lies_in, sample};
use crate::formats::tree::{FileId, Tree, file_name, stem_of};

/// How many label files detection looks into, and how many lines of each.
const SAMPLE: usize = 64;
const LINES: usize = 64;

/// Names of text files that are no label files wherever they stand.
const NO_LABELS: [&str; 8] =
    ["classes", "predefined_classes", "labels", "names", "notes", "requirements", "license", "obj_names"];

/// What there is.
#[derive(Debug)]
pub struct Survey {
    /// The dataset file.
    pub data: Option<DataFile>,
    /// Text files beside an image, in a folder `labels` or in one of CVAT's.
    pub labels: Vec<FileId>,
    /// Files that name classes as darknet does: `obj.names`, `_darknet.labels`, `obj.data`.
    pub darknet: Vec<FileId>,
    /// A label file whose lines are YOLO's.
    pub example: Option<FileId>,
    /// Whether more files have other lines than have YOLO's.
    pub foreign: bool,
    /// What the lines are about.
    pub task: Task,
    /// Whether the lines alone say that they are turned boxes: outlines of four points look the same.
    pub guessed: bool,
}

impl Survey {
    /// What a tree has, looked through once for all formats that ask. `None` where there is nothing that could be YOLO.
    pub fn of(tree: &Tree) -> Option<Arc<Self>> {
        tree.once(|| Self::look_through(tree).map(Arc::new))
    }

    fn look_through(tree: &Tree) -> Option<Self> {
        let labels = label_files(tree);
        let data = data_file::find(tree, |_, _, _| {}).into_iter().next();
        let darknet: Vec<FileId> = tree
            .files()
            .filter(|(_, file)| file.root == 0 && is_darknet(&file.path))
            .map(|(id, _)| id)
            .filter(|id| tree.only().is_none_or(|only| only == *id || file_name(tree.path(only)).ends_with(".txt")))
            .collect();
        if labels.is_empty() && data.is_none() && darknet.is_empty() {
            return None;
        }
        let (mut example, mut good, mut bad) = (None, 0, 0);
        let mut seen = Seen::default();
        for file in sample(&labels, SAMPLE) {
            let lines = first_lines(tree, file, LINES);
            if lines.is_empty() {
                continue;
            }
            let understood = lines.iter().filter(|line| seen.add(line)).count();
            // Beside a dataset file one line is enough, and numbers that no reader can use: their lines are to be told.
            let meant = || understood > 0 || lines.iter().any(|line| is_numbers(line));
            if understood * 2 >= lines.len() || data.is_some() && meant() {
                good += 1;
                example.get_or_insert(file);
            } else {
                bad += 1;
            }
        }
        let path = data.as_ref().map_or("", |data| tree.path(data.file));
        let named = says_obb(path) || says_obb(tree.root_name(0));
        let task = task_of(data.as_ref(), &seen, named);
        let said = data.as_ref().is_some_and(|data| data.task.as_deref() == Some("obb"));
        let guessed = task == Task::Obb && !named && !said;
        Some(Self { data, labels, darknet, example, foreign: bad > good, task, guessed })
    }
}

/// Whether a file's name is one of darknet's.
fn is_darknet(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    name == "_darknet.labels" || name.ends_with(".names") || name == "obj.data"
}

/// Text files in a folder `labels` or beside an image of the same name.
fn label_files(tree: &Tree) -> Vec<FileId> {
    if let Some(only) = tree.only().filter(|only| tree.path(*only).to_ascii_lowercase().ends_with(".txt")) {
        return if is_reserved(tree.path(only)) { Vec::new() } else { vec![only] };
    }
    let is_data = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml") || is_darknet(path);
    if tree.only().is_some_and(|only| !is_data(&tree.path(only).to_ascii_lowercase())) {
        return Vec::new();
    }
    let mut texts = tree.annotations_around(&["txt"]).filter(|file| !is_reserved(tree.path(*file))).peekable();
    if texts.peek().is_none() {
        return Vec::new();
    }
    let without_extension = |path: &str| path.rsplit_once('.').map_or(path, |(stem, _)| stem).to_owned();
    let mut images: Option<HashSet<String>> = None;
    texts
        .filter(|file| {
            let path = tree.path(*file);
            lies_in(path, &["labels"]) || is_cvat_folder(path) || {
                let images = images.get_or_insert_with(|| {
                    tree.files().filter(|(_, file)| file.image).map(|(_, file)| without_extension(&file.path)).collect()
                });
                images.contains(&without_extension(path))
            }
        })
        .collect()
}

/// Whether a file lies in CVAT's `obj_train_data` or alike, which may come without images.
fn is_cvat_folder(path: &str) -> bool {
    let is_one = |part: &str| part.strip_prefix("obj_").is_some_and(|rest| rest.to_ascii_lowercase().ends_with("data"));
    path.split('/').rev().skip(1).any(is_one)
}

fn is_reserved(path: &str) -> bool {
    let stem = stem_of(path).to_ascii_lowercase();
    NO_LABELS.contains(&&*stem) || stem.starts_with("readme")
}

/// Whether a line is a class and a box at least, by the number of its numbers, whatever they are.
fn is_numbers(line: &str) -> bool {
    let words = || line.split_whitespace();
    words().count() >= 5 && words().all(|word| word.parse::<f64>().is_ok())
}

/// What the lines of a sample are.
#[derive(Debug, Default)]
struct Seen {
    lines: usize,
    /// Lines that are longer than a box and its confidence.
    long: usize,
    /// Lines of a turned box, or an outline of four points.
    quads: usize,
    /// Numbers behind a box, if all long lines have as many; `None` of none yet.
    behind: Option<usize>,
    /// Lines whose every third number behind the box is 0, 1 or 2, and one of them 2.
    points: usize,
}

impl Seen {
    /// Takes a line in, if it is one of YOLO's.
    fn add(&mut self, line: &str) -> bool {
        let Ok((_, numbers, _)) = lines::numbers(line) else { return false };
        if numbers.len() < 4 || numbers.iter().take(numbers.len().max(5) - 1).any(|number| number.abs() > 2.0) {
            return false;
        }
        self.lines += 1;
        if numbers.len() > 5 {
            self.long += 1;
            self.quads += usize::from(numbers.len() == 8);
            let behind = &numbers[4..];
            let third = || behind.chunks(3).map(|point| point.get(2).copied().unwrap_or(-1.0));
            let fits = third().all(|number| [0.0, 1.0, 2.0].contains(&number)) && third().any(|number| number == 2.0);
            self.points += usize::from(fits);
            self.behind = match self.behind {
                None => Some(behind.len()),
                Some(known) => Some(if known == behind.len() { known } else { 0 }),
            };
        }
        true
    }
}

/// Whether a path has the word for turned boxes.
fn says_obb(path: &str) -> bool {
    path.to_ascii_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == "obb")
}

/// The task: as the dataset file says, or as all lines can be read.
fn task_of(data: Option<&DataFile>, seen: &Seen, named: bool) -> Task {
    if let Some((count, dims)) = data.and_then(|data| data.points) {
        return Task::Pose { count, dims };
    }
    let said = data.and_then(|data| data.task.as_deref());
    match said {
        Some("detect") => return Task::Detect,
        Some("segment") => return Task::Segment,
        Some("obb") => return Task::Obb,
        _ => {}
    }
    if seen.long == 0 {
        return Task::Detect;
    }
    if seen.quads == seen.lines || seen.quads > 0 && named {
        return Task::Obb;
    }
    match seen.behind {
        Some(behind) if behind > 0 && seen.long == seen.lines && seen.points == seen.lines => {
            Task::Pose { count: behind / 3, dims: 3 }
        }
        _ => Task::Segment,
    }
}
