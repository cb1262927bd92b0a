//! What labelling configurations (`label_config.xml`) beside the annotations say.

use std::collections::BTreeSet;

use crate::formats::pages;
use crate::formats::text;
use crate::formats::tree::{FileId, Tree};
use crate::formats::xml::{Cursor, Element, Event};

/// What tags for sentences are mostly called.
const SENTENCES: [&str; 11] = [
    "caption",
    "captions",
    "comment",
    "comments",
    "description",
    "note",
    "notes",
    "remark",
    "remarks",
    "text",
    "transcription",
];

/// What the configurations of a dataset say.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    /// Whether there is any.
    pub found: bool,
    /// The labels of each `<KeyPointLabels>`, in their order.
    pub points: Vec<Vec<String>>,
    /// Names of the tags whose answers are classes.
    pub choices: BTreeSet<String>,
    /// Names of the tags whose answers are sentences.
    sentences: BTreeSet<String>,
}

impl Configuration {
    /// That of the XML files around.
    pub fn of(tree: &Tree) -> Self {
        let mut found = Self::default();
        tree.annotations_around(&["xml"]).for_each(|file| found.read(tree, file));
        found
    }

    /// Whether the answer of a tag that is a text is a sentence, rather than a class.
    pub fn is_sentence(&self, tag: &str) -> bool {
        if self.found { self.sentences.contains(tag) } else { SENTENCES.contains(&&*tag.to_ascii_lowercase()) }
    }

    fn read(&mut self, tree: &Tree, file: FileId) {
        let is_configuration = |head: &[u8]| text::decode(head).text.trim_start().starts_with("<View");
        if !tree.head(file).is_ok_and(|head| is_configuration(&head)) {
            return;
        }
        let Ok(bytes) = tree.read(file, pages::LIMIT) else { return };
        let text = text::decode(&bytes);
        let mut cursor = Cursor::new(&text.text);
        let Ok(Event::Open { .. }) = cursor.next_tag() else { return };
        if let Ok(view) = cursor.element() {
            self.found = true;
            self.add(&view);
        }
    }

    fn add(&mut self, element: &Element<'_>) {
        let name = || element.attribute("name").map(|name| text::trim(name).to_owned());
        match &*element.name.to_ascii_lowercase() {
            "keypointlabels" => {
                let label = |label: &Element<'_>| label.attribute("value").map(str::to_owned);
                self.points.push(element.children.iter().filter_map(label).collect());
            }
            "choices" | "taxonomy" => self.choices.extend(name()),
            "textarea" => self.sentences.extend(name()),
            _ => element.children.iter().for_each(|child| self.add(child)),
        }
    }
}
