//! Names that look alike: of classes, and of what there is to choose from.

/// A name without what people write now this way, now that: letter case, blanks, and the signs between words.
pub fn plain(name: &str) -> String {
    name.to_lowercase().replace(|c: char| c.is_whitespace() || matches!(c, '-' | '_'), "")
}

/// The one of `names` that looks most like `name`: equal but for case and separators, or few edits away.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    let limit = (wanted.chars().count() / 3).max(1);
    names
        .map(|name| (edits(&wanted, &plain(name)), name))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Insertions, deletions, replacements and exchanges of neighbours that make `a` into `b` (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits_and_exchanges() {
        assert_eq!(edits("racoon", "raccoon"), 1);
        assert_eq!(edits("abc", "acb"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn the_nearest_is_not_far() {
        let names = ["yolo", "yolo-seg", "coco"];
        assert_eq!(nearest("Yolo Seg", names.into_iter()), Some("yolo-seg"));
        assert_eq!(nearest("cocoa", names.into_iter()), Some("coco"));
        assert_eq!(nearest("nonsense", names.into_iter()), None);
    }
}
