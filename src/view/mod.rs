//! A page that a browser shows: pictures of a dataset with what is drawn on them, or the records of TFRecord files, with
//! what they have in common. One file without anything from elsewhere.
//!
//! ```text
//! sources   which dataset or which record files are meant
//! records   one pass over record files: what features are like, and those records in words that the page shows
//! shapes    an image's objects in pixels of the image as it stands upright
//! outline   outlines of as few points as an eye needs
//! items     the images that are shown: read, made small, described, on threads
//! overview  what is in all of it, as the page has it
//! page      template, styles and script around the data, and the policy that lets nothing else run
//! ```
//!
//! Decisions
//! - Everything that is said of "all" is counted over all; what is large is only there of a sample, and the page says of how
//!   many it is. [`view`] opens the image files of its sample alone, [`health`] opens all.
//! - The sample is drawn like that of `--sample`, by split and rarest class, so that no class of a few images is missed.
//! - Without pictures the page stays below a megabyte ([`DATA_LEN`]): where objects are many, fewer images are shown. Who names
//!   a number of images gets it.
//! - Large pictures share the bytes that are given to them: the fewer images, the larger each. Where the share is too little for
//!   one that is worth it there is none, and the click shows the thumbnail.
//! - Images stand upright, as their tools show them, and objects with them.

mod error;
mod items;
mod outline;
mod overview;
mod page;
mod records;
mod shapes;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

pub use error::ViewError;
pub use page::BEGINNING;

use self::items::Items;
use self::overview::{Kind, Overview, Sample};
use self::sources::Source;
use crate::convert::{self, Health, Monitor, Watch, check_and_keep, hash, look, shown_rows};
use crate::dataset::{Dataset, Problem};
use crate::formats::{LoadOptions, Loaded};

/// Bytes of what a page says of its images, besides pictures, where nobody asked for a number of images.
const DATA_LEN: usize = 700_000;
/// Images that are shown where nobody asked for a number.
const SHOWN: u64 = 200;

/// What is shown, and how.
#[derive(Clone, Debug)]
pub struct ViewOptions {
    /// How a dataset is read.
    pub load: LoadOptions,
    /// Images, or records, that are shown; `None`: 200, or as many as go into a page of a size.
    pub limit: Option<u64>,
    /// Which ones are drawn.
    pub seed: u64,
    /// Whether there are pictures.
    pub images: bool,
    /// Pixels of the longer side of a thumbnail.
    pub thumbnail: u32,
    /// Bytes that all large pictures together may take.
    pub full: u64,
    /// What the page is called; `None`: by its source.
    pub title: Option<String>,
}

impl Default for ViewOptions {
    fn default() -> Self {
        Self {
            load: LoadOptions::default(),
            limit: None,
            seed: 0,
            images: true,
            thumbnail: 256,
            full: 4 << 20,
            title: None,
        }
    }
}

impl ViewOptions {
    /// Thumbnails that are some use, and of which a few hundred are no burden.
    const THUMBNAIL: std::ops::RangeInclusive<u32> = 32..=1024;

    fn check(&self) -> Result<(), ViewError> {
        if !Self::THUMBNAIL.contains(&self.thumbnail) {
            let (least, most) = Self::THUMBNAIL.into_inner();
            let message = format!("thumbnail {}: expected {least} to {most} pixels", self.thumbnail);
            return Err(ViewError::Option(message));
        }
        Ok(())
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The whole file.
    pub html: String,
    /// What is on it.
    pub counts: Counts,
}

/// What is on a page, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Images, or records, that are shown.
    pub shown: u64,
    /// Of so many.
    pub of: u64,
    /// Bytes of the page.
    pub bytes: u64,
    /// Bytes of it that are pictures.
    pub picture_bytes: u64,
    /// Places where a file of records is damaged.
    pub damaged: u64,
}

/// A page of what `given` names: the dataset in a folder, an annotation file or an archive, or TFRecord files, folders of them
/// and patterns.
pub fn view(given: &[PathBuf], options: &ViewOptions, monitor: &mut dyn Monitor) -> Result<Page, ViewError> {
    options.check()?;
    let mut watch = Watch::new(monitor);
    match sources::open(given, &options.load, &mut watch)? {
        Source::Dataset(loaded) => dataset_page(&loaded, &names(given), options, &mut watch),
        Source::Records(inputs) => records_page(&inputs, &names(given), options, &mut watch),
    }
}

/// A page of a dataset that was loaded before.
pub fn view_dataset(loaded: &Loaded, options: &ViewOptions, monitor: &mut dyn Monitor) -> Result<Page, ViewError> {
    options.check()?;
    let roots: Vec<String> = loaded.dataset.roots.iter().take(1).map(|root| root.display().to_string()).collect();
    dataset_page(loaded, &roots, options, &mut Watch::new(monitor))
}

/// What `check` says of a dataset, and a page of it with the images that have problems.
pub fn health(source: &PathBuf, options: &ViewOptions, monitor: &mut dyn Monitor) -> Result<(Health, Page), ViewError> {
    options.check()?;
    let mut watch = Watch::new(monitor);
    let (loaded, found) = check_and_keep(source, &options.load, &mut watch)?;
    let of_images = problems_of_images(&loaded.dataset, found.health.problems.iter());
    let rows = with_problems(&of_images, options.limit.unwrap_or(SHOWN) as usize);
    let sample = Sample::new(of_images.len() as u64, options);
    let items = items::make(&loaded.dataset, &rows, &of_images, &BTreeMap::new(), options, &mut watch)?;
    let page = finish(
        Kind::Health,
        &loaded,
        &found,
        items,
        sample,
        None,
        &of_images,
        &names(std::slice::from_ref(source)),
        options,
    );
    Ok((found.health, page))
}

fn names(given: &[PathBuf]) -> Vec<String> {
    given.iter().map(|path| path.display().to_string()).collect()
}

fn dataset_page(
    loaded: &Loaded,
    names: &[String],
    options: &ViewOptions,
    watch: &mut Watch<'_>,
) -> Result<Page, ViewError> {
    let dataset = &loaded.dataset;
    let shown = shown_rows(dataset, options.limit.unwrap_or(SHOWN), options.seed);
    let found = look(loaded, &options.load, &|row| shown.get(row) == Some(&true), watch)?;
    let mut rows: Vec<usize> = (0..dataset.len()).filter(|row| shown[*row]).collect();
    // In an order of chance, of which any part is a sample again.
    rows.sort_by_cached_key(|row| (hash("view", options.seed, dataset.images.key.get(*row)), *row));
    let of_images = problems_of_images(dataset, found.health.problems.iter());
    let records = match loaded.format.name == convert::TFRECORD {
        true => Some(records::of_dataset(dataset, &rows, &options.load, watch)?),
        false => None,
    };
    let none = BTreeMap::new();
    let described = records.as_ref().map_or(&none, |records| &records.of_rows);
    let items = items::make(dataset, &rows, &of_images, described, options, watch)?;
    let sample = Sample::new(dataset.len() as u64, options);
    Ok(finish(
        Kind::Dataset,
        loaded,
        &found,
        items,
        sample,
        records.map(|records| records.summary),
        &of_images,
        names,
        options,
    ))
}

#[expect(clippy::too_many_arguments, reason = "what a page is made of")]
fn finish(
    kind: Kind,
    loaded: &Loaded,
    found: &convert::Overview,
    items: Items,
    sample: Sample,
    records: Option<records::Summary>,
    of_images: &BTreeMap<usize, Vec<&Problem>>,
    names: &[String],
    options: &ViewOptions,
) -> Page {
    let overview = Overview::new(kind, loaded, found, &items, sample, records, names, of_images, options);
    page::assemble(&overview, &items)
}

fn records_page(
    inputs: &crate::reshape::Inputs,
    names: &[String],
    options: &ViewOptions,
    watch: &mut Watch<'_>,
) -> Result<Page, ViewError> {
    let found = records::of_files(inputs, options, watch)?;
    let overview = Overview::of_records(found.summary, &found.items, names, options);
    Ok(page::assemble(&overview, &found.items))
}

/// The problems of each image that has some: those of its file, and those of its annotation where only that image's is at the
/// place.
fn problems_of_images<'p>(
    dataset: &Dataset,
    problems: impl Iterator<Item = &'p Problem>,
) -> BTreeMap<usize, Vec<&'p Problem>> {
    let mut at: Vec<(&str, u32, &'p Problem)> =
        problems.map(|problem| (problem.place.path.as_str(), problem.place.line, problem)).collect();
    // Sorted without moving those of one place.
    at.sort_by_key(|(path, line, _)| (*path, *line));
    let places: Vec<&[(&str, u32, &'p Problem)]> = at.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
    // Which images are at each place; several are as good as none.
    let mut rows: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); places.len()];
    let mut look = |path: &str, line: u32, row: usize| {
        let found = places.binary_search_by(|place| (place[0].0, place[0].1).cmp(&(path, line)));
        if let Some(rows) = found.ok().and_then(|place| rows.get_mut(place)).filter(|rows| rows.len() < 2) {
            rows.insert(row);
        }
    };
    for row in 0..if places.is_empty() { 0 } else { dataset.len() } {
        look(dataset.images.key.get(row), 0, row);
        let place = dataset.place(row, 0);
        look(&place.path, place.line, row);
        for object in dataset.objects_of(row) {
            let place = dataset.object_place(row, object);
            look(&place.path, place.line, row);
        }
    }
    let mut found: BTreeMap<usize, Vec<&Problem>> = BTreeMap::new();
    for (place, rows) in places.iter().zip(&rows) {
        if let (1, Some(row)) = (rows.len(), rows.first()) {
            found.entry(*row).or_default().extend(place.iter().map(|(.., problem)| *problem));
        }
    }
    found
}

/// Images with problems, at most `limit`: of each kind of problem in turn, the grave ones first.
fn with_problems(of_images: &BTreeMap<usize, Vec<&Problem>>, limit: usize) -> Vec<usize> {
    let mut by_kind: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (row, problems) in of_images {
        let kinds: BTreeSet<_> = problems.iter().map(|problem| problem.kind).collect();
        for kind in kinds {
            by_kind.entry((std::cmp::Reverse(kind.severity()), kind)).or_default().push(*row);
        }
    }
    let longest = by_kind.values().map(Vec::len).max().unwrap_or(0);
    let (mut rows, mut taken) = (Vec::new(), BTreeSet::new());
    for turn in 0..longest {
        for row in by_kind.values().filter_map(|rows| rows.get(turn)) {
            if rows.len() == limit {
                return rows;
            }
            if taken.insert(*row) {
                rows.push(*row);
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Image, Object, Place, ProblemKind, Problems};

    #[test]
    fn problems_lead_to_the_image_that_alone_is_there() {
        let mut dataset = Dataset::default();
        dataset.sources.push("a.csv");
        for (key, line) in [("one.png", 2), ("two.png", 3), ("three.png", 9)] {
            // The objects of the last stand on one line with its own entry, and on one with those of the others.
            let objects = [line, 7].map(|line| Object { line, ..Object::default() });
            dataset.push(Image { key, name: key, source: (0, line), ..Image::default() }, objects);
        }
        let mut problems = Problems::default();
        let mut add = |kind, place| problems.push(kind, place, "what");
        add(ProblemKind::BoxOutside, Place::line("a.csv", 3));
        add(ProblemKind::Rotated, Place::file("two.png"));
        add(ProblemKind::EmptyBox, Place::line("a.csv", 7));
        add(ProblemKind::EmptyBox, Place::line("other.csv", 2));
        add(ProblemKind::MissingImage, Place::file("three.png"));
        let found = problems_of_images(&dataset, problems.iter());
        let kinds: Vec<(usize, Vec<ProblemKind>)> =
            found.iter().map(|(row, of_row)| (*row, of_row.iter().map(|problem| problem.kind).collect())).collect();
        assert_eq!(
            kinds,
            [(1, vec![ProblemKind::BoxOutside, ProblemKind::Rotated]), (2, vec![ProblemKind::MissingImage])]
        );
        // The grave ones first.
        assert_eq!((with_problems(&found, 5), with_problems(&found, 1)), (vec![2, 1], vec![2]));
    }

    #[test]
    fn each_kind_of_problem_has_its_turn() {
        let (note, fixed) = (ProblemKind::Rotated, ProblemKind::BoxOutside);
        let problems = [note, fixed].map(|kind| Problem { kind, place: Place::file("x"), message: "what".into() });
        let of_images: BTreeMap<usize, Vec<&Problem>> =
            (0..10).map(|row| (row, vec![&problems[usize::from(row < 8)]])).chain([(10, vec![&problems[0]])]).collect();
        assert_eq!(with_problems(&of_images, 4), [0, 8, 1, 9]);
        assert_eq!(with_problems(&of_images, 100).len(), 11);
        assert!(with_problems(&of_images, 0).is_empty());
    }
}
