//! Values that come as a buffer: numpy's arrays, `array.array`, memoryviews.

use std::borrow::Cow;
use std::ops::Range;

use pyo3::buffer::PyUntypedBuffer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyMemoryView, PyType};

use super::{Blob, Gathering, Kind, Refusal, Scratch, narrow};

/// Elements of a buffer.
#[derive(Clone, Copy)]
struct Element {
    big: bool,
    /// The letter of `struct` and PEP 3118.
    code: u8,
    size: usize,
}

impl Element {
    fn of(buffer: &PyUntypedBuffer) -> Option<Self> {
        let (big, code) = element_format(buffer.format().to_bytes())?;
        Some(Self { big, code, size: buffer.item_size() })
    }

    /// The kind of feature for numbers of which each has its place in one.
    fn infallible(&self) -> Option<Kind> {
        match (self.code, self.size) {
            (b'b' | b'h' | b'i' | b'l' | b'q' | b'n', 1 | 2 | 4 | 8) => Some(Kind::Int64),
            (b'B' | b'H' | b'I' | b'L' | b'Q' | b'N', 1 | 2 | 4) | (b'?', 1) => Some(Kind::Int64),
            (b'e', 2) | (b'f', 4) => Some(Kind::Float),
            _ => None,
        }
    }
}

/// An array of numbers that can be taken part by part, since none of them can be refused and they lie in C order.
pub struct Parts {
    buffer: PyUntypedBuffer,
    element: Element,
    /// Which list of a [`Scratch`] the numbers go to.
    pub kind: Kind,
}

impl Parts {
    /// The numbers of `value`, which has the buffer.
    pub fn new(value: &Bound<'_, PyAny>, buffer: PyUntypedBuffer) -> Gathering<Option<Self>> {
        refuse_masked(value)?;
        if !buffer.is_c_contiguous() || is_raw(value, &buffer)? {
            return Ok(None);
        }
        let element = Element::of(&buffer).and_then(|element| Some((element, element.infallible()?)));
        Ok(element.map(|(element, kind)| Self { buffer, element, kind }))
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.buffer.len_bytes().checked_div(self.element.size).unwrap_or(0)
    }
}

/// Refuses numpy's masked arrays: the numbers behind the mask are there, and mean nothing.
pub(super) fn refuse_masked(value: &Bound<'_, PyAny>) -> Gathering<()> {
    // The first type that was looked at and has no mask: nearly always numpy's `ndarray`, of which nearly all values are.
    static PLAIN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let (py, kind) = (value.py(), value.get_type());
    if kind.is(py.get_type::<PyMemoryView>()) || PLAIN.get(py).is_some_and(|plain| kind.is(plain)) {
        return Ok(());
    }
    if kind.hasattr(intern!(py, "mask"))? && kind.hasattr(intern!(py, "filled"))? {
        let name = Refusal::type_of(value);
        return Err(Refusal::Type(format!("cannot encode {name}, which may hide values; fill them in with .filled()")));
    }
    // If it is set by now, it is of use as it is.
    let _ = PLAIN.set(py, kind.unbind());
    Ok(())
}

impl Scratch {
    /// Takes all elements in C order.
    pub(super) fn buffer(&mut self, value: &Bound<'_, PyAny>, buffer: &PyUntypedBuffer) -> Gathering<Kind> {
        refuse_masked(value)?;
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
        let element = Element::of(buffer).ok_or_else(unsupported)?;
        if let Some(kind) = self.numbers(&bytes, element)? {
            return Ok(kind);
        }
        match (element.code, element.size) {
            (b's', 0) | (b'w', 0) => Err(unsupported()),
            (b's', size) => {
                for item in bytes.chunks_exact(size) {
                    let blob = self.copy(trim_end(item, 1));
                    self.blobs.push(blob);
                }
                Ok(Kind::Bytes)
            }
            (b'w', size) if size.is_multiple_of(4) => self.wide(&bytes, size, element.big),
            (b'O', _) => {
                let flat = value.call_method0("ravel").and_then(|flat| flat.call_method0("tolist"));
                let flat = flat.map_err(|_| unsupported())?;
                self.list(flat.cast::<PyList>().map_err(PyErr::from)?)
            }
            _ => Err(unsupported()),
        }
    }

    /// Takes the numbers of `range`, in place of those it has.
    pub fn take_part(&mut self, parts: &Parts, range: Range<usize>) -> Gathering<()> {
        self.clear();
        let bytes = contiguous(&parts.buffer)?;
        let size = parts.element.size;
        let part = bytes.get(range.start * size..range.end * size).unwrap_or_default();
        self.numbers(part, parts.element).map(drop)
    }

    /// Takes elements that are numbers; `None` if they are none.
    fn numbers(&mut self, bytes: &[u8], element: Element) -> Gathering<Option<Kind>> {
        let Element { big, code, size } = element;
        let kind = match (code, size) {
            (b'b' | b'h' | b'i' | b'l' | b'q' | b'n', 1 | 2 | 4 | 8) => self.signed(bytes, size, big),
            (b'B' | b'H' | b'I' | b'L' | b'Q' | b'N', 1 | 2 | 4 | 8) => self.unsigned(bytes, size, big)?,
            (b'?', 1) => {
                self.ints.extend(bytes.iter().map(|byte| i64::from(*byte != 0)));
                Kind::Int64
            }
            (b'e', 2) | (b'f', 4) | (b'd', 8) => self.real(bytes, size, big)?,
            _ => return Ok(None),
        };
        Ok(Some(kind))
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
pub(super) fn contiguous<'a>(buffer: &'a PyUntypedBuffer) -> Gathering<Cow<'a, [u8]>> {
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
