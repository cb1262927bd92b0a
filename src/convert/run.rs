//! A run from its beginning to its end.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::clips;
use super::columns::{all_differ, all_have_ids, has_shapes};
use super::error::{ConvertError, io_error};
use super::images;
use super::labels::{self, Labels};
use super::losses::{Loss, cut_areas, losses, record_holds, record_holds_as_keys};
use super::manifest::{self, MANIFEST, README};
use super::options::{ImagesMode, LabelSource, OnError, Options, SchemaKind, Segmentation, SourceId};
use super::pipeline::{self, Done, Job};
use super::plan::Plan;
use super::readme::{first_records, readme};
use super::report::{ClassCount, FileReport, Report, SplitCount};
use super::schema::profile::Id;
use super::schema::{Profile, keys, tfds};
use super::shard::{self, Output};
use super::split::SplitRule;
use super::watch::{Monitor, Phase, Watch};
use super::{save, scripted, select, settle};
use crate::dataset::{Dataset, LabelMap, NO_FILE, Place, ProblemKind, Problems, Severity, Skipped, Split};
use crate::files::{AtomicOptions, Root};
use crate::formats::{Carries, Format, FormatError, LoadOptions, Loaded, label_map};
use crate::inspect::sequence::list_of;
use crate::record::Compression;

/// Converts the dataset in `source`, a folder or an annotation file of any known format, to record files in the folder
/// `out`.
pub fn convert(
    source: &Path,
    out: &Path,
    options: &Options,
    monitor: &mut dyn Monitor,
) -> Result<Report, ConvertError> {
    let mut watch = Watch::new(monitor);
    options.check()?;
    let options = &options.settled();
    if !options.dry_run && options.target.is_none() {
        // What always has this name; the rest is looked for when the names of the files are known.
        shard::check_free(out, [MANIFEST], options.overwrite)?;
    }
    // Many targets have no outlines or masks. What a part of a dataset loses with them takes to have them.
    let outlined = |format: &Format| format.writes(Carries::Polygons) || format.writes(Carries::Masks);
    let wanted = options.target.map_or_else(|| record_holds(Carries::Masks, options), outlined);
    let boxes_only = !wanted && options.select.is_all();
    let (source, load) = (source.to_owned(), LoadOptions { boxes_only, ..options.load.clone() });
    let loaded = aside(move || super::load(&source, &load), &mut watch)?;
    let options = &*options.formed(&loaded.dataset)?;
    let (loaded, options) = match scripted::prepare(&loaded, options)? {
        Some((loaded, options)) => (loaded, Cow::Owned(options)),
        None => (loaded, Cow::Borrowed(options)),
    };
    run(&select::apply(loaded, &options)?, out, &options, &mut watch)
}

/// Converts a dataset that was loaded before.
pub fn convert_dataset(
    loaded: &Loaded,
    out: &Path,
    options: &Options,
    monitor: &mut dyn Monitor,
) -> Result<Report, ConvertError> {
    let mut watch = Watch::new(monitor);
    options.check()?;
    let options = &options.settled();
    let options = &*options.formed(&loaded.dataset)?;
    if let Some((loaded, options)) = scripted::prepare(loaded, options)? {
        return run(&select::apply(loaded, &options)?, out, &options, &mut watch);
    }
    if options.select.is_all() {
        return run(loaded, out, options, &mut watch);
    }
    run(&select::apply(loaded.clone(), options)?, out, options, &mut watch)
}

/// Loads on a thread of its own, so that the wish to stop is heard at once. The thread then ends when its work does;
/// it only reads.
pub(crate) fn aside(
    load: impl FnOnce() -> Result<Loaded, FormatError> + Send + 'static,
    watch: &mut Watch<'_>,
) -> Result<Loaded, ConvertError> {
    let (send, receive) = mpsc::channel();
    // Nobody listens any more when the run was cancelled.
    let work = move || drop(send.send(load()));
    let thread = thread::Builder::new().spawn(work).map_err(io_error("cannot start a thread", Path::new("")))?;
    let idle = watch.phase(Phase::Load);
    loop {
        match receive.recv_timeout(Duration::from_millis(100)) {
            Ok(loaded) => return Ok(loaded?),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if !watch.tick(&idle) {
                    return Err(ConvertError::Cancelled);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(_) => return Err(ConvertError::Ledger("loading ended without a result".into())),
            },
        }
    }
}

/// The label map that the user gave, if any; what was put right in its file goes to `problems`.
fn given_labels(options: &Options, problems: &mut Problems) -> Result<Option<LabelMap>, ConvertError> {
    match &options.labels {
        LabelSource::Made => Ok(None),
        LabelSource::Map(map) => Ok(Some(map.clone())),
        LabelSource::File(path) => {
            let (map, warnings) = label_map::read(path)?;
            for warning in warnings {
                let place = Place::line(path.display().to_string(), warning.line);
                problems.push(ProblemKind::LooseSyntax, place, warning.message);
            }
            Ok(Some(map))
        }
    }
}

/// What is known before anything is decided.
pub(super) struct Start {
    pub problems: Problems,
    pub labels: Labels,
    pub roots: Vec<Root>,
    /// What readers left out, then what we do.
    pub skipped: Skipped,
    /// Images that can be written, with the bytes of their files, in the dataset's order.
    pub rows: Vec<(usize, u64)>,
}

impl Start {
    pub(super) fn of(loaded: &Loaded, options: &Options, watch: &mut Watch<'_>) -> Result<Self, ConvertError> {
        let dataset = &loaded.dataset;
        let mut problems = loaded.problems.clone();
        if options.images_mode == ImagesMode::None {
            // Said again of those whose size is not known.
            problems.forget(ProblemKind::MissingImage);
        }
        let labels = Labels::of(dataset, given_labels(options, &mut problems)?.as_ref())?;
        if !(options.target.is_none() && options.schema.profile().drops_unknown) {
            labels.report_unknown(dataset, &mut problems);
        }
        if matches!(options.labels, LabelSource::Made) {
            labels::report_nameless(dataset, &mut problems);
        }
        let open = |path: &PathBuf| {
            Root::new(path, options.load.allow_outside).map_err(|error| io_error("cannot open", path)(error))
        };
        let roots = dataset.roots.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let mut skipped = loaded.skipped.clone();
        let rows = usable_images(dataset, &roots, options, watch, &mut problems, &mut skipped)?;
        if options.split == SplitRule::Keep {
            report_no_split(dataset, &rows, &mut problems);
        }
        Ok(Self { problems, labels, roots, skipped, rows })
    }

    /// The split of each of `rows`.
    fn splits(&self, dataset: &Dataset, options: &Options, watch: &mut Watch<'_>) -> Result<Vec<Split>, ConvertError> {
        let rows: Vec<usize> = self.rows.iter().map(|(row, _)| *row).collect();
        if options.schema.profile().of_clips && options.target.is_none() {
            let folders = clips::folders(dataset, rows.iter().copied());
            return Ok(options.split.assign_folders(dataset, &rows, &folders, options.seed, options.exact_split));
        }
        let mut splits = options.split.assign(dataset, &rows, options.seed, options.exact_split);
        // Counts are exact of what is written, so what is left out on the way has to be known before.
        if options.exact_split && (options.drop_empty || options.on_error == OnError::Skip) {
            let (ready, _) = settle::settle(dataset, &rows, &self.labels, &self.roots, options, watch)?;
            let kept: Vec<usize> = ready.images.iter().map(|image| image.row).collect();
            let exact = options.split.assign(dataset, &kept, options.seed, true);
            for (row, split) in kept.iter().zip(exact) {
                if let Ok(place) = rows.binary_search(row) {
                    splits[place] = split;
                }
            }
        }
        Ok(splits)
    }

    /// Whether what was found stops the run.
    pub(super) fn refused(&self, options: &Options) -> bool {
        let has = |severity| self.problems.count(severity) > 0;
        (options.on_error == OnError::Stop && has(Severity::Error)) || (options.strict && has(Severity::Fixed))
    }
}

fn run(loaded: &Loaded, out: &Path, options: &Options, watch: &mut Watch<'_>) -> Result<Report, ConvertError> {
    match options.target {
        Some(target) => save::run(loaded, target, out, options, watch),
        None => records(loaded, out, options, watch),
    }
}

/// What stands in `image/source_id`. Ids that are taken twice, as by files of COCO that count alike, tell no images apart.
fn settled_source_id(dataset: &Dataset, options: &Options) -> SourceId {
    match (options.source_id, options.schema.profile().source_id) {
        (SourceId::Auto, Id::Number) => {}
        (SourceId::Auto, Id::Name) => return SourceId::Filename,
        (SourceId::Auto, Id::Stem) => return SourceId::Stem,
        (asked, _) => return asked,
    }
    let ids: Option<Vec<i64>> = (0..dataset.len()).map(|row| dataset.images.id.get(row).copied()).collect();
    let own = !dataset.is_empty() && ids.is_some_and(all_differ);
    if own { SourceId::Id } else { SourceId::Index }
}

fn records(loaded: &Loaded, out: &Path, options: &Options, watch: &mut Watch<'_>) -> Result<Report, ConvertError> {
    let dataset = &loaded.dataset;
    if options.source_id == SourceId::Id && (0..dataset.len()).any(|row| dataset.images.id.get(row).is_none()) {
        let format = loaded.format.name;
        return Err(ConvertError::Option(format!("source-id id: the images of this {format} dataset have no ids")));
    }
    let profile = options.schema.profile();
    if profile.has_one_class() && !dataset.is_empty() && dataset.images.labels.is_empty() {
        let format = loaded.format.name;
        let (schema, of_objects) = match profile.beside {
            Some(_) => (options.schema, SchemaKind::Tfds),
            None => (options.schema, SchemaKind::Tfod),
        };
        let message = format!(
            "schema {schema}: the images of this {format} dataset have no classes of their own, only their objects have \
             (schema {of_objects})"
        );
        return Err(ConvertError::Option(message));
    }
    if options.segmentation != Segmentation::None && !dataset.is_empty() && !has_shapes(dataset) {
        let format = loaded.format.name;
        let message = format!("segmentation: the objects of this {format} dataset have neither outlines nor masks");
        return Err(ConvertError::Option(message));
    }
    let settled = Options { source_id: settled_source_id(dataset, options), ..options.clone() };
    let options = &settled;
    let start = Start::of(loaded, options, watch)?;
    let refused = start.refused(options);
    let splits = start.splits(dataset, options, watch)?;
    let Start { mut problems, labels, roots, mut skipped, rows } = start;
    let plan = Plan::new(dataset, &rows, &splits, &labels, options);
    let written: Vec<Split> = Split::ALL.into_iter().filter(|split| has(&plan, *split)).collect();
    let label_maps = manifest::label_map_names(&written, options);
    let metadata = if profile.beside.is_some() { &tfds::METADATA[..] } else { &[] };

    let just_rows: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
    let mut losses = losses(
        dataset,
        &just_rows,
        &splits,
        &labels,
        |carries| record_holds(carries, options),
        |all| record_holds_as_keys(all, options),
    );
    if plan.content.attributes_lost > 0 {
        losses.push(Loss { what: Carries::Attributes.word(), number: plan.content.attributes_lost, of: "objects" });
    }
    if profile.beside.is_some() {
        tfds::check_names(&labels.map, options.schema).map_err(ConvertError::Option)?;
    }
    if profile.whole_areas {
        losses.extend(cut_areas(dataset, &just_rows));
    }
    let lossy = options.no_loss && !losses.is_empty();
    let refused_or_lossy = refused || lossy;
    let output = if options.dry_run {
        None
    } else {
        let names: Vec<String> = plan.shards.iter().map(|shard| shard.name.clone()).collect();
        let others = label_maps.iter().map(String::as_str).chain(metadata.iter().copied()).chain([README, MANIFEST]);
        shard::check_free(out, names.iter().map(String::as_str).chain(others), options.overwrite)?;
        let atomic = AtomicOptions { sync: options.sync, overwrite: options.overwrite };
        // A run that is refused already has no need of a folder.
        let at_least = |shard: &super::plan::Shard| match options.compression {
            // The images are in it as they are.
            Compression::None => shard.images.iter().map(|image| image.bytes).sum(),
            _ => 0,
        };
        let shards = names.into_iter().zip(plan.shards.iter().map(at_least)).collect();
        if refused_or_lossy { None } else { Some(Output::open(out, shards, atomic)?) }
    };

    let job = Job {
        dataset,
        roots: &roots,
        plan: &plan,
        output: output.as_ref(),
        compression: options.compression,
        level: options.level,
        file_sha256: options.file_sha256,
        threads: options.threads(),
        stop_on_error: options.on_error == OnError::Stop,
        strict: options.strict,
        refused: refused_or_lossy,
    };
    let mut done = pipeline::run(&job, watch)?;
    problems.append(std::mem::take(&mut done.total.problems));
    skipped.add(&done.total.skipped);

    let mut report = Report {
        format: loaded.format.name.to_owned(),
        reasons: loaded.reasons.clone(),
        target: "tfrecord".to_owned(),
        output: out.to_owned(),
        dry_run: options.dry_run,
        schema: Some(options.schema),
        losses,
        images: done.total.images,
        objects: done.total.objects,
        images_read: dataset.len() as u64 + loaded.skipped.images,
        objects_read: dataset.objects.len() as u64 + loaded.skipped.objects,
        empty_images: done.total.empty,
        reencoded: done.total.reencoded,
        skipped,
        classes: classes(&labels, &done, profile),
        splits: split_counts(&written, &plan, &done),
        files: files(&plan, &done),
        annotation_files: 0,
        image_files: 0,
        bytes: done.shards.iter().map(|shard| shard.bytes).sum(),
        seconds: watch.seconds(),
        unknown_classes: labels.unknown.clone(),
        problem_counts: problems.counts().clone(),
        problems,
    };
    let columns = plan.content.columns;
    if labels.shifted && !profile.zero_based {
        report.reasons.push("classes count from 1 (0 is the background); in the source from 0".into());
    }
    if profile.has(&keys::ID) && all_have_ids(dataset) && !columns.id {
        let id_key = profile.name_of(&keys::ID);
        report.reasons.push(format!("{id_key} is left out: objects of one split have the same"));
    }
    if profile.of_clips {
        report.reasons.push(format!("records are clips: {} of {} images", done.total.records, report.images));
    }
    if done.total.unmasked > 0 {
        let key = profile.name_of(&keys::MASK);
        let key = if profile.of_clips { list_of(key) } else { key.into() };
        let said = "objects without outline and mask, whose";
        report.reasons.push(format!("{said} {key} has no pixel: {}", done.total.unmasked));
    }
    if report.reencoded > 0 {
        let said = "images were encoded anew: TensorFlow does not decode them as they are, or that was asked for";
        report.reasons.push(format!("{} {said}", report.reencoded));
    }
    report.say_maybe_turned();
    report.say_empty_splits(options);
    report.balance().map_err(ConvertError::Ledger)?;
    let without_objects = report.objects == 0 && !(columns.labels || columns.captions);
    let empty = !options.allow_empty && (report.images == 0 || without_objects);
    if refused || done.refused || lossy || empty {
        // There are no files.
        report.files.clear();
        report.splits.iter_mut().for_each(|split| split.files.clear());
        report.bytes = 0;
        let error = match () {
            () if refused || done.refused && !lossy => ConvertError::Refused,
            () if lossy => ConvertError::Lossy,
            () => ConvertError::Empty,
        };
        return Err(error(Box::new(report)));
    }
    let Some(output) = output else { return Ok(report) };

    let mut others: Vec<(String, Vec<u8>)> = Vec::new();
    for name in &label_maps {
        others.push((name.clone(), manifest::label_map_text(&labels.map, options).into_bytes()));
    }
    if !metadata.is_empty() {
        let made = tfds::metadata(&report, &plan.content, labels.map.labels().len());
        others.extend(made.map_err(|error| ConvertError::Ledger(error.to_string()))?);
    }
    let one_class = rows.iter().all(|(row, _)| dataset.images.labels.get(*row).is_some_and(|labels| labels.len() == 1));
    let reading = first_records(&output, &report, &|key| profile.is_list(key, one_class))?;
    let text = readme(&report, options, &plan.content, &label_maps, reading.as_ref());
    others.push((README.into(), text.into_bytes()));
    let text = manifest::manifest(&report, &label_maps, metadata, options)
        .map_err(|error| ConvertError::Ledger(error.to_string()))?;
    others.push((MANIFEST.into(), text));
    finish(output, others, out, &report, options, watch)?;
    Ok(Report { seconds: watch.seconds(), ..report })
}

fn has(plan: &Plan, split: Split) -> bool {
    plan.shards.iter().any(|shard| shard.split == split)
}

/// Gives all files their names, and removes the files of an earlier run that this one replaces but does not have: a
/// reader that takes all files by pattern would mix them with ours.
fn finish(
    output: Output,
    others: Vec<(String, Vec<u8>)>,
    out: &Path,
    report: &Report,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<(), ConvertError> {
    let mut stale = if options.overwrite { manifest::listed_in(out) } else { Vec::new() };
    let ours: HashSet<&str> = report
        .files
        .iter()
        .map(|file| &file.name)
        .chain(others.iter().map(|(name, _)| name))
        .map(String::as_str)
        .collect();
    stale.retain(|name| !ours.contains(name.as_str()));
    let output = std::sync::Mutex::new(Some(output));
    let commit = |_: usize, cancelled: &AtomicBool| match output.lock() {
        Ok(mut output) => output.take().map_or(Ok(()), |output| output.commit(&others, &stale, cancelled)),
        Err(_) => Err(ConvertError::Ledger("the output is gone".into())),
    };
    let idle = watch.phase(Phase::Commit);
    watch.run(1, commit, || idle, || ()).into_iter().collect()
}

/// The images that can be written, with the bytes of their files, in the dataset's order.
fn usable_images(
    dataset: &Dataset,
    roots: &[Root],
    options: &Options,
    watch: &mut Watch<'_>,
    problems: &mut Problems,
    skipped: &mut Skipped,
) -> Result<Vec<(usize, u64)>, ConvertError> {
    let threads = options.threads();
    let idle = watch.phase(Phase::Plan);
    let part = dataset.len().div_ceil(threads.max(1)).max(1);
    let look = |thread: usize, cancelled: &AtomicBool| {
        let rows = (thread * part).min(dataset.len())..((thread + 1) * part).min(dataset.len());
        rows.map_while(|row| (!cancelled.load(Ordering::Relaxed)).then(|| size_of(dataset, roots, row)))
            .collect::<Vec<_>>()
    };
    let sizes: Vec<Size> = watch.run(threads, look, || idle, || ()).concat();
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    // A reader says itself which images it did not find; a dataset that was made by hand has nobody who did.
    let about_files =
        [ProblemKind::MissingImage, ProblemKind::OutsideRoot, ProblemKind::AmbiguousImage, ProblemKind::DuplicateImage];
    let mut said: HashMap<String, BTreeMap<u32, ProblemKind>> = HashMap::new();
    for problem in problems.iter().filter(|problem| about_files.contains(&problem.kind)) {
        said.entry(problem.place.path.clone()).or_default().entry(problem.place.line).or_insert(problem.kind);
    }
    let mut rows = Vec::with_capacity(sizes.len());
    for (row, size) in sizes.into_iter().enumerate() {
        let objects = dataset.objects_of(row).len() as u64;
        let no_file = matches!(size, Size::NoFile);
        let known = dataset.images.width[row] > 0 && dataset.images.height[row] > 0;
        // Images that are left where they are need not be there, if it is known how large they are.
        let size = match size {
            Size::NoFile | Size::Refused(..) if known && options.images_mode == ImagesMode::None => Size::Bytes(0),
            size => size,
        };
        let (kind, place, message) = match size {
            Size::Bytes(_) if options.drop_empty && dataset.is_negative(row) => {
                skipped.image(super::report::DROP_EMPTY, 0);
                continue;
            }
            Size::Bytes(bytes) => {
                rows.push((row, bytes));
                continue;
            }
            Size::NoFile => {
                let message = format!("image {:?} is not there", dataset.images.name.get(row));
                let place = dataset.place(row, 0);
                // The reader's own reason: of the line, or of the whole file.
                let lines = said.get(&place.path);
                let kind = lines.and_then(|lines| lines.get(&place.line).or_else(|| lines.get(&0)));
                (kind.copied().unwrap_or(ProblemKind::MissingImage), place, message)
            }
            Size::Refused(kind, message) => (kind, Place::file(dataset.images.key.get(row)), message),
        };
        skipped.image(kind.word(), objects);
        if !(no_file && said.contains_key(&place.path)) {
            problems.push(kind, place, message);
        }
    }
    Ok(rows)
}

/// A note for each image that the source puts in no split, where it puts others in one: it was perhaps left out of the
/// lists on purpose.
pub(super) fn report_no_split(dataset: &Dataset, rows: &[(usize, u64)], problems: &mut Problems) {
    let split = |row: &usize| dataset.images.split[*row];
    if rows.iter().all(|(row, _)| split(row).is_none()) {
        return;
    }
    for (row, _) in rows.iter().filter(|(row, _)| split(row).is_none()) {
        problems.push(
            ProblemKind::NoSplit,
            dataset.place(*row, 0),
            "the source puts it in no split; taken for training",
        );
    }
}

#[derive(Clone)]
enum Size {
    Bytes(u64),
    NoFile,
    Refused(ProblemKind, String),
}

fn size_of(dataset: &Dataset, roots: &[Root], row: usize) -> Size {
    let root = dataset.images.root[row];
    let Some(root) = roots.get(usize::from(root)).filter(|_| root != NO_FILE) else {
        return Size::NoFile;
    };
    match images::size_of(dataset, root, row) {
        Ok(Some(bytes)) => Size::Bytes(bytes),
        Ok(None) => Size::Refused(ProblemKind::BadImage, "is not a regular file".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Size::Refused(ProblemKind::MissingImage, "the file is not there".into())
        }
        Err(error) => Size::Refused(ProblemKind::BadImage, format!("cannot be looked up: {error}")),
    }
}

fn classes(labels: &Labels, done: &Done, profile: &Profile) -> Vec<ClassCount> {
    let count = |(index, label): (usize, &crate::dataset::Label)| {
        let (objects, images) = done.total.classes.get(&index).copied().unwrap_or_default();
        let id = if profile.zero_based { index as i64 } else { label.id };
        ClassCount { id, name: label.name.clone(), objects, images }
    };
    labels.map.labels().iter().enumerate().map(count).collect()
}

fn split_counts(splits: &[Split], plan: &Plan, done: &Done) -> Vec<SplitCount> {
    let count = |split: &Split| {
        let ours = || plan.shards.iter().zip(&done.shards).filter(|(shard, _)| shard.split == *split);
        SplitCount {
            name: *split,
            images: ours().map(|(_, done)| done.images).sum(),
            objects: ours().map(|(_, done)| done.objects).sum(),
            files: ours().map(|(shard, _)| shard.name.clone()).collect(),
        }
    };
    splits.iter().map(count).collect()
}

fn files(plan: &Plan, done: &Done) -> Vec<FileReport> {
    let file = |(shard, done): (&super::plan::Shard, &pipeline::ShardDone)| FileReport {
        name: shard.name.clone(),
        split: shard.split,
        records: done.records,
        bytes: done.bytes,
        crc32c: done.crc32c.map(|crc32c| format!("{crc32c:08x}")),
        sha256: done.sha256.clone(),
    };
    plan.shards.iter().zip(&done.shards).map(file).collect()
}
