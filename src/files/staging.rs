//! A folder of many files that has its name only when it is whole.
//!
//! ```text
//! target not there    mkdir(".NAME.RANDOM.partial") beside it    all files    sync    rename(to NAME)
//! target there        the same inside it                         all files    sync    each file to its name, in order
//! ```
//!
//! One rename where that can be; else the files of the folder are replaced one by one, and what was there before comes back
//! if one of them fails. Thousands of files are synced at once (syncfs), not one by one.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Aside;
use super::atomic::{Temporary, temporary_beside};

/// A folder under a temporary name. Dropped before [`Staging::commit`], it is removed.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    temporary: Temporary,
    target: PathBuf,
    /// The target was there before.
    inside: bool,
    /// Folders above the target that were made, the outermost first.
    made_above: Vec<PathBuf>,
    /// Folders below that are there.
    folders: Mutex<HashSet<PathBuf>>,
    files: Mutex<BTreeSet<String>>,
    committed: bool,
    /// Held until the end.
    _lock: Option<File>,
}

impl Staging {
    /// Makes the folder for what will be `target`.
    pub fn open(target: &Path) -> io::Result<Self> {
        let target = std::path::absolute(target)?;
        let inside = match fs::metadata(&target) {
            Ok(there) if there.is_dir() => true,
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        let mut made_above = Vec::new();
        let missing = |path: &&Path| fs::symlink_metadata(path).is_err();
        let above: Vec<&Path> = target.ancestors().skip(1).take_while(missing).collect();
        for folder in above.into_iter().rev() {
            fs::create_dir(folder)?;
            made_above.push(folder.to_owned());
        }
        let lock = if inside { lock(&target)? } else { None };
        let beside = if inside { target.join("recordmill") } else { target.clone() };
        let ((), mut temporary) = temporary_beside(&beside, |path| fs::create_dir(path))?;
        let folder = temporary.path().map(Path::to_owned).ok_or(io::ErrorKind::NotFound)?;
        // It is a folder, and goes by our own hand.
        temporary.leave();
        Ok(Self {
            folder,
            temporary,
            target,
            inside,
            made_above,
            folders: Mutex::default(),
            files: Mutex::default(),
            committed: false,
            _lock: lock,
        })
    }

    /// Makes the file `name`, relative with `/`, and the folders that it is in. A name that leads outside, or is taken, is an
    /// error.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let path = self.place(name)?;
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    /// Where the file `name` is until [`Staging::commit`]; the folders that it is in are made.
    pub fn place(&self, name: &str) -> io::Result<PathBuf> {
        let relative = Path::new(name);
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !inside || name.ends_with('/') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no name for a file")));
        }
        let path = self.folder.join(relative);
        if let Some(parent) = path.parent() {
            let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            if !folders.contains(parent) {
                fs::create_dir_all(parent)?;
                folders.insert(parent.to_owned());
            }
        }
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        Ok(path)
    }

    /// Names of all files so far, sorted.
    pub fn names(&self) -> Vec<String> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Waits for the disk where `sync` says so, and gives everything its name, `last` at the end; `stale` are files of an
    /// earlier run that go. `None` if `cancelled` was set: then nothing has its name.
    pub fn commit(
        mut self,
        sync: bool,
        last: &str,
        stale: &[String],
        cancelled: &AtomicBool,
    ) -> io::Result<Option<PathBuf>> {
        if sync {
            sync_all(&self.folder, &self.names())?;
        }
        if cancelled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if self.inside {
            if !self.replace(last, stale, cancelled)? {
                return Ok(None);
            }
        } else {
            rename_new(&self.folder, &self.target)?;
        }
        self.committed = true;
        if sync {
            let parent = if self.inside { Some(&*self.target) } else { self.target.parent() };
            if let Some(folder) = parent.and_then(|parent| File::open(parent).ok()) {
                // Some file systems cannot sync a folder.
                drop(folder.sync_all());
            }
        }
        Ok(Some(self.target.clone()))
    }

    /// Moves every file to its name in the folder that was there; whether all are.
    fn replace(&mut self, last: &str, stale: &[String], cancelled: &AtomicBool) -> io::Result<bool> {
        let mut names = self.names();
        names.retain(|name| name != last);
        let mut made = Vec::new();
        let mut done: Vec<(PathBuf, Option<Aside>)> = Vec::new();
        let result = (|| {
            let steps = names.iter().map(|name| (name, true)).chain(stale.iter().map(|name| (name, false)));
            let last = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(last).cloned();
            for (name, put) in steps.chain(last.iter().map(|name| (name, true))) {
                if cancelled.load(Ordering::Relaxed) {
                    return Ok(false);
                }
                let target = self.target.join(name);
                if let Some(parent) = target.parent().filter(|_| put) {
                    make_folders(parent, &mut made)?;
                }
                let before = Aside::keep(&target)?;
                match put {
                    true => fs::rename(self.folder.join(name), &target)?,
                    false => match fs::remove_file(&target) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    },
                }
                done.push((target, before));
            }
            Ok(true)
        })();
        if !matches!(result, Ok(true)) {
            for (path, before) in done.into_iter().rev() {
                // If this fails too, the error that led here is still the one to tell.
                match before {
                    Some(before) => drop(before.restore()),
                    None => drop(fs::remove_file(path)),
                }
            }
            made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        } else {
            // The second names of what is gone go first.
            drop(done);
            // Then folders that held nothing else; others are not empty, and stay.
            let above = |name: &String| {
                let path = self.target.join(name);
                path.ancestors().skip(1).take_while(|path| *path != self.target).map(Path::to_owned).collect::<Vec<_>>()
            };
            let folders: BTreeSet<PathBuf> = stale.iter().flat_map(above).collect();
            folders.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        result
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.temporary.is_ours() {
            return;
        }
        if !self.committed || self.inside {
            drop(fs::remove_dir_all(&self.folder));
        }
        if !self.committed {
            self.made_above.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
    }
}

/// Makes `folder` and what is missing above it, and remembers what was made.
fn make_folders(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| fs::symlink_metadata(path).is_err()).collect();
    for path in missing.into_iter().rev() {
        fs::create_dir(path)?;
        made.push(path.to_owned());
    }
    Ok(())
}

/// Gives `from` the name `to`, which must not be taken.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    // A folder takes the place of an empty one on Unix, and of nothing else.
    match fs::symlink_metadata(to) {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Locks `folder` against other runs; an error of kind `ResourceBusy` if one has it. Where the file system has no locks, goes
/// without.
pub fn lock(folder: &Path) -> io::Result<Option<File>> {
    let Ok(file) = File::open(folder) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        Err(fs::TryLockError::Error(_)) => Ok(None),
    }
}

/// Waits until all files are on the disk.
fn sync_all(folder: &Path, names: &[String]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        let _ = names;
        rustix::fs::syncfs(File::open(folder)?)?;
    }
    #[cfg(not(target_os = "linux"))]
    for name in names {
        File::options().write(true).open(folder.join(name))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write(staging: &Staging, name: &str, text: &str) {
        staging.create(name).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn commit(staging: Staging, stale: &[&str]) -> io::Result<Option<PathBuf>> {
        let stale: Vec<String> = stale.iter().map(|name| (*name).to_owned()).collect();
        staging.commit(true, "last", &stale, &AtomicBool::new(false))
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    #[test]
    fn a_new_folder_gets_its_name_at_once() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("a/b");
        let staging = Staging::open(&target).unwrap();
        write(&staging, "x/y.txt", "1");
        write(&staging, "last", "2");
        assert!(!target.exists());
        assert_eq!(staging.names(), ["last", "x/y.txt"]);
        assert!(commit(staging, &[]).unwrap().is_some());
        assert_eq!(names_in(&target), ["last", "x"]);
        assert_eq!(names_in(&parent.path().join("a")), ["b"]);
    }

    #[test]
    fn nothing_is_left_without_commit() {
        let parent = tempfile::tempdir().unwrap();
        let staging = Staging::open(&parent.path().join("a/b")).unwrap();
        write(&staging, "x/y.txt", "1");
        drop(staging);
        assert!(names_in(parent.path()).is_empty());
        let staging = Staging::open(parent.path()).unwrap();
        write(&staging, "x/y.txt", "1");
        assert!(matches!(Staging::open(parent.path()), Err(error) if error.kind() == io::ErrorKind::ResourceBusy));
        drop(staging);
        assert!(names_in(parent.path()).is_empty());
    }

    #[test]
    fn files_of_a_folder_are_replaced_or_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("x")).unwrap();
        for name in ["x/y.txt", "mine", "old"] {
            fs::write(path(name), "before").unwrap();
        }
        let staged = || {
            let staging = Staging::open(folder.path()).unwrap();
            write(&staging, "x/y.txt", "after");
            write(&staging, "z/new", "after");
            write(&staging, "last", "after");
            staging
        };
        // A folder cannot be replaced by a file.
        fs::create_dir(path("last")).unwrap();
        fs::write(path("last/full"), "").unwrap();
        assert!(commit(staged(), &["old"]).is_err());
        assert_eq!(names_in(folder.path()), ["last", "mine", "old", "x"]);
        assert_eq!(fs::read_to_string(path("x/y.txt")).unwrap(), "before");
        fs::remove_dir_all(path("last")).unwrap();
        assert!(commit(staged(), &["old", "gone"]).unwrap().is_some());
        assert_eq!(names_in(folder.path()), ["last", "mine", "x", "z"]);
        assert_eq!(fs::read_to_string(path("x/y.txt")).unwrap(), "after");
    }

    #[test]
    fn names_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::open(folder.path()).unwrap();
        for name in ["", "../x", "/x", "a/../../x", "a/", "."] {
            assert_eq!(staging.create(name).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        write(&staging, "a", "");
        assert_eq!(staging.create("a").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
