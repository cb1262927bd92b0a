//! A large document in pieces: the elements of its top-level arrays.
//!
//! ```text
//! {"info": {...}, "images": [{...}, {...}], "annotations": [{...}, ...]}      members, by name
//! [{...}, {...}]                                                              one member, without a name
//! ```
//!
//! Only as much of the file is in memory as the pieces that are on their way. Where a value ends is found by its brackets
//! and strings alone, at several gigabytes a second; whether it is JSON is for whoever parses the piece. Members that nobody
//! wants are passed over.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Receiver;

use super::Fault;
use crate::formats::text::Utf8;

/// Bytes that are read at a time, and after which a batch ends.
const CHUNK: usize = 1 << 20;
/// Size of one value that is still taken: an image's mask or embedded file fits, a length that is a lie does not.
const MAX_VALUE: usize = 512 << 20;

/// Some values of one member, in order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Name of the member; empty for a document that is an array.
    pub member: Arc<str>,
    /// Whether these are elements of an array; otherwise one value, the member's own.
    pub elements: bool,
    /// Whether it is the member's first batch. A member that comes again replaces the one before.
    pub first: bool,
    bytes: Vec<u8>,
    pieces: Vec<(Range<usize>, u32)>,
}

impl Batch {
    /// Bytes and line of each value.
    pub fn pieces(&self) -> impl ExactSizeIterator<Item = (&[u8], u32)> {
        self.pieces.iter().map(|(range, line)| (self.bytes.get(range.clone()).unwrap_or_default(), *line))
    }
}

/// Why a document cannot be read on.
#[derive(Debug)]
pub enum StreamError {
    /// The operating system refuses.
    Io(io::Error),
    /// It is not JSON.
    Syntax(Fault),
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the members that `wanted` says, `parse`s each batch on one of `workers` threads, and `take`s the results in the
/// document's order.
pub fn read<T: Send>(
    from: impl Read + Send,
    workers: usize,
    wanted: impl Fn(&str) -> bool + Send,
    parse: impl Fn(&Batch) -> T + Sync,
    mut take: impl FnMut(&Batch, T),
) -> Result<(), StreamError> {
    let mut cutter = Cutter::new(from);
    if workers <= 1 {
        return cutter.run(&wanted, &mut |batch| {
            let parsed = parse(&batch);
            take(&batch, parsed);
            true
        });
    }
    let (send_batch, batches) = crossbeam_channel::bounded::<(usize, Batch)>(workers);
    let (send_result, results) = crossbeam_channel::bounded(workers);
    let (send_spare, spares) = crossbeam_channel::bounded(2 * workers);
    cutter.spares = Some(spares);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (batches, send_result, parse) = (batches.clone(), send_result.clone(), &parse);
            scope.spawn(move || {
                for (number, batch) in batches {
                    let parsed = parse(&batch);
                    if send_result.send((number, batch, parsed)).is_err() {
                        break;
                    }
                }
            });
        }
        drop((batches, send_result));
        let reader = scope.spawn(move || {
            let mut number = 0;
            cutter.run(&wanted, &mut |batch| {
                number += 1;
                send_batch.send((number - 1, batch)).is_ok()
            })
        });
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (number, batch, parsed) in results {
            waiting.insert(number, (batch, parsed));
            while let Some((batch, parsed)) = waiting.remove(&next) {
                take(&batch, parsed);
                next += 1;
                // More than the reader waits for is not needed.
                let _ = send_spare.try_send(batch.bytes);
            }
        }
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The names of the top-level members in the first bytes of a document, and the start of the first element of each that is
/// an array: what detection looks at. What is cut off counts as far as it goes.
pub fn head(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    let mut cutter = Cutter { hasty: true, ..Cutter::new(bytes) };
    // Whatever is wrong may be so because the bytes end here.
    let whole = cutter.run(&|_| true, &mut |batch| {
        if batch.first {
            let first = batch.pieces().next().map_or(&[][..], |(piece, _)| piece);
            members.push((batch.member.to_string(), first.to_vec()));
        }
        true
    });
    if whole.is_err()
        && let Some((member, start)) = cutter.cut_off()
        && members.last().is_none_or(|(last, _)| *last != member)
    {
        members.push((member, start));
    }
    members
}

/// The end of the string that starts with the quotation mark at `start`.
pub(super) fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

struct Cutter<R> {
    from: Utf8<R>,
    bytes: Vec<u8>,
    /// The next byte to be looked at.
    at: usize,
    ended: bool,
    line: u32,
    /// Where in `bytes` that line was counted to.
    counted: usize,
    /// A batch ends after the first element of an array, and has none of the others.
    hasty: bool,
    /// Memory of batches that are done: taken again, it need not be given by the system anew, page by page.
    spares: Option<Receiver<Vec<u8>>>,
    /// The member that is being read, and where the value that is being read starts.
    member: Arc<str>,
    value: Option<usize>,
}

impl<R: Read> Cutter<R> {
    fn new(from: R) -> Self {
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
    fn run(&mut self, wanted: &dyn Fn(&str) -> bool, give: &mut dyn FnMut(Batch) -> bool) -> Result<(), StreamError> {
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
    fn cut_off(&self) -> Option<(String, Vec<u8>)> {
        let start = self.bytes.get(self.value?..)?;
        Some((self.member.to_string(), start.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives a few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(into.len());
            into[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn pieces(text: &str, workers: usize) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let parse = |batch: &Batch| -> Vec<String> {
            batch.pieces().map(|(piece, line)| format!("{line} {}", String::from_utf8_lossy(piece))).collect()
        };
        let wanted = |name: &str| name != "info";
        let result = read(Drops(text.as_bytes(), 3), workers, wanted, parse, |batch, parsed| {
            found.push(format!("{}{}", batch.member, if batch.first { "" } else { "+" }));
            found.extend(parsed);
        });
        match result {
            Ok(()) => Ok(found),
            Err(StreamError::Syntax(fault)) => Err(format!("{}: {}", fault.line, fault.message)),
            Err(StreamError::Io(error)) => Err(error.to_string()),
        }
    }

    #[test]
    fn members_and_elements() {
        let text = "\u{feff}{\"info\": {\"a\": \"]}\\\"\"},\n \"images\": [{\"x\": [1, \"}\"]},\n{}, 7],\"n\": 1.5e3 , \"e\":[],\"a\\u0062\":\"s\"}\n";
        let wanted = ["images", "2 {\"x\": [1, \"}\"]}", "3 {}", "3 7", "n", "3 1.5e3", "e", "ab", "3 \"s\""];
        for workers in [1, 2] {
            assert_eq!(pieces(text, workers).expect("JSON"), wanted);
        }
        assert_eq!(pieces("[1,[2,3],\n{}]", 1).expect("JSON"), ["", "1 1", "1 [2,3]", "2 {}"]);
        assert_eq!(pieces("{}", 1), Ok(vec![]));
    }

    #[test]
    fn faults_have_lines() {
        for (text, message) in [
            ("", "1: the file is empty"),
            ("\n\n7", "3: expected `{` or `[`"),
            ("{\"a\": [1,\n2", "2: the file ends inside of \"a\""),
            ("{\"a\": [1,\n2}", "2: expected `,` or `]` in \"a\""),
            ("{\"a\": 1\n,}", "2: expected a member's name"),
            ("{\"a\" 1}", "1: expected `:` behind \"a\""),
            ("{\"a\": 1}\n{", "2: more text behind the end of the document"),
            ("{\"info\": \"\\", "1: the file ends inside of \"info\""),
            ("[[[[", "1: the file ends too early"),
        ] {
            assert_eq!(pieces(text, 1), Err(message.into()), "{text:?}");
        }
    }

    #[test]
    fn every_prefix_is_an_error() {
        let text = "{\"info\": {\"a\": [\"\\\\\"]}, \"images\": [{\"x\": 1}, {}], \"b\": true}";
        for end in 0..text.len() {
            assert!(pieces(&text[..end], 1).is_err(), "{:?}", &text[..end]);
        }
        assert!(pieces(text, 1).is_ok());
    }

    #[test]
    fn batches_keep_the_order() {
        let elements: Vec<String> =
            (0..50_000).map(|number| format!("{{\"id\": {number}, \"text\": \"{}\"}}", "x".repeat(60))).collect();
        let text = format!("{{\"a\": [{}]}}", elements.join(",\n"));
        let mut found = Vec::new();
        let mut batches = 0;
        let parse = |batch: &Batch| batch.pieces().map(|(piece, line)| (piece.to_vec(), line)).collect::<Vec<_>>();
        read(
            text.as_bytes(),
            4,
            |_| true,
            parse,
            |_, parsed| {
                batches += 1;
                found.extend(parsed);
            },
        )
        .expect("JSON");
        assert!(batches > 3);
        assert_eq!(found.len(), elements.len());
        for (number, (piece, line)) in found.iter().enumerate() {
            assert_eq!((piece.as_slice(), *line as usize), (elements[number].as_bytes(), number + 1));
        }
    }

    #[test]
    fn the_head_of_a_document() {
        let names = |text: &str| -> Vec<(String, String)> {
            head(text.as_bytes())
                .into_iter()
                .map(|(name, start)| (name, String::from_utf8_lossy(&start).into_owned()))
                .collect()
        };
        let pair = |name: &str, start: &str| (name.to_owned(), start.to_owned());
        assert_eq!(
            names("{\"a\": 1, \"b\": [{\"c\": 2}, 3], \"d\": [{\"e\""),
            [pair("a", "1"), pair("b", "{\"c\": 2}"), pair("d", "{\"e\"")]
        );
        assert_eq!(names("no JSON"), []);
    }
}
