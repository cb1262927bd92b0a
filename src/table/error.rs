//! Why a table was not read or written.

use std::io;
use std::path::{Path, PathBuf};

use crate::reshape::ReshapeError;

/// Why nothing was made. Its text says the place first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// What was asked for means nothing.
    #[error("{0}")]
    Option(String),
    /// Bytes that are no table of the format.
    #[error("{}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A line of text that cannot be read.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A whole column that cannot be carried over.
    #[error("{}: column {column:?}: {problem}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// Its name.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A value that cannot be carried over.
    #[error("{}: column {column:?}, row {row}: {problem}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// From 0, in the file.
        row: u64,
        /// What is wrong.
        problem: String,
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
    /// TFRecord files that cannot be read or written.
    #[error(transparent)]
    Records(#[from] ReshapeError),
    /// What gave the table raised an error of its own.
    #[error("{0}")]
    Source(String),
}

impl TableError {
    /// The system's error at `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::AlreadyExists => ReshapeError::Exists { path: path.to_owned() }.into(),
            // Not the system's word, but that of who decompresses.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                if error.raw_os_error().is_none() =>
            {
                Self::malformed(path, format!("{action}: {error}"))
            }
            _ => Self::Io { action, path: path.to_owned(), error },
        }
    }

    /// The file that it is about, if there is one.
    pub(super) fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Malformed { path, .. }
            | Self::Line { path, .. }
            | Self::Column { path, .. }
            | Self::Value { path, .. }
            | Self::Io { path, .. } => Some(path),
            Self::Records(error) => error.path_mut(),
            Self::Option(_) | Self::Source(_) => None,
        }
    }

    pub(super) fn malformed(path: &Path, problem: impl ToString) -> Self {
        Self::Malformed { path: path.to_owned(), problem: problem.to_string() }
    }

    pub(super) fn column(path: &Path, column: &str, problem: impl ToString) -> Self {
        Self::Column { path: path.to_owned(), column: column.to_owned(), problem: problem.to_string() }
    }

    pub(super) fn value(path: &Path, column: &str, row: u64, problem: impl ToString) -> Self {
        Self::Value { path: path.to_owned(), column: column.to_owned(), row, problem: problem.to_string() }
    }
}

/// Why a value cannot be carried over, where the reader of a batch knows its row alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// In the batch.
    pub row: usize,
    /// What is wrong.
    pub problem: String,
}

impl Refusal {
    pub(super) fn new(row: usize, problem: impl ToString) -> Self {
        Self { row, problem: problem.to_string() }
    }
}
