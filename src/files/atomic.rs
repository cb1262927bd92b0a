//! A file that has its name only when it is whole.
//!
//! ```text
//! create   open(".NAME.RANDOM.partial", O_CREAT | O_EXCL) in the folder of NAME
//! commit   fsync(file)   rename(to NAME)   fsync(folder)
//! ```
//!
//! A crash before the rename leaves a file that [`is_leftover`] knows by its name; no later run reads or reuses it. After
//! the rename the file is whole, and after the last step its name is on the disk too. Errors are the system's own, with
//! their numbers; the caller knows which path it asked for ([`AtomicFile::target`]).

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

const SUFFIX: &str = ".partial";

/// Letters of the final name in the temporary one: with them and the random ones it stays below the 255 bytes that file
/// systems take, however long the final one is.
const NAME_LEN: usize = 150;

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
    file: File,
    temporary: Temporary,
    target: PathBuf,
    options: AtomicOptions,
    reserved: bool,
    /// A write failed, with this kind and number; what stands in the file is not what was to be written.
    failed: Option<(io::ErrorKind, Option<i32>)>,
}

/// An [`AtomicFile`] that is written, synced and closed, and waits for its name: of a run with thousands of files not all
/// need to be open at a time. Dropped before [`ClosedFile::commit`], it is removed.
#[derive(Debug)]
pub struct ClosedFile {
    temporary: Temporary,
    target: PathBuf,
    options: AtomicOptions,
}

/// The temporary name; gone once the file is named or removed.
#[derive(Debug)]
pub(super) struct Temporary {
    path: Option<TempPath>,
    /// The process that made the file. A fork of it may drop its copy, and must not take the file from its maker.
    process: u32,
}

impl Temporary {
    /// The name, unless it was given away.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether this process made it, and not one that it is a fork of.
    pub(super) fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }

    /// The file is not removed any more.
    pub(super) fn leave(&mut self) {
        if let Some(path) = &mut self.path {
            path.disable_cleanup(true);
        }
        self.path = None;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &mut self.path {
            path.disable_cleanup(self.process != std::process::id());
        }
    }
}

impl AtomicFile {
    /// Starts a file that will be called `target`. A name that is a link is itself replaced in the end, and nothing is
    /// written to where it leads.
    pub fn create(target: &Path, options: AtomicOptions) -> io::Result<Self> {
        // The working directory may be another one by the time of the commit.
        let target = std::path::absolute(target)?;
        match target.metadata() {
            Ok(there) if there.is_dir() => return Err(is_folder()),
            // A rename would put a file in the place of /dev/null, or of the link /dev/stdout.
            Ok(there) if !there.is_file() => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names a pipe or a device, no file"));
            }
            _ => {}
        }
        if !options.overwrite && target.symlink_metadata().is_ok() {
            // It is looked at again in the end; but work that would be lost need not be begun.
            return Err(exists());
        }
        let (file, temporary) = temporary_beside(&target, |path| {
            let mut how = OpenOptions::new();
            how.read(true).write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o644);
            how.open(path)
        })?;
        Ok(Self { file, temporary, target, options, reserved: false, failed: None })
    }

    /// The file, for positioned writes. Who gets an error from one must not commit.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The name that it will have.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Asks for room for `len` bytes in all, so that a full disk is an error now and not in the middle. The file's
    /// length stays. Where the system cannot do that, nothing happens.
    pub fn reserve(&mut self, len: u64) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            use rustix::io::Errno;
            loop {
                match fallocate(self.file(), FallocateFlags::KEEP_SIZE, 0, len) {
                    Ok(()) => self.reserved = true,
                    Err(Errno::INTR) => continue,
                    // An empty reservation, and file systems without any.
                    Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS) => {}
                    Err(error) => return Err(error.into()),
                }
                break;
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = len;
        Ok(())
    }

    /// Waits for the disk where that was asked for, and closes the file.
    pub fn close(self) -> io::Result<ClosedFile> {
        if let Some((kind, code)) = self.failed {
            return Err(code.map_or_else(|| kind.into(), io::Error::from_raw_os_error));
        }
        // From here on, `temporary` removes the file when an error drops it.
        if self.reserved {
            // Gives back what was reserved beyond the end.
            self.file.set_len(self.file.metadata()?.len())?;
        }
        if self.options.sync {
            self.file.sync_all()?;
        }
        let Self { temporary, target, options, .. } = self;
        Ok(ClosedFile { temporary, target, options })
    }

    /// Gives the file its name. After an error there is no file of that name that was not there before.
    pub fn commit(self) -> io::Result<()> {
        self.close()?.commit()
    }
}

impl ClosedFile {
    /// Where it is until it gets its name.
    pub fn path(&self) -> Option<&Path> {
        self.temporary.path()
    }

    /// Gives the file its name. After an error there is no file of that name that was not there before.
    pub fn commit(mut self) -> io::Result<()> {
        let Some(temporary) = self.temporary.path.take() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let mut folder = None;
        if self.options.sync {
            // Opened before the rename, so that what can fail fails before it.
            folder = open_folder(folder_of(&self.target))?;
        }
        match self.options.overwrite {
            true => temporary.persist(&self.target),
            false => temporary.persist_noclobber(&self.target),
        }
        .map_err(|error| error.error)?;
        let Some(folder) = folder else { return Ok(()) };
        match folder.sync_all() {
            Err(error) if !cannot_sync(&error) => {
                // The name may not survive a loss of power, so the file does not keep it. Should this fail too, the error
                // that led here is still the one to tell.
                let _ = std::fs::remove_file(&self.target);
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        if let Err(error) = &written
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failed = Some((error.kind(), error.raw_os_error()));
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Whether a file of this name was left by a run that was killed: `.NAME.RANDOM.partial`.
pub fn is_leftover(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(SUFFIX) && name.matches('.').count() >= 3
}

/// What `make` makes under a temporary name in the folder of `target`; it must refuse a name that is taken.
pub(super) fn temporary_beside<T>(
    target: &Path,
    mut make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(T, Temporary)> {
    let Some(name) = target.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path ends in no file name"));
    };
    let prefix = prefix(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    // The crate's own errors hide the system's number.
    let mut cause = None;
    let made = builder.make_in(folder_of(target), |path| make(path).inspect_err(|error| cause = error.raw_os_error()));
    let (made, path) = made.map_err(|error| cause.map_or(error, io::Error::from_raw_os_error))?.into_parts();
    Ok((made, Temporary { path: Some(path), process: std::process::id() }))
}

fn prefix(name: &OsStr) -> OsString {
    let name = name.to_string_lossy();
    let mut end = name.len().min(NAME_LEN);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!(".{}.", &name[..end]).into()
}

fn folder_of(target: &Path) -> &Path {
    target.parent().unwrap_or(Path::new("/"))
}

fn is_folder() -> io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::ISDIR.into();
    #[cfg(not(unix))]
    return io::ErrorKind::IsADirectory.into();
}

fn exists() -> io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::EXIST.into();
    #[cfg(not(unix))]
    return io::ErrorKind::AlreadyExists.into();
}

/// The folder, to be synced. `None` where the user may write in it but not read it, and on systems that have no such
/// thing: there the name reaches the disk when the system likes.
fn open_folder(folder: &Path) -> io::Result<Option<File>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    match File::open(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        opened => opened.map(Some),
    }
}

/// Some network and user-space file systems cannot sync a folder.
fn cannot_sync(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}
