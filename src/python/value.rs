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
//! Floats become float32 by the rule of [`crate::example::numbers`]. A finite one beyond its range is an
//! `OverflowError`, as is an int beyond 64 bits.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUnicodeDecodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyMemoryView, PyString, PyTuple};
use pyo3::{ffi, intern};

use super::errors;
use crate::example::{self, Builder, EncodeError, numbers};

/// Takes features from Python and writes them into an Example. Kept from one to the next, so that its space is.
#[derive(Default)]
struct Gatherer {
    builder: Builder<Py<PyBytes>>,
    values: Scratch,
}

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

thread_local! {
    static SPARE: Cell<Option<Box<Gatherer>>> = const { Cell::new(None) };
}

/// Bytes beyond which space is given back rather than kept for the next Example.
const KEPT: usize = 1 << 20;
/// From this length on, `bytes` are not copied before the Example is written.
const LARGE: usize = 4096;

/// A finished message in pieces.
pub struct Message<'a, 'py> {
    builder: &'a Builder<Py<PyBytes>>,
    header: ([u8; 11], usize),
    /// Bytes in all.
    pub len: usize,
    py: Python<'py>,
}

impl<'py> Message<'_, 'py> {
    /// The bytes, each copied once.
    pub fn to_bytes(&self) -> PyResult<Bound<'py, PyBytes>> {
        // SAFETY: a new `bytes` of `len` bytes that nobody else knows yet. All of them are written before it leaves
        // here: the pieces are `len` bytes in all, and each is checked against the room that is left.
        unsafe {
            let raw = ffi::PyBytes_FromStringAndSize(std::ptr::null(), self.len as ffi::Py_ssize_t);
            let bytes = Bound::from_owned_ptr_or_err(self.py, raw)?;
            let mut target = ffi::PyBytes_AsString(raw).cast::<u8>();
            let mut left = self.len;
            self.pieces(|piece| {
                assert!(piece.len() <= left, "pieces longer than announced");
                std::ptr::copy_nonoverlapping(piece.as_ptr(), target, piece.len());
                target = target.add(piece.len());
                left -= piece.len();
            });
            assert_eq!(left, 0, "pieces shorter than announced");
            Ok(bytes.cast_into_unchecked())
        }
    }

    /// Whether it holds no feature.
    fn is_empty(&self) -> bool {
        self.len == self.header.1
    }

    /// Passes the bytes to `put`, piece by piece.
    pub fn pieces(&self, mut put: impl FnMut(&[u8])) {
        put(&self.header.0[..self.header.1]);
        self.builder.pieces(|large| large.as_bytes(self.py), put);
    }
}

/// Lends a [`Gatherer`]. It is taken out of its place for the time, since the `__index__` or `__array__` of a value may
/// come back in here.
fn with_gatherer<T>(work: impl FnOnce(&mut Gatherer) -> T) -> T {
    let mut gatherer = SPARE.take().unwrap_or_default();
    let result = work(&mut gatherer);
    gatherer.builder.clear();
    gatherer.values.clear();
    if gatherer.builder.capacity() + gatherer.values.capacity() <= KEPT {
        SPARE.set(Some(gatherer));
    }
    result
}

/// Encodes the features of `mapping` as an Example and passes it to `then`.
pub fn encode_mapping<'py, T>(
    mapping: &Bound<'py, PyAny>,
    then: impl FnOnce(&Message<'_, 'py>) -> PyResult<T>,
) -> PyResult<T> {
    with_gatherer(|gatherer| {
        gatherer.mapping(mapping)?;
        then(&gatherer.message(mapping.py(), 1)?)
    })
}

/// Encodes a SequenceExample and gives its bytes.
pub fn encode_sequence<'py>(context: &Bound<'py, PyAny>, lists: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let py = context.py();
    let mut bytes = Vec::new();
    with_gatherer(|gatherer| {
        gatherer.mapping(context)?;
        let message = gatherer.message(py, 1)?;
        // As in protobuf, a message that nobody set is left out.
        if !message.is_empty() {
            message.pieces(|piece| bytes.extend_from_slice(piece));
        }
        gatherer.builder.clear();
        gatherer.feature_lists(lists)?;
        let message = gatherer.message(py, 2)?;
        if !message.is_empty() {
            message.pieces(|piece| bytes.extend_from_slice(piece));
        }
        Ok(PyBytes::new(py, &bytes))
    })
}

/// Name and value of all that a mapping holds, taken out before a value is converted: that may run Python code, which
/// may change the mapping.
pub fn items<'py>(mapping: &Bound<'py, PyAny>) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    if let Ok(dict) = mapping.cast::<PyDict>() {
        return Ok(dict.iter().collect());
    }
    match mapping.cast::<PyMapping>() {
        Ok(mapping) => mapping.items()?.iter().map(|item| item.extract()).collect(),
        Err(_) => {
            let name = Refusal::type_of(mapping);
            Err(PyTypeError::new_err(format!("features must be a dict of names to values, not {name}")))
        }
    }
}

/// The name of a feature.
pub fn name<'a>(key: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    if let Ok(text) = key.cast::<PyString>() {
        return text.to_str();
    }
    match key.cast::<PyBytes>() {
        Ok(bytes) => std::str::from_utf8(bytes.as_bytes())
            .map_err(|error| PyUnicodeDecodeError::new_err_from_utf8(key.py(), bytes.as_bytes(), error)),
        Err(_) => Err(PyTypeError::new_err(format!("feature names must be str, not {}", Refusal::type_of(key)))),
    }
}

impl Gatherer {
    fn mapping(&mut self, mapping: &Bound<'_, PyAny>) -> PyResult<()> {
        items(mapping)?.iter().try_for_each(|(key, value)| self.add(name(key)?, value))
    }

    fn message<'py>(&mut self, py: Python<'py>, field: u8) -> PyResult<Message<'_, 'py>> {
        let len = self.builder.finish().map_err(|error| errors::of_encode(&error))?;
        let header = example::message_header(field, len);
        let len = len + header.1;
        if len as u64 > example::MAX_LEN {
            return Err(errors::of_encode(&EncodeError::TooLarge { len: len as u64 }));
        }
        Ok(Message { builder: &self.builder, header, len, py })
    }

    #[inline]
    fn add(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Ok(bytes) = value.cast_exact::<PyBytes>() {
            let value = bytes.as_bytes();
            if value.len() >= LARGE {
                self.builder.large(key, bytes.clone().unbind(), value.len());
            } else {
                self.builder.bytes(key, std::iter::once(value));
            }
            return Ok(());
        }
        let Self { builder, values } = self;
        values.clear();
        match values.take(value, true).map_err(|refusal| refusal.into_error(value.py(), key))? {
            Kind::Unset => builder.unset(key),
            Kind::Float => builder.floats(key, &values.floats),
            Kind::Int64 => builder.ints(key, &values.ints),
            Kind::Bytes => builder.bytes(key, values.byte_strings(value.py())),
        }
        Ok(())
    }

    fn feature_lists(&mut self, lists: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = lists.py();
        for (key, steps) in items(lists)? {
            let key = name(&key)?;
            let Self { builder, values } = self;
            let iterable = !(steps.is_instance_of::<PyString>()
                || steps.is_instance_of::<PyBytes>()
                || steps.is_instance_of::<PyDict>());
            let steps = match steps.try_iter() {
                Ok(steps) if iterable => steps,
                _ => {
                    let name = Refusal::type_of(&steps);
                    let message = format!("feature list {key:?}: expected a list of steps, not {name}");
                    return Err(PyTypeError::new_err(message));
                }
            };
            for (place, step) in steps.enumerate() {
                let step = step?;
                values.clear();
                let kind = values.take(&step, true);
                match kind.map_err(|refusal| refusal.into_error(py, &format!("{key}[{place}]")))? {
                    Kind::Unset => builder.step_unset(),
                    Kind::Float => builder.step_floats(&values.floats),
                    Kind::Int64 => builder.step_ints(&values.ints),
                    Kind::Bytes => builder.step_bytes(values.byte_strings(py)),
                }
            }
            builder.list(key);
        }
        Ok(())
    }
}

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
        let Some(first) = list.iter().next() else { return Ok(Kind::Unset) };
        // The two common lists, straight through; anything else in them starts again below.
        if first.is_exact_instance_of::<PyFloat>() {
            for item in list.iter() {
                match item.cast_exact::<PyFloat>() {
                    Ok(float) => self.floats.push(narrow(float.value())?),
                    Err(_) => break,
                }
            }
            if self.floats.len() == list.len() {
                return Ok(Kind::Float);
            }
            self.floats.clear();
        } else if first.is_exact_instance_of::<PyInt>() {
            for item in list.iter() {
                match item.cast_exact::<PyInt>().map(|int| int.extract::<i64>()) {
                    Ok(Ok(int)) => self.ints.push(int),
                    _ => break,
                }
            }
            if self.ints.len() == list.len() {
                return Ok(Kind::Int64);
            }
            self.ints.clear();
        } else if first.is_exact_instance_of::<PyBytes>() || first.is_exact_instance_of::<PyString>() {
            for item in list.iter() {
                if let Ok(bytes) = item.cast_exact::<PyBytes>() {
                    self.blobs.push(Blob::Shared(bytes.clone().unbind()));
                } else if let Ok(text) = item.cast_exact::<PyString>() {
                    let blob = self.copy(text.to_str()?.as_bytes());
                    self.blobs.push(blob);
                } else {
                    break;
                }
            }
            if self.blobs.len() == list.len() {
                return Ok(Kind::Bytes);
            }
            self.blobs.clear();
        }
        self.mixed_list(list)
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

    fn buffer(&mut self, value: &Bound<'_, PyAny>, buffer: &PyUntypedBuffer) -> Gathering<Kind> {
        let bytes = contiguous(buffer)?;
        if is_raw(value, buffer)? {
            let blob = self.copy(&bytes);
            self.blobs.push(blob);
            return Ok(Kind::Bytes);
        }
        let unsupported = || {
            let name = Refusal::type_of(value);
            let format = buffer.format().to_string_lossy().into_owned();
            Refusal::Type(format!(
                "cannot encode {name} of element type {format:?}, expected integers, floats, bool, bytes or str"
            ))
        };
        let (big, code) = element_format(buffer.format().to_bytes()).ok_or_else(unsupported)?;
        let size = buffer.item_size();
        match (code, size) {
            (b'b' | b'h' | b'i' | b'l' | b'q' | b'n', 1 | 2 | 4 | 8) => Ok(self.signed(&bytes, size, big)),
            (b'B' | b'H' | b'I' | b'L' | b'Q' | b'N', 1 | 2 | 4 | 8) => self.unsigned(&bytes, size, big),
            (b'?', 1) => {
                self.ints.extend(bytes.iter().map(|byte| i64::from(*byte != 0)));
                Ok(Kind::Int64)
            }
            (b'e', 2) | (b'f', 4) | (b'd', 8) => self.real(&bytes, size, big),
            (b's', 0) | (b'w', 0) => Err(unsupported()),
            (b's', _) => {
                for item in bytes.chunks_exact(size) {
                    let blob = self.copy(trim_end(item, 1));
                    self.blobs.push(blob);
                }
                Ok(Kind::Bytes)
            }
            (b'w', _) if size.is_multiple_of(4) => self.wide(&bytes, size, big),
            (b'O', _) => {
                let flat = value.call_method0("ravel").and_then(|flat| flat.call_method0("tolist"));
                let flat = flat.map_err(|_| unsupported())?;
                self.list(flat.cast::<PyList>().map_err(PyErr::from)?)
            }
            _ => Err(unsupported()),
        }
    }

    fn signed(&mut self, bytes: &[u8], size: usize, big: bool) -> Kind {
        match size {
            1 => self.ints.extend(bytes.iter().map(|byte| i64::from(*byte as i8))),
            2 => self.ints.extend(chunks::<2>(bytes, big).map(|item| i64::from(i16::from_le_bytes(item)))),
            4 => self.ints.extend(chunks::<4>(bytes, big).map(|item| i64::from(i32::from_le_bytes(item)))),
            _ => self.ints.extend(chunks::<8>(bytes, big).map(i64::from_le_bytes)),
        }
        Kind::Int64
    }

    fn unsigned(&mut self, bytes: &[u8], size: usize, big: bool) -> Gathering<Kind> {
        match size {
            1 => self.ints.extend(bytes.iter().map(|byte| i64::from(*byte))),
            2 => self.ints.extend(chunks::<2>(bytes, big).map(|item| i64::from(u16::from_le_bytes(item)))),
            4 => self.ints.extend(chunks::<4>(bytes, big).map(|item| i64::from(u32::from_le_bytes(item)))),
            _ => {
                for value in chunks::<8>(bytes, big).map(u64::from_le_bytes) {
                    self.ints.push(i64::try_from(value).map_err(|_| Refusal::beyond_64_bits(value))?);
                }
            }
        }
        Ok(Kind::Int64)
    }

    fn real(&mut self, bytes: &[u8], size: usize, big: bool) -> Gathering<Kind> {
        match size {
            2 => self.floats.extend(chunks::<2>(bytes, big).map(|item| half(u16::from_le_bytes(item)))),
            4 => self.floats.extend(chunks::<4>(bytes, big).map(f32::from_le_bytes)),
            _ => {
                self.floats.reserve(bytes.len() / 8);
                for item in chunks::<8>(bytes, big) {
                    self.floats.push(narrow(f64::from_le_bytes(item))?);
                }
            }
        }
        Ok(Kind::Float)
    }

    /// numpy's `U`: UTF-32, filled up with NULs.
    fn wide(&mut self, bytes: &[u8], size: usize, big: bool) -> Gathering<Kind> {
        for item in bytes.chunks_exact(size) {
            let from = self.copied.len();
            let points = || chunks::<4>(item, big).map(u32::from_le_bytes);
            let len = points().enumerate().filter(|(_, point)| *point != 0).last().map_or(0, |(place, _)| place + 1);
            for point in points().take(len) {
                let letter =
                    char::from_u32(point).ok_or_else(|| Refusal::Value(format!("U+{point:04X} is no character")))?;
                self.copied.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            self.blobs.push(Blob::Copied(from..self.copied.len()));
        }
        Ok(Kind::Bytes)
    }
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

/// Whether a buffer is bytes rather than numbers: of unsigned bytes, and not of a type that says its element type
/// (numpy's `dtype`, `array.array`'s `typecode`).
pub fn is_raw(value: &Bound<'_, PyAny>, buffer: &PyUntypedBuffer) -> PyResult<bool> {
    let py = value.py();
    let bytes = matches!(buffer.format().to_bytes(), b"B" | b"c" | b"<B" | b"@B") && buffer.dimensions() == 1;
    Ok(bytes
        && (value.is_exact_instance_of::<PyMemoryView>()
            || !(value.hasattr(intern!(py, "dtype"))? || value.hasattr(intern!(py, "typecode"))?)))
}

/// Byte order (whether big-endian) and letter of a single element, of `struct` and PEP 3118; `3s` and `3w` by their
/// letter.
fn element_format(format: &[u8]) -> Option<(bool, u8)> {
    let (big, rest) = match format {
        [b'>' | b'!', rest @ ..] => (true, rest),
        [b'<', rest @ ..] => (false, rest),
        [b'@' | b'=', rest @ ..] => (cfg!(target_endian = "big"), rest),
        rest => (cfg!(target_endian = "big"), rest),
    };
    let (letter, count) = rest.split_last()?;
    let counted = matches!(letter, b's' | b'w') && count.iter().all(u8::is_ascii_digit);
    (count.is_empty() || counted).then_some((big, *letter))
}

/// The elements in C order, one behind the other; copied only where they do not lie so.
fn contiguous<'a>(buffer: &'a PyUntypedBuffer) -> Gathering<Cow<'a, [u8]>> {
    let len = buffer.len_bytes();
    if len == 0 {
        return Ok(Cow::Borrowed(&[]));
    }
    if buffer.is_c_contiguous() {
        // SAFETY: a C-contiguous buffer is `len_bytes` readable bytes, which its owner keeps in place while `buffer`
        // lives. They are read before Python code runs again.
        return Ok(Cow::Borrowed(unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast::<u8>(), len) }));
    }
    if buffer.suboffsets().is_some() {
        return Err(Refusal::Type("cannot encode a buffer of pointers (suboffsets)".into()));
    }
    let (shape, strides, size) = (buffer.shape(), buffer.strides(), buffer.item_size());
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Refusal::Value(format!("no memory for {len} bytes")))?;
    let mut place = vec![0_usize; shape.len()];
    let mut offset = 0_isize;
    'all: loop {
        // SAFETY: `offset` is the sum of stride times a place below the shape in each dimension, which PEP 3118 says is
        // an element of `size` bytes.
        bytes.extend_from_slice(unsafe {
            std::slice::from_raw_parts(buffer.buf_ptr().cast::<u8>().offset(offset), size)
        });
        for axis in (0..shape.len()).rev() {
            place[axis] += 1;
            offset += strides[axis];
            if place[axis] < shape[axis] {
                continue 'all;
            }
            offset -= strides[axis] * shape[axis] as isize;
            place[axis] = 0;
        }
        return Ok(Cow::Owned(bytes));
    }
}

/// A float32, by the rule of [`numbers`].
#[inline]
fn narrow(value: f64) -> Gathering<f32> {
    numbers::to_f32(value).ok_or_else(
        #[cold]
        || Refusal::Overflow(format!("{value:e} is beyond the range of float32")),
    )
}

/// Elements of `N` bytes, little-endian.
fn chunks<const N: usize>(bytes: &[u8], big: bool) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().map(move |item| {
        let mut item = *item;
        if big {
            item.reverse();
        }
        item
    })
}

/// Without the zero items at the end, as numpy gives the elements of its `S` arrays.
fn trim_end(item: &[u8], size: usize) -> &[u8] {
    let len = item.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &item[..len.next_multiple_of(size)]
}

/// A float16, exactly.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // 2^-24 per unit; both factors are exact.
        0 => f32::from_bits(sign | (fraction as f32 * f32::from_bits(0x3380_0000)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        assert_eq!(half(0x3c00), 1.0);
        assert_eq!(half(0xc000), -2.0);
        assert_eq!(half(0x7bff), 65504.0);
        assert_eq!(half(0x0001), 2_f32.powi(-24));
        assert_eq!(half(0x83ff), -1023.0 * 2_f32.powi(-24));
        assert_eq!(half(0x8000).to_bits(), 0x8000_0000);
        assert_eq!(half(0xfc00), f32::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn formats_of_single_elements_only() {
        assert_eq!(element_format(b">i"), Some((true, b'i')));
        assert_eq!(element_format(b"3s"), Some((false, b's')));
        for format in [&b"T{i:a:}"[..], b"2i", b"Zd", b""] {
            assert_eq!(element_format(format), None);
        }
    }
}
