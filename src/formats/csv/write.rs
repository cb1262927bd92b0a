//! CSV as it is written: the eight columns of `xml_to_csv.py`, a file per split.
//!
//! ```text
//! train_labels.csv  valid_labels.csv  test_labels.csv  images/a.jpg
//! ```
//!
//! `generate_tfrecord.py` and its kin take a row for a box, so an image without objects has none.

use crate::formats::FormatError;
use crate::formats::target::{Plain, Ready, ReadyImage, Remarks, Sink, put_images, put_pieces};

const HEADER: &str = "filename,width,height,class,xmin,ymin,xmax,ymax\n";

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let name = format!("{split}_labels.csv");
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| rows(ready, image, text);
        put_pieces(ready, sink, &name, HEADER, &ready.images_of(split), rows)?;
    }
    put_images(ready, sink, |image| format!("images/{}", image.name))?;
    Ok(Remarks::new())
}

fn rows(ready: &Ready<'_>, image: &ReadyImage, text: &mut Vec<u8>) {
    let name = quoted(&image.name);
    for object in ready.objects_of(image) {
        let class = quoted(ready.class_of(object));
        let [x0, y0, x1, y1] = object.bbox.map(Plain);
        let row = format!("{name},{},{},{class},{x0},{y0},{x1},{y1}\n", image.width, image.height);
        text.extend_from_slice(row.as_bytes());
    }
}

/// A field behind a comma and a blank, as Roboflow writes it. Before quotes the blank would be the field's.
pub fn spaced(field: &str) -> String {
    let field = quoted(field);
    if field.starts_with('"') { format!(",{field}") } else { format!(", {field}") }
}

/// A field, in quotes where it needs them (RFC 4180).
pub fn quoted(field: &str) -> String {
    let edge = |c: char| c.is_whitespace();
    match field.contains([',', '"', '\n', '\r', ';', '\t']) || field.starts_with(edge) || field.ends_with(edge) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}
