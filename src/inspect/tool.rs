//! Which tool probably wrote a file, and why that is thought.
//!
//! Tools are known by the keys that they write, and by values that others do not write: formats of images, what the source's id
//! is, the order of the keys on the wire (protobuf's own is random from run to run). What they write was read in their sources, and
//! of Roboflow measured on its exports.
//!
//! ```text
//! recordmill          recordmill.json beside the file; else sorted keys with image/key/sha256 and every list always there
//! Roboflow            11 keys, no image/source_id, no image/key/sha256; names NAME.rf.HEX.jpg
//! create_coco         image/object/{area,is_crowd}; research: no class/label; Model Garden: format jpg; TPU models: jpeg
//! create_pascal, pet  image/object/{difficult,truncated,view} and image/key/sha256
//! create_kitti        image/object/{alpha,3d_bbox/*}
//! Open Images         image/object/{group_of,depiction}, no image/format
//! Datumaro            image/key/sha256 without those, image/source_id empty
//! generate_tfrecord   Dat Tran's: 12 keys, format jpg, image/source_id is the file's name
//! FiftyOne            the same keys, names with folders, labels from 0; classification: image_bytes, depth
//! panlabel            boxes without image/encoded
//! TensorFlow Datasets image, objects/bbox; image, label
//! TF-Slim             image/class/label with image/format and size, no object; ImageNet: image/class/synset
//! NVIDIA TAO          frame/id, target/object_class
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::schema::Schema;
use crate::example::{Features, Values};
use crate::formats::tree::OURS;

/// Records of a file that are looked at for this.
const MAX_RECORDS: u64 = 1000;
/// Bytes of a manifest that is still read.
const MAX_MANIFEST: u64 = 64 << 20;

const NAME: &str = "image/filename";
const ID: &str = "image/source_id";
const SHA256: &str = "image/key/sha256";
const ENCODED: &str = "image/encoded";
const LABEL: &str = "image/object/class/label";
const TEXT: &str = "image/object/class/text";
const XMIN: &str = "image/object/bbox/xmin";

/// Keys of Roboflow's export: those of [`DAT_TRAN`] without the source's id.
const ROBOFLOW: [&str; 11] = [
    ENCODED,
    NAME,
    "image/format",
    "image/height",
    "image/object/bbox/xmax",
    XMIN,
    "image/object/bbox/ymax",
    "image/object/bbox/ymin",
    LABEL,
    TEXT,
    "image/width",
];

/// A tool, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenBy {
    /// The tool's name.
    pub tool: &'static str,
    /// What speaks for it.
    pub why: Vec<String>,
}

/// What the first records say of who wrote them, beyond their schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Clues {
    looked_at: u64,
    sorted: u64,
    roboflow_names: u64,
    names_with_folder: u64,
    id_is_name: u64,
    id_is_empty: u64,
}

impl Clues {
    /// Looks at a record.
    pub(super) fn add(&mut self, features: &Features<'_>) {
        if self.looked_at == MAX_RECORDS {
            return;
        }
        self.looked_at += 1;
        let mut last = None;
        let sorted = features.iter().all(|(key, _)| last.replace(key).is_none_or(|last| last < key));
        let single = |key| features.get(key).and_then(Values::as_bytes).and_then(|list| list.single());
        let (name, id) = (single(NAME), single(ID));
        let mut count = |counter: fn(&mut Self) -> &mut u64, holds: bool| *counter(self) += u64::from(holds);
        count(|clues| &mut clues.sorted, sorted);
        count(|clues| &mut clues.roboflow_names, name.is_some_and(is_roboflow_name));
        count(|clues| &mut clues.names_with_folder, name.is_some_and(|name| name.contains(&b'/')));
        count(|clues| &mut clues.id_is_name, id.is_some_and(|id| !id.is_empty() && Some(id) == name));
        count(|clues| &mut clues.id_is_empty, id.is_some_and(<[u8]>::is_empty));
    }

    /// Adds what another has seen.
    pub(super) fn merge(&mut self, other: &Self) {
        self.looked_at += other.looked_at;
        self.sorted += other.sorted;
        self.roboflow_names += other.roboflow_names;
        self.names_with_folder += other.names_with_folder;
        self.id_is_name += other.id_is_name;
        self.id_is_empty += other.id_is_empty;
    }

    fn all(&self, count: u64) -> bool {
        self.looked_at > 0 && count == self.looked_at
    }
}

/// `IMG_1_jpg.rf.0123456789abcdef0123456789abcdef.jpg`
fn is_roboflow_name(name: &[u8]) -> bool {
    let Some((stem, _)) = std::str::from_utf8(name).ok().and_then(|name| name.rsplit_once('.')) else { return false };
    stem.rsplit_once(".rf.")
        .is_some_and(|(_, hash)| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The manifest beside `file`, or above it, that says that it is one of ours.
pub(super) fn manifest_of(file: &Path) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Manifest {
        recordmill: String,
        files: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let lists = |folder: &Path, name: &str| -> Option<bool> {
        let path = folder.join(OURS);
        if fs::metadata(&path).ok()?.len() > MAX_MANIFEST {
            return None;
        }
        let manifest: Manifest = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        Some(!manifest.recordmill.is_empty() && manifest.files.iter().any(|file| file.name == name))
    };
    let name = file.file_name()?.to_str()?;
    let folder = file.parent()?;
    if lists(folder, name) == Some(true) {
        return Some("recordmill.json beside it lists it");
    }
    // With a folder for each split.
    let split = std::path::absolute(folder).ok()?;
    let above = format!("{}/{name}", split.file_name()?.to_str()?);
    (lists(split.parent()?, &above) == Some(true)).then_some("recordmill.json above it lists it")
}

/// Who wrote records that are like this.
pub(super) fn written_by(schema: &Schema, clues: &Clues) -> Option<WrittenBy> {
    let facts = Facts { keys: schema.features.iter().map(|feature| feature.key.as_str()).collect(), schema, clues };
    if schema.examples == 0 {
        return None;
    }
    TOOLS.iter().find_map(|(tool, test)| Some(WrittenBy { tool, why: test(&facts)? }))
}

struct Facts<'s> {
    keys: BTreeSet<&'s str>,
    schema: &'s Schema,
    clues: &'s Clues,
}

impl Facts<'_> {
    fn has(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.keys.contains(key))
    }

    fn has_none(&self, keys: &[&str]) -> bool {
        !keys.iter().any(|key| self.keys.contains(key))
    }

    /// These keys and no others, each in every record.
    fn exactly(&self, keys: &[&str]) -> bool {
        keys.len() == self.keys.len() && self.always(keys)
    }

    fn always(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.schema.feature(key).is_some_and(|feature| feature.present == self.schema.examples))
    }

    /// Whether all images say that they are of this format, to the letter.
    fn format(&self, name: &str) -> bool {
        let values = self.schema.feature("image/format").and_then(|feature| feature.bytes.as_ref()?.distinct.as_ref());
        values.is_some_and(|values| values.len() == 1 && values.iter().all(|value| value.value == name))
    }

    fn least_label(&self) -> Option<i64> {
        self.schema.feature(LABEL)?.int64.as_ref().map(|values| values.min)
    }
}

type Test = fn(&Facts<'_>) -> Option<Vec<String>>;

fn why<const N: usize>(holds: bool, reasons: [&str; N]) -> Option<Vec<String>> {
    holds.then(|| reasons.map(str::to_owned).to_vec())
}

/// The first that fits; what is more special comes first.
const TOOLS: [(&str, Test); 18] = [
    ("NVIDIA TAO", |facts| {
        let keys = facts.has(&["frame/id", "target/object_class"]);
        why(keys, ["frame/id and target/object_class are its keys"])
    }),
    ("FiftyOne, classification", |facts| {
        let keys = facts.has(&["image_bytes", "label", "filename", "height", "width", "depth"]);
        why(keys, ["image_bytes, depth and label are its keys"])
    }),
    ("TensorFlow Datasets, VOC", |facts| {
        why(facts.has(&["image", "objects/bbox", "labels_no_difficult"]), ["labels_no_difficult is its key"])
    }),
    ("TensorFlow Datasets, detection", |facts| {
        let keys = facts.has(&["image", "objects/bbox"]);
        why(keys, ["image and objects/bbox are its keys"])
    }),
    ("TensorFlow Datasets, classification", |facts| {
        let image = facts.schema.feature("image").is_some_and(|feature| feature.looks_like == "image");
        let keys = facts.always(&["image", "label"]) && facts.has_none(&[ENCODED]);
        why(keys && image, ["an image in image and a number in label are its keys"])
    }),
    ("TF-Slim, build_imagenet_data.py", |facts| {
        why(facts.has(&[ENCODED, "image/class/synset"]), ["image/class/synset is its key"])
    }),
    ("TF-Slim, dataset_utils.py", |facts| {
        let keys = [ENCODED, "image/format", "image/class/label", "image/height", "image/width"];
        why(facts.exactly(&keys), ["exactly the 5 keys of image_to_tfexample"])
    }),
    ("TensorFlow's create_kitti_tf_record.py", |facts| {
        let keys = facts.has(&[XMIN, "image/object/alpha"]) || facts.has(&[XMIN, "image/object/3d_bbox/height"]);
        why(keys, ["image/object/alpha and 3d_bbox/* are its keys"])
    }),
    ("TensorFlow's create_oid_tf_record.py", |facts| {
        let keys = facts.has(&[XMIN, "image/object/group_of", "image/object/depiction"]);
        let none = facts.has_none(&["image/format"]);
        why(keys && none, ["image/object/group_of and depiction are its keys", "it writes no image/format"])
    }),
    ("Roboflow", |facts| {
        let names = facts.clues.all(facts.clues.roboflow_names);
        let mut reasons =
            why(facts.exactly(&ROBOFLOW), ["exactly its 11 keys, with neither image/source_id nor sha256"])
                .or_else(|| why(names && facts.has(&[XMIN, ENCODED]), ["its keys"]))?;
        if names {
            reasons.push("files are called NAME.rf.HEX".into());
        }
        Some(reasons)
    }),
    ("recordmill", |facts| {
        let keys = [ENCODED, NAME, "image/format", ID, SHA256, LABEL, TEXT, XMIN];
        let sorted = facts.clues.all(facts.clues.sorted);
        why(
            facts.always(&keys) && sorted,
            ["its keys are in every record, empty where an image has no object", "keys stand in sorted order"],
        )
    }),
    ("panlabel", |facts| why(facts.has(&[XMIN, TEXT]) && facts.has_none(&[ENCODED]), ["boxes without image/encoded"])),
    ("TensorFlow's create_coco_tf_record.py", |facts| {
        let keys = facts.has(&["image/object/area", "image/object/is_crowd", SHA256]);
        let reason = "image/object/area, is_crowd and image/key/sha256 are its keys";
        match (facts.has(&[LABEL]), facts.format("jpg")) {
            (false, _) => why(keys, [reason, "no class/label: that of models/research"]),
            (true, true) => why(keys, [reason, "image/format is jpg: that of Model Garden"]),
            (true, false) => {
                why(keys && facts.format("jpeg"), [reason, "class/label and format jpeg: that of tpu/tools"])
            }
        }
    }),
    ("TensorFlow's create_pascal_tf_record.py or create_pet_tf_record.py", |facts| {
        let keys = ["image/object/difficult", "image/object/truncated", "image/object/view", SHA256, LABEL, TEXT];
        let id = facts.clues.all(facts.clues.id_is_name);
        why(
            facts.has(&keys) && id,
            ["image/object/difficult, truncated and view are its keys", "image/source_id is the file's name"],
        )
    }),
    ("Datumaro", |facts| {
        let keys = facts.has(&[NAME, SHA256, ID]) && facts.has_none(&["image/object/area", "image/object/difficult"]);
        let empty = facts.clues.all(facts.clues.id_is_empty);
        why(keys && empty, ["image/key/sha256 with an empty image/source_id"])
    }),
    ("FiftyOne", |facts| {
        let keys = facts.has(&[ENCODED, XMIN, TEXT]) && facts.has_none(&[SHA256]);
        let paths = facts.clues.all(facts.clues.id_is_name) && facts.clues.all(facts.clues.names_with_folder);
        let zero = facts.least_label() == Some(0);
        why(
            keys && paths && zero,
            ["image/source_id and image/filename are whole paths", "labels count from 0", "no image/key/sha256"],
        )
    }),
    ("recordmill, --schema basic", |facts| {
        let sorted = facts.clues.looked_at > 1 && facts.clues.all(facts.clues.sorted);
        why(is_dat_tran(facts) && sorted, ["the 12 keys of generate_tfrecord.py", "keys stand in sorted order"])
    }),
    ("Dat Tran's generate_tfrecord.py", |facts| {
        why(is_dat_tran(facts), ["exactly its 12 keys", "image/source_id is the file's name", "image/format is jpg"])
    }),
];

/// The keys and values of `generate_tfrecord.py` (datitran/raccoon_dataset), which hundreds of tutorials copied.
fn is_dat_tran(facts: &Facts<'_>) -> bool {
    let keys: Vec<&str> = ROBOFLOW.iter().copied().chain([ID]).collect();
    facts.exactly(&keys) && facts.format("jpg") && facts.clues.all(facts.clues.id_is_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{Feature, decode, encode};
    use crate::inspect::SchemaBuilder;

    /// Keys in this order on the wire; values that say nothing, but for those that are given.
    fn tool(keys: &[&str], values: &[(&str, Feature<'static>)]) -> Option<&'static str> {
        let feature = |key: &str| {
            let given = values.iter().find(|(known, _)| *known == key).map(|(_, feature)| feature.clone());
            given.unwrap_or_else(|| match key {
                "image/format" => Feature::text("jpeg"),
                LABEL => Feature::int64(1),
                NAME | ID | TEXT | SHA256 => Feature::text("x"),
                _ => Feature::Float(vec![0.5].into()),
            })
        };
        let mut builder = SchemaBuilder::default();
        let mut clues = Clues::default();
        for _ in 0..2 {
            // `encode` sorts; Examples that are put together keep their order.
            let record: Vec<u8> = keys.iter().flat_map(|key| encode(&[(key, feature(key))])).collect();
            builder.add(&record);
            clues.add(&decode(&record).expect("an Example").features);
        }
        written_by(&builder.finish(), &clues).map(|found| found.tool)
    }

    fn reversed<'k>(keys: &[&'k str]) -> Vec<&'k str> {
        keys.iter().rev().copied().collect()
    }

    #[test]
    fn tools_are_known_by_what_they_write() {
        let jpg = || ("image/format", Feature::text("jpg"));
        assert_eq!(tool(&ROBOFLOW, &[]), Some("Roboflow"));
        let dat_tran: Vec<&str> = ROBOFLOW.iter().copied().chain([ID]).collect();
        assert_eq!(tool(&dat_tran, &[jpg()]), Some("Dat Tran's generate_tfrecord.py"));
        let mut sorted = dat_tran.clone();
        sorted.sort_unstable();
        assert_eq!(tool(&sorted, &[jpg()]), Some("recordmill, --schema basic"));
        let paths = [(NAME, Feature::text("/d/x.jpg")), (ID, Feature::text("/d/x.jpg")), (LABEL, Feature::int64(0))];
        assert_eq!(tool(&dat_tran, &paths), Some("FiftyOne"));
        assert_eq!(tool(&sorted, &[]), None, "the format is another");

        let with_sha: Vec<&str> = reversed(&dat_tran).into_iter().chain([SHA256]).collect();
        assert_eq!(tool(&with_sha, &[(ID, Feature::text(""))]), Some("Datumaro"));
        let mut ours = with_sha.clone();
        ours.sort_unstable();
        assert_eq!(tool(&ours, &[]), Some("recordmill"));
        let coco: Vec<&str> = with_sha.iter().copied().chain(["image/object/is_crowd", "image/object/area"]).collect();
        assert_eq!(tool(&coco, &[]), Some("TensorFlow's create_coco_tf_record.py"));
        let research: Vec<&str> = coco.iter().copied().filter(|key| *key != LABEL).collect();
        assert_eq!(tool(&research, &[]), Some("TensorFlow's create_coco_tf_record.py"));
        let more = ["image/object/view", "image/object/difficult", "image/object/truncated"];
        let pascal: Vec<&str> = with_sha.iter().copied().chain(more).collect();
        assert_eq!(tool(&pascal, &[]), Some("TensorFlow's create_pascal_tf_record.py or create_pet_tf_record.py"));
        let kitti: Vec<&str> = with_sha.iter().copied().chain(["image/object/alpha"]).collect();
        assert_eq!(tool(&kitti, &[]), Some("TensorFlow's create_kitti_tf_record.py"));
        let oid = [TEXT, XMIN, "image/object/group_of", "image/object/depiction", ENCODED];
        assert_eq!(tool(&oid, &[]), Some("TensorFlow's create_oid_tf_record.py"));

        assert_eq!(tool(&[XMIN, TEXT, "image/width"], &[]), Some("panlabel"));
        assert_eq!(tool(&["frame/id", "target/object_class"], &[]), Some("NVIDIA TAO"));
        let one = ["image_bytes", "label", "filename", "height", "width", "depth", "format"];
        assert_eq!(tool(&one, &[]), Some("FiftyOne, classification"));
        assert_eq!(tool(&["image", "objects/bbox", "objects/label"], &[]), Some("TensorFlow Datasets, detection"));
        assert_eq!(tool(&["image", "label"], &[]), None, "no image");
        let slim = ["image/width", "image/height", "image/class/label", "image/format", ENCODED];
        assert_eq!(tool(&slim, &[]), Some("TF-Slim, dataset_utils.py"));
        assert_eq!(tool(&["x", "y"], &[]), None);
    }

    #[test]
    fn names_of_roboflow() {
        assert!(is_roboflow_name(b"a_jpg.rf.0123456789abcdef0123456789ABCDEF.jpg"));
        for name in ["a.jpg", "a.rf.0123.jpg", "a_jpg.rf.0123456789abcdef0123456789abcdeg.jpg", ""] {
            assert!(!is_roboflow_name(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_manifest_names_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = r#"{"recordmill": "0.1", "files": [{"name": "a.tfrecord"}, {"name": "train/b.tfrecord"}]}"#;
        fs::write(folder.path().join(OURS), text).expect("written");
        fs::create_dir(folder.path().join("train")).expect("made");
        let of = |name: &str| manifest_of(&folder.path().join(name));
        assert_eq!(of("a.tfrecord"), Some("recordmill.json beside it lists it"));
        assert_eq!(of("train/b.tfrecord"), Some("recordmill.json above it lists it"));
        assert_eq!((of("b.tfrecord"), of("train/a.tfrecord")), (None, None));
    }
}
