use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::record::{ReadOptions, Recovery, append};

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

fn build(bytes: &[u8], options: ReadOptions) -> Result<Index, String> {
    let named = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(named.path(), bytes).unwrap();
    let mut reader = Reader::open_positioned(named.path(), options).unwrap();
    Index::build(&mut reader).map_err(|error| error.to_string())
}

#[test]
fn builds_and_writes_what_dali_does() {
    let (_, bytes) = three();
    let built = build(&bytes, ReadOptions::default()).unwrap();
    let mut text = Vec::new();
    built.write_to(&mut text).unwrap();
    assert_eq!(text, TEXT.as_bytes());
    assert_eq!(index(TEXT).unwrap(), built);
    assert_eq!((built.len(), built.get(1), built.get(3)), (3, Some(Entry { offset: 19, size: 21 }), None));
}

#[test]
fn damage_is_no_index() {
    let (_, bytes) = three();
    let error = build(&bytes[..50], ReadOptions::default()).unwrap_err();
    assert_eq!(error, "record 2 at byte 40: file ends after 10 of the header's 12 bytes");
    let skip = ReadOptions { recovery: Recovery::Skip, ..ReadOptions::default() };
    assert_eq!(build(&bytes[..50], skip).unwrap().len(), 2);
    let error = build(b"\x1f\x8b\x08", skip).unwrap_err();
    assert_eq!(error, "no random access to a gzip file");
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
    let access = RandomAccess::new(file_of(&lying), [entry].into_iter().collect(), ReadOptions::default()).unwrap();
    let mut payload = Vec::new();
    assert_eq!(
        access.read(0, &mut payload).unwrap_err().to_string(),
        "record 0 at byte 0: file ends after 115 of the record's 1073741840 bytes"
    );
    assert_eq!(payload.capacity(), 0);
}

const HEADERS: ReadOptions = ReadOptions {
    verify: false,
    recovery: Recovery::Strict,
    max_record_len: 1 << 20,
    compression: None,
    salvage: false,
    buffer_len: 4096,
};

#[test]
fn headers_alone_say_the_same() {
    let (_, bytes) = three();
    assert_eq!(build(&bytes, HEADERS).unwrap(), index(TEXT).unwrap());
    let strict = ReadOptions { verify: true, ..HEADERS };
    for len in 0..bytes.len() {
        assert_eq!(build(&bytes[..len], HEADERS), build(&bytes[..len], strict), "cut at {len}");
    }
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x20;
        let found = build(&bytes, HEADERS);
        match [0..12, 19..31, 40..52].iter().any(|header| header.contains(&at)) {
            true => assert_eq!(found, build(&bytes, strict), "a header's byte {at}"),
            false => assert_eq!(found, index(TEXT), "a payload's byte {at}"),
        }
    }
    let short = ReadOptions { max_record_len: 4, ..HEADERS };
    assert_eq!(build(&bytes, short).unwrap_err(), "record 1 at byte 19: length 5 is over the limit of 4 bytes");
}

/// The binary index of a file.
fn binary(bytes: &[u8]) -> Vec<u8> {
    let index = build(bytes, ReadOptions::default()).unwrap();
    index.write(IndexForm::Binary, Cursor::new(Vec::new()), || Ok(file_of(bytes))).unwrap().into_inner()
}

fn load(bytes: &[u8]) -> Result<Index, String> {
    Index::read_from(bytes).map_err(|error| error.to_string())
}

/// So many records of no bytes.
fn empty_records(number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    (0..number).for_each(|_| append(&mut bytes, b""));
    bytes
}

#[test]
fn the_binary_form_is_what_its_head_says() {
    let (_, bytes) = three();
    let made = binary(&bytes);
    let crc = crate::record::crc::crc32c;
    let mut expected = b"\x89RMX\r\n\x1a\n\x01\0\0\0".to_vec();
    expected.extend_from_slice(&bytes[15..19]);
    expected.extend_from_slice(&58_u64.to_le_bytes());
    expected.extend_from_slice(&3_u64.to_le_bytes());
    expected.extend_from_slice(&bytes[54..]);
    expected.extend_from_slice(&crc(&expected).to_le_bytes());
    [0_u64, 19, 40, 58].iter().for_each(|offset| expected.extend_from_slice(&offset.to_le_bytes()));
    expected.extend_from_slice(&crc(&expected[40..]).to_le_bytes());
    assert_eq!(made, expected);
    assert_eq!(load(&made).unwrap(), index(TEXT).unwrap());
    assert_eq!(load(&binary(b"")).unwrap().len(), 0);
    // A loaded one needs its file no more to be written.
    let no_file = || Err(io::ErrorKind::NotFound.into());
    let again = load(&made).unwrap().write(IndexForm::Binary, Cursor::new(Vec::new()), no_file).unwrap();
    assert_eq!(again.into_inner(), made);
    assert!(index(TEXT).unwrap().write(IndexForm::Binary, Cursor::new(Vec::new()), no_file).is_err());
    let text = load(&made).unwrap().write(IndexForm::Dali, Cursor::new(Vec::new()), no_file).unwrap();
    assert_eq!(text.into_inner(), TEXT.as_bytes());
}

#[test]
fn every_cut_and_every_flip_of_the_binary_form_is_found() {
    let (_, bytes) = three();
    let whole = binary(&bytes);
    // Nothing at all is the text of no records.
    for len in 1..whole.len() {
        let expected = if len < 40 { 40 } else { whole.len() };
        let message = format!("byte {len}: the index ends, expected {expected} bytes");
        assert_eq!(load(&whole[..len]), Err(message));
    }
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            assert!(load(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
    assert_eq!(load(&[&whole[..], b"x"].concat()).unwrap_err(), "byte 76: more bytes, expected the end");
    assert!(load(&whole[1..]).is_err());
}

#[test]
fn damage_of_the_binary_form_has_its_place() {
    // Two blocks and a bit.
    let records = 2 * 8192 + 2;
    let whole = binary(&empty_records(records));
    let table = 40 + 8 * (records + 1);
    assert_eq!(whole.len(), table + 3 * 4);
    assert_eq!(load(&whole).unwrap().len(), records);
    for (at, block, offsets) in [
        (40, 0, "0 to 8191"),
        (40 + 8 * 8192 - 1, 0, "0 to 8191"),
        (40 + 8 * 8192, 1, "8192 to 16383"),
        (table - 1, 2, "16384 to 16386"),
        (table + 4, 1, "8192 to 16383"),
    ] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        let message = load(&damaged).unwrap_err();
        let start = format!("byte {}: crc of offsets {offsets} is 0x", table + 4 * block);
        assert!(message.starts_with(&start), "{message}");
    }
    let rows = [
        (3, "byte 0: not how an index begins; was it copied as text?"),
        (8, "byte 8: version 0, expected 1"),
        (20, "byte 36: crc of the head is 0x"),
        (38, "byte 36: crc of the head is 0x"),
    ];
    for (at, message) in rows {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        let found = load(&damaged).unwrap_err();
        assert!(found.starts_with(message), "{found}");
    }
}

/// An index whose checksums are right, whatever it says.
fn sealed(file_len: u64, records: u64, offsets: &[u64]) -> Vec<u8> {
    let crc = crate::record::crc::crc32c;
    let mut made = b"\x89RMX\r\n\x1a\n\x01\0\0\0\0\0\0\0".to_vec();
    made.extend_from_slice(&file_len.to_le_bytes());
    made.extend_from_slice(&records.to_le_bytes());
    made.extend_from_slice(&[0; 4]);
    made.extend_from_slice(&crc(&made).to_le_bytes());
    offsets.iter().for_each(|offset| made.extend_from_slice(&offset.to_le_bytes()));
    made.extend_from_slice(&crc(&made[40..]).to_le_bytes());
    made
}

#[test]
fn a_binary_index_that_lies() {
    let rows = [
        (u64::MAX, u64::MAX / 16, &[0, 16][..], "byte 60: the index ends, expected 9223934986808197160 bytes"),
        (u64::MAX, 1 << 40, &[0, 16], "byte 60: the index ends, expected 8796629893172 bytes"),
        (u64::MAX, u64::MAX, &[0, 16], "byte 24: 18446744073709551615 records in a file of 18446744073709551615 bytes"),
        (31, 2, &[0, 15, 31], "byte 24: 2 records in a file of 31 bytes"),
        (40, 2, &[0, 15, 40], "byte 48: record 0 begins at byte 0 and ends at byte 15"),
        (40, 2, &[0, 24, 16], "byte 56: record 1 begins at byte 24 and ends at byte 16"),
        (40, 2, &[1, 24, 40], "byte 40: the first record is at byte 1, expected 0"),
        (40, 2, &[0, 24, 41], "byte 56: the last record ends at byte 41, expected 40"),
        (40, 0, &[0], "byte 40: the last record ends at byte 0, expected 40"),
    ];
    for (file_len, records, offsets, message) in rows {
        assert_eq!(load(&sealed(file_len, records, offsets)), Err(message.to_owned()));
    }
    assert_eq!(load(&sealed(40, 2, &[0, 24, 40])).unwrap().len(), 2);
}

#[test]
fn a_stale_binary_index_is_refused() {
    let (_, bytes) = three();
    let made = binary(&bytes);
    let open = |file: &[u8]| {
        let access = RandomAccess::new(file_of(file), load(&made).unwrap(), ReadOptions::default());
        access.map(|access| access.index().len()).map_err(|error| error.to_string())
    };
    assert_eq!(open(&bytes), Ok(3));
    let longer = [&bytes[..], &empty_records(1)].concat();
    assert_eq!(open(&longer).unwrap_err(), "index is of a file of 58 bytes, this one has 74");
    for len in 0..bytes.len() {
        let message = format!("index is of a file of 58 bytes, this one has {len}");
        assert_eq!(open(&bytes[..len]), Err(message));
    }
    let of = |payloads: &[&[u8]]| {
        let mut bytes = Vec::new();
        payloads.iter().for_each(|payload| append(&mut bytes, payload));
        bytes
    };
    let first = open(&of(&[b"abX", b"defgh", b"ij"])).unwrap_err();
    assert!(first.starts_with("record 0 at byte 0: index says payload crc 0x"), "{first}");
    let last = open(&of(&[b"abc", b"defgh", b"iX"])).unwrap_err();
    assert!(last.starts_with("record 2 at byte 40: index says payload crc 0x"), "{last}");
    let cut_otherwise = open(&of(&[b"abcd", b"defg", b"ij"])).unwrap_err();
    assert_eq!(cut_otherwise, "record 0 at byte 0: index says 19 bytes, the record has 20");
    let cut_behind = open(&of(&[b"abc", b"defg", b"hij"])).unwrap_err();
    assert!(cut_behind.starts_with("record 2 at byte 40: length crc is 0x"), "{cut_behind}");
    // It is written of the file as it is, or not at all.
    let index = build(&bytes, ReadOptions::default()).unwrap();
    let write = |file: &[u8]| index.write(IndexForm::Binary, Cursor::new(Vec::new()), || Ok(file_of(file)));
    assert_eq!(write(&longer).unwrap_err().to_string(), "index is of a file of 58 bytes, this one has 74");
}

#[test]
fn what_is_no_whole_file_has_no_binary_index() {
    let (_, bytes) = three();
    for (text, message) in [
        ("19 21\n40 18\n", "a binary index has no gap, but record 0 begins at byte 19, expected 0"),
        ("0 19\n40 18\n", "a binary index has no gap, but record 1 begins at byte 40, expected 19"),
        ("0 19\n19 21\n", "index is of a file of 40 bytes, this one has 58"),
        ("", "index is of a file of 0 bytes, this one has 58"),
    ] {
        let made = index(text).unwrap().write(IndexForm::Binary, Cursor::new(Vec::new()), || Ok(file_of(&bytes)));
        assert_eq!(made.unwrap_err().to_string(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 100 } else { 2000 }))]
    #[test]
    fn both_forms_come_back(lens in prop::collection::vec(prop_oneof![0_usize..40, 4000_usize..9000], 0..60)) {
        let mut bytes = Vec::new();
        lens.iter().for_each(|len| append(&mut bytes, &vec![*len as u8; *len]));
        let built = build(&bytes, ReadOptions::default()).expect("whole");
        prop_assert_eq!(&build(&bytes, HEADERS).expect("whole"), &built);
        prop_assert_eq!(built.iter().map(|entry| entry.size as usize - 16).collect::<Vec<_>>(), lens.clone());
        let made = binary(&bytes);
        prop_assert_eq!(&load(&made).expect("whole"), &built);
        let mut text = Vec::new();
        built.write_to(&mut text).expect("written");
        prop_assert_eq!(&load(&text).expect("lines"), &built);
        let access = RandomAccess::new(file_of(&bytes), load(&made).expect("whole"), ReadOptions::default()).expect("fresh");
        let mut payload = Vec::new();
        for (number, len) in lens.iter().enumerate().rev() {
            access.read(number, &mut payload).expect("there");
            prop_assert_eq!(&payload, &vec![*len as u8; *len]);
        }
    }
}
