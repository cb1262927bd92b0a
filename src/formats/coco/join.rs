//! Images that several files list: COCO itself has instances, person keypoints and captions of the same images in files of
//! their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::dataset::{Objects, Place, ProblemKind, Problems, Skipped};
use crate::formats::builder::Builder;
use crate::formats::tree::{FileId, Tree};

/// The objects of one file, with the number of each one's image.
#[derive(Debug)]
pub struct Listed {
    pub file: FileId,
    /// Their images are those of another file.
    pub foreign: bool,
    pub objects: Objects,
    pub owners: Vec<u32>,
}

/// File and row of an object.
type At = (usize, usize);
/// What makes two boxes the same: class and corners, to the bit.
type Identity = (u32, [u64; 4]);

/// Leaves out, of the images in `shared`, objects that stand in two files, and those of a file that says otherwise than one
/// before.
pub fn settle(
    tree: &Tree,
    files: &mut [Listed],
    shared: &HashSet<u32>,
    problems: &mut Problems,
    skipped: &mut Skipped,
    remarks: &mut Vec<String>,
) {
    if shared.is_empty() {
        return;
    }
    // Rows by image, then file.
    let mut rows: BTreeMap<u32, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for (place, file) in files.iter().enumerate() {
        for (row, owner) in file.owners.iter().enumerate().filter(|(_, owner)| shared.contains(owner)) {
            rows.entry(*owner).or_default().entry(place).or_default().push(row);
        }
    }
    let mut joined = 0u64;
    for by_file in rows.into_values() {
        let mut kept: HashMap<Identity, At> = HashMap::new();
        for (place, rows) in by_file {
            let one: Vec<Identity> = rows.iter().map(|row| identity(&files[place].objects, *row)).collect();
            let ours: HashSet<Identity> = one.iter().copied().collect();
            let classes: HashSet<u32> = ours.iter().map(|(class, _)| *class).collect();
            let theirs = || kept.keys().filter(|(class, _)| classes.contains(class));
            // Of a class that both have, one must say all that the other says.
            let less = theirs().all(|known| ours.contains(known));
            let common: HashSet<u32> = theirs().map(|(class, _)| *class).collect();
            let more = ours.iter().all(|one| kept.contains_key(one) || !common.contains(&one.0));
            if !less && !more {
                let line = rows.first().map_or(0, |row| files[place].objects.line[*row]);
                let message = "another file has other boxes of the same class for this image";
                problems.push(ProblemKind::DuplicateImage, Place::line(tree.path(files[place].file), line), message);
                for row in rows {
                    files[place].owners[row] = Builder::NOBODY;
                    skipped.object(ProblemKind::DuplicateImage.word());
                }
                continue;
            }
            for (row, one) in rows.into_iter().zip(one) {
                let here = (place, row);
                let there = match kept.get(&one).copied().filter(|there| there.0 != place) {
                    Some(there) => there,
                    None => {
                        kept.insert(one, here);
                        continue;
                    }
                };
                joined += 1;
                let (keep, leave) = if says(files, here) > says(files, there) { (here, there) } else { (there, here) };
                files[leave.0].owners[leave.1] = Builder::NOBODY;
                kept.insert(one, keep);
            }
        }
    }
    if joined > 0 {
        remarks.push(format!("objects that stand in two files, taken once: {joined}"));
    }
}

fn identity(objects: &Objects, row: usize) -> Identity {
    (objects.class[row], objects.bbox[row].map(f64::to_bits))
}

/// How much is known of an object besides its box.
fn says(files: &[Listed], (file, row): At) -> u32 {
    let objects = &files[file].objects;
    [
        objects.keypoints.get(row).is_some(),
        objects.polygons.get(row).is_some(),
        objects.masks.get(row).is_some(),
        objects.attributes.get(row).is_some(),
        objects.score.get(row).is_some(),
    ]
    .into_iter()
    .map(u32::from)
    .sum()
}
