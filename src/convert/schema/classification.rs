//! `classification`: one class an image, in the keys of TF-Slim's and Model Garden's classification records.
//!
//! ```text
//! | feature                   | kind  | value                                                            |
//! |---------------------------|-------|------------------------------------------------------------------|
//! | image/class/label         | int64 | id in the label map, from 1 as everywhere: Keras' losses want 0, so subtract 1 |
//! | image/class/text          | bytes | name in the label map                                            |
//! | image/encoded             | bytes | the image's file as it is                                        |
//! | image/filename            | bytes | name of that file                                                |
//! | image/format              | bytes | jpeg, png ..., by its bytes                                      |
//! | image/height, image/width | int64 | of the stored pixels, by the image itself                        |
//! ```
//!
//! An image of no class or of several has no record: that is a problem, which stops the run or is skipped.

use super::{Features, Sample};
use crate::convert::plan::PlannedClass;
use crate::example::Feature;

pub(super) fn features<'a>(sample: &'a Sample<'a>) -> Features<'a> {
    let (label, text) = sample.labels.first().map_or((0, ""), |class| (class.id, &*class.name));
    vec![
        ("image/class/label", Feature::int64(label)),
        ("image/class/text", Feature::text(text)),
        ("image/encoded", Feature::Hole(sample.encoded_len)),
        ("image/filename", Feature::text(sample.filename)),
        ("image/format", Feature::text(sample.header.kind.format_name())),
        ("image/height", Feature::int64(sample.header.height.into())),
        ("image/width", Feature::int64(sample.header.width.into())),
    ]
}

/// Why an image of these classes has no record.
pub fn refusal(labels: &[&PlannedClass]) -> Option<String> {
    let Some((first, rest)) = labels.split_first() else {
        return Some("no class, and schema classification has one for each image".to_owned());
    };
    let second = rest.iter().find(|class| class.id != first.id)?;
    let number = labels.len();
    Some(format!(
        "{number} classes ({:?}, {:?} ...), and schema classification has one for each image; schema tfod has lists of them",
        first.name, second.name
    ))
}
