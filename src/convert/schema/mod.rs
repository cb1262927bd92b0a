//! Which features a record has, and what stands in them: all of them are in [`keys`], which of them a schema has in [`profile`].

pub mod attributes;
pub mod classification;
pub(in crate::convert) mod keys;
mod maps;
mod masks;
pub(in crate::convert) mod profile;
pub(in crate::convert) mod scripts;
pub mod sequence;
pub mod tfds;

pub(super) use masks::runs_of as mask_runs;
use std::borrow::Cow;

use self::attributes::{Attribute, AttributeColumns};
pub(super) use self::maps::Drawn;
use self::maps::ImageMaps;
use self::masks::MaskColumns;
pub(super) use self::profile::{MapForm, Profile};
use super::boxes::UnitBox;
use super::columns::Columns;
use super::plan::PlannedClass;
use crate::dataset::{Dataset, flag};
use crate::example::Feature;
use crate::formats::kitti;
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
    /// `image/filename`
    pub filename: &'a str,
    /// `image/format`
    pub format: &'a str,
    /// `image/source_id`
    pub source_id: &'a str,
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
    /// Places in the label map.
    place: Vec<i64>,
    text: Vec<Cow<'a, [u8]>>,
    difficult: Vec<i64>,
    id: Vec<i64>,
    crowd: Vec<i64>,
    occluded: Vec<i64>,
    truncated: Vec<i64>,
    truncated_part: Vec<f32>,
    /// KITTI's alpha, height, width, length, x, y, z and turn.
    space: [Vec<f32>; 8],
    view: Vec<Cow<'a, [u8]>>,
    area: Vec<f32>,
    /// The same, cut to whole numbers.
    whole_area: Vec<i64>,
    depiction: Vec<i64>,
    weight: Vec<f32>,
    confidence: Vec<f32>,
    track: Vec<i64>,
    corners: [Vec<f32>; 2],
    attributes: AttributeColumns<'a>,
    keypoints: KeypointColumns<'a>,
    masks: MaskColumns,
    /// What is in maps.
    drawn: Vec<Drawn>,
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
        self.place.push(class.index as i64);
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
        // A box's own area comes from 32 bits and is as near below a whole number as above it.
        self.whole_area.push(area.unwrap_or_else(|| of_box().round()) as i64);
        if columns.keypoints > 0 {
            self.keypoints.push(dataset, row, columns.keypoints as usize, placed);
        }
        if columns.space {
            self.push_space(dataset, row);
        }
        if columns.depiction {
            let all = dataset.objects.attributes.get(row).map_or(&[][..], |all| all);
            self.depiction.push(all.iter().any(|(name, value)| attributes::is_depiction(name, value)).into());
        }
        if columns.weight {
            let all = dataset.objects.attributes.get(row).map_or(&[][..], |all| all);
            self.weight.push(attributes::weight(all).unwrap_or(1.0));
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

    /// Adds what KITTI knows of an object in space, and which part of it is cut off; 0, as by those who fill the fields, where it is
    /// not known.
    fn push_space(&mut self, dataset: &Dataset, row: usize) {
        let known = kitti::Columns::of(dataset.objects.attributes.get(row).map_or(&[][..], |all| all));
        let flags = dataset.objects.flags[row];
        let of_flag = match flags & flag::HAS_TRUNCATED != 0 {
            true => f64::from(u8::from(flags & flag::TRUNCATED != 0)),
            false => -1.0,
        };
        self.truncated_part.push(known.truncated.unwrap_or(of_flag) as f32);
        let numbers = [known.angle()].into_iter().chain(known.space.unwrap_or_default());
        for (list, number) in self.space.iter_mut().zip(numbers) {
            list.push(number as f32);
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

    /// Adds what the maps of the image have.
    pub fn push_drawn(&mut self, drawn: Drawn) {
        self.drawn.push(drawn);
    }

    /// Draws the maps.
    pub fn draw_maps(
        &mut self,
        dataset: &Dataset,
        columns: Columns,
        form: MapForm,
        frame: Frame,
    ) -> Result<(), String> {
        self.maps = ImageMaps::draw(dataset, &self.drawn, frame, columns.maps, form)?;
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

/// The features of `sample` in the schema of `profile`. `image/encoded` is a [`Feature::Hole`], and so is the next to come, the
/// file's digest in hex, where there is one: it is taken of several images at a time.
pub fn features<'a>(profile: &'static Profile, sample: &'a Sample<'a>) -> Features<'a> {
    let mut features: Features<'a> = Vec::with_capacity(profile.keys.len());
    for (key, _) in profile.keys.iter().filter(|(key, _)| (key.found)(&sample.columns)) {
        if std::ptr::eq(*key, &keys::ATTRIBUTES) {
            features.extend(sample.objects.attributes.features(sample.attributes, sample.objects.len()));
            continue;
        }
        let value = (key.value)(sample);
        if profile.empty_lists || !is_empty(&value) {
            features.push((key.name, value));
        }
    }
    features
}

fn is_empty(feature: &Feature<'_>) -> bool {
    match feature {
        Feature::Bytes(values) => values.is_empty(),
        Feature::Float(values) => values.is_empty(),
        Feature::Int64(values) => values.is_empty(),
        Feature::Unset | Feature::Hole(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::options::{MaskForm, SchemaKind, Segmentation};
    use crate::convert::tests::dataset_of;
    use crate::dataset::{Image, NO_SOURCE, Object};
    use crate::image::Kind;

    pub(super) fn header() -> Header {
        Header { kind: Kind::Png, width: 640, height: 480, channels: 3, depth: 8, orientation: 1, tensorflow: true }
    }

    /// What a run has that found `columns`.
    fn sample<'a>(kind: SchemaKind, objects: &'a ObjectColumns<'a>, columns: Columns) -> Sample<'a> {
        let columns = kind.profile().columns(Columns { sha256: true, ..columns });
        Sample {
            encoded_len: 7,
            header: header(),
            filename: "b.png",
            format: "png",
            source_id: "17",
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
        let sample = sample(SchemaKind::Tfod, &objects, Columns::default());
        let features = features(SchemaKind::Tfod.profile(), &sample);
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
        let sample = sample(SchemaKind::Tfod, &objects, columns);
        let features = features(SchemaKind::Tfod.profile(), &sample);
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

    /// The keys of each schema, as the table of the scripts has them (formats.md 3): for a source that has everything, and for one
    /// that has nothing.
    #[test]
    fn schemas_have_the_keys_of_their_scripts() {
        let image = ["encoded", "filename", "format", "height", "width"];
        let boxes = ["object/bbox/xmax", "object/bbox/xmin", "object/bbox/ymax", "object/bbox/ymin"];
        let class = ["object/class/label", "object/class/text"];
        let text = ["object/class/text"];
        let id = ["source_id"];
        let coco = ["key/sha256", "object/area", "object/is_crowd"];
        let voc = ["key/sha256", "object/difficult", "object/truncated", "object/view"];
        let kitti = [
            "key/sha256",
            "object/3d_bbox/height",
            "object/3d_bbox/length",
            "object/3d_bbox/rot_y",
            "object/3d_bbox/width",
            "object/3d_bbox/x",
            "object/3d_bbox/y",
            "object/3d_bbox/z",
            "object/alpha",
            "object/difficult",
            "object/truncated",
        ];
        let oid = ["object/depiction", "object/group_of", "object/occluded", "object/truncated"];
        let found = ["object/mask"];
        let garden = ["caption", "panoptic/category_mask", "panoptic/instance_mask", "segmentation/class/encoded"];
        let labels = ["class/label", "class/text"];
        type Keys<'a> = &'a [&'a [&'a str]];
        let rows: [(SchemaKind, Keys<'_>, Keys<'_>); 9] = [
            (SchemaKind::Basic, &[&image, &boxes, &class, &id], &[]),
            (SchemaKind::Classification, &[&image, &labels], &[]),
            (SchemaKind::CreateCoco, &[&image, &boxes, &text, &id, &coco], &[&found]),
            (SchemaKind::CreatePascal, &[&image, &boxes, &class, &id, &voc], &[]),
            (SchemaKind::CreateKitti, &[&image, &boxes, &class, &id, &kitti], &[]),
            (SchemaKind::CreateOid, &[&["encoded", "filename"], &boxes, &class, &id, &oid], &[&labels]),
            (SchemaKind::CreatePet, &[&image, &boxes, &class, &id, &voc], &[&found]),
            (SchemaKind::ModelGarden, &[&image, &boxes, &class, &id, &coco], &[&found, &garden]),
            (SchemaKind::Roboflow, &[&image, &boxes, &class], &[]),
        ];
        let everything = Columns {
            difficult: true,
            id: true,
            crowd: true,
            masks: MaskForm::Png,
            maps: Segmentation::Panoptic,
            occluded: true,
            truncated: true,
            view: true,
            area: true,
            confidence: true,
            corners: true,
            depiction: true,
            group_of: true,
            track: true,
            weight: true,
            keypoints: 3,
            captions: true,
            labels: true,
            ..Columns::default()
        };
        for (kind, always, found) in rows {
            for (columns, also) in [(Columns::default(), &[][..]), (everything, found)] {
                let columns = kind.profile().columns(Columns { sha256: true, ..columns });
                let keys = kind.profile().keys.iter().filter(|(key, _)| (key.found)(&columns));
                let got: Vec<&str> = keys.map(|(key, _)| key.name).collect();
                let mut expected: Vec<String> =
                    always.iter().chain(also).flat_map(|keys| *keys).map(|key| format!("image/{key}")).collect();
                expected.sort();
                assert_eq!(got, expected, "{kind}");
            }
        }
    }

    #[test]
    fn keys_are_sorted_and_say_what_they_are() {
        for kind in SchemaKind::ALL {
            let keys = kind.profile().keys;
            assert!(keys.windows(2).all(|pair| pair[0].0.name < pair[1].0.name), "{kind}");
            let shown = keys.iter().filter_map(|(key, _)| key.shown).map(|(name, _)| name);
            assert_eq!(shown.clone().count(), shown.collect::<std::collections::BTreeSet<_>>().len(), "{kind}");
        }
    }

    #[test]
    fn formats_are_called_as_the_script_does() {
        let word = |kind: SchemaKind, image| kind.profile().format.of(image);
        let rows = [
            (SchemaKind::Tfod, "jpeg", "png"),
            (SchemaKind::Basic, "jpg", "jpg"),
            (SchemaKind::CreateCoco, "jpeg", "png"),
            (SchemaKind::ModelGarden, "jpg", "png"),
            (SchemaKind::Roboflow, "jpeg", "png"),
        ];
        for (kind, jpeg, png) in rows {
            assert_eq!((word(kind, Kind::Jpeg), word(kind, Kind::Png)), (jpeg, png), "{kind}");
        }
    }

    #[test]
    fn lists_without_values_are_not_there_in_model_garden() {
        let objects = ObjectColumns::default();
        let sample = sample(SchemaKind::ModelGarden, &objects, Columns { captions: true, ..Columns::default() });
        let features = features(SchemaKind::ModelGarden.profile(), &sample);
        let image = ["encoded", "filename", "format", "height", "key/sha256", "source_id", "width"];
        assert_eq!(keys(&features), image.map(|key| format!("image/{key}")));
    }
}
