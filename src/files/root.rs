//! Opening what data names, and nothing outside.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};

/// A folder that files are opened beneath.
#[derive(Debug)]
pub struct Root {
    folder: File,
    path: PathBuf,
    allow_outside: bool,
}

impl Root {
    /// The folder at `path`. With `allow_outside`, links may lead out of it.
    pub fn new(path: &Path, allow_outside: bool) -> io::Result<Self> {
        Ok(Self { folder: File::open(path)?, path: path.to_owned(), allow_outside })
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file at `relative` for reading. A path that leads outside, by `..`, by being absolute or by a link, is
    /// an error of kind `PermissionDenied`, and nothing outside is opened.
    pub fn open(&self, relative: &str) -> io::Result<File> {
        if self.allow_outside {
            return File::open(self.path.join(relative));
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat2(&self.folder, relative, flags, Mode::empty(), ResolveFlags::BENEATH)?;
        Ok(File::from(opened))
    }
}
