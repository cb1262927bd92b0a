//! What a picture of classes, or of instances, says of objects that have boxes and no masks of their own.
//!
//! Decisions
//! - An instance is the object of its class whose box is the nearest around it. Of a class, an object has what lies in its box; where
//!   boxes of a class overlap, the smaller one has it. A pixel outside of all of these boxes belongs to the next.
//! - What lies elsewhere is an object of its own, as in a record without boxes: stuff has no boxes.
//! - In Model Garden's map of things and stuff, and in other tools', numbers are not those of the boxes' classes: more boxes show
//!   another class alone than have their own in them. Then nothing is taken from the maps, and that is a loss.

use std::collections::BTreeMap;

use super::labels::KnownLabels;
use super::maps::{self, Map};
use super::record::{ClassKey, Found};
use crate::dataset::{Mask, Object, Split};
use crate::formats::builder::Builder;
use crate::formats::tree::FileId;
use crate::formats::{geometry, parallel};
use crate::image::mask::merge::{How, merged};
use crate::image::runs;

/// How much of an instance lies inside of its object's box.
const INSIDE: f64 = 0.9;

/// What the map of one record says.
#[derive(Debug, Default)]
struct Shown {
    /// The pixels of each box, where it has no mask.
    masks: Vec<Option<Mask>>,
    /// Numbers and pixels of what no box is around.
    others: Vec<(i64, Mask)>,
    /// Boxes that have their own class in them, and those that have other classes alone.
    fitting: u64,
    unfitting: u64,
    /// Objects of which a smaller box of their class has pixels.
    shared: u64,
}

/// What maps added to objects, and what they could not.
#[derive(Debug, Default)]
pub struct Added {
    /// Objects whose masks were not wanted.
    pub unread: u64,
    /// Images whose maps say nothing of their boxes.
    pub unfit: u64,
    /// For the report.
    pub remarks: Vec<String>,
}

/// Gives the objects of `all` the pixels that maps show; without them where they are not `wanted`.
pub fn add(
    all: &mut [(FileId, Option<Split>, Found)],
    labels: &KnownLabels,
    classes: &mut BTreeMap<ClassKey, u32>,
    builder: &mut Builder,
    wanted: bool,
    workers: usize,
) -> Added {
    let (records, places) = (&*all, &*classes);
    let shown = parallel::map_each(records.len(), workers, |number| {
        let found = &records[number].2;
        let place = |key: &ClassKey| places.get(key).copied();
        let boxes: Vec<_> = found.boxes.iter().map(|(key, object)| (place(key), object)).collect();
        (!found.map.regions.is_empty()).then(|| Shown::of(&found.map, &boxes, |class| labels.of_number(class, places)))
    });
    let mut added = Added::default();
    let count = |of: fn(&Shown) -> u64| shown.iter().flatten().map(of).sum::<u64>();
    let (fitting, unfitting, shared) = (count(|one| one.fitting), count(|one| one.unfitting), count(|one| one.shared));
    if unfitting > fitting {
        added.unfit = shown.iter().flatten().count() as u64;
        added.remarks.push(format!(
            "maps whose numbers are not those of the boxes' classes ({unfitting} boxes show other classes alone, {fitting} \
             their own): left out"
        ));
        return added;
    }
    let (mut drawn, mut others) = (0, 0);
    for ((_, _, found), shown) in all.iter_mut().zip(shown) {
        let Some(shown) = shown else { continue };
        let masks = shown.masks.iter().flatten().count() as u64;
        (drawn, others) = (drawn + masks, others + shown.others.len() as u64);
        if !wanted {
            added.unread += masks + shown.others.len() as u64;
            continue;
        }
        for ((_, object), mask) in found.boxes.iter_mut().zip(shown.masks) {
            object.mask = object.mask.take().or(mask);
        }
        for (number, mask) in shown.others {
            let key = ClassKey { label: Some(number), text: None };
            if !classes.contains_key(&key) {
                let place = labels.class_of_number(number, classes, builder);
                classes.insert(key.clone(), place);
            }
            found.boxes.push((key, maps::object(mask)));
        }
    }
    for (what, number) in [
        ("objects with boxes whose pixels are from a map of classes", drawn),
        ("objects of which a smaller box of the same class has pixels, as the map does not tell them apart", shared),
        ("objects that a map shows outside of the boxes of its classes", others),
    ] {
        if number > 0 && wanted {
            added.remarks.push(format!("{what}: {number}"));
        }
    }
    added
}

impl Shown {
    /// What `map` says of `boxes`, whose classes are beside them, by the class of each number.
    fn of(map: &Map, boxes: &[(Option<u32>, &Object)], class_of: impl Fn(i64) -> Option<u32>) -> Self {
        let mut shown = Self { masks: vec![None; boxes.len()], ..Self::default() };
        let Some((_, first)) = map.regions.first() else { return shown };
        let size = [first.width, first.height];
        let around = |object: &Object, more: f64| rectangle(object, map.size, size, more);
        let inner: Vec<Box<[u32]>> = boxes.iter().map(|(_, object)| around(object, 0.0)).collect();
        let outer: Vec<Box<[u32]>> = boxes.iter().map(|(_, object)| around(object, 1.0)).collect();
        let classes: Vec<Option<u32>> = map.regions.iter().map(|(number, _)| class_of(*number)).collect();
        let of_class =
            |class: Option<u32>| (0..boxes.len()).filter(move |place| class.is_some() && boxes[*place].0 == class);
        for (place, (class, _)) in boxes.iter().enumerate() {
            let (mut own, mut other) = (false, 0);
            for ((_, mask), shown) in map.regions.iter().zip(&classes) {
                let inside = runs::area(&both(&mask.runs, &inner[place]));
                if shown.is_some() && shown == class { own |= inside > 0 } else { other += inside }
            }
            shown.fitting += u64::from(own);
            shown.unfitting += u64::from(!own && 2 * other > runs::area(&inner[place]));
        }
        // What has a mask covers that; the part of its box beside it is not its own.
        let own = |place: usize| match &boxes[place].1.mask {
            Some(mask) if [mask.width, mask.height] == size => &mask.runs,
            _ => &inner[place],
        };
        let mut parts: Vec<Vec<u32>> = vec![Vec::new(); boxes.len()];
        if map.of_instances {
            let mut pairs = Vec::new();
            for (region, (_, mask)) in map.regions.iter().enumerate() {
                let area = runs::area(&mask.runs) as f64;
                for place in of_class(classes[region]) {
                    let inside = runs::area(&both(&mask.runs, &outer[place])) as f64;
                    if inside >= INSIDE * area {
                        pairs.push((likeness(mask, &inner[place]), region, place));
                    }
                }
            }
            pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            let (mut told, mut taken) = (vec![false; map.regions.len()], vec![false; boxes.len()]);
            for (_, region, place) in pairs {
                if !told[region] && !taken[place] {
                    (told[region], taken[place]) = (true, true);
                    parts[place] = map.regions[region].1.runs.to_vec();
                }
            }
            for (region, (number, mask)) in map.regions.iter().enumerate().filter(|(region, _)| !told[*region]) {
                let covered = of_class(classes[region])
                    .filter(|place| boxes[*place].1.mask.is_some())
                    .fold(mask.runs.to_vec(), |rest, place| runs::without(&rest, own(place)));
                if runs::area(&covered) as f64 > (1.0 - INSIDE) * runs::area(&mask.runs) as f64 {
                    shown.others.push((*number, mask.clone()));
                }
            }
        } else {
            for ((number, mask), class) in map.regions.iter().zip(&classes) {
                let mut places: Vec<usize> = of_class(*class).collect();
                places.sort_by_key(|place| (runs::area(&inner[*place]), *place));
                let mut rest = mask.runs.to_vec();
                for place in &places {
                    let (there, part) = (both(&mask.runs, own(*place)), both(&rest, own(*place)));
                    shown.shared += u64::from(boxes[*place].1.mask.is_none() && there != part);
                    rest = runs::without(&rest, &part);
                    parts[*place] = part;
                }
                for place in &places {
                    let part = both(&rest, &outer[*place]);
                    rest = runs::without(&rest, &part);
                    parts[*place] = merged(&[&*parts[*place], &*part], How::Union).unwrap_or_default();
                }
                if runs::area(&rest) > 0 {
                    shown.others.push((*number, Mask { runs: rest.into(), ..mask.clone() }));
                }
            }
        }
        for ((mask, part), (_, object)) in shown.masks.iter_mut().zip(parts).zip(boxes) {
            if object.mask.is_none() && runs::area(&part) > 0 {
                *mask = Some(Mask { width: size[0], height: size[1], runs: part.into() });
            }
        }
        shown
    }
}

/// The pixels of both, which are of one size.
fn both(a: &[u32], b: &[u32]) -> Vec<u32> {
    merged(&[a, b], How::Intersection).unwrap_or_default()
}

/// The pixels of an object's box, which is in pixels of an image of the size `of`, in a picture of `size`; `more` of them around.
fn rectangle(object: &Object, of: Option<(u32, u32)>, size: [u32; 2], more: f64) -> Box<[u32]> {
    /// Fractions of 32 bits are as far beside a side.
    const SLIP: f64 = 1e-3;
    let [width, height] = size.map(f64::from);
    let of =
        of.filter(|_| !object.normalised).map_or([1.0, 1.0], |(width, height)| [f64::from(width), f64::from(height)]);
    let [x, y] = [width / of[0].max(1.0), height / of[1].max(1.0)];
    let [x0, y0, x1, y1] = object.bbox;
    let (x0, x1) = ((x0.min(x1) * x + SLIP).floor() - more, (x0.max(x1) * x - SLIP).ceil() + more);
    let (y0, y1) = ((y0.min(y1) * y + SLIP).floor() - more, (y0.max(y1) * y - SLIP).ceil() + more);
    geometry::mask_of_outline(size, &[vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]).runs
}

/// How alike the box around a mask and another are: what they share of what either has.
fn likeness(mask: &Mask, other: &[u32]) -> f64 {
    let sides = geometry::mask_box(mask).unwrap_or_default();
    let [x0, y0, x1, y1] = sides;
    let box_runs =
        geometry::mask_of_outline([mask.width, mask.height], &[vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]).runs;
    let shared = runs::area(&both(&box_runs, other)) as f64;
    let either = runs::area(&box_runs) as f64 + runs::area(other) as f64 - shared;
    shared / either.max(1.0)
}
