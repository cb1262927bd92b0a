//! `sequence`: one `tf.train.SequenceExample` a clip, in the layout of the Object Detection API's `seq_example_util.py`, which is
//! that of MediaPipe's media sequences; its `tf_sequence_example_decoder.py` reads it.
//!
//! ```text
//! | of the clip                         | kind  | value                                                                    |
//! |-------------------------------------|-------|--------------------------------------------------------------------------|
//! | clip/start/timestamp, clip/end/...  | int64 | those of the first and the last frame                                    |
//! | clip/frames                         | int64 | how many there are                                                       |
//! | clip/media_id                       | bytes | name of the clip                                                         |
//! | example/dataset_name                | bytes | what `--group` says, else `dataset`                                      |
//! | image/channels                      | int64 | 3, as in the script: what decoders make of any image                     |
//! | image/format                        | bytes | jpeg, png ..., by the bytes                                              |
//! | image/height, image/width           | int64 | of all frames                                                            |
//!
//! | of each frame                       | kind  | value                                                                    |
//! |-------------------------------------|-------|--------------------------------------------------------------------------|
//! | image/encoded                       | bytes | the image's file                                                         |
//! | image/source_id                     | bytes | as in `tfod`                                                             |
//! | image/timestamp                     | int64 | number of the frame ([`crate::convert::clips::timestamps`])              |
//! | region/bbox/{xmin,xmax,ymin,ymax}   | float | a value for each object, fractions of width and height                   |
//! | region/is_annotated                 | int64 | 0 where no annotation names the frame                                    |
//! | region/label/{index,string}         | int64, bytes | a value for each object: id and name in the label map             |
//! | region/label/confidence             | float | where the source has scores; decoders take it for the object's weight    |
//! | region/{is_occluded,track/index}    | int64 | where the source has it; MediaPipe's keys                                |
//! | image/filename                      | bytes | not in the script: name of the image's file                              |
//! | region/{area,mask,attribute/NAME ...} | ... | not in the script: what `tfod` has below `image/object/`, if the source has it |
//! ```
//!
//! A list has a feature for each frame, without a kind where the frame has no object, as the script leaves it. What decoders do
//! not ask for they do not see.

use std::borrow::Cow;

use super::{Sample, features};
use crate::convert::options::SchemaKind;
use crate::example::Feature;
use crate::inspect::sequence::{OF_CLIP, list_of};

/// Keys and values of a frame, but for its image.
pub fn of_frame<'a>(sample: &'a Sample<'a>) -> impl Iterator<Item = (Cow<'a, str>, Feature<'a>)> {
    let features = features(SchemaKind::Sequence.profile(), sample);
    let own = |key: &str| key != "image/encoded" && !OF_CLIP.contains(&key);
    features.into_iter().filter(move |(key, _)| own(key)).map(|(key, feature)| (list_of(key), feature))
}
