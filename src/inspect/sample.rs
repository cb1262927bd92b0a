//! Some records in the place of all, for files that take long to read.
//!
//! The file is cut into as many runs of records as are wanted, and of each run one is drawn: they are spread over the whole file
//! whatever its order. Of an uncompressed file only the headers of the others are read. Where anything is damaged, all of it is read, since
//! what comes behind can be found in no other way.

use std::fs::File;
use std::path::Path;

use super::report::{InspectOptions, Seen, check_stop, open};
use super::schema::Counter;
use crate::record::{
    FOOTER_LEN, HEADER_LEN, Header, Headers, Positioned, ReadOptions, Reader, RecordError, footer, read_at,
};

/// How many records, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// So many of each file; all where it has no more.
    pub records: u64,
    /// Others for another number.
    pub seed: u64,
}

impl Sample {
    /// The numbers of those that are drawn out of `all`, the least first.
    fn numbers(self, all: u64) -> impl Iterator<Item = u64> {
        let runs = self.records.min(all);
        let border = move |run: u64| (u128::from(run) * u128::from(all) / u128::from(runs.max(1))) as u64;
        (0..runs).map(move |run| {
            let (from, until) = (border(run), border(run + 1));
            from + mixed(self.seed, run) % (until - from).max(1)
        })
    }
}

/// Number `place` of the sequence that begins with `seed`: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014), of a mixed seed, so that neighbouring seeds have nothing in common.
fn mixed(seed: u64, place: u64) -> u64 {
    let mix = |mut value: u64| {
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    };
    let step = |times: u64| times.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mix(mix(seed.wrapping_add(step(0))).wrapping_add(step(place)))
}

/// What was drawn of a file, and what is known of all its records.
pub(super) struct Drawn {
    pub seen: Seen,
    /// Bytes of the payloads of all records.
    pub sizes: Counter,
    /// How many records there are.
    pub records: u64,
    /// Their bytes, framing included.
    pub bytes: u64,
}

/// Of an uncompressed file; nothing where it is damaged.
pub(super) fn of_plain(file: &File, sample: Sample, options: &InspectOptions) -> Result<Option<Drawn>, RecordError> {
    let stop = options.stop.as_deref();
    let max = options.read.max_record_len;
    let (mut sizes, mut records, mut bytes) = (Counter::default(), 0, 0);
    let mut headers = Headers::new(file.try_clone()?, max)?;
    loop {
        check_stop(stop)?;
        match headers.next_header()? {
            Header::Record { offset, len } => {
                sizes.add(len);
                records += 1;
                bytes = offset + len + (HEADER_LEN + FOOTER_LEN) as u64;
            }
            Header::End => break,
            Header::Damaged => return Ok(None),
        }
    }
    let mut seen = Seen::default();
    let mut headers = Headers::new(file.try_clone()?, max)?;
    let (mut number, mut record) = (0, Vec::new());
    for wanted in sample.numbers(records) {
        let found = loop {
            check_stop(stop)?;
            let Header::Record { offset, len } = headers.next_header()? else { return Ok(None) };
            number += 1;
            if number > wanted {
                break (offset, len);
            }
        };
        let Some(payload) = payload(file, found, &mut record)? else { return Ok(None) };
        seen.add(found.0, payload);
    }
    Ok(Some(Drawn { seen, sizes, records, bytes }))
}

/// The payload of the record at `offset`, if its checksum fits.
fn payload<'r>(
    file: &File,
    (offset, len): (u64, u64),
    record: &'r mut Vec<u8>,
) -> Result<Option<&'r [u8]>, RecordError> {
    let Some(len) = usize::try_from(len).ok().and_then(|len| len.checked_add(FOOTER_LEN)) else { return Ok(None) };
    record.clear();
    // The file has as many bytes. Whoever reads all of it says what is wrong.
    if record.try_reserve(len).is_err() {
        return Ok(None);
    }
    record.resize(len, 0);
    if read_at(file, record, offset + HEADER_LEN as u64)? < len {
        return Ok(None);
    }
    Ok(record.split_last_chunk().filter(|(payload, stored)| footer(payload) == **stored).map(|(payload, _)| payload))
}

/// Of any file, which is read twice: by `counting` to its end, and from its beginning again up to the last that is drawn.
pub(super) fn of_any(
    path: &Path,
    counting: &mut Reader<Positioned>,
    read: ReadOptions,
    sample: Sample,
    options: &InspectOptions,
) -> Result<Drawn, RecordError> {
    let stop = options.stop.as_deref();
    let mut sizes = Counter::default();
    while let Some(record) = counting.next_record()? {
        check_stop(stop)?;
        sizes.add(record.payload.len() as u64);
    }
    let (records, bytes) = (counting.records(), counting.offset());
    let mut seen = Seen::default();
    let mut reader = open(path, read, options.stop.as_ref())?;
    for wanted in sample.numbers(records) {
        check_stop(stop)?;
        while let Some(record) = reader.next_record()? {
            if record.number == wanted {
                seen.add(record.offset, record.payload);
                break;
            }
        }
    }
    Ok(Drawn { seen, sizes, records, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_drawn_of_each_run() {
        for (records, all) in [(1, 1), (1, 1000), (10, 1000), (7, 10), (999, 1000), (3, u64::MAX)] {
            let drawn: Vec<u64> = Sample { records, seed: 5 }.numbers(all).collect();
            assert_eq!(drawn.len() as u64, records);
            for (run, number) in drawn.iter().enumerate() {
                let border = |run: u128| (run * u128::from(all) / u128::from(records)) as u64;
                assert!((border(run as u128)..border(run as u128 + 1)).contains(number), "{run} {number}");
            }
        }
        let drawn = |records, seed, all| Sample { records, seed }.numbers(all).collect::<Vec<u64>>();
        assert_eq!(drawn(9, 0, 4), [0, 1, 2, 3]);
        assert_eq!(drawn(3, 0, 0), [0; 0]);
        assert_eq!(drawn(0, 0, 3), [0; 0]);
        assert_eq!(drawn(20, 7, 10_000), drawn(20, 7, 10_000));
        assert_ne!(drawn(20, 7, 10_000), drawn(20, 8, 10_000));
    }

    #[test]
    fn every_place_of_a_run_comes_up() {
        let mut counts = [0; 10];
        for seed in 0..10_000 {
            Sample { records: 1, seed }.numbers(10).for_each(|number| counts[number as usize] += 1);
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_sequence_is_splitmix64() {
        // The first three of the reference implementation (prng.di.unimi.it/splitmix64.c) for the state that seed 0 is mixed to,
        // its own first number.
        let expected = [0xa706_dd2f_4d19_7e6f, 0xb382_a305_f441_4f5e, 0x631a_9154_fbab_f717];
        assert_eq!([0, 1, 2].map(|place| mixed(0, place)), expected);
    }
}
