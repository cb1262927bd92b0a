//! `encode_example` and `decode_example`: dicts of Python values to the bytes of a record and back.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyMemoryView, PySlice};

use super::{errors, value};
use crate::example::{self, BytesList, FloatList, Int64List, Values};

/// Encodes features as a tf.train.Example.
///
/// `features` is a dict of names to values:
///
/// - bytes, bytearray, a memoryview of bytes, str (as UTF-8): one value of `bytes_list`
/// - int, bool: one value of `int64_list`
/// - float: one value of `float_list`
/// - a list or tuple of these: as many values; int beside float becomes float
/// - an array or scalar of numpy, array.array, a typed memoryview, or what has `__array__`: its values in C order, by
///   its dtype, which is any of integers, floats up to 64 bits, bool, `S`, `U` or object; no masked array, whose hidden
///   values would be written: take its `.filled()`
/// - None, an empty list: a feature without a kind; an empty array keeps its kind
///
/// Floats are rounded to float32, ties to even. Keys are sorted by their bytes: equal features give equal bytes, those
/// of `SerializeToString(deterministic=True)` (which puts a key behind those that begin with it).
///
/// Example:
///     >>> rm.encode_example({"id": 7, "scores": [0.5, 1], "name": "a"}).hex()[:8]
///     '0a340a0b'
///
/// Raises:
///     TypeError: A value is none of these; the feature is named.
///     OverflowError: An int is beyond 64 bits, or a finite float beyond float32 (TensorFlow would write infinity).
///     ValueError: A name is given twice, or the Example would be larger than 2 GiB.
#[pyfunction]
#[pyo3(signature = (features, /))]
pub fn encode_example<'py>(features: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    value::encode_mapping(features, |example| example.to_bytes())
}

/// Encodes a tf.train.SequenceExample.
///
/// Example:
///     >>> payload = rm.encode_sequence_example({"id": 7}, {"words": [["a", "b"], ["c"]]})
///     >>> rm.decode_sequence_example(payload)
///     ({'id': array([7])}, {'words': [[b'a', b'b'], [b'c']]})
///
/// Args:
///     context: Features of the whole, as for `encode_example`.
///     feature_lists: Names to lists (or arrays) of steps; each step is a value as for `encode_example`.
#[pyfunction]
#[pyo3(signature = (context, feature_lists, /))]
pub fn encode_sequence_example<'py>(
    context: &Bound<'py, PyAny>,
    feature_lists: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    value::encode_sequence(context, feature_lists)
}

/// Decodes a tf.train.Example to a dict, in the order of its keys on the wire.
///
/// A feature is an int64 or float32 array, a list of bytes, or None where no kind is set. With `views`, byte strings are
/// memoryviews and float arrays are read-only, both of the payload's own memory.
///
/// Example:
///     >>> rm.decode_example(rm.encode_example({"id": 7, "name": "a"}))
///     {'id': array([7]), 'name': [b'a']}
///
/// Args:
///     payload: bytes, bytearray or memoryview.
///     views: Share the payload's memory where it is safe.
///
/// Raises:
///     ExampleError: The bytes are no Example; `offset` says where. What protobuf's own parser reads, is read.
#[pyfunction]
#[pyo3(signature = (payload, /, *, views=false))]
pub fn decode_example<'py>(payload: &Bound<'py, PyAny>, views: bool) -> PyResult<Bound<'py, PyDict>> {
    let py = payload.py();
    let payload = Payload::new(payload, views)?;
    let decoded = example::decode(payload.bytes.as_bytes()).map_err(|error| errors::of_example(py, &error))?;
    payload.features(&decoded.features)
}

/// Decodes a tf.train.SequenceExample to its context, a dict as of `decode_example`, and its feature lists: a dict of
/// lists with such a value for each step.
#[pyfunction]
#[pyo3(signature = (payload, /, *, views=false))]
pub fn decode_sequence_example<'py>(
    payload: &Bound<'py, PyAny>,
    views: bool,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    let py = payload.py();
    let payload = Payload::new(payload, views)?;
    let decoded = example::decode_sequence(payload.bytes.as_bytes()).map_err(|error| errors::of_example(py, &error))?;
    let lists = PyDict::new(py);
    for (name, steps) in decoded.feature_lists.iter() {
        let steps = steps.iter().map(|values| payload.values(values)).collect::<PyResult<Vec<_>>>()?;
        lists.set_item(name, PyList::new(py, steps)?)?;
    }
    Ok((payload.features(&decoded.context)?, lists))
}

/// What numpy is asked for, looked up at the first array that is made.
struct Numpy {
    frombuffer: Py<PyAny>,
    float32: Py<PyAny>,
    int64: Py<PyAny>,
}

impl Numpy {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        static NUMPY: PyOnceLock<Numpy> = PyOnceLock::new();
        NUMPY.get_or_try_init(py, || {
            let numpy = py.import("numpy")?;
            let dtype = numpy.getattr("dtype")?;
            Ok(Self {
                frombuffer: numpy.getattr("frombuffer")?.unbind(),
                float32: dtype.call1(("<f4",))?.unbind(),
                int64: dtype.call1(("<i8",))?.unbind(),
            })
        })
    }
}

/// The bytes that are decoded, and how the values leave.
struct Payload<'py> {
    bytes: Bound<'py, PyBytes>,
    /// Where values may be views of `bytes`.
    view: Option<Bound<'py, PyMemoryView>>,
}

impl<'py> Payload<'py> {
    /// `bytes` as they are, and a copy of anything that could change while it is read.
    fn new(payload: &Bound<'py, PyAny>, views: bool) -> PyResult<Self> {
        let py = payload.py();
        let bytes = match payload.cast::<PyBytes>() {
            Ok(bytes) => bytes.clone(),
            Err(_) if payload.is_instance_of::<PyByteArray>() || payload.is_instance_of::<PyMemoryView>() => {
                py.get_type::<PyBytes>().call1((payload,))?.cast_into()?
            }
            Err(_) => {
                let name = payload.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "payload must be bytes, bytearray or memoryview, not {name}"
                )));
            }
        };
        let view = views.then(|| PyMemoryView::from(bytes.as_any())).transpose()?;
        Ok(Self { bytes, view })
    }

    fn features(&self, features: &example::Features<'_>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(self.bytes.py());
        for (name, values) in features.iter() {
            dict.set_item(name, self.values(values)?)?;
        }
        Ok(dict)
    }

    fn values(&self, values: &Values<'_>) -> PyResult<Bound<'py, PyAny>> {
        match values {
            Values::Unset => Ok(self.bytes.py().None().into_bound(self.bytes.py())),
            Values::Bytes(list) => self.byte_strings(list),
            Values::Float(list) => self.floats(list),
            Values::Int64(list) => self.ints(list),
        }
    }

    fn byte_strings(&self, list: &BytesList<'_>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.bytes.py();
        let Some(view) = &self.view else {
            return Ok(
                PyList::new(py, BytesItems(list.iter(), list.len()).map(|value| PyBytes::new(py, value)))?.into_any()
            );
        };
        let views = PyList::empty(py);
        for value in list.iter() {
            let start = self.offset(value);
            // `PySlice::new` (pyo3 0.30) never lets go of the three integers that it makes.
            let range = py.get_type::<PySlice>().call1((start, start + value.len() as isize))?;
            views.append(view.get_item(range)?)?;
        }
        Ok(views.into_any())
    }

    fn floats(&self, list: &FloatList<'_>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.bytes.py();
        let numpy = Numpy::get(py)?;
        let array = match (list.raw(), &self.view) {
            (Some(raw), Some(view)) if !raw.is_empty() => {
                let start = self.offset(raw);
                return numpy.frombuffer.bind(py).call1((view, &numpy.float32, list.len(), start));
            }
            (Some(raw), _) => PyByteArray::new(py, raw),
            (None, _) => PyByteArray::new_with(py, list.len() * 4, |bytes| {
                let slots = bytes.as_chunks_mut::<4>().0.iter_mut();
                slots.zip(list.iter()).for_each(|(slot, value)| *slot = value.to_le_bytes());
                Ok(())
            })?,
        };
        numpy.frombuffer.bind(py).call1((array, &numpy.float32))
    }

    fn ints(&self, list: &Int64List<'_>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.bytes.py();
        let numpy = Numpy::get(py)?;
        let array = PyByteArray::new_with(py, list.len() * 8, |bytes| {
            let slots = bytes.as_chunks_mut::<8>().0.iter_mut();
            slots.zip(list.iter()).for_each(|(slot, value)| *slot = value.to_le_bytes());
            Ok(())
        })?;
        numpy.frombuffer.bind(py).call1((array, &numpy.int64))
    }

    /// Where a part of the payload starts in it.
    fn offset(&self, part: &[u8]) -> isize {
        (part.as_ptr() as isize) - (self.bytes.as_bytes().as_ptr() as isize)
    }
}

/// The values of a list with their number, which `PyList::new` asks for.
struct BytesItems<'a, 'l>(example::Iter<'a, 'l, &'a [u8]>, usize);

impl<'a> Iterator for BytesItems<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.1 = self.1.saturating_sub(1);
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.1, Some(self.1))
    }
}

impl ExactSizeIterator for BytesItems<'_, '_> {}
