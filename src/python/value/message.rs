//! Features of Python to the bytes of an Example or SequenceExample.

use std::cell::Cell;

use pyo3::exceptions::{PyTypeError, PyUnicodeDecodeError};
#[cfg(feature = "abi3")]
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString};

use super::super::fresh;
use super::{Kind, Refusal, Scratch, errors, narrow};
use crate::example::{self, Builder, EncodeError};

/// Takes features from Python and writes them into an Example. Kept from one to the next, so that its space is.
#[derive(Default)]
struct Gatherer {
    builder: Builder<Py<PyBytes>>,
    values: Scratch,
}
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
        fresh::of_pieces(self.py, self.len, |pieces| self.pieces(|piece| pieces.put(piece)))
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
        let done = match mapping.cast_exact::<PyDict>() {
            Ok(dict) => match self.plain_values(dict)? {
                done if done == dict.len() => return Ok(()),
                done => done,
            },
            Err(_) => 0,
        };
        items(mapping)?.iter().skip(done).try_for_each(|(key, value)| self.add(name(key)?, value))
    }

    /// Adds what `dict` begins with as far as it is plain, and says how much that was. With abi3 there is a GIL, and
    /// counting references takes as long as the values do.
    #[cfg(feature = "abi3")]
    fn plain_values(&mut self, dict: &Bound<'_, PyDict>) -> PyResult<usize> {
        let py = dict.py();
        let (mut place, mut done) = (0, 0);
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: it is a dict, `place` began at 0, and key and value are written if there is one more.
        while unsafe { ffi::PyDict_Next(dict.as_ptr(), &mut place, &mut key, &mut value) } != 0 {
            // SAFETY: the dict holds both until it changes. This thread has the GIL, and nothing that is done with them
            // here runs Python code.
            let (key, value) = unsafe { (Borrowed::from_ptr(py, key), Borrowed::from_ptr(py, value)) };
            let Ok(key) = key.cast_exact::<PyString>() else { break };
            if !self.add_plain(key.to_str()?, &value)? {
                break;
            }
            done += 1;
        }
        Ok(done)
    }

    #[cfg(not(feature = "abi3"))]
    fn plain_values(&mut self, _: &Bound<'_, PyDict>) -> PyResult<usize> {
        Ok(0)
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

    fn add(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if self.add_plain(key, value)? {
            return Ok(());
        }
        self.values.clear();
        let kind = self.values.take(value, true).map_err(|refusal| refusal.into_error(value.py(), key))?;
        self.put(key, kind, value.py());
        Ok(())
    }

    /// Adds a value if it is a plain one, that is of the very type, or a list of such. Runs no Python code.
    #[inline]
    fn add_plain(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let refused = |refusal: Refusal| refusal.into_error(value.py(), key);
        let Self { builder, values } = self;
        if let Ok(bytes) = value.cast_exact::<PyBytes>() {
            let value = bytes.as_bytes();
            if value.len() >= LARGE {
                builder.large(key, bytes.clone().unbind(), value.len());
            } else {
                builder.bytes(key, std::iter::once(value));
            }
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            values.clear();
            let Some(kind) = values.plain_list(list).map_err(refused)? else { return Ok(false) };
            self.put(key, kind, value.py());
        } else if let Ok(int) = value.cast_exact::<PyInt>() {
            let Ok(int) = int.extract::<i64>() else { return Ok(false) };
            builder.ints(key, &[int]);
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            builder.floats(key, &[narrow(float.value()).map_err(refused)?]);
        } else if let Ok(text) = value.cast_exact::<PyString>() {
            let Ok(text) = text.to_str() else { return Ok(false) };
            builder.bytes(key, std::iter::once(text.as_bytes()));
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Adds the values taken.
    #[inline]
    fn put(&mut self, key: &str, kind: Kind, py: Python<'_>) {
        let Self { builder, values } = self;
        match kind {
            Kind::Unset => builder.unset(key),
            Kind::Float => builder.floats(key, &values.floats),
            Kind::Int64 => builder.ints(key, &values.ints),
            Kind::Bytes => builder.bytes(key, values.byte_strings(py)),
        }
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
