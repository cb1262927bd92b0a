//! Annotation formats: the real dataset, and every fixture of `tests/data/formats`.

use std::path::{Path, PathBuf};

use recordmill::dataset::{NO_FILE, ProblemKind, Severity, Split, flag};
use recordmill::formats::{FORMATS, FormatErrorKind, LoadOptions, Loaded, load};
use serde_json::{Value, json};

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

/// What a dataset holds, in the form of the fixtures' `expected.json`.
fn described(loaded: &Loaded) -> Value {
    let dataset = &loaded.dataset;
    let images: Vec<Value> = (0..dataset.len())
        .map(|image| {
            let objects: Vec<Value> =
                dataset.objects_of(image).map(|object| described_object(loaded, object)).collect();
            let (key, file) = (dataset.images.key.get(image), dataset.images.file.get(image));
            let split = dataset.images.split[image].map(Split::name);
            let size = [dataset.images.width[image], dataset.images.height[image]];
            let mut described = json!({
                "key": key, "name": dataset.images.name.get(image), "size": size, "split": split, "objects": objects,
            });
            if dataset.images.root[image] == NO_FILE {
                described["file"] = Value::Null;
            } else if file != key {
                described["file"] = file.into();
            }
            described
        })
        .collect();
    Value::Array(images)
}

fn described_object(loaded: &Loaded, object: usize) -> Value {
    let objects = &loaded.dataset.objects;
    let class = &loaded.dataset.classes[objects.class[object] as usize].name;
    let mut described = json!({"class": class, "box": objects.bbox[object]});
    if objects.line[object] > 0 {
        described["line"] = objects.line[object].into();
    }
    let flags: Vec<String> = [
        (flag::HAS_DIFFICULT, flag::DIFFICULT, "difficult"),
        (flag::HAS_TRUNCATED, flag::TRUNCATED, "truncated"),
        (flag::HAS_OCCLUDED, flag::OCCLUDED, "occluded"),
        (flag::HAS_CROWD, flag::CROWD, "crowd"),
    ]
    .into_iter()
    .filter(|(has, _, _)| objects.flags[object] & has != 0)
    .map(|(_, is, name)| format!("{}{name}", if objects.flags[object] & is != 0 { "" } else { "not " }))
    .collect();
    if !flags.is_empty() {
        described["flags"] = flags.into();
    }
    if let Some(pose) = objects.pose.get(object) {
        described["pose"] = (**pose).into();
    }
    if let Some(polygons) = objects.polygons.get(object) {
        described["polygons"] = json!(polygons);
    }
    if let Some(attributes) = objects.attributes.get(object) {
        described["attributes"] = attributes.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    }
    if objects.normalised[object] {
        described["normalised"] = true.into();
    }
    described
}

/// What one case gives, against what it must.
fn check_case(case: &Path, faults: &mut Vec<String>) -> bool {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(case.join("expected.json")).expect("readable")).expect("JSON");
    let input = case.join("input");
    let word = |key: &str| expected[key].as_str().map(str::to_owned);
    let source = word("source").map_or_else(|| input.clone(), |source| input.join(source));
    let folders = expected["image_dirs"].as_array().map_or(&[][..], Vec::as_slice);
    let options = |workers| LoadOptions {
        from: word("from"),
        image_dirs: folders.iter().filter_map(|folder| Some(input.join(folder.as_str()?))).collect(),
        voc_one_based: expected["voc_one_based"].as_bool(),
        workers,
        ..LoadOptions::default()
    };
    let mut differ = |what: &str, got: &str, wanted: &str| {
        if got != wanted {
            faults.push(format!("{}: {what}\n    got {got}\n wanted {wanted}", case.display()));
        }
    };
    let loaded = match load(&source, &options(1)) {
        Ok(loaded) => loaded,
        Err(error) => {
            let wanted = word("error").unwrap_or_default().replace("{input}", &source.display().to_string());
            differ("error", &error.to_string(), &wanted);
            return false;
        }
    };
    differ("error", "none", word("error").as_deref().unwrap_or("none"));
    differ("format", loaded.format.name, word("format").as_deref().unwrap_or_default());
    let again = load(&source, &options(8)).expect("as before");
    differ("with 8 workers", &format!("{:?}", again.dataset), &format!("{:?}", loaded.dataset));
    let problems = |loaded: &Loaded| -> Vec<String> {
        loaded.problems.iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect()
    };
    differ("problems with 8 workers", &problems(&again).join("\n"), &problems(&loaded).join("\n"));
    let (got, wanted) = (described(&loaded), &expected["images"]);
    let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
    differ("number of images", &rows(&got).len().to_string(), &rows(wanted).len().to_string());
    for (got, wanted) in rows(&got).iter().zip(rows(wanted)) {
        differ("image", &got.to_string(), &wanted.to_string());
    }
    let mut got = problems(&loaded);
    let mut wanted: Vec<String> =
        rows(&expected["problems"]).iter().filter_map(|problem| Some(problem.as_str()?.to_owned())).collect();
    if expected["any_order"] == true {
        got.sort();
        wanted.sort();
    }
    differ("problems", &got.join("\n        "), &wanted.join("\n        "));
    if let Some(classes) = expected["classes"].as_array() {
        let got: Vec<&str> = loaded.dataset.classes.iter().map(|class| class.name.as_str()).collect();
        differ("classes", &json!(got).to_string(), &json!(classes).to_string());
        differ("order", &loaded.dataset.classes_ordered.to_string(), &expected["ordered"].to_string());
        let remarks = json!(loaded.reasons[1..]).to_string();
        differ("remarks", &remarks, &json!(rows(&expected["remarks"])).to_string());
    }
    loaded.problems.count(Severity::Error) == 0
}

#[test]
fn fixtures() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats"));
    let mut faults = Vec::new();
    for format in FORMATS {
        let folder = root.join(format.name);
        let cases = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut cases: Vec<PathBuf> = cases.map(|entry| entry.expect("listed").path()).collect();
        cases.sort();
        let good = cases.iter().filter(|case| check_case(case, &mut faults)).count();
        let bad = cases.len() - good;
        assert!(good >= 5 && bad >= 3, "{} has {good} good and {bad} bad cases", format.name);
    }
    assert!(faults.is_empty(), "{}\n{} differences", faults.join("\n"), faults.len());
}
