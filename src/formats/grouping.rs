//! Shapes that a tool draws one by one and puts into groups: to the objects that they are. [`super::target::Ready::drawn`] is the
//! way there.
//!
//! Shapes of one class and one group are one object as long as each says something else: a box, a turned box, a mask, points;
//! outlines are its parts, however many. Two boxes of one class stay two objects, and keep the group as an attribute: people
//! group what stands together, too. Single points whose names are no class of the group's only other object are its
//! keypoints, as X-AnyLabeling and Label Studio draw poses; single points of one name that are alone in their group are one object.

use std::collections::{HashMap, HashSet};

use super::pages::{Found, Read, Sheet};
use super::target::{GROUP, HIDDEN};
use super::text;
use crate::dataset::{Class, Keypoint, flag};

/// Says the order of the keypoints of classes, where one of `orders` has all names that a class's objects use.
pub fn order_points(pages: &mut [Read], orders: impl FnOnce() -> Vec<Vec<String>>) {
    let mut used: Vec<(Box<str>, HashSet<Box<str>>)> = Vec::new();
    let sheets = pages.iter().filter_map(|(_, page)| page.as_ref().ok()).flat_map(|page| &page.sheets);
    for found in sheets.flat_map(|sheet| &sheet.objects).filter(|found| !found.points.is_empty()) {
        let place = used.iter().position(|(class, _)| *class == found.class).unwrap_or_else(|| {
            used.push((found.class.clone(), HashSet::new()));
            used.len() - 1
        });
        used[place].1.extend(found.points.iter().map(|(name, _)| name.clone()));
    }
    if used.is_empty() {
        return;
    }
    let orders = orders();
    let order = |(class, names): (Box<str>, HashSet<Box<str>>)| {
        let all = |order: &&Vec<String>| names.iter().all(|name| order.iter().any(|known| **known == **name));
        Some(Class { keypoints: orders.iter().find(all)?.clone(), ..Class::named(class) })
    };
    let classes: Vec<Class> = used.into_iter().filter_map(order).collect();
    if let Some(page) = pages.iter_mut().find_map(|(_, page)| page.as_mut().ok()) {
        page.classes.extend(classes);
    }
}

/// Puts keypoints that have names in one order for all objects of a class: that of the classes' list, else of their first use.
/// Gives the names for each class that has such.
pub fn name_points(pages: &mut [Read]) -> Vec<(String, Vec<String>)> {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let sheets = pages.iter().filter_map(|(_, page)| page.as_ref().ok()).flat_map(|page| &page.sheets);
    if sheets.flat_map(|sheet| &sheet.objects).all(|found| found.points.is_empty()) {
        return names;
    }
    let listed = pages.iter().filter_map(|(_, page)| page.as_ref().ok()).flat_map(|page| &page.classes);
    let listed: HashMap<String, Vec<String>> =
        listed.map(|class| (text::trim(&class.name).to_owned(), class.keypoints.clone())).collect();
    let mut sheets: Vec<&mut Sheet> =
        pages.iter_mut().filter_map(|(_, page)| page.as_mut().ok()).flat_map(|page| &mut page.sheets).collect();
    let named = |sheet: &&mut Sheet| sheet.objects.iter().any(|found| !found.points.is_empty());
    sheets.retain(named);
    for found in sheets.iter().flat_map(|sheet| &sheet.objects).filter(|found| !found.points.is_empty()) {
        let class = text::trim(&found.class);
        let place = *places.entry(class.to_owned()).or_insert_with(|| {
            names.push((class.to_owned(), listed.get(class).cloned().unwrap_or_default()));
            names.len() - 1
        });
        for (name, _) in &found.points {
            if !names[place].1.iter().any(|known| **known == **name) {
                names[place].1.push(name.as_ref().to_owned());
            }
        }
    }
    let objects = sheets.into_iter().flat_map(|sheet| &mut sheet.objects).filter(|found| !found.points.is_empty());
    for found in objects {
        let Some(place) = places.get(text::trim(&found.class)) else { continue };
        let order = &names[*place].1;
        let mut keypoints = vec![Keypoint { x: 0.0, y: 0.0, visibility: 0 }; order.len()];
        for (name, point) in &found.points {
            let room = order.iter().position(|known| **known == **name).and_then(|place| keypoints.get_mut(place));
            room.into_iter().for_each(|room| *room = *point);
        }
        found.object.keypoints = keypoints.into();
    }
    names
}

/// Takes the group of a shape from its attributes.
pub fn take_group(found: &mut Found) -> Option<String> {
    let attributes = &mut found.object.attributes;
    let place = attributes.iter().position(|(name, _)| **name == *GROUP)?;
    Some(attributes.remove(place).1.into())
}

/// The shapes of an image, on their way.
#[derive(Debug, Default)]
pub struct Grouping {
    shapes: Vec<Grouped>,
}

#[derive(Debug)]
struct Grouped {
    group: Option<String>,
    found: Found,
    /// A single point, which could be one of another shape.
    spot: bool,
}

/// An object, and what was joined into it.
#[derive(Debug)]
struct Joined {
    /// Place of its first shape.
    place: usize,
    group: Option<String>,
    found: Found,
    has: u8,
    shapes: usize,
}

const BOX: u8 = 1;
const TURNED: u8 = 2;
const OUTLINE: u8 = 4;
const MASK: u8 = 8;
const POINTS: u8 = 16;

/// What kind of shape an object is.
fn kind(found: &Found) -> u8 {
    let object = &found.object;
    match () {
        () if object.mask.is_some() => MASK,
        () if !object.polygons.is_empty() => OUTLINE,
        () if object.corners.is_some() => TURNED,
        () if !object.keypoints.is_empty() => POINTS,
        () => BOX,
    }
}

impl Grouping {
    /// Adds a shape.
    pub fn add(&mut self, group: Option<String>, found: Found) {
        self.shapes.push(Grouped { group, found, spot: false });
    }

    /// Adds a single point.
    pub fn add_spot(&mut self, group: Option<String>, found: Found) {
        let spot = group.is_some();
        self.shapes.push(Grouped { group, found, spot });
    }

    /// Adds a shape of a tool whose attributes are free: of a point, [`HIDDEN`] says that it is.
    pub fn add_free(&mut self, group: Option<String>, mut found: Found) {
        let hidden = found.object.attributes.iter().any(|(name, value)| **name == *HIDDEN && **value == *"true");
        match &mut *found.object.keypoints {
            [point] if found.object.polygons.is_empty() => {
                point.visibility = if hidden { 1 } else { point.visibility };
                self.add_spot(group, found);
            }
            _ => self.add(group, found),
        }
    }

    /// Gives the objects to the image.
    pub fn finish(self, sheet: &mut Sheet) {
        let mut joined: Vec<Joined> = Vec::with_capacity(self.shapes.len());
        let mut by_key: HashMap<(Box<str>, String), Vec<usize>> = HashMap::new();
        let mut spots: HashMap<String, Vec<(usize, Found)>> = HashMap::new();
        for (place, Grouped { group, found, spot }) in self.shapes.into_iter().enumerate() {
            let Some(group) = group else {
                joined.push(Joined { place, group: None, has: kind(&found), found, shapes: 1 });
                continue;
            };
            if spot {
                spots.entry(group).or_default().push((place, found));
                continue;
            }
            let kind = kind(&found);
            let known = by_key.entry((found.class.clone(), group.clone())).or_default();
            let fits = |at: &&usize| joined.get(**at).is_some_and(|first| first.has & kind == 0 || kind == OUTLINE);
            match known.iter().find(fits).and_then(|at| joined.get_mut(*at)) {
                Some(first) => first.join(found, kind),
                None => {
                    known.push(joined.len());
                    joined.push(Joined { place, group: Some(group), has: kind, found, shapes: 1 });
                }
            }
        }
        let mut spots: Vec<(String, Vec<(usize, Found)>)> = spots.into_iter().collect();
        spots.sort_by_key(|(_, spots)| spots.first().map(|(place, _)| *place));
        for (group, spots) in spots {
            place_spots(group, spots, &mut joined);
        }
        joined.sort_by_key(|one| one.place);
        let mut sizes: HashMap<String, usize> = HashMap::new();
        joined
            .iter()
            .filter_map(|one| one.group.as_ref())
            .for_each(|group| *sizes.entry(group.clone()).or_default() += 1);
        for Joined { group, mut found, shapes, .. } in joined {
            // A group whose shapes are one object has nothing more to say.
            if let Some(group) = group.filter(|group| shapes == 1 || sizes.get(group).is_some_and(|size| *size > 1)) {
                found.attribute(GROUP, &group);
            }
            sheet.objects.push(found);
        }
    }
}

/// Gives the single points of a group to the object that they belong to, or makes objects of them.
fn place_spots(group: String, spots: Vec<(usize, Found)>, joined: &mut Vec<Joined>) {
    let names: HashSet<&str> = spots.iter().map(|(_, found)| &*found.class).collect();
    let (several, different) = (spots.len() > 1, names.len() == spots.len());
    let mut bodies = joined.iter_mut().filter(|one| one.group.as_ref() == Some(&group));
    match (bodies.next(), bodies.next()) {
        (Some(body), None) if different && !names.contains(&*body.found.class) && body.has & POINTS == 0 => {
            body.has |= POINTS;
            body.shapes += spots.len();
            for (_, Found { class, object, .. }) in spots {
                for mut point in object.keypoints {
                    // X-AnyLabeling's word for a point that is hidden.
                    if object.flags & flag::DIFFICULT != 0 {
                        point.visibility = 1;
                    }
                    body.found.points.push((class.clone(), point));
                }
            }
        }
        (None, _) if several && names.len() == 1 => {
            let shapes = spots.len();
            let mut rest = spots.into_iter();
            let Some((place, mut found)) = rest.next() else { return };
            let mut keypoints = found.object.keypoints.to_vec();
            for (_, other) in rest {
                found.object.bbox = union(found.object.bbox, other.object.bbox);
                keypoints.extend(other.object.keypoints);
            }
            found.object.keypoints = keypoints.into();
            joined.push(Joined { place, group: Some(group), found, has: POINTS, shapes });
        }
        _ => {
            let single = |(place, found)| Joined { place, group: Some(group.clone()), found, has: POINTS, shapes: 1 };
            joined.extend(spots.into_iter().map(single));
        }
    }
}

fn union(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

impl Joined {
    fn join(&mut self, other: Found, kind: u8) {
        let Found { object: other, points, holes, .. } = other;
        self.found.holes.extend(holes);
        let object = &mut self.found.object;
        const BODY: u8 = TURNED | OUTLINE | MASK;
        // A box says what the box is; without one it is around the shapes, points aside.
        match (kind, self.has) {
            (BOX, _) => object.bbox = other.bbox,
            (_, has) if has & BOX != 0 => {}
            (POINTS, has) if has & BODY != 0 => {}
            (_, has) if has & BODY == 0 && kind & BODY != 0 => object.bbox = other.bbox,
            _ => object.bbox = union(object.bbox, other.bbox),
        }
        if self.found.points.is_empty() {
            self.found.points = points;
        }
        object.polygons.extend(other.polygons);
        object.mask = object.mask.take().or(other.mask);
        object.corners = object.corners.or(other.corners);
        if object.keypoints.is_empty() {
            object.keypoints = other.keypoints;
        }
        object.flags |= other.flags;
        object.score = object.score.or(other.score);
        object.track = object.track.or(other.track);
        object.id = object.id.or(other.id);
        for pair in other.attributes {
            if !object.attributes.contains(&pair) {
                object.attributes.push(pair);
            }
        }
        self.has |= kind;
        self.shapes += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(shapes: Vec<(Option<&str>, Found)>) -> Vec<Found> {
        let mut grouping = Grouping::default();
        for (group, found) in shapes {
            let group = group.map(str::to_owned);
            if found.object.keypoints.len() == 1 { grouping.add_spot(group, found) } else { grouping.add(group, found) }
        }
        let mut sheet = Sheet::default();
        grouping.finish(&mut sheet);
        sheet.objects
    }

    fn outline(class: &str, left: f64) -> Found {
        Found::outlined(class, 1, vec![vec![[left, 0.0], [left + 4.0, 0.0], [left + 4.0, 4.0]]]).expect("three points")
    }

    fn spot(class: &str, x: f64) -> Found {
        Found::pointed(class, 1, &[[x, x]]).expect("a point")
    }

    #[test]
    fn shapes_of_a_group_are_one_object() {
        let boxed = Found::boxed("cat", 1, [0.0, 0.0, 20.0, 20.0]);
        let found = joined(vec![
            (Some("1"), outline("cat", 0.0)),
            (Some("1"), outline("cat", 9.0)),
            (Some("1"), boxed.clone()),
            (Some("1"), spot("nose", 1.0)),
            (Some("1"), spot("ear", 2.0)),
        ]);
        let [cat] = &found[..] else { panic!("{found:?}") };
        assert_eq!((cat.object.bbox, cat.object.polygons.len(), cat.points.len()), ([0.0, 0.0, 20.0, 20.0], 2, 2));
        assert!(cat.object.attributes.is_empty());
        // Two boxes are two objects, whatever their group.
        let found = joined(vec![(Some("1"), boxed.clone()), (Some("1"), boxed.clone()), (None, outline("cat", 0.0))]);
        assert_eq!(found.len(), 3);
        assert_eq!(*found[1].object.attributes[0].1, *"1");
        // Points that could belong to either of two, or have the class's own name.
        let found =
            joined(vec![(Some("1"), boxed.clone()), (Some("1"), outline("dog", 0.0)), (Some("1"), spot("nose", 1.0))]);
        assert_eq!(found.len(), 3);
        let found = joined(vec![(Some("1"), boxed), (Some("1"), spot("cat", 1.0))]);
        assert_eq!(found.len(), 2);
        // Attributes that are free say the group, and which point is hidden.
        let mut grouping = Grouping::default();
        for (mut found, hidden) in [(spot("nose", 1.0), "true"), (outline("cat", 0.0), "true"), (spot("ear", 2.0), "")]
        {
            found.attribute(GROUP, "a");
            found.attribute(HIDDEN, hidden);
            grouping.add_free(take_group(&mut found), found);
        }
        let mut sheet = Sheet::default();
        grouping.finish(&mut sheet);
        let [cat] = &sheet.objects[..] else { panic!("{sheet:?}") };
        assert_eq!(cat.points.iter().map(|(_, point)| point.visibility).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(cat.object.attributes, [(HIDDEN.into(), "true".into())]);
        // Points alone.
        let found = joined(vec![(Some("1"), spot("cat", 1.0)), (Some("1"), spot("cat", 3.0))]);
        let [cat] = &found[..] else { panic!("{found:?}") };
        assert_eq!((cat.object.keypoints.len(), cat.object.bbox), (2, [1.0, 1.0, 3.0, 3.0]));
    }
}
