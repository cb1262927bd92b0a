//! CSV as it is written: the eight columns of `xml_to_csv.py`, a file per split.
//!
//! ```text
//! train_labels.csv  valid_labels.csv  test_labels.csv  images/a.jpg
//! ```
//!
//! `generate_tfrecord.py` and its kin take a row for a box, so an image without objects has none.

use crate::formats::target::{Plain, Ready, ReadyImage, Remarks, Sink, at};
use crate::formats::{FormatError, FormatErrorKind};

const HEADER: &str = "filename,width,height,class,xmin,ymin,xmax,ymax\n";

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    for split in ready.splits() {
        let name = format!("{split}_labels.csv");
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| rows(ready, image, text);
        sink.create(&name)
            .and_then(|mut file| {
                file.write_all(HEADER.as_bytes())?;
                ready.write_pieces(&ready.images_of(split), &mut file, rows)?;
                file.flush()
            })
            .map_err(|error| FormatError::new(FormatErrorKind::Io(error), &name))?;
    }
    for (place, image) in ready.images.iter().enumerate() {
        let name = format!("images/{}", image.name);
        sink.image(place, &name).map_err(at(&name))?;
    }
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

/// A field, in quotes where it needs them (RFC 4180).
pub fn quoted(field: &str) -> String {
    let edge = |c: char| c.is_whitespace();
    match field.contains([',', '"', '\n', '\r', ';', '\t']) || field.starts_with(edge) || field.ends_with(edge) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}
