//! VOC as it is written: a devkit without its year, as CVAT writes it.
//!
//! ```text
//! JPEGImages/a.jpg  Annotations/a.xml  ImageSets/Main/{train,val,test}.txt  labelmap.txt
//! SegmentationClass/a.png  SegmentationObject/a.png  ImageSets/Segmentation/{train,val,test}.txt     where there are masks
//! ```
//!
//! Coordinates are 0-based with the maximum exclusive, whole numbers without a point, others with all their digits. An
//! outline of one part is written as `<polygon>`, as Roboflow does, and a turned box; one of several parts becomes a mask. Of masks that overlap
//! the smaller one is seen. Classes and objects have the numbers and colours of the challenge; where there are more than a
//! palette holds, the pictures have colours alone, as Datumaro's.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::dataset::flag;
use crate::formats::FormatError;
use crate::formats::label_image::{self, Canvas, voc_colour};
use crate::formats::target::{
    Plain, Ready, ReadyImage, ReadyObject, Remarks, Sink, on_a_line, put, put_images, remark_lines, stem, val_word,
};
use crate::formats::xml::escaped;

/// The number of the border between objects, and the colours of a palette.
const BORDER: u32 = 255;

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    ready.refuse_huge(|image, object| is_drawn(ready, image, object))?;
    let covered = AtomicU64::new(0);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |_, image| {
        let stem = stem(&image.name);
        put(sink, &format!("Annotations/{stem}.xml"), document(ready, image).as_bytes())?;
        let Some([classes, instances]) = pictures(ready, image, &covered) else { return Ok(()) };
        put(sink, &format!("SegmentationClass/{stem}.png"), &classes)?;
        put(sink, &format!("SegmentationObject/{stem}.png"), &instances)
    })?;
    put_images(ready, sink, |image| format!("JPEGImages/{}", image.name))?;
    for split in ready.splits() {
        let word = val_word(split);
        let list = |wanted: &dyn Fn(&ReadyImage) -> bool| -> String {
            let images = ready.images_of(split).into_iter().map(|place| &ready.images[place]);
            images.filter(|image| wanted(image)).flat_map(|image| [stem(&image.name), "\n"]).collect()
        };
        put(sink, &format!("ImageSets/Main/{word}.txt"), list(&|_| true).as_bytes())?;
        let segmented = list(&|image| has_masks(ready, image));
        if !segmented.is_empty() {
            put(sink, &format!("ImageSets/Segmentation/{word}.txt"), segmented.as_bytes())?;
        }
    }
    let mut text = String::from("# label:color_rgb:parts:actions\nbackground:0,0,0::\n");
    for (number, class) in (1..).zip(&ready.classes) {
        let [red, green, blue] = voc_colour(numbered(number));
        text += &format!("{}:{red},{green},{blue}::\n", on_a_line(&class.name));
    }
    put(sink, "labelmap.txt", text.as_bytes())?;
    let mut remarks = remark_lines(ready);
    let covered = covered.into_inner();
    if covered > 0 {
        remarks.push(format!("masks of which a part lies below another, and is not written: {covered}"));
    }
    Ok(remarks)
}

/// The number of a class or an object in pictures: that of the border is left free.
fn numbered(number: u32) -> u32 {
    if number < BORDER { number } else { number + 1 }
}

/// Whether an object is drawn.
fn is_drawn(ready: &Ready<'_>, image: &ReadyImage, object: &ReadyObject) -> bool {
    ready.mask(image, object).is_some() || ready.outline_beside_mask(image, object).len() > 1
}

fn has_masks(ready: &Ready<'_>, image: &ReadyImage) -> bool {
    ready.objects_of(image).iter().any(|object| is_drawn(ready, image, object))
}

/// The pictures of classes and of instances of an image that has any mask.
fn pictures(ready: &Ready<'_>, image: &ReadyImage, covered: &AtomicU64) -> Option<[Vec<u8>; 2]> {
    let drawn = (1..).zip(ready.objects_of(image)).filter(|(_, object)| is_drawn(ready, image, object));
    let masks: Vec<_> = drawn.map(|(number, object)| (ready.filled(image, object), object.class + 1, number)).collect();
    if masks.is_empty() {
        return None;
    }
    let (width, height) = (image.width, image.height);
    let classes = masks.iter().map(|(mask, class, _)| (&**mask, numbered(*class)));
    let (classes, _) = Canvas::painted(width, height, classes);
    let instances = masks.iter().map(|(mask, _, number)| (&**mask, numbered(*number)));
    let (instances, covering) = Canvas::painted(width, height, instances);
    covered.fetch_add(covering, Ordering::Relaxed);
    let last = masks.last().map_or(0, |(_, _, number)| *number);
    let palette: Vec<[u8; 3]> = (0..=BORDER).map(voc_colour).collect();
    Some([(classes, ready.classes.len() as u32), (instances, last)].map(|(mut canvas, highest)| {
        if highest < BORDER {
            return canvas.to_indexed(&palette);
        }
        canvas.change(|number| label_image::colour(voc_colour(number)));
        canvas.to_colour()
    }))
}

fn document(ready: &Ready<'_>, image: &ReadyImage) -> String {
    let objects = ready.objects_of(image);
    let is_outlined =
        |object: &ReadyObject| is_drawn(ready, image, object) || !ready.outline_beside_mask(image, object).is_empty();
    let outlined = objects.iter().any(is_outlined);
    let mut text = format!(
        "<annotation>\n  <folder>JPEGImages</folder>\n  <filename>{}</filename>\n  <source>\n    \
         <database>Unknown</database>\n  </source>\n  <size>\n    <width>{}</width>\n    <height>{}</height>\n    \
         <depth>3</depth>\n  </size>\n  <segmented>{}</segmented>\n",
        escaped(&image.name),
        image.width,
        image.height,
        u8::from(outlined)
    );
    for object in objects {
        self::object(ready, image, object, &mut text);
    }
    text += "</annotation>\n";
    text
}

fn object(ready: &Ready<'_>, image: &ReadyImage, object: &ReadyObject, text: &mut String) {
    let objects = &ready.dataset.objects;
    let flags = objects.flags.get(object.row).copied().unwrap_or(0);
    let is = |flag| u8::from(flags & flag != 0).to_string();
    let mut line = |depth: usize, line: &str| {
        text.extend(std::iter::repeat_n("  ", depth).chain([line, "\n"]));
    };
    let element = |tag: &str, value: &str| format!("<{tag}>{value}</{tag}>");
    line(1, "<object>");
    line(2, &element("name", &escaped(ready.class_of(object))));
    line(2, &element("pose", &escaped(objects.pose.get(object.row).map_or("Unspecified", |pose| pose))));
    line(2, &element("truncated", &is(flag::TRUNCATED)));
    line(2, &element("difficult", &is(flag::DIFFICULT)));
    if flags & flag::HAS_OCCLUDED != 0 {
        line(2, &element("occluded", &is(flag::OCCLUDED)));
    }
    line(2, "<bndbox>");
    for (tag, side) in ["xmin", "ymin", "xmax", "ymax"].iter().zip(object.bbox) {
        line(3, &element(tag, &Plain(side).to_string()));
    }
    line(2, "</bndbox>");
    if let [part] = &ready.outline_beside_mask(image, object)[..] {
        line(2, "<polygon>");
        for (number, [x, y]) in (1..).zip(part) {
            line(3, &format!("<x{number}>{}</x{number}><y{number}>{}</y{number}>", Plain(*x), Plain(*y)));
        }
        line(2, "</polygon>");
    }
    if let Some(attributes) = objects.attributes.get(object.row) {
        line(2, "<attributes>");
        for (name, value) in attributes {
            let inside = element("name", &escaped(name)) + &element("value", &escaped(value));
            line(3, &element("attribute", &inside));
        }
        line(2, "</attributes>");
    }
    line(1, "</object>");
}
