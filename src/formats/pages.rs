//! From annotation files that speak of one image after the other to a dataset.
//!
//! A format reads each of its files into a [`Page`] of [`Sheet`]s, one per image; [`gather`] finds the images, joins what
//! several files say, counts what is lost. There are two kinds of file ([`Kind`]): one that belongs to an image of its stem,
//! whose folder's other images are then negatives; and one that lists images, where what is not listed is left out.
//!
//! An image that is listed twice: the same annotation counts once; other objects are an error, the first entry stays.

use std::collections::{HashMap, HashSet};

use super::builder::{Builder, Bytes, Entry};
use super::images::{Asker, Match, Matcher, plain};
use super::json::Head;
use super::json::node::Node;
use super::json::stream::{self, StreamError};
use super::text::{self, Fault};
use super::tree::{FileId, Tree, folder_of, join};
use super::{
    Evidence, Format, FormatError, FormatErrorKind, LoadOptions, Reading, geometry, grouping, own, parallel, splits,
};
use crate::dataset::{Class, Keypoint, Ledger, Mask, Object, Place, ProblemKind, Problems, Skipped, Split};
use crate::image::runs;

/// Size of a file that is read as a whole.
pub const LIMIT: u64 = 1 << 30;
/// How many files detection looks into.
const SAMPLE: usize = 32;
/// Why an object is not in the dataset though it can be understood.
const NO_PLACE: &str = "no-place-in-the-model";

/// Something wrong, with the line.
pub type Finding = (ProblemKind, u32, String);

/// An object and the name of its class.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its class.
    pub class: Box<str>,
    /// The object; its `class` is set by [`gather`].
    pub object: Object,
    /// Keypoints by name; [`gather`] puts them in the order of the class.
    pub points: Vec<(Box<str>, Keypoint)>,
}

impl Found {
    /// An object of which nothing but the box is known: `[x0, y0, x1, y1)`, in either order.
    pub fn boxed(class: &str, line: u32, [x0, y0, x1, y1]: [f64; 4]) -> Self {
        let bbox = [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)];
        Self { class: class.into(), object: Object { bbox, line, ..Object::default() }, points: Vec::new() }
    }

    /// An object with an outline, whose parts have at least three points.
    pub fn outlined(class: &str, line: u32, parts: Vec<Vec<[f64; 2]>>) -> Result<Self, Fault> {
        if let Some(part) = parts.iter().find(|part| part.len() < 3) {
            return Err(Fault::new(line, format!("the outline of {class:?} has {} points", part.len())));
        }
        let Some(bbox) = geometry::around(parts.iter().flatten().copied()) else {
            return Err(Fault::new(line, format!("the outline of {class:?} has no points")));
        };
        let mut found = Self::boxed(class, line, bbox);
        found.object.polygons = parts;
        Ok(found)
    }

    /// An object that is turned: its corners, around it.
    pub fn turned(class: &str, line: u32, corners: [[f64; 2]; 4]) -> Self {
        let mut found = Self::boxed(class, line, geometry::around(corners).unwrap_or_default());
        found.object.corners = Some(corners);
        found
    }

    /// An object of single points: the corners of a line, or what was pointed at.
    pub fn pointed(class: &str, line: u32, points: &[[f64; 2]]) -> Result<Self, Fault> {
        let Some(bbox) = geometry::around(points.iter().copied()) else {
            return Err(Fault::new(line, format!("{class:?} has no points")));
        };
        let mut found = Self::boxed(class, line, bbox);
        found.object.keypoints = points.iter().map(|[x, y]| Keypoint { x: *x, y: *y, visibility: 2 }).collect();
        Ok(found)
    }

    /// An object with a mask, of which something has to be set.
    pub fn masked(class: &str, line: u32, mask: Mask) -> Result<Self, Fault> {
        let Some(bbox) = geometry::mask_box(&mask) else {
            return Err(Fault::new(line, format!("the mask of {class:?} is empty")));
        };
        let mut found = Self::boxed(class, line, bbox);
        found.object.mask = Some(mask);
        Ok(found)
    }

    /// The object with a flag that is said to be set or not.
    #[must_use]
    pub fn flagged(mut self, bit: u16, said: Option<bool>) -> Self {
        self.object.flags |= said.map_or(0, |yes| bit << 8 | if yes { bit } else { 0 });
        self
    }

    /// Adds an attribute, unless it is empty.
    pub fn attribute(&mut self, name: &str, value: &str) {
        if !value.is_empty() && !name.is_empty() {
            self.object.attributes.push((name.into(), value.into()));
        }
    }
}

/// What a file says of one image.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Name of the image.
    pub name: String,
    /// Another name that it may have.
    pub other_name: Option<String>,
    /// Whether it counts only where its image is found.
    pub optional: bool,
    /// Where the entry starts.
    pub line: u32,
    /// Width and height as the annotation says, or 0.
    pub size: (u32, u32),
    /// Split as the entry says.
    pub split: Option<Split>,
    /// The source's own number.
    pub id: Option<i64>,
    /// Where the image can be fetched.
    pub url: Option<Box<str>>,
    /// Sentences about it.
    pub captions: Vec<Box<str>>,
    /// Classes of the image as a whole.
    pub labels: Vec<Box<str>>,
    /// Its objects.
    pub objects: Vec<Found>,
    /// Whether the file holds the image itself.
    pub embedded: bool,
    /// Where that image was put ([`super::spill`]).
    pub spilled: Option<[u64; 2]>,
    /// Objects that cannot be understood.
    pub lost: u64,
    /// Objects that the model has no place for.
    pub left_out: u64,
}

impl Sheet {
    /// Adds an object, or tells why it is none.
    pub fn add(&mut self, found: Result<Found, Fault>, findings: &mut Vec<Finding>) {
        match found {
            Ok(found) => self.objects.push(found),
            Err(fault) => {
                findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                self.lost += 1;
            }
        }
    }

    /// Leaves out an object that the model has no place for.
    pub fn leave_out(&mut self, what: &str, line: u32, findings: &mut Vec<Finding>) {
        findings.push((ProblemKind::IgnoredField, line, format!("{what} left out")));
        self.left_out += 1;
    }

    /// Adds a class of the whole image, once.
    pub fn label(&mut self, name: &str) {
        let name = text::trim(name);
        if !name.is_empty() && !self.labels.iter().any(|known| **known == *name) {
            self.labels.push(name.into());
        }
    }

    fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.labels.is_empty() && self.captions.is_empty()
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub struct Page {
    /// Images.
    pub sheets: Vec<Sheet>,
    /// Classes in the source's order, where it has one.
    pub classes: Vec<Class>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is left out besides what the sheets count.
    pub skipped: Skipped,
}

/// What a format's files are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each belongs to the image of its stem; the member of this name says which image that is.
    Own(&'static str),
    /// Each lists images.
    List,
}

/// A file with what it says.
pub type Read = (FileId, Result<Page, Fault>);

/// Of the files with one of these extensions, those of which `look` says yes, given their first bytes.
pub fn files(tree: &Tree, extensions: &[&str], look: impl Fn(&[u8]) -> bool) -> Vec<FileId> {
    let fits = |file: &FileId| tree.only() == Some(*file) || tree.head(*file).is_ok_and(|head| look(&head));
    match tree.only().filter(|only| !tree.file(*only).image) {
        Some(only) => vec![only],
        None => tree.annotations(extensions).filter(fits).collect(),
    }
}

/// As [`files`], for files of JSON that belong to an image each: with those that are no JSON at all, so that they are told.
pub fn own_files(tree: &Tree, look: impl Fn(&[u8]) -> bool) -> Vec<FileId> {
    let found = files(tree, &["json"], |head| look(head) || Head::of(head).is_empty());
    let any = found.iter().any(|file| tree.only().is_some() || tree.head(*file).is_ok_and(|head| look(&head)));
    if any { found } else { Vec::new() }
}

/// That `files` of a tree, some of which are looked at, can mean nothing else.
pub fn detect(tree: &Tree, extensions: &[&str], what: &str, look: impl Fn(&[u8]) -> bool) -> Option<Evidence> {
    let all: Vec<FileId> = tree.annotations(extensions).collect();
    let step = all.len().div_ceil(SAMPLE).max(1);
    let fits = |file: &FileId| tree.head(*file).is_ok_and(|head| look(&head));
    let found: Vec<FileId> = all.iter().copied().step_by(step).filter(fits).collect();
    Evidence::certain(tree, &found, what)
}

/// Reads each of `files` by `parse`, on several threads. A file of JSON whose text had to be guessed says so.
pub fn read_each(
    tree: &Tree,
    options: &LoadOptions,
    files: Vec<FileId>,
    parse: &(dyn Fn(&str, FileId) -> Result<Page, Fault> + Sync),
) -> Vec<Read> {
    let read = |place: usize| {
        let file = files[place];
        let bytes = tree.read(file, LIMIT).map_err(|error| Fault::new(0, error.to_string()))?;
        let text = text::decode(&bytes);
        let mut page = parse(&text.text, file)?;
        if let Some(encoding) = text.guessed {
            let message = format!("the text is not UTF-8, read as {encoding}");
            page.findings.insert(0, (ProblemKind::Encoding, 0, message));
        }
        Ok(page)
    };
    let pages = parallel::map(files.len(), options.workers, read);
    files.into_iter().zip(pages).collect()
}

/// Reads a document of JSON in pieces: `take` gets the name of the member (empty for an array), and the element or value.
pub fn read_stream(
    tree: &Tree,
    options: &LoadOptions,
    file: FileId,
    wanted: fn(&str) -> bool,
    take: &(dyn Fn(&str, &Node<'_>, &mut Page) + Sync),
) -> Read {
    let mut whole = Page::default();
    let parse = |batch: &stream::Batch| {
        let mut page = Page::default();
        for (piece, line) in batch.pieces() {
            let text = text::decode(piece);
            match Node::parse(&text.text, line) {
                Ok(node) => take(&batch.member, &node, &mut page),
                Err(fault) => {
                    page.findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                    page.sheets.push(Sheet { lost: 1, line: fault.line, ..Sheet::default() });
                }
            }
        }
        page
    };
    let result = tree.stream(file).map_err(StreamError::Io).and_then(|from| {
        stream::read(from, parallel::threads(options.workers), wanted, parse, |_, page| {
            whole.sheets.extend(page.sheets);
            whole.classes.extend(page.classes);
            whole.findings.extend(page.findings);
            whole.skipped.add(&page.skipped);
        })
    });
    let fault = match result {
        Ok(()) => return (file, Ok(whole)),
        Err(StreamError::Io(error)) => Fault::new(0, error.to_string()),
        Err(StreamError::Syntax(fault)) => fault,
    };
    (file, Err(fault))
}

/// Reads a text with a document of JSON in every line.
pub fn read_lines(text: &str, take: impl Fn(&Node<'_>, &mut Page)) -> Page {
    let mut page = Page::default();
    for (line, number) in text.lines().zip(1u32..) {
        if text::trim(line).is_empty() {
            continue;
        }
        match Node::parse(line, number) {
            Ok(node) => take(&node, &mut page),
            Err(fault) => {
                page.findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                page.sheets.push(Sheet { lost: 1, line: number, ..Sheet::default() });
            }
        }
    }
    page
}

/// Reads a CSV with a header: `take` gets the names and values of the fields that are not empty, and the row's line.
pub fn read_table(source: &str, mut take: impl FnMut(&[(&str, &str)], u32, &mut Page)) -> Result<Page, Fault> {
    let mut page = Page::default();
    let mut lines = text::Lines::new(source);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source.as_bytes());
    let header = reader.headers().map_err(|error| Fault::new(1, error.to_string()))?.clone();
    let names: Vec<&str> = header.iter().map(text::trim).collect();
    for row in reader.records() {
        let row = row.map_err(|error| Fault::new(lines.at(source.len()), error.to_string()))?;
        // The record's position is that of the line ends before it.
        let start = row.position().map_or(0, |position| position.byte() as usize);
        let blanks = source.as_bytes().iter().skip(start).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let line = lines.at(start + blanks);
        let fields: Vec<(&str, &str)> =
            names.iter().copied().zip(row.iter().map(text::trim)).filter(|(_, value)| !value.is_empty()).collect();
        if !fields.is_empty() {
            take(&fields, line, &mut page);
        }
    }
    Ok(page)
}

/// The mask of COCO's `{"counts", "size": [height, width]}`, which has to be there.
pub fn runs_of(rle: Option<&Node<'_>>, line: u32) -> Result<Mask, Fault> {
    let fault = |message: String| Fault::new(line, message);
    let rle = rle.ok_or_else(|| fault("the mask has no rle".into()))?;
    let counts = rle.get("counts").ok_or_else(|| fault("the mask has no counts".into()))?;
    let runs = match counts.as_text() {
        Some(text) => runs::from_text(text).map_err(|error| fault(error.to_string()))?,
        None => {
            let run = |node: &Node<'_>| node.as_whole().and_then(|run| u32::try_from(run).ok());
            let runs: Option<Vec<u32>> = counts.items().iter().map(run).collect();
            runs.ok_or_else(|| fault("counts are not whole numbers".into()))?
        }
    };
    let side =
        |place: usize| rle.list("size").get(place).and_then(Node::as_whole).and_then(|side| u32::try_from(side).ok());
    let (Some(height), Some(width)) = (side(0), side(1)) else { return Err(fault("the mask has no size".into())) };
    let (pixels, wanted) = (runs::pixels(&runs), u64::from(width) * u64::from(height));
    if pixels != wanted || wanted > u64::from(u32::MAX) {
        return Err(fault(format!("runs of {pixels} pixels for a mask of {width}x{height}")));
    }
    Ok(Mask { width, height, runs: runs.into() })
}

/// The dataset of `files`, which are those of `format`: each read by `parse`, as [`read_each`] does.
pub fn read(
    tree: &Tree,
    options: &LoadOptions,
    format: &Format,
    files: Vec<FileId>,
    kind: Kind,
    parse: &(dyn Fn(&str, FileId) -> Result<Page, Fault> + Sync),
) -> Result<Reading, FormatError> {
    if files.is_empty() {
        return Err(nothing(format));
    }
    Ok(gather(tree, kind, read_each(tree, options, files, parse), Vec::new()))
}

/// That there is nothing of `format`.
pub fn nothing(format: &Format) -> FormatError {
    FormatError::new(FormatErrorKind::NotThisFormat(format.name, format.looks_for.into()), "")
}

/// What was gathered so far.
struct Gathered<'t> {
    tree: &'t Tree,
    kind: Kind,
    matcher: Matcher<'t>,
    builder: Builder,
    problems: Problems,
    skipped: Skipped,
    /// Images that an entry is about, even one that cannot be used.
    taken: HashSet<FileId>,
    /// The first entry of each image: file, line, objects.
    known: HashMap<About, (FileId, u32, Vec<ClassAndBox>)>,
}

/// What two entries of an image are compared by.
type ClassAndBox = (Box<str>, [f64; 4]);

/// The image that an entry is about.
#[derive(Clone, PartialEq, Eq, Hash)]
enum About {
    Image(FileId),
    /// Nothing was found; the key.
    Name(String),
}

/// The dataset of what the files say.
pub fn gather(tree: &Tree, kind: Kind, mut pages: Vec<Read>, mut remarks: Vec<String>) -> Reading {
    let names = grouping::name_points(&mut pages);
    let matcher = match kind {
        Kind::Own(_) => Matcher::among(tree, |path| !own::is_mask(path)),
        Kind::List => Matcher::new(tree),
    };
    let (problems, skipped) = (Problems::default(), Skipped::default());
    let (taken, known) = (HashSet::new(), HashMap::new());
    let mut builder = Builder::default();
    set_classes(&pages, &mut builder);
    let mut gathered = Gathered { tree, kind, matcher, builder, problems, skipped, taken, known };
    for (file, page) in pages {
        gathered.page(file, page);
    }
    let Gathered { mut builder, mut problems, skipped, taken, .. } = gathered;
    for (class, names) in names {
        let place = builder.class(&class);
        if let Some(class) = builder.class_mut(place) {
            class.keypoints = names;
        }
    }
    if tree.only().is_none() {
        match kind {
            Kind::Own(_) => own::add_negatives(tree, &taken, |_| None, &mut builder, &mut problems, &mut remarks),
            Kind::List => {
                let unnamed = tree.files().filter(|(id, file)| file.image && !taken.contains(id)).count();
                if unnamed > 0 {
                    remarks.push(format!("images that no annotation names, left out: {unnamed}"));
                }
            }
        }
    }
    Reading { dataset: builder.finish(tree), problems, skipped, remarks }
}

/// The order of the classes, where the files give one and it has all that are used.
fn set_classes(pages: &[Read], builder: &mut Builder) {
    let pages = || pages.iter().filter_map(|(_, page)| page.as_ref().ok());
    let mut names: HashSet<&str> = HashSet::new();
    let classes: Vec<&Class> =
        pages().flat_map(|page| &page.classes).filter(|class| names.insert(text::trim(&class.name))).collect();
    let sheets = || pages().flat_map(|page| &page.sheets);
    let has = |name: &str| names.contains(text::trim(name));
    let all = sheets()
        .all(|sheet| sheet.objects.iter().all(|found| has(&found.class)) && sheet.labels.iter().all(|name| has(name)));
    if classes.is_empty() {
        return;
    }
    if all {
        builder.set_classes(classes.iter().map(|class| text::trim(&class.name).to_owned()));
    }
    for class in classes {
        let place = builder.class(text::trim(&class.name));
        if let Some(known) = builder.class_mut(place) {
            *known = Class { name: std::mem::take(&mut known.name), ..class.clone() };
        }
    }
}

impl Gathered<'_> {
    fn page(&mut self, file: FileId, page: Result<Page, Fault>) {
        let path = self.tree.path(file);
        let split = match self.kind {
            Kind::Own(_) => splits::of_folders(path),
            Kind::List => splits::of_annotation_file(path),
        };
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                self.problems.push(ProblemKind::UnreadableAnnotation, Place::line(path, fault.line), fault.message);
                if let Kind::Own(_) = self.kind {
                    self.skipped.image(ProblemKind::UnreadableAnnotation.word(), 0);
                    match self.matcher.find_own("", &Asker { path, split }) {
                        Match::Found { file, .. } => drop(self.taken.insert(file)),
                        Match::Ambiguous(files) => self.taken.extend(files),
                        _ => {}
                    }
                }
                return;
            }
        };
        self.skipped.add(&page.skipped);
        for (kind, line, message) in page.findings {
            self.problems.push(kind, Place::line(path, line), message);
        }
        for sheet in page.sheets {
            self.sheet(file, sheet, split);
        }
    }

    fn sheet(&mut self, file: FileId, sheet: Sheet, split: Option<Split>) {
        let path = self.tree.path(file);
        let asker = Asker { path, split: sheet.split.or(split) };
        let image = match self.kind {
            _ if sheet.spilled.is_some() => None,
            Kind::Own(field) => {
                let says = (field, sheet.name.as_str());
                own::find_image(self.tree, &self.matcher, says, &asker, &mut self.taken, &mut self.problems)
                    .map(|(image, _)| image)
            }
            // The entry itself could not be read.
            Kind::List if sheet.name.is_empty() => None,
            Kind::List if sheet.optional => match self.matcher.find(&sheet.name, &asker) {
                Match::Found { file, .. } => Some(file),
                _ => return,
            },
            Kind::List => {
                let is_missing = |name: &str| self.matcher.find(name, &asker) == Match::Missing;
                let other = sheet.other_name.as_deref().filter(|other| is_missing(&sheet.name) && !is_missing(other));
                self.matcher.look_up(other.unwrap_or(&sheet.name), &asker, sheet.line, &mut self.problems)
            }
        };
        self.taken.extend(image);
        if image.is_none() && sheet.embedded {
            let message = "the image that the file itself holds was not used; save it as a file";
            self.problems.push(ProblemKind::IgnoredField, Place::line(path, sheet.line), message);
        }
        self.skipped.count(NO_PLACE, Ledger { images: 0, objects: sheet.left_out });
        // Nothing of what it says can be used: without objects the image would pass for one where there is nothing.
        let none_left = sheet.lost > 0 && sheet.is_empty();
        self.skipped.count(ProblemKind::BadEntry.word(), Ledger { images: none_left.into(), objects: sheet.lost });
        if none_left {
            return;
        }
        let key = match (self.kind, image) {
            (_, Some(_)) => String::new(),
            _ if sheet.spilled.is_some() => join(folder_of(path), &sheet.name),
            (Kind::Own(_), None) => path.to_owned(),
            (Kind::List, None) => {
                let plain = plain(text::trim(&sheet.name));
                let relative = plain.trim_start_matches('/');
                if sheet.name.contains("://") { relative.to_owned() } else { join(folder_of(path), relative) }
            }
        };
        let about = image.map_or_else(|| About::Name(key.clone()), About::Image);
        if self.is_known(&about, file, &sheet) {
            return;
        }
        let boxes = sheet.objects.iter().map(|found| (found.class.clone(), found.object.bbox)).collect();
        self.known.insert(about, (file, sheet.line, boxes));
        let split = asker.split.or_else(|| splits::of_folders(self.tree.path(image?)));
        let labels = sheet.labels.iter().map(|name| self.builder.class(text::trim(name))).collect();
        let objects: Vec<Object> = sheet
            .objects
            .into_iter()
            .map(|Found { class, object, .. }| Object { class: self.builder.class(text::trim(&class)), ..object })
            .collect();
        let entry = Entry {
            file: image,
            bytes: sheet.spilled.map_or(Bytes::Whole, Bytes::Spilled),
            key,
            name: sheet.name,
            size: sheet.size,
            split,
            source: Some((file, sheet.line)),
            id: sheet.id,
            url: sheet.url,
            captions: sheet.captions,
            labels,
        };
        self.builder.push(entry, objects);
    }

    /// Whether an entry of the same image came before; what that means is told.
    fn is_known(&mut self, about: &About, file: FileId, sheet: &Sheet) -> bool {
        let Some((first, line, objects)) = self.known.get(about) else { return false };
        let place = Place::line(self.tree.path(file), sheet.line);
        let first = Place::line(self.tree.path(*first), *line);
        let image = match about {
            About::Image(image) => self.tree.path(*image),
            About::Name(name) => name,
        };
        let same = objects.len() == sheet.objects.len()
            && objects.iter().zip(&sheet.objects).all(|((class, bbox), b)| *class == b.class && *bbox == b.object.bbox);
        if same {
            let message = format!("{image} has the same annotation in {first}");
            self.problems.push(ProblemKind::RepeatedEntry, place, message);
        } else {
            let message = format!("{image} has another annotation in {first}");
            self.problems.push(ProblemKind::DuplicateImage, place, message);
            self.skipped.image(ProblemKind::DuplicateImage.word(), sheet.objects.len() as u64);
        }
        true
    }
}
