//! Lists of an Example that stand beside its boxes.

use super::record::{floats, ints, pixel, strings};
use crate::convert::schema::NO_TRACK;
use crate::convert::schema::attributes::{PREFIX, WEIGHT};
use crate::dataset::{Keypoint, Object, flag};
use crate::example::{Example, Values};
use crate::formats::open_images::DEPICTION;

/// What Open Images calls a crowd.
const GROUP_OF: &str = "group_of";

/// Lists that stand beside the boxes; one of another length says nothing of them.
pub struct Columns {
    flags: Vec<(u16, Vec<i64>)>,
    has_group_of: bool,
    area: Vec<f64>,
    score: Vec<f32>,
    track: Vec<i64>,
    depiction: Vec<i64>,
    weight: Vec<f32>,
    corners: [Vec<f32>; 2],
    /// Names and values.
    attributes: Vec<(Box<str>, Vec<Box<str>>)>,
    id: Vec<i64>,
    view: Vec<Box<str>>,
    keypoints: [Vec<f32>; 2],
    visibility: Vec<i64>,
    names: Vec<Box<str>>,
}

impl Columns {
    pub fn of(example: &Example<'_>, tfds: bool) -> Self {
        let folder = if tfds { "objects" } else { "image/object" };
        let name = |name: &str| format!("{folder}/{name}");
        let flags = [
            ("difficult", flag::DIFFICULT),
            ("is_difficult", flag::DIFFICULT),
            ("truncated", flag::TRUNCATED),
            ("is_truncated", flag::TRUNCATED),
            ("occluded", flag::OCCLUDED),
            ("is_occluded", flag::OCCLUDED),
            ("is_crowd", flag::CROWD),
            (GROUP_OF, flag::CROWD),
        ];
        let of = |(key, bit): (&str, u16)| Some((bit, ints(example, &name(key))?));
        let score = ["bbox/confidence", "score", "confidence"].iter().find_map(|key| floats(example, &name(key)));
        let attribute = |(key, values): (&str, &Values<'_>)| Some((key.strip_prefix(PREFIX)?.into(), texts(values)));
        Self {
            score: score.unwrap_or_default(),
            track: ints(example, &name("track/label")).unwrap_or_default(),
            depiction: ints(example, &name("depiction")).unwrap_or_default(),
            weight: floats(example, &name("weight")).unwrap_or_default(),
            corners: ["x", "y"].map(|axis| floats(example, &name(&format!("corners/{axis}"))).unwrap_or_default()),
            attributes: example.features.iter().filter_map(attribute).collect(),
            has_group_of: example.get(&name(GROUP_OF)).is_some_and(|values| !values.is_empty()),
            flags: flags.into_iter().filter_map(of).collect(),
            area: example.get(&name("area")).map(numbers).unwrap_or_default(),
            id: ints(example, &name("id")).unwrap_or_default(),
            view: strings(example, &name("view")).unwrap_or_default(),
            keypoints: ["x", "y"].map(|axis| floats(example, &name(&format!("keypoint/{axis}"))).unwrap_or_default()),
            visibility: ints(example, &name("keypoint/visibility")).unwrap_or_default(),
            names: strings(example, &name("keypoint/text")).unwrap_or_default(),
        }
    }

    pub fn fill(&self, place: usize, count: usize, size: Option<(u32, u32)>, object: &mut Object) {
        for (bit, values) in self.flags.iter().filter(|(_, values)| values.len() == count) {
            object.flags |= bit << 8 | if values.get(place).is_some_and(|value| *value != 0) { *bit } else { 0 };
        }
        if self.area.len() == count {
            object.area = self.area.get(place).copied();
        }
        if self.id.len() == count {
            object.id = self.id.get(place).copied();
        }
        if self.has_group_of && object.flags & flag::HAS_CROWD != 0 {
            object.flags |= flag::HAS_GROUP_OF;
        }
        if self.score.len() == count {
            object.score = self.score.get(place).map(|score| shortest(*score));
        }
        if self.track.len() == count {
            object.track = self.track.get(place).copied().filter(|track| *track != NO_TRACK);
        }
        let at = |x: f32, y: f32| match size {
            Some((width, height)) => [pixel(x, width), pixel(y, height)],
            None => [f64::from(x), f64::from(y)],
        };
        let [x, y] = &self.corners;
        if x.len() == 4 * count && y.len() == x.len() {
            let (x, y) = (&x[4 * place..4 * place + 4], &y[4 * place..4 * place + 4]);
            let some = x.iter().chain(y).any(|side| *side != 0.0);
            object.corners = some.then(|| [0, 1, 2, 3].map(|number| at(x[number], y[number])));
        }
        for (name, values) in self.attributes.iter().filter(|(_, values)| values.len() == count) {
            if let Some(value) = values.get(place).filter(|value| !value.is_empty()) {
                object.attributes.push((name.clone(), value.clone()));
            }
        }
        let named = |object: &Object, name: &str| object.attributes.iter().any(|(known, _)| **known == *name);
        if let Some(weight) = self.weight.get(place).filter(|_| self.weight.len() == count)
            && *weight != 1.0
            && !named(object, WEIGHT)
        {
            object.attributes.push((WEIGHT.into(), weight.to_string().into()));
        }
        if self.depiction.len() == count
            && self.depiction.get(place).is_some_and(|value| *value > 0)
            && !named(object, DEPICTION)
        {
            object.attributes.push((DEPICTION.into(), "1".into()));
        }
        if self.view.len() == count {
            object.pose = self.view.get(place).filter(|view| !view.is_empty()).cloned();
        }
        let [x, y] = &self.keypoints;
        let each = x.len() / count.max(1);
        if each > 0 && x.len() == each * count && y.len() == x.len() {
            let range = place * each..(place + 1) * each;
            let point = |number: usize| {
                let unseen = x[number] == 0.0 && y[number] == 0.0;
                let visibility = self.visibility.get(number).copied().unwrap_or(if unseen { 0 } else { 2 });
                let [x, y] = at(x[number], y[number]);
                Keypoint { x, y, visibility: u8::try_from(visibility).unwrap_or(2).min(2) }
            };
            let mut points: Vec<Keypoint> = range.map(point).collect();
            let seen = points.iter().rposition(|point| point.visibility > 0).map_or(0, |last| last + 1);
            // Every object of a record has as many as the one that has the most: zeros behind its names are no points of it,
            // and where there is nothing else it has none.
            match self.names(place, count).len() {
                _ if seen == 0 => points.clear(),
                0 => {}
                named => points.truncate(named.max(seen)),
            }
            object.keypoints = points.into();
        }
    }

    /// The names of an object's keypoints: without the empty ones at the end, none where another is empty.
    pub fn names(&self, place: usize, count: usize) -> &[Box<str>] {
        let each = self.keypoints[0].len() / count.max(1);
        if self.names.len() != each * count {
            return &[];
        }
        let names = self.names.get(place * each..(place + 1) * each).unwrap_or_default();
        let end = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        let names = names.get(..end).unwrap_or_default();
        if names.iter().any(|name| name.is_empty()) { &[] } else { names }
    }
}

/// Numbers of either kind.
fn numbers(values: &Values<'_>) -> Vec<f64> {
    let ints = || values.as_int64().map(|list| list.iter().map(|value| value as f64).collect());
    let floats = |list: Vec<f32>| list.into_iter().map(f64::from).collect();
    values.as_float().map(|list| floats(list.to_vec())).or_else(ints).unwrap_or_default()
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

/// The number of the fewest digits that 32 bits take for `value`: what was 0.9 is 0.9 again.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}
