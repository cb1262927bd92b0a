//! Programs with `tf.data`.

use super::reading::{BOX, Field, HEIGHT, KEYPOINT, Kind, Part, Reading, SIDES, Shape, WIDTH, fields, list_fields};
use super::{Files, literal};
use crate::inspect::Schema;
use crate::record::Compression;

/// The program, which shows the first records.
pub(super) fn program(files: &Files, reading: &Reading) -> String {
    format!("import tensorflow as tf\n\n{}\n\n{SHOW}", dataset(files, reading))
}

/// Shows the first records.
pub(super) const SHOW: &str = "for item in dataset.take(3):\n    for name, value in item.items():\n        print(name, value.dtype.name, value.shape)\n";

/// From `FILES` to `dataset`, whose elements are dicts.
pub(super) fn dataset(files: &Files, reading: &Reading) -> String {
    let features = features(&reading.fields, &reading.left_out, Lists::Ragged);
    let any = |is: fn(&Part) -> bool| reading.items.iter().any(|(_, part)| is(part));
    let masks = if any(|part| matches!(part, Part::Pictures(_))) { MASKS } else { "" };
    let maps = if any(|part| matches!(part, Part::Map { always: false, .. })) { MAPS } else { "" };
    format!(
        "{}FEATURES = {{\n{features}}}\n\n{masks}{maps}{}\n\n{}",
        files.lines("tf.io.gfile.glob"),
        parse(reading),
        records(files),
    )
}

/// The line that gives `dataset`.
pub(super) fn records(files: &Files) -> String {
    let compression = match files.compression {
        Compression::None => "",
        Compression::Gzip => ", compression_type=\"GZIP\"",
        Compression::Zlib => ", compression_type=\"ZLIB\"",
    };
    format!("dataset = tf.data.TFRecordDataset(FILES{compression}).map(parse, num_parallel_calls=tf.data.AUTOTUNE)")
}

/// A type's name.
fn kind(field: &Field) -> &'static str {
    match field.kind {
        Kind::Bytes => "tf.string",
        Kind::Float => "tf.float32",
        Kind::Int64 => "tf.int64",
    }
}

/// How a feature of any number of values is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// `tf.io.RaggedFeature`: alone it is a plain tensor.
    Ragged,
    /// `tf.io.VarLenFeature`: a sparse tensor.
    VarLen,
}

impl Lists {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ragged, Self::VarLen];

    /// The name in options: `ragged`, `varlen`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ragged => "ragged",
            Self::VarLen => "varlen",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lists| lists.name() == name)
    }

    fn of(self, kind: &str) -> String {
        match self {
            Self::Ragged => format!("RaggedFeature({kind})"),
            Self::VarLen => format!("VarLenFeature({kind})"),
        }
    }
}

/// The lines of a dict of features, and what cannot be parsed.
pub(super) fn features(fields: &[Field], left_out: &[String], lists: Lists) -> String {
    let features = fields.iter().map(|field| feature(field, lists));
    features.chain(left_out.iter().map(|key| format!("    # Of no one type: {}\n", literal(key)))).collect()
}

fn feature(field: &Field, lists: Lists) -> String {
    let kind = kind(field);
    let missing = if field.always { "" } else { ", allow_missing=True" };
    let what = match field.shape {
        Shape::One => format!("FixedLenFeature([], {kind})"),
        Shape::Several(count) => format!("FixedLenFeature([{count}], {kind})"),
        Shape::List => lists.of(kind),
        Shape::Steps(1) => format!("FixedLenSequenceFeature([], {kind}{missing})"),
        Shape::Steps(count) => format!("FixedLenSequenceFeature([{count}], {kind}{missing})"),
    };
    format!("    {}: tf.io.{what},\n", literal(&field.key))
}

/// What parses records of this schema, and nothing more: the dicts for `tf.io`, and the function that they are for.
pub(super) fn spec(schema: &Schema, lists: Lists) -> Result<String, String> {
    let (fields, left_out) = fields(&schema.features, schema.examples + schema.sequence_examples);
    let context = features(&fields, &left_out, lists);
    if schema.sequence_examples == 0 {
        if schema.examples == 0 {
            return Err("holds no Example that could be read".into());
        }
        if fields.is_empty() {
            return Err(UNTYPED.into());
        }
        return Ok(format!(
            "import tensorflow as tf\n\nFEATURES = {{\n{context}}}\n\n\ndef parse(record):\n    return tf.io.parse_single_example(record, FEATURES)\n"
        ));
    }
    let (steps, left_out) = list_fields(schema);
    if fields.is_empty() && steps.is_empty() {
        return Err(UNTYPED.into());
    }
    let sequence = features(&steps, &left_out, lists);
    Ok(format!(
        "import tensorflow as tf\n\nCONTEXT = {{\n{context}}}\nSEQUENCE = {{\n{sequence}}}\n\n\ndef parse(record):\n    return tf.io.parse_single_sequence_example(record, CONTEXT, SEQUENCE)\n"
    ))
}

/// TensorFlow's parsers take no empty specification.
const UNTYPED: &str = "no feature of its records has one type, so there is nothing to parse";

const MASKS: &str = "
def masks_of(pngs, size):
    def decode(png):
        return tf.io.decode_png(png, channels=1)[..., 0]

    # Without an object there is nothing that would say the size.
    return tf.cond(
        tf.size(pngs) > 0,
        lambda: tf.map_fn(decode, pngs, fn_output_signature=tf.TensorSpec([None, None], tf.uint8)),
        lambda: tf.zeros([0, size[0], size[1]], tf.uint8),
    )

";

const MAPS: &str = "
def map_of(pngs, size, dtype):
    return tf.cond(
        tf.size(pngs) > 0,
        lambda: tf.io.decode_png(pngs[0], channels=1, dtype=dtype)[..., 0],
        lambda: tf.zeros(size, dtype),
    )

";

fn parse(reading: &Reading) -> String {
    let image = reading.items.iter().find_map(|(_, part)| match part {
        Part::Image(key) => Some(key),
        _ => None,
    });
    let mut text = String::from("\ndef parse(record):\n    example = tf.io.parse_single_example(record, FEATURES)\n");
    if let Some(key) = image {
        let key = literal(key);
        text += &format!("    image = tf.io.decode_image(example[{key}], channels=3, expand_animations=False)\n");
    }
    text += "    return {\n";
    for (name, part) in &reading.items {
        let (comment, value) = value(part, image.is_some());
        if !comment.is_empty() {
            text += &format!("        # {comment}\n");
        }
        text += &format!("        {}: {value},\n", literal(name));
    }
    text + "    }\n"
}

/// What stands for an item, and what is to be said of it.
fn value(part: &Part, has_image: bool) -> (&'static str, String) {
    let of = |key: &str| format!("example[{}]", literal(key));
    let shaped = |value: String, each: Option<u64>, more: &str| match each {
        Some(each) => format!("tf.reshape({value}, [-1, {each}{more}])"),
        None => value,
    };
    match part {
        Part::Image(_) => ("", "image".into()),
        Part::Map { key, deep, always: true } => {
            let kind = if *deep { ", dtype=tf.uint16" } else { "" };
            ("A number for each pixel.", format!("tf.io.decode_png({}, channels=1{kind})[..., 0]", of(key)))
        }
        Part::Map { key, deep, always: false } => {
            let (kind, size) = (
                if *deep { "tf.uint16" } else { "tf.uint8" },
                if has_image { "tf.shape(image)[:2]" } else { "(0, 0)" },
            );
            ("A number for each pixel, 0 where there is no map.", format!("map_of({}, {size}, {kind})", of(key)))
        }
        Part::Boxes => {
            let sides: Vec<String> = SIDES.iter().map(|side| of(&format!("{BOX}{side}"))).collect();
            let sides = sides.join(",\n                ");
            (
                "ymin, xmin, ymax, xmax as fractions of height and width.",
                format!(
                    "tf.stack(\n            [\n                {sides},\n            ],\n            axis=-1,\n        )"
                ),
            )
        }
        Part::BoxesInARow(key) => {
            ("ymin, xmin, ymax, xmax as fractions of height and width.", format!("tf.reshape({}, [-1, 4])", of(key)))
        }
        Part::Pictures(key) => {
            let size = if has_image { "tf.shape(image)" } else { "(0, 0)" };
            ("0 or 1 for each pixel of each object.", format!("masks_of({}, {size})", of(key)))
        }
        Part::Numbers(key) => (
            "0 or 1 for each pixel of each object.",
            format!(
                "tf.reshape({0}, [tf.size({0}) // tf.cast({1} * {2}, tf.int32), {1}, {2}])",
                of(key),
                format_args!("tf.cast({}, tf.int32)", of(HEIGHT)),
                format_args!("tf.cast({}, tf.int32)", of(WIDTH)),
            ),
        ),
        Part::Keypoints(each) => {
            let [y, x] = ["y", "x"].map(|axis| of(&format!("{KEYPOINT}{axis}")));
            ("y, x as fractions.", shaped(format!("tf.stack([{y}, {x}], axis=-1)"), *each, ", 2"))
        }
        Part::Visibility(each) => ("", shaped(of(&format!("{KEYPOINT}visibility")), *each, "")),
        Part::Value(key) => ("", of(key)),
    }
}
