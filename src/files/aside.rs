//! A file that is about to be replaced or removed, under a second name until it is known whether that was right.
//!
//! ```text
//! keep      link(NAME to ".NAME.RANDOM.partial")     NAME stays as it is
//! restore   rename(".NAME.RANDOM.partial" to NAME)
//! dropped   unlink(".NAME.RANDOM.partial")
//! ```
//!
//! A link and not a rename, so that whoever is killed in between has the old file or the new one, never none. Where the
//! file system has no hard links (FAT, some network shares) nothing is kept.

use std::io;
use std::path::{Path, PathBuf};

use super::atomic::{Temporary, temporary_beside};

/// The second name. Dropped, it is removed.
#[derive(Debug)]
pub struct Aside {
    kept: Temporary,
    target: PathBuf,
}

impl Aside {
    /// Keeps what is at `target`; `None` if there is nothing, or it cannot have a second name.
    pub fn keep(target: &Path) -> io::Result<Option<Self>> {
        let target = std::path::absolute(target)?;
        match temporary_beside(&target, |path| std::fs::hard_link(&target, path)) {
            Ok(((), kept)) => Ok(Some(Self { kept, target })),
            Err(error) if error.kind() == io::ErrorKind::NotFound || has_no_links(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives the file its name back, whatever has it now. If that fails, the file stays under its second name.
    pub fn restore(mut self) -> io::Result<()> {
        let Some(kept) = self.kept.path() else { return Ok(()) };
        // If the name never went to another file, both name the same one: the system then renames nothing, and the second
        // name goes with `self`.
        std::fs::rename(kept, &self.target).inspect_err(|_| self.kept.leave())
    }
}

fn has_no_links(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // PERM is what Linux says where there are none (vfs_link), and for files of others that it protects.
        let codes = [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::MLINK];
        codes.into_iter().any(|code| error.raw_os_error() == Some(code.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::TooManyLinks)
    }
}
