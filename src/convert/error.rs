//! Why a conversion made nothing.

use std::io;
use std::path::{Path, PathBuf};

use super::report::Report;
use super::split::SplitError;
use crate::dataset::{LabelMapError, brief};
use crate::formats::FormatError;
use crate::record::RecordError;

/// Why a conversion made nothing. Whatever it is, no file of this run stands under its final name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The source cannot be read at all.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// An option has no meaning, or contradicts another.
    #[error("{0}")]
    Option(String),
    /// The classes make no label map.
    #[error("label map: {}", brief(.0.to_string()))]
    Labels(#[from] LabelMapError),
    /// A file that would be written is there already.
    #[error("{}: is there already; --overwrite replaces it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another run writes to the folder.
    #[error("{}: another run is writing to this folder", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{}: {action}: {error}", path.display())]
    Io {
        /// What was done, as in `cannot write`.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Compression failed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Problems of the input stop the run; the report lists all of them.
    #[error("{}", .0.refusal())]
    Refused(Box<Report>),
    /// No image, or no box, would have been written.
    #[error("{}", nothing(.0))]
    Empty(Box<Report>),
    /// The target cannot hold all that the source has, and `no_loss` was asked for.
    #[error("nothing was written: {} cannot hold {}", .0.target, super::losses::sentence(&.0.losses))]
    Lossy(Box<Report>),
    /// The caller asked for it.
    #[error("cancelled; nothing was written")]
    Cancelled,
    /// Counts do not add up: an error in this program.
    #[error("internal error: {0}; nothing was written")]
    Ledger(String),
}

fn nothing(report: &Report) -> String {
    let what = if report.images == 0 { "image" } else { "box" };
    let (images, objects) = (report.images_read, report.objects_read);
    let mut line = format!("no {what} to write: the source has {images} images with {objects} objects");
    let reasons: Vec<String> = report
        .skipped
        .reasons
        .iter()
        .map(|(reason, ledger)| format!("{reason} {} images and {} objects", ledger.images, ledger.objects))
        .collect();
    if !reasons.is_empty() {
        line += &format!("; left out: {}", reasons.join(", "));
    }
    if !report.losses.is_empty() {
        line += &format!("; {} cannot hold {}", report.target, super::losses::sentence(&report.losses));
    }
    line + "; --allow-empty accepts that"
}

impl ConvertError {
    /// The report, where the run got as far as to have one.
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Refused(report) | Self::Empty(report) | Self::Lossy(report) => Some(report),
            _ => None,
        }
    }

    /// What the system said, and of which file.
    pub fn io(&self) -> Option<(&io::Error, &Path)> {
        match self {
            Self::Io { error, path, .. } => Some((error, path)),
            _ => None,
        }
    }
}

impl From<SplitError> for ConvertError {
    fn from(error: SplitError) -> Self {
        Self::Option(error.to_string())
    }
}

/// Why the output folder cannot be had.
pub(super) fn busy(error: io::Error, path: &Path) -> ConvertError {
    match error.kind() {
        io::ErrorKind::ResourceBusy => ConvertError::Busy { path: path.to_owned() },
        _ => io_error("cannot make the folder", path)(error),
    }
}

/// Puts what was done to which file around an error of the system.
pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ConvertError {
    let path = path.to_owned();
    move |error| ConvertError::Io { action, path, error }
}
