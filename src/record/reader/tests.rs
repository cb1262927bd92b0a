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

#[test]
fn a_cut_is_an_error_except_between_records() {
    let file = three();
    for cut in 0..=file.len() {
        let (records, error) = all(&mut Reader::new(&file[..cut], with(Recovery::Strict)));
        let starts = [0, 19, 40, 58];
        let whole = starts.iter().filter(|start| **start > 0 && **start <= cut).count();
        assert_eq!(records.len(), whole, "{cut}");
        match error {
            None => assert!(starts.contains(&cut), "{cut}"),
            Some(error) => {
                assert!(!starts.contains(&cut), "{cut}");
                assert_eq!((error.record(), error.offset()), (Some(whole as u64), Some(starts[whole] as u64)));
                let found = (cut - starts[whole]) as u64;
                match error.kind() {
                    RecordErrorKind::TruncatedHeader { found: said } => assert!(*said == found && found < 12),
                    RecordErrorKind::TruncatedRecord { found: said, expected } => {
                        assert_eq!((*said, *expected), (found, (starts[whole + 1] - starts[whole]) as u64));
                    }
                    kind => panic!("{cut}: {kind:?}"),
                }
            }
        }
    }
}
