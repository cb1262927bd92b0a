//! File names for images that come from many folders into one.
//!
//! ```text
//! a/001.jpg  b/002.jpg      001.jpg  002.jpg
//! a/001.jpg  b/001.jpg      a_001.jpg  b_001.jpg
//! x.jpg  X.png              x.jpg  X-2.png        (their labels would be x.txt and X.txt)
//! ```
//!
//! Where each split has a folder of its own, names are such as differ in it.
//!
//! Stems differ even where letter case does not count, because labels stand beside images under the same stem, and file
//! systems of Windows and macOS take both for one; and even without blanks at their ends, which readers of lists take away. What no file system takes is replaced by `_`.

use std::collections::{HashMap, HashSet};

use super::stem;
use crate::dataset::{Dataset, Split};
use crate::image::is_image_name;

/// Bytes of a name: with an extension and what is put before temporary names, it stays below the 255 that file systems take.
const LEN: usize = 200;

/// Gives names, each once.
#[derive(Debug)]
pub struct FileNames {
    names: Vec<String>,
    changed: usize,
}

impl FileNames {
    /// Names for `rows` of `dataset`. An image whose name does not end as one of an image gets its extension of `extensions`, by
    /// its bytes; empty where they are not known. Images of two `folders` may have one name.
    pub fn of(dataset: &Dataset, rows: &[usize], extensions: &[&str], folders: &[Split]) -> Self {
        let base = |row: usize| {
            let path = dataset.images.own_name(row);
            path.rsplit(['/', '\\']).next().unwrap_or(path)
        };
        let plain: Vec<String> = rows
            .iter()
            .zip(extensions)
            .map(|(row, extension)| match named(base(*row), *row) {
                name if extension.is_empty() || is_image_name(&name) => name,
                name => format!("{name}.{extension}"),
            })
            .collect();
        let fold = |name: &str, folder: Split| (folder, stem(name).trim().to_lowercase());
        let mut uses: HashMap<(Split, String), u32> = HashMap::with_capacity(rows.len());
        plain.iter().zip(folders).for_each(|(name, folder)| *uses.entry(fold(name, *folder)).or_default() += 1);
        let mut taken: HashSet<(Split, String)> =
            uses.iter().filter(|(_, count)| **count == 1).map(|(stem, _)| stem.clone()).collect();
        let mut changed = 0;
        let names = rows
            .iter()
            .zip(plain.into_iter().zip(folders))
            .map(|(row, (name, folder))| {
                if uses.get(&fold(&name, *folder)) == Some(&1) {
                    changed += usize::from(name != base(*row));
                    return name;
                }
                let long = named(&dataset.images.key.get(*row).replace(['/', '\\'], "_"), *row);
                let extension = &name[stem(&name).len()..];
                let long = if is_image_name(&long) { long } else { format!("{long}{extension}") };
                let mut candidate = if long.is_empty() { name.clone() } else { long.clone() };
                let mut number = 2;
                while !taken.insert(fold(&candidate, *folder)) {
                    let extension = &long[stem(&long).len()..];
                    candidate = format!("{}-{number}{extension}", stem(&long));
                    number += 1;
                }
                changed += usize::from(candidate != base(*row));
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

/// `name` without what file systems do not take, if anything is left.
pub fn usable(name: &str) -> Option<String> {
    let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let clean: String = name.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    let clean = clean.trim().trim_end_matches('.').trim_start_matches('.');
    if clean.is_empty() {
        return None;
    }
    if clean.len() <= LEN {
        return Some(clean.to_owned());
    }
    let extension = &clean[stem(clean).len()..];
    let extension = if extension.len() <= 10 { extension } else { "" };
    let mut end = LEN - extension.len();
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    Some(format!("{}{extension}", &clean[..end]))
}

/// The same; else a name by the image's row.
fn named(name: &str, row: usize) -> String {
    usable(name).unwrap_or_else(|| format!("image-{}", row + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Image, NO_SOURCE};

    fn names(keys: &[&str]) -> Vec<String> {
        names_in(keys, &vec![Split::Train; keys.len()])
    }

    fn names_in(keys: &[&str], folders: &[Split]) -> Vec<String> {
        let mut dataset = Dataset::default();
        for key in keys {
            dataset
                .push(Image { key, name: key, file: Some((0, key)), source: (NO_SOURCE, 0), ..Image::default() }, []);
        }
        let rows: Vec<usize> = (0..keys.len()).collect();
        FileNames::of(&dataset, &rows, &vec!["png"; rows.len()], folders).into_names()
    }

    #[test]
    fn folders_keep_names_apart() {
        let folders = [Split::Train, Split::Valid, Split::Valid];
        assert_eq!(names_in(&["a/x.jpg", "b/x.jpg", "c/y.jpg"], &folders), ["x.jpg", "x.jpg", "y.jpg"]);
        assert_eq!(names_in(&["a/x.jpg", "b/x.jpg", "c/x.png"], &folders), ["x.jpg", "b_x.jpg", "c_x.png"]);
    }

    #[test]
    fn names_are_kept_where_they_differ() {
        assert_eq!(names(&["a/001.jpg", "b/002.jpg"]), ["001.jpg", "002.jpg"]);
        assert_eq!(names(&["a/001.jpg", "b/001.jpg", "b_001.jpg"]), ["a_001.jpg", "b_001-2.jpg", "b_001.jpg"]);
        assert_eq!(names(&["x.jpg", "X.png"]), ["x.jpg", "X-2.png"]);
        assert_eq!(names(&["a/x.jpg", "a/x.png"]), ["a_x.jpg", "a_x-2.png"]);
        assert_eq!(names(&["x.jpg", "x .jpg"]), ["x.jpg", "x -2.jpg"]);
    }

    #[test]
    fn names_stay_in_the_folder() {
        assert_eq!(names(&["..", "a/.hidden", "a/b\\c:d\n.jpg"]), ["image-1.png", "hidden.png", "c_d_.jpg"]);
        assert_eq!(names(&["a/1", "b/1", "v1.5"]), ["a_1.png", "b_1.png", "v1.5.png"]);
        let long = format!("{}.jpg", "ü".repeat(300));
        let [name] = &names(&[&long])[..] else { panic!("one") };
        assert!(name.len() <= LEN && name.ends_with("ü.jpg"), "{name}");
    }
}
