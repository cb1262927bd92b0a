//! Tracks of a video: from some frames to all of them.

use std::collections::BTreeMap;

use super::shapes::{self, Labels};
use crate::dataset::{Object, ProblemKind, Split};
use crate::formats::geometry;
use crate::formats::pages::{Finding, Found, Page, Sheet};
use crate::formats::text::{self, Fault};
use crate::formats::xml::Element;

/// How many frames a video may have.
const FRAMES: u32 = 1_000_000;
/// How many objects the tracks of a file may stand for.
const OBJECTS: usize = 20_000_000;

/// The videos of a file: one, or each task of a project, by its id.
#[derive(Debug, Default)]
pub(super) struct Videos {
    own: Video,
    of_tasks: BTreeMap<String, Video>,
}

impl Videos {
    /// Takes what `<meta>` says.
    pub fn add(&mut self, meta: &Element<'_>) {
        let tasks = meta.child("project").and_then(|project| project.child("tasks"));
        for task in tasks.iter().flat_map(|tasks| &tasks.children) {
            self.of_tasks.entry(task.child_text("id").to_owned()).or_default().add(task);
        }
        self.own.add(meta);
    }

    /// The split of an image that says none itself: its task's, which the export of one task does not say again.
    pub fn split_of(&self, image: &Element<'_>) -> Option<Split> {
        let task = image.attribute("task_id").and_then(|task| self.of_tasks.get(task));
        task.or_else(|| (self.of_tasks.len() < 2).then_some(&self.own))?.split
    }

    /// The frames as images. Those of a project's tasks count each from its own beginning, and have their task's split.
    pub fn sheets(&self, tracks: Vec<Element<'_>>, labels: &mut Labels, page: &mut Page) {
        let mut by_task: BTreeMap<Option<&str>, Vec<Element<'_>>> = BTreeMap::new();
        for track in tracks {
            let task = track.attribute("task_id").and_then(|task| self.of_tasks.get_key_value(task));
            by_task.entry(task.map(|(task, _)| &**task)).or_default().push(track);
        }
        let several = by_task.len() > 1;
        for (task, tracks) in by_task {
            let video = task.and_then(|task| self.of_tasks.get(task)).unwrap_or(&self.own);
            let start = page.sheets.len();
            video.sheets(&tracks, labels, page);
            // Frames of two tasks have the same numbers.
            page.sheets.iter_mut().skip(start).filter(|_| several).for_each(|sheet| sheet.id = None);
        }
    }
}

/// What `<meta>` says of a video.
#[derive(Debug, Default)]
struct Video {
    size: (u32, u32),
    first: Option<u32>,
    last: Option<u32>,
    count: Option<u32>,
    split: Option<Split>,
    /// Only each so many frames are there.
    step: Option<u32>,
}

impl Video {
    /// Takes what an element and those in it say.
    fn add(&mut self, element: &Element<'_>) {
        let number = |name: &str| element.child(name).and_then(|child| text::pixels(&child.text));
        match element.name {
            "original_size" => self.size = (number("width").unwrap_or(0), number("height").unwrap_or(0)),
            "task" | "job" => {
                self.count = self.count.or(number("size"));
                self.first = self.first.or(number("start_frame"));
                self.last = self.last.or(number("stop_frame"));
                self.split = self.split.or_else(|| Split::from_word(element.child_text("subset")));
                let step = element.child_text("frame_filter").trim().strip_prefix("step=").and_then(text::pixels);
                self.step = self.step.or(step);
            }
            _ => {}
        }
        element.children.iter().for_each(|child| self.add(child));
    }

    /// The frames as images.
    fn sheets(&self, tracks: &[Element<'_>], labels: &mut Labels, page: &mut Page) {
        if tracks.is_empty() {
            return;
        }
        let whole =
            tracks.iter().flat_map(|track| &track.children).any(|shape| shape.attribute("keyframe") == Some("0"));
        let counted = self.count.map(|count| count.saturating_sub(1).saturating_mul(self.step.unwrap_or(1)));
        let last = self.last.or(counted).filter(|last| *last < FRAMES);
        let mut frames: BTreeMap<u32, Sheet> = BTreeMap::new();
        let mut count = 0;
        let mut lost = false;
        for (track, number) in tracks.iter().zip(0..) {
            match self.track(track, number, (last, whole), labels, OBJECTS.saturating_sub(count), &mut page.findings) {
                Ok(found) => {
                    count += found.len();
                    for (frame, found) in found {
                        frames.entry(frame).or_default().objects.push(found);
                    }
                }
                Err(fault) => {
                    lost = true;
                    page.findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                    page.skipped.object(ProblemKind::BadEntry.word());
                }
            }
        }
        // What is lost with a track may have been in a frame that then has no object.
        if let Some(last) = last.filter(|_| !lost) {
            let sheet = || Sheet { optional: true, ..Sheet::default() };
            for frame in (self.first.unwrap_or(0)..=last).filter(|frame| self.is_there(*frame)) {
                frames.entry(frame).or_insert_with(sheet);
            }
        }
        for (frame, mut sheet) in frames {
            sheet.name = format!("frame_{frame:06}");
            sheet.made_up = true;
            sheet.line = sheet.objects.first().map_or(1, |found| found.object.line);
            (sheet.size, sheet.split, sheet.id) = (self.size, self.split, Some(frame.into()));
            page.sheets.push(sheet);
        }
    }

    /// Whether a frame was taken from the video.
    fn is_there(&self, frame: u32) -> bool {
        let step = self.step.unwrap_or(1).max(1);
        frame.saturating_sub(self.first.unwrap_or(0)).is_multiple_of(step)
    }

    /// The objects of a track, with their frames: those that it says where the file is `whole`, else those between, up to the `last`.
    fn track(
        &self,
        track: &Element<'_>,
        number: i64,
        (last, whole): (Option<u32>, bool),
        labels: &mut Labels,
        limit: usize,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<(u32, Found)>, Fault> {
        let label = track.attribute("label").filter(|label| !label.is_empty());
        let Some(label) = label else { return Err(Fault::new(track.line, "<track> has no label")) };
        let id = track.attribute("id").and_then(|id| id.parse().ok()).unwrap_or(number);
        let mut shapes: Vec<(u32, bool, Found)> = Vec::new();
        for shape in &track.children {
            let frame = shape.number("frame")?;
            if frame.fract() != 0.0 || !(0.0..f64::from(FRAMES)).contains(&frame) {
                return Err(Fault::new(shape.line, format!("frame {frame} is none")));
            }
            let mut found = shapes::object(shape, Some(label), self.size, labels);
            let outside = shape.attribute("outside") == Some("1");
            // A skeleton that is outside has no point that is not.
            if outside && found.is_err() {
                found = Ok(Found::default());
            }
            let mut found = found?;
            found.object.track = Some(id);
            shapes.push((frame as u32, outside, found));
        }
        shapes.sort_by_key(|(frame, ..)| *frame);
        // Where other tracks of the file have every frame, one with frames between its shapes still has keyframes alone.
        let between = |pair: &[(u32, bool, Found)]| (pair[0].0 + 1..pair[1].0).any(|frame| self.is_there(frame));
        let sparse = shapes.windows(2).any(|pair| !pair[0].1 && between(pair));
        let end = last.filter(|_| !whole || sparse);
        let mut objects: Vec<(u32, Found)> = Vec::new();
        let mut rest = shapes.into_iter().peekable();
        while let Some((frame, outside, found)) = rest.next() {
            let next = rest.peek();
            let until = next.map_or_else(|| end.map_or(frame + 1, |end| end.saturating_add(1)), |(next, ..)| *next);
            if outside {
                continue;
            }
            if until.saturating_sub(frame) as usize > limit.saturating_sub(objects.len()) {
                return Err(Fault::new(track.line, format!("more than {OBJECTS} objects in the tracks of a file")));
            }
            let towards = next.filter(|(_, outside, _)| !outside).map(|(.., found)| found);
            let mut held = 0;
            for between in (frame + 1..until).filter(|frame| self.is_there(*frame)) {
                let part = f64::from(between - frame) / f64::from(until - frame);
                let mixed = towards.and_then(|next| mixed(&found, next, part));
                held += u32::from(towards.is_some() && mixed.is_none());
                objects.push((between, mixed.unwrap_or_else(|| found.clone())));
            }
            if held > 0 {
                let message = format!(
                    "the shape of track {id} ({label:?}) has other points in frame {until}, so it stays as it is for {held} \
                     frames before"
                );
                findings.push((ProblemKind::HeldShape, found.object.line, message));
            }
            objects.push((frame, found));
        }
        objects.sort_by_key(|(frame, _)| *frame);
        Ok(objects)
    }
}

/// A box as CVAT holds it: its centre, width, height and how far it is turned, in degrees.
fn turned(object: &Object) -> ([f64; 2], f64, f64, f64) {
    match &object.corners {
        Some(corners) => geometry::of_corners(corners),
        None => {
            let [x0, y0, x1, y1] = object.bbox;
            ([(x0 + x1) / 2.0, (y0 + y1) / 2.0], x1 - x0, y1 - y0, 0.0)
        }
    }
}

/// What lies between two shapes: by straight lines, where they have the same number of points. A turned box turns the shorter way.
fn mixed(a: &Found, b: &Found, part: f64) -> Option<Found> {
    let number = |a: f64, b: f64| ((a + (b - a) * part) * 1e6).round() / 1e6;
    let point = |a: [f64; 2], b: [f64; 2]| [number(a[0], b[0]), number(a[1], b[1])];
    let mut found = a.clone();
    let (from, to) = (&a.object, &b.object);
    let same_outline = from.polygons.iter().map(Vec::len).eq(to.polygons.iter().map(Vec::len));
    let same = from.keypoints.len() == to.keypoints.len() && same_outline && from.mask.is_none() && to.mask.is_none();
    if !same {
        return None;
    }
    let object = &mut found.object;
    if from.corners.is_some() || to.corners.is_some() {
        let ((centre, width, height, angle), (to_centre, to_width, to_height, to_angle)) = (turned(from), turned(to));
        let [x, y] = point(centre, to_centre);
        let (width, height) = (number(width, to_width), number(height, to_height));
        let way = (to_angle - angle + 180.0).rem_euclid(360.0) - 180.0;
        let upright = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
        let corners = geometry::turned_box(upright, [x, y], angle + way * part);
        object.bbox = geometry::around(corners).unwrap_or(object.bbox);
        object.corners = Some(corners);
        return Some(found);
    }
    for (side, to) in object.bbox.iter_mut().zip(to.bbox) {
        *side = number(*side, to);
    }
    for (points, to) in object.polygons.iter_mut().zip(&to.polygons) {
        points.iter_mut().zip(to).for_each(|(from, to)| *from = point(*from, *to));
    }
    for (from, to) in object.keypoints.iter_mut().zip(&to.keypoints) {
        if from.visibility > 0 && to.visibility > 0 {
            [from.x, from.y] = point([from.x, from.y], [to.x, to.y]);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_turns_the_shorter_way() {
        let at = |degrees: f64| {
            let corners = geometry::turned_box([0.0, 0.0, 40.0, 10.0], [20.0, 5.0], degrees);
            Found::turned("cat", 1, corners)
        };
        let angle = |from: f64, to: f64| {
            let found = mixed(&at(from), &at(to), 0.5).unwrap();
            let (_, width, height, angle) = geometry::of_corners(&found.object.corners.unwrap());
            ((width * 1e3).round() / 1e3, (height * 1e3).round() / 1e3, (angle * 1e3).round() / 1e3)
        };
        assert_eq!(angle(0.0, 170.0), (40.0, 10.0, 85.0));
        assert_eq!(angle(10.0, 350.0), (40.0, 10.0, 0.0));
        let upright = Found::boxed("cat", 1, [0.0, 0.0, 40.0, 10.0]);
        let (_, _, _, half) = geometry::of_corners(&mixed(&upright, &at(90.0), 0.5).unwrap().object.corners.unwrap());
        assert_eq!((half * 1e3).round() / 1e3, 45.0);
    }
}
