//! Why files tell nothing to any format: detection passes over what it cannot read, so where nothing is found this looks again
//! for what is wrong with the grammar of the first files, or goes beyond a limit.

use super::json::node::Node;
use super::per_image::LIMIT;
use super::text::{self, Fault};
use super::tree::{ANNOTATION_EXTENSIONS, FileId, Tree, extension_of};
use super::xml::{Cursor, Event};
use super::yaml;
use crate::dataset::Place;

/// How many files are looked into.
const SAMPLE: usize = 16;
/// How many are told.
const TOLD: usize = 3;

/// What is wrong with the first files of `tree`, each with its place, for a message.
pub fn why(tree: &Tree) -> Option<String> {
    let files = tree.annotations(&ANNOTATION_EXTENSIONS).take(SAMPLE);
    let faults = files.filter_map(|file| {
        let fault = look(tree, file).err()?;
        Some(format!("{}: {}", Place::line(tree.path(file), fault.line), fault.message))
    });
    let told: Vec<String> = faults.take(TOLD).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// Reads a file to its end, if its name says what grammar it has.
fn look(tree: &Tree, file: FileId) -> Result<(), Fault> {
    let Some(extension) = extension_of(tree.path(file)) else { return Ok(()) };
    if !["xml", "json", "jsonl", "ndjson", "yaml", "yml"].contains(&&*extension) {
        return Ok(());
    }
    let bytes = match tree.read(file, LIMIT) {
        Ok(bytes) => bytes,
        // Files of these kinds that are about many images may be of any size.
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge && extension.contains("json") => return Ok(()),
        Err(error) => return Err(Fault::new(0, error.to_string())),
    };
    let text = text::decode(&bytes).text;
    if text::trim(&text).is_empty() {
        return Err(Fault::new(0, "the file is empty"));
    }
    match &*extension {
        "xml" => {
            let mut cursor = Cursor::new(&text);
            while cursor.next_tag()? != Event::End {}
            Ok(())
        }
        "json" => Node::parse(&text, 1).map(drop),
        "yaml" | "yml" => yaml::parse(&text).map(drop),
        _ => {
            let mut lines = text.lines().zip(1u32..).filter(|(line, _)| !text::trim(line).is_empty());
            lines.try_for_each(|(line, number)| Node::parse(line, number).map(drop))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).expect("written");
        }
        why(&Tree::open(folder.path(), &[], false).expect("a tree"))
    }

    #[test]
    fn what_stops_detection_is_told_with_its_place() {
        let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY a \"aaaa\">]>\n<annotation>&a;</annotation>";
        assert_eq!(
            of(&[("a.xml", bomb)]).as_deref(),
            Some("a.xml:2: the document type declares entities, which are not read")
        );
        let deep = format!("{{\"shapes\":\n{}", "[".repeat(100_000));
        assert_eq!(of(&[("a.json", &deep)]).as_deref(), Some("a.json:2: values nested deeper than 64"));
        let jsonl = of(&[("a.jsonl", "{}\n\n{\"a\": [1,}\n")]).expect("a fault");
        assert!(jsonl.starts_with("a.jsonl:3: "), "{jsonl}");
        let yaml = of(&[("data.yaml", "names: [a, b\nx: y]: z\n")]).expect("a fault");
        assert!(yaml.starts_with("data.yaml:2: no YAML: "), "{yaml}");
        assert_eq!(of(&[("a.xml", " \n")]).as_deref(), Some("a.xml: the file is empty"));
        let long = of(&[("a.xml", &" ".repeat(LIMIT as usize + 1))]);
        assert_eq!(long.as_deref(), Some("a.xml: more than 67108864 bytes, which no annotation file needs"));
    }

    #[test]
    fn of_many_the_first_are_told() {
        let files: Vec<(String, &str)> = (0..20).map(|number| (format!("{number:02}.json"), "{")).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, *text)).collect();
        let told = of(&files).expect("faults");
        assert_eq!(told.matches("; ").count(), 2, "{told}");
        assert!(told.starts_with("00.json:1: "), "{told}");
    }

    #[test]
    fn what_is_sound_or_has_no_grammar_is_not_told() {
        assert_eq!(
            of(&[("a.xml", "<a/>"), ("a.json", "{}"), ("a.txt", "<"), ("b.yaml", "a: 1"), ("c.csv", "\"")]),
            None
        );
    }
}
