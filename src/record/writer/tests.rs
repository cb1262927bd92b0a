use super::*;
use crate::record::{ReadOptions, Reader};

fn read(file: &[u8], compression: Compression) -> Vec<Vec<u8>> {
    let options = ReadOptions { compression: Some(compression), ..ReadOptions::default() };
    let mut reader = Reader::new(file, options);
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        records.push(record.payload.to_vec());
    }
    records
}

/// Small ones, some as long as the limits within, some longer than a piece.
fn payloads() -> Vec<Vec<u8>> {
    [0, 1, 100, DIRECT_LEN - 1, DIRECT_LEN, BUFFER_LEN - OVERHEAD, BUFFER_LEN, 3, PIECE_LEN + 5, 2 * PIECE_LEN, 7]
        .iter()
        .enumerate()
        .map(|(number, len)| (0..*len).map(|at| (at / 3 + number) as u8).collect())
        .collect()
}

#[test]
fn what_is_written_is_read_for_any_number_of_workers() {
    for compression in Compression::ALL {
        let file = |workers| {
            let mut writer = Writer::new(Vec::new(), WriteOptions { compression, workers, level: Some(1) }).unwrap();
            for payload in payloads() {
                writer.write(&payload).unwrap();
            }
            assert_eq!(writer.records(), 11);
            writer.finish().unwrap()
        };
        let one = file(1);
        assert!(one == file(2) && one == file(5) && one == file(0), "{compression}");
        assert!(read(&one, compression) == payloads(), "{compression}");
    }
}
