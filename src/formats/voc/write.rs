//! VOC as it is written: a devkit without its year, as CVAT writes it.
//!
//! ```text
//! JPEGImages/a.jpg  Annotations/a.xml  ImageSets/Main/{train,val,test}.txt  labelmap.txt
//! ```
//!
//! Coordinates are 0-based with the maximum exclusive, whole numbers without a point, others with all their digits. An
//! outline of one part is written as `<polygon>`, as Roboflow does; one of several parts has no place in the format.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::dataset::flag;
use crate::formats::FormatError;
use crate::formats::target::{Plain, Ready, ReadyImage, ReadyObject, Remarks, Sink, put, put_images, stem, word_of};
use crate::formats::xml::escaped;

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let several = AtomicU64::new(0);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |_, image| {
        let name = format!("Annotations/{}.xml", stem(&image.name));
        put(sink, &name, document(ready, image, &several).as_bytes())
    })?;
    put_images(ready, sink, |image| format!("JPEGImages/{}", image.name))?;
    for split in ready.splits() {
        let word = word_of(split, ["train", "val", "test"]);
        let stems = ready.images_of(split).into_iter().map(|place| stem(&ready.images[place].name));
        let text: String = stems.flat_map(|stem| [stem, "\n"]).collect();
        put(sink, &format!("ImageSets/Main/{word}.txt"), text.as_bytes())?;
    }
    let mut text = String::from("# label:color_rgb:parts:actions\n");
    for class in &ready.classes {
        text += &format!("{}:::\n", class.name);
    }
    put(sink, "labelmap.txt", text.as_bytes())?;
    let several = several.into_inner();
    let remark = format!("outlines of several parts, which <polygon> cannot hold: {several}");
    Ok(if several > 0 { vec![remark] } else { Remarks::new() })
}

fn document(ready: &Ready<'_>, image: &ReadyImage, several: &AtomicU64) -> String {
    let objects = ready.objects_of(image);
    let outlined = objects.iter().any(|object| ready.dataset.objects.polygons.get(object.row).is_some());
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
        self::object(ready, image, object, &mut text, several);
    }
    text += "</annotation>\n";
    text
}

fn object(ready: &Ready<'_>, image: &ReadyImage, object: &ReadyObject, text: &mut String, several: &AtomicU64) {
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
    match &ready.outline(image, object)[..] {
        [] => {}
        [part] => {
            line(2, "<polygon>");
            for (number, [x, y]) in (1..).zip(part) {
                line(3, &format!("<x{number}>{}</x{number}><y{number}>{}</y{number}>", Plain(*x), Plain(*y)));
            }
            line(2, "</polygon>");
        }
        _ => {
            several.fetch_add(1, Ordering::Relaxed);
        }
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
