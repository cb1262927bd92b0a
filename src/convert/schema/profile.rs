//! What tells one schema from another, as rows of data: which keys a record has and how the values are made for which scripts differ.
//!
//! Besides our own (`tfod`, `classification`) they are those of scripts: the same Examples, key for key, in files of the same names
//! and order. docs/schemas.md says of each which script that is, and where it is wrong and what is done instead.

use super::keys::{self, Key};
use super::scripts::{CREATE_COCO, CREATE_KITTI, CREATE_OID, CREATE_PASCAL, CREATE_PET, MODEL_GARDEN, ROBOFLOW};
use super::tfds;
use crate::convert::columns::Columns;
use crate::convert::options::{Layout, MaskForm, SchemaKind, Segmentation};
use crate::dataset::Split;
use crate::image::Kind;

/// Whether a key is in records whatever the source has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In all.
    Always,
    /// In all, if anything of the source has a value for it.
    Found,
}
use When::{Always, Found};

/// What `image/format` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatWord {
    /// What the bytes are: `jpeg`, `png` ...
    Kind,
    /// This of a JPEG, of all others what they are.
    Jpeg(&'static str),
    /// This, whatever the image is.
    Always(&'static str),
}

impl FormatWord {
    /// The word for an image of `kind`.
    pub fn of(self, kind: Kind) -> &'static str {
        match self {
            Self::Always(word) => word,
            Self::Jpeg(word) if kind == Kind::Jpeg => word,
            Self::Kind | Self::Jpeg(_) => kind.format_name(),
        }
    }
}

/// What `image/filename` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The name of the image's file; its key where another image has a file of that name.
    Own,
    /// The name in the annotation.
    Annotated,
    /// The path below the source's folder.
    Path,
}

/// What `image/source_id` is where no option says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// The source's number where each image has one that no other has, else the place from 1.
    Number,
    /// What `image/filename` says.
    Name,
    /// The same without extension.
    Stem,
}

/// What becomes of boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxForm {
    /// Those over the edge are clipped; otherwise they stay as they are.
    pub clip: bool,
    /// Those are left out that [`SkipRule::Tf`](crate::convert::SkipRule::Tf) leaves out.
    pub skip_tf: bool,
}

/// What the numbers in maps of pixels mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapForm {
    /// There are no maps.
    None,
    /// Ids of classes; objects from 1 in their order.
    Plain,
    /// Model Garden's: in `image/segmentation/class/encoded` 1 for any thing and id - 90 for stuff; things by their place among
    /// the segments, stuff as 0.
    ThingsAndStuff,
}

/// In which order images are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// That of their keys.
    Key,
    /// That of the source's lists.
    Source,
}

/// Which shard of a split an image goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// The first so many to the first, and so on.
    Contiguous,
    /// In turn.
    RoundRobin,
    /// By its name, a number of base 16.
    HexId,
    /// By its place in the source's list, on which others may stand that are not written.
    ByRank,
}

/// Names of files where they are the script's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// For training, validation and testing.
    pub stems: [&'static str; 3],
    /// What stands behind the number.
    pub end: &'static str,
    /// How many there are of each where no option says it; 0 is one without a number.
    pub shards: [u32; 3],
    /// The name of the dataset stands before all.
    pub named: bool,
}

impl Files {
    /// How many files of `split` there are, where no option says it; `None` for one without a number.
    pub fn shards(&self, split: Split) -> Option<u32> {
        Some(self.shards[place(split)]).filter(|count| *count > 0)
    }

    /// The name of file `number` of `count` of `dataset`; of the only one, if there are to be no numbers.
    pub fn name(&self, dataset: &str, split: Split, numbered: Option<(usize, usize)>) -> String {
        let (stem, end) = (self.stems[place(split)], self.end);
        let name = match numbered {
            None => format!("{stem}{end}"),
            Some((number, count)) => format!("{stem}-{number:05}-of-{count:05}{end}"),
        };
        if self.named { format!("{dataset}-{name}") } else { name }
    }
}

/// What a library has beside records to load them by: [`tfds::METADATA`](super::tfds::METADATA), and this.
#[derive(Clone, Copy, Debug)]
pub struct Beside {
    /// Names of the classes, a line each, in the place of a label map.
    pub names: &'static str,
    /// Input and target of a model that trains on it.
    pub supervised: Option<[&'static Key; 2]>,
    /// What README.txt says first of reading the folder.
    pub program: &'static str,
}

const fn place(split: Split) -> usize {
    match split {
        Split::Train => 0,
        Split::Valid => 1,
        Split::Test => 2,
    }
}

/// A schema.
#[derive(Debug)]
pub struct Profile {
    /// The script, as README.txt says it; empty for our own.
    pub script: &'static str,
    /// The keys of a record, sorted.
    pub keys: &'static [(&'static Key, When)],
    /// A list without values is written all the same.
    pub empty_lists: bool,
    /// `image/format`
    pub format: FormatWord,
    /// `image/filename`
    pub filename: Name,
    /// `image/source_id`
    pub source_id: Id,
    /// Boxes.
    pub boxes: BoxForm,
    /// `image/object/mask` where no option says it.
    pub masks: MaskForm,
    /// Maps of pixels, where they are asked for.
    pub maps: MapForm,
    /// Which image comes first.
    pub order: Order,
    /// Which image goes into which file.
    pub assignment: Assignment,
    /// Names of files; by the layout if there are none.
    pub files: Option<Files>,
    /// Names of files where records have masks: of Oxford-IIIT's pets, whose boxes are then those of the bodies, else of the faces.
    pub bodies: Option<Files>,
    /// What is taken in its place for images that have classes and no objects.
    pub of_classes: Option<SchemaKind>,
    /// What a library loads the folder by.
    pub beside: Option<Beside>,
    /// Classes are places in a list of names, from 0; else ids in a label map, from 1.
    pub zero_based: bool,
    /// Areas are whole numbers.
    pub whole_areas: bool,
    /// A record is a clip, of which an image is a frame.
    pub of_clips: bool,
    /// The layout where no option says it.
    pub layout: Layout,
    /// Splits that have a file even if they have no image.
    pub always: &'static [Split],
    /// An object whose class the given label map does not have is left out, and no error.
    pub drops_unknown: bool,
    /// Images that nothing is said of are written, where the format does not say that nothing is on them.
    pub unlisted: bool,
    /// Coordinates of VOC are taken as they are written, whatever they count from.
    pub raw_voc: bool,
}

impl Profile {
    /// Whether records have `key`, under whichever name; if it is only there where something of the source has it: as `found` says.
    fn wants(&self, key: &'static Key, found: bool) -> bool {
        let same =
            |ours: &'static Key| std::ptr::eq(ours, key) || ours.like.is_some_and(|like| std::ptr::eq(like, key));
        self.keys.iter().any(|(ours, when)| same(ours) && (*when == Always || found))
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &'static Key) -> bool {
        self.wants(key, true)
    }

    /// What `key` is called here.
    pub fn name_of(&self, key: &'static Key) -> &'static str {
        let same = |ours: &&'static Key| ours.like.is_some_and(|like| std::ptr::eq(like, key));
        self.keys.iter().map(|(ours, _)| *ours).find(same).map_or(key.name, |ours| ours.name)
    }

    /// Whether another record than those at hand may have no value of the key of this name, or several, where images have classes:
    /// `one_class` each, or another number.
    pub fn is_list(&self, name: &str, one_class: bool) -> bool {
        let of_image = |key: &'static Key| std::ptr::eq(key, &keys::LABELS) || std::ptr::eq(key, &keys::LABEL_TEXTS);
        let may_lack = |key: &'static Key| if of_image(key) { !one_class } else { !self.empty_lists };
        self.keys.iter().any(|(key, when)| key.name == name && *when == Found && may_lack(key))
    }

    /// Whether each image has one class of its own.
    pub fn has_one_class(&self) -> bool {
        self.has(&keys::LABEL)
    }

    /// Whether the dataset has a name, in records or in the names of files.
    pub fn is_named(&self) -> bool {
        self.of_clips || self.files.is_some_and(|files| files.named)
    }

    /// Whether records have objects.
    pub fn has_objects(&self) -> bool {
        self.has(&keys::XMIN)
    }

    /// The lists of the schema, of those that were found.
    pub fn columns(&self, found: Columns) -> Columns {
        let Columns { masks, maps, keypoints, .. } = found;
        Columns {
            sha256: self.wants(&keys::SHA256, found.sha256) && found.sha256,
            difficult: self.wants(&keys::DIFFICULT, found.difficult),
            id: self.wants(&keys::ID, found.id),
            crowd: self.wants(&keys::IS_CROWD, found.crowd),
            masks: if self.has(&keys::MASK) { masks } else { MaskForm::None },
            maps: if self.maps == MapForm::None { Segmentation::None } else { maps },
            occluded: self.wants(&keys::OCCLUDED, found.occluded),
            truncated: self.wants(&keys::TRUNCATED, found.truncated),
            view: self.wants(&keys::VIEW, found.view),
            area: self.wants(&keys::AREA, found.area),
            attributes: self.wants(&keys::ATTRIBUTES, found.attributes),
            confidence: self.wants(&keys::CONFIDENCE, found.confidence),
            corners: self.wants(&keys::CORNERS_X, found.corners),
            depiction: self.wants(&keys::DEPICTION, found.depiction),
            group_of: self.wants(&keys::GROUP_OF, found.group_of),
            track: self.wants(&keys::TRACK, found.track),
            weight: self.wants(&keys::WEIGHT, found.weight),
            keypoints: if self.has(&keys::KEYPOINT_X) { keypoints } else { 0 },
            captions: self.wants(&keys::CAPTION, found.captions),
            labels: self.has(&keys::LABEL) || self.wants(&keys::LABELS, found.labels),
            space: self.has(&keys::ALPHA),
        }
    }
}

impl SchemaKind {
    /// Its row.
    pub(in crate::convert) fn profile(self) -> &'static Profile {
        match self {
            Self::Tfod => &TFOD,
            Self::Sequence => &SEQUENCE,
            Self::Basic => &BASIC,
            Self::Classification => &CLASSIFICATION,
            Self::CreateCoco => &CREATE_COCO,
            Self::CreatePascal => &CREATE_PASCAL,
            Self::CreateKitti => &CREATE_KITTI,
            Self::CreatePet => &CREATE_PET,
            Self::CreateOid => &CREATE_OID,
            Self::ModelGarden => &MODEL_GARDEN,
            Self::Roboflow => &ROBOFLOW,
            Self::Tfds => &TFDS,
            Self::TfdsClassification => &TFDS_CLASSIFICATION,
        }
    }
}

const FITTED: BoxForm = BoxForm { clip: true, skip_tf: false };
pub const AS_WRITTEN: BoxForm = BoxForm { clip: false, skip_tf: false };
pub const COCO_RULE: BoxForm = BoxForm { clip: false, skip_tf: true };

/// What TensorFlow's object detection readers want (the research API's decoder and Model Garden's), which is also all that
/// Roboflow's exports have, and `image/source_id` and `image/key/sha256` besides. Lists are present and empty for an image without
/// objects.
pub const TFOD: Profile = Profile {
    script: "",
    keys: &[
        (&keys::CAPTION, Found),
        (&keys::LABELS, Found),
        (&keys::LABEL_TEXTS, Found),
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::SHA256, Always),
        (&keys::AREA, Found),
        (&keys::ATTRIBUTES, Found),
        (&keys::CONFIDENCE, Found),
        (&keys::XMAX, Always),
        (&keys::XMIN, Always),
        (&keys::YMAX, Always),
        (&keys::YMIN, Always),
        (&keys::CLASS_LABEL, Always),
        (&keys::CLASS_TEXT, Always),
        (&keys::CORNERS_X, Found),
        (&keys::CORNERS_Y, Found),
        (&keys::DEPICTION, Found),
        (&keys::DIFFICULT, Found),
        (&keys::GROUP_OF, Found),
        (&keys::ID, Found),
        (&keys::IS_CROWD, Found),
        (&keys::KEYPOINT_NUM, Found),
        (&keys::KEYPOINT_TEXT, Found),
        (&keys::KEYPOINT_VISIBILITY, Found),
        (&keys::KEYPOINT_X, Found),
        (&keys::KEYPOINT_Y, Found),
        (&keys::MASK, Found),
        (&keys::OCCLUDED, Found),
        (&keys::TRACK, Found),
        (&keys::TRUNCATED, Found),
        (&keys::VIEW, Found),
        (&keys::WEIGHT, Found),
        (&keys::PANOPTIC_CATEGORY, Found),
        (&keys::PANOPTIC_CATEGORY_FORMAT, Found),
        (&keys::CATEGORY_MASK, Found),
        (&keys::PANOPTIC_INSTANCE, Found),
        (&keys::PANOPTIC_INSTANCE_FORMAT, Found),
        (&keys::INSTANCE_MASK, Found),
        (&keys::SEGMENTATION, Found),
        (&keys::SEGMENTATION_FORMAT, Found),
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    empty_lists: true,
    format: FormatWord::Kind,
    filename: Name::Own,
    source_id: Id::Number,
    boxes: FITTED,
    masks: MaskForm::Png,
    maps: MapForm::Plain,
    order: Order::Key,
    assignment: Assignment::Contiguous,
    files: None,
    bodies: None,
    of_classes: None,
    beside: None,
    zero_based: false,
    whole_areas: false,
    of_clips: false,
    layout: Layout::Flat,
    always: &[],
    drops_unknown: false,
    unlisted: false,
    raw_voc: false,
};

/// A frame is as an Example is, with other names: [`sequence`](super::sequence).
const SEQUENCE: Profile = Profile { of_clips: true, ..TFOD };

/// The 12 keys of Dat Tran's `generate_tfrecord.py` (datitran/raccoon_dataset), which half of the tutorials copy, with its values:
/// the name as the CSV has it as `image/filename` and `image/source_id`, and `jpg` as `image/format` whatever the image is.
const BASIC: Profile = Profile {
    script: "",
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
        (&keys::SOURCE_ID, Always),
        (&keys::WIDTH, Always),
    ],
    empty_lists: true,
    format: FormatWord::Always("jpg"),
    filename: Name::Annotated,
    source_id: Id::Name,
    masks: MaskForm::None,
    maps: MapForm::None,
    ..TFOD
};

/// One class an image, in the keys of TF-Slim's and Model Garden's classification records. Keras' losses want classes from 0, so
/// subtract 1. An image of no class or of several has no record: that is a problem, which stops the run or is skipped.
const CLASSIFICATION: Profile = Profile {
    script: "",
    keys: &[
        (&keys::LABEL, Always),
        (&keys::LABEL_TEXT, Always),
        (&keys::ENCODED, Always),
        (&keys::FILENAME, Always),
        (&keys::FORMAT, Always),
        (&keys::HEIGHT, Always),
        (&keys::WIDTH, Always),
    ],
    masks: MaskForm::None,
    maps: MapForm::None,
    ..TFOD
};

/// What TensorFlow Datasets writes of its own `coco`, and the flags of its other detection datasets: [`tfds`](super::tfds) has
/// the files beside it.
const TFDS: Profile = Profile {
    script: "",
    keys: &[
        (&keys::TFDS_IMAGE, Always),
        (&keys::FILENAME, Always),
        (&keys::TFDS_IMAGE_ID, Always),
        (&keys::TFDS_AREA, Found),
        (&keys::TFDS_BBOX, Always),
        (&keys::TFDS_ID, Found),
        (&keys::TFDS_IS_CROWD, Found),
        (&keys::TFDS_IS_DIFFICULT, Found),
        (&keys::TFDS_IS_OCCLUDED, Found),
        (&keys::TFDS_IS_TRUNCATED, Found),
        (&keys::TFDS_LABEL, Always),
    ],
    masks: MaskForm::None,
    maps: MapForm::None,
    files: Some(Files {
        stems: ["train.tfrecord", "validation.tfrecord", "test.tfrecord"],
        end: "",
        shards: [1, 1, 1],
        named: true,
    }),
    of_classes: Some(SchemaKind::TfdsClassification),
    beside: Some(tfds::DETECTION),
    zero_based: true,
    whole_areas: true,
    ..TFOD
};

/// What its `ImageFolder` has, and its own datasets of images of one class each.
const TFDS_CLASSIFICATION: Profile = Profile {
    keys: &[(&keys::TFDS_IMAGE, Always), (&keys::FILENAME, Always), (&keys::TFDS_CLASS, Always)],
    of_classes: None,
    beside: Some(tfds::CLASSIFICATION),
    whole_areas: false,
    ..TFDS
};
