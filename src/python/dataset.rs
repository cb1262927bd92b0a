//! A loaded dataset: its columns without a copy, and the rest as Python values.

use std::ffi::{CStr, c_int, c_void};
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::{PyBufferError, PyKeyError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::convert::{Fetched, with_fetched};
use crate::dataset::{Keypoint, Mask, Severity, Split, Strings};
use crate::formats::Loaded;

/// Supercategory, names of keypoints, pairs of keypoints that are joined.
type ClassDetails<'a> = (&'a str, Vec<&'a str>, Vec<[u32; 2]>);

/// A loaded dataset. Never changes.
#[pyclass(frozen, module = "recordmill._native", name = "Dataset")]
pub struct Dataset(Arc<Loaded>);

impl Dataset {
    pub fn new(loaded: Loaded) -> Self {
        Self(Arc::new(loaded))
    }

    pub fn loaded(&self) -> &Loaded {
        &self.0
    }

    fn strings(&self, name: &str) -> Option<&Strings> {
        let dataset = &self.0.dataset;
        Some(match name {
            "images.key" => &dataset.images.key,
            "images.name" => &dataset.images.name,
            "images.file" => &dataset.images.file,
            "sources" => &dataset.sources,
            _ => return None,
        })
    }
}

#[pymethods]
impl Dataset {
    fn __len__(&self) -> usize {
        self.0.dataset.len()
    }

    /// Number of objects.
    #[getter]
    fn object_count(&self) -> usize {
        self.0.dataset.objects.len()
    }

    /// Objects whose outline or mask stayed unread.
    #[getter]
    fn outlines_unread(&self) -> u64 {
        self.0.dataset.outlines_unread
    }

    /// Name of the source's format.
    #[getter]
    fn format(&self) -> &'static str {
        self.0.format.name
    }

    /// Why that format.
    #[getter]
    fn reasons(&self) -> Vec<&str> {
        self.0.reasons.iter().map(String::as_str).collect()
    }

    /// Names of the classes.
    #[getter]
    fn classes(&self) -> Vec<&str> {
        self.0.dataset.classes.iter().map(|class| class.name.as_str()).collect()
    }

    /// The source's own ids of the classes.
    #[getter]
    fn class_ids(&self) -> Vec<Option<i64>> {
        self.0.dataset.classes.iter().map(|class| class.source_id).collect()
    }

    /// Supercategory, names of keypoints and skeleton of each class.
    #[getter]
    fn class_details(&self) -> Vec<ClassDetails<'_>> {
        let classes = self.0.dataset.classes.iter();
        classes
            .map(|class| {
                let keypoints = class.keypoints.iter().map(String::as_str).collect();
                (class.supercategory.as_str(), keypoints, class.skeleton.clone())
            })
            .collect()
    }

    /// Folders that the images' files are below.
    #[getter]
    fn roots(&self) -> Vec<PathBuf> {
        self.0.dataset.roots.clone()
    }

    /// The dataset with images that were fetched into `folder`: by row, the file there, or why there is none.
    fn with_fetched(&self, py: Python<'_>, folder: PathBuf, files: Vec<(usize, Option<String>, String)>) -> Self {
        let fetched: Vec<Fetched> = files.into_iter().map(|(row, file, reason)| (row, file.ok_or(reason))).collect();
        Self::new(py.detach(|| with_fetched(&self.0, &folder, &fetched)))
    }

    /// Kind, severity, path, line and message of each problem.
    #[getter]
    fn problems(&self) -> Vec<(&'static str, &'static str, &str, u32, &str)> {
        let rows = self.0.problems.iter().map(|problem| {
            let severity = match problem.kind.severity() {
                Severity::Note => "note",
                Severity::Fixed => "fixed",
                Severity::Error => "error",
            };
            let place = &problem.place;
            (problem.kind.word(), severity, place.path.as_str(), place.line, problem.message.as_str())
        });
        rows.collect()
    }

    /// How many problems of each kind.
    #[getter]
    fn problem_counts(&self) -> Vec<(&'static str, u64)> {
        self.0.problems.counts().iter().map(|(kind, count)| (kind.word(), *count)).collect()
    }

    /// The split of each image.
    #[getter]
    fn splits(&self) -> Vec<Option<&'static str>> {
        self.0.dataset.images.split.iter().map(|split| split.map(Split::name)).collect()
    }

    /// A column of text.
    fn text<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let strings = self.strings(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        PyList::new(py, strings.iter())
    }

    /// One value of a column of text.
    fn text_at(&self, name: &str, row: usize) -> PyResult<&str> {
        let strings = self.strings(name).filter(|strings| row < strings.len());
        strings.map(|strings| strings.get(row)).ok_or_else(|| PyKeyError::new_err((name.to_owned(), row)))
    }

    /// A column of numbers, as a buffer.
    fn column(&self, name: &str) -> PyResult<Column> {
        let which = Which::ALL.iter().copied().find(|which| which.name() == name);
        let which = which.ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        Ok(Column::new(self.0.clone(), which))
    }

    /// Row and value of a column that few rows have a value in.
    fn values<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let (images, objects) = (&self.0.dataset.images, &self.0.dataset.objects);
        match name {
            "images.id" => PyList::new(py, images.id.iter().collect::<Vec<_>>()),
            "images.span" => PyList::new(py, images.span.iter().collect::<Vec<_>>()),
            "images.url" => PyList::new(py, images.url.iter().map(|(row, url)| (row, &**url)).collect::<Vec<_>>()),
            "images.captions" => {
                let texts = |(row, texts): (usize, &Vec<Box<str>>)| {
                    (row, texts.iter().map(|text| text.to_string()).collect::<Vec<_>>())
                };
                PyList::new(py, images.captions.iter().map(texts).collect::<Vec<_>>())
            }
            "images.labels" => PyList::new(py, images.labels.iter().collect::<Vec<_>>()),
            "objects.pose" => {
                PyList::new(py, objects.pose.iter().map(|(row, pose)| (row, &**pose)).collect::<Vec<_>>())
            }
            "objects.attributes" => {
                type Attributes = Vec<(Box<str>, Box<str>)>;
                let pairs = |(row, pairs): (usize, &Attributes)| {
                    let pair = |(name, value): &(Box<str>, Box<str>)| (name.to_string(), value.to_string());
                    (row, pairs.iter().map(pair).collect::<Vec<_>>())
                };
                PyList::new(py, objects.attributes.iter().map(pairs).collect::<Vec<_>>())
            }
            "objects.polygons" => PyList::new(
                py,
                objects.polygons.iter().map(|(row, outline)| (row, outline.to_vec())).collect::<Vec<_>>(),
            ),
            "objects.masks" => {
                let mask = |(row, mask): (usize, &Mask)| (row, (mask.height, mask.width, mask.runs.to_vec()));
                PyList::new(py, objects.masks.iter().map(mask).collect::<Vec<_>>())
            }
            "objects.keypoints" => {
                let point = |point: &Keypoint| (point.x, point.y, point.visibility);
                let rows = objects.keypoints.iter();
                PyList::new(
                    py,
                    rows.map(|(row, all)| (row, all.iter().map(point).collect::<Vec<_>>())).collect::<Vec<_>>(),
                )
            }
            "objects.corners" => PyList::new(py, objects.corners.iter().collect::<Vec<_>>()),
            "objects.area" => PyList::new(py, objects.area.iter().collect::<Vec<_>>()),
            "objects.score" => PyList::new(py, objects.score.iter().collect::<Vec<_>>()),
            "objects.track" => PyList::new(py, objects.track.iter().collect::<Vec<_>>()),
            "objects.id" => PyList::new(py, objects.id.iter().collect::<Vec<_>>()),
            _ => Err(PyKeyError::new_err(name.to_owned())),
        }
    }
}

/// A column of numbers.
#[derive(Clone, Copy)]
enum Which {
    Width,
    Height,
    Root,
    Source,
    Line,
    ObjectEnd,
    Class,
    Bbox,
    Flags,
    ObjectLine,
    Normalised,
}

impl Which {
    const ALL: &[Self] = &[
        Self::Width,
        Self::Height,
        Self::Root,
        Self::Source,
        Self::Line,
        Self::ObjectEnd,
        Self::Class,
        Self::Bbox,
        Self::Flags,
        Self::ObjectLine,
        Self::Normalised,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Width => "images.width",
            Self::Height => "images.height",
            Self::Root => "images.root",
            Self::Source => "images.source",
            Self::Line => "images.line",
            Self::ObjectEnd => "images.object_end",
            Self::Class => "objects.class",
            Self::Bbox => "objects.bbox",
            Self::Flags => "objects.flags",
            Self::ObjectLine => "objects.line",
            Self::Normalised => "objects.normalised",
        }
    }
}

/// A column of a dataset, readable through the buffer protocol; it keeps the dataset alive.
#[pyclass(frozen, module = "recordmill._native")]
pub struct Column {
    loaded: Arc<Loaded>,
    which: Which,
    shape: [isize; 2],
    strides: [isize; 2],
    format: &'static CStr,
}

impl Column {
    fn new(loaded: Arc<Loaded>, which: Which) -> Self {
        let mut column = Self { loaded, which, shape: [0, 4], strides: [0, 8], format: c"" };
        let (_, rows, row_size, format) = column.memory();
        column.shape[0] = rows as isize;
        column.strides[0] = row_size as isize;
        column.format = format;
        column
    }

    /// Where it lies, number of rows, bytes per row, and the format of an element.
    fn memory(&self) -> (*const c_void, usize, usize, &'static CStr) {
        fn of<T>(values: &[T], format: &'static CStr) -> (*const c_void, usize, usize, &'static CStr) {
            (values.as_ptr().cast(), values.len(), size_of::<T>(), format)
        }
        let (images, objects) = (&self.loaded.dataset.images, &self.loaded.dataset.objects);
        match self.which {
            Which::Width => of(&images.width, c"I"),
            Which::Height => of(&images.height, c"I"),
            Which::Root => of(&images.root, c"H"),
            Which::Source => of(&images.source, c"I"),
            Which::Line => of(&images.line, c"I"),
            Which::ObjectEnd => of(&images.object_end, c"Q"),
            Which::Class => of(&objects.class, c"I"),
            Which::Bbox => of(&objects.bbox, c"d"),
            Which::Flags => of(&objects.flags, c"H"),
            Which::ObjectLine => of(&objects.line, c"I"),
            Which::Normalised => of(&objects.normalised, c"?"),
        }
    }

    const fn dimensions(&self) -> usize {
        if matches!(self.which, Which::Bbox) { 2 } else { 1 }
    }
}

#[pymethods]
impl Column {
    // SAFETY: the interpreter calls it, with a view that is its own for the time, or null.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view"));
        }
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("a dataset's columns cannot be written"));
        }
        let column = slf.get();
        let (start, rows, row_size, format) = column.memory();
        let dimensions = column.dimensions();
        // SAFETY: `view` is a Py_buffer for us to fill. The memory it gets belongs to a dataset that nothing changes, shape
        // and strides to the column; `obj` keeps the column, and with it both, while the view lives.
        unsafe {
            (*view).buf = start.cast_mut();
            (*view).len = (rows * row_size) as isize;
            (*view).readonly = 1;
            (*view).itemsize = (row_size / if dimensions == 2 { 4 } else { 1 }) as isize;
            (*view).format = if flags & ffi::PyBUF_FORMAT == ffi::PyBUF_FORMAT {
                format.as_ptr().cast_mut()
            } else {
                std::ptr::null_mut()
            };
            (*view).ndim = dimensions as c_int;
            (*view).shape = if flags & ffi::PyBUF_ND == ffi::PyBUF_ND {
                column.shape.as_ptr().cast_mut()
            } else {
                std::ptr::null_mut()
            };
            (*view).strides = if flags & ffi::PyBUF_STRIDES == ffi::PyBUF_STRIDES {
                column.strides.as_ptr().cast_mut()
            } else {
                std::ptr::null_mut()
            };
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_ptr();
        }
        Ok(())
    }

    fn __len__(&self) -> usize {
        self.shape[0] as usize
    }
}
