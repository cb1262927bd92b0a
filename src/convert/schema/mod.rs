//! Which features a record has, and what stands in them. One file per schema.

pub mod attributes;
mod basic;
pub mod classification;
mod maps;
mod masks;
mod tfod;

pub(super) use masks::runs_of as mask_runs;
use std::borrow::Cow;

use self::attributes::{Attribute, AttributeColumns};
use self::maps::ImageMaps;
use self::masks::MaskColumns;
use super::boxes::UnitBox;
use super::columns::Columns;
use super::options::{SchemaKind, Segmentation};
use super::plan::PlannedClass;
use crate::dataset::{Dataset, flag};
use crate::example::Feature;
use crate::formats::target::Frame;
use crate::image::Header;
use crate::image::mask::MaskError;

/// Name and value of each feature, sorted by name.
pub type Features<'a> = Vec<(&'a str, Feature<'a>)>;

/// What a record is made of.
#[derive(Debug)]
pub struct Sample<'a> {
    /// Bytes of the image's file, which will stand in `image/encoded`.
    pub encoded_len: usize,
    /// What they say of themselves.
    pub header: Header,
    /// Name of the image's file; its key where another image has a file of that name.
    pub filename: &'a str,
    /// The image's name as the annotation says it.
    pub annotated_name: &'a str,
    /// What identifies the image.
    pub source_id: &'a str,
    /// Whether the file's digest is written.
    pub sha256: bool,
    /// Optional lists that are written.
    pub columns: Columns,
    /// Attributes that are written.
    pub attributes: &'a [Attribute],
    /// Sentences about the image.
    pub captions: &'a [Box<str>],
    /// Classes of the image as a whole.
    pub labels: &'a [&'a PlannedClass],
    /// The objects.
    pub objects: &'a ObjectColumns<'a>,
}

/// The objects of one image, a list per feature, all of the same length.
#[derive(Debug, Default)]
pub struct ObjectColumns<'a> {
    xmin: Vec<f32>,
    xmax: Vec<f32>,
    ymin: Vec<f32>,
    ymax: Vec<f32>,
    label: Vec<i64>,
    text: Vec<Cow<'a, [u8]>>,
    difficult: Vec<i64>,
    id: Vec<i64>,
    crowd: Vec<i64>,
    occluded: Vec<i64>,
    truncated: Vec<i64>,
    view: Vec<Cow<'a, [u8]>>,
    area: Vec<f32>,
    depiction: Vec<i64>,
    confidence: Vec<f32>,
    track: Vec<i64>,
    corners: [Vec<f32>; 2],
    attributes: AttributeColumns<'a>,
    keypoints: KeypointColumns<'a>,
    masks: MaskColumns,
    /// Rows and ids of classes, where maps are drawn.
    drawn: Vec<(usize, i64)>,
    maps: ImageMaps,
}

/// Keypoints of all objects, one behind the other, the same number for each.
#[derive(Debug, Default)]
struct KeypointColumns<'a> {
    x: Vec<f32>,
    y: Vec<f32>,
    visibility: Vec<i64>,
    text: Vec<Cow<'a, [u8]>>,
    /// How many of an object's are labelled.
    num: Vec<i64>,
}

/// Where an object stands in its image.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// Its box.
    pub unit: UnitBox,
    /// Its class.
    pub class: &'a PlannedClass,
    /// How what it was drawn on lies in the stored image.
    pub frame: Frame,
}

impl<'a> ObjectColumns<'a> {
    /// Adds object `row` of `dataset`, with the lists of `columns`.
    pub fn push(&mut self, dataset: &'a Dataset, row: usize, columns: Columns, placed: Placed<'a>) {
        let Placed { unit, class, frame } = placed;
        let flags = dataset.objects.flags[row];
        self.xmin.push(unit.xmin);
        self.xmax.push(unit.xmax);
        self.ymin.push(unit.ymin);
        self.ymax.push(unit.ymax);
        self.label.push(class.id);
        self.text.push(Cow::Borrowed(class.name.as_bytes()));
        self.difficult.push((flags & flag::DIFFICULT != 0).into());
        self.crowd.push((flags & flag::CROWD != 0).into());
        self.occluded.push((flags & flag::OCCLUDED != 0).into());
        self.truncated.push((flags & flag::TRUNCATED != 0).into());
        self.id.extend(dataset.objects.id.get(row).filter(|_| columns.id));
        // VOC's own word for an object whose pose nobody gave.
        let view = dataset.objects.pose.get(row).map_or("Unspecified", |pose| pose);
        self.view.push(Cow::Borrowed(view.as_bytes()));
        let of_box = || {
            let pixels = f64::from(frame.stored.0) * f64::from(frame.stored.1);
            f64::from(unit.xmax - unit.xmin) * f64::from(unit.ymax - unit.ymin) * pixels
        };
        let area = dataset.objects.area.get(row).map(|area| area * frame.area());
        self.area.push(area.unwrap_or_else(of_box) as f32);
        if columns.keypoints > 0 {
            self.keypoints.push(dataset, row, columns.keypoints as usize, placed);
        }
        if columns.maps != Segmentation::None {
            self.drawn.push((row, class.id));
        }
        if columns.depiction {
            let all = dataset.objects.attributes.get(row).map_or(&[][..], |all| all);
            self.depiction.push(all.iter().any(|(name, value)| attributes::is_depiction(name, value)).into());
        }
        if columns.confidence {
            self.confidence.push(dataset.objects.score.get(row).map_or(1.0, |score| *score as f32));
        }
        if columns.track {
            self.track.push(dataset.objects.track.get(row).copied().unwrap_or(NO_TRACK));
        }
        if columns.corners {
            let size = [f64::from(frame.stored.0), f64::from(frame.stored.1)];
            let placing = frame.placing(dataset.objects.normalised[row]);
            let corners = dataset.objects.corners.get(row).map_or([[0.0; 2]; 4], |corners| corners.map(placing));
            for (axis, list) in self.corners.iter_mut().enumerate() {
                list.extend(corners.map(|corner| (corner[axis] / size[axis]) as f32));
            }
        }
    }

    /// Adds the attributes of the object that was pushed last.
    pub fn push_attributes(&mut self, dataset: &'a Dataset, row: usize, attributes: &[Attribute]) {
        self.attributes.push(dataset, row, self.len() - 1, attributes);
    }

    /// Adds the mask of the object that was pushed last; says whether it has any.
    pub fn push_mask(
        &mut self,
        dataset: &Dataset,
        row: usize,
        columns: Columns,
        frame: Frame,
    ) -> Result<bool, MaskError> {
        self.masks.push(dataset, row, columns.masks, frame)
    }

    /// Draws the maps of all objects that were pushed.
    pub fn draw_maps(&mut self, dataset: &Dataset, columns: Columns, frame: Frame) -> Result<(), String> {
        self.maps = ImageMaps::draw(dataset, &self.drawn, frame, columns.maps)?;
        Ok(())
    }

    /// Number of objects.
    pub fn len(&self) -> usize {
        self.label.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty()
    }
}

impl<'a> KeypointColumns<'a> {
    /// Adds the keypoints of object `row`, with zeros up to `count`.
    fn push(&mut self, dataset: &'a Dataset, row: usize, count: usize, placed: Placed<'a>) {
        let points = dataset.objects.keypoints.get(row).map_or(&[][..], |points| points);
        let names = dataset.classes.get(dataset.objects.class[row] as usize).map_or(&[][..], |class| &class.keypoints);
        let (width, height) = match dataset.objects.normalised[row] {
            true => (1.0, 1.0),
            false => (f64::from(placed.frame.drawn.0), f64::from(placed.frame.drawn.1)),
        };
        for number in 0..count {
            let point = points.get(number).filter(|point| point.visibility > 0);
            let unit = point.map(|point| placed.frame.place_unit([point.x / width, point.y / height]));
            let [x, y] = unit.unwrap_or_default();
            self.x.push(x as f32);
            self.y.push(y as f32);
            self.visibility.push(point.map_or(0, |point| point.visibility.into()));
            self.text.push(Cow::Borrowed(names.get(number).map_or(&[][..], |name| name.as_bytes())));
        }
        self.num.push(points.iter().filter(|point| point.visibility > 0).count() as i64);
    }
}

/// What stands in `image/object/track/label` for an object of no track; no model takes it for one.
pub const NO_TRACK: i64 = -1;

/// Characters of a SHA-256 in hex.
pub const SHA256_LEN: usize = 64;

/// The features of `sample` in `schema`. `image/encoded` is a [`Feature::Hole`], and so is the next to come, the file's
/// digest in hex, where there is one: it is taken of several images at a time.
pub fn features<'a>(schema: SchemaKind, sample: &'a Sample<'a>) -> Features<'a> {
    match schema {
        SchemaKind::Tfod => tfod::features(sample),
        SchemaKind::Basic => basic::features(sample),
        SchemaKind::Classification => classification::features(sample),
    }
}

fn floats(values: &[f32]) -> Feature<'_> {
    Feature::Float(Cow::Borrowed(values))
}

fn ints(values: &[i64]) -> Feature<'_> {
    Feature::Int64(Cow::Borrowed(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::options::MaskForm;
    use crate::convert::tests::dataset_of;
    use crate::dataset::{Image, NO_SOURCE, Object};
    use crate::image::Kind;

    pub(super) fn header() -> Header {
        Header { kind: Kind::Png, width: 640, height: 480, channels: 3, depth: 8, orientation: 1, tensorflow: true }
    }

    fn sample<'a>(objects: &'a ObjectColumns<'a>, columns: Columns) -> Sample<'a> {
        Sample {
            encoded_len: 7,
            header: header(),
            filename: "b.png",
            annotated_name: "a.jpg",
            source_id: "17",
            sha256: true,
            captions: &[],
            labels: &[],
            columns,
            attributes: &[],
            objects,
        }
    }

    fn keys<'a>(features: &Features<'a>) -> Vec<&'a str> {
        features.iter().map(|(key, _)| *key).collect()
    }

    #[test]
    fn tfod_has_its_keys_even_without_objects() {
        let objects = ObjectColumns::default();
        let sample = sample(&objects, Columns::default());
        let features = features(SchemaKind::Tfod, &sample);
        assert_eq!(
            keys(&features),
            [
                "image/encoded",
                "image/filename",
                "image/format",
                "image/height",
                "image/key/sha256",
                "image/object/bbox/xmax",
                "image/object/bbox/xmin",
                "image/object/bbox/ymax",
                "image/object/bbox/ymin",
                "image/object/class/label",
                "image/object/class/text",
                "image/source_id",
                "image/width",
            ]
        );
        let get = |key| &features.iter().find(|(other, _)| *other == key).unwrap().1;
        assert_eq!(*get("image/object/bbox/xmin"), Feature::Float(Cow::Borrowed(&[])));
        assert_eq!(*get("image/object/class/text"), Feature::Bytes(vec![]));
        assert_eq!(*get("image/format"), Feature::text("png"));
        assert_eq!(*get("image/filename"), Feature::text("b.png"));
    }

    #[test]
    fn optional_lists_are_as_long_as_the_boxes() {
        let mut dataset = dataset_of([]);
        let first = Object {
            flags: flag::DIFFICULT | flag::HAS_DIFFICULT | flag::HAS_TRUNCATED | flag::HAS_CROWD | flag::HAS_OCCLUDED,
            pose: Some("Left".into()),
            id: Some(31),
            ..Object::default()
        };
        let image = Image { key: "a", name: "a", source: (NO_SOURCE, 0), ..Image::default() };
        let second = Object { id: Some(-4), ..Object::default() };
        dataset.push(image, [first, second]);
        let class = PlannedClass { id: 3, name: "cat".into(), index: 0 };
        let mut objects = ObjectColumns::default();
        let unit = UnitBox { xmin: 0.0, xmax: 0.5, ymin: 0.25, ymax: 1.0 };
        let placed = Placed { unit, class: &class, frame: Frame::plain((40, 20)) };
        let columns = Columns::of(&dataset, MaskForm::Png);
        (0..2).for_each(|row| objects.push(&dataset, row, columns, placed));
        let all = Columns {
            difficult: true,
            id: true,
            crowd: true,
            occluded: true,
            truncated: true,
            view: true,
            masks: MaskForm::None,
            ..Columns::default()
        };
        assert_eq!(columns, all);
        let sample = sample(&objects, columns);
        let features = features(SchemaKind::Tfod, &sample);
        let get = |key| &features.iter().find(|(other, _)| *other == key).unwrap().1;
        assert_eq!(*get("image/object/difficult"), Feature::Int64(Cow::Borrowed(&[1, 0])));
        assert_eq!(*get("image/object/is_crowd"), Feature::Int64(Cow::Borrowed(&[0, 0])));
        let view = Feature::Bytes(vec![Cow::Borrowed(b"Left"), Cow::Borrowed(b"Unspecified")]);
        assert_eq!(*get("image/object/view"), view);
        assert!(features.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
        assert_eq!(features.len(), 13 + 6);
        assert_eq!(*get("image/object/id"), Feature::Int64(Cow::Borrowed(&[31, -4])));
        // Where one has none, there is no list.
        let image = Image { key: "b", name: "b", source: (NO_SOURCE, 0), ..Image::default() };
        dataset.push(image, [Object::default()]);
        assert!(!Columns::of(&dataset, MaskForm::Png).id);
    }

    #[test]
    fn basic_has_the_scripts_values() {
        let objects = ObjectColumns::default();
        let columns = Columns { difficult: true, ..Columns::default() };
        let sample = sample(&objects, columns);
        let features = features(SchemaKind::Basic, &sample);
        let get = |key| &features.iter().find(|(other, _)| *other == key).unwrap().1;
        assert_eq!(*get("image/filename"), Feature::text("a.jpg"));
        assert_eq!(*get("image/source_id"), Feature::text("a.jpg"));
        assert_eq!(*get("image/format"), Feature::text("jpg"));
        assert_eq!(features.len(), 12);
        assert!(features.windows(2).all(|pair| pair[0].0 < pair[1].0), "sorted");
    }
}
