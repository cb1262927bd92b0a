//! Beneath a folder without the kernel's help: one component at a time, no link followed by the system.
//!
//! Each component is opened relative to the handle of the one before, with `O_NOFOLLOW`, so a folder that is moved or
//! replaced by a link meanwhile changes nothing: a handle stays what it was. Where a component is a link, its text takes
//! its place among the components still to walk. `..` goes back to the handle that we came from, never by the system's
//! `..`, and from the root it is refused.

use std::fs::File;
use std::io;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat, readlinkat};
use rustix::io::{Errno, retry_on_intr};

/// As many links as Linux follows for one path.
const MAX_LINKS: usize = 40;
/// Length of a path, its NUL included, that Linux takes; links count while they are walked.
const MAX_LEN: usize = 4096;

/// To read from. `NONBLOCK`: the open of a pipe does not wait for a writer. `NOCTTY`: a terminal does not become ours.
pub(super) const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// To walk on from. Linux does not ask for the right to list a folder that is only passed.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

pub(super) fn open(root: &File, relative: &str) -> io::Result<File> {
    if relative.is_empty() {
        return Err(Errno::NOENT.into());
    }
    // Components still to walk, the next one last.
    let mut ahead = Vec::new();
    push(&mut ahead, relative.as_bytes())?;
    // Folders beneath the root that we are in, the innermost last.
    let mut inside: Vec<OwnedFd> = Vec::new();
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        let folder = inside.last().map_or(root.as_fd(), AsFd::as_fd);
        let last = ahead.is_empty();
        match &name[..] {
            // A path that ends in `/`, `/.` or `/..` is a folder.
            b"" | b"." => {
                if last {
                    return Ok(File::from(openat(folder, ".", READ, Mode::empty())?));
                }
                continue;
            }
            b".." => {
                if inside.pop().is_none() {
                    return Err(super::outside(relative));
                }
                if last {
                    ahead.push(b".".to_vec());
                }
                continue;
            }
            _ => {}
        }
        let flags = if last { READ } else { FOLDER };
        match retry_on_intr(|| openat(folder, &name[..], flags | OFlags::NOFOLLOW, Mode::empty())) {
            Ok(file) if last => return Ok(File::from(file)),
            Ok(next) => inside.push(next),
            // A link, for one system or the other, or something else that readlink will not take.
            Err(error @ (Errno::LOOP | Errno::NOTDIR | Errno::MLINK)) => {
                let Ok(target) = readlinkat(folder, &name[..], Vec::new()) else { return Err(error.into()) };
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::LOOP.into());
                }
                if target.as_bytes().starts_with(b"/") {
                    return Err(super::outside(relative));
                }
                push(&mut ahead, target.as_bytes())?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    // `ahead` never empties without a return: splitting gives at least one component.
    Err(Errno::NOENT.into())
}

fn push(ahead: &mut Vec<Vec<u8>>, path: &[u8]) -> io::Result<()> {
    if path.len() >= MAX_LEN {
        return Err(Errno::NAMETOOLONG.into());
    }
    ahead.extend(path.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
    Ok(())
}
