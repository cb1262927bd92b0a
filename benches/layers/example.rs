//! `example`: encoding and decoding, per Example and from columns.

use std::borrow::Cow;
use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use recordmill::example::columns::{Column, ColumnValues, Columns, Layout};
use recordmill::example::{self, Encoder, Feature};

/// Detections of an image whose bytes come to `image_len`.
fn features(image: &[u8]) -> Vec<(&'static str, Feature<'_>)> {
    let floats = || Feature::Float(Cow::Owned((0..7).map(|index| index as f32 / 8.0).collect()));
    vec![
        ("image/encoded", Feature::bytes(image)),
        ("image/filename", Feature::text("000000001234.jpg")),
        ("image/format", Feature::text("jpeg")),
        ("image/height", Feature::int64(480)),
        ("image/object/bbox/xmax", floats()),
        ("image/object/bbox/xmin", floats()),
        ("image/object/bbox/ymax", floats()),
        ("image/object/bbox/ymin", floats()),
        ("image/object/class/label", Feature::Int64(Cow::Owned(vec![1, 90, 3, 18, 1, 1, 200]))),
        ("image/object/class/text", Feature::Bytes(vec![Cow::Borrowed(b"person".as_slice()); 7])),
        ("image/width", Feature::int64(640)),
    ]
}

const IMAGES: [usize; 3] = [0, 10_000, 100_000];

#[divan::bench(args = IMAGES)]
fn encode(bencher: Bencher, image: usize) {
    let image = vec![7; image];
    let features = features(&image);
    let mut out = Vec::new();
    let mut encoder = Encoder::default();
    encoder.encode(&features, &mut out);
    bencher.counter(BytesCount::new(out.len())).counter(ItemsCount::new(1usize)).bench_local(|| {
        out.clear();
        encoder.encode(black_box(&features), &mut out);
    });
}

#[divan::bench(args = IMAGES)]
fn decode(bencher: Bencher, image: usize) {
    let image = vec![7; image];
    let bytes = example::encode(&features(&image));
    bencher
        .counter(BytesCount::new(bytes.len()))
        .counter(ItemsCount::new(1usize))
        .bench_local(|| assert_eq!(example::decode(black_box(&bytes)).unwrap().features.len(), 11));
}

#[divan::bench]
fn columns(bencher: Bencher) {
    const ROWS: usize = 10_000;
    let ids: Vec<i64> = (0..ROWS as i64).collect();
    let labels: Vec<i64> = (0..4 * ROWS as i64).map(|index| index * index % 90).collect();
    let boxes: Vec<f32> = (0..16 * ROWS).map(|index| (index % 640) as f32 / 640.0).collect();
    let table = Columns::new(
        ROWS,
        vec![
            Column { key: "id", values: ColumnValues::Int64(&ids), layout: Layout::Each(1) },
            Column { key: "label", values: ColumnValues::Int64(&labels), layout: Layout::Each(4) },
            Column { key: "box", values: ColumnValues::Float(&boxes), layout: Layout::Each(16) },
        ],
    )
    .unwrap();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        out.clear();
        let mut encoder = table.encoder();
        (0..ROWS).for_each(|row| encoder.encode(row, &mut out).unwrap());
        black_box(&out);
    });
}
