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

/// Blanks around a name do not count, and that is said once for each name, where it stands first.
#[test]
fn blanks_around_names_are_said() {
    let cases = [
        (
            "a.json",
            "createml",
            "[{\"image\": \"a.png\", \"annotations\": [\n{\"label\": \"cat\", \"coordinates\": {\"x\": 9, \"y\": 9, \"width\": 4, \"height\": 4}},\n\
             {\"label\": \"cat \", \"coordinates\": {\"x\": 9, \"y\": 9, \"width\": 6, \"height\": 4}},\n\
             {\"label\": \"cat \", \"coordinates\": {\"x\": 9, \"y\": 9, \"width\": 8, \"height\": 4}}]}]",
            3,
        ),
        (
            "a.xml",
            "voc",
            "<annotation>\n<filename>a.png</filename>\n<object><name>\n cat\n</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>\n\
             <object><name>cat </name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>4</xmax><ymax>4</ymax></bndbox></object>\n\
             <object><name>cat </name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>4</ymax></bndbox></object>\n</annotation>",
            6,
        ),
        (
            "a.csv",
            "csv",
            "filename,class,xmin,ymin,xmax,ymax\na.png, cat,1,2,3,4\na.png,cat ,1,2,4,4\na.png, cat ,1,2,5,4\n",
            3,
        ),
        (
            "a.json",
            "coco",
            "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\"}],\n\"categories\": [{\"id\": 1, \"name\": \"dog\"}, {\"id\": 2, \"name\": \"cat \"}],\n\
             \"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4]},\n\
             {\"id\": 2, \"image_id\": 1, \"category_id\": 2, \"bbox\": [1, 2, 3, 4]},\n{\"id\": 3, \"image_id\": 1, \"category_id\": 2, \"bbox\": [1, 2, 5, 4]}]}",
            4,
        ),
    ];
    for (file, format, text, line) in cases {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.png"), crate::convert::corpus::png(40, 30, 0)).unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
        let loaded = load(folder.path(), &LoadOptions { from: Some(format.into()), ..LoadOptions::default() }).unwrap();
        let names: Vec<&str> = loaded.dataset.classes.iter().map(|class| class.name.as_str()).collect();
        assert_eq!(names.last(), Some(&"cat"), "{format}");
        assert_eq!(names.len(), if format == "coco" { 2 } else { 1 }, "{format}: {names:?}");
        assert_eq!(loaded.dataset.objects.len(), 3, "{format}");
        let said: Vec<String> =
            loaded.problems.iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect();
        let wanted = format!(
            "trimmed-class: {file}:{line}: class \"cat \" (2 objects or images) is called \"cat\", without the blanks"
        );
        assert_eq!(said, [wanted], "{format}");
    }
}
