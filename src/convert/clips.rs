//! Clips: the images that are one record of `--schema sequence`, in the order of their frames.
//!
//! A clip is a folder of images, of one split: that is what a sequence of the MOT challenge, a video of CVAT with its frames
//! beside it and one of BDD100K are. Its frames are in the order of their names, where numbers count as such.
//!
//! It is called after its folder, without what only says that there are images (`img1`, `images`, `frames`) or which split it is;
//! where two folders would have one name, each is called by its whole path, and one that has no name `clip`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::plan::PlannedImage;
use super::split::hash;
use crate::dataset::{Dataset, by_numbers};
use crate::formats::splits::own_folder;
use crate::formats::tree::{folder_of, stem_of};

/// The name of a clip that lies in no folder.
const NAMELESS: &str = "clip";

/// The names of clips by their folders, for all images `rows`.
pub fn names(dataset: &Dataset, rows: impl Iterator<Item = usize>) -> BTreeMap<&str, String> {
    let folders: BTreeSet<&str> = rows.map(|row| folder_of(dataset.images.key.get(row))).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    folders.iter().filter_map(|folder| own_folder(folder)).for_each(|own| *count.entry(own).or_default() += 1);
    let name = |folder: &str| match own_folder(folder) {
        Some(own) if count.get(own) == Some(&1) => own.to_owned(),
        _ if folder.is_empty() => NAMELESS.to_owned(),
        _ => folder.to_owned(),
    };
    folders.into_iter().map(|folder| (folder, name(folder))).collect()
}

/// The folder of each of `rows`: what tells their clips apart, and what splits go by.
pub fn folders(dataset: &Dataset, rows: impl Iterator<Item = usize>) -> Vec<&str> {
    rows.map(|row| folder_of(dataset.images.key.get(row))).collect()
}

/// A clip: its folder, and the end of its frames among all images.
pub type Cut<'a> = (&'a str, usize);

/// Sorts `images` by clip and frame, and gives the clips. They are in the order of their folders, or, where they are to be
/// shuffled, in that of a hash of `seed` and folder.
pub fn sort<'a>(dataset: &'a Dataset, images: &mut [PlannedImage], shuffle: Option<u64>) -> Vec<Cut<'a>> {
    let key = |image: &PlannedImage| dataset.images.key.get(image.row);
    let rank: BTreeMap<&str, u64> = match shuffle {
        Some(seed) => {
            images.iter().map(|image| folder_of(key(image))).map(|at| (at, hash("shuffle", seed, at))).collect()
        }
        None => BTreeMap::new(),
    };
    images.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        let (in_a, in_b) = (folder_of(a), folder_of(b));
        rank.get(in_a).cmp(&rank.get(in_b)).then_with(|| by_numbers(in_a, in_b)).then_with(|| by_numbers(a, b))
    });
    let mut clips: Vec<Cut<'_>> = Vec::new();
    for (place, image) in images.iter().enumerate() {
        let folder = folder_of(key(image));
        match clips.last_mut().filter(|(last, _)| *last == folder) {
            Some((_, end)) => *end = place + 1,
            None => clips.push((folder, place + 1)),
        }
    }
    clips
}

/// When each frame was: the number at the end of its name, where all have one behind the same words and it rises, else its place
/// from 0, as TensorFlow's own `seq_example_util.py` counts. Frames that were not taken from a video leave gaps.
pub fn timestamps(dataset: &Dataset, frames: &[PlannedImage]) -> Vec<i64> {
    let parts = |image: &PlannedImage| {
        let stem = stem_of(dataset.images.key.get(image.row));
        let words = stem.trim_end_matches(|c: char| c.is_ascii_digit());
        Some((words, stem[words.len()..].parse::<i64>().ok()?))
    };
    let numbered: Option<Vec<(&str, i64)>> = frames.iter().map(parts).collect();
    let rises = |pair: &[(&str, i64)]| pair[0].0 == pair[1].0 && pair[0].1.cmp(&pair[1].1) == Ordering::Less;
    match numbered.filter(|numbered| numbered.windows(2).all(rises)) {
        Some(numbered) => numbered.into_iter().map(|(_, number)| number).collect(),
        None => (0..).take(frames.len()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::dataset_of;
    use super::*;

    fn planned(dataset: &Dataset) -> Vec<PlannedImage> {
        (0..dataset.len()).map(|row| PlannedImage { row, bytes: 1, shared_name: false }).collect()
    }

    fn dataset(keys: &[&str]) -> Dataset {
        dataset_of(keys.iter().map(|key| (*key).to_owned()))
    }

    #[test]
    fn folders_are_clips() {
        let dataset = dataset(&["train/b/img1/10.png", "train/a/img1/1.png", "train/b/img1/9.png", "x.png", "b/1.png"]);
        let mut images = planned(&dataset);
        let clips = sort(&dataset, &mut images, None);
        assert_eq!(clips, [("", 1), ("b", 2), ("train/a/img1", 3), ("train/b/img1", 5)]);
        assert_eq!(images.iter().map(|image| image.row).collect::<Vec<_>>(), [3, 4, 1, 2, 0]);
        let names: Vec<(&str, String)> = names(&dataset, 0..dataset.len()).into_iter().collect();
        let expected = [("", "clip"), ("b", "b"), ("train/a/img1", "a"), ("train/b/img1", "train/b/img1")];
        assert_eq!(names, expected.map(|(folder, name)| (folder, name.to_owned())));
        let mut order: Vec<&str> = sort(&dataset, &mut images, Some(1)).into_iter().map(|(folder, _)| folder).collect();
        assert!(order.is_sorted_by_key(|folder| hash("shuffle", 1, folder)));
        order.sort_unstable();
        assert_eq!(order, ["", "b", "train/a/img1", "train/b/img1"]);
    }

    #[test]
    fn frames_have_the_numbers_of_their_names() {
        let times = |keys: &[&str]| {
            let dataset = dataset(keys);
            timestamps(&dataset, &planned(&dataset))
        };
        assert_eq!(times(&["v/f_000005.png", "v/f_000010.png", "v/f_000015.png"]), [5, 10, 15]);
        assert_eq!(times(&["v/a1.png", "v/b2.png"]), [0, 1]);
        assert_eq!(times(&["v/a1.png", "v/a1.jpg"]), [0, 1]);
        assert_eq!(times(&["v/a.png", "v/b.png"]), [0, 1]);
        assert_eq!(times(&["v/99999999999999999999.png"]), [0]);
        assert_eq!(times(&[]), [0; 0]);
    }
}
