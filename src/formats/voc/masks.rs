//! `SegmentationObject/a.png` of a devkit: the masks of the objects in `Annotations/a.xml`.
//!
//! A pixel is the number of an object, in the order of the file from 1, as place in a palette or as the colour that the
//! challenge gives to it; 255 is a border that belongs to none. Where the object of that number lies elsewhere, the mask is
//! that of the object whose box fits best. Where there is `SegmentationClass/a.png` alone, the mask of a class is that of the
//! object whose box it fills: of several objects of a class, none. An object with a `<polygon>` keeps that. A picture that cannot be
//! read costs its masks alone.

use std::collections::HashMap;

use super::Labelled;
use super::parse::{Annotation, Found};
use crate::dataset::{Mask, Place, ProblemKind, Problems};
use crate::formats::label_image::{self, Kind, voc_number};
use crate::formats::text::Fault;
use crate::formats::tree::{FileId, Tree};
use crate::formats::{LoadOptions, geometry, parallel};

/// The number of what belongs to no object.
const BORDER: u32 = 255;
/// How much of a box and that of a mask has to be common to both; that of a mask of a class.
const FITS: f64 = 0.5;
const FILLS: f64 = 0.9;

/// Sets the masks of objects; gives the number of those that were not asked for.
pub(super) fn add(tree: &Tree, labelled: &mut [Labelled], options: &LoadOptions, problems: &mut Problems) -> u64 {
    let pictures = pictures(tree);
    if pictures.is_empty() {
        return 0;
    }
    let found: Vec<(usize, Picture)> = labelled
        .iter()
        .enumerate()
        .filter_map(|(place, file)| Some((place, *ends(tree.path(file.file)).find_map(|end| pictures.get(&end))?)))
        .collect();
    if options.boxes_only {
        return found.iter().map(|(place, _)| labelled[*place].annotation.objects.len() as u64).sum();
    }
    let masks = parallel::map_each(found.len(), options.workers, |place| read(tree, found[place].1.file));
    for ((place, picture), masks) in found.into_iter().zip(masks) {
        let path = tree.path(picture.file);
        match masks {
            Ok(masks) => {
                let left = give(masks, &mut labelled[place].annotation, picture.instances);
                for number in left.into_iter().filter(|_| picture.instances) {
                    let message = format!("mask {number} fits the box of no object; left out");
                    problems.push(ProblemKind::IgnoredField, Place::file(path), message);
                }
            }
            Err(fault) => label_image::say_unread(path, &fault, problems),
        }
    }
    0
}

/// A picture of instances, or else of classes.
#[derive(Clone, Copy)]
struct Picture {
    file: FileId,
    instances: bool,
}

/// The pictures by their path without the folder that says so and without extension: those of instances, where there are any.
fn pictures(tree: &Tree) -> HashMap<(String, String), Picture> {
    let mut found = HashMap::new();
    for (folder, instances) in [("SegmentationClass", false), ("SegmentationObject", true)] {
        for (file, path) in tree.files().filter(|(_, file)| file.root == 0).map(|(id, file)| (id, &*file.path)) {
            let Some(stem) = path.strip_suffix(".png") else { continue };
            let parts: Vec<&str> = stem.split('/').collect();
            let Some(at) = parts.iter().position(|part| part.eq_ignore_ascii_case(folder)) else { continue };
            let key = (parts[..at].join("/"), parts.get(at + 1..).unwrap_or_default().join("/"));
            found.insert(key, Picture { file, instances });
        }
    }
    found
}

/// What a path is without its extension and one of its folders.
fn ends(path: &str) -> impl Iterator<Item = (String, String)> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    (0..parts.len().saturating_sub(1)).map(move |at| (parts[..at].join("/"), parts[at + 1..].join("/")))
}

/// The mask of each number in a picture.
fn read(tree: &Tree, file: FileId) -> Result<Vec<(u32, Mask)>, Fault> {
    let picture = label_image::open(tree, file)?;
    let number = |value| if picture.kind == Kind::Colour { voc_number(value) } else { value };
    let mut masks: Vec<(u32, Mask)> = picture.masks()?.into_iter().map(|(value, mask)| (number(value), mask)).collect();
    masks.retain(|(number, _)| !matches!(*number, 0 | BORDER));
    masks.sort_by_key(|(number, _)| *number);
    Ok(masks)
}

/// Gives masks to the objects they fit; what is left over is given back.
fn give(masks: Vec<(u32, Mask)>, annotation: &mut Annotation, instances: bool) -> Vec<u32> {
    let least = if instances { FITS } else { FILLS };
    let mut others = Vec::new();
    for (number, mask) in masks {
        let own = (number as usize).checked_sub(1).filter(|_| instances);
        let own = own.and_then(|place| annotation.objects.get_mut(place));
        match own.filter(|found| fit(found, &mask) >= FITS && found.mask.is_none()) {
            Some(found) => found.mask = Some(mask),
            None => others.push((number, mask)),
        }
    }
    let mut left = Vec::new();
    for (number, mask) in others {
        let free = annotation.objects.iter_mut().filter(|found| found.mask.is_none());
        let best = free.map(|found| (fit(found, &mask), found)).max_by(|a, b| a.0.total_cmp(&b.0));
        match best.filter(|(fit, _)| *fit >= least) {
            Some((_, found)) => found.mask = Some(mask),
            None => left.push(number),
        }
    }
    for found in annotation.objects.iter_mut().filter(|found| !found.polygon.is_empty()) {
        found.mask = None;
    }
    left
}

/// The part that the box of an object and that of a mask have in common, of both together.
fn fit(found: &Found, mask: &Mask) -> f64 {
    let Some(b) = geometry::mask_box(mask) else { return 0.0 };
    let a = found.bbox;
    let area = |[x0, y0, x1, y1]: [f64; 4]| (x1 - x0).max(0.0) * (y1 - y0).max(0.0);
    let common = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let all = area(a) + area(b) - common;
    if all > 0.0 { common / all } else { 0.0 }
}
