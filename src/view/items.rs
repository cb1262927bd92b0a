//! The images that are shown: each read once, made small, and described, on threads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::records::Described;
use super::shapes::{self, Shape};
use super::{DATA_LEN, ViewError, ViewOptions};
use crate::convert::{self, ConvertError, Phase, Progress, Watch, frame_of, open_image};
use crate::dataset::{Dataset, NO_FILE, NO_SOURCE, Problem, Severity};
use crate::files::Root;
use crate::formats::parallel;
use crate::formats::target::Frame;
use crate::image::header;
use crate::image::thumbnail::{Pictures, pictures};

/// Problems of one image that are told with it.
const PROBLEMS: usize = 50;
/// Bytes of an image's file that is read.
const FILE_LEN: u64 = 1 << 30;

/// What a page shows one of.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// As JSON.
    pub json: String,
    /// Its picture, a JPEG in base64; empty where there is none.
    pub small: String,
    /// A larger one.
    pub large: String,
}

/// What a page shows.
#[derive(Clone, Debug, Default)]
pub struct Items {
    /// In the order of the source.
    pub list: Vec<Item>,
    /// Rows of the dataset, sorted; none of records that are no dataset.
    pub rows: Vec<usize>,
    /// Whether there are fewer than were drawn, so that the page stays small.
    pub cut: bool,
    /// Classes that they are of, or have objects of.
    pub classes: BTreeSet<u32>,
}

#[derive(Debug, Default, Serialize)]
struct Image<'a> {
    /// Its key.
    key: &'a str,
    /// Width and height upright, in pixels.
    size: [u32; 2],
    /// Whether they are a guess.
    #[serde(skip_serializing_if = "is_false")]
    guessed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<&'static str>,
    /// Its objects.
    objects: Vec<Shape<'a>>,
    /// Objects beyond these.
    #[serde(skip_serializing_if = "is_none")]
    more: usize,
    /// Classes of it as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a [u32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captions: Option<&'a [Box<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    /// Where its annotation is.
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation: Option<String>,
    /// What its bytes are.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// EXIF orientation, where that is not 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    orientation: Option<u8>,
    /// Why there is no picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Kind, severity and words of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<(&'static str, Severity, String)>,
    /// The record that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a Described>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// The images of `rows`. Where they are too many for the page that nobody named a number for, the first ones.
pub fn make(
    dataset: &Dataset,
    rows: &[usize],
    problems: &BTreeMap<usize, Vec<&Problem>>,
    records: &BTreeMap<usize, Described>,
    options: &ViewOptions,
    watch: &mut Watch<'_>,
) -> Result<Items, ViewError> {
    let open = |path: &PathBuf| {
        Root::new(path, options.load.allow_outside).map_err(|error| ConvertError::Io {
            action: "cannot open",
            path: path.clone(),
            error,
        })
    };
    let roots = dataset.roots.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let room = room_of_each(options, rows.len());
    let (next, read) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = |_: usize, cancelled: &AtomicBool| {
        let (mut done, mut bytes) = (Vec::new(), Vec::new());
        while !cancelled.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed) as usize;
            let Some(row) = rows.get(place).copied() else { break };
            let said = problems.get(&row).map_or(&[][..], Vec::as_slice);
            let item = item(dataset, row, &roots, said, records.get(&row), options, room, &mut bytes);
            read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            done.push((place, row, item));
        }
        done
    };
    let idle = watch.phase(Phase::Pictures);
    let total = rows.len() as u64;
    let progress = || Progress {
        images: next.load(Ordering::Relaxed).min(total),
        images_total: total,
        bytes: read.load(Ordering::Relaxed),
        ..idle
    };
    let parts = watch.run(parallel::threads(options.load.workers), work, progress, || ());
    if watch.cancelled() {
        return Err(ViewError::cancelled());
    }
    let mut made: Vec<(usize, usize, Item)> = parts.into_iter().flatten().collect();
    made.sort_unstable_by_key(|(place, ..)| *place);
    let cut = options.limit.is_none().then(|| first_within(made.iter().map(|(.., item)| item.json.len()))).flatten();
    made.truncate(cut.unwrap_or(made.len()));
    made.sort_unstable_by_key(|(_, row, _)| *row);
    let of_row = |row: usize| {
        let labels = dataset.images.labels.get(row).into_iter().flatten();
        dataset.objects_of(row).map(|object| dataset.objects.class[object]).chain(labels.copied())
    };
    let classes = made.iter().flat_map(|(_, row, _)| of_row(*row)).collect();
    let rows = made.iter().map(|(_, row, _)| *row).collect();
    Ok(Items { rows, list: made.into_iter().map(|(.., item)| item).collect(), cut: cut.is_some(), classes })
}

/// Bytes that each large picture of so many may have. In base64 they are a third more.
pub fn room_of_each(options: &ViewOptions, images: usize) -> usize {
    if options.images { (options.full / images.max(1) as u64 / 4 * 3) as usize } else { 0 }
}

/// How many of these pieces go into [`DATA_LEN`], where not all do; one always.
fn first_within(pieces: impl Iterator<Item = usize>) -> Option<usize> {
    let mut sum = 0;
    for (place, piece) in pieces.enumerate() {
        sum += piece;
        if sum > DATA_LEN {
            return Some(place.max(1));
        }
    }
    None
}

#[expect(clippy::too_many_arguments, reason = "all that is known of an image")]
fn item(
    dataset: &Dataset,
    row: usize,
    roots: &[Root],
    problems: &[&Problem],
    record: Option<&Described>,
    options: &ViewOptions,
    room: usize,
    bytes: &mut Vec<u8>,
) -> Item {
    let images = &dataset.images;
    let mut image = Image {
        key: images.key.get(row),
        split: images.split[row].map(crate::dataset::Split::name),
        labels: images.labels.get(row).map(Vec::as_slice),
        captions: images.captions.get(row).map(Vec::as_slice),
        id: images.id.get(row).map(i64::to_string),
        url: images.url.get(row).map(|url| &**url),
        annotation: (images.source[row] != NO_SOURCE).then(|| dataset.place(row, 0).to_string()),
        record,
        ..Image::default()
    };
    let told = |problem: &&Problem| (problem.kind.word(), problem.kind.severity(), problem.message.clone());
    image.problems = problems.iter().take(PROBLEMS).map(told).collect();
    let said = (images.width[row], images.height[row]);
    let known = said.0 > 0 && said.1 > 0;
    let mut frame = Frame::plain(if known { said } else { shapes::extent(dataset, row) });
    image.guessed = !known;
    let mut item = Item::default();
    match read(dataset, row, roots, bytes) {
        Err(message) => image.note = Some(message),
        Ok(header) => {
            image.guessed = false;
            image.kind = Some(header.kind.format_name());
            image.bytes = Some(bytes.len() as u64);
            image.orientation = Some(header.orientation).filter(|orientation| *orientation != 1);
            frame = frame_of(dataset, row, &header).upright(header.orientation);
            if options.images {
                match pictures(bytes, &header, options.thumbnail, room) {
                    Ok(made) => put(made, &mut item),
                    Err(message) => image.note = Some(message),
                }
            }
        }
    }
    image.size = [frame.stored.0, frame.stored.1];
    (image.objects, image.more) = shapes::of(dataset, row, frame);
    // Only a map with keys that are no texts fails, and there is none.
    item.json = serde_json::to_string(&image).unwrap_or_default();
    item
}

/// Puts pictures into an item.
pub fn put(pictures: Pictures, item: &mut Item) {
    item.small = STANDARD.encode(pictures.small);
    item.large = pictures.large.map(|file| STANDARD.encode(file)).unwrap_or_default();
}

/// Reads the file of image `row` into `bytes`: its header, or why there is no picture of it.
fn read(dataset: &Dataset, row: usize, roots: &[Root], bytes: &mut Vec<u8>) -> Result<crate::image::Header, String> {
    bytes.clear();
    if dataset.images.root[row] == NO_FILE {
        return Err("no file was found".into());
    }
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let file = open_image(dataset, roots, row).map_err(cannot)?;
    file.take(FILE_LEN).read_to_end(bytes).map_err(cannot)?;
    header::read(bytes).map_err(|error| error.to_string())
}

/// What a page calls the format that a dataset is in.
pub fn title_of(format: &str) -> &'static str {
    convert::formats().iter().find(|row| row.name == format).map_or("", |row| row.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_takes_what_fits() {
        assert_eq!(first_within([DATA_LEN, 1].into_iter()), Some(1));
        assert_eq!(first_within([DATA_LEN + 1].into_iter()), Some(1));
        assert_eq!(first_within([1000; 3].into_iter()), None);
        let options = ViewOptions { full: 4000, ..ViewOptions::default() };
        assert_eq!((room_of_each(&options, 10), room_of_each(&options, 0)), (300, 3000));
        assert_eq!(room_of_each(&ViewOptions { images: false, ..options }, 10), 0);
    }
}
