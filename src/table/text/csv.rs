//! CSV as RFC 4180 has it, with a header; TSV is the same with tabs, and other delimiters may be asked for, or seen. An empty
//! cell is no value. UTF-8, with or without a mark at its start; GZIP may be around it. A quote that is never closed is an
//! error, as in pandas, Polars and DuckDB: what it swallows would be missing.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::fill::Fill;
use super::{Guesses, MAX_ROW, PIECE, ROWS, Text, delimiter, place, too_long};
use crate::table::error::Refusal;
use crate::table::model::{Batch, Field, Strings};
use crate::table::pipeline::ordered;
use crate::table::source::{Source, Work};
use crate::table::{Job, TableError};

/// Some rows: their cells, one behind the other.
struct Piece {
    cells: Strings,
    row: u64,
    rows: usize,
}

/// Cuts the file into pieces.
struct Rows {
    path: PathBuf,
    reader: Reader<Text>,
    delimiter: u8,
    of_row: Arc<AtomicU64>,
    end: Arc<AtomicU64>,
    record: ByteRecord,
    names: Vec<String>,
    row: u64,
}

impl Rows {
    /// A file of cells that `delimiter` parts, or what its first rows show.
    fn open(path: &Path, delimiter: Option<u8>, job: &Job) -> Result<Self, TableError> {
        let mut text = Text::open(path, job)?;
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => delimiter::guess(text.inner.fill_buf().map_err(TableError::io("cannot be read", path))?),
        };
        let (of_row, end) = (Arc::clone(&text.of_row), Arc::clone(&text.end));
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(1 << 18)
            .from_reader(text);
        let (path, record) = (path.to_owned(), ByteRecord::new());
        let mut rows = Self { path, reader, delimiter, of_row, end, record, names: Vec::new(), row: 0 };
        rows.read()?;
        rows.names = rows.header()?;
        Ok(rows)
    }

    /// The names in the first record.
    fn header(&self) -> Result<Vec<String>, TableError> {
        let problem = |problem: String| place::row(&self.path, 0, problem);
        let name = |cell: &[u8]| {
            let name = std::str::from_utf8(cell).map(|name| name.trim().to_owned());
            name.map_err(|_| problem("a name that is no UTF-8".into()))
        };
        let names = self.record.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        if names.is_empty() {
            return Err(problem("expected a header with the names of the columns".into()));
        }
        for (place, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(problem(format!("column {} has no name", place + 1)));
            }
            if names[..place].contains(name) {
                return Err(problem(format!("two columns are called {name:?}")));
            }
        }
        Ok(names)
    }

    /// Reads the next record, if there is one.
    fn read(&mut self) -> Result<bool, TableError> {
        self.of_row.store(0, Ordering::Relaxed);
        let found = self.reader.read_byte_record(&mut self.record);
        let start = self.record.position().map_or(0, csv::Position::byte);
        match found {
            Ok(true) if self.reader.position().byte() >= self.end.load(Ordering::Relaxed) => {
                Err(place::quote(&self.path, start, self.delimiter, "a quote that is never closed".into()))
            }
            Ok(found) => Ok(found),
            Err(_) if self.of_row.load(Ordering::Relaxed) > MAX_ROW => Err(place::row(&self.path, start, too_long())),
            Err(error) => Err(failed(&self.path, error)),
        }
    }

    fn next(&mut self) -> Result<Option<Piece>, TableError> {
        let mut piece = Piece { cells: Strings::default(), row: self.row, rows: 0 };
        let mut bytes = 0;
        while bytes < PIECE && piece.rows < ROWS {
            if !self.read()? {
                break;
            }
            if self.record.len() != self.names.len() {
                let start = self.record.position().map_or(0, csv::Position::byte);
                let cells = self.record.len();
                let problem = format!("{cells} cells, expected {} as in the header", self.names.len());
                return Err(place::row(&self.path, start, problem));
            }
            self.record.iter().for_each(|cell| piece.cells.push(cell));
            bytes += self.record.as_slice().len();
            piece.rows += 1;
        }
        self.row += piece.rows as u64;
        Ok(Some(piece).filter(|piece| piece.rows > 0))
    }
}

fn failed(path: &Path, error: csv::Error) -> TableError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::Other => TableError::malformed(path, error),
        csv::ErrorKind::Io(error) => TableError::io("cannot be read", path)(error),
        _ => TableError::malformed(path, "no CSV"),
    }
}

/// Looks at every row of a file.
pub(in crate::table) fn guess(
    path: &Path,
    delimiter: Option<u8>,
    workers: usize,
    job: &Job,
) -> Result<Guesses, TableError> {
    let mut rows = Rows::open(path, delimiter, job)?;
    let names = rows.names.clone();
    let mut guesses = Guesses(names.iter().map(|name| (name.clone(), super::Guess::default())).collect());
    let work = |piece: Piece| {
        let mut seen = vec![super::Guess::default(); names.len()];
        let mut cells = piece.cells.iter();
        for _ in 0..piece.rows {
            seen.iter_mut().zip(&mut cells).for_each(|(guess, cell)| guess.see_cell(cell));
        }
        Ok(seen)
    };
    ordered(
        workers,
        || rows.next(),
        work,
        |seen| {
            guesses.0.iter_mut().zip(seen).for_each(|((_, guess), seen)| guess.merge(seen));
            Ok(())
        },
    )?;
    Ok(guesses)
}

/// The rows of a file.
pub(in crate::table) struct Csv {
    rows: Rows,
    fields: Arc<[Field]>,
    /// For each column of the file, the field that it is.
    places: Arc<[Option<usize>]>,
}

impl Csv {
    pub(in crate::table) fn open(
        path: &Path,
        delimiter: Option<u8>,
        fields: &Arc<[Field]>,
        job: &Job,
    ) -> Result<Self, TableError> {
        let rows = Rows::open(path, delimiter, job)?;
        let place = |name: &String| fields.iter().position(|field| field.source == *name);
        let places: Arc<[Option<usize>]> = rows.names.iter().map(place).collect();
        if let Some(field) = fields.iter().find(|field| !rows.names.contains(&field.source)) {
            return Err(TableError::column(path, &field.source, "is not there, but in another file"));
        }
        Ok(Self { rows, fields: Arc::clone(fields), places })
    }
}

impl Source for Csv {
    fn next(&mut self) -> Result<Option<Work>, TableError> {
        let Some(piece) = self.rows.next()? else { return Ok(None) };
        let (fields, path, places) = (Arc::clone(&self.fields), self.rows.path.clone(), Arc::clone(&self.places));
        Ok(Some(Box::new(move || batch(&piece, &path, &places, fields))))
    }
}

fn batch(piece: &Piece, path: &Path, places: &[Option<usize>], fields: Arc<[Field]>) -> Result<Batch, TableError> {
    let mut fills: Vec<Fill> = fields.iter().map(Fill::new).collect();
    let refused = |field: &Field, refusal: Refusal| {
        TableError::value(path, &field.source, piece.row + refusal.row as u64, refusal.problem)
    };
    let mut cells = piece.cells.iter();
    for _ in 0..piece.rows {
        for (place, cell) in places.iter().zip(&mut cells) {
            let Some(place) = *place else { continue };
            fills[place].cell(cell).map_err(|refusal| refused(&fields[place], refusal))?;
        }
    }
    let columns = fills.into_iter().zip(fields.iter());
    let columns = columns.map(|(fill, field)| fill.finish().map_err(|refusal| refused(field, refusal)));
    let columns = columns.collect::<Result<_, _>>()?;
    Ok(Batch { fields, columns, rows: piece.rows, first_row: piece.row })
}
