//! The Oxford-IIIT Pet dataset as `create_pet_tf_record.py` takes it, where that is asked for ([`LoadOptions::pets`]).
//!
//! ```text
//! images/Abyssinian_100.jpg  annotations/xmls/Abyssinian_100.xml     a head, of "cat" or "dog": the breed is in the file's name
//!                            annotations/trimaps/Abyssinian_100.png  1 the animal, 2 what is behind it, 3 the border between them
//! annotations/trainval.txt   Abyssinian_100 1 1 1                    what is labelled, shuffled by `random.seed(42)`: 70 % for training
//! ```
//!
//! Specification: <https://www.robots.ox.ac.uk/~vgg/data/pets/>.

use std::collections::HashMap;

use super::Labelled;
use super::parse::Annotation;
use crate::dataset::{Mask, Place, ProblemKind, Problems, Skipped, Split};
use crate::formats::label_image;
use crate::formats::text::{self, Fault};
use crate::formats::tree::{FileId, Tree, file_name, folder_of, join, stem_of};
use crate::formats::{LoadOptions, Pets, parallel};

/// Size of the list that is still read.
const LIMIT: u64 = 64 << 20;
/// The number in a trimap of what is no animal.
const BACKGROUND: u32 = 2;
/// `random.seed(42)`, `int(0.7 * num_examples)`.
const SEED: u32 = 42;
const TRAINING: f64 = 0.7;
/// Why an image that is on the list is left out.
const UNLABELLED: &str = "without-labels";

/// Leaves in `labelled` what is on the list, as the script has it; gives the place of each in its split. None where there is no list.
pub(super) fn arrange(
    tree: &Tree,
    options: &LoadOptions,
    labelled: &mut Vec<Labelled>,
    problems: &mut Problems,
    skipped: &mut Skipped,
) -> Option<HashMap<FileId, u32>> {
    let form = options.pets?;
    let beside = |file: &FileId| {
        let folder = folder_of(tree.path(*file));
        let xmls = join(folder, "xmls");
        file_name(tree.path(*file)) == "trainval.txt"
            && labelled.iter().any(|one| folder_of(tree.path(one.file)) == xmls)
    };
    let list = tree.annotations(&["txt"]).find(beside)?;
    let folder = folder_of(tree.path(list)).to_owned();
    let bytes = match tree.read(list, LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(ProblemKind::UnreadableAnnotation, Place::file(tree.path(list)), error.to_string());
            return None;
        }
    };
    let content = text::decode(&bytes).text;
    let mut ids: Vec<&str> = content.lines().map(|line| line.trim().split(' ').next().unwrap_or_default()).collect();
    Random::new(SEED).shuffle(&mut ids);
    let training = (TRAINING * ids.len() as f64) as usize;
    let place_of = |place: usize| match place.checked_sub(training) {
        None => (Split::Train, place as u32),
        Some(place) => (Split::Valid, place as u32),
    };
    let mut places: HashMap<&str, (Split, u32)> = HashMap::new();
    for (place, id) in ids.iter().enumerate() {
        places.entry(id).or_insert_with(|| place_of(place));
    }
    let mut found: HashMap<FileId, u32> = HashMap::new();
    labelled.retain_mut(|one| {
        let path = tree.path(one.file);
        let place = places.remove(stem_of(path)).filter(|_| folder_of(path) == join(&folder, "xmls"));
        match place {
            Some((split, rank)) => {
                one.split = Some(split);
                found.insert(one.file, rank);
            }
            None => skipped.image(UNLABELLED, one.annotation.objects.len() as u64),
        }
        place.is_some()
    });
    for one in labelled.iter_mut() {
        if let Some(breed) = breed(&one.annotation.filename) {
            one.annotation.objects.iter_mut().for_each(|object| object.name = breed.into());
        }
    }
    if form == Pets::Bodies {
        let read = |place: usize| {
            let path = format!("{folder}/trimaps/{}.png", stem_of(tree.path(labelled[place].file)));
            let found = tree.find(0, &path).ok_or_else(|| Fault::new(0, "the trimap is not there"));
            (path, found.and_then(|file| body(tree, file)))
        };
        let bodies = parallel::map_each(labelled.len(), options.workers, read);
        for (one, (path, body)) in labelled.iter_mut().zip(bodies) {
            match body {
                Ok(body) => draw(&mut one.annotation, &body),
                Err(fault) => {
                    label_image::say_unread(&path, &fault, problems);
                }
            }
        }
    }
    Some(found)
}

/// `re.match(r'([A-Za-z_]+)(_[0-9]+\.jpg)', file_name, re.I)`, the first group.
fn breed(name: &str) -> Option<&str> {
    let end = name.find(|c: char| !(c.is_ascii_alphabetic() || c == '_'))?;
    let (letters, rest) = name.split_at(end);
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_jpg = behind.get(..4).is_some_and(|end| end.eq_ignore_ascii_case(".jpg"));
    letters.strip_suffix('_').filter(|breed| !breed.is_empty() && behind.len() < rest.len() && is_jpg)
}

/// What is not background, and the places of its first and last columns and rows.
struct Body {
    mask: Mask,
    bbox: [f64; 4],
}

fn body(tree: &Tree, file: FileId) -> Result<Body, Fault> {
    let mut picture = label_image::open(tree, file)?;
    picture.values.iter_mut().for_each(|value| *value = u32::from(*value != BACKGROUND));
    let mask = picture.masks()?.remove(&1).ok_or_else(|| Fault::new(0, "it is all background"))?;
    let width = picture.width as usize;
    let seen =
        || picture.values.iter().enumerate().filter(|(_, value)| **value == 1).map(|(at, _)| (at % width, at / width));
    let (first, last) = (
        |axis: fn((usize, usize)) -> usize| seen().map(axis).min(),
        |axis: fn((usize, usize)) -> usize| seen().map(axis).max(),
    );
    let sides = [first(|at| at.0), first(|at| at.1), last(|at| at.0), last(|at| at.1)];
    Ok(Body { mask, bbox: sides.map(|side| side.unwrap_or_default() as f64) })
}

/// Every object is the whole body.
fn draw(annotation: &mut Annotation, body: &Body) {
    for object in &mut annotation.objects {
        object.bbox = body.bbox;
        object.mask = Some(body.mask.clone());
        object.polygon.clear();
    }
}

/// Python's `random`: MT19937, seeded as by `random.seed(number)`.
struct Random {
    state: [u32; 624],
    next: usize,
}

impl Random {
    fn new(seed: u32) -> Self {
        let mut state = [19_650_218u32; 624];
        for at in 1..624 {
            let before: u32 = state[at - 1];
            state[at] = 1_812_433_253u32.wrapping_mul(before ^ before >> 30).wrapping_add(at as u32);
        }
        // 624 steps from place 1 on, then 623 from where those end; behind the last place comes the first, which is as the last.
        let places = |from: usize, count: usize| (from - 1..from - 1 + count).map(|step| step % 623 + 1);
        for (at, factor) in places(1, 624).map(|at| (at, true)).chain(places(2, 623).map(|at| (at, false))) {
            let before = state[at - 1];
            let before = before ^ before >> 30;
            state[at] = match factor {
                true => (state[at] ^ before.wrapping_mul(1_664_525)).wrapping_add(seed),
                false => (state[at] ^ before.wrapping_mul(1_566_083_941)).wrapping_sub(at as u32),
            };
            if at == 623 {
                state[0] = state[623];
            }
        }
        state[0] = 1 << 31;
        Self { state, next: 624 }
    }

    fn word(&mut self) -> u32 {
        if self.next == 624 {
            for at in 0..624 {
                let both = self.state[at] & 1 << 31 | self.state[(at + 1) % 624] & !(1 << 31);
                let odd = if both & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[at] = self.state[(at + 397) % 624] ^ both >> 1 ^ odd;
            }
            self.next = 0;
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    /// `random.shuffle`.
    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let bits = usize::BITS - (last + 1).leading_zeros();
            let other = loop {
                let drawn = (self.word() >> (32 - bits.min(32))) as usize;
                if drawn <= last {
                    break drawn;
                }
            };
            list.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `random.seed(42); random.shuffle(list(range(n)))` of CPython 3.11.
    #[test]
    fn lists_are_shuffled_as_python_does() {
        let shuffled = |count: u32| {
            let mut list: Vec<u32> = (0..count).collect();
            Random::new(SEED).shuffle(&mut list);
            list
        };
        assert_eq!(shuffled(12), [7, 5, 2, 8, 9, 6, 11, 3, 4, 0, 1, 10]);
        let many = shuffled(1000);
        assert_eq!((&many[..5], &many[995..]), (&[776, 507, 895, 922, 33][..], &[281, 759, 25, 114, 654][..]));
    }

    #[test]
    fn a_breed_is_in_the_name() {
        assert_eq!(breed("american_pit_bull_terrier_105.jpg"), Some("american_pit_bull_terrier"));
        assert_eq!(breed("Abyssinian_1.JPG"), Some("Abyssinian"));
        for name in ["Abyssinian.jpg", "_1.jpg", "Abyssinian_1.png", "1.jpg", "Abyssinian1.jpg", ""] {
            assert_eq!(breed(name), None, "{name}");
        }
    }
}
