//! Records in another order, some of them, some of their features, and whether two sets are the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use recordmill::example::{Condition, Feature, decode, encode, encode_sequence};
use recordmill::reshape::{Cut, DiffOptions, Filter, Selection, diff, filter, repair, reshard, select, shuffle};

use super::*;

const ANYHOW: DiffOptions = DiffOptions { as_examples: false, listed: 3 };

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24, 1000) as u32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_order_depends_on_seed_and_number_alone(
        records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..60),
        cuts in proptest::collection::vec(0..60_usize, 0..3),
        seed in any::<u64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(records.len())).collect();
        cuts.extend([0, records.len()]);
        cuts.sort_unstable();
        let compressions = [Compression::None, Compression::Gzip, Compression::Zlib, Compression::None];
        let divided: Vec<PathBuf> = cuts
            .windows(2)
            .zip(compressions)
            .enumerate()
            .map(|(number, (cut, compression))| {
                put(folder.path(), &format!("{number}"), &written(&records[cut[0]..cut[1]], compression))
            })
            .collect();
        let one = put(folder.path(), "one", &frames(&records));
        let out = |name: &str| folder.path().join(name);
        shuffle(&inputs(&divided), &out("a"), seed, &plain(), &job()).unwrap();
        shuffle(&inputs(std::slice::from_ref(&one)), &out("b"), seed, &plain(), &job()).unwrap();
        let options = OutputOptions { compression: Some(Compression::None), overwrite: true, ..plain() };
        shuffle(&inputs(std::slice::from_ref(&one)), &out("b"), seed, &options, &job()).unwrap();
        prop_assert_eq!(payloads(&[out("a")]), payloads(&[out("b")]));
        prop_assert_eq!(sorted(payloads(&[out("a")])), sorted(records.clone()));

        let difference = diff(&inputs(&divided), &inputs(&[out("b")]), &ANYHOW, &job()).unwrap();
        prop_assert!(difference.same && difference.common == records.len() as u64);
        prop_assert!(diff(&inputs(&divided), &inputs(&[one]), &ANYHOW, &job()).unwrap().same_order);
    }

    #[test]
    fn differences_are_those_of_multisets(
        a in proptest::collection::vec(0..12_u8, 0..40),
        b in proptest::collection::vec(0..12_u8, 0..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, records: &[u8]| {
            let records: Vec<[u8; 1]> = records.iter().map(|record| [*record]).collect();
            inputs(&[put(folder.path(), name, &frames(&records))])
        };
        let found = diff(&file("a", &a), &file("b", &b), &ANYHOW, &job()).unwrap();
        let counts = |records: &[u8]| {
            let mut counts = BTreeMap::new();
            records.iter().for_each(|record| *counts.entry(*record).or_insert(0_usize) += 1);
            counts
        };
        let only = |one: &[u8], other: &[u8]| {
            let have = counts(other);
            let mut seen = BTreeMap::new();
            let mut places = Vec::new();
            for (place, record) in one.iter().enumerate() {
                let seen = seen.entry(*record).or_insert(0);
                *seen += 1;
                if *seen > have.get(record).copied().unwrap_or(0) {
                    places.push(place as u64);
                }
            }
            places
        };
        let (only_a, only_b) = (only(&a, &b), only(&b, &a));
        prop_assert_eq!((found.a.only, found.b.only), (only_a.len() as u64, only_b.len() as u64));
        prop_assert_eq!(found.common, (a.len() - only_a.len()) as u64);
        let first = |side: &recordmill::reshape::Side| side.first.iter().map(|place| place.record).collect::<Vec<_>>();
        prop_assert_eq!(first(&found.a), &only_a[..only_a.len().min(3)]);
        prop_assert_eq!(first(&found.b), &only_b[..only_b.len().min(3)]);
        prop_assert_eq!(found.same_order, a == b);
    }
}

#[test]
fn more_files_than_may_be_open() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("from");
    fs::create_dir(&from).unwrap();
    let mut all = Vec::new();
    for number in 0..300_u32 {
        let records: Vec<Vec<u8>> = (0..3).map(|at| vec![at; 2 * number as usize + 5000 * at as usize]).collect();
        put(&from, &format!("{number:03}.tfrecord"), &frames(&records));
        all.extend(records);
    }
    let out = folder.path().join("out");
    shuffle(&inputs(&[from]), &out, 3, &plain(), &job()).unwrap();
    let found = payloads(&[out]);
    assert_ne!(found, all);
    assert_eq!(sorted(found), sorted(all));
}

/// Examples of images: `number`, every second one with a label.
fn examples() -> Vec<Vec<u8>> {
    let example = |number: i64| {
        let label: Vec<&[u8]> = if number % 2 == 0 { vec![b"cat"] } else { vec![] };
        encode(&[
            ("image/filename", Feature::text(if number < 5 { "low.jpg" } else { "high.png" })),
            ("image/object/class/text", Feature::Bytes(label.into_iter().map(Into::into).collect())),
            ("number", Feature::int64(number)),
        ])
    };
    (0..10).map(example).collect()
}

fn numbers(path: &Path) -> Vec<i64> {
    let number =
        |payload: &Vec<u8>| decode(payload).unwrap().get("number").unwrap().as_int64().unwrap().single().unwrap();
    payloads(&[path.to_owned()]).iter().map(number).collect()
}

#[test]
fn filters() {
    let folder = tempfile::tempdir().unwrap();
    let given = inputs(&[put(folder.path(), "in", &frames(&examples()))]);
    let out = folder.path().join("out");
    let options = OutputOptions { overwrite: true, ..plain() };
    /// Conditions, whether any is enough, whether the others are kept, and which are kept.
    type Row<'a> = (&'a [&'a str], bool, bool, &'a [i64]);
    let rows: [Row<'_>; 5] = [
        (&["number>=7"], false, false, &[7, 8, 9]),
        (&["image/filename=low.jpg", "image/object/class/text=cat"], false, false, &[0, 2, 4]),
        (&["image/filename=low.jpg", "image/object/class/text=cat"], true, false, &[0, 1, 2, 3, 4, 6, 8]),
        (&["image/object/class/text"], false, true, &[1, 3, 5, 7, 9]),
        (&["none"], false, false, &[]),
    ];
    for (conditions, any, invert, expected) in rows {
        let conditions = conditions.iter().map(|text| Condition::parse(text).unwrap()).collect();
        let report = filter(&given, &out, &Filter { conditions, any, invert }, &options, &job()).unwrap();
        assert_eq!(numbers(&out), expected);
        assert_eq!(report.notes.is_empty(), !expected.is_empty());
    }
    let other = inputs(&[put(folder.path(), "other", &frames(&[b"\xff"]))]);
    let conditions = vec![Condition::parse("a").unwrap()];
    let error = filter(&other, &out, &Filter { conditions, ..Filter::default() }, &options, &job()).unwrap_err();
    assert!(error.to_string().contains("other: record 0 at byte 0: payload is no Example, "), "{error}");
}

#[test]
fn selects() {
    let folder = tempfile::tempdir().unwrap();
    let sequence =
        encode_sequence(&[("id", Feature::int64(3))], &[("x", vec![Feature::int64(1)]), ("y", vec![])]).unwrap();
    // Keys that are not in order, as other writers leave them: bytes that we would not write.
    let odd = [encode(&[("z", Feature::int64(1))]), encode(&[("a", Feature::int64(2))])].concat();
    let given = inputs(&[put(folder.path(), "in", &frames(&[sequence.clone(), odd.clone()]))]);
    let out = folder.path().join("out");
    let options = OutputOptions { overwrite: true, ..plain() };
    let run = |keep: &[&str], drop: &[&str], rename: &[(&str, &str)]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let rename = rename.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        let selection = Selection::parse(&texts(keep), &texts(drop), rename)?;
        select(&given, &out, &selection, &options, &job())
            .map(|report| (payloads(std::slice::from_ref(&out)), report.notes))
    };
    let one = |key| encode(&[(key, Feature::int64(1))]);
    let (found, notes) = run(&[], &["x"], &[]).unwrap();
    let without = encode_sequence(&[("id", Feature::int64(3))], &[("y", vec![])]).unwrap();
    // What does not change keeps its bytes.
    assert_eq!((found, notes), (vec![without, odd.clone()], vec![]));
    let (found, notes) = run(&["z"], &["a*", "none"], &[]).unwrap();
    assert_eq!(notes, ["no record has a feature none"]);
    assert_eq!(found[1], one("z"));
    let (found, _) = run(&["z"], &[], &[("z", "b")]).unwrap();
    assert_eq!(found[1], one("b"));
    assert!(run(&[], &[], &[("z", "a")]).unwrap_err().to_string().contains("record 1 at byte "));
    assert!(run(&[], &[], &[]).is_err());
}

#[test]
fn examples_are_compared_by_their_features_where_that_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (a, z) = (encode(&[("a", Feature::int64(2))]), encode(&[("z", Feature::int64(1))]));
    let one = inputs(&[put(folder.path(), "one", &frames(&[[&z[..], &a].concat(), b"\xff".to_vec()]))]);
    let other = inputs(&[put(folder.path(), "other", &frames(&[[&a[..], &z].concat(), b"\xff".to_vec()]))]);
    let found = diff(&one, &other, &ANYHOW, &job()).unwrap();
    assert_eq!((found.same, found.common, found.a.only), (false, 1, 1));
    assert!(diff(&one, &other, &DiffOptions { as_examples: true, ..ANYHOW }, &job()).unwrap().same_order);
}

#[test]
fn damage_that_may_be_passed_over_is_passed_over_alike() {
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Vec<u8>> = (0..50_u8).map(|number| vec![number; usize::from(number) + 1]).collect();
    let mut bytes = frames(&records);
    for at in [14, 200, 201, 900, 1500] {
        bytes[at] ^= 0x40;
    }
    let gzip = {
        let options = recordmill::record::WriteOptions { compression: Compression::Gzip, ..Default::default() };
        let mut writer = recordmill::record::Writer::new(Vec::new(), options).unwrap();
        writer.write_framed(&bytes).unwrap();
        writer.finish().unwrap()
    };
    for (name, bytes) in [("plain", bytes), ("gzip", gzip)] {
        let path = put(folder.path(), name, &bytes);
        let read = ReadOptions { recovery: recordmill::record::Recovery::Skip, ..ReadOptions::default() };
        let given = Inputs::find(&[path], read).unwrap();
        let out = |what: &str| folder.path().join(format!("{name}-{what}"));
        let saved = repair(&given, &out("saved"), &plain(), &job()).unwrap();
        // Where a header was hit, the place is looked at again; that cannot be in a compressed file.
        assert_eq!((saved.lost_records, saved.damage.len()), (if name == "plain" { 4 } else { 2 }, 4), "{saved:?}");
        let whole = payloads(&[out("saved")]);
        assert_eq!(whole.len(), 46);
        let report = shuffle(&given, &out("shuffled"), 5, &plain(), &job()).unwrap();
        assert_eq!(sorted(payloads(&[out("shuffled")])), sorted(whole.clone()));
        assert_eq!(report.damage.len(), 4);
        let report = reshard(&given, &out("shards"), Cut::Records(7), None, &plain(), &job()).unwrap();
        let files: Vec<PathBuf> = report.files.iter().map(|file| PathBuf::from(&file.path)).collect();
        assert_eq!((payloads(&files), report.damage), (whole, saved.damage));
    }
}
