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

mod cutter;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use self::cutter::Cutter;
use super::Fault;

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
        for number in 0..workers {
            let (batches, send_result, parse) = (batches.clone(), send_result.clone(), &parse);
            let work = move || {
                for (number, batch) in batches {
                    let parsed = parse(&batch);
                    if send_result.send((number, batch, parsed)).is_err() {
                        break;
                    }
                }
            };
            match thread::Builder::new().spawn_scoped(scope, work) {
                Ok(_) => {}
                Err(error) if number == 0 => return Err(error.into()),
                // Where the system gives no more, those that run do all.
                Err(_) => break,
            }
        }
        drop((batches, send_result));
        let reader = thread::Builder::new().spawn_scoped(scope, move || {
            let mut number = 0;
            cutter.run(&wanted, &mut |batch| {
                number += 1;
                send_batch.send((number - 1, batch)).is_ok()
            })
        })?;
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
    let mut cutter = Cutter::new(bytes);
    cutter.hasty = true;
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
