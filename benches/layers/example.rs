//! Examples: `cargo bench --bench layers -- example`. Each bench checks its answer once before it is measured.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use recordmill::example::columns::{Column, ColumnValues, Columns, Layout};
use recordmill::example::{EncodeError, Encoder, Feature, decode, encode};
use recordmill::inspect::{Payload, SchemaBuilder};

const ROWS: usize = 10_000;

/// A record of an object detector with three boxes; the image is small, so that the rest is seen.
fn detection() -> Vec<(&'static str, Feature<'static>)> {
    let floats = |values: [f32; 3]| Feature::Float(values.to_vec().into());
    let texts = Feature::Bytes(["cat", "dog", "cat"].map(|text| text.as_bytes().into()).into());
    vec![
        ("image/encoded", Feature::bytes(vec![0xff; 1000])),
        ("image/filename", Feature::text("images/000001.jpg")),
        ("image/format", Feature::text("jpeg")),
        ("image/height", Feature::int64(480)),
        ("image/key/sha256", Feature::text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")),
        ("image/object/bbox/xmax", floats([0.3, 0.5, 0.7])),
        ("image/object/bbox/xmin", floats([0.1, 0.2, 0.3])),
        ("image/object/bbox/ymax", floats([0.3, 0.5, 0.7])),
        ("image/object/bbox/ymin", floats([0.1, 0.2, 0.3])),
        ("image/object/class/label", Feature::Int64(vec![1, 2, 1].into())),
        ("image/object/class/text", texts),
        ("image/source_id", Feature::text("1")),
        ("image/width", Feature::int64(640)),
    ]
}

#[divan::bench]
fn encode_detection(bencher: Bencher<'_, '_>) {
    let features = detection();
    assert_eq!(decode(&encode(&features)).unwrap().features.len(), features.len());
    let (mut encoder, mut out) = (Encoder::default(), Vec::new());
    bencher.bench_local(|| {
        out.clear();
        encoder.encode(black_box(&features), &mut out);
        out.len()
    });
}

#[divan::bench]
fn decode_detection(bencher: Bencher<'_, '_>) {
    let bytes = encode(&detection());
    bencher.bench_local(|| decode(black_box(&bytes)).unwrap().features.len());
}

/// As TensorFlow writes: keys in no order.
#[divan::bench]
fn decode_detection_unsorted(bencher: Bencher<'_, '_>) {
    let mut entries: Vec<Vec<u8>> = detection().into_iter().map(|feature| encode(&[feature])).collect();
    entries.reverse();
    entries.swap(2, 7);
    // One field Features for each feature; they are merged.
    let bytes = entries.concat();
    assert_eq!(decode(&bytes).unwrap(), decode(&encode(&detection())).unwrap());
    bencher.bench_local(|| decode(black_box(&bytes)).unwrap().features.len());
}

#[divan::bench]
fn schema_of_detection(bencher: Bencher<'_, '_>) {
    let bytes = encode(&detection());
    let mut schema = SchemaBuilder::default();
    bencher.bench_local(|| schema.add_payload(&Payload::of(black_box(&bytes))));
}

/// `row` is what row 300 must be.
fn rows_of(bencher: Bencher<'_, '_>, columns: Vec<Column<'_>>, row: &[(&str, Feature<'_>)]) {
    let columns = Columns::new(ROWS, columns).unwrap();
    let mut example = Vec::new();
    columns.encoder().encode(300, &mut example).unwrap();
    assert_eq!(example, encode(row));
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut total = 0;
        let sink = |example: &[u8]| {
            total += example.len();
            Ok::<_, EncodeError>(())
        };
        columns.encode_each(0..ROWS, sink).unwrap();
        total
    });
}

/// An integer, a float and a short text.
#[divan::bench]
fn columns_small_row(bencher: Bencher<'_, '_>) {
    let ints: Vec<i64> = (0..ROWS as i64).collect();
    let floats: Vec<f32> = ints.iter().map(|value| *value as f32).collect();
    let texts = vec![&b"raccoon"[..]; ROWS];
    let each = Layout::Each(1);
    let columns = vec![
        Column { key: "label", values: ColumnValues::Int64(&ints), layout: each },
        Column { key: "name", values: ColumnValues::Bytes(&texts), layout: each },
        Column { key: "score", values: ColumnValues::Float(&floats), layout: each },
    ];
    let row = [
        ("label", Feature::int64(300)),
        ("name", Feature::text("raccoon")),
        ("score", Feature::Float(vec![300.0].into())),
    ];
    rows_of(bencher, columns, &row);
}

/// Four lists of boxes, labels and texts, ragged, and three single values.
#[divan::bench]
fn columns_detection_row(bencher: Bencher<'_, '_>) {
    let splits: Vec<i64> = (0..=ROWS as i64).map(|row| row * 3).collect();
    let floats = vec![0.5_f32; ROWS * 3];
    let labels = vec![1_i64; ROWS * 3];
    let texts = vec![&b"raccoon"[..]; ROWS * 3];
    let sides = vec![640_i64; ROWS];
    let ragged = Layout::Splits(&splits);
    let columns = vec![
        Column { key: "image/height", values: ColumnValues::Int64(&sides), layout: Layout::Each(1) },
        Column { key: "image/width", values: ColumnValues::Int64(&sides), layout: Layout::Each(1) },
        Column { key: "image/source_id", values: ColumnValues::Bytes(&texts[..ROWS]), layout: Layout::Each(1) },
        Column { key: "image/object/bbox/xmin", values: ColumnValues::Float(&floats), layout: ragged },
        Column { key: "image/object/bbox/xmax", values: ColumnValues::Float(&floats), layout: ragged },
        Column { key: "image/object/bbox/ymin", values: ColumnValues::Float(&floats), layout: ragged },
        Column { key: "image/object/bbox/ymax", values: ColumnValues::Float(&floats), layout: ragged },
        Column { key: "image/object/class/label", values: ColumnValues::Int64(&labels), layout: ragged },
        Column { key: "image/object/class/text", values: ColumnValues::Bytes(&texts), layout: ragged },
    ];
    let three = || Feature::Float(vec![0.5; 3].into());
    let row = [
        ("image/height", Feature::int64(640)),
        ("image/object/bbox/xmax", three()),
        ("image/object/bbox/xmin", three()),
        ("image/object/bbox/ymax", three()),
        ("image/object/bbox/ymin", three()),
        ("image/object/class/label", Feature::Int64(vec![1; 3].into())),
        ("image/object/class/text", Feature::Bytes(vec![b"raccoon"[..].into(); 3])),
        ("image/source_id", Feature::text("raccoon")),
        ("image/width", Feature::int64(640)),
    ];
    rows_of(bencher, columns, &row);
}

/// 64 floats per row.
#[divan::bench]
fn columns_vector_row(bencher: Bencher<'_, '_>) {
    let floats = vec![0.5_f32; ROWS * 64];
    let columns = vec![Column { key: "vector", values: ColumnValues::Float(&floats), layout: Layout::Each(64) }];
    rows_of(bencher, columns, &[("vector", Feature::Float(vec![0.5; 64].into()))]);
}
