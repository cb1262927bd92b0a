//! `image`: headers and masks. The images are seeds of the fuzz targets: small, and a header is all that is read of a large one
//! too, except where the end must be seen. Times of masks are of 100 each.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use divan::Bencher;
use recordmill::image::header;
use recordmill::image::mask::polygon::polygon;
use recordmill::image::mask::rows::transposed;
use recordmill::image::mask::{dense, png};

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

const SIZE: [u32; 2] = [640, 480];

/// Outlines like those of COCO: of 10 to 60 points, most of them small in their image.
fn outlines() -> Vec<Vec<[f64; 2]>> {
    let mut state = 1u64;
    let mut random = |from: f64, to: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + (to - from) * (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let outline = |_| {
        let count = random(10.0, 60.0) as u32;
        let reach = 10.0 * 25f64.powf(random(0.0, 1.0));
        let [x, y] = [random(0.0, 640.0), random(0.0, 480.0)];
        let point = |number: u32| {
            let angle = f64::from(number) * std::f64::consts::TAU / f64::from(count);
            let reach = reach * random(0.7, 1.0);
            [(x + reach * angle.cos()).clamp(0.0, 640.0), (y + reach * angle.sin()).clamp(0.0, 480.0)]
                .map(|side| (side * 100.0).round() / 100.0)
        };
        (0..count).map(point).collect()
    };
    (0..100).map(outline).collect()
}

fn masks() -> Vec<Vec<u32>> {
    outlines().into_iter().map(|points| polygon(points, SIZE).unwrap()).collect()
}

#[divan::bench]
fn masks_of_outlines(bencher: Bencher) {
    let outlines = outlines();
    bencher.bench_local(|| {
        for points in &outlines {
            black_box(polygon(points.iter().copied(), SIZE).unwrap());
        }
    });
}

#[divan::bench]
fn masks_to_png(bencher: Bencher) {
    let (masks, mut out) = (masks(), Vec::new());
    bencher.bench_local(|| {
        out.clear();
        masks.iter().for_each(|mask| png::write(mask, SIZE, &mut out).unwrap());
        out.len()
    });
}

#[divan::bench]
fn masks_transposed(bencher: Bencher) {
    let masks = masks();
    bencher.bench_local(|| masks.iter().map(|mask| transposed(mask, SIZE).unwrap().len()).sum::<usize>());
}

#[divan::bench]
fn masks_to_dense(bencher: Bencher) {
    let (masks, mut array) = (masks(), Vec::<u8>::new());
    bencher.bench_local(|| {
        for mask in &masks {
            array.clear();
            dense::to_dense(mask, SIZE, &mut array).unwrap();
        }
    });
}

#[divan::bench]
fn masks_to_floats(bencher: Bencher) {
    let (masks, mut array) = (masks(), Vec::<f32>::new());
    bencher.bench_local(|| {
        for mask in &masks {
            array.clear();
            dense::to_dense(mask, SIZE, &mut array).unwrap();
        }
    });
}

#[divan::bench]
fn masks_of_dense(bencher: Bencher) {
    let arrays: Vec<Vec<u8>> = masks()
        .iter()
        .map(|mask| {
            let mut array = Vec::new();
            dense::to_dense(mask, SIZE, &mut array).unwrap();
            array
        })
        .collect();
    bencher.bench_local(|| {
        for array in &arrays {
            black_box(dense::from_dense(array, SIZE).unwrap());
        }
    });
}
