//! From what the files say to the dataset: images are found, what several files say is joined.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Found, Kind, Page, Read, Sheet};
use crate::dataset::{Class, Ledger, Object, Place, ProblemKind, Problems, Skipped, Split};
use crate::formats::builder::{Builder, Bytes, Entry};
use crate::formats::images::{Asker, Match, Matcher, plain};
use crate::formats::text::{self, Fault};
use crate::formats::tree::{FileId, Tree, folder_of, join};
use crate::formats::{Reading, grouping, own, splits};

/// Why an object is not in the dataset though it can be understood.
const NO_PLACE: &str = "no-place-in-the-model";

/// What was gathered so far.
struct Gathered<'t> {
    tree: &'t Tree,
    kind: Kind,
    matcher: Matcher<'t>,
    builder: Builder,
    problems: Problems,
    skipped: Skipped,
    /// Images that an entry is about, even one that cannot be used, and pictures that are annotations.
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
    let read = || pages.iter().filter_map(|(_, page)| page.as_ref().ok());
    let own_pictures = pages.iter().map(|(file, _)| *file).filter(|file| tree.file(*file).image);
    let pictures: HashSet<FileId> = own_pictures.chain(read().flat_map(|page| page.pictures.iter().copied())).collect();
    let matcher = matcher.without(&pictures);
    let (problems, skipped) = (Problems::default(), Skipped::default());
    let (taken, known) = (pictures, HashMap::new());
    let mut builder = Builder::default();
    set_classes(&pages, &mut builder);
    builder.add_sources(taken.iter().copied());
    let objects = read().flat_map(|page| &page.sheets).flat_map(|sheet| &sheet.objects);
    let lines = objects.filter(|found| found.is_line).count();
    if lines > 0 {
        remarks.push(format!("lines, whose corners are taken as keypoints: {lines}"));
    }
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

/// The classes that the files list; they are in the source's order where all that objects are of are among them.
fn set_classes(pages: &[Read], builder: &mut Builder) {
    let pages = || pages.iter().filter_map(|(_, page)| page.as_ref().ok());
    let mut names: HashSet<&str> = HashSet::new();
    for class in pages().flat_map(|page| &page.classes) {
        let name = text::trim(&class.name);
        let place = builder.class(name);
        let Some(known) = builder.class_mut(place) else { continue };
        if names.insert(name) {
            *known = Class { name: std::mem::take(&mut known.name), ..class.clone() };
        } else if known.keypoints.is_empty() && !class.keypoints.is_empty() {
            // A file may only name a class of whose keypoints another speaks.
            known.keypoints.clone_from(&class.keypoints);
            known.skeleton.clone_from(&class.skeleton);
        }
    }
    let sheets = || pages().flat_map(|page| &page.sheets);
    let has = |name: &str| names.contains(text::trim(name));
    if names.is_empty() || !sheets().flat_map(|sheet| &sheet.objects).all(|found| has(&found.class)) {
        return;
    }
    // Tools keep tags of images apart from the classes of objects: those that are not listed come behind, by name.
    let others: BTreeSet<&str> =
        sheets().flat_map(|sheet| &sheet.labels).map(|name| text::trim(name)).filter(|name| !has(name)).collect();
    for name in others {
        builder.class(name);
    }
    builder.order_classes();
}

impl Gathered<'_> {
    fn page(&mut self, file: FileId, page: Result<Page, Fault>) {
        let path = self.tree.path(file);
        let split = match self.kind {
            Kind::Own(_) => splits::of_folders(self.tree, path),
            Kind::List => splits::of_annotation_file(self.tree, path),
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
                let found = own::look_up(&self.matcher, &sheet.name, &asker);
                own::own_image(self.tree, found, says, &asker, &mut self.taken, &mut self.problems)
                    .map(|(image, _)| image)
            }
            // The entry itself could not be read.
            Kind::List if sheet.name.is_empty() => None,
            Kind::List if sheet.optional || sheet.made_up => match self.matcher.find(&sheet.name, &asker) {
                Match::Found { file, .. } => Some(file),
                _ if sheet.optional => return,
                found => self.matcher.settle(&sheet.name, &asker, sheet.line, found, &mut self.problems),
            },
            Kind::List => {
                let is_missing = |name: &str| self.matcher.find(name, &asker) == Match::Missing;
                let name = sheet.path.as_deref().unwrap_or(&sheet.name);
                let other = sheet.other_name.as_deref().filter(|other| is_missing(name) && !is_missing(other));
                self.matcher.look_up(other.unwrap_or(name), &asker, sheet.line, &mut self.problems)
            }
        };
        self.taken.extend(image);
        self.taken.extend(&sheet.pictures);
        self.builder.add_sources(sheet.pictures.iter().copied());
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
        let split = asker.split.or_else(|| splits::of_folders(self.tree, self.tree.path(image?)));
        let labels = sheet.labels.iter().map(|name| self.builder.class(name)).collect();
        let objects: Vec<Object> = sheet
            .objects
            .into_iter()
            .map(|Found { class, object, .. }| Object { class: self.builder.class(&class), ..object })
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
            ignored: Vec::new(),
            rank: None,
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
