//! Why nothing was made.

use std::io;
use std::path::{Path, PathBuf};

use crate::record::{ListError, RecordError};

/// Why a command made nothing. Its text says the place first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReshapeError {
    /// What was asked for means nothing.
    #[error("{0}")]
    Option(String),
    /// A file cannot be read, or is damaged.
    #[error("{}: {error}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: RecordError,
    },
    /// What the system refuses.
    #[error("{}: {action}: {error}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What it said.
        #[source]
        error: io::Error,
    },
    /// There is a file already, and it must not be replaced.
    #[error("{}: is there already; overwrite replaces it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A record is not what it must be for what was asked.
    #[error("{}: record {record} at byte {offset}: {problem}", path.display())]
    Payload {
        /// The file.
        path: PathBuf,
        /// The record's number in it, from 0.
        record: u64,
        /// Where it begins.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Cancelled,
}

impl ReshapeError {
    /// The file that it is about, if there is one.
    pub(crate) fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Record { path, .. } | Self::Io { path, .. } | Self::Exists { path } | Self::Payload { path, .. } => {
                Some(path)
            }
            Self::Option(_) | Self::Cancelled => None,
        }
    }
}

impl From<ListError> for ReshapeError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Missing { path, error } => Self::Record { path, error: error.into() },
            ListError::Folder { path, error } => Self::Io { action: "cannot be read", path, error },
            other => Self::Option(other.to_string()),
        }
    }
}

/// The error of reading `path`.
pub(super) fn of_record(path: &Path) -> impl Fn(RecordError) -> ReshapeError {
    move |error| ReshapeError::Record { path: path.to_owned(), error }
}

/// The system's error at `path`; what is there already has an error of its own.
pub(super) fn of_io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> ReshapeError {
    move |error| match error.kind() {
        io::ErrorKind::AlreadyExists => ReshapeError::Exists { path: path.to_owned() },
        _ => ReshapeError::Io { action, path: path.to_owned(), error },
    }
}
