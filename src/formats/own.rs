//! Annotation files that are about one image each: which image that is, and what the other images are.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::builder::{Builder, Entry};
use super::images::{Asker, Match, Matcher, Rule, differs, leads_above};
use super::splits;
use super::tree::{FileId, Tree, file_name, folder_of, stem_of};
use crate::dataset::{Place, ProblemKind, Problems, Split};

/// Folders whose images are no photos.
pub fn is_mask(path: &str) -> bool {
    folder_of(path).split('/').any(|part| {
        let part = part.to_ascii_lowercase();
        part.starts_with("segmentation") || ["mask", "masks", "trimap", "trimaps"].contains(&part.as_str())
    })
}

/// The image of an annotation file: the one with its stem, or else the one that `name` means.
pub fn look_up(matcher: &Matcher<'_>, name: &str, asker: &Asker<'_>) -> Match {
    match matcher.find_own(name, asker) {
        Match::Missing => matcher.find(name, asker),
        found => found,
    }
}

/// The image of an annotation file that [`look_up`] `found` by `name`, which is what `field` of the annotation says. What is wrong
/// goes to `problems`; images that belong to the annotation all the same are `taken`.
pub fn own_image(
    tree: &Tree,
    found: Match,
    (field, name): (&str, &str),
    asker: &Asker<'_>,
    taken: &mut HashSet<FileId>,
    problems: &mut Problems,
) -> Option<(FileId, Rule)> {
    let place = || Place::file(asker.path);
    match found {
        Match::Found { file, rule } => {
            let path = tree.path(file);
            if let Some((kind, how)) = differs(name, path) {
                if leads_above(folder_of(asker.path), name) {
                    let message = format!("image {name:?} lies outside the dataset's folders");
                    problems.push(ProblemKind::OutsideRoot, place(), message);
                    taken.insert(file);
                    return None;
                }
                problems.push(kind, place(), format!("{field} says {name:?}, the image is {path}{how}"));
            }
            return Some((file, rule));
        }
        Match::Ambiguous(files) => {
            let paths: Vec<&str> = files.iter().map(|file| tree.path(*file)).collect();
            let message = format!("several images fit: {}", paths.join(", "));
            problems.push(ProblemKind::AmbiguousImage, place(), message);
            taken.extend(files);
        }
        Match::Missing => {
            let own = stem_of(asker.path);
            let message = match name {
                "" => format!("no image is called {own:?} (any image extension)"),
                name => format!("no image is called {own:?} (any image extension) or {name:?}"),
            };
            problems.push(ProblemKind::MissingImage, place(), message);
        }
        Match::Outside => {
            let message = format!("image {name:?} lies outside the dataset's folders");
            problems.push(ProblemKind::OutsideRoot, place(), message);
        }
    }
    None
}

/// Folders without a labelled image of which a quarter or more is called like labelled images elsewhere: masks, previews,
/// thumbnails. Photos of nothing are numbered anew, too; their folder's name says so.
fn derived_folders<'t>(tree: &'t Tree, taken: &HashSet<FileId>) -> HashSet<&'t str> {
    let labelled: HashSet<&str> = taken.iter().map(|file| stem_of(tree.path(*file))).collect();
    let mut folders: HashMap<&str, (usize, usize, bool)> = HashMap::new();
    for (image, file) in tree.files().filter(|(_, file)| file.image) {
        let (all, alike, own) = folders.entry(folder_of(&file.path)).or_default();
        *all += 1;
        *alike += usize::from(labelled.contains(stem_of(&file.path)));
        *own |= taken.contains(&image);
    }
    let of_nothing = |folder: &str| {
        let folder = folder.to_ascii_lowercase();
        ["neg", "background", "empty", "without"].iter().any(|word| folder.contains(word))
    };
    let derived = |(folder, (all, alike, own)): (&'t str, (usize, usize, bool))| {
        (!own && alike > 0 && alike * 4 >= all && !of_nothing(folder)).then_some(folder)
    };
    folders.into_iter().filter_map(derived).collect()
}

/// Images that no annotation names: without objects.
pub fn add_negatives(
    tree: &Tree,
    taken: &HashSet<FileId>,
    mut split_of: impl FnMut(&str) -> Option<Split>,
    builder: &mut Builder,
    problems: &mut Problems,
    remarks: &mut Vec<String>,
) {
    if tree.files().all(|(image, file)| !file.image || taken.contains(&image)) {
        return;
    }
    let derived = derived_folders(tree, taken);
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    // A file that has two names is taken by either.
    let opened: HashSet<(u16, &str)> =
        taken.iter().map(|image| (tree.file(*image).root, tree.path_to_open(*image))).collect();
    let mut added: HashSet<(u16, &str)> = HashSet::new();
    for (image, file) in tree.files() {
        let opens = (file.root, tree.path_to_open(image));
        if !file.image || is_mask(&file.path) || opened.contains(&opens) || !added.insert(opens) {
            continue;
        }
        if derived.contains(folder_of(&file.path)) {
            *left_out.entry(folder_of(&file.path)).or_default() += 1;
            continue;
        }
        let split = split_of(&file.path).or_else(|| splits::of_folders(tree, &file.path));
        problems.push(
            ProblemKind::UnlabelledImage,
            Place::file(&*file.path),
            "no annotation names this image; kept without objects",
        );
        let name = file_name(&file.path).to_owned();
        builder.push(Entry { file: Some(image), name, split, ..Entry::default() }, []);
    }
    for (folder, count) in left_out {
        remarks.push(format!(
            "left out: {count} images in {folder}/, called like labelled ones elsewhere (masks, previews)"
        ));
    }
}
