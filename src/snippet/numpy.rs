//! Programs without TensorFlow: records by recordmill, pictures by Pillow, arrays by numpy.

use super::reading::{BOX, Field, HEIGHT, KEYPOINT, Kind, Part, Reading, Shape, WIDTH};
use super::{Files, literal};

const TORCH: &str = r#"
class Records(torch.utils.data.IterableDataset):
    def __init__(self, files):
        self.files = files

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for file in self.files[first::step]:
            for record in rm.TFRecordReader(file):
                item = parse(record)
                yield {
                    name: torch.as_tensor(value) if isinstance(value, np.ndarray) else value
                    for name, value in item.items()
                }


if __name__ == "__main__":
    # Images and lists are of different lengths: a batch is a list of items.
    for batch in torch.utils.data.DataLoader(Records(FILES), batch_size=4, collate_fn=list):
        for item in batch:
            print({name: tuple(value.shape) for name, value in item.items() if isinstance(value, torch.Tensor)})
        break
"#;

const JAX: &str = r#"
def items():
    for file in FILES:
        for record in rm.TFRecordReader(file):
            # What is text stays a list: JAX has no arrays of it.
            yield {
                name: jnp.asarray(value) if isinstance(value, np.ndarray) else value
                for name, value in parse(record).items()
            }


for item in itertools.islice(items(), 3):
    print({name: value.shape for name, value in item.items() if isinstance(value, jax.Array)})
"#;

const VALUES: &str = "
def values(example, key):
    # Not every record has it, or has a value in it.
    found = example.get(key)
    return [] if found is None else found

";

const MAPS: &str = "
def map_of(pngs, size):
    return np.array(picture(pngs[0])) if len(pngs) else np.zeros(size, np.uint8)

";

/// PyTorch: pictures as (channels, height, width).
pub(super) fn torch(files: &Files, reading: &Reading) -> String {
    torch_around(files, has_pictures(reading), &parse(reading, "image.transpose(2, 0, 1)"))
}

/// JAX: pictures as (height, width, channels).
pub(super) fn jax(files: &Files, reading: &Reading) -> String {
    jax_around(files, has_pictures(reading), &parse(reading, "image"))
}

/// The program for PyTorch around its function `parse`, which opens pictures or does not.
pub(super) fn torch_around(files: &Files, pictures: bool, parse: &str) -> String {
    let imports = imports(files, pictures, &[], &[], &["import torch"]);
    format!("{imports}\n{}\n{parse}\n{TORCH}", files.lines("glob.glob"))
}

/// The same for JAX.
pub(super) fn jax_around(files: &Files, pictures: bool, parse: &str) -> String {
    let imports = imports(files, pictures, &["import itertools"], &["import jax", "import jax.numpy as jnp"], &[]);
    format!("{imports}\n{}\n{parse}\n{JAX}", files.lines("glob.glob"))
}

/// What opens a picture.
pub(super) const PICTURE: &str = "
def picture(encoded):
    return Image.open(io.BytesIO(encoded))

";

/// What opens one in colours, by that.
pub(super) const COLOURS: &str = r#"
def colours(encoded):
    image = picture(encoded)
    if image.mode.startswith("I"):
        # Gray of 16 bits: Pillow makes all above 255 white, TensorFlow takes the upper 8.
        image = Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    return np.array(image.convert("RGB"))

"#;

fn has_pictures(reading: &Reading) -> bool {
    let pictures = |part: &Part| matches!(part, Part::Image(_) | Part::Map { .. } | Part::Pictures(_));
    reading.items.iter().any(|(_, part)| pictures(part))
}

fn imports(files: &Files, pictures: bool, standard: &[&str], before: &[&str], behind: &[&str]) -> String {
    let mut lines = Vec::new();
    if files.pattern().is_some() {
        lines.push("import glob");
    }
    if pictures {
        lines.push("import io");
    }
    lines.extend(standard);
    if !lines.is_empty() {
        lines.push("");
    }
    lines.extend(before);
    lines.extend(["import numpy as np", "import recordmill as rm"]);
    lines.extend(behind);
    if pictures {
        lines.push("from PIL import Image");
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn parse(reading: &Reading, image: &str) -> String {
    let mut text = String::new();
    if has_pictures(reading) {
        text += PICTURE;
        if reading.items.iter().any(|(_, part)| matches!(part, Part::Image(_))) {
            text += COLOURS;
        }
    }
    if reading.fields.iter().any(|field| !field.always) {
        text += VALUES;
    }
    if reading.items.iter().any(|(_, part)| matches!(part, Part::Map { always: false, .. })) {
        text += MAPS;
    }
    text += "\ndef parse(record):\n    example = rm.decode_example(record)\n";
    let size = match reading.items.first() {
        Some((_, Part::Image(key))) => {
            text += &format!("    image = colours(example[{}][0])\n", literal(key));
            Some(["image.shape[0]".to_owned(), "image.shape[1]".to_owned()])
        }
        _ => {
            let one = |key: &str| reading.field(key).is_some_and(|field| field.shape == Shape::One);
            let both = one(HEIGHT) && one(WIDTH);
            both.then(|| [HEIGHT, WIDTH].map(|key| format!("int(example[{}][0])", literal(key))))
        }
    };
    if let Some([height, width]) = &size {
        text += &format!("    height, width = {height}, {width}\n");
    }
    text += "    return {\n";
    for (name, part) in &reading.items {
        let (comment, value) = value(reading, part, image, size.is_some());
        if !comment.is_empty() {
            text += &format!("        # {comment}\n");
        }
        text += &format!("        {}: {value},\n", literal(name));
    }
    text + "    }\n"
}

/// The values of `field`; none where a record does not have it.
fn list(field: &Field) -> String {
    let key = literal(&field.key);
    if field.always { format!("example[{key}]") } else { format!("values(example, {key})") }
}

/// The values as an array.
fn array(field: &Field) -> String {
    let kind = if field.kind == Kind::Int64 { "np.int64" } else { "np.float32" };
    format!("np.array({}, {kind})", list(field))
}

/// What stands for an item, and what is to be said of it.
fn value(reading: &Reading, part: &Part, image: &str, has_size: bool) -> (&'static str, String) {
    let of = |key: &str| reading.field(key).map_or_else(String::new, list);
    let array_of = |key: &str| reading.field(key).map_or_else(String::new, array);
    let scaled = |what: String, size: &str| match has_size {
        true => format!("{what} * np.array([{size}], np.float32)"),
        false => what,
    };
    let shaped = |value: String, each: Option<u64>, more: &str| match each {
        Some(each) => format!("{value}.reshape(-1, {each}{more})"),
        None => value,
    };
    match part {
        Part::Image(_) => ("", image.into()),
        Part::Map { key, always: true, .. } => {
            ("A number for each pixel.", format!("np.array(picture({}[0]))", of(key)))
        }
        Part::Map { key, always: false, .. } => {
            let size = if has_size { "(height, width)" } else { "(0, 0)" };
            ("A number for each pixel, 0 where there is no map.", format!("map_of({}, {size})", of(key)))
        }
        Part::Boxes => {
            let sides = ["xmin", "ymin", "xmax", "ymax"].map(|side| array_of(&format!("{BOX}{side}")));
            let sides = sides.join(",\n                ");
            let stacked = format!(
                "np.stack(\n            [\n                {sides},\n            ],\n            axis=-1,\n        )"
            );
            (boxes_comment(has_size), scaled(stacked, "width, height, width, height"))
        }
        Part::BoxesInARow(key) => {
            let rows = format!("{}.reshape(-1, 4)[:, [1, 0, 3, 2]]", array_of(key));
            (boxes_comment(has_size), scaled(rows, "width, height, width, height"))
        }
        Part::Pictures(key) => {
            let pictures = format!("np.array([np.array(picture(png)) for png in {}], np.uint8)", of(key));
            let shape = if has_size { ".reshape(-1, height, width)" } else { "" };
            ("0 or 1 for each pixel of each object.", format!("{pictures}{shape}"))
        }
        Part::Numbers(key) => {
            ("0 or 1 for each pixel of each object.", format!("{}.reshape(-1, height, width)", array_of(key)))
        }
        Part::Keypoints(each) => {
            let [x, y] = ["x", "y"].map(|axis| array_of(&format!("{KEYPOINT}{axis}")));
            let comment = if has_size { "x, y in pixels." } else { "x, y as fractions." };
            let points = scaled(format!("np.stack([{x}, {y}], axis=-1)"), "width, height");
            (comment, if each.is_some() { shaped(format!("({points})"), *each, ", 2") } else { points })
        }
        Part::Visibility(each) => ("", shaped(array_of(&format!("{KEYPOINT}visibility")), *each, "")),
        Part::Value(key) => ("", reading.field(key).map_or_else(String::new, plain)),
    }
}

fn boxes_comment(has_size: bool) -> &'static str {
    if has_size { "xmin, ymin, xmax, ymax in pixels." } else { "xmin, ymin, xmax, ymax as fractions." }
}

/// A feature as it is: a number, an array of numbers, a text or bytes, a list of those.
fn plain(field: &Field) -> String {
    let values = list(field);
    match (field.kind, field.shape, field.text) {
        (Kind::Bytes, Shape::One, true) => format!("{values}[0].decode()"),
        (Kind::Bytes, _, true) => format!("[text.decode() for text in {values}]"),
        (Kind::Bytes, Shape::One, false) | (_, Shape::One, _) => format!("{values}[0]"),
        (Kind::Bytes, _, false) => values,
        _ => array(field),
    }
}
