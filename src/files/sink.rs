//! A file that is made, or what cannot be replaced by one and is written to as it is.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::{AtomicFile, AtomicOptions};

/// Where bytes go.
#[derive(Debug)]
pub enum Sink {
    /// To a temporary name until the end.
    Atomic(AtomicFile),
    /// To the file itself.
    InPlace(File),
}

impl Sink {
    /// A file that has its name once it is committed; a pipe or a device is written in place.
    pub fn create(path: &Path, options: AtomicOptions) -> io::Result<Self> {
        if path.metadata().is_ok_and(|data| !data.is_file() && !data.is_dir()) {
            return Self::in_place(path, AtomicOptions { overwrite: true, ..options });
        }
        AtomicFile::create(path, options).map(Self::Atomic)
    }

    /// The file at `path`, which is emptied.
    pub fn in_place(path: &Path, options: AtomicOptions) -> io::Result<Self> {
        let mut how = File::options();
        how.write(true).truncate(true);
        if options.overwrite {
            how.create(true)
        } else {
            how.create_new(true)
        };
        how.open(path).map(Self::InPlace)
    }

    /// Standard output.
    pub fn stdout() -> io::Result<Self> {
        #[cfg(unix)]
        let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let stdout = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(Self::InPlace(stdout.into()))
    }

    /// The end: a file gets its name.
    pub fn commit(self, sync: bool) -> io::Result<()> {
        match self {
            Self::Atomic(file) => file.commit(),
            Self::InPlace(file) if sync && file.metadata()?.is_file() => file.sync_all(),
            Self::InPlace(_) => Ok(()),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Atomic(file) => file.write(bytes),
            Self::InPlace(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
