//! From the image name in an annotation to a file that the walk saw.
//!
//! A name is first taken to the letter, blanks around it included: relative to the annotation's folder, to the root, to each folder of images.
//! Then as tools garble it: `\` for `/`, `%20`, `file:`, `gs://bucket/`, `s3://bucket/`, `http(s)://host/`, a query
//! string. What is still not found is compared from its end: the longest tail of the name's components that some
//! image's path ends with, letter case, blanks around a component and Unicode's forms (NFC, NFD) aside, the extension free. So absolute paths of other machines, folders that
//! were moved and stems without extension find their image. Of several, those remain that have the same extension,
//! then the same letter case, then lie nearest to the annotation, then in the same split, then in a folder that is
//! called `images` or alike, then where the name leads from there; still several is ambiguous, never a guess.

mod names;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::OnceLock;

pub use self::names::{differs, leads_above, plain, resolved};
use self::names::{extension_of, has_drive, stem_of, unwrapped};
use super::splits;
use super::text;
use super::tree::{FileId, Tree, file_name, folder_of, join};
use crate::dataset::{Place, ProblemKind, Problems, Split};
use crate::image::is_image_name;

/// How an image was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Relative to the annotation's folder.
    BesideAnnotation,
    /// Relative to the root.
    FromRoot,
    /// In a folder that the user gave.
    ImageFolder,
    /// By several components at the end of the path.
    PathEnd,
    /// By the file's name alone.
    Name,
}

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// The file.
    Found {
        /// Which.
        file: FileId,
        /// How.
        rule: Rule,
    },
    /// Several files fit equally well.
    Ambiguous(Vec<FileId>),
    /// No file fits.
    Missing,
    /// No file fits, and the name leads out of the dataset's folders.
    Outside,
}

/// Who asks: an annotation file, and the split it speaks of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asker<'a> {
    /// Path of the annotation file in the first root.
    pub path: &'a str,
    /// Its split.
    pub split: Option<Split>,
}

/// Folders that usually hold the images themselves, rather than masks or previews of the same names.
const IMAGE_FOLDERS: [&str; 7] = ["images", "jpegimages", "image", "imgs", "img", "jpegs", "data"];

/// The file that was `found` for `name` by its last component alone, though it has folders.
pub fn by_name_alone(name: &str, found: &Match) -> Option<FileId> {
    match found {
        Match::Found { file, rule: Rule::Name } => unwrapped(text::trim(name)).contains('/').then_some(*file),
        _ => None,
    }
}

/// All image files of a tree, by the end of their path.
#[derive(Debug)]
pub struct Matcher<'t> {
    tree: &'t Tree,
    images: Vec<FileId>,
    /// What no name means, even to the letter.
    left_out: HashSet<FileId>,
    /// Components of the path and the root's name in lower case and NFC, without blanks around, last first, without extension, each closed by `/`;
    /// sorted. Made when the first name is not found to the letter.
    ends: OnceLock<Vec<(Box<str>, FileId)>>,
}

impl<'t> Matcher<'t> {
    /// A matcher of all images of `tree`.
    pub fn new(tree: &'t Tree) -> Self {
        Self::among(tree, |_| true)
    }

    /// A matcher of the images of `tree` whose path is `wanted`.
    pub fn among(tree: &'t Tree, wanted: impl Fn(&str) -> bool) -> Self {
        let images = tree.files().filter(|(_, file)| file.image && wanted(&file.path));
        Self { tree, images: images.map(|(id, _)| id).collect(), left_out: HashSet::new(), ends: OnceLock::new() }
    }

    /// The matcher without some files, which no name means, even to the letter.
    #[must_use]
    pub fn without(mut self, files: &HashSet<FileId>) -> Self {
        self.images.retain(|image| !files.contains(image));
        self.left_out.extend(files);
        self.ends = OnceLock::new();
        self
    }

    fn ends(&self) -> &[(Box<str>, FileId)] {
        self.ends.get_or_init(|| {
            let end_of = |id: &FileId| {
                let file = self.tree.file(*id);
                let mut end = backwards(stem_of(&file.path));
                // A name may start with the root's own folder.
                push_folded(&mut end, self.tree.root_name(file.root));
                (end.into(), *id)
            };
            let mut ends: Vec<_> = self.images.iter().map(end_of).collect();
            ends.sort_unstable();
            ends
        })
    }

    /// The file that an annotation's image name means.
    pub fn find(&self, name: &str, asker: &Asker<'_>) -> Match {
        let literal = text::trim(name);
        if literal.is_empty() {
            return Match::Missing;
        }
        let mut outside = false;
        // Blanks around a name can be its own.
        let with_blanks = Some(name).filter(|name| name.len() > literal.len());
        for name in with_blanks.into_iter().chain([literal]) {
            if let Some((file, rule)) = self.exactly(name, asker, &mut outside) {
                return Match::Found { file, rule };
            }
        }
        // A file may really be called `a%20b.png` or `a\b.png`, so what looks garbled is first taken as it stands.
        let undecoded = unwrapped(literal);
        let plain = plain(literal);
        let whole = match literal.contains('\\') && !literal.contains("://") {
            true => Cow::Borrowed(literal),
            false => undecoded.clone(),
        };
        for name in [&whole, &undecoded, &plain] {
            if **name != *literal
                && let Some((file, rule)) = self.exactly(name, asker, &mut outside)
            {
                return Match::Found { file, rule };
            }
            let as_it_stands = *name != plain;
            match self.by_path(name, asker) {
                Match::Found { file, rule } if !as_it_stands || file_name(self.tree.path(file)) == file_name(name) => {
                    return Match::Found { file, rule };
                }
                Match::Ambiguous(files) if !as_it_stands => return Match::Ambiguous(files),
                _ => {}
            }
            if !as_it_stands {
                break;
            }
        }
        let last = file_name(&plain);
        let through_link = || {
            let beside = join(folder_of(asker.path), &plain);
            self.tree.leads_outside(0, &beside)
                || (0..self.tree.roots().len() as u16).any(|root| self.tree.leads_outside(root, &plain))
                || self.tree.links_outside().any(|link| link.rsplit('/').next() == Some(last))
        };
        if outside || through_link() { Match::Outside } else { Match::Missing }
    }

    /// The file whose path has the longest tail of `name`, slashes between its components.
    fn by_path(&self, name: &str, asker: &Asker<'_>) -> Match {
        let components: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
        let Some((last, folders)) = components.split_last() else { return Match::Missing };
        // A name without extension may have dots; only what is no image's extension is also tried without.
        let mut stems = vec![if is_image_name(last) { stem_of(last) } else { last }];
        if let Some((stem, _)) = last.rsplit_once('.').filter(|(stem, _)| !is_image_name(last) && !stem.is_empty()) {
            stems.push(stem);
        }
        let wish = Wish { path: &components.join("/"), asker: *asker };
        let found = stems.into_iter().map(|stem| self.by_end(folders, stem, &wish));
        found.into_iter().find(|found| *found != Match::Missing).unwrap_or(Match::Missing)
    }

    /// The files that all image names of an annotation file mean, each with its line, as [`Matcher::look_up`]. A name whose folders
    /// do not fit finds a file by its last component alone; not so one that another of the names means with its folders.
    pub fn look_up_all<'n>(&self, names: &[(&'n str, Asker<'n>, u32)], problems: &mut Problems) -> Vec<Option<FileId>> {
        let found: Vec<Match> = names.iter().map(|(name, asker, _)| self.find(name, asker)).collect();
        let weak: HashSet<FileId> =
            names.iter().zip(&found).filter_map(|((name, ..), found)| by_name_alone(name, found)).collect();
        let claimed: HashSet<FileId> = names
            .iter()
            .zip(&found)
            .filter(|((name, ..), found)| !weak.is_empty() && by_name_alone(name, found).is_none())
            .filter_map(|(_, found)| match found {
                Match::Found { file, .. } => Some(*file).filter(|file| weak.contains(file)),
                _ => None,
            })
            .collect();
        let settled = names.iter().zip(found).map(|((name, asker, line), found)| {
            if let Some(file) = by_name_alone(name, &found).filter(|file| claimed.contains(file)) {
                self.say_claimed(name, file, Place::line(asker.path, *line), problems);
                return None;
            }
            self.settle(name, asker, *line, found, problems)
        });
        settled.collect()
    }

    /// `name` means `file` by its last component alone, and another name means it with its folders.
    pub fn say_claimed(&self, name: &str, file: FileId, place: Place, problems: &mut Problems) {
        let message = format!("no image is called {name:?}: {} is another entry's", self.tree.path(file));
        problems.push(ProblemKind::MissingImage, place, message);
    }

    /// The file that an annotation's image name at `line` means; what is wrong with it goes to `problems`.
    pub fn look_up(&self, name: &str, asker: &Asker<'_>, line: u32, problems: &mut Problems) -> Option<FileId> {
        self.settle(name, asker, line, self.find(name, asker), problems)
    }

    /// The file of `found`, which `name` at `line` means; what is wrong with it goes to `problems`.
    pub fn settle(
        &self,
        name: &str,
        asker: &Asker<'_>,
        line: u32,
        found: Match,
        problems: &mut Problems,
    ) -> Option<FileId> {
        let place = Place::line(asker.path, line);
        let (kind, message) = match found {
            Match::Found { file, .. } => {
                let path = self.tree.path(file);
                if let Some((kind, how)) = differs(name, path) {
                    problems.push(kind, place, format!("{name:?} was found as {path}{how}"));
                }
                return Some(file);
            }
            Match::Ambiguous(files) => {
                let paths: Vec<&str> = files.iter().map(|file| self.tree.path(*file)).collect();
                (ProblemKind::AmbiguousImage, format!("several images fit {name:?}: {}", paths.join(", ")))
            }
            Match::Missing => (ProblemKind::MissingImage, format!("no image is called {name:?}")),
            Match::Outside => (ProblemKind::OutsideRoot, format!("image {name:?} lies outside the dataset's folders")),
        };
        problems.push(kind, place, message);
        None
    }

    /// The file whose name without extension is `name`, to the letter.
    pub fn find_stem(&self, name: &str, asker: &Asker<'_>) -> Option<FileId> {
        let components: Vec<&str> = name.split('/').collect();
        let (stem, folders) = components.split_last()?;
        match self.by_end(folders, stem, &Wish { path: name, asker: *asker }) {
            Match::Found { file, .. } if file_name(stem_of(self.tree.path(file))) == *stem => Some(file),
            _ => None,
        }
    }

    /// The image that belongs to an annotation file of its own: the one with the same stem, where `name`, the image
    /// name inside that file, decides between several.
    pub fn find_own(&self, name: &str, asker: &Asker<'_>) -> Match {
        let own = asker.path.rsplit_once('.').map_or(asker.path, |(stem, _)| stem);
        let components: Vec<&str> = own.split('/').collect();
        let Some((stem, folders)) = components.split_last() else { return Match::Missing };
        let plain = plain(text::trim(name));
        let found = self.by_end(folders, stem, &Wish { path: &plain, asker: *asker });
        // `1.jpg.xml` is the annotation of `1.jpg`.
        if found == Match::Missing && is_image_name(stem) {
            return self.by_end(folders, stem_of(stem), &Wish { path: own, asker: *asker });
        }
        found
    }

    fn exactly(&self, name: &str, asker: &Asker<'_>, outside: &mut bool) -> Option<(FileId, Rule)> {
        let beside = (0, folder_of(asker.path), Rule::BesideAnnotation);
        let folders = self.tree.image_folders().iter();
        let tries = [beside, (0, "", Rule::FromRoot)]
            .into_iter()
            .chain(folders.map(|(root, folder)| (*root, folder.as_str(), Rule::ImageFolder)));
        let is_image = |file: &FileId| self.tree.file(*file).image && !self.left_out.contains(file);
        for (root, folder, rule) in tries {
            match resolved(folder, name) {
                Some(path) => {
                    if let Some(file) = self.tree.find(root, &path).filter(is_image) {
                        return Some((file, rule));
                    }
                }
                None => *outside |= rule == Rule::BesideAnnotation && !name.starts_with('/') && !has_drive(name),
            }
        }
        None
    }

    /// Images whose path ends with the longest tail of `folders`/`stem`.
    fn by_end(&self, folders: &[&str], stem: &str, wish: &Wish<'_>) -> Match {
        let mut end = String::new();
        push_folded(&mut end, stem);
        let mut best = self.range(&end);
        if best.is_empty() {
            return Match::Missing;
        }
        let mut deep = false;
        for folder in folders.iter().rev() {
            push_folded(&mut end, folder);
            let range = self.range(&end);
            if range.is_empty() {
                break;
            }
            (best, deep) = (range, true);
        }
        let rule = if deep { Rule::PathEnd } else { Rule::Name };
        let files: Vec<FileId> = best.iter().map(|(_, file)| *file).collect();
        self.choose(files, rule, wish)
    }

    fn range(&self, end: &str) -> &[(Box<str>, FileId)] {
        let ends = self.ends();
        let start = ends.partition_point(|(known, _)| **known < *end);
        let tail = &ends[start..];
        &tail[..tail.partition_point(|(known, _)| known.starts_with(end))]
    }

    fn choose(&self, mut files: Vec<FileId>, rule: Rule, wish: &Wish<'_>) -> Match {
        let path = |file: FileId| self.tree.path(file);
        let wanted = wish.path;
        let name = file_name(wanted);
        if is_image_name(name) {
            let extension = extension_of(name);
            keep(&mut files, |file| extension_of(path(*file)).eq_ignore_ascii_case(extension));
            keep(&mut files, |file| path(*file).rsplit('/').next() == Some(name));
            keep(&mut files, |file| ends_with_components(path(*file), wanted));
        }
        if files.len() > 1 {
            let asked = folder_of(wish.asker.path);
            let near = |file: FileId| {
                if self.tree.file(file).root == 0 { common_folders(asked, folder_of(path(file))) } else { 0 }
            };
            let nearest = files.iter().map(|file| near(*file)).max().unwrap_or(0);
            keep(&mut files, |file| near(*file) == nearest);
            // Of those in the same dataset the one beside it: `a/ann/1.json` is about `a/img/1.jpg`, not about `a/more/img/1.jpg`.
            keep(&mut files, |file| !asked.is_empty() && folder_of(folder_of(path(*file))) == folder_of(asked));
        }
        if let Some(split) = wish.asker.split {
            keep(&mut files, |file| splits::of_folders(self.tree, path(*file)) == Some(split));
        }
        let is_usual = |part: &str| IMAGE_FOLDERS.iter().any(|usual| usual.eq_ignore_ascii_case(part));
        keep(&mut files, |file| folder_of(path(*file)).split('/').any(is_usual));
        // The name counted from such a folder, or from that of a split in it: `images/a.jpg`, not `images/sub/a.jpg`.
        keep(&mut files, |file| {
            let above = folder_of(path(*file)).strip_suffix(folder_of(wanted)).map(|above| above.trim_end_matches('/'));
            let last = above.and_then(|above| above.rsplit('/').next());
            last.is_some_and(|last| is_usual(last) || splits::of_word(last).is_some())
        });
        files.sort_unstable();
        let mut distinct: Vec<FileId> = Vec::new();
        for file in files {
            if !distinct.iter().any(|known| self.tree.same_file(*known, file)) {
                distinct.push(file);
            }
        }
        match distinct[..] {
            [] => Match::Missing,
            [file] => Match::Found { file, rule },
            _ => Match::Ambiguous(distinct),
        }
    }
}

/// What an annotation would like to find.
struct Wish<'a> {
    path: &'a str,
    asker: Asker<'a>,
}

/// Keeps those that satisfy, unless none does.
fn keep(files: &mut Vec<FileId>, satisfies: impl Fn(&FileId) -> bool) {
    if files.len() > 1 && files.iter().any(&satisfies) {
        files.retain(satisfies);
    }
}

fn common_folders(a: &str, b: &str) -> usize {
    let parts = |path| str::split(path, '/').filter(|part| !part.is_empty());
    parts(a).zip(parts(b)).take_while(|(a, b)| a == b).count()
}

fn ends_with_components(path: &str, tail: &str) -> bool {
    path.strip_suffix(tail).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn push_folded(end: &mut String, component: &str) {
    let component = text::trim(component);
    if component.is_ascii() {
        end.extend(component.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        end.push_str(&text::nfc(&component.to_lowercase()));
    }
    end.push('/');
}

fn backwards(path: &str) -> String {
    let mut end = String::with_capacity(path.len() + 1);
    path.rsplit('/').for_each(|component| push_folded(&mut end, component));
    end
}
