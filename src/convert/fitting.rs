//! An image's own header against what its annotation says, and its objects fitted into it: what every target needs.

use super::boxes::{self, SkipRule, UnitBox};
use crate::dataset::{Dataset, Place, ProblemKind, Problems};
use crate::image::{Header, Kind};

/// The image that objects were drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Width and height in pixels, as its objects see it.
    pub size: (u32, u32),
    /// EXIF orientation of the stored image, where it was drawn on as that shows it; otherwise 1.
    pub orientation: u8,
}

impl Canvas {
    /// What the objects of image `row` were drawn on, which is stored as `header` says: the image as its EXIF orientation
    /// shows it, if the annotation's size says so where the orientation exchanges width and height.
    pub fn of(dataset: &Dataset, row: usize, header: &Header) -> Self {
        let Header { width, height, orientation, .. } = *header;
        let said = (dataset.images.width[row], dataset.images.height[row]);
        let turned = orientation >= 5 && width != height && said == (height, width);
        if turned { Self { size: said, orientation } } else { Self { size: (width, height), orientation: 1 } }
    }

    /// Width and height of the image as it is stored.
    pub fn stored(self) -> (u32, u32) {
        if self.orientation >= 5 { (self.size.1, self.size.0) } else { self.size }
    }
}

/// Notes where name or size of image `row` are not what its header says.
pub fn compare(dataset: &Dataset, row: usize, header: &Header, problems: &mut Problems) {
    let images = &dataset.images;
    let Header { kind, width, height, orientation, .. } = *header;
    let name = if images.span.get(row).is_some() { images.name.get(row) } else { images.file.get(row) };
    let claimed = Kind::from_name(name);
    if let Some(claimed) = claimed.filter(|claimed| *claimed != kind) {
        let message = format!("the name says {claimed}, the bytes are {kind}");
        problems.push(ProblemKind::WrongExtension, Place::file(images.key.get(row)), message);
    }
    let said = (images.width[row], images.height[row]);
    if Canvas::of(dataset, row, header).orientation != 1 {
        if !dataset.objects_of(row).is_empty() {
            let message = format!(
                "annotated size {} x {} is that of the turned image (EXIF orientation {orientation}), stored are \
                 {width} x {height}: boxes turned to the stored pixels",
                said.0, said.1
            );
            problems.push(ProblemKind::TurnedBoxes, dataset.place(row, 0), message);
        }
    } else if said.0 > 0 && said.1 > 0 && said != (width, height) {
        let message = format!("annotated size is {} x {}, the image is {width} x {height}", said.0, said.1);
        problems.push(ProblemKind::SizeMismatch, dataset.place(row, 0), message);
    }
}

/// Fits object `object` of image `row`: its box as parts of the image's size, and in pixels of the stored image. Where nothing
/// of it is left: the reason.
pub fn fit(
    dataset: &Dataset,
    (row, object): (usize, usize),
    canvas: Canvas,
    rule: SkipRule,
    problems: &mut Problems,
) -> Result<(UnitBox, [f64; 4]), ProblemKind> {
    let objects = &dataset.objects;
    let (bbox, normalised) = (objects.bbox[object], objects.normalised[object]);
    let fitted = boxes::fit_turned(bbox, normalised, canvas.size, rule, canvas.orientation);
    let reason = fitted.corrections.last().map_or(ProblemKind::EmptyBox, |(kind, _)| *kind);
    for (kind, message) in fitted.corrections {
        // A file of one line has no other place than the annotation's number.
        let message = match objects.id.get(object) {
            Some(id) => format!("annotation {id}: {message}"),
            None => message,
        };
        problems.push(kind, dataset.object_place(row, object), message);
    }
    let tiny =
        !normalised && bbox.iter().all(|side| (0.0..=1.0).contains(side)) && canvas.size.0.min(canvas.size.1) > 1;
    if tiny && fitted.unit.is_some() {
        let [x0, y0, x1, y1] = bbox;
        let message = format!("box [{x0}, {y0}, {x1}, {y1}] is within one pixel: are these fractions of the size?");
        problems.push(ProblemKind::TinyBox, dataset.object_place(row, object), message);
    }
    fitted.unit.map(|unit| (unit, fitted.pixels)).ok_or(reason)
}
