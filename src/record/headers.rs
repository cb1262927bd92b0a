//! The places and lengths of an uncompressed file's records, by their headers alone: no payload is read that is longer than what the
//! system reads at a time anyway.

use std::fs::File;
use std::io;

use super::{HEADER_LEN, OVERHEAD, payload_len, read_at};

/// Bytes read at a time where records are short.
const WINDOW: usize = 64 << 10;
/// From so many bytes on a record is passed over without reading them.
const LONG: u64 = 4 << 10;

/// What [`Headers`] has next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A record begins at `offset`, and the file has all bytes of it; whether its payload's checksum fits is not known.
    Record {
        /// Where its header begins.
        offset: u64,
        /// Bytes of its payload.
        len: u64,
    },
    /// The file ends where a record ends.
    End,
    /// Here is no header that checks, or not as much behind it as it says.
    Damaged,
}

/// Goes from header to header. Their checksums are verified.
#[derive(Debug)]
pub struct Headers {
    file: File,
    file_len: u64,
    max_record_len: u64,
    offset: u64,
    /// Of the last record.
    len: u64,
    window: Vec<u8>,
    /// Where in the file the window begins.
    from: u64,
}

impl Headers {
    /// Of the records of `file` from its beginning; one of more than `max_record_len` bytes is damage.
    pub fn new(file: File, max_record_len: u64) -> io::Result<Self> {
        let file_len = file.metadata()?.len();
        Ok(Self { file, file_len, max_record_len, offset: 0, len: 0, window: Vec::new(), from: 0 })
    }

    /// The next one. After the end, and at damage, the same again.
    pub fn next_header(&mut self) -> io::Result<Header> {
        if self.offset == self.file_len {
            return Ok(Header::End);
        }
        let Some(header) = self.read()? else { return Ok(Header::Damaged) };
        let whole = payload_len(&header)
            .filter(|len| *len <= self.max_record_len)
            .and_then(|len| Some((len, self.offset.checked_add(len)?.checked_add(OVERHEAD as u64)?)))
            .filter(|(_, end)| *end <= self.file_len);
        let Some((len, end)) = whole else { return Ok(Header::Damaged) };
        let offset = std::mem::replace(&mut self.offset, end);
        self.len = len;
        Ok(Header::Record { offset, len })
    }

    /// The 12 bytes that come next, if there are as many.
    fn read(&mut self) -> io::Result<Option<[u8; HEADER_LEN]>> {
        if let Some(header) = self.in_window() {
            return Ok(Some(header));
        }
        self.window.resize(if self.len >= LONG { HEADER_LEN } else { WINDOW }, 0);
        let read = read_at(&self.file, &mut self.window, self.offset)?;
        self.window.truncate(read);
        self.from = self.offset;
        Ok(self.in_window())
    }

    fn in_window(&self) -> Option<[u8; HEADER_LEN]> {
        let at = usize::try_from(self.offset.checked_sub(self.from)?).ok()?;
        self.window.get(at..)?.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::append;

    fn all(bytes: &[u8], max_record_len: u64) -> (Vec<(u64, u64)>, Header) {
        let named = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(named.path(), bytes).expect("written");
        let file = File::open(named.path()).expect("opened");
        let mut headers = Headers::new(file, max_record_len).expect("a length");
        let mut found = Vec::new();
        loop {
            match headers.next_header().expect("read") {
                Header::Record { offset, len } => found.push((offset, len)),
                end => return (found, end),
            }
        }
    }

    #[test]
    fn short_and_long_records_are_found() {
        let lens = [0, 3, 70_000, 70_000, 5, 0, 4096, 4095, 12, 200_000, 1];
        let mut lens = lens.to_vec();
        lens.extend((0..5000).map(|number| number % 40));
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for len in lens {
            expected.push((bytes.len() as u64, len as u64));
            append(&mut bytes, &vec![7; len]);
        }
        assert_eq!(all(&bytes, 200_000), (expected.clone(), Header::End));
        assert_eq!(all(&bytes, 199_999), (expected[..9].to_vec(), Header::Damaged));
        // Nobody looks at a payload.
        bytes[100] ^= 1;
        assert_eq!(all(&bytes, 200_000), (expected, Header::End));
        assert_eq!(all(&[], 200_000), (vec![], Header::End));
    }

    #[test]
    fn damage_ends_it() {
        let mut bytes = Vec::new();
        [5, 9].into_iter().for_each(|len| append(&mut bytes, &vec![1; len]));
        for end in 0..bytes.len() {
            let whole = usize::from(end >= 21);
            let last = if end == 0 || end == 21 { Header::End } else { Header::Damaged };
            let (found, stop) = all(&bytes[..end], 100);
            assert_eq!((found.len(), stop), (whole, last), "{end}");
        }
        for at in 21..33 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert_eq!(all(&damaged, 100), (vec![(0, 5)], Header::Damaged), "{at}");
        }
    }
}
