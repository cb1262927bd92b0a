//! `inspect`, `show`, `extract`, `verify`, `feature_spec` and `snippet`.

use std::path::Path;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::convert::LabelMapArg;
use super::errors;
use super::path::{PathArg, PathsArg};
use super::reader::read_options;
use super::watch;
use crate::example::Condition;
use crate::inspect::{ExtractOptions, Form, InspectOptions, Sample, ShowOptions, Shown, VerifyOptions};
use crate::record::{Listing, ReadOptions};
use crate::snippet::{Framework, Lists};

/// What is in files, as JSON, and the exceptions of those that could not be read.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are Python's keyword arguments")]
pub fn inspect(
    py: Python<'_>,
    paths: PathsArg,
    compression: Option<&str>,
    label_map: Option<LabelMapArg>,
    max_records: Option<u64>,
    sample: Option<(u64, u64)>,
    max_record_size: u64,
    workers: usize,
) -> PyResult<(String, Vec<PyErr>)> {
    if sample.is_some() && max_records.is_some() {
        return Err(PyValueError::new_err("sample and max_records exclude each other"));
    }
    let sample = sample.map(|(records, seed)| Sample { records, seed });
    let read = read_options(compression, true, "skip", max_record_size)?;
    let label_map = label_map.map(|map| map.read(py)).transpose()?;
    let overview = watch::watched(py, |stop| {
        let options = InspectOptions { read, max_records, sample, label_map, stop: Some(stop.clone()) };
        crate::inspect::inspect_all(&paths.0, &options, workers)
    })?;
    let overview = overview.map_err(|error| errors::of_record(py, &error, Path::new("")))?;
    let unreadable = overview.unreadable.iter().map(|unreadable| errors::of_unreadable(py, unreadable)).collect();
    Ok((watch::to_json(&overview)?, unreadable))
}

/// The files that paths, folders and patterns mean, with the exception in the place of one that means none.
#[pyfunction]
pub fn record_files<'py>(py: Python<'py>, paths: PathsArg) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let listed = watch::watched(py, |_| paths.0.iter().map(|path| Listing::of(path)).collect::<Vec<_>>())?;
    let mut found = Vec::new();
    for listing in listed {
        match listing {
            Ok(listing) => {
                for file in listing.files {
                    found.push(file.path.into_os_string().into_pyobject(py)?.into_any());
                }
            }
            Err(error) => found.push(errors::of_list(py, &error).into_value(py).into_bound(py).into_any()),
        }
    }
    Ok(found)
}

/// What a feature holds, as files in a folder; the report as JSON.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are Python's keyword arguments")]
pub fn extract(
    py: Python<'_>,
    paths: PathsArg,
    feature: &str,
    out: PathArg,
    compression: Option<&str>,
    max_record_size: u64,
    max_records: Option<u64>,
    conditions: Vec<String>,
    overwrite: bool,
    fsync: bool,
) -> PyResult<String> {
    let read = read_options(compression, true, "skip", max_record_size)?;
    let conditions = parsed(&conditions)?;
    let made = watch::watched(py, |stop| {
        let stop = Some(stop.clone());
        let options = ExtractOptions { read, max_records, conditions, overwrite, sync: fsync, stop };
        crate::inspect::extract(&paths.0, feature, &out.0, &options)
    })?;
    watch::to_json(&made.map_err(|error| errors::of_extract(py, &error))?)
}

fn parsed(conditions: &[String]) -> PyResult<Vec<Condition>> {
    let conditions: Result<_, _> = conditions.iter().map(|text| Condition::parse(text)).collect();
    conditions.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The `tf.io` features that parse records, as Python code.
#[pyfunction]
pub fn feature_spec(py: Python<'_>, paths: PathsArg, lists: &str, max_records: Option<u64>) -> PyResult<String> {
    let Some(lists) = Lists::from_name(lists) else {
        let names = Lists::ALL.map(Lists::name).join(", ");
        return Err(PyValueError::new_err(format!("lists is one of {names}, not {lists:?}")));
    };
    let code = watch::watched(py, |stop| crate::snippet::feature_spec(&paths.0, lists, max_records, stop))?;
    code.map_err(|error| errors::of_reshape(py, &error))
}

/// Records as text, and the damage that was passed over.
#[pyfunction]
pub fn show(
    py: Python<'_>,
    path: PathArg,
    record: Option<u64>,
    conditions: Vec<String>,
    form: &str,
    limit: usize,
) -> PyResult<(Vec<String>, Vec<String>)> {
    let Some(form) = Form::from_name(form) else {
        let names = Form::ALL.map(Form::name).join(", ");
        return Err(PyValueError::new_err(format!("form is one of {names}, not {form:?}")));
    };
    let conditions = parsed(&conditions)?;
    let read = ReadOptions::default();
    let shown = watch::watched(py, |stop| {
        let options = ShowOptions { read, record, conditions, limit, form, stop: Some(stop.clone()) };
        crate::inspect::show(&path.0, &options)
    })?;
    let Shown { records, damage } = shown.map_err(|error| errors::of_record(py, &error, &path.0))?;
    Ok((records, damage))
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
