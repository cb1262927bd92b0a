//! The schemas of scripts; docs/schemas.md tells of each.

use super::keys;
use super::profile::When::{Always, Found};
use super::profile::{AS_WRITTEN, Assignment, COCO_RULE, Files, FormatWord, Id, MapForm, Name, Order, Profile, TFOD};
use crate::convert::options::{Layout, MaskForm};
use crate::dataset::Split;

/// The research object detection API's `dataset_tools/create_coco_tf_record.py`: no `class/label`, since its readers look the
/// text up in a label map.
pub const CREATE_COCO: Profile = Profile {
    script: "TensorFlow's object_detection/dataset_tools/create_coco_tf_record.py",
    keys: &[
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::SHA256, Always),
        (&keys::AREA, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::IS_CROWD, Always),
        (&keys::MASK, Found),
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    format: FormatWord::Jpeg("jpeg"),
    filename: Name::Annotated,
    boxes: COCO_RULE,
    masks: MaskForm::None,
    maps: MapForm::None,
    order: Order::Source,
    assignment: Assignment::RoundRobin,
    files: Some(Files {
        stems: ["coco_train.record", "coco_val.record", "coco_testdev.record"],
        end: "",
        shards: [100, 10, 100],
        named: false,
    }),
    ..TFOD
};

/// Model Garden's `official/vision/data/create_coco_tf_record.py`: an image whose boxes are none, or none left, has no lists.
pub const MODEL_GARDEN: Profile = Profile {
    script: "TensorFlow's official/vision/data/create_coco_tf_record.py",
    keys: &[
        (&keys::CAPTION, Found),
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::SHA256, Always),
        (&keys::AREA, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::IS_CROWD, Always),
        (&keys::MASK, Found),
        (&keys::CATEGORY_MASK, Found),
        (&keys::INSTANCE_MASK, Found),
        (&keys::THINGS_AND_STUFF, Found),
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    empty_lists: false,
    format: FormatWord::Jpeg("jpg"),
    maps: MapForm::ThingsAndStuff,
    files: Some(Files { stems: ["train", "val", "test"], end: ".tfrecord", shards: [32, 32, 32], named: false }),
    ..CREATE_COCO
};

/// The research object detection API's `dataset_tools/create_pascal_tf_record.py`: boxes as the XML has them.
pub const CREATE_PASCAL: Profile = Profile {
    script: "TensorFlow's object_detection/dataset_tools/create_pascal_tf_record.py",
    keys: &[
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::SHA256, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::DIFFICULT, Always),
        (&keys::TRUNCATED, Always),
        (&keys::VIEW, Always),
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    source_id: Id::Name,
    boxes: AS_WRITTEN,
    assignment: Assignment::RoundRobin,
    files: Some(Files {
        stems: ["pascal_train.record", "pascal_val.record", "pascal_test.record"],
        end: "",
        shards: [0, 0, 0],
        named: false,
    }),
    raw_voc: true,
    ..CREATE_COCO
};

/// The research object detection API's `dataset_tools/create_kitti_tf_record.py`; see [`crate::convert::scripted`].
pub const CREATE_KITTI: Profile = Profile {
    script: "TensorFlow's object_detection/dataset_tools/create_kitti_tf_record.py",
    keys: &[
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::SHA256, Always),
        (&keys::SPACE_HEIGHT, Always),
        (&keys::SPACE_LENGTH, Always),
        (&keys::SPACE_ROTATION, Always),
        (&keys::SPACE_WIDTH, Always),
        (&keys::SPACE_X, Always),
        (&keys::SPACE_Y, Always),
        (&keys::SPACE_Z, Always),
        (&keys::ALPHA, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::DIFFICULT, Always),
        (&keys::TRUNCATED_PART, Always),
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    format: FormatWord::Kind,
    filename: Name::Path,
    source_id: Id::Name,
    boxes: AS_WRITTEN,
    order: Order::Key,
    assignment: Assignment::RoundRobin,
    files: Some(Files {
        stems: ["kitti_train.tfrecord", "kitti_val.tfrecord", "kitti_test.tfrecord"],
        end: "",
        shards: [0, 0, 0],
        named: false,
    }),
    always: &[Split::Train, Split::Valid],
    ..CREATE_COCO
};

/// The research object detection API's `dataset_tools/create_pet_tf_record.py`; masks are what it calls the full body.
pub const CREATE_PET: Profile = Profile {
    script: "TensorFlow's object_detection/dataset_tools/create_pet_tf_record.py",
    keys: &[
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::SHA256, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::DIFFICULT, Always),
        (&keys::MASK, Found),
        (&keys::TRUNCATED, Always),
        (&keys::VIEW, Always),
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    assignment: Assignment::ByRank,
    files: Some(Files {
        stems: ["pet_faces_train.record", "pet_faces_val.record", "pet_faces_test.record"],
        end: "",
        shards: [10, 10, 10],
        named: false,
    }),
    bodies: Some(Files {
        stems: [
            "pets_fullbody_with_masks_train.record",
            "pets_fullbody_with_masks_val.record",
            "pets_fullbody_with_masks_test.record",
        ],
        end: "",
        shards: [10, 10, 10],
        named: false,
    }),
    always: &[Split::Train, Split::Valid],
    ..CREATE_PASCAL
};

/// The research object detection API's `dataset_tools/create_oid_tf_record.py`: no size, no format, no digest.
pub const CREATE_OID: Profile = Profile {
    script: "TensorFlow's object_detection/dataset_tools/create_oid_tf_record.py",
    keys: &[
        (&keys::LABELS, Found),
        (&keys::LABEL_TEXTS, Found),
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::DEPICTION, Always),
        (&keys::GROUP_OF, Always),
        (&keys::OCCLUDED, Always),
        (&keys::TRUNCATED, Always),
        (&keys::SOURCE_ID, Always),
    ],
    filename: Name::Own,
    source_id: Id::Stem,
    boxes: AS_WRITTEN,
    order: Order::Key,
    assignment: Assignment::HexId,
    files: Some(Files {
        stems: ["oid_train.tfrecord", "oid_val.tfrecord", "oid_test.tfrecord"],
        end: "",
        shards: [100, 100, 100],
        named: false,
    }),
    drops_unknown: true,
    unlisted: true,
    ..CREATE_COCO
};

/// What Roboflow exports as TFRecord: in each split's folder one file, and its label map.
pub const ROBOFLOW: Profile = Profile {
    script: "Roboflow's export",
    keys: &[
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::WIDTH, Always),
    ],
    masks: MaskForm::None,
    maps: MapForm::None,
    layout: Layout::Roboflow,
    ..TFOD
};
