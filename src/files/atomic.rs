//! A file that has its name only when it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How an [`AtomicFile`] is made.
#[derive(Clone, Copy, Debug)]
pub struct AtomicOptions {
    /// Wait until the data and the name are on the disk.
    pub sync: bool,
    /// Replace a file of that name; otherwise it is an error.
    pub overwrite: bool,
}

impl Default for AtomicOptions {
    fn default() -> Self {
        Self { sync: true, overwrite: true }
    }
}

/// A file under a temporary name in the folder of its final one, until [`AtomicFile::commit`]. Dropped before that, it
/// is removed.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
    options: AtomicOptions,
}

impl AtomicFile {
    /// Starts a file that will be called `target`.
    pub fn create(target: &Path, options: AtomicOptions) -> io::Result<Self> {
        let folder = folder_of(target);
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let temporary = tempfile::Builder::new().prefix(&format!(".{name}.")).suffix(".partial").tempfile_in(folder)?;
        Ok(Self { temporary, target: target.to_owned(), options })
    }

    /// The file, for positioned writes.
    pub fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Gives the file its name.
    pub fn commit(self) -> io::Result<()> {
        if self.options.sync {
            self.temporary.as_file().sync_all()?;
        }
        if self.options.overwrite {
            self.temporary.persist(&self.target)?;
        } else {
            self.temporary.persist_noclobber(&self.target)?;
        }
        if self.options.sync {
            File::open(folder_of(&self.target))?.sync_all()?;
        }
        Ok(())
    }
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file_mut().flush()
    }
}
