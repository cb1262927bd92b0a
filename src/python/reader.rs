//! `TFRecordReader`.

use std::path::{Path, PathBuf};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::fork::{Guard, Held};
use super::fresh::FreshBytes;
use super::path::PathsArg;
use super::writer::parse_compression;
use super::{errors, watch};
use crate::record::{self, MAX_LOST, Positioned, ReadOptions, Reader, RecordError, Recovery};

/// Iterates over the records of a TFRecord file, or of several one after the other, as bytes.
///
/// It is an iterator: it goes through the files once. Several threads may share it, each record goes to one of them;
/// after a fork, parent and child go on each on its own. After an error and after the end nothing more comes.
///
/// Example:
///     >>> for payload in rm.TFRecordReader("numbers.tfrecord"):
///     ...     print(rm.decode_example(payload)["number"])
///     [0]
///     [1]
///     [2]
///
/// Args:
///     path: A file, or a sequence of files.
///     compression: "none", "gzip" or "zlib"; None looks at the first bytes of each file.
///     verify: Whether the checksums of the payloads are verified; those of the lengths always are.
///     recovery: What to do about damage. "strict": it is a RecordError. "tolerate_tail": what a writer leaves that was
///         stopped is the end. "skip": go on at the next record that checks. "tf": give what TensorFlow gives.
///         `lost` says what was passed over.
///     max_record_size: Bytes of the longest record that is not an error.
///
/// Raises:
///     OSError: A file cannot be opened; `errno` and `filename` say why.
///     RecordError: While iterating; `record` and `offset` say where.
///     ValueError: An argument means nothing.
#[pyclass(frozen, module = "recordmill", name = "TFRecordReader")]
pub struct TFRecordReader {
    paths: Vec<PathBuf>,
    options: ReadOptions,
    state: Held<State>,
}

#[derive(Default)]
struct State {
    /// Number of files begun.
    begun: usize,
    reader: Option<Reader<Positioned>>,
    /// Of the files that are done.
    lost: Lost,
    closed: bool,
}

/// What was passed over.
#[derive(Clone, Default)]
struct Lost {
    /// The first [`MAX_LOST`].
    places: Vec<LostBytes>,
    count: u64,
    bytes: u64,
}

impl Lost {
    /// Adds what `reader` has lost of `path`.
    fn add(&mut self, path: &Path, reader: &Reader<Positioned>) {
        let room = MAX_LOST - self.places.len();
        self.places.extend(reader.lost().iter().take(room).map(|lost| LostBytes::new(path, lost)));
        self.count += reader.lost_places();
        self.bytes += reader.lost_bytes();
    }
}

/// Bytes of a damaged file that no record was read from.
#[pyclass(frozen, get_all, module = "recordmill", name = "Lost")]
#[derive(Clone)]
pub struct LostBytes {
    /// The file.
    path: PathBuf,
    /// The first of the bytes, counted in the uncompressed data.
    offset: u64,
    /// How many they are.
    length: u64,
    /// Whether more is missing that nobody can know of.
    more: bool,
    /// What was found there.
    cause: String,
}

impl LostBytes {
    fn new(path: &Path, lost: &record::Lost) -> Self {
        let record::Lost { offset, len, more, cause, .. } = lost;
        Self { path: path.to_owned(), offset: *offset, length: *len, more: *more, cause: cause.to_string() }
    }
}

#[pymethods]
impl LostBytes {
    fn __repr__(&self) -> String {
        let Self { path, offset, length, more, cause } = self;
        let more = if *more { "True" } else { "False" };
        format!("Lost(path={path:?}, offset={offset}, length={length}, more={more}, cause={cause:?})")
    }
}

impl State {
    /// Keeps what the file that is being read has lost, and lets go of it.
    fn end_file(&mut self, paths: &[PathBuf]) {
        let Some(reader) = self.reader.take() else { return };
        if let Some(path) = paths.get(self.begun.wrapping_sub(1)) {
            self.lost.add(path, &reader);
        }
    }

    /// After this nothing more comes.
    fn end(&mut self, paths: &[PathBuf]) {
        self.end_file(paths);
        self.closed = true;
    }
}

#[pymethods]
impl TFRecordReader {
    #[new]
    #[pyo3(signature = (path, *, compression=None, verify=true, recovery="strict", max_record_size=2147483648))]
    fn new(
        py: Python<'_>,
        path: PathsArg,
        compression: Option<&str>,
        verify: bool,
        recovery: &str,
        max_record_size: u64,
    ) -> PyResult<Self> {
        let options = read_options(compression, verify, recovery, max_record_size)?;
        let paths = path.0;
        // All of them now: a missing one should not come up after hours.
        for path in &paths {
            py.detach(|| path.metadata()).map_err(|error| errors::of_io(py, &error, Some(path)))?;
        }
        let reader = Self { paths, options, state: Held::default() };
        reader.begin_file(py, &mut *reader.lock(py)?)?;
        Ok(reader)
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut state = self.lock(py)?;
        let state = &mut *state;
        loop {
            let Some(reader) = &mut state.reader else {
                match self.begin_file(py, state)? {
                    true => continue,
                    false => return Ok(None),
                }
            };
            if let Some(record) = reader.next_in_buffer() {
                return Ok(Some(PyBytes::new(py, record.payload)));
            }
            if let Some(len) = reader.long_payload() {
                let mut bytes = match FreshBytes::new(py, len) {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        state.end(&self.paths);
                        return Err(error);
                    }
                };
                let room = bytes.room();
                match py.detach(|| reader.read_payload(room)) {
                    // SAFETY: `read_payload` has written all of the room.
                    Ok(true) => return Ok(Some(unsafe { bytes.written() })),
                    Ok(false) => {}
                    Err(error) => return Err(self.fail(py, state, &error)),
                }
            }
            match py.detach(|| reader.next_record()) {
                Ok(Some(record)) => return Ok(Some(PyBytes::new(py, record.payload))),
                Ok(None) => state.end_file(&self.paths),
                Err(error) => return Err(self.fail(py, state, &error)),
            }
        }
    }

    /// Lets go of the file; the iteration is at its end.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.lock(py)?.end(&self.paths);
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
        let _ = (exc_type, exc_value, traceback);
        self.close(py)
    }

    /// What was passed over so far, with recovery "tolerate_tail" and "skip"; of more than 10,000 places the first.
    #[getter]
    fn lost(&self, py: Python<'_>) -> PyResult<Vec<LostBytes>> {
        Ok(self.all_lost(py)?.places)
    }

    /// How many places were passed over so far, those beyond the first 10,000 among them.
    #[getter]
    fn lost_count(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.all_lost(py)?.count)
    }

    /// How many bytes were passed over so far.
    #[getter]
    fn lost_bytes(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.all_lost(py)?.bytes)
    }

    /// The files that are read.
    #[getter]
    fn paths(&self) -> Vec<&Path> {
        self.paths.iter().map(PathBuf::as_path).collect()
    }

    fn __repr__(&self) -> String {
        match &self.paths[..] {
            [path] => format!("<TFRecordReader {path:?}>"),
            paths => format!("<TFRecordReader of {} files>", paths.len()),
        }
    }
}

impl TFRecordReader {
    fn lock(&self, py: Python<'_>) -> PyResult<Guard<'_, State>> {
        self.state.lock(py, "TFRecordReader")
    }

    /// What all files have lost so far.
    fn all_lost(&self, py: Python<'_>) -> PyResult<Lost> {
        let state = self.lock(py)?;
        let mut lost = state.lost.clone();
        if let (Some(reader), Some(path)) = (&state.reader, self.paths.get(state.begun.wrapping_sub(1))) {
            lost.add(path, reader);
        }
        Ok(lost)
    }

    /// Opens the next file, if there is one.
    fn begin_file(&self, py: Python<'_>, state: &mut State) -> PyResult<bool> {
        let Some(path) = self.paths.get(state.begun).filter(|_| !state.closed) else { return Ok(false) };
        state.begun += 1;
        match py.detach(|| Positioned::open(path)) {
            Ok(file) => {
                state.reader = Some(Reader::from_positioned(file.asking(watch::listener()), self.options));
                Ok(true)
            }
            Err(error) => Err(self.fail(py, state, &error.into())),
        }
    }

    /// The error, after which nothing more comes.
    fn fail(&self, py: Python<'_>, state: &mut State, error: &RecordError) -> PyErr {
        let path = self.paths.get(state.begun.wrapping_sub(1)).map_or(Path::new(""), PathBuf::as_path);
        let error = errors::of_record(py, error, path);
        state.end(&self.paths);
        error
    }
}

/// Options as Python gives them. No compression means that the first bytes are looked at.
pub fn read_options(
    compression: Option<&str>,
    verify: bool,
    recovery: &str,
    max_record_len: u64,
) -> PyResult<ReadOptions> {
    let compression = compression.map(parse_compression).transpose()?;
    let Some(recovery) = Recovery::from_name(recovery) else {
        let names = Recovery::ALL.map(|recovery| format!("{:?}", recovery.name())).join(", ");
        return Err(PyValueError::new_err(format!("no recovery {recovery:?}, there are {names}")));
    };
    Ok(ReadOptions { compression, verify, recovery, max_record_len, ..ReadOptions::default() })
}
