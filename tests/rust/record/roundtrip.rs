//! What is written is read.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn in_every_compression(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 0..20),
        level in proptest::option::of(0u32..=9),
        workers in 0usize..4,
        flush_after in 0usize..20,
        recovery in proptest::sample::select(&Recovery::ALL),
    ) {
        for compression in Compression::ALL {
            let mut writer = Writer::new(Vec::new(), WriteOptions { compression, level, workers }).unwrap();
            for (number, payload) in payloads.iter().enumerate() {
                prop_assert_eq!(writer.records(), number as u64);
                writer.write(payload).unwrap();
                if number == flush_after {
                    writer.flush().unwrap();
                    // All that was written can be read, though the stream is not finished.
                    let seen = read(&writer.get_ref().unwrap()[..], as_is(compression, Recovery::Tf));
                    prop_assert_eq!(seen.payloads(), &payloads[..=number]);
                    prop_assert_eq!(seen.error, None);
                }
            }
            let framed = frames(&payloads);
            prop_assert_eq!(writer.offset(), framed.len() as u64);
            let file = writer.finish().unwrap();
            let options = with(recovery);
            let mut reader = Reader::new(&file[..], options);
            prop_assert_eq!(reader.compression().unwrap(), compression);
            let seen = read(&file[..], options);
            prop_assert_eq!(seen.payloads(), &payloads[..]);
            prop_assert_eq!((seen.error, seen.lost.len()), (None, 0));
            if compression == Compression::None {
                prop_assert_eq!(file, framed);
            }
        }
    }
}

/// Long enough for many pieces; the number of workers cannot be told from the bytes.
#[test]
fn ten_pieces_by_any_number_of_workers() {
    let mut random = Random(9);
    let payloads: Vec<Vec<u8>> = (0..700).map(|n| format!("{n} {:?}", random.bytes(3000)).into_bytes()).collect();
    for compression in [Compression::Gzip, Compression::Zlib] {
        let file = |workers| {
            let options = WriteOptions { compression, workers, level: Some(1) };
            let mut writer = Writer::new(Vec::new(), options).unwrap();
            for payload in &payloads {
                writer.write(payload).unwrap();
            }
            writer.finish().unwrap()
        };
        let one = file(1);
        for workers in [2, 3, 8] {
            assert!(file(workers) == one, "{compression}, {workers} workers");
        }
        for recovery in Recovery::ALL {
            assert_eq!(read(&one[..], with(recovery)).payloads(), payloads);
        }
    }
}

/// TensorFlow writes such a record with GZIP as 38 bytes, and says nothing.
#[test]
#[ignore = "takes 8 GiB of memory and a minute"]
fn a_record_beyond_32_bits() {
    let payload = vec![0; (1 << 32) + 10];
    for compression in [Compression::Gzip, Compression::Zlib] {
        let options = WriteOptions { compression, level: Some(1), workers: 0 };
        let mut writer = Writer::new(Vec::new(), options).unwrap();
        writer.write(&payload).unwrap();
        writer.write(b"after").unwrap();
        let file = writer.finish().unwrap();
        let options = ReadOptions { max_record_len: 1 << 33, ..ReadOptions::default() };
        let mut reader = Reader::new(&file[..], options);
        assert!(reader.next_record().unwrap().unwrap().payload == payload);
        assert_eq!(reader.next_record().unwrap().unwrap().payload, b"after");
        assert!(reader.next_record().unwrap().is_none());
        let error = read(&file[..], ReadOptions::default()).error.unwrap();
        assert_eq!(error, "record 0 at byte 0: length 4294967306 is over the limit of 2147483648 bytes");
    }
}
