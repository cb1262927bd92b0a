//! Columns to arrays. Each is kept in a temporary file until its length, and that of its longest string, are known.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use super::SPLITS;
use crate::table::TableError;
use crate::table::error::Refusal;
use crate::table::model::{Batch, Column, Field, Values};
use crate::table::types::{Type, Unit};

/// The longest string, in characters: each takes as much as that.
const MAX_STRING: usize = 1 << 16;

/// Why the format has no such column.
pub(in crate::table) fn refuses(field: &Field) -> Option<String> {
    match (field.ty, field.depth) {
        (Type::Time(_) | Type::Decimal(..) | Type::Base64 | Type::Timestamp(_, true), _) => {
            Some(format!("numpy has no {}", field.ty))
        }
        (_, 2..) => Some("numpy has no lists of lists of any length; Parquet and JSON lines have".into()),
        _ => None,
    }
}

/// Lists of any length take a second array, whose name no other column may have.
pub(in crate::table) fn check_names(fields: &[Field]) -> Result<(), String> {
    let splits = |field: &&Field| {
        field.name.strip_suffix(SPLITS).is_some_and(|name| fields.iter().any(|other| *other.name == *name))
    };
    match fields.iter().find(splits) {
        Some(field) => Err(format!("column {:?} would have the name of another's row splits", field.name)),
        None => Ok(()),
    }
}

/// Writes a file.
pub(in crate::table) struct NpzWriter<W: Write> {
    path: PathBuf,
    out: W,
    columns: Vec<Kept>,
    fields: Arc<[Field]>,
}

/// What is kept of a column.
struct Kept {
    values: BufWriter<File>,
    splits: BufWriter<File>,
    rows: u64,
    count: u64,
    /// Values of every row, as long as all have as many.
    each: Option<u64>,
    longest: usize,
}

impl<W: Write> NpzWriter<W> {
    pub(in crate::table) fn new(path: &Path, out: W, fields: &Arc<[Field]>) -> Result<Self, TableError> {
        let refused = TableError::io("cannot make a temporary file", path);
        let temporary = || tempfile::tempfile().map(BufWriter::new).map_err(&refused);
        let kept = |_: &Field| {
            let (values, splits) = (temporary()?, temporary()?);
            Ok::<_, TableError>(Kept { values, splits, rows: 0, count: 0, each: None, longest: 0 })
        };
        let columns = fields.iter().map(kept).collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), out, columns, fields: Arc::clone(fields) })
    }

    pub(in crate::table) fn write(&mut self, batch: &Batch) -> Result<(), TableError> {
        for ((column, field), kept) in batch.columns.iter().zip(self.fields.iter()).zip(&mut self.columns) {
            let first = kept.rows;
            let refused = |refusal: Refusal| {
                TableError::value(&self.path, &field.source, first + refusal.row as u64, refusal.problem)
            };
            check(column, field).map_err(refused)?;
            kept.add(column, field).map_err(TableError::io("cannot write a temporary file", &self.path))?;
        }
        Ok(())
    }

    pub(in crate::table) fn finish(self) -> Result<(PathBuf, W), TableError> {
        let Self { path, out, columns, fields } = self;
        let mut zip = ZipWriter::new_stream(out);
        for (kept, field) in columns.into_iter().zip(fields.iter()) {
            kept.put(&mut zip, field).map_err(TableError::io("cannot be written", &path))?;
        }
        let out = zip.finish().map_err(|error| TableError::io("cannot be written", &path)(error.into()))?;
        Ok((path, out.into_inner()))
    }
}

/// A row must have something, and a string nothing that numpy would cut off.
fn check(column: &Column, field: &Field) -> Result<(), Refusal> {
    if let Some(row) = column.present.as_ref().and_then(|present| present.iter().position(|present| !present)) {
        return Err(Refusal::new(row, "a row without a value has no place in an array"));
    }
    let Values::Bytes(strings) = &column.values else { return Ok(()) };
    for (index, value) in strings.iter().enumerate() {
        let refused = |problem: String| Refusal::new(column.row_of(index), problem);
        if value.last() == Some(&0) {
            return Err(refused("numpy cuts off zeros at the end of strings".into()));
        }
        let len = characters(value, field.ty);
        if len > MAX_STRING {
            return Err(refused(format!("a string of {len} would make every one as long; Parquet has room")));
        }
    }
    Ok(())
}

fn characters(value: &[u8], ty: Type) -> usize {
    match ty {
        Type::Text => String::from_utf8_lossy(value).chars().count(),
        _ => value.len(),
    }
}

impl Kept {
    fn add(&mut self, column: &Column, field: &Field) -> io::Result<()> {
        let splits = column.row_splits();
        for pair in splits.windows(2) {
            let len = (pair[1] - pair[0]) as u64;
            if self.rows == 0 {
                self.each = Some(len);
            }
            self.each = self.each.filter(|each| *each == len);
            self.rows += 1;
            self.count += len;
            self.splits.write_all(&self.count.to_le_bytes())?;
        }
        match &column.values {
            Values::Int64(values) => {
                let (_, size) = dtype(field.ty);
                values.iter().try_for_each(|value| self.values.write_all(&value.to_le_bytes()[..size]))
            }
            Values::Float(values) if field.ty == Type::Float64 => {
                values.iter().try_for_each(|value| self.values.write_all(&f64::from(*value).to_le_bytes()))
            }
            Values::Float(values) => values.iter().try_for_each(|value| self.values.write_all(&value.to_le_bytes())),
            Values::Bytes(strings) => strings.iter().try_for_each(|value| {
                self.longest = self.longest.max(characters(value, field.ty));
                self.values.write_all(&(value.len() as u64).to_le_bytes())?;
                self.values.write_all(value)
            }),
        }
    }

    fn put<W: Write>(self, zip: &mut ZipWriter<StreamWriter<W>>, field: &Field) -> io::Result<()> {
        let (mut descr, _) = dtype(field.ty);
        if matches!(field.ty, Type::Text | Type::Binary) {
            descr = format!("{descr}{}", self.longest.max(1));
        }
        let is_ragged = field.depth > 0 && self.each.is_none() && self.rows > 0;
        let shape = match (field.depth, self.each) {
            (0, _) => format!("({},)", self.rows),
            (_, Some(each)) => format!("({}, {each})", self.rows),
            _ => format!("({},)", self.count),
        };
        begin(zip, &format!("{}.npy", field.name), &descr, &shape)?;
        let mut values = reader(self.values)?;
        match field.ty {
            Type::Text | Type::Binary => {
                let width = self.longest.max(1);
                for _ in 0..self.count {
                    let mut len = [0; 8];
                    values.read_exact(&mut len)?;
                    // It was written above.
                    let mut value = vec![0; u64::from_le_bytes(len) as usize];
                    values.read_exact(&mut value)?;
                    match field.ty {
                        Type::Text => {
                            let text = String::from_utf8_lossy(&value);
                            let codes = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(width);
                            let bytes: Vec<u8> = codes.flat_map(u32::to_le_bytes).collect();
                            zip.write_all(&bytes)?;
                        }
                        _ => {
                            value.resize(width, 0);
                            zip.write_all(&value)?;
                        }
                    }
                }
            }
            _ => drop(io::copy(&mut values, zip)?),
        }
        if is_ragged {
            begin(zip, &format!("{}{SPLITS}.npy", field.name), "<i8", &format!("({},)", self.rows + 1))?;
            zip.write_all(&[0; 8])?;
            io::copy(&mut reader(self.splits)?, zip)?;
        }
        Ok(())
    }
}

/// What was written, from its beginning.
fn reader(file: BufWriter<File>) -> io::Result<BufReader<File>> {
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(BufReader::new(file))
}

/// Begins a file of the archive, with the header: version 1.0, its elements at a multiple of 64 bytes.
fn begin<W: Write>(zip: &mut ZipWriter<StreamWriter<W>>, name: &str, descr: &str, shape: &str) -> io::Result<()> {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file(name, options.last_modified_time(zip::DateTime::default()).large_file(true))?;
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let blanks = 63 - (10 + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', blanks));
    header.push('\n');
    zip.write_all(b"\x93NUMPY\x01\x00")?;
    zip.write_all(&(header.len() as u16).to_le_bytes())?;
    zip.write_all(header.as_bytes())
}

/// numpy's name of the type, of strings without their length; and the bytes of a number.
fn dtype(ty: Type) -> (String, usize) {
    let timed = |kind: char, unit: Unit| (format!("<{kind}8[{}]", unit.name()), 8);
    match ty {
        Type::Bool => ("|b1".into(), 1),
        Type::Int8 => ("|i1".into(), 1),
        Type::Int16 => ("<i2".into(), 2),
        Type::Int32 => ("<i4".into(), 4),
        Type::UInt8 => ("|u1".into(), 1),
        Type::UInt16 => ("<u2".into(), 2),
        Type::UInt32 => ("<u4".into(), 4),
        Type::UInt64 => ("<u8".into(), 8),
        Type::Float16 | Type::Float32 => ("<f4".into(), 4),
        Type::Float64 => ("<f8".into(), 8),
        Type::Text => ("<U".into(), 0),
        Type::Binary | Type::Base64 => ("|S".into(), 0),
        Type::Date => ("<M8[D]".into(), 8),
        Type::Timestamp(unit, _) => timed('M', unit),
        Type::Duration(unit) => timed('m', unit),
        Type::Int64 | Type::Time(_) | Type::Decimal(..) => ("<i8".into(), 8),
    }
}
