//! What must hold for any bytes at all: one function per fuzz target. `fuzz/` feeds them what libFuzzer invents, and
//! `fuzz_replay` the seeds of `tests/data/fuzz/<target>`, so that they are tested without a fuzzer too.
//!
//! A property says more than "no panic": what one way of reading gives, another gives too; what was read, written and read
//! again is the same.

use recordmill::example::{self, Feature};
use recordmill::image::header;

/// A function that panics where its property does not hold.
pub type Property = fn(&[u8]);

/// Every target by name, sorted.
pub const TARGETS: &[(&str, Property)] =
    &[("example_decode", example_decode), ("image_header", image_header), ("sequence_decode", sequence_decode)];

/// What decodes can be encoded, and its canonical bytes stand for themselves.
pub fn example_decode(data: &[u8]) {
    let Ok(decoded) = example::decode(data) else { return };
    let canonical = encode(&decoded);
    let again = example::decode(&canonical).expect("what we encode decodes");
    assert_eq!(again.features.len(), decoded.features.len());
    assert_eq!(encode(&again), canonical);
    for (key, values) in decoded.features.iter() {
        let found = again.get(key).expect("no key is lost");
        assert_eq!((found.kind(), found.len()), (values.kind(), values.len()), "{key:?}");
    }
}

fn encode(example: &example::Example<'_>) -> Vec<u8> {
    let mut features: Vec<(&str, Feature<'_>)> =
        example.features.iter().map(|(key, values)| (key, values.to_feature())).collect();
    features.sort_by_key(|(key, _)| *key);
    example::encode(&features)
}

/// Context and lists can be walked, and the context is what an Example of the same bytes has.
pub fn sequence_decode(data: &[u8]) {
    let Ok(sequence) = example::decode_sequence(data) else { return };
    // A walk of everything: lists know their lengths before they are walked.
    let steps = sequence.feature_lists.iter().flat_map(|(_, steps)| steps);
    for values in steps.chain(sequence.context.iter().map(|(_, values)| values)) {
        let len = match values.to_feature() {
            Feature::Unset | Feature::Hole(_) => 0,
            Feature::Bytes(values) => values.len(),
            Feature::Float(values) => values.len(),
            Feature::Int64(values) => values.len(),
        };
        assert_eq!(len, values.len());
    }
    let example = example::decode(data).expect("feature_lists are an unknown field of Example");
    assert_eq!(example.features.len(), sequence.context.len());
}

/// An image that is one has a size, and its kind is what its first bytes say.
pub fn image_header(data: &[u8]) {
    let Ok(header) = header::read(data) else { return };
    assert_eq!(Some(header.kind), header::detect(data));
    assert!(header.width > 0 && header.height > 0);
    assert!((1..=5).contains(&header.channels), "{} channels", header.channels);
    assert!((1..=8).contains(&header.orientation), "orientation {}", header.orientation);
}
