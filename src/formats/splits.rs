//! Which split a path speaks of.
//!
//! A split is named by a whole folder (`train/`, `images/val2017/`), by a folder that adds a word of its trade
//! (`test_images/`), or by the first or last word of an annotation file's name (`train_labels.csv`,
//! `instances_val2017.json`). Never by a bare substring: `contest/` holds no test set.

use super::tree::stem_of;
use crate::dataset::Split;

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
    let mut own = words(stem_of(path));
    own.next().and_then(of_word).or_else(|| own.next_back().and_then(of_word)).or_else(|| of_folders(path))
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
    fn annotation_files() {
        for (path, split) in [
            ("train_labels.csv", Some(Train)),
            ("data/test_labels.csv", Some(Test)),
            ("instances_val2017.json", Some(Valid)),
            ("raccoon_labels.csv", None),
            ("valid/_annotations.csv", Some(Valid)),
            ("train/test.csv", Some(Test)),
            ("contest_labels.csv", None),
            ("my_test_labels.csv", None),
        ] {
            assert_eq!(of_annotation_file(path), split, "{path}");
        }
    }
}
