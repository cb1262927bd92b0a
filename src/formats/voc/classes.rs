//! The file that gives the order of the classes, where there is one.

use std::collections::BTreeSet;

use super::Labelled;
use crate::dataset::{Place, ProblemKind, Problems};
use crate::formats::builder::Builder;
use crate::formats::label_map;
use crate::formats::text;
use crate::formats::tree::{FileId, Tree};

/// Names of such files, the surest first.
const NAMES: [&str; 3] = ["labelmap.txt", "classes.txt", "predefined_classes.txt"];
/// Size of a names file that is still read.
const LIMIT: u64 = 16 << 20;

/// Sets the classes of `builder` from the first names file that has all the classes that are used.
pub(super) fn set(
    tree: &Tree,
    labelled: &[Labelled],
    builder: &mut Builder,
    problems: &mut Problems,
    remarks: &mut Vec<String>,
) {
    if tree.only().is_some() {
        return;
    }
    let mut files: Vec<(usize, FileId)> = tree
        .annotations(&["txt"])
        .filter_map(|file| {
            let name = tree.path(file).rsplit('/').next()?;
            Some((NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?, file))
        })
        .collect();
    files.sort_unstable();
    if files.is_empty() {
        return;
    }
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for object in labelled.iter().flat_map(|file| &file.annotation.objects) {
        used.insert(&object.name);
    }
    for (_, file) in files {
        let path = tree.path(file);
        let mut note = |message: String| problems.push(ProblemKind::IgnoredField, Place::file(path), message);
        let bytes = match tree.read(file, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) => {
                note(format!("the order of the classes cannot be read: {error}"));
                continue;
            }
        };
        let mut names = label_map::names(&text::decode(&bytes).text);
        if names.first().is_some_and(|name| label_map::is_background(name)) && !used.contains(&*names[0]) {
            names.remove(0);
        }
        match used.iter().find(|class| !names.iter().any(|name| name == *class)) {
            Some(class) => note(format!("class {class:?} is not in it, so it gives no order")),
            None if names.is_empty() => note("no class in it".into()),
            None => {
                remarks.push(format!("order of the classes: {path}"));
                builder.set_classes(names);
                return;
            }
        }
    }
}
