//! A SequenceExample: a clip, whose frames are read as if each were an Example. See [`crate::convert::schema::sequence`] for the
//! layout, which is the Object Detection API's.
//!
//! Decisions
//! - Frames become images in a folder that is called after the clip (`clip/media_id`), so that a target with sequences has them
//!   again. They are called as `image/filename` says, which is ours, or as `image/source_id` does where that is the name of an
//!   image's file, if those names are in the order of the frames; else by `image/timestamp`, or by their place.
//! - Where there are no `region/bbox/*` but predictions (`predicted/region/*`), those are the objects, with their scores.
//! - A frame that is not annotated (`region/is_annotated` is 0) has no objects, and no annotation either: it is said.
//! - Several values of `image/source_id` are one: the script takes a text that it is given for a list, character by character.

use std::borrow::Cow;

use super::record::{self, Found};
use crate::dataset::by_numbers;
use crate::example::{Example, SequenceExample, Values};
use crate::image::is_image_name;
use crate::inspect::sequence::{OF_CLIP, PREDICTED, key_of};

const ENCODED: &str = "image/encoded";
const FILENAME: &str = "image/filename";
const SOURCE_ID: &str = "image/source_id";
const ANNOTATED: &str = "region/is_annotated";

/// What the lists of a clip have to have an entry of for each frame, if they are there.
const EACH_FRAME: [&str; 7] = [
    "region/bbox/ymin",
    "region/bbox/xmin",
    "region/bbox/ymax",
    "region/bbox/xmax",
    "region/label/index",
    "region/label/string",
    ANNOTATED,
];

/// Gives `take` what each frame of `clip`, record `number` of its file, says, masks if they are `wanted`, or why it cannot be used.
pub fn frames(
    clip: &SequenceExample<'_>,
    number: u64,
    wanted: bool,
    mut take: impl FnMut(Result<(Found, &[u8]), String>),
) -> Result<(), String> {
    let Some(images) = clip.feature_lists.get(ENCODED).filter(|images| !images.is_empty()) else {
        let mut keys: Vec<&str> = clip.feature_lists.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.truncate(12);
        return Err(format!("there is no list of images in it ({ENCODED}); it has {}", keys.join(", ")));
    };
    let count = images.len();
    for key in EACH_FRAME {
        if let Some(steps) = clip.feature_lists.get(key).filter(|steps| steps.len() != count) {
            return Err(format!("{key} has {} steps for {count} images", steps.len()));
        }
    }
    let predicted = !clip.feature_lists.iter().any(|(key, _)| key.starts_with("region/bbox/"));
    // Keys of an Example, of each list that has them.
    let lists: Vec<(Cow<'_, str>, &Vec<Values<'_>>)> = clip
        .feature_lists
        .iter()
        .filter(|(_, steps)| steps.len() == count)
        .filter_map(|(key, steps)| match (predicted, key.strip_prefix(PREDICTED)) {
            (true, Some(key)) => Some((key_of(key), steps)),
            (false, Some(_)) => None,
            (true, None) if key.starts_with("region/") => None,
            (_, None) => Some((key_of(key), steps)),
        })
        .collect();
    let names = names(clip, count);
    let times = times(clip, count);
    let digits = times.last().map_or(0, |last| last.to_string().len()).max(6);
    let folder = folder(clip).unwrap_or_else(|| format!("{number:06}"));
    for place in 0..count {
        let mut example = Example::default();
        for (key, values) in clip.context.iter().filter(|(key, _)| OF_CLIP.contains(key)) {
            example.features.insert(key, values.clone());
        }
        for (key, steps) in &lists {
            if let Some(values) = steps.get(place).filter(|values| **values != Values::Unset) {
                example.features.insert(key, values.clone());
            }
        }
        let frame = record::found(&example, number, wanted).map(|(mut found, encoded)| {
            let name = names.as_ref().map(|names| names[place].clone());
            let name = name.unwrap_or_else(|| format!("{:0digits$}.{}", times[place], found.extension));
            found.name = format!("{folder}/{name}");
            found.id = text(clip, SOURCE_ID, place).and_then(|id| id.parse().ok());
            found.unannotated = step(clip, ANNOTATED, place).and_then(|said| said.as_int64()?.single()) == Some(0);
            if found.unannotated {
                found.boxes.clear();
                found.map.regions.clear();
            }
            (found, encoded)
        });
        take(frame.map_err(|message| format!("frame {place}: {message}")));
    }
    Ok(())
}

fn step<'s, 'a>(clip: &'s SequenceExample<'a>, key: &str, place: usize) -> Option<&'s Values<'a>> {
    clip.feature_lists.get(key)?.get(place)
}

fn text(clip: &SequenceExample<'_>, key: &str, place: usize) -> Option<String> {
    let all: Vec<u8> = step(clip, key, place)?.as_bytes()?.iter().flatten().copied().collect();
    Some(String::from_utf8_lossy(&all).trim().to_owned())
}

/// The folder of a clip, by its name; nothing of it leads elsewhere.
fn folder(clip: &SequenceExample<'_>) -> Option<String> {
    let name = clip.context.get("clip/media_id")?.as_bytes()?.single()?;
    let name = String::from_utf8_lossy(name).replace('\\', "/");
    let parts: Vec<&str> = name.split('/').map(str::trim).filter(|part| !matches!(*part, "" | "." | "..")).collect();
    Some(parts.join("/")).filter(|folder| !folder.is_empty())
}

/// The timestamps of all frames, if they rise from 0 on; else their places.
fn times(clip: &SequenceExample<'_>, count: usize) -> Vec<i64> {
    let time = |place| step(clip, "image/timestamp", place)?.as_int64()?.single().filter(|time| *time >= 0);
    let times: Option<Vec<i64>> = (0..count).map(time).collect();
    times.filter(|times| times.windows(2).all(|pair| pair[0] < pair[1])).unwrap_or_else(|| (0..).take(count).collect())
}

/// The names of all frames, if they are names of files and tell the order.
fn names(clip: &SequenceExample<'_>, count: usize) -> Option<Vec<String>> {
    let of = |key: &str| {
        let name = |place: usize| {
            let name = text(clip, key, place)?;
            let name = name.rsplit(['/', '\\']).next()?;
            is_image_name(name).then(|| name.to_owned())
        };
        let names: Vec<String> = (0..count).map(name).collect::<Option<_>>()?;
        names.windows(2).all(|pair| by_numbers(&pair[0], &pair[1]).is_lt()).then_some(names)
    };
    of(FILENAME).or_else(|| of(SOURCE_ID))
}
