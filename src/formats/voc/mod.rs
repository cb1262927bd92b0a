//! PASCAL VOC XML: a file per image.
//!
//! ```text
//! <annotation>
//!   <folder/> <filename>a.jpg</filename> <path/> <source><database/></source>
//!   <size><width>500</width><height>375</height><depth>3</depth></size> <segmented/>
//!   <object>*
//!     <name>cat</name> <pose/>? <truncated/>? <occluded/>? <difficult/>?
//!     <bndbox><xmin/><ymin/><xmax/><ymax/></bndbox>  or  <polygon><x1/><y1/><x2/><y2/>...</polygon>
//!     <attributes><attribute><name/><value/></attribute></attributes>? <actions/>? <part/>*
//! ```
//!
//! Children in any order, tags in any case, all but `name` and the box may be missing; the root may be called
//! `annotations`. Specification: the VOC2012 development kit, section 9; quirks: those of LabelImg, CVAT, Roboflow,
//! RectLabel and hand-written scripts.
//!
//! Decisions
//! - The image is the one with the annotation's own stem (nearest, parallel folders first); `<filename>` decides
//!   between several and stands in where there is none, `<path>` stands in for `<filename>`. A `<filename>` that says
//!   something else is a note. One that leads above the root is refused.
//! - Coordinates are taken as 0-based with the maximum exclusive, which is what labelling tools write. The challenge's
//!   own files are 1-based with the maximum included: files whose `<database>` speaks of VOC are read so, unless one of
//!   them has a coordinate below 1, which a 1-based file cannot have. `voc_one_based` overrides.
//! - Splits: `ImageSets/Main/{train,val,test,trainval}.txt` of a devkit, or else the folders' names.
//! - Classes: `labelmap.txt` (CVAT), `classes.txt` or `predefined_classes.txt` gives the order where it has all classes
//!   that are used; `background` at its head is no class.
//! - Images that no annotation names are negatives, except in folders `Segmentation*`, `masks`, `trimaps`, and in those
//!   whose images are called like labelled ones elsewhere. The image of an annotation that cannot be read, or of whose objects none can, is none.
//! - `SegmentationObject/a.png`, or else `SegmentationClass/a.png`, has the masks of the objects ([`masks`]). Without any XML it is `semantic-masks`.
//! - Children of an object that are not of the format are kept as attributes; `<part>` is left out with a note.

mod classes;
mod masks;
mod parse;
mod pets;
mod sets;
mod write;

use std::collections::{BTreeMap, HashSet};

use self::parse::{Annotation, Found};
pub(super) use self::sets::Sets;
use super::builder::{Builder, Entry};
use super::images::{Asker, Match, Matcher, Rule};
use super::tree::{FileId, Tree, stem_of};
use super::xml::{Cursor, Event, Fault};
use super::{
    Carries, Confidence, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, own, parallel,
    splits, text,
};
use crate::dataset::{Dataset, Ledger, Object, Place, ProblemKind, Problems, Skipped, Split};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "voc",
    aliases: &["pascal", "pascal-voc", "voc-xml"],
    title: "PASCAL VOC XML",
    specification: "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf",
    layout: "\
a.jpg  a.xml                                  side by side, also in train/ valid/ test/
images/a.jpg  annotations/a.xml               (or labels/, xmls/), also in train/ valid/ test/
VOC2012/JPEGImages/a.jpg  Annotations/a.xml  ImageSets/Main/{train,val,trainval,test}.txt  SegmentationObject/a.png
JPEGImages/a.jpg  Annotations/a.xml  ImageSets/Main/*.txt  labelmap.txt   (CVAT)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Difficult,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Pose,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "XML files with a root element <annotation> (VOC)",
    read,
    write: Some(Write { not: &[], folders: false, write: write::write }),
};

/// Size of an XML file that is still read.
const LIMIT: u64 = 64 << 20;
/// How many files detection looks into.
const SAMPLE: usize = 16;

fn detect(tree: &Tree) -> Option<Evidence> {
    let files: Vec<FileId> = tree.annotations(&["xml"]).collect();
    let step = files.len().div_ceil(SAMPLE).max(1);
    let looks: Vec<(FileId, Confidence)> = files
        .iter()
        .step_by(step)
        .filter_map(|file| Some((*file, look(&text::decode(&tree.head(*file).ok()?).text)?)))
        .collect();
    let (file, confidence) = looks.iter().copied().rev().max_by_key(|(_, confidence)| *confidence)?;
    let what = match confidence {
        Confidence::Certain => "<annotation> with <object> and a box",
        _ => "<annotation> without any <object>",
    };
    let reason = format!("{} XML {}, {} has {what}", files.len(), files_word(files.len()), tree.path(file));
    Some(Evidence { confidence, reason })
}

fn files_word(count: usize) -> &'static str {
    if count == 1 { "file" } else { "files" }
}

/// Whether the start of a document is VOC.
fn look(head: &str) -> Option<Confidence> {
    let mut cursor = Cursor::new(head);
    let mut open: Vec<String> = Vec::new();
    let mut seen = None;
    loop {
        match cursor.next_tag() {
            Ok(Event::Open { name, .. }) => open.push(name.to_ascii_lowercase()),
            Ok(Event::Close { .. }) => {
                open.pop();
                continue;
            }
            // A head may end anywhere, so what is wrong at its end says nothing.
            Ok(Event::End) | Err(_) => return seen,
        }
        let path: Vec<&str> = open.iter().map(String::as_str).collect();
        match path[..] {
            ["annotation" | "annotations", .., "object", "bndbox" | "robndbox"]
            | ["annotation" | "annotations", .., "object", "polygon", "x1"] => return Some(Confidence::Certain),
            // LabelMe's XML, and CVAT's own.
            ["annotation", "object", "polygon", "pt"] | ["annotations", "version" | "meta" | "image" | "track"] => {
                return None;
            }
            ["annotation" | "annotations", .., "filename" | "size" | "folder"] => seen = Some(Confidence::Likely),
            [root] if !matches!(root, "annotation" | "annotations") => return None,
            _ => {}
        }
    }
}

/// An annotation file on its way: what it says, and the image that it is about.
struct Labelled {
    file: FileId,
    annotation: Annotation,
    split: Option<Split>,
    image: Option<(FileId, Rule)>,
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files: Vec<FileId> = tree.annotations(&["xml"]).collect();
    if files.is_empty() {
        let kind = FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into());
        return Err(FormatError::new(kind, ""));
    }
    let mut problems = Problems::default();
    let parsed = parallel::map(files.len(), options.workers, |place| read_file(tree, files[place]));
    let mut sets = Sets::read(tree, "Main", &mut problems);
    let matcher = Matcher::among(tree, |path| !own::is_mask(path));
    let split_of =
        |file: &FileId| sets.split_of(tree.path(*file)).or_else(|| splits::of_folders(tree, tree.path(*file)));
    let splits: Vec<Option<Split>> = files.iter().map(split_of).collect();
    let found = parallel::map(files.len(), options.workers, |place| {
        let asker = Asker { path: tree.path(files[place]), split: splits[place] };
        parsed[place].as_ref().ok().map(|(annotation, _)| own::look_up(&matcher, &annotation.filename, &asker))
    });
    let mut labelled = Vec::new();
    let mut skipped = Skipped::default();
    // Images that belong to an annotation, even where that cannot be used.
    let mut taken: HashSet<FileId> = HashSet::new();
    for (((file, split), parsed), found) in files.iter().copied().zip(splits).zip(parsed).zip(found) {
        let path = tree.path(file);
        let asker = Asker { path, split };
        match parsed {
            Ok((annotation, guessed)) => {
                if let Some(encoding) = guessed {
                    let message = encoding.to_owned();
                    problems.push(ProblemKind::Encoding, Place::file(path), message);
                }
                for (kind, line, message) in &annotation.problems {
                    problems.push(*kind, Place::line(path, *line), message.as_str());
                }
                let image = own::own_image(
                    tree,
                    found.unwrap_or(Match::Missing),
                    ("filename", &annotation.filename),
                    &asker,
                    &mut taken,
                    &mut problems,
                );
                labelled.push(Labelled { file, annotation, split, image });
            }
            Err(fault) => {
                problems.push(ProblemKind::UnreadableAnnotation, Place::line(path, fault.line), fault.message);
                skipped.image(ProblemKind::UnreadableAnnotation.word(), 0);
                match matcher.find_own("", &asker) {
                    Match::Found { file, .. } => drop(taken.insert(file)),
                    Match::Ambiguous(files) => taken.extend(files),
                    _ => {}
                }
            }
        }
    }
    settle_claims(tree, &mut labelled, &mut problems);
    let listed = pets::arrange(tree, options, &mut labelled, &mut problems, &mut skipped);
    let unread = masks::add(tree, &mut labelled, options, &mut problems);
    let mut remarks = Vec::new();
    let one_based = one_based(&labelled, options, &mut remarks);
    let mut builder = Builder::default();
    classes::set(tree, &labelled, &mut builder, &mut problems, &mut remarks);
    for Labelled { file, annotation, split, image } in labelled {
        taken.extend(image.map(|(file, _)| file));
        // Nothing of what it says can be used: without objects the image would pass for one where there is nothing.
        let lost = annotation.problems.iter().filter(|(kind, ..)| *kind == ProblemKind::BadEntry).count() as u64;
        let none_left = lost > 0 && annotation.objects.is_empty();
        skipped.count(ProblemKind::BadEntry.word(), Ledger { images: none_left.into(), objects: lost });
        if none_left {
            continue;
        }
        let shift = if one_based(&annotation) { 1.0 } else { 0.0 };
        let objects: Vec<Object> =
            annotation.objects.into_iter().map(|found| object(found, shift, &mut builder)).collect();
        let split = split.or_else(|| splits::of_folders(tree, tree.path(image?.0)));
        let entry = Entry {
            file: image.map(|(file, _)| file),
            key: tree.path(file).to_owned(),
            name: annotation.filename,
            size: annotation.size,
            split,
            source: Some((file, 1)),
            rank: listed.as_ref().and_then(|listed| listed.get(&file).copied()),
            ..Entry::default()
        };
        builder.push(entry, objects);
    }
    if tree.only().is_none() && listed.is_none() {
        own::add_negatives(tree, &taken, |path| sets.split_of(path), &mut builder, &mut problems, &mut remarks);
    }
    for (id, (file, line)) in sets.unused() {
        let message = format!("image {id:?} has neither an annotation nor a file");
        problems.push(ProblemKind::MissingImage, Place::line(tree.path(file), line), message);
        skipped.image(ProblemKind::MissingImage.word(), 0);
    }
    let dataset = Dataset { outlines_unread: unread, ..builder.finish(tree) };
    Ok(Reading { dataset, problems, skipped, remarks })
}

/// What a file says, and the encoding where that was guessed.
fn read_file(tree: &Tree, file: FileId) -> Result<(Annotation, Option<&'static str>), Fault> {
    let bytes = tree.read(file, LIMIT).map_err(|error| Fault { line: 0, message: error.to_string() })?;
    let text = text::decode(&bytes);
    Ok((parse::parse(&text.text)?, text.guessed))
}

/// Of several annotations for one image, the one that names it best keeps it. One that fits by name alone is then an
/// annotation without image; of equal ones, those that say the same count once, and others are an error.
fn settle_claims(tree: &Tree, labelled: &mut Vec<Labelled>, problems: &mut Problems) {
    let mut claims: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for (place, file) in labelled.iter().enumerate() {
        if let Some((image, _)) = file.image {
            claims.entry(image).or_default().push(place);
        }
    }
    let mut repeated: HashSet<usize> = HashSet::new();
    for (image, places) in claims.into_iter().filter(|(_, places)| places.len() > 1) {
        // `a (1).xml`, a copy of `a.xml`, still names `a.jpg`; but that has the name of the other.
        let is_called = |place: usize| stem_of(tree.path(labelled[place].file)) == stem_of(tree.path(image));
        let is_weak = |place: usize| labelled[place].image.is_some_and(|(_, rule)| rule == Rule::Name);
        let weak: Vec<((bool, bool), usize)> =
            places.into_iter().map(|place| ((!is_called(place), is_weak(place)), place)).collect();
        let Some((best_weak, best)) = weak.iter().copied().min() else { continue };
        for (is_weak, place) in weak.into_iter().filter(|(_, place)| *place != best) {
            let (first, other) = (&labelled[best], &labelled[place]);
            let place_of = Place::file(tree.path(other.file));
            let (image_path, first_path) = (tree.path(image), tree.path(first.file));
            if is_weak != best_weak {
                let message = format!("the only image that fits, {image_path}, belongs to {first_path}");
                problems.push(ProblemKind::MissingImage, place_of, message);
                labelled[place].image = None;
            } else if same_objects(&first.annotation, &other.annotation) {
                let message = format!("{image_path} has the same annotation in {first_path}");
                problems.push(ProblemKind::RepeatedEntry, place_of, message);
                repeated.insert(place);
            } else {
                let message = format!("{image_path} has another annotation in {first_path}");
                problems.push(ProblemKind::DuplicateImage, place_of, message);
                labelled[place].image = None;
            }
        }
    }
    if !repeated.is_empty() {
        let mut place = 0;
        labelled.retain(|_| {
            place += 1;
            !repeated.contains(&(place - 1))
        });
    }
}

fn same_objects(a: &Annotation, b: &Annotation) -> bool {
    a.objects.len() == b.objects.len()
        && a.objects
            .iter()
            .zip(&b.objects)
            .all(|(a, b)| (&a.name, a.bbox, a.flags, &a.polygon) == (&b.name, b.bbox, b.flags, &b.polygon))
}

/// Which files are 1-based: see the module's head.
fn one_based(
    labelled: &[Labelled],
    options: &LoadOptions,
    remarks: &mut Vec<String>,
) -> impl Fn(&Annotation) -> bool + use<> {
    let genuine = |file: &&Labelled| file.annotation.voc_database;
    let count = labelled.iter().filter(genuine).count();
    let below_one = |found: &Found| found.bbox[0] < 1.0 || found.bbox[1] < 1.0;
    let zero = labelled.iter().filter(genuine).any(|file| file.annotation.objects.iter().any(below_one));
    let (all, marked) = match options.voc_one_based {
        Some(all) => (all, false),
        None => (false, count > 0 && !zero),
    };
    if all {
        remarks.push("coordinates are read as 1-based, as asked for".into());
    } else if marked {
        remarks.push(format!(
            "coordinates of {count} {} are read as 1-based: <database> says VOC, and none is below 1",
            files_word(count)
        ));
    }
    move |annotation| all || marked && annotation.voc_database
}

/// From the file's box to `[x0, y0, x1, y1)`: with `shift` 1, pixel 1 is the first and the maximum is included.
fn object(found: Found, shift: f64, builder: &mut Builder) -> Object {
    let [xmin, ymin, xmax, ymax] = found.bbox;
    Object {
        class: builder.class(&found.name),
        bbox: [xmin - shift, ymin - shift, xmax, ymax],
        flags: found.flags,
        line: found.line,
        pose: found.pose,
        polygons: if found.polygon.is_empty() {
            Vec::new()
        } else {
            vec![found.polygon.iter().map(|[x, y]| [x - shift, y - shift]).collect()]
        },
        mask: found.mask,
        attributes: found.attributes,
        ..Object::default()
    }
}
