use super::*;
use crate::record::append;

/// The 58-byte file: abc, defgh, ij at 0, 19, 40.
fn three() -> Vec<u8> {
    let mut file = Vec::new();
    for payload in [&b"abc"[..], b"defgh", b"ij"] {
        append(&mut file, payload);
    }
    file
}

fn with(recovery: Recovery) -> ReadOptions {
    ReadOptions { recovery, ..ReadOptions::default() }
}

type Seen = Vec<(u64, Vec<u8>)>;

fn all<R: Read>(reader: &mut Reader<R>) -> (Seen, Option<RecordError>) {
    let mut records = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                assert_eq!(record.number, records.len() as u64);
                records.push((record.offset, record.payload.to_vec()));
            }
            Ok(None) => return (records, None),
            Err(error) => {
                assert!(reader.next_record().unwrap().is_none(), "an error ends it");
                return (records, Some(error));
            }
        }
    }
}

#[test]
fn reads() {
    let file = three();
    let mut reader = Reader::new(&file[..], ReadOptions::default());
    let (records, error) = all(&mut reader);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(records, [(0, b"abc".to_vec()), (19, b"defgh".to_vec()), (40, b"ij".to_vec())]);
    assert_eq!((reader.offset(), reader.records()), (58, 3));
    assert_eq!(reader.compression().unwrap(), Compression::None);
}

/// The headers of hostile files, with checksums that fit.
#[test]
fn a_length_allocates_nothing() {
    for len in [1 << 20, 1 << 31, 1 << 32, 1 << 40, 1 << 63, u64::MAX - 15, u64::MAX - 4, u64::MAX] {
        for max_record_len in [DEFAULT_MAX_RECORD_LEN, u64::MAX] {
            for recovery in Recovery::ALL {
                let mut file = three();
                file.extend(crate::record::header(len));
                file.extend([b'x'; 100]);
                let options = ReadOptions { max_record_len, ..with(recovery) };
                let mut reader = Reader::new(&file[..], options);
                let (records, error) = all(&mut reader);
                assert_eq!(records.len(), 3);
                assert_eq!(reader.buffer.capacity(), options.buffer_len, "{len} {recovery:?}");
                assert!(error.is_some() || !reader.lost().is_empty());
            }
        }
    }
}

/// Of a record that is really there at most twice of what came is held.
#[test]
fn the_buffer_grows_as_data_arrives() {
    let mut file = crate::record::header(1 << 30).to_vec();
    file.resize(1_000_000, 7);
    let mut reader = Reader::new(&file[..], ReadOptions { buffer_len: 1000, ..ReadOptions::default() });
    assert!(all(&mut reader).1.is_some());
    assert!(reader.buffer.capacity() <= 2 * file.len(), "{}", reader.buffer.capacity());
}

#[test]
fn records_longer_than_the_buffer() {
    let payloads: Vec<Vec<u8>> = [5000, 3, 70_000, 0, 64].iter().map(|len| vec![*len as u8; *len]).collect();
    let mut file = Vec::new();
    for payload in &payloads {
        append(&mut file, payload);
    }
    for buffer_len in [1, 12, 13, 100, 5016, 5017, 100_000] {
        let (records, error) = all(&mut Reader::new(&file[..], ReadOptions { buffer_len, ..ReadOptions::default() }));
        assert!(error.is_none());
        assert!(records.iter().map(|(_, payload)| payload).eq(&payloads));
    }
}

#[test]
fn can_be_sent_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Reader<File>>();
    is_send::<RecordError>();
    is_send::<crate::record::Writer<File>>();
    is_send::<crate::record::deflate::Piece>();
}

/// A hole at the end of a file is counted, not held.
#[test]
fn zeros_at_the_end_are_not_held() {
    let file = three();
    for recovery in [Recovery::TolerateTail, Recovery::Skip] {
        let mut reader = Reader::new((&file[..]).chain(std::io::repeat(0).take(50_000_000)), with(recovery));
        assert!(all(&mut reader).1.is_none());
        assert_eq!((reader.lost()[0].offset, reader.lost()[0].len), (58, 50_000_000));
        assert_eq!(reader.buffer.capacity(), reader.options().buffer_len);
    }
}

/// A file can be damaged in more places than a reader may remember.
#[test]
fn what_is_lost_is_counted_beyond_what_is_remembered() {
    let damaged = MAX_LOST + 3;
    let mut file = Vec::new();
    for _ in 0..damaged {
        let start = file.len();
        append(&mut file, b"abc");
        file[start + HEADER_LEN] ^= 1;
        append(&mut file, b"ok");
    }
    let mut reader = Reader::new(&file[..], with(Recovery::Skip));
    let (records, error) = all(&mut reader);
    assert!(error.is_none());
    assert_eq!((records.len(), reader.lost().len()), (damaged, MAX_LOST));
    assert_eq!((reader.lost_places(), reader.lost_bytes()), (damaged as u64, damaged as u64 * 19));
    assert_eq!(reader.lost()[MAX_LOST - 1].offset, (MAX_LOST as u64 - 1) * 37);
}
