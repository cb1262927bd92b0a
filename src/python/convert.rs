//! `convert`, `load`, `formats`: arguments to options, and what Python is told meanwhile.

use std::ops::ControlFlow;
use std::path::PathBuf;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping};

use super::dataset::Dataset;
use super::path::{PathArg, PathsArg};
use super::{errors, watch, writer};
use crate::convert::{
    ConvertError, Health, ImagesMode, LabelSource, Layout, MaskForm, Monitor, OnError, Options, Progress, Reencode,
    Report, SchemaKind, Segmentation, Selection, ShardRule, SkipRule, SourceId, SplitRule,
};
use crate::dataset::{Label, LabelMap};
use crate::formats::{self, LoadOptions};

/// One of the arguments by name, as the Python side gathers them.
pub fn given<'py, T: FromPyObjectOwned<'py>>(arguments: &Bound<'py, PyDict>, name: &str) -> PyResult<T> {
    let value = arguments.get_item(name)?.ok_or_else(|| PyTypeError::new_err(format!("no {name}")))?;
    value.extract().map_err(Into::<PyErr>::into).map_err(|error: PyErr| {
        let py = arguments.py();
        match error.is_instance_of::<PyTypeError>(py) {
            true => PyTypeError::new_err(format!("{name}: {}", error.value(py))),
            false => error,
        }
    })
}

/// A label map: a file, or a mapping of names to ids.
#[derive(Debug)]
pub enum LabelMapArg {
    File(PathBuf),
    Map(LabelMap),
}

impl<'a, 'py> FromPyObject<'a, 'py> for LabelMapArg {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Ok(mapping) = value.cast::<PyMapping>() else {
            return Ok(Self::File(value.extract::<PathArg>()?.0));
        };
        let mut labels = Vec::new();
        for item in mapping.items()?.iter() {
            let (name, id) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            let (Ok(name), Ok(id)) = (name.extract(), id.extract()) else {
                return Err(PyTypeError::new_err("a label map must be a file or a dict of names to ids"));
            };
            labels.push(Label { id, name, display_name: None });
        }
        LabelMap::new(labels).map(Self::Map).map_err(|error| PyValueError::new_err(format!("label map: {error}")))
    }
}

impl LabelMapArg {
    /// The map, read from its file if need be.
    pub fn read(self, py: Python<'_>) -> PyResult<LabelMap> {
        match self {
            Self::Map(map) => Ok(map),
            Self::File(path) => {
                let read = py.detach(|| formats::label_map::read(&path));
                read.map(|(map, _)| map).map_err(|error| errors::of_format(py, &error))
            }
        }
    }
}

/// The one called `name` among `all`.
fn choice<T: Copy>(option: &str, name: &str, all: &[T], name_of: impl Fn(T) -> &'static str) -> PyResult<T> {
    all.iter().copied().find(|value| name_of(*value) == name).ok_or_else(|| {
        let names: Vec<String> = all.iter().map(|value| format!("{:?}", name_of(*value))).collect();
        PyValueError::new_err(format!("{option} must be one of {}, not {name:?}", names.join(", ")))
    })
}

/// What `recordmill.load` was given.
pub fn load_options(arguments: &Bound<'_, PyDict>) -> PyResult<LoadOptions> {
    Ok(LoadOptions {
        from: given(arguments, "source_format")?,
        image_dirs: given::<Vec<PathArg>>(arguments, "images")?.into_iter().map(|path| path.0).collect(),
        allow_outside: given(arguments, "allow_outside")?,
        voc_one_based: given(arguments, "voc_one_based")?,
        class_attribute: given(arguments, "class_attribute")?,
        drawn_turned: given(arguments, "drawn_turned")?,
        workers: given(arguments, "workers")?,
        boxes_only: false,
        unlisted: false,
        pets: None,
    })
}

/// What `recordmill.convert` was given.
fn options(arguments: &Bound<'_, PyDict>) -> PyResult<Options> {
    let text = |name| given::<String>(arguments, name);
    let split = match given::<Option<String>>(arguments, "split")? {
        None => SplitRule::Keep,
        Some(text) => SplitRule::parse(&text).map_err(|error| PyValueError::new_err(error.to_string()))?,
    };
    let count = given::<Option<u32>>(arguments, "shards")?;
    let shards = match (count, given::<Option<String>>(arguments, "shard_size")?) {
        (None, None) => ShardRule::One,
        (Some(count), None) => ShardRule::Count(count),
        (None, Some(size)) => ShardRule::parse_size(&size).map_err(PyValueError::new_err)?,
        (Some(_), Some(_)) => return Err(PyValueError::new_err("shards and shard_size exclude each other")),
    };
    let compression = given::<Option<String>>(arguments, "compression")?;
    let target = match text("target_format")? {
        word if word.eq_ignore_ascii_case("tfrecord") => None,
        word => {
            Some(formats::named(formats::FORMATS, &word).map_err(|error| errors::of_format(arguments.py(), &error))?)
        }
    };
    Ok(Options {
        target,
        images_mode: choice("images_mode", &text("images_mode")?, ImagesMode::ALL, ImagesMode::name)?,
        no_loss: given(arguments, "no_loss")?,
        load: load_options(&given::<Bound<'_, PyDict>>(arguments, "load")?)?,
        split,
        exact_split: given(arguments, "exact_split")?,
        shards,
        shuffle: given(arguments, "shuffle")?,
        seed: given(arguments, "seed")?,
        schema: choice("schema", &text("schema")?, SchemaKind::ALL, SchemaKind::name)?,
        layout: choice("layout", &text("layout")?, Layout::ALL, Layout::name)?,
        group: given(arguments, "group")?,
        compression: compression.as_deref().map(writer::parse_compression).transpose()?.unwrap_or_default(),
        level: given(arguments, "level")?,
        labels: match given(arguments, "label_map")? {
            None => LabelSource::Made,
            Some(LabelMapArg::File(path)) => LabelSource::File(path),
            Some(LabelMapArg::Map(map)) => LabelSource::Map(map),
        },
        masks: choice("masks", &text("masks")?, MaskForm::ALL, MaskForm::name)?,
        segmentation: choice("segmentation", &text("segmentation")?, Segmentation::ALL, Segmentation::name)?,
        reencode: Reencode::parse(&text("reencode")?).map_err(PyValueError::new_err)?,
        auto_orient: given(arguments, "auto_orient")?,
        source_id: choice("source_id", &text("source_id")?, SourceId::ALL, SourceId::name)?,
        sha256: given(arguments, "sha256")?,
        file_sha256: given(arguments, "file_sha256")?,
        drop_empty: given(arguments, "drop_empty")?,
        select: Selection {
            rename: given(arguments, "rename")?,
            keep_classes: given(arguments, "keep_classes")?,
            drop_classes: given(arguments, "drop_classes")?,
            min_box_size: given(arguments, "min_box_size")?,
            sample: given(arguments, "sample")?,
        },
        skip_rule: choice("skip_rule", &text("skip_rule")?, &[SkipRule::None, SkipRule::Tf], SkipRule::name)?,
        strict: given(arguments, "strict")?,
        on_error: choice("on_error", &text("on_error")?, OnError::ALL, OnError::name)?,
        dry_run: given(arguments, "dry_run")?,
        overwrite: given(arguments, "overwrite")?,
        allow_empty: given(arguments, "allow_empty")?,
        workers: given(arguments, "workers")?,
        sync: given(arguments, "fsync")?,
    })
}

/// Tells Python how far a run is, and hears of Ctrl-C. What is raised meanwhile stops the run.
struct Detached<'a> {
    progress: Option<&'a Py<PyAny>>,
    raised: Option<PyErr>,
}

impl Monitor for Detached<'_> {
    fn tick(&mut self, progress: &Progress) -> ControlFlow<()> {
        let told = Python::attach(|py| {
            py.check_signals()?;
            let Some(callable) = self.progress else { return Ok(()) };
            let Progress { phase, images, images_total, bytes, bytes_total, seconds } = *progress;
            callable.call1(py, (phase.name(), images, images_total, bytes, bytes_total, seconds)).map(drop)
        });
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// Runs something detached; where it fails because of what was raised meanwhile, that is the error.
pub fn run_watched<T: Send, E: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&mut dyn Monitor) -> Result<T, E> + Send,
) -> PyResult<Result<T, E>> {
    let (result, raised) = py.detach(|| {
        let mut monitor = Detached { progress: progress.as_ref(), raised: None };
        let result = work(&mut monitor);
        (result, monitor.raised)
    });
    match (result, raised) {
        (Err(_), Some(raised)) => Err(raised),
        (result, _) => Ok(result),
    }
}

/// Runs something of the conversion's room detached.
fn run<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&mut dyn Monitor) -> Result<T, ConvertError> + Send,
) -> PyResult<T> {
    run_watched(py, progress, work)?.map_err(|error| errors::of_convert(py, &error))
}

/// A `recordmill.Report`.
pub fn report_to_python<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyAny>> {
    let json = watch::to_json(report)?;
    py.import("recordmill._report")?.getattr("Report")?.call_method1("from_json", (json,))
}

/// Converts a source.
#[pyfunction]
pub fn convert<'py>(
    py: Python<'py>,
    source: PathArg,
    output: PathArg,
    arguments: &Bound<'py, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = options(arguments)?;
    let report = run(py, progress, |monitor| crate::convert::convert(&source.0, &output.0, &options, monitor))?;
    report_to_python(py, &report)
}

/// Looks at a source.
#[pyfunction]
pub fn check<'py>(
    py: Python<'py>,
    source: PathArg,
    arguments: &Bound<'py, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = load_options(arguments)?;
    let health: Health = run(py, progress, |monitor| crate::convert::check(&source.0, &options, monitor))?;
    health_to_python(py, &health)
}

/// A `recordmill.Health`.
pub fn health_to_python<'py>(py: Python<'py>, health: &Health) -> PyResult<Bound<'py, PyAny>> {
    let json = watch::to_json(health)?;
    py.import("recordmill._check")?.getattr("Health")?.call_method1("from_json", (json,))
}

/// Whether records hold all that a source says; JSON.
#[pyfunction]
pub fn against(
    py: Python<'_>,
    records: PathsArg,
    source: PathArg,
    arguments: &Bound<'_, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let options = load_options(arguments)?;
    let found = run(py, progress, |monitor| crate::convert::against(&records.0, &source.0, &options, monitor))?;
    watch::to_json(&found)
}

/// Converts a dataset that was loaded.
#[pyfunction]
pub fn save<'py>(
    py: Python<'py>,
    dataset: &Bound<'py, Dataset>,
    output: PathArg,
    arguments: &Bound<'py, PyDict>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let options = options(arguments)?;
    let loaded = dataset.get().loaded();
    let report = run(py, progress, |monitor| crate::convert::convert_dataset(loaded, &output.0, &options, monitor))?;
    report_to_python(py, &report)
}

/// Loads a source.
#[pyfunction]
pub fn load(py: Python<'_>, source: PathArg, arguments: &Bound<'_, PyDict>) -> PyResult<Dataset> {
    let options = LoadOptions { boxes_only: given(arguments, "boxes_only")?, ..load_options(arguments)? };
    let loaded = watch::abandonable(py, move || crate::convert::load(&source.0, &options))?;
    loaded.map(Dataset::new).map_err(|error| errors::of_format(py, &error))
}

/// The bytes of an image, by its path and the part of it.
#[pyfunction]
pub fn read_image<'py>(py: Python<'py>, path: PathBuf, span: Option<[u64; 2]>) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = py.detach(|| crate::convert::read_image(&path, span));
    bytes.map(|bytes| PyBytes::new(py, &bytes)).map_err(|error| errors::of_io(py, &error, Some(&path)))
}

/// The formats there are, as dicts.
#[pyfunction]
pub fn formats_list(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let rows = PyList::empty(py);
    for format in crate::convert::formats() {
        let row = PyDict::new(py);
        row.set_item("name", format.name)?;
        row.set_item("aliases", format.aliases)?;
        row.set_item("title", format.title)?;
        row.set_item("specification", format.specification)?;
        row.set_item("layout", format.layout)?;
        row.set_item("carries", format.carries.iter().map(|carries| carries.word()).collect::<Vec<_>>())?;
        row.set_item("writes", format.write.is_some() || format.name == "tfrecord")?;
        let lost = format.write.map_or(&[][..], |write| write.not);
        row.set_item("not_written", lost.iter().map(|carries| carries.word()).collect::<Vec<_>>())?;
        row.set_item("looks_for", format.looks_for)?;
        rows.append(row)?;
    }
    Ok(rows)
}
