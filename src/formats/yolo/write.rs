//! YOLO as it is written: Ultralytics' own order of folders.
//!
//! ```text
//! data.yaml  images/{train,val,test}/a.jpg  labels/{train,val,test}/a.txt
//! ```
//!
//! - Fractions have eight digits. An image without objects has an empty file.
//! - No `path:` in `data.yaml`: Ultralytics then takes the file's own folder. It does not train without `val:`, so this names
//!   the images for training where there are no others.
//! - `yolo-seg`: Ultralytics takes every line of a file for an outline as soon as one is, so a box is written as its four
//!   corners. Outlines of several parts become one line that goes from part to part and back, and encloses the same.
//! - `yolo-obb`: an object that is not turned has the corners of its box.
//! - `yolo-pose`: every object has as many points as the one with most; those that it lacks are not visible.
//! - Confidences and tracks are not written: Ultralytics refuses lines with a field too many.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dataset::Split;
use crate::formats::FormatError;
use crate::formats::target::{
    Fixed, Ready, ReadyImage, ReadyObject, Remarks, Sink, joined, on_a_line, put, put_images, remark_lines, stem,
    val_word,
};

/// Digits of a fraction.
const DIGITS: usize = 8;

pub(super) fn detect(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    write(ready, sink, "", put_box)
}

pub(super) fn segment(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let boxes = AtomicU64::new(0);
    let mut remarks = write(ready, sink, "task: segment\n", |image, object, line| {
        let mut outline = joined(ready.outline_or_corners(image, object));
        if outline.len() < 3 {
            outline = corners_of(object.bbox).to_vec();
            boxes.fetch_add(1, Ordering::Relaxed);
        }
        put_points(image, &outline, line);
    })?;
    let boxes = boxes.into_inner();
    if boxes > 0 {
        remarks.push(format!("boxes written as outlines of their four corners: {boxes}"));
    }
    Ok(remarks)
}

pub(super) fn obb(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    write(ready, sink, "task: obb\n", |image, object, line| {
        let corners = ready.corners(image, object).unwrap_or_else(|| corners_of(object.bbox));
        put_points(image, &corners, line);
    })
}

pub(super) fn pose(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let points =
        |object: &ReadyObject| ready.dataset.objects.keypoints.get(object.row).map_or(0, |points| points.len());
    let count = ready.objects.iter().map(points).max().unwrap_or(0).max(1);
    let mut head = format!("kpt_shape: [{count}, 3]\n");
    let named = |place: usize| ready.classes[place].details.map_or(&[][..], |class| &class.keypoints);
    if (0..ready.classes.len()).any(|place| !named(place).is_empty()) {
        head += "kpt_names:\n";
        for place in 0..ready.classes.len() {
            let names: Vec<String> = named(place).iter().map(|name| scalar(name)).collect();
            let _ = writeln!(head, "  {place}: [{}]", names.join(", "));
        }
    }
    write(ready, sink, &head, |image, object, line| {
        put_box(image, object, line);
        let points = ready.keypoints(image, object).unwrap_or_default();
        for place in 0..count {
            match points.get(place) {
                Some(point) => {
                    put_points(image, &[[point.x, point.y]], line);
                    let _ = write!(line, " {}", point.visibility);
                }
                None => line.push_str(" 0 0 0"),
            }
        }
    })
}

fn folder(split: Split) -> &'static str {
    val_word(split)
}

fn write(
    ready: &Ready<'_>,
    sink: &dyn Sink,
    head: &str,
    object: impl Fn(&ReadyImage, &ReadyObject, &mut String) + Sync,
) -> Result<Remarks, FormatError> {
    let images = |split| format!("images/{}", folder(split));
    put(sink, "data.yaml", data_text(ready, head, images, on_a_line).as_bytes())?;
    write_labels(ready, sink, |image| format!("labels/{}", folder(image.split)), object)?;
    put_images(ready, sink, |image| format!("images/{}/{}", folder(image.split), image.name))?;
    Ok(remark_lines(ready))
}

/// A file per image in the folder that `folder` says, a line per object that starts with the number of its class.
pub(in crate::formats) fn write_labels(
    ready: &Ready<'_>,
    sink: &dyn Sink,
    folder: impl Fn(&ReadyImage) -> String + Sync,
    object: impl Fn(&ReadyImage, &ReadyObject, &mut String) + Sync,
) -> Result<(), FormatError> {
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |_, image| {
        let mut text = String::new();
        for each in ready.objects_of(image) {
            let _ = write!(text, "{}", each.class);
            object(image, each, &mut text);
            text.push('\n');
        }
        put(sink, &format!("{}/{}.txt", folder(image), stem(&image.name)), text.as_bytes())
    })
}

/// `data.yaml`: where the images of each split are, and the names of classes as `name` makes them.
pub(in crate::formats) fn data_text(
    ready: &Ready<'_>,
    head: &str,
    images: impl Fn(Split) -> String,
    name: impl Fn(&str) -> String,
) -> String {
    let mut text = String::new();
    let splits = ready.splits();
    for split in Split::ALL {
        let key = folder(split);
        if splits.contains(&split) {
            let _ = writeln!(text, "{key}: {}", images(split));
        } else if split == Split::Valid && splits.contains(&Split::Train) {
            let _ = writeln!(text, "{key}: {}  # there are no others", images(Split::Train));
        }
    }
    text.push('\n');
    text.push_str(head);
    let _ = writeln!(text, "nc: {}\nnames:", ready.classes.len());
    for (number, class) in ready.classes.iter().enumerate() {
        let _ = writeln!(text, "  {number}: {}", scalar(&name(&class.name)));
    }
    text
}

/// Text in YAML, in quotes where it could be anything else (JSON's are YAML's).
pub(in crate::formats) fn scalar(text: &str) -> String {
    const WORDS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-'))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    if plain { text.to_owned() } else { serde_json::Value::from(on_a_line(text)).to_string() }
}

/// A box as darknet has it: ` cx cy w h`.
pub(in crate::formats) fn put_box(image: &ReadyImage, object: &ReadyObject, line: &mut String) {
    let [x0, y0, x1, y1] = object.bbox;
    let ([x, width], [y, height]) = (centre_and_size(x0, x1, image.width), centre_and_size(y0, y1, image.height));
    for number in [x, y, width, height] {
        let _ = write!(line, " {}", Fixed(number, DIGITS));
    }
}

/// The centre of a range and its size in parts of `side`, rounded so that what is inside stays there: half a digit more would be a box
/// over the edge to who reads it.
fn centre_and_size(low: f64, high: f64, side: u32) -> [f64; 2] {
    let digits = 10f64.powi(DIGITS as i32);
    let round = |pixels: f64| (pixels / f64::from(side) * digits).round();
    let centre = round((low + high) / 2.0);
    let inside = low >= 0.0 && high <= f64::from(side);
    let most = if inside { 2.0 * centre.min(digits - centre) } else { f64::INFINITY };
    [centre / digits, round(high - low).min(most) / digits]
}

fn put_points(image: &ReadyImage, points: &[[f64; 2]], line: &mut String) {
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    for [x, y] in points {
        // Ultralytics leaves out a file with a point outside.
        let (x, y) = ((x / width).clamp(0.0, 1.0), (y / height).clamp(0.0, 1.0));
        let _ = write!(line, " {} {}", Fixed(x, DIGITS), Fixed(y, DIGITS));
    }
}

/// The corners of an upright box, clockwise from the upper left.
pub(in crate::formats) fn corners_of([x0, y0, x1, y1]: [f64; 4]) -> [[f64; 2]; 4] {
    [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a reader adds them up.
    #[test]
    fn boxes_at_the_edge_stay_inside() {
        for side in [1, 3, 61, 97, 640, 1919] {
            let full = f64::from(side);
            for part in 0..200 {
                let at = full * f64::from(part) / 201.7;
                for [low, high] in [[at, full], [0.0, full - at], [at / 2.0, full - at / 2.0]] {
                    let text = |number: f64| Fixed(number, DIGITS).to_string().parse::<f64>().unwrap();
                    let [centre, size] = centre_and_size(low, high, side).map(text);
                    assert!(centre - size / 2.0 >= 0.0 && centre + size / 2.0 <= 1.0, "{low} {high} of {side}");
                    let [left, right] = [low / full, high / full];
                    let near = (centre - size / 2.0 - left).abs().max((centre + size / 2.0 - right).abs());
                    assert!(near <= 1.6e-8, "{low} {high} of {side}: {near}");
                }
            }
        }
        assert_eq!(centre_and_size(-5.0, 5.0, 10), [0.0, 1.0]);
    }

    #[test]
    fn names_that_yaml_would_take_for_something_else() {
        for (name, written) in [
            ("traffic light", "traffic light"),
            ("no", "\"no\""),
            ("007", "\"007\""),
            ("a: b", "\"a: b\""),
            ("köter", "\"köter\""),
            ("a\"b\n", "\"a\\\"b \""),
        ] {
            assert_eq!(scalar(name), written);
        }
    }
}
