//! An image's own header against what its annotation says, and its objects fitted into it: what every target needs.

use super::boxes::{self, BoxRules, UnitBox};
use super::reencode::Rewrite;
use crate::dataset::{Dataset, Place, ProblemKind, Problems};
use crate::formats::geometry;
use crate::formats::target::{Frame, MaskFit, is_resized};
use crate::image::{Header, Kind};

/// What the objects of image `row` were drawn on, which is stored as `header` says. The annotation's size decides: where it
/// is that of the image as its EXIF orientation shows it, they were drawn on that; where it has the same shape and is
/// larger or smaller, the image's file was resized after it was annotated, unless an object lies outside of it. Where both sizes
/// are one, or none is annotated, it is known of some tools that they show images turned.
pub fn frame(dataset: &Dataset, row: usize, header: &Header) -> Frame {
    let Header { width, height, orientation, .. } = *header;
    let (stored, shown) = ((width, height), (height, width));
    let drawn = (dataset.images.width[row], dataset.images.height[row]);
    let turns = orientation >= 5 && width != height;
    // Turned or not, its size is the same.
    let turned = dataset.drawn_turned == Some(true);
    let hidden = turned && orientation != 1 && !turns;
    if turned && drawn == (0, 0) {
        return Frame { drawn: if orientation >= 5 { shown } else { stored }, orientation, stored };
    }
    let found = if hidden && drawn == stored {
        Some(orientation)
    } else if drawn == stored {
        None
    } else if turns && drawn == shown {
        Some(orientation)
    } else if !objects_fit(dataset, row, drawn) {
        None
    } else if is_resized(drawn, stored) {
        Some(if hidden { orientation } else { 1 })
    } else if turns && is_resized(drawn, shown) {
        Some(orientation)
    } else {
        None
    };
    found.map_or(Frame::plain(stored), |orientation| Frame { drawn, orientation, stored })
}

/// Whether nobody can tell if the objects of image `row` were drawn on it as it is stored, or as its EXIF orientation shows it.
fn is_untold(dataset: &Dataset, row: usize, header: &Header) -> bool {
    let Header { width, height, orientation, .. } = *header;
    let drawn = (dataset.images.width[row], dataset.images.height[row]);
    orientation != 1
        && dataset.drawn_turned.is_none()
        && !dataset.objects_of(row).is_empty()
        && (orientation < 5 || width == height || drawn == (0, 0))
}

/// Whether there are objects in pixels, and all inside of `size`, give or take one.
fn objects_fit(dataset: &Dataset, row: usize, (width, height): (u32, u32)) -> bool {
    let inside =
        |[x0, y0, x1, y1]: [f64; 4]| x0.max(x1) <= f64::from(width) + 1.0 && y0.max(y1) <= f64::from(height) + 1.0;
    let mut pixels = dataset.objects_of(row).filter(|object| !dataset.objects.normalised[*object]).peekable();
    pixels.peek().is_some() && pixels.all(|object| inside(dataset.objects.bbox[object]))
}

/// Notes what is worth knowing about image `row` as a whole, to somebody who feeds it to TensorFlow; gives what its objects
/// are placed in: of the file that `rewrite` makes of it, if there is one.
pub fn look_at(
    dataset: &Dataset,
    row: usize,
    header: &Header,
    rewrite: Option<Rewrite>,
    problems: &mut Problems,
) -> Frame {
    let turned = rewrite.map_or(1, |rewrite| rewrite.turned);
    let frame = compare_turned(dataset, row, header, turned, problems);
    let place = || Place::file(dataset.images.key.get(row));
    let Header { kind, orientation, tensorflow, .. } = *header;
    if orientation != 1 {
        let message = match turned {
            1 => format!("stored turned (EXIF orientation {orientation}), and TensorFlow does not turn it back"),
            _ => format!("turned upright (EXIF orientation {orientation})"),
        };
        problems.push(ProblemKind::Rotated, place(), message);
    }
    if !tensorflow {
        let written = rewrite.map_or(String::new(), |rewrite| format!(": written as {}", rewrite.encoding.kind()));
        let message = format!("TensorFlow's decoders do not take this {kind}{written}");
        problems.push(ProblemKind::UndecodableKind, place(), message);
    }
    if turned == 1 { frame } else { frame.upright(turned) }
}

/// Notes where name or size of image `row` are not what its header says; gives what its objects were drawn on.
pub fn compare(dataset: &Dataset, row: usize, header: &Header, problems: &mut Problems) -> Frame {
    compare_turned(dataset, row, header, 1, problems)
}

/// The same of an image that is to be `turned` upright: of boxes on that there is nothing to say.
fn compare_turned(dataset: &Dataset, row: usize, header: &Header, turned: u8, problems: &mut Problems) -> Frame {
    let images = &dataset.images;
    let Header { kind, width, height, orientation, .. } = *header;
    let claimed = Kind::from_name(images.own_name(row));
    if let Some(claimed) = claimed.filter(|claimed| *claimed != kind) {
        let message = format!("the name says {claimed}, the bytes are {kind}");
        problems.push(ProblemKind::WrongExtension, Place::file(images.key.get(row)), message);
    }
    let said = (images.width[row], images.height[row]);
    let frame = frame(dataset, row, header);
    if is_untold(dataset, row, header) {
        let message = format!(
            "stored turned (EXIF orientation {orientation}), and nothing tells whether it was annotated as it is shown: boxes are \
             taken in the stored pixels"
        );
        problems.push(ProblemKind::MaybeTurned, dataset.place(row, 0), message);
    }
    if frame.is_scaled() {
        let turned = if frame.orientation == 1 { "" } else { "turned and " };
        let message = format!(
            "annotated size is {} x {}, the image is {width} x {height}: boxes {turned}scaled to it",
            said.0, said.1
        );
        problems.push(ProblemKind::ScaledBoxes, dataset.place(row, 0), message);
    } else if frame.orientation != 1 {
        if turned == 1 && !dataset.objects_of(row).is_empty() {
            let message = match said == (width, height) || said == (0, 0) {
                true => format!(
                    "the tool shows the image turned (EXIF orientation {orientation}): boxes turned to the stored pixels"
                ),
                false => format!(
                    "annotated size {} x {} is that of the turned image (EXIF orientation {orientation}), stored are \
                     {width} x {height}: boxes turned to the stored pixels",
                    said.0, said.1
                ),
            };
            problems.push(ProblemKind::TurnedBoxes, dataset.place(row, 0), message);
        }
    } else if said.0 > 0 && said.1 > 0 && said != (width, height) {
        let message = format!("annotated size is {} x {}, the image is {width} x {height}", said.0, said.1);
        problems.push(ProblemKind::SizeMismatch, dataset.place(row, 0), message);
    }
    frame
}

/// The box of an object. One that is just around a mask of another size is in pixels of the mask, and scaled as that is.
fn box_of(dataset: &Dataset, object: usize, frame: Frame) -> [f64; 4] {
    let bbox = dataset.objects.bbox[object];
    let Some(mask) = dataset.objects.masks.get(object) else { return bbox };
    let size = (mask.width, mask.height);
    let is_plain = frame == Frame::plain(frame.stored) && !dataset.objects.normalised[object];
    if !is_plain || frame.mask_fit(size) != MaskFit::Scaled || geometry::mask_box(mask) != Some(bbox) {
        return bbox;
    }
    let of_mask = Frame { drawn: size, ..frame };
    let [[x0, y0], [x1, y1]] = [[bbox[0], bbox[1]], [bbox[2], bbox[3]]].map(|corner| of_mask.place(corner));
    [x0, y0, x1, y1]
}

/// The box of keypoints that lie on one point or one line, a pixel wide; none where it has an area already, or nothing in the image.
fn box_of_points(dataset: &Dataset, object: usize, bbox: [f64; 4], frame: Frame) -> Option<[f64; 4]> {
    let points = dataset.objects.keypoints.get(object)?;
    if !points.iter().any(|point| point.visibility > 0) {
        return None;
    }
    let (width, height) = (f64::from(frame.drawn.0.max(1)), f64::from(frame.drawn.1.max(1)));
    let (pixel, size) = match dataset.objects.normalised[object] {
        true => ([1.0 / width, 1.0 / height], [1.0, 1.0]),
        false => ([1.0, 1.0], [width, height]),
    };
    Some(geometry::a_pixel_wide(bbox, pixel, size)).filter(|wide| *wide != bbox)
}

/// What a message about an object starts with: its number where it has one, else which of the image's it is where the line does
/// not say that, as in a file of one line.
fn annotation(dataset: &Dataset, (row, object): (usize, usize)) -> String {
    let objects = &dataset.objects;
    if let Some(id) = objects.id.get(object) {
        return format!("annotation {id}: ");
    }
    let all = dataset.objects_of(row);
    let place = |object: usize| (objects.source.get(object), objects.line[object]);
    if !all.clone().any(|other| other != object && place(other) == place(object)) {
        return String::new();
    }
    let class = dataset.classes.get(objects.class[object] as usize).map_or("", |class| &class.name);
    format!("object {} ({class:?}): ", object - all.start + 1)
}

/// Fits object `object` of image `row`: its box as parts of the image's size, and in pixels of the stored image. Where nothing
/// of it is left: the reason.
pub fn fit(
    dataset: &Dataset,
    (row, object): (usize, usize),
    frame: Frame,
    rules: BoxRules,
    problems: &mut Problems,
) -> Result<(UnitBox, [f64; 4]), ProblemKind> {
    let objects = &dataset.objects;
    let normalised = objects.normalised[object];
    let bbox = box_of(dataset, object, frame);
    let bbox = match box_of_points(dataset, object, bbox, frame) {
        Some(wide) => {
            let of = annotation(dataset, (row, object));
            let message = format!("{of}its keypoints lie on a point or a line; their box is made a pixel wide");
            problems.push(ProblemKind::PointBox, dataset.object_place(row, object), message);
            wide
        }
        None => bbox,
    };
    let fitted = boxes::fit(bbox, normalised, frame, rules);
    let reason = fitted.corrections.last().map_or(ProblemKind::EmptyBox, |(kind, _)| *kind);
    for (kind, message) in fitted.corrections {
        let message = annotation(dataset, (row, object)) + &message;
        problems.push(kind, dataset.object_place(row, object), message);
    }
    let [x0, y0, x1, y1] = fitted.pixels;
    let (width, height) = (x1 - x0, y1 - y0);
    // A box of whole pixels that was written in fractions comes back a hair smaller.
    if fitted.unit.is_some() && width.min(height) < rules.min_size - 1e-6 {
        let shown = |side: f64| (side * 100.0).round() / 100.0;
        let message = format!("box of {} x {}, asked for {} pixels", shown(width), shown(height), rules.min_size);
        problems.push(ProblemKind::MinBoxSize, dataset.object_place(row, object), message);
        return Err(ProblemKind::MinBoxSize);
    }
    let tiny =
        !normalised && bbox.iter().all(|side| (0.0..=1.0).contains(side)) && frame.drawn.0.min(frame.drawn.1) > 1;
    if tiny && fitted.unit.is_some() {
        let [x0, y0, x1, y1] = bbox;
        let message = format!("box [{x0}, {y0}, {x1}, {y1}] is within one pixel: are these fractions of the size?");
        problems.push(ProblemKind::TinyBox, dataset.object_place(row, object), message);
    }
    fitted.unit.map(|unit| (unit, fitted.pixels)).ok_or(reason)
}

/// Notes where the mask of object `object` of image `row` is not of the size that its objects were drawn on.
pub fn look_at_mask(dataset: &Dataset, (row, object): (usize, usize), frame: Frame, problems: &mut Problems) {
    let Some(mask) = dataset.objects.masks.get(object) else { return };
    let (kind, done) = match frame.mask_fit((mask.width, mask.height)) {
        MaskFit::Own => return,
        MaskFit::Scaled => (ProblemKind::ScaledBoxes, "scaled to it"),
        MaskFit::Other => (ProblemKind::SizeMismatch, "left out, the box is kept"),
    };
    let of = annotation(dataset, (row, object));
    let (width, height) = frame.shown();
    let message = format!("{of}mask is {} x {}, the image is {width} x {height}: {done}", mask.width, mask.height);
    problems.push(kind, dataset.object_place(row, object), message);
}
