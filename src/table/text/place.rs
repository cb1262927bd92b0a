//! On which line of a text something is, as an editor counts them: they end with `\n`, `\r\n` or `\r`.
//!
//! It is found by reading the file again, since it is asked for once, of a file that is refused. The csv crate counts `\n`
//! alone, and says of a row where the line end before it began.

use std::io::{BufReader, Read};
use std::path::Path;

use super::Text;
use crate::table::{Job, TableError};

struct Lines {
    line: u64,
    is_after_return: bool,
}

impl Lines {
    fn pass(&mut self, byte: u8) {
        if byte == b'\r' || byte == b'\n' && !self.is_after_return {
            self.line += 1;
        }
        self.is_after_return = byte == b'\r';
    }
}

/// What is wrong with the row that begins at byte `start` of the file, or behind the line ends there.
pub(super) fn row(path: &Path, start: u64, problem: String) -> TableError {
    find(path, start, problem, |bytes, lines| {
        for byte in bytes {
            match byte? {
                byte @ (b'\r' | b'\n') => lines.pass(byte),
                _ => break,
            }
        }
        Ok(lines.line)
    })
}

/// What is wrong with the quote that is open at the end of the file, in the row that begins at byte `start`.
pub(super) fn quote(path: &Path, start: u64, delimiter: u8, problem: String) -> TableError {
    enum Cell {
        Start,
        Bare,
        Quoted,
        /// Behind a quote that ends the cell, or is the first of two.
        Closed,
    }
    find(path, start, problem, |bytes, lines| {
        let (mut cell, mut opened) = (Cell::Start, lines.line);
        for byte in bytes {
            let byte = byte?;
            cell = match (cell, byte) {
                (Cell::Start, b'"') => {
                    opened = lines.line;
                    Cell::Quoted
                }
                (Cell::Closed, b'"') => Cell::Quoted,
                (Cell::Quoted, b'"') => Cell::Closed,
                (Cell::Quoted, _) => Cell::Quoted,
                (_, b'\r' | b'\n') => Cell::Start,
                (_, byte) if byte == delimiter => Cell::Start,
                _ => Cell::Bare,
            };
            lines.pass(byte);
        }
        Ok(opened)
    })
}

type Bytes<'r> = &'r mut dyn Iterator<Item = std::io::Result<u8>>;

/// Says `problem` with the line that `look` finds, which is given what begins at byte `start`, and the line there.
fn find(
    path: &Path,
    start: u64,
    problem: String,
    look: impl FnOnce(Bytes<'_>, &mut Lines) -> std::io::Result<u64>,
) -> TableError {
    let found = || {
        let refused = TableError::io("cannot be read", path);
        let mut bytes = BufReader::with_capacity(1 << 18, Text::open(path, &Job::default())?.inner).bytes();
        let mut lines = Lines { line: 1, is_after_return: false };
        // The numbers first: they end before a byte too many is taken.
        for (_, byte) in (0..start).zip(bytes.by_ref()) {
            lines.pass(byte.map_err(&refused)?);
        }
        look(&mut bytes, &mut lines).map_err(refused)
    };
    match found() {
        Ok(line) => TableError::Line { path: path.to_owned(), line, problem },
        Err(error) => error,
    }
}
