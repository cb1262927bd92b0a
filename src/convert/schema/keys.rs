//! Every feature that a record may have, once: its key, what README.txt says of it, when there is anything to write, and its value.
//! Which of them a schema has stands in its [`Profile`](super::Profile).
//!
//! ```text
//! | feature                              | kind         | value                                              |
//! |--------------------------------------|--------------|----------------------------------------------------|
//! | image/caption                        | bytes list   | sentences about the image; where the source has any |
//! | image/class/{label,text}             | int64, bytes list | classes of the whole image; where the source has any |
//! | image/encoded                        | bytes        | the image's file as it is                          |
//! | image/filename                       | bytes        | name of that file                                  |
//! | image/format                         | bytes        | jpeg, png ..., by its bytes                        |
//! | image/height, image/width            | int64        | of the stored pixels, by the image itself          |
//! | image/key/sha256                     | bytes        | of the file, in hex                                |
//! | image/source_id                      | bytes        | the source's id, or place from 1, as decimal text  |
//! | image/object/area                    | float list   | square pixels, as the source says; where it has any |
//! | image/object/attribute/NAME          | bytes list   | the attribute's value, empty where an object has none |
//! |                                      | or int64 list | where every object has it and all values are whole numbers |
//! | image/object/bbox/confidence         | float list   | of predictions; where the source has any, then 1 without |
//! | image/object/bbox/{xmin,xmax,ymin,ymax} | float list | fractions of the size; 0 <= min < max <= 1        |
//! | image/object/class/label             | int64 list   | id in the label map                                |
//! | image/object/class/text              | bytes list   | name in the label map                              |
//! | image/object/corners/{x,y}           | float list   | four fractions of the size for each turned box, in order around |
//! |                                      |              | it; zeros for an upright one; where the source has any |
//! | image/object/depiction               | int64 list   | 1 is a drawing or the like; where the source has it (Open Images) |
//! | image/object/group_of                | int64 list   | is_crowd, of sources that call it so (Open Images) |
//! | image/object/id                      | int64 list   | the source's, where each object has one of its own |
//! | image/object/keypoint/{x,y}          | float list   | fractions of the size, the same number for each object |
//! | image/object/keypoint/{visibility,text} | int64, bytes list | 0 none, 1 hidden, 2 visible; name          |
//! | image/object/keypoint/num            | int64 list   | of each object: how many are labelled              |
//! | image/object/{difficult,is_crowd,occluded,truncated} | int64 list | 0 or 1; where the source has it    |
//! | image/object/mask                    | bytes list   | a PNG of 0 and 1 for each object; where the source has outlines or masks |
//! |                                      | or float list | or 0.0 and 1.0 for each pixel of each object      |
//! | image/object/track/label             | int64 list   | number of the track, -1 for none; where the source has tracks |
//! | image/object/view                    | bytes list   | pose; where the source has it                      |
//! | image/object/weight                  | float list   | how much it counts in training; where the source has an attribute of this |
//! |                                      |              | name, then 1 without                              |
//! | image/panoptic/*, image/segmentation/class/* | bytes | PNGs of numbers of classes and objects; where asked for |
//! | image, image/id, label, objects/*    |              | the same in the names of TensorFlow Datasets: [`tfds`](super::tfds) |
//! ```

use std::borrow::Cow;

use super::attributes::PREFIX;
use super::{Columns, SHA256_LEN, Sample};
use crate::convert::options::{MaskForm, Segmentation};
use crate::example::Feature;

/// A feature.
#[derive(Debug)]
pub struct Key {
    /// Its key in records.
    pub name: &'static str,
    /// How README.txt calls it and what it says of it; nothing where another one speaks for it too.
    pub shown: Option<(&'static str, &'static str)>,
    /// The feature that this one is, under another name.
    pub like: Option<&'static Key>,
    /// Whether a run that has these columns writes it.
    pub found: fn(&Columns) -> bool,
    /// Its value.
    pub value: ValueOf,
}

/// What a feature's value is made by.
type ValueOf = for<'a> fn(&'a Sample<'a>) -> Feature<'a>;

impl Key {
    /// One that is in every record.
    const fn new(name: &'static str, what: &'static str, value: ValueOf) -> Self {
        Self { name, shown: Some((name, what)), like: None, found: |_| true, value }
    }

    /// One that is in every record if `found` says so.
    const fn when(self, found: fn(&Columns) -> bool) -> Self {
        Self { found, ..self }
    }

    /// README.txt calls it, together with others, by another name.
    const fn called(self, name: &'static str) -> Self {
        match self.shown {
            Some((_, what)) => Self { shown: Some((name, what)), ..self },
            None => self,
        }
    }

    /// The feature `like` under another name, with another value.
    const fn of(like: &'static Self, name: &'static str, what: &'static str, value: ValueOf) -> Self {
        Self { name, shown: Some((name, what)), like: Some(like), value, ..*like }
    }

    /// Another one speaks for it in README.txt.
    const fn silent(self) -> Self {
        Self { shown: None, ..self }
    }
}

fn floats(values: &[f32]) -> Feature<'_> {
    Feature::Float(Cow::Borrowed(values))
}

fn ints(values: &[i64]) -> Feature<'_> {
    Feature::Int64(Cow::Borrowed(values))
}

fn texts<'a>(values: &[Cow<'a, [u8]>]) -> Feature<'a> {
    Feature::Bytes(values.to_vec())
}

pub static CAPTION: Key = Key::new("image/caption", "list: sentences about the image", |sample| {
    Feature::Bytes(sample.captions.iter().map(|text| Cow::Borrowed(text.as_bytes())).collect())
})
.when(|columns| columns.captions);

pub static LABELS: Key = Key::new("image/class/label", "a list each: classes of the whole image", |sample| {
    Feature::Int64(sample.labels.iter().map(|class| class.id).collect())
})
.called("image/class/{label,text}")
.when(|columns| columns.labels);
pub static LABEL_TEXTS: Key = Key::new("image/class/text", "", |sample| {
    Feature::Bytes(sample.labels.iter().map(|class| Cow::Borrowed(class.name.as_bytes())).collect())
})
.silent()
.when(|columns| columns.labels);

/// Of an image that has one class: those of several have no record in such a schema.
pub static LABEL: Key = Key::new("image/class/label", "id in the label map, from 1", |sample| {
    Feature::int64(sample.labels.first().map_or(0, |class| class.id))
});
pub static LABEL_TEXT: Key = Key::new("image/class/text", "name in the label map", |sample| {
    Feature::text(sample.labels.first().map_or("", |class| &*class.name))
});

pub static ENCODED: Key =
    Key::new("image/encoded", "the image's file, as it was", |sample| Feature::Hole(sample.encoded_len));
pub static FILENAME: Key = Key::new("image/filename", "its name", |sample| Feature::text(sample.filename));
pub static FORMAT: Key = Key::new("image/format", "jpeg, png ...", |sample| Feature::text(sample.format));
pub static HEIGHT: Key =
    Key::new("image/height", "of the stored pixels", |sample| Feature::int64(sample.header.height.into()))
        .called("image/height, image/width");
pub static WIDTH: Key = Key::new("image/width", "", |sample| Feature::int64(sample.header.width.into())).silent();
pub static SHA256: Key =
    Key::new("image/key/sha256", "of the image's file", |_| Feature::Hole(SHA256_LEN)).when(|columns| columns.sha256);
pub static SOURCE_ID: Key = Key::new("image/source_id", "", |sample| Feature::text(sample.source_id));

pub static ALPHA: Key =
    Key::new("image/object/alpha", "list: the angle that it is seen under", |sample| floats(&sample.objects.space[0]));
pub static SPACE_HEIGHT: Key = Key::new("image/object/3d_bbox/height", "a list each: metres and an angle", |sample| {
    floats(&sample.objects.space[1])
})
.called("image/object/3d_bbox/*");
pub static SPACE_WIDTH: Key =
    Key::new("image/object/3d_bbox/width", "", |sample| floats(&sample.objects.space[2])).silent();
pub static SPACE_LENGTH: Key =
    Key::new("image/object/3d_bbox/length", "", |sample| floats(&sample.objects.space[3])).silent();
pub static SPACE_X: Key = Key::new("image/object/3d_bbox/x", "", |sample| floats(&sample.objects.space[4])).silent();
pub static SPACE_Y: Key = Key::new("image/object/3d_bbox/y", "", |sample| floats(&sample.objects.space[5])).silent();
pub static SPACE_Z: Key = Key::new("image/object/3d_bbox/z", "", |sample| floats(&sample.objects.space[6])).silent();
pub static SPACE_ROTATION: Key =
    Key::new("image/object/3d_bbox/rot_y", "", |sample| floats(&sample.objects.space[7])).silent();

pub static AREA: Key =
    Key::new("image/object/area", "list: square pixels", |sample| floats(&sample.objects.area)).when(|c| c.area);
/// Stands for as many keys as there are attributes, which [`super::features`] writes in its place.
pub static ATTRIBUTES: Key = Key::new(PREFIX, "a list each: values, none where an object has none", |_| Feature::Unset)
    .called("image/object/attribute/NAME")
    .when(|columns| columns.attributes);
pub static CONFIDENCE: Key =
    Key::new("image/object/bbox/confidence", "list: 1 is sure", |sample| floats(&sample.objects.confidence))
        .when(|columns| columns.confidence);
pub static XMAX: Key = Key::new("image/object/bbox/xmax", "a list each: fractions of width and height", |sample| {
    floats(&sample.objects.xmax)
})
.called("image/object/bbox/{xmin,xmax,ymin,ymax}");
pub static XMIN: Key = Key::new("image/object/bbox/xmin", "", |sample| floats(&sample.objects.xmin)).silent();
pub static YMAX: Key = Key::new("image/object/bbox/ymax", "", |sample| floats(&sample.objects.ymax)).silent();
pub static YMIN: Key = Key::new("image/object/bbox/ymin", "", |sample| floats(&sample.objects.ymin)).silent();
pub static CLASS_LABEL: Key =
    Key::new("image/object/class/label", "list: id in the label map", |sample| ints(&sample.objects.label));
pub static CLASS_TEXT: Key =
    Key::new("image/object/class/text", "list: name in the label map", |sample| texts(&sample.objects.text));
pub static CORNERS_X: Key =
    Key::new("image/object/corners/x", "a list each: four of each turned box, else zeros", |sample| {
        floats(&sample.objects.corners[0])
    })
    .called("image/object/corners/{x,y}")
    .when(|columns| columns.corners);
pub static CORNERS_Y: Key = Key::new("image/object/corners/y", "", |sample| floats(&sample.objects.corners[1]))
    .silent()
    .when(|columns| columns.corners);
pub static DEPICTION: Key =
    Key::new("image/object/depiction", "list: 1 is a drawing or the like", |sample| ints(&sample.objects.depiction))
        .when(|columns| columns.depiction);
pub static DIFFICULT: Key =
    Key::new("image/object/difficult", "list: 1 is hard to recognise", |sample| ints(&sample.objects.difficult))
        .when(|columns| columns.difficult);
pub static GROUP_OF: Key =
    Key::new("image/object/group_of", "list: 1 is one box around many", |sample| ints(&sample.objects.crowd))
        .when(|columns| columns.group_of);
pub static ID: Key =
    Key::new("image/object/id", "list: the source's own number of the object", |sample| ints(&sample.objects.id))
        .when(|columns| columns.id);
pub static IS_CROWD: Key =
    Key::new("image/object/is_crowd", "list: 1 is one box around many", |sample| ints(&sample.objects.crowd))
        .when(|columns| columns.crowd);
pub static KEYPOINT_NUM: Key =
    Key::new("image/object/keypoint/num", "list: how many of an object are labelled", |sample| {
        ints(&sample.objects.keypoints.num)
    })
    .when(|columns| columns.keypoints > 0);
pub static KEYPOINT_TEXT: Key =
    Key::new("image/object/keypoint/text", "a list each: 0 to 2; name", |sample| texts(&sample.objects.keypoints.text))
        .called("image/object/keypoint/{visibility,text}")
        .when(|columns| columns.keypoints > 0);
pub static KEYPOINT_VISIBILITY: Key =
    Key::new("image/object/keypoint/visibility", "", |sample| ints(&sample.objects.keypoints.visibility))
        .silent()
        .when(|columns| columns.keypoints > 0);
pub static KEYPOINT_X: Key =
    Key::new("image/object/keypoint/x", "a list each: fractions of width and height", |sample| {
        floats(&sample.objects.keypoints.x)
    })
    .called("image/object/keypoint/{x,y}")
    .when(|columns| columns.keypoints > 0);
pub static KEYPOINT_Y: Key = Key::new("image/object/keypoint/y", "", |sample| floats(&sample.objects.keypoints.y))
    .silent()
    .when(|columns| columns.keypoints > 0);
pub static MASK: Key = Key::new("image/object/mask", "", |sample| sample.objects.masks.feature(sample.columns.masks))
    .when(|columns| columns.masks != MaskForm::None);
pub static OCCLUDED: Key =
    Key::new("image/object/occluded", "list: 1 is partly hidden", |sample| ints(&sample.objects.occluded))
        .when(|columns| columns.occluded);
pub static TRACK: Key = Key::new("image/object/track/label", "list: number of the track, -1 for none", |sample| {
    ints(&sample.objects.track)
})
.when(|columns| columns.track);
pub static TRUNCATED: Key =
    Key::new("image/object/truncated", "list: 1 is cut off", |sample| ints(&sample.objects.truncated))
        .when(|columns| columns.truncated);
/// KITTI's: how much of it is cut off.
pub static TRUNCATED_PART: Key =
    Key::new("image/object/truncated", "list: the part that is cut off, 0 to 1", |sample| {
        floats(&sample.objects.truncated_part)
    });
pub static WEIGHT: Key =
    Key::new("image/object/weight", "list: how much it counts in training", |sample| floats(&sample.objects.weight))
        .when(|columns| columns.weight);
pub static VIEW: Key =
    Key::new("image/object/view", "list: pose", |sample| texts(&sample.objects.view)).when(|columns| columns.view);

const PANOPTIC_TEXT: &str = "PNGs: id of the class, number of the object, for each pixel";
const fn is_panoptic(columns: &Columns) -> bool {
    matches!(columns.maps, Segmentation::Panoptic)
}
const fn is_encoded(columns: &Columns) -> bool {
    matches!(columns.maps, Segmentation::PanopticEncoded)
}
pub static PANOPTIC_CATEGORY: Key =
    Key::new("image/panoptic/category/encoded", PANOPTIC_TEXT, |sample| sample.objects.maps.categories())
        .called("image/panoptic/{category,instance}/encoded")
        .when(is_encoded);
pub static PANOPTIC_CATEGORY_FORMAT: Key =
    Key::new("image/panoptic/category/format", "", |_| Feature::text("png")).silent().when(is_encoded);
pub static CATEGORY_MASK: Key =
    Key::new("image/panoptic/category_mask", PANOPTIC_TEXT, |sample| sample.objects.maps.categories())
        .called("image/panoptic/{category_mask,instance_mask}")
        .when(is_panoptic);
pub static PANOPTIC_INSTANCE: Key =
    Key::new("image/panoptic/instance/encoded", "", |sample| sample.objects.maps.instances()).silent().when(is_encoded);
pub static PANOPTIC_INSTANCE_FORMAT: Key =
    Key::new("image/panoptic/instance/format", "", |_| Feature::text("png")).silent().when(is_encoded);
pub static INSTANCE_MASK: Key =
    Key::new("image/panoptic/instance_mask", "", |sample| sample.objects.maps.instances()).silent().when(is_panoptic);
pub static SEGMENTATION: Key =
    Key::new("image/segmentation/class/encoded", "a PNG: id of the class for each pixel, 0 for none", |sample| {
        sample.objects.maps.semantic()
    })
    .when(|columns| columns.maps != Segmentation::None);
/// Model Garden's numbers of classes.
pub static THINGS_AND_STUFF: Key = Key::new(
    "image/segmentation/class/encoded",
    "a PNG: for each pixel 1 for any thing, id - 90 for stuff, 0 for none",
    |sample| sample.objects.maps.semantic(),
)
.when(|columns| columns.maps != Segmentation::None);
pub static SEGMENTATION_FORMAT: Key = Key::new("image/segmentation/class/format", "", |_| Feature::text("png"))
    .silent()
    .when(|columns| columns.maps != Segmentation::None);

/// TensorFlow Datasets' names. Classes are places in the list of names, from 0.
pub static TFDS_IMAGE: Key = Key::of(&ENCODED, "image", "the image's file, as it was", ENCODED.value);
pub static TFDS_IMAGE_ID: Key = Key::of(&SOURCE_ID, "image/id", "", |sample| {
    // The options allow nothing but numbers.
    Feature::int64(sample.source_id.parse().unwrap_or_default())
});
pub static TFDS_CLASS: Key =
    Key::of(&LABEL, "label", "place of the image's class in the list of names, from 0", |sample| {
        Feature::int64(sample.labels.first().map_or(0, |class| class.index as i64))
    });
pub static TFDS_AREA: Key =
    Key::of(&AREA, "objects/area", "list: whole square pixels", |sample| ints(&sample.objects.whole_area));
/// In the place of four lists.
pub static TFDS_BBOX: Key =
    Key::of(&XMIN, "objects/bbox", "list: ymin, xmin, ymax, xmax of each, fractions of height and width", |sample| {
        let objects = sample.objects;
        let sides = objects.ymin.iter().zip(&objects.xmin).zip(objects.ymax.iter().zip(&objects.xmax));
        Feature::Float(sides.flat_map(|((y0, x0), (y1, x1))| [*y0, *x0, *y1, *x1]).collect())
    });
pub static TFDS_ID: Key = Key::of(&ID, "objects/id", "list: the source's own number of the object", ID.value);
pub static TFDS_IS_CROWD: Key =
    Key::of(&IS_CROWD, "objects/is_crowd", "list: 1 is one box around many", IS_CROWD.value);
pub static TFDS_IS_DIFFICULT: Key =
    Key::of(&DIFFICULT, "objects/is_difficult", "list: 1 is hard to recognise", DIFFICULT.value);
pub static TFDS_IS_OCCLUDED: Key =
    Key::of(&OCCLUDED, "objects/is_occluded", "list: 1 is partly hidden", OCCLUDED.value);
pub static TFDS_IS_TRUNCATED: Key = Key::of(&TRUNCATED, "objects/is_truncated", "list: 1 is cut off", TRUNCATED.value);
pub static TFDS_LABEL: Key =
    Key::of(&CLASS_LABEL, "objects/label", "list: place of the class in the list of names, from 0", |sample| {
        ints(&sample.objects.place)
    });
