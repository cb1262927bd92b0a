//! The walk through a root's folders: names in order, links where they stay inside.

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{File, OURS, OURS_HIDDEN, Tree, slashed};
use crate::dataset::{Place, ProblemKind};
use crate::files::{Archive, Root};
use crate::image::is_image_name;

/// Extensions of annotation files; only such names and images are worth a problem when they cannot be reached.
pub const ANNOTATION_EXTENSIONS: [&str; 10] =
    ["xml", "csv", "tsv", "json", "jsonl", "ndjson", "txt", "yaml", "yml", "manifest"];

/// Whether a name is a tool's or the system's own business.
fn ignored(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") || [&b"__MACOSX"[..], b"Thumbs.db", b"desktop.ini", b"@eaDir"].contains(&name)
}

/// A path for a message, with the bytes that are no UTF-8 as `\xff`.
fn escaped(path: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in path.utf8_chunks() {
        shown.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
    }
    shown
}

/// What a file of this name would be, if that matters.
fn matters(name: &str) -> Option<ProblemKind> {
    if is_image_name(name) {
        return Some(ProblemKind::BadImage);
    }
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    ANNOTATION_EXTENSIONS.contains(&extension.as_str()).then_some(ProblemKind::UnreadableAnnotation)
}

/// What stands in a folder, by name.
type Entries = std::vec::IntoIter<(OsString, io::Result<fs::FileType>)>;

impl Tree {
    /// Lists `folder`, which messages call `below`.
    fn list(&mut self, folder: &Path, below: &[u8]) -> io::Result<Entries> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            match entry {
                // Most systems say the type with the name, so that no file is looked at.
                Ok(entry) => entries.push((entry.file_name(), entry.file_type())),
                Err(error) => self.cannot_list(&escaped(below), &error),
            }
        }
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries.into_iter())
    }

    /// What is in an archive, as a walk would see it.
    fn list_archive(&mut self, archive: &Archive, root: u16) {
        for refused in archive.refused() {
            if let Some(kind) = matters(&refused.name) {
                let kind = if refused.outside { ProblemKind::OutsideRoot } else { kind };
                self.problems.push(kind, Place::file(&refused.name), refused.reason.as_str());
            }
        }
        let seen = archive.names().filter(|name| !name.split('/').any(|part| ignored(part.as_ref())));
        self.files.extend(seen.map(|name| {
            let image = is_image_name(name);
            File { root, image, path: name.into(), real: None, repeated: false }
        }));
        self.ends.push(self.files.len());
    }

    fn cannot_list(&mut self, below: &str, error: &io::Error) {
        let message = format!("the folder cannot be listed: {error}");
        self.problems.push(ProblemKind::UnreadableAnnotation, Place::file(below), message);
    }
}

/// Whether we wrote the folder of these entries.
fn is_ours(entries: &Entries) -> bool {
    entries.as_slice().iter().any(|(name, _)| name == OURS || name == OURS_HIDDEN)
}

/// The walk of all roots.
pub(super) struct Walk {
    allow_outside: bool,
    /// Folders below that we wrote ourselves, such as the output of an earlier run inside of its source, are not entered, unless
    /// there is nothing else.
    leave_ours: bool,
    /// Real paths of the roots.
    pub(super) reals: Vec<PathBuf>,
}

/// A folder to be walked, and the path below the root that its files stand under: empty, or that of a link.
struct Job {
    folder: PathBuf,
    below: String,
}

/// A folder on the way.
struct Inside {
    folder: PathBuf,
    /// Its path below the root, in bytes: what is not UTF-8 is only for messages.
    below: Vec<u8>,
    /// What is left of it.
    entries: Entries,
}

/// The bytes of `name` below those of `folder`.
fn below_bytes(folder: &[u8], name: &OsStr) -> Vec<u8> {
    let name = name.as_encoded_bytes();
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

impl Walk {
    pub(super) fn new(allow_outside: bool, leave_ours: bool) -> Self {
        Self { allow_outside, leave_ours, reals: Vec::new() }
    }

    pub(super) fn add_root(&mut self, tree: &mut Tree, path: &Path, beside_only: bool) -> io::Result<()> {
        let real = fs::canonicalize(path)?;
        let root = u16::try_from(tree.roots.len()).map_err(|_| io::Error::other("too many folders of images"))?;
        let door = Root::new(path, self.allow_outside)?;
        tree.roots.push(path.to_owned());
        tree.names.push(real.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned());
        self.reals.push(real.clone());
        if let Root::Archive(archive) = &door {
            tree.list_archive(archive, root);
            tree.doors.push(door);
            return Ok(());
        }
        tree.doors.push(door);
        let mut entered = HashSet::new();
        let mut jobs = VecDeque::from([Job { folder: real, below: String::new() }]);
        let start = tree.files.len();
        let mut leave_ours = self.leave_ours;
        let mut ours: Vec<Job> = Vec::new();
        loop {
            let Some(job) = jobs.pop_front() else {
                if ours.is_empty() || tree.files[start..].iter().any(|file| matters(&file.path).is_some()) {
                    break;
                }
                leave_ours = false;
                jobs.extend(ours.drain(..));
                continue;
            };
            let linked = !job.below.is_empty();
            let entries = match tree.list(&job.folder, job.below.as_bytes()) {
                Ok(entries) => entries,
                Err(error) if linked => {
                    tree.cannot_list(&job.below, &error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut inside = vec![Inside { folder: job.folder, below: job.below.into_bytes(), entries }];
            while let Some(at) = inside.last_mut() {
                let Some((name, kind)) = at.entries.next() else {
                    inside.pop();
                    continue;
                };
                if ignored(&name) {
                    continue;
                }
                let below = below_bytes(&at.below, &name);
                let kind = match kind {
                    Ok(kind) => kind,
                    Err(error) => {
                        tree.cannot_list(&escaped(&below), &error);
                        continue;
                    }
                };
                if kind.is_dir() {
                    let folder = at.folder.join(&name);
                    if beside_only || self.is_earlier_root(&folder, usize::from(root)) {
                        continue;
                    }
                    match tree.list(&folder, &below) {
                        Ok(entries) if leave_ours && is_ours(&entries) => {
                            ours.extend(String::from_utf8(below).ok().map(|below| Job { folder, below }));
                        }
                        Ok(entries) => inside.push(Inside { folder, below, entries }),
                        Err(error) => tree.cannot_list(&escaped(&below), &error),
                    }
                    continue;
                }
                let path = match String::from_utf8(below) {
                    Ok(path) => path,
                    Err(error) => {
                        // Of a folder, its files are told.
                        let shown = escaped(error.as_bytes());
                        if let Some(kind) = matters(&shown) {
                            let message = "the file's name is not UTF-8, so nothing can name it";
                            tree.problems.push(kind, Place::file(shown), message);
                        }
                        continue;
                    }
                };
                if kind.is_symlink() {
                    let real = at.folder.join(&name);
                    if let Some(file) = self.follow(tree, root, &real, path, &mut entered, &mut jobs) {
                        tree.files.push(file);
                    }
                } else if kind.is_file() {
                    // Below a link, the real path differs from the name.
                    let real = linked.then(|| self.below_root(&at.folder.join(&name), root)).flatten();
                    let image = is_image_name(&path);
                    tree.files.push(File { root, image, path: path.into(), real, repeated: false });
                }
            }
        }
        tree.ours.extend(ours.into_iter().map(|job| job.below));
        tree.files[start..].sort_by(|a, b| a.path.cmp(&b.path));
        let mut seen = HashSet::new();
        // Only what a link leads to can have two names: collected first, so that the usual tree costs nothing.
        let linked: HashSet<Box<str>> = tree.files[start..].iter().filter_map(|file| file.real.clone()).collect();
        for file in &mut tree.files[start..] {
            let real = file.real.as_ref().unwrap_or(&file.path);
            file.repeated = linked.contains(real) && !seen.insert(real.clone());
        }
        tree.ends.push(tree.files.len());
        Ok(())
    }

    fn is_earlier_root(&self, folder: &Path, root: usize) -> bool {
        self.reals.iter().take(root).any(|real| real == folder)
    }

    /// A real path relative to its root, if it lies inside.
    fn below_root(&self, real: &Path, root: u16) -> Option<Box<str>> {
        let below = real.strip_prefix(self.reals.get(usize::from(root))?).ok()?;
        slashed(below).map(Into::into)
    }

    fn follow(
        &self,
        tree: &mut Tree,
        root: u16,
        link: &Path,
        path: String,
        entered: &mut HashSet<PathBuf>,
        jobs: &mut VecDeque<Job>,
    ) -> Option<File> {
        let Ok(target) = fs::canonicalize(link) else {
            if let Some(kind) = matters(&path) {
                let target = fs::read_link(link).unwrap_or_default();
                let message = format!("the link leads to nothing: {}", target.display());
                tree.problems.push(kind, Place::file(path), message);
            }
            return None;
        };
        let inside = target.starts_with(self.reals.get(usize::from(root))?);
        let metadata = fs::metadata(&target).ok()?;
        if !inside && !self.allow_outside {
            if metadata.is_dir() || matters(&path).is_some() {
                let message = format!("the link leads outside the dataset's folder, to {}", target.display());
                tree.problems.push(ProblemKind::OutsideRoot, Place::file(&path), message);
                tree.outside.insert((root, path));
            }
            return None;
        }
        if metadata.is_dir() {
            // From below itself a folder is never entered, and from elsewhere once.
            if !link.starts_with(&target) && entered.insert(target.clone()) {
                jobs.push_back(Job { folder: target, below: path });
            }
            return None;
        }
        let image = is_image_name(&path);
        let real = self.below_root(&target, root);
        metadata.is_file().then(|| File { root, image, path: path.into(), real, repeated: false })
    }
}
