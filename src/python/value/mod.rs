//! Python values to the values of a feature.
//!
//! | Python                                                        | feature                                    |
//! |---------------------------------------------------------------|--------------------------------------------|
//! | `bytes`, `bytearray`, `memoryview` of bytes                   | one value of `bytes_list`                  |
//! | `str`                                                         | one value of `bytes_list`, UTF-8           |
//! | `int`, `bool`, what has `__index__`                           | one value of `int64_list`                  |
//! | `float`                                                       | one value of `float_list`                  |
//! | `list`, `tuple` of these                                      | as many values; `int` beside `float`: float|
//! | numpy array or scalar, `array.array`, typed `memoryview`      | by its dtype, in C order                   |
//! | numpy `S`, `U` and object arrays                              | `bytes_list`; object arrays as a list      |
//! | what has `__array__`                                          | as that array                              |
//! | `None`, an empty `list` or `tuple`                            | no kind set                                |
//!
//! A masked array of numpy is refused: what it hides would be written as if it were there.
//! Floats become float32 by the rule of [`crate::example::numbers`]. A finite one beyond its range is an
//! `OverflowError`, as is an int beyond 64 bits.

mod buffer;
mod message;

use std::ops::Range;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

pub use buffer::{Parts, is_raw};
use buffer::{contiguous, refuse_masked};
pub use message::{encode_mapping, encode_sequence, items, name};

use super::errors;
use crate::example::numbers;

/// The values of one feature.
#[derive(Default)]
pub struct Scratch {
    floats: Vec<f32>,
    ints: Vec<i64>,
    blobs: Vec<Blob>,
    /// Bytes of those blobs that are copies.
    copied: Vec<u8>,
}

/// Which of the three lists of [`Scratch`] counts.
#[derive(Clone, Copy)]
pub enum Kind {
    Unset,
    Bytes,
    Float,
    Int64,
}

/// One value of `bytes_list`: Python's own `bytes`, which cannot change, or a copy.
enum Blob {
    Shared(Py<PyBytes>),
    Copied(Range<usize>),
}

/// One value of a list.
enum Scalar {
    Int(i64),
    /// An `int` beyond 64 bits: fits beside floats only.
    Big(f64),
    Float(f64),
    Bytes(Blob),
}

/// Why a value is no feature.
pub enum Refusal {
    Type(String),
    Overflow(String),
    Value(String),
    /// What Python raised.
    Python(PyErr),
}

impl From<PyErr> for Refusal {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl Refusal {
    #[cold]
    pub fn into_error(self, py: Python<'_>, feature: &str) -> PyErr {
        match self {
            Self::Type(message) => PyTypeError::new_err(format!("feature {feature:?}: {message}")),
            Self::Overflow(message) => PyOverflowError::new_err(format!("feature {feature:?}: {message}")),
            Self::Value(message) => PyValueError::new_err(format!("feature {feature:?}: {message}")),
            Self::Python(error) => {
                // A note that cannot be added is no reason to lose the error.
                let _ = error.value(py).call_method1("add_note", (format!("in feature {feature:?}"),));
                error
            }
        }
    }

    #[cold]
    fn type_of(value: &Bound<'_, PyAny>) -> String {
        value.get_type().name().map_or_else(|_| "object".into(), |name| name.to_string())
    }

    #[cold]
    fn unsupported(value: &Bound<'_, PyAny>) -> Self {
        let name = Self::type_of(value);
        Self::Type(format!(
            "cannot encode {name}, expected int, float, bool, bytes, str, a list of one of them or an array"
        ))
    }

    #[cold]
    fn beyond_64_bits(value: impl std::fmt::Display) -> Self {
        Self::Overflow(format!("int {value} is beyond 64 bits, allowed are -2**63 to 2**63 - 1"))
    }
}

pub type Gathering<T> = Result<T, Refusal>;
impl Scratch {
    fn clear(&mut self) {
        self.floats.clear();
        self.ints.clear();
        self.blobs.clear();
        self.copied.clear();
    }

    fn capacity(&self) -> usize {
        self.copied.capacity() + 4 * self.floats.capacity() + 8 * self.ints.capacity() + 24 * self.blobs.capacity()
    }

    /// Values gathered by integers.
    pub fn ints(&self) -> &[i64] {
        &self.ints
    }

    /// See [`Self::ints`].
    pub fn into_ints(self) -> Vec<i64> {
        self.ints
    }

    /// Values gathered by floats.
    pub fn floats(&self) -> &[f32] {
        &self.floats
    }

    /// Number of values.
    pub fn len(&self, kind: &Kind) -> usize {
        match kind {
            Kind::Unset => 0,
            Kind::Bytes => self.blobs.len(),
            Kind::Float => self.floats.len(),
            Kind::Int64 => self.ints.len(),
        }
    }

    /// Puts the values of `other` behind these, and gives the kind of both: integers become floats beside floats.
    pub fn append(&mut self, kind: Kind, other: Self, other_kind: Kind) -> Gathering<Kind> {
        match (kind, other_kind) {
            (kind, Kind::Unset) => return Ok(kind),
            (Kind::Unset, kind) => {
                *self = other;
                return Ok(kind);
            }
            (Kind::Bytes, Kind::Bytes) => {
                let start = self.copied.len();
                self.copied.extend_from_slice(&other.copied);
                self.blobs.extend(other.blobs.into_iter().map(|blob| match blob {
                    Blob::Copied(range) => Blob::Copied(range.start + start..range.end + start),
                    shared @ Blob::Shared(_) => shared,
                }));
                return Ok(Kind::Bytes);
            }
            (Kind::Int64, Kind::Int64) => {
                self.ints.extend(other.ints);
                return Ok(Kind::Int64);
            }
            (Kind::Int64, Kind::Float) => {
                self.floats = self.ints.drain(..).map(|int| int as f64 as f32).collect();
                self.floats.extend(other.floats);
            }
            (Kind::Float, Kind::Int64) => self.floats.extend(other.ints.iter().map(|int| *int as f64 as f32)),
            (Kind::Float, Kind::Float) => self.floats.extend(other.floats),
            (Kind::Bytes, _) => return Err(Refusal::Type("numbers, and the rows before are bytes".into())),
            (_, Kind::Bytes) => return Err(Refusal::Type("bytes, and the rows before are numbers".into())),
        }
        Ok(Kind::Float)
    }

    /// The values of a `bytes_list`.
    pub fn byte_strings<'a>(&'a self, py: Python<'a>) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.blobs.iter().map(move |blob| match blob {
            Blob::Shared(bytes) => bytes.as_bytes(py),
            Blob::Copied(range) => &self.copied[range.clone()],
        })
    }

    /// Takes the values of one feature and says which list they are in. `__array__` is asked once only (`ask`).
    pub fn take(&mut self, value: &Bound<'_, PyAny>, ask: bool) -> Gathering<Kind> {
        if let Ok(list) = value.cast::<PyList>() {
            return self.list(list);
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.list(&tuple.to_list());
        }
        if value.is_none() {
            return Ok(Kind::Unset);
        }
        if let Some(scalar) = self.scalar(value)? {
            return self.one(scalar, value);
        }
        if let Ok(buffer) = PyUntypedBuffer::get(value) {
            // TensorFlow's tensors of strings have a buffer of objects that only their array is any use for.
            if buffer.format() != c"O" || value.hasattr(intern!(value.py(), "ravel"))? {
                return self.buffer(value, &buffer);
            }
        }
        if let Some(scalar) = self.foreign(value)? {
            return self.one(scalar, value);
        }
        let array = value.getattr_opt(intern!(value.py(), "__array__"))?;
        match array.filter(|_| ask && !value.is_instance_of::<pyo3::types::PyType>()) {
            Some(array) => self.take(&array.call0()?, false),
            None => Err(Refusal::unsupported(value)),
        }
    }

    /// A single value of another library: a numpy scalar, an array without dimensions, what has `__index__`.
    fn foreign(&mut self, value: &Bound<'_, PyAny>) -> Gathering<Option<Scalar>> {
        let py = value.py();
        if value.is_instance_of::<pyo3::types::PyType>() {
            return Ok(None);
        }
        if let Some(dimensions) = value.getattr_opt(intern!(py, "ndim"))? {
            refuse_masked(value)?;
            let single = dimensions.extract::<usize>().is_ok_and(|count| count == 0);
            return match value.getattr_opt(intern!(py, "item"))?.filter(|_| single) {
                Some(item) => self.scalar(&item.call0()?),
                None => Ok(None),
            };
        }
        let Some(_) = value.getattr_opt(intern!(py, "__index__"))? else { return Ok(None) };
        let int = py.import("operator")?.getattr("index")?.call1((value,))?;
        int_scalar(int.cast::<PyInt>().map_err(PyErr::from)?).map(Some)
    }

    fn one(&mut self, scalar: Scalar, value: &Bound<'_, PyAny>) -> Gathering<Kind> {
        match scalar {
            Scalar::Int(int) => self.ints.push(int),
            Scalar::Float(float) => {
                self.floats.push(narrow(float)?);
                return Ok(Kind::Float);
            }
            Scalar::Bytes(blob) => {
                self.blobs.push(blob);
                return Ok(Kind::Bytes);
            }
            Scalar::Big(_) => return Err(Refusal::beyond_64_bits(value)),
        }
        Ok(Kind::Int64)
    }

    /// A plain Python value, if it is one.
    #[inline]
    fn scalar(&mut self, value: &Bound<'_, PyAny>) -> Gathering<Option<Scalar>> {
        if let Ok(float) = value.cast::<PyFloat>() {
            return Ok(Some(Scalar::Float(float.value())));
        }
        if let Ok(int) = value.cast::<PyInt>() {
            return int_scalar(int).map(Some);
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Some(Scalar::Bytes(Blob::Shared(bytes.clone().unbind()))));
        }
        if let Ok(text) = value.cast::<PyString>() {
            let text = text.to_str()?;
            return Ok(Some(Scalar::Bytes(self.copy(text.as_bytes()))));
        }
        if let Ok(array) = value.cast_exact::<PyByteArray>() {
            let bytes = array.to_vec();
            return Ok(Some(Scalar::Bytes(self.copy(&bytes))));
        }
        Ok(None)
    }

    fn copy(&mut self, bytes: &[u8]) -> Blob {
        let start = self.copied.len();
        self.copied.extend_from_slice(bytes);
        Blob::Copied(start..self.copied.len())
    }

    fn list(&mut self, list: &Bound<'_, PyList>) -> Gathering<Kind> {
        match self.plain_list(list)? {
            Some(kind) => Ok(kind),
            None => self.mixed_list(list),
        }
    }

    /// Takes a list if its elements are all of one plain type, and nothing of any other. Runs no Python code.
    fn plain_list(&mut self, list: &Bound<'_, PyList>) -> Gathering<Option<Kind>> {
        if list.is_empty() {
            return Ok(Some(Kind::Unset));
        }
        let first = list.get_item(0)?;
        if first.is_exact_instance_of::<PyFloat>() {
            let floats = &mut self.floats;
            each_item(list, |item| {
                let Ok(float) = item.cast_exact::<PyFloat>() else { return Ok(false) };
                floats.push(narrow(float.value())?);
                Ok(true)
            })?;
            if self.floats.len() == list.len() {
                return Ok(Some(Kind::Float));
            }
            self.floats.clear();
        } else if first.is_exact_instance_of::<PyInt>() {
            let ints = &mut self.ints;
            each_item(list, |item| {
                let Ok(Ok(int)) = item.cast_exact::<PyInt>().map(|int| int.extract::<i64>()) else { return Ok(false) };
                ints.push(int);
                Ok(true)
            })?;
            if self.ints.len() == list.len() {
                return Ok(Some(Kind::Int64));
            }
            self.ints.clear();
        } else if first.is_exact_instance_of::<PyBytes>() || first.is_exact_instance_of::<PyString>() {
            let Self { blobs, copied, .. } = self;
            each_item(list, |item| {
                if let Ok(bytes) = item.cast_exact::<PyBytes>() {
                    blobs.push(Blob::Shared(bytes.to_owned().unbind()));
                } else if let Ok(text) = item.cast_exact::<PyString>() {
                    let start = copied.len();
                    copied.extend_from_slice(text.to_str()?.as_bytes());
                    blobs.push(Blob::Copied(start..copied.len()));
                } else {
                    return Ok(false);
                }
                Ok(true)
            })?;
            if self.blobs.len() == list.len() {
                return Ok(Some(Kind::Bytes));
            }
            self.blobs.clear();
        }
        Ok(None)
    }

    fn mixed_list(&mut self, list: &Bound<'_, PyList>) -> Gathering<Kind> {
        let mut scalars = Vec::new();
        let mut place = 0;
        while let Ok(item) = list.get_item(place) {
            let scalar = match self.scalar(&item)? {
                Some(scalar) => scalar,
                None => self.element(&item, place)?,
            };
            scalars.push(scalar);
            place += 1;
        }
        let is_bytes = |scalar: &Scalar| matches!(scalar, Scalar::Bytes(_));
        let is_float = |scalar: &Scalar| matches!(scalar, Scalar::Float(_));
        if let Some(other) = scalars.iter().position(|scalar| is_bytes(scalar) != is_bytes(&scalars[0])) {
            let names =
                [0, other].map(|place| list.get_item(place).map_or(String::new(), |item| Refusal::type_of(&item)));
            let [first, second] = names;
            return Err(Refusal::Type(format!(
                "element 0 is {first} and element {other} is {second}, one feature holds one kind"
            )));
        }
        if scalars.iter().all(is_bytes) {
            self.blobs.extend(scalars.into_iter().filter_map(|scalar| match scalar {
                Scalar::Bytes(blob) => Some(blob),
                _ => None,
            }));
            return Ok(Kind::Bytes);
        }
        if scalars.iter().any(is_float) {
            for scalar in scalars {
                self.floats.push(narrow(match scalar {
                    Scalar::Int(int) => int as f64,
                    Scalar::Big(float) | Scalar::Float(float) => float,
                    Scalar::Bytes(_) => continue,
                })?);
            }
            return Ok(Kind::Float);
        }
        for (place, scalar) in scalars.iter().enumerate() {
            match scalar {
                Scalar::Int(int) => self.ints.push(*int),
                _ => {
                    let item = list.get_item(place)?;
                    return Err(Refusal::beyond_64_bits(item));
                }
            }
        }
        Ok(Kind::Int64)
    }

    /// An element of a list that is no plain Python value: a memoryview, a numpy scalar, an array without dimensions.
    fn element(&mut self, item: &Bound<'_, PyAny>, place: usize) -> Gathering<Scalar> {
        if let Ok(buffer) = PyUntypedBuffer::get(item) {
            if is_raw(item, &buffer)? {
                return Ok(Scalar::Bytes(self.copy(&contiguous(&buffer)?)));
            }
        } else if let Some(scalar) = self.foreign(item)? {
            return Ok(scalar);
        }
        let name = Refusal::type_of(item);
        Err(Refusal::Type(format!("element {place} is {name}, expected int, float, bool, bytes or str")))
    }
}

/// Gives the items of `list` to `work`, until that wants no more. It must not run Python code.
#[inline]
fn each_item<'py>(
    list: &Bound<'py, PyList>,
    mut work: impl FnMut(Borrowed<'_, 'py, PyAny>) -> Gathering<bool>,
) -> Gathering<()> {
    // With abi3 there is a GIL, and counting references takes calls of functions, as long as taking a number does.
    #[cfg(feature = "abi3")]
    for place in 0..list.len() {
        // SAFETY: the list is one and has an item at the place. The item stays in it meanwhile: this thread has the GIL
        // and `work` runs no Python code.
        let item = unsafe {
            Borrowed::from_ptr(list.py(), pyo3::ffi::PyList_GetItem(list.as_ptr(), place as pyo3::ffi::Py_ssize_t))
        };
        if !work(item)? {
            break;
        }
    }
    #[cfg(not(feature = "abi3"))]
    for item in list.iter() {
        if !work(item.as_borrowed())? {
            break;
        }
    }
    Ok(())
}

#[inline]
fn int_scalar(int: &Bound<'_, PyInt>) -> Gathering<Scalar> {
    match int.extract::<i64>() {
        Ok(value) => Ok(Scalar::Int(value)),
        // Beyond what a double holds, this raises OverflowError itself.
        Err(_) => Ok(Scalar::Big(int.extract::<f64>().map_err(|_| Refusal::beyond_64_bits(int))?)),
    }
}

/// Whether it is a plain Python value.
pub fn is_scalar(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyFloat>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyString>()
}
/// A float32, by the rule of [`numbers`].
#[inline]
fn narrow(value: f64) -> Gathering<f32> {
    numbers::to_f32(value).ok_or_else(
        #[cold]
        || Refusal::Overflow(format!("{value:e} is beyond the range of float32")),
    )
}
