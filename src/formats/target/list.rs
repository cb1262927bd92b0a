//! Documents with a list that has an entry for each image.

use std::fmt::Arguments;
use std::io::{self, Write};

use super::{Ready, ReadyImage, Sink, at};
use crate::formats::FormatError;

/// Adds an entry to a list: what parts it from the one before, and the entry. Memory does not fail.
pub fn entry(text: &mut Vec<u8>, entry: Arguments<'_>) {
    text.extend_from_slice(b",\n");
    drop(text.write_fmt(entry));
}

/// Writes a list of which `piece` makes the entries ([`entry`]) for each image of `places`, in order.
pub fn write_list(
    ready: &Ready<'_>,
    file: &mut dyn Write,
    places: &[usize],
    piece: impl Fn(usize, &ReadyImage, &mut Vec<u8>) + Sync,
) -> io::Result<()> {
    // The comma before the first one.
    let mut file = FirstLess { file, first: true };
    ready.write_pieces(places, &mut file, piece)
}

/// Writes a file that is such a list between `head` and `tail`.
pub fn put_list(
    ready: &Ready<'_>,
    sink: &dyn Sink,
    name: &str,
    [head, tail]: [&str; 2],
    places: &[usize],
    piece: impl Fn(usize, &ReadyImage, &mut Vec<u8>) + Sync,
) -> Result<(), FormatError> {
    let written = sink.create(name).and_then(|mut file| {
        file.write_all(head.as_bytes())?;
        write_list(ready, &mut file, places, piece)?;
        file.write_all(tail.as_bytes())?;
        file.flush()
    });
    written.map_err(at(name))
}

/// Leaves out the first byte that is written.
struct FirstLess<'a> {
    file: &'a mut dyn Write,
    first: bool,
}

impl Write for FirstLess<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match (self.first, bytes) {
            (true, [_, rest @ ..]) => {
                self.file.write_all(rest)?;
                self.first = false;
                Ok(bytes.len())
            }
            _ => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
