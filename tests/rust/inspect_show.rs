//! Records written down by `inspect::show`.

use recordmill::example::{Condition, Feature, encode};
use recordmill::inspect::{Form, ShowOptions, show};
use recordmill::record::{ReadOptions, append};

fn shown(payloads: &[Vec<u8>], record: Option<u64>, conditions: &[&str], form: Form) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tfrecord");
    let mut file = Vec::new();
    payloads.iter().for_each(|payload| append(&mut file, payload));
    std::fs::write(&path, file).unwrap();
    let conditions = conditions.iter().map(|text| Condition::parse(text).unwrap()).collect();
    let options = ShowOptions { read: ReadOptions::default(), record, conditions, limit: 10, form, stop: None };
    let mut shown = show(&path, &options).unwrap();
    assert!(shown.damage.is_empty());
    // The folder is another one each time.
    shown.records.iter_mut().for_each(|text| *text = text.replace(&format!("{}/", folder.path().display()), ""));
    shown.records
}

#[test]
fn the_same_record_in_three_forms() {
    let payload = encode(&[
        ("n", Feature::int64(-5)),
        ("name", Feature::text("a \"b\"")),
        ("x", Feature::Float(vec![0.1].into())),
    ]);
    let payloads = [encode(&[("n", Feature::int64(1))]), payload];
    let of = |form| shown(&payloads, None, &["n<0"], form).concat();
    assert_eq!(
        of(Form::Pbtxt),
        "# a.tfrecord: record 1 at byte 30: Example, 57 bytes\nfeatures {\n  feature {\n    key: \"n\"\n    value {\n      int64_list {\n        value: -5\n      }\n    }\n  }\n  \
         feature {\n    key: \"name\"\n    value {\n      bytes_list {\n        value: \"a \\\"b\\\"\"\n      }\n    }\n  }\n  \
         feature {\n    key: \"x\"\n    value {\n      float_list {\n        value: 0.1\n      }\n    }\n  }\n}\n"
    );
    let table = of(Form::Table);
    assert!(table.starts_with("a.tfrecord: record 1 at byte "), "{table}");
    assert!(table.ends_with("  n     int64  -5\n  name  bytes  \"a \\\"b\\\"\"\n  x     float  0.1\n"), "{table}");
    let row: serde_json::Value = serde_json::from_str(&of(Form::Json)).unwrap();
    assert_eq!(row["features"]["x"], serde_json::json!({"kind": "float", "values": [0.1]}));
}

#[test]
fn what_is_no_example_is_text_and_numbers() {
    let payloads = [b"hello world, and a line\n".to_vec(), vec![0xff; 5000]];
    let row: serde_json::Value = serde_json::from_str(&shown(&payloads, Some(0), &[], Form::Json)[0]).unwrap();
    assert_eq!((&row["kind"], &row["text"]), (&"text".into(), &"hello world, and a line\n".into()));
    assert_eq!(row["hex"].as_str().unwrap().len(), 48);
    let table = shown(&payloads, Some(1), &[], Form::Table).concat();
    assert!(table.contains("\n  00000010  ff ff ") && table.ends_with("  ... 904 bytes more\n"), "{table}");
    assert!(shown(&payloads, None, &["x"], Form::Json).is_empty());
    assert!(shown(&payloads, Some(1), &[], Form::Pbtxt)[0].lines().all(|line| line.starts_with("# ")));
}
