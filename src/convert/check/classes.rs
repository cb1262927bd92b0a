//! The classes of a dataset: how many objects and where, and names that are perhaps meant to be one.

use std::collections::BTreeMap;

use serde::Serialize;

use super::statistics::Grid;
use crate::dataset::{Dataset, Place, ProblemKind, Problems, plain};

/// A class of the source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassHealth {
    /// Its name.
    pub name: String,
    /// The source's own number, where it has one.
    pub source_id: Option<i64>,
    /// Objects of it.
    pub objects: u64,
    /// Images with at least one of them, or that are of this class as a whole.
    pub images: u64,
    /// Its part of all objects, 0 to 1; where only images are of it, of all classes that images have as a whole.
    pub share: f64,
    /// How it stands among the others.
    pub balance: Balance,
    /// Where the middles of its boxes lie: rows from above, in each the columns from the left, all of the same size.
    pub centres: Grid,
}

/// How frequent a class is among the others: those of objects, or those that only images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Balance {
    /// None is of it.
    None,
    /// Less than half of the mean of the classes that have any.
    Under,
    /// Between.
    Fair,
    /// More than double that.
    Over,
}

/// How frequent classes are that are counted alike.
struct Frequency {
    total: f64,
    /// Of the classes that have any.
    mean: f64,
}

impl Frequency {
    fn among(counts: &[u64]) -> Self {
        let total = counts.iter().sum::<u64>() as f64;
        let any = counts.iter().filter(|count| **count > 0).count();
        Self { total, mean: total / any.max(1) as f64 }
    }

    /// Part of all and balance of a class with this count.
    fn of(&self, count: u64) -> (f64, Balance) {
        let balance = match count as f64 {
            _ if count == 0 => Balance::None,
            count if count < self.mean / 2.0 => Balance::Under,
            count if count > self.mean * 2.0 => Balance::Over,
            _ => Balance::Fair,
        };
        (if count > 0 { count as f64 / self.total } else { 0.0 }, balance)
    }
}

/// Counts the classes, and says what is odd about them. `centres` are by class.
pub fn of(dataset: &Dataset, centres: &[Grid], problems: &mut Problems) -> Vec<ClassHealth> {
    let classes = dataset.classes.len();
    let (mut objects, mut labels, mut images) = (vec![0u64; classes], vec![0u64; classes], vec![0u64; classes]);
    let mut places: Vec<Option<Place>> = vec![None; classes];
    // The image that counted last for each class, so that it counts once.
    let mut last = vec![usize::MAX; classes];
    for row in 0..dataset.len() {
        let mut seen = |class: usize, place: &dyn Fn() -> Place| {
            if std::mem::replace(&mut last[class], row) != row {
                images[class] += 1;
            }
            places[class].get_or_insert_with(place);
        };
        for class in dataset.images.labels.get(row).into_iter().flatten() {
            labels[*class as usize] += 1;
            seen(*class as usize, &|| dataset.place(row, 0));
        }
        for object in dataset.objects_of(row) {
            let class = dataset.objects.class[object] as usize;
            objects[class] += 1;
            seen(class, &|| dataset.object_place(row, object));
        }
    }
    // A class of objects that is also one of images stands among those of objects.
    let of_images_alone: Vec<u64> =
        labels.iter().zip(&objects).map(|(labels, objects)| if *objects == 0 { *labels } else { 0 }).collect();
    let (among_objects, among_images) = (Frequency::among(&objects), Frequency::among(&of_images_alone));
    let frequency = |class: usize| match of_images_alone[class] {
        0 => among_objects.of(objects[class]),
        labels => among_images.of(labels),
    };
    let rows: Vec<ClassHealth> = dataset
        .classes
        .iter()
        .enumerate()
        .map(|(class, details)| {
            let (share, balance) = frequency(class);
            ClassHealth {
                name: details.name.clone(),
                source_id: details.source_id,
                objects: objects[class],
                images: images[class],
                share,
                balance,
                centres: centres.get(class).copied().unwrap_or_default(),
            }
        })
        .collect();
    // A class that nothing is of has no line of its own.
    let list = || Place::file(if dataset.sources.is_empty() { "" } else { dataset.sources.get(0) });
    let place = |class: usize| places[class].clone().unwrap_or_else(list);
    for (class, row) in rows.iter().enumerate().filter(|(_, row)| row.images == 0) {
        let message = format!("class {:?} is listed, but nothing is of it", row.name);
        problems.push(ProblemKind::UnusedClass, place(class), message);
    }
    report_similar(&rows, place, problems);
    rows
}

/// A note for each class that is called like a more frequent one but for letter case, blanks and signs.
fn report_similar(rows: &[ClassHealth], place: impl Fn(usize) -> Place, problems: &mut Problems) {
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (class, row) in rows.iter().enumerate() {
        alike.entry(plain(&row.name)).or_default().push(class);
    }
    // A name of signs alone says nothing.
    let groups = alike.into_iter().filter(|(plain, group)| !plain.is_empty() && group.len() > 1);
    let mut found = Vec::new();
    for (_, mut group) in groups {
        group.sort_by_key(|class| (std::cmp::Reverse((rows[*class].objects, rows[*class].images)), *class));
        let Some((most, others)) = group.split_first() else { continue };
        found.extend(others.iter().map(|other| (*other, *most)));
    }
    found.sort_unstable();
    for (other, most) in found {
        let counted = |class: usize| match rows[class].objects {
            1 => "1 object".to_owned(),
            objects => format!("{objects} objects"),
        };
        let message = format!(
            "class {:?} ({}) is called like {:?} ({})",
            rows[other].name,
            counted(other),
            rows[most].name,
            counted(most)
        );
        problems.push(ProblemKind::SimilarClasses, place(other), message);
    }
}
