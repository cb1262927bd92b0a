//! Which number each class gets.
//!
//! A map given by the user wins. Without one: the source's own ids where all are from 1 to 2^31 - 1 and none stands twice
//! (COCO's gaps stay), then 1..N in the order of the source's own list of classes, then 1..N by sorted name. Never 0,
//! which is the background. One map for all splits.

use serde::Serialize;

use crate::dataset::{
    Class, Dataset, Label, LabelMap, LabelMapError, Place, ProblemKind, Problems, brief_values, nearest,
};

/// The label map of a run, and what it makes of the dataset's classes.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The whole map, as it is written.
    pub map: LabelMap,
    /// Id and name of each of [`Dataset::classes`]; `None` where the given map has no such class.
    pub of_class: Vec<Option<Label>>,
    /// Classes that a given map does not have, the most frequent first.
    pub unknown: Vec<UnknownClass>,
    /// How many classes have another number than in the source, though nobody asked for it; that all count from 1 instead of 0
    /// does not count.
    pub renumbered: u64,
    /// Whether all count from 1 instead of 0.
    pub shifted: bool,
}

/// A class of the source that the given label map does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownClass {
    /// Its name in the source.
    pub name: String,
    /// How many objects are of it.
    pub objects: u64,
    /// The class of the map that looks most like it.
    pub nearest: Option<String>,
}

impl Labels {
    /// Numbers for the classes of `dataset`, from `given` or made.
    pub fn of(dataset: &Dataset, given: Option<&LabelMap>) -> Result<Self, LabelMapError> {
        let map = match given {
            Some(map) => map.clone(),
            None => make(&dataset.classes, dataset.classes_ordered)?,
        };
        let of_class: Vec<_> = dataset.classes.iter().map(|class| map.label(map.id(&class.name)?).cloned()).collect();
        let mut unknown = Vec::new();
        if of_class.iter().any(Option::is_none) {
            let mut counts = vec![0u64; dataset.classes.len()];
            let of_images = dataset.images.labels.iter().flat_map(|(_, labels)| labels);
            for class in dataset.objects.class.iter().chain(of_images) {
                counts[*class as usize] += 1;
            }
            for (index, class) in dataset.classes.iter().enumerate() {
                if of_class[index].is_none() && counts[index] > 0 {
                    let nearest =
                        nearest(&class.name, map.labels().iter().map(|label| label.name.as_str())).map(str::to_owned);
                    unknown.push(UnknownClass { name: class.name.clone(), objects: counts[index], nearest });
                }
            }
            unknown.sort_by(|a, b| b.objects.cmp(&a.objects).then_with(|| a.name.cmp(&b.name)));
        }
        let pairs = || {
            let both = dataset.classes.iter().zip(&of_class);
            both.filter_map(|(class, label)| Some((class.source_id?, label.as_ref()?.id)))
        };
        let shifted = pairs().all(|(source, id)| source.checked_add(1) == Some(id));
        let renumbered = match given {
            None if !shifted => pairs().filter(|(source, id)| source != id).count() as u64,
            _ => 0,
        };
        let shifted = shifted && given.is_none() && pairs().next().is_some();
        Ok(Self { map, of_class, unknown, renumbered, shifted })
    }

    /// A problem for each object whose class the map does not have.
    pub fn report_unknown(&self, dataset: &Dataset, problems: &mut Problems) {
        if self.unknown.is_empty() {
            return;
        }
        let mut say = |class: u32, place| {
            let class = class as usize;
            if self.of_class[class].is_none() {
                let name = &dataset.classes[class].name;
                problems.push(ProblemKind::UnknownClass, place, format!("class {name:?} is not in the label map"));
            }
        };
        for image in 0..dataset.len() {
            for class in dataset.images.labels.get(image).into_iter().flatten() {
                say(*class, dataset.place(image, 0));
            }
            for object in dataset.objects_of(image) {
                say(dataset.objects.class[object], dataset.object_place(image, object));
            }
        }
    }
}

/// A note where all classes are numbers: perhaps there is a file with names, and it was not found.
pub(super) fn report_nameless(dataset: &Dataset, problems: &mut Problems) {
    let is_number = |class: &Class| {
        let number = class.name.strip_prefix("class_").unwrap_or(&class.name);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let [first, ..] = &dataset.classes[..] else { return };
    if dataset.classes.iter().all(is_number) {
        let message = format!(
            "classes have numbers and no names, as {:?}; a file with names (data.yaml, classes.txt, obj.names, a label map) belongs \
             beside them, or rename gives them",
            first.name
        );
        let sources = &dataset.sources;
        let place = if sources.is_empty() { "" } else { sources.get(0) };
        problems.push(ProblemKind::NamelessClasses, Place::file(place), message);
    }
}

/// All unknown classes in one line.
pub fn summary(unknown: &[UnknownClass]) -> String {
    let names: Vec<String> = unknown
        .iter()
        .map(|class| {
            let nearest = class.nearest.as_ref().map(|name| format!(", nearest is {name:?}")).unwrap_or_default();
            let plural = if class.objects == 1 { "" } else { "s" };
            format!("{:?} ({} object{plural}{nearest})", class.name, class.objects)
        })
        .collect();
    let (noun, verb) = if unknown.len() == 1 { ("class", "is") } else { ("classes", "are") };
    format!("{} {noun} {verb} not in the label map: {}", unknown.len(), brief_values(names.join(", ")))
}

fn make(classes: &[Class], ordered: bool) -> Result<LabelMap, LabelMapError> {
    let mut ids: Vec<i64> = classes.iter().filter_map(|class| class.source_id).collect();
    ids.sort_unstable();
    let usable = ids.len() == classes.len()
        && ids.first().is_none_or(|id| *id >= 1)
        // A label map holds no more.
        && ids.last().is_none_or(|id| *id <= i32::MAX.into())
        && ids.windows(2).all(|pair| pair[0] != pair[1]);
    if usable {
        return LabelMap::new(classes.iter().map(|class| label(class.source_id.unwrap_or(0), class)).collect());
    }
    let mut order: Vec<&Class> = classes.iter().collect();
    if !ordered {
        order.sort_by(|a, b| a.name.cmp(&b.name));
    }
    LabelMap::new((1..).zip(order).map(|(id, class)| label(id, class)).collect())
}

fn label(id: i64, class: &Class) -> Label {
    Label { id, name: class.name.clone(), display_name: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Image, NO_SOURCE, Object};

    fn classes(list: &[(&str, Option<i64>)]) -> Vec<Class> {
        list.iter().map(|(name, source_id)| Class { source_id: *source_id, ..Class::named(*name) }).collect()
    }

    fn made(list: &[(&str, Option<i64>)], ordered: bool) -> Vec<(String, i64)> {
        let map = make(&classes(list), ordered).unwrap();
        map.labels().iter().map(|label| (label.name.clone(), label.id)).collect()
    }

    #[test]
    fn ids_come_from_the_source_then_its_order_then_the_alphabet() {
        let expect = |list: &[(&str, i64)]| list.iter().map(|(n, i)| ((*n).to_owned(), *i)).collect::<Vec<_>>();
        assert_eq!(made(&[("b", Some(90)), ("a", Some(3))], true), expect(&[("a", 3), ("b", 90)]));
        assert_eq!(made(&[("b", Some(0)), ("a", Some(1))], true), expect(&[("b", 1), ("a", 2)]));
        assert_eq!(made(&[("b", Some(1)), ("a", Some(5_000_000_000))], true), expect(&[("b", 1), ("a", 2)]));
        assert_eq!(made(&[("b", Some(1)), ("a", Some(1))], true), expect(&[("b", 1), ("a", 2)]));
        assert_eq!(made(&[("b", None), ("a", None)], true), expect(&[("b", 1), ("a", 2)]));
        assert_eq!(made(&[("b", None), ("a", None)], false), expect(&[("a", 1), ("b", 2)]));
        assert_eq!(made(&[], false), []);
    }

    #[test]
    fn unknown_classes_are_listed_with_places_and_nearest() {
        let mut dataset =
            Dataset { classes: classes(&[("raccoon", None), ("Racoon", None), ("cat", None)]), ..Dataset::default() };
        let source = dataset.sources.push("a.csv") as u32;
        let object = |class, line| Object { class, line, ..Object::default() };
        let image = |key: &'static str, source| Image { key, name: key, source: (source, 0), ..Image::default() };
        dataset.push(image("a.jpg", source), [object(0, 2), object(1, 3), object(2, 4)]);
        dataset.push(image("b.jpg", NO_SOURCE), [object(1, 0)]);
        let given = LabelMap::new(vec![Label { id: 5, name: "raccoon".into(), display_name: None }]).unwrap();
        let labels = Labels::of(&dataset, Some(&given)).unwrap();
        assert_eq!(labels.of_class[0].as_ref().map(|label| label.id), Some(5));
        let mut problems = Problems::default();
        labels.report_unknown(&dataset, &mut problems);
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "a.csv:3: class \"Racoon\" is not in the label map",
                "a.csv:4: class \"cat\" is not in the label map",
                "b.jpg: class \"Racoon\" is not in the label map",
            ]
        );
        assert_eq!(
            summary(&labels.unknown),
            "2 classes are not in the label map: \"Racoon\" (2 objects, nearest is \"raccoon\"), \"cat\" (1 object)"
        );
    }
}
