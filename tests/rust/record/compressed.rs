//! GZIP and ZLIB around the records. The numbers C3 to C6 are those of `reference/tf_semantics.md`.

use std::io::Write;

use super::*;

fn ten() -> Vec<Vec<u8>> {
    (0..10).map(|n| format!("rec{n}").into_bytes()).collect()
}

/// One whole GZIP member or ZLIB stream, without regard to what is in it.
fn wrap(bytes: &[u8], compression: Compression, level: u32) -> Vec<u8> {
    let mut stream = record::deflate::Stream::new(compression);
    let piece = record::deflate::Piece::compress(bytes, compression, Some(level)).unwrap();
    let mut file = stream.header().to_vec();
    if !bytes.is_empty() {
        file.extend_from_slice(stream.append(&piece));
    }
    file.extend(stream.finish());
    file
}

#[test]
fn a_cut_anywhere_is_an_error_unless_the_tail_is_tolerated() {
    for compression in [Compression::Gzip, Compression::Zlib] {
        let file = written(&ten(), compression);
        for cut in 0..file.len() {
            let strict = read(&file[..cut], as_is(compression, Recovery::Strict));
            assert!(strict.error.as_ref().unwrap().ends_with(&format!("{compression} stream ends early")));
            for recovery in [Recovery::TolerateTail, Recovery::Skip] {
                let seen = read(&file[..cut], as_is(compression, recovery));
                assert_eq!((&seen.records, &seen.error), (&strict.records, &None));
                let [(offset, _, true, cause)] = &seen.lost[..] else { panic!("{seen:?}") };
                assert_eq!(*offset, strict.records.len() as u64 * 20);
                assert_eq!(Some(cause), strict.error.as_ref());
            }
        }
        assert_eq!(read(&file[..], as_is(compression, Recovery::Strict)).payloads(), ten());
    }
}

#[test]
fn no_flipped_bit_loses_a_record_in_silence() {
    for compression in [Compression::Gzip, Compression::Zlib] {
        let file = written(&ten(), compression);
        let mut harmless = 0;
        for bit in 0..8 * file.len() {
            let mut damaged = file.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let seen = read(&damaged[..], as_is(compression, Recovery::Strict));
            assert!(seen.payloads() == ten() || seen.error.is_some(), "bit {bit}");
            assert_eq!(seen.payloads(), ten()[..seen.records.len()]);
            harmless += u32::from(seen.error.is_none());
        }
        // What fills up to a byte at two flushes; of GZIP's header the time, the extra flags, the system, and the flag
        // that says "text".
        let in_header = if compression == Compression::Gzip { 4 * 8 + 8 + 8 + 1 } else { 0 };
        assert_eq!(harmless, 2 + 6 + in_header);
    }
}

#[test]
fn headers_with_names_and_extra_fields() {
    let member = written(&ten(), Compression::Gzip);
    // FEXTRA with 6 bytes, FNAME, FCOMMENT.
    let extras = b"\x1f\x8b\x08\x1c\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0x.tfrecord\0why\0";
    let file = [&extras[..], &member[10..]].concat();
    for recovery in Recovery::ALL {
        assert_eq!(read(&file[..], with(recovery)).payloads(), ten());
    }
}

#[test]
fn members_one_behind_the_other() {
    let (empty, all) = (wrap(b"", Compression::Gzip, 6), frames(&ten()));
    let member = |bytes: &[u8]| wrap(bytes, Compression::Gzip, 6);
    let per_byte: Vec<u8> = all.iter().flat_map(|byte| member(&[*byte])).collect();
    let rows = [
        ("at a record", [member(&all[..100]), member(&all[100..])].concat(), 10),
        ("within a record", [member(&all[..107]), member(&all[107..])].concat(), 10),
        ("a member for each byte", per_byte, 10),
        // C3: TensorFlow gives up after an empty member.
        ("an empty one first", [empty.clone(), member(&all)].concat(), 0),
        ("an empty one between", [member(&all[..100]), empty.clone(), member(&all[100..])].concat(), 5),
        ("an empty one last", [member(&all), empty.clone()].concat(), 10),
        ("empty ones only", [empty.clone(), empty.clone()].concat(), 0),
    ];
    for (name, file, tensorflow) in rows {
        let expected = if name == "empty ones only" { 0 } else { 10 };
        for recovery in Recovery::ALL {
            let seen = read(&file[..], with(recovery));
            let expected = if recovery == Recovery::Tf { tensorflow } else { expected };
            assert_eq!(seen.payloads(), ten()[..expected], "{name}, {recovery:?}");
            assert_eq!((seen.error, seen.lost.len()), (None, 0), "{name}, {recovery:?}");
        }
    }
}

/// C4: TensorFlow reads 262,144 bytes at a time. If only the trailer of a member comes with a later read than its
/// data, it gives up what follows in that read.
#[test]
fn a_trailer_across_tensorflows_buffer() {
    let mut random = Random(4);
    let noise = random.bytes(262_200);
    let rest: Vec<u8> =
        [&b"two"[..], b"three"].iter().flat_map(|p| wrap(&frames(&[p]), Compression::Gzip, 6)).collect();
    for beyond in -3i64..=12 {
        let target = (262_144 + beyond) as usize;
        // Stored blocks, of which the last has data: the member's end is in the same step as data or not at all.
        let member = |less| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
            encoder.write_all(&frames(&[&noise[..target - less]])).unwrap();
            encoder.finish().unwrap()
        };
        let first = (0..=80).map(member).find(|member| member.len() == target).unwrap();
        let file = [first, rest.clone()].concat();
        for recovery in Recovery::ALL {
            let lossy = recovery == Recovery::Tf && (1..=8).contains(&beyond);
            let seen = read(&file[..], with(recovery));
            assert_eq!(seen.records.len(), if lossy { 1 } else { 3 }, "{beyond} {recovery:?}");
            assert_eq!(seen.error, None);
        }
        let longer = [&file[..], &wrap(&frames(&[random.bytes(400_000)]), Compression::Gzip, 0)].concat();
        assert_eq!(read(&longer[..], with(Recovery::Tf)).records.len(), 4);
    }
}

/// C5: TensorFlow does not miss a trailer.
#[test]
fn a_missing_trailer() {
    for (compression, trailer) in [(Compression::Gzip, 8), (Compression::Zlib, 4)] {
        let file = written(&ten(), compression);
        for missing in 1..=trailer {
            let seen = read(&file[..file.len() - missing], as_is(compression, Recovery::Tf));
            assert_eq!(seen.payloads(), ten());
            assert_eq!(seen.error, None);
        }
    }
}

/// C6: of two ZLIB streams TensorFlow reads the first. Strict says so, `skip` reads both.
#[test]
fn two_zlib_streams() {
    let all = frames(&ten());
    let (one, two) = (wrap(&all[..100], Compression::Zlib, 6), wrap(&all[100..], Compression::Zlib, 6));
    let file = [one.clone(), two].concat();
    let tensorflow = read(&file[..], with(Recovery::Tf));
    assert_eq!((tensorflow.records.len(), tensorflow.error), (5, None));
    for recovery in [Recovery::Strict, Recovery::TolerateTail] {
        let seen = read(&file[..], with(recovery));
        assert_eq!(seen.records.len(), 5);
        assert_eq!(seen.error.unwrap(), "record 5 at byte 100: zlib stream is followed by other bytes");
    }
    let skipping = read(&file[..], with(Recovery::Skip));
    assert_eq!((skipping.records.len(), skipping.error, skipping.lost.len()), (10, None, 0));

    let seen = read(&[&one[..], b"garbage"].concat()[..], with(Recovery::Skip));
    let cause = "record 5 at byte 100: zlib stream is followed by other bytes".to_owned();
    assert_eq!((seen.records.len(), seen.error, seen.lost), (5, None, vec![(100, 0, true, cause)]));
}

#[test]
fn garbage_after_a_member() {
    let file = written(&ten(), Compression::Gzip);
    for (tail, tensorflow) in [(&b"\0"[..], false), (b"\x1f", false), (&[0; 512], true), (b"garbage", true)] {
        let file = [&file[..], tail].concat();
        let strict = read(&file[..], with(Recovery::Strict));
        assert_eq!(strict.payloads(), ten());
        assert_eq!(strict.error.unwrap(), "record 10 at byte 200: gzip stream is followed by other bytes");
        assert_eq!(read(&file[..], with(Recovery::Tf)).error.is_some(), tensorflow);
    }
}

/// The records come first, each with its own checksum; the stream's comes at the end, and then the error.
#[test]
fn a_wrong_sum_at_the_end() {
    for (compression, from_end) in [(Compression::Gzip, 8), (Compression::Zlib, 4)] {
        let mut file = written(&ten(), compression);
        let at = file.len() - from_end;
        file[at] ^= 1;
        let seen = read(&file[..], as_is(compression, Recovery::Strict));
        assert_eq!(seen.payloads(), ten());
        assert_eq!(
            seen.error.unwrap(),
            format!("record 10 at byte 200: {compression} stream is damaged: incorrect data check")
        );
        // TensorFlow throws away what came with it.
        assert_eq!(read(&file[..], as_is(compression, Recovery::Tf)).records.len(), 0);
    }
}

#[test]
fn no_bytes_at_all() {
    for recovery in Recovery::ALL {
        assert_eq!(read(&b""[..], with(recovery)), Seen::default());
    }
    for compression in [Compression::Gzip, Compression::Zlib] {
        assert_eq!(read(&b""[..], as_is(compression, Recovery::Tf)), Seen::default());
        let error = read(&b""[..], as_is(compression, Recovery::Strict)).error.unwrap();
        assert_eq!(error, format!("record 0 at byte 0: {compression} stream ends early"));
    }
}

#[test]
fn said_to_be_another() {
    let gzip = written(&ten(), Compression::Gzip);
    let zlib = written(&ten(), Compression::Zlib);
    for (file, compression) in [
        (&gzip, Compression::Zlib),
        (&zlib, Compression::Gzip),
        (&three(), Compression::Gzip),
        (&three(), Compression::Zlib),
    ] {
        for recovery in [Recovery::Strict, Recovery::TolerateTail, Recovery::Tf] {
            assert_eq!(
                read(&file[..], as_is(compression, recovery)).error.unwrap(),
                format!("record 0 at byte 0: {compression} stream is damaged: incorrect header check")
            );
        }
    }
    let error = read(&gzip[..], as_is(Compression::None, Recovery::Strict)).error.unwrap();
    assert!(error.ends_with("(is this a TFRecord file?)"), "{error}");
}

/// 200 MB of zeros in 200 KB: what is not a record is refused before it is held.
#[test]
fn a_bomb_meets_the_limit() {
    let mut writer =
        Writer::new(Vec::new(), WriteOptions { compression: Compression::Gzip, ..WriteOptions::default() }).unwrap();
    writer.write(&vec![0; 50_000_000]).unwrap();
    let file = writer.finish().unwrap();
    assert!(file.len() < 100_000);
    let options = ReadOptions { max_record_len: 1 << 20, ..ReadOptions::default() };
    assert_eq!(
        read(&file[..], options).error.unwrap(),
        "record 0 at byte 0: length 50000000 is over the limit of 1048576 bytes"
    );
}
