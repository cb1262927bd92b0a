//! `recovery=skip`: every undamaged record, nothing else, and exactly the bytes between them.

use super::*;

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let len = (1 + random.below(120)).min(bytes.len() - at);
    match random.below(6) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at..at + len].copy_from_slice(&random.bytes(len)),
        3 => drop(bytes.drain(at..at + len)),
        4 => drop(bytes.splice(at..at, random.bytes(len))),
        _ => bytes[at..at + len].fill(random.next() as u8),
    }
}

/// Where in the file one of the records is as it was written. The payloads are random, so it is nowhere else.
fn undamaged(bytes: &[u8], payloads: &[Vec<u8>]) -> Vec<(u64, Vec<u8>)> {
    let records: Vec<(Vec<u8>, &Vec<u8>)> = payloads.iter().map(|payload| (frames(&[payload]), payload)).collect();
    let at = |at: usize| {
        let (_, payload) = records.iter().find(|(record, _)| bytes[at..].starts_with(record))?;
        Some((at as u64, payload.to_vec()))
    };
    (0..bytes.len()).filter_map(at).collect()
}

/// What is between the records, and before and after them.
fn gaps(records: &[(u64, Vec<u8>)], len: u64) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut end = 0;
    for (offset, payload) in records {
        gaps.push((end, *offset));
        end = offset + (payload.len() + record::OVERHEAD) as u64;
    }
    gaps.push((end, len));
    gaps.retain(|(from, to)| from < to);
    gaps
}

/// Losses that touch each other are one.
fn joined(lost: &[(u64, u64, bool, String)]) -> Vec<(u64, u64)> {
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (offset, len, more, _) in lost {
        assert!(!more && *len > 0);
        match joined.last_mut() {
            Some((_, to)) if *to == *offset => *to += len,
            _ => joined.push((*offset, offset + len)),
        }
    }
    joined
}

#[test]
fn thousand_damaged_files() {
    let mut random = Random(7);
    let (mut kept, mut gone) = (0, 0);
    for trial in 0..1000 {
        let payloads: Vec<Vec<u8>> = (0..1 + random.below(25))
            .map(|_| {
                let most = [1, 30, 300][random.below(3)];
                let len = random.below(most);
                random.bytes(len)
            })
            .collect();
        let mut file = frames(&payloads);
        for _ in 0..1 + random.below(5) {
            damage(&mut file, &mut random);
        }
        let expected = undamaged(&file, &payloads);
        let options = ReadOptions { buffer_len: 12 + random.below(400), ..as_is(Compression::None, Recovery::Skip) };
        let seen = read(&file[..], options);
        assert_eq!(seen.error, None, "trial {trial}");
        assert_eq!(seen.records, expected, "trial {trial}");
        assert_eq!(joined(&seen.lost), gaps(&expected, file.len() as u64), "trial {trial}");
        kept += expected.len();
        gone += payloads.len() - expected.len();
    }
    println!("{kept} kept, {gone} lost");
    assert!(kept > 5000 && gone > 2000);
}

/// A record whose payload is damaged and holds frames itself: they are not taken for records of the file.
#[test]
fn frames_within_a_damaged_payload_are_not_found() {
    let nested = frames(&[&b"inner one"[..], b"inner two"]);
    let mut file = frames(&[&b"before"[..], &nested, b"after"]);
    file[22 + 12 + 30] ^= 1;
    let seen = read(&file[..], with(Recovery::Skip));
    assert_eq!(seen.payloads(), [&b"before"[..], b"after"]);
    let [(22, len, false, cause)] = &seen.lost[..] else { panic!("{seen:?}") };
    assert_eq!(*len, nested.len() as u64 + 16);
    assert!(cause.starts_with("record 1 at byte 22: payload crc is "));
}

#[test]
fn within_a_compressed_stream() {
    let mut file = three();
    file[25] ^= 1;
    for compression in [Compression::Gzip, Compression::Zlib] {
        let mut writer = Writer::new(Vec::new(), WriteOptions { compression, ..WriteOptions::default() }).unwrap();
        writer.write_framed(&file).unwrap();
        let seen = read(&writer.finish().unwrap()[..], with(Recovery::Skip));
        assert_eq!(seen.payloads(), [&b"abc"[..], b"ij"]);
        assert_eq!((seen.error, joined(&seen.lost)), (None, vec![(19, 40)]));
    }
}

/// Headers that overlap and all reach to the end would cost the square of the file's length.
#[test]
fn a_file_made_of_headers_is_given_up() {
    let headers = 40_000;
    let mut file = Vec::with_capacity(12 * headers + 4);
    for number in 0..headers {
        // Each record ends where the file does; its checksum cannot fit.
        file.extend(record::header((12 * (headers - 1 - number)) as u64));
    }
    file.extend([0; 5]);
    let start = std::time::Instant::now();
    let seen = read(&file[..], with(Recovery::Skip));
    assert!(seen.records.is_empty());
    assert!(seen.error.unwrap().contains("no next record found"));
    assert!(start.elapsed().as_secs() < 20);
}

/// As above within a record whose own header is whole: where undamaged records may have come to lie in it.
#[test]
fn a_record_made_of_headers_is_stepped_over() {
    for intact in [false, true] {
        let mut len = 4_000_000;
        let mut file = record::header(len).to_vec();
        let end = len + 12;
        loop {
            // Each header's record ends where the outer one does; its checksum cannot fit.
            let taken = if intact { 28 } else { 12 };
            let Some(next) = (end - file.len() as u64).checked_sub(taken) else { break };
            len = next;
            if intact {
                file.extend(frames(&[b""]));
            }
            file.extend(record::header(len));
        }
        file.resize(end as usize + 4, 0);
        let start = std::time::Instant::now();
        let seen = read(&file[..], with(Recovery::Skip));
        assert!(start.elapsed().as_secs() < 20, "{intact}: {:?}", start.elapsed());
        let kept: usize = seen.records.iter().map(|(_, payload)| payload.len() + 16).sum();
        assert_eq!(kept as u64 + seen.lost.iter().map(|(_, len, ..)| len).sum::<u64>(), file.len() as u64);
        assert_eq!(seen.error, None);
        assert_eq!(seen.records.is_empty(), !intact);
    }
}

/// What one search after damage may waste is not to be had again after each record that is found.
#[test]
fn headers_between_records_are_given_up() {
    let headers = record::header(4 << 20).repeat(100);
    let mut file = vec![1; 12];
    for _ in 0..800 {
        file.extend(&headers);
        file.extend(frames(&[b""]));
    }
    file.resize(file.len() + (4 << 20) + 2000, 1);
    let start = std::time::Instant::now();
    let seen = read(&file[..], with(Recovery::Skip));
    // Without the bound it is 320 GB to sum up.
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    assert!(!seen.records.is_empty());
    assert!(seen.error.unwrap().contains("no next record found"));
}

/// Neighbours that are both damaged are two losses, where the header of one of them tells where the second begins.
#[test]
fn damaged_neighbours_are_told_apart() {
    let file = frames(&[&b"zero"[..], b"one", b"two", b"three", b"four"]);
    let starts = [0, 20, 39, 58, 79, 99];
    /// Which byte of which record, and where losses begin.
    type Row<'a> = (&'a [(usize, usize)], &'a [usize]);
    let rows: [Row<'_>; 6] = [
        (&[(1, 12), (2, 0)], &[1, 2]),
        (&[(1, 0), (2, 12)], &[1, 2]),
        (&[(1, 12), (2, 12)], &[1, 2]),
        (&[(0, 12), (1, 5), (3, 12), (4, 3)], &[0, 1, 3, 4]),
        (&[(1, 12), (2, 0), (3, 12)], &[1, 2, 3]),
        // Nothing says where the second header would have to be.
        (&[(1, 0), (2, 0)], &[1]),
    ];
    for (damaged, expected) in rows {
        let mut file = file.clone();
        damaged.iter().for_each(|(record, byte)| file[starts[*record] + byte] ^= 4);
        for buffer_len in [12, 1 << 20] {
            let options = ReadOptions { buffer_len, ..with(Recovery::Skip) };
            let seen = read(&file[..], options);
            let lost: Vec<u64> = seen.lost.iter().map(|(offset, ..)| *offset).collect();
            assert_eq!(lost, expected.iter().map(|record| starts[*record] as u64).collect::<Vec<_>>(), "{damaged:?}");
            assert_eq!(seen.records.len(), 5 - damaged.len(), "{damaged:?}");
            assert!(seen.lost.iter().all(|(offset, _, _, cause)| cause.contains(&format!("at byte {offset}: "))));
        }
    }
    let mut cut = frames(&[&b"zero"[..], b"one"]);
    cut[12] ^= 1;
    cut.truncate(27);
    let seen = read(&cut[..], with(Recovery::Skip));
    assert_eq!(seen.lost.iter().map(|(offset, len, ..)| (*offset, *len)).collect::<Vec<_>>(), [(0, 20), (20, 7)]);
}
