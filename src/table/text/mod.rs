//! Tables that are text: CSV, TSV and JSON lines.
//!
//! Their values have no types; those are guessed from all rows before the first is written, in a reading of its own.
//!
//! | every value of the column is | type |
//! |---|---|
//! | `true` or `false` | `bool` |
//! | a whole number that int64 has, without `+` or leading zeros | `int64` |
//! | a number (CSV: also `nan` and `inf`, beside numbers) | `float32` |
//! | an array, in CSV as JSON writes it | a list of what its elements are |
//! | anything else | `string` |

pub(super) mod csv;
mod delimiter;
mod fill;
mod guess;
pub(super) mod json;
mod place;
pub(super) mod write;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::model::{Ask, Field};
use super::types::{Asked, Type};
use super::{Job, TableError};
pub use delimiter::delimiter;
use guess::Guess;

/// Bytes of text that are worked on at once, and rows of it.
const PIECE: usize = 1 << 20;
const ROWS: usize = 1 << 13;
/// The longest row. A quotation mark that nobody closed, or a file of another kind, must not fill the memory.
const MAX_ROW: u64 = 1 << 28;

/// Reads the text of a file, which GZIP may be around.
struct Text {
    inner: Box<dyn BufRead + Send>,
    /// Bytes given since the row began.
    of_row: Arc<AtomicU64>,
    given: u64,
    /// Bytes given in all, once that is known.
    end: Arc<AtomicU64>,
}

/// What is given behind the end of the text: a row ends before the last line end, unless a quote was never closed.
const END: &[u8] = b"\n\n";

impl Text {
    fn open(path: &Path, job: &Job) -> Result<Self, TableError> {
        let refused = TableError::io("cannot be read", path);
        let file = File::open(path).map_err(&refused)?;
        let mut inner = BufReader::with_capacity(1 << 18, Counted { file, job: job.clone() });
        let is_gzip = inner.fill_buf().map_err(&refused)?.starts_with(&[0x1f, 0x8b]);
        let inner: Box<dyn BufRead + Send> = match is_gzip {
            true => Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(inner))),
            false => Box::new(inner),
        };
        Ok(Self { inner, of_row: Arc::default(), given: 0, end: Arc::new(AtomicU64::new(u64::MAX)) })
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut len = self.inner.read(buffer)?;
        if len == 0 && self.end.load(Ordering::Relaxed) == u64::MAX {
            len = { END }.read(buffer)?;
            self.end.store(self.given + len as u64, Ordering::Relaxed);
        }
        self.given += len as u64;
        if self.of_row.fetch_add(len as u64, Ordering::Relaxed) > MAX_ROW {
            return Err(io::Error::other(too_long()));
        }
        Ok(len)
    }
}

fn too_long() -> String {
    format!("a row of more than {MAX_ROW} bytes")
}

/// A file that tells how much of it is read, and ends where the run is to stop.
struct Counted {
    file: File,
    job: Job,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.job.check().is_err() {
            return Err(io::Error::other("stopped"));
        }
        let len = self.file.read(buffer)?;
        self.job.read(len as u64);
        Ok(len)
    }
}

/// What was guessed of every column, by name, in the order in which they were seen first.
#[derive(Clone, Debug, Default)]
pub(super) struct Guesses(Vec<(String, Guess)>);

impl Guesses {
    pub(super) fn merge(&mut self, others: Self) {
        for (name, other) in others.0 {
            match self.0.iter_mut().find(|(there, _)| *there == name) {
                Some((_, guess)) => guess.merge(other),
                None => self.0.push((name, other)),
            }
        }
    }

    /// The columns that are asked for, with their types; and of each its number.
    pub(super) fn fields(&self, path: &Path, ask: &Ask) -> Result<Vec<(usize, Field)>, TableError> {
        let names: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        let chosen = ask.select(&names).map_err(|problem| TableError::malformed(path, problem))?;
        let field = |(place, name): (usize, String)| {
            let Some((source, guess)) = self.0.get(place) else { return Err(TableError::Option(name)) };
            let refused = |problem: String| TableError::column(path, source, problem);
            let (guessed, found) = guess.resolve().map_err(refused)?;
            let asked = ask.of(source);
            // Whether they are lists is seen when they are read.
            let depth = if asked.depth > 0 { asked.depth } else { found };
            let ty = asked.ty.unwrap_or(guessed);
            let kind = ty.kind().filter(|_| is_textual(ty));
            let kind = kind.ok_or_else(|| refused(format!("text has no {ty}; a string can be asked for")))?;
            let mut field = Field::new(source, name, ty, kind, depth);
            field.is_decimal_comma = asked == Asked::default() && guess.is_decimal_comma();
            Ok((place, field))
        };
        chosen.into_iter().map(field).collect()
    }
}

/// Whether text can say values of the type.
pub(super) fn is_textual(ty: Type) -> bool {
    !matches!(ty, Type::Date | Type::Time(_) | Type::Timestamp(..) | Type::Duration(_) | Type::Decimal(..))
}
