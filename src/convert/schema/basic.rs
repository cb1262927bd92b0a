//! `basic`: the 12 keys of Dat Tran's `generate_tfrecord.py` (datitran/raccoon_dataset), which half of the tutorials
//! copy, with its values: the name as the CSV has it as `image/filename` and `image/source_id`, and `jpg` as
//! `image/format` whatever the image is.

use super::{Features, Sample, floats, ints};
use crate::example::Feature;

pub(super) fn features<'a>(sample: &'a Sample<'a>) -> Features<'a> {
    let objects = sample.objects;
    vec![
        ("image/encoded", Feature::Hole(sample.encoded_len)),
        ("image/filename", Feature::text(sample.annotated_name)),
        ("image/format", Feature::text("jpg")),
        ("image/height", Feature::int64(sample.header.height.into())),
        ("image/object/bbox/xmax", floats(&objects.xmax)),
        ("image/object/bbox/xmin", floats(&objects.xmin)),
        ("image/object/bbox/ymax", floats(&objects.ymax)),
        ("image/object/bbox/ymin", floats(&objects.ymin)),
        ("image/object/class/label", ints(&objects.label)),
        ("image/object/class/text", Feature::Bytes(objects.text.clone())),
        ("image/source_id", Feature::text(sample.annotated_name)),
        ("image/width", Feature::int64(sample.header.width.into())),
    ]
}
