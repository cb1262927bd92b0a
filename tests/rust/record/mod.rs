//! TFRecord files, whole and damaged.

mod chunks;
mod compressed;
mod damage;
mod resync;
mod roundtrip;

use std::io::{self, Read};

use recordmill::record::{self, Compression, ReadOptions, Reader, Recovery, WriteOptions, Writer};

/// What a reader gave: each record's offset and payload, the losses, and the error's text.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    records: Vec<(u64, Vec<u8>)>,
    lost: Vec<(u64, u64, bool, String)>,
    error: Option<String>,
}

impl Seen {
    fn payloads(&self) -> Vec<&[u8]> {
        self.records.iter().map(|(_, payload)| &payload[..]).collect()
    }
}

fn read(inner: impl Read, options: ReadOptions) -> Seen {
    let mut reader = Reader::new(inner, options);
    let mut seen = Seen::default();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => {
                assert_eq!(record.number, seen.records.len() as u64);
                seen.records.push((record.offset, record.payload.to_vec()));
            }
            Ok(None) => break,
            Err(error) => {
                seen.error = Some(error.to_string());
                assert!(reader.next_record().unwrap().is_none(), "an error is the end");
                break;
            }
        }
    }
    assert!(reader.next_record().unwrap().is_none(), "the end stays the end");
    seen.lost = reader.lost().iter().map(|lost| (lost.offset, lost.len, lost.more, lost.cause.to_string())).collect();
    seen
}

fn with(recovery: Recovery) -> ReadOptions {
    ReadOptions { recovery, ..ReadOptions::default() }
}

fn as_is(compression: Compression, recovery: Recovery) -> ReadOptions {
    ReadOptions { compression: Some(compression), recovery, ..ReadOptions::default() }
}

pub fn frames<T: AsRef<[u8]>>(payloads: &[T]) -> Vec<u8> {
    let mut file = Vec::new();
    for payload in payloads {
        record::append(&mut file, payload.as_ref());
    }
    file
}

pub fn written<T: AsRef<[u8]>>(payloads: &[T], compression: Compression) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), WriteOptions { compression, ..WriteOptions::default() }).unwrap();
    for payload in payloads {
        writer.write(payload.as_ref()).unwrap();
    }
    writer.finish().unwrap()
}

/// abc, defgh, ij at 0, 19, 40; 58 bytes.
fn three() -> Vec<u8> {
    frames(&[&b"abc"[..], b"defgh", b"ij"])
}

/// A small generator with a fixed seed, so that a failure comes again (Vigna's SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// Gives at most so many bytes at a time, in turn.
struct Splits<'a> {
    bytes: &'a [u8],
    lengths: Vec<usize>,
    turn: usize,
}

impl Read for Splits<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn % 7 == 3 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = self.lengths[self.turn % self.lengths.len()].min(out.len());
        (&mut self.bytes).take(len as u64).read(out)
    }
}
