//! Label maps with a class per line: names alone, numbered names, CVAT's `labelmap.txt`.

use super::{Fault, Item, Warning, is_background, warn};
use crate::formats::text;

/// Lines that say something, with their numbers.
fn filled(source: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(source.lines()).map(|(number, line)| (number, text::trim(line))).filter(|(_, line)| !line.is_empty())
}

/// Lines of a label map. `#` starts a comment only at the start of a line.
fn lines(source: &str) -> Vec<(u32, &str)> {
    filled(source).filter(|(_, line)| !line.starts_with('#')).collect()
}

/// Class names of a dataset in the order of the lines, without what stands behind them in CVAT's form. Such lists have no
/// comments, since the line is the number (a class may be called `#1 bolt`); only CVAT's has its `# label:color_rgb:parts:actions`.
pub fn names(source: &str) -> Vec<String> {
    let is_comment = |line: &str| line.starts_with('#') && cvat(line).is_none();
    let of_cvat: Option<Vec<&str>> =
        filled(source).map(|(_, line)| line).filter(|line| !is_comment(line)).map(cvat).collect();
    match of_cvat.filter(|names| !names.is_empty()) {
        Some(names) => names.into_iter().map(str::to_owned).collect(),
        None => filled(source).map(|(_, line)| line.to_owned()).collect(),
    }
}

fn cvat_name(line: &str) -> &str {
    cvat(line).unwrap_or(line)
}

/// The name in `name:r,g,b:parts:actions`.
fn cvat(line: &str) -> Option<&str> {
    let mut fields = line.rsplitn(4, ':');
    let (_actions, _parts, colour, name) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let is_colour = colour.is_empty()
        || colour.split(',').count() == 3 && colour.split(',').all(|part| part.trim().parse::<u8>().is_ok());
    is_colour.then_some(text::trim(name))
}

/// Number and name of a line, in the order that `number_first` says. A tab, `,`, `;` or `:` stands between them, or a
/// blank behind a number.
fn numbered(line: &str, number_first: bool) -> Option<(i64, &str)> {
    let marks = [',', ';', '\t', ':'];
    let (number, name) = if number_first {
        line.split_once(marks).or_else(|| line.split_once(' '))?
    } else {
        let (name, number) = line.rsplit_once(marks)?;
        (number, name)
    };
    let name = text::trim(name);
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    Some((text::trim(number).parse().ok()?, name)).filter(|(_, name)| !name.is_empty())
}

pub(super) fn items(source: &str, warnings: &mut Vec<Warning>) -> Result<Vec<Item>, Fault> {
    let mut lines = lines(source);
    let item = |line, id, name: &str| Item { line, id: Some(id), name: Some(name.to_owned()), display_name: None };
    if lines.first().is_some_and(|(_, line)| is_header(line)) {
        lines.remove(0);
    }
    if lines.iter().all(|(_, line)| cvat(line).is_some()) {
        return Ok(in_order(lines.iter().map(|(number, line)| (*number, cvat_name(line))), warnings));
    }
    for number_first in [true, false] {
        let pairs: Option<Vec<Item>> = lines
            .iter()
            .map(|(number, line)| numbered(line, number_first).map(|(id, name)| item(*number, id, name)))
            .collect();
        if let Some(pairs) = pairs {
            return Ok(pairs);
        }
    }
    // Some numbered lines among others have no clear meaning: the ids would shift.
    let with_number =
        lines.iter().filter(|(_, line)| line.contains([',', ';', '\t']) && numbered(line, true).is_some()).count();
    if let Some((line, text)) =
        lines.iter().find(|(_, line)| numbered(line, true).is_none()).filter(|_| with_number > 0)
    {
        return Err(Fault { line: *line, message: format!("{text:?} is not id,name as other lines are") });
    }
    if let Some((line, text)) = lines.iter().find(|(_, line)| line.contains(['{', '}', '<', '>', '\0'])) {
        return Err(Fault { line: *line, message: format!("{text:?} is neither an item nor a class name") });
    }
    Ok(in_order(lines.into_iter(), warnings))
}

fn is_header(line: &str) -> bool {
    let words: Vec<String> = line.split([',', ';', '\t']).map(|word| text::trim(word).to_ascii_lowercase()).collect();
    words.len() == 2 && words.iter().any(|word| word == "id" || word.ends_with("_id"))
}

/// Names with ids from 1; a background in the first line has 0.
pub(super) fn in_order<'a>(names: impl Iterator<Item = (u32, &'a str)>, warnings: &mut Vec<Warning>) -> Vec<Item> {
    let mut items = Vec::new();
    let mut next = 1;
    for (line, name) in names {
        if items.is_empty() && next == 1 && is_background(name) {
            warn(warnings, line, format!("{name:?} left out: the background has no number of its own"));
            continue;
        }
        items.push(Item { line, id: Some(next), name: Some(name.to_owned()), display_name: None });
        next += 1;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_list_of_names_has_no_comments() {
        assert_eq!(names("#1 bolt\n\n nut \n#\n"), ["#1 bolt", "nut", "#"]);
        assert_eq!(names("#\n# a\n"), ["#", "# a"]);
        let cvat = "# label:color_rgb:parts:actions\ncat:1,2,3::\n#1 bolt:4,5,6:a,b:c\nbackground:::\n";
        assert_eq!(names(cvat), ["cat", "#1 bolt", "background"]);
        // One line that is not CVAT's, and all are names.
        assert_eq!(names("# a:b\ncat:1,2,3::\ndog\n"), ["# a:b", "cat:1,2,3::", "dog"]);
        assert!(names(" \n\r\n").is_empty());
    }
}
