//! Images that are the same to the byte.

use std::collections::BTreeMap;

use crate::dataset::{Dataset, Place, ProblemKind, Problems, Split};

/// Says which images have the bytes of one before them; `digests` are those of the files, by row.
pub fn report(dataset: &Dataset, mut digests: Vec<([u8; 32], usize)>, problems: &mut Problems) {
    digests.sort_unstable();
    let mut found = Vec::new();
    for twins in digests.chunk_by(|a, b| a.0 == b.0).filter(|twins| twins.len() > 1) {
        let mut first_of: BTreeMap<Split, usize> = BTreeMap::new();
        for (_, row) in twins {
            // What is in no split is trained with, as `convert` takes it.
            let split = dataset.images.split[*row].unwrap_or(Split::Train);
            let elsewhere = first_of.iter().find(|(other, _)| **other != split).map(|(other, first)| (*other, *first));
            let alike = first_of.get(&split).copied();
            first_of.entry(split).or_insert(*row);
            let key = |row| dataset.images.key.get(row);
            if let Some((other, first)) = elsewhere {
                let message = format!("the same bytes as {}, which is in split {other}, this in {split}", key(first));
                found.push((*row, ProblemKind::SplitLeak, message));
            } else if let Some(first) = alike {
                found.push((*row, ProblemKind::SameContent, format!("the same bytes as {}", key(first))));
            }
        }
    }
    found.sort_unstable_by_key(|(row, ..)| *row);
    for (row, kind, message) in found {
        problems.push(kind, Place::file(dataset.images.key.get(row)), message);
    }
}
