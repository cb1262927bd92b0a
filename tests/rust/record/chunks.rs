//! What is read does not depend on how the bytes arrive.

use proptest::prelude::*;

use super::*;

/// A file with a fault or without one, in any compression.
fn some_file() -> impl Strategy<Value = (Compression, Vec<u8>)> {
    let payloads = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 0..9);
    let damage = proptest::option::of((any::<proptest::sample::Index>(), 0u8..8, any::<bool>(), 0usize..30));
    (0usize..3, payloads, damage).prop_map(|(compression, payloads, damage)| {
        let compression = Compression::ALL[compression];
        let mut file = written(&payloads, compression);
        if let Some((at, bit, cut, more)) = damage {
            let at = at.index(file.len() + 1);
            if cut {
                file.truncate(at);
            } else if let Some(byte) = file.get_mut(at) {
                *byte ^= 1 << bit;
            } else {
                file.resize(file.len() + more, bit * 9);
            }
        }
        (compression, file)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn any_splits_give_the_same(
        (compression, file) in some_file(),
        lengths in proptest::collection::vec(1usize..40, 1..6),
        buffer_len in 1usize..300,
        detected: bool,
        recovery in proptest::sample::select(&Recovery::ALL),
    ) {
        let compression = (!detected).then_some(compression);
        let options = ReadOptions { compression, ..with(recovery) };
        let whole = read(&file[..], options);
        let small = ReadOptions { buffer_len, ..options };
        prop_assert_eq!(&read(&file[..], small), &whole);
        prop_assert_eq!(&read(Splits { bytes: &file, lengths: vec![1], turn: 0 }, options), &whole);
        prop_assert_eq!(&read(Splits { bytes: &file, lengths, turn: 0 }, small), &whole);
    }
}
