//! Which split a path speaks of.
//!
//! A split is named by a whole folder (`train/`, `images/val2017/`), by a folder that adds a word of its trade
//! (`test_images/`), or by the first or last word of an annotation file's name (`train_labels.csv`,
//! `instances_val2017.json`), or by the one word in which it differs from its sister's (`voc_train_v2.csv`, `voc_test_v2.csv`).
//! Never by a bare substring: `contest/` holds no test set.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::tree::{Tree, file_name, stem_of};
use crate::dataset::Split;
use crate::image::is_image_name;

/// Words that stand beside a split in a folder's name.
const TRADE: [&str; 16] = [
    "image",
    "images",
    "img",
    "imgs",
    "jpg",
    "label",
    "labels",
    "annotation",
    "annotations",
    "annots",
    "xml",
    "xmls",
    "set",
    "data",
    "dataset",
    // The dataset of that name: WIDER_train.
    "wider",
];

/// The split that a word names; digits behind it (`val2017`) do not count, and `trainval` is to be trained with.
pub fn of_word(word: &str) -> Option<Split> {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    // The part of COCO's test images that most results are of.
    if ["testdev", "test-dev", "test_dev"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
        return Some(Split::Test);
    }
    if word.eq_ignore_ascii_case("trainval") {
        return Some(Split::Train);
    }
    Split::from_word(word)
}

fn words(name: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    name.split(['_', '-', '.', ' ']).filter(|word| !word.is_empty())
}

fn of_folder_name(name: &str) -> Option<Split> {
    if let Some(split) = of_word(name) {
        return Some(split);
    }
    let mut named = words(name).filter(|word| !TRADE.iter().any(|trade| trade.eq_ignore_ascii_case(word)));
    let split = of_word(named.next()?)?;
    named.all(|word| word.bytes().all(|byte| byte.is_ascii_digit())).then_some(split)
}

/// The split that the folders of `path` name, the innermost first. The last component is taken for a file.
pub fn of_folders(path: &str) -> Option<Split> {
    path.split('/').rev().skip(1).find_map(of_folder_name)
}

/// The split that an annotation file's own name, or what it has before its sisters, or else its folders, name.
pub fn of_annotation_file(tree: &Tree, path: &str) -> Option<Split> {
    of_name(path).or_else(|| Sisters::of(tree).split_of(path)).or_else(|| of_folders(path))
}

/// The split that the first or last word of a file's name is.
fn of_name(path: &str) -> Option<Split> {
    let stem = stem_of(path).to_ascii_lowercase().replace("test-dev", "testdev").replace("test_dev", "testdev");
    let mut own = words(&stem);
    own.next().and_then(of_word).or_else(|| own.next_back().and_then(of_word))
}

/// Names of files that are the same but for the word of a split.
#[derive(Clone)]
struct Sisters(Arc<HashMap<String, BTreeSet<Split>>>);

impl Sisters {
    fn of(tree: &Tree) -> Self {
        tree.once(|| {
            let mut families: HashMap<String, BTreeSet<Split>> = HashMap::new();
            for (family, split) in
                tree.files().filter(|(_, file)| !file.image).filter_map(|(_, file)| family(&file.path))
            {
                families.entry(family).or_default().insert(split);
            }
            families.retain(|_, splits| splits.len() > 1);
            Self(Arc::new(families))
        })
    }

    fn split_of(&self, path: &str) -> Option<Split> {
        if self.0.is_empty() {
            return None;
        }
        let (family, split) = family(path)?;
        self.0.contains_key(&family).then_some(split)
    }
}

/// The one split that the words of a file's name have, and the name with a star in that place. Numbers do not count:
/// shards of one split are one family. A word may be glued to its trade (`trainset`, `minival2017`).
fn family(path: &str) -> Option<(String, Split)> {
    let name = file_name(path).to_ascii_lowercase();
    let worded = |word: &str| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let word = word.strip_prefix("mini").unwrap_or(word);
        let word = TRADE.iter().find_map(|trade| word.strip_suffix(trade)).unwrap_or(word);
        of_word(word)
    };
    let mut splits = words(&name).filter_map(worded);
    let split = splits.next().filter(|_| splits.next().is_none())?;
    let parts = words(&name).map(|word| match worded(word) {
        Some(_) => "*",
        None => word.trim_matches(|c: char| c.is_ascii_digit()),
    });
    Some((parts.collect::<Vec<_>>().join(" "), split))
}

/// Whether an annotation file or an image's folder is of images that nobody labelled (`image_info_unlabeled2017.json`,
/// `unlabeled/`): no split, and nothing to learn from.
pub fn is_unlabelled(path: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        word.eq_ignore_ascii_case("unlabeled") || word.eq_ignore_ascii_case("unlabelled")
    };
    let own = words(stem_of(path)).next_back().filter(|_| !is_image_name(path));
    path.split('/').rev().skip(1).any(is_word) || own.is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Split::{Test, Train, Valid};

    #[test]
    fn folders() {
        for (path, split) in [
            ("train/a.xml", Some(Train)),
            ("images/val2017/a.jpg", Some(Valid)),
            ("VALID/x/a.jpg", Some(Valid)),
            ("test_images/a.jpg", Some(Test)),
            ("images-train-2/a.jpg", Some(Train)),
            ("test-dev/a.jpg", Some(Test)),
            ("images/test_dev2017/a.jpg", Some(Test)),
            ("contest/a.jpg", None),
            ("latest/a.jpg", None),
            ("train_station/a.jpg", None),
            ("a/test.jpg", None),
            ("test.jpg", None),
            ("", None),
        ] {
            assert_eq!(of_folders(path), split, "{path}");
        }
    }

    #[test]
    fn unlabelled() {
        assert!(
            ["unlabeled/a.jpg", "x/unlabelled2017/a.jpg", "annotations/image_info_unlabeled2017.json"]
                .iter()
                .all(|path| is_unlabelled(path))
        );
        assert!(
            ["a.jpg", "a-unlabeled.jpg", "labels/a.jpg", "unlabeled_things/a.jpg"]
                .iter()
                .all(|path| !is_unlabelled(path))
        );
    }

    #[test]
    fn annotation_files() {
        for (path, split) in [
            ("train_labels.csv", Some(Train)),
            ("data/test_labels.csv", Some(Test)),
            ("instances_val2017.json", Some(Valid)),
            ("raccoon_labels.csv", None),
            ("image_info_test-dev2017.json", Some(Test)),
            ("coco_testdev.record-00000-of-00001", Some(Test)),
            ("valid/_annotations.csv", Some(Valid)),
            ("train/test.csv", Some(Test)),
            ("contest_labels.csv", None),
            ("my_test_labels.csv", None),
        ] {
            assert_eq!(of_name(path).or_else(|| of_folders(path)), split, "{path}");
        }
    }

    #[test]
    fn sisters() {
        let kin = |one: &str, other: &str| {
            let (one, other) = (family(one)?, family(other)?);
            (one.0 == other.0).then_some((one.1, other.1))
        };
        for (one, other, splits) in [
            ("voc_2007_train_000.tfrecord", "x/voc_2007_test_012.tfrecord", (Train, Test)),
            ("ld_train00-2.tfrec", "ld_test01-7.tfrec", (Train, Test)),
            ("flowers_train_00000-of-00005.tfrecord", "flowers_validation_00004-of-00005.tfrecord", (Train, Valid)),
            ("instances_minitrain2017.json", "instances_minival2017.json", (Train, Valid)),
            ("trainset.tfrecord", "testset.tfrecord", (Train, Test)),
            ("my_Train_labels.csv", "my_val_labels.csv", (Train, Valid)),
        ] {
            assert_eq!(kin(one, other), Some(splits), "{one}");
        }
        for (one, other) in [("crash_test_a.csv", "crash_train_b.csv"), ("a_train_val_x.csv", "a_train_test_x.csv")] {
            assert_eq!(kin(one, other), None, "{one}");
        }
    }
}
