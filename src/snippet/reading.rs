//! What is in records, as far as a program has to know.

use crate::inspect::Schema;
use crate::inspect::schema::FeatureSchema;

/// A feature's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bytes,
    Float,
    Int64,
}

/// How many values a feature has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One in every record.
    One,
    /// So many in every record.
    Several(u64),
    /// Any number; perhaps it is not in every record.
    List,
    /// Of a list of features: so many in each step.
    Steps(u64),
}

/// A feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub key: String,
    pub kind: Kind,
    pub shape: Shape,
    /// Whether every record has it, with its type.
    pub always: bool,
    pub text: bool,
}

/// What one thing of a record is made from.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The image, in colours.
    Image(String),
    /// A picture of numbers; whether one is above 255, and whether each record has it.
    Map { key: String, deep: bool, always: bool },
    /// `image/object/bbox/` and a side.
    Boxes,
    /// A list of four sides for each box: ymin, xmin, ymax, xmax.
    BoxesInARow(String),
    /// A PNG for each object.
    Pictures(String),
    /// A number for each pixel of each object, and the keys of height and width.
    Numbers(String),
    /// Fractions, x and y apart, so many for each object where it is always the same number.
    Keypoints(Option<u64>),
    /// A number for each of those.
    Visibility(Option<u64>),
    /// The feature as it is.
    Value(String),
}

/// What a program reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub(super) fields: Vec<Field>,
    /// Whether records are SequenceExamples, of which `fields` are the context.
    pub(super) of_sequences: bool,
    /// Their lists: how many values each step has.
    pub(super) lists: Vec<Field>,
    /// Name and source of each thing that the program gives.
    pub(super) items: Vec<(String, Part)>,
    /// Keys that have no one type.
    pub(super) left_out: Vec<String>,
    /// The least label of an image.
    pub(super) first_label: i64,
    /// Whether any record has a box.
    pub(super) boxed: bool,
}

pub const BOX: &str = "image/object/bbox/";
pub const KEYPOINT: &str = "image/object/keypoint/";
pub const HEIGHT: &str = "image/height";
pub const WIDTH: &str = "image/width";
const MASK: &str = "image/object/mask";
const IMAGES: [&str; 3] = ["image/encoded", "image", "image_bytes"];
/// Names that features have in a program. What is not there has its key.
const NAMES: [(&str, &str); 12] = [
    ("image/caption", "captions"),
    ("image/class/label", "label"),
    ("image/class/text", "label_text"),
    ("image/filename", "filename"),
    ("image/object/class/label", "labels"),
    ("image/object/class/text", "label_texts"),
    ("image/panoptic/category/encoded", "panoptic_category"),
    ("image/panoptic/category_mask", "panoptic_category"),
    ("image/panoptic/instance/encoded", "panoptic_instance"),
    ("image/panoptic/instance_mask", "panoptic_instance"),
    ("image/segmentation/class/encoded", "segmentation"),
    ("objects/label", "labels"),
];
/// Pictures of numbers, as large as the image.
const MAPS: [&str; 5] = [
    "image/panoptic/category/encoded",
    "image/panoptic/category_mask",
    "image/panoptic/instance/encoded",
    "image/panoptic/instance_mask",
    "image/segmentation/class/encoded",
];
/// What is about the file, or stands in another feature too.
const NO_ITEMS: [&str; 7] = [
    "image/format",
    HEIGHT,
    WIDTH,
    "image/key/sha256",
    "image/source_id",
    "image/class/text",
    "image/object/class/text",
];

impl Reading {
    /// From what all records have; keys that `is_list` are lists that a record may lack, even if none of these does.
    pub fn of(schema: &Schema, is_list: &dyn Fn(&str) -> bool) -> Result<Self, String> {
        if schema.sequence_examples > 0 && schema.examples > 0 {
            return Err("holds Examples and SequenceExamples, and a program reads one kind".into());
        }
        if schema.sequence_examples > 0 {
            return Ok(Self::of_sequences(schema));
        }
        if schema.examples == 0 {
            return Err("holds no Example that could be read".into());
        }
        let (mut fields, left_out) = fields(&schema.features, schema.examples);
        for field in fields.iter_mut().filter(|field| is_list(&field.key)) {
            (field.shape, field.always) = (Shape::List, false);
        }
        let mut reading = Self { fields, left_out, ..Self::default() };
        let mut items = Vec::new();
        for feature in &schema.features {
            if let Some(item) = reading.item(feature, schema) {
                items.push(item);
            }
        }
        // What others are placed in comes first.
        let rank = |name: &str| ["image", "boxes", "labels", "masks"].iter().position(|known| *known == name);
        items.sort_by_key(|(name, _)| rank(name).unwrap_or(usize::MAX));
        reading.items = items;
        let label = ["image/class/label", "label"].iter().find_map(|key| found(schema, key)?.int64.as_ref());
        reading.first_label = label.map_or(0, |label| label.min);
        let boxes = ["image/object/bbox/ymin", "objects/bbox"].iter().filter_map(|key| found(schema, key)?.lengths);
        reading.boxed = boxes.into_iter().any(|lengths| lengths.max > 0);
        Ok(reading)
    }

    /// Features of sequences, and their lists: [`super::sequence`] makes things of them.
    fn of_sequences(schema: &Schema) -> Self {
        let mut reading = Self { of_sequences: true, ..Self::default() };
        let (fields, left_out) = fields(&schema.features, schema.sequence_examples);
        let (lists, lists_left_out) = list_fields(schema);
        reading.fields = fields;
        reading.lists = lists;
        reading.left_out = [left_out, lists_left_out].concat();
        reading
    }

    pub(super) fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.items.iter().any(|(known, _)| known == name)
    }

    fn is(&self, key: &str, kind: Kind) -> bool {
        self.field(key).is_some_and(|field| field.kind == kind)
    }

    fn item(&self, feature: &FeatureSchema, schema: &Schema) -> Option<(String, Part)> {
        let key = &*feature.key;
        let field = self.field(key)?;
        let named = |name: &str, part| Some((name.to_owned(), part));
        let is_one_picture = |key: &str| {
            let one = self.field(key).is_some_and(|field| field.shape == Shape::One);
            one && found(schema, key).is_some_and(|feature| feature.looks_like == "image")
        };
        let boxes = SIDES.iter().all(|side| self.is(&format!("{BOX}{side}"), Kind::Float));
        let points = ["x", "y"].iter().all(|axis| self.is(&format!("{KEYPOINT}{axis}"), Kind::Float));
        let name = NAMES.iter().find(|(known, _)| *known == key).map_or(key, |(_, name)| name);
        match key {
            "image/object/bbox/ymin" if boxes => return named("boxes", Part::Boxes),
            _ if boxes && key.strip_prefix(BOX).is_some_and(|side| SIDES.contains(&side)) => return None,
            "objects/bbox" if field.kind == Kind::Float => return named("boxes", Part::BoxesInARow(key.into())),
            MASK if field.kind == Kind::Bytes => return named("masks", Part::Pictures(key.into())),
            MASK if field.kind == Kind::Float
                && [HEIGHT, WIDTH]
                    .iter()
                    .all(|side| self.field(side).is_some_and(|field| field.shape == Shape::One)) =>
            {
                return named("masks", Part::Numbers(key.into()));
            }
            "image/object/keypoint/x" if points => {
                return named("keypoints", Part::Keypoints(per_object(schema, "x")));
            }
            "image/object/keypoint/y" if points => return None,
            "image/object/keypoint/visibility" if field.kind == Kind::Int64 => {
                return named("visibility", Part::Visibility(per_object(schema, "visibility")));
            }
            // Some have no numbers of classes.
            "image/class/text" if found(schema, "image/class/label").is_none() => {}
            "image/object/class/text" if found(schema, "image/object/class/label").is_none() => {}
            _ if NO_ITEMS.contains(&key) || key.ends_with("/format") => return None,
            _ => {}
        }
        // Not every record has a map; a number for each pixel of the image it is all the same.
        let is_picture = is_one_picture(key) || MAPS.contains(&key) && feature.looks_like == "image";
        if is_picture {
            let image = IMAGES.into_iter().find(|key| is_one_picture(key)).or_else(|| {
                schema.features.iter().map(|feature| &*feature.key).find(|key| !is_map(key) && is_one_picture(key))
            });
            if image == Some(key) {
                return named("image", Part::Image(key.into()));
            }
            let deep = feature.bytes.as_ref().is_some_and(|bytes| bytes.depth > Some(8));
            let always = field.shape == Shape::One;
            return named(name, Part::Map { key: key.into(), deep, always });
        }
        named(name, Part::Value(key.into()))
    }
}

/// The sides of a box as TensorFlow orders them.
pub const SIDES: [&str; 4] = ["ymin", "xmin", "ymax", "xmax"];

fn is_map(key: &str) -> bool {
    NAMES.iter().any(|(known, _)| *known == key)
}

fn found<'s>(schema: &'s Schema, key: &str) -> Option<&'s FeatureSchema> {
    schema.features.iter().find(|feature| feature.key == key)
}

/// How many keypoints each object has, if the lists say that it is always the same number.
fn per_object(schema: &Schema, of: &str) -> Option<u64> {
    let points = found(schema, &format!("{KEYPOINT}{of}"))?.lengths?;
    let objects = found(schema, "image/object/bbox/ymin")?.lengths?;
    let each = points.max.checked_div(objects.max).filter(|each| *each > 0)?;
    let same = |points: f64, objects: f64| (points - objects * each as f64).abs() < 1e-6 * (1.0 + points);
    let all = points.max == each * objects.max && points.min == each * objects.min;
    (all && same(points.mean, objects.mean)).then_some(each)
}

/// Those of `features` that have one type, and the keys of the others. There are so many `records`.
pub(super) fn fields(features: &[FeatureSchema], records: u64) -> (Vec<Field>, Vec<String>) {
    typed(features, |feature| field(feature, records))
}

/// The same of the lists of features.
pub(super) fn list_fields(schema: &Schema) -> (Vec<Field>, Vec<String>) {
    typed(&schema.feature_lists, |feature| {
        let kind = kind(feature)?;
        let always = feature.present == schema.examples + schema.sequence_examples;
        let shape = match feature.lengths {
            Some(spread) if !of_objects(&feature.key) && spread.min == spread.max && spread.min > 0 => {
                Shape::Steps(spread.min)
            }
            _ => Shape::List,
        };
        Some(Field { key: feature.key.clone(), kind, shape, always, text: is_text(feature, kind) })
    })
}

fn typed(features: &[FeatureSchema], of: impl Fn(&FeatureSchema) -> Option<Field>) -> (Vec<Field>, Vec<String>) {
    let (mut fields, mut left_out) = (Vec::new(), Vec::new());
    for feature in features {
        match of(feature) {
            Some(field) => fields.push(field),
            None => left_out.push(feature.key.clone()),
        }
    }
    (fields, left_out)
}

/// The one type of a feature; none if it has several, or no value and no type.
fn kind(feature: &FeatureSchema) -> Option<Kind> {
    let mut kinds = feature.kinds.keys().filter(|kind| **kind != "unset");
    match (*kinds.next()?, kinds.next()) {
        ("bytes", None) => Some(Kind::Bytes),
        ("float", None) => Some(Kind::Float),
        ("int64", None) => Some(Kind::Int64),
        _ => None,
    }
}

/// One object in every image that was looked at says nothing of the next.
fn of_objects(key: &str) -> bool {
    let starts = ["image/object/", "objects/", "image/caption", "region/", "predicted/"];
    starts.iter().any(|start| key.starts_with(start)) && key != "region/is_annotated"
}

fn field(feature: &FeatureSchema, records: u64) -> Option<Field> {
    let kind = kind(feature)?;
    let always = feature.present == records && !feature.kinds.contains_key("unset");
    let shape = match feature.lengths {
        Some(spread) if always && !of_objects(&feature.key) && spread.min == spread.max => match spread.min {
            0 => Shape::List,
            1 => Shape::One,
            count => Shape::Several(count),
        },
        _ => Shape::List,
    };
    Some(Field { key: feature.key.clone(), kind, shape, always, text: is_text(feature, kind) })
}

fn is_text(feature: &FeatureSchema, kind: Kind) -> bool {
    kind == Kind::Bytes && feature.bytes.as_ref().is_none_or(|bytes| bytes.text)
}
