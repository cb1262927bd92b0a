//! `bytes` that are written after they are made: what is in them is copied once, or not at all.

use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A `bytes` that nobody else knows yet, and whose bytes are not written yet.
pub struct FreshBytes<'py> {
    bytes: Bound<'py, PyBytes>,
    /// Of its bytes.
    start: *mut MaybeUninit<u8>,
    len: usize,
}

impl<'py> FreshBytes<'py> {
    /// One of `len` bytes.
    #[inline]
    pub fn new(py: Python<'py>, len: usize) -> PyResult<Self> {
        // SAFETY: without a source it is `len` bytes that are not initialised, or an error that is set. (What is longer
        // than `isize::MAX` becomes a negative length, which is a SystemError.) `PyBytes_AsString` fails for other types
        // only.
        unsafe {
            let raw = ffi::PyBytes_FromStringAndSize(std::ptr::null(), len as ffi::Py_ssize_t);
            let bytes = Bound::from_owned_ptr_or_err(py, raw)?.cast_into_unchecked();
            Ok(Self { bytes, start: ffi::PyBytes_AsString(raw).cast(), len })
        }
    }

    /// Where its bytes belong.
    #[inline]
    pub fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the object has `len` bytes from there on and lives as long as `self`. It is new, so that nobody else can
        // look at them, unless it is the one `b""` there is, which has none.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }

    /// The `bytes`.
    ///
    /// # Safety
    ///
    /// Every byte of [`room`](Self::room) has been written.
    #[inline]
    pub unsafe fn written(self) -> Bound<'py, PyBytes> {
        self.bytes
    }
}
