//! LabelMe XML of MIT, also as CVAT and Datumaro write it: a file per image.
//!
//! ```text
//! <annotation> <filename/> <folder/> <imagesize><nrows/><ncols/></imagesize>
//!   <object>* <name/> <deleted/> <verified/> <occluded>no</occluded> <attributes/> <id/> <type>bounding_box</type>?
//!     <polygon><username/><pt><x/><y/></pt>*</polygon>  or  <segm><box><xmin/><ymin/><xmax/><ymax/></box><mask/></segm>
//! ```
//!
//! Specification: <http://labelme.csail.mit.edu/Release3.0/>. Pixels are 0-based.
//!
//! Decisions
//! - Objects that are `deleted` do not count. A `bounding_box` is a box, however many points it has. Of `segm` the box is read,
//!   its mask is left out, with a note.

use super::geometry;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::text::{self, Fault};
use super::tree::Tree;
use super::xml::{Cursor, Element, Event};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading};
use crate::dataset::{ProblemKind, flag};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "mit-labelme",
    aliases: &["labelme-xml"],
    title: "LabelMe XML",
    specification: "http://labelme.csail.mit.edu/Release3.0/",
    layout: "\
Images/<folder>/a.jpg  Annotations/<folder>/a.xml
a.jpg  a.xml                                  (CVAT)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Occluded,
        Carries::Attributes,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Fractions,
    ],
    detect,
    looks_for: "XML files with a root element <annotation> whose <object> has a <polygon> of <pt> (LabelMe)",
    read,
    write: None,
};

fn look(head: &[u8]) -> bool {
    let head = text::decode(head);
    let mut cursor = Cursor::new(&head.text);
    let mut open: Vec<String> = Vec::new();
    // A head may end anywhere, so what is wrong at its end says nothing.
    while let Ok(event) = cursor.next_tag() {
        match event {
            Event::Open { name, .. } => open.push(name.to_owned()),
            Event::Close { .. } => drop(open.pop()),
            Event::End => break,
        }
        let path: Vec<&str> = open.iter().map(String::as_str).collect();
        if matches!(
            path[..],
            ["annotation", "object", "polygon", "pt"]
                | ["annotation", "object", "segm"]
                | ["annotation", "imagesize", "nrows"]
        ) {
            return true;
        }
    }
    false
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["xml"], "<annotation> with <polygon> of <pt>", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    if pages::files(tree, &["xml"], look).is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    // Every file of the kind: one that is damaged is told.
    let files = pages::files(tree, &["xml"], |_| true);
    let pages = pages::read_each(tree, options, files, &|text, _| page(text));
    Ok(pages::gather(tree, Kind::Own("filename"), pages, Vec::new()))
}

fn page(text: &str) -> Result<Page, Fault> {
    let mut cursor = Cursor::new(text);
    if let Event::Open { name, line } = cursor.next_tag()?
        && name != "annotation"
    {
        return Err(Fault::new(line, format!("the root element is <{name}>, a LabelMe file's is <annotation>")));
    }
    let root = cursor.element()?;
    // What stands behind the root is none of a document's.
    cursor.next_tag()?;
    let mut page = Page::default();
    let side = |name: &str| root.child("imagesize").and_then(|size| text::pixels(size.child_text(name))).unwrap_or(0);
    let mut sheet = Sheet {
        name: root.child_text("filename").to_owned(),
        line: root.line,
        size: (side("ncols"), side("nrows")),
        ..Sheet::default()
    };
    for object in root.all("object") {
        if text::yes_or_no(object.child_text("deleted")) != Some(Some(true)) {
            let found = self::object(object, &mut page.findings);
            sheet.add(found, &mut page.findings);
        }
    }
    page.sheets.push(sheet);
    Ok(page)
}

fn object(element: &Element<'_>, findings: &mut Vec<Finding>) -> Result<Found, Fault> {
    let (line, name) = (element.line, element.child_text("name"));
    if name.is_empty() {
        return Err(Fault::new(line, "the object has no name"));
    }
    let number = |of: &Element<'_>, key: &str| {
        let value = of.child_text(key);
        text::number(value)
            .map(|number| number + 0.0)
            .ok_or_else(|| Fault::new(of.line, format!("{key} {value:?} is no number")))
    };
    let mut found = if let Some(polygon) = element.child("polygon") {
        let points: Vec<[f64; 2]> = polygon
            .all("pt")
            .map(|point| Ok([number(point, "x")?, number(point, "y")?]))
            .collect::<Result<_, Fault>>()?;
        match geometry::around(points.iter().copied()) {
            Some(sides) if element.child_text("type") == "bounding_box" => Found::boxed(name, line, sides),
            _ => Found::outlined(name, line, vec![points])?,
        }
    } else if let Some(sides) = element.child("segm").and_then(|segm| segm.child("box")) {
        findings.push((ProblemKind::IgnoredField, line, format!("the mask of {name:?} left out")));
        Found::boxed(
            name,
            line,
            [number(sides, "xmin")?, number(sides, "ymin")?, number(sides, "xmax")?, number(sides, "ymax")?],
        )
    } else {
        return Err(Fault::new(line, format!("object {name:?} has neither <polygon> nor <segm>")));
    };
    found = found.flagged(flag::OCCLUDED, text::yes_or_no(element.child_text("occluded")).flatten());
    found.object.id = element.child_text("id").parse().ok();
    found.attribute("attributes", element.child_text("attributes"));
    Ok(found)
}
