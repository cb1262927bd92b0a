//! What cuts TFRecord files anew: arguments to options, by the name of the command.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::convert::given;
use super::errors;
use super::index::parse_form;
use super::path::{PathArg, PathsArg};
use super::reader::read_options;
use super::watch;
use super::writer::parse_compression;
use crate::convert::ShardRule;
use crate::example::Condition;
use crate::reshape::{Cut, DiffOptions, Filter, Inputs, Job, OutputOptions, Parts, ReshapeError, Selection};

/// What is left to do once its arguments are read.
pub type Work<E> = Box<dyn FnOnce(&Job) -> Result<String, E> + Send>;

/// Does `command` with the arguments that the Python side gathers; its report as JSON. `progress` is called now and then with
/// bytes read, bytes in all (0 where that is not known), records read, and seconds.
#[pyfunction]
pub fn reshape(
    py: Python<'_>,
    command: &str,
    arguments: &Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    watched_job(py, progress, work(command, arguments)?)?.map_err(|error| errors::of_reshape(py, &error))
}

/// Does `work` while Ctrl-C is listened to; `progress` is called as [`reshape`] says.
pub fn watched_job<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Job) -> T + Send,
) -> PyResult<T> {
    let job = Job::default();
    let started = Instant::now();
    let tell = |py: Python<'_>| match &progress {
        None => Ok(()),
        Some(progress) => {
            let (bytes, total, records) = job.progress();
            progress.call1(py, (bytes, total, records, started.elapsed().as_secs_f64())).map(drop)
        }
    };
    watch::watched_telling(py, &Arc::clone(&job.stop), tell, |_| work(&job))
}

/// What `command` is, with its arguments read.
fn work(command: &str, arguments: &Bound<'_, PyDict>) -> PyResult<Work<ReshapeError>> {
    let paths = given::<PathsArg>(arguments, "paths")?.0;
    let read = read_options(
        given::<Option<String>>(arguments, "read_compression")?.as_deref(),
        given(arguments, "verify")?,
        &given::<String>(arguments, "recovery")?,
        given(arguments, "max_record_size")?,
    )?;
    let find = move || Inputs::find(&paths, read);
    if command == "count" {
        return Ok(boxed(move |job| crate::reshape::count(&find()?, job)));
    }
    if command == "diff" {
        let others = given::<PathsArg>(arguments, "others")?.0;
        let options =
            DiffOptions { as_examples: given(arguments, "as_examples")?, listed: given(arguments, "listed")? };
        return Ok(boxed(move |job| crate::reshape::diff(&find()?, &Inputs::find(&others, read)?, &options, job)));
    }
    let options = output_options(arguments)?;
    if command == "index" {
        let out = given::<Option<PathArg>>(arguments, "out")?.map(|out| out.0);
        let form = parse_form(&given::<String>(arguments, "form")?)?;
        return Ok(boxed(move |job| crate::reshape::index(&find()?, out.as_deref(), form, &options, job)));
    }
    let out: PathBuf = given::<PathArg>(arguments, "out")?.0;
    Ok(match command {
        "repair" => boxed(move |job| crate::reshape::repair(&find()?, &out, &options, job)),
        "concatenate" => {
            let limit = given(arguments, "limit")?;
            boxed(move |job| crate::reshape::concatenate(&find()?, &out, limit, &options, job))
        }
        "recompress" => boxed(move |job| crate::reshape::recompress(&find()?, &out, &options, job)),
        "reshard" => {
            let (cut, name) = (cut(arguments)?, given::<Option<String>>(arguments, "name")?);
            boxed(move |job| crate::reshape::reshard(&find()?, &out, cut, name.as_deref(), &options, job))
        }
        "split" => {
            let parts: String = given(arguments, "ratios")?;
            let (seed, exact) = (given(arguments, "seed")?, given(arguments, "exact")?);
            boxed(move |job| crate::reshape::split(&find()?, &out, &Parts::parse(&parts)?, seed, exact, &options, job))
        }
        "shuffle" => {
            let seed = given(arguments, "seed")?;
            boxed(move |job| crate::reshape::shuffle(&find()?, &out, seed, &options, job))
        }
        "filter" => {
            let texts: Vec<String> = given(arguments, "conditions")?;
            let conditions: Result<_, _> = texts.iter().map(|text| Condition::parse(text)).collect();
            let conditions = conditions.map_err(|error| PyValueError::new_err(error.to_string()))?;
            let filter = Filter { conditions, any: given(arguments, "any")?, invert: given(arguments, "invert")? };
            boxed(move |job| crate::reshape::filter(&find()?, &out, &filter, &options, job))
        }
        "select" => {
            let (keep, drop): (Vec<String>, Vec<String>) = (given(arguments, "keep")?, given(arguments, "drop")?);
            let rename: BTreeMap<String, String> = given(arguments, "rename")?;
            boxed(move |job| {
                let selection = Selection::parse(&keep, &drop, rename)?;
                crate::reshape::select(&find()?, &out, &selection, &options, job)
            })
        }
        _ => return Err(PyValueError::new_err(format!("no command {command:?}"))),
    })
}

/// `work`, its report as JSON.
pub fn boxed<T: serde::Serialize, E: From<ReshapeError>>(
    work: impl FnOnce(&Job) -> Result<T, E> + Send + 'static,
) -> Work<E> {
    Box::new(move |job| json(&work(job)?))
}

pub fn json<E: From<ReshapeError>>(report: &impl serde::Serialize) -> Result<String, E> {
    Ok(serde_json::to_string(report).map_err(|error| ReshapeError::Option(error.to_string()))?)
}

pub fn output_options(arguments: &Bound<'_, PyDict>) -> PyResult<OutputOptions> {
    let compression = given::<Option<String>>(arguments, "compression")?;
    Ok(OutputOptions {
        compression: compression.as_deref().map(parse_compression).transpose()?,
        level: given(arguments, "level")?,
        workers: given(arguments, "workers")?,
        sync: given(arguments, "fsync")?,
        overwrite: given(arguments, "overwrite")?,
    })
}

/// One of three ways to cut.
fn cut(arguments: &Bound<'_, PyDict>) -> PyResult<Cut> {
    let files: Option<u64> = given(arguments, "shards")?;
    let bytes: Option<String> = given(arguments, "shard_size")?;
    let records: Option<u64> = given(arguments, "shard_records")?;
    match (files, bytes, records) {
        (Some(files), None, None) => Ok(Cut::Files(files)),
        (None, Some(text), None) => match ShardRule::parse_size(&text).map_err(PyValueError::new_err)? {
            ShardRule::Size(bytes) => Ok(Cut::Bytes(bytes)),
            _ => Err(PyValueError::new_err(format!("size {text:?}: expected a number of bytes"))),
        },
        (None, None, Some(records)) => Ok(Cut::Records(records)),
        (None, None, None) => Err(PyValueError::new_err("shards, shard_size or shard_records must be given")),
        _ => Err(PyValueError::new_err("shards, shard_size and shard_records exclude each other")),
    }
}
