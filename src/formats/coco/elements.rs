//! The elements of COCO's arrays, in any order of their members; of a member that stands twice, the last.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::json::scalar::{Flag, Id, Number, Text};

/// An element of `images`.
#[derive(Debug, Default)]
pub struct ImageElement {
    pub id: Option<Id>,
    pub file_name: Option<String>,
    pub url: Option<String>,
    pub width: Option<f64>,
    pub height: Option<f64>,
}

/// An element of `categories`.
#[derive(Debug, Default)]
pub struct CategoryElement {
    pub id: Option<Id>,
    pub name: Option<String>,
    pub supercategory: Option<String>,
    pub keypoints: Vec<String>,
    /// Pairs of keypoints, counted from 1.
    pub skeleton: Vec<[u32; 2]>,
    pub isthing: Option<bool>,
}

/// An element of `annotations`. `OUTLINES`: whether `segmentation` is taken, or passed over.
#[derive(Debug, Default)]
pub struct AnnotationElement<const OUTLINES: bool> {
    pub id: Option<Id>,
    pub image_id: Option<Id>,
    /// The picture of a panoptic annotation.
    pub file_name: Option<String>,
    pub category_id: Option<Id>,
    pub bbox: Option<Bbox>,
    pub area: Option<f64>,
    pub iscrowd: Option<bool>,
    pub score: Option<f64>,
    pub track_id: Option<i64>,
    pub caption: Option<String>,
    pub segmentation: Segmentation,
    /// Whether a segmentation that was passed over had anything in it; `None` where there was none.
    pub passed_over: Option<bool>,
    /// Not a number where it is none.
    pub keypoints: Vec<f64>,
    pub attributes: Vec<(Box<str>, Box<str>)>,
    /// How many attributes are lists or objects, or have no name.
    pub other_attributes: usize,
    /// Elements of a panoptic annotation.
    pub segments: Option<Vec<AnnotationElement<OUTLINES>>>,
}

/// `bbox`: its numbers, as far as it has any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bbox {
    pub values: [f64; 4],
    pub len: usize,
}

/// `segmentation`
#[derive(Debug, Default, PartialEq)]
pub enum Segmentation {
    #[default]
    None,
    /// Coordinates of all parts, and the end of each.
    Polygons(Coordinates),
    Runs {
        counts: Counts,
        /// Height and width.
        size: [f64; 2],
    },
}

/// Lists of numbers, one behind the other.
#[derive(Debug, Default, PartialEq)]
pub struct Coordinates {
    pub values: Vec<f64>,
    pub ends: Vec<usize>,
}

impl Coordinates {
    pub fn parts(&self) -> impl Iterator<Item = &[f64]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.values.get(start..*end).unwrap_or_default())
    }
}

/// `counts` of a mask.
#[derive(Debug, PartialEq)]
pub enum Counts {
    Runs(Vec<u32>),
    Text(Box<str>),
}

/// A member's name, without a copy of it where it has no escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a member's name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Wanted)
    }
}

/// A struct out of a map: one arm per member, the rest passed over.
macro_rules! element {
    ([$($generics:tt)*] $type:ty, $what:literal, |$element:ident, $map:ident| { $($($name:literal)|+ => $take:expr,)+ }) => {
        impl<'de, $($generics)*> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Wanted<T>(std::marker::PhantomData<T>);

                impl<'de, $($generics)*> Visitor<'de> for Wanted<$type> {
                    type Value = $type;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($what)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<Self::Value, A::Error> {
                        let mut $element = <$type>::default();
                        while let Some(Name(name)) = $map.next_key()? {
                            match &*name {
                                $($($name)|+ => $take,)+
                                _ => drop($map.next_value::<IgnoredAny>()?),
                            }
                        }
                        Ok($element)
                    }
                }

                deserializer.deserialize_map(Wanted::<$type>(std::marker::PhantomData))
            }
        }
    };
}

element!([] ImageElement, "an image, an object with `id` and `file_name`", |element, map| {
    "id" => element.id = map.next_value()?,
    "file_name" => element.file_name = map.next_value::<Text>()?.0,
    "coco_url" | "url" => element.url = map.next_value::<Text>()?.0,
    "width" => element.width = map.next_value::<Number>()?.0,
    "height" => element.height = map.next_value::<Number>()?.0,
});

element!([] CategoryElement, "a category, an object with `id` and `name`", |element, map| {
    "id" => element.id = map.next_value()?,
    "name" => element.name = map.next_value::<Text>()?.0,
    "supercategory" => element.supercategory = map.next_value::<Text>()?.0,
    "keypoints" => element.keypoints = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "skeleton" => element.skeleton = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "isthing" => element.isthing = map.next_value::<Flag>()?.0,
});

element!([const OUTLINES: bool] AnnotationElement<OUTLINES>, "an annotation, an object with `image_id`", |element, map| {
    "id" => element.id = map.next_value()?,
    "image_id" => element.image_id = map.next_value()?,
    "file_name" => element.file_name = map.next_value::<Text>()?.0,
    "category_id" => element.category_id = map.next_value()?,
    "bbox" => element.bbox = map.next_value()?,
    "area" => element.area = map.next_value::<Number>()?.0,
    "iscrowd" => element.iscrowd = map.next_value::<Flag>()?.0,
    "score" => element.score = map.next_value::<Number>()?.0,
    "track_id" => element.track_id = map.next_value::<Number>()?.0.map(|number| number as i64),
    "caption" => element.caption = map.next_value::<Text>()?.0,
    "segmentation" => if OUTLINES {
        element.segmentation = map.next_value()?;
    } else {
        element.passed_over = map.next_value::<Passed>()?.0;
    },
    "keypoints" => {
        let numbers: Option<Vec<Number>> = map.next_value()?;
        let known = |Number(number): Number| number.unwrap_or(f64::NAN);
        element.keypoints = numbers.unwrap_or_default().into_iter().map(known).collect();
    },
    "attributes" => Attributes { known: element.attributes, other: element.other_attributes } = map.next_value()?,
    "segments_info" => element.segments = map.next_value()?,
});

impl<'de> Deserialize<'de> for Bbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Bbox;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("bbox, a list of four numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bbox, A::Error> {
                let mut bbox = Bbox::default();
                while let Some(Number(value)) = list.next_element()? {
                    if let Some(room) = bbox.values.get_mut(bbox.len) {
                        *room = value.unwrap_or(f64::NAN);
                    }
                    bbox.len += 1;
                }
                Ok(bbox)
            }
        }

        deserializer.deserialize_seq(Wanted)
    }
}

/// The name and value of each attribute that is neither a list nor an object, and how many are.
struct Attributes {
    known: Vec<(Box<str>, Box<str>)>,
    other: usize,
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Attributes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("attributes, an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut attributes = Attributes { known: Vec::new(), other: 0 };
                while let Some(Name(name)) = map.next_key()? {
                    match map.next_value()? {
                        Some(Text(Some(value))) => attributes.known.push((name.into(), value.into())),
                        Some(Text(None)) => attributes.other += 1,
                        None => {}
                    }
                }
                Ok(attributes)
            }

            // Fashionpedia's list of ids, and others that have no names.
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Attributes, A::Error> {
                let mut other = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    other += 1;
                }
                Ok(Attributes { known: Vec::new(), other })
            }

            fn visit_unit<E: Error>(self) -> Result<Attributes, E> {
                Ok(Attributes { known: Vec::new(), other: 0 })
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

impl<'de> Deserialize<'de> for Segmentation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Segmentation;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("segmentation, a list of polygons or a mask")
            }

            fn visit_unit<E: Error>(self) -> Result<Segmentation, E> {
                Ok(Segmentation::None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Segmentation, A::Error> {
                let mut coordinates = Coordinates::default();
                while list.next_element_seed(Values(&mut coordinates.values))?.is_some_and(|is_list| {
                    if is_list {
                        coordinates.ends.push(coordinates.values.len());
                    }
                    true
                }) {}
                // A polygon that is not in a list of polygons.
                if coordinates.ends.last().is_none_or(|end| *end < coordinates.values.len()) {
                    coordinates.ends.push(coordinates.values.len());
                }
                Ok(Segmentation::Polygons(coordinates))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Segmentation, A::Error> {
                let (mut counts, mut size) = (None, None);
                while let Some(Name(name)) = map.next_key()? {
                    match &*name {
                        "counts" => counts = Some(map.next_value()?),
                        "size" => size = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                let counts = counts.ok_or_else(|| A::Error::missing_field("counts"))?;
                let size = size.ok_or_else(|| A::Error::missing_field("size"))?;
                Ok(Segmentation::Runs { counts, size })
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

/// A segmentation that is passed over: whether there is anything in it.
struct Passed(Option<bool>);

impl<'de> Deserialize<'de> for Passed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Passed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("segmentation, a list of polygons or a mask")
            }

            fn visit_unit<E: Error>(self) -> Result<Passed, E> {
                Ok(Passed(None))
            }

            // What is no outline at all is passed over as well.
            fn visit_bool<E: Error>(self, _: bool) -> Result<Passed, E> {
                Ok(Passed(Some(true)))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Passed, E> {
                Ok(Passed(Some(true)))
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Passed, E> {
                Ok(Passed(Some(true)))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Passed, E> {
                Ok(Passed(Some(true)))
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Passed, E> {
                Ok(Passed(Some(true)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Passed, A::Error> {
                let mut some = false;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    some = true;
                }
                Ok(Passed(Some(some)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Passed, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Passed(Some(true)))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

/// Takes a number, or all numbers of a list and the lists in it; says whether it was a list.
struct Values<'a>(&'a mut Vec<f64>);

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("coordinates")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<bool, E> {
        self.0.push(value);
        Ok(false)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<bool, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<bool, E> {
        self.visit_f64(value as f64)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        self.visit_f64(f64::NAN)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while list.next_element_seed(Values(self.0))?.is_some() {}
        Ok(true)
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Counts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("counts, a list of whole numbers or a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Counts, E> {
                Ok(Counts::Text(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Counts, A::Error> {
                let mut runs = Vec::new();
                while let Some(Run(run)) = list.next_element()? {
                    runs.push(run);
                }
                Ok(Counts::Runs(runs))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

/// A number of pixels, which pandas and others write with a fraction of 0.
struct Run(u32);

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl Visitor<'_> for Wanted {
            type Value = Run;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of pixels")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Run, E> {
                let run = u32::try_from(value);
                run.map(Run).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(value), &self))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Run, E> {
                Err(E::invalid_value(serde::de::Unexpected::Signed(value), &self))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Run, E> {
                let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
                whole
                    .then_some(Run(value as u32))
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Float(value), &self))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(text: &str) -> AnnotationElement<true> {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn segmentations() {
        let polygons = |text: &str| match annotation(&format!("{{\"segmentation\": {text}}}")).segmentation {
            Segmentation::Polygons(coordinates) => coordinates.parts().map(<[f64]>::to_vec).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(polygons("[[1, 2.5, 3], []]"), [vec![1.0, 2.5, 3.0], vec![]]);
        assert_eq!(polygons("[1, 2, 3, 4, 5, 6]"), [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
        assert_eq!(polygons("[[[1, 2], [3, 4]], [5, 6]]"), [vec![1.0, 2.0, 3.0, 4.0], vec![5.0, 6.0]]);
        assert_eq!(polygons("[]"), [Vec::<f64>::new()]);
        let runs = annotation(r#"{"segmentation": {"size": [30, 40], "counts": "d0"}}"#).segmentation;
        assert_eq!(runs, Segmentation::Runs { counts: Counts::Text("d0".into()), size: [30.0, 40.0] });
        let runs = annotation(r#"{"segmentation": {"counts": [1, 2], "x": {}, "size": [30, 40]}}"#).segmentation;
        assert_eq!(runs, Segmentation::Runs { counts: Counts::Runs(vec![1, 2]), size: [30.0, 40.0] });
        let runs = annotation(r#"{"segmentation": {"counts": [1.0, 2e0, 4294967295.0], "size": [1, 1]}}"#).segmentation;
        assert_eq!(runs, Segmentation::Runs { counts: Counts::Runs(vec![1, 2, u32::MAX]), size: [1.0, 1.0] });
        for wrong in ["0.5", "-1.0", "4294967296.0", "4294967296", "null", r#""1""#] {
            let text = format!(r#"{{"segmentation": {{"counts": [{wrong}], "size": [1, 1]}}}}"#);
            assert!(serde_json::from_str::<AnnotationElement<true>>(&text).is_err(), "{wrong}");
        }
        assert_eq!(annotation(r#"{"segmentation": null}"#).segmentation, Segmentation::None);
        for wrong in [r#"{"counts": [1]}"#, r#"{"counts": [-1], "size": [1, 1]}"#, r#""x""#, "[{}]", "7"] {
            assert!(
                serde_json::from_str::<AnnotationElement<true>>(&format!("{{\"segmentation\": {wrong}}}")).is_err()
            );
        }
    }

    #[test]
    fn the_last_of_two_members_counts() {
        let element = annotation(r#"{"bbox": [1], "id": 1, "b\u0062ox": [1, "2", null, 4, 5], "\u0069d": "x"}"#);
        let bbox = element.bbox.expect("a box");
        assert_eq!((bbox.len, bbox.values[1], bbox.values[3]), (5, 2.0, 4.0));
        assert!(bbox.values[2].is_nan());
        assert_eq!(element.id, Some(Id::Text("x".into())));
        assert!(annotation("{}").image_id.is_none());
    }
}
