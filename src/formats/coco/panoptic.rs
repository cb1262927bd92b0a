//! COCO's panoptic segmentation: a PNG per image, whose colours are the numbers of its segments. One that cannot be read costs the
//! masks alone.
//!
//! ```text
//! annotations/panoptic_val2017.json            "annotations": [{"image_id", "file_name": "a.png", "segments_info": [{"id",
//!                                               "category_id", "area", "bbox", "iscrowd"}]}], categories with "isthing", "color"
//! annotations/panoptic_val2017/a.png           red + 256 green + 65536 blue: a segment's id; 0: nobody's
//! ```
//!
//! Specification: <https://cocodataset.org/#format-data>, 4; `panopticapi`. Written with the colours of VOC as numbers, so that
//! segments can be told apart by eye. Of objects that overlap the smaller one is seen; one that is not seen at all is left out.

use std::collections::HashSet;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::parse::Annotations;
use super::write::{Numbers, quoted};
use crate::dataset::{Mask, Place, ProblemKind, Problems, Sparse, flag};
use crate::formats::images::{Asker, Match, Matcher};
use crate::formats::label_image::{self, Canvas, LabelImage, voc_colour};
use crate::formats::target::{Ready, ReadyImage, Remarks, Sink, at, entry, put, put_image, stem, val_word, write_list};
use crate::formats::text::Fault;
use crate::formats::tree::{FileId, Tree, file_name, folder_of, join, stem_of};
use crate::formats::{FormatError, parallel};
use crate::image::runs;

/// Whether an image is one of segments, by its folder.
pub(super) fn is_picture(path: &str) -> bool {
    let folder = file_name(folder_of(path)).to_ascii_lowercase();
    folder.starts_with("panoptic") && path.to_ascii_lowercase().ends_with(".png")
}

/// A colour's number.
fn number([red, green, blue]: [u8; 3]) -> u32 {
    u32::from_le_bytes([red, green, blue, 0])
}

/// Gives the segments of the file `of` their masks. The pictures that were found are added to `used`.
pub(super) fn add_masks(
    tree: &Tree,
    of: FileId,
    annotations: &mut Annotations,
    workers: usize,
    used: &mut HashSet<FileId>,
    problems: &mut Problems,
) {
    if annotations.pictures.is_empty() {
        return;
    }
    let path = tree.path(of);
    let matcher = Matcher::among(tree, is_picture);
    let pictures = std::mem::take(&mut annotations.pictures);
    let beside = join(folder_of(path), stem_of(path));
    let find = |name: &str| {
        tree.find(0, &join(&beside, name)).or_else(|| match matcher.find(name, &Asker { path, split: None }) {
            Match::Found { file, .. } => Some(file),
            _ => None,
        })
    };
    let files: Vec<Option<FileId>> = pictures.iter().map(|picture| find(&picture.file_name)).collect();
    used.extend(files.iter().flatten());
    let read = |place: usize| -> Option<Result<Vec<(u32, Mask)>, Fault>> {
        Some(label_image::open(tree, files[place]?).and_then(|picture| numbered(&picture)))
    };
    let masks = parallel::map_each(pictures.len(), workers, read);
    let mut found: Vec<(usize, Mask)> =
        annotations.objects.masks.iter().map(|(row, mask)| (row, mask.clone())).collect();
    for ((picture, masks), file) in pictures.into_iter().zip(masks).zip(files) {
        let name = &picture.file_name;
        let mut note = |message: String| {
            problems.push(ProblemKind::IgnoredField, Place::line(path, picture.line), message);
        };
        match masks {
            None => note(format!("picture {name:?} of the segments was not found; their boxes alone are read")),
            Some(Err(fault)) => {
                label_image::say_unread(file.map_or(path, |file| tree.path(file)), &fault, problems);
            }
            Some(Ok(mut masks)) => {
                for (row, id) in picture.rows {
                    match masks.iter().position(|(number, _)| *number == id) {
                        Some(place) => found.push((row, masks.swap_remove(place).1)),
                        None => note(format!("segment {id} is not in picture {name:?}")),
                    }
                }
                masks.retain(|(number, _)| *number != 0);
                if !masks.is_empty() {
                    note(format!("picture {name:?} has {} segments that nothing is said of", masks.len()));
                }
            }
        }
    }
    found.sort_by_key(|(row, _)| *row);
    found.dedup_by_key(|(row, _)| *row);
    annotations.objects.masks = Sparse::default();
    for (row, mask) in found {
        annotations.objects.masks.set(row, mask);
    }
}

/// The mask of each segment in a picture.
fn numbered(picture: &LabelImage) -> Result<Vec<(u32, Mask)>, Fault> {
    let number_of = |value: u32| match picture.kind {
        label_image::Kind::Colour => {
            let [_, red, green, blue] = value.to_be_bytes();
            number([red, green, blue])
        }
        _ => value,
    };
    Ok(picture.masks()?.into_iter().map(|(value, mask)| (number_of(value), mask)).collect())
}

/// Writes a file per split with the pictures beside it.
pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    ready.refuse_huge(|_, _| true)?;
    let numbers = Numbers::of(ready);
    let hidden = AtomicU64::new(0);
    let covered = AtomicU64::new(0);
    let said: Vec<OnceLock<String>> = ready.images.iter().map(|_| OnceLock::new()).collect();
    let places: Vec<usize> = (0..ready.images.len()).collect();
    ready.for_each(&places, |place, image| {
        let drawn = Drawn::of(ready, image);
        hidden.fetch_add(drawn.hidden, Ordering::Relaxed);
        covered.fetch_add(drawn.covered, Ordering::Relaxed);
        if let Some(said) = said.get(place) {
            said.get_or_init(|| drawn.segments);
        }
        let name = format!("annotations/panoptic_{}/{}.png", val_word(image.split), stem(&image.name));
        put(sink, &name, &drawn.picture)?;
        let name = format!("images/{}/{}", val_word(image.split), image.name);
        put_image(sink, place, &name)
    })?;
    for split in ready.splits() {
        let places = ready.images_of(split);
        let name = format!("annotations/panoptic_{}.json", val_word(split));
        let written = sink.create(&name).and_then(|mut file| {
            file.write_all(b"{\"info\":{},\"licenses\":[],\"categories\":[\n")?;
            file.write_all(categories(ready).join(",\n").as_bytes())?;
            file.write_all(b"\n],\"images\":[")?;
            write_list(ready, &mut file, &places, |place, image, text| numbers.describe(text, place, image))?;
            file.write_all(b"\n],\"annotations\":[")?;
            write_list(ready, &mut file, &places, |place, image, text| {
                let (id, picture) = (numbers.image(place), quoted(&format!("{}.png", stem(&image.name))));
                let segments = said.get(place).and_then(OnceLock::get).map_or("", String::as_str);
                let segments =
                    format_args!("{{\"image_id\":{id},\"file_name\":{picture},\"segments_info\":[{segments}]}}");
                entry(text, segments);
            })?;
            file.write_all(b"\n]}\n")?;
            file.flush()
        });
        written.map_err(at(&name))?;
    }
    let mut remarks = Remarks::from_iter(ready.remark_filled());
    for (what, count) in [
        ("objects of which a part lies below another, and is not in the picture", covered.into_inner()),
        ("objects that lie below others with all of their pixels, left out", hidden.into_inner()),
    ] {
        if count > 0 {
            remarks.push(format!("{what}: {count}"));
        }
    }
    Ok(remarks)
}

fn categories(ready: &Ready<'_>) -> Vec<String> {
    let category = |(number, class): (u32, &crate::formats::target::ReadyClass<'_>)| {
        let above = class.details.map_or("", |details| &details.supercategory);
        let (name, above, [red, green, blue]) = (quoted(&class.name), quoted(above), voc_colour(number));
        let thing = u8::from(class.details.is_none_or(|details| !details.stuff));
        let colour = format!("\"isthing\":{thing},\"color\":[{red},{green},{blue}]");
        format!("{{\"id\":{},\"name\":{name},\"supercategory\":{above},{colour}}}", class.id)
    };
    (1..).zip(&ready.classes).map(category).collect()
}

/// The picture of an image.
struct Drawn {
    picture: Vec<u8>,
    /// Elements of `segments_info`.
    segments: String,
    /// Objects that cannot be seen, and those that lie below others in part.
    hidden: u64,
    covered: u64,
}

impl Drawn {
    fn of(ready: &Ready<'_>, image: &ReadyImage) -> Self {
        let objects = ready.objects_of(image);
        let masks: Vec<_> = objects.iter().map(|object| ready.filled(image, object)).collect();
        let (mut canvas, covered) =
            Canvas::painted(image.width, image.height, masks.iter().map(|mask| &**mask).zip(1..));
        // What can be seen is what is said.
        let seen = canvas.masks();
        let (mut segments, mut hidden) = (Vec::new(), 0);
        for (count, object) in (1..).zip(objects) {
            let Some(mask) = seen.get(&count) else {
                hidden += 1;
                continue;
            };
            let flags = ready.dataset.objects.flags.get(object.row).copied().unwrap_or(0);
            let category = ready.classes.get(object.class as usize).map_or(0, |class| class.id);
            let [x0, y0, x1, y1] = runs::bounds(&mask.runs, mask.height).unwrap_or_default();
            segments.push(format!(
                "{{\"id\":{},\"category_id\":{category},\"area\":{},\"bbox\":[{x0},{y0},{},{}],\"iscrowd\":{}}}",
                number(voc_colour(count)),
                runs::area(&mask.runs),
                x1 - x0,
                y1 - y0,
                u8::from(flags & flag::CROWD != 0)
            ));
        }
        canvas.change(|count| label_image::colour(voc_colour(count)));
        Self { picture: canvas.to_colour(), segments: segments.join(","), hidden, covered }
    }
}
