//! `image`: headers. The images are seeds of the fuzz targets: small, and a header is all that is read of a large one too,
//! except where the end must be seen.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use divan::Bencher;
use recordmill::image::header;

const IMAGES: [&str; 7] = ["jpeg", "jpeg-progressive", "png-RGB", "gif", "bmp", "webp", "tiff"];

#[divan::bench(args = IMAGES)]
fn header(bencher: Bencher, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz/image_header").join(name);
    let bytes = fs::read(path).unwrap();
    bencher.bench_local(|| header::read(black_box(&bytes)).unwrap());
}

/// A file of 100 KB: the entropy-coded data behind the header, searched for the end of the image.
#[divan::bench]
fn header_of_a_photo(bencher: Bencher) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz/image_header/jpeg");
    let mut bytes = fs::read(path).unwrap();
    let end = bytes.len() - 2;
    bytes.splice(end..end, (0..100_000usize).map(|index| ((index * index) >> 3) as u8 & 0x7f));
    bencher.bench_local(|| header::read(black_box(&bytes)).unwrap());
}
