//! Results: regions, their labels, and what is said of the whole image.

use std::collections::{HashMap, HashSet};

use super::{brush, ignored};
use crate::formats::geometry;
use crate::formats::grouping::Grouping;
use crate::formats::json::node::Node;
use crate::formats::pages::{Finding, Found, Sheet};
use crate::formats::text::Fault;

/// Members of a value that are no labels.
const GEOMETRY: [&str; 19] = [
    "x",
    "y",
    "width",
    "height",
    "rotation",
    "radiusX",
    "radiusY",
    "points",
    "closed",
    "format",
    "rle",
    "text",
    "choices",
    "original_width",
    "original_height",
    "image_rotation",
    "rating",
    "number",
    "datetime",
];

/// The results of a task on their way.
#[derive(Debug, Default)]
pub(super) struct Task {
    regions: Vec<Region>,
    /// What results of the same id say: labels, attributes.
    by_id: HashMap<String, Said>,
    /// Ids of regions that share one, by their places.
    by_place: HashMap<(String, Place), String>,
    /// How many places an id has.
    places: HashMap<String, usize>,
}

/// Where a region is: the bits of its box.
type Place = [u64; 4];

/// What is said of a region: labels, and attributes.
type Said = (Vec<String>, Vec<(String, String)>);

#[derive(Debug)]
struct Region {
    id: Option<String>,
    /// The region that it is drawn in.
    parent: Option<String>,
    labels: Vec<String>,
    /// The region without class.
    found: Found,
}

impl Task {
    /// Adds a result of JSON.
    pub fn add(&mut self, result: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
        let kind = result.text("type").unwrap_or_default();
        if kind == "relation" {
            return;
        }
        if kind.starts_with("video") || kind == "timeserieslabels" {
            return sheet.leave_out(&format!("{kind} of a video"), result.line, findings);
        }
        let Some(value) = result.get("value").filter(|value| value.is_map()) else {
            return sheet.add(Err(Fault::new(result.line, "the result has no value")), findings);
        };
        // Shapes that only newer versions have; their labels are not about the image as a whole.
        if let Some(shape) = ["vertices", "imageDataURL"].iter().find(|key| value.get(key).is_some()) {
            return sheet.leave_out(&format!("{kind} ({shape})"), result.line, findings);
        }
        if result.number("image_rotation").is_some_and(|degrees| degrees != 0.0) {
            findings.push(ignored("image_rotation is not 0, the turn of the view is", result.line));
        }
        let from = result.text("from_name").unwrap_or_default();
        let id = result.word("id").map(|id| id.into_owned());
        self.value(value, result, from, id, sheet, findings);
    }

    /// Adds an answer of JSON_MIN or CSV: regions, or words about the image.
    pub fn answer(&mut self, from: &str, answer: &Node<'_>, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
        if answer.is_list() && answer.items().iter().any(Node::is_map) {
            for value in answer.items() {
                self.value(value, value, from, None, sheet, findings);
            }
        } else if answer.get("choices").is_some() {
            self.value(answer, answer, from, None, sheet, findings);
        } else if answer.is_list() {
            // Several choices are in `choices`; a list of texts is what somebody typed.
            sheet.captions.extend(answer.items().iter().filter_map(Node::as_text).map(Into::into));
        } else if let Some(word) = answer.as_text() {
            sheet.label(word);
        }
    }

    fn value(
        &mut self,
        value: &Node<'_>,
        result: &Node<'_>,
        from: &str,
        id: Option<String>,
        sheet: &mut Sheet,
        findings: &mut Vec<Finding>,
    ) {
        let size = [result, value].map(|node| (node.pixels("original_width"), node.pixels("original_height")));
        let size = if size[0] == (0, 0) { size[1] } else { size[0] };
        if sheet.size == (0, 0) {
            sheet.size = size;
        }
        let words = |node: &Node<'_>| match node.is_list() {
            true => node.items().iter().filter_map(Node::class).map(|word| word.into_owned()).collect(),
            false => node.class().map(|word| vec![word.into_owned()]).unwrap_or_default(),
        };
        let said_by =
            |keys: &[&str]| -> Vec<String> { keys.iter().filter_map(|key| value.get(key)).flat_map(words).collect() };
        let said = said_by(&["choices", "text", "rating", "number", "datetime"]);
        let taxonomy = value.list("taxonomy").iter().filter_map(|path| Some(path.words()?.replace(", ", "/")));
        let labels: Vec<String> = value
            .members()
            .iter()
            .filter(|(name, node)| node.is_list() && !GEOMETRY.contains(&&**name) && name != "taxonomy")
            .flat_map(|(_, node)| words(node))
            .collect();
        let is_region = ["x", "points", "rle"].iter().any(|key| value.get(key).is_some());
        if !is_region {
            taxonomy.for_each(|label| sheet.label(&label));
            labels.iter().for_each(|label| sheet.label(label));
            said_by(&["choices"]).iter().for_each(|label| sheet.label(label));
            sheet.captions.extend(said_by(&["text"]).into_iter().map(Into::into));
            // Neither a class nor a sentence: the model has no place for it.
            for key in ["rating", "number", "datetime"].iter().filter(|key| value.get(key).is_some()) {
                findings.push(ignored(&format!("{key} of the image"), result.line));
            }
            return;
        }
        let made = region(value, size, result.line);
        let id = match &made {
            Ok(found) => id.map(|id| self.own_id(id, found)),
            Err(_) => id,
        };
        if let Some(id) = &id {
            let (known, attributes) = self.by_id.entry(id.clone()).or_default();
            known.extend(labels.iter().filter(|label| !known.contains(label)).cloned().collect::<Vec<_>>());
            attributes.extend(said.iter().map(|word| (from.to_owned(), word.clone())));
        }
        // A result that only says more of a region has no label of its own, and comes behind it.
        if id.is_some() && self.regions.iter().any(|region| region.id == id) {
            return;
        }
        match made {
            Ok(mut found) => {
                found.object.score = result.number("score");
                if id.is_none() {
                    said.iter().for_each(|word| found.attribute(from, word));
                }
                let parent = result.word("parentID").map(|id| id.into_owned()).filter(|id| !id.is_empty());
                self.regions.push(Region { id, parent, labels, found });
            }
            Err(fault) => sheet.add(Err(fault), findings),
        }
    }

    /// The id of a region: another one than the file's, where the file gives several regions the same.
    fn own_id(&mut self, id: String, found: &Found) -> String {
        let place = found.object.bbox.map(f64::to_bits);
        let count = &mut self.places;
        let own = self.by_place.entry((id, place)).or_insert_with_key(|(id, _)| {
            let count = count.entry(id.clone()).or_default();
            *count += 1;
            if *count == 1 { id.clone() } else { format!("{id}#{count}") }
        });
        own.clone()
    }

    /// Gives the regions their labels, and puts those together that are drawn in each other.
    pub fn finish(mut self, sheet: &mut Sheet, findings: &mut Vec<Finding>) {
        let parents: HashMap<String, String> =
            self.regions.iter().filter_map(|region| Some((region.id.clone()?, region.parent.clone()?))).collect();
        let known: HashSet<String> = self.regions.iter().filter_map(|region| region.id.clone()).collect();
        let outermost = |id: &str| {
            let mut at = id;
            // As many steps as a circle of all could have.
            for _ in 0..parents.len() {
                match parents.get(at).filter(|parent| known.contains(*parent)) {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            at.to_owned()
        };
        let with_others: HashSet<String> = parents.keys().map(|id| outermost(id)).collect();
        let mut grouping = Grouping::default();
        for Region { id, parent: _, mut labels, mut found } in self.regions {
            let group = id.as_deref().map(outermost).filter(|group| with_others.contains(group));
            if let Some((said, attributes)) = id.and_then(|id| self.by_id.remove(&id)) {
                labels = said;
                attributes.iter().for_each(|(name, value)| found.attribute(name, value));
            }
            if labels.is_empty() {
                sheet.add(Err(Fault::new(found.object.line, "the region has no label")), findings);
            }
            for label in labels {
                let found = Found { class: label.into(), ..found.clone() };
                match found.object.keypoints.len() {
                    1 => grouping.add_spot(group.clone(), found),
                    _ => grouping.add(group.clone(), found),
                }
            }
        }
        grouping.finish(sheet);
    }
}

/// The region of a value, in pixels.
fn region(value: &Node<'_>, size: (u32, u32), line: u32) -> Result<Found, Fault> {
    if size.0 == 0 || size.1 == 0 {
        return Err(Fault::new(line, "the region has no original_width and original_height"));
    }
    let scale = [f64::from(size.0) / 100.0, f64::from(size.1) / 100.0];
    let pixels = |[x, y]: [f64; 2]| [scaled(x, scale[0]), scaled(y, scale[1])];
    let rotation = value.get("rotation").map_or(Ok(0.0), |_| value.wanted("rotation"))?;
    if value.get("rle").is_some() {
        let mask = brush::mask(value, size)?;
        return Found::masked("", line, mask);
    }
    if let Some(points) = value.get("points") {
        let point = |node: &Node<'_>| match node.numbers()?[..] {
            [x, y] => Ok(pixels([x, y])),
            _ => Err(Fault::new(node.line, "a point is not one x and one y")),
        };
        let points: Vec<[f64; 2]> = points.items().iter().map(point).collect::<Result<_, _>>()?;
        return match value.get("closed").and_then(Node::as_flag) {
            Some(false) => Found::line("", line, &points),
            _ => Found::outlined("", line, vec![points]),
        };
    }
    let [x, y] = pixels(value.all_wanted(["x", "y"])?);
    if value.get("radiusX").is_some() {
        let radii = pixels(value.all_wanted(["radiusX", "radiusY"])?);
        let mut found = Found::outlined("", line, vec![geometry::ellipse([x, y], radii, rotation)])?;
        found.object.bbox = geometry::ellipse_box([x, y], radii, rotation);
        return Ok(found);
    }
    if value.get("height").is_none() {
        let mut found = Found::pointed("", line, &[[x, y]])?;
        if value.get("hidden").and_then(Node::as_flag) == Some(true) {
            found.object.keypoints.iter_mut().for_each(|point| point.visibility = 1);
        }
        return Ok(found);
    }
    let [width, height] = pixels(value.all_wanted(["width", "height"])?);
    let bbox = [x, y, x + width, y + height];
    Ok(match rotation {
        0.0 => Found::boxed("", line, bbox),
        degrees => Found::turned("", line, geometry::turned_box(bbox, [x, y], degrees)),
    })
}

/// Percent to pixels. A multiple of a millionth of a pixel, which percents of 15 digits give.
fn scaled(percent: f64, scale: f64) -> f64 {
    let pixels = percent * scale;
    let rounded = (pixels * 1e6).round() / 1e6;
    if rounded.is_finite() { rounded + 0.0 } else { pixels }
}
