//! VGG Image Annotator, versions 1, 2 (JSON, project, CSV) and 3 (project): one file for many images.
//!
//! ```text
//! 1, 2     {"a.jpg1024": {"filename": "a.jpg", "size": 1024, "file_attributes": {}, "regions": [{"shape_attributes":
//!            {"name": "rect", "x", "y", "width", "height"}, "region_attributes": {"class": "cat"}}] | {"0": {...}}}}
//! project  {"_via_settings", "_via_attributes", "_via_img_metadata": {as above}}
//! CSV      filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes
//! 3        {"project", "config", "attribute", "file", "metadata": {"1_x": {"vid": "1", "xy": [2, x, y, w, h], "av": {"1": "0"}}},
//!            "view": {"1": {"fid_list": ["1"]}}}
//! ```
//!
//! Specification: <https://www.robots.ox.ac.uk/~vgg/software/via/>. Pixels are 0-based; the image's size is not said.
//!
//! Decisions
//! - The class is the region attribute that `class_attribute` names, else the one that all files have alone, or else the one
//!   called `class`, `label`, `name`, `type`, `object` or `category`, or else the one that most regions have. A checkbox with
//!   several marks is several objects. The others are attributes.
//! - Regions of one class and one `group_id` are one object, points of other classes in its group its keypoints, hidden where they
//!   are `occluded` ([`super::grouping`]): VIA itself ties no regions, attributes are free.
//! - A circle and an ellipse are outlines of 32 points with their own boxes (`theta` in radians, clockwise). A point and a
//!   polyline become keypoints.
//! - `caption` of a file is a caption (so is `caption_2`), `image_url` its address; one called as those of classes, `labels` or
//!   `tags` says the classes of the image. Other attributes of files are left out.
//! - An entry without regions is an image without objects; files that are not listed are left out.

mod three;
mod write;

use std::collections::HashMap;

use super::grouping::{self, Grouping};
use super::json::Head;
use super::json::node::Node;
use super::pages::{self, Finding, Found, Kind, Page, Sheet};
use super::target::GROUP;
use super::text::{self, Fault};
use super::tree::Tree;
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, geometry};

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "via",
    aliases: &["vgg", "vgg-image-annotator", "via-json", "via-csv"],
    title: "VGG Image Annotator",
    specification: "https://www.robots.ox.ac.uk/~vgg/software/via/",
    layout: "\
a.jpg  via_region_data.json  (or via_project.json, via_export_csv.csv), also in train/ val/",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Keypoints,
        Carries::Hidden,
        Carries::Attributes,
        Carries::Captions,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"_via_img_metadata\", or with \"filename\" and \"regions\" for each image, or such a CSV (VIA)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

const EXTENSIONS: [&str; 2] = ["json", "csv"];
/// Attributes that name the class, the surest first.
const CLASS: [&str; 8] = ["class", "label", "name", "type", "object", "category", "class_name", "object_name"];

/// What regions without any attribute are.
const ONE_CLASS: &str = "object";

/// More attributes of a file that say its classes.
const LABELS: [&str; 5] = ["labels", "classes", "categories", "tags", "tag"];

fn look(head: &[u8]) -> bool {
    let members = Head::of(head);
    let first = members.first_value();
    !members.is_array() && (first.has("filename") && (first.has("regions") || first.has("file_attributes")))
        || members.has("_via_img_metadata")
        || members.has("_via_settings")
        || is_three(&members)
        || is_table(&text::decode(head).text)
}

fn is_three(members: &Head) -> bool {
    members.has_all(&["project", "config", "attribute", "file"])
}

fn is_table(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default();
    header.contains("region_shape_attributes") && header.contains("filename")
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &EXTENSIONS, "VIA's files and regions", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::files(tree, &EXTENSIONS, look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let mut found = Vec::new();
    for file in files {
        let head = tree.head(file).unwrap_or_default();
        let mut one = if is_table(&text::decode(&head).text) {
            pages::read_each(tree, options, vec![file], &|text, _| table(text))
        } else if is_three(&Head::of(&head)) {
            pages::read_each(tree, options, vec![file], &|text, _| three::page(text))
        } else {
            let is_data: fn(&str) -> bool = |member| !member.starts_with("_via_") || member == "_via_img_metadata";
            vec![pages::read_stream(tree, options, file, is_data, &|member, node, page| match member {
                "_via_img_metadata" => node.members().iter().for_each(|(_, entry)| self::entry(entry, page)),
                _ => entry(node, page),
            })]
        };
        found.append(&mut one);
    }
    let mut remarks = Vec::new();
    name_classes(&mut found, options.class_attribute.as_deref(), &mut remarks);
    Ok(pages::gather(tree, Kind::List, found, remarks))
}

/// The regions' classes, out of their attributes.
fn name_classes(found: &mut [pages::Read], given: Option<&str>, remarks: &mut Vec<String>) {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    let sheets = || found.iter().filter_map(|(_, page)| page.as_ref().ok()).flat_map(|page| &page.sheets);
    for (name, _) in sheets().flat_map(|sheet| &sheet.objects).flat_map(|found| &found.object.attributes) {
        let order = counts.len();
        counts.entry(name).or_insert((0, order)).0 += 1;
    }
    let named = CLASS.iter().find(|name| counts.keys().any(|key| key.eq_ignore_ascii_case(name)));
    let key = counts
        .iter()
        .max_by_key(|(key, (count, order))| {
            let is_named = named.is_some_and(|name| key.eq_ignore_ascii_case(name));
            (is_named, **key != GROUP, *count, std::cmp::Reverse(*order))
        })
        .map(|(key, _)| (*key).to_owned());
    let key = given.map(str::to_owned).or(key);
    // Datasets of one class often go without.
    let nameless = counts.is_empty() && given.is_none();
    if nameless && sheets().any(|sheet| !sheet.objects.is_empty()) {
        remarks.push(format!("no region has an attribute that could be its class: all are of class {ONE_CLASS:?}"));
    }
    if let Some(key) = key.as_ref().filter(|_| counts.len() > 1 && given.is_none()) {
        let mut others: Vec<&str> = counts.keys().copied().filter(|other| other != key && *other != GROUP).collect();
        others.sort_unstable();
        let choice = if others.is_empty() { "" } else { "; --class-attribute takes another: " };
        remarks.push(format!("the class is the region attribute {key:?}{choice}{}", others.join(", ")));
    }
    for page in found.iter_mut().filter_map(|(_, page)| page.as_mut().ok()) {
        let Page { sheets, findings, .. } = page;
        for sheet in sheets {
            let mut grouping = Grouping::default();
            for mut found in std::mem::take(&mut sheet.objects) {
                let is_class = |name: &str| key.as_deref() == Some(name);
                let (classes, rest): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut found.object.attributes).into_iter().partition(|(name, _)| is_class(name));
                found.object.attributes = rest;
                let group = grouping::take_group(&mut found);
                if nameless {
                    grouping.add_free(group, Found { class: ONE_CLASS.into(), ..found });
                    continue;
                }
                if classes.is_empty() {
                    let message = "the region has no attribute that could be its class";
                    sheet.add(Err(Fault::new(found.object.line, message)), findings);
                }
                for (_, class) in classes {
                    grouping.add_free(group.clone(), Found { class, ..found.clone() });
                }
            }
            grouping.finish(sheet);
        }
    }
}

/// The entry of an image.
fn entry(node: &Node<'_>, page: &mut Page) {
    let mut sheet =
        Sheet { name: node.text("filename").unwrap_or_default().to_owned(), line: node.line, ..Sheet::default() };
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(node.line, "the entry has no filename")), &mut page.findings);
        return page.sheets.push(sheet);
    }
    if let Some(attributes) = node.get("file_attributes") {
        about_file(attributes, &mut sheet);
    }
    if let Some(regions) = node.get("regions") {
        let listed = regions.items().iter();
        for region in listed.chain(regions.members().iter().map(|(_, region)| region)) {
            add_region(
                region.get("shape_attributes"),
                region.get("region_attributes"),
                region.line,
                &mut sheet,
                &mut page.findings,
            );
        }
    }
    page.sheets.push(sheet);
}

/// What is said of the file as a whole.
fn about_file(attributes: &Node<'_>, sheet: &mut Sheet) {
    sheet.url = attributes.word("image_url").map(|url| url.as_ref().into());
    for (name, value) in attributes.members() {
        if name == "caption" || name.strip_prefix("caption_").is_some_and(|number| number.parse::<u32>().is_ok()) {
            sheet
                .captions
                .extend(value.words().filter(|caption| !caption.is_empty()).map(|caption| caption.as_ref().into()));
        } else if CLASS.iter().chain(&LABELS).any(|known| known.eq_ignore_ascii_case(name)) {
            let marked = value.members().iter().filter(|(_, set)| set.as_flag() == Some(true));
            marked.for_each(|(option, _)| sheet.label(option));
            sheet.label(&value.words().unwrap_or_default());
        }
    }
}

fn add_region(
    shape: Option<&Node<'_>>,
    attributes: Option<&Node<'_>>,
    line: u32,
    sheet: &mut Sheet,
    findings: &mut Vec<Finding>,
) {
    let found = shape.ok_or_else(|| Fault::new(line, "the region has no shape")).and_then(|shape| region(shape, line));
    let found = found.map(|mut found| {
        for (name, value) in attributes.map_or(&[][..], Node::members) {
            let marked = value.members().iter().filter(|(_, set)| set.as_flag() == Some(true));
            marked.for_each(|(option, _)| found.attribute(name, option));
            found.attribute(name, &value.class().unwrap_or_default());
        }
        found
    });
    sheet.add(found, findings);
}

/// The object of a shape, without its class.
fn region(shape: &Node<'_>, line: u32) -> Result<Found, Fault> {
    let points = || {
        let axis = |key: &str| {
            let list = shape.get(key).ok_or_else(|| Fault::new(line, format!("{key:?} is missing")))?;
            list.numbers()
        };
        let (xs, ys) = (axis("all_points_x")?, axis("all_points_y")?);
        if xs.len() != ys.len() {
            return Err(Fault::new(line, format!("{} x and {} y of points", xs.len(), ys.len())));
        }
        Ok(xs.into_iter().zip(ys).map(|(x, y)| [x, y]).collect::<Vec<_>>())
    };
    let name = shape.text("name").unwrap_or_default();
    match name {
        "rect" => {
            let [x, y, width, height] = shape.all_wanted(["x", "y", "width", "height"])?;
            Ok(Found::boxed("", line, [x, y, x + width, y + height]))
        }
        "polygon" => Found::outlined("", line, vec![points()?]),
        "polyline" => Found::line("", line, &points()?),
        "point" => Found::pointed("", line, &[shape.all_wanted(["cx", "cy"])?]),
        "circle" | "ellipse" => {
            let centre = shape.all_wanted(["cx", "cy"])?;
            let radii = if name == "circle" { [shape.wanted("r")?; 2] } else { shape.all_wanted(["rx", "ry"])? };
            round(centre, radii, shape.number("theta").unwrap_or(0.0).to_degrees(), line)
        }
        _ => Err(Fault::new(line, format!("shape {name:?} is not known"))),
    }
}

fn round(centre: [f64; 2], radii: [f64; 2], degrees: f64, line: u32) -> Result<Found, Fault> {
    let mut found = Found::outlined("", line, vec![geometry::ellipse(centre, radii, degrees)])?;
    found.object.bbox = geometry::ellipse_box(centre, radii, degrees);
    Ok(found)
}

/// The rows of a CSV: one per region, those of an image together.
fn table(source: &str) -> Result<Page, Fault> {
    // An old header starts with a mark.
    let source = source.strip_prefix('#').unwrap_or(source);
    let mut places: HashMap<String, usize> = HashMap::new();
    pages::read_table(source, |fields, line, page| {
        let field = |name: &str| fields.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value);
        let name = field("filename");
        let place = *places.entry(name.to_owned()).or_insert(page.sheets.len());
        let Page { sheets, findings, .. } = page;
        if place == sheets.len() {
            sheets.push(Sheet { name: name.to_owned(), line, ..Sheet::default() });
        }
        let Some(sheet) = sheets.get_mut(place) else { return };
        if name.is_empty() {
            return sheet.add(Err(Fault::new(line, "the row has no filename")), findings);
        }
        if let Ok(attributes) = Node::parse(field("file_attributes"), line)
            && sheet.captions.is_empty()
        {
            about_file(&attributes, sheet);
        }
        let shape = field("region_shape_attributes");
        if matches!(shape, "" | "{}") {
            return;
        }
        match (Node::parse(shape, line), Node::parse(field("region_attributes"), line)) {
            (Ok(shape), attributes) => add_region(Some(&shape), attributes.ok().as_ref(), line, sheet, findings),
            (Err(fault), _) => sheet.add(Err(fault), findings),
        }
    })
}
