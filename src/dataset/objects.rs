//! Objects, one row each.

use super::column::Sparse;
use super::polygons::Polygons;

/// Flags of an object. A source that has no such field leaves the `HAS_` bit out, so that "not difficult" and "nobody
/// said" stay apart.
pub mod flag {
    /// Marked as hard to recognise (VOC).
    pub const DIFFICULT: u16 = 1;
    /// Cut off by the image's edge or by another object.
    pub const TRUNCATED: u16 = 1 << 1;
    /// Partly hidden.
    pub const OCCLUDED: u16 = 1 << 2;
    /// One box around many (COCO's `iscrowd`).
    pub const CROWD: u16 = 1 << 3;
    /// The source says whether the object is difficult.
    pub const HAS_DIFFICULT: u16 = 1 << 8;
    /// The source says whether the object is truncated.
    pub const HAS_TRUNCATED: u16 = 1 << 9;
    /// The source says whether the object is occluded.
    pub const HAS_OCCLUDED: u16 = 1 << 10;
    /// The source says whether the object is a crowd.
    pub const HAS_CROWD: u16 = 1 << 11;
    /// The source calls a crowd a group (Open Images' `IsGroupOf`).
    pub const HAS_GROUP_OF: u16 = 1 << 12;
}

/// A mask of the size of its image, as COCO stores it: lengths of runs of 0 and 1 in turn, the first of 0, down the columns
/// from left to right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Lengths of the runs; their sum is `width * height`.
    pub runs: Box<[u32]>,
}

/// A keypoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keypoint {
    /// Pixels from the left (or part of the width, where the object is `normalised`).
    pub x: f64,
    /// Pixels from above, likewise.
    pub y: f64,
    /// COCO's `v`: 0 not labelled, 1 labelled but hidden, 2 visible.
    pub visibility: u8,
}

/// One row per object.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// Place in [`Dataset::classes`].
    pub class: Vec<u32>,
    /// `[x0, y0, x1, y1)`, absolute pixels, as the source says (see the module's head).
    pub bbox: Vec<[f64; 4]>,
    /// Bits of [`flag`].
    pub flags: Vec<u16>,
    /// Line in the annotation file; 0 where that is not known.
    pub line: Vec<u32>,
    /// Place in [`Dataset::sources`] of the annotation file, where it is not the image's.
    pub source: Sparse<u32>,
    /// Whether `bbox` is a fraction of the image's size that is not known yet, instead of pixels.
    pub normalised: Vec<bool>,
    /// Pose or view (`Left`, `Frontal`), VOC.
    pub pose: Sparse<Box<str>>,
    /// Outlines in pixels (or parts of the size, where `normalised`).
    pub polygons: Polygons,
    /// Masks.
    pub masks: Sparse<Mask>,
    /// Keypoints, in the order of [`super::Class::keypoints`].
    pub keypoints: Sparse<Box<[Keypoint]>>,
    /// Corners `[x, y]` of a turned box, in pixels (or parts of the size, where `normalised`), in the source's order around
    /// it; `bbox` is then the upright box around them.
    pub corners: Sparse<[[f64; 2]; 4]>,
    /// Area in square pixels as the source says (of the outline, where there is one).
    pub area: Sparse<f64>,
    /// Confidence of a prediction.
    pub score: Sparse<f64>,
    /// Number of the track that the object belongs to, over the images of a video.
    pub track: Sparse<i64>,
    /// The source's own number of the object.
    pub id: Sparse<i64>,
    /// Free attributes: name and value, as the source has them.
    pub attributes: Sparse<Vec<(Box<str>, Box<str>)>>,
}

/// An object on its way into a [`Dataset`].
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// Place in [`Dataset::classes`].
    pub class: u32,
    /// See [`Objects::bbox`].
    pub bbox: [f64; 4],
    /// Bits of [`flag`].
    pub flags: u16,
    /// Line in the annotation file.
    pub line: u32,
    /// See [`Objects::source`].
    pub source: Option<u32>,
    /// See [`Objects::normalised`].
    pub normalised: bool,
    /// See [`Objects::pose`].
    pub pose: Option<Box<str>>,
    /// See [`Objects::polygons`].
    pub polygons: Vec<Vec<[f64; 2]>>,
    /// See [`Objects::masks`].
    pub mask: Option<Mask>,
    /// See [`Objects::keypoints`].
    pub keypoints: Box<[Keypoint]>,
    /// See [`Objects::corners`].
    pub corners: Option<[[f64; 2]; 4]>,
    /// See [`Objects::area`].
    pub area: Option<f64>,
    /// See [`Objects::score`].
    pub score: Option<f64>,
    /// See [`Objects::track`].
    pub track: Option<i64>,
    /// See [`Objects::id`].
    pub id: Option<i64>,
    /// See [`Objects::attributes`].
    pub attributes: Vec<(Box<str>, Box<str>)>,
}

impl Objects {
    /// Number of objects.
    pub fn len(&self) -> usize {
        self.class.len()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }

    /// Adds an object.
    pub fn push(&mut self, object: Object) {
        let row = self.class.len();
        self.class.push(object.class);
        self.bbox.push(object.bbox);
        self.flags.push(object.flags);
        self.line.push(object.line);
        self.normalised.push(object.normalised);
        self.source.extend(row, object.source);
        self.pose.extend(row, object.pose);
        for part in &object.polygons {
            self.polygons.push_part(row, part.iter().copied());
        }
        self.masks.extend(row, object.mask);
        self.keypoints.extend(row, Some(object.keypoints).filter(|points| !points.is_empty()));
        self.corners.extend(row, object.corners);
        self.area.extend(row, object.area);
        self.score.extend(row, object.score);
        self.track.extend(row, object.track);
        self.id.extend(row, object.id);
        self.attributes.extend(row, Some(object.attributes).filter(|attributes| !attributes.is_empty()));
    }

    /// Adds all of `other`, behind those that are here.
    pub fn append(&mut self, other: Self) {
        let row = self.class.len();
        if row == 0 {
            *self = other;
            return;
        }
        self.class.extend(other.class);
        self.bbox.extend(other.bbox);
        self.flags.extend(other.flags);
        self.line.extend(other.line);
        self.normalised.extend(other.normalised);
        self.source.append(row, other.source);
        self.pose.append(row, other.pose);
        self.polygons.append(row, other.polygons);
        self.masks.append(row, other.masks);
        self.keypoints.append(row, other.keypoints);
        self.corners.append(row, other.corners);
        self.area.append(row, other.area);
        self.score.append(row, other.score);
        self.track.append(row, other.track);
        self.id.append(row, other.id);
        self.attributes.append(row, other.attributes);
    }

    /// The rows in another order: row `i` becomes row `place[i]`, and is left out where that is `None`. The places given are
    /// all below `len`, each once.
    #[must_use]
    pub fn moved(self, place: &[Option<u32>], len: usize) -> Self {
        fn dense<T: Clone + Default>(values: Vec<T>, place: &[Option<u32>], len: usize) -> Vec<T> {
            let mut moved = vec![T::default(); len];
            for (value, place) in values.into_iter().zip(place) {
                if let Some(room) = place.and_then(|place| moved.get_mut(place as usize)) {
                    *room = value;
                }
            }
            moved
        }
        Self {
            class: dense(self.class, place, len),
            bbox: dense(self.bbox, place, len),
            flags: dense(self.flags, place, len),
            line: dense(self.line, place, len),
            normalised: dense(self.normalised, place, len),
            source: self.source.moved(place, len),
            pose: self.pose.moved(place, len),
            polygons: self.polygons.moved(place),
            masks: self.masks.moved(place, len),
            keypoints: self.keypoints.moved(place, len),
            corners: self.corners.moved(place, len),
            area: self.area.moved(place, len),
            score: self.score.moved(place, len),
            track: self.track.moved(place, len),
            id: self.id.moved(place, len),
            attributes: self.attributes.moved(place, len),
        }
    }
}
