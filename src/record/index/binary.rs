//! The binary form: all records of a file, in order, and what file they are of. Numbers are little-endian.
//!
//! ```text
//! | at     | bytes    | meaning                                                                    |
//! |--------|----------|----------------------------------------------------------------------------|
//! | 0      | 8        | 89 52 4d 58 0d 0a 1a 0a: as PNG's signature, no text and damaged by what   |
//! |        |          | takes it for one                                                           |
//! | 8      | 4        | version: 1                                                                 |
//! | 12     | 4        | the first record's last 4 bytes: its payload's masked CRC32C; 0 if none    |
//! | 16     | 8        | bytes of the TFRecord file                                                 |
//! | 24     | 8        | n, number of records                                                       |
//! | 32     | 4        | the last record's last 4 bytes; 0 if none                                  |
//! | 36     | 4        | CRC32C of the 36 bytes before                                              |
//! | 40     | 8 (n+1)  | where each record begins, and where the last ends: the bytes of the file   |
//! | ...    | 4 b      | CRC32C of each 8192 of them, 64 KiB, the last block as long as is left     |
//! ```
//!
//! Record `i` is found by reading 16 bytes at `40 + 8 i`, and the block around them is all that has to be read to verify
//! them. CRCs are not masked, but for those that are copied from the records. Every byte is covered by a checksum, and the
//! length follows from `n`. Size and the two checksums of records tell an index that is stale without reading the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::{Entries, Entry, Index, read_at};
use crate::record::crc::crc32c;
use crate::record::{FOOTER_LEN, HEADER_LEN, OVERHEAD, RecordError, RecordErrorKind, split_header};

/// Its first byte begins no text.
pub(super) const MAGIC: [u8; 8] = *b"\x89RMX\r\n\x1a\n";
const VERSION: u32 = 1;
const HEAD_LEN: usize = 40;
/// Offsets that have a checksum together.
const BLOCK: usize = 8192;

/// What file an index is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file_len: u64,
    /// The payload's checksum of the first record and of the last, as they stand in the file.
    ends: [u32; 2],
}

impl Stamp {
    /// Of the file that is to be all of the records from the first of `ends` to the last, each with its number.
    pub(super) fn of(file: &File, ends: Option<[(u64, Entry); 2]>) -> Result<Self, RecordError> {
        let expected = ends.map_or(0, |[_, (_, last)]| last.offset + last.size);
        check_len(file, expected)?;
        let Some(ends) = ends else { return Ok(Self { file_len: 0, ends: [0; 2] }) };
        let mut found = [0; 2];
        for (crc, (number, entry)) in found.iter_mut().zip(ends) {
            *crc = payload_crc(file, entry).map_err(|kind| RecordError::at(kind, number, entry.offset))?;
        }
        Ok(Self { file_len: expected, ends: found })
    }

    fn head(&self, records: u64) -> [u8; HEAD_LEN] {
        let [first, last] = self.ends;
        let mut head = [0; HEAD_LEN];
        let fields: [&[u8]; 6] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &first.to_le_bytes(),
            &self.file_len.to_le_bytes(),
            &records.to_le_bytes(),
            &last.to_le_bytes(),
        ];
        head[..HEAD_LEN - 4].copy_from_slice(&fields.concat());
        let crc = crc32c(&head[..HEAD_LEN - 4]);
        head[HEAD_LEN - 4..].copy_from_slice(&crc.to_le_bytes());
        head
    }
}

fn check_len(file: &File, expected: u64) -> Result<(), RecordError> {
    let found = file.metadata()?.len();
    match found == expected {
        true => Ok(()),
        false => Err(RecordError::new(RecordErrorKind::IndexLen { expected, found })),
    }
}

/// The checksum of the payload at `entry`, if a header for so many bytes stands there.
fn payload_crc(file: &File, entry: Entry) -> Result<u32, RecordErrorKind> {
    let mut header = [0; HEADER_LEN];
    let found = read_at(file, &mut header, entry.offset).map_err(RecordErrorKind::Io)?;
    if found < HEADER_LEN {
        return Err(RecordErrorKind::TruncatedHeader { found: found as u64 });
    }
    let len = split_header(&header).map_err(|(stored, computed)| RecordErrorKind::LengthCrc { stored, computed })?;
    let whole = len.saturating_add(OVERHEAD as u64);
    if whole != entry.size {
        return Err(RecordErrorKind::IndexMismatch { expected: entry.size, found: whole });
    }
    let mut footer = [0; FOOTER_LEN];
    let found = read_at(file, &mut footer, entry.offset + whole - FOOTER_LEN as u64).map_err(RecordErrorKind::Io)?;
    if found < FOOTER_LEN {
        let found = whole - (FOOTER_LEN - found) as u64;
        return Err(RecordErrorKind::TruncatedRecord { expected: whole, found });
    }
    Ok(u32::from_le_bytes(footer))
}

impl Index {
    /// Whether it is of `file`, as far as it knows of what file it is.
    pub(super) fn check(&self, file: &File) -> Result<(), RecordError> {
        let Some(stamp) = self.stamp else { return Ok(()) };
        let ends = self.len().checked_sub(1).and_then(|last| {
            let last = (last as u64, self.get(last)?);
            Some([(0, self.get(0)?), last])
        });
        let now = Stamp::of(file, ends)?;
        for ((expected, found), (number, entry)) in stamp.ends.into_iter().zip(now.ends).zip(ends.into_iter().flatten())
        {
            if expected != found {
                return Err(RecordError::at(RecordErrorKind::IndexCrc { expected, found }, number, entry.offset));
            }
        }
        Ok(())
    }
}

/// Makes the bytes, the head last.
#[derive(Debug)]
pub(super) struct Packer {
    block: Vec<u8>,
    sums: Vec<u8>,
    first: Option<Entry>,
    last: Option<Entry>,
    records: u64,
}

impl Packer {
    pub(super) fn begin(out: &mut impl Write) -> io::Result<Self> {
        out.write_all(&[0; HEAD_LEN])?;
        Ok(Self { block: Vec::new(), sums: Vec::new(), first: None, last: None, records: 0 })
    }

    pub(super) fn push(&mut self, entry: Entry, out: &mut impl Write) -> Result<(), RecordError> {
        let end = self.last.map_or(0, |last| last.offset + last.size);
        if entry.offset != end || entry.size < OVERHEAD as u64 || end.checked_add(entry.size).is_none() {
            return Err(RecordError::new(RecordErrorKind::IndexGap { record: self.records, end, next: entry.offset }));
        }
        self.put(entry.offset, out)?;
        self.first.get_or_insert(entry);
        self.last = Some(entry);
        self.records += 1;
        Ok(())
    }

    fn put(&mut self, offset: u64, out: &mut impl Write) -> io::Result<()> {
        self.block.extend_from_slice(&offset.to_le_bytes());
        if self.block.len() == BLOCK * 8 { self.drain(out) } else { Ok(()) }
    }

    fn drain(&mut self, out: &mut impl Write) -> io::Result<()> {
        if !self.block.is_empty() {
            self.sums.extend_from_slice(&crc32c(&self.block).to_le_bytes());
            out.write_all(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }

    /// The first record and the last.
    pub(super) fn ends(&self) -> Option<[(u64, Entry); 2]> {
        Some([(0, self.first?), (self.records.checked_sub(1)?, self.last?)])
    }

    pub(super) fn finish(mut self, stamp: Stamp, out: &mut (impl Write + Seek)) -> io::Result<()> {
        self.put(stamp.file_len, out)?;
        self.drain(out)?;
        out.write_all(&self.sums)?;
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&stamp.head(self.records))
    }
}

/// Reads it; `len` is its bytes, if that is known.
pub(super) fn read(mut file: impl Read, len: u64) -> Result<Index, RecordError> {
    let mut head = Vec::with_capacity(HEAD_LEN);
    file.by_ref().take(HEAD_LEN as u64).read_to_end(&mut head)?;
    let head: [u8; HEAD_LEN] =
        head.try_into().map_err(|head: Vec<u8>| ends_early(head.len() as u64, HEAD_LEN as u64))?;
    let u32_at =
        |at: usize| head.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let u64_at =
        |at: usize| head.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if head[..MAGIC.len()] != MAGIC {
        return Err(wrong(0, "not how an index begins; was it copied as text?"));
    }
    if u32_at(8) != VERSION {
        return Err(wrong(8, format!("version {}, expected {VERSION}", u32_at(8))));
    }
    check_crc(36, "the head", u32_at(36), crc32c(&head[..HEAD_LEN - 4]))?;
    let (file_len, records) = (u64_at(16), u64_at(24));
    // No record is shorter, so what follows does not overflow.
    if records > file_len / OVERHEAD as u64 {
        return Err(wrong(24, format!("{records} records in a file of {file_len} bytes")));
    }
    let table = HEAD_LEN as u64 + 8 * (records + 1);
    let whole = table + 4 * (records + 1).div_ceil(BLOCK as u64);

    // Memory grows with what is there, not with what is said to be; at once where that is the same.
    let (mut offsets, mut sums, mut block) = (Vec::new(), Vec::new(), Vec::new());
    if len == whole {
        let room = usize::try_from(records + 1).ok().filter(|room| offsets.try_reserve_exact(*room).is_ok());
        room.ok_or_else(|| wrong(24, format!("no memory for {records} records")))?;
    }
    let mut left = records + 1;
    while left > 0 {
        let now = left.min(BLOCK as u64);
        block.clear();
        if file.by_ref().take(8 * now).read_to_end(&mut block)? as u64 != 8 * now {
            return Err(ends_early(table - 8 * left + block.len() as u64, whole));
        }
        sums.push(crc32c(&block));
        offsets.extend(block.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        left -= now;
    }
    let mut stored = Vec::new();
    file.by_ref().take(4 * sums.len() as u64 + 1).read_to_end(&mut stored)?;
    match stored.len().cmp(&(4 * sums.len())) {
        std::cmp::Ordering::Less => return Err(ends_early(table + stored.len() as u64, whole)),
        std::cmp::Ordering::Equal => {}
        std::cmp::Ordering::Greater => return Err(wrong(whole, "more bytes, expected the end")),
    }
    for (number, (stored, computed)) in stored.as_chunks().0.iter().zip(&sums).enumerate() {
        let first = number * BLOCK;
        let of = format!("offsets {first} to {}", (first + BLOCK).min(offsets.len()) - 1);
        check_crc(table + 4 * number as u64, &of, u32::from_le_bytes(*stored), *computed)?;
    }

    let at = |number: usize| HEAD_LEN as u64 + 8 * number as u64;
    let (first, last) = (offsets.first().copied(), offsets.last().copied());
    if first != Some(0) {
        return Err(wrong(at(0), format!("the first record is at byte {}, expected 0", first.unwrap_or(0))));
    }
    let close = |pair: &[u64]| pair[1].checked_sub(pair[0]).is_none_or(|size| size < OVERHEAD as u64);
    if let Some(number) = offsets.windows(2).position(close) {
        let (start, end) = (offsets[number], offsets[number + 1]);
        return Err(wrong(at(number + 1), format!("record {number} begins at byte {start} and ends at byte {end}")));
    }
    if last != Some(file_len) {
        let message = format!("the last record ends at byte {}, expected {file_len}", last.unwrap_or(0));
        return Err(wrong(at(offsets.len() - 1), message));
    }
    Ok(Index { entries: Entries::Dense(offsets), stamp: Some(Stamp { file_len, ends: [u32_at(12), u32_at(32)] }) })
}

fn wrong(at: u64, problem: impl Into<String>) -> RecordError {
    RecordError::new(RecordErrorKind::IndexByte { at, problem: problem.into() })
}

fn ends_early(found: u64, expected: u64) -> RecordError {
    wrong(found, format!("the index ends, expected {expected} bytes"))
}

fn check_crc(at: u64, of: &str, stored: u32, computed: u32) -> Result<(), RecordError> {
    match stored == computed {
        true => Ok(()),
        false => Err(wrong(at, format!("crc of {of} is {stored:#010x}, computed {computed:#010x}"))),
    }
}
