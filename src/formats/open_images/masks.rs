//! The masks of Open Images: a table, and a picture for each of its rows. One that cannot be read costs its mask alone.

use std::collections::{HashMap, HashSet};

use super::split_of;
use crate::dataset::{Mask, Object, Place, ProblemKind, Problems, Skipped};
use crate::formats::images::{Asker, Match, Matcher};
use crate::formats::kaggle::size_of;
use crate::formats::listed::{Listed, Namer};
use crate::formats::text::{self, Fault};
use crate::formats::tree::{FileId, Tree};
use crate::formats::{LoadOptions, geometry, label_image, parallel, rows};

/// How far the sides of a mask's box may be from those of an object, in parts of the image's size.
const NEAR: f64 = 1e-4;

/// A row of the table.
struct Segment {
    image: String,
    label: String,
    namer: Namer,
    bbox: [f64; 4],
    picture: FileId,
    /// The image's file, where it was found.
    of: Option<FileId>,
    /// Where it was asked for and can be read.
    mask: Option<Mask>,
    /// Whether it belongs to an object of the other tables.
    taken: bool,
}

/// All masks, until the objects that they belong to take them.
pub(super) struct Segments {
    all: Vec<Segment>,
    /// Places by image and class.
    places: HashMap<(String, String), Vec<usize>>,
    /// Paths of pictures.
    pictures: HashSet<String>,
    /// Masks that were not asked for.
    pub unread: u64,
}

impl Segments {
    pub fn read(
        tree: &Tree,
        options: &LoadOptions,
        files: impl Iterator<Item = FileId>,
        listed: &mut Listed<'_>,
        problems: &mut Problems,
        skipped: &mut Skipped,
    ) -> Self {
        let matcher = Matcher::among(tree, |path| path.to_ascii_lowercase().ends_with(".png"));
        let mut found = Self { all: Vec::new(), places: HashMap::new(), pictures: HashSet::new(), unread: 0 };
        for file in files {
            let path = tree.path(file);
            let split = split_of(tree, path);
            let mut all = rows::read(tree, file, b',', problems).into_iter();
            let Some(header) = all.next() else { continue };
            let at = |name: &str| header.fields.iter().position(|field| field == name);
            let (mask, image, label) = (at("MaskPath"), at("ImageID"), at("LabelName"));
            let sides = ["BoxXMin", "BoxYMin", "BoxXMax", "BoxYMax"].map(at);
            for row in all {
                let field =
                    |column: Option<usize>| column.and_then(|column| row.fields.get(column)).map_or("", |field| field);
                let place = || Place::line(path, row.line);
                let (name, image, label) = (field(mask), field(image), field(label));
                let box_of: Option<Vec<f64>> = sides.iter().map(|side| text::number(field(*side))).collect();
                let bbox = box_of.and_then(|sides| <[f64; 4]>::try_from(sides).ok());
                let (Some(bbox), false) = (bbox, name.is_empty() || image.is_empty() || label.is_empty()) else {
                    problems.push(ProblemKind::BadEntry, place(), "no MaskPath, ImageID, LabelName or box");
                    skipped.object(ProblemKind::BadEntry.word());
                    continue;
                };
                let Match::Found { file: picture, .. } = matcher.find(name, &Asker { path, split }) else {
                    problems.push(ProblemKind::IgnoredField, place(), format!("mask {name:?} was not found"));
                    continue;
                };
                found.pictures.insert(tree.path(picture).to_owned());
                found.unread += u64::from(options.boxes_only);
                let namer = Namer { file, split, line: row.line };
                let of = listed.image(image, &namer, problems).and_then(|entry| entry.file);
                let (image, label) = (image.to_owned(), label.to_owned());
                found.places.entry((image.clone(), label.clone())).or_default().push(found.all.len());
                found.all.push(Segment { image, label, namer, bbox, picture, of, mask: None, taken: false });
            }
        }
        if options.boxes_only {
            return found;
        }
        let all = &found.all;
        let masks = parallel::map_each(all.len(), options.workers, |place| mask_of(tree, &all[place]));
        for (segment, mask) in found.all.iter_mut().zip(masks) {
            match mask {
                Ok(mask) => segment.mask = Some(mask),
                Err(fault) => label_image::say_unread(tree.path(segment.picture), &fault, problems),
            }
        }
        found
    }

    /// The mask of a box.
    pub fn take(&mut self, image: &str, label: &str, bbox: [f64; 4]) -> Option<Mask> {
        if self.all.is_empty() {
            return None;
        }
        let places = self.places.get(&(image.to_owned(), label.to_owned()))?;
        let near = |segment: &Segment| segment.bbox.iter().zip(bbox).all(|(a, b)| (a - b).abs() < NEAR);
        let free = |place: &&usize| !self.all[**place].taken && near(&self.all[**place]);
        let place = *places.iter().find(free)?;
        let segment = self.all.get_mut(place)?;
        segment.taken = true;
        segment.mask.take()
    }

    /// The pictures of all masks.
    pub fn pictures(&self) -> impl Iterator<Item = FileId> {
        self.all.iter().map(|segment| segment.picture)
    }

    /// Whether an image is a mask.
    pub fn is_mask(&self, path: &str) -> bool {
        self.pictures.contains(path)
    }

    /// Rows that nobody took, as objects without a class.
    pub fn rest(self) -> impl Iterator<Item = (String, String, Namer, Object)> {
        self.all.into_iter().filter(|segment| !segment.taken).map(
            |Segment { image, label, namer, bbox, mask, .. }| {
                (image, label, namer, Object { bbox, normalised: true, mask, ..Object::default() })
            },
        )
    }
}

/// The mask in a picture, of the size of its image.
fn mask_of(tree: &Tree, segment: &Segment) -> Result<Mask, Fault> {
    let picture = label_image::open(tree, segment.picture)?;
    let own = (picture.width, picture.height);
    let (width, height) = segment.of.and_then(|file| size_of(tree, file).ok()).unwrap_or(own);
    let scaled = |at: u32, from: u32, to: u32| (u64::from(at) * u64::from(from) / u64::from(to.max(1))) as usize;
    let is_set = |x: u32, y: u32| {
        let at = scaled(y, own.1, height) * own.0 as usize + scaled(x, own.0, width);
        picture.values.get(at).is_some_and(|value| *value > 0)
    };
    geometry::mask_of_crop([width, height], [0, 0], [width, height], is_set)
}
