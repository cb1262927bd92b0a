//! `inspect`, `show`, `verify` and `snippet`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::convert::LabelMapArg;
use super::errors;
use super::path::{PathArg, PathsArg};
use super::reader::read_options;
use super::watch;
use crate::example::Condition;
use crate::inspect::{Form, InspectOptions, ShowOptions, VerifyOptions};
use crate::record::ReadOptions;
use crate::snippet::Framework;

/// What is in a file, as JSON.
#[pyfunction]
pub fn inspect(
    py: Python<'_>,
    path: PathArg,
    compression: Option<&str>,
    max_records: Option<u64>,
    max_record_size: u64,
) -> PyResult<String> {
    let read = read_options(compression, true, "skip", max_record_size)?;
    let report = watch::watched(py, |stop| {
        crate::inspect::inspect(&path.0, &InspectOptions { read, max_records, stop: Some(stop.clone()) })
    })?;
    watch::to_json(&report.map_err(|error| errors::of_record(py, &error, &path.0))?)
}

/// Records as text.
#[pyfunction]
pub fn show(
    py: Python<'_>,
    path: PathArg,
    record: Option<u64>,
    conditions: Vec<String>,
    form: &str,
    limit: usize,
) -> PyResult<Vec<String>> {
    let Some(form) = Form::from_name(form) else {
        let names = Form::ALL.map(Form::name).join(", ");
        return Err(PyValueError::new_err(format!("form is one of {names}, not {form:?}")));
    };
    let conditions: Result<_, _> = conditions.iter().map(|text| Condition::parse(text)).collect();
    let conditions = conditions.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let read = ReadOptions::default();
    let shown = watch::watched(py, |stop| {
        let options = ShowOptions { read, record, conditions, limit, form, stop: Some(stop.clone()) };
        crate::inspect::show(&path.0, &options)
    })?;
    shown.map_err(|error| errors::of_record(py, &error, &path.0))
}

/// Whether files are sound: JSON for each, or the exception where a file could not be read.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are Python's keyword arguments")]
pub fn verify<'py>(
    py: Python<'py>,
    paths: PathsArg,
    compression: Option<&str>,
    label_map: Option<LabelMapArg>,
    examples: bool,
    rules: bool,
    sha256: bool,
    max_record_size: u64,
    workers: usize,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let label_map = label_map.map(|map| map.read(py)).transpose()?;
    let read = read_options(compression, true, "skip", max_record_size)?;
    let workers = if workers == 0 { std::thread::available_parallelism().map_or(1, Into::into) } else { workers };
    let verdicts = watch::watched(py, |stop| {
        let stop = Some(stop.clone());
        let options = VerifyOptions { read, examples, rules, sha256, label_map, stop, ..VerifyOptions::default() };
        crate::inspect::verify_all(&paths.0, &options, workers)
    })?;
    let to_python = |(verdict, path): (Result<_, _>, &std::path::PathBuf)| match verdict {
        Ok(verdict) => Ok(watch::to_json(&verdict)?.into_pyobject(py)?.into_any()),
        Err(error) => Ok(errors::of_record(py, &error, path).into_value(py).into_bound(py).into_any()),
    };
    verdicts.into_iter().zip(&paths.0).map(to_python).collect()
}

/// A program that reads files.
#[pyfunction]
pub fn snippet(py: Python<'_>, paths: PathsArg, framework: &str, max_records: u64) -> PyResult<String> {
    let Some(framework) = Framework::from_name(framework) else {
        let names = Framework::ALL.map(Framework::name).join(", ");
        return Err(PyValueError::new_err(format!("framework is one of {names}, not {framework:?}")));
    };
    let found = watch::watched(py, |stop| crate::snippet::look_at(&paths.0, max_records, stop))?;
    let (files, reading) = found.map_err(|error| errors::of_reshape(py, &error))?;
    Ok(crate::snippet::program(framework, &files, &reading))
}
