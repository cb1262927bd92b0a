//! A dataset into any format but TFRecord: annotation files by the format's own writer, image files copied, linked, or left
//! where they are; all of it in a folder that gets its name at the end.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{ConvertError, busy, io_error};
use super::images;
use super::losses::{losses, unfit_classes, unfit_labels, unfit_masks};
use super::manifest::{self, OF_DATASET};
use super::options::{ImagesMode, LabelSource, Options};
use super::report::{ClassCount, Report, SplitCount};
use super::run::Start;
use super::settle::{self, Found};
use super::watch::{Phase, Progress, Watch};
use crate::dataset::Split;
use crate::files::{Root, Staging};
use crate::formats::target::{FileNames, Ready, ReadyClass, ReadyImage, Remarks, Sink};
use crate::formats::{Carries, Format, FormatError, FormatErrorKind, Loaded, Write as Writer};

/// Room for what a writer has not handed over yet.
const BUFFER: usize = 1 << 16;

/// Writes a loaded dataset in the format `target`.
pub(super) fn run(
    loaded: &Loaded,
    target: &'static Format,
    out: &Path,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Report, ConvertError> {
    let Some(writer) = target.write else {
        return Err(ConvertError::Option(format!("format {} is only read, not written", target.name)));
    };
    if !options.dry_run && !options.overwrite {
        check_empty(out)?;
    }
    let dataset = &loaded.dataset;
    let there = |path: &Path| fs::canonicalize(path).ok();
    if there(out).is_some_and(|out| dataset.roots.iter().any(|root| there(root).as_ref() == Some(&out))) {
        return Err(ConvertError::Option(format!("{} is the source's own folder; write to another", out.display())));
    }
    let mut start = Start::of(loaded, options, watch)?;
    let rows: Vec<usize> = start.rows.iter().map(|(row, _)| *row).collect();
    let (mut ready, found) = settle::settle(dataset, &rows, &start.labels, &start.roots, options, watch)?;
    let kept: Vec<usize> = ready.images.iter().map(|image| image.row).collect();
    let splits = options.split.assign(dataset, &kept, options.seed, options.exact_split);
    // What tells images apart besides their names.
    let folders = if writer.folders { splits.clone() } else { vec![Split::Train; splits.len()] };
    let names = FileNames::of(dataset, &kept, &found.extensions, &folders);
    let renamed = names.changed();
    for (image, (split, name)) in ready.images.iter_mut().zip(splits.iter().zip(names.into_names())) {
        (image.split, image.name) = (*split, name);
    }
    let own = matches!(options.labels, LabelSource::Made) && loaded.format.carries.contains(&Carries::ClassIds);
    let kept_ids = own && target.writes(Carries::ClassIds) && keep_ids(&mut ready);
    let mut losses = losses(
        dataset,
        &kept,
        &splits,
        &start.labels,
        |carries| target.writes(carries),
        |all| target.holds_as_fields(all),
    );
    losses.retain(|loss| !(kept_ids && loss.what == Carries::ClassIds.word()));
    if target.writes(Carries::Masks) {
        losses.extend(unfit_masks(&ready));
    }
    losses.extend(unfit_classes(&ready, target));
    losses.extend(unfit_labels(&ready, target));
    start.problems.append(found.problems.clone());
    start.skipped.add(&found.skipped);
    let refused = start.refused(options);
    let mut report = Report {
        format: loaded.format.name.to_owned(),
        reasons: loaded.reasons.clone(),
        target: target.name.to_owned(),
        output: out.to_owned(),
        dry_run: options.dry_run,
        schema: None,
        losses,
        images: ready.images.len() as u64,
        objects: ready.objects.len() as u64,
        images_read: dataset.len() as u64 + loaded.skipped.images,
        objects_read: dataset.objects.len() as u64 + loaded.skipped.objects,
        empty_images: found.empty,
        reencoded: 0,
        skipped: start.skipped.clone(),
        classes: classes(&ready, &found),
        splits: split_counts(&ready),
        files: Vec::new(),
        annotation_files: 0,
        image_files: 0,
        bytes: 0,
        seconds: watch.seconds(),
        unknown_classes: start.labels.unknown.clone(),
        problem_counts: start.problems.counts().clone(),
        problems: start.problems.clone(),
    };
    if renamed > 0 {
        let why = "two had the same, or theirs is none that readers or file systems take for an image's";
        report.reasons.push(format!("images with another file name, since {why}: {renamed}"));
    }
    report.say_maybe_turned();
    report.say_empty_splits(options);
    report.balance().map_err(ConvertError::Ledger)?;
    if refused {
        return Err(ConvertError::Refused(Box::new(report)));
    }
    if options.no_loss && !report.losses.is_empty() {
        return Err(ConvertError::Lossy(Box::new(report)));
    }
    if !options.allow_empty && !ready.images.iter().any(|image| says(&ready, image, target)) {
        return Err(ConvertError::Empty(Box::new(report)));
    }
    if options.dry_run {
        return Ok(report);
    }

    let staging = Staging::open(out).map_err(|error| busy(error, out))?;
    let placing = Placing { staging: &staging, images: Mutex::default(), bytes: Arc::default(), out };
    report.reasons.extend(write(&ready, writer, &placing, watch)?);
    let placed = std::mem::take(&mut *placing.images.lock().unwrap_or_else(PoisonError::into_inner));
    report.annotation_files = staging.names().len() as u64;
    report.image_files = if options.images_mode == ImagesMode::None { 0 } else { placed.len() as u64 };
    let bytes = placing.bytes.load(Ordering::Relaxed);
    let copied = copy_images(&ready, &placed, &start.roots, &staging, options, watch)?;
    report.bytes = bytes + copied.bytes;
    if copied.not_linked > 0 {
        report.reasons.push(format!("images copied because they cannot be linked: {}", copied.not_linked));
    }
    let names = staging.names();
    let text =
        manifest::of_dataset(&report, &names, options).map_err(|error| ConvertError::Ledger(error.to_string()))?;
    staging
        .create(OF_DATASET)
        .and_then(|mut file| file.write_all(&text))
        .map_err(io_error("cannot write", &out.join(OF_DATASET)))?;
    let mut stale = if options.overwrite { manifest::listed_in(out) } else { Vec::new() };
    stale.retain(|name| name != OF_DATASET && names.binary_search(name).is_err());
    let staging = Mutex::new(Some(staging));
    let commit = |_: usize, cancelled: &AtomicBool| match staging.lock().map(|mut staging| staging.take()) {
        Ok(Some(staging)) => match staging.commit(options.sync, OF_DATASET, &stale, cancelled) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(ConvertError::Cancelled),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(ConvertError::Exists { path: out.to_owned() })
            }
            Err(error) => Err(io_error("cannot give the files their names", out)(error)),
        },
        _ => Err(ConvertError::Ledger("the output is gone".into())),
    };
    let idle = watch.phase(Phase::Commit);
    watch.run(1, commit, || idle, || ()).into_iter().collect::<Result<(), ConvertError>>()?;
    Ok(Report { seconds: watch.seconds(), ..report })
}

/// Whether `target` can hold anything that is said of image `row`.
fn says(ready: &Ready<'_>, image: &ReadyImage, target: &Format) -> bool {
    use Carries::{Boxes, Captions, Corners, ImageLabels, Keypoints, Masks, Polygons};
    let draws = [Boxes, Polygons, Masks, Keypoints, Corners].iter().any(|carries| target.writes(*carries));
    (draws && !ready.objects_of(image).is_empty())
        || (target.writes(ImageLabels) && !ready.labels(image).is_empty())
        || (target.writes(Captions) && !ready.captions(image).is_empty())
}

/// Refuses a folder that has anything in it.
fn check_empty(out: &Path) -> Result<(), ConvertError> {
    match fs::read_dir(out) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(entry) => {
                let path = entry.map_err(io_error("cannot look for earlier files", out))?.path();
                Err(ConvertError::Exists { path })
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error("is no folder that can be written to", out)(error)),
    }
}

/// Runs the writer on a thread of its own.
fn write(
    ready: &Ready<'_>,
    writer: Writer,
    placing: &Placing<'_>,
    watch: &mut Watch<'_>,
) -> Result<Remarks, ConvertError> {
    let idle = watch.phase(Phase::Write);
    let total = ready.images.len() as u64;
    let progress = || Progress { images_total: total, ..idle };
    let work = |_: usize, cancelled: &AtomicBool| (writer.write)(ready, &Stoppable { placing, cancelled });
    let written = watch.run(1, work, progress, || ()).into_iter().next();
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    match written {
        Some(Ok(remarks)) => Ok(remarks),
        Some(Err(error)) => Err(of_writer(error, placing.out)),
        None => Err(ConvertError::Ledger("nothing was written".into())),
    }
}

/// What the system said to a writer, at the path where it would have ended up.
fn of_writer(error: FormatError, out: &Path) -> ConvertError {
    match error.kind() {
        FormatErrorKind::Io(cause) => {
            let cause = match cause.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(cause.kind(), cause.to_string()),
            };
            io_error("cannot write", &out.join(error.path()))(cause)
        }
        _ => ConvertError::Format(error),
    }
}

/// Takes files from a writer.
struct Placing<'a> {
    staging: &'a Staging,
    /// Image and the name of its file.
    images: Mutex<Vec<(usize, String)>>,
    bytes: Arc<AtomicU64>,
    out: &'a Path,
}

struct Stoppable<'a> {
    placing: &'a Placing<'a>,
    cancelled: &'a AtomicBool,
}

/// A file whose bytes are counted.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for Stoppable<'_> {
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let file = self.placing.staging.create(name)?;
        Ok(Box::new(BufWriter::with_capacity(BUFFER, Counted { file, bytes: Arc::clone(&self.placing.bytes) })))
    }

    fn image(&self, place: usize, name: &str) -> io::Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.placing.images.lock().unwrap_or_else(PoisonError::into_inner).push((place, name.to_owned()));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Copied {
    bytes: u64,
    not_linked: u64,
}

/// Copies or links images to their names.
fn copy_images(
    ready: &Ready<'_>,
    placed: &[(usize, String)],
    roots: &[Root],
    staging: &Staging,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Copied, ConvertError> {
    if options.images_mode == ImagesMode::None {
        return Ok(Copied::default());
    }
    let (next, bytes, not_linked) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let work = |_: usize, cancelled: &AtomicBool| -> Result<(), ConvertError> {
        while !cancelled.load(Ordering::Relaxed) {
            let Some((image, name)) = placed.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let images = &ready.dataset.images;
            let row = ready.images[*image].row;
            let Some(root) = roots.get(usize::from(images.root[row])) else { continue };
            let from = || root.path().join(images.file.get(row));
            let source =
                images::open(ready.dataset, roots, row).map_err(|error| io_error("cannot be read", &from())(error))?;
            let target = staging.place(name).map_err(|error| io_error("cannot write", &from())(error))?;
            let linked = match source.whole() {
                Some(whole) if options.images_mode == ImagesMode::Link && link(whole, &from(), &target) => Some(whole),
                _ => None,
            };
            let linked = linked.map(File::metadata);
            if options.images_mode == ImagesMode::Link && linked.is_none() {
                not_linked.fetch_add(1, Ordering::Relaxed);
            }
            let copied = match linked {
                Some(about) => about.map(|about| about.len()),
                None => File::create_new(&target).and_then(|mut file| source.copy_to(&mut file)),
            };
            bytes.fetch_add(copied.map_err(|error| io_error("cannot be copied", &from())(error))?, Ordering::Relaxed);
        }
        Ok(())
    };
    let idle = watch.phase(Phase::Write);
    let total = placed.len() as u64;
    let progress = || Progress {
        images: (next.load(Ordering::Relaxed) as u64).min(total),
        images_total: total,
        bytes: bytes.load(Ordering::Relaxed),
        ..idle
    };
    watch.run(options.threads(), work, progress, || ()).into_iter().collect::<Result<(), _>>()?;
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    Ok(Copied { bytes: bytes.load(Ordering::Relaxed), not_linked: not_linked.load(Ordering::Relaxed) })
}

/// Gives the file at `from`, which is open as `source`, a second name; whether that worked.
fn link(source: &File, from: &Path, target: &Path) -> bool {
    if fs::hard_link(from, target).is_err() {
        return false;
    }
    // The path may lead elsewhere by now, or be a link by itself.
    let same = match (source.metadata(), fs::symlink_metadata(target)) {
        (Ok(opened), Ok(linked)) => same_file(&opened, &linked),
        _ => false,
    };
    if !same {
        drop(fs::remove_file(target));
    }
    same
}

#[cfg(unix)]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    b.is_file() && a.len() == b.len()
}

/// Gives the classes the ids that they have in the source, 0 among them, which in records is the background; whether it could.
fn keep_ids(ready: &mut Ready<'_>) -> bool {
    let id = |class: &ReadyClass<'_>| class.details?.source_id.filter(|id| *id >= 0);
    let ids: Option<Vec<i64>> = ready.classes.iter().map(id).collect();
    let Some(ids) = ids.filter(|ids| ids.iter().collect::<HashSet<_>>().len() == ids.len()) else { return false };
    ready.classes.iter_mut().zip(ids).for_each(|(class, id)| class.id = id);
    true
}

fn classes(ready: &Ready<'_>, found: &Found) -> Vec<ClassCount> {
    let count = |(place, class): (usize, &ReadyClass<'_>)| {
        let (objects, images) = found.classes.get(&place).copied().unwrap_or_default();
        ClassCount { id: class.id, name: class.name.to_string(), objects, images }
    };
    ready.classes.iter().enumerate().map(count).collect()
}

fn split_counts(ready: &Ready<'_>) -> Vec<SplitCount> {
    let count = |split: Split| {
        let ours = || ready.images.iter().filter(|image| image.split == split);
        SplitCount {
            name: split,
            images: ours().count() as u64,
            objects: ours().map(|image| image.objects.len() as u64).sum(),
            files: Vec::new(),
        }
    };
    ready.splits().into_iter().map(count).collect()
}
