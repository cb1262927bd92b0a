//! Names of lists in SequenceExamples of clips: the layout of the Object Detection API's `seq_example_util.py` and of MediaPipe's
//! media sequences calls `region/` what an Example calls `image/object/`.

use std::borrow::Cow;

use crate::example::{Features, SequenceExample, Values};

/// What has another name than by that rule.
const RENAMED: [(&str, &str); 5] = [
    ("image/object/bbox/confidence", "region/label/confidence"),
    ("image/object/class/label", "region/label/index"),
    ("image/object/class/text", "region/label/string"),
    ("image/object/occluded", "region/is_occluded"),
    ("image/object/track/label", "region/track/index"),
];
const OBJECT: &str = "image/object/";
const REGION: &str = "region/";

/// What stands before the keys of predictions, which others write beside the truth.
pub const PREDICTED: &str = "predicted/";

/// What is said of the clip and not of each frame.
pub const OF_CLIP: [&str; 3] = ["image/format", "image/height", "image/width"];

/// The list of what has the key `key` in an Example.
pub fn list_of(key: &str) -> Cow<'_, str> {
    if let Some((_, list)) = RENAMED.iter().find(|(known, _)| *known == key) {
        return Cow::Borrowed(list);
    }
    key.strip_prefix(OBJECT).map_or(Cow::Borrowed(key), |rest| Cow::Owned(format!("{REGION}{rest}")))
}

/// The key that what stands in `list` has in an Example.
pub fn key_of(list: &str) -> Cow<'_, str> {
    if let Some((key, _)) = RENAMED.iter().find(|(_, known)| *known == list) {
        return Cow::Borrowed(key);
    }
    list.strip_prefix(REGION).map_or(Cow::Borrowed(list), |rest| Cow::Owned(format!("{OBJECT}{rest}")))
}

/// What an image has, by the keys of an Example.
#[derive(Clone, Copy)]
pub(super) enum View<'v, 'a> {
    /// The features of an Example.
    Example(&'v Features<'a>),
    /// A frame of a clip.
    Frame(&'v SequenceExample<'a>, usize),
}

impl<'v, 'a> View<'v, 'a> {
    /// The values of `key`.
    pub fn get(self, key: &str) -> Option<&'v Values<'a>> {
        match self {
            Self::Example(features) => features.get(key),
            Self::Frame(clip, _) if OF_CLIP.contains(&key) => clip.context.get(key),
            Self::Frame(clip, step) => clip.feature_lists.get(&list_of(key))?.get(step),
        }
    }

    /// What `key` is called there.
    pub fn name(self, key: &str) -> Cow<'_, str> {
        match self {
            Self::Example(_) => Cow::Borrowed(key),
            Self::Frame(..) => list_of(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_there_and_back() {
        let rows = [
            ("image/object/bbox/ymin", "region/bbox/ymin"),
            ("image/object/class/text", "region/label/string"),
            ("image/object/attribute/a/b", "region/attribute/a/b"),
            ("image/object/track/label", "region/track/index"),
            ("image/caption", "image/caption"),
        ];
        for (key, list) in rows {
            assert_eq!((&*list_of(key), &*key_of(list)), (list, key));
        }
    }
}
