//! Image headers over the corpus in `tests/data/images`, which `make.py` there makes and checks against Pillow and
//! TensorFlow.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use recordmill::image::{Header, ImageErrorKind, Kind, header, is_image_name};

/// Rows of `expected.tsv`; a changed corpus changes this number too.
const CASES: usize = 120;

struct Case {
    name: String,
    bytes: Vec<u8>,
    expected: Header,
    /// A prefix of so many bytes is a whole image, a shorter one is not.
    needed: usize,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/images")
}

fn corpus() -> Vec<Case> {
    let table = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let cases: Vec<_> = table.lines().skip(1).map(case).collect();
    assert_eq!(cases.len(), CASES);
    cases
}

fn case(line: &str) -> Case {
    let fields: Vec<_> = line.split('\t').collect();
    let [name, kind, width, height, channels, depth, orientation, tensorflow, needed] = fields[..] else {
        panic!("nine fields expected: {line}");
    };
    let expected = Header {
        kind: Kind::ALL.into_iter().find(|known| known.format_name() == kind).unwrap(),
        width: width.parse().unwrap(),
        height: height.parse().unwrap(),
        channels: channels.parse().unwrap(),
        depth: depth.parse().unwrap(),
        orientation: orientation.parse().unwrap(),
        tensorflow: tensorflow == "1",
    };
    let bytes = std::fs::read(folder().join(name)).unwrap();
    Case { name: name.to_owned(), bytes, expected, needed: needed.parse().unwrap() }
}

#[test]
fn headers_are_as_expected() {
    for case in corpus() {
        assert_eq!(header::read(&case.bytes), Ok(case.expected), "{}", case.name);
        assert_eq!(header::detect(&case.bytes), Some(case.expected.kind), "{}", case.name);
        assert!(is_image_name(&case.name));
    }
}

#[test]
fn the_corpus_is_whole() {
    let cases = corpus();
    let listed: BTreeSet<_> = cases.iter().map(|case| case.name.clone()).collect();
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<_> = files.filter(|name| is_image_name(name)).collect();
    assert_eq!(listed, there);
    let of = |kind| cases.iter().filter(|case| case.expected.kind == kind).count();
    // No encoder of HEIC is free; its boxes are AVIF's, and its unit tests make their own.
    let all = [Kind::Jpeg, Kind::Png, Kind::Gif, Kind::Bmp, Kind::Webp, Kind::Tiff, Kind::Avif].map(of);
    assert_eq!(all, [28, 24, 5, 12, 14, 27, 10]);
}

/// Where the image ends, TensorFlow's opinion and ours agree (see `make.py`): every shorter prefix is an error, every
/// longer one gives the same header.
#[test]
fn every_prefix() {
    let mut prefixes = 0;
    for Case { name, bytes, expected, needed } in corpus() {
        for len in 0..bytes.len() {
            prefixes += 1;
            match header::read(&bytes[..len]) {
                Err(error) if len < needed => {
                    let allowed = if len < 16 { ImageErrorKind::Unknown } else { ImageErrorKind::Truncated };
                    assert!(
                        [allowed, ImageErrorKind::Truncated].contains(&error.kind()),
                        "{name}, {len} bytes: {error}"
                    );
                    let place = error.offset();
                    assert!(place == 0 || place == len as u64, "{name}, {len} bytes: {error} at {place}");
                }
                Ok(header) if len >= needed => {
                    // TensorFlow takes a BMP without its trailing bytes.
                    let tensorflow = expected.tensorflow || (name == "trailing.bmp" && len == needed);
                    assert_eq!(header, Header { tensorflow, ..expected }, "{name}, {len} bytes");
                }
                other => panic!("{name}, {len} bytes of which {needed} are needed: {other:?}"),
            }
        }
    }
    assert!(prefixes > 79_000, "{prefixes}");
}

/// Any byte may be anything: no panic, no long work. Sizes stay within their limits.
#[test]
fn every_damaged_byte() {
    let mut errors = 0;
    let start = Instant::now();
    for Case { name, mut bytes, .. } in corpus() {
        for at in 0..bytes.len() {
            let was = bytes[at];
            for value in [0, 1, 0x7f, 0x80, 0xff, !was, was ^ 1, was.wrapping_add(1)] {
                bytes[at] = value;
                match header::read(&bytes) {
                    Ok(header) => {
                        assert!(header.width > 0 && header.height > 0, "{name}");
                        assert!(header.width < 1 << 31 && header.height < 1 << 31, "{name}");
                        assert!((1..=8).contains(&header.orientation), "{name}");
                    }
                    Err(error) => {
                        errors += 1;
                        assert!(error.offset() <= bytes.len() as u64, "{name}: {error}");
                    }
                }
            }
            bytes[at] = was;
        }
    }
    assert!(errors > 10_000, "{errors}");
    assert!(start.elapsed() < Duration::from_secs(60));
}

/// Files made to cost much: their work stays linear in their length.
#[test]
fn long_hostile_files() {
    let boxed = |name: &[u8; 4], body: &[u8]| [&(body.len() as u32 + 8).to_be_bytes()[..], name, body].concat();
    // A million properties, each of which might be the primary item's, and a long list of other items.
    let free: Vec<u8> = b"\0\0\0\x08free".iter().copied().cycle().take(8 << 20).collect();
    let items: Vec<u8> = [0, 1, 1, 0x81].into_iter().cycle().take(4 << 20).collect();
    let ipma = [&[0, 0, 0, 0][..], &(1_u32 << 20).to_be_bytes(), &items].concat();
    let iprp = boxed(b"iprp", &[boxed(b"ipco", &free), boxed(b"ipma", &ipma)].concat());
    let meta = boxed(b"meta", &[vec![0; 4], boxed(b"pitm", &[0, 0, 0, 0, 0, 2]), iprp].concat());
    let heif = [boxed(b"ftyp", b"avif\0\0\0\0mif1"), meta, boxed(b"mdat", b"")].concat();
    // A tag of millions of strips, all of one byte.
    let mut tiff = b"II*\0\x08\0\0\0\x03\0".to_vec();
    for (tag, kind, count, value) in [(256_u16, 3_u16, 1_u32, 9_u32), (257, 3, 1, 9), (273, 1, 8 << 20, 46)] {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    }
    tiff.resize(tiff.len() + (9 << 20), 1);
    // Nothing but the shortest pieces that a container has.
    let frame = b"\xff\xd8\xff\xc0\0\x0b\x08\0\x09\0\x09\x01\x01\x11\0\xff\xda\0\x02";
    let jpeg = [&frame[..], &b"\xff\xfe\0\x02".repeat(2 << 20)].concat();
    let gif = [&b"GIF89a\x09\0\x09\0\0\0\0"[..], &b"\x21\xfe\0".repeat(2 << 20)].concat();
    let mut png = std::fs::read(folder().join("rgb.png")).unwrap()[..33].to_vec();
    png.extend(b"\0\0\0\0aaaacrc.".repeat(1 << 20));
    let webp = [&b"RIFF\x04\0\x80\0WEBP"[..], &b"abcd\0\0\0\0".repeat(1 << 20)].concat();
    for (name, bytes) in [("avif", heif), ("tiff", tiff), ("jpeg", jpeg), ("gif", gif), ("png", png), ("webp", webp)] {
        let start = Instant::now();
        let read = header::read(&bytes);
        assert_eq!(read.is_ok(), name == "tiff", "{name}: {read:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
    }
}
