//! The output folder: files under temporary names until all of a run are whole.
//!
//! Names are given in a fixed order, the manifest's last, so that a folder with a manifest has all that it lists. What
//! an earlier run has left is replaced on the way, and removed before the manifest changes where this run does not
//! replace it. If something fails midway, names that this run has given are taken away again, and files of the earlier
//! run come back. The folder is locked meanwhile (`flock`, which ends with the process), so that two runs do not mix.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{ConvertError, busy, io_error};
use crate::files::{Aside, AtomicFile, AtomicOptions, ClosedFile, lock};

/// Where a run writes to. Dropped before [`Output::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Output {
    folder: PathBuf,
    names: Vec<String>,
    /// Bytes that each shard will have at least.
    at_least: Vec<u64>,
    options: AtomicOptions,
    files: Vec<Mutex<Stage>>,
    /// Folders that this run made, the outermost first.
    made: Vec<PathBuf>,
    committed: bool,
    /// Held until the end.
    _lock: Option<File>,
}

/// How far a file is.
#[derive(Debug, Default)]
enum Stage {
    #[default]
    NotBegun,
    Open(Arc<AtomicFile>),
    /// Whole and closed: thousands of shards must not be open at a time.
    Closed(ClosedFile),
}

/// Refuses if any of `names` is in `folder` already and must not be replaced.
pub fn check_free<'a>(
    folder: &Path,
    names: impl IntoIterator<Item = &'a str>,
    overwrite: bool,
) -> Result<(), ConvertError> {
    for name in names {
        let path = folder.join(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if overwrite && !found.is_dir() => {}
            Ok(found) if found.is_dir() => {
                return Err(io_error("cannot replace a folder", &path)(io::ErrorKind::IsADirectory.into()));
            }
            Ok(_) => return Err(ConvertError::Exists { path }),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(io_error("cannot look for earlier files", &path)(error)),
        }
    }
    Ok(())
}

impl Output {
    /// Makes `folder` if it is not there, and those that the shards are in: the name of each, and how many bytes it will
    /// have at least.
    pub fn open(folder: &Path, shards: Vec<(String, u64)>, options: AtomicOptions) -> Result<Self, ConvertError> {
        let (names, at_least): (Vec<String>, Vec<u64>) = shards.into_iter().unzip();
        let mut output = Self {
            folder: folder.to_owned(),
            files: names.iter().map(|_| Mutex::default()).collect(),
            names: Vec::new(),
            at_least,
            options,
            made: Vec::new(),
            committed: false,
            _lock: None,
        };
        output.make_folder(folder)?;
        output._lock = lock(folder).map_err(|error| busy(error, folder))?;
        let folders: BTreeSet<PathBuf> =
            names.iter().filter_map(|name| folder.join(name).parent().map(Path::to_owned)).collect();
        for folder in &folders {
            output.make_folder(folder)?;
        }
        output.names = names;
        Ok(output)
    }

    /// Makes `folder` and what is missing above it.
    fn make_folder(&mut self, folder: &Path) -> Result<(), ConvertError> {
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err())
            .collect();
        for path in missing.into_iter().rev() {
            match fs::create_dir(path) {
                Ok(()) => self.made.push(path.to_owned()),
                // Another run was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
                Err(error) => return Err(io_error("cannot make the folder", path)(error)),
            }
        }
        if folder.is_dir() {
            return Ok(());
        }
        Err(io_error("is no folder", folder)(io::ErrorKind::NotADirectory.into()))
    }

    /// The path of `name`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn shard_path(&self, shard: usize) -> PathBuf {
        self.names.get(shard).map_or_else(|| self.folder.clone(), |name| self.path(name))
    }

    /// Where shard `shard` is until it gets its name, once it is closed.
    pub fn closed_path(&self, shard: usize) -> Option<PathBuf> {
        match &*self.files.get(shard)?.lock().unwrap_or_else(PoisonError::into_inner) {
            Stage::Closed(file) => file.path().map(Path::to_owned),
            _ => None,
        }
    }

    /// The file of shard `shard`, made at the first call.
    fn file(&self, shard: usize) -> Result<Arc<AtomicFile>, ConvertError> {
        let path = self.shard_path(shard);
        let Some(file) = self.files.get(shard) else {
            return Err(ConvertError::Ledger(format!("there is no shard {shard}")));
        };
        let mut stage = file.lock().unwrap_or_else(PoisonError::into_inner);
        match &*stage {
            Stage::Open(file) => Ok(Arc::clone(file)),
            Stage::Closed(_) => Err(ConvertError::Ledger(format!("{} is closed already", path.display()))),
            Stage::NotBegun => {
                let mut made =
                    AtomicFile::create(&path, self.options).map_err(io_error("cannot make the file", &path))?;
                // A full disk is an error now and not in the middle, and writing costs a third less on ext4.
                let at_least = self.at_least.get(shard).copied().unwrap_or(0);
                made.reserve(at_least).map_err(io_error("no room for the file", &path))?;
                let made = Arc::new(made);
                *stage = Stage::Open(Arc::clone(&made));
                Ok(made)
            }
        }
    }

    /// Shard `shard` is whole: waits for the disk where that was asked for, and closes it.
    pub fn close(&self, shard: usize) -> Result<(), ConvertError> {
        let path = self.shard_path(shard);
        // A shard whose images all were left out is an empty file.
        drop(self.file(shard)?);
        let Some(file) = self.files.get(shard) else { return Ok(()) };
        let taken = std::mem::take(&mut *file.lock().unwrap_or_else(PoisonError::into_inner));
        let Stage::Open(open) = taken else { return Ok(()) };
        let open = Arc::into_inner(open)
            .ok_or_else(|| ConvertError::Ledger(format!("{} is still being written", path.display())))?;
        let closed = open.close().map_err(|error| io_error("cannot finish the file", &path)(error))?;
        *file.lock().unwrap_or_else(PoisonError::into_inner) = Stage::Closed(closed);
        Ok(())
    }

    /// Writes `parts` one behind the other at `offset` of shard `shard`. Other threads may write elsewhere in it.
    pub fn write(&self, shard: usize, mut offset: u64, parts: &[&[u8]]) -> Result<(), ConvertError> {
        let file = self.file(shard)?;
        let start = offset;
        for part in parts.iter().filter(|part| !part.is_empty()) {
            write_all_at(file.file(), part, offset)
                .map_err(|error| io_error("cannot write", &self.shard_path(shard))(error))?;
            offset += part.len() as u64;
        }
        if self.options.sync {
            start_writing_back(file.file(), start, offset - start);
        }
        Ok(())
    }

    /// Gives all files their names: the shards in order, then `others` in order, and before the last of them removes
    /// `stale`, names of an earlier run. Stops between files when `cancelled` is set.
    pub fn commit(
        mut self,
        others: &[(String, Vec<u8>)],
        stale: &[String],
        cancelled: &AtomicBool,
    ) -> Result<(), ConvertError> {
        let mut whole = Vec::new();
        for (shard, file) in std::mem::take(&mut self.files).into_iter().enumerate() {
            let path = self.shard_path(shard);
            let Stage::Closed(file) = file.into_inner().unwrap_or_else(PoisonError::into_inner) else {
                return Err(ConvertError::Ledger(format!("{} is not whole", path.display())));
            };
            whole.push((path, file));
        }
        for (name, bytes) in others {
            let path = self.path(name);
            let mut file = AtomicFile::create(&path, self.options)
                .map_err(|error| io_error("cannot make the file", &path)(error))?;
            io::Write::write_all(&mut file, bytes).map_err(|error| io_error("cannot write", &path)(error))?;
            let file = file.close().map_err(|error| io_error("cannot finish the file", &path)(error))?;
            whole.push((path, file));
        }
        let mut changes = Changes { replace: self.options.overwrite, done: Vec::new() };
        let last = whole.pop();
        let stale: Vec<PathBuf> = stale.iter().map(|name| self.path(name)).collect();
        let steps = whole.into_iter().map(Step::Name).chain(stale.iter().cloned().map(Step::Remove));
        for step in steps.chain(last.map(Step::Name)) {
            let result =
                if cancelled.load(Ordering::Relaxed) { Err(ConvertError::Cancelled) } else { changes.take(step) };
            if let Err(error) = result {
                changes.take_back();
                return Err(error);
            }
        }
        self.committed = true;
        drop(changes);
        // Folders that held nothing but what is gone; others are not empty, and stay.
        let folders: BTreeSet<&Path> = stale.iter().filter_map(|path| path.parent()).collect();
        folders.into_iter().filter(|folder| **folder != self.folder).for_each(|folder| drop(fs::remove_dir(folder)));
        Ok(())
    }
}

/// A change of the folder.
enum Step {
    Name((PathBuf, ClosedFile)),
    Remove(PathBuf),
}

/// The changes so far, and what was there before. Dropped, they stay.
struct Changes {
    replace: bool,
    done: Vec<(PathBuf, Option<Aside>)>,
}

impl Changes {
    fn take(&mut self, step: Step) -> Result<(), ConvertError> {
        let path = match &step {
            Step::Name((path, _)) | Step::Remove(path) => path.clone(),
        };
        let mut before = None;
        if self.replace {
            before = Aside::keep(&path).map_err(|error| io_error("cannot keep the earlier file", &path)(error))?;
        }
        let result = match step {
            Step::Name((_, file)) => file.commit().map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => ConvertError::Exists { path: path.clone() },
                _ => io_error("cannot give the file its name", &path)(error),
            }),
            Step::Remove(_) => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(io_error("cannot remove the file of an earlier run", &path)(error))
                }
                _ => Ok(()),
            },
        };
        match (&result, before) {
            (Ok(()), before) => self.done.push((path, before)),
            // A name may be gone where only its folder could not be synced.
            (Err(_), Some(before)) => bring_back(before),
            (Err(_), None) => {}
        }
        result
    }

    fn take_back(self) {
        for (path, before) in self.done.into_iter().rev() {
            match before {
                Some(before) => bring_back(before),
                // There is nothing better to do if this fails as well; the error that led here is told.
                None => drop(fs::remove_file(path)),
            }
        }
    }
}

/// If this fails the file keeps its second name, and the error that led here is the one to tell.
fn bring_back(before: Aside) {
    drop(before.restore());
}

impl Drop for Output {
    fn drop(&mut self) {
        self.files.clear();
        if !self.committed {
            // Only empty ones go, and only if this run made them.
            self.made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
    }
}

/// Lets the disk begin with bytes that will be waited for in the end. Only a hint, so errors do not matter.
fn start_writing_back(file: &File, offset: u64, len: u64) {
    // Linux answers "these pages are not needed" by beginning to write back those that are dirty (mm/fadvise.c), and
    // drops none that is not written yet.
    #[cfg(target_os = "linux")]
    if let Some(len) = std::num::NonZeroU64::new(len) {
        let _ = rustix::fs::fadvise(file, offset, Some(len), rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, len);
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: AtomicOptions = AtomicOptions { sync: false, overwrite: false };

    fn open(folder: &Path, names: &[&str]) -> Output {
        Output::open(folder, names.iter().map(|name| ((*name).to_owned(), 0)).collect(), PLAIN).unwrap()
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_left_of_a_run_that_ends_early() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        let output = open(&folder, &["train/x.tfrecord"]);
        output.write(0, 0, &[b"abc"]).unwrap();
        assert_eq!(names_in(&folder.join("train")).len(), 1);
        drop(output);
        assert!(names_in(parent.path()).is_empty());
    }

    #[test]
    fn a_folder_that_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.txt"), "x").unwrap();
        drop(open(folder.path(), &["train/x.tfrecord"]));
        assert_eq!(names_in(folder.path()), ["mine.txt"]);
    }

    #[test]
    fn commit_names_everything() {
        let folder = tempfile::tempdir().unwrap();
        let output = open(folder.path(), &["a.tfrecord", "b.tfrecord"]);
        output.write(0, 3, &[b"de", b"f"]).unwrap();
        output.write(1, 0, &[b"", b"b"]).unwrap();
        output.write(0, 0, &[b"abc"]).unwrap();
        (0..2).for_each(|shard| output.close(shard).unwrap());
        let others = [("recordmill.json".to_owned(), b"{}".to_vec())];
        output.commit(&others, &[], &AtomicBool::new(false)).unwrap();
        assert_eq!(names_in(folder.path()), ["a.tfrecord", "b.tfrecord", "recordmill.json"]);
        assert_eq!(fs::read(folder.path().join("a.tfrecord")).unwrap(), b"abcdef");
    }

    #[test]
    fn a_failing_commit_takes_back_what_it_named() {
        let folder = tempfile::tempdir().unwrap();
        let output = open(folder.path(), &["a.tfrecord", "b.tfrecord"]);
        output.write(0, 0, &[b"a"]).unwrap();
        output.write(1, 0, &[b"b"]).unwrap();
        (0..2).for_each(|shard| output.close(shard).unwrap());
        fs::write(folder.path().join("b.tfrecord"), "theirs").unwrap();
        let error = output.commit(&[], &[], &AtomicBool::new(false)).unwrap_err();
        assert!(matches!(error, ConvertError::Exists { ref path } if path.ends_with("b.tfrecord")), "{error}");
        assert_eq!(names_in(folder.path()), ["b.tfrecord"]);
        assert_eq!(fs::read(folder.path().join("b.tfrecord")).unwrap(), b"theirs");
    }

    /// Files of an earlier run come back: those that were replaced, and those that were removed.
    #[test]
    fn a_failing_commit_brings_back_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        ["a.tfrecord", "old.tfrecord"].iter().for_each(|name| write(name, "earlier"));
        let commit = |stale: &[&str]| {
            let options = AtomicOptions { overwrite: true, ..PLAIN };
            let names = ["a.tfrecord", "b.tfrecord"].map(|name| (name.to_owned(), 0)).to_vec();
            let output = Output::open(folder.path(), names, options).unwrap();
            (0..2).for_each(|shard| output.close(shard).unwrap());
            let stale: Vec<String> = stale.iter().map(|name| (*name).to_owned()).collect();
            output.commit(&[("recordmill.json".to_owned(), b"{}".to_vec())], &stale, &AtomicBool::new(false))
        };
        // A folder cannot be removed as a file.
        fs::create_dir(folder.path().join("x.tfrecord")).unwrap();
        let error = commit(&["old.tfrecord", "gone.tfrecord", "x.tfrecord"]).unwrap_err();
        assert!(matches!(error, ConvertError::Io { .. }), "{error}");
        assert_eq!(names_in(folder.path()), ["a.tfrecord", "old.tfrecord", "x.tfrecord"]);
        assert_eq!((read("a.tfrecord"), read("old.tfrecord")), ("earlier".to_owned(), "earlier".to_owned()));
        commit(&["old.tfrecord", "gone.tfrecord"]).unwrap();
        assert_eq!(names_in(folder.path()), ["a.tfrecord", "b.tfrecord", "recordmill.json", "x.tfrecord"]);
        assert_eq!(read("a.tfrecord"), "");
    }

    #[test]
    fn a_cancelled_commit_names_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let output = open(folder.path(), &["a.tfrecord"]);
        output.write(0, 0, &[b"a"]).unwrap();
        output.close(0).unwrap();
        let error = output.commit(&[], &[], &AtomicBool::new(true)).unwrap_err();
        assert!(matches!(error, ConvertError::Cancelled));
        assert!(names_in(folder.path()).is_empty());
    }

    #[test]
    fn two_runs_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), &["a.tfrecord"]);
        let error = Output::open(folder.path(), Vec::new(), PLAIN).unwrap_err();
        assert!(matches!(error, ConvertError::Busy { .. }), "{error}");
        drop(first);
        assert!(Output::open(folder.path(), Vec::new(), PLAIN).is_ok());
    }

    #[test]
    fn what_is_there_is_said_before_work() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "x").unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        let check = |name, overwrite| check_free(folder.path(), [name], overwrite);
        assert!(matches!(check("a", false), Err(ConvertError::Exists { .. })));
        assert!(matches!(check("b", true), Err(ConvertError::Io { .. })));
        assert!(check("a", true).is_ok() && check("c", false).is_ok() && check("a/c", false).is_ok());
        let message = check("a", false).unwrap_err().to_string();
        assert!(message.ends_with("/a: is there already; --overwrite replaces it"), "{message}");
    }
}
