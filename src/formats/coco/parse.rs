//! From the elements of a batch to rows.

use super::elements::{AnnotationElement, Bbox, CategoryElement, Counts, ImageElement, Segmentation};
use super::skip::Skipper;
use crate::dataset::{Keypoint, Mask, Object, Objects, ProblemKind, flag};
use crate::formats::geometry;
use crate::formats::json::scalar::Id;
use crate::formats::json::stream::Batch;
use crate::formats::json::{self, Fault, Loose};
use crate::formats::text;
use crate::image::runs;

/// The attribute of an object that has a caption of its own.
const CAPTION: &str = "caption";

/// Kind, line and words of something that is wrong.
pub type Finding = (ProblemKind, u32, String);

/// What a batch holds.
#[derive(Debug)]
pub enum Parsed {
    Images(Vec<(ImageElement, u32)>, Vec<Finding>),
    Categories(Vec<(CategoryElement, u32)>, Vec<Finding>),
    Annotations(Box<Annotations>),
}

/// Annotations, in the file's order.
#[derive(Debug, Default)]
pub struct Annotations {
    /// Objects, whose class is not known yet.
    pub objects: Objects,
    /// The image of each object.
    pub images: Vec<Id>,
    /// The category of each object.
    pub categories: Vec<Id>,
    /// Image, category and line of annotations without a place in the image.
    pub labels: Vec<(Id, Id, u32)>,
    /// Image, text and line.
    pub captions: Vec<(Id, Box<str>, u32)>,
    pub findings: Vec<Finding>,
    /// Objects whose outline was passed over.
    pub outlines_unread: u64,
    /// Pictures of panoptic annotations.
    pub pictures: Vec<Picture>,
}

/// A picture that has the masks of some objects.
#[derive(Debug)]
pub struct Picture {
    pub file_name: String,
    pub line: u32,
    /// Their rows, and the number of each in the picture.
    pub rows: Vec<(usize, u32)>,
}

impl Annotations {
    pub fn append(&mut self, mut other: Self) {
        let before = self.objects.len();
        other.pictures.iter_mut().flat_map(|picture| &mut picture.rows).for_each(|(row, _)| *row += before);
        self.pictures.append(&mut other.pictures);
        self.objects.append(other.objects);
        self.images.extend(other.images);
        self.categories.extend(other.categories);
        self.labels.extend(other.labels);
        self.captions.extend(other.captions);
        self.findings.extend(other.findings);
        self.outlines_unread += other.outlines_unread;
    }
}

/// Parses the elements of `images`, `categories` or `annotations`.
pub fn batch(batch: &Batch, outlines: bool) -> Option<Parsed> {
    let mut findings = Vec::new();
    if !batch.elements {
        // `null` for an empty list.
        let (value, line) = batch.pieces().next()?;
        if value != b"null" {
            let message = format!("{:?} is no list", batch.member);
            findings.push((ProblemKind::BadEntry, line, message));
        }
    }
    let pieces = batch.pieces().filter(|_| batch.elements);
    match &*batch.member {
        "images" => {
            let images = pieces.filter_map(|(piece, line)| element(piece, line, "image", &mut findings)).collect();
            Some(Parsed::Images(images, findings))
        }
        "categories" => {
            let categories =
                pieces.filter_map(|(piece, line)| element(piece, line, "category", &mut findings)).collect();
            Some(Parsed::Categories(categories, findings))
        }
        _ => {
            let mut annotations = Annotations { findings, ..Annotations::default() };
            let mut skipper = Skipper::new();
            for (piece, line) in pieces {
                annotations.read(piece, line, outlines, &mut skipper);
            }
            Some(Parsed::Annotations(Box::new(annotations)))
        }
    }
}

fn element<T: serde::de::DeserializeOwned>(
    piece: &[u8],
    line: u32,
    what: &str,
    findings: &mut Vec<Finding>,
) -> Option<(T, u32)> {
    match json::parse(piece, line) {
        Ok((element, loose)) => {
            say_loose(loose, line, what, findings);
            Some((element, line))
        }
        Err(Fault { line, message }) => {
            findings.push((ProblemKind::BadEntry, line, format!("{what}: {message}")));
            None
        }
    }
}

fn say_loose(loose: Loose, line: u32, what: &str, findings: &mut Vec<Finding>) {
    if loose.not_finite {
        findings.push((ProblemKind::LooseSyntax, line, format!("{what}: NaN or Infinity is no JSON; read as null")));
    }
    if let Some(encoding) = loose.encoding {
        let message = format!("{what}: {encoding}");
        findings.push((ProblemKind::Encoding, line, message));
    }
}

impl Annotations {
    /// Whether there is none, not even one that cannot be used.
    pub fn is_empty(&self) -> bool {
        let Self { images, labels, captions, findings, .. } = self;
        images.is_empty() && labels.is_empty() && captions.is_empty() && findings.is_empty()
    }

    /// Reads an annotation. What is wrong with its outline alone costs the outline: the box stays, as it does for those who
    /// look at no outlines.
    fn read(&mut self, piece: &[u8], line: u32, outlines: bool, skipper: &mut Skipper) {
        if !outlines
            && let Ok((element, loose)) = json::parse(skipper.without_outlines(piece), line)
            && !needs_outline(&element)
        {
            return self.take::<false>(element, loose, line, false);
        }
        let fault = match json::parse(piece, line) {
            Ok((element, loose)) => return self.take::<true>(element, loose, line, outlines),
            Err(fault) => fault,
        };
        match json::parse::<AnnotationElement<false>>(skipper.without_outlines(piece), line) {
            Ok((mut element, loose)) if !needs_outline(&element) => {
                element.passed_over = None;
                let message = format!("{}: its outline is left out: {}", name_of(element.id.as_ref()), fault.message);
                self.findings.push((ProblemKind::BadMask, fault.line, message));
                self.take(element, loose, line, outlines);
            }
            _ => self.findings.push((ProblemKind::BadEntry, fault.line, format!("annotation: {}", fault.message))),
        }
    }

    fn take<const OUTLINES: bool>(
        &mut self,
        element: AnnotationElement<OUTLINES>,
        loose: Loose,
        line: u32,
        keep: bool,
    ) {
        let id = element.id.clone();
        if loose != Loose::default() {
            say_loose(loose, line, &name_of(id.as_ref()), &mut self.findings);
        }
        if let Err(message) = self.add(element, line, keep) {
            let message = format!("{}: {message}", name_of(id.as_ref()));
            self.findings.push((ProblemKind::BadEntry, line, message));
        }
    }

    fn add<const OUTLINES: bool>(
        &mut self,
        mut element: AnnotationElement<OUTLINES>,
        line: u32,
        keep: bool,
    ) -> Result<(), String> {
        let image = element.image_id.take().ok_or("there is no image_id")?;
        if let Some(segments) = element.segments.take() {
            let mut rows = Vec::new();
            for mut segment in segments {
                let (row, number) = (self.objects.len(), segment.id.clone());
                let name = format!("{} of image {image}", name_of(segment.id.as_ref()));
                segment.image_id = Some(image.clone());
                // Its mask is the pixels of the image's PNG that have its id.
                self.add(segment, line, keep).map_err(|message| format!("{name}: {message}"))?;
                if let Some(Id::Number(number)) = number
                    && let Ok(number) = u32::try_from(number)
                    && self.objects.len() > row
                {
                    rows.push((row, number));
                }
            }
            match element.file_name {
                Some(file_name) if keep => self.pictures.push(Picture { file_name, line, rows }),
                Some(_) => self.outlines_unread += rows.len() as u64,
                None => {}
            }
            return Ok(());
        }
        if let Some(caption) = element.caption.take() {
            if !has_place(&element) {
                self.captions.push((image, caption.into(), line));
                return Ok(());
            }
            // Of the object, as those of regions and of referring expressions are.
            if !caption.is_empty() && element.attributes.iter().all(|(name, _)| **name != *CAPTION) {
                element.attributes.push((CAPTION.into(), caption.into()));
            }
        }
        let category = element.category_id.take().ok_or("there is no category_id")?;
        let nowhere =
            element.bbox.is_none() && element.passed_over.is_none() && element.segmentation == Segmentation::None;
        // What has an area is an object, whose place is lost.
        let placeless = element.area.is_none_or(|area| area <= 0.0);
        if nowhere && placeless && element.keypoints.is_empty() {
            self.labels.push((image, category, line));
            return Ok(());
        }
        let unread = element.passed_over == Some(true) || !keep && element.segmentation != Segmentation::None;
        self.object(element, line, keep)?;
        self.outlines_unread += u64::from(unread);
        self.images.push(image);
        self.categories.push(category);
        Ok(())
    }

    fn object<const OUTLINES: bool>(
        &mut self,
        element: AnnotationElement<OUTLINES>,
        line: u32,
        keep: bool,
    ) -> Result<(), String> {
        let id = element.id.as_ref();
        let mut note = |kind, message: String| self.findings.push((kind, line, format!("{}: {message}", name_of(id))));
        let mut parts: Vec<&[f64]> = Vec::new();
        let mut mask = None;
        match &element.segmentation {
            Segmentation::None => {}
            Segmentation::Polygons(coordinates) => {
                for part in coordinates.parts().filter(|part| !part.is_empty()) {
                    match part.len() {
                        _ if part.iter().any(|value| !value.is_finite()) => {
                            note(
                                ProblemKind::IgnoredField,
                                "a polygon with a coordinate that is no number is left out".into(),
                            );
                        }
                        len if len % 2 != 0 || len < 6 => {
                            note(ProblemKind::IgnoredField, format!("a polygon of {len} numbers is left out"));
                        }
                        _ => parts.push(part),
                    }
                }
            }
            Segmentation::Runs { counts, size } => match runs_of(counts, *size) {
                Ok(made) => mask = Some(made),
                Err(message) => note(ProblemKind::BadMask, format!("its mask is left out: {message}")),
            },
        }
        let bbox = match element.bbox {
            Some(bbox) if bbox.len == 4 && is_finite(&bbox) => {
                let [x, y, width, height] = bbox.values;
                [x, y, x + width, y + height]
            }
            Some(bbox) if bbox.len != 0 && bbox.len != 4 => {
                return Err(format!("bbox has {} numbers instead of 4", bbox.len));
            }
            given => {
                let message = match given {
                    Some(bbox) if bbox.len == 4 => "a number of bbox is not finite, and there is no outline",
                    _ => "there is neither a bbox nor an outline",
                };
                let found = around(&parts, mask.as_ref()).or_else(|| around_points(&element.keypoints));
                found.ok_or(message)?
            }
        };
        if !bbox.iter().all(|side| side.is_finite()) {
            return Err("bbox has no end".into());
        }
        let mut flags = match element.iscrowd {
            None => 0,
            Some(false) => flag::HAS_CROWD,
            Some(true) => flag::HAS_CROWD | flag::CROWD,
        };
        let mut attributes = element.attributes;
        attributes.retain(|(name, value)| {
            let (has, is) = match &**name {
                "occluded" => (flag::HAS_OCCLUDED, flag::OCCLUDED),
                "truncated" => (flag::HAS_TRUNCATED, flag::TRUNCATED),
                "difficult" => (flag::HAS_DIFFICULT, flag::DIFFICULT),
                _ => return true,
            };
            let Some(Some(said)) = text::yes_or_no(value) else { return true };
            flags |= has | if said { is } else { 0 };
            false
        });
        if element.other_attributes > 0 {
            let message = format!("{} attributes without a name and one value are left out", element.other_attributes);
            note(ProblemKind::IgnoredField, message);
        }
        let (triples, rest) = element.keypoints.as_chunks::<3>();
        if !rest.is_empty() {
            let message = format!("{} numbers are no keypoints, of three each", element.keypoints.len());
            note(ProblemKind::IgnoredField, message);
        }
        let keypoints = if rest.is_empty() { triples.iter().map(keypoint).collect() } else { Box::default() };
        let unplaced =
            triples.iter().filter(|triple| triple[2] != 0.0 && triple.iter().any(|value| !value.is_finite()));
        match unplaced.count() {
            0 => {}
            count => note(
                ProblemKind::IgnoredField,
                format!("keypoints with a value that is no number are not labelled: {count}"),
            ),
        }
        if let Some([.., visibility]) = triples.iter().find(|[.., visibility]| ![0.0, 1.0, 2.0].contains(visibility))
            && visibility.is_finite()
        {
            let message = format!("visibility {visibility} of a keypoint is none of 0, 1 and 2; the nearest is taken");
            note(ProblemKind::IgnoredField, message);
        }
        let mut held = |what: &str, value: Option<f64>| {
            // Records have 32 bits for it.
            let held = value.filter(|value| value.abs() <= f64::from(f32::MAX));
            if let (Some(value), None) = (value, held) {
                note(ProblemKind::IgnoredField, format!("{what} {value:e} is left out"));
            }
            held
        };
        let (area, score) = (held("area", element.area), held("score", element.score));
        let row = self.objects.len();
        self.objects.push(Object {
            bbox,
            flags,
            line,
            mask: mask.filter(|_| keep),
            keypoints,
            area,
            score,
            track: element.track_id,
            id: match element.id {
                Some(Id::Number(number)) => Some(number),
                _ => None,
            },
            attributes,
            ..Object::default()
        });
        for part in parts.iter().filter(|_| keep) {
            self.objects.polygons.push_part(row, part.chunks_exact(2).map(|point| [point[0], point[1]]));
        }
        Ok(())
    }
}

/// What messages call an annotation.
fn name_of(id: Option<&Id>) -> String {
    id.map_or_else(|| "annotation".into(), |id| format!("annotation {id}"))
}

/// Whether an annotation with a caption is that of an object.
fn has_place<const OUTLINES: bool>(element: &AnnotationElement<OUTLINES>) -> bool {
    let drawn = match &element.segmentation {
        Segmentation::None => element.passed_over == Some(true),
        Segmentation::Polygons(coordinates) => !coordinates.values.is_empty(),
        Segmentation::Runs { .. } => true,
    };
    // Some fill the fields of captions with zeros.
    let boxed = element.bbox.is_some_and(|bbox| bbox.values.iter().any(|value| *value != 0.0));
    boxed || drawn || element.keypoints.iter().any(|value| *value != 0.0)
}

/// Whether there is no saying where the object is without the outline that was passed over.
fn needs_outline<const OUTLINES: bool>(element: &AnnotationElement<OUTLINES>) -> bool {
    element.passed_over.is_some() && element.bbox.is_none_or(|bbox| bbox.len == 0 || !is_finite(&bbox))
}

fn is_finite(bbox: &Bbox) -> bool {
    bbox.values.iter().all(|value| value.is_finite())
}

/// A keypoint; without a number that is one it is not labelled.
fn keypoint([x, y, visibility]: &[f64; 3]) -> Keypoint {
    if ![x, y, visibility].iter().all(|value| value.is_finite()) {
        return Keypoint { x: 0.0, y: 0.0, visibility: 0 };
    }
    // Beyond 2: `v` of some tools is a confidence.
    Keypoint { x: *x, y: *y, visibility: visibility.clamp(0.0, 2.0).round() as u8 }
}

fn runs_of(counts: &Counts, [height, width]: [f64; 2]) -> Result<Mask, String> {
    let runs = match counts {
        Counts::Runs(runs) => runs.clone(),
        Counts::Text(text) => runs::from_text(text).map_err(|error| error.to_string())?,
    };
    let side = |side: f64| (side >= 0.0 && side <= f64::from(u32::MAX) && side.fract() == 0.0).then_some(side as u32);
    let (Some(height), Some(width)) = (side(height), side(width)) else {
        return Err(format!("size [{height}, {width}] is none"));
    };
    let (has, wanted) = (runs::pixels(&runs), u64::from(height) * u64::from(width));
    if has != wanted {
        return Err(format!("its runs have {has} pixels, {width} x {height} are {wanted}"));
    }
    Ok(Mask { width, height, runs: runs.into() })
}

/// The box around the keypoints that are labelled.
fn around_points(keypoints: &[f64]) -> Option<[f64; 4]> {
    let points = keypoints.as_chunks::<3>().0.iter().filter(|point| point[2] > 0.0);
    geometry::around(points.map(|[x, y, _]| [*x, *y]).filter(|point| point.iter().all(|side| side.is_finite())))
}

/// The box around an outline or a mask.
fn around(parts: &[&[f64]], mask: Option<&Mask>) -> Option<[f64; 4]> {
    if let Some(mask) = mask {
        return Some(runs::bounds(&mask.runs, mask.height)?.map(|side| side as f64));
    }
    let mut points = parts.iter().flat_map(|part| part.chunks_exact(2));
    let first = points.next()?;
    Some(points.fold([first[0], first[1], first[0], first[1]], |[x0, y0, x1, y1], point| {
        [x0.min(point[0]), y0.min(point[1]), x1.max(point[0]), y1.max(point[1])]
    }))
}
