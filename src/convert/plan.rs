//! Everything that is decided before the first byte is written, as plain data.
//!
//! A plan together with its dataset is all that a [`Shard`] needs to be made: on any thread, in any process, on any
//! machine, with the same bytes. That is why blocks are cut here too, by the sizes of the image files: they are the
//! pieces of a compressed stream, and must not depend on who happens to be free.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::boxes::BoxRules;
use super::clips;
use super::columns::{Columns, ids_differ};
use super::labels::Labels;
use super::options::{Layout, MaskForm, Options, SchemaKind, Segmentation, ShardRule, SourceId};
use super::reencode::Reencode;
use super::schema::attributes::{self, Attribute};
use super::schema::profile::{Assignment, Order, Profile};
use super::split::hash;
use crate::dataset::{Dataset, Split};
use crate::formats::tree::stem_of;

/// Bytes of images after which a block ends. Large enough to be written and compressed well, small enough to stay in a
/// core's cache from reading to writing.
pub const BLOCK_LEN: u64 = 1 << 20;
/// Where images are digested, a block goes on until it has a multiple of so many, but not to twice its length: so many are
/// digested in the time of ten.
const BLOCK_STEP: usize = 16;
/// Images after which a block ends, however small they are.
pub const BLOCK_IMAGES: usize = 1024;
/// What a record holds at most besides the image and the texts of the source, as far as shard sizes are concerned: keys
/// and framing, and each object's numbers and the lengths of its texts.
const RECORD_EXTRA: u64 = 700;
const OBJECT_EXTRA: u64 = 98;
/// What an attribute takes at most besides its name and value, if its list has no other.
const ATTRIBUTE_EXTRA: usize = 60;
/// What a PNG of a mask holds besides its rows, and a row of one that is set from here to there: about so much.
const PNG_EXTRA: u64 = 100;
const PNG_ROW: u64 = 6;

/// What is written where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The files, in the order of their names in reports.
    pub shards: Vec<Shard>,
    /// What records look like.
    pub content: Content,
}

/// What records look like: the same for all of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Which features a record has.
    pub schema: SchemaKind,
    /// What the dataset is called, in records that say it.
    pub name: String,
    /// Optional lists that are written.
    pub columns: Columns,
    /// Attributes of objects that are written.
    pub attributes: Vec<Attribute>,
    /// Objects with attributes that are not.
    pub attributes_lost: u64,
    /// Id and name of each class of the dataset; none where its objects are left out.
    pub classes: Vec<Option<PlannedClass>>,
    /// What stands in `image/source_id`.
    pub source_id: SourceId,
    /// Which images are encoded anew.
    pub reencode: Reencode,
    /// Whether images are turned upright.
    pub auto_orient: bool,
    /// Which boxes are left out.
    pub rules: BoxRules,
    /// Leave out images without objects.
    pub drop_empty: bool,
}

/// A class in records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedClass {
    /// `image/object/class/label`
    pub id: i64,
    /// `image/object/class/text`
    pub name: String,
    /// Place in the label map.
    pub index: usize,
}

/// One file: a task that needs only the plan and its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// Path relative to the output folder, with `/`.
    pub name: String,
    /// What it belongs to.
    #[serde(with = "split_name")]
    pub split: Split,
    /// The images of its records, in order.
    pub images: Vec<PlannedImage>,
    /// Ends of its blocks in `images`. A shard without images has one block, an empty one.
    pub blocks: Vec<usize>,
    /// The name of the clip that each block is, where a record is not an image but a clip.
    #[serde(default)]
    pub clips: Vec<String>,
}

/// One image: a record, or a frame of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedImage {
    /// Row in [`crate::dataset::Images`].
    pub row: usize,
    /// Bytes of its file when the run was planned.
    pub bytes: u64,
    /// Another image of the dataset has the same name: the key goes into `image/filename`.
    pub shared_name: bool,
}

impl Shard {
    /// The images of block `block`.
    pub fn block(&self, block: usize) -> &[PlannedImage] {
        let start = block.checked_sub(1).map_or(0, |before| self.blocks[before]);
        &self.images[start..self.blocks[block]]
    }
}

mod split_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::dataset::Split;

    pub fn serialize<S: Serializer>(split: &Split, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(split.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Split, D::Error> {
        let name = String::deserialize(deserializer)?;
        Split::from_word(&name).ok_or_else(|| D::Error::custom(format!("no split {name:?}")))
    }
}

impl Plan {
    /// Decides what goes where. `rows` are the images that can be written, in the dataset's order, with the bytes of
    /// their files, and `splits` where each belongs.
    pub fn new(dataset: &Dataset, rows: &[(usize, u64)], splits: &[Split], labels: &Labels, options: &Options) -> Self {
        let profile = options.schema.profile();
        let of_clips = profile.of_clips;
        let shared = if of_clips { vec![false; rows.len()] } else { shared_names(dataset, rows) };
        // The other schemas have no such key; hashing an image only to forget it costs as much as copying it.
        let found = Columns {
            sha256: options.sha256 && !of_clips,
            maps: options.segmentation,
            ..Columns::of(dataset, options.masks)
        };
        let mut columns = profile.columns(found);
        columns.id &= ids_differ(dataset, rows, splits);
        let (attributes, attributes_lost) = match columns.attributes {
            true => attributes::planned(dataset, rows.iter().map(|(row, _)| *row)),
            false => (Vec::new(), 0),
        };
        columns.attributes = !attributes.is_empty();
        let mut by_split: BTreeMap<Split, Vec<PlannedImage>> =
            profile.always.iter().map(|split| (*split, Vec::new())).collect();
        for ((index, (row, bytes)), split) in rows.iter().enumerate().zip(splits) {
            let image = PlannedImage { row: *row, bytes: *bytes, shared_name: shared[index] };
            by_split.entry(*split).or_default().push(image);
        }
        let mut index_of: HashMap<i64, usize> = HashMap::new();
        for (index, label) in labels.map.labels().iter().enumerate() {
            index_of.insert(label.id, index);
        }
        let class = |label: &crate::dataset::Label| {
            let index = *index_of.get(&label.id)?;
            Some(PlannedClass { id: label.id, name: label.name.clone(), index })
        };
        let classes: Vec<_> = labels.of_class.iter().map(|label| label.as_ref().and_then(class)).collect();
        let step = if columns.sha256 { BLOCK_STEP } else { 1 };
        let names = if of_clips { clips::names(dataset, rows.iter().map(|(row, _)| *row)) } else { BTreeMap::new() };
        let len_of = |image: &PlannedImage| record_len(dataset, image, &classes, columns);
        let mut shards = Vec::new();
        for (split, mut images) in by_split {
            if of_clips {
                let cuts = clips::sort(dataset, &mut images, options.shuffle.then_some(options.seed));
                let parts = whole_clips(&images, &cuts, len_of, options.shards);
                let count = parts.len();
                for (number, (images, blocks, folders)) in parts.into_iter().enumerate() {
                    let clips = folders.iter().filter_map(|folder| names.get(folder).cloned()).collect();
                    shards.push(Shard {
                        name: shard_name(split, options, number, count),
                        split,
                        blocks,
                        clips,
                        images,
                    });
                }
                continue;
            }
            if profile.order == Order::Source {
                images.sort_by_key(|image| dataset.images.rank.get(image.row));
            }
            if options.shuffle {
                images.sort_by_cached_key(|image| {
                    let key = dataset.images.key.get(image.row);
                    (hash("shuffle", options.seed, key), image.row)
                });
            }
            let parts = match counted(profile, split, options.shards) {
                Some(count) if profile.assignment == Assignment::RoundRobin => in_turn(&images, count),
                Some(count) if profile.assignment == Assignment::ByRank => by_rank(dataset, &images, count),
                Some(count) if profile.assignment == Assignment::HexId => by_id(dataset, &images, count),
                _ => divided(&images, len_of, options.shards),
            };
            let count = parts.len();
            for (number, images) in parts.into_iter().enumerate() {
                let name = shard_name(split, options, number, count);
                shards.push(Shard { name, split, blocks: block_ends(&images, step), clips: Vec::new(), images });
            }
        }
        let content = Content {
            schema: options.schema,
            name: options.dataset_name().to_owned(),
            columns,
            attributes,
            attributes_lost,
            classes,
            source_id: options.source_id,
            reencode: options.reencode,
            auto_orient: options.auto_orient,
            rules: options.box_rules(),
            drop_empty: options.drop_empty,
        };
        Self { shards, content }
    }
}

/// Which of `rows` has a name that another one has too.
fn shared_names(dataset: &Dataset, rows: &[(usize, u64)]) -> Vec<bool> {
    let mut seen: HashMap<&str, u32> = HashMap::with_capacity(rows.len());
    let name = |row: usize| dataset.images.own_name(row);
    for (row, _) in rows {
        *seen.entry(name(*row)).or_default() += 1;
    }
    rows.iter().map(|(row, _)| seen.get(name(*row)).is_some_and(|count| *count > 1)).collect()
}

/// How many shards of `split` there are to be, if that is known without its images.
fn counted(profile: &Profile, split: Split, rule: ShardRule) -> Option<u32> {
    match rule {
        ShardRule::One => profile.files.and_then(|files| files.shards(split)),
        ShardRule::Count(count) => Some(count),
        ShardRule::Size(_) => None,
    }
}

/// `images` dealt out to `count` shards, of which some have none where there are fewer images: the scripts that do so make
/// all of their files.
fn in_turn(images: &[PlannedImage], count: u32) -> Vec<Vec<PlannedImage>> {
    let count = count.max(1) as usize;
    (0..count).map(|number| images.iter().skip(number).step_by(count).copied().collect()).collect()
}

/// `idx % num_shards`, whatever became of those before.
fn by_rank(dataset: &Dataset, images: &[PlannedImage], count: u32) -> Vec<Vec<PlannedImage>> {
    let count = count.max(1);
    let mut shards = vec![Vec::new(); count as usize];
    for image in images {
        shards[(dataset.images.rank.get(image.row).map_or(0, |rank| rank % count)) as usize].push(*image);
    }
    shards
}

/// `int(image_id, 16) % num_shards`; an image whose name is no such number goes where its place says.
fn by_id(dataset: &Dataset, images: &[PlannedImage], count: u32) -> Vec<Vec<PlannedImage>> {
    let count = u64::from(count.max(1));
    let mut shards = vec![Vec::new(); count as usize];
    for (place, image) in (0u64..).zip(images) {
        let digits = stem_of(dataset.images.own_name(image.row)).chars().map(|digit| digit.to_digit(16));
        let id = digits.reduce(|id, digit| Some(((u64::from(id?) * 16 + u64::from(digit?)) % count) as u32)).flatten();
        shards[(id.map_or(place, u64::from) % count) as usize].push(*image);
    }
    shards
}

/// `images` one after the other, in shards by `rule`.
fn divided(images: &[PlannedImage], len_of: impl Fn(&PlannedImage) -> u64, rule: ShardRule) -> Vec<Vec<PlannedImage>> {
    let mut start = 0;
    let part = |end: usize| images[std::mem::replace(&mut start, end)..end].to_vec();
    shard_ends(images.len(), |place| len_of(&images[place]), rule).into_iter().map(part).collect()
}

/// The images of a shard, ends of the clips in them, and their folders.
type ClipShard<'a> = (Vec<PlannedImage>, Vec<usize>, Vec<&'a str>);

/// `images`, which are those of the clips `cuts`, in shards by `rule`, none of which has a part of a clip.
fn whole_clips<'a>(
    images: &[PlannedImage],
    cuts: &[clips::Cut<'a>],
    len_of: impl Fn(&PlannedImage) -> u64,
    rule: ShardRule,
) -> Vec<ClipShard<'a>> {
    let end_of = |clips: usize| clips.checked_sub(1).and_then(|last| cuts.get(last)).map_or(0, |(_, end)| *end);
    let clip_len = |clip: usize| images[end_of(clip)..end_of(clip + 1)].iter().map(&len_of).sum();
    let mut start = 0;
    let part = |end: usize| {
        let from = std::mem::replace(&mut start, end);
        let first = end_of(from);
        let cuts = &cuts[from..end];
        let blocks = cuts.iter().map(|(_, end)| end - first).collect();
        (images[first..end_of(end)].to_vec(), blocks, cuts.iter().map(|(folder, _)| *folder).collect())
    };
    shard_ends(cuts.len(), clip_len, rule).into_iter().map(part).collect()
}

/// Ends of the shards in `units` records, which are not none, by the bytes of each.
fn shard_ends(units: usize, len_of: impl Fn(usize) -> u64, rule: ShardRule) -> Vec<usize> {
    match rule {
        ShardRule::One => vec![units],
        ShardRule::Count(count) => {
            let count = (count as usize).clamp(1, units.max(1));
            // 128 bits: the product of two lengths.
            (1..=count).map(|number| (number as u128 * units as u128 / count as u128) as usize).collect()
        }
        ShardRule::Size(limit) => {
            let mut ends = Vec::new();
            let mut size = 0u64;
            for unit in 0..units {
                let record = len_of(unit);
                if size > 0 && size + record > limit {
                    ends.push(unit);
                    size = 0;
                }
                size += record;
            }
            ends.push(units);
            ends
        }
    }
}

/// Bytes that the record of `image` has at most; masks as PNG are estimated.
fn record_len(dataset: &Dataset, image: &PlannedImage, classes: &[Option<PlannedClass>], columns: Columns) -> u64 {
    let texts = &dataset.images;
    // Name and source_id: whichever of the three they are.
    let names = [&texts.key, &texts.name, &texts.file].map(|names| names.get(image.row).len()).into_iter().max();
    let object = |row: usize| {
        let class = classes.get(dataset.objects.class[row] as usize).and_then(Option::as_ref);
        let view = dataset.objects.pose.get(row).map_or(0, |pose| pose.len());
        let of_class = dataset.classes.get(dataset.objects.class[row] as usize);
        let names: usize = of_class.map_or(0, |class| class.keypoints.iter().map(String::len).sum());
        let keypoints = dataset.objects.keypoints.get(row).map_or(0, |points| 12 * points.len() + names);
        let attributes = dataset
            .objects
            .attributes
            .get(row)
            .map_or(0, |all| all.iter().map(|(name, value)| name.len() + value.len() + ATTRIBUTE_EXTRA).sum());
        OBJECT_EXTRA + (class.map_or(0, |class| class.name.len()) + view + keypoints + attributes) as u64
    };
    let (width, height) = (texts.width[image.row], texts.height[image.row]);
    let mask = |row: usize| match columns.masks {
        MaskForm::None | MaskForm::Auto => 0,
        MaskForm::Numerical => 4 * u64::from(width) * u64::from(height),
        MaskForm::Png => {
            let [_, y0, _, y1] = dataset.objects.bbox[row];
            let unit = if dataset.objects.normalised[row] { f64::from(height) } else { 1.0 };
            PNG_EXTRA + PNG_ROW * ((y1 - y0).abs() * unit).min(f64::from(height)) as u64
        }
    };
    // At most three pictures, of which each row has a change or two for an object.
    let maps = if columns.maps == Segmentation::None { 0 } else { 3 * (PNG_EXTRA + 16 * u64::from(height)) };
    let object = |row: usize| object(row) + mask(row) + if maps > 0 { 3 * PNG_ROW * u64::from(height) } else { 0 };
    let captions = dataset.images.captions.get(image.row).map_or(0, |all| all.iter().map(|one| one.len() + 4).sum());
    let labels = dataset.images.labels.get(image.row).map_or(0, |all| 40 * all.len());
    let objects: u64 = dataset.objects_of(image.row).map(object).sum();
    image.bytes + RECORD_EXTRA + 2 * names.unwrap_or(0) as u64 + objects + maps + (captions + labels) as u64
}

fn block_ends(images: &[PlannedImage], step: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (index, image) in images.iter().enumerate() {
        size += image.bytes;
        let count = index + 1 - start;
        let full = size >= BLOCK_LEN && (count.is_multiple_of(step) || size >= 2 * BLOCK_LEN);
        if full || count >= BLOCK_IMAGES {
            ends.push(index + 1);
            (start, size) = (index + 1, 0);
        }
    }
    if ends.last() != Some(&images.len()) {
        ends.push(images.len());
    }
    ends
}

fn shard_name(split: Split, options: &Options, number: usize, count: usize) -> String {
    let profile = options.schema.profile();
    let of_bodies = profile.bodies.filter(|_| options.masks != MaskForm::None);
    if let Some(files) = of_bodies.or(profile.files) {
        let single = count == 1 && options.shards == ShardRule::One && files.shards(split).is_none();
        return files.name(options.dataset_name(), split, (!single).then_some((number, count)));
    }
    let stem = match options.layout {
        Layout::Flat => split.name().to_owned(),
        Layout::Roboflow => format!("{split}/{}", options.group()),
    };
    if count == 1 && matches!(options.shards, ShardRule::One) {
        format!("{stem}.tfrecord")
    } else {
        format!("{stem}-{number:05}-of-{count:05}.tfrecord")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::dataset_of;
    use super::*;
    use crate::convert::split::SplitRule;
    use crate::dataset::Image;

    fn plan(options: &Options, sizes: &[u64]) -> Plan {
        let dataset = dataset_of((0..sizes.len()).map(|number| format!("{number:03}.jpg")));
        let rows: Vec<(usize, u64)> = sizes.iter().copied().enumerate().collect();
        let labels = Labels::of(&dataset, None).unwrap();
        let just_rows: Vec<usize> = (0..sizes.len()).collect();
        let splits = options.split.assign(&dataset, &just_rows, options.seed, options.exact_split);
        Plan::new(&dataset, &rows, &splits, &labels, options)
    }

    fn shape(plan: &Plan) -> Vec<(&str, usize)> {
        plan.shards.iter().map(|shard| (shard.name.as_str(), shard.images.len())).collect()
    }

    #[test]
    fn one_file_per_split() {
        let options = Options { split: SplitRule::parse("50/50").unwrap(), exact_split: true, ..Options::default() };
        assert_eq!(shape(&plan(&options, &[10; 4])), [("train.tfrecord", 2), ("valid.tfrecord", 2)]);
        let options = Options { layout: Layout::Roboflow, group: Some("Box".into()), ..options };
        assert_eq!(shape(&plan(&options, &[10; 4])), [("train/Box.tfrecord", 2), ("valid/Box.tfrecord", 2)]);
    }

    #[test]
    fn shards_by_number_are_even_and_never_empty() {
        let options = Options { shards: ShardRule::Count(3), ..Options::default() };
        assert_eq!(
            shape(&plan(&options, &[10; 10])),
            [
                ("train-00000-of-00003.tfrecord", 3),
                ("train-00001-of-00003.tfrecord", 3),
                ("train-00002-of-00003.tfrecord", 4)
            ]
        );
        assert_eq!(
            shape(&plan(&options, &[10; 2])),
            [("train-00000-of-00002.tfrecord", 1), ("train-00001-of-00002.tfrecord", 1)]
        );
        let options = Options { shards: ShardRule::Count(1), ..Options::default() };
        assert_eq!(shape(&plan(&options, &[10; 2])), [("train-00000-of-00001.tfrecord", 2)]);
    }

    #[test]
    fn shards_by_size_stay_below_it() {
        let options = Options { shards: ShardRule::Size(2_500), ..Options::default() };
        let sizes = [100, 100, 100, 9_000, 100, 100];
        let counts: Vec<usize> = plan(&options, &sizes).shards.iter().map(|shard| shard.images.len()).collect();
        assert_eq!(counts, [3, 1, 2]);
    }

    #[test]
    fn blocks_end_by_bytes_and_by_number() {
        let plan = plan(&Options::default(), &[BLOCK_LEN, BLOCK_LEN, 1, BLOCK_LEN * 3, 1]);
        assert_eq!(plan.shards[0].blocks, [2, 4, 5]);
        assert_eq!(plan.shards[0].block(1).len(), 2);
        assert_eq!(block_ends(&vec![plan.shards[0].images[2]; BLOCK_IMAGES + 1], 1), [BLOCK_IMAGES, BLOCK_IMAGES + 1]);
        let images = |len: u64, count: usize| vec![PlannedImage { bytes: len, ..plan.shards[0].images[2] }; count];
        let steps = [BLOCK_STEP, 2 * BLOCK_STEP, 3 * BLOCK_STEP, 50];
        assert_eq!(block_ends(&images(BLOCK_LEN / 10, 50), BLOCK_STEP), steps);
        assert_eq!(block_ends(&images(BLOCK_LEN / 10, 50), 1), [11, 22, 33, 44, 50]);
        assert_eq!(block_ends(&images(BLOCK_LEN / 20, 50), BLOCK_STEP), [2 * BLOCK_STEP, 50]);
        assert_eq!(block_ends(&[], 1), [0]);
    }

    #[test]
    fn shuffling_depends_on_seed_and_key_alone() {
        let order = |seed| {
            let options = Options { shuffle: true, seed, ..Options::default() };
            plan(&options, &[10; 50]).shards[0].images.iter().map(|image| image.row).collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn names_that_two_files_share_are_told_apart() {
        let mut dataset = dataset_of(["a/1.jpg".to_owned(), "b/1.jpg".to_owned(), "b/2.jpg".to_owned()]);
        dataset.roots = vec!["/data".into()];
        let rows = [(0, 5), (1, 5), (2, 5)];
        assert_eq!(shared_names(&dataset, &rows), [true, true, false]);
        // Parts of one file have names of their own.
        let mut parts = Dataset::default();
        for (key, name) in [("a/1.jpg", "1.jpg"), ("b/1.jpg", "1.jpg"), ("b/2.jpg", "2.jpg")] {
            parts.push(Image { key, name, file: Some((0, "images")), span: Some([0, 5]), ..Image::default() }, []);
        }
        assert_eq!(shared_names(&parts, &rows), [true, true, false]);
    }

    #[test]
    fn a_plan_is_plain_data() {
        let plan = plan(&Options::default(), &[10; 3]);
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
