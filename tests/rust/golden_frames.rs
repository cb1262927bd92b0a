//! What TensorFlow 2.21 makes of 122 odd files, and what `recovery=tf` makes of them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use recordmill::record::{Compression, ReadOptions, Reader, Recovery};
use serde_json::Value;

/// Rows where we differ from TensorFlow on purpose, with the reason. The table of `docs/tensorflow-differences.md`,
/// section "TFRecord reader", is the same for what these rows do not reach.
const DIFFERENCES: [(&str, &str); 0] = [];

#[test]
fn tf_mode_gives_what_tensorflow_gave() {
    let Some(path) = golden("frames.jsonl") else { return };
    assert_eq!(check(&path), 122);
}

/// The same for rows that somebody made elsewhere: `RECORDMILL_MORE_FRAMES` names a file of the same form.
#[test]
fn and_for_more_rows() {
    match std::env::var_os("RECORDMILL_MORE_FRAMES") {
        Some(path) => println!("{} rows", check(Path::new(&path))),
        None => println!("skipped: RECORDMILL_MORE_FRAMES is not set"),
    }
}

/// Reads every row's file as TensorFlow would, and compares. How many rows there were.
fn check(path: &Path) -> usize {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in BufReader::new(File::open(path).unwrap()).lines() {
        rows += 1;
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let name = row["name"].as_str().unwrap();
        if DIFFERENCES.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let file = unhex(row["file_hex"].as_str().unwrap());
        let compression = Compression::from_name(row["compression"].as_str().unwrap()).unwrap();
        let expected: Vec<Vec<u8>> =
            row["records_hex"].as_array().unwrap().iter().map(|hex| unhex(hex.as_str().unwrap())).collect();
        let options = ReadOptions { compression: Some(compression), recovery: Recovery::Tf, ..ReadOptions::default() };
        let mut reader = Reader::new(&file[..], options);
        let mut records = Vec::new();
        let error = loop {
            match reader.next_record() {
                Ok(Some(record)) => records.push(record.payload.to_vec()),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        if records != expected || !same_error(error.as_ref().map(|error| error.to_string()), row["error"].as_str()) {
            let (seen, said) = (expected.len(), &row["error"]);
            wrong.push(format!("{name}: {} records, {error:?}; TensorFlow {seen} records, {said}", records.len()));
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} rows differ:\n{}", wrong.len(), wrong.join("\n"));
    rows
}

/// Whether our text names the same kind of damage as TensorFlow's: where the record is, and zlib's own words.
fn same_error(ours: Option<String>, tensorflow: Option<&str>) -> bool {
    let (ours, tensorflow) = match (ours, tensorflow) {
        (None, None) => return true,
        (Some(ours), Some(tensorflow)) => (ours, tensorflow),
        _ => return false,
    };
    let Some(text) = tensorflow.strip_prefix("DataLossError: ") else { return false };
    let offset: Option<u64> = ours.split_once(" at byte ").and_then(|(_, rest)| rest.split_once(':')?.0.parse().ok());
    let number_in = |text: &str| -> Option<u64> {
        text.split(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty())?.parse().ok()
    };
    if let Some(at) = text.strip_prefix("corrupted record at ") {
        // TensorFlow counts from the payload if that is what is wrong.
        let from = if ours.contains("payload crc") { 12 } else { 0 };
        return ours.contains(" crc is ") && number_in(at) == offset.map(|offset| offset + from);
    }
    if let Some(at) = text.strip_prefix("truncated record at ") {
        return ours.contains("file ends after") && number_in(at) == offset;
    }
    match text.strip_prefix("inflate() failed with error -3: ") {
        // Three of zlib's errors have one name here.
        Some(words) if ours.ends_with("invalid code or distance") => {
            words.starts_with("invalid distance") || words == "invalid literal/length code"
        }
        Some(words) => ours.ends_with(&format!("stream is damaged: {words}")),
        None => text == "inflate() failed with error 2" && ours.ends_with("needs a preset dictionary"),
    }
}

/// A file of the golden corpus; `None`, with a line that says so, where the corpus is absent.
fn golden(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("RECORDMILL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("data/tf_golden").join(name);
    if !path.is_file() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
