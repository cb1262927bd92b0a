//! Images of any name, through every format that is written: a name comes back, or that it is another is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use recordmill::convert::{self, Options};
use recordmill::dataset::{
    Class, Dataset, Image, Mask, NO_FILE, NO_SOURCE, Object, Problems, Severity, Skipped, Split,
};
use recordmill::formats::{Carries, FORMATS, Format, LoadOptions, Loaded, load};

use crate::convert::corpus::png;

/// Names with blanks at all places that a file system lets through.
const NAMES: [&str; 5] = ["end .png", "a b.png", "no\u{a0}.png", "wide\u{3000}.png", "plain.png"];

/// A dataset whose images are called so, each with a split, one object and one label.
fn dataset(folder: &tempfile::TempDir, keys: &[(&str, Split)], format: &'static Format) -> Loaded {
    let root = folder.path().join("in");
    let mut dataset = Dataset { roots: vec![root.clone()], ..Dataset::default() };
    dataset.classes.push(Class::named("cat"));
    for (number, (key, split)) in keys.iter().enumerate() {
        let path = root.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Each has a size of its own, by which it is known again.
        fs::write(path, png(40 + number as u32, 30, 0)).unwrap();
        let left = 1.0 + number as f64;
        let mask =
            Mask { width: 40 + number as u32, height: 30, runs: vec![31, 5, (40 + number as u32) * 30 - 36].into() };
        let object = Object {
            bbox: if format.writes(Carries::Boxes) { [left, 2.0, left + 20.0, 22.0] } else { [1.0, 1.0, 2.0, 6.0] },
            mask: (!format.writes(Carries::Boxes)).then_some(mask),
            ..Object::default()
        };
        let image = Image {
            key,
            name: key,
            file: Some((0, key)),
            size: (40 + number as u32, 30),
            split: Some(*split),
            source: (NO_SOURCE, 0),
            labels: if format.writes(Carries::ImageLabels) { vec![0] } else { Vec::new() },
            ..Image::default()
        };
        dataset.push(image, [object]);
    }
    Loaded { dataset, problems: Problems::default(), skipped: Skipped::default(), format, reasons: Vec::new() }
}

/// Names, splits, and where objects begin, of images by how wide they are, which no two have in common.
type Names = BTreeMap<u32, (String, Option<Split>, Vec<f64>)>;

/// The names of the images and their splits, through `format` and back; and whether other names were said.
fn there_and_back(before: &Loaded, folder: &tempfile::TempDir) -> Result<(Names, bool), String> {
    let format = before.format;
    let out = folder.path().join("out");
    let options = Options { target: Some(format), sync: false, ..Options::default() };
    let report = convert::convert_dataset(before, &out, &options, &mut ()).map_err(|error| format!("{error}"))?;
    let said = report.reasons.iter().any(|reason| reason.starts_with("images with another file name"));
    let from = Some(format.name.to_owned());
    let after = load(&out, &LoadOptions { from, ..LoadOptions::default() }).map_err(|error| error.to_string())?;
    if let Some(problem) = after.problems.iter().find(|problem| problem.kind.severity() == Severity::Error) {
        return Err(problem.to_string());
    }
    let images = &after.dataset.images;
    let mut found = BTreeMap::new();
    for row in 0..after.dataset.len() {
        if images.root[row] == NO_FILE {
            return Err(format!("{:?} is not found", images.name.get(row)));
        }
        let path = after.dataset.roots[images.root[row] as usize].join(images.file.get(row));
        let bytes = fs::read(path).unwrap();
        let width = u32::from_be_bytes(bytes[16..20].try_into().unwrap());
        let objects = &after.dataset.objects;
        let left = |object: usize| {
            let left = objects.bbox[object][0] * if objects.normalised[object] { f64::from(width) } else { 1.0 };
            left.round()
        };
        let boxed = after.dataset.objects_of(row).filter(|_| format.writes(Carries::Boxes));
        let lefts = boxed.map(left).collect();
        found.insert(width, (images.own_name(row).to_owned(), images.split[row], lefts));
    }
    Ok((found, said))
}

/// The formats that are written, but for the one that has numbers for names.
fn written() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().filter(|format| format.write.is_some() && format.name != "mot")
}

#[test]
fn names_come_back_or_are_said() {
    let mut faults = Vec::new();
    for format in written() {
        let folder = tempfile::tempdir().unwrap();
        let keys = NAMES.map(|name| (name, Split::Train));
        let expected: BTreeSet<&str> = NAMES.into();
        match there_and_back(&dataset(&folder, &keys, format), &folder) {
            Err(error) => faults.push(format!("{}: {error}", format.name)),
            Ok((found, said)) => {
                let names: BTreeSet<&str> = found.values().map(|(name, ..)| name.as_str()).collect();
                if found.len() != NAMES.len() || names != expected && !said {
                    faults.push(format!("{}: {names:?} {said}", format.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// Two splits may have a name in common where each has a folder of its own; else one of them is called otherwise, which is said.
#[test]
fn splits_keep_their_names() {
    let mut faults = Vec::new();
    let keys = [("train/a.png", Split::Train), ("valid/a.png", Split::Valid), ("test/a.png", Split::Test)];
    for format in written() {
        let folder = tempfile::tempdir().unwrap();
        let before = dataset(&folder, &keys, format);
        let lefts = |number: u32| if format.writes(Carries::Boxes) { vec![f64::from(number)] } else { Vec::new() };
        let expected: Names = (1..)
            .zip(&keys)
            .map(|(number, (_, split))| (39 + number, ("a.png".to_owned(), Some(*split), lefts(number))))
            .collect();
        match there_and_back(&before, &folder) {
            Err(error) => faults.push(format!("{}: {error}", format.name)),
            Ok((found, said)) if format.write.unwrap().folders => {
                let same = found == expected || !format.writes(Carries::Splits) && found.len() == 3;
                if said || !same {
                    faults.push(format!("{}: {found:?} {said}", format.name));
                }
            }
            Ok((found, said)) => {
                if !said || found.len() != 3 {
                    faults.push(format!("{}: {found:?} {said}", format.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// What an annotation says with blanks around it means the file that is called so, else the one without them.
#[test]
fn blanks_around_a_name_can_be_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for name in [" a.png", "b.png"] {
        fs::write(folder.path().join(name), png(40, 30, 0)).unwrap();
    }
    let document = serde_json::json!({
        "images": [{"id": 1, "file_name": " a.png"}, {"id": 2, "file_name": " b.png "}],
        "annotations": [], "categories": [{"id": 1, "name": "cat"}],
    });
    fs::write(folder.path().join("a.json"), document.to_string()).unwrap();
    let loaded = load(folder.path(), &LoadOptions::default()).unwrap();
    let files: Vec<&str> = loaded.dataset.images.file.iter().collect();
    assert_eq!(files, [" a.png", "b.png"], "{:?}", loaded.problems);
}
