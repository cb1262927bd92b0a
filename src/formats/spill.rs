//! Images whose bytes are in no file as they are (in a compressed record, as base64 in a JSON): put one behind the other into a
//! file of their own, in a folder for temporary files (`TMPDIR`) that goes with the dataset.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tempfile::TempDir;

use super::{FormatError, FormatErrorKind, bitmap};
use crate::dataset::Dataset;
use crate::image::{Kind, header};

/// The name of the file.
pub const NAME: &str = "images";

/// Such a file on its way.
#[derive(Debug)]
pub struct Spill {
    folder: TempDir,
    file: Mutex<(File, u64)>,
}

impl Spill {
    /// An empty one.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("recordmill-").tempdir()?;
        let file = File::create_new(folder.path().join(NAME))?;
        Ok(Self { folder, file: Mutex::new((file, 0)) })
    }

    /// Adds an image; gives where it stands and how long it is.
    pub fn add(&self, bytes: &[u8]) -> io::Result<[u64; 2]> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.0.write_all(bytes)?;
        let start = file.1;
        file.1 += bytes.len() as u64;
        Ok([start, bytes.len() as u64])
    }

    /// Gives the file to `dataset`, as the last of its roots.
    pub fn finish(self, dataset: &mut Dataset) {
        dataset.roots.push(self.folder.path().to_owned());
        dataset.kept.push(Arc::new(self.folder));
    }
}

/// Images that stand inside of annotations, as texts in base64; the file for them is made when there is one.
#[derive(Debug, Default)]
pub struct Inside(OnceLock<io::Result<Spill>>);

impl Inside {
    /// Puts the image aside that `text` stands for; gives where it stands and what it is, or why it is none.
    pub fn take(&self, text: &str) -> Result<([u64; 2], Kind), String> {
        let bytes = bitmap::from_base64(text).map_err(|fault| fault.message)?;
        let kind = header::detect(&bytes).ok_or("it is no image that is known")?;
        let aside = |error: &dyn std::fmt::Display| format!("it cannot be put aside: {error}");
        let spill = self.0.get_or_init(Spill::new).as_ref().map_err(|error| aside(error))?;
        Ok((spill.add(&bytes).map_err(|error| aside(&error))?, kind))
    }

    /// Gives what was put aside to `dataset`.
    pub fn finish(self, dataset: &mut Dataset) -> Result<(), FormatError> {
        match self.0.into_inner() {
            Some(Ok(spill)) => spill.finish(dataset),
            Some(Err(error)) => return Err(FormatError::new(FormatErrorKind::Io(error), std::env::temp_dir())),
            None => {}
        }
        Ok(())
    }
}
