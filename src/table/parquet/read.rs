//! Parquet files to rows, row group by row group, some rows of all columns at a time.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};

use super::levels::assemble;
use super::schema::{Leaf, leaves};
use crate::record::read_at;
use crate::table::columnar::{Typed, big_endian, half_to_f32};
use crate::table::error::Refusal;
use crate::table::guard::guarded;
use crate::table::model::{Batch, Column, Field};
use crate::table::source::{BATCH_BYTES, BATCH_ROWS, Source, Work};
use crate::table::types::{Type, Unit};
use crate::table::{Job, TableError};

/// Values that rows read at once may have in a column, and bytes of unpacked pages: more is no table, but a trap.
const MAX_VALUES: u64 = 1 << 28;
const MAX_PAGES: u64 = 1 << 32;

/// A file of which ranges are read, so that each column has a place of its own in it.
struct Ranges {
    file: File,
    len: u64,
    job: Job,
}

impl Length for Ranges {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Ranges {
    type T = io::BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let file = self.file.try_clone()?;
        // What is read from a place is the header of a page: some tens of bytes.
        Ok(io::BufReader::with_capacity(1 << 10, From { file, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if self.job.check().is_err() {
            return Err(ParquetError::General("stopped".into()));
        }
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            let problem = format!("{length} bytes at byte {start}, but the file has {}", self.len);
            return Err(ParquetError::EOF(problem));
        }
        let mut bytes = vec![0; length];
        let len = read_at(&self.file, &mut bytes, start)?;
        if len != length {
            return Err(ParquetError::EOF(format!("{len} bytes at byte {start}, expected {length}")));
        }
        self.job.read(length as u64);
        Ok(bytes.into())
    }
}

struct From {
    file: File,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = read_at(&self.file, buffer, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// Counts what pages unpack to.
struct Pages {
    inner: Box<dyn PageReader>,
    spent: Arc<Spent>,
}

#[derive(Default)]
struct Spent {
    values: AtomicU64,
    bytes: AtomicU64,
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.inner.get_next_page()?;
        if let Some(page) = &page {
            let values = self.spent.values.fetch_add(page.num_values().into(), Ordering::Relaxed);
            let bytes = self.spent.bytes.fetch_add(page.buffer().len() as u64, Ordering::Relaxed);
            if values > MAX_VALUES || u64::from(page.num_values()) > MAX_VALUES || bytes > MAX_PAGES {
                return Err(ParquetError::General("a few rows have more values than fit into memory".into()));
            }
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.inner.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool, ParquetError> {
        self.inner.at_record_boundary()
    }
}

impl Iterator for Pages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// Does what the library may panic at.
fn with_library<T>(path: &Path, work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, TableError> {
    match guarded(work) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(TableError::malformed(path, text(error))),
        Err(panic) => Err(TableError::malformed(path, format!("no sound Parquet file: {panic}"))),
    }
}

/// Without the crate's own prefixes.
fn text(error: ParquetError) -> String {
    match error {
        ParquetError::General(text) | ParquetError::EOF(text) => text,
        ParquetError::NYI(text) => format!("not supported: {text}"),
        error => error.to_string(),
    }
}

fn open(path: &Path, job: &Job) -> Result<SerializedFileReader<Ranges>, TableError> {
    let refused = TableError::io("cannot be read", path);
    let file = File::open(path).map_err(&refused)?;
    let len = file.metadata().map_err(&refused)?.len();
    with_library(path, || SerializedFileReader::new(Ranges { file, len, job: job.clone() }))
}

/// What the columns of a file are.
pub(in crate::table) fn columns(path: &Path, flatten: bool, job: &Job) -> Result<Vec<Typed>, TableError> {
    let file = open(path, job)?;
    Ok(distinct(&leaves(file.metadata().file_metadata().schema(), flatten)))
}

/// A struct that fits nowhere is one column, though it has several in the file.
fn distinct(leaves: &[Leaf]) -> Vec<Typed> {
    let mut columns: Vec<Typed> = Vec::new();
    for leaf in leaves {
        if leaf.typed.ty.is_ok() || columns.last().is_none_or(|last| last.name != leaf.typed.name) {
            columns.push(leaf.typed.clone());
        }
    }
    columns
}

/// The rows of a file.
pub(in crate::table) struct ParquetFile {
    path: PathBuf,
    file: SerializedFileReader<Ranges>,
    fields: Arc<[Field]>,
    /// For each field its column in the file.
    leaves: Arc<[(usize, Leaf)]>,
    readers: Vec<ColumnReader>,
    spent: Arc<Spent>,
    group: usize,
    /// Rows of the group that are still to be read.
    rest: u64,
    /// Rows to read at once.
    rows: usize,
    row: u64,
}

impl ParquetFile {
    pub(in crate::table) fn open(
        path: &Path,
        fields: &Arc<[Field]>,
        flatten: bool,
        job: &Job,
    ) -> Result<Self, TableError> {
        let file = open(path, job)?;
        let all = leaves(file.metadata().file_metadata().schema(), flatten);
        let find = |field: &Field| {
            let found = all.iter().cloned().enumerate().find(|(_, leaf)| leaf.typed.name == field.source);
            found.ok_or_else(|| TableError::column(path, &field.source, "is not there, but in another file"))
        };
        let leaves = fields.iter().map(find).collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            file,
            fields: Arc::clone(fields),
            leaves,
            readers: Vec::new(),
            spent: Arc::default(),
            group: 0,
            rest: 0,
            rows: 0,
            row: 0,
        })
    }

    /// Opens the next row group that has rows.
    fn next_group(&mut self) -> Result<bool, TableError> {
        while self.rest == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            let Self { path, file, leaves, spent, group, .. } = self;
            let metadata = file.metadata().row_group(*group);
            let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
            let bytes = u64::try_from(metadata.total_byte_size()).unwrap_or(0);
            let readers = with_library(path, || {
                let group = file.get_row_group(*group)?;
                let reader = |(place, _): &(usize, Leaf)| {
                    let descriptor = file.metadata().file_metadata().schema_descr().column(*place);
                    let inner = group.get_column_page_reader(*place)?;
                    let pages = Pages { inner, spent: Arc::clone(spent) };
                    Ok::<_, ParquetError>(get_column_reader(descriptor, Box::new(pages)))
                };
                leaves.iter().map(reader).collect::<Result<Vec<_>, _>>()
            })?;
            self.readers = readers;
            self.group += 1;
            self.rest = rows;
            // What the file says of its size is a first guess; what was read corrects it.
            let each = (bytes / rows.max(1)).max(1);
            self.rows = usize::try_from(BATCH_BYTES as u64 / each).unwrap_or(BATCH_ROWS).clamp(1, BATCH_ROWS / 8);
        }
        Ok(true)
    }
}

impl Source for ParquetFile {
    fn next(&mut self) -> Result<Option<Work>, TableError> {
        if !self.next_group()? {
            return Ok(None);
        }
        let rows = usize::try_from(self.rest).unwrap_or(usize::MAX).min(self.rows);
        self.spent.values.store(0, Ordering::Relaxed);
        self.spent.bytes.store(0, Ordering::Relaxed);
        let Self { path, fields, readers, .. } = self;
        let mut raw = Vec::with_capacity(readers.len());
        for (reader, field) in readers.iter_mut().zip(fields.iter()) {
            let column = with_library(path, || Raw::read(reader, rows))?;
            if column.rows != rows {
                let problem = format!("ends {} rows before its row group", rows - column.rows);
                return Err(TableError::column(path, &field.source, problem));
            }
            raw.push(column);
        }
        let bytes = raw.iter().map(|column| column.values.bytes()).sum::<usize>() / rows;
        self.rows = (BATCH_BYTES / bytes.max(1)).clamp(1, BATCH_ROWS).min(self.rows.saturating_mul(2));
        let first_row = self.row;
        self.row += rows as u64;
        self.rest -= rows as u64;
        let (path, fields, leaves) = (self.path.clone(), Arc::clone(&self.fields), Arc::clone(&self.leaves));
        Ok(Some(Box::new(move || {
            let columns = raw.into_iter().zip(fields.iter()).zip(leaves.iter()).map(|((raw, field), (_, leaf))| {
                let column = raw.into_column(field, leaf);
                column.map_err(|refusal| {
                    TableError::value(&path, &field.source, first_row + refusal.row as u64, refusal.problem)
                })
            });
            let columns = columns.collect::<Result<_, _>>()?;
            Ok(Batch { fields, columns, rows, first_row })
        })))
    }
}

/// Some rows of a column, as the library gives them.
struct Raw {
    rows: usize,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    values: RawValues,
}

enum RawValues {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl RawValues {
    fn bytes(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int32(values) => values.len() * 4,
            Self::Int64(values) => values.len() * 8,
            Self::Int96(values) => values.len() * 12,
            Self::Float(values) => values.len() * 4,
            Self::Double(values) => values.len() * 8,
            Self::Bytes(values) => values.iter().map(|value| value.len() + 8).sum(),
            Self::Fixed(values) => values.iter().map(|value| value.len() + 8).sum(),
        }
    }
}

impl Raw {
    fn read(reader: &mut ColumnReader, rows: usize) -> Result<Self, ParquetError> {
        let (mut definition, mut repetition) = (Vec::new(), Vec::new());
        let levels = (&mut definition, &mut repetition);
        let (read, values) = match reader {
            ColumnReader::BoolColumnReader(reader) => take(reader, rows, levels, RawValues::Bool),
            ColumnReader::Int32ColumnReader(reader) => take(reader, rows, levels, RawValues::Int32),
            ColumnReader::Int64ColumnReader(reader) => take(reader, rows, levels, RawValues::Int64),
            ColumnReader::Int96ColumnReader(reader) => take(reader, rows, levels, RawValues::Int96),
            ColumnReader::FloatColumnReader(reader) => take(reader, rows, levels, RawValues::Float),
            ColumnReader::DoubleColumnReader(reader) => take(reader, rows, levels, RawValues::Double),
            ColumnReader::ByteArrayColumnReader(reader) => take(reader, rows, levels, RawValues::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => take(reader, rows, levels, RawValues::Fixed),
        }?;
        Ok(Self { rows: read, definition, repetition, values })
    }

    fn into_column(self, field: &Field, leaf: &Leaf) -> Result<Column, Refusal> {
        let Self { rows, definition, repetition, values } = self;
        let mut column = Column::new(field);
        let from = leaf.typed.ty.clone().unwrap_or(field.ty);
        macro_rules! fill {
            ($values:expr, $push:expr) => {{
                let mut values = $values.into_iter();
                let next = |column: &mut Column| match values.next() {
                    Some(value) => $push(column, value),
                    None => Err("fewer values than levels".into()),
                };
                assemble(leaf, rows, &definition, &repetition, &mut column, next)?;
            }};
        }
        match (values, from) {
            (RawValues::Bool(values), _) => fill!(values, sure(|column, value: bool| column.push_int(value.into()))),
            (RawValues::Int32(values), Type::Decimal(_, scale)) => {
                fill!(values, |column: &mut Column, value: i32| column.push_decimal(value.into(), scale));
            }
            (RawValues::Int32(values), Type::UInt8 | Type::UInt16 | Type::UInt32) => {
                fill!(values, sure(|column, value: i32| column.push_int((value as u32).into())));
            }
            (RawValues::Int32(values), _) => fill!(values, sure(|column, value: i32| column.push_int(value.into()))),
            (RawValues::Int64(values), Type::Decimal(_, scale)) => {
                fill!(values, |column: &mut Column, value: i64| column.push_decimal(value.into(), scale));
            }
            (RawValues::Int64(values), Type::UInt64) => {
                fill!(values, |column: &mut Column, value: i64| column.push_uint(value as u64));
            }
            (RawValues::Int64(values), _) => fill!(values, sure(|column, value: i64| column.push_int(value))),
            (RawValues::Int96(values), _) => fill!(values, |column: &mut Column, value: Int96| {
                let [low, high, days] = value.data() else { return Err("no timestamp".to_owned()) };
                column.push_int(nanoseconds(*low, *high, *days)?);
                Ok(())
            }),
            (RawValues::Float(values), _) => fill!(values, sure(|column, value: f32| column.push_float32(value))),
            (RawValues::Double(values), _) => fill!(values, |column: &mut Column, value: f64| column.push_float(value)),
            (RawValues::Bytes(values), Type::Decimal(_, scale)) => {
                fill!(values, |column: &mut Column, value: ByteArray| decimal(column, value.data(), scale));
            }
            (RawValues::Bytes(values), _) => {
                fill!(values, sure(|column, value: ByteArray| column.push_bytes(value.data())));
            }
            (RawValues::Fixed(values), Type::Decimal(_, scale)) => {
                fill!(values, |column: &mut Column, value: FixedLenByteArray| decimal(column, value.data(), scale));
            }
            (RawValues::Fixed(values), Type::Float16) => {
                fill!(values, |column: &mut Column, value: FixedLenByteArray| {
                    let bits = <[u8; 2]>::try_from(value.data()).map_err(|_| "no float16".to_owned())?;
                    column.push_float32(half_to_f32(u16::from_le_bytes(bits)));
                    Ok(())
                });
            }
            (RawValues::Fixed(values), _) => {
                fill!(values, sure(|column, value: FixedLenByteArray| column.push_bytes(value.data())));
            }
        }
        column.check_range(field.ty)?;
        Ok(column)
    }
}

/// What cannot be refused.
fn sure<V>(push: impl Fn(&mut Column, V)) -> impl Fn(&mut Column, V) -> Result<(), String> {
    move |column, value| {
        push(column, value);
        Ok(())
    }
}

fn decimal(column: &mut Column, bytes: &[u8], scale: i8) -> Result<(), String> {
    column.push_decimal(big_endian(bytes).ok_or("a decimal of more than 16 bytes")?, scale)
}

fn take<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    (definition, repetition): (&mut Vec<i16>, &mut Vec<i16>),
    wrap: impl FnOnce(Vec<T::T>) -> RawValues,
) -> Result<(usize, RawValues), ParquetError> {
    let mut values = Vec::new();
    let mut read = 0;
    while read < rows {
        let (more, ..) = reader.read_records(rows - read, Some(definition), Some(repetition), &mut values)?;
        if more == 0 {
            break;
        }
        read += more;
    }
    Ok((read, wrap(values)))
}

/// A timestamp of Impala: nanoseconds of the day, and the Julian day, of which 2440588 is 1970-01-01.
fn nanoseconds(low: u32, high: u32, days: u32) -> Result<i64, String> {
    let of_day = i128::from(u64::from(high) << 32 | u64::from(low));
    let days = i128::from(days) - 2_440_588;
    let all = days * 86_400_000_000_000 + of_day;
    i64::try_from(all)
        .map_err(|_| format!("a time {days} days from 1970 is beyond {}", Type::Timestamp(Unit::Nano, false)))
}
