//! Small datasets made by hand, and what a run of `convert` left.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use recordmill::convert::{self, ConvertError, Options, Report};
use recordmill::dataset::{Class, Dataset, Image, Object, Problems, Skipped};
use recordmill::example::{self, Feature};
use recordmill::formats::{FORMATS, Loaded};
use recordmill::record::{ReadOptions, Reader};
use tempfile::TempDir;

/// A dataset in a folder, and a folder for results beside it.
pub struct Corpus {
    folder: TempDir,
    pub loaded: Loaded,
}

/// A grey PNG of so many pixels, with `tail` bytes of rubbish behind its end, which decoders do not mind.
pub fn png(width: u32, height: u32, tail: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend(crc32fast::hash(&[kind, data].concat()).to_be_bytes());
    };
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    chunk(b"IHDR", &header);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(&vec![0; (width as usize + 1) * height as usize]).unwrap();
    chunk(b"IDAT", &zlib.finish().unwrap());
    chunk(b"IEND", b"");
    bytes.extend((0..tail).map(|index| (index * 7) as u8));
    bytes
}

pub fn object(class: u32, bbox: [f64; 4]) -> Object {
    Object { class, bbox, line: 5, ..Object::default() }
}

impl Corpus {
    pub fn new(classes: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        let class = |name: &&str| Class::named(*name);
        let mut dataset = Dataset {
            roots: vec![folder.path().join("in")],
            classes: classes.iter().map(class).collect(),
            ..Dataset::default()
        };
        dataset.sources.push("annotations.csv");
        let loaded = Loaded {
            dataset,
            problems: Problems::default(),
            skipped: Skipped::default(),
            format: FORMATS[0],
            reasons: vec!["by hand".into()],
        };
        Self { folder, loaded }
    }

    /// Adds an image of 100 x 50 pixels.
    pub fn add(&mut self, key: &str, bytes: &[u8], objects: impl IntoIterator<Item = Object>) {
        let path = self.input().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        let line = self.loaded.dataset.len() as u32 + 2;
        let image =
            Image { key, name: key, file: Some((0, key)), size: (100, 50), source: (0, line), ..Image::default() };
        self.loaded.dataset.push(image, objects);
    }

    /// `count` images, some of them without objects, of very different sizes.
    pub fn many(count: usize) -> Self {
        let mut corpus = Self::new(&["cat", "dog"]);
        for number in 0..count {
            let objects = (0..number % 4).map(|n| object((n % 2) as u32, [n as f64, 1.0, n as f64 + 10.5, 20.0]));
            let bytes = png(100, 50, (number * number * 37) % 90_000);
            corpus.add(&format!("images/{number:04}.png"), &bytes, objects);
        }
        corpus
    }

    pub fn input(&self) -> PathBuf {
        self.folder.path().join("in")
    }

    pub fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn convert(&self, out: &str, options: &Options) -> Result<Report, ConvertError> {
        convert::convert_dataset(&self.loaded, &self.out(out), options, &mut ())
    }

    /// Converts, and gives all files that are there then.
    pub fn files(&self, out: &str, options: &Options) -> BTreeMap<String, Vec<u8>> {
        self.convert(out, options).unwrap();
        files_in(&self.out(out))
    }
}

pub fn options() -> Options {
    Options { sync: false, workers: 2, ..Options::default() }
}

/// All files below `folder`, by path.
pub fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap()) {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

/// A feature's values, to be compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bytes(Vec<Vec<u8>>),
    Float(Vec<f32>),
    Int64(Vec<i64>),
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Bytes(vec![text.into()])
    }
}

pub type Record = BTreeMap<String, Value>;

/// The Examples in a file, every checksum verified.
pub fn examples(bytes: &[u8]) -> Vec<Record> {
    let mut reader = Reader::new(bytes, ReadOptions::default());
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        let example = example::decode(record.payload).unwrap();
        let value = |values: &example::Values<'_>| match values {
            example::Values::Bytes(list) => Value::Bytes(list.iter().map(<[u8]>::to_vec).collect()),
            example::Values::Float(list) => Value::Float(list.to_vec()),
            example::Values::Int64(list) => Value::Int64(list.to_vec()),
            other => panic!("no kind: {other:?}"),
        };
        records.push(example.features.iter().map(|(key, values)| (key.to_owned(), value(values))).collect());
    }
    records
}

/// The features of a record, by key.
pub type Features = Vec<(String, Feature<'static>)>;

/// The same of a file, as what is written: to compare with.
pub fn features(path: &Path) -> Vec<Features> {
    let bytes = fs::read(path).unwrap();
    let mut reader = Reader::new(&bytes[..], ReadOptions::default());
    let mut all = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        let payload: &'static [u8] = record.payload.to_vec().leak();
        let example = example::decode(payload).unwrap();
        all.push(example.features.iter().map(|(key, values)| (key.to_owned(), values.to_feature())).collect());
    }
    all
}
