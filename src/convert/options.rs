//! What a conversion can be asked for.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::boxes::{BoxRules, SkipRule};
use super::error::ConvertError;
use super::reencode::Reencode;
use super::schema::{MapForm, keys};
use super::select::Selection;
use super::split::SplitRule;
use crate::dataset::{Dataset, LabelMap};
use crate::formats::{Format, LoadOptions, Pets, parallel};
use crate::record::{Compression, deflate};

/// Everything that a conversion can be asked for. The default is what the command line does without options.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the source is read.
    pub load: LoadOptions,
    /// The format to write; `None` is TFRecord.
    pub target: Option<&'static Format>,
    /// What becomes of the image files; not for TFRecord, which has them inside.
    pub images_mode: ImagesMode,
    /// What the target cannot hold is an error.
    pub no_loss: bool,
    /// Which image goes into which split.
    pub split: SplitRule,
    /// Exact counts in the splits, in place of hash against ratio; see [`super::split`].
    pub exact_split: bool,
    /// How many files a split is cut into.
    pub shards: ShardRule,
    /// Images in an order by the hash of seed and key, in place of the dataset's.
    pub shuffle: bool,
    /// For `split`, `shuffle` and the sample.
    pub seed: u64,
    /// Which features a record has.
    pub schema: SchemaKind,
    /// How records have the masks of objects.
    pub masks: MaskForm,
    /// Which maps of classes and objects records have.
    pub segmentation: Segmentation,
    /// Names and folders of the output.
    pub layout: Layout,
    /// Name of the files in [`Layout::Roboflow`], there `objects` if `None`; of the dataset in [`SchemaKind::Sequence`] and
    /// those that TensorFlow Datasets loads, there `dataset`.
    pub group: Option<String>,
    /// Around each file.
    pub compression: Compression,
    /// 0 to 9; `None` is zlib's own default.
    pub level: Option<u32>,
    /// Where ids come from.
    pub labels: LabelSource,
    /// Which images are encoded anew.
    pub reencode: Reencode,
    /// Turn images upright, as their EXIF orientation says, and all that was drawn on them.
    pub auto_orient: bool,
    /// What stands in `image/source_id`.
    pub source_id: SourceId,
    /// Whether `image/key/sha256` is written.
    pub sha256: bool,
    /// Whether the report and the manifest have the SHA-256 of each file.
    pub file_sha256: bool,
    /// Leave out images without objects.
    pub drop_empty: bool,
    /// What of the dataset is taken, and under which names of classes.
    pub select: Selection,
    /// Which boxes are left out.
    pub skip_rule: SkipRule,
    /// Any correction of a box is an error.
    pub strict: bool,
    /// What happens when an image or an annotation cannot be used.
    pub on_error: OnError,
    /// Do everything but write; the report then has the sizes that the files would have.
    pub dry_run: bool,
    /// Replace files of an earlier run.
    pub overwrite: bool,
    /// A result without images or without boxes is no error.
    pub allow_empty: bool,
    /// Threads; 0 takes as many as the machine has.
    pub workers: usize,
    /// Wait until files and their names are on the disk.
    pub sync: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            load: LoadOptions::default(),
            target: None,
            images_mode: ImagesMode::Copy,
            no_loss: false,
            split: SplitRule::Keep,
            exact_split: false,
            shards: ShardRule::One,
            shuffle: false,
            seed: 0,
            schema: SchemaKind::Tfod,
            masks: MaskForm::Auto,
            segmentation: Segmentation::None,
            layout: Layout::Flat,
            group: None,
            compression: Compression::None,
            level: None,
            labels: LabelSource::Made,
            source_id: SourceId::Auto,
            reencode: Reencode::Auto,
            auto_orient: false,
            sha256: true,
            file_sha256: true,
            drop_empty: false,
            select: Selection::default(),
            skip_rule: SkipRule::None,
            strict: false,
            on_error: OnError::Stop,
            dry_run: false,
            overwrite: false,
            allow_empty: false,
            workers: 0,
            sync: true,
        }
    }
}

impl Options {
    /// The name of the files in [`Layout::Roboflow`].
    pub(super) fn group(&self) -> &str {
        self.group.as_deref().unwrap_or("objects")
    }

    /// The name of the dataset, in records or names of files that have it.
    pub(super) fn dataset_name(&self) -> &str {
        self.group.as_deref().unwrap_or("dataset")
    }

    /// Refuses options that mean nothing.
    pub(super) fn check(&self) -> Result<(), ConvertError> {
        deflate::check_level(self.level)?;
        self.select.check()?;
        let group = self.group();
        let bad = group.is_empty()
            || group.starts_with('.')
            || group.len() > 100
            || group
                .chars()
                .any(|c| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'));
        if bad {
            return Err(ConvertError::Option(format!("group {group:?} cannot be the name of a file")));
        }
        if let Some(option) = self.target.and_then(|_| self.of_records()) {
            return Err(ConvertError::Option(format!("{option} means nothing but for TFRecord")));
        }
        if self.target.is_none() && self.images_mode != ImagesMode::Copy {
            return Err(ConvertError::Option("images_mode means nothing for TFRecord: images are inside".into()));
        }
        if self.strict && self.on_error == OnError::Skip {
            let message = "strict and on_error skip exclude each other: the one refuses what is not right, the other leaves it out";
            return Err(ConvertError::Option(message.into()));
        }
        let (profile, schema) = (self.schema.profile(), self.schema);
        let drawn = matches!(self.masks, MaskForm::Png | MaskForm::Numerical);
        let odd = [
            ("masks", drawn && !profile.has(&keys::MASK)),
            ("segmentation", self.segmentation != Segmentation::None && profile.maps == MapForm::None),
            (
                "segmentation panoptic-encoded",
                self.segmentation == Segmentation::PanopticEncoded && !profile.has(&keys::PANOPTIC_CATEGORY),
            ),
            ("source_id", self.source_id != SourceId::Auto && !profile.has(&keys::SOURCE_ID)),
            ("layout roboflow", self.layout == Layout::Roboflow && profile.files.is_some()),
        ];
        if let Some((option, _)) = odd.iter().find(|(_, odd)| *odd) {
            return Err(ConvertError::Option(format!("{option} means nothing with schema {schema}")));
        }
        if profile.beside.is_some() {
            self.check_tfds()?;
        }
        let lonely = [
            ("exact_split", self.exact_split && self.split == SplitRule::Keep, "split"),
            ("level", self.level.is_some() && self.compression == Compression::None, "compression"),
            (
                "group",
                self.group.is_some() && self.settled().layout != Layout::Roboflow && !profile.is_named(),
                "layout roboflow",
            ),
        ];
        if let Some((option, _, needs)) = lonely.iter().find(|(_, lonely, _)| *lonely) {
            return Err(ConvertError::Option(format!("{option} means nothing without {needs}")));
        }
        let of_clips = [("drop_empty", self.drop_empty), ("sample", self.select.sample.is_some())];
        if let Some((option, _)) = of_clips.iter().find(|(_, set)| *set && profile.of_clips) {
            let message = format!("{option} is about images, and with schema sequence each belongs to its clip");
            return Err(ConvertError::Option(message));
        }
        if self.auto_orient && self.reencode == Reencode::Never {
            return Err(ConvertError::Option(
                "auto_orient turns pixels, and with reencode never no image changes".into(),
            ));
        }
        if self.shards == ShardRule::Count(0) {
            return Err(ConvertError::Option("shards 0: there must be at least one".into()));
        }
        Ok(())
    }

    /// Refuses what TensorFlow Datasets could not load.
    fn check_tfds(&self) -> Result<(), ConvertError> {
        let name = self.dataset_name();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let error = |message: String| Err(ConvertError::Option(message));
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
            return error(format!(
                "group {name:?} cannot be the name of a dataset in schema {}: a lower case letter, then lower case letters, \
                 digits and underscores",
                self.schema
            ));
        }
        if self.compression != Compression::None {
            let word = self.compression.name();
            return error(format!(
                "compression {word}: TensorFlow Datasets reads files as schema {} has them without",
                self.schema
            ));
        }
        if matches!(self.source_id, SourceId::Filename | SourceId::Stem) {
            return error(format!("source_id {}: image/id is a number in schema {}", self.source_id, self.schema));
        }
        Ok(())
    }

    /// The same with what the schema says wherever nothing else was asked for.
    pub(super) fn settled(&self) -> Self {
        let profile = self.schema.profile();
        let mut settled = self.clone();
        if self.target.is_some() {
            return settled;
        }
        if self.masks == MaskForm::Auto {
            settled.masks = profile.masks;
        }
        if self.layout == Layout::Flat {
            settled.layout = profile.layout;
        }
        if profile.boxes.skip_tf {
            settled.skip_rule = SkipRule::Tf;
        }
        if profile.raw_voc && self.load.voc_one_based.is_none() {
            settled.load.voc_one_based = Some(false);
        }
        settled.load.unlisted |= profile.unlisted;
        if profile.bodies.is_some() {
            let bodies = matches!(settled.masks, MaskForm::Png | MaskForm::Numerical);
            settled.load.pets = Some(if bodies { Pets::Bodies } else { Pets::Faces });
        }
        settled
    }

    /// The same in the form that the schema has for datasets such as `dataset`.
    pub(super) fn formed(&self, dataset: &Dataset) -> Result<Cow<'_, Self>, ConvertError> {
        let of_classes = dataset.objects.is_empty() && !dataset.images.labels.is_empty();
        match self.schema.profile().of_classes.filter(|_| of_classes) {
            None => Ok(Cow::Borrowed(self)),
            Some(schema) => {
                let formed = Self { schema, ..self.clone() };
                formed.check()?;
                Ok(Cow::Owned(formed))
            }
        }
    }

    /// An option that is about records and was set.
    fn of_records(&self) -> Option<&'static str> {
        let plain = Self::default();
        let set = [
            ("schema", self.schema != plain.schema),
            ("layout", self.layout != plain.layout),
            ("group", self.group.is_some()),
            ("shards", self.shards != plain.shards),
            ("compression", self.compression != plain.compression),
            ("level", self.level.is_some()),
            ("masks", self.masks != plain.masks),
            ("segmentation", self.segmentation != plain.segmentation),
            ("source_id", self.source_id != plain.source_id),
            ("reencode", self.reencode != plain.reencode),
            ("auto_orient", self.auto_orient),
            ("shuffle", self.shuffle),
            ("sha256", !self.sha256),
            ("file_sha256", !self.file_sha256),
        ];
        set.into_iter().find_map(|(option, set)| set.then_some(option))
    }

    /// Which boxes are left out.
    pub(super) fn box_rules(&self) -> BoxRules {
        let clip = self.target.is_some() || self.schema.profile().boxes.clip;
        BoxRules { skip_rule: self.skip_rule, clip, min_size: self.select.min_box_size.unwrap_or(0.0) }
    }

    /// The number of threads.
    pub(super) fn threads(&self) -> usize {
        parallel::threads(self.workers)
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in options and reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one called `name`.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.name())
            }
        }
    };
}

words! {
    /// Which features a record has.
    SchemaKind {
        /// What TensorFlow's object detection readers want, and Roboflow's exports have.
        #[default]
        Tfod = "tfod",
        /// The 12 keys of Dat Tran's `generate_tfrecord.py`, with its values.
        Basic = "basic",
        /// One class an image, no objects.
        Classification = "classification",
        /// A clip of frames, with tracks, as TensorFlow's `seq_example_util.py` has it.
        Sequence = "sequence",
        /// The research object detection API's `create_coco_tf_record.py`.
        CreateCoco = "create_coco",
        /// Its `create_pascal_tf_record.py`.
        CreatePascal = "create_pascal",
        /// Its `create_kitti_tf_record.py`.
        CreateKitti = "create_kitti",
        /// Its `create_pet_tf_record.py`.
        CreatePet = "create_pet",
        /// Its `create_oid_tf_record.py`.
        CreateOid = "create_oid",
        /// Model Garden's `create_coco_tf_record.py`.
        ModelGarden = "model_garden",
        /// Roboflow's export.
        Roboflow = "roboflow",
        /// A dataset that TensorFlow Datasets loads from its folder: of objects; of images that have classes and no objects the next.
        Tfds = "tfds",
        /// The same of images that have one class each, whatever is on them.
        TfdsClassification = "tfds_classification",
    }
}

words! {
    /// How records have the masks of objects, where the source has outlines or masks.
    MaskForm {
        /// As the schema has them where nothing is said: as PNG in tfod, not at all in those of scripts.
        Auto = "auto",
        /// As PNG images, 8 bit gray, 0 and 1.
        Png = "png",
        /// As a number for each pixel, 0.0 and 1.0, row by row.
        Numerical = "numerical",
        /// Not at all; outlines and masks are then not even read.
        #[default]
        None = "none",
    }
}

words! {
    /// Which maps of classes and objects records have, where the source has outlines or masks; see [`super::schema`].
    Segmentation {
        /// None.
        #[default]
        None = "none",
        /// Of classes (`image/segmentation/class/encoded`), as deeplab and Model Garden read it.
        Semantic = "semantic",
        /// Of classes and objects, too (`image/panoptic/{category_mask,instance_mask}`).
        Panoptic = "panoptic",
        /// The same under Model Garden's other names (`image/panoptic/{category,instance}/encoded`).
        PanopticEncoded = "panoptic-encoded",
    }
}

words! {
    /// What becomes of image files beside a dataset that is written.
    ImagesMode {
        /// They are copied.
        #[default]
        Copy = "copy",
        /// They get a second name (a hard link); copied where the file system has none.
        Link = "link",
        /// They stay where they are.
        None = "none",
    }
}

words! {
    /// Names and folders of the output.
    Layout {
        /// `train.tfrecord`, `valid.tfrecord`, `label_map.pbtxt` side by side.
        #[default]
        Flat = "flat",
        /// `train/<group>.tfrecord` and `train/<group>_label_map.pbtxt`, as Roboflow exports.
        Roboflow = "roboflow",
    }
}

words! {
    /// What stands in `image/source_id`.
    SourceId {
        /// `id` where each image has one that no other has, else `index`.
        #[default]
        Auto = "auto",
        /// The image's place in the source, from 1: Model Garden's evaluation needs an integer.
        Index = "index",
        /// The source's own id (COCO).
        Id = "id",
        /// The file's name.
        Filename = "filename",
        /// The same without extension: what Open Images calls an image.
        Stem = "stem",
    }
}

words! {
    /// What happens when an image or an annotation cannot be used.
    OnError {
        /// Everything is checked, all problems are listed, nothing is written.
        #[default]
        Stop = "stop",
        /// What cannot be used is left out and listed.
        Skip = "skip",
    }
}

/// Where the ids of classes come from.
#[derive(Clone, Debug, Default)]
pub enum LabelSource {
    /// Made from the source, see [`super::labels`].
    #[default]
    Made,
    /// This map, and no other classes.
    Map(LabelMap),
    /// The map in this file, and no other classes.
    File(PathBuf),
}

/// How many files a split is cut into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShardRule {
    /// One.
    #[default]
    One,
    /// So many, with as near as can be the same number of images; fewer where a split has fewer images.
    Count(u32),
    /// As many as are needed for none to be larger than so many bytes, before compression. An image that is larger has
    /// a file of its own.
    Size(u64),
}

impl ShardRule {
    /// Reads a size such as `200MB`, `1.5GiB`, `500k` or a number of bytes. KB, MB, GB and TB (the B may be missing)
    /// are powers of 1000, KiB, MiB, GiB and TiB of 1024; letter case does not count.
    pub fn parse_size(text: &str) -> Result<Self, String> {
        let error = |why: &str| Err(format!("size {text:?}: {why}"));
        let trimmed = text.trim();
        let unit_at = trimmed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(unit_at);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" | "kb" => 1e3,
            "m" | "mb" => 1e6,
            "g" | "gb" => 1e9,
            "t" | "tb" => 1e12,
            "kib" => 1024.0,
            "mib" => 1_048_576.0,
            "gib" => 1_073_741_824.0,
            "tib" => 1_099_511_627_776.0,
            _ => return error("expected a number and one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"),
        };
        match number.trim().parse::<f64>() {
            Ok(value) if value.is_finite() && value * factor >= 1.0 && value * factor <= 1e18 => {
                Ok(Self::Size((value * factor) as u64))
            }
            _ => error("expected a number of at least one byte, as in 200MB"),
        }
    }
}

impl fmt::Display for ShardRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => formatter.write_str("1"),
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Size(bytes) => write!(formatter, "{bytes}B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let rows = [
            ("200MB", 200_000_000),
            ("200 mb", 200_000_000),
            ("1.5GiB", 1_610_612_736),
            ("500k", 500_000),
            ("1024", 1024),
            ("64KiB", 65_536),
            ("1b", 1),
        ];
        for (text, bytes) in rows {
            assert_eq!(ShardRule::parse_size(text), Ok(ShardRule::Size(bytes)), "{text}");
        }
        let unit = "expected a number and one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB";
        assert_eq!(ShardRule::parse_size("200MX"), Err(format!("size \"200MX\": {unit}")));
        let number = "expected a number of at least one byte, as in 200MB";
        for text in ["", "MB", "0", "-1MB", "0.5", "99999999999TB", "nan"] {
            let got = ShardRule::parse_size(text);
            assert!(got == Err(format!("size {text:?}: {number}")) || got == Err(format!("size {text:?}: {unit}")));
        }
    }

    #[test]
    fn words_lead_back() {
        for kind in SchemaKind::ALL {
            assert_eq!(SchemaKind::from_name(kind.name()), Some(*kind));
        }
        assert_eq!(Layout::from_name("Flat"), None);
        assert_eq!(OnError::default().to_string(), "stop");
        assert_eq!(SourceId::ALL.len(), 5);
    }
}
