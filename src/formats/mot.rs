//! MOT challenge: folders of a video's images with one table of boxes and tracks.
//!
//! ```text
//! train/MOT17-02/seqinfo.ini      [Sequence] name, imDir=img1, frameRate, seqLength, imWidth, imHeight, imExt=.jpg
//!                img1/000001.jpg
//!                gt/gt.txt        frame,id,x,y,w,h,conf,class,visibility
//!                det/det.txt      frame,-1,x,y,w,h,score[,-1,-1,-1]
//!                gt/labels.txt    a class per line, from 1 (CVAT)
//! ```
//!
//! Specification: <https://arxiv.org/abs/1603.00831>, section 3.
//!
//! Decisions
//! - `gt.txt` counts. `det.txt` is read where no sequence has a `gt.txt`, its `conf` then being the score. Beside others with
//!   truth a sequence that has detections alone (the challenge's tests) is left out, with its images, and said.
//! - A line of ten fields ends with a place in the world (MOT15), which is left out and said; such a line has no class. Beside a
//!   `labels.txt` it has one, and the tenth field is to be skipped, as CVAT says.
//! - The challenge's pixels are 1-based (<https://motchallenge.net/instructions/>; py-motmetrics takes 1 off): where
//!   there is no `labels.txt`, boxes are moved by a pixel, and that is said. CVAT and Datumaro, which write one, count from 0,
//!   and so do we.
//! - In `gt.txt` a `conf` of 0 marks what is not to be evaluated: kept, with the attribute `ignored`, counted and
//!   said. Datumaro's reader keeps them so, too.
//! - Visibility below 1 is an attribute, and occluded where it is below 0.5.
//! - Classes: `labels.txt` beside `gt.txt`, else the challenge's twelve; -1 is a pedestrian.
//! - Tracks of a sequence of which another of its split has a number get numbers of their own, behind those before; that is said.
//! - Images of a sequence without a line are negatives.
//! - Written, a folder of images with tracks is a sequence, all else of a split another. Classes that are all of the challenge's
//!   have its numbers. What was read from `conf` and visibility stands there again.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::builder::Builder;
use super::listed::{Listed, Namer};
use super::target::{
    Plain, Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_images, put_pieces, remark_lines, stem, usable,
    val_word,
};
use super::tree::{FileId, Tree, file_name, folder_of, join, stem_of};
use super::yolo::names;
use super::{
    Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, splits, text,
};
use crate::dataset::{Ledger, Object, Place, ProblemKind, Problems, Skipped, Split, by_numbers, flag};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "mot",
    aliases: &["mot-challenge", "mot16", "mot17", "mot20"],
    title: "MOT challenge",
    specification: "https://arxiv.org/abs/1603.00831",
    layout: "\
train/SEQUENCE/seqinfo.ini  train/SEQUENCE/img1/000001.jpg  train/SEQUENCE/gt/gt.txt  (or det/det.txt)
gt/gt.txt  gt/labels.txt  img1/000001.jpg                                             (CVAT)",
    carries: &[
        Carries::Boxes,
        Carries::Score,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect,
    looks_for: "gt/gt.txt or det/det.txt with lines frame,id,x,y,w,h and more numbers",
    read,
    write: Some(Write { not: &[Carries::Score, Carries::Attributes, Carries::Sizes], folders: true, write }),
};

/// Size of a table that is still read.
const LIMIT: u64 = 4 << 30;

/// Classes of the challenge, from 1.
const CLASSES: [&str; 12] = [
    "pedestrian",
    "person on vehicle",
    "car",
    "bicycle",
    "motorbike",
    "non motorized vehicle",
    "static person",
    "distractor",
    "occluder",
    "occluder on the ground",
    "occluder full",
    "reflection",
];

/// The attribute of what is not to be evaluated: a `conf` of 0.
const IGNORED: &str = "ignored";
/// The attribute that says which part of an object is to be seen.
const VISIBILITY: &str = "visibility";

/// What stands for no place in the world.
const NOWHERE: [Option<f64>; 3] = [Some(-1.0); 3];

/// A video: its folder and its table.
struct Sequence {
    folder: String,
    table: FileId,
    is_truth: bool,
}

/// All videos: those with `gt.txt`, and of the others those with `det.txt`, by their folders.
fn sequences(tree: &Tree) -> Vec<Sequence> {
    let mut found: Vec<Sequence> = Vec::new();
    for (name, is_truth) in [("gt", true), ("det", false)] {
        for table in tree.annotations(&["txt"]) {
            let path = tree.path(table);
            let in_folder = folder_of(path);
            if file_name(path) != format!("{name}.txt") || file_name(in_folder) != name && tree.only().is_none() {
                continue;
            }
            let folder = folder_of(in_folder).to_owned();
            if !found.iter().any(|known| known.folder == folder) {
                found.push(Sequence { folder, table, is_truth });
            }
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

fn detect(tree: &Tree) -> Option<Evidence> {
    let sequences = sequences(tree);
    let fits = |sequence: &&Sequence| {
        let lines = super::per_image::first_lines(tree, sequence.table, 4);
        !lines.is_empty() && lines.iter().all(|line| row(line).is_ok())
    };
    if let Some(fit) = sequences.iter().find(fits) {
        let reason = format!("{} has frame, track and box in each line", tree.path(fit.table));
        return Some(Evidence { confidence: Confidence::Certain, reason });
    }
    // A table without a line can only be told by what stands beside it.
    let info = |sequence: &&Sequence| tree.find(0, &join(&sequence.folder, "seqinfo.ini")).is_some();
    let is_empty = |sequence: &Sequence| super::per_image::first_lines(tree, sequence.table, 1).is_empty();
    let fit = sequences.iter().find(info).filter(|_| sequences.iter().all(is_empty))?;
    let reason = format!("{} lies beside a seqinfo.ini, no table has a line", tree.path(fit.table));
    Some(Evidence { confidence: Confidence::Likely, reason })
}

/// A line: frame, track, box, and what stands behind.
struct Row {
    frame: u64,
    track: i64,
    bbox: [f64; 4],
    conf: Option<f64>,
    /// Class, visibility and nothing; or a place in the world.
    rest: [Option<f64>; 3],
}

fn row(line: &str) -> Result<Row, String> {
    let fields: Vec<&str> = line.split(',').map(text::trim).collect();
    if !(6..=10).contains(&fields.len()) {
        return Err(format!("{} fields, a line has 6 to 10", fields.len()));
    }
    let numbers: Result<Vec<f64>, String> =
        fields.iter().map(|field| text::number(field).ok_or_else(|| format!("{field:?} is no number"))).collect();
    let numbers = numbers?;
    let [frame, track, x, y, w, h, rest @ ..] = &numbers[..] else { return Err("numbers are missing".into()) };
    if frame.fract() != 0.0 || !(0.0..1e15).contains(frame) {
        return Err(format!("{frame} is no number of a frame"));
    }
    if track.fract() != 0.0 || track.abs() > 1e15 {
        return Err(format!("{track} is no number of a track"));
    }
    let at = |place: usize| rest.get(place).copied();
    let (bbox, rest) = ([*x, *y, x + w, y + h], [at(1), at(2), at(3)]);
    Ok(Row { frame: *frame as u64, track: *track as i64, bbox, conf: at(0), rest })
}

/// Rows that are told with their number.
#[derive(Default)]
struct Counts {
    ignored: u64,
    in_world: u64,
    /// Boxes that count from 1.
    from_one: u64,
    /// Sequences whose tracks got other numbers.
    renumbered: u64,
}

/// What `seqinfo.ini` says.
#[derive(Debug, Default)]
struct Info {
    images: String,
    size: (u32, u32),
}

fn info(tree: &Tree, folder: &str, problems: &mut Problems) -> Info {
    let mut info = Info { images: "img1".into(), size: (0, 0) };
    let Some(file) = tree.find(0, &join(folder, "seqinfo.ini")) else { return info };
    let Some(bytes) = tree.read_or_say(file, 1 << 20, problems) else { return info };
    for (line, content) in (1..).zip(text::decode(&bytes).text.lines()) {
        let Some((key, value)) = content.split_once('=') else { continue };
        let (key, value) = (text::trim(key).to_ascii_lowercase(), text::trim(value));
        let mut side = || {
            let pixels = text::pixels(value);
            if pixels.is_none() {
                let message = format!("{key} {value:?} is no number of pixels; taken from the image");
                problems.push(ProblemKind::IgnoredField, Place::line(tree.path(file), line), message);
            }
            pixels.unwrap_or(0)
        };
        match &*key {
            "imdir" => info.images = value.to_owned(),
            "imwidth" => info.size.0 = side(),
            "imheight" => info.size.1 = side(),
            _ => {}
        }
    }
    info
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let mut sequences = sequences(tree);
    if sequences.is_empty() {
        return Err(FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""));
    }
    let mut problems = Problems::default();
    let mut skipped = Skipped::default();
    let mut builder = Builder::default();
    let mut listed = Listed::new(tree);
    let mut used: HashMap<Option<Split>, HashSet<i64>> = HashMap::new();
    let mut folders: HashMap<String, FileId> = HashMap::new();
    let mut counts = Counts::default();
    let mut remarks = Vec::new();
    let has_truth = sequences.iter().any(|sequence| sequence.is_truth);
    for left in sequences.extract_if(.., |sequence| has_truth && !sequence.is_truth) {
        let folder = join(&left.folder, &info(tree, &left.folder, &mut problems).images);
        let images = tree.files().filter(|(_, file)| file.image && folder_of(&file.path) == folder).count() as u64;
        let what = "has detections alone, which are no truth; left out, with its images";
        remarks.push(format!("{} {what}: {images}", tree.path(left.table)));
        skipped.count("without-labels", Ledger { images, objects: 0 });
    }
    for sequence in &sequences {
        let info = info(tree, &sequence.folder, &mut problems);
        let folder = join(&sequence.folder, &info.images);
        read_table(
            tree,
            sequence,
            &folder,
            &info,
            used.entry(splits::of_folders(tree, tree.path(sequence.table))).or_default(),
            &mut counts,
            &mut listed,
            &mut builder,
            &mut problems,
            &mut skipped,
        );
        folders.insert(folder, sequence.table);
    }
    // A table is about all frames of its sequence.
    let table = |path: &str| folders.get(folder_of(path)).copied();
    listed.add_negatives(|path| table(path).is_some(), table, &mut problems);
    listed.finish(&mut builder, &mut problems);
    let Counts { ignored, in_world, from_one, renumbered } = counts;
    if ignored > 0 {
        let kept = "kept as objects, with the attribute ignored";
        remarks.push(format!("rows marked as not to be evaluated, {kept}: {ignored}"));
    }
    if in_world > 0 {
        remarks.push(format!("rows whose place in the world is left out: {in_world}"));
    }
    if from_one > 0 {
        remarks.push(format!("boxes count from 1, as the challenge says, and were moved by a pixel: {from_one}"));
    }
    if renumbered > 0 {
        let why = "whose tracks got other numbers, as sequences before have theirs";
        remarks.push(format!("sequences {why}: {renumbered}"));
    }
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// Reads one table; its tracks are none of those in `used`, and then among them.
#[allow(clippy::too_many_arguments)] // one call, and the arguments are the reader's whole state
fn read_table(
    tree: &Tree,
    sequence: &Sequence,
    folder: &str,
    info: &Info,
    used: &mut HashSet<i64>,
    counts: &mut Counts,
    listed: &mut Listed<'_>,
    builder: &mut Builder,
    problems: &mut Problems,
    skipped: &mut Skipped,
) {
    let path = tree.path(sequence.table);
    let Some(bytes) = tree.read_or_say(sequence.table, LIMIT, problems) else { return };
    let labels = tree.find(0, &join(folder_of(path), "labels.txt"));
    let own: Option<Vec<(u32, String)>> = labels.and_then(|file| names::lines(tree, file, problems));
    // Images by the number in their name, from 1, or in order where the names are no numbers.
    let images: Vec<FileId> = tree
        .files()
        .filter(|(_, file)| file.image && (file.root > 0 || folder_of(&file.path) == folder))
        .map(|(id, _)| id)
        .collect();
    let number = |file: FileId| stem_of(tree.path(file)).parse::<u64>().ok();
    let by_number: HashMap<u64, FileId> = images.iter().filter_map(|file| Some((number(*file)?, *file))).collect();
    let name_of = |frame: u64| match by_number.get(&frame) {
        Some(file) => file_name(tree.path(*file)).to_owned(),
        None if by_number.is_empty() => {
            let place = usize::try_from(frame).ok().and_then(|frame| frame.checked_sub(1));
            place
                .and_then(|place| images.get(place))
                .map_or_else(|| format!("{frame:06}"), |file| file_name(tree.path(*file)).to_owned())
        }
        None => format!("{frame:06}"),
    };
    let split = splits::of_folders(tree, path);
    let origin = if own.is_none() { 1.0 } else { 0.0 };
    let decoded = text::decode(&bytes);
    let lines = (1..).zip(decoded.text.lines().map(text::trim)).filter(|(_, content)| !content.is_empty());
    let rows: Vec<(u32, Result<Row, String>)> = lines.map(|(line, content)| (line, row(content))).collect();
    let said = rows.iter().filter_map(|(_, row)| Some(row.as_ref().ok()?.track));
    let tracks: HashSet<i64> = said.filter(|track| *track >= 0).collect();
    let before = match tracks.is_disjoint(used) {
        true => 0,
        false => {
            counts.renumbered += 1;
            used.iter().max().map_or(0, |last| last.saturating_add(1))
        }
    };
    used.extend(tracks.iter().map(|track| track.saturating_add(before)));
    for (line, row) in rows {
        let Row { frame, track, bbox, conf, rest } = match row {
            Ok(row) => row,
            Err(message) => {
                problems.push(ProblemKind::BadEntry, Place::line(path, line), message);
                skipped.object(ProblemKind::BadEntry.word());
                continue;
            }
        };
        let is_place = rest[2].is_some() && own.is_none();
        counts.in_world += u64::from(is_place && rest != NOWHERE);
        let [class, visibility, _] = if is_place { [None; 3] } else { rest };
        counts.from_one += u64::from(origin > 0.0);
        let mut object = Object { bbox: bbox.map(|side| side - origin), ..Object::default() };
        let mut class_name = CLASSES[0].to_owned();
        if sequence.is_truth {
            if let Some(class) = class.filter(|class| *class >= 0.0) {
                let place = class as usize;
                let named = match &own {
                    Some(own) => place.checked_sub(1).and_then(|place| own.get(place)).map(|(_, name)| name.clone()),
                    None => place.checked_sub(1).and_then(|place| CLASSES.get(place)).map(|name| (*name).to_owned()),
                };
                class_name = named.unwrap_or_else(|| format!("class_{place}"));
            }
            if conf == Some(0.0) {
                counts.ignored += 1;
                object.attributes.push((IGNORED.into(), "1".into()));
            }
            if let Some(part) = visibility.filter(|part| (0.0..=1.0).contains(part)) {
                object.flags = flag::HAS_OCCLUDED | if part < 0.5 { flag::OCCLUDED } else { 0 };
                if part < 1.0 {
                    object.attributes.push((VISIBILITY.into(), part.to_string().into()));
                }
            }
        } else {
            object.score = conf;
        }
        if track >= 0 {
            object.track = Some(track.saturating_add(before));
        }
        object.class = builder.class(&class_name);
        let name = join(folder, &name_of(frame));
        let namer = Namer { file: sequence.table, split, line };
        if let Some(entry) = listed.image(&name, &namer, problems) {
            entry.size = info.size;
        }
        listed.object(&name, &namer, object, problems, skipped);
    }
}

/// Frames are numbered, as all tools of the challenge want them, so images lose their names.
fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let mut frames = vec![(String::new(), 0); ready.images.len()];
    let challenges: Option<Vec<usize>> = ready.classes.iter().map(|class| of_challenge(&class.name)).collect();
    let labels: String = match &challenges {
        Some(_) => CLASSES.map(|name| name.to_owned() + "\n").concat(),
        None => ready.classes.iter().map(|class| on_a_line(&class.name) + "\n").collect(),
    };
    let number_of = |class: u32| match &challenges {
        Some(places) => places.get(class as usize).map_or(0, |place| place + 1),
        None => class as usize + 1,
    };
    for (folder, places) in sequences_of(ready) {
        (1..).zip(&places).for_each(|(frame, place)| frames[*place] = (folder.clone(), frame));
        let rows = |place: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            for object in ready.objects_of(image) {
                let objects = &ready.dataset.objects;
                let [x0, y0, x1, y1] = object.bbox;
                let [x, y, w, h] = [x0, y0, x1 - x0, y1 - y0].map(Plain);
                let track = objects.track.get(object.row).copied().unwrap_or(-1);
                let attributes = objects.attributes.get(object.row).map_or(&[][..], |all| all);
                let said =
                    |wanted: &str| attributes.iter().find(|(name, _)| **name == *wanted).map(|(_, value)| &**value);
                let conf = u8::from(said(IGNORED) != Some("1"));
                let part = said(VISIBILITY).and_then(text::number).filter(|part| (0.0..=1.0).contains(part));
                let visible = part.unwrap_or(if ready.flags(object) & flag::OCCLUDED != 0 { 0.0 } else { 1.0 });
                let (frame, class) = (frames[place].1, number_of(object.class));
                text.extend_from_slice(
                    format!("{frame},{track},{x},{y},{w},{h},{conf},{class},{visible}\n").as_bytes(),
                );
            }
        };
        put_pieces(ready, sink, &format!("{folder}/gt/gt.txt"), "", &places, rows)?;
        put(sink, &format!("{folder}/gt/labels.txt"), labels.as_bytes())?;
        let mut info = format!("[Sequence]\nname={}\nimDir=img1\nseqLength={}\n", file_name(&folder), places.len());
        let images = || places.iter().map(|place| &ready.images[*place]);
        if let Some(first) = images().next() {
            if images().all(|image| (image.width, image.height) == (first.width, first.height)) {
                info += &format!("imWidth={}\nimHeight={}\n", first.width, first.height);
            }
            let extension = extension(&first.name);
            if images().all(|image| self::extension(&image.name) == extension) {
                info += &format!("imExt={extension}\n");
            }
        }
        put(sink, &format!("{folder}/seqinfo.ini"), info.as_bytes())?;
    }
    let mut of_images = frames.iter();
    put_images(ready, sink, |image| {
        let (folder, frame) = of_images.next().map_or(("", 0), |(folder, frame)| (folder.as_str(), *frame));
        format!("{folder}/img1/{frame:06}{}", extension(&image.name))
    })?;
    let mut remarks = remark_lines(ready);
    remarks.push("images are called by the numbers of their frames".into());
    Ok(remarks)
}

/// The place of a class among the challenge's.
fn of_challenge(name: &str) -> Option<usize> {
    CLASSES.iter().position(|class| *class == name)
}

fn extension(name: &str) -> &str {
    &name[stem(name).len()..]
}

/// The folders of the sequences that are written, each with the places of its images. Numbers of tracks mean something within one
/// folder of the source: those are sequences. Without tracks, or where the folder has no name of its own, a split is one.
fn sequences_of(ready: &Ready<'_>) -> Vec<(String, Vec<usize>)> {
    let tracked = (0..ready.dataset.objects.len()).any(|row| ready.dataset.objects.track.get(row).is_some());
    let mut found = Vec::new();
    for split in ready.splits() {
        let word = val_word(split);
        let mut by_folder: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for place in ready.images_of(split) {
            let key = ready.dataset.images.key.get(ready.images[place].row);
            by_folder.entry(if tracked { folder_of(key) } else { "" }).or_default().push(place);
        }
        let mut names: HashSet<String> = HashSet::new();
        for (folder, mut places) in by_folder {
            let key = |place: &usize| ready.dataset.images.key.get(ready.images[*place].row);
            places.sort_by(|a, b| by_numbers(key(a), key(b)));
            let own = splits::own_folder(folder).and_then(usable);
            let first = own.unwrap_or_else(|| format!("recordmill-{word}"));
            let others = (2..).map(|number| format!("{first}-{number}"));
            let name = std::iter::once(first.clone()).chain(others).find(|name| names.insert(name.to_lowercase()));
            found.push((format!("{word}/{}", name.unwrap_or_default()), places));
        }
    }
    found
}
