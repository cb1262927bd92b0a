//! What was passed over, and how many records that were.

use std::fs::File;

use serde::Serialize;

use super::inputs::Input;
use crate::record::{
    Compression, FOOTER_LEN, HEADER_LEN, Lost, OVERHEAD, Positioned, Reader, RecordErrorKind, StreamFault, footer,
};

/// Bytes of a damaged place that are read again to find out whether they are one record: beyond that nothing is said.
const MAX_READ_AGAIN: u64 = 256 << 20;

/// How well a number of lost records is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// So many.
    Exactly,
    /// There may have been more.
    AtLeast,
    /// Nothing can be said: these bytes may have been one record, several, or none.
    Unknown,
}

/// Bytes that no record was read from. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The file.
    pub path: String,
    /// `none`, `gzip` or `zlib`.
    pub compression: &'static str,
    /// The first of them, counted in the uncompressed data.
    pub offset: u64,
    /// How many they are.
    pub bytes: u64,
    /// The compressed stream is damaged here: what could not be decompressed is lost as well, and nobody knows how much that
    /// was.
    pub more: bool,
    /// Records that were lost with them.
    pub records: u64,
    /// How well that is known. Records that were cut out whole leave no trace.
    pub known: Known,
    /// What was found there.
    pub cause: String,
}

impl Damage {
    /// All that `reader` has passed over of `input`.
    pub(super) fn of(input: &Input, reader: &mut Reader<Positioned>) -> Vec<Self> {
        let compression = reader.compression().map_or("none", Compression::name);
        let plain = compression == Compression::None.name();
        let file = Some(reader.get_ref().file()).filter(|_| plain && !input.is_stdin());
        let path = input.path.display().to_string();
        let damage = |lost: &Lost| {
            let (records, known) = records_of(lost, file);
            let Lost { offset, len: bytes, ref cause, .. } = *lost;
            let more = lost.more && !is_sum_alone(lost);
            Self {
                path: path.clone(),
                compression,
                offset,
                bytes,
                more,
                records,
                known,
                cause: cause.kind().to_string(),
            }
        };
        let mut all: Vec<Self> = reader.lost().iter().map(damage).collect();
        let listed: u64 = all.iter().map(|damage| damage.bytes).sum();
        if reader.lost_places() > all.len() as u64 {
            let places = reader.lost_places() - all.len() as u64;
            all.push(Self {
                path,
                compression,
                offset: all.last().map_or(0, |last| last.offset + last.bytes),
                bytes: reader.lost_bytes() - listed,
                more: reader.lost().last().is_some_and(|last| last.more),
                records: 0,
                known: Known::Unknown,
                cause: format!("{places} more places, which are not listed"),
            });
        }
        all
    }
}

/// All records that were lost, and how well that is known.
pub fn total(damage: &[Damage]) -> (u64, Known) {
    let records = damage.iter().map(|damage| damage.records).sum();
    let known = match damage.iter().map(|damage| damage.known).max() {
        None | Some(Known::Exactly) => Known::Exactly,
        Some(_) if records > 0 => Known::AtLeast,
        Some(_) => Known::Unknown,
    };
    (records, known)
}

/// Whether all was decompressed, up to the stream's own checksum, which does not fit: what was hit are records before.
fn is_sum_alone(lost: &Lost) -> bool {
    let sums = ["incorrect data check", "incorrect length check"];
    lost.len == 0
        && matches!(lost.cause.kind(), RecordErrorKind::Stream { fault: StreamFault::Damaged(words), .. } if sums.contains(words))
}

fn records_of(lost: &Lost, file: Option<&File>) -> (u64, Known) {
    if is_sum_alone(lost) {
        return (0, Known::Exactly);
    }
    match (lost.record_len, lost.cause.kind()) {
        // Behind the end there may have been anything.
        (Some(_), RecordErrorKind::TruncatedRecord { .. }) => (1, Known::AtLeast),
        (Some(len), _) if len == lost.len && !lost.more => (1, Known::Exactly),
        (Some(_), _) => (1, Known::AtLeast),
        (None, RecordErrorKind::LengthCrc { .. }) if file.is_some_and(|file| is_one(lost, file)) => (1, Known::Exactly),
        (None, _) => (0, Known::Unknown),
    }
}

/// Whether the bytes are one record whose header alone was hit: its payload checks, or its length fits.
fn is_one(lost: &Lost, file: &File) -> bool {
    if lost.len < OVERHEAD as u64 || lost.len > MAX_READ_AGAIN {
        return false;
    }
    let Ok(len) = usize::try_from(lost.len) else { return false };
    let mut bytes = vec![0; len];
    if crate::record::read_at(file, &mut bytes, lost.offset).ok() != Some(len) {
        return false;
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else { return false };
    let Some((payload, sum)) = rest.split_last_chunk::<FOOTER_LEN>() else { return false };
    header.first_chunk() == Some(&(payload.len() as u64).to_le_bytes()) || footer(payload) == *sum
}
