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

/// One of `len` bytes, which `write` puts there piece by piece.
///
/// # Panics
///
/// Where the pieces are not `len` bytes in all.
#[inline]
pub fn of_pieces<'py>(
    py: Python<'py>,
    len: usize,
    write: impl FnOnce(&mut Pieces<'_>),
) -> PyResult<Bound<'py, PyBytes>> {
    let mut bytes = FreshBytes::new(py, len)?;
    let mut pieces = Pieces { room: bytes.room() };
    write(&mut pieces);
    assert!(pieces.room.is_empty(), "pieces shorter than announced");
    // SAFETY: the pieces have been written one behind the other, and no room is left.
    Ok(unsafe { bytes.written() })
}

/// The part of a [`FreshBytes`] that is not written yet.
pub struct Pieces<'a> {
    room: &'a mut [MaybeUninit<u8>],
}

impl Pieces<'_> {
    /// Puts `piece` behind those before.
    #[inline]
    pub fn put(&mut self, piece: &[u8]) {
        let (place, rest) = std::mem::take(&mut self.room).split_at_mut(piece.len());
        // SAFETY: both are as long as the piece, and nothing else refers to new memory. (`write_copy_of_slice` is newer
        // than the oldest compiler that is supported, and a loop does not become a `memcpy`.)
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), place.as_mut_ptr().cast(), piece.len()) };
        self.room = rest;
    }
}
