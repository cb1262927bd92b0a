//! Arrays to rows: some rows of every array at a time.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SPLITS;
use super::header::{Dtype, Header};
use crate::files::{Archive, ArchivedFile};
use crate::table::columnar::{Typed, half_to_f32};
use crate::table::error::Refusal;
use crate::table::model::{Batch, Column, Field};
use crate::table::source::{BATCH_BYTES, BATCH_ROWS, Source, Work};
use crate::table::{Job, TableError};

/// Bytes of a row of an array at most.
const MAX_ROW: u64 = 1 << 30;

/// An array that is open.
struct Open {
    header: Header,
    elements: BufReader<ArchivedFile>,
}

fn archive(path: &Path) -> Result<Archive, TableError> {
    let refused = TableError::io("cannot be read", path);
    let archive = Archive::from_file(path, File::open(path).map_err(&refused)?);
    archive.map_err(|error| match error.raw_os_error() {
        Some(_) => refused(error),
        None => TableError::malformed(path, error),
    })
}

/// The array's name of a file in the archive.
fn array_name(file: &str) -> &str {
    file.strip_suffix(".npy").unwrap_or(file)
}

fn open(path: &Path, archive: &Archive, name: &str) -> Result<Open, TableError> {
    let file = format!("{name}.npy");
    let wrong = |problem: String| TableError::column(path, name, problem);
    let size = archive.size_of(&file).map_err(|error| wrong(error.to_string()))?;
    let file = archive.file(&file).map_err(|error| wrong(error.to_string()))?;
    let mut elements = BufReader::with_capacity(1 << 16, file);
    let header = Header::read(&mut elements).map_err(wrong)?;
    let count = header.shape.iter().try_fold(header.dtype.size as u64, |all, size| all.checked_mul(*size));
    if count.and_then(|bytes| bytes.checked_add(header.len)) != Some(size) {
        return Err(wrong(format!(
            "an array of shape {:?} does not take {} bytes",
            header.shape,
            size - header.len.min(size)
        )));
    }
    Ok(Open { header, elements })
}

/// What the columns of a file are.
pub(in crate::table) fn columns(path: &Path) -> Result<Vec<Typed>, TableError> {
    let archive = archive(path)?;
    if let Some(refused) = archive.refused().first() {
        return Err(TableError::column(path, array_name(&refused.name), &refused.reason));
    }
    let names: Vec<&str> = archive.names().map(array_name).collect();
    let is_splits = |name: &str| name.strip_suffix(SPLITS).is_some_and(|name| names.contains(&name));
    let mut found = Vec::new();
    for name in names.iter().filter(|name| !is_splits(name)) {
        let typed = |depth, ty| Typed { name: (*name).to_owned(), depth, ty };
        found.push(match open(path, &archive, name) {
            Ok(open) => {
                let is_ragged = names.contains(&format!("{name}{SPLITS}").as_str());
                let depth = u8::from(is_ragged || open.header.shape.len() > 1);
                typed(depth, Ok(open.header.dtype.ty))
            }
            Err(TableError::Column { problem, .. }) => typed(0, Err(problem)),
            Err(error) => return Err(error),
        });
    }
    Ok(found)
}

/// The rows of a file.
pub(in crate::table) struct Npz {
    path: PathBuf,
    fields: Arc<[Field]>,
    arrays: Vec<Array>,
    job: Job,
    rows: u64,
    row: u64,
    /// Rows to read at once.
    at_once: usize,
}

/// An array, and where its rows end, if they have any length.
struct Array {
    values: Open,
    /// Elements of each row.
    each: u64,
    splits: Option<(Open, i64)>,
}

impl Npz {
    pub(in crate::table) fn open(path: &Path, fields: &Arc<[Field]>, job: &Job) -> Result<Self, TableError> {
        let archive = archive(path)?;
        let names: Vec<&str> = archive.names().map(array_name).collect();
        let (mut rows, mut arrays, mut each_row) = (None, Vec::new(), 1_u64);
        for field in fields.iter() {
            let wrong = |problem: String| TableError::column(path, &field.source, problem);
            let values = open(path, &archive, &field.source)?;
            let of_splits = format!("{}{SPLITS}", field.source);
            let splits = match names.contains(&of_splits.as_str()) {
                true => Some(open(path, &archive, &of_splits)?),
                false => None,
            };
            let of = splits.as_ref().unwrap_or(&values);
            let Some(own) = of.header.shape.first().copied() else {
                return Err(wrong("a single value has no rows".into()));
            };
            let own =
                if splits.is_some() { own.checked_sub(1).ok_or_else(|| wrong("no row splits".into()))? } else { own };
            let expected = *rows.get_or_insert(own);
            if own != expected {
                return Err(wrong(format!("{own} rows, expected {expected} as in {:?}", fields[0].source)));
            }
            let each = values.header.each().unwrap_or(1);
            let bytes = each.checked_mul(values.header.dtype.size as u64).filter(|bytes| *bytes <= MAX_ROW);
            each_row =
                each_row.saturating_add(bytes.ok_or_else(|| wrong(format!("rows of more than {MAX_ROW} bytes")))?);
            let splits = match splits {
                None => None,
                Some(mut splits) => {
                    if splits.header.shape.len() != 1 || values.header.shape.len() != 1 {
                        return Err(wrong("values and row splits must have one dimension each".into()));
                    }
                    let first = number(&mut splits, 1).map_err(&wrong)?;
                    if first != [0] {
                        return Err(wrong(format!("row splits begin with {}, expected 0", first[0])));
                    }
                    Some((splits, 0))
                }
            };
            arrays.push(Array { values, each, splits });
        }
        let at_once = usize::try_from(BATCH_BYTES as u64 / each_row).unwrap_or(BATCH_ROWS).clamp(1, BATCH_ROWS);
        let (path, fields, job) = (path.to_owned(), Arc::clone(fields), job.clone());
        Ok(Self { path, fields, arrays, job, rows: rows.unwrap_or(0), row: 0, at_once })
    }
}

/// The next whole numbers of an array.
fn number(open: &mut Open, count: usize) -> Result<Vec<i64>, String> {
    let Dtype { letter, size, is_big, .. } = open.header.dtype;
    if !matches!((letter, size), (b'i', 4 | 8)) {
        return Err("row splits must be int32 or int64".into());
    }
    let mut bytes = vec![0; count * size];
    open.elements.read_exact(&mut bytes).map_err(|error| error.to_string())?;
    let one = |bytes: &[u8]| match size {
        4 => i64::from(i32::from_le_bytes(ordered(bytes, is_big))),
        _ => i64::from_le_bytes(ordered(bytes, is_big)),
    };
    Ok(bytes.chunks_exact(size).map(one).collect())
}

/// An element's bytes, the lowest first.
fn ordered<const N: usize>(bytes: &[u8], is_big: bool) -> [u8; N] {
    let mut element = [0; N];
    element.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    if is_big {
        element.reverse();
    }
    element
}

impl Source for Npz {
    fn next(&mut self) -> Result<Option<Work>, TableError> {
        let rows = usize::try_from(self.rows - self.row).unwrap_or(usize::MAX).min(self.at_once);
        if rows == 0 {
            return self.end();
        }
        let (mut raw, first_row) = (Vec::new(), self.row);
        for (array, field) in self.arrays.iter_mut().zip(self.fields.iter()) {
            let part = array.take(rows).map_err(|problem| TableError::column(&self.path, &field.source, problem))?;
            self.job.read(part.bytes.len() as u64);
            raw.push(part);
        }
        self.row += rows as u64;
        let (path, fields) = (self.path.clone(), Arc::clone(&self.fields));
        Ok(Some(Box::new(move || {
            let columns = raw.into_iter().zip(fields.iter()).map(|(part, field)| {
                part.into_column(field, rows).map_err(|refusal| {
                    TableError::value(&path, &field.source, first_row + refusal.row as u64, refusal.problem)
                })
            });
            let columns = columns.collect::<Result<_, _>>()?;
            Ok(Batch { fields, columns, rows, first_row })
        })))
    }
}

impl Npz {
    /// At their ends the checksums of the arrays are looked at.
    fn end(&mut self) -> Result<Option<Work>, TableError> {
        for (array, field) in self.arrays.iter_mut().zip(self.fields.iter()) {
            let mut ends: Vec<&mut Open> = vec![&mut array.values];
            ends.extend(array.splits.as_mut().map(|(splits, _)| splits));
            for open in ends {
                let more = open.elements.read(&mut [0]);
                let problem = match more {
                    Ok(0) => continue,
                    Ok(_) => "more values than its row splits say".to_owned(),
                    Err(error) => error.to_string(),
                };
                return Err(TableError::column(&self.path, &field.source, problem));
            }
        }
        Ok(None)
    }
}

impl Array {
    fn take(&mut self, rows: usize) -> Result<Part, String> {
        let dtype = self.values.header.dtype;
        let (count, splits) = match &mut self.splits {
            None => (self.each.saturating_mul(rows as u64), None),
            Some((open, last)) => {
                let start = *last;
                let mut splits = vec![0];
                for end in number(open, rows)? {
                    if end < *last {
                        return Err(format!("row splits fall from {last} to {end}"));
                    }
                    *last = end;
                    splits.push(end - start);
                }
                ((*last - start) as u64, Some(splits))
            }
        };
        let len = count.checked_mul(dtype.size as u64).filter(|len| *len <= MAX_ROW.saturating_mul(2));
        let len = len.ok_or_else(|| format!("{rows} rows of {count} values are more than fit into memory"))?;
        let mut bytes = Vec::new();
        io::Read::take(&mut self.values.elements, len).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        if bytes.len() as u64 != len {
            return Err(format!("{} bytes, expected {len}", bytes.len()));
        }
        Ok(Part { bytes, dtype, each: self.each, splits })
    }
}

/// Some rows of an array.
struct Part {
    bytes: Vec<u8>,
    dtype: Dtype,
    each: u64,
    splits: Option<Vec<i64>>,
}

impl Part {
    fn into_column(self, field: &Field, rows: usize) -> Result<Column, Refusal> {
        let mut column = Column::new(field);
        let count = self.bytes.len() / self.dtype.size.max(1);
        let splits = match (self.splits, field.depth) {
            (Some(splits), _) => splits,
            (None, 0) => Vec::new(),
            (None, _) => (0..=rows as i64).map(|row| row * self.each as i64).collect(),
        };
        let row_of = |index: usize| match field.depth {
            0 => index,
            _ => splits.partition_point(|start| *start <= index as i64).saturating_sub(1),
        };
        // Elements without bytes, `S0` and `U0`, are empty strings.
        let count = if self.dtype.size == 0 { splits.last().map_or(rows, |last| *last as usize) } else { count };
        let mut present = None;
        for index in 0..count {
            let start = index * self.dtype.size;
            let element = self.bytes.get(start..start + self.dtype.size).unwrap_or_default();
            let is_there =
                push(&mut column, &self.dtype, element).map_err(|problem| Refusal::new(row_of(index), problem))?;
            if !is_there && field.depth > 0 {
                return Err(Refusal::new(row_of(index), "NaT in a list, which has no place for it"));
            }
            if !is_there {
                present.get_or_insert_with(|| vec![true; rows])[index] = false;
            }
        }
        if let Some(outer) = column.splits.first_mut() {
            *outer = splits;
        }
        column.present = present;
        column.check_range(field.ty)?;
        Ok(column)
    }
}

/// Whether there is something: a time may be none.
fn push(column: &mut Column, dtype: &Dtype, element: &[u8]) -> Result<bool, String> {
    let big = dtype.is_big;
    match (dtype.letter, dtype.size) {
        (b'b', _) => column.push_int(element.iter().any(|byte| *byte != 0).into()),
        (b'i', 1) => column.push_int(i8::from_le_bytes(ordered(element, big)).into()),
        (b'i', 2) => column.push_int(i16::from_le_bytes(ordered(element, big)).into()),
        (b'i', 4) => column.push_int(i32::from_le_bytes(ordered(element, big)).into()),
        (b'i', _) => column.push_int(i64::from_le_bytes(ordered(element, big))),
        (b'M' | b'm', _) => match i64::from_le_bytes(ordered(element, big)) {
            i64::MIN => return Ok(false),
            value => column.push_int(value),
        },
        (b'u', 1) => column.push_int(u8::from_le_bytes(ordered(element, big)).into()),
        (b'u', 2) => column.push_int(u16::from_le_bytes(ordered(element, big)).into()),
        (b'u', 4) => column.push_int(u32::from_le_bytes(ordered(element, big)).into()),
        (b'u', _) => column.push_uint(u64::from_le_bytes(ordered(element, big)))?,
        (b'f', 2) => column.push_float32(half_to_f32(u16::from_le_bytes(ordered(element, big)))),
        (b'f', 4) => column.push_float32(f32::from_le_bytes(ordered(element, big))),
        (b'f', _) => column.push_float(f64::from_le_bytes(ordered(element, big)))?,
        (b'S', _) => {
            let len = element.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            column.push_bytes(&element[..len]);
        }
        _ => {
            let character = |unit: &[u8]| {
                let code = u32::from_le_bytes(ordered(unit, big));
                char::from_u32(code).ok_or_else(|| format!("{code:#x} is no character"))
            };
            let text: String = element.chunks_exact(4).map(character).collect::<Result<_, _>>()?;
            column.push_bytes(text.trim_end_matches('\0').as_bytes());
        }
    }
    Ok(true)
}
