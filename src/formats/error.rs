//! Why a source cannot be loaded at all. What is wrong inside it is a list of `dataset::Problem`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::dataset::{brief, nearest};

/// Why a source cannot be loaded, with the file and, where there is one, the line.
#[derive(Debug)]
pub struct FormatError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: FormatErrorKind,
    path: PathBuf,
    line: u32,
}

/// What a [`FormatError`] is about.
#[derive(Debug)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// The operating system refuses.
    Io(io::Error),
    /// No format of this name: the name, and those there are.
    UnknownFormat(String, Vec<&'static str>),
    /// Nothing there that any format knows: what is there.
    NothingFound(String),
    /// Several formats fit: name and reason of each.
    Ambiguous(Vec<(&'static str, String)>),
    /// The format that was asked for is not there: its name, and what was looked for.
    NotThisFormat(&'static str, String),
    /// The file does not follow its grammar.
    Syntax(String),
}

impl FormatError {
    /// An error at `path`.
    pub fn new(kind: FormatErrorKind, path: impl Into<PathBuf>) -> Self {
        Self(Box::new(Inner { kind, path: path.into(), line: 0 }))
    }

    /// A grammar error at a line of `path`.
    pub fn syntax(message: impl Into<String>, path: impl Into<PathBuf>, line: u32) -> Self {
        Self(Box::new(Inner { kind: FormatErrorKind::Syntax(message.into()), path: path.into(), line }))
    }

    /// The same error, in the file at `path`.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.path = path.into();
        self
    }

    /// Of an error that says that a format is not there, the same with what may be the reason.
    #[must_use]
    pub fn with_reason(mut self, why: impl FnOnce() -> Option<String>) -> Self {
        if let FormatErrorKind::NotThisFormat(_, looked_for) = &mut self.0.kind
            && let Some(why) = why()
        {
            *looked_for += &format!("; not readable: {why}");
        }
        self
    }

    /// What it is about.
    pub fn kind(&self) -> &FormatErrorKind {
        &self.0.kind
    }

    /// The file or folder; empty where text was given without a file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Line, from 1; 0 where the whole file is meant.
    pub fn line(&self) -> u32 {
        self.0.line
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, path, line } = &*self.0;
        match (path.as_os_str().is_empty(), *line) {
            (true, 0) => {}
            (true, line) => write!(f, "line {line}: ")?,
            (false, 0) => write!(f, "{}: ", path.display())?,
            (false, line) => write!(f, "{}:{line}: ", path.display())?,
        }
        match kind {
            FormatErrorKind::Io(error) => f.write_str(&brief(error.to_string())),
            FormatErrorKind::UnknownFormat(name, known) => {
                write!(f, "no format is called {name:?}")?;
                if let Some(nearest) = nearest(name, known.iter().copied()) {
                    write!(f, ", nearest is {nearest:?}")?;
                }
                write!(f, "; `recordmill formats` lists all {}", known.len())
            }
            FormatErrorKind::NothingFound(looked_for) => {
                write!(f, "no annotations that a known format explains; {}", brief(looked_for))
            }
            FormatErrorKind::Ambiguous(candidates) => {
                f.write_str("fits several formats: ")?;
                for (place, (name, reason)) in candidates.iter().enumerate() {
                    write!(f, "{}{name} ({reason})", if place == 0 { "" } else { ", " })?;
                }
                f.write_str("; say which with ")?;
                for (place, (name, _)) in candidates.iter().enumerate() {
                    write!(f, "{}--from {name}", if place == 0 { "" } else { " or " })?;
                }
                Ok(())
            }
            FormatErrorKind::NotThisFormat(name, looked_for) => {
                write!(f, "nothing of format {name} there; looked for {}", brief(looked_for))
            }
            FormatErrorKind::Syntax(message) => f.write_str(&brief(message)),
        }
    }
}

impl std::error::Error for FormatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            FormatErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}
