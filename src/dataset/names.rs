//! Names that look alike: of classes, and of what there is to choose from; and names with numbers in them.

use std::cmp::Ordering;

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

/// The order that people give to files with numbers in their names: `frame_9` before `frame_10`. Names that differ in nothing but
/// zeros before their numbers are in the order of their bytes.
pub fn by_numbers(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    while !(rest_a.is_empty() || rest_b.is_empty()) {
        let (part_a, part_b) = (part(rest_a), part(rest_b));
        let number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
        let order = if number(part_a) && number(part_b) {
            let (a, b) = (part_a.trim_start_matches('0'), part_b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        } else {
            part_a.cmp(part_b)
        };
        if order.is_ne() {
            return order;
        }
        (rest_a, rest_b) = (&rest_a[part_a.len()..], &rest_b[part_b.len()..]);
    }
    rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b))
}

/// The digits that `text` begins with, or all before the first.
fn part(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
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
    fn numbers_in_names_count() {
        let sorted = ["", "a", "a1", "a01", "a2", "a2b", "a2b9", "a2b10", "a10", "a18446744073709551616", "b", "ä"];
        for (place, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                // The same number: by bytes, and a zero is before a one.
                let expected = match (*a, *b) {
                    ("a1", "a01") => Ordering::Greater,
                    ("a01", "a1") => Ordering::Less,
                    _ => place.cmp(&other),
                };
                assert_eq!(by_numbers(a, b), expected, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_nearest_is_not_far() {
        let names = ["yolo", "yolo-seg", "coco"];
        assert_eq!(nearest("Yolo Seg", names.into_iter()), Some("yolo-seg"));
        assert_eq!(nearest("cocoa", names.into_iter()), Some("coco"));
        assert_eq!(nearest("nonsense", names.into_iter()), None);
    }
}
