//! The page: a template, styles and a script that are files of their own beside this one, and the data between them.
//!
//! Nothing of the data is ever code:
//!
//! ```text
//! text of the data    JSON in elements that are no scripts, with every `<`, `>` and `&` escaped, so that none of it ends them;
//!                     the script puts it on the page by `textContent` alone
//! policy              a Content-Security-Policy without any source but our own script and style, by their SHA-256, and pictures as
//!                     data; trusted types are required and there are none, so that no text becomes an element by mistake
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::items::Items;
use super::overview::Overview;
use super::records;
use super::{Counts, Page};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &[&str] = &[include_str!("page.js")];

/// How every page begins, so that one is known to be ours.
pub const BEGINNING: &str = "<!doctype html>\n<!-- a page by recordmill view -->";

/// Puts the page together.
pub fn assemble(overview: &Overview, items: &Items) -> Page {
    let mut list = String::from("[");
    for (place, item) in items.list.iter().enumerate() {
        if place > 0 {
            list.push_str(",\n");
        }
        list.push_str(&item.json);
    }
    list.push(']');
    let mut pictures = String::from("[");
    for (place, item) in items.list.iter().enumerate() {
        if place > 0 {
            pictures.push_str(",\n");
        }
        // Base64 has no letter that JSON would escape.
        pictures.push_str(&format!("[\"{}\",\"{}\"]", item.small, item.large));
    }
    pictures.push(']');
    // Strings, numbers and lists alone: that cannot fail.
    let mut about = serde_json::to_value(overview).unwrap_or_default();
    exact(&mut about);
    let about = about.to_string();
    let (style, script) = (same_lines(STYLE), same_lines(&SCRIPT.concat()));
    let policy = format!(
        "default-src 'none'; img-src data:; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest(&style),
        digest(&script)
    );
    let html = fill(&same_lines(TEMPLATE), |name| match name {
        "policy" => policy.clone(),
        "title" => escaped(&overview.title),
        "style" => style.clone(),
        "script" => script.clone(),
        "about" => inert(&about),
        "items" => inert(&list),
        "pictures" => pictures.clone(),
        _ => String::new(),
    });
    let counts = Counts {
        shown: overview.sample.shown,
        of: overview.sample.of,
        bytes: html.len() as u64,
        damaged: overview.records.as_ref().map_or(0, records::Summary::damaged),
        picture_bytes: items.list.iter().map(|item| (item.small.len() + item.large.len()) as u64).sum(),
    };
    Page { html, counts }
}

/// Makes texts of whole numbers that a script, whose numbers are 64-bit floats, would round.
fn exact(value: &mut Value) {
    const MOST: u64 = 1 << 53;
    match value {
        Value::Number(number) => {
            let is_large = number.as_i64().is_some_and(|number| number.unsigned_abs() > MOST)
                || number.as_u64().is_some_and(|number| number > MOST);
            if is_large {
                *value = Value::String(number.to_string());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(exact),
        Value::Object(map) => map.values_mut().for_each(exact),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A browser reads every line's end as one character, and the policy's digests are of what it reads.
fn same_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// JSON that means the same, without a character that means anything to HTML, or ends a line in a script.
fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            // These stand in strings alone.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text
}

/// Text of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The template with `{{name}}` replaced by what `value` gives, in one pass: what is put in is not looked at again.
fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut html = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        html.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        html.push_str(&value(name));
        rest = after;
    }
    html + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_stays_what_it_is() {
        let filled = fill("a {{x}} b {{y}}", |name| if name == "x" { "{{y}}".into() } else { "Y".into() });
        assert_eq!(filled, "a {{y}} b Y");
    }

    #[test]
    fn nothing_in_json_ends_an_element() {
        let text = "</script><!--\u{2028}&amp;\"";
        let json = inert(&serde_json::to_string(text).expect("JSON"));
        assert!(!json.contains(['<', '>', '&', '\u{2028}']), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
    }

    #[test]
    fn the_template_begins_like_a_page_of_ours_and_has_every_piece() {
        assert!(TEMPLATE.starts_with(BEGINNING));
        for name in ["policy", "title", "style", "script", "about", "items", "pictures"] {
            assert_eq!(TEMPLATE.matches(&format!("{{{{{name}}}}}")).count(), 1, "{name}");
        }
        // The script and the styles must not end their own elements.
        assert!(!STYLE.contains("</") && !SCRIPT.concat().contains("</script") && !SCRIPT.concat().contains("<!--"));
        assert!(!SCRIPT.concat().contains("innerHTML"));
    }
}
