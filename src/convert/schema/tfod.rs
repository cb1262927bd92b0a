//! `tfod`: what TensorFlow's object detection readers want (the research API's decoder and Model Garden's), which is
//! also all that Roboflow's exports have, and `image/source_id` and `image/key/sha256` besides.
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
//! | image/panoptic/*, image/segmentation/class/* | bytes | PNGs of numbers of classes and objects; where asked for |
//! ```
//!
//! Lists are present and empty for an image without objects.

use std::borrow::Cow;

use super::{Features, SHA256_LEN, Sample, floats, ints};
use crate::example::Feature;

pub(super) fn features<'a>(sample: &'a Sample<'a>) -> Features<'a> {
    let objects = sample.objects;
    let columns = sample.columns;
    let header = &sample.header;
    let mut features: Features<'a> = Vec::with_capacity(42);
    if columns.captions {
        let texts = sample.captions.iter().map(|text| Cow::Borrowed(text.as_bytes()));
        features.push(("image/caption", Feature::Bytes(texts.collect())));
    }
    if columns.labels {
        let (ids, names) = sample.labels.iter().map(|class| (class.id, Cow::Borrowed(class.name.as_bytes()))).unzip();
        features.push(("image/class/label", Feature::Int64(Cow::Owned(ids))));
        features.push(("image/class/text", Feature::Bytes(names)));
    }
    features.push(("image/encoded", Feature::Hole(sample.encoded_len)));
    features.push(("image/filename", Feature::text(sample.filename)));
    features.push(("image/format", Feature::text(header.kind.format_name())));
    features.push(("image/height", Feature::int64(header.height.into())));
    if sample.sha256 {
        features.push(("image/key/sha256", Feature::Hole(SHA256_LEN)));
    }
    if columns.area {
        features.push(("image/object/area", floats(&objects.area)));
    }
    features.extend(objects.attributes.features(sample.attributes, objects.len()));
    if columns.confidence {
        features.push(("image/object/bbox/confidence", floats(&objects.confidence)));
    }
    features.push(("image/object/bbox/xmax", floats(&objects.xmax)));
    features.push(("image/object/bbox/xmin", floats(&objects.xmin)));
    features.push(("image/object/bbox/ymax", floats(&objects.ymax)));
    features.push(("image/object/bbox/ymin", floats(&objects.ymin)));
    features.push(("image/object/class/label", ints(&objects.label)));
    features.push(("image/object/class/text", Feature::Bytes(objects.text.clone())));
    if columns.corners {
        let [x, y] = &objects.corners;
        features.push(("image/object/corners/x", floats(x)));
        features.push(("image/object/corners/y", floats(y)));
    }
    if columns.depiction {
        features.push(("image/object/depiction", ints(&objects.depiction)));
    }
    if columns.difficult {
        features.push(("image/object/difficult", ints(&objects.difficult)));
    }
    if columns.group_of {
        features.push(("image/object/group_of", ints(&objects.crowd)));
    }
    if columns.id {
        features.push(("image/object/id", ints(&objects.id)));
    }
    if columns.crowd {
        features.push(("image/object/is_crowd", ints(&objects.crowd)));
    }
    if columns.keypoints > 0 {
        let keypoints = &objects.keypoints;
        features.push(("image/object/keypoint/num", ints(&keypoints.num)));
        features.push(("image/object/keypoint/text", Feature::Bytes(keypoints.text.clone())));
        features.push(("image/object/keypoint/visibility", ints(&keypoints.visibility)));
        features.push(("image/object/keypoint/x", floats(&keypoints.x)));
        features.push(("image/object/keypoint/y", floats(&keypoints.y)));
    }
    if let Some(masks) = objects.masks.feature(columns.masks) {
        features.push(("image/object/mask", masks));
    }
    if columns.occluded {
        features.push(("image/object/occluded", ints(&objects.occluded)));
    }
    if columns.track {
        features.push(("image/object/track/label", ints(&objects.track)));
    }
    if columns.truncated {
        features.push(("image/object/truncated", ints(&objects.truncated)));
    }
    if columns.view {
        features.push(("image/object/view", Feature::Bytes(objects.view.clone())));
    }
    objects.maps.add(columns.maps, &mut features);
    features.push(("image/source_id", Feature::text(sample.source_id)));
    features.push(("image/width", Feature::int64(header.width.into())));
    features
}
