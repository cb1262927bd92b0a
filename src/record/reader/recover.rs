//! What comes after damage.

use std::io::Read;

use super::{End, HEADER_LEN, Lost, MAX_LOST, OVERHEAD, Reader, RecordError, RecordErrorKind, Recovery, StreamFault};
use crate::record::{check_payload, split_header};

/// How many bytes may look like records and be none, in the whole file and beyond four times what was read. By chance a
/// header checks once in 4 GiB; a file made of overlapping headers would otherwise cost the square of its length.
const MAX_WASTED: u64 = 1 << 30;
/// The same for damaged records that are looked through for others, which takes longer. Beyond that none is.
const MAX_LOOKED_THROUGH: u64 = 1 << 27;

impl<R: Read> Reader<R> {
    /// Goes on after `error` as far as the options want that; else returns it, and the reader is finished.
    pub(super) fn recover(&mut self, error: RecordError) -> Result<(), RecordError> {
        if self.finished {
            return Err(error);
        }
        let recovery = self.options.recovery;
        if recovery == Recovery::Skip {
            return self.resynchronise(error);
        }
        let (from, record_len) = (self.offset, self.record_len(error.kind()));
        let tail = if recovery == Recovery::TolerateTail { self.tail(error.kind())? } else { None };
        self.finished = true;
        let Some(len) = tail else { return Err(error) };
        self.lose(from, len, record_len, error);
        Ok(())
    }

    /// How many bytes are left, if a writer that was stopped leaves them so.
    fn tail(&mut self, kind: &RecordErrorKind) -> Result<Option<u64>, RecordError> {
        let len = match kind {
            RecordErrorKind::TruncatedRecord { found, .. } => *found,
            RecordErrorKind::TruncatedHeader { .. } | RecordErrorKind::Stream { fault: StreamFault::Truncated, .. } => {
                self.available() as u64
            }
            RecordErrorKind::LengthCrc { .. } => return self.only_zeros(),
            _ => return Ok(None),
        };
        self.skip(self.available());
        Ok(Some(len))
    }

    /// How many bytes are left, if they are all zero: so a file system leaves a file that it had made room for before
    /// it was stopped.
    fn only_zeros(&mut self) -> Result<Option<u64>, RecordError> {
        let from = self.offset;
        while self.fill(1)? {
            if self.buffer[self.start..self.end].iter().any(|byte| *byte != 0) {
                return Ok(None);
            }
            self.skip(self.available());
        }
        Ok(matches!(self.end_of_input, Some(End::Clean)).then_some(self.offset - from))
    }

    fn lose(&mut self, offset: u64, len: u64, record_len: Option<u64>, cause: RecordError) {
        let more = matches!(self.end_of_input, Some(End::Broken(_)));
        self.lost_bytes += len;
        self.note(Lost { offset, len, more, record_len, cause });
    }

    /// Loses what could not be decompressed, behind what is in the buffer.
    pub(super) fn lose_unread(&mut self, fault: StreamFault) {
        let offset = self.offset + self.available() as u64;
        let cause = self.stream_error(fault);
        self.note(Lost { offset, len: 0, more: true, record_len: None, cause });
    }

    /// Remembers a place. One of a record that reaches as far as a gap comes after that is known.
    fn note(&mut self, lost: Lost) {
        self.lost_places += 1;
        if self.lost.len() < MAX_LOST {
            let place = self.lost.partition_point(|other| other.offset <= lost.offset);
            self.lost.insert(place, lost);
        }
    }

    /// Goes to the next record that checks, or to the end.
    fn resynchronise(&mut self, cause: RecordError) -> Result<(), RecordError> {
        let (from, record_len) = (self.offset, self.record_len(cause.kind()));
        // If the header is whole then so is the knowledge of where the next record begins, and what looks like a
        // record within the payload is none.
        let len = match cause.kind() {
            RecordErrorKind::PayloadCrc { .. } => self.candidate(),
            _ => None,
        };
        let mut behind = None;
        if let Some(whole) = len {
            if self.step_over(whole)? {
                self.lose(from, self.offset - from, record_len, cause);
                return Ok(());
            }
            // It may be that the next record is damaged too, and that is a loss of its own.
            let kind = match self.header(whole) {
                Some(Err((stored, computed))) => RecordErrorKind::LengthCrc { stored, computed },
                _ => RecordErrorKind::TruncatedHeader { found: (self.available() - whole) as u64 },
            };
            let at = from + whole as u64;
            behind = Some(RecordError::at(kind, self.number, at));
        }
        if self.available() > 0 {
            self.skip(1);
        }
        while self.fill(HEADER_LEN)? {
            let bytes = &self.buffer[self.start..self.end];
            match find_header(bytes, self.options.max_record_len) {
                None => {
                    self.skip(bytes.len() - (HEADER_LEN - 1));
                    continue;
                }
                Some(at) => self.skip(at),
            }
            if let Some(whole) = self.candidate()
                && self.left().is_none_or(|left| left >= whole as u64)
                && self.fill(whole)?
            {
                let at = self.offset;
                match check_payload(&self.buffer[self.start + HEADER_LEN..self.start + whole]) {
                    Ok(()) => {
                        self.lose_both(from, at, record_len, cause, behind);
                        return Ok(());
                    }
                    Err((stored, computed)) if self.step_over(whole)? => {
                        self.lose_both(from, at, record_len, cause, behind);
                        let kind = RecordErrorKind::PayloadCrc { stored, computed };
                        self.lose(at, self.offset - at, Some(whole as u64), RecordError::at(kind, self.number, at));
                        return Ok(());
                    }
                    Err(_) => {}
                }
                self.wasted += whole as u64;
                if self.all_wasted(MAX_WASTED) {
                    return Err(self.fail(RecordErrorKind::Lost { wasted: self.wasted }));
                }
            }
            self.skip(1);
        }
        self.skip(self.available());
        self.finished = true;
        if self.offset > from || matches!(self.end_of_input, Some(End::Broken(_))) {
            self.lose_both(from, self.offset, record_len, cause, behind);
        }
        Ok(())
    }

    /// Loses what is up to `to`; if nothing undamaged was found before what is `behind` the first record, then that apart.
    fn lose_both(
        &mut self,
        from: u64,
        to: u64,
        record_len: Option<u64>,
        cause: RecordError,
        behind: Option<RecordError>,
    ) {
        match behind.and_then(|behind| Some((behind.offset().filter(|at| *at < to)?, behind))) {
            Some((at, behind)) => {
                self.lose(from, at - from, record_len, cause);
                self.lose(at, to - at, None, behind);
            }
            None => self.lose(from, to - from, record_len, cause),
        }
    }

    /// The bytes of the record here, if its header is whole though something else of it is not.
    fn record_len(&self, kind: &RecordErrorKind) -> Option<u64> {
        match kind {
            RecordErrorKind::PayloadCrc { .. } => self.candidate().map(|whole| whole as u64),
            RecordErrorKind::TruncatedRecord { expected, .. } => Some(*expected),
            _ => None,
        }
    }

    /// The bytes of the record whose header is here, if that checks.
    fn candidate(&self) -> Option<usize> {
        let len = self.header(0)?.ok().filter(|len| *len <= self.options.max_record_len)?;
        usize::try_from(len).ok()?.checked_add(OVERHEAD)
    }

    /// Whether so much was wasted that it must be on purpose.
    fn all_wasted(&self, max: u64) -> bool {
        self.wasted > max + 4 * self.offset
    }

    /// Steps over a damaged record of `whole` bytes if there is something where it should end.
    ///
    /// If bytes were taken out of it, whole records may have come to lie within what its header says. They follow one
    /// another up to that end, which frames within a payload cannot: the payload's checksum stands in between.
    fn step_over(&mut self, whole: usize) -> Result<bool, RecordError> {
        if !self.begins(whole)? {
            return Ok(false);
        }
        let next = if self.all_wasted(MAX_LOOKED_THROUGH) { whole } else { self.next_within(whole) };
        self.wasted += (whole - next) as u64;
        self.skip(next);
        Ok(true)
    }

    /// Where the first undamaged record is within a damaged one of `whole` bytes; `whole` if there is none.
    fn next_within(&mut self, whole: usize) -> usize {
        let bytes = &self.buffer[self.start..self.start + whole];
        let mut records: Vec<(usize, usize)> = Vec::new();
        let mut at = 1;
        while let Some(found) = find_header(bytes.get(at..).unwrap_or_default(), whole as u64) {
            at += found;
            if let Some(Ok(len)) = bytes[at..].first_chunk().map(split_header) {
                records.push((at, at + OVERHEAD + len as usize));
            }
            at += 1;
        }
        let mut reach_the_end = Vec::from([whole]);
        for (start, end) in records.iter().rev() {
            if reach_the_end.binary_search_by(|other| end.cmp(other)).is_ok() {
                reach_the_end.push(*start);
            }
        }
        let limit = self.wasted + whole as u64 * 4;
        for (start, end) in records {
            if reach_the_end.binary_search_by(|other| start.cmp(other)).is_err() {
                continue;
            }
            if check_payload(&bytes[start + HEADER_LEN..end]).is_ok() {
                return start;
            }
            self.wasted += (end - start) as u64;
            if self.wasted > limit {
                break;
            }
        }
        whole
    }

    /// Whether `at` bytes from here, up to where all is in the buffer, a header checks or the input ends.
    fn begins(&mut self, at: usize) -> Result<bool, RecordError> {
        if self.fill(at.saturating_add(HEADER_LEN))? {
            return Ok(matches!(self.header(at), Some(Ok(_))));
        }
        Ok(self.available() == at)
    }
}

/// Where in `bytes` the first header is that checks and whose length is within the limit.
pub fn find_header(bytes: &[u8], limit: u64) -> Option<usize> {
    let mut at = 0;
    while let Some(header) = bytes.get(at..).and_then(|rest| rest.first_chunk::<HEADER_LEN>()) {
        let [.., h4, h5, h6, h7, _, _, _, _] = *header;
        let high = u32::from_le_bytes([h4, h5, h6, h7]);
        // Most positions fall to the length: its upper half is zero, so no header begins before its last byte that is not.
        if high > (limit >> 32) as u32 {
            at += if limit >> 32 == 0 { 4 - high.leading_zeros() as usize / 8 } else { 1 };
            continue;
        }
        if split_header(header).is_ok_and(|len| len <= limit) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::header;

    proptest! {
        #[test]
        fn finds_the_first_header(
            parts in proptest::collection::vec((0_usize..9, proptest::collection::vec(0_u8..3, 0..9), any::<u64>(), 0_u32..64), 0..6),
            limit in prop_oneof![Just(0), Just(300), Just(1 << 31), Just(u64::from(u32::MAX)), Just(1 << 32), Just(u64::MAX)],
        ) {
            let mut bytes = Vec::new();
            for (zeros, noise, len, shift) in parts {
                bytes.resize(bytes.len() + zeros, 0);
                bytes.extend(noise);
                bytes.extend(header(len >> shift));
            }
            let first = bytes.windows(HEADER_LEN).position(|window| {
                window.first_chunk().is_some_and(|header| split_header(header).is_ok_and(|len| len <= limit))
            });
            prop_assert_eq!(find_header(&bytes, limit), first);
        }
    }
}
