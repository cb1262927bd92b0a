//! The same records in other files.

use proptest::prelude::*;
use recordmill::record::{Index, IndexForm, Reader};
use recordmill::reshape::{Cut, Parts, concatenate, count, index, recompress, reshard, split};

use super::*;

fn compressions() -> impl Strategy<Value = Compression> {
    prop_oneof![Just(Compression::None), Just(Compression::Gzip), Just(Compression::Zlib)]
}

/// Files of records, each with what is around them.
fn sources() -> impl Strategy<Value = Vec<(Compression, Vec<Vec<u8>>)>> {
    let records = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..30);
    proptest::collection::vec((compressions(), records), 1..4)
}

fn put_all(folder: &Path, sources: &[(Compression, Vec<Vec<u8>>)]) -> Vec<PathBuf> {
    let put = |(number, (compression, records)): (usize, &(Compression, Vec<Vec<u8>>))| {
        put(folder, &format!("part-{number:05}-of-{:05}.tfrecord", sources.len()), &written(records, *compression))
    };
    sources.iter().enumerate().map(put).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24, 1000) as u32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn records_stay_what_they_are(
        sources in sources(),
        to in compressions(),
        seed in any::<u64>(),
        cut in prop_oneof![(1..9_u64).prop_map(Cut::Files), (1..200_u64).prop_map(Cut::Bytes), (1..9_u64).prop_map(Cut::Records)],
        exact in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let given = inputs(&put_all(folder.path(), &sources));
        let all: Vec<Vec<u8>> = sources.iter().flat_map(|(_, records)| records.clone()).collect();
        let options = OutputOptions { compression: Some(to), ..plain() };
        let path = |name: &str| folder.path().join(name);

        let report = concatenate(&given, &path("one"), None, &options, &job()).unwrap();
        prop_assert_eq!(payloads(&[path("one")]), all.clone());
        prop_assert_eq!(report.records_written, all.len() as u64);
        prop_assert_eq!(fs::read(path("one")).unwrap(), written(&all, to));
        concatenate(&given, &path("head"), Some(7), &options, &job()).unwrap();
        prop_assert_eq!(payloads(&[path("head")]), &all[..all.len().min(7)]);
        let counted = count(&given, &job()).unwrap();
        prop_assert_eq!(counted.iter().map(|file| file.records).sum::<u64>(), all.len() as u64);

        for again in ["shards", "shards again"] {
            let report = reshard(&given, &path(again), cut, None, &options, &job()).unwrap();
            let files: Vec<PathBuf> = report.files.iter().map(|file| PathBuf::from(&file.path)).collect();
            prop_assert_eq!(payloads(&files), all.clone());
            for file in &report.files {
                match cut {
                    Cut::Files(count) => prop_assert!(report.files.len() as u64 <= count),
                    Cut::Bytes(limit) => prop_assert!(file.records <= 1 || file.data_bytes <= limit),
                    Cut::Records(limit) => prop_assert!(file.records <= limit),
                }
            }
            let sizes: Vec<u64> = report.files.iter().map(|file| file.records).collect();
            if let Cut::Files(_) = cut {
                prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            }
        }
        prop_assert_eq!(contents(&path("shards")), contents(&path("shards again")));

        let parts = Parts::parse("a=50,b=30,c=20").unwrap();
        for again in ["split", "split again"] {
            let report = split(&given, &path(again), &parts, seed, exact, &options, &job()).unwrap();
            let files: Vec<PathBuf> = report.files.iter().map(|file| PathBuf::from(&file.path)).collect();
            prop_assert_eq!(sorted(payloads(&files)), sorted(all.clone()));
            if exact {
                for (file, part) in report.files.iter().zip([0.5, 0.3, 0.2]) {
                    prop_assert!((file.records as f64 - part * all.len() as f64).abs() <= 1.0);
                }
            }
        }
        prop_assert_eq!(contents(&path("split")), contents(&path("split again")));

        let report = recompress(&given, &path("compressed"), &options, &job());
        if sources.len() > 1 {
            let files: Vec<PathBuf> = report.unwrap().files.iter().map(|file| PathBuf::from(&file.path)).collect();
            prop_assert_eq!(payloads(&files), all.clone());
        }
    }
}

#[test]
fn equal_records_stay_together_and_others_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut records: Vec<Vec<u8>> = (0..500_u32).map(|number| (number % 100).to_le_bytes().to_vec()).collect();
    let parts = Parts::parse("0.7/0.3").unwrap();
    let mut train: Vec<Vec<Vec<u8>>> = Vec::new();
    for seed in [1, 1, 2] {
        let name = format!("out{}", train.len());
        let path = put(folder.path(), "in", &frames(&records));
        let report =
            split(&inputs(&[path]), &folder.path().join(&name), &parts, seed, false, &plain(), &job()).unwrap();
        let files: Vec<PathBuf> = report.files.iter().map(|file| PathBuf::from(&file.path)).collect();
        let (one, other) = (payloads(&files[..1]), payloads(&files[1..]));
        assert!(one.len() > 250 && other.len() > 50, "{} {}", one.len(), other.len());
        assert!(one.iter().all(|record| !other.contains(record)));
        train.push(one);
        records.insert(0, b"new".to_vec());
    }
    train[1].retain(|record| record != b"new");
    assert_eq!(train[0], train[1]);
    train[2].retain(|record| record != b"new");
    assert_ne!(train[0], train[2]);
}

#[test]
fn indexes_are_those_of_the_reader() {
    let folder = tempfile::tempdir().unwrap();
    let one = put(folder.path(), "one.tfrecord", &frames(&[&b"a"[..], b"bc"]));
    let two = put(folder.path(), "two.tfrecord", &frames(&[b"def"]));
    let given = inputs(&[one.clone(), two]);
    let made = index(&given, None, IndexForm::Dali, &plain(), &job()).unwrap();
    assert_eq!(made.iter().map(|file| file.records).collect::<Vec<_>>(), [2, 1]);
    let text = fs::read_to_string(folder.path().join("one.tfrecord.idx")).unwrap();
    assert_eq!(text, "0 17\n17 18\n");
    let built = Index::build(&mut Reader::open_positioned(&one, ReadOptions::default()).unwrap()).unwrap();
    assert_eq!(Index::load(Path::new(&made[0].index_path)).unwrap(), built);
    let binary = index(&given, None, IndexForm::Binary, &plain(), &job()).unwrap();
    assert_eq!(binary[0].index_path, folder.path().join("one.tfrecord.rmx").display().to_string());
    assert_eq!(Index::load(Path::new(&binary[0].index_path)).unwrap(), built);
    assert!(
        index(&given, None, IndexForm::Dali, &plain(), &job()).unwrap_err().to_string().contains("is there already")
    );
    let gzip = put(folder.path(), "c.gz", &written(&[b"x"], Compression::Gzip));
    let refused = index(&inputs(&[gzip]), None, IndexForm::Dali, &plain(), &job()).unwrap_err();
    assert!(refused.to_string().ends_with("no random access to a gzip file"), "{refused}");
}

#[test]
fn nothing_is_made_of_what_is_damaged_or_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = frames(&[&b"zero"[..], b"one"]);
    bytes[25] ^= 1;
    let damaged = inputs(&[put(folder.path(), "damaged", &bytes)]);
    let path = |name: &str| folder.path().join(name);
    assert!(concatenate(&damaged, &path("out"), None, &plain(), &job()).is_err());
    assert!(reshard(&damaged, &path("out"), Cut::Files(2), None, &plain(), &job()).is_err());
    assert!(recompress(&damaged, &path("out"), &plain(), &job()).is_err());
    assert!(index(&damaged, None, IndexForm::Dali, &plain(), &job()).is_err());
    assert_eq!(contents(folder.path()).len(), 1);

    let whole = inputs(&[put(folder.path(), "whole.tfrecord", &frames(&[&b"zero"[..], b"one"]))]);
    put(folder.path(), "out", b"mine");
    let error = concatenate(&whole, &path("out"), None, &plain(), &job()).unwrap_err().to_string();
    assert!(error.ends_with("out: is there already; overwrite replaces it"), "{error}");
    fs::create_dir(path("folder")).unwrap();
    put(&path("folder"), "whole-00001-of-00002.tfrecord", b"mine");
    assert!(reshard(&whole, &path("folder"), Cut::Files(2), None, &plain(), &job()).is_err());
    assert_eq!(contents(&path("folder")), [("whole-00001-of-00002.tfrecord".into(), b"mine".to_vec())]);
    let options = OutputOptions { overwrite: true, ..plain() };
    reshard(&whole, &path("folder"), Cut::Files(1), None, &options, &job()).unwrap();
    assert_eq!(
        contents(&path("folder")).iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
        ["whole-00000-of-00001.tfrecord"]
    );

    let stopped = job();
    stopped.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let error = concatenate(&whole, &path("stopped"), None, &plain(), &stopped).unwrap_err();
    assert_eq!(error.to_string(), "interrupted");
    assert!(!path("stopped").exists());
}
