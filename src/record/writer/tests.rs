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
    [0, 1, 100, LONG_LEN - 1, LONG_LEN, BUFFER_LEN - OVERHEAD, BUFFER_LEN, 3, PIECE_LEN + 5, 2 * PIECE_LEN, 7]
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

/// Takes so many bytes, then says that the disk is full, then takes more: as if somebody had made room.
#[derive(Debug)]
struct Full {
    taken: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Write for &mut Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit.saturating_sub(self.taken.len());
        if room == 0 && !std::mem::replace(&mut self.full, true) {
            return Err(io::Error::from_raw_os_error(28));
        }
        let len = if self.full { bytes.len() } else { bytes.len().min(room) };
        self.taken.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_failure_every_call_fails() {
    for compression in Compression::ALL {
        for limit in [0, 5, 30, 100_000] {
            let mut disk = Full { taken: Vec::new(), limit, full: false };
            let options = WriteOptions { compression, level: Some(0), workers: 2 };
            let mut writer = Writer::new(&mut disk, options).unwrap();
            let mut written = 0;
            let error = loop {
                if let Err(error) = writer.write(&[7; 40_000]).and_then(|()| writer.flush()) {
                    break error;
                }
                written += 1;
            };
            assert_eq!(error.io_error().unwrap().raw_os_error(), Some(28));
            assert!(error.to_string().starts_with(&format!("record {} at byte ", written + 1)), "{error}");
            for again in [writer.write(b"x"), writer.flush(), writer.write_framed(b"")] {
                assert_eq!(again.unwrap_err().io_error().unwrap().raw_os_error(), Some(28));
            }
            assert_eq!(writer.finish().unwrap_err().io_error().unwrap().raw_os_error(), Some(28));
            assert_eq!(disk.taken.len(), limit, "nothing comes after the failure");
        }
    }
}

#[test]
fn a_failure_at_the_end_is_told() {
    for compression in Compression::ALL {
        let mut disk = Full { taken: Vec::new(), limit: 12, full: false };
        let mut writer = Writer::new(&mut disk, WriteOptions { compression, ..WriteOptions::default() }).unwrap();
        writer.write(b"payload").unwrap();
        assert_eq!(writer.finish().err().unwrap().io_error().unwrap().raw_os_error(), Some(28));
    }
}

#[test]
fn dropped_without_an_end() {
    for compression in Compression::ALL {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, WriteOptions { compression, ..WriteOptions::default() }).unwrap();
        writer.write(b"payload").unwrap();
        drop(writer);
        let options = ReadOptions { compression: Some(compression), ..ReadOptions::default() };
        let mut reader = Reader::new(&file[..], options);
        assert_eq!(reader.next_record().unwrap().unwrap().payload, b"payload");
        assert_eq!(reader.next_record().is_err(), compression != Compression::None);
    }
}

#[test]
fn nothing_written() {
    let hex = |compression| {
        let writer = Writer::new(Vec::new(), WriteOptions { compression, ..WriteOptions::default() }).unwrap();
        writer.finish().unwrap().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(hex(Compression::None), "");
    assert_eq!(hex(Compression::Gzip), "1f8b080000000000000303000000000000000000");
    assert_eq!(hex(Compression::Zlib), "789c030000000001");
}

#[test]
fn levels_that_are_not() {
    let options = WriteOptions { level: Some(10), ..WriteOptions::default() };
    let error = Writer::new(Vec::new(), options).err().unwrap();
    assert_eq!(error.to_string(), "compression level 10 is not between 0 and 9");
}

#[test]
fn a_pipe_that_takes_little_at_a_time() {
    struct Trickle(Vec<u8>);
    impl Write for Trickle {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() % 3 == 1 {
                self.0.push(bytes[0]);
                return Ok(1);
            }
            let len = bytes.len().min(1 + self.0.len() % 5000);
            self.0.extend_from_slice(&bytes[..len]);
            Ok(len)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::new(Trickle(Vec::new()), WriteOptions::default()).unwrap();
    let mut expected = Vec::new();
    for payload in payloads() {
        writer.write(&payload).unwrap();
        append(&mut expected, &payload);
        assert_eq!(writer.offset(), expected.len() as u64);
    }
    writer.write_framed(&expected.clone()).unwrap();
    expected.extend_from_within(..);
    assert!(writer.finish().unwrap().0 == expected);
}

#[test]
fn a_plain_file_is_written_in_whole_blocks() {
    struct Lens(Vec<usize>);
    impl Write for Lens {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::new(Lens(Vec::new()), WriteOptions::default()).unwrap();
    payloads().iter().for_each(|payload| writer.write(payload).unwrap());
    let total = writer.offset();
    let mut lens = writer.finish().unwrap().0;
    assert_eq!(lens.iter().sum::<usize>() as u64, total);
    lens.pop();
    assert!(lens.iter().all(|len| len % BUFFER_LEN == 0), "{lens:?}");
    assert!(lens.iter().any(|len| *len > BUFFER_LEN), "what is longer goes in one call: {lens:?}");
}
