//! A whole conversion beside `cat *.jpg > file`, in one run: `cargo bench --bench convert`.
//!
//! ```text
//! cargo bench --bench convert -- [--images 5000] [--bytes 100000] [--rounds 7] [--workers 0] [--sync] [--only convert|cat]
//! ```
//!
//! Makes its own corpus in the system's temporary folder (TF CSV, a box in each image, JPEGs whose entropy is random)
//! and removes it. The files are in the page cache. Both work in each round, one after the other; medians are printed,
//! and the peak of this process's memory.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use recordmill::convert::{self, Options};

struct Args {
    images: usize,
    bytes: usize,
    rounds: usize,
    workers: usize,
    sync: bool,
    only: Option<String>,
}

fn args() -> Args {
    let mut args = Args { images: 5000, bytes: 100_000, rounds: 7, workers: 0, sync: false, only: None };
    let mut words = std::env::args().skip(1);
    let number = |word: Option<String>| word.and_then(|word| word.parse().ok()).expect("a number");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--images" => args.images = number(words.next()),
            "--bytes" => args.bytes = number(words.next()),
            "--rounds" => args.rounds = number(words.next()),
            "--workers" => args.workers = number(words.next()),
            "--sync" => args.sync = true,
            "--only" => args.only = words.next(),
            // `cargo bench` adds this.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    args
}

/// Random bytes that hold no marker: what stands in a JPEG behind its start of scan.
fn entropy(seed: u64, len: usize) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 24) as u8).min(0xfe)
    })
}

fn make_corpus(folder: &Path, args: &Args) {
    // SOI, a frame of 640 x 480 in three components, start of scan.
    let head: &[u8] = &[
        0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xc0, 0, 17, 8, 1,
        0xe0, 2, 0x80, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0,
    ];
    let mut csv = String::from("filename,width,height,class,xmin,ymin,xmax,ymax\n");
    for number in 0..args.images {
        let len = args.bytes / 2 + (number * 7919) % args.bytes.max(1);
        let bytes: Vec<u8> = head.iter().copied().chain(entropy(number as u64 + 1, len)).chain([0xff, 0xd9]).collect();
        fs::write(folder.join(format!("{number:06}.jpg")), bytes).expect("corpus");
        csv += &format!("{number:06}.jpg,640,480,class{},10,20,{},240\n", number % 7, 300 + number % 300);
    }
    fs::write(folder.join("labels.csv"), csv).expect("corpus");
}

fn cat(folder: &Path, out: &Path, sync: bool) -> f64 {
    let mut names: Vec<PathBuf> =
        fs::read_dir(folder).expect("corpus").map(|entry| entry.expect("entry").path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    names.sort();
    let file = fs::File::create(out).expect("output");
    let started = Instant::now();
    let status = Command::new("cat").args(&names).stdout(file.try_clone().expect("handle")).status().expect("cat");
    if sync {
        file.sync_all().expect("sync");
    }
    let seconds = started.elapsed().as_secs_f64();
    assert!(status.success());
    fs::remove_file(out).expect("output");
    seconds
}

fn convert(folder: &Path, out: &Path, args: &Args) -> f64 {
    let options = Options { sync: args.sync, workers: args.workers, ..Options::default() };
    let started = Instant::now();
    let report = convert::convert(folder, out, &options, &mut ()).expect("conversion");
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(report.images, args.images as u64);
    fs::remove_dir_all(out).expect("output");
    seconds
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn peak_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:").map(|rest| rest.trim().to_owned()))
}

fn main() {
    let args = args();
    let folder = tempfile::tempdir().expect("temporary folder");
    let corpus = folder.path().join("corpus");
    fs::create_dir(&corpus).expect("corpus");
    make_corpus(&corpus, &args);
    let (mut cats, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        if args.only.as_deref() != Some("convert") {
            cats.push(cat(&corpus, &folder.path().join("cat.out"), args.sync));
        }
        if args.only.as_deref() != Some("cat") {
            ours.push(convert(&corpus, &folder.path().join("out"), &args));
        }
    }
    let mut lines = std::io::stdout().lock();
    for (name, times) in [("cat *.jpg > file", &mut cats), ("convert", &mut ours)] {
        if !times.is_empty() {
            let (least, most) = times.iter().fold((f64::MAX, 0f64), |(a, b), time| (a.min(*time), b.max(*time)));
            writeln!(lines, "{name:18} median {:.3} s, {least:.3} to {most:.3}", median(times)).expect("stdout");
        }
    }
    if !cats.is_empty() && !ours.is_empty() {
        writeln!(lines, "convert / cat      {:.2}", median(&mut ours) / median(&mut cats)).expect("stdout");
    }
    writeln!(lines, "peak memory        {}", peak_memory().unwrap_or_default()).expect("stdout");
}
