//! A file with a place of its own.
//!
//! A pipe has none, and may have nobody who writes to it yet: `open` would wait for one, and `read` for what it writes,
//! with nobody asked whether to go on. So a pipe is opened with `O_NONBLOCK` and waited for in `poll`, a little at a
//! time. Without a writer `poll` reports nothing until there has been one (Linux `fs/pipe.c`: no `POLLHUP` before the
//! first), which is what a blocking `open` waits for.

use std::fmt;
use std::fs::File;
#[cfg(unix)]
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::STANDARD;

/// Asked before every read whether to go on. Its error ends the reading; it must not be of kind `Interrupted`, upon
/// which a read is tried again.
pub type GoOn = Box<dyn FnMut() -> io::Result<()> + Send>;

/// A file that is read at a place which is kept here, not in the system's open file: that one is shared between a
/// process and those that it forks. What has no places, a pipe, is read as it comes.
pub struct Positioned {
    file: File,
    /// `None` for what has no places.
    offset: Option<u64>,
    /// The length it had when it was last looked at.
    known_len: u64,
    /// It was opened so that reads do not wait.
    #[cfg(unix)]
    pipe: bool,
    /// One record may take long: after damage the rest of a file is searched for the next.
    go_on: Option<GoOn>,
    /// Grows by what is read.
    read: Option<Arc<AtomicU64>>,
}

impl Positioned {
    /// The file at `path`, or standard input where that is `-`.
    pub fn open_or_stdin(path: &Path) -> io::Result<Self> {
        if path == Path::new(STANDARD) { Self::stdin() } else { Self::open(path) }
    }

    /// Opens the file at `path`.
    pub fn open(path: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        if is_pipe(path) {
            use std::os::unix::fs::OpenOptionsExt;
            let flags = rustix::fs::OFlags::NONBLOCK.bits();
            let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
            return Ok(Self { file, offset: None, known_len: 0, pipe: true, go_on: None, read: None });
        }
        let file = File::open(path)?;
        let found = file.metadata()?;
        Ok(Self {
            file,
            offset: found.is_file().then_some(0),
            known_len: found.len(),
            #[cfg(unix)]
            pipe: false,
            go_on: None,
            read: None,
        })
    }

    /// Standard input, read as it comes.
    pub fn stdin() -> io::Result<Self> {
        #[cfg(unix)]
        let file = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?.into();
        #[cfg(windows)]
        let file = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?.into();
        Ok(Self {
            file,
            offset: None,
            known_len: 0,
            #[cfg(unix)]
            pipe: true,
            go_on: None,
            read: None,
        })
    }

    /// Has `go_on` asked before every read, and while a pipe is waited for.
    pub fn asking(self, go_on: GoOn) -> Self {
        Self { go_on: Some(go_on), ..self }
    }

    /// Has `read` grow by the bytes that are read.
    pub fn counting(self, read: Arc<AtomicU64>) -> Self {
        Self { read: Some(read), ..self }
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The file's length, if it has places.
    pub(super) fn len(&self) -> Option<u64> {
        self.offset?;
        self.file.metadata().ok().map(|data| data.len())
    }

    /// Whether it is a file with places, where reading can go on anywhere.
    pub fn has_places(&self) -> bool {
        self.offset.is_some()
    }

    /// Goes to another place.
    pub(super) fn go_to(&mut self, offset: u64) {
        if let Some(place) = &mut self.offset {
            *place = offset;
        }
    }

    /// Whether the file has, or had a moment ago, bytes up to `end`. The system is only asked where it had not.
    pub(super) fn reaches(&mut self, end: u64) -> bool {
        if end > self.known_len {
            self.known_len = self.len().unwrap_or(0);
        }
        end <= self.known_len
    }

    /// Whether to go on.
    pub(super) fn ask(&mut self) -> io::Result<()> {
        self.go_on.as_mut().map_or(Ok(()), |go_on| go_on())
    }

    /// What stands `skip` bytes from the place on, without going there; as much as there is of `out`. A file without
    /// places has nothing there.
    pub(super) fn peek<'o>(&self, out: &'o mut [MaybeUninit<u8>], skip: usize) -> io::Result<&'o [u8]> {
        let Some(offset) = self.offset.and_then(|offset| offset.checked_add(skip as u64)) else { return Ok(&[]) };
        read_new_at(&self.file, out, offset)
    }

    /// So many bytes were read, or passed over.
    pub(super) fn count(&self, bytes: u64) {
        if let Some(counter) = &self.read {
            counter.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Goes on by so many bytes.
    pub(super) fn advance(&mut self, bytes: usize) {
        if let Some(offset) = &mut self.offset {
            *offset += bytes as u64;
        }
    }
}

impl Read for Positioned {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.ask()?;
        let read = self.read_some(out)?;
        self.count(read as u64);
        Ok(read)
    }
}

impl Positioned {
    fn read_some(&mut self, out: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        if self.pipe {
            return self.read_pipe(out);
        }
        let Some(offset) = self.offset else { return self.file.read(out) };
        let read = read_at(&self.file, out, offset)?;
        self.advance(read);
        Ok(read)
    }
}

#[cfg(unix)]
impl Positioned {
    /// Waits until there is something, or nobody any more who could write it.
    fn read_pipe(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        loop {
            let timeout = self.go_on.is_some().then_some(Timespec { tv_sec: 0, tv_nsec: 50_000_000 });
            let ready = match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], timeout.as_ref()) {
                Ok(ready) => ready > 0,
                Err(rustix::io::Errno::INTR) => false,
                Err(error) => return Err(error.into()),
            };
            if ready {
                match self.file.read(out) {
                    // Another reader was faster.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                }
            }
            if let Some(go_on) = &mut self.go_on {
                go_on()?;
            }
        }
    }
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

impl fmt::Debug for Positioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, offset, .. } = self;
        f.debug_struct("Positioned").field("file", file).field("offset", offset).finish_non_exhaustive()
    }
}

#[cfg(unix)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, offset)
}

#[cfg(windows)]
fn read_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, offset)
}

/// As `read_at`, into memory that nobody wrote to before, which takes as long as a fifth of the reading.
#[cfg(unix)]
fn read_new_at<'o>(file: &File, out: &'o mut [MaybeUninit<u8>], offset: u64) -> io::Result<&'o [u8]> {
    Ok(rustix::io::pread(file, out, offset)?.0)
}

#[cfg(windows)]
fn read_new_at<'o>(file: &File, out: &'o mut [MaybeUninit<u8>], offset: u64) -> io::Result<&'o [u8]> {
    out.fill(MaybeUninit::new(0));
    // SAFETY: all of it has just been written.
    let out = unsafe { std::slice::from_raw_parts_mut(out.as_mut_ptr().cast::<u8>(), out.len()) };
    let read = read_at(file, out, offset)?;
    Ok(out.get(..read).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::{ReadOptions, Reader};
    use super::*;

    #[test]
    fn reading_ends_when_it_is_asked_to() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(&[7; 1000]).expect("written");
        for compression in [None, Some(crate::record::Compression::Gzip)] {
            let options = ReadOptions {
                buffer_len: 64,
                recovery: crate::record::Recovery::Skip,
                compression,
                ..Default::default()
            };
            let mut left = 1;
            let positioned = Positioned::open(file.path()).expect("opened").asking(Box::new(move || {
                left -= 1;
                if left < 0 { Err(io::Error::other("stop")) } else { Ok(()) }
            }));
            let mut reader = Reader::from_positioned(positioned, options);
            if compression.is_none() {
                assert_eq!(
                    reader.next_record().expect_err("was asked to stop").to_string(),
                    "record 0 at byte 53: stop"
                );
            }
            assert!(matches!(reader.next_record(), Ok(None)), "the end stays the end");
        }
    }

    #[test]
    fn a_reader_keeps_its_place_when_the_open_file_is_moved() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut block = Vec::new();
        (0..100).for_each(|number: u32| crate::record::append(&mut block, &number.to_le_bytes()));
        file.write_all(&block).expect("written");
        let options = ReadOptions { buffer_len: 64, ..Default::default() };
        let mut reader = Reader::open_positioned(file.path(), options).expect("opened");
        let mut number = 0_u32;
        while let Some(record) = reader.next_record().expect("undamaged") {
            assert_eq!(record.payload, number.to_le_bytes());
            number += 1;
            let mut moved: &File = &reader.get_ref().file;
            std::io::Seek::seek(&mut moved, io::SeekFrom::Start(7)).expect("moved");
        }
        assert_eq!(number, 100);
    }
}
