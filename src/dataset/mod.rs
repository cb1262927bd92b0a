//! The model: what every annotation format is read into and every target is written from. Plain values; knows no file
//! format.
//!
//! Boxes are `[x0, y0, x1, y1)` in absolute pixels of the stored image, 64-bit float, 0-based, max exclusive. They stand
//! here as the source says them (converted to this convention): putting right and clipping needs the image's true size
//! and belongs to `convert`.
//!
//! Everything is columnar, so that a million objects cost tens of bytes each and numpy sees the arrays without a copy.
//! What a source has for some objects only stands in a [`Sparse`] column, which costs nothing where nobody has it.

mod brief;
mod column;
mod label_map;
mod names;
mod objects;
mod polygons;
mod problem;
mod retain;
mod skipped;
mod split;

pub use brief::{brief, brief_values};
pub use column::{Sparse, Strings};
pub use label_map::{Label, LabelMap, LabelMapError};
pub use names::{by_numbers, nearest, plain};
pub use objects::{Keypoint, Mask, Object, Objects, flag};
pub use polygons::{Outline, Polygons};
pub use problem::{Place, Problem, ProblemKind, Problems, Severity};
pub use skipped::{Ledger, Skipped};
pub use split::Split;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A class, in the source's order. Objects name it by its place in [`Dataset::classes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Name as the source has it, blanks at the ends removed.
    pub name: String,
    /// The source's own id (COCO's category id), where it has one.
    pub source_id: Option<i64>,
    /// The class above it; empty where the source has none.
    pub supercategory: String,
    /// Names of its keypoints, in the order of [`Objects::keypoints`].
    pub keypoints: Vec<String>,
    /// Pairs of keypoints that are joined by a bone, 0-based.
    pub skeleton: Vec<[u32; 2]>,
    /// Whether it is said to be no thing that can be counted: sky, grass (COCO's `isthing` 0).
    pub stuff: bool,
    /// The source's word for it where that is no name (Open Images: `/m/01g317`).
    pub code: String,
}

impl Class {
    /// A class of which nothing but the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// An annotated image dataset.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Folders (or archives) that image files lie below: the dataset's own first, then those the user named.
    pub roots: Vec<PathBuf>,
    /// Annotation files, relative to the first root; places in messages point here.
    pub sources: Strings,
    /// Classes in the source's order.
    pub classes: Vec<Class>,
    /// Whether the source itself gives the order of `classes` (a names file), rather than the order of their first use.
    pub classes_ordered: bool,
    /// One row per image.
    pub images: Images,
    /// One row per object, those of one image side by side.
    pub objects: Objects,
    /// Whether objects were drawn on images turned as their EXIF orientation says, where the annotated size does not tell: the
    /// source's tool shows them so, or they lie in the stored pixels; `None` where nobody knows, which is taken for the latter.
    pub drawn_turned: Option<bool>,
    /// Objects whose outline or mask stayed unread, because nobody asked for it.
    pub outlines_unread: u64,
    /// Images that have a picture of classes, of which nobody can tell which objects it shows.
    pub maps_unread: u64,
    /// The numbers that records give classes; empty for what is no record. A class has several where the records do not agree.
    pub numbers: Vec<ClassNumber>,
    /// What images lie in and goes with the last copy of the dataset: a folder for temporary files, an archive that is open.
    pub kept: Vec<Arc<dyn Keep>>,
}

/// The number that a record gives a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassNumber {
    /// The class, by its place in [`Dataset::classes`].
    pub class: u32,
    /// The number; `None` where there is a name alone.
    pub number: Option<i64>,
    /// How many objects, and images as a whole, have it.
    pub count: u64,
    /// The record that has it first.
    pub first: String,
}

/// Something that is only there as long as it is kept.
pub trait Keep: std::fmt::Debug + Send + Sync {}

impl<T: std::fmt::Debug + Send + Sync> Keep for T {}

/// One row per image. `objects(i)` are the rows of [`Objects`] that belong to image `i`.
#[derive(Clone, Debug, Default)]
pub struct Images {
    /// Path relative to the root, with `/`; unique in the dataset. What the split's hash and messages use.
    pub key: Strings,
    /// File name as the annotation says it.
    pub name: Strings,
    /// Place in [`Dataset::roots`] of the folder that `file` is below; `NO_FILE` where no file was found.
    pub root: Vec<u16>,
    /// Path of the image's file, relative to its root, with `/`.
    pub file: Strings,
    /// Where the image is only a part of `file` (a record's): its first byte, and how many bytes it has.
    pub span: Sparse<[u64; 2]>,
    /// Width in pixels as the annotation says; 0 where it does not.
    pub width: Vec<u32>,
    /// Height in pixels as the annotation says; 0 where it does not.
    pub height: Vec<u32>,
    /// The source's own number of the image (COCO), where it has one.
    pub id: Sparse<i64>,
    /// Where the image can be fetched, as the source says.
    pub url: Sparse<Box<str>>,
    /// What the image is called, where it was fetched: its file is then named after the URL.
    pub called: Sparse<Box<str>>,
    /// Sentences about the image.
    pub captions: Sparse<Vec<Box<str>>>,
    /// Classes of the image as a whole: places in [`Dataset::classes`].
    pub labels: Sparse<Vec<u32>>,
    /// Regions that nobody has looked into, as boxes in pixels (KITTI's DontCare).
    pub ignored: Sparse<Vec<[f64; 4]>>,
    /// The source's split.
    pub split: Vec<Option<Split>>,
    /// Place in [`Dataset::sources`] of the annotation file; `NO_SOURCE` for an image that none names.
    pub source: Vec<u32>,
    /// Line in the annotation file where the image's entry starts; 0 where that is not known.
    pub line: Vec<u32>,
    /// The image's place in the order of the source's own lists; images stand here by their keys.
    pub rank: Vec<u32>,
    /// End of the image's rows in [`Objects`]; they start where those of the image before end.
    pub object_end: Vec<u64>,
}

/// No image file was found ([`Images::root`]).
pub const NO_FILE: u16 = u16::MAX;
/// No annotation file names the image ([`Images::source`]).
pub const NO_SOURCE: u32 = u32::MAX;

/// An image on its way into a [`Dataset`], without its objects.
#[derive(Clone, Debug, Default)]
pub struct Image<'a> {
    /// See [`Images::key`].
    pub key: &'a str,
    /// See [`Images::name`].
    pub name: &'a str,
    /// Root and path of the file, where one was found.
    pub file: Option<(u16, &'a str)>,
    /// See [`Images::span`].
    pub span: Option<[u64; 2]>,
    /// Width and height in pixels as the annotation says; 0 where it does not.
    pub size: (u32, u32),
    /// See [`Images::split`].
    pub split: Option<Split>,
    /// Annotation file and line.
    pub source: (u32, u32),
    /// See [`Images::rank`].
    pub rank: u32,
    /// See [`Images::id`].
    pub id: Option<i64>,
    /// See [`Images::url`].
    pub url: Option<Box<str>>,
    /// See [`Images::captions`].
    pub captions: Vec<Box<str>>,
    /// See [`Images::labels`].
    pub labels: Vec<u32>,
    /// See [`Images::ignored`].
    pub ignored: Vec<[f64; 4]>,
}

impl Images {
    /// What the image at `row` is called: its file, without folders; one that is only a part of a file or was fetched, as the
    /// annotation says it.
    pub fn own_name(&self, row: usize) -> &str {
        if let Some(called) = self.called.get(row) {
            return called;
        }
        if self.root[row] == NO_FILE || self.span.get(row).is_some() {
            return self.name.get(row);
        }
        let file = self.file.get(row);
        file.rsplit('/').next().unwrap_or(file)
    }
}

impl Dataset {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.images.root.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an image and its objects.
    pub fn push(&mut self, image: Image<'_>, objects: impl IntoIterator<Item = Object>) {
        let before = self.objects.len();
        objects.into_iter().for_each(|object| self.objects.push(object));
        self.push_image(image, self.objects.len() - before);
    }

    /// Adds an image; its objects are the next `objects` rows of [`Objects`] that no image has yet.
    pub fn push_image(&mut self, image: Image<'_>, objects: usize) {
        let (row, images) = (self.len(), &mut self.images);
        images.key.push(image.key);
        images.name.push(image.name);
        let (root, file) = image.file.unwrap_or((NO_FILE, ""));
        images.root.push(root);
        images.file.push(file);
        images.span.extend(row, image.span);
        images.width.push(image.size.0);
        images.height.push(image.size.1);
        images.split.push(image.split);
        images.source.push(image.source.0);
        images.line.push(image.source.1);
        images.rank.push(image.rank);
        images.id.extend(row, image.id);
        images.url.extend(row, image.url);
        images.captions.extend(row, Some(image.captions).filter(|captions| !captions.is_empty()));
        images.labels.extend(row, Some(image.labels).filter(|labels| !labels.is_empty()));
        images.ignored.extend(row, Some(image.ignored).filter(|ignored| !ignored.is_empty()));
        let start = images.object_end.last().copied().unwrap_or(0);
        images.object_end.push(start + objects as u64);
    }

    /// Rows of [`Objects`] that belong to image `image`.
    pub fn objects_of(&self, image: usize) -> Range<usize> {
        let end = |image: usize| self.images.object_end[image] as usize;
        image.checked_sub(1).map_or(0, end)..end(image)
    }

    /// Whether nothing is said of image `image`: no object, no class, no caption.
    pub fn is_negative(&self, image: usize) -> bool {
        let images = &self.images;
        self.objects_of(image).is_empty() && images.labels.get(image).is_none() && images.captions.get(image).is_none()
    }

    /// Where the annotation of image `image` stands, at `line` (0: the image's own).
    pub fn place(&self, image: usize, line: u32) -> Place {
        let source = self.images.source[image];
        if source == NO_SOURCE {
            return Place::file(self.images.key.get(image));
        }
        let line = if line == 0 { self.images.line[image] } else { line };
        Place::line(self.sources.get(source as usize), line)
    }

    /// Where object `object` of image `image` stands.
    pub fn object_place(&self, image: usize, object: usize) -> Place {
        let line = self.objects.line[object];
        match self.objects.source.get(object) {
            Some(source) => Place::line(self.sources.get(*source as usize), line),
            None => self.place(image, line),
        }
    }
}
