//! The same verdict from many threads: parts of an uncompressed file, checked beside each other, and put together by one reader.
//!
//! ```text
//! file     |-------|-------|-------|-------|----        cut every so many bytes
//! part     each from the first header that checks in it to the first record that begins behind it
//! reader   stands where a part begins   it takes over what was found there, and goes on where the part ended
//!          stands anywhere else         it reads for itself: damage, a part that found no record, or a false one
//! ```
//!
//! A part is taken over only if all of it is undamaged. So the reader comes to the same place, having met the same damage, as if it
//! had read all, and what it does about damage hangs on nothing else. What rules remember from record to record is the same
//! too, or the part is read again ([`Rules::take_over`]). Images are digested together, which takes half of the time.

use std::ops::Range;
use std::path::Path;

use super::{Findings, Payload, Rules, Verdict, VerifyOptions, check_payload, check_stop, step, verdict};
use crate::formats::parallel;
use crate::record::{Next, Positioned, Reader, RecordError, Stretch, first_header, sha256};

/// How a file is cut.
pub(super) struct Cut {
    /// Bytes of a part.
    pub part: u64,
    /// Bytes that are read at a time: enough images to be digested together, and few enough that they stay in the cache.
    pub block: usize,
    /// Parts for each thread until they are put together: what they found is kept so long.
    pub each: u64,
}

/// What is best for files of any size.
pub(super) const USUAL: Cut = Cut { part: 16 << 20, block: 1 << 20, each: 8 };

/// Errors that are kept of a part; one of more is read again. It bounds memory.
const MAX_ERRORS: usize = 10_000;

/// What was found in a part.
struct Part<'o> {
    /// From where its first record begins to where the first behind it does.
    place: Range<u64>,
    records: u64,
    /// Numbers of records count from 0.
    findings: Findings<'o>,
    rules: Rules<'o>,
}

/// Verifies the file at `path`, which `reader` stands at the beginning of.
pub(super) fn verify(
    mut reader: Reader<Positioned>,
    path: &Path,
    options: &VerifyOptions,
    workers: usize,
    cut: &Cut,
) -> Result<Verdict, RecordError> {
    let mut findings = Findings::new(options);
    let mut rules = Rules::new(options.label_map.as_ref(), options.sha256);
    let len = reader.get_ref().file().metadata()?.len();
    let mut start = 0;
    while start < len {
        let parts = (len - start).div_ceil(cut.part).min(cut.each * workers as u64);
        let room = options.max_errors - findings.listed_errors;
        let of_part = VerifyOptions { max_errors: room.min(MAX_ERRORS), ..options.clone() };
        let of = |number: usize| {
            let from = start + number as u64 * cut.part;
            let part = part(path, from..(from + cut.part).min(len), &of_part, cut)?;
            (room <= MAX_ERRORS || part.findings.errors <= MAX_ERRORS as u64).then_some(part)
        };
        for part in parallel::map_each(parts as usize, workers, of).into_iter().flatten() {
            while reader.offset() < part.place.start && step(&mut reader, &mut findings, &mut rules)? {}
            if reader.offset() == part.place.start && !reader.is_finished() && rules.take_over(&part.rules) {
                findings.append(part.findings, reader.records() + reader.lost_places());
                reader.pass(part.records, part.place.end);
            }
        }
        check_stop(options.stop.as_deref())?;
        start += parts * cut.part;
    }
    while step(&mut reader, &mut findings, &mut rules)? {}
    verdict(reader, path, findings)
}

/// Checks the records that begin within `part`; nothing if there is none, or anything is wrong with the framing of one.
fn part<'o>(path: &Path, part: Range<u64>, options: &'o VerifyOptions, cut: &Cut) -> Option<Part<'o>> {
    let limit = options.read.max_record_len;
    let mut stretch = Stretch::open(path, part.clone(), cut.block, limit).ok()?;
    let start = match part.start {
        0 => 0,
        _ => first_header(stretch.file(), part.clone(), limit).ok()??,
    };
    stretch.go_to(start..part.end);
    let mut findings = Findings::new(options);
    let mut rules = Rules::new(options.label_map.as_ref(), options.sha256);
    let mut number = 0;
    loop {
        check_stop(options.stop.as_deref()).ok()?;
        match stretch.next_records() {
            Next::End => break,
            Next::Damaged => return None,
            Next::Records(records) => {
                if !options.examples && !options.rules && options.label_map.is_none() {
                    number += records.len() as u64;
                    continue;
                }
                let payloads: Vec<Payload<'_>> = records.iter().map(|(_, bytes)| Payload::of(bytes)).collect();
                let images: Vec<Option<&[u8]>> = payloads
                    .iter()
                    .map(|payload| match payload {
                        _ if !options.rules => None,
                        Payload::Example(example) => rules.to_digest(&example.features),
                        // Of frames each is digested alone.
                        Payload::Sequence(_) | Payload::Other(_) => None,
                    })
                    .collect();
                let mut digests = sha256::digests(images.iter().filter_map(|image| *image)).into_iter();
                for (((offset, _), payload), image) in records.iter().zip(&payloads).zip(&images) {
                    let digest = image.and_then(|_| digests.next());
                    check_payload(payload, (number, *offset), digest.as_ref(), &mut findings, &mut rules);
                    number += 1;
                }
            }
        }
    }
    Some(Part { place: start..stretch.offset(), records: number, findings, rules })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::example::{Feature, encode};
    use crate::inspect::report::open;
    use crate::inspect::verify_reader;
    use crate::record::{ReadOptions, Recovery, append};

    /// A payload of one of several kinds: Examples, classes that may not agree, images with a right or wrong digest, other
    /// bytes, and records within a record.
    fn payload(kind: u8, len: usize, label: i64) -> Vec<u8> {
        let text = if label % 5 == 4 { "cat" } else { "dog" };
        match kind % 6 {
            0 => encode(&[("x", Feature::bytes(vec![len as u8; len]))]),
            1 => encode(&[
                ("image/object/class/label", Feature::int64(label % 3)),
                ("image/object/class/text", Feature::text(text)),
            ]),
            2 => {
                let gif = [&b"GIF89a\x02\0\x02\0\0\0\0"[..], &vec![label as u8; len], b";"].concat();
                let digest = sha256::hex(&sha256::digests([&gif[..]])[0]);
                let digest = if label % 4 == 0 { [b'0'; 64] } else { digest };
                encode(&[
                    ("image/encoded", Feature::bytes(gif)),
                    ("image/height", Feature::int64(2)),
                    ("image/key/sha256", Feature::bytes(digest.to_vec())),
                ])
            }
            3 => vec![0xff; len],
            4 => Vec::new(),
            _ => {
                let mut inner = Vec::new();
                (0..len % 4).for_each(|number| append(&mut inner, &payload(number as u8, len / 4, label)));
                encode(&[("x", Feature::bytes(inner))])
            }
        }
    }

    /// One kind of damage at a place of the file.
    fn damage(file: &mut Vec<u8>, kind: u8, place: usize, len: usize) {
        if file.is_empty() {
            return;
        }
        let at = place % file.len();
        let end = (at + len).min(file.len());
        match kind % 5 {
            0 => file[at] ^= 1 << (len % 8),
            1 => drop(file.drain(at..end)),
            2 => drop(file.splice(at..at, vec![len as u8; len])),
            3 => file[at..end].fill(0),
            _ => file.truncate(at),
        }
    }

    fn same(file: &[u8], options: &VerifyOptions, cut: &Cut, workers: usize) -> Result<(), TestCaseError> {
        let named = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(named.path(), file).expect("written");
        let read = ReadOptions { recovery: Recovery::Skip, ..options.read };
        // A head that is damaged may look like that of a compressed file.
        let read = ReadOptions { compression: Some(crate::record::Compression::None), ..read };
        let opened = || open(named.path(), read, None).expect("opened");
        let expected = verify_reader(opened(), named.path(), options).expect("read");
        let mut reader = opened();
        reader.compression().expect("plain");
        prop_assert_eq!(verify(reader, named.path(), options, workers, cut).expect("read"), expected);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 5000 }))]
        #[test]
        fn parts_find_what_one_reader_finds(
            records in prop::collection::vec((any::<u8>(), 0_usize..300, 0_i64..60), 0..60),
            damages in prop::collection::vec((any::<u8>(), any::<usize>(), 1_usize..80), 0..6),
            part in 1_u64..3000,
            block in 1_usize..2000,
            each in 1_u64..4,
            workers in 1_usize..4,
            (max_errors, max_warnings, limit) in (0_usize..30, 0_usize..4, prop_oneof![Just(1 << 30), 100_u64..400]),
            agree in any::<bool>(),
        ) {
            let mut file = Vec::new();
            for (kind, len, label) in records {
                append(&mut file, &payload(kind, len, if agree { label / 5 * 5 } else { label }));
            }
            for (kind, place, len) in damages {
                damage(&mut file, kind, place, len);
            }
            let read = ReadOptions { max_record_len: limit, ..ReadOptions::default() };
            let options = VerifyOptions { read, max_errors, max_warnings, ..VerifyOptions::default() };
            same(&file, &options, &Cut { part, block, each }, workers)?;
        }
    }

    #[test]
    fn more_errors_than_a_part_may_keep() {
        let mut file = Vec::new();
        for number in 0..MAX_ERRORS + 50 {
            append(&mut file, &[0xff, number as u8]);
        }
        for max_errors in [10, MAX_ERRORS - 1, MAX_ERRORS + 20, MAX_ERRORS * 2] {
            let options = VerifyOptions { max_errors, ..VerifyOptions::default() };
            same(&file, &options, &Cut { part: 1 << 20, block: 1 << 16, each: 1 }, 2).expect("the same");
        }
    }

    #[test]
    fn whole_parts_are_taken_over() {
        let mut file = Vec::new();
        (0..200).for_each(|number| append(&mut file, &payload(0, number, 0)));
        let named = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(named.path(), &file).expect("written");
        let options = VerifyOptions::default();
        let cut = Cut { part: 1000, block: 4000, each: 2 };
        let mut records = 0;
        let mut ends = 0;
        for from in (0..file.len() as u64).step_by(1000) {
            let Some(part) = part(named.path(), from..(from + 1000).min(file.len() as u64), &options, &cut) else {
                assert_eq!(ends, file.len() as u64, "no record begins here");
                continue;
            };
            assert_eq!(part.place.start, ends);
            (records, ends) = (records + part.records, part.place.end);
        }
        assert_eq!((records, ends), (200, file.len() as u64));
    }
}
