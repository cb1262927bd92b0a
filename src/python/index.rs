//! `TFRecordIndex`.

use std::path::{Path, PathBuf};

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList, PyTuple, PyType};

use super::path::PathArg;
use super::reader::read_options;
use super::{errors, watch, writer};
use crate::files::AtomicOptions;
use crate::record::{Index, Positioned, RandomAccess, ReadOptions, Reader};

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
    /// Finds the records of a file by reading it. A damaged or compressed one is a RecordError.
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

    /// Loads an index file of lines "offset size", as NVIDIA DALI's `tfrecord2idx` writes them. `read` needs `path`,
    /// the TFRecord file.
    #[classmethod]
    #[pyo3(signature = (index_path, path=None))]
    fn load(_class: &Bound<'_, PyType>, index_path: PathArg, path: Option<PathArg>) -> PyResult<Self> {
        let py = _class.py();
        let index = py.detach(|| Index::load(&index_path.0));
        let index = index.map_err(|error| errors::of_record(py, &error, &index_path.0))?;
        Self::new(py, index, path.map(|path| path.0))
    }

    /// Writes an index file: a line with offset and size for each record.
    fn save(&self, py: Python<'_>, index_path: PathArg) -> PyResult<()> {
        if self.path.as_ref().is_some_and(|path| writer::same_file(path, &index_path.0)) {
            return Err(PyValueError::new_err("index_path is the TFRecord file itself"));
        }
        let written = py.detach(|| writer::write_index(self.index(), &index_path.0, AtomicOptions::default()));
        written.map_err(|error| errors::of_io(py, &error, Some(&index_path.0)))
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
        let entry = self.index().entries()[self.place(number)?];
        Ok((entry.offset, entry.size))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let entries = self.index().entries().iter().map(|entry| (entry.offset, entry.size));
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
