//! Long payloads, read straight to where they will stay instead of through the buffer.
//!
//! What can be read so is found out first, and nothing of the reader changes before all of it was read and checks:
//! whatever is wrong, [`Reader::next_record`] meets it again and says what it is.

use std::mem::MaybeUninit;

use super::super::inflate::Source;
use super::{FOOTER_LEN, HEADER_LEN, OVERHEAD, Positioned, Reader, RecordError, RecordErrorKind};
use crate::record::check_footer;

/// From this length on the copy out of the buffer costs more than the calls that go around it.
const LONG: usize = 1 << 16;

impl Reader<Positioned> {
    /// The length of the next payload if it is long, not yet in the buffer, and the file has as much: then
    /// [`read_payload`](Self::read_payload) may be asked for it. `None` says nothing but that
    /// [`next_record`](Self::next_record) has to be asked.
    pub fn long_payload(&mut self) -> Option<usize> {
        if self.finished || !matches!(self.source, Some((_, Source::Plain))) {
            return None;
        }
        let len = self.header(0)?.ok().filter(|len| *len <= self.options.max_record_len)?;
        let len = usize::try_from(len).ok().filter(|len| *len >= LONG)?;
        let whole = len.checked_add(OVERHEAD).filter(|whole| *whole > self.available())?;
        let end = self.offset.checked_add(whole as u64)?;
        self.inner.reaches(end).then_some(len)
    }

    /// Reads the next payload, of which [`long_payload`](Self::long_payload) has just given the length, into `out`. Where
    /// that gives `false`, the record is not what it seemed to be, and `next_record` says why; `out` may have been
    /// written to.
    pub fn read_payload(&mut self, out: &mut [MaybeUninit<u8>]) -> Result<bool, RecordError> {
        if let Err(error) = self.inner.ask() {
            return Err(self.fail(RecordErrorKind::Io(error)));
        }
        let Some(held) = self.buffer.get(self.start + HEADER_LEN..self.end) else { return Ok(false) };
        let Some((known, unknown)) = out.split_at_mut_checked(held.len()) else { return Ok(false) };
        known.iter_mut().zip(held).for_each(|(slot, byte)| {
            slot.write(*byte);
        });
        let rest = unknown.len();
        if !self.inner.peek(unknown, 0).is_ok_and(|read| read.len() == rest) {
            return Ok(false);
        }
        // SAFETY: `known` has been written from a slice of the same length, and `peek` gave back all of `unknown`.
        let payload = unsafe { std::slice::from_raw_parts(out.as_ptr().cast::<u8>(), out.len()) };
        let mut behind = [MaybeUninit::uninit(); FOOTER_LEN + HEADER_LEN];
        let Ok(behind) = self.inner.peek(&mut behind, rest) else { return Ok(false) };
        let Some((footer, next)) = behind.split_first_chunk::<FOOTER_LEN>() else { return Ok(false) };
        if self.options.verify && check_footer(payload, footer).is_err() {
            return Ok(false);
        }
        (self.start, self.end) = (0, next.len());
        self.buffer[..next.len()].copy_from_slice(next);
        self.inner.advance(rest + FOOTER_LEN + next.len());
        self.offset += (out.len() + OVERHEAD) as u64;
        self.number += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::{ReadOptions, Recovery};
    use super::*;
    use crate::record::append;

    /// Records and the error at the end; which of them were read directly is in the first.
    fn all(file: &[u8], options: ReadOptions) -> (Vec<(bool, Vec<u8>)>, String) {
        let mut named = tempfile::NamedTempFile::new().expect("a temporary file");
        named.write_all(file).expect("written");
        let mut reader = Reader::open_positioned(named.path(), options).expect("opened");
        let mut records = Vec::new();
        loop {
            assert_eq!(reader.records(), records.len() as u64);
            if let Some(len) = reader.long_payload() {
                let mut payload = Vec::with_capacity(len);
                if reader.read_payload(&mut payload.spare_capacity_mut()[..len]).expect("not asked to stop") {
                    // SAFETY: `read_payload` has written all of it.
                    unsafe { payload.set_len(len) };
                    records.push((true, payload));
                    continue;
                }
            }
            match reader.next_record() {
                Ok(Some(record)) => records.push((false, record.payload.to_vec())),
                Ok(None) => return (records, format!("{:?}", reader.lost())),
                Err(error) => return (records, error.to_string()),
            }
        }
    }

    fn through_the_buffer(file: &[u8], options: ReadOptions) -> (Vec<Vec<u8>>, String) {
        let mut reader = Reader::new(file, options);
        let mut records = Vec::new();
        loop {
            match reader.next_record() {
                Ok(Some(record)) => records.push(record.payload.to_vec()),
                Ok(None) => return (records, format!("{:?}", reader.lost())),
                Err(error) => return (records, error.to_string()),
            }
        }
    }

    fn file(lens: &[usize]) -> Vec<u8> {
        let mut file = Vec::new();
        for (number, len) in lens.iter().enumerate() {
            append(&mut file, &(0..*len).map(|at| (at * at / 7 + number) as u8).collect::<Vec<_>>());
        }
        file
    }

    #[test]
    fn long_records_come_as_through_the_buffer() {
        let lens = [3, LONG, LONG - 1, 100_000, 250_000, LONG, 0, 300_000, LONG + 1, 17, 70_000];
        for buffer_len in [1000, LONG + OVERHEAD, 200_000, 1 << 20, 4 << 20] {
            let options = ReadOptions { buffer_len, ..ReadOptions::default() };
            let file = file(&lens);
            let (records, end) = all(&file, options);
            assert_eq!(end, "[]");
            let direct = records.iter().filter(|(direct, _)| *direct).count();
            assert_eq!(direct > 0, buffer_len < file.len(), "{buffer_len}");
            let payloads: Vec<_> = records.into_iter().map(|(_, payload)| payload).collect();
            assert_eq!((payloads, end), through_the_buffer(&file, options));
        }
    }

    #[test]
    fn whatever_is_wrong_is_said_as_through_the_buffer() {
        let whole = file(&[100_000, 90_000, 5, 80_000, 70_000]);
        let mut cases = Vec::new();
        // Header, length's sum, payload and payload's sum of the second and the last; and a file that ends there.
        for at in [100_016, 100_025, 100_100, 190_029, 270_070, 270_082, 300_000, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            cases.push(damaged);
            cases.push(whole[..at].to_vec());
        }
        for file in cases {
            for recovery in Recovery::ALL {
                for verify in [true, false] {
                    for (buffer_len, max_record_len) in [(4096, 1 << 20), (LONG, 1 << 20), (4096, 85_000)] {
                        let options =
                            ReadOptions { recovery, verify, buffer_len, max_record_len, ..ReadOptions::default() };
                        let (records, end) = all(&file, options);
                        let payloads: Vec<_> = records.into_iter().map(|(_, payload)| payload).collect();
                        assert_eq!((payloads, end), through_the_buffer(&file, options), "{options:?}");
                    }
                }
            }
        }
    }
}
