//! YAML as trees of text: what dataset files (`data.yaml`) need, with lines.
//!
//! Scalars stay as they are written: a class called `no`, `on` or `007` is neither a boolean nor a number. The first document
//! counts. Depth, number of nodes and what an alias repeats are bounded.

use std::collections::HashMap;

use granit_parser::{Event, Parser};

use super::xml::Fault;

/// How deep lists and maps may stand in each other.
const DEEPEST: usize = 64;
/// How many nodes a file may have, those that aliases repeat among them.
const MOST: usize = 1_000_000;

/// A node and the line where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Line, from 1.
    pub line: u32,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text as it is written, without quotes.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Pairs in order; keys that are no scalars are left out.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key; of several, the last.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(pairs) = &self.value else { return None };
        pairs.iter().rev().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        let Value::Scalar(text) = &self.value else { return None };
        Some(text)
    }

    /// The elements of a list; a scalar is a list of one, and `null` of none.
    pub fn elements(&self) -> &[Self] {
        match &self.value {
            Value::List(nodes) => nodes,
            Value::Scalar(text) if is_null(text) => &[],
            Value::Scalar(_) => std::slice::from_ref(self),
            Value::Map(_) => &[],
        }
    }

    fn count(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::List(nodes) => nodes.iter().map(Self::count).sum(),
            Value::Map(pairs) => pairs.iter().map(|(_, node)| node.count()).sum(),
        }
    }
}

/// Whether a scalar says that there is nothing.
pub fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL" | "None")
}

/// A list or map that is not closed yet.
struct Open {
    node: Node,
    /// The key that waits for its value.
    key: Option<Option<String>>,
    anchor: usize,
}

/// Reads the first document of `source`; an empty one is an empty scalar.
pub fn parse(source: &str) -> Result<Node, Fault> {
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, (Node, usize)> = HashMap::new();
    let mut count = 0;
    for event in Parser::new_from_str(source) {
        let (event, span) = event.map_err(|error| Fault {
            line: line_of(error.marker().line()),
            message: format!("no YAML: {}", error.info()),
        })?;
        let line = line_of(span.start.line());
        let fault = |message: &str| Fault { line, message: message.into() };
        let start = |value| Node { line, value };
        let (node, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (start(Value::Scalar(text.into_owned())), anchor),
            Event::Alias(anchor) => {
                let (node, nodes) = anchors.get(&anchor).ok_or_else(|| fault("an alias of what it stands in"))?;
                count += nodes;
                (node.clone(), 0)
            }
            Event::SequenceStart(_, anchor, _) => {
                open.push(Open { node: start(Value::List(Vec::new())), key: None, anchor });
                if open.len() > DEEPEST {
                    return Err(fault(&format!("more than {DEEPEST} lists and maps in each other")));
                }
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                open.push(Open { node: start(Value::Map(Vec::new())), key: None, anchor });
                if open.len() > DEEPEST {
                    return Err(fault(&format!("more than {DEEPEST} lists and maps in each other")));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(closed) => (closed.node, closed.anchor),
                None => continue,
            },
            _ => continue,
        };
        count += 1;
        if count > MOST {
            return Err(fault(&format!("more than {MOST} nodes")));
        }
        if anchor > 0 {
            let nodes = node.count();
            anchors.insert(anchor, (node.clone(), nodes));
        }
        let Some(above) = open.last_mut() else { return Ok(node) };
        match (&mut above.node.value, above.key.take()) {
            (Value::List(nodes), _) => nodes.push(node),
            (Value::Map(pairs), Some(Some(key))) => pairs.push((key, node)),
            (Value::Map(_), None) => above.key = Some(node.text().map(str::to_owned)),
            (Value::Map(_) | Value::Scalar(_), _) => {}
        }
    }
    Ok(Node { line: 1, value: Value::Scalar(String::new()) })
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_stay_as_they_are_written() {
        let root = parse("# c\nnames: [no, 'on', 007, 1.50]\npath: D:\\data\nkpt: {0: nose, 1: ~}\n").expect("YAML");
        let names: Vec<&str> = root.get("names").expect("there").elements().iter().filter_map(Node::text).collect();
        assert_eq!(names, ["no", "on", "007", "1.50"]);
        assert_eq!(root.get("path").and_then(Node::text), Some("D:\\data"));
        let points = root.get("kpt").expect("there");
        assert_eq!((points.line, points.get("0").and_then(Node::text)), (4, Some("nose")));
        assert_eq!(points.get("1").expect("there").elements(), []);
        assert_eq!(parse("").expect("empty").text(), Some(""));
    }

    #[test]
    fn faults_and_bounds() {
        assert_eq!(parse("a: 1\nb: [1, 2\n").expect_err("open").line, 2);
        assert_eq!(parse(&"[".repeat(100_000)).expect_err("deep").message, "no YAML: recursion limit exceeded");
        let steps: String = (0..100).map(|step| format!("{}a:\n", " ".repeat(step))).collect();
        assert_eq!(parse(&steps).expect_err("deep").message, "more than 64 lists and maps in each other");
        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            laughs += &format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", "));
        }
        assert_eq!(parse(&laughs).expect_err("many").message, "more than 1000000 nodes");
        let root = parse("a: &x [1, 2]\nb: *x\n").expect("an alias");
        assert_eq!(root.get("b").map(|list| list.elements().len()), Some(2));
    }
}
