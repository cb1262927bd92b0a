//! Blanks around the names of classes, which do not count: readers give names as they stand, and what is left out is told here.

use std::collections::{HashMap, HashSet};

use super::text;
use crate::dataset::{Class, Dataset, Place, ProblemKind, Problems};

/// Takes the blanks around names of classes away; classes that are then called alike are one. A note for each name that had some,
/// where it stands first.
pub(super) fn trim(dataset: &mut Dataset, problems: &mut Problems) {
    if !dataset.classes.iter().any(|class| trimmed(class).is_some()) {
        return;
    }
    let uses = uses(dataset);
    let mut kept: Vec<Class> = Vec::with_capacity(dataset.classes.len());
    let mut moved: Vec<u32> = Vec::with_capacity(dataset.classes.len());
    let mut known: HashMap<String, Vec<usize>> = HashMap::new();
    for (class, (count, first)) in std::mem::take(&mut dataset.classes).into_iter().zip(uses) {
        let name = trimmed(&class).map_or_else(|| class.name.clone(), str::to_owned);
        let alike = known.entry(name.clone()).or_default();
        let place = alike.iter().copied().find(|other| fits(&kept[*other], &class)).unwrap_or(kept.len());
        if name != class.name {
            let objects = if count == 1 { "1 object or image".into() } else { format!("{count} objects or images") };
            let message = format!("class {:?} ({objects}) is called {name:?}, without the blanks", class.name);
            problems.push(ProblemKind::TrimmedClass, first, message);
        }
        moved.push(place as u32);
        match kept.get_mut(place) {
            None => {
                alike.push(place);
                kept.push(Class { name, ..class });
            }
            Some(other) => join(other, class),
        }
    }
    dataset.classes = kept;
    let to_kept = |class: &mut u32| *class = moved[*class as usize];
    dataset.objects.class.iter_mut().for_each(to_kept);
    for labels in dataset.images.labels.values_mut() {
        labels.iter_mut().for_each(to_kept);
        let mut seen = HashSet::with_capacity(labels.len());
        labels.retain(|label| seen.insert(*label));
    }
}

/// The name of a class without the blanks around it, if it has some and something else.
fn trimmed(class: &Class) -> Option<&str> {
    Some(text::trim(&class.name)).filter(|name| !name.is_empty() && name.len() < class.name.len())
}

/// Whether two classes can be one: not with keypoints of two orders.
fn fits(one: &Class, other: &Class) -> bool {
    one.keypoints == other.keypoints || one.keypoints.is_empty() || other.keypoints.is_empty()
}

/// Adds what is known of `other` to `class`.
fn join(class: &mut Class, other: Class) {
    class.source_id = class.source_id.or(other.source_id);
    if class.supercategory.is_empty() {
        class.supercategory = other.supercategory;
    }
    class.stuff |= other.stuff;
    if class.keypoints.is_empty() {
        (class.keypoints, class.skeleton) = (other.keypoints, other.skeleton);
    }
}

/// How many objects and images each class has, and where the first stands.
fn uses(dataset: &Dataset) -> Vec<(u64, Place)> {
    let list = || Place::file(if dataset.sources.is_empty() { "" } else { dataset.sources.get(0) });
    let mut uses: Vec<(u64, Option<Place>)> = vec![(0, None); dataset.classes.len()];
    for image in 0..dataset.len() {
        let objects = dataset.objects_of(image).map(|object| (dataset.objects.class[object], Some(object)));
        let labels = dataset.images.labels.get(image).into_iter().flatten().map(|class| (*class, None));
        for (class, object) in objects.chain(labels) {
            let (count, first) = &mut uses[class as usize];
            *count += 1;
            first.get_or_insert_with(|| match object {
                Some(object) => dataset.object_place(image, object),
                None => dataset.place(image, 0),
            });
        }
    }
    uses.into_iter().map(|(count, first)| (count, first.unwrap_or_else(list))).collect()
}
