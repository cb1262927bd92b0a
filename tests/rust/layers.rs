//! Who may name whom: reads the sources under `src` and holds them to the table in `src/lib.rs`'s head.
//!
//! Also: `pyo3` in `src/python` only, files of at most 600 lines, a SAFETY comment at every `unsafe`, and a `mod` line in
//! `lib.rs` for every folder. The checker itself is checked at the end, on sources with planted violations.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room and the other rooms that it may name.
const MAY_NAME: [(&str, &[&str]); 13] = [
    ("record", &[]),
    ("example", &[]),
    ("image", &[]),
    ("dataset", &[]),
    ("files", &[]),
    ("formats", &["dataset", "image", "files"]),
    ("inspect", &["record", "example", "image", "dataset", "files", "formats"]),
    ("reshape", &["record", "example", "files"]),
    ("snippet", &["record", "files", "inspect", "reshape"]),
    ("table", &["record", "example", "files", "reshape"]),
    ("convert", &["record", "example", "image", "dataset", "files", "formats", "inspect", "snippet"]),
    ("view", &["record", "example", "image", "dataset", "files", "formats", "inspect", "reshape", "convert"]),
    (
        "python",
        &[
            "record", "example", "image", "dataset", "files", "formats", "inspect", "reshape", "snippet", "table",
            "convert", "view",
        ],
    ),
];

const MAX_LINES: usize = 600;

#[test]
fn the_sources_keep_to_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&src);
    assert!(files.len() >= 20, "only {} files found", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        wrong.extend(check(file.strip_prefix(&src).unwrap(), &text));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_map_lists_the_rooms() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = std::fs::read_dir(&src).unwrap().map(|entry| entry.unwrap().path());
    let there: BTreeSet<_> = entries
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib")
        .collect();
    let text = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    assert_eq!(modules(&text), there);
    assert_eq!(MAY_NAME.map(|(room, _)| room.to_owned()).into_iter().collect::<BTreeSet<_>>(), there);
    let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
    for (room, _) in MAY_NAME {
        assert!(
            head.contains(&format!("`{room}`")) || head.contains(&format!("{room}::")),
            "lib.rs does not tell of {room}"
        );
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What the source breaks, one line for each. `path` is below `src`.
fn check(path: &Path, text: &str) -> Vec<String> {
    let place = |line: usize| format!("src/{}:{line}", path.display());
    let mut wrong = Vec::new();
    let module = module_of(path);
    let room = module.first().map_or("lib", String::as_str);
    let (tokens, comments) = lex(text);
    for (line, name) in named_rooms(&tokens, &module) {
        let known = MAY_NAME.iter().any(|(known, _)| *known == name);
        let may = MAY_NAME.iter().any(|(from, to)| *from == room && to.contains(&name.as_str()));
        if room != "lib" && name != room && !may {
            let what = if known { "may not name" } else { "names something of the crate's root:" };
            wrong.push(format!("{}: {room} {what} {name}", place(line)));
        }
    }
    for token in &tokens {
        if token.text == "pyo3" && room != "python" {
            wrong.push(format!("{}: pyo3 outside src/python", place(token.line)));
        }
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        wrong.push(format!("{}: {lines} lines, {MAX_LINES} allowed", place(lines)));
    }
    let sources: Vec<_> = text.lines().collect();
    for (index, token) in tokens.iter().enumerate() {
        if token.text == "unsafe" && !has_reason(&tokens[index..], &sources, &comments) {
            wrong.push(format!("{}: unsafe without a SAFETY comment", place(token.line)));
        }
    }
    wrong
}

/// `a/b.rs` and `a/b/mod.rs` are `[a, b]`.
fn module_of(path: &Path) -> Vec<String> {
    let parts = path.with_extension("");
    let parts = parts.iter().map(|part| part.to_str().unwrap().to_owned());
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

/// A word or one character.
#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
}

/// The words and characters of Rust source, without comments and literals; and the comments by line.
fn lex(text: &str) -> (Vec<Token>, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut comments) = (Vec::new(), Vec::new());
    let (mut at, mut line) = (0, 1);
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    while at < chars.len() {
        let start = at;
        let next = |ahead: usize| chars.get(start + ahead).copied().unwrap_or('\0');
        match chars[at] {
            '/' if next(1) == '/' => {
                at += chars[at..].iter().take_while(|letter| **letter != '\n').count();
                comments.push((line, chars[start..at].iter().collect()));
            }
            '/' if next(1) == '*' => {
                let mut depth = 0;
                while at < chars.len() {
                    match chars[at..] {
                        ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
                        ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
                        _ => at += 1,
                    }
                    if depth == 0 {
                        break;
                    }
                }
                let body: String = chars[start..at].iter().collect();
                comments.extend(body.lines().enumerate().map(|(below, part)| (line + below, part.to_owned())));
            }
            '"' => at = end_of_string(&chars, at, 0, true),
            '\'' if next(1) == '\\' => {
                at = 1 + at + 2 + chars[at + 3..].iter().take_while(|letter| **letter != '\'').count() + 1
            }
            '\'' if next(2) == '\'' => at += 3,
            letter if is_word(letter) => {
                at += chars[at..].iter().take_while(|letter| is_word(**letter)).count();
                let word: String = chars[start..at].iter().collect();
                let hashes = chars[at..].iter().take_while(|letter| **letter == '#').count();
                let opens = chars.get(at + hashes) == Some(&'"');
                if opens && ["r", "br", "cr"].contains(&&*word) {
                    at = end_of_string(&chars, at + hashes, hashes, false);
                } else if opens && hashes == 0 && ["b", "c"].contains(&&*word) {
                    at = end_of_string(&chars, at, 0, true);
                } else {
                    tokens.push(Token { text: word, line });
                }
            }
            letter => {
                at += 1;
                if !letter.is_whitespace() {
                    tokens.push(Token { text: letter.into(), line });
                }
            }
        }
        line += chars[start..at.min(chars.len())].iter().filter(|letter| **letter == '\n').count();
    }
    (tokens, comments)
}

/// Behind the string whose quote is at `at`.
fn end_of_string(chars: &[char], mut at: usize, hashes: usize, escapes: bool) -> usize {
    at += 1;
    while at < chars.len() {
        if escapes && chars[at] == '\\' {
            at += 2;
        } else if chars[at] == '"'
            && chars[at + 1..].iter().take(hashes).filter(|letter| **letter == '#').count() == hashes
        {
            return at + 1 + hashes;
        } else {
            at += 1;
        }
    }
    at
}

/// What the tokens of the file `module` name in the crate's root, with the line.
fn named_rooms(tokens: &[Token], module: &[String]) -> Vec<(usize, String)> {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let mut found = Vec::new();
    // Modules inside the file, with the depth of braces that each is in.
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.retain(|(_, outside)| *outside < depth);
            }
            "mod" if text(at + 2) == "{" => {
                inner.push((text(at + 1).to_owned(), depth));
                depth += 1;
                at += 2;
            }
            "crate" | "recordmill" | "super" => {
                let here = module.iter().chain(inner.iter().map(|(name, _)| name)).cloned().collect();
                at = tree(tokens, at, here, &mut found);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Follows the path at `at`, which starts in the module `base`, through its braces; gives the place behind it.
fn tree(tokens: &[Token], mut at: usize, mut base: Vec<String>, found: &mut Vec<(usize, String)>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| token.text.as_str());
    let joined = |at: usize| text(at) == ":" && text(at + 1) == ":";
    loop {
        match text(at) {
            "{" => {
                at += 1;
                while !["}", ""].contains(&text(at)) {
                    at = if text(at) == "," { at + 1 } else { tree(tokens, at, base.clone(), found) };
                }
                return at + 1;
            }
            "crate" | "recordmill" => base.clear(),
            "super" => drop(base.pop()),
            "self" => {}
            name => {
                if base.is_empty() {
                    found.push((tokens[at].line, name.to_owned()));
                }
                base.push(name.to_owned());
            }
        }
        if text(at + 1) == "as" && base.is_empty() {
            // The root by another name would hide what is named through it.
            found.push((tokens[at].line, "crate as".into()));
        }
        if !joined(at + 1) {
            at += 1;
            break;
        }
        at += 3;
    }
    // `as name` belongs to the tree's item.
    if text(at) == "as" { at + 2 } else { at }
}

/// Whether a comment says why the `unsafe` at the start of `tokens` is right: on its line, or above the statement or item.
fn has_reason(tokens: &[Token], sources: &[&str], comments: &[(usize, String)]) -> bool {
    let is_reason = |line: usize| {
        comments.iter().any(|(at, text)| *at == line && (text.contains("SAFETY:") || text.contains("# Safety")))
    };
    let mut line = tokens[0].line;
    if is_reason(line) {
        return true;
    }
    // In a type (`unsafe fn()`, `unsafe extern "C" fn()`) nothing is done.
    let after = |ahead: usize| tokens.get(ahead).map_or("", |token| token.text.as_str());
    let function = if after(1) == "extern" { 2 } else { 1 };
    if after(function) == "fn" && after(function + 1) == "(" {
        return true;
    }
    while line > 1 {
        line -= 1;
        let above = sources[line - 1].trim();
        let comment = above.starts_with("//");
        if is_reason(line) {
            return true;
        }
        if !comment && !above.starts_with('#') && (above.is_empty() || above.ends_with([';', '{', '}', ','])) {
            return false;
        }
    }
    false
}

/// Names in the `mod` lines of a file.
fn modules(text: &str) -> BTreeSet<String> {
    let (tokens, _) = lex(text);
    let lines = tokens.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";");
    lines.map(|three| three[1].text.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(path: &str, text: &str) -> Vec<String> {
        check(Path::new(path), text)
    }

    #[test]
    fn planted_violations_are_found() {
        let cases = [
            ("record/mod.rs", "use crate::example::Feature;", "src/record/mod.rs:1: record may not name example"),
            ("record/crc.rs", "\n\nuse super::super::files;", "src/record/crc.rs:3: record may not name files"),
            ("image/a/b.rs", "use super::super::super::record;", "src/image/a/b.rs:1: image may not name record"),
            ("image/mod.rs", "use super::record::crc;", "src/image/mod.rs:1: image may not name record"),
            (
                "dataset/mod.rs",
                "use crate::{dataset::Split,\n formats};",
                "src/dataset/mod.rs:2: dataset may not name formats",
            ),
            ("dataset/x.rs", "use super::{Split, super::image};", "src/dataset/x.rs:1: dataset may not name image"),
            (
                "dataset/x.rs",
                "use crate::{self as c};",
                "src/dataset/x.rs:1: dataset names something of the crate's root: crate as",
            ),
            (
                "dataset/x.rs",
                "use crate as c;",
                "src/dataset/x.rs:1: dataset names something of the crate's root: crate as",
            ),
            ("dataset/x.rs", "use crate::*;", "src/dataset/x.rs:1: dataset names something of the crate's root: *"),
            ("dataset/x.rs", "use crate::{*};", "src/dataset/x.rs:1: dataset names something of the crate's root: *"),
            ("files/mod.rs", "fn f() { crate::image::read(); }", "src/files/mod.rs:1: files may not name image"),
            ("files/mod.rs", "fn f(a: Vec<crate::image::Kind>) {}", "src/files/mod.rs:1: files may not name image"),
            (
                "files/mod.rs",
                "macro_rules! m { () => { $crate::record::x } }",
                "src/files/mod.rs:1: files may not name record",
            ),
            (
                "files/a.rs",
                "mod tests { use super::super::super::record::R; }",
                "src/files/a.rs:1: files may not name record",
            ),
            ("formats/voc.rs", "use crate::record::Reader;", "src/formats/voc.rs:1: formats may not name record"),
            ("formats/voc.rs", "use crate::convert;", "src/formats/voc.rs:1: formats may not name convert"),
            ("inspect/mod.rs", "use crate::convert;", "src/inspect/mod.rs:1: inspect may not name convert"),
            ("reshape/mod.rs", "use crate::inspect;", "src/reshape/mod.rs:1: reshape may not name inspect"),
            ("convert/mod.rs", "use crate::python;", "src/convert/mod.rs:1: convert may not name python"),
            ("convert/mod.rs", "use recordmill::python;", "src/convert/mod.rs:1: convert may not name python"),
            ("convert/mod.rs", "use pyo3::prelude::*;", "src/convert/mod.rs:1: pyo3 outside src/python"),
            ("lib.rs", "#[pyo3::pymodule] mod x;", "src/lib.rs:1: pyo3 outside src/python"),
            ("files/mod.rs", "fn f() { unsafe { g() } }", "src/files/mod.rs:1: unsafe without a SAFETY comment"),
            (
                "files/mod.rs",
                "// SAFETY: far\nlet x = 1;\nunsafe { g() }",
                "src/files/mod.rs:3: unsafe without a SAFETY comment",
            ),
            ("files/mod.rs", "unsafe impl Send for X {}", "src/files/mod.rs:1: unsafe without a SAFETY comment"),
            (
                "files/mod.rs",
                "let s = \"SAFETY:\"; unsafe { g() }",
                "src/files/mod.rs:1: unsafe without a SAFETY comment",
            ),
        ];
        for (path, text, expected) in cases {
            assert_eq!(wrong(path, text), [expected], "{text}");
        }
        assert_eq!(wrong("image/mod.rs", &"x\n".repeat(601)), ["src/image/mod.rs:601: 601 lines, 600 allowed"]);
        assert_eq!(
            wrong("image/mod.rs", "use crate::{record, example::{self, Feature}, image::Kind, files as f};").len(),
            3
        );
    }

    #[test]
    fn what_is_allowed_passes() {
        let cases = [
            (
                "record/mod.rs",
                "use crate::record::crc; use super::record; pub(crate) fn f() {} pub(in crate::record) fn g() {}",
            ),
            (
                "record/reader/mod.rs",
                "use super::super::record; use super::crc::x; use self::super::writer; super::f();",
            ),
            (
                "record/x.rs",
                "mod tests { use super::*; use super::super::crc; } use super::files; fn f() { super::image::g() }",
            ),
            ("record/x.rs", "mod a { mod b { } use super::y; } mod c { mod d { use super::super::super::image; } }"),
            (
                "record/mod.rs",
                "// use crate::example;\n/* use crate::files; /* nested */ use crate::image; */ //! crate::dataset",
            ),
            (
                "record/mod.rs",
                "let a = \"crate::example \\\" crate::files\"; let b = r#\"crate::image \" \"#; let c = b\"crate::files\";",
            ),
            (
                "record/mod.rs",
                "let a = '\"'; let b = '\\''; let c = b'\"'; fn f<'a>(x: &'a str) -> &'a str { x } // crate::files",
            ),
            ("record/mod.rs", "let a = '\\u{22}'; let b = '\\\\'; use crate::record::x;"),
            ("formats/voc.rs", "use crate::{dataset::Dataset, files::Root, formats::x, image::Kind};"),
            ("inspect/mod.rs", "use crate::{record, example, image, dataset, files};"),
            (
                "convert/a/b.rs",
                "use crate::{record, example, image, dataset, files, formats, inspect}; use super::super::plan;",
            ),
            ("python/mod.rs", "use pyo3::prelude::*; use crate::{convert, formats, record};"),
            ("lib.rs", "pub use record::Reader; pub mod record; use crate::convert;"),
            ("files/mod.rs", "// SAFETY: here\nunsafe { g() }"),
            ("files/mod.rs", "// SAFETY: here,\n// at length\n#[cfg(x)]\nlet a =\n    unsafe { g() };"),
            ("files/mod.rs", "f(); unsafe { g() } // SAFETY: here"),
            ("files/mod.rs", "/// Does.\n///\n/// # Safety\n/// Only if.\n#[inline]\npub unsafe fn f() {}"),
            ("files/mod.rs", "type F = unsafe fn(u8); let text = \"unsafe\"; // unsafe"),
        ];
        for (path, text) in cases {
            assert_eq!(wrong(path, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_map_is_read() {
        let text = "//! mod no;\npub mod a; mod b { mod c; }\n#[cfg(x)]\nmod d;";
        assert_eq!(modules(text), BTreeSet::from(["a".into(), "c".into(), "d".into()]));
        assert_eq!(module_of(Path::new("lib.rs")), [""; 0]);
        assert_eq!(module_of(Path::new("a/mod.rs")), ["a"]);
        assert_eq!(module_of(Path::new("a/b/c.rs")), ["a", "b", "c"]);
    }
}
