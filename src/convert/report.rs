//! What a run did: counts that add up, files, and every problem with its place.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::labels::UnknownClass;
use super::losses::Loss;
use super::options::{Options, SchemaKind};
use crate::dataset::{Place, ProblemKind, Problems, Severity, Skipped, Split};

/// What a run did. Its JSON is what `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The source's format.
    pub format: String,
    /// Why it was taken for that.
    pub reasons: Vec<String>,
    /// The format that was written: `tfrecord`, or a name of the registry.
    pub target: String,
    /// The folder that was written to.
    #[serde(serialize_with = "path_text")]
    pub output: PathBuf,
    /// Nothing was written; sizes are those that files would have.
    pub dry_run: bool,
    /// Which features a record has; none where the target has no records.
    pub schema: Option<SchemaKind>,
    /// What the target cannot hold, by what it is.
    pub losses: Vec<Loss>,
    /// Images in the records.
    pub images: u64,
    /// Objects in the records.
    pub objects: u64,
    /// Images in the source; an annotation file of one image that cannot be read counts as one.
    pub images_read: u64,
    /// Objects in the source, those that cannot be understood among them; what stands twice counts once.
    pub objects_read: u64,
    /// Images in the output of which nothing is said: no object, class or caption.
    pub empty_images: u64,
    /// Images in the output that are not the bytes of their files: see [`super::Reencode`].
    pub reencoded: u64,
    /// What was left out. `images + skipped.images == images_read`, and the same for objects.
    pub skipped: Skipped,
    /// The label map, with what is in the records.
    pub classes: Vec<ClassCount>,
    /// What went into each split.
    pub splits: Vec<SplitCount>,
    /// The record files.
    pub files: Vec<FileReport>,
    /// Annotation files that are not records.
    pub annotation_files: u64,
    /// Image files beside them.
    pub image_files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// Classes that the given label map does not have, the most frequent first.
    pub unknown_classes: Vec<UnknownClass>,
    /// How many problems of each kind.
    #[serde(serialize_with = "counts")]
    pub problem_counts: BTreeMap<ProblemKind, u64>,
    /// The problems, in the order of the source's files, then of the records.
    #[serde(serialize_with = "problems")]
    pub problems: Problems,
}

/// Why objects are left out of records that have the classes of images alone.
pub const NO_OBJECTS: &str = "no-objects";
/// The same of a segment that is no thing: it is in maps, and has no box.
pub const STUFF: &str = "stuff";
/// Why images without objects are missing that nothing is wrong with.
pub const DROP_EMPTY: &str = "drop-empty";

/// A path as text; what is not UTF-8 in it is marked, since JSON has no way to say it.
fn path_text<S: Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// A class of the label map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// Number in the records.
    pub id: i64,
    /// Name in the records.
    pub name: String,
    /// Objects in the records.
    pub objects: u64,
    /// Images in the records with at least one of them.
    pub images: u64,
}

/// A split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitCount {
    /// Which.
    #[serde(serialize_with = "split")]
    pub name: Split,
    /// Images in its records.
    pub images: u64,
    /// Objects in its records.
    pub objects: u64,
    /// Its files, relative to the output folder.
    pub files: Vec<String>,
}

/// A record file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Relative to the output folder, with `/`.
    pub name: String,
    /// What it belongs to.
    #[serde(serialize_with = "split")]
    pub split: Split,
    /// Records in it.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
    /// CRC-32C of its bytes, in hex, as object stores know it; none in a dry run.
    pub crc32c: Option<String>,
    /// SHA-256 of its bytes, in hex; none in a dry run, and where it was not asked for.
    pub sha256: Option<String>,
}

fn split<S: Serializer>(split: &Split, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(split.name())
}

pub(super) fn counts<S: Serializer>(counts: &BTreeMap<ProblemKind, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|(kind, count)| (kind.word(), count)))
}

pub(super) fn problems<S: Serializer>(problems: &Problems, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Row<'a> {
        kind: ProblemKind,
        severity: Severity,
        place: &'a Place,
        message: &'a str,
    }
    let mut rows = serializer.serialize_seq(None)?;
    for problem in problems.iter() {
        rows.serialize_element(&Row {
            kind: problem.kind,
            severity: problem.kind.severity(),
            place: &problem.place,
            message: &problem.message,
        })?;
    }
    rows.end()
}

impl Report {
    /// Whether something was left out because it could not be used: the command line exits with 1 then.
    pub fn has_errors(&self) -> bool {
        self.problems.count(Severity::Error) > 0
    }

    /// Says of how many images nobody knows whether their boxes were drawn on them turned.
    pub(super) fn say_maybe_turned(&mut self) {
        if let Some(count) = self.problem_counts.get(&ProblemKind::MaybeTurned) {
            self.reasons.push(format!(
                "images of which nothing tells whether they were annotated turned, as EXIF orientation says: {count}; boxes \
                 are taken in the stored pixels (--drawn-stored), --drawn-turned turns them"
            ));
        }
    }

    /// Says which of the splits that were asked for have no image.
    pub(super) fn say_empty_splits(&mut self, options: &Options) {
        for split in options.split.asked() {
            if self.splits.iter().all(|count| count.name != split || count.images == 0) {
                self.reasons.push(format!("split {split} has no image"));
            }
        }
    }

    /// What stands in the way, in one line.
    pub fn refusal(&self) -> String {
        // Corrections stand in the way only where nothing worse does (`--strict`).
        let worst = if self.has_errors() { Severity::Error } else { Severity::Fixed };
        let kinds = self.problem_counts.iter().filter(|(kind, _)| kind.severity() == worst);
        let parts: Vec<String> = kinds.map(|(kind, count)| format!("{count} {}", kind.word())).collect();
        let mut line = format!("nothing was written: {}", parts.join(", "));
        if !self.unknown_classes.is_empty() {
            line += &format!("; {}", super::labels::summary(&self.unknown_classes));
        }
        line
    }

    /// The ledger: what was read is what was written and what was left out, and the parts are the whole.
    pub(super) fn balance(&self) -> Result<(), String> {
        let reasons = || self.skipped.reasons.values();
        let records = match self.schema {
            // A record is a clip of many.
            Some(schema) if schema.profile().of_clips => self.images,
            Some(_) => self.files.iter().map(|file| file.records).sum(),
            None => self.images,
        };
        let sums = [
            ("images read", self.images_read, "written and left out", self.images + self.skipped.images),
            ("objects read", self.objects_read, "written and left out", self.objects + self.skipped.objects),
            ("images", self.images, "in splits", self.splits.iter().map(|split| split.images).sum()),
            ("objects", self.objects, "in splits", self.splits.iter().map(|split| split.objects).sum()),
            ("images", self.images, "in files", records),
            ("objects", self.objects, "in classes", self.classes.iter().map(|class| class.objects).sum()),
            ("images left out", self.skipped.images, "by reason", reasons().map(|count| count.images).sum()),
            ("objects left out", self.skipped.objects, "by reason", reasons().map(|count| count.objects).sum()),
        ];
        match sums.iter().find(|(_, left, _, right)| left != right) {
            None => Ok(()),
            Some((what, left, other, right)) => Err(format!("{left} {what}, but {right} {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut problems = Problems::default();
        problems.push(ProblemKind::SwappedCorners, Place::line("a/017.xml", 23), "xmax 640 < xmin 655");
        let mut skipped = Skipped::default();
        skipped.image("bad-image", 2);
        skipped.object("empty-box");
        Report {
            format: "voc".into(),
            reasons: vec!["3 xml files".into()],
            output: "out".into(),
            dry_run: false,
            target: "tfrecord".into(),
            schema: Some(SchemaKind::Tfod),
            losses: Vec::new(),
            images: 1,
            objects: 1,
            images_read: 2,
            objects_read: 4,
            empty_images: 0,
            reencoded: 0,
            skipped,
            classes: vec![ClassCount { id: 1, name: "cat".into(), objects: 1, images: 1 }],
            splits: vec![SplitCount {
                name: Split::Train,
                images: 1,
                objects: 1,
                files: vec!["train.tfrecord".into()],
            }],
            files: vec![FileReport {
                name: "train.tfrecord".into(),
                split: Split::Train,
                records: 1,
                bytes: 99,
                crc32c: Some("00c0ffee".into()),
                sha256: None,
            }],
            annotation_files: 0,
            image_files: 0,
            bytes: 99,
            seconds: 0.5,
            unknown_classes: Vec::new(),
            problem_counts: problems.counts().clone(),
            problems,
        }
    }

    #[test]
    fn json_is_the_contract() {
        let json = serde_json::to_value(report()).unwrap();
        let expected = serde_json::json!({
            "format": "voc", "reasons": ["3 xml files"], "target": "tfrecord", "output": "out", "dry_run": false, "schema": "tfod",
            "losses": [], "annotation_files": 0, "image_files": 0,
            "images": 1, "objects": 1, "images_read": 2, "objects_read": 4, "empty_images": 0, "reencoded": 0,
            "skipped": {"images": 1, "objects": 3, "reasons": {
                "bad-image": {"images": 1, "objects": 2}, "empty-box": {"images": 0, "objects": 1}}},
            "classes": [{"id": 1, "name": "cat", "objects": 1, "images": 1}],
            "splits": [{"name": "train", "images": 1, "objects": 1, "files": ["train.tfrecord"]}],
            "files": [{"name": "train.tfrecord", "split": "train", "records": 1, "bytes": 99, "crc32c": "00c0ffee", "sha256": null}],
            "bytes": 99, "seconds": 0.5, "unknown_classes": [],
            "problem_counts": {"swapped-corners": 1},
            "problems": [{"kind": "swapped-corners", "severity": "fixed",
                "place": {"path": "a/017.xml", "line": 23}, "message": "xmax 640 < xmin 655"}],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn the_ledger_must_balance() {
        assert_eq!(report().balance(), Ok(()));
        let lost = Report { objects_read: 5, ..report() };
        assert_eq!(lost.balance(), Err("5 objects read, but 4 written and left out".into()));
        let lost = Report { files: Vec::new(), ..report() };
        assert_eq!(lost.balance(), Err("1 images, but 0 in files".into()));
    }

    #[test]
    fn a_refusal_is_one_line() {
        assert_eq!(report().refusal(), "nothing was written: 1 swapped-corners");
    }
}
