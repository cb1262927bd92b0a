//! Beneath a folder on Windows: what both paths really are is compared before the file is opened.

use std::fs::File;
use std::io;
use std::path::Path;

pub(super) fn open(folder: &Path, relative: &str) -> io::Result<File> {
    // A colon beyond the drive's names a stream of a file. Reserved names (`NUL`, `COM1`) become a path outside when they
    // are made canonical.
    if relative.contains(':') {
        return Err(super::outside(relative));
    }
    let path = folder.join(relative).canonicalize()?;
    if !path.starts_with(folder.canonicalize()?) {
        return Err(super::outside(relative));
    }
    File::open(path)
}
