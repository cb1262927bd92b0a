//! `data.yaml`: names of classes, where the images of each split are, the shape of keypoints.
//!
//! ```yaml
//! path: ../datasets/pets        # all of these may be missing, but for names or nc
//! train: images/train           # a folder, a list of images (.txt), or a list of these
//! val: [images/val, more.txt]
//! test:
//! nc: 2
//! names: [cat, dog]             # or {0: cat, 1: dog}
//! kpt_shape: [17, 3]            # keypoints: number, and 2 (x, y) or 3 (x, y, visible)
//! kpt_names: {0: [nose, ...]}
//! task: segment
//! ```

use crate::dataset::{Place, ProblemKind, Problems, Split};
use crate::formats::text;
use crate::formats::tree::{FileId, Tree};
use crate::formats::yaml::{self, Node, Value};

/// Size of a dataset file that is still read.
const LIMIT: u64 = 16 << 20;
/// How many classes `nc` may ask for.
const CLASSES: usize = 1_000_000;

/// What a dataset file says.
#[derive(Debug)]
pub struct DataFile {
    /// The file.
    pub file: FileId,
    /// Number and name of classes, in the file's order.
    pub names: Vec<(u32, String)>,
    /// `path:`.
    pub base: String,
    /// Where images are: line, split, path.
    pub parts: Vec<(u32, Split, String)>,
    /// `task:`.
    pub task: Option<String>,
    /// `kpt_shape:`.
    pub points: Option<(usize, usize)>,
    /// `kpt_names:` by class.
    point_names: Vec<(u32, Vec<String>)>,
    /// Fields that were not understood.
    notes: Vec<(u32, String)>,
}

impl DataFile {
    /// Names of the keypoints of a class; where only one class has names, they are those of all.
    pub fn points_of(&self, class: u32) -> &[String] {
        match &self.point_names[..] {
            [(_, names)] => names,
            all => all.iter().find(|(number, _)| *number == class).map_or(&[], |(_, names)| names),
        }
    }

    /// Says what was not understood.
    pub fn tell(&self, tree: &Tree, problems: &mut Problems) {
        for (line, message) in &self.notes {
            problems.push(ProblemKind::IgnoredField, Place::line(tree.path(self.file), *line), message.as_str());
        }
    }
}

/// The dataset files of a tree, those nearest to the root first; `data.yaml` before others. Files that cannot be read are
/// in `faults`.
pub fn find(tree: &Tree, mut fault: impl FnMut(FileId, u32, String)) -> Vec<DataFile> {
    let only = tree.only();
    let mut files: Vec<FileId> =
        tree.annotations_around(&["yaml", "yml"]).filter(|file| only.is_none_or(|only| only == *file)).collect();
    files.sort_by_key(|file| {
        let path = tree.path(*file);
        let depth = path.matches('/').count();
        (depth, !path.to_ascii_lowercase().ends_with("data.yaml"), *file)
    });
    let mut found = Vec::new();
    for file in files {
        // A dataset file is small; others (logs of a training) may be large.
        let Ok(head) = tree.head(file) else { continue };
        let head = text::decode(&head);
        let keys = ["names", "nc"].map(|key| head.text.lines().any(|line| has_key(line, key)));
        if !keys.contains(&true) {
            continue;
        }
        let read = tree.read(file, LIMIT).map_err(|error| (0, error.to_string()));
        let parsed =
            read.and_then(|bytes| yaml::parse(&text::decode(&bytes).text).map_err(|fault| (fault.line, fault.message)));
        match parsed {
            Ok(root) => found.extend(understand(file, &root)),
            Err((line, message)) => fault(file, line, message),
        }
    }
    found
}

fn has_key(line: &str, key: &str) -> bool {
    let line = line.trim_start_matches(['{', '"', '\'', ' ']);
    line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'))
}

/// What a YAML file says, if it is a dataset's: it has classes, and says where something is. (A model's file has `nc` and
/// layers, a training's options neither.)
fn understand(file: FileId, root: &Node) -> Option<DataFile> {
    let mut data = DataFile {
        file,
        names: Vec::new(),
        base: String::new(),
        parts: Vec::new(),
        task: None,
        points: None,
        point_names: Vec::new(),
        notes: Vec::new(),
    };
    let mut says = root.get("names").is_some();
    if root.get("backbone").is_some() || root.get("head").is_some() {
        return None;
    }
    data.base =
        root.get("path").and_then(Node::text).filter(|path| !yaml::is_null(path)).unwrap_or_default().to_owned();
    let Value::Map(pairs) = &root.value else { return None };
    for (key, node) in pairs {
        let Some(split) = Split::from_word(key) else { continue };
        says = true;
        for element in node.elements() {
            match element.text() {
                Some(path) => data.parts.push((element.line, split, path.to_owned())),
                None => data.notes.push((element.line, format!("{key} has something that is no path"))),
            }
        }
    }
    data.names = names(root.get("names"), &mut data.notes);
    if let Some(node) = root.get("nc") {
        let count = node.text().and_then(text::number).filter(|count| *count >= 0.0 && count.fract() == 0.0);
        match count.map(|count| count as usize).filter(|count| *count <= CLASSES) {
            None => data.notes.push((node.line, format!("nc {:?} is no number of classes", node.text().unwrap_or("")))),
            Some(count) if data.names.is_empty() => {
                data.names = (0..count as u32).map(|number| (number, format!("class_{number}"))).collect();
            }
            Some(count) if count != data.names.len() => {
                data.notes.push((node.line, format!("nc is {count}, and there are {} names", data.names.len())));
            }
            Some(_) => {}
        }
    }
    says &= root.get("names").is_some() || root.get("nc").is_some();
    data.task = root.get("task").and_then(Node::text).map(str::to_ascii_lowercase);
    if let Some(node) = root.get("kpt_shape") {
        let numbers: Vec<f64> = node.elements().iter().filter_map(|number| text::number(number.text()?)).collect();
        match numbers[..] {
            [count, dims] if (1.0..=10_000.0).contains(&count) && (dims == 2.0 || dims == 3.0) => {
                data.points = Some((count as usize, dims as usize));
            }
            _ => data.notes.push((node.line, "kpt_shape is not a number of points and 2 or 3".into())),
        }
    }
    if let Some(Node { value: Value::Map(of_classes), .. }) = root.get("kpt_names") {
        let texts = |node: &Node| node.elements().iter().filter_map(Node::text).map(str::to_owned).collect();
        data.point_names =
            of_classes.iter().filter_map(|(class, names)| Some((class.trim().parse().ok()?, texts(names)))).collect();
    }
    says.then_some(data)
}

/// Names in a list, or in a map from numbers.
fn names(node: Option<&Node>, notes: &mut Vec<(u32, String)>) -> Vec<(u32, String)> {
    let Some(node) = node else { return Vec::new() };
    let pairs: Vec<(Option<u32>, &Node)> = match &node.value {
        Value::Map(pairs) => pairs.iter().map(|(key, node)| (key.trim().parse().ok(), node)).collect(),
        _ => (0..).map(Some).zip(node.elements()).collect(),
    };
    let mut names: Vec<(u32, String)> = Vec::new();
    for (number, name) in pairs {
        match (number.filter(|number| (*number as usize) < CLASSES), name.text()) {
            (Some(number), Some(name)) => names.push((number, text::trim(name).to_owned())),
            _ => notes.push((name.line, "a class that has no number or no name".into())),
        }
    }
    names.sort_by_key(|(number, _)| *number);
    names
}
