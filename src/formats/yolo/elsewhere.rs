//! A `data.yaml` that is the source itself and speaks of a dataset in another folder: `path: ../datasets/pets`.
//!
//! Ultralytics ships its files so: all in one folder, each with a `path` to where the images are. Relative, that is seen from
//! the file's own folder, else from where the command runs. It counts only where no path of the file leads to anything in the
//! file's own folder, and is followed only where the user allows what data names to lie outside.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::data_file::{self, DataFile};
use super::parts;
use crate::formats::FormatError;
use crate::formats::tree::Tree;

/// The folder in which the dataset is that `source`, the one file of `tree`, speaks of, if that is not the file's own.
pub fn folder(tree: &Tree, source: &Path, allow_outside: bool) -> Result<Option<PathBuf>, FormatError> {
    let is_yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    if !tree.only().is_some_and(|file| is_yaml(&tree.path(file).to_ascii_lowercase())) {
        return Ok(None);
    }
    let Some(data) = data_file::find(tree, |_, _, _| {}).pop() else { return Ok(None) };
    if parts::lead_anywhere(tree, &data) {
        return Ok(None);
    }
    let own = source.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let seen_from = [own, Path::new("")];
    let Some((line, folders)) = seen_from.iter().find_map(|from| below(from, &data)) else { return Ok(None) };
    let real_own = fs::canonicalize(own).unwrap_or_default();
    match &folders.iter().collect::<Vec<_>>()[..] {
        [folder] if folder.starts_with(&real_own) => Ok(None),
        [folder] if allow_outside => Ok(Some(folder.to_path_buf())),
        [folder] => {
            let folder = folder.display();
            let message =
                format!("the images are in {folder}, outside of this file's folder (--allow-outside follows it)");
            Err(FormatError::syntax(message, source, line))
        }
        folders => {
            let named: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            let message = format!("the images are in several folders outside of this file's: {}", named.join(", "));
            Err(FormatError::syntax(message, source, line))
        }
    }
}

/// The folders of the datasets to which paths of `data` lead, seen from `from`, and the line of the first such path.
fn below(from: &Path, data: &DataFile) -> Option<(u32, BTreeSet<PathBuf>)> {
    let base = from.join(data.base.replace('\\', "/"));
    let mut first = None;
    let mut folders = BTreeSet::new();
    for (line, _, path) in &data.parts {
        let Ok(real) = fs::canonicalize(base.join(path.replace('\\', "/"))) else { continue };
        first.get_or_insert(*line);
        let base = fs::canonicalize(&base).ok().filter(|base| !data.base.is_empty() && real.starts_with(base));
        folders.insert(base.unwrap_or_else(|| above_images(&real)));
    }
    first.map(|line| (line, folders))
}

/// The folder that has both `images/` and `labels/`: in either order of the split's word and `images`, the first folder above
/// both; else the one that the path names or lies in.
fn above_images(path: &Path) -> PathBuf {
    let images = path.ancestors().find(|above| above.file_name().is_some_and(|name| name == "images"));
    let folder = images.and_then(Path::parent);
    let is_split = |folder: &Path| {
        folder
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| crate::formats::splits::of_word(name).is_some())
    };
    match folder {
        Some(folder) if is_split(folder) => folder.parent().unwrap_or(folder).to_owned(),
        Some(folder) => folder.to_owned(),
        None if path.is_dir() => path.to_owned(),
        None => path.parent().unwrap_or(path).to_owned(),
    }
}
