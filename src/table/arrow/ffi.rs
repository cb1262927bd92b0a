//! The C data interface (<https://arrow.apache.org/docs/format/CDataInterface.html>) and its streams
//! (<https://arrow.apache.org/docs/format/CStreamInterface.html>): three structs that two libraries in one process share.
//!
//! What is taken is moved, as the specification says: the struct is copied and the giver's `release` is set to null, so that
//! nobody else calls it. Buffers come without lengths. They are as long as the type and the array's length say, which the
//! giver has to keep to; there is no way to find out. What they hold is not trusted.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

use bytes::Bytes;

use super::array::Array;
use super::node::{Layout, Node};

/// `struct ArrowSchema`
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

/// `struct ArrowArray`
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut ArrowArray,
    dictionary: *mut ArrowArray,
    release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

/// `struct ArrowArrayStream`
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArrayStream {
    get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    private_data: *mut c_void,
}

const NULLABLE: i64 = 2;
/// How deep schemas go at most; a giver's mistake must not exhaust the stack.
const MAX_DEPTH: usize = 64;

macro_rules! owned {
    ($name:ident, $empty:expr) => {
        impl $name {
            /// One that was released.
            pub fn empty() -> Self {
                $empty
            }

            /// Moves what `from` points to out of it.
            ///
            /// # Safety
            ///
            /// `from` points to a valid struct, which nobody else uses meanwhile.
            pub unsafe fn take(from: *mut Self) -> Self {
                // SAFETY: by the caller's word the struct is valid; it is left released.
                unsafe { ptr::replace(from, Self::empty()) }
            }

            /// Whether it was moved away or released.
            pub fn is_released(&self) -> bool {
                self.release.is_none()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: it was not released yet, and its owner is this value alone.
                    unsafe { release(self) }
                }
            }
        }

        // SAFETY: the specification lets a struct be moved and released on any thread, by one at a time.
        unsafe impl Send for $name {}
    };
}

owned!(
    ArrowSchema,
    Self {
        format: ptr::null(),
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
);
owned!(
    ArrowArray,
    Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
);
owned!(
    ArrowArrayStream,
    Self { get_schema: None, get_next: None, get_last_error: None, release: None, private_data: ptr::null_mut() }
);

/// The text that a pointer leads to; of null none.
///
/// # Safety
///
/// The pointer is null or leads to a text that ends with a null byte.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: by the caller's word.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

impl ArrowSchema {
    /// What it says.
    pub(in crate::table) fn to_node(&self) -> Result<Node, String> {
        self.node(0)
    }

    fn node(&self, depth: usize) -> Result<Node, String> {
        if self.is_released() {
            return Err("a schema that was released".into());
        }
        if depth > MAX_DEPTH {
            return Err(format!("a schema of more than {MAX_DEPTH} levels"));
        }
        // SAFETY: a schema that is not released has a format, and a name or none, each with a null byte behind.
        let (format, name) = unsafe { (text(self.format), text(self.name)) };
        let mut node = Node::of_format(&name, &format);
        for place in 0..usize::try_from(self.n_children).unwrap_or(0) {
            // SAFETY: there are `n_children` pointers to valid schemas, which live as long as this one.
            let child = unsafe { (*self.children.add(place)).as_ref() };
            node.children.push(child.ok_or("a schema without a child")?.node(depth + 1)?);
        }
        // SAFETY: null, or a valid schema that lives as long as this one.
        if let Some(dictionary) = unsafe { self.dictionary.as_ref() } {
            node.dictionary = Some(Box::new(dictionary.node(depth + 1)?));
        }
        Ok(node)
    }

    /// Of `node`, for somebody else.
    pub(in crate::table) fn of_node(node: &Node, format: &dyn Fn(&Node) -> String) -> Self {
        struct Private {
            format: CString,
            name: CString,
            children: Vec<*mut ArrowSchema>,
        }
        // SAFETY: of whoever calls it, as the specification says: on a valid struct of ours, one thread at a time.
        unsafe extern "C" fn release(schema: *mut ArrowSchema) {
            // SAFETY: whoever releases a schema has a valid one, and does it once; its private data is the box made below.
            let private = unsafe { Box::from_raw((*schema).private_data.cast::<Private>()) };
            for child in &private.children {
                // SAFETY: each was made by `Box::into_raw` below. One that was moved away is empty and releases nothing.
                drop(unsafe { Box::from_raw(*child) });
            }
            // SAFETY: as above.
            unsafe { (*schema).release = None }
        }
        let children: Vec<*mut Self> =
            node.children.iter().map(|child| Box::into_raw(Box::new(Self::of_node(child, format)))).collect();
        // A name with a null byte ends there: C has no other.
        let c_text = |text: &str| CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default();
        let mut private = Box::new(Private { format: c_text(&format(node)), name: c_text(&node.name), children });
        Self {
            format: private.format.as_ptr(),
            name: private.name.as_ptr(),
            metadata: ptr::null(),
            flags: NULLABLE,
            n_children: private.children.len() as i64,
            children: private.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release),
            private_data: Box::into_raw(private).cast(),
        }
    }
}

/// A buffer of an array that somebody else has made, which lives as long as any part of it is used.
struct Borrowed {
    start: *const u8,
    len: usize,
    _owner: Arc<ArrowArray>,
}

// SAFETY: it is only read, and the array that it is of may be read and released on any thread.
unsafe impl Send for Borrowed {}
// SAFETY: as above; `ArrowArray` is not changed while it is shared.
unsafe impl Sync for Borrowed {}

impl AsRef<[u8]> for Borrowed {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `buffer` made it of a pointer and a length that the specification promises.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl ArrowArray {
    /// The array, whose elements `node` says.
    pub(in crate::table) fn into_array(self, node: &Node) -> Result<Array, String> {
        if self.is_released() {
            return Err("an array that was released".into());
        }
        #[expect(clippy::arc_with_non_send_sync, reason = "see `Borrowed`")]
        let owner = Arc::new(self);
        owner.array(node, &owner)
    }

    fn array(&self, node: &Node, owner: &Arc<Self>) -> Result<Array, String> {
        let size = |number: i64| usize::try_from(number).map_err(|_| format!("an array of {number}"));
        let (len, offset) = (size(self.length)?, size(self.offset)?);
        let end = len.checked_add(offset).ok_or("an array longer than memory")?;
        let mut array = Array { len, offset, ..Array::default() };
        // SAFETY: what is asked for is what the specification promises of each layout.
        unsafe {
            let buffer = |place: usize, len: usize| self.buffer(place, len, owner);
            let bits = end.div_ceil(8);
            match node.layout {
                Layout::Null | Layout::Other(_) => {}
                Layout::Bool => array.buffers = vec![buffer(0, bits), buffer(1, bits)],
                Layout::Int(size, _) | Layout::Float(size) | Layout::Decimal(size, _) => {
                    array.buffers = vec![buffer(0, bits), buffer(1, end * usize::from(size))];
                }
                Layout::Fixed(size) => {
                    array.buffers = vec![buffer(0, bits), buffer(1, end.checked_mul(size).ok_or("an array too long")?)];
                }
                Layout::Bytes(is_large) => {
                    // Of an array without elements the offsets may be left out.
                    let offsets = buffer(1, if end == 0 { 0 } else { (end + 1) * if is_large { 8 } else { 4 } });
                    array.buffers = vec![buffer(0, bits), offsets];
                    let last = if end == 0 { 0 } else { array.end(len, is_large)? };
                    array.buffers.push(buffer(2, last));
                }
                Layout::View => {
                    array.buffers = vec![buffer(0, bits), buffer(1, end * 16)];
                    let count = size(self.n_buffers)?.saturating_sub(3);
                    let lens = buffer(count + 2, count * 8);
                    for (place, len) in lens.as_chunks::<8>().0.iter().enumerate() {
                        array.buffers.push(buffer(place + 2, size(i64::from_le_bytes(*len))?));
                    }
                }
                Layout::List(is_large) => {
                    let offsets = if end == 0 { 0 } else { (end + 1) * if is_large { 8 } else { 4 } };
                    array.buffers = vec![buffer(0, bits), buffer(1, offsets)];
                }
                Layout::ListView(is_large) => {
                    let len = end * if is_large { 8 } else { 4 };
                    array.buffers = vec![buffer(0, bits), buffer(1, len), buffer(2, len)];
                }
                Layout::FixedList(_) | Layout::Struct | Layout::Map => array.buffers = vec![buffer(0, bits)],
            }
        }
        if self.null_count == 0
            && let Some(first) = array.buffers.first_mut()
        {
            *first = Bytes::new();
        }
        if size(self.n_children)? != node.children.len() {
            return Err(format!("an array of {} children, expected {}", self.n_children, node.children.len()));
        }
        for (place, child) in node.children.iter().enumerate() {
            // SAFETY: there are `n_children` pointers to valid arrays, which live as long as this one.
            let elements = unsafe { (*self.children.add(place)).as_ref() }.ok_or("an array without a child")?;
            array.children.push(elements.array(child, owner)?);
        }
        if let Some(values) = &node.dictionary {
            // SAFETY: null, or a valid array that lives as long as this one.
            let dictionary = unsafe { self.dictionary.as_ref() }.ok_or("an array without its dictionary")?;
            array.dictionary = Some(Box::new(dictionary.array(values, owner)?));
        }
        Ok(array)
    }

    /// A buffer of `len` bytes; an empty one where there is none.
    ///
    /// # Safety
    ///
    /// If there is a buffer of that number, it has so many bytes.
    unsafe fn buffer(&self, place: usize, len: usize, owner: &Arc<Self>) -> Bytes {
        if i64::try_from(place).is_ok_and(|place| place >= self.n_buffers) || self.buffers.is_null() || len == 0 {
            return Bytes::new();
        }
        // SAFETY: there are `n_buffers` pointers.
        let start = unsafe { *self.buffers.add(place) }.cast::<u8>();
        if start.is_null() {
            return Bytes::new();
        }
        Bytes::from_owner(Borrowed { start, len, _owner: Arc::clone(owner) })
    }

    /// Of `array`, for somebody else.
    pub(in crate::table) fn of_array(array: Array) -> Self {
        struct Private {
            buffers: Vec<*const c_void>,
            children: Vec<*mut ArrowArray>,
            _owner: Vec<Bytes>,
        }
        // SAFETY: of whoever calls it, as the specification says: on a valid struct of ours, one thread at a time.
        unsafe extern "C" fn release(array: *mut ArrowArray) {
            // SAFETY: whoever releases an array has a valid one, and does it once; its private data is the box made below.
            let private = unsafe { Box::from_raw((*array).private_data.cast::<Private>()) };
            for child in &private.children {
                // SAFETY: each was made by `Box::into_raw` below. One that was moved away is empty and releases nothing.
                drop(unsafe { Box::from_raw(*child) });
            }
            // SAFETY: as above.
            unsafe { (*array).release = None }
        }
        let Array { len, offset, nulls, buffers: owner, children, .. } = array;
        // No validity is a null pointer; other buffers have a place even if nothing is there.
        let pointer = |(place, buffer): (usize, &Bytes)| match place == 0 && buffer.is_empty() {
            true => ptr::null(),
            false => buffer.as_ptr().cast::<c_void>(),
        };
        let buffers = owner.iter().enumerate().map(pointer).collect();
        let children = children.into_iter().map(|child| Box::into_raw(Box::new(Self::of_array(child)))).collect();
        let mut private = Box::new(Private { buffers, children, _owner: owner });
        Self {
            length: len as i64,
            null_count: nulls as i64,
            offset: offset as i64,
            n_buffers: private.buffers.len() as i64,
            n_children: private.children.len() as i64,
            buffers: private.buffers.as_mut_ptr(),
            children: private.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release),
            private_data: Box::into_raw(private).cast(),
        }
    }
}

impl ArrowArrayStream {
    /// What its arrays are.
    pub(in crate::table) fn schema(&mut self) -> Result<Node, String> {
        let get = self.get_schema.filter(|_| !self.is_released()).ok_or("a stream that was released")?;
        let mut schema = ArrowSchema::empty();
        // SAFETY: the stream is valid and used by nobody else; the schema is a place for it.
        match unsafe { get(self, &raw mut schema) } {
            0 => schema.to_node(),
            code => Err(self.last_error(code)),
        }
    }

    /// The next array, until there is none.
    pub(in crate::table) fn next(&mut self, node: &Node) -> Result<Option<Array>, String> {
        let get = self.get_next.filter(|_| !self.is_released()).ok_or("a stream that was released")?;
        let mut array = ArrowArray::empty();
        // SAFETY: the stream is valid and used by nobody else; the array is a place for it.
        match unsafe { get(self, &raw mut array) } {
            0 if array.is_released() => Ok(None),
            0 => array.into_array(node).map(Some),
            code => Err(self.last_error(code)),
        }
    }

    fn last_error(&mut self, code: c_int) -> String {
        // SAFETY: the text, if there is one, is valid until the stream is used again.
        let error = self.get_last_error.map(|get| unsafe { text(get(self)) }).unwrap_or_default();
        if error.is_empty() { std::io::Error::from_raw_os_error(code).to_string() } else { error }
    }

    /// A stream for somebody else, of what `next` gives.
    pub(in crate::table) fn of(
        schema: Node,
        format: fn(&Node) -> String,
        next: impl FnMut() -> Result<Option<Array>, String> + Send + 'static,
    ) -> Self {
        struct Private {
            schema: Node,
            format: fn(&Node) -> String,
            next: Box<dyn FnMut() -> Result<Option<Array>, String> + Send>,
            error: CString,
        }
        // SAFETY: of whoever calls it, as the specification says: on a valid struct of ours, one thread at a time.
        unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
            // SAFETY: the caller has a valid stream of ours, and uses it on one thread at a time.
            let private = unsafe { &*(*stream).private_data.cast::<Private>() };
            // SAFETY: the caller gives a place for a schema, in which there is none yet.
            unsafe { out.write(ArrowSchema::of_node(&private.schema, &private.format)) }
            0
        }
        // SAFETY: of whoever calls it, as the specification says: on a valid struct of ours, one thread at a time.
        unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
            const EIO: c_int = 5;
            // SAFETY: the caller has a valid stream of ours, and uses it on one thread at a time.
            let private = unsafe { &mut *(*stream).private_data.cast::<Private>() };
            // A panic must not go through somebody else's frames.
            let next = super::super::guard::guarded(|| (private.next)()).unwrap_or_else(Err);
            let (array, code) = match next {
                Ok(array) => (array.map_or_else(ArrowArray::empty, ArrowArray::of_array), 0),
                Err(error) => {
                    private.error = CString::new(error.replace('\0', " ")).unwrap_or_default();
                    (ArrowArray::empty(), EIO)
                }
            };
            // SAFETY: the caller gives a place for an array, in which there is none yet.
            unsafe { out.write(array) }
            code
        }
        // SAFETY: of whoever calls it, as the specification says: on a valid struct of ours, one thread at a time.
        unsafe extern "C" fn get_last_error(stream: *mut ArrowArrayStream) -> *const c_char {
            // SAFETY: the caller has a valid stream of ours.
            unsafe { &*(*stream).private_data.cast::<Private>() }.error.as_ptr()
        }
        // SAFETY: of whoever calls it, as the specification says: on a valid struct of ours, one thread at a time.
        unsafe extern "C" fn release(stream: *mut ArrowArrayStream) {
            // SAFETY: whoever releases a stream has a valid one, and does it once; its private data is the box made below.
            unsafe {
                drop(Box::from_raw((*stream).private_data.cast::<Private>()));
                (*stream).release = None;
            }
        }
        let private = Box::new(Private { schema, format, next: Box::new(next), error: CString::default() });
        Self {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release),
            private_data: Box::into_raw(private).cast(),
        }
    }
}
