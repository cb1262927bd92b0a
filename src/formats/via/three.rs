//! A project of version 3.

use std::collections::{BTreeMap, HashMap};

use super::round;
use crate::dataset::Ledger;
use crate::formats::geometry;
use crate::formats::json::node::Node;
use crate::formats::pages::{Found, Page, Sheet};
use crate::formats::text::Fault;

pub(super) fn page(text: &str) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let members = |key: &str| root.get(key).map_or(&[][..], Node::members);
    let mut page = Page::default();
    // A view of one file stands for it.
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut sheets: BTreeMap<usize, Sheet> = BTreeMap::new();
    for (view, node) in members("view") {
        let file = node.list("fid_list").first().and_then(Node::words);
        let Some(file) = file.and_then(|id| members("file").iter().find(|(key, _)| *key == id)) else { continue };
        let name = ["src", "fname"].iter().find_map(|key| file.1.text(key).filter(|name| !name.is_empty()));
        places.insert(view, sheets.len());
        let sheet = Sheet { name: name.unwrap_or_default().to_owned(), line: file.1.line, ..Sheet::default() };
        sheets.insert(sheets.len(), sheet);
    }
    for (_, node) in members("metadata") {
        let view = node.word("vid").unwrap_or_default();
        let Some(sheet) = places.get(&*view).and_then(|place| sheets.get_mut(place)) else {
            page.skipped.count("no-image", Ledger { images: 0, objects: 1 });
            continue;
        };
        let said: Vec<(String, String)> = node
            .get("av")
            .map_or(&[][..], Node::members)
            .iter()
            .flat_map(|(id, value)| {
                let attribute = members("attribute").iter().find(|(key, _)| key == id).map(|(_, attribute)| attribute);
                let name =
                    attribute.and_then(|attribute| attribute.word("aname")).unwrap_or_else(|| id.as_ref().into());
                let value = value.words().unwrap_or_default();
                let option = |id: &str| attribute?.get("options")?.word(id).map(|option| option.into_owned());
                // A checkbox has several, with commas between them.
                let options: Option<Vec<String>> = value.split(',').map(option).collect();
                let values = options.unwrap_or_else(|| vec![value.into_owned()]);
                values.into_iter().map(|value| (name.clone().into_owned(), value)).collect::<Vec<_>>()
            })
            .collect();
        if !node.list("z").is_empty() {
            sheet.leave_out("a part of a video", node.line, &mut page.findings);
        } else if node.list("xy").is_empty() {
            said.iter().for_each(|(_, value)| sheet.label(value));
        } else {
            let found = shape(node).map(|mut found| {
                said.iter().for_each(|(name, value)| found.attribute(name, value));
                found
            });
            sheet.add(found, &mut page.findings);
        }
    }
    page.sheets = sheets.into_values().collect();
    Ok(page)
}

/// `[kind, numbers]`.
fn shape(node: &Node<'_>) -> Result<Found, Fault> {
    let line = node.line;
    let numbers = node.get("xy").map_or_else(|| Ok(Vec::new()), Node::numbers)?;
    match numbers[..] {
        [1.0, x, y] => Found::pointed("", line, &[[x, y]]),
        [2.0, x, y, width, height] => Ok(Found::boxed("", line, [x, y, x + width, y + height])),
        [3.0, x, y, r] => round([x, y], [r, r], 0.0, line),
        [4.0, x, y, rx, ry] => round([x, y], [rx, ry], 0.0, line),
        [5.0 | 6.0, ref rest @ ..] => Found::line("", line, &geometry::pairs(rest)),
        [7.0, ref rest @ ..] => Found::outlined("", line, vec![geometry::pairs(rest)]),
        [8.0, ref rest @ ..] if rest.len() >= 4 => {
            let sides = geometry::around(geometry::pairs(rest)).unwrap_or_default();
            Ok(Found::boxed("", line, sides))
        }
        _ => Err(Fault::new(line, "\"xy\" is no shape that is known")),
    }
}
