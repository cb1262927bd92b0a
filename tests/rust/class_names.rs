//! Classes of any name, through every format that is written: a name comes back, or what became of it is said.

use std::collections::BTreeSet;

use recordmill::convert::{self, ConvertError, Options};
use recordmill::formats::{Carries, FORMATS, Format, LoadOptions, load};

use crate::writers::{Plan, Planned, dataset};

const NAMES: [&str; 26] = [
    "7",
    "1 2",
    "-1",
    "0.5",
    "nan",
    "no",
    "null",
    "a,b",
    "a, b",
    "say \"x\"",
    "semi;colon",
    "background",
    "void",
    "#1",
    "# one",
    "a: b",
    "x/y",
    "'q'",
    "[a]",
    "{b}: c",
    "<c> & d",
    "back\\slash",
    "a  b",
    "tab\tx",
    "new\nline",
    "re\r\nturn",
];

/// The names of the classes that something in the dataset has.
fn used(loaded: &recordmill::formats::Loaded) -> BTreeSet<String> {
    let dataset = &loaded.dataset;
    let of_images = (0..dataset.len()).flat_map(|row| dataset.images.labels.get(row).into_iter().flatten().copied());
    let all = dataset.objects.class.iter().copied().chain(of_images);
    all.map(|class| dataset.classes[class as usize].name.to_string()).collect()
}

/// What is wrong with a dataset whose first class has this name, through `format` and back.
fn fault(format: &'static Format, name: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let with: BTreeSet<Carries> = format.carries.iter().copied().filter(|carries| format.writes(*carries)).collect();
    let planned = |class: usize, left: f64| Planned {
        class,
        place: [left, 0.1, 0.3, 0.5],
        flags: [false; 4],
        number: 1 + class as i64,
        word: "word".into(),
    };
    let plan = |class: usize| Plan {
        size: (60, 40),
        split: 0,
        objects: vec![planned(class, 0.1), planned(1, 0.5)],
        labels: (0..3).map(|label| label == class).collect(),
        captions: vec!["one".into()],
    };
    let mut before = dataset(&folder, &[plan(0), plan(1)], &with, format);
    before.dataset.classes[0].name = name.into();
    let out = folder.path().join("out");
    let options = Options { target: Some(format), sync: false, ..Options::default() };
    let report = match convert::convert_dataset(&before, &out, &options, &mut ()) {
        // It is refused, with the name.
        Err(error) if !matches!(error, ConvertError::Refused(_)) && error.to_string().contains(name) => return None,
        Err(error) => return Some(format!("refused: {error}")),
        Ok(report) => report,
    };
    let said = report.reasons.iter().any(|reason| reason.starts_with("classes whose "));
    let from = (format.name == "image-folder").then(|| format.name.to_owned());
    let after = match load(&out, &LoadOptions { from, ..LoadOptions::default() }) {
        Ok(after) => after,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    let (expected, found) = (used(&before), used(&after));
    // A name that is said to be another is one all the same.
    let whole = !format.writes(Carries::Boxes) || before.dataset.objects.len() == after.dataset.objects.len();
    if said && whole && expected.len() == found.len() {
        return None;
    }
    (expected != found).then(|| format!("{expected:?} became {found:?} ({})", after.format.name))
}

#[test]
fn names_come_back_or_are_said() {
    let mut faults = Vec::new();
    for format in FORMATS.iter().copied().filter(|format| format.write.is_some() && format.name != "kaggle-wheat") {
        for name in NAMES {
            faults.extend(fault(format, name).map(|fault| format!("{} {name:?}: {fault}", format.name)));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}
