//! Pages.

use std::io::{Read, Write};
use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::convert::{given, health_to_python, load_options, run_watched};
use super::dataset::Dataset;
use super::errors;
use super::path::{PathArg, PathsArg};
use super::watch;
use crate::files::{AtomicFile, AtomicOptions};
use crate::view::{BEGINNING, Page, ViewOptions};

/// The page's text, and what is on it as JSON.
type Made = (String, String);

fn options(arguments: &Bound<'_, PyDict>) -> PyResult<ViewOptions> {
    Ok(ViewOptions {
        load: load_options(&given::<Bound<'_, PyDict>>(arguments, "load")?)?,
        limit: given(arguments, "limit")?,
        seed: given(arguments, "seed")?,
        images: given(arguments, "pictures")?,
        thumbnail: given(arguments, "thumbnail")?,
        full: given(arguments, "full")?,
        title: given(arguments, "title")?,
    })
}

fn made(page: Page) -> PyResult<Made> {
    let counts = watch::to_json(&page.counts)?;
    Ok((page.html, counts))
}

/// A page of files.
#[pyfunction]
pub fn view(
    py: Python<'_>,
    sources: PathsArg,
    arguments: &Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Made> {
    let options = options(arguments)?;
    let page = run_watched(py, progress, |monitor| crate::view::view(&sources.0, &options, monitor))?;
    made(page.map_err(|error| errors::of_view(py, &error))?)
}

/// A page of a dataset that was loaded.
#[pyfunction]
pub fn view_dataset(
    py: Python<'_>,
    dataset: &Bound<'_, Dataset>,
    arguments: &Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Made> {
    let options = options(arguments)?;
    let loaded = dataset.get().loaded();
    let page = run_watched(py, progress, |monitor| crate::view::view_dataset(loaded, &options, monitor))?;
    made(page.map_err(|error| errors::of_view(py, &error))?)
}

/// What is wrong with a source, and a page of it.
#[pyfunction]
pub fn check_page<'py>(
    py: Python<'py>,
    source: PathArg,
    arguments: &Bound<'py, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, String, String)> {
    let options = options(arguments)?;
    let found = run_watched(py, progress, |monitor| crate::view::health(&source.0, &options, monitor))?;
    let (health, page) = found.map_err(|error| errors::of_view(py, &error))?;
    let (html, counts) = made(page)?;
    Ok((health_to_python(py, &health)?, html, counts))
}

/// Writes a page. A file that is there is replaced if it is a page of ours, or with `overwrite`.
#[pyfunction]
pub fn save_page(py: Python<'_>, path: PathArg, html: &str, overwrite: bool) -> PyResult<()> {
    let path = path.0;
    py.detach(|| {
        let overwrite = overwrite || is_ours(&path);
        let mut file = AtomicFile::create(&path, AtomicOptions { sync: false, overwrite })?;
        file.write_all(html.as_bytes())?;
        file.commit()
    })
    .map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => errors::exists(&path),
        _ => errors::of_io(py, &error, Some(&path)),
    })
}

fn is_ours(path: &Path) -> bool {
    let mut start = vec![0; BEGINNING.len()];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == BEGINNING.as_bytes()
}
