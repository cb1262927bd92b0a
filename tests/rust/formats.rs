//! Annotation formats: the real dataset, and every fixture of `tests/data/formats`.

use std::path::PathBuf;

use recordmill::dataset::{NO_FILE, ProblemKind, Severity, Split};
use recordmill::formats::{FormatErrorKind, LoadOptions, Loaded, load};

/// The raccoon dataset, if it is on this machine.
fn raccoon() -> Option<PathBuf> {
    let shared = std::env::var_os("RECORDMILL_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")));
    let folder = shared.join("data/raccoon");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return None;
    }
    Some(folder)
}

fn from(format: &str) -> LoadOptions {
    LoadOptions { from: Some(format.into()), ..LoadOptions::default() }
}

fn splits(loaded: &Loaded) -> [usize; 4] {
    let count = |split| loaded.dataset.images.split.iter().filter(|known| **known == split).count();
    [count(Some(Split::Train)), count(Some(Split::Valid)), count(Some(Split::Test)), count(None)]
}

#[test]
fn raccoon_voc() {
    let Some(folder) = raccoon() else { return };
    for (source, options) in [
        (folder.clone(), from("voc")),
        (folder.join("annotations"), LoadOptions { image_dirs: vec![folder.join("images")], ..LoadOptions::default() }),
    ] {
        let loaded = load(&source, &options).expect("it loads");
        assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (200, 217), "{:?}", loaded.reasons);
        assert_eq!(loaded.format.name, "voc");
        assert!(loaded.dataset.images.root.iter().all(|root| *root != NO_FILE));
        assert_eq!(loaded.problems.count(Severity::Error), 0, "{:?}", loaded.problems.counts());
        assert_eq!(loaded.dataset.classes.len(), 1);
        assert_eq!(splits(&loaded), [0, 0, 0, 200]);
    }
}

#[test]
fn raccoon_is_two_formats_at_once() {
    let Some(folder) = raccoon() else { return };
    let error = load(&folder, &LoadOptions::default()).expect_err("two formats");
    assert!(matches!(error.kind(), FormatErrorKind::Ambiguous(_)));
    assert_eq!(
        error.to_string(),
        format!(
            "{}: fits several formats: csv (raccoon_labels.csv, test_labels.csv, train_labels.csv have a header with \
             image, class and box), voc (200 XML files, annotations/raccoon-1.xml has <annotation> with <object> and a \
             box); say which with --from csv or --from voc",
            folder.display()
        )
    );
}

#[test]
fn raccoon_csv() {
    let Some(folder) = raccoon() else { return };
    // The three files together: each image stands in two of them.
    let loaded = load(&folder, &from("csv")).expect("it loads");
    assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (200, 217));
    assert_eq!(splits(&loaded), [160, 0, 40, 0]);
    assert_eq!(loaded.problems.counts().get(&ProblemKind::RepeatedEntry), Some(&200));
    assert_eq!(loaded.problems.count(Severity::Error), 0, "{:?}", loaded.problems.counts());

    // The test split alone: the other 160 images of the folder are not negatives.
    let options = LoadOptions { image_dirs: vec![folder.join("images")], ..LoadOptions::default() };
    let loaded = load(&folder.join("test_labels.csv"), &options).expect("it loads");
    assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (40, 44));
    assert_eq!(splits(&loaded), [0, 0, 40, 0]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems.counts());
    assert_eq!(loaded.dataset.images.key.get(0), "raccoon-105.jpg");
}
