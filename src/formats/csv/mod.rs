//! TensorFlow object detection CSV, and every CSV with a header that names an image, a class and a box.
//!
//! ```text
//! filename,width,height,class,xmin,ymin,xmax,ymax
//! a.jpg,500,375,cat,8,12,352,498
//! ```
//!
//! A row per box. Columns go by their names, which many tools write in their own way (`header`), in any order; the
//! delimiter is a comma, semicolon, tab or bar; extra columns are kept as attributes. Instead of four corners there may
//! be a corner or centre with width and height, or one field `[x, y, width, height]` (two corners, if
//! it leads out of an image otherwise). Written by Dat Tran's
//! `xml_to_csv.py` (`train_labels.csv`, `test_labels.csv`), Roboflow (`<split>/_annotations.csv`), VoTT and many
//! scripts. make-sense's tables, `label,x,y,width,height,image,width,height`, are read without a header too.
//!
//! Decisions
//! - Pixels are 0-based, the maximum exclusive. Boxes are fractions of the image's size where most boxes of a file have
//!   no coordinate above 1 and are not whole; a box far beyond 1 is then an error. A file of zeros and ones alone is what the other files are.
//! - A row whose box is empty (or `nan`, `None`) names an image without objects. An image of the folder that no row
//!   names is **not** one: CSV files often speak of a part of a folder only, and say nothing of the rest.
//! - Rows of one image may stand anywhere. The images are sorted by key, the objects of one stand in the order of files
//!   and rows. A row that stands twice counts once.
//! - All files with such a header are read together. The split is the row's own (`split` column), or the file's (by its
//!   name or folder), or the image's folder's. An image in several files: if one says all that the others say, that is
//!   taken; if they share no class, all is taken; otherwise, and for two splits, it is an error.
//! - A file that is cut at the end of a field or inside the last number of its last row looks like a whole one: CSV has
//!   no end mark.

mod header;
mod rows;
pub mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use self::header::{Columns, Geometry};
use self::rows::{Row, RowObject};
use super::builder::{Builder, Entry};
use super::images::{Asker, Matcher};
use super::tree::{FileId, Tree, folder_of};
use super::{
    Carries, Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, Write, geometry, kaggle, splits,
    text,
};
use crate::dataset::{Ledger, Object, Place, ProblemKind, Problems, Skipped, Split};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "csv",
    aliases: &["tf-csv", "tensorflow-csv", "tfod-csv"],
    title: "TensorFlow object detection CSV",
    specification: "https://github.com/datitran/raccoon_dataset/blob/master/xml_to_csv.py",
    layout: "\
train_labels.csv  test_labels.csv  images/a.jpg      (also in data/)
train/_annotations.csv  train/a.jpg                  also in valid/ test/ (Roboflow)
labels.csv  a.jpg",
    carries: &[
        Carries::Boxes,
        Carries::Difficult,
        Carries::Truncated,
        Carries::Occluded,
        Carries::Pose,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "CSV files with a header that names the image, the class and the box (filename,class,xmin,ymin,xmax,ymax)",
    read,
    write: Some(Write {
        folders: false,
        not: &[
            Carries::Difficult,
            Carries::Truncated,
            Carries::Occluded,
            Carries::Pose,
            Carries::Attributes,
            Carries::Negatives,
        ],
        write: write::write,
    }),
};

/// Size of a CSV file that is still read.
const LIMIT: u64 = 4 << 30;
/// How many files detection looks into.
const SAMPLE: usize = 64;
/// Extensions of files that may be CSV.
const EXTENSIONS: [&str; 2] = ["csv", "tsv"];

/// The files to be looked at: by extension, or the one that the user names, whatever it is called.
fn candidates(tree: &Tree) -> Vec<FileId> {
    match tree.only() {
        Some(only) if !tree.file(only).image => vec![only],
        _ => tree.annotations(&EXTENSIONS).collect(),
    }
}

fn detect(tree: &Tree) -> Option<Evidence> {
    let all = candidates(tree);
    let columns = |file: FileId| header::columns(&text::decode(&tree.head(file).ok()?).text).ok();
    let (files, found): (Vec<FileId>, Vec<Columns>) =
        all.into_iter().take(SAMPLE).filter_map(|file| Some((file, columns(file)?))).unzip();
    let headless = found.iter().filter(|columns| columns.headless).count();
    let what = match headless {
        0 => "a header with image, class and box",
        all if all == found.len() => "make-sense's rows, without a header",
        _ => "a header with image, class and box, or make-sense's rows without one",
    };
    Evidence::certain(tree, &files, what)
}

/// What one file says of one image.
struct Listing {
    file: FileId,
    rows: Vec<Row>,
    normalised: Option<bool>,
    split: Option<Split>,
}

/// The image that listings are about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Image(FileId),
    /// Nothing was found for this name.
    Name(String),
}

fn read(tree: &Tree, _options: &LoadOptions) -> Result<Reading, FormatError> {
    let mut problems = Problems::default();
    let mut read = 0;
    let mut first_fault = None;
    let matcher = Matcher::new(tree);
    let mut images: BTreeMap<About, Vec<Listing>> = BTreeMap::new();
    let mut remarks = Vec::new();
    let mut lost = Vec::new();
    for file in candidates(tree) {
        let path = tree.path(file);
        let Some(bytes) = tree.read_or_say(file, LIMIT, &mut problems) else { continue };
        let decoded = text::decode(&bytes);
        let columns = match header::columns(&decoded.text) {
            Ok(columns) => columns,
            Err(fault) => {
                problems.push(ProblemKind::IgnoredField, Place::line(path, 1), format!("no annotations: {fault}"));
                first_fault.get_or_insert((file, fault));
                continue;
            }
        };
        read += 1;
        if let Some(encoding) = decoded.guessed {
            let message = encoding.to_owned();
            problems.push(ProblemKind::Encoding, Place::file(path), message);
        }
        lost.extend(add_file(tree, &matcher, file, &decoded.text, &columns, &mut images, &mut problems, &mut remarks));
    }
    if read == 0 {
        return Err(match first_fault {
            Some((file, fault)) => FormatError::syntax(fault, tree.full_path(file), 1),
            None => FormatError::new(FormatErrorKind::NotThisFormat(FORMAT.name, FORMAT.looks_for.into()), ""),
        });
    }
    let unnamed = tree.files().filter(|(id, file)| file.image && !images.contains_key(&About::Image(*id))).count();
    if unnamed > 0 {
        // Not negatives: a CSV has no way to say that it is about an image without boxes.
        remarks.push(format!("images in no row, left out: {unnamed}"));
    }
    let decided = || images.values().flatten().filter_map(|listing| listing.normalised);
    let fractions = decided().filter(|normalised| *normalised).count() * 2 > decided().count();
    for listing in images.values_mut().flatten() {
        listing.normalised.get_or_insert(fractions);
    }
    let mut skipped = Skipped::default();
    skipped.count(ProblemKind::BadEntry.word(), lost_of(&lost, &images));
    let mut builder = Builder::default();
    for (about, listings) in images {
        builder_push(tree, about, listings, &mut builder, &mut problems, &mut skipped);
    }
    Ok(Reading { dataset: builder.finish(tree), problems, skipped, remarks })
}

/// What is lost with rows that cannot be used: an object each, and an image where no other row names it.
fn lost_of(lost: &[Rc<str>], images: &BTreeMap<About, Vec<Listing>>) -> Ledger {
    let mut names: HashSet<&str> = lost.iter().map(|name| &**name).filter(|name| !name.is_empty()).collect();
    if !names.is_empty() {
        let rows = images.values().flatten().flat_map(|listing| &listing.rows);
        for row in rows {
            names.remove(&*row.image);
        }
    }
    Ledger { images: names.len() as u64, objects: lost.len() as u64 }
}

/// Adds the rows of one file; gives the images of those that cannot be used.
#[allow(clippy::too_many_arguments)] // one call, and the arguments are the reader's whole state
fn add_file(
    tree: &Tree,
    matcher: &Matcher<'_>,
    file: FileId,
    source: &str,
    columns: &Columns,
    images: &mut BTreeMap<About, Vec<Listing>>,
    problems: &mut Problems,
    remarks: &mut Vec<String>,
) -> Vec<Rc<str>> {
    let path = tree.path(file);
    let found = rows::read(source, columns);
    for (kind, line, message) in found.problems {
        problems.push(kind, Place::line(path, line), message);
    }
    if matches!(columns.geometry, Geometry::Quad(_)) {
        remarks.push(format!("{path}: each box is the one around four corners"));
    }
    if found.normalised == Some(true) {
        remarks.push(format!("{path}: boxes are fractions of the image's size"));
    }
    // Rows by image, in the order of the first row of each.
    let mut places: HashMap<Rc<str>, usize> = HashMap::new();
    let mut by_name: Vec<Vec<Row>> = Vec::new();
    let mut place = 0;
    for row in found.rows {
        // The rows of an image mostly stand together.
        let same = by_name.get(place).and_then(|rows| rows.first()).is_some_and(|first| first.image == row.image);
        if !same {
            place = *places.entry(Rc::clone(&row.image)).or_insert_with(|| {
                by_name.push(Vec::new());
                by_name.len() - 1
            });
        }
        by_name[place].push(row);
    }
    let split = splits::of_annotation_file(tree, path);
    by_name.retain(|rows| !rows.is_empty());
    let names: Vec<_> = by_name
        .iter()
        .map(|rows| {
            let own = rows.iter().find_map(|row| row.split);
            (&*rows[0].image, Asker { path, split: own.or(split) }, rows[0].line)
        })
        .collect();
    let files = matcher.look_up_all(&names, problems);
    let splits: Vec<Option<Split>> = names.iter().map(|(_, asker, _)| asker.split).collect();
    if matches!(columns.geometry, Geometry::Text(_))
        && found.normalised != Some(true)
        && let Some(why) = as_two_corners(tree, &mut by_name, &files)
    {
        remarks.push(format!("{path}: {why}"));
    }
    for ((rows, image), split) in by_name.into_iter().zip(files).zip(splits) {
        let Some(first) = rows.first() else { continue };
        let about = match image {
            Some(image) => About::Image(image),
            None => About::Name(super::tree::join(folder_of(path), &first.image)),
        };
        let listings = images.entry(about).or_default();
        // Two spellings of one image in one file.
        match listings.last_mut().filter(|last| last.file == file) {
            Some(last) => {
                last.rows.extend(rows);
                last.rows.sort_by_key(|row| row.line);
            }
            None => listings.push(Listing { file, rows, normalised: found.normalised, split }),
        }
    }
    found.lost
}

/// Images whose headers are read where the rows do not say how large they are.
const HEADERS: usize = 512;

/// Makes two corners of what was read as corner and size, in the rows of each of `files`, where they can be nothing else. Says why.
fn as_two_corners(tree: &Tree, rows_of: &mut [Vec<Row>], files: &[Option<FileId>]) -> Option<String> {
    let mut left = HEADERS;
    let boxes = rows_of.iter().zip(files).flat_map(|(rows, file)| {
        let said = rows.iter().map(|row| row.size).find(|(width, height)| *width > 0 && *height > 0);
        let size = said.or_else(|| {
            left = left.checked_sub(1)?;
            kaggle::size_of(tree, (*file)?).ok()
        });
        rows.iter().filter_map(move |row| Some((row.object.as_ref()?.bbox, size)))
    });
    let why = geometry::are_two_corners(boxes)?;
    for object in rows_of.iter_mut().flatten().filter_map(|row| row.object.as_mut()) {
        let [x0, y0, x1, y1] = object.bbox;
        object.bbox = [x0, y0, x1 - x0, y1 - y0];
    }
    Some(why)
}

/// Joins what several files say of an image.
fn builder_push(
    tree: &Tree,
    about: About,
    mut listings: Vec<Listing>,
    builder: &mut Builder,
    problems: &mut Problems,
    skipped: &mut Skipped,
) {
    listings.iter_mut().for_each(|listing| drop_repeated(tree, listing, problems));
    keep_one_split(tree, &mut listings, problems, skipped);
    join(tree, &mut listings, problems, skipped);
    let Some(first) = listings.first().and_then(|listing| Some((listing.file, listing.rows.first()?))) else { return };
    let (source, first_row) = first;
    let mut size = (0, 0);
    let mut size_line = 0;
    for listing in &listings {
        for row in listing.rows.iter().filter(|row| row.size.0 > 0 && row.size.1 > 0) {
            if size == (0, 0) {
                (size, size_line) = (row.size, row.line);
            } else if row.size != size {
                let message =
                    format!("size {}x{} here, {}x{} at line {size_line}", row.size.0, row.size.1, size.0, size.1);
                problems.push(ProblemKind::SizeMismatch, Place::line(tree.path(listing.file), row.line), message);
            }
        }
    }
    let (file, key) = match about {
        About::Image(file) => (Some(file), String::new()),
        About::Name(name) => (None, name),
    };
    let split = listings.iter().find_map(|listing| listing.split);
    let entry = Entry {
        file,
        key,
        name: first_row.image.to_string(),
        size,
        split: split.or_else(|| splits::of_folders(tree, tree.path(file?))),
        source: Some((source, first_row.line)),
        ..Entry::default()
    };
    let mut objects = Vec::with_capacity(listings.iter().map(|listing| listing.rows.len()).sum());
    for listing in listings {
        for row in listing.rows {
            let Some(RowObject { class, bbox, flags, pose, attributes }) = row.object else { continue };
            let class = builder.class(&class);
            let (line, normalised) = (row.line, listing.normalised.unwrap_or(false));
            let source = (listing.file != source).then(|| listing.file.number());
            objects.push(Object {
                class,
                bbox,
                flags,
                line,
                source,
                normalised,
                pose,
                attributes,
                ..Object::default()
            });
        }
    }
    builder.push(entry, objects);
}

/// What makes two boxes the same: class and corners, to the bit.
type Identity = ([u64; 4], Rc<str>);

fn identity(object: &RowObject) -> Identity {
    (object.bbox.map(f64::to_bits), Rc::clone(&object.class))
}

fn identities(listing: &Listing) -> BTreeSet<Identity> {
    listing.rows.iter().filter_map(|row| row.object.as_ref()).map(identity).collect()
}

/// Leaves out rows that say what a row before has said.
fn drop_repeated(tree: &Tree, listing: &mut Listing, problems: &mut Problems) {
    let path = tree.path(listing.file);
    let rows = &listing.rows;
    // Rows that say the same side by side, the first of them first.
    let mut order: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].object.is_some()).collect();
    let said = |row: &usize| {
        let object = rows[*row].object.as_ref();
        object.map(|object| (object.bbox.map(f64::to_bits), &object.class, object.flags, &object.attributes))
    };
    order.sort_by(|a, b| said(a).cmp(&said(b)));
    let mut repeated: Vec<(usize, u32)> = Vec::new();
    for same in order.chunk_by(|a, b| said(a) == said(b)) {
        let Some((first, others)) = same.split_first() else { continue };
        let before = rows[*first].line;
        repeated.extend(others.iter().filter(|row| rows[**row].line != before).map(|row| (*row, before)));
    }
    repeated.sort_unstable();
    for (row, before) in repeated.iter().copied() {
        let message = format!("the same row as line {before}; taken once");
        problems.push(ProblemKind::RepeatedEntry, Place::line(path, rows[row].line), message);
    }
    let mut repeated = repeated.into_iter().map(|(row, _)| row).peekable();
    let mut row = 0;
    listing.rows.retain(|_| {
        row += 1;
        repeated.next_if_eq(&(row - 1)).is_none()
    });
}

/// The objects that a listing has.
fn objects_of(listing: &Listing) -> Ledger {
    Ledger { images: 0, objects: listing.rows.iter().filter(|row| row.object.is_some()).count() as u64 }
}

fn first_place(tree: &Tree, listing: &Listing) -> Place {
    Place::line(tree.path(listing.file), listing.rows.first().map_or(0, |row| row.line))
}

/// An image is in one split: a file that puts it in another is an error, and is not taken.
fn keep_one_split(tree: &Tree, listings: &mut Vec<Listing>, problems: &mut Problems, skipped: &mut Skipped) {
    let Some((split, at)) = listings.iter().find_map(|listing| Some((listing.split?, first_place(tree, listing))))
    else {
        return;
    };
    listings.retain(|listing| match listing.split {
        Some(other) if other != split => {
            let name = listing.rows.first().map_or("", |row| &row.image);
            let message = format!("image {name:?} is in {other} here, and in {split} at {at}");
            problems.push(ProblemKind::DuplicateImage, first_place(tree, listing), message);
            skipped.count(ProblemKind::DuplicateImage.word(), objects_of(listing));
            false
        }
        _ => true,
    });
}

/// Keeps what must be kept of an image that several files list; see the module's head.
fn join(tree: &Tree, listings: &mut Vec<Listing>, problems: &mut Problems, skipped: &mut Skipped) {
    if listings.len() < 2 {
        return;
    }
    let split = listings.iter().find_map(|listing| listing.split);
    let mut kept: Vec<(Listing, BTreeSet<Identity>)> = Vec::new();
    // The one that says most first; then the order of the files.
    let mut all: Vec<(Listing, BTreeSet<Identity>)> = std::mem::take(listings)
        .into_iter()
        .map(|listing| {
            let all = identities(&listing);
            (listing, all)
        })
        .collect();
    all.sort_by_key(|(listing, boxes)| (std::cmp::Reverse(boxes.len()), listing.file));
    for (listing, boxes) in all {
        let place = first_place(tree, &listing);
        let name = listing.rows.first().map_or("", |row| &row.image);
        let classes = |boxes: &BTreeSet<Identity>| boxes.iter().map(|(_, class)| class.clone()).collect::<HashSet<_>>();
        if let Some((whole, _)) = kept.iter().find(|(_, known)| boxes.is_subset(known)) {
            let message = format!("image {name:?} has the same boxes at {}; taken once", first_place(tree, whole));
            problems.push(ProblemKind::RepeatedEntry, place, message);
        } else if let Some((other, _)) = kept.iter().find(|(_, known)| !classes(known).is_disjoint(&classes(&boxes))) {
            let message = format!("image {name:?} has other boxes at {}", first_place(tree, other));
            problems.push(ProblemKind::DuplicateImage, place, message);
            skipped.count(ProblemKind::DuplicateImage.word(), objects_of(&listing));
        } else {
            kept.push((listing, boxes));
        }
    }
    kept.sort_by_key(|(listing, _)| listing.file);
    listings.extend(kept.into_iter().map(|(listing, _)| listing));
    if let Some(first) = listings.first_mut() {
        first.split = first.split.or(split);
    }
}
