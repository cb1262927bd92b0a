//! Lists of an Example that stand beside its boxes.

use super::record::{floats, ints_or_floats, pixel, trimmed, whole};
use crate::convert::schema::NO_TRACK;
use crate::convert::schema::attributes::{PREFIX, WEIGHT};
use crate::dataset::{Keypoint, Object, flag};
use crate::example::{Example, Values};
use crate::formats::kitti;
use crate::formats::open_images::DEPICTION;

/// What Open Images calls a crowd.
const GROUP_OF: &str = "group_of";
/// A flag, or KITTI's part that is cut off.
const TRUNCATED: &str = "truncated";
/// KITTI's numbers in space, in its files' order.
const SPACE: [&str; 7] = ["height", "width", "length", "x", "y", "z", "rot_y"];

/// Lists that stand beside the boxes, each as long as these, or empty.
pub struct Columns {
    /// Values of flags, and the bit of each.
    flags: Vec<(u16, Vec<f64>)>,
    has_group_of: bool,
    area: Vec<f64>,
    score: Vec<f64>,
    track: Vec<i64>,
    depiction: Vec<i64>,
    weight: Vec<f64>,
    corners: [Vec<f32>; 2],
    /// KITTI's angle, and its seven numbers in space.
    alpha: Vec<f64>,
    space: [Vec<f64>; 7],
    /// Names and values.
    attributes: Vec<(Box<str>, Vec<Box<str>>)>,
    id: Vec<i64>,
    view: Vec<Box<str>>,
    /// Keypoints of each object.
    each: usize,
    keypoints: [Vec<f32>; 2],
    visibility: Vec<i64>,
    names: Vec<Box<str>>,
}

/// The lists of a record, and what is wrong with them.
struct Lists<'e, 'a> {
    example: &'e Example<'a>,
    folder: &'static str,
    count: usize,
    unfit: Vec<String>,
}

impl Lists<'_, '_> {
    /// The list of this name with `each` values for a box; nothing where it has another number of them, which is said.
    fn fit<T>(&mut self, name: &str, each: usize, list: impl FnOnce(&Values<'_>) -> Vec<T>) -> Vec<T> {
        let key = format!("{}/{name}", self.folder);
        self.fit_at(&key, each, list)
    }

    fn fit_at<T>(&mut self, key: &str, each: usize, list: impl FnOnce(&Values<'_>) -> Vec<T>) -> Vec<T> {
        let Some(values) = self.example.get(key).filter(|values| !values.is_empty()) else { return Vec::new() };
        if values.len() != each * self.count {
            self.say(key, values.len());
            return Vec::new();
        }
        let list = list(values);
        if list.is_empty() {
            self.unfit.push(format!("{key} is a list of {}", values.kind().unwrap_or_default()));
        }
        list
    }

    /// The same, a number for each box.
    fn fit_numbers(&mut self, name: &str) -> Vec<f64> {
        let list = self.fit(name, 1, numbers);
        let wrong = list.iter().filter(|value| !value.is_finite()).count();
        if wrong > 0 {
            self.unfit.push(format!("{}/{name} is no finite number of {wrong} of {} boxes", self.folder, self.count));
        }
        list
    }

    fn say(&mut self, key: &str, len: usize) {
        self.unfit.push(format!("{key} has {len} values for {} boxes", self.count));
    }

    /// The coordinates of keypoints, and how many each box has.
    fn keypoints(&mut self) -> (usize, [Vec<f32>; 2]) {
        let of = |axis: &str| floats(self.example, &format!("{}/keypoint/{axis}", self.folder)).unwrap_or_default();
        let [x, y] = ["x", "y"].map(of);
        if x.len() != y.len() {
            let key = format!("{}/keypoint/{{x,y}}", self.folder);
            self.unfit.push(format!("{key} have {} and {} values", x.len(), y.len()));
        } else if self.count == 0 && !x.is_empty() || self.count > 0 && x.len() % self.count != 0 {
            self.say(&format!("{}/keypoint/x", self.folder), x.len());
        } else {
            return (x.len() / self.count.max(1), [x, y]);
        }
        Default::default()
    }
}

impl Columns {
    /// The lists of an Example with `count` boxes, and which of them do not fit these.
    pub fn of(example: &Example<'_>, tfds: bool, count: usize) -> (Self, Vec<String>) {
        let folder = if tfds { "objects" } else { "image/object" };
        let mut lists = Lists { example, folder, count, unfit: Vec::new() };
        let flags = [
            ("difficult", flag::DIFFICULT),
            ("is_difficult", flag::DIFFICULT),
            (TRUNCATED, flag::TRUNCATED),
            ("is_truncated", flag::TRUNCATED),
            ("occluded", flag::OCCLUDED),
            ("is_occluded", flag::OCCLUDED),
            ("is_crowd", flag::CROWD),
            (GROUP_OF, flag::CROWD),
        ];
        let has = |name: &str| example.get(&format!("{folder}/{name}")).is_some_and(|values| !values.is_empty());
        let score = ["bbox/confidence", "score", "confidence"].into_iter().find(|name| has(name));
        let keys = example.features.iter().map(|(key, _)| key).filter(|key| key.starts_with(PREFIX));
        let attributes = keys.map(|key| (key[PREFIX.len()..].into(), lists.fit_at(key, 1, texts))).collect();
        let (each, keypoints) = lists.keypoints();
        let columns = Self {
            flags: flags.into_iter().map(|(name, bit)| (bit, lists.fit_numbers(name))).collect(),
            has_group_of: has(GROUP_OF),
            area: lists.fit_numbers("area"),
            score: score.map(|name| lists.fit_numbers(name)).unwrap_or_default(),
            track: lists.fit("track/label", 1, whole),
            depiction: lists.fit("depiction", 1, whole),
            weight: lists.fit_numbers("weight"),
            corners: ["x", "y"].map(|axis| lists.fit(&format!("corners/{axis}"), 4, ints_or_floats)),
            alpha: lists.fit_numbers("alpha"),
            space: SPACE.map(|name| lists.fit_numbers(&format!("3d_bbox/{name}"))),
            attributes,
            id: lists.fit("id", 1, whole),
            view: lists.fit("view", 1, trimmed),
            each,
            visibility: if each > 0 { lists.fit("keypoint/visibility", each, whole) } else { Vec::new() },
            names: if each > 0 { lists.fit("keypoint/text", each, trimmed) } else { Vec::new() },
            keypoints,
        };
        let nowhere =
            (0..columns.visibility.len()).filter(|point| columns.visibility[*point] > 0 && !columns.is_placed(*point));
        match nowhere.count() {
            0 => {}
            count => lists
                .unfit
                .push(format!("{folder}/keypoint/{{x,y}} are no finite numbers of {count} labelled keypoints")),
        }
        (columns, lists.unfit)
    }

    pub fn fill(&self, place: usize, size: Option<(u32, u32)>, object: &mut Object) {
        for (bit, values) in &self.flags {
            // Below 0 it is unknown, which Open Images and KITTI say so.
            if let Some(value) = values.get(place).filter(|value| **value >= 0.0) {
                object.flags |= bit << 8 | if *value != 0.0 { *bit } else { 0 };
            }
        }
        let finite = |list: &[f64]| list.get(place).copied().filter(|value| value.is_finite());
        object.area = finite(&self.area);
        object.id = self.id.get(place).copied();
        if self.has_group_of && object.flags & flag::HAS_CROWD != 0 {
            object.flags |= flag::HAS_GROUP_OF;
        }
        object.score = finite(&self.score);
        object.track = self.track.get(place).copied().filter(|track| *track != NO_TRACK);
        let at = |x: f32, y: f32| match size {
            Some((width, height)) => [pixel(x, width), pixel(y, height)],
            None => [f64::from(x), f64::from(y)],
        };
        if let [Some(x), Some(y)] = self.corners.each_ref().map(|axis| axis.get(4 * place..4 * place + 4)) {
            let mut all = x.iter().chain(y);
            let some = all.clone().any(|side| *side != 0.0) && all.all(|side| side.is_finite());
            object.corners = some.then(|| [0, 1, 2, 3].map(|number| at(x[number], y[number])));
        }
        for (name, values) in &self.attributes {
            if let Some(value) = values.get(place).filter(|value| !value.is_empty()) {
                object.attributes.push((name.clone(), value.clone()));
            }
        }
        let mut also = Vec::new();
        if let Some(weight) = finite(&self.weight).filter(|weight| *weight != 1.0) {
            also.push((WEIGHT.into(), weight.to_string().into()));
        }
        if self.depiction.get(place).is_some_and(|value| *value > 0) {
            also.push((DEPICTION.into(), "1".into()));
        }
        also.extend(self.kitti(place).attributes(|_, number| number.to_string().into()));
        for (name, value) in also {
            if object.attributes.iter().all(|(known, _)| *known != name) {
                object.attributes.push((name, value));
            }
        }
        object.pose = self.view.get(place).filter(|view| !view.is_empty()).cloned();
        object.keypoints = self.points(place, at);
    }

    /// What KITTI's script has of an object.
    fn kitti(&self, place: usize) -> kitti::Columns {
        let of = |list: &Vec<f64>| list.get(place).copied().filter(|value| value.is_finite());
        let space = self.space.each_ref().map(of);
        let parts = self.flags.iter().find(|(bit, values)| *bit == flag::TRUNCATED && !values.is_empty());
        kitti::Columns {
            truncated: parts.and_then(|(_, parts)| of(parts)).filter(|part| (0.0..1.0).contains(part)),
            occluded: None,
            alpha: of(&self.alpha),
            space: space.iter().all(Option::is_some).then(|| space.map(Option::unwrap_or_default)),
        }
    }

    fn is_placed(&self, keypoint: usize) -> bool {
        self.keypoints.iter().all(|axis| axis.get(keypoint).is_some_and(|side| side.is_finite()))
    }

    /// The keypoints of an object. One without a place is not labelled, which the research API says by a NaN.
    fn points(&self, place: usize, at: impl Fn(f32, f32) -> [f64; 2]) -> Box<[Keypoint]> {
        let [x, y] = &self.keypoints;
        let point = |number: usize| {
            if !self.is_placed(number) {
                return Keypoint { x: 0.0, y: 0.0, visibility: 0 };
            }
            let unseen = x[number] == 0.0 && y[number] == 0.0;
            let visibility = self.visibility.get(number).copied().unwrap_or(if unseen { 0 } else { 2 });
            let [x, y] = at(x[number], y[number]);
            Keypoint { x, y, visibility: visibility.clamp(0, 2) as u8 }
        };
        let mut points: Vec<Keypoint> = (place * self.each..(place + 1) * self.each).map(point).collect();
        let seen = points.iter().rposition(|point| point.visibility > 0).map_or(0, |last| last + 1);
        // Every object of a record has as many as the one that has the most: zeros behind its names are no points of it,
        // and where there is nothing else it has none.
        match self.names(place).len() {
            _ if seen == 0 => points.clear(),
            0 => {}
            named => points.truncate(named.max(seen)),
        }
        points.into()
    }

    /// The names of an object's keypoints: without the empty ones at the end, none where another is empty.
    pub fn names(&self, place: usize) -> &[Box<str>] {
        let names = self.names.get(place * self.each..(place + 1) * self.each).unwrap_or_default();
        let end = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        let names = names.get(..end).unwrap_or_default();
        if names.iter().any(|name| name.is_empty()) { &[] } else { names }
    }
}

/// Numbers of either kind. One of 32 bits is that of the fewest digits that 32 bits take for it: what was 0.9 is 0.9 again.
fn numbers(values: &Values<'_>) -> Vec<f64> {
    let ints = || values.as_int64().map(|list| list.iter().map(|value| value as f64).collect());
    values.as_float().map(|list| list.iter().map(shortest).collect()).or_else(ints).unwrap_or_default()
}

/// Values as text.
fn texts(values: &Values<'_>) -> Vec<Box<str>> {
    if let Some(list) = values.as_bytes() {
        return list.iter().map(|text| String::from_utf8_lossy(text).into()).collect();
    }
    let ints = || values.as_int64().map(|list| list.iter().map(|value| value.to_string().into()).collect());
    let floats = || values.as_float().map(|list| list.iter().map(|value| value.to_string().into()).collect());
    ints().or_else(floats).unwrap_or_default()
}

fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}
