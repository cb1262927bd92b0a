//! The 150 wires of `tf_golden/wire.jsonl`: bytes, and what `Example.FromString` of TensorFlow 2.21 made of them.

use std::path::PathBuf;

use recordmill::example::{Values, decode};
use serde_json::Value;

/// Rows where we differ from `FromString` on purpose, with the reason. The same table stands in
/// `docs/tensorflow-differences.md`, "Example parser".
const DIFFERENCES: [(&str, &str); 0] = [];

/// A file of the shared data, or a printed line that it is not here.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RECORDMILL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

/// As the golden file writes values: `["i", [1, 2]]`, bytes as `0x...`, `null` where no kind is set.
fn written(values: &Values<'_>) -> Value {
    let hex = |value: &[u8]| format!("0x{}", value.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    match values {
        Values::Unset => Value::Null,
        Values::Bytes(list) => serde_json::json!(["b", list.iter().map(hex).collect::<Vec<_>>()]),
        Values::Float(list) => serde_json::json!(["f", list.to_vec()]),
        Values::Int64(list) => serde_json::json!(["i", list.to_vec()]),
    }
}

#[test]
fn decodes_as_from_string_does() {
    let Some(path) = shared("data/tf_golden/wire.jsonl") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut rows, mut refused, mut different) = (0, 0, Vec::new());
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let name = row["name"].as_str().unwrap();
        let hex = row["hex"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let actual = match decode(&bytes) {
            Ok(example) => Value::Object(example.features.iter().map(|(key, v)| (key.into(), written(v))).collect()),
            Err(error) => {
                assert!(error.offset() <= bytes.len(), "{name}: {error}");
                refused += 1;
                Value::Null
            }
        };
        if actual != row["FromString"] {
            different.push(name.to_owned());
            println!("{name}: {actual}, FromString {}", row["FromString"]);
        }
        rows += 1;
    }
    assert_eq!((rows, refused), (150, 24));
    assert_eq!(different, DIFFERENCES.map(|(name, _)| name.to_owned()));
}
