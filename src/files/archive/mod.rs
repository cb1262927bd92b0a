//! A zip or tar as if it were a folder: what is in it is read where it is, and nothing is unpacked.
//!
//! ```text
//! zip        the directory at the end says where each file lies; stored or deflated, its CRC-32 is checked at its end
//! tar        a header of 512 bytes before each file (ustar, pax, GNU's long names); hard and symbolic links inside
//! tar.gz     has no places: unpacked once into a temporary file without a name, then as a tar
//! ```
//!
//! Specifications: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, POSIX.1-2001 pax.
//!
//! Names are an attacker's words here too: one that is absolute or has `..` in it is refused and told, although nothing would
//! be written there. Of two files of one name the last counts, as for those who unpack.

mod tar;
mod zip;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use flate2::read::{DeflateDecoder, MultiGzDecoder};

/// An archive that is open.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    file: Arc<File>,
    members: BTreeMap<Box<str>, Member>,
    refused: Vec<Refused>,
}

/// A file in an archive that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name, as far as that can be shown.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Whether the name leads outside.
    pub outside: bool,
}

/// Where a file of the archive lies.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Its first byte in the archive.
    start: u64,
    /// Bytes there.
    len: u64,
    /// Bytes that it has.
    size: u64,
    deflated: bool,
    crc32: Option<u32>,
}

/// What an archive's directory says.
#[derive(Debug, Default)]
struct Listing {
    members: BTreeMap<Box<str>, Member>,
    refused: Vec<Refused>,
}

impl Listing {
    fn add(&mut self, name: &[u8], member: Member) {
        match usable(name) {
            Ok(name) if name.is_empty() => {}
            Ok(name) => drop(self.members.insert(name.into(), member)),
            Err(refused) => self.refused.push(refused),
        }
    }

    fn refuse(&mut self, name: &[u8], reason: impl Into<String>) {
        let name = name.escape_ascii().to_string();
        self.refused.push(Refused { name, reason: reason.into(), outside: false });
    }
}

/// The path that a name means, with `/` and without `.`; of one that leads outside or is no UTF-8, why it is refused.
fn usable(name: &[u8]) -> Result<String, Refused> {
    let Ok(text) = std::str::from_utf8(name) else {
        let reason = "the file's name is not UTF-8, so nothing can name it".to_owned();
        return Err(Refused { name: name.escape_ascii().to_string(), reason, outside: false });
    };
    let refuse =
        |reason: &str| Refused { name: text.escape_debug().to_string(), reason: reason.to_owned(), outside: true };
    if let Some(reason) = super::folder::unfit(text) {
        return Err(refuse(&format!("the name in the archive {reason}")));
    }
    let parts: Vec<&str> = text.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err(refuse("the name in the archive leads out of it"));
    }
    Ok(parts.join("/"))
}

/// What a file is by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    TarGz,
}

/// Bytes that say it: of a tar, the magic stands at 257.
const MAGIC: usize = 512;

/// What else people pack datasets with.
const OTHERS: [(&[u8], &str); 4] =
    [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"\xfd7zXZ\0", "xz"), (b"BZh91AY&SY", "bzip2")];

fn kind_of(file: &mut File) -> io::Result<Option<Kind>> {
    let head = start_of(file)?;
    file.rewind()?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") || head.starts_with(b"PK00PK\x03\x04") {
        return Ok(Some(Kind::Zip));
    }
    if is_tar(&head) {
        return Ok(Some(Kind::Tar));
    }
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        let message = format!("a {name} archive is not read in place; unpack it first");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        // Damage inside is told by who reads it.
        let inside = start_of(&mut MultiGzDecoder::new(&*file)).unwrap_or_default();
        file.rewind()?;
        return Ok(is_tar(&inside).then_some(Kind::TarGz));
    }
    Ok(None)
}

fn start_of(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(MAGIC);
    from.take(MAGIC as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn is_tar(head: &[u8]) -> bool {
    head.len() == MAGIC && head.get(257..262) == Some(b"ustar")
}

/// Archives that are open, by what the system says of their files: whoever opens one again gets the same.
static OPEN: Mutex<Vec<(Identity, Weak<Archive>)>> = Mutex::new(Vec::new());

#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl Archive {
    /// Whether the file at `path` is one that [`Archive::open`] reads.
    pub fn is_one(path: &Path) -> io::Result<bool> {
        Ok(kind_of(&mut File::open(path)?)?.is_some())
    }

    /// The archive at `path`; the one that is open already, where that is so.
    pub fn open(path: &Path) -> io::Result<Arc<Self>> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        let (path, modified) = (path.canonicalize()?, about.modified().ok());
        let identity = Identity { path, len: about.len(), modified };
        let known = |open: &[(Identity, Weak<Self>)]| {
            open.iter().find(|(known, _)| *known == identity).and_then(|(_, archive)| archive.upgrade())
        };
        let lock = || OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(archive) = known(&lock()) {
            return Ok(archive);
        }
        let archive = Arc::new(Self::from_file(&identity.path, file)?);
        let mut open = lock();
        open.retain(|(_, archive)| archive.strong_count() > 0);
        open.push((identity, Arc::downgrade(&archive)));
        Ok(archive)
    }

    /// The archive that `file` is, from `path`.
    pub fn from_file(path: &Path, mut file: File) -> io::Result<Self> {
        let damaged = |error: io::Error| io::Error::new(error.kind(), format!("the archive is damaged: {error}"));
        let kind = match kind_of(&mut file)? {
            Some(kind) => kind,
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, "neither a zip nor a tar")),
        };
        let whole = Part::whole(if kind == Kind::TarGz { unpacked(&file)? } else { file })?;
        let file = Arc::clone(&whole.file);
        let listing = if kind == Kind::Zip { zip::list(whole) } else { tar::list(whole) };
        let Listing { members, refused } = listing.map_err(damaged)?;
        if members.is_empty() && refused.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no file in the archive"));
        }
        Ok(Self { path: path.to_owned(), file, members, refused })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Paths of its files, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(|name| &**name)
    }

    /// What is in it and cannot be read.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Bytes of the file at `name`.
    pub fn size_of(&self, name: &str) -> io::Result<u64> {
        Ok(self.member(name)?.size)
    }

    fn member(&self, name: &str) -> io::Result<&Member> {
        self.members.get(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Opens the file at `name`.
    pub fn file(&self, name: &str) -> io::Result<ArchivedFile> {
        let member = *self.member(name)?;
        let part =
            Part { file: Arc::clone(&self.file), at: member.start, end: member.start.saturating_add(member.len) };
        let bytes = if member.deflated { Bytes::Deflated(DeflateDecoder::new(part)) } else { Bytes::Stored(part) };
        let sum = member.crc32.map(|sum| (crc32fast::Hasher::new(), sum));
        Ok(ArchivedFile { bytes, left: member.size, sum })
    }
}

/// The tar in a gzip, in a temporary file.
fn unpacked(file: &File) -> io::Result<File> {
    let mut unpacked = tempfile::tempfile()?;
    io::copy(&mut MultiGzDecoder::new(file), &mut unpacked).map_err(|error| {
        let folder = std::env::temp_dir();
        io::Error::new(error.kind(), format!("cannot be unpacked into {}: {error}", folder.display()))
    })?;
    unpacked.rewind()?;
    Ok(unpacked)
}

/// A file of an archive, open for reading. At its end its bytes are known to be all, and to have the archive's checksum where
/// that has one.
#[derive(Debug)]
pub struct ArchivedFile {
    bytes: Bytes,
    left: u64,
    sum: Option<(crc32fast::Hasher, u32)>,
}

#[derive(Debug)]
enum Bytes {
    Stored(Part),
    Deflated(DeflateDecoder<Part>),
}

impl ArchivedFile {
    /// Whether [`ArchivedFile::skip`] costs nothing.
    pub fn has_places(&self) -> bool {
        matches!(self.bytes, Bytes::Stored(_))
    }

    /// Passes over `len` bytes; the checksum is not asked for then.
    pub fn skip(&mut self, len: u64) -> io::Result<()> {
        self.sum = None;
        match &mut self.bytes {
            Bytes::Stored(part) => {
                let len = len.min(self.left);
                part.at += len;
                self.left -= len;
            }
            Bytes::Deflated(_) => drop(io::copy(&mut self.take(len), &mut io::sink())?),
        }
        Ok(())
    }
}

impl Read for ArchivedFile {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if room.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.sum.take() {
                Some((sum, wanted)) if sum.clone().finalize() != wanted => {
                    self.sum = Some((sum, wanted));
                    Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "its bytes do not have the checksum that the archive says",
                    ))
                }
                _ => Ok(0),
            };
        }
        let len = room.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let room = room.get_mut(..len).unwrap_or_default();
        let got = match &mut self.bytes {
            Bytes::Stored(part) => part.read(room)?,
            Bytes::Deflated(part) => part.read(room)?,
        };
        if got == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "its bytes in the archive end too early"));
        }
        self.left -= got as u64;
        if let Some((sum, _)) = &mut self.sum {
            sum.update(room.get(..got).unwrap_or_default());
        }
        Ok(got)
    }
}

/// Bytes of a file from `at` to `end`, with a place of their own: the file is shared.
#[derive(Clone, Debug)]
struct Part {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Part {
    /// All of a file.
    fn whole(file: File) -> io::Result<Self> {
        let end = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), at: 0, end })
    }
}

impl Read for Part {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX));
        let room = room.get_mut(..len).unwrap_or_default();
        let got = read_at(&self.file, room, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Seek for Part {
    /// Places are those of the file.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let moved = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.at = moved.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, room, at)
}

#[cfg(windows)]
fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, room, at)
}
