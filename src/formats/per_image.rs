//! Formats with a text file per image: it stands beside its image, or in a folder parallel to the image's.
//!
//! What they share: files are read in parallel, each finds its image, of several files for one image one is taken, and images
//! that have no file are negatives.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::builder::{Builder, Entry};
use super::images::{Asker, Match, Matcher, Rule};
use super::tree::{FileId, Tree, file_name, folder_of, stem_of};
use super::{Confidence, Evidence, parallel, text};
use crate::dataset::{Ledger, Object, Place, ProblemKind, Problems, Skipped, Split};

/// How many files detection looks into, and how many lines of each.
const SAMPLE: usize = 64;
const LINES: usize = 8;
/// Size of a text file that is still read.
pub const LIMIT: u64 = 64 << 20;

/// What a file says. Objects stand beside what names their class, in whatever form the format has.
#[derive(Debug)]
pub struct Parsed<C> {
    /// Objects in order; their `class` is not set yet.
    pub objects: Vec<(C, Object)>,
    /// What is wrong, with the line; each [`ProblemKind::BadEntry`] is a lost object.
    pub problems: Vec<(ProblemKind, u32, String)>,
    /// Regions of the image that nobody has looked into.
    pub ignored: Vec<[f64; 4]>,
}

impl<C> Default for Parsed<C> {
    fn default() -> Self {
        Self { objects: Vec::new(), problems: Vec::new(), ignored: Vec::new() }
    }
}

/// A file as it was read, or why it could not be.
#[derive(Debug)]
pub struct Labels<C> {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub content: Result<Parsed<C>, String>,
}

/// Reads files, in parallel.
pub fn parse_all<C: Send>(
    tree: &Tree,
    files: &[FileId],
    workers: usize,
    parse: impl Fn(&str) -> Parsed<C> + Sync,
) -> Vec<Labels<C>> {
    parallel::map(files.len(), workers, |place| {
        let file = files[place];
        let content = tree.read(file, LIMIT).map_err(|error| error.to_string()).map(|bytes| {
            let decoded = text::decode(&bytes);
            let mut parsed = parse(&decoded.text);
            if let Some(encoding) = decoded.guessed {
                let message = encoding.to_owned();
                parsed.problems.insert(0, (ProblemKind::Encoding, 0, message));
            }
            parsed
        });
        Labels { file, content }
    })
}

/// Calls `each` with lines that say something; of lines that say the same, with the first only. What `each` finds wrong is a
/// lost object.
pub fn each_line<C>(
    source: &str,
    mut each: impl FnMut(u32, &str, &mut Vec<(ProblemKind, u32, String)>) -> Result<Option<(C, Object)>, String>,
) -> Parsed<C> {
    let mut parsed = Parsed::default();
    let mut seen: HashMap<&str, u32> = HashMap::new();
    for (line, content) in (1..).zip(source.lines()) {
        let content = text::trim(content);
        if content.is_empty() {
            continue;
        }
        match each(line, content, &mut parsed.problems) {
            Ok(None) => {}
            Ok(Some((class, object))) => match seen.get(content) {
                Some(before) => {
                    let message = format!("the same as line {before}; taken once");
                    parsed.problems.push((ProblemKind::RepeatedEntry, line, message));
                }
                None => {
                    seen.insert(content, line);
                    parsed.objects.push((class, Object { line, ..object }));
                }
            },
            Err(message) => parsed.problems.push((ProblemKind::BadEntry, line, message)),
        }
    }
    parsed
}

/// How files and images of a format lie.
pub struct Layout<'a> {
    /// The path at which a file's image would stand, but for the extension.
    pub image_path: &'a dyn Fn(&str) -> String,
    /// Split of an image: by the image's file where there is one, and by its path (or that where it would stand).
    pub split_of: &'a dyn Fn(Option<FileId>, &str) -> Option<Split>,
    /// Whether a path may be an image of the dataset, rather than a mask or a preview.
    pub is_image: &'a dyn Fn(&str) -> bool,
    /// Whether an image belongs to the dataset, which may say itself what does.
    pub belongs: &'a dyn Fn(FileId) -> bool,
    /// Whether images without a file belong to the dataset.
    pub negatives: bool,
}

/// Adds all images: those of the files and, without objects, the others. `class` gives the place of a class that the file of a
/// path names.
pub fn push_all<C: PartialEq>(
    tree: &Tree,
    files: Vec<Labels<C>>,
    layout: &Layout<'_>,
    mut class: impl FnMut(C, &str, &mut Builder) -> Result<u32, String>,
    builder: &mut Builder,
    problems: &mut Problems,
    skipped: &mut Skipped,
) {
    let matcher = Matcher::among(tree, layout.is_image);
    let mut left_out: HashSet<usize> = HashSet::new();
    let mut taken: HashSet<FileId> = HashSet::new();
    let mut claims: BTreeMap<FileId, Vec<(Fit, usize)>> = BTreeMap::new();
    let mut images: Vec<Option<FileId>> = vec![None; files.len()];
    for (number, labels) in files.iter().enumerate() {
        let path = tree.path(labels.file);
        let at = (layout.image_path)(path);
        let asker = Asker { path: &at, split: (layout.split_of)(None, &at) };
        match matcher.find_own("", &asker) {
            // Neither the image nor what is said of it.
            Match::Found { file, .. } if !(layout.belongs)(file) => {
                left_out.insert(number);
            }
            Match::Found { file, rule } => {
                let fit = match rule {
                    _ if without_extension(tree.path(file)) == without_extension(&at) => Fit::Place,
                    Rule::Name => Fit::Name,
                    _ => Fit::End,
                };
                claims.entry(file).or_default().push((fit, number));
            }
            Match::Ambiguous(several) => {
                let paths: Vec<&str> = several.iter().map(|file| tree.path(*file)).collect();
                let message = format!("several images fit: {}", paths.join(", "));
                problems.push(ProblemKind::AmbiguousImage, Place::file(path), message);
                taken.extend(several);
            }
            Match::Missing | Match::Outside => problems.push(
                ProblemKind::MissingImage,
                Place::file(path),
                format!("no image is called {:?} (any image extension)", stem_of(path)),
            ),
        }
    }
    for (image, mut claims) in claims {
        taken.insert(image);
        claims.sort_unstable();
        let Some(((fit, first), others)) = claims.split_first() else { continue };
        images[*first] = Some(image);
        let (image, first_path) = (tree.path(image), tree.path(files[*first].file));
        for (other_fit, other) in others {
            let place = Place::file(tree.path(files[*other].file));
            if fit != other_fit {
                let message = format!("the only image that fits, {image}, belongs to {first_path}");
                problems.push(ProblemKind::MissingImage, place, message);
            } else if same(&files[*first], &files[*other]) {
                let message = format!("{image} has the same annotation in {first_path}");
                problems.push(ProblemKind::RepeatedEntry, place, message);
                left_out.insert(*other);
            } else {
                let message = format!("{image} has another annotation in {first_path}");
                problems.push(ProblemKind::DuplicateImage, place, message);
            }
        }
    }
    for (number, (labels, image)) in files.into_iter().zip(images).enumerate() {
        if left_out.contains(&number) {
            continue;
        }
        let path = tree.path(labels.file);
        let parsed = match labels.content {
            Ok(parsed) => parsed,
            Err(message) => {
                problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), message);
                skipped.image(ProblemKind::UnreadableAnnotation.word(), 0);
                continue;
            }
        };
        let mut lost = 0;
        for (kind, line, message) in parsed.problems {
            lost += u64::from(kind == ProblemKind::BadEntry);
            problems.push(kind, Place::line(path, line), message);
        }
        let mut objects = Vec::with_capacity(parsed.objects.len());
        for (named, object) in parsed.objects {
            match class(named, path, builder) {
                Ok(class) => objects.push(Object { class, ..object }),
                Err(message) => {
                    problems.push(ProblemKind::BadEntry, Place::line(path, object.line), message);
                    lost += 1;
                }
            }
        }
        // Nothing of what it says can be used: without objects the image would pass for one where there is nothing.
        let none_left = lost > 0 && objects.is_empty();
        skipped.count(ProblemKind::BadEntry.word(), Ledger { images: none_left.into(), objects: lost });
        if none_left {
            continue;
        }
        let at = image.map_or_else(|| (layout.image_path)(path), |image| tree.path(image).to_owned());
        let name = match image {
            Some(_) => file_name(&at).to_owned(),
            None => stem_of(path).to_owned(),
        };
        let split = (layout.split_of)(image, &at);
        let entry = Entry {
            file: image,
            key: path.to_owned(),
            name,
            split,
            source: Some((labels.file, 1)),
            ignored: parsed.ignored,
            ..Entry::default()
        };
        builder.push(entry, objects);
    }
    if layout.negatives && tree.only().is_none_or(|only| !tree.path(only).ends_with(".txt")) {
        add_negatives(tree, &taken, layout, builder, problems);
    }
}

/// How well an image fits a file, the best first: it belongs to the one that it fits best.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It stands where it has to.
    Place,
    /// Some of the folders are the same.
    End,
    /// It has the name.
    Name,
}

fn without_extension(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

fn same<C: PartialEq>(a: &Labels<C>, b: &Labels<C>) -> bool {
    let (Ok(a), Ok(b)) = (&a.content, &b.content) else { return false };
    a.objects.len() == b.objects.len()
        && a.objects.iter().zip(&b.objects).all(|((a_class, a), (b_class, b))| {
            (a_class, a.bbox, &a.polygons, a.corners) == (b_class, b.bbox, &b.polygons, b.corners)
        })
}

/// Images that no file is about: without objects.
fn add_negatives(
    tree: &Tree,
    taken: &HashSet<FileId>,
    layout: &Layout<'_>,
    builder: &mut Builder,
    problems: &mut Problems,
) {
    // A file that has two names is taken by either.
    let opens = |image: FileId| (tree.file(image).root, tree.path_to_open(image));
    let mut known: HashSet<(u16, &str)> = taken.iter().map(|image| opens(*image)).collect();
    for (image, file) in tree.files() {
        let wanted = file.image && (layout.is_image)(&file.path) && (layout.belongs)(image);
        if !wanted || !known.insert(opens(image)) {
            continue;
        }
        problems.push(
            ProblemKind::UnlabelledImage,
            Place::file(&*file.path),
            "no annotation names this image; kept without objects",
        );
        let split = (layout.split_of)(Some(image), &file.path);
        builder.push(Entry { file: Some(image), name: file_name(&file.path).into(), split, ..Entry::default() }, []);
    }
}

/// A path with the last folder that is called one of `from` (in any case) called `to`.
pub fn parallel_path(path: &str, from: &[&str], to: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    let folders = parts.len().saturating_sub(1);
    let is_one = |part: &&str| from.iter().any(|known| known.eq_ignore_ascii_case(part));
    if let Some(place) = parts[..folders].iter().rposition(is_one) {
        parts[place] = to;
    }
    parts.join("/")
}

/// Whether one of the folders of `path` is called one of `names` (in any case).
pub fn lies_in(path: &str, names: &[&str]) -> bool {
    path.split('/').rev().skip(1).any(|part| names.iter().any(|known| known.eq_ignore_ascii_case(part)))
}

/// Up to `count` of `files`, evenly spread.
pub fn sample(files: &[FileId], count: usize) -> impl Iterator<Item = FileId> {
    files.iter().copied().step_by(files.len().div_ceil(count).max(1))
}

/// Text files that may be lists of many images: a folder with many text files has one per image, and these are left unopened.
pub fn list_candidates(tree: &Tree) -> impl Iterator<Item = FileId> + '_ {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for file in tree.annotations(&["txt"]) {
        *counts.entry(folder_of(tree.path(file))).or_default() += 1;
    }
    tree.annotations(&["txt"])
        .filter(move |file| counts.get(folder_of(tree.path(*file))).is_none_or(|count| *count <= SAMPLE))
}

/// A file of a sample that is a format's: of its first lines at least a quarter `fit`, without those that `do_not_count`.
pub fn example(
    tree: &Tree,
    files: &[FileId],
    fits: impl Fn(&str) -> bool,
    do_not_count: impl Fn(&str) -> bool,
) -> Option<FileId> {
    sample(files, SAMPLE).find(|file| {
        let lines: Vec<String> =
            first_lines(tree, *file, LINES).into_iter().filter(|line| !do_not_count(line)).collect();
        let good = lines.iter().filter(|line| fits(line)).count();
        good > 0 && good * 4 >= lines.len()
    })
}

/// That `files` are a format's because of the folder that one lies in: without a line they cannot be told otherwise.
pub fn by_folder_alone(tree: &Tree, files: &[FileId], folder: &str) -> Option<Evidence> {
    let is_empty = |file: FileId| first_lines(tree, file, 1).is_empty();
    let in_folder = |file: &&FileId| lies_in(tree.path(**file), &[folder]);
    let first = files.iter().find(in_folder).filter(|_| sample(files, SAMPLE).all(is_empty))?;
    let reason = format!("{} lies in a folder of that name, no file there has an object", tree.path(*first));
    Some(Evidence { confidence: Confidence::Likely, reason })
}

/// The first lines of a file that say something, for detection.
pub fn first_lines(tree: &Tree, file: FileId, count: usize) -> Vec<String> {
    let Ok(head) = tree.head(file) else { return Vec::new() };
    let decoded = text::decode(&head);
    let lines = decoded.text.lines().map(text::trim).filter(|line| !line.is_empty());
    lines.take(count).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(parallel_path("labels/x/Labels/a.txt", &["labels"], "images"), "labels/x/images/a.txt");
        assert_eq!(parallel_path("a/labels", &["labels"], "images"), "a/labels");
        assert!(lies_in("a/LABELS/b/c.txt", &["labels"]) && !lies_in("a/labels", &["labels"]));
    }
}
