//! Where the values of a document end, by brackets and strings alone.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::{Batch, StreamError};
use crate::formats::json::Fault;
use crate::formats::text::Utf8;

/// Bytes that are read at a time, and after which a batch ends.
const CHUNK: usize = 1 << 20;
/// Size of one value that is still taken: an image's mask or embedded file fits, a length that is a lie does not.
const MAX_VALUE: usize = 512 << 20;

/// A document on its way into pieces.
pub(super) struct Cutter<R> {
    from: Utf8<R>,
    bytes: Vec<u8>,
    /// The next byte to be looked at.
    at: usize,
    ended: bool,
    line: u32,
    /// Where in `bytes` that line was counted to.
    counted: usize,
    /// A batch ends after the first element of an array, and has none of the others.
    pub hasty: bool,
    /// Memory of batches that are done: taken again, it need not be given by the system anew, page by page.
    pub spares: Option<Receiver<Vec<u8>>>,
    /// The member that is being read, and where the value that is being read starts.
    member: Arc<str>,
    value: Option<usize>,
}

impl<R: Read> Cutter<R> {
    /// One that is at the document's start.
    pub fn new(from: R) -> Self {
        let member = Arc::from("");
        Self {
            from: Utf8::new(from),
            bytes: Vec::new(),
            at: 0,
            ended: false,
            line: 1,
            counted: 0,
            hasty: false,
            spares: None,
            member,
            value: None,
        }
    }

    /// Cuts the whole document; stops without an error where `give` says false.
    pub fn run(
        &mut self,
        wanted: &dyn Fn(&str) -> bool,
        give: &mut dyn FnMut(Batch) -> bool,
    ) -> Result<(), StreamError> {
        self.more()?;
        let mark = b"\xef\xbb\xbf";
        if self.bytes.starts_with(mark) {
            self.at = mark.len();
        }
        match self.peek()? {
            Some(b'[') => {
                if !self.array(wanted(""), give)? {
                    return Ok(());
                }
            }
            Some(b'{') => {
                self.at += 1;
                if self.peek()? == Some(b'}') {
                    self.at += 1;
                } else if !self.members(wanted, give)? {
                    return Ok(());
                }
            }
            Some(_) => return self.fault("expected `{` or `[`"),
            None => return self.fault("the file is empty"),
        }
        match self.peek()? {
            None => Ok(()),
            // Padding that some tools leave.
            Some(0) if self.bytes[self.at..].iter().all(|byte| *byte == 0) => Ok(()),
            Some(_) => self.fault("more text behind the end of the document"),
        }
    }

    fn members(
        &mut self,
        wanted: &dyn Fn(&str) -> bool,
        give: &mut dyn FnMut(Batch) -> bool,
    ) -> Result<bool, StreamError> {
        loop {
            if self.peek()? != Some(b'"') {
                return self.fault("expected a member's name");
            }
            let start = self.at;
            self.value_end(true)?;
            let name: String = match serde_json::from_slice(&self.bytes[start..self.at]) {
                Ok(name) => name,
                Err(_) => return self.fault("a member's name is no JSON string"),
            };
            self.member = Arc::from(name);
            if self.peek()? != Some(b':') {
                return self.fault(&format!("expected `:` behind {:?}", self.member));
            }
            self.at += 1;
            let is_wanted = wanted(&self.member);
            let goes_on = match self.peek()? {
                Some(b'[') => self.array(is_wanted, give)?,
                _ if is_wanted => {
                    self.forget();
                    let (start, line) = (self.at, self.line());
                    self.value_end(true)?;
                    give(self.batch(false, true, vec![(0..self.at - start, line)]))
                }
                _ => {
                    self.value_end(false)?;
                    true
                }
            };
            if !goes_on {
                return Ok(false);
            }
            match self.peek()? {
                Some(b',') => {
                    self.at += 1;
                    self.peek()?;
                }
                Some(b'}') => {
                    self.at += 1;
                    return Ok(true);
                }
                _ => return self.fault(&format!("expected `,` or `}}` behind {:?}", self.member)),
            }
        }
    }

    /// The array at `[`, in batches; false if nobody wants more.
    fn array(&mut self, wanted: bool, give: &mut dyn FnMut(Batch) -> bool) -> Result<bool, StreamError> {
        if !wanted {
            self.value_end(false)?;
            return Ok(true);
        }
        self.at += 1;
        let mut first = true;
        let mut pieces = Vec::new();
        self.peek()?;
        self.forget();
        let mut more = self.peek()? != Some(b']');
        while more {
            let seen_enough = self.hasty && !first;
            let (start, line) = (self.at, self.line());
            self.value_end(!seen_enough)?;
            if !seen_enough {
                pieces.push((start..self.at, line));
            }
            match self.peek()? {
                Some(b',') => {
                    self.at += 1;
                    self.peek()?;
                }
                Some(b']') => more = false,
                _ => return self.fault(&format!("expected `,` or `]` in {:?}", self.member)),
            }
            if more && !seen_enough && (self.at >= CHUNK || self.hasty) {
                if !give(self.batch(true, first, std::mem::take(&mut pieces))) {
                    return Ok(false);
                }
                first = false;
            }
        }
        self.at += 1;
        // An empty array is said as well: it is there.
        Ok(give(self.batch(true, first, pieces)))
    }

    /// Everything up to here, as a batch.
    fn batch(&mut self, elements: bool, first: bool, pieces: Vec<(Range<usize>, u32)>) -> Batch {
        self.line();
        let mut rest = self.spares.as_ref().and_then(|spares| spares.try_recv().ok()).unwrap_or_default();
        rest.clear();
        rest.extend_from_slice(&self.bytes[self.at..]);
        self.bytes.truncate(self.at);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        (self.at, self.counted) = (0, 0);
        Batch { member: self.member.clone(), elements, first, bytes, pieces }
    }

    /// Forgets everything up to here.
    fn forget(&mut self) {
        self.line();
        self.bytes.drain(..self.at);
        (self.at, self.counted) = (0, 0);
    }

    /// The line of the next byte.
    fn line(&mut self) -> u32 {
        let passed = memchr::memchr_iter(b'\n', &self.bytes[self.counted..self.at]).count();
        self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.counted = self.at;
        self.line
    }

    /// Reads on; false at the end of the file.
    fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let before = self.bytes.len();
        self.bytes.try_reserve(CHUNK)?;
        (&mut self.from).take(CHUNK as u64).read_to_end(&mut self.bytes)?;
        self.ended = self.bytes.len() == before;
        Ok(!self.ended)
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let blanks = self.bytes[self.at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
            self.at += blanks.count();
            if let Some(byte) = self.bytes.get(self.at) {
                return Ok(Some(*byte));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Goes to the end of the value that starts here. What is passed is kept only where that is asked for.
    fn value_end(&mut self, keep: bool) -> Result<(), StreamError> {
        self.value = Some(self.at);
        match self.bytes.get(self.at) {
            Some(b'"') => self.string(keep)?,
            Some(b'{') => self.nested(b'{', b'}', keep)?,
            Some(b'[') => self.nested(b'[', b']', keep)?,
            Some(_) => loop {
                let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
                if let Some(end) = self.bytes[self.at..].iter().position(ends) {
                    self.at += end;
                    break;
                }
                self.at = self.bytes.len();
                self.refill(keep)?;
            },
            None => return self.ends_inside(),
        }
        self.value = None;
        Ok(())
    }

    fn nested(&mut self, open: u8, close: u8, keep: bool) -> Result<(), StreamError> {
        let mut depth = 0u64;
        loop {
            let Some(found) = memchr::memchr3(b'"', open, close, &self.bytes[self.at..]) else {
                self.at = self.bytes.len();
                self.refill(keep)?;
                continue;
            };
            self.at += found;
            let byte = self.bytes[self.at];
            if byte == b'"' {
                self.string(keep)?;
                continue;
            }
            self.at += 1;
            if byte == open {
                depth += 1;
            } else {
                depth -= 1;
                if depth == 0 {
                    return Ok(());
                }
            }
        }
    }

    fn string(&mut self, keep: bool) -> Result<(), StreamError> {
        self.at += 1;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', &self.bytes[self.at..]) else {
                self.at = self.bytes.len();
                self.refill(keep)?;
                continue;
            };
            self.at += found;
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return Ok(());
            }
            if self.at + 1 == self.bytes.len() {
                self.refill(keep)?;
            }
            self.at += 2;
        }
    }

    /// Reads on in the middle of a value.
    fn refill(&mut self, keep: bool) -> Result<(), StreamError> {
        if !keep {
            // One byte stays: a backslash whose other half is to come.
            let kept = self.at.min(self.bytes.len().saturating_sub(1));
            let at = self.at - kept;
            self.at = kept;
            self.forget();
            self.at = at;
            self.value = Some(0);
        }
        if self.value.is_some_and(|start| self.bytes.len() - start > MAX_VALUE) {
            return self.fault(&format!("one value has more than {MAX_VALUE} bytes"));
        }
        if self.more()? { Ok(()) } else { self.ends_inside() }
    }

    fn ends_inside<T>(&mut self) -> Result<T, StreamError> {
        match &*self.member.clone() {
            "" => self.fault("the file ends too early"),
            member => self.fault(&format!("the file ends inside of {member:?}")),
        }
    }

    fn fault<T>(&mut self, message: &str) -> Result<T, StreamError> {
        self.at = self.at.min(self.bytes.len());
        let line = self.line();
        Err(StreamError::Syntax(Fault { line, message: message.into() }))
    }

    /// After an error: the member and the start of the value that was cut off.
    pub fn cut_off(&self) -> Option<(String, Vec<u8>)> {
        let start = self.bytes.get(self.value?..)?;
        Some((self.member.to_string(), start.to_vec()))
    }
}
