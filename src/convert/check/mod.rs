//! What is in a dataset, and what is wrong with it, before anything is made of it. Everything is read, each image once, and
//! nothing written.
//!
//! Problems are the readers' own, then per image what its bytes say (its header against the annotation, its objects inside
//! it: the same as a conversion would find), then what shows only when the whole is looked at: equal images, classes. What is
//! counted is what the annotations say, whether a conversion could use it or not.

mod classes;
mod statistics;
mod twins;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use self::classes::{Balance, ClassHealth};
pub use self::statistics::{
    Bar, BoxStatistics, CommonSize, Grid, ImageStatistics, PerImage, Shapes, SizeCount, Spread,
};
use self::statistics::{Boxes, Sizes};
use super::boxes::BoxRules;
use super::error::{ConvertError, io_error};
use super::fitting;
use super::images;
use super::labels;
use super::options::Options;
use super::reencode::{Reencode, Rewrite};
use super::run;
use super::watch::{Monitor, Phase, Progress, Watch};
use crate::dataset::{Dataset, NO_FILE, Place, ProblemKind, Problems, Severity, Skipped, Split};
use crate::files::Root;
use crate::formats::target::Frame;
use crate::formats::{self, LoadOptions, Loaded};
use crate::image::header;

/// What is in a dataset, and what is wrong with it. Its JSON is what `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// The source's format.
    pub format: String,
    /// Why it was taken for that, and what was decided on the way.
    pub reasons: Vec<String>,
    /// Images that the annotations and folders have.
    pub images: u64,
    /// Objects on them.
    pub objects: u64,
    /// What is not among these because it cannot be understood.
    pub skipped: Skipped,
    /// Images of which nothing is said: no object, class or caption.
    pub empty_images: u64,
    /// Images that no annotation names. Formats with a file per image take them for empty ones and count them in `images`;
    /// the others leave them out.
    pub unlabelled_images: u64,
    /// Images whose file was read.
    pub images_opened: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// The source's splits; one without a name has the images that are in none.
    pub splits: Vec<SplitHealth>,
    /// The classes, in the source's order.
    pub classes: Vec<ClassHealth>,
    /// How large images are.
    pub image_sizes: ImageStatistics,
    /// How large boxes are, after they were put right.
    pub boxes: BoxStatistics,
    /// How many objects images have.
    pub objects_per_image: PerImage,
    /// How long it took.
    pub seconds: f64,
    /// How many problems of each kind.
    #[serde(serialize_with = "super::report::counts")]
    pub problem_counts: BTreeMap<ProblemKind, u64>,
    /// The problems with their places.
    #[serde(serialize_with = "super::report::problems")]
    pub problems: Problems,
}

/// A split of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitHealth {
    /// Which; `None` is the lack of one.
    pub name: Option<&'static str>,
    /// Images in it.
    pub images: u64,
    /// Objects on them.
    pub objects: u64,
    /// Images of which nothing is said.
    pub empty_images: u64,
}

impl Health {
    /// Whether there is anything that a conversion would refuse, leave out or put right, or an image in two splits. Notes alone
    /// are no fault.
    pub fn has_faults(&self) -> bool {
        let nothing_said = self.empty_images == self.images;
        nothing_said || self.problems.count(Severity::Error) + self.problems.count(Severity::Fixed) > 0
    }
}

/// The same with what only a picture of it shows.
#[derive(Clone, Debug)]
pub struct Overview {
    /// What is in it, and what is wrong with it.
    pub health: Health,
    /// How many boxes are how large.
    pub box_sizes: Vec<SizeCount>,
}

/// Looks at the dataset in `source`, a folder or an annotation file of any known format.
pub fn check(source: &Path, options: &LoadOptions, monitor: &mut dyn Monitor) -> Result<Health, ConvertError> {
    Ok(check_and_keep(source, options, &mut Watch::new(monitor))?.1.health)
}

/// The same, with the dataset that was looked at.
pub(crate) fn check_and_keep(
    source: &Path,
    options: &LoadOptions,
    watch: &mut Watch<'_>,
) -> Result<(Loaded, Overview), ConvertError> {
    let (source, load) = (source.to_owned(), options.clone());
    let read = move || {
        let tree = formats::open(&source, &load)?;
        let mut loaded = formats::read_among(&super::formats(), &tree, &source, &load)?;
        for image in formats::unnamed(&tree, &loaded.dataset) {
            let place = Place::file(tree.path(image));
            loaded.problems.push(
                ProblemKind::UnlabelledImage,
                place,
                "no annotation that can be used names this image",
            );
        }
        Ok(loaded)
    };
    let loaded = run::aside(read, watch)?;
    let found = look(&loaded, options, &|_| true, watch)?;
    Ok((loaded, found))
}

/// Looks at a dataset that was loaded before.
pub fn check_dataset(
    loaded: &Loaded,
    options: &LoadOptions,
    monitor: &mut dyn Monitor,
) -> Result<Health, ConvertError> {
    Ok(look(loaded, options, &|_| true, &mut Watch::new(monitor))?.health)
}

/// What one image says.
struct Looked {
    /// Width and height as stored, where that is known.
    size: Option<(u32, u32)>,
    /// SHA-256 of its file.
    digest: Option<[u8; 32]>,
    problems: Problems,
}

/// Looks at a dataset of which the files of those images are read that `opens` names; of the others, what is said of their size
/// has to do.
pub(crate) fn look(
    loaded: &Loaded,
    options: &LoadOptions,
    opens: &(dyn Fn(usize) -> bool + Sync),
    watch: &mut Watch<'_>,
) -> Result<Overview, ConvertError> {
    let dataset = &loaded.dataset;
    let open = |path: &PathBuf| Root::new(path, options.allow_outside).map_err(io_error("cannot open", path));
    let roots = dataset.roots.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let (next, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = |_: usize, cancelled: &AtomicBool| {
        let (mut done, mut boxes, mut buffer) = (Vec::new(), Boxes::new(dataset.classes.len()), Vec::new());
        while !cancelled.load(Ordering::Relaxed) {
            let row = next.fetch_add(1, Ordering::Relaxed) as usize;
            if row >= dataset.len() {
                break;
            }
            let roots = if opens(row) { Some(&*roots) } else { None };
            done.push((row, look_at(dataset, row, roots, &mut buffer, &mut boxes)));
            bytes.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        }
        (done, boxes)
    };
    let total = dataset.len() as u64;
    let idle = watch.phase(Phase::Check);
    let progress = || Progress {
        images: next.load(Ordering::Relaxed).min(total),
        images_total: total,
        bytes: bytes.load(Ordering::Relaxed),
        ..idle
    };
    let threads = Options { workers: options.workers, ..Options::default() }.threads();
    let parts = watch.run(threads, work, progress, || ());
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    let mut looked = Vec::with_capacity(dataset.len());
    let mut boxes = Boxes::new(dataset.classes.len());
    for (done, of_thread) in parts {
        looked.extend(done);
        boxes.append(of_thread);
    }
    looked.sort_unstable_by_key(|(row, _)| *row);

    let mut problems = loaded.problems.clone();
    let rows: Vec<(usize, u64)> = (0..dataset.len()).map(|row| (row, 0)).collect();
    run::report_no_split(dataset, &rows, &mut problems);
    let (mut sizes, mut digests) = (Sizes::default(), Vec::new());
    for (row, looked) in looked {
        problems.append(looked.problems);
        looked.size.into_iter().for_each(|size| sizes.push(size));
        digests.extend(looked.digest.map(|digest| (digest, row)));
    }
    let images_opened = digests.len() as u64;
    twins::report(dataset, digests, &mut problems);
    labels::report_nameless(dataset, &mut problems);
    let classes = classes::of(dataset, &boxes.centres, &mut problems);
    let empty_images = (0..dataset.len()).filter(|row| dataset.is_negative(*row)).count() as u64;
    let mut reasons = loaded.reasons.clone();
    if empty_images == total {
        reasons.push("nothing is said of any image: convert takes that with --allow-empty alone".into());
    }
    let box_sizes = boxes.sizes();
    let health = Health {
        format: loaded.format.name.to_owned(),
        reasons,
        images: total,
        objects: dataset.objects.len() as u64,
        skipped: loaded.skipped.clone(),
        empty_images,
        unlabelled_images: problems.counts().get(&ProblemKind::UnlabelledImage).copied().unwrap_or(0),
        images_opened,
        bytes: bytes.into_inner(),
        splits: splits(dataset),
        classes,
        image_sizes: sizes.statistics(),
        boxes: boxes.statistics(),
        objects_per_image: PerImage::of((0..dataset.len()).map(|row| dataset.objects_of(row).len() as u64).collect()),
        seconds: watch.seconds(),
        problem_counts: problems.counts().clone(),
        problems,
    };
    Ok(Overview { health, box_sizes })
}

/// Looks at image `row`; `buffer` then holds its file, or nothing. Without `roots` the file is left alone.
fn look_at(dataset: &Dataset, row: usize, roots: Option<&[Root]>, buffer: &mut Vec<u8>, boxes: &mut Boxes) -> Looked {
    let mut looked = Looked { size: None, digest: None, problems: Problems::default() };
    buffer.clear();
    let said = (dataset.images.width[row], dataset.images.height[row]);
    // Of an image that cannot be read, what the annotation says has to do.
    let mut frame = (said.0 > 0 && said.1 > 0).then_some(Frame::plain(said));
    // Where the reader found no file, it said so.
    if let Some(roots) = roots.filter(|_| dataset.images.root[row] != NO_FILE) {
        let place = || Place::file(dataset.images.key.get(row));
        match images::open(dataset, roots, row).and_then(|mut image| image.read_to_end(buffer)) {
            Ok(_) => {
                looked.digest = Some(Sha256::digest(&*buffer).into());
                match header::read(buffer) {
                    Ok(header) => {
                        // As a conversion without options has it.
                        let rewrite = Rewrite::of(&header, Reencode::Auto, false).unwrap_or_else(|message| {
                            looked.problems.push(ProblemKind::BadImage, place(), message);
                            None
                        });
                        frame = Some(fitting::look_at(dataset, row, &header, rewrite, &mut looked.problems));
                    }
                    Err(error) => looked.problems.push(ProblemKind::BadImage, place(), error.to_string()),
                }
            }
            Err(error) => {
                let missing = error.kind() == io::ErrorKind::NotFound;
                let kind = if missing { ProblemKind::MissingImage } else { ProblemKind::BadImage };
                looked.problems.push(kind, place(), format!("cannot be read: {error}"));
                buffer.clear();
            }
        }
    }
    let Some(frame) = frame else {
        // Where parts of a size lie, its pixels do not matter.
        let objects = &dataset.objects;
        for object in dataset.objects_of(row).filter(|object| objects.normalised[*object]) {
            boxes.place(objects.class[object], objects.bbox[object], [1.0, 1.0]);
        }
        return looked;
    };
    let size = frame.stored;
    looked.size = Some(size);
    for object in dataset.objects_of(row) {
        let fitted = fitting::fit(dataset, (row, object), frame, BoxRules::default(), &mut looked.problems);
        if let Ok((_, bbox)) = fitted {
            fitting::look_at_mask(dataset, (row, object), frame, &mut looked.problems);
            boxes.push(dataset.objects.class[object], bbox, size);
        }
    }
    looked
}

fn splits(dataset: &Dataset) -> Vec<SplitHealth> {
    let every = Split::ALL.into_iter().map(Some).chain([None]);
    let count = |split: Option<Split>| {
        let ours = || (0..dataset.len()).filter(|row| dataset.images.split[*row] == split);
        SplitHealth {
            name: split.map(Split::name),
            images: ours().count() as u64,
            objects: ours().map(|row| dataset.objects_of(row).len() as u64).sum(),
            empty_images: ours().filter(|row| dataset.is_negative(*row)).count() as u64,
        }
    };
    every.map(count).filter(|split| split.images > 0).collect()
}
