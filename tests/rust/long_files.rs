//! Files that are longer than what detection first looks at, through every format that is written: of one image with many
//! objects, and of one with outlines of many points. Whatever decides what a file is may stand behind them.

use std::collections::BTreeSet;

use recordmill::convert::{self, Options};
use recordmill::dataset::Object;
use recordmill::formats::{Carries, FORMATS, Format, LoadOptions, load};

use crate::writers::{Plan, Planned, dataset};

/// What is wrong with `objects` of one image through `format` and back; `points` are the corners of each outline.
fn fault(format: &'static Format, objects: usize, points: usize) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let holds = |carries: &Carries| format.writes(*carries) && !matches!(carries, Carries::Masks | Carries::Corners);
    let with: BTreeSet<Carries> = format.carries.iter().copied().filter(holds).collect();
    if !with.contains(&Carries::Boxes) || points > 4 && !with.contains(&Carries::Polygons) {
        return None;
    }
    let planned = |number: usize| Planned {
        class: number % 3,
        place: [(number % 50) as f64 / 60.0, (number / 50) as f64 / 70.0, 0.01, 0.01],
        flags: [false; 4],
        number: 1 + number as i64,
        word: "word".into(),
    };
    let plan = |objects: usize| Plan {
        size: (1000, 800),
        split: 0,
        objects: (0..objects).map(planned).collect(),
        labels: vec![true, false, false],
        captions: vec!["one".into()],
    };
    // The long one first: a list of images then begins with it.
    let mut before = dataset(&folder, &[plan(objects), plan(1)], &with, format);
    if points > 4 {
        let all = before.dataset.objects.len();
        let rows: Vec<Object> = (0..all).map(|row| ring(before.dataset.objects.bbox[row], points)).collect();
        let old = std::mem::take(&mut before.dataset.objects);
        for (row, ring) in rows.into_iter().enumerate() {
            let flags = old.flags[row];
            before.dataset.objects.push(Object { class: old.class[row], flags, ..ring });
        }
    }
    let out = folder.path().join("out");
    let options = Options { target: Some(format), sync: false, ..Options::default() };
    if let Err(error) = convert::convert_dataset(&before, &out, &options, &mut ()) {
        return Some(format!("refused: {error}"));
    }
    let after = match load(&out, &LoadOptions::default()) {
        Ok(after) => after,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    let (expected, found) = (before.dataset.objects.len(), after.dataset.objects.len());
    let faults: Vec<String> = after.problems.iter().take(3).map(ToString::to_string).collect();
    let same = expected == found && before.dataset.len() == after.dataset.len();
    (!same).then(|| format!("{expected} objects became {found} ({}) {faults:?}", after.format.name))
}

/// An object with an outline of so many points in a box.
fn ring([x0, y0, x1, y1]: [f64; 4], points: usize) -> Object {
    let point = |number: usize| {
        let (sine, cosine) = (std::f64::consts::TAU * number as f64 / points as f64).sin_cos();
        let part =
            |low: f64, high: f64, along: f64| ((low + (high - low) * (0.5 + along / 2.0)) * 100.0).round() / 100.0;
        [part(x0, x1, cosine), part(y0, y1, sine)]
    };
    Object { bbox: [x0, y0, x1, y1], polygons: vec![(0..points).map(point).collect()], ..Object::default() }
}

#[test]
fn long_files_come_back() {
    let mut faults = Vec::new();
    for format in FORMATS.iter().copied().filter(|format| format.write.is_some()) {
        for (objects, points) in [(1500, 4), (8, 1500)] {
            let found = fault(format, objects, points);
            faults.extend(found.map(|fault| format!("{} ({points} points): {fault}", format.name)));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}
