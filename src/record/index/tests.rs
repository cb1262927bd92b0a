use std::io::Seek;

use super::*;
use crate::record::{Recovery, append};

/// abc, defgh, ij.
fn three() -> (File, Vec<u8>) {
    let mut bytes = Vec::new();
    for payload in [&b"abc"[..], b"defgh", b"ij"] {
        append(&mut bytes, payload);
    }
    (file_of(&bytes), bytes)
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

const TEXT: &str = "0 19\n19 21\n40 18\n";

fn index(text: &str) -> Result<Index, String> {
    Index::read_from(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn builds_and_writes_what_dali_does() {
    let (_, bytes) = three();
    let built = Index::build(&mut Reader::new(&bytes[..], ReadOptions::default())).unwrap();
    let mut text = Vec::new();
    built.write_to(&mut text).unwrap();
    assert_eq!(text, TEXT.as_bytes());
    assert_eq!(index(TEXT).unwrap(), built);
    assert_eq!((built.len(), built.get(1), built.get(3)), (3, Some(Entry { offset: 19, size: 21 }), None));
}

#[test]
fn damage_is_no_index() {
    let (_, bytes) = three();
    let error = Index::build(&mut Reader::new(&bytes[..50], ReadOptions::default())).unwrap_err();
    assert_eq!(error.to_string(), "record 2 at byte 40: file ends after 10 of the header's 12 bytes");
    let skip = ReadOptions { recovery: Recovery::Skip, ..ReadOptions::default() };
    assert_eq!(Index::build(&mut Reader::new(&bytes[..50], skip)).unwrap().len(), 2);
    let error = Index::build(&mut Reader::new(&b"\x1f\x8b\x08"[..], skip)).unwrap_err();
    assert_eq!(error.to_string(), "no random access to a gzip file");
}

#[test]
fn texts_that_are_read() {
    let expected = index(TEXT).unwrap();
    for text in ["0 19\r\n19 21\r\n40 18\r\n", "\n 0\t19 \n\n19  21\n  \n40 18", "000 019\n19 21\n40 18\n\n"] {
        assert_eq!(index(text), Ok(expected.clone()), "{text:?}");
    }
    assert!(index("").unwrap().is_empty());
    // Some of the records, in another order.
    assert_eq!(index("40 18\n0 19\n").unwrap().len(), 2);
}

#[test]
fn texts_that_are_refused() {
    let rows = [
        ("0 19\n19\n", "line 2: no size"),
        ("\n\nzero 19\n", "line 3: offset is not a number"),
        ("0 -19\n", "line 1: size is not a number"),
        ("0 +19\n", "line 1: size is not a number"),
        ("0.0 19\n", "line 1: offset is not a number"),
        ("0 19 3\n", "line 1: more than an offset and a size"),
        ("0 15\n", "line 1: size is below 16, the least that a record takes"),
        ("18446744073709551615 19\n", "line 1: offset and size are beyond 64 bits"),
        ("18446744073709551616 19\n", "line 1: offset is not a number"),
        ("\u{feff}0 19\n", "line 1: offset is not a number"),
    ];
    for (text, message) in rows {
        assert_eq!(index(text), Err(message.to_owned()), "{text:?}");
    }
    assert_eq!(index(&"0".repeat(5000)), Err("line 1: too long for an offset and a size".to_owned()));
    let utf16: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Index::read_from(&utf16[..]).unwrap_err().to_string(), "line 1: offset is not a number");
}

#[test]
fn any_order_from_any_thread() {
    let (file, _) = three();
    let access = RandomAccess::new(file, index(TEXT).unwrap(), ReadOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut payload = Vec::new();
                for number in [2, 0, 1, 1, 0, 2].repeat(50) {
                    access.read(number, &mut payload).unwrap();
                    assert_eq!(payload, [&b"abc"[..], b"defgh", b"ij"][number]);
                }
            });
        }
    });
    let error = access.read(3, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "no record 3, the index has 3");
}

#[test]
fn an_index_that_lies() {
    let rows = [
        ("1 19\n", "record 0 at byte 1: length crc is 0x610e4999, computed 0x23096753"),
        ("19 22\n", "record 0 at byte 19: index says 22 bytes, the record has 21"),
        ("58 16\n", "record 0 at byte 58: file ends after 0 of the header's 12 bytes"),
        ("50 16\n", "record 0 at byte 50: file ends after 8 of the header's 12 bytes"),
        (
            "9000000000000000000 99\n",
            "record 0 at byte 9000000000000000000: file ends after 0 of the header's 12 bytes",
        ),
        ("0 9000000000000000000\n", "record 0 at byte 0: index says 9000000000000000000 bytes, the record has 19"),
    ];
    for (text, message) in rows {
        let (file, _) = three();
        let access = RandomAccess::new(file, index(text).unwrap(), ReadOptions::default()).unwrap();
        let mut payload = b"old".to_vec();
        assert_eq!(access.read(0, &mut payload).unwrap_err().to_string(), message);
        assert!(payload.is_empty() && payload.capacity() < 1000);
    }
}

#[test]
fn damage_is_found() {
    let (_, mut bytes) = three();
    bytes[33] ^= 1;
    let all = index(TEXT).unwrap();
    let access = RandomAccess::new(file_of(&bytes), all.clone(), ReadOptions::default()).unwrap();
    let mut payload = Vec::new();
    let error = access.read(1, &mut payload).unwrap_err().to_string();
    assert!(error.starts_with("record 1 at byte 19: payload crc is 0x"), "{error}");
    access.read(2, &mut payload).unwrap();
    let unverified = ReadOptions { verify: false, ..ReadOptions::default() };
    let access = RandomAccess::new(file_of(&bytes[..50]), all.clone(), unverified).unwrap();
    access.read(1, &mut payload).unwrap();
    assert_eq!(payload, b"deggh");
    let limited = ReadOptions { max_record_len: 4, ..unverified };
    let access = RandomAccess::new(file_of(&bytes), all.clone(), limited).unwrap();
    assert_eq!(
        access.read(1, &mut payload).unwrap_err().to_string(),
        "record 1 at byte 19: length 5 is over the limit of 4 bytes"
    );
    assert_eq!(
        RandomAccess::new(file_of(b"\x78\x9c\x03\0\0\0\0\x01"), all, unverified).unwrap_err().to_string(),
        "no random access to a zlib file"
    );
    // A header that promises a gigabyte in a file of 115 bytes.
    let lying = [&crate::record::header(1 << 30)[..], &[0; 103]].concat();
    let entry = Entry { offset: 0, size: (1 << 30) + 16 };
    let access = RandomAccess::new(file_of(&lying), Index::new(vec![entry]), ReadOptions::default()).unwrap();
    let mut payload = Vec::new();
    assert_eq!(
        access.read(0, &mut payload).unwrap_err().to_string(),
        "record 0 at byte 0: file ends after 115 of the record's 1073741840 bytes"
    );
    assert_eq!(payload.capacity(), 0);
}
