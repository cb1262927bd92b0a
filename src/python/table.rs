//! Tables to TFRecord files and back: arguments to options, by the name of the command; and tables in memory, by the
//! capsules of Arrow's PyCapsule interface (<https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>).

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::path::PathBuf;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use super::convert::given;
use super::errors;
use super::path::{PathArg, PathsArg};
use super::reader::read_options;
use super::reshape::{Work, boxed, json, output_options, watched_job};
use super::watch;
use crate::record::ReadOptions;
use crate::reshape::{Inputs, Job};
use crate::table::{self, ArrowArray, ArrowArrayStream, ArrowSchema, Ask, Asked, Format, Message, Table, TableError};

/// Does `command` (`from_table`, `to_table`) with the arguments that the Python side gathers; its report as JSON. `progress`
/// is called now and then with bytes read, bytes in all (0 where that is not known), records read, and seconds.
#[pyfunction]
pub fn convert_table(
    py: Python<'_>,
    command: &str,
    arguments: &Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    watched(py, progress, work(command, arguments)?)
}

fn watched<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Job) -> Result<T, TableError> + Send,
) -> PyResult<T> {
    watched_job(py, progress, work)?.map_err(|error| errors::of_table(py, &error))
}

fn work(command: &str, arguments: &Bound<'_, PyDict>) -> PyResult<Work<TableError>> {
    let paths = given::<PathsArg>(arguments, "paths")?.0;
    let out: PathBuf = given::<PathArg>(arguments, "out")?.0;
    let options = output_options(arguments)?;
    let ask = ask(arguments)?;
    let format: Option<String> = given(arguments, "format")?;
    let format = format.as_deref().map(Format::parse).transpose().map_err(PyValueError::new_err)?;
    Ok(match command {
        "from_table" => {
            let message = message(arguments)?;
            let delimiter: Option<String> = given(arguments, "delimiter")?;
            let delimiter = delimiter.as_deref().map(table::delimiter).transpose().map_err(PyValueError::new_err)?;
            let ask = Ask { delimiter, ..ask };
            boxed(move |job| {
                let (files, kept) = table::find(&paths, format)?;
                Table::open(files, format, &ask, options.workers, job)
                    .and_then(|table| table::from_table(&table, &out, &message, &options, job))
                    .map_err(|error| kept.place(error))
            })
        }
        "to_table" => {
            let read = reading(arguments)?;
            boxed(move |job| {
                let (files, kept) = table::find_records(&paths)?;
                let inputs = Inputs::find(&files, read).map_err(TableError::from);
                inputs
                    .and_then(|inputs| table::to_table(&inputs, &out, format, &ask, &options, job))
                    .map_err(|error| kept.place(error))
            })
        }
        _ => return Err(PyValueError::new_err(format!("no command {command:?}"))),
    })
}

fn message(arguments: &Bound<'_, PyDict>) -> PyResult<Message> {
    let context: Option<Vec<String>> = given(arguments, "context")?;
    let sequence = given::<bool>(arguments, "sequence")?;
    if context.is_some() && !sequence {
        return Err(PyValueError::new_err("context is of sequence alone"));
    }
    Ok(Message { sequence, context: context.unwrap_or_default() })
}

fn reading(arguments: &Bound<'_, PyDict>) -> PyResult<ReadOptions> {
    let compression = given::<Option<String>>(arguments, "read_compression")?;
    read_options(compression.as_deref(), true, "strict", given(arguments, "max_record_size")?)
}

fn ask(arguments: &Bound<'_, PyDict>) -> PyResult<Ask> {
    let types: BTreeMap<String, String> = given(arguments, "types")?;
    let parse = |(name, ty): (String, String)| match Asked::parse(&ty) {
        Ok(ty) => Ok((name, ty)),
        Err(problem) => Err(PyValueError::new_err(format!("column {name:?}: {problem}"))),
    };
    Ok(Ask {
        columns: given(arguments, "columns")?,
        types: types.into_iter().map(parse).collect::<PyResult<_>>()?,
        flatten: given(arguments, "flatten")?,
        delimiter: None,
    })
}

/// The names of the capsules, which the specification fixes.
const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// Moves a struct of the C data interface out of its capsule.
///
/// # Safety
///
/// A capsule of that name holds a `T`, as the specification says.
unsafe fn taken<T>(capsule: &Bound<'_, PyAny>, name: &CStr, take: unsafe fn(*mut T) -> T) -> PyResult<T> {
    let capsule = capsule.cast::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(name))?;
    // SAFETY: by the caller's word; the interpreter is held, so nobody else takes it meanwhile.
    Ok(unsafe { take(pointer.as_ptr().cast::<T>()) })
}

/// Where rows come from.
enum Rows {
    Stream(ArrowArrayStream),
    Array(ArrowSchema, ArrowArray),
}

impl Rows {
    fn of(table: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = table.py();
        if let Some(stream) = table.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
            // SAFETY: the capsule is what the method with this name gives.
            return Ok(Self::Stream(unsafe { taken(&stream.call0()?, STREAM, ArrowArrayStream::take) }?));
        }
        if let Some(array) = table.getattr_opt(intern!(py, "__arrow_c_array__"))? {
            let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) = array.call0()?.extract()?;
            // SAFETY: the capsules are what the method with this name gives.
            return Ok(unsafe {
                Self::Array(taken(&schema, SCHEMA, ArrowSchema::take)?, taken(&array, ARRAY, ArrowArray::take)?)
            });
        }
        let kind = table.get_type().name()?;
        Err(PyTypeError::new_err(format!(
            "table: expected something with __arrow_c_stream__ or __arrow_c_array__ (pandas, Polars, DuckDB, pyarrow), \
             found {kind}"
        )))
    }
}

/// Writes the rows of a table in memory; the report as JSON.
#[pyfunction]
pub fn write_arrow(
    py: Python<'_>,
    table: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let out: PathBuf = given::<PathArg>(arguments, "out")?.0;
    let (options, ask, message) = (output_options(arguments)?, ask(arguments)?, message(arguments)?);
    let rows = Rows::of(table)?;
    watched(py, progress, move |job| {
        let report = match rows {
            Rows::Stream(stream) => table::write_table(stream, &out, &ask, &message, &options, job),
            Rows::Array(schema, array) => table::write_array((&schema, array), &out, &ask, &message, &options, job),
        }?;
        json(&report)
    })
}

/// The records of TFRecord files as a table.
#[pyclass(frozen, module = "recordmill._native")]
pub struct RecordTable(table::RecordTable);

#[pymethods]
impl RecordTable {
    /// Columns as JSON, as in the report of `from_table`.
    fn columns(&self) -> PyResult<String> {
        watch::to_json(&self.0.columns())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        PyCapsule::new_with_value(py, self.0.schema(), SCHEMA)
    }

    /// What is requested of the schema is a wish that we need not fulfil.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        PyCapsule::new_with_value(py, self.0.stream(), STREAM)
    }
}

/// Finds out what columns records make.
#[pyfunction]
pub fn read_arrow(py: Python<'_>, arguments: &Bound<'_, PyDict>, progress: Option<Py<PyAny>>) -> PyResult<RecordTable> {
    let paths = given::<PathsArg>(arguments, "paths")?.0;
    let (read, ask, workers) = (reading(arguments)?, ask(arguments)?, given(arguments, "workers")?);
    watched(py, progress, move |job| table::RecordTable::open(Inputs::find(&paths, read)?, &ask, workers, job))
        .map(RecordTable)
}
