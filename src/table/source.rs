//! Which files are read as a table, and what gives their rows.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::columnar::{self, Typed};
use super::model::{Ask, Batch, Field};
use super::text::{Guesses, csv, json};
use super::{Job, TableError, arrow, npz, parquet};
use crate::record::{STANDARD, matching};
use crate::reshape::ReshapeError;

/// Rows, and about how many bytes of values, that are worked on at once.
pub(super) const BATCH_ROWS: usize = 1 << 13;
pub(super) const BATCH_BYTES: usize = 4 << 20;

/// What is left to do for a piece of a table: on any thread.
pub(super) type Work = Box<dyn FnOnce() -> Result<Batch, TableError> + Send>;

/// Gives the rows of a table.
pub(super) trait Source: Send {
    /// The next of them.
    fn next(&mut self) -> Result<Option<Work>, TableError>;
}

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Format {
    Csv,
    Tsv,
    JsonLines,
    Parquet,
    Npz,
    Arrow,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Csv, Self::Tsv, Self::JsonLines, Self::Parquet, Self::Npz, Self::Arrow];

    /// As options name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
            Self::Npz => "npz",
            Self::Arrow => "arrow",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("format {name:?}: expected {}", super::listed(&Self::ALL.map(Self::name))))
    }

    /// What the ending of a file's name says; `.gz` behind it does not count.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending {
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "jsonl" | "ndjson" | "json" => Self::JsonLines,
            "parquet" | "pq" => Self::Parquet,
            "npz" => Self::Npz,
            "arrow" | "arrows" | "feather" | "ipc" => Self::Arrow,
            _ => return None,
        })
    }

    /// What parts the cells of CSV or TSV; `None`: what the first rows show.
    fn delimiter(self, ask: &Ask) -> Option<u8> {
        ask.delimiter.or((self == Self::Tsv).then_some(b'\t'))
    }

    /// What a file is, by its first bytes, where those say it, and its name.
    fn of_file(path: &Path) -> Result<Self, TableError> {
        let mut head = [0; 16];
        let refused = TableError::io("cannot be read", path);
        let mut file = File::open(path).map_err(&refused)?;
        let len = file.read(&mut head).map_err(&refused)?;
        let head = head.get(..len).unwrap_or_default();
        if head.starts_with(b"PAR1") {
            return Ok(Self::Parquet);
        }
        if head.starts_with(b"PK\x03\x04") {
            return Ok(Self::Npz);
        }
        if head.starts_with(arrow::MAGIC) || head.starts_with(arrow::CONTINUATION) {
            return Ok(Self::Arrow);
        }
        if let Some(format) = Self::of_name(path) {
            return Ok(format);
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        if text.starts_with(b"{") {
            return Ok(Self::JsonLines);
        }
        let names = super::listed(&Self::ALL.map(Self::name));
        Err(TableError::malformed(path, format!("neither name nor first bytes say its format: {names} can be given")))
    }
}

/// A table in one or more files.
#[derive(Clone, Debug)]
pub struct Table {
    /// In this order.
    files: Vec<PathBuf>,
    format: Format,
    /// What they have in common.
    pub(super) fields: Arc<[Field]>,
    ask: Ask,
    job: Job,
}

impl Table {
    /// Finds out what columns the files have. Text is read for that, from the beginning to the end.
    pub fn open(
        files: Vec<PathBuf>,
        format: Option<Format>,
        ask: &Ask,
        workers: usize,
        job: &Job,
    ) -> Result<Self, TableError> {
        let Some(first) = files.first() else { return Err(TableError::Option("no file was given".into())) };
        let format = format.map_or_else(|| Format::of_file(first), Ok)?;
        if ask.delimiter.is_some() && !matches!(format, Format::Csv | Format::Tsv) {
            return Err(TableError::Option(format!("a delimiter is of csv and tsv, not of {}", format.name())));
        }
        let size = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
        let bytes: u64 = files.iter().map(size).sum();
        let guesses = |guess: &dyn Fn(&Path) -> Result<Guesses, TableError>| {
            job.expect(2 * bytes);
            let mut all = Guesses::default();
            for path in &files {
                all.merge(guess(path)?);
            }
            all.fields(first, ask)
        };
        let fields = match format {
            Format::Csv | Format::Tsv => guesses(&|path| csv::guess(path, format.delimiter(ask), workers, job))?,
            Format::JsonLines => guesses(&|path| json::guess(path, ask.flatten, workers, job))?,
            Format::Parquet => {
                job.expect(bytes);
                typed(&files, ask, &|path| parquet::columns(path, ask.flatten, job))?
            }
            Format::Npz => {
                job.expect(bytes);
                typed(&files, ask, &npz::columns)?
            }
            Format::Arrow => {
                job.expect(bytes);
                typed(&files, ask, &|path| arrow::columns(path, ask.flatten, job))?
            }
        };
        let fields = fields.into_iter().map(|(_, field)| field).collect();
        Ok(Self { files, format, fields, ask: ask.clone(), job: job.clone() })
    }

    /// The rows of the file of that number.
    pub(super) fn source(&self, number: usize) -> Result<Option<Box<dyn Source>>, TableError> {
        let Some(path) = self.files.get(number) else { return Ok(None) };
        let Self { fields, job, ask, .. } = self;
        Ok(Some(match self.format {
            Format::Csv | Format::Tsv => Box::new(csv::Csv::open(path, self.format.delimiter(ask), fields, job)?),
            Format::JsonLines => Box::new(json::JsonLines::open(path, fields, ask.flatten, job)?),
            Format::Parquet => Box::new(parquet::ParquetFile::open(path, fields, ask.flatten, job)?),
            Format::Npz => Box::new(npz::Npz::open(path, fields, job)?),
            Format::Arrow => arrow::open(path, ask, job)?,
        }))
    }

    /// The first of its files.
    pub(super) fn path(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }
}

/// The columns of files that say their types themselves: all the same.
fn typed(
    files: &[PathBuf],
    ask: &Ask,
    columns: &dyn Fn(&Path) -> Result<Vec<Typed>, TableError>,
) -> Result<Vec<(usize, Field)>, TableError> {
    let Some((first, others)) = files.split_first() else { return Ok(Vec::new()) };
    let there = columns(first)?;
    let fields = columnar::fields(first, &there, ask)?;
    for path in others {
        let other = columns(path)?;
        for (_, field) in &fields {
            let name = &field.source;
            let of = |columns: &[Typed]| columns.iter().find(|typed| typed.name == *name).cloned();
            match (of(&there), of(&other)) {
                (Some(one), Some(other)) if one.ty == other.ty && one.depth == other.depth => {}
                (Some(one), Some(other)) => {
                    let shown = |typed: &Typed| typed.shown();
                    let problem = format!("is {}, but {} in {}", shown(&other), shown(&one), first.display());
                    return Err(TableError::column(path, name, problem));
                }
                _ => return Err(TableError::column(path, name, format!("is not there, but in {}", first.display()))),
            }
        }
    }
    Ok(fields)
}

/// The files that are meant: files, patterns, and of folders every file with the name of a table, sorted. Standard input
/// is kept in a temporary file, since it is read more than once; that is the second thing given.
pub fn find(given: &[PathBuf], format: Option<Format>) -> Result<(Vec<PathBuf>, Kept), TableError> {
    let (named, kept) = find_records(given)?;
    let mut files = Vec::new();
    for path in &named {
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => below(path, format, &mut files)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match matching(path).map_err(ReshapeError::from)? {
                    Some(found) => files.extend(found),
                    None => return Err(TableError::io("cannot be read", path)(error)),
                }
            }
            _ => files.push(path.clone()),
        }
    }
    if files.is_empty() {
        return Err(TableError::Option("no file was given".into()));
    }
    Ok((files, kept))
}

fn below(folder: &Path, format: Option<Format>, files: &mut Vec<PathBuf>) -> Result<(), TableError> {
    let refused = TableError::io("cannot be read", folder);
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(refused)?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let is_table = |path: &PathBuf| match (path.is_file(), format) {
        (false, _) => false,
        (true, None) => Format::of_name(path).is_some(),
        (true, format) => Format::of_name(path) == format,
    };
    let mut found: Vec<PathBuf> = paths.filter(is_table).collect();
    if found.is_empty() {
        return Err(TableError::malformed(folder, "no table in this folder"));
    }
    found.sort();
    files.append(&mut found);
    Ok(())
}

/// TFRecord files that are meant, for [`Inputs::find`](crate::reshape::Inputs::find); standard input is kept in a temporary
/// file here too.
pub fn find_records(given: &[PathBuf]) -> Result<(Vec<PathBuf>, Kept), TableError> {
    let (mut files, mut kept) = (Vec::new(), Kept(None));
    for path in given {
        match (path == Path::new(STANDARD), &kept.0) {
            (false, _) => files.push(path.clone()),
            (true, Some(_)) => return Err(TableError::Option("standard input can be read once only".into())),
            (true, None) => {
                let file = keep_stdin()?;
                files.push(file.to_path_buf());
                kept = Kept(Some(file));
            }
        }
    }
    Ok((files, kept))
}

/// Standard input in a temporary file, which is gone with this.
#[derive(Debug)]
pub struct Kept(Option<tempfile::TempPath>);

impl Kept {
    /// Says standard input where the error names the temporary file.
    pub fn place(&self, mut error: TableError) -> TableError {
        if let (Some(kept), Some(path)) = (&self.0, error.path_mut())
            && *path == **kept
        {
            *path = STANDARD.into();
        }
        // Of another file that does not agree with it.
        if let (Some(kept), TableError::Column { problem, .. }) = (&self.0, &mut error) {
            *problem = problem.replace(&kept.display().to_string(), STANDARD);
        }
        error
    }
}

fn keep_stdin() -> Result<tempfile::TempPath, TableError> {
    let refused = TableError::io("cannot make a temporary file", Path::new(STANDARD));
    let mut file = tempfile::NamedTempFile::new().map_err(&refused)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(TableError::io("cannot be read", Path::new(STANDARD)))?;
    Ok(file.into_temp_path())
}
