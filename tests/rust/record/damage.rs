//! Every cut and every flipped bit of an uncompressed file.

use super::*;

#[test]
fn every_flipped_bit_of_100_records_is_named() {
    let mut random = Random(1);
    let payloads: Vec<Vec<u8>> = (0..100).map(|n| random.bytes(n % 37)).collect();
    let file = frames(&payloads);
    let mut starts = vec![0];
    for payload in &payloads {
        starts.push(starts[starts.len() - 1] + payload.len() + record::OVERHEAD);
    }
    assert_eq!(*starts.last().unwrap(), file.len());
    let options = as_is(Compression::None, Recovery::Strict);
    let mut flips = 0;
    for (record, (start, payload)) in starts.iter().zip(&payloads).enumerate() {
        for bit in 8 * start..8 * starts[record + 1] {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mut reader = Reader::new(&damaged[..], options);
            for before in &payloads[..record] {
                assert_eq!(reader.next_record().unwrap().unwrap().payload, &before[..]);
            }
            let error = reader.next_record().unwrap_err();
            assert_eq!((error.record(), error.offset()), (Some(record as u64), Some(*start as u64)), "bit {bit}");
            let length = bit / 8 - start < record::HEADER_LEN;
            let text = error.to_string();
            assert!(text.contains(if length { ": length crc is 0x" } else { ": payload crc is 0x" }), "{text}");
            assert!(reader.next_record().unwrap().is_none());
            flips += 1;
        }
        assert_eq!(starts[record + 1] - start, payload.len() + record::OVERHEAD);
    }
    assert_eq!(flips, 8 * file.len());
}

#[test]
fn without_verification_only_lengths_count() {
    let mut file = three();
    file[13] ^= 1;
    let options = ReadOptions { verify: false, ..ReadOptions::default() };
    assert_eq!(read(&file[..], options).payloads(), [&b"acc"[..], b"defgh", b"ij"]);
    file[20] ^= 1;
    let seen = read(&file[..], options);
    assert_eq!(seen.payloads(), [b"acc"]);
    assert!(seen.error.unwrap().starts_with("record 1 at byte 19: length crc is 0x"));
}

#[test]
fn a_cut_within_a_record() {
    let file = three();
    let starts = [0, 19, 40, 58];
    for cut in 0..=file.len() {
        let whole = starts.iter().rposition(|start| *start <= cut).unwrap();
        let left = cut - starts[whole];
        let strict = read(&file[..cut], with(Recovery::Strict));
        let tolerant = read(&file[..cut], with(Recovery::TolerateTail));
        let skipping = read(&file[..cut], with(Recovery::Skip));
        let tensorflow = read(&file[..cut], with(Recovery::Tf));
        for seen in [&strict, &tolerant, &skipping, &tensorflow] {
            assert_eq!(seen.payloads(), [&b"abc"[..], b"defgh", b"ij"][..whole]);
        }
        let error = match left {
            0 => None,
            1..12 => Some(format!(
                "record {whole} at byte {}: file ends after {left} of the header's 12 bytes",
                starts[whole]
            )),
            _ => Some(format!(
                "record {whole} at byte {}: file ends after {left} of the record's {} bytes",
                starts[whole],
                starts[whole + 1] - starts[whole]
            )),
        };
        assert_eq!(strict.error, error);
        assert_eq!(tensorflow.error, error.clone().filter(|_| left >= 12));
        assert!(strict.lost.is_empty() && tensorflow.lost.is_empty());
        for seen in [tolerant, skipping] {
            assert_eq!(seen.error, None);
            let lost = error.iter().map(|error| (starts[whole] as u64, left as u64, false, error.clone()));
            assert_eq!(seen.lost, lost.collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_comes_after_the_last_record() {
    // Length, TensorFlow's answer, and whether a tail of it is tolerated.
    let rows: [(Vec<u8>, bool, bool); 7] = [
        (vec![0; 1], false, true),
        (vec![0; 11], false, true),
        (vec![b'\n'], false, true),
        (vec![0; 12], true, true),
        (vec![0; 4096], true, true),
        (b"garbage that is long".to_vec(), true, false),
        ([&[0; 500][..], b"x", &[0; 20]].concat(), true, false),
    ];
    for (tail, tensorflow, tolerated) in rows {
        let file = [three(), tail.clone()].concat();
        for recovery in Recovery::ALL {
            let seen = read(&file[..], with(recovery));
            assert_eq!(seen.records.len(), 3);
            let error = match recovery {
                Recovery::Strict => true,
                Recovery::TolerateTail => !tolerated,
                Recovery::Skip => false,
                Recovery::Tf => tensorflow,
            };
            assert_eq!(seen.error.is_some(), error, "{recovery:?} {tail:?}");
            if !error && recovery != Recovery::Tf {
                let [(58, len, false, cause)] = &seen.lost[..] else { panic!("{seen:?}") };
                assert_eq!(*len, tail.len() as u64);
                assert!(cause.starts_with("record 3 at byte 58: "));
            }
        }
    }
}

#[test]
fn not_a_tfrecord() {
    let text = b"this is not a tfrecord file at all, really\n".repeat(3);
    for recovery in [Recovery::Strict, Recovery::TolerateTail, Recovery::Tf] {
        let error = read(&text[..], with(recovery)).error.unwrap();
        assert!(error.ends_with("(is this a TFRecord file?)"), "{error}");
    }
    let seen = read(&text[..], with(Recovery::Skip));
    assert!(seen.records.is_empty() && seen.error.is_none());
    assert_eq!(seen.lost[0].1, text.len() as u64);
}

/// The headers of `reference/tf_semantics.md` section 1, which check, and then too little.
#[test]
fn lengths_that_are_not_there() {
    for len in [1000, 1 << 31, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX - 15, u64::MAX - 4, u64::MAX] {
        let file = [&frames(&[b"ok"])[..], &record::header(len), &[b'x'; 100]].concat();
        for compression in Compression::ALL {
            let mut wrapped = record::deflate::Stream::new(compression);
            let piece = record::deflate::Piece::compress(&file, compression, None).unwrap();
            let file = [wrapped.header(), wrapped.append(&piece)].concat();
            let file = [file, wrapped.finish()].concat();
            for recovery in Recovery::ALL {
                let seen = read(&file[..], as_is(compression, recovery));
                assert_eq!(seen.payloads(), [b"ok"]);
                let expected = if len <= 2 << 30 {
                    format!("record 1 at byte 18: file ends after 112 of the record's {} bytes", len + 16)
                } else {
                    format!("record 1 at byte 18: length {len} is over the limit of 2147483648 bytes")
                };
                match recovery {
                    Recovery::Strict | Recovery::Tf => assert_eq!(seen.error, Some(expected)),
                    Recovery::Skip => assert_eq!(seen.lost, [(18, 112, false, expected)]),
                    Recovery::TolerateTail if len <= 2 << 30 => assert_eq!(seen.lost, [(18, 112, false, expected)]),
                    Recovery::TolerateTail => assert_eq!(seen.error, Some(expected)),
                }
            }
        }
    }
}

#[test]
fn a_limit_of_the_caller() {
    let file = three();
    for (limit, whole) in [(5, 3), (4, 1), (2, 0)] {
        let options = ReadOptions { max_record_len: limit, ..ReadOptions::default() };
        assert_eq!(read(&file[..], options).records.len(), whole);
    }
}

#[test]
fn a_file_on_disk_is_known_to_be_too_short() {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[&three()[..], &record::header(1 << 30), b"xyz"].concat()).unwrap();
    file.rewind().unwrap();
    let mut reader = Reader::from_file(file, ReadOptions::default());
    for _ in 0..3 {
        assert!(reader.next_record().unwrap().is_some());
    }
    assert_eq!(
        reader.next_record().unwrap_err().to_string(),
        "record 3 at byte 58: file ends after 15 of the record's 1073741840 bytes"
    );
}

#[test]
fn errors_of_the_file_below() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::from_raw_os_error(5)),
                read => Ok(read),
            }
        }
    }
    let file = three();
    for recovery in Recovery::ALL {
        let mut reader = Reader::new(Failing(&file[..45]), with(recovery));
        assert!(reader.next_record().unwrap().is_some() && reader.next_record().unwrap().is_some());
        let error = reader.next_record().unwrap_err();
        assert_eq!(error.io_error().unwrap().raw_os_error(), Some(5));
        assert_eq!((error.record(), error.offset()), (Some(2), Some(40)));
        assert!(reader.next_record().unwrap().is_none());
    }
    assert_eq!(Reader::open("/nonexistent/x".as_ref(), with(Recovery::Strict)).err().unwrap().offset(), None);
}
