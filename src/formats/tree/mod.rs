//! The one walk: every file of the source folder and of the folders that images are looked for in. What the walk did
//! not see is never opened, whatever an annotation says.
//!
//! - The source is a folder, or one annotation file, whose folder is then the root. A single file with `--images`
//!   folders needs no more of its own folder than the files beside it, so only these are listed.
//! - Paths are relative to their root, with `/`, sorted by their bytes: the order of the directory does not count.
//! - Left out: names that start with a dot, `__MACOSX`, `Thumbs.db`, `desktop.ini`, `@eaDir`; all that is neither file
//!   nor folder.
//! - Links are followed where they stay inside their root (or with `allow_outside`); a folder is entered once by a
//!   link, and never from below itself. A file that has several names so is read as annotation under the first of
//!   them. A link that leads outside is not followed, and is a problem if its name or that of an image below it
//!   matters.
//! - A file name that is not UTF-8 is a problem where its extension is one that would matter.
//! - A folder of images that lies inside the root is not walked again.
//! - A zip or tar stands for a folder: its names are what a walk would see.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

mod walk;

pub use self::walk::ANNOTATION_EXTENSIONS;
use self::walk::Walk;
use super::error::{FormatError, FormatErrorKind};
use super::json::outline::outline;
use super::text::{self, Utf8};
use crate::dataset::{Place, ProblemKind, Problems};
use crate::files::{Archive, Opened, Root};
use crate::image::is_image_name;

/// What we put beside a dataset that we write: no annotation.
pub const OURS: &str = "recordmill.json";
/// The same beside a dataset in another format: hidden and without an extension, because tools take every `*.json` or `*.txt` of
/// a folder for their own.
pub const OURS_HIDDEN: &str = ".recordmill";
/// Bytes of a file that detection looks at.
const HEAD: u64 = 64 * 1024;

/// Place of a file in [`Tree::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// A number for it, in the order of the files.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The file of a number that [`FileId::number`] gave.
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

/// A file that the walk saw.
#[derive(Debug)]
pub struct File {
    /// Place in [`Tree::roots`].
    pub root: u16,
    /// Whether the name is an image's.
    pub image: bool,
    /// Path relative to the root, with `/`.
    pub path: Box<str>,
    /// The path without links, where that is another: what to open.
    real: Option<Box<str>>,
    /// Another name of the same file comes before.
    repeated: bool,
}

/// What the walk saw.
#[derive(Debug)]
pub struct Tree {
    roots: Vec<PathBuf>,
    doors: Vec<Root>,
    names: Vec<String>,
    files: Vec<File>,
    ends: Vec<usize>,
    image_folders: Vec<(u16, String)>,
    only: Option<FileId>,
    /// Where the annotation file is that the user named, if it is none of those that the walk saw.
    named: Option<PathBuf>,
    outside: BTreeSet<(u16, String)>,
    /// Folders that we wrote ourselves, and that were not entered.
    ours: Vec<String>,
    problems: Problems,
    by_extension: OnceLock<HashMap<String, Vec<FileId>>>,
    heads: Mutex<HashMap<FileId, Head>>,
    /// What formats found out about the tree, by its type.
    found_out: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
}

/// The start of a file, and what is needed to read on.
#[derive(Debug)]
struct Head {
    bytes: Vec<u8>,
    rest: Option<Opened>,
    /// The whole in short, of JSON that goes on behind `bytes`.
    outline: Option<Vec<u8>>,
}

/// Makes an error of the operating system one at `path`.
fn io_at(path: &Path) -> impl FnOnce(io::Error) -> FormatError + use<> {
    let path = path.to_owned();
    move |error| FormatError::new(FormatErrorKind::Io(error), path)
}

impl Tree {
    /// Walks `source`, a folder, an archive or an annotation file, and `image_folders`, which may be archives too.
    pub fn open(source: &Path, image_folders: &[PathBuf], allow_outside: bool) -> Result<Self, FormatError> {
        let whole = Self::is_archive(source).map_err(io_at(source))?;
        let is_file = !whole && fs::metadata(source).map_err(io_at(source))?.is_file();
        let folder = if is_file {
            source.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
        } else {
            source
        };
        let beside_only = is_file && !image_folders.is_empty();
        let mut tree = Self::walk(folder, beside_only, image_folders, allow_outside)?;
        if is_file {
            tree.problems = Problems::default();
            let name = source.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            tree.only = Some(match tree.find(0, name) {
                Some(file) => file,
                // A file that the user names is read whatever its name or place (hidden, a link that leads outside).
                None => tree.add_named(source)?,
            });
        }
        Ok(tree)
    }

    /// Walks `folder`, about which the annotation file `source` in another folder speaks, and `image_folders`.
    pub fn open_about(
        source: &Path,
        folder: &Path,
        image_folders: &[PathBuf],
        allow_outside: bool,
    ) -> Result<Self, FormatError> {
        let mut tree = Self::walk(folder, false, image_folders, allow_outside)?;
        tree.only = Some(tree.add_named(source)?);
        Ok(tree)
    }

    /// `files`, which may lie in several folders, and of what lies beside them in these what `keep` says by its name.
    pub fn open_files(
        files: &[PathBuf],
        keep: impl Fn(&str) -> bool,
        allow_outside: bool,
    ) -> Result<Self, FormatError> {
        let mut folders: Vec<&Path> = Vec::new();
        let mut wanted = HashSet::new();
        for file in files {
            let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let root = folders.iter().position(|known| *known == folder).unwrap_or_else(|| {
                folders.push(folder);
                folders.len() - 1
            });
            wanted.insert((root, file.file_name().and_then(|name| name.to_str()).unwrap_or_default()));
        }
        let mut tree = Self::empty();
        let mut walk = Walk::new(allow_outside, false);
        for folder in folders {
            walk.add_root(&mut tree, folder, true).map_err(io_at(folder))?;
        }
        tree.files.retain(|file| wanted.contains(&(usize::from(file.root), &*file.path)) || keep(&file.path));
        for (root, end) in tree.ends.iter_mut().enumerate() {
            *end = tree.files.partition_point(|file| usize::from(file.root) <= root);
        }
        Ok(tree)
    }

    fn is_archive(path: &Path) -> io::Result<bool> {
        if fs::metadata(path)?.is_file() { Archive::is_one(path) } else { Ok(false) }
    }

    fn walk(
        folder: &Path,
        beside_only: bool,
        image_folders: &[PathBuf],
        allow_outside: bool,
    ) -> Result<Self, FormatError> {
        let mut tree = Self::empty();
        let mut walk = Walk::new(allow_outside, image_folders.is_empty());
        walk.add_root(&mut tree, folder, beside_only).map_err(io_at(folder))?;
        for folder in image_folders {
            let real = fs::canonicalize(folder).map_err(io_at(folder))?;
            let archive = Self::is_archive(folder).map_err(io_at(folder))?;
            if !archive && !real.is_dir() {
                return Err(io_at(folder)(io::ErrorKind::NotADirectory.into()));
            }
            let known = walk.reals.iter().position(|root| if archive { real == *root } else { real.starts_with(root) });
            match known.filter(|root| !(beside_only && *root == 0)) {
                Some(root) => {
                    let below = real.strip_prefix(&walk.reals[root]).ok().and_then(slashed).unwrap_or_default();
                    tree.image_folders.push((root as u16, below));
                }
                None => {
                    tree.image_folders.push((tree.roots.len() as u16, String::new()));
                    walk.add_root(&mut tree, folder, false).map_err(io_at(folder))?;
                }
            }
        }
        Ok(tree)
    }

    fn empty() -> Self {
        Self {
            roots: Vec::new(),
            doors: Vec::new(),
            names: Vec::new(),
            files: Vec::new(),
            ends: Vec::new(),
            image_folders: Vec::new(),
            only: None,
            named: None,
            outside: BTreeSet::new(),
            ours: Vec::new(),
            problems: Problems::default(),
            by_extension: OnceLock::new(),
            heads: Mutex::default(),
            found_out: Mutex::default(),
        }
    }

    /// Adds the annotation file that the user named and the walk did not see.
    fn add_named(&mut self, source: &Path) -> Result<FileId, FormatError> {
        let Some(name) = source.file_name().and_then(|name| name.to_str()) else {
            return Err(io_at(source)(io::Error::new(io::ErrorKind::InvalidInput, "the name is not UTF-8")));
        };
        let id = FileId(self.files.len() as u32);
        let (root, image) = (0, is_image_name(name));
        self.files.push(File { root, image, path: name.into(), real: None, repeated: false });
        self.named = Some(source.to_owned());
        Ok(id)
    }

    /// The folders that files lie below: the source's first, then those of images that lie elsewhere.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The archives among the roots.
    pub fn archives(&self) -> impl Iterator<Item = &Arc<Archive>> {
        self.doors.iter().filter_map(|door| match door {
            Root::Archive(archive) => Some(archive),
            Root::Folder(_) => None,
        })
    }

    /// The folder's own name of a root; empty where it has none.
    pub fn root_name(&self, root: u16) -> &str {
        self.names.get(usize::from(root)).map_or("", String::as_str)
    }

    /// Folders that the user says images lie in: root and path below it.
    pub fn image_folders(&self) -> &[(u16, String)] {
        &self.image_folders
    }

    /// All files, by root and path.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files.iter().enumerate().map(|(place, file)| (FileId(place as u32), file))
    }

    /// The file at `id`.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The path of a file, relative to its root: what messages say.
    pub fn path(&self, id: FileId) -> &str {
        &self.file(id).path
    }

    /// The path of a file as the user's shell would say it.
    pub fn full_path(&self, id: FileId) -> PathBuf {
        if let Some(named) = self.named.as_ref().filter(|_| self.only == Some(id)) {
            return named.clone();
        }
        let file = self.file(id);
        self.roots.get(usize::from(file.root)).map_or_else(PathBuf::new, |root| root.join(&*file.path))
    }

    /// The path that opens a file below its root: without links.
    pub fn path_to_open(&self, id: FileId) -> &str {
        let file = self.file(id);
        file.real.as_deref().unwrap_or(&file.path)
    }

    /// The file of this path, to the letter.
    pub fn find(&self, root: u16, path: &str) -> Option<FileId> {
        let range = self.range(root);
        let place = self.files[range.clone()].binary_search_by(|file| (*file.path).cmp(path)).ok()?;
        Some(FileId((range.start + place) as u32))
    }

    /// The files of one root.
    fn range(&self, root: u16) -> Range<usize> {
        let root = usize::from(root);
        let end = self.ends.get(root).copied().unwrap_or(0);
        root.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0).min(end)..end
    }

    /// Annotation files with one of these extensions (lower case, without the dot), in order; the one file where the
    /// source is a file and has one of them.
    pub fn annotations(&self, extensions: &[&str]) -> impl Iterator<Item = FileId> + use<> {
        self.among(extensions, self.only)
    }

    /// As [`Tree::annotations`], where a source that is a file (`data.yaml`) stands for the folder that it lies in.
    pub fn annotations_around(&self, extensions: &[&str]) -> impl Iterator<Item = FileId> + use<> {
        self.among(extensions, None)
    }

    fn among(&self, extensions: &[&str], only: Option<FileId>) -> impl Iterator<Item = FileId> + use<> {
        let mut files: Vec<FileId> = match only {
            Some(only) => extension_of(self.path(only))
                .filter(|own| extensions.contains(&&**own))
                .map(|_| only)
                .into_iter()
                .collect(),
            None => extensions
                .iter()
                .filter_map(|extension| self.by_extension().get(*extension))
                .flatten()
                .copied()
                .collect(),
        };
        if extensions.len() > 1 {
            files.sort_unstable();
        }
        files.into_iter()
    }

    /// The files of the source by extension, in order: some fifty formats ask, and there may be a million files.
    fn by_extension(&self) -> &HashMap<String, Vec<FileId>> {
        self.by_extension.get_or_init(|| {
            let mut all: HashMap<String, Vec<FileId>> = HashMap::new();
            let named = self.only.filter(|_| self.named.is_some()).map(|file| file.0 as usize);
            for place in self.range(0).chain(named).filter(|place| !self.files[*place].repeated) {
                let path = &self.files[place].path;
                if let Some(extension) = extension_of(path).filter(|_| !is_template(path)) {
                    all.entry(extension).or_default().push(FileId(place as u32));
                }
            }
            all
        })
    }

    /// What is said of folders that were not entered because we wrote them ourselves.
    pub fn remark_ours(&self) -> Option<String> {
        let first = self.ours.first()?;
        let more = if self.ours.len() > 1 { format!(" and {} more", self.ours.len() - 1) } else { String::new() };
        Some(format!("left out, as recordmill wrote it: {first}{more}"))
    }

    /// The annotation file, where the source is one file.
    pub fn only(&self) -> Option<FileId> {
        self.only
    }

    /// Whether two files are one, reached by a link.
    pub fn same_file(&self, a: FileId, b: FileId) -> bool {
        self.file(a).root == self.file(b).root && self.path_to_open(a) == self.path_to_open(b)
    }

    /// Whether a path leads through a link that was not followed because it leads outside.
    pub fn leads_outside(&self, root: u16, path: &str) -> bool {
        path.match_indices('/')
            .map(|(end, _)| &path[..end])
            .chain([path])
            .any(|above| self.outside.contains(&(root, above.to_owned())))
    }

    /// Paths of links that were not followed because they lead outside.
    pub fn links_outside(&self) -> impl Iterator<Item = &str> {
        self.outside.iter().map(|(_, path)| path.as_str())
    }

    /// What the walk could not reach. For a source that is a file, only what an annotation names counts, so this is
    /// empty.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// What detection looks at: the first bytes of a file, at most [`HEAD`], kept so that [`Tree::read`] does not read them
    /// again; of a longer file of JSON all of it, without what makes it long ([`outline`]).
    pub fn head(&self, id: FileId) -> io::Result<Vec<u8>> {
        let mut heads = self.heads_lock();
        if let Some(head) = heads.get(&id).filter(|head| !head.bytes.is_empty() || head.rest.is_none()) {
            return Ok(head.outline.as_ref().unwrap_or(&head.bytes).clone());
        }
        let mut file = match heads.remove(&id).and_then(|head| head.rest) {
            Some(file) => file,
            None => self.open_file(id)?,
        };
        let mut bytes = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut bytes)?;
        let rest = (bytes.len() as u64 == HEAD).then_some(file);
        // The first bytes alone say whether it can be JSON; the file is then read from its start once more.
        let can_be = rest.is_some() && outline(Utf8::new(&bytes[..])).is_ok_and(|outline| outline.is_some());
        let outline = if can_be { outline(Utf8::new(self.open_file(id)?))? } else { None };
        let head = outline.as_ref().unwrap_or(&bytes).clone();
        heads.insert(id, Head { bytes, rest, outline });
        Ok(head)
    }

    /// All bytes of a file of at most `limit` bytes.
    pub fn read(&self, id: FileId, limit: u64) -> io::Result<Vec<u8>> {
        let head = self.heads_lock().remove(&id);
        let (mut bytes, rest) = match head {
            Some(head) => (head.bytes, head.rest),
            None => (Vec::new(), Some(self.open_file(id)?)),
        };
        if let Some(mut rest) = rest {
            text::read_to_limit(&mut rest, &mut bytes, limit)?;
        }
        Ok(bytes)
    }

    /// The same; where it cannot be read, that is a problem.
    pub fn read_or_say(&self, id: FileId, limit: u64, problems: &mut Problems) -> Option<Vec<u8>> {
        let bytes = self.read(id, limit);
        bytes
            .map_err(|error| {
                problems.push(ProblemKind::UnreadableAnnotation, Place::file(self.path(id)), error.to_string());
            })
            .ok()
    }

    /// A file to be read from its start, in pieces.
    pub fn stream(&self, id: FileId) -> io::Result<Box<dyn Read + Send>> {
        let head = self.heads_lock().remove(&id);
        Ok(match head {
            Some(Head { bytes, rest: Some(rest), .. }) => Box::new(io::Cursor::new(bytes).chain(rest)),
            Some(Head { bytes, rest: None, .. }) => Box::new(io::Cursor::new(bytes)),
            None => Box::new(self.open_file(id)?),
        })
    }

    /// Opens a file for reading.
    pub fn open_file(&self, id: FileId) -> io::Result<Opened> {
        if let Some(named) = self.named.as_ref().filter(|_| self.only == Some(id)) {
            // By the user's own words, wherever it is.
            return fs::File::open(named).map(Opened::File);
        }
        let door = self.doors.get(usize::from(self.file(id).root)).ok_or(io::ErrorKind::NotFound)?;
        door.open(self.path_to_open(id))
    }

    /// What `look` finds out about the tree, which is done once for each type of answer.
    pub fn once<T: Clone + Send + 'static>(&self, look: impl FnOnce() -> T) -> T {
        let lock = || self.found_out.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&TypeId::of::<T>()).and_then(|known| known.downcast_ref::<T>().cloned());
        known.unwrap_or_else(|| {
            let found = look();
            lock().insert(TypeId::of::<T>(), Box::new(found.clone()));
            found
        })
    }

    fn heads_lock(&self) -> std::sync::MutexGuard<'_, HashMap<FileId, Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A relative path with `/`, if it is UTF-8.
fn slashed(path: &Path) -> Option<String> {
    let path = path.to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' { path.into() } else { path.replace(std::path::MAIN_SEPARATOR, "/") })
}

/// The extension of a file in lower case, empty where it has none; `None` for what we put beside a dataset.
pub fn extension_of(path: &str) -> Option<String> {
    let name = file_name(path);
    (name != OURS).then(|| name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase())
}

/// Whether a file is the form that a competition hands out for answers (Kaggle's `sample_submission.csv`): what stands in it is
/// made up.
fn is_template(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase().replace(['-', ' '], "_");
    name.starts_with("sample_submission") || name.starts_with("samplesubmission")
}

/// `name` below `folder`.
pub fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => [folder, "/", name].concat(),
    }
}

/// The folder of a path, empty at the top.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a file lies in `folder` or deeper.
pub fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The last component of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The last component of a path, without its extension.
pub fn stem_of(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!((file_name("a/b.c.txt"), stem_of("a/b.c.txt"), stem_of("b")), ("b.c.txt", "b.c", "b"));
    }
}
