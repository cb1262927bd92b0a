//! Semantic masks as they are written: a folder per split, as Roboflow does.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::formats::csv::write::spaced;
use crate::formats::label_image::Canvas;
use crate::formats::target::{Ready, ReadyImage, Remarks, Sink, on_a_line, put, put_image, remark_lines, stem};
use crate::formats::{FormatError, FormatErrorKind};

/// Classes that a PNG of 16 bits has numbers for.
const CLASSES: usize = u16::MAX as usize;

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    if ready.classes.len() > CLASSES {
        let message = format!("{} classes, and a mask can tell {CLASSES} apart", ready.classes.len());
        return Err(FormatError::new(FormatErrorKind::Io(std::io::Error::other(message)), ""));
    }
    let stems: HashSet<String> = ready.images.iter().map(|image| stem(&image.name).to_lowercase()).collect();
    if let Some(image) = ready.images.iter().find(|image| stems.contains(&mask_of(image).to_lowercase())) {
        let message = format!("an image is called {}, as the mask of {} would be", mask_of(image), image.name);
        return Err(FormatError::new(FormatErrorKind::Io(std::io::Error::other(message)), &image.name));
    }
    ready.refuse_huge(|_, _| true)?;
    let covered = AtomicU64::new(0);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let name = format!("{}/{}.png", image.split, mask_of(image));
        put(sink, &name, &drawn(ready, image, &covered))?;
        let name = format!("{}/{}", image.split, image.name);
        put_image(sink, place, &name)
    })?;
    let mut text = String::from("Pixel Value, Class\n0, background\n");
    for (number, class) in (1..).zip(&ready.classes) {
        text += &format!("{number}{}\n", spaced(&on_a_line(&class.name)));
    }
    for split in ready.splits() {
        put(sink, &format!("{split}/_classes.csv"), text.as_bytes())?;
    }
    let mut remarks = remark_lines(ready);
    remarks.extend(ready.remark_filled());
    let covered = covered.into_inner();
    if covered > 0 {
        remarks.push(format!("objects of which a part lies below another, and is not in the mask: {covered}"));
    }
    Ok(remarks)
}

/// The stem of an image's mask.
fn mask_of(image: &ReadyImage) -> String {
    format!("{}_mask", stem(&image.name))
}

/// The mask of an image: the largest object is painted first.
fn drawn(ready: &Ready<'_>, image: &ReadyImage, covered: &AtomicU64) -> Vec<u8> {
    let objects = ready.objects_of(image);
    let masks: Vec<_> = objects.iter().map(|object| (ready.filled(image, object), object.class + 1)).collect();
    let masks = masks.iter().map(|(mask, value)| (&**mask, *value));
    let (canvas, covering) = Canvas::painted(image.width, image.height, masks);
    covered.fetch_add(covering, Ordering::Relaxed);
    canvas.to_gray()
}
