//! Opening what data names, and nothing outside.
//!
//! A name in an annotation file is an attacker's word: `../../etc/passwd`, `/dev/mem`, a link that was put into the
//! dataset. A [`Folder`] opens names beneath one folder only, and regular files only. How that is kept:
//!
//! ```text
//! | system                                 | way                                                                       |
//! |----------------------------------------|---------------------------------------------------------------------------|
//! | Linux 5.6 and later                    | openat2(2) with RESOLVE_BENEATH: the kernel keeps it, whatever changes    |
//! | older Linux, a sandbox without         | component by component with O_NOFOLLOW from a handle of the folder; each  |
//! | openat2, other Unix                    | link is read and walked in its turn; safe against changes too             |
//! | Windows                                | both paths made canonical and compared, then opened: a link that is put   |
//! |                                        | there in between is followed                                              |
//! ```
//!
//! Links inside the folder that lead to places inside are followed. A link to an absolute path is refused wherever it
//! leads, as the kernel does. A hard link cannot be told from the file itself, and is not refused.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(windows)]
mod canonical;
#[cfg(unix)]
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod walk;

/// A folder that files are opened beneath.
#[derive(Debug)]
pub struct Folder {
    #[cfg(unix)]
    folder: File,
    path: PathBuf,
    way: Way,
}

/// How names are kept beneath the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    #[cfg(target_os = "linux")]
    Kernel,
    #[cfg(unix)]
    Walk,
    #[cfg(windows)]
    Canonical,
    /// They are not.
    Outside,
}

/// A name that leads outside. It is in the [`io::Error`] of [`Folder::open`], of kind `PermissionDenied` and without a
/// number of the system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} {reason}")]
pub struct OutsideRoot {
    name: String,
    reason: &'static str,
}

impl From<OutsideRoot> for io::Error {
    fn from(outside: OutsideRoot) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, outside)
    }
}

fn outside(name: &str) -> io::Error {
    OutsideRoot { name: name.to_owned(), reason: "leads out of the folder" }.into()
}

impl Folder {
    /// The folder at `path`. With `allow_outside`, names and links may lead out of it.
    pub fn new(path: &Path, allow_outside: bool) -> io::Result<Self> {
        #[cfg(unix)]
        {
            let folder = File::from(rustix::fs::open(path, walk::FOLDER, rustix::fs::Mode::empty())?);
            let way = if allow_outside { Way::Outside } else { Way::of(&folder) };
            Ok(Self { folder, path: path.to_owned(), way })
        }
        #[cfg(windows)]
        {
            let way = if allow_outside { Way::Outside } else { Way::Canonical };
            if !path.metadata()?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Ok(Self { path: path.to_owned(), way })
        }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the regular file at `relative`, with `/`; `None` where it is something else. Opens nothing, and does not
    /// ask whether the path leads outside.
    pub fn size_of(&self, relative: &str) -> io::Result<Option<u64>> {
        #[cfg(unix)]
        {
            // From the handle, the system need not walk to the folder for each file.
            let about = rustix::fs::statat(&self.folder, relative, rustix::fs::AtFlags::empty())?;
            let is_file = rustix::fs::FileType::from_raw_mode(about.st_mode).is_file();
            Ok(is_file.then_some(about.st_size as u64))
        }
        #[cfg(windows)]
        {
            let about = self.path.join(relative).metadata()?;
            Ok(about.is_file().then(|| about.len()))
        }
    }

    /// Opens the regular file at `relative`, with `/`, for reading. A path that leads outside, by `..`, by being
    /// absolute or by a link, is an error of kind `PermissionDenied` that holds an [`OutsideRoot`], and nothing outside is
    /// opened. A pipe or a device is an error, and is not waited for.
    pub fn open(&self, relative: &str) -> io::Result<File> {
        if self.way != Way::Outside
            && let Some(reason) = unfit(relative)
        {
            return Err(OutsideRoot { name: relative.to_owned(), reason }.into());
        }
        let file = match self.way {
            #[cfg(target_os = "linux")]
            Way::Kernel => beneath(&self.folder, relative)?,
            #[cfg(unix)]
            Way::Walk => walk::open(&self.folder, relative)?,
            #[cfg(windows)]
            Way::Canonical => canonical::open(&self.path, relative)?,
            Way::Outside => anywhere(&self.path.join(relative))?,
        };
        let about = file.metadata()?;
        if about.is_file() {
            return Ok(file);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            if about.is_dir() { "a folder, no file" } else { "no regular file" },
        ))
    }
}

/// What makes a name unfit whatever is in the folder, and on every system alike. That of a drive counts everywhere: a
/// dataset must not be safe on one system and not on another.
pub(super) fn unfit(name: &str) -> Option<&'static str> {
    match name.as_bytes() {
        bytes if bytes.contains(&0) => Some("holds a NUL byte"),
        [b'/' | b'\\', ..] => Some("is absolute"),
        [letter, b':', ..] if letter.is_ascii_alphabetic() => Some("names a drive"),
        _ => None,
    }
}

#[cfg(unix)]
impl Way {
    /// Asks the kernel once whether it has openat2 and lets us use it: old kernels answer ENOSYS, sandboxes (Docker's
    /// older seccomp profiles, gVisor) EPERM or ENOSYS.
    fn of(folder: &File) -> Self {
        #[cfg(target_os = "linux")]
        if beneath(folder, ".").is_ok() {
            return Self::Kernel;
        }
        Self::Walk
    }
}

#[cfg(target_os = "linux")]
fn beneath(folder: &File, relative: &str) -> io::Result<File> {
    use rustix::fs::{Mode, ResolveFlags, openat2};
    use rustix::io::Errno;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    // EAGAIN: something was renamed, anywhere on the machine, while the kernel walked over a `..`; it asks to try again. Where
    // that goes on and on, as beside a large build, our own walk does it.
    for _ in 0..128 {
        match openat2(folder, relative, walk::READ, Mode::empty(), resolve) {
            Ok(file) => return Ok(File::from(file)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(Errno::XDEV) => return Err(outside(relative)),
            Err(error) => return Err(error.into()),
        }
    }
    walk::open(folder, relative)
}

#[cfg(unix)]
fn anywhere(path: &Path) -> io::Result<File> {
    let opened = rustix::io::retry_on_intr(|| rustix::fs::open(path, walk::READ, rustix::fs::Mode::empty()))?;
    Ok(File::from(opened))
}

#[cfg(windows)]
fn anywhere(path: &Path) -> io::Result<File> {
    File::open(path)
}
