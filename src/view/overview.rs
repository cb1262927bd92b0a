//! What a page says of the whole: of all images, of the sample, of the records.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::items::{Items, title_of};
use super::records::Summary;
use super::{SHOWN, ViewOptions};
use crate::convert;
use crate::convert::SizeCount;
use crate::convert::check::{Balance, BoxStatistics, Grid, ImageStatistics, PerImage};
use crate::dataset::{Place, Problem, ProblemKind, Problems, Severity, Skipped};
use crate::formats::Loaded;

/// Classes that are told though no image that is shown is of them.
const CLASSES: usize = 400;
/// Classes of which it is told where their boxes lie.
const GRIDS: usize = 60;
/// Problems that are told, the same number of each kind, but never fewer of one than [`OF_KIND`].
const PROBLEMS: usize = 1000;
const OF_KIND: usize = 20;

/// What a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A dataset.
    Dataset,
    /// What is wrong with a dataset.
    Health,
    /// Records.
    Records,
}

/// Of how many images or records some are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// How many are shown.
    pub shown: u64,
    /// Of so many.
    pub of: u64,
    /// How many were to be.
    pub limit: u64,
    /// Which ones were drawn.
    pub seed: u64,
    /// Whether there are fewer, so that the page stays small.
    pub cut: bool,
}

impl Sample {
    /// Of `of`, before it is known how many there are.
    pub fn new(of: u64, options: &ViewOptions) -> Self {
        Self { shown: 0, of, limit: options.limit.unwrap_or(SHOWN), seed: options.seed, cut: false }
    }

    fn with(self, items: &Items) -> Self {
        Self { shown: items.list.len() as u64, cut: items.cut, ..self }
    }
}

/// All of that.
#[derive(Debug, Serialize)]
pub struct Overview {
    kind: Kind,
    /// What the page is called.
    pub title: String,
    version: &'static str,
    sources: Vec<String>,
    /// How many are shown.
    pub sample: Sample,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<About>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) records: Option<Summary>,
}

/// Of a dataset.
#[derive(Debug, Serialize)]
struct About {
    format: String,
    format_title: &'static str,
    reasons: Vec<String>,
    images: u64,
    objects: u64,
    skipped: Skipped,
    empty_images: u64,
    unlabelled_images: u64,
    images_opened: u64,
    bytes: u64,
    splits: Vec<convert::check::SplitHealth>,
    classes: Vec<ClassRow>,
    /// Classes in all, also those that are not told.
    class_count: usize,
    image_sizes: ImageStatistics,
    boxes: BoxStatistics,
    box_sizes: Vec<SizeCount>,
    /// Where the middles of all boxes lie.
    centres: Grid,
    objects_per_image: PerImage,
    problems: Vec<ProblemRow>,
}

#[derive(Debug, Serialize)]
struct ClassRow {
    /// Its place in the dataset.
    place: usize,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_id: Option<i64>,
    objects: u64,
    images: u64,
    share: f64,
    balance: Balance,
    #[serde(skip_serializing_if = "Option::is_none")]
    centres: Option<Grid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keypoints: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skeleton: Vec<[u32; 2]>,
}

/// Problems of a kind.
#[derive(Debug, Serialize)]
struct ProblemRow {
    kind: ProblemKind,
    severity: Severity,
    count: u64,
    /// Where, what, and the place of its image on the page.
    listed: Vec<(Place, String, Option<usize>)>,
}

impl Overview {
    /// Of a dataset.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a dataset")]
    pub fn new(
        kind: Kind,
        loaded: &Loaded,
        found: &convert::Overview,
        items: &Items,
        sample: Sample,
        records: Option<Summary>,
        names: &[String],
        of_images: &BTreeMap<usize, Vec<&Problem>>,
        options: &ViewOptions,
    ) -> Self {
        let health = &found.health;
        let mut centres = Grid::default();
        for class in &health.classes {
            let cells = centres.iter_mut().flatten().zip(class.centres.iter().flatten());
            cells.for_each(|(sum, cell)| *sum += cell);
        }
        Self {
            kind,
            title: title(names, options),
            version: env!("CARGO_PKG_VERSION"),
            sources: names.to_vec(),
            sample: sample.with(items),
            dataset: Some(About {
                format: health.format.clone(),
                format_title: title_of(&health.format),
                reasons: health.reasons.clone(),
                images: health.images,
                objects: health.objects,
                skipped: health.skipped.clone(),
                empty_images: health.empty_images,
                unlabelled_images: health.unlabelled_images,
                images_opened: health.images_opened,
                bytes: health.bytes,
                splits: health.splits.clone(),
                classes: classes(loaded, found, items),
                class_count: health.classes.len(),
                image_sizes: health.image_sizes.clone(),
                boxes: health.boxes.clone(),
                box_sizes: found.box_sizes.clone(),
                centres,
                objects_per_image: health.objects_per_image.clone(),
                problems: problems(&health.problems, of_images, items),
            }),
            records,
        }
    }

    /// Of records that are no dataset.
    pub fn of_records(summary: Summary, items: &Items, names: &[String], options: &ViewOptions) -> Self {
        Self {
            kind: Kind::Records,
            title: title(names, options),
            version: env!("CARGO_PKG_VERSION"),
            sources: names.to_vec(),
            sample: Sample::new(summary.records, options).with(items),
            dataset: None,
            records: Some(summary),
        }
    }
}

/// The source's own name, and how many more there are.
fn title(names: &[String], options: &ViewOptions) -> String {
    if let Some(title) = &options.title {
        return title.clone();
    }
    let Some(first) = names.first() else { return "recordmill".into() };
    let name = first.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(first);
    // `.` and `..` say nothing.
    let name = if name.chars().all(|letter| letter == '.') { first } else { name };
    match names.len() - 1 {
        0 => name.to_owned(),
        more => format!("{name} and {more} more"),
    }
}

/// The classes of images that are shown, and the most frequent others.
fn classes(loaded: &Loaded, found: &convert::Overview, items: &Items) -> Vec<ClassRow> {
    let all = &found.health.classes;
    let mut frequent: Vec<usize> = (0..all.len()).collect();
    frequent.sort_by_key(|place| (std::cmp::Reverse((all[*place].objects, all[*place].images)), *place));
    let grids: BTreeSet<usize> = frequent.iter().take(GRIDS).copied().collect();
    let mut told: BTreeSet<usize> = items.classes.iter().map(|class| *class as usize).collect();
    told.extend(frequent.iter().take(CLASSES));
    let row = |place: usize| {
        let class = all.get(place)?;
        let details = loaded.dataset.classes.get(place)?;
        Some(ClassRow {
            place,
            name: class.name.clone(),
            source_id: class.source_id,
            objects: class.objects,
            images: class.images,
            share: class.share,
            balance: class.balance,
            centres: (grids.contains(&place) && class.objects > 0).then_some(class.centres),
            keypoints: details.keypoints.clone(),
            skeleton: details.skeleton.clone(),
        })
    };
    told.into_iter().filter_map(row).collect()
}

/// The problems by kind, the grave ones first.
fn problems(problems: &Problems, of_images: &BTreeMap<usize, Vec<&Problem>>, items: &Items) -> Vec<ProblemRow> {
    // A problem is known by where it is in memory: others may be told in the same words.
    let mut shown: HashMap<*const Problem, usize> = HashMap::new();
    for (place, row) in items.rows.iter().enumerate() {
        shown.extend(of_images.get(row).into_iter().flatten().map(|problem| (std::ptr::from_ref(*problem), place)));
    }
    let mut rows: BTreeMap<_, ProblemRow> = BTreeMap::new();
    for (kind, count) in problems.counts() {
        let severity = kind.severity();
        let row = ProblemRow { kind: *kind, severity, count: *count, listed: Vec::new() };
        rows.insert((std::cmp::Reverse(severity), *kind), row);
    }
    let of_kind = (PROBLEMS / rows.len().max(1)).max(OF_KIND);
    for problem in problems.iter() {
        let key = (std::cmp::Reverse(problem.kind.severity()), problem.kind);
        if let Some(row) = rows.get_mut(&key).filter(|row| row.listed.len() < of_kind) {
            let image = shown.get(&std::ptr::from_ref(problem)).copied();
            row.listed.push((problem.place.clone(), problem.message.clone(), image));
        }
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_called_like_their_sources() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            title(&names, &ViewOptions::default())
        };
        assert_eq!(
            [of(&["a/pets/"]), of(&["a.tfrecord", "b", "c"]), of(&[".."]), of(&[])],
            ["pets", "a.tfrecord and 2 more", "..", "recordmill"]
        );
        let options = ViewOptions { title: Some("Mine".into()), ..ViewOptions::default() };
        assert_eq!(title(&["pets".into()], &options), "Mine");
    }
}
