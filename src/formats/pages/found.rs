//! Objects, as the shapes that labelling tools draw.

use super::{Finding, Sheet};
use crate::dataset::{Keypoint, Mask, Object, ProblemKind};
use crate::formats::geometry;
use crate::formats::json::node::Node;
use crate::formats::text::Fault;
use crate::image::runs;

/// An object and the name of its class.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its class.
    pub class: Box<str>,
    /// The object; its `class` is set by [`gather`].
    pub object: Object,
    /// Keypoints by name; [`gather`] puts them in the order of the class.
    pub points: Vec<(Box<str>, Keypoint)>,
    /// Holes in its outline; [`draw_holes`] makes a mask of both.
    pub holes: Vec<Vec<[f64; 2]>>,
    /// Whether its keypoints are the corners of a line, for which the model has no place.
    pub is_line: bool,
}

/// Draws outlines that have holes: they are masks then, with the boxes that they have. Where one cannot be drawn, it stays as it
/// is without its holes, with a note.
pub fn draw_holes(sheet: &mut Sheet, findings: &mut Vec<Finding>) {
    let size = [sheet.size.0, sheet.size.1];
    for found in &mut sheet.objects {
        let holes = std::mem::take(&mut found.holes);
        let object = &mut found.object;
        if holes.is_empty() {
            continue;
        }
        let drawn = match object.mask {
            Some(_) => Err(Fault::new(0, "it has a mask, too")),
            None => geometry::mask_with_holes(size, &object.polygons, &holes),
        };
        let drawn = drawn.and_then(|mask| match runs::area(&mask.runs) {
            0 => Err(Fault::new(0, "nothing would be left of it")),
            _ => Ok(mask),
        });
        match drawn {
            Ok(mask) => {
                object.polygons.clear();
                object.mask = Some(mask);
            }
            Err(fault) => {
                let message = format!("{} holes of {:?} left out: {}", holes.len(), found.class, fault.message);
                findings.push((ProblemKind::IgnoredField, object.line, message));
            }
        }
    }
}

impl Found {
    /// An object of which nothing but the box is known: `[x0, y0, x1, y1)`, in either order.
    pub fn boxed(class: &str, line: u32, [x0, y0, x1, y1]: [f64; 4]) -> Self {
        let bbox = [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)];
        Self {
            class: class.into(),
            object: Object { bbox, line, ..Object::default() },
            points: Vec::new(),
            holes: Vec::new(),
            is_line: false,
        }
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

    /// An object that is a line: its corners are keypoints.
    pub fn line(class: &str, line: u32, points: &[[f64; 2]]) -> Result<Self, Fault> {
        Ok(Self { is_line: true, ..Self::pointed(class, line, points)? })
    }

    /// An object of single points.
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
