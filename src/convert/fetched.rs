//! A dataset whose missing images were fetched from where it says they can be had.

use std::collections::HashMap;
use std::path::Path;

use crate::dataset::{Place, ProblemKind, Strings, brief};
use crate::formats::Loaded;
use crate::formats::images::plain;
use crate::image::is_image_name;

/// What became of the image of a row: a file below the folder, with `/`, or why there is none.
pub type Fetched = (usize, Result<String, String>);

/// The name that an annotation gives to an image of which a URL's file is there, with that one's extension if it has none.
fn called(annotated: &str, file: &str) -> Option<String> {
    let whole = plain(annotated);
    let name = whole.rsplit('/').next().unwrap_or_default().trim();
    let extension = || file.rsplit_once('.').filter(|_| is_image_name(file)).map(|(_, extension)| extension);
    match name.is_empty() {
        true => None,
        false if is_image_name(name) => Some(name.to_owned()),
        false => Some(extension().map_or_else(|| name.to_owned(), |extension| format!("{name}.{extension}"))),
    }
}

/// `loaded` with the images of `fetched`, whose files lie below `folder`. That an image is missing is no longer said of those
/// that are there, and of the others why they could not be had.
pub fn with_fetched(loaded: &Loaded, folder: &Path, fetched: &[Fetched]) -> Loaded {
    let mut with = loaded.clone();
    let images = &mut with.dataset.images;
    let root = with.dataset.roots.len() as u16;
    let files: HashMap<usize, &str> =
        fetched.iter().filter_map(|(row, file)| Some((*row, file.as_deref().ok()?))).collect();
    let mut column = Strings::default();
    for row in 0..images.file.len() {
        let file = files.get(&row).copied();
        if let (Some(_), Some(place)) = (file, images.root.get_mut(row)) {
            *place = root;
        }
        column.push(file.unwrap_or_else(|| loaded.dataset.images.file.get(row)));
    }
    images.file = column;
    let mut named: Vec<(usize, &str)> = files.iter().map(|(row, file)| (*row, *file)).collect();
    named.sort_unstable();
    for (row, file) in named {
        if let Some(called) = called(images.name.get(row), file) {
            images.called.set(row, called.into());
        }
    }
    with.dataset.roots.push(folder.to_owned());
    // A whole document may stand in one line: then the name, which messages have in quotes, tells its images apart.
    let mut at: HashMap<(String, u32), u32> = HashMap::new();
    let mut results: HashMap<(String, u32, String), &Result<String, String>> = HashMap::new();
    for (row, file) in fetched {
        let Place { path, line } = loaded.dataset.place(*row, 0);
        *at.entry((path.clone(), line)).or_default() += 1;
        results.insert((path.clone(), line, brief(format!("{:?}", loaded.dataset.images.name.get(*row)))), file);
        results.insert((path, line, String::new()), file);
    }
    with.problems.revise(ProblemKind::MissingImage, |problem| {
        let Place { path, line } = problem.place.clone();
        let quoted = match at.get(&(path.clone(), line)) {
            Some(1) => "",
            _ => problem.message.find('"').and_then(|start| problem.message.get(start..)).unwrap_or("?"),
        };
        match results.get(&(path, line, quoted.to_owned())) {
            Some(Ok(_)) => false,
            Some(Err(reason)) => {
                problem.message = format!("{}; {reason}", problem.message);
                true
            }
            None => true,
        }
    });
    with
}
