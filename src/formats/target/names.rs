//! File names for images that come from many folders into one.
//!
//! ```text
//! a/001.jpg  b/002.jpg      001.jpg  002.jpg
//! a/001.jpg  b/001.jpg      a_001.jpg  b_001.jpg
//! x.jpg  X.png              x.jpg  X-2.png        (their labels would be x.txt and X.txt)
//! ```
//!
//! Stems differ even where letter case does not count, because labels stand beside images under the same stem, and file
//! systems of Windows and macOS take both for one. What no file system takes is replaced by `_`.

use std::collections::{HashMap, HashSet};

use super::stem;
use crate::dataset::Dataset;

/// Bytes of a name: with an extension and what is put before temporary names, it stays below the 255 that file systems take.
const LEN: usize = 200;

/// Gives names, each once.
#[derive(Debug)]
pub struct FileNames {
    names: Vec<String>,
    changed: usize,
}

impl FileNames {
    /// Names for `rows` of `dataset`.
    pub fn of(dataset: &Dataset, rows: &[usize]) -> Self {
        let base = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
        let plain: Vec<String> = rows.iter().map(|row| usable(&base(dataset.images.own_name(*row)), *row)).collect();
        let fold = |name: &str| stem(name).to_lowercase();
        let mut uses: HashMap<String, u32> = HashMap::with_capacity(rows.len());
        plain.iter().for_each(|name| *uses.entry(fold(name)).or_default() += 1);
        let mut taken: HashSet<String> =
            uses.iter().filter(|(_, count)| **count == 1).map(|(stem, _)| stem.clone()).collect();
        let mut changed = 0;
        let names = rows
            .iter()
            .zip(plain)
            .map(|(row, name)| {
                if uses.get(&fold(&name)) == Some(&1) {
                    return name;
                }
                let long = usable(&dataset.images.key.get(*row).replace(['/', '\\'], "_"), *row);
                let mut candidate = if long.is_empty() { name.clone() } else { long.clone() };
                let mut number = 2;
                while !taken.insert(fold(&candidate)) {
                    let extension = &long[stem(&long).len()..];
                    candidate = format!("{}-{number}{extension}", stem(&long));
                    number += 1;
                }
                changed += usize::from(candidate != name);
                candidate
            })
            .collect();
        Self { names, changed }
    }

    /// The names, in the order of the rows.
    pub fn into_names(self) -> Vec<String> {
        self.names
    }

    /// How many are not the image's own.
    pub fn changed(&self) -> usize {
        self.changed
    }
}

/// `name` without what file systems do not take.
fn usable(name: &str, row: usize) -> String {
    let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let clean: String = name.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    let clean = clean.trim().trim_end_matches('.').trim_start_matches('.');
    if clean.is_empty() {
        return format!("image-{}", row + 1);
    }
    if clean.len() <= LEN {
        return clean.to_owned();
    }
    let extension = &clean[stem(clean).len()..];
    let extension = if extension.len() <= 10 { extension } else { "" };
    let mut end = LEN - extension.len();
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &clean[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Image, NO_SOURCE};

    fn names(keys: &[&str]) -> Vec<String> {
        let mut dataset = Dataset::default();
        for key in keys {
            dataset
                .push(Image { key, name: key, file: Some((0, key)), source: (NO_SOURCE, 0), ..Image::default() }, []);
        }
        let rows: Vec<usize> = (0..keys.len()).collect();
        FileNames::of(&dataset, &rows).into_names()
    }

    #[test]
    fn names_are_kept_where_they_differ() {
        assert_eq!(names(&["a/001.jpg", "b/002.jpg"]), ["001.jpg", "002.jpg"]);
        assert_eq!(names(&["a/001.jpg", "b/001.jpg", "b_001.jpg"]), ["a_001.jpg", "b_001-2.jpg", "b_001.jpg"]);
        assert_eq!(names(&["x.jpg", "X.png"]), ["x.jpg", "X-2.png"]);
        assert_eq!(names(&["a/x.jpg", "a/x.png"]), ["a_x.jpg", "a_x-2.png"]);
    }

    #[test]
    fn names_stay_in_the_folder() {
        assert_eq!(names(&["..", "a/.hidden", "a/b\\c:d\n.jpg"]), ["image-1", "hidden", "c_d_.jpg"]);
        let long = format!("{}.jpg", "ü".repeat(300));
        let [name] = &names(&[&long])[..] else { panic!("one") };
        assert!(name.len() <= LEN && name.ends_with("ü.jpg"), "{name}");
    }
}
