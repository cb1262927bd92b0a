//! TFRecord files cut anew.

mod choose;
mod cut;
mod repair;

use std::fs;
use std::path::{Path, PathBuf};

use recordmill::record::{Compression, ReadOptions, Reader};
use recordmill::reshape::{Inputs, Job, OutputOptions};

use crate::record::{Random, frames, written};

/// So many cases, or more where the environment asks for more.
fn cases(few: usize, most: usize) -> usize {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few).min(most)
}

fn inputs(paths: &[PathBuf]) -> Inputs {
    Inputs::find(paths, ReadOptions::default()).unwrap()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// The payloads of files, one behind the other.
fn payloads(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for path in paths {
        let mut reader = Reader::open(path, ReadOptions::default()).unwrap();
        while let Some(record) = reader.next_record().unwrap() {
            all.push(record.payload.to_vec());
        }
    }
    all
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}

/// Files of a folder with their bytes, sorted.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    sorted(entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect())
}

fn plain() -> OutputOptions {
    OutputOptions { sync: false, ..OutputOptions::default() }
}

fn job() -> Job {
    Job::default()
}
