//! Which split a path speaks of.
//!
//! A split is named by a whole folder (`train/`, `images/val2017/`), by a folder that adds a word of its trade
//! (`test_images/`), or by the first or last word of an annotation file's name (`train_labels.csv`,
//! `instances_val2017.json`), or by the one word in which the name of a folder or an annotation file differs from its sister's
//! (`seg_train/`, `seg_test/`; `voc_train_v2.csv`, `voc_test_v2.csv`). Never by a bare substring: `contest/` holds no test set.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::tree::{Tree, file_name, folder_of, stem_of};
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
pub fn of_folders(tree: &Tree, path: &str) -> Option<Split> {
    let sisters = SisterFolders::of(tree);
    path.split('/').rev().skip(1).find_map(|folder| of_folder_name(folder).or_else(|| sisters.split_of(folder)))
}

/// What a folder of frames is called: the innermost of it that is more than what lies there (`img1`, `images`, `frames`) or the
/// word of a split.
pub fn own_folder(folder: &str) -> Option<&str> {
    let says = |part: &&str| {
        let word = part.to_ascii_lowercase();
        !(part.is_empty() || ["img1", "images", "frames"].contains(&&*word) || of_word(part).is_some())
    };
    folder.rsplit('/').find(says)
}

/// The split of a folder that has its name alone for one, and of a sister.
pub fn of_whole_folder(tree: &Tree, folder: &str) -> Option<Split> {
    of_word(folder).or_else(|| SisterFolders::of(tree).split_of(folder))
}

/// Whether a folder is called like those of splits, but for the word: `seg_pred` beside `seg_train` and `seg_test`.
pub fn is_folder_beside(tree: &Tree, folder: &str) -> bool {
    let sisters = SisterFolders::of(tree);
    let folder = folder.to_ascii_lowercase();
    let known = |place: usize| sisters.0.families.contains(&starred(&folder, place));
    !sisters.0.families.is_empty() && (0..words(&folder).count()).any(known)
}

/// The split that an annotation file's own name, or what it has before its sisters, or else its folders, name.
pub fn of_annotation_file(tree: &Tree, path: &str) -> Option<Split> {
    of_name(path).or_else(|| SisterFiles::of(tree).split_of(path)).or_else(|| of_folders(tree, path))
}

/// The split that the first or last word of a file's name is.
fn of_name(path: &str) -> Option<Split> {
    let stem = stem_of(path).to_ascii_lowercase().replace("test-dev", "testdev").replace("test_dev", "testdev");
    let mut own = words(&stem);
    own.next().and_then(of_word).or_else(|| own.next_back().and_then(of_word))
}

/// Names of annotation files that are the same but for the word of a split, wherever they lie, as [`family`] has them.
#[derive(Clone)]
struct SisterFiles(Arc<HashSet<String>>);

impl SisterFiles {
    fn of(tree: &Tree) -> Self {
        tree.once(|| {
            let mut found: HashMap<String, BTreeSet<Split>> = HashMap::new();
            for (_, file) in tree.files().filter(|(_, file)| !file.image) {
                if let Some((family, split)) = family(file_name(&file.path)) {
                    found.entry(family).or_default().insert(split);
                }
            }
            Self(Arc::new(found.into_iter().filter(|(_, splits)| splits.len() > 1).map(|(family, _)| family).collect()))
        })
    }

    fn split_of(&self, path: &str) -> Option<Split> {
        if self.0.is_empty() {
            return None;
        }
        let (family, split) = family(file_name(path))?;
        self.0.contains(&family).then_some(split)
    }
}

/// The same of folders that lie side by side.
#[derive(Clone)]
struct SisterFolders(Arc<Folders>);

#[derive(Default)]
struct Folders {
    /// By their names in small letters.
    splits: HashMap<String, Split>,
    families: HashSet<String>,
}

impl SisterFolders {
    fn of(tree: &Tree) -> Self {
        tree.once(|| {
            let mut found: HashMap<(&str, String), BTreeMap<Split, BTreeSet<String>>> = HashMap::new();
            let mut before = "";
            for (_, file) in tree.files() {
                let folder = folder_of(&file.path);
                if folder == before {
                    continue;
                }
                before = folder;
                // The folder and those above it.
                let mut path = folder;
                while !path.is_empty() {
                    if let Some((family, split)) = family(file_name(path)) {
                        let name = file_name(path).to_ascii_lowercase();
                        let splits = found.entry((folder_of(path), family)).or_default();
                        splits.entry(split).or_default().insert(name);
                    }
                    path = folder_of(path);
                }
            }
            let mut folders = Folders::default();
            for ((_, family), splits) in found.into_iter().filter(|(_, splits)| splits.len() > 1) {
                // Of a star alone anything is kin.
                folders.families.extend((family != "*").then_some(family));
                for (split, names) in splits {
                    folders.splits.extend(names.into_iter().map(|name| (name, split)));
                }
            }
            Self(Arc::new(folders))
        })
    }

    fn split_of(&self, name: &str) -> Option<Split> {
        if self.0.splits.is_empty() {
            return None;
        }
        self.0.splits.get(&name.to_ascii_lowercase()).copied()
    }
}

/// The one split that the words of a name have, and the name with a star in that place. Numbers do not count: shards of one
/// split are one family. A word may be glued to its trade (`trainset`, `minival2017`).
fn family(name: &str) -> Option<(String, Split)> {
    let name = name.to_ascii_lowercase();
    let worded = |word: &str| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let word = word.strip_prefix("mini").unwrap_or(word);
        let word = TRADE.iter().find_map(|trade| word.strip_suffix(trade)).unwrap_or(word);
        of_word(word)
    };
    let mut splits = words(&name).enumerate().filter_map(|(place, word)| Some((place, worded(word)?)));
    let (place, split) = splits.next().filter(|_| splits.next().is_none())?;
    Some((starred(&name, place), split))
}

/// A name with a star for one of its words, and without numbers.
fn starred(name: &str, place: usize) -> String {
    let parts = words(name).enumerate().map(|(number, word)| match number == place {
        true => "*",
        false => word.trim_matches(|c: char| c.is_ascii_digit()),
    });
    parts.collect::<Vec<_>>().join(" ")
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
            assert_eq!(path.split('/').rev().skip(1).find_map(of_folder_name), split, "{path}");
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
            let of_folder = || path.split('/').rev().skip(1).find_map(of_folder_name);
            assert_eq!(of_name(path).or_else(of_folder), split, "{path}");
        }
    }

    #[test]
    fn sisters() {
        let kin = |one: &str, other: &str| {
            let (one, other) = (family(file_name(one))?, family(file_name(other))?);
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
