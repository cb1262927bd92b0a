//! From a dataset as it was read to one that can be written in any format: sizes taken from the images, boxes inside them,
//! every image in a split and with a name of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::error::ConvertError;
use super::fitting;
use super::images::{self, ImageFile};
use super::labels::Labels;
use super::options::{ImagesMode, Options};
use super::report::DROP_EMPTY;
use super::watch::{Phase, Progress, Watch};
use crate::dataset::{Class, Dataset, NO_FILE, Place, ProblemKind, Problems, Skipped, Split};
use crate::files::Root;
use crate::formats::Carries;
use crate::formats::target::{Frame, Ready, ReadyClass, ReadyImage, ReadyObject};
use crate::image::header;

/// What became of the images on the way.
#[derive(Debug, Default)]
pub struct Found {
    /// What was left out.
    pub skipped: Skipped,
    /// What was found.
    pub problems: Problems,
    /// Images of which nothing is said that the target holds: no object, class or caption.
    pub empty: u64,
    /// Objects and images by place in the label map.
    pub classes: BTreeMap<usize, (u64, u64)>,
    /// What the names of the images should end with, by their bytes; empty where those were not looked at.
    pub extensions: Vec<&'static str>,
}

/// An image of which size and objects are known.
struct Fitted {
    frame: Frame,
    /// EXIF orientation of the image's file; 1 where that was not looked at.
    orientation: u8,
    /// Bytes of the image's file.
    bytes: Option<u64>,
    /// What its name should end with, by its bytes; empty where they were not looked at.
    extension: &'static str,
    objects: Vec<ReadyObject>,
    problems: Problems,
    skipped: Skipped,
}

/// Settles `rows` of `dataset`. Splits and names are not its business: all images are in the first split, and have no name.
pub fn settle<'a>(
    dataset: &'a Dataset,
    rows: &[usize],
    labels: &'a Labels,
    roots: &[Root],
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<(Ready<'a>, Found), ConvertError> {
    let index_of: BTreeMap<i64, u32> = (0..).zip(labels.map.labels()).map(|(place, label)| (label.id, place)).collect();
    let of_class: Vec<Option<u32>> =
        labels.of_class.iter().map(|label| index_of.get(&label.as_ref()?.id).copied()).collect();
    let fit = |row: usize| fit_image(dataset, row, &of_class, roots, options);
    let next = AtomicU64::new(0);
    let work = |_: usize, cancelled: &AtomicBool| {
        let mut done = Vec::new();
        while !cancelled.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed) as usize;
            let Some(row) = rows.get(place) else { break };
            done.push((place, fit(*row)));
        }
        done
    };
    let total = rows.len() as u64;
    let idle = watch.phase(Phase::Plan);
    let progress = || Progress { images: next.load(Ordering::Relaxed).min(total), images_total: total, ..idle };
    let mut fitted = watch.run(options.threads(), work, progress, || ()).into_iter().flatten().collect::<Vec<_>>();
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    fitted.sort_unstable_by_key(|(place, _)| *place);

    let mut found = Found::default();
    let mut images = Vec::with_capacity(rows.len());
    let mut extensions = Vec::with_capacity(rows.len());
    let mut objects = Vec::new();
    for (row, (_, fitted)) in rows.iter().zip(fitted) {
        let count = dataset.objects_of(*row).len() as u64;
        let Fitted { frame, orientation, bytes, extension, objects: ours, problems, skipped } = match fitted {
            Ok(fitted) => fitted,
            Err((kind, message)) => {
                found.problems.push(kind, Place::file(dataset.images.key.get(*row)), message);
                found.skipped.image(kind.word(), count);
                continue;
            }
        };
        found.problems.append(problems);
        let says = dataset.images.labels.get(*row).is_some() || dataset.images.captions.get(*row).is_some();
        if ours.is_empty() && !says && options.drop_empty {
            found.skipped.image(DROP_EMPTY, count);
            continue;
        }
        found.skipped.add(&skipped);
        let mut of_image: BTreeMap<usize, u64> = BTreeMap::new();
        ours.iter().for_each(|object| *of_image.entry(object.class as usize).or_default() += 1);
        let holds = |carries| options.target.is_none_or(|target| target.writes(carries));
        if holds(Carries::ImageLabels) {
            let labels = dataset.images.labels.get(*row).into_iter().flatten();
            for class in labels.filter_map(|class| of_class.get(*class as usize).copied().flatten()) {
                of_image.entry(class as usize).or_default();
            }
        }
        let captioned = holds(Carries::Captions) && dataset.images.captions.get(*row).is_some();
        found.empty += u64::from(of_image.is_empty() && !captioned);
        for (class, count) in of_image {
            let total = found.classes.entry(class).or_default();
            *total = (total.0 + count, total.1 + 1);
        }
        extensions.push(extension);
        let start = objects.len();
        objects.extend(ours);
        let (width, height) = frame.stored;
        images.push(ReadyImage {
            row: *row,
            split: Split::Train,
            name: String::new(),
            width,
            height,
            frame,
            orientation,
            bytes,
            objects: start..objects.len(),
        });
    }
    found.extensions = extensions;
    let details = |name: &str| -> Option<&'a Class> { dataset.classes.iter().find(|class| class.name == name) };
    let classes = labels.map.labels().iter();
    let classes = classes
        .map(|label| ReadyClass {
            id: label.id,
            name: Cow::Borrowed(label.name.as_str()),
            details: details(&label.name),
        })
        .collect();
    Ok((Ready { dataset, classes, images, objects, of_class, workers: options.workers }, found))
}

fn fit_image(
    dataset: &Dataset,
    row: usize,
    of_class: &[Option<u32>],
    roots: &[Root],
    options: &Options,
) -> Result<Fitted, (ProblemKind, String)> {
    let mut fitted = Fitted {
        frame: Frame::plain((dataset.images.width[row], dataset.images.height[row])),
        orientation: 1,
        bytes: None,
        extension: "",
        objects: Vec::new(),
        problems: Problems::default(),
        skipped: Skipped::default(),
    };
    let known = fitted.frame.stored.0 > 0 && fitted.frame.stored.1 > 0;
    // Images that are left where they are need not be there, if it is known how large they are.
    if !(known && options.images_mode == ImagesMode::None) {
        if dataset.images.root[row] == NO_FILE {
            let message = "the image is not there, and the annotation does not say how large it is";
            return Err((ProblemKind::MissingImage, message.into()));
        }
        let bytes = images::open(dataset, roots, row)
            .and_then(ImageFile::read_all)
            .map_err(|error| (ProblemKind::BadImage, format!("cannot be read: {error}")))?;
        let header = header::read(&bytes).map_err(|error| (ProblemKind::BadImage, error.to_string()))?;
        fitted.bytes = Some(bytes.len() as u64);
        fitted.extension = header.kind.extension();
        fitted.orientation = header.orientation;
        fitted.frame = fitting::compare(dataset, row, &header, &mut fitted.problems);
    }
    let masks = options.target.is_none_or(|target| target.writes(Carries::Masks) || target.writes(Carries::Polygons));
    for object in dataset.objects_of(row) {
        let Some(class) = of_class.get(dataset.objects.class[object] as usize).copied().flatten() else {
            // Said once for all, with its place, when the labels were made.
            fitted.skipped.object(ProblemKind::UnknownClass.word());
            continue;
        };
        let rules = options.box_rules();
        match fitting::fit(dataset, (row, object), fitted.frame, rules, &mut fitted.problems) {
            Ok((_, bbox)) => {
                if masks {
                    fitting::look_at_mask(dataset, (row, object), fitted.frame, &mut fitted.problems);
                }
                fitted.objects.push(ReadyObject { row: object, class, bbox });
            }
            Err(reason) => fitted.skipped.object(reason.word()),
        }
    }
    Ok(fitted)
}
