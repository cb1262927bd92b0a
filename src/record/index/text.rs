//! The text form is the one of NVIDIA DALI's `tfrecord2idx` (`tools/tfrecord2idx`): a line for each record with its
//! offset and its size in decimal, one space between them. The size is the whole record's, with its 16 bytes of
//! framing. DALI takes an index that names only some of the records, so order and completeness are not asked for.

use std::fmt;
use std::io::{BufRead, Read};

use super::{Entry, Index};
use crate::record::{OVERHEAD, RecordError, RecordErrorKind};

/// No line of an index is longer than two 20-digit numbers and some blanks.
const MAX_LINE_LEN: u64 = 1024;

/// A line of the text form, without its end.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.offset, self.size)
    }
}

/// Reads it. Blanks around the numbers, empty lines and CRLF are no matter.
pub(super) fn read(mut text: impl BufRead) -> Result<Index, RecordError> {
    let mut index = Index::default();
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        line.clear();
        if text.by_ref().take(MAX_LINE_LEN).read_until(b'\n', &mut line)? == 0 {
            return Ok(index);
        }
        match parse(&line) {
            Ok(None) => {}
            Ok(Some(entry)) => index.push(entry),
            Err(problem) => {
                return Err(RecordError::new(RecordErrorKind::IndexLine { line: number, problem }));
            }
        }
    }
}

fn parse(line: &[u8]) -> Result<Option<Entry>, &'static str> {
    if line.len() as u64 == MAX_LINE_LEN {
        return Err("too long for an offset and a size");
    }
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(offset) = words.next() else { return Ok(None) };
    let offset = decimal(offset).ok_or("offset is not a number")?;
    let size = decimal(words.next().ok_or("no size")?).ok_or("size is not a number")?;
    if words.next().is_some() {
        return Err("more than an offset and a size");
    }
    if size < OVERHEAD as u64 {
        return Err("size is below 16, the least that a record takes");
    }
    offset.checked_add(size).ok_or("offset and size are beyond 64 bits")?;
    Ok(Some(Entry { offset, size }))
}

/// `str::parse` would take a plus sign.
fn decimal(word: &[u8]) -> Option<u64> {
    if !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}
