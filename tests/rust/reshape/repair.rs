//! What is saved of damaged files: every record that was not hit, and nothing else.

use recordmill::reshape::{Known, repair};

use super::*;

/// Where a byte of the damaged file comes from; nowhere if damage has put it there.
type Origins = Vec<Option<usize>>;

fn damage(file: &mut Vec<u8>, origins: &mut Origins, random: &mut Random) {
    if file.is_empty() {
        return;
    }
    let at = random.below(file.len());
    let len = (1 + random.below(600)).min(file.len() - at);
    match random.below(8) {
        0..=2 => {
            file[at] ^= 1 << random.below(8);
            origins[at] = None;
        }
        3 => {
            file.drain(at..at + len);
            origins.drain(at..at + len);
        }
        4 => {
            file.splice(at..at, random.bytes(len));
            origins.splice(at..at, vec![None; len]);
        }
        5 => {
            // A page that never reached the disk.
            let page = at & !4095;
            let end = file.len().min(page + 4096);
            file[page..end].fill(0);
            origins[page..end].fill(None);
        }
        6 => {
            file[at..at + len].copy_from_slice(&random.bytes(len));
            origins[at..at + len].fill(None);
        }
        // The end is cut off, or the beginning.
        _ => {
            let len = len.min(file.len());
            let part = if random.below(4) == 0 { 0..len } else { file.len() - len..file.len() };
            file.drain(part.clone());
            origins.drain(part);
        }
    }
}

#[test]
fn every_untouched_record_and_no_false_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(31);
    let (mut kept, mut gone, mut said) = (0, 0, 0);
    for trial in 0..cases(50, 1000) {
        let most = [30, 300, 2000][random.below(3)];
        let records: Vec<Vec<u8>> = (0..1000_u32)
            .map(|number| {
                let len = random.below(most);
                [&number.to_le_bytes()[..], &random.bytes(len)].concat()
            })
            .collect();
        let mut file = frames(&records);
        let mut origins: Origins = (0..file.len()).map(Some).collect();
        for _ in 0..1 + random.below(50) {
            damage(&mut file, &mut origins, &mut random);
        }
        let whole = untouched(&records, &origins);
        let path = put(folder.path(), "damaged", &file);
        let out = folder.path().join("out");
        let options = OutputOptions { overwrite: true, ..plain() };
        let report = repair(&inputs(&[path]), &out, &options, &job()).unwrap();
        let found = payloads(&[out]);
        let numbers: Vec<usize> =
            found.iter().map(|payload| u32::from_le_bytes(*payload.first_chunk().unwrap()) as usize).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "trial {trial}");
        for (number, payload) in numbers.iter().zip(&found) {
            assert_eq!(&records[*number], payload, "trial {trial}: record {number} was made up");
        }
        for number in &whole {
            assert!(numbers.binary_search(number).is_ok(), "trial {trial}: record {number} was not found");
        }
        let kept_bytes: usize = found.iter().map(|payload| payload.len() + 16).sum();
        assert_eq!(report.lost_bytes, (file.len() - kept_bytes) as u64, "trial {trial}");
        assert_eq!(report.records_written, found.len() as u64);
        assert!(report.lost_records <= (records.len() - found.len()) as u64, "trial {trial}: {report:?}");
        let mut end = 0;
        for damage in &report.damage {
            assert!(damage.offset >= end && damage.bytes > 0, "trial {trial}: {damage:?}");
            end = damage.offset + damage.bytes;
        }
        kept += found.len();
        gone += records.len() - found.len();
        said += report.lost_records;
    }
    println!("{kept} kept, {gone} lost, {said} of them known");
    assert!(gone > 0 && kept > 0 && said > 0);
}

/// Numbers of the records that stand in the file as they were written.
fn untouched(records: &[Vec<u8>], origins: &Origins) -> Vec<usize> {
    let mut places = vec![None; records.iter().map(|record| record.len() + 16).sum()];
    for (place, origin) in origins.iter().enumerate() {
        if let Some(origin) = origin {
            places[*origin] = Some(place);
        }
    }
    let mut start = 0;
    let mut whole = Vec::new();
    for (number, record) in records.iter().enumerate() {
        let len = record.len() + 16;
        let first = places[start];
        if first.is_some_and(|first| (0..len).all(|at| places[start + at] == Some(first + at))) {
            whole.push(number);
        }
        start += len;
    }
    whole
}

#[test]
fn what_is_lost_is_said_as_well_as_it_can_be_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = frames(&[&b"zero"[..], b"one", b"two", b"three", b"four"]);
    let starts = [0, 20, 39, 58, 79, 99];
    /// What is done to the file, and offset, bytes, records of each place.
    type Row<'a> = (&'a dyn Fn(&mut Vec<u8>), &'a [(u64, u64, u64, Known)]);
    let rows: [Row<'_>; 9] = [
        (&|_| {}, &[]),
        // A payload; a length, whose record still checks; a length's sum.
        (&|file| file[starts[1] + 12] ^= 1, &[(20, 19, 1, Known::Exactly)]),
        (&|file| file[starts[1]] ^= 1, &[(20, 19, 1, Known::Exactly)]),
        (&|file| file[starts[1] + 9] ^= 1, &[(20, 19, 1, Known::Exactly)]),
        // Bytes that are no record at all, between two.
        (&|file| drop(file.splice(20..20, *b"nothing of the kind")), &[(20, 19, 0, Known::Unknown)]),
        // Bytes in a payload: the record is lost, and what is left over where it should have ended is not known.
        (&|file| drop(file.splice(34..34, *b"more")), &[(20, 19, 1, Known::Exactly), (39, 4, 0, Known::Unknown)]),
        (&|file| file.truncate(70), &[(58, 12, 1, Known::AtLeast)]),
        (&|file| file.truncate(65), &[(58, 7, 0, Known::Unknown)]),
        // Two headers: where the second was nobody can know.
        (
            &|file| {
                file[starts[1]] ^= 1;
                file[starts[2]] ^= 1;
            },
            &[(20, 38, 0, Known::Unknown)],
        ),
    ];
    for (index, (change, expected)) in rows.iter().enumerate() {
        let mut file = file.clone();
        change(&mut file);
        let path = put(folder.path(), "damaged", &file);
        let options = OutputOptions { overwrite: true, ..plain() };
        let report = repair(&inputs(&[path]), &folder.path().join("out"), &options, &job()).unwrap();
        let places: Vec<_> =
            report.damage.iter().map(|lost| (lost.offset, lost.bytes, lost.records, lost.known)).collect();
        assert_eq!(places, *expected, "row {index}: {report:?}");
    }
}

#[test]
fn compressed_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    fs::create_dir(&from).unwrap();
    let records = [&b"one"[..], b"two", b"three"];
    put(&from, "a.tfrecord", &frames(&records));
    let gzip = written(&records, Compression::Gzip);
    put(&from, "b.tfrecord.gz", &gzip[..gzip.len() - 3]);
    let out = folder.path().join("out");
    let report = repair(&inputs(&[from]), &out, &plain(), &job()).unwrap();
    assert_eq!(report.files.iter().map(|file| file.compression).collect::<Vec<_>>(), ["none", "gzip"]);
    assert_eq!(contents(&out), [("a.tfrecord".into(), frames(&records)), ("b.tfrecord.gz".into(), gzip)]);
    let [damage] = &report.damage[..] else { panic!("{report:?}") };
    assert!(damage.more && damage.known == Known::Unknown, "{damage:?}");
}

/// Damage of a compressed file costs what is between two places where decompression can begin anew.
#[test]
fn compressed_files_are_read_on_behind_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(4);
    // The first kind does not become smaller: its pieces are stored.
    for compressible in [false, true] {
        let records: Vec<Vec<u8>> = (0..1000_u32)
            .map(|number| {
                let bytes = random.bytes(if compressible { 50 } else { 5000 });
                [&number.to_le_bytes()[..], &bytes.repeat(if compressible { 100 } else { 1 })].concat()
            })
            .collect();
        for compression in [Compression::Gzip, Compression::Zlib] {
            let whole = written(&records, compression);
            for trial in 0..cases(3, 200) {
                let mut file = whole.clone();
                let at = 20 + random.below(file.len() - 40);
                match random.below(3) {
                    0 => {
                        let end = file.len().min(at + 200);
                        file[at..end].fill(0x55);
                    }
                    1 => drop(file.drain(at..file.len().min(at + 100))),
                    _ => drop(file.splice(at..at, random.bytes(100))),
                }
                let path = put(folder.path(), "damaged", &file);
                let options = OutputOptions { overwrite: true, compression: Some(Compression::None), ..plain() };
                let report = repair(&inputs(&[path]), &folder.path().join("out"), &options, &job()).unwrap();
                let found = payloads(&[folder.path().join("out")]);
                let mut from = records.iter();
                assert!(found.iter().all(|payload| from.any(|record| record == payload)), "no false one");
                // Of 5 MB a piece has 1; damage over a border costs two.
                assert!(found.len() > 550, "{compression} {compressible} {trial}: {}", found.len());
                assert!(!report.damage.is_empty());
                assert!(report.damage.iter().any(|damage| damage.more) || report.lost_bytes > 0, "{report:?}");
                assert!(report.damage.is_sorted_by_key(|damage| damage.offset));
            }
        }
    }
    // A flip in what is stored is seen by the record and by the stream's sum, and costs the record alone.
    let records: Vec<Vec<u8>> = (0..100).map(|_| random.bytes(1000)).collect();
    let mut file = written(&records, Compression::Gzip);
    let at = file.len() / 2;
    file[at] ^= 1;
    let path = put(folder.path(), "flipped", &file);
    let options = OutputOptions { overwrite: true, ..plain() };
    let report = repair(&inputs(&[path]), &folder.path().join("out"), &options, &job()).unwrap();
    assert_eq!((report.lost_records, report.lost_known, report.records_written), (1, Known::Exactly, 99), "{report:?}");
    // The beginning alone says what is around the records, but for the name.
    let mut file = written(&[[7; 100]; 20_000], Compression::Gzip);
    file[..12].fill(0x55);
    let path = put(folder.path(), "damaged.tfrecord.gz", &file);
    let options = OutputOptions { overwrite: true, ..plain() };
    let report = repair(&inputs(&[path]), &folder.path().join("out"), &options, &job()).unwrap();
    assert_eq!(report.files[0].compression, "gzip");
    assert!(report.records_written > 10_000, "{report:?}");
    let members: Vec<u8> = (0..4_u8).flat_map(|number| written(&[[number; 100]], Compression::Gzip)).collect();
    let mut file = members.clone();
    file[members.len() / 4 + 14] ^= 0xff;
    let path = put(folder.path(), "members", &file);
    let options = OutputOptions { overwrite: true, compression: Some(Compression::None), ..plain() };
    repair(&inputs(&[path]), &folder.path().join("out"), &options, &job()).unwrap();
    assert_eq!(payloads(&[folder.path().join("out")]), [[0; 100], [2; 100], [3; 100]]);
}
