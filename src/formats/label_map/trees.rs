//! Label maps in JSON and YAML:
//!
//! ```text
//! ["cat", "dog"]                                  names; ids from 1 in order
//! {"cat": 1, "dog": 2}   {"1": "cat", "2": "dog"}
//! [{"id": 1, "name": "cat"}]                      as COCO's categories
//! names: [cat, dog]      names: {0: cat, 1: dog}  YOLO's data.yaml; of JSON and YAML also the member names, classes, categories
//! {"id2label": {"0": "cat"}, "label2id": ...}     Hugging Face's config.json
//! {"item": [{"id": 1, "name": "cat"}]}            a label map's protocol buffer as JSON (display_name, displayName)
//! ```
//!
//! Where classes are counted from 0, ids are one more: 0 is the background.

use std::borrow::Cow;

use super::{Fault, Item, Warning, is_background, lines, warn};
use crate::formats::json::node::{Node, Value};
use crate::formats::yaml;

/// Members that hold the classes.
const MEMBERS: [&str; 7] = ["names", "classes", "categories", "labels", "item", "id2label", "label2id"];

/// A grammar of trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    Json,
    Yaml,
}

impl Grammar {
    /// That of files with this extension.
    pub(super) fn of_extension(extension: &str) -> Option<Self> {
        match &*extension.to_ascii_lowercase() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// That of a text, where it can be no other.
    pub(super) fn of_text(source: &str) -> Option<Self> {
        let text = source.trim();
        let within = |open, close| text.starts_with(open) && text.ends_with(close) && text.contains('"');
        if within('{', '}') || within('[', ']') {
            return Some(Self::Json);
        }
        let opens =
            |line: &str| line.strip_prefix("names:").is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        source.lines().any(opens).then_some(Self::Yaml)
    }
}

/// A class: its line, its number where it has one, its name, and what it is shown as.
#[derive(Default)]
struct Class {
    line: u32,
    number: Option<i64>,
    name: String,
    display_name: Option<String>,
}

impl Class {
    /// One that is only named.
    fn named(line: u32, name: &str) -> Self {
        Self { line, name: name.to_owned(), ..Self::default() }
    }
}

/// The classes of a document.
pub(super) fn items(source: &str, grammar: Grammar, warnings: &mut Vec<Warning>) -> Result<Vec<Item>, Fault> {
    let classes = match grammar {
        Grammar::Json => of_json(&Node::parse(source, 1)?, true)?,
        Grammar::Yaml => of_yaml(&yaml::parse(source)?)?,
    };
    if classes.iter().all(|class| class.number.is_none()) {
        return Ok(lines::in_order(classes.iter().map(|class| (class.line, class.name.as_str())), warnings));
    }
    let zero = classes.iter().find(|class| class.number == Some(0) && !is_background(&class.name));
    if let Some(Class { line, .. }) = zero {
        warn(warnings, *line, "classes are counted from 0 here; their ids are one more, as 0 is the background");
    }
    let zero = zero.is_some();
    let id = |number: i64| if zero { number.saturating_add(1) } else { number };
    let item = |Class { line, number, name, display_name }| match number {
        Some(number) => Ok(Item { line, id: Some(id(number)), name: Some(name), display_name }),
        None => Err(Fault::new(line, format!("class {name:?} has no number, as others have"))),
    };
    classes.into_iter().map(item).collect()
}

fn of_json(node: &Node<'_>, outer: bool) -> Result<Vec<Class>, Fault> {
    let within = |member: &str| node.get(member).filter(|inner| inner.is_list() || inner.is_map());
    if let Some(inner) = MEMBERS.into_iter().find_map(within).filter(|_| outer) {
        return of_json(inner, false);
    }
    let none =
        |line, what: String| Fault::new(line, format!("{what} is neither a class's name nor one with its number"));
    match &node.value {
        Value::List(items) => items
            .iter()
            .map(|item| match (scalar(item), item.word("name")) {
                (Some(name), _) => Ok(Class::named(item.line, &name)),
                (None, Some(name)) => Ok(Class {
                    number: item.get("id").and_then(Node::as_whole),
                    display_name: ["display_name", "displayName"]
                        .iter()
                        .find_map(|member| Some(item.word(member)?.into_owned())),
                    ..Class::named(item.line, &name)
                }),
                _ => Err(none(item.line, "an element of the list".into())),
            })
            .collect(),
        Value::Map(members) => members
            .iter()
            .map(|(key, value)| {
                let class = scalar(value).and_then(|said| pair(value.line, key, &said));
                class.ok_or_else(|| none(value.line, format!("member {key:?}")))
            })
            .collect(),
        _ => Err(Fault::new(node.line, "JSON that is neither a list nor an object of classes")),
    }
}

/// A text or a number, as it is written.
fn scalar<'n>(node: &'n Node<'_>) -> Option<Cow<'n, str>> {
    node.words().filter(|_| matches!(node.value, Value::Text(_) | Value::Number(..)))
}

fn of_yaml(root: &yaml::Node) -> Result<Vec<Class>, Fault> {
    let within = |member: &str| root.get(member).filter(|inner| !matches!(inner.value, yaml::Value::Scalar(_)));
    let classes = match (&root.value, MEMBERS.into_iter().find_map(within)) {
        (_, Some(inner)) => inner,
        (yaml::Value::Scalar(_), None) => return Err(Fault::new(root.line, "YAML without a list of classes (names)")),
        (_, None) => root,
    };
    let none = |line| Fault::new(line, "this is neither a class's name nor one with its number");
    match &classes.value {
        yaml::Value::Map(pairs) => {
            let class = |(key, node): &(String, yaml::Node)| {
                node.text().and_then(|text| pair(node.line, key, text)).ok_or_else(|| none(node.line))
            };
            pairs.iter().map(class).collect()
        }
        _ => {
            let class = |node: &yaml::Node| Ok(Class::named(node.line, node.text().ok_or_else(|| none(node.line))?));
            classes.elements().iter().map(class).collect()
        }
    }
}

/// A class out of a name and its number, in either order.
fn pair(line: u32, key: &str, value: &str) -> Option<Class> {
    let number = |text: &str| text.trim().parse::<i64>().ok();
    match (number(value), number(key)) {
        (Some(number), None) => Some(Class { number: Some(number), ..Class::named(line, key) }),
        (_, Some(number)) if !value.is_empty() => Some(Class { number: Some(number), ..Class::named(line, value) }),
        _ => None,
    }
}
