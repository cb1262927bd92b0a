//! The bytes of an image: a file below one of the dataset's roots (folders or archives), or a part of one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::dataset::{Dataset, NO_FILE};
use crate::files::{Opened, Root};

/// An image that is open for reading.
#[derive(Debug)]
pub struct ImageFile {
    file: Opened,
    /// Bytes that are left, where the image is a part of the file.
    left: Option<u64>,
}

/// Opens the image of `row`; an error of kind `NotFound` where no file is known.
pub fn open(dataset: &Dataset, roots: &[Root], row: usize) -> io::Result<ImageFile> {
    let images = &dataset.images;
    let root = images.root.get(row).copied().unwrap_or(NO_FILE);
    let root = roots.get(usize::from(root)).filter(|_| root != NO_FILE).ok_or(io::ErrorKind::NotFound)?;
    let mut file = root.open(images.file.get(row))?;
    let left = match images.span.get(row) {
        None => None,
        Some([start, len]) => {
            file.skip(*start)?;
            Some(*len)
        }
    };
    Ok(ImageFile { file, left })
}

/// Bytes of the image of `row`; `None` where its file is no regular one.
pub fn size_of(dataset: &Dataset, root: &Root, row: usize) -> io::Result<Option<u64>> {
    let size = root.size_of(dataset.images.file.get(row))?;
    Ok(match dataset.images.span.get(row) {
        Some([start, len]) => size.map(|size| size.saturating_sub(*start).min(*len)),
        None => size,
    })
}

/// The bytes of the image at `path`, which may lead into an archive (`dataset.zip/train/a.jpg`); those of a part only, where it
/// is one.
pub fn read_image(path: &Path, span: Option<[u64; 2]>) -> io::Result<Vec<u8>> {
    let archive = path.ancestors().skip(1).find(|above| above.is_file());
    let mut file = match archive.and_then(|archive| Some((archive, path.strip_prefix(archive).ok()?.to_str()?))) {
        Some((archive, inside)) => Root::new(archive, false)?.open(inside)?,
        None => Opened::File(File::open(path)?),
    };
    if let Some([start, _]) = span {
        file.skip(start)?;
    }
    ImageFile { file, left: span.map(|[_, len]| len) }.read_all()
}

impl ImageFile {
    /// All of it.
    pub fn read_all(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The file, where the image is the whole of it.
    pub fn whole(&self) -> Option<&File> {
        match (&self.file, self.left) {
            (Opened::File(file), None) => Some(file),
            _ => None,
        }
    }

    /// Copies it to a new file; how many bytes.
    pub fn copy_to(mut self, target: &mut File) -> io::Result<u64> {
        match (&mut self.file, self.left) {
            // By the kernel, where it can (copy_file_range).
            (Opened::File(file), None) => io::copy(file, target),
            _ => io::copy(&mut self, target),
        }
    }
}

impl Read for ImageFile {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let Some(left) = &mut self.left else { return self.file.read(room) };
        let len = room.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        let got = self.file.read(room.get_mut(..len).unwrap_or_default())?;
        *left -= got as u64;
        Ok(got)
    }
}
