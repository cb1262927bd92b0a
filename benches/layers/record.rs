//! `record`: the framing, from memory and from a file in the page cache.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use recordmill::record::{Compression, ReadOptions, Reader, WriteOptions, Writer, crc};

/// Payload lengths; so many records of each that the file has about 64 MB, or 200,000 records.
const LENGTHS: [usize; 4] = [100, 1_000, 10_000, 100_000];

fn count(len: usize) -> usize {
    (64_000_000 / len).min(200_000)
}

fn file(len: usize, compression: Compression) -> Vec<u8> {
    let payload: Vec<u8> = (0..len).map(|at| ((at * at) >> 3) as u8).collect();
    let mut writer = Writer::new(Vec::new(), WriteOptions { compression, ..WriteOptions::default() }).unwrap();
    for _ in 0..count(len) {
        writer.write(&payload).unwrap();
    }
    writer.finish().unwrap()
}

fn read_all(mut reader: Reader<impl Read>, records: usize) {
    let mut bytes = 0;
    while let Some(record) = reader.next_record().unwrap() {
        bytes += record.payload.len();
    }
    assert_eq!(reader.records() as usize, records);
    black_box(bytes);
}

#[divan::bench(args = LENGTHS)]
fn read_from_memory(bencher: Bencher, len: usize) {
    let file = file(len, Compression::None);
    bencher
        .counter(ItemsCount::new(count(len)))
        .counter(BytesCount::new(file.len()))
        .bench_local(|| read_all(Reader::new(&file[..], ReadOptions::default()), count(len)));
}

#[divan::bench(args = LENGTHS)]
fn read_from_file(bencher: Bencher, len: usize) {
    let mut temporary = tempfile::tempfile().unwrap();
    std::io::copy(&mut &file(len, Compression::None)[..], &mut temporary).unwrap();
    bencher
        .counter(ItemsCount::new(count(len)))
        .counter(BytesCount::new(temporary.metadata().unwrap().len()))
        .bench_local(|| {
            temporary.rewind().unwrap();
            let file: File = temporary.try_clone().unwrap();
            read_all(Reader::from_file(file, ReadOptions::default()), count(len));
        });
}

#[divan::bench(args = [1_000], consts = [false, true])]
fn read_gzip<const VERIFY: bool>(bencher: Bencher, len: usize) {
    let file = file(len, Compression::Gzip);
    let options = ReadOptions { verify: VERIFY, ..ReadOptions::default() };
    bencher
        .counter(BytesCount::new(count(len) * (len + 16)))
        .bench_local(|| read_all(Reader::new(&file[..], options), count(len)));
}

#[divan::bench(args = LENGTHS)]
fn write_to_null(bencher: Bencher, len: usize) {
    let payload = vec![7; len];
    bencher.counter(ItemsCount::new(count(len))).counter(BytesCount::new(count(len) * (len + 16))).bench_local(|| {
        let mut writer = Writer::new(std::io::sink(), WriteOptions::default()).unwrap();
        for _ in 0..count(len) {
            writer.write(&payload).unwrap();
        }
        writer.finish().unwrap();
    });
}

#[divan::bench(args = [1, 2])]
fn write_gzip(bencher: Bencher, workers: usize) {
    // Numbers as text, as annotations are.
    let mut state = 1u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let records: Vec<Vec<u8>> =
        (0..8_000).map(|_| format!("{:?}", [(); 150].map(|()| number())).into_bytes()).collect();
    let bytes: usize = records.iter().map(Vec::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let options = WriteOptions { compression: Compression::Gzip, workers, level: None };
        let mut writer = Writer::new(std::io::sink(), options).unwrap();
        for record in &records {
            writer.write(record).unwrap();
        }
        writer.finish().unwrap();
    });
}

#[divan::bench]
fn crc_of_a_length(bencher: Bencher) {
    bencher
        .counter(ItemsCount::new(1000u32))
        .bench_local(|| (0..1000u64).fold(0, |sum: u32, len| sum.wrapping_add(crc::crc32c_u64(black_box(len)))));
}

#[divan::bench]
fn crc_of_a_length_by_crc_fast(bencher: Bencher) {
    bencher.counter(ItemsCount::new(1000u32)).bench_local(|| {
        (0..1000u64).fold(0, |sum: u32, len| sum.wrapping_add(crc::crc32c(&black_box(len).to_le_bytes())))
    });
}

/// How much is read at a time, for records of 100 KB.
#[divan::bench(args = [64, 128, 256, 512, 1024, 4096])]
fn read_with_buffer_of_kib(bencher: Bencher, kib: usize) {
    let mut temporary = tempfile::tempfile().unwrap();
    std::io::copy(&mut &file(100_000, Compression::None)[..], &mut temporary).unwrap();
    let options = ReadOptions { buffer_len: kib << 10, ..ReadOptions::default() };
    bencher.counter(BytesCount::new(temporary.metadata().unwrap().len())).bench_local(|| {
        temporary.rewind().unwrap();
        read_all(Reader::from_file(temporary.try_clone().unwrap(), options), count(100_000));
    });
}
