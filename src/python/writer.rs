//! `TFRecordWriter`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyString};

use super::fork::Process;
use super::index::parse_form;
use super::path::PathArg;
use super::{errors, value};
use crate::files::{AtomicFile, AtomicOptions, Sink};
use crate::record::{Compression, Entry, Index, IndexForm, OVERHEAD, RecordError, WriteOptions, Writer};

/// Writes records into a TFRecord file.
///
/// With `atomic`, the default, the file has its name only once it is closed and whole: `with` closes it, and an
/// exception inside discards it. What is no file, such as a pipe, is written in place.
///
/// Several threads may write at once. After an error while writing, all further calls are errors. In a process that
/// was forked meanwhile, the writer cannot be used; the file is the parent's.
///
/// Example:
///     >>> with rm.TFRecordWriter("numbers.tfrecord") as writer:
///     ...     for number in range(3):
///     ...         writer.write_example({"number": number})
///
/// Args:
///     path: The file.
///     compression: "gzip", "zlib" or None, in any case. It is one stream, made on several threads.
///     level: 0 to 9; None is 6.
///     workers: Threads that compress; 0 is as many as there are processors. The bytes do not depend on it.
///     atomic: False writes into the file itself, as TensorFlow does.
///     overwrite: Whether a file that is there is replaced; otherwise it is a FileExistsError.
///     fsync: Whether `close` waits until the file is on the disk.
///     index_path: Writes the offsets and sizes of the records there. Not with compression.
///     index_form: "dali", as NVIDIA DALI's `tfrecord2idx` writes them, or "binary"; see `TFRecordIndex.save`.
///
/// Raises:
///     OSError: The file cannot be made; `errno` and `filename` say why.
///     ValueError: An argument means nothing.
#[pyclass(frozen, module = "recordmill", name = "TFRecordWriter")]
pub struct TFRecordWriter {
    path: PathBuf,
    options: WriteOptions,
    atomic: AtomicOptions,
    process: Process,
    /// `None` once it was closed.
    open: Mutex<Option<Open>>,
}

struct Open {
    writer: Writer<Sink>,
    index: Option<(PathBuf, IndexForm, Index)>,
}

#[pymethods]
impl TFRecordWriter {
    #[new]
    #[pyo3(signature = (path, compression=None, *, level=None, workers=0, atomic=true, overwrite=true, fsync=true, index_path=None, index_form="dali"))]
    #[expect(clippy::too_many_arguments, reason = "they are Python's keyword arguments")]
    fn new(
        py: Python<'_>,
        path: PathArg,
        compression: Option<&str>,
        level: Option<i64>,
        workers: usize,
        atomic: bool,
        overwrite: bool,
        fsync: bool,
        index_path: Option<PathArg>,
        index_form: &str,
    ) -> PyResult<Self> {
        let compression = match compression {
            Some(name) => parse_compression(name)?,
            None => Compression::None,
        };
        if index_path.is_some() && compression != Compression::None {
            let message = format!("an index needs an uncompressed file, compression is {:?}", compression.name());
            return Err(PyValueError::new_err(message));
        }
        if index_path.as_ref().is_some_and(|index| same_name(&index.0, &path.0)) {
            return Err(PyValueError::new_err("index_path is the TFRecord file itself"));
        }
        let index_form = parse_form(index_form)?;
        if index_path.is_some()
            && index_form == IndexForm::Binary
            && path.0.metadata().is_ok_and(|there| !there.is_file())
        {
            return Err(PyValueError::new_err("a binary index is of a file, not of a pipe or a device"));
        }
        let level = match level {
            None => None,
            Some(level @ 0..=9) => Some(level as u32),
            Some(level) => {
                return Err(PyValueError::new_err(format!("compression level {level} is not between 0 and 9")));
            }
        };
        let options = WriteOptions { compression, level, workers };
        let atomic_options = AtomicOptions { sync: fsync, overwrite };
        let path = path.0;
        let create = if atomic { Sink::create } else { Sink::in_place };
        let sink = py.detach(|| create(&path, atomic_options));
        let sink = sink.map_err(|error| errors::of_io(py, &error, Some(&path)))?;
        let writer = Writer::new(sink, options).map_err(|error| errors::of_record(py, &error, &path))?;
        let open = Open { writer, index: index_path.map(|path| (path.0, index_form, Index::default())) };
        Ok(Self { path, options, atomic: atomic_options, process: Process::this(), open: Mutex::new(Some(open)) })
    }

    /// Writes one record: bytes, str (as UTF-8), or what has a buffer of bytes.
    fn write(&self, record: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = record.py();
        if let Ok(bytes) = record.cast::<PyBytes>() {
            return self.put(py, bytes.as_bytes());
        }
        if let Ok(text) = record.cast::<PyString>() {
            return self.put(py, text.to_str()?.as_bytes());
        }
        self.put(py, &copy_of(record)?)
    }

    /// Writes features as one record, a tf.train.Example; what they may be, `encode_example` says.
    fn write_example(&self, features: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = features.py();
        // Not under the lock: taking the values may run Python code.
        let example = value::encode_mapping(features, |message| {
            let mut example = Vec::with_capacity(message.len);
            message.pieces(|piece| example.extend_from_slice(piece));
            Ok(example)
        })?;
        self.put(py, &example)
    }

    /// Hands what was written so far to the operating system. Of a compressed file, the bytes depend on it.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.with_open(py, |open| py.detach(|| open.writer.flush()))
    }

    /// Finishes the file. More than once is no error.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.check_process()?;
        let open = self.open.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let Some(open) = open else { return Ok(()) };
        let (path, options) = (&self.path, self.atomic);
        py.detach(|| open.finish(path, options)).map_err(|(path, error)| errors::of_record(py, &error, &path))
    }

    /// Gives up: with `atomic`, no file is made, and one of that name stays what it was.
    fn discard(&self, py: Python<'_>) -> PyResult<()> {
        self.check_process()?;
        let open = self.open.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        py.detach(|| drop(open));
        Ok(())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (exc_type, exc_value, traceback, /))]
    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: &Bound<'_, PyAny>,
        exc_value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let _ = (exc_value, traceback);
        if exc_type.is_none() { self.close(py) } else { self.discard(py) }
    }

    /// The file that is made.
    #[getter]
    fn path(&self) -> &Path {
        &self.path
    }

    /// "none", "gzip" or "zlib".
    #[getter]
    fn compression(&self) -> &'static str {
        self.options.compression.name()
    }

    /// Records written so far; None once closed.
    #[getter]
    fn records(&self, py: Python<'_>) -> Option<u64> {
        self.look(py, |open| open.map(|open| open.writer.records())).flatten()
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        self.look(py, |open| open.is_none()).unwrap_or(false)
    }

    fn __repr__(&self) -> String {
        format!("<TFRecordWriter {:?}>", self.path)
    }
}

impl TFRecordWriter {
    #[inline]
    fn put(&self, py: Python<'_>, payload: &[u8]) -> PyResult<()> {
        self.with_open(py, |open| {
            if open.writer.takes(payload.len()) { open.put(payload) } else { py.detach(|| open.put(payload)) }
        })
    }

    /// Writes several records.
    pub fn put_all<'a>(&self, py: Python<'_>, mut payloads: impl Iterator<Item = &'a [u8]> + Send) -> PyResult<()> {
        self.with_open(py, |open| py.detach(|| payloads.try_for_each(|payload| open.put(payload))))
    }

    /// Does `work` with the open writer.
    #[inline]
    fn with_open(&self, py: Python<'_>, work: impl FnOnce(&mut Open) -> Result<(), RecordError>) -> PyResult<()> {
        self.check_process()?;
        let mut open = self.open.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(open) = &mut *open else { return Err(PyValueError::new_err("the TFRecordWriter is closed")) };
        work(open).map_err(|error| errors::of_record(py, &error, &self.path))
    }

    /// Looks at the writer. In a child process its lock may be held by a thread that only the parent has: then nothing.
    fn look<T>(&self, py: Python<'_>, at: impl FnOnce(Option<&Open>) -> T) -> Option<T> {
        if self.process != Process::this() {
            return self.open.try_lock().ok().map(|open| at(open.as_ref()));
        }
        let open = self.open.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner());
        Some(at(open.as_ref()))
    }

    #[inline]
    fn check_process(&self) -> PyResult<()> {
        if self.process == Process::this() {
            return Ok(());
        }
        Err(PyRuntimeError::new_err("the TFRecordWriter belongs to the process that this one was forked from"))
    }
}

impl Open {
    #[inline]
    fn put(&mut self, payload: &[u8]) -> Result<(), RecordError> {
        let offset = self.writer.offset();
        self.writer.write(payload)?;
        if let Some((_, _, index)) = &mut self.index {
            index.push(Entry { offset, size: (payload.len() + OVERHEAD) as u64 });
        }
        Ok(())
    }

    fn finish(self, path: &Path, options: AtomicOptions) -> Result<(), (PathBuf, RecordError)> {
        let of_data = |error: RecordError| (path.to_owned(), error);
        let sink = self.writer.finish().map_err(of_data)?;
        sink.commit(options.sync).map_err(|error| of_data(error.into()))?;
        if let Some((index_path, form, index)) = self.index {
            let written = write_index(&index, &index_path, form, options, || File::open(path));
            written.map_err(|error| (index_path, error))?;
        }
        Ok(())
    }
}

/// Whether two paths are one name, be there a file or not. A name that is a link counts as itself: it is what an index
/// replaces.
pub fn same_name(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let path = std::path::absolute(path).ok()?;
        Some((path.parent()?.canonicalize().ok()?, path.file_name()?.to_owned()))
    };
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// Writes an index file, whole or not at all; `file` is the TFRecord file.
pub fn write_index(
    index: &Index,
    path: &Path,
    form: IndexForm,
    options: AtomicOptions,
    file: impl FnOnce() -> io::Result<File>,
) -> Result<(), RecordError> {
    let out = io::BufWriter::new(AtomicFile::create(path, options)?);
    let out = index.write(form, out, file)?;
    Ok(out.into_inner().map_err(io::IntoInnerError::into_error)?.commit()?)
}

impl Drop for TFRecordWriter {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let Some(open) = open else { return };
        if self.process != Process::this() {
            // The file is the parent's, who goes on with it.
            return std::mem::forget(open);
        }
        if !matches!(open.writer.get_ref(), Some(Sink::Atomic(_))) {
            // As TensorFlow's does. Nobody is left to hear of an error.
            let _ = open.finish(&self.path, self.atomic);
            return;
        }
        drop(open);
        Python::try_attach(|py| {
            // A writer goes with the frame that an exception leaves: that one must not get lost over the warning.
            let pending = PyErr::take(py);
            let text = format!("{}: the TFRecordWriter was not closed, so no file was made", self.path.display());
            let warned = std::ffi::CString::new(text)
                .map_err(|_| PyValueError::new_err("path"))
                .and_then(|text| PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1));
            if let Err(error) = warned {
                error.write_unraisable(py, None);
            }
            if let Some(pending) = pending {
                pending.restore(py);
            }
        });
    }
}

/// The compression called `name`, in any case; "" is none.
pub fn parse_compression(name: &str) -> PyResult<Compression> {
    Compression::from_name(name).ok_or_else(|| {
        PyValueError::new_err(format!("no compression {name:?}, there are \"none\", \"gzip\" and \"zlib\""))
    })
}

/// A copy of the bytes of what has a buffer of bytes.
fn copy_of(record: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let buffer = PyUntypedBuffer::get(record).ok().filter(|buffer| buffer.item_size() == 1);
    let Some(buffer) = buffer.and_then(|buffer| buffer.into_typed::<u8>().ok()) else {
        let name = record.get_type().name()?;
        let message = format!("a record must be bytes, str or a buffer of bytes, not {name}");
        return Err(PyTypeError::new_err(message));
    };
    buffer.to_vec(record.py())
}
