//! Dataset, format, dataset: for every format that is written, all that its row says it writes comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use recordmill::convert::{self, ConvertError, ImagesMode, Options};
use recordmill::dataset::{Class, Dataset, Image, Keypoint, Mask, Object, Problems, Severity, Skipped, Split, flag};
use recordmill::formats::{Carries, FORMATS, Format, LoadOptions, Loaded, load};
use tempfile::TempDir;

use crate::convert::corpus::{files_in, png};

/// What an image has, before it is put into a dataset.
#[derive(Clone, Debug)]
pub struct Plan {
    pub size: (u32, u32),
    pub split: usize,
    pub objects: Vec<Planned>,
    pub labels: Vec<bool>,
    pub captions: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Planned {
    pub class: usize,
    /// Parts of the image's size: left, top, width, height of the box.
    pub place: [f64; 4],
    pub flags: [bool; 4],
    pub number: i64,
    pub word: String,
}

const CLASSES: [&str; 3] = ["cat", "traffic light", "köter"];

fn plan() -> impl Strategy<Value = Plan> {
    let number = || (0u32..1000).prop_map(|number| f64::from(number) / 1000.0);
    let place = [number(), number(), number(), number()];
    let word = "[a-zA-Z][a-z0-9 <&\"',äß]{0,8}[a-z]";
    let planned = (0..CLASSES.len(), place, any::<[bool; 4]>(), 1..1000i64, word);
    let planned = planned.prop_map(|(class, place, flags, number, word)| Planned { class, place, flags, number, word });
    let labels = proptest::collection::vec(any::<bool>(), CLASSES.len());
    (
        (8u32..90, 8u32..90),
        0usize..3,
        proptest::collection::vec(planned, 0..5),
        labels,
        proptest::collection::vec("[A-Za-z][a-z,\" ]{1,20}[a-z]", 0..3),
    )
        .prop_map(|(size, split, objects, labels, captions)| Plan { size, split, objects, labels, captions })
}

/// A dataset that has what is in `with`, and nothing else that a format may not carry.
pub fn dataset(folder: &TempDir, plans: &[Plan], with: &BTreeSet<Carries>, format: &'static Format) -> Loaded {
    let has = |carries| with.contains(&carries);
    let root = folder.path().join("in");
    fs::create_dir(&root).unwrap();
    let mut dataset = Dataset { roots: vec![root.clone()], classes_ordered: true, ..Dataset::default() };
    for (number, name) in CLASSES.iter().enumerate() {
        let mut class = Class::named(*name);
        class.source_id = has(Carries::ClassIds).then_some(3 * number as i64 + 2);
        if has(Carries::Keypoints) {
            class.keypoints = ["nose", "tail", "ear"].map(String::from).to_vec();
        }
        if has(Carries::Keypoints) && has(Carries::Skeletons) {
            class.skeleton = vec![[0, 1], [0, 2]];
        }
        if has(Carries::Supercategories) {
            class.supercategory = "thing".into();
        }
        dataset.classes.push(class);
    }
    for (number, plan) in plans.iter().enumerate() {
        let name = format!("img {number:02}.png");
        fs::write(root.join(&name), png(plan.size.0, plan.size.1, 0)).unwrap();
        let mut objects: Vec<Object> = plan.objects.iter().map(|planned| object(planned, plan.size, with)).collect();
        // What is no mask is drawn as one in a panoptic picture.
        let flat = has(Carries::Masks) && !has(Carries::Polygons) || format.name == "coco-panoptic";
        if FLAT.contains(&format.name) && flat {
            objects.iter_mut().zip(&plan.objects).enumerate().for_each(|(number, (object, planned))| {
                apart(object, number as u32, planned, plan.size);
                object.mask.take_if(|_| !has(Carries::Masks));
            });
        }
        // The same line twice is one object to some readers.
        let mut seen: Vec<(String, [f64; 4])> = Vec::new();
        objects.retain(|object| {
            let said = (held(format, CLASSES[object.class as usize]), object.bbox);
            let new = !seen.contains(&said);
            seen.push(said);
            new
        });
        for (number, object) in objects.iter_mut().enumerate() {
            // What is tracked has one class, and is in an image once.
            let of_image = |track: i64| (track * 8 + number as i64) * 4 + i64::from(object.class);
            object.track = object.track.map(of_image);
        }
        let chosen = plan.labels.iter().zip(0u32..).filter_map(|(chosen, class)| chosen.then_some(class));
        // A file lies in one folder, or has one label.
        let one = ["image-folder", "edge-impulse"].contains(&format.name);
        let chosen = chosen.take(if one { 1 } else { usize::MAX });
        let image = Image {
            key: &name,
            name: &name,
            file: Some((0, &name)),
            size: plan.size,
            split: has(Carries::Splits).then(|| Split::ALL[plan.split]),
            source: (recordmill::dataset::NO_SOURCE, 0),
            id: has(Carries::ImageIds).then_some(700 - number as i64),
            labels: if has(Carries::ImageLabels) { chosen.collect() } else { Vec::new() },
            captions: match has(Carries::Captions) {
                true => plan.captions.iter().map(|caption| caption.as_str().into()).collect(),
                false => Vec::new(),
            },
            ..Image::default()
        };
        dataset.push(image, objects);
    }
    Loaded { dataset, problems: Problems::default(), skipped: Skipped::default(), format, reasons: Vec::new() }
}

fn object(planned: &Planned, (width, height): (u32, u32), with: &BTreeSet<Carries>) -> Object {
    let has = |carries| with.contains(&carries);
    let (w, h) = (f64::from(width), f64::from(height));
    let round = |side: f64| if has(Carries::Fractions) { (side * 64.0).round() / 64.0 } else { side.round() };
    let [left, top, wide, high] = planned.place;
    let (x0, y0) = (round(left * (w - 4.0)), round(top * (h - 4.0)));
    let (x1, y1) = (round(x0 + 3.0 + wide * (w - x0 - 3.0)).min(w), round(y0 + 3.0 + high * (h - y0 - 3.0)).min(h));
    let mut object = Object { class: planned.class as u32, bbox: [x0, y0, x1, y1], ..Object::default() };
    for (carries, has_bit, bit, set) in [
        (Carries::Difficult, flag::HAS_DIFFICULT, flag::DIFFICULT, planned.flags[0]),
        (Carries::Truncated, flag::HAS_TRUNCATED, flag::TRUNCATED, planned.flags[1]),
        (Carries::Occluded, flag::HAS_OCCLUDED, flag::OCCLUDED, planned.flags[2]),
        (Carries::Crowd, flag::HAS_CROWD, flag::CROWD, planned.flags[3]),
    ] {
        if has(carries) {
            object.flags |= has_bit | if set { bit } else { 0 };
        }
    }
    if has(Carries::Polygons) {
        object.polygons = vec![vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]];
    } else if has(Carries::Masks) {
        object.mask = Some(full_mask(width, height, object.bbox));
    }
    if has(Carries::Keypoints) {
        let points = [(x0, y0, 2), (x1, y1, if has(Carries::Hidden) { 1 } else { 2 }), (0.0, 0.0, 0)];
        object.keypoints = points.map(|(x, y, visibility)| Keypoint { x, y, visibility }).into();
    }
    object.corners = has(Carries::Corners).then(|| turned_in(object.bbox));
    object.score = has(Carries::Score).then_some(planned.number as f64 / 1024.0);
    object.track = has(Carries::Tracks).then_some(planned.number);
    object.area = has(Carries::Area).then_some(planned.number as f64 / 4.0);
    object.pose = has(Carries::Pose).then(|| planned.word.as_str().into());
    if has(Carries::Attributes) {
        object.attributes = vec![("colour".into(), planned.word.as_str().into())];
    }
    object
}

/// Formats whose masks are a picture, in which they cannot overlap.
const FLAT: [&str; 3] = ["coco-panoptic", "darwin", "voc"];

/// Puts one of at most four objects with masks into a quarter of the image of its own, on whole pixels.
fn apart(object: &mut Object, number: u32, planned: &Planned, (width, height): (u32, u32)) {
    let part = |start: u32, end: u32, from: f64, long: f64| {
        let low = start + (from * f64::from(end - start - 1)) as u32;
        (f64::from(low), f64::from(low + 1 + (long * f64::from(end - low - 1)) as u32))
    };
    let half = |second: bool, side: u32| if second { (side / 2, side) } else { (0, side / 2) };
    let [left, top, wide, high] = planned.place;
    let (x, y) = (half(number % 2 == 1, width), half(number / 2 == 1, height));
    let ((x0, x1), (y0, y1)) = (part(x.0, x.1, left, wide), part(y.0, y.1, top, high));
    object.bbox = [x0, y0, x1, y1];
    object.mask = Some(full_mask(width, height, object.bbox));
}

/// The corners of a turned box that reaches all sides of a box.
fn turned_in([x0, y0, x1, y1]: [f64; 4]) -> [[f64; 2]; 4] {
    let (w, h) = (x1 - x0, y1 - y0);
    let (sine, cosine) = (w.min(h) / w.max(h) / 2.0).atan().sin_cos();
    let both = cosine * cosine - sine * sine;
    let (width, height) = ((w * cosine - h * sine) / both, (h * cosine - w * sine) / both);
    let (across, down) = ([width * cosine, width * sine], [-height * sine, height * cosine]);
    let a = [x0 + height * sine, y0];
    let add = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
    [a, add(a, across), add(add(a, across), down), add(a, down)]
}

/// The whole pixels of a box.
fn full_mask(width: u32, height: u32, bbox: [f64; 4]) -> Mask {
    let [x0, y0, x1, y1] = [bbox[0].floor(), bbox[1].floor(), bbox[2].ceil(), bbox[3].ceil()].map(|side| side as u32);
    let mut runs = vec![x0 * height + y0];
    for column in x0..x1 {
        runs.push(y1 - y0);
        runs.push(height - y1 + if column + 1 < x1 { y0 } else { (width - x1) * height });
    }
    // A run of nothing between two columns joins them.
    let mut joined: Vec<u32> = Vec::new();
    let mut rest = runs.into_iter().enumerate();
    while let Some((place, run)) = rest.next() {
        if run == 0 && place > 0 {
            if let (Some(last), Some((_, next))) = (joined.last_mut(), rest.next()) {
                *last += next;
            }
        } else {
            joined.push(run);
        }
    }
    Mask { width, height, runs: joined.into() }
}

/// A class's name as the format can hold it: some part their fields by blanks.
fn held(format: &Format, name: &str) -> String {
    match format.name {
        "dota" | "kitti" | "yolov5-obb" => name.replace(' ', "_"),
        "kaggle-wheat" => "wheat".to_owned(),
        _ => name.to_owned(),
    }
}

/// How far a number may be from what was written, in pixels of an image of so many.
fn tolerance(format: &Format, size: (u32, u32)) -> f64 {
    let side = f64::from(size.0.max(size.1));
    match format.name {
        // Parts of the size with at least six digits.
        name if name.starts_with("yolo") || name == "darknet" => 2e-6 * side,
        // Percents, of which a turned box has four; the reader rounds each to a millionth of a pixel.
        "label-studio" => 4e-6,
        _ => 1e-6,
    }
}

/// Formats that draw a mask by itself: the box is then the one around its pixels.
fn draws_masks(format: &Format) -> bool {
    ["cvat", "datumaro", "label-studio", "labelme", "supervisely"].contains(&format.name)
}

/// What an object can have at once: some formats have one shape for each.
fn at_once(format: &Format, with: &BTreeSet<Carries>) -> BTreeSet<Carries> {
    let mut with = with.clone();
    if format.name == "scale" && with.contains(&Carries::Polygons) {
        with.remove(&Carries::Corners);
    }
    with
}

type Checked = Result<(), TestCaseError>;

fn check(format: &'static Format, plans: &[Plan], with: &BTreeSet<Carries>) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    let before = dataset(&folder, plans, with, format);
    let out = folder.path().join("out");
    let options = Options { target: Some(format), sync: false, ..Options::default() };
    let report = match convert::convert_dataset(&before, &out, &options, &mut ()) {
        Err(ConvertError::Empty(_)) => return Ok(()),
        report => report.map_err(|error| TestCaseError::fail(format!("{error}")))?,
    };
    prop_assert_eq!(report.losses.iter().filter(|loss| with_word(with, format, loss.what)).count(), 0);
    let folders = format.name == "image-folder";
    if folders && before.dataset.images.labels.is_empty() {
        // Images without a class are in no folder that says so.
        return Ok(());
    }
    // One class alone could be any folder of images.
    let from = folders.then(|| format.name.to_owned());
    let after = load(&out, &LoadOptions { from, ..LoadOptions::default() })
        .map_err(|error| TestCaseError::fail(format!("{error}")))?;
    prop_assert_eq!(after.format.name, format.name, "{:?}", after.reasons);
    let errors: Vec<_> = after.problems.iter().filter(|problem| problem.kind.severity() == Severity::Error).collect();
    prop_assert!(errors.is_empty(), "{:?}", errors);
    compare(format, &before.dataset, &after.dataset, with)
}

/// Whether a loss that is reported is one of what the format says it writes.
fn with_word(with: &BTreeSet<Carries>, format: &Format, word: &str) -> bool {
    with.iter().any(|carries| carries.word() == word && format.writes(*carries))
}

fn compare(format: &'static Format, before: &Dataset, after: &Dataset, with: &BTreeSet<Carries>) -> Checked {
    let has = |carries| with.contains(&carries) && format.writes(carries);
    let base = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    // Frames of a video have numbers for names.
    let frames = format.name == "mot";
    let key = |row| if frames { after.images.key.get(row).to_owned() } else { base(after.images.key.get(row)) };
    let rows: BTreeMap<String, usize> = (0..after.len()).map(|row| (key(row), row)).collect();
    prop_assert_eq!(rows.len(), after.len());
    for image in 0..before.len() {
        let kept = if format.writes(Carries::Boxes) { before.objects_of(image).len() } else { 0 };
        let says = kept > 0 || has(Carries::ImageLabels) && before.images.labels.get(image).is_some();
        let says = says || has(Carries::Captions) && before.images.captions.get(image).is_some();
        let mut name = before.images.key.get(image).to_owned();
        if frames {
            let split = before.images.split[image];
            let frame = before.images.split[..=image].iter().filter(|other| **other == split).count();
            let word = ["train", "val", "test"][split.unwrap_or(Split::Train) as usize];
            name = format!("{word}/recordmill-{word}/img1/{frame:06}.png");
        }
        let Some(&row) = rows.get(&name) else {
            prop_assert!(!says && !format.writes(Carries::Negatives), "image {} is gone", image);
            continue;
        };
        if has(Carries::Splits) {
            prop_assert_eq!(after.images.split[row], before.images.split[image]);
        }
        if format.writes(Carries::Sizes) {
            let size = |dataset: &Dataset, row: usize| (dataset.images.width[row], dataset.images.height[row]);
            prop_assert_eq!(size(after, row), size(before, image));
        }
        if has(Carries::ImageIds) {
            prop_assert_eq!(after.images.id.get(row), before.images.id.get(image));
        }
        if has(Carries::Captions) {
            prop_assert_eq!(after.images.captions.get(row), before.images.captions.get(image));
        }
        if has(Carries::ImageLabels) {
            let names = |dataset: &Dataset, row: usize| -> BTreeSet<String> {
                let labels = dataset.images.labels.get(row).into_iter().flatten();
                labels.map(|class| dataset.classes[*class as usize].name.clone()).collect()
            };
            prop_assert_eq!(names(after, row), names(before, image));
        }
        if format.writes(Carries::Boxes) {
            let (mut ours, theirs) = (before.objects_of(image), after.objects_of(row));
            prop_assert_eq!(theirs.len(), ours.len(), "image {}", image);
            let size = (before.images.width[image], before.images.height[image]);
            theirs.zip(&mut ours).try_for_each(|(after_row, before_row)| {
                compare_object(format, (before, before_row), (after, after_row), size, with)
            })?;
        }
    }
    if format.writes(Carries::ClassOrder) {
        let names = |dataset: &Dataset| {
            let mut names: Vec<_> = dataset.classes.iter().map(|class| held(format, &class.name)).collect();
            // Where nobody says an order it is that of the names.
            if !dataset.classes_ordered {
                names.sort();
            }
            names
        };
        prop_assert_eq!(names(after), names(before));
    }
    if !with.contains(&Carries::Tracks) && !frames {
        prop_assert_eq!(after.objects.track.iter().count(), 0, "tracks that nobody drew");
    }
    if has(Carries::ClassIds) || has(Carries::Keypoints) || has(Carries::Supercategories) {
        for class in &after.classes {
            let own = before.classes.iter().find(|own| own.name == class.name).unwrap();
            if has(Carries::ClassIds) {
                prop_assert_eq!(class.source_id, own.source_id);
            }
            // Some formats have names with the points themselves.
            let place = after.classes.iter().position(|known| known.name == class.name);
            let pointed =
                after.objects.keypoints.iter().any(|(row, _)| Some(after.objects.class[row] as usize) == place);
            if has(Carries::Keypoints) && has(Carries::UnusedKeypoints) {
                prop_assert_eq!(&class.keypoints, &own.keypoints);
            }
            if has(Carries::Keypoints) && pointed {
                let labelled = if !format.writes(Carries::KeypointOrder) { 2 } else { own.keypoints.len() };
                prop_assert_eq!(&class.keypoints[..], &own.keypoints[..labelled]);
                if has(Carries::Skeletons) {
                    prop_assert_eq!(&class.skeleton, &own.skeleton);
                }
            }
            if has(Carries::Supercategories) {
                prop_assert_eq!(&class.supercategory, &own.supercategory);
            }
        }
    }
    Ok(())
}

fn compare_object(
    format: &'static Format,
    (before, own): (&Dataset, usize),
    (after, row): (&Dataset, usize),
    size: (u32, u32),
    with: &BTreeSet<Carries>,
) -> Checked {
    let has = |carries| with.contains(&carries) && format.writes(carries);
    let tolerance = if format.writes(Carries::Fractions) { tolerance(format, size) } else { 0.5 };
    let normalised = after.objects.normalised[row];
    let scale = |[x, y]: [f64; 2]| match normalised {
        true => [x * f64::from(size.0), y * f64::from(size.1)],
        false => [x, y],
    };
    let near = |what: &str, a: [f64; 2], b: [f64; 2]| -> Checked {
        let a = scale(a);
        let close = (a[0] - b[0]).abs() <= tolerance && (a[1] - b[1]).abs() <= tolerance;
        prop_assert!(close, "{} {:?} in place of {:?}", what, a, b);
        Ok(())
    };
    let name = |dataset: &Dataset, row: usize| dataset.classes[dataset.objects.class[row] as usize].name.clone();
    prop_assert_eq!(name(after, row), held(format, &name(before, own)));
    let ([a, b, c, d], [x0, y0, x1, y1]) = (after.objects.bbox[row], before.objects.bbox[own]);
    let of_mask = draws_masks(format) && has(Carries::Masks) && !with.contains(&Carries::Polygons);
    if of_mask {
        let sides = [(a, x0), (b, y0), (c, x1), (d, y1)];
        prop_assert!(sides.iter().all(|(a, b)| (a - b).abs() < 1.0), "box {:?}", sides);
    } else {
        near("box", [a, b], [x0, y0])?;
        near("box", [c, d], [x1, y1])?;
    }
    for (carries, bit) in [
        (Carries::Difficult, flag::DIFFICULT),
        (Carries::Truncated, flag::TRUNCATED),
        (Carries::Occluded, flag::OCCLUDED),
        (Carries::Crowd, flag::CROWD),
    ] {
        if has(carries) {
            prop_assert_eq!(after.objects.flags[row] & bit, before.objects.flags[own] & bit, "{}", carries.word());
        }
    }
    let points = |dataset: &Dataset, row: usize| {
        dataset.objects.polygons.get(row).map_or(Vec::new(), |outline| outline.to_vec())
    };
    if has(Carries::Polygons) {
        let (theirs, ours) = (points(after, row), points(before, own));
        prop_assert_eq!(theirs.len(), ours.len());
        for (theirs, ours) in theirs.iter().zip(&ours) {
            prop_assert_eq!(theirs.len(), ours.len());
            theirs.iter().zip(ours).try_for_each(|(a, b)| near("point", *a, *b))?;
        }
    }
    if has(Carries::Masks) && !with.contains(&Carries::Polygons) {
        prop_assert_eq!(after.objects.masks.get(row), before.objects.masks.get(own));
    }
    if has(Carries::Keypoints) {
        let (theirs, ours) = (after.objects.keypoints.get(row), before.objects.keypoints.get(own));
        let seen = |points: &[Keypoint]| points.iter().filter(|point| point.visibility > 0).count();
        let by_name = !format.writes(Carries::KeypointOrder);
        let count = |points: &[Keypoint]| if by_name { seen(points) } else { points.len() };
        prop_assert_eq!(theirs.map(|points| points.len()), ours.map(|points| count(points)));
        for (a, b) in theirs.into_iter().flatten().zip(ours.into_iter().flatten()) {
            prop_assert_eq!(a.visibility, b.visibility);
            near("keypoint", [a.x, a.y], [b.x, b.y])?;
        }
    }
    if has(Carries::Corners) {
        let (theirs, ours) = (after.objects.corners.get(row), before.objects.corners.get(own));
        prop_assert_eq!(theirs.is_some(), ours.is_some());
        for (a, b) in theirs.into_iter().flatten().zip(ours.into_iter().flatten()) {
            near("corner", *a, *b)?;
        }
    }
    let score = |dataset: &Dataset, row| dataset.objects.score.get(row).copied();
    if has(Carries::Score) {
        prop_assert!((score(after, row).unwrap() - score(before, own).unwrap()).abs() < 1e-6);
    }
    if has(Carries::Tracks) {
        prop_assert_eq!(after.objects.track.get(row), before.objects.track.get(own));
    }
    if has(Carries::Area) {
        prop_assert_eq!(after.objects.area.get(row), before.objects.area.get(own));
    }
    if has(Carries::Pose) {
        prop_assert_eq!(after.objects.pose.get(row), before.objects.pose.get(own));
    }
    if has(Carries::Attributes) {
        let theirs = after.objects.attributes.get(row);
        for pair in before.objects.attributes.get(own).into_iter().flatten() {
            prop_assert!(theirs.is_some_and(|theirs| theirs.contains(pair)), "{:?} in {:?}", pair, theirs);
        }
    }
    Ok(())
}

/// Runs `cases` random datasets through every format that is written, once with all that it writes, and with parts of that.
#[test]
fn what_is_written_comes_back() {
    let written: Vec<&'static Format> = FORMATS.iter().copied().filter(|format| format.write.is_some()).collect();
    assert!(written.len() >= 3);
    let mut faults = Vec::new();
    for format in written {
        let carried: Vec<Carries> = format.carries.iter().copied().filter(|carries| format.writes(*carries)).collect();
        let with = prop_oneof![
            Just(carried.iter().copied().collect::<BTreeSet<_>>()),
            proptest::sample::subsequence(carried.clone(), 0..=carried.len())
                .prop_map(|some| some.into_iter().collect()),
        ];
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24).min(400);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
        let strategy = (proptest::collection::vec(plan(), 1..5), with);
        let result = runner.run(&strategy, |(plans, with)| check(format, &plans, &at_once(format, &with)));
        faults.extend(result.err().map(|fault| format!("{}: {fault}", format.name)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Masks of any form come back from every format that has them; those that are pictures merge objects of one class.
#[test]
fn masks_come_back() {
    let (width, height) = (7u32, 5u32);
    let mask = |set: &[(u32, u32)]| {
        let mut runs = vec![0];
        let mut last = false;
        for place in 0..width * height {
            let now = set.contains(&(place / height, place % height));
            if now != last {
                runs.push(0);
                last = now;
            }
            *runs.last_mut().unwrap() += 1;
        }
        Mask { width, height, runs: runs.into() }
    };
    // An L, and two single pixels that touch it.
    let masks = [mask(&[(1, 1), (1, 2), (1, 3), (2, 3)]), mask(&[(0, 0), (2, 2)])];
    let boxes = [[1.0, 1.0, 3.0, 4.0], [0.0, 0.0, 3.0, 3.0]];
    let mut tried = 0;
    for format in FORMATS.iter().filter(|format| format.writes(Carries::Masks)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("in");
        fs::create_dir(&root).unwrap();
        let mut dataset = Dataset { roots: vec![root.clone()], classes_ordered: true, ..Dataset::default() };
        dataset.classes = CLASSES.map(Class::named).to_vec();
        for name in ["a.png", "b.png"] {
            fs::write(root.join(name), png(width, height, 0)).unwrap();
            let source = (recordmill::dataset::NO_SOURCE, 0);
            let image =
                Image { key: name, name, file: Some((0, name)), size: (width, height), source, ..Image::default() };
            let object = |place: usize| Object {
                class: place as u32 + 1,
                bbox: boxes[place],
                mask: Some(masks[place].clone()),
                ..Object::default()
            };
            dataset.push(image, (0..2).map(object).take(if name == "a.png" { 2 } else { 0 }));
        }
        let loaded =
            Loaded { dataset, problems: Problems::default(), skipped: Skipped::default(), format, reasons: Vec::new() };
        let out = folder.path().join("out");
        convert::convert_dataset(&loaded, &out, &target(format.name), &mut ()).unwrap();
        let after = load(&out, &LoadOptions::default()).unwrap();
        assert_eq!(after.format.name, format.name, "{:?}", after.reasons);
        assert_eq!(after.problems.count(Severity::Error), 0, "{}", format.name);
        let after = after.dataset;
        assert_eq!(after.objects.len(), 2, "{}", format.name);
        for (row, mask) in masks.iter().enumerate() {
            assert_eq!(after.objects.masks.get(row), Some(mask), "{}", format.name);
            assert_eq!(after.classes[after.objects.class[row] as usize].name, CLASSES[row + 1], "{}", format.name);
        }
        tried += 1;
    }
    assert!(tried >= 8, "{tried}");
}

/// Outlines with holes are masks, and masks outlines with holes where a format has no other place for them.
#[test]
fn holes_come_back() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats/supervisely/holes/input");
    let before = load(&data, &LoadOptions::default()).unwrap();
    for name in ["supervisely", "superannotate"] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        convert::convert_dataset(&before, &out, &target(name), &mut ()).unwrap();
        let after = load(&out, &LoadOptions::default()).unwrap();
        assert_eq!(after.format.name, name);
        assert_eq!(after.problems.count(Severity::Error), 0);
        assert_eq!(after.dataset.objects.len(), before.dataset.objects.len());
        let mask = before.dataset.objects.masks.get(0);
        assert!(mask.is_some());
        assert_eq!(after.dataset.objects.masks.get(0), mask, "{name}");
    }
}

/// What is no mask is drawn: outlines by the pixels whose middles they have, boxes as a whole; the smaller one is seen.
#[test]
fn shapes_are_drawn_into_masks() {
    let folder = tempfile::tempdir().unwrap();
    let mut loaded = boxes(&folder);
    let dataset = &mut loaded.dataset;
    // The second image has the first one's object and a smaller one of another class inside of it.
    let small = Object { class: 1, bbox: [6.0, 8.0, 8.0, 9.0], ..Object::default() };
    dataset.objects.push(small);
    *dataset.images.object_end.last_mut().unwrap() += 1;
    let out = folder.path().join("out");
    let report = convert::convert_dataset(&loaded, &out, &target("semantic-masks"), &mut ()).unwrap();
    assert!(report.reasons.iter().any(|reason| reason.ends_with("is not in the mask: 1")), "{:?}", report.reasons);
    let after = load(&out, &LoadOptions::default()).unwrap();
    assert_eq!(after.format.name, "semantic-masks");
    let after = after.dataset;
    let area = |row: usize| recordmill::image::runs::area(&after.objects.masks.get(row).unwrap().runs);
    let own = area(0);
    assert_eq!((after.objects.len(), area(1), area(2)), (3, own - 2, 2));
    assert_eq!(after.objects.bbox[2], [6.0, 8.0, 8.0, 9.0]);
}

fn boxes(folder: &TempDir) -> Loaded {
    let planned = Planned { class: 0, place: [0.1, 0.2, 0.5, 0.5], flags: [true; 4], number: 5, word: "x".into() };
    let plan = Plan { size: (40, 30), split: 0, objects: vec![planned], labels: vec![false; 3], captions: Vec::new() };
    let with = BTreeSet::from([Carries::Polygons, Carries::Crowd, Carries::ImageIds]);
    dataset(folder, &[plan.clone(), plan], &with, FORMATS[0])
}

fn target(name: &str) -> Options {
    Options { target: recordmill::formats::by_name(name), sync: false, ..Options::default() }
}

#[test]
fn losses_are_said_and_refused() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = boxes(&folder);
    let out = folder.path().join("out");
    let options = Options { no_loss: true, ..target("csv") };
    let error = convert::convert_dataset(&loaded, &out, &options, &mut ()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("nothing was written: csv cannot hold polygons of 2 objects, crowd of 2 objects"),
        "{message}"
    );
    assert!(!out.exists());
    let report = convert::convert_dataset(&loaded, &out, &target("csv"), &mut ()).unwrap();
    let losses: Vec<(&str, u64)> = report.losses.iter().map(|loss| (loss.what, loss.number)).collect();
    assert_eq!(losses[..2], [("polygons", 2), ("crowd", 2)]);
    // Records have no outlines; the ids they have by default.
    let records = Options { sync: false, ..Options::default() };
    let report = convert::convert_dataset(&loaded, &folder.path().join("records"), &records, &mut ()).unwrap();
    let losses: Vec<(&str, u64)> = report.losses.iter().map(|loss| (loss.what, loss.number)).collect();
    assert_eq!(losses, [("polygons", 2)]);
    let options = Options { no_loss: true, ..records };
    let error = convert::convert_dataset(&loaded, &folder.path().join("none"), &options, &mut ()).unwrap_err();
    assert!(matches!(error, ConvertError::Lossy(_)), "{error}");
    assert!(!folder.path().join("none").exists());
}

/// SuperAnnotate's templates have points, and no word for one that is hidden.
#[test]
fn hidden_keypoints_that_become_visible_are_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    let mut loaded = boxes(&folder);
    let losses = |loaded: &Loaded, format: &str| -> Vec<(&str, u64)> {
        let options = Options { overwrite: true, ..target(format) };
        let report = convert::convert_dataset(loaded, &folder.path().join("out"), &options, &mut ()).unwrap();
        let points = report.losses.iter().filter(|loss| loss.what.contains("keypoints"));
        points.map(|loss| (loss.what, loss.number)).collect()
    };
    let points = |seen: [u8; 2]| seen.map(|visibility| Keypoint { x: 1.0, y: 2.0, visibility });
    loaded.dataset.objects.keypoints.set(0, points([2, 1]).into());
    loaded.dataset.objects.keypoints.set(1, points([2, 0]).into());
    assert_eq!(losses(&loaded, "superannotate"), [("hidden keypoints", 1)]);
    assert_eq!(losses(&loaded, "coco"), []);
    // Where the points are lost, so is all that is said of them.
    assert_eq!(losses(&loaded, "voc"), [("keypoints", 2)]);
}

/// What a class's keypoints are called where none of its objects has one: a target keeps it, or says that it is lost.
#[test]
fn names_of_unused_keypoints_are_kept_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut loaded = boxes(&folder);
    let points = [2, 2].map(|visibility| Keypoint { x: 10.0, y: 12.0, visibility });
    loaded.dataset.objects.keypoints.set(0, points.into());
    for (class, names) in loaded.dataset.classes.iter_mut().zip([&["nose", "tail"][..], &["snout", "rump"], &["beak"]])
    {
        class.keypoints = names.iter().map(|name| (*name).to_owned()).collect();
    }
    loaded.dataset.objects.class[1] = 1;
    for format in FORMATS.iter().filter(|format| format.writes(Carries::Boxes)) {
        let (out, options) = (folder.path().join(format.name), LoadOptions::default());
        let report = convert::convert_dataset(&loaded, &out, &target(format.name), &mut ()).unwrap();
        let told = report.losses.iter().find(|loss| loss.what == "unused keypoints").map_or(0, |loss| loss.number);
        let after = load(&out, &LoadOptions { from: Some(format.name.into()), ..options }).unwrap().dataset;
        let unused = after.classes.iter().filter(|class| class.name != loaded.dataset.classes[0].name);
        let kept = unused.filter(|class| !class.keypoints.is_empty()).count() as u64;
        assert_eq!(
            (told, kept),
            if format.writes(Carries::UnusedKeypoints) { (0, 2) } else { (2, 0) },
            "{}",
            format.name
        );
    }
}

#[test]
fn a_folder_that_holds_something_is_refused_or_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut loaded = boxes(&folder);
    let out = folder.path().join("out");
    convert::convert_dataset(&loaded, &out, &target("coco"), &mut ()).unwrap();
    fs::write(out.join("mine.md"), "x").unwrap();
    let error = convert::convert_dataset(&loaded, &out, &target("coco"), &mut ()).unwrap_err();
    assert!(matches!(error, ConvertError::Exists { .. }), "{error}");
    // Another format over it: what is not ours stays, what was ours and is no more goes.
    let options = Options { overwrite: true, images_mode: ImagesMode::Link, ..target("voc") };
    convert::convert_dataset(&loaded, &out, &options, &mut ()).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [".recordmill", "Annotations", "ImageSets", "JPEGImages", "labelmap.txt", "mine.md"]);
    assert_eq!(load(&out, &LoadOptions::default()).unwrap().dataset.len(), 2);
    // Images that are left where they are need not be there.
    fs::remove_dir_all(folder.path().join("in")).unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    let left = folder.path().join("left");
    let error = convert::convert_dataset(&loaded, &left, &target("coco"), &mut ()).unwrap_err();
    assert!(matches!(error, ConvertError::Refused(_)), "{error}");
    assert!(!left.exists());
    let options = Options { images_mode: ImagesMode::None, ..target("coco") };
    let report = convert::convert_dataset(&loaded, &left, &options, &mut ()).unwrap();
    assert_eq!((report.images, report.objects, report.image_files, report.annotation_files), (2, 2, 0, 1));
    loaded.dataset.images.width[1] = 0;
    let error = convert::convert_dataset(&loaded, &folder.path().join("no"), &options, &mut ()).unwrap_err();
    assert!(matches!(error, ConvertError::Refused(_)), "{error}");
    let records = Options { target: None, ..options };
    let error = convert::convert_dataset(&loaded, &folder.path().join("no"), &records, &mut ()).unwrap_err();
    assert!(matches!(error, ConvertError::Option(_)), "{error}");
}

/// Of a dataset that is replaced by one of another format nothing stays: what has another extension would be found with the new one.
#[test]
fn what_another_format_takes_the_place_of_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = boxes(&folder);
    let mut left = Vec::new();
    for format in FORMATS.iter().filter(|format| format.writes(Carries::Boxes) && format.name != "coco") {
        let out = folder.path().join(format.name);
        convert::convert_dataset(&loaded, &out, &target(format.name), &mut ()).unwrap();
        let before = files_in(&out);
        convert::convert_dataset(&loaded, &out, &Options { overwrite: true, ..target("coco") }, &mut ()).unwrap();
        let new = |name: &String| {
            name == ".recordmill" || name.starts_with("annotations/instances_") || name.starts_with("images/")
        };
        left.extend(
            files_in(&out)
                .into_keys()
                .filter(|name| before.contains_key(name) && !new(name))
                .map(|name| format!("{}: {name}", format.name)),
        );
    }
    assert_eq!(left, [""; 0]);
}
