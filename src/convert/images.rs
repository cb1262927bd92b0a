//! The bytes of an image: a file below one of the dataset's folders, or a part of one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use crate::dataset::{Dataset, NO_FILE};
use crate::files::Root;

/// An image that is open for reading.
#[derive(Debug)]
pub struct ImageFile {
    file: File,
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
            file.seek(SeekFrom::Start(*start))?;
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

impl ImageFile {
    /// All of it.
    pub fn read_all(mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The file, where the image is the whole of it.
    pub fn whole(&self) -> Option<&File> {
        self.left.is_none().then_some(&self.file)
    }

    /// Copies it to a new file; how many bytes.
    pub fn copy_to(mut self, target: &mut File) -> io::Result<u64> {
        match self.left {
            // By the kernel, where it can (copy_file_range).
            None => io::copy(&mut self.file, target),
            Some(_) => io::copy(&mut self, target),
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
