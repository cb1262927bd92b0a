//! Whether records hold what a source says: every image and object of it, and nothing else.
//!
//! ```text
//! source    read, selected, fitted: as a conversion does it, with the options of recordmill.json beside the records
//!   |       -> the images and objects that records must have                                  settle
//! records   read as a dataset, whoever wrote them                                             tfrecord
//!   v       images by name, else by their bytes; objects in their order, else by class and box
//! ```
//!
//! Compared of an image: its bytes (one that the options encode anew: kind and size), split, captions, classes. Of an object: class,
//! box, flags, mask to the pixel, keypoints, corners, area, score, track, pose, attributes; numbers within what 32-bit fractions of
//! the size hold. The numbers of classes are those of the label map beside the records; without one, each class has one and no other
//! has that.
//! What the whole of the records has not (masks, where they were not asked for) is said once.
//! What the rules leave out of the source is counted, with its reason.

mod manifest;
mod numbers;
mod objects;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use self::objects::Difference;
use super::error::{ConvertError, io_error};
use super::images::{self, ImageFile};
use super::options::{LabelSource, OnError, Options};
use super::reencode::{Reencode, Rewrite};
use super::run::{Start, aside};
use super::watch::{Monitor, Watch};
use super::{select, settle};
use crate::dataset::{Dataset, Place, Skipped};
use crate::files::Root;
use crate::formats::target::{Ready, ReadyImage};
use crate::formats::{LoadOptions, Loaded, label_map, parallel};
use crate::image::{Header, header};
use crate::record::sha256;

/// Differences of each kind that are listed; all are counted.
const MAX_LISTED: u64 = 1000;

/// How records compare with a source. As JSON, the contract with Python and `--json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// Nothing is missing, extra or other.
    pub ok: bool,
    /// The source's format.
    pub format: String,
    /// The manifest whose options were honoured; without one, those that `convert` has by itself.
    pub manifest: Option<String>,
    /// Images that the records must have.
    pub images: u64,
    /// Those of them that were found, with the same bytes.
    pub images_equal: u64,
    /// Those of them that were found encoded anew, as the options ask for.
    pub images_reencoded: u64,
    /// Objects that the records must have.
    pub objects: u64,
    /// Those of them that were found as they are.
    pub objects_equal: u64,
    /// What the options leave out of the source.
    pub left_out: Skipped,
    /// How many differences there are of each kind.
    pub counts: BTreeMap<&'static str, u64>,
    /// The differences; of each kind not more than 1,000.
    pub differences: Vec<Found>,
}

/// One difference, with both its places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What it is, in a word: `image-missing`, `object-box`.
    pub kind: &'static str,
    /// Where it stands in the source; nothing for what is extra.
    pub source: Option<String>,
    /// Where it stands in the records: file and image; nothing for what is missing.
    pub record: Option<String>,
    /// In words.
    pub message: String,
}

impl Comparison {
    fn add(&mut self, kind: &'static str, source: Option<String>, record: Option<String>, message: String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= MAX_LISTED {
            self.differences.push(Found { kind, source, record, message });
        }
    }
}

/// Records of one path that was given.
struct Records {
    dataset: Dataset,
    roots: Vec<Root>,
}

/// Compares the records in `given`, folders or files, with the dataset in `source`. `load` says how that is read.
pub fn against(
    given: &[PathBuf],
    source: &Path,
    load: &LoadOptions,
    monitor: &mut dyn Monitor,
) -> Result<Comparison, ConvertError> {
    let mut watch = Watch::new(monitor);
    let mut records = Vec::new();
    for path in given {
        records.push(read_records(path, load.workers, &mut watch)?);
    }
    let first = given.first().ok_or_else(|| ConvertError::Option("no records were given".into()))?;
    let (mut options, manifest) = match manifest::beside(first)? {
        Some((options, path)) => (options, Some(path.display().to_string())),
        None => (Options { on_error: OnError::Skip, ..Options::default() }, None),
    };
    let from = load.from.clone().or(options.load.from.take());
    options.load = LoadOptions { from, ..load.clone() };
    options.workers = load.workers;
    // Its ids are those that records must have; a class that it has not was left out.
    // One without a class is of a dataset without one.
    if let Some((map, _)) = label_map_of(first).and_then(|path| label_map::read(&path).ok()) {
        options.labels = LabelSource::Map(map);
    }
    let (source_path, reading) = (source.to_owned(), options.load.clone());
    let loaded = aside(move || super::load(&source_path, &reading), &mut watch)?;
    let format = loaded.format.name.to_owned();
    let loaded = select::apply(loaded, &options)?;
    let found = Comparison { format, manifest, ..Comparison::default() };
    compare(&records, &loaded, &options, found, &mut watch)
}

fn read_records(path: &Path, workers: usize, watch: &mut Watch<'_>) -> Result<Records, ConvertError> {
    let load = LoadOptions { from: Some("tfrecord".into()), workers, ..LoadOptions::default() };
    let path = path.to_owned();
    let loaded = aside(move || super::load(&path, &load), watch)?;
    let open = |root: &PathBuf| Root::new(root, false).map_err(io_error("cannot open", root));
    let roots = loaded.dataset.roots.iter().map(open).collect::<Result<_, _>>()?;
    Ok(Records { dataset: loaded.dataset, roots })
}

/// The label map of a folder of records, or beside a file.
fn label_map_of(path: &Path) -> Option<PathBuf> {
    if !path.is_dir() {
        return label_map::beside(path);
    }
    let of_split = |split: &str| label_map::beside(&path.join(split).join("records"));
    label_map::beside(&path.join("records")).or_else(|| ["train", "valid", "test"].into_iter().find_map(of_split))
}

/// An image of the records: of which path, and its row there.
type Row = (usize, usize);

fn compare(
    records: &[Records],
    loaded: &Loaded,
    options: &Options,
    mut found: Comparison,
    watch: &mut Watch<'_>,
) -> Result<Comparison, ConvertError> {
    let dataset = &loaded.dataset;
    let start = Start::of(loaded, options, watch)?;
    let rows: Vec<usize> = start.rows.iter().map(|(row, _)| *row).collect();
    let (ready, fitted) = settle::settle(dataset, &rows, &start.labels, &start.roots, options, watch)?;
    let ready = match options.auto_orient && options.reencode != Reencode::Never {
        true => ready.as_shown().into_owned(),
        false => ready,
    };
    found.left_out = start.skipped.clone();
    found.left_out.add(&fitted.skipped);
    found.images = ready.images.len() as u64;
    // A record of the classification schema has classes of the image and no objects.
    let has_objects = options.schema.profile().has_objects();
    found.objects = if has_objects { ready.objects.len() as u64 } else { 0 };
    for class in &start.labels.unknown {
        let message = format!("class {:?} of {} objects is not in the label map", class.name, class.objects);
        found.add("class-missing", None, None, message);
    }

    let expected = parallel::map(ready.images.len(), options.workers, |place| {
        Seen::of(images::open(dataset, &start.roots, ready.images[place].row))
    });
    let all: Vec<Row> =
        records.iter().enumerate().flat_map(|(at, side)| (0..side.dataset.len()).map(move |row| (at, row))).collect();
    let held = parallel::map(all.len(), options.workers, |place| {
        let (at, row) = all[place];
        Seen::of(images::open(&records[at].dataset, &records[at].roots, row))
    });
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    let partners = pair(&ready, &expected, records, &all, &held);
    let splits = found.manifest.is_some().then(|| {
        let kept: Vec<usize> = ready.images.iter().map(|image| image.row).collect();
        let among = if options.exact_split && !options.drop_empty { &rows } else { &kept };
        let splits = options.split.assign(dataset, among, options.seed, options.exact_split);
        among.iter().copied().zip(splits).collect::<HashMap<_, _>>()
    });
    numbers::compare(records, &start.labels, options, &mut found);
    let carried = objects::Carried::of(records.iter().map(|side| &side.dataset), options.schema);
    carried.say_missing(&ready, options, &mut found);
    let mut taken = vec![false; all.len()];
    for (place, (image, partner)) in ready.images.iter().zip(&partners).enumerate() {
        let name = dataset.images.key.get(image.row);
        let here = Some(dataset.place(image.row, 0)).map(|place| source_place(&place, name));
        let Some(partner) = *partner else {
            found.add("image-missing", here, None, format!("image {name:?} is in no record"));
            let objects = if has_objects { image.objects.len() as u64 } else { 0 };
            if objects > 0 {
                *found.counts.entry("object-missing").or_default() += objects;
            }
            continue;
        };
        taken[partner] = true;
        let (at, row) = all[partner];
        let side = &records[at].dataset;
        let there = Some(record_place(side, row));
        same_bytes(&expected[place], &held[partner], options, &mut found, [&here, &there]);
        if let Some((wanted, is)) =
            splits.as_ref().and_then(|splits| splits.get(&image.row)).zip(side.images.split[row])
            && *wanted != is
        {
            found.add("split", here.clone(), there.clone(), format!("image is in {is}, must be in {wanted}"));
        }
        let mut differences = objects::of_image(&ready, image, side, row);
        if has_objects {
            let (equal, more) = objects::of_objects(&ready, image, side, row, &carried);
            found.objects_equal += equal;
            differences.extend(more);
        }
        for Difference { kind, object, message } in differences {
            let here = object.map_or_else(
                || here.clone(),
                |object| Some(source_place(&dataset.object_place(image.row, object), name)),
            );
            found.add(kind, here, there.clone(), message);
        }
    }
    let again: HashSet<[u8; 32]> = all
        .iter()
        .zip(&taken)
        .zip(&held)
        .filter(|((_, taken), _)| **taken)
        .filter_map(|(_, held)| held.digest)
        .collect();
    for (((at, row), _), held) in all.iter().zip(&taken).zip(&held).filter(|((_, taken), _)| !**taken) {
        let side = &records[*at].dataset;
        let why = match held.digest.is_some_and(|digest| again.contains(&digest)) {
            true => "the source does not have so often",
            false => "the source does not have",
        };
        let message = format!("record of image {:?}, which {why}", side.images.key.get(*row));
        found.add("image-extra", None, Some(record_place(side, *row)), message);
    }
    found.ok = found.counts.is_empty();
    Ok(found)
}

fn source_place(place: &Place, name: &str) -> String {
    if place.line == 0 && place.path != name { format!("{place}: {name}") } else { place.to_string() }
}

fn record_place(side: &Dataset, row: usize) -> String {
    let file = side.place(row, 0);
    format!("{}: {}", file.path, side.images.key.get(row))
}

/// What is known of an image's bytes.
struct Seen {
    digest: Option<[u8; 32]>,
    header: Option<Header>,
    error: String,
}

impl Seen {
    fn of(opened: std::io::Result<ImageFile>) -> Self {
        match opened.and_then(ImageFile::read_all) {
            Ok(bytes) => Self {
                digest: sha256::digests([&bytes[..]]).pop(),
                header: header::read(&bytes).ok(),
                error: String::new(),
            },
            Err(error) => Self { digest: None, header: None, error: error.to_string() },
        }
    }
}

fn same_bytes(
    wanted: &Seen,
    is: &Seen,
    options: &Options,
    found: &mut Comparison,
    [here, there]: [&Option<String>; 2],
) {
    let mut tell = |message: String| found.add("image-bytes", here.clone(), there.clone(), message);
    let (Some(one), Some(two)) = (&wanted.digest, &is.digest) else {
        return tell(format!("the image cannot be read: {}{}", wanted.error, is.error));
    };
    if one == two {
        found.images_equal += 1;
        return;
    }
    let rewrite = wanted.header.and_then(|header| {
        let rewrite = Rewrite::of(&header, options.reencode, options.auto_orient).ok()??;
        let (width, height) = (header.width, header.height);
        let size = if rewrite.turned >= 5 { (height, width) } else { (width, height) };
        Some((rewrite.encoding.kind(), size))
    });
    match (rewrite, is.header) {
        (None, _) => tell("the image's bytes are not those of its file".into()),
        (Some((kind, size)), Some(header)) if (header.kind, (header.width, header.height)) == (kind, size) => {
            found.images_reencoded += 1;
        }
        (Some((kind, (width, height))), _) => {
            tell(format!("the image is encoded anew, and is no {kind} of {width} x {height}"));
        }
    }
}

/// For each image of the source the place of its record in `all`: by its name, of several of one name that with the same bytes;
/// else by its bytes alone.
fn pair(ready: &Ready<'_>, expected: &[Seen], records: &[Records], all: &[Row], held: &[Seen]) -> Vec<Option<usize>> {
    let images = &ready.dataset.images;
    let base = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let named = |image: &ReadyImage| [images.key.get(image.row).to_owned(), images.own_name(image.row).to_owned()];
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    let mut by_digest: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    for (place, image) in ready.images.iter().enumerate() {
        let [key, own] = named(image).map(|name| base(&name));
        if own != key {
            by_name.entry(own).or_default().push(place);
        }
        by_name.entry(key).or_default().push(place);
        expected[place].digest.iter().for_each(|digest| by_digest.entry(*digest).or_default().push(place));
    }
    let mut partners: Vec<Option<usize>> = vec![None; ready.images.len()];
    let mut left = Vec::new();
    for (number, (at, row)) in all.iter().enumerate() {
        let key = records[*at].dataset.images.key.get(*row);
        let rank = |place: &usize| {
            let [name, own] = named(&ready.images[*place]);
            let same = expected[*place].digest.is_some() && expected[*place].digest == held[number].digest;
            (name == key, same, own == key, std::cmp::Reverse(*place))
        };
        let candidates = by_name.get(&base(key)).into_iter().flatten().copied();
        match candidates.filter(|place| partners[*place].is_none()).max_by_key(rank) {
            Some(place) => partners[place] = Some(number),
            None => left.push(number),
        }
    }
    for number in left {
        let candidates = held[number].digest.and_then(|digest| by_digest.get(&digest)).into_iter().flatten();
        if let Some(place) = candidates.copied().find(|place| partners[*place].is_none()) {
            partners[place] = Some(number);
        }
    }
    partners
}
