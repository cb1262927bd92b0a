//! What data names files in: a folder, or an archive in a folder's place.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::archive::{Archive, ArchivedFile};
use super::folder::Folder;

/// A folder or an archive that files are opened beneath.
#[derive(Debug)]
pub enum Root {
    /// A folder.
    Folder(Folder),
    /// A zip or tar.
    Archive(Arc<Archive>),
}

impl Root {
    /// What is at `path`. With `allow_outside`, names and links may lead out of a folder.
    pub fn new(path: &Path, allow_outside: bool) -> io::Result<Self> {
        if path.metadata()?.is_file() {
            Archive::open(path).map(Self::Archive)
        } else {
            Folder::new(path, allow_outside).map(Self::Folder)
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.path(),
            Self::Archive(archive) => archive.path(),
        }
    }

    /// Bytes of the regular file at `relative`, with `/`; `None` where it is something else. Opens nothing, and does not
    /// ask whether the path leads outside.
    pub fn size_of(&self, relative: &str) -> io::Result<Option<u64>> {
        match self {
            Self::Folder(folder) => folder.size_of(relative),
            Self::Archive(archive) => archive.size_of(relative).map(Some),
        }
    }

    /// Opens the regular file at `relative`, with `/`, for reading. See [`Folder::open`].
    pub fn open(&self, relative: &str) -> io::Result<Opened> {
        match self {
            Self::Folder(folder) => folder.open(relative).map(Opened::File),
            Self::Archive(archive) => archive.file(relative).map(|file| Opened::Archived(Box::new(file))),
        }
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub enum Opened {
    /// One of a folder.
    File(File),
    /// One of an archive.
    Archived(Box<ArchivedFile>),
}

impl Opened {
    /// Whether [`Opened::skip`] costs nothing.
    pub fn has_places(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Archived(file) => file.has_places(),
        }
    }

    /// Passes over `len` bytes from the start.
    pub fn skip(&mut self, len: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.seek(SeekFrom::Start(len)).map(drop),
            Self::Archived(file) => file.skip(len),
        }
    }
}

impl Read for Opened {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(room),
            Self::Archived(file) => file.read(room),
        }
    }
}
