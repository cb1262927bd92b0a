//! Descriptions of and verdicts on whole files.

use std::path::{Path, PathBuf};

use recordmill::dataset::{Label, LabelMap};
use recordmill::example::{Feature, encode};
use recordmill::inspect::{
    InspectOptions, Verdict, VerifyOptions, inspect, inspect_reader, verify, verify_all, verify_reader,
};
use recordmill::record::{Compression, MAX_LOST, ReadOptions, Reader, Recovery, WriteOptions, Writer, append};

use super::golden_wire::shared;

/// Records of different lengths, and where each begins.
fn file_of(records: usize) -> (Vec<u8>, Vec<usize>) {
    let (mut file, mut offsets) = (Vec::new(), Vec::new());
    for index in 0..records {
        offsets.push(file.len());
        let name = "x".repeat(index % 7);
        append(&mut file, &encode(&[("id", Feature::int64(index as i64)), ("name", Feature::text(&name))]));
    }
    (file, offsets)
}

fn verdict(file: &[u8]) -> Verdict {
    let read = ReadOptions { recovery: Recovery::Skip, ..ReadOptions::default() };
    verify_reader(Reader::new(file, read), Path::new("file"), &VerifyOptions::default()).unwrap()
}

#[test]
fn every_flipped_bit_is_found_and_named() {
    let (mut file, offsets) = file_of(100);
    assert!(verdict(&file).ok);
    let mut flips = 0;
    for (record, offset) in offsets.iter().enumerate() {
        let end = offsets.get(record + 1).copied().unwrap_or(file.len());
        for bit in offset * 8..end * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            let verdict = verdict(&file);
            file[bit / 8] ^= 1 << (bit % 8);
            let places: Vec<_> = verdict.findings.iter().map(|finding| (finding.record, finding.offset)).collect();
            assert_eq!(places, [(Some(record as u64), Some(*offset as u64))], "bit {bit}: {:?}", verdict.findings);
            assert_eq!((verdict.ok, verdict.records), (false, 99), "bit {bit}");
            flips += 1;
        }
    }
    assert_eq!(flips, file.len() * 8);
}

#[test]
fn all_damages_of_a_file_are_named() {
    let (mut file, offsets) = file_of(100);
    for record in [0, 41, 42, 99] {
        file[offsets[record] + 14] ^= 0x10;
    }
    file[offsets[7] + 3] ^= 1;
    // A whole record that is no Example, between damages.
    let start = offsets[50];
    let mut other = Vec::new();
    append(&mut other, b"hello");
    file.splice(start..start, other.iter().copied());
    let verdict = verdict(&file);
    let texts: Vec<String> = verdict.findings.iter().map(ToString::to_string).collect();
    let places: Vec<&str> = texts.iter().filter_map(|text| Some(text.split_once(" at ")?.0)).collect();
    assert_eq!(places, ["record 0", "record 7", "record 41", "record 42", "record 50", "record 100"]);
    assert!(texts[0].starts_with("record 0 at byte 0: payload crc is 0x"), "{}", texts[0]);
    assert!(texts[0].ends_with("; 45 bytes lost"), "{}", texts[0]);
    // `hello` as a protocol buffer: field 13 with a number, then the end of a group.
    let reason = "payload is no Example, byte 2: end of group 13, which did not begin here";
    assert_eq!(texts[4], format!("record 50 at byte {start}: {reason}"));
    assert_eq!(verdict.counts, [("length-crc", 1), ("not-an-example", 1), ("payload-crc", 4)].into());
    assert_eq!((verdict.errors, verdict.warnings, verdict.records), (6, 0, 96));
}

#[test]
fn every_prefix_is_a_bad_file() {
    let (file, offsets) = file_of(12);
    for len in 1..file.len() {
        let verdict = verdict(&file[..len]);
        let whole = offsets.iter().skip(1).filter(|end| **end <= len).count();
        assert_eq!(verdict.records, whole as u64, "prefix of {len} bytes");
        if offsets.contains(&len) {
            assert!(verdict.ok, "prefix of {len} bytes");
            continue;
        }
        let finding = &verdict.findings[0];
        let place = (finding.record, finding.offset);
        assert_eq!(place, (Some(whole as u64), Some(offsets[whole] as u64)), "prefix of {len} bytes: {finding}");
    }
}

#[test]
fn a_second_zlib_stream_is_bad_though_it_can_be_read() {
    let stream = |records| {
        let options = WriteOptions { compression: Compression::Zlib, ..WriteOptions::default() };
        let mut writer = Writer::new(Vec::new(), options).unwrap();
        writer.write_framed(&file_of(records).0).unwrap();
        writer.finish().unwrap()
    };
    assert!(verdict(&stream(3)).ok);
    let verdict = verdict(&[stream(3), stream(2)].concat());
    assert_eq!((verdict.ok, verdict.records), (false, 5));
    let told: Vec<_> = verdict.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["file has 2 zlib streams, TensorFlow reads only the first"]);
}

#[test]
fn findings_are_bounded_and_counted() {
    let mut file = Vec::new();
    for _ in 0..50 {
        append(&mut file, b"no Example");
        append(&mut file, &encode(&[("image/height", Feature::Unset)]));
    }
    let options = VerifyOptions { max_errors: 7, max_warnings: 3, ..VerifyOptions::default() };
    let verdict = verify_reader(Reader::new(&file[..], ReadOptions::default()), Path::new("x"), &options).unwrap();
    assert_eq!((verdict.errors, verdict.warnings, verdict.findings.len()), (50, 50, 10));
    let options = VerifyOptions { examples: false, rules: false, ..options };
    let verdict = verify_reader(Reader::new(&file[..], ReadOptions::default()), Path::new("x"), &options).unwrap();
    assert!(verdict.ok && verdict.findings.is_empty());
}

#[test]
fn files_of_other_things_are_described_too() {
    let mut file = Vec::new();
    append(&mut file, b"hello world");
    append(&mut file, &[0xff; 40]);
    let mut reader = Reader::new(&file[..], ReadOptions::default());
    let report = inspect_reader(&mut reader, Path::new("x"), 0, &InspectOptions::default()).unwrap();
    assert_eq!((report.records, report.schema.other, report.complete), (2, 2, true));
    let first = report.first.unwrap();
    assert_eq!((first.kind, first.summary.as_deref()), ("text", Some("\"hello world\"")));

    let options = InspectOptions { max_records: Some(1), ..InspectOptions::default() };
    let mut reader = Reader::new(&file[..], ReadOptions::default());
    let report = inspect_reader(&mut reader, Path::new("x"), 0, &options).unwrap();
    assert_eq!((report.records, report.complete), (1, false));
}

#[test]
fn a_request_to_stop_is_heard() {
    let (file, _) = file_of(3);
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let options = VerifyOptions { stop: Some(stop), ..VerifyOptions::default() };
    let error = verify_reader(Reader::new(&file[..], ReadOptions::default()), Path::new("x"), &options).unwrap_err();
    assert_eq!(error.io_error().map(std::io::Error::kind), Some(std::io::ErrorKind::Interrupted));
}

fn raccoons() -> LabelMap {
    LabelMap::new(vec![Label { id: 1, name: "raccoon".into(), display_name: None }]).unwrap()
}

#[test]
fn a_published_file_is_described() {
    let Some(path) = shared("data/raccoon/test.record") else { return };
    let report = inspect(&path, &InspectOptions::default()).unwrap();
    assert_eq!((report.records, report.compression, report.file_bytes), (40, "none", 2_464_963));
    assert_eq!((report.data_bytes, report.schema.examples, report.complete), (2_464_963, 40, true));
    let keys: Vec<&str> = report.schema.features.iter().map(|feature| feature.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "image/encoded",
            "image/filename",
            "image/format",
            "image/height",
            "image/object/bbox/xmax",
            "image/object/bbox/xmin",
            "image/object/bbox/ymax",
            "image/object/bbox/ymin",
            "image/object/class/label",
            "image/object/class/text",
            "image/source_id",
            "image/width",
        ]
    );
    let encoded = &report.schema.features[0];
    assert_eq!((encoded.looks_like, encoded.present), ("image", 40));
    assert_eq!(encoded.bytes.as_ref().unwrap().images, [("jpeg", 40)].into());
    assert_eq!(report.schema.features[9].looks_like, "text");
    let first = report.first.as_ref().unwrap();
    assert!(first.features[0].summary.starts_with("JPEG "), "{}", first.features[0].summary);
    // The contract with Python.
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["schema"]["features"][8]["int64"]["distinct"], serde_json::json!([{"value": 1, "count": 44}]));
    assert_eq!(json["schema"]["features"][3]["kinds"], serde_json::json!({"int64": 40}));
}

#[test]
fn several_files_are_verified_in_their_order() {
    let Some(path) = shared("data/raccoon/test.record") else { return };
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.tfrecord");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&broken, bytes).unwrap();
    let missing = folder.path().join("missing.tfrecord");
    let paths: Vec<PathBuf> = vec![broken, missing, path.clone()];
    let options = VerifyOptions { label_map: Some(raccoons()), ..VerifyOptions::default() };
    for workers in [0, 1, 2, 8] {
        let verdicts = verify_all(&paths, &options, workers);
        let [Ok(broken), Err(missing), Ok(good)] = &verdicts[..] else { panic!("{verdicts:?}") };
        assert_eq!((broken.ok, broken.errors, broken.records), (false, 1, 39));
        assert_eq!(missing.io_error().map(std::io::Error::kind), Some(std::io::ErrorKind::NotFound));
        assert_eq!((good.ok, good.records), (true, 40));
    }
    let cats = LabelMap::new(vec![Label { id: 1, name: "cat".into(), display_name: None }]).unwrap();
    let options = VerifyOptions { label_map: Some(cats), ..VerifyOptions::default() };
    let verdict = verify(&path, &options).unwrap();
    assert_eq!((verdict.ok, verdict.counts["text-unknown"]), (false, 44));
}

/// Records keep their numbers behind more damages than a reader remembers, and none goes uncounted.
#[test]
fn more_damages_than_can_be_listed() {
    let damaged = MAX_LOST as u64 + 5;
    let mut file = Vec::new();
    for _ in 0..damaged {
        let start = file.len();
        append(&mut file, b"");
        file[start + 12] ^= 1;
    }
    append(&mut file, b"hello");
    let options = VerifyOptions { max_errors: usize::MAX, ..VerifyOptions::default() };
    let read = ReadOptions { recovery: Recovery::Skip, ..ReadOptions::default() };
    let verdict = verify_reader(Reader::new(&file[..], read), Path::new("a"), &options).unwrap();
    assert_eq!(verdict.errors, damaged + 1);
    let counts: Vec<_> = verdict.counts.iter().map(|(kind, count)| (*kind, *count)).collect();
    assert_eq!(counts, [("more-damage", 5), ("not-an-example", 1), ("payload-crc", MAX_LOST as u64)]);
    let last = verdict.findings.last().unwrap();
    assert_eq!((last.kind, last.record, last.offset), ("not-an-example", Some(damaged), Some(damaged * 16)));
    let report =
        inspect_reader(&mut Reader::new(&file[..], read), Path::new("a"), 0, &InspectOptions::default()).unwrap();
    assert_eq!(report.damage.len() as u64 + report.damage_left_out, damaged);
}
