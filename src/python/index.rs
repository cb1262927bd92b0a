//! `TFRecordIndex`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList, PyTuple, PyType};

use super::path::PathArg;
use super::reader::read_options;
use super::{errors, watch, writer};
use crate::files::AtomicOptions;
use crate::record::{Index, IndexForm, Positioned, RandomAccess, ReadOptions, Reader, RecordError};

/// Where the records of an uncompressed TFRecord file are, to read any of them.
///
/// `index[i]` is offset and size in bytes of record `i`, its 16 bytes of framing included; `index.read(i)` is its
/// payload. Threads and forked processes may share it, and it can be pickled.
///
/// Example:
///     >>> index = rm.TFRecordIndex.build("numbers.tfrecord")
///     >>> len(index), rm.decode_example(index.read(-1))["number"]
///     (3, array([2]))
///     >>> index.save("numbers.idx")
#[pyclass(frozen, module = "recordmill", name = "TFRecordIndex")]
pub struct TFRecordIndex {
    form: Form,
    path: Option<PathBuf>,
}

enum Form {
    /// Offsets alone.
    Bare(Index),
    /// With the file.
    Open(RandomAccess),
}

impl TFRecordIndex {
    fn index(&self) -> &Index {
        match &self.form {
            Form::Bare(index) => index,
            Form::Open(access) => access.index(),
        }
    }

    fn new(py: Python<'_>, index: Index, path: Option<PathBuf>) -> PyResult<Self> {
        let form = match &path {
            None => Form::Bare(index),
            Some(path) => {
                let access = py.detach(|| RandomAccess::open(path, index, ReadOptions::default()));
                Form::Open(access.map_err(|error| errors::of_record(py, &error, path))?)
            }
        };
        Ok(Self { form, path })
    }

    /// The record that `number` means, from the end if it is below 0.
    fn place(&self, number: isize) -> PyResult<usize> {
        let len = self.index().len();
        let place = if number < 0 { len.checked_add_signed(number) } else { usize::try_from(number).ok() };
        place
            .filter(|place| *place < len)
            .ok_or_else(|| PyIndexError::new_err(format!("no record {number}, the index has {len}")))
    }
}

#[pymethods]
impl TFRecordIndex {
    /// Finds the records of a file by reading it; without `verify` by their headers alone, and payloads are not read. A
    /// damaged or compressed file is a RecordError.
    #[classmethod]
    #[pyo3(signature = (path, *, verify=true, max_record_size=2147483648))]
    fn build(_class: &Bound<'_, PyType>, path: PathArg, verify: bool, max_record_size: u64) -> PyResult<Self> {
        let py = _class.py();
        let options = read_options(None, verify, "strict", max_record_size)?;
        let index = py.detach(|| {
            let file = Positioned::open(&path.0)?.asking(watch::listener());
            Index::build(&mut Reader::from_positioned(file, options))
        });
        let index = index.map_err(|error| errors::of_record(py, &error, &path.0))?;
        Self::new(py, index, Some(path.0))
    }

    /// Loads an index file of either form, which its first byte tells. `read` needs `path`, the TFRecord file; a binary
    /// index that is not of that file, or not any more, is a RecordError.
    #[classmethod]
    #[pyo3(signature = (index_path, path=None))]
    fn load(_class: &Bound<'_, PyType>, index_path: PathArg, path: Option<PathArg>) -> PyResult<Self> {
        let py = _class.py();
        let index = py.detach(|| Index::load(&index_path.0));
        let index = index.map_err(|error| errors::of_record(py, &error, &index_path.0))?;
        Self::new(py, index, path.map(|path| path.0))
    }

    /// Writes an index file. `form` is "dali", lines "offset size" as NVIDIA DALI's `tfrecord2idx` writes them, or "binary",
    /// with checksums and what file it is of: all records of that file, which must have been given.
    #[pyo3(signature = (index_path, *, form="dali"))]
    fn save(&self, py: Python<'_>, index_path: PathArg, form: &str) -> PyResult<()> {
        let form = parse_form(form)?;
        if self.path.as_ref().is_some_and(|path| writer::same_name(path, &index_path.0)) {
            return Err(PyValueError::new_err("index_path is the TFRecord file itself"));
        }
        let file = match (&self.form, form) {
            (Form::Open(access), _) => Some(access.file()),
            (Form::Bare(_), IndexForm::Dali) => None,
            (Form::Bare(index), IndexForm::Binary) if index.knows_its_file() => None,
            (Form::Bare(_), IndexForm::Binary) => {
                return Err(PyValueError::new_err("the index was loaded without its TFRecord file"));
            }
        };
        let file = || file.map_or_else(|| Err(io::ErrorKind::NotFound.into()), File::try_clone);
        let written =
            py.detach(|| writer::write_index(self.index(), &index_path.0, form, AtomicOptions::default(), file));
        let place = |error: &RecordError| match error.io_error() {
            None => self.path.clone().unwrap_or_default(),
            Some(_) => index_path.0.clone(),
        };
        written.map_err(|error| errors::of_record(py, &error, &place(&error)))
    }

    /// The payload of record `number`, counted from the end if below 0, verified.
    fn read<'py>(&self, py: Python<'py>, number: isize) -> PyResult<Bound<'py, PyBytes>> {
        let (Form::Open(access), Some(path)) = (&self.form, &self.path) else {
            return Err(PyValueError::new_err("the index was loaded without its TFRecord file"));
        };
        let place = self.place(number)?;
        let payload = py.detach(|| {
            let mut payload = Vec::new();
            access.read(place, &mut payload).map(|()| payload)
        });
        Ok(PyBytes::new(py, &payload.map_err(|error| errors::of_record(py, &error, path))?))
    }

    /// The TFRecord file, if it was given.
    #[getter]
    fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn __len__(&self) -> usize {
        self.index().len()
    }

    /// Offset and size in bytes, header and footer included.
    fn __getitem__(&self, number: isize) -> PyResult<(u64, u64)> {
        let entry = self.index().get(self.place(number)?);
        let entry = entry.ok_or_else(|| PyIndexError::new_err(format!("no record {number}")))?;
        Ok((entry.offset, entry.size))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let entries = self.index().iter().map(|entry| (entry.offset, entry.size));
        PyList::new(py, entries)?.try_iter()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let mut text = Vec::new();
        self.index().write_to(&mut text).map_err(|error| errors::of_io(py, &error, None))?;
        let restore = py.get_type::<Self>().getattr("_restore")?;
        Ok((restore, (PyBytes::new(py, &text), self.path.clone()).into_pyobject(py)?))
    }

    #[staticmethod]
    fn _restore(py: Python<'_>, text: &[u8], path: Option<PathArg>) -> PyResult<Self> {
        let index =
            Index::read_from(text).map_err(|error| errors::of_record(py, &error, Path::new("pickled index")))?;
        Self::new(py, index, path.map(|path| path.0))
    }

    fn __repr__(&self) -> String {
        let len = self.index().len();
        match &self.path {
            Some(path) => format!("<TFRecordIndex of {len} records in {path:?}>"),
            None => format!("<TFRecordIndex of {len} records>"),
        }
    }
}

/// The form of that name.
pub fn parse_form(name: &str) -> PyResult<IndexForm> {
    IndexForm::from_name(name).ok_or_else(|| {
        PyValueError::new_err(format!("no form of an index {name:?}, there are \"dali\" and \"binary\""))
    })
}
