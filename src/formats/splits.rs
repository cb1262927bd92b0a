//! Which split a path speaks of.
//!
//! A split is named by a whole folder (`train/`, `images/val2017/`), by a folder that adds a word of its trade
//! (`test_images/`), or by the first or last word of an annotation file's name (`train_labels.csv`,
//! `instances_val2017.json`). Never by a bare substring: `contest/` holds no test set.

use super::tree::stem_of;
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

/// The split that an annotation file's own name, or else its folders, name.
pub fn of_annotation_file(path: &str) -> Option<Split> {
    let stem = stem_of(path).to_ascii_lowercase().replace("test-dev", "testdev").replace("test_dev", "testdev");
    let mut own = words(&stem);
    own.next().and_then(of_word).or_else(|| own.next_back().and_then(of_word)).or_else(|| of_folders(path))
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
            assert_eq!(of_annotation_file(path), split, "{path}");
        }
    }
}
