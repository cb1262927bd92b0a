//! Messages of a length that people read: what they quote of the input is cut where it is long.

/// Characters of a value that is shown whole; nearly all paths are.
const WHOLE: usize = 200;
/// Characters that are shown of a longer one.
const START: usize = 80;
/// Characters of a message that is shown whole.
const MESSAGE: usize = 4000;

/// `message` with long values in it cut, and cut itself where it is long all the same.
pub fn brief(message: impl Into<String>) -> String {
    let message = brief_values(message.into());
    match cut(&message, MESSAGE, MESSAGE) {
        Some((start, len)) => format!("{start}... ({len} characters)"),
        None => message,
    }
}

/// `message` with long values in double quotes, as `{:?}` writes them, cut: `"aaa..." (200000 characters)`.
pub fn brief_values(message: String) -> String {
    // In most messages nothing can be too long.
    if message.len() <= WHOLE {
        return message;
    }
    let mut short = String::new();
    let mut rest = message.as_str();
    while let Some((before, value, after)) = next_value(rest) {
        short.push_str(before);
        match cut(value, WHOLE, START) {
            Some((start, len)) => {
                // Half an escaped character is none.
                short.push_str(&format!("\"{}...\" ({len} characters)", start.trim_end_matches('\\')));
            }
            None => short.push_str(&format!("\"{value}\"")),
        }
        rest = after;
    }
    short + rest
}

/// The next value in quotes, with what is before and behind it.
fn next_value(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('"')?;
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((before, rest.get(..end)?, rest.get(end + 1..)?))
}

/// The first `start` characters of a text that has more than `whole`, and how many it has.
fn cut(text: &str, whole: usize, start: usize) -> Option<(&str, usize)> {
    if text.len() <= whole {
        return None;
    }
    let len = text.chars().count();
    let (end, _) = text.char_indices().nth(start)?;
    (len > whole).then_some((&text[..end], len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut() {
        let long = "é".repeat(200_000);
        let message = format!("class {long:?} is listed, but {:?} is meant", "a \"b\"");
        let expected =
            format!("class \"{}...\" (200000 characters) is listed, but {:?} is meant", "é".repeat(80), "a \"b\"");
        assert_eq!(brief(message), expected);
        let quotes = "\"".repeat(300);
        assert_eq!(brief(format!("{quotes:?}")), format!("\"{}...\" (600 characters)", "\\\"".repeat(40)));
    }

    #[test]
    fn what_people_read_stays_whole() {
        let path = format!("no image is called {:?}", "folder/".repeat(28));
        assert_eq!(brief(path.as_str()), path);
        let many = format!("several: {}", "\"a b\", ".repeat(500));
        assert_eq!(brief(many.as_str()), many);
        let open = format!("an open quote \"{}", "x".repeat(300));
        assert_eq!(brief(open.as_str()), open);
    }

    #[test]
    fn what_is_not_in_quotes_has_an_end_too() {
        assert_eq!(brief("x".repeat(5000)), format!("{}... (5000 characters)", "x".repeat(4000)));
    }
}
