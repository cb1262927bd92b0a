//! Open Images as it is written: the tables of a split with its word before their names, in the folders that Datumaro reads.

use crate::dataset::flag;
use crate::formats::FormatError;
use crate::formats::csv::write::quoted;
use crate::formats::image_folder::folder_name;
use crate::formats::label_image::Canvas;
use crate::formats::target::{
    Plain, Ready, ReadyImage, ReadyObject, Remarks, Sink, on_a_line, put, put_images, put_pieces, remark_lines, stem,
    word_of,
};

/// Names stand for themselves: there are no others for classes that are not of Open Images.
pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    ready.refuse_huge(|image, object| ready.mask(image, object).is_some())?;
    let field = |name: &str| quoted(&on_a_line(name));
    let name_of = |class: u32| ready.classes.get(class as usize).map_or(String::new(), |class| field(&class.name));
    let labelled = ready.images.iter().any(|image| !ready.labels(image).is_empty());
    for split in ready.splits() {
        let (places, word) = (ready.images_of(split), word_of(split, ["train", "validation", "test"]));
        let boxes = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            for object in ready.objects_of(image) {
                let class = name_of(object.class);
                text.extend_from_slice(box_row(ready, image, object, &field(stem(&image.name)), &class).as_bytes());
            }
        };
        let head = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,\
                    IsInside\n";
        put_pieces(ready, sink, &format!("annotations/{word}-annotations-bbox.csv"), head, &places, boxes)?;
        if !labelled {
            continue;
        }
        let labels = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            for label in ready.labels(image) {
                let row = format!("{},verification,{},1\n", field(stem(&image.name)), name_of(label));
                text.extend_from_slice(row.as_bytes());
            }
        };
        let name = format!("annotations/{word}-annotations-human-imagelabels.csv");
        put_pieces(ready, sink, &name, "ImageID,Source,LabelName,Confidence\n", &places, labels)?;
    }
    write_masks(ready, sink)?;
    let names = (0..ready.classes.len() as u32).map(name_of);
    let names: String = names.map(|name| format!("{name},{name}\n")).collect();
    put(sink, "annotations/class-descriptions.csv", names.as_bytes())?;
    put_images(ready, sink, |image| {
        format!("images/{}/{}", word_of(image.split, ["train", "validation", "test"]), image.name)
    })?;
    Ok(remark_lines(ready))
}

fn box_row(ready: &Ready<'_>, image: &ReadyImage, object: &ReadyObject, id: &str, class: &str) -> String {
    let objects = &ready.dataset.objects;
    let flags = objects.flags.get(object.row).copied().unwrap_or(0);
    let state = |bit: u16| match (flags & bit, flags & bit << 8) {
        (0, 0) => "-1",
        (0, _) => "0",
        _ => "1",
    };
    let score = Plain(objects.score.get(object.row).copied().unwrap_or(1.0));
    let (width, height) = (f64::from(image.width), f64::from(image.height));
    let [x0, y0, x1, y1] = object.bbox;
    let [x0, x1, y0, y1] = [x0 / width, x1 / width, y0 / height, y1 / height].map(Plain);
    let [occluded, truncated, crowd] = [flag::OCCLUDED, flag::TRUNCATED, flag::CROWD].map(state);
    let attributes = objects.attributes.get(object.row).map_or(&[][..], |attributes| attributes);
    let said = |name: &str| match attributes.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value) {
        Some("1" | "true") => "1",
        Some("0" | "false") => "0",
        _ => "-1",
    };
    let [depiction, inside] = super::ATTRIBUTES.map(said);
    format!("{id},xclick,{class},{score},{x0},{x1},{y0},{y1},{occluded},{truncated},{crowd},{depiction},{inside}\n")
}

const MASKS: &str = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n";

/// A table per split that has any mask, and a picture per mask.
fn write_masks(ready: &Ready<'_>, sink: &dyn Sink) -> Result<(), FormatError> {
    let word = |split| word_of(split, ["train", "validation", "test"]);
    // The number of the object in the dataset is that of its box.
    let masked = |image: &ReadyImage| -> Vec<(usize, ReadyObject)> {
        let objects = image.objects.clone().zip(ready.objects_of(image).iter().copied());
        objects.filter(|(_, object)| ready.mask(image, object).is_some()).collect()
    };
    let name_of = |image: &ReadyImage, number: usize, object: &ReadyObject| {
        let class = folder_name(ready.class_of(object)).replace(' ', "_");
        format!("{}_{class}_{number:08x}.png", stem(&image.name))
    };
    for split in ready.splits() {
        let places = ready.images_of(split);
        let some: Vec<usize> = places.into_iter().filter(|place| !masked(&ready.images[*place]).is_empty()).collect();
        if some.is_empty() {
            continue;
        }
        ready.for_each(&some, |_, image| {
            for (number, object) in masked(image) {
                let Some(mask) = ready.mask(image, &object) else { continue };
                let mut canvas = Canvas::new(mask.width, mask.height);
                canvas.paint(&mask, 255);
                let name = format!("masks/{}/{}", word(split), name_of(image, number, &object));
                put(sink, &name, &canvas.to_gray())?;
            }
            Ok(())
        })?;
        let rows = |_: usize, image: &ReadyImage, text: &mut Vec<u8>| {
            let (width, height) = (f64::from(image.width), f64::from(image.height));
            let id = quoted(&on_a_line(stem(&image.name)));
            for (number, object) in masked(image) {
                let [x0, y0, x1, y1] = object.bbox;
                let [x0, x1, y0, y1] = [x0 / width, x1 / width, y0 / height, y1 / height].map(Plain);
                let (path, class) =
                    (quoted(&name_of(image, number, &object)), quoted(&on_a_line(ready.class_of(&object))));
                let row = format!("{path},{id},{class},{number:08x},{x0},{x1},{y0},{y1},0,\n");
                text.extend_from_slice(row.as_bytes());
            }
        };
        let name = format!("annotations/{}-annotations-object-segmentation.csv", word(split));
        put_pieces(ready, sink, &name, MASKS, &some, rows)?;
    }
    Ok(())
}
