//! COCO as it is written.
//!
//! ```text
//! annotations/instances_{train,val,test}.json      boxes, outlines, masks, keypoints
//! annotations/captions_{train,val,test}.json       where there are captions
//! annotations/labels_{train,val,test}.json         where images have classes as a whole (as Datumaro writes them)
//! images/{train,val,test}/a.jpg
//! ```
//!
//! Ids of images and annotations are the source's where each has one of its own, else from 1 over all splits; those of
//! categories are the label map's. A mask is written as a list of runs, which every reader takes.

use std::collections::HashSet;
use std::io::{self, Write};

use crate::dataset::{Split, flag};
use crate::formats::FormatError;
use crate::formats::target::{
    Plain, Ready, ReadyImage, ReadyObject, Remarks, Sink, at, entry, put_image, val_word, write_list,
};
use crate::image::runs;

/// A text in JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    let numbers = Numbers::of(ready);
    for split in ready.splits() {
        let places = ready.images_of(split);
        let part = Part { ready, numbers: &numbers, split, places: &places };
        part.file(sink, "instances", |place, image, text| {
            for (number, object) in image.objects.clone().zip(ready.objects_of(image)) {
                part.annotation(text, numbers.object(number, object), numbers.image(place), image, object);
            }
        })?;
        let some = |has: &dyn Fn(&ReadyImage) -> bool| places.iter().any(|place| has(&ready.images[*place]));
        if some(&|image| !ready.captions(image).is_empty()) {
            part.file(sink, "captions", |place, image, text| {
                for (number, caption) in ready.captions(image).iter().enumerate() {
                    let (id, image) = (numbers.caption(place, number), numbers.image(place));
                    entry(text, format_args!("{{\"id\":{id},\"image_id\":{image},\"caption\":{}}}", quoted(caption)));
                }
            })?;
        }
        if some(&|image| !ready.labels(image).is_empty()) {
            part.file(sink, "labels", |place, image, text| {
                for (number, class) in ready.labels(image).into_iter().enumerate() {
                    let (id, image) = (numbers.label(place, number), numbers.image(place));
                    let category = ready.classes.get(class as usize).map_or(0, |class| class.id);
                    entry(text, format_args!("{{\"id\":{id},\"image_id\":{image},\"category_id\":{category}}}"));
                }
            })?;
        }
        for place in places {
            let image = &ready.images[place];
            let name = format!("images/{}/{}", val_word(split), image.name);
            put_image(sink, place, &name)?;
        }
    }
    Ok(Remarks::new())
}

/// Ids of images and of what is said about them.
pub(super) struct Numbers<'r> {
    ready: &'r Ready<'r>,
    images: Vec<i64>,
    own_objects: bool,
    /// Captions and labels before each image.
    captions: Vec<u64>,
    labels: Vec<u64>,
}

impl<'r> Numbers<'r> {
    pub fn of(ready: &'r Ready<'r>) -> Self {
        fn all_different(mut ids: impl Iterator<Item = Option<i64>>) -> bool {
            let mut seen = HashSet::new();
            ids.all(|id| id.is_some_and(|id| seen.insert(id)))
        }
        let objects = &ready.dataset.objects;
        let before = |count: &dyn Fn(&ReadyImage) -> usize| {
            let mut sum = 0;
            let add = |image: &ReadyImage| {
                sum += count(image) as u64;
                sum - count(image) as u64
            };
            ready.images.iter().map(add).collect()
        };
        Self {
            ready,
            images: ready.image_ids(1),
            own_objects: all_different(ready.objects.iter().map(|object| objects.id.get(object.row).copied())),
            captions: before(&|image| ready.captions(image).len()),
            labels: before(&|image| ready.labels(image).len()),
        }
    }

    pub fn image(&self, place: usize) -> i64 {
        self.images.get(place).copied().unwrap_or(0)
    }

    /// The entry of `images` of an image.
    pub fn describe(&self, text: &mut Vec<u8>, place: usize, image: &ReadyImage) {
        let id = self.image(place);
        let url = self.ready.dataset.images.url.get(image.row);
        let url = url.map(|url| format!(",\"coco_url\":{}", quoted(url))).unwrap_or_default();
        entry(
            text,
            format_args!(
                "{{\"id\":{id},\"file_name\":{},\"width\":{},\"height\":{}{url}}}",
                quoted(&image.name),
                image.width,
                image.height
            ),
        );
    }

    fn object(&self, number: usize, object: &ReadyObject) -> i64 {
        let own = self.ready.dataset.objects.id.get(object.row).copied();
        own.filter(|_| self.own_objects).unwrap_or(number as i64 + 1)
    }

    fn caption(&self, place: usize, number: usize) -> u64 {
        self.captions.get(place).copied().unwrap_or(0) + number as u64 + 1
    }

    fn label(&self, place: usize, number: usize) -> u64 {
        self.labels.get(place).copied().unwrap_or(0) + number as u64 + 1
    }
}

/// The files of a split.
struct Part<'r> {
    ready: &'r Ready<'r>,
    numbers: &'r Numbers<'r>,
    split: Split,
    places: &'r [usize],
}

impl Part<'_> {
    /// Writes a file with the annotations that `annotations` makes for each image.
    fn file(
        &self,
        sink: &dyn Sink,
        kind: &str,
        annotations: impl Fn(usize, &ReadyImage, &mut Vec<u8>) + Sync,
    ) -> Result<(), FormatError> {
        let name = format!("annotations/{kind}_{}.json", val_word(self.split));
        let write = || -> io::Result<()> {
            let mut file = sink.create(&name)?;
            file.write_all(b"{\"info\":{},\"licenses\":[],\"categories\":[")?;
            file.write_all(&self.categories())?;
            file.write_all(b"\n],\"images\":[")?;
            write_list(self.ready, &mut file, self.places, |place, image, text| {
                self.numbers.describe(text, place, image)
            })?;
            file.write_all(b"\n],\"annotations\":[")?;
            write_list(self.ready, &mut file, self.places, annotations)?;
            file.write_all(b"\n]}\n")?;
            file.flush()
        };
        write().map_err(at(&name))
    }

    fn categories(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for class in &self.ready.classes {
            let above = class.details.map_or("", |details| &details.supercategory);
            let mut category =
                format!("{{\"id\":{},\"name\":{},\"supercategory\":{}", class.id, quoted(&class.name), quoted(above));
            if let Some(details) = class.details.filter(|details| !details.keypoints.is_empty()) {
                let names: Vec<String> = details.keypoints.iter().map(|name| quoted(name)).collect();
                let bones: Vec<String> =
                    details.skeleton.iter().map(|[a, b]| format!("[{},{}]", a + 1, b + 1)).collect();
                category += &format!(",\"keypoints\":[{}],\"skeleton\":[{}]", names.join(","), bones.join(","));
            }
            entry(&mut text, format_args!("{category}}}"));
        }
        text.drain(..text.len().min(1));
        text
    }

    fn annotation(&self, text: &mut Vec<u8>, id: i64, image_id: i64, image: &ReadyImage, object: &ReadyObject) {
        let objects = &self.ready.dataset.objects;
        let flags = objects.flags.get(object.row).copied().unwrap_or(0);
        let [x0, y0, x1, y1] = object.bbox;
        let category = self.ready.classes.get(object.class as usize).map_or(0, |class| class.id);
        let (width, height) = (side(x0, x1), side(y0, y1));
        let mask = self.ready.mask(image, object);
        let area = self.ready.area(image, object);
        let area = area.or_else(|| Some(runs::area(&mask.as_deref()?.runs) as f64)).unwrap_or(width * height);
        let mut line = format!(
            "{{\"id\":{id},\"image_id\":{image_id},\"category_id\":{category},\"bbox\":[{},{},{},{}],\"area\":{},\
             \"iscrowd\":{}",
            Plain(x0),
            Plain(y0),
            Plain(width),
            Plain(height),
            Plain(area),
            u8::from(flags & flag::CROWD != 0)
        );
        line += ",\"segmentation\":";
        match &mask {
            Some(mask) => {
                let counts: Vec<String> = mask.runs.iter().map(u32::to_string).collect();
                line += &format!("{{\"size\":[{},{}],\"counts\":[{}]}}", mask.height, mask.width, counts.join(","));
            }
            None => self.outline(&mut line, image, object),
        }
        if let Some(points) = self.ready.keypoints(image, object) {
            let labelled = points.iter().filter(|point| point.visibility > 0).count();
            let numbers: Vec<String> = points
                .iter()
                .map(|point| format!("{},{},{}", Plain(point.x), Plain(point.y), point.visibility))
                .collect();
            line += &format!(",\"num_keypoints\":{labelled},\"keypoints\":[{}]", numbers.join(","));
        }
        if let Some(score) = objects.score.get(object.row) {
            line += &format!(",\"score\":{}", Plain(*score));
        }
        if let Some(track) = objects.track.get(object.row) {
            line += &format!(",\"track_id\":{track}");
        }
        let mut attributes: Vec<String> = Vec::new();
        for (name, has, is) in [
            ("occluded", flag::HAS_OCCLUDED, flag::OCCLUDED),
            ("truncated", flag::HAS_TRUNCATED, flag::TRUNCATED),
            ("difficult", flag::HAS_DIFFICULT, flag::DIFFICULT),
        ] {
            if flags & has != 0 {
                attributes.push(format!("\"{name}\":{}", flags & is != 0));
            }
        }
        for (name, value) in objects.attributes.get(object.row).into_iter().flatten() {
            attributes.push(format!("{}:{}", quoted(name), quoted(value)));
        }
        if !attributes.is_empty() {
            line += &format!(",\"attributes\":{{{}}}", attributes.join(","));
        }
        entry(text, format_args!("{line}}}"));
    }

    fn outline(&self, line: &mut String, image: &ReadyImage, object: &ReadyObject) {
        line.push('[');
        for (place, part) in self.ready.outline_or_corners(image, object).iter().enumerate() {
            line.push_str(if place == 0 { "[" } else { ",[" });
            for (place, [x, y]) in part.iter().enumerate() {
                let comma = if place == 0 { "" } else { "," };
                line.push_str(&format!("{comma}{},{}", Plain(*x), Plain(*y)));
            }
            line.push(']');
        }
        line.push(']');
    }
}

/// The way from `low` to `high`. What decimals lose in the subtraction is given back where two digits say the same.
fn side(low: f64, high: f64) -> f64 {
    let side = high - low;
    let short = (side * 100.0).round() / 100.0;
    if (short - side).abs() < 1e-9 { short } else { side }
}
