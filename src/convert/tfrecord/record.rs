//! One Example: what it says of an image and its objects, by whichever keys.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::maps::Map;
use super::masks::Masks;
use crate::dataset::Object;
use crate::example::{Example, Values};
use crate::image::header;
use crate::image::mask::polygon;

/// A class as a record has it: its text, its number, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassKey {
    pub label: Option<i64>,
    pub text: Option<Box<str>>,
}

/// What a record says.
#[derive(Debug, Default)]
pub struct Found {
    /// Its number in the file.
    pub number: u64,
    pub name: String,
    /// For a name, where there is none.
    pub extension: &'static str,
    pub id: Option<i64>,
    /// As the record says; 0 where it does not.
    pub size: (u32, u32),
    /// Where the image's bytes are, and how many.
    pub span: [u64; 2],
    pub spilled: bool,
    pub captions: Vec<Box<str>>,
    pub boxes: Vec<(ClassKey, Object)>,
    /// What pictures show besides boxes.
    pub map: Map,
    pub labels: Vec<ClassKey>,
    /// It is a frame that nobody looked at.
    pub unannotated: bool,
    /// Masks that were passed over.
    pub unread: u64,
    /// Lists that do not fit the boxes.
    pub unfit: Vec<String>,
    /// Why masks cannot be read.
    pub bad_masks: Vec<String>,
    /// Classes of objects that have keypoints, with the names that the record gives those.
    pub points: Vec<(ClassKey, Vec<Box<str>>)>,
}

impl Found {
    /// Objects and the classes of the image, by the places of `classes`.
    pub fn objects(&self, classes: &BTreeMap<ClassKey, u32>) -> (Vec<Object>, Vec<u32>) {
        let place = |key: &ClassKey| classes.get(key).copied().unwrap_or(0);
        let objects = self.boxes.iter().map(|(key, object)| Object { class: place(key), ..object.clone() });
        let mut labels: Vec<u32> = self.labels.iter().map(place).collect();
        labels.dedup();
        (objects.collect(), labels)
    }
}

/// What `example` says, its masks if they are `wanted`, and the bytes of its image.
pub fn found<'a>(example: &Example<'a>, number: u64, wanted: bool) -> Result<(Found, &'a [u8]), String> {
    let encoded = ["image/encoded", "image", "image_bytes"].iter().find_map(|key| bytes(example, key));
    let Some(encoded) = encoded.filter(|encoded| !encoded.is_empty()) else {
        let mut keys: Vec<&str> = example.features.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.truncate(12);
        return Err(format!(
            "there is no image in it (image/encoded, image or image_bytes); it has {}",
            keys.join(", ")
        ));
    };
    let known = header::read(encoded).ok();
    let text = |key: &str| bytes(example, key).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let int = |key: &str| example.get(key)?.as_int64()?.single();
    let side = |key: &str| int(key).and_then(|side| u32::try_from(side).ok()).unwrap_or(0);
    let mut found = Found {
        number,
        name: ["image/filename", "filename"].iter().find_map(|key| text(key)).unwrap_or_default(),
        extension: known.map_or("bin", |header| header.kind.extension()),
        id: text("image/source_id").and_then(|id| id.parse().ok()).or_else(|| int("image/id")),
        size: (side("image/width"), side("image/height")),
        ..Found::default()
    };
    let name = found.name.trim();
    if name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..") {
        found.name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    }
    let size = known.map(|header| (header.width, header.height)).or(Some(found.size).filter(|size| size.0 > 0));
    // As they are: they are texts, not names.
    for caption in example.get("image/caption").and_then(Values::as_bytes).iter().flat_map(|list| list.iter()) {
        found.captions.push(String::from_utf8_lossy(caption).into());
    }
    let boxes = boxes(example)?;
    let tfds = example.get("objects/label").is_some();
    let (label, class) = match tfds {
        true => ("objects/label", "objects/text"),
        false => ("image/object/class/label", "image/object/class/text"),
    };
    let (labels, texts) = (ints(example, label), strings(example, class));
    let (columns, unfit) = Columns::of(example, tfds, boxes.len());
    found.unfit = unfit;
    let same = |what: &str, len: usize| match len == boxes.len() || len == 0 {
        true => Ok(()),
        false => Err(format!("{what} has {len} values for {} boxes", boxes.len())),
    };
    same(label, labels.as_ref().map_or(0, Vec::len))?;
    same(class, texts.as_ref().map_or(0, Vec::len))?;
    let masks = Masks::of(example, boxes.len(), size).unwrap_or_else(|message| {
        found.bad_masks.push(message);
        Masks::None
    });
    for (place, fractions) in boxes.iter().enumerate() {
        let key = ClassKey {
            label: labels.as_ref().and_then(|labels| labels.get(place).copied()),
            text: texts.as_ref().and_then(|texts| texts.get(place).cloned()).filter(|text| !text.is_empty()),
        };
        if key == ClassKey::default() {
            return Err(format!("box {} has neither {class} nor {label}", place + 1));
        }
        let bbox = match size {
            Some((width, height)) => {
                let [x0, y0, x1, y1] = *fractions;
                [pixel(x0, width), pixel(y0, height), pixel(x1, width), pixel(y1, height)]
            }
            None => fractions.map(f64::from),
        };
        let mut object = Object { bbox, normalised: size.is_none(), ..Object::default() };
        columns.fill(place, size, &mut object);
        if wanted {
            object.mask = masks.get(place).unwrap_or_else(|message| {
                found.bad_masks.push(format!("mask {}: {message}", place + 1));
                None
            });
            if is_turned_box(&object) {
                object.mask = None;
            }
        } else {
            found.unread += u64::from(!masks.is_none());
        }
        if !object.keypoints.is_empty() {
            let named = (key.clone(), columns.names(place).to_vec());
            // Most objects of an image are of one class.
            if found.points.last() != Some(&named) {
                found.points.push(named);
            }
        }
        found.boxes.push((key, object));
    }
    match Map::of(example, size) {
        Ok(map) if boxes.is_empty() => {
            found.boxes = map.into_objects();
            if !wanted {
                found.unread += found.boxes.len() as u64;
                found.boxes.iter_mut().for_each(|(_, object)| object.mask = None);
            }
        }
        Ok(map) => found.map = map,
        Err(message) if wanted || boxes.is_empty() => found.bad_masks.push(message),
        Err(_) => {}
    }
    found.labels = image_labels(example);
    Ok((found, encoded))
}

/// A fraction of `side` in pixels: the hundredth of a pixel that it was made from, if 32 bits cannot tell it from that.
pub fn pixel(fraction: f32, side: u32) -> f64 {
    let side = f64::from(side);
    let pixel = f64::from(fraction) * side;
    let hundredth = (pixel * 100.0).round() / 100.0;
    if (hundredth / side) as f32 == fraction { hundredth } else { pixel }
}

pub fn bytes<'a>(example: &Example<'a>, key: &str) -> Option<&'a [u8]> {
    example.get(key)?.as_bytes()?.iter().next()
}

pub fn strings(example: &Example<'_>, key: &str) -> Option<Vec<Box<str>>> {
    let values = example.get(key)?;
    values.as_bytes().map(|_| trimmed(values))
}

/// Texts without blanks around them.
pub fn trimmed(values: &Values<'_>) -> Vec<Box<str>> {
    let texts = values.as_bytes().into_iter().flat_map(|list| list.iter());
    texts.map(|text| String::from_utf8_lossy(text).trim().into()).collect()
}

pub fn ints(example: &Example<'_>, key: &str) -> Option<Vec<i64>> {
    let values = example.get(key)?;
    (values.as_int64().is_some() || values.as_float().is_some()).then(|| whole(values))
}

/// Numbers of either kind, as some tools write whole ones, cut.
pub fn whole(values: &Values<'_>) -> Vec<i64> {
    let floats = || values.as_float().map(|list| list.iter().map(|value| value as i64).collect());
    values.as_int64().map(|list| list.to_vec()).or_else(floats).unwrap_or_default()
}

/// Numbers of either kind.
pub fn ints_or_floats(values: &Values<'_>) -> Vec<f32> {
    let ints = || values.as_int64().map(|list| list.iter().map(|value| value as f32).collect());
    values.as_float().map(|list| list.to_vec()).or_else(ints).unwrap_or_default()
}

pub fn floats(example: &Example<'_>, key: &str) -> Option<Vec<f32>> {
    Some(example.get(key)?.as_float()?.to_vec())
}

/// Whether the mask of an object says no more than its corners do.
fn is_turned_box(object: &Object) -> bool {
    let (Some(mask), Some(corners)) = (&object.mask, object.corners) else { return false };
    polygon::polygon(corners, [mask.width, mask.height]).is_ok_and(|drawn| *drawn == *mask.runs)
}

/// Boxes as `[x0, y0, x1, y1]` in parts of the size.
fn boxes(example: &Example<'_>) -> Result<Vec<[f32; 4]>, String> {
    if let Some(all) = floats(example, "objects/bbox") {
        if all.len() % 4 != 0 {
            return Err(format!("objects/bbox has {} values, not four for each box", all.len()));
        }
        return Ok(all.chunks_exact(4).map(|corner| [corner[1], corner[0], corner[3], corner[2]]).collect());
    }
    let side = |name: &str| floats(example, &format!("image/object/bbox/{name}")).unwrap_or_default();
    let sides = ["xmin", "ymin", "xmax", "ymax"].map(side);
    if sides.iter().any(|side| side.len() != sides[0].len()) {
        let lengths = sides.map(|side| side.len().to_string()).join(", ");
        return Err(format!("image/object/bbox/{{xmin,ymin,xmax,ymax}} have {lengths} values"));
    }
    let [x0, y0, x1, y1] = &sides;
    Ok((0..x0.len()).map(|place| [x0[place], y0[place], x1[place], y1[place]]).collect())
}

/// Classes of the image as a whole.
fn image_labels(example: &Example<'_>) -> Vec<ClassKey> {
    let as_text = |values: &Values<'_>| values.as_bytes().is_some();
    let (labels, texts) = match example.get("label") {
        Some(values) if as_text(values) => (None, strings(example, "label")),
        Some(_) => (ints(example, "label"), None),
        None => (ints(example, "image/class/label"), strings(example, "image/class/text")),
    };
    let count = labels.as_ref().map_or(0, Vec::len).max(texts.as_ref().map_or(0, Vec::len));
    let key = |place: usize| ClassKey {
        label: labels.as_ref().and_then(|labels| labels.get(place).copied()),
        text: texts.as_ref().and_then(|texts| texts.get(place).cloned()).filter(|text| !text.is_empty()),
    };
    (0..count).map(key).filter(|key| *key != ClassKey::default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back_from_32_bits() {
        for side in [1, 37, 640, 1919, 4096, 12_000] {
            for hundredths in (0..=side * 100).step_by(997) {
                let value = f64::from(hundredths) / 100.0;
                let fraction = (value / f64::from(side)) as f32;
                // Where hundredths are further apart than 32-bit fractions.
                assert_eq!(pixel(fraction, side), value, "{side} {value}");
            }
        }
        assert!((pixel(1.0 / 3.0, 640) - 640.0 / 3.0).abs() < 1e-4);
    }
}
