//! Paths as Python gives them: `str`, `bytes` or anything with `__fspath__`.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// A path argument. A NUL inside is refused: the system would cut the name there.
pub struct PathArg(pub PathBuf);

impl<'a, 'py> FromPyObject<'a, 'py> for PathArg {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let py = value.py();
        let plain = value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>();
        let value = if plain { value.to_owned() } else { py.import("os")?.getattr("fspath")?.call1((value,))? };
        let path = match value.cast::<PyBytes>() {
            Ok(bytes) => os_string(py, bytes.as_bytes())?,
            Err(_) => value.extract::<OsString>()?,
        };
        if path.as_encoded_bytes().contains(&0) {
            return Err(PyValueError::new_err("embedded null byte in path"));
        }
        Ok(Self(path.into()))
    }
}

/// Paths to read: one, or a sequence of them.
pub struct PathsArg(pub Vec<PathBuf>);

impl<'a, 'py> FromPyObject<'a, 'py> for PathsArg {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let one = value.is_instance_of::<PyString>()
            || value.is_instance_of::<PyBytes>()
            || value.hasattr(pyo3::intern!(value.py(), "__fspath__"))?;
        if one {
            return Ok(Self(vec![value.extract::<PathArg>()?.0]));
        }
        value.try_iter()?.map(|path| Ok(path?.extract::<PathArg>()?.0)).collect::<PyResult<_>>().map(Self)
    }
}

#[cfg(unix)]
fn os_string(_py: Python<'_>, bytes: &[u8]) -> PyResult<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Ok(std::ffi::OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn os_string(py: Python<'_>, bytes: &[u8]) -> PyResult<OsString> {
    let text = std::str::from_utf8(bytes);
    Ok(text.map_err(|error| pyo3::exceptions::PyUnicodeDecodeError::new_err_from_utf8(py, bytes, error))?.into())
}
